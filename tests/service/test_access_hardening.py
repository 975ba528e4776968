"""What an attacker tried on accounts, keys, stand-ins and the sign-in, and what holds now."""

from __future__ import annotations

import string
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.accounts import keys
from service.accounts.roles import Principal, Role, Scope
from service.app import create_app
from service.kit.problems import Forbidden
from service.kit.runtime import Runtime
from service.web.forms import local_path
from tests.support import PASSWORD, Client


class TestOnwards:
    @pytest.mark.parametrize(
        "target",
        ["/\t/evil.example", "/\n/evil.example", "/\r/evil.example", "\t//evil.example", "/ /evil.example", "/\x7f", "/a\\b"],
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
        documented = create_app(client.runtime, background=False).openapi()["paths"]
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
        private = {"contacts", "deliveries", "accounts", "keys", "sessions", "me", "delegations", "organisations", "ledger"}
        assert nouns & private == set()
        assert {"warnings", "proposals", "lists", "prompts"} <= nouns
        assert not self.may("GET", "/api/v1/notices/3/calls")

    @pytest.mark.parametrize("path", ["/api/v1/novelties", "/api/v1/warnings/1/phones", "/api/v1/", "/api/v1/warnings/"])
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
