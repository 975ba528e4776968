from datetime import date, datetime, timedelta

import pytest
from pydantic import ValidationError

from alerts.instants import DAY, HOUR
from alerts.points import LIMITS, Point, PointError, check_points
from tests.alerts.air import START, hours


class TestPoint:
    def test_an_hour_ends_at_its_stamp(self) -> None:
        point = Point(time=START, pm25=80)
        assert (point.start, point.end) == (START - HOUR, START)

    def test_a_day_runs_from_midnight(self) -> None:
        point = Point(date=date(2024, 11, 8), aqi=160)
        assert (point.start, point.end) == (START, START + DAY)

    @pytest.mark.parametrize("given", [{}, {"time": START, "date": date(2024, 11, 8)}])
    def test_exactly_one_of_hour_and_day(self, given: dict[str, object]) -> None:
        with pytest.raises(ValidationError, match="exactly one"):
            Point.model_validate(given)

    @pytest.mark.parametrize("value", [float("nan"), float("inf"), -0.1])
    @pytest.mark.parametrize("name", sorted(LIMITS))
    def test_impossible_values_are_refused(self, name: str, value: float) -> None:
        with pytest.raises(ValidationError, match=r"finite number|greater than or equal to 0"):
            Point.model_validate({"time": START, name: value})

    @pytest.mark.parametrize("name", sorted(LIMITS))
    def test_limits_are_inclusive(self, name: str) -> None:
        assert getattr(Point.model_validate({"time": START, name: LIMITS[name]}), name) == LIMITS[name]
        with pytest.raises(ValidationError, match="less than or equal to"):
            Point.model_validate({"time": START, name: LIMITS[name] + 0.1})

    def test_part_of_an_hour_is_refused(self) -> None:
        with pytest.raises(ValidationError, match="not a whole hour"):
            Point(time=START + timedelta(minutes=30))

    def test_naive_time_is_refused(self) -> None:
        with pytest.raises(ValidationError, match="no time zone"):
            Point(time=datetime(2024, 11, 8, 1))  # noqa: DTZ001

    def test_unknown_keys_and_causes_are_refused(self) -> None:
        with pytest.raises(ValidationError):
            Point.model_validate({"time": START, "pm1": 3})
        with pytest.raises(ValidationError):
            Point.model_validate({"time": START, "cause": "volcano"})

    def test_round_trip(self) -> None:
        point = Point(time=START, pm25=80.5, cause="dust")
        assert Point.model_validate_json(point.model_dump_json()) == point


class TestCheckPoints:
    def test_ordered_hours_with_a_gap_are_fine(self) -> None:
        points = hours([1, 2, 3, 4])
        assert check_points([points[0], points[3]]) is None  # type: ignore[func-returns-value]

    @pytest.mark.parametrize(
        ("order", "index", "problem"),
        [([0, 0], 1, "given twice"), ([1, 0], 1, "out of order"), ([0, 1, 1], 2, "given twice")],
    )
    def test_order(self, order: list[int], index: int, problem: str) -> None:
        points = hours([1, 2])
        with pytest.raises(PointError, match=problem) as error:
            check_points([points[at] for at in order])
        assert (error.value.index, error.value.field) == (index, "time")

    def test_mixture(self) -> None:
        with pytest.raises(PointError, match="mixed"):
            check_points([*hours([1]), Point(date=date(2024, 11, 9))])

    def test_nothing(self) -> None:
        with pytest.raises(PointError, match="at least one"):
            check_points([])

    def test_thirty_one_days_and_no_more(self) -> None:
        first = Point(date=date(2024, 11, 1))
        check_points([first, Point(date=date(2024, 12, 1))])
        with pytest.raises(PointError, match="31 days"):
            check_points([first, Point(date=date(2024, 12, 2))])


DAY_ONE = Point(date=date(2024, 11, 8))


class TestRefusals:
    """What a sender of bad points reads: which point, which field, and what to do."""

    @pytest.mark.parametrize(
        ("points", "told"),
        [
            ([], "point 0: points: there are no points; send at least one hour or day"),
            ([*hours([1]), DAY_ONE], "point 1: time: hours and days are mixed; send one kind in one list"),
            ([DAY_ONE, *hours([1])], "point 1: date: hours and days are mixed; send one kind in one list"),
            ([DAY_ONE, DAY_ONE], "point 1: date: is given twice; send each hour or day once"),
            (hours([1, 2])[::-1], "point 1: time: is out of order; sort by time"),
            (
                [DAY_ONE, Point(date=date(2024, 11, 9)), Point(date=date(2024, 12, 31))],
                "point 2: date: the list spans more than 31 days; split it",
            ),
        ],
    )
    def test_of_a_list(self, points: list[Point], told: str) -> None:
        with pytest.raises(PointError) as error:
            check_points(points)
        assert str(error.value) == told
        assert f"point {error.value.index}: {error.value.field}: {error.value.problem}" == told

    @pytest.mark.parametrize(
        ("given", "told"),
        [
            ({}, "give exactly one of `time` (end of the hour) and `date` (natural day)"),
            (
                {"time": START + timedelta(seconds=1)},
                "2024-11-08T00:00:01+08:00 is not a whole hour; give its end, such as 20:00",
            ),
            (
                {"time": START + timedelta(microseconds=1)},
                "2024-11-08T00:00:00.000001+08:00 is not a whole hour; give its end, such as 20:00",
            ),
            ({"time": START, "pm25_low": 1}, "give `pm25_low` and `pm25_high` together, or neither"),
            ({"time": START, "aqi_high": 1}, "give `aqi_low` and `aqi_high` together, or neither"),
            (
                {"time": START, "aqi_low": 2, "aqi_high": 1},
                "`aqi_low`, `aqi` and `aqi_high` must not fall; correct the range",
            ),
        ],
    )
    def test_of_a_point(self, given: dict[str, object], told: str) -> None:
        with pytest.raises(ValidationError) as error:
            Point.model_validate(given)
        assert error.value.errors()[0]["msg"] == f"Value error, {told}"
