from dataclasses import replace
from io import BytesIO
from typing import Any

import pytest
import xlsxwriter
from hypothesis import HealthCheck, given, settings
from python_calamine import CalamineWorkbook

from emission_lists.columns import BASE_SHEET, COLUMNS, EXAMPLE, LIST_SHEET, NUMBER_HEADER, PLAIN_COLUMNS, column_letter
from emission_lists.guides import Guide
from emission_lists.levels import PerLevel
from emission_lists.lists import EmissionListDraft, Pollutants
from emission_lists.measures import Action, Measure
from emission_lists.workbook import Limits, Reading, read_workbook
from emission_lists.workbook_writer import template, write_workbook
from tests.emission_lists.list_samples import draft, drafts, firm, line, measure

HEADERS = [NUMBER_HEADER, *(column.header for column in PLAIN_COLUMNS)]


def book(rows: list[list[Any]], headers: list[str] | None = None, sheet: str = LIST_SHEET) -> bytes:
    """A workbook with these cells, written by hand."""
    target = BytesIO()
    with xlsxwriter.Workbook(target, {"in_memory": True}) as made:
        page = made.add_worksheet(sheet)
        for place, header in enumerate(HEADERS if headers is None else headers):
            page.write_string(0, place, header)
        for index, row in enumerate(rows, start=1):
            for place, cell in enumerate(row):
                if cell is not None:
                    page.write(index, place, cell)
    return target.getvalue()


def good_row() -> list[Any]:
    """The cells of a row that can be read."""
    sheet = write_workbook(draft((firm(), line("MF0001", measure(Action.STOP, 1.0)))))
    cells = CalamineWorkbook.from_filelike(BytesIO(sheet)).get_sheet_by_name(LIST_SHEET).to_python()[1]
    return [None if cell == "" else cell for cell in cells]


def changed(**cells: Any) -> list[Any]:
    """A good row with other cells; keyword = header with _ for what cannot stand in a name."""
    row = good_row()
    for header, value in cells.items():
        row[HEADERS.index(header)] = value
    return row


def with_cell(header: str, value: Any) -> Reading:
    return read_workbook(book([changed(**{header: value})]))


class TestRoundTrip:
    @settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
    @given(drafts())
    def test_reading_gives_back_what_was_written(self, one: EmissionListDraft) -> None:
        reading = read_workbook(write_workbook(one))
        assert reading.errors == []
        assert tuple(reading.rows) == one.rows
        assert reading.whole_society == one.whole_society

    def test_a_generated_list_comes_back(self, generated: EmissionListDraft, guide: Guide) -> None:
        reading = read_workbook(write_workbook(generated, guide))
        assert reading.errors == []
        assert [row[:2] for row in reading.rows] == [row[:2] for row in generated.rows]

    def test_equal_lists_give_equal_bytes(self, generated: EmissionListDraft) -> None:
        assert write_workbook(generated) == write_workbook(generated)

    def test_columns_may_stand_in_any_order(self) -> None:
        straight = read_workbook(book([good_row()]))
        turned = read_workbook(book([good_row()[::-1]], HEADERS[::-1]))
        assert straight.errors == []
        assert turned.rows == straight.rows

    def test_levels_that_disagree_on_a_line_column_are_refused(self) -> None:
        odd = line("1", Measure(Action.NONE, total_units=1), Measure(Action.NONE, total_units=2), Measure(Action.NONE))
        with pytest.raises(ValueError, match="number of units"):
            write_workbook(draft((firm(), odd)))

    @pytest.mark.parametrize("text", ["=1+1", "+86", "-5", "@cmd", "'=1+1", "''@x"])
    def test_text_that_looks_like_a_formula_is_escaped(self, text: str) -> None:
        content = write_workbook(draft((firm(name=text), line("1", measure(Action.NONE)))))
        cell = CalamineWorkbook.from_filelike(BytesIO(content)).get_sheet_by_name(LIST_SHEET).to_python()[1][2]
        assert cell == f"'{text}"
        assert read_workbook(content).rows[0].enterprise.name == text


