"""The uploaded workbook with its faulty cells marked (标注后的工作簿): values only, a fill and a comment on each faulty cell.

Its first sheet lists every fault with a link to its cell. Formulas, macros, links and formats of the upload are not carried
over; a file that the guard stopped is not opened at all, and only the list of faults is written.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence, Set
from datetime import date, datetime, time, timedelta
from io import BytesIO
from pathlib import Path
from typing import Any

import xlsxwriter
from python_calamine import CalamineError, CalamineSheet, CalamineWorkbook

from emission_lists.columns import FAULTS_SHEET, column_letter
from emission_lists.workbook_guard import Limits, inspect
from emission_lists.worksheets import meant

_HEADERS = ("序号", "工作表", "单元格", "列", "填写的值", "问题", "怎么改", "Problem", "What to do")
_WIDTHS = (7, 18, 10, 24, 24, 48, 48, 48, 48)
_LONGEST_NOTE = 1500
_LONGEST_CELL = 32_767
_FORBIDDEN_IN_NAMES = re.compile(r"[\[\]:*?/\\]")
_PLACE = re.compile(r"^([A-Z]{1,3})(?:\s|$)")
Fault = Mapping[str, Any]
Marks = dict[tuple[int, int], list[Fault]]


def write_marked(path: Path, content: bytes, faults: Sequence[Fault], limits: Limits | None = None) -> None:
    """Writes the marked workbook to a file. `faults`: documents of findings, in their order."""
    options = {"constant_memory": True, "strings_to_formulas": False, "strings_to_urls": False}
    with xlsxwriter.Workbook(str(path), options) as book:
        sheets = list(_sheets(content, limits or Limits()))
        names = _names([sheet.name for sheet in sheets])
        told = _told(list(names))
        _write_faults(book, faults, {name: names[sheet] for name, sheet in told.items()})
        for sheet in sheets:
            _write_values(book, names[sheet.name], sheet, _marks(faults, {n for n, of in told.items() if of == sheet.name}))


def _sheets(content: bytes, limits: Limits) -> Iterator[CalamineSheet]:
    """The sheets of a file that may be opened, one of an earlier marking left out."""
    if inspect(content, limits).findings:
        return
    try:
        book = CalamineWorkbook.from_filelike(BytesIO(content))
        for name in book.sheet_names:
            if name != FAULTS_SHEET:
                yield book.get_sheet_by_name(name)
    except (CalamineError, ValueError, OverflowError, OSError, KeyError):
        return


def _told(names: Sequence[str]) -> dict[str, str]:
    """The worksheet of each name that a fault may tell: its own, or that of the sheet which it is read as."""
    read = {sheet: name for name in reversed(names) if (sheet := meant(name)) is not None}
    return read | {name: name for name in names}


def _names(given: Iterable[str]) -> dict[str, str]:
    """A name that every program takes for each sheet, by its name in the upload."""
    used = {FAULTS_SHEET.lower(), "history"}
    names: dict[str, str] = {}
    for number, name in enumerate(given, start=1):
        plain = _FORBIDDEN_IN_NAMES.sub("_", name).strip("'")[:28]
        if not plain or plain.lower() in used:
            plain = f"{plain[:20]}（{number}）"
        used.add(plain.lower())
        names[name] = plain
    return names


def place_of(fault: Fault) -> tuple[int, int] | None:
    """Row and column of the cell, counted from 0; the first cell of a row that is meant as a whole; None if it has no row."""
    row = fault["row"]
    if not row:
        return None
    match = _PLACE.match(fault["column"] or "")
    column = 0
    for letter in match.group(1) if match else "A":
        column = column * 26 + ord(letter) - 64
    return row - 1, column - 1


def _marks(faults: Iterable[Fault], names: Set[str]) -> Marks:
    marks: Marks = {}
    for fault in faults:
        if fault["sheet"] in names and (place := place_of(fault)) is not None:
            marks.setdefault(place, []).append(fault)
    return marks


def _write_faults(book: Any, faults: Sequence[Fault], names: Mapping[str, str]) -> None:
    sheet = book.add_worksheet(FAULTS_SHEET)
    head = book.add_format({"bold": True, "bg_color": "#E7EEF5", "border": 1})
    wrapped = book.add_format({"text_wrap": True, "valign": "top"})
    link = book.add_format({"font_color": "#0B57A4", "underline": 1, "valign": "top"})
    for column, (header, width) in enumerate(zip(_HEADERS, _WIDTHS, strict=True)):
        sheet.set_column(column, column, width)
        sheet.write_string(0, column, header, head)
    sheet.freeze_panes(1, 0)
    for row, fault in enumerate(faults, start=1):
        sheet.write_number(row, 0, row)
        sheet.write_string(row, 1, fault["sheet"] or "")
        _write_link(sheet, row, fault, names, link)
        texts = (fault["column"], fault["value"], *(fault[key] for key in ("message", "advice", "message_en", "advice_en")))
        for column, text in enumerate(texts, start=3):
            sheet.write_string(row, column, text or "", wrapped)


def _write_link(sheet: Any, row: int, fault: Fault, names: Mapping[str, str], form: Any) -> None:
    place = place_of(fault)
    if place is None:
        return
    cell = f"{column_letter(place[1])}{place[0] + 1}"
    target = names.get(fault["sheet"] or "")
    if target is None:
        sheet.write_string(row, 2, cell)
    else:
        quoted = target.replace("'", "''")
        sheet.write_url(row, 2, f"internal:'{quoted}'!{cell}", form, cell)


def _write_values(book: Any, name: str, sheet: CalamineSheet, marks: Marks) -> None:
    target = book.add_worksheet(name)
    target.set_column(0, 0, 8)
    target.set_column(1, 200, 14)
    target.freeze_panes(1, 0)
    formats = _Formats(book)
    top, left = sheet.start or (0, 0)
    open_marks = sorted(marks)
    for row, cells in enumerate(sheet.iter_rows() if sheet.start else (), start=top):
        while open_marks and open_marks[0][0] < row:
            _mark_empty(target, open_marks.pop(0), marks, formats)
        for column, value in enumerate(cells, start=left):
            _write_value(target, (row, column), value, formats, marked=(row, column) in marks)
        while open_marks and open_marks[0][0] == row:
            place = open_marks.pop(0)
            if not left <= place[1] < left + len(cells):
                target.write_blank(*place, None, formats.of(None, marked=True))
            target.write_comment(*place, _note(marks[place]), {"x_scale": 2, "y_scale": 1.5})
    for place in open_marks:
        _mark_empty(target, place, marks, formats)


def _mark_empty(target: Any, place: tuple[int, int], marks: Marks, formats: _Formats) -> None:
    target.write_blank(*place, None, formats.of(None, marked=True))
    target.write_comment(*place, _note(marks[place]), {"x_scale": 2, "y_scale": 1.5})


def _note(faults: Iterable[Fault]) -> str:
    text = "\n".join(
        f"{fault['message']}。{fault['advice']}。\n{fault['message_en']}: {fault['advice_en']}" for fault in faults
    )
    return text[:_LONGEST_NOTE]


class _Formats:
    """Formats by kind of value, plain and marked."""

    _NUMBERS: Mapping[type, str] = {
        datetime: "yyyy-mm-dd hh:mm:ss",
        date: "yyyy-mm-dd",
        time: "hh:mm:ss",
        timedelta: "[h]:mm:ss",
        str: "@",
    }

    def __init__(self, book: Any) -> None:
        self._book = book
        self._made: dict[tuple[type | None, bool], Any] = {}

    def of(self, kind: type | None, *, marked: bool) -> Any:
        """The format of a kind of value."""
        known = self._made.get((kind, marked))
        if known is None:
            look: dict[str, Any] = {"num_format": self._NUMBERS.get(kind, "General")} if kind else {}
            if marked:
                look |= {"bg_color": "#FFC7CE", "border": 1, "border_color": "#C00000"}
            known = self._made[kind, marked] = self._book.add_format(look)
        return known


def _write_value(target: Any, place: tuple[int, int], value: Any, formats: _Formats, *, marked: bool) -> None:
    kind = type(value)
    if value is None or value == "":
        if marked:
            target.write_blank(*place, None, formats.of(None, marked=True))
    elif kind is bool:
        target.write_boolean(*place, value, formats.of(None, marked=marked))
    elif kind in (int, float):
        target.write_number(*place, value, formats.of(None, marked=marked))
    elif kind in (datetime, date, time, timedelta):
        target.write_datetime(*place, value, formats.of(kind, marked=marked))
    else:
        target.write_string(*place, str(value)[:_LONGEST_CELL], formats.of(str, marked=marked))
