"""Nothing weaker than the base passes, and nothing stricter is called weak."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from alerts.assessment import level_of
from alerts.rules import Condition, Criteria, EarlyStart, LevelRule, LiftRule
from alerts.strictness import implies, weakenings
from tests.alerts.air import RULES, STANDARDS, START, criteria, days

LINES = (100, 150, 200, 250, 300)
HOURS = (24, 48, 72, 96)


@st.composite
def conditions(draw: st.DrawFn) -> Condition:
    over, hours = draw(st.sampled_from(LINES)), draw(st.sampled_from(HOURS))
    inner = None
    if draw(st.booleans()):
        inside = st.sampled_from([line for line in LINES if line >= over])
        inner = Condition(over=draw(inside), hours=draw(st.sampled_from([h for h in HOURS if h <= hours])))
    return Condition(over=over, hours=hours, containing=inner)


def met(condition: Condition, aqis: list[int]) -> bool:
    """Straight from the words: that many days in a row above the line, the stricter part within them."""
    for start in range(len(aqis) - condition.blocks + 1):
        run = aqis[start : start + condition.blocks]
        if min(run) > condition.over:
            inner = condition.containing
            if inner is None or any(
                min(run[at : at + inner.blocks]) > inner.over for at in range(len(run) - inner.blocks + 1)
            ):
                return True
    return False


class TestImplies:
    @given(one=conditions(), other=conditions(), data=st.data())
    def test_whatever_meets_the_one_meets_the_other(
        self, one: Condition, other: Condition, data: st.DataObject
    ) -> None:
        if implies(one, other):
            aqis = data.draw(st.lists(st.sampled_from([90, 120, 160, 210, 260, 310]), min_size=1, max_size=8))
            assert met(other, aqis) or not met(one, aqis)

    @given(one=conditions())
    def test_itself(self, one: Condition) -> None:
        assert implies(one, one)

    @given(one=conditions(), other=conditions(), third=conditions())
    def test_through_a_third(self, one: Condition, other: Condition, third: Condition) -> None:
        if implies(one, other) and implies(other, third):
            assert implies(one, third)

    @given(one=conditions(), other=conditions())
    def test_both_ways_only_for_the_same(self, one: Condition, other: Condition) -> None:
        if implies(one, other) and implies(other, one):
            sample = np.random.default_rng(0).integers(80, 320, size=(200, 6)).tolist()
            assert all(met(one, aqis) == met(other, aqis) for aqis in sample)

    @pytest.mark.parametrize(
        ("one", "other", "expected"),
        [
            (Condition(over=200, hours=72), Condition(over=200, hours=48), True),
            (Condition(over=200, hours=48), Condition(over=200, hours=72), False),
            (Condition(over=200, hours=48), Condition(over=150, hours=48), True),
            (
                Condition(over=300, hours=72),
                Condition(over=200, hours=72, containing=Condition(over=300, hours=24)),
                True,
            ),
            (
                Condition(over=200, hours=72),
                Condition(over=200, hours=72, containing=Condition(over=300, hours=24)),
                False,
            ),
            (Condition(over=150, hours=24, of="pm25"), Condition(over=150, hours=24), False),
            (Condition(over=200, hours=24), Condition(over=100, hours=24, of="pm25"), False),
        ],
    )
    def test_known_pairs(self, one: Condition, other: Condition, expected: bool) -> None:
        assert implies(one, other) is expected


def changed(base: Criteria, **values: object) -> Criteria:
    return base.model_copy(update=values)


def weak(plan: Criteria, base: Criteria) -> set[str]:
    return {path for path, _ in weakenings(plan, base)}


class TestWeakenings:
    @pytest.mark.parametrize("rules", RULES)
    def test_a_set_is_not_weaker_than_itself(self, rules: str) -> None:
        assert not weak(criteria(rules), criteria(rules))

    def test_a_level_may_be_reached_sooner_or_as_a_higher_one(self) -> None:
        base = criteria("national-2024")
        strict = {**base.levels, "yellow": LevelRule(any=(Condition(over=150, hours=24),))}
        assert not weak(changed(base, levels=strict), base)
        orange_for_yellow = {**base.levels, "orange": LevelRule(any=(Condition(over=150, hours=24),))}
        assert not weak(changed(base, levels=orange_for_yellow), base)

    @pytest.mark.parametrize(
        ("level", "clauses"),
        [
            ("yellow", [Condition(over=200, hours=24)]),
            ("orange", [Condition(over=200, hours=48)]),
            ("orange", [Condition(over=200, hours=48), Condition(over=150, hours=96)]),
            ("red", [Condition(over=200, hours=72, containing=Condition(over=300, hours=48))]),
        ],
    )
    def test_a_clause_left_out_or_raised(self, level: str, clauses: list[Condition]) -> None:
        base = criteria("national-2024")
        levels = {**base.levels, level: LevelRule(any=tuple(clauses))}
        assert weak(changed(base, levels=levels), base) == {f"levels.{level}"}

    def test_the_set_of_2024_lacks_the_leg_of_500(self) -> None:
        assert weak(criteria("national-2024"), criteria("national-2019")) == {"levels.red", "early_start"}

    @pytest.mark.parametrize(
        ("value", "path"),
        [
            ({"lift": LiftRule(at_most=151, forecast_hours=36)}, "lift.at_most"),
            ({"lift": LiftRule(at_most=150, forecast_hours=35)}, "lift.forecast_hours"),
            ({"lead_time_hours": 47}, "lead_time_hours"),
            ({"lead_time_hours": None}, "lead_time_hours"),
        ],
    )
    def test_lifting_and_lead(self, value: dict[str, object], path: str) -> None:
        base = criteria("national-2024")
        assert weak(changed(base, **value), base) == {path}

    def test_stricter_lifting_and_lead(self) -> None:
        base = criteria("national-2024")
        strict = changed(base, lift=LiftRule(at_most=100, forecast_hours=48), lead_time_hours=72)
        assert not weak(strict, base)
        assert not weak(base, changed(base, lift=None))

    @pytest.mark.parametrize(("bound", "weaker"), [("lower", True), ("middle", True), (None, True), ("upper", False)])
    def test_value_of_a_range(self, bound: str | None, weaker: bool) -> None:
        base = criteria("national-2016")
        assert base.grade_on_range == "upper"
        assert weak(changed(base, grade_on_range=bound), base) == ({"grade_on_range"} if weaker else set())

    @pytest.mark.parametrize(
        ("early", "weaker"),
        [
            (EarlyStart(over=200, hours=12), False),
            (EarlyStart(over=150, hours=6), False),
            (EarlyStart(over=201, hours=12), True),
            (EarlyStart(over=200, hours=13), True),
            (None, True),
        ],
    )
    def test_early_start(self, early: EarlyStart | None, weaker: bool) -> None:
        base = criteria("national-2019")
        assert weak(changed(base, early_start=early), base) == ({"early_start"} if weaker else set())

    @given(
        aqis=st.lists(st.integers(90, 500), min_size=1, max_size=7),
        clause=conditions(),
        level=st.sampled_from(["yellow", "orange", "red"]),
        added=st.booleans(),
    )
    def test_what_is_not_called_weak_never_grades_lower(
        self, aqis: list[int], clause: Condition, level: str, added: bool
    ) -> None:
        base = criteria("national-2024")
        both = LevelRule(any=(clause, *base.levels["red"].any)) if added else LevelRule(any=(clause,))
        local = changed(base, levels={**base.levels, level: both})
        if not weak(local, base):
            series = days(aqis)
            assert level_of(series, START, local, STANDARDS) >= level_of(series, START, base, STANDARDS)
