"""Proposals follow assessments; decisions bind to their hash; nothing leaves without one."""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from typing import Any

from alerts.approval import Chain, Position, begun
from alerts.assessment import Assessment
from alerts.guard import Act, Ground, Intent, Plea, is_due, judge
from alerts.levels import Level
from alerts.plans import Plan
from alerts.proposal import PromptView, Step
from alerts.proposal_words import Action
from service.accounts.factors import confirm
from service.accounts.roles import Capacity, Principal
from service.deviations.flows import Unchanged, check_ground, left_unchanged, note_unchanged, standpoint
from service.kit.canonical import canonical, digest
from service.kit.drill import marked_notice
from service.kit.metrics import DECISIONS
from service.kit.problems import Conflict, Invalid, NoLongerSupported, Unknown
from service.kit.unit_of_work import UnitOfWork, beijing
from service.prompts.repository import prompt_for
from service.proposals.chains import (
    SignedMeanwhile,
    chain_for,
    chain_of_row,
    check_signer,
    escalate,
    prompter_of,
    schedule,
    sign,
    signatures,
    signed_alike,
)
from service.proposals.content import HOLD, Change, basis_of, content
from service.proposals.course import locked
from service.proposals.telling import tell_closed, tell_turn
from service.warnings.flows import ENDING, carry_out, check_time_left
from service.warnings.repository import Standing, standing

ACTIONS_WITH_EFFECT = frozenset({"issue", "raise", "lower", "extend", "advance", "lift"})
PINNED_SQL = """
SELECT list_version_id FROM response WHERE adcode = $1 AND (ends_at IS NULL OR ends_at > $2) ORDER BY id DESC LIMIT 1
"""
SAME_SQL = """
SELECT id, state FROM proposal p WHERE adcode = $1 AND content_hash = $2
    AND (state = 'open' OR (closed_at > $3 AND (state = 'rejected' OR (state = 'superseded' AND EXISTS (
        SELECT 1 FROM proposal h WHERE h.adcode = p.adcode AND h.created_at = p.closed_at AND h.proposed_by IS NOT NULL
        AND (h.state = 'open' OR (h.action = 'hold' AND h.state = 'approved')))))))
ORDER BY id DESC LIMIT 1
"""
"""The same content that is open, or that rests: rejected a while ago, or set aside by somebody whose own proposal waits
or was approved as no change."""
INSERT_SQL = """
INSERT INTO proposal (adcode, action, from_level, to_level, reason, effective_at, planned_end, content, content_hash,
    assessment_id, prompt_id, proposed_by, deadline, state, created_at, chain, opened_at)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, 'open', $14, $15, $14) RETURNING *
"""


async def follow(
    uow: UnitOfWork,
    adcode: str,
    step: Step,
    assessment: Assessment,
    assessment_id: int,
    plan: Plan,
    warning: Standing | None,
    prompt: PromptView | None,
) -> int | None:
    """Let the open proposal of the system be what the newest step says; returns its id, None when nothing is proposed.

    The same content stays as it is, so that an officer's reading is not disturbed; a rejected one rests for a while.
    """
    if warning is not None and warning.closing_at is not None:
        return None  # its end is decided; what comes after is assessed when it is over
    if step.action.value not in ACTIONS_WITH_EFFECT or starts_too_late(step, plan, uow.now):
        await close_open(uow, adcode, "superseded", by_system=True)
        return None
    frozen = content(
        Change(
            adcode=adcode,
            place=uow.runtime.place(adcode),
            action=step.action.value,
            from_level=step.from_level,
            to_level=step.to_level,
            reason=step.reason.value,
            effective_at=step.effective_at,
            planned_end=step.planned_end,
            fixed_end=keeps_end(step, warning),
            measures_from=plan.measures_from,
        ),
        why=basis_of(step, assessment),
        rules=assessment.rules,
        plan=plan.id,
        flags=step.flags,
        list_version=await list_to_pin(uow, adcode),
    )
    by_prompt = int(prompt.id) if prompt is not None and step.reason.value == "regional_prompt" else None
    return await put_forward(uow, frozen, plan, assessment_id=assessment_id, prompt_id=by_prompt, proposed_by=None)


def keeps_end(step: Step, warning: Standing | None) -> bool:
    """Whether a start that is brought forward leaves the fixed end of the warning as it is."""
    if step.action is not Action.ADVANCE or warning is None or step.planned_end is None:
        return False
    return warning.fixed_end and step.planned_end == warning.planned_end


