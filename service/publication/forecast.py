"""The published forecast of the following days (HJ 633: at least three days, by AQI range and category)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

import numpy as np

from alerts.blocks import blocks_of
from alerts.instants import SHANGHAI
from alerts.points import Point
from alerts.rules import Criteria
from alerts.series import Series
from service.kit.unit_of_work import UnitOfWork, beijing
from service.publication.state import AirCategory, ForecastDay, Words

LATEST_SQL = """
SELECT DISTINCT ON (adcode) adcode, issued_at, basis, points FROM forecast
WHERE issued_at > $1 AND issued_at <= $2 ORDER BY adcode, issued_at DESC, id DESC
"""
NOTES = {
    "perfect": Words(
        "预报由事后监测数据反推（完美预报），仅供演示。",
        "The forecast is rebuilt from later observations (perfect forecast), for demonstration only.",
    ),
    "persistence": Words(
        "预报为持续性假设，仅供演示。", "The forecast assumes persistence, for demonstration only."
    ),
}
DAYS_SHOWN = 7
EDGES = (50, 100, 150, 200, 300)


@dataclass(frozen=True)
class PublishedForecast:
    """The days of one division."""

    issued_at: datetime
    days: tuple[ForecastDay, ...]
    note: Words | None


def category_of(aqi: int) -> AirCategory:
    """The AQI category of HJ 633."""
    return AirCategory(1 + int(np.searchsorted(EDGES, aqi, side="left")))


async def forecasts_of(uow: UnitOfWork) -> dict[str, PublishedForecast]:
    """The latest forecast of every division that has one from the last two days."""
    rows = await uow.fetch(LATEST_SQL, uow.now - timedelta(days=2), uow.now)
    natural = uow.runtime.law.criteria_for(None, uow.now, rules_id=uow.runtime.rules_id).model_copy(update={"day": "natural"})
    found: dict[str, PublishedForecast] = {}
    for row in rows:
        points = [Point.model_validate(point) for point in row["points"]]
        issued = beijing(row["issued_at"])
        assert issued is not None
        days = _days(uow, Series.from_points(row["adcode"], points), natural)[:DAYS_SHOWN]
        if days:
            found[row["adcode"]] = PublishedForecast(issued, days, NOTES.get(row["basis"]))
    return found


def _days(uow: UnitOfWork, series: Series, natural: Criteria) -> tuple[ForecastDay, ...]:
    """The AQI of each natural day from today on that the forecast covers well enough, as the range that it gives."""
    standards = uow.runtime.law.standards
    blocks = blocks_of(series, natural, standards)
    low, high = blocks, blocks
    if series.low is not None:
        low, high = (blocks_of(series.bound(bound), natural, standards) for bound in ("lower", "upper"))
    today = uow.now.date()
    return tuple(
        ForecastDay(day, int(low.aqi[at]), int(high.aqi[at]), category_of(int(blocks.aqi[at])))
        for at in np.flatnonzero(blocks.exists & (blocks.aqi >= 0)).tolist()
        if (day := blocks.start(at).astimezone(SHANGHAI).date()) >= today
    )
