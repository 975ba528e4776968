"""Forecasts and air for the tests of verification, in one line each."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, timedelta

from alerts.instants import HOUR, day_start
from alerts.points import Point
from alerts.series import Series
from alerts.verification import Basis, Findings, Issue, Skill, Terms, skill, verify
from tests.alerts.air import STANDARDS, criteria

FIRST = date(2024, 11, 8)
LATE = day_start(date(2025, 6, 1))
Aqis = Sequence[float | None]


def day(number: int) -> date:
    return FIRST + timedelta(days=number)


def at(number: int, hour: int = 0) -> datetime:
    """An hour of a day, counted from 2024-11-08."""
    return day_start(day(number)) + hour * HOUR


def daily(first: int, aqis: Aqis) -> Series:
    return Series.from_points("110000", [Point(date=day(first + k), aqi=aqi) for k, aqi in enumerate(aqis)])


def by_hour(first: int, aqis: Aqis, hour: int = 0) -> Series:
    """Each AQI for 24 hours from an hour of the first day on."""
    hours = [aqi for aqi in aqis for _ in range(24)]
    start = at(first, hour)
    return Series.from_points("110000", [Point(time=start + (k + 1) * HOUR, aqi=aqi) for k, aqi in enumerate(hours)])


def issue(
    issued: int, aqis: Aqis, *, hour: int = 17, first: int | None = None, feed: str = "f", basis: Basis = "forecast"
) -> Issue:
    """Days from the day after the issue on."""
    start = issued + 1 if first is None else first
    return Issue(feed, basis, at(issued, hour), daily(start, aqis))


def terms(
    rules: str = "national-2024", known_until: datetime = LATE, until: datetime = LATE, *, days_only: bool = False
) -> Terms:
    return Terms(criteria(rules), STANDARDS, known_until, until, days_only)


def found(issues: Sequence[Issue], observed: Sequence[Series], given: Terms | None = None) -> list[Findings]:
    return verify("110000", issues, observed, given or terms())


def measured(issues: Sequence[Issue], observed: Sequence[Series], given: Terms | None = None) -> Skill:
    return skill(found(issues, observed, given))
