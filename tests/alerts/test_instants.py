from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alerts.instants import (
    HOUR,
    SHANGHAI,
    day_start,
    hour_ceil,
    hour_floor,
    iso,
    parse_day,
    parse_instant,
    require_aware,
)

INSTANTS = st.integers(1_360_000_000, 4_000_000_000).map(lambda seconds: datetime.fromtimestamp(seconds, SHANGHAI))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2016-12-16 20:00", "2016-12-16T20:00:00+08:00"),
        ("2016-12-16T20:00:00", "2016-12-16T20:00:00+08:00"),
        ("2016/12/16 20:00:00", "2016-12-16T20:00:00+08:00"),
        ("2016-12-16T12:00:00Z", "2016-12-16T20:00:00+08:00"),
        ("2016-12-16T21:00+09:00", "2016-12-16T20:00:00+08:00"),
        ("2016-12-21 24:00", "2016-12-22T00:00:00+08:00"),
        ("2016-12-31T24:00:00+08:00", "2017-01-01T00:00:00+08:00"),
        ("2016-12-21T24:00Z", "2016-12-22T08:00:00+08:00"),
    ],
)
def test_reads(text: str, expected: str) -> None:
    assert iso(parse_instant(text)) == expected


@pytest.mark.parametrize(
    "text", ["", "tomorrow", "2016-13-01 00:00", "2016-12-16 24:30", "2016-12-16 25:00", "2016-12-16", "9999-12-31 24:00"]
)
def test_refuses_with_advice(text: str) -> None:
    with pytest.raises(ValueError, match="write it like"):
        parse_instant(text)


@given(INSTANTS)
def test_reads_what_it_writes(instant: datetime) -> None:
    assert parse_instant(iso(instant)) == instant


@given(INSTANTS)
def test_floor_and_ceil_enclose(instant: datetime) -> None:
    assert hour_floor(instant) <= instant <= hour_ceil(instant)
    assert hour_ceil(instant) - hour_floor(instant) in (timedelta(0), HOUR)


def test_naive_instants_are_refused() -> None:
    with pytest.raises(ValueError, match="no time zone"):
        require_aware(datetime(2016, 12, 16))  # noqa: DTZ001


def test_beijing_time_at_the_edges() -> None:
    assert require_aware(datetime(2016, 12, 16, 12, tzinfo=UTC)).hour == 20
    assert day_start(date(2016, 12, 16)) == parse_instant("2016-12-16 00:00")


def test_days() -> None:
    assert parse_day(" 2016/12/16 ") == date(2016, 12, 16)
    with pytest.raises(ValueError, match="is not a day"):
        parse_day("16 December")


@pytest.mark.parametrize("text", ["2016-12-16T12:00:00Z", "2016-12-16T21:00+09:00", "2016-12-16 20:00", "2016-12-15T24:00Z"])
def test_what_is_read_stands_in_beijing_time(text: str) -> None:
    assert parse_instant(text).utcoffset() == timedelta(hours=8)
    assert parse_instant(text).tzinfo is SHANGHAI
