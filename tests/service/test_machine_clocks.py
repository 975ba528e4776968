"""Clocks that jump, stand behind or run in another time zone: nothing happens twice and nothing is lost."""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

import asyncpg
import pytest

from service.accounts.roles import Role
from service.channels.registry import recording_channels
from service.kit.clock import SHANGHAI, ManualClock
from service.kit.database import Database
from service.kit.jobs import tick
from service.kit.runtime import Runtime
from service.kit.unit_of_work import UnitOfWork
from service.ledger.comparing import compare
from service.subscriptions import repository
from service.subscriptions.repository import Claim
from tests.service.approving import TWO, chained, count, entries
from tests.support import HEAVY, NOW, Client, approve_open, forecast, listed

SPRING_NEW_YORK = datetime(2017, 3, 12, 14, 0, tzinfo=SHANGHAI)
"""An hour before the clocks of New York go forward (02:00 there, 15:00 in Beijing)."""


@pytest.fixture(params=["America/New_York", "Asia/Shanghai"])
def host_zone(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """The zone of the machine; the service's days and hours are Beijing's all the same."""
    with monkeypatch.context() as patched:
        patched.setenv("TZ", request.param)
        time.tzset()
        yield request.param
    time.tzset()


async def drained(client: Client, runtime: Runtime) -> None:
    for _ in range(3):
        await tick(runtime)
        await client.work()


async def books_agree(runtime: Runtime) -> None:
    connection = await runtime.database.connect()
    try:
        found = await compare(connection, runtime.clock.now())
    finally:
        await connection.close()
    assert found.whole, (found.faults, found.differences)


async def test_a_whole_episode_across_a_change_of_the_host_clock(
    client: Client, runtime: Runtime, clock: ManualClock, host_zone: str
) -> None:
    assert os.environ["TZ"] == host_zone
    clock.current = SPRING_NEW_YORK
    await listed(runtime)
    await client.feed()
    assert (await client.deliver(forecast(HEAVY, issued=SPRING_NEW_YORK))).status_code == 202
    await client.work()
    made = await approve_open(client, await client.account(Role.COMMANDER))
    assert made["effective_at"] == "2017-03-14T00:00:00+08:00"
    for hour in range(40):
        clock.advance_to(SPRING_NEW_YORK + timedelta(hours=hour))
        await tick(runtime)
    await drained(client, runtime)
    assert len(await entries(runtime, "warning.active")) == 1
    await books_agree(runtime)


async def test_a_clock_that_goes_back_and_forth_over_deadlines(
    client: Client, runtime: Runtime, clock: ManualClock
) -> None:
    await chained(client, TWO)
    for hours in (3, -2, 1, 3, 0, 5, 4, 5, 9, -5, 9):
        clock.current = NOW + timedelta(hours=hours)
        await drained(client, runtime)
    escalated = [(one["proposal"], one["signature"], one["escalated_to"]) for one in await entries(runtime, "proposal.escalated")]
    expired = [one["proposal"] for one in await entries(runtime, "proposal.expired")]
    assert len(set(escalated)) == len(escalated) > 0
    assert len(set(expired)) == len(expired) > 0
    async with runtime.unit() as uow:
        assert await uow.fetchval("SELECT count(*) - count(DISTINCT reason) FROM inbox_message") == 0
        late = await uow.fetchval("SELECT count(*) FROM due WHERE done_at IS NULL AND due_at <= $1", clock.now())
    assert late == 0
    assert (await count(runtime, "warning", "decision")) == {"warning": 0, "decision": 0}
    await books_agree(runtime)


async def test_a_leap_over_everything_that_was_due(client: Client, runtime: Runtime, clock: ManualClock) -> None:
    await listed(runtime)
    await client.feed()
    await client.deliver(forecast(HEAVY))
    await client.work()
    await approve_open(client, await client.account(Role.COMMANDER))
    clock.advance_to(NOW + timedelta(days=30))
    await asyncio.gather(*(tick(runtime) for _ in range(5)))
    await drained(client, runtime)
    assert len(await entries(runtime, "warning.active")) == 1
    async with runtime.unit() as uow:
        assert await uow.fetchval("SELECT count(*) FROM due WHERE done_at IS NULL AND due_at <= $1", clock.now()) == 0
        assert await uow.fetchval("SELECT max(n) FROM (SELECT count(*) AS n FROM due GROUP BY schedule, due_at) one") == 1
    await books_agree(runtime)


async def test_a_node_whose_clock_is_behind_does_nothing_early_and_nothing_twice(
    client: Client, runtime: Runtime, clock: ManualClock
) -> None:
    behind = Runtime(runtime.settings, Database(runtime.database.address), runtime.law)
    behind.set_clock(ManualClock(NOW - timedelta(hours=6)))
    behind.channels = recording_channels()
    await chained(client, TWO)
    clock.advance_to(NOW + timedelta(hours=2))
    try:
        for _ in range(3):
            await asyncio.gather(tick(runtime), tick(behind))
            await client.work()
    finally:
        await behind.close()
    assert len(await entries(runtime, "proposal.escalated")) == 1
    await books_agree(runtime)


async def test_a_ticker_that_stands_still_in_its_transaction_keeps_nobody_waiting_for_long(runtime: Runtime) -> None:
    """The database ends the transaction of a process that is paused, so that others need not wait for it."""
    async with runtime.unit() as uow:
        allowed = "SELECT current_setting('idle_in_transaction_session_timeout')"
        assert await uow.fetchval(allowed) == "1min"
        await uow.computes_long()
        assert await uow.fetchval(allowed) == "5min"
        await uow.lock_division("110000")
        assert await uow.fetchval(allowed) == "20s"
        await uow.execute("SELECT set_config('idle_in_transaction_session_timeout', '50ms', true)")
        async with runtime.unit() as other:
            await other.lock_division("110000")  # waits until the database has ended the first
            assert await other.fetchval(allowed) == "20s"
        with pytest.raises((asyncpg.PostgresError, asyncpg.InterfaceError)):
            await uow.fetchval("SELECT 1")
    async with runtime.unit() as uow:
        assert await uow.fetchval(allowed) == "1min"


async def test_an_engine_that_stands_still_while_it_records_holds_its_deliveries_briefly(
    client: Client, runtime: Runtime, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What another node takes over when the lease ends is not kept from it by the transaction of the first."""
    await chained(client, TWO)
    held: list[str] = []
    claim = repository.claim

    async def watched(uow: UnitOfWork, *arguments: Any) -> list[Claim]:
        held.append(await uow.fetchval("SELECT current_setting('idle_in_transaction_session_timeout')"))
        return await claim(uow, *arguments)

    monkeypatch.setattr(repository, "claim", watched)
    await runtime.engine.work()
    assert set(held) == {"20s"}
