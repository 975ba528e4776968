"""Put a case forward and move it: applications, downgrades, and every step by the level that has to make it."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from emission_lists.grades import Grade
from emission_lists.grading import (
    CLERICAL,
    FIRST,
    OFFICIAL,
    Actor,
    IllegalMove,
    Kind,
    Move,
    NotYours,
    State,
    moved,
    named,
    passed_before,
)
from emission_lists.grading_rules import (
    downgraded,
    publicity_window,
)
from emission_lists.standing import DecisionKind, at_most, standing_at
from service.accounts.roles import Principal, Role
from service.grades import deciding
from service.grades.admission import (
    Listed,
    actors_of,
    application_faults,
    check_pick,
    fault,
    listed_in,
    may_put_forward,
    named_by_guide,
    sees,
)
from service.grades.cases import APPLY, NewStep, Stored, add_step
from service.grades.deciding import settle
from service.grades.downgrading import check_fall, fall_faults, subject_of
from service.grades.gates import gate_faults
from service.grades.obstacles import ban_on, check_publication, one_at_a_time
from service.grades.repository import decisions_of
from service.grades.rules import calendar, rules_for
from service.grades.schemas import ApplicationBody, DowngradeBody, StepBody
from service.kit.problems import Conflict, Forbidden, Invalid, Unknown
from service.kit.unit_of_work import UnitOfWork
from service.lists.workbooks import law_at

OPEN_SQL = """
SELECT a.id FROM grade_application a
JOIN LATERAL (SELECT state FROM grade_step s WHERE s.application_id = a.id ORDER BY seq DESC LIMIT 1) last ON true
WHERE a.uscc = $1 AND a.adcode = $2 AND a.kind = $3 AND a.industry = $4 AND a.line_code IS NOT DISTINCT FROM $5
    AND last.state NOT IN ('published', 'in_force', 'expired', 'superseded', 'rejected', 'upheld', 'withdrawn', 'dropped',
        'reversed', 'decided')
    AND (last.state <> 'appealed' OR a.kind <> 'downgrade') AND a.id IS DISTINCT FROM $6
ORDER BY a.id LIMIT 1
"""
INSERT_SQL = """
INSERT INTO grade_application (kind, uscc, name, adcode, county, line_code, line_name, industry, subtype, guide, grade,
    cause, reason, evidence, finding_id, import_id, created_by, created_at)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18) RETURNING id
