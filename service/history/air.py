"""The observed air (实测) around an instant, out of the collection that ships with the service."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from functools import cache
from pathlib import Path

import numpy as np

from alerts.instants import DAY, HOUR, day_start
from alerts.points import Point
from alerts.series import Series
from service.demo.episodes import load_episode
from service.demo.tracks import FIELDS, Track, by_division, local, number, read_rows, track

DATA = Path(__file__).parent / "data"
BACK_DAYS = 10
"""Days before the day looked from: enough to see the whole of an episode that is running."""
AHEAD_DAYS = 7
"""Whole days after it: the horizon of the forecast that the observations stand for."""


@dataclass(frozen=True)
class Source:
    """One body of observations: its days, the last one not included, and how to read it."""

    first: date
    until: date
    load: Callable[[], Mapping[str, Track]]

    def reaches(self, start: datetime, end: datetime) -> bool:
        """Whether any of its days lies in [start, end)."""
        return day_start(self.first) < end and start < day_start(self.until)


@dataclass(frozen=True)
class Window:
    """The air of one division around an instant as a series; what nobody measured is missing, never invented."""

    series: Series
    at: datetime

    @property
    def missing_hours(self) -> tuple[int, int]:
        """Hours without data and all hours, from the first that was measured to the end of the window."""
        empty = _empty(self.series)
        known = np.flatnonzero(~empty)
        first = int(known[0]) if len(known) else 0
        width = 1 if self.series.kind == "hourly" else 24
        return int(empty[first:].sum()) * width, (len(empty) - first) * width

    def until(self, end: datetime) -> Window | None:
        """The same window cut at `end`; None when nothing is left. A day that `end` falls into goes with it."""
        step = HOUR if self.series.kind == "hourly" else DAY
        steps = min(self.series.steps, (end - self.series.start) // step)
        if steps <= 0:
            return None
        values = {name: array[:steps] for name, array in self.series.values.items()}
        return replace(self, series=replace(self.series, values=values, cause=self.series.cause[:steps]))


def _empty(series: Series) -> np.ndarray[tuple[int], np.dtype[np.bool_]]:
    return np.isnan(series.values["pm25"]) & np.isnan(series.values["aqi"])


def span(at: datetime) -> tuple[datetime, datetime]:
    """The window that belongs to an instant, on whole natural days."""
    today = day_start(at.date())
    return today - timedelta(days=BACK_DAYS), today + timedelta(days=AHEAD_DAYS + 1)


class Collection:
    """All observations by division and day; sources are read when somebody first asks for their days."""

    def __init__(self, sources: tuple[Source, ...]) -> None:
        self._sources = sources

    def around(self, adcode: str, at: datetime) -> Window | None:
        """The window of a division around an instant; None when nothing from the day before on was measured."""
        start, end = span(at)
        for source in self._sources:
            if not source.reaches(at - DAY, end):
                continue
            found = source.load().get(adcode)
            if found is None or not found.points(at - DAY, end):
                continue
            return Window(Series.from_points(adcode, list(_points(found, start, end))), at)
        return None


def _points(found: Track, start: datetime, end: datetime) -> Iterator[Point]:
    """Every hour or day of [start, end), those without a row as points without values."""
    first = start + HOUR if found.kind == "hourly" else start
    steps = int((end - start) / found.step)
    for at in (first + n * found.step for n in range(steps)):
        row = found.row(at)
        values = {} if row is None else dict(zip(FIELDS, row, strict=True))
        given = {name: None if math.isnan(value) else float(value) for name, value in values.items()}
        when = {"time": at} if found.kind == "hourly" else {"date": at.date()}
        yield Point.model_validate(when | given)


@cache
def _beijing_2015() -> Mapping[str, Track]:
    """Hourly city means; the mean of the stations' AQI is not the city's AQI and stays out."""
    rows = {
        local(row["time"]): [number(None if field == "aqi" else row[field]) for field in FIELDS]
        for row in read_rows(DATA / "beijing_hourly_2015-12.csv")
    }
    return {"110000": track("110000", "hourly", rows)}


@cache
def _later_winters() -> Mapping[str, Track]:
    """Daily means. The largest hour of O3 is not its 8-hour value and stays out."""
    columns = {"aqi": "aqi_calc", "o3": None}
    rows = (
        (
            row["adcode"],
            local(row["date"]),
            [number(row[column] if (column := columns.get(field, field)) else None) for field in FIELDS],
        )
        for row in read_rows(DATA / "city_daily.csv")
    )
    return {adcode: track(adcode, "daily", days) for adcode, days in by_division(rows).items()}


SOURCES = (
    Source(date(2015, 11, 25), date(2016, 1, 1), _beijing_2015),
    Source(date(2016, 12, 10), date(2017, 1, 11), lambda: load_episode("2016-12").tracks),
    Source(date(2019, 2, 4), date(2019, 2, 13), lambda: load_episode("2019-02").tracks),
    Source(date(2023, 10, 22), date(2026, 2, 16), _later_winters),
)
"""Bodies that do not overlap; the episodes that the demonstration plays are read from where they lie."""


def collection() -> Collection:
    """The observations that ship with the service."""
    return Collection(SOURCES)
