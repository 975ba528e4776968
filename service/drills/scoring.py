"""The score of a drill from what was measured. Pure: no clock, no database."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from alerts.levels import Level
from service.drills.script import Expected, Script


@dataclass(frozen=True)
class Proposed:
    """A proposal of a division, at which level, since when; `by` None: the system."""

    id: int
    adcode: str
    level: Level
    at: datetime
    by: str | None = None


@dataclass(frozen=True)
class Signed:
    """A signature, how long it was that person's turn before, and by whom."""

    proposal: int
    adcode: str
    role: str
    by: str
    at: datetime
    since: datetime


@dataclass(frozen=True)
class Decided:
    """A decision. `against`: what it departs from of the assessment; `grounded`: a ground was given for that."""

    proposal: int
    adcode: str
    level: Level
    role: str
    by: str
    approve: bool
    at: datetime
    since: datetime
    against: str | None = None
    grounded: bool = True


@dataclass(frozen=True)
class Told:
    """A notice to the enterprises of a division, or a message to a neighbour: who was told, who answered when."""

    adcode: str
    at: datetime
    wanted: tuple[str, ...]
    answered: dict[str, datetime]


@dataclass(frozen=True)
class Measured:
    """Everything that a drill's tables say."""

    injects: dict[str, datetime]
    proposed: tuple[Proposed, ...] = ()
    signed: tuple[Signed, ...] = ()
    decided: tuple[Decided, ...] = ()
    notices: tuple[Told, ...] = ()
    circulars: tuple[Told, ...] = ()
    expired: tuple[Proposed, ...] = ()
    simulated: frozenset[str] = frozenset()
    """Displays of those who were no persons."""


@dataclass(frozen=True)
class Result:
    """How one expected action went: met, late, missed, or not reached because its inject never came."""

    expected: Expected
    state: str
    minutes: float | None
    points: int
    who: str | None
    missing: tuple[str, ...] = ()


def result_of(expected: Expected, measured: Measured) -> Result:
    """One expected action."""
    began = measured.injects.get(expected.after)
    if began is None:
        return Result(expected, "not_reached", None, 0, None)
    done, who, missing = _done(expected, measured, began)
    if done is None:
        return Result(expected, "missed", None, 0, None, missing)
    minutes = (done - began) / timedelta(minutes=1)
    if minutes <= expected.within_minutes:
        return Result(expected, "met", minutes, expected.points, who)
    return Result(expected, "late", minutes, expected.late_points, who, missing)


def _done(
    expected: Expected, measured: Measured, began: datetime
) -> tuple[datetime | None, str | None, tuple[str, ...]]:
    """When it was done first after the inject, by whom; and who is missing of many."""
    least = Level.NONE if expected.level is None else Level.of(expected.level)
    found: list[tuple[datetime, str | None]] = []
    if expected.action == "propose":
        found = [(one.at, one.by) for one in measured.proposed if _fits(one, expected, began) and one.level >= least]
    elif expected.action == "sign":
        found = [(one.at, one.by) for one in measured.signed if _fits(one, expected, began) and one.role == expected.role]
    elif expected.action == "decide":
        found = [
            (one.at, one.by)
            for one in measured.decided
            if _fits(one, expected, began) and one.approve and one.level >= least
        ]
    elif expected.action == "receipt":
        told = [one for one in measured.circulars if _fits(one, expected, began)]
        found = [(at, None) for one in told for at in one.answered.values()]
    else:
        return _answered(expected, measured, began)
    at, who = min(found, key=lambda one: one[0], default=(None, None))
    return at, who, ()


def _answered(
    expected: Expected, measured: Measured, began: datetime
) -> tuple[datetime | None, None, tuple[str, ...]]:
    """When the share of enterprises had answered the first notice after the inject."""
    told = [one for one in measured.notices if _fits(one, expected, began)]
    if not told:
        return None, None, ()
    first = min(told, key=lambda one: one.at)
    times = sorted(first.answered[one] for one in first.wanted if one in first.answered)
    needed = max(1, round(expected.share * len(first.wanted)))
    missing = tuple(one for one in first.wanted if one not in first.answered)
    return (times[needed - 1] if len(times) >= needed else None), None, missing


def _fits(one: Proposed | Signed | Decided | Told, expected: Expected, began: datetime) -> bool:
    return one.adcode == expected.adcode and one.at >= began


def wrong(measured: Measured) -> list[Decided]:
    """Decisions against the assessment for which nobody gave a ground."""
    return [one for one in measured.decided if one.against is not None and not one.grounded]


def minutes_between(start: datetime, end: datetime) -> float:
    """Minutes with one digit."""
    return round((end - start) / timedelta(minutes=1), 1)


def people_of(measured: Measured) -> list[dict[str, Any]]:
    """How long everybody took: signatures and decisions by person and place, of each the number, the mean and the longest."""
    spans: dict[tuple[str, str, str, str], list[float]] = {}
    for one in measured.signed:
        spans.setdefault((one.adcode, one.by, one.role, "sign"), []).append(minutes_between(one.since, one.at))
    for decided in measured.decided:
        key = (decided.adcode, decided.by, decided.role, "decide")
        spans.setdefault(key, []).append(minutes_between(decided.since, decided.at))
    return [
        {
            "adcode": adcode,
            "who": who,
            "role": role,
            "action": action,
            "simulated": who in measured.simulated,
            "times": len(each),
            "mean_minutes": round(sum(each) / len(each), 1),
            "longest_minutes": max(each),
        }
        for (adcode, who, role, action), each in sorted(spans.items())
    ]


def sheet(script: Script, measured: Measured, *, head: dict[str, Any]) -> dict[str, Any]:
    """The score sheet as one document; `head` says which drill it is. Points lost for wrong decisions never go below zero."""
    results = [result_of(one, measured) for one in script.expected]
    mistakes = wrong(measured)
    lost = script.wrong_decision_points * len(mistakes)
    return {
        **head,
        "drill_only": True,
        "points": max(0, sum(one.points for one in results) - lost),
        "possible": script.possible,
        "lost": lost,
        "results": [_told(one) for one in results],
        "people": people_of(measured),
        "wrong_decisions": [
            {"adcode": one.adcode, "who": one.by, "role": one.role, "at": one.at, "what": one.against} for one in mistakes
        ],
        "expired": [{"adcode": one.adcode, "level": one.level.code, "at": one.at} for one in measured.expired],
        "notices": [_rate(one) for one in measured.notices],
        "injects": [{"id": name, "at": at} for name, at in sorted(measured.injects.items(), key=lambda one: one[1])],
    }


def _told(one: Result) -> dict[str, Any]:
    expected = one.expected
    return {
        "id": expected.id,
        "action": expected.action,
        "adcode": expected.adcode,
        "role": None if expected.role is None else expected.role.value,
        "title": expected.title.model_dump(),
        "within_minutes": expected.within_minutes,
        "minutes": None if one.minutes is None else round(one.minutes, 1),
        "state": one.state,
        "points": one.points,
        "possible": expected.points,
        "who": one.who,
        "missing": list(one.missing),
    }


def _rate(one: Told) -> dict[str, Any]:
    spans = sorted(minutes_between(one.at, at) for at in one.answered.values())
    return {
        "adcode": one.adcode,
        "at": one.at,
        "told": len(one.wanted),
        "answered": len(spans),
        "median_minutes": spans[len(spans) // 2] if spans else None,
        "unanswered": [each for each in one.wanted if each not in one.answered],
    }
