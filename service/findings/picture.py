"""What the page of a finding draws: each hour of the line against what was allowed, with the required stop shaded."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from alerts.instants import iso, parse_instant
from emission_lists.compliance_rules import Rule
from service.evidence.repository import hours_of
from service.kit.unit_of_work import UnitOfWork, beijing

HOUR = timedelta(hours=1)
BEFORE, AFTER = timedelta(hours=24), timedelta(hours=6)
LONGEST = timedelta(days=10)
DRAWN = {Rule.RUNNING_WHILE_STOPPED, Rule.LOAD_OVER_CAP, Rule.TREATMENT_OFF}


async def picture_of(uow: UnitOfWork, row: Any) -> dict[str, Any] | None:
    """The hours around a finding; None where there is nothing to draw (a gate, a plan, an inspection)."""
    proof = row["proof"]
    starts, until = beijing(row["starts_at"]), beijing(row["until_at"])
    if Rule(row["rule"]) not in DRAWN or starts is None or until is None or not proof["items"]:
        return None
    first = starts.replace(minute=0, second=0, microsecond=0) - BEFORE
    last = min(until + AFTER, first + LONGEST)
    kind = (
        "load" if proof["threshold"].get("of") == "cap" and proof["threshold"]["unit"] not in ("kWh", "kW") else "power"
    )
    hours = await hours_of(uow, row["uscc"], first, last)
    seen = dict(hours.get((row["line_code"], kind, "production"), []))
    treated = dict(hours.get((row["line_code"], "power", "treatment"), []))
    return {"unit": _unit(proof["threshold"]), **drawn(proof, seen, treated, first, last)}


def _unit(threshold: dict[str, Any]) -> str:
    unit = str(threshold.get("unit") or "kWh")
    return "kWh" if unit == "kW" else unit.partition("/")[0]


def drawn(
    proof: dict[str, Any],
    seen: dict[datetime, float],
    treated: dict[datetime, float],
    first: datetime,
    last: datetime,
) -> dict[str, Any]:
    """One step for each hour of [first, last): what was seen (None: missing), what was allowed, whether it proves the breach.

    `allowed` of a day's cap is its share of one hour. `shaded`: positions of the first and last hour under the measure.
    """
    threshold, required = proof["threshold"], proof["required"]
    begins = parse_instant(required["carry_out_by"])
    ends = None if required["until"] is None else parse_instant(required["until"])
    spans = [(parse_instant(item["from"]), parse_instant(item["until"])) for item in proof["items"]]
    per_hour = threshold["value"] / (24 if threshold["per"] == "day" else 1)
    steps = []
    for number in range(1, (last - first) // HOUR + 1):
        end = first + number * HOUR
        under = begins <= end - HOUR and (ends is None or end <= ends)
        steps.append(
            {
                "time": iso(end),
                "value": seen.get(end),
                "treatment": treated.get(end),
                "allowed": per_hour if under else None,
                "proves": end in seen and any(start < end <= stop for start, stop in spans),
                "required": under,
            }
        )
    under_measure = [place for place, step in enumerate(steps) if step["required"]]
    shaded = [under_measure[0], under_measure[-1]] if under_measure else None
    return {"per": threshold["per"], "steps": steps, "shaded": shaded, "treated": bool(treated)}
