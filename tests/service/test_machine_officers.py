"""Fifty officers at once: each proposal is decided once, everybody else is told why not, nobody waits for a connection in vain."""

from __future__ import annotations

import asyncio
import random
from collections import Counter
from datetime import timedelta
from typing import Any

import httpx
import pytest

from alerts.levels import Level
from service.accounts.roles import Role
from service.kit.runtime import Runtime
from service.ledger.comparing import compare
from tests.service.approving import TWO, chained, count, sign
from tests.service.region_support import RED, enter, open_proposals, prompt_body
from tests.support import NOW, Client, listed

OFFICERS = 50
CITIES = sorted(RED)[:20]


async def officers(client: Client, role: Role, adcode: str = "110000", number: int = OFFICERS) -> list[dict[str, str]]:
    return [await client.account(role, adcode) for _ in range(number)]


async def books_agree(runtime: Runtime) -> None:
    connection = await runtime.database.connect()
    try:
        found = await compare(connection, runtime.clock.now())
    finally:
        await connection.close()
    assert found.whole, (found.faults, found.differences)


def refused(answer: httpx.Response) -> str:
    """The problem's code; every refusal says what to do."""
    body = answer.json()
    assert answer.status_code == 409, answer.text
    assert len(body["detail"]) > 20, body
    return str(body["type"])


async def test_on_one_proposal(client: Client, runtime: Runtime) -> None:
    await listed(runtime)
    proposal = await chained(client, [{"role": "commander", "within_hours": 2}])
    people = await officers(client, Role.COMMANDER)
    answers = await asyncio.gather(
        *(sign(client, who, proposal, approve=number % 3 > 0) for number, who in enumerate(people))
    )
    taken = [answer for answer in answers if answer.status_code == 200]
    assert len(taken) == 1
    for answer in answers:
        if answer is not taken[0]:
            refused(answer)
    steps = int(taken[0].json()["approved"])
    assert await count(runtime, "decision", "warning_step", "response", "notice", "message") == {
        "decision": 1, "warning_step": steps, "response": steps, "notice": steps, "message": steps,
    }  # fmt: skip
    await books_agree(runtime)


async def test_on_the_signatures_of_one_chain(client: Client, runtime: Runtime) -> None:
    proposal = await chained(client, TWO)
    directors = await officers(client, Role.OFFICE_DIRECTOR, number=OFFICERS // 2)
    deputies = await officers(client, Role.DEPUTY_COMMANDER, number=OFFICERS // 2)
    for _ in range(2):  # a deputy who comes before the office is refused, and tries again
        answers = await asyncio.gather(*(sign(client, who, proposal) for who in (*directors, *deputies)))
        assert {answer.status_code for answer in answers} <= {200, 403, 409}
    assert await count(runtime, "signature", "decision", "warning_step") == {"signature": 2, "decision": 1, "warning_step": 1}
    await books_agree(runtime)


async def test_on_twenty_proposals_of_neighbours(client: Client, runtime: Runtime) -> None:
    coordinator = await client.account(Role.COORDINATOR, "100000")
    body = prompt_body(dict.fromkeys(CITIES, "red"), starts_at=(NOW + timedelta(hours=4)).isoformat())
    await enter(client, coordinator, body)
    proposals = await open_proposals(client, coordinator)
    assert sorted(proposals) == CITIES
    people = await officers(client, Role.COMMANDER, "100000")
    order = random.Random(50)

    async def go_round(who: dict[str, str], number: int) -> list[int]:
        mine = [proposals[CITIES[number % 20]], *(proposals[city] for city in order.sample(CITIES, 5))]
        return [(await sign(client, who, proposal)).status_code for proposal in mine]

    async def watch() -> None:
        while not done.is_set():
            await client.work()

    done = asyncio.Event()
    jobs = asyncio.create_task(watch())
    statuses = Counter(
        status for found in await asyncio.gather(*(go_round(who, n) for n, who in enumerate(people))) for status in found
    )
    done.set()
    await jobs
    assert statuses == {200: 20, 409: 6 * OFFICERS - 20}
    assert await count(runtime, "decision", "warning_step", "circular") == dict.fromkeys(("decision", "warning_step", "circular"), 20)
    await books_agree(runtime)
    async with runtime.unit() as uow:
        twice = await uow.fetchval("SELECT count(*) - count(DISTINCT reason) FROM inbox_message")
        reds = await uow.fetchval("SELECT count(*) FROM warning WHERE level = $1", int(Level.RED))
    assert (twice, reds) == (0, 20)


@pytest.mark.parametrize("size", [2])
async def test_more_officers_than_connections(client: Client, runtime: Runtime, size: int) -> None:
    """With a pool of two nobody holds one connection while waiting for another: fifty get their answers."""
    proposal = await chained(client, [{"role": "commander", "within_hours": 2}])
    people = await officers(client, Role.COMMANDER)
    await runtime.database.close()
    runtime.database._size = size
    reads = ["/api/v1/proposals", f"/api/v1/proposals/{proposal['id']}", "/api/v1/warnings", "/duty", "/region"]

    async def read_and_sign(number: int, who: dict[str, str]) -> Any:
        page = await client.http.get(reads[number % len(reads)], headers=who)
        return page.status_code, (await sign(client, who, proposal)).status_code

    answers = await asyncio.gather(*(read_and_sign(number, who) for number, who in enumerate(people)))
    assert {page for page, _ in answers} <= {200, 303, 404}
    assert Counter(signed for _, signed in answers) == {200: 1, 409: OFFICERS - 1}


