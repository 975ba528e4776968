"""Measures (减排措施): what one line has to do at one response level."""

from __future__ import annotations

import math
from dataclasses import dataclass
from enum import StrEnum
from fractions import Fraction
from functools import lru_cache


class Labelled(StrEnum):
    """An enum whose members carry a Chinese and an English label: `NAME = (value, zh, en)`."""

    zh: str
    en: str

    def __new__(cls, value: str, zh: str, en: str) -> Labelled:
        member = str.__new__(cls, value)
        member._value_ = value
        member.zh = zh
        member.en = en
        return member


class Action(Labelled):
    """What is done. UNKNOWN is never executed and never read as NONE."""

    STOP = ("stop", "停产", "stop")
    LIMIT = ("limit", "限产", "limit")
    TRANSPORT = ("transport", "运输管控", "transport control")
    SELF_DETERMINED = ("self_determined", "自主减排", "self-determined")
    NONE = ("none", "不采取措施", "no measure")
    UNKNOWN = ("unknown", "未确定", "not established")


class CountUnit(Labelled):
    """What is counted when a share of lines is stopped (计数单位)."""

    PRODUCTION_LINE = ("production_line", "生产线", "production line")
    BLAST_FURNACE = ("blast_furnace", "高炉", "blast furnace")
    OVEN_CHAMBER = ("oven_chamber", "炭化室", "oven chamber")
    EQUIPMENT = ("equipment", "设备", "unit")
    CAPACITY_AND_EQUIPMENT_COUNT = (
        "capacity_and_equipment_count",
        "产能和设备",
        "unit by capacity and count",
    )
    PRODUCTION_LINE_OR_EQUIPMENT = ("production_line_or_equipment", "生产线或设备", "line or unit")


class VehicleRule(Labelled):
    """Which vehicles may not carry goods (车辆管控)."""

    BAN_HEAVY_TRUCK_LE_CN3 = (
        "ban_heavy_truck_le_cn3",
        "停止使用国三及以下重型载货车辆运输",
        "no heavy trucks of China III or older",
    )
    BAN_HEAVY_TRUCK_LE_CN4_INCL_GAS = (
        "ban_heavy_truck_le_cn4_incl_gas",
        "停止使用国四及以下重型载货车辆（含燃气）运输",
        "no heavy trucks of China IV or older (gas included)",
    )
    BAN_HEAVY_DIESEL_LE_CN4_AND_GAS_LE_CN5 = (
        "ban_heavy_diesel_le_cn4_and_gas_le_cn5",
        "停止使用国四及以下重型柴油车和国五及以下重型燃气车运输",
        "no heavy diesel trucks of China IV or older, no heavy gas trucks of China V or older",
    )
    BAN_VEHICLE_LE_CN4_INCL_GAS = (
        "ban_vehicle_le_cn4_incl_gas",
        "停止使用国四及以下车辆（含燃气）运输",
        "no vehicles of China IV or older (gas included)",
    )
    STOP_INBOUND_ROAD_TRANSPORT = (
        "stop_inbound_road_transport",
        "停止公路运输进厂",
        "no road transport into the plant",
    )
    STOP_ROAD_TRANSPORT = ("stop_road_transport", "停止公路运输", "no road transport")


_V = VehicleRule
_STRICTER: dict[VehicleRule, frozenset[VehicleRule]] = {
    _V.BAN_HEAVY_TRUCK_LE_CN3: frozenset(_V) - {_V.STOP_INBOUND_ROAD_TRANSPORT},
    _V.BAN_HEAVY_TRUCK_LE_CN4_INCL_GAS: frozenset(_V) - {_V.BAN_HEAVY_TRUCK_LE_CN3, _V.STOP_INBOUND_ROAD_TRANSPORT},
    _V.BAN_HEAVY_DIESEL_LE_CN4_AND_GAS_LE_CN5: frozenset(
        {_V.BAN_HEAVY_DIESEL_LE_CN4_AND_GAS_LE_CN5, _V.STOP_ROAD_TRANSPORT}
    ),
    _V.BAN_VEHICLE_LE_CN4_INCL_GAS: frozenset({_V.BAN_VEHICLE_LE_CN4_INCL_GAS, _V.STOP_ROAD_TRANSPORT}),
    _V.STOP_INBOUND_ROAD_TRANSPORT: frozenset({_V.STOP_INBOUND_ROAD_TRANSPORT, _V.STOP_ROAD_TRANSPORT}),
    _V.STOP_ROAD_TRANSPORT: frozenset({_V.STOP_ROAD_TRANSPORT}),
}


