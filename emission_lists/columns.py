"""The columns of a list workbook: header, reader, choices and note of each, in the order of the template."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from emission_lists.cells import (
    MAX_QUANTITY,
    MAX_UNITS,
    YES_NO,
    Reader,
    as_choice,
    as_choices,
    as_cycle,
    as_date,
    as_digits,
    as_number,
    as_percent,
    as_permit,
    as_stages,
    as_text,
    as_uscc,
    as_whole,
    as_window,
    as_yes_no,
    labels,
    required,
)
from emission_lists.grades import Grade
from emission_lists.guides import plain
from emission_lists.levels import LEVELS
from emission_lists.lists import POLLUTANT_LABELS, GuaranteeType, SourceClass
from emission_lists.measures import (
    MAX_HOURS,
    Action,
    Basis,
    CountUnit,
    NonRoadRule,
    StopMode,
    VehicleRule,
    Verification,
)
from emission_lists.validations import Kind

LIST_SHEET = "应急减排清单"
BASE_SHEET = "全社会排放量"
NOTES_SHEET = "填写说明"
CHOICES_SHEET = "选项"
FURTHER_NOTES_SHEET = "其他清单填写说明"
FURTHER_CHOICES_SHEET = "其他清单选项"
FLOOR_SHEET = "减排比例核算"
FAULTS_SHEET = "问题清单"
BESIDE_SHEETS = (NOTES_SHEET, CHOICES_SHEET, FURTHER_NOTES_SHEET, FURTHER_CHOICES_SHEET, FLOOR_SHEET, FAULTS_SHEET)
"""Worksheets of templates, exports and marked workbooks that are never read."""
EXAMPLE = "示例"
NUMBER_HEADER = "序号"
MOST_COLUMNS = 200
"""A header that reaches further than this is no header of ours: it is told once instead of cell by cell."""
LEAST = 1e-6
"""The least number above 0 that a list carries."""
BASE_HEADERS = ("污染物", "全社会日排放量（kg/d）")


@dataclass(frozen=True, slots=True)
class Column:
    """One column. `choices`: what the drop-down offers; `needed`: the cell must not be empty.

    `optional`: the whole column may be missing, as it is in workbooks made before it existed; `low`, `high`: the range of
    a number, as its reader has it.
    """

    header: str
    read: Reader
    needed: bool = False
    choices: tuple[str, ...] = ()
    note: str = ""
    text: bool = True
    optional: bool = False
    kind: Kind = Kind.TEXT
    low: float | None = None
    high: float | None = None

    @property
    def key(self) -> str:
        return header_key(self.header)


def header_key(header: str) -> str:
    """A header as it is compared: one kind of brackets, no blanks or line breaks."""
    return plain("".join(header.split()))


def header_width(header: Sequence[object]) -> int:
    """How many cells of a header there are up to its last filled one."""
    return next((place + 1 for place in reversed(range(len(header))) if str(header[place]).strip()), 0)


def _text(header: str, *, needed: bool = False, read: Reader = as_text, note: str = "") -> Column:
    return Column(header, required(read, header) if needed else read, needed, note=note)


def _choice(header: str, choices: Mapping[str, Any], *, needed: bool = False, note: str = "") -> Column:
    read = as_choice(choices)
    return Column(header, required(read, header) if needed else read, needed, tuple(choices), note, kind=Kind.CHOICE)


def _yes_no(header: str, note: str) -> Column:
    return Column(header, required(as_yes_no, header), True, tuple(YES_NO), note, kind=Kind.CHOICE)


def _number(header: str, low: float, high: float, note: str = "") -> Column:
    return Column(header, as_number(low, high), note=note, text=False, kind=Kind.NUMBER, low=low, high=high)


def _whole(header: str, low: int, high: int, note: str = "") -> Column:
    return Column(header, as_whole(low, high), note=note, text=False, kind=Kind.WHOLE, low=low, high=high)


def _amount(header: str, note: str = "") -> Column:
    """A load, capacity or output above 0."""
    return _number(header, LEAST, 1e9, note)


def _hours(header: str, note: str) -> Column:
    return _number(header, LEAST, MAX_HOURS, note)


def _percent(header: str, note: str) -> Column:
    """1 and less is refused: nobody can tell 0.5 % from a half."""
    return Column(header, as_percent, note=note, text=False, kind=Kind.NUMBER, low=1 + LEAST, high=100)


def _optional(column: Column) -> Column:
    return replace(column, optional=True)


GRADES = {grade.zh: grade for grade in Grade}
_GRADE_CELLS = GRADES | {grade.title_zh: grade for grade in Grade} | {grade.value: grade for grade in Grade}

ENTERPRISE_COLUMNS: tuple[Column, ...] = (
    _text("统一社会信用代码", needed=True, read=as_uscc, note="18 位，文本格式，校验位必须正确"),
    _text("企业名称", needed=True, note="与营业执照一致；同一企业每行重复填写，不要合并单元格"),
    _text("区县代码", needed=True, read=as_digits(6, "ADCODE"), note="6 位行政区划代码，如 130202"),
    _text("行业", needed=True, note="重点行业从下拉列表选择；非重点行业写行业名称"),
    _yes_no("重点行业", "指南所列重点行业填“是”"),
    Column(
        "绩效等级",
        required(as_choice(_GRADE_CELLS), "绩效等级"),
        True,
        tuple(GRADES),
        "A+、A、B、B-、C、D、引领性…",
        kind=Kind.CHOICE,
    ),
    _text("排污许可证编号", read=as_permit, note="信用代码 18 位 + 3 位数字 + 1 位字母；登记管理填登记编号"),
    _text("地址"),
    _text("国民经济行业代码", read=as_digits(4, "GBT4754"), note="GB/T 4754 的 4 位小类代码"),
    _choice("保障类型", labels(GuaranteeType), note="仅限已批准的保障类企业"),
    Column("保障有效期至", as_date, note="批准的截止日期，如 2026-09-30", text=False, kind=Kind.DATE),
    _text("保障负荷指标", note="以什么衡量负荷，如 日供热量"),
    _amount("保障负荷上限", "批准的最大负荷"),
    _text("保障负荷单位", note="如 t/d、GJ/h"),
    _yes_no("小微涉气", "小微涉气企业填“是”，仍须列入清单"),
    _yes_no("长期停产", "长期停产的不填现状排放量"),
    _text("联系方式", note="岗位或值班电话，请勿填写个人信息"),
    _optional(_text("行业子类", note="同一行业内分级方式不同的填写，如 水泥熟料、水泥粉磨站")),
    _optional(_choice("源类别", labels(SourceClass), note="电厂、供热锅炉等，空白视为一般工业企业")),
)

LINE_COLUMNS: tuple[Column, ...] = (
    _text("生产线编号", needed=True, note="许可证设施编号，如 MF0001；同一企业内不重复"),
    _text("生产线名称", needed=True, note="生产线、工序或设备名称"),
    _text("工序", needed=True, note="如 熟料生产线；企业运输措施单列一行，工序写“公路运输”"),
    *(
        _number(f"现状排放{label}（kg/d）", 0, MAX_QUANTITY, "正常生产日排放量，不含长期停产设备")
        for label in POLLUTANT_LABELS.values()
    ),
)

SHARED_COLUMNS: tuple[Column, ...] = (
    _choice("计数单位", labels(CountUnit), note="按什么计停产数量"),
    _whole("设备总数", 1, MAX_UNITS, "本行包含的生产线（设备）数，整数"),
    _choice("核算基准", labels(Basis), note="限产比例以什么为基准"),
    Column(
        "核查方式",
        as_choices(labels(Verification)),
        note="用电监控、在线监测、门禁、视频、现场检查，可多项，用“、”分隔",
    ),
    _text("核查点位", note="电表号、在线监测点位或门禁名称"),
)


def _level_columns(level_zh: str) -> tuple[Column, ...]:
    return (
        _choice(f"{level_zh}-措施", labels(Action), needed=True, note="尚未确定请选“未确定”，不要留空"),
        _percent(f"{level_zh}-比例（%）", "50 表示 50 %"),
        Column(f"{level_zh}-含以上", as_yes_no, False, tuple(YES_NO), "比例为下限填“是”", kind=Kind.CHOICE),
        _whole(f"{level_zh}-停产数量", 0, MAX_UNITS, "整数，比例按整台（条）向上取整"),
        _text(f"{level_zh}-负荷指标", note="如 日投料"),
        _amount(f"{level_zh}-负荷上限"),
        _text(f"{level_zh}-负荷单位", note="如 t/d"),
        _choice(f"{level_zh}-车辆管控", labels(VehicleRule)),
        _text(f"{level_zh}-时段", read=as_window, note="如 17:00-09:00"),
        _text(f"{level_zh}-措施说明"),
        *map(_optional, _rarer_columns(level_zh)),
    )


def _rarer_columns(level_zh: str) -> tuple[Column, ...]:
    return (
        _choice(f"{level_zh}-停产方式", labels(StopMode), note="焖炉、停产保窑；空白为停产"),
        _whole(f"{level_zh}-保留运行", 1, MAX_UNITS, "保留运行的条（台）数，其余停产"),
        _hours(f"{level_zh}-出焦时间（h）", "延长后的出焦时间，如 28"),
        _text(f"{level_zh}-停开周期", read=as_cycle, note="如 停48开12（小时）"),
        _whole(f"{level_zh}-日最多炉数", 1, 1000, "每座炉每日最多炉数，如 22"),
        _choice(f"{level_zh}-非道路机械", labels(NonRoadRule)),
        _hours(f"{level_zh}-完成时限（h）", "自措施开始起多少小时内落实到位；空白为立即"),
        _text(
            f"{level_zh}-后续措施",
            read=as_stages,
            note="随时间改变的措施，如 120小时后：停产 50%（含）以上；各项名称与本级别列名相同，用“，”分隔，多个阶段用“；”分隔",
        ),
    )


# What each column of a level says, in their order; load cap: three columns.
LEVEL_FIELDS = (
    "action", "ratio", "at_least", "stopped_units", "cap_metric", "cap_value", "cap_unit", "vehicle_rule", "window",
    "note_zh", "stop_mode", "keep_running", "coking_hours", "cycle", "heats_per_day", "non_road_ban",
    "complete_within_hours", "later",
)  # fmt: skip


def _reduction_columns(level_zh: str) -> tuple[Column, ...]:
    return tuple(_number(f"{level_zh}-减排{label}（kg/d）", 0, MAX_QUANTITY) for label in POLLUTANT_LABELS.values())


LEVEL_COLUMNS: tuple[tuple[Column, ...], ...] = tuple(_level_columns(level.zh) for level in LEVELS)
REDUCTION_COLUMNS: tuple[tuple[Column, ...], ...] = tuple(_reduction_columns(level.zh) for level in LEVELS)

# What the reconstruction of the official template has beside these (domain notes 3.4, medium to low confidence). They stand
# last and may all be missing: nothing is asked of an enterprise by them.
ENTERPRISE_PARTICULARS: tuple[Column, ...] = tuple(
    map(
        _optional,
        (
            _number("经度", 73, 136, "十进制度，如 118.18"),
            _number("纬度", 3, 54, "十进制度，如 39.63"),
            _text("法定代表人", note="个人信息，只供主管部门使用，可不填"),
        ),
    )
)
LINE_PARTICULARS: tuple[Column, ...] = tuple(
    map(
        _optional,
        (
            _text("主要产品"),
            _amount("产能", "本行全部设备的产能合计；按产能计停产比例时须填写，规模不同的设备请逐台列行"),
            _text("产能单位", note="如 t/d、万t/a；同一企业同一工序须一致"),
            _number("实际产量", 0, 1e9, "前一年正常生产的实际产量，单位同“产能单位”"),
            _text("燃料", note="如 煤、天然气、电"),
            _text("治理设施", note="工艺和设施编号，如 SCR脱硝 TA001"),
            _text("责任人", note="个人信息，只供主管部门使用，可填岗位"),
            _text("责任人电话", note="个人信息，只供主管部门使用，可填值班电话"),
            _text("季节计划", note="秋冬季错峰生产、季节性停产安排"),
            _text("备注"),
            _amount("环评批复产能日均值", "核算基准取三者日均值最小值时填写"),
            _amount("排污许可产能日均值", "核算基准取三者日均值最小值时填写"),
            _amount("前一年实际产量日均值", "前一年正常生产实际产量的日均值"),
            _text("日均值单位", note="如 t/d，与负荷单位一致才能核对负荷上限"),
        ),
    )
)

PLAIN_COLUMNS: tuple[Column, ...] = (
    *ENTERPRISE_COLUMNS,
    *LINE_COLUMNS,
    *SHARED_COLUMNS,
    *(column for pair in zip(LEVEL_COLUMNS, REDUCTION_COLUMNS, strict=True) for group in pair for column in group),
)
COLUMNS: tuple[Column, ...] = (*PLAIN_COLUMNS, *ENTERPRISE_PARTICULARS, *LINE_PARTICULARS)

OPTIONAL = frozenset(column.key for column in COLUMNS if column.optional)


def column_letter(index: int) -> str:
    """Excel's letter of a column counted from 0: 0 → A, 27 → AB."""
    letters = ""
    index += 1
    while index:
        index, rest = divmod(index - 1, 26)
        letters = chr(65 + rest) + letters
    return letters
