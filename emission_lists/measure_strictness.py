"""Which of two measures is the stricter (从严)? A partial order: many pairs cannot be compared, and then both are asked for."""

from __future__ import annotations

import json
from dataclasses import replace
from functools import lru_cache
from typing import NamedTuple

from emission_lists.documents import measure_document
from emission_lists.measures import (
    LOAD_BASES,
    Action,
    Basis,
    Cycle,
    Measure,
    StopMode,
    non_road_ban_covers,
    vehicle_rule_covers,
)

DAY_MINUTES = 24 * 60
_NO_REDUCTION = frozenset({Action.NONE, Action.TRANSPORT})
_REDUCING = frozenset({Action.STOP, Action.LIMIT})
_ORDER = (Action.STOP, Action.LIMIT, Action.TRANSPORT, Action.SELF_DETERMINED, Action.NONE, Action.UNKNOWN)


class Verdict(NamedTuple):
    """What two demands come to: the stricter measure, or both where they cannot be compared; and why."""

    measures: tuple[Measure, ...]
    why_zh: str
    why_en: str


def stricter(one: Measure, other: Measure) -> Verdict:
    """The stricter of two measures, or both of them. The same whichever comes first; what is unknown never hides what is known."""
    measures = tuple(sorted({one, other}, key=order_key))
    if len(measures) == 1:
        return Verdict(measures, "两者要求相同", "both ask the same")
    first, second = measures
    if covers(first, second) and covers(second, first):
        return Verdict((first,), "两者要求一样严", "both are equally strict")
    for strict, mild in ((first, second), (second, first)):
        if covers(strict, mild):
            return Verdict((strict,), *_why(strict, mild))
    return Verdict(
        measures,
        "两者无法比较严格程度，均须执行"
        if all(measure.executable for measure in measures)
        else "已明确的照常执行，未确定的请联系主管部门",
        "the two cannot be compared: both must be carried out"
        if all(measure.executable for measure in measures)
        else "what is known stands; ask the authority about what is not established",
    )


def _why(strict: Measure, mild: Measure) -> tuple[str, str]:
    if not strict.executable:
        return (
            f"措施尚未确定，不能按“{mild.render_zh()}”执行",
            f"not established, which is not “{mild.render_en()}”",
        )
    return (
        f"“{strict.render_zh()}”严于“{mild.render_zh()}”",
        f"“{strict.render_en()}” is stricter than “{mild.render_en()}”",
    )


@lru_cache(maxsize=8192)
def covers(strict: Measure, mild: Measure) -> bool:
    """True if whoever carries out `strict` has carried out `mild` too. A preorder; False also where it cannot be told."""
    hours = {0.0, *(later.after_hours for measure in (strict, mild) for later in measure.later)}
    return all(_covers(_standing(strict, hour), _standing(mild, hour)) for hour in hours)


@lru_cache(maxsize=8192)
def order_key(measure: Measure) -> tuple[int, int, str]:
    """Sorts measures: stops first, what is not established last; equal ones by their content, so that order never matters."""
    text = json.dumps(measure_document(measure), ensure_ascii=False, sort_keys=True)
    return _ORDER.index(measure.action), -len(measure.verification), text


def asks_nothing(measure: Measure) -> bool:
    """True for a known measure that asks for nothing at all (不采取措施), now and later."""
    now = measure.action is Action.NONE and measure.vehicle_rule is None and measure.non_road_ban is None
    return now and all(asks_nothing(later.measure) for later in measure.later)


def without_deadline(measure: Measure) -> Measure:
    """The measure without the time it may take to carry it out."""
    return measure if measure.complete_within_hours is None else replace(measure, complete_within_hours=None)


def _standing(measure: Measure, hour: float) -> Measure:
    current = measure.first
    for later in measure.later:
        if later.after_hours <= hour:
            current = later.measure
    return current


def _covers(strict: Measure, mild: Measure) -> bool:
    if asks_nothing(mild):
        return True
    return (
        _reduction_covers(strict, mild)
        and (mild.vehicle_rule is None or vehicle_rule_covers(strict.vehicle_rule, mild.vehicle_rule))
        and (mild.non_road_ban is None or non_road_ban_covers(strict.non_road_ban, mild.non_road_ban))
        and (strict.complete_within_hours or 0.0) <= (mild.complete_within_hours or 0.0)
        and _hours_cover(strict.window, mild.window)
    )


