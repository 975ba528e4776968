"""What a decision writes: the grade from when, until when, what after; and the instants at which the clock moves the case."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from typing import Any

from emission_lists.grades import Grade
from emission_lists.grading import Actor, Kind, Move, State, moved, named
from emission_lists.grading_rules import legal_grades, lowest_grade, months_later
from emission_lists.guides import Guide
from emission_lists.standing import (
    Decided,
    DecisionKind,
    effective_instant,
    overtakes,
    standing_at,
    taking_effect,
)
from service.grades.cases import NewStep, Stored, add_step, load
from service.grades.repository import decisions_of
from service.kit.clock import SHANGHAI
from service.kit.problems import Invalid
from service.kit.unit_of_work import UnitOfWork
from service.lists.workbooks import law_at

INSERT_SQL = """
INSERT INTO grade_decision (uscc, adcode, line_code, industry, guide, grade, kind, effective_from, valid_until,
    grade_after, ban_until, application_id, document, reason, recorded_at)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15)
"""
OTHERS_SQL = """
SELECT a.id, a.industry FROM grade_application a
JOIN LATERAL (SELECT state FROM grade_step s WHERE s.application_id = a.id ORDER BY seq DESC LIMIT 1) last ON true
WHERE a.uscc = $1 AND a.adcode = $2 AND a.line_code IS NOT DISTINCT FROM $3 AND a.id <> $4
    AND (last.state IN ('published', 'in_force', 'decided') OR (a.kind = 'downgrade' AND last.state = 'upheld'))
ORDER BY a.id
"""
JOB = "move_grade"


def legal_of(stored: Stored) -> tuple[Grade, ...]:
    """The legal grades of the case's industry; empty where they are not established."""
    row = stored.row
    guide = law_at(row["county"], row["guide"], row["created_at"].astimezone(SHANGHAI).date())[0]
    industry = guide.industry(stored.row["industry"])
    if industry is None:
        local = stored.rules.local_industry(stored.row["industry"])
        return () if local is None else local.grades
    return legal_grades(guide, industry, stored.row["subtype"])


async def write(
    uow: UnitOfWork,
    stored: Stored,
    grade: Grade,
    kind: DecisionKind,
    *,
    effective_from: datetime,
    valid_until: datetime | None,
    ban_until: datetime | None,
    document: str | None,
    reason: str,
) -> None:
    """Write a decision and let every node forget what it has answered."""
    row = stored.row
    after = None
    if valid_until is not None and stored.rules.after_expiry.value == "lowest":
        after = lowest_grade(legal_of(stored), grade)
    await uow.execute(
        INSERT_SQL,
        row["uscc"],
        row["adcode"],
        row["line_code"],
        row["industry"],
        row["guide"],
        grade.value,
        kind.value,
        effective_from,
        valid_until,
        None if after is None else after.value,
        ban_until,
        stored.id,
        document,
        reason,
        uow.now,
    )
    await uow.tell("list", row["adcode"])


async def publish(uow: UnitOfWork, stored: Stored, step: NewStep, asked: dict[str, datetime]) -> NewStep:
    """The grade of an application is published: in force from the instant it states, never before it is recorded."""
    begins = effective_instant(asked.get("effective_from"), uow.now)
    months = stored.rules.valid_months.value
    ends = asked.get("valid_until") or (months_later(begins, months) if months else None)
    if ends is not None and ends <= begins:
        raise Invalid("valid_until must lie after the instant from which the grade holds.")
    kind = DecisionKind.PUBLISHED if stored.kind is Kind.PUBLISHED else DecisionKind.RATED
    if stored.grade is Grade.A_PLUS:
        kind = DecisionKind.PICKED
    await write(
        uow,
        stored,
        stored.grade,
        kind,
        effective_from=begins,
        valid_until=ends,
        ban_until=None,
        document=step.document,
        reason=stored.row["reason"],
    )
    await _due(uow, stored, Move.TAKE_EFFECT, begins)
    if ends is not None:
        await _due(uow, stored, Move.EXPIRE, ends)
    return replace(step, grade=stored.grade, effective_from=begins, content={"valid_until": ends})


