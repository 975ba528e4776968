"""Webhook secrets lie sealed in the database; plain ones of older versions are read, and sealed by a command."""

from __future__ import annotations

import asyncio
import base64
import json
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import SecretStr
from standardwebhooks import Webhook

from service.accounts import seal, sealing
from service.accounts.roles import Role
from service.channels.base import RecordingChannel
from service.cli import serve
from service.cli.main import main
from service.feeds.flows import register, secrets_of
from service.kit.clock import ManualClock
from service.kit.problems import Busy
from service.kit.runtime import Runtime
from service.kit.settings import Settings
from service.kit.signatures import new_pair, new_secret, public_key_of
from tests.support import HEAVY, Client, forecast

URL = "https://example.com/hook"
ALL_SQL = """
SELECT coalesce(string_agg(t, ' '), '') FROM (
    SELECT secrets::text || retiring::text AS t FROM subscription UNION ALL SELECT secrets::text FROM feed
    UNION ALL SELECT secret FROM webhook_key) x
"""
KEY = "one key for every node of the test"


@pytest.fixture
def way_out(runtime: Runtime) -> RecordingChannel:
    made = RecordingChannel()
    runtime.channel = made
    return made


async def value(runtime: Runtime, statement: str, *arguments: Any) -> Any:
    async with runtime.unit() as uow:
        found = await uow.fetchval(statement, *arguments)
        await uow.commit()
    return found


async def subscribed(client: Client, who: dict[str, str], scheme: str = "v1") -> tuple[str, str]:
    """The path and the secret of a new endpoint."""
    answer = await client.http.post("/api/v1/subscriptions", headers=who, json={"url": URL, "scheme": scheme})
    assert answer.status_code == 201, answer.text
    return f"/api/v1/subscriptions/{answer.json()['id']}", answer.json()["secret"]


async def link_tested(client: Client, who: dict[str, str], path: str) -> None:
    assert (await client.http.post(f"{path}/test", headers=who)).status_code == 202
    await client.work()


async def in_the_open(runtime: Runtime, secret: str) -> None:
    """Lay the only endpoint's secret in the open, as older versions did."""
    await value(runtime, "UPDATE subscription SET secrets = $1 RETURNING 1", json.dumps([secret]))


def with_another_key(runtime: Runtime) -> None:
    """From now on the node has a key of its own, as one that lost the right one."""
    runtime.settings = runtime.settings.model_copy(update={"secret_key": SecretStr("s" * 32)})


class TestText:
    settings = Settings(secret_key=SecretStr(KEY))

    @given(st.binary(min_size=24, max_size=64))
    def test_a_sealed_secret_comes_back_and_only_for_whom_it_was(self, key: bytes) -> None:
        secret = key.hex()
        kept = seal.sealed(self.settings, secret, "feed:a")
        assert secret not in kept
        assert not seal.is_open(kept)
        assert seal.sealed(self.settings, kept, "feed:a") == kept
        assert seal.opened(self.settings, [kept], "feed:a") == [secret]
        assert seal.openable(self.settings, [kept], "feed:b") == []

    def test_plain_ones_are_read_without_a_key(self, tmp_path: Path) -> None:
        (tmp_path / "keys").write_text("no folder")
        broken = Settings(data_dir=tmp_path)
        assert seal.opened(broken, ["whsec_a", "whpk_b"], "feed:a") == ["whsec_a", "whpk_b"]
        with pytest.raises(Busy, match="LANTIAN_SECRET_KEY"):
            seal.opened(broken, ["sealed:x"], "feed:a")

    def test_public_keys_are_no_secret(self) -> None:
        _, public = new_pair()
        assert seal.sealed(self.settings, public, "feed:a") == public

    @pytest.mark.parametrize("kept", ["sealed:", "sealed:AAAA", "sealed:no base64!", "sealed:" + "A" * 80])
    def test_what_is_damaged_is_passed_over_and_refused_when_alone(self, kept: str) -> None:
        assert seal.opened(self.settings, [kept, "whsec_b"], "feed:a") == ["whsec_b"]
        with pytest.raises(Busy, match="LANTIAN_SECRET_KEY"):
            seal.opened(self.settings, [kept], "feed:a")

    def test_nothing_kept_is_nothing_opened(self) -> None:
        assert seal.opened(self.settings, [], "feed:a") == []


