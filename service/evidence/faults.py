"""What is wrong with delivered evidence: one fault per cell, with its place, what it is and what to do, in both languages."""

from __future__ import annotations

from typing import Any

from emission_lists.findings import Finding, Severity, finding, shorten
from emission_lists.texts import TEXTS
from service.evidence.records import Place

OWN: dict[str, tuple[str, str, str, str]] = {
    "EMPTY": (
        "没有数据行",
        "请从模板填写后再上传",
        "there is no row of data",
        "fill in the template and send it again",
    ),
    "ENCODING": (
        "文件编码无法识别",
        "请另存为“CSV UTF-8”或 .xlsx 后再上传",
        "the encoding of the file is not known",
        'save it as "CSV UTF-8" or .xlsx',
    ),
    "NOT_A_TIME": (
        "“{value}”不是时间",
        "请按 2026-11-21 18:00 填写；小时值填该小时的结束时刻",
        '"{value}" is not a time',
        "write it like 2026-11-21 18:00; hours are stamped with their end",
    ),
    "NOT_WHOLE_HOUR": (
        "“{value}”不是整点",
        "小时值填该小时的结束时刻，如 18:00 表示 17:00 至 18:00",
        '"{value}" is not a whole hour',
        "give the end of the hour: 18:00 stands for 17:00 to 18:00",
    ),
    "FUTURE": (
        "“{value}”在将来",
        "请核对时钟和日期",
        '"{value}" lies in the future',
        "check the clock and the date",
    ),
    "TOO_OLD": (
        "“{value}”早于可接受的时间",
        "请核对年份",
        '"{value}" lies too far in the past',
        "check the year",
    ),
    "REPEATED": (
        "同一点位同一时刻重复，数值不同",
        "请只保留一行；更正以后另行上传，最新的一次有效",
        "the same point and time stand here twice with other values",
        "keep one; a correction is sent afterwards and the newest counts",
    ),
    "NEEDS_FLAG": (
        "数值为空而标记不是异常标记",
        "请填数值，或填 HJ 212 标记（F、M、D、C、T、B）",
        "there is no value and no flag that says why",
        "give the value, or the HJ 212 flag (F, M, D, C, T, B)",
    ),
    "NOT_LISTED": (
        "{value} 不在贵辖区的应急减排清单中",
        "请核对代码，或先把企业列入清单",
        "{value} is in no emission list of your region",
        "check the code, or list the enterprise first",
    ),
    "NOT_YOURS": (
        "{value} 不是本企业",
        "企业只能上传本企业的数据",
        "{value} is not your enterprise",
        "an enterprise sends its own data only",
    ),
    "DELIVERED": (
        "“{value}”的数据已由数据源或主管部门报送",
        "企业不能更正这些数据；认为有误的，请与当地主管部门联系，或在收到问题通知后答复说明",
        'the data of "{value}" was delivered by a feed or by an official',
        "an enterprise cannot correct it; turn to the authority of the place, or say so in the answer to a finding",
    ),
    "UNKNOWN_POINT": (
        "点位“{value}”未登记",
        "请先由主管部门上传点位表（种类 points），或在清单的核查点位中填写",
        'the point "{value}" is not registered',
        "an official uploads the table of points first (kind points), or the list names it as verification point",
    ),
    "POINT_KIND": (
        "点位“{value}”登记为 {what}",
        "请核对数据种类或更正点位表",
        'the point "{value}" is registered as {what}',
        "check the kind of data or correct the table of points",
    ),
    "UNKNOWN_LINE": (
        "清单中该企业没有生产线“{value}”",
        "请按清单填写生产线编码",
        'the list has no line "{value}" of this enterprise',
        "write the line code as in the list",
    ),
    "LOAD_UNIT": (
        "负荷点位缺少指标或单位",
        "请填写与清单负荷上限相同的指标和单位，如 日投料、t",
        "a load point lacks its metric or unit",
        "give the metric and unit of the list's load cap",
    ),
}
MOST = 2000
"""Faults that one answer lists."""


def fault(
    code: str, place: Place | None = None, column: str | None = None, value: object = None, **facts: Any
) -> Finding:
    """The fault of a code at a row (or pointer) and column."""
    row = place if isinstance(place, int) else None
    sheet = place if isinstance(place, str) else None
    if code in TEXTS and code not in OWN:
        return finding(code, sheet=sheet, row=row, column=column, value="" if value is None else value, **facts)
    shown = "" if value is None else shorten(str(value))
    zh, advice, en, advice_en = (text.format(**{"value": shown, **facts}) for text in OWN[code])
    return Finding(code, Severity.BLOCKING, zh, advice, en, advice_en, sheet=sheet, row=row, column=column, value=shown)
