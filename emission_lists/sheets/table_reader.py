"""Rows of cells under a header → fields by column, with every problem at once by sheet, row and column."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from python_calamine import CalamineSheet

from emission_lists.cells import CellProblem
from emission_lists.columns import (
    MOST_COLUMNS,
    NUMBER_HEADER,
    column_letter,
    header_key,
    header_width,
)
from emission_lists.example_rows import is_example, marked
from emission_lists.findings import Finding, finding
from emission_lists.sheets.kinds import Json
from emission_lists.sheets.readers import SheetColumn
from emission_lists.sheets.rules import Clash, Fields
from emission_lists.workbook_guard import Limits

_Places = list[tuple[SheetColumn, int]]


class Table(NamedTuple):
    """What a table of cells must look like. `title`: the worksheet's name as findings tell it.

    `example`: the fields of the template's example row (None = rows marked as examples are passed over unseen).
    """

    title: str
    columns: Sequence[SheetColumn]
    key: tuple[str, ...]
    clashes: Callable[[Fields], Iterator[Clash]]
    example: Mapping[str, Json] | None = None

    def key_of(self, fields: Mapping[str, Json]) -> str:
        """What identifies a row."""
        return "/".join(str(fields[name]) for name in self.key)


class TableRow(NamedTuple):
    """A row that could be read; `number` counts from 1 as Excel does."""

    key: str
    fields: dict[str, Json]
    number: int


class TableReader:
    """Reads one table; `errors` holds what is wrong, `places` the letter and header of each field's column."""

    def __init__(self, table: Table, limits: Limits | None = None) -> None:
        self.table = table
        self.limits = limits or Limits()
        self.errors: list[Finding] = []
        self.places: dict[str, str] = {}
        self._row_of: dict[str, int] = {}
        self._number_place: int | None = None
        self._names: list[str] = [column.name for column in table.columns]

    def read(self, source: CalamineSheet) -> list[TableRow]:
        """The rows of a worksheet."""
        if source.end is not None and source.end[0] > self.limits.rows:
            self.errors.append(finding("TOO_MANY_ROWS", sheet=self.table.title, what=self.limits.rows))
            return []
        for (top, left), (bottom, right) in source.merged_cell_ranges or []:
            area = f"{column_letter(left)}{top + 1}:{column_letter(right)}{bottom + 1}"
            self._add("MERGED", top + 1, column_letter(left), what=area)
        first_row, first_column = source.start or (0, 0)
        blank = [""] * first_column
        return self.read_rows([*blank, *row] for row in _from_row_one(source.iter_rows(), first_row))

    def read_rows(self, rows: Iterable[list[Any]]) -> list[TableRow]:
        """Rows of cells, the header first."""
        cells = iter(rows)
        places = self._places(next(cells, []))
        if places is None:
            return []
        found: list[TableRow] = []
        for number, raw in enumerate(cells, start=2):
            if number - 1 > self.limits.rows:
                self.errors.append(finding("TOO_MANY_ROWS", sheet=self.table.title, what=self.limits.rows))
                break
            row = self._row(number, raw, places)
            if row is not None:
                found.append(row)
            elif len(self.errors) > self.limits.findings:
                break
        return found

    def _places(self, header: list[Any]) -> _Places | None:
        """Where the columns stand; None if the header does not hold. Optional columns may be missing."""
        columns = {column.key: column for column in self.table.columns}
        seen: dict[str, int] = {}
        before, width = len(self.errors), header_width(header)
        if width > MOST_COLUMNS:
            self._add("HEADER_UNKNOWN", 1, column_letter(width - 1), str(header[width - 1]))
            return None
        for place, cell in enumerate(header[:width]):
            key = header_key(str(cell))
            if not key:
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
        places = [(column, seen[key]) for key, column in columns.items() if key in seen]
        self.places = {column.name: _where(column, place) for column, place in places}
        return places

    def _row(self, number: int, raw: list[Any], places: _Places) -> TableRow | None:
        """The fields of a row, or None: an empty row, the example, or one with problems."""
        at = self._number_place
        width = len(raw)
        if at is not None and at < width and isinstance(raw[at], str) and marked(raw[at]):
            self._pass_over(number, raw, places)
            return None
        cells = [_plain(raw[place]) if place < width else "" for _, place in places]
        if cells.count("") == len(cells):
            return None
        before, fields = len(self.errors), dict.fromkeys(self._names)
        for (column, place), cell in zip(places, cells, strict=True):
            try:
                fields[column.name] = column.read(cell)
            except CellProblem as wrong:
                self._add(wrong.code, number, _where(column, place), cell, **wrong.facts)
        return None if len(self.errors) > before else self._sound(number, fields, places)

    def _pass_over(self, number: int, raw: list[Any], places: _Places) -> None:
        """A row marked as the example: a fault if a cell is filled with something else than the template has there."""
        example = self.table.example
        for column, place in places if example is not None else ():
            cell = raw[place] if place < len(raw) else ""
            if not is_example(cell, column.shown((example or {}).get(column.name))):
                self._add("EXAMPLE_FILLED", number, _where(column, place), cell, what=column.header)
                return

    def _sound(self, number: int, fields: dict[str, Json], places: _Places) -> TableRow | None:
        """The row unless its cells contradict each other or repeat another row."""
        before = len(self.errors)
        for clash in self.table.clashes(fields):
            self._add(clash.code, number, _letter(clash.field, places), fields[clash.field], **clash.facts)
        key = self.table.key_of(fields)
        first = self._row_of.setdefault(key, number)
        if first != number:
            self._add("RECORD_TWICE", number, _letter(self.table.key[0], places), key, what=first)
        return None if len(self.errors) > before else TableRow(key, fields, number)

    def _add(self, code: str, row: int, column: str | None, value: object = None, **facts: object) -> None:
        self.errors.append(
            finding(code, sheet=self.table.title, row=row, column=column, value=value, **facts)  # type: ignore[arg-type]
        )


def _where(column: SheetColumn, place: int) -> str:
    return f"{column_letter(place)} {column.header}"


def _letter(field: str, places: _Places) -> str | None:
    """Where the column of a field stands; None if the sheet does not have it."""
    return next((_where(column, place) for column, place in places if column.name == field), None)


def _from_row_one(rows: Iterable[list[Any]], first_row: int) -> Iterator[list[Any]]:
    """Rows as the sheet counts them: calamine leaves out the empty ones above the first."""
    for _ in range(first_row):
        yield []
    yield from rows


def _plain(cell: Any) -> Any:
    """A cell without blanks around its text; TRUE is text, so that it is not taken for 1."""
    if isinstance(cell, str):
        return cell.strip()
    return str(cell).upper() if isinstance(cell, bool) else cell
