"""How active a line may be under a measure (允许生产负荷), and what that saves. Pure.

`allowed_share` is about output; `emitting_share` about emissions, which is what is summed. They differ where a furnace is
kept hot without producing, and for transport, which has no output.
"""

from __future__ import annotations

from fractions import Fraction
from functools import lru_cache

from emission_lists.levels import ResponseLevel
from emission_lists.lists import Line, Pollutants
from emission_lists.measures import Action, Cycle, Measure, StopMode, VehicleRule

DAY_HOURS = 24
_STILL_HOT = frozenset({StopMode.BANKING, StopMode.KEEP_WARM})


def allowed_share(measure: Measure) -> float | None:
    """The share of normal output a line may run at while the measure is in force (inside its hours of the day).

    0: stands still; 1: as normal; None: the measure names no share (own reduction, a cap without a normal load, 未确定).
    """
    share = exact_share(measure)
    return None if share is None else float(share)


@lru_cache(maxsize=8192)
def exact_share(measure: Measure) -> Fraction | None:
    """`allowed_share` as an exact fraction of the decimal notation."""
    if measure.action in (Action.NONE, Action.TRANSPORT):
        return Fraction(1)
    if measure.action not in (Action.STOP, Action.LIMIT) or not measure.share_stated:
        return None
    return _running(measure) if measure.action is Action.STOP else _limited(measure)


def _running(measure: Measure) -> Fraction:
    """What still runs of a stop: whole units that stay, otherwise the share that is not stopped, and those that take turns."""
    stopped, total = measure.units_to_stop, measure.total_units
    if stopped is not None and total:
        left = Fraction(max(0, total - stopped), total)
    else:
        left = 1 - decimal(1.0 if measure.ratio is None else measure.ratio)
    return left if measure.cycle is None else left + (1 - left) * _on(measure.cycle)


def _limited(measure: Measure) -> Fraction | None:
    """The lowest of the shares that a limit names; a cap, coking hours or heats are no share of a known normal load."""
    shares = [] if measure.ratio is None else [1 - decimal(measure.ratio)]
    if measure.cycle is not None:
        shares.append(_on(measure.cycle))
    return min(shares, default=None)


def _on(cycle: Cycle) -> Fraction:
    """The share of time in which a line on a cycle runs (停48小时开12小时: a fifth)."""
    on, off = decimal(cycle.on_hours), decimal(cycle.off_hours)
    return on / (on + off)


@lru_cache(maxsize=8192)
def emitting_share(measure: Measure) -> Fraction | None:
    """The share of a normal day's emissions that is left. None: not established by the measure alone.

    A furnace that is banked or kept warm (焖炉、停产保窑) emits still, and a vehicle rule below a full stop says nothing about tonnes.
    """
    if measure.stop_mode in _STILL_HOT:
        return None
    if measure.action is Action.TRANSPORT:
        return Fraction(0) if measure.vehicle_rule is VehicleRule.STOP_ROAD_TRANSPORT else None
    return exact_share(measure)


@lru_cache(maxsize=8192)
def stays_hot(measure: Measure) -> bool:
    """Whether a furnace is banked or kept warm (焖炉、停产保窑) in any stage: its emissions do not follow its power."""
    return any(one.stop_mode in _STILL_HOT for one in (measure, *(later.measure for later in measure.later)))


def decimal(value: float) -> Fraction:
    """A number exactly as it is written: 0.07 is 7/100."""
    return Fraction(repr(value))


def planned_kg(line: Line, level: ResponseLevel, hours: float) -> Pollutants:
    """What a line is planned to save in `hours` hours with its measure of the level in force, kg.

    What the list states per day counts; where it states nothing, base × (1 − the share that is left). None: not established.
    """
    measure = line.measures.at(level)
    left = emitting_share(measure) if measure.executable else None
    days = hours / DAY_HOURS
    values: list[float | None] = []
    for stated, base in zip(line.reductions.at(level), line.base, strict=True):
        if not measure.executable:
            values.append(None)
        elif stated is not None:
            values.append(stated * days)
        else:
            values.append(None if base is None or left is None else base * days * float(1 - left))
    return Pollutants(*values)
