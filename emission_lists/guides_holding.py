"""Do the lines of an enterprise reduce at least as much as a guide's template, at every hour of a response?

Three answers: True, False, None = it cannot be told (coking hours against a share of output, hours of the day, a base that
may be larger than the guide's). None is named as not comparable and is never taken for enough.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from fractions import Fraction
from typing import NamedTuple

from emission_lists.guide_templates import MeasureTemplate, SingleUnitPolicy
from emission_lists.measure_strictness import covers
from emission_lists.measures import (
    Action,
    Basis,
    CountUnit,
    Measure,
    StopMode,
    non_road_ban_covers,
    vehicle_rule_covers,
    whole_units,
)

_OUTPUT_BASES = frozenset({Basis.EIA_CAPACITY, Basis.PERMIT_CAPACITY, Basis.PREVIOUS_YEAR_OUTPUT})
_IDLE = frozenset({Action.NONE, Action.TRANSPORT, Action.SELF_DETERMINED})
_Range = tuple[Fraction, Fraction]


def transport_holds(measures: Sequence[Measure], template: MeasureTemplate) -> bool | None:
    """True if at every hour some row keeps the guide's vehicles and machines away; None = cannot be told.

    The guide's measures hold around the clock, so what holds in some hours only cannot be compared with them.
    """
    asked = template.measure()
    return _worst(
        _transport_at([stage_at(one, hour) for one in measures], stage_at(asked, hour))
        for hour in change_hours(measures, asked)
    )


class Capacity(NamedTuple):
    """What all units of one line can make (产能), in `unit`."""

    value: float
    unit: str


def reduction_holds(
    measures: Sequence[Measure],
    template: MeasureTemplate,
    *,
    lower_load: bool,
    capacities: Sequence[Capacity | None] = (),
) -> bool | None:
    """True if the lines together do at least what the template asks, at every hour; None if that cannot be told.

    Stops are counted in whole units over all lines of the process. With `lower_load`, a single unit may lower its load by
    the share instead of standing still; where the template says what a share means for one unit, that holds. Relief after
    some hours that the guide does not have is weaker.

    A stop that the guide counts by capacity and units (按产能和设备数量计) must reach its share of both; `capacities`: one for
    each line. Where they are not stated, in other units, or of several units of which some stop, the share of capacity cannot be told.
    """
    units = [measure.total_units or 1 for measure in measures]
    if not template.applies_to(sum(units)):
        return True
    if _by_capacity(template):
        counted = template.model_copy(update={"count_unit": CountUnit.EQUIPMENT})
        by_count = reduction_holds(measures, counted, lower_load=lower_load)
        alone = sum(units) == 1  # one unit's share of the capacity is its share of the count
        return by_count if alone else _worst((by_count, _capacity_holds(measures, units, template, capacities)))
    if template.single_unit is not None:
        lower_load = template.single_unit is SingleUnitPolicy.LOWER_LOAD
    asked = template.measure()
    if not asked.later and not any(measure.later for measure in measures):
        return _holds_at(measures, units, asked, lower_load=lower_load)
    return _worst(
        _holds_at([stage_at(one, hour) for one in measures], units, stage_at(asked, hour), lower_load=lower_load)
        for hour in change_hours(measures, asked)
    )


def _by_capacity(template: MeasureTemplate) -> bool:
    counted = template.count_unit is CountUnit.CAPACITY_AND_EQUIPMENT_COUNT
    return counted and template.action is Action.STOP and template.keep_running is None and template.measure().share_stated


def _capacity_holds(
    measures: Sequence[Measure], units: list[int], template: MeasureTemplate, capacities: Sequence[Capacity | None]
) -> bool | None:
    """True if what stands still is at least the guide's share of the capacity, at every hour."""
    asked = template.measure()
    return _worst(
        _capacity_at([stage_at(one, hour) for one in measures], units, stage_at(asked, hour), capacities)
        for hour in change_hours(measures, asked)
    )


