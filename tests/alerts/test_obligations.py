"""What is owed follows from the plan's deadlines alone; days are half-open; nothing is invented."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from alerts.instants import DAY, SHANGHAI, day_start
from alerts.obligations import (
    DEADLINE,
    Kind,
    Rung,
    Terms,
    after_decision,
    after_end,
    after_prompt,
    after_start,
    daily,
    days_of,
    instant_of,
    terms_of,
)
from alerts.plans import Deadlines
from service.law.loader import load_law

INSTANTS = st.timedeltas(timedelta(0), timedelta(days=3650)).map(lambda since: datetime(2016, 1, 1, tzinfo=SHANGHAI) + since)
HOURS = st.none() | st.integers(1, 72)
SPANS = st.timedeltas(timedelta(0), timedelta(days=9))


@st.composite
def terms(draw: st.DrawFn) -> Terms:
    """Any deadlines; some of them cited."""
    names = list(DEADLINE.values())
    values = {name: draw(HOURS) for name in names}
    values["daily_report_by"] = draw(st.none() | st.integers(0, 23))
    cited = draw(st.sets(st.sampled_from(names)))
    return Terms(Deadlines(**values), {name: f"《{name}》" for name in cited})


HEBEI = Terms(Deadlines(daily_report_by=10, summary_hours=48), {"daily_report_by": "2018-11-10", "summary_hours": "2018"})


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=SHANGHAI)


class TestNothingIsInvented:
    @given(terms(), INSTANTS)
    def test_what_is_owed_has_hours_and_a_reference(self, given_terms: Terms, instant: datetime) -> None:
        every = [
            *after_prompt(given_terms, instant),
            *after_decision(given_terms, instant),
            *after_start(given_terms, instant),
            *after_end(given_terms, instant),
            *daily(given_terms, instant, None, instant + 3 * DAY),
        ]
        for owed in every:
            assert owed.reference
            assert getattr(given_terms.deadlines, DEADLINE[owed.kind]) is not None
            assert owed.due_at > owed.since >= instant
        silent = {kind for kind in Kind if given_terms.hours(kind) is None}
        assert not silent & {owed.kind for owed in every}
        assert {owed.kind for owed in every} == set(Kind) - silent

    def test_the_national_plan_owes_nothing(self) -> None:
        law = load_law()
        plan = law.plan("national-default", at("2025-01-01T00:00"))
        assert {kind: terms_of(plan, law.plans).hours(kind) for kind in Kind} == dict.fromkeys(Kind)

    @pytest.mark.parametrize(
        ("adcode", "when", "expected"),
        [
            ("140100", "2019-06-01T00:00", {Kind.PUBLISH: 2, Kind.ADOPT_PROMPT: 2}),
            ("130100", "2016-12-20T00:00", {Kind.DAILY_REPORT: 10, Kind.SUMMARY: 48}),
            ("430700", "2019-06-01T00:00", {Kind.RESPONSE_REPORT: 1, Kind.EXECUTION_REPORT: 24}),
            ("411500", "2025-01-01T00:00", {Kind.LIFTING_NOTICE: 24}),
            ("110000", "2025-01-01T00:00", {}),
        ],
    )
    def test_plans_set_what_their_texts_say(self, adcode: str, when: str, expected: dict[Kind, int]) -> None:
        law = load_law()
        found = terms_of(law.plan_for(adcode, at(when)), law.plans)
        assert {kind: found.hours(kind) for kind in Kind if found.hours(kind) is not None} == expected
        assert all(found.reference(kind) for kind in expected)

    def test_a_value_from_above_is_cited_from_above(self) -> None:
        law = load_law()
        found = terms_of(law.plan_for("130100", at("2017-12-20T00:00")), law.plans)
        assert found.reference(Kind.DAILY_REPORT) == "河北省2018年11月10日通知（每日10时前报前一日情况）"

    def test_a_response_that_never_began_owes_no_summary(self) -> None:
        both = Terms(Deadlines(summary_hours=48, lifting_notice_hours=24), {"summary_hours": "a", "lifting_notice_hours": "b"})
        instant = at("2018-11-13T00:00")
        assert [one.kind for one in after_end(both, instant)] == [Kind.LIFTING_NOTICE, Kind.SUMMARY]
        assert [one.kind for one in after_end(both, instant, responded=False)] == [Kind.LIFTING_NOTICE]


class TestDays:
    @pytest.mark.parametrize(
        ("start", "end", "days"),
        [
            ("2017-01-13T22:00", "2017-01-14T00:00", [13]),
            ("2017-01-13T22:00", "2017-01-14T00:01", [13, 14]),
            ("2017-01-14T00:00", "2017-01-14T00:00", []),
            ("2017-01-14T00:00", "2017-01-13T00:00", []),
            ("2017-01-13T23:59", "2017-01-16T00:00", [13, 14, 15]),
        ],
    )
    def test_half_open_in_beijing(self, start: str, end: str, days: list[int]) -> None:
        assert [day.day for day in days_of(at(start), at(end))] == days

    def test_an_instant_written_in_another_zone_is_the_same(self) -> None:
        start = at("2017-01-13T22:00")
        assert days_of(start.astimezone(UTC), start.astimezone(UTC) + timedelta(hours=3)) == (date(2017, 1, 13), date(2017, 1, 14))

    @given(INSTANTS, SPANS)
    def test_every_day_is_touched_and_none_is_missing(self, start: datetime, span: timedelta) -> None:
        end = start + span
        found = days_of(start, end)
        assert all(max(start, day_start(day)) < min(end, day_start(day) + DAY) for day in found)
        assert list(found) == sorted(set(found))
        assert sum((min(end, day_start(day) + DAY) - max(start, day_start(day)) for day in found), timedelta()) == span

    @given(INSTANTS, SPANS, SPANS)
    def test_an_extension_adds_days_and_takes_none_away(self, start: datetime, span: timedelta, more: timedelta) -> None:
        now = start + timedelta(days=30)
        before = daily(HEBEI, start, start + span, now)
        after = daily(HEBEI, start, start + span + more, now)
        assert after[: len(before)] == before

    @given(INSTANTS, st.none() | SPANS, SPANS, SPANS)
    def test_time_opens_days_and_closes_none(
        self, start: datetime, span: timedelta | None, until: timedelta, later: timedelta
    ) -> None:
        end = None if span is None else start + span
        before = daily(HEBEI, start, end, start + until)
        assert daily(HEBEI, start, end, start + until + later)[: len(before)] == before

    def test_due_at_ten_on_the_next_day(self) -> None:
        first, second = daily(HEBEI, at("2018-11-10T22:00"), None, at("2018-11-11T00:01"))
        assert (first.day, first.since, first.due_at) == (date(2018, 11, 10), at("2018-11-10T22:00"), at("2018-11-11T10:00"))
        assert (second.day, second.since, second.due_at) == (date(2018, 11, 11), at("2018-11-11T00:00"), at("2018-11-12T10:00"))

    def test_at_midnight_the_new_day_has_not_begun(self) -> None:
        assert len(daily(HEBEI, at("2018-11-10T22:00"), None, at("2018-11-11T00:00"))) == 1


class TestLadder:
    def test_two_days_after_lifting_as_in_hebei(self) -> None:
        (summary,) = after_end(HEBEI, at("2017-01-18T00:00") + DAY)
        assert summary.due_at == at("2017-01-21T00:00")

    @given(INSTANTS, st.timedeltas(timedelta(minutes=1), timedelta(days=3)))
    def test_rungs_climb(self, since: datetime, span: timedelta) -> None:
        due = since + span
        ladder = [Rung(at=one, roles=("duty_officer",)) for one in ("half", "due", 1, 2)]
        reached = [instant_of(rung, since, due) for rung in ladder]
        assert reached == sorted(reached)
        assert since < reached[0] < reached[1] == due
        assert reached[3] - reached[2] == timedelta(hours=1)

    @given(INSTANTS)
    def test_what_is_opened_too_late_is_pressed_at_once(self, since: datetime) -> None:
        reached = [instant_of(Rung(at=one, roles=("x",)), since, since - DAY) for one in ("half", "due", 3)]
        assert reached == [since, since, since + timedelta(hours=3)]

    def test_a_rung_tells_somebody(self) -> None:
        with pytest.raises(ValidationError):
            Rung(at="half", roles=())
        with pytest.raises(ValidationError):
            Rung(at="never", roles=("duty_officer",))  # type: ignore[arg-type]
