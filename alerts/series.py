"""Series: the air of one division over consecutive hours (or days) as arrays; missing values are NaN."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from alerts.instants import DAY, HOUR, require_aware
from alerts.points import CAUSES, RANGED, VALUES, Point, check_points
from alerts.rules import RangeBound

Floats = NDArray[np.float64]
Placed = tuple[Point, int, int]
"""A point, the step at which it begins and the number of steps it fills."""
_HOURS = 24


@dataclass(frozen=True, eq=False)
class Series:
    """One step per hour (`kind` hourly) or natural day (daily) from `start`, the first instant of the first.

    `values` maps aqi, pm25, pm10, so2, no2, co, o3 to arrays of one length (µg/m³, CO mg/m³; NaN is missing;
    o3 is the 1-h mean of an hour, the largest 8-h mean of a day). `cause` holds 0 or 1 + the place in
    `points.CAUSES`. `mixed`: daily values were spread over hours. Up to `observed_until` values are measured.
    Where the forecast gives ranges, `low` and `high` hold their bounds for every value (elsewhere the value itself) and
    `values` what lies between: the value given, or the mean of the bounds.
    """

    adcode: str
    kind: Literal["hourly", "daily"]
    start: datetime
    values: Mapping[str, Floats]
    cause: NDArray[np.int8]
    observed_until: datetime | None = None
    mixed: bool = field(default=False)
    low: Mapping[str, Floats] | None = None
    high: Mapping[str, Floats] | None = None

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

    def bound(self, bound: RangeBound) -> Series:
        """The series at one bound of its ranges (下限, 中值, 上限); itself where it has none."""
        values = {"lower": self.low, "middle": self.values, "upper": self.high}[bound]
        return self if values is None or bound == "middle" else replace(self, values=values)

    @classmethod
    def from_points(
        cls, adcode: str, points: Sequence[Point], observed_until: datetime | None = None
    ) -> Series:
        """The series of points that belong together; steps without a point are missing. Raises PointError."""
        check_points(points)
        hourly = points[0].time is not None
        step, start = (HOUR if hourly else DAY), points[0].start
        length = int((points[-1].end - start) / step)
        placed = [(point, int((point.start - start) / step), 1) for point in points]
        return _built(adcode, "hourly" if hourly else "daily", start, length, placed, observed_until)

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
    return point.has_range or any(getattr(point, name) is not None for name in VALUES)


def _middle(point: Point, name: str) -> float | None:
    """The value given, or the mean of its range."""
    value: float | None = getattr(point, name)
    if value is not None or name not in RANGED or getattr(point, f"{name}_low") is None:
        return value
    low, high = getattr(point, f"{name}_low"), getattr(point, f"{name}_high")
    return float(low + high) / 2


def _edge(point: Point, name: str, edge: str) -> float | None:
    """The bound of a value's range; the value itself where it has none."""
    bound = getattr(point, f"{name}_{edge}") if name in RANGED else None
    return _middle(point, name) if bound is None else float(bound)


def _fill(length: int, placed: Sequence[Placed], value_of: Callable[[Point, str], float | None]) -> dict[str, Floats]:
    values = {name: np.full(length, np.nan) for name in VALUES}
    for point, at, width in placed:
        for name in VALUES:
            value = value_of(point, name)
            values[name][at : at + width] = np.nan if value is None else value
    return values


def _built(
    adcode: str,
    kind: Literal["hourly", "daily"],
    start: datetime,
    length: int,
    placed: Sequence[Placed],
    observed_until: datetime | None,
    mixed: bool = False,
) -> Series:
    """A series of points with their places and widths; what comes later in `placed` wins."""
    cause = np.zeros(length, dtype=np.int8)
    for point, at, width in placed:
        cause[at : at + width] = 0 if point.cause is None else 1 + CAUSES.index(point.cause)
    low = high = None
    if any(point.has_range for point, _, _ in placed):
        low = _fill(length, placed, lambda point, name: _edge(point, name, "low"))
        high = _fill(length, placed, lambda point, name: _edge(point, name, "high"))
    return Series(adcode, kind, start, _fill(length, placed, _middle), cause, observed_until, mixed, low, high)


def _mixed(adcode: str, past: Sequence[Point], forecast: Sequence[Point]) -> Series:
    start = min(past[0].start, forecast[0].start)
    end = max(past[-1].end, forecast[-1].end)
    placed = [
        (point, int((point.start - start) / HOUR), 1 if point.time is not None else _HOURS)
        for point in (*forecast, *past)
    ]
    return _built(adcode, "hourly", start, int((end - start) / HOUR), placed, past[-1].end, mixed=True)
