"""What a guide's template asks of each line of a process, and how it stands beside what a list asks of that line.

Pure. Shares and kept units are counted over all units of the process at every stage, as `guides_holding` judges them.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any, NamedTuple, TypeVar

from emission_lists.guide_templates import MeasureTemplate, SingleUnitPolicy
from emission_lists.measure_strictness import asks_nothing, covers
from emission_lists.measures import (
    NOT_ESTABLISHED,
    Action,
    CountUnit,
    Later,
    Measure,
    non_road_ban_covers,
    vehicle_rule_covers,
    whole_units,
)

_NONE = Measure(Action.NONE)
_T = TypeVar("_T")


class Held(NamedTuple):
    """What a line carries out, and what stands beside it: of the list, or of the guide where the list's is not known."""

    main: Measure
    of_list: Measure | None = None
    of_guide: Measure | None = None


def leaves_something(measure: Measure) -> bool:
    """Whether the measure leaves anything to the enterprise (自主减排), at the start or later."""
    own = Action.SELF_DETERMINED
    return measure.action is own or any(later.measure.action is own for later in measure.later)


def proof(measure: Measure) -> dict[str, Any]:
    """What a list says about a line whatever it has to do: how many units it has and how it is verified."""
    return {
        "total_units": measure.total_units,
        "verification": measure.verification,
        "verification_point": measure.verification_point,
    }


def proven(asked: Measure, listed: Measure) -> Measure:
    """The guide's measure, at every stage with what the list says of the line whatever it has to do."""

    def stage(measure: Measure) -> Measure:
        return replace(measure, **proof(listed) | {"total_units": measure.total_units or listed.total_units})

    later = tuple(replace(one, measure=stage(one.measure)) for one in asked.later)
    return replace(stage(asked.first), later=later)


def ordered(listed: Measure) -> Held:
    """The list's measure without what it leaves to the enterprise; what it orders beside that or later stays."""
    later = tuple(Later(one.after_hours, _not_left(one.measure)) for one in listed.later)
    return Held(replace(_not_left(listed.first), later=later))


def _not_left(stage: Measure) -> Measure:
    if stage.action is not Action.SELF_DETERMINED:
        return stage
    return replace(_NONE, **proof(stage), vehicle_rule=stage.vehicle_rule, non_road_ban=stage.non_road_ban)


def unknown_beside(listed: Measure) -> Held:
    """未确立; what the list orders beside it or later stays, in a row of its own."""
    forced = ordered(listed).main
    return Held(replace(NOT_ESTABLISHED, **proof(listed)), of_list=forced if forced.forced else None)


def allotted(
    template: MeasureTemplate, units: Sequence[int], *, lower_load: bool, first: Sequence[int] | None = None
) -> list[Measure]:
    """The template's measure for each line of a process, with all its stages; `units` = whole units of each line.

    Whole units stop, in the order of `first` (places; None = as given), at every stage the same ones as far as they go.
    With `lower_load` a single unit lowers its load by the share; what the template itself says of one unit comes first.
    """
    if template.single_unit is not None:
        lower_load = template.single_unit is SingleUnitPolicy.LOWER_LOAD
    asked = template.measure()
    order = range(len(units)) if first is None else first
    starts = [0.0, *(later.after_hours for later in asked.later)]
    stages = [
        _stage(measure, units, order, lower_load=lower_load)
        for measure in (asked.first, *(later.measure for later in asked.later))
    ]
    return [_over_time(starts, [stage[place] for stage in stages]) for place in range(len(units))]


def _over_time(starts: Sequence[float], stages: Sequence[Measure]) -> Measure:
    later: list[Later] = []
    current = stages[0]
    for hours, stage in zip(starts[1:], stages[1:], strict=True):
        if stage != current:
            later.append(Later(hours, stage))
            current = stage
    return replace(stages[0], later=tuple(later))


def _stage(asked: Measure, units: Sequence[int], order: Sequence[int], *, lower_load: bool) -> list[Measure]:
    """One stage: each line's measure. A stop that names neither a share nor kept units holds for every line as it is."""
    if asked.action is not Action.STOP or (asked.ratio is None and asked.keep_running is None):
        return [asked] * len(units)
    total = sum(units)
    if lower_load and total == 1 and asked.ratio is not None and asked.ratio < 1:
        return [replace(asked, action=Action.LIMIT, count_unit=None, keep_running=None)]
    if asked.keep_running is not None:
        left = max(0, total - asked.keep_running)
    else:
        left = whole_units(total, 1.0 if asked.ratio is None else asked.ratio)
    made = [_NONE] * len(units)
    for place in order:
        stopped = min(units[place], left)
        left -= stopped
        made[place] = _stopping(asked, stopped, units[place])
    return made


def _stopping(asked: Measure, stopped: int, units: int) -> Measure:
    if not stopped:
        return replace(_NONE, total_units=units)
    return replace(
        asked,
        ratio=1.0 if stopped == units else None,
        at_least=False,
        keep_running=None,
        stopped_units=stopped,
        total_units=units,
        count_unit=asked.count_unit or CountUnit.PRODUCTION_LINE,
    )


def stricter_of(listed: Measure, asked: Measure) -> Held:
    """What the list and the guide come to on one line: never weaker than either, and what is unknown stays visible."""
    if not listed.executable:
        if asks_nothing(asked):
            return Held(listed)
        always = not any(asks_nothing(stage) for stage in (asked.first, *(later.measure for later in asked.later)))
        return Held(asked) if always else Held(listed, of_guide=asked)
    if covers(listed, asked):
        return Held(listed)
    if covers(asked, listed) or not listed.forced:
        return Held(asked)
    both = joined(listed, asked)
    return Held(asked, of_list=listed) if both is None else Held(both)


def joined(one: Measure, other: Measure) -> Measure | None:
    """Two transport controls in one: the wider ban on vehicles and the wider one on machines.

    None where one measure cannot say both: bans that cannot be compared, other hours, stages.
    """
    if not one.action is other.action is Action.TRANSPORT or one.later or other.later:
        return None
    if (one.window, one.complete_within_hours) != (other.window, other.complete_within_hours):
        return None
    try:
        vehicles = _wider(one.vehicle_rule, other.vehicle_rule, vehicle_rule_covers)
        machines = _wider(one.non_road_ban, other.non_road_ban, non_road_ban_covers)
    except LookupError:
        return None
    return replace(one, vehicle_rule=vehicles, non_road_ban=machines)


def _wider(one: _T | None, other: _T | None, covered: Callable[[_T | None, _T], bool]) -> _T | None:
    """The ban that includes the other. LookupError if neither does."""
    if other is None or covered(one, other):
        return one
    if one is None or covered(other, one):
        return other
    raise LookupError
