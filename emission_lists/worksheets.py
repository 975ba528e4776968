"""Which worksheet of a workbook is which sheet of the template, so that no sheet is left out without a word.

A name is that of a sheet also if it differs only by blanks, by full or half width, or by a year in brackets, as in
“货车白名单（2026）”: those cannot mean anything else. Every other worksheet with a value is a fault, hidden ones too, since its
rows would be missing from the list; so are two worksheets with values that mean the same sheet. Passed over are worksheets
without any value (an empty Sheet1), those that templates, exports and marked workbooks have beside the data, and charts, which
hold no rows, unless they have the name of a sheet.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from difflib import SequenceMatcher
from typing import NamedTuple
from unicodedata import normalize

from python_calamine import CalamineWorkbook, SheetMetadata, SheetTypeEnum, SheetVisibleEnum

from emission_lists.columns import BASE_SHEET, BESIDE_SHEETS, LIST_SHEET
from emission_lists.findings import Finding, finding
from emission_lists.sheets.kinds import Sheet

DATA_SHEETS = (LIST_SHEET, BASE_SHEET, *(sheet.zh for sheet in Sheet))
_YEAR = re.compile(r"[(〔【「]20\d\d(?:[-~–—至](?:20)?\d\d)?年?(?:度|版)?[)〕】」]")
_NEAR, _SAME_START, _BESIDE = 0.5, 0.2, -0.2


class Worksheets(NamedTuple):
    """The worksheet of each sheet of the template that the workbook has, and what is wrong with the others."""

    of: dict[str, str]
    errors: list[Finding]


def _key(name: str) -> str:
    """A name as it is compared."""
    plain = normalize("NFKC", name)
    return _YEAR.sub("", "".join(c for c in plain if c.isprintable() and not c.isspace())).casefold()


_MEANT = {_key(name): name for name in (*DATA_SHEETS, *BESIDE_SHEETS)}


def meant(name: str) -> str | None:
    """The sheet of the template, or one that stands beside the data, which a worksheet of this name is."""
    return _MEANT.get(_key(name))


def only_one(names: Iterable[str], sheet: str) -> str:
    """The one worksheet that is a sheet of the template. KeyError if there is none or more than one."""
    found = [name for name in names if meant(name) == sheet]
    if len(found) != 1:
        raise KeyError(sheet)
    return found[0]


def worksheets(book: CalamineWorkbook) -> Worksheets:
    """The worksheets that are to be read, by the template's name, and every fault of the others."""
    candidates: dict[str, list[str]] = {}
    errors: list[Finding] = []
    for one in book.sheets_metadata:
        sheet = meant(one.name)
        if sheet in BESIDE_SHEETS:
            continue
        if one.typ is not SheetTypeEnum.WorkSheet:
            if sheet is not None:
                errors.append(finding("SHEET_WITHOUT_CELLS", sheet=one.name, value=one.name))
        elif sheet is not None:
            candidates.setdefault(sheet, []).append(one.name)
        elif _filled(book, one.name):
            errors.append(_unknown(one))
    found: dict[str, str] = {}
    for sheet, names in candidates.items():
        found[sheet], *others = names if len(names) == 1 else _with_values(book, sheet, names)
        errors += [finding("SHEET_TWICE", sheet=name, value=name, what=found[sheet], meant=sheet) for name in others]
    return Worksheets(found, errors)


def _with_values(book: CalamineWorkbook, sheet: str, names: list[str]) -> list[str]:
    """Those of several worksheets that hold something, the template's own name first; one of them at least."""
    names = sorted(names, key=lambda name: name != sheet)
    return [name for name in names if _filled(book, name)] or names[:1]


def _filled(book: CalamineWorkbook, name: str) -> bool:
    """Whether any cell has a value that is not blank."""
    page = book.get_sheet_by_name(name)
    return page.start is not None and any(str(cell).strip() for row in page.iter_rows() for cell in row)


def _unknown(sheet: SheetMetadata) -> Finding:
    near, hidden = nearest(sheet.name), sheet.visible is not SheetVisibleEnum.Visible
    known = "、".join(DATA_SHEETS)
    return finding(
        "SHEET_UNKNOWN",
        sheet=sheet.name,
        value=sheet.name,
        hidden="（已隐藏，请先取消隐藏）" if hidden else "",
        hidden_en=" (it is hidden: unhide it first)" if hidden else "",
        near=f"是否应为“{near}”？" if near else f"模板的工作表为{known}。",
        near_en=f'did you mean "{near}"?' if near else f"the template has {known};",
    )


def nearest(name: str) -> str | None:
    """The known worksheet whose name is most like this one, if any is like it at all."""
    key = _key(name)

    def likeness(known: str) -> float:
        same_start = _SAME_START if known[:2] == key[:2] else 0
        return SequenceMatcher(None, key, known).ratio() + same_start + (_BESIDE if known in BESIDE_SHEETS else 0)

    best = max((*DATA_SHEETS, *BESIDE_SHEETS), key=likeness)
    return best if likeness(best) >= _NEAR else None