def vehicle_rule_covers(rule: VehicleRule | None, required: VehicleRule) -> bool:
    """True if every vehicle that `required` keeps off the road is kept off by `rule` too."""
    return rule is not None and rule in _STRICTER[required]


class Basis(Labelled):
    """What a share of output is counted from (核算基准)."""

    SMALLEST_DAILY_MEAN = (
        "min_daily_mean(eia_capacity, permit_capacity, previous_normal_year_actual_output)",
        "环评批复产能、排污许可载明产能、前一年正常生产实际产量三者日均值的最小值",
        "smallest daily mean of approved capacity, permitted capacity and last normal year's output",
    )
    EIA_CAPACITY = ("eia_capacity", "环评批复产能", "capacity approved in the environmental assessment")
    PERMIT_CAPACITY = ("permit_capacity", "排污许可载明产能", "capacity in the discharge permit")
    PREVIOUS_YEAR_OUTPUT = (
        "previous_normal_year_actual_output",
        "前一年正常生产实际产量",
        "last normal year's output",
    )
    LOWEST_DAILY_LOAD = (
        "lowest_daily_load_previous_year",
        "上一年最低日生产负荷",
        "lowest daily load of last year",
    )
    HEAT_SUPPLY = ("heat_supply", "以热定产", "the heat that is needed")
    ORDERED_QUANTITY = ("ordered_quantity", "以量定产", "the quantity that is ordered")
    PRODUCTION_PLAN = ("production_plan", "生产计划", "production plan")
    NOT_STATED = ("not_stated", "未载明", "not stated")


class Verification(Labelled):
    """How it is proven that the measure is carried out (核查方式)."""

    METER = ("meter", "用电监控", "electricity meter")
    CEMS = ("cems", "在线监测", "emission monitoring (CEMS)")
    GATE = ("gate", "门禁", "gate system")
    VIDEO = ("video", "视频", "video")
    INSPECTION = ("inspection", "现场检查", "inspection")


@dataclass(frozen=True, slots=True)
class LoadCap:
    """A highest load, e.g. 日投料 ≤ 120 t. `value` > 0 in `unit`; `metric` says what is measured."""

    value: float
    unit: str
    metric: str | None = None

    def render_zh(self) -> str:
        return f"{self.metric or '负荷'} ≤ {number(self.value)} {self.unit}"

    def render_en(self) -> str:
        return f"{self.metric or 'load'} ≤ {number(self.value)} {self.unit}"


