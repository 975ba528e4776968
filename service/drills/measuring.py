"""What happened in a drill, read from its tables. Instants are of the drill's clock."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection
from datetime import datetime
from typing import Any

from alerts.levels import Level
from service.drills.scoring import Decided, Measured, Proposed, Signed, Told
from service.kit.clock import SHANGHAI
from service.kit.unit_of_work import UnitOfWork

PROPOSED_SQL = """
SELECT p.id, p.adcode, p.to_level, p.created_at, p.state, p.closed_at, a.display FROM proposal p
LEFT JOIN account a ON a.id = p.proposed_by ORDER BY p.id
"""
SIGNED_SQL = """
SELECT s.proposal_id, s.adcode, s.role, a.display, s.signed_at, coalesce(
    (SELECT max(o.signed_at) FROM signature o WHERE o.proposal_id = s.proposal_id AND o.step < s.step), p.created_at) AS since
FROM signature s JOIN account a ON a.id = s.account_id JOIN proposal p ON p.id = s.proposal_id ORDER BY s.id
"""
DECIDED_SQL = """
SELECT d.proposal_id, d.adcode, p.to_level, d.role, a.display, d.approve, d.decided_at, p.created_at,
    v.kind AS against, v.ground
FROM decision d JOIN account a ON a.id = d.account_id JOIN proposal p ON p.id = d.proposal_id
LEFT JOIN LATERAL (SELECT kind, ground FROM deviation v WHERE v.proposal_id = d.proposal_id
    AND (v.decision_id = d.id OR (v.decision_id IS NULL AND d.approve)) ORDER BY v.id DESC LIMIT 1) v ON true ORDER BY d.id
"""
NOTICES_SQL = "SELECT id, adcode, created_at FROM notice ORDER BY id"
PLANTS_SQL = "SELECT DISTINCT adcode, uscc FROM account WHERE role = 'enterprise' AND uscc IS NOT NULL ORDER BY adcode, uscc"
ANSWERS_SQL = "SELECT notice_id, uscc, acknowledged_at FROM acknowledgement"
CIRCULARS_SQL = """
SELECT r.adcode, c.sent_at, k.read_at FROM circular c JOIN circular_recipient r ON r.circular_id = c.id
LEFT JOIN circular_receipt k ON k.circular_id = c.id AND k.adcode = r.adcode WHERE r.adcode = ANY($1::text[]) ORDER BY c.id
"""


async def measure(uow: UnitOfWork, places: Collection[str]) -> Measured:
    """Everything that is scored, of the script's places."""
    proposals = await uow.fetch(PROPOSED_SQL)
    return Measured(
        injects={row["name"]: _local(row["at"]) for row in await uow.fetch("SELECT name, at FROM drill_inject")},
        proposed=tuple(_proposed(row, row["created_at"]) for row in proposals),
        expired=tuple(_proposed(row, row["closed_at"]) for row in proposals if row["state"] == "expired"),
        signed=tuple(
            Signed(
                row["proposal_id"],
                row["adcode"],
                row["role"],
                row["display"],
                _local(row["signed_at"]),
                _local(row["since"]),
            )
            for row in await uow.fetch(SIGNED_SQL)
        ),
        decided=tuple(_decided(row) for row in await uow.fetch(DECIDED_SQL)),
        notices=await _notices(uow),
        circulars=tuple(
            Told(row["adcode"], _local(row["sent_at"]), (row["adcode"],), _answer(row["adcode"], row["read_at"]))
            for row in await uow.fetch(CIRCULARS_SQL, list(places))
        ),
        simulated=frozenset(
            row["display"] for row in await uow.fetch("SELECT display FROM account WHERE login LIKE 'sim-%'")
        ),
    )


def _local(instant: datetime) -> datetime:
    return instant.astimezone(SHANGHAI)


def _answer(who: str, at: datetime | None) -> dict[str, datetime]:
    return {} if at is None else {who: _local(at)}


def _proposed(row: Any, at: datetime) -> Proposed:
    return Proposed(row["id"], row["adcode"], Level(row["to_level"]), _local(at), row["display"])


def _decided(row: Any) -> Decided:
    return Decided(
        row["proposal_id"],
        row["adcode"],
        Level(row["to_level"]),
        row["role"],
        row["display"],
        row["approve"],
        _local(row["decided_at"]),
        _local(row["created_at"]),
        row["against"],
        row["ground"] is not None,
    )


async def _notices(uow: UnitOfWork) -> tuple[Told, ...]:
    plants: dict[str, list[str]] = defaultdict(list)
    for row in await uow.fetch(PLANTS_SQL):
        plants[row["adcode"]].append(row["uscc"])
    answers: dict[int, dict[str, datetime]] = defaultdict(dict)
    for row in await uow.fetch(ANSWERS_SQL):
        answers[row["notice_id"]][row["uscc"]] = _local(row["acknowledged_at"])
    return tuple(
        Told(row["adcode"], _local(row["created_at"]), tuple(plants[row["adcode"]]), answers[row["id"]])
        for row in await uow.fetch(NOTICES_SQL)
    )
