"""Assess a division on what is known now, store it, and let the open proposal follow."""

from __future__ import annotations

from typing import Any

from alerts.assessment import Assessment, assess
from alerts.instants import hour_floor
from alerts.proposal import PromptView, next_step
from service.assessments.repository import around, nothing_known, recent_levels
from service.kit.canonical import canonical, digest
from service.kit.unit_of_work import UnitOfWork
from service.prompts.repository import prompt_for
from service.proposals.flows import follow
from service.warnings.repository import standing

INSERT_SQL = """
INSERT INTO assessment (adcode, as_of, forecast_id, rules, plan, level, state, clause, starts_at, ends_at, inputs_digest,
    document, created_at)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13) RETURNING id
"""


async def assess_division(uow: UnitOfWork, adcode: str) -> int | None:
    """Assess one division by the plan in force there; returns the id of the new assessment.

    None when nothing is known of its air and no prompt names it, or when nothing has changed since the last assessment.
    """
    await uow.lock_division(adcode)
    law = uow.runtime.law
    prompt = await prompt_for(uow, adcode)
    known = await around(uow, adcode, uow.now)
    if known is None and prompt is None:
        return None
    known = known or nothing_known(adcode, uow.now)
    plan = law.plan_for(adcode, uow.now)
    criteria = law.criteria_for(adcode, uow.now, plan_id=plan.id, rules_id=uow.runtime.rules_id)
    warning = await standing(uow, adcode)
    inputs = digest(
        [
            known.digests,
            criteria.rules_id,
            plan.id,
            hour_floor(uow.now),
            warning.identity if warning else None,
            _identity(prompt),
        ]
    )
    if (
        await uow.fetchval("SELECT inputs_digest FROM assessment WHERE adcode = $1 ORDER BY id DESC LIMIT 1", adcode)
        == inputs
    ):
        return None
    assessment = assess(known.series, as_of=uow.now, criteria=criteria, standards=law.standards)
    step = next_step(
        assessment,
        in_force=warning.in_force if warning else None,
        prompt=prompt,
        criteria=criteria,
        now=uow.now,
        recent=await recent_levels(uow, adcode, criteria.lower_after_runs),
    )
    document: dict[str, Any] = {
        "assessment": assessment.contract() | {"proposal": step.action.value, "lead_hours": step.lead_hours},
        "trace": assessment.trace.model_dump(mode="json"),
        "forecast": {"id": known.forecast_id, "feed": known.feed, "basis": known.basis, "issued_at": known.issued_at},
        "step": step_document(step),
    }
    assessment_id = await _store(uow, adcode, known.forecast_id, assessment, plan.id, inputs, canonical(document))
    await follow(uow, adcode, step, assessment, assessment_id, plan, warning, prompt)
    await uow.tell("assessment", adcode)
    return assessment_id


def _identity(prompt: PromptView | None) -> list[Any] | None:
    return None if prompt is None else [prompt.id, int(prompt.level), prompt.starts_at, prompt.ends_at]


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
