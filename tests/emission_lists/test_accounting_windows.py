"""Stated reductions of measures that apply in some hours of the day (时段): planned in these hours only, whole over a day."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from emission_lists.accounting import Origin, account_line
from emission_lists.accounting_weights import Span
from emission_lists.levels import PerLevel, ResponseLevel
from emission_lists.lists import Line, Pollutants
from emission_lists.measures import Action, Later, Measure, StopMode
from tests.emission_lists.list_samples import measure, windows

SHANGHAI = ZoneInfo("Asia/Shanghai")
DAY = datetime(2016, 12, 17, 0, 0, tzinfo=SHANGHAI)
HOUR, MINUTE = timedelta(hours=1), timedelta(minutes=1)
MG = 1_000_000
SO2, NOX = 0, 1
STATED = Pollutants(16.0, None, None, None)
NIGHT = "17:00-09:00"


def line(one: Measure, stated: Pollutants = STATED, base: float | None = 24.0) -> Line:
    """A line of 24 kg/d of each pollutant that states 16 kg/d SO2 and nothing else."""
    bases = Pollutants(*[base] * 4)
    return Line("MF0001", "1号线", "熟料生产线", PerLevel(one, one, one), bases, PerLevel(stated, stated, stated))


def span(first: float, until: float, before: ResponseLevel | None = None) -> Span:
    return Span(1, ResponseLevel.RED, DAY + first * HOUR, DAY + until * HOUR, before)


def open_minutes(window: str, over: Span) -> int:
    """Minutes of the response in the window, counted one by one."""
    opens, closes = (int(part[:2]) * 60 + int(part[3:]) for part in window.split("-"))
    length = (closes - opens) % 1440 or 1440
    start = over.start.hour * 60 + over.start.minute
    return sum((start + minute - opens) % 1440 < length for minute in range(over.minutes))


def test_outside_its_hours_nothing_is_planned_whether_stated_or_computed() -> None:
    account = account_line(line(measure(Action.STOP, 1.0, window=NIGHT)), span(9, 17))
    assert (account.planned, account.origins[SO2], account.origins[NOX]) == ((0,) * 4, Origin.STATED, Origin.COMPUTED)


def test_in_its_hours_all_of_it_is_planned() -> None:
    assert account_line(line(measure(Action.STOP, 1.0, window=NIGHT)), span(17, 33)).planned == (16 * MG,) * 4


def test_without_hours_of_the_day_it_is_spread_over_all() -> None:
    assert account_line(line(measure(Action.STOP, 1.0)), span(9, 17)).planned[SO2] == 16 * MG // 3


def test_a_short_response_plans_no_more_than_it_would_have_emitted() -> None:
    """Two hours of a window of two hours would save the whole day's 16 kg; in them the line emits 2 kg."""
    account = account_line(line(measure(Action.STOP, 1.0, window="18:00-20:00")), span(18, 20))
    assert (account.planned[SO2], account.base[SO2]) == (2 * MG, 2 * MG)
    assert account_line(line(measure(Action.STOP, 1.0, window="18:00-20:00"), base=None), span(18, 20)).planned[SO2] == 16 * MG


def test_stages_save_their_parts_in_their_own_hours() -> None:
    half_a_day = measure(Action.STOP, 1.0, window="00:00-12:00")
    staged = replace(half_a_day, later=(Later(24, measure(Action.STOP, 1.0)),))
    one = span(0, 48)
    hourly = account_line(line(staged), one).hourly(one)[SO2]
    assert [int(hourly[first:until].sum()) for first, until in ((0, 12), (12, 24), (24, 48))] == [8 * MG, 0, 16 * MG]


def test_a_share_that_nobody_knows_is_stated_for_its_hours_all_the_same() -> None:
    banked = measure(Action.STOP, 1.0, stop_mode=StopMode.BANKING, window=NIGHT)
    one = span(0, 24)
    hourly = account_line(line(banked), one).hourly(one)[SO2]
    assert [int(hourly[first:until].sum()) for first, until in ((0, 9), (9, 17), (17, 24))] == [9 * MG, 0, 7 * MG]


def test_the_former_level_goes_on_in_its_hours() -> None:
    """Red must be complete after six hours; until then orange goes on, which asks for nothing before 17:00."""
    night, stop = measure(Action.STOP, 1.0, window=NIGHT), measure(Action.STOP, 1.0, complete_within_hours=6.0)
    stated = PerLevel(STATED, STATED, STATED)
    both = Line("MF0001", "1号线", "熟料生产线", PerLevel(night, night, stop), Pollutants(*[24.0] * 4), stated)
    one = span(14, 24, ResponseLevel.ORANGE)
    hourly = account_line(both, one).hourly(one)[SO2]
    assert [int(value) for value in hourly[:6]] == [0, 0, 0, MG, MG, MG]


@settings(deadline=None, max_examples=80)
@given(windows, st.integers(0, 3000), st.integers(1, 5), st.integers(0, 24 * MG))
def test_whole_days_save_the_stated_figure_to_the_milligram(window: str, offset: int, days: int, amount: int) -> None:
    one = Span(1, ResponseLevel.RED, DAY + offset * MINUTE, DAY + offset * MINUTE + days * 24 * HOUR)
    account = account_line(line(measure(Action.STOP, 1.0, window=window), Pollutants(amount / MG)), one)
    assert account.planned[SO2] == days * amount


@settings(deadline=None, max_examples=80)
@given(windows, st.integers(0, 3000), st.integers(1, 4000), st.integers(0, 10**10))
def test_a_part_of_a_day_saves_the_part_of_its_hours_and_the_hours_add_up(
    window: str, offset: int, minutes: int, amount: int
) -> None:
    one = Span(1, ResponseLevel.RED, DAY + offset * MINUTE, DAY + (offset + minutes) * MINUTE)
    account = account_line(line(measure(Action.STOP, 1.0, window=window), Pollutants(amount / MG), base=None), one)
    day = Span(2, ResponseLevel.RED, DAY, DAY + 24 * HOUR)
    assert account.planned[SO2] == pytest.approx(amount * open_minutes(window, one) / open_minutes(window, day), abs=1)
    assert [int(row.sum()) for row in account.hourly(one)] == list(account.planned)
