"""What a list says beside the measures: read, refused with its cell, written back, and absent where it is not stated."""

from dataclasses import replace
from io import BytesIO
from typing import Any

import pytest
import xlsxwriter
from python_calamine import CalamineWorkbook

from emission_lists.columns import (
    COLUMNS,
    ENTERPRISE_PARTICULARS,
    LINE_PARTICULARS,
    LIST_SHEET,
    NUMBER_HEADER,
    PLAIN_COLUMNS,
)
from emission_lists.documents import enterprise_document, line_document
from emission_lists.lists import EnterpriseParticulars, LineParticulars, Means
from emission_lists.measures import Action
from emission_lists.workbook import Reading, read_workbook
from emission_lists.workbook_writer import write_long, write_workbook
from tests.emission_lists.list_samples import draft, firm, line, measure

PLACED = EnterpriseParticulars(118.18, 39.63, "某某")
DESCRIBED = LineParticulars(
    "熟料", 5000.0, "t/d", 4600.0, "煤", "SCR脱硝 TA001", "生产科", "0315-1234567", "12月至次年1月停窑", "无",
    Means(5000.0, 4800.0, 4600.0, "t/d"),
)  # fmt: skip
PLAIN = draft((firm(), line("MF0001", measure(Action.STOP, 1.0))))
FULL = draft((firm(particulars=PLACED), line("MF0001", measure(Action.STOP, 1.0), particulars=DESCRIBED)))
NEW = [column.header for column in (*ENTERPRISE_PARTICULARS, *LINE_PARTICULARS)]


def header_of(content: bytes) -> list[str]:
    return [
        str(cell)
        for cell in CalamineWorkbook.from_filelike(BytesIO(content)).get_sheet_by_name(LIST_SHEET).to_python()[0]
    ]


def with_cells(**cells: Any) -> Reading:
    """The full row with other cells in some columns, and without those that are given as ...."""
    head, row = (
        CalamineWorkbook.from_filelike(BytesIO(write_workbook(FULL))).get_sheet_by_name(LIST_SHEET).to_python()[:2]
    )
    known = {str(name): cell for name, cell in zip(head, row, strict=True)} | cells
    assert set(cells) <= {column.header for column in COLUMNS}
    left = {name: cell for name, cell in known.items() if cell is not ...}
    target = BytesIO()
    with xlsxwriter.Workbook(target) as made:
        page = made.add_worksheet(LIST_SHEET)
        page.write_row(0, 0, list(left))
        for place, cell in enumerate(left.values()):
            if cell not in ("", None):
                page.write(1, place, cell)
    return read_workbook(target.getvalue())


class TestRoundTrip:
    def test_everything_comes_back(self) -> None:
        reading = read_workbook(write_workbook(FULL))
        assert reading.errors == []
        assert tuple(reading.rows) == FULL.rows

    @pytest.mark.parametrize("only", [{"particulars": PLACED}, {}])
    def test_one_of_the_two_comes_back_alone(self, only: dict[str, Any]) -> None:
        one = draft((firm(**only), line("1", measure(Action.NONE), particulars=None if only else DESCRIBED)))
        assert tuple(read_workbook(write_workbook(one)).rows) == one.rows

    def test_a_list_without_them_has_no_columns_for_them(self) -> None:
        assert header_of(write_workbook(PLAIN)) == [NUMBER_HEADER, *(column.header for column in PLAIN_COLUMNS)]
        assert header_of(write_workbook(FULL)) == [NUMBER_HEADER, *(column.header for column in COLUMNS)]

    def test_a_long_list_keeps_them_or_says_that_it_cannot(self, tmp_path: Any) -> None:
        whole, short = tmp_path / "whole.xlsx", tmp_path / "short.xlsx"
        write_long(whole, FULL.rows, (), None)
        assert tuple(read_workbook(whole).rows) == FULL.rows
        write_long(short, PLAIN.rows, (), None, particulars=False)
        assert header_of(short.read_bytes()) == header_of(write_workbook(PLAIN))
        with pytest.raises(ValueError, match="particulars"):
            write_long(tmp_path / "lost.xlsx", FULL.rows, (), None, particulars=False)

    def test_what_is_not_stated_is_in_no_document(self) -> None:
        row = read_workbook(write_workbook(PLAIN)).rows[0]
        assert (row.enterprise.particulars, row.line.particulars) == (None, None)
        assert "particulars" not in enterprise_document(row.enterprise)
        assert "particulars" not in line_document(row.line)

    def test_empty_columns_are_as_good_as_none(self) -> None:
        reading = with_cells(**dict.fromkeys(NEW))
        assert reading.errors == []
        assert tuple(reading.rows) == PLAIN.rows

    @pytest.mark.parametrize(
        "header", [name for name in NEW if not name.endswith("单位") and name not in ("经度", "纬度")]
    )
    def test_any_of_the_columns_may_be_missing(self, header: str) -> None:
        reading = with_cells(**{header: ...})
        assert reading.errors == []
        assert reading.rows == with_cells(**{header: None}).rows

    def test_one_column_alone_is_read(self) -> None:
        reading = with_cells(**{name: ... for name in NEW if name != "燃料"})
        assert reading.rows[0].line.particulars == LineParticulars(fuel="煤")


class TestFaults:
    @pytest.mark.parametrize(
        ("cells", "code", "column"),
        [
            ({"经度": 39.63}, "OUT_OF_RANGE", "经度"),
            ({"纬度": 118.18}, "OUT_OF_RANGE", "纬度"),
            ({"经度": None}, "HALF_POSITION", "纬度"),
            ({"纬度": None}, "HALF_POSITION", "经度"),
            ({"纬度": ...}, "HALF_POSITION", "经度"),
            ({"经度": "东经"}, "NOT_A_NUMBER", "经度"),
            ({"产能": 0}, "OUT_OF_RANGE", "产能"),
            ({"产能": "很大"}, "NOT_A_NUMBER", "产能"),
            ({"产能单位": None}, "NO_UNIT", "产能"),
            ({"产能单位": None, "产能": None}, "NO_UNIT", "实际产量"),
            ({"日均值单位": None}, "NO_UNIT", "环评批复产能日均值"),
            ({"日均值单位": ..., "环评批复产能日均值": None}, "NO_UNIT", "排污许可产能日均值"),
            ({"实际产量": -1}, "OUT_OF_RANGE", "实际产量"),
            ({"备注": "长" * 1001}, "TOO_LONG", "备注"),
            ({"责任人电话": "\x07"}, "CONTROL_CHARACTER", "责任人电话"),
        ],
    )
    def test_are_told_with_row_and_column(self, cells: dict[str, Any], code: str, column: str) -> None:
        reading = with_cells(**cells)
        assert reading.rows == []
        assert [(e.code, e.sheet, e.row, str(e.column).split(" ")[1]) for e in reading.errors] == [
            (code, LIST_SHEET, 2, column)
        ]

    def test_they_are_told_beside_all_others(self) -> None:
        codes = {error.code for error in with_cells(企业名称=None, 产能="x", 经度="x").errors}
        assert codes == {"REQUIRED", "NOT_A_NUMBER"}
        assert len(with_cells(企业名称=None, 产能="x", 经度="x").errors) == 3

    def test_an_enterprise_lies_at_one_place(self) -> None:
        other = firm(particulars=replace(PLACED, lon=118.2))
        one = draft(
            (firm(particulars=PLACED), line("1", measure(Action.NONE))), (other, line("2", measure(Action.NONE)))
        )
        assert [error.code for error in read_workbook(write_workbook(one)).errors] == ["ENTERPRISE_DIFFERS"]
