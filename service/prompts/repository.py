"""Prompts in force for a division."""

from __future__ import annotations

from typing import Any

from alerts.levels import Level
from alerts.proposal import PromptView
from service.accounts.roles import Scope
from service.kit.problems import Unknown
from service.kit.unit_of_work import UnitOfWork, beijing

IN_FORCE_SQL = """
SELECT p.id, e.level, p.starts_at, p.ends_at FROM prompt_entry e JOIN prompt p ON p.id = e.prompt_id
WHERE e.adcode = $1 AND p.issued_at <= $2 AND (p.ends_at IS NULL OR p.ends_at > $2)
ORDER BY p.issued_at DESC, p.id DESC LIMIT 1
"""


async def prompt_for(uow: UnitOfWork, adcode: str) -> PromptView | None:
    """The newest prompt that asks something of a division at this instant."""
    row = await uow.fetchrow(IN_FORCE_SQL, adcode, uow.now)
    if row is None:
        return None
    starts = beijing(row["starts_at"])
    assert starts is not None
    return PromptView(id=str(row["id"]), level=Level(row["level"]), starts_at=starts, ends_at=beijing(row["ends_at"]))


def _document(row: Any) -> dict[str, Any]:
    return {
        "id": row["id"],
        "region": row["region"],
        "document": row["document"],
        "basis": row["basis"],
        "issued_at": beijing(row["issued_at"]),
        "starts_at": beijing(row["starts_at"]),
        "ends_at": beijing(row["ends_at"]),
    }


async def page(uow: UnitOfWork, scope: Scope, after: int | None, size: int) -> list[dict[str, Any]]:
    """Prompts that touch the scope, newest first."""
    rows = await uow.fetch(
        "SELECT * FROM prompt p WHERE ($1::bigint IS NULL OR id < $1) AND EXISTS"
        " (SELECT 1 FROM prompt_entry e WHERE e.prompt_id = p.id AND e.adcode LIKE $2) ORDER BY id DESC LIMIT $3",
        after,
        scope.prefix + "%",
        size,
    )
    return [_document(row) for row in rows]


BOARD_SQL = """
SELECT e.adcode, e.level AS prompted,
    (SELECT a.level FROM assessment a WHERE a.adcode = e.adcode ORDER BY a.id DESC LIMIT 1) AS own,
    (SELECT min(x.created_at) FROM proposal x WHERE x.adcode = e.adcode AND x.prompt_id = e.prompt_id) AS proposed_at,
    s.announced_at, s.effective_at, s.level AS decided, w.state
FROM prompt_entry e
LEFT JOIN LATERAL (
    SELECT s.* FROM warning_step s WHERE s.adcode = e.adcode AND s.level >= e.level
    AND s.effective_at >= $2::timestamptz - interval '7 days'
    AND (s.announced_at >= $3 OR s.planned_end IS NULL OR s.planned_end > $3) ORDER BY s.id LIMIT 1
) s ON true
LEFT JOIN warning w ON w.id = s.warning_id
WHERE e.prompt_id = $1 ORDER BY e.adcode
"""


async def find(uow: UnitOfWork, scope: Scope, prompt_id: int) -> dict[str, Any]:
    """One prompt with its board: per division own level, prompted, proposed, announced, in force, late by. Raises Unknown."""
    row = await uow.fetchrow("SELECT * FROM prompt WHERE id = $1", prompt_id)
    board = await uow.fetch(BOARD_SQL, prompt_id, row["starts_at"], row["issued_at"]) if row else []
    if row is None or not any(scope.covers(entry["adcode"]) for entry in board):
        raise Unknown(f"There is no prompt {prompt_id} that concerns your region.")
    return _document(row) | {"divisions": [_line(uow, scope, row, entry) for entry in board]}


def _line(uow: UnitOfWork, scope: Scope, prompt: Any, entry: Any) -> dict[str, Any]:
    """One row of the board; what is not announced of places outside the scope stays blank."""
    mine = scope.covers(entry["adcode"])
    effective = beijing(entry["effective_at"])
    reached = effective or uow.now
    return {
        "adcode": entry["adcode"],
        "place": uow.runtime.place(entry["adcode"]),
        "own_level": None if entry["own"] is None or not mine else Level(entry["own"]).code,
        "prompted_level": Level(entry["prompted"]).code,
        "proposed_at": beijing(entry["proposed_at"]) if mine else None,
        "decided_level": None if entry["decided"] is None else Level(entry["decided"]).code,
        "announced_at": beijing(entry["announced_at"]),
        "effective_at": effective,
        "state": entry["state"],
        "late_minutes": max(0, int((reached - prompt["starts_at"]).total_seconds() // 60)),
    }
