"""What an attacker tried on accounts, keys, stand-ins and the sign-in, and what holds now."""

from __future__ import annotations

import string
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st
from uvicorn.middleware.proxy_headers import ProxyHeadersMiddleware

from service.accounts import console, keys
from service.accounts.roles import CENTRE, COORDINATORS, TAKERS, Principal, Role, Scope, StandIn
from service.app import create_app
from service.cli import serve
from service.kit.problems import Forbidden
from service.kit.runtime import Runtime
from service.kit.settings import Settings
from service.proposals.chains import capacity
from service.web.forms import local_path
from tests.service.access_support import Office, account_id, browser, enrolled, ledger_kinds, lend, office
from tests.support import NOW, PASSWORD, Client, app_over, listed

ROOT = Path(__file__).parents[2]


class TestOnwards:
    @pytest.mark.parametrize(
        "target",
        [
            "/\t/evil.example",
            "/\n/evil.example",
            "/\r/evil.example",
            "\t//evil.example",
            "/ /evil.example",
            "/\x7f",
            "/a\\b",
        ],
    )
    def test_what_browsers_drop_leads_nowhere(self, target: str) -> None:
        assert local_path(target) == "/"

    @given(st.text(alphabet=string.printable + "\x00\x7f"))
    def test_only_plain_paths_of_our_own(self, given_text: str) -> None:
        path = local_path(given_text)
        assert path.startswith("/")
        assert not path.startswith("//")
        assert all(" " < one != "\x7f" and one != "\\" for one in path)

    def test_a_path_with_a_query_stays(self) -> None:
        assert local_path("/ledger?kind=a&after=3#x") == "/ledger?kind=a&after=3#x"


class TestReadingKeys:
    def opened(self, client: Client) -> set[str]:
        documented = app_over(client.runtime).openapi()["paths"]
        return {path for path, methods in documented.items() if "get" in methods and self.may("GET", path)}

    def may(self, method: str, path: str) -> bool:
        who = Principal(1, "k", "k", Role.COMMANDER, Scope("100000"), None, key_scopes=frozenset({"read"}))
        try:
            keys.check_scope(who, method, path)
        except Forbidden:
            return False
        return True

    def test_no_personal_data(self, client: Client) -> None:
        nouns = {path.removeprefix(keys.API).partition("/")[0] for path in self.opened(client)}
        private = {
            "contacts",
            "deliveries",
            "accounts",
            "keys",
            "sessions",
            "me",
            "delegations",
            "organisations",
            "ledger",
        }
        assert nouns & private == set()
        assert {"warnings", "proposals", "lists", "prompts"} <= nouns
        assert not self.may("GET", "/api/v1/notices/3/calls")

    @pytest.mark.parametrize(
        "path", ["/api/v1/novelties", "/api/v1/warnings/1/phones", "/api/v1/", "/api/v1/warnings/"]
    )
    def test_what_will_be_added_is_closed(self, path: str) -> None:
        assert not self.may("GET", path)

    def test_it_only_reads(self) -> None:
        assert self.may("HEAD", "/api/v1/warnings/1")
        assert not self.may("POST", "/api/v1/warnings/1")


class TestFirstPasswords:
    async def test_nothing_but_the_password_is_open(self, client: Client, runtime: Runtime) -> None:
        who = await client.account(Role.COMMANDER)
        async with runtime.unit() as uow:
            await uow.execute("UPDATE account SET must_change = true")
            await uow.commit()
        client.runtime.live.sessions.clear()
        answers = {
            path: (await client.http.get(path, headers=who)).status_code
            for path in ("/me", "/me/inbox", "/api/v1/me/inbox", "/api/v1/me/contact", "/api/v1/keys")
        }
        assert answers.pop("/me") == 200
        assert set(answers.values()) <= {403, 404}
        enrolled = await client.http.post("/api/v1/me/factor", headers=who)
        assert enrolled.json()["type"] == "urn:lantian:problem:password-change-needed"
        changed = await client.http.post(
            "/api/v1/me/password", headers=who, json={"old": PASSWORD, "new": "Blue sky over Hebei 2026"}
        )
        assert changed.status_code == 204


class TestMeans:
    async def test_a_code_nobody_asked_for_is_no_factor(self, client: Client, runtime: Runtime) -> None:
        await client.account(Role.COMMANDER, login="plain")
        body: dict[str, Any] = {"login": "plain", "password": PASSWORD, "factor": "123456"}
        assert (await client.http.post("/api/v1/sessions", json=body)).status_code == 201
        async with runtime.unit() as uow:
            assert await uow.fetchval("SELECT means FROM session ORDER BY id DESC LIMIT 1") == "password"