def starts_too_late(step: Step, plan: Plan, now: datetime) -> bool:
    """Whether a warning would begin so far ahead that it is watched, not proposed."""
    return not is_due(step.action, step.effective_at, now, timedelta(hours=plan.deadlines.issue_ahead_hours))


async def list_to_pin(uow: UnitOfWork, adcode: str) -> int | None:
    """The list version that the response will follow: the one a running response has pinned, or the active one."""
    pinned: int | None = await uow.fetchval(PINNED_SQL, adcode, uow.now)
    if pinned is not None:
        return pinned
    active: int | None = await uow.fetchval(
        "SELECT id FROM list_version WHERE adcode = $1 AND state = 'active'", adcode
    )
    return active


async def put_forward(
    uow: UnitOfWork,
    frozen: dict[str, Any],
    plan: Plan,
    *,
    assessment_id: int | None,
    prompt_id: int | None,
    proposed_by: int | None,
) -> int | None:
    """Replace the open proposal of a division by this content; the same content keeps its row and deadline.

    So does one of the system that is signed already, when only the words of the notice are newer. Raises Conflict when
    somebody else's signatures stand under the open one.
    """
    frozen = frozen | {"notice": marked_notice(uow.runtime.drill, frozen["notice"])}
    adcode, text = frozen["adcode"], canonical(frozen)
    content_hash = digest(frozen)
    rests = uow.now - timedelta(hours=plan.deadlines.reconsider_hours)
    known = await uow.fetchrow(SAME_SQL, adcode, content_hash, rests)
    if known is not None and known["state"] == "open":
        return int(known["id"])
    if known is not None and proposed_by is None:
        await close_open(uow, adcode, "superseded", by_system=True)
        return None
    if proposed_by is None and (signed := (await signed_alike(uow, [frozen])).get(adcode)) is not None:
        return signed
    if proposed_by is not None:
        await _check_unsigned(uow, adcode, proposed_by)
    await close_open(uow, adcode, "superseded", by_system=False)
    chain = chain_for(plan, frozen)
    position = None if chain is None else begun(chain, uow.now)
    made = await uow.fetchrow(
        INSERT_SQL,
        adcode,
        frozen["action"],
        int(Level.of(frozen["from"])),
        int(Level.of(frozen["to"])),
        frozen["reason"],
        frozen["effective_at"],
        frozen["planned_end"],
        text,
        content_hash,
        assessment_id,
        prompt_id,
        proposed_by,
        position.until if position else uow.now + timedelta(hours=plan.deadlines.decision_hours),
        uow.now,
        None if chain is None else canonical(chain.document()),
    )
    assert made is not None
    await uow.record(
        "proposal.made",
        adcode,
        proposal=made["id"],
        action=frozen["action"],
        to=frozen["to"],
        reason=frozen["reason"],
        hash=content_hash,
        chain=None if chain is None else chain.document(),
        proposed_by=proposed_by,
    )
    if chain is None or position is None:
        await uow.due(f"expire:proposal:{made['id']}", made["deadline"], "expire_proposal", {"proposal": made["id"]})
    else:
        await schedule(uow, made["id"], position)
        await tell_turn(uow, made, chain, position, "proposal")
    await uow.tell("proposal", adcode)
    return int(made["id"])


async def _check_unsigned(uow: UnitOfWork, adcode: str, proposed_by: int) -> None:
    """What others have signed is rejected first, by whoever's turn it is; a signer or its proposer may replace it."""
    row = await uow.fetchrow(
        "SELECT id, proposed_by FROM proposal WHERE adcode = $1 AND state = 'open' AND step > 0", adcode
    )
    if row is None or row["proposed_by"] == proposed_by:
        return
    given = (await signatures(uow, [row["id"]]))[row["id"]]
    if any(proposed_by in (one["account_id"], one["for_account"]) for one in given):
        return
    raise Conflict(
        f"Proposal {row['id']} is open and has {len(given)} signature(s); have it rejected first, by whoever's turn it is, "
        "or let one of its signers propose instead.",
        detail_zh=f"第 {row['id']} 号建议正在审批且已有 {len(given)} 人签署；请先由当前审批人驳回，或由已签署人另行提出。",
    )


