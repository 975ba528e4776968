"""The second factor: RFC 6238's own vectors, enrolment, replay, drift, wrong tries, recovery, reset."""

from __future__ import annotations

import base64
import re
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.accounts import factors, keys, totp
from service.accounts.flows import principal_of
from service.accounts.roles import Principal, Role
from service.accounts.seal import Seal, seal_of
from service.kit.problems import Busy, FactorNeeded, FactorWrong, Forbidden, TooManyAttempts
from service.kit.runtime import Runtime
from service.kit.settings import Settings
from tests.support import PASSWORD, Client

RFC_SECRET = b"12345678901234567890"


class TestCodes:
    @pytest.mark.parametrize(
        ("seconds", "code"),
        [
            (59, "94287082"),
            (1111111109, "07081804"),
            (1111111111, "14050471"),
            (1234567890, "89005924"),
            (2000000000, "69279037"),
            (20000000000, "65353130"),
        ],
    )
    def test_the_vectors_of_rfc_6238(self, seconds: int, code: str) -> None:
        assert totp.code_of(RFC_SECRET, totp.step_at(seconds), digits=8) == code

    @given(st.binary(min_size=20, max_size=20), st.integers(5, 10**8), st.integers(-4, 4), st.floats(0, 29.9))
    def test_one_step_of_drift_is_taken_and_no_more(self, secret: bytes, step: int, drift: int, within: float) -> None:
        code = totp.code_of(secret, step + drift)
        near = {totp.code_of(secret, one) for one in (step - 1, step, step + 1)}
        found = totp.matching_step(secret, code, step * 30 + within)
        assert (found is not None) is (code in near)
        if abs(drift) <= 1 and len(near) == 3:
            assert found == step + drift

    def test_the_first_moments_of_1970_have_no_step_before(self) -> None:
        assert totp.matching_step(RFC_SECRET, totp.code_of(RFC_SECRET, 0), 0.0) == 0

    @pytest.mark.parametrize("odd", ["", "1", "1234567", "abcdef", "１２３４５６", "\0"])
    def test_odd_codes_are_wrong(self, odd: str) -> None:
        assert totp.matching_step(RFC_SECRET, odd, 59) is None

    def test_what_an_app_reads(self) -> None:
        address = urlsplit(totp.address_of(RFC_SECRET, "wang@例", "Lantian"))
        asked = parse_qs(address.query)
        assert (address.scheme, address.netloc) == ("otpauth", "totp")
        assert base64.b32decode(asked["secret"][0]) == RFC_SECRET
        assert (asked["digits"], asked["period"], asked["issuer"]) == (["6"], ["30"], ["Lantian"])


class TestSeal:
    def test_what_is_closed_opens_only_for_whom_it_was(self) -> None:
        seal = Seal(b"k" * 32)
        closed = seal.close(b"secret", "factor:1")
        assert seal.open(closed, "factor:1") == b"secret"
        assert b"secret" not in base64.b64decode(closed)
        for other, about in ((seal, "factor:2"), (Seal(b"x" * 32), "factor:1")):
            with pytest.raises(Busy, match="LANTIAN_SECRET_KEY"):
                other.open(closed, about)

    def test_equal_content_is_never_sealed_alike(self) -> None:
        seal = Seal(b"k" * 32)
        assert seal.close(b"same", "a") != seal.close(b"same", "a")

    def test_uses_have_keys_of_their_own(self) -> None:
        seal = Seal(b"k" * 32)
        assert seal.digest("key", "x") != seal.digest("login", "x")

    def test_the_key_of_a_data_folder_is_made_once_and_for_its_owner_only(self, tmp_path: Any) -> None:
        settings = Settings(data_dir=tmp_path)
        first = seal_of(settings)
        kept = tmp_path / "keys" / "secret"
        assert kept.stat().st_mode & 0o077 == 0
        assert len(kept.read_bytes()) == 32
        assert first == seal_of(Settings(data_dir=tmp_path))
        assert list(kept.parent.iterdir()) == [kept]

    def test_nodes_with_one_setting_have_one_key(self, tmp_path: Any) -> None:
        one, two = (Settings(data_dir=tmp_path / name, secret_key="s" * 32) for name in ("a", "b"))
        assert seal_of(one) == seal_of(two)
        assert not (tmp_path / "a").exists()

    def test_a_damaged_key_is_said_so(self, tmp_path: Any) -> None:
        (tmp_path / "keys").mkdir()
        (tmp_path / "keys" / "secret").write_bytes(b"short")
        with pytest.raises(Busy, match="restore it"):
            seal_of(Settings(data_dir=tmp_path))


@pytest.fixture
def watch(monkeypatch: pytest.MonkeyPatch) -> Any:
    """The real time that factors see; `watch.pass_(seconds)` moves it."""

    class Watch:
        at = factors.present()

        def pass_(self, seconds: float) -> None:
            self.at += timedelta(seconds=seconds)

    made = Watch()
    monkeypatch.setattr(factors, "present", lambda: made.at)
    return made


