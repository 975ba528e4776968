"""Jobs: queued in the transaction that needs them, due once whoever ticks, held when they fail, tried again when the trouble passes."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import Any

import pytest

from service.kit import jobs
from service.kit.clock import ManualClock
from service.kit.jobs import Worker, tick
from service.kit.problems import Busy
from service.kit.runtime import Runtime
from tests.support import NOW


@pytest.fixture
def done(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """Kinds of jobs: one that works, one that is broken, and two whose trouble passes after the first attempt."""
    seen: list[Any] = []

    async def works(_runtime: Runtime, payload: dict[str, Any]) -> None:
        seen.append(payload["number"])

    async def broken(_runtime: Runtime, _payload: dict[str, Any]) -> None:
        seen.append("broken")
        raise ValueError("a fault in a handler")

    async def passing(_runtime: Runtime, _payload: dict[str, Any]) -> None:
        seen.append("passing")
        if seen.count("passing") == 1:
            raise ConnectionResetError("the database went away")

    async def busy(_runtime: Runtime, _payload: dict[str, Any]) -> None:
        seen.append("busy")
        if seen.count("busy") == 1:
            raise Busy("others are at work")

    handlers = {"works": works, "broken": broken, "passing": passing, "busy": busy}
    monkeypatch.setattr(jobs, "HANDLERS", handlers)
    monkeypatch.setattr(jobs, "RECURRING", {})
    monkeypatch.setattr(jobs, "AGAIN", timedelta(0))
    return seen


async def queue(runtime: Runtime, *names: str) -> None:
    async with runtime.unit() as uow:
        for number, name in enumerate(names):
            await uow.enqueue(name, {"number": number})
        await uow.commit()


async def queued(runtime: Runtime) -> list[tuple[str, str]]:
    async with runtime.unit() as uow:
        rows = await uow.fetch("SELECT entrypoint, status::text FROM pgqueuer ORDER BY id")
    return [(row["entrypoint"], row["status"]) for row in rows]


class TestQueue:
    async def test_a_job_of_a_rolled_back_transaction_does_not_exist(self, runtime: Runtime, done: list[Any]) -> None:
        async with runtime.unit() as uow:
            await uow.enqueue("works", {"number": 1})
        assert await queued(runtime) == []
        await Worker(runtime).run(drain=True)
        assert done == []

    async def test_a_job_that_fails_is_held_and_the_others_go_on(self, runtime: Runtime, done: list[Any]) -> None:
        await queue(runtime, "works", "broken", "works")
        await Worker(runtime).run(drain=True)
        assert sorted(done, key=str) == [0, 2, "broken"]
        assert await queued(runtime) == [("broken", "failed")]

    async def test_a_held_job_is_not_taken_again(self, runtime: Runtime, done: list[Any]) -> None:
        await queue(runtime, "broken")
        for _ in range(2):
            await Worker(runtime).run(drain=True)
        assert done == ["broken"]

    @pytest.mark.parametrize("name", ["passing", "busy"])
    async def test_trouble_that_passes_is_tried_again(self, runtime: Runtime, done: list[Any], name: str) -> None:
        await queue(runtime, name)
        await Worker(runtime).run(drain=True)
        assert done == [name, name]
        assert await queued(runtime) == []

    async def test_two_workers_share_the_work(self, runtime: Runtime, done: list[Any]) -> None:
        await queue(runtime, *["works"] * 60)
        await asyncio.gather(Worker(runtime).run(drain=True), Worker(runtime).run(drain=True))
        assert sorted(done) == list(range(60))


class TestDue:
    async def test_is_queued_once_whoever_ticks(self, runtime: Runtime, clock: ManualClock, done: list[Any]) -> None:
        async with runtime.unit() as uow:
            for number in range(20):
                for _ in range(2):
                    await uow.due(f"test:{number}", NOW + timedelta(minutes=5), "works", {"number": number})
            await uow.commit()
        assert await tick(runtime) == 0
        clock.advance_to(NOW + timedelta(minutes=5))
        assert sum(await asyncio.gather(*(tick(runtime) for _ in range(8)))) == 20
        assert await tick(runtime) == 0
        assert len(await queued(runtime)) == 20

    async def test_what_recurs_is_queued_once_in_its_slot(
        self, runtime: Runtime, clock: ManualClock, done: list[Any], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(jobs, "RECURRING", {"works": timedelta(hours=1)})
        await asyncio.gather(*(tick(runtime) for _ in range(5)))
        assert len(await queued(runtime)) == 1
        clock.advance_to(NOW + timedelta(minutes=59, seconds=59))
        await tick(runtime)
        assert len(await queued(runtime)) == 1
        clock.advance_to(NOW + timedelta(hours=1))
        await asyncio.gather(*(tick(runtime) for _ in range(5)))
        assert len(await queued(runtime)) == 2

    async def test_what_was_done_long_ago_is_forgotten(
        self, runtime: Runtime, clock: ManualClock, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """Not what is still to be done, nor the slots of what recurs more seldom; and nothing is queued a second time."""
        monkeypatch.setattr(jobs, "RECURRING", {"works": timedelta(hours=1), "rare": timedelta(days=90)})
        monkeypatch.setattr(jobs, "FORGET_BATCH", 3)
        async with runtime.unit() as uow:
            for number in range(7):
                await uow.due(f"test:{number}", NOW, "works", {"number": number})
            await uow.due("test:later", NOW + timedelta(days=400), "works", {})
            await uow.commit()
        await tick(runtime)
        before = len(await queued(runtime))

        async def left() -> list[str]:
            await jobs.forget_due(runtime, {})
            async with runtime.unit() as uow:
                return [row["schedule"] for row in await uow.fetch("SELECT schedule FROM due ORDER BY schedule")]

        tests = [f"test:{number}" for number in range(7)]
        clock.advance_to(NOW + timedelta(days=30))
        assert await left() == ["every:rare", "every:works", *tests, "test:later"]
        clock.advance_to(NOW + timedelta(days=30, seconds=1))
        assert await left() == ["every:rare", "test:later"]
        await tick(runtime)
        slot = -(-NOW.timestamp() // (90 * 86400)) * 90 * 86400  # the next one of what is rare
        assert slot - NOW.timestamp() > 31 * 86400
        assert [one for one, _ in await queued(runtime)][before:] == ["works"]
        clock.advance_to(NOW + timedelta(days=180, seconds=1))
        assert await left() == ["test:later"]

    async def test_a_rolled_back_transaction_leaves_nothing_due(self, runtime: Runtime, done: list[Any]) -> None:
        async with runtime.unit() as uow:
            await uow.due("test", NOW, "works", {"number": 1})
        assert await tick(runtime) == 0
