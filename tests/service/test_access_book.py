"""The account book: two persons for every right, nobody on himself, one-time codes, sessions that end, organisations."""

from __future__ import annotations

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.accounts import policy
from service.accounts.roles import Role
from service.kit.problems import Invalid
from service.kit.runtime import Runtime
from tests.service.access_support import GOOD, account_id, ledger_kinds, office
from tests.support import PASSWORD, Client, listed

STRANGER = "91350100M000100Y43"


class TestOpening:
    async def test_an_opened_account_has_no_rights_until_somebody_else_grants_them(
        self, client: Client, runtime: Runtime
    ) -> None:
        book = await office(client)
        made = await book.opened("wang.min")
        assert (await book.redeem("wang.min", made["code"])).status_code == 204
        without = await book.sign_in("wang.min")
        assert (without.status_code, without.json()["type"]) == (403, "urn:lantian:problem:no-role-yet")
        refused = await book.act(book.operator, made["id"], "grant", role="commander", adcode="110000")
        assert refused.status_code == 403
        granted = await book.act(book.security, made["id"], "grant", role="duty_officer", adcode="110000")
        assert granted.status_code == 204
        assert (await book.sign_in("wang.min")).status_code == 201
        assert "account.granted" in await ledger_kinds(runtime, "account.%")

    async def test_who_opened_it_does_not_grant_it_even_with_the_other_role(
        self, client: Client, runtime: Runtime
    ) -> None:
        book = await office(client)
        made = await book.opened("li.na")
        async with runtime.unit() as uow:
            await uow.execute("UPDATE account SET role = 'security_administrator' WHERE role = 'administrator'")
            await uow.tell("session")
            await uow.commit()
        answer = await book.act(book.operator, made["id"], "grant", role="commander", adcode="110000")
        assert (answer.status_code, "two persons" in answer.text) == (403, True)

    async def test_nobody_administers_himself(self, client: Client) -> None:
        book = await office(client)
        operator, security = await account_id(client, book.operator), await account_id(client, book.security)
        acts = [
            (book.security, security, "grant", {"role": "commander", "adcode": "110000"}),
            (book.security, security, "enable", {}),
            (book.security, security, "factor-reset", {}),
            (book.security, security, "disable", {"reason": "x"}),
            (book.operator, operator, "password-reset", {}),
            (book.operator, operator, "unlock", {}),
            (book.operator, operator, "disable", {"reason": "x"}),
        ]
        for who, number, act, body in acts:
            answer = await book.act(who, number, act, **body)
            assert (answer.status_code, "himself" in answer.text) == (403, True), act

    async def test_a_region_is_not_left(self, client: Client) -> None:
        book, other = await office(client), await office(client, "130000")
        made = await book.opened("zhao.lei")
        away = [
            (other.security, "grant", {"role": "commander", "adcode": "130000"}),
            (other.security, "enable", {}),
            (other.operator, "password-reset", {}),
            (other.operator, "disable", {"reason": "x"}),
        ]
        for who, act, body in away:
            assert (await book.act(who, made["id"], act, **body)).status_code == 404, act
        for adcode in ("130100", "100000", "120000"):
            answer = await book.act(book.security, made["id"], "grant", role="commander", adcode=adcode)
            assert answer.status_code == 403, adcode
            body = {"login": "x.y", "display": "x", "adcode": adcode}
            assert (await client.http.post("/api/v1/accounts", headers=book.operator, json=body)).status_code == 403
        seen = (await client.http.get("/api/v1/accounts", headers=other.security)).json()["items"]
        assert {one["adcode"] for one in seen} == {"130000"}

    @pytest.mark.parametrize("login", ["ab", "with space", "-dash", "汉字账号", "x" * 65, "semi;colon"])
    async def test_odd_logins_are_not_opened(self, client: Client, login: str) -> None:
        book = await office(client)
        body = {"login": login, "display": "x", "adcode": "110000"}
        assert (await client.http.post("/api/v1/accounts", headers=book.operator, json=body)).status_code == 422

    async def test_a_login_is_taken_once(self, client: Client) -> None:
        book = await office(client)
        await book.opened("twice")
        body = {"login": "twice", "display": "x", "adcode": "110000"}
        assert (await client.http.post("/api/v1/accounts", headers=book.operator, json=body)).status_code == 409


