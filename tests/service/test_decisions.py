"""Nothing leaves without a decision: who may decide, on what, when, how often; and books that cannot be rewritten."""

from __future__ import annotations

import asyncio
import importlib
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import asyncpg
import httpx
import pytest

from service.accounts.roles import Role
from service.channels.base import RecordingChannel
from service.kit.clock import ManualClock
from service.kit.database import Database
from service.kit.jobs import tick
from service.kit.runtime import Runtime
from service.kit.schema import APPEND_ONLY
from service.ledger.flows import Verdict, seal, verify
from service.warnings.flows import lapse
from tests.support import HEAVY, Client, approve_open, forecast, listed

EFFECTS = ("decision", "warning", "warning_step", "response", "message", "notice")
PROPOSALS = "/api/v1/proposals"
ORDER = {"ground": "upper_order", "legal_basis": "京政办〔2016〕1号"}
"""What an order of a higher authority needs."""


@pytest.fixture
async def proposed(client: Client) -> Client:
    """Beijing with one open proposal: yellow from the second midnight."""
    await client.feed()
    await client.deliver(forecast(HEAVY))
    await client.work()
    return client


async def effects(runtime: Runtime) -> dict[str, int]:
    async with runtime.unit() as uow:
        return {table: await uow.fetchval(f"SELECT count(*) FROM {table}") for table in EFFECTS}


async def only(client: Client, who: dict[str, str]) -> dict[str, Any]:
    """The only open proposal."""
    items: list[dict[str, Any]] = (await client.http.get(f"{PROPOSALS}?state=open", headers=who)).json()["items"]
    assert len(items) == 1
    return items[0]


async def say(
    client: Client, who: dict[str, str], proposal: dict[str, Any], *, approve: bool = True, **changes: str
) -> httpx.Response:
    """Decide on a proposal."""
    body = {"approve": approve, "content_hash": proposal["content_hash"], "reason": "同意", **changes}
    return await client.http.post(f"{PROPOSALS}/{proposal['id']}/decision", headers=who, json=body)


async def by_hand(client: Client, who: dict[str, str], **changes: str) -> httpx.Response:
    body = {"adcode": "110000", "to": "red", "reason": "upper_order", "explanation": "上级要求", **changes}
    return await client.http.post(PROPOSALS, headers=who, json=body)


