"""Cases of a region in pages, one case, and an enterprise's history of grades."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from emission_lists.grading import Move
from emission_lists.standing import Decided, standing_at, taking_effect
from service.accounts.roles import Principal, Role
from service.grades.admission import sees
from service.grades.cases import STEPS_SQL, Stored, load
from service.grades.documents import decision_document, document, steps_document, words
from service.grades.obstacles import obstacle
from service.grades.repository import decisions_of
from service.kit.problems import Forbidden, Unknown
from service.kit.unit_of_work import UnitOfWork

PAGE_SQL = """
SELECT a.* FROM grade_application a
JOIN LATERAL (SELECT s.state FROM grade_step s WHERE s.application_id = a.id ORDER BY s.seq DESC LIMIT 1) last ON true
JOIN LATERAL (SELECT coalesce((SELECT s.grade FROM grade_step s WHERE s.application_id = a.id AND s.grade IS NOT NULL
    ORDER BY s.seq DESC LIMIT 1), a.grade) AS grade) found ON true
WHERE (a.adcode LIKE $1 OR a.county LIKE $1) AND ($2::text IS NULL OR a.adcode LIKE $2 OR a.county LIKE $2)
    AND ($3::text[] IS NULL OR last.state = ANY($3)) AND ($4::text IS NULL OR found.grade = $4)
    AND ($5::bigint IS NULL OR a.id < $5) AND ($6::text IS NULL OR a.uscc = $6)
ORDER BY a.id DESC LIMIT $7
"""
DECISIONS_SQL = """
SELECT * FROM grade_decision WHERE uscc = $1 AND adcode = ANY($2::text[]) ORDER BY effective_from DESC, id DESC
"""
PLACES_SQL = """
SELECT adcode FROM grade_application WHERE uscc = $1
UNION SELECT v.adcode FROM list_enterprise e JOIN list_version v ON v.id = e.version_id
WHERE e.uscc = $1 AND v.activated_at IS NOT NULL
"""


async def page(
    uow: UnitOfWork,
    principal: Principal,
    *,
    within: str | None = None,
    states: list[str] | None = None,
    grade: str | None = None,
    uscc: str | None = None,
    after: int | None = None,
    size: int = 50,
) -> list[dict[str, Any]]:
    """Cases of the caller's region (an enterprise's own), newest first. `within`: first digits of a division."""
    own = principal.uscc if principal.role is Role.ENTERPRISE else uscc
    prefix = "" if principal.role is Role.ENTERPRISE else principal.scope.prefix
    rows = await uow.fetch(
        PAGE_SQL, prefix + "%", None if within is None else within + "%", states, grade, after, own, size
    )
    steps: dict[int, list[Any]] = {row["id"]: [] for row in rows}
    for step in await uow.fetch(STEPS_SQL, list(steps)):
        steps[step["application_id"]].append(step)
    return [document(uow, Stored(row, tuple(steps[row["id"]]))) for row in rows]


async def find(uow: UnitOfWork, principal: Principal, case_id: int) -> dict[str, Any]:
    """One case with its steps, and what forbids to publish its grade (`obstacle`). Raises Unknown outside the region."""
    stored = await load(uow, case_id)
    if not sees(principal, stored.row):
        raise Unknown(f"There is no grade case {case_id} in your region.")
    found = document(uow, stored) | {"steps": steps_document(stored), "obstacle": await obstacle(uow, stored)}
    if found["obstacle"] is not None:
        found["next"] = [one for one in found["next"] if one["move"] != Move.PUBLISH.value]
    return found


async def history(uow: UnitOfWork, principal: Principal, uscc: str) -> dict[str, Any]:
    """An enterprise's grades: what is in force where, every decision, every case. Raises Unknown, Forbidden."""
    places = [row["adcode"] for row in await uow.fetch(PLACES_SQL, uscc)]
    if not places:
        raise Unknown(f"{uscc} is in no list here and was never graded.")
    seen = [adcode for adcode in places if principal.may_see_enterprise(adcode, uscc)]
    if not seen:
        raise Forbidden("You may see the grades of your own enterprise, officials those of their region.")
    decisions = await uow.fetch(DECISIONS_SQL, uscc, seen)
    made = {adcode: (await decisions_of(uow, uscc, adcode)).grades for adcode in sorted(seen)}
    begin = {one.id for own in made.values() for one in taking_effect(own)}
    return {
        "uscc": uscc,
        "in_force": [one for adcode, own in made.items() for one in _standing(uow, adcode, own)],
        "decisions": [decision_document(row, superseded=row["id"] not in begin) for row in decisions],
        "cases": await page(uow, principal, uscc=uscc, size=100),
    }


def _standing(uow: UnitOfWork, adcode: str, decisions: Sequence[Decided]) -> list[dict[str, Any]]:
    standing = standing_at(decisions, uow.now)
    return [
        {
            "adcode": adcode,
            "place": uow.runtime.place(adcode),
            "industry": subject.industry,
            "line_code": subject.line_code,
            "grade": None if subject.grade is None else subject.grade.value,
            "grade_zh": None if subject.grade is None else subject.grade.zh,
            "since": subject.since,
            "expired": subject.expired,
            "decision": subject.decision.id,
            "kind_words": words(subject.decision.kind),
        }
        for subject in (standing.subjects if standing else ())
    ]
