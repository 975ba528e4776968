"""The Hebei NAQPMS bar chart: a JSON list by day, in it a list by city, each `{aqi, name, code, datadate}`.

The payload does not say when it was issued; the instant at which it was received stands for it. Other keys
are ignored.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterator
from datetime import date, datetime
from typing import Any

from alerts.instants import require_aware
from service.feeds.layouts.common import (
    FeedForecast,
    LayoutError,
    Parsed,
    Places,
    RowProblem,
    read_json,
    shipped_places,
)

MISSING = -999
LARGEST_AQI = 500


class _BadRow(ValueError):
    """An entry that cannot be used."""

    def __init__(self, problem: RowProblem) -> None:
        super().__init__(problem.problem)
        self.problem = problem


def parse(payload: bytes, received_at: datetime, places: Places | None = None) -> Parsed:
    """The daily AQI forecasts of a payload by division, days in order; -999 and null are missing values.

    `places`: the divisions and spellings to find places by; those of the shipped law when not given.
    An entry with an unknown place, a bad value or a day given twice is left out and reported. Raises
    `LayoutError` when the payload is not of this layout, ValueError when `received_at` has no zone.
    """
    issued_at = require_aware(received_at)
    places = places or shipped_places()
    days: dict[str, dict[date, float | None]] = defaultdict(dict)
    problems: list[RowProblem] = []
    for path, entry in _entries(read_json(payload)):
        try:
            adcode, day, aqi = _row(path, entry, places)
            if day in days[adcode]:
                raise _BadRow(RowProblem(path, "duplicate", f"{adcode} has {day} already; the first value stands"))
            days[adcode][day] = aqi
        except _BadRow as bad:
            problems.append(bad.problem)
    forecasts = (
        FeedForecast(adcode, issued_at, tuple({"date": day.isoformat(), "aqi": rows[day]} for day in sorted(rows)))
        for adcode, rows in sorted(days.items())
        if rows
    )
    return Parsed(tuple(forecasts), tuple(problems))


def _entries(document: Any) -> Iterator[tuple[str, dict[str, Any]]]:
    if not isinstance(document, list):
        raise LayoutError("payload", "must be a list of days")
    for number, cities in enumerate(document):
        if not isinstance(cities, list):
            raise LayoutError(f"[{number}]", "must be a list of cities")
        for place, entry in enumerate(cities):
            if not isinstance(entry, dict):
                raise LayoutError(f"[{number}][{place}]", "must be an object with aqi, name, code and datadate")
            yield f"[{number}][{place}]", entry


def _row(path: str, entry: dict[str, Any], places: Places) -> tuple[str, date, float | None]:
    day = _day(path, entry.get("datadate"))
    return _place(path, entry, places, day), day, _aqi(path, entry.get("aqi"))


def _day(path: str, text: Any) -> date:
    try:
        return datetime.fromisoformat(text).date()
    except (TypeError, ValueError) as error:
        problem = f"{text!r} is not a day; expected one like 2016-07-08T00:00:00"
        raise _BadRow(RowProblem(f"{path}.datadate", "bad_value", problem)) from error


def _place(path: str, entry: dict[str, Any], places: Places, day: date) -> str:
    name, code = (str(entry[key]) if entry.get(key) is not None else None for key in ("name", "code"))
    try:
        adcode = places.find(name, code, day)
    except ValueError as error:
        raise _BadRow(RowProblem(path, "contradiction", str(error))) from error
    if adcode is None:
        raise _BadRow(RowProblem(path, "unknown_place", f"neither the name {name!r} nor the code {code!r} is known"))
    return adcode


def _aqi(path: str, value: Any) -> float | None:
    """The AQI, a number or a number as text; None when it is missing."""
    if value is None or value == "":
        return None
    try:
        number = math.nan if isinstance(value, bool) else float(value)
    except (TypeError, ValueError):
        number = math.nan
    if number == MISSING:
        return None
    if not 0 <= number <= LARGEST_AQI:
        problem = f"{value!r} is not an AQI from 0 to {LARGEST_AQI}; {MISSING} means missing"
        raise _BadRow(RowProblem(f"{path}.aqi", "bad_value", problem))
    return number
