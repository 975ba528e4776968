"""What the lifting test says at the hour that a joint lift names, noted with each assessment of the division."""

from __future__ import annotations

from typing import Any

from alerts.assessment import Assessment
from alerts.region_lift import LiftCheck, lift_check
from alerts.rules import Criteria
from service.kit.unit_of_work import UnitOfWork, beijing

LIFT_SQL = """
SELECT p.id, coalesce(e.starts_at, p.starts_at) AS lift_at FROM prompt_entry e JOIN prompt p ON p.id = e.prompt_id
WHERE e.adcode = $1 AND p.kind = 'lift' AND p.issued_at <= $2 AND NOT EXISTS (
    SELECT 1 FROM prompt_entry f JOIN prompt q ON q.id = f.prompt_id
    WHERE f.adcode = e.adcode AND q.kind = 'start' AND q.id > p.id AND q.issued_at <= $2
) ORDER BY p.id DESC LIMIT 1
"""
"""The newest lift that names the division; none once a newer prompt asks for a start there."""
BEFORE_SQL = """
SELECT state, missing, heavy, worst FROM lift_check WHERE prompt_id = $1 AND adcode = $2 ORDER BY id DESC LIMIT 1
"""
INSERT_SQL = """
INSERT INTO lift_check (prompt_id, adcode, assessment_id, lift_at, state, missing, heavy, worst, line, at)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
"""


async def standing_lift(uow: UnitOfWork, adcode: str) -> Any:
    """The lift (`id`, `lift_at`) that names a division at this instant; None when there is none."""
    return await uow.fetchrow(LIFT_SQL, adcode, uow.now)


async def note_lift(
    uow: UnitOfWork, adcode: str, lift: Any, assessment: Assessment, assessment_id: int, criteria: Criteria
) -> None:
    """Write down whether the division may be lifted at its hour, or now when that has passed, when it is another answer."""
    hour = beijing(lift["lift_at"])
    assert hour is not None
    at = max(hour, uow.now)
    found = lift_check(assessment, at, criteria.lift)
    before = await uow.fetchrow(BEFORE_SQL, lift["id"], adcode)
    if before is not None and _same(before, found):
        return
    await uow.execute(
        INSERT_SQL,
        lift["id"],
        adcode,
        assessment_id,
        at,
        found.state.value,
        found.missing,
        found.heavy,
        found.worst,
        found.line,
        uow.now,
    )
    await uow.record(
        "lift.checked",
        adcode,
        prompt=lift["id"],
        state=found.state.value,
        missing=found.missing,
        heavy=found.heavy,
        worst=found.worst,
        assessment=assessment_id,
    )


def _same(before: Any, found: LiftCheck) -> bool:
    return (before["state"], before["missing"], before["heavy"], before["worst"]) == (
        found.state.value,
        found.missing,
        found.heavy,
        found.worst,
    )