async def stands_in(client: Client, who: dict[str, str]) -> list[str]:
    client.runtime.live.sessions.clear()
    answer = await client.http.get("/api/v1/sessions/current", headers=who)
    return [one["role"] for one in answer.json()["stands_in"]]


async def set_role(runtime: Runtime, login: str, role: Role) -> None:
    """A change that went past the book."""
    async with runtime.unit() as uow:
        await uow.execute("UPDATE account SET role = $2 WHERE login = $1", login, role.value)
        await uow.commit()


class TestAppointing:
    @pytest.fixture
    async def city(self, client: Client) -> Office:
        await client.account(Role.COMMANDER, "130000", login="province")
        await client.account(Role.COMMANDER, "130100", login="city")
        await client.account(Role.DEPUTY_COMMANDER, "130100", login="deputy")
        await client.account(Role.DEPUTY_COMMANDER, "130000", login="vice")
        return await office(client, "130100")

    async def test_nobody_above_gets_a_stand_in_from_below(self, client: Client, city: Office) -> None:
        answers = [
            await lend(client, city.security, taker, for_login="province", **place)
            for taker in ("deputy", "vice")
            for place in ({}, {"adcode": "130100"}, {"adcode": "130000"})
        ]
        assert [answer.status_code for answer in answers] == [404] * 6

    async def test_his_own_people_still_do(self, client: Client, city: Office) -> None:
        assert (await lend(client, city.security, "deputy", for_login="city")).status_code == 201
        assert (await lend(client, city.security, "vice", for_login="city")).status_code == 201

    async def test_the_one_of_the_province_appoints_for_both(self, client: Client, city: Office) -> None:
        above = await office(client, "130000")
        assert (await lend(client, above.security, "vice", for_login="province")).status_code == 201
        assert (await lend(client, above.security, "deputy", for_login="city")).status_code == 201


class TestWhatWasLent:
    @pytest.fixture
    async def deputy(self, client: Client) -> dict[str, str]:
        boss = await client.account(Role.DUTY_OFFICER, login="boss")
        deputy = await client.account(Role.FORECASTER, login="deputy")
        assert (await lend(client, boss, "deputy")).status_code == 201
        assert await stands_in(client, deputy) == ["duty_officer"]
        return deputy

    async def test_it_does_not_grow_with_the_giver(
        self, client: Client, runtime: Runtime, deputy: dict[str, str]
    ) -> None:
        await set_role(runtime, "boss", Role.COMMANDER)
        assert await stands_in(client, deputy) == []
        await set_role(runtime, "boss", Role.DUTY_OFFICER)
        assert await stands_in(client, deputy) == ["duty_officer"]

    @pytest.mark.parametrize("role", [Role.AUDITOR, Role.COORDINATOR, Role.ADMINISTRATOR, Role.INSPECTOR])
    async def test_it_does_not_follow_the_taker_into_another_duty(
        self, client: Client, runtime: Runtime, deputy: dict[str, str], role: Role
    ) -> None:
        await set_role(runtime, "deputy", role)
        assert await stands_in(client, deputy) == []

    @pytest.mark.parametrize("login", ["boss", "deputy"])
    async def test_a_grant_ends_it_and_says_so(
        self, client: Client, runtime: Runtime, deputy: dict[str, str], login: str
    ) -> None:
        book = await office(client)
        async with runtime.unit() as uow:
            number, role = await uow.fetchrow("SELECT id, role FROM account WHERE login = $1", login) or (0, "")
        assert (await book.act(book.security, number, "grant", role=role, adcode="110000")).status_code == 204
        assert await ledger_kinds(runtime, "delegation.%") == ["delegation.made", "delegation.ended"]
        async with runtime.unit() as uow:
            assert await uow.fetchval("SELECT ended_at FROM delegation") is not None

    async def test_one_that_lies_ahead_ends_too(self, client: Client, runtime: Runtime) -> None:
        boss = await client.account(Role.COMMANDER, login="chief")
        await client.account(Role.DEPUTY_COMMANDER, login="vice")
        assert (await lend(client, boss, "vice", valid_from=(NOW + timedelta(hours=3)).isoformat())).status_code == 201
        async with runtime.unit() as uow:
            await console.grant(uow, "chief", Role.COMMANDER, "110000")
            await uow.commit()
        assert await ledger_kinds(runtime, "delegation.ended") == ["delegation.ended"]


class TestTakers:
    @pytest.mark.parametrize("giver", sorted(CENTRE | COORDINATORS))
    @pytest.mark.parametrize("taker", list(Role))
    def test_written_out(self, giver: Role, taker: Role) -> None:
        coordinators = {"provincial_coordinator", "coordinator"}
        command = {"duty_officer", "office_director", "deputy_commander", "commander", "forecaster"}
        assert (taker in TAKERS[giver]) is (taker.value in (coordinators if giver in coordinators else command))

    async def test_a_coordinator_approves_for_nobody(self, client: Client) -> None:
        boss = await client.account(Role.COMMANDER, login="boss")
        coordinator = await client.account(Role.COORDINATOR, login="coordinator")
        await client.account(Role.PROVINCIAL_COORDINATOR, login="province")
        assert (await lend(client, boss, "coordinator")).status_code == 422
        assert (await lend(client, coordinator, "boss")).status_code == 422
        assert (await lend(client, coordinator, "province")).status_code == 201


