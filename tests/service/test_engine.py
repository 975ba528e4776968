"""The delivery engine: lanes, caps, rests, leases that end, and a process that wakes too late."""

from __future__ import annotations

import asyncio
import json
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import timedelta
from typing import Any

import pytest

from service.accounts.roles import Role
from service.channels.base import Answer, Outgoing
from service.channels.registry import Channels
from service.kit.clock import ManualClock
from service.kit.database import Database
from service.kit.jobs import tick
from service.kit.runtime import Runtime
from service.subscriptions.flows import queue, tidy, write_deliveries
from service.subscriptions.keeping import host_of
from service.subscriptions.outcome import RESTS, TROUBLE
from tests.support import Client

EVENT = "warning.issued"


class Told:
    """A channel that answers as a function of the message says; it may wait for `open` first."""

    def __init__(self, answer: Callable[[Outgoing], int | None] = lambda _: 200) -> None:
        self.answer = answer
        self.sent: list[Outgoing] = []
        self.held: dict[str, asyncio.Event] = {}
        self.now: Counter[str] = Counter()
        self.most: Counter[str] = Counter()
        self.arrived = asyncio.Event()

    async def send(self, outgoing: Outgoing) -> Answer:
        self.sent.append(outgoing)
        self.arrived.set()
        for key in (outgoing.address, host_of(outgoing.address)):
            self.now[key] += 1
            self.most[key] = max(self.most[key], self.now[key])
        await (self.held[outgoing.address].wait() if outgoing.address in self.held else asyncio.sleep(0))
        for key in (outgoing.address, host_of(outgoing.address)):
            self.now[key] -= 1
        status = self.answer(outgoing)
        return Answer(status, "" if status else "nothing came")

    async def close(self) -> None:
        """Nothing is held."""

    def count(self, address: str) -> int:
        return sum(one.address == address for one in self.sent)


@pytest.fixture
def way_out(runtime: Runtime) -> Told:
    made = Told()
    runtime.channel = made
    return made


@pytest.fixture
async def other(runtime: Runtime) -> AsyncIterator[Runtime]:
    """A second node over the same database with a way out of its own."""
    made = Runtime(runtime.settings, Database(runtime.database.address), runtime.law)
    made.set_clock(runtime.clock)
    made.channel = Told()
    yield made
    await made.close()


async def endpoints(client: Client, *urls: str, **body: Any) -> list[int]:
    commander = await client.account(Role.COMMANDER)
    ids = []
    for url in urls:
        answer = await client.http.post("/api/v1/subscriptions", headers=commander, json={"url": url, **body})
        assert answer.status_code == 201, answer.text
        ids.append(answer.json()["id"])
    return ids


async def written(runtime: Runtime, *reasons: str) -> None:
    async with runtime.unit() as uow:
        for reason in reasons:
            await write_deliveries(uow, reason, EVENT, json.dumps({"reason": reason}), "110000", None)
        await uow.commit()


async def rows(runtime: Runtime, statement: str = "SELECT * FROM delivery ORDER BY id") -> list[Any]:
    async with runtime.unit() as uow:
        return await uow.fetch(statement)


async def states(runtime: Runtime) -> list[str]:
    return [row["state"] for row in await rows(runtime)]


async def execute(runtime: Runtime, statement: str, *arguments: Any) -> None:
    async with runtime.unit() as uow:
        await uow.execute(statement, *arguments)
        await uow.commit()


async def later(runtime: Runtime, clock: ManualClock, pause: timedelta) -> None:
    """Move the clock and let what falls due happen."""
    clock.advance_to(clock.now() + pause)
    await tick(runtime)
    await Client(runtime).work()


async def until(look: Callable[[], Awaitable[Any]]) -> None:
    """Wait for what another task does, at most ten seconds."""
    for _ in range(500):
        if await look():
            return
        await asyncio.sleep(0.02)
    raise AssertionError("it never came about")


async def mailed(runtime: Runtime, *reasons: str) -> None:
    async with runtime.unit() as uow:
        for reason in reasons:
            await queue(
                uow, reason=reason, channel="email", target=f"t{reason}", address=f"{reason}@example.test",
                event="e", subject="s", body="b",
            )  # fmt: skip
        await uow.commit()


async def tidied(runtime: Runtime) -> None:
    async with runtime.unit() as uow:
        await tidy(uow)
        await uow.commit()


LAPSED = "UPDATE delivery SET state = 'sending', attempts = 1, lease_until = now() - interval '1 second'"


async def two_done(runtime: Runtime) -> bool:
    return Counter(await states(runtime))["done"] == 2


async def asked(way_out: Told, address: str) -> bool:
    return way_out.count(address) > 0


A, B, C = "https://a.example/hook", "https://b.example/hook", "https://c.example/hook"


