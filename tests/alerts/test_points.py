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
