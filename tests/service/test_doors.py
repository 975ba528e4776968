"""What an attacker tried and what holds now."""

from __future__ import annotations

import asyncio
import hashlib
import json
from dataclasses import replace
from typing import Any

import pytest

from emission_lists.generator import generate_list
from emission_lists.lists import EmissionListDraft
from service.accounts.roles import Role, Scope
from service.channels.targets import TargetError, check_address
from service.kit.clock import ManualClock
from service.kit.runtime import Runtime
from service.ledger.flows import seal, verify
from service.lists.flows import activate, store_draft
from service.lists.workbooks import guide_of, profile
from tests.support import HEAVY, Client, approve_open, forecast, listed


async def also_listed(runtime: Runtime, adcode: str, uscc: str) -> None:
    """Put the enterprise of another city into an active list of this one."""
    mine = generate_list("110000", seed=7, enterprises=12, guide=guide_of("G2020"), profile=profile())
    rows = tuple(
        row._replace(enterprise=replace(row.enterprise, adcode=adcode))
        for row in mine.rows
        if row.enterprise.uscc == uscc
    )
    async with runtime.unit() as uow:
        draft = EmissionListDraft(adcode, rows, None, "另一城市的清单")
        version = await store_draft(uow, draft, guide="G2020", created_by=None)
        await activate(uow, Scope(adcode), version, None)
        await uow.commit()


async def hand_proposal(client: Client, officer: dict[str, str], **changes: Any) -> Any:
    """A proposal entered by hand."""
    body = {
        "adcode": "110000",
        "to": "yellow",
        "reason": "upper_order",
        "explanation": "上级要求",
        "ground": "upper_order",
        "legal_basis": "某函〔2016〕1号",
    }
    return await client.http.post("/api/v1/proposals", headers=officer, json=body | changes)


class TestTwoLists:
    async def test_another_citys_list_takes_no_enterprise_away(
        self, client: Client, runtime: Runtime, clock: ManualClock
    ) -> None:
        uscc = await listed(runtime)
        commander = await client.account(Role.COMMANDER)
        await client.feed()
        await client.deliver(forecast(HEAVY))
        await client.work()
        await approve_open(client, commander)
        await also_listed(runtime, "120000", uscc)
        clock.advance_to(clock.now().replace(day=17, hour=1))
        enterprise = await client.account(Role.ENTERPRISE, uscc=uscc)
        away = await client.account(Role.COMMANDER, "120000")
        runtime.live.listening = True

        async def seen(who: dict[str, str], **query: str) -> tuple[str, str | None, list[str]]:
            path = f"/api/v1/enterprises/{uscc}/requirements"
            answer = (await client.http.get(path, headers=who, params=query)).json()
            level = None if answer["response"] is None else answer["response"]["level"]
            return answer["division"], level, [part["division"] for part in answer["elsewhere"]]

        for query in ({}, {"at": clock.now().isoformat()}):
            for _ in range(2):
                assert await seen(enterprise, **query) == ("110000", "yellow", ["120000"])
                assert await seen(commander, **query) == ("110000", "yellow", [])
                assert await seen(away, **query) == ("120000", None, [])


class TestProposalsByHand:
    @pytest.mark.parametrize("text", ["<script>x</script>", "a\u0001b", "x\uffff", "  "])
    async def test_what_cannot_be_published_is_refused_at_once(self, client: Client, text: str) -> None:
        officer = await client.account(Role.DUTY_OFFICER)
        await client.feed()
        await client.deliver(forecast(HEAVY))
        await client.work()
        answer = await hand_proposal(client, officer, explanation=text, to="red")
        assert answer.status_code == 422
        still = await client.http.get("/api/v1/proposals?state=open", headers=officer)
        assert [item["proposed_by"] for item in still.json()["items"]] == [None]

    async def test_lowering_a_red_warning_takes_who_may_decide_red(self, client: Client) -> None:
        officer, other = await client.account(Role.DUTY_OFFICER), await client.account(Role.DUTY_OFFICER)
        commander = await client.account(Role.COMMANDER)
        assert (await hand_proposal(client, officer, to="red")).status_code == 201
        await approve_open(client, commander)
        made = (await hand_proposal(client, officer, to="blue", reason="level_lowered")).json()
        assert made["approvers"] == ["commander"]
        answer = await client.http.post(
            f"/api/v1/proposals/{made['id']}/decision",
            headers=other,
            json={"approve": True, "content_hash": made["content_hash"], "reason": "同意"},
        )
        assert answer.status_code == 403

    async def test_an_old_assessment_meets_no_criteria(self, client: Client, clock: ManualClock) -> None:
        officer = await client.account(Role.DUTY_OFFICER)
        await client.feed()
        await client.deliver(forecast(HEAVY))
        await client.work()
        assert (await hand_proposal(client, officer, legal_basis=None, ground=None)).status_code == 201
        clock.advance_to(clock.now().replace(year=2017))
        assert (await hand_proposal(client, officer, legal_basis=None, ground=None)).status_code == 422

    async def test_a_raise_names_the_list_that_is_pinned(self, client: Client, runtime: Runtime) -> None:
        await listed(runtime)
        officer, commander = await client.account(Role.DUTY_OFFICER), await client.account(Role.COMMANDER)
        await hand_proposal(client, officer)
        first = await approve_open(client, commander)
        await listed(runtime, enterprises=15)
        raised = (await hand_proposal(client, officer, to="red")).json()
        assert raised["content"]["list_version"] == first["content"]["list_version"]
        await approve_open(client, commander)
        async with runtime.unit() as uow:
            rows = await uow.fetch("SELECT list_version_id FROM response ORDER BY id")
        assert {row["list_version_id"] for row in rows} == {first["content"]["list_version"]}