class TestLanes:
    async def test_a_hanging_endpoint_holds_only_itself(
        self, client: Client, runtime: Runtime, way_out: Told
    ) -> None:
        runtime.settings.delivery_concurrency = 1
        await endpoints(client, A, B, C)
        way_out.held[A] = asyncio.Event()
        await written(runtime, "one")
        working = asyncio.create_task(runtime.engine.work())
        await until(lambda: two_done(runtime))
        assert await states(runtime) == ["sending", "done", "done"]
        way_out.held[A].set()
        await working
        assert await states(runtime) == ["done"] * 3

    async def test_what_comes_while_one_hangs_is_delivered_by_the_same_run(
        self, client: Client, runtime: Runtime, way_out: Told
    ) -> None:
        await endpoints(client, A)
        way_out.held[A] = asyncio.Event()
        await written(runtime, "one")
        working = asyncio.create_task(runtime.engine.work())
        await way_out.arrived.wait()
        await endpoints(client, B)
        await written(runtime, "two")
        await runtime.engine.work()  # only wakes the other
        await until(lambda: asked(way_out, B))
        way_out.held[A].set()
        await working
        assert set(await states(runtime)) == {"done"}

    @pytest.mark.parametrize(("most", "reasons"), [(1, 6), (3, 9)])
    async def test_so_many_calls_to_one_endpoint(
        self, client: Client, runtime: Runtime, way_out: Told, most: int, reasons: int
    ) -> None:
        runtime.settings.delivery_per_endpoint = most
        await endpoints(client, A)
        await written(runtime, *map(str, range(reasons)))
        await runtime.engine.work()
        assert way_out.most[A] == most
        assert await states(runtime) == ["done"] * reasons

    async def test_so_many_calls_to_one_host(self, client: Client, runtime: Runtime, way_out: Told) -> None:
        runtime.settings.delivery_per_host = 2
        await endpoints(client, *(f"https://a.example/{number}" for number in range(9)), B)
        await written(runtime, "one")
        await runtime.engine.work()
        assert way_out.most["a.example"] == 2
        assert await states(runtime) == ["done"] * 10

    async def test_in_order_where_that_is_asked_for(
        self, client: Client, runtime: Runtime, way_out: Told, clock: ManualClock
    ) -> None:
        await endpoints(client, A, ordered=True)
        await endpoints(client, B)
        await written(runtime, "1", "2", "3")
        refused = {"1"}
        way_out.answer = lambda one: 500 if json.loads(one.body)["reason"] in refused else 200
        await runtime.engine.work()
        assert [json.loads(one.body)["reason"] for one in way_out.sent if one.address == A] == ["1"]
        assert way_out.count(B) == 3
        refused.clear()
        await later(runtime, clock, timedelta(seconds=10))
        assert [json.loads(one.body)["reason"] for one in way_out.sent if one.address == A] == ["1", "1", "2", "3"]

    async def test_a_channel_that_is_not_configured_keeps_what_is_queued(
        self, client: Client, runtime: Runtime, way_out: Told
    ) -> None:
        runtime.channels = Channels(way_out)
        async with runtime.unit() as uow:
            made = await queue(
                uow, reason="r", channel="email", target="x", address="x@example.test", event="e", subject="s", body="b"
            )
            again = await queue(
                uow, reason="r", channel="email", target="x", address="x@example.test", event="e", subject="s", body="b"
            )
            await uow.commit()
        assert (made, again) == (1, None)
        await runtime.engine.work()
        assert await states(runtime) == ["pending"]
        mail = Told()
        runtime.channels = Channels(way_out, email=mail)
        await runtime.engine.work()
        assert [(one.subject, one.body, one.address) for one in mail.sent] == [("s", "b", "x@example.test")]
        assert await states(runtime) == ["done"]


