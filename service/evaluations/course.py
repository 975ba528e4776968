"""The course of events (事件经过): each step from the forecast to the end, and its timing against what the plan asks."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from alerts.law import LawNotFound
from alerts.levels import Level
from alerts.plans import Plan, later_starts
from service.kit.runtime import Runtime
from service.kit.unit_of_work import beijing

STARTING = frozenset({"issue", "raise", "advance"})


def steps(runtime: Runtime, rows: Sequence[Any]) -> list[dict[str, Any]]:
    """The steps of a warning, each with its instants and what of them was late."""
    return [_step(runtime, row) for row in rows]


def _step(runtime: Runtime, row: Any) -> dict[str, Any]:
    content = json.loads(row["content"])
    announced, effective = beijing(row["announced_at"]), beijing(row["effective_at"])
    assert announced is not None
    assert effective is not None
    plan = plan_of(runtime, content, row["adcode"], announced)
    return {
        "step": row["id"],
        "action": row["action"],
        "level": Level(row["level"]).code,
        "reason": row["reason"],
        "feed": row["feed"],
        "forecast_issued_at": beijing(row["issued_at"]),
        "forecast_received_at": beijing(row["received_at"]),
        "assessment": row["assessment"],
        "assessed_at": beijing(row["assessed_at"]),
        "assessed_level": None if row["assessed_level"] is None else Level(row["assessed_level"]).code,
        "clause": row["clause"],
        "proposal": row["proposal"],
        "proposed_at": beijing(row["proposed_at"]),
        "decide_by": beijing(row["deadline"]),
        "decided_at": beijing(row["decided_at"]),
        "decided_by_role": row["role"],
        "announced_at": announced,
        "effective_at": effective,
        "measures_start": later_starts(content.get("measures_from", {}), effective),
        "planned_end": beijing(row["planned_end"]),
        "headline": {language: content["notice"][language]["headline"] for language in ("zh", "en")},
        "list_version": content["list_version"],
        "plan": None if plan is None else plan.id,
        "acknowledged": row["acknowledged"],
        "timing": _timing(runtime, row, plan, announced, effective),
    }


def plan_of(runtime: Runtime, content: dict[str, Any], adcode: str, at: datetime) -> Plan | None:
    """The plan a step went by; the one in force where config no longer has it; None where there is none."""
    try:
        if content.get("plan") in runtime.law.plans:
            return runtime.law.plan(content["plan"], at)
        return runtime.law.plan_for(adcode, at)
    except LawNotFound:
        return None


def _timing(
    runtime: Runtime, row: Any, plan: Plan | None, announced: datetime, effective: datetime
) -> list[dict[str, Any]]:
    """What was to happen by when: hours taken beside hours asked; `asked` None where no text establishes it."""
    found = []
    if row["action"] in STARTING:
        found.append(_entry("lead", _hours(announced, effective), _lead_asked(runtime, row, plan, announced), least=True))
    decided = beijing(row["decided_at"])
    proposed = beijing(row["proposed_at"])
    if decided is not None and proposed is not None:
        asked = None if plan is None else float(plan.deadlines.decision_hours)
        found.append(_entry("decision", _hours(proposed, decided), asked))
        publish = None if plan is None or plan.deadlines.publish_hours is None else float(plan.deadlines.publish_hours)
        found.append(_entry("publication", _hours(decided, announced), publish))
    return found


def _lead_asked(runtime: Runtime, row: Any, plan: Plan | None, at: datetime) -> float | None:
    if plan is None:
        return None
    try:
        hours = runtime.law.criteria_for(row["adcode"], at, plan_id=plan.id, rules_id=runtime.rules_id).lead_time_hours
    except LawNotFound:
        return None
    return None if hours is None else float(hours)


def _entry(what: str, took: float, asked: float | None, *, least: bool = False) -> dict[str, Any]:
    met = None if asked is None else (took >= asked if least else took <= asked)
    return {"what": what, "hours": took, "asked": asked, "met": met}


def _hours(start: datetime, end: datetime) -> float:
    return round((end - start).total_seconds() / 3600, 2)