async def downgrade(uow: UnitOfWork, stored: Stored, step: NewStep, asked: dict[str, datetime]) -> NewStep:
    """A downgrade is decided: in force at once (or later, if it says so), with the ban that rule or decision states."""
    begins = effective_instant(asked.get("effective_from"), uow.now)
    months = stored.rules.ban_months.value
    ban = asked.get("ban_until") or (months_later(begins, months) if months else None)
    if ban is not None and ban <= begins:
        raise Invalid("ban_until must lie after the instant from which the downgrade holds.")
    grade = step.grade or stored.grade
    await write(
        uow,
        stored,
        grade,
        named(DecisionKind, stored.row["cause"]),
        effective_from=begins,
        valid_until=None,
        ban_until=ban,
        document=step.document,
        reason=step.reason or stored.row["reason"],
    )
    await _due(uow, stored, Move.TAKE_EFFECT, begins)
    if ban is not None:
        await _due(uow, stored, Move.END_BAN, ban)
    return replace(step, grade=grade, effective_from=begins, content={"ban_until": ban})


async def restore(uow: UnitOfWork, stored: Stored, step: NewStep, kind: DecisionKind) -> NewStep:
    """Give back, from now on, what a downgrade took away; what held meanwhile stays as it was.

    That is what would hold now without this case: of a rating that has run out since, what holds after it; without a rating
    the grade of the list (stored with the proposal). A grade that was to begin later begins then after all. Nothing is
    given back where that is not established, or where this case no longer decides.
    """
    own = await _decided_about(uow, stored)
    current = max(own, key=lambda one: one.id, default=None)
    if current is None or current.case != stored.id or current.kind in _GIVEN_BACK[kind]:
        return step
    others = [one for one in own if one.case != stored.id]
    begins = effective_instant(None, uow.now)
    given = _without(stored, others, begins)
    if given is not None:
        grade, ends = given
        await _give(uow, stored, step, kind, grade, begins, ends)
        step = replace(step, grade=grade, effective_from=begins)
    falls = [one for one in own if one.case == stored.id]
    for one in taking_effect(others):
        taken = not one.kind.downgrading or any(overtakes(fall, one) for fall in falls)
        if one.effective_from > begins and taken:
            await _give(uow, stored, step, kind, one.grade, one.effective_from, one.valid_until)
    return step


async def _give(
    uow: UnitOfWork,
    stored: Stored,
    step: NewStep,
    kind: DecisionKind,
    grade: Grade,
    begins: datetime,
    ends: datetime | None,
) -> None:
    await write(
        uow,
        stored,
        grade,
        kind,
        effective_from=begins,
        valid_until=ends,
        ban_until=None,
        document=step.document,
        reason=step.reason or stored.row["reason"],
    )


_GIVEN_BACK = {
    DecisionKind.APPEAL_PENDING: frozenset({DecisionKind.APPEAL_PENDING, DecisionKind.APPEAL_GRANTED}),
    DecisionKind.APPEAL_GRANTED: frozenset({DecisionKind.APPEAL_GRANTED}),
}
"""By which decisions of the same case the grade has been given back already."""


async def impose_again(uow: UnitOfWork, stored: Stored, step: NewStep) -> NewStep:
    """After an appeal that suspended the downgrade came to nothing, it holds again from now on, or from its own begin."""
    current = max(await _decided_about(uow, stored), key=lambda one: one.id, default=None)
    if current is None or current.case != stored.id or current.kind is not DecisionKind.APPEAL_PENDING:
        return step
    begins = effective_instant(stored.begins, uow.now)
    ban = stored.decided.get("ban_until")
    await write(
        uow,
        stored,
        stored.decided_grade,
        named(DecisionKind, stored.row["cause"]),
        effective_from=begins,
        valid_until=None,
        ban_until=None if ban is None else datetime.fromisoformat(ban),
        document=step.document,
        reason=step.reason or stored.row["reason"],
    )
    return replace(step, grade=stored.decided_grade, effective_from=begins)


async def _decided_about(uow: UnitOfWork, stored: Stored) -> list[Decided]:
    """Every decision about the case's subject: its industry, and the enterprise or the line."""
    decisions = (await decisions_of(uow, stored.row["uscc"], stored.row["adcode"])).grades
    guide = _guide_now(uow, stored)
    return [one for one in decisions if _same_subject(stored, guide, one.industry, one.line_code)]


