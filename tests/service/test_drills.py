"""A drill touches nothing that is live, and nothing of it leaves."""

from __future__ import annotations

import asyncio
import json
from datetime import timedelta
from pathlib import Path

import asyncpg
import pytest

from service.accounts.roles import Role
from service.channels.registry import DrillHasNoWayOut, live_channels, recording_channels
from service.channels.webhook import HttpChannel
from service.drills import flows
from service.drills.place import LOCKS, build, salt_of, tear_down
from service.drills.running import welcome
from service.drills.surroundings import Where, settings_for
from service.kit.database import Database
from service.kit.drill import MARK, NotADrillSchema, into_drill
from service.kit.jobs import Worker
from service.kit.problems import Conflict
from service.kit.runtime import Runtime
from service.kit.settings import Settings
from service.subscriptions.flows import queue
from tests.service.drill_support import PROMPT, counts, http_of, leader, planned, play, ready, signed_in, work
from tests.support import PASSWORD, Client, listed

OF_DRILLS = frozenset({"drill", "drill_score"})


class TestWholeDrill:
    async def test_from_the_script_to_the_score_sheet_without_a_trace_on_the_live_side(
        self, runtime: Runtime, client: Client, tmp_path: Path
    ) -> None:
        await client.account(Role.COMMANDER, "140100")
        await listed(runtime)
        drill_id = await planned(runtime)
        before = await counts(runtime.database.address, without=OF_DRILLS)
        async with ready(runtime, tmp_path, drill_id) as drill:
            await play(drill)
            async with drill.runtime.unit() as uow:
                assert await uow.fetchval("SELECT count(*) FROM notice") > 0
        async with runtime.unit() as uow:
            row = await uow.fetchrow("SELECT * FROM drill_score WHERE drill_id = $1", drill_id)
        assert await counts(runtime.database.address, without=OF_DRILLS) == before
        assert row is not None
        sheet = json.loads(row["document"])
        states = {one["id"]: one["state"] for one in sheet["results"]}
        assert states == dict.fromkeys(states, "met"), states
        assert (row["points"], row["possible"]) == (100, 100)
        took = {one["id"]: one["minutes"] for one in sheet["results"]}
        assert 120 < took["takes-over"] < 240, "the commander takes over only after the vice-mayor's two hours"
        assert {one["role"] for one in sheet["people"]} == {"office_director", "commander"}

    async def test_two_at_once_and_the_live_side_beside_them(self, runtime: Runtime, tmp_path: Path) -> None:
        first, second = await planned(runtime), await planned(runtime, PROMPT)
        async with ready(runtime, tmp_path / "a", first) as one, ready(runtime, tmp_path / "b", second) as other:
            await asyncio.gather(play(one, until_minutes=60), play(other, until_minutes=60))
            async with one.runtime.unit() as uow:
                here = {row["adcode"] for row in await uow.fetch("SELECT adcode FROM proposal")}
            async with other.runtime.unit() as uow:
                there = {row["adcode"] for row in await uow.fetch("SELECT adcode FROM proposal")}
        assert here == {"140100"}
        assert there == {"130100", "110000", "120000", "130600"}

    async def test_dropping_keeps_the_sheet_which_nobody_can_change(self, runtime: Runtime, tmp_path: Path) -> None:
        drill_id = await planned(runtime)
        async with ready(runtime, tmp_path, drill_id) as drill:
            await play(drill, until_minutes=30)
            with pytest.raises(Conflict):
                async with runtime.unit() as uow:
                    await flows.drop(uow, None, drill_id)
            kept = await drill.director.finish()
            assert await drill.director.finish() == kept
        async with runtime.unit() as uow:
            await flows.drop(uow, None, drill_id)
            await uow.commit()
        async with runtime.unit() as uow:
            assert await uow.fetchval("SELECT count(*) FROM pg_namespace WHERE nspname LIKE 'drill%'") == 0
            assert await uow.fetchval("SELECT digest FROM drill_score WHERE drill_id = $1", drill_id) == kept
            with pytest.raises(asyncpg.RestrictViolationError):
                await uow.execute("UPDATE drill_score SET points = 100 WHERE drill_id = $1", drill_id)

    async def test_taken_up_again_it_goes_on_where_it_stood(self, runtime: Runtime, tmp_path: Path) -> None:
        drill_id = await planned(runtime)
        async with ready(runtime, tmp_path, drill_id) as drill:
            await play(drill, until_minutes=30)
            await drill.director.stand(drill.runtime.clock.now())
        async with ready(runtime, tmp_path, drill_id) as again:
            await again.director.stand(again.script.starts_at + timedelta(minutes=40))
            await again.director.beat(0)
            async with again.runtime.unit() as uow:
                assert await uow.fetchval("SELECT count(*) FROM drill_inject WHERE name = 'sudden'") == 1
                assert await uow.fetchval("SELECT count(*) FROM account WHERE login = 'drill-leader'") == 1


