"""A list version held against the grades in force now."""

from __future__ import annotations

import json
from typing import Any

from emission_lists.documents import enterprise_from, line_from
from emission_lists.entitlement import grade_differences, grade_finding
from emission_lists.lists import ListRow
from service.grades.repository import standings_of
from service.kit.problems import Conflict
from service.kit.unit_of_work import UnitOfWork
from service.lists.workbooks import law_at, profile

ROWS_SQL = """
SELECT document FROM list_enterprise WHERE version_id = $1 AND uscc = ANY($2::text[]) ORDER BY uscc
"""
MOST_SHOWN = 100


async def grade_checks(uow: UnitOfWork, version_id: int, adcode: str) -> list[dict[str, Any]]:
    """Enterprises whose grade in a version is not the one in force now (GRADE_NOT_IN_FORCE)."""
    standings = await standings_of(uow, adcode, uow.now)
    if not standings:
        return []
    version = await uow.fetchval("SELECT guide FROM list_version WHERE id = $1", version_id)
    guide = law_at(adcode, version, uow.now.date())[0]
    rows = []
    for row in await uow.fetch(ROWS_SQL, version_id, list(standings)):
        stored = json.loads(row["document"])
        rows.append(ListRow(enterprise_from(stored["enterprise"]), line_from(stored["lines"][0])))
    own = profile().for_place(adcode)
    return [grade_finding(row, in_force, own).document() for row, in_force in grade_differences(rows, standings, guide)]


async def require_grades(uow: UnitOfWork, version_id: int, adcode: str) -> None:
    """Raises Conflict where the place made it blocking that a list names another grade than the one in force."""
    if profile().for_place(adcode).checks["GRADE_NOT_IN_FORCE"].severity != "blocking":
        return
    blocking = await grade_checks(uow, version_id, adcode)
    if blocking:
        raise Conflict(
            f"{len(blocking)} enterprise(s) stand with another grade than the one in force; read them under"
            f" /api/v1/lists/{version_id}/checks, correct the list and import it again.",
            errors=blocking[:MOST_SHOWN],
            detail_zh=f"{len(blocking)} 家企业的绩效等级与生效等级不一致，不能启用；请更正清单后重新导入。",
        )