"""
NEEDS_REASON = frozenset(
    {
        Move.REJECT,
        Move.OBJECT,
        Move.DISMISS_OBJECTION,
        Move.UPHOLD_OBJECTION,
        Move.APPEAL,
        Move.GRANT_APPEAL,
        Move.DISMISS_APPEAL,
        Move.DECIDE,
        Move.DROP,
        Move.WITHDRAW,
    }
)
NEEDS_DOCUMENT = frozenset({Move.PUBLISH, Move.DECIDE})
STATES_GRADE = frozenset({Move.REVIEW, Move.DECIDE})


class IllegalStep(Conflict):
    """A step that the state of the case does not allow."""


async def apply(uow: UnitOfWork, principal: Principal, body: ApplicationBody) -> int:
    """An application for a grade, by the enterprise or by an official on its behalf; returns its number.

    Raises Invalid with every fault at once, Conflict under a ban or beside an open case, Forbidden.
    """
    listed = await listed_in(uow, body.uscc, body.adcode)
    if not may_put_forward(principal, listed):
        raise Forbidden(
            "An enterprise applies for itself; officials enter applications of their region.",
            detail_zh="企业只能为本企业申请；主管部门只能录入本辖区的申请",
        )
    industry, subtype = named_by_guide(uow, listed, body)
    faults = application_faults(uow, listed, body, industry, subtype) + await gate_faults(uow, listed, body, industry)
    if faults:
        raise Invalid(
            f"{len(faults)} fault(s) in the application; nothing was stored.",
            errors=faults,
            detail_zh=f"申请有{len(faults)}处问题，未保存",
        )
    decisions = (await decisions_of(uow, body.uscc, listed.adcode)).grades
    ban = await ban_on(uow, body.uscc, listed.adcode, decisions)
    if ban is not None:
        ends = ban.isoformat(timespec="minutes")
        raise Conflict(
            f"After a downgrade no grade may be applied for until {ends}.", detail_zh=f"降级后至{ends}前不得再次申请"
        )
    if body.grade is Grade.A_PLUS:
        check_pick(uow, principal, listed, decisions)
    await _refuse_second(uow, Kind.RATING, body.uscc, listed.adcode, industry, body.line_code)
    return await put_forward(
        uow,
        Kind.RATING,
        listed,
        grade=body.grade,
        industry=industry,
        subtype=subtype,
        guide=body.guide or listed.guide,
        line_code=body.line_code,
        reason=body.reason,
        evidence=body.evidence,
        principal=principal,
    )


async def _refuse_second(
    uow: UnitOfWork, kind: Kind, uscc: str, adcode: str, industry: str, line_code: str | None, *, beside: int | None = None
) -> None:
    """Raises Conflict where a case about the same is open already. `beside`: the case that would stand beside it."""
    await one_at_a_time(uow, uscc)
    standing = await uow.fetchval(OPEN_SQL, uscc, adcode, kind.value, industry, line_code, beside)
    if standing is not None:
        raise Conflict(
            f"Case {standing} about the same is still open; go on with that one, or end it first.",
            detail_zh=f"第{standing}号同一事项尚未办结，请继续办理该件，或先将其办结",
        )


async def put_forward(
    uow: UnitOfWork,
    kind: Kind,
    listed: Listed,
    *,
    grade: Grade,
    industry: str,
    guide: str,
    reason: str,
    subtype: str | None = None,
    line_code: str | None = None,
    evidence: str | None = None,
    cause: str | None = None,
    finding_id: int | None = None,
    import_id: str | None = None,
    before: Grade | None = None,
    principal: Principal | None = None,
) -> int:
    """Store a case with its first step; returns its number."""
    enterprise = listed.enterprise
    line = None if line_code is None else listed.lines[line_code]
    number = await uow.fetchval(
        INSERT_SQL,
        kind.value,
        enterprise.uscc,
        enterprise.name,
        listed.adcode,
        listed.county,
        line_code,
        None if line is None else line.name,
        industry,
        subtype,
        guide,
        grade.value,
        cause,
        reason,
        evidence,
        finding_id,
        import_id,
        None if principal is None else principal.account_id,
        uow.now,
    )
    level = Actor.CLOCK
    if principal is not None:
        level = min(actors_of(principal, enterprise.uscc), key=list(Actor).index)
    first = NewStep(
        APPLY,
        FIRST[kind],
        level,
        None if principal is None else principal.account_id,
        grade,
        reason,
        content={} if before is None else {"before": before.value},
    )
    await add_step(uow, number, 0, listed.adcode, enterprise.uscc, first)
    return int(number)


async def propose_downgrade(uow: UnitOfWork, *, uscc: str, adcode: str, finding_id: int, reason: str) -> int:
    """A confirmed finding asks for a downgrade; returns the number of the case, the same one however often it is asked.

    Nothing changes before the deciding level has decided. Raises Unknown for an enterprise that is not listed.
    """
    known = await uow.fetchval("SELECT id FROM grade_application WHERE finding_id = $1", finding_id)
    if known is not None:
        return int(known)
    listed = await listed_in(uow, uscc, adcode)
    return await _propose(uow, listed, DecisionKind.FINDING, reason=reason, finding_id=finding_id)


async def downgrade(uow: UnitOfWork, principal: Principal, body: DowngradeBody) -> int:
    """An official proposes a downgrade; the deciding level decides. Raises Forbidden, Conflict, Invalid."""
    listed = await listed_in(uow, body.uscc, body.adcode)
    if principal.role is Role.ENTERPRISE or not may_put_forward(principal, listed):
        raise Forbidden(
            "Downgrades are proposed by officials of the region.", detail_zh="降级由本辖区主管部门提出"
        )
    cause = named(DecisionKind, body.cause)
    industry = named_by_guide(uow, listed, body)[0]
    await _refuse_second(uow, Kind.DOWNGRADE, body.uscc, listed.adcode, industry, None)
    return await _propose(
        uow, listed, cause, reason=body.reason, principal=principal, industry=industry, grade=body.grade, evidence=body.evidence
    )


async def _propose(
    uow: UnitOfWork,
    listed: Listed,
    cause: DecisionKind,
    *,
    reason: str,
    finding_id: int | None = None,
    principal: Principal | None = None,
    industry: str | None = None,
    grade: Grade | None = None,
    evidence: str | None = None,
) -> int:
    rules = rules_for(listed.county, uow.now.date())
    guide = law_at(listed.county, listed.guide, uow.now.date())[0]
    standing = standing_at((await decisions_of(uow, listed.enterprise.uscc, listed.adcode)).grades, uow.now)
    about = subject_of(listed, standing, guide, rules, industry)
    faked = cause is DecisionKind.FAKED_EVALUATION
    target = check_fall(
        about, grade or downgraded(rules, about.legal, about.industry, about.current, faked=faked)
    )
    return await put_forward(
        uow,
        Kind.DOWNGRADE,
        listed,
        grade=target,
        industry=about.industry,
        subtype=about.subtype,
        guide=listed.guide,
        reason=reason,
        evidence=evidence,
        cause=cause.value,
        finding_id=finding_id,
        before=about.current,
        principal=principal,
    )


async def step(uow: UnitOfWork, principal: Principal, case_id: int, body: StepBody) -> None:
    """One step of a case. Raises Unknown, Forbidden (not your level, or four eyes), Conflict, Invalid."""
    stored = await settle(uow, case_id)
    if not sees(principal, stored.row):
        raise Unknown(f"There is no grade case {case_id} in your region.")
    move = named(Move, body.move)
    state, level = _checked_move(principal, stored, move)
    _check_body(stored, move, body)
    made = NewStep(
        move.value,
        state,
        level,
        principal.account_id,
        body.grade if move in STATES_GRADE else None,
        body.reason,
        body.document,
    )
    made = await _effect(uow, stored, move, made, _instants(body))
    row = stored.row
    await add_step(uow, case_id, len(stored.steps), row["adcode"], row["uscc"], made)
    if move is Move.DISMISS_OBJECTION:  # the publicity may have run out while the objection was examined
        await settle(uow, case_id)


def _checked_move(principal: Principal, stored: Stored, move: Move) -> tuple[State, Actor]:
    by = actors_of(principal, stored.row["uscc"])
    if not by:
        raise Forbidden(
            "Your role may look at grades, but not move them.", detail_zh="您的角色只能查看，不能办理绩效分级"
        )
    try:
        state, level = moved(stored.case, move, by)
    except NotYours as refused:
        raise Forbidden(refused.en, detail_zh=refused.zh) from refused
    except IllegalMove as refused:
        raise IllegalStep(refused.en, detail_zh=refused.zh) from refused
    if level in OFFICIAL and move not in CLERICAL and passed_before(stored.before, principal.account_id):
        raise Forbidden(
            "You have passed a step of this case already; somebody else must make this one (four eyes).",
            detail_zh="您已办理过本件的一个环节，须由他人办理（双人原则）",
        )
    return state, level


def _check_body(stored: Stored, move: Move, body: StepBody) -> None:
    faults = []
    if move in NEEDS_REASON and not body.reason:
        faults.append(fault("reason", f"Say why ({move.en}).", f"请写明理由（{move.zh}）"))
    if move in NEEDS_DOCUMENT and not body.document:
        faults.append(
            fault("document", f"Name the document by which it is done ({move.en}).", f"请写明文号（{move.zh}）")
        )
    if body.grade is not None and move not in STATES_GRADE:
        faults.append(fault("grade", "This step decides no grade; leave it out.", "本环节不定等级，请留空"))
    elif body.grade is not None or move is Move.DECIDE:
        faults += _grade_faults(stored, body.grade or stored.grade)
    if faults:
        raise Invalid(
            f"{len(faults)} fault(s) in the step; nothing was stored.",
            errors=faults,
            detail_zh=f"本环节有{len(faults)}处问题，未保存",
        )


def _grade_faults(stored: Stored, grade: Grade) -> list[dict[str, str]]:
    legal = deciding.legal_of(stored)
    if stored.kind is Kind.DOWNGRADE:
        return fall_faults(stored.row["industry"], legal, stored.route_grade, grade)
    if legal and grade not in legal and grade is not Grade.A_PLUS:
        possible = "、".join(one.zh for one in legal)
        industry = stored.row["industry"]
        return [
            fault(
                "grade",
                f"{industry} has no {grade.title_en}; possible: {possible}.",
                f"{industry}没有{grade.title_zh}；可以是：{possible}",
            )
        ]
    ceiling = Grade(stored.row["grade"])
    if at_most(grade, ceiling) is False:
        return [
            fault(
                "grade",
                f"{grade.title_en} is above {ceiling.title_en}; a review can only find less.",
                f"{grade.title_zh}高于{ceiling.title_zh}；审核只能就低认定",
            )
        ]
    return []


def _instants(body: StepBody) -> dict[str, datetime]:
    given = {"effective_from": body.effective_from, "valid_until": body.valid_until, "ban_until": body.ban_until}
    return {name: value for name, value in given.items() if value is not None}


async def _effect(
    uow: UnitOfWork, stored: Stored, move: Move, made: NewStep, asked: dict[str, datetime]
) -> NewStep:
    """What a step sets in motion: a publicity, a decision, a decision taken back."""
    row, downgrade_case = stored.row, stored.kind is Kind.DOWNGRADE
    if not downgrade_case and move in (Move.APPEAL, Move.GRANT_APPEAL):
        await _refuse_second(
            uow, stored.kind, row["uscc"], row["adcode"], row["industry"], row["line_code"], beside=stored.id
        )
    if move is Move.PUBLICISE:
        window = publicity_window(uow.now, stored.rules.publicity.value, calendar())
        await deciding.open_window(uow, stored, window.end)
        content = {"weekdays_only": window.weekdays_only, "established": stored.rules.publicity.established}
        return replace(made, window=(window.start, window.end), content=content)
    if move is Move.PUBLISH:
        await check_publication(uow, stored)
        return await deciding.publish(uow, stored, made, asked)
    if move is Move.DECIDE:
        await one_at_a_time(uow, row["uscc"])
        return await deciding.downgrade(uow, stored, made, asked)
    if downgrade_case and move is Move.APPEAL and stored.rules.appeal_suspends.value:
        return await deciding.restore(uow, stored, made, DecisionKind.APPEAL_PENDING)
    if downgrade_case and move is Move.GRANT_APPEAL:
        return await deciding.restore(uow, stored, made, DecisionKind.APPEAL_GRANTED)
    if downgrade_case and move is Move.DISMISS_APPEAL:
        return await deciding.impose_again(uow, stored, made)
    return made
