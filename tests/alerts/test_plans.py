"""Plans laid over each other: what a place leaves out comes from above, and each value says from where."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from alerts.instants import day_start, parse_instant
from alerts.levels import Level
from alerts.plans import Plan, measures_start
from alerts.rules import LevelRule, LiftRule
from tests.alerts.air import LAW, plan

RULES = LAW.rules["national-2024"]
SEVERE: dict[str, Any] = {"orange": {"any": [{"over": 150, "hours": 24}]}}


def made(**more: Any) -> Plan:
    return plan(**{"approvers": {}, **more})


NATION = made(
    id="nation",
    approvers={"yellow": ["duty_officer"], "orange": ["commander"]},
    conflict="higher",
    feeds="highest",
    deadlines={"decision_hours": 2, "summary_hours": 72},
    measures={"yellow": {"甲": ["一"], "乙": ["二"]}},
    health_advice={"yellow": {"公众": ["少出门"]}},
    authorities={"orange": {"approves": "政府"}},
    not_established={"authorities": "未确立", "levels": "未见", "deadlines.publish_hours": "未见", "number": "未见"},
    not_established_en={"authorities": "open", "levels": "open", "deadlines.publish_hours": "open", "number": "open"},
)


class TestOver:
    def test_left_out_comes_from_above(self) -> None:
        found = made(id="city").over(NATION)
        assert (found.conflict, found.feeds, found.deadlines.summary_hours) == ("higher", "highest", 72)
        assert found.approvers == NATION.approvers
        assert found.layers == ("city", "nation")
        assert set(found.origin.values()) == {"nation"}

    def test_what_is_stated_stands(self) -> None:
        city = made(
            id="city",
            approvers={"yellow": ["commander"]},
            deadlines={"decision_hours": 4},
            measures={"yellow": {"乙": ["三"]}, "red": {"甲": ["四"]}},
            measures_from={"甲": "next_midnight"},
        ).over(NATION)
        assert city.approvers == {"yellow": ("commander",), "orange": ("commander",)}
        assert (city.deadlines.decision_hours, city.deadlines.summary_hours) == (4, 72)
        assert city.measures == {"yellow": {"甲": ("一",), "乙": ("三",)}, "red": {"甲": ("四",)}}
        assert {
            city.origin[path] for path in ("approvers.orange", "deadlines.summary_hours", "measures.yellow.甲")
        } == {"nation"}
        own = (
            "approvers.yellow",
            "deadlines.decision_hours",
            "measures.yellow.乙",
            "measures.red.甲",
            "measures_from.甲",
        )
        assert {city.origin[path] for path in own} == {"city"}

    def test_three_layers(self) -> None:
        province = made(id="province", lead_time_hours=72, zones={"北": ["130100"]}).over(NATION)
        city = made(id="city", lift={"at_most": 100, "forecast_hours": 48}).over(province)
        assert city.layers == ("city", "province", "nation")
        assert [city.origin[name] for name in ("lift", "lead_time_hours", "feeds")] == ["city", "province", "nation"]
        assert city.zones == {"北": ("130100",)}

    @pytest.mark.parametrize(
        ("name", "value"),
        [
            ("conflict", "higher"),
            ("feeds", "latest"),
            ("lead_time_hours", 0),
            ("lift_ahead_hours", 0),
            ("grade_on_range", "lower"),
            ("graded", ("pm25",)),
            ("zones", {"北": ("130100",)}),
            ("base", "national-2019"),
        ],
    )
    def test_a_single_value_comes_down_and_can_be_overruled(self, name: str, value: Any) -> None:
        above = made(id="above", **{name: value})
        assert getattr(made(id="city").over(above), name) == value
        below = made(id="city", **{name: value}).over(NATION)
        assert getattr(below, name) == value

    def test_tiers_come_from_the_nearest_that_has_any(self) -> None:
        tier = {
            "id": "early",
            "name": "早",
            "name_en": "early",
            "any": [{"over": 100, "hours": 48}],
            "on": "discretion",
        }
        province = made(id="province", tiers=[tier]).over(NATION)
        assert [one.id for one in made(id="city").over(province).tiers] == ["early"]
        own = made(id="city", tiers=[tier | {"id": "other"}]).over(province)
        assert [one.id for one in own.tiers] == ["other"]

    @given(
        first=st.sampled_from([None, 24, 48]), second=st.sampled_from([None, 24, 48]), third=st.sampled_from([None, 24])
    )
    def test_order_of_laying_does_not_matter(self, first: int | None, second: int | None, third: int | None) -> None:
        city, province, nation = (
            made(id=name, lead_time_hours=value, approvers={"red": [name]} if value else {})
            for name, value in (("city", first), ("province", second), ("nation", third))
        )
        one, other = city.over(province.over(nation)), city.over(province).over(nation)
        assert (one.lead_time_hours, one.approvers) == (other.lead_time_hours, other.approvers)
        assert one.lead_time_hours == next((value for value in (first, second, third) if value is not None), None)


class TestOrigin:
    def test_a_stated_zero_is_a_statement(self) -> None:
        above = made(id="above", lead_time_hours=48)
        layered = made(id="own", lead_time_hours=0).over(above)
        assert (layered.lead_time_hours, layered.origin["lead_time_hours"]) == (0, "own")


class TestLevels:
    def test_own_levels_of_a_province_reach_its_cities_with_their_document(self) -> None:
        province = made(id="province", title="省预案", number="一号", levels=SEVERE).over(NATION)
        city = made(id="city", title="市预案").over(province)
        criteria = city.effective(RULES)
        assert criteria.conditions(Level.ORANGE)[0].over == 150
        assert criteria.document(Level.ORANGE) == "《省预案》（一号）"
        assert criteria.document(Level.RED) == f"《{RULES.title}》（{RULES.number}）"
        assert city.origin["levels"] == "province"

    def test_a_base_of_its_own_leaves_the_provinces_levels_behind(self) -> None:
        province = made(id="province", base="national-2019", levels=SEVERE).over(NATION)
        city = made(id="city", base="national-2024").over(province)
        assert city.effective(RULES).levels == RULES.levels

    def test_a_city_may_add_to_its_province(self) -> None:
        province = made(id="province", title="省预案", levels=SEVERE)
        city = made(id="city", title="市预案", levels={"red": {"any": [{"over": 200, "hours": 72}]}}).over(province)
        criteria = city.effective(RULES)
        assert [criteria.document(level) for level in (Level.ORANGE, Level.RED)] == ["《省预案》", "《市预案》"]
        assert criteria.levels["yellow"] == RULES.levels["yellow"]

    @pytest.mark.parametrize(
        ("name", "value"),
        [
            ("lead_time_hours", 72),
            ("lift", LiftRule(at_most=100, forecast_hours=48)),
            ("lift_ahead_hours", 6),
            ("grade_on_range", "upper"),
            ("graded", ("pm25",)),
        ],
    )
    def test_values_of_the_plan_stand_before_the_rule_sets(self, name: str, value: Any) -> None:
        assert getattr(made(**{name: value}).effective(RULES), name) == value
        assert getattr(made().effective(RULES), name) != value

    def test_levels_replace_only_those_named(self) -> None:
        criteria = made(levels=SEVERE).effective(RULES)
        assert isinstance(criteria.levels["orange"], LevelRule)
        assert criteria.levels["red"] == RULES.levels["red"]


class TestStillOpen:
    def test_what_is_open_above_stays_open(self) -> None:
        assert set(made(id="city").over(NATION).not_established) == {
            "authorities",
            "levels",
            "deadlines.publish_hours",
        }

    @pytest.mark.parametrize(
        ("stated", "settled"),
        [
            ({"authorities": {"red": {"issues": "办公室"}}}, "authorities"),
            ({"base": "national-2024"}, "levels"),
            ({"levels": SEVERE}, "levels"),
            ({"deadlines": {"publish_hours": 2}}, "deadlines.publish_hours"),
        ],
    )
    def test_what_is_stated_is_settled(self, stated: dict[str, Any], settled: str) -> None:
        city = made(id="city", **stated).over(NATION)
        assert settled not in city.not_established
        assert settled not in city.not_established_en
        assert len(city.not_established) == 2

    def test_another_deadline_settles_nothing(self) -> None:
        city = made(id="city", deadlines={"summary_hours": 48}).over(NATION)
        assert "deadlines.publish_hours" in city.not_established

    def test_own_words_stand_before_those_above(self) -> None:
        city = made(id="city", base="national-2024", not_established={"levels": "橙色未见"}).over(NATION)
        assert city.not_established["levels"] == "橙色未见"

    def test_a_value_settles_what_the_rule_set_leaves_open(self) -> None:
        assert "lead_time_hours" in made().effective(RULES).not_established
        assert "lead_time_hours" not in made(lead_time_hours=48).effective(RULES).not_established
        assert "lift" in made(lead_time_hours=48).effective(RULES).not_established


class TestMeasuresStart:
    BOUND = made(measures_from={"车": "next_midnight"})

    @pytest.mark.parametrize(
        ("category", "begins"),
        [("车", "2023-10-31 00:00"), ("工业", "2023-10-30 12:00")],
    )
    def test_beijing_2023(self, category: str, begins: str) -> None:
        assert measures_start(self.BOUND, category, parse_instant("2023-10-30 12:00")) == parse_instant(begins)

    @given(minutes=st.integers(0, 5 * 24 * 60))
    def test_at_the_first_midnight_not_before_the_start(self, minutes: int) -> None:
        start = parse_instant("2023-10-30 00:00") + timedelta(minutes=minutes)
        begins = measures_start(self.BOUND, "车", start)
        assert begins == day_start(begins.date())
        assert timedelta(0) <= begins - start < timedelta(days=1)

    def test_other_zones_are_read_in_beijing_time(self) -> None:
        start = parse_instant("2023-10-30T20:00:00Z")
        assert measures_start(self.BOUND, "车", start) == parse_instant("2023-11-01 00:00")


@pytest.mark.parametrize(
    "wrong",
    [
        {"graded": []},
        {"graded": ["o3"]},
        {"lead_time_hours": -1},
        {"conflict": "lower"},
        {"feeds": "mean"},
        {"zones": {"北": ["13"]}},
        {"measures_from": {"车": "noon"}},
        {"deadlines": {"publish_hours": 0}},
        {"deadlines": {"daily_report_by": 24}},
        {"authorities": {"purple": {}}},
        {"tiers": [{"id": "x", "name": "名", "name_en": "n", "any": [], "on": "discretion"}]},
        {"levels": {"orange": {"any": []}}},
    ],
)
def test_what_no_plan_can_say(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        plan(**wrong)