class TestEnterprises:
    async def test_the_credit_code_must_be_right_and_it_is_said_whether_a_list_knows_it(
        self, client: Client, runtime: Runtime
    ) -> None:
        uscc = await listed(runtime)
        book = await office(client)
        assert (await book.opened("known.plant", uscc=uscc))["uscc_known"] is True
        assert (await book.opened("unknown.plant", uscc=STRANGER))["uscc_known"] is False
        wrong = uscc[:-1] + ("0" if uscc[-1] != "0" else "1")
        body = {"login": "wrong.plant", "display": "x", "adcode": "110000", "uscc": wrong}
        answer = await client.http.post("/api/v1/accounts", headers=book.operator, json=body)
        assert answer.status_code == 422

    async def test_the_role_goes_with_the_code_and_only_with_it(self, client: Client) -> None:
        book = await office(client)
        plant, person = await book.opened("plant", uscc=STRANGER), await book.opened("person")
        for number, role, status in [
            (plant["id"], "commander", 422),
            (person["id"], "enterprise", 422),
            (plant["id"], "enterprise", 204),
        ]:
            answer = await book.act(book.security, number, "grant", role=role, adcode="110000")
            assert answer.status_code == status


class TestCodes:
    async def test_a_code_is_used_once_and_only_with_its_login(self, client: Client) -> None:
        book = await office(client)
        made, other = await book.opened("chen.jing"), await book.opened("other")
        assert (await book.redeem("other", made["code"])).status_code == 401
        assert (await book.redeem("chen.jing", made["code"], "weak")).status_code == 422
        assert (await book.redeem("chen.jing", made["code"].replace("-", "").lower())).status_code == 204
        assert (await book.redeem("chen.jing", made["code"])).status_code == 401
        assert (await book.redeem("other", other["code"])).status_code == 204

    async def test_a_code_runs_out(self, client: Client, runtime: Runtime) -> None:
        book = await office(client)
        made = await book.opened("late")
        async with runtime.unit() as uow:
            await uow.execute(
                "UPDATE account SET code_expires_at = code_expires_at - $1::interval", timedelta(hours=73)
            )
            await uow.commit()
        assert (await book.redeem("late", made["code"])).status_code == 401

    async def test_guessing_rests(self, client: Client) -> None:
        book = await office(client)
        made = await book.opened("guess")
        assert [(await book.redeem("guess", "x")).status_code for _ in range(5)] == [401] * 5
        assert (await book.redeem("guess", made["code"])).status_code == 429

    async def test_a_reset_by_one_hands_nobody_an_account_with_rights(self, client: Client, runtime: Runtime) -> None:
        book = await office(client)
        number = await book.granted("boss", Role.COMMANDER)
        session = {"authorization": f"Bearer {(await book.sign_in('boss')).json()['token']}"}
        told = (await book.act(book.operator, number, "password-reset")).json()
        assert told["waits_for_second"] is True
        assert (await client.http.get("/api/v1/sessions/current", headers=session)).status_code == 401
        assert (await book.sign_in("boss")).status_code == 401
        await book.redeem("boss", told["code"], GOOD + "!")
        assert (await book.sign_in("boss", GOOD + "!")).status_code == 401
        assert (await book.act(book.security, number, "enable")).status_code == 204
        assert (await book.sign_in("boss", GOOD + "!")).status_code == 201
        assert (await ledger_kinds(runtime, "account.password_reset")) == ["account.password_reset"]

    async def test_an_enterprise_needs_no_second(self, client: Client) -> None:
        book = await office(client)
        made = await book.opened("plant", uscc=STRANGER)
        await book.act(book.security, made["id"], "grant", role="enterprise", adcode="110000")
        told = (await book.act(book.operator, made["id"], "password-reset")).json()
        assert told["waits_for_second"] is False
        await book.redeem("plant", told["code"])
        assert (await book.sign_in("plant")).status_code == 201


