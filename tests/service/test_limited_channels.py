"""Channels that bear few calls at a time: the engine begins no more, and gives back what waited too long."""

from __future__ import annotations

import asyncio
import time
from collections import Counter

from service.channels.registry import Channels
from service.kit.database import Database
from service.kit.runtime import Runtime
from tests.service.test_engine import Told, mailed, rows, states, until
from tests.support import Client


def node_of(runtime: Runtime) -> Runtime:
    """A second node over the same database."""
    made = Runtime(runtime.settings, Database(runtime.database.address), runtime.law)
    made.set_clock(runtime.clock)
    return made


class Few(Told):
    """A channel that bears two calls at a time."""

    most_calls = 2
    longest_seconds = 1.0


async def passed(instant: float) -> bool:
    return time.monotonic() > instant


class TestLimitedChannels:
    async def test_no_call_begins_that_would_have_to_wait(
        self, client: Client, runtime: Runtime
    ) -> None:
        """What cannot be sent soon is left to other nodes."""
        few, other = Few(), node_of(runtime)
        runtime.channels, other.channels = Channels(Told(), email=few), Channels(Told(), email=Few())
        numbers = [str(number) for number in range(12)]
        await mailed(runtime, *numbers)
        few.held = {f"{number}@example.test": asyncio.Event() for number in numbers}
        working = asyncio.create_task(runtime.engine.work())
        await few.arrived.wait()
        await other.engine.work()
        await other.close()
        sent = Counter(one.message_id for one in (*few.sent, *other.channels.email.sent))  # type: ignore[union-attr]
        assert (len(few.sent), len(sent), max(sent.values())) == (2, 6, 1)
        for held in few.held.values():
            held.set()
        await working
        assert (few.most[""], few.count("0@example.test"), len(few.sent)) == (2, 1, 8)
        assert await states(runtime) == ["done"] * 12

    async def test_what_waited_too_long_for_its_turn_is_given_back(
        self, client: Client, runtime: Runtime
    ) -> None:
        few = Few()
        runtime.channels = Channels(Told(), email=few)
        few.longest_seconds = runtime.settings.delivery_lease_seconds + 1
        await mailed(runtime, *map(str, range(12)))
        working = asyncio.create_task(runtime.engine.work())
        await until(lambda: rows(runtime, "SELECT 1 FROM delivery WHERE schedule_from > 1"))
        assert few.sent == []
        few.longest_seconds = 1.0
        await working
        assert {row["attempts"] - row["schedule_from"] for row in await rows(runtime)} == {1}
        assert (len(few.sent), few.most[""]) == (12, 2)

    async def test_those_that_are_parked_too_long_are_given_back_too(
        self, client: Client, runtime: Runtime
    ) -> None:
        """Two calls take so long that for the six behind them it is too late."""
        few = Few()
        runtime.channels = Channels(Told(), email=few)
        few.longest_seconds = runtime.settings.delivery_lease_seconds - 0.3
        await mailed(runtime, *map(str, range(8)))
        few.held = {f"{number}@example.test": asyncio.Event() for number in range(2)}
        begun = time.monotonic()
        working = asyncio.create_task(runtime.engine.work())
        await few.arrived.wait()
        await until(lambda: passed(begun + 0.7))
        few.longest_seconds = 1.0
        for held in few.held.values():
            held.set()
        await working
        found = await rows(runtime)
        assert [row["state"] for row in found] == ["done"] * 8
        assert sorted(row["schedule_from"] for row in found) == [0, 0, 1, 1, 1, 1, 1, 1]
        assert len(few.sent) == 8