class Owner:
    """An account with an active factor."""

    def __init__(self, headers: dict[str, str], login: str, secret: bytes, recovery: list[str]) -> None:
        self.headers, self.login, self.secret, self.recovery = headers, login, secret, recovery

    def code(self, at: datetime, ahead: int = 0) -> str:
        return totp.code_of(self.secret, totp.step_at(at.timestamp()) + ahead)


async def owner(client: Client, watch: Any, login: str = "owner", role: Role = Role.COMMANDER) -> Owner:
    """Open an account and enrol; the next code is one step ahead."""
    headers = await client.account(role, login=login)
    begun = (await client.http.post("/api/v1/me/factor", headers=headers)).json()
    secret = base64.b32decode(begun["secret"])
    code = totp.code_of(secret, totp.step_at(watch.at.timestamp()))
    done = await client.http.post("/api/v1/me/factor/confirmation", headers=headers, json={"factor": code})
    assert done.status_code == 200, done.text
    watch.pass_(30)
    return Owner(headers, login, secret, done.json()["recovery_codes"])


async def principal(runtime: Runtime, headers: dict[str, str]) -> Principal:
    async with runtime.unit() as uow:
        found = await principal_of(uow, headers["authorization"].removeprefix("Bearer "))
    assert found is not None
    return found


async def confirm(runtime: Runtime, who: Principal, code: str | None) -> None:
    async with runtime.unit() as uow:
        await factors.confirm(uow, who, code)
        await uow.commit()


async def ledger(runtime: Runtime, like: str) -> list[str]:
    async with runtime.unit() as uow:
        rows = await uow.fetch("SELECT kind FROM ledger_entry WHERE kind LIKE $1 ORDER BY id", like)
    return [row["kind"] for row in rows]


class TestConfirm:
    async def test_without_a_factor_nothing_is_asked_unless_the_deployment_asks(
        self, client: Client, runtime: Runtime
    ) -> None:
        who = await principal(runtime, await client.account(Role.COMMANDER))
        await confirm(runtime, who, None)
        runtime.settings.require_factor = True
        with pytest.raises(FactorNeeded, match="enrol"):
            await confirm(runtime, who, "123456")

    async def test_a_code_is_asked_for_taken_once_and_not_again(
        self, client: Client, runtime: Runtime, watch: Any
    ) -> None:
        one = await owner(client, watch)
        who = await principal(runtime, one.headers)
        with pytest.raises(FactorNeeded):
            await confirm(runtime, who, " ")
        code = one.code(watch.at)
        await confirm(runtime, who, f"{code[:3]} {code[3:]}")
        with pytest.raises(FactorWrong):
            await confirm(runtime, who, code)

    async def test_an_older_code_is_refused_after_a_newer_one(
        self, client: Client, runtime: Runtime, watch: Any
    ) -> None:
        one = await owner(client, watch)
        who = await principal(runtime, one.headers)
        await confirm(runtime, who, one.code(watch.at, 1))
        with pytest.raises(FactorWrong):
            await confirm(runtime, who, one.code(watch.at))

    async def test_the_code_of_the_enrolment_opens_nothing_more(
        self, client: Client, runtime: Runtime, watch: Any
    ) -> None:
        one = await owner(client, watch)
        watch.pass_(-30)
        with pytest.raises(FactorWrong):
            await confirm(runtime, await principal(runtime, one.headers), one.code(watch.at))

    async def test_a_refused_act_does_not_use_the_code_up(self, client: Client, runtime: Runtime, watch: Any) -> None:
        one = await owner(client, watch)
        who = await principal(runtime, one.headers)
        async with runtime.unit() as uow:
            await factors.confirm(uow, who, one.code(watch.at))
        await confirm(runtime, who, one.code(watch.at))
        with pytest.raises(FactorWrong):  # this time it was used
            await confirm(runtime, who, one.code(watch.at))

    async def test_wrong_codes_are_counted_although_the_call_is_refused(
        self, client: Client, runtime: Runtime, watch: Any
    ) -> None:
        one = await owner(client, watch)
        who = await principal(runtime, one.headers)
        for _ in range(factors.TRIES):
            with pytest.raises(FactorWrong):
                await confirm(runtime, who, one.code(watch.at, 5))
        with pytest.raises(TooManyAttempts):
            await confirm(runtime, who, one.code(watch.at))
        assert await ledger(runtime, "factor.wrong") == ["factor.wrong"] * factors.TRIES
        assert await ledger(runtime, "factor.locked") == ["factor.locked"]
        watch.pass_(factors.REST.total_seconds() + 1)
        await confirm(runtime, who, one.code(watch.at))

    async def test_nothing_else_of_a_refused_unit_stands(self, client: Client, runtime: Runtime, watch: Any) -> None:
        one = await owner(client, watch)
        who = await principal(runtime, one.headers)

        async def refused() -> None:
            async with runtime.unit() as uow:
                await uow.record("never.happened", None)
                await factors.confirm(uow, who, "000")

        with pytest.raises(FactorWrong):
            await refused()
        assert await ledger(runtime, "never.%") == []

    async def test_a_recovery_code_works_once_and_is_noted(self, client: Client, runtime: Runtime, watch: Any) -> None:
        one = await owner(client, watch)
        who = await principal(runtime, one.headers)
        assert len(set(one.recovery)) == factors.RECOVERY_CODES
        await confirm(runtime, who, one.recovery[3].lower())
        with pytest.raises(FactorWrong):
            await confirm(runtime, who, one.recovery[3])
        await confirm(runtime, who, one.recovery[4])
        assert await ledger(runtime, "factor.recovery_used") == ["factor.recovery_used"] * 2

    async def test_recovery_codes_of_somebody_else_are_wrong(
        self, client: Client, runtime: Runtime, watch: Any
    ) -> None:
        one, two = await owner(client, watch), await owner(client, watch, "two")
        with pytest.raises(FactorWrong):
            await confirm(runtime, await principal(runtime, two.headers), one.recovery[0])

    async def test_new_recovery_codes_end_the_old_ones(self, client: Client, runtime: Runtime, watch: Any) -> None:
        one = await owner(client, watch)
        path = "/api/v1/me/factor/recovery-codes"
        assert (
            (await client.http.post(path, headers=one.headers, json={"factor": "1"}))
            .json()["type"]
            .endswith("factor-wrong")
        )
        fresh = await client.http.post(path, headers=one.headers, json={"factor": one.code(watch.at)})
        who = await principal(runtime, one.headers)
        with pytest.raises(FactorWrong):
            await confirm(runtime, who, one.recovery[0])
        await confirm(runtime, who, fresh.json()["recovery_codes"][0])

    async def test_nothing_readable_is_stored(self, client: Client, runtime: Runtime, watch: Any) -> None:
        one = await owner(client, watch)
        async with runtime.unit() as uow:
            sealed = await uow.fetchval("SELECT sealed FROM factor")
            hashes = [row["code_hash"] for row in await uow.fetch("SELECT code_hash FROM recovery_code")]
            entries = await uow.fetchval("SELECT string_agg(content, '') FROM ledger_entry")
        assert one.secret not in base64.b64decode(sealed)
        assert all(re.fullmatch(r"[0-9a-f]{64}", hashed) for hashed in hashes)
        for secret in (totp.as_text(one.secret), *one.recovery):
            assert secret not in sealed + entries

    async def test_a_key_signs_nothing(self, client: Client, runtime: Runtime) -> None:
        headers = await client.account(Role.COMMANDER)
        made = await client.http.post("/api/v1/keys", headers=headers, json={"name": "k", "scopes": ["read"]})
        async with runtime.unit() as uow:
            program = await keys.principal_of(uow, made.json()["key"], "192.0.2.1")
        assert program is not None
        assert program.capacity("110000", ["commander"], None) is None
        with pytest.raises(Forbidden):
            await confirm(runtime, program, None)