def _capacity_at(
    measures: Sequence[Measure], units: list[int], asked: Measure, capacities: Sequence[Capacity | None]
) -> bool | None:
    if asked.action is not Action.STOP:
        return True
    stopped = [_stopped(one, count, asked) for one, count in zip(measures, units, strict=True)]
    if all(least >= count for (least, _), count in zip(stopped, units, strict=True)):
        return True
    stated = [capacity for capacity in capacities if capacity is not None]
    if len(stated) < len(measures) or len({capacity.unit for capacity in stated}) > 1:
        return None
    sizes = [Fraction(repr(capacity.value)) for capacity in stated]
    least = sum(size for size, (low, _), count in zip(sizes, stopped, units, strict=True) if low >= count)
    most = sum(size for size, (_, high) in zip(sizes, stopped, strict=True) if high > 0)
    needed = Fraction(repr(_share(asked))) * sum(sizes)
    return True if least >= needed else False if most < needed else None


def change_hours(measures: Sequence[Measure], asked: Measure) -> list[float]:
    """The hours after the start at which something changes, and the start."""
    return sorted({0.0, *(later.after_hours for one in (*measures, asked) for later in one.later)})


def stage_at(measure: Measure, hour: float) -> Measure:
    """The measure as it stands so many hours after the start."""
    current = measure.first
    for later in measure.later:
        if later.after_hours <= hour:
            current = later.measure
    return current


def _worst(verdicts: Iterable[bool | None]) -> bool | None:
    """False if it is weaker at any hour, None if any hour cannot be told."""
    found = list(verdicts)
    return False if False in found else None if None in found else True


def _transport_at(measures: list[Measure], asked: Measure) -> bool | None:
    vehicles, machines = asked.vehicle_rule, asked.non_road_ban
    wanted: list[list[Measure]] = []
    if vehicles is not None:
        wanted.append([one for one in measures if vehicle_rule_covers(one.vehicle_rule, vehicles)])
    if machines is not None:
        wanted.append([one for one in measures if non_road_ban_covers(one.non_road_ban, machines)])
    open_question = not all(measure.executable for measure in measures)
    return _worst(
        True if any(surely(one, asked) for one in covering) else None if covering or open_question else False
        for covering in wanted
    )


def surely(measure: Measure, asked: Measure) -> bool:
    """True if the measure applies whenever the guide's does, and as soon."""
    hours, allowed = measure.complete_within_hours, asked.complete_within_hours
    soon = hours is None or (allowed is not None and hours <= allowed)
    return soon and measure.window in (None, asked.window)


def _holds_at(measures: Sequence[Measure], units: list[int], asked: Measure, *, lower_load: bool) -> bool | None:
    if asked.action is not Action.STOP and asked.action is not Action.LIMIT:
        return True
    if not asked.share_stated or (asked.action is Action.LIMIT and asked.ratio is None):
        return _worst(_line_holds(measure, asked) for measure in measures)
    total = sum(units)
    if asked.action is Action.STOP and not (lower_load and total == 1 and _share(asked) < 1):
        least, most = _bounds(_stopped(one, count, asked) for one, count in zip(measures, units, strict=True))
        needed = Fraction(_needed(asked, total))
    else:
        least, most = _bounds(_cut(one, count, asked) for one, count in zip(measures, units, strict=True))
        needed = Fraction(repr(_share(asked))) * total
    return True if least >= needed else False if most < needed else None


def _share(asked: Measure) -> float:
    return 1.0 if asked.ratio is None else asked.ratio


def _needed(asked: Measure, total: int) -> int:
    """Whole units that the guide wants to stand still."""
    if asked.keep_running is not None:
        return max(0, total - asked.keep_running)
    return whole_units(total, _share(asked))


