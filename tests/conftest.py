"""Real PostgreSQL for every test that needs one: one embedded server, one migrated template, a database of its own per test."""

from __future__ import annotations

import asyncio
import itertools
import os
import shutil
import tempfile
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import asyncpg
import hypothesis
import pytest
from pwdlib import PasswordHash
from pwdlib.hashers.argon2 import Argon2Hasher

from service.accounts import passwords
from service.channels.registry import recording_channels
from service.kit.clock import ManualClock
from service.kit.database import Database, drop_database, start_embedded, with_database
from service.kit.migrate import migrate
from service.kit.runtime import Runtime
from service.kit.settings import Settings
from service.law.loader import load_law
from tests.support import NOW, Client

TEMPLATE = f"lantian_template_{os.environ.get('PYTEST_XDIST_WORKER', 'alone')}"
ROOM = 4_000_000_000
"""Bytes that a test server may need: its log before it is cut and a few databases."""
_numbers = itertools.count(1)
# no limits of time: on a busy machine a slow example is no fault of the code
hypothesis.settings.register_profile(
    "steady", deadline=None, suppress_health_check=[hypothesis.HealthCheck.too_slow, hypothesis.HealthCheck.filter_too_much]
)
hypothesis.settings.register_profile(
    "mutation", max_examples=20, deadline=None, database=None, suppress_health_check=list(hypothesis.HealthCheck)
)
hypothesis.settings.load_profile("steady")


@pytest.fixture(scope="session", autouse=True)
def cheap_passwords() -> Iterator[None]:
    """Passwords of tests are hashed as cheaply as argon2 allows; what is checked is the same."""
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(passwords, "_HASHER", PasswordHash((Argon2Hasher(time_cost=1, memory_cost=8, parallelism=1),)))
        yield


def in_memory() -> Path | None:
    """A folder in memory with room for a server: on a disk, thousands of databases made and dropped grow ten times as slow."""
    memory = Path("/dev/shm")
    roomy = memory.is_dir() and os.access(memory, os.W_OK) and shutil.disk_usage(memory).free > ROOM
    return memory if roomy else None


@pytest.fixture(scope="session")
def server_address() -> Iterator[str]:
    """Address of a server with a migrated template database."""
    given = os.environ.get("DATABASE_URL")
    folder = Path(tempfile.mkdtemp(prefix="lantian-test-", dir=in_memory()))
    address = with_database(given, TEMPLATE) if given else start_embedded(folder, TEMPLATE)

    async def prepare() -> None:
        await drop_database(address)
        await migrate(address)

    asyncio.run(prepare())
    yield address
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture
async def database_address(server_address: str) -> AsyncIterator[str]:
    """A fresh migrated database, dropped after the test."""
    name = f"lantian_test_{os.getpid()}_{next(_numbers)}"
    connection = await asyncpg.connect(with_database(server_address, "postgres"))
    await connection.execute(f'CREATE DATABASE "{name}" TEMPLATE "{TEMPLATE}"')
    await connection.close()
    address = with_database(server_address, name)
    yield address
    await drop_database(address)


@pytest.fixture
def clock() -> ManualClock:
    """The clock of the test's runtime: 2016-12-15 17:00 in Beijing until moved."""
    return ManualClock(NOW)


@pytest.fixture
async def runtime(database_address: str, clock: ManualClock, tmp_path: Path) -> AsyncIterator[Runtime]:
    """A runtime whose messages go nowhere but into `runtime.channel.sent`."""
    settings = Settings(data_dir=tmp_path, database_url=database_address, base_url="http://127.0.0.1:8000")
    made = Runtime(settings, Database(database_address), load_law())
    made.set_clock(clock)
    made.channels = recording_channels()
    yield made
    await made.close()


@pytest.fixture
async def client(runtime: Runtime) -> AsyncIterator[Client]:
    """The API over the test's runtime."""
    made = Client(runtime)
    yield made
    await made.http.aclose()
