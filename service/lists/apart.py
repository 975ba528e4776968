"""The caller's side of the process apart: start it, talk to it, and see to it that it ends."""

from __future__ import annotations

import asyncio
import json
import pickle
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

from service.kit.problems import Busy, Conflict
from service.kit.runtime import Runtime
from service.lists.frames import END, GO, HEAD, HEAD_BYTES, PIECE, PROGRESS, packed, unpacked_size

BUSY_SECONDS = 5
Tell = Callable[[str, int, int], Any]
"""Told the stage, how many rows are done, and how many there are; may be a coroutine function."""


class ProcessGone(OSError):
    """The process ended before its work was done: it was killed, or the workbook was too much for it. Trying again may help."""


class Apart:
    """A running process."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        assert process.stdin is not None
        assert process.stdout is not None
        self.process = process
        self._to, self._from = process.stdin, process.stdout

    async def send(self, kind: int, content: bytes = b"") -> None:
        """One frame. Raises ProcessGone."""
        try:
            self._to.write(packed(kind, content))
            await self._to.drain()
        except ConnectionError as error:
            raise ProcessGone("the reading process is gone") from error

    async def send_piece(self, piece: bytes) -> None:
        """One piece of content."""
        await self.send(PIECE, piece)

    async def send_all(self, pieces: AsyncIterator[bytes]) -> None:
        """Content, and that it ends."""
        async for piece in pieces:
            await self.send_piece(piece)
        await self.send(END)

    async def go(self, value: int) -> None:
        """Leave to go on, with a number."""
        await self.send(GO, str(value).encode())

    async def hear(self) -> tuple[int, bytes]:
        """The next frame. Raises ProcessGone."""
        try:
            kind, size = unpacked_size(await self._from.readexactly(HEAD_BYTES))
            return kind, await self._from.readexactly(size)
        except (asyncio.IncompleteReadError, ConnectionError) as error:
            raise ProcessGone("the reading process ended before its work was done") from error

    async def answer(self, tell: Tell | None = None) -> Any:
        """The next value; what is told before it is passed on."""
        while True:
            kind, content = await self.hear()
            if kind == HEAD:
                return json.loads(content)
            if kind == PROGRESS and tell is not None:
                told = tell(*json.loads(content))
                if asyncio.iscoroutine(told):
                    await told

    async def pieces(self) -> AsyncIterator[bytes]:
        """Pieces of content until their end. Raises Conflict when the process says that it cannot be done."""
        while True:
            kind, content = await self.hear()
            if kind == HEAD:
                raise Conflict(json.loads(content)["problem"])
            if kind == END:
                return
            yield content


@asynccontextmanager
async def process_for_caller(runtime: Runtime, task: str, **request: Any) -> AsyncIterator[Apart]:
    """A process whose end somebody waits for: when it is lost, or all are at work, the caller is told to try again.

    Callers hold a connection meanwhile; if they waited for a process, a few of them would keep every other request out.
    """
    if runtime.apart.locked():
        raise Busy(
            "Other workbooks are being worked on; try again in a moment.",
            headers={"Retry-After": str(BUSY_SECONDS)},
            detail_zh="正在处理其他工作簿，请稍后重试。",
        )
    try:
        async with process_apart(runtime, task, **request) as apart:
            yield apart
    except ProcessGone as lost:
        raise Busy(
            "The process that reads workbooks ended before its work was done; nothing was stored. Try again; if it stays, save the"
            " workbook again as .xlsx or split it by county.",
            detail_zh="读取工作簿的进程中断，什么都没有保存。请重试；若仍不行，请在 Excel 中重新另存，或按区县拆分。",
        ) from lost


@asynccontextmanager
async def process_apart(runtime: Runtime, task: str, **request: Any) -> AsyncIterator[Apart]:
    """A process that does one task; it is ended at the end, whatever happened. A few at a time, the others wait."""
    async with runtime.apart:
        process = await runtime.spare.take()
        try:
            apart = Apart(process)
            await apart.send(HEAD, pickle.dumps({"task": task, **request}))
            yield apart
        finally:
            await runtime.spare.done(process)
