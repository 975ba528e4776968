"""One transaction: load, decide, store, enqueue, and commit in this one place."""

from __future__ import annotations

import secrets
from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, Self, TypeAlias, cast

import asyncpg
from asyncpg.transaction import Transaction
from pgqueuer.adapters.drivers.asyncpg import AsyncpgDriver
from pgqueuer.queries import Queries

from service.kit.canonical import canonical
from service.kit.clock import SHANGHAI
from service.kit.database import Connection

if TYPE_CHECKING:
    from service.kit.runtime import Runtime

LEDGER_SQL = """
WITH entry AS (
    INSERT INTO ledger_entry (at, kind, adcode, content) VALUES ($1, $2, $3, $4) RETURNING id
)
INSERT INTO ledger_pending (entry_id) SELECT id FROM entry
"""
DUE_SQL = "INSERT INTO due (schedule, due_at, job, payload) VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING"
BRIEFLY = "set_config('idle_in_transaction_session_timeout', '20s', true)"
"""A process that is paused keeps nobody waiting longer than this; one at work is never idle for so long."""
BRIEFLY_SQL = f"SELECT {BRIEFLY}"
LONG_SQL = "SELECT set_config('idle_in_transaction_session_timeout', '5min', true)"
LOCK_SQL = f"SELECT {BRIEFLY}, pg_advisory_xact_lock(hashtextextended('division:' || $1, 0))"
NOTIFY_CHANNEL = "lantian"
TELL_SQL = "SELECT pg_notify($1, $2)"


Read: TypeAlias = "Callable[[Reading, list[Any]], Awaitable[dict[Any, Any]]]"
"""Reads what is known of some keys in one statement; those of which nothing is known are left out."""


class Reading:
    """What a flow reads with. `now` is the one instant of everything that it answers.

    It opens no transaction: each statement sees what is committed when it begins, as within one, and who asks nothing takes no
    connection. Used with `async with`.
    """

    def __init__(self, runtime: Runtime) -> None:
        self.runtime = runtime
        self.now: datetime = runtime.clock.now()
        self._taken: Connection = None

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        if self._taken is not None:
            await self.runtime.database.give_back(self._taken)

    async def _connection(self) -> Connection:
        if self._taken is None:
            self._taken = await self.runtime.database.take()
        return self._taken

    async def connect(self) -> None:
        """Take the connection now: before others may wait for what is about to be read, who may hold all connections themselves."""
        await self._connection()

    async def fetch(self, statement: str, *arguments: Any) -> list[asyncpg.Record]:
        """Rows of one statement; instants come back in Beijing time by `beijing`."""
        return cast("list[asyncpg.Record]", await (await self._connection()).fetch(statement, *arguments))

    async def fetchrow(self, statement: str, *arguments: Any) -> asyncpg.Record | None:
        """The first row, or None."""
        return cast("asyncpg.Record | None", await (await self._connection()).fetchrow(statement, *arguments))

    async def fetchval(self, statement: str, *arguments: Any) -> Any:
        """The first value of the first row, or None."""
        return await (await self._connection()).fetchval(statement, *arguments)

    async def together(self, read: Read, key: Any) -> Any:
        """What `read` finds for a key, or None; calls that ask at the same time are answered by one statement."""
        return await self.runtime.together(read, key)


class UnitOfWork(Reading):
    """The transaction that a flow works in."""

    def __init__(self, connection: Connection, transaction: Transaction, runtime: Runtime) -> None:
        super().__init__(runtime)
        self.connection = connection
        self._transaction = transaction
        self.committed = False
        self.token = secrets.token_hex(16)
        """Ends what is told: one of its kind for each transaction, and nobody guesses the mark that is made of it."""
        self._told: set[str] = set()

    async def _connection(self) -> Connection:
        return self.connection

    async def together(self, read: Read, key: Any) -> Any:
        """What `read` finds for a key within this transaction, or None."""
        return (await read(self, [key])).get(key)

    async def execute(self, statement: str, *arguments: Any) -> str:
        """Run one statement and return its tag."""
        return cast(str, await self.connection.execute(statement, *arguments))

    async def lock_division(self, adcode: str) -> None:
        """Let only one transaction at a time change what is in force in a division."""
        await self.execute(LOCK_SQL, adcode)

    async def held_briefly(self) -> None:
        """Let the database end this transaction when its process stands still: others wait for what it holds."""
        await self.execute(BRIEFLY_SQL)

    async def computes_long(self) -> None:
        """Let this transaction be idle for longer than others may: its process reads a whole workbook, or sums a city, meanwhile."""
        await self.execute(LONG_SQL)

    async def record(self, kind: str, adcode: str | None, **content: Any) -> None:
        """Put an effect on the ledger, in this transaction."""
        body = canonical({"kind": kind, "adcode": adcode, "at": self.now, **content})
        await self.execute(LEDGER_SQL, self.now, kind, adcode, body)

    async def enqueue(
        self,
        job: str,
        payload: dict[str, Any],
        after: timedelta | None = None,
        priority: int = 0,
        once: str | None = None,
    ) -> None:
        """Queue a job that exists only if this transaction commits; with `once` not while one of that name is open."""
        queries = Queries(AsyncpgDriver(self.connection))
        content = canonical(payload).encode()
        await queries.enqueue(job, content, priority, execute_after=after, dedupe_key=once, on_conflict="skip")

    async def due(self, schedule: str, at: datetime, job: str, payload: dict[str, Any]) -> None:
        """Let `job` be queued once when the clock reaches `at`; asking twice has no second effect."""
        await self.execute(DUE_SQL, schedule, at, job, canonical(payload))

    async def tell(self, topic: str, adcode: str = "") -> None:
        """Tell every node that something changed (pages, caches); heard only after the commit."""
        self.told(topic)
        await self.execute(TELL_SQL, NOTIFY_CHANNEL, f"{topic}:{adcode}:{self.token}")

    async def instead(self, work: Callable[[UnitOfWork], Awaitable[None]]) -> None:
        """Give up everything done so far and make only `work` durable, on the same connection.

        For a call that is refused while something of it must stand: a wrong code is counted. Whoever calls this raises next.
        """
        await self._transaction.rollback()
        self.committed = True  # nothing of the unit is left that could be rolled back
        self._told.clear()
        async with self.connection.transaction():
            await work(self)
        self._forget_told()

    async def commit(self) -> None:
        """Make everything durable. The only place in the service that commits."""
        await self._transaction.commit()
        self.committed = True
        self._forget_told()

    def told(self, topic: str) -> None:
        """Let this node forget at the commit what such a change makes stale: who has just changed it and looks must see it."""
        self._told.add(topic)

    def _forget_told(self) -> None:
        for topic in self._told:
            self.runtime.live.forget_about(topic)
        self._told.clear()


def beijing(instant: datetime | None) -> datetime | None:
    """A database instant in Beijing time."""
    return None if instant is None else instant.astimezone(SHANGHAI)
