"""The worked cases of the law, each a few lines of YAML that a lawyer can read and a forecaster can write."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable
from datetime import date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
import yaml

from alerts.aqi import rate
from alerts.assessment import Assessment, assess
from alerts.feeds import Judged, counted
from alerts.guard import Act, Ground, Intent, Plea, Supported, judge
from alerts.instants import HOUR, parse_instant
from alerts.law import Law
from alerts.levels import Level
from alerts.plans import measures_start
from alerts.points import Point
from alerts.proposal import InForce, PromptView, Step, next_step
from alerts.region import PromptEntry, RegionalPrompt, fan_out, link_levels, suggest_prompt
from alerts.rules import Criteria, criteria_of
from alerts.series import Series
from service.law.loader import load_adjacency, load_law

HERE = Path(__file__).parent
CASES: list[dict[str, Any]] = [
    case for file in sorted(HERE.glob("*.yaml")) for case in yaml.safe_load(file.read_text(encoding="utf-8"))
]
# every number of the worked cases; those left out of the count were never given
NUMBERS = [str(number) for number in range(1, 71) if number not in (5, 8, 12, 13, 22, 28, 32, 38, 41, 46, 51)]
NUMBERS += ["32a", "32d", "32e", "33a"]

AIR = ("daily_aqi", "aqi_range", "pm25_range", "daily", "hourly", "measured", "forecast")
KINDS = ("rate", "expect_levels", "plan_says", "linked", "letter", "suggested", "feeds", "wish")
WORDS = {
    *("case", "name", "zh", "source", "expect", "rules", "plan", "place", "at", "as_of", "in_force", "prompt"),
    *("recent", "feed_rule", "good_hours", "grounds", "region", "number", "levels"),
    *AIR,
    *KINDS,
}


def kind(case: dict[str, Any]) -> str:
    """Which of the tests below runs a case."""
    return next((word for word in KINDS if word in case), "assessment")


def cases(wanted: str) -> pytest.MarkDecorator:
    chosen = [case for case in CASES if kind(case) == wanted]
    return pytest.mark.parametrize("case", chosen, ids=lambda case: f"{case['case']}-{case['name']}")


def instant(value: str | date | datetime) -> datetime:
    if isinstance(value, str):
        return parse_instant(value)
    return parse_instant(value.isoformat() if isinstance(value, datetime) else f"{value} 00:00")


def maybe_instant(value: str | date | None) -> datetime | None:
    return None if value is None else instant(value)


class Air:
    """The hours or days that a case describes: values per day, or runs of [hours, value]."""

    def __init__(self, case: dict[str, Any], law: Law) -> None:
        self.case, self.law = case, law

    def series(self) -> Series:
        place = str(self.case.get("place", 110000))
        if "measured" not in self.case:
            return Series.from_points(place, self.points())
        measured = hourly_points(self.case["measured"])
        return Series.joined(place, measured, hourly_points(self.case["forecast"]), self.as_of())

    def as_of(self) -> datetime:
        if "as_of" in self.case:
            return instant(self.case["as_of"])
        if "measured" in self.case:
            return hourly_points(self.case["measured"])[-1].end
        return self.points()[0].start

    def points(self) -> list[Point]:
        if "hourly" in self.case:
            return hourly_points(self.case["hourly"])
        return daily_points(self._first_day(), self._columns())

    def _given(self) -> Any:
        return next(self.case[word] for word in AIR if word in self.case)

    def _first_day(self) -> date:
        """The day that the case names, else the day for which it asks, else the first of its rule set."""
        given = self._given()
        if isinstance(given, dict):
            return instant(given["from"]).date()
        if "at" in self.case:
            return instant(self.case["at"]).date()
        return self.law.rules[self.case["rules"]].in_force.from_

    def _columns(self) -> dict[str, list[Any]]:
        given = self._given()
        if "daily" in self.case:
            return {name: values for name, values in given.items() if name != "from"}
        values = given["values"] if isinstance(given, dict) else given
        if "daily_aqi" in self.case:
            return {"aqi": values}
        name = "aqi" if "aqi_range" in self.case else "pm25"
        middle = [bounds[1] if len(bounds) == 3 else None for bounds in values]
        low, high = [bounds[0] for bounds in values], [bounds[-1] for bounds in values]
        return {f"{name}_low": low, name: middle, f"{name}_high": high}


def daily_points(first: date, columns: dict[str, list[Any]]) -> list[Point]:
    days = max(len(values) for values in columns.values())
    return [
        Point(date=first + timedelta(days=day), **{name: values[day] for name, values in columns.items()})
        for day in range(days)
    ]


def hourly_points(given: dict[str, Any]) -> list[Point]:
    first = instant(given["from"])
    runs = {name: value for name, value in given.items() if name != "from"}
    columns = {name: [value for hours, value in pairs for _ in range(hours)] for name, pairs in runs.items()}
    length = max(len(values) for values in columns.values())
    return [
        Point(time=first + (hour + 1) * HOUR, **{name: values[hour] for name, values in columns.items()})
        for hour in range(length)
    ]


def criteria_for(case: dict[str, Any], law: Law) -> Criteria:
    """The named rule set alone, or what is in force in the place on the day, or the named plan."""
    if "rules" in case:
        return criteria_of(law.rules[case["rules"]])
    place = str(case["place"]) if "place" in case else None
    return law.criteria_for(place, instant(case["at"]), plan_id=case.get("plan"))


def assessed(case: dict[str, Any], criteria: Criteria, law: Law) -> Assessment:
    air = Air(case, law)
    return assess(air.series(), as_of=air.as_of(), criteria=criteria, standards=law.standards)


def step_of(case: dict[str, Any], assessment: Assessment, criteria: Criteria) -> Step:
    return next_step(
        assessment,
        in_force=in_force_of(case.get("in_force"), assessment.as_of),
        prompt=prompt_of(case.get("prompt")),
        criteria=criteria,
        now=assessment.as_of,
        recent=[Level.of(code) for code in case.get("recent", [])],
    )


def in_force_of(given: dict[str, Any] | None, now: datetime) -> InForce | None:
    if given is None:
        return None
    since = instant(given.get("since", now))
    return InForce(
        level=Level.of(given["level"]),
        effective_at=since,
        planned_end=maybe_instant(given.get("until")),
        announced_at=since,
        fixed_end=given.get("ends_by_itself", True),
    )


def prompt_of(given: dict[str, Any] | None) -> PromptView | None:
    if given is None:
        return None
    until = maybe_instant(given.get("until"))
    return PromptView(id="prompt", level=Level.of(given["level"]), starts_at=instant(given["starts"]), ends_at=until)


def told(value: Any) -> Any:
    """A value as a scenario writes it."""
    if isinstance(value, Level):
        return value.code
    if isinstance(value, tuple):
        return list(value)
    return value


NAMES = {
    "starts": "starts_at",
    "ends": "ends_at",
    "effective": "effective_at",
    "until": "planned_end",
    "lead_target": "lead_time_hours",
}


def expect(found: Assessment | Step, expected: dict[str, Any]) -> None:
    for word, wanted in expected.items():
        value = told(getattr(found, NAMES.get(word, word)))
        meant = instant(wanted) if isinstance(value, datetime) else wanted
        assert value == meant, f"{word}: {value} instead of {meant}"


def contains(texts: Iterable[str], wanted: str | list[str]) -> None:
    whole = "\n".join(texts)
    for words in [wanted] if isinstance(wanted, str) else wanted:
        assert words in whole, f"{words!r} is not in: {whole}"


def expect_words(found: Assessment, expected: dict[str, Any]) -> None:
    """Take out of `expected` and check what is not a plain value of the assessment."""
    trace = found.trace
    if "aqi" in expected:
        assert [block.graded_aqi for block in found.blocks] == expected.pop("aqi")
    if "tiers" in expected:
        assert [tier.clause for tier in found.tiers] == expected.pop("tiers")
    if "range" in expected:
        assert found.range is not None
        assert found.range.contract() == expected.pop("range")
    contains((*trace.notes_zh, *trace.notes_en), expected.pop("notes_contain", []))
    contains((trace.why_zh, trace.why_en), expected.pop("why_contains", []))
    contains((trace.not_next_zh, trace.not_next_en), expected.pop("not_next_contains", []))


@pytest.fixture(scope="module")
def law() -> Law:
    return load_law()


@cases("rate")
def test_rating(case: dict[str, Any], law: Law) -> None:
    given = {key: None if value is None else Decimal(str(value)) for key, value in case["rate"]["values"].items()}
    assert set(case["expect"]) <= {standard.id for standard in law.standards.editions}
    for standard in law.standards.editions:
        wanted = case["expect"].get(standard.id)
        if wanted is not None:
            rating = rate(standard, case["rate"].get("period", "daily"), given)
            assert {word: told(getattr(rating, word)) for word in wanted} == wanted, standard.id


@cases("expect_levels")
def test_levels_by_rule_set(case: dict[str, Any], law: Law) -> None:
    found = {rules: assessed(case, criteria_of(law.rules[rules]), law).level.code for rules in case["expect_levels"]}
    assert found == case["expect_levels"]


@cases("assessment")
def test_assessment_and_proposal(case: dict[str, Any], law: Law) -> None:
    criteria = criteria_for(case, law)
    assessment = assessed(case, criteria, law)
    expected = dict(case["expect"])
    proposal = dict(expected.pop("proposal", {}))
    expect_words(assessment, expected)
    expect(assessment, expected)
    if proposal:
        step = step_of(case, assessment, criteria)
        contains((step.sentence_zh, step.sentence_en), proposal.pop("sentence_contains", []))
        expect(step, proposal)


@cases("plan_says")
def test_what_a_plan_says(case: dict[str, Any], law: Law) -> None:
    at, place = instant(case["at"]), str(case["place"])
    plan, criteria, wanted = law.plan_for(place, at), law.criteria_for(place, at), dict(case["plan_says"])
    contains(plan.not_established.values(), wanted.pop("not_established", []))
    for start in wanted.pop("measures_start", []):
        assert measures_start(plan, start["category"], instant(start["effective"])) == instant(start["begins"])
    authorities = {str(level): authority for level, authority in plan.authorities.items()}
    for word in ("approves", "issues"):
        said = {level: getattr(authorities.get(level), word, None) for level in wanted.get(word, {})}
        assert said == wanted.pop(word, {}), word
    roles = wanted.pop("roles", {})
    assert {level: list(plan.approvers[level]) for level in roles} == roles
    signs = wanted.pop("signs", {})
    signatures = {str(level): [one.role for one in chain] for level, chain in plan.signatures.items()}
    assert {level: signatures.get(level) for level in signs} == signs
    hours = wanted.pop("deadlines", {})
    assert {name: getattr(plan.deadlines, name) for name in hours} == hours
    lift = criteria.lift and criteria.lift.model_dump()
    known = {"plan": plan.id, "rules": criteria.rules_id, "lead_target": criteria.lead_time_hours, "lift": lift}
    assert {word: known[word] for word in wanted} == wanted


@cases("linked")
def test_linked_levels(case: dict[str, Any], law: Law) -> None:
    at = instant(case["at"])
    own = {str(place): Level.of(code) for place, code in case["linked"].items()}
    provinces = {f"{place[:2]}0000" for place in own}
    zones = {province: law.plan_for(province, at).zones or {} for province in provinces}
    found = link_levels(own, zones)
    assert {int(place): level.code for place, level in found.items()} == case["expect"]


@cases("letter")
def test_prompt_letter(case: dict[str, Any]) -> None:
    letter = case["letter"]
    entries = tuple(
        PromptEntry(adcode=str(place), level=Level.of(code))
        for code, places in letter["lists"].items()
        for place in places
    )
    prompt = RegionalPrompt(
        id="letter",
        region="region",
        issued_at=instant(letter["issued"]),
        starts_at=instant(letter["starts"]),
        ends_at=maybe_instant(letter.get("until")),
        entries=entries,
    )
    views = fan_out(prompt)
    assert {place: views[str(place)].level.code for place in case["expect"]} == case["expect"]
    assert len(views) == letter["places"]


@cases("suggested")
def test_suggested_prompt(case: dict[str, Any], law: Law) -> None:
    region = law.regions[case["region"]]
    levels = {str(place): Level.of(code) for place, code in case["suggested"].items()}
    number = case.get("number", region.suggestion and region.suggestion.divisions)
    lowest = Level.of(region.suggestion.level) if region.suggestion else Level.BLUE
    groups = suggest_prompt(levels, load_adjacency(), region.members, number, lowest)
    assert [{group.level.code: [int(place) for place in group.adcodes]} for group in groups] == case["expect"]


@cases("feeds")
def test_feeds(case: dict[str, Any], law: Law) -> None:
    criteria = criteria_of(law.rules[case["rules"]])
    judged = []
    for feed in case["feeds"]:
        found = assessed({**case, **feed, "as_of": case["as_of"]}, criteria, law)
        judged.append(Judged(feed["feed"], instant(feed["issued"]), found))
    chosen = judged[counted(judged, case["feed_rule"], timedelta(hours=case["good_hours"]))]
    assert {"counts": chosen.feed, "level": chosen.assessment.level.code} == case["expect"]


@cases("wish")
def test_wishes(case: dict[str, Any], law: Law) -> None:
    criteria, wish = criteria_for(case, law), case["wish"]
    assessment = assessed(case, criteria, law)
    step = step_of(case, assessment, criteria)
    current = in_force_of(case.get("in_force"), assessment.as_of)
    now = Level.NONE if current is None else current.level
    intent = Intent(Act(wish["act"]), now, Level.of(wish["to"]), maybe_instant(wish.get("until")))
    given = dict(case.get("grounds", {}))
    plea = Plea(**given | ({"ground": Ground(given["ground"])} if "ground" in given else {}))
    supported = Supported(
        step.action,
        step.to_level,
        step.effective_at,
        step.planned_end,
        observed_heavy=assessment.observed_heavy,
    )
    prompt = prompt_of(case.get("prompt"))
    verdict = judge(intent, supported=supported, prompt=prompt, plea=plea, now=assessment.as_of)
    found = {"deviation": verdict.kind and verdict.kind.value, "lacks": verdict.lack and verdict.lack.value}
    assert found == case["expect"]
    assert verdict.allowed == (verdict.lack is None)


def test_every_worked_case_is_here_or_listed() -> None:
    here = {str(case["case"]) for case in CASES}
    listed = set(re.findall(r"^\| (\w+) \|", (HERE / "README.md").read_text(encoding="utf-8"), re.MULTILINE))
    assert [number for number in NUMBERS if number not in here | listed] == []
    assert sorted(here - set(NUMBERS) - {id_ for id_ in here if re.fullmatch(r"[A-Z]\d*-\d+", id_)}) == []


def test_own_numbers_are_given_once() -> None:
    given = Counter(str(case["case"]) for case in CASES if re.fullmatch(r"[A-DF-Z]\d*-\d+", str(case["case"])))
    assert [id_ for id_, times in given.items() if times > 1] == []


def test_every_case_is_run_by_something() -> None:
    """A case with an unknown word, or without anything expected, would pass unseen."""
    assert [(case["case"], sorted(case.keys() - WORDS)) for case in CASES if case.keys() - WORDS] == []
    answers = ("expect", "expect_levels", "plan_says")
    assert [case["case"] for case in CASES if not any(word in case for word in answers)] == []
    assert [case["case"] for case in CASES if sum(word in case for word in KINDS) > 1] == []
    assert len(CASES) >= 400


def test_every_clause_of_every_rule_set_decides_a_case(law: Law) -> None:
    decided = {(case.get("rules"), case["expect"].get("clause")) for case in CASES if kind(case) == "assessment"}
    clauses = {
        (rules.id, f"{level}.any[{place}]")
        for rules in law.rules.values()
        for level, rule in rules.levels.items()
        for place in range(len(rule.any))
    }
    assert sorted(clauses - decided) == []
