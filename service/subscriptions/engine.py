"""The delivery engine of one process: claim with leases, send side by side, record in bulk.

A job in the queue covers every claim: it ends only when all that was claimed is recorded, so that after a crash it is taken
over, and finds the leases that have ended. A slow endpoint holds its own lane and, after a second, no place among the others.
"""

from __future__ import annotations

import asyncio
import time
from collections import Counter, OrderedDict, deque
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, NamedTuple

from service.channels.base import Answer, Limited, Outgoing
from service.kit.metrics import DELIVERIES
from service.kit.problems import Busy
from service.kit.signatures import SecretError
from service.kit.unit_of_work import UnitOfWork
from service.subscriptions import repository
from service.subscriptions.health import apply
from service.subscriptions.keys import ServiceKeys
from service.subscriptions.outcome import outcome_of
from service.subscriptions.repository import Claim, Result, Room
from service.subscriptions.signing import headers_of

if TYPE_CHECKING:
    from service.kit.runtime import Runtime

AHEAD = 1024
"""Claims that are kept ready, so that no call waits for the database."""
FLUSH, FLUSH_SECONDS = 512, 0.2
"""Results that are recorded together, and how long the first of them waits."""
PATIENCE_SECONDS, WATCH_SECONDS = 0.4, 0.1
"""A call that takes longer gives its place to another one; how often that is looked after."""
SLOW_FACTOR = 4
"""So many times more calls may be open as may be fast."""
CLAIMS_PER_CALL = 4
"""Claims kept per call that a host or channel may have at a time."""
NEAR = timedelta(seconds=1)
KEPT_CONTENTS = 200


class _Held(NamedTuple):
    """A claim and the instant (monotonic) after which it may not be attempted any more."""

    claim: Claim
    latest: float


