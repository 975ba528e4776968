"""The deployed topology as plain processes: two serve, two worker; some are killed, the rest goes on, nothing is lost or doubled."""

from __future__ import annotations

import asyncio
import itertools
import json
import random
from collections.abc import Awaitable, Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import pytest

from service.accounts.roles import Role
from service.kit.runtime import Runtime
from service.kit.signatures import headers
from service.ledger.flows import verify
from tests.faults.nodes import Nodes, Receiver
from tests.support import HEAVY, NOW, Client, forecast, listed

pytestmark = pytest.mark.faults
FORECASTS = 48
SERVES, WORKERS = ("serve-1", "serve-2"), ("worker-1", "worker-2")


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with Receiver() as found:
        yield found


@pytest.fixture
def nodes(database_address: str, tmp_path: Path) -> Iterator[Nodes]:
    made = Nodes(database_address, tmp_path)
    yield made
    made.stop()


async def eventually(look: Callable[[], Awaitable[Any]], what: str) -> Any:
    """What `look` finds within the backstop."""
    for _ in range(2400):
        found = await look()
        if found:
            return found
        await asyncio.sleep(0.1)
    raise AssertionError(f"waited minutes for {what}")


class Caller:
    """A patient caller of the nodes: asks one after the other until it is answered."""

    def __init__(self, nodes: Nodes) -> None:
        self.http = httpx.AsyncClient(timeout=5)
        self._turn = itertools.cycle([nodes.url(name) for name in SERVES])

    async def call(self, method: str, path: str, **arguments: Any) -> httpx.Response:
        for _ in range(2400):
            try:
                answer = await self.http.request(method, next(self._turn) + path, **arguments)
            except httpx.TransportError:
                await asyncio.sleep(0.05)
                continue
            if answer.status_code < 500:
                return answer
            await asyncio.sleep(0.05)
        raise AssertionError(f"{method} {path} was never answered")


def messages(runtime: Runtime) -> list[tuple[str, bytes]]:
    """Forecasts of as many cities, each with its webhook-id; Beijing's is heavy."""
    cities = [
        adcode for adcode in sorted(runtime.law.divisions) if adcode.endswith("00") and not adcode.endswith("0000")
    ]
    bodies = [forecast(HEAVY)] + [forecast([50.0] * 48, adcode=adcode) for adcode in cities[: FORECASTS - 1]]
    return [(f"msg_{number}", json.dumps(body).encode()) for number, body in enumerate(bodies)]


async def prepare(client: Client, runtime: Runtime, receiver: Receiver) -> dict[str, str]:
    """A simulated clock for all nodes, a list, two subscribers, a feed; returns the commander's headers."""
    async with runtime.unit() as uow:
        await uow.execute(
            "INSERT INTO clock (id, start, real_start, pace) VALUES (1, $1, $2, 1)", NOW, datetime.now(tz=UTC)
        )
        await uow.commit()
    await listed(runtime)
    runtime.settings.allow_private_targets = True
    commander = await client.account(Role.COMMANDER)
    for name in ("one", "two"):
        made = await client.http.post(
            "/api/v1/subscriptions", headers=commander, json={"url": f"{receiver.url}/{name}"}
        )
        assert made.status_code == 201
    await client.feed()
    return commander


async def post_all(client: Client, runtime: Runtime, caller: Caller, nodes: Nodes) -> None:
    """Post every forecast to alternating nodes while one of each kind is killed and started again."""
    order = random.Random(20161215)
    deaths = dict(zip(sorted(order.sample(range(5, FORECASTS - 5), 2)), (SERVES[0], WORKERS[0]), strict=True))
    for number, (message_id, body) in enumerate(messages(runtime)):
        if number in deaths:
            nodes.kill(deaths[number])
            nodes.start(deaths[number])
        signed = headers([client.secrets["feed"]], message_id, datetime.now(tz=UTC), body)
        answer = await caller.call("POST", "/api/v1/feeds/feed/forecasts", content=body, headers=signed)
        assert answer.status_code == 202, answer.text


