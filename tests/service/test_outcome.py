"""What follows from an answer: the schedule with its jitter, rests of endpoints in trouble, what they ask for."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.channels.base import Answer
from service.channels.webhook import retry_after_of
from service.subscriptions.outcome import (
    JITTER,
    RESTS,
    RETRIES,
    TROUBLE,
    WELL,
    Health,
    Outcome,
    health_after,
    is_lost,
    outcome_of,
    pause_after,
    spread,
)

NOW = datetime(2026, 1, 15, 18, 0, tzinfo=UTC)
STATUSES = st.one_of(st.none(), st.integers(100, 599))


def answers(*statuses: int | None) -> list[Answer]:
    return [Answer(status, "") for status in statuses]


class TestOutcome:
    @pytest.mark.parametrize("status", [200, 201, 204, 299])
    def test_success_is_done(self, status: int) -> None:
        assert outcome_of(Answer(status, ""), 1, "m") == Outcome("done", None, False)

    @pytest.mark.parametrize("status", [None, 100, 199, 300, 301, 307, 400, 404, 429, 500, 503])
    def test_anything_else_is_tried_again_until_the_schedule_ends(self, status: int | None) -> None:
        for attempt in range(1, len(RETRIES) + 1):
            outcome = outcome_of(Answer(status, ""), attempt, "m")
            assert outcome == Outcome("pending", pause_after(attempt, "m"), False)
        assert outcome_of(Answer(status, ""), len(RETRIES) + 1, "m") == Outcome("dead", None, False)

    def test_gone_ends_the_endpoint(self) -> None:
        assert outcome_of(Answer(410, ""), 1, "m") == Outcome("dead", None, True)

    @given(STATUSES, st.integers(1, 20), st.text(max_size=40), st.one_of(st.none(), st.timedeltas(timedelta(0), timedelta(days=1))))
    def test_a_pause_is_never_shorter_than_asked_for_or_scheduled(
        self, status: int | None, attempt: int, message_id: str, asked: timedelta | None
    ) -> None:
        outcome = outcome_of(Answer(status, "", asked), attempt, message_id)
        assert (outcome.pause is None) == (outcome.state != "pending")
        if outcome.pause is not None:
            assert outcome.pause >= max(RETRIES[attempt - 1], asked or timedelta(0))

    @given(st.integers(1, len(RETRIES)), st.text(max_size=40))
    def test_jitter_is_bounded_and_repeatable(self, attempt: int, message_id: str) -> None:
        pause = pause_after(attempt, message_id)
        assert RETRIES[attempt - 1] <= pause < RETRIES[attempt - 1] * (1 + JITTER) + timedelta(microseconds=1)
        assert pause == pause_after(attempt, message_id)

    def test_jitter_spreads(self) -> None:
        found = [spread(f"step-1:{number}", 1) for number in range(1000)]
        for tenth in range(10):
            assert 50 < sum(tenth <= 10 * one < tenth + 1 for one in found) < 200


class TestHealth:
    def test_one_success_makes_well(self) -> None:
        ill = health_after(WELL, answers(*[500] * 30), NOW)
        assert health_after(ill, answers(500, 200), NOW) == WELL

    def test_rests_begin_with_trouble_and_grow_to_the_last(self) -> None:
        health, rests = WELL, []
        for _ in range(TROUBLE + len(RESTS) + 1):
            health = health_after(Health(health.failures, health.failing_since, None), answers(None), NOW)
            rests.append(health.rest_until and health.rest_until - NOW)
        assert rests == [None] * (TROUBLE - 1) + list(RESTS) + [RESTS[-1]] * 2

    @pytest.mark.parametrize("status", [429, 502, 503, 504])
    def test_slow_down_rests_the_lane_at_once(self, status: int) -> None:
        assert health_after(WELL, answers(status), NOW).rest_until == NOW + RETRIES[0]
        asked = [Answer(status, "", timedelta(hours=2))]
        assert health_after(WELL, asked, NOW).rest_until == NOW + timedelta(hours=2)

    @pytest.mark.parametrize("status", [None, 301, 400, 500])
    def test_other_failures_do_not(self, status: int | None) -> None:
        assert health_after(WELL, answers(status), NOW) == Health(1, NOW, None)

    @given(st.lists(STATUSES, max_size=30))
    def test_failing_since_stands_exactly_while_failing(self, statuses: list[int | None]) -> None:
        health = health_after(WELL, answers(*statuses), NOW)
        assert (health.failures == 0) == (health.failing_since is None)
        assert health.failures <= len(statuses)

    def test_lost_after_the_days_and_not_before(self) -> None:
        health = Health(7, NOW, None)
        assert not is_lost(health, NOW + timedelta(days=5) - timedelta(seconds=1), 5)
        assert is_lost(health, NOW + timedelta(days=5), 5)
        assert not is_lost(WELL, NOW + timedelta(days=500), 5)


class TestRetryAfter:
    @pytest.mark.parametrize(
        ("written", "read"),
        [
            ("0", timedelta(0)),
            ("120", timedelta(minutes=2)),
            ("99999999", timedelta(days=1)),
            ("9" * 300, timedelta(days=1)),
            ("-1", None),
            ("soon", None),
            ("²", None),
            ("", None),
            (None, None),
            ("Thu, 15 Jan 2026 18:10:00 GMT", timedelta(minutes=10)),
            ("Thursday, 15-Jan-26 18:10:00 GMT", timedelta(minutes=10)),
            ("Wed, 21 Oct 2015 07:28:00 GMT", timedelta(0)),
            ("Thu, 15 Jan 2099 18:10:00 GMT", timedelta(days=1)),
            ("Thu, 99 Jan 2026 18:10:00 GMT", None),
        ],
    )
    def test_seconds_and_dates(self, written: str | None, read: timedelta | None) -> None:
        assert retry_after_of(written, NOW) == read

    @given(st.text(max_size=60))
    def test_never_raises_and_stays_within_a_day(self, written: str) -> None:
        read = retry_after_of(written, NOW)
        assert read is None or timedelta(0) <= read <= timedelta(days=1)
