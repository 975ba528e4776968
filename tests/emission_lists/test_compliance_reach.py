"""What new evidence reaches: judging only that gives what judging everything gives, whatever comes in whichever order."""

from __future__ import annotations

import itertools
import json
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, event, given, settings
from hypothesis import strategies as st

from emission_lists.compliance import Found, LineCase, LoadMeter, Meter, Monitor, hour_number, judge
from emission_lists.compliance_gates import Passage, judge_gates, judge_plan
from emission_lists.compliance_process import Changes, Existing, FindingState, reconcile, told_of
from emission_lists.compliance_reach import reach, within
from emission_lists.compliance_rules import Rule
from emission_lists.compliance_told import apart
from emission_lists.measures import Action, Basis, Later, LoadCap, Measure, VehicleRule
from emission_lists.schedule import Stage, stages
from tests.emission_lists.test_compliance import BEIJING, FIRST, NORMAL, RULES, START, STOP

SLOW = [HealthCheck.too_slow]
"""How quickly examples are made says something of the machine, nothing of the code."""
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
DAYS = 6
LAST = START + DAYS * DAY
S = FindingState
LIMIT = Measure(Action.LIMIT, 0.5, basis=Basis.BASELINE_DAY)
CAPPED = Measure(Action.LIMIT, load_cap=LoadCap(60.0, "t/d", "日投料"))
BANNED = Measure(Action.STOP, 1.0, vehicle_rule=VehicleRule.STOP_ROAD_TRANSPORT)
MEASURES = (
    STOP,
    LIMIT,
    CAPPED,
    BANNED,
    replace(STOP, window="17:00-09:00"),
    replace(LIMIT, later=(Later(50, STOP),)),
    replace(STOP, complete_within_hours=30.0, later=(Later(70, LIMIT),)),
)
Values = dict[int, float]


@dataclass(frozen=True)
class Delivery:
    """Hours of the three meters (kWh, kWh of treatment, t), flags of a monitor, and passages, each by its number of hours."""

    power: Values = field(default_factory=dict)
    treatment: Values = field(default_factory=dict)
    load: Values = field(default_factory=dict)
    flags: dict[int, str] = field(default_factory=dict)
    passages: frozenset[int] = frozenset()

    @property
    def instants(self) -> list[datetime]:
        hours = [*self.power, *self.treatment, *self.load, *self.flags]
        return [START + hour * HOUR for hour in hours] + [START + minutes * timedelta(minutes=20) for minutes in self.passages]


@dataclass
class Evidence:
    """Everything that came in; the newest counts."""

    power: Values = field(default_factory=dict)
    treatment: Values = field(default_factory=dict)
    load: Values = field(default_factory=dict)
    flags: dict[int, str] = field(default_factory=dict)
    passages: set[int] = field(default_factory=set)

    def take(self, one: Delivery) -> None:
        for name in ("power", "treatment", "load", "flags"):
            getattr(self, name).update(getattr(one, name))
        self.passages |= one.passages

    def found(self, staged: Sequence[Stage], window: tuple[datetime, datetime] | None) -> list[Found]:
        """What the evidence of a window proves, of all of it without one."""

        def hours(values: dict[int, Any]) -> dict[int, Any]:
            inside = {
                FIRST + hour: value
                for hour, value in values.items()
                if window is None or window[0] < START + hour * HOUR <= window[1]
            }
            assert all(hour_number(START) <= number for number in inside)
            return inside

        line = LineCase(
            "L1",
            "1号线",
            tuple(staged),
            production=(Meter("m", None, NORMAL, hours(self.power)),),
            treatment=(Meter("t", None, NORMAL, hours(self.treatment)),),
            loads=(LoadMeter("f", "日投料", "t", hours(self.load)),),
            monitors=(Monitor("c", "nox", hours(self.flags)),),
        )
        other = replace(line, code="L2", stages=tuple(staged[:1]), treatment=(), monitors=())
        times = [START + number * timedelta(minutes=20) for number in sorted(self.passages)]
        passages = [
            Passage(at, "G1", f"冀B{number:05d}", "yellow", "heavy_truck", "4", "B", "in", True)
            for number, at in enumerate(times)
            if window is None or window[0] <= at < window[1]
        ]
        # plates follow the instant, so that the same vehicle has the same plate in every window
        passages = [one._replace(plate=f"{one.at:%d%H%M}") for one in passages]
        found = [one for each in (line, other) for one in judge(each, RULES)]
        return apart(found + judge_gates([line], passages, {}, RULES) + judge_plan([line, other], filed=False))