class TestTemplate:
    def test_holds_every_header_and_no_row(self, guide: Guide) -> None:
        reading = read_workbook(template(guide))
        assert [error.code for error in reading.errors] == ["NO_ROWS"]

    def test_the_example_row_is_marked_and_is_itself_correct(self) -> None:
        cells = CalamineWorkbook.from_filelike(BytesIO(template())).get_sheet_by_name(LIST_SHEET).to_python()
        assert cells[1][0] == EXAMPLE
        reading = read_workbook(book([[1, *cells[1][1:]]]))
        assert reading.errors == []
        assert len(reading.rows) == 1

    def test_every_choice_has_a_drop_down(self) -> None:
        from zipfile import ZipFile

        sheet = ZipFile(BytesIO(template())).read("xl/worksheets/sheet1.xml").decode()
        assert sheet.count('<dataValidation type="list"') == sum(1 for column in COLUMNS if column.choices)

    def test_explains_every_column(self) -> None:
        notes = CalamineWorkbook.from_filelike(BytesIO(template())).get_sheet_by_name("填写说明").to_python()
        explained = {row[0] for row in notes}
        assert {column.header for column in COLUMNS} <= explained


class TestHeaders:
    def test_every_missing_unknown_and_repeated_header_is_named(self) -> None:
        headers = [h for h in HEADERS if h not in ("地址", "行业")] + ["自填列", "工序"]
        errors = read_workbook(book([good_row()], headers)).errors
        assert {(e.code, e.value) for e in errors} == {
            ("HEADER_MISSING", None),
            ("HEADER_UNKNOWN", "自填列"),
            ("HEADER_REPEATED", "工序"),
        }
        assert sorted(e.message for e in errors if e.code == "HEADER_MISSING") == ["缺少表头“地址”", "缺少表头“行业”"]

    def test_brackets_and_blanks_do_not_matter(self) -> None:
        headers = [h.replace("（", "(").replace("）", ")").replace("-", " -") for h in HEADERS]
        assert read_workbook(book([good_row()], headers)).errors == []

    def test_another_sheet_name_is_named(self) -> None:
        errors = read_workbook(book([good_row()], sheet="Sheet1")).errors
        assert [(e.code, "应急减排清单" in e.message + e.advice) for e in errors] == [("SHEET_UNKNOWN", True), ("NO_SHEET", True)]