class TestApart:
    async def test_jobs(self, runtime: Runtime, tmp_path: Path) -> None:
        drill_id = await planned(runtime)
        await work(runtime)
        async with ready(runtime, tmp_path, drill_id) as drill:
            await work(drill.runtime)
            async with drill.runtime.unit() as uow:
                await uow.enqueue("deliver", {})
                await uow.commit()
            assert await Worker(runtime).run_queued() == 0
            async with runtime.unit() as uow:
                await uow.enqueue("deliver", {})
                await uow.enqueue("deliver", {"again": 1})
                await uow.commit()
            assert await Worker(drill.runtime).run_queued() == 1
            assert await Worker(runtime).run_queued() == 2

    async def test_notifications(self, runtime: Runtime, database_address: str) -> None:
        inside = await build(database_address, "drill_7")
        live, drill = await asyncpg.connect(database_address), await asyncpg.connect(inside)
        heard: list[tuple[str, str]] = []
        try:
            for connection, channels in ((live, ("lantian", "ch_pgqueuer")), (drill, ("lantian_drill_7", "ch_pgqueuer_drill_7"))):
                for channel in channels:
                    await connection.add_listener(channel, lambda _c, _p, on, said: heard.append((on, str(said)[:5])))
            await drill.execute("SELECT pg_notify('lantian', 'drill')")
            await drill.execute("INSERT INTO pgqueuer (priority, entrypoint, status) VALUES (0, 'x', 'queued')")
            await live.execute("SELECT pg_notify('lantian', 'alive')")
            for connection in (live, drill):
                await connection.fetchval("SELECT 1")
        finally:
            await live.close()
            await drill.close()
        assert {on for on, _ in heard} == {"lantian", "lantian_drill_7", "ch_pgqueuer_drill_7"}
        assert ("lantian", "drill") not in heard
        assert ("lantian_drill_7", "alive") not in heard

    async def test_locks(self, runtime: Runtime, database_address: str) -> None:
        inside, other = await build(database_address, "drill_8"), await build(database_address, "drill_9")
        connections = [await asyncpg.connect(address) for address in (database_address, inside, other, inside)]
        live, one, two, same = connections
        try:
            for connection in (live, one, two):
                assert await connection.fetchval("SELECT pg_try_advisory_lock(42)")
                assert await connection.fetchval("SELECT pg_try_advisory_lock(4, -2)")
            assert not await same.fetchval("SELECT pg_try_advisory_lock(42)")
            assert not await same.fetchval("SELECT pg_try_advisory_lock(4, -2)")
            assert await one.fetchval("SELECT pg_advisory_unlock(42)")
            assert await same.fetchval("SELECT pg_try_advisory_lock(42)")
            assert salt_of("drill_8") != salt_of("drill_9")
        finally:
            for connection in connections:
                await connection.close()

    async def test_no_lock_of_the_server_is_forgotten(self, runtime: Runtime) -> None:
        async with runtime.unit() as uow:
            rows = await uow.fetch(
                "SELECT DISTINCT proname FROM pg_proc WHERE pronamespace = 'pg_catalog'::regnamespace"
                " AND proname ~ '^pg_(try_)?advisory_(xact_)?(un)?lock'"
            )
        assert {row["proname"] for row in rows} - {"pg_advisory_unlock_all"} == {name for name, _ in LOCKS}

    async def test_a_token_opens_only_its_own_side(self, runtime: Runtime, client: Client, tmp_path: Path) -> None:
        live = await client.account(Role.COMMANDER, "140100")
        drill_id = await planned(runtime)
        async with ready(runtime, tmp_path, drill_id) as drill:
            inside = await signed_in(drill, "drill-commander-140100", drill.handed.people)
            assert (await http_of(drill).get("/api/v1/proposals", headers=inside)).status_code == 200
            assert (await http_of(drill).get("/api/v1/proposals", headers=live)).status_code == 401
            assert (await client.http.get("/api/v1/proposals", headers=inside)).status_code == 401
            cookies = (await http_of(drill).post(
                "/api/v1/sessions", json={"login": "drill-leader", "password": drill.handed.people}
            )).cookies
        assert set(cookies) == {f"lantian_session_drill_{drill_id}"}

    async def test_accounts_come_along_without_what_reaches_people(
        self, runtime: Runtime, client: Client, tmp_path: Path
    ) -> None:
        await client.account(Role.COMMANDER, "140100", login="li")
        await client.account(Role.COMMANDER, "510100", login="far")
        async with runtime.unit() as uow:
            account = await uow.fetchval("SELECT id FROM account WHERE login = 'li'")
            await uow.execute(
                "INSERT INTO contact (adcode, account_id, name, phone, email, language, calling_order, by_email, by_sms, changed_by,"
                " changed_at) VALUES ('140100', $1, 'Li', '13900000000', 'li@example.test', 'zh', 1, true, true, $1, now())",
                account,
            )
            await uow.commit()
        drill_id = await planned(runtime, participants="live")
        async with ready(runtime, tmp_path, drill_id) as drill:
            refused = await http_of(drill).post("/api/v1/sessions", json={"login": "li", "password": PASSWORD})
            assert refused.status_code == 401, "the live password opens nothing in a drill"
            assert set(drill.handed.own) == {"li"}
            await signed_in(drill, "li", drill.handed.own["li"])
            assert f"    {'li':<32} {drill.handed.own['li']}" in welcome(drill, start=False).splitlines()
            async with drill.runtime.unit() as uow:
                contacts = [dict(row) for row in await uow.fetch("SELECT phone, email FROM contact")]
                assert not await uow.fetchval("SELECT 1 FROM account WHERE login = 'far'")
        assert contacts == [{"phone": None, "email": f"drill-{account}@example.test"}]

    async def test_no_live_hash_is_in_a_drill_also_when_it_is_taken_up_again(
        self, runtime: Runtime, client: Client, tmp_path: Path
    ) -> None:
        await client.account(Role.COMMANDER, "140100", login="li")
        await client.account(Role.DUTY_OFFICER, "140100", login="wang")
        async with runtime.unit() as uow:
            live = {row["password_hash"] for row in await uow.fetch("SELECT password_hash FROM account")}
        drill_id = await planned(runtime, participants="live")
        told = []
        for _ in range(2):
            async with ready(runtime, tmp_path, drill_id) as drill:
                told.append(drill.handed.own)
                async with drill.runtime.unit() as uow:
                    rows = await uow.fetch("SELECT login, password_hash FROM account WHERE login IN ('li', 'wang')")
                assert not live & {row["password_hash"] for row in rows}
                await signed_in(drill, "wang", drill.handed.own["wang"])
        assert len({*told[0].values(), *told[1].values()}) == 4, "everybody's own, and new ones each time"


