"""Evidence in, findings out: judge the enterprises that new evidence touched, and store what has changed."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import Any

from emission_lists.compliance import Found, judge
from emission_lists.compliance_gates import judge_gates, judge_plan
from emission_lists.compliance_process import Changes, Existing, reconcile
from emission_lists.compliance_reach import reach, within
from emission_lists.compliance_rules import ComplianceRules
from emission_lists.compliance_told import apart
from service.enterprises.situation import carrying
from service.enterprises.sources import Site
from service.evidence.config import rules
from service.findings.cases import Case, Window, basis_of, read
from service.findings.elsewhere import once_a_warning, plans_elsewhere
from service.findings.inspected import follow_inspections
from service.findings.storing import STEPS_SQL, alter, content_of, existing_of
from service.findings.told import plants_of
from service.kit.canonical import canonical
from service.kit.unit_of_work import UnitOfWork
from service.responses.repository import Responding, of_division

RECENT = timedelta(days=60)
"""A change of the registry is judged anew for responses that ended within this time."""
EXISTING_SQL = """
SELECT id, uscc, rule, line_code, starts_at, until_at, state, content_hash, supported,
    CASE WHEN rule = 'BANNED_VEHICLE' THEN proof END AS gates
FROM finding WHERE response_id = $1 AND uscc = ANY($2::text[]) AND raised_by IS NULL AND rule <> 'BY_HAND'
"""
NEW_SQL = """
INSERT INTO finding (adcode, uscc, enterprise, line_code, rule, response_id, state, starts_at, until_at, proof, content_hash,
    supported, found_at, changed_at)
SELECT a, u, n, l, r, $2, 'found', s, e, p, h, true, $3, $3
FROM unnest($1::text[], $4::text[], $5::text[], $6::text[], $7::text[], $8::timestamptz[], $9::timestamptz[], $10::jsonb[],
    $11::text[]) AS t(a, u, n, l, r, s, e, p, h)
