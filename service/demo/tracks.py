"""What was measured at one place during an episode: a gap-aware row of hours or of natural days."""

from __future__ import annotations

import csv
import gzip
import math
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any, Literal
from zoneinfo import ZoneInfo

import numpy as np
from numpy.typing import NDArray

SHANGHAI = ZoneInfo("Asia/Shanghai")
FIELDS = ("aqi", "pm25", "pm10", "so2", "no2", "co", "o3")
HOUR = timedelta(hours=1)
DAY = timedelta(days=1)

PointDict = dict[str, Any]


@dataclass(frozen=True)
class Track:
    """Values of one division: row `i` of `values` (columns `FIELDS`, NaN = missing) belongs to `first + i *
    step`.

    Hourly rows are named by the END of the hour, daily rows by midnight at the start of the day.
    Concentrations in µg/m³, CO in mg/m³.
    """

    adcode: str
    kind: Literal["hourly", "daily"]
    first: datetime
    values: NDArray[np.float64]

    @property
    def step(self) -> timedelta:
        """The distance of two rows."""
        return HOUR if self.kind == "hourly" else DAY

    @property
    def end(self) -> datetime:
        """The name of the row after the last one."""
        return self.first + len(self.values) * self.step

    def row(self, at: datetime) -> NDArray[np.float64] | None:
        """The values named by `at`; None when there is no such row or nothing was measured."""
        index = (at - self.first) // self.step
        if not 0 <= index < len(self.values) or np.isnan(self.values[index]).all():
            return None
        found: NDArray[np.float64] = self.values[index]
        return found

    def points(self, start: datetime, end: datetime) -> list[PointDict]:
        """The points named in [start, end); rows in which nothing was measured are left out."""
        return [self.point(at, row) for at, row in self._rows(start, end)]

    def _rows(self, start: datetime, end: datetime) -> Iterator[tuple[datetime, NDArray[np.float64]]]:
        at = max(start, self.first)
        while at < min(end, self.end):
            row = self.row(at)
            if row is not None:
                yield at, row
            at += self.step

    def point(self, at: datetime, row: NDArray[np.float64]) -> PointDict:
        """One point as a feed posts it; a missing value is null."""
        name = {"time": at.isoformat()} if self.kind == "hourly" else {"date": at.date().isoformat()}
        return name | {
            field: None if math.isnan(value) else float(value) for field, value in zip(FIELDS, row, strict=True)
        }


def track(adcode: str, kind: Literal["hourly", "daily"], rows: Mapping[datetime, list[float]]) -> Track:
    """A track from its rows by instant; instants without a row become gaps."""
    step = HOUR if kind == "hourly" else DAY
    first = min(rows)
    values = np.full(((max(rows) - first) // step + 1, len(FIELDS)), np.nan)
    for at, row in rows.items():
        values[(at - first) // step] = row
    return Track(adcode, kind, first, values)


def number(text: str | None) -> float:
    """The number in a CSV cell; NaN when it is empty."""
    return float(text) if text else math.nan


def local(text: str) -> datetime:
    """The aware instant of a "2016-12-14 05:00:00" stamp in Chinese local time."""
    return datetime.fromisoformat(text).replace(tzinfo=SHANGHAI)


def read_rows(path: Path) -> Iterator[dict[str, str]]:
    """The rows of a CSV file, plain or gzipped."""
    data = path.read_bytes()
    text = gzip.decompress(data) if path.suffix == ".gz" else data
    yield from csv.DictReader(text.decode("utf-8").splitlines())


def by_division(rows: Iterable[tuple[str, datetime, list[float]]]) -> dict[str, dict[datetime, list[float]]]:
    """Rows (code, instant, values) gathered by division."""
    gathered: dict[str, dict[datetime, list[float]]] = defaultdict(dict)
    for adcode, at, values in rows:
        gathered[adcode][at] = values
    return gathered


def midnight(day: date) -> datetime:
    """The start of a natural day in Chinese local time."""
    return datetime(day.year, day.month, day.day, tzinfo=SHANGHAI)
