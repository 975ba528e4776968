"""Proposals of a scope."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from alerts.levels import Level
from service.accounts.roles import Scope
from service.kit.problems import Unknown
from service.kit.unit_of_work import UnitOfWork, beijing
from service.proposals.chains import chain_of_row, may_act, signatures

STATES = ("open", "approved", "rejected", "expired", "superseded", "withdrawn")
PAGE_SQL = """
SELECT * FROM proposal WHERE adcode LIKE $1 AND ($2::text IS NULL OR state = $2) AND ($3::text[] IS NULL OR adcode = ANY($3))
    AND ($4::bigint IS NULL OR id < $4) AND ($6::timestamptz IS NULL OR deadline <= $6) AND (NOT $7 OR state <> 'open')
ORDER BY id DESC LIMIT $5
"""


def proposal_document(uow: UnitOfWork, row: Any, given: Sequence[Any] = ()) -> dict[str, Any]:
    """A proposal as the API and the pages show it: who may sign now, and its chain with the signatures `given`."""
    chain = chain_of_row(uow, row)
    return {
        "id": row["id"],
        "adcode": row["adcode"],
        "place": uow.runtime.place(row["adcode"]),
        "action": row["action"],
        "from": Level(row["from_level"]).code,
        "to": Level(row["to_level"]).code,
        "reason": row["reason"],
        "effective_at": beijing(row["effective_at"]),
        "planned_end": beijing(row["planned_end"]),
        "content": json.loads(row["content"]),
        "content_hash": row["content_hash"],
        "assessment": row["assessment_id"],
        "prompt": row["prompt_id"],
        "proposed_by": row["proposed_by"],
        "approvers": list(may_act(chain, row)),
        "chain": {
            "signed": row["step"],
            "of": len(chain.steps) if chain else 0,
            "escalations": row["escalations"],
            "steps": [
                {
                    "roles": list(step.roles),
                    "within_hours": step.hours,
                    "escalates_to": list(step.escalates_to),
                    "signed": _signature(given, number),
                }
                for number, step in enumerate(chain.steps if chain else ())
            ],
        },
        "deadline": beijing(row["deadline"]),
        "state": row["state"],
        "created_at": beijing(row["created_at"]),
        "closed_at": beijing(row["closed_at"]),
        "closed_reason": row["closed_reason"],
    }


def _signature(given: Sequence[Any], step: int) -> dict[str, Any] | None:
    found = next((one for one in given if one["step"] == step), None)
    if found is None:
        return None
    return {
        "account": found["account_id"],
        "role": found["role"],
        "delegation": found["delegation_id"],
        "for_account": found["for_account"],
        "content_hash": found["content_hash"],
        "reason": found["reason"],
        "at": beijing(found["signed_at"]),
    }


async def documents(uow: UnitOfWork, rows: Sequence[Any]) -> list[dict[str, Any]]:
    """Stored proposals with their signatures."""
    given = await signatures(uow, [row["id"] for row in rows if row["step"]])
    return [proposal_document(uow, row, given.get(row["id"], ())) for row in rows]


async def page(
    uow: UnitOfWork,
    scope: Scope,
    *,
    state: str | None,
    adcode: str | None = None,
    places: Sequence[str] | None = None,
    until: datetime | None = None,
    closed: bool = False,
    after: int | None = None,
    size: int,
) -> list[dict[str, Any]]:
    """Proposals of a scope, newest first; of one division or of `places`, with a deadline no later than `until`.

    `closed`: without the open ones.
    """
    wanted = [adcode] if adcode is not None else None if places is None else list(places)
    rows = await uow.fetch(PAGE_SQL, scope.prefix + "%", state, wanted, after, size, until, closed)
    return await documents(uow, rows)


async def find(uow: UnitOfWork, scope: Scope, proposal_id: int) -> dict[str, Any]:
    """One proposal. Raises Unknown outside the scope."""
    row = await uow.fetchrow("SELECT * FROM proposal WHERE id = $1 AND adcode LIKE $2", proposal_id, scope.prefix + "%")
    if row is None:
        raise Unknown(f"There is no proposal {proposal_id} in your region.")
    (document,) = await documents(uow, [row])
    return document
