"""A list version held against the guarantee cases: what it names as guaranteed should be approved and in force."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from emission_lists.check_guarantees import case_finding, without_case_finding
from emission_lists.findings import Finding
from service.grades.repository import GUARANTEES_COLUMN, decisions_from
from service.kit.problems import Conflict
from service.kit.unit_of_work import UnitOfWork
from service.lists.workbooks import profile

LISTED = """list_enterprise e WHERE e.version_id = $1 AND strpos(e.document, '"guarantee":null') = 0"""
ABOUT_IT = "FROM guarantee_case c WHERE c.uscc = e.uscc AND c.adcode = ANY($2::text[] || e.county::text)"
CASES_SQL = f"""
SELECT e.uscc, e.name, {GUARANTEES_COLUMN.format(uscc="e.uscc", adcode="ANY($2::text[] || e.county::text)")} AS guarantees
FROM {LISTED} AND EXISTS (SELECT 1 {ABOUT_IT}) ORDER BY e.uscc
"""
MISSING_SQL = f"""
SELECT e.name, count(*) OVER () AS found FROM {LISTED} AND NOT EXISTS (SELECT 1 {ABOUT_IT}) ORDER BY e.uscc LIMIT 3
"""
MOST_SHOWN = 100


async def guarantee_checks(uow: UnitOfWork, version_id: int, adcode: str, at: datetime) -> list[dict[str, Any]]:
    """Guarantees of a version that no case approves, or only one that is not in force at an instant (GUARANTEE_CASE_...)."""
    return [one.document() for one in await _findings(uow, version_id, adcode, at)]


async def require_guarantees(uow: UnitOfWork, version_id: int, adcode: str, at: datetime) -> None:
    """Raises Conflict where cases forbid to put a version in force: refused, on their way, over, or as the place made it graver."""
    blocking = [one.document() for one in await _findings(uow, version_id, adcode, at) if one.blocking]
    if blocking:
        raise Conflict(
            f"{len(blocking)} finding(s) on guarantees whose cases are not in force; read them under"
            f" /api/v1/lists/{version_id}/checks, complete the approvals or correct the list and import it again.",
            errors=blocking[:MOST_SHOWN],
            detail_zh=f"有 {len(blocking)} 个保障类审批问题，不能启用；请完成审批，或更正清单后重新导入。",
        )


async def _findings(uow: UnitOfWork, version_id: int, adcode: str, at: datetime) -> list[Finding]:
    own, places = profile().for_place(adcode), _places(uow, adcode)
    found = []
    for row in await uow.fetch(CASES_SQL, version_id, places):
        cases = decisions_from(None, row["guarantees"]).guarantees
        one = case_finding(row["uscc"], row["name"], cases, at, own)
        if one is not None:
            found.append(one)
    missing = await uow.fetch(MISSING_SQL, version_id, places)
    if missing:
        found.append(without_case_finding(missing[0]["found"], [row["name"] for row in missing], own))
    return found


def _places(uow: UnitOfWork, adcode: str) -> list[str]:
    """The divisions whose lists speak of the same plants: the version's own, and those above it."""
    found, divisions = [adcode], uow.runtime.law.divisions
    division = divisions.get(adcode)
    while division is not None and division.parent is not None and division.parent not in found:
        found.append(division.parent)
        division = divisions.get(division.parent)
    return found
