"""`kill -9` at random instants in a running process tree, and a node that is paused beyond its lease: one effect for each decision."""

from __future__ import annotations

import asyncio
import json
import random
from collections.abc import Awaitable, Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from service.accounts.roles import Role
from service.kit.runtime import Runtime
from service.ledger.comparing import compare
from tests.faults.nodes import Nodes, Receiver
from tests.faults.test_topology import Caller, eventually, prepare
from tests.service.region_support import RED, enter, open_proposals, prompt_body
from tests.support import HEAVY, NOW, Client, approve_open, forecast

pytestmark = pytest.mark.faults
KILLS = 12
CITIES = sorted(RED)[:KILLS]
ALL = ("serve-1", "serve-2", "worker-1", "worker-2")


async def rows(runtime: Runtime, statement: str) -> list[Any]:
    async with runtime.unit() as uow:
        return await uow.fetch(statement)


async def quiet(runtime: Runtime, deliveries: int) -> bool:
    """Whether nothing is left to do."""
    (found,) = await rows(
        runtime,
        "SELECT (SELECT count(*) FROM pgqueuer WHERE execute_after <= now()) AS jobs,"
        " (SELECT count(*) FROM ledger_pending) AS pending,"
        " (SELECT count(*) FROM delivery WHERE state = 'done') AS done",
    )
    return (found["jobs"], found["pending"], found["done"]) == (0, 0, deliveries)


async def books_agree(runtime: Runtime) -> None:
    connection = await runtime.database.connect()
    try:
        found = await compare(connection, NOW + timedelta(hours=1))
    finally:
        await connection.close()
    assert found.whole, (found.verdict, found.faults, found.differences)


async def on_failure_the_logs(nodes: Nodes, course: Callable[[], Awaitable[None]]) -> None:
    try:
        await course()
    except AssertionError as error:
        raise AssertionError(f"{error}\n{nodes.logs()}") from error
    finally:
        nodes.stop()


async def test_twelve_kills_between_decide_commit_claim_send_and_record(
    client: Client, runtime: Runtime, database_address: str, tmp_path: Path
) -> None:
    chance = random.Random(12)
    nodes = Nodes(database_address, tmp_path)
    with Receiver(lambda: chance.uniform(0, 0.3)) as receiver:
        await on_failure_the_logs(nodes, lambda: _twelve_kills(client, runtime, nodes, receiver, chance))


async def _twelve_kills(
    client: Client, runtime: Runtime, nodes: Nodes, receiver: Receiver, chance: random.Random
) -> None:
    await prepare(client, runtime, receiver)
    commander = await client.account(Role.COMMANDER, "100000")
    for name in ("three", "four"):
        body = {"url": f"{receiver.url}/{name}"}
        assert (await client.http.post("/api/v1/subscriptions", headers=commander, json=body)).status_code == 201
    coordinator = await client.account(Role.COORDINATOR, "100000")
    await enter(client, coordinator, prompt_body(dict.fromkeys(CITIES, "red"), starts_at=(NOW + timedelta(hours=4)).isoformat()))
    proposals = await open_proposals(client, coordinator)
    nodes.start(*ALL)
    caller = Caller(nodes)

    async def decide(city: str) -> dict[str, Any]:
        answer = await caller.call(
            "POST",
            f"/api/v1/proposals/{proposals[city]['id']}/decision",
            headers=commander | {"idempotency-key": f"decide-{city}"},
            json={"approve": True, "content_hash": proposals[city]["content_hash"], "reason": "同意"},
        )
        assert answer.status_code == 200, answer.text
        found: dict[str, Any] = answer.json()
        return found

    victims = [*ALL * 3]
    chance.shuffle(victims)
    steps = []
    try:
        for city, victim in zip(CITIES, victims, strict=True):
            await eventually(lambda: _up(nodes), "a node that answers")
            deciding = asyncio.create_task(decide(city))
            await asyncio.sleep(chance.uniform(0, 0.6))
            nodes.kill(victim)
            nodes.start(victim)
            steps.append((await deciding)["step"])
        expected = await rows(runtime, "SELECT count(*) AS n FROM subscription")
        assert expected[0]["n"] == 4
        # those of Beijing's commander hear of Beijing only
        whole, some = 2 * KILLS, 2 * CITIES.count("110000")
        await eventually(lambda: quiet(runtime, whole + some), "all jobs")
    finally:
        await caller.http.aclose()
    assert len(set(steps)) == KILLS
    for table in ("decision", "warning_step", "response", "notice", "message"):
        (found,) = await rows(runtime, f"SELECT count(*) AS n FROM {table}")
        assert found["n"] == KILLS, table
    sent = await rows(runtime, "SELECT reason, target, message_id FROM delivery")
    assert len({(row["reason"], row["target"]) for row in sent}) == len(sent) == whole + some
    heard = [message for messages in receiver.heard.values() for message in messages]
    assert sorted(heard) == sorted(row["message_id"] for row in sent)  # none lost; what came again came under its id
    await books_agree(runtime)


