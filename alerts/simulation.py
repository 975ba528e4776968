"""Simulation (推演): one series under several rule sets or plans, side by side, and edited copies of a forecast."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import NamedTuple

from pydantic import BaseModel, ConfigDict, Field

from alerts.assessment import Assessment, assess
from alerts.instants import HOUR, iso
from alerts.law import Standards
from alerts.levels import Level
from alerts.points import CONCENTRATIONS, LIMITS, RANGED, Point
from alerts.proposal import InForce, Step, next_step
from alerts.rules import Criteria
from alerts.series import Series

MOST_CASES = 8


class Case(NamedTuple):
    """One set of criteria to try, and what to call it."""

    label: str
    criteria: Criteria


class Outcome(NamedTuple):
    """What one case says of the series."""

    label: str
    assessment: Assessment
    step: Step


class Difference(NamedTuple):
    """Where a case differs from the first one; values as published."""

    label: str
    what: str
    first: str | None
    here: str | None


def outcomes(
    series: Series,
    cases: Sequence[Case],
    *,
    as_of: datetime,
    standards: Standards,
    in_force: InForce | None = None,
    recent: Sequence[Level] = (),
) -> list[Outcome]:
    """Assess one series under every case at `as_of` (aware). Nothing is stored. Raises LawNotFound, ValueError.

    ValueError when there is no case, more than `MOST_CASES`, or two with one label.
    """
    labels = [case.label for case in cases]
    if not 1 <= len(cases) <= MOST_CASES or len(set(labels)) != len(labels):
        raise ValueError(f"give 1 to {MOST_CASES} cases, each once; these were given: {', '.join(labels) or 'none'}")
    found = []
    for label, criteria in cases:
        assessment = assess(series, as_of=as_of, criteria=criteria, standards=standards)
        step = next_step(
            assessment, in_force=in_force, prompt=None, criteria=criteria, now=assessment.as_of, recent=recent
        )
        found.append(Outcome(label, assessment, step))
    return found


def differences(found: Sequence[Outcome]) -> list[Difference]:
    """Where each case differs from the first: level, state, clause, start, end, proposal, lead time target."""
    told = [(outcome.label, _told(outcome)) for outcome in found]
    first = told[0][1]
    return [
        Difference(label, what, first[what], here[what])
        for label, here in told[1:]
        for what in first
        if here[what] != first[what]
    ]


def _told(outcome: Outcome) -> dict[str, str | None]:
    found, step = outcome.assessment, outcome.step
    lead = found.lead_time_hours
    return {
        "level": found.level.code,
        "state": found.state,
        "clause": found.clause,
        "starts_at": iso(found.starts_at) if found.starts_at else None,
        "ends_at": iso(found.ends_at) if found.ends_at else None,
        "proposal": step.action.value,
        "proposed_level": step.to_level.code,
        "effective_at": iso(step.effective_at) if step.effective_at else None,
        "lead_time_hours": None if lead is None else str(lead),
    }


class Edit(BaseModel):
    """Changes to a copy of a forecast: shift in time, then factors on values, then whole points put in their place.

    `factor` multiplies concentrations (not AQI, whose scale is not linear) by 0 to 10; `shift_hours` moves every point
    (days only by whole days).
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    shift_hours: int = Field(default=0, ge=-240, le=240)
    factor: Mapping[str, float] = Field(default={})
    replace: tuple[Point, ...] = ()


class EditError(ValueError):
    """An edit that cannot be made; the message says what to change."""


def edited(points: Iterable[Point], edit: Edit) -> list[Point]:
    """A changed copy of the points, in order of time. Raises EditError; values are capped at the limits of `Point`."""
    unknown = sorted(set(edit.factor) - set(CONCENTRATIONS))
    if unknown:
        raise EditError(f"no factor for {', '.join(unknown)}; use any of {', '.join(CONCENTRATIONS)}")
    if any(not 0 <= factor <= 10 for factor in edit.factor.values()):
        raise EditError("a factor lies between 0 and 10")
    changed = [_scaled(_shifted(point, edit.shift_hours), edit.factor) for point in points]
    kept = {point.start: point for point in changed} | {point.start: point for point in edit.replace}
    return [kept[start] for start in sorted(kept)]


def _shifted(point: Point, hours: int) -> Point:
    if not hours:
        return point
    if point.time is not None:
        return point.model_copy(update={"time": point.time + hours * HOUR})
    assert point.date is not None  # a point has one of both
    if hours % 24:
        raise EditError("daily values move by whole days; give shift_hours as a multiple of 24")
    return point.model_copy(update={"date": point.date + timedelta(hours=hours)})


def _scaled(point: Point, factors: Mapping[str, float]) -> Point:
    """The point with its concentrations multiplied; an AQI beside them no longer fits and is left out."""
    update: dict[str, float | None] = {}
    for name, factor in factors.items():
        for key in (name, *((f"{name}_low", f"{name}_high") if name in RANGED else ())):
            value = getattr(point, key)
            if value is not None and factor != 1:
                update[key] = min(round(value * factor, 3), LIMITS[name])
    if update:
        update |= {"aqi": None, "aqi_low": None, "aqi_high": None}
    return point.model_copy(update=update)
