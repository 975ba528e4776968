"""Warning levels that a forecast reached against those that the observed air reached over the same hours.

The search is the one that `assess` makes, without its trace.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Literal, NamedTuple

from alerts.blocks import Blocks
from alerts.chains import BLOCK_HOURS
from alerts.evaluation import Above, best
from alerts.instants import HOUR
from alerts.levels import Level
from alerts.rules import Criteria
from alerts.verification_rates import Rate

Outcome = Literal["hit", "miss", "false_alarm", "correct_negative", "unknown", "too_short", "pending"]
Outcomes = Counter[tuple[Level, Outcome]]


class Verdict(NamedTuple):
    """The level that is proven, the one if every unknown block were above, and the highest that so many hours allow."""

    level: Level
    possible: Level
    able: Level


def within(blocks: Blocks, start: datetime, end: datetime) -> Blocks:
    """The blocks that lie inside [start, end), as if the series were cut there. ValueError outside the grid."""
    low, hours = round((start - blocks.first) / HOUR), round((end - start) / HOUR)
    high = low + hours - BLOCK_HOURS + 1
    if low < 0 or high <= low or high > len(blocks.exists):
        raise ValueError(f"{start} to {end} is not inside the blocks")
    part = slice(low, high)
    return replace(
        blocks,
        first=start,
        exists=blocks.exists[part],
        index={name: values[part] for name, values in blocks.index.items()},
        mean={name: values[part] for name, values in blocks.mean.items()},
        aqi=blocks.aqi[part],
        graded=blocks.graded[part],
        complete=blocks.complete[part],
        basis=blocks.basis[part],
        valid=blocks.valid[part],
        flagged=blocks.flagged[part],
        causes=blocks.causes[low : low + hours],
    )


class Judge:
    """Gives verdicts under one set of criteria; remembers what so many hours allow."""

    def __init__(self, criteria: Criteria) -> None:
        self.criteria = criteria
        self._lines = {condition.line for level in criteria.known_levels for condition in criteria.conditions(level)}
        self._able: dict[tuple[int, int], Level] = {}

    def __call__(self, blocks: Blocks) -> Verdict:
        """The verdict on blocks that all lie inside the hours in question."""
        level = self._best(blocks.above)
        possible = level
        if (blocks.exists & ~blocks.complete).any():
            possible = max(level, self._best(blocks.perhaps_above))
        return Verdict(level, possible, self._allowed(blocks))

    def _best(self, above: Above) -> Level:
        """The highest level with a satisfied clause; clean air needs no search."""
        if not any(above(line).any() for line in self._lines):
            return Level.NONE
        found = best(above, self.criteria, 0)
        return found.level if found else Level.NONE

    def _allowed(self, blocks: Blocks) -> Level:
        key = len(blocks.exists), int(blocks.exists.sum())
        if key not in self._able:
            self._able[key] = self._best(lambda _: blocks.exists)
        return self._able[key]


def outcome(forecast: Verdict, observed: Verdict, level: Level) -> Outcome:
    """What became of one issue for "reached this level or a higher one"."""
    if min(forecast.able, observed.able) < level:
        return "too_short"
    said, came = _reached(forecast, level), _reached(observed, level)
    if said is None or came is None:
        return "unknown"
    if came:
        return "hit" if said else "miss"
    return "false_alarm" if said else "correct_negative"


def _reached(verdict: Verdict, level: Level) -> bool | None:
    if verdict.level >= level:
        return True
    return None if verdict.possible >= level else False


@dataclass(frozen=True)
class LevelScore:
    """Contingency table (列联表) of one level: POD (命中率), FAR (空报率), CSI (TS评分); None where undefined.

    `unknown`: hours were missing. `too_short`: the issue has fewer hours than the level's shortest clause. `pending`: its
    hours were not over.
    """

    level: Level
    hits: int
    misses: int
    false_alarms: int
    correct_negatives: int
    unknown: int
    too_short: int
    pending: int

    @property
    def pod(self) -> Rate:
        """Probability of detection: hits ÷ (hits + misses)."""
        return Rate(self.hits, self.hits + self.misses)

    @property
    def far(self) -> Rate:
        """False alarm ratio: false alarms ÷ (hits + false alarms)."""
        return Rate(self.false_alarms, self.hits + self.false_alarms)

    @property
    def csi(self) -> Rate:
        """Critical success index or threat score: hits ÷ (hits + misses + false alarms)."""
        return Rate(self.hits, self.hits + self.misses + self.false_alarms)

    def contract(self) -> dict[str, object]:
        """As published."""
        counts = ("hits", "misses", "false_alarms", "correct_negatives", "unknown", "too_short", "pending")
        return {
            "level": self.level.code,
            **{name: getattr(self, name) for name in counts},
            "pod": self.pod.contract(),
            "far": self.far.contract(),
            "csi": self.csi.contract(),
        }


def level_scores(outcomes: Sequence[Outcomes]) -> list[LevelScore]:
    """One table per level that any of them knows, lowest first."""
    total: Outcomes = Counter()
    for one in outcomes:
        total += one
    return [
        LevelScore(
            level=level,
            hits=total[level, "hit"],
            misses=total[level, "miss"],
            false_alarms=total[level, "false_alarm"],
            correct_negatives=total[level, "correct_negative"],
            unknown=total[level, "unknown"],
            too_short=total[level, "too_short"],
            pending=total[level, "pending"],
        )
        for level in sorted({level for level, _ in total})
    ]