async def _up(nodes: Nodes) -> bool:
    return all(process.poll() is None for process in nodes.processes.values())


async def both_done(runtime: Runtime) -> list[Any] | None:
    """The two deliveries of a decision as they stand when both are done."""
    found = await rows(runtime, "SELECT id, attempts, done_at FROM delivery WHERE state = 'done' ORDER BY id")
    return found if len(found) == 2 else None


async def test_a_node_paused_beyond_its_lease_changes_nothing_when_it_goes_on(
    client: Client, runtime: Runtime, database_address: str, tmp_path: Path
) -> None:
    nodes = Nodes(database_address, tmp_path)
    with Receiver(hold_first=True) as receiver:
        await on_failure_the_logs(nodes, lambda: _paused(client, runtime, nodes, receiver))


async def _first_call(client: Client, runtime: Runtime, nodes: Nodes, receiver: Receiver) -> None:
    """A decision, and a worker that has begun to tell of it."""
    commander = await prepare(client, runtime, receiver)
    assert (await client.deliver(forecast(HEAVY))).status_code == 202
    await client.work()
    await approve_open(client, commander)
    nodes.start("worker-1")

    async def called() -> bool:
        return receiver.arrived.is_set()

    await eventually(called, "the first call")


async def _paused(client: Client, runtime: Runtime, nodes: Nodes, receiver: Receiver) -> None:
    await _first_call(client, runtime, nodes, receiver)
    nodes.pause("worker-1")
    nodes.start("worker-2")
    before = await eventually(lambda: both_done(runtime), "the other node's deliveries")
    assert max(row["attempts"] for row in before) == 2
    nodes.go_on("worker-1")
    receiver.release.set()

    async def late() -> Any:
        return await rows(runtime, "SELECT content FROM ledger_entry WHERE kind = 'delivery.late'")

    tried = {row["id"]: row["attempts"] for row in before}
    for entry in await eventually(late, "the late result on the ledger"):
        # on a starved machine the other node may have been late as well, with an attempt before the one that counts
        assert all(attempt < tried[delivery] for delivery, attempt, _ in json.loads(entry["content"])["deliveries"])
    assert await both_done(runtime) == before
    assert {path: len(messages) for path, messages in receiver.heard.items()} == {"/one": 1, "/two": 1}
    await eventually(lambda: quiet(runtime, 2), "all jobs")
    await books_agree(runtime)


async def test_a_node_paused_while_it_records_keeps_its_deliveries_from_nobody_for_long(
    client: Client, runtime: Runtime, database_address: str, tmp_path: Path
) -> None:
    nodes = Nodes(database_address, tmp_path)
    with Receiver(lambda: 0.5) as receiver:
        await on_failure_the_logs(nodes, lambda: _paused_recording(client, runtime, nodes, receiver))


async def _paused_recording(client: Client, runtime: Runtime, nodes: Nodes, receiver: Receiver) -> None:
    await _first_call(client, runtime, nodes, receiver)

    async def waits() -> Any:
        return await rows(
            runtime, "SELECT 1 FROM pg_locks WHERE relation = 'ledger_pending'::regclass AND NOT granted"
        )

    async with runtime.unit() as uow:  # what the node records has its rows locked by now, and waits for the ledger
        await uow.execute("LOCK TABLE ledger_pending IN SHARE MODE")
        await eventually(waits, "a node that records")
        nodes.pause("worker-1")
    nodes.start("worker-2")
    before = await eventually(lambda: both_done(runtime), "the other node's deliveries")
    nodes.go_on("worker-1")
    await eventually(lambda: quiet(runtime, 2), "all jobs")
    assert await both_done(runtime) == before
    assert {path: len(messages) for path, messages in receiver.heard.items()} == {"/one": 1, "/two": 1}
    await books_agree(runtime)
