"""Published lists of grades (绩效分级结果公布名单), .xlsx or .csv → rows, with every problem at once.

Published lists have only number, district, enterprise, industry and grade (Shaanxi and Chongqing 2024); a credit code,
a sub-type and a line may stand beside them.
"""

from __future__ import annotations

import csv
from collections.abc import Iterator
from dataclasses import dataclass, field
from io import BytesIO, StringIO
from itertools import chain
from typing import Any

from python_calamine import CalamineError, CalamineWorkbook

from emission_lists.findings import Finding, finding, shorten
from emission_lists.grades import Grade
from emission_lists.permits import decoded
from emission_lists.sheets.readers import SheetColumn, choice, code, text, uscc
from emission_lists.sheets.rules import Clash, Fields
from emission_lists.sheets.table_reader import Table, TableReader
from emission_lists.workbook_guard import Limits, inspect

SHEET = "绩效分级结果"
_GRADES: dict[str, Any] = {
    label: grade.value for grade in Grade if grade is not Grade.UNGRADED for label in (grade.zh, grade.title_zh)
}
COLUMNS: tuple[SheetColumn, ...] = (
    text("district", "区县"),
    text("name", "企业名称", needed=True),
    uscc("uscc", "统一社会信用代码"),
    text("industry", "行业", needed=True),
    code("subtype", "子类", needed=False),
    code("line_code", "生产线编号", needed=False),
    choice("grade", "绩效等级", _GRADES, needed=True),
)
_OTHER_HEADERS = {
    "单位名称": "企业名称",
    "企业": "企业名称",
    "等级": "绩效等级",
    "评定等级": "绩效等级",
    "绩效分级等级": "绩效等级",
    "行业类型": "行业",
    "行业类别": "行业",
    "区": "区县",
    "县区": "区县",
    "所属区县": "区县",
    "行政区": "区县",
    "县（市、区）": "区县",
}
"""Headers that places use for the same columns."""


@dataclass(frozen=True, slots=True)
class PublishedGrade:
    """One row: an enterprise (or a line of it) and its published grade. `number` counts rows as Excel does."""

    number: int
    name: str
    industry: str
    grade: Grade
    uscc: str | None = None
    district: str | None = None
    subtype: str | None = None
    line_code: str | None = None


@dataclass
class PublishedGrades:
    """The rows that could be read, and everything that is wrong with the others."""

    rows: list[PublishedGrade] = field(default_factory=list)
    errors: list[Finding] = field(default_factory=list)


def _no_clash(_fields: Fields) -> Iterator[Clash]:
    yield from ()


TABLE = Table(SHEET, COLUMNS, ("name", "uscc", "industry", "line_code"), _no_clash)


def read_published(content: bytes, limits: Limits | None = None) -> PublishedGrades:
    """Reads a published list. Never raises for its content; with errors the rows are not to be used."""
    limits = limits or Limits(rows=20_000)
    found = PublishedGrades()
    reader = TableReader(TABLE, limits)
    try:
        cells = _sheet(content, limits, found) if content.startswith(b"PK") else _lines(content, found)
        if cells is not None:
            for row in reader.read_rows(cells):
                found.rows.append(_row(row.fields, row.number))
    except csv.Error as problem:
        found.errors.append(finding("CSV_BROKEN", sheet=SHEET, what=shorten(str(problem))))
    except (CalamineError, ValueError, OverflowError, OSError, KeyError) as problem:
        found.errors.append(finding("BROKEN", what=shorten(str(problem)) or type(problem).__name__))
    found.errors += reader.errors
    if not found.rows and not found.errors:
        found.errors.append(finding("NO_ROWS", sheet=SHEET))
    return found


def _sheet(content: bytes, limits: Limits, found: PublishedGrades) -> Iterator[list[Any]] | None:
    seen = inspect(content, limits)
    if seen.findings:
        found.errors += seen.findings
        return None
    for cells in seen.formulas.values():
        found.errors += [finding("FORMULA", sheet=SHEET, column=cell) for cell in cells]
    with CalamineWorkbook.from_filelike(BytesIO(content)) as book:
        source = book.get_sheet_by_index(0)
        if source.merged_cell_ranges:
            found.errors.append(finding("MERGED", sheet=SHEET, what=str(len(source.merged_cell_ranges))))
            return None
        return _headed(iter(source.to_python(skip_empty_area=False)))


def _lines(content: bytes, found: PublishedGrades) -> Iterator[list[Any]] | None:
    plain = decoded(content)
    if plain is None:
        found.errors.append(finding("CSV_ENCODING", sheet=SHEET))
        return None
    return _headed(csv.reader(StringIO(plain, newline=""), strict=True))


def _headed(rows: Iterator[list[Any]]) -> Iterator[list[Any]]:
    """The rows with their header in the words of `COLUMNS`."""
    header = next(rows, [])
    named = [_OTHER_HEADERS.get(str(cell).replace(" ", "").replace("(", "（").replace(")", "）"), cell) for cell in header]
    return chain([named], rows)


def _row(fields: dict[str, Any], number: int) -> PublishedGrade:
    return PublishedGrade(
        number,
        fields["name"],
        fields["industry"],
        Grade(fields["grade"]),
        fields["uscc"],
        fields["district"],
        fields["subtype"],
        fields["line_code"],
    )