class TestSigningInAtOnce:
    async def test_many_sign_ins_stop_nobody_else(self, client: Client, runtime: Runtime) -> None:
        commander = await client.account(Role.COMMANDER)
        crowd = [
            asyncio.create_task(
                client.http.post("/api/v1/sessions", json={"login": f"nobody-{number}", "password": "wrong"})
            )
            for number in range(60)
        ]
        await asyncio.sleep(0)
        answer = await client.http.get("/api/v1/warnings", headers=commander)
        unfinished = sum(not task.done() for task in crowd)
        statuses = {(await task).status_code for task in crowd}
        assert answer.status_code == 200
        assert unfinished > 0
        assert statuses == {401, 429}


class TestSubscriptions:
    @pytest.mark.parametrize(
        "url", ["https://127。0。0。1/", "https://169．254．169．254/", "https://[::7f00:1]/", "https://a%2e.example/"]
    )
    def test_unusual_hosts_are_refused(self, url: str) -> None:
        with pytest.raises(TargetError):
            check_address(url, allow_private=False)

    async def test_one_per_address_and_not_too_many(self, client: Client) -> None:
        officer = await client.account(Role.DUTY_OFFICER)
        made = [
            await client.http.post("/api/v1/subscriptions", headers=officer, json={"url": f"https://example.org/{n}"})
            for n in [*range(20), 0, 99]
        ]
        assert [answer.status_code for answer in made] == [201] * 20 + [409, 409]
        first = made[0].json()["id"]
        assert (await client.http.delete(f"/api/v1/subscriptions/{first}", headers=officer)).status_code == 204
        again = await client.http.post(
            "/api/v1/subscriptions", headers=officer, json={"url": "https://example.org/again"}
        )
        assert again.status_code == 201

    async def test_the_secret_is_told_once(self, client: Client, runtime: Runtime) -> None:
        officer = await client.account(Role.DUTY_OFFICER) | {"idempotency-key": '"k1"'}
        body = {"url": "https://example.org/hook"}
        first = await client.http.post("/api/v1/subscriptions", headers=officer, json=body)
        second = await client.http.post("/api/v1/subscriptions", headers=officer, json=body)
        assert first.json()["secret"].startswith("whsec_")
        assert "secret" not in second.json()
        assert second.json()["id"] == first.json()["id"]
        async with runtime.unit() as uow:
            kept = await uow.fetchval("SELECT body FROM kept_answer")
        assert "whsec_" not in kept

    async def test_the_ledger_keeps_no_key_of_an_address(self, client: Client, runtime: Runtime) -> None:
        officer = await client.account(Role.DUTY_OFFICER)
        first, second = "https://example.org/hook/k-e-y-1?token=t-1", "https://example.org:8443/hook/k-e-y-2"
        made = await client.http.post("/api/v1/subscriptions", headers=officer, json={"url": first})
        changed = await client.http.patch(
            f"/api/v1/subscriptions/{made.json()['id']}", headers=officer, json={"url": second, "events": ["warning.issued"]}
        )
        assert (made.status_code, changed.status_code, changed.json()["url"]) == (201, 200, second)
        async with runtime.unit() as uow:
            rows = await uow.fetch("SELECT kind, content FROM ledger_entry WHERE kind LIKE 'subscription.%' ORDER BY id")
        told = [json.loads(row["content"]) for row in rows]
        assert [row["kind"] for row in rows] == ["subscription.made", "subscription.changed"]
        assert not any(key in row["content"] for row in rows for key in ("k-e-y", "t-1"))
        assert (told[0]["host"], told[1]["changed"]["host"]) == ("example.org", "example.org:8443")
        assert told[0]["url_digest"] == hashlib.sha256(first.encode()).hexdigest()
        assert told[1]["changed"]["url_digest"] == hashlib.sha256(second.encode()).hexdigest()


async def test_a_neighbours_unpublished_level_is_not_on_the_board(client: Client) -> None:
    coordinator = await client.account(Role.COORDINATOR, "100000")
    neighbour = await client.account(Role.DUTY_OFFICER, "120000")
    await client.feed()
    await client.deliver(forecast(HEAVY))
    await client.work()
    body = {
        "region": "jingjinji-2015",
        "document": "x",
        "basis": "x",
        "starts_at": "2016-12-16T20:00:00+08:00",
        "entries": [{"adcode": "110000", "level": "red"}, {"adcode": "120000", "level": "red"}],
    }
    prompt = (await client.http.post("/api/v1/prompts", headers=coordinator, json=body)).json()["id"]
    await client.work()
    board = (await client.http.get(f"/api/v1/prompts/{prompt}", headers=neighbour)).json()["divisions"]
    beijing = next(line for line in board if line["adcode"] == "110000")
    assert (beijing["own_level"], beijing["proposed_at"]) == (None, None)


async def test_a_cut_ledger_contradicts_the_noted_head(client: Client, runtime: Runtime) -> None:
    for _ in range(3):
        await client.account(Role.AUDITOR)
    await seal(runtime)
    connection = await runtime.database.connect()
    try:
        noted = await verify(connection)
        assert (await verify(connection, noted=(noted.entries, noted.head))).whole
        assert not (await verify(connection, noted=(noted.entries, "0" * 64))).whole
        await connection.execute("SET session_replication_role = replica")
        await connection.execute("DELETE FROM ledger_seal WHERE seq > 2")
        await connection.execute("DELETE FROM ledger_entry WHERE id NOT IN (SELECT entry_id FROM ledger_seal)")
        assert (await verify(connection)).whole
        cut = await verify(connection, noted=(noted.entries, noted.head))
        assert (cut.whole, cut.broken_at) == (False, 3)
    finally:
        await connection.close()
