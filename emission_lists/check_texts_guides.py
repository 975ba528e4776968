"""What is said about a list that is held against its guide and among its own rows, by code; the form is that of `check_texts`."""

from __future__ import annotations

from emission_lists.import_texts import Texts

GUIDE_CHECK_TEXTS: dict[str, Texts] = {
    "OUTPUT_ABOVE_GUIDE": (
        "“{process}”按清单每日可生产 {value}，高于指南所许的 {what}（三者日均值的最小值扣除 {ratio}）",
        "请按“环评批复产能、排污许可载明产能、前一年实际产量”日均值的最小值重新核算限产比例和负荷上限",
        "by the list {process} may make {value} a day, the guide leaves {what} (the smallest of the three daily means less {ratio})",
        "count the share and the load cap anew from the smallest of the three means",
    ),
    "CLASS_OF_KEY_INDUSTRY": (
        "行业代码 {value} 是重点行业“{industry}”的常见代码，“{name}”（{what} 家）却填为非重点行业：是否为重点行业未确立",
        "请核对；属于该行业的请更正“行业”和“重点行业”",
        'class {value} is usual in the key industry {industry}; whether "{name}" ({what} enterprises, not key) is one is not established',
        "check it; where it is of that industry, correct the industry and mark it as key",
    ),
    "SMALL_MICRO_FUEL": (
        "小微涉气企业燃用“{value}”",
        "小微涉气企业须不燃煤、不燃油；请核对小微认定，不符合的按指南填写措施",
        "small-micro, but burns {value}",
        "small-micro emitters burn neither coal nor oil; where it is none, give the measures of the guide",
    ),
    "SMALL_MICRO_NOT_ESTABLISHED": (
        "小微涉气企业未填全现状排放量（{what}），年排放总量是否不大于 {limit} kg 未确立",
        "请填写现状排放量，没有的填 0",
        "small-micro, but base emissions are left out ({what}): whether it stays within {limit} kg a year is not established",
        "give the base emissions, 0 where there are none",
    ),
    "GUIDE_NOT_ESTABLISHED": (
        "{industry} {value} 的指南要求未见到，清单在{what}预警不要求任何措施：是否弱于指南未确立",
        "请对照指南原文核实；未核实前请填“未确定”，不要填“不采取措施”",
        "what the guide asks here was not seen, and the list asks nothing at all: whether that is weaker is not established",
        "look it up in the guide; until then write 未确定 rather than 不采取措施",
    ),
    "GUIDE_NOT_SEEN": (
        "{what} 家重点行业企业的指南要求未见到或部分未见到，其措施未能与指南比较（如 {value}）",
        "请对照指南原文核实这些企业的措施",
        "what the guide asks of {what} key-industry enterprises was not seen, or not whole, such as {value}: they were not compared",
        "hold their measures against the text of the guide",
    ),
    "IDLE_LINE_COUNTED": (
        "指南要求“{what}”只有计入现状排放量为 0 的生产线才达到：该线是否长期停产未确立",
        "请核对现状排放量；长期停产的生产线不计入基数，也不能代替正在生产的生产线减排",
        "the guide's {what} is reached only with a line whose base emissions are 0: whether it is long stopped is not established",
        "check the base emissions; a line that is long stopped reduces nothing for those that run",
    ),
    "MEASURES_DIFFER": (
        "同行业同等级“{process}”的 {value} 家企业措施不同（减产比例：{what}），哪家例外未确立",
        "请核对；同一地区同一行业同一等级执行同等减排措施，有特殊原因请在说明中写明",
        "{value} enterprises of one industry and grade differ at {process} (share cut: {what}); which is unusual is not established",
        "check them; same region, industry and grade means same measures; note the reason if it is meant",
    ),
    "STOP_OF_NOTHING": (
        "措施为停产，停产数量却是 0（共 {what} 台（条））",
        "请填写停产数量；确实没有措施的请填“不采取措施”",
        "a stop of 0 of {what} units",
        "give the number of units to stop, or write 不采取措施 where nothing is asked",
    ),
}
