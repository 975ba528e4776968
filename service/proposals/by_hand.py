"""Proposals that somebody enters: they follow the newest assessment, or say on what ground they do not."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

from alerts.cap_values import CapError, check_text
from alerts.guard import Act, Ground, Intent, Kind, Plea, Supported, Verdict, act_of, judge
from alerts.levels import Level
from alerts.plans import Plan
from alerts.proposal import PromptView
from service.accounts.roles import Principal
from service.assessments.flows import assess_division
from service.deviations.flows import Attempt, Refused, Standpoint, note, standpoint
from service.kit.problems import Conflict, Forbidden, Invalid, Unknown
from service.kit.runtime import Runtime
from service.kit.unit_of_work import UnitOfWork, beijing
from service.prompts.repository import prompt_for
from service.proposals.content import Change, content, instant_zh
from service.proposals.flows import list_to_pin, put_forward
from service.warnings.flows import CONTINUING
from service.warnings.repository import Standing, standing

FARTHEST_END = timedelta(days=366)
"""An end stated by hand beyond this is a slip of the pen."""
OWN_REASONS = {"issued_in_error": Act.REVOKE, "no_change": Act.HOLD, "prolonged": Act.EXTEND}
"""Reasons that are told of one act only."""
STARTING_REASONS = frozenset({"criteria_met", "regional_prompt", "upper_order"})
"""Why an announced start may be brought forward."""
ENDS = "。！？!?.；;"


async def look_again(runtime: Runtime, principal: Principal, adcode: str) -> None:
    """Assess a division on what is known this hour, so that a proposal by hand is judged by nothing older.

    In a transaction of its own: what a refusal points to must stay. Whoever may not propose there changes nothing.
    """
    if not _may_propose(principal, adcode) or adcode not in runtime.law.divisions:
        return
    async with runtime.unit() as uow:
        await assess_division(uow, adcode)
        await uow.commit()


def _may_propose(principal: Principal, adcode: str) -> bool:
    return principal.may_propose and principal.scope.covers(adcode)


async def propose_by_hand(
    uow: UnitOfWork,
    principal: Principal,
    adcode: str,
    *,
    to_level: Level,
    reason: str,
    legal_basis: str | None,
    explanation: str,
    ground: Ground | None = None,
    planned_end: datetime | None = None,
    fixed_end: bool = False,
    advance: bool = False,
    starts_at: datetime | None = None,
) -> int:
    """A duty officer's own proposal; the level in force without an end is the decision that nothing changes (无变化).

    `fixed_end`: the notice prints `planned_end` as the instant at which the warning ends by itself (到期自动结束).
    `advance`: what is announced and has not begun begins at `starts_at` (提前启动), None: with the decision.

    What departs from the newest assessment needs a ground of the closed list with its legal basis, and is noted for audit.
    Raises Forbidden outside the scope, Refused without what a deviation needs, Invalid and Conflict for what makes no sense.
    """
    if not _may_propose(principal, adcode):
        raise Forbidden("Proposals are entered by duty officers and commanders of the region.")
    if adcode not in uow.runtime.law.divisions:
        raise Unknown(f"There is no division {adcode}.")
    await uow.lock_division(adcode)
    plan = uow.runtime.law.plan_for(adcode, uow.now)
    warning, prompt = await standing(uow, adcode), await prompt_for(uow, adcode)
    intent = _wanted(warning, to_level, reason, planned_end, fixed_end, advance, starts_at, uow.now)
    plea = Plea(ground, legal_basis.strip() or None if legal_basis else None, explanation)
    _check_words(explanation, plea.legal_basis)
    _check_reason(reason, intent, prompt)
    found = await standpoint(uow, adcode, intent.from_level, plan)
    verdict = judge(intent, supported=found.supported, prompt=prompt, plea=plea, now=uow.now)
    if not verdict.allowed:
        raise Refused(_attempt(adcode, intent, verdict, plea, reason, found), verdict)
    reason = _told_as(reason, intent, verdict, plea)
    change = _change(uow, adcode, intent, reason, found.supported, prompt, verdict, warning)
    if advance and warning is not None:
        change = replace(
            change,
            effective_at=beijing(starts_at),
            planned_end=warning.planned_end,
            fixed_end=warning.fixed_end,
        )
    made = await _put(uow, principal, plan, change, found, verdict, plea)
    if verdict.kind is not None:
        await note(
            uow,
            adcode,
            verdict.kind,
            intent,
            called_for=verdict.called_for,
            plea=plea,
            proposal_id=made,
            decision_id=None,
            assessment_id=found.assessment_id,
        )
    return made


def _wanted(
    warning: Standing | None,
    to_level: Level,
    reason: str,
    planned_end: datetime | None,
    fixed_end: bool,
    advance: bool,
    starts_at: datetime | None,
    now: datetime,
) -> Intent:
    """What is wanted. Raises Conflict or Invalid when its parts make no sense together or against what stands."""
    if fixed_end and planned_end is None:
        raise Invalid(
            "A warning that ends by itself needs its end: give planned_end, or leave fixed_end out.",
            detail_zh="到期自动结束的，须写明结束时间；不写结束时间的，请选择“另行通知”。",
        )
    if starts_at is not None and not advance:
        raise Invalid(
            "A start is given only to bring an announced one forward: set advance, or leave starts_at out.",
            detail_zh="只有提前启动才填写启动时间；请选择提前启动，或不要填写。",
        )
    if advance:
        return _earlier(warning, to_level, planned_end, starts_at, now)
    return replace(_intent(warning, to_level, planned_end, reason, now), fixed_end=fixed_end)


def _earlier(
    warning: Standing | None, to_level: Level, planned_end: datetime | None, starts_at: datetime | None, now: datetime
) -> Intent:
    """An announced start is brought forward. Raises Conflict or Invalid when none lies ahead or this is not earlier."""
    begins = None if warning is None or warning.closing_at is not None else warning.in_force.begins_at
    if warning is None or begins is None or begins <= now:
        raise Conflict(
            "Nothing is announced here whose start lies ahead; there is nothing to bring forward.",
            detail_zh="该地区没有已发布而尚未开始的预警，无从提前启动。",
        )
    if to_level is not warning.level:
        raise Conflict(
            f"What is announced is {warning.level.code}; only that can begin earlier. Another level is proposed apart.",
            detail_zh=f"已发布的是{warning.level.zh}预警，只能提前启动这一级；其他级别请另行建议。",
        )
    if planned_end is not None:
        raise Invalid(
            "A start that is brought forward leaves the end as it is; prolong it apart.",
            detail_zh="提前启动不改变结束时间；请不要填写结束时间，延长另行建议。",
        )
    if starts_at is not None and starts_at <= now:
        raise Invalid(
            "starts_at must lie ahead; leave it out to begin with the decision.",
            detail_zh="启动时间须晚于现在；不填则自批准时起。",
        )
    if starts_at is not None and starts_at >= begins:
        raise Conflict(
            f"It is announced to begin at {begins.isoformat()}; give an earlier start.",
            detail_zh=f"已发布的启动时间是{instant_zh(begins)}；请给出更早的时间。",
        )
    return Intent(Act.ADVANCE, to_level, to_level, effective_at=starts_at)


def _intent(
    warning: Standing | None, to_level: Level, planned_end: datetime | None, reason: str, now: datetime
) -> Intent:
    """What is wanted, measured against what is in force. Raises Conflict or Invalid when it makes no sense."""
    if warning is not None and warning.closing_at is not None:
        raise Conflict("The end of this warning is decided; what comes after is assessed when it is over.")
    from_level = warning.level if warning else Level.NONE
    act = act_of(from_level, to_level, planned_end=planned_end, in_error=reason == "issued_in_error")
    if planned_end is not None:
        if to_level is Level.NONE:
            raise Invalid(
                "An end goes with a level; leave planned_end out.",
                detail_zh="解除不带结束时间；请不要填写。",
            )
        if not now < planned_end <= now + FARTHEST_END:
            raise Invalid(
                "planned_end must lie ahead, within a year.",
                detail_zh="结束时间须晚于现在，且在一年之内。",
            )
    if act is Act.EXTEND and warning is not None:
        _check_extension(warning, planned_end)
    return Intent(act, from_level, to_level, planned_end)


def _check_extension(warning: Standing, planned_end: datetime | None) -> None:
    if warning.planned_end is None:
        raise Conflict(
            "This warning has no stated end; it stays until it is lifted. Leave planned_end out to keep it.",
            detail_zh="该预警未写结束时间，解除前一直有效；维持不变的，请不要填写结束时间。",
        )
    if planned_end is not None and planned_end <= warning.planned_end:
        raise Conflict(
            f"The stated end is {warning.planned_end.isoformat()} already; only a later one prolongs it. To end it earlier,"
            " propose to lift it.",
            detail_zh=f"现行结束时间已是{instant_zh(warning.planned_end)}，更晚的才是延长；要提前结束，请建议解除。",
        )


def _check_words(*texts: str | None) -> None:
    """Refuse now what no message could carry later: markup and control characters."""
    for text in texts:
        try:
            check_text("description", text or "-")
        except CapError as error:
            raise Invalid(f"The text cannot be published: {error.problem}.") from error


def _check_reason(reason: str, intent: Intent, prompt: PromptView | None) -> None:
    """The reason is published with the step: it must be one that can be true of it."""
    only = OWN_REASONS.get(reason)
    if only is not None and only is not intent.act:
        raise Invalid(f"The reason {reason} is told of {only.value} only; this is {intent.act.value}.")
    if intent.act is Act.ADVANCE and reason not in STARTING_REASONS:
        raise Invalid(
            f"An earlier start is told with one of these reasons: {', '.join(sorted(STARTING_REASONS))}.",
            detail_zh="提前启动的理由只能是：达到分级标准、区域预警提示、上级要求。",
        )
    upward = intent.act in (Act.ISSUE, Act.RAISE, Act.EXTEND, Act.ADVANCE)
    if reason == "regional_prompt" and upward and (prompt is None or prompt.level < intent.to_level):
        raise Invalid(
            "There is no live regional prompt on record that names this place at this level; the coordinator enters it first."
        )


def _told_as(reason: str, intent: Intent, verdict: Verdict, plea: Plea) -> str:
    """The reason stored with the step: what an order brought about is told so, and nothing else is."""
    if intent.act is Act.HOLD:
        return "no_change"
    if verdict.kind is not None and plea.ground is Ground.UPPER_ORDER:
        return "upper_order"
    if verdict.kind is not None and reason == "upper_order":
        raise Invalid(
            "The reason upper_order is told of an order only: give the ground upper_order, or another reason."
        )
    if intent.act is Act.EXTEND and reason not in {"upper_order", "regional_prompt"}:
        return "prolonged"
    return reason


def _change(
    uow: UnitOfWork,
    adcode: str,
    intent: Intent,
    reason: str,
    supported: Supported | None,
    prompt: PromptView | None,
    verdict: Verdict,
    warning: Standing | None,
) -> Change:
    """What changes, and when: what follows the assessment or a prompt takes its start and, unless stated, its end.

    So does what departs from it in its end alone. A stated end must lie after the start; what continues a warning that is
    announced begins with it. Raises Invalid.
    """
    start = end = None
    if verdict.kind in (None, Kind.ENDS_BEFORE_CRITERIA):
        start, end = _times(intent, supported, prompt)
    effective = start if start is not None and start > uow.now else None
    end = intent.planned_end or (end if intent.act in (Act.ISSUE, Act.RAISE, Act.LOWER) else None)
    begins = effective or uow.now
    if warning is not None and intent.planned_end is not None and intent.act.value in CONTINUING:
        begins = max(begins, warning.effective_at)
    if end is not None and end <= begins:
        raise Invalid(
            f"planned_end lies before the start, {instant_zh(begins)}; give a later one.",
            detail_zh=f"结束时间早于启动时间（{instant_zh(begins)}）；请改为更晚的时间。",
        )
    return Change(
        adcode,
        uow.runtime.place(adcode),
        intent.act.value,
        intent.from_level,
        intent.to_level,
        reason,
        effective_at=effective,
        planned_end=beijing(end),
        fixed_end=intent.fixed_end,
    )


def _times(
    intent: Intent, supported: Supported | None, prompt: PromptView | None
) -> tuple[datetime | None, datetime | None]:
    """Start and end that the assessed step has, or else those of the prompt."""
    if intent.act not in (Act.ISSUE, Act.RAISE, Act.LOWER, Act.LIFT):
        return None, None
    if supported is not None and supported.action.value == intent.act.value:
        return supported.effective_at, supported.planned_end
    if prompt is not None and intent.to_level is not Level.NONE and intent.to_level <= prompt.level:
        return prompt.starts_at, prompt.ends_at
    return None, None


async def _put(
    uow: UnitOfWork,
    principal: Principal,
    plan: Plan,
    change: Change,
    found: Standpoint,
    verdict: Verdict,
    plea: Plea,
) -> int:
    """Freeze the content and put it forward."""
    adcode = change.adcode
    rules = found.rules or uow.runtime.law.criteria_for(adcode, uow.now, plan_id=plan.id).rules_id
    told = _sentence(plea.explanation or "")
    frozen = content(
        replace(change, measures_from=plan.measures_from),
        why=(told, told),
        rules=rules,
        plan=plan.id,
        flags=verdict.flags,
        list_version=await list_to_pin(uow, adcode),
        legal_basis=plea.legal_basis,
        deviation=None
        if verdict.kind is None
        else {
            "kind": verdict.kind.value,
            "ground": plea.ground.value if plea.ground else None,
            "called_for": None if verdict.called_for is None else verdict.called_for.code,
        },
    )
    made = await put_forward(
        uow, frozen, plan, assessment_id=found.assessment_id, prompt_id=None, proposed_by=principal.account_id
    )
    assert made is not None  # only system proposals are held back after a rejection
    return made


def _sentence(text: str) -> str:
    """The explanation as a sentence of the notice."""
    text = text.strip()
    return text if text.endswith(tuple(ENDS)) else text + "。"


def _attempt(adcode: str, intent: Intent, verdict: Verdict, plea: Plea, reason: str, found: Standpoint) -> Attempt:
    """What was tried, as the ledger keeps it."""
    return Attempt(
        adcode,
        {
            "action": intent.act.value,
            "from": intent.from_level.code,
            "to": intent.to_level.code,
            "planned_end": beijing(intent.planned_end),
            "fixed_end": intent.fixed_end,
            "advance": intent.act is Act.ADVANCE,
            "starts_at": beijing(intent.effective_at),
            "deviates": verdict.kind.value if verdict.kind else None,
            "lack": verdict.lack.value if verdict.lack else None,
            "ground": plea.ground.value if plea.ground else None,
            "legal_basis": plea.legal_basis,
            "explanation": plea.explanation,
            "reason": reason,
            "assessment": found.assessment_id,
        },
    )
