"""What this process remembers between requests, and how it learns that it must forget.

Nothing here is truth: everything can be rebuilt from the database, and is dropped whenever a node says that something changed
or when the listening connection is lost.
"""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import Awaitable, Callable
from typing import Any

import asyncpg

from service.kit.changes import EVERYTHING, Change, Course
from service.kit.database import Database
from service.kit.unit_of_work import NOTIFY_CHANNEL

MAX_REMEMBERED = 200_000
LOST = (OSError, asyncpg.PostgresError, asyncpg.InterfaceError, asyncpg.InternalClientError)
"""How a connection says that it has ended; the last two when that happened under a statement."""
HERE = "node"
"""What a node says when it begins to listen, so that the order of changes has a beginning that others know too."""
TOUCHING_REQUIREMENTS = frozenset({"response", "list", "seasonal", "grade", "guarantee"})
"""Topics after which no remembered requirement may be answered."""
TOUCHING_INBOX = frozenset({"inbox", "warning", "acknowledgement", "list", "session"})
"""Topics after which the count of what waits unread may be another."""


class Memory:
    """A bounded dictionary that is emptied when it is full or when told to."""

    def __init__(self, limit: int = MAX_REMEMBERED) -> None:
        self._limit = limit
        self._values: dict[Any, Any] = {}
        self._reading: dict[Any, tuple[int, asyncio.Future[Any]]] = {}
        self.times_forgotten = 0

    def get(self, key: Any) -> Any:
        """The remembered value, or None."""
        return self._values.get(key)

    def put(self, key: Any, value: Any, since: int) -> None:
        """Remember what was read when `times_forgotten` was `since`, unless it has been made stale meanwhile.

        A full memory starts anew.
        """
        if since != self.times_forgotten:
            return
        if len(self._values) >= self._limit:
            self._values.clear()
        self._values[key] = value

    async def once(self, key: Any, read: Callable[[], Awaitable[Any]]) -> Any:
        """The remembered value, or what `read` gives now; who asks while it is being read waits for that instead of reading too."""
        kept = self._values.get(key)
        if kept is not None:
            return kept
        since = self.times_forgotten
        begun = self._reading.get(key)
        if begun is not None and begun[0] == since:
            await asyncio.wait((begun[1],))
            if not begun[1].cancelled():
                return begun[1].result()
            return await read()
        flight = since, asyncio.get_running_loop().create_future()
        self._reading[key] = flight
        try:
            value = await read()
            self.put(key, value, since)
            flight[1].set_result(value)
            return value
        finally:
            flight[1].cancel()  # of no effect after a result; who waits reads for itself when there is none
            if self._reading.get(key) is flight:
                del self._reading[key]

    def clear(self) -> None:
        """Forget everything."""
        self.times_forgotten += 1
        self._values.clear()

    def __len__(self) -> int:
        return len(self._values)


class Live:
    """Caches of one process and the queue of changes for its open pages."""

    def __init__(self) -> None:
        self.listening = False
        self.responses = Memory()
        self.situations = Memory(20_000)
        """By the divisions in which a plant lies; forgotten with the responses."""
        self.requirements = Memory()
        self.homes = Memory()
        self.sites = Memory(20_000)
        """By homes, whosever they are; never forgotten, since divisions stay what they are while a process runs."""
        self.sums = Memory(200)
        """By version: sums that were added up from its rows; never forgotten, since stored rows never change."""
        self.seasonal = Memory(10_000)
        self.sessions = Memory(20_000)
        self.feeds = Memory(2_000)
        self.inbox = Memory(20_000)
        self.subscribers: set[asyncio.Queue[Change]] = set()
        self.course = Course()
        self.on_change: list[Callable[[str, str], None]] = []

    @property
    def mark(self) -> str:
        """What a page made now has seen: the last change heard; "" while this node cannot hear."""
        return self.course.mark if self.listening else ""

    def changed(self, topic: str, adcode: str, mark: str = "") -> None:
        """Forget what the change touches and wake the pages."""
        self.forget_about(topic)
        self._wake(Change(topic, adcode, mark))
        for hook in self.on_change:
            hook(topic, adcode)

    def _wake(self, change: Change) -> None:
        for queue in list(self.subscribers):
            told = change
            if queue.full():  # a reader that is far behind looks at everything once
                while not queue.empty():
                    queue.get_nowait()
                told = Change(EVERYTHING, "", change.mark)
            queue.put_nowait(told)

    def forget_about(self, topic: str) -> None:
        """Forget what a change of this kind makes stale."""
        if topic in {"response", "list"}:
            self.responses.clear()
            self.situations.clear()
        if topic in TOUCHING_REQUIREMENTS:
            self.requirements.clear()
        if topic == "seasonal":
            self.seasonal.clear()
        if topic == "list":
            self.homes.clear()
        if topic == "session":
            self.sessions.clear()
        if topic == "feed":
            self.feeds.clear()
        if topic in TOUCHING_INBOX:
            self.inbox.clear()

    def forget(self) -> None:
        """Forget everything, for instance after the listening connection was lost."""
        self.responses.clear()
        self.situations.clear()
        self.requirements.clear()
        self.homes.clear()
        self.seasonal.clear()
        self.sessions.clear()
        self.feeds.clear()
        self.inbox.clear()

    async def listen(self, database: Database, stop: asyncio.Event) -> None:
        """Hear other nodes until `stop`; reconnects, and remembers nothing while it cannot hear."""
        while not stop.is_set():
            try:
                connection = await database.connect()
            except LOST:
                await _pause(stop, 1.0)
                continue
            lost = asyncio.Event()
            connection.add_termination_listener(lambda *_: lost.set())  # noqa: B023 - one event per connection
            try:
                channel = database.channel(NOTIFY_CHANNEL)
                self.course.begin()
                await connection.add_listener(channel, self._heard)
                await connection.execute("SELECT pg_catalog.pg_notify($1, $2)", channel, f"{HERE}::{uuid.uuid4()}")
                self.forget()
                self.listening = True
                self._wake(Change(EVERYTHING, ""))
                await _first(stop, lost)
            except LOST:
                await _pause(stop, 0.2)
            finally:
                self.listening = False
                self.forget()
                if not connection.is_closed():
                    await connection.close()

    def _heard(self, _connection: object, _pid: int, _channel: str, payload: object) -> None:
        change = self.course.add(str(payload))
        if change.topic != HERE:
            self.changed(*change)


async def _pause(stop: asyncio.Event, seconds: float) -> None:
    try:
        await asyncio.wait_for(stop.wait(), seconds)
    except TimeoutError:
        return


async def _first(*events: asyncio.Event) -> None:
    waits = [asyncio.create_task(event.wait()) for event in events]
    try:
        await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for wait in waits:
            wait.cancel()
