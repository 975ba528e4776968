"""Inspections (现场检查) that say 不符合 become findings, with their delivery and reference as proof, and follow corrections.

An inspection is told apart by enterprise, line, instant, inspector and reference. Of one that is delivered again the newest
delivery counts. It needs no response: what an inspector saw is a finding of its own.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from emission_lists.compliance import Found
from emission_lists.compliance_process import Existing, reconcile
from emission_lists.compliance_rules import Rule
from service.evidence.config import rules
from service.findings.storing import ADD_SQL, STEPS_SQL, alter, content_of, existing_of
from service.findings.under import response_over
from service.kit.canonical import canonical
from service.kit.unit_of_work import UnitOfWork, beijing

SEEN_SQL = """
SELECT adcode, uscc, line_code, inspected_at, inspector, reference, result, note, batch_id, account_id FROM (
    SELECT i.*, b.account_id, rank() OVER (
        PARTITION BY i.uscc, i.line_code, i.inspected_at, i.inspector, i.reference ORDER BY i.batch_id DESC) AS place
    FROM inspection i JOIN evidence_batch b ON b.id = i.batch_id
    WHERE i.adcode = ANY($1::text[]) AND i.uscc = ANY($2::text[]) AND i.inspected_at >= $3 AND i.inspected_at <= $4
) newest WHERE place = 1 ORDER BY id
"""
STORED_SQL = """
SELECT id, uscc, rule, line_code, starts_at, until_at, state, content_hash, supported, NULL AS gates, proof FROM finding
WHERE uscc = ANY($1::text[]) AND rule = 'BY_HAND' AND proof ? 'inspection' AND starts_at >= $2 AND starts_at <= $3 ORDER BY id
"""
RAISED_SQL = """
UPDATE finding SET raised_by = $2
WHERE id = ANY($1::bigint[]) AND state = 'found' AND raised_by IS DISTINCT FROM $2 RETURNING id
"""
NAMES_SQL = """
SELECT e.name, (SELECT one ->> 'name' FROM jsonb_array_elements(e.document::jsonb -> 'lines') one WHERE one ->> 'code' = $4) AS line
FROM list_enterprise e JOIN list_version v ON v.id = e.version_id
WHERE e.uscc = $1 AND v.adcode = $2 AND v.activated_at IS NOT NULL
ORDER BY v.activated_at <= $3 DESC, v.activated_at DESC, v.id DESC LIMIT 1
"""


class Inspection(NamedTuple):
    """What tells one inspection apart. `line` and `reference` are empty where none is named."""

    uscc: str
    line: str
    at: datetime
    inspector: str
    reference: str


async def follow_inspections(
    uow: UnitOfWork, homes: Sequence[str], usccs: Sequence[str], first: datetime, last: datetime
) -> int:
    """Bring findings in line with the inspections of [first, last]; returns how many changed. Idempotent."""
    seen: dict[Inspection, list[Any]] = defaultdict(list)
    for row in await uow.fetch(SEEN_SQL, homes, usccs, first, last):
        key = Inspection(
            row["uscc"], row["line_code"] or "", _beijing(row["inspected_at"]), row["inspector"], row["reference"] or ""
        )
        seen[key].append(row)
    if not seen:
        return 0
    stored: dict[Inspection, list[Any]] = defaultdict(list)
    for row in await uow.fetch(STORED_SQL, usccs, first, last):
        told = row["proof"]["inspection"]
        at_ = _beijing(row["starts_at"])
        stored[Inspection(row["uscc"], row["line_code"], at_, told["inspector"], told["reference"] or "")].append(row)
    changed = 0
    for one, delivered in seen.items():
        changed += await _follow(uow, one, delivered, stored[one])
    return changed


async def _follow(uow: UnitOfWork, one: Inspection, delivered: Sequence[Any], stored: Sequence[Any]) -> int:
    breaches = [row for row in delivered if row["result"] == "breach"]
    known: list[Existing] = [existing_of(row) for row in stored]
    if not breaches and not known:
        return 0
    proofs = {row["id"]: row["proof"] for row in stored}
    adcode = delivered[0]["adcode"]
    names = await uow.fetchrow(NAMES_SQL, one.uscc, adcode, one.at, one.line)
    found = [_found(one, breaches, "" if names is None else names["line"] or "")] if breaches else []
    made = reconcile(known, found)
    made.changed = [(number, it) for number, it in made.changed if not _same(proofs[number], it.proof)]
    altered = await alter(uow, one.uscc, made, known)
    if made.changed:  # what somebody else now proves is not theirs to confirm
        account = breaches[0]["account_id"]
        passed = {row["id"] for row in await uow.fetch(RAISED_SQL, [number for number, _ in made.changed], account)}
        altered = [told | ({"raised_by": account} if told["finding"] in passed else {}) for told in altered]
    name = one.uscc if names is None else names["name"]
    new = [await _add(uow, one, adcode, name, it, breaches[0]["account_id"]) for it in made.new]
    if new or altered:
        await uow.record("findings.judged", adcode, response=None, rules=rules().id, new=new, changed=altered)
    return len(new) + len(altered)


def _found(one: Inspection, breaches: Sequence[Any], line_name: str) -> Found:
    notes = dict.fromkeys(row["note"] for row in breaches)
    return Found(Rule.BY_HAND, one.line, one.at, one.at, {
        "line": one.line,
        "line_name": line_name,
        "threshold": {"of": "hand"},
        "items": [],
        "note": "；".join(notes),
        "attachment": one.reference or None,
        "inspection": {
            "inspector": one.inspector,
            "reference": one.reference or None,
            "batch": breaches[0]["batch_id"],
        },
    })  # fmt: skip


def _same(told: Mapping[str, Any], shown: Mapping[str, Any]) -> bool:
    """Whether a delivery says nothing new: the batch that said it first stays."""
    return {**told, "inspection": None} == {**shown, "inspection": None}


async def _add(
    uow: UnitOfWork, one: Inspection, adcode: str, name: str, found: Found, account: int | None
) -> dict[str, Any]:
    """`account`: who uploaded it, and therefore does not confirm it."""
    response = await response_over(uow, one.uscc, adcode, one.at)
    content = content_of(one.uscc, found)
    number: int = await uow.fetchval(
        ADD_SQL,
        adcode,
        one.uscc,
        name,
        one.line,
        found.rule.value,
        None if response is None else response.id,
        found.starts,
        found.until,
        canonical(found.proof),
        content,
        account,
        uow.now,
    )
    await uow.execute(STEPS_SQL, [number], "found", uow.now, "", True)
    return {"finding": number, "uscc": one.uscc, "rule": found.rule.value, "hash": content}


def _beijing(instant: datetime) -> datetime:
    found = beijing(instant)
    assert found is not None  # the columns are not null
    return found