class TestNoWayOut:
    async def test_no_channel_can_be_made_or_given(self, runtime: Runtime, database_address: str, tmp_path: Path) -> None:
        inside = await build(database_address, "drill_5")
        settings = settings_for(inside, Where(data_dir=tmp_path), "drill_5")
        with pytest.raises(DrillHasNoWayOut):
            live_channels(settings)
        drill = Runtime(settings, Database(inside), runtime.law)
        try:
            with pytest.raises(DrillHasNoWayOut):
                drill.channel = HttpChannel(1.0, allow_private=True)
            with pytest.raises(DrillHasNoWayOut):
                drill.channels = live_channels(Settings(database_url=database_address))
            drill.channels = recording_channels()
        finally:
            await drill.close()

    def test_an_address_into_a_drill_makes_any_process_one(self) -> None:
        inside = into_drill("postgresql://u@h/db?host=/run/x", "drill_3")
        assert Settings(database_url=inside).drill == "drill_3"
        assert Settings(database_url="postgresql://u@h/db").drill is None

    @pytest.mark.parametrize("path", ["public", "drill_3", "drill_3,public", "public,pg_catalog", "drill_0,pg_catalog"])
    def test_no_other_search_path_is_taken(self, path: str) -> None:
        with pytest.raises(NotADrillSchema):
            _ = Settings(database_url=f"postgresql://u@h/db?search_path={path}").drill

    def test_a_runtime_does_not_mix_the_two(self, runtime: Runtime, database_address: str) -> None:
        with pytest.raises(ValueError, match="disagree"):
            Runtime(Settings(database_url=database_address), Database(into_drill(database_address, "drill_2")), runtime.law)

    def test_secrets_are_not_read(self, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
        monkeypatch.setenv("LANTIAN_SMTP_HOST", "mail.example.test")
        monkeypatch.setenv("LANTIAN_SMTP_PASSWORD", "a secret")
        monkeypatch.setenv("LANTIAN_SMS_URL", "https://sms.example.test/")
        monkeypatch.setenv("LANTIAN_SIGNING_KEY", "/nowhere")
        monkeypatch.setenv("LANTIAN_SECRET_KEY", "s" * 40)
        settings = settings_for(into_drill("postgresql:///db", "drill_1"), Where(data_dir=tmp_path), "drill_1")
        assert [settings.smtp_host, settings.smtp_password, settings.sms_url, settings.signing_key, settings.secret_key] == [None] * 5

    @pytest.mark.parametrize("schema", ["public", "drill_", "drill_1;x", "pg_catalog", "drill_01"])
    async def test_nothing_but_a_drill_is_dropped(self, runtime: Runtime, schema: str) -> None:
        async with runtime.unit() as uow:
            with pytest.raises(NotADrillSchema):
                await tear_down(uow.connection, schema)


class TestMarks:
    async def test_everything_that_is_said_is_marked(self, runtime: Runtime, tmp_path: Path) -> None:
        drill_id = await planned(runtime)
        async with ready(runtime, tmp_path, drill_id) as drill:
            inside = await signed_in(drill, "drill-plant-140100", drill.handed.people)
            made = await http_of(drill).post(
                "/api/v1/subscriptions", headers=inside, json={"url": "https://receiver.example/hook", "events": []}
            )
            assert made.status_code == 201, made.text
            async with drill.runtime.unit() as uow:
                for channel in ("email", "sms"):
                    await queue(
                        uow, reason=f"t-{channel}", channel=channel, target="contact:1", address="contact:1", event="notice",
                        subject="通知", body="请签收",
                    )  # fmt: skip
                await uow.commit()
            await play(drill, until_minutes=300)
            async with drill.runtime.unit() as uow:
                notices = [row["headline_zh"] for row in await uow.fetch("SELECT headline_zh FROM notice")]
                inbox = await uow.fetch("SELECT title_zh, title_en FROM inbox_message")
                caps = [bytes(row["body"]).decode() for row in await uow.fetch("SELECT body FROM message")]
                contents = await uow.fetch("SELECT subject, body FROM delivery_content")
                hooks = await uow.fetch("SELECT c.body FROM delivery d JOIN delivery_content c ON c.id = d.content_id"
                                        " WHERE d.channel = 'webhook'")  # fmt: skip
            feed = (drill.runtime.settings.public_root / "current" / "drills.atom").read_text(encoding="utf-8")
        assert notices
        assert all(one.startswith(MARK) for one in notices)
        assert inbox
        assert all(row["title_zh"].startswith(MARK) and row["title_en"].startswith(MARK) for row in inbox)
        assert caps
        assert all("<status>Exercise</status>" in one and MARK in one for one in caps)
        assert hooks
        assert all(json.loads(row["body"])["drill"] is True for row in hooks)
        assert all(MARK in row["subject"] + row["body"] or '"drill":true' in row["body"] for row in contents)
        assert MARK in feed

    async def test_every_page_has_the_band(self, runtime: Runtime, tmp_path: Path) -> None:
        drill_id = await planned(runtime)
        async with ready(runtime, tmp_path, drill_id) as drill:
            headers = await leader(drill) | {"accept": "text/html"}
            http_of(drill).cookies.clear()
            assert "drillband" in (await http_of(drill).get("/signin")).text
            for path in ("/", "/drill", "/proposals", "/law", "/nowhere"):
                page = await http_of(drill).get(path, headers=headers)
                assert page.text.count("drillband") == 2, path
                assert "<title>【演练 DRILL】" in page.text
            assert (await http_of(drill).get("/drills", headers=headers)).status_code == 404
