"""What the tests of approvals share: a plan with a chain for Beijing, people who sign, and what the books say then."""

from __future__ import annotations

import itertools
import json
from typing import Any

import httpx

from alerts.plans import Plan
from service.accounts.roles import Role
from service.kit.runtime import Runtime
from tests.service.guarding import ORDER
from tests.support import HEAVY, Client, forecast

PROPOSALS = "/api/v1/proposals"
TWO = [
    {"role": "office_director", "within_hours": 2, "escalates_to": ["deputy_commander"]},
    {"role": "deputy_commander", "within_hours": 2, "escalates_to": ["commander"]},
]
"""The chain of Taiyuan's plan of 2019 for yellow and orange."""


_numbers = itertools.count(1)
"""Plans are remembered by their ids: each has one of its own."""


def put_in_force(runtime: Runtime, signatures: list[dict[str, Any]]) -> None:
    """Give Beijing a plan whose yellow, orange and red are signed in this order; one put in force later replaces it."""
    levels, plan_id = ("yellow", "orange", "red"), f"chain-{next(_numbers)}"
    plan = Plan.model_validate(
        {
            "id": plan_id,
            "adcode": "110000",
            "version": plan_id,
            "title": "预案",
            "in_force": {"from": "2016-01-01", "until": None},
            "signatures": dict.fromkeys(levels, signatures),
            "references": {"signatures": "x"},
        }
    )
    others = {name: one for name, one in runtime.law.plans.items() if not name.startswith("chain-")}
    runtime.law = runtime.law.model_copy(update={"plans": {plan_id: plan} | others})


class People:
    """One account for each role of the chain, in Beijing."""

    def __init__(self, client: Client) -> None:
        self.client = client
        self._known: dict[Role, dict[str, str]] = {}

    async def __call__(self, role: Role) -> dict[str, str]:
        """The headers of the account with this role."""
        if role not in self._known:
            self._known[role] = await self.client.account(role)
        return self._known[role]


async def chained(client: Client, signatures: list[dict[str, Any]] | None = None) -> dict[str, Any]:
    """Beijing with one open proposal (yellow) under a chain; returns it as the API shows it to a commander."""
    put_in_force(client.runtime, TWO if signatures is None else signatures)
    await client.feed()
    assert (await client.deliver(forecast(HEAVY))).status_code == 202
    await client.work()
    return await only(client, await client.account(Role.INSPECTOR))


async def only(client: Client, who: dict[str, str]) -> dict[str, Any]:
    """The only open proposal."""
    items: list[dict[str, Any]] = (await client.http.get(f"{PROPOSALS}?state=open", headers=who)).json()["items"]
    assert len(items) == 1
    return items[0]


async def sign(
    client: Client, who: dict[str, str], proposal: dict[str, Any], *, approve: bool = True, **more: Any
) -> httpx.Response:
    """Sign or reject."""
    body = {"approve": approve, "content_hash": proposal["content_hash"], "reason": "同意"} | more
    return await client.http.post(f"{PROPOSALS}/{proposal['id']}/decision", headers=who, json=body)


async def read(client: Client, who: dict[str, str], proposal: dict[str, Any]) -> dict[str, Any]:
    """The proposal as it stands."""
    answer = await client.http.get(f"{PROPOSALS}/{proposal['id']}", headers=who)
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


async def count(runtime: Runtime, *tables: str) -> dict[str, int]:
    """Rows of tables."""
    async with runtime.unit() as uow:
        return {table: await uow.fetchval(f"SELECT count(*) FROM {table}") for table in tables}


async def told(runtime: Runtime) -> list[tuple[str, list[str], str]]:
    """Kind, roles and reason of everything that people were told, oldest first."""
    async with runtime.unit() as uow:
        rows = await uow.fetch("SELECT kind, roles, reason FROM inbox_message ORDER BY id")
    return [(row["kind"], list(row["roles"]), row["reason"]) for row in rows]


async def entries(runtime: Runtime, kind: str) -> list[dict[str, Any]]:
    """What the ledger says of a kind, oldest first."""
    async with runtime.unit() as uow:
        rows = await uow.fetch("SELECT content FROM ledger_entry WHERE kind = $1 ORDER BY id", kind)
    return [json.loads(row["content"]) for row in rows]


async def by_hand(client: Client, who: dict[str, str]) -> dict[str, Any]:
    """Red proposed for Beijing on the order of a higher authority."""
    body = {"adcode": "110000", "to": "red", "reason": "upper_order", "explanation": "上级要求"} | ORDER
    answer = await client.http.post(PROPOSALS, headers=who, json=body)
    assert answer.status_code == 201, answer.text
    found: dict[str, Any] = answer.json()
    return found