class TestStored:
    async def test_nothing_lies_in_the_open(self, client: Client, way_out: RecordingChannel, runtime: Runtime) -> None:
        owner = await client.account(Role.COMMANDER)
        path, first = await subscribed(client, owner, "v1+v1a")
        second = (await client.http.post(f"{path}/rotation", headers=owner)).json()["secret"]
        feed = await client.feed()
        await link_tested(client, owner, path)
        stored = await value(runtime, ALL_SQL)
        assert stored.count("sealed:") == 4
        for secret in (first, second, feed, "whsec_", "whsk_"):
            assert secret not in stored
        (sent,) = way_out.sent
        for secret in (first, second):
            Webhook(secret).verify(sent.body, sent.headers)

    async def test_feeds_are_verified_by_what_is_sealed(self, client: Client, runtime: Runtime) -> None:
        secret = await client.feed()
        assert (await client.deliver(forecast(HEAVY))).status_code == 202
        client.secrets["feed"] = new_secret()
        assert (await client.deliver(forecast(HEAVY))).status_code == 401
        async with runtime.unit() as uow:
            assert await secrets_of(uow, "feed") == [secret]
            assert await secrets_of(uow, "nobody") == []

    async def test_a_secret_moved_to_another_row_opens_nothing(
        self, client: Client, way_out: RecordingChannel, runtime: Runtime
    ) -> None:
        await client.feed("one")
        await client.feed("two")
        await value(
            runtime, "UPDATE feed SET secrets = (SELECT secrets FROM feed WHERE id = 'one') WHERE id = 'two' RETURNING 1"
        )
        client.secrets["two"] = client.secrets["one"]
        assert (await client.deliver(forecast(HEAVY), feed="two")).status_code == 503


class TestOlderRows:
    async def test_are_read_and_their_successors_sealed(
        self, client: Client, way_out: RecordingChannel, runtime: Runtime, clock: ManualClock
    ) -> None:
        owner = await client.account(Role.COMMANDER)
        path, _ = await subscribed(client, owner)
        old = new_secret()
        await in_the_open(runtime, old)
        await link_tested(client, owner, path)
        Webhook(old).verify(way_out.sent[-1].body, way_out.sent[-1].headers)
        new = (await client.http.post(f"{path}/rotation", headers=owner)).json()["secret"]
        assert "whsec_" not in await value(runtime, ALL_SQL)
        clock.advance_to(clock.now() + timedelta(minutes=1))
        await link_tested(client, owner, path)
        for secret in (old, new):
            Webhook(secret).verify(way_out.sent[-1].body, way_out.sent[-1].headers)

    async def test_are_sealed_once_and_work_as_before(
        self, client: Client, way_out: RecordingChannel, runtime: Runtime
    ) -> None:
        owner = await client.account(Role.COMMANDER)
        path, _ = await subscribed(client, owner, "v1+v1a")
        plain, retiring, feed, (whsk, whpk) = new_secret(), new_secret(), new_secret(), new_pair()
        await in_the_open(runtime, plain)
        until = (runtime.clock.now() + timedelta(hours=1)).isoformat()
        await value(
            runtime,
            "UPDATE subscription SET retiring = $1 RETURNING 1",
            json.dumps([{"secret": retiring, "until": until}]),
        )
        await client.feed()
        await value(runtime, "UPDATE feed SET secrets = $1 RETURNING 1", json.dumps([feed, whpk]))
        await value(
            runtime, "INSERT INTO webhook_key (secret, public, made_at) VALUES ($1, $2, now()) RETURNING 1", whsk, whpk
        )
        assert await counted(runtime) == sealing.Found(plain=4, sealed=0, foreign=0)
        assert await sealed_now(runtime) == {"endpoints": 1, "feeds": 1, "keys": 1}
        assert await sealed_now(runtime) == {"endpoints": 0, "feeds": 0, "keys": 0}
        assert await counted(runtime) == sealing.Found(plain=0, sealed=4, foreign=0)
        assert await value(runtime, "SELECT count(*) FROM ledger_entry WHERE kind = 'secrets.sealed'") == 1
        client.secrets["feed"] = feed
        assert (await client.deliver(forecast(HEAVY))).status_code == 202
        await link_tested(client, owner, path)
        sent = way_out.sent[-1]
        for secret in (plain, retiring):
            Webhook(secret).verify(sent.body, sent.headers)
        signature = sent.headers["webhook-signature"].rpartition(" v1a,")[2]
        signed = f"{sent.headers['webhook-id']}.{sent.headers['webhook-timestamp']}.{sent.body}".encode()
        public_key_of(whpk).verify(base64.b64decode(signature), signed)


