"""Many divisions at once: the same rows that `put_forward` writes one by one, in a few statements."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from alerts.approval import Chain, Position, begun
from alerts.instants import parse_instant
from alerts.levels import Level
from alerts.plans import Plan
from service.kit.bulk import due_all, record_all, tell_all
from service.kit.canonical import canonical, digest
from service.kit.drill import marked_notice
from service.kit.unit_of_work import UnitOfWork
from service.proposals.chains import (
    chain_for,
    chain_of_row,
    position_of,
    schedule_all,
    signatures,
    signed_alike,
    window_of,
)
from service.proposals.telling import tell_closed, tell_turn

SAME_SQL = """
SELECT DISTINCT ON (w.adcode) w.adcode, p.id, p.state FROM unnest($1::text[], $2::text[], $3::timestamptz[]) w(adcode, hash, rests)
JOIN proposal p ON p.adcode = w.adcode AND p.content_hash = w.hash
WHERE p.state = 'open' OR (p.closed_at > w.rests AND (p.state = 'rejected' OR (p.state = 'superseded' AND EXISTS (
    SELECT 1 FROM proposal h WHERE h.adcode = p.adcode AND h.created_at = p.closed_at AND h.proposed_by IS NOT NULL
    AND (h.state = 'open' OR (h.action = 'hold' AND h.state = 'approved'))))))
ORDER BY w.adcode, p.id DESC
"""
CLOSE_SQL = """
UPDATE proposal SET state = 'superseded', closed_at = $2
WHERE adcode = ANY($1::text[]) AND state = 'open' AND (NOT $3 OR proposed_by IS NULL) RETURNING *
"""
INSERT_SQL = """
INSERT INTO proposal (adcode, action, from_level, to_level, reason, effective_at, planned_end, content, content_hash,
    assessment_id, prompt_id, proposed_by, deadline, state, created_at, chain, opened_at)
SELECT adcode, action, from_level, to_level, reason, effective_at, planned_end, content, content_hash, assessment_id, prompt_id,
    NULL, deadline, 'open', $14, chain, $14
FROM unnest($1::text[], $2::text[], $3::int[], $4::int[], $5::text[], $6::timestamptz[], $7::timestamptz[], $8::text[],
    $9::text[], $10::bigint[], $11::bigint[], $12::timestamptz[], $13::text[])
    n(adcode, action, from_level, to_level, reason, effective_at, planned_end, content, content_hash, assessment_id, prompt_id,
    deadline, chain)
RETURNING id, adcode
"""

OPEN_SQL = """
SELECT * FROM proposal WHERE adcode = ANY($1::text[]) AND state = 'open' AND step = 0 AND escalations = 0
    AND (prompt_id = $2 OR created_at = (SELECT issued_at FROM prompt WHERE id = $2)) ORDER BY adcode