class TestIdentities:
    async def test_binding_by_one_hands_nobody_an_account_with_rights(self, client: Client) -> None:
        book = await office(client)
        number = await book.granted("boss", Role.COMMANDER)
        assert (await book.act(book.security, number, "identity", external_id="me@gov")).status_code == 403
        answer = await book.act(book.operator, number, "identity", external_id="me@gov")
        assert answer.json() == {"waits_for_second": True}
        assert (await book.sign_in("boss")).status_code == 401
        assert (await book.act(book.security, number, "enable")).status_code == 204
        assert (await book.sign_in("boss")).status_code == 201

    async def test_an_identity_is_bound_once_and_unbound_without_waiting(self, client: Client) -> None:
        book = await office(client)
        await book.opened("first", external_id="me@gov")
        second = await book.opened("second")
        assert (await book.act(book.operator, second["id"], "identity", external_id="me@gov")).status_code == 409
        number = await book.granted("third", Role.COMMANDER)
        answer = await book.act(book.operator, number, "identity", external_id=None)
        assert answer.json() == {"waits_for_second": False}
        assert (await book.sign_in("third")).status_code == 201


class TestShuttingOut:
    async def test_a_disabled_account_is_out_at_once_with_its_keys(self, client: Client) -> None:
        book = await office(client)
        number = await book.granted("gone", Role.COMMANDER)
        who = {"authorization": f"Bearer {(await book.sign_in('gone')).json()['token']}"}
        key = (await client.http.post("/api/v1/keys", headers=who, json={"name": "k", "scopes": ["read"]})).json()[
            "key"
        ]
        program = {"authorization": f"Bearer {key}"}
        assert (await client.http.get("/api/v1/proposals", headers=program)).status_code == 200
        assert (await book.act(book.security, number, "disable", reason="left the office")).status_code == 204
        for headers in (who, program):
            assert (await client.http.get("/api/v1/proposals", headers=headers)).status_code == 401
        assert (await book.sign_in("gone")).status_code == 401
        assert (await book.act(book.operator, number, "disable", reason="x")).status_code == 409

    async def test_unlocking_ends_the_rest(self, client: Client) -> None:
        book = await office(client)
        number = await book.granted("typo", Role.COMMANDER)
        for _ in range(6):
            await book.sign_in("typo", "wrong")
        assert (await book.sign_in("typo")).status_code == 429
        assert (await book.act(book.operator, number, "unlock")).status_code == 204
        assert (await book.sign_in("typo")).status_code == 201

    async def test_all_sessions_are_ended_by_an_administrator(self, client: Client) -> None:
        book = await office(client)
        number = await book.granted("many", Role.COMMANDER)
        tokens = [(await book.sign_in("many")).json()["token"] for _ in range(3)]
        answer = await client.http.delete(f"/api/v1/accounts/{number}/sessions", headers=book.operator)
        assert answer.json() == {"ended": 3}
        for token in tokens:
            headers = {"authorization": f"Bearer {token}"}
            assert (await client.http.get("/api/v1/sessions/current", headers=headers)).status_code == 401


