"""Which list a response follows: the one that the decision named, and it must still be in force when it is decided."""

from __future__ import annotations

from typing import Any

from service.accounts.roles import Role
from service.kit.runtime import Runtime
from tests.support import HEAVY, Client, approve_open, forecast, listed


async def open_one(client: Client, who: dict[str, str]) -> dict[str, Any]:
    (found,) = (await client.http.get("/api/v1/proposals?state=open", headers=who)).json()["items"]
    return dict(found)


class TestThePinnedList:
    async def test_a_new_list_between_proposal_and_decision_asks_for_a_new_proposal(
        self, runtime: Runtime, client: Client
    ) -> None:
        commander = await client.account(Role.COMMANDER)
        await client.feed()
        await listed(runtime)
        await client.deliver(forecast(HEAVY))
        await client.work()
        old = await open_one(client, commander)
        await listed(runtime, enterprises=15)
        answer = await client.http.post(
            f"/api/v1/proposals/{old['id']}/decision",
            headers=commander,
            json={"approve": True, "content_hash": old["content_hash"], "reason": "同意"},
        )
        assert (answer.status_code, answer.json()["type"]) == (409, "urn:lantian:problem:conflict")
        assert "清单已变更" in answer.json()["detail_zh"]
        await client.work()
        assert (await open_one(client, commander))["id"] != old["id"]
        await approve_open(client, commander)
        async with runtime.unit() as uow:
            active = await uow.fetchval("SELECT id FROM list_version WHERE state = 'active'")
            assert await uow.fetchval("SELECT list_version_id FROM response") == active

    async def test_a_new_list_does_not_touch_a_running_response(self, runtime: Runtime, client: Client) -> None:
        commander = await client.account(Role.COMMANDER)
        await client.feed()
        await listed(runtime)
        await client.deliver(forecast(HEAVY))
        await client.work()
        await approve_open(client, commander)
        async with runtime.unit() as uow:
            pinned = await uow.fetchval("SELECT list_version_id FROM response")
        await listed(runtime, enterprises=15)
        async with runtime.unit() as uow:
            assert await uow.fetchval("SELECT list_version_id FROM response") == pinned
            assert await uow.fetchval("SELECT state FROM list_version WHERE id = $1", pinned) == "superseded"
