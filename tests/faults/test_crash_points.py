"""`kill -9` between any two steps, from the webhook to the last delivery: nothing is lost and nothing happens twice."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from service.accounts.roles import Role
from service.kit.runtime import Runtime
from service.kit.signatures import headers
from service.ledger.flows import seal, verify
from tests.faults.crashing import Site, job_until_through, request_until_through
from tests.support import HEAVY, Client, forecast, listed

pytestmark = pytest.mark.faults
ONE_EACH = (
    "forecast",
    "receipt",
    "assessment",
    "proposal",
    "decision",
    "warning",
    "warning_step",
    "response",
    "message",
    "notice",
    "mailing",
    "circular",
)


@pytest.fixture
def site(runtime: Runtime, tmp_path: Path) -> Site:
    return Site(runtime.database.address, str(tmp_path))


async def counts(runtime: Runtime, *tables: str) -> dict[str, int]:
    async with runtime.unit() as uow:
        return {table: await uow.fetchval(f"SELECT count(*) FROM {table}") for table in tables}


async def ledger_kinds(runtime: Runtime) -> dict[str, int]:
    async with runtime.unit() as uow:
        rows = await uow.fetch("SELECT kind, count(*) AS entries FROM ledger_entry GROUP BY kind")
    return {row["kind"]: row["entries"] for row in rows}


async def told(runtime: Runtime) -> dict[str, int]:
    """How many messages of each kind people have in their inboxes."""
    async with runtime.unit() as uow:
        rows = await uow.fetch("SELECT kind, count(*) AS messages FROM inbox_message GROUP BY kind")
    return {row["kind"]: row["messages"] for row in rows}


async def recorded(runtime: Runtime, kind: str) -> int:
    """How many deliveries the entries of a kind name."""
    async with runtime.unit() as uow:
        rows = await uow.fetch("SELECT content FROM ledger_entry WHERE kind = $1", kind)
    return sum(len(json.loads(row["content"])["deliveries"]) for row in rows)


def signed_post(client: Client, body: Any) -> dict[str, Any]:
    content = json.dumps(body).encode()
    signed = headers([client.secrets["feed"]], "msg_crash", datetime.now(tz=UTC), content)
    return {"method": "POST", "url": "/api/v1/feeds/feed/forecasts", "content": content, "headers": signed}


async def test_killed_at_every_step_of_the_chain(client: Client, runtime: Runtime, site: Site) -> None:
    await listed(runtime)
    commander = await client.account(Role.COMMANDER)
    runtime.settings.allow_private_targets = True
    for number in (1, 2):
        made = await client.http.post(
            "/api/v1/subscriptions", headers=commander, json={"url": f"http://127.0.0.1:9/{number}"}
        )
        assert made.status_code == 201
    await client.feed()

    post = signed_post(client, forecast(HEAVY))
    assert request_until_through(site, **post) >= 6
    again = await client.http.request(**post)
    assert again.status_code == 202
    assert await counts(runtime, "forecast", "receipt", "pgqueuer") == {"forecast": 1, "receipt": 1, "pgqueuer": 1}

    assert job_until_through(site, "assess") >= 15
    proposals = (await client.http.get("/api/v1/proposals?state=open", headers=commander)).json()["items"]
    assert len(proposals) == 1

    decision = {
        "method": "POST",
        "url": f"/api/v1/proposals/{proposals[0]['id']}/decision",
        "headers": commander | {"idempotency-key": "decide"},
        "json": {"approve": True, "content_hash": proposals[0]["content_hash"], "reason": "同意"},
    }
    assert request_until_through(site, **decision) >= 25
    replayed = await client.http.request(**decision)
    assert (replayed.status_code, replayed.headers["idempotent-replay"]) == (200, "true")

    assert job_until_through(site, "fan_out") >= 7
    assert job_until_through(site, "deliver") >= 6
    assert job_until_through(site, "publish") >= 4
    assert job_until_through(site, "mail_out") >= 2
    assert job_until_through(site, "tell_people") >= 8

    assert await told(runtime) == {"proposal": 1, "neighbour": 5, "upper": 1, "task": 1}
    assert await counts(runtime, *ONE_EACH, "delivery") == dict.fromkeys(ONE_EACH, 1) | {"delivery": 2}
    once = (
        "forecasts.received",
        "assessment.made",
        "proposal.made",
        "decision.approved",
        "warning.issue",
        "delivery.queued",
    )
    kinds = await ledger_kinds(runtime)
    assert {kind: kinds[kind] for kind in once} == dict.fromkeys(once, 1)
    assert await recorded(runtime, "delivery.done") == 2
    sent = (Path(site.folder) / "sent.txt").read_text().split("\n")[:-1]
    step = replayed.json()["step"]
    assert sorted(set(sent)) == [f"http://127.0.0.1:9/{number} step-{step}:{number}" for number in (1, 2)]
    announced = (await client.http.get("/public/warnings.json")).json()
    assert [warning["level"] for warning in announced["warnings"]] == ["yellow"]
    async with runtime.unit() as uow:
        assert [row["entrypoint"] for row in await uow.fetch("SELECT entrypoint FROM pgqueuer")] == []
    await seal(runtime)
    connection = await runtime.database.connect()
    assert (await verify(connection)).whole
    await connection.close()