class TestRefused:
    async def test_another_hash(self, proposed: Client, runtime: Runtime) -> None:
        commander = await proposed.account(Role.COMMANDER)
        proposal = await only(proposed, commander)
        answer = await say(proposed, commander, proposal, content_hash="0" * 64)
        assert (answer.status_code, answer.json()["type"]) == (409, "urn:lantian:problem:content-changed")
        assert answer.json()["content_hash"] == proposal["content_hash"]
        assert set((await effects(runtime)).values()) == {0}

    async def test_content_changed_behind_the_hash(self, proposed: Client, runtime: Runtime) -> None:
        commander = await proposed.account(Role.COMMANDER)
        proposal = await only(proposed, commander)
        async with runtime.unit() as uow:
            await uow.execute("UPDATE proposal SET content = replace(content, '\"yellow\"', '\"red\"')")
            await uow.commit()
        answer = await say(proposed, commander, proposal)
        assert answer.status_code == 409
        assert "tampered" in answer.json()["detail"]
        assert set((await effects(runtime)).values()) == {0}

    async def test_a_new_forecast_makes_the_old_hash_void(self, proposed: Client, runtime: Runtime) -> None:
        commander = await proposed.account(Role.COMMANDER)
        seen = await only(proposed, commander)
        await proposed.deliver(forecast([60.0] * 31 + [260.0] * 100))
        await proposed.work()
        assert (await say(proposed, commander, seen)).status_code == 409
        assert set((await effects(runtime)).values()) == {0}
        assert (await only(proposed, commander))["content_hash"] != seen["content_hash"]

    async def test_twice(self, proposed: Client, runtime: Runtime) -> None:
        commander = await proposed.account(Role.COMMANDER)
        decided = await approve_open(proposed, commander)
        before = await effects(runtime)
        for approve in (True, False):
            assert (await say(proposed, commander, decided, approve=approve)).status_code == 409
        assert await effects(runtime) == before

    async def test_after_the_deadline(self, proposed: Client, runtime: Runtime, clock: ManualClock) -> None:
        commander = await proposed.account(Role.COMMANDER)
        proposal = await only(proposed, commander)
        async with runtime.unit() as uow:
            deadline = await uow.fetchval("SELECT deadline FROM proposal")
        clock.advance_to(deadline - timedelta(microseconds=1))
        assert (await say(proposed, commander, proposal, content_hash="0" * 64)).status_code == 409
        clock.advance_to(deadline)
        answer = await say(proposed, commander, proposal)
        assert answer.status_code == 409
        assert "deadline" in answer.json()["detail"]
        assert set((await effects(runtime)).values()) == {0}

    @pytest.mark.parametrize("role", [Role.ENTERPRISE, Role.AUDITOR, Role.ADMINISTRATOR, Role.COORDINATOR])
    async def test_by_a_role_that_the_plan_does_not_name(self, proposed: Client, runtime: Runtime, role: Role) -> None:
        commander = await proposed.account(Role.COMMANDER)
        other = await proposed.account(role, uscc="91110000MA0000000X" if role is Role.ENTERPRISE else None)
        answer = await say(proposed, other, await only(proposed, commander))
        assert answer.status_code == 403
        assert set((await effects(runtime)).values()) == {0}

    async def test_by_a_feed(self, proposed: Client, runtime: Runtime) -> None:
        commander = await proposed.account(Role.COMMANDER)
        proposal = await only(proposed, commander)
        secret = {"authorization": f"Bearer {proposed.secrets['feed']}"}
        assert (await say(proposed, secret, proposal)).status_code == 401
        assert set((await effects(runtime)).values()) == {0}

    @pytest.mark.parametrize("region", ["130000", "110105", "120000"])
    async def test_from_another_region(self, proposed: Client, runtime: Runtime, region: str) -> None:
        here = await proposed.account(Role.COMMANDER)
        there = await proposed.account(Role.COMMANDER, adcode=region)
        proposal = await only(proposed, here)
        assert (await say(proposed, there, proposal)).status_code == 404
        assert (await proposed.http.get(f"{PROPOSALS}/{proposal['id']}", headers=there)).status_code == 404
        assert set((await effects(runtime)).values()) == {0}

    @pytest.mark.parametrize(
        "body",
        [
            {"approve": "perhaps"},
            {"content_hash": "x"},
            {"content_hash": None},
            {"reason": ""},
            {"reason": "x" * 2001},
            {"reason": "NUL \0"},
            {"more": 1},
        ],
    )
    async def test_with_a_bad_body(self, proposed: Client, runtime: Runtime, body: dict[str, Any]) -> None:
        commander = await proposed.account(Role.COMMANDER)
        proposal = await only(proposed, commander)
        good = {"approve": True, "content_hash": proposal["content_hash"], "reason": "同意"}
        answer = await proposed.http.post(f"{PROPOSALS}/{proposal['id']}/decision", headers=commander, json=good | body)
        assert answer.status_code == 422
        assert answer.headers["content-type"] == "application/problem+json"
        assert set((await effects(runtime)).values()) == {0}

    @pytest.mark.parametrize("number", ["0", "-1", "99999", str(2**63), "x"])
    async def test_on_a_number_that_is_no_proposal(self, proposed: Client, number: str) -> None:
        commander = await proposed.account(Role.COMMANDER)
        body = {"approve": True, "content_hash": "0" * 64, "reason": "同意"}
        answer = await proposed.http.post(f"{PROPOSALS}/{number}/decision", headers=commander, json=body)
        assert answer.status_code in {404, 422}


