"""Blocks: the AQI of every 24-h period (24小时时段) of a series, exact, with what it rests on.

All arrays have one place per hour at which a block may start, counted from `first`. -1 stands for "not
known".
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from enum import IntEnum

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

from alerts.aqi import NO_INDEX, SCALE, Ints, indices_of, rounded_mean, scaled
from alerts.chains import BLOCK_HOURS, Mask
from alerts.instants import HOUR, SHANGHAI, day_start
from alerts.law import Standards
from alerts.points import CAUSES, VALUES
from alerts.rules import AqiItem, AqiStandard, Criteria, Line
from alerts.series import Series

GRADED = ("pm25", "pm10", "so2", "no2", "co")
POLLUTANTS = (*GRADED, "o3")
_EIGHT = 8


class Basis(IntEnum):
    """What a block's AQI rests on."""

    UNKNOWN = 0
    CONCENTRATION = 1
    HOURLY_AQI = 2
    DAILY_AQI = 3
    LOWER_BOUND = 4


@dataclass(frozen=True, eq=False)
class Blocks:
    """Every possible block of a series; `exists` marks those that the rule set's kind of day allows.

    `index` and `mean` are per pollutant (mean in last places: µg/m³, tenths of mg/m³). `graded` leaves
    out ozone and, in `flagged` blocks (a forecaster's cause), everything but PM2.5. `complete` means the
    graded AQI is exact; where it is False a graded AQI of 0 or more is a lower bound.
    """

    first: datetime
    exists: Mask
    index: dict[str, Ints]
    mean: dict[str, Ints]
    aqi: Ints
    graded: Ints
    complete: Mask
    basis: NDArray[np.int8]
    valid: Ints
    flagged: Mask
    causes: NDArray[np.int8]

    def start(self, at: int) -> datetime:
        """The instant at which block `at` starts."""
        return self.first + at * HOUR

    def end(self, at: int) -> datetime:
        """The instant at which block `at` is over."""
        return self.first + (at + BLOCK_HOURS) * HOUR

    def measured(self, line: Line) -> Ints:
        """What a line is compared with, in its unit; -1 where it is not known or does not apply."""
        if line.of == "pm25":
            return self.mean["pm25"]
        if line.of == "ozone_aqi":
            ozone = self.index["o3"]
            return np.where((ozone >= self.aqi) & (ozone > 0), ozone, -1)
        return self.graded

    def above(self, line: Line) -> Mask:
        """Blocks that provably lie above a line."""
        return self.exists & (self.measured(line) > line.over)

    def perhaps_above(self, line: Line) -> Mask:
        """Blocks that lie above a line, or could: not known, or known as a lower bound only."""
        if line.of == "pm25":
            return self.exists & ((self.mean["pm25"] > line.over) | (self.mean["pm25"] < 0))
        if line.of == "ozone_aqi":
            return self.above(line)
        return self.exists & ((self.graded > line.over) | ~self.complete)

    def above_in_all(self, line: Line) -> Mask:
        """Blocks above a line if nothing were left out of the grading."""
        return self.exists & ((self.aqi if line.of == "aqi" else self.measured(line)) > line.over)


def blocks_of(series: Series, criteria: Criteria, standards: Standards) -> Blocks:
    """All blocks of a series. Daily series: the days as given. `day: natural`: from midnight to midnight."""
    if series.kind == "daily":
        return _daily(series, criteria, standards)
    return _hourly(series, criteria, standards)


