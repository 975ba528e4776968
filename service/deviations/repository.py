"""Deviations of a scope."""

from __future__ import annotations

from typing import Any

from alerts.guard import GROUNDS, KIND_WORDS, Ground, Kind
from alerts.levels import Level
from service.accounts.roles import Scope
from service.kit.unit_of_work import UnitOfWork, beijing

PAGE_SQL = """
SELECT v.*, p.state, p.proposed_by, d.id AS decided_id, d.role, d.approve FROM deviation v
JOIN proposal p ON p.id = v.proposal_id LEFT JOIN decision d ON d.proposal_id = p.id
WHERE v.adcode LIKE $1 AND ($2::text IS NULL OR v.adcode = $2) AND ($3::text IS NULL OR v.kind = $3)
    AND ($4::bigint IS NULL OR v.id < $4)
ORDER BY v.id DESC LIMIT $5
"""


async def page(
    uow: UnitOfWork, scope: Scope, *, adcode: str | None, kind: Kind | None, after: int | None, size: int
) -> list[dict[str, Any]]:
    """Deviations of a scope, newest first."""
    rows = await uow.fetch(PAGE_SQL, scope.prefix + "%", adcode, kind.value if kind else None, after, size)
    return [document(uow, row) for row in rows]


def document(uow: UnitOfWork, row: Any) -> dict[str, Any]:
    """A deviation as the API and the pages show it, with what became of its proposal."""
    kind = KIND_WORDS[Kind(row["kind"])]
    ground = None if row["ground"] is None else GROUNDS[Ground(row["ground"])].words
    return {
        "id": row["id"],
        "adcode": row["adcode"],
        "place": uow.runtime.place(row["adcode"]),
        "kind": row["kind"],
        "kind_words": {"zh": kind.zh, "en": kind.en},
        "action": row["action"],
        "from": Level(row["from_level"]).code,
        "to": Level(row["to_level"]).code,
        "called_for": None if row["called_for"] is None else Level(row["called_for"]).code,
        "ground": row["ground"],
        "ground_words": None if ground is None else {"zh": ground.zh, "en": ground.en},
        "legal_basis": row["legal_basis"],
        "explanation": row["explanation"],
        "proposal": row["proposal_id"],
        "proposal_state": row["state"],
        "proposed_by": row["proposed_by"],
        "decision": row["decided_id"],
        "decided_by_role": row["role"],
        "assessment": row["assessment_id"],
        "at": beijing(row["at"]),
    }
