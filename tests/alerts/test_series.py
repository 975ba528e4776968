from datetime import date

import numpy as np
import pytest

from alerts.instants import DAY, HOUR
from alerts.points import Point, PointError
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
