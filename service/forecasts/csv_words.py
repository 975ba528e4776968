"""What can be wrong with a CSV of air quality, in Chinese and English: the problem and what to do about it."""

from __future__ import annotations

from typing import Literal

Lang = Literal["zh", "en"]
Said = tuple[str, str]
"""The problem, and the advice."""

FAULTS: dict[str, tuple[Said, Said]] = {
    "too_large": (
        ("文件大于 {megabytes} MB", "一条序列最长 31 天，请核对文件"),
        ("is larger than {megabytes} MB", "a series has at most 31 days; check the file"),
    ),
    "not_utf8": (("不是 UTF-8 文本", "请另存为“CSV UTF-8”"), ("is not UTF-8 text", "save it as CSV UTF-8")),
    "unreadable": (
        ("不能读取：{reason}", "请另存为普通 CSV"),
        ("cannot be read: {reason}", "save it as plain CSV"),
    ),
    "unopened": (("不能打开：{reason}", "请核对路径"), ("cannot be opened: {reason}", "check the path")),
    "empty": (("没有数据行", "每小时或每日一行"), ("there are no rows", "give one row per hour or per day")),
    "unknown_column": (("没有这一列", "可用的列：{known}"), ("unknown column", "use {known}")),
    "column_twice": (("这一列出现两次", "只保留一列"), ("the column stands twice", "keep one")),
    "time_or_date": (
        ("time 与 date 须有且只有一列", "小时值用 time（小时末），日值用 date"),
        (
            "exactly one of `time` and `date` is needed",
            "give `time` (end of the hour) for hours, or `date` for days",
        ),
    ),
    "no_values": (("没有数值列", "至少给出一列：{known}"), ("there is no column of values", "give any of {known}")),
    "cells": (
        ("有 {found} 格，表头有 {wanted} 格", "每行的格数须与表头相同"),
        ("has {found} cells, the header has {wanted}", "give every row as many cells as the header"),
    ),
    "half_range": (
        ("缺少范围的这一端", "范围的上下限须同时给出，或都不给"),
        ("is missing", "give both bounds of the range, or neither"),
    ),
    "range_order": (
        ("数值不在范围之内", "{name}_low、{name}、{name}_high 须依次不减"),
        ("the range does not hold the value", "{name}_low, {name} and {name}_high must not fall"),
    ),
    "not_day": (
        ("{text!r} 不是日期", "请写成 2016-12-16"),
        ("{text!r} is not a day", "write it like 2016-12-16"),
    ),
    "not_instant": (
        ("{text!r} 不是时刻", "请写成 2016-12-16 20:00（北京时间，小时末）"),
        ("{text!r} is not an instant", "write it like 2016-12-16T20:00:00+08:00 or 2016-12-16 20:00"),
    ),
    "not_whole_hour": (
        ("{text!r} 不是整点", "请给出小时末"),
        ("{text!r} is not a whole hour", "give the hour's end"),
    ),
    "not_number": (
        ("{text!r} 不是数字", "缺测请留空"),
        ("{text!r} is not a number", "leave the cell empty when missing"),
    ),
    "out_of_range": (
        ("{text} 超出范围", "给出 0 至 {limit:g}，缺测请留空"),
        ("{text} is out of range", "give 0 to {limit:g}, or leave the cell empty when missing"),
    ),
    "unknown_cause": (
        ("{text!r} 不是已知成因", "可用：{known}，或留空"),
        ("{text!r} is unknown", "use {known} or leave it empty"),
    ),
    "given_twice": (("重复", "同一时段只保留一行"), ("is given twice", "keep one row for it")),
    "out_of_order": (("次序不对", "请按时间排序"), ("is out of order", "sort the rows by time")),
    "out_of_years": (
        ("{text} 不在1990年至2199年之内", "请核对年份"),
        ("{text} lies outside the years 1990 to 2199", "check the year"),
    ),
    "too_many_rows": (
        ("超过 {most} 行，其后未读", "请拆开：31天的小时值为744行"),
        ("more than {most} rows; the rest was not read", "split it: 31 days of hours are 744 rows"),
    ),
    "too_many_faults": (
        ("问题超过 {most} 个，其后未读", "请先改正以上问题"),
        ("more than {most} problems; the rest was not read", "correct these first"),
    ),
    "too_long": (("超过 31 天", "请拆开"), ("the file spans more than 31 days", "split it")),
}


def said(fault: str, values: dict[str, object], lang: Lang) -> Said:
    """Problem and advice with their values filled in."""
    problem, advice = FAULTS[fault][0 if lang == "zh" else 1]
    return problem.format(**values), advice.format(**values)
