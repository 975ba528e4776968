"""Strangers who hammer the sign-in keep nobody out of a browser that he signed in with before, and take no processor from him."""

from __future__ import annotations

import asyncio
import re
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import SecretStr
from structlog.testing import capture_logs

from service.accounts import devices, passwords, seal, throttle
from service.accounts.flows import MOST_SESSIONS, Caller, begin_sign_in, principal_of, sign_in
from service.accounts.roles import Role
from service.accounts.throttle import OF_DEVICES, SignInThrottle
from service.kit.problems import TooManyAttempts, WrongCredentials
from service.kit.runtime import Runtime
from service.kit.settings import Settings
from tests.service.access_support import GOOD, OWN, ledger_kinds, office, until
from tests.support import PASSWORD, Client

SETTINGS = Settings(secret_key=SecretStr("one key for every node of the test"))
STORED = "$argon2id$of the present password"
AT = datetime(2026, 1, 15, 18, 0, tzinfo=UTC)
COOKIE = "lantian_session_device"
HOME, AWAY = "198.51.100.1", "203.0.113.9"


class TestCookie:
    @given(st.text(min_size=1, max_size=64), st.text(min_size=1, max_size=64))
    def test_proves_one_login_only(self, login: str, other: str) -> None:
        cookie = devices.renewed(SETTINGS, "", login, STORED, AT)
        assert devices.known(SETTINGS, cookie, login, STORED, AT)
        assert login == other or devices.known(SETTINGS, cookie, other, STORED, AT) is None

    @pytest.mark.parametrize(
        ("age", "holds"),
        [
            (timedelta(0), True),
            (devices.LIFE - timedelta(seconds=1), True),
            (devices.LIFE, False),
            (timedelta(seconds=-1), False),
        ],
    )
    def test_holds_for_thirty_days(self, age: timedelta, holds: bool) -> None:
        cookie = devices.renewed(SETTINGS, "", "boss", STORED, AT)
        assert (devices.known(SETTINGS, cookie, "boss", STORED, AT + age) is not None) is holds

    def test_a_browser_remembers_the_last_five(self) -> None:
        cookie = ""
        for number in range(7):
            cookie = devices.renewed(SETTINGS, cookie, f"officer.{number}", STORED, AT)
        known = [number for number in range(7) if devices.known(SETTINGS, cookie, f"officer.{number}", STORED, AT)]
        assert known == [2, 3, 4, 5, 6]

    def test_who_signs_in_again_has_one_entry_and_a_new_number(self) -> None:
        first = devices.renewed(SETTINGS, devices.renewed(SETTINGS, "", "other", STORED, AT), "boss", STORED, AT)
        again = devices.renewed(SETTINGS, first, "boss", STORED, AT + timedelta(days=1))
        assert len(again.split(".")) == 2
        assert devices.known(SETTINGS, first, "boss", STORED, AT) != devices.known(
            SETTINGS, again, "boss", STORED, AT + timedelta(days=1)
        )

    def test_with_another_password_it_proves_nothing(self) -> None:
        cookie = devices.renewed(SETTINGS, "", "boss", STORED, AT)
        assert devices.known(SETTINGS, cookie, "boss", "$argon2id$of the next one", AT) is None

    def test_of_another_key_it_proves_nothing(self) -> None:
        cookie = devices.renewed(SETTINGS, "", "boss", STORED, AT)
        assert devices.known(Settings(secret_key=SecretStr("x" * 32)), cookie, "boss", STORED, AT) is None

    @given(st.text(max_size=300))
    def test_what_is_made_up_proves_nothing(self, cookie: str) -> None:
        assert devices.known(SETTINGS, cookie, "boss", STORED, AT) is None
        assert devices.known(SETTINGS, devices.renewed(SETTINGS, cookie, "boss", STORED, AT), "boss", STORED, AT)

    def test_a_changed_one_proves_nothing(self) -> None:
        issued, number, proof = devices.renewed(SETTINGS, "", "boss", STORED, AT).split("-")
        for forged in (
            f"{int(issued) + 1}-{number}-{proof}",
            f"{issued}-{'0' * 16}-{proof}",
            f"{issued}-{number}-{'0' * 64}",
            f"999999999999-{number}-{proof}",
        ):
            assert devices.known(SETTINGS, forged, "boss", STORED, AT + timedelta(days=1)) is None

    def test_without_a_key_nobody_is_known(self, tmp_path: Path) -> None:
        (tmp_path / "keys").write_text("no folder")
        broken = Settings(data_dir=tmp_path)
        cookie = devices.renewed(SETTINGS, "", "boss", STORED, AT)
        assert devices.known(broken, cookie, "boss", STORED, AT) is None
        assert devices.renewed(broken, cookie, "boss", STORED, AT) == cookie


