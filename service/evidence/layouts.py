"""The layouts of evidence files: columns by kind, each with its Chinese header, its name, its reader and an example."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from alerts.instants import SHANGHAI, parse_instant
from emission_lists.cells import CellProblem, as_number, as_text, as_uscc, as_yes_no, required
from service.evidence.records import CEMS_ITEMS, FLAGS, FUELS, STAGES, Kind

Reader = Callable[[object], Any]
MOST = 1e9


@dataclass(frozen=True, slots=True)
class Column:
    """One column: `name` for programs and the English header, `zh` as the template writes it."""

    name: str
    zh: str
    read: Reader
    example: str
    note: str = ""


def as_time(cell: object) -> datetime | None:
    """An instant, Beijing time where no offset stands; 24:00 is the next day's midnight. Excel's seconds are rounded."""
    if isinstance(cell, datetime):
        at = cell if cell.tzinfo else cell.replace(tzinfo=SHANGHAI)
        return (at + timedelta(milliseconds=500)).replace(microsecond=0)
    text = as_text(cell)
    if text is None:
        return None
    try:
        return parse_instant(text)
    except ValueError:
        raise CellProblem("NOT_A_TIME") from None


def as_hour(cell: object) -> datetime | None:
    """The end of an hour."""
    at = as_time(cell)
    if at is not None and (at.minute or at.second or at.microsecond):
        raise CellProblem("NOT_WHOLE_HOUR")
    return at


def as_code(length: int = 64) -> Reader:
    """The reader of a code of at most so many characters; None if empty."""

    def read(cell: object) -> str | None:
        text = as_text(cell)
        if text is not None and len(text) > length:
            raise CellProblem("TOO_LONG", what=length)
        return text

    return read


def as_one_of(choices: Mapping[str, Any]) -> Reader:
    """The reader of one of the choices, whatever the case; None if empty."""
    known = {key.lower(): value for key, value in choices.items()}

    def read(cell: object) -> Any:
        text = as_text(cell)
        if text is None:
            return None
        if text.lower() not in known:
            raise CellProblem("NOT_A_CHOICE", what="、".join(choices))
        return known[text.lower()]

    return read


def as_value(cell: object) -> float | None:
    """A quantity from 0 on."""
    value: float | None = as_number(0, MOST)(cell)
    if value is not None and not math.isfinite(value):
        raise CellProblem("NOT_A_NUMBER")
    return value


VEHICLES = {"重型货车": "heavy_truck", "heavy_truck": "heavy_truck", "其他货车": "truck", "truck": "truck",
            "客车": "bus", "bus": "bus", "其他": "other", "other": "other", "未知": "unknown", "unknown": "unknown"}  # fmt: skip
COLOURS = {"蓝": "blue", "blue": "blue", "黄": "yellow", "yellow": "yellow", "绿": "green", "green": "green",
           "黄绿": "yellow_green", "yellow_green": "yellow_green", "白": "white", "white": "white",
           "黑": "black", "black": "black", "未知": "unknown", "unknown": "unknown"}  # fmt: skip
DIRECTIONS = {"进": "in", "in": "in", "出": "out", "out": "out"}
ROLES = {"生产": "production", "production": "production", "治理": "treatment", "treatment": "treatment",
         "无": "none", "none": "none"}  # fmt: skip
POINT_KINDS = {"用电": "power", "power": "power", "在线监测": "cems", "cems": "cems", "负荷": "load", "load": "load",
               "门禁": "gate", "gate": "gate"}  # fmt: skip
RESULTS = {"符合": "in_order", "in_order": "in_order", "不符合": "breach", "breach": "breach",
           "未能查看": "not_seen", "not_seen": "not_seen"}  # fmt: skip
_USCC = Column("uscc", "统一社会信用代码", required(as_uscc, "统一社会信用代码"), "91130200699229617X")
_POINT = Column("point", "点位编号", required(as_code(), "点位编号"), "MF0001-1")
_HOUR = Column("time", "小时止", required(as_hour, "小时的结束时刻"), "2026-11-21 18:00", "该小时的结束时刻，北京时间")
LAYOUTS: dict[Kind, tuple[Column, ...]] = {
    Kind.POWER: (_USCC, _POINT, _HOUR, Column("kwh", "电量(kWh)", required(as_value, "该小时的电量"), "128.5")),
    Kind.CEMS: (
        _USCC,
        _POINT,
        _HOUR,
        Column("item", "因子", required(as_one_of(CEMS_ITEMS), "因子"), "nox", "因子名或 HJ 212 编码"),
        Column("value", "数值", as_value, "42.1", "mg/m³；氧含量 %，流量 m³"),
        Column("flag", "标记", as_one_of({flag: flag for flag in FLAGS}), "N", "HJ 212 数据标记，空为 N"),
    ),
    Kind.LOAD: (
        _USCC,
        _POINT,
        _HOUR,
        Column("value", "数量", required(as_value, "该小时的数量"), "5.2", "单位见点位表"),
    ),
    Kind.GATE: (
        _USCC,
        Column("gate", "门禁点位", required(as_code(), "门禁点位"), "G1"),
        Column("time", "通过时间", required(as_time, "通过时间"), "2026-11-21 18:03:20"),
        Column("plate", "车牌号", required(as_code(16), "车牌号"), "冀B12345"),
        Column("plate_colour", "车牌颜色", required(as_one_of(COLOURS), "车牌颜色"), "黄"),
        Column("vehicle", "车辆类型", required(as_one_of(VEHICLES), "车辆类型"), "重型货车"),
        Column("stage", "排放阶段", required(as_one_of({s: s for s in STAGES}), "排放阶段"), "5", "0–7，D 电动，X 无"),
        Column(
            "fuel",
            "燃料类型",
            required(as_one_of({f: f for f in FUELS}), "燃料类型"),
            "B",
            "A 汽油 B 柴油 C 电 E 天然气 …",
        ),
        Column("direction", "方向", required(as_one_of(DIRECTIONS), "方向"), "进"),
        Column("let_in", "是否放行", required(as_yes_no, "是否放行"), "是"),
    ),
    Kind.INSPECTION: (
        _USCC,
        Column("time", "检查时间", required(as_time, "检查时间"), "2026-11-21 20:10"),
        Column("inspector", "检查人员", required(as_code(100), "检查人员"), "执法一组"),
        Column("line", "生产线编码", as_code(), "MF0001"),
        Column("result", "结论", required(as_one_of(RESULTS), "结论"), "符合"),
        Column("note", "情况", required(as_code(1000), "检查情况"), "1号线停产，治理设施运行"),
        Column("reference", "附件编号", as_code(200), "photo-0012"),
    ),
    Kind.POINTS: (
        _USCC,
        _POINT,
        Column("kind", "种类", required(as_one_of(POINT_KINDS), "种类"), "用电"),
        Column("line", "生产线编码", required(as_code(), "生产线编码"), "MF0001"),
        Column("role", "位置", required(as_one_of(ROLES), "位置"), "生产"),
        Column("rated", "额定功率(kW)", as_value, "200"),
        Column("metric", "负荷指标", as_code(), "", "负荷点位：与清单负荷上限的指标相同"),
        Column("unit", "单位", as_code(16), "", "负荷点位：与清单负荷上限的单位相同"),
    ),
}
"""Columns of each kind, in the order of the template."""
