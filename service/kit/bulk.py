"""What a unit of work does one by one, for many rows in one statement each."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any

from pgqueuer.adapters.drivers.asyncpg import AsyncpgDriver
from pgqueuer.queries import Queries

from service.kit.canonical import canonical
from service.kit.unit_of_work import NOTIFY_CHANNEL, UnitOfWork

LEDGER_SQL = """
WITH entry AS (
    INSERT INTO ledger_entry (at, kind, adcode, content)
    SELECT $1, $2, n.adcode, n.content FROM unnest($3::text[], $4::text[]) WITH ORDINALITY n(adcode, content, place) ORDER BY n.place
    RETURNING id
)
INSERT INTO ledger_pending (entry_id) SELECT id FROM entry
"""
DUE_SQL = """
INSERT INTO due (schedule, due_at, job, payload)
SELECT schedule, due_at, $1, payload FROM unnest($2::text[], $3::timestamptz[], $4::text[]) n(schedule, due_at, payload)
ON CONFLICT DO NOTHING
"""
TELL_ALL_SQL = "SELECT pg_notify($1, n) FROM unnest($2::text[]) n"
LOCK_SQL = """
SELECT pg_advisory_xact_lock(hashtextextended('division:' || n.adcode, 0))
FROM unnest($1::text[]) WITH ORDINALITY n(adcode, place) ORDER BY n.place
"""


async def record_all(uow: UnitOfWork, kind: str, effects: Sequence[tuple[str, dict[str, Any]]]) -> None:
    """Put effects of one kind on the ledger, by division and in the order given."""
    bodies = [canonical({"kind": kind, "adcode": adcode, "at": uow.now, **content}) for adcode, content in effects]
    if bodies:
        await uow.execute(LEDGER_SQL, uow.now, kind, [adcode for adcode, _ in effects], bodies)


async def due_all(uow: UnitOfWork, job: str, wanted: Sequence[tuple[str, datetime, dict[str, Any]]]) -> None:
    """Let `job` be queued once for each schedule when the clock reaches its instant."""
    if wanted:
        schedules, instants, payloads = zip(*wanted, strict=True)
        await uow.execute(DUE_SQL, job, list(schedules), list(instants), [canonical(one) for one in payloads])


async def enqueue_all(uow: UnitOfWork, job: str, payloads: Sequence[dict[str, Any]]) -> None:
    """Queue jobs of one kind that exist only if this transaction commits."""
    if payloads:
        contents: list[bytes | None] = [canonical(one).encode() for one in payloads]
        queries = Queries(AsyncpgDriver(uow.connection))
        await queries.enqueue([job] * len(contents), contents, [0] * len(contents))


async def tell_all(uow: UnitOfWork, topic: str, adcodes: Collection[str]) -> None:
    """Tell every node that something changed in these divisions; heard only after the commit."""
    if adcodes:
        told = [f"{topic}:{adcode}:{uow.token}" for adcode in adcodes]
        uow.told(topic)
        await uow.execute(TELL_ALL_SQL, NOTIFY_CHANNEL, told)


async def lock_divisions(uow: UnitOfWork, adcodes: Collection[str]) -> None:
    """Lock divisions in the order of their codes, so that two who lock many wait for each other and never cross."""
    await uow.execute(LOCK_SQL, sorted(set(adcodes)))
