"""A list version held against the grades in force now."""

from __future__ import annotations

import json
from typing import Any

from emission_lists.documents import enterprise_from, line_from
from emission_lists.entitlement import grade_differences, grade_finding
from emission_lists.lists import ListRow
from service.grades.repository import standings_of
from service.kit.unit_of_work import UnitOfWork
from service.lists.workbooks import law_at

ROWS_SQL = """
SELECT document FROM list_enterprise WHERE version_id = $1 AND uscc = ANY($2::text[]) ORDER BY uscc
"""


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
    return [grade_finding(row, in_force).document() for row, in_force in grade_differences(rows, standings, guide)]
