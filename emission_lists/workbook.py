"""Lists as .xlsx: read with every problem at once, and written so that reading gives the same list back."""

from __future__ import annotations

import zlib
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import chain, islice
from operator import itemgetter
from typing import IO, Any, NamedTuple
from zipfile import BadZipFile, ZipFile

from python_calamine import CalamineError, CalamineSheet, CalamineWorkbook

from emission_lists import example_rows
from emission_lists.cells import CellProblem, as_number
from emission_lists.columns import (
    BASE_HEADERS,
    BASE_SHEET,
    COLUMNS,
    LIST_SHEET,
    MOST_COLUMNS,
    NUMBER_HEADER,
    OPTIONAL,
    column_letter,
    header_key,
    header_width,
)
from emission_lists.findings import Finding, finding, shorten
from emission_lists.lists import POLLUTANT_LABELS, EmissionListDraft, ListRow, Pollutants
from emission_lists.row_reader import RowReader
from emission_lists.sheets.kinds import SheetRecord
from emission_lists.sheets.reading import read_sheets
from emission_lists.workbook_guard import Inspection, Limits, Source, inspect, opened
from emission_lists.workbook_windows import LongSheet, Windows, parts_of_sheets
from emission_lists.worksheets import meant, worksheets

__all__ = ["Limits", "Reading", "Windows", "read_workbook"]
Progress = Callable[[int, int], None]
"""Told how many rows of how many have been read."""
TOLD_EVERY = 1000


@dataclass
class Reading:
    """What a workbook says: the rows that could be read, and everything that is wrong with the others."""

    rows: list[ListRow] = field(default_factory=list)
    errors: list[Finding] = field(default_factory=list)
    whole_society: Pollutants | None = None
    records: list[SheetRecord] = field(default_factory=list)
    places: dict[str, Mapping[str, str]] = field(default_factory=dict)
    """Where the columns of each sheet stand: see `Places`."""

    def draft(self, adcode: str, title: str = "") -> EmissionListDraft:
        """The list for checking. Import it only if there are no `errors`."""
        return EmissionListDraft(adcode, tuple(self.rows), self.whole_society, title, tuple(self.records), self.places)


def _untold(_done: int, _whole: int) -> None:
    """Nobody listens."""


def read_workbook(
    source: Source, limits: Limits | None = None, tell: Progress = _untold, windows: Windows | None = None
) -> Reading:
    """Reads a list workbook. Never raises for its content: whatever is wrong is in `errors`, all at once.

    Which worksheet is which sheet, and which are refused, is said in `worksheets`; findings tell the template's names of them.

    `source`: the file's bytes, its path (OSError if the path cannot be read) or the open file; `windows`: how a long list
    is cut.
    """
    limits = limits or Limits()
    reading = Reading()
    seen = inspect(source, limits)
    if seen.findings:
        reading.errors = seen.findings
        return reading
    long = _read_long_list(source, seen, limits, tell, windows or Windows())
    try:
        reading.errors += _formula_errors(source, seen)
        with opened(source if long is None else long.others) as file, CalamineWorkbook.from_filelike(file) as book:
            _read_book(book, seen, limits, reading, long, tell)
    except (CalamineError, ValueError, OverflowError, OSError, KeyError) as problem:
        reading.errors.append(finding("BROKEN", what=shorten(str(problem)) or type(problem).__name__))
    if len(reading.errors) > limits.findings:
        reading.errors = reading.errors[: limits.findings]
        reading.errors.append(finding("TOO_MANY_ERRORS", what=limits.findings))
    return reading


class _LongList(NamedTuple):
    """A list that has been read in windows, and the workbook without it."""

    reading: Reading
    others: bytes


