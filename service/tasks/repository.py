"""Tasks of departments, always from what the caller may see."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from alerts.levels import Level
from service.accounts.roles import CENTRE, Principal, Scope
from service.kit.problems import Unknown
from service.kit.unit_of_work import UnitOfWork, beijing
from service.tasks.departments import duties_of
from service.tasks.flows import READERS, words_of

STATES = ("given", "received", "done")
COLUMNS = "t.*, o.name AS organisation, a.display AS received_name"
FROM = "FROM task t LEFT JOIN organisation o ON o.id = t.organisation_id LEFT JOIN account a ON a.id = t.received_by"
PAGE_SQL = f"""
SELECT {COLUMNS} {FROM} WHERE t.adcode LIKE $1 AND ($2::text IS NULL OR t.adcode LIKE $2) AND ($3::text IS NULL OR t.state = $3)
    AND ($4::text IS NULL OR t.department = $4) AND (NOT $5 OR t.ends_at IS NULL OR t.ends_at > $6)
    AND (t.ends_at IS NULL OR t.ends_at > t.starts_at)
    AND ($7::bigint IS NULL OR t.warning_id = $7) AND ($8::bigint IS NULL OR t.id < $8) ORDER BY t.id DESC LIMIT $9
"""
ONE_SQL = f"SELECT {COLUMNS} {FROM} WHERE t.id = $1 AND t.adcode LIKE $2"
ENTRIES_SQL = """
SELECT e.id, e.kind, e.done, e.total, e.note, e.role, e.at, a.display AS name FROM task_entry e JOIN account a ON a.id = e.account_id
WHERE e.task_id = $1 ORDER BY e.id
"""
HOLDERS_SQL = """
SELECT h.department, h.organisation_id, h.named_at, o.name FROM duty_holder h JOIN organisation o ON o.id = h.organisation_id
WHERE h.adcode = $1
"""
COUNTS_SQL = """
SELECT count(*) AS given, count(*) FILTER (WHERE t.received_at < $3) AS received, count(*) FILTER (WHERE EXISTS (
    SELECT 1 FROM task_entry e WHERE e.task_id = t.id AND e.kind = 'done' AND e.at < $3)) AS done
FROM task t WHERE t.warning_id = $1 AND t.starts_at < $3 AND (t.ends_at IS NULL OR t.ends_at > greatest($2, t.starts_at))
"""


def document_of(uow: UnitOfWork, row: Any) -> dict[str, Any]:
    """A task as the API shows it; `over` once the response asks for it no more."""
    level, ends = Level(row["level"]), beijing(row["ends_at"])
    return {
        "id": row["id"],
        "adcode": row["adcode"],
        "place": uow.runtime.place(row["adcode"]),
        "warning": row["warning_id"],
        "step": row["step_id"],
        "level": level.code,
        "department_code": row["department"],
        **words_of(row["document"]),
        "organisation": row["organisation"],
        "organisation_id": row["organisation_id"],
        "starts_at": beijing(row["starts_at"]),
        "ends_at": ends,
        "over": ends is not None and ends <= uow.now,
        "follows": row["before_id"],
        "state": row["state"],
        "received_at": beijing(row["received_at"]),
        "received_by": row["received_name"],
        "done": row["done"],
        "total": row["total"],
        "told_at": beijing(row["told_at"]),
    }


async def page(
    uow: UnitOfWork,
    scope: Scope,
    *,
    adcode: str | None = None,
    state: str | None = None,
    department: str | None = None,
    live_only: bool = True,
    warning: int | None = None,
    after: int | None = None,
    size: int = 100,
) -> list[dict[str, Any]]:
    """Tasks of a scope, newest first, before key `after`; those that never began are left out."""
    within = None if adcode is None else Scope(adcode).prefix + "%"
    rows = await uow.fetch(
        PAGE_SQL, scope.prefix + "%", within, state, department, live_only, uow.now, warning, after, size
    )
    return [document_of(uow, row) for row in rows]


async def find(uow: UnitOfWork, principal: Principal, task_id: int) -> dict[str, Any]:
    """One task with what was said of it, and whether the caller may answer it. Raises Unknown outside the scope."""
    row = await uow.fetchrow(ONE_SQL, task_id, principal.scope.prefix + "%")
    if row is None:
        raise Unknown(f"There is no task {task_id} in your region.")
    entries = await uow.fetch(ENTRIES_SQL, task_id)
    own = await uow.fetchval("SELECT organisation_id FROM account WHERE id = $1", principal.account_id)
    holds = own is not None and own == row["organisation_id"] and principal.role not in READERS
    found = document_of(uow, row)
    return found | {
        "entries": [dict(entry) | {"at": beijing(entry["at"])} for entry in entries],
        "may_answer": not found["over"] and (holds or principal.role in CENTRE),
    }


async def departments(uow: UnitOfWork, scope: Scope, adcode: str) -> list[dict[str, Any]]:
    """The departments of a division with the categories they answer for and who holds their tasks. Raises Unknown outside."""
    if not scope.covers(adcode):
        raise Unknown(f"{adcode} lies outside your region.")
    duties = duties_of(uow.runtime.law, adcode, uow.runtime.settings.config_dir)
    holders = {row["department"]: row for row in await uow.fetch(HOLDERS_SQL, adcode)}
    return [
        {
            "code": code,
            "name": {"zh": department.zh, "en": department.en},
            "categories": [
                {"zh": name, "en": one.en, "chosen": duties.chosen(name)}
                for name, one in duties.categories.items()
                if code in one.departments
            ],
            "organisation_id": holders[code]["organisation_id"] if code in holders else None,
            "organisation": holders[code]["name"] if code in holders else None,
        }
        for code, department in duties.departments.items()
    ]


async def counts(uow: UnitOfWork, warning_id: int, start: datetime, end: datetime) -> dict[str, int]:
    """How many tasks held in [start, end), and how many of them were received and done before its end."""
    row = await uow.fetchrow(COUNTS_SQL, warning_id, start, end)
    return {} if row is None else {name: int(row[name]) for name in ("given", "received", "done")}
