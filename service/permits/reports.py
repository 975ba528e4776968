"""Permit coverage as .xlsx, to be worked off."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from io import BytesIO
from typing import Any

import xlsxwriter

from emission_lists.cells import escaped
from emission_lists.coverage import Coverage, Listed, Match
from emission_lists.permits import Permit

_PERMIT = ("排污许可证编号", "统一社会信用代码", "单位名称", "管理类别", "行业类别代码", "有效期至", "区县代码")
_LISTED = ("统一社会信用代码", "企业名称", "区县代码", "排污许可证编号")
_CREATED = datetime(2000, 1, 1)  # noqa: DTZ001 - a fixed stamp, so that equal coverage gives equal bytes


def coverage_workbook(found: Coverage, title: str) -> bytes:
    """One worksheet per set, the counts first."""
    target = BytesIO()
    with xlsxwriter.Workbook(target, {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False}) as book:
        book.set_properties({"title": title, "created": _CREATED})
        _sheet(book, "核对结果", ("项目", "数量"), [(title, ""), ("核对日期", found.as_of.isoformat()), *_counts(found)])
        _sheet(book, "未列入清单的持证单位", _PERMIT, [_permit(one) for one in found.missing])
        _sheet(book, "许可证到期且未列入", _PERMIT, [_permit(one) for one in found.lapsed])
        _sheet(book, "清单中无许可证编号", _LISTED, [_listed(one) for one in found.without_permit])
        _sheet(book, "编号不在名录中", _LISTED, [_listed(one) for one in found.not_in_register])
        _sheet(book, "许可证已到期", (*_LISTED, *_PERMIT), [_match(one) for one in found.expired])
        _sheet(book, "编号属于其他单位", (*_LISTED, *_PERMIT), [_match(one) for one in found.other_unit])
        _sheet(book, "许可证不涉气", (*_LISTED, *_PERMIT), [_match(one) for one in found.not_air])
    return target.getvalue()


def _counts(found: Coverage) -> list[tuple[str, int]]:
    return [
        ("涉气持证单位", found.holders),
        ("其中已列入清单", found.covered),
        ("清单企业", found.listed),
        ("未列入清单的持证单位", len(found.missing)),
        ("许可证到期且未列入", len(found.lapsed)),
        ("清单中无许可证编号", len(found.without_permit)),
        ("编号不在名录中", len(found.not_in_register)),
        ("许可证已到期", len(found.expired)),
        ("编号属于其他单位", len(found.other_unit)),
        ("许可证不涉气", len(found.not_air)),
    ]


def _permit(one: Permit) -> tuple[str, ...]:
    until = "" if one.valid_until is None else one.valid_until.isoformat()
    return (one.permit_no, one.uscc or "", one.name, one.management.zh, one.gbt4754 or "", until, one.adcode)


def _listed(one: Listed) -> tuple[str, ...]:
    return (one.uscc, one.name, one.adcode, one.permit_no or "")


def _match(one: Match) -> tuple[str, ...]:
    return (*_listed(one.listed), *_permit(one.permit))


def _sheet(book: Any, name: str, header: Sequence[str], rows: Sequence[Sequence[str | int]]) -> None:
    page = book.add_worksheet(name)
    bold = book.add_format({"bold": True, "bg_color": "#E7EEF5", "border": 1})
    page.set_column(0, len(header) - 1, 26)
    page.freeze_panes(1, 0)
    for place, title in enumerate(header):
        page.write_string(0, place, title, bold)
    for index, row in enumerate(rows, start=1):
        for place, cell in enumerate(row):
            if isinstance(cell, int):
                page.write_number(index, place, cell)
            else:
                page.write_string(index, place, escaped(cell))
