"""Further sheets of a workbook → records, with every problem at once by sheet, row and column."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, MutableMapping
from functools import partial

from python_calamine import CalamineWorkbook

from emission_lists.findings import Finding
from emission_lists.sheets.columns import KEY_FIELDS, SHEET_COLUMNS
from emission_lists.sheets.examples import EXAMPLES
from emission_lists.sheets.kinds import Sheet, SheetRecord
from emission_lists.sheets.rules import clashes
from emission_lists.sheets.table_reader import Table, TableReader, TableRow
from emission_lists.workbook_guard import Limits


def read_sheets(
    book: CalamineWorkbook,
    limits: Limits | None = None,
    *,
    only: Iterable[Sheet] = tuple(Sheet),
    named: Mapping[str, str] | None = None,
    places: MutableMapping[str, Mapping[str, str]] | None = None,
) -> tuple[list[SheetRecord], list[Finding]]:
    """The records of all further sheets that the book has, and what is wrong with them.

    A sheet that is missing has no records. `named`: the worksheet of each sheet (None = each has the name of the template);
    `places` is told where the columns of each sheet stand.
    Never raises for the content of cells.
    """
    names = {name: name for name in book.sheet_names} if named is None else named
    records, errors = list[SheetRecord](), list[Finding]()
    for sheet in only:
        if (name := names.get(sheet.zh)) is not None:
            reader = TableReader(table_of(sheet), limits)
            records += as_records(sheet, reader.read(book.get_sheet_by_name(name)))
            errors += reader.errors
            if places is not None:
                places[sheet.zh] = reader.places
    return records, errors


def table_of(sheet: Sheet) -> Table:
    """What the worksheet of a further sheet must look like."""
    return Table(sheet.zh, SHEET_COLUMNS[sheet], KEY_FIELDS[sheet], partial(clashes, sheet), EXAMPLES[sheet])


def as_records(sheet: Sheet, rows: Iterable[TableRow]) -> list[SheetRecord]:
    """Rows of a sheet as its records."""
    return [SheetRecord(sheet, row.key, row.fields, row.number) for row in rows]
