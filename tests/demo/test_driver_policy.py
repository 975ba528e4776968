"""When the scripted officials decide, and that a person always has time before them."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alerts.instants import parse_instant
from service.demo.driver import MARGIN, margin_at
from service.demo.policy import COMMANDER, DUTY, OTHERWISE, REASONS, Patience, decider_of, reason_for
from service.demo.serving import PACE

NOON = parse_instant("2016-12-15 12:00")


def proposal(created: datetime = NOON, *, adcode: str = "110000", to: str = "red", hours: float = 2) -> dict[str, Any]:
    return {
        "id": 1,
        "adcode": adcode,
        "action": "issue",
        "to": to,
        "reason": "criteria_met",
        "approvers": ["commander"],
        "created_at": created.isoformat(),
        "deadline": (created + timedelta(hours=hours)).isoformat(),
    }


class TestPatience:
    def test_waits_as_long_as_told(self) -> None:
        patience = Patience(wait=timedelta(minutes=20))
        assert patience.ripe([proposal()], NOON + timedelta(minutes=19)) == []
        assert patience.ripe([proposal()], NOON + timedelta(minutes=20)) == [proposal()]

    def test_decides_before_the_deadline(self) -> None:
        patience = Patience(margin=timedelta(minutes=15))
        assert patience.ripe([proposal()], NOON + timedelta(minutes=104)) == []
        assert patience.ripe([proposal()], NOON + timedelta(minutes=105)) == [proposal()]

    def test_newer_words_for_the_same_matter_do_not_start_the_time_anew(self) -> None:
        patience = Patience(margin=timedelta(minutes=15))
        patience.ripe([proposal()], NOON)
        newer = proposal(NOON + timedelta(minutes=100))
        assert patience.ripe([newer], NOON + timedelta(minutes=105)) == [newer]

    def test_another_level_is_another_matter(self) -> None:
        patience = Patience(margin=timedelta(minutes=15))
        patience.ripe([proposal(to="orange")], NOON)
        assert patience.ripe([proposal(NOON + timedelta(minutes=100))], NOON + timedelta(minutes=105)) == []

    def test_matter_that_was_gone_comes_up_anew(self) -> None:
        patience = Patience(wait=timedelta(minutes=20))
        patience.ripe([proposal()], NOON)
        patience.ripe([], NOON + timedelta(minutes=10))
        later = proposal(NOON + timedelta(minutes=15))
        assert patience.ripe([later], NOON + timedelta(minutes=30)) == []

    def test_next_due_is_the_earliest(self) -> None:
        patience = Patience(wait=timedelta(minutes=20))
        assert patience.next_due() is None
        patience.ripe([proposal(), proposal(NOON - timedelta(minutes=5), adcode="120000")], NOON)
        assert patience.next_due() == NOON + timedelta(minutes=15)

    @pytest.mark.parametrize("given", [{}, {"wait": MARGIN, "margin": MARGIN}])
    def test_wants_exactly_one_rule(self, given: dict[str, timedelta]) -> None:
        with pytest.raises(ValueError, match="either wait or margin"):
            Patience(**given)


class TestMargin:
    def test_visitor_has_a_minute_at_the_default_pace(self) -> None:
        left_to_people = timedelta(hours=2) - margin_at(PACE)
        assert left_to_people.total_seconds() / PACE >= 60

    @given(st.floats(min_value=0.01, max_value=100_000))
    def test_clock_never_passes_the_deadline_between_two_looks(self, pace: float) -> None:
        assert margin_at(pace) >= max(MARGIN, timedelta(seconds=2 * pace))


class TestDecider:
    @pytest.mark.parametrize(
        ("approvers", "login"),
        [(["duty_officer", "commander"], DUTY), (["commander"], COMMANDER), (["mayor"], None), ([], None)],
    )
    def test_first_role_that_is_played(self, approvers: list[str], login: str | None) -> None:
        assert decider_of(proposal() | {"approvers": approvers}) == login

    @pytest.mark.parametrize(("reason", "words"), [*REASONS.items(), ("upper_order", OTHERWISE)])
    def test_words_follow_the_reason(self, reason: str, words: str) -> None:
        assert reason_for(proposal() | {"reason": reason}) == words
