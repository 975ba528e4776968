"""Warnings in force, always from what the caller may see."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from alerts.levels import Level
from alerts.lifecycle import State
from alerts.plans import later_starts
from alerts.proposal import InForce
from service.accounts.roles import Scope
from service.kit.problems import Unknown
from service.kit.unit_of_work import UnitOfWork, beijing


@dataclass(frozen=True)
class Standing:
    """The warning of a division that is announced and not over. `closing_at` is set once its lifting is decided."""

    warning_id: int
    adcode: str
    state: State
    level: Level
    announced_at: datetime
    effective_at: datetime
    planned_end: datetime | None
    fixed_end: bool
    closing_at: datetime | None
    level_at: datetime | None = None
    """When the level begins that is announced and does not hold yet; None when it holds."""

    @property
    def in_force(self) -> InForce:
        """The pure view of it."""
        return InForce(
            level=self.level,
            effective_at=self.effective_at,
            planned_end=self.planned_end,
            announced_at=self.announced_at,
            fixed_end=self.fixed_end,
            level_at=self.level_at,
        )

    @property
    def identity(self) -> list[Any]:
        """What distinguishes this standing from another."""
        return [self.warning_id, int(self.level), self.effective_at, self.planned_end, self.closing_at, self.level_at]


def _standing(row: Any) -> Standing:
    announced, effective = beijing(row["announced_at"]), beijing(row["effective_at"])
    assert announced is not None
    assert effective is not None
    return Standing(
        row["id"],
        row["adcode"],
        State(row["state"]),
        Level(row["level"]),
        announced,
        effective,
        beijing(row["planned_end"]),
        row["fixed_end"],
        beijing(row["closed_at"]),
        beijing(row["level_at"]),
    )


COLUMNS = """
*, (
    SELECT min(r.starts_at) FROM response r JOIN warning_step s ON s.id = r.step_id
    WHERE s.warning_id = warning.id AND r.level = warning.level AND (r.ends_at IS NULL OR r.ends_at > r.starts_at)
    AND r.starts_at > $2 AND NOT EXISTS (
        SELECT 1 FROM response o JOIN warning_step t ON t.id = o.step_id WHERE t.warning_id = warning.id
        AND o.level >= warning.level AND o.starts_at <= $2 AND (o.ends_at IS NULL OR o.ends_at > $2)
    )
) AS level_at
"""
OVER = "closed_at IS NULL AND fixed_end AND planned_end <= $2"
"""Over by its fixed end, though the job that closes it has not run."""


async def standing(uow: UnitOfWork, adcode: str) -> Standing | None:
    """What stands in a division at this instant; what is over by its fixed end does not, whether or not its job has run."""
    row = await uow.fetchrow(
        f"SELECT {COLUMNS} FROM warning WHERE adcode = $1 AND (closed_at IS NULL OR closed_at > $2) AND NOT ({OVER})"
        " ORDER BY id DESC LIMIT 1",
        adcode,
        uow.now,
    )
    return None if row is None else _standing(row)


async def all_standing(uow: UnitOfWork, scope: Scope) -> list[Standing]:
    """Everything that stands in a scope at this instant, by division."""
    rows = await uow.fetch(
        f"SELECT DISTINCT ON (adcode) {COLUMNS} FROM warning WHERE adcode LIKE $1 AND (closed_at IS NULL OR closed_at > $2)"
        f" AND NOT ({OVER})"
        " ORDER BY adcode, id DESC",
        scope.prefix + "%",
        uow.now,
    )
    return [_standing(row) for row in rows]


def warning_document(row: Any, name: str) -> dict[str, Any]:
    """A warning as the API shows it."""
    level = Level(row["level"])
    return {
        "id": row["id"],
        "adcode": row["adcode"],
        "place": name,
        "level": level.code,
        "level_zh": level.zh,
        "response_level": level.response,
        "state": row["state"],
        "announced_at": beijing(row["announced_at"]),
        "effective_at": beijing(row["effective_at"]),
        "planned_end": beijing(row["planned_end"]),
        "fixed_end": row["fixed_end"],
        "closed_at": beijing(row["closed_at"]),
    }


async def find(uow: UnitOfWork, scope: Scope, warning_id: int) -> dict[str, Any]:
    """One warning with its steps. Raises Unknown outside the scope."""
    row = await uow.fetchrow("SELECT * FROM warning WHERE id = $1 AND adcode LIKE $2", warning_id, scope.prefix + "%")
    if row is None:
        raise Unknown(f"There is no warning {warning_id} in your region.")
    steps = await uow.fetch(
        "SELECT s.*, d.account_id, d.role, d.reason AS decision_reason FROM warning_step s LEFT JOIN decision d ON d.id = s.decision_id"
        " WHERE s.warning_id = $1 ORDER BY s.id",
        warning_id,
    )
    messages = await uow.fetch(
        "SELECT identifier, step_id, kind, sent FROM message WHERE warning_id = $1 ORDER BY sent", warning_id
    )
    document = warning_document(row, uow.runtime.place(row["adcode"]))
    document["steps"] = [_step_document(step, [m for m in messages if m["step_id"] == step["id"]]) for step in steps]
    return document


def _step_document(step: Any, messages: list[Any]) -> dict[str, Any]:
    """One step; `measures_start` names the categories of measures that begin later than the response."""
    frozen = json.loads(step["content"])
    effective = beijing(step["effective_at"])
    return {
        "id": step["id"],
        "action": step["action"],
        "level": Level(step["level"]).code,
        "reason": step["reason"],
        "announced_at": beijing(step["announced_at"]),
        "effective_at": effective,
        "measures_start": {} if effective is None else later_starts(frozen.get("measures_from", {}), effective),
        "planned_end": beijing(step["planned_end"]),
        "decided_by_role": step["role"],
        "decision_reason": step["decision_reason"],
        "content": frozen,
        "cap": [f"/public/cap/{message['identifier']}.xml" for message in messages],
    }


async def page(
    uow: UnitOfWork, scope: Scope, *, live_only: bool, adcode: str | None, after: int | None, size: int
) -> list[dict[str, Any]]:
    """Warnings of a scope, newest first, before key `after`."""
    rows = await uow.fetch(
        "SELECT * FROM warning WHERE adcode LIKE $1 AND ($2::bigint IS NULL OR id < $2) AND ($3::text IS NULL OR adcode = $3)"
        " AND (NOT $4 OR closed_at IS NULL OR closed_at > $5) ORDER BY id DESC LIMIT $6",
        scope.prefix + "%",
        after,
        adcode,
        live_only,
        uow.now,
        size,
    )
    return [warning_document(row, uow.runtime.place(row["adcode"])) for row in rows]
