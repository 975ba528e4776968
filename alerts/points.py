"""Points: one hour or one natural day of air quality for one division (预报值, 监测值)."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date as date_type
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Annotated, Literal, Self, cast

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

from alerts.instants import DAY, HOUR, day_start, require_aware

Cause = Literal["dust", "wildfire", "local_dust", "foreign_transport", "fireworks"]
CAUSES: tuple[Cause, ...] = ("dust", "wildfire", "local_dust", "foreign_transport", "fireworks")
CONCENTRATIONS: tuple[str, ...] = ("pm25", "pm10", "so2", "no2", "co", "o3")
VALUES: tuple[str, ...] = ("aqi", *CONCENTRATIONS)
RANGED: tuple[str, ...] = ("aqi", "pm25")
"""Values that a forecast may give as a range, in `aqi_low`, `aqi_high`, `pm25_low`, `pm25_high`."""
LIMITS: dict[str, float] = {
    "aqi": 500.0,
    "pm25": 10_000.0,
    "pm10": 10_000.0,
    "so2": 10_000.0,
    "no2": 10_000.0,
    "co": 1_000.0,
    "o3": 5_000.0,
}
MAX_SPAN = timedelta(days=31)


class PointError(ValueError):
    """A list of points that cannot be one series: names the point, the field and the problem."""

    def __init__(self, index: int, field: str, problem: str) -> None:
        super().__init__(f"point {index}: {field}: {problem}")
        self.index = index
        self.field = field
        self.problem = problem


class Point(BaseModel):
    """One hour (`time` = end of the hour, aware, whole) or one natural day (`date`); values may be missing.

    Units: µg/m³, CO mg/m³, AQI 0–500. `o3` is the 1-h mean of an hour and the largest 8-h mean of a day.
    A forecast may give AQI and PM2.5 as a range, `_low` to `_high`, with or without the value between.
    Sanity limits, beyond which a value is refused: AQI 500; PM2.5, PM10, SO2, NO2 10,000; O3 5,000; CO 1,000.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=True)

    time: datetime | None = None
    date: date_type | None = None
    aqi: Annotated[float | None, Field(ge=0, le=LIMITS["aqi"], allow_inf_nan=False)] = None
    pm25: Annotated[float | None, Field(ge=0, le=LIMITS["pm25"], allow_inf_nan=False)] = None
    pm10: Annotated[float | None, Field(ge=0, le=LIMITS["pm10"], allow_inf_nan=False)] = None
    so2: Annotated[float | None, Field(ge=0, le=LIMITS["so2"], allow_inf_nan=False)] = None
    no2: Annotated[float | None, Field(ge=0, le=LIMITS["no2"], allow_inf_nan=False)] = None
    co: Annotated[float | None, Field(ge=0, le=LIMITS["co"], allow_inf_nan=False)] = None
    o3: Annotated[float | None, Field(ge=0, le=LIMITS["o3"], allow_inf_nan=False)] = None
    aqi_low: Annotated[float | None, Field(ge=0, le=LIMITS["aqi"], allow_inf_nan=False)] = None
    aqi_high: Annotated[float | None, Field(ge=0, le=LIMITS["aqi"], allow_inf_nan=False)] = None
    pm25_low: Annotated[float | None, Field(ge=0, le=LIMITS["pm25"], allow_inf_nan=False)] = None
    pm25_high: Annotated[float | None, Field(ge=0, le=LIMITS["pm25"], allow_inf_nan=False)] = None
    cause: Cause | None = None

    @field_validator("time")
    @classmethod
    def _whole_hour(cls, value: datetime | None) -> datetime | None:
        if value is None:
            return None
        aware = require_aware(value)
        if aware.minute or aware.second or aware.microsecond:
            raise ValueError(f"{aware.isoformat()} is not a whole hour; give its end, such as 20:00")
        return aware

    @model_validator(mode="after")
    def _hour_or_day(self) -> Self:
        if (self.time is None) == (self.date is None):
            raise ValueError("give exactly one of `time` (end of the hour) and `date` (natural day)")
        return self

    @model_validator(mode="after")
    def _ranges(self) -> Self:
        if not self.has_range:
            return self
        for name in RANGED:
            low, value, high = (getattr(self, key) for key in (f"{name}_low", name, f"{name}_high"))
            if (low is None) != (high is None):
                raise ValueError(f"give `{name}_low` and `{name}_high` together, or neither")
            if low is not None and not low <= (low if value is None else value) <= high:
                raise ValueError(f"`{name}_low`, `{name}` and `{name}_high` must not fall; correct the range")
        return self

    @property
    def has_range(self) -> bool:
        """Whether the point gives a range."""
        return not (self.aqi_low is None and self.aqi_high is None and self.pm25_low is None and self.pm25_high is None)

    @property
    def start(self) -> datetime:
        """The first instant that the point stands for."""
        if self.time is not None:
            return self.time - HOUR
        return day_start(cast("date_type", self.date))

    @property
    def end(self) -> datetime:
        """The instant at which the point's hour or day is over."""
        return self.time if self.time is not None else self.start + DAY


def check_points(points: Sequence[Point]) -> None:
    """Refuse points that are not one ordered hourly or daily series of at most 31 days, with PointError."""
    if not points:
        raise PointError(0, "points", "there are no points; send at least one hour or day")
    hourly = points[0].time is not None
    field = "time" if hourly else "date"
    for index, point in enumerate(points):
        if (point.time is not None) != hourly:
            raise PointError(index, field, "hours and days are mixed; send one kind in one list")
    steps = [point.time if hourly else point.date for point in points]
    for index, (before, step) in enumerate(pairwise(steps), start=1):
        if step == before:
            raise PointError(index, field, "is given twice; send each hour or day once")
        if step < before:  # type: ignore[operator]
            raise PointError(index, field, "is out of order; sort by time")
    if points[-1].end - points[0].start > MAX_SPAN:
        raise PointError(len(points) - 1, field, "the list spans more than 31 days; split it")