class TestCells:
    @pytest.mark.parametrize(
        ("header", "value", "code"),
        [
            ("统一社会信用代码", None, "REQUIRED"),
            ("统一社会信用代码", "91350211M0000XUF46", "USCC_CHECK_DIGIT"),
            ("统一社会信用代码", "9135", "USCC_LENGTH"),
            ("统一社会信用代码", "9135O211M0000XUF46", "USCC_CHARACTERS"),
            ("统一社会信用代码", 911101066976941872, "CODE_AS_NUMBER"),
            ("排污许可证编号", "X001P", "PERMIT_FORMAT"),
            ("排污许可证编号", "91130200699229618X001P", "PERMIT_CHECK_DIGIT"),
            ("区县代码", "1302", "ADCODE"),
            ("国民经济行业代码", "C3011", "GBT4754"),
            ("绩效等级", "E", "NOT_A_CHOICE"),
            ("重点行业", "也许", "NOT_A_CHOICE"),
            ("保障有效期至", "2026-02-30", "NOT_A_DATE"),
            ("保障有效期至", "明年", "NOT_A_DATE"),
            ("保障有效期至", 45000, "NOT_A_DATE"),
            ("保障有效期至", "2026-09-30", "GUARANTEE_DATE"),
            ("保障负荷上限", 5, "CAP_INCOMPLETE"),
            ("现状排放SO2（kg/d）", -1, "OUT_OF_RANGE"),
            ("现状排放SO2（kg/d）", 1e9, "OUT_OF_RANGE"),
            ("现状排放SO2（kg/d）", "NaN", "NOT_A_NUMBER"),
            ("现状排放SO2（kg/d）", "inf", "NOT_A_NUMBER"),
            ("现状排放SO2（kg/d）", "5吨", "NOT_A_NUMBER"),
            ("现状排放SO2（kg/d）", True, "NOT_A_NUMBER"),
            ("设备总数", 1.5, "NOT_WHOLE"),
            ("设备总数", 0, "OUT_OF_RANGE"),
            ("黄色-措施", None, "REQUIRED"),
            ("黄色-措施", "停一停", "NOT_A_CHOICE"),
            ("黄色-比例（%）", 0.5, "PERCENT"),
            ("黄色-比例（%）", 101, "PERCENT"),
            ("黄色-比例（%）", None, "MEASURE_INCOMPLETE"),
            ("黄色-措施", "不采取措施", "MEASURE_CONTRADICTS"),
            ("黄色-措施", "未确定", "MEASURE_CONTRADICTS"),
            ("黄色-措施", "运输管控", "MEASURE_INCOMPLETE"),
            ("黄色-停产数量", 2, "UNITS"),
            ("黄色-时段", "早上", "WINDOW"),
            ("黄色-负荷上限", 0, "OUT_OF_RANGE"),
            ("企业名称", "甲" * 1001, "TOO_LONG"),
            ("企业名称", "甲\x02乙", "CONTROL_CHARACTER"),
        ],
    )
    def test_a_wrong_cell_is_named_by_row_and_column(self, header: str, value: Any, code: str) -> None:
        reading = with_cell(header, value)
        assert reading.rows == []
        error = next(e for e in reading.errors if e.code == code)
        assert (error.sheet, error.row) == (LIST_SHEET, 2)
        assert error.column is not None
        assert error.advice
        assert error.advice_en
        if code not in ("GUARANTEE_DATE", "MEASURE_INCOMPLETE", "MEASURE_CONTRADICTS"):
            assert error.column.endswith(header)

    @pytest.mark.parametrize(
        ("header", "value"),
        [
            ("区县代码", 130203),
            ("黄色-比例（%）", "100%"),
            ("绩效等级", "C级"),
            ("保障有效期至", None),
            ("现状排放SO2（kg/d）", "12.5"),
            ("黄色-时段", "17：00～09:00"),
        ],
    )
    def test_what_can_be_understood_is_read(self, header: str, value: Any) -> None:
        assert with_cell(header, value).errors == []

    def test_all_problems_of_all_rows_come_at_once(self) -> None:
        rows = [changed(区县代码="1", 行业=None), good_row(), changed(绩效等级="E", 生产线编号="2")]
        errors = read_workbook(book(rows)).errors
        assert [(e.row, e.code) for e in errors] == [(2, "ADCODE"), (2, "REQUIRED"), (4, "NOT_A_CHOICE")]

    def test_empty_rows_between_are_passed_over(self) -> None:
        reading = read_workbook(book([good_row(), [], changed(生产线编号="MF0002")]))
        assert [row.number for row in reading.rows] == [2, 4]

    def test_an_empty_measure_is_not_taken_for_none_or_unknown(self) -> None:
        errors = with_cell("红色-措施", None).errors
        assert [(e.code, e.column and e.column.split()[-1]) for e in errors] == [("REQUIRED", "红色-措施")]


