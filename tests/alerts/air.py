"""Air for tests: series, criteria and assessments in one line."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, timedelta

import numpy as np

from alerts.assessment import Assessment, assess
from alerts.instants import HOUR, parse_instant
from alerts.plans import Plan
from alerts.points import VALUES, Point
from alerts.rules import Criteria, criteria_of
from alerts.series import Series
from service.law.loader import load_law

LAW = load_law()
STANDARDS = LAW.standards
EDITION_2012, EDITION_2026 = STANDARDS.editions
START = parse_instant("2024-11-08 00:00")
RULES = ("national-2016", "national-2017", "national-2019", "national-2024")


def criteria(rules: str = "national-2024") -> Criteria:
    return criteria_of(LAW.rules[rules])


def hourly(start: datetime = START, **columns: Sequence[float | None]) -> Series:
    length = max(len(values) for values in columns.values())
    values = {name: np.full(length, np.nan) for name in VALUES}
    for name, given in columns.items():
        values[name][:] = [np.nan if value is None else value for value in given]
    return Series("110000", "hourly", start, values, np.zeros(length, dtype=np.int8))


def days(aqis: Sequence[float | None], first: date = date(2024, 11, 8)) -> Series:
    points = [Point(date=first + timedelta(days=at), aqi=aqi) for at, aqi in enumerate(aqis)]
    return Series.from_points("110000", points)


def hours(aqis: Sequence[float | None], start: datetime = START) -> list[Point]:
    return [Point(time=start + (at + 1) * HOUR, aqi=aqi) for at, aqi in enumerate(aqis)]


def judged(series: Series, rules: str = "national-2024", as_of: datetime | None = None) -> Assessment:
    return assess(series, as_of=as_of or series.start, criteria=criteria(rules), standards=STANDARDS)


def plan(**more: object) -> Plan:
    given = {
        "id": "p",
        "adcode": "110000",
        "version": "2023",
        "title": "预案",
        "in_force": {"from": "2023-10-01"},
        "approvers": {"yellow": ["duty_officer"]},
    }
    return Plan.model_validate(given | more)