@dataclass(frozen=True, slots=True)
class Measure:
    """One measure of one line at one level.

    `ratio` 0..1: share of units to stop, or of output to cut; `at_least`: it is a lower bound (含以上);
    `total_units`, `stopped_units`: whole units; `window`: "17:00-09:00", hours in which it applies.
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

    @property
    def executable(self) -> bool:
        """True if the measure is known, so that it can be asked of somebody."""
        return self.action is not Action.UNKNOWN

    @property
    def forced(self) -> bool:
        """True if the measure is ordered rather than left to the enterprise."""
        return self.action in _FORCED or self.vehicle_rule is not None

    @property
    def units_to_stop(self) -> int | None:
        """Whole units that stand still. None where it is not a stop, or nothing says how many."""
        if self.action is not Action.STOP:
            return None
        if self.stopped_units is not None:
            return self.stopped_units
        if self.total_units is None:
            return None
        return whole_units(self.total_units, 1.0 if self.ratio is None else self.ratio)

    def render_zh(self) -> str:
        """The measure as a Chinese clause without its subject: 停产, 限产 50 %（日投料 ≤ 120 t）."""
        return _render_zh(self)

    def render_en(self) -> str:
        return _render_en(self)


_FORCED = frozenset({Action.STOP, Action.LIMIT, Action.TRANSPORT})

NOT_ESTABLISHED = Measure(Action.UNKNOWN)


@lru_cache(maxsize=4096)
def whole_units(total: int, ratio: float) -> int:
    """Units to stop for a share of `total`: only whole units stop, so the share is rounded up (含以上).

    Counted exactly on the ratio's decimal notation: 0.07 of 100 units is 7, not 8.
    """
    return min(total, math.ceil(Fraction(repr(ratio)) * total))


def number(value: float) -> str:
    """A number for people: no trailing zeros, no exponent."""
    return f"{value:.6f}".rstrip("0").rstrip(".")


def percent(ratio: float) -> str:
    """A share for people: 0.5 → 50 %."""
    return f"{number(round(ratio * 100, 6))} %"


def _quantity_zh(measure: Measure) -> str:
    if measure.action is Action.LIMIT:
        return "" if measure.ratio is None else f" {percent(measure.ratio)}{'（含）以上' if measure.at_least else ''}"
    stopped, total = measure.units_to_stop, measure.total_units
    if stopped is None or total is None or stopped == total:
        partial = measure.ratio is not None and measure.ratio < 1 and stopped is None
        return f" {percent(measure.ratio or 0)}{'（含）以上' if measure.at_least else ''}" if partial else ""
    unit = measure.count_unit.zh if measure.count_unit else "台（套）"
    return f" {stopped}/{total}（按{unit}计{'，含以上' if measure.at_least else ''}）"


def _quantity_en(measure: Measure) -> str:
    floor = "at least " if measure.at_least else ""
    if measure.action is Action.LIMIT:
        return "" if measure.ratio is None else f" output by {floor}{percent(measure.ratio)}"
    stopped, total = measure.units_to_stop, measure.total_units
    if stopped is None or total is None or stopped == total:
        partial = measure.ratio is not None and measure.ratio < 1 and stopped is None
        return f" {floor}{percent(measure.ratio or 0)}" if partial else ""
    unit = measure.count_unit.en if measure.count_unit else "unit"
    return f" {floor}{stopped} of {total} (counted by {unit})"


def _details(measure: Measure, *, chinese: bool) -> list[str]:
    parts: list[str] = []
    if measure.load_cap is not None:
        parts.append(measure.load_cap.render_zh() if chinese else measure.load_cap.render_en())
    if measure.action is Action.LIMIT and measure.basis not in (None, Basis.NOT_STATED):
        parts.append(f"基准：{measure.basis.zh}" if chinese else f"counted from: {measure.basis.en}")
    if measure.window is not None:
        parts.append(f"时段 {measure.window}" if chinese else f"between {measure.window}")
    return parts


def _render_zh(measure: Measure) -> str:
    if measure.action is Action.UNKNOWN:
        return "措施尚未确定：请联系主管部门"
    text = {
        Action.SELF_DETERMINED: "自主减排",
        Action.NONE: "不采取减排措施",
        Action.TRANSPORT: measure.vehicle_rule.zh if measure.vehicle_rule else "运输管控",
    }.get(measure.action, f"{measure.action.zh}{_quantity_zh(measure)}")
    details = "，".join(_details(measure, chinese=True))
    text = f"{text}（{details}）" if details else text
    if measure.vehicle_rule is None or measure.action is Action.TRANSPORT:
        return text
    return f"{text}，{measure.vehicle_rule.zh}"


def _render_en(measure: Measure) -> str:
    if measure.action is Action.UNKNOWN:
        return "not established: ask the authority"
    text = {
        Action.SELF_DETERMINED: "the enterprise decides its own reduction",
        Action.NONE: "no reduction measure",
        Action.TRANSPORT: measure.vehicle_rule.en if measure.vehicle_rule else "transport control",
    }.get(measure.action, f"{measure.action.en}{_quantity_en(measure)}")
    details = ", ".join(_details(measure, chinese=False))
    text = f"{text} ({details})" if details else text
    if measure.vehicle_rule is None or measure.action is Action.TRANSPORT:
        return text
    return f"{text}, {measure.vehicle_rule.en}"
