"""Which level the blocks of a series satisfy, and how near the next one is. Pure search over masks."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from alerts.blocks import Blocks
from alerts.chains import BLOCK_HOURS, Mask, Table, best_slack, chain_from, chain_table, episode_ends, lead_in, led_into
from alerts.levels import Level
from alerts.rules import Condition, Criteria, Line, Measured

Above = Callable[[Line], Mask]
_MOST_POINTS = 501


@dataclass(frozen=True)
class Found:
    """The satisfied clause of the highest level.

    Its chain of block starts and the end of the episode, in hours.
    """

    level: Level
    place: int
    condition: Condition
    chain: list[int]
    end: int

    @property
    def clause(self) -> str:
        """The clause as the rule set writes it, such as orange.any[1]."""
        return clause_name(self.level, self.place)


@dataclass(frozen=True)
class Shortfall:
    """How far a clause is from being met: points on every block in its unit, or hours above the line(s)."""

    level: Level
    place: int
    condition: Condition
    points: int | None
    hours: int
    rich_hours: int


def clause_name(level: Level, place: int) -> str:
    """Name of a clause within its rule set."""
    return f"{level.code}.any[{place}]"


class Episodes:
    """For every start the end of the episode it belongs to, in hours from the grid's first hour."""

    def __init__(self, above: Above, criteria: Criteria, offset: float) -> None:
        self.ends: NDArray[np.int64] = episode_ends(above(Line(criteria.episode_line)), criteria.merge_gap_hours)
        self.running: Mask = self.ends > offset


def best(above: Above, criteria: Criteria, offset: float) -> Found | None:
    """The highest level with a satisfied clause; among its chains the earliest first block.

    `offset` is `as_of` in hours from the grid's first hour: chains whose episode is over by then do not
    count.
    """
    episodes: Episodes | None = None
    for level in reversed(criteria.known_levels):
        earliest: Found | None = None
        for place, condition in enumerate(criteria.conditions(level)):
            table, rich = tabulate(above, condition, criteria)
            if not table[-1][-1].any():
                continue
            episodes = episodes or Episodes(above, criteria, offset)
            gap = criteria.merge_gap_hours
            # With `containing`, more blocks than the clause counts may lead to the ones above its higher line
            led = table[-1][-1] if rich is None else led_into(table[0][0], table[-1][-1], gap)
            starts = np.flatnonzero(led & episodes.running)
            if len(starts) and (earliest is None or starts[0] < earliest.chain[0]):
                path = lead_in(led, table[-1][-1], int(starts[0]), gap)
                chain = path[:-1] + chain_from(table, rich, path[-1], gap)
                end = max(int(episodes.ends[starts[0]]), chain[-1] + BLOCK_HOURS)
                earliest = Found(level, place, condition, chain, end)
        if earliest is not None:
            return earliest
    return None


def tabulate(above: Above, condition: Condition, criteria: Criteria) -> tuple[Table, Mask | None]:
    """The chains of one condition, and the mask of its higher line."""
    inner = condition.containing
    rich = above(inner.line) if inner is not None else None
    needed = inner.blocks if inner is not None else 0
    table = chain_table(above(condition.line), rich, condition.blocks, needed, criteria.merge_gap_hours)
    return table, rich


def usable(blocks: Blocks, criteria: Criteria, offset: float) -> Mask:
    """Blocks that can still matter at `as_of`: not over, or part of an episode that still runs."""
    line = blocks.above(Line(criteria.episode_line))
    if offset <= 0:
        return np.ones(len(line), dtype=bool)
    ends = np.arange(len(line)) + BLOCK_HOURS
    running = episode_ends(line, criteria.merge_gap_hours) > offset
    return (ends > offset) | (line & running)


def shortfalls(blocks: Blocks, criteria: Criteria, level: Level, matters: Mask) -> list[Shortfall]:
    """How far every clause of the levels above `level` is from being met, lowest level first."""
    known = {"aqi": _known(blocks, "aqi", matters)}
    found = []
    for higher in criteria.known_levels:
        for place, condition in enumerate(criteria.conditions(higher) if higher > level else ()):
            values = known.setdefault(condition.of, _known(blocks, condition.of, matters))
            table, _ = tabulate(_passing(values), condition, criteria)
            points = _least_rise(values, condition, criteria)
            found.append(Shortfall(higher, place, condition, points, *_hours_short(table, condition)))
    return found


def _passing(values: NDArray[np.int64]) -> Above:
    return lambda line: values > line.over


def _known(blocks: Blocks, of: Measured, matters: Mask) -> NDArray[np.int64]:
    """What is measured where it is known and matters, far below every line elsewhere."""
    values = blocks.measured(Line(0, of))
    return np.where(matters & blocks.exists & (values >= 0), values, -_MOST_POINTS * 4)


def margin(blocks: Blocks, criteria: Criteria, level: Level, matters: Mask) -> int | None:
    """By how much every block would have to fall for this level's clauses to fail: AQI points, or µg/m³ of PM2.5.

    None where clauses in different units are met at once: then no single number says it.
    """
    slack = {
        condition: _slack(_known(blocks, condition.of, matters), condition, criteria)
        for condition in criteria.conditions(level)
    }
    met = {condition: found for condition, found in slack.items() if found > 0}
    if len({condition.of for condition in met}) > 1:
        return None
    return max(met.values(), default=0)


def _slack(values: NDArray[np.int64], condition: Condition, criteria: Criteria) -> int:
    """How far the condition's best chain lies above its lines; 0 or less: not satisfied."""
    inner = condition.containing
    rich = values - inner.over if inner is not None else None
    needed = inner.blocks if inner is not None else 0
    return best_slack(values - condition.over, rich, condition.blocks, needed, criteria.merge_gap_hours)


def _least_rise(values: NDArray[np.int64], condition: Condition, criteria: Criteria) -> int | None:
    """The smallest common rise of all blocks that meets the condition; None when too few blocks are there."""
    rise = max(0, 1 - _slack(values, condition, criteria))
    return rise if rise <= max(_MOST_POINTS, condition.over + 1) else None


def _hours_short(table: Table, condition: Condition) -> tuple[int, int]:
    """Hours missing above the line.

    And hours missing above the higher line of `containing` within such a chain.
    """
    reached = [length for length, row in enumerate(table, start=1) if row[0].any()]
    longest = max(reached, default=0)
    if longest == 0:
        inner = condition.containing
        return condition.hours, inner.hours if inner is not None else 0
    row = table[longest - 1]
    rich = max(count for count, mask in enumerate(row) if count == 0 or mask.any())
    needed = len(row) - 1
    return condition.hours - longest * BLOCK_HOURS, (needed - rich) * BLOCK_HOURS
