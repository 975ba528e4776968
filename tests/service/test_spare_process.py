"""The spare process apart: ready before its task, used once, ended with its owner."""

from __future__ import annotations

import asyncio
import json
from asyncio.subprocess import Process
from collections.abc import AsyncIterator

import pytest

from service.kit.runtime import Runtime
from service.lists import spare
from service.lists.apart import process_apart
from service.lists.frames import END, HEAD_BYTES
from service.lists.spare import Spare


@pytest.fixture
async def kept() -> AsyncIterator[Spare]:
    made = Spare()
    yield made
    await made.close()


@pytest.fixture
def started(monkeypatch: pytest.MonkeyPatch) -> list[tuple[tuple[str, ...], Process]]:
    """Every process that is started, with its arguments."""
    seen: list[tuple[tuple[str, ...], Process]] = []
    real = spare.start

    async def watched(*arguments: str) -> Process:
        process = await real(*arguments)
        seen.append((arguments, process))
        return process

    monkeypatch.setattr(spare, "start", watched)
    return seen


Started = list[tuple[tuple[str, ...], Process]]


class TestTaking:
    async def test_the_first_task_gets_one_of_its_own(self, kept: Spare, started: Started) -> None:
        process = await kept.take()
        assert started == [((), process)]
        await kept.done(process)
        assert process.returncode is not None

    async def test_the_spare_one_goes_to_one_task_only(self, kept: Spare, started: Started) -> None:
        await kept.ready()
        first, second = await kept.take(), await kept.take()
        assert [arguments for arguments, _ in started] == [("ahead",), ()]
        assert [process for _, process in started] == [first, second]
        for process in (first, second):
            await kept.done(process)
        assert None not in {first.returncode, second.returncode}

    async def test_only_one_is_made_ready(self, kept: Spare, started: Started) -> None:
        await asyncio.gather(kept.ready(), kept.ready())
        await kept.ready()
        assert len(started) == 1

    async def test_a_dead_one_is_not_given(self, kept: Spare, started: Started) -> None:
        await kept.ready()
        dead = started[0][1]
        dead.kill()
        await dead.wait()
        process = await kept.take()
        assert process is not dead
        assert process.returncode is None
        await kept.done(process)

    async def test_one_that_dies_while_it_loads_is_none(self, kept: Spare, monkeypatch: pytest.MonkeyPatch) -> None:
        real = spare.start

        async def dying(*arguments: str) -> Process:
            process = await real(*arguments)
            process.kill()
            return process

        monkeypatch.setattr(spare, "start", dying)
        await kept.ready()
        monkeypatch.setattr(spare, "start", real)
        process = await kept.take()
        assert process.returncode is None
        await kept.done(process)

    async def test_one_that_cannot_be_started_leaves_the_others(
        self, kept: Spare, started: Started, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        async def refused(*_arguments: str) -> Process:
            raise OSError("no more processes")

        with monkeypatch.context() as patched:
            patched.setattr(spare, "start", refused)
            with pytest.raises(OSError, match="no more processes"):
                await kept.take()
        monkeypatch.setattr(spare, "REST_SECONDS", 0.0)
        await kept.done(await kept.take())
        await asyncio.sleep(0)
        await kept.ready()
        assert [arguments for arguments, _ in started] == [(), ("ahead",)]


class TestWhenItIsMade:
    async def test_after_the_last_task_that_runs(
        self, kept: Spare, started: Started, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        made = asyncio.Event()
        monkeypatch.setattr(spare, "REST_SECONDS", 0.0)
        monkeypatch.setattr(kept, "_make", made.set)
        first, second = await kept.take(), await kept.take()
        await kept.done(first)
        await asyncio.sleep(0)
        assert not made.is_set()
        await kept.done(second)
        await made.wait()

    async def test_one_that_nobody_needs_is_ended(
        self, kept: Spare, started: Started, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(spare, "IDLE_SECONDS", 0.0)
        await kept.ready()
        idle = started[0][1]
        await idle.wait()
        process = await kept.take()
        assert process is not idle
        await kept.done(process)

    async def test_none_is_made_when_its_owner_is_gone(
        self, kept: Spare, started: Started, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(spare, "REST_SECONDS", 0.0)
        process = await kept.take()
        await kept.close()
        await kept.done(process)
        await asyncio.sleep(0)
        await kept.ready()
        assert len(started) == 1

    async def test_closing_ends_it(self, started: Started) -> None:
        kept = Spare()
        await kept.ready()
        await kept.close()
        assert started[0][1].returncode is not None

    async def test_closing_ends_one_that_still_loads(self, started: Started) -> None:
        kept = Spare()
        making = asyncio.ensure_future(kept.ready())
        await asyncio.sleep(0)
        await kept.close()
        await making
        assert started[0][1].returncode is not None

    async def test_it_ends_when_its_owner_dies(self) -> None:
        process = await spare.start("ahead")
        assert process.stdout is not None
        assert process.stdin is not None
        assert (await process.stdout.readexactly(HEAD_BYTES))[0] == END
        process.stdin.close()
        assert await process.wait() == 1


class TestTasks:
    @pytest.mark.parametrize("ahead", [True, False])
    async def test_it_does_its_task_like_any_other(self, runtime: Runtime, ahead: bool) -> None:
        if ahead:
            await runtime.spare.ready()
        async with process_apart(runtime, "import", adcode="110000", title="", law=None, as_of=None) as apart:
            await apart.send_all(_nothing())
            found = await apart.answer()
        assert [fault["code"] for fault in found["faults"]] == ["NOT_A_WORKBOOK"]
        assert json.dumps(found)
        assert apart.process.returncode is not None


async def _nothing() -> AsyncIterator[bytes]:
    yield b"nothing"