async def stored_of(login: str, runtime: Runtime) -> str:
    async with runtime.unit() as uow:
        return str(await uow.fetchval("SELECT password_hash FROM account WHERE login = $1", login))


async def device_of(login: str, runtime: Runtime) -> str:
    """The cookie of a browser that a login signed in with just now."""
    return devices.renewed(runtime.settings, "", login, await stored_of(login, runtime), datetime.now(tz=UTC))


async def besieged(runtime: Runtime, login: str) -> None:
    """Fifty addresses fail once each: the account rests."""

    async def wrong(number: int) -> None:
        with pytest.raises(WrongCredentials):
            await sign_in(runtime, login, "wrong", f"192.0.2.{number}")

    for number in range(0, 50, 10):
        await asyncio.gather(*(wrong(number + one) for one in range(10)))


class TestSiege:
    async def test_the_owner_gets_in_with_his_browser_from_a_new_address(
        self, client: Client, runtime: Runtime
    ) -> None:
        await client.account(Role.COMMANDER, login="boss")
        device = await device_of("boss", runtime)
        await besieged(runtime, "boss")
        with pytest.raises(TooManyAttempts):
            await sign_in(runtime, "boss", PASSWORD, AWAY)
        with pytest.raises(TooManyAttempts):
            await sign_in(runtime, "boss", PASSWORD, AWAY, device=await device_of("somebody.else", runtime))
        with pytest.raises(WrongCredentials):
            await sign_in(runtime, "boss", "wrong", AWAY, device=device)
        token, _ = await sign_in(runtime, "boss", PASSWORD, AWAY, device=device)
        assert token

    async def test_strangers_at_the_same_address_keep_nobody_out(self, client: Client, runtime: Runtime) -> None:
        await client.account(Role.COMMANDER, login="boss")
        for _ in range(5):
            with pytest.raises(WrongCredentials):
                await sign_in(runtime, "boss", "wrong", HOME)
        with pytest.raises(TooManyAttempts):
            await sign_in(runtime, "boss", PASSWORD, HOME)
        opened = await begin_sign_in(runtime, "boss", PASSWORD, Caller(HOME, device=await device_of("boss", runtime)))
        assert not opened.pending

    async def test_a_stolen_cookie_guesses_as_often_as_an_address(self, client: Client, runtime: Runtime) -> None:
        await client.account(Role.COMMANDER, login="boss")
        device = await device_of("boss", runtime)
        for number in range(5):
            with pytest.raises(WrongCredentials):
                await sign_in(runtime, "boss", "wrong", f"192.0.2.{number}", device=device)
        for address in (HOME, AWAY):
            with pytest.raises(TooManyAttempts):
                await sign_in(runtime, "boss", PASSWORD, address, device=device)
        assert await ledger_kinds(runtime, "account.locked_out") == ["account.locked_out"]
        token, _ = await sign_in(runtime, "boss", PASSWORD, HOME)
        assert token

    async def test_its_failures_count_for_the_account_too(self, client: Client, runtime: Runtime) -> None:
        await client.account(Role.COMMANDER, login="boss")
        with pytest.raises(WrongCredentials):
            await sign_in(runtime, "boss", "wrong", HOME, device=await device_of("boss", runtime))
        async with runtime.unit() as uow:
            assert await uow.fetchval("SELECT failures FROM account WHERE login = 'boss'") == 1

    async def test_an_administrator_unlocks_the_browser_as_well(self, client: Client, runtime: Runtime) -> None:
        book = await office(client)
        number = await book.granted("boss", Role.COMMANDER)
        device = await device_of("boss", runtime)
        for _ in range(5):
            with pytest.raises(WrongCredentials):
                await sign_in(runtime, "boss", "wrong", HOME, device=device)
        assert (await book.act(book.operator, number, "unlock")).status_code == 204
        token, _ = await sign_in(runtime, "boss", GOOD, HOME, device=device)
        assert token

    async def test_a_disabled_account_stays_shut(self, client: Client, runtime: Runtime) -> None:
        await client.account(Role.COMMANDER, login="boss")
        async with runtime.unit() as uow:
            await uow.execute("UPDATE account SET enabled = false WHERE login = 'boss'")
            await uow.commit()
        with pytest.raises(WrongCredentials):
            await sign_in(runtime, "boss", PASSWORD, HOME, device=await device_of("boss", runtime))

    async def test_a_new_password_ends_every_browser(self, client: Client, runtime: Runtime) -> None:
        boss = await client.account(Role.COMMANDER, login="boss")
        old = await device_of("boss", runtime)
        body = {"old": PASSWORD, "new": GOOD}
        assert (await client.http.post("/api/v1/me/password", headers=boss, json=body)).status_code == 204
        await besieged(runtime, "boss")
        with pytest.raises(TooManyAttempts):
            await sign_in(runtime, "boss", GOOD, AWAY, device=old)
        token, _ = await sign_in(runtime, "boss", GOOD, AWAY, device=await device_of("boss", runtime))
        assert token

    async def test_collected_browsers_guess_no_faster_than_three(self, client: Client, runtime: Runtime) -> None:
        """Beyond, they count like strangers: the rest of the account holds for them."""
        await client.account(Role.COMMANDER, login="boss")
        collected = [await device_of("boss", runtime) for _ in range(OF_DEVICES + 1)]
        for device in collected[:OF_DEVICES]:
            for number in range(5):
                with pytest.raises(WrongCredentials):
                    await sign_in(runtime, "boss", "wrong", f"192.0.2.{number}", device=device)
        async with runtime.unit() as uow:
            await uow.execute("UPDATE account SET resting_until = now() + interval '1 hour' WHERE login = 'boss'")
            await uow.commit()
        with pytest.raises(TooManyAttempts):
            await sign_in(runtime, "boss", PASSWORD, AWAY, device=collected[-1])
        runtime.sign_ins.forget("boss")
        token, _ = await sign_in(runtime, "boss", PASSWORD, AWAY, device=collected[-1])
        assert token


