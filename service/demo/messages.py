"""An episode as a feed would have told it: which message at which instant.

The hours of publishing are choices for the demonstration: measured hours ten minutes after the hour, measured
days at half past midnight, forecasts daily at 17:00 (the hour the Hebei province forecast is issued).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Literal

from service.demo.episodes import Episode
from service.demo.tracks import DAY, HOUR, SHANGHAI, PointDict, Track, midnight

HOUR_POSTED_AFTER = timedelta(minutes=10)
DAY_POSTED_AFTER = timedelta(minutes=30)
FORECAST_HOUR = 17
HISTORY = timedelta(days=30)
OBSERVATION_FEED = "demo-observations"
FORECAST_FEEDS = {"perfect": "demo-perfect", "persistence": "demo-persistence"}

Kind = Literal["perfect", "persistence"]


@dataclass(frozen=True)
class FeedMessage:
    """One webhook message: when it is posted, by which feed, of which type, with which body."""

    at: datetime
    feed: str
    type: Literal["forecast.issued", "observation.reported"]
    body: dict[str, Any]


def messages(
    episode: Episode,
    kind: Kind = "perfect",
    start: datetime | None = None,
    end: datetime | None = None,
    *,
    step_hours: int = 1,
    batch: int | None = None,
) -> Iterator[FeedMessage]:
    """What is posted in [start, end), in time order; by default over the whole episode.

    What was measured in the 30 days before the start comes first, in one message. `step_hours` gathers that
    many hours of observations into one message; `batch` splits a message so that none carries more than that
    many divisions.

    Raises ValueError for an unknown `kind`, naive instants, or a step or batch below 1.
    """
    start, end = start or episode.starts_at, end or episode.ends_at
    _check(kind, start, end, step_hours, batch)
    posted = _posted_before(episode, start)
    yield from _split(_observations(start, posted), batch)
    tick = _ceil_hour(start)
    while tick <= end:
        for message in _of_hour(episode, kind, tick, step_hours):
            if start <= message.at < end:
                yield from _split(message, batch)
        tick += HOUR


def _check(kind: str, start: datetime, end: datetime, step_hours: int, batch: int | None) -> None:
    if kind not in FORECAST_FEEDS:
        raise ValueError(f"unknown forecast basis {kind!r}: choose one of {', '.join(FORECAST_FEEDS)}")
    if start.tzinfo is None or end.tzinfo is None:
        raise ValueError("start and end need a time zone, such as +08:00")
    if step_hours < 1 or (batch is not None and batch < 1):
        raise ValueError("step_hours and batch must be at least 1")


def _ceil_hour(at: datetime) -> datetime:
    at = at.astimezone(SHANGHAI)
    floor = at.replace(minute=0, second=0, microsecond=0)
    return floor if floor == at else floor + HOUR


def _of_hour(episode: Episode, kind: Kind, hour: datetime, step_hours: int) -> Iterator[FeedMessage]:
    """The messages that belong to one full hour.

    Forecast at the hour, measured hours and days shortly after.
    """
    if hour.hour == FORECAST_HOUR:
        yield _forecasts(episode, kind, hour)
    if hour.hour % step_hours == 0:
        gathered = _measured(episode, "hourly", hour - (step_hours - 1) * HOUR, hour + HOUR)
        yield _observations(hour + HOUR_POSTED_AFTER, gathered)
    if hour.hour == 0:
        yield _observations(hour + DAY_POSTED_AFTER, _measured(episode, "daily", hour - DAY, hour))


def _posted_before(episode: Episode, start: datetime) -> list[tuple[str, list[PointDict]]]:
    """What had been published before the start."""
    last_hour = (start - HOUR_POSTED_AFTER).astimezone(SHANGHAI).replace(minute=0, second=0, microsecond=0)
    last_day = midnight((start - DAY_POSTED_AFTER).astimezone(SHANGHAI).date())
    hourly = _measured(episode, "hourly", last_hour - HISTORY, last_hour + HOUR)
    daily = _measured(episode, "daily", last_day - HISTORY, last_day)
    return sorted([*hourly, *daily])


def _measured(
    episode: Episode, kind: Literal["hourly", "daily"], start: datetime, end: datetime
) -> list[tuple[str, list[PointDict]]]:
    tracks = (track for track in _sorted(episode) if track.kind == kind)
    return [(track.adcode, points) for track in tracks if (points := track.points(start, end))]


def _sorted(episode: Episode) -> Iterable[Track]:
    return (episode.tracks[adcode] for adcode in episode.divisions)


def _observations(at: datetime, gathered: Sequence[tuple[str, list[PointDict]]]) -> FeedMessage:
    data = [{"adcode": adcode, "issued_at": at.isoformat(), "points": points} for adcode, points in gathered]
    return _message(at, OBSERVATION_FEED, "observation.reported", data)


def _forecasts(episode: Episode, kind: Kind, at: datetime) -> FeedMessage:
    """The forecast issued at `at` for every division, from the first hour or day not yet posted."""
    horizon = midnight(at.date()) + (episode.forecast_days + 1) * DAY
    data = [
        {"adcode": track.adcode, "issued_at": at.isoformat(), "basis": kind, "points": points}
        for track in _sorted(episode)
        if (points := _future(track, kind, at, horizon))
    ]
    return _message(at, FORECAST_FEEDS[kind], "forecast.issued", data)


def _future(track: Track, kind: Kind, at: datetime, horizon: datetime) -> list[PointDict]:
    """Hours named after the last posted one up to the horizon's midnight, or whole days from today on."""
    first = at if track.kind == "hourly" else midnight(at.date())
    after_last = horizon + HOUR if track.kind == "hourly" else horizon
    if kind == "perfect":
        return track.points(first, after_last)
    return _persisted(track, first, after_last)


def _persisted(track: Track, first: datetime, end: datetime) -> list[PointDict]:
    """The last known day goes on.

    Each hour repeats the same hour of the last 24 known ones, each day the last day.
    """
    points, at = [], first
    while at < end:
        days_back = (at - first) // DAY + 1
        row = track.row(at - days_back * DAY)
        if row is not None:
            points.append(track.point(at, row))
        at += track.step
    return points


def _message(
    at: datetime,
    feed: str,
    kind: Literal["forecast.issued", "observation.reported"],
    data: list[dict[str, Any]],
) -> FeedMessage:
    return FeedMessage(at, feed, kind, {"type": kind, "timestamp": at.isoformat(), "data": data})


def _split(message: FeedMessage, batch: int | None) -> Iterator[FeedMessage]:
    """The message in parts of at most `batch` divisions; nothing when it carries no data."""
    data = message.body["data"]
    size = batch or len(data)
    for first in range(0, len(data), size or 1):
        part = message.body | {"data": data[first : first + size]}
        yield FeedMessage(message.at, message.feed, message.type, part)
