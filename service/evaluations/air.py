"""Measured air before, during and after a response: an observation, never a cause (空气质量变化，仅为观测)."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Sequence
from datetime import date, datetime
from typing import Any

import numpy as np

from alerts.blocks import blocks_of
from alerts.instants import DAY, SHANGHAI, day_start
from alerts.law import LawNotFound
from alerts.series import Series
from alerts.verification_days import day_aqis
from service.accounts.roles import Scope
from service.kit.runtime import Runtime
from service.kit.unit_of_work import UnitOfWork
from service.skill.repository import observed
from service.skill.series import measured

AROUND = 3 * DAY
LEAST_HOURS = 20
SHOWN = ("pm25", "pm10", "so2", "no2", "co")


async def days_of(uow: UnitOfWork, scope: Scope, adcode: str, start: datetime, end: datetime) -> list[dict[str, Any]]:
    """Natural days from three before the response to three after it, as far as anything was measured.

    Means of at least 20 measured hours in µg/m³ (CO mg/m³), and the published AQI; None where too little is known.
    """
    first = day_start(start.astimezone(SHANGHAI).date()) - AROUND
    last = min(day_start(end.astimezone(SHANGHAI).date()) + DAY + AROUND, uow.now)
    if last <= first:
        return []
    deliveries = await observed(uow, scope, adcode, first, last)
    return await asyncio.to_thread(_days, uow.runtime, adcode, deliveries, (first, last), (start, end))


def _days(
    runtime: Runtime,
    adcode: str,
    deliveries: Sequence[str],
    window: tuple[datetime, datetime],
    response: tuple[datetime, datetime],
) -> list[dict[str, Any]]:
    known: dict[date, dict[str, Any]] = {}
    for series in measured(adcode, (json.loads(points) for points in deliveries), *window):
        aqis = _aqis(runtime, series, response[0])
        for day, means in _means(series).items():
            values = {"aqi": aqis.get(day), **means}
            if any(value is not None for value in values.values()):
                known.setdefault(day, values)
    return [
        {"day": day.isoformat(), "when": _when(day_start(day), *response), **values} for day, values in sorted(known.items())
    ]


def _aqis(runtime: Runtime, series: Series, at: datetime) -> dict[date, int]:
    try:
        criteria = runtime.law.criteria_for(series.adcode, at, rules_id=runtime.rules_id)
        return day_aqis(blocks_of(series, criteria, runtime.law.standards))
    except LawNotFound:
        return {}


def _means(series: Series) -> dict[date, dict[str, float | None]]:
    hourly = series.kind == "hourly"
    found = {}
    day = day_start(series.start.astimezone(SHANGHAI).date())
    while day < series.end:
        width = DAY / 24 if hourly else DAY
        first, until = max(0, (day - series.start) // width), max(0, (day + DAY - series.start) // width)
        least = LEAST_HOURS if hourly else 1
        found[day.date()] = {name: _mean(series.values[name][first:until], least) for name in SHOWN}
        day += DAY
    return found


def _mean(values: np.ndarray[Any, np.dtype[np.float64]], least: int) -> float | None:
    known = values[~np.isnan(values)]
    return round(float(known.mean()), 1) if len(known) >= least else None


def _when(day: datetime, start: datetime, end: datetime) -> str:
    if day + DAY <= start:
        return "before"
    return "after" if day >= end else "during"
