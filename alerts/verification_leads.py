"""Lead time gained (提前量): how long before an observed episode began the forecasts gave it, and kept giving it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from statistics import median

import numpy as np

from alerts.blocks import Blocks
from alerts.chains import Mask, episode_ends, led_into
from alerts.evaluation import Above, tabulate
from alerts.instants import HOUR, iso
from alerts.levels import Level
from alerts.rules import Criteria, Line
from alerts.verification_rates import rounded

Hours = tuple[int, int]
"""First hour and the hour after the last, counted from the first of the blocks."""


@dataclass(frozen=True)
class Spell:
    """Air at a level or above it (污染过程), from the first block of the chain that the law counts to its end.

    `start_certain`: the block before it is known, so that the episode did not begin before.
    """

    level: Level
    start: datetime
    end: datetime
    start_certain: bool


def hours_at(above: Above, exists: Mask, criteria: Criteria, level: Level) -> list[Hours]:
    """Every episode in which a clause of this level or a higher one is met, in order, without overlap.

    It goes on while blocks above the lowest line merge with it, as in `assess`.
    """
    starts, gap = np.zeros(len(exists), dtype=bool), criteria.merge_gap_hours
    lowest = above(Line(criteria.episode_line))
    for higher in criteria.known_levels:
        for condition in criteria.conditions(higher) if higher >= level else ():
            table, rich = tabulate(above, condition, criteria)
            starts |= table[-1][-1] if rich is None else led_into(table[0][0], table[-1][-1], gap)
            lowest = lowest | table[0][0]
    if not starts.any():
        return []
    ends = episode_ends(lowest, gap)
    found: list[Hours] = []
    for start in np.flatnonzero(starts).tolist():
        if not found or start >= found[-1][1]:
            found.append((start, int(ends[start])))
    return found


def spells(blocks: Blocks, criteria: Criteria, level: Level) -> list[Spell]:
    """The observed episodes of one level or above."""
    return [
        Spell(level, blocks.first + start * HOUR, blocks.first + end * HOUR, _known_before(blocks, start))
        for start, end in hours_at(blocks.above, blocks.exists, criteria, level)
    ]


def _known_before(blocks: Blocks, start: int) -> bool:
    earlier = np.flatnonzero(blocks.exists[:start])
    return bool(len(earlier) and blocks.complete[earlier[-1]])


def gives(blocks: Blocks, criteria: Criteria, spell: Spell) -> bool | None:
    """Whether a forecast gives an episode: its own hours at the level meet the observed ones.

    None: it cannot tell, because too few of its hours lie behind the start, or are missing.
    """
    begun, over = round((spell.start - blocks.first) / HOUR), round((spell.end - blocks.first) / HOUR)

    def meets(hours: list[Hours]) -> bool:
        return any(start < over and end > begun for start, end in hours)

    if meets(hours_at(blocks.above, blocks.exists, criteria, spell.level)):
        return True
    behind = blocks.exists & (np.arange(len(blocks.exists)) >= begun)
    if not hours_at(lambda _: behind, blocks.exists, criteria, spell.level):
        return None
    if meets(hours_at(blocks.perhaps_above, blocks.exists, criteria, spell.level)):
        return None
    return False


@dataclass(frozen=True)
class Lead:
    """What the issues before one observed episode gave.

    `first_at`: the first issue that ever gave it. `steady_since`: the earliest issue from which on every issue that could
    tell gave it until the start. `able`: issues that could tell. `at_least`: nothing earlier was looked at, so the real
    lead may be longer.
    """

    adcode: str
    spell: Spell
    able: int
    first_at: datetime | None
    steady_since: datetime | None
    at_least: bool

    @property
    def first_hours(self) -> float | None:
        """Hours from the first issue that gave it to the start."""
        return None if self.first_at is None else (self.spell.start - self.first_at) / HOUR

    @property
    def steady_hours(self) -> float | None:
        """Lead time gained, in hours; None when the last issue before the start did not give it."""
        return None if self.steady_since is None else (self.spell.start - self.steady_since) / HOUR

    def contract(self) -> dict[str, object]:
        """As published."""
        return {
            "adcode": self.adcode,
            "starts_at": iso(self.spell.start),
            "ends_at": iso(self.spell.end),
            "start_certain": self.spell.start_certain,
            "able_issues": self.able,
            "first_at": iso(self.first_at) if self.first_at else None,
            "first_hours": rounded(self.first_hours, 1),
            "steady_since": iso(self.steady_since) if self.steady_since else None,
            "steady_hours": rounded(self.steady_hours, 1),
            "at_least": self.at_least,
        }


def lead_of(adcode: str, spell: Spell, said: Sequence[tuple[datetime, bool | None]], earliest: datetime) -> Lead:
    """The lead of one episode from what each issue up to its start said, in order; `earliest`: the first issue of all."""
    told = [(issued, gave) for issued, gave in said if gave is not None]
    gave_at = [issued for issued, gave in told if gave]
    steady: datetime | None = None
    for issued, gave in reversed(told):
        if not gave:
            break
        steady = issued
    return Lead(adcode, spell, len(told), gave_at[0] if gave_at else None, steady, steady == earliest)


@dataclass(frozen=True)
class LeadTimes:
    """Every observed episode of one level, and the lead time gained before it."""

    level: Level
    leads: tuple[Lead, ...]

    @property
    def gained(self) -> list[float]:
        """The hours gained, of the episodes that were given until their start."""
        return [lead.steady_hours for lead in self.leads if lead.steady_hours is not None]

    @property
    def blind(self) -> int:
        """Episodes of which no issue could tell."""
        return sum(lead.able == 0 for lead in self.leads)

    def contract(self) -> dict[str, object]:
        """As published, hours with one decimal."""
        hours = self.gained
        return {
            "level": self.level.code,
            "episodes": len(self.leads),
            "given": len(hours),
            "not_told": self.blind,
            "median_hours": rounded(median(hours), 1) if hours else None,
            "items": [lead.contract() for lead in self.leads],
        }


def lead_times(leads: Sequence[Lead], levels: Sequence[Level]) -> list[LeadTimes]:
    """Per level, in time order."""
    ordered = sorted(leads, key=lambda lead: (lead.spell.start, lead.adcode))
    return [LeadTimes(level, tuple(lead for lead in ordered if lead.spell.level == level)) for level in levels]
