"""Files of evidence (.csv, .xlsx) as records, with every fault at once; and the templates to fill in."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import xlsxwriter
from python_calamine import CalamineError, CalamineWorkbook

from emission_lists.cells import CellProblem
from emission_lists.columns import column_letter
from emission_lists.findings import Finding
from emission_lists.workbook_guard import Limits, inspect
from service.evidence.faults import MOST, fault
from service.evidence.layouts import LAYOUTS, Column
from service.evidence.records import LOAD_ITEM, POWER_ITEM, Hour, Inspected, Kind, Passage, PointRecord, Record

MOST_ROWS = 1_000_000
MOST_COLUMNS = 100
MOST_CHARACTERS = 20_000
"""Of one row of a csv."""
LIMITS = Limits(rows=MOST_ROWS, unpacked=256 << 20)
SHEET = "evidence"
EXAMPLE_MARK = "示例"


def read_file(kind: Kind, content: bytes) -> tuple[list[Record], list[Finding]]:
    """The records of a file and everything that is wrong with it; with faults there are no records."""
    faults: list[Finding] = []
    rows = _workbook_rows(content, faults) if content[:2] == b"PK" else _csv_rows(content, faults)
    records = [] if faults else _records(kind, rows, faults)
    if not records and not faults:
        faults.append(fault("EMPTY"))
    return [] if faults else records, faults


def _workbook_rows(content: bytes, faults: list[Finding]) -> Iterable[list[Any]]:
    seen = inspect(content, LIMITS)
    faults += seen.findings
    for cells in seen.formulas.values():
        faults += [
            fault("FORMULA", int("".join(c for c in cell if c.isdigit()) or 0), cell.rstrip("0123456789"))
            for cell in cells
        ]
    if faults:
        return []
    try:
        with CalamineWorkbook.from_filelike(io.BytesIO(content)) as book:
            rows: list[list[Any]] = book.get_sheet_by_index(0).to_python(skip_empty_area=False)
    except (CalamineError, ValueError, OverflowError, OSError, KeyError, IndexError) as problem:
        faults.append(fault("BROKEN", what=type(problem).__name__))
        return []
    return rows


def _csv_rows(content: bytes, faults: list[Finding]) -> Iterable[list[str]]:
    for encoding in ("utf-8-sig", "gb18030"):
        try:
            text = content.decode(encoding)
        except UnicodeDecodeError:
            continue
        return _Lines(text, faults).rows()
    faults.append(fault("ENCODING"))
    return []


class _Lines:
    """The rows of a csv, one after the other, none longer than MOST_CHARACTERS over all its lines."""

    def __init__(self, text: str, faults: list[Finding]) -> None:
        self._stream = io.StringIO(text, newline="")
        self._faults = faults
        self._length = 0

    def rows(self) -> Iterator[list[str]]:
        """The rows up to the first that cannot be read, which is a fault."""
        number = 0
        try:
            for row in csv.reader(self):
                number, self._length = number + 1, 0
                yield row
        except _TooLongError:
            self._faults.append(fault("TOO_LONG", number + 1, what=MOST_CHARACTERS))
        except csv.Error as problem:
            self._faults.append(fault("BROKEN", number + 1, what=str(problem)))

    def __iter__(self) -> Iterator[str]:
        while line := self._stream.readline(MOST_CHARACTERS + 1):
            self._length += len(line)
            if self._length > MOST_CHARACTERS:
                raise _TooLongError
            yield line


class _TooLongError(Exception):
    """A row is longer than any row of evidence."""


def _records(kind: Kind, rows: Iterable[Sequence[Any]], faults: list[Finding]) -> list[Record]:
    columns = LAYOUTS[kind]
    remaining = iter(rows)
    places = _header(columns, next(remaining, []), faults)
    if faults:
        return []
    records = []
    for number, row in enumerate(remaining, start=2):
        if number > MOST_ROWS:
            faults.append(fault("TOO_MANY_ROWS", what=MOST_ROWS))
            break
        if not any(str(cell).strip() for cell in row) or str(row[0]).startswith(EXAMPLE_MARK):
            continue
        values = _values(columns, places, row, number, faults)
        if values is not None:
            records.append(_record(kind, values, number))
        if len(faults) > MOST:
            faults[MOST - 1 :] = [fault("TOO_MANY_ERRORS", what=MOST - 1)]
            break
    return records


def _header(columns: Sequence[Column], header: Sequence[Any], faults: list[Finding]) -> list[int | None]:
    """Where each column stands; optional ones may be missing."""
    known = {name: column for column in columns for name in (column.name, _plain(column.zh))}
    found: dict[str, int] = {}
    last = max((place for place, cell in enumerate(header) if _plain(str(cell))), default=0)
    if last >= MOST_COLUMNS:
        faults.append(fault("HEADER_UNKNOWN", 1, column_letter(last), header[last]))
        return []
    for place, cell in enumerate(header):
        text = _plain(str(cell))
        if not text:
            continue
        column = known.get(text)
        if column is None:
            faults.append(fault("HEADER_UNKNOWN", 1, column_letter(place), cell))
        elif column.name in found:
            faults.append(fault("HEADER_REPEATED", 1, column_letter(place), cell))
        else:
            found[column.name] = place
    for column in columns:
        if column.name not in found and not _optional(column):
            faults.append(fault("HEADER_MISSING", 1, what=column.zh))
    return [found.get(column.name) for column in columns]


def _plain(header: str) -> str:
    return "".join(header.split()).replace("（", "(").replace("）", ")").lower()


def _optional(column: Column) -> bool:
    try:
        column.read("")
    except CellProblem:
        return False
    return True


def _values(
    columns: Sequence[Column], places: Sequence[int | None], row: Sequence[Any], number: int, faults: list[Finding]
) -> dict[str, Any] | None:
    values: dict[str, Any] = {}
    before = len(faults)
    for column, place in zip(columns, places, strict=True):
        cell = row[place] if place is not None and place < len(row) else ""
        try:
            values[column.name] = column.read(cell)
        except CellProblem as problem:
            where = f"{column_letter(place)} {column.zh}" if place is not None else column.zh
            faults.append(fault(problem.code, number, where, cell, **problem.facts))
    if len(faults) == before and "flag" in values and values["value"] is None and values["flag"] in (None, "N"):
        faults.append(fault("NEEDS_FLAG", number, "数值"))
    return values if len(faults) == before else None


def _record(kind: Kind, v: dict[str, Any], number: int) -> Record:
    if kind is Kind.POWER:
        return Hour(v["uscc"], v["point"], POWER_ITEM, v["time"], v["kwh"], None, number)
    if kind is Kind.LOAD:
        return Hour(v["uscc"], v["point"], LOAD_ITEM, v["time"], v["value"], None, number)
    if kind is Kind.CEMS:
        return Hour(v["uscc"], v["point"], v["item"], v["time"], v["value"], v["flag"] or "N", number)
    if kind is Kind.GATE:
        return Passage(
            v["uscc"], v["gate"], v["time"], v["plate"], v["plate_colour"], v["vehicle"], v["stage"], v["fuel"],
            v["direction"], v["let_in"], number,
        )  # fmt: skip
    if kind is Kind.INSPECTION:
        return Inspected(
            v["uscc"], v["time"], v["inspector"], v["line"], v["result"], v["note"], v["reference"], number
        )
    return PointRecord(
        v["uscc"], v["point"], v["kind"], v["line"], v["role"], v["rated"], v["metric"], v["unit"], number
    )


def example_rows(kind: Kind) -> Iterator[list[str]]:
    """The header and one row as the documentation shows them."""
    columns = LAYOUTS[kind]
    yield [column.zh for column in columns]
    yield [column.example for column in columns]


def template_csv(kind: Kind) -> bytes:
    """The header alone, as Excel opens it (UTF-8 with its mark)."""
    return ("\ufeff" + ",".join(column.zh for column in LAYOUTS[kind]) + "\r\n").encode()


def template_xlsx(kind: Kind) -> bytes:
    """The workbook to fill in, with the notes of its columns and one example row that is not read."""
    target = io.BytesIO()
    with xlsxwriter.Workbook(target, {"in_memory": True, "strings_to_formulas": False}) as book:
        sheet = book.add_worksheet(SHEET)
        text = book.add_format({"num_format": "@"})
        bold = book.add_format({"bold": True, "num_format": "@"})
        _write(sheet, LAYOUTS[kind], bold, text)
    return target.getvalue()


def _write(sheet: Any, columns: Iterable[Column], bold: Any, text: Any) -> None:
    for place, column in enumerate(columns):
        sheet.set_column(place, place, max(14, len(column.zh) * 2 + 2), text)
        sheet.write_string(0, place, column.zh, bold)
        shown = f"{EXAMPLE_MARK} {column.example}" if place == 0 else column.example
        sheet.write_string(1, place, shown, text)
        if column.note:
            sheet.write_comment(0, place, column.note)
    sheet.freeze_panes(1, 0)