def _line_holds(measure: Measure, asked: Measure) -> bool | None:
    """One line against a demand that is no share: coking hours, heats, a load, or no number at all."""
    if not measure.executable:
        return None
    if measure.action in _IDLE:
        return False
    if not surely(measure, asked):
        return None
    plain = Measure(asked.action, **{name: getattr(asked, name) for name in _DEMANDS})
    if covers(measure, plain):
        return True
    return False if _same_kind_and_less(measure, asked) else None


_DEMANDS = ("ratio", "basis", "load_cap", "coking_hours", "cycle", "heats_per_day", "stop_mode", "keep_running")


def _same_kind_and_less(measure: Measure, asked: Measure) -> bool:
    """True if both are stated in the one way that the guide uses, and the line's is the smaller demand."""
    if measure.action is not Action.LIMIT or measure.ratio is not None:
        return False
    if asked.coking_hours is not None and measure.coking_hours is not None:
        return measure.coking_hours < asked.coking_hours
    if asked.heats_per_day is not None and measure.heats_per_day is not None:
        return measure.heats_per_day > asked.heats_per_day
    cap, allowed = measure.load_cap, asked.load_cap
    if cap is not None and allowed is not None and (cap.unit, cap.metric) == (allowed.unit, allowed.metric):
        return cap.value > allowed.value
    return False


def _bounds(ranges: Iterable[_Range]) -> _Range:
    low = high = Fraction(0)
    for least, most in ranges:
        low, high = low + least, high + most
    return low, high


def _stopped(measure: Measure, count: int, asked: Measure) -> _Range:
    """Fewest and most whole units of a line that stand still as the guide means it."""
    nothing, everything = Fraction(0), Fraction(count)
    if measure.action is Action.LIMIT and measure.cycle is not None:
        return nothing, everything  # stands still for days and runs for hours
    if measure.action is not Action.STOP:
        return (nothing, everything) if not measure.executable else (nothing, nothing)
    if not measure.share_stated:
        return nothing, everything
    stopped = Fraction(_units(measure, count))
    sure = surely(measure, asked) and measure.stop_mode in (None, StopMode.COLD, asked.stop_mode)
    if measure.stop_mode is None and asked.stop_mode is StopMode.COLD:
        sure = False
    return (stopped if sure else nothing), stopped


def _units(measure: Measure, count: int) -> int:
    stopped = measure.units_to_stop
    if stopped is not None:
        return stopped
    if measure.keep_running is not None:
        return max(0, count - measure.keep_running)
    return whole_units(count, 1.0 if measure.ratio is None else measure.ratio)


def _cut(measure: Measure, count: int, asked: Measure) -> _Range:
    """Least and most output of a line that is cut, in units of one unit's output."""
    if measure.action is not Action.LIMIT:
        return _stopped(measure, count, asked)
    shares = [Fraction(repr(measure.ratio))] if measure.ratio is not None else []
    if measure.cycle is not None:
        off, on = Fraction(repr(measure.cycle.off_hours)), Fraction(repr(measure.cycle.on_hours))
        shares.append(off / (off + on))
    if not shares:
        return Fraction(0), Fraction(count)
    low, high = min(shares) * count, Fraction(count) if _may_be_more(measure) else max(shares) * count
    if not surely(measure, asked) or not _base_holds(measure.basis, asked.basis):
        low = Fraction(0)
    return low, high


def _may_be_more(measure: Measure) -> bool:
    """A share beside another limit (a load cap, coking hours) may cut more than the share."""
    return measure.load_cap is not None or measure.coking_hours is not None or measure.heats_per_day is not None


def _base_holds(base: Basis | None, asked: Basis | None) -> bool:
    """True if a share of `base` leaves no more output than the same share of the guide's base.

    A line that names no base is counted from the guide's; the smallest of the three is not above any of them.
    """
    if base in (None, Basis.NOT_STATED) or asked in (None, Basis.NOT_STATED) or base is asked:
        return True
    return base is Basis.SMALLEST_DAILY_MEAN and asked in _OUTPUT_BASES
