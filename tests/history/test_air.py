"""The window around an instant: whole days, gaps kept as gaps, and only the sources that are asked for."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, timedelta
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from alerts.instants import DAY, HOUR, day_start, parse_instant
from service.demo.tracks import Track
from service.history.air import AHEAD_DAYS, BACK_DAYS, SOURCES, Collection, Source, Window, span
from tests.history.made import HENGSHUI, air, daily, hourly

NOON = parse_instant("2024-12-10 12:00")
WIDTH = (BACK_DAYS + 1 + AHEAD_DAYS) * 24


def around(*tracks: Track) -> Window:
    window = air(*tracks).around(HENGSHUI, NOON)
    assert window is not None
    return window


class TestSpan:
    @given(st.integers(0, 23))
    def test_whole_days_whatever_the_hour(self, hour: int) -> None:
        start, end = span(parse_instant(f"2024-12-10 {hour:02d}:00"))
        assert start == parse_instant("2024-11-30 00:00")
        assert end == parse_instant("2024-12-18 00:00")


class TestAround:
    @pytest.mark.parametrize(("track", "steps"), [(daily([60] * 24), WIDTH // 24), (hourly([20] * 24 * 24), WIDTH)])
    def test_the_whole_window_with_what_is_missing(self, track: Track, steps: int) -> None:
        series = around(track).series
        assert (series.start, series.end) == span(NOON)
        assert series.steps == steps
        assert np.isnan(series.values["pm25"] if track.kind == "hourly" else series.values["aqi"])[0]

    def test_hours_are_where_they_were_measured(self) -> None:
        series = around(hourly([float(n) for n in range(24 * 20)])).series
        first_of_the_10th = (NOON - timedelta(hours=12) - series.start) / HOUR
        assert series.values["pm25"][int(first_of_the_10th)] == 9 * 24

    def test_days_are_where_they_were_measured(self) -> None:
        series = around(daily([float(n) for n in range(20)])).series
        assert series.values["aqi"].tolist()[-8] == 9

    def test_nothing_for_another_place(self) -> None:
        assert air(daily([60] * 20)).around("110000", NOON) is None

    def test_nothing_when_only_the_past_was_measured(self) -> None:
        assert air(daily([60] * 8)).around(HENGSHUI, NOON) is None

    def test_something_when_the_day_before_was_measured(self) -> None:
        assert air(hourly([20] * 24 * 9)).around(HENGSHUI, parse_instant("2024-12-10 00:00")) is not None

    def test_rows_without_values_are_no_observations(self) -> None:
        assert air(daily([60] * 5 + [None] * 19)).around(HENGSHUI, NOON) is None

    def test_what_is_far_away_is_not_even_read(self) -> None:
        def never() -> Mapping[str, Track]:
            raise AssertionError("read without need")

        assert Collection((Source(date(2023, 1, 1), date(2024, 1, 1), never),)).around(HENGSHUI, NOON) is None


class TestWindow:
    def test_missing_hours_count_from_the_first_measured_one(self) -> None:
        window = around(daily([60] * 9 + [None, 60, None] + [60] * 10))
        assert window.missing_hours == (48, 17 * 24)

    def test_missing_hours_of_an_hourly_series(self) -> None:
        window = around(hourly([None] * 30 + [20] * 24 * 8 + [None] * 5 + [20] * 500))
        assert window.missing_hours == (5, 17 * 24 - 30)

    @given(st.integers(-24, WIDTH + 24))
    def test_cut_keeps_what_lies_before(self, hours: int) -> None:
        whole = around(hourly([float(n % 24) for n in range(24 * 24)]))
        cut = whole.until(whole.series.start + hours * HOUR)
        if hours <= 0:
            assert cut is None
        else:
            assert cut is not None
            assert cut.series.steps == min(hours, WIDTH)
            kept = whole.series.values["pm25"][: cut.series.steps]
            assert np.array_equal(cut.series.values["pm25"], kept, equal_nan=True)

    def test_a_day_cut_in_half_goes(self) -> None:
        cut = around(daily([60] * 24)).until(NOON)
        assert cut is not None
        assert cut.series.end == parse_instant("2024-12-10 00:00")


class TestShippedSources:
    def test_do_not_overlap(self) -> None:
        assert all(before.until <= after.first for before, after in pairwise(SOURCES))

    @pytest.mark.parametrize("source", SOURCES, ids=lambda source: str(source.first))
    def test_cover_the_days_they_name_and_no_others(self, source: Source) -> None:
        tracks = source.load().values()
        begins = [track.first - (HOUR if track.kind == "hourly" else timedelta(0)) for track in tracks]
        ends = [track.end - (HOUR if track.kind == "hourly" else timedelta(0)) for track in tracks]
        assert day_start(source.first) - HOUR <= min(begins) < day_start(source.first) + DAY
        assert day_start(source.until) - DAY < max(ends) <= day_start(source.until)

    def test_beijing_in_december_2015_is_known_to_the_hour(self) -> None:
        window = Collection(SOURCES).around("110000", parse_instant("2015-12-22 24:00"))
        assert window is not None
        assert window.series.kind == "hourly"
        assert window.missing_hours[0] < 24
