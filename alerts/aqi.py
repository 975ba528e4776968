"""AQI (环境空气质量指数): exact indices from concentrations, HJ 633-2012 and HJ 633-2026.

Concentrations are integers in the item's last place (µg/m³, or tenths of mg/m³ for CO), because floating
error and rounding up would turn 100 into 101. An index of -1 means: the standard gives none.
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import ROUND_HALF_EVEN, Decimal
from fractions import Fraction
from functools import lru_cache
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict

from alerts.rules import AqiItem, AqiStandard

Ints = NDArray[np.int64]
Period = Literal["daily", "hourly"]
NO_INDEX = -1
SCALE = 1000
"""Measured values are kept as integer thousandths, so that sums and means stay exact."""


def scaled(values: NDArray[np.float64]) -> Ints:
    """Values as integer thousandths; missing ones (NaN) as 0."""
    whole = np.rint(np.where(np.isnan(values), 0.0, values) * SCALE)
    return np.asarray(whole, dtype=np.int64)


def half_even(total: Ints, divisor: Ints | int) -> Ints:
    """total / divisor rounded to an integer, a half to the even neighbour (GB/T 8170 数值修约).

    In integers.
    """
    quotient, rest = np.divmod(total, divisor)
    twice = rest * 2
    up = (twice > divisor) | ((twice == divisor) & (quotient % 2 == 1))
    return np.asarray(quotient + up, dtype=np.int64)


def rounded_mean(total: Ints, count: Ints | int, item: AqiItem) -> Ints:
    """Mean of `count` values whose thousandths add up to `total`, in the item's last place."""
    per_unit = SCALE // 10**item.decimals
    return half_even(total, np.maximum(count, 1) * per_unit)


def indices_of(item: AqiItem, indices: tuple[int, ...], rounded: Ints) -> Ints:
    """IAQI (空气质量分指数) of rounded concentrations; a negative concentration (missing) gives NO_INDEX."""
    table = index_table(item, indices)
    return table[np.where(rounded < 0, len(table) - 1, np.minimum(rounded, len(table) - 2))]


def last_place(item: AqiItem) -> int:
    """How many last places make one unit: 1 for µg/m³, 10 for CO."""
    return int(10**item.decimals)


@lru_cache(maxsize=64)
def index_table(item: AqiItem, indices: tuple[int, ...]) -> Ints:
    """Index by rounded concentration 0 … last breakpoint, then the index beyond it.

    Then NO_INDEX for missing.
    """
    places = last_place(item)
    points = [point * places for point in item.breakpoints]
    within = [_interpolated(value, points, indices) for value in range(points[-1] + 1)]
    capped = indices[-1] if len(points) == len(indices) else item.beyond
    table = np.array([*within, NO_INDEX if capped is None else capped, NO_INDEX], dtype=np.int64)
    table.flags.writeable = False
    return table


def _interpolated(value: int, points: list[int], indices: tuple[int, ...]) -> int:
    for at in range(1, len(points)):
        if value <= points[at]:
            low, high = points[at - 1], points[at]
            share = Fraction((indices[at] - indices[at - 1]) * (value - low), high - low)
            return int(indices[at - 1] + -(-share.numerator // share.denominator))
    return indices[-1]


def least_above(item: AqiItem, indices: tuple[int, ...], line: int) -> int | None:
    """The smallest rounded concentration whose index is above `line`; None when no concentration is."""
    over = np.flatnonzero(index_table(item, indices)[:-1] > line)
    return int(over[0]) if len(over) else None


class Rating(BaseModel):
    """What one report says: AQI, indices, primary pollutants (首要污染物), category.

    None where not defined.
    """

    model_config = ConfigDict(frozen=True)

    aqi: int | None
    iaqi: dict[str, int | None]
    primary: tuple[str, ...]
    category: str | None
    grade: int | None
    standard: str


KEYS: tuple[str, ...] = (
    "pm25", "pm10", "so2", "no2", "co", "o3_8h", "o3_1h", "pm25_24h", "pm10_24h", "so2_24h",
)  # fmt: skip


def rate(standard: AqiStandard, period: Period, given: Mapping[str, Decimal | None]) -> Rating:
    """Rate concentrations (µg/m³, CO mg/m³); a key with None was monitored but is missing.

    A key without an index in this report gets None. With a missing pollutant HJ 633-2026 publishes the
    AQI only above 100. Raises ValueError for an unknown key.
    """
    unknown = sorted(set(given) - set(KEYS))
    if unknown:
        raise ValueError(f"unknown value {', '.join(unknown)}; use {', '.join(KEYS)}")
    report = standard.daily if period == "daily" else standard.hourly
    iaqi = {key: _index(standard, report, key, given) for key in given}
    known = {key: index for key, index in iaqi.items() if index is not None}
    aqi = max(known.values(), default=None)
    missing = any(value is None for key, value in given.items() if key in report)
    needed = standard.incomplete_needs_over
    if aqi is None or (missing and needed is not None and aqi <= needed):
        return Rating(aqi=None, iaqi=iaqi, primary=(), category=None, grade=None, standard=standard.number)
    leading = [key.removesuffix("_24h") for key, index in known.items() if index == aqi > standard.primary_over]
    category = next(category for category in standard.categories if aqi <= category.up_to)
    return Rating(
        aqi=aqi,
        iaqi=iaqi,
        primary=tuple(leading),
        category=category.zh,
        grade=category.grade,
        standard=standard.number,
    )


def _index(
    standard: AqiStandard, report: Mapping[str, str], key: str, given: Mapping[str, Decimal | None]
) -> int | None:
    value = given[key]
    if key not in report or value is None:
        return None
    item = standard.items[report[key]]
    index = _exact(standard, item, value)
    if index is None and item.instead is not None and item.instead not in report:
        other = given.get(item.instead)
        return None if other is None else _exact(standard, standard.items[item.instead], other)
    return index


def _exact(standard: AqiStandard, item: AqiItem, value: Decimal) -> int | None:
    places = int((value * last_place(item)).quantize(Decimal(1), rounding=ROUND_HALF_EVEN))
    index = int(indices_of(item, standard.indices, np.array([places]))[0])
    return None if index == NO_INDEX else index
