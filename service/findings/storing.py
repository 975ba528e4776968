"""How findings are written: added, changed with their evidence, withdrawn by it, each step kept."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from emission_lists.compliance import Found
from emission_lists.compliance_process import Changes, Existing, FindingState, told_of
from emission_lists.compliance_rules import Rule
from service.kit.canonical import canonical, digest
from service.kit.unit_of_work import UnitOfWork, beijing

ADD_SQL = """
INSERT INTO finding (adcode, uscc, enterprise, line_code, rule, response_id, state, starts_at, until_at, proof, content_hash,
    supported, raised_by, found_at, changed_at)
VALUES ($1, $2, $3, $4, $5, $6, 'found', $7, $8, $9, $10, true, $11, $12, $12) RETURNING id
"""
STEP_SQL = """
INSERT INTO finding_step (finding_id, step, at, account_id, role, note, attachment, content_hash, proof)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)
"""
STEPS_SQL = """
INSERT INTO finding_step (finding_id, step, at, note, content_hash, proof)
SELECT f.id, $2, $3, $4, f.content_hash, CASE WHEN $5 THEN f.proof END FROM finding f WHERE f.id = ANY($1::bigint[]) ORDER BY f.id
"""
CHANGE_SQL = """
UPDATE finding SET starts_at = $2, until_at = $3, proof = $4, content_hash = $5, changed_at = $6
WHERE id = $1 AND state = 'found'
"""
NARROW_SQL = "UPDATE finding SET state = 'found', supported = true WHERE id = $1"
NARROWED = "更正后的数据只证明原通知内容的一部分，须按余下部分重新通知"
GONE = "更正后的数据不再证明该问题"
MERGED = "与相邻时段的问题合并"


def content_of(uscc: str, found: Found) -> str:
    """The hash that a confirmation binds to."""
    return digest(
        {
            "uscc": uscc,
            "rule": found.rule.value,
            "line": found.line_code,
            "starts": found.starts,
            "until": found.until,
            "proof": found.proof,
        }
    )


def existing_of(row: Any) -> Existing:
    """A stored finding as it is compared with what evidence shows; `gates`: the proof of one of gates."""
    starts, until = beijing(row["starts_at"]), beijing(row["until_at"])
    assert starts is not None  # the columns are not null
    assert until is not None
    return Existing(
        row["id"],
        Rule(row["rule"]),
        row["line_code"],
        starts,
        until,
        FindingState(row["state"]),
        row["content_hash"],
        row["supported"],
        told_of(row["gates"] or {}),
    )


async def alter(uow: UnitOfWork, uscc: str, made: Changes, known: Sequence[Existing]) -> list[dict[str, Any]]:
    """Store what has changed of the findings that were known; returns what the ledger says of each."""
    hashes = {one.id: one.content_hash for one in known}
    altered: list[dict[str, Any]] = []
    for number, note in [*((one, GONE) for one in made.gone), *((one, MERGED) for one, _ in made.merged)]:
        await uow.execute(
            "UPDATE finding SET state = 'withdrawn', supported = false, changed_at = $2 WHERE id = $1", number, uow.now
        )
        await uow.execute(STEPS_SQL, [number], "withdrawn", uow.now, note, False)
        altered.append({"finding": number, "withdrawn": note})
    for number, found in made.changed:
        content = content_of(uscc, found)
        narrowed = number in made.narrowed
        if content == hashes[number] and not narrowed:
            continue
        if narrowed:
            await uow.execute(NARROW_SQL, number)
        await uow.execute(CHANGE_SQL, number, found.starts, found.until, canonical(found.proof), content, uow.now)
        step, note = ("narrowed", NARROWED) if narrowed else ("changed", "")
        await uow.execute(STEPS_SQL, [number], step, uow.now, note, True)
        altered.append({"finding": number, "hash": content} | ({"narrowed": NARROWED} if narrowed else {}))
    for number, supported in made.supported.items():
        await uow.execute(
            "UPDATE finding SET supported = $2, changed_at = $3 WHERE id = $1", number, supported, uow.now
        )
        await uow.execute(STEPS_SQL, [number], "supported" if supported else "unsupported", uow.now, "", False)
        altered.append({"finding": number, "supported": supported})
    return altered
