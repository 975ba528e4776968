"""Levels of many divisions at once, from arrays. Same answer as `assess`, without its trace.

A level only needs each block's rounded mean against the concentration at which the index passes a line, so no
index is computed, and chains are searched only in the rows that have a block above a line or an unknown one.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from alerts.aqi import SCALE, last_place, least_above
from alerts.blocks import GRADED
from alerts.chains import BLOCK_HOURS, Mask
from alerts.evaluation import Above, tabulate
from alerts.rules import AqiItem, AqiStandard, Condition, Criteria, Line

Floats = NDArray[np.float64]
_ROWS = 128
"""Rows taken together, so that their sums stay in the processor's cache."""


class BulkLevels(NamedTuple):
    """Per division the level (values of `Level`), and whether unknown blocks could make it higher."""

    level: NDArray[np.int8]
    insufficient: Mask


class _Passing(NamedTuple):
    """A line of the criteria as the least concentration of one pollutant that passes it, in last places."""

    line: Line
    least: int


def levels(
    pm25: Floats,
    pm10: Floats,
    so2: Floats,
    no2: Floats,
    co: Floats,
    *,
    criteria: Criteria,
    standard: AqiStandard,
    first_hour: int = 0,
) -> BulkLevels:
    """Levels from hourly concentrations [divisions, hours], µg/m³ (CO mg/m³), NaN missing, as of the first
    hour.

    All hours fall under one AQI `standard`; `first_hour` is the hour of day at which the first one starts (it
    matters for natural days only). Blocks that hold a forecaster's cause, ozone and AQI-only feeds are for
    `assess`. Raises ValueError when the arrays differ in shape.
    """
    given = dict(zip(GRADED, (pm25, pm10, so2, no2, co), strict=True))
    if len({array.shape for array in given.values()}) != 1 or pm25.ndim != 2:
        raise ValueError("give five arrays of one shape [divisions, hours]")
    grid = _Grid(pm25.shape[1], first_hour, criteria)
    lines = {name: _lines(name, standard, criteria) for name in GRADED}
    level = np.zeros(len(pm25), dtype=np.int8)
    insufficient = np.zeros(len(pm25), dtype=bool)
    for low in range(0, len(pm25), _ROWS):
        part = slice(low, low + _ROWS)
        rows = {name: array[part] for name, array in given.items()}
        level[part], insufficient[part] = _some(rows, grid, lines, criteria, standard)
    return BulkLevels(level, insufficient)


