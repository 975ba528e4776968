"""Jobs: pgqueuer entries queued in the business transaction, done by any worker, and the ticker over the `due` table."""

from __future__ import annotations

import asyncio
import contextlib
import importlib
import json
import uuid
from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from typing import Any

import asyncpg
import structlog
from apscheduler.schedulers.asyncio import AsyncIOScheduler
from pgqueuer.adapters.drivers.asyncpg import AsyncpgDriver
from pgqueuer.applications import PgQueuer
from pgqueuer.errors import RetryRequested
from pgqueuer.models import Job
from pgqueuer.queries import EntrypointExecutionParameter, Queries
from pgqueuer.types import Channel, QueueEntrypoint, QueueExecutionMode, QueueManagerId

from service.kit.metrics import JOB_SECONDS, JOBS
from service.kit.problems import AWAY, Busy
from service.kit.runtime import Runtime

Handler = Callable[[Runtime, dict[str, Any]], Awaitable[None]]
HANDLERS: dict[str, Handler] = {}
RECURRING: dict[str, timedelta] = {}
NOUNS_WITH_JOBS = (
    "assessments",
    "prompts",
    "proposals",
    "warnings",
    "responses",
    "obligations",
    "subscriptions",
    "publication",
    "feeds",
    "grades",
    "guarantees",
    "lists",
    "findings",
    "people",
    "notices",
)
logger = structlog.get_logger("lantian.jobs")
PASSING = (*AWAY, OSError, TimeoutError, asyncpg.InterfaceError, Busy)
"""What trying again may cure. Any other error of a handler holds its job, to be seen and looked into."""
AGAIN = timedelta(seconds=5)
RECONNECT_SECONDS = 1.0
QUEUE_CHANNEL = "ch_pgqueuer"
KEPT_FOR, FORGET_BATCH = timedelta(days=30), 20_000
FORGET_SQL = """
DELETE FROM due WHERE (schedule, due_at) IN (
    SELECT d.schedule, d.due_at FROM due d LEFT JOIN unnest($3::text[], $4::interval[]) r(schedule, every) ON r.schedule = d.schedule
    WHERE d.done_at < $1::timestamptz - greatest($2::interval, 2 * r.every) LIMIT $5)
"""


def job(name: str, *, every: timedelta | None = None) -> Callable[[Handler], Handler]:
    """Register a handler; with `every` it is queued once per interval by whichever node ticks first.

    A handler may run twice (its worker may die after the effect and before the receipt), so it must be idempotent.
    """

    def add(handler: Handler) -> Handler:
        HANDLERS[name] = handler
        if every is not None:
            RECURRING[name] = every
        return handler

    return add


def load_handlers() -> None:
    """Import every noun's jobs."""
    for noun in NOUNS_WITH_JOBS:
        importlib.import_module(f"service.{noun}.jobs")


class Worker:
    """Takes jobs from the queue until stopped."""

    def __init__(self, runtime: Runtime) -> None:
        self.runtime = runtime
        self._queue: PgQueuer | None = None
        self._stopped = False

    async def run(self, *, drain: bool = False) -> None:
        """Work until `stop`, or with `drain` until the queue is empty. A lost database connection is opened anew."""
        load_handlers()
        while not self._stopped:
            try:
                await self._run(drain=drain)
            except PASSING as error:
                logger.warning("worker lost the database", error=str(error))
                await asyncio.sleep(RECONNECT_SECONDS)
            else:
                return

    async def _run(self, *, drain: bool) -> None:
        connection = await self.runtime.database.connect()
        channel = Channel(self.runtime.database.channel(QUEUE_CHANNEL))
        self._queue = PgQueuer.from_asyncpg_connection(connection, channel)
        for name in HANDLERS:
            self._queue.entrypoint(name, on_failure="hold")(self._entry(name))
        settings = self.runtime.settings
        try:
            await self._queue.qm.run(
                dequeue_timeout=timedelta(seconds=1 if drain else 5),
                batch_size=settings.worker_batch,
                mode=QueueExecutionMode.drain if drain else QueueExecutionMode.continuous,
                max_concurrent_tasks=2 * settings.worker_batch,
                heartbeat_timeout=timedelta(seconds=settings.job_heartbeat_seconds),
                log_aggregation_interval=timedelta(0),
            )
        finally:
            await connection.close(timeout=5)

    async def run_queued(self) -> int:
        """Do what is queued now, one job after the other in the caller's task, and return how many.

        For replay and tests: the same queue and handlers without waiting. A handler's error is raised, its job stays picked.
        """
        load_handlers()
        connection = await self.runtime.database.connect()
        try:
            queries = Queries(AsyncpgDriver(connection))
            done = 0
            while jobs := await queries.dequeue(
                self.runtime.settings.worker_batch,
                {QueueEntrypoint(name): EntrypointExecutionParameter(0) for name in HANDLERS},
                QueueManagerId(uuid.uuid4()),
                None,
                timedelta(seconds=self.runtime.settings.job_heartbeat_seconds),
            ):
                for queued in jobs:
                    await self._entry(queued.entrypoint)(queued)
                    await queries.log_jobs([(queued, "successful", None)])
                    done += 1
            return done
        finally:
            await connection.close()

    def stop(self) -> None:
        """Finish the jobs in hand and end."""
        self._stopped = True
        if self._queue is not None:
            self._queue.shutdown.set()

    def _entry(self, name: str) -> Callable[[Job], Awaitable[None]]:
        async def entry(queued: Job) -> None:
            payload = json.loads(queued.payload or b"{}")
            logger.debug("job", job=name, payload=payload)
            outcome = "held"
            try:
                with JOB_SECONDS.labels(name).time():
                    await HANDLERS[name](self.runtime, payload)
                outcome = "done"
            except PASSING as error:
                outcome = "again"
                raise RetryRequested(delay=AGAIN, reason=f"{type(error).__name__}: {error}") from error
            finally:
                JOBS.labels(name, outcome).inc()

        return entry


