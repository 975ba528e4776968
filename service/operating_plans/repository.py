"""Filed operating plans: which one is in force at an instant, and their history."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from service.kit.unit_of_work import UnitOfWork, beijing

PLANS_SQL = """
SELECT p.id, p.uscc, p.adcode, p.version, p.content, p.basis, p.digest, p.filed_by_name, p.filed_at,
    r.accepted, r.reason, r.name AS reviewed_by, r.at AS reviewed_at, jsonb_array_length(p.during) > 0 AS during_response,
    (SELECT bool_and(s.ends_at IS NOT NULL) FROM response s WHERE p.during @> to_jsonb(s.id)) AS ending,
    (SELECT max(s.ends_at) FROM response s WHERE p.during @> to_jsonb(s.id)) AS after
FROM operating_plan p LEFT JOIN operating_plan_review r ON r.plan_id = p.id WHERE p.uscc = $1 ORDER BY p.version
"""


class PlanState(StrEnum):
    """FILED: not yet looked at; RETURNED: to be mended; WAITING: accepted, begins when the response is over."""

    FILED = "filed"
    RETURNED = "returned"
    WAITING = "waiting"
    IN_FORCE = "in_force"
    REPLACED = "replaced"


@dataclass(frozen=True)
class FiledPlan:
    """One version as it stands at an instant. `effective_at` None: it is not known yet from when it holds."""

    id: int
    uscc: str
    adcode: str
    version: int
    content: dict[str, Any]
    basis: dict[str, Any]
    digest: str
    filed_by: str
    filed_at: datetime
    during_response: bool
    accepted: bool | None
    reason: str | None
    reviewed_by: str | None
    reviewed_at: datetime | None
    effective_at: datetime | None
    state: PlanState = PlanState.FILED

    def document(self) -> dict[str, Any]:
        """As the API shows it."""
        named = (
            "id", "uscc", "adcode", "version", "state", "digest", "filed_by", "filed_at", "during_response", "accepted",
            "reason", "reviewed_by", "reviewed_at", "effective_at", "content",
        )  # fmt: skip
        return {name: getattr(self, name) for name in named}


async def plans_of(uow: UnitOfWork, uscc: str, instant: datetime | None = None) -> list[FiledPlan]:
    """Every version of an enterprise that was filed by an instant (now by default), oldest first, each with its state then."""
    moment = instant or uow.now
    rows = await uow.fetch(PLANS_SQL, uscc)
    plans = [_plan(row, moment) for row in rows if row["filed_at"] <= moment]
    holding = [plan for plan in plans if plan.effective_at is not None and plan.effective_at <= moment]
    return [_with_state(plan, holding, moment) for plan in plans]


async def plan_at(uow: UnitOfWork, uscc: str, instant: datetime) -> FiledPlan | None:
    """The plan that counts at an instant: the newest in force, otherwise the newest filed and not returned; None = no plan.

    A version counts from its acceptance; one that changes a plan during a response counts once that response is over.
    """
    plans = await plans_of(uow, uscc, instant)
    for state in (PlanState.IN_FORCE, PlanState.WAITING, PlanState.FILED):
        found = [plan for plan in plans if plan.state is state]
        if found:
            return found[-1]
    return None


def _with_state(plan: FiledPlan, holding: list[FiledPlan], moment: datetime) -> FiledPlan:
    if plan.accepted is None:
        state = PlanState.FILED
    elif not plan.accepted:
        state = PlanState.RETURNED
    elif plan.effective_at is None or plan.effective_at > moment:
        state = PlanState.WAITING
    else:
        state = PlanState.IN_FORCE if plan is holding[-1] else PlanState.REPLACED
    return FiledPlan(**{**plan.__dict__, "state": state})


def _plan(row: Any, moment: datetime) -> FiledPlan:
    reviewed = row["reviewed_at"] is not None and row["reviewed_at"] <= moment
    accepted = row["accepted"] if reviewed else None
    filed_at = beijing(row["filed_at"])
    assert filed_at is not None
    effective = beijing(row["reviewed_at"]) if accepted else None
    if effective is not None and row["during_response"]:
        over = beijing(row["after"]) if row["ending"] else None
        effective = None if over is None else max(effective, over)
    return FiledPlan(
        id=row["id"],
        uscc=row["uscc"],
        adcode=row["adcode"],
        version=row["version"],
        content=json.loads(row["content"]),
        basis=json.loads(row["basis"]),
        digest=row["digest"],
        filed_by=row["filed_by_name"],
        filed_at=filed_at,
        during_response=row["during_response"],
        accepted=accepted,
        reason=row["reason"] if reviewed else None,
        reviewed_by=row["reviewed_by"] if reviewed else None,
        reviewed_at=beijing(row["reviewed_at"]) if reviewed else None,
        effective_at=effective,
    )
