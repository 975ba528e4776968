"""What is owed, always from what the caller may see."""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any

from alerts.levels import Level
from service.accounts.roles import Scope
from service.kit.problems import Unknown
from service.kit.unit_of_work import UnitOfWork, beijing

STATES = ("open", "missed", "met", "late_met", "waived")
LATE = frozenset({"missed", "late_met"})
PAGE_SQL = """
SELECT o.*, a.display AS met_name,
    (SELECT max(r.id) FROM duty_report r WHERE r.obligation_id = o.id) AS report
FROM obligation o LEFT JOIN account a ON a.id = o.met_by
WHERE o.adcode LIKE $1 AND ($2::text[] IS NULL OR o.state = ANY($2)) AND ($3::text IS NULL OR o.kind = $3)
    AND ($4::bigint IS NULL OR o.warning_id = $4) AND ($5::bigint IS NULL OR o.id < $5)
ORDER BY o.id DESC LIMIT $6
"""
ONE_SQL = """
SELECT o.*, a.display AS met_name, (SELECT max(r.id) FROM duty_report r WHERE r.obligation_id = o.id) AS report
FROM obligation o LEFT JOIN account a ON a.id = o.met_by WHERE o.id = $1 AND o.adcode LIKE $2
"""
PRESSING_SQL = """
SELECT o.*, NULL AS met_name, NULL AS report FROM obligation o
WHERE o.adcode LIKE $1 AND o.state IN ('open', 'missed') AND ($2::text IS NULL OR o.adcode LIKE $2)
ORDER BY o.due_at, o.id LIMIT $3
"""
REPORTS_SQL = """
SELECT r.*, a.display FROM duty_report r JOIN account a ON a.id = r.account_id WHERE r.obligation_id = $1 ORDER BY r.id
"""


def document_of(uow: UnitOfWork, row: Any) -> dict[str, Any]:
    """An obligation as the API shows it; `late_minutes` counts until it was met, or until now."""
    due, met = beijing(row["due_at"]), beijing(row["met_at"])
    assert due is not None
    until = met or uow.now
    waived = row["state"] == "waived"
    return {
        "id": row["id"],
        "kind": row["kind"],
        "subject": row["subject"],
        "adcode": row["adcode"],
        "place": uow.runtime.place(row["adcode"]),
        "day": row["day"],
        "warning": row["warning_id"],
        "step": row["step_id"],
        "since": beijing(row["since"]),
        "due_at": due,
        "state": row["state"],
        "met_at": met,
        "met_by": row["met_name"],
        "late_minutes": 0 if waived or until < due else int((until - due).total_seconds() // 60),
        "reference": row["basis"],
        "escalations": row["escalations"],
        "report": row["report"],
    }


async def page(
    uow: UnitOfWork,
    scope: Scope,
    *,
    states: list[str] | None = None,
    kind: str | None = None,
    warning: int | None = None,
    after: int | None = None,
    size: int = 100,
) -> list[dict[str, Any]]:
    """Obligations of a scope, newest first, before key `after`."""
    rows = await uow.fetch(PAGE_SQL, scope.prefix + "%", states, kind, warning, after, size)
    return [document_of(uow, row) for row in rows]


async def pressing(uow: UnitOfWork, scope: Scope, adcode: str | None, most: int) -> list[dict[str, Any]]:
    """What is not done yet, the most urgent first; of one division's region where it is named."""
    within = None if adcode is None else Scope(adcode).prefix + "%"
    return [document_of(uow, row) for row in await uow.fetch(PRESSING_SQL, scope.prefix + "%", within, most)]


async def find(uow: UnitOfWork, scope: Scope, obligation_id: int) -> dict[str, Any]:
    """One obligation with its signed reports. Raises Unknown outside the scope."""
    row = await row_of(uow, scope, obligation_id)
    reports = await uow.fetch(REPORTS_SQL, obligation_id)
    return document_of(uow, row) | {"reports": [report_document(one) for one in reports]}


async def row_of(uow: UnitOfWork, scope: Scope, obligation_id: int) -> Any:
    """The row. Raises Unknown outside the scope."""
    row = await uow.fetchrow(ONE_SQL, obligation_id, scope.prefix + "%")
    if row is None:
        raise Unknown(f"There is no obligation {obligation_id} in your region.")
    return row


def report_document(row: Any) -> dict[str, Any]:
    """A signed report with its frozen content."""
    return {
        "id": row["id"],
        "kind": row["kind"],
        "adcode": row["adcode"],
        "warning": row["warning_id"],
        "day": row["day"],
        "digest": row["digest"],
        "signed_by": row["display"],
        "role": row["role"],
        "late": row["late"],
        "signed_at": beijing(row["signed_at"]),
        **json.loads(row["document"]),
    }


async def report(uow: UnitOfWork, scope: Scope, report_id: int) -> dict[str, Any]:
    """One signed report. Raises Unknown outside the scope."""
    row = await uow.fetchrow(
        "SELECT r.*, a.display FROM duty_report r JOIN account a ON a.id = r.account_id WHERE r.id = $1 AND r.adcode LIKE $2",
        report_id,
        scope.prefix + "%",
    )
    if row is None:
        raise Unknown(f"There is no report {report_id} in your region.")
    return report_document(row)


async def running(uow: UnitOfWork, warning_id: int, at: datetime) -> Any:
    """The response of a warning in force at an instant, or None."""
    return await uow.fetchrow(
        "SELECT r.* FROM response r JOIN warning_step s ON s.id = r.step_id WHERE s.warning_id = $1 AND r.starts_at <= $2"
        " AND (r.ends_at IS NULL OR r.ends_at > $2) ORDER BY r.id DESC LIMIT 1",
        warning_id,
        at,
    )


def level_of(row: Any) -> Level:
    """The level of a row."""
    return Level(row["level"])