class TestHealth:
    async def test_an_endpoint_in_trouble_rests_and_is_probed_by_one(
        self, client: Client, runtime: Runtime, way_out: Told, clock: ManualClock
    ) -> None:
        await endpoints(client, A)
        await written(runtime, *map(str, range(TROUBLE)))
        way_out.answer = lambda _: 500
        await runtime.engine.work()
        assert way_out.count(A) == TROUBLE
        (endpoint,) = await rows(runtime, "SELECT * FROM subscription")
        assert (endpoint["failures"], endpoint["rest_until"]) == (TROUBLE, clock.now() + RESTS[0])
        await later(runtime, clock, timedelta(seconds=10))
        assert way_out.count(A) == TROUBLE  # their pause is over, the rest of the endpoint is not
        await later(runtime, clock, timedelta(seconds=30))
        assert way_out.count(A) == TROUBLE + 1
        way_out.answer = lambda _: 200
        await later(runtime, clock, RESTS[1] + timedelta(seconds=15))
        assert (await rows(runtime, "SELECT failures, rest_until FROM subscription"))[0]["failures"] == 0
        await later(runtime, clock, timedelta(minutes=10))
        assert set(await states(runtime)) == {"done"}

    async def test_gone_gives_up_what_waits_for_it(
        self, client: Client, runtime: Runtime, way_out: Told
    ) -> None:
        runtime.settings.delivery_per_endpoint = 1
        await endpoints(client, A, B)
        await written(runtime, "1", "2")
        way_out.answer = lambda one: 410 if one.address == A else 200
        await runtime.engine.work()
        assert way_out.count(A) == 1
        assert Counter(await states(runtime)) == {"dead": 2, "done": 2}
        found = await rows(runtime, "SELECT state FROM subscription ORDER BY id")
        assert [one["state"] for one in found] == ["gone", "active"]

    async def test_an_endpoint_that_takes_nothing_for_days_is_disabled_and_people_are_told(
        self, client: Client, runtime: Runtime, way_out: Told, clock: ManualClock
    ) -> None:
        await endpoints(client, A)
        await written(runtime, "1")
        way_out.answer = lambda _: None
        await runtime.engine.work()
        clock.advance_to(clock.now() + timedelta(days=5))
        await runtime.engine.work()
        (endpoint,) = await rows(runtime, "SELECT state FROM subscription")
        assert endpoint["state"] == "disabled"
        assert await states(runtime) == ["dead"]
        told = await rows(runtime, "SELECT kind, adcode, link FROM inbox_message")
        assert [(one["kind"], one["adcode"]) for one in told] == [("delivery", "110000")]
        kinds = await rows(runtime, "SELECT kind FROM ledger_entry WHERE kind = 'subscription.disabled'")
        assert len(kinds) == 1
        await written(runtime, "2")
        assert await states(runtime) == ["dead"]

    async def test_the_schedule_ends_in_a_dead_letter(
        self, client: Client, runtime: Runtime, way_out: Told, clock: ManualClock
    ) -> None:
        runtime.settings.delivery_disable_days = 400
        await endpoints(client, A)
        await written(runtime, "1")
        way_out.answer = lambda _: 500
        await runtime.engine.work()
        for _ in range(9):
            await later(runtime, clock, timedelta(hours=30))
        assert way_out.count(A) == 10
        assert (await states(runtime))[0] == "dead"  # what follows it is a link test
        assert len({one.message_id for one in way_out.sent}) == 1

    async def test_what_was_queued_while_an_endpoint_ended_is_given_up(
        self, client: Client, runtime: Runtime, way_out: Told
    ) -> None:
        await endpoints(client, A)
        await written(runtime, "1")
        await execute(runtime, "UPDATE subscription SET state = 'ended'")
        await runtime.engine.work()
        assert way_out.sent == []
        async with runtime.unit() as uow:
            await tidy(uow)
            await uow.commit()
        assert await states(runtime) == ["cancelled"]