async def counted(runtime: Runtime) -> sealing.Found:
    async with runtime.unit() as uow:
        return await sealing.found(uow)


async def sealed_now(runtime: Runtime) -> dict[str, int]:
    async with runtime.unit() as uow:
        changed = await sealing.seal_all(uow)
        await uow.commit()
    return changed


class TestAnotherKey:
    @pytest.mark.parametrize("scheme", ["v1", "v1a", "v1+v1a"])
    async def test_nothing_is_sent_unsigned(
        self, client: Client, way_out: RecordingChannel, runtime: Runtime, scheme: str
    ) -> None:
        owner = await client.account(Role.COMMANDER)
        path, _ = await subscribed(client, owner, scheme)
        await client.http.get("/.well-known/webhook-keys.json")
        with_another_key(runtime)
        await link_tested(client, owner, path)
        assert way_out.sent == []
        said = await value(runtime, "SELECT said FROM delivery_attempt")
        assert said.startswith("not signed: ")
        assert "LANTIAN_SECRET_KEY" in said
        assert await value(runtime, "SELECT state FROM delivery") == "pending"

    async def test_a_new_secret_mends_an_endpoint(
        self, client: Client, way_out: RecordingChannel, runtime: Runtime
    ) -> None:
        owner = await client.account(Role.COMMANDER)
        path, _ = await subscribed(client, owner)
        with_another_key(runtime)
        assert (await counted(runtime)).foreign == 1
        new = (await client.http.post(f"{path}/rotation", headers=owner)).json()["secret"]
        await link_tested(client, owner, path)
        (sent,) = way_out.sent
        Webhook(new).verify(sent.body, sent.headers)

    async def test_a_new_pair_mends_v1a(self, client: Client, way_out: RecordingChannel, runtime: Runtime) -> None:
        owner = await client.account(Role.COMMANDER)
        operator = await client.account(Role.ADMINISTRATOR, adcode="100000")
        path, _ = await subscribed(client, owner, "v1a")
        await client.http.get("/.well-known/webhook-keys.json")
        with_another_key(runtime)
        assert (await client.http.post("/api/v1/webhook-keys", headers=operator)).status_code == 201
        await link_tested(client, owner, path)
        (sent,) = way_out.sent
        assert sent.headers["webhook-signature"].count("v1a,") == 1

    async def test_a_feed_is_asked_to_come_again(self, client: Client, runtime: Runtime) -> None:
        await client.feed()
        with_another_key(runtime)
        answer = await client.deliver(forecast(HEAVY))
        assert answer.status_code == 503
        assert "LANTIAN_SECRET_KEY" in answer.json()["detail"]
        assert await value(runtime, "SELECT count(*) FROM receipt") == 0

    async def test_rotating_a_feed_leaves_out_what_cannot_be_opened(self, client: Client, runtime: Runtime) -> None:
        await client.feed()
        with_another_key(runtime)
        new = new_secret()
        async with runtime.unit() as uow:
            await register(uow, "feed", "Feed", "100000", [new, *await secrets_of(uow, "feed")])
            await uow.commit()
        client.secrets["feed"] = new
        assert (await client.deliver(forecast(HEAVY))).status_code == 202


