"""Invented measures for generated lists, in every shape that real local lists have used.

The shapes are those of published local measures of 2017 to 2021 (domain notes 1.4: coking time by Tangshan 2019, kept-warm
kilns, relief after 120 h, lowest daily load of last year, 停48小时开12小时, heats per furnace, one of three lines goes on).
Which industry has which, and the figures, are invented for demonstrations and are no rule.
"""

from __future__ import annotations

from dataclasses import replace

from emission_lists.grades import Grade
from emission_lists.levels import LEVELS, ResponseLevel
from emission_lists.measures import (
    Action,
    Basis,
    Cycle,
    Later,
    LoadCap,
    Measure,
    NonRoadRule,
    StopMode,
    VehicleRule,
)

_LIMIT, _STOP = Action.LIMIT, Action.STOP
_Three = tuple[Measure, Measure, Measure]
_HALF, _ALL = Measure(_STOP, 0.5), Measure(_STOP, 1.0)
_NORMAL_COKING_HOURS, _NORMAL_HEATS, _HOT_SHARE = 20.0, 30, 0.9
_OWN_SHARE = {ResponseLevel.YELLOW: 0.05, ResponseLevel.ORANGE: 0.1, ResponseLevel.RED: 0.15}


def _coking(*hours: float) -> _Three:
    yellow, orange, red = (Measure(_LIMIT, coking_hours=one) for one in hours)
    return yellow, orange, red


def _limits(basis: Basis | None, *ratios: float) -> _Three:
    yellow, orange, red = (Measure(_LIMIT, one, basis=basis) for one in ratios)
    return yellow, orange, red


_KEPT_WARM = Measure(_STOP, 1.0, stop_mode=StopMode.KEEP_WARM, complete_within_hours=24)
_BANKED = Measure(_STOP, 1.0, stop_mode=StopMode.BANKING, complete_within_hours=12)
_CAPPED = LoadCap(120.0, "t/d", "日投料")
_LOWER_CAP = LoadCap(90.0, "t/d", "日投料")
_LOWEST = Measure(_LIMIT, basis=Basis.LOWEST_DAILY_LOAD)
_RELIEVED = Measure(_STOP, 1.0, later=(Later(120, Measure(_STOP, 0.5, at_least=True)),))
_STAGED = Measure(_LIMIT, 0.5, later=(Later(12, _ALL),))
_IN_TURNS = Measure(_LIMIT, cycle=Cycle(48, 12))
_ONE_GOES_ON = Measure(_STOP, keep_running=1)
_AT_NIGHT = Measure(_STOP, 1.0, window="17:00-09:00")

SHAPED: dict[tuple[str, Grade], _Three] = {
    ("长流程联合钢铁", Grade.B): (Measure(_LIMIT, 0.2), Measure(_LIMIT, 0.3, at_least=True), _RELIEVED),
    ("长流程联合钢铁", Grade.C): (_HALF, _RELIEVED, _ALL),
    ("短流程钢铁", Grade.NON_LEADING): (
        Measure(_LIMIT, heats_per_day=22),
        Measure(_LIMIT, 0.5, heats_per_day=22),
        _ALL,
    ),
    ("铁合金", Grade.NON_LEADING): (Measure(_LIMIT, 0.2), _BANKED, _BANKED),
    ("焦化", Grade.B): _coking(28, 28, 36),
    ("焦化", Grade.C): _coking(28, 36, 36),
    ("焦化", Grade.D): _coking(36, 48, 48),
    ("石灰窑", Grade.B): (Measure(_LIMIT, 0.3), _KEPT_WARM, _KEPT_WARM),
    ("石灰窑", Grade.C): (_HALF, replace(_ALL, complete_within_hours=24), replace(_ALL, complete_within_hours=24)),
    ("铸造", Grade.C): (Measure(_LIMIT, 0.3), _STAGED, _ALL),
    ("电解铝", Grade.C): _limits(Basis.PRODUCTION_PLAN, 0.1, 0.2, 0.3),
    ("炭素", Grade.C): (_HALF, replace(_ALL, complete_within_hours=48), replace(_ALL, complete_within_hours=48)),
    ("砖瓦窑", Grade.NON_LEADING): (_IN_TURNS, _IN_TURNS, _KEPT_WARM),
    ("陶瓷", Grade.C): (_ONE_GOES_ON, _ONE_GOES_ON, _ALL),
    ("耐火材料", Grade.C): (Measure(_LIMIT, 0.3), _KEPT_WARM, _KEPT_WARM),
    ("玻璃", Grade.B): _limits(Basis.PREVIOUS_YEAR_OUTPUT, 0.1, 0.2, 0.3),
    ("玻璃", Grade.C): (_LOWEST, _LOWEST, _LOWEST),
    ("炼油与石油化工", Grade.C): (
        Measure(_LIMIT, load_cap=_CAPPED),
        Measure(_LIMIT, load_cap=_CAPPED),
        Measure(_LIMIT, load_cap=_LOWER_CAP),
    ),
    ("制药", Grade.C): _limits(Basis.BASELINE_DAY, 0.3, 0.5, 0.5),
    ("农药制造", Grade.C): _limits(Basis.PERMIT_CAPACITY, 0.3, 0.4, 0.5),
    ("人造板制造", Grade.C): (_AT_NIGHT, _AT_NIGHT, _ALL),
}
"""Measures at yellow, orange and red of grades that the guide is silent on."""

