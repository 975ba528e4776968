"""Who has no operating plan (无操作方案) when a response starts: known then, without waiting for evidence."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime

from emission_lists.compliance import Found
from emission_lists.compliance_gates import judge_plan
from emission_lists.compliance_process import Existing, reconcile
from emission_lists.compliance_rules import Rule
from service.accounts.roles import prefix_of
from service.enterprises.situation import carrying
from service.evidence.config import rules
from service.evidence.flows import PER_JOB
from service.findings.cases import Case, without_hours
from service.findings.elsewhere import once_a_warning, plans_elsewhere
from service.findings.judging import EXISTING_SQL, insert
from service.findings.storing import existing_of
from service.findings.told import plants_of
from service.kit.unit_of_work import UnitOfWork
from service.responses.repository import of_division

CONCERNED = """
FROM list_version v JOIN list_enterprise e ON e.version_id = v.id
WHERE (v.id = $1 OR ((v.adcode = ANY($2::text[]) OR v.adcode LIKE $3) AND v.activated_at <= $4
        AND (v.ended_at IS NULL OR v.ended_at > $4) AND (v.adcode LIKE $3 OR e.county LIKE $3)))
"""
COUNT_SQL = f"SELECT count(DISTINCT e.uscc) {CONCERNED}"
PLANLESS_SQL = f"""
SELECT DISTINCT e.uscc {CONCERNED}
    AND NOT EXISTS (SELECT 1 FROM operating_plan p WHERE p.uscc = e.uscc AND p.filed_at <= $4 AND NOT EXISTS (
        SELECT 1 FROM operating_plan_review r WHERE r.plan_id = p.id AND NOT r.accepted AND r.at <= $4))
ORDER BY e.uscc
"""
ANY_PLAN_SQL = "SELECT EXISTS (SELECT 1 FROM operating_plan WHERE filed_at <= $1)"


async def look_for_missing_plans(uow: UnitOfWork, adcode: str, at: datetime) -> None:
    """Queue the enterprises without a plan of the lists that responses starting at an instant concern. Idempotent.

    Nothing is queued while so few have filed here that a missing plan says little (`plans.kept_share`).
    """
    if at > uow.now or not await uow.fetchval(ANY_PLAN_SQL, at):
        return
    above = [adcode[:2] + "0000", adcode[:4] + "00", adcode]
    for response in await of_division(uow, adcode):
        if response.starts_at != at or carrying(response) is None:
            continue
        concerned = (response.list_version, above, prefix_of(adcode) + "%", at)
        usccs = [row["uscc"] for row in await uow.fetch(PLANLESS_SQL, *concerned)]
        whole = int(await uow.fetchval(COUNT_SQL, *concerned))
        if whole - len(usccs) < rules().plans.kept_share.value * whole:
            continue
        for start in range(0, len(usccs), PER_JOB):
            part = {"adcode": adcode, "response": response.id, "usccs": usccs[start : start + PER_JOB]}
            await uow.enqueue("judge_plans", part)


async def judge_plans(uow: UnitOfWork, adcode: str, number: int, usccs: Sequence[str]) -> int:
    """Find the missing plans of enterprises under a response; returns how many. What is known already stays. Idempotent."""
    response = next((one for one in await of_division(uow, adcode) if one.id == number), None)
    if response is None:
        return 0
    plants = await plants_of(uow, usccs, response)
    homes = {home for sites in plants.values() for site in sites for home in site.homes}
    for home in sorted(homes):
        await uow.execute("SELECT pg_advisory_xact_lock(hashtextextended('findings:' || $1, 2))", home)
    stored: dict[str, list[Existing]] = defaultdict(list)
    for row in await uow.fetch(EXISTING_SQL, response.id, sorted(plants)):
        if row["rule"] == Rule.NO_PLAN:
            stored[row["uscc"]].append(existing_of(row))
    elsewhere = await plans_elsewhere(uow, response, sorted(plants))
    fresh: list[tuple[Case, Found]] = []
    seen: set[str] = set()
    for case in await without_hours(uow, response, plants):
        uscc = case.enterprise.uscc
        found = judge_plan(case.lines, case.filed)
        if uscc in seen or not found:
            continue
        seen.add(uscc)
        shown = once_a_warning(found, stored[uscc], elsewhere.get(uscc, ()))
        fresh += [(case, one) for one in reconcile(stored[uscc], shown).new]
    new = await insert(uow, response, fresh)
    if new:
        await uow.record("findings.judged", adcode, response=response.id, rules=rules().id, new=new, changed=[])
        for home in sorted({case.adcode for case, _ in fresh}):
            await uow.tell("finding", home)
    return len(new)
