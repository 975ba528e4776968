"""What a session is worth: cookies, ends, sign-ins and lock-out, and the headers of every answer."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import httpx
import pytest

from service.accounts.flows import sign_in
from service.accounts.roles import Role
from service.channels.base import RecordingChannel
from service.kit.auth import COOKIE
from service.kit.database import Database
from service.kit.live import Memory
from service.kit.problems import TooManyAttempts, WrongCredentials
from service.kit.runtime import Runtime
from service.kit.security import HEADERS
from tests.support import PASSWORD, Client

COMMANDER = Role.COMMANDER
PROPOSAL = {"adcode": "110000", "to": "red", "reason": "upper_order", "explanation": "x"}


class TestCookies:
    @pytest.fixture
    async def cookie(self, client: Client) -> dict[str, str]:
        token = (await client.account(COMMANDER))["authorization"].removeprefix("Bearer ")
        client.http.cookies.clear()
        return {"cookie": f"{COOKIE}={token}"}

    @pytest.mark.parametrize(
        "origin",
        [
            {"origin": "https://evil.example"},
            {"origin": "null"},
            {"origin": "http://127.0.0.1:8001"},
            {"referer": "https://evil.example/127.0.0.1:8000"},
            {"sec-fetch-site": "cross-site"},
            {"sec-fetch-site": "same-site"},
            {},
        ],
    )
    async def test_a_write_from_another_site_is_refused(
        self, client: Client, cookie: dict[str, str], origin: dict[str, str]
    ) -> None:
        answer = await client.http.post("/api/v1/proposals", headers=cookie | origin, json=PROPOSAL)
        assert answer.status_code == 403
        assert (await client.http.delete("/api/v1/sessions/current", headers=cookie | origin)).status_code == 403

    @pytest.mark.parametrize("origin", [{"origin": "http://127.0.0.1:8000"}, {"sec-fetch-site": "same-origin"}])
    async def test_a_write_from_our_own_page_is_taken(
        self, client: Client, cookie: dict[str, str], origin: dict[str, str]
    ) -> None:
        answer = await client.http.post("/api/v1/proposals", headers=cookie | origin, json=PROPOSAL)
        assert answer.status_code == 422  # taken, and found without a ground

    async def test_reading_needs_no_origin(self, client: Client, cookie: dict[str, str]) -> None:
        assert (await client.http.get("/api/v1/proposals", headers=cookie)).status_code == 200

    async def test_scripts_cannot_read_the_cookie_and_other_sites_do_not_send_it(self, client: Client) -> None:
        await client.account(COMMANDER, login="cookie")
        answer = await client.http.post("/api/v1/sessions", json={"login": "cookie", "password": PASSWORD})
        attributes = answer.headers["set-cookie"].lower()
        assert "httponly" in attributes
        assert "samesite=strict" in attributes


async def until(look: Callable[[], bool]) -> None:
    """Let the event loop turn until something is so."""
    for _ in range(1000):
        if look():
            return
        await asyncio.sleep(0.005)
    raise AssertionError("it did not come about within five seconds")


async def signed_in(client: Client, who: dict[str, str]) -> bool:
    return (await client.http.get("/api/v1/sessions/current", headers=who)).status_code == 200


class TestSessions:
    async def test_a_session_ends(self, client: Client, runtime: Runtime) -> None:
        who = await client.account(COMMANDER)
        assert await signed_in(client, who)
        async with runtime.unit() as uow:
            await uow.execute("UPDATE session SET expires_at = $1", uow.now - timedelta(days=10_000))
            await uow.commit()
        assert not await signed_in(client, who)

    async def test_how_long_it_lasts_is_a_setting(self, client: Client, runtime: Runtime) -> None:
        runtime.settings.session_hours = 0.0000001
        who = await client.account(COMMANDER)
        assert not await signed_in(client, who)

    async def test_a_disabled_account_is_out(self, client: Client, runtime: Runtime) -> None:
        who = await client.account(COMMANDER)
        async with runtime.unit() as uow:
            await uow.execute("UPDATE account SET enabled = false")
            await uow.commit()
        assert not await signed_in(client, who)

    async def test_signing_out_holds_on_the_other_nodes(self, client: Client, runtime: Runtime) -> None:
        other = Runtime(runtime.settings, Database(runtime.database.address), runtime.law)
        other.channel = RecordingChannel()
        stop = asyncio.Event()
        hearing = asyncio.create_task(other.live.listen(other.database, stop))
        second = Client(other)
        who = await client.account(COMMANDER)
        await until(lambda: other.live.listening)
        assert await signed_in(second, who)
        assert len(other.live.sessions) == 1
        client.http.cookies.clear()
        assert (await client.http.delete("/api/v1/sessions/current", headers=who)).status_code == 204
        await until(lambda: len(other.live.sessions) == 0)
        assert not await signed_in(second, who)
        stop.set()
        await hearing
        await second.http.aclose()
        await other.close()

    def test_a_memory_does_not_keep_what_was_read_before_it_had_to_forget(self) -> None:
        memory = Memory()
        since = memory.times_forgotten
        memory.clear()
        memory.put("adcode", "stale", since)
        assert memory.get("adcode") is None
        memory.put("adcode", "fresh", memory.times_forgotten)
        assert memory.get("adcode") == "fresh"

    async def test_more_calls_than_connections_do_not_block_each_other(self, client: Client, runtime: Runtime) -> None:
        who = await client.account(COMMANDER)
        paths = ["/api/v1/proposals", "/api/v1/warnings", "/api/v1/lists", "/api/v1/subscriptions"] * 15
        answers = await asyncio.wait_for(
            asyncio.gather(*(client.http.get(path, headers=who) for path in paths)), timeout=30
        )
        assert {answer.status_code for answer in answers} == {200}


class TestSigningIn:
    async def attempt(self, client: Client, login: str, password: str) -> httpx.Response:
        return await client.http.post("/api/v1/sessions", json={"login": login, "password": password})

    async def test_five_failures_let_the_account_rest(self, client: Client, runtime: Runtime) -> None:
        await client.account(COMMANDER, login="resting")
        for _ in range(5):
            assert (await self.attempt(client, "resting", "wrong")).status_code == 401
        answer = await self.attempt(client, "resting", PASSWORD)
        assert (answer.status_code, answer.headers["retry-after"]) == (429, "60")
        runtime.sign_ins.succeeded("resting", "127.0.0.1")
        assert (await self.attempt(client, "resting", PASSWORD)).status_code == 201

    async def test_unknown_logins_rest_alike(self, client: Client) -> None:
        answers = [(await self.attempt(client, "nobody", "wrong")).status_code for _ in range(6)]
        assert answers == [401] * 5 + [429]

    async def test_nobody_is_locked_out_from_another_address(self, client: Client, runtime: Runtime) -> None:
        await client.account(COMMANDER, login="wanted")
        for _ in range(6):
            await self.attempt(client, "wanted", "wrong")
        token, _ = await sign_in(runtime, "wanted", PASSWORD, "192.0.2.1")
        assert token

    async def test_failures_from_everywhere_let_the_account_rest(self, client: Client, runtime: Runtime) -> None:
        await client.account(COMMANDER, login="besieged")
        for number in range(50):
            with pytest.raises(WrongCredentials):
                await sign_in(runtime, "besieged", "wrong", f"192.0.2.{number}")
        with pytest.raises(TooManyAttempts):
            await sign_in(runtime, "besieged", PASSWORD, "192.0.2.99")

    async def test_failures_at_once_are_all_counted(self, client: Client) -> None:
        await client.account(COMMANDER, login="resting")
        answers = await asyncio.gather(*(self.attempt(client, "resting", "wrong") for _ in range(7)))
        statuses = [answer.status_code for answer in answers]
        assert set(statuses) == {401, 429}
        assert statuses.count(401) <= 5
        answer = await self.attempt(client, "resting", PASSWORD)
        assert (answer.status_code, answer.headers["retry-after"]) == (429, "60")

    async def test_a_success_clears_the_count(self, client: Client) -> None:
        await client.account(COMMANDER, login="clears")
        for password in ["wrong"] * 4 + [PASSWORD] + ["wrong"] * 4:
            await self.attempt(client, "clears", password)
        assert (await self.attempt(client, "clears", PASSWORD)).status_code == 201

    async def test_an_unknown_login_is_answered_like_a_wrong_password(
        self, client: Client, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        await client.account(COMMANDER, login="known")
        hashed: list[str] = []

        async def matches(password: str, stored: str) -> bool:
            hashed.append(stored)
            return False

        monkeypatch.setattr("service.accounts.flows.matches", matches)
        known = await self.attempt(client, "known", "wrong")
        unknown = await self.attempt(client, "unknown", "wrong")
        assert (known.status_code, known.content) == (unknown.status_code, unknown.content)
        assert len(hashed) == 2
        assert all(stored.startswith("$argon2id$v=19$") for stored in hashed)

    async def test_failures_are_on_the_ledger_without_the_password(self, client: Client, runtime: Runtime) -> None:
        await client.account(COMMANDER, login="noted")
        await self.attempt(client, "noted", "my secret")
        async with runtime.unit() as uow:
            (entry,) = await uow.fetch("SELECT content FROM ledger_entry WHERE kind = 'account.sign_in_failed'")
        assert "noted" in entry["content"]
        assert "my secret" not in entry["content"]

    @pytest.mark.parametrize("login", ["' OR 1=1 --", "\0", "x" * 64])
    async def test_odd_logins(self, client: Client, login: str) -> None:
        assert (await self.attempt(client, login, "x")).status_code in {401, 422}


class TestHeaders:
    @pytest.mark.parametrize(
        "path", ["/healthz", "/api/v1/proposals", "/signin", "/public/", "/nowhere", "/api/v1/nowhere"]
    )
    async def test_every_answer_carries_them(self, client: Client, path: str) -> None:
        answer = await client.http.get(path)
        assert HEADERS.keys() <= answer.headers.keys()
        assert "'unsafe" not in answer.headers["content-security-policy"]

    @pytest.mark.parametrize(("method", "path"), [("GET", "/api/v1/nowhere"), ("PUT", "/api/v1/proposals")])
    async def test_unknown_paths_and_methods_are_problems_too(self, client: Client, method: str, path: str) -> None:
        answer = await client.http.request(method, path)
        assert answer.status_code in {404, 405}
        assert answer.headers["content-type"] == "application/problem+json"

    async def test_a_fault_of_ours_is_a_problem_without_details(
        self, client: Client, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        async def broken(*_: Any, **__: Any) -> None:
            raise RuntimeError("internal secret")

        monkeypatch.setattr("service.accounts.endpoints.sign_in", broken)
        answer = await client.http.post("/api/v1/sessions", json={"login": "x", "password": "x"})
        assert (answer.status_code, answer.headers["content-type"]) == (500, "application/problem+json")
        assert "secret" not in answer.text

    async def test_a_database_that_is_away_is_said_so(self, client: Client, runtime: Runtime) -> None:
        who = await client.account(COMMANDER)
        await runtime.database.close()
        runtime.database.address = "postgresql://127.0.0.1:1/nowhere"
        answer = await client.http.get("/api/v1/proposals", headers=who)
        assert (answer.status_code, answer.headers["content-type"]) == (503, "application/problem+json")
        assert (await client.http.get("/readyz")).status_code == 503
        assert (await client.http.get("/healthz")).status_code == 200