class TestLeases:
    async def test_a_dead_process_is_taken_over_and_wakes_too_late(
        self, client: Client, runtime: Runtime, other: Runtime, way_out: Told
    ) -> None:
        """The first node pauses in its call; its lease ends; the second delivers; then the first hears a refusal."""
        await endpoints(client, A)
        way_out.held[A] = asyncio.Event()
        way_out.answer = lambda _: 500
        await written(runtime, "1")
        paused = asyncio.create_task(runtime.engine.work())
        await way_out.arrived.wait()
        await other.engine.work()
        assert other.channel.sent == []  # type: ignore[attr-defined]
        await execute(runtime, "UPDATE delivery SET lease_until = now() - interval '1 second'")
        await other.engine.work()
        way_out.held[A].set()
        await paused
        (row,) = await rows(runtime)
        assert (row["state"], row["attempts"], row["last_status"]) == ("done", 2, 200)
        tried = await rows(runtime, "SELECT attempt, status FROM delivery_attempt ORDER BY attempt")
        assert [tuple(one) for one in tried] == [(1, 500), (2, 200)]
        (first,), (second,) = way_out.sent, other.channel.sent  # type: ignore[attr-defined]
        assert first.message_id == second.message_id
        late = await rows(runtime, "SELECT content FROM ledger_entry WHERE kind = 'delivery.late'")
        assert [json.loads(one["content"])["deliveries"] for one in late] == [[[1, 1, 500]]]

    async def test_a_lease_that_is_out_is_looked_at_when_it_ends(
        self, client: Client, runtime: Runtime, way_out: Told
    ) -> None:
        await endpoints(client, A)
        await written(runtime, "1")
        await execute(
            runtime,
            "UPDATE delivery SET state = 'sending', attempts = 1, lease_until = now() + interval '40 seconds'",
        )
        await execute(runtime, "DELETE FROM pgqueuer")
        for _ in range(2):
            await runtime.engine.work()
        jobs = await rows(runtime, "SELECT execute_after - now() AS pause FROM pgqueuer WHERE entrypoint = 'deliver'")
        assert 1 <= len(jobs) <= 2
        assert all(timedelta(seconds=38) < job["pause"] <= timedelta(seconds=42) for job in jobs)
        assert way_out.sent == []

    async def test_a_lease_that_ends_within_a_second_is_waited_for(
        self, client: Client, runtime: Runtime, way_out: Told
    ) -> None:
        await endpoints(client, A)
        await written(runtime, "1")
        await execute(
            runtime, "UPDATE delivery SET state = 'sending', attempts = 1, lease_until = now() + interval '0.1 seconds'"
        )
        await runtime.engine.work()
        assert (await states(runtime), way_out.count(A)) == (["done"], 1)

    @pytest.mark.parametrize(
        ("state", "after"), [("paused", "pending"), ("ended", "cancelled"), ("gone", "cancelled"), ("disabled", "cancelled")]
    )
    async def test_a_lease_that_nobody_takes_over_keeps_nobody_busy(
        self, client: Client, runtime: Runtime, way_out: Told, state: str, after: str
    ) -> None:
        """A process died in its call and the endpoint was taken out before the lease ended."""
        await endpoints(client, A)
        await written(runtime, "1")
        await execute(runtime, LAPSED)
        await execute(runtime, "UPDATE subscription SET state = $1", state)
        async with asyncio.timeout(10):
            await runtime.engine.work()
        assert way_out.sent == []
        await tidied(runtime)
        assert await states(runtime) == [after]
        await execute(runtime, "UPDATE subscription SET state = 'active'")
        await runtime.engine.work()
        assert way_out.count(A) == (state == "paused")

    async def test_a_lease_of_a_channel_that_was_taken_away(
        self, client: Client, runtime: Runtime, way_out: Told
    ) -> None:
        runtime.channels = Channels(way_out)
        await mailed(runtime, "1")
        await execute(runtime, LAPSED)
        async with asyncio.timeout(10):
            await runtime.engine.work()
        await tidied(runtime)
        assert await states(runtime) == ["pending"]
        mail = Told()
        runtime.channels = Channels(way_out, email=mail)
        await runtime.engine.work()
        assert (await states(runtime), len(mail.sent)) == (["done"], 1)

    async def test_a_lease_that_still_runs_is_no_lane_to_end(
        self, client: Client, runtime: Runtime, way_out: Told
    ) -> None:
        await endpoints(client, A)
        await written(runtime, "1")
        await execute(runtime, "UPDATE delivery SET state = 'sending', lease_until = now() + interval '1 minute'")
        for state in ("paused", "ended"):
            await execute(runtime, "UPDATE subscription SET state = $1", state)
            await tidied(runtime)
            assert await states(runtime) == ["sending"]

    async def test_many_nodes_at_once_send_each_once(
        self, client: Client, runtime: Runtime, other: Runtime, way_out: Told
    ) -> None:
        await endpoints(client, *(f"https://{number}.example/" for number in range(20)))
        await written(runtime, *map(str, range(10)))
        await asyncio.gather(runtime.engine.work(), other.engine.work(), runtime.engine.work())
        ids = [one.message_id for one in (*way_out.sent, *other.channel.sent)]  # type: ignore[attr-defined]
        assert len(ids) == len(set(ids)) == 200
        assert set(await states(runtime)) == {"done"}

    async def test_a_fault_of_ours_is_raised_and_loses_nothing(
        self, client: Client, runtime: Runtime, way_out: Told
    ) -> None:
        await endpoints(client, A, B)
        await written(runtime, "1")

        def broken(_: Outgoing) -> int:
            raise ZeroDivisionError

        way_out.answer = broken
        with pytest.raises(ZeroDivisionError):
            await runtime.engine.work()
        way_out.answer = lambda _: 200
        await execute(runtime, "UPDATE delivery SET lease_until = now() WHERE state = 'sending'")
        await runtime.engine.work()
        assert await states(runtime) == ["done", "done"]

    async def test_claims_that_waited_too_long_are_given_back_uncounted(
        self, client: Client, runtime: Runtime, way_out: Told
    ) -> None:
        await endpoints(client, A)
        await written(runtime, "1")
        runtime.settings.delivery_timeout_seconds = 30.0
        runtime.settings.delivery_lease_seconds = 29.9  # the time for a call is over before it begins
        working = asyncio.create_task(runtime.engine.work())
        await until(lambda: rows(runtime, "SELECT 1 FROM delivery WHERE schedule_from > 1"))
        runtime.settings.delivery_lease_seconds = 60.0
        await working
        (row,) = await rows(runtime)
        assert (row["state"], row["attempts"] - row["schedule_from"], len(way_out.sent)) == ("done", 1, 1)