def _reduction_covers(strict: Measure, mild: Measure) -> bool:
    if mild.action in _NO_REDUCTION:
        return strict.executable and not asks_nothing(strict)
    if Action.UNKNOWN in (strict.action, mild.action):
        return strict.action is mild.action
    if mild.action is Action.SELF_DETERMINED:
        return strict.action is mild.action or (strict.action in _REDUCING and strict.share_stated)
    if strict.action not in _REDUCING:
        return False
    if _amount(strict) == _amount(mild):
        return True
    if not strict.share_stated:
        return False
    if _stops_all(strict):
        return mild.action is Action.LIMIT or _mode_covers(strict.stop_mode, mild.stop_mode)
    if not mild.share_stated or strict.action is not mild.action:
        return False
    return _stop_covers(strict, mild) if strict.action is Action.STOP else _limit_covers(strict, mild)


def _amount(measure: Measure) -> Measure:
    """Only what says how much is reduced."""
    return replace(
        measure,
        at_least=False,
        window=None,
        vehicle_rule=None,
        non_road_ban=None,
        verification=(),
        verification_point=None,
        note_zh=None,
        complete_within_hours=None,
        later=(),
    )


def _stops_all(measure: Measure) -> bool:
    """True if everything stands still all the time that the measure applies."""
    if measure.action is not Action.STOP or measure.cycle is not None or not measure.share_stated:
        return False
    if measure.units_to_stop is not None and measure.total_units is not None:
        return measure.units_to_stop >= measure.total_units
    return measure.stopped_units is None and measure.keep_running is None and measure.ratio in (None, 1.0)


def _mode_covers(strict: StopMode | None, mild: StopMode | None) -> bool:
    """A cold stop is the strictest; whether a plain 停产 allows a banked furnace is not said, so it is not assumed."""
    return strict is mild or strict is StopMode.COLD


def _stop_covers(strict: Measure, mild: Measure) -> bool:
    if not _mode_covers(strict.stop_mode, mild.stop_mode) or strict.count_unit is not mild.count_unit:
        return False
    if strict.total_units != mild.total_units or not _stop_cycle_covers(strict.cycle, mild.cycle):
        return False
    units, fewer = strict.units_to_stop, mild.units_to_stop
    if units is not None and fewer is not None:
        return units >= fewer
    if strict.keep_running is not None and mild.keep_running is not None:
        return strict.keep_running <= mild.keep_running
    counted = (strict.stopped_units, mild.stopped_units, strict.keep_running, mild.keep_running)
    if any(part is not None for part in counted):
        return False
    return _share(strict) >= _share(mild)


def _share(measure: Measure) -> float:
    return 1.0 if measure.ratio is None else measure.ratio


def _stop_cycle_covers(strict: Cycle | None, mild: Cycle | None) -> bool:
    """Of a stop: who runs in turns stops less than who stands still."""
    return strict is None or (mild is not None and _longer(strict, mild))


def _longer(strict: Cycle, mild: Cycle) -> bool:
    return strict.off_hours >= mild.off_hours and strict.on_hours <= mild.on_hours


def _limit_covers(strict: Measure, mild: Measure) -> bool:
    return (
        _ratio_covers(strict, mild)
        and _cap_covers(strict, mild)
        and (mild.cycle is None or (strict.cycle is not None and _longer(strict.cycle, mild.cycle)))
        and _no_more(mild.coking_hours, strict.coking_hours, asked=mild.coking_hours)
        and _no_more(strict.heats_per_day, mild.heats_per_day, asked=mild.heats_per_day)
        and _no_more(strict.keep_running, mild.keep_running, asked=mild.keep_running)
    )


def _no_more(low: float | None, high: float | None, *, asked: float | None) -> bool:
    """`low` ≤ `high`, both stated; or the milder measure does not ask."""
    return asked is None or (low is not None and high is not None and low <= high)


def _ratio_covers(strict: Measure, mild: Measure) -> bool:
    if mild.ratio is None:
        return mild.basis not in LOAD_BASES or (strict.basis is mild.basis and strict.ratio is None)
    same = (strict.basis or Basis.NOT_STATED) is (mild.basis or Basis.NOT_STATED)
    return strict.ratio is not None and same and strict.ratio >= mild.ratio


def _cap_covers(strict: Measure, mild: Measure) -> bool:
    cap, higher = strict.load_cap, mild.load_cap
    if higher is None:
        return True
    return cap is not None and (cap.unit, cap.metric) == (higher.unit, higher.metric) and cap.value <= higher.value


def _hours_cover(strict: str | None, mild: str | None) -> bool:
    """True if every minute of the day in which `mild` applies is one in which `strict` does."""
    if strict is None or strict == mild:
        return True
    return mild is not None and _minutes(strict) >= _minutes(mild)


@lru_cache(maxsize=256)
def _minutes(window: str) -> frozenset[int]:
    start, _, end = window.partition("-")
    first, last = (int(text[:2]) * 60 + int(text[3:]) for text in (start, end))
    return frozenset(minute % DAY_MINUTES for minute in range(first, last if last > first else last + DAY_MINUTES))
