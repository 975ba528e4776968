"""Rows marked 示例: the template's example is passed over, real data under that mark is not."""

from collections.abc import Callable
from io import BytesIO
from typing import Any

import pytest
from python_calamine import CalamineWorkbook

from emission_lists.columns import COLUMNS, EXAMPLE, LIST_SHEET, NUMBER_HEADER, column_letter
from emission_lists.example_rows import is_example
from emission_lists.findings import Finding
from emission_lists.sheets.kinds import Sheet
from emission_lists.sheets.writing import sheet_template
from emission_lists.workbook import Reading, Windows, read_workbook
from emission_lists.workbook_writer import template
from tests.emission_lists.test_workbook import changed, good_row
from tests.emission_lists.test_worksheets import LIST, made

HEADERS = [NUMBER_HEADER, *(column.header for column in COLUMNS)]


def example(content: bytes, sheet: str) -> list[list[Any]]:
    """Header and example row of a template."""
    return CalamineWorkbook.from_filelike(BytesIO(content)).get_sheet_by_name(sheet).to_python(skip_empty_area=False)[:2]


def read(*pages: tuple[str, list[list[Any]]]) -> Reading:
    content = made(*pages)
    reading = read_workbook(content, windows=Windows(long=1 << 60))
    assert read_workbook(content, windows=Windows(0, 3000)) == reading
    return reading


def of_list(change: Callable[[list[Any]], None] = lambda row: None) -> list[Finding]:
    """What a list says whose example row was changed, with a good row below it."""
    header, row = example(template(), LIST_SHEET)
    change(row)
    reading = read((LIST_SHEET, [header, row, good_row()]))
    assert len(reading.rows) == 1
    return reading.errors


def put(header: str, value: Any) -> Callable[[list[Any]], None]:
    def change(row: list[Any]) -> None:
        row[HEADERS.index(header)] = value

    return change


class TestList:
    def test_the_example_of_the_template_is_passed_over(self) -> None:
        assert of_list() == []

    def test_so_is_one_of_which_cells_were_emptied_or_became_numbers(self) -> None:
        assert of_list(put("企业名称", "")) == []
        assert of_list(put("区县代码", 130202)) == []
        assert of_list(put(NUMBER_HEADER, " 示例 ")) == []

    @pytest.mark.parametrize(("header", "value"), [("企业名称", "真实水泥有限公司"), ("现状排放PM（kg/d）", 96), ("地址", "新华道")])
    def test_other_data_is_a_fault_at_the_first_cell_that_differs(self, header: str, value: Any) -> None:
        (fault,) = of_list(put(header, value))
        place = f"{column_letter(HEADERS.index(header))} {header}"
        assert (fault.code, fault.sheet, fault.row, fault.column) == ("EXAMPLE_FILLED", LIST_SHEET, 2, place)
        assert f"{header}：{value}" in fault.message
        assert "序号改为数字" in fault.advice

    def test_a_real_row_under_the_mark_is_a_fault_of_its_own(self) -> None:
        real = changed(序号=EXAMPLE)
        reading = read((LIST_SHEET, [LIST[1][0], changed(生产线编号="MF0002"), real]))
        assert [(e.code, e.row) for e in reading.errors] == [("EXAMPLE_FILLED", 3)]


class TestFurtherSheets:
    @pytest.mark.parametrize("sheet", Sheet)
    def test_the_example_is_passed_over_and_other_data_is_a_fault(self, sheet: Sheet) -> None:
        header, row = example(sheet_template(sheet), sheet.zh)
        dated = [cell.isoformat() if hasattr(cell, "isoformat") else cell for cell in row]
        assert read((LIST_SHEET, list(LIST[1])), (sheet.zh, [header, dated])).errors == []
        (fault,) = read((LIST_SHEET, list(LIST[1])), (sheet.zh, [header, [*dated[:2], "别的", *dated[3:]]])).errors
        assert (fault.code, fault.sheet, fault.row) == ("EXAMPLE_FILLED", sheet.zh, 2)
        assert (fault.column or "").startswith("C ")

    def test_the_template_as_it_was_written(self) -> None:
        content = template(further=True)
        assert [one.code for one in read_workbook(content).errors] == ["NO_ROWS"]


@pytest.mark.parametrize(
    ("cell", "whole", "same"),
    [("", 5, True), (None, "a", True), (" a ", "a", True), (5.0, "5", True), ("5", 5.0, True), (5.5, 5, False), ("a", None, False)],
)
def test_cells_are_compared_as_they_are_written(cell: object, whole: object, same: bool) -> None:
    assert is_example(cell, whole) is same
