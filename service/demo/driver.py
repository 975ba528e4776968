"""The scripted outside world of a running demonstration: it posts, prompts, decides and acknowledges when the simulated clock says so.

Everything goes over HTTP to the service's own address, so the demonstration uses the same doors as anybody else. It can be
stopped and started at any point: each message has its fixed id, a prompt its key, a decision binds to one proposal.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import httpx
import structlog

from service.demo.clock import begins, save
from service.demo.duties import Duties
from service.demo.episodes import Episode
from service.demo.filing import Filing
from service.demo.messages import messages
from service.demo.outside import Outside, Refused, postings
from service.demo.policy import COORDINATOR, Patience, decider_of, reason_for
from service.demo.prompts import as_entered, basis_of
from service.kit.runtime import Runtime

MARGIN = timedelta(minutes=15)
"""How long before a proposal's deadline the script decides when nobody has: with the default pace a person has over a minute."""
BEAT_SECONDS = 0.5
SAVE_EVERY = 10
LOOK_EVERY = 4
PATIENT_FAILURES = 3
"""A call may fail while the service starts or stops; from this many in a row on it is worth a warning."""
logger = structlog.get_logger("lantian.demo")


def margin_at(pace: float) -> timedelta:
    """The margin at a pace: never so short that the clock could run past the deadline between two looks."""
    return max(MARGIN, timedelta(seconds=3 * LOOK_EVERY * BEAT_SECONDS * pace))


@dataclass
class Driver:
    """Drives one episode through the service at `outside`. `enterprises`: codes by login of those that acknowledge by themselves.

    `filing`: what the visitors' city and its plants hand in.
    """

    runtime: Runtime
    episode: Episode
    outside: Outside
    hands_off: bool = False
    enterprises: Mapping[str, str] = field(default_factory=dict)
    filing: Filing | None = None
    pace: float = 1.0
    _tags: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._patience = Patience(margin=margin_at(self.pace))
        start = begins(self.episode)
        self._postings = postings(messages(self.episode, start=start))
        self._next = next(self._postings, None)
        self._duties = Duties(self.outside)
        self._prompts = [one for one in self.episode.prompts if one.issued_at >= start]

    async def skip_delivered(self) -> int:
        """Pass over the messages that an earlier run delivered; returns how many."""
        async with self.runtime.unit() as uow:
            known = {row["webhook_id"] for row in await uow.fetch("SELECT webhook_id FROM receipt")}
        skipped = 0
        while self._next is not None and self._next.id in known:
            self._next = next(self._postings, None)
            skipped += 1
        return skipped

    async def run(self, stop: asyncio.Event) -> None:
        """Play until `stop`. A call that fails is tried again with the next beat."""
        beat = failures = 0
        while not stop.is_set():
            try:
                await self.beat(beat)
                failures = 0
            except (httpx.TransportError, Refused) as error:
                failures += 1
                if failures >= PATIENT_FAILURES:
                    logger.warning("the script will try again", error=str(error))
            beat += 1
            try:
                await asyncio.wait_for(stop.wait(), BEAT_SECONDS)
            except TimeoutError:
                continue
        await self._save()

    async def beat(self, number: int) -> None:
        """Everything that the outside world does at this instant."""
        now = self.runtime.clock.now()
        await self._post(now)
        await self._prompt(now)
        if self.filing is not None:
            await self.filing.hour(now)
        if number % LOOK_EVERY == 0:
            if not self.hands_off:
                await self._decide(now)
                await self._duties.look(now)
            await self._acknowledge()
        if number % SAVE_EVERY == 0:
            await self._save()

    async def _post(self, now: datetime) -> None:
        while self._next is not None and self._next.message.at <= now:
            await self.outside.post(self._next)
            self._next = next(self._postings, None)

    async def _prompt(self, now: datetime) -> None:
        while self._prompts and self._prompts[0].issued_at <= now:
            prompt = self._prompts[0]
            await self.outside.prompt(COORDINATOR, as_entered(prompt), basis_of(self.episode.id, prompt.id))
            self._prompts.pop(0)

    async def _decide(self, now: datetime) -> None:
        for proposal in self._patience.ripe(await self.outside.open_proposals(COORDINATOR), now):
            login = decider_of(proposal)
            if login is not None:
                await self.outside.decide(login, proposal, reason_for(proposal))

    async def _acknowledge(self) -> None:
        """Enterprises look at what they must do, and acknowledge when it has changed."""
        for login, uscc in self.enterprises.items():
            tag = await self.outside.requirement_tag(login, uscc)
            if self._tags.get(login) != tag:
                await self.outside.acknowledge(login, uscc, "值班负责人")
                self._tags[login] = tag

    async def _save(self) -> None:
        async with self.runtime.unit() as uow:
            await save(uow)
            await uow.commit()
