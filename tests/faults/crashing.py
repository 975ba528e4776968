"""A process that kills itself (SIGKILL) at the n-th step: before a statement, before and after a commit or a call out."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import httpx

from service.app import create_app
from service.channels.base import Answer, Outgoing
from service.kit import jobs
from service.kit.clock import ManualClock
from service.kit.database import Database
from service.kit.jobs import HANDLERS, Worker, load_handlers
from service.kit.runtime import Runtime
from service.kit.settings import Settings
from service.kit.unit_of_work import UnitOfWork
from service.law.loader import load_law
from tests.support import NOW

LAW = load_law()
HEARTBEAT = 0.05
CONTEXT = get_context("forkserver")
CONTEXT.set_forkserver_preload(["tests.faults.crashing"])


@dataclass(frozen=True)
class Site:
    """Where a process works."""

    address: str
    folder: str


class FileChannel:
    """Says yes to everything and notes in a file which webhook-id came to which address."""

    def __init__(self, path: Path, point: Callable[[], None] = lambda: None) -> None:
        self._path, self._point = path, point

    async def send(self, outgoing: Outgoing) -> Answer:
        self._point()
        with self._path.open("a") as file:
            file.write(f"{outgoing.address} {outgoing.headers['webhook-id']}\n")
        self._point()
        return Answer(200, "")

    async def close(self) -> None:
        """Nothing is held."""


def runtime_at(site: Site, point: Callable[[], None] = lambda: None) -> Runtime:
    """A node over the site's database and folder, at the tests' present."""
    settings = Settings(
        data_dir=Path(site.folder),
        database_url=site.address,
        base_url="http://127.0.0.1:8000",
        job_heartbeat_seconds=HEARTBEAT,
        delivery_timeout_seconds=HEARTBEAT,
        delivery_lease_seconds=4 * HEARTBEAT,
    )
    runtime = Runtime(settings, Database(site.address), LAW)
    runtime.set_clock(ManualClock(NOW))
    runtime.channel = FileChannel(Path(site.folder) / "sent.txt", point)
    return runtime


class Points:
    """Counts the steps passed while armed and ends the process at the n-th."""

    def __init__(self, fatal: int, *, armed: bool) -> None:
        self.left, self.armed = fatal, armed

    def passed(self) -> None:
        if self.armed:
            self.left -= 1
            if self.left == 0:
                os.kill(os.getpid(), signal.SIGKILL)

    def install(self) -> None:
        for name in ("fetch", "fetchrow", "fetchval", "execute", "enqueue", "commit"):
            setattr(UnitOfWork, name, self._around(getattr(UnitOfWork, name), after=name == "commit"))

    def _around(self, call: Callable[..., Awaitable[Any]], *, after: bool) -> Callable[..., Awaitable[Any]]:
        async def counted(*arguments: Any, **named: Any) -> Any:
            self.passed()
            answer = await call(*arguments, **named)
            if after:
                self.passed()
            return answer

        return counted


def _request(site: Site, fatal: int, request: dict[str, Any]) -> None:
    points = Points(fatal, armed=True)
    points.install()

    async def send() -> int:
        runtime = runtime_at(site, points.passed)
        transport = httpx.ASGITransport(app=create_app(runtime, background=False))
        async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1:8000") as http:
            return (await http.request(**request)).status_code

    status = asyncio.run(send())
    os._exit(0 if status < 300 else 3)


def _job(site: Site, fatal: int, name: str) -> None:
    points = Points(fatal, armed=False)
    points.install()
    load_handlers()
    handler = HANDLERS[name]

    async def armed(runtime: Runtime, payload: dict[str, Any]) -> None:
        points.armed = True
        await handler(runtime, payload)
        points.armed = False

    jobs.HANDLERS = {name: armed}

    async def work() -> None:
        runtime = runtime_at(site, points.passed)
        await Worker(runtime).run_queued()
        await runtime.close()

    asyncio.run(work())
    os._exit(0)


def _until_through(target: Callable[..., None], site: Site, what: Any) -> int:
    """Start the work again and again, killed one step later each time, until it gets through; returns the kills."""
    for fatal in range(1, 200):
        process = CONTEXT.Process(target=target, args=(site, fatal, what))
        process.start()
        process.join(30)
        if process.exitcode == 0:
            return fatal - 1
        assert process.exitcode == -signal.SIGKILL, f"{what}: exit code {process.exitcode}"
    raise AssertionError(f"{what} never got through")


def request_until_through(site: Site, **request: Any) -> int:
    """One HTTP request, killed at every step in turn; the caller repeats it as callers do."""
    return _until_through(_request, site, request)


def job_until_through(site: Site, name: str) -> int:
    """The queued jobs of one kind, their worker killed at every step in turn."""
    return _until_through(_job, site, name)
