"""Bring a database to the newest schema: ours by Alembic, the job queue's by its own installer."""

from __future__ import annotations

from pathlib import Path

from alembic import command
from alembic.config import Config
from pgqueuer.adapters.drivers.asyncpg import AsyncpgDriver
from pgqueuer.queries import Queries
from sqlalchemy import Connection, text
from sqlalchemy.ext.asyncio import create_async_engine

from service.kit.database import ensure_database
from service.kit.drill import split_path

SCRIPTS = Path(__file__).resolve().parents[1] / "migrations"
LOCK = 7_214_002
LOCK_TIMEOUT = "10s"


def configuration(connection: Connection) -> Config:
    """Alembic's configuration on an open connection."""
    config = Config()
    config.set_main_option("script_location", str(SCRIPTS))
    config.attributes["connection"] = connection
    return config


def _upgrade(connection: Connection, revision: str) -> None:
    command.upgrade(configuration(connection), revision)


def _downgrade(connection: Connection, revision: str) -> None:
    command.downgrade(configuration(connection), revision)


def _check(connection: Connection) -> None:
    command.check(configuration(connection))


async def _run(address: str, step: str, revision: str) -> None:
    plain, path = split_path(address)
    engine = create_async_engine(
        plain.replace("postgresql://", "postgresql+asyncpg://", 1),
        connect_args={} if path is None else {"server_settings": {"search_path": path}},
    )
    try:
        async with engine.connect() as connection:
            await connection.execute(text("SELECT pg_advisory_lock(:key)"), {"key": LOCK})
            await connection.execute(text(f"SET lock_timeout = '{LOCK_TIMEOUT}'"))
            await connection.commit()
            try:
                if step == "check":
                    await connection.run_sync(_check)
                else:
                    await connection.run_sync(_upgrade if step == "upgrade" else _downgrade, revision)
                await connection.commit()
                if step == "upgrade" and revision == "head":
                    await _queue((await connection.get_raw_connection()).driver_connection)
            finally:
                await connection.rollback()
                await connection.execute(text("SELECT pg_advisory_unlock(:key)"), {"key": LOCK})
                await connection.commit()
    finally:
        await engine.dispose()


async def _queue(connection: object) -> None:
    queries = Queries(AsyncpgDriver(connection))
    if not await queries.schema_is_installed():
        await queries.install()


async def migrate(address: str, revision: str = "head") -> None:
    """Create the database when missing and upgrade it. Two nodes may call it at once: one waits for the other."""
    await ensure_database(address)
    await _run(address, "upgrade", revision)


async def downgrade(address: str, revision: str) -> None:
    """Go back to an older revision (`base`: empty)."""
    await _run(address, "downgrade", revision)


async def check(address: str) -> None:
    """Raise when the tables in code and in the database differ."""
    await _run(address, "check", "")