class TestOrganisations:
    async def test_people_belong_to_a_body_of_their_division(self, client: Client) -> None:
        book = await office(client)
        body = {"name": "北京市重污染天气应急指挥部办公室", "adcode": "110000", "kind": "office"}
        made = await client.http.post("/api/v1/organisations", headers=book.operator, json=body)
        assert made.status_code == 201
        number = made.json()["id"]
        await book.opened("sun.li", organisation_id=number, post="副主任")
        (seen,) = (await client.http.get("/api/v1/organisations", headers=book.security)).json()["items"]
        assert (seen["name"], seen["people"]) == (body["name"], 1)
        foreign = {"login": "far", "display": "x", "adcode": "110100", "organisation_id": number}
        assert (await client.http.post("/api/v1/accounts", headers=book.operator, json=foreign)).status_code == 422
        assert (await client.http.post("/api/v1/organisations", headers=book.operator, json=body)).status_code == 409
        away = body | {"adcode": "130000"}
        assert (await client.http.post("/api/v1/organisations", headers=book.operator, json=away)).status_code == 403


class TestOwnPassword:
    path = "/api/v1/me/password"

    async def test_changing_it_ends_the_other_sessions(self, client: Client, runtime: Runtime) -> None:
        here = await client.account(Role.COMMANDER, login="mine")
        there = (await client.http.post("/api/v1/sessions", json={"login": "mine", "password": PASSWORD})).json()
        body = {"old": PASSWORD, "new": GOOD}
        assert (await client.http.post(self.path, headers=here, json=body)).status_code == 204
        client.http.cookies.clear()
        assert (await client.http.get("/api/v1/sessions/current", headers=here)).status_code == 200
        other = {"authorization": f"Bearer {there['token']}"}
        assert (await client.http.get("/api/v1/sessions/current", headers=other)).status_code == 401
        assert (await client.http.post("/api/v1/sessions", json={"login": "mine", "password": GOOD})).status_code == 201

    async def test_the_old_one_is_needed_and_guessing_rests(self, client: Client) -> None:
        who = await client.account(Role.COMMANDER)
        body = {"old": "wrong", "new": GOOD}
        answers = [(await client.http.post(self.path, headers=who, json=body)).status_code for _ in range(6)]
        assert answers == [403] * 5 + [429]

    async def test_the_same_again_is_none(self, client: Client) -> None:
        who = await client.account(Role.COMMANDER)
        body = {"old": PASSWORD, "new": PASSWORD}
        assert (await client.http.post(self.path, headers=who, json=body)).status_code == 422

    async def test_a_first_password_of_somebody_else_is_changed_before_anything(
        self, client: Client, runtime: Runtime
    ) -> None:
        who = await client.account(Role.COMMANDER)
        async with runtime.unit() as uow:
            await uow.execute("UPDATE account SET must_change = true")
            await uow.commit()
        refused = await client.http.get("/api/v1/proposals", headers=who)
        assert (refused.status_code, refused.json()["type"]) == (403, "urn:lantian:problem:password-change-needed")
        body = {"old": PASSWORD, "new": GOOD}
        assert (await client.http.post(self.path, headers=who, json=body)).status_code == 204
        assert (await client.http.get("/api/v1/proposals", headers=who)).status_code == 200


class TestPolicy:
    @pytest.mark.parametrize(
        ("password", "fault"),
        [
            ("Short1!", "12"),
            ("lowercaseonly", "3 of"),
            ("Password1234", "common"),
            ("P@ssw0rd!2026", "common"),
            ("Admin-2026-2026", "common"),
            ("aaaaaaaaaaaaAA1", "different"),
            ("my.Wang.Min-2026", "login"),
            ("x" * 257, "at most"),
        ],
    )
    def test_what_is_refused_says_why(self, password: str, fault: str) -> None:
        with pytest.raises(Invalid, match=fault):
            policy.check_password(password, "wang.min")

    @pytest.mark.parametrize("password", [PASSWORD, GOOD, "Tiān-kong 2026", "蓝天保卫战役Abc123"])
    def test_what_is_taken(self, password: str) -> None:
        policy.check_password(password, "wang.min")
        assert policy.faults_of(password, "wang.min") == []

    @given(st.text(max_size=11))
    def test_nothing_short_is_taken(self, password: str) -> None:
        assert policy.faults_of(password, "someone")
