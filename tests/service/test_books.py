"""Books that cannot be rewritten: tables that only grow, and a ledger that shows every change behind its back."""

from __future__ import annotations

import asyncio
import importlib
from collections.abc import AsyncIterator
from pathlib import Path

import asyncpg
import pytest

from service.accounts.roles import Role
from service.channels.base import RecordingChannel
from service.kit.database import Database
from service.kit.runtime import Runtime
from service.kit.schema import APPEND_ONLY
from service.ledger.flows import Verdict, seal, verify
from tests.service.guarding import ORDER, wish
from tests.support import Client, approve_open, forecast, listed


class TestAppendOnly:
    def test_the_code_and_the_migration_name_the_same_tables(self) -> None:
        found = sorted(
            Path(importlib.import_module("service.migrations").__file__ or "").parent.glob("versions/[0-9]*.py")
        )
        modules = [importlib.import_module(f"service.migrations.versions.{path.stem}") for path in found]
        named = [table for module in modules for table in getattr(module, "APPEND_ONLY", ())]
        assert sorted(named) == sorted(APPEND_ONLY)

    @pytest.mark.parametrize("statement", ["UPDATE {0} SET {1} = {1}", "DELETE FROM {0}", "TRUNCATE {0} CASCADE"])
    async def test_the_database_refuses(self, filled: asyncpg.Connection, statement: str) -> None:
        for table in APPEND_ONLY:
            rows = await filled.fetchval(f"SELECT count(*) FROM {table}")
            assert await filled.fetchval(GUARDED_SQL, table) == 2, table
            if not rows:
                assert table in WITHOUT_ROWS, table
                continue
            column = await filled.fetchval(
                "SELECT column_name FROM information_schema.columns WHERE table_name = $1 ORDER BY ordinal_position DESC"
                " LIMIT 1",
                table,
            )
            with pytest.raises(asyncpg.RestrictViolationError, match="append-only"):
                await filled.execute(statement.format(table, column))
            assert await filled.fetchval(f"SELECT count(*) FROM {table}") == rows


FURTHER_BOOKS = (
    "INSERT INTO list_record SELECT max(id), 'dust', 'S-1', '110101', '{}' FROM list_version",
    "INSERT INTO permit_register (adcode, source, permits, holders, digest, created_at) VALUES ('110000', 'a.csv', 1, 1, '', now())",
    "INSERT INTO permit SELECT max(id), 'P', NULL, 'X', 'key', NULL, true, NULL, '110101' FROM permit_register",
)
"""Rows of books that the way to a warning does not pass."""
WITHOUT_ROWS = frozenset(
    [
        "grade_application",
        "grade_step",
        "grade_decision",
        "guarantee_case",
        "guarantee_step",
        "operating_plan",
        "operating_plan_review",
        "seasonal_plan",
        "seasonal_entry",
        "printed_sheet",
        "evidence_batch",
        "evidence_point",
        "evidence_hour",
        "gate_record",
        "inspection",
        "finding_step",
        "reduction_report",
        "evaluation",
        "duty_report",
        "task_entry",
        "lift_check",
        "prompt_escalation",
        "circular_receipt",
        "delivery_content",
        "delivery_attempt",
        "drill_score",
        "drill_inject",
        "phone_call",
    ]
)
"""Books that stay empty here: their guards are looked at, their own tests try to change them."""
GUARDED_SQL = """
SELECT count(*) FROM pg_trigger t JOIN pg_proc f ON f.oid = t.tgfoid
WHERE t.tgrelid = $1::text::regclass AND f.proname = 'refuse_change' AND t.tgenabled = 'O'
"""


@pytest.fixture
async def filled(proposed: Client, runtime: Runtime) -> AsyncIterator[asyncpg.Connection]:
    """A connection to a database with at least one row in every book."""
    uscc = await listed(runtime)
    commander = await proposed.account(Role.COMMANDER)
    coordinator = await proposed.account(Role.COORDINATOR, adcode="100000")
    enterprise = await proposed.account(Role.ENTERPRISE, uscc=uscc)
    await approve_open(proposed, commander)
    deviating = await wish(proposed, commander, "red", **ORDER)
    assert deviating.status_code == 201, deviating.text
    noticed = await proposed.http.post(
        f"/api/v1/enterprises/{uscc}/acknowledgements", headers=enterprise, json={"name": "王"}
    )
    assert noticed.status_code == 201
    prompt = {
        "region": "jingjinji-2015",
        "document": "区域提示",
        "basis": "会商",
        "starts_at": "2016-12-16T20:00:00+08:00",
        "entries": [{"adcode": "110000", "level": "red"}],
    }
    entered = await proposed.http.post("/api/v1/prompts", headers=coordinator, json=prompt)
    assert entered.status_code == 201, entered.text
    body = forecast([50.0] * 2) | {"type": "observation.reported"}
    body["data"].pop("issued_at")
    assert (await proposed.deliver(body, kind="observations")).status_code == 202
    await seal(runtime)
    connection = await runtime.database.connect()
    for statement in FURTHER_BOOKS:
        await connection.execute(statement)
    yield connection
    await connection.close()


