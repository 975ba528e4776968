"""Stored points read quickly are the same series; what was measured of a period; periods."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import TypeAdapter

from alerts.instants import DAY, HOUR, parse_instant
from alerts.points import CAUSES, VALUES, Point
from alerts.series import Series
from service.skill.report import Period
from service.skill.series import measured, series_of

POINTS = TypeAdapter(list[Point])
START = parse_instant("2024-11-08 00:00")
VALUE = st.none() | st.floats(0, 400).map(lambda value: round(value, 1))
STEPS = st.lists(
    st.tuples(
        st.dictionaries(st.sampled_from(VALUES), VALUE, max_size=5),
        st.none() | st.sampled_from(CAUSES),
        st.integers(1, 3),
    ),
    min_size=1,
    max_size=30,
)


def stored(steps: list[Any], hourly: bool) -> list[dict[str, Any]]:
    """Points as the database keeps them: validated, written by pydantic, without what is missing."""
    at, raw = 0, []
    for values, cause, later in steps:
        at += later
        when = {"time": START + at * HOUR} if hourly else {"date": START.date() + at * DAY}
        raw.append(when | values | ({"cause": cause} if cause else {}))
    raw = raw[:10] if not hourly else raw
    return list(POINTS.dump_python(POINTS.validate_python(raw), mode="json", exclude_none=True))


def same(one: Series, other: Series) -> None:
    assert (one.adcode, one.kind, one.start, one.steps) == (other.adcode, other.kind, other.start, other.steps)
    for name in VALUES:
        assert np.array_equal(one.values[name], other.values[name], equal_nan=True), name
    assert np.array_equal(one.cause, other.cause)


class TestSeriesOf:
    @given(steps=STEPS, hourly=st.booleans())
    @settings(max_examples=80, deadline=None)
    def test_the_same_as_of_points(self, steps: list[Any], hourly: bool) -> None:
        points = stored(steps, hourly)
        same(series_of("110000", points), Series.from_points("110000", POINTS.validate_python(points)))

    def test_ranges_are_kept(self) -> None:
        points = [{"date": "2024-11-08", "aqi_low": 100.0, "aqi_high": 200.0}, {"date": "2024-11-09", "aqi": 90.0}]
        series = series_of("110000", points)
        assert series.values["aqi"].tolist() == [150, 90]
        assert series.bound("upper").values["aqi"].tolist() == [200, 90]

    def test_what_is_null_is_missing(self) -> None:
        series = series_of("110000", [{"time": "2024-11-08T01:00:00+08:00", "aqi": None, "pm25": 35.0, "date": None}])
        assert (series.kind, series.values["pm25"].tolist(), np.isnan(series.values["aqi"]).all()) == (
            "hourly",
            [35],
            True,
        )


class TestMeasured:
    def hours(self, first: int, *values: float) -> list[dict[str, Any]]:
        return [{"time": (START + (first + k + 1) * HOUR).isoformat(), "aqi": value} for k, value in enumerate(values)]

    def test_a_later_delivery_corrects_an_earlier_one(self) -> None:
        [series] = measured("110000", [self.hours(0, 10, 20, 30), self.hours(1, 25)], START, START + DAY)
        assert series.values["aqi"].tolist() == [10, 25, 30]

    def test_what_lies_outside_is_left_out(self) -> None:
        [series] = measured("110000", [self.hours(-2, 1, 2, 3, 4, 5)], START, START + 2 * HOUR)
        assert (series.start, series.values["aqi"].tolist()) == (START, [3, 4])

    def test_hours_and_days_stand_apart(self) -> None:
        days = [{"date": (START.date() + k * DAY).isoformat(), "aqi": 50 + k} for k in range(-1, 3)]
        hours, daily = measured("110000", [days, self.hours(5, 70)], START, START + 2 * DAY)
        assert (hours.kind, hours.start) == ("hourly", START + 5 * HOUR)
        assert (daily.kind, daily.start, daily.values["aqi"].tolist()) == ("daily", START, [50, 51])

    def test_of_a_day_that_is_not_over_there_is_no_day(self) -> None:
        days = [{"date": START.date().isoformat(), "aqi": 50}]
        assert measured("110000", [days], START, START + 23 * HOUR) == []

    def test_nothing_is_nothing(self) -> None:
        assert measured("110000", [], START, START + DAY) == []


class TestPeriod:
    NOW = datetime.fromisoformat("2016-12-15T23:30:00+08:00")

    @pytest.mark.parametrize(
        ("first", "until", "expected"),
        [
            (None, None, ("2016-09-17", "2016-12-16")),
            (None, "2016-12-01", ("2016-09-02", "2016-12-01")),
            ("2016-12-01", None, ("2016-12-01", "2016-12-16")),
            ("2016-01-01", None, ("2016-01-01", "2016-03-31")),
            ("2015-12-01", "2016-12-01", ("2015-12-01", "2016-12-01")),
        ],
    )
    def test_what_is_left_out(self, first: str | None, until: str | None, expected: tuple[str, str]) -> None:
        days = [None if text is None else date.fromisoformat(text) for text in (first, until)]
        period = Period.of(days[0], days[1], self.NOW)
        assert (period.first.isoformat(), period.until.isoformat()) == expected

    @pytest.mark.parametrize(
        ("first", "length", "words"),
        [("2016-12-01", 0, "empty"), ("2016-12-01", -3, "empty"), ("2016-12-01", 401, "at most 400 days"),
         ("1989-12-01", 5, "years 1990 to 2199"), ("2199-12-30", 5, "years 1990 to 2199")],
    )  # fmt: skip
    def test_impossible_ones_are_refused(self, first: str, length: int, words: str) -> None:
        day = date.fromisoformat(first)
        with pytest.raises(ValueError, match=words):
            Period(day, day + timedelta(days=length))

    def test_four_hundred_days_are_taken(self) -> None:
        period = Period(date(2016, 1, 1), date(2016, 1, 1) + timedelta(days=400))
        assert period.end - period.start == timedelta(days=400)
