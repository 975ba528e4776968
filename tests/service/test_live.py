"""What a process remembers between requests: read once for all who ask at the same time, and never kept when made stale."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack
from typing import Any

import asyncpg
import pytest

from service.kit.live import Live, Memory
from service.kit.runtime import Runtime
from service.responses.repository import of_division


class Source:
    """Something to read whose answers are given out one by one."""

    def __init__(self) -> None:
        self.asked: list[asyncio.Future[str]] = []

    async def read(self) -> str:
        self.asked.append(asyncio.get_running_loop().create_future())
        return await self.asked[-1]


@pytest.fixture
def source() -> Source:
    return Source()


async def begin(memory: Memory, read: Callable[[], Awaitable[str]]) -> asyncio.Task[str]:
    task = asyncio.create_task(memory.once("key", read))
    await asyncio.sleep(0)
    return task


async def test_who_ask_at_the_same_time_share_one_reading(source: Source) -> None:
    memory = Memory()
    tasks = [await begin(memory, source.read) for _ in range(5)]
    source.asked[0].set_result("a")
    assert await asyncio.gather(*tasks) == ["a"] * 5
    assert len(source.asked) == 1
    assert await memory.once("key", source.read) == "a"
    assert len(source.asked) == 1


async def test_when_the_reader_fails_the_others_read_for_themselves(source: Source) -> None:
    memory = Memory()
    first, second = await begin(memory, source.read), await begin(memory, source.read)
    source.asked[0].set_exception(ConnectionError("gone"))
    with pytest.raises(ConnectionError):
        await first
    await asyncio.sleep(0)
    source.asked[1].set_result("b")
    assert await second == "b"


async def test_when_the_reader_is_called_off_the_others_read_for_themselves(source: Source) -> None:
    memory = Memory()
    first, second = await begin(memory, source.read), await begin(memory, source.read)
    first.cancel()
    for _ in range(3):
        await asyncio.sleep(0)
    source.asked[1].set_result("b")
    assert await second == "b"
    assert first.cancelled()


async def test_when_one_who_waits_is_called_off_the_reading_goes_on(source: Source) -> None:
    memory = Memory()
    first, second = await begin(memory, source.read), await begin(memory, source.read)
    second.cancel()
    await asyncio.sleep(0)
    source.asked[0].set_result("a")
    assert await first == "a"
    assert memory.get("key") == "a"


async def test_what_is_made_stale_while_it_is_read_is_neither_kept_nor_shared(source: Source) -> None:
    memory = Memory()
    before = await begin(memory, source.read)
    memory.clear()
    after = await begin(memory, source.read)
    source.asked[0].set_result("old")
    source.asked[1].set_result("new")
    assert (await before, await after) == ("old", "new")
    assert memory.get("key") == "new"


class Ended:
    """A connection that was ended while a statement was on its way."""

    def add_termination_listener(self, _hear: object) -> None:
        """Nobody comes to hear."""

    async def add_listener(self, _channel: str, _hear: object) -> None:
        """As if it were well."""

    async def execute(self, _statement: str, *_arguments: object) -> None:
        raise asyncpg.InterfaceError("connection is closed")

    def is_closed(self) -> bool:
        return True


async def test_the_listener_outlives_a_connection_that_ends_under_it(
    runtime: Runtime, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened = runtime.database.connect
    given: list[Any] = [Ended()]

    async def connect() -> Any:
        return given.pop() if given else await opened()

    monkeypatch.setattr(runtime.database, "connect", connect)
    live, stop = Live(), asyncio.Event()
    task = asyncio.create_task(live.listen(runtime.database, stop))
    for _ in range(1000):
        if live.listening or task.done():
            break
        await asyncio.sleep(0.01)
    assert live.listening
    stop.set()
    await task


async def test_who_holds_a_connection_never_waits_for_one_who_waits_for_it(runtime: Runtime) -> None:
    """Every connection is taken when somebody without one begins to read what the others then ask for."""
    runtime.live.listening = True
    async with AsyncExitStack() as holding:
        units = [await holding.enter_async_context(runtime.unit()) for _ in range(runtime.settings.pool_size)]
        reading = await holding.enter_async_context(runtime.reading())
        first = asyncio.create_task(of_division(reading, "110000"))
        await asyncio.sleep(0.05)
        assert await asyncio.wait_for(asyncio.gather(*(of_division(unit, "110000") for unit in units)), 5) == [()] * len(units)
        first.cancel()
        with pytest.raises(asyncio.CancelledError):
            await first
