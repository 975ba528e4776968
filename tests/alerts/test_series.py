from datetime import date

import numpy as np
import pytest

from alerts.instants import DAY, HOUR
from alerts.points import VALUES, Point, PointError
from alerts.series import Series
from tests.alerts.air import START, days, hours, judged


class TestFromPoints:
    def test_hours(self) -> None:
        points = hours([10, 20, 30])
        series = Series.from_points("110000", [points[0], points[2]])
        assert (series.kind, series.start, series.end, series.steps) == ("hourly", START, START + 3 * HOUR, 3)
        np.testing.assert_array_equal(series.values["aqi"], [10, np.nan, 30])
        assert np.isnan(series.values["pm25"]).all()

    def test_days(self) -> None:
        series = days([160, 170])
        assert (series.kind, series.start, series.end) == ("daily", START, START + 2 * DAY)

    def test_blank_rows_extend_the_covered_hours(self) -> None:
        assert Series.from_points("110000", hours([10, None, None])).steps == 3

    def test_causes(self) -> None:
        series = Series.from_points("110000", [Point(time=START, pm10=900, cause="dust")])
        assert series.cause.tolist() == [1]

    def test_bad_points_are_refused(self) -> None:
        with pytest.raises(PointError):
            Series.from_points("110000", [])

    def test_arrays_must_match(self) -> None:
        with pytest.raises(ValueError, match="all of one length"):
            Series("110000", "hourly", START, {}, np.zeros(3, dtype=np.int8))


class TestJoined:
    def test_observations_stand_up_to_the_instant(self) -> None:
        observed, forecast = hours([10, 20, 30]), hours([11, 21, 31, 41])
        series = Series.joined("110000", observed, forecast, START + 2 * HOUR)
        assert series.values["aqi"].tolist() == [10, 20, 31, 41]
        assert series.observed_until == START + 2 * HOUR

    def test_an_unobserved_hour_takes_the_forecast(self) -> None:
        series = Series.joined("110000", hours([10, None]), hours([11, 21, 31]), START + 2 * HOUR)
        assert series.values["aqi"].tolist() == [10, 21, 31]

    def test_without_observations(self) -> None:
        series = Series.joined("110000", [], hours([11]), START)
        assert (series.values["aqi"].tolist(), series.observed_until) == ([11], None)

    def test_without_a_forecast(self) -> None:
        series = Series.joined("110000", hours([10, 20]), [], START + 2 * HOUR)
        assert (series.values["aqi"].tolist(), series.observed_until) == ([10, 20], START + 2 * HOUR)

    def test_hours_and_then_days(self) -> None:
        observed = hours([210.0] * 6)
        forecast = [Point(date=date(2024, 11, 8), aqi=220), Point(date=date(2024, 11, 9), aqi=205)]
        series = Series.joined("110000", observed, forecast, START + 6 * HOUR)
        assert series.mixed
        assert series.values["aqi"].tolist() == [210.0] * 6 + [220.0] * 18 + [205.0] * 24
        assessed = judged(series, as_of=START + 6 * HOUR)
        assert (assessed.level.code, assessed.aqi_basis) == ("orange", "mixed")

    def test_a_day_before_hours(self) -> None:
        observed = [Point(date=date(2024, 11, 7), aqi=180)]
        series = Series.joined("110000", observed, hours([50, 60]), START)
        assert series.values["aqi"].tolist() == [180.0] * 24 + [50, 60]
        assert series.start == START - DAY

    def test_the_measured_part_of_a_mixture_ends_with_its_last_hour(self) -> None:
        forecast = [Point(date=date(2024, 11, 9), aqi=205, cause="dust")]
        series = Series.joined("110000", hours([210.0] * 6), forecast, START + 6 * HOUR)
        assert (series.start, series.end, series.observed_until) == (START, START + 2 * DAY, START + 6 * HOUR)
        assert series.cause.tolist() == [0] * 24 + [1] * 24
        np.testing.assert_array_equal(series.values["aqi"], [210.0] * 6 + [np.nan] * 18 + [205.0] * 24)

    def test_measured_hours_stand_before_the_day_around_them(self) -> None:
        observed = [Point(time=START + at * HOUR, aqi=100, cause="dust") for at in (3, 4)]
        series = Series.joined("110000", observed, [Point(date=date(2024, 11, 8), aqi=50)], START + 4 * HOUR)
        assert series.values["aqi"].tolist() == [50, 50, 100, 100] + [50] * 20
        assert series.cause.tolist() == [0, 0, 1, 1] + [0] * 20

    def test_ranges_of_days_are_spread_and_hours_have_none(self) -> None:
        forecast = [Point(date=date(2024, 11, 8), aqi_low=100, aqi_high=200)]
        series = Series.joined("110000", hours([40.0] * 2), forecast, START + 2 * HOUR)
        assert series.bound("lower").values["aqi"].tolist() == [40] * 2 + [100] * 22
        assert series.bound("middle").values["aqi"].tolist() == [40] * 2 + [150] * 22
        assert series.bound("upper").values["aqi"].tolist() == [40] * 2 + [200] * 22

    def test_what_is_measured_after_the_instant_does_not_count(self) -> None:
        series = Series.joined("110000", hours([10, 20, 30]), hours([11, 21, 31]), START + HOUR)
        assert series.values["aqi"].tolist() == [10, 21, 31]
        assert series.observed_until == START + HOUR

    def test_a_measured_range_counts_as_measured(self) -> None:
        observed = [Point(time=START + HOUR, aqi_low=10, aqi_high=20)]
        series = Series.joined("110000", observed, hours([90, 91]), START + HOUR)
        assert series.values["aqi"].tolist() == [15, 91]

    def test_bad_lists_are_refused_on_either_side(self) -> None:
        for observed, forecast in (([], []), (hours([1, 2])[::-1], hours([1])), (hours([1]), hours([1, 2])[::-1])):
            with pytest.raises(PointError):
                Series.joined("110000", observed, forecast, START + DAY)


class TestShape:
    def test_every_value_and_one_length(self) -> None:
        values = {name: np.zeros(2) for name in VALUES}
        assert Series("110000", "daily", START, values, np.zeros(2, dtype=np.int8)).end == START + 2 * DAY
        for bad in ({**values, "o3": np.zeros(3)}, {name: values[name] for name in VALUES if name != "o3"}):
            with pytest.raises(ValueError, match="a series needs aqi, pm25, pm10, so2, no2, co, o3 and `cause`, all of one"):
                Series("110000", "daily", START, bad, np.zeros(2, dtype=np.int8))
        with pytest.raises(ValueError, match="time zone"):
            Series("110000", "daily", START.replace(tzinfo=None), values, np.zeros(2, dtype=np.int8))

    def test_the_length_of_the_causes_counts(self) -> None:
        values = {name: np.zeros(2) for name in VALUES}
        with pytest.raises(ValueError, match="one length"):
            Series("110000", "daily", START, values, np.zeros(3, dtype=np.int8))
