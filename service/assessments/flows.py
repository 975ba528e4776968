"""Assess a division on what is known now, store it, and let the open proposal follow."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from alerts.assessment import Assessment, assess
from alerts.feeds import Judged, counted
from alerts.instants import hour_floor
from alerts.plans import Plan
from alerts.proposal import PromptView, next_step
from alerts.rules import Criteria
from service.assessments.repository import Around, nothing_known, recent_levels, sources
from service.kit.canonical import canonical, digest
from service.kit.unit_of_work import UnitOfWork
from service.prompts.lifting import note_lift, standing_lift
from service.prompts.repository import prompt_for
from service.proposals.flows import follow, list_to_pin
from service.warnings.repository import standing

INSERT_SQL = """
INSERT INTO assessment (adcode, as_of, forecast_id, rules, plan, level, state, clause, starts_at, ends_at, inputs_digest,
    document, created_at)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13) RETURNING id
"""


async def assess_division(uow: UnitOfWork, adcode: str) -> int | None:
    """Assess one division by the plan in force there; returns the id of the new assessment.

    None when nothing is known of its air and no prompt names it, or when nothing has changed since the last assessment.
    The clock is read again once the division is locked: a prompt issued while this waited is not one of the future.
    """
    await uow.lock_division(adcode)
    uow.now = max(uow.now, uow.runtime.clock.now())
    return await assess_locked(uow, adcode)


async def assess_locked(uow: UnitOfWork, adcode: str) -> int | None:
    """The same for a division that the caller has locked, at the caller's instant."""
    law = uow.runtime.law
    prompt = await prompt_for(uow, adcode)
    known = await sources(uow, adcode, uow.now)
    if not known and prompt is None:
        return None
    known = known or [nothing_known(adcode, uow.now)]
    plan = law.plan_for(adcode, uow.now)
    criteria = law.criteria_for(adcode, uow.now, plan_id=plan.id, rules_id=uow.runtime.rules_id)
    warning = await standing(uow, adcode)
    lift = None if warning is None else await standing_lift(uow, adcode)
    inputs = digest(
        [
            [one.digests for one in known],
            criteria.rules_id,
            plan.id,
            hour_floor(uow.now),
            warning.identity if warning else None,
            _identity(prompt),
            await list_to_pin(uow, adcode),
            *([] if lift is None else [["lift", lift["id"]]]),
        ]
    )
    if (
        await uow.fetchval("SELECT inputs_digest FROM assessment WHERE adcode = $1 ORDER BY id DESC LIMIT 1", adcode)
        == inputs
    ):
        return None
    judged, at = _judged(uow, known, plan, criteria)
    assessment, used = judged[at].assessment, known[at]
    step = next_step(
        assessment,
        in_force=warning.in_force if warning else None,
        prompt=prompt,
        criteria=criteria,
        now=uow.now,
        recent=await recent_levels(uow, adcode, criteria.lower_after_runs, used.forecast_id),
    )
    document: dict[str, Any] = {
        "assessment": assessment.contract() | {"proposal": step.action.value, "lead_hours": step.lead_hours},
        "trace": assessment.trace.model_dump(mode="json"),
        "forecast": {"id": used.forecast_id, "feed": used.feed, "basis": used.basis, "issued_at": used.issued_at},
        "feeds": [feed_document(one, by, place == at) for place, (one, by) in enumerate(zip(judged, known, strict=True))],
        "step": step_document(step),
        "observed_heavy": assessment.observed_heavy,
    }
    assessment_id = await _store(uow, adcode, used.forecast_id, assessment, plan.id, inputs, canonical(document))
    await follow(uow, adcode, step, assessment, assessment_id, plan, warning, prompt)
    if lift is not None:
        await note_lift(uow, adcode, lift, assessment, assessment_id, criteria)
    await uow.tell("assessment", adcode)
    return assessment_id


def _judged(uow: UnitOfWork, known: list[Around], plan: Plan, criteria: Criteria) -> tuple[list[Judged], int]:
    """Every feed's assessment, and the place of the one that counts by the plan."""
    standards = uow.runtime.law.standards
    judged = [
        Judged(one.feed, one.issued_at, assess(one.series, as_of=uow.now, criteria=criteria, standards=standards))
        for one in known
    ]
    good_for = timedelta(hours=plan.deadlines.forecast_good_hours)
    return judged, counted(judged, plan.feeds or "latest", good_for)


def feed_document(one: Judged, source: Around, counts: bool) -> dict[str, Any]:
    """One feed's answer beside the others'."""
    found = one.assessment
    return {
        "feed": one.feed,
        "forecast": source.forecast_id,
        "issued_at": one.issued_at,
        "basis": source.basis,
        "level": found.level.code,
        "state": found.state,
        "clause": found.clause,
        "starts_at": found.starts_at,
        "ends_at": found.ends_at,
        "range": None if found.range is None else found.range.contract(),
        "counts": counts,
    }


def _identity(prompt: PromptView | None) -> list[Any] | None:
    if prompt is None:
        return None
    return [prompt.id, int(prompt.level), prompt.starts_at, prompt.ends_at, *(["linked"] if prompt.linked else [])]


def step_document(step: Any) -> dict[str, Any]:
    """A step as plain values."""
    return {
        "action": step.action.value,
        "from": step.from_level.code,
        "to": step.to_level.code,
        "reason": step.reason.value,
        "effective_at": step.effective_at,
        "planned_end": step.planned_end,
        "lead_hours": step.lead_hours,
        "flags": list(step.flags),
        "sentence": {"zh": step.sentence_zh, "en": step.sentence_en},
    }


async def _store(
    uow: UnitOfWork, adcode: str, forecast_id: int | None, assessment: Assessment, plan: str, inputs: str, document: str
) -> int:
    assessment_id = await uow.fetchval(
        INSERT_SQL,
        adcode,
        uow.now,
        forecast_id,
        assessment.rules,
        plan,
        int(assessment.level),
        assessment.state,
        assessment.clause,
        assessment.starts_at,
        assessment.ends_at,
        inputs,
        document,
        uow.now,
    )
    await uow.record(
        "assessment.made",
        adcode,
        assessment=assessment_id,
        level=assessment.level.code,
        state=assessment.state,
        clause=assessment.clause,
        rules=assessment.rules,
        digest=digest(document),
    )
    return int(assessment_id)
