"""The series around the present, and stored assessments."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from alerts.instants import hour_ceil
from alerts.levels import Level
from alerts.points import Point
from alerts.series import Series
from service.kit.unit_of_work import UnitOfWork

HISTORY = timedelta(days=10)
FORECASTS_BACK = timedelta(hours=48)
OBSERVED_SQL = (
    "SELECT points, digest FROM observation WHERE adcode = $1 AND until_at > $2 AND until_at <= $3 ORDER BY id"
)
FORECAST_SQL = """
SELECT id, feed, issued_at, basis, points, digest FROM forecast
WHERE adcode = $1 AND issued_at > $2 AND issued_at <= $3 ORDER BY issued_at, id
"""


@dataclass(frozen=True)
class Around:
    """What is known of a division's air around an instant."""

    series: Series
    forecast_id: int | None
    feed: str | None
    basis: str | None
    issued_at: datetime | None
    digests: tuple[str, ...]


def _points(stored: list[dict[str, Any]]) -> list[Point]:
    return [Point.model_validate(point) for point in stored]


def one_kind(points: list[Point]) -> list[Point]:
    """Hours when there are any, otherwise days; the later delivery of a step wins."""
    hourly = any(point.time is not None for point in points)
    kept = {point.start: point for point in points if (point.time is not None) == hourly}
    return [kept[start] for start in sorted(kept)]


def layered(issues: list[list[Point]]) -> list[Point]:
    """The latest issue, with what older issues say of the steps before its first one. All of the latest issue's kind."""
    if not issues:
        return []
    latest = issues[-1]
    first = latest[0].start
    older = [point for issue in issues[:-1] for point in issue if point.end <= first]
    same_kind = [point for point in older if (point.time is None) == (latest[0].time is None)]
    kept = {point.start: point for point in same_kind} | {point.start: point for point in latest}
    return [kept[start] for start in sorted(kept)]


def nothing_known(adcode: str, as_of: datetime) -> Around:
    """A day of missing hours: a prompt reaches divisions of whose air nothing is known, and nothing is made up for them."""
    first = hour_ceil(as_of)
    hours = [Point(time=first + timedelta(hours=number + 1)) for number in range(24)]
    return Around(Series.from_points(adcode, hours), None, None, None, None, ())


async def around(uow: UnitOfWork, adcode: str, as_of: datetime) -> Around | None:
    """Observations of the last ten days and the latest forecast. None when nothing is known."""
    observed_rows = await uow.fetch(OBSERVED_SQL, adcode, as_of - HISTORY, as_of + timedelta(hours=1))
    forecast_rows = await uow.fetch(FORECAST_SQL, adcode, as_of - FORECASTS_BACK, as_of + timedelta(hours=2))
    observed = one_kind([point for row in observed_rows for point in _points(row["points"])])
    forecast = layered([_points(row["points"]) for row in forecast_rows])
    if not observed and not forecast:
        return None
    latest: Any = forecast_rows[-1] if forecast_rows else None
    return Around(
        series=Series.joined(adcode, observed, forecast, as_of),
        forecast_id=latest["id"] if latest else None,
        feed=latest["feed"] if latest else None,
        basis=latest["basis"] if latest else None,
        issued_at=latest["issued_at"] if latest else None,
        digests=tuple(row["digest"] for row in (*observed_rows, *forecast_rows)),
    )


async def recent_levels(uow: UnitOfWork, adcode: str, runs: int) -> tuple[Level, ...]:
    """The levels by the last forecast runs before this one, oldest first: one per forecast, its newest assessment."""
    rows = await uow.fetch(
        "SELECT level FROM (SELECT DISTINCT ON (forecast_id) forecast_id, level, id FROM assessment WHERE adcode = $1"
        " AND forecast_id IS NOT NULL ORDER BY forecast_id DESC, id DESC LIMIT $2) run ORDER BY forecast_id",
        adcode,
        runs,
    )
    return tuple(Level(row["level"]) for row in rows)


async def latest(uow: UnitOfWork, adcode: str) -> dict[str, Any] | None:
    """The newest assessment of a division: its row with `document` as values."""
    row = await uow.fetchrow("SELECT * FROM assessment WHERE adcode = $1 ORDER BY id DESC LIMIT 1", adcode)
    return None if row is None else dict(row) | {"document": json.loads(row["document"])}
