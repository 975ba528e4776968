"""Signing with a second factor, for somebody else, and by a program: the authority behind a signature."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from service.accounts import factors
from service.accounts.roles import Role
from service.kit.clock import ManualClock
from tests.service.approving import PROPOSALS, TWO, chained, count, entries, put_in_force, read, sign
from tests.service.factor_support import Watch, code, enrolled
from tests.service.guarding import ORDER
from tests.support import NOW, Client

OFFICE, DEPUTY, COMMANDER, DUTY = Role.OFFICE_DIRECTOR, Role.DEPUTY_COMMANDER, Role.COMMANDER, Role.DUTY_OFFICER
HTML = {"accept": "text/html", "origin": "http://127.0.0.1:8000"}


@pytest.fixture
def watch(monkeypatch: pytest.MonkeyPatch) -> Watch:
    made = Watch()
    monkeypatch.setattr(factors, "present", lambda: made.at)
    return made


async def lent(client: Client, giver: dict[str, str], taker: str) -> None:
    """A role is lent from now for a day."""
    body = {
        "to": taker,
        "valid_from": NOW.isoformat(),
        "valid_until": (NOW + timedelta(days=1)).isoformat(),
        "reason": "出差",
    }
    answer = await client.http.post("/api/v1/delegations", headers=giver, json=body)
    assert answer.status_code == 201, answer.text


class TestFactor:
    async def test_a_signature_needs_the_code_and_a_wrong_one_signs_nothing(self, client: Client, watch: Watch) -> None:
        proposal = await chained(client)
        who, secret = await enrolled(client, watch, OFFICE)
        for given, problem in ((None, "factor-needed"), ("000000", "factor-wrong")):
            more = {} if given is None else {"factor": given}
            answer = await sign(client, who, proposal, **more)
            assert (answer.status_code, answer.json()["type"]) == (403, f"urn:lantian:problem:{problem}")
        assert (await count(client.runtime, "signature"))["signature"] == 0
        assert (await sign(client, who, proposal, factor=code(secret, watch))).status_code == 200

    async def test_the_same_code_does_not_sign_twice(self, client: Client, watch: Watch) -> None:
        proposal = await chained(client, [{"role": "office_director"}, {"role": "office_director"}])
        who, secret = await enrolled(client, watch, OFFICE)
        given = code(secret, watch)
        assert (await sign(client, who, proposal, factor=given)).status_code == 200
        second = await client.account(OFFICE)
        assert (await sign(client, second, proposal, approve=False)).status_code == 200
        put_in_force(client.runtime, TWO)
        other = await client.http.post(
            PROPOSALS,
            headers=await client.account(DUTY),
            json={"adcode": "110000", "to": "red", "reason": "upper_order", "explanation": "上级要求"} | ORDER,
        )
        answer = await sign(client, who, other.json(), factor=given)
        assert (answer.status_code, answer.json()["type"]) == (403, "urn:lantian:problem:factor-wrong")

    async def test_a_refused_signature_does_not_use_the_code_up(self, client: Client, watch: Watch) -> None:
        proposal = await chained(client)
        who, secret = await enrolled(client, watch, OFFICE)
        given = code(secret, watch)
        assert (await sign(client, who, proposal, factor=given, content_hash="0" * 64)).status_code == 409
        assert (await sign(client, who, proposal, factor=given)).status_code == 200

    async def test_a_repeated_call_is_answered_the_same_whatever_code_it_brings(
        self, client: Client, watch: Watch
    ) -> None:
        proposal = await chained(client)
        who, secret = await enrolled(client, watch, OFFICE)
        keyed = who | {"idempotency-key": "sign-1"}
        first = await sign(client, keyed, proposal, factor=code(secret, watch))
        watch.at += timedelta(seconds=60)
        second = await sign(client, keyed, proposal, factor=code(secret, watch))
        assert (first.status_code, second.status_code, second.content) == (200, 200, first.content)

    async def test_where_the_deployment_asks_nobody_signs_without_one(self, client: Client) -> None:
        proposal = await chained(client)
        client.runtime.settings.require_factor = True
        answer = await sign(client, await client.account(OFFICE), proposal)
        assert (answer.status_code, answer.json()["type"]) == (403, "urn:lantian:problem:factor-needed")

    async def test_the_page_asks_for_it_and_says_when_it_is_wrong(self, client: Client, watch: Watch) -> None:
        proposal = await chained(client)
        who, secret = await enrolled(client, watch, OFFICE)
        path = f"/proposals/{proposal['id']}"
        assert 'name="factor"' in (await client.http.get(path, headers=who | HTML)).text
        form = {"content_hash": proposal["content_hash"], "verdict": "approve", "step": "0"}
        wrong = await client.http.post(path, headers=who | HTML, data=form | {"factor": "000000"})
        assert (wrong.status_code, "动态验证码不对或已用过" in wrong.text) == (403, True)
        right = await client.http.post(path, headers=who | HTML, data=form | {"factor": code(secret, watch)})
        assert right.status_code == 303

    async def test_a_withdrawal_needs_it_too(self, client: Client, watch: Watch) -> None:
        who, secret = await enrolled(client, watch, DUTY)
        body = {"adcode": "110000", "to": "red", "reason": "upper_order", "explanation": "上级要求"} | ORDER
        made = (await client.http.post(PROPOSALS, headers=who, json=body)).json()
        path, asked = f"{PROPOSALS}/{made['id']}/withdrawal", {"content_hash": made["content_hash"], "reason": "误录"}
        assert (await client.http.post(path, headers=who, json=asked)).status_code == 403
        asked["factor"] = code(secret, watch)
        assert (await client.http.post(path, headers=who, json=asked)).status_code == 200


class TestStandIn:
    async def test_signs_in_the_role_of_whom_it_is_for_and_the_books_say_so(self, client: Client) -> None:
        proposal = await chained(client)
        giver = await client.account(OFFICE, login="office")
        taker = await client.account(DUTY, login="taker")
        await lent(client, giver, "taker")
        text = (await client.http.get(f"/proposals/{proposal['id']}", headers=taker | HTML)).text
        assert "你代 office（指挥部办公室主任）签批" in text
        assert (await sign(client, taker, proposal)).status_code == 200
        async with client.runtime.unit() as uow:
            names = {row["login"]: row["id"] for row in await uow.fetch("SELECT id, login FROM account")}
            row = await uow.fetchrow("SELECT account_id, for_account, role, delegation_id FROM signature")
        assert tuple(row)[:3] == (names["taker"], names["office"], "office_director")
        assert row["delegation_id"]
        (entry,) = await entries(client.runtime, "proposal.signed")
        assert (entry["account"], entry["for_account"]) == (names["taker"], names["office"])

    async def test_neither_of_the_two_signs_again(self, client: Client) -> None:
        proposal = await chained(client, [{"role": "office_director"}, {"role": "office_director"}])
        giver = await client.account(OFFICE, login="office")
        taker = await client.account(DUTY, login="taker")
        await lent(client, giver, "taker")
        assert (await sign(client, taker, proposal)).status_code == 200
        for who in (giver, taker):
            assert (await sign(client, who, proposal)).status_code == 403
        assert (await sign(client, await client.account(OFFICE), proposal)).json()["decision"]

    async def test_not_for_who_proposed_it(self, client: Client) -> None:
        put_in_force(client.runtime, TWO)
        giver = await client.account(OFFICE, login="office")
        taker = await client.account(DUTY, login="taker")
        await lent(client, giver, "taker")
        body = {"adcode": "110000", "to": "red", "reason": "upper_order", "explanation": "上级要求"} | ORDER
        made = (await client.http.post(PROPOSALS, headers=giver, json=body)).json()
        assert (await sign(client, taker, made)).status_code == 403

    async def test_no_longer_when_the_time_is_over(self, client: Client, clock: ManualClock) -> None:
        giver = await client.account(OFFICE, login="office")
        taker = await client.account(DUTY, login="taker")
        await lent(client, giver, "taker")
        clock.advance_to(NOW + timedelta(days=1))
        proposal = await chained(client)
        assert (await sign(client, taker, proposal)).status_code == 403


class TestProgram:
    async def test_a_key_never_signs(self, client: Client) -> None:
        proposal = await chained(client)
        who = await client.account(OFFICE)
        scopes = {"name": "board", "scopes": ["read"]}
        made = await client.http.post("/api/v1/keys", headers=who, json=scopes)
        assert made.status_code == 201, made.text
        key = {"authorization": f"Bearer {made.json()['key']}"}
        answer = await sign(client, key, proposal)
        assert answer.status_code == 403
        assert (await count(client.runtime, "signature"))["signature"] == 0


async def test_the_answer_to_a_reader_names_account_and_role(client: Client) -> None:
    proposal = await chained(client)
    who = await client.account(OFFICE)
    await sign(client, who, proposal)
    found: dict[str, Any] = (await read(client, who, proposal))["chain"]["steps"][0]["signed"]
    assert (found["role"], found["for_account"], found["delegation"]) == ("office_director", None, None)