class TestByHand:
    async def test_without_criteria_it_needs_a_ground_and_a_legal_basis(self, client: Client, runtime: Runtime) -> None:
        officer = await client.account(Role.DUTY_OFFICER)
        for given in ({}, {"legal_basis": "京政办〔2016〕1号"}, ORDER | {"legal_basis": "  "}):
            answer = await by_hand(client, officer, **given)
            assert answer.status_code == 422
            assert "legal basis" in answer.json()["detail"]
        async with runtime.unit() as uow:
            assert await uow.fetchval("SELECT count(*) FROM proposal") == 0

    async def test_with_both_it_is_flagged(self, client: Client, runtime: Runtime) -> None:
        officer, commander = await client.account(Role.DUTY_OFFICER), await client.account(Role.COMMANDER)
        made = await by_hand(client, officer, **ORDER)
        assert made.status_code == 201
        assert made.json()["content"]["flags"] == ["started_without_criteria"]
        assert (await say(client, commander, made.json())).status_code == 200
        async with runtime.unit() as uow:
            assert await uow.fetchval("SELECT legal_basis FROM decision") == "京政办〔2016〕1号"
            flagged = await uow.fetchval("SELECT content FROM ledger_entry WHERE kind = 'warning.issue'")
        assert "started_without_criteria" in flagged

    async def test_within_the_criteria_it_needs_none(self, proposed: Client) -> None:
        officer = await proposed.account(Role.DUTY_OFFICER)
        made = await by_hand(proposed, officer, to="yellow", reason="criteria_met")
        assert made.status_code == 201
        assert made.json()["content"]["flags"] == []

    async def test_the_proposer_cannot_decide(self, client: Client, runtime: Runtime) -> None:
        commander, second = await client.account(Role.COMMANDER), await client.account(Role.COMMANDER)
        made = (await by_hand(client, commander, **ORDER)).json()
        answer = await say(client, commander, made)
        assert answer.status_code == 403
        assert "four eyes" in answer.json()["detail"]
        assert (await say(client, second, made)).status_code == 200
        assert (await effects(runtime))["warning"] == 1

    @pytest.mark.parametrize("role", [Role.AUDITOR, Role.ENTERPRISE, Role.COORDINATOR, Role.ADMINISTRATOR])
    async def test_only_officers_and_commanders_propose(self, client: Client, runtime: Runtime, role: Role) -> None:
        other = await client.account(role)
        assert (await by_hand(client, other, **ORDER)).status_code == 403
        async with runtime.unit() as uow:
            assert await uow.fetchval("SELECT count(*) FROM proposal") == 0

    async def test_not_for_another_region(self, client: Client) -> None:
        officer = await client.account(Role.DUTY_OFFICER, adcode="130000")
        assert (await by_hand(client, officer, **ORDER)).status_code == 403

    async def test_the_level_in_force_is_the_decision_that_nothing_changes(self, client: Client) -> None:
        officer = await client.account(Role.DUTY_OFFICER)
        made = await by_hand(client, officer, to="none", reason="no_change")
        assert (made.status_code, made.json()["action"]) == (201, "hold")


class TestOnce:
    async def test_the_same_key_is_answered_the_same(self, proposed: Client, runtime: Runtime) -> None:
        commander = await proposed.account(Role.COMMANDER) | {"idempotency-key": "decide-1"}
        proposal = await only(proposed, commander)
        first = await say(proposed, commander, proposal)
        after = await effects(runtime)
        second = await say(proposed, commander, proposal)
        assert (second.status_code, second.content) == (first.status_code, first.content)
        assert second.headers["idempotent-replay"] == "true"
        assert await effects(runtime) == after

    async def test_the_same_key_for_other_content_is_a_conflict(self, proposed: Client) -> None:
        commander = await proposed.account(Role.COMMANDER) | {"idempotency-key": "decide-1"}
        proposal = await only(proposed, commander)
        await say(proposed, commander, proposal)
        assert (await say(proposed, commander, proposal, approve=False)).status_code == 409

    async def test_a_refused_write_does_not_use_up_its_key(self, proposed: Client) -> None:
        commander = await proposed.account(Role.COMMANDER) | {"idempotency-key": "decide-1"}
        proposal = await only(proposed, commander)
        assert (await say(proposed, commander, proposal, content_hash="0" * 64)).status_code == 409
        assert (await say(proposed, commander, proposal)).status_code == 200

    async def test_keys_belong_to_their_account(self, proposed: Client) -> None:
        key = {"idempotency-key": "decide-1"}
        first, second = await proposed.account(Role.COMMANDER) | key, await proposed.account(Role.COMMANDER) | key
        proposal = await only(proposed, first)
        assert (await say(proposed, first, proposal)).status_code == 200
        assert (await say(proposed, second, proposal)).status_code == 409

    async def test_a_key_that_is_too_long(self, proposed: Client) -> None:
        commander = await proposed.account(Role.COMMANDER)
        proposal = await only(proposed, commander)
        assert (await say(proposed, commander | {"idempotency-key": "k" * 256}, proposal)).status_code == 422

    @pytest.mark.parametrize("key", [None, "shared"])
    async def test_twenty_at_once_have_one_effect(self, proposed: Client, runtime: Runtime, key: str | None) -> None:
        await listed(runtime)
        commander = await proposed.account(Role.COMMANDER)
        proposal = await only(proposed, commander)
        who = commander | ({"idempotency-key": key} if key else {})
        answers = await asyncio.gather(*(say(proposed, who, proposal) for _ in range(20)))
        statuses = sorted(answer.status_code for answer in answers)
        assert statuses == ([200] * 20 if key else [200] + [409] * 19)
        if key:
            assert len({answer.content for answer in answers}) == 1
        assert set((await effects(runtime)).values()) == {1}
        async with runtime.unit() as uow:
            kinds = await uow.fetch(
                "SELECT kind, count(*) FROM ledger_entry WHERE kind IN"
                " ('decision.approved', 'warning.issue', 'notice.sent') GROUP BY kind"
            )
        assert {row["kind"]: row["count"] for row in kinds} == dict.fromkeys(
            ("decision.approved", "warning.issue", "notice.sent"), 1
        )

    async def test_yes_and_no_at_once_have_one_outcome(self, proposed: Client, runtime: Runtime) -> None:
        commander = await proposed.account(Role.COMMANDER)
        proposal = await only(proposed, commander)
        answers = await asyncio.gather(
            *(say(proposed, commander, proposal, approve=turn % 2 == 0) for turn in range(10))
        )
        assert sorted(answer.status_code for answer in answers) == [200] + [409] * 9
        assert (await effects(runtime))["decision"] == 1


