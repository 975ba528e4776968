"""The chart of a city as plain values: bars, rolling line, lines of the law, blocks, the present. Pure."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from alerts.assessment import Assessment
from alerts.instants import SHANGHAI, iso
from alerts.law import Standards
from alerts.rules import AqiCategory, Criteria
from alerts.series import Series

HOUR = timedelta(hours=1)
BACK = timedelta(hours=72)
AHEAD = timedelta(days=8)
BLOCK_HOURS = 24


def chart(
    series: Series, assessment: Assessment, criteria: Criteria, standards: Standards, now: datetime
) -> dict[str, Any]:
    """What the city page draws: from three days back (or the first block) to the end of the forecast.

    `steps` hold the end of each hour or the start of each day, the graded AQI with its category and colour, whether it
    is measured, and (hourly) the AQI of the 24 hours that end there. `blocks` name positions in `steps`, both included.
    """
    hourly = series.kind == "hourly"
    steps = _hours(series, assessment, standards) if hourly else _days(series, assessment, standards)
    since = min([now - BACK, *(block.start for block in assessment.blocks)])
    kept = [step for step in steps if since < step["ends"] <= now + AHEAD]
    return {
        "kind": series.kind,
        "as_of": iso(assessment.as_of),
        "level": assessment.level.code,
        "clause": assessment.clause,
        "lines": lines_of(criteria),
        "now": sum(step["ends"] <= now for step in kept),
        "blocks": [
            {"from": first, "to": last, "aqi": block.graded_aqi, "start": iso(block.start), "end": iso(block.end)}
            for block in assessment.blocks
            if (span := _positions(kept, block.start, block.end)) is not None
            for first, last in [span]
        ],
        "steps": [{name: value for name, value in step.items() if name not in {"starts", "ends"}} for step in kept],
    }


def lines_of(criteria: Criteria) -> list[int]:
    """The AQI lines that the conditions of the criteria name, lowest first."""
    lines = set[int]()
    for level in criteria.known_levels:
        for condition in criteria.conditions(level):
            if condition.of == "pm25":
                continue
            lines.add(condition.over)
            if condition.containing is not None:
                lines.add(condition.containing.over)
    return sorted(lines)


def _hours(series: Series, assessment: Assessment, standards: Standards) -> list[dict[str, Any]]:
    trailing = {
        assessment.rolling.start + (at + BLOCK_HOURS) * HOUR: value
        for at, value in enumerate(assessment.rolling.values)
    }
    steps = []
    for at, value in enumerate(assessment.hourly.values):
        start = assessment.hourly.start + at * HOUR
        step = _step(start, start + HOUR, value, series.observed_until, standards)
        steps.append(step | {"time": iso(start + HOUR), "rolling": trailing.get(start + HOUR)})
    return steps


def _days(series: Series, assessment: Assessment, standards: Standards) -> list[dict[str, Any]]:
    steps = []
    for at, value in enumerate(assessment.hourly.values[::BLOCK_HOURS]):
        start = assessment.hourly.start + at * BLOCK_HOURS * HOUR
        step = _step(start, start + BLOCK_HOURS * HOUR, value, series.observed_until, standards)
        steps.append(step | {"time": iso(start), "rolling": None})
    return steps


def _step(
    start: datetime, end: datetime, value: int | None, observed_until: datetime | None, standards: Standards
) -> dict[str, Any]:
    category = None if value is None else category_of(value, start, standards)
    return {
        "starts": start,
        "ends": end,
        "aqi": value,
        "colour": None if category is None else "rgb({}, {}, {})".format(*category.rgb),
        "category": None if category is None else {"zh": category.zh, "en": category.en},
        "observed": observed_until is not None and end <= observed_until,
    }


def category_of(aqi: int, day: datetime, standards: Standards) -> AqiCategory:
    """The AQI category of the standard that is in force on the (Beijing) day; the last one is open upwards."""
    categories = standards.at(day.astimezone(SHANGHAI).date()).categories
    return next((one for one in categories if aqi <= one.up_to), categories[-1])


def _positions(steps: list[dict[str, Any]], start: datetime, end: datetime) -> tuple[int, int] | None:
    inside = [at for at, step in enumerate(steps) if step["starts"] >= start and step["ends"] <= end]
    return (inside[0], inside[-1]) if inside else None


def legend(standards: Standards, day: datetime) -> list[dict[str, Any]]:
    """The categories of the standard in force, for the legend."""
    return [
        {
            "zh": one.zh,
            "en": one.en,
            "up_to": one.up_to,
            "colour": "rgb({}, {}, {})".format(*one.rgb),
            "grade": one.grade,
        }
        for one in standards.at(day.astimezone(SHANGHAI).date()).categories
    ]