"""


@dataclass(frozen=True)
class Forward:
    """A content of the system to put forward, with what it rests on."""

    frozen: dict[str, Any]
    plan: Plan
    assessment_id: int | None
    prompt_id: int | None

    @property
    def adcode(self) -> str:
        """The division."""
        return str(self.frozen["adcode"])


async def put_forward_all(uow: UnitOfWork, wanted: Sequence[Forward]) -> dict[str, int]:
    """Replace the open proposal of each division by its content; returns the id of what is open then, by division.

    The caller holds the locks of the divisions. The same content keeps its row and deadline; one that rests stays closed,
    and one that is signed stays when only the words are newer, exactly as `put_forward` does for a proposal of the system.
    """
    drill = uow.runtime.drill
    wanted = [replace(one, frozen=one.frozen | {"notice": marked_notice(drill, one.frozen["notice"])}) for one in wanted]
    texts = {one.adcode: (canonical(one.frozen), digest(one.frozen)) for one in wanted}
    rests = [uow.now - timedelta(hours=one.plan.deadlines.reconsider_hours) for one in wanted]
    codes = [one.adcode for one in wanted]
    rows = await uow.fetch(SAME_SQL, codes, [texts[code][1] for code in codes], rests)
    kept = {row["adcode"]: int(row["id"]) for row in rows if row["state"] == "open"}
    resting = {row["adcode"] for row in rows} - kept.keys()
    new = [one for one in wanted if one.adcode not in kept and one.adcode not in resting]
    kept |= await signed_alike(uow, [one.frozen for one in new])
    new = [one for one in new if one.adcode not in kept]
    await supersede_all(uow, resting, by_system=True)
    await supersede_all(uow, {one.adcode for one in new}, by_system=False)
    return kept | await _insert(uow, new, texts)


async def supersede_all(uow: UnitOfWork, adcodes: Collection[str], *, by_system: bool) -> None:
    """Close the open proposals of divisions; with `by_system` only those that the system made."""
    if not adcodes:
        return
    rows = await uow.fetch(CLOSE_SQL, sorted(adcodes), uow.now, by_system)
    given = await signatures(uow, [row["id"] for row in rows if row["step"]])
    await record_all(
        uow,
        "proposal.superseded",
        [
            (
                row["adcode"],
                {
                    "proposal": row["id"],
                    "hash": row["content_hash"],
                    "signatures": len(given.get(row["id"], ())),
                },
            )
            for row in rows
        ],
    )
    for row in rows:
        if row["step"]:
            await tell_closed(uow, row, "superseded", [one["role"] for one in given[row["id"]]])
    await tell_all(uow, "proposal", [row["adcode"] for row in rows])


@dataclass(frozen=True)
class _New:
    """What is written of one content beside it: its text and hash, its chain and the window of the first signature."""

    forward: Forward
    text: str
    content_hash: str
    chain: Chain | None
    position: Position | None
    deadline: datetime

    @property
    def chained(self) -> list[dict[str, Any]] | None:
        return None if self.chain is None else self.chain.document()


async def _insert(uow: UnitOfWork, wanted: Sequence[Forward], texts: dict[str, tuple[str, str]]) -> dict[str, int]:
    if not wanted:
        return {}
    new = [_new(one, *texts[one.adcode], uow.now) for one in wanted]
    frozen = [one.forward.frozen for one in new]
    rows = await uow.fetch(
        INSERT_SQL,
        [one.forward.adcode for one in new],
        [one["action"] for one in frozen],
        [int(Level.of(one["from"])) for one in frozen],
        [int(Level.of(one["to"])) for one in frozen],
        [one["reason"] for one in frozen],
        [_instant(one["effective_at"]) for one in frozen],
        [_instant(one["planned_end"]) for one in frozen],
        [one.text for one in new],
        [one.content_hash for one in new],
        [one.forward.assessment_id for one in new],
        [one.forward.prompt_id for one in new],
        [one.deadline for one in new],
        [None if one.chained is None else canonical(one.chained) for one in new],
        uow.now,
    )
    made = {row["adcode"]: int(row["id"]) for row in rows}
    await record_all(uow, "proposal.made", [(one.forward.adcode, _told(one, made)) for one in new])
    await _schedule(uow, new, made)
    await tell_all(uow, "proposal", list(made))
    return made


def _new(forward: Forward, text: str, content_hash: str, now: datetime) -> _New:
    chain = chain_for(forward.plan, forward.frozen)
    position = None if chain is None else begun(chain, now)
    otherwise = now + timedelta(hours=forward.plan.deadlines.decision_hours)
    return _New(forward, text, content_hash, chain, position, position.until if position else otherwise)


def _told(one: _New, made: dict[str, int]) -> dict[str, Any]:
    frozen = one.forward.frozen
    return {
        "proposal": made[one.forward.adcode],
        "action": frozen["action"],
        "to": frozen["to"],
        "reason": frozen["reason"],
        "hash": one.content_hash,
        "chain": one.chained,
        "proposed_by": None,
    }


async def _schedule(uow: UnitOfWork, new: Sequence[_New], made: dict[str, int]) -> None:
    """The deadline of each first signature and the reminders before it."""
    unchained = [(made[one.forward.adcode], one.deadline) for one in new if one.position is None]
    await due_all(
        uow, "expire_proposal", [(f"expire:proposal:{number}", at, {"proposal": number}) for number, at in unchained]
    )
    chained = [(made[one.forward.adcode], one.position) for one in new if one.position is not None]
    await schedule_all(uow, [due for number, position in chained for due in window_of(number, position)])


async def tell_first_turns(uow: UnitOfWork, adcodes: Collection[str], prompt_id: int) -> None:
    """Tell those whose turn it is of the open proposals that a prompt made; asking twice tells once."""
    rows = await uow.fetch(OPEN_SQL, sorted(adcodes), prompt_id)
    for row in rows:
        chain = chain_of_row(uow, row)
        if chain is not None:
            await tell_turn(uow, row, chain, position_of(row), "proposal")


def _instant(value: datetime | str | None) -> datetime | None:
    return parse_instant(value) if isinstance(value, str) else value
