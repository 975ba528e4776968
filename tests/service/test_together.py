"""Questions asked at the same time share a statement, get what was read after asking, and don't suffer from one another."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from service.kit.together import MOST_AT_ONCE, SIDE_BY_SIDE, Together


class Reader:
    """Reads when it is let; every reading says which of all it was."""

    def __init__(self) -> None:
        self.read: list[list[Any]] = []
        self.let = asyncio.Event()

    async def __call__(self, keys: list[Any]) -> dict[Any, Any]:
        self.read.append(keys)
        number = len(self.read)
        await self.let.wait()
        if "broken" in keys:
            raise ConnectionError("the statement failed")
        return {key: (key, number) for key in keys if key != "unknown"}


async def _settle() -> None:
    for _ in range(10):
        await asyncio.sleep(0)


async def _asked(together: Together, *keys: Any) -> list[asyncio.Task[Any]]:
    tasks = [asyncio.create_task(together.ask(key)) for key in keys]
    await _settle()
    return tasks


async def test_who_asks_while_others_are_read_waits_for_the_next_statement() -> None:
    reader = Reader()
    together = Together(reader)
    first = [(await _asked(together, number))[0] for number in range(SIDE_BY_SIDE)]
    later = await _asked(together, "a", "b", "a", "unknown", 0)
    reader.let.set()
    assert await asyncio.gather(*first) == [(number, number + 1) for number in range(SIDE_BY_SIDE)]
    after = SIDE_BY_SIDE + 1
    assert await asyncio.gather(*later) == [("a", after), ("b", after), ("a", after), None, (0, after)]
    assert reader.read == [*([number] for number in range(SIDE_BY_SIDE)), ["a", "b", "unknown", 0]]


async def test_a_statement_takes_so_many_and_loses_none() -> None:
    reader = Reader()
    together = Together(reader)
    keys = list(range(SIDE_BY_SIDE + 3 * MOST_AT_ONCE + 5))
    for number in keys[:SIDE_BY_SIDE]:
        await _asked(together, number)
    tasks = await _asked(together, *keys)
    reader.let.set()
    assert [key for key, _ in await asyncio.gather(*tasks)] == keys
    assert max(map(len, reader.read)) == MOST_AT_ONCE


async def test_a_caller_that_goes_away_takes_nothing_from_the_others() -> None:
    reader = Reader()
    together = Together(reader)
    gone, stays = await _asked(together, "gone", "stays")
    gone.cancel()
    await _settle()
    reader.let.set()
    assert await stays == ("stays", 1)
    with pytest.raises(asyncio.CancelledError):
        await gone


async def test_a_failure_reaches_who_asked_with_it_and_nobody_after() -> None:
    reader = Reader()
    together = Together(reader)
    tasks = await _asked(together, "broken", "beside")
    reader.let.set()
    for task in tasks:
        with pytest.raises(ConnectionError):
            await task
    assert await together.ask("after") == ("after", 2)