def _read_book(
    book: CalamineWorkbook, seen: Inspection, limits: Limits, reading: Reading, long: _LongList | None, tell: Progress
) -> None:
    sheets = worksheets(book)
    reading.errors += sheets.errors
    if long is not None:
        reading.rows = long.reading.rows
        reading.errors += long.reading.errors
        reading.places |= long.reading.places
    elif LIST_SHEET in sheets.of:
        _read_list(book.get_sheet_by_name(sheets.of[LIST_SHEET]), seen, limits, reading, tell)
    else:
        reading.errors.append(finding("NO_SHEET", what=LIST_SHEET))
    if BASE_SHEET in sheets.of:
        base = book.get_sheet_by_name(sheets.of[BASE_SHEET]).to_python(skip_empty_area=False, nrows=20)
        _read_base(base, reading)
    reading.records, wrong = read_sheets(book, limits, named=sheets.of, places=reading.places)
    reading.errors += wrong


def _read_long_list(
    source: Source, seen: Inspection, limits: Limits, tell: Progress, windows: Windows
) -> _LongList | None:
    """Rows and errors of a list that is too long to hold all its cells; None: it is to be read as a whole."""
    if seen.unpacked < windows.long:
        return None
    reading = Reading()
    try:
        with opened(source) as file:
            sheet = LongSheet(file, LIST_SHEET)
            if sheet.size < windows.long:
                return None
            many = seen.rows.get(sheet.part, 0) - 1
            rows = sheet.rows(windows)
            cells = list(islice(rows, 1))
            _read_cells(chain(cells, rows), sheet.first, seen, limits, reading, lambda done: tell(done, many))
            deque(rows, maxlen=0)  # what is wrong with the XML further on counts all the same
            others = sheet.others()
    except (CalamineError, BadZipFile, ValueError, OverflowError, OSError, KeyError, EOFError, zlib.error):
        return None
    if sheet.last > limits.rows:
        reading = Reading(errors=[finding("TOO_MANY_ROWS", sheet=LIST_SHEET, what=limits.rows)])
    reading.errors = [*_merge_errors(sheet.merged), *reading.errors]
    return _LongList(reading, others)


def _read_list(sheet: CalamineSheet, seen: Inspection, limits: Limits, reading: Reading, tell: Progress) -> None:
    if seen.merged:
        reading.errors += _merge_errors(sheet.merged_cell_ranges or ())
    if sheet.end is not None and sheet.end[0] > limits.rows:
        reading.errors.append(finding("TOO_MANY_ROWS", sheet=LIST_SHEET, what=limits.rows))
        return
    first_row, first_column = sheet.start or (0, 0)
    rows = sheet.iter_rows()  # one row at a time: a list of them all would keep the collector busy
    if first_column:
        blank = [""] * first_column
        rows = ([*blank, *row] for row in rows)
    _read_cells(rows, first_row, seen, limits, reading, lambda done: tell(done, sheet.height - 1))


def _read_cells(
    rows: Iterator[list[Any]],
    first: int,
    seen: Inspection,
    limits: Limits,
    reading: Reading,
    tell: Callable[[int], None],
) -> None:
    """`rows`: from column A on; `first`: the first of them, counted from 0."""
    if seen.truths:  # as text: True would be taken for 1
        rows = ([str(cell).upper() if isinstance(cell, bool) else cell for cell in row] for row in rows)
    order = _columns(next(rows, []) if first == 0 else [], reading)
    if order is not None:
        _read_rows(rows, order, limits, reading, tell)


def _formula_errors(source: Source, seen: Inspection) -> Iterable[Finding]:
    """Every cell with a formula, under the name of the sheet in whose part it stands."""
    if not seen.formulas:
        return
    with opened(source) as file:
        names = _names_of_parts(file)
    for part, cells in seen.formulas.items():
        name = names.get(part.lower(), part)
        for cell in cells:
            row = "".join(c for c in cell if c.isdigit())
            place = cell.rstrip("0123456789")
            yield finding("FORMULA", sheet=meant(name) or name, row=int(row) if row else None, column=place)


def _names_of_parts(file: IO[bytes]) -> dict[str, str]:
    """The worksheet of each part; none where the workbook does not tell."""
    try:
        return {part.lower(): name for name, part in parts_of_sheets(ZipFile(file)).items()}
    except (KeyError, ValueError):
        return {}


