"""The whole chain over HTTP: a signed forecast becomes a requirement, and lifting ends it."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from service.accounts.roles import Role
from service.kit.clock import SHANGHAI, ManualClock
from service.kit.jobs import tick
from service.kit.runtime import Runtime
from service.ledger.flows import seal, verify
from tests.support import HEAVY, Client, approve_open, forecast, hours, listed


class TestFromForecastToRequirement:
    async def test_the_chain(self, client: Client, runtime: Runtime, clock: ManualClock) -> None:
        uscc = await listed(runtime)
        commander = await client.account(Role.COMMANDER)
        enterprise = await client.account(Role.ENTERPRISE, uscc=uscc)
        await client.feed()
        address = f"/api/v1/enterprises/{uscc}/requirements"

        before = await client.http.get(address, headers=enterprise)
        assert before.json()["status"] == "no_response"

        assert (await client.deliver(forecast(HEAVY))).status_code == 202
        await client.work()
        decided = await approve_open(client, commander)
        assert (decided["to"], decided["effective_at"]) == ("yellow", "2016-12-17T00:00:00+08:00")
        assert decided["reason"] == "criteria_met"

        ahead = (await client.http.get(address, headers=enterprise)).json()
        assert ahead["status"] == "no_response"
        assert ahead["next"]["response"]["level"] == "yellow"

        clock.advance_to(datetime(2016, 12, 17, tzinfo=SHANGHAI))
        during = await client.http.get(address, headers=enterprise)
        assert during.json()["response"]["level"] == "yellow"
        assert during.json()["lines"]
        again = await client.http.get(address, headers={**enterprise, "if-none-match": during.headers["etag"]})
        assert again.status_code == 304
        past = await client.http.get(address, headers=enterprise, params={"at": "2016-12-16 12:00"})
        assert past.json()["status"] == "no_response"

    async def test_everything_is_on_a_whole_ledger(self, client: Client, runtime: Runtime) -> None:
        commander = await client.account(Role.COMMANDER)
        await client.feed()
        await client.deliver(forecast(HEAVY))
        await client.work()
        await approve_open(client, commander)
        await client.work()
        await seal(runtime)
        connection = await runtime.database.connect()
        verdict = await verify(connection)
        kinds = {row["kind"] for row in await connection.fetch("SELECT kind FROM ledger_entry")}
        await connection.close()
        assert verdict.whole
        assert {"forecasts.received", "assessment.made", "proposal.made", "decision.approved", "warning.issue"} <= kinds

    async def test_lifting_ends_the_requirement(self, client: Client, runtime: Runtime, clock: ManualClock) -> None:
        uscc = await listed(runtime)
        commander = await client.account(Role.COMMANDER)
        await client.feed()
        await client.deliver(forecast(HEAVY))
        await client.work()
        await approve_open(client, commander)
        late = datetime(2016, 12, 20, 2, tzinfo=SHANGHAI)
        clock.advance_to(late)
        start = datetime(2016, 12, 15, 17, tzinfo=SHANGHAI)
        observed = {
            "type": "observation.reported",
            "timestamp": late.isoformat(),
            "data": {"adcode": "110000", "points": hours(start, HEAVY[: int((late - start) / timedelta(hours=1))])},
        }
        assert (await client.deliver(observed, kind="observations")).status_code == 202
        assert (await client.deliver(forecast([40.0] * 72, issued=late))).status_code == 202
        await client.work()
        lifted = await approve_open(client, commander)
        assert (lifted["action"], lifted["to"]) == ("lift", "none")
        clock.advance_to(datetime(2016, 12, 20, 23, tzinfo=SHANGHAI))
        await tick(runtime)
        await client.work()
        answer = await client.http.get(f"/api/v1/enterprises/{uscc}/requirements", headers=commander)
        assert answer.json()["status"] == "no_response"
        open_ones = await client.http.get("/api/v1/proposals?state=open", headers=commander)
        assert open_ones.json()["items"] == []
        live = await client.http.get("/api/v1/warnings?live=true", headers=commander)
        assert live.json()["items"] == []


class TestPublication:
    async def test_only_what_is_decided_reaches_the_public(self, client: Client, runtime: Runtime) -> None:
        commander = await client.account(Role.COMMANDER)
        await client.feed()
        await client.deliver(forecast(HEAVY))
        await client.work()
        await tick(runtime)
        await client.work()
        proposed = (await client.http.get("/public/warnings.json")).json()
        assert proposed["warnings"] == []
        await approve_open(client, commander)
        await client.work()
        announced = (await client.http.get("/public/warnings.json")).json()
        assert [warning["level"] for warning in announced["warnings"]] == ["yellow"]
        assert announced["warnings"][0]["phase"] == "announced"
        cap = await client.http.get(announced["warnings"][0]["steps"][0]["cap"].removeprefix("http://127.0.0.1:8000"))
        assert cap.headers["content-type"].startswith("application/cap+xml")
        assert b"<status>Exercise</status>" in cap.content


@pytest.mark.parametrize("role", [Role.DUTY_OFFICER, Role.COMMANDER])
async def test_the_response_pins_the_list_of_its_start(client: Client, runtime: Runtime, role: Role) -> None:
    await listed(runtime)
    officer = await client.account(role)
    await client.feed()
    await client.deliver(forecast(HEAVY))
    await client.work()
    await approve_open(client, officer)
    await listed(runtime, enterprises=15)
    async with runtime.unit() as uow:
        pinned = await uow.fetchval("SELECT list_version_id FROM response")
        active = await uow.fetchval("SELECT id FROM list_version WHERE state = 'active'")
    assert pinned is not None
    assert pinned != active


async def test_a_blue_warning_asks_nothing_of_an_enterprise(client: Client, runtime: Runtime, clock: ManualClock) -> None:
    uscc = await listed(runtime)
    commander = await client.account(Role.COMMANDER)
    await client.feed()
    await client.deliver(forecast([60.0] * 31 + [180.0] * 24 + [40.0] * 60))
    await client.work()
    assert (await approve_open(client, commander))["to"] == "blue"
    clock.advance_to(datetime(2016, 12, 17, 8, tzinfo=SHANGHAI))
    answer = await client.http.get(f"/api/v1/enterprises/{uscc}/requirements", headers=commander)
    assert (answer.status_code, answer.json()["status"]) == (200, "no_response")
