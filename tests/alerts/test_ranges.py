"""Forecast ranges (预报范围): lower, middle and upper shown, and which one is graded."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from alerts.assessment import assess
from alerts.instants import HOUR
from alerts.levels import Level
from alerts.points import Point
from alerts.series import Series
from tests.alerts.air import RULES, STANDARDS, START, criteria, days, judged

FIRST = date(2024, 11, 8)


def ranged(*bounds: tuple[float, float], first: date = FIRST, aqis: tuple[float | None, ...] = ()) -> Series:
    points = [
        Point(date=first + timedelta(days=at), aqi_low=low, aqi_high=high, aqi=aqis[at] if aqis else None)
        for at, (low, high) in enumerate(bounds)
    ]
    return Series.from_points("110000", points)


class TestPoint:
    @pytest.mark.parametrize(
        ("given", "told"),
        [
            ({"aqi_low": 100}, "aqi_low` and `aqi_high` together"),
            ({"pm25_high": 100}, "pm25_low` and `pm25_high` together"),
            ({"aqi_low": 120, "aqi_high": 100}, "must not fall"),
            ({"aqi_low": 100, "aqi_high": 120, "aqi": 130}, "must not fall"),
            ({"pm25_low": 100, "pm25_high": 120, "pm25": 90}, "must not fall"),
        ],
    )
    def test_a_range_that_is_none(self, given: dict[str, float], told: str) -> None:
        with pytest.raises(ValidationError, match=told):
            Point(date=FIRST, **given)

    def test_equal_bounds_are_a_range(self) -> None:
        assert Point(date=FIRST, aqi_low=150, aqi_high=150, aqi=150).has_range
        assert not Point(date=FIRST, aqi=150).has_range


class TestSeries:
    def test_bounds_and_middle(self) -> None:
        series = ranged((100, 201), (300, 300))
        assert series.bound("lower").values["aqi"].tolist() == [100, 300]
        assert series.bound("middle").values["aqi"].tolist() == [150.5, 300]
        assert series.bound("upper").values["aqi"].tolist() == [201, 300]

    def test_a_value_beside_its_range_is_the_middle(self) -> None:
        assert ranged((100, 200), aqis=(180,)).bound("middle").values["aqi"].tolist() == [180]

    def test_points_without_a_range_count_as_they_are(self) -> None:
        points = [Point(date=FIRST, aqi=120, pm25=80), Point(date=FIRST + timedelta(days=1), pm25_low=90, pm25_high=110)]
        series = Series.from_points("110000", points)
        assert series.bound("upper").values["aqi"].tolist()[0] == 120
        assert series.bound("upper").values["pm25"].tolist() == [80, 110]
        assert series.bound("lower").values["pm25"].tolist() == [80, 90]
        assert series.bound("middle").values["pm25"].tolist() == [80, 100]

    def test_without_ranges_every_bound_is_the_series(self) -> None:
        series = days([120])
        assert all(series.bound(bound) is series for bound in ("lower", "middle", "upper"))

    def test_measured_hours_have_no_range_even_where_the_forecast_has(self) -> None:
        forecast = [Point(time=START + at * HOUR, pm25_low=10, pm25_high=30) for at in range(1, 4)]
        measured = [Point(time=START + HOUR, pm25=50)]
        series = Series.joined("110000", measured, forecast, START + HOUR)
        assert series.bound("upper").values["pm25"].tolist() == [50, 30, 30]
        assert series.bound("lower").values["pm25"].tolist() == [50, 10, 10]


class TestLevels:
    def test_case_61_today_shows_all_three_and_grades_on_the_middle(self) -> None:
        found = judged(ranged((190, 215), (190, 215)))
        assert found.range is not None
        assert (found.range.lower, found.range.middle, found.range.upper) == (Level.YELLOW, Level.ORANGE, Level.ORANGE)
        assert (found.range.graded_on, found.range.by_rule, found.level) == ("middle", False, Level.ORANGE)
        assert any("由会商决定" in note for note in found.trace.notes_zh)
        assert any("no rule says which counts" in note for note in found.trace.notes_en)
        assert found.contract()["range"] == {
            "lower": "yellow", "middle": "orange", "upper": "orange", "graded_on": "middle", "by_rule": False,
        }  # fmt: skip

    def test_case_61_the_set_of_2016_grades_on_the_upper(self) -> None:
        found = judged(ranged((150, 215), (150, 215), first=date(2016, 12, 16)), "national-2016")
        assert found.range is not None
        assert (found.range.lower, found.range.middle, found.range.upper) == (Level.NONE, Level.NONE, Level.YELLOW)
        assert (found.level, found.range.graded_on, found.range.by_rule) == (Level.YELLOW, "upper", True)
        assert [block.graded_aqi for block in found.blocks] == [215, 215]
        assert any("规定按上限分级" in note for note in found.trace.notes_zh)

    def test_no_range_no_view(self) -> None:
        found = judged(days([210]))
        assert found.range is None
        assert "range" not in found.contract()
        assert not any("范围" in note for note in found.trace.notes_zh)

    @given(
        st.lists(st.tuples(st.integers(0, 500), st.integers(0, 60)), min_size=1, max_size=6),
        st.sampled_from(RULES),
    )
    def test_lower_middle_upper_never_fall(self, given: list[tuple[int, int]], rules: str) -> None:
        series = ranged(*((low, min(500, low + width)) for low, width in given))
        found = judged(series, rules)
        assert found.range is not None
        assert found.range.lower <= found.range.middle <= found.range.upper
        assert found.level == getattr(found.range, found.range.graded_on)

    @given(st.lists(st.integers(0, 500), min_size=1, max_size=6), st.sampled_from(RULES))
    def test_a_range_of_no_width_is_the_value(self, aqis: list[int], rules: str) -> None:
        found, plain = judged(ranged(*((aqi, aqi) for aqi in aqis)), rules), judged(days(aqis), rules)
        assert (found.level, found.clause, found.starts_at) == (plain.level, plain.clause, plain.starts_at)

    def test_the_range_of_an_elapsed_episode_is_over_too(self) -> None:
        series = ranged((210, 220), (80, 90))
        found = assess(series, as_of=START + 48 * HOUR, criteria=criteria(), standards=STANDARDS)
        assert found.range is not None
        assert found.range.upper is Level.NONE
