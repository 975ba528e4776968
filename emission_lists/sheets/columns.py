"""The columns of each further sheet, in the order of the template.

No official template is public: the columns follow a reconstruction (domain notes 3.4, medium to low confidence). The
notes worksheet of the template says so.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from emission_lists.levels import LEVELS
from emission_lists.lists import POLLUTANT_LABELS
from emission_lists.sheets import codes
from emission_lists.sheets.kinds import Json, Sheet
from emission_lists.sheets.readers import (
    SheetColumn,
    adcode,
    choice,
    code,
    day,
    kg,
    number,
    plate,
    text,
    uscc,
    whole,
    yes_no,
)

_UNSURE = "尚未确定请选“未确定”，不要留空"
_DUST_POLLUTANTS = {"pm": "PM"}


def _place() -> tuple[SheetColumn, ...]:
    return (
        text("address", "地址"),
        number("lon", "经度", 73, 136, "十进制度，如 118.18"),
        number("lat", "纬度", 3, 54, "十进制度，如 39.63"),
    )


def _emissions(pollutants: Mapping[str, str]) -> Iterator[SheetColumn]:
    for name, label in pollutants.items():
        yield kg(f"base_{name}", f"现状排放{label}", "正常日排放量")


def _levels(measures: Mapping[str, Json], pollutants: Mapping[str, str], title: str) -> Iterator[SheetColumn]:
    for level in LEVELS:
        yield choice(level.value, f"{level.zh}-{title}", measures, _UNSURE, needed=True)
        for name, label in pollutants.items():
            yield kg(f"{level.value}_{name}", f"{level.zh}-减排{label}")


_DUST = (
    code("code", "工地编号", "施工许可证号或监管编号，同一清单内不重复"),
    text("name", "工地名称", needed=True),
    adcode(),
    choice("kind", "工地类型", codes.SITE_TYPES, needed=True),
    *_place(),
    number("area_m2", "占地面积（m2）", 0, 1e9),
    choice("stage", "施工阶段", codes.SITE_STAGES),
    text("builder", "建设单位"),
    text("contractor", "施工单位"),
    text("contact", "联系方式", "岗位或值班电话，请勿填写个人信息"),
    yes_no("guarantee", "保障工程", "已列入保障类清单的重点工程填“是”", needed=True),
    text("verification_point", "核查点位", "扬尘在线监测、视频点位"),
    *_emissions(_DUST_POLLUTANTS),
    *_levels(codes.SITE_MEASURES, _DUST_POLLUTANTS, "措施"),
    text("note", "备注"),
)
_ROAD_MOBILE = (
    adcode(),
    choice("vehicle_class", "车型", codes.VEHICLE_CLASSES, needed=True),
    choice("fuel", "燃料", codes.FUELS, needed=True),
    choice("stage", "排放阶段", codes.STAGES, needed=True),
    whole("count", "保有量（辆）", 0, 100_000_000, needed=True),
    *_emissions(POLLUTANT_LABELS),
    *_levels(codes.ROAD_MEASURES, POLLUTANT_LABELS, "管控"),
    text("note", "备注"),
)
_NON_ROAD = (
    code("code", "环保号码", "非道路移动机械环保编码，没有的填单位内部编号"),
    choice("kind", "机械类型", codes.MACHINES, needed=True),
    number("power_kw", "功率（kW）", 0.1, 100_000),
    choice("fuel", "燃料", codes.FUELS),
    choice("stage", "排放阶段", codes.NON_ROAD_STAGES, needed=True),
    text("owner", "所属单位", needed=True),
    uscc("owner_uscc", "所属单位信用代码"),
    text("place", "使用地点", "工地、厂区或堆场名称"),
    adcode(),
    *_emissions(POLLUTANT_LABELS),
    *_levels(codes.MACHINE_MEASURES, POLLUTANT_LABELS, "措施"),
    text("note", "备注"),
)
_BULK_TRANSPORT = (
    uscc("uscc", "统一社会信用代码", needed=True),
    text("name", "单位名称", needed=True),
    adcode(),
    text("goods", "运输货物", needed=True),
    whole("trips", "日均进出车次", 0, 100_000, "日均货车进出总车次", needed=True),
    number("tonnes", "日均运输量（t）", 0, 1e7),
    yes_no("gate", "安装门禁", "按 HJ 1321-2023 建设货车门禁的填“是”", needed=True),
    whole("entrances", "货运出入口数", 0, 1000),
    whole("barriers", "已装门禁的出入口数", 0, 1000),
    *(
        choice(level.value, f"{level.zh}-运输管控", codes.ROAD_MEASURES, _UNSURE, needed=True)
        for level in LEVELS
    ),
    text("contact", "联系方式", "岗位或值班电话，请勿填写个人信息"),
    text("note", "备注"),
)
_WHITELIST = (
    plate("plate", "号牌号码"),
    choice("colour", "号牌颜色", codes.PLATE_COLOURS, needed=True),
    choice("vehicle_class", "车型", codes.VEHICLE_CLASSES),
    choice("fuel", "燃料", codes.FUELS, needed=True),
    choice("stage", "排放阶段", codes.STAGES, needed=True),
    text("owner", "所属单位", needed=True),
    uscc("owner_uscc", "所属单位信用代码"),
    adcode(),
    text("purpose", "用途", "民生保障、应急抢险等", needed=True),
    text("approval", "批准文号"),
    day("valid_until", "有效期至", needed=True),
    text("note", "备注"),
)
_GUARANTEE = (
    code("code", "统一社会信用代码（项目编号、号牌）", "企业填信用代码，重点工程填项目编号，车辆填号牌"),
    choice("subject", "对象", codes.SUBJECTS, needed=True),
    text("name", "名称", needed=True),
    adcode(),
    choice("kind", "保障类型", codes.GUARANTEE_TYPES, needed=True),
    text("reason", "保障内容", "保障什么、为谁保障"),
    day("city_agreed", "市级政府同意日期"),
    text("city_document", "市级同意文号"),
    day("province_vetted", "省级审核日期"),
    text("province_document", "省级审核文号"),
    day("mee_filed", "报部备案日期"),
    day("valid_from", "保障有效期起"),
    day("valid_until", "保障有效期至"),
    choice("basis", "负荷依据", codes.LOAD_BASES, "供热、协同处置以热定产，军工、出口以量定产"),
    text("cap_metric", "保障负荷指标"),
    number("cap_value", "保障负荷上限", 1e-6, 1e9),
    text("cap_unit", "保障负荷单位", "如 t/d、GJ/h"),
    text("note", "备注"),
)
_SUMMARY = (
    choice("source", "源类别", codes.SOURCES, "工业＝工业源清单全部；“其中”为工业的分项", needed=True),
    choice("item", "项目", codes.ITEMS, needed=True),
    *(kg(name, label) for name, label in POLLUTANT_LABELS.items()),
    text("note", "备注"),
)

SHEET_COLUMNS: dict[Sheet, tuple[SheetColumn, ...]] = {
    Sheet.DUST: _DUST,
    Sheet.ROAD_MOBILE: _ROAD_MOBILE,
    Sheet.NON_ROAD: _NON_ROAD,
    Sheet.BULK_TRANSPORT: _BULK_TRANSPORT,
    Sheet.WHITELIST: _WHITELIST,
    Sheet.GUARANTEE: _GUARANTEE,
    Sheet.SUMMARY: _SUMMARY,
}
KEY_FIELDS: dict[Sheet, tuple[str, ...]] = {
    Sheet.DUST: ("code",),
    Sheet.ROAD_MOBILE: ("adcode", "vehicle_class", "fuel", "stage"),
    Sheet.NON_ROAD: ("code",),
    Sheet.BULK_TRANSPORT: ("uscc",),
    Sheet.WHITELIST: ("plate",),
    Sheet.GUARANTEE: ("code",),
    Sheet.SUMMARY: ("source", "item"),
}
"""What identifies a record of a sheet; two rows with the same are refused."""


def record_key(sheet: Sheet, fields: Mapping[str, Json]) -> str:
    """The key of a record from its fields."""
    return "/".join(str(fields[name]) for name in KEY_FIELDS[sheet])
