"""What evidence is made of, whichever door it came through. `place` is the row of a file or the pointer into a message."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import NamedTuple, TypeAlias

Place: TypeAlias = int | str


class Kind(StrEnum):
    """What a file or message holds: hours of meters, of monitors, of loads; passages; inspections; the points themselves."""

    POWER = "power"
    CEMS = "cems"
    LOAD = "load"
    GATE = "gate"
    INSPECTION = "inspection"
    POINTS = "points"


class Hour(NamedTuple):
    """One value of one point over the hour that ends at `until`. `value` None only with a flag that says why."""

    uscc: str
    point: str
    item: str
    until: datetime
    value: float | None
    flag: str | None
    place: Place


class Passage(NamedTuple):
    """One vehicle at a freight entrance. Stages and fuels after the gate clients' codes (EL 4.3)."""

    uscc: str
    gate: str
    at: datetime
    plate: str
    plate_colour: str
    vehicle: str
    stage: str
    fuel: str
    direction: str
    let_in: bool
    place: Place


class Inspected(NamedTuple):
    """What an inspector saw of an enterprise or of one of its lines."""

    uscc: str
    at: datetime
    inspector: str
    line_code: str | None
    result: str
    note: str
    reference: str | None
    place: Place


class PointRecord(NamedTuple):
    """A point of the registry: which line it watches, and whether it stands at production or treatment. `rated` in kW."""

    uscc: str
    point: str
    kind: str
    line_code: str
    role: str
    rated: float | None
    metric: str | None
    unit: str | None
    place: Place


Record: TypeAlias = Hour | Passage | Inspected | PointRecord
POWER_ITEM = "kwh"
LOAD_ITEM = "load"
MEASURED_BY = {Kind.POWER: "power", Kind.CEMS: "cems", Kind.LOAD: "load", Kind.GATE: "gate"}
"""The kind of point that delivers a kind of evidence."""
STAGES = (*"01234567", "D", "X")
"""Emission stages: 国0 … 国七, D electric, X none."""
FUELS = tuple("ABCDEFLMNOPQYZ")
"""A petrol, B diesel, C electric, D mixed, E natural gas, F LPG, L methanol, M ethanol, N solar, O hybrid, P hydrogen,
Q bio, Y none, Z other."""
FLAGS = ("N", "F", "M", "S", "D", "C", "T", "B")
"""Data flags of HJ 212: normal, source stopped, maintenance, set by hand, fault, calibration, over range, communication."""
CEMS_ITEMS = {
    "so2": "so2",
    "nox": "nox",
    "pm": "pm",
    "vocs": "vocs",
    "o2": "o2",
    "flow": "flow",
    "a21026": "so2",
    "a21002": "nox",
    "a34013": "pm",
    "a24088": "vocs",
    "a19001": "o2",
    "a00000": "flow",
}
"""What a monitor measures, by its own name or by its HJ 212-2017 code. mg/m³; oxygen in %, flow in m³ of the hour."""
