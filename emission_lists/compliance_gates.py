"""Banned vehicles let in (门禁), a missing operating plan, and the hint of night use. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import Any, NamedTuple

from emission_lists.compliance import Found, LineCase, required_document
from emission_lists.compliance_hours import BEIJING, window_minutes
from emission_lists.compliance_rules import ComplianceRules, Rule, Vehicles
from emission_lists.measures import VehicleRule
from emission_lists.schedule import Stage

GOODS = frozenset({"heavy_truck", "truck"})
"""The vehicles that carry goods (货车): a bus, or a kind that is not known, is no transport of goods."""
NIGHT = frozenset({22, 23, 0, 1, 2, 3, 4, 5})


class Passage(NamedTuple):
    """One vehicle at a gate. `stage` 0–7, D electric, X none; `fuel` by the gate clients' letters (EL 4.3)."""

    at: datetime
    gate: str
    plate: str
    plate_colour: str
    vehicle: str
    stage: str
    fuel: str
    direction: str
    let_in: bool
    batch: int | None = None


def banned(passage: Passage, rule: VehicleRule, rules: Vehicles) -> bool:
    """Whether the rule keeps this vehicle out. What is not known of it (stage X, fuel, kind) never proves that it is banned."""
    if passage.plate_colour in rules.passing_colours.value:
        return False
    if rule in (VehicleRule.STOP_INBOUND_ROAD_TRANSPORT, VehicleRule.STOP_ROAD_TRANSPORT):
        return passage.vehicle in GOODS
    if not passage.stage.isdigit():
        return False
    stage, heavy = int(passage.stage), passage.vehicle == "heavy_truck"
    if rule is VehicleRule.BAN_VEHICLE_LE_CN4_INCL_GAS:
        return stage <= 4
    if rule is VehicleRule.BAN_HEAVY_DIESEL_LE_CN4_AND_GAS_LE_CN5:
        diesel, gas = passage.fuel in rules.diesel_fuels.value, passage.fuel in rules.gas_fuels.value
        return heavy and ((diesel and stage <= 4) or (gas and stage <= 5))
    return heavy and stage <= (3 if rule is VehicleRule.BAN_HEAVY_TRUCK_LE_CN3 else 4)


def judge_gates(
    lines: Iterable[LineCase], passages: Iterable[Passage], whitelist: Mapping[str, date | None], rules: ComplianceRules
) -> list[Found]:
    """BANNED_VEHICLE: one finding per line and natural day, with every vehicle that was let in against the rule.

    `whitelist`: plate → the last day on which it passes (有效期至); None: no end is stated.
    """
    caught: dict[tuple[str, datetime], tuple[LineCase, Stage, list[Passage]]] = {}
    ruled = [
        (line, stage)
        for line in sorted(lines, key=lambda one: one.code)
        for stage in line.stages
        if stage.measure.executable and stage.measure.vehicle_rule is not None
    ]
    for passage in sorted(passages):
        if not passage.let_in or passage.direction != "in" or _listed(passage, whitelist):
            continue
        for line, stage in ruled:
            if _in_force(stage, passage.at) and banned(passage, _rule(stage), rules.vehicles):
                midnight = passage.at.astimezone(BEIJING).replace(hour=0, minute=0, second=0, microsecond=0)
                caught.setdefault((line.code, max(midnight, stage.starts)), (line, stage, []))[2].append(passage)
                break
    made = sorted(caught.items(), key=lambda one: one[0])
    return [_found(key[1], *held, whitelist, rules.vehicles) for key, held in made]


def _rule(stage: Stage) -> VehicleRule:
    assert stage.measure.vehicle_rule is not None  # chosen so
    return stage.measure.vehicle_rule


def _listed(passage: Passage, whitelist: Mapping[str, date | None]) -> bool:
    if passage.plate not in whitelist:
        return False
    last = whitelist[passage.plate]
    return last is None or passage.at.astimezone(BEIJING).date() <= last


def _in_force(stage: Stage, at: datetime) -> bool:
    if at < max(stage.starts, stage.due) or (stage.until is not None and stage.until <= at):
        return False
    return stage.measure.window is None or in_window(stage.measure.window, at)


def in_window(window: str, at: datetime) -> bool:
    """Whether an instant lies in hours of the day of Beijing such as 17:00-09:00: half-open, from the first minute on."""
    local = at.astimezone(BEIJING)
    opens, closes = window_minutes(window)
    minute = local.hour * 60 + local.minute
    return opens <= minute < closes if opens < closes else minute >= opens or minute < closes


def _found(
    starts: datetime,
    line: LineCase,
    stage: Stage,
    passages: Sequence[Passage],
    whitelist: Mapping[str, date | None],
    rules: Vehicles,
) -> Found:
    rule = _rule(stage)
    return Found(Rule.BANNED_VEHICLE, line.code, starts.astimezone(BEIJING), passages[-1].at.astimezone(BEIJING), {
        "line": line.code,
        "line_name": line.name,
        "required": required_document(stage),
        "threshold": {"of": "vehicle_rule", "zh": rule.zh, "en": rule.en, **rules.passing_colours.why()},
        "passages": [
            {
                "time": one.at.astimezone(BEIJING).isoformat(),
                "gate": one.gate,
                "plate": one.plate,
                "plate_colour": one.plate_colour,
                "vehicle": one.vehicle,
                "stage": one.stage,
                "fuel": one.fuel,
                "batch": one.batch,
            }
            | _run_out(whitelist.get(one.plate))
            for one in passages
        ],
    })  # fmt: skip


def _run_out(last: date | None) -> dict[str, str]:
    """What a proof adds to a plate that stands on the whitelist no longer."""
    return {} if last is None else {"whitelisted_until": last.isoformat()}


def judge_plan(lines: Sequence[LineCase], filed: bool | None) -> list[Found]:
    """NO_PLAN: measures are ordered, now or in a later stage, and no operating plan is filed.

    It begins with the first stage of a line of which something is ordered. `filed` None: not known, which proves nothing.
    """
    ordered = [
        (line.stages[0].starts, stage)
        for line in lines
        for stage in line.stages
        if stage.measure.executable and stage.measure.forced
    ]
    if filed is not False or not ordered:
        return []
    begins, first = min(ordered, key=lambda one: (one[0], one[1].starts))
    starts = begins.astimezone(BEIJING)
    proof = {
        "line": "",
        "line_name": "",
        "required": required_document(first),
        "threshold": {"of": "plan"},
        "items": [],
    }
    return [Found(Rule.NO_PLAN, "", starts, starts, proof)]


def night_hints(hours: Mapping[datetime, float], rules: ComplianceRules) -> list[dict[str, Any]]:
    """Nights in which a line used more per hour than the ratio times its day before (EL 4.4). Hints, never findings.

    Hours by their end; the night is 22:00 to 06:00. A night or day without any hour says nothing.
    """
    days: dict[Any, list[float]] = {}
    nights: dict[Any, list[float]] = {}
    for end, value in hours.items():
        begins = (end - timedelta(hours=1)).astimezone(BEIJING)
        day = (begins - timedelta(hours=6)).date()
        (nights if begins.hour in NIGHT else days).setdefault(day, []).append(value)
    found = []
    for day in sorted(days.keys() & nights.keys()):
        by_day, by_night = (sum(values) / len(values) for values in (days[day], nights[day]))
        if by_night > rules.night.ratio.value * by_day and by_night > rules.running.least_kwh.value:
            found.append(
                {"day": day.isoformat(), "day_mean": by_day, "night_mean": by_night, **rules.night.ratio.why()}
            )
    return found
