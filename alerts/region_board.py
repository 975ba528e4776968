"""The synchronization board (联动进度): where each prompted division stands, how late it is, and why.

Nothing is stored here and no clock is read; instants are aware.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any

from alerts.levels import Level


class Why(StrEnum):
    """Why a division stands where it stands; what needs action comes first."""

    EXPIRED = "expired"
    REJECTED = "rejected"
    WITHDRAWN = "withdrawn"
    WAITING = "waiting"
    CLOSING = "closing"
    TOO_FAR = "too_far"
    UNASSESSED = "unassessed"
    NO_PROPOSAL = "no_proposal"
    OVER = "over"
    NO_LIST = "no_list"
    STARTS_LATER = "starts_later"
    STARTED_LATER = "started_later"
    IN_STEP = "in_step"
    SUPERSEDED = "superseded"
    NOT_KNOWN = "not_known"
    LIFT_MISSING = "lift_missing"
    LIFT_HEAVY = "lift_heavy"
    LIFT_NO_RULE = "lift_no_rule"
    LIFT_UNCHECKED = "lift_unchecked"
    LIFT_TOO_FAR = "lift_too_far"
    LIFT_DECIDED = "lift_decided"
    LIFTED = "lifted"
    NOTHING_IN_FORCE = "nothing_in_force"


DONE = frozenset({Why.IN_STEP, Why.STARTED_LATER, Why.SUPERSEDED, Why.LIFTED, Why.LIFT_DECIDED, Why.NOTHING_IN_FORCE})
"""Nothing is left to be done."""
_SETTLED = DONE | {Why.NO_LIST, Why.STARTS_LATER, Why.OVER, Why.REJECTED, Why.WITHDRAWN}
"""The command of the division has acted, one way or the other."""


@dataclass(frozen=True)
class Proposed:
    """The proposal that counts for a division: the open one, else the newest since the prompt."""

    state: str
    to_level: Level
    created_at: datetime
    deadline: datetime
    closed_at: datetime | None = None
    roles: tuple[str, ...] = ()
    signed: int = 0
    of: int = 1
    ground: str | None = None
    said: str | None = None


@dataclass(frozen=True)
class Facts:
    """What is known of one division on the board. `announced_at`, `effective_at`: of the step that reached the level."""

    asked: Level
    starts_at: datetime
    issued_at: datetime
    known: bool = True
    assessed: bool = True
    announced_at: datetime | None = None
    effective_at: datetime | None = None
    closed_at: datetime | None = None
    standing: Level = Level.NONE
    proposed: Proposed | None = None
    has_list: bool = True
    superseded: bool = False
    adopt_by: datetime | None = None
    too_far: bool = False
    lift_state: str | None = None
    lift_ahead: bool = False


@dataclass(frozen=True)
class Line:
    """Where a division stands: why, how late (whole minutes), since when it waits, and what the words need."""

    why: Why
    late_minutes: int
    since: datetime | None = None
    facts: Mapping[str, Any] = field(default_factory=dict)

    @property
    def done(self) -> bool:
        """Whether nothing is left to be done."""
        return self.why in DONE

    @property
    def decided(self) -> bool:
        """Whether the division's command has acted."""
        return self.why in _SETTLED


def line(facts: Facts, now: datetime) -> Line:
    """Where a division stands with a prompt to start at `now`."""
    why = _why(facts, now)
    proposed = facts.proposed
    told: dict[str, Any] = {}
    since = None
    if why is Why.WAITING and proposed is not None:
        since = proposed.created_at
        told = {"roles": proposed.roles, "deadline": proposed.deadline, "signed": proposed.signed, "of": proposed.of}
    elif why in (Why.REJECTED, Why.EXPIRED, Why.WITHDRAWN) and proposed is not None:
        since = proposed.closed_at
        told = {"ground": proposed.ground, "said": proposed.said}
    return Line(why, _late(facts, why, now), since, told)


def _why(facts: Facts, now: datetime) -> Why:
    if not facts.known and facts.effective_at is None:
        return Why.NOT_KNOWN
    if facts.effective_at is not None:
        return _reached(facts, now)
    if facts.superseded:
        return Why.SUPERSEDED
    if facts.closed_at is not None and facts.closed_at > now:
        return Why.CLOSING
    return _not_reached(facts)


