"""Signatures of a proposal: the chain it was put forward with, where that stands, and each signature that is given."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from alerts.approval import (
    Chain,
    Objection,
    Position,
    Signed,
    advanced,
    chain_of,
    escalated,
    objection,
    read_chain,
    reminders,
)
from alerts.levels import Level
from alerts.plans import Plan
from service.accounts.roles import Capacity, Principal
from service.kit.canonical import canonical, digest
from service.kit.problems import Conflict, ContentChanged, Forbidden
from service.kit.unit_of_work import UnitOfWork
from service.proposals.content import called_for
from service.proposals.telling import tell_turn

SIGNATURES_SQL = """
SELECT proposal_id, step, account_id, role, delegation_id, for_account, content_hash, reason, signed_at
FROM signature WHERE proposal_id = ANY($1::bigint[]) ORDER BY proposal_id, step
"""
SIGN_SQL = """
INSERT INTO signature (proposal_id, adcode, step, account_id, role, delegation_id, for_account, content_hash, reason, signed_at)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
"""
MOVE_SQL = "UPDATE proposal SET step = $2, escalations = $3, opened_at = $4, deadline = $5 WHERE id = $1"
SIGNED_SQL = """
SELECT id, adcode, content FROM proposal WHERE adcode = ANY($1::text[]) AND state = 'open' AND step > 0 AND proposed_by IS NULL
"""
TURN_SQL = """
SELECT id, adcode, proposed_by, prompt_id, state, step, escalations, opened_at, created_at, deadline, chain,
    CASE WHEN chain IS NULL THEN content END AS content
