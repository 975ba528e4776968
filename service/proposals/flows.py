"""Proposals follow assessments; decisions bind to their hash; nothing leaves without one."""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from typing import Any

from alerts.assessment import Assessment
from alerts.cap_values import CapError, check_text
from alerts.levels import Level
from alerts.plans import Plan
from alerts.proposal import PromptView, Step
from service.accounts.roles import Principal
from service.kit.canonical import canonical, digest
from service.kit.metrics import DECISIONS
from service.kit.problems import Conflict, ContentChanged, Forbidden, Invalid, Unknown
from service.kit.unit_of_work import UnitOfWork
from service.proposals.content import Change, basis_of, content
from service.warnings.flows import carry_out
from service.warnings.repository import Standing, standing

ACTIONS_WITH_EFFECT = frozenset({"issue", "raise", "lower", "extend", "lift"})
NEEDS_BASIS = frozenset({"issue", "raise", "extend"})
PINNED_SQL = """
SELECT list_version_id FROM response WHERE adcode = $1 AND (ends_at IS NULL OR ends_at > $2) ORDER BY id DESC LIMIT 1
"""
MET_WITHIN = timedelta(hours=24)
"""How old an assessment may be for its level to count as met."""
INSERT_SQL = """
INSERT INTO proposal (adcode, action, from_level, to_level, reason, effective_at, planned_end, content, content_hash,
    assessment_id, prompt_id, proposed_by, deadline, state, created_at)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, 'open', $14) RETURNING id
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
        ),
        why=basis_of(step, assessment),
        rules=assessment.rules,
        plan=plan.id,
        flags=step.flags,
        list_version=await list_to_pin(uow, adcode),
    )
    by_prompt = int(prompt.id) if prompt is not None and step.reason.value == "regional_prompt" else None
    return await put_forward(uow, frozen, plan, assessment_id=assessment_id, prompt_id=by_prompt, proposed_by=None)


def starts_too_late(step: Step, plan: Plan, now: datetime) -> bool:
    """Whether a warning would begin so far ahead that it is watched, not proposed."""
    horizon = timedelta(hours=plan.deadlines.issue_ahead_hours)
    return (
        step.action.value in {"issue", "raise"} and step.effective_at is not None and step.effective_at > now + horizon
    )


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
    """Replace the open proposal of a division by this content; the same content keeps its row and deadline."""
    adcode, text = frozen["adcode"], canonical(frozen)
    content_hash = digest(frozen)
    known = await uow.fetchrow(
        "SELECT id, state FROM proposal WHERE adcode = $1 AND content_hash = $2"
        " AND (state = 'open' OR (state = 'rejected' AND closed_at > $3)) ORDER BY id DESC LIMIT 1",
        adcode,
        content_hash,
        uow.now - timedelta(hours=plan.deadlines.reconsider_hours),
    )
    if known is not None and known["state"] == "open":
        return int(known["id"])
    if known is not None and proposed_by is None:
        await close_open(uow, adcode, "superseded", by_system=True)
        return None
    await close_open(uow, adcode, "superseded", by_system=False)
    deadline = uow.now + timedelta(hours=plan.deadlines.decision_hours)
    proposal_id = await uow.fetchval(
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
        deadline,
        uow.now,
    )
    await uow.due(f"expire:proposal:{proposal_id}", deadline, "expire_proposal", {"proposal": proposal_id})
    await uow.record(
        "proposal.made",
        adcode,
        proposal=proposal_id,
        action=frozen["action"],
        to=frozen["to"],
        reason=frozen["reason"],
        hash=content_hash,
    )
    await uow.tell("proposal", adcode)
    return int(proposal_id)


async def close_open(uow: UnitOfWork, adcode: str, state: str, *, by_system: bool) -> None:
    """Close the open proposal of a division; with `by_system` only one that the system made."""
    row = await uow.fetchrow(
        "UPDATE proposal SET state = $2, closed_at = $3 WHERE adcode = $1 AND state = 'open' AND (NOT $4 OR proposed_by IS NULL)"
        " RETURNING id, content_hash",
        adcode,
        state,
        uow.now,
        by_system,
    )
    if row is not None:
        await uow.record(f"proposal.{state}", adcode, proposal=row["id"], hash=row["content_hash"])
        await uow.tell("proposal", adcode)


def approvers_of(plan: Plan, from_level: Level, to_level: Level) -> tuple[str, ...]:
    """The roles that may decide: those the plan names for the higher of the level left and the level reached."""
    level = max(from_level, to_level)
    for code, roles in plan.approvers.items():
        if code == level.code:
            return roles
    return ()


async def decide(
    uow: UnitOfWork,
    principal: Principal,
    proposal_id: int,
    *,
    approve: bool,
    content_hash: str,
    reason: str,
) -> dict[str, Any]:
    """A named role says yes or no to exactly this content. Approval carries it out in the same transaction.

    Raises Unknown outside the scope, Forbidden for a role the plan does not name or for the proposer, Conflict when it is
    closed, ContentChanged when the hash is another.
    """
    row = await uow.fetchrow(
        "SELECT adcode FROM proposal WHERE id = $1 AND adcode LIKE $2", proposal_id, principal.scope.prefix + "%"
    )
    if row is None:
        raise Unknown(f"There is no proposal {proposal_id} in your region.")
    await uow.lock_division(row["adcode"])
    proposal = await uow.fetchrow("SELECT * FROM proposal WHERE id = $1 FOR UPDATE", proposal_id)
    assert proposal is not None  # proposals are never deleted
    await _check_decision(uow, principal, proposal, content_hash)
    decision_id = await uow.fetchval(
        "INSERT INTO decision (proposal_id, adcode, account_id, role, approve, reason, legal_basis, content_hash, decided_at)"
        " VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9) RETURNING id",
        proposal_id,
        proposal["adcode"],
        principal.account_id,
        principal.role.value,
        approve,
        reason,
        json.loads(proposal["content"])["legal_basis"],
        content_hash,
        uow.now,
    )
    await uow.execute(
        "UPDATE proposal SET state = $2, closed_at = $3 WHERE id = $1",
        proposal_id,
        "approved" if approve else "rejected",
        uow.now,
    )
    await uow.record(
        "decision.approved" if approve else "decision.rejected",
        proposal["adcode"],
        decision=decision_id,
        proposal=proposal_id,
        account=principal.account_id,
        role=principal.role.value,
        hash=content_hash,
        reason=reason,
    )
    answer: dict[str, Any] = {
        "decision": decision_id,
        "proposal": proposal_id,
        "approved": approve,
        "decided_at": uow.now,
    }
    if approve:
        answer |= await carry_out(uow, json.loads(proposal["content"]), decision_id)
    await uow.tell("proposal", proposal["adcode"])
    DECISIONS.labels("approved" if approve else "rejected").inc()
    return answer


async def _check_decision(uow: UnitOfWork, principal: Principal, proposal: Any, content_hash: str) -> None:
    adcode = proposal["adcode"]
    plan = uow.runtime.law.plan_for(adcode, uow.now)
    approvers = approvers_of(plan, Level(proposal["from_level"]), Level(proposal["to_level"]))
    if proposal["proposed_by"] == principal.account_id:
        raise Forbidden("You proposed this yourself; somebody else must decide (four eyes).")
    if not principal.may_decide(adcode, approvers, proposal["proposed_by"]):
        raise Forbidden(
            f"The plan lets {' or '.join(approvers) or 'nobody'} decide this; you are {principal.role.value}."
        )
    if proposal["state"] != "open":
        raise Conflict(f"This proposal is {proposal['state']}; read the open ones under /api/v1/proposals.")
    if proposal["deadline"] <= uow.now:
        raise Conflict("The deadline of this proposal has passed; a new one follows with the next assessment.")
    if content_hash != proposal["content_hash"]:
        raise ContentChanged(content_hash=proposal["content_hash"])
    if digest(json.loads(proposal["content"])) != proposal["content_hash"]:
        raise ContentChanged("The stored content does not match its hash; it was tampered with. Tell the auditor.")


async def propose_by_hand(
    uow: UnitOfWork,
    principal: Principal,
    adcode: str,
    *,
    to_level: Level,
    reason: str,
    legal_basis: str | None,
    explanation: str,
) -> int:
    """A duty officer's own proposal. Starting or raising without the criteria needs a legal basis and is flagged for audit.

    Raises Forbidden outside the scope, Invalid without a basis, Conflict when it would change nothing.
    """
    if not principal.may_propose or not principal.scope.covers(adcode):
        raise Forbidden("Proposals are entered by duty officers and commanders of the region.")
    if adcode not in uow.runtime.law.divisions:
        raise Unknown(f"There is no division {adcode}.")
    await uow.lock_division(adcode)
    warning = await standing(uow, adcode)
    from_level = warning.level if warning else Level.NONE
    if to_level == from_level:
        raise Conflict(f"The level in force is already {from_level.code}; there is nothing to change.")
    action = _action(from_level, to_level, reason)
    _check_words(explanation, legal_basis if legal_basis and legal_basis.strip() else None)
    assessed = await uow.fetchrow(
        "SELECT id, level, rules FROM assessment WHERE adcode = $1 AND as_of > $2 ORDER BY id DESC LIMIT 1",
        adcode,
        uow.now - MET_WITHIN,
    )
    met = assessed is not None and to_level <= assessed["level"]
    if action in NEEDS_BASIS and not met and not (legal_basis and legal_basis.strip()):
        raise Invalid(
            "The criteria are not met on the present forecast. Give the legal basis (an upper-level order with its number) and the "
            "reason; air-quality targets are none."
        )
    plan = uow.runtime.law.plan_for(adcode, uow.now)
    rules = assessed["rules"] if assessed else uow.runtime.law.criteria_for(adcode, uow.now, plan_id=plan.id).rules_id
    frozen = content(
        Change(adcode, uow.runtime.place(adcode), action, from_level, to_level, reason),
        why=(explanation, explanation),
        rules=rules,
        plan=plan.id,
        flags=() if met else ("without_criteria",),
        list_version=await list_to_pin(uow, adcode),
        legal_basis=legal_basis,
    )
    made = await put_forward(
        uow,
        frozen,
        plan,
        assessment_id=assessed["id"] if assessed else None,
        prompt_id=None,
        proposed_by=principal.account_id,
    )
    assert made is not None  # only system proposals are held back after a rejection
    return made


def _check_words(*texts: str | None) -> None:
    """Refuse now what no message could carry later: markup and control characters."""
    for text in texts:
        try:
            check_text("description", text or "-")
        except CapError as error:
            raise Invalid(f"The text cannot be published: {error.problem}.") from error


def _action(from_level: Level, to_level: Level, reason: str) -> str:
    if to_level is Level.NONE:
        return "revoke" if reason == "issued_in_error" else "lift"
    if from_level is Level.NONE:
        return "issue"
    return "raise" if to_level > from_level else "lower"


async def expire(uow: UnitOfWork, proposal_id: int) -> None:
    """Nobody decided by the deadline: it escalates and publishes nothing. Idempotent."""
    row = await uow.fetchrow(
        "UPDATE proposal SET state = 'expired', closed_at = $2 WHERE id = $1 AND state = 'open' AND deadline <= $2 RETURNING adcode",
        proposal_id,
        uow.now,
    )
    if row is None:
        return
    await uow.record("proposal.expired", row["adcode"], proposal=proposal_id, escalated_to="commander")
    await uow.enqueue("assess", {"adcodes": [row["adcode"]]})
    await uow.tell("proposal", row["adcode"])
