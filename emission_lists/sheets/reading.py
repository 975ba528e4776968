"""Further sheets of a workbook → records, with every problem at once by sheet, row and column."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from python_calamine import CalamineSheet, CalamineWorkbook

from emission_lists.cells import CellProblem
from emission_lists.columns import EXAMPLE, NUMBER_HEADER, column_letter, header_key
from emission_lists.findings import Finding, finding
from emission_lists.sheets.columns import KEY_FIELDS, SHEET_COLUMNS, record_key
from emission_lists.sheets.kinds import Json, Sheet, SheetRecord
from emission_lists.sheets.readers import SheetColumn
from emission_lists.sheets.rules import clashes
from emission_lists.workbook_guard import Limits

_Places = list[tuple[SheetColumn, int]]


def read_sheets(
    book: CalamineWorkbook, limits: Limits | None = None, *, only: Iterable[Sheet] = tuple(Sheet)
) -> tuple[list[SheetRecord], list[Finding]]:
    """The records of all further sheets that the book has, and what is wrong with them.

    A sheet that is missing has no records. Never raises for the content of cells.
    """
    limits = limits or Limits()
    names, records, errors = set(book.sheet_names), list[SheetRecord](), list[Finding]()
    for sheet in only:
        if sheet.zh in names:
            reader = SheetReader(sheet, limits)
            records += reader.read(book.get_sheet_by_name(sheet.zh))
            errors += reader.errors
    return records, errors


class SheetReader:
    """Reads one further sheet; `errors` holds what is wrong."""

    def __init__(self, sheet: Sheet, limits: Limits | None = None) -> None:
        self.sheet = sheet
        self.limits = limits or Limits()
        self.errors: list[Finding] = []
        self._row_of: dict[str, int] = {}

    def read(self, source: CalamineSheet) -> list[SheetRecord]:
        """The records of a worksheet."""
        if source.end is not None and source.end[0] > self.limits.rows:
            self.errors.append(finding("TOO_MANY_ROWS", sheet=self.sheet.zh, what=self.limits.rows))
            return []
        for (top, left), (bottom, right) in source.merged_cell_ranges or []:
            area = f"{column_letter(left)}{top + 1}:{column_letter(right)}{bottom + 1}"
            self._add("MERGED", top + 1, column_letter(left), what=area)
        first_row, first_column = source.start or (0, 0)
        blank = [""] * first_column
        return self.read_rows([*blank, *row] for row in _from_row_one(source.iter_rows(), first_row))

    def read_rows(self, rows: Iterable[list[Any]]) -> list[SheetRecord]:
        """The records of rows of cells, the header first."""
        cells = iter(rows)
        places = self._places(next(cells, []))
        if places is None:
            return []
        found: list[SheetRecord] = []
        for number, raw in enumerate(cells, start=2):
            record = self._record(number, raw, places)
            if record is not None:
                found.append(record)
            elif len(self.errors) > self.limits.findings:
                break
        return found

    def _places(self, header: list[Any]) -> _Places | None:
        """Where the columns stand; None if the header does not hold. Optional columns may be missing."""
        columns = {column.key: column for column in SHEET_COLUMNS[self.sheet]}
        seen: dict[str, int] = {}
        before = len(self.errors)
        for place, cell in enumerate(header):
            key = header_key(str(cell))
            if not key:
                if any(str(later).strip() for later in header[place:]):
                    self._add("HEADER_UNKNOWN", 1, column_letter(place), "（空）")
            elif key in seen:
                self._add("HEADER_REPEATED", 1, column_letter(place), str(cell))
            elif key not in columns and key != NUMBER_HEADER:
                self._add("HEADER_UNKNOWN", 1, column_letter(place), str(cell))
            seen.setdefault(key, place)
        for key, column in columns.items():
            if column.needed and key not in seen:
                self._add("HEADER_MISSING", 1, None, what=column.header)
        if len(self.errors) > before:
            return None
        self._number_place = seen.get(NUMBER_HEADER)
        return [(column, seen[key]) for key, column in columns.items() if key in seen]

    def _record(self, number: int, raw: list[Any], places: _Places) -> SheetRecord | None:
        """The record of a row, or None: an empty row, the example, or one with problems."""
        at = self._number_place
        if at is not None and at < len(raw) and raw[at] == EXAMPLE:
            return None
        cells = [(column, place, _plain(raw[place] if place < len(raw) else "")) for column, place in places]
        if all(cell == "" for _, _, cell in cells):
            return None
        before, fields = len(self.errors), dict[str, Json]()
        letters = {column.name: f"{column_letter(place)} {column.header}" for column, place in places}
        for column, _, cell in cells:
            try:
                fields[column.name] = column.read(cell)
            except CellProblem as wrong:
                self._add(wrong.code, number, letters[column.name], cell, **wrong.facts)
        if len(self.errors) > before:
            return None
        complete = {column.name: fields.get(column.name) for column in SHEET_COLUMNS[self.sheet]}
        for clash in clashes(self.sheet, complete):
            self._add(clash.code, number, letters.get(clash.field), complete[clash.field], **clash.facts)
        key = record_key(self.sheet, complete)
        first = self._row_of.setdefault(key, number)
        if first != number:
            self._add("RECORD_TWICE", number, letters[KEY_FIELDS[self.sheet][0]], key, what=first)
        return None if len(self.errors) > before else SheetRecord(self.sheet, key, complete, number)

    def _add(self, code: str, row: int, column: str | None, value: object = None, **facts: object) -> None:
        self.errors.append(
            finding(code, sheet=self.sheet.zh, row=row, column=column, value=value, **facts)  # type: ignore[arg-type]
        )


def _from_row_one(rows: Iterable[list[Any]], first_row: int) -> Iterator[list[Any]]:
    """Rows as the sheet counts them: calamine leaves out the empty ones above the first."""
    for _ in range(first_row):
        yield []
    yield from rows


def _plain(cell: Any) -> Any:
    """A cell without blanks around its text; TRUE is text, so that it is not taken for 1."""
    if isinstance(cell, bool):
        return str(cell).upper()
    return cell.strip() if isinstance(cell, str) else cell
