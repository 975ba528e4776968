"""The template and the export of a list as .xlsx bytes: `read_workbook(write_workbook(x)).rows == x.rows`."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date, datetime
from io import BytesIO
from pathlib import Path
from typing import Any

import xlsxwriter

from emission_lists.cells import escaped
from emission_lists.columns import (
    BASE_HEADERS,
    BASE_SHEET,
    CHOICES_SHEET,
    COLUMNS,
    EXAMPLE,
    LEAST,
    LIST_SHEET,
    NOTES_SHEET,
    NUMBER_HEADER,
    PLAIN_COLUMNS,
    Column,
    column_letter,
)
from emission_lists.floor_sheet import write_floors
from emission_lists.guides import Guide
from emission_lists.lists import POLLUTANT_LABELS, EmissionListDraft, ListRow, Pollutants
from emission_lists.row_cells import EXAMPLE_ROW, Cell, has_particulars, row_cells
from emission_lists.sheets.kinds import SheetRecord
from emission_lists.sheets.writing import write_sheets
from emission_lists.validations import VALIDATED_ROWS, Kind, validation

_CREATED = datetime(2000, 1, 1)  # noqa: DTZ001 - a fixed stamp, so that equal lists give equal bytes

_NOTES = (
    "1. 每一行是一条生产线（工序、设备）；同一企业的企业信息在每一行重复填写，不要合并单元格。",
    "2. 标“示例”的行不会导入，请勿在该行填写实际数据；表头和工作表名称不要改动，列的顺序可以改变，列不要删除（标“可选列”的列可以没有）。",
    "3. 每个级别都要选择措施。尚未确定的选“未确定”：未确定的措施不会执行，也不等于不采取措施。",
    "4. 比例按百分数填写：50 表示 50 %。停产数量为整数，按整台（条）向上取整。",
    "5. 排放量和减排量的单位是 kg/d（正常生产日）。长期停产的设备不填。",
    "6. 不要使用公式、宏、外部链接；代码列请保持“文本”格式。",
    "7. 企业整体的运输措施单列一行：工序写“公路运输”，措施选“运输管控”。",
    "8. “全社会排放量”工作表填写全市各污染物的日排放量，用于核算减排比例。",
    "9. 国家未公布统一模板：最后各“可选列”依据公开资料重建（可信度中、低），可以整列删除；本地另有模板的以本地为准。",
)


def template(guide: Guide | None = None, *, further: bool = False) -> bytes:
    """The empty list with one example row; `further`: with all further sheets. With `guide`, the industries drop down."""
    target = BytesIO()
    with _book(target, in_memory=True) as book:
        _fill(book, (), None, _industries(guide), COLUMNS, example=True)
        if further:
            write_sheets(book, (), example=True)
    return target.getvalue()


def write_workbook(draft: EmissionListDraft, guide: Guide | None = None) -> bytes:
    """A list as .xlsx; particulars have their columns where any row has some.

    ValueError if a line's measures disagree on what is one column for all levels.
    """
    target = BytesIO()
    columns = COLUMNS if any(map(has_particulars, draft.rows)) else PLAIN_COLUMNS
    with _book(target, in_memory=True) as book:
        _fill(book, draft.rows, draft.whole_society, _industries(guide), columns, example=False)
        write_sheets(book, draft.records)
    return target.getvalue()


def write_long(
    path: Path,
    rows: Iterable[ListRow],
    records: Iterable[SheetRecord],
    whole_society: Pollutants | None,
    guide: Guide | None = None,
    floors: Mapping[str, Any] | None = None,
    *,
    particulars: bool = True,
) -> None:
    """A list of any length into a file; each row is forgotten when it is written. Raises as `write_workbook` does.

    `floors`: what `floors.report_document` gives, as a worksheet of its own; `particulars`: whether any row may have some
    (ValueError if one has where it was said that none does).
    """
    columns = COLUMNS if particulars else PLAIN_COLUMNS
    with _book(str(path), constant_memory=True) as book:
        _fill(book, rows, whole_society, _industries(guide), columns, example=False)
        write_sheets(book, records)
        if floors is not None:
            write_floors(book, floors)


def _book(target: BytesIO | str, **options: bool) -> Any:
    plain = {"strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False}
    book = xlsxwriter.Workbook(target, {**plain, **options})
    book.set_properties({"title": "应急减排清单", "created": _CREATED})
    return book


def _industries(guide: Guide | None) -> tuple[str, ...]:
    return () if guide is None else tuple(industry.name_zh for industry in guide.industries)


_Columns = tuple[Column, ...]


def _fill(
    book: Any,
    rows: Iterable[ListRow],
    base: Pollutants | None,
    industries: tuple[str, ...],
    columns: _Columns,
    *,
    example: bool,
) -> None:
    _write_list(book, rows, industries, columns, example=example)
    _write_base(book, base)
    _write_notes(book)
    _write_choices(book, industries)


def _write_list(
    book: Any, rows: Iterable[ListRow], industries: tuple[str, ...], columns: _Columns, *, example: bool
) -> None:
    sheet = book.add_worksheet(LIST_SHEET)
    bold = {"bold": True, "text_wrap": True, "valign": "top", "border": 1}
    head = book.add_format({**bold, "bg_color": "#E7EEF5"})
    needed = book.add_format({**bold, "bg_color": "#FCE8C8"})
    text, plain = book.add_format({"num_format": "@"}), book.add_format()
    day = book.add_format({"num_format": "yyyy-mm-dd"})
    sheet.write_string(0, 0, NUMBER_HEADER, head)
    for place, column in enumerate(columns, start=1):
        sheet.set_column(place, place, 24 if "名称" in column.header else 14, text if column.text else plain)
        sheet.write_string(0, place, column.header, needed if column.needed else head)
        _validate(sheet, place, column, industries)
    sheet.set_row(0, 48)
    sheet.freeze_panes(1, 3)
    if example:
        sheet.write_string(1, 0, EXAMPLE)
        _write_row(sheet, 1, row_cells(EXAMPLE_ROW), day)
    for index, row in enumerate(rows, start=1):
        cells = row_cells(row)
        if len(cells) > len(columns):
            raise ValueError(
                f"Line {row.line.code} of {row.enterprise.uscc} has particulars: write the list with their columns"
            )
        sheet.write_number(index, 0, index)
        _write_row(sheet, index, cells, day)


def _validate(sheet: Any, place: int, column: Column, industries: tuple[str, ...]) -> None:
    """The drop-down or range of a column and its note. The industries are a help only: other names may be written."""
    choices = industries if column.header == "行业" else column.choices
    source = None
    if choices:
        letter = column_letter(_choice_place(column.header))
        source = f"={CHOICES_SHEET}!${letter}$2:${letter}${len(choices) + 1}"
    rule = validation(
        column.kind,
        column.header,
        column.note,
        needed=column.needed,
        choices=source,
        low=column.low,
        high=column.high,
        advisory=column.header in _ADVISORY and source is not None,
    )
    if rule != {"validate": "any"}:
        sheet.data_validation(1, place, VALIDATED_ROWS, place, rule)


_ADVISORY = ("行业", "核查方式")


def _choice_place(header: str) -> int:
    return [column.header for column in COLUMNS].index(header)


def _write_row(sheet: Any, index: int, cells: Iterable[Cell], day: Any) -> None:
    write_string, write_number = sheet.write_string, sheet.write_number
    for place, cell in enumerate(cells, start=1):
        if cell is None:
            continue
        if isinstance(cell, str):
            write_string(index, place, escaped(cell))
        elif isinstance(cell, date):
            sheet.write_datetime(index, place, datetime(cell.year, cell.month, cell.day), day)  # noqa: DTZ001
        else:
            write_number(index, place, cell)


def _write_base(book: Any, base: Pollutants | None) -> None:
    sheet = book.add_worksheet(BASE_SHEET)
    sheet.set_column(0, 1, 26)
    for place, header in enumerate(BASE_HEADERS):
        sheet.write_string(0, place, header)
    for row, (label, value) in enumerate(zip(POLLUTANT_LABELS.values(), base or Pollutants(), strict=True), 1):
        sheet.write_string(row, 0, label)
        if value is not None:
            sheet.write_number(row, 1, value)
    note = "全市该污染物的日排放量，用于核算减排比例"
    rule = validation(Kind.NUMBER, "全社会日排放量", note, low=LEAST, high=1e9)
    sheet.data_validation(1, 1, len(POLLUTANT_LABELS), 1, rule)


def _write_notes(book: Any) -> None:
    sheet = book.add_worksheet(NOTES_SHEET)
    sheet.set_column(0, 0, 34)
    sheet.set_column(1, 2, 60)
    for row, note in enumerate(_NOTES):
        sheet.write_string(row, 0, note)
    start = len(_NOTES) + 1
    for place, title in enumerate(("列", "说明", "必填")):
        sheet.write_string(start, place, title)
    for row, column in enumerate(COLUMNS, start=start + 1):
        sheet.write_string(row, 0, column.header)
        sheet.write_string(row, 1, f"{column.note}（可选列）" if column.optional else column.note)
        sheet.write_string(row, 2, "必填" if column.needed else "")


def _write_choices(book: Any, industries: tuple[str, ...]) -> None:
    sheet = book.add_worksheet(CHOICES_SHEET)
    for place, column in enumerate(COLUMNS):
        choices = industries if column.header == "行业" else column.choices
        if choices:
            sheet.write_string(0, place, column.header)
            for row, choice in enumerate(choices, start=1):
                sheet.write_string(row, place, choice)
