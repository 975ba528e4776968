"""What the newest assessment supports, and the record of every departure from it."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from alerts.guard import (
    GROUNDS,
    UNDECIDED,
    Ground,
    Intent,
    Kind,
    Plea,
    Supported,
    Verdict,
    called_for,
    deviation,
    grounds_for,
    is_due,
    no_change,
)
from alerts.instants import parse_instant
from alerts.levels import Level
from alerts.plans import Plan
from alerts.proposal_words import Action
from service.accounts.roles import Principal
from service.kit.canonical import digest
from service.kit.problems import DeviationRefused, Invalid
from service.kit.unit_of_work import UnitOfWork
from service.prompts.repository import prompt_for
from service.warnings.repository import standing

NEWEST_SQL = """
SELECT id, rules, document FROM assessment WHERE adcode = $1 AND as_of > $2 ORDER BY id DESC LIMIT 1
"""
INSERT_SQL = """
INSERT INTO deviation (adcode, kind, action, from_level, to_level, called_for, ground, legal_basis, explanation,
    proposal_id, decision_id, assessment_id, at)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13) ON CONFLICT DO NOTHING RETURNING id
"""
REFUSED_SQL = """
INSERT INTO refusal (account_id, fingerprint, at) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING RETURNING fingerprint
"""


@dataclass(frozen=True)
class Standpoint:
    """The newest assessment that is fresh enough, and the step it supports from the level now in force.

    `supported` None: it was made for another situation, or there is none.
    """

    assessment_id: int | None
    rules: str | None
    supported: Supported | None


ASKED = ("to", "planned_end", "fixed_end", "advance", "starts_at", "ground", "legal_basis", "explanation", "reason")
"""What of a refused attempt is the caller's own wish, not what stood or was assessed at the time."""


@dataclass(frozen=True)
class Attempt:
    """A refused attempt as the ledger keeps it."""

    adcode: str
    content: dict[str, Any]


class Refused(DeviationRefused):
    """A deviation without what it needs. `attempt` is what the ledger is told once the transaction is gone."""

    def __init__(self, attempt: Attempt, verdict: Verdict) -> None:
        assert verdict.kind is not None
        assert verdict.refusal is not None
        super().__init__(
            verdict.refusal.en,
            detail_zh=verdict.refusal.zh,
            kind=verdict.kind.value,
            lack=verdict.lack.value if verdict.lack else None,
            called_for=None if verdict.called_for is None else verdict.called_for.code,
            grounds=[ground_document(ground) for ground in grounds_for(verdict.kind)],
        )
        self.attempt = attempt


def ground_document(ground: Ground) -> dict[str, str]:
    """A ground of the closed list with its words and what its legal basis must name."""
    rule = GROUNDS[ground]
    return {
        "code": ground.value,
        "zh": rule.words.zh,
        "en": rule.words.en,
        "needs_zh": rule.needs.zh,
        "needs_en": rule.needs.en,
    }


async def standpoint(uow: UnitOfWork, adcode: str, level: Level, plan: Plan) -> Standpoint:
    """What the newest stored assessment supports in a division where `level` is in force."""
    fresh = uow.now - timedelta(hours=plan.deadlines.met_within_hours)
    row = await uow.fetchrow(NEWEST_SQL, adcode, fresh)
    if row is None:
        return Standpoint(None, None, None)
    document = json.loads(row["document"])
    step = document["step"]
    fits = step["from"] == level.code
    ahead = timedelta(hours=plan.deadlines.issue_ahead_hours)
    heavy = document.get("observed_heavy", False)
    said = document["assessment"]
    starts = _instant(said["starts_at"]) if Level.of(said["level"]) >= level else None
    supported = replace(supported_of(step, uow.now, ahead), observed_heavy=heavy, starts_at=starts)
    return Standpoint(row["id"], row["rules"], supported if fits else None)


def supported_of(step: dict[str, Any], now: datetime, ahead: timedelta) -> Supported:
    """The stored step of an assessment, or the frozen content of the system's own proposal, as the guard reads it."""
    effective = _instant(step["effective_at"])
    return Supported(
        action=Action(step["action"]),
        to_level=Level.of(step["to"]),
        effective_at=effective,
        planned_end=_instant(step["planned_end"]),
        due=is_due(step["action"], effective, now, ahead),
    )


def _instant(value: str | None) -> datetime | None:
    return None if value is None else parse_instant(value)


