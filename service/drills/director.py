"""The director of a running drill (导调): the clock, the feeds, the injects of the script, the simulated players, the end."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Iterator
from datetime import datetime

import asyncpg
import httpx
import structlog

from service.demo.clock import STANDSTILL, save, set_going
from service.demo.episodes import load_episode
from service.demo.messages import FeedMessage, messages
from service.demo.outside import Outside, Posting, Refused, postings
from service.drills.flows import freeze, mark
from service.drills.injects import Effects, take_effect, throw, thrown
from service.drills.measuring import measure
from service.drills.players import Players
from service.drills.scoring import sheet
from service.drills.script import Script
from service.kit.jobs import PASSING
from service.kit.runtime import Runtime

BEAT_SECONDS = 0.5
LOOK_EVERY = 2
SAVE_EVERY = 10
logger = structlog.get_logger("lantian.drill")


class Director:
    """Directs one drill: inside its schema with `runtime`; only the score sheet is taken out, to the database at `live`."""

    def __init__(self, runtime: Runtime, script: Script, drill_id: int, live: str, *, pace: float) -> None:
        self.runtime, self.script, self.drill_id, self.pace = runtime, script, drill_id, pace
        self._live = live
        self.outside: Outside | None = None
        self._players: Players | None = None
        self._postings: Iterator[Posting] = iter(())
        self._next: Posting | None = None

    def take(self, outside: Outside) -> None:
        """Get hold of the API and of the feeds."""
        self.outside = outside
        self._players = Players(self.runtime, outside, self.script)
        if self.script.episode is not None:
            told = messages(
                load_episode(self.script.episode), start=self.script.starts_at, end=self.script.ends_at, batch=40
            )
            self._postings = postings(_only(told, frozenset(self.script.places)))
            self._next = next(self._postings, None)

    async def state(self) -> str:
        """Where the drill stands: ready, running, finished."""
        async with self.runtime.unit() as uow:
            return str(await uow.fetchval("SELECT state FROM drill WHERE id = $1", self.drill_id))

    async def stand(self, at: datetime) -> None:
        """Let the clock stand."""
        await set_going(self.runtime, at, STANDSTILL, self.script.ends_at)

    async def start(self) -> None:
        """Let the clock go; a drill that runs already goes on."""
        if await self.state() != "ready":
            return
        await self._note("running")
        await self.go_on(self.script.starts_at)

    async def go_on(self, at: datetime) -> None:
        """Let the clock go from an instant on."""
        await set_going(self.runtime, at, self.pace, self.script.ends_at)

    async def finish(self) -> str:
        """Stop the clock, reckon the score and freeze it on the live side; again has no further effect. Returns the hash kept."""
        await self.stand(self.runtime.clock.now())
        document = await self._reckoned()
        connection = await asyncpg.connect(self._live)
        try:
            kept = await freeze(connection, self.drill_id, document)
        finally:
            await connection.close()
        async with self.runtime.unit() as uow:
            await mark(uow.connection, self.drill_id, "finished")
            await uow.tell("drill")
            await uow.commit()
        return kept

    async def _reckoned(self) -> dict[str, object]:
        async with self.runtime.unit() as uow:
            measured = await measure(uow, self.script.places)
            row = await uow.fetchrow("SELECT * FROM drill WHERE id = $1", self.drill_id)
        assert row is not None  # the drill's own row stands from its making
        head = {
            "drill": self.drill_id,
            "script": self.script.id,
            "script_digest": row["digest"],
            "title": self.script.title.model_dump(),
            "adcode": self.script.adcode,
            "participants": row["participants"],
            "pace": row["pace"],
            "clock": {"from": self.script.starts_at, "to": self.runtime.clock.now()},
        }
        return sheet(self.script, measured, head=head)

    async def score(self) -> dict[str, object]:
        """The sheet as it would be now."""
        return await self._reckoned()

    async def _note(self, state: str) -> None:
        async with self.runtime.unit() as uow:
            await mark(uow.connection, self.drill_id, state)
            await uow.tell("drill")
            await uow.commit()
        connection = await asyncpg.connect(self._live)
        try:
            await mark(connection, self.drill_id, state)
        finally:
            await connection.close()

    async def run(self, stop: asyncio.Event) -> None:
        """Direct until the drill is over or `stop`. What fails is tried again with the next beat."""
        beat = 0
        while not stop.is_set():
            try:
                if await self.beat(beat):
                    logger.info("the drill is over", drill=self.drill_id)
            except (httpx.TransportError, Refused, *PASSING) as error:
                logger.warning("the director will try again", error=str(error))
            beat += 1
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(stop.wait(), BEAT_SECONDS)
        if await self.state() == "running":
            await self._save()

    async def beat(self, number: int) -> bool:
        """Everything due at this instant. True when the drill ended with it."""
        if await self.state() != "running":
            return False
        assert self.outside is not None
        assert self._players is not None
        now = self.runtime.clock.now()
        everything = await thrown(self.runtime)
        done = {one.name for one in everything}
        for inject in self.script.injects:
            if inject.at_minutes is not None and inject.id not in done and self._due(inject.at_minutes, now):
                await throw(self.runtime, self.outside, inject)
        everything = await thrown(self.runtime)
        effects = Effects(everything, now)
        await take_effect(self.runtime, effects, everything)
        await self._post(now, silent=effects.feed_silent)
        if number % LOOK_EVERY == 0:
            await self._players.turn(effects)
        if number % SAVE_EVERY == 0:
            await self._save()
        if now >= self.script.ends_at:
            await self.finish()
            return True
        return False

    def _due(self, minutes: int, now: datetime) -> bool:
        return (now - self.script.starts_at).total_seconds() >= minutes * 60

    async def _post(self, now: datetime, *, silent: bool) -> None:
        """Deliver what the episode's feeds have to say; a silent feed's messages are lost, as those of a broken one."""
        assert self.outside is not None
        while self._next is not None and self._next.message.at <= now:
            if not silent:
                await self.outside.post(self._next)
            self._next = next(self._postings, None)

    async def _save(self) -> None:
        async with self.runtime.unit() as uow:
            await save(uow)
            await uow.commit()


def _only(told: Iterator[FeedMessage], places: frozenset[str]) -> Iterator[FeedMessage]:
    """The messages with the script's places alone."""
    for message in told:
        data = [one for one in message.body["data"] if one["adcode"] in places]
        if data:
            yield FeedMessage(message.at, message.feed, message.type, message.body | {"data": data})
