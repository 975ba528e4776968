"""The demonstration's clock: one row that all processes share, moved on only while the demonstration runs."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from service.demo.episodes import Episode
from service.kit.runtime import Runtime
from service.kit.unit_of_work import UnitOfWork, beijing

STANDSTILL = 1e-9
"""A pace at which nothing moves within anybody's patience; the table wants one above zero."""
ALIVE = timedelta(seconds=20)
STARTS_BEFORE_FORECAST = timedelta(minutes=30)
FIRST_FORECAST = timedelta(hours=17)
SET_SQL = """
INSERT INTO clock (id, start, real_start, pace, stop) VALUES (1, $1, $2, $3, $4)
ON CONFLICT (id) DO UPDATE SET start = $1, real_start = $2, pace = $3, stop = $4
"""


@dataclass(frozen=True)
class Position:
    """Where the clock stands. `running`: another process moves it right now."""

    at: datetime
    running: bool


def begins(episode: Episode) -> datetime:
    """Half an hour before the episode's first forecast, so that a visitor does not wait for it; the hours before are delivered at once."""
    return episode.starts_at + FIRST_FORECAST - STARTS_BEFORE_FORECAST


async def position(runtime: Runtime, episode: Episode) -> Position:
    """Where to go on: the saved instant, or the last one that anything happened at when that is later (after a crash)."""
    async with runtime.unit() as uow:
        row = await uow.fetchrow("SELECT start, real_start, pace FROM clock WHERE id = 1")
        last = await uow.fetchval("SELECT max(received_at) FROM receipt")
    if row is None:
        return Position(begins(episode), False)
    running = datetime.now(tz=UTC) - row["real_start"] < ALIVE and row["pace"] > STANDSTILL
    saved = beijing(max(row["start"], last or row["start"]))
    assert saved is not None
    return Position(saved, running)


async def set_going(runtime: Runtime, at: datetime, pace: float, stop: datetime) -> None:
    """Let the clock stand at `at` now and go on at `pace`; every process hears of it."""
    async with runtime.unit() as uow:
        await uow.execute(SET_SQL, at, datetime.now(tz=UTC), pace, stop)
        await uow.tell("clock")
        await uow.commit()
    await runtime.load_clock()


async def save(uow: UnitOfWork) -> None:
    """Note the present position without changing the clock's course."""
    await uow.execute("UPDATE clock SET start = $1, real_start = $2 WHERE id = 1", uow.now, datetime.now(tz=UTC))
