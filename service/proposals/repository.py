"""Proposals of a scope."""

from __future__ import annotations

import json
from typing import Any

from alerts.levels import Level
from service.accounts.roles import Scope
from service.kit.problems import Unknown
from service.kit.unit_of_work import UnitOfWork, beijing
from service.proposals.flows import approvers_for


def proposal_document(uow: UnitOfWork, row: Any) -> dict[str, Any]:
    """A proposal as the API and the pages show it, with who may decide."""
    plan = uow.runtime.law.plan_for(row["adcode"], uow.now)
    from_level, to_level = Level(row["from_level"]), Level(row["to_level"])
    return {
        "id": row["id"],
        "adcode": row["adcode"],
        "place": uow.runtime.place(row["adcode"]),
        "action": row["action"],
        "from": from_level.code,
        "to": to_level.code,
        "reason": row["reason"],
        "effective_at": beijing(row["effective_at"]),
        "planned_end": beijing(row["planned_end"]),
        "content": json.loads(row["content"]),
        "content_hash": row["content_hash"],
        "assessment": row["assessment_id"],
        "prompt": row["prompt_id"],
        "proposed_by": row["proposed_by"],
        "approvers": list(approvers_for(plan, row)),
        "deadline": beijing(row["deadline"]),
        "state": row["state"],
        "created_at": beijing(row["created_at"]),
        "closed_at": beijing(row["closed_at"]),
    }


async def page(
    uow: UnitOfWork, scope: Scope, *, state: str | None, adcode: str | None, after: int | None, size: int
) -> list[dict[str, Any]]:
    """Proposals of a scope, newest first."""
    rows = await uow.fetch(
        "SELECT * FROM proposal WHERE adcode LIKE $1 AND ($2::text IS NULL OR state = $2) AND ($3::text IS NULL OR adcode = $3)"
        " AND ($4::bigint IS NULL OR id < $4) ORDER BY id DESC LIMIT $5",
        scope.prefix + "%",
        state,
        adcode,
        after,
        size,
    )
    return [proposal_document(uow, row) for row in rows]


async def find(uow: UnitOfWork, scope: Scope, proposal_id: int) -> dict[str, Any]:
    """One proposal. Raises Unknown outside the scope."""
    row = await uow.fetchrow("SELECT * FROM proposal WHERE id = $1 AND adcode LIKE $2", proposal_id, scope.prefix + "%")
    if row is None:
        raise Unknown(f"There is no proposal {proposal_id} in your region.")
    return proposal_document(uow, row)
