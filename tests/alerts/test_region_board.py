"""The board: why a division stands where it stands, how late, in which order, and when enough have acted."""

from __future__ import annotations

import math
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alerts.levels import Level
from alerts.region_board import DONE, Facts, Line, Proposed, Why, lift_line, line, quorum, rank
from service.kit.clock import SHANGHAI
from service.prompts.board_words import WORDS, reason

ISSUED = datetime(2016, 12, 15, 12, 0, tzinfo=SHANGHAI)
START = datetime(2016, 12, 16, 20, 0, tzinfo=SHANGHAI)
NOON = ISSUED + timedelta(hours=1)
HOUR = timedelta(hours=1)
BASE = Facts(asked=Level.RED, starts_at=START, issued_at=ISSUED)
OPEN = Proposed("open", Level.RED, ISSUED, ISSUED + 2 * HOUR, roles=("commander",))


def closed(state: str, to: Level = Level.RED) -> Proposed:
    return replace(OPEN, state=state, to_level=to, closed_at=ISSUED + HOUR, ground="consultation", said="会商")


def facts(**given: Any) -> Facts:
    return replace(BASE, **given)


def announced(at: datetime = START, **given: Any) -> Facts:
    return facts(announced_at=ISSUED + HOUR, effective_at=at, standing=Level.RED, **given)


class TestWhy:
    @pytest.mark.parametrize(
        ("given", "why"),
        [
            (facts(), Why.NO_PROPOSAL),
            (facts(assessed=False), Why.UNASSESSED),
            (facts(too_far=True), Why.TOO_FAR),
            (facts(proposed=OPEN), Why.WAITING),
            (facts(proposed=closed("rejected")), Why.REJECTED),
            (facts(proposed=closed("expired")), Why.EXPIRED),
            (facts(proposed=closed("withdrawn")), Why.WITHDRAWN),
            (facts(proposed=closed("rejected", Level.YELLOW)), Why.NO_PROPOSAL),
            (facts(proposed=OPEN, superseded=True), Why.SUPERSEDED),
            (facts(closed_at=NOON + HOUR), Why.CLOSING),
            (facts(known=False), Why.NOT_KNOWN),
            (announced(), Why.IN_STEP),
            (announced(has_list=False), Why.NO_LIST),
            (announced(has_list=False, known=False), Why.IN_STEP),
            (announced(START + HOUR), Why.STARTS_LATER),
            (announced(START + HOUR, proposed=OPEN), Why.WAITING),
            (announced(START + HOUR, proposed=closed("rejected")), Why.STARTS_LATER),
            (announced(closed_at=NOON), Why.OVER),
            (announced(proposed=OPEN), Why.IN_STEP),
        ],
    )
    def test_of_each_situation(self, given: Facts, why: Why) -> None:
        assert line(given, NOON).why is why

    def test_every_reason_is_told_of_some_situation(self) -> None:
        """A reason that nothing leads to would be words that nobody ever reads."""
        marked = (mark for test in (TestWhy.test_of_each_situation, TestWhy.test_of_a_lift) for mark in test.pytestmark)  # type: ignore[attr-defined]
        told = {why for mark in marked for _, why in mark.args[1]}
        assert set(Why) - told == {Why.STARTED_LATER}

    def test_a_later_start_is_told_as_past_once_it_is(self) -> None:
        assert line(announced(START + HOUR), START + 2 * HOUR).why is Why.STARTED_LATER

    @pytest.mark.parametrize(
        ("given", "why"),
        [
            (facts(), Why.NOTHING_IN_FORCE),
            (facts(standing=Level.RED), Why.LIFT_UNCHECKED),
            (facts(standing=Level.RED, lift_state="missing"), Why.LIFT_MISSING),
            (facts(standing=Level.RED, lift_state="heavy"), Why.LIFT_HEAVY),
            (facts(standing=Level.RED, lift_state="no_rule"), Why.LIFT_NO_RULE),
            (facts(standing=Level.RED, lift_state="holds"), Why.LIFT_UNCHECKED),
            (facts(standing=Level.RED, lift_state="heavy", lift_ahead=True), Why.LIFT_TOO_FAR),
            (facts(standing=Level.RED, proposed=replace(OPEN, to_level=Level.NONE)), Why.WAITING),
            (facts(standing=Level.RED, lift_state="holds", proposed=closed("rejected", Level.NONE)), Why.REJECTED),
            (facts(standing=Level.RED, closed_at=NOON + HOUR), Why.LIFT_DECIDED),
            (facts(standing=Level.RED, closed_at=NOON - HOUR), Why.LIFTED),
            (facts(standing=Level.RED, known=False), Why.NOT_KNOWN),
        ],
    )
    def test_of_a_lift(self, given: Facts, why: Why) -> None:
        assert lift_line(given, NOON).why is why