class TestCounting:
    def counts(self) -> SignInThrottle:
        return SignInThrottle(5, timedelta(minutes=15))

    def test_browsers_beyond_the_bound_count_at_their_address(self) -> None:
        counts = self.counts()
        places = [
            counts.begin_sign_in("boss", HOME, f"{number}", AT, familiar=False).place
            for number in range(5 * OF_DEVICES + 5)
        ]
        assert [place == HOME for place in places] == [False] * 5 * OF_DEVICES + [True] * 5
        last = counts.begin_sign_in("boss", HOME, "another", AT, familiar=False)
        assert (last.place, last.known, last.refused, last.just_now) == (HOME, False, True, True)
        later = counts.begin_sign_in("boss", HOME, "another", AT + timedelta(minutes=15), familiar=False)
        assert (later.known, later.refused) == (True, False)

    def test_one_hammered_browser_takes_five_tries_of_all(self) -> None:
        counts = self.counts()
        hammered = [counts.begin_sign_in("boss", AWAY, "stolen", AT, familiar=False).refused for _ in range(50)]
        assert hammered == [False] * 5 + [True] * 45
        assert counts.begin_sign_in("boss", HOME, "own", AT, familiar=False).known

    def test_who_knows_the_password_uses_nothing_up(self) -> None:
        counts = self.counts()
        for _ in range(50):
            found = counts.begin_sign_in("boss", HOME, "own", AT, familiar=False)
            assert found.known
            counts.succeeded("boss", found.place)

    def test_strangers_make_no_try_of_the_known_forgotten(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(throttle, "LONGEST_MEMORY", 10)
        counts = self.counts()
        for _ in range(5):
            assert not counts.begin_sign_in("boss", AWAY, "stolen", AT, familiar=False).refused
            assert not counts.begin_sign_in("boss", HOME, None, AT, familiar=True).refused
            assert counts.begin("password:boss", HOME, AT, known=True)
        for number in range(50):
            assert counts.begin(f"nobody.{number}", AWAY, AT)
        assert counts.begin_sign_in("boss", AWAY, "stolen", AT, familiar=False).refused
        assert counts.begin_sign_in("boss", HOME, None, AT, familiar=True).refused
        assert not counts.begin("password:boss", HOME, AT, known=True)


class TestSessions:
    async def test_the_oldest_ends_beyond_twenty_of_an_account(self, client: Client, runtime: Runtime) -> None:
        for login in ("boss", "other"):
            await client.account(Role.COMMANDER, login=login)
        kept, _ = await sign_in(runtime, "other", PASSWORD, HOME)
        first, _ = await sign_in(runtime, "boss", PASSWORD, HOME)
        last = [(await sign_in(runtime, "boss", PASSWORD, HOME))[0] for _ in range(MOST_SESSIONS)]
        async with runtime.unit() as uow:
            open_ones = [await principal_of(uow, token) is not None for token in (kept, first, *last)]
        assert open_ones == [True, False, *[True] * MOST_SESSIONS]


class TestDoors:
    def cookie(self, answer: httpx.Response) -> str:
        (line,) = [one for one in answer.headers.get_list("set-cookie") if one.startswith(f"{COOKIE}=")]
        assert all(part in line.lower() for part in ("httponly", "samesite=strict", "max-age=2592000", "path=/"))
        return line.partition("=")[2].partition(";")[0].strip('"')

    async def test_the_page_remembers_the_browser_and_the_api_no_program(
        self, client: Client, runtime: Runtime
    ) -> None:
        await client.account(Role.COMMANDER, login="boss")
        client.http.cookies.clear()
        form = {"login": "boss", "password": PASSWORD}
        by_page = await client.http.post("/signin", headers={"origin": OWN, "accept": "text/html"}, data=form)
        client.http.cookies.clear()
        by_api = await client.http.post("/api/v1/sessions", json=form)
        stored = await stored_of("boss", runtime)
        assert devices.known(runtime.settings, self.cookie(by_page), "boss", stored, datetime.now(tz=UTC))
        assert COOKIE not in by_api.headers["set-cookie"]

    @pytest.mark.parametrize("path", ["/signin", "/api/v1/sessions"])
    async def test_and_know_it_while_the_account_rests(self, client: Client, runtime: Runtime, path: str) -> None:
        await client.account(Role.COMMANDER, login="boss")
        device = await device_of("boss", runtime)
        async with runtime.unit() as uow:
            await uow.execute("DELETE FROM familiar_place")
            await uow.execute("UPDATE account SET resting_until = now() + interval '1 hour' WHERE login = 'boss'")
            await uow.commit()
        fields = {"login": "boss", "password": PASSWORD}
        body: dict[str, Any] = {"data": fields} if path == "/signin" else {"json": fields}
        headers = {"origin": OWN, "accept": "text/html"}
        client.http.cookies.clear()
        assert (await client.http.post(path, headers=headers, **body)).status_code == 429
        client.http.cookies.clear()
        known = headers | {"cookie": f"{COOKIE}={device}"}
        assert (await client.http.post(path, headers=known, **body)).status_code in {201, 303}

    async def test_who_fails_is_not_remembered(self, client: Client) -> None:
        await client.account(Role.COMMANDER, login="boss")
        client.http.cookies.clear()
        answer = await client.http.post("/api/v1/sessions", json={"login": "boss", "password": "wrong"})
        assert answer.status_code == 401
        assert "set-cookie" not in answer.headers

    @pytest.mark.parametrize("broken", ["short", "a folder"])
    async def test_a_node_without_a_key_tells_strangers_nothing(
        self, client: Client, runtime: Runtime, broken: str
    ) -> None:
        """A known and an unknown login are answered alike, a wrong one-time code names neither path nor cause."""
        await client.account(Role.COMMANDER, login="boss")
        path = runtime.settings.data_dir / "keys" / "secret"
        path.unlink(missing_ok=True)
        path.mkdir(parents=True) if broken == "a folder" else path.parent.mkdir(exist_ok=True)
        if broken == "short":
            path.write_bytes(b"short")
        seal._seal.cache_clear()
        answers = [
            await client.http.post("/api/v1/sessions", json={"login": login, "password": "wrong"})
            for login in ("boss", "nobody")
        ]
        assert [answer.status_code for answer in answers] == [401, 401]
        assert answers[0].content == answers[1].content
        body = {"login": "boss", "code": "AAAAA-AAAAA-AAAAA-AAAAA", "password": GOOD}
        with capture_logs() as logs:
            refused = await client.http.post("/api/v1/passwords", json=body)
        assert refused.status_code == 503
        assert "LANTIAN_SECRET_KEY" in refused.json()["detail"]
        assert not any(word in refused.text for word in (str(path.parent), "Errno", 'secret"', "bytes"))
        assert str(path) in [one.get("path") for one in logs]

    async def test_it_opens_nothing(self, client: Client, runtime: Runtime) -> None:
        await client.account(Role.COMMANDER, login="boss")
        client.http.cookies.clear()
        headers = {"cookie": f"{COOKIE}={await device_of('boss', runtime)}"}
        assert (await client.http.get("/api/v1/sessions/current", headers=headers)).status_code == 401
        assert re.fullmatch(r"\d+-[0-9a-f]+-[0-9a-f]+", await device_of("boss", runtime))  # and does not name the login


async def checked(*, known: bool, whose: str) -> bool:
    async with passwords.turn(known=known, whose=whose):
        return await passwords.matches("x", "y")


def crowd_of(number: int, *, known: bool) -> list[asyncio.Task[bool]]:
    """So many whose password is checked, each from somewhere else."""
    return [asyncio.create_task(checked(known=known, whose=f"one.{one}")) for one in range(number)]


class TestHashing:
    @pytest.fixture
    def slow(self, monkeypatch: pytest.MonkeyPatch) -> Any:
        """Hashing that ends when it is told to; counts who is at it."""

        class Slow:
            now = most = 0

            def __init__(self) -> None:
                self.go_on = asyncio.Event()

            async def matches(self, password: str, stored: str) -> bool:
                async with passwords._limit():
                    self.now += 1
                    self.most = max(self.most, self.now)
                    await self.go_on.wait()
                    self.now -= 1
                    return True

        made = Slow()
        for module in ("passwords", "flows"):
            monkeypatch.setattr(f"service.accounts.{module}.matches", made.matches)
        return made

    async def test_strangers_take_one_place_and_leave_one(self, slow: Any) -> None:
        crowd = crowd_of(passwords.MOST_WAITING + 6, known=False)
        await until(lambda: sum(task.done() for task in crowd) == 6)
        assert (slow.now, slow.most) == (1, 1)
        owner = asyncio.create_task(checked(known=True, whose="boss"))
        await until(lambda: slow.now == 2)
        slow.go_on.set()
        assert await owner
        found = await asyncio.gather(*crowd, return_exceptions=True)
        assert sum(isinstance(one, TooManyAttempts) for one in found) == 6
        assert found.count(True) == passwords.MOST_WAITING
        assert slow.most == 2

    async def test_the_queue_of_the_known_has_an_end_too(self, slow: Any) -> None:
        crowd = crowd_of(passwords.MOST_WAITING, known=True)
        await until(lambda: slow.now == 2)
        with pytest.raises(TooManyAttempts):
            await checked(known=True, whose="boss")
        slow.go_on.set()
        assert all(await asyncio.gather(*crowd))
        assert await checked(known=True, whose="boss")

    @pytest.mark.parametrize(("known", "most"), [(True, passwords.OF_ONE_ACCOUNT), (False, passwords.OF_ONE_PLACE)])
    async def test_nobody_has_more_than_his_share(self, slow: Any, known: bool, most: int) -> None:
        greedy = [asyncio.create_task(checked(known=known, whose="greedy")) for _ in range(most + 5)]
        await until(lambda: sum(task.done() for task in greedy) == 5)
        other = asyncio.create_task(checked(known=known, whose="other"))
        slow.go_on.set()
        assert await other
        found = await asyncio.gather(*greedy, return_exceptions=True)
        assert (found.count(True), sum(isinstance(one, TooManyAttempts) for one in found)) == (most, 5)
        assert await checked(known=known, whose="greedy")  # the places are free again
        assert not passwords._shares

    async def test_one_account_and_one_address_keep_nobody_else_out(
        self, client: Client, runtime: Runtime, slow: Any
    ) -> None:
        """Sign-ins of one account with its right password, and of strangers at one address, more than there are places."""
        slow.go_on.set()
        for login in ("firm", "boss"):
            await client.account(Role.COMMANDER, login=login)
            await sign_in(runtime, login, PASSWORD, HOME)
        slow.go_on.clear()
        tried = [("firm", HOME), *((f"nobody.{number}", AWAY) for number in range(passwords.MOST_WAITING + 1))]
        crowd = [asyncio.create_task(sign_in(runtime, login, PASSWORD, place)) for login, place in tried * 3]
        few = passwords.OF_ONE_ACCOUNT + passwords.OF_ONE_PLACE
        await until(lambda: sum(not task.done() for task in crowd) == few)
        others = [
            asyncio.create_task(sign_in(runtime, "boss", PASSWORD, HOME)),
            asyncio.create_task(sign_in(runtime, "boss", PASSWORD, "192.0.2.7")),
        ]
        slow.go_on.set()
        assert [bool(token) for token, _ in await asyncio.gather(*others)] == [True, True]
        await asyncio.gather(*crowd, return_exceptions=True)

    async def test_who_was_here_lately_does_not_wait_with_strangers(
        self, client: Client, runtime: Runtime, slow: Any
    ) -> None:
        """A full queue of strangers: from a place of lately, and with a known browser, he is let in."""
        slow.go_on.set()
        await client.account(Role.COMMANDER, login="boss")
        await sign_in(runtime, "boss", PASSWORD, HOME)
        slow.go_on.clear()
        crowd = crowd_of(passwords.MOST_WAITING, known=False)
        await until(lambda: slow.now == 1)
        with pytest.raises(TooManyAttempts):
            await sign_in(runtime, "boss", PASSWORD, AWAY)  # nothing of him is known there
        waiting = [
            asyncio.create_task(sign_in(runtime, "boss", PASSWORD, HOME)),
            asyncio.create_task(sign_in(runtime, "boss", PASSWORD, AWAY, device=await device_of("boss", runtime))),
        ]
        await until(lambda: slow.now == 2)
        slow.go_on.set()
        assert [bool(token) for token, _ in await asyncio.gather(*waiting)] == [True, True]
        await asyncio.gather(*crowd)

    async def test_a_guessed_one_time_code_costs_no_hash(self, client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
        book = await office(client)
        made = await book.opened("newcomer")
        hashed: list[str] = []
        real = passwords.hash_password

        async def counted(password: str) -> str:
            hashed.append(password)
            return await real(password)

        monkeypatch.setattr("service.accounts.book.hash_password", counted)
        assert (await book.redeem("newcomer", "AAAAA-AAAAA-AAAAA-AAAAA")).status_code == 401
        assert hashed == []
        assert (await book.redeem("newcomer", made["code"])).status_code == 204
        assert (await book.redeem("newcomer", made["code"])).status_code == 401
        assert len(hashed) == 1