@dataclass
class Store:
    """Findings as a database keeps them."""

    kept: dict[int, Existing] = field(default_factory=dict)
    proofs: dict[int, str] = field(default_factory=dict)
    numbers: Any = field(default_factory=lambda: itertools.count(1))

    def apply(self, changes: Changes) -> None:
        for number in [*changes.gone, *(one for one, _ in changes.merged)]:
            self.kept[number] = self.kept[number]._replace(state=S.WITHDRAWN, supported=False)
        for number, one in changes.changed:
            told = told_of(one.proof)
            self.kept[number] = self.kept[number]._replace(starts=one.starts, until=one.until, told=told)
            if number in changes.narrowed:
                self.kept[number] = self.kept[number]._replace(state=S.FOUND, supported=True)
            self.proofs[number] = written(one)
        for number, supported in changes.supported.items():
            self.kept[number] = self.kept[number]._replace(supported=supported)
        for one in changes.new:
            number = next(self.numbers)
            told = told_of(one.proof)
            self.kept[number] = Existing(number, one.rule, one.line_code, one.starts, one.until, S.FOUND, "h", told=told)
            self.proofs[number] = written(one)

    def pursue(self, place: int, state: FindingState) -> None:
        """A person takes a step with one of the findings that stand, counted by what they say."""
        standing = sorted((one for one in self.kept.values() if one.state is S.FOUND), key=said)
        if standing:
            one = standing[place % len(standing)]
            self.kept[one.id] = one._replace(state=state)

    def says(self) -> list[Any]:
        """What stands, whatever its number: withdrawn by evidence is as if it had never been."""
        standing = [one for one in self.kept.values() if one.state is not S.WITHDRAWN or one.supported]
        return sorted([*said(one), one.state.value, one.supported, self.proofs[one.id]] for one in standing)


def said(one: Existing) -> tuple[str, str, str, str]:
    return one.rule.value, one.line_code, one.starts.isoformat(), one.until.isoformat()


def written(one: Found) -> str:
    return json.dumps(one.proof, sort_keys=True, default=str)


def hours_of(values: st.SearchStrategy[Any]) -> st.SearchStrategy[dict[int, Any]]:
    """A run of hours of one value each, such as a meter sends it, or single ones."""
    runs = st.tuples(st.integers(1, DAYS * 24 - 1), st.integers(1, 30), values).map(
        lambda one: dict.fromkeys(range(one[0], min(one[0] + one[1], DAYS * 24) + 1), one[2])
    )
    return runs | st.dictionaries(st.integers(1, DAYS * 24), values, max_size=3)


kwh = st.sampled_from([0.0, 5.0, 40.0, 60.0, 100.0])
nothing: st.SearchStrategy[dict[int, Any]] = st.just({})
deliveries = st.builds(
    Delivery,
    hours_of(kwh),
    nothing | hours_of(kwh),
    nothing | hours_of(st.sampled_from([1.0, 3.0, 20.0])),
    nothing | hours_of(st.sampled_from(["N", "F"])),
    st.frozensets(st.integers(0, DAYS * 72 - 1), max_size=2),
).filter(lambda one: bool(one.instants))
steps = st.tuples(st.integers(0, 9), st.sampled_from([S.FOUND, S.NOTIFIED, S.CONFIRMED, S.WITHDRAWN]))


