"""Import, check and activate emission lists."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from emission_lists.documents import enterprise_document, line_document
from emission_lists.lists import EmissionListDraft, ListRow
from emission_lists.summary import summed
from service.accounts.roles import Principal, Scope
from service.kit.canonical import canonical, digest
from service.kit.problems import Conflict, Forbidden, Invalid, Unknown
from service.kit.unit_of_work import UnitOfWork
from service.lists.summary import store_sums
from service.lists.workbooks import checked, read

COLUMNS = ["version_id", "uscc", "name", "county", "industry", "grade", "lines", "document"]


async def import_workbook(
    uow: UnitOfWork, principal: Principal, adcode: str, content: bytes, *, title: str, guide: str
) -> dict[str, Any]:
    """Read a workbook, check it and store it as a draft version. Raises Invalid with all faults at once; then nothing is stored."""
    if not principal.may_keep_lists or not principal.scope.covers(adcode):
        raise Forbidden("Lists are kept by the command centre of the division.")
    if adcode not in uow.runtime.law.divisions:
        raise Unknown(f"There is no division {adcode}.")
    draft, faults = await asyncio.to_thread(read, content, adcode, title)
    if faults:
        raise Invalid(
            f"{len(faults)} fault(s) in the workbook; nothing was stored.",
            errors=[asdict(fault) for fault in faults[:2000]],
        )
    version_id = await store_draft(uow, draft, guide=guide, created_by=principal.account_id)
    return await find(uow, principal.scope, version_id)


async def store_draft(
    uow: UnitOfWork, draft: EmissionListDraft, *, guide: str, created_by: int | None, generated: bool = False
) -> int:
    """Store a version as a draft with the result of its checks; returns its id."""
    findings, totals = await asyncio.to_thread(checked, draft, guide, uow.now.date())
    groups = draft.by_enterprise()
    sums = summed((rows[0].enterprise, [row.line for row in rows]) for rows in groups.values())
    records = [_record(rows) for rows in groups.values()]
    version_id = await uow.fetchval(
        "INSERT INTO list_version (adcode, title, guide, state, generated, enterprises, lines, totals, checks, digest, created_by,"
        " created_at) VALUES ($1, $2, $3, 'draft', $4, $5, $6, $7, $8, $9, $10, $11) RETURNING id",
        draft.adcode,
        draft.title,
        guide,
        generated,
        len(groups),
        len(draft.rows),
        canonical(totals),
        canonical(findings),
        digest([record[-1] for record in records]),
        created_by,
        uow.now,
    )
    connection = uow.connection
    await connection.copy_records_to_table(
        "list_enterprise", records=[(version_id, *record) for record in records], columns=COLUMNS
    )
    await store_sums(uow, int(version_id), sums)
    await uow.record(
        "list.imported",
        draft.adcode,
        version=version_id,
        enterprises=len(groups),
        lines=len(draft.rows),
        generated=generated,
    )
    return int(version_id)


def _record(rows: Sequence[ListRow]) -> tuple[Any, ...]:
    enterprise = rows[0].enterprise
    document = canonical(
        {"enterprise": enterprise_document(enterprise), "lines": [line_document(row.line) for row in rows]}
    )
    return (
        enterprise.uscc,
        enterprise.name,
        enterprise.adcode,
        enterprise.industry,
        enterprise.grade.value,
        len(rows),
        document,
    )


async def activate(uow: UnitOfWork, scope: Scope, version_id: int, account_id: int | None) -> dict[str, Any]:
    """Make a draft the version in force, by somebody other than its importer.

    Running responses keep the version they pinned. Raises Conflict for blocking findings or when it is no draft.
    """
    row = await uow.fetchrow("SELECT * FROM list_version WHERE id = $1 FOR UPDATE", version_id)
    if row is None or not scope.covers(row["adcode"]):
        raise Unknown(f"There is no list {version_id} in your region.")
    await uow.lock_division(row["adcode"])
    if row["state"] != "draft":
        raise Conflict(f"This version is {row['state']}; import a new one to change the list.")
    if account_id is not None and row["created_by"] == account_id:
        raise Forbidden("You imported this list yourself; somebody else must activate it (four eyes).")
    blocking = await uow.fetchval(
        "SELECT count(*) FROM list_version, jsonb_array_elements(checks) c WHERE id = $1 AND c->>'severity' = 'blocking'",
        version_id,
    )
    if blocking:
        raise Conflict(
            f"{blocking} finding(s) block the activation; read them under /api/v1/lists/{version_id}/checks."
        )
    await uow.execute(
        "UPDATE list_version SET state = 'superseded' WHERE adcode = $1 AND state = 'active'", row["adcode"]
    )
    await uow.execute(
        "UPDATE list_version SET state = 'active', activated_by = $2, activated_at = $3 WHERE id = $1",
        version_id,
        account_id,
        uow.now,
    )
    await uow.record("list.activated", row["adcode"], version=version_id, digest=row["digest"], account=account_id)
    await uow.tell("list", row["adcode"])
    return await find(uow, scope, version_id)


VERSION_SQL = """
SELECT id, adcode, title, guide, state, generated, enterprises, lines, totals, digest, created_at, activated_at,
    (SELECT count(*) FROM jsonb_array_elements(checks) c WHERE c->>'severity' = 'blocking') AS blocking,
    (SELECT count(*) FROM jsonb_array_elements(checks) c WHERE c->>'severity' <> 'blocking') AS remarks
FROM list_version
"""


async def find(uow: UnitOfWork, scope: Scope, version_id: int) -> dict[str, Any]:
    """One version without its rows. Raises Unknown outside the scope."""
    row = await uow.fetchrow(VERSION_SQL + " WHERE id = $1", version_id)
    if row is None or not scope.covers(row["adcode"]):
        raise Unknown(f"There is no list {version_id} in your region.")
    return _document(uow, row)


async def page(uow: UnitOfWork, scope: Scope, after: int | None, size: int) -> list[dict[str, Any]]:
    """Versions of a scope, newest first."""
    rows = await uow.fetch(
        VERSION_SQL + " WHERE adcode LIKE $1 AND ($2::bigint IS NULL OR id < $2) ORDER BY id DESC LIMIT $3",
        scope.prefix + "%",
        after,
        size,
    )
    return [_document(uow, row) for row in rows]


def _document(uow: UnitOfWork, row: Any) -> dict[str, Any]:
    return dict(row) | {"place": uow.runtime.place(row["adcode"])}


async def checks_of(uow: UnitOfWork, scope: Scope, version_id: int) -> list[dict[str, Any]]:
    """The findings of a version, blocking ones first. Raises Unknown outside the scope."""
    row = await uow.fetchrow("SELECT adcode, checks FROM list_version WHERE id = $1", version_id)
    if row is None or not scope.covers(row["adcode"]):
        raise Unknown(f"There is no list {version_id} in your region.")
    findings: list[dict[str, Any]] = row["checks"]
    return sorted(findings, key=lambda finding: finding["severity"] != "blocking")
