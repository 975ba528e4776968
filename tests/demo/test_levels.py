"""The rebuilt forecasts, put through the law of the time, give the levels of the ministry's letter of 2016-12-15."""

from __future__ import annotations

from datetime import datetime
from functools import cache

import pytest

from alerts.assessment import Assessment, assess
from alerts.instants import parse_instant
from alerts.levels import Level
from alerts.points import Point
from alerts.region import fan_out, suggest_prompt, suggested_levels
from alerts.series import Series
from service.demo.episodes import load_episode
from service.demo.messages import messages
from service.law.loader import load_adjacency, load_law

TAIYUAN = "140100"


@cache
def assessed(issued: datetime, rules: str) -> dict[str, Assessment]:
    """Each city's assessment from the forecast of that instant and what had been measured before."""
    observed: dict[str, dict[datetime, Point]] = {}
    forecast: dict[str, list[Point]] = {}
    for message in messages(load_episode("2016-12"), end=issued.replace(minute=1)):
        for part in message.body["data"]:
            points = [Point.model_validate(point) for point in part["points"]]
            if message.type == "forecast.issued":
                forecast[part["adcode"]] = points
            else:
                observed.setdefault(part["adcode"], {}).update({point.end: point for point in points})
    law = load_law()
    return {
        adcode: assess(
            Series.joined(adcode, list(observed.get(adcode, {}).values()), points, issued),
            as_of=issued,
            criteria=law.criteria_for(adcode, issued, rules),
            standards=law.standards,
        )
        for adcode, points in forecast.items()
    }


@pytest.mark.parametrize("rules", ["national-2016", "national-2024"])
@pytest.mark.parametrize("day", [14, 15, 16])
def test_nine_cities_reach_red(day: int, rules: str) -> None:
    found = assessed(parse_instant(f"2016-12-{day} 17:00"), rules)
    assert {adcode for adcode, one in found.items() if one.level is Level.RED} == set(found) - {TAIYUAN}
    assert {one.rules for one in found.values()} == {rules}


def test_city_with_an_unmeasured_day_is_not_proved_red() -> None:
    """Taiyuan has no value for 2016-12-20: the best provable level stays below the letter's, which then decides."""
    taiyuan = assessed(parse_instant("2016-12-15 17:00"), "national-2016")[TAIYUAN]
    assert taiyuan.state == "insufficient"
    assert Level.NONE < taiyuan.level < Level.RED
    (prompt,) = load_episode("2016-12").prompts
    assert fan_out(prompt)[TAIYUAN].level is Level.RED


def test_region_would_have_been_suggested_a_prompt() -> None:
    issued = parse_instant("2016-12-15 17:00")
    levels = {adcode: one.level for adcode, one in assessed(issued, "national-2016").items()}
    region = load_law().regions["jingjinji-2015"]
    assert region.suggestion is not None
    rule = region.suggestion
    groups = suggest_prompt(levels, load_adjacency(), region.members, rule.divisions, Level.of(rule.level))
    assert {"110000", "120000", "130600"} <= suggested_levels(groups).keys()
    assert set(suggested_levels(groups).values()) == {Level.RED}