async def verdict_after(runtime: Runtime, statement: str) -> Verdict:
    """Change the books behind the guards' back, then verify."""
    connection = await runtime.database.connect()
    try:
        await connection.execute(f"SET session_replication_role = replica; {statement}")
        return await verify(connection)
    finally:
        await connection.close()


class TestLedger:
    @pytest.mark.parametrize(
        ("statement", "place"),
        [
            ("UPDATE ledger_entry SET content = overlay(content placing 'X' from 9 for 1) WHERE id = {entry}", 3),
            ("UPDATE ledger_entry SET content = content || ' ' WHERE id = {entry}", 3),
            ("UPDATE ledger_entry SET kind = 'something.else' WHERE id = {entry}", 3),
            ("UPDATE ledger_entry SET adcode = '650000' WHERE id = {entry}", 3),
            ("UPDATE ledger_entry SET at = at + interval '1 second' WHERE id = {entry}", 3),
            ("UPDATE ledger_seal SET hash = overlay(hash placing 'f' from 64 for 1) || '' WHERE seq = 3 AND hash NOT LIKE '%f';"
             "UPDATE ledger_seal SET hash = overlay(hash placing '0' from 1 for 1) WHERE seq = 3 AND hash NOT LIKE '0%'", 3),
            ("DELETE FROM ledger_entry WHERE id = {entry}", 3),
            ("DELETE FROM ledger_seal WHERE seq = 3", 4),
            ("DELETE FROM ledger_seal WHERE seq = 1", 2),
            ("UPDATE ledger_seal SET entry_id = entry_id + 100000 WHERE seq = 3", 3),
            ("UPDATE ledger_seal SET seq = seq + 100000 WHERE seq = (SELECT max(seq) FROM ledger_seal)", None),
            ("INSERT INTO ledger_entry (at, kind, adcode, content) SELECT at, kind, adcode, content FROM ledger_entry LIMIT 1",
             None),
        ],
    )  # fmt: skip
    async def test_a_change_behind_the_guards_is_found(
        self, proposed: Client, runtime: Runtime, statement: str, place: int | None
    ) -> None:
        await approve_open(proposed, await proposed.account(Role.COMMANDER))
        await seal(runtime)
        async with runtime.unit() as uow:
            entry = await uow.fetchval("SELECT entry_id FROM ledger_seal WHERE seq = 3")
        verdict = await verdict_after(runtime, statement.format(entry=entry))
        assert not verdict.whole
        assert verdict.problem
        if place is not None:
            assert verdict.broken_at == place

    async def test_untouched_it_is_whole(self, proposed: Client, runtime: Runtime) -> None:
        assert await seal(runtime) > 2
        verdict = await verdict_after(runtime, "SELECT 1")
        assert (verdict.whole, verdict.unsealed) == (True, 0)

    async def test_what_was_rolled_back_is_not_on_it(self, runtime: Runtime) -> None:
        async with runtime.unit() as uow:
            await uow.record("test.never", None)
        async with runtime.unit() as uow:
            await uow.record("test.once", None)
            await uow.commit()
        assert await seal(runtime) == 1
        assert (await verdict_after(runtime, "SELECT 1")).whole

    async def test_writers_and_two_sealing_nodes_at_once(self, runtime: Runtime) -> None:
        other = Runtime(runtime.settings, Database(runtime.database.address), runtime.law)
        other.channel = RecordingChannel()
        writing = True
        verdicts = []

        async def write(node: Runtime, number: int) -> None:
            for turn in range(15):
                async with node.unit() as uow:
                    await uow.record("test.written", "110000", writer=number, turn=turn)
                    await asyncio.sleep(0)
                    await uow.commit()

        async def keep_sealing(node: Runtime) -> None:
            while writing:
                await seal(node)
                await asyncio.sleep(0)

        async def keep_verifying() -> None:
            connection = await runtime.database.connect()
            while writing:
                verdicts.append(await verify(connection))
            await connection.close()

        background = [asyncio.create_task(keep_sealing(node)) for node in (runtime, other)]
        background.append(asyncio.create_task(keep_verifying()))
        await asyncio.gather(*(write(node, number) for number, node in enumerate((runtime, other) * 4)))
        writing = False
        await asyncio.gather(*background)
        await seal(runtime)
        last = await verdict_after(runtime, "SELECT 1")
        await other.close()
        assert (last.whole, last.entries, last.unsealed) == (True, 120, 0)
        assert len(verdicts) > 1
        assert [verdict for verdict in verdicts if not verdict.whole] == []
