"""Enterprises, lines and measures as plain JSON values and back, for storage: `x_from(x_document(x)) == x`.

Keys stand in a fixed order, so equal values give equal bytes. What came later (a sub-type, coking hours, cycle, stages …)
is written only where it is used: documents stored before it stay what they are, byte for byte.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import fields, replace
from datetime import date
from functools import lru_cache
from typing import Any

from emission_lists.grades import Grade
from emission_lists.json_text import text_of
from emission_lists.levels import LEVELS, PerLevel
from emission_lists.lists import (
    POLLUTANTS,
    Enterprise,
    EnterpriseParticulars,
    GuaranteeType,
    Line,
    LineParticulars,
    Means,
    Pollutants,
    SourceClass,
)
from emission_lists.measures import (
    Action,
    Basis,
    CountUnit,
    Cycle,
    Later,
    LoadCap,
    Measure,
    NonRoadRule,
    StopMode,
    VehicleRule,
    Verification,
)


def cap_document(cap: LoadCap | None) -> dict[str, Any] | None:
    return None if cap is None else {"metric": cap.metric, "value": cap.value, "unit": cap.unit}


def cap_from(document: Mapping[str, Any] | None) -> LoadCap | None:
    return None if document is None else LoadCap(document["value"], document["unit"], document["metric"])


def measure_document(measure: Measure) -> dict[str, Any]:
    """A measure exactly as it stands in the list (nothing derived). Absent keys: not used by this measure."""
    return {
        "action": measure.action.value,
        "ratio": measure.ratio,
        "at_least": measure.at_least,
        "count_unit": None if measure.count_unit is None else measure.count_unit.value,
        "stopped_units": measure.stopped_units,
        "total_units": measure.total_units,
        "basis": None if measure.basis is None else measure.basis.value,
        "load_cap": cap_document(measure.load_cap),
        "vehicle_rule": None if measure.vehicle_rule is None else measure.vehicle_rule.value,
        "window": measure.window,
        "verification": [kind.value for kind in measure.verification],
        "verification_point": measure.verification_point,
        "note_zh": measure.note_zh,
        **_rarer(measure),
    }


def _rarer(measure: Measure) -> dict[str, Any]:
    """The shapes that few measures have, without those that this one has not."""
    cycle, mode, ban = measure.cycle, measure.stop_mode, measure.non_road_ban
    written = {
        "coking_hours": measure.coking_hours,
        "cycle": None if cycle is None else {"off_hours": cycle.off_hours, "on_hours": cycle.on_hours},
        "heats_per_day": measure.heats_per_day,
        "stop_mode": None if mode is None else mode.value,
        "keep_running": measure.keep_running,
        "non_road_ban": None if ban is None else ban.value,
        "complete_within_hours": measure.complete_within_hours,
        "later": [
            {"after_hours": later.after_hours, "measure": measure_document(later.measure)} for later in measure.later
        ]
        or None,
    }
    return {key: value for key, value in written.items() if value is not None}


def measure_from(document: Mapping[str, Any]) -> Measure:
    """The measure of a stored document; equal ones are mostly one object. KeyError or ValueError if it is not one."""
    if not _RARER.isdisjoint(document):
        return _rare(json.dumps(document))
    cap = document["load_cap"]
    return _plain(
        document["action"],
        document["ratio"],
        document["at_least"],
        document["count_unit"],
        document["stopped_units"],
        document["total_units"],
        document["basis"],
        document["vehicle_rule"],
        document["window"],
        tuple(document["verification"]),
        document["verification_point"],
        document["note_zh"],
        *(() if cap is None else (cap["value"], cap["unit"], cap["metric"])),
    )


def interned(measure: Measure) -> Measure:
    """The one object for all measures that are written alike: the same that `measure_of` gives for what is stored of it."""
    return measure_of(text_of(measure_document(measure)).encode())


@lru_cache(maxsize=32_768)
def measure_of(text: bytes) -> Measure:
    """The measure of a document as canonical JSON: whole lists are made of a few hundred, each on thousands of lines."""
    return measure_from(json.loads(text))


@lru_cache(maxsize=16_384)
def _rare(text: str) -> Measure:
    """A measure of a shape that few have, by its document as text."""
    document = json.loads(text)
    plain = {key: value for key, value in document.items() if key not in _RARER}
    return replace(measure_from(plain), **_rarer_from(document))


@lru_cache(maxsize=16_384, typed=True)
def _plain(
    action: str,
    ratio: float | None,
    at_least: bool,
    count_unit: str | None,
    stopped_units: int | None,
    total_units: int | None,
    basis: str | None,
    vehicle_rule: str | None,
    window: str | None,
    verification: tuple[str, ...],
    verification_point: str | None,
    note_zh: str | None,
    *cap: Any,
) -> Measure:
    """What every measure has; `cap`: value, unit and metric of its load cap.

    Whole lists are made of a few hundred measures, each on thousands of lines. Told apart by type as well: 1 is written as 1, not 1.0.
    """
    return Measure(
        action=ACTION[action],
        ratio=ratio,
        at_least=at_least,
        count_unit=None if count_unit is None else COUNT_UNIT[count_unit],
        stopped_units=stopped_units,
        total_units=total_units,
        basis=None if basis is None else BASIS[basis],
        load_cap=LoadCap(*cap) if cap else None,
        vehicle_rule=None if vehicle_rule is None else VEHICLE_RULE[vehicle_rule],
        window=window,
        verification=tuple(VERIFICATION[kind] for kind in verification),
        verification_point=verification_point,
        note_zh=note_zh,
    )


def _rarer_from(document: Mapping[str, Any]) -> dict[str, Any]:
    cycle, mode, ban = document.get("cycle"), document.get("stop_mode"), document.get("non_road_ban")
    return {
        "coking_hours": document.get("coking_hours"),
        "cycle": None if cycle is None else Cycle(cycle["off_hours"], cycle["on_hours"]),
        "heats_per_day": document.get("heats_per_day"),
        "stop_mode": None if mode is None else STOP_MODE[mode],
        "keep_running": document.get("keep_running"),
        "non_road_ban": None if ban is None else NON_ROAD_RULE[ban],
        "complete_within_hours": document.get("complete_within_hours"),
        "later": tuple(
            Later(later["after_hours"], measure_from(later["measure"])) for later in document.get("later", ())
        ),
    }


_RARER = frozenset(
    {
        "coking_hours",
        "cycle",
        "heats_per_day",
        "stop_mode",
        "keep_running",
        "non_road_ban",
        "complete_within_hours",
        "later",
    }
)


ACTION = {member.value: member for member in Action}
COUNT_UNIT = {member.value: member for member in CountUnit}
BASIS = {member.value: member for member in Basis}
VEHICLE_RULE = {member.value: member for member in VehicleRule}
STOP_MODE = {member.value: member for member in StopMode}
NON_ROAD_RULE = {member.value: member for member in NonRoadRule}
VERIFICATION = {member.value: member for member in Verification}
GUARANTEE = {member.value: member for member in GuaranteeType}
SOURCE_CLASS = {member.value: member for member in SourceClass}


def pollutants_document(values: Pollutants) -> dict[str, float | None]:
    return dict(zip(POLLUTANTS, values, strict=True))


def pollutants_from(document: Mapping[str, Any]) -> Pollutants:
    return Pollutants(document["so2"], document["nox"], document["pm"], document["vocs"])


def line_document(line: Line) -> dict[str, Any]:
    return {
        "code": line.code,
        "name": line.name,
        "process": line.process,
        "base": pollutants_document(line.base),
        "measures": {level.value: measure_document(line.measures.at(level)) for level in LEVELS},
        "reductions": {level.value: pollutants_document(line.reductions.at(level)) for level in LEVELS},
        **({} if line.particulars is None else {"particulars": particulars_document(line.particulars)}),
    }


def particulars_document(stated: EnterpriseParticulars | LineParticulars | Means) -> dict[str, Any]:
    """What is stated, without what is not."""
    return {
        field.name: particulars_document(value) if isinstance(value, Means) else value
        for field in fields(stated)
        if (value := getattr(stated, field.name)) is not None
    }


def _line_particulars(document: Mapping[str, Any] | None) -> LineParticulars | None:
    if document is None:
        return None
    means = document.get("means")
    return LineParticulars(**{**document, "means": None if means is None else Means(**means)})


def line_from(document: Mapping[str, Any]) -> Line:
    return line_with(document, PerLevel(*[measure_from(document["measures"][level]) for level in LEVELS]))


def line_with(document: Mapping[str, Any], measures: PerLevel[Measure]) -> Line:
    """A line whose measures have been read."""
    reductions = document["reductions"]
    return Line(
        code=document["code"],
        name=document["name"],
        process=document["process"],
        base=pollutants_from(document["base"]),
        measures=measures,
        reductions=PerLevel(*[pollutants_from(reductions[level]) for level in LEVELS]),
        particulars=_line_particulars(document.get("particulars")),
    )


def enterprise_document(enterprise: Enterprise) -> dict[str, Any]:
    until = enterprise.guarantee_until
    return {
        "uscc": enterprise.uscc,
        "permit_no": enterprise.permit_no,
        "name": enterprise.name,
        "adcode": enterprise.adcode,
        "address": enterprise.address,
        "industry": enterprise.industry,
        "key_industry": enterprise.key_industry,
        "gbt4754": enterprise.gbt4754,
        "grade": enterprise.grade.value,
        "guarantee": None if enterprise.guarantee is None else enterprise.guarantee.value,
        "guarantee_until": None if until is None else until.isoformat(),
        "guarantee_cap": cap_document(enterprise.guarantee_cap),
        "small_micro": enterprise.small_micro,
        "long_stopped": enterprise.long_stopped,
        "contact": enterprise.contact,
        **({} if enterprise.subtype is None else {"subtype": enterprise.subtype}),
        **({} if enterprise.source_class is None else {"source_class": enterprise.source_class.value}),
        **({} if enterprise.particulars is None else {"particulars": particulars_document(enterprise.particulars)}),
    }


def enterprise_from(document: Mapping[str, Any]) -> Enterprise:
    known = dict(document)
    guarantee, until = known["guarantee"], known["guarantee_until"]
    known["grade"] = Grade(known["grade"])
    known["guarantee"] = None if guarantee is None else GUARANTEE[guarantee]
    known["guarantee_until"] = None if until is None else date.fromisoformat(until)
    known["guarantee_cap"] = cap_from(known["guarantee_cap"])
    if (source_class := known.get("source_class")) is not None:
        known["source_class"] = SOURCE_CLASS[source_class]
    if (particulars := known.get("particulars")) is not None:
        known["particulars"] = EnterpriseParticulars(**particulars)
    return Enterprise(**known)
