"""Seal committed entries into the chain, and verify it."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import asyncpg

from service.kit.metrics import SEALED
from service.kit.runtime import Runtime
from service.kit.unit_of_work import UnitOfWork

GENESIS = "0" * 64
LOCK = 7_214_001
BATCH = 5_000
VERIFY_SQL = """
SELECT s.seq, s.hash, '|' || s.seq || '|' || e.id || '|' || to_char(e.at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US')
    || '+00:00|' || e.kind || '|' || coalesce(e.adcode, '') || '|' || e.content AS sealed
FROM ledger_seal s LEFT JOIN ledger_entry e ON e.id = s.entry_id WHERE s.seq > $1 ORDER BY s.seq LIMIT $2
"""


def link(previous: str, seq: int, entry: Any) -> str:
    """The hash of one sealed entry: SHA-256 over `previous|seq|id|at|kind|adcode|content`.

    `at` is in UTC with microseconds, `adcode` empty where the entry has none; `entry` is a row with these names.
    """
    at, adcode = entry["at"].isoformat(timespec="microseconds"), entry["adcode"] or ""
    sealed = f"{previous}|{seq}|{entry['id']}|{at}|{entry['kind']}|{adcode}|{entry['content']}"
    return hashlib.sha256(sealed.encode()).hexdigest()


async def seal(runtime: Runtime) -> int:
    """Append what is committed and unsealed to the chain; returns how many. Any number of nodes may call it."""
    sealed = 0
    while True:
        async with runtime.unit() as uow:
            if not await uow.fetchval("SELECT pg_try_advisory_xact_lock($1)", LOCK):
                return sealed
            await uow.held_briefly()
            count = await _seal_batch(uow)
            await uow.commit()
        sealed += count
        SEALED.inc(count)
        if count < BATCH:
            return sealed


async def _seal_batch(uow: UnitOfWork) -> int:
    rows = await uow.fetch(
        "SELECT e.id, e.at, e.kind, e.adcode, e.content FROM ledger_pending p JOIN ledger_entry e ON e.id = p.entry_id"
        " ORDER BY e.id LIMIT $1",
        BATCH,
    )
    if not rows:
        return 0
    last = await uow.fetchrow("SELECT seq, hash FROM ledger_seal ORDER BY seq DESC LIMIT 1")
    seq, previous = (last["seq"], last["hash"]) if last else (0, GENESIS)
    sealed = []
    for row in rows:
        seq += 1
        previous = link(previous, seq, row)
        sealed.append((seq, row["id"], previous))
    connection = uow.connection
    await connection.copy_records_to_table("ledger_seal", records=sealed, columns=["seq", "entry_id", "hash"])
    await uow.execute("DELETE FROM ledger_pending WHERE entry_id = ANY($1::bigint[])", [row["id"] for row in rows])
    return len(rows)


@dataclass(frozen=True)
class Verdict:
    """What a verification found. `broken_at` is the first sequence number that does not fit."""

    entries: int
    unsealed: int
    head: str
    broken_at: int | None
    problem: str | None

    @property
    def whole(self) -> bool:
        """Whether the chain is intact."""
        return self.broken_at is None

    def document(self) -> dict[str, Any]:
        """The verdict as plain values."""
        return {
            "whole": self.whole,
            "entries": self.entries,
            "unsealed": self.unsealed,
            "head": self.head,
            "broken_at": self.broken_at,
            "problem": self.problem,
        }


async def verify(
    connection: asyncpg.Connection,
    progress: Callable[[int], None] | None = None,
    noted: tuple[int, str] | None = None,
) -> Verdict:
    """Recompute the chain from its first entry. Needs only read access; anyone with an export can do the same.

    `noted` is a number of entries and the head there, written down earlier and elsewhere: only with it can a cut end or a
    rewritten whole be told from an honest chain.

    Reads one snapshot, so that entries written meanwhile are no fault. `connection` must be outside a transaction.
    """
    async with connection.transaction(isolation="repeatable_read", readonly=True):
        return await verify_within(connection, progress, noted)


async def verify_within(
    connection: asyncpg.Connection,
    progress: Callable[[int], None] | None = None,
    noted: tuple[int, str] | None = None,
) -> Verdict:
    """`verify` in the caller's snapshot."""
    verdict = await _verify(connection, progress)
    return verdict if noted is None or not verdict.whole else await _against(connection, verdict, *noted)


async def _against(connection: asyncpg.Connection, verdict: Verdict, entries: int, head: str) -> Verdict:
    """The verdict, or what contradicts the noted head."""
    if verdict.entries < entries:
        problem = f"{entries} entries were noted, only {verdict.entries} are there: the end was cut"
        return replace(verdict, broken_at=verdict.entries + 1, problem=problem)
    there = await connection.fetchval("SELECT hash FROM ledger_seal WHERE seq = $1", entries) if entries else GENESIS
    if there != head:
        return replace(
            verdict,
            broken_at=entries,
            problem=f"entry {entries} has another hash than was noted: the past was rewritten",
        )
    return verdict


async def _verify(connection: asyncpg.Connection, progress: Callable[[int], None] | None) -> Verdict:
    previous, seq = GENESIS, 0
    while True:
        rows = await connection.fetch(VERIFY_SQL, seq, BATCH * 4)
        if not rows:
            break
        for number, sealed_as, sealed in rows:
            if number != seq + 1 or sealed is None or hashlib.sha256((previous + sealed).encode()).hexdigest() != sealed_as:
                return Verdict(seq, 0, previous, number, _fault(number, sealed, seq + 1))
            previous, seq = sealed_as, number
        if progress is not None:
            progress(seq)
    unsealed = int(await connection.fetchval("SELECT count(*) FROM ledger_pending"))
    stray = await connection.fetchval("SELECT count(*) FROM ledger_entry")
    if stray != seq + unsealed:
        return Verdict(
            seq,
            unsealed,
            previous,
            seq + 1,
            f"{stray} entries stand in the book, {seq} are sealed and {unsealed} wait to be",
        )
    return Verdict(seq, unsealed, previous, None, None)


def _fault(number: int, sealed: str | None, expected: int) -> str:
    if number != expected:
        return f"entry {expected} is missing; the next one is {number}"
    if sealed is None:
        return f"the content of entry {expected} is gone"
    return f"entry {expected} or the one before it was changed"


async def page(uow: UnitOfWork, prefix: str, after: int, size: int, kind: str | None) -> list[dict[str, Any]]:
    """Sealed entries of a scope after a sequence number; entries without a division only for the whole country."""
    rows = await uow.fetch(
        "SELECT s.seq, s.hash, e.id, e.at, e.kind, e.adcode, e.content FROM ledger_seal s JOIN ledger_entry e ON e.id = s.entry_id"
        " WHERE s.seq > $1 AND (($2 = '') OR e.adcode LIKE $2 || '%') AND ($3::text IS NULL OR e.kind LIKE $3 || '%')"
        " ORDER BY s.seq LIMIT $4",
        after,
        prefix,
        kind,
        size,
    )
    return [dict(row) for row in rows]