def _merge_errors(merged: Iterable[tuple[tuple[int, int], tuple[int, int]]]) -> Iterable[Finding]:
    for (top, left), (bottom, right) in merged:
        area = f"{column_letter(left)}{top + 1}:{column_letter(right)}{bottom + 1}"
        yield finding("MERGED", sheet=LIST_SHEET, row=top + 1, column=column_letter(left), what=area)


def _columns(header: list[Any], reading: Reading) -> list[int] | None:
    """Where each column of the template stands (-1: optional and not there), the number column last.

    None if the header does not hold.
    """
    places: dict[str, int] = {}
    known = {column.key for column in COLUMNS} | {NUMBER_HEADER}
    errors: list[Finding] = []
    width = header_width(header)
    if width > MOST_COLUMNS:
        reading.errors.append(_header_error("HEADER_UNKNOWN", width - 1, str(header[width - 1])))
        return None
    for place, cell in enumerate(header[:width]):
        key = header_key(str(cell))
        if not key:
            errors.append(_header_error("HEADER_UNKNOWN", place, "（空）"))
            continue
        if key in places:
            errors.append(_header_error("HEADER_REPEATED", place, str(cell)))
        elif key not in known:
            errors.append(_header_error("HEADER_UNKNOWN", place, str(cell)))
        places.setdefault(key, place)
    wanted = [(column.key, column.header) for column in COLUMNS] + [(NUMBER_HEADER, NUMBER_HEADER)]
    missing = [(key, shown) for key, shown in wanted if key not in places and key not in OPTIONAL]
    errors += [finding("HEADER_MISSING", sheet=LIST_SHEET, row=1, what=shown) for _, shown in missing]
    reading.errors += errors
    return None if errors else [places.get(key, -1) for key, _ in wanted]


def _header_error(code: str, place: int, value: str) -> Finding:
    return finding(code, sheet=LIST_SHEET, row=1, column=column_letter(place), value=value)


def _read_rows(
    cells: Iterable[list[Any]], order: list[int], limits: Limits, reading: Reading, tell: Callable[[int], None]
) -> None:
    reader = RowReader(order)
    reading.places[LIST_SHEET] = reader.places
    number_of = itemgetter(order[-1])
    number = 1
    for number, raw in enumerate(cells, start=2):
        if number % TOLD_EVERY == 0:
            tell(number - 1)
        if isinstance(mark := number_of(raw), str) and example_rows.marked(mark):
            reader.pass_over(number, raw)
            row = None
        elif reader.is_empty(raw):
            continue
        else:
            row = reader.read(number, raw)
        if row is not None:
            reading.rows.append(row)
        elif len(reader.errors) > limits.findings:
            break
    tell(number - 1)
    reading.errors += reader.errors
    if not reading.rows and not reader.errors:
        reading.errors.append(finding("NO_ROWS", sheet=LIST_SHEET))


def _read_base(cells: list[list[Any]], reading: Reading) -> None:
    """The whole-society emissions: one row per pollutant. All empty = not given."""
    names = {label: key for key, label in POLLUTANT_LABELS.items()}
    if not cells or [header_key(str(c)) for c in cells[0][:2]] != [header_key(h) for h in BASE_HEADERS]:
        reading.errors.append(finding("HEADER_MISSING", sheet=BASE_SHEET, row=1, what="、".join(BASE_HEADERS)))
        return
    read = as_number(1e-6, 1e9)
    values: dict[str, float | None] = {}
    for row, (name, cell, *_) in enumerate(cells[1:], start=2):
        if name == "" and cell == "":
            continue
        key = names.get(str(name).strip())
        if key is None or key in values:
            reading.errors.append(
                finding("BASE_POLLUTANT", sheet=BASE_SHEET, row=row, column=f"A {BASE_HEADERS[0]}", value=name)
            )
            continue
        try:
            values[key] = read(cell)
        except CellProblem as problem:
            where = f"B {BASE_HEADERS[1]}"
            reading.errors.append(
                finding(problem.code, sheet=BASE_SHEET, row=row, column=where, value=cell, **problem.facts)
            )
    if any(value is not None for value in values.values()):
        reading.whole_society = Pollutants(**values)
