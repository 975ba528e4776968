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
    """What is known of a division's air around an instant by one feed."""

    series: Series
    forecast_id: int | None
    feed: str | None
    basis: str | None
    issued_at: datetime | None
    digests: tuple[str, ...]


def points_of(stored: list[dict[str, Any]]) -> list[Point]:
    """Stored points as values."""
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


async def sources(uow: UnitOfWork, adcode: str, as_of: datetime) -> list[Around]:
    """What is known of a division's air: the observations of the last ten days joined to each feed's latest forecast.

    One per feed, in the order of their latest issues; one without a feed when nobody forecasts; empty when nothing is known.
    """
    observed_rows = await _observed_rows(uow, adcode, as_of)
    forecast_rows = await uow.fetch(FORECAST_SQL, adcode, as_of - FORECASTS_BACK, as_of + timedelta(hours=2))
    observed = one_kind([point for row in observed_rows for point in points_of(row["points"])])
    measured = tuple(row["digest"] for row in observed_rows)
    by_feed: dict[str, list[Any]] = {}
    for row in forecast_rows:
        by_feed.setdefault(row["feed"], []).append(row)
    if not by_feed:
        series = [Series.joined(adcode, observed, [], as_of)] if observed else []
        return [Around(one, None, None, None, None, measured) for one in series]
    found = [_of_feed(adcode, observed, rows, as_of, measured) for rows in by_feed.values()]
    return sorted(found, key=lambda one: (one.issued_at, one.forecast_id))


async def _observed_rows(uow: UnitOfWork, adcode: str, as_of: datetime) -> list[Any]:
    return await uow.fetch(OBSERVED_SQL, adcode, as_of - HISTORY, as_of + timedelta(hours=1))


async def observed_points(uow: UnitOfWork, adcode: str, as_of: datetime) -> list[Point]:
    """What was measured in the ten days before an instant."""
    rows = await _observed_rows(uow, adcode, as_of)
    return one_kind([point for row in rows for point in points_of(row["points"])])


def _of_feed(adcode: str, observed: list[Point], rows: list[Any], as_of: datetime, measured: tuple[str, ...]) -> Around:
    newest = rows[-1]
    return Around(
        series=Series.joined(adcode, observed, layered([points_of(row["points"]) for row in rows]), as_of),
        forecast_id=newest["id"],
        feed=newest["feed"],
        basis=newest["basis"],
        issued_at=newest["issued_at"],
        digests=(*measured, *(row["digest"] for row in rows)),
    )


async def around(uow: UnitOfWork, adcode: str, as_of: datetime, feed: str | None) -> Around | None:
    """What is known by one feed; by the newest where that feed has nothing. None when nothing is known."""
    known = await sources(uow, adcode, as_of)
    return next((one for one in known if one.feed == feed), known[-1] if known else None)


async def recent_levels(uow: UnitOfWork, adcode: str, runs: int, current: int | None) -> tuple[Level, ...]:
    """The levels by the last forecast runs before the `current` one, oldest first: one per forecast, its newest assessment."""
    rows = await uow.fetch(
        "SELECT level FROM (SELECT DISTINCT ON (forecast_id) forecast_id, level, id FROM assessment WHERE adcode = $1"
        " AND forecast_id <> coalesce($3, 0) ORDER BY forecast_id DESC, id DESC LIMIT $2) run ORDER BY forecast_id",
        adcode,
        runs,
        current,
    )
    return tuple(Level(row["level"]) for row in rows)


async def latest(uow: UnitOfWork, adcode: str) -> dict[str, Any] | None:
    """The newest assessment of a division: its row with `document` as values."""
    row = await uow.fetchrow("SELECT * FROM assessment WHERE adcode = $1 ORDER BY id DESC LIMIT 1", adcode)
    return None if row is None else dict(row) | {"document": json.loads(row["document"])}