async def close_open(uow: UnitOfWork, adcode: str, state: str, *, by_system: bool) -> None:
    """Close the open proposal of a division; with `by_system` only one that the system made."""
    row = await uow.fetchrow(
        "UPDATE proposal SET state = $2, closed_at = $3 WHERE adcode = $1 AND state = 'open' AND (NOT $4 OR proposed_by IS NULL)"
        " RETURNING *",
        adcode,
        state,
        uow.now,
        by_system,
    )
    if row is not None:
        given = (await signatures(uow, [row["id"]]))[row["id"]] if row["step"] else []
        await uow.record(
            f"proposal.{state}", adcode, proposal=row["id"], hash=row["content_hash"], signatures=len(given)
        )
        await tell_closed(uow, row, state, [one["role"] for one in given])
        await uow.tell("proposal", adcode)


async def decide(
    uow: UnitOfWork,
    principal: Principal,
    proposal_id: int,
    *,
    approve: bool,
    content_hash: str,
    reason: str,
    ground: Ground | None = None,
    step: int | None = None,
    factor: str | None = None,
) -> dict[str, Any]:
    """Whoever's turn it is signs, or rejects, exactly this content. The last signature carries it out in the same transaction.

    `step`: the signature (from 0) that the caller means to give, refused when another is due. A rejection leaves things
    as they are: that is a decision too (无变化), and a deviation where the assessment asks for something else; `ground` may
    then be given. Raises Unknown outside the scope, Forbidden for a role whose turn it is not, for the proposer and for a
    second signature, Conflict when it is closed or no longer supported, ContentChanged when the hash is another.
    """
    proposal = await locked(uow, proposal_id, principal.scope.prefix)
    if proposal is None:
        raise Unknown(f"There is no proposal {proposal_id} in your region.")
    plan = uow.runtime.law.plan_for(proposal["adcode"], uow.now)
    chain, given = chain_of_row(uow, proposal), (await signatures(uow, [proposal_id]))[proposal_id]
    prompter = await prompter_of(uow, proposal)
    acting = check_signer(principal, proposal, chain, given, content_hash, uow.now, prompter=prompter)
    assert chain is not None  # somebody may sign
    if step is not None and step != proposal["step"]:
        raise SignedMeanwhile(
            "Somebody has signed since you read this; read it again before you give the next signature."
        )
    if approve:
        await check_time_left(uow, json.loads(proposal["content"]))
    await confirm(uow, principal, factor)
    if approve:
        await _check_supported(uow, proposal, plan, ground)
        await _check_list(uow, json.loads(proposal["content"]))
        if await escalate(uow, proposal, chain) is None:
            raise Conflict("The deadline of this proposal has passed; a new one follows with the next assessment.")
        if (following := await sign(uow, principal, acting, proposal, chain, reason)) is not None:
            await uow.tell("proposal", proposal["adcode"])
            return _signed(uow, proposal, chain, following)
    else:
        unchanged = await left_unchanged(uow, proposal, plan)
        check_ground(ground, unchanged)
    decision_id = await _store_decision(uow, principal, acting, proposal, approve=approve, reason=reason)
    answer: dict[str, Any] = {
        "decision": decision_id,
        "proposal": proposal_id,
        "approved": approve,
        "decided_at": uow.now,
        "signed": len(given) + approve,
        "of": len(chain.steps),
        "next": [],
    }
    if approve:
        answer |= await _approved(uow, proposal, decision_id)
    else:
        answer |= await _rejected(uow, proposal, unchanged, decision_id, Plea(ground, None, reason))
        await tell_closed(uow, proposal, "rejected", [one["role"] for one in given])
    await uow.tell("proposal", proposal["adcode"])
    DECISIONS.labels("approved" if approve else "rejected").inc()
    return answer


def _signed(uow: UnitOfWork, proposal: Any, chain: Chain, following: Position) -> dict[str, Any]:
    """The answer to a signature that is not the last: nothing is decided yet."""
    return {
        "decision": None,
        "proposal": proposal["id"],
        "signed": following.step,
        "of": len(chain.steps),
        "next": list(chain.steps[following.step].roles),
        "deadline": beijing(following.until),
        "signed_at": uow.now,
    }


