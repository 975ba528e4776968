"""Permit registers (排污许可名录) as .xlsx or .csv → permits, with every problem at once.

Number after HJ 608-2017; management categories after the permit regulation (排污许可管理条例): 重点管理 and 简化管理 hold
a permit, 登记管理 is registered.
"""

from __future__ import annotations

import csv
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from io import BytesIO, StringIO
from typing import Any

import xlsxwriter
from python_calamine import CalamineError, CalamineWorkbook

from emission_lists.cells import as_digits, as_permit, escaped, required
from emission_lists.columns import EXAMPLE, NUMBER_HEADER
from emission_lists.divisions import division_prefix
from emission_lists.findings import Finding, finding, shorten
from emission_lists.identifiers import make_permit, make_uscc
from emission_lists.measures import Labelled
from emission_lists.sheets.kinds import Json
from emission_lists.sheets.readers import SheetColumn, adcode, choice, day, text, uscc, yes_no
from emission_lists.sheets.rules import Clash, Fields
from emission_lists.sheets.table_reader import Table, TableReader, TableRow
from emission_lists.workbook_guard import Limits, inspect

PERMIT_SHEET = "排污许可名录"
_NO_USCC = "H9"
_CREATED = datetime(2000, 1, 1)  # noqa: DTZ001 - a fixed stamp, so that equal registers give equal bytes


class Management(Labelled):
    """How closely a holder is managed (管理类别)."""

    KEY = ("key", "重点管理", "key management")
    SIMPLIFIED = ("simplified", "简化管理", "simplified management")
    REGISTERED = ("registered", "登记管理", "registration")


@dataclass(frozen=True, slots=True)
class Permit:
    """One permit or registration. `uscc` None: a unit without a credit code (number H9…); `air`: 涉气.

    `valid_until` None: the register does not say.
    """

    permit_no: str
    name: str
    management: Management
    air: bool
    adcode: str
    uscc: str | None = None
    gbt4754: str | None = None
    valid_until: date | None = None

    @property
    def holder(self) -> str:
        """What identifies the holder: its credit code, or the number where it has none."""
        return self.uscc or self.permit_no

    def in_force_on(self, day_: date) -> bool:
        """True unless the register says that it has ended before that day."""
        return self.valid_until is None or day_ <= self.valid_until


@dataclass
class Register:
    """What a file says: permits that could be read, and everything that is wrong with the others."""

    permits: list[Permit] = field(default_factory=list)
    errors: list[Finding] = field(default_factory=list)


_MANAGEMENT: dict[str, Json] = {kind.zh: kind.value for kind in Management}
_SHORT: dict[str, Json] = {kind.zh[:2]: kind.value for kind in Management}
COLUMNS: tuple[SheetColumn, ...] = (
    SheetColumn(
        "permit_no",
        "排污许可证编号",
        required(as_permit, "排污许可证编号"),
        needed=True,
        note="信用代码 18 位 + 3 位数字 + 1 位字母；登记管理填登记编号",
    ),
    uscc("uscc", "统一社会信用代码", "没有信用代码的单位（编号以 H9 开头）留空"),
    text("name", "单位名称", needed=True),
    choice("management", "管理类别", {**_MANAGEMENT, **_SHORT}, "重点管理、简化管理或登记管理", needed=True),
    SheetColumn("gbt4754", "行业类别代码", as_digits(4, "GBT4754"), note="GB/T 4754 的 4 位小类代码"),
    yes_no("air", "涉气", "排放大气污染物的填“是”", needed=True),
    day("valid_until", "有效期至"),
    adcode(),
)


def _holder(fields: Fields) -> Iterator[Clash]:
    if fields["uscc"] is None and not str(fields["permit_no"]).startswith(_NO_USCC):
        yield Clash("HOLDER_MISSING", "uscc", {})


def _table(division: str | None) -> Table:
    prefix = "" if division is None else division_prefix(division)

    def clashes(fields: Fields) -> Iterator[Clash]:
        yield from _holder(fields)
        if not str(fields["adcode"]).startswith(prefix):
            yield Clash("PERMIT_OUTSIDE", "adcode", {"what": division})

    return Table(PERMIT_SHEET, COLUMNS, ("permit_no",), clashes)


def read_register(content: bytes, division: str | None = None, limits: Limits | None = None) -> Register:
    """Reads a register, .xlsx or .csv (UTF-8 or GB 18030). Never raises for its content.

    An .xlsx has the worksheet 排污许可名录, or only one worksheet. With `division`, permits outside it are faults.
    """
    limits = limits or Limits(rows=1_000_000)
    table = _table(division)
    return _read_workbook(content, table, limits) if content.startswith(b"PK") else _read_csv(content, table, limits)


