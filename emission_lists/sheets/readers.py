"""Readers of single cells whose values are JSON-ready, and how such a value is shown in a cell again."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from emission_lists.cells import (
    MAX_QUANTITY,
    YES_NO,
    CellProblem,
    Reader,
    as_choice,
    as_date,
    as_digits,
    as_number,
    as_text,
    as_uscc,
    as_whole,
    as_yes_no,
    required,
)
from emission_lists.columns import header_key
from emission_lists.sheets.kinds import Json
from emission_lists.validations import Kind

MAX_CODE = 64
_PROVINCES = "京津沪渝冀豫云辽黑湘皖鲁新苏浙赣鄂桂甘晋蒙陕吉闽贵粤青藏川宁琼"
_PLATE = re.compile(rf"[{_PROVINCES}][A-HJ-NP-Z](?:[A-HJ-NP-Z0-9]{{4}}[A-HJ-NP-Z0-9挂学警港澳]|[A-HJ-NP-Z0-9]{{6}})")
_LOOSE_DAY = re.compile(r"([0-9]{4})[-/.年]([0-9]{1,2})[-/.月]([0-9]{1,2})日?")


@dataclass(frozen=True, slots=True)
class SheetColumn:
    """One column of a further sheet.

    `name`: its field in the record; `read`: cell → JSON value or CellProblem; `codes`: what the drop-down shows → what
    is kept; `low`, `high`: the range of a number.
    """

    name: str
    header: str
    read: Reader
    needed: bool = False
    kind: Kind = Kind.TEXT
    codes: Mapping[str, Json] | None = None
    low: float | None = None
    high: float | None = None
    note: str = ""

    @property
    def key(self) -> str:
        """The header as headers are compared."""
        return header_key(self.header)

    def shown(self, value: Json) -> str | float | int | date | None:
        """The cell of a value: labels for codes, dates as dates. KeyError for a code that is not on the list."""
        if value is None:
            return None
        if self.codes is not None:
            return next(label for label, code in self.codes.items() if code == value and code is not None)
        return date.fromisoformat(str(value)) if self.kind is Kind.DATE else value


def _column(name: str, header: str, read: Reader, *, needed: bool = False, **given: Any) -> SheetColumn:
    return SheetColumn(name, header, required(read, header) if needed else read, needed, **given)


def text(name: str, header: str, note: str = "", *, needed: bool = False) -> SheetColumn:
    """Any text up to 1000 characters."""
    return _column(name, header, as_text, needed=needed, note=note)


def code(name: str, header: str, note: str = "", *, needed: bool = True) -> SheetColumn:
    """A short text that identifies something."""
    return _column(name, header, as_code, needed=needed, note=note)


def as_code(cell: object) -> str | None:
    """Text of at most 64 characters."""
    found = as_text(cell)
    if found is not None and len(found) > MAX_CODE:
        raise CellProblem("TOO_LONG", what=MAX_CODE)
    return found


def adcode(header: str = "区县代码") -> SheetColumn:
    """A six-digit division (GB/T 2260)."""
    return _column("adcode", header, as_digits(6, "ADCODE"), needed=True, note="6 位行政区划代码，如 130202")


def uscc(name: str, header: str, note: str = "18 位统一社会信用代码", *, needed: bool = False) -> SheetColumn:
    """A unified social credit code with a right check character."""
    return _column(name, header, as_uscc, needed=needed, note=note)


def plate(name: str, header: str) -> SheetColumn:
    """A vehicle's number plate (号牌号码)."""
    return _column(name, header, as_plate, needed=True, note="如 冀B12345；新能源 8 位，如 冀BD12345")


def as_plate(cell: object) -> str | None:
    """A plate of 7 or, for new-energy vehicles, 8 characters, without blanks and dots and in capitals."""
    found = as_text(cell)
    if found is None:
        return None
    found = re.sub(r"[\s·•.-]", "", found).upper()
    if not _PLATE.fullmatch(found):
        raise CellProblem("PLATE")
    return found


def choice(name: str, header: str, codes: Mapping[str, Json], note: str = "", *, needed: bool = False) -> SheetColumn:
    """One of some labels; its code is kept."""
    return _column(name, header, as_choice(codes), needed=needed, kind=Kind.CHOICE, codes=codes, note=note)


def yes_no(name: str, header: str, note: str = "", *, needed: bool = False) -> SheetColumn:
    """是 or 否."""
    return _column(name, header, as_yes_no, needed=needed, kind=Kind.CHOICE, codes=YES_NO, note=note)


def number(name: str, header: str, low: float, high: float, note: str = "", *, needed: bool = False) -> SheetColumn:
    """A number in low..high."""
    read = as_number(low, high)
    return _column(name, header, read, needed=needed, kind=Kind.NUMBER, low=low, high=high, note=note)


def kg(name: str, header: str, note: str = "") -> SheetColumn:
    """A quantity in kg/d."""
    return number(name, f"{header}（kg/d）", 0, MAX_QUANTITY, note)


def whole(name: str, header: str, low: int, high: int, note: str = "", *, needed: bool = False) -> SheetColumn:
    """A count."""
    read = as_whole(low, high)
    return _column(name, header, read, needed=needed, kind=Kind.WHOLE, low=low, high=high, note=note)


def day(name: str, header: str, note: str = "如 2026-09-30", *, needed: bool = False) -> SheetColumn:
    """A day, kept as ISO text."""
    return _column(name, header, _iso_day, needed=needed, kind=Kind.DATE, note=note)


def _iso_day(cell: object) -> str | None:
    """Also 2027/3/31, 2027.3.31 and 2027年3月31日, as other systems write a day."""
    loose = _LOOSE_DAY.fullmatch(cell.strip()) if isinstance(cell, str) else None
    found = as_date("{}-{:0>2}-{:0>2}".format(*loose.groups()) if loose else cell)
    return None if found is None else found.isoformat()
