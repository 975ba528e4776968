"""The table of the due process, and how stored findings follow what evidence shows."""

from __future__ import annotations

import itertools
from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from emission_lists.compliance import BEIJING, Found
from emission_lists.compliance_process import (
    MOVES,
    Changes,
    Existing,
    FindingState,
    FindingStep,
    IllegalStepError,
    moved,
    reconcile,
    steps_from,
)
from emission_lists.compliance_rules import Rule

START = datetime(2026, 11, 21, tzinfo=BEIJING)
S = FindingState
RULE = Rule.RUNNING_WHILE_STOPPED


def at(hour: int) -> datetime:
    return START + timedelta(hours=hour)


def found(first: int, last: int, rule: Rule = RULE, value: float = 50.0) -> Found:
    items = [{"from": at(h).isoformat(), "until": at(h + 1).isoformat(), "value": value} for h in range(first, last)]
    return Found(rule, "L1", at(first), at(last), {"items": items})


def stored(number: int, first: int, last: int, state: FindingState = S.FOUND, *, supported: bool = True) -> Existing:
    return Existing(number, RULE, "L1", at(first), at(last), state, "h", supported)


def hours(made: list[Found]) -> list[tuple[int, int]]:
    return [((one.starts - START) // timedelta(hours=1), (one.until - START) // timedelta(hours=1)) for one in made]


class TestTable:
    @pytest.mark.parametrize(("state", "step"), list(itertools.product(FindingState, FindingStep)))
    def test_every_step_from_every_state(self, state: FindingState, step: FindingStep) -> None:
        if (state, step) in MOVES:
            assert moved(state, step, at(10), at(0)) is MOVES[state, step]
        else:
            with pytest.raises(IllegalStepError, match=f"is {state.value} allows"):
                moved(state, step, at(10), at(0))
        assert (step in steps_from(state, at(10), at(0))) is ((state, step) in MOVES)

    @pytest.mark.parametrize(("now", "open_"), [(-1, False), (0, True), (1, True)])
    def test_silence_counts_from_the_deadline_on(self, now: int, open_: bool) -> None:
        assert (FindingStep.CONFIRM in steps_from(S.NOTIFIED, at(now), at(0))) is open_
        if not open_:
            with pytest.raises(IllegalStepError, match="still has time"):
                moved(S.NOTIFIED, FindingStep.CONFIRM, at(now), at(0))

    def test_without_a_deadline_silence_never_counts(self) -> None:
        with pytest.raises(IllegalStepError):
            moved(S.NOTIFIED, FindingStep.CONFIRM, at(0), None)

    def test_what_is_over_stays(self) -> None:
        assert {state for state, _ in MOVES} == {S.FOUND, S.NOTIFIED, S.ANSWERED}


class TestReconcile:
    def test_new(self) -> None:
        assert hours(reconcile([], [found(1, 3)]).new) == [(1, 3)]

    def test_the_same_is_matched(self) -> None:
        made = reconcile([stored(1, 1, 3)], [found(1, 3)])
        assert (made.new, [number for number, _ in made.changed], made.gone) == ([], [1], [])

    def test_another_rule_or_line_is_another_finding(self) -> None:
        made = reconcile([stored(1, 1, 3)], [found(1, 3, Rule.TREATMENT_OFF)])
        assert (hours(made.new), made.gone) == ([(1, 3)], [1])

    @pytest.mark.parametrize("state", [S.NOTIFIED, S.ANSWERED, S.CONFIRMED, S.WITHDRAWN])
    def test_what_was_told_or_withdrawn_stays_and_the_rest_is_new(self, state: FindingState) -> None:
        made = reconcile([stored(1, 2, 4, state)], [found(1, 6)])
        assert (hours(made.new), made.changed, made.gone, made.supported) == ([(1, 2), (4, 6)], [], [], {})

    def test_what_evidence_withdrew_may_come_again(self) -> None:
        assert hours(reconcile([stored(1, 2, 4, S.WITHDRAWN, supported=False)], [found(2, 4)]).new) == [(2, 4)]

    @pytest.mark.parametrize("state", [S.NOTIFIED, S.ANSWERED])
    def test_told_and_no_longer_shown_at_all(self, state: FindingState) -> None:
        assert reconcile([stored(1, 2, 4, state)], []).gone == [1]

    def test_told_and_shown_in_part(self) -> None:
        made = reconcile([stored(1, 2, 4, S.NOTIFIED)], [found(2, 3)])
        assert (made.gone, made.supported, made.new) == ([], {1: False}, [])

    def test_confirmed_and_no_longer_shown(self) -> None:
        assert reconcile([stored(1, 2, 4, S.CONFIRMED)], []).supported == {1: False}
        assert reconcile([stored(1, 2, 4, S.CONFIRMED, supported=False)], [found(2, 4)]).supported == {1: True}
        assert reconcile([stored(1, 2, 4, S.CONFIRMED, supported=False)], []) == Changes()

    def test_two_that_grow_together(self) -> None:
        made = reconcile([stored(1, 1, 2), stored(2, 3, 4)], [found(1, 4)])
        assert ([number for number, _ in made.changed], made.merged, made.gone) == ([1], [(2, 1)], [])

    def test_one_that_falls_apart(self) -> None:
        made = reconcile([stored(1, 1, 4)], [found(1, 2), found(3, 4)])
        assert ([number for number, _ in made.changed], hours(made.new)) == ([1], [(3, 4)])

    def test_vehicles_after_the_notification_are_a_finding_of_their_own(self) -> None:
        passages = [{"time": at(hour).isoformat(), "plate": str(hour)} for hour in (1, 2, 5)]
        day = Found(RULE, "L1", at(0), at(5), {"passages": passages})
        made = reconcile([stored(1, 0, 2, S.NOTIFIED)], [day])
        assert [(one.starts, [p["plate"] for p in one.proof["passages"]]) for one in made.new] == [(at(2), ["5"])]
        assert reconcile([stored(1, 0, 5, S.NOTIFIED)], [day]).new == []

    @given(
        st.lists(st.sets(st.integers(0, 12)), min_size=1, max_size=6),
        st.lists(st.sampled_from([S.FOUND, S.NOTIFIED]), min_size=6, max_size=6),
    )
    def test_what_is_stored_covers_what_is_shown_once_however_it_came(
        self, arrivals: list[set[int]], states: list[FindingState]
    ) -> None:
        """Hours arrive in any batches, some findings are notified in between: every shown hour is in one finding, none in two."""
        kept: dict[int, Existing] = {}
        numbers = itertools.count(1)
        seen: set[int] = set()
        for batch, state in zip(arrivals, states, strict=False):
            seen |= batch
            changes = reconcile(list(kept.values()), runs(seen))
            for number in [*changes.gone, *(one for one, _ in changes.merged)]:
                kept[number] = kept[number]._replace(state=S.WITHDRAWN, supported=False)
            for number, one in changes.changed:
                kept[number] = kept[number]._replace(starts=one.starts, until=one.until)
            for one in changes.new:
                number = next(numbers)
                kept[number] = Existing(number, one.rule, one.line_code, one.starts, one.until, S.FOUND, "h")
            if state is S.NOTIFIED and kept:
                last = max(kept)
                if kept[last].state is S.FOUND:
                    kept[last] = kept[last]._replace(state=S.NOTIFIED)
        covered = [
            hour
            for one in kept.values()
            if one.state is not S.WITHDRAWN
            for hour in range((one.starts - START) // timedelta(hours=1), (one.until - START) // timedelta(hours=1))
        ]
        assert sorted(covered) == sorted(seen)


def runs(seen: set[int]) -> list[Found]:
    """Hours as findings without interruption."""
    made: list[tuple[int, int]] = []
    for hour in sorted(seen):
        if made and made[-1][1] == hour:
            made[-1] = (made[-1][0], hour + 1)
        else:
            made.append((hour, hour + 1))
    return [found(first, last) for first, last in made]