class TestWeightyActs:
    async def test_lending_asks_for_the_factor(self, client: Client) -> None:
        boss = await client.account(Role.COMMANDER, login="boss")
        await client.account(Role.DEPUTY_COMMANDER, login="deputy")
        code = await enrolled(client, boss)
        without = await lend(client, boss, "deputy")
        assert (without.status_code, without.json()["type"]) == (403, "urn:lantian:problem:factor-needed")
        assert (await lend(client, boss, "deputy", factor="000000")).json()["type"].endswith("factor-wrong")
        assert (await client.http.get("/api/v1/delegations", headers=boss)).json()["items"] == []
        assert (await lend(client, boss, "deputy", factor=code)).status_code == 201

    async def test_a_key_asks_for_the_factor(self, client: Client) -> None:
        boss = await client.account(Role.COMMANDER)
        body = {"name": "x", "scopes": ["read"]}
        old = (await client.http.post("/api/v1/keys", headers=boss, json=body)).json()
        code = await enrolled(client, boss)
        for path in ("/api/v1/keys", f"/api/v1/keys/{old['id']}/rotation"):
            answer = await client.http.post(path, headers=boss, json=body if path.endswith("keys") else None)
            assert (answer.status_code, answer.json()["type"]) == (403, "urn:lantian:problem:factor-needed")
        assert (await client.http.post("/api/v1/keys", headers=boss, json=body | {"factor": code})).status_code == 201

    async def test_a_repeated_call_with_a_new_code_is_the_same_call(self, client: Client) -> None:
        boss = await client.account(Role.COMMANDER)
        code = await enrolled(client, boss)
        headers = boss | {"idempotency-key": "once"}
        body = {"name": "x", "scopes": ["read"]}
        first = await client.http.post("/api/v1/keys", headers=headers, json=body | {"factor": code})
        again = await client.http.post("/api/v1/keys", headers=headers, json=body | {"factor": "111111"})
        assert (first.status_code, again.status_code) == (201, 201)
        assert again.json()["id"] == first.json()["id"]
        assert "key" not in again.json()

    async def test_the_forms_ask_for_it(self, client: Client) -> None:
        boss = await client.account(Role.COMMANDER)
        await client.account(Role.DEPUTY_COMMANDER, login="deputy")
        page = await client.http.get("/me", headers=browser(boss))
        assert 'id="k-factor"' not in page.text
        code = await enrolled(client, boss)
        client.http.cookies.clear()
        page = await client.http.get("/me", headers=browser(boss))
        assert 'id="k-factor"' in page.text
        assert 'id="d-factor"' in page.text
        fields = {"to": "deputy", "until": (NOW + timedelta(hours=5)).strftime("%Y-%m-%dT%H:%M"), "reason": "出差"}
        key = {"name": "网关", "days": "30", "scope-read": "1"}
        for path, data in (("/me/delegations", fields), ("/me/keys", key)):
            assert (await client.http.post(path, headers=browser(boss), data=data)).status_code == 403, path
        made = await client.http.post("/me/delegations", headers=browser(boss), data=fields | {"factor": code})
        assert made.status_code == 303


class TestTakingAway:
    @pytest.mark.parametrize(
        "act", ["password-reset", "factor-reset", "identity", "disable", "console", "console-reset"]
    )
    async def test_keys_and_stand_ins_end(self, client: Client, runtime: Runtime, act: str) -> None:
        boss = await client.account(Role.COMMANDER, login="boss")
        deputy = await client.account(Role.DEPUTY_COMMANDER, login="deputy")
        number = await account_id(client, boss)
        assert (await lend(client, boss, "deputy")).status_code == 201
        assert (await lend(client, deputy, "boss")).status_code == 201
        body = {"name": "x", "scopes": ["read"]}
        key = (await client.http.post("/api/v1/keys", headers=boss, json=body)).json()["key"]
        await enrolled(client, boss)
        book = await office(client)
        bodies: dict[str, dict[str, str]] = {"identity": {"external_id": "other"}, "disable": {"reason": "left"}}
        if act.startswith("console"):
            async with runtime.unit() as uow:
                if act == "console":
                    await console.set_enabled(uow, "boss", False)
                else:
                    await console.reset_password(uow, "boss")
                await uow.commit()
        else:
            by = book.operator if act in {"password-reset", "identity"} else book.security
            assert (await book.act(by, number, act, **bodies.get(act, {}))).status_code in {200, 204}
        async with runtime.unit() as uow:
            await uow.execute("UPDATE account SET enabled = true, reset_by = NULL")
            await uow.commit()
        client.http.cookies.clear()
        runtime.live.sessions.clear()
        answer = await client.http.get("/api/v1/warnings", headers={"authorization": f"Bearer {key}"})
        assert answer.status_code == 401
        assert await stands_in(client, deputy) == []
        assert await ledger_kinds(runtime, "delegation.ended") == ["delegation.ended"] * 2
        assert await ledger_kinds(runtime, "key.revoked") == ["key.revoked"]


