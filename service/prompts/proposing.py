"""A prompt's proposals, all of them in the transaction of the prompt."""

from __future__ import annotations

import json
from collections.abc import Collection
from datetime import timedelta
from typing import Any

from alerts.assessment import Assessment, assess
from alerts.plans import Plan
from alerts.proposal import PromptView, Step
from alerts.region_step import from_document, prompted_step
from alerts.rules import Criteria
from service.accounts.roles import NATION, Scope
from service.assessments.flows import assess_locked
from service.assessments.repository import nothing_known
from service.kit.unit_of_work import UnitOfWork
from service.prompts.repository import prompts_for
from service.proposals.bulk import Forward, put_forward_all, supersede_all
from service.proposals.content import Change, basis_of, content
from service.proposals.flows import ACTIONS_WITH_EFFECT, keeps_end, starts_too_late
from service.warnings.repository import Standing, all_standing

NEWEST_SQL = """
SELECT m.adcode, a.id, a.as_of, a.plan, a.document FROM unnest($1::text[]) m(adcode) CROSS JOIN LATERAL
    (SELECT id, as_of, plan, document FROM assessment WHERE adcode = m.adcode ORDER BY id DESC LIMIT 1) a
"""
LISTS_SQL = """
SELECT m.adcode, coalesce(
    (SELECT list_version_id FROM response WHERE adcode = m.adcode AND (ends_at IS NULL OR ends_at > $2) ORDER BY id DESC LIMIT 1),
    (SELECT id FROM list_version WHERE adcode = m.adcode AND state = 'active')) AS version
FROM unnest($1::text[]) m(adcode)
"""
FRESH = timedelta(hours=24)
"""An older assessment says nothing of the air of today: the division is assessed anew."""


async def propose_all(uow: UnitOfWork, adcodes: Collection[str]) -> None:
    """Let the open proposal of each division follow the prompt in force there; the caller holds their locks.

    A division whose step depends on hours is assessed in full, in this transaction too; that is slower and rare.
    """
    wanted, watched, left = await _settled(uow, adcodes)
    await put_forward_all(uow, wanted)
    await supersede_all(uow, watched, by_system=True)
    for adcode in left:
        await assess_locked(uow, adcode)


async def _settled(uow: UnitOfWork, adcodes: Collection[str]) -> tuple[list[Forward], list[str], list[str]]:
    """What to put forward, where nothing is to be proposed, and where only a full assessment can tell."""
    codes = sorted(adcodes)
    views = await prompts_for(uow, codes)
    warnings = {one.adcode: one for one in await all_standing(uow, Scope(NATION))}
    newest = {row["adcode"]: row for row in await uow.fetch(NEWEST_SQL, codes)}
    lists = {row["adcode"]: row["version"] for row in await uow.fetch(LISTS_SQL, codes, uow.now)}
    law = _Law(uow)
    wanted, watched, left = [], [], []
    for adcode in codes:
        view, warning = views.get(adcode), warnings.get(adcode)
        if warning is not None and warning.closing_at is not None:
            continue  # its end is decided; what comes after is assessed when it is over
        plan, criteria = law.of(adcode)
        known, assessment_id = law.known(adcode, newest.get(adcode), plan, criteria)
        step = None if view is None or known is None else _step(uow, known, warning, view, criteria)
        if view is None or known is None or step is None:
            left.append(adcode)
        elif step.action.value not in ACTIONS_WITH_EFFECT or starts_too_late(step, plan, uow.now):
            watched.append(adcode)
        else:
            frozen = _frozen(uow, adcode, step, known, plan, lists[adcode], warning)
            by_prompt = int(view.id) if step.reason.value == "regional_prompt" else None
            wanted.append(Forward(frozen, plan, assessment_id, by_prompt))
    return wanted, watched, left


def _step(
    uow: UnitOfWork, known: Assessment, warning: Standing | None, view: PromptView, criteria: Criteria
) -> Step | None:
    in_force = warning.in_force if warning else None
    return prompted_step(known, in_force=in_force, prompt=view, criteria=criteria, now=uow.now)


def _frozen(
    uow: UnitOfWork,
    adcode: str,
    step: Step,
    known: Assessment,
    plan: Plan,
    version: int | None,
    warning: Standing | None,
) -> dict[str, Any]:
    change = Change(
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
    )
    return content(
        change,
        why=basis_of(step, known),
        rules=known.rules,
        plan=plan.id,
        flags=step.flags,
        list_version=version,
    )


class _Law:
    """Plans and criteria of one instant, and what is said of places of whose air nothing is known, each worked out once."""

    def __init__(self, uow: UnitOfWork) -> None:
        self._uow = uow
        self._criteria: dict[str, Criteria] = {}
        self._unknown: dict[str, Assessment] = {}

    def of(self, adcode: str) -> tuple[Plan, Criteria]:
        runtime, now = self._uow.runtime, self._uow.now
        plan = runtime.law.plan_for(adcode, now)
        if plan.id not in self._criteria:
            self._criteria[plan.id] = runtime.law.criteria_for(
                adcode, now, plan_id=plan.id, rules_id=runtime.rules_id
            )
        return plan, self._criteria[plan.id]

    def known(self, adcode: str, row: Any, plan: Plan, criteria: Criteria) -> tuple[Assessment | None, int | None]:
        """What a stored assessment says; of a place never assessed, what nothing says. None: only a new one can tell."""
        if row is None:
            if plan.id not in self._unknown:
                series = nothing_known(adcode, self._uow.now).series
                standards = self._uow.runtime.law.standards
                self._unknown[plan.id] = assess(series, as_of=self._uow.now, criteria=criteria, standards=standards)
            return self._unknown[plan.id], None
        if row["as_of"] <= self._uow.now - FRESH or row["plan"] != plan.id:
            return None, None
        document = json.loads(row["document"])
        if document["assessment"]["rules"] != criteria.rules_id:
            return None, None
        return from_document(adcode, row["as_of"], document), int(row["id"])