class _Grid:
    """Where blocks may start, and the hours to add so that natural days are whole."""

    def __init__(self, hours: int, first_hour: int, criteria: Criteria) -> None:
        natural = criteria.day == "natural"
        self.before = first_hour if natural else 0
        total = self.before + hours
        whole = BLOCK_HOURS * -(-total // BLOCK_HOURS) if natural else max(total, BLOCK_HOURS)
        self.after = whole - total
        at = np.arange(whole - BLOCK_HOURS + 1)
        self.exists: Mask = at % BLOCK_HOURS == 0 if natural else np.ones(len(at), dtype=bool)
        self.covered: Mask = (at >= self.before) & (at + BLOCK_HOURS <= self.before + hours)
        self.plain = bool(self.exists.all() and self.covered.all())

    def padded(self, values: Floats) -> Floats:
        """The rows with the missing hours that complete the grid."""
        if not self.before and not self.after:
            return values
        return np.pad(values, ((0, 0), (self.before, self.after)), constant_values=np.nan)


def _lines(name: str, standard: AqiStandard, criteria: Criteria) -> tuple[_Passing, ...]:
    """Every line of the criteria that this pollutant can pass, the easiest first."""
    item = standard.items[standard.daily[name]]
    found = []
    for line in _all_lines(criteria):
        least = line.over + 1 if line.of == "pm25" else least_above(item, standard.indices, line.over)
        applies = name == "pm25" if line.of == "pm25" else line.of == "aqi" and name in criteria.graded
        if applies and least is not None:
            found.append(_Passing(line, least))
    return tuple(sorted(found, key=lambda passing: passing.least))


def _all_lines(criteria: Criteria) -> list[Line]:
    conditions: list[Condition] = []
    for level in criteria.known_levels:
        for condition in criteria.conditions(level):
            conditions += [condition] if condition.containing is None else [condition, condition.containing]
    return sorted({condition.line for condition in conditions})


def _some(
    rows: dict[str, Floats],
    grid: _Grid,
    lines: dict[str, tuple[_Passing, ...]],
    criteria: Criteria,
    standard: AqiStandard,
) -> tuple[NDArray[np.int8], Mask]:
    count = len(rows["pm25"])
    above: dict[Line, Mask] = {}
    for name, values in rows.items():
        _add_above(above, name, values, grid, lines[name], standard)
    unknown = _unknown(rows["pm25"], grid, standard)
    level = np.zeros(count, dtype=np.int8)
    if not grid.plain:
        allowed = grid.exists & grid.covered
        above = {line: mask & allowed for line, mask in above.items()}
    if above:
        passing = np.any([mask.any(axis=1) for mask in above.values()], axis=0)
        _decide(level, np.flatnonzero(passing), above, None, criteria)
    possible = level.copy()
    if unknown is None:
        return level, np.zeros(count, dtype=bool)
    _decide(possible, np.flatnonzero(unknown.any(axis=1)), above, unknown, criteria)
    blank: Mask = np.asarray((unknown | ~grid.exists).all(axis=1), dtype=bool)
    return level, (possible > level) | blank


def _add_above(
    above: dict[Line, Mask],
    name: str,
    values: Floats,
    grid: _Grid,
    lines: tuple[_Passing, ...],
    standard: AqiStandard,
) -> None:
    """Mark the blocks whose rounded mean passes a line; rows whose highest hour cannot are left out."""
    if not lines:
        return
    item = standard.items[standard.daily[name]]
    highest = values.max(axis=1)
    holes = np.isnan(highest)
    if holes.any():
        highest[holes] = np.fmax.reduce(values[holes], axis=1)
    # a mean that rounds up to the line's concentration has an hour at least half a place below it
    at = np.flatnonzero(highest * last_place(item) >= lines[0].least - 1)
    if not len(at):
        return
    chosen = grid.padded(values[at] if len(at) < len(values) else values)
    complete = not holes[at].any() and not (grid.before or grid.after)
    sums = _sums(chosen * SCALE, complete)
    enough = None if complete else _sums((~np.isnan(chosen)).astype(np.float64), True)
    for line, least in lines:
        mask = above.get(line)
        if mask is None:
            mask = above[line] = np.zeros((len(values), len(grid.exists)), dtype=bool)
        found = sums >= _least_sum(item, least, enough, standard.validity.day_hours)
        if len(at) == len(values):
            mask |= found
        else:
            mask[at] |= found


def _sums(values: Floats, complete: bool) -> Floats:
    """Sums of every 24 consecutive values, as whole numbers (exact below 2 to the 53)."""
    whole = np.rint(values, out=values)
    if not complete:
        np.nan_to_num(whole, copy=False, nan=0.0)
    np.cumsum(whole, axis=1, out=whole)
    sums = whole[:, BLOCK_HOURS - 1 :].copy()
    sums[:, 1:] -= whole[:, :-BLOCK_HOURS]
    return sums


def _least_sum(item: AqiItem, least: int, counts: Floats | None, enough: int) -> Floats | float:
    """The smallest sum of thousandths whose mean rounds (half to even) to `least` last places or more."""
    each = (2 * least - 1) * (SCALE // last_place(item)) // 2
    odd = least % 2
    if counts is None:
        return float(BLOCK_HOURS * each + odd)
    return np.where(counts >= enough, counts * each + odd, np.inf)


def _unknown(fine: Floats, grid: _Grid, standard: AqiStandard) -> Mask | None:
    """Blocks without enough hours of PM2.5; None when there are none."""
    holes = np.isnan(fine.sum(axis=1))
    if not holes.any() and grid.covered.all():
        return None
    unknown = np.zeros((len(fine), len(grid.exists)), dtype=bool)
    some = np.flatnonzero(holes)
    counts = _sums((~np.isnan(grid.padded(fine[some]))).astype(np.float64), True)
    unknown[some] = counts < standard.validity.day_hours
    return (unknown | ~grid.covered) & grid.exists


def _decide(
    level: NDArray[np.int8],
    rows: NDArray[np.intp],
    above: dict[Line, Mask],
    unknown: Mask | None,
    criteria: Criteria,
) -> None:
    """Give each of the rows the highest level that a chain of its blocks satisfies."""
    left = rows
    for wanted in reversed(criteria.known_levels):
        for condition in criteria.conditions(wanted):
            if not len(left):
                return
            table, _ = tabulate(_chosen(above, unknown, left, len(level)), condition, criteria)
            met = table[-1][-1].any(axis=1)
            level[left[met]] = wanted
            left = left[~met]


def _chosen(above: dict[Line, Mask], unknown: Mask | None, rows: NDArray[np.intp], count: int) -> Above:
    every = len(rows) == count

    def masks(line: Line) -> Mask:
        mask = above.get(line)
        if mask is None:
            shape = next(iter(above.values())).shape if unknown is None else unknown.shape
            mask = np.zeros(shape, dtype=bool)
        if unknown is not None:
            mask = mask | unknown
        return mask if every else mask[rows]

    return masks


def numpy_limit(*arrays: Floats, lines: tuple[float, ...] = (115.5, 150.5, 250.5)) -> int:
    """The bare work that `levels` is measured against.

    Rolling 24-h means, compared with three lines; their count.
    """
    above = 0
    for array in arrays:
        total = np.cumsum(array, axis=1)
        mean = total[:, BLOCK_HOURS - 1 :].copy()
        mean[:, 1:] -= total[:, :-BLOCK_HOURS]
        mean /= BLOCK_HOURS
        for line in lines:
            above += int(np.count_nonzero(mean > line))
    return above