class TestLate:
    def test_nobody_is_late_before_the_start_unless_a_plan_says_by_when_to_adopt(self) -> None:
        assert line(facts(proposed=OPEN), NOON).late_minutes == 0
        due = facts(proposed=OPEN, adopt_by=ISSUED + 2 * HOUR)
        assert line(due, ISSUED + 3 * HOUR).late_minutes == 60
        assert line(replace(due, proposed=closed("rejected")), ISSUED + 3 * HOUR).late_minutes == 0

    @pytest.mark.parametrize("given", [{"too_far": True}, {"closed_at": START}])
    def test_nobody_is_late_to_adopt_who_cannot_act_yet(self, given: dict[str, Any]) -> None:
        assert line(facts(adopt_by=ISSUED + HOUR, **given), ISSUED + 3 * HOUR).late_minutes == 0

    def test_after_the_start_every_minute_counts(self) -> None:
        assert line(facts(proposed=OPEN), START + timedelta(minutes=31, seconds=59)).late_minutes == 31

    def test_a_late_start_stays_as_late_as_it_was(self) -> None:
        assert line(announced(START + HOUR), START + 9 * HOUR).late_minutes == 60

    def test_an_early_start_is_not_late(self) -> None:
        assert line(announced(START - HOUR), START + 9 * HOUR).late_minutes == 0

    def test_of_a_lift_it_counts_to_the_end_that_was_decided(self) -> None:
        lifted = facts(standing=Level.RED, closed_at=START + HOUR)
        assert lift_line(lifted, START + 5 * HOUR).late_minutes == 60
        assert lift_line(facts(standing=Level.RED), START + 5 * HOUR).late_minutes == 300
        assert lift_line(facts(), START + 5 * HOUR).late_minutes == 0

    @given(minutes=st.integers(-3000, 3000), started=st.one_of(st.none(), st.integers(-3000, 3000)))
    def test_it_is_never_negative_and_never_shrinks(self, minutes: int, started: int | None) -> None:
        minute = timedelta(minutes=1)
        given = facts(proposed=OPEN) if started is None else announced(START + started * minute)
        now = START + minutes * minute
        late = line(given, now).late_minutes
        assert 0 <= late <= line(given, now + 17 * minute).late_minutes


class TestOrderAndQuorum:
    def test_who_has_not_acted_comes_before_who_is_done(self) -> None:
        later, waiting = line(facts(proposed=OPEN), START + HOUR), line(facts(proposed=OPEN), NOON)
        listless, done = line(announced(has_list=False), NOON), line(announced(), NOON)
        assert sorted([done, listless, waiting, later], key=rank) == [later, waiting, listless, done]

    @given(
        acted=st.lists(st.booleans(), min_size=1, max_size=90),
        share=st.one_of(st.none(), st.floats(0.01, 1)),
    )
    def test_enough_is_the_share_rounded_up(self, acted: list[bool], share: float | None) -> None:
        lines = [Line(Why.IN_STEP if one else Why.WAITING, 0) for one in acted]
        found = quorum(lines, share)
        assert (found.acted, found.of) == (sum(acted), len(acted))
        if share is None:
            assert found.reached
        else:
            assert found.needed == math.ceil(share * len(acted))
            assert found.reached == (sum(acted) >= found.needed)

    def test_a_rejection_is_a_decision_too(self) -> None:
        assert line(facts(proposed=closed("rejected")), NOON).decided
        assert not line(facts(proposed=closed("expired")), NOON).decided
        assert not line(facts(proposed=OPEN), NOON).decided


class TestWords:
    def test_every_reason_has_words_in_both_languages(self) -> None:
        assert WORDS.keys() == set(Why)
        assert set(Why) >= DONE

    def test_waiting_names_roles_signatures_and_deadline(self) -> None:
        found = line(facts(proposed=replace(OPEN, roles=("deputy_commander", "commander"), signed=1, of=2)), NOON)
        said = reason(found)
        assert said["zh"] == "等待副指挥长或指挥长审批（已签1/2），截止12月15日14:00"
        assert said["en"] == "waiting for deputy commander or commander (1 of 2 signed), due 2016-12-15 14:00"

    def test_a_rejection_tells_its_ground(self) -> None:
        said = reason(line(facts(proposed=closed("rejected")), NOON))
        assert said["zh"] == "已驳回（会商意见）：会商"

    def test_a_lift_that_does_not_hold_tells_its_numbers(self) -> None:
        heavy = lift_line(facts(standing=Level.RED, lift_state="heavy"), NOON)
        said = reason(heavy, {"missing": 2, "heavy": 5, "worst": 260, "line": 200})
        assert said["zh"] == "解除窗口内仍有5小时AQI高于200（最高260），未提出建议"

    def test_a_brace_in_what_somebody_said_stays_text(self) -> None:
        said = reason(line(facts(proposed=replace(closed("withdrawn"), said="{roles}")), NOON))
        assert said["en"].endswith(": {roles}")
