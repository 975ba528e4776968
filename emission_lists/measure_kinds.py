"""The kinds of things a measure (减排措施) is made of, each with its Chinese and English label."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


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
    BASELINE_DAY = ("baseline_day", "响应前正常生产日产量", "output of a normal day before the response")
    NOT_STATED = ("not_stated", "未载明", "not stated")


# Bases that say by themselves how much may be made, so that no share is needed.
LOAD_BASES = frozenset({Basis.LOWEST_DAILY_LOAD, Basis.HEAT_SUPPLY, Basis.ORDERED_QUANTITY, Basis.PRODUCTION_PLAN})


class Verification(Labelled):
    """How it is proven that the measure is carried out (核查方式)."""

    METER = ("meter", "用电监控", "electricity meter")
    CEMS = ("cems", "在线监测", "emission monitoring (CEMS)")
    GATE = ("gate", "门禁", "gate system")
    VIDEO = ("video", "视频", "video")
    INSPECTION = ("inspection", "现场检查", "inspection")


class StopMode(Labelled):
    """How a unit stands still (停产方式): a kiln that is banked or kept warm produces nothing, yet burns some fuel."""

    COLD = ("cold", "停产", "stop")
    BANKING = ("banking", "焖炉", "bank the furnace")
    KEEP_WARM = ("keep_warm", "停产保窑", "stop and keep the kiln warm")


class NonRoadRule(Labelled):
    """Which non-road machines (非道路移动机械) may not be used, by emission stage."""

    BAN_LE_CN1 = ("ban_le_cn1", "停用国一及以下非道路移动机械", "no non-road machines of China I or older")
    BAN_LE_CN2 = ("ban_le_cn2", "停用国二及以下非道路移动机械", "no non-road machines of China II or older")
    BAN_ALL = ("ban_all", "停用全部非道路移动机械", "no non-road machines")


_MACHINES = list(NonRoadRule)  # from the fewest machines to all


def non_road_ban_covers(rule: NonRoadRule | None, required: NonRoadRule) -> bool:
    """True if every machine that `required` keeps still is kept still by `rule` too."""
    return rule is not None and _MACHINES.index(rule) >= _MACHINES.index(required)


@dataclass(frozen=True, slots=True)
class Cycle:
    """Stop and run in turns (停48小时、开12小时): hours off, then hours on. ValueError if one is not above 0."""

    off_hours: float
    on_hours: float

    def __post_init__(self) -> None:
        if not (self.off_hours > 0 and self.on_hours > 0):
            raise ValueError(f"a cycle of {self.off_hours} h off and {self.on_hours} h on: write hours above 0")

    @property
    def off_share(self) -> float:
        """The share of the time in which the line stands still, 0..1."""
        return self.off_hours / (self.off_hours + self.on_hours)


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


def number(value: float) -> str:
    """A number for people: no trailing zeros, no exponent."""
    return f"{value:.6f}".rstrip("0").rstrip(".")


def percent(ratio: float) -> str:
    """A share for people: 0.5 → 50 %."""
    return f"{number(round(ratio * 100, 6))} %"
