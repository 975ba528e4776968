"""What one process holds: settings, clock, law, database, live caches. Flows get at them through the unit of work."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Coroutine
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field, replace
from datetime import timedelta
from functools import partial
from typing import Any

import asyncpg

from alerts.law import Law
from service.accounts.throttle import SignInThrottle
from service.channels.base import Channel, RecordingChannel
from service.channels.registry import Channels, DrillHasNoWayOut, live_channels, recording_channels
from service.kit.clock import Clock, PacedClock, SwitchableClock, SystemClock
from service.kit.database import Database
from service.kit.live import Live
from service.kit.settings import Settings
from service.kit.together import Together
from service.kit.unit_of_work import Read, Reading, UnitOfWork
from service.lists.spare import Spare
from service.subscriptions.engine import Engine

PROCESSES_APART = 2


@dataclass(repr=False)  # asyncio asks for it with each result of a task, and the law's alone is a megabyte
class Runtime:
    """The shell's hands. Made once per process (or per test)."""

    settings: Settings
    database: Database
    law: Law
    clock: SwitchableClock = field(default_factory=lambda: SwitchableClock(SystemClock()))
    live: Live = field(default_factory=Live)
    rules_id: str | None = None
    """A rule set to assess by instead of the one in force; replays set it, a deployment never does."""

    channels: Channels = field(init=False)
    """The ways out. A drill's runtime gets such that only record."""
    engine: Engine = field(init=False)
    """What delivers by them."""
    sign_ins: SignInThrottle = field(init=False)
    """How often somebody may try to sign in on this node."""
    apart: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(PROCESSES_APART))
    """Processes that read and write workbooks beside this one."""
    spare: Spare = field(default_factory=Spare)
    """The one of them that is started ahead."""
    _tasks: set[asyncio.Task[Any]] = field(default_factory=set)
    _asked: dict[Read, Together] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if self.settings.drill != self.database.drill:
            raise ValueError("the settings and the database disagree on whether this is a drill")
        self.channels = live_channels(self.settings) if self.drill is None else recording_channels()
        self.engine = Engine(self)
        self.sign_ins = SignInThrottle(
            self.settings.login_attempts, timedelta(minutes=self.settings.login_rest_minutes)
        )

    def __setattr__(self, name: str, value: object) -> None:
        """A drill takes no channels but such that record."""
        if name == "channels" and self.drill is not None:
            held = value.open.values() if isinstance(value, Channels) else (value,)
            if not all(isinstance(one, RecordingChannel) for one in held):
                raise DrillHasNoWayOut("A drill takes recording channels only.")
        super().__setattr__(name, value)

    @property
    def drill(self) -> str | None:
        """The drill's schema; None in a live service."""
        return self.database.drill

    @property
    def channel(self) -> Channel:
        """The way out to subscribers' endpoints."""
        return self.channels.webhook

    @channel.setter
    def channel(self, channel: Channel) -> None:
        self.channels = replace(self.channels, webhook=channel)

    def background(self, work: Coroutine[Any, Any, Any]) -> None:
        """Run something beside the present call, kept until it is done."""
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def close(self) -> None:
        """End the spare process, close the way out and give the database connections back."""
        await self.spare.close()
        await self.channels.close()
        await self.database.close()

    def place(self, adcode: str) -> str:
        """Name of a division; its code when it is unknown."""
        division = self.law.divisions.get(adcode)
        return adcode if division is None else division.name

    @asynccontextmanager
    async def unit(self) -> AsyncIterator[UnitOfWork]:
        """A unit of work; whoever opens it calls `commit` once, at the end. Without it everything is rolled back."""
        async with self.database.acquire() as connection:
            transaction = connection.transaction()
            await transaction.start()
            unit = UnitOfWork(connection, transaction, self)
            try:
                yield unit
            finally:
                with suppress(asyncpg.InterfaceError):  # the database has ended the connection, and the transaction with it
                    if not unit.committed and not connection.is_closed():
                        await transaction.rollback()

    def reading(self) -> Reading:
        """For an answer that changes nothing: a connection only when something is asked, and no transaction."""
        return Reading(self)

    async def together(self, read: Read, key: Any) -> Any:
        """What `read` finds for a key, or None; who asks at the same time shares a statement."""
        asked = self._asked.get(read)
        if asked is None:
            asked = self._asked[read] = Together(partial(self._read, read))
        return await asked.ask(key)

    async def _read(self, read: Read, keys: list[Any]) -> dict[Any, Any]:
        async with self.reading() as reading:
            return await read(reading, keys)

    async def load_clock(self) -> None:
        """Take over the simulated clock that stands in the database, if one does."""
        async with self.unit() as uow:
            row = await uow.fetchrow("SELECT start, real_start, pace, stop FROM clock WHERE id = 1")
        self.set_clock(SystemClock() if row is None else PacedClock(**dict(row)))

    def set_clock(self, clock: Clock) -> None:
        """Replace the clock of this process."""
        self.clock.inner = clock
