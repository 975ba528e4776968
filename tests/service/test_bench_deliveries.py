"""The benches of deliveries measure what they say: every endpoint told, and only slow ones slow."""

from __future__ import annotations

from typing import Any

import pytest

from service.accounts.roles import Role
from service.bench import delivery_paths
from service.bench.delivery_paths import addresses, notices_fast, notices_slow_receivers
from service.bench.stage import Stage
from service.kit.runtime import Runtime
from tests.support import Client


@pytest.fixture
async def stage(client: Client, runtime: Runtime) -> Any:
    """As much of a stage as these paths touch."""
    await client.account(Role.COMMANDER, adcode="100000", login="bench")
    made = Stage.__new__(Stage)
    made.runtime = runtime
    return made


class TestAddresses:
    def test_one_in_a_hundred_is_slow(self) -> None:
        fast, mixed = addresses(1, 1000), addresses(1, 1000, slow=True)
        assert sum("/slow/" in url for url in mixed) == 10
        assert not any("/slow/" in url for url in fast)
        assert len(set(mixed)) == 1000


class TestPaths:
    async def test_fast(self, stage: Stage, runtime: Runtime) -> None:
        result = await notices_fast(stage, 1, endpoints=120)
        assert result.ratio > 0
        async with runtime.unit() as uow:
            states = await uow.fetch("SELECT state, count(*) AS found FROM delivery GROUP BY state")
        assert [(row["state"], row["found"]) for row in states] == [("done", 240)]

    async def test_slow_receivers(self, stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(delivery_paths, "SLOW_SECONDS", 1.0)
        result = await notices_slow_receivers(stage, 1, endpoints=200)
        assert result.bar == "<= 1"
        assert "one in 100" in result.note

    async def test_a_lost_notice_is_no_figure(self, stage: Stage, runtime: Runtime, monkeypatch: pytest.MonkeyPatch) -> None:
        async def nothing(*_: Any) -> float:
            return 0.0

        monkeypatch.setattr(runtime.engine, "work", nothing)
        with pytest.raises(RuntimeError, match="0 done"):
            await delivery_paths._delivered(stage, "x", 1)