async def tick(runtime: Runtime) -> int:
    """Queue what has fallen due; returns how many. Any number of nodes may call this at any time."""
    now = runtime.clock.now()
    async with runtime.unit() as uow:
        await uow.held_briefly()
        for name, every in RECURRING.items():
            await uow.due(f"every:{name}", _slot(now, every), name, {})
        rows = await uow.fetch(
            "SELECT schedule, due_at, job, payload FROM due WHERE due_at <= $1 AND done_at IS NULL"
            " ORDER BY due_at LIMIT 500 FOR UPDATE SKIP LOCKED",
            now,
        )
        for row in rows:
            await uow.enqueue(row["job"], json.loads(row["payload"]))
            await uow.execute(
                "UPDATE due SET done_at = $3 WHERE schedule = $1 AND due_at = $2", row["schedule"], row["due_at"], now
            )
        await uow.commit()
    return len(rows)


@job("forget_due", every=timedelta(days=1))
async def forget_due(runtime: Runtime, _payload: dict[str, Any]) -> None:
    """Delete what was done long ago, a part per transaction; what recurs keeps the rows by which its slots are told apart."""
    recurring = {f"every:{name}": every for name, every in RECURRING.items()}
    forgotten = FORGET_BATCH
    while forgotten == FORGET_BATCH:
        async with runtime.unit() as uow:
            tag = await uow.execute(
                FORGET_SQL, uow.now, KEPT_FOR, list(recurring), list(recurring.values()), FORGET_BATCH
            )
            await uow.commit()
        forgotten = int(tag.rpartition(" ")[2])


def _slot(now: datetime, every: timedelta) -> datetime:
    seconds = int(every.total_seconds())
    return datetime.fromtimestamp(int(now.timestamp()) // seconds * seconds, tz=now.tzinfo)


class Ticker:
    """APScheduler as a metronome: no schedule lives in it, each beat asks the `due` table."""

    def __init__(self, beats: dict[str, tuple[float, Callable[[], Awaitable[object]]]]) -> None:
        self._scheduler = AsyncIOScheduler()
        for name, (seconds, beat) in beats.items():
            self._scheduler.add_job(
                self._safely(name, beat),
                "interval",
                seconds=seconds,
                id=name,
                coalesce=True,
                max_instances=1,
                misfire_grace_time=None,
            )

    def start(self) -> None:
        """Begin to beat in the running event loop."""
        self._scheduler.start()

    def stop(self) -> None:
        """Stop beating."""
        with contextlib.suppress(RuntimeError):
            self._scheduler.shutdown(wait=False)

    @staticmethod
    def _safely(name: str, beat: Callable[[], Awaitable[object]]) -> Callable[[], Awaitable[None]]:
        async def run() -> None:
            try:
                await beat()
            except (*PASSING, asyncpg.InternalClientError) as error:  # the last: its connection was ended under it
                logger.warning("beat missed", beat=name, error=str(error))

        return run
