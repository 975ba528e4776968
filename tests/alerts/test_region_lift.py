"""A joint lift: an hour for each division, and what the lifting test says there."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from alerts.assessment import Assessment, Line
from alerts.proposal import may_lift
from alerts.region_lift import LiftEntry, LiftPrompt, LiftState, lift_check
from alerts.rules import LiftRule
from service.kit.clock import SHANGHAI
from service.law.loader import load_law

NOW = datetime(2016, 12, 21, 8, 0, tzinfo=SHANGHAI)
HOUR = timedelta(hours=1)


def rule() -> LiftRule:
    found = load_law().criteria_for("110000", NOW).lift
    assert found is not None
    return found


def hourly(values: list[int | None]) -> Assessment:
    line = Line(start=NOW - 10 * HOUR, values=tuple(values))
    return Assessment.model_construct(hourly=line)


CLEAN = [50] * 200


class TestCheck:
    def test_it_holds_in_clean_air(self) -> None:
        found = lift_check(hourly(CLEAN), NOW + 4 * HOUR, rule())
        assert (found.state, found.missing, found.heavy, found.worst) == (LiftState.HOLDS, 0, 0, 50)

    def test_heavy_hours_of_the_window_are_counted(self) -> None:
        values: list[int | None] = [50] * 200
        values[16], values[20], values[21] = rule().at_most, rule().at_most + 1, 480
        found = lift_check(hourly(values), NOW + 4 * HOUR, rule())
        assert (found.state, found.heavy, found.worst, found.line) == (LiftState.HEAVY, 2, 480, rule().at_most)

    def test_a_missing_hour_forbids_it(self) -> None:
        values: list[int | None] = [50] * 200
        values[20] = None
        found = lift_check(hourly(values), NOW + 4 * HOUR, rule())
        assert (found.state, found.missing) == (LiftState.MISSING, 1)

    def test_beyond_the_series_everything_is_missing(self) -> None:
        found = lift_check(hourly(CLEAN), NOW + 900 * HOUR, rule())
        assert (found.state, found.worst) == (LiftState.MISSING, None)
        assert found.missing == rule().forecast_hours + 1

    def test_without_a_rule_nothing_can_be_said(self) -> None:
        assert lift_check(hourly(CLEAN), NOW, None).state is LiftState.NO_RULE

    @given(
        values=st.lists(st.one_of(st.none(), st.integers(0, 500)), min_size=1, max_size=90),
        hours=st.integers(-30, 100),
        minutes=st.integers(0, 59),
    )
    def test_it_agrees_with_the_lifting_test(self, values: list[int | None], hours: int, minutes: int) -> None:
        at = NOW + hours * HOUR + timedelta(minutes=minutes)
        found = lift_check(hourly(values), at, rule())
        assert (found.state is LiftState.HOLDS) == may_lift(hourly(values), at, rule())


class TestPrompt:
    def test_divisions_may_have_hours_of_their_own(self) -> None:
        prompt = LiftPrompt(
            region="jingjinji-2015",
            issued_at=NOW,
            lifts_at=NOW + 24 * HOUR,
            entries=(LiftEntry(adcode="130200"), LiftEntry(adcode="130100", lifts_at=NOW + 48 * HOUR)),
        )
        assert prompt.hours == {"130200": NOW + 24 * HOUR, "130100": NOW + 48 * HOUR}

    def test_none_stands_twice(self) -> None:
        with pytest.raises(ValidationError, match="named twice"):
            LiftPrompt(
                region="x", issued_at=NOW, lifts_at=NOW, entries=(LiftEntry(adcode="130200"), LiftEntry(adcode="130200"))
            )