async def _check_supported(uow: UnitOfWork, proposal: Any, plan: Plan, ground: Ground | None) -> None:
    """A proposal by hand that carries no ground must follow the newest assessment when it is approved, too."""
    if ground is not None:
        raise Invalid("A ground goes with a rejection; what is approved carries its own in its content.")
    frozen = json.loads(proposal["content"])
    if proposal["proposed_by"] is None or "deviation" in frozen:
        return
    levels = Level(proposal["from_level"]), Level(proposal["to_level"])
    found = await standpoint(uow, proposal["adcode"], levels[0], plan)
    intent = Intent(Act(proposal["action"]), *levels, proposal["planned_end"], fixed_end=frozen["fixed_end"])
    if intent.act is Act.ADVANCE:  # the end stays what was decided before
        intent = Intent(Act.ADVANCE, *levels, effective_at=proposal["effective_at"])
    verdict = judge(
        intent,
        supported=found.supported,
        prompt=await prompt_for(uow, proposal["adcode"]),
        plea=Plea(),
        now=uow.now,
    )
    if not verdict.allowed:
        raise NoLongerSupported(
            "The newest assessment no longer supports this proposal. Reject it; if it shall be done all the same, "
            "it is proposed again with a ground."
        )


async def _check_list(uow: UnitOfWork, frozen: dict[str, Any]) -> None:
    """What is approved names the list that the response will follow; it must still be that one.

    A content that names none follows whatever list is in force at the start.
    """
    named = frozen["list_version"]
    if named is None or frozen["action"] in (*ENDING, HOLD) or named == await list_to_pin(uow, frozen["adcode"]):
        return
    raise Conflict(
        "The emission list in force has changed since this was proposed. The system proposes anew with the next assessment, "
        "which has been asked for; what was entered by hand, reject and enter again.",
        detail_zh="提出建议之后生效清单已变更。系统将随下一次研判（已安排）按新清单重新提出；人工录入的，请驳回后重新录入。",
    )


async def _store_decision(
    uow: UnitOfWork, principal: Principal, acting: Capacity, proposal: Any, *, approve: bool, reason: str
) -> int:
    """Write the decision, close the proposal with it, and put both on the ledger."""
    decision_id = await uow.fetchval(
        "INSERT INTO decision (proposal_id, adcode, account_id, role, approve, reason, legal_basis, content_hash, decided_at)"
        " VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9) RETURNING id",
        proposal["id"],
        proposal["adcode"],
        principal.account_id,
        acting.role.value,
        approve,
        reason,
        json.loads(proposal["content"])["legal_basis"],
        proposal["content_hash"],
        uow.now,
    )
    state = "approved" if approve else "rejected"
    await uow.execute("UPDATE proposal SET state = $2, closed_at = $3 WHERE id = $1", proposal["id"], state, uow.now)
    await uow.record(
        f"decision.{state}",
        proposal["adcode"],
        decision=decision_id,
        proposal=proposal["id"],
        account=principal.account_id,
        role=acting.role.value,
        delegation=acting.delegation_id,
        hash=proposal["content_hash"],
        reason=reason,
    )
    return int(decision_id)


async def _approved(uow: UnitOfWork, proposal: Any, decision_id: int) -> dict[str, Any]:
    """Carry the content out. That nothing changes has no step and no message: the record is all of it."""
    frozen = json.loads(proposal["content"])
    deviates = (frozen.get("deviation") or {}).get("kind")
    if frozen["action"] != HOLD:
        return await carry_out(uow, frozen, decision_id) | {"deviation": deviates}
    current = await standing(uow, frozen["adcode"])
    level = current.level if current else Level.NONE
    if level != Level.of(frozen["to"]):
        raise Conflict("What is in force has changed since this was proposed; look at the present situation again.")
    await _record_no_change(uow, proposal, decision_id, level, deviates, "hold")
    return {"deviation": deviates}


async def _rejected(
    uow: UnitOfWork, proposal: Any, unchanged: Unchanged, decision_id: int, plea: Plea
) -> dict[str, Any]:
    """Nothing is carried out; what that leaves behind is written down. To reject "no change" keeps nothing."""
    if proposal["action"] == HOLD:
        return {"deviation": None}
    kind = await note_unchanged(uow, proposal, unchanged, decision_id=decision_id, plea=plea)
    deviates = None if kind is None else kind.value
    await _record_no_change(uow, proposal, decision_id, unchanged.intent.to_level, deviates, "rejection")
    return {"deviation": deviates}


async def _record_no_change(
    uow: UnitOfWork, proposal: Any, decision_id: int, level: Level, deviates: str | None, by: str
) -> None:
    await uow.record(
        "decision.no_change",
        proposal["adcode"],
        decision=decision_id,
        proposal=proposal["id"],
        level=level.code,
        by=by,
        deviates=deviates,
    )