def _read_workbook(content: bytes, table: Table, limits: Limits) -> Register:
    seen = inspect(content, limits)
    if seen.findings:
        return Register(errors=seen.findings)
    errors = [
        finding("FORMULA", sheet=PERMIT_SHEET, column=cell) for cells in seen.formulas.values() for cell in cells
    ]
    reader = TableReader(table, limits)
    rows: list[TableRow] = []
    try:
        with CalamineWorkbook.from_filelike(BytesIO(content)) as book:
            names = book.sheet_names
            if PERMIT_SHEET in names or len(names) == 1:
                rows = reader.read(book.get_sheet_by_name(PERMIT_SHEET if PERMIT_SHEET in names else names[0]))
            else:
                errors.append(finding("NO_SHEET", what=PERMIT_SHEET))
    except (CalamineError, ValueError, OverflowError, OSError, KeyError) as problem:
        errors.append(finding("BROKEN", what=shorten(str(problem)) or type(problem).__name__))
    return _register(rows, [*errors, *reader.errors], limits)


def _read_csv(content: bytes, table: Table, limits: Limits) -> Register:
    plain = decoded(content)
    if plain is None:
        return Register(errors=[finding("CSV_ENCODING", sheet=PERMIT_SHEET)])
    reader = TableReader(table, limits)
    errors: list[Finding] = []
    rows: list[TableRow] = []
    try:
        rows = reader.read_rows(csv.reader(StringIO(plain, newline=""), strict=True))
    except csv.Error as problem:
        errors.append(finding("CSV_BROKEN", sheet=PERMIT_SHEET, what=shorten(str(problem))))
    return _register(rows, [*reader.errors, *errors], limits)


def decoded(content: bytes) -> str | None:
    """A text file in UTF-8 (with or without mark) or GB 18030, as Excel writes .csv in China; None for neither."""
    for encoding in ("utf-8-sig", "gb18030"):
        try:
            return content.decode(encoding)
        except UnicodeDecodeError:
            continue
    return None


def _register(rows: Iterable[TableRow], errors: list[Finding], limits: Limits) -> Register:
    permits = [permit_from(row.fields) for row in rows]
    if not permits and not errors:
        errors = [finding("NO_ROWS", sheet=PERMIT_SHEET)]
    if len(errors) > limits.findings:
        errors = [*errors[: limits.findings], finding("TOO_MANY_ERRORS", what=limits.findings)]
    return Register(permits, errors)


def permit_from(fields: Mapping[str, Any]) -> Permit:
    """A permit of its stored fields; `valid_until` as ISO text or a date."""
    until = fields["valid_until"]
    return Permit(
        permit_no=fields["permit_no"],
        name=fields["name"],
        management=_OF_VALUE[fields["management"]],
        air=fields["air"],
        adcode=fields["adcode"],
        uscc=fields["uscc"],
        gbt4754=fields["gbt4754"],
        valid_until=date.fromisoformat(until) if isinstance(until, str) else until,
    )


_OF_VALUE = {kind.value: kind for kind in Management}


def permit_document(permit: Permit) -> dict[str, Any]:
    """A permit as plain JSON; `permit_from(permit_document(x)) == x`."""
    return {
        "permit_no": permit.permit_no,
        "uscc": permit.uscc,
        "name": permit.name,
        "management": permit.management.value,
        "gbt4754": permit.gbt4754,
        "air": permit.air,
        "valid_until": None if permit.valid_until is None else permit.valid_until.isoformat(),
        "adcode": permit.adcode,
    }


def register_template() -> bytes:
    """The register to fill in, with one example row that is never imported."""
    holder = make_uscc("130202", 12345678)
    example = Permit(
        make_permit(holder), "某某水泥有限公司（示例）", Management.KEY, True, "130202", holder, "3011", date(2030, 6, 30)
    )
    return _write([example], mark=EXAMPLE)


def write_register(permits: Iterable[Permit]) -> bytes:
    """A register as .xlsx; `read_register(write_register(x)).permits == x`."""
    return _write(permits)


def _write(permits: Iterable[Permit], mark: str | None = None) -> bytes:
    target = BytesIO()
    with xlsxwriter.Workbook(target, {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False}) as book:
        book.set_properties({"title": PERMIT_SHEET, "created": _CREATED})
        page = book.add_worksheet(PERMIT_SHEET)
        text_format = book.add_format({"num_format": "@"})
        for place, header in enumerate((NUMBER_HEADER, *(column.header for column in COLUMNS))):
            page.set_column(place, place, 24, text_format)
            page.write_string(0, place, header)
        labels = list(_MANAGEMENT)
        places = {column.name: place for place, column in enumerate(COLUMNS, start=1)}
        page.data_validation(1, places["management"], 20_000, places["management"], {"validate": "list", "source": labels})
        page.data_validation(1, places["air"], 20_000, places["air"], {"validate": "list", "source": ["是", "否"]})
        for row, permit in enumerate(permits, start=1):
            page.write_string(row, 0, mark or str(row))
            _write_permit(page, row, permit)
    return target.getvalue()


def _write_permit(page: Any, row: int, permit: Permit) -> None:
    for place, column in enumerate(COLUMNS, start=1):
        value = permit_document(permit)[column.name]
        if value is not None and column.codes is not None:
            page.write_string(row, place, column.shown(value))
        elif value is not None:
            page.write_string(row, place, escaped(str(value)))