FROM proposal WHERE id = ANY($1::bigint[])
"""
PROMPTERS_SQL = "SELECT id, issued_by FROM prompt WHERE id = ANY($1::bigint[])"
DUE_SQL = """
INSERT INTO due (schedule, due_at, job, payload) SELECT * FROM unnest($1::text[], $2::timestamptz[], $3::text[], $4::text[])
ON CONFLICT DO NOTHING
"""


class SignedMeanwhile(Conflict):
    """Somebody else has signed since the caller read the proposal."""


def chain_for(plan: Plan, frozen: dict[str, Any]) -> Chain | None:
    """The chain of a plan for a frozen content; None where nobody may decide."""
    return chain_of(plan, Level.of(frozen["from"]), Level.of(frozen["to"]), called_for(frozen))


def chain_of_row(uow: UnitOfWork, row: Any) -> Chain | None:
    """The chain kept with a proposal; of one from before chains were kept, that of the plan in force."""
    if row["chain"] is not None:
        return read_chain(json.loads(row["chain"]))
    return chain_for(uow.runtime.law.plan_for(row["adcode"], uow.now), json.loads(row["content"]))


def position_of(row: Any) -> Position:
    """Where the chain of a stored proposal stands."""
    return Position(row["step"], row["escalations"], row["opened_at"] or row["created_at"], row["deadline"])


def may_act(chain: Chain | None, row: Any) -> tuple[str, ...]:
    """The roles that may sign a stored proposal now; of a closed one, those who last could."""
    if chain is None:
        return ()
    position = position_of(row)
    step = chain.steps[min(position.step, len(chain.steps) - 1)]
    return step.may_sign(position.escalations)


async def signatures(uow: UnitOfWork, proposals: Iterable[int]) -> dict[int, list[Any]]:
    """The signatures given, by proposal, in order."""
    found: dict[int, list[Any]] = {number: [] for number in proposals}
    for row in await uow.fetch(SIGNATURES_SQL, list(found)):
        found[row["proposal_id"]].append(row)
    return found


async def signed_alike(uow: UnitOfWork, wanted: Sequence[dict[str, Any]]) -> dict[str, int]:
    """The open proposals of the system that somebody has signed and that differ from these contents in the words only, by division.

    Every hour words the basis anew; were that another content, a chain of signatures would never come to its end.
    """
    matter = {one["adcode"]: _matter(canonical(one)) for one in wanted}
    rows = await uow.fetch(SIGNED_SQL, list(matter))
    return {row["adcode"]: int(row["id"]) for row in rows if _matter(row["content"]) == matter[row["adcode"]]}


def _matter(text: str) -> dict[str, Any]:
    """A frozen content without the words of its notice."""
    return {**json.loads(text), "notice": None}


def window_of(proposal_id: int, position: Position) -> list[tuple[str, datetime, str, dict[str, Any]]]:
    """What falls due in the present window: its deadline and the reminders within it, as schedule, instant, job, payload."""
    window = {"proposal": proposal_id, "step": position.step, "escalations": position.escalations}
    where = f"{position.step}:{position.escalations}"
    wanted: list[tuple[str, datetime, str, dict[str, Any]]] = [
        (f"expire:proposal:{proposal_id}:{where}", position.until, "expire_proposal", {"proposal": proposal_id})
    ]
    for number, instant in enumerate(reminders(position)):
        wanted.append(
            (f"remind:proposal:{proposal_id}:{where}", instant, "remind_proposal", window | {"number": number})
        )
    return wanted


async def schedule_all(uow: UnitOfWork, wanted: Sequence[tuple[str, datetime, str, dict[str, Any]]]) -> None:
    """Let what falls due be looked at, in one statement."""
    if wanted:
        names, instants, jobs, payloads = zip(*wanted, strict=True)
        await uow.execute(DUE_SQL, names, instants, jobs, [canonical(payload) for payload in payloads])


async def schedule(uow: UnitOfWork, proposal_id: int, position: Position) -> None:
    """Let the present window be looked at: reminders within it, and its deadline."""
    await schedule_all(uow, window_of(proposal_id, position))


async def prompters_of(uow: UnitOfWork, prompts: Iterable[int | None]) -> dict[int | None, int]:
    """Who issued each prompt that proposals follow; such a proposal is his although the service put it forward."""
    known = sorted({number for number in prompts if number is not None})
    rows = await uow.fetch(PROMPTERS_SQL, known) if known else ()
    return {row["id"]: row["issued_by"] for row in rows}


async def prompter_of(uow: UnitOfWork, row: Any) -> int | None:
    """Who issued the prompt that a proposal follows."""
    return (await prompters_of(uow, [row["prompt_id"]])).get(row["prompt_id"])


class Bar(StrEnum):
    """Why somebody does not sign a proposal now."""

    OWN = "own"
    PROMPTED = "prompted"
    SIGNED = "signed"
    LATER = "later"
    ROLE = "role"
    CLOSED = "closed"
    LATE = "late"


@dataclass(frozen=True)
class Turn:
    """Whether somebody signs or rejects a proposal now: in what capacity, or what stands against it."""

    acting: Capacity | None
    bar: Bar | None = None


def capacity(
    principal: Principal, row: Any, roles: Collection[str], given: Sequence[Any], prompter: int | None
) -> Capacity | None:
    """In what role somebody may sign, of these; None when in none.

    Four eyes: one signature a person, none of the proposer, nor of who issued the prompt behind it (`prompter`).
    """
    signed_by = [number for one in given for number in _signed(one).people]
    if prompter is not None:
        signed_by.append(prompter)
    return principal.capacity(row["adcode"], roles, row["proposed_by"], signed_by=signed_by)


def turn_of(
    principal: Principal, row: Any, chain: Chain | None, given: Sequence[Any], now: datetime, *, prompter: int | None
) -> Turn:
    """Whether it is somebody's turn, for the flow and the pages alike; `prompter`: who issued the prompt it follows."""
    if row["proposed_by"] == principal.account_id:
        return Turn(None, Bar.OWN)
    if prompter is not None and prompter == principal.account_id:
        return Turn(None, Bar.PROMPTED)
    open_now = row["state"] == "open"
    counted = given if open_now else ()
    acting = capacity(principal, row, _due_roles(row, chain, now), counted, prompter)
    if acting is None and any(principal.account_id in _signed(one).people for one in counted):
        return Turn(None, Bar.SIGNED)
    if acting is None:
        coming = chain.steps[row["step"] :] if chain is not None and open_now else ()
        later = {role for step in coming for role in (*step.roles, *step.escalates_to)}
        return Turn(None, Bar.LATER if capacity(principal, row, later, counted, prompter) else Bar.ROLE)
    if not open_now:
        return Turn(acting, Bar.CLOSED)
    late = chain is None or escalated(chain, position_of(row), now) is None
    return Turn(acting, Bar.LATE if late else None)