def _reached(facts: Facts, now: datetime) -> Why:
    """The level is announced or in force."""
    assert facts.effective_at is not None
    if facts.closed_at is not None and facts.closed_at <= now:
        return Why.OVER
    if facts.effective_at > max(facts.starts_at, now) and _is_open(facts):
        return Why.WAITING  # for the decision that brings it forward
    if not facts.has_list and facts.known:
        return Why.NO_LIST
    if facts.effective_at > facts.starts_at:
        return Why.STARTS_LATER if facts.effective_at > now else Why.STARTED_LATER
    return Why.IN_STEP


def _is_open(facts: Facts) -> bool:
    """Whether a proposal to the level that is asked for is open."""
    proposed = facts.proposed
    return proposed is not None and proposed.state == "open" and proposed.to_level >= facts.asked


def _not_reached(facts: Facts) -> Why:
    proposed = facts.proposed
    if proposed is not None and proposed.state == "open":
        return Why.WAITING
    if proposed is not None and proposed.to_level >= facts.asked:
        states = {"rejected": Why.REJECTED, "expired": Why.EXPIRED, "withdrawn": Why.WITHDRAWN}
        if proposed.state in states:
            return states[proposed.state]
    if facts.too_far:
        return Why.TOO_FAR
    return Why.NO_PROPOSAL if facts.assessed else Why.UNASSESSED


def _late(facts: Facts, why: Why, now: datetime) -> int:
    """Minutes after the common start; before it, minutes after the time to adopt the prompt when nobody has acted."""
    if why is Why.SUPERSEDED:
        return 0
    if facts.effective_at is not None:
        return _minutes(facts.starts_at, facts.effective_at)
    if now > facts.starts_at:
        return _minutes(facts.starts_at, now)
    if why in _SETTLED or facts.adopt_by is None or why in (Why.NOT_KNOWN, Why.CLOSING, Why.TOO_FAR):
        return 0
    return _minutes(facts.adopt_by, now)


def _minutes(due: datetime, reached: datetime) -> int:
    return max(0, int((reached - due).total_seconds() // 60))


def lift_line(facts: Facts, now: datetime) -> Line:
    """Where a division stands with a joint lift; `starts_at` is its hour of lifting, `standing` what is in force."""
    why = _lift_why(facts, now)
    ended = facts.closed_at
    late = 0 if why in (Why.NOTHING_IN_FORCE, Why.NOT_KNOWN) else _minutes(facts.starts_at, ended or now)
    proposed = facts.proposed
    if why is Why.WAITING and proposed is not None:
        told = {"roles": proposed.roles, "deadline": proposed.deadline, "signed": proposed.signed, "of": proposed.of}
        return Line(why, late, proposed.created_at, told)
    return Line(why, late, ended)


def _lift_why(facts: Facts, now: datetime) -> Why:
    if facts.closed_at is not None:
        return Why.LIFT_DECIDED if facts.closed_at > now else Why.LIFTED
    if facts.standing is Level.NONE:
        return Why.NOTHING_IN_FORCE
    if not facts.known:
        return Why.NOT_KNOWN
    if facts.proposed is not None and facts.proposed.state == "open" and facts.proposed.to_level is Level.NONE:
        return Why.WAITING
    if facts.lift_ahead:
        return Why.LIFT_TOO_FAR
    states = {"missing": Why.LIFT_MISSING, "heavy": Why.LIFT_HEAVY, "no_rule": Why.LIFT_NO_RULE}
    if facts.lift_state in states:
        return states[facts.lift_state]
    closed = {"rejected": Why.REJECTED, "expired": Why.EXPIRED, "withdrawn": Why.WITHDRAWN}
    if facts.proposed is not None and facts.proposed.to_level is Level.NONE and facts.proposed.state in closed:
        return closed[facts.proposed.state]
    return Why.LIFT_UNCHECKED


def rank(one: Line) -> tuple[int, int]:
    """What needs action first: who has not acted, the latest before; then what is to be looked at; then the rest."""
    if one.done:
        return 3, 0
    if one.decided or one.why is Why.NOT_KNOWN:
        return 2, -one.late_minutes
    return (0 if one.late_minutes else 1), -one.late_minutes


@dataclass(frozen=True)
class Quorum:
    """How many of the prompted divisions have acted. `needed` None: the region names no share."""

    acted: int
    of: int
    needed: int | None

    @property
    def reached(self) -> bool:
        """Whether enough have acted; true where no share is named."""
        return self.needed is None or self.acted >= self.needed


def quorum(lines: Iterable[Line], share: float | None) -> Quorum:
    """Divisions that have acted, of all on the board, and how many are needed for a share (0 < share <= 1)."""
    every = list(lines)
    needed = None if share is None else -int(-share * len(every) // 1)
    return Quorum(sum(one.decided for one in every), len(every), needed)
