"""A line that two or three warnings ask at once: what is left after each gave up what is not its own is one line's, never more."""

from __future__ import annotations

from datetime import datetime, timedelta

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from emission_lists.accounting import Measured, Readings, account_line, verify
from emission_lists.accounting_overlap import Claim, counted, counted_twice, given_up
from emission_lists.accounting_sums import Amounts, Reported, Tally
from emission_lists.accounting_weights import SHANGHAI, Span
from emission_lists.levels import PerLevel, ResponseLevel
from emission_lists.lists import Line, Pollutants
from emission_lists.measures import Action, Measure

START = datetime(2025, 12, 1, tzinfo=SHANGHAI)
MINUTE = timedelta(minutes=1)
BASE = 24_000_000


def claim(first: int, last: int, share: float, kwh: float | None = None, told: int | None = None) -> Claim:
    """A line of 24 kg a day under a response of these minutes, limited by a share of it."""
    measure = Measure(Action.LIMIT, share) if share < 1 else Measure(Action.STOP, 1.0)
    line = Line("L1", "1号", "烧成", PerLevel(measure, measure, measure), Pollutants(24.0, 24.0, 24.0, 24.0))
    span = Span(first, ResponseLevel.RED, START + first * MINUTE, START + last * MINUTE)
    account = account_line(line, span)
    verified = None
    if kwh is not None:
        hours = np.array([int(hour.timestamp()) // 3600 for hour in span.hours], dtype=np.int64)
        verified = verify(account, span, Measured(Readings(hours, np.full(len(hours), kwh)), 100.0))
    reported = None if told is None else Reported((told,) * 4, 1)
    return Claim([(span, Amounts(account, span.minutes, verified, reported))])


def left(claims: list[Claim]) -> Tally:
    """The sum of all claims without what is given up."""
    total = Tally()
    for one in claims:
        for _, amounts in one.every:
            total.add(amounts)
    for gone in given_up(claims):
        for name in ("base", "planned", "verified", "verified_of", "verified_minutes", "asked_minutes", "reported"):
            pairs = zip(getattr(total, name), getattr(gone.amounts, name), strict=True)
            setattr(total, name, [value - more for value, more in pairs])
    return total


def test_the_same_response_twice_leaves_one() -> None:
    """Planned, reported and verified alike; the counts as well."""
    both = [claim(0, 1440, 1.0, 0.0, 5), claim(0, 1440, 1.0, 0.0, 5)]
    found = left(both)
    assert (found.base, found.planned, found.verified) == ([BASE] * 4,) * 3
    assert (found.reported, found.verified_minutes, found.asked_minutes) == ([5] * 4, [1440] * 4, [1440] * 4)
    twice = counted_twice([counted(one) for one in both])
    assert (twice.lines, twice.asked_lines, twice.verified_lines, twice.reported_lines) == (1, 1, [1] * 4, [1] * 4)


def test_the_stricter_one_stands_whichever_it_is() -> None:
    for shares in ((0.3, 1.0), (1.0, 0.3)):
        assert left([claim(0, 1440, share) for share in shares]).planned == [BASE] * 4


def test_only_the_hours_that_overlap_are_given_up() -> None:
    """A day of a half, and within it six hours of a stop from half past one on."""
    found = left([claim(0, 1440, 0.5), claim(90, 450, 1.0)])
    assert found.base == [BASE] * 4
    assert found.planned == [BASE * 15 // 24] * 4


def test_warnings_one_after_the_other_give_up_nothing() -> None:
    assert given_up([claim(0, 90, 1.0), claim(90, 450, 1.0)]) == []


@given(
    st.lists(
        st.tuples(
            st.integers(0, 3000), st.integers(1, 3000), st.sampled_from([0.2, 0.5, 1.0]), st.none() | st.floats(0, 150)
        ),
        min_size=1,
        max_size=3,
    )
)
def test_what_is_left_is_never_more_than_the_line_emits_nor_less_than_the_stricter_saves(
    drawn: list[tuple[int, int, float, float | None]],
) -> None:
    claims = [claim(first, first + length, share, kwh) for first, length, share, kwh in drawn]
    found = left(claims)
    minutes = {minute for first, length, _, _ in drawn for minute in range(first, first + length)}
    most = BASE * len(minutes) // 1440
    rounding = 2 * sum(len(span.hours) for one in claims for span, _ in one.every)
    for place in range(4):
        assert most - rounding <= found.base[place] <= most + rounding
        assert 0 <= found.planned[place] <= found.base[place] + rounding
        assert 0 <= found.verified[place] <= found.base[place] + rounding
        assert found.planned[place] + rounding >= max(one.every[0][1].account.planned[place] for one in claims)
        assert found.asked_minutes[place] == len(minutes)
