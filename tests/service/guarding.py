"""What the tests of the guard share: situations in Beijing, proposals by hand, and what stands on the ledger."""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from typing import Any

import httpx

from service.kit.clock import SHANGHAI, ManualClock
from service.kit.runtime import Runtime
from tests.support import HEAVY, NOW, Client, approve_open, forecast, hours

PROPOSALS = "/api/v1/proposals"
DEVIATIONS = "/api/v1/deviations"
ORDER = {"ground": "upper_order", "legal_basis": "京政办〔2016〕1号"}
"""What an order of a higher authority needs."""
CONSULTED = {"ground": "consultation", "legal_basis": "12月15日会商纪要"}
CLEAN = [60.0] * 120
EFFECTS = ("decision", "warning", "warning_step", "response", "message", "notice", "delivery")
LATE = datetime(2016, 12, 20, 2, tzinfo=SHANGHAI)
"""Two hours after the heavy days of HEAVY."""


async def heard(client: Client, values: list[float]) -> None:
    """A forecast of these hours arrives and is assessed."""
    if "feed" not in client.secrets:
        await client.feed()
    issued = client.runtime.clock.now()
    assert (await client.deliver(forecast(values, issued=issued))).status_code == 202
    await client.work()


async def warned(client: Client, commander: dict[str, str]) -> dict[str, Any]:
    """Yellow is issued for Beijing as assessed, from the second midnight to 20 December 00:00."""
    await heard(client, HEAVY)
    return await approve_open(client, commander)


async def cleared(client: Client, clock: ManualClock) -> dict[str, Any]:
    """The heavy days are over, the air is clean and stays so; the one open proposal is to lift."""
    clock.advance_to(LATE)
    past = HEAVY[: int((LATE - NOW) / timedelta(hours=1))]
    observed = {
        "type": "observation.reported",
        "timestamp": LATE.isoformat(),
        "data": {"adcode": "110000", "points": hours(NOW, past)},
    }
    assert (await client.deliver(observed, kind="observations")).status_code == 202
    await heard(client, [40.0] * 72)
    (found,) = await open_ones(client)
    assert (found["action"], found["from"], found["to"]) == ("lift", "yellow", "none")
    return found


async def open_ones(client: Client) -> list[dict[str, Any]]:
    async with client.runtime.unit() as uow:
        rows = await uow.fetch("SELECT * FROM proposal WHERE state = 'open' ORDER BY id")
    return [
        dict(row)
        | {"content": json.loads(row["content"])}
        | {name: json.loads(row["content"])[name] for name in ("from", "to")}
        for row in rows
    ]


async def wish(client: Client, who: dict[str, str], to: str, **more: Any) -> httpx.Response:
    """Propose by hand; without a word on the reason, for one that fits the ground."""
    reason = "upper_order" if more.get("ground", "upper_order") == "upper_order" else "criteria_met"
    body = {"adcode": "110000", "to": to, "reason": reason, "explanation": "说明理由"} | more
    return await client.http.post(PROPOSALS, headers=who, json=body)


async def say(
    client: Client, who: dict[str, str], proposal: dict[str, Any], approve: bool, **more: Any
) -> httpx.Response:
    """Decide on a proposal."""
    body = {"approve": approve, "content_hash": proposal["content_hash"], "reason": "理由"} | more
    return await client.http.post(f"{PROPOSALS}/{proposal['id']}/decision", headers=who, json=body)


async def entries(runtime: Runtime, kind: str) -> list[dict[str, Any]]:
    """What the ledger says of a kind, oldest first."""
    async with runtime.unit() as uow:
        rows = await uow.fetch("SELECT content FROM ledger_entry WHERE kind = $1 ORDER BY id", kind)
    return [json.loads(row["content"]) for row in rows]


async def effects(runtime: Runtime) -> dict[str, int]:
    async with runtime.unit() as uow:
        return {table: await uow.fetchval(f"SELECT count(*) FROM {table}") for table in EFFECTS}


async def deviations(client: Client, who: dict[str, str], query: str = "") -> list[dict[str, Any]]:
    answer = await client.http.get(DEVIATIONS + query, headers=who)
    assert answer.status_code == 200, answer.text
    found: list[dict[str, Any]] = answer.json()["items"]
    return found


def refused(answer: httpx.Response, kind: str, lack: str = "ground_missing") -> dict[str, Any]:
    """The problem document of a refused deviation."""
    assert answer.status_code == 422, answer.text
    body: dict[str, Any] = answer.json()
    assert (body["type"], body["kind"], body["lack"]) == ("urn:lantian:problem:deviation-refused", kind, lack)
    return body
