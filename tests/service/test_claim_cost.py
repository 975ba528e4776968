"""What a claim reads grows with what it takes, not with all endpoints, all that is due or all contacts."""

from __future__ import annotations

import json
from collections import Counter
from datetime import timedelta
from typing import Any

import pytest

from service.accounts.roles import Role
from service.kit.runtime import Runtime
from service.subscriptions import repository
from service.subscriptions.flows import write_deliveries
from service.subscriptions.repository import CLAIM_SQL, Room
from tests.support import Client

ENDPOINTS_SQL = """
INSERT INTO subscription (account_id, adcode, prefix, url, host, secrets, events, state, created_at)
SELECT (SELECT min(id) FROM account), '110000', '11', 'https://h' || n % 250 || '.example/' || n, 'h' || n % 250 || '.example', '[]',
    '[]', 'active', now() FROM generate_series($1::int, $2::int) AS n
"""
CONTACTS_SQL = """
INSERT INTO contact (adcode, uscc, name, email, language, calling_order, by_email, by_sms, changed_by, changed_at)
SELECT '110000', '91110000000000000X', 'n' || n, 'n' || n || '@example.test', 'zh', 1, true, true, (SELECT min(id) FROM account), now()
FROM generate_series($1::int, $2::int) AS n
"""
ROOM = Room(100, [], ["h7.example"], 4, 64, {"email": 16}, timedelta(minutes=1))
LOOKUP = 4
"""Blocks that finding one row by key touches in tables of this size, at most."""


def nodes(plan: dict[str, Any]) -> list[dict[str, Any]]:
    return [plan, *(one for below in plan.get("Plans", ()) for one in nodes(below))]


async def explained(runtime: Runtime, monkeypatch: pytest.MonkeyPatch, kind: str) -> list[dict[str, Any]]:
    """The nodes of the plan of a claim that is carried out and then given up."""
    async with runtime.unit() as uow:
        await uow.execute(f"SET LOCAL plan_cache_mode = force_{kind}_plan")
        asked: list[Any] = []

        async def kept(_statement: str, *arguments: Any) -> list[Any]:
            asked.extend(arguments)
            return []

        with monkeypatch.context() as patched:
            patched.setattr(uow, "fetch", kept)
            await repository.claim(uow, ["webhook", "email"], ROOM)
        found = await uow.fetchval(f"EXPLAIN (ANALYZE, BUFFERS, FORMAT JSON) {CLAIM_SQL}", *asked)
    (told,) = found if isinstance(found, list) else json.loads(found)
    return nodes(told["Plan"])


def read(found: list[dict[str, Any]], table: str) -> int:
    """Blocks read of one table by its scans, their indexes included."""
    scans = [one for one in found if one.get("Relation Name") == table and "Scan" in one["Node Type"]]
    return sum(one["Shared Hit Blocks"] + one["Shared Read Blocks"] for one in scans)


async def grown(runtime: Runtime, first: int, last: int, due: int) -> None:
    async with runtime.unit() as uow:
        await uow.execute(ENDPOINTS_SQL, first, last)
        await write_deliveries(uow, f"r{last}", "warning.issued", "{}", "110000", None)
        await uow.execute("UPDATE delivery SET state = 'done' WHERE id > (SELECT min(id) FROM delivery) + $1", due)
        await uow.execute("UPDATE subscription SET rest_until = $1 WHERE id % 500 = 3", uow.now + timedelta(hours=1))
        await uow.execute("UPDATE subscription SET state = 'paused' WHERE id % 500 = 5")
        await uow.execute(CONTACTS_SQL, first, last)
        await uow.commit()
    async with runtime.unit() as uow:
        for table in ("subscription", "delivery", "contact"):
            await uow.execute(f"ANALYZE {table}")
        await uow.commit()


@pytest.mark.parametrize("kind", ["generic", "custom"])
class TestCost:
    async def test_many_more_endpoints_cost_next_to_nothing(
        self, client: Client, runtime: Runtime, monkeypatch: pytest.MonkeyPatch, kind: str
    ) -> None:
        await client.account(Role.COMMANDER)
        await grown(runtime, 1, 1_000, 300)
        few = await explained(runtime, monkeypatch, kind)
        await grown(runtime, 1_001, 12_000, 300)
        many = await explained(runtime, monkeypatch, kind)
        shut = 12_000 // 500 * 2 + 12_000 // 250  # at rest, paused, and of the host that is full
        assert read(many, "subscription") <= 3 * ROOM.rows * LOOKUP + shut * 2
        assert not [one for one in many if one["Node Type"] == "Seq Scan" and one["Relation Name"] != "delivery"]
        assert read(many, "contact") <= ROOM.rows * LOOKUP
        assert read(few, "subscription") > 0

    async def test_what_is_due_is_not_sorted_as_a_whole(
        self, client: Client, runtime: Runtime, monkeypatch: pytest.MonkeyPatch, kind: str
    ) -> None:
        await client.account(Role.COMMANDER)
        await grown(runtime, 1, 6_000, 6_000)
        (scan,) = [
            one for one in await explained(runtime, monkeypatch, kind) if one.get("Index Name") == "delivery_due"
        ]
        assert scan["Node Type"] == "Index Scan"
        assert 2 * ROOM.rows <= scan["Actual Rows"] <= 2 * ROOM.rows + 1


class TestMeaning:
    async def test_shut_endpoints_are_passed_over(self, client: Client, runtime: Runtime) -> None:
        """At rest, paused, of a full host, ended: nothing is claimed; everybody else's is."""
        await client.account(Role.COMMANDER)
        await grown(runtime, 1, 1_000, 1_000)
        async with runtime.unit() as uow:
            await uow.execute("UPDATE subscription SET state = 'ended' WHERE id % 500 = 9")
            room = Room(2_000, ["subscription:20"], ["h7.example"], 4, 64, {}, timedelta(minutes=1))
            claimed = await repository.claim(uow, ["webhook"], room)
        assert len({one.id for one in claimed}) == len(claimed)
        left = {number for number in range(1, 1_001) if number % 500 in {3, 5, 9} or number % 250 == 7} | {20}
        assert {one.subscription_id for one in claimed} == set(range(1, 1_001)) - left
        assert set(Counter(one.lane for one in claimed).values()) == {1}
