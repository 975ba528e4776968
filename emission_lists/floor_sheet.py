"""The floors of a list as a worksheet (减排比例核算) of its export, with a chart. It is never read back."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from emission_lists.columns import FLOOR_SHEET
from emission_lists.floors import Verdict
from emission_lists.levels import ResponseLevel
from emission_lists.lists import POLLUTANT_LABELS

_HEADERS = ("预警级别", "污染物", "减排量（kg/d）", "全社会（kg/d）", "减排比例", "底线", "判定", "未确立（行）")
_NOTE = "有未确立的行时，减排量和比例是下限；空格为尚无已确立的数。本表由系统核算，导入时不读取。"
_SOURCE_HEADERS = ("源类别", "项目", *POLLUTANT_LABELS.values())
_VERDICTS = {verdict.value: verdict.zh for verdict in Verdict}


def write_floors(book: Any, report: Mapping[str, Any]) -> None:
    """Adds the worksheet to an open xlsxwriter book. `report`: what `floors.report_document` gives."""
    page = book.add_worksheet(FLOOR_SHEET)
    bold = book.add_format({"bold": True, "bg_color": "#E7EEF5", "border": 1})
    share = book.add_format({"num_format": "0.00%"})
    page.set_column(0, 7, 16)
    for place, header in enumerate(_HEADERS):
        page.write_string(0, place, header, bold)
    row = 0
    for level in report["levels"]:
        for one in level["pollutants"]:
            row += 1
            page.write_string(row, 0, ResponseLevel(level["level"]).zh)
            page.write_string(row, 1, POLLUTANT_LABELS[one["pollutant"]])
            for place, name in enumerate(("planned", "whole_society"), start=2):
                _number(page, row, place, one[name])
            for place, name in enumerate(("share", "required"), start=4):
                _number(page, row, place, one[name], share)
            page.write_string(row, 6, _VERDICTS[one["verdict"]])
            _number(page, row, 7, one["open_lines"])
    _write_chart(book, page, row)
    page.write_string(row + 2, 0, f"底线方案 {report['profile']}，基数：{report['base']}。{_NOTE}")
    _write_sources(page, row + 4, report, bold)


def _write_sources(page: Any, row: int, report: Mapping[str, Any], bold: Any) -> None:
    for place, header in enumerate(_SOURCE_HEADERS):
        page.write_string(row, place, header, bold)
    for source in report["sources"]:
        planned = {f"{ResponseLevel(level).zh}减排": values for level, values in source["planned"].items()}
        for item, values in {"现状排放": source["base"], **planned}.items():
            row += 1
            page.write_string(row, 0, source["zh"])
            page.write_string(row, 1, item)
            for place, name in enumerate(POLLUTANT_LABELS, start=2):
                _number(page, row, place, values[name])


def _number(page: Any, row: int, place: int, value: float | None, style: Any = None) -> None:
    """A number, or an empty cell where nothing is stated."""
    if value is not None:
        page.write_number(row, place, value, style)


def _write_chart(book: Any, page: Any, last: int) -> None:
    """Shares as columns, the floors as a line over them."""
    categories = [FLOOR_SHEET, 1, 0, last, 1]
    bars = book.add_chart({"type": "column"})
    bars.add_series({"name": "减排比例", "categories": categories, "values": [FLOOR_SHEET, 1, 4, last, 4]})
    line = book.add_chart({"type": "line"})
    line.add_series(
        {
            "name": "底线",
            "categories": categories,
            "values": [FLOOR_SHEET, 1, 5, last, 5],
            "line": {"color": "#222222", "dash_type": "dash"},
        }
    )
    bars.combine(line)
    bars.set_title({"name": "减排比例与底线"})
    bars.set_y_axis({"num_format": "0%"})
    bars.set_size({"width": 760, "height": 320})
    page.insert_chart("J2", bars)