async def note(
    uow: UnitOfWork,
    adcode: str,
    kind: Kind,
    intent: Intent,
    *,
    called_for: Level | None,
    plea: Plea,
    proposal_id: int,
    decision_id: int | None,
    assessment_id: int | None,
) -> None:
    """Write a deviation once for its proposal, and put it on the ledger."""
    made = await uow.fetchval(
        INSERT_SQL,
        adcode,
        kind.value,
        intent.act.value,
        int(intent.from_level),
        int(intent.to_level),
        None if called_for is None else int(called_for),
        plea.ground.value if plea.ground else None,
        plea.legal_basis,
        plea.explanation,
        proposal_id,
        decision_id,
        assessment_id,
        uow.now,
    )
    if made is not None:
        await uow.record(
            "deviation.noted",
            adcode,
            deviation=made,
            deviates=kind.value,
            action=intent.act.value,
            level=intent.to_level.code,
            ground=plea.ground.value if plea.ground else None,
            proposal=proposal_id,
            decision=decision_id,
        )


async def refuse(uow: UnitOfWork, principal: Principal, refused: Refused, key: str | None) -> bool:
    """Put a refused attempt on the ledger, in a transaction of its own; False when it stands there already.

    The same content against the same assessment counts once; with `key`, the Idempotency-Key of the call, the same
    wish counts once whatever was assessed meanwhile.
    """
    attempt = refused.attempt
    asked = attempt.content if key is None else {name: attempt.content[name] for name in ASKED}
    fingerprint = digest([key, attempt.adcode, asked])
    if await uow.fetchval(REFUSED_SQL, principal.account_id, fingerprint, uow.now) is None:
        return False
    await uow.record(
        "proposal.refused",
        attempt.adcode,
        account=principal.account_id,
        login=principal.login,
        role=principal.role.value,
        **attempt.content,
    )
    return True


@dataclass(frozen=True)
class Unchanged:
    """What leaving things as they are comes to. `kind` None: the assessment asks for nothing else."""

    intent: Intent
    kind: Kind | None
    called_for: Level | None
    assessment_id: int | None


async def left_unchanged(uow: UnitOfWork, proposal: Any, plan: Plan) -> Unchanged:
    """How a division departs from the assessment when a proposal is not followed.

    The system's own proposal is what the assessment supports; of one by hand the newest assessment is asked.
    """
    adcode = proposal["adcode"]
    warning = await standing(uow, adcode)
    level = warning.level if warning else Level.NONE
    intent = no_change(level)
    if "same_level" in json.loads(proposal["content"])["flags"]:  # in principle only: what the prompt names is asked for next
        return Unchanged(intent, None, None, proposal["assessment_id"])
    if proposal["proposed_by"] is None:
        ahead = timedelta(hours=plan.deadlines.issue_ahead_hours)
        supported: Supported | None = supported_of(json.loads(proposal["content"]), uow.now, ahead)
        assessment_id = proposal["assessment_id"]
        if level != Level(proposal["from_level"]):
            supported = None
    else:
        found = await standpoint(uow, adcode, level, plan)
        supported, assessment_id = found.supported, found.assessment_id
    prompt = await prompt_for(uow, adcode)
    kind = deviation(intent, supported=supported, prompt=prompt, now=uow.now)
    return Unchanged(intent, kind, called_for(supported, prompt), assessment_id)


def check_ground(ground: Ground | None, unchanged: Unchanged) -> None:
    """Raises Invalid when the ground given for a rejection does not stand for what it leaves behind."""
    if ground is None or unchanged.kind is None:
        return
    if ground is Ground.REGIONAL_PROMPT:  # with one on record this would be no deviation
        raise Invalid("There is no live regional prompt on record that asks to keep this level; choose another ground.")
    if ground not in grounds_for(unchanged.kind):
        fitting = ", ".join(known.value for known in grounds_for(unchanged.kind))
        raise Invalid(f"The ground {ground.value} does not stand for this rejection; it may be one of: {fitting}.")


async def note_unchanged(
    uow: UnitOfWork, proposal: Any, unchanged: Unchanged, *, decision_id: int | None, plea: Plea
) -> Kind | None:
    """Write what a rejection, or (without a decision) an expiry, leaves behind; returns the kind written."""
    if unchanged.kind is None:
        return None
    kind = unchanged.kind if decision_id is not None else UNDECIDED[unchanged.kind]
    await note(
        uow,
        proposal["adcode"],
        kind,
        unchanged.intent,
        called_for=unchanged.called_for,
        plea=plea,
        proposal_id=proposal["id"],
        decision_id=decision_id,
        assessment_id=unchanged.assessment_id,
    )
    return kind