class TestWhereCallsComeFrom:
    async def test_what_the_named_proxies_say_counts(
        self, runtime: Runtime, client: Client, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        given: dict[str, Any] = {}
        monkeypatch.setattr("service.cli.serve.uvicorn.run", lambda app, **options: given.update(options))
        settings = Settings(trusted_proxies="172.30.77.0/24")
        serve._listen(create_app(runtime, background=False), settings)
        seen: list[Any] = []

        async def app(scope: Any, receive: Any, send: Any) -> None:
            seen.append(scope["client"][0])

        behind = ProxyHeadersMiddleware(app, trusted_hosts=given["forwarded_allow_ips"])
        for peer, forwarded in [
            ("172.30.77.9", b"203.0.113.5"),
            ("172.30.77.9", b"198.51.100.1, 203.0.113.5, 172.30.77.1"),
            ("203.0.113.9", b"198.51.100.1"),
        ]:
            scope = {
                "type": "http",
                "client": (peer, 1),
                "scheme": "http",
                "headers": [(b"x-forwarded-for", forwarded)],
            }
            await behind(scope, None, None)  # type: ignore[arg-type]
        assert seen == ["203.0.113.5", "203.0.113.5", "203.0.113.9"]

    def test_compose_trusts_its_own_network_and_the_proxy_adds_what_it_sees(self) -> None:
        compose = yaml.safe_load((ROOT / "docker-compose.yml").read_text())
        (network,) = compose["networks"]["default"]["ipam"]["config"]
        for node in ("serve-1", "serve-2"):
            assert compose["services"][node]["environment"]["LANTIAN_TRUSTED_PROXIES"] == network["subnet"]
            assert "ports" not in compose["services"][node]
        assert "X-Forwarded-For $proxy_add_x_forwarded_for;" in (ROOT / "deploy/nginx.conf").read_text()

    @pytest.mark.parametrize("odd", ["", "proxy", "10.0.0.0/33", "10.0.0.1,"])
    def test_odd_settings_are_refused(self, odd: str) -> None:
        with pytest.raises(ValueError, match="LANTIAN_TRUSTED_PROXIES"):
            Settings(trusted_proxies=odd)


class TestPrompters:
    async def test_whose_prompt_it_follows_does_not_sign_it(self, client: Client, runtime: Runtime) -> None:
        coordinator = await client.account(Role.COORDINATOR, "100000", login="coordinator")
        await listed(runtime, 3)
        prompt = {
            "region": "jingjinji-2015",
            "document": "x",
            "basis": "x",
            "starts_at": "2016-12-17T00:00:00+08:00",
            "entries": [{"adcode": "110000", "level": "red"}],
        }
        entered = await client.http.post("/api/v1/prompts", headers=coordinator, json=prompt)
        assert entered.status_code == 201, entered.text
        await set_role(runtime, "coordinator", Role.COMMANDER)
        runtime.live.sessions.clear()
        (found,) = (await client.http.get("/api/v1/proposals?state=open", headers=coordinator)).json()["items"]
        assert (found["prompt"], found["proposed_by"]) == (entered.json()["id"], None)
        decision = {"approve": True, "content_hash": found["content_hash"], "reason": "x"}
        path = f"/api/v1/proposals/{found['id']}/decision"
        refused = await client.http.post(path, headers=coordinator, json=decision)
        assert (refused.status_code, "prompt of your own" in refused.json()["detail"]) == (403, True)
        another = await client.account(Role.COMMANDER, login="another")
        assert (await client.http.post(path, headers=another, json=decision)).status_code == 200

    async def test_nor_does_somebody_for_him(self) -> None:
        lent = StandIn(7, 2, "prompter", Role.COMMANDER, Scope("110000"), NOW)
        who = Principal(1, "x", "x", Role.DEPUTY_COMMANDER, Scope("110000"), None, stand_ins=(lent,))
        row = {"adcode": "110000", "proposed_by": None}
        assert capacity(who, row, ["commander"], [], 3) is not None
        assert capacity(who, row, ["commander"], [], 2) is None