class TestRowsTogether:
    def test_the_same_line_twice_is_refused(self) -> None:
        errors = read_workbook(book([good_row(), good_row()])).errors
        assert [(e.code, e.row) for e in errors] == [("DUPLICATE", 3)]
        assert "第 2 行" in errors[0].message

    def test_an_enterprise_is_the_same_on_all_its_rows(self) -> None:
        other = changed(生产线编号="MF0002", 企业名称="另一家")
        assert [(e.code, e.row) for e in read_workbook(book([good_row(), other])).errors] == [("ENTERPRISE_DIFFERS", 3)]

    def test_each_cell_in_which_an_enterprise_differs_is_named_with_both_values(self) -> None:
        first = changed(保障有效期至=None, 地址="新华道 1 号")
        other = changed(生产线编号="MF0002", 绩效等级="A", 地址=None, 小微涉气="是")
        errors = read_workbook(book([first, other])).errors
        assert {e.code for e in errors} == {"ENTERPRISE_DIFFERS"}
        wrong = ["绩效等级", "地址", "小微涉气"]
        assert [e.column for e in errors] == [f"{column_letter(HEADERS.index(one))} {one}" for one in wrong]
        assert [e.value for e in errors] == ["A", "", "是"]
        assert "“绩效等级”与第 2 行不一致" in errors[0].message
        assert "本行 –，第 2 行 新华道 1 号" in errors[1].message

    def test_a_differing_cell_is_named_where_its_column_stands(self) -> None:
        other = changed(生产线编号="MF0002", 地址="别处")
        errors = read_workbook(book([good_row()[::-1], other[::-1]], HEADERS[::-1])).errors
        assert [e.column for e in errors] == [f"{column_letter(HEADERS[::-1].index('地址'))} 地址"]

    def test_no_row_at_all_is_said(self) -> None:
        assert [e.code for e in read_workbook(book([])).errors] == ["NO_ROWS"]
        assert [e.code for e in read_workbook(book([[EXAMPLE]])).errors] == ["NO_ROWS"]

    def test_too_many_rows_are_refused(self) -> None:
        rows = [changed(生产线编号=f"MF{n}") for n in range(4)]
        assert [e.code for e in read_workbook(book(rows), Limits(rows=3)).errors] == ["TOO_MANY_ROWS"]

    def test_too_many_errors_end_with_a_word_about_it(self) -> None:
        rows = [changed(生产线编号=f"MF{n}", 区县代码="1") for n in range(9)]
        errors = read_workbook(book(rows), Limits(findings=3)).errors
        assert [e.code for e in errors] == ["ADCODE"] * 3 + ["TOO_MANY_ERRORS"]


class TestBase:
    def _with_base(self, cells: list[list[Any]]) -> Reading:
        target = BytesIO()
        with xlsxwriter.Workbook(target, {"in_memory": True}) as made:
            page = made.add_worksheet(LIST_SHEET)
            for index, row in enumerate([HEADERS, good_row()]):
                for place, cell in enumerate(row):
                    if cell is not None:
                        page.write(index, place, cell)
            base = made.add_worksheet(BASE_SHEET)
            for index, row in enumerate(cells):
                for place, cell in enumerate(row):
                    base.write(index, place, cell)
        return read_workbook(target.getvalue())

    def test_is_read_by_pollutant(self) -> None:
        cells = [["污染物", "全社会日排放量(kg/d)"], ["NOx", 20], ["SO2", 10]]
        reading = self._with_base(cells)
        assert reading.errors == []
        assert reading.whole_society == Pollutants(so2=10, nox=20)

    @pytest.mark.parametrize(
        ("cells", "code"),
        [
            ([["A", "B"]], "HEADER_MISSING"),
            ([["污染物"]], "HEADER_MISSING"),
            ([["污染物", "全社会日排放量（kg/d）"], ["CO", 1]], "BASE_POLLUTANT"),
            ([["污染物", "全社会日排放量（kg/d）"], ["SO2", 1], ["SO2", 2]], "BASE_POLLUTANT"),
            ([["污染物", "全社会日排放量（kg/d）"], ["SO2", -1]], "OUT_OF_RANGE"),
            ([["污染物", "全社会日排放量（kg/d）"], ["SO2", "多"]], "NOT_A_NUMBER"),
        ],
    )
    def test_a_wrong_base_is_named(self, cells: list[list[Any]], code: str) -> None:
        assert [(e.code, e.sheet) for e in self._with_base(cells).errors] == [(code, BASE_SHEET)]


def test_a_draft_carries_what_was_read() -> None:
    one = replace(draft((firm(), line("1", measure(Action.NONE)))), whole_society=Pollutants(1, 1, 1, 1))
    again = read_workbook(write_workbook(one)).draft("130200")
    assert again == one
    assert isinstance(again.rows[0].line.measures, PerLevel)