RETURNING id, uscc, rule, line_code, starts_at, content_hash
"""
MARKS_SQL = "SELECT uscc, mark FROM finding_basis WHERE response_id = $1 AND uscc = ANY($2::text[])"
KEEP_MARKS_SQL = """
INSERT INTO finding_basis (response_id, uscc, mark, judged_at) SELECT $1, u, m, $4 FROM unnest($2::text[], $3::text[]) AS t(u, m)
ON CONFLICT (response_id, uscc) DO UPDATE SET mark = excluded.mark, judged_at = $4 WHERE finding_basis.mark <> excluded.mark
"""


async def judge_touched(
    uow: UnitOfWork, adcode: str, usccs: Sequence[str], first: datetime | None, last: datetime | None
) -> int:
    """Judge enterprises under every response that evidence of [first, last] bears on; returns how many findings changed.

    Idempotent: the same evidence changes nothing a second time. None: the registry changed, so recent responses are judged.
    """
    plants = await plants_of(uow, usccs)
    homes = {adcode, *(home for sites in plants.values() for site in sites for home in site.homes)}
    for home in sorted(homes):
        await uow.execute("SELECT pg_advisory_xact_lock(hashtextextended('findings:' || $1, 2))", home)
    chain = {division for sites in plants.values() for site in sites for division in site.chain}
    changed = 0
    if first is not None and last is not None:
        changed += await follow_inspections(uow, sorted(homes), sorted(usccs), first, last)
    for division in sorted(chain):
        for response in await of_division(uow, division):
            if carrying(response) is not None and _bears_on(response, first, last, uow.now):
                then = await plants_of(uow, plants, response)
                changed += await _judge_response(uow, response, then, first, last)
    if changed:
        await uow.tell("finding", adcode)
    return changed


def _bears_on(response: Responding, first: datetime | None, last: datetime | None, now: datetime) -> bool:
    """Whether hours of that time are under the response, or among the days that its baselines rest on."""
    if response.starts_at > now:
        return False
    if first is None or last is None:
        return response.ends_at is None or response.ends_at > now - RECENT
    earliest = response.starts_at - timedelta(days=rules().baseline.lookback_days.value + 1)
    return earliest < last and (response.ends_at is None or first <= response.ends_at)


async def _judge_response(
    uow: UnitOfWork,
    response: Responding,
    plants: Mapping[str, Sequence[Site]],
    first: datetime | None,
    last: datetime | None,
) -> int:
    """Judge only the days that evidence touched and the findings that reach them, where nothing else has changed."""
    basis = await basis_of(uow, response, plants, anew=first is None or first <= response.starts_at)
    stored: dict[str, list[Existing]] = defaultdict(list)
    for row in await uow.fetch(EXISTING_SQL, response.id, sorted(plants)):
        stored[row["uscc"]].append(existing_of(row))
    marks = basis.marks()
    windows: dict[str, Window] = {}
    if first is not None and last is not None:
        kept = {row["uscc"]: row["mark"] for row in await uow.fetch(MARKS_SQL, response.id, basis.usccs)}
        for uscc, mark in marks.items():
            if kept.get(uscc) == mark:
                windows[uscc] = reach(first, last, stored[uscc])
    cases = await read(uow, basis, windows)
    together: dict[str, list[Case]] = defaultdict(list)
    for case in cases.cases:
        together[case.enterprise.uscc].append(case)
    fresh: list[tuple[Case, Found]] = []
    changes: list[tuple[str, Changes, list[Existing]]] = []
    elsewhere = await plans_elsewhere(uow, response, sorted(together))
    for uscc, several in together.items():
        found = {case.adcode: findings_of(case, cases.whitelist, rules()) for case in several}
        known = within(stored[uscc], windows[uscc]) if uscc in windows else stored[uscc]
        shown = apart(one for each in found.values() for one in each)
        made = reconcile(known, once_a_warning(shown, stored[uscc], elsewhere.get(uscc, ())))
        fresh += [(_of(one, several, found), one) for one in made.new]
        changes.append((uscc, made, known))
    altered = [entry for uscc, made, known in changes for entry in await alter(uow, uscc, made, known)]
    new = await insert(uow, response, fresh)
    await uow.execute(KEEP_MARKS_SQL, response.id, sorted(marks), [marks[uscc] for uscc in sorted(marks)], uow.now)
    if new or altered:
        await uow.record(
            "findings.judged", response.adcode, response=response.id, rules=rules().id, new=new, changed=altered
        )
    return len(new) + len(altered)


def _of(one: Found, several: Sequence[Case], found: Mapping[str, Sequence[Found]]) -> Case:
    """The plant that a finding is of; of one that was cut, the first plant with the line."""
    whole = next((case for case in several if one in found[case.adcode]), None)
    with_line = (case for case in several if any(line.code == one.line_code for line in case.lines))
    return whole or next(with_line, several[0])


def findings_of(case: Case, whitelist: Mapping[str, date | None], by: ComplianceRules) -> list[Found]:
    """Everything that the evidence of one enterprise proves."""
    found = [one for line in case.lines for one in judge(line, by)]
    if case.passages:
        found += judge_gates(case.lines, case.passages, whitelist, by)
    return found + judge_plan(case.lines, case.filed)


async def insert(uow: UnitOfWork, response: Responding, fresh: Sequence[tuple[Case, Found]]) -> list[dict[str, Any]]:
    """Store new findings under a response; returns what the ledger says of each."""
    if not fresh:
        return []
    rows = await uow.fetch(
        NEW_SQL,
        [case.adcode for case, _ in fresh],
        response.id,
        uow.now,
        [case.enterprise.uscc for case, _ in fresh],
        [case.enterprise.name for case, _ in fresh],
        [found.line_code for _, found in fresh],
        [found.rule.value for _, found in fresh],
        [found.starts for _, found in fresh],
        [found.until for _, found in fresh],
        [canonical(found.proof) for _, found in fresh],
        [content_of(case.enterprise.uscc, found) for case, found in fresh],
    )
    await uow.execute(STEPS_SQL, [row["id"] for row in rows], "found", uow.now, "", True)
    return [
        {"finding": row["id"], "uscc": row["uscc"], "rule": row["rule"], "hash": row["content_hash"]} for row in rows
    ]