class Engine:
    """Made once per process; `work` is called by a job whenever something may be due."""

    def __init__(self, runtime: Runtime) -> None:
        self._runtime = runtime
        self._keys = ServiceKeys()
        self._working = False
        self._look = False
        self._progress = asyncio.Event()
        self._ready: deque[_Held] = deque()
        self._parked: dict[str, deque[_Held]] = {}
        self._lanes: Counter[str] = Counter()
        self._hosts: Counter[str] = Counter()
        self._calling: Counter[str] = Counter()
        self._limited: dict[str, Limited] = {}
        self._calls: set[asyncio.Task[None]] = set()
        self._fast = 0
        self._quick: dict[int, float] = {}
        self._watch: asyncio.TimerHandle | None = None
        self._results: list[Result] = []
        self._late: list[Claim] = []
        self._low = 0
        self._failure: asyncio.Task[None] | None = None
        self._contents: OrderedDict[int, tuple[str, str]] = OrderedDict()

    async def work(self) -> None:
        """Deliver everything that is due. While one call works another one only makes it look again."""
        self._look = True
        self._progress.set()
        if self._working:
            return
        self._working = True
        self._limited = self._runtime.channels.limited
        self._progress = asyncio.Event()
        self._watch = asyncio.get_running_loop().call_later(WATCH_SECONDS, self._look_at_watch)
        try:
            await self._until_nothing_is_due()
        finally:
            self._working = False
            self._watch.cancel()
            await self._drop()

    async def _until_nothing_is_due(self) -> None:
        while True:
            self._progress.clear()
            if self._results or self._late or (self._look and len(self._ready) < AHEAD):
                await self._turn()
            if self._failure is not None:
                await self._failure  # raises: the job is held, to be looked into
            if self._calls:
                await self._progress.wait()
            elif not (self._results or self._late or self._look or await self._others_end_soon() or self._look):
                return

    async def _turn(self) -> None:
        """One transaction: record what is finished, give back what waited too long, claim anew."""
        results, self._results = self._results, []
        late, self._late = self._late, []
        look, self._look = self._look or bool(results or late), False
        room = self._room() if look else None
        claims: list[Claim] = []
        async with self._runtime.unit() as uow:
            await uow.held_briefly()
            if results:
                counted = await repository.record(uow, results)
                await apply(uow, counted)
                pauses = [result.at + result.outcome.pause for result in counted if result.outcome.pause is not None]
                await repository.wake_at(uow, pauses)
            if late:
                await repository.give_back(uow, late)
            started = time.monotonic()
            if room is not None and room.rows > 0:
                claims = await repository.claim(uow, self._runtime.channels.open, room)
                await self._fetch_contents(uow, claims)
                await self._keys.refresh(uow, claims)
            await uow.commit()
        for state, number in Counter(result.outcome.state for result in results).items():
            DELIVERIES.labels(state).inc(number)
        self._look = self._look or len(claims) > 0
        self._take(claims, started)

    def _room(self) -> Room:
        settings = self._runtime.settings
        return Room(
            rows=2 * AHEAD - len(self._ready),
            lanes=[lane for lane, held in self._lanes.items() if held],
            hosts=[host for host, held in self._hosts.items() if held >= CLAIMS_PER_CALL * self._most(host) // 2],
            per_lane=settings.delivery_per_endpoint,
            per_host=CLAIMS_PER_CALL * settings.delivery_per_host,
            per_channel={name: CLAIMS_PER_CALL * self._most(name) for name in self._limited},
            lease=timedelta(seconds=settings.delivery_lease_seconds),
        )

    def _most(self, host: str) -> int:
        """Calls at a time to a host, or by a channel: what waits for its turn waits here, where it is still seen how late it is."""
        limited = self._limited.get(host)
        most = self._runtime.settings.delivery_per_host
        return most if limited is None else min(most, limited.most_calls)

    async def _fetch_contents(self, uow: UnitOfWork, claims: Sequence[Claim]) -> None:
        missing = {claim.content_id for claim in claims} - self._contents.keys()
        if missing:
            self._contents.update(await repository.contents(uow, missing))

    def _take(self, claims: Sequence[Claim], started: float) -> None:
        settings = self._runtime.settings
        ends = started + settings.delivery_lease_seconds
        latest = ends - settings.delivery_timeout_seconds
        by_channel = {name: ends - channel.longest_seconds for name, channel in self._limited.items()}
        for claim in claims:
            self._lanes[claim.lane] += 1
            self._hosts[claim.host] += 1
            self._ready.append(_Held(claim, by_channel.get(claim.channel, latest)))
        self._launch()
        self._low = len(self._ready) // 2

    def _launch(self) -> None:
        """Begin as many calls as may run."""
        settings = self._runtime.settings
        while (
            self._ready
            and self._fast < settings.delivery_concurrency
            and len(self._calls) < SLOW_FACTOR * settings.delivery_concurrency
        ):
            held = self._ready.popleft()
            host = held.claim.host
            if time.monotonic() > held.latest:
                self._late.append(held.claim)
                self._let_go(held.claim)
                self._next_parked(host)
                self._progress.set()
            elif self._calling[host] >= self._most(host):
                self._parked.setdefault(host, deque()).append(held)
            else:
                self._calling[host] += 1
                self._fast += 1
                self._quick[held.claim.id] = time.monotonic()
                call = asyncio.get_running_loop().create_task(self._call(held.claim))
                self._calls.add(call)

    async def _call(self, claim: Claim) -> None:
        """One attempt from signature to answer."""
        task, failed = asyncio.current_task(), True
        try:
            self._keep(await self._attempt(claim))
            failed = False
        finally:
            if failed:
                self._failure = task
            self._fast -= self._quick.pop(claim.id, 0.0) > 0
            self._ended(claim)

    def _look_at_watch(self) -> None:
        """Give the places of calls that have taken long to others."""
        now = time.monotonic()
        for number, started in list(self._quick.items()):  # oldest first
            if now - started < PATIENCE_SECONDS:
                break
            del self._quick[number]
            self._fast -= 1
        self._launch()
        self._watch = asyncio.get_running_loop().call_later(WATCH_SECONDS, self._look_at_watch)

    def _keep(self, result: Result) -> None:
        if not self._results:
            asyncio.get_running_loop().call_later(FLUSH_SECONDS, self._progress.set)
        self._results.append(result)

    def _ended(self, claim: Claim) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._calls.discard(task)
        self._let_go(claim)
        self._calling[claim.host] -= 1
        self._next_parked(claim.host)
        self._launch()
        low = self._look and len(self._ready) <= self._low
        if low or len(self._results) >= FLUSH or not self._calls or self._failure:
            self._progress.set()

    def _next_parked(self, host: str) -> None:
        parked = self._parked.get(host)
        if parked:
            self._ready.appendleft(parked.popleft())
        else:
            self._parked.pop(host, None)

    def _let_go(self, claim: Claim) -> None:
        for counter, key in ((self._lanes, claim.lane), (self._hosts, claim.host)):
            counter[key] -= 1
            if not counter[key]:
                del counter[key]

    async def _attempt(self, claim: Claim) -> Result:
        started = time.perf_counter()
        answer = await self._send(claim)
        milliseconds = round((time.perf_counter() - started) * 1000)
        outcome = outcome_of(answer, claim.scheduled, claim.message_id)
        return Result(claim, self._runtime.clock.now(), answer, outcome, milliseconds)

    async def _send(self, claim: Claim) -> Answer:
        channel = self._runtime.channels.named(claim.channel)
        if channel is None:
            return Answer(None, f"the channel {claim.channel} is not configured")
        subject, body = self._contents[claim.content_id]
        try:
            settings, now = self._runtime.settings, self._runtime.clock.now()
            signed = headers_of(claim, settings, self._keys.active, datetime.now(tz=UTC), now, body)
        except (SecretError, Busy) as error:
            return Answer(None, f"not signed: {error}")
        more = self._hosts[claim.host] > 1
        return await channel.send(Outgoing(claim.reached or claim.address, subject, body, signed, claim.message_id, more))

    async def _others_end_soon(self) -> bool:
        """See to what others have claimed: wait for a lease that ends within a second, have a job look at a later one."""
        async with self._runtime.unit() as uow:
            left = await repository.foreign_lease(uow, self._runtime.channels.open)
            if left is None:
                return False
            if left > NEAR:
                await uow.held_briefly()
                ends = int(datetime.now(tz=UTC).timestamp() + left.total_seconds()) // 5
                await uow.enqueue("deliver", {}, after=left + NEAR, once=f"lease-{ends}")
                await uow.commit()
                return False
        await asyncio.sleep(max(left.total_seconds(), 0) + 0.01)
        self._look = True
        return True

    async def _drop(self) -> None:
        """Forget what is in hand after a failure; the leases see to it."""
        calls = list(self._calls)
        for call in calls:
            call.cancel()
        await asyncio.gather(*calls, return_exceptions=True)
        for counter in (self._lanes, self._hosts, self._calling):
            counter.clear()
        self._ready.clear()
        self._quick.clear()
        self._parked.clear()
        self._results.clear()
        self._late.clear()
        self._fast, self._failure = 0, None
        while len(self._contents) > KEPT_CONTENTS:
            self._contents.popitem(last=False)