async def approve(caller: Caller, commander: dict[str, str], nodes: Nodes) -> dict[str, Any]:
    """Approve the proposal for Beijing; a node and a worker die with the decision on its way."""

    async def proposed() -> Any:
        return (await caller.call("GET", "/api/v1/proposals?state=open", headers=commander)).json()["items"]

    proposal = (await eventually(proposed, "a proposal"))[0]
    deciding = asyncio.create_task(
        caller.call(
            "POST",
            f"/api/v1/proposals/{proposal['id']}/decision",
            headers=commander | {"idempotency-key": "decide-once"},
            json={"approve": True, "content_hash": proposal["content_hash"], "reason": "同意"},
        )
    )
    await asyncio.sleep(0.02)
    nodes.kill(SERVES[1], WORKERS[1])
    nodes.start(SERVES[1], WORKERS[1])
    answer = await deciding
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


async def all_done(runtime: Runtime) -> bool:
    async with runtime.unit() as uow:
        jobs = await uow.fetchval("SELECT count(*) FROM pgqueuer WHERE execute_after <= now()")
        waiting = await uow.fetchval("SELECT count(*) FROM ledger_pending")
        delivered = await uow.fetchval("SELECT count(*) FROM delivery WHERE state = 'done'")
    return bool(jobs == 0 and waiting == 0 and delivered == 2)


async def test_kills_lose_nothing_and_double_nothing(
    client: Client, runtime: Runtime, nodes: Nodes, receiver: Receiver
) -> None:
    commander = await prepare(client, runtime, receiver)
    nodes.start(*SERVES, *WORKERS)
    caller = Caller(nodes)
    try:
        await post_all(client, runtime, caller, nodes)
        decided = await approve(caller, commander, nodes)
        await eventually(lambda: all_done(runtime), "all jobs")
        await _nothing_lost(runtime, receiver, decided)
        site = (await caller.call("GET", "/public/warnings.json")).json()
        assert [warning["level"] for warning in site["warnings"]] == ["yellow"]
        await _cut_off(runtime)
        await _goes_on(client, runtime, caller)
    except AssertionError as error:
        raise AssertionError(f"{error}\n{nodes.logs()}") from error
    finally:
        await caller.http.aclose()


async def _nothing_lost(runtime: Runtime, receiver: Receiver, decided: dict[str, Any]) -> None:
    async with runtime.unit() as uow:
        for table in ("forecast", "receipt"):
            assert await uow.fetchval(f"SELECT count(*) FROM {table}") == FORECASTS
        assert await uow.fetchval("SELECT count(DISTINCT adcode) FROM assessment") == FORECASTS
        for table in ("decision", "warning", "warning_step", "response", "message", "notice"):
            assert await uow.fetchval(f"SELECT count(*) FROM {table}") == 1, table
        rows = await uow.fetch("SELECT subscription_id, message_id, state FROM delivery ORDER BY subscription_id")
    assert [row["state"] for row in rows] == ["done", "done"]
    assert [row["message_id"] for row in rows] == [f"step-{decided['step']}:{row['subscription_id']}" for row in rows]
    for path, row in zip(("/one", "/two"), rows, strict=True):
        assert set(receiver.heard[path]) == {row["message_id"]}
    connection = await runtime.database.connect()
    verdict = await verify(connection)
    await connection.close()
    assert verdict.whole, verdict


async def _cut_off(runtime: Runtime) -> None:
    """End every database connection of the nodes at once, as a failover does."""
    connection = await runtime.database.connect()
    await connection.execute(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database()"
        " AND pid <> pg_backend_pid() AND application_name = 'lantian'"
    )
    await connection.close()


async def _goes_on(client: Client, runtime: Runtime, caller: Caller) -> None:
    """After that the nodes still take a forecast, and a worker still assesses it."""
    body = json.dumps(forecast([70.0] * 48, adcode="650100")).encode()
    signed = headers([client.secrets["feed"]], "msg_after", datetime.now(tz=UTC), body)
    answer = await caller.call("POST", "/api/v1/feeds/feed/forecasts", content=body, headers=signed)
    assert answer.status_code == 202
    await runtime.database.close()

    async def assessed() -> Any:
        async with runtime.unit() as uow:
            return await uow.fetchval("SELECT count(*) FROM assessment WHERE adcode = '650100'")

    assert await eventually(assessed, "an assessment after all connections were lost") == 1
