"""The state that the ledger's entries make beside the one in the tables; every difference by its name."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import asyncpg

from service.kit.unit_of_work import beijing
from service.ledger.flows import Verdict, verify_within
from service.ledger.rebuild import KINDS, UNTOLD, Entry, Rebuilt, Stands, in_force, overlaps

ENTRIES_SQL = """
SELECT id, at, kind, adcode, content FROM ledger_entry
WHERE kind = ANY($1::text[]) AND ($2::timestamptz IS NULL OR at <= $2) ORDER BY id
"""
DIGEST = "encode(sha256(convert_to(content, 'UTF8')), 'hex') AS digest"
TABLES = {
    "proposal": f"SELECT id AS key, adcode, state, action, to_level, reason, content_hash, {DIGEST}, proposed_by, created_at,"
    " closed_at FROM proposal",
    "signature": "SELECT ARRAY[proposal_id, step] AS key, adcode, account_id, role, delegation_id, for_account, content_hash,"
    " signed_at FROM signature",
    "decision": "SELECT id AS key, adcode, proposal_id, account_id, role, approve, reason, content_hash, decided_at FROM decision",
    "warning": "SELECT id AS key, adcode, state, level, announced_at, effective_at, planned_end, fixed_end, closed_at FROM warning",
    "step": "SELECT id AS key, adcode, warning_id, action, level, reason, decision_id, announced_at, effective_at, planned_end,"
    f" {DIGEST} FROM warning_step",
    "response": "SELECT id AS key, adcode, level, step_id, list_version_id, starts_at, ends_at FROM response",
    "message": "SELECT identifier AS key, adcode, step_id, encode(sha256(body), 'hex') AS digest FROM message",
    "notice": "SELECT id AS key, adcode, step_id FROM notice",
    "list": "SELECT id AS key, adcode, state, digest, enterprises, lines, activated_at, ended_at FROM list_version",
}
"""What the tables say of each book, in the words of the rebuilt facts."""
UNDELIVERED_SQL = "SELECT id FROM delivery WHERE state = 'done' AND id <> ALL($1::bigint[]) ORDER BY id"


@dataclass(frozen=True)
class Difference:
    """Where the ledger and the tables disagree; `field` None: the whole row is on one side only."""

    book: str
    key: str
    field: str | None
    ledger: str | None
    tables: str | None

    def __str__(self) -> str:
        if self.field is None:
            missing = "the tables do not have it" if self.tables is None else "the ledger does not tell of it"
            return f"{self.book} {self.key}: {missing}"
        return f"{self.book} {self.key}, {self.field}: ledger {self.ledger}, tables {self.tables}"


@dataclass(frozen=True)
class Comparison:
    """The result: the chain's verdict, what the entries break, what differs, and what stands by the ledger."""

    verdict: Verdict
    entries: int
    at: datetime
    faults: tuple[str, ...]
    differences: tuple[Difference, ...]
    stands: tuple[Stands, ...]

    @property
    def whole(self) -> bool:
        """Whether the ledger is intact and says what the tables say."""
        return self.verdict.whole and not self.faults and not self.differences

    def document(self) -> dict[str, Any]:
        """The result as plain values."""
        return {
            "whole": self.whole,
            "ledger": self.verdict.document(),
            "replayed": self.entries,
            "at": self.at.isoformat(),
            "faults": list(self.faults),
            "differences": [
                {"book": one.book, "key": one.key, "field": one.field, "ledger": one.ledger, "tables": one.tables}
                for one in self.differences
            ],
            "in_force": [
                {
                    "adcode": one.adcode,
                    "level": one.level.code,
                    "since": _told(one.since),
                    "ends_at": _told(one.ends_at),
                    "warning": one.warning,
                    "step": one.step,
                    "list_version": one.list_version,
                    "decision": one.decision,
                    "signed_by": [{"account": account, "role": role} for account, role in one.signed_by],
                }
                for one in self.stands
            ],
        }


async def compare(connection: asyncpg.Connection, now: datetime, at: datetime | None = None) -> Comparison:
    """Replay the ledger and hold the tables against it, in one snapshot; needs only read access.

    `at` (aware): replay only what was written until then and say what stood then; the tables of today are not compared.
    `connection` must be outside a transaction.
    """
    async with connection.transaction(isolation="repeatable_read", readonly=True):
        verdict = await verify_within(connection)
        found = Rebuilt()
        async for entry in _entries(connection, at):
            found.take(entry)
        different: list[Difference] = []
        if at is None:
            for name, statement in TABLES.items():
                different += _differences(name, found, await connection.fetch(statement))
            for row in await connection.fetch(UNDELIVERED_SQL, sorted(found.delivered)):
                different.append(Difference("delivery", str(row["id"]), "state", "not delivered", "done"))
    faults = (*found.faults, *overlaps(found.books))
    return Comparison(
        verdict, found.entries, at or now, faults, tuple(different), tuple(in_force(found.books, at or now))
    )


async def _entries(connection: asyncpg.Connection, until: datetime | None) -> AsyncIterator[Entry]:
    async for row in connection.cursor(ENTRIES_SQL, list(KINDS), until, prefetch=2000):
        yield Entry(row["id"], row["at"], row["kind"], row["adcode"], json.loads(row["content"]))


def _differences(name: str, found: Rebuilt, rows: list[Any]) -> Iterator[Difference]:
    facts = dict(found.books[name])
    for row in rows:
        key = tuple(row["key"]) if isinstance(row["key"], list) else row["key"]
        told = facts.pop(key, None)
        if told is not None:
            yield from _fields(name, key, told, row)
        elif name != "message" or row["step_id"] not in found.older:
            yield Difference(name, _name(key), None, None, "there")
    for key in facts:
        yield Difference(name, _name(key), None, "there", None)


def _fields(name: str, key: Any, told: dict[str, Any], row: Any) -> Iterator[Difference]:
    for column, value in row.items():
        if column != "key" and told[column] is not UNTOLD and told[column] != value:
            yield Difference(name, _name(key), column, str(_told(told[column])), str(_told(value)))


def _name(key: Any) -> str:
    return f"{key[0]}, step {key[1] + 1}" if isinstance(key, tuple) else str(key)


def _told(value: Any) -> Any:
    local = beijing(value) if isinstance(value, datetime) else None
    return value if local is None else local.isoformat()