def _due_roles(row: Any, chain: Chain | None, now: datetime) -> tuple[str, ...]:
    """The roles that may sign at `now`; of what is closed, all of its chain."""
    if chain is None:
        return ()
    return _roles_at(chain, row, now) if row["state"] == "open" else chain.roles


async def turns(uow: UnitOfWork, principal: Principal, proposals: Collection[int]) -> dict[int, Turn]:
    """Whether it is one person's turn, for each of many stored proposals."""
    rows = await uow.fetch(TURN_SQL, sorted(proposals))
    given = await signatures(uow, [row["id"] for row in rows])
    prompters = await prompters_of(uow, [row["prompt_id"] for row in rows])
    return {
        row["id"]: turn_of(
            principal, row, chain_of_row(uow, row), given[row["id"]], uow.now, prompter=prompters.get(row["prompt_id"])
        )
        for row in rows
    }


def check_signer(
    principal: Principal,
    row: Any,
    chain: Chain | None,
    given: Sequence[Any],
    content_hash: str,
    now: datetime,
    *,
    prompter: int | None,
) -> Capacity:
    """In what capacity somebody signs or rejects now; `prompter`: who issued the prompt that the proposal follows.

    Raises Forbidden for the proposer and the prompter, for a second signature of one person and for a role whose turn it is not,
    Conflict when it is closed or its time is over, ContentChanged when the hash is another.
    """
    turn = turn_of(principal, row, chain, given, now, prompter=prompter)
    if turn.bar is Bar.OWN:
        raise Forbidden("You proposed this yourself; somebody else must decide (four eyes).")
    if turn.bar is Bar.PROMPTED:
        raise Forbidden("This follows a prompt of your own; somebody else must decide (four eyes).")
    if turn.bar is Bar.SIGNED:
        raise _refusal(Objection.SIGNED_BEFORE)
    acting = turn.acting
    if acting is None:
        raise _not_their_turn(principal, row, chain, _due_roles(row, chain, now))
    if turn.bar is Bar.CLOSED:
        raise Conflict(f"This proposal is {row['state']}; read the open ones under /api/v1/proposals.")
    assert chain is not None  # without one no role fits
    found = objection(
        chain,
        position_of(row),
        [_signed(one) for one in given],
        people=frozenset({principal.account_id, acting.for_account or principal.account_id}),
        role=acting.role.value,
        proposed_by=row["proposed_by"],
        content_hash=row["content_hash"],
        now=now,
    )
    if found is not None:
        raise _refusal(found)
    check_content(row, content_hash)
    return acting


def _signed(one: Any) -> Signed:
    return Signed(one["account_id"], one["content_hash"], one["for_account"])


def _roles_at(chain: Chain, row: Any, now: datetime) -> tuple[str, ...]:
    """The roles that may sign at `now`: after a deadline that nobody has acted on yet, the next role may already."""
    position = position_of(row)
    present = escalated(chain, position, now) or position
    return chain.steps[position.step].may_sign(present.escalations)