def editions(standards: Standards, first: datetime, starts: int) -> Iterator[tuple[AqiStandard, slice]]:
    """The AQI standard of each stretch of hours, chosen by the Beijing date of the hour's start."""
    low = 0
    while low < starts:
        standard = standards.at((first + low * HOUR).astimezone(SHANGHAI).date())
        until = standard.in_force.until
        high = starts if until is None else min(starts, max(low + 1, -((first - day_start(until)) // HOUR)))
        yield standard, slice(low, high)
        low = high


def _hourly(series: Series, criteria: Criteria, standards: Standards) -> Blocks:
    first, before, after = _padding(series, criteria)
    values = {name: np.pad(series.values[name], (before, after), constant_values=np.nan) for name in VALUES}
    cause = np.pad(series.cause, (before, after))
    starts = len(cause) - BLOCK_HOURS + 1
    at = np.arange(starts)
    covered = (at >= before) & (at + BLOCK_HOURS <= before + series.steps)
    exists = np.ones(starts, dtype=bool)
    if criteria.day == "natural":
        exists = (at + first.astimezone(SHANGHAI).hour) % BLOCK_HOURS == 0
    sums, counts = {}, {}
    measured = [name for name in GRADED if not np.isnan(values[name]).all()]
    for name in {*measured, "pm25", "aqi"}:
        sums[name], counts[name] = _rolling(values[name], BLOCK_HOURS)
    graded_from = _Parts(starts)
    for standard, part in editions(standards, first, starts):
        enough = standard.validity.day_hours
        for name in measured:
            valid = covered[part] & (counts[name][part] >= enough)
            item = standard.items[standard.daily[name]]
            mean = rounded_mean(sums[name][part], counts[name][part], item)
            graded_from.put(name, part, np.where(valid, mean, -1), standard)
        _put_ozone(graded_from, values["o3"], covered, standard, part)
        spoken = covered[part] & (counts["aqi"][part] >= enough)
        mean_aqi = -(-sums["aqi"][part] // (np.maximum(counts["aqi"][part], 1) * SCALE))
        graded_from.aqi[part] = np.where(spoken, mean_aqi, -1)
    flags = np.where(_excluded(cause, criteria), cause, 0)
    flagged = _any(flags > 0, BLOCK_HOURS)
    return _graded(graded_from, first, exists, flagged, cause, counts, Basis.HOURLY_AQI, criteria)


def _padding(series: Series, criteria: Criteria) -> tuple[datetime, int, int]:
    """Where the grid starts.

    And the missing hours before and after the series that complete its first and last day.
    """
    before = series.start.astimezone(SHANGHAI).hour if criteria.day == "natural" else 0
    total = before + series.steps
    whole = BLOCK_HOURS * -(-total // BLOCK_HOURS) if criteria.day == "natural" else max(total, BLOCK_HOURS)
    return series.start - before * HOUR, before, whole - total


def _daily(series: Series, criteria: Criteria, standards: Standards) -> Blocks:
    days = series.steps
    starts = BLOCK_HOURS * (days - 1) + 1
    exists = np.arange(starts) % BLOCK_HOURS == 0
    given, counts = {}, {}
    for name in VALUES:
        known = ~np.isnan(series.values[name])
        given[name] = _spread(np.where(known, scaled(series.values[name]), -1), starts)
        counts[name] = _spread(np.where(known, BLOCK_HOURS, 0), starts, 0)
    parts = _Parts(starts)
    for standard, part in editions(standards, series.start, starts):
        for name in POLLUTANTS:
            item = standard.items[standard.daily["o3_8h" if name == "o3" else name]]
            value = given[name][part]
            mean = np.where(value < 0, -1, rounded_mean(np.maximum(value, 0), 1, item))
            parts.put(name, part, mean, standard)
    parts.aqi = np.where(given["aqi"] < 0, -1, -(-given["aqi"] // SCALE))
    cause = _spread(series.cause.astype(np.int64), starts, 0)
    flagged = exists & _excluded(cause, criteria)
    hours = np.repeat(series.cause, BLOCK_HOURS)
    return _graded(parts, series.start, exists, flagged, hours, counts, Basis.DAILY_AQI, criteria)


class _Parts:
    """Arrays under construction: per pollutant the rounded mean and index, and the AQI that the feed gave."""

    def __init__(self, starts: int) -> None:
        self.mean = {name: np.full(starts, -1, dtype=np.int64) for name in POLLUTANTS}
        self.index = {name: np.full(starts, NO_INDEX, dtype=np.int64) for name in POLLUTANTS}
        self.aqi: Ints = np.full(starts, -1, dtype=np.int64)

    def put(self, name: str, part: slice, mean: Ints, standard: AqiStandard) -> None:
        item = standard.items[standard.daily["o3_8h" if name == "o3" else name]]
        self.mean[name][part] = mean
        self.index[name][part] = indices_of(item, standard.indices, mean)


def _put_ozone(parts: _Parts, hours: NDArray[np.float64], covered: Mask, standard: AqiStandard, part: slice) -> None:
    """Ozone of a block: the largest of its 17 eight-hour means; where that has no index, the largest hour."""
    if np.isnan(hours).all():
        return
    eight = standard.items["o3_8h"]
    total, count = _rolling(hours, _EIGHT)
    means = np.where(count >= standard.validity.eight_hours, rounded_mean(total, count, eight), -1)
    largest = sliding_window_view(means, BLOCK_HOURS - _EIGHT + 1).max(axis=1)[part]
    parts.put("o3", part, np.where(covered[part], largest, -1), standard)
    if eight.instead is None:
        return
    one = standard.items[eight.instead]
    hourly = np.where(np.isnan(hours), -1, rounded_mean(scaled(hours), 1, one))
    peak = sliding_window_view(hourly, BLOCK_HOURS).max(axis=1)[part]
    index = parts.index["o3"][part]
    without = (parts.mean["o3"][part] >= 0) & (index == NO_INDEX)
    parts.index["o3"][part] = np.where(without, indices_of(one, standard.indices, peak), index)


def _graded(
    parts: _Parts,
    first: datetime,
    exists: Mask,
    flagged: Mask,
    cause: NDArray[np.int8],
    counts: dict[str, Ints],
    spoken: Basis,
    criteria: Criteria,
) -> Blocks:
    """Put the pieces together: which basis each block has.

    Its AQI and the AQI that counts towards a level.
    """
    counted: tuple[str, ...] = criteria.graded
    if "ozone" not in criteria.excluded_causes:
        counted = (*counted, "o3")
    without_ozone = np.max([parts.index[name] for name in counted], axis=0)
    everything = np.max([parts.index[name] for name in POLLUTANTS], axis=0)
    fine = parts.index["pm25"]
    measured, told, some = fine >= 0, parts.aqi >= 0, without_ozone >= 0
    basis = np.select(
        [measured, told, some],
        [Basis.CONCENTRATION, spoken, Basis.LOWER_BOUND],
        Basis.UNKNOWN,
    ).astype(np.int8)
    aqi = np.where(~measured & told, parts.aqi, everything)
    graded = np.where(~measured & told, parts.aqi, without_ozone)
    graded = np.where(flagged, fine, graded)
    complete = np.where(flagged, measured, measured | told)
    valid = np.where(measured, counts["pm25"], np.where(told, counts["aqi"], counts["pm25"]))
    return Blocks(first, exists, parts.index, parts.mean, aqi, graded, complete, basis, valid, flagged, cause)


def _rolling(values: NDArray[np.float64], width: int) -> tuple[Ints, Ints]:
    """Sum of thousandths and number of valid values of every `width` consecutive ones."""
    return _window_sum(scaled(values), width), _window_sum((~np.isnan(values)).astype(np.int64), width)


def _window_sum(values: Ints, width: int) -> Ints:
    total = np.concatenate(([0], np.cumsum(values)))
    return np.asarray(total[width:] - total[:-width], dtype=np.int64)


def _any(mask: Mask, width: int) -> Mask:
    return _window_sum(mask.astype(np.int64), width) > 0


def _spread(days: Ints, starts: int, fill: int = -1) -> Ints:
    spread = np.full(starts, fill, dtype=np.int64)
    spread[::BLOCK_HOURS] = days
    return spread


def _excluded(cause: NDArray[np.integer], criteria: Criteria) -> Mask:
    codes = [1 + at for at, name in enumerate(CAUSES) if name in criteria.excluded_causes]
    return np.isin(cause, codes)


def hourly_graded(series: Series, criteria: Criteria, standards: Standards) -> Ints:
    """Graded hourly AQI of every hour from the series' start, for the lifting test; -1 where it is missing.

    The feed's AQI where it gives one; otherwise the real-time report of the standard without ozone (2012:
    particles as rolling 24-h means; 2026: 1-h means), and only with PM2.5. Flagged hours: PM2.5 alone. A
    day stands for its hours.
    """
    if series.kind == "daily":
        blocks = _daily(series, criteria, standards)
        days = np.where(blocks.complete & (blocks.graded >= 0), blocks.graded, -1)[::BLOCK_HOURS]
        return np.repeat(days, BLOCK_HOURS)
    fine = np.full(series.steps, -1, dtype=np.int64)
    others = np.full(series.steps, -1, dtype=np.int64)
    measured = [name for name in criteria.graded if not np.isnan(series.values[name]).all()]
    for standard, part in editions(standards, series.start, series.steps):
        for name in measured:
            index = _hour_index(series, name, standard)[part]
            target = fine if name == "pm25" else others
            target[part] = np.maximum(target[part], index)
    computed = np.where(fine < 0, -1, np.maximum(fine, others))
    told = series.values["aqi"]
    spoken = np.where(np.isnan(told), computed, -(-scaled(told) // SCALE))
    return np.where(_excluded(series.cause, criteria), fine, spoken)


def _hour_index(series: Series, name: str, standard: AqiStandard) -> Ints:
    """Index of one pollutant in the hourly report of a standard, -1 where it has none."""
    values = series.values[name]
    daily = standard.items[standard.daily[name]]
    if name in standard.hourly:
        item = standard.items[standard.hourly[name]]
        hour = np.where(np.isnan(values), -1, rounded_mean(scaled(values), 1, item))
        index = indices_of(item, standard.indices, hour)
        if item.instead is None:
            return index
        return np.where((hour >= 0) & (index < 0), _trailing(values, daily, standard), index)
    return _trailing(values, daily, standard)


def _trailing(values: NDArray[np.float64], item: AqiItem, standard: AqiStandard) -> Ints:
    """Index of the mean of the 24 hours that end with each hour."""
    padded = np.concatenate((np.full(BLOCK_HOURS - 1, np.nan), values))
    total, count = _rolling(padded, BLOCK_HOURS)
    enough = count >= standard.validity.day_hours
    return indices_of(item, standard.indices, np.where(enough, rounded_mean(total, count, item), -1))