HAULERS = frozenset(
    {"长流程联合钢铁", "短流程钢铁", "焦化", "石灰窑", "铁合金", "氧化铝", "玻璃", "陶瓷", "砖瓦窑", "炼油与石油化工"}
)
"""Industries that get a row for their road transport."""
HAULED: _Three = (
    Measure(
        Action.TRANSPORT,
        vehicle_rule=VehicleRule.BAN_HEAVY_TRUCK_LE_CN4_INCL_GAS,
        non_road_ban=NonRoadRule.BAN_LE_CN1,
    ),
    Measure(
        Action.TRANSPORT,
        vehicle_rule=VehicleRule.BAN_HEAVY_DIESEL_LE_CN4_AND_GAS_LE_CN5,
        non_road_ban=NonRoadRule.BAN_LE_CN2,
    ),
    Measure(
        Action.TRANSPORT,
        vehicle_rule=VehicleRule.STOP_ROAD_TRANSPORT,
        non_road_ban=NonRoadRule.BAN_LE_CN2,
        complete_within_hours=6,
    ),
)
_HAULED_SHARE = {ResponseLevel.YELLOW: 0.4, ResponseLevel.ORANGE: 0.6, ResponseLevel.RED: 1.0}


def shaped(industry: str, grade: Grade, level: ResponseLevel, units: int) -> Measure | None:
    """The invented measure of a line with so many units; None where there is no shape of its own."""
    three = SHAPED.get((industry, grade))
    if three is None:
        return None
    measure = three[LEVELS.index(level)]
    if measure.keep_running is not None and units <= 2:  # 三条及以上开一条: fewer stop altogether
        return _ALL
    return measure


def saved_share(measure: Measure, level: ResponseLevel) -> float | None:
    """The share of the base that a generated measure saves; None for one that is not established. Invented."""
    if measure.action is Action.TRANSPORT:
        return 0.6 if measure.non_road_ban is None else _HAULED_SHARE[level]
    if measure.action is Action.SELF_DETERMINED:
        return _OWN_SHARE[level]
    if measure.action is Action.UNKNOWN:
        return None
    if measure.action is Action.NONE:
        return 0.0
    return _stopped(measure) if measure.action is Action.STOP else _cut(measure)


def _stopped(measure: Measure) -> float:
    share = (measure.units_to_stop or 0) / (measure.total_units or 1)
    if measure.stop_mode in (StopMode.BANKING, StopMode.KEEP_WARM):
        share *= _HOT_SHARE
    return share * 16 / 24 if measure.window else share


def _cut(measure: Measure) -> float:
    shares = [0.25 if measure.ratio is None else measure.ratio]
    if measure.coking_hours is not None:
        shares.append(1 - _NORMAL_COKING_HOURS / measure.coking_hours)
    if measure.cycle is not None:
        shares.append(measure.cycle.off_share)
    if measure.heats_per_day is not None:
        shares.append(1 - measure.heats_per_day / _NORMAL_HEATS)
    if measure.load_cap is not None:
        shares.append(1 - measure.load_cap.value / (_CAPPED.value * 1.5))
    return max(shares)