class TestWhatFollows:
    async def test_a_rejected_content_is_not_put_forward_again(self, proposed: Client, runtime: Runtime) -> None:
        commander = await proposed.account(Role.COMMANDER)
        proposal = await only(proposed, commander)
        assert (await say(proposed, commander, proposal, approve=False, reason="暂不发布")).status_code == 200
        await proposed.deliver(forecast([*HEAVY, 40.0]))
        await proposed.work()
        assert (await proposed.http.get(f"{PROPOSALS}?state=open", headers=commander)).json()["items"] == []
        after = await effects(runtime)
        assert (after["decision"], after["warning"]) == (1, 0)
        async with runtime.unit() as uow:
            assert await uow.fetchval("SELECT count(*) FROM ledger_entry WHERE kind = 'decision.rejected'") == 1

    async def test_an_expired_proposal_escalates_and_publishes_nothing(
        self, proposed: Client, runtime: Runtime, clock: ManualClock
    ) -> None:
        async with runtime.unit() as uow:
            deadline = await uow.fetchval("SELECT deadline FROM proposal")
        clock.advance_to(deadline)
        await tick(runtime)
        await proposed.work()
        await tick(runtime)
        await proposed.work()
        assert set((await effects(runtime)).values()) == {0}
        async with runtime.unit() as uow:
            assert await uow.fetchval("SELECT count(*) FROM proposal WHERE state = 'expired'") == 1
            told = await uow.fetch("SELECT content FROM ledger_entry WHERE kind = 'proposal.expired'")
        assert len(told) == 1
        assert '"escalated_to":"commander"' in told[0]["content"]
        assert (await proposed.http.get("/public/warnings.json")).json()["warnings"] == []

    async def test_a_lapse_waits_for_a_decision_in_hand(self, runtime: Runtime) -> None:
        async with runtime.unit() as uow:
            warning = await uow.fetchval(
                "INSERT INTO warning (adcode, state, level, announced_at, effective_at, planned_end, fixed_end)"
                " VALUES ('110000', 'active', 2, $1, $1, $1, true) RETURNING id",
                uow.now,
            )
            await uow.commit()
        async with runtime.unit() as deciding:
            await deciding.lock_division("110000")
            await deciding.execute("UPDATE warning SET planned_end = planned_end + interval '1 day'")
            async with runtime.unit() as other:
                lapsing = asyncio.create_task(lapse(other, warning))
                _, waiting = await asyncio.wait([lapsing], timeout=0.2)
                assert waiting
                await deciding.commit()
                await lapsing
                await other.commit()
        async with runtime.unit() as uow:
            assert await uow.fetchval("SELECT state FROM warning") == "active"


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
    deviating = await by_hand(proposed, commander, **ORDER)
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
