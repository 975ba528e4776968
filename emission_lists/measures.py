"""Measures (减排措施): what one line has to do at one response level."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from fractions import Fraction
from functools import lru_cache
from itertools import pairwise

from emission_lists import measure_words
from emission_lists.measure_kinds import (
    LOAD_BASES,
    Action,
    Basis,
    CountUnit,
    Cycle,
    Labelled,
    LoadCap,
    NonRoadRule,
    StopMode,
    VehicleRule,
    Verification,
    non_road_ban_covers,
    number,
    percent,
    vehicle_rule_covers,
)

__all__ = [
    "LOAD_BASES",
    "MAX_HOURS",
    "NOT_ESTABLISHED",
    "Action",
    "Basis",
    "CountUnit",
    "Cycle",
    "Labelled",
    "Later",
    "LoadCap",
    "Measure",
    "NonRoadRule",
    "StopMode",
    "VehicleRule",
    "Verification",
    "non_road_ban_covers",
    "number",
    "percent",
    "vehicle_rule_covers",
    "whole_units",
]


@dataclass(frozen=True, slots=True)
class Later:
    """From `after_hours` after the measures' start, `measure` stands instead (分阶段启动; 120小时后放宽)."""

    after_hours: float
    measure: Measure


@dataclass(frozen=True, slots=True)
class Measure:
    """One measure of one line at one level.

    `ratio` 0..1: share of units to stop, or of output to cut; `at_least`: it is a lower bound (含以上);
    `total_units`, `stopped_units`: whole units; `keep_running`: units that go on while all others stop;
    `window`: "17:00-09:00", hours in which it applies; `coking_hours`: least hours from charge to push (出焦时间);
    `heats_per_day`: most heats (炉数) of each furnace; `complete_within_hours`: time to carry it out, counted from
    its own stage's start (None = at once); `later`: what replaces it as time goes by, earliest first.
    ValueError if `later` is not in order, is nested, or is not established.
    """

    action: Action
    ratio: float | None = None
    at_least: bool = False
    count_unit: CountUnit | None = None
    stopped_units: int | None = None
    total_units: int | None = None
    basis: Basis | None = None
    load_cap: LoadCap | None = None
    vehicle_rule: VehicleRule | None = None
    window: str | None = None
    verification: tuple[Verification, ...] = ()
    verification_point: str | None = None
    note_zh: str | None = None
    coking_hours: float | None = None
    cycle: Cycle | None = None
    heats_per_day: int | None = None
    stop_mode: StopMode | None = None
    keep_running: int | None = None
    non_road_ban: NonRoadRule | None = None
    complete_within_hours: float | None = None
    later: tuple[Later, ...] = ()

    def __post_init__(self) -> None:
        if self.later:
            _check_later(self)

    @property
    def executable(self) -> bool:
        """True if the measure is known, so that it can be asked of somebody."""
        return self.action is not Action.UNKNOWN

    @property
    def forced(self) -> bool:
        """True if the measure is ordered rather than left to the enterprise, now or later."""
        return (
            self.action in _FORCED
            or self.vehicle_rule is not None
            or self.non_road_ban is not None
            or any(later.measure.forced for later in self.later)
        )

    @property
    def units_to_stop(self) -> int | None:
        """Whole units that stand still. None where it is not a stop, or nothing says how many."""
        if self.action is not Action.STOP:
            return None
        if self.stopped_units is not None:
            return self.stopped_units
        if self.total_units is None:
            return None
        if self.keep_running is not None:
            return max(0, self.total_units - self.keep_running)
        if self.ratio is None and self.basis is Basis.NOT_STATED:
            return None
        return whole_units(self.total_units, 1.0 if self.ratio is None else self.ratio)

    @property
    def share_stated(self) -> bool:
        """False for a stop or limit of which nobody has said how much ("以限代停" as a principle)."""
        if self.action is Action.STOP:
            stated = (self.ratio, self.stopped_units, self.keep_running)
            return any(part is not None for part in stated) or self.basis is not Basis.NOT_STATED
        if self.action is Action.LIMIT:
            parts = (self.ratio, self.load_cap, self.coking_hours, self.cycle, self.heats_per_day)
            return any(part is not None for part in parts) or self.basis in LOAD_BASES
        return True

    @property
    def first(self) -> Measure:
        """The measure as it stands at the start, without what comes later."""
        return replace(self, later=()) if self.later else self

    def render_zh(self) -> str:
        """The measure as a Chinese clause without its subject: 停产, 限产 50 %（日投料 ≤ 120 t）."""
        return measure_words.zh(self)

    def render_en(self) -> str:
        return measure_words.en(self)


MAX_HOURS = 8784  # a year: no response is longer
_FORCED = frozenset({Action.STOP, Action.LIMIT, Action.TRANSPORT})

NOT_ESTABLISHED = Measure(Action.UNKNOWN)


def _check_later(measure: Measure) -> None:
    hours = [0.0, *(later.after_hours for later in measure.later)]
    if any(not before < after <= MAX_HOURS for before, after in pairwise(hours)):
        raise ValueError(f"later stages after {hours[1:]} hours: write them in order, from 0 to {MAX_HOURS}")
    if not measure.executable or any(not later.measure.executable for later in measure.later):
        raise ValueError("a stage that is not established: leave it out until the authority has said what it is")
    if any(later.measure.later for later in measure.later):
        raise ValueError("a later stage has stages of its own: write all of them in one row, counted from the start")


@lru_cache(maxsize=4096)
def whole_units(total: int, ratio: float) -> int:
    """Units to stop for a share of `total`: only whole units stop, so the share is rounded up (含以上).

    Counted exactly on the ratio's decimal notation: 0.07 of 100 units is 7, not 8.
    """
    return min(total, math.ceil(Fraction(repr(ratio)) * total))
