"""Stored points as series, quickly: they were validated when they came in, and a season has hundreds of thousands."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, date, datetime
from functools import lru_cache
from typing import Any

import numpy as np
from pydantic import TypeAdapter

from alerts.instants import DAY, HOUR, SHANGHAI, day_start
from alerts.points import CAUSES, RANGED, VALUES, Point
from alerts.series import Series

Stored = Mapping[str, Any]
_POINTS = TypeAdapter(list[Point])
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_EDGES = frozenset(f"{name}_{edge}" for name in RANGED for edge in ("low", "high"))


@lru_cache(maxsize=50_000)
def _hour(text: str) -> int:
    """The number of the hour that ends at an instant, counted from 1970."""
    return int((datetime.fromisoformat(text) - _EPOCH) // HOUR) - 1


@lru_cache(maxsize=5_000)
def _day(text: str) -> int:
    return date.fromisoformat(text).toordinal()


def series_of(adcode: str, points: Sequence[Stored]) -> Series:
    """The series of one delivery, as `Series.from_points` makes it of the same points in order."""
    if any(not _EDGES.isdisjoint(point) for point in points):
        return Series.from_points(adcode, _POINTS.validate_python(points))
    hourly = points[0].get("time") is not None
    numbers = [_hour(point["time"]) if hourly else _day(point["date"]) for point in points]
    places = np.array(numbers) - numbers[0]
    values = {name: np.full(int(places[-1]) + 1, np.nan) for name in VALUES}
    cause = np.zeros(int(places[-1]) + 1, dtype=np.int8)
    for name in VALUES:
        # None becomes NaN
        values[name][places] = np.array([point.get(name) for point in points], dtype=np.float64)
    for place, point in zip(places.tolist(), points, strict=True):
        if point.get("cause") is not None:
            cause[place] = 1 + CAUSES.index(point["cause"])
    start = (_EPOCH + numbers[0] * HOUR).astimezone(SHANGHAI) if hourly else day_start(date.fromordinal(numbers[0]))
    return Series(adcode, "hourly" if hourly else "daily", start, values, cause)


def measured(adcode: str, deliveries: Iterable[Sequence[Stored]], start: datetime, end: datetime) -> list[Series]:
    """What was measured from `start` to `end`: one series of hours and one of days, as far as there are any.

    A later delivery of the same hour or day corrects the earlier one.
    """
    hours: dict[int, Stored] = {}
    days: dict[int, Stored] = {}
    for points in deliveries:
        for point in points:
            if point.get("time") is not None:
                hours[_hour(point["time"])] = point
            else:
                days[_day(point["date"])] = point
    first, last = (start - _EPOCH) // HOUR, (end - _EPOCH) // HOUR
    first_day, last_day = start.astimezone(SHANGHAI).date(), (end - DAY).astimezone(SHANGHAI).date()
    kept = (
        [hours[number] for number in sorted(hours) if first <= number < last],
        [days[number] for number in sorted(days) if first_day.toordinal() <= number <= last_day.toordinal()],
    )
    return [series_of(adcode, points) for points in kept if points]
