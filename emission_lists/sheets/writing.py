"""Further sheets into an .xlsx: `read_sheets` of what was written gives the same records."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime
from io import BytesIO
from typing import Any

import xlsxwriter

from emission_lists.cells import escaped
from emission_lists.columns import EXAMPLE, FURTHER_CHOICES_SHEET, FURTHER_NOTES_SHEET, NUMBER_HEADER, column_letter
from emission_lists.sheets.columns import SHEET_COLUMNS
from emission_lists.sheets.examples import EXAMPLES
from emission_lists.sheets.kinds import Json, Sheet, SheetRecord
from emission_lists.sheets.readers import SheetColumn
from emission_lists.validations import VALIDATED_ROWS, Kind, validation

_CREATED = datetime(2000, 1, 1)  # noqa: DTZ001 - a fixed stamp, so that equal records give equal bytes
_OPTIONS = {"strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False, "in_memory": True}
_NOTES = (
    "1. 国家未公布统一模板：各列依据公开资料重建（可信度中、低），本地另有模板的以本地为准。",
    "2. 一个工作簿可同时含应急减排清单和下列任意工作表；没有的工作表可以删除，其他名称的工作表不能导入。",
    "3. 标“示例”的行不会导入，请勿在该行填写实际数据；表头和工作表名称不要改动，列的顺序可以改变，非必填列可以删除。",
    "4. 各级别措施尚未确定的选“未确定”：未确定的措施不会执行，也不等于不采取措施。",
    "5. 排放量和减排量的单位是 kg/d（正常日）。不要使用公式、合并单元格。",
    "6. 汇总表中“工业”为工业源清单合计，“其中”各行为其分项；全社会＝工业＋扬尘＋道路＋非道路＋生活及其他。",
)


def write_sheets(
    book: Any,
    records: Iterable[SheetRecord],
    *,
    example: bool = False,
    sheets: Sequence[Sheet] | None = None,
) -> None:
    """Adds the further sheets to an open xlsxwriter book: by default those with records, in a template (`example`) all."""
    rows: dict[Sheet, list[SheetRecord]] = {}
    for record in records:
        rows.setdefault(record.sheet, []).append(record)
    wanted = [sheet for sheet in (tuple(Sheet) if sheets is None else sheets) if example or sheets or sheet in rows]
    if not wanted:
        return
    choices = _choice_ranges(wanted)
    for sheet in wanted:
        _write_sheet(book, sheet, rows.get(sheet, []), choices, example=example)
    _write_notes(book, wanted)
    _write_choices(book, choices)


def sheet_template(*sheets: Sheet) -> bytes:
    """A workbook of some further sheets (all without any) with an example row in each."""
    target = BytesIO()
    with xlsxwriter.Workbook(target, _OPTIONS) as book:
        book.set_properties({"title": "应急减排清单", "created": _CREATED})
        write_sheets(book, (), example=True, sheets=sheets or tuple(Sheet))
    return target.getvalue()


def records_workbook(records: Iterable[SheetRecord]) -> bytes:
    """A workbook of nothing but records."""
    target = BytesIO()
    with xlsxwriter.Workbook(target, _OPTIONS) as book:
        book.set_properties({"title": "应急减排清单", "created": _CREATED})
        write_sheets(book, records, sheets=tuple(Sheet))
    return target.getvalue()


_Ranges = dict[tuple[str, ...], str]


def _choice_ranges(sheets: Sequence[Sheet]) -> _Ranges:
    """Each distinct set of choices once, with the range where it stands."""
    ranges: _Ranges = {}
    for sheet in sheets:
        for column in SHEET_COLUMNS[sheet]:
            labels = tuple(column.codes or ())
            if labels and labels not in ranges:
                letter = column_letter(len(ranges))
                ranges[labels] = f"={FURTHER_CHOICES_SHEET}!${letter}$1:${letter}${len(labels)}"
    return ranges


def _write_sheet(book: Any, sheet: Sheet, records: Sequence[SheetRecord], choices: _Ranges, *, example: bool) -> None:
    page = book.add_worksheet(sheet.zh)
    bold = {"bold": True, "text_wrap": True, "valign": "top", "border": 1}
    head = book.add_format({**bold, "bg_color": "#E7EEF5"})
    needed = book.add_format({**bold, "bg_color": "#FCE8C8"})
    text, plain = book.add_format({"num_format": "@"}), book.add_format()
    day = book.add_format({"num_format": "yyyy-mm-dd"})
    page.write_string(0, 0, NUMBER_HEADER, head)
    for place, column in enumerate(SHEET_COLUMNS[sheet], start=1):
        number = column.kind in (Kind.NUMBER, Kind.WHOLE, Kind.DATE)
        page.set_column(place, place, 24 if "名称" in column.header else 14, plain if number else text)
        page.write_string(0, place, column.header, needed if column.needed else head)
        page.data_validation(1, place, VALIDATED_ROWS, place, _validation(column, choices))
    page.set_row(0, 48)
    page.freeze_panes(1, 2)
    if example:
        page.write_string(1, 0, EXAMPLE)
        _write_fields(page, 1, sheet, EXAMPLES[sheet], day)
    for index, record in enumerate(records, start=1):
        page.write_number(index, 0, index)
        _write_fields(page, index, sheet, record.fields, day)


def _write_fields(page: Any, index: int, sheet: Sheet, fields: Mapping[str, Json], day: Any) -> None:
    for place, column in enumerate(SHEET_COLUMNS[sheet], start=1):
        cell = column.shown(fields.get(column.name))
        if isinstance(cell, str):
            page.write_string(index, place, escaped(cell))
        elif isinstance(cell, date):
            page.write_datetime(index, place, datetime(cell.year, cell.month, cell.day), day)  # noqa: DTZ001
        elif cell is not None:
            page.write_number(index, place, cell)


def _validation(column: SheetColumn, choices: _Ranges) -> dict[str, Any]:
    return validation(
        column.kind,
        column.header,
        column.note,
        needed=column.needed,
        choices=None if column.codes is None else choices[tuple(column.codes)],
        low=column.low,
        high=column.high,
    )


def _write_notes(book: Any, sheets: Sequence[Sheet]) -> None:
    page = book.add_worksheet(FURTHER_NOTES_SHEET)
    page.set_column(0, 1, 26)
    page.set_column(2, 2, 60)
    for row, note in enumerate(_NOTES):
        page.write_string(row, 0, note)
    row = len(_NOTES) + 1
    for place, title in enumerate(("工作表", "列", "说明", "必填")):
        page.write_string(row, place, title)
    for sheet in sheets:
        for column in SHEET_COLUMNS[sheet]:
            row += 1
            for place, text in enumerate((sheet.zh, column.header, column.note, "必填" if column.needed else "")):
                page.write_string(row, place, text)


def _write_choices(book: Any, choices: _Ranges) -> None:
    page = book.add_worksheet(FURTHER_CHOICES_SHEET)
    for place, labels in enumerate(choices):
        for row, label in enumerate(labels):
            page.write_string(row, place, label)