class TestEnrolment:
    async def test_an_unconfirmed_factor_asks_nothing(self, client: Client, runtime: Runtime) -> None:
        headers = await client.account(Role.COMMANDER, login="begun")
        first = (await client.http.post("/api/v1/me/factor", headers=headers)).json()["secret"]
        second = (await client.http.post("/api/v1/me/factor", headers=headers)).json()["secret"]
        assert first != second
        await confirm(runtime, await principal(runtime, headers), None)
        assert (
            await client.http.post("/api/v1/sessions", json={"login": "begun", "password": PASSWORD})
        ).status_code == 201

    async def test_an_active_factor_is_not_replaced_by_whoever_sits_there(self, client: Client, watch: Any) -> None:
        one = await owner(client, watch)
        assert (await client.http.post("/api/v1/me/factor", headers=one.headers)).status_code == 409
        again = await client.http.post(
            "/api/v1/me/factor/confirmation", headers=one.headers, json={"factor": one.code(watch.at)}
        )
        assert again.status_code == 409

    async def test_wrong_confirmations_rest_too(self, client: Client, watch: Any) -> None:
        headers = await client.account(Role.COMMANDER)
        await client.http.post("/api/v1/me/factor", headers=headers)
        path = "/api/v1/me/factor/confirmation"
        answers = [
            (await client.http.post(path, headers=headers, json={"factor": "x"})).status_code
            for _ in range(factors.TRIES + 1)
        ]
        assert answers == [403] * factors.TRIES + [429]


class TestSignIn:
    async def attempt(self, client: Client, **more: str) -> Any:
        return await client.http.post("/api/v1/sessions", json={"login": "owner", "password": PASSWORD} | more)

    async def test_needs_the_code_and_takes_it_once(self, client: Client, watch: Any) -> None:
        one = await owner(client, watch)
        without = await self.attempt(client)
        assert (without.status_code, without.json()["type"]) == (403, "urn:lantian:problem:factor-needed")
        code = one.code(watch.at)
        assert (await self.attempt(client, factor=code)).status_code == 201
        assert (await self.attempt(client, factor=code)).json()["type"] == "urn:lantian:problem:factor-wrong"

    async def test_a_wrong_password_does_not_tell_about_the_factor(self, client: Client, watch: Any) -> None:
        await owner(client, watch)
        answer = await self.attempt(client, password="wrong")
        assert (answer.status_code, answer.json()["type"]) == (401, "urn:lantian:problem:wrong-credentials")
