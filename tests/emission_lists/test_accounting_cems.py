"""CEMS and electricity of one line together: hour by hour, whichever has a value."""

from __future__ import annotations

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from emission_lists.accounting import Measured, Readings, Verified, account_line, verify
from emission_lists.accounting_weights import Span
from emission_lists.levels import PerLevel, ResponseLevel
from emission_lists.lists import Line, Pollutants
from emission_lists.measures import Action, Measure, StopMode
from tests.emission_lists.list_samples import measure

START = datetime(2016, 12, 17, 0, 0, tzinfo=ZoneInfo("Asia/Shanghai"))
FIRST = int(START.timestamp()) // 3600 + 1
NOX, MG = 1, 1_000_000
UNSTATED = PerLevel(Pollutants(), Pollutants(), Pollutants())
NAN = float("nan")


def line(one: Measure) -> Line:
    """24 kg/d, so 1 kg an hour."""
    return Line("MF0001", "1号线", "熟料生产线", PerLevel(one, one, one), Pollutants(*[24.0] * 4), UNSTATED)


STOP = line(measure(Action.STOP, 1.0))


def readings(values: list[float]) -> Readings:
    return Readings(np.arange(FIRST, FIRST + len(values)), np.array(values))


def shown(power: list[float] | None, nox: list[float] | None, of: Line = STOP, off: frozenset[int] = frozenset()) -> Verified:
    """Normal power is 100 kWh an hour."""
    span = Span(1, ResponseLevel.RED, START, START + timedelta(hours=max(len(power or []), len(nox or []))))
    cems = {} if nox is None else {NOX: readings(nox)}
    measured = Measured(None if power is None else readings(power), 100.0, cems, off)
    return verify(account_line(of, span), span, measured)


def test_hours_without_a_cems_value_fall_back_to_electricity() -> None:
    found = shown([0.0, 0.0, 100.0, 0.0], [0.5, NAN, NAN, NAN])
    assert (found.saved[NOX], found.minutes[NOX]) == (2_500_000, 240)
    assert (found.saved[0], found.minutes[0]) == (3 * MG, 240)


def test_a_monitor_without_any_value_leaves_electricity_alone() -> None:
    broken, none = shown([0.0] * 3, [NAN] * 3), shown([0.0] * 3, None)
    assert (broken.saved, broken.minutes, broken.planned) == (none.saved, none.minutes, none.planned)
    assert broken.saved[NOX] == 3 * MG


def test_where_neither_has_a_value_nothing_is_known() -> None:
    found = shown([NAN, 0.0, NAN], [NAN, NAN, 0.25])
    assert (found.saved[NOX], found.minutes[NOX]) == (1_750_000, 120)


def test_an_hour_above_normal_of_one_is_set_off_against_what_the_other_shows() -> None:
    assert shown([0.0, 0.0], [1.5, NAN]).saved[NOX] == 500_000


def test_treatment_that_was_off_takes_back_electricity_only() -> None:
    found = shown([0.0, 0.0], [0.5, NAN], off=frozenset({FIRST, FIRST + 1}))
    assert (found.saved[NOX], found.saved[0]) == (500_000, 0)


def test_a_furnace_that_stays_hot_has_no_electricity_to_fall_back_to() -> None:
    hot = line(measure(Action.STOP, 1.0, stop_mode=StopMode.BANKING))
    found = shown([0.0, 0.0], [0.25, NAN], hot)
    assert (found.saved, found.minutes[NOX]) == ((None, 750_000, None, None), 60)


@settings(deadline=None, max_examples=80)
@given(st.lists(st.tuples(st.floats(0, 200) | st.just(NAN), st.floats(0, 2) | st.just(NAN)), min_size=1, max_size=60))
def test_more_evidence_never_shows_fewer_hours(hours: list[tuple[float, float]]) -> None:
    power, nox = [one for one, _ in hours], [other for _, other in hours]
    both = shown(power, nox)
    known = sum(one == one or other == other for one, other in hours)
    assert both.minutes[NOX] == 60 * known
    assert both.minutes[NOX] >= max(shown(power, None).minutes[NOX], shown(None, nox).minutes[NOX])
    assert (both.saved[NOX] is None) == (known == 0)
