"""Starting processes apart, and the spare one: started ahead, its modules loaded, so that the next task need not wait for that.

Each process does one task and ends; a spare one is as fresh as any, it has only been started earlier.
"""

from __future__ import annotations

import asyncio
import os
import sys
from asyncio import TimerHandle
from asyncio.subprocess import PIPE, Process
from collections.abc import Callable
from contextlib import ExitStack, suppress
from pathlib import Path

from service.lists.frames import AHEAD, HEAD_BYTES

ROOT = Path(__file__).resolve().parents[2]
INHERITED = ("PATH", "LANG", "LC_ALL", "TZ", "TMPDIR", "HOME")
"""What a process apart is told of our environment: it reads what strangers have written, so it knows no secret of ours."""
KEPT = {"MALLOC_MMAP_THRESHOLD_": str(4 << 20), "MALLOC_TRIM_THRESHOLD_": str(16 << 20)}
"""For glibc: what a process apart frees it keeps up to these bytes, instead of handing it back and taking it again page by page."""
READ_AHEAD = 1 << 20
"""Bytes that are read before they are asked for: with less, the process and we would wait for each other in turn."""
REST_SECONDS = 1.0
"""After the last task: its answer goes first. A command that does one task has ended by then and starts no spare."""
IDLE_SECONDS = 600.0
"""A spare that nobody needs for so long is ended; it holds about 70 MB."""


async def start(*arguments: str) -> Process:
    """A new process apart."""
    command = (sys.executable, "-m", "service.lists.process", *arguments)
    return await asyncio.create_subprocess_exec(*command, stdin=PIPE, stdout=PIPE, limit=READ_AHEAD, env=_environment())


async def end(process: Process) -> None:
    """End a process, whatever it does."""
    with suppress(ProcessLookupError):
        process.kill()
    await process.wait()


def _environment() -> dict[str, str]:
    paths = [str(ROOT), os.environ.get("PYTHONPATH", "")]
    inherited = {name: os.environ[name] for name in INHERITED if name in os.environ}
    return inherited | KEPT | {"PYTHONPATH": os.pathsep.join(filter(None, paths))}


class Spare:
    """At most one process that waits for a task. The first task finds none; after the last one that runs, one is made ready.

    It ends with its owner: when its input closes, a process apart ends by itself.
    """

    def __init__(self) -> None:
        self._at_work = 0
        self._waiting: Process | None = None
        self._loading: asyncio.Task[None] | None = None
        self._timer: TimerHandle | None = None
        self._closed = False

    async def take(self) -> Process:
        """A process for a task: the spare one where there is one. Give it back with `done`."""
        self._at_work += 1
        self._stop_timer()
        waiting, self._waiting = self._waiting, None
        with ExitStack() as unless_started:
            unless_started.callback(self._not_started)
            process = await start() if waiting is None or waiting.returncode is not None else waiting
            unless_started.pop_all()
        return process

    def _not_started(self) -> None:
        self._at_work -= 1

    async def done(self, process: Process) -> None:
        """A task has ended, and with it its process."""
        self._at_work -= 1
        if not self._at_work:
            self._after(REST_SECONDS, self._make)
        await end(process)

    async def ready(self) -> None:
        """Make a spare process now, unless there is one, and wait until it has loaded everything."""
        self._make()
        if self._loading is not None:
            await self._loading

    async def close(self) -> None:
        """End the spare process; there is none from now on."""
        self._closed = True
        self._stop_timer()
        if self._loading is not None:
            await self._loading
        await self._end_waiting()

    def _make(self) -> None:
        if self._closed:
            return
        if self._waiting is None and (self._loading is None or self._loading.done()):
            self._loading = asyncio.get_running_loop().create_task(self._load())

    async def _load(self) -> None:
        process = await start(AHEAD)
        assert process.stdout is not None
        try:
            await process.stdout.readexactly(HEAD_BYTES)
        except asyncio.IncompleteReadError:
            await end(process)
        else:
            self._waiting = process
            self._after(IDLE_SECONDS, self._end_idle)

    def _end_idle(self) -> None:
        self._loading = asyncio.get_running_loop().create_task(self._end_waiting())

    async def _end_waiting(self) -> None:
        waiting, self._waiting = self._waiting, None
        if waiting is not None:
            await end(waiting)

    def _after(self, seconds: float, what: Callable[[], None]) -> None:
        self._stop_timer()
        if not self._closed:
            self._timer = asyncio.get_running_loop().call_later(seconds, what)

    def _stop_timer(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
