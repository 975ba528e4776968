"""A field of a list and its values in words, as the comparison of two versions shows them. Pure."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from emission_lists.grades import Grade
from emission_lists.lists import POLLUTANT_LABELS, GuaranteeType, SourceClass
from emission_lists.measures import Action, Basis, CountUnit, NonRoadRule, StopMode, VehicleRule, Verification

Pair = tuple[str, str]
FIELDS: dict[str, Pair] = {
    "permit_no": ("排污许可证编号", "permit number"),
    "name": ("名称", "name"),
    "adcode": ("区县代码", "county code"),
    "address": ("地址", "address"),
    "industry": ("行业", "industry"),
    "key_industry": ("重点行业", "key industry"),
    "gbt4754": ("国民经济行业代码", "GB/T 4754"),
    "grade": ("绩效等级", "grade"),
    "guarantee": ("保障类型", "guarantee"),
    "guarantee_until": ("保障有效期至", "guarantee until"),
    "guarantee_cap": ("保障负荷上限", "guarantee's load cap"),
    "small_micro": ("小微涉气", "small or micro"),
    "long_stopped": ("长期停产", "long stopped"),
    "contact": ("联系方式", "contact"),
    "subtype": ("行业子类", "sub-type"),
    "source_class": ("源类别", "source class"),
    "process": ("工序", "process"),
    "action": ("措施", "measure"),
    "ratio": ("限产比例", "share limited"),
    "at_least": ("含以上", "or more"),
    "count_unit": ("计数单位", "counted by"),
    "stopped_units": ("停产数量", "units stopped"),
    "total_units": ("设备总数", "units in all"),
    "basis": ("核算基准", "basis"),
    "load_cap": ("负荷上限", "load cap"),
    "vehicle_rule": ("运输措施", "vehicles"),
    "non_road_ban": ("非道路移动机械", "non-road machines"),
    "window": ("时段", "hours of the day"),
    "verification": ("核查方式", "verified by"),
    "verification_point": ("核查点位", "point of verification"),
    "note_zh": ("说明", "note"),
    "stop_mode": ("停产方式", "way of stopping"),
    "keep_running": ("保留运行", "kept running"),
    "complete_within_hours": ("落实时限（小时）", "hours to carry it out"),
    "coking_hours": ("结焦时间（小时）", "coking hours"),
    "heats_per_day": ("日出炉次数", "heats a day"),
    "cycle": ("轮换", "cycle"),
    "later": ("后续措施", "later measures"),
    "lon": ("经度", "longitude"),
    "lat": ("纬度", "latitude"),
    "legal_representative": ("法定代表人", "legal representative"),
    "product": ("主要产品", "product"),
    "capacity": ("产能", "capacity"),
    "capacity_unit": ("产能单位", "unit of capacity"),
    "actual_output": ("实际产量", "actual output"),
    "fuel": ("燃料", "fuel"),
    "treatment": ("治理设施", "treatment"),
    "manager": ("责任人", "responsible"),
    "manager_phone": ("责任人电话", "phone of the responsible"),
    "seasonal_plan": ("季节计划", "seasonal plan"),
    "remark": ("备注", "remark"),
    "base": ("现状排放", "base"),
    "reductions": ("减排量", "reduction"),
    "means": ("日均值", "daily means"),
    **{name: (f"{label}（kg/d）", f"{label} (kg/d)") for name, label in POLLUTANT_LABELS.items()},
}
"""The last part of a field's path → its words; measures and particulars are only a way there."""
SILENT = frozenset({"measures", "particulars"})
ENUMS: tuple[Any, ...] = (
    Action, Basis, CountUnit, GuaranteeType, NonRoadRule, SourceClass, StopMode, VehicleRule, Verification,
)  # fmt: skip
CODED = frozenset(
    {"action", "basis", "count_unit", "guarantee", "non_road_ban", "source_class", "stop_mode", "vehicle_rule"}
    | {"verification"}
)
WORDS: dict[str, Pair] = {str(one.value): (one.zh, one.en) for kind in ENUMS for one in kind}
GRADES: dict[str, str] = {one.value: one.zh for one in Grade}


def field_words(path: str, language: str, level_word: Callable[[str], str]) -> str:
    """A path such as `measures.red.ratio` in words: 红色 限产比例. What has no word stays as it is."""
    parts = [part for part in path.split(".") if part not in SILENT]
    levels = {"yellow", "orange", "red"}
    said = [level_word(part) if part in levels else FIELDS.get(part, (part, part))[language != "zh"] for part in parts]
    return " ".join(said)


def value_words(path: str, value: Any, language: str) -> str:
    """A value in words: codes of lists as the workbook names them, a share in per cent, yes and no; a dash for none."""
    last = path.rsplit(".", 1)[-1]
    if value is None or value == []:
        return "–"
    if isinstance(value, bool):
        return ("是" if value else "否") if language == "zh" else ("yes" if value else "no")
    if isinstance(value, list):
        return ("、" if language == "zh" else ", ").join(value_words(path, one, language) for one in value)
    if isinstance(value, Mapping):
        parts = value if {"value", "unit"} - value.keys() else {key: value.get(key) for key in ("metric", "value", "unit")}
        return " ".join(str(one) for one in parts.values() if one is not None)
    if last == "ratio" and isinstance(value, int | float):
        return f"{value * 100:g} %"
    if last == "grade":
        return GRADES.get(value, str(value))
    return WORDS[value][language != "zh"] if last in CODED and value in WORDS else str(value)
