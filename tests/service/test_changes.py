"""What a page missed between its making and its stream: told by any node, exactly where it is known and wholly where it is not."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Callable
from contextlib import aclosing
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from starlette.requests import Request

from service.accounts.roles import Role
from service.app import create_app
from service.kit.auth import find_principal
from service.kit.bulk import tell_all
from service.kit.changes import EVERYTHING, Change, Course
from service.kit.database import Database
from service.kit.live import Live
from service.kit.runtime import Runtime
from service.kit.unit_of_work import NOTIFY_CHANNEL
from service.web.events import events, missed
from tests.support import Client

ROUNDS = 1_000


class TestCourse:
    def test_nothing_heard(self) -> None:
        course = Course()
        assert course.mark == ""
        assert course.after("") is None

    @given(st.lists(st.integers(0, 10**6), min_size=1, max_size=30, unique=True), st.data())
    def test_what_came_after_is_told_or_said_to_be_unknown(self, numbers: list[int], data: st.DataObject) -> None:
        kept = data.draw(st.integers(1, 30))
        course, marks = Course(kept), []
        for number in numbers:
            course.add(f"warning:110000:{number}")
            marks.append(course.mark)
        position = data.draw(st.integers(0, len(marks) - 1))
        found = course.after(marks[position])
        if position < len(marks) - kept:
            assert found is None
        else:
            assert found is not None
            assert [one.mark for one in found] == marks[position + 1 :]

    def test_two_nodes_agree_on_the_marks(self) -> None:
        one, two = Course(), Course()
        one.add("node::x")
        for payload in ("warning:110000:1", "warning:110000:2", "list::3"):
            assert one.add(payload) == two.add(payload)
        assert two.after(one.mark) == []
        assert one.mark not in "warning:110000:2"

    def test_after_a_break_the_past_is_unknown(self) -> None:
        course = Course()
        mark = course.add("warning:110000:1").mark
        course.begin()
        course.add("warning:110000:2")
        assert course.after(mark) is None


async def until(look: Callable[[], Any]) -> None:
    for _ in range(ROUNDS):
        if look():
            return
        await asyncio.sleep(0.02)
    raise AssertionError("it never came about")


async def tell(runtime: Runtime, *told: tuple[str, str]) -> None:
    async with runtime.unit() as uow:
        for topic, adcode in told:
            await uow.tell(topic, adcode)
        await uow.commit()


@pytest.fixture
async def nodes(runtime: Runtime) -> AsyncIterator[tuple[Live, Live]]:
    """Two nodes that hear each other."""
    lives, stop = (runtime.live, Live()), asyncio.Event()
    databases = [Database(runtime.database.address) for _ in lives]
    tasks = []
    for live, database in zip(lives, databases, strict=True):
        tasks.append(asyncio.create_task(live.listen(database, stop)))
    await until(lambda: all(live.listening and live.mark for live in lives))
    await until(lambda: len({live.mark for live in lives}) == 1)
    yield lives
    stop.set()
    await asyncio.gather(*tasks)
    for database in databases:
        await database.close()


class TestNodes:
    async def test_the_other_node_knows_what_a_page_has_seen(self, runtime: Runtime, nodes: tuple[Live, Live]) -> None:
        one, two = nodes
        seen = one.mark
        assert missed(two, seen) == []
        await tell(runtime, ("warning", "110000"), ("list", "120000"))
        await until(lambda: len(list(missed(two, seen))) == 2)
        assert sorted(change[:2] for change in missed(two, seen)) == [("list", "120000"), ("warning", "110000")]
        await until(lambda: one.mark == two.mark)
        assert missed(two, one.mark) == []

    async def test_the_same_change_twice_is_two_changes(self, runtime: Runtime, nodes: tuple[Live, Live]) -> None:
        one, _ = nodes
        seen = one.mark
        await tell(runtime, ("warning", "110000"))
        await until(lambda: one.mark != seen)
        first = one.mark
        async with runtime.unit() as uow:
            await tell_all(uow, "warning", ["110000"])
            await uow.commit()
        await until(lambda: one.mark != first)
        assert [change.topic for change in missed(one, first)] == ["warning"]

    async def test_a_node_that_began_later_says_everything(self, runtime: Runtime, nodes: tuple[Live, Live]) -> None:
        seen = nodes[0].mark
        third, stop = Live(), asyncio.Event()
        database = Database(runtime.database.address)
        task = asyncio.create_task(third.listen(database, stop))
        await until(lambda: third.mark)
        assert [change.topic for change in missed(third, seen)] == [EVERYTHING]
        await until(lambda: nodes[0].mark == third.mark)
        assert missed(third, nodes[0].mark) == []
        stop.set()
        await task
        await database.close()

    async def test_a_node_that_cannot_hear_gives_no_mark(self, runtime: Runtime) -> None:
        assert runtime.live.mark == ""
        assert [change.topic for change in missed(runtime.live, "")] == [EVERYTHING]
        assert missed(runtime.live, None) == ()


class TestPayload:
    async def test_a_part_is_random_so_that_nobody_guesses_the_mark(self, runtime: Runtime) -> None:
        heard: list[str] = []
        connection = await runtime.database.connect()
        await connection.add_listener(runtime.database.channel(NOTIFY_CHANNEL), lambda *said: heard.append(str(said[3])))
        for _ in range(2):
            async with runtime.unit() as uow:
                await uow.tell("list", "110000")
                await uow.tell("list", "110000")
                await tell_all(uow, "list", ["110000", "120000"])
                await uow.commit()
        await until(lambda: len(heard) >= 4)
        await connection.close()
        assert [payload.rpartition(":")[0] for payload in heard] == ["list:110000", "list:120000"] * 2
        parts = [payload.rpartition(":")[2] for payload in heard]
        assert all(len(bytes.fromhex(part)) == 16 for part in parts)
        assert len(set(parts)) == 2


class TestQueues:
    def test_who_is_far_behind_looks_at_everything_once(self) -> None:
        live = Live()
        queue: asyncio.Queue[Change] = asyncio.Queue(3)
        live.subscribers.add(queue)
        for number in range(5):
            live.changed("warning", "110000", str(number))
        assert [queue.get_nowait()[::2] for _ in range(queue.qsize())] == [(EVERYTHING, "3"), ("warning", "4")]

    async def test_open_pages_look_again_when_a_node_hears_again(self, runtime: Runtime) -> None:
        live, stop = Live(), asyncio.Event()
        queue: asyncio.Queue[Change] = asyncio.Queue(3)
        live.subscribers.add(queue)
        task = asyncio.create_task(live.listen(runtime.database, stop))
        assert (await asyncio.wait_for(queue.get(), 30)).topic == EVERYTHING
        stop.set()
        await task


async def streamed(
    client: Client, runtime: Runtime, query: str, role: Role = Role.COMMANDER, adcode: str = "110000", last: str | None = None
) -> tuple[list[str], str | None]:
    """The topics that a stream begins with, and the mark it says hello with."""
    headers = await client.account(role, adcode)
    token = headers["authorization"].encode()
    sent = [(b"authorization", token)] + ([(b"last-event-id", last.encode())] if last else [])
    scope = {"type": "http", "method": "GET", "path": "/events", "query_string": query.encode(), "headers": sent}
    request = Request(scope | {"app": create_app(runtime), "client": None})
    principal = await find_principal(request)
    assert principal is not None
    topics: list[str] = []
    stream = events(request, principal)
    assert isinstance(stream, AsyncGenerator)
    async with aclosing(stream):
        async for event in stream:
            if event.event == "hello":
                return topics, event.id
            topics.append(str(event.raw_data))
    raise AssertionError("no hello")


class TestStream:
    async def test_begins_with_what_the_page_has_not_seen(
        self, client: Client, runtime: Runtime, nodes: tuple[Live, Live]
    ) -> None:
        await client.account(Role.COMMANDER)  # a new session is a change, too
        seen = runtime.live.mark
        await tell(runtime, ("proposal", "110000"), ("proposal", "120000"), ("warning", "120000"), ("session", ""))
        await tell(runtime, ("proposal", "110000"))
        await until(lambda: sum(one.topic == "proposal" for one in missed(runtime.live, seen)) == 3)
        assert await streamed(client, runtime, f"since={seen}") == (["proposal", "warning"], runtime.live.mark)
        assert (await streamed(client, runtime, f"since={runtime.live.mark}"))[0] == []

    async def test_a_second_stream_goes_on_where_the_first_ended(
        self, client: Client, runtime: Runtime, nodes: tuple[Live, Live]
    ) -> None:
        seen = runtime.live.mark
        await tell(runtime, ("warning", "110000"))
        await until(lambda: runtime.live.mark != seen)
        heard = runtime.live.mark
        assert (await streamed(client, runtime, f"since={seen}", last=heard))[0] == []

    async def test_tells_everything_where_it_is_not_known(
        self, client: Client, runtime: Runtime, nodes: tuple[Live, Live]
    ) -> None:
        assert (await streamed(client, runtime, "since=0123456789abcdef"))[0] == [EVERYTHING]
        assert (await streamed(client, runtime, "since="))[0] == [EVERYTHING]
        assert (await streamed(client, runtime, ""))[0] == []

    async def test_the_page_carries_the_mark(self, client: Client, runtime: Runtime, nodes: tuple[Live, Live]) -> None:
        headers = await client.account(Role.COMMANDER)
        await client.http.get("/warnings", headers=headers)
        mark = runtime.live.mark
        page = await client.http.get("/warnings", headers=headers)
        assert f'data-seen="{mark}"' in page.text
        await tell(runtime, ("warning", "110000"))
        await until(lambda: runtime.live.mark != mark)
        page = await client.http.get("/warnings", headers=headers)
        assert f'data-seen="{runtime.live.mark}"' in page.text