def _without(stored: Stored, others: list[Decided], at: datetime) -> tuple[Grade, datetime | None] | None:
    """The grade that the decisions of other cases come to at an instant, and until when; that of the list without any."""
    standing = standing_at(others, at)
    if standing is None:
        listed = stored.first_content.get("before")
        return None if listed is None else (Grade(listed), None)
    held = max(standing.subjects, key=lambda one: (one.since, one.decision.id))
    if held.grade is None:
        return None
    return held.grade, None if held.expired else held.decision.valid_until


def _same_subject(stored: Stored, guide: Guide, industry: str, line_code: str | None) -> bool:
    return bool(line_code == stored.row["line_code"]) and guide.same_industry(industry, stored.row["industry"])


def _guide_now(uow: UnitOfWork, stored: Stored) -> Guide:
    """The case's guide as it holds today: whose names say which decisions are about its industry."""
    return law_at(stored.row["county"], stored.row["guide"], uow.now.astimezone(SHANGHAI).date())[0]


async def _due(uow: UnitOfWork, stored: Stored, move: Move, at: datetime) -> None:
    await uow.due(f"grade:{stored.id}:{move.value}", at, JOB, {"case": stored.id})


async def open_window(uow: UnitOfWork, stored: Stored, end: datetime) -> None:
    """Let the clock end a publicity at its last midnight."""
    await _due(uow, stored, Move.END_PUBLICITY, end)


async def settle(uow: UnitOfWork, case_id: int) -> Stored:
    """Make every move of the clock that has fallen due; asked twice, it moves once. The case stays locked."""
    stored = await load(uow, case_id, lock=True)
    while (move := _fallen_due(stored, uow.now)) is not None:
        if move is Move.TAKE_EFFECT and await _overtaken(uow, stored):
            move = Move.SUPERSEDE
        state, level = moved(stored.case, move, frozenset({Actor.CLOCK}))
        await _write_move(uow, stored, move, state, level)
        if move is Move.TAKE_EFFECT:
            await supersede_others(uow, stored)
        stored = await load(uow, case_id)
    return stored


def _fallen_due(stored: Stored, now: datetime) -> Move | None:
    state, decided = stored.state, stored.decided

    def reached(instant: Any) -> bool:
        if isinstance(instant, str):
            instant = datetime.fromisoformat(instant)
        return instant is not None and instant <= now

    if state is State.IN_PUBLICITY and reached(stored.instant("window_end")):
        return Move.END_PUBLICITY
    if state in (State.PUBLISHED, State.DECIDED) and reached(stored.instant("effective_from")):
        return Move.TAKE_EFFECT
    if state is State.IN_FORCE and reached(decided.get("valid_until")):
        return Move.EXPIRE
    ended = any(step["move"] == Move.END_BAN.value for step in stored.steps)
    if state in (State.IN_FORCE, State.UPHELD) and not ended and reached(decided.get("ban_until")):
        return Move.END_BAN
    return None


async def _write_move(uow: UnitOfWork, stored: Stored, move: Move, state: State, level: Actor) -> None:
    row = stored.row
    await add_step(
        uow, stored.id, len(stored.steps), row["adcode"], row["uscc"], NewStep(move.value, state, level)
    )
    if move is not Move.END_PUBLICITY:
        await uow.tell("list", row["adcode"])


async def _overtaken(uow: UnitOfWork, stored: Stored) -> bool:
    """Whether what the case decided was superseded before it could begin."""
    own = await _decided_about(uow, stored)
    return any(one.case == stored.id for one in own) and all(one.case != stored.id for one in taking_effect(own))


async def supersede_others(uow: UnitOfWork, stored: Stored) -> None:
    """Cases about the same subject that no longer stand, or will never begin, say so in their steps."""
    row = stored.row
    guide = _guide_now(uow, stored)
    newest = {one.case: one for one in sorted(await _decided_about(uow, stored), key=lambda one: one.id)}
    own = newest[stored.id]
    for other in await uow.fetch(OTHERS_SQL, row["uscc"], row["adcode"], row["line_code"], stored.id):
        theirs = newest.get(other["id"])
        if theirs is None or not guide.same_industry(other["industry"], row["industry"]):
            continue
        older = await load(uow, other["id"], lock=True)
        begun = older.state is not State.DECIDED and (theirs.effective_from, theirs.id) < (own.effective_from, own.id)
        if begun or overtakes(own, theirs):
            state, level = moved(older.case, Move.SUPERSEDE, frozenset({Actor.CLOCK}))
            await _write_move(uow, older, Move.SUPERSEDE, state, level)
