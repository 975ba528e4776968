"""The service as people meet it: a seeded database, the real application on a loopback port, Chromium in front of it."""

from __future__ import annotations

import asyncio
import shutil
import socket
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TypeVar

import asyncpg
import pytest
import uvicorn
from playwright.sync_api import Browser, BrowserContext, Page, StorageState, sync_playwright

from service.app import create_app
from service.kit.database import Database, drop_database, with_database
from service.kit.migrate import migrate
from service.kit.runtime import Runtime
from service.kit.settings import Settings
from service.law.loader import load_law

from .seed import PASSWORD, PRESENT, Seeded, seed

SEEDED = "lantian_web_model"
CHROMIUM = Path("/usr/bin/chromium")
ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
DESK = {"width": 1440, "height": 900}
PHONE = {"width": 390, "height": 844}


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Tests that drive Chromium say why they are skipped where it is missing."""
    missing = pytest.mark.skip(reason="needs Debian's chromium: apt-get install chromium")
    for item in items:
        if item.get_closest_marker("browser") and not CHROMIUM.exists():
            item.add_marker(missing)


@dataclass(frozen=True)
class Site:
    """A running service."""

    address: str
    seeded: Seeded


class Served:
    """Uvicorn in a thread of its own; the socket is bound before it starts."""

    def __init__(self, database: str, folder: Path) -> None:
        self.socket = socket.socket()
        self.socket.bind(("127.0.0.1", 0))
        self.address = f"http://127.0.0.1:{self.socket.getsockname()[1]}"
        self._settings = Settings(data_dir=folder, database_url=database, base_url=self.address, demo=True)
        self._database = database
        self._server: uvicorn.Server | None = None
        self._thread = threading.Thread(target=lambda: asyncio.run(self._serve()), daemon=True)

    def __enter__(self) -> Served:
        self._thread.start()
        until = time.monotonic() + 60
        while self._server is None or not self._server.started:
            assert time.monotonic() < until, "the service did not start"
            time.sleep(0.02)
        return self

    def __exit__(self, *_: object) -> None:
        assert self._server is not None
        self._server.should_exit = True
        self._thread.join(30)
        self.socket.close()

    async def _serve(self) -> None:
        runtime = Runtime(self._settings, Database(self._database), load_law())
        config = uvicorn.Config(
            create_app(runtime), log_level="error", access_log=False, timeout_graceful_shutdown=1, lifespan="on"
        )
        self._server = uvicorn.Server(config)
        await self._server.serve([self.socket])


@dataclass(frozen=True)
class Model:
    """A seeded database and its folder, of which every test file gets a copy."""

    address: str
    folder: Path
    seeded: Seeded


async def prepare(address: str, folder: Path) -> Model:
    """Migrate and seed."""
    await drop_database(address)
    await migrate(address)
    runtime = Runtime(Settings(data_dir=folder, database_url=address), Database(address), load_law())
    seeded = await seed(runtime)
    await runtime.close()
    return Model(address, folder, seeded)


async def copy_of(model: Model, name: str, folder: Path) -> str:
    """Copy the model and set the clock that the service will run by: simulated, one second a second."""
    shutil.copytree(model.folder, folder, dirs_exist_ok=True, symlinks=True)
    address = with_database(model.address, name)
    await drop_database(address)
    await _execute(with_database(model.address, "postgres"), f'CREATE DATABASE "{name}" TEMPLATE "{SEEDED}"')
    clock = "INSERT INTO clock (id, start, real_start, pace) VALUES (1, $1, $2, 1)"
    await _execute(address, clock, PRESENT, datetime.now(tz=UTC))
    return address


async def _execute(address: str, statement: str, *arguments: object) -> None:
    connection = await asyncpg.connect(address)
    try:
        await connection.execute(statement, *arguments)
    finally:
        await connection.close()


T = TypeVar("T")


def in_thread(work: Callable[[], T]) -> T:
    """Run in a thread of its own: Playwright's loop may be running in this one."""
    found: list[T] = []
    thread = threading.Thread(target=lambda: found.append(work()))
    thread.start()
    thread.join(300)
    assert found, "seeding failed; see the traceback above"
    return found[0]


@pytest.fixture(scope="session")
def model(server_address: str) -> Iterator[Model]:
    """What every test file begins with, made once."""
    folder = Path(tempfile.mkdtemp(prefix="lantian-web-"))
    yield in_thread(lambda: asyncio.run(prepare(with_database(server_address, SEEDED), folder)))
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="module")
def site(model: Model, request: pytest.FixtureRequest) -> Iterator[Site]:
    """A service of its own for each test file, so that a decision in one is not seen in another."""
    folder = Path(tempfile.mkdtemp(prefix="lantian-web-"))
    name = f"lantian_web_{request.module.__name__.rpartition('.')[2]}"
    address = in_thread(lambda: asyncio.run(copy_of(model, name, folder)))
    with Served(address, folder) as served:
        yield Site(served.address, model.seeded)
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="module")
def browser(site: Site) -> Iterator[Browser]:
    """Chromium. It depends on the site because nothing else may start an event loop while Playwright's own runs."""
    with sync_playwright() as playwright:
        found = playwright.chromium.launch(executable_path=str(CHROMIUM), args=ARGUMENTS)
        yield found
        found.close()


Open = Callable[..., Page]


@pytest.fixture(scope="module")
def sessions(site: Site) -> dict[str | None, StorageState]:
    """Sign-ins of this site, kept because checking a password is slow on purpose."""
    return {}


@pytest.fixture
def opened(browser: Browser, site: Site, sessions: dict[str | None, StorageState]) -> Iterator[Open]:
    """Opens a page signed in as somebody; every console error and failed request of it fails the test."""
    contexts: list[BrowserContext] = []
    complaints: list[str] = []

    def open_page(
        login: str | None, path: str = "/", *, width: int = 1440, scheme: str = "light", script: bool = True
    ) -> Page:
        context = browser.new_context(
            storage_state=sessions.get(login),
            base_url=site.address,
            viewport=PHONE if width == PHONE["width"] else {"width": width, "height": 900},
            color_scheme="dark" if scheme == "dark" else "light",
            java_script_enabled=script,
            locale="zh-CN",
        )
        contexts.append(context)
        page = context.new_page()
        page.on("console", lambda said: complaints.append(said.text) if said.type in {"error", "warning"} else None)
        page.on("pageerror", lambda error: complaints.append(str(error)))
        if login is not None and login not in sessions:
            page.goto("/signin")
            page.fill("#login", login)
            page.fill("#password", PASSWORD)
            page.click("main button[type=submit]")
            page.wait_for_url(lambda url: "/signin" not in url)
            sessions[login] = context.storage_state()
        page.goto(path)
        return page

    open_page.complaints = complaints  # type: ignore[attr-defined]
    yield open_page
    for context in contexts:
        context.close()
    expected = (*(f"status of {code}" for code in (401, 403, 404, 409, 422)), "htmx:sendAbort", "htmx:afterRequest")
    assert not [said for said in complaints if not any(part in said for part in expected)]