class TestSame:
    @settings(max_examples=150, deadline=None, suppress_health_check=SLOW)
    @given(st.sampled_from(MEASURES), st.lists(st.tuples(deliveries, steps), min_size=1, max_size=7), st.booleans())
    def test_what_is_reached_gives_what_everything_gives(
        self, measure: Measure, course: list[tuple[Delivery, tuple[int, FindingState]]], ended: bool
    ) -> None:
        staged = stages(measure, START, LAST if ended else None)
        evidence, whole, part = Evidence(), Store(), Store()
        for place, (delivery, (number, state)) in enumerate(course):
            evidence.take(delivery)
            whole.apply(reconcile(list(whole.kept.values()), evidence.found(staged, None)))
            known, window = list(part.kept.values()), None
            if place:
                window = reach(min(delivery.instants), max(delivery.instants), known)
                window = max(window[0], START), window[1]
                known = within(known, window)
                event("less than half" if window[1] - window[0] < DAYS * DAY / 2 else "more than half")
            part.apply(reconcile(known, evidence.found(staged, window)))
            assert part.says() == whole.says()
            for store in (whole, part):
                store.pursue(number, state)


def stored(first: float, last: float, rule: Rule = Rule.RUNNING_WHILE_STOPPED, **more: Any) -> Existing:
    return Existing(1, rule, "L1", START + first * HOUR, START + last * HOUR, more.get("state", S.FOUND), "h", more.get("supported", True))


def days(window: tuple[datetime, datetime]) -> tuple[float, float]:
    return (window[0] - START) / DAY, (window[1] - START) / DAY


class TestReach:
    @pytest.mark.parametrize(
        ("first", "last", "expected"),
        [(1, 1, (0, 1)), (24, 24, (0, 2)), (25, 25, (1, 2)), (30, 50, (1, 3)), (24.5, 24.5, (0, 2))],
    )
    def test_whole_natural_days_around_the_evidence(self, first: float, last: float, expected: tuple[int, int]) -> None:
        assert days(reach(START + first * HOUR, START + last * HOUR, [])) == expected

    def test_days_are_those_of_beijing(self) -> None:
        utc = (START + 30 * HOUR).astimezone(tz=None)
        assert days(reach(utc, utc, [])) == (1, 2)
        assert reach(utc, utc, [])[0].tzinfo is BEIJING

    @pytest.mark.parametrize(
        ("finding", "expected"),
        [
            (stored(0, 24), (0, 3)),  # adjoins the day, and its own end may be the next one's midnight
            (stored(0, 23), (1, 3)),
            (stored(47, 49), (1, 3)),
            (stored(49, 60), (1, 3)),
            (stored(73, 80), (1, 3)),
            (stored(72, 73), (1, 4)),
            (stored(0, 140), (0, 6)),
            (stored(0, 140, Rule.NO_PLAN), (1, 3)),
            (stored(0, 140, state=S.WITHDRAWN, supported=False), (1, 3)),
            (stored(0, 140, state=S.WITHDRAWN), (0, 6)),
        ],
    )
    def test_findings_that_overlap_or_adjoin_belong_to_it(self, finding: Existing, expected: tuple[int, int]) -> None:
        assert days(reach(START + 30 * HOUR, START + 50 * HOUR, [finding])) == expected

    def test_one_leads_to_the_next(self) -> None:
        chain = [stored(20, 30), stored(10, 20), stored(100, 110)]
        assert days(reach(START + 40 * HOUR, START + 40 * HOUR, chain)) == (0, 2)

    def test_what_no_hour_proves_is_always_looked_at(self) -> None:
        window = START + 2 * DAY, START + 3 * DAY
        plan, other, inside = stored(0, 0, Rule.NO_PLAN), stored(0, 5), stored(50, 51)
        assert within([plan, other, inside], window) == [plan, inside]
