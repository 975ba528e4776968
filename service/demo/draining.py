"""Do what is queued, now and in the caller's task: for the replay, where waiting for a worker's rhythm would take most of the time."""

from __future__ import annotations

import asyncio
import json
import uuid
from collections.abc import Sequence
from datetime import timedelta
from typing import Any

import asyncpg
from pgqueuer.adapters.drivers.asyncpg import AsyncpgDriver
from pgqueuer.models import Job
from pgqueuer.ports.repository import EntrypointExecutionParameter
from pgqueuer.queries import Queries
from pgqueuer.types import QueueEntrypoint, QueueManagerId

from service.kit.jobs import HANDLERS, load_handlers
from service.kit.runtime import Runtime

BATCH = 200
SHARED_BATCH = 2
"""Taken at a time where several hands share the queue, so that none sits idle beside a full one."""
AT_ONCE = 4
"""Jobs worked on side by side: enough to keep the database busy while this process computes."""


class Hand:
    """A worker over one connection that works only when asked. The queue and the handlers are the service's own."""

    def __init__(self, runtime: Runtime, connection: asyncpg.Connection[Any], *, shared: bool = False) -> None:
        load_handlers()
        self.runtime = runtime
        self._batch = SHARED_BATCH if shared else BATCH
        self._queries = Queries(AsyncpgDriver(connection))
        self._me = QueueManagerId(uuid.uuid4())
        self._entrypoints = {QueueEntrypoint(name): EntrypointExecutionParameter(0) for name in HANDLERS}
        self._turns = asyncio.Semaphore(AT_ONCE)

    async def drain(self, leave_out: frozenset[str] = frozenset()) -> int:
        """Work until the queue is empty; returns how many jobs were taken. A handler's error is raised and its job stays picked.

        Jobs that wait with the same content are done once: handlers are idempotent and read the present when they run. Jobs named
        in `leave_out` are taken from the queue and not done; the caller sees to their effect later.
        """
        done = 0
        while jobs := await self._queries.dequeue(
            self._batch,
            self._entrypoints,
            self._me,
            None,
            timedelta(seconds=self.runtime.settings.job_heartbeat_seconds),
        ):
            same: dict[tuple[str, bytes], list[Job]] = {}
            for job in jobs:
                same.setdefault((job.entrypoint, job.payload or b"{}"), []).append(job)
            await asyncio.gather(*(self._do(group, leave_out) for group in same.values()))
            done += len(jobs)
        return done

    async def _do(self, group: Sequence[Job], leave_out: frozenset[str]) -> None:
        name = group[0].entrypoint
        if name not in leave_out:
            async with self._turns:
                await HANDLERS[name](self.runtime, json.loads(group[0].payload or b"{}"))
        await self._queries.log_jobs([(job, "successful", None) for job in group])
