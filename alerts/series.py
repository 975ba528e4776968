"""Series: the air of one division over consecutive hours (or days) as arrays; missing values are NaN."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from alerts.instants import DAY, HOUR, require_aware
from alerts.points import CAUSES, VALUES, Point, check_points

Floats = NDArray[np.float64]
_HOURS = 24


@dataclass(frozen=True, eq=False)
class Series:
    """One step per hour (`kind` hourly) or natural day (daily) from `start`, the first instant of the first.

    `values` maps aqi, pm25, pm10, so2, no2, co, o3 to arrays of one length (µg/m³, CO mg/m³; NaN is missing;
    o3 is the 1-h mean of an hour, the largest 8-h mean of a day). `cause` holds 0 or 1 + the place in
    `points.CAUSES`. `mixed`: daily values were spread over hours. Up to `observed_until` values are measured.
    """

    adcode: str
    kind: Literal["hourly", "daily"]
    start: datetime
    values: Mapping[str, Floats]
    cause: NDArray[np.int8]
    observed_until: datetime | None = None
    mixed: bool = field(default=False)

    def __post_init__(self) -> None:
        require_aware(self.start)
        lengths = {len(self.cause), *(len(array) for array in self.values.values())}
        if len(lengths) != 1 or not set(VALUES) <= self.values.keys():
            raise ValueError(f"a series needs {', '.join(VALUES)} and `cause`, all of one length: {lengths}")

    @property
    def steps(self) -> int:
        """Number of hours or days."""
        return len(self.cause)

    @property
    def end(self) -> datetime:
        """The instant at which the last step is over."""
        return self.start + self.steps * (HOUR if self.kind == "hourly" else DAY)

    @classmethod
    def from_points(
        cls, adcode: str, points: Sequence[Point], observed_until: datetime | None = None
    ) -> Series:
        """The series of points that belong together; steps without a point are missing. Raises PointError."""
        check_points(points)
        hourly = points[0].time is not None
        step, start = (HOUR if hourly else DAY), points[0].start
        length = int((points[-1].end - start) / step)
        values = {name: np.full(length, np.nan) for name in VALUES}
        cause = np.zeros(length, dtype=np.int8)
        for point in points:
            _put(point, int((point.start - start) / step), 1, values, cause)
        return cls(adcode, "hourly" if hourly else "daily", start, values, cause, observed_until)

    @classmethod
    def joined(
        cls, adcode: str, observed: Sequence[Point], forecast: Sequence[Point], as_of: datetime
    ) -> Series:
        """Observations up to `as_of`, the forecast after it and for steps that nobody observed.

        Hours with days give an hourly series (each day as 24 equal hours) marked `mixed`. Raises PointError.
        """
        for points in (observed, forecast):
            if points:
                check_points(points)
        past = [point for point in observed if point.end <= as_of and _has_value(point)]
        if not past:
            return cls.from_points(adcode, forecast or observed)
        if not forecast:
            return cls.from_points(adcode, past, past[-1].end)
        hourly = past[0].time is not None
        if hourly == (forecast[0].time is not None):
            merged = {point.start: point for point in forecast} | {point.start: point for point in past}
            return cls.from_points(adcode, [merged[start] for start in sorted(merged)], past[-1].end)
        return _mixed(adcode, past, forecast)


def _has_value(point: Point) -> bool:
    return any(getattr(point, name) is not None for name in VALUES)


def _put(point: Point, at: int, width: int, values: Mapping[str, Floats], cause: NDArray[np.int8]) -> None:
    for name in VALUES:
        value = getattr(point, name)
        values[name][at : at + width] = np.nan if value is None else value
    cause[at : at + width] = 0 if point.cause is None else 1 + CAUSES.index(point.cause)


def _mixed(adcode: str, past: Sequence[Point], forecast: Sequence[Point]) -> Series:
    start = min(past[0].start, forecast[0].start)
    end = max(past[-1].end, forecast[-1].end)
    length = int((end - start) / HOUR)
    values = {name: np.full(length, np.nan) for name in VALUES}
    cause = np.zeros(length, dtype=np.int8)
    for point in (*forecast, *past):
        width = 1 if point.time is not None else _HOURS
        _put(point, int((point.start - start) / HOUR), width, values, cause)
    return Series(adcode, "hourly", start, values, cause, past[-1].end, mixed=True)
