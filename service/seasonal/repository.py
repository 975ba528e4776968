"""Seasonal plans in force, by division and enterprise."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any

from emission_lists.documents import measure_from
from emission_lists.measures import Measure
from service.accounts.roles import Scope
from service.kit.clock import SHANGHAI
from service.kit.problems import Unknown
from service.kit.unit_of_work import Reading, UnitOfWork

KEPT_SQL = "SELECT DISTINCT adcode FROM seasonal_plan WHERE adcode = ANY($1::text[])"
ENTRIES_SQL = """
WITH plan AS (
    SELECT DISTINCT ON (adcode) id, adcode, title FROM seasonal_plan
    WHERE adcode = ANY($1::text[]) AND created_at <= $2 AND valid_from <= $3 AND valid_until >= $3
    ORDER BY adcode, created_at DESC, id DESC
)
SELECT plan.id, plan.adcode, plan.title, e.line_code, e.starts, e.until, e.document
FROM plan JOIN seasonal_entry e ON e.plan_id = plan.id AND e.uscc = $4 ORDER BY plan.adcode, e.line_code, e.starts
"""
EDGES_SQL = """
SELECT valid_from, valid_until FROM seasonal_plan WHERE adcode = ANY($1::text[]) AND valid_until >= $2
"""
PLAN_SQL = """
SELECT p.id, p.adcode, p.title, p.valid_from, p.valid_until, p.entries, p.digest, p.created_at, a.display AS created_by
FROM seasonal_plan p JOIN account a ON a.id = p.created_by
"""


@dataclass(frozen=True)
class Entry:
    """One line's (`line_code` empty: every line's) measure from `starts` until `until`, half-open, Beijing days."""

    plan: int
    adcode: str
    title: str
    line_code: str
    starts: datetime
    until: datetime
    measure: Measure

    def holds(self, instant: datetime) -> bool:
        """Whether it is in force at the instant."""
        return self.starts <= instant < self.until


async def kept_by(uow: Reading, adcodes: Sequence[str]) -> tuple[str, ...]:
    """Which of the divisions have a seasonal plan at all; remembered while this node hears about changes."""
    remembered, asked = uow.runtime.live.seasonal, tuple(adcodes)
    since = remembered.times_forgotten
    known: tuple[str, ...] | None = remembered.get(asked) if uow.runtime.live.listening else None
    if known is None:
        found = {row["adcode"] for row in await uow.fetch(KEPT_SQL, asked)}
        known = tuple(adcode for adcode in asked if adcode in found)
        if uow.runtime.live.listening:
            remembered.put(asked, known, since)
    return known


async def entries_of(
    uow: Reading, adcodes: Sequence[str], uscc: str, moment: datetime
) -> tuple[tuple[Entry, ...], list[datetime]]:
    """The entries of the plans in force at an instant, as recorded by then, and the instants at which this may change.

    A division's plan is its newest version whose validity holds the day.
    """
    kept = await kept_by(uow, adcodes)
    if not kept:
        return (), []
    day = moment.astimezone(SHANGHAI).date()
    rows = await uow.fetch(ENTRIES_SQL, kept, moment, day, uscc)
    entries = tuple(_entry(row) for row in rows)
    edges = [edge for entry in entries for edge in (entry.starts, entry.until)]
    for row in await uow.fetch(EDGES_SQL, kept, day):
        edges += [day_start(row["valid_from"]), day_start(row["valid_until"] + timedelta(days=1))]
    return entries, edges


def _entry(row: Any) -> Entry:
    return Entry(
        row["id"],
        row["adcode"],
        row["title"],
        row["line_code"],
        day_start(row["starts"]),
        day_start(row["until"] + timedelta(days=1)),
        measure_from(json.loads(row["document"])),
    )


def day_start(day: date) -> datetime:
    """Midnight at which a Beijing day begins."""
    return datetime.combine(day, time(), SHANGHAI)


async def find(uow: UnitOfWork, scope: Scope, plan_id: int) -> dict[str, Any]:
    """One version with its entries. Raises Unknown outside the scope."""
    row = await uow.fetchrow(PLAN_SQL + " WHERE p.id = $1", plan_id)
    if row is None or not scope.covers(row["adcode"]):
        raise Unknown(f"There is no seasonal plan {plan_id} in your region.")
    entries = await uow.fetch(
        "SELECT uscc, line_code, starts, until, document FROM seasonal_entry WHERE plan_id = $1"
        " ORDER BY uscc, line_code, starts LIMIT 5000",
        plan_id,
    )
    return _document(uow, row) | {
        "items": [dict(entry) | {"measure": json.loads(entry["document"])} for entry in entries]
    }


async def page(uow: UnitOfWork, scope: Scope, after: int | None, size: int) -> list[dict[str, Any]]:
    """Versions of a scope, newest first."""
    rows = await uow.fetch(
        PLAN_SQL + " WHERE p.adcode LIKE $1 AND ($2::bigint IS NULL OR p.id < $2) ORDER BY p.id DESC LIMIT $3",
        scope.prefix + "%",
        after,
        size,
    )
    return [_document(uow, row) for row in rows]


def _document(uow: UnitOfWork, row: Any) -> dict[str, Any]:
    return dict(row) | {"place": uow.runtime.place(row["adcode"])}
