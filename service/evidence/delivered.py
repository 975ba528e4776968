"""What feeds and officials delivered of an enterprise: the enterprise itself cannot correct it."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass, field
from datetime import datetime

from service.evidence.points import Known
from service.evidence.records import MEASURED_BY, Hour, Kind, Passage, Record
from service.kit.unit_of_work import UnitOfWork

OUTSIDE = "(b.feed IS NOT NULL OR a.role <> 'enterprise')"
"""A batch `b` that its enterprise did not send itself, `a` being the account that sent it."""
HOURS_SQL = f"""
SELECT DISTINCT h.until_at FROM unnest($4::timestamptz[]) AS asked(until_at)
JOIN evidence_hour h ON h.until_at = asked.until_at AND h.adcode = ANY($1::text[]) AND h.uscc = $2 AND h.point = ANY($3::text[])
JOIN evidence_batch b ON b.id = h.batch_id LEFT JOIN account a ON a.id = b.account_id WHERE {OUTSIDE}
"""
PASSAGES_SQL = f"""
SELECT DISTINCT g.passed_at, g.gate, g.plate, g.direction FROM unnest($3::timestamptz[]) AS asked(passed_at)
JOIN gate_record g ON g.passed_at = asked.passed_at AND g.adcode = ANY($1::text[]) AND g.uscc = $2
JOIN evidence_batch b ON b.id = g.batch_id LEFT JOIN account a ON a.id = b.account_id WHERE {OUTSIDE}
"""
TURN_SQL = "SELECT pg_advisory_xact_lock{shared}(hashtextextended('evidence:' || $1, 3))"
Points = tuple[str, ...]


@dataclass(frozen=True)
class Delivered:
    """Hours by the points that an hour is compared with, and passages by instant, gate, plate and direction."""

    hours: Mapping[Points, Set[datetime]] = field(default_factory=dict)
    passages: Set[tuple[datetime, str, str, str]] = frozenset()


NONE = Delivered()


async def take_turn(uow: UnitOfWork, known: Known, *, alone: bool) -> None:
    """Let no feed deliver to the divisions while an enterprise's file is compared with what is there and stored."""
    statement = TURN_SQL.format(shared="" if alone else "_shared")
    for adcode in sorted({adcode for several in known.homes.values() for adcode in several}):
        await uow.execute(statement, adcode)


async def look_up(uow: UnitOfWork, known: Known, uscc: str, kind: Kind, records: Sequence[Record]) -> Delivered:
    """What others than the enterprise delivered of the instants of its records."""
    homes = list(known.homes.get(uscc, ()))
    if kind is Kind.GATE:
        instants = await asyncio.to_thread(lambda: sorted({r.at for r in records if isinstance(r, Passage)}))
        rows = await uow.fetch(PASSAGES_SQL, homes, uscc, instants)
        return Delivered(passages={(row["passed_at"], row["gate"], row["plate"], row["direction"]) for row in rows})
    if kind not in MEASURED_BY:
        return NONE
    asked = await asyncio.to_thread(_asked, known, uscc, records)
    return Delivered(
        {
            points: {row["until_at"] for row in await uow.fetch(HOURS_SQL, homes, uscc, list(points), sorted(instants))}
            for points, instants in asked.items()
        }
    )


def _asked(known: Known, uscc: str, records: Sequence[Record]) -> dict[Points, set[datetime]]:
    asked: dict[Points, set[datetime]] = defaultdict(set)
    for record in records:
        if isinstance(record, Hour) and record.uscc == uscc and (points := known.watching(uscc, record.point)):
            asked[points].add(record.until)
    return asked
