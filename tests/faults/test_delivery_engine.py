"""`kill -9` between claim, send and record with a counting receiver: never lost, at most one effect per message id."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest

from service.accounts.roles import Role
from service.kit.runtime import Runtime
from service.subscriptions.flows import write_deliveries
from tests.faults.crashing import Site, job_until_through
from tests.support import Client

pytestmark = pytest.mark.faults
ENDPOINTS, REASONS = 12, ("first", "second")


async def test_killed_at_every_step_of_the_engine(client: Client, runtime: Runtime, tmp_path: Path) -> None:
    runtime.settings.allow_private_targets = True
    commander = await client.account(Role.COMMANDER)
    for number in range(ENDPOINTS):
        made = await client.http.post(
            "/api/v1/subscriptions",
            headers=commander,
            json={"url": f"http://127.0.0.1:9/{number}", "ordered": number % 2 == 0},
        )
        assert made.status_code == 201
    async with runtime.unit() as uow:
        for reason in REASONS:
            assert await write_deliveries(uow, reason, "warning.issued", "{}", "110000", None) == ENDPOINTS
        await uow.commit()

    kills = job_until_through(Site(runtime.database.address, str(tmp_path)), "deliver")
    assert kills >= 5

    async with runtime.unit() as uow:
        rows = await uow.fetch("SELECT * FROM delivery ORDER BY id")
        tried = await uow.fetchval("SELECT count(*) FROM delivery_attempt")
        assert await uow.fetchval("SELECT count(*) FROM pgqueuer") == 0
    heard = Counter((tmp_path / "sent.txt").read_text().split("\n")[:-1])
    ids = [row["message_id"] for row in rows]
    assert len(set(ids)) == len(ids) == ENDPOINTS * len(REASONS)
    assert {row["state"] for row in rows} == {"done"}
    assert {line.split(" ")[1] for line in heard} == set(ids)  # a receiver that drops known ids has each effect once
    assert len(ids) <= tried <= sum(heard.values())  # what was recorded was sent
    assert all(row["attempts"] <= kills + 1 for row in rows)
    for number in range(0, ENDPOINTS, 2):
        order = [line.split(" ")[1] for line in (tmp_path / "sent.txt").read_text().split("\n") if f":9/{number} " in line]
        firsts = [order.index(f"{reason}:{number + 1}") for reason in REASONS]
        assert firsts == sorted(firsts)
