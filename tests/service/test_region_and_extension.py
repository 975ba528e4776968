"""A prompt reaches places of whose air nothing is known, and an extension before the start moves no start."""

from __future__ import annotations

from datetime import datetime, timedelta

from service.accounts.roles import Role
from service.kit.clock import SHANGHAI, ManualClock
from service.kit.runtime import Runtime
from tests.support import HEAVY, Client, approve_open, forecast, listed


class TestPrompt:
    async def test_every_division_of_it_gets_a_proposal_with_the_common_start(self, client: Client) -> None:
        coordinator = await client.account(Role.COORDINATOR, "100000")
        commander = await client.account(Role.COMMANDER, "100000")
        body = {
            "region": "jingjinji-2015",
            "document": "区域预警提示（测试）",
            "basis": "预报将出现重污染过程",
            "starts_at": "2016-12-16T20:00:00+08:00",
            "entries": [
                {"adcode": "130200", "level": "red"},
                {"adcode": "131000", "level": "red"},
                {"adcode": "370100", "level": "orange"},
            ],
        }
        answer = await client.http.post("/api/v1/prompts", headers=coordinator, json=body)
        assert answer.status_code == 201, answer.text
        await client.work()
        found = (await client.http.get("/api/v1/proposals?state=open", headers=commander)).json()["items"]
        assert {(item["adcode"], item["to"], item["reason"]) for item in found} == {
            ("130200", "red", "regional_prompt"),
            ("131000", "red", "regional_prompt"),
            ("370100", "orange", "regional_prompt"),
        }
        assert {item["effective_at"] for item in found} == {"2016-12-16T20:00:00+08:00"}
        board = (await client.http.get(f"/api/v1/prompts/{answer.json()['id']}", headers=coordinator)).json()
        assert [line["decided_level"] for line in board["divisions"]] == [None, None, None]

    async def test_a_division_named_twice_is_refused(self, client: Client) -> None:
        coordinator = await client.account(Role.COORDINATOR, "100000")
        entry = {"adcode": "130200", "level": "red"}
        body = {
            "region": "jingjinji-2015",
            "document": "x",
            "basis": "x",
            "starts_at": "2016-12-16T20:00:00+08:00",
            "entries": [entry, entry],
        }
        answer = await client.http.post("/api/v1/prompts", headers=coordinator, json=body)
        assert answer.status_code == 422


class TestExtension:
    async def test_before_the_start_it_moves_no_start(
        self, client: Client, runtime: Runtime, clock: ManualClock
    ) -> None:
        uscc = await listed(runtime)
        commander = await client.account(Role.COMMANDER)
        await client.feed()
        await client.deliver(forecast(HEAVY))
        await client.work()
        await approve_open(client, commander)
        later = clock.now() + timedelta(hours=3)
        clock.advance_to(later)
        longer = [60.0] * 28 + [180.0] * 96 + [40.0] * 40
        await client.deliver(forecast(longer, issued=later))
        await client.work()
        extended = await approve_open(client, commander)
        assert (extended["action"], extended["effective_at"]) == ("extend", "2016-12-17T00:00:00+08:00")
        answer = await client.http.get(f"/api/v1/enterprises/{uscc}/requirements", headers=commander)
        assert answer.json()["status"] == "no_response"
        assert answer.json()["next"]["response"]["effective_at"] == "2016-12-17T00:00:00+08:00"
        clock.advance_to(datetime(2016, 12, 17, tzinfo=SHANGHAI))
        answer = await client.http.get(f"/api/v1/enterprises/{uscc}/requirements", headers=commander)
        assert answer.json()["response"]["level"] == "yellow"
        async with runtime.unit() as uow:
            rows = await uow.fetch(
                "SELECT starts_at, ends_at FROM response WHERE ends_at IS NULL OR ends_at > starts_at"
            )
        assert len(rows) == 1
