"""The table of the due process, and how stored findings follow what evidence shows."""

from __future__ import annotations

import itertools
from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from emission_lists.compliance import Found
from emission_lists.compliance_hours import BEIJING
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
    told_of,
)
from emission_lists.compliance_rules import Rule

START = datetime(2026, 11, 21, tzinfo=BEIJING)
S = FindingState
RULE, GATE = Rule.RUNNING_WHILE_STOPPED, Rule.BANNED_VEHICLE


def at(hour: float) -> datetime:
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
        for state, supported in itertools.product((S.NOTIFIED, S.ANSWERED), (True, False)):
            made = reconcile([stored(1, 2, 5, state, supported=supported)], [found(2, 3), found(4, 6)])
            assert (made.gone, made.supported, made.narrowed) == ([], {}, {1})
            assert ([number for number, _ in made.changed], hours(made.new)) == ([1], [(4, 6)])
        assert reconcile([stored(1, 2, 4, S.CONFIRMED)], [found(2, 3)]) == Changes(supported={1: False})

    def test_what_is_left_of_it_goes_on_with_what_comes_after(self) -> None:
        made = reconcile([stored(1, 2, 5, S.NOTIFIED), stored(2, 5, 7)], [found(3, 7)])
        assert (hours([one for _, one in made.changed]), made.merged, made.narrowed) == ([(3, 7)], [(2, 1)], {1})

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


def gates(*hours_: float, starts: float = 0) -> Found:
    """A day's finding of the vehicles that came at these hours; the plate says the hour."""
    passages = [{"gate": "G1", "plate": f"{hour:g}", "time": at(hour).isoformat()} for hour in sorted(hours_)]
    return Found(GATE, "L1", at(starts), at(max(hours_)), {"passages": passages})


def told(number: int, *hours_: float, state: FindingState = S.NOTIFIED, starts: float = 0) -> Existing:
    one = gates(*hours_, starts=starts)
    return Existing(number, GATE, "L1", one.starts, one.until, state, "h", told=told_of(one.proof))


def plates(found_: Found) -> list[str]:
    return [one["plate"] for one in found_.proof["passages"]]


class TestVehicles:
    @pytest.mark.parametrize("late", [5, 1, 2.5, 0], ids=["later", "earlier", "between", "at midnight"])
    @pytest.mark.parametrize("state", [S.NOTIFIED, S.ANSWERED, S.CONFIRMED, S.WITHDRAWN])
    def test_one_that_arrives_after_the_notification_is_a_finding_of_its_own(
        self, late: float, state: FindingState
    ) -> None:
        made = reconcile([told(1, 2, 3, state=state)], [gates(2, 3, late)])
        assert [(plates(one), one.until) for one in made.new] == [([f"{late:g}"], at(late))]
        assert (made.changed, made.gone, made.supported) == ([], [], {})

    def test_another_vehicle_at_the_same_instant(self) -> None:
        both = gates(2, 2.0)
        both.proof["passages"][1]["plate"] = "other"
        (one,) = reconcile([told(1, 2)], [both]).new
        assert plates(one) == ["other"]

    def test_what_was_told_is_not_told_again(self) -> None:
        assert reconcile([told(1, 1, 2, 5)], [gates(1, 2, 5)]) == Changes()

    def test_a_correction_takes_back_what_it_no_longer_shows(self) -> None:
        made = reconcile([told(1, 2, 5)], [gates(2)])
        assert (made.narrowed, [plates(one) for _, one in made.changed], made.supported) == ({1}, [["2"]], {})
        taken_back = reconcile([told(1, 2, 3)], [gates(5)])
        assert (taken_back.gone, [plates(one) for one in taken_back.new]) == ([1], [["5"]])
        confirmed = reconcile([told(1, 2, 3, state=S.CONFIRMED)], [gates(5)])
        assert (confirmed.supported, [one.starts for one in confirmed.new]) == ({1: False}, [at(5)])

    def test_what_is_not_notified_grows(self) -> None:
        made = reconcile([told(1, 2), told(2, 5, state=S.FOUND, starts=5)], [gates(2, 4, 5)])
        assert [(number, plates(one)) for number, one in made.changed] == [(2, ["4", "5"])]
        assert (made.new, made.gone) == ([], [])

    @given(
        st.lists(st.sets(st.integers(0, 5), min_size=1), min_size=1, max_size=6),
        st.lists(st.sampled_from([S.FOUND, S.NOTIFIED, S.WITHDRAWN]), min_size=6, max_size=6),
    )
    def test_every_vehicle_is_told_once_and_no_two_findings_begin_together(
        self, arrivals: list[set[int]], states: list[FindingState]
    ) -> None:
        kept: dict[int, Existing] = {}
        seen: set[int] = set()
        for number, (batch, state) in enumerate(zip(arrivals, states, strict=False)):
            seen |= batch  # vehicles 0 and 1, 2 and 3 … pass together
            day = gates(*(vehicle // 2 for vehicle in seen))
            for vehicle, one in zip(sorted(seen), day.proof["passages"], strict=True):
                one["plate"] = str(vehicle)
            changes = reconcile(list(kept.values()), [day])
            assert (changes.gone, changes.merged) == ([], [])
            for place, one in [*changes.changed, *((number, one) for one in changes.new)]:
                kept[place] = Existing(
                    place, GATE, "L1", one.starts, one.until, S.FOUND, "h", told=told_of(one.proof)
                )
            if kept and kept[max(kept)].state is S.FOUND:
                kept[max(kept)] = kept[max(kept)]._replace(state=state)
        assert sorted(plate for one in kept.values() for _, plate, _ in one.told) == sorted(map(str, seen))
        assert len({one.starts for one in kept.values()}) == len(kept)
        assert all(one.starts <= one.until for one in kept.values())
