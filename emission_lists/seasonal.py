"""A seasonal plan (错峰生产计划) as a table, .xlsx or .csv: one row per enterprise, line and time, with its measure."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date
from io import BytesIO, StringIO
from typing import Any

import xlsxwriter
from python_calamine import CalamineError, CalamineWorkbook

from emission_lists.cells import as_choice, as_date, as_percent, as_text, as_uscc, as_window, labels, required
from emission_lists.documents import ACTION, VEHICLE_RULE
from emission_lists.findings import Finding, finding, shorten
from emission_lists.measures import Action, Measure, VehicleRule
from emission_lists.permits import decoded
from emission_lists.sheets.readers import SheetColumn, as_code
from emission_lists.sheets.rules import Clash, Fields
from emission_lists.sheets.table_reader import Table, TableReader, TableRow
from emission_lists.workbook_guard import Limits, inspect

SEASONAL_SHEET = "错峰生产计划"
ROWS = 100_000


@dataclass(frozen=True, slots=True)
class SeasonalEntry:
    """What one line (`line_code` empty: every line) does from the day `starts` through the day `until`."""

    uscc: str
    line_code: str
    starts: date
    until: date
    measure: Measure


@dataclass
class SeasonalReading:
    """The entries that could be read, and everything that is wrong with the others."""

    entries: list[SeasonalEntry] = field(default_factory=list)
    errors: list[Finding] = field(default_factory=list)


def _day(cell: object) -> str | None:
    day = as_date(cell)
    return None if day is None else day.isoformat()


COLUMNS = (
    SheetColumn("uscc", "统一社会信用代码", required(as_uscc, "统一社会信用代码"), needed=True),
    SheetColumn("line_code", "生产线编号", lambda cell: as_code(cell) or ""),
    SheetColumn("starts", "开始日期", required(_day, "开始日期"), needed=True),
    SheetColumn("until", "结束日期", required(_day, "结束日期"), needed=True),
    SheetColumn("action", "措施", required(as_choice(labels(Action)), "措施"), needed=True),
    SheetColumn("ratio", "比例（%）", as_percent),
    SheetColumn("window", "时段", as_window),
    SheetColumn("vehicle_rule", "车辆管控", as_choice(labels(VehicleRule))),
    SheetColumn("note_zh", "备注", as_text),
)


def _clashes(fields: Fields) -> Iterator[Clash]:
    """Rows that contradict themselves."""
    if str(fields["starts"]) > str(fields["until"]):
        yield Clash("PERIOD", "until", {"what": fields["starts"]})
    if fields.get("action") == Action.TRANSPORT and fields.get("vehicle_rule") is None:
        yield Clash("REQUIRED", "vehicle_rule", {"what": "车辆管控"})


TABLE = Table(SEASONAL_SHEET, COLUMNS, ("uscc", "line_code", "starts"), _clashes)


def read_seasonal(content: bytes) -> SeasonalReading:
    """Reads a plan, .xlsx (its only worksheet, or 错峰生产计划) or .csv (UTF-8 or GB 18030). Never raises for its content."""
    limits = Limits(rows=ROWS)
    reader = TableReader(TABLE, limits)
    read = _workbook_rows if content.startswith(b"PK") else _csv_rows
    rows, errors = read(content, reader, limits)
    reading = SeasonalReading([_entry(row.fields) for row in rows], [*errors, *reader.errors])
    if not reading.entries and not reading.errors:
        reading.errors.append(finding("NO_ROWS", sheet=SEASONAL_SHEET))
    return reading


def _workbook_rows(content: bytes, reader: TableReader, limits: Limits) -> tuple[list[TableRow], list[Finding]]:
    seen = inspect(content, limits)
    if seen.findings:
        return [], seen.findings
    formulas = [cell for cells in seen.formulas.values() for cell in cells]
    errors = [finding("FORMULA", sheet=SEASONAL_SHEET, column=cell) for cell in formulas]
    try:
        with CalamineWorkbook.from_filelike(BytesIO(content)) as book:
            names = book.sheet_names
            if SEASONAL_SHEET not in names and len(names) != 1:
                return [], [*errors, finding("NO_SHEET", what=SEASONAL_SHEET)]
            name = SEASONAL_SHEET if SEASONAL_SHEET in names else names[0]
            return reader.read(book.get_sheet_by_name(name)), errors
    except (CalamineError, ValueError, OverflowError, OSError, KeyError) as problem:
        return [], [*errors, finding("BROKEN", what=shorten(str(problem)) or type(problem).__name__)]


def _csv_rows(content: bytes, reader: TableReader, _limits: Limits) -> tuple[list[TableRow], list[Finding]]:
    plain = decoded(content)
    if plain is None:
        return [], [finding("CSV_ENCODING", sheet=SEASONAL_SHEET)]
    try:
        return reader.read_rows(csv.reader(StringIO(plain, newline=""), strict=True)), []
    except csv.Error as problem:
        return [], [finding("CSV_BROKEN", sheet=SEASONAL_SHEET, what=shorten(str(problem)))]


def _entry(fields: dict[str, Any]) -> SeasonalEntry:
    measure = Measure(
        ACTION[fields["action"]],
        ratio=fields.get("ratio"),
        window=fields.get("window"),
        vehicle_rule=None if fields.get("vehicle_rule") is None else VEHICLE_RULE[fields["vehicle_rule"]],
        note_zh=fields.get("note_zh"),
    )
    starts, until = date.fromisoformat(fields["starts"]), date.fromisoformat(fields["until"])
    return SeasonalEntry(fields["uscc"], fields.get("line_code") or "", starts, until, measure)


def seasonal_template() -> bytes:
    """The workbook to fill in: headers only, with drop-downs."""
    made = BytesIO()
    with xlsxwriter.Workbook(made, {"in_memory": True}) as book:
        sheet = book.add_worksheet(SEASONAL_SHEET)
        bold = book.add_format({"bold": True})
        for place, column in enumerate(COLUMNS):
            sheet.write(0, place, column.header, bold)
            sheet.set_column(place, place, 20)
        place = [column.name for column in COLUMNS].index("action")
        sheet.data_validation(1, place, ROWS, place, {"validate": "list", "source": [member.zh for member in Action]})
        sheet.freeze_panes(1, 0)
    return made.getvalue()
