"""Approval chains (审批链): who signs in which order, until when, and what follows when nobody does.

A plan names the signatures for each level; the chain is worked out once and kept with the proposal. Nothing is stored
here and no clock is read.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from alerts.levels import WARNING_LEVELS, Level
from alerts.plans import Plan

LAST_CALL = timedelta(minutes=15)
"""How long before a deadline the last reminder goes out."""


@dataclass(frozen=True)
class Step:
    """One signature: any holder of `roles`, within `hours`; at each deadline the next of `escalates_to` may sign too."""

    roles: tuple[str, ...]
    hours: int
    escalates_to: tuple[str, ...] = ()

    def may_sign(self, escalations: int) -> tuple[str, ...]:
        """The roles that may sign after so many escalations; nobody loses the right by being late."""
        return tuple(dict.fromkeys((*self.roles, *self.escalates_to[:escalations])))


@dataclass(frozen=True)
class Chain:
    """The signatures in order; at least one."""

    steps: tuple[Step, ...]

    def __post_init__(self) -> None:
        if not self.steps:
            raise ValueError("a chain needs at least one signature")

    @property
    def roles(self) -> tuple[str, ...]:
        """Every role that the chain names, in order."""
        return tuple(dict.fromkeys(role for step in self.steps for role in (*step.roles, *step.escalates_to)))

    def document(self) -> list[dict[str, Any]]:
        """The chain as plain values, as it is kept with a proposal."""
        return [
            {"roles": list(step.roles), "hours": step.hours, "escalates_to": list(step.escalates_to)}
            for step in self.steps
        ]


@dataclass(frozen=True)
class Position:
    """Where a chain stands: `step` signatures are given, `escalations` deadlines of the next one have passed.

    The present window is [since, until) (aware).
    """

    step: int
    escalations: int
    since: datetime
    until: datetime


@dataclass(frozen=True)
class Signed:
    """A signature that was given: by whom, for whom when it was a stand-in, and to which content."""

    account_id: int
    content_hash: str
    for_account: int | None = None

    @property
    def people(self) -> frozenset[int]:
        """Whose signature it is: the stand-in's, and that of whom it was given for."""
        return frozenset({self.account_id} if self.for_account is None else {self.account_id, self.for_account})


class Objection(StrEnum):
    """Why somebody may not sign now."""

    PROPOSED = "proposed"
    SIGNED_BEFORE = "signed_before"
    ROLE = "role"
    LATE = "late"
    COMPLETE = "complete"
    OTHER_CONTENT = "other_content"


def read_chain(document: Iterable[Mapping[str, Any]]) -> Chain:
    """A chain from the values that `Chain.document` gave."""
    return Chain(
        tuple(Step(tuple(step["roles"]), int(step["hours"]), tuple(step["escalates_to"])) for step in document)
    )


def deciding_level(named: Iterable[Level], from_level: Level, to_level: Level, called_for: Level) -> Level | None:
    """The level whose signers decide: the highest of the one left, reached and called for.

    That nothing is in force and nothing shall be is for those of the lowest level named. None: none is named.
    """
    level = max(from_level, to_level, called_for)
    if level is not Level.NONE:
        return level
    levels = set(named)
    return next((lowest for lowest in WARNING_LEVELS if lowest in levels), None)


def chain_of(plan: Plan, from_level: Level, to_level: Level, called_for: Level = Level.NONE) -> Chain | None:
    """The chain of a plan for a change: its signatures in order, else one of any role among its approvers.

    None where the plan lets nobody decide on that level.
    """
    signatures = {Level.of(code): steps for code, steps in plan.signatures.items() if steps}
    approvers = {Level.of(code): roles for code, roles in plan.approvers.items() if roles}
    level = deciding_level((*signatures, *approvers), from_level, to_level, called_for)
    if level is None:
        return None
    hours = plan.deadlines.decision_hours
    if level in signatures:
        return Chain(tuple(Step((one.role,), one.within_hours or hours, one.escalates_to) for one in signatures[level]))
    return Chain((Step(approvers[level], hours),)) if level in approvers else None


def begun(chain: Chain, now: datetime) -> Position:
    """The chain at its first signature, from `now` (aware) on."""
    return _window(chain, 0, 0, now)


def due_step(chain: Chain, signed: Sequence[Signed]) -> Step | None:
    """The signature that is next after those given; None when the chain is complete."""
    return chain.steps[len(signed)] if len(signed) < len(chain.steps) else None


def advanced(chain: Chain, position: Position, now: datetime) -> Position | None:
    """The position after one more signature at `now`; None: it was the last, and the decision is made."""
    following = position.step + 1
    return None if following >= len(chain.steps) else _window(chain, following, 0, now)


def escalated(chain: Chain, position: Position, now: datetime) -> Position | None:
    """The position at `now`: unchanged before the deadline; after it the next role has a window of its own from `now` on.

    None: no further role is named and the time is over. A service that was away gives every role its whole time once it
    is back: one deadline is passed at a call, however late.
    """
    if now < position.until:
        return position
    if position.escalations >= len(chain.steps[position.step].escalates_to):
        return None
    return _window(chain, position.step, position.escalations + 1, now)


def _window(chain: Chain, step: int, escalations: int, now: datetime) -> Position:
    return Position(step, escalations, now, now + timedelta(hours=chain.steps[step].hours))


def reminders(position: Position) -> tuple[datetime, ...]:
    """When those who may sign are reminded: at half time and a quarter of an hour before the deadline."""
    half = position.since + (position.until - position.since) / 2
    found = {half, position.until - LAST_CALL}
    return tuple(sorted(instant for instant in found if position.since < instant < position.until))


def objection(
    chain: Chain,
    position: Position,
    signed: Sequence[Signed],
    *,
    people: frozenset[int],
    role: str,
    proposed_by: int | None,
    content_hash: str,
    now: datetime,
) -> Objection | None:
    """Why a signature may not be given now; None when it may.

    `people`: who would sign, and for whom when it is a stand-in. Four eyes: neither may have proposed the content or
    signed it before. A deadline with a further role behind it keeps nobody from signing.
    """
    if proposed_by in people:
        return Objection.PROPOSED
    if position.step >= len(chain.steps) or position.step != len(signed):
        return Objection.COMPLETE
    if any(people & one.people for one in signed):
        return Objection.SIGNED_BEFORE
    now_there = escalated(chain, position, now)
    if now_there is None:
        return Objection.LATE
    if role not in chain.steps[position.step].may_sign(now_there.escalations):
        return Objection.ROLE
    return Objection.OTHER_CONTENT if any(one.content_hash != content_hash for one in signed) else None
