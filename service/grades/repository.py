"""Grades and guarantees as they are stored: what was decided, and what is in force at an instant."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import datetime
from typing import Any

from emission_lists.entitlement import Decisions
from emission_lists.grades import Grade
from emission_lists.grading import State, named
from emission_lists.guarantee import (
    Guarantee,
    GuaranteeStanding,
    GuaranteeState,
    GuaranteeStep,
    guarantee_at,
)
from emission_lists.lists import GuaranteeType
from emission_lists.measures import Basis, LoadCap
from emission_lists.standing import Decided, DecisionKind, GradeStanding, by_guide, standing_at
from service.kit.clock import SHANGHAI
from service.kit.unit_of_work import Reading, UnitOfWork
from service.lists.workbooks import law_at

GRADES_COLUMN = """
(SELECT json_agg(json_build_array(g.id, g.industry, g.line_code, g.grade, g.kind, g.effective_from, g.valid_until,
    g.grade_after, g.ban_until, g.document, g.application_id) ORDER BY g.id)::text
 FROM grade_decision g WHERE g.uscc = {uscc} AND g.adcode = {adcode})
"""
GUARANTEES_COLUMN = """
(SELECT json_agg(json_build_array(c.id, c.kind, c.basis, c.cap_value, c.cap_unit, c.cap_metric, c.valid_until,
    (SELECT json_agg(json_build_array(s.state, s.effective_from, s.reason) ORDER BY s.seq)
     FROM guarantee_step s WHERE s.case_id = c.id)) ORDER BY c.id)::text
 FROM guarantee_case c WHERE c.uscc = {uscc} AND c.adcode = {adcode})
"""
"""Columns of a select that reads something else: what was decided about an enterprise costs no round trip of its own."""
NEWEST_GUIDE = """
(SELECT g.guide FROM grade_decision g WHERE g.uscc = {uscc} AND g.adcode = {adcode} ORDER BY g.id DESC LIMIT 1)
"""
DECISIONS_SQL = f"""
SELECT {GRADES_COLUMN.format(uscc="$1", adcode="$2")} AS grades,
    {GUARANTEES_COLUMN.format(uscc="$1", adcode="$2")} AS guarantees,
    {NEWEST_GUIDE.format(uscc="$1", adcode="$2")} AS guide
"""
REVERSED_SQL = """
SELECT DISTINCT a.id FROM grade_application a JOIN grade_step s ON s.application_id = a.id
WHERE a.uscc = $1 AND a.adcode = $2 AND a.kind = 'downgrade' AND s.state = $3
"""
NOTHING = Decisions()


def _instant(value: str | None) -> datetime | None:
    return None if value is None else datetime.fromisoformat(value)


def _at(value: str) -> datetime:
    return datetime.fromisoformat(value)


def _decided(row: list[Any]) -> Decided:
    number, industry, line, grade, kind, begins, ends, after, ban, document, case = row
    return Decided(
        number,
        industry,
        line,
        Grade(grade),
        named(DecisionKind, kind),
        _at(begins),
        _instant(ends),
        None if after is None else Grade(after),
        _instant(ban),
        document,
        case,
    )


def _guarantee(row: list[Any]) -> Guarantee:
    number, kind, basis, value, unit, metric, until, steps = row
    return Guarantee(
        number,
        named(GuaranteeType, kind),
        named(Basis, basis),
        LoadCap(value, unit, metric),
        _at(until),
        tuple(GuaranteeStep(named(GuaranteeState, state), _at(begins), reason) for state, begins, reason in steps or ()),
    )


def decisions_from(grades: str | None, guarantees: str | None) -> Decisions:
    """The decisions of two columns (`GRADES_COLUMN`, `GUARANTEES_COLUMN`)."""
    if grades is None and guarantees is None:
        return NOTHING
    return Decisions(
        tuple(_decided(row) for row in json.loads(grades or "[]")),
        tuple(_guarantee(row) for row in json.loads(guarantees or "[]")),
    )


async def decisions_of(uow: Reading, uscc: str, adcode: str) -> Decisions:
    """Everything that was decided about an enterprise in a division, industries by the names of its guide."""
    row = await uow.fetchrow(DECISIONS_SQL, uscc, adcode)
    assert row is not None  # a select without FROM
    made = decisions_from(row["grades"], row["guarantees"])
    return _named(made, row["guide"], adcode, uow.now) if made.grades else made


def _named(made: Decisions, guide: str, adcode: str, now: datetime) -> Decisions:
    """Rows of before names were stored by the guide meet those of after: the guide of the newest, in today's book."""
    names = law_at(adcode, guide, now.astimezone(SHANGHAI).date())[0]
    return replace(made, grades=by_guide(made.grades, names))


async def reversed_cases(uow: Reading, uscc: str, adcode: str) -> frozenset[int]:
    """The cases about an enterprise whose downgrade was taken back by an appeal."""
    return frozenset(row["id"] for row in await uow.fetch(REVERSED_SQL, uscc, adcode, State.REVERSED.value))


async def grade_standing(uow: UnitOfWork, uscc: str, adcode: str, at: datetime) -> GradeStanding | None:
    """The grades in force for an enterprise in a division at an instant; None if none was ever decided."""
    return standing_at((await decisions_of(uow, uscc, adcode)).grades, at)


async def guarantee_standing(uow: UnitOfWork, uscc: str, adcode: str, at: datetime) -> GuaranteeStanding | None:
    """The guarantee that counts at an instant; None if none has ever been in force."""
    return guarantee_at((await decisions_of(uow, uscc, adcode)).guarantees, at)


STANDINGS_SQL = f"""
SELECT u.uscc, {GRADES_COLUMN.format(uscc="u.uscc", adcode="$1")} AS grades,
    {NEWEST_GUIDE.format(uscc="u.uscc", adcode="$1")} AS guide
FROM (SELECT DISTINCT uscc FROM grade_decision WHERE adcode = $1) u
"""


async def standings_of(uow: UnitOfWork, adcode: str, at: datetime) -> dict[str, GradeStanding]:
    """The grades in force in a division by credit code, for checking a whole list."""
    found = {}
    for row in await uow.fetch(STANDINGS_SQL, adcode):
        made = _named(decisions_from(row["grades"], None), row["guide"], adcode, uow.now)
        standing = standing_at(made.grades, at)
        if standing is not None:
            found[row["uscc"]] = standing
    return found