class TestCommand:
    @pytest.fixture
    def lantian(
        self, runtime: Runtime, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
    ) -> Callable[..., tuple[int, str]]:
        assert runtime.settings.database_url is not None
        monkeypatch.setenv("DATABASE_URL", runtime.settings.database_url)
        monkeypatch.setenv("LANTIAN_DATA_DIR", str(runtime.settings.data_dir))

        def run(*arguments: str) -> tuple[int, str]:
            code = main(["secrets", *arguments])
            told = capsys.readouterr()
            return code, told.out + told.err

        return run

    async def test_counts_then_seals_then_is_content(
        self, client: Client, runtime: Runtime, lantian: Callable[..., tuple[int, str]]
    ) -> None:
        await client.feed()
        plain = new_secret()
        await value(runtime, "UPDATE feed SET secrets = $1 RETURNING 1", json.dumps([plain]))
        code, told = await asyncio.to_thread(lantian, "check")
        assert code == 1
        assert "1 in the open" in told
        assert plain not in told
        code, told = await asyncio.to_thread(lantian, "seal", "--json")
        assert code == 0
        assert json.loads(told) == {
            "changed": {"endpoints": 0, "feeds": 1, "keys": 0},
            "foreign": 0,
            "key": str(runtime.settings.data_dir / "keys" / "secret"),
            "plain": 0,
            "sealed": 1,
        }
        assert plain not in await value(runtime, ALL_SQL)
        assert (await asyncio.to_thread(lantian, "check"))[0] == 0

    async def test_another_key_is_told(
        self,
        client: Client,
        runtime: Runtime,
        lantian: Callable[..., tuple[int, str]],
        monkeypatch: pytest.MonkeyPatch,
    ) -> None:
        await client.feed()
        monkeypatch.setenv("LANTIAN_SECRET_KEY", KEY)
        code, told = await asyncio.to_thread(lantian, "check")
        assert code == 1
        assert "1 sealed by another key" in told
        assert "LANTIAN_SECRET_KEY" in told
        assert KEY not in told

    async def test_a_key_that_cannot_be_used_changes_nothing(
        self, client: Client, runtime: Runtime, lantian: Callable[..., tuple[int, str]]
    ) -> None:
        await client.feed()
        plain = new_secret()
        await value(runtime, "UPDATE feed SET secrets = $1 RETURNING 1", json.dumps([plain]))
        (runtime.settings.data_dir / "keys" / "secret").write_bytes(b"short")
        seal._seal.cache_clear()
        code, told = await asyncio.to_thread(lantian, "seal")
        assert code == 2
        assert "restore it" in told
        assert plain in await value(runtime, ALL_SQL)

    @pytest.mark.parametrize(("plain", "said"), [(True, "lie in the open"), (False, "another key")])
    async def test_a_node_says_at_its_start_what_is_wrong(
        self, client: Client, runtime: Runtime, monkeypatch: pytest.MonkeyPatch, plain: bool, said: str
    ) -> None:
        heard: list[str] = []
        monkeypatch.setattr(serve, "logger", SimpleNamespace(warning=lambda event, **_: heard.append(event)))
        await client.feed()
        assert not await serve._ready(runtime)
        assert heard == []
        if plain:
            await value(runtime, "UPDATE feed SET secrets = $1 RETURNING 1", json.dumps([new_secret()]))
        else:
            with_another_key(runtime)
        assert not await serve._ready(runtime)
        assert [said in event for event in heard] == [True]

    async def test_a_node_with_a_damaged_key_starts_and_says_so(
        self, client: Client, runtime: Runtime, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        heard: list[str] = []
        monkeypatch.setattr(serve, "logger", SimpleNamespace(warning=lambda _, problem: heard.append(problem)))
        await client.feed()
        (runtime.settings.data_dir / "keys" / "secret").write_bytes(b"short")
        seal._seal.cache_clear()
        assert not await serve._ready(runtime)
        assert ["restore it" in problem for problem in heard] == [True]
