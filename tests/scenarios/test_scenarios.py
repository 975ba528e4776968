"""The worked cases of the law, each a few lines of YAML that a lawyer can read and a forecaster can write."""

from __future__ import annotations

import re
from datetime import date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
import yaml

from alerts.aqi import rate
from alerts.assessment import Assessment, assess
from alerts.instants import HOUR, parse_instant
from alerts.law import Law
from alerts.levels import Level
from alerts.points import Point
from alerts.proposal import InForce, PromptView, Step, next_step
from alerts.rules import criteria_of
from alerts.series import Series
from service.law.loader import load_law

HERE = Path(__file__).parent
CASES: list[dict[str, Any]] = [
    case for file in sorted(HERE.glob("*.yaml")) for case in yaml.safe_load(file.read_text(encoding="utf-8"))
]
# every number of the worked cases; those left out of the count were never given
NUMBERS = [str(number) for number in range(1, 71) if number not in (5, 8, 12, 13, 22, 28, 32, 38, 41, 46, 51)]
NUMBERS += ["32a", "32d", "32e", "33a"]


def instant(value: str | date | datetime) -> datetime:
    if isinstance(value, str):
        return parse_instant(value)
    return parse_instant(value.isoformat() if isinstance(value, datetime) else f"{value} 00:00")


def points_of(case: dict[str, Any]) -> list[Point]:
    """The hours or days that a case describes: values per day, or runs of [hours, value]."""
    if "daily_aqi" in case:
        given = {"from": case["daily_aqi"]["from"], "aqi": case["daily_aqi"]["values"]}
    elif "daily" in case:
        given = dict(case["daily"])
    else:
        return hourly_points(dict(case["hourly"]))
    first = instant(given.pop("from")).date()
    days = max(len(values) for values in given.values())
    return [
        Point(date=first + timedelta(days=day), **{name: values[day] for name, values in given.items()})
        for day in range(days)
    ]


def hourly_points(given: dict[str, Any]) -> list[Point]:
    first = instant(given.pop("from"))
    columns = {name: [value for hours, value in runs for _ in range(hours)] for name, runs in given.items()}
    length = max(len(values) for values in columns.values())
    return [
        Point(time=first + (hour + 1) * HOUR, **{name: values[hour] for name, values in columns.items()})
        for hour in range(length)
    ]


def assessed(case: dict[str, Any], rules: str, law: Law) -> Assessment:
    series = Series.from_points("110000", points_of(case))
    as_of = instant(case["as_of"]) if "as_of" in case else series.start
    return assess(series, as_of=as_of, criteria=criteria_of(law.rules[rules]), standards=law.standards)


def step_of(case: dict[str, Any], assessment: Assessment, rules: str, law: Law) -> Step:
    return next_step(
        assessment,
        in_force=in_force_of(case.get("in_force"), assessment.as_of),
        prompt=prompt_of(case.get("prompt")),
        criteria=criteria_of(law.rules[rules]),
        now=assessment.as_of,
        recent=[Level.of(code) for code in case.get("recent", [])],
    )


def in_force_of(given: dict[str, Any] | None, now: datetime) -> InForce | None:
    if given is None:
        return None
    since = instant(given.get("since", now))
    until = instant(given["until"]) if given.get("until") else None
    return InForce(level=Level.of(given["level"]), effective_at=since, planned_end=until, announced_at=since)


def prompt_of(given: dict[str, Any] | None) -> PromptView | None:
    if given is None:
        return None
    until = instant(given["until"]) if given.get("until") else None
    starts = instant(given["starts"])
    return PromptView(id="prompt", level=Level.of(given["level"]), starts_at=starts, ends_at=until)


def told(value: Any) -> Any:
    """A value of an assessment or step as a scenario writes it."""
    if isinstance(value, Level):
        return value.code
    if isinstance(value, tuple):
        return list(value)
    return value


def expect(found: Assessment | Step, expected: dict[str, Any]) -> None:
    names = {"starts": "starts_at", "ends": "ends_at", "effective": "effective_at", "until": "planned_end"}
    for word, wanted in expected.items():
        value = told(getattr(found, names.get(word, word)))
        meant = instant(wanted) if isinstance(value, datetime) else wanted
        assert value == meant, f"{word}: {value} instead of {meant}"


def title(case: dict[str, Any]) -> str:
    return f"{case['case']}-{case['name']}"


@pytest.fixture(scope="module")
def law() -> Law:
    return load_law()


@pytest.mark.parametrize("case", [case for case in CASES if "rate" in case], ids=title)
def test_rating(case: dict[str, Any], law: Law) -> None:
    given = {
        key: None if value is None else Decimal(str(value)) for key, value in case["rate"]["values"].items()
    }
    for standard in law.standards.editions:
        wanted = case["expect"].get(standard.id)
        if wanted is not None:
            rating = rate(standard, case["rate"].get("period", "daily"), given)
            assert {word: told(getattr(rating, word)) for word in wanted} == wanted, standard.id


@pytest.mark.parametrize("case", [case for case in CASES if "expect_levels" in case], ids=title)
def test_levels_by_rule_set(case: dict[str, Any], law: Law) -> None:
    found = {rules: assessed(case, rules, law).level.code for rules in case["expect_levels"]}
    assert found == case["expect_levels"]


@pytest.mark.parametrize(
    "case", [case for case in CASES if "expect" in case and "rules" in case and "at" not in case], ids=title
)
def test_assessment_and_proposal(case: dict[str, Any], law: Law) -> None:
    assessment = assessed(case, case["rules"], law)
    expected = dict(case["expect"])
    proposal = expected.pop("proposal", None)
    aqis = expected.pop("aqi", None)
    expect(assessment, expected)
    if aqis is not None:
        assert [block.graded_aqi for block in assessment.blocks] == aqis
    if proposal is not None:
        expect(step_of(case, assessment, case["rules"], law), proposal)


@pytest.mark.parametrize("case", [case for case in CASES if "at" in case], ids=title)
def test_rule_set_by_date(case: dict[str, Any], law: Law) -> None:
    rules = law.rules_at(instant(case["at"]))
    assert rules.id == case["expect"]["rules"]
    assert assessed(case, rules.id, law).level.code == case["expect"]["level"]


def test_every_worked_case_is_here_or_listed() -> None:
    here = {str(case["case"]).rstrip("*") for case in CASES}
    listed = set(re.findall(r"^\| (\w+) \|", (HERE / "README.md").read_text(encoding="utf-8"), re.MULTILINE))
    assert [number for number in NUMBERS if number not in here | listed] == []
    assert sorted(here - set(NUMBERS)) == []


def test_every_case_is_run_by_something() -> None:
    kinds = [
        case
        for case in CASES
        if "rate" in case or "expect_levels" in case or "at" in case or ("rules" in case and "expect" in case)
    ]
    assert len(kinds) == len(CASES) > 50