def _not_their_turn(principal: Principal, row: Any, chain: Chain | None, roles: Sequence[str]) -> Forbidden | Conflict:
    before = () if chain is None else chain.steps[: row["step"]]
    if any(principal.role.value in (*step.roles, *step.escalates_to) for step in before):
        return SignedMeanwhile(f"This step is signed already; the next signature is for {' or '.join(roles)}.")
    turn = f"The plan lets {' or '.join(roles) or 'nobody'} decide this"
    if chain is not None and len(chain.steps) > 1:
        turn = f"Signature {row['step'] + 1} of {len(chain.steps)} is for {' or '.join(roles)}"
    return Forbidden(f"{turn}; you are {principal.role.value}.")


def _refusal(found: Objection) -> Forbidden | Conflict:
    if found is Objection.PROPOSED:
        return Forbidden("Who you stand in for proposed this; somebody else must decide (four eyes).")
    if found is Objection.SIGNED_BEFORE:
        return Forbidden("You have signed this already; the next signature is for somebody else (four eyes).")
    if found is Objection.LATE:
        return Conflict("The deadline of this proposal has passed; a new one follows with the next assessment.")
    if found is Objection.OTHER_CONTENT:
        return ContentChanged("An earlier signature is under other content; it was tampered with. Tell the auditor.")
    return Conflict("The signatures of this proposal have changed; read it again.")


def check_content(row: Any, content_hash: str) -> None:
    """The stored content is the one with this hash. Raises ContentChanged."""
    if content_hash != row["content_hash"]:
        raise ContentChanged(content_hash=row["content_hash"])
    if digest(json.loads(row["content"])) != row["content_hash"]:
        raise ContentChanged("The stored content does not match its hash; it was tampered with. Tell the auditor.")


async def sign(
    uow: UnitOfWork, principal: Principal, acting: Capacity, row: Any, chain: Chain, reason: str
) -> Position | None:
    """Store a signature and move the chain on; None when it was the last. The caller holds the locks."""
    position = position_of(row)
    await uow.execute(
        SIGN_SQL,
        row["id"],
        row["adcode"],
        position.step,
        principal.account_id,
        acting.role.value,
        acting.delegation_id,
        acting.for_account,
        row["content_hash"],
        reason,
        uow.now,
    )
    following = advanced(chain, position, uow.now)
    await uow.record(
        "proposal.signed",
        row["adcode"],
        proposal=row["id"],
        signature=position.step + 1,
        of=len(chain.steps),
        account=principal.account_id,
        role=acting.role.value,
        delegation=acting.delegation_id,
        for_account=acting.for_account,
        hash=row["content_hash"],
        deadline=None if following is None else following.until,
    )
    if following is None:
        await uow.execute("UPDATE proposal SET step = $2 WHERE id = $1", row["id"], position.step + 1)
        return None
    await move(uow, row["id"], following)
    await tell_turn(uow, row, chain, following, "proposal")
    return following


async def move(uow: UnitOfWork, proposal_id: int, position: Position) -> None:
    """Store a position of the chain and what falls due in its window."""
    await uow.execute(MOVE_SQL, proposal_id, position.step, position.escalations, position.since, position.until)
    await schedule(uow, proposal_id, position)


async def escalate(uow: UnitOfWork, row: Any, chain: Chain) -> Position | None:
    """Pass the deadline of an open proposal: the next role may sign too, in a window of its own. None: none is left.

    The caller holds the locks. Before the deadline nothing happens.
    """
    position = position_of(row)
    present = escalated(chain, position, uow.now)
    if present is None or present == position:
        return present
    step = chain.steps[position.step]
    await move(uow, row["id"], present)
    await uow.record(
        "proposal.escalated",
        row["adcode"],
        proposal=row["id"],
        signature=position.step + 1,
        of=len(chain.steps),
        waited_for=step.may_sign(position.escalations),
        escalated_to=step.escalates_to[position.escalations],
        deadline=present.until,
        hash=row["content_hash"],
    )
    await tell_turn(uow, row, chain, present, "escalation")
    return present
