"""Reductions line by line as CSV: one row for each line and response, or for each line and hour."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Sequence
from typing import Any

from emission_lists.lists import POLLUTANT_LABELS, POLLUTANTS

BOM = b"\xef\xbb\xbf"
RISKY = ("=", "+", "-", "@", "\t", "\r")
WHOSE = (
    ("uscc", "统一社会信用代码"),
    ("name", "企业"),
    ("county", "区县"),
    ("industry", "行业"),
    ("grade", "绩效等级"),
    ("line", "生产线编号"),
    ("line_name", "生产线"),
)
WHEN = (("response", "响应"), ("level", "级别"), ("list_version", "清单版本"), ("from", "起"), ("until", "计至"))
FIGURES = (
    ("base_kg", "响应期基准排放", "未确立 not established"),
    ("planned_kg", "计划减排", "未确立 not established"),
    ("reported_kg", "企业上报", "未上报 not reported"),
    ("verified_at_least_kg", "核实（下限）", "未核实 not verified"),
)
BY_HOUR = tuple(one for one in FIGURES if one[0] != "reported_kg")
ORIGINS = {
    "stated": "清单载明 stated",
    "computed": "按基数与措施核算 computed",
    "not_established": "未确立 not established",
    "not_asked": "无减排措施 not asked",
}


def lines_header() -> bytes:
    """The byte-order mark and the names of the columns of `lines_rows`."""
    cells = [f"{name} {zh}" for name, zh in (*WHOSE, *WHEN)]
    for name in POLLUTANTS:
        cells += [f"{name}_{figure} {POLLUTANT_LABELS[name]}{zh}" for figure, zh, _ in FIGURES]
        cells += [
            f"{name}_origin {POLLUTANT_LABELS[name]}计划来源",
            f"{name}_verified_minutes {POLLUTANT_LABELS[name]}核实分钟",
        ]
    return BOM + _rows([cells])


def lines_rows(items: Iterable[dict[str, Any]]) -> bytes:
    """One row for each line and response; what is not established, reported or verified says so, never 0."""
    return _rows([_line(item, one) for item in items for one in item["responses"]])


def _line(item: dict[str, Any], one: dict[str, Any]) -> list[str]:
    cells = [_cell(item[name]) for name, _ in WHOSE] + [_cell(one[name]) for name, _ in WHEN]
    for name in POLLUTANTS:
        figures = one["pollutants"][name]
        cells += [_amount(figures[figure], otherwise) for figure, _, otherwise in FIGURES]
        cells += [ORIGINS[one["origins"][name]], str(figures["verified_minutes"])]
    return cells


def hours_header() -> bytes:
    """The byte-order mark and the names of the columns of `hours_rows`."""
    cells = [f"{name} {zh}" for name, zh in (*WHOSE, *WHEN[:3])] + ["hour_until 小时（止）"]
    for name in POLLUTANTS:
        cells += [f"{name}_{figure} {POLLUTANT_LABELS[name]}{zh}" for figure, zh, _ in BY_HOUR]
    return BOM + _rows([cells])


def hours_rows(items: Iterable[dict[str, Any]]) -> bytes:
    """One row for each line and clock hour of each response."""
    return _rows([row for item in items for one in item["responses"] for row in _by_hour(item, one)])


def _by_hour(item: dict[str, Any], one: dict[str, Any]) -> Iterable[list[str]]:
    whose = [_cell(item[name]) for name, _ in WHOSE] + [_cell(one[name]) for name, _ in WHEN[:3]]
    hours = one["hours"]
    for place, until in enumerate(hours["until"]):
        cells = [*whose, until]
        for name in POLLUTANTS:
            values = hours["pollutants"][name]
            cells += [_amount(values[figure][place], otherwise) for figure, _, otherwise in BY_HOUR]
        yield cells


def _amount(kg: float | None, otherwise: str) -> str:
    return otherwise if kg is None else f"{kg:.6f}"


def _cell(value: Any) -> str:
    """A text that a spreadsheet would take for a formula is quoted."""
    written = value.isoformat() if hasattr(value, "isoformat") else str(value)
    return f"'{written}" if written.startswith(RISKY) else written


def _rows(rows: Sequence[Sequence[str]]) -> bytes:
    text = io.StringIO()
    csv.writer(text).writerows(rows)
    return text.getvalue().encode()
