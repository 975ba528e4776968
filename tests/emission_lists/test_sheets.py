"""Further sheets: what is written is read again; what is wrong is named by sheet, row and column, all at once."""

from io import BytesIO

import pytest
import xlsxwriter
from hypothesis import given, settings
from hypothesis import strategies as st
from python_calamine import CalamineWorkbook

from emission_lists.columns import EXAMPLE, MOST_COLUMNS
from emission_lists.findings import Finding
from emission_lists.sheets.columns import KEY_FIELDS, SHEET_COLUMNS
from emission_lists.sheets.examples import EXAMPLES
from emission_lists.sheets.kinds import Json, Sheet, SheetRecord, record_document, record_from
from emission_lists.sheets.reading import as_records, read_sheets, table_of
from emission_lists.sheets.table_reader import TableReader
from emission_lists.sheets.texts import SHEET_TEXTS
from emission_lists.sheets.writing import records_workbook, sheet_template
from emission_lists.workbook_guard import Limits, inspect
from tests.emission_lists.sheet_samples import many_records, record


def book(content: bytes) -> CalamineWorkbook:
    return CalamineWorkbook.from_filelike(BytesIO(content))


def table(sheet: Sheet, *rows: SheetRecord, **raw: object) -> list[list[object]]:
    """Cells of a sheet: its header and some records, with raw cells by header in the last row."""
    columns = SHEET_COLUMNS[sheet]
    cells: list[list[object]] = [["序号", *(column.header for column in columns)]]
    for number, row in enumerate(rows, start=1):
        shown = [column.shown(row.fields[column.name]) for column in columns]
        cells.append([number, *("" if cell is None else cell for cell in shown)])
    for header, cell in raw.items():
        cells[-1][cells[0].index(header)] = cell
    return cells


def read(sheet: Sheet, cells: list[list[object]], limits: Limits | None = None) -> tuple[list[SheetRecord], list[Finding]]:
    reader = TableReader(table_of(sheet), limits)
    return as_records(sheet, reader.read_rows(cells)), reader.errors


class TestRoundTrip:
    @settings(max_examples=40)
    @given(many_records())
    def test_what_is_written_is_read_again(self, records: tuple[SheetRecord, ...]) -> None:
        found, errors = read_sheets(book(records_workbook(records)))
        assert errors == []
        assert tuple(found) == records

    @settings(max_examples=10)
    @given(many_records(most=2))
    def test_equal_records_give_equal_bytes(self, records: tuple[SheetRecord, ...]) -> None:
        assert records_workbook(records) == records_workbook(records)

    @given(many_records())
    def test_what_is_stored_comes_back(self, records: tuple[SheetRecord, ...]) -> None:
        assert tuple(record_from(record_document(one)) for one in records) == records

    def test_a_sheet_that_is_missing_has_no_records(self) -> None:
        one = record(Sheet.DUST)
        assert read_sheets(book(records_workbook([one])), only=[Sheet.WHITELIST]) == ([], [])


class TestTemplate:
    def test_the_examples_are_never_imported(self) -> None:
        assert read_sheets(book(sheet_template())) == ([], [])

    @pytest.mark.parametrize("sheet", Sheet)
    def test_an_example_is_a_record_when_it_is_no_longer_marked(self, sheet: Sheet) -> None:
        found, errors = read(sheet, table(sheet, record(sheet)))
        assert errors == []
        assert found == [record(sheet)]

    @pytest.mark.parametrize("sheet", Sheet)
    def test_an_example_names_only_columns_of_its_sheet(self, sheet: Sheet) -> None:
        assert set(EXAMPLES[sheet]) <= {column.name for column in SHEET_COLUMNS[sheet]}

    @pytest.mark.parametrize("sheet", Sheet)
    def test_names_headers_and_keys(self, sheet: Sheet) -> None:
        columns = SHEET_COLUMNS[sheet]
        assert len({column.name for column in columns}) == len({column.key for column in columns}) == len(columns)
        assert all(column.needed for column in columns if column.name in KEY_FIELDS[sheet])
        for column in columns:
            codes = list((column.codes or {}).values())
            assert len(set(codes)) == len(codes), column.header

    def test_the_guard_of_workbooks_has_nothing_against_it(self) -> None:
        seen = inspect(sheet_template(), Limits())
        assert (seen.findings, seen.formulas, seen.merged) == ([], {}, False)

    def test_it_says_that_no_official_template_is_public(self) -> None:
        notes = book(sheet_template()).get_sheet_by_name("其他清单填写说明").to_python()
        assert any("未公布统一模板" in str(cell) for row in notes for cell in row)


class TestFaults:
    def test_all_of_a_row_at_once(self) -> None:
        cells = table(Sheet.DUST, record(Sheet.DUST), 区县代码="1302", 工地类型="仓库")
        cells[1][cells[0].index("现状排放PM（kg/d）")] = "many"
        cells[1][cells[0].index("红色-措施")] = ""
        _, errors = read(Sheet.DUST, cells)
        assert [(one.code, one.sheet, one.row) for one in errors] == [
            ("ADCODE", "扬尘源清单", 2),
            ("NOT_A_CHOICE", "扬尘源清单", 2),
            ("NOT_A_NUMBER", "扬尘源清单", 2),
            ("REQUIRED", "扬尘源清单", 2),
        ]
        assert errors[0].column == "D 区县代码"

    @pytest.mark.parametrize(
        ("given_plate", "kept"),
        [("冀B12345", "冀B12345"), (" 冀b·12345 ", "冀B12345"), ("冀BD12345", "冀BD12345"), ("冀B1234挂", "冀B1234挂")],
    )
    def test_plates_that_are_read(self, given_plate: str, kept: str) -> None:
        found, errors = read(Sheet.WHITELIST, table(Sheet.WHITELIST, record(Sheet.WHITELIST), 号牌号码=given_plate))
        assert (errors, [one.key for one in found]) == ([], [kept])

    @pytest.mark.parametrize("wrong", ["B12345", "冀B1234", "冀B123456789", "冀I12345", "冀B1234O", "12345", "冀B 挂345"])
    def test_plates_that_are_refused(self, wrong: str) -> None:
        _, errors = read(Sheet.WHITELIST, table(Sheet.WHITELIST, record(Sheet.WHITELIST), 号牌号码=wrong))
        assert [(one.code, one.column) for one in errors] == [("PLATE", "B 号牌号码")]

    def test_a_second_row_with_the_same_key(self) -> None:
        found, errors = read(Sheet.WHITELIST, table(Sheet.WHITELIST, record(Sheet.WHITELIST), record(Sheet.WHITELIST)))
        assert [(one.code, one.row, one.value) for one in errors] == [("RECORD_TWICE", 3, "冀BD12345")]
        assert "第 2 行" in errors[0].message
        assert len(found) == 1

    @pytest.mark.parametrize(
        ("sheet", "changed", "code"),
        [
            (Sheet.DUST, {"lon": 118.2}, "HALF_POSITION"),
            (Sheet.DUST, {"lat": 39.6}, "HALF_POSITION"),
            (Sheet.BULK_TRANSPORT, {"entrances": 1, "barriers": 2}, "MORE_BARRIERS"),
            (Sheet.GUARANTEE, {"code": "91350211M0000XUF46"}, "SUBJECT_USCC"),
            (Sheet.GUARANTEE, {"subject": "vehicle", "code": "某车"}, "PLATE"),
            (Sheet.GUARANTEE, {"valid_from": "2026-11-02", "valid_until": "2026-11-01"}, "PERIOD"),
            (Sheet.GUARANTEE, {"cap_unit": None}, "CAP_INCOMPLETE"),
        ],
    )
    def test_cells_that_do_not_go_together(self, sheet: Sheet, changed: dict[str, Json], code: str) -> None:
        found, errors = read(sheet, table(sheet, record(sheet, **changed)))
        assert (found, [one.code for one in errors]) == ([], [code])

    @pytest.mark.parametrize(
        ("sheet", "changed"),
        [
            (Sheet.DUST, {"lon": 118.2, "lat": 39.6}),
            (Sheet.BULK_TRANSPORT, {"entrances": 2, "barriers": 2}),
            (Sheet.GUARANTEE, {"subject": "project", "code": "ZD-1"}),
            (Sheet.GUARANTEE, {"subject": "vehicle", "code": "冀B12345"}),
            (Sheet.GUARANTEE, {"valid_from": "2026-11-01", "valid_until": "2026-11-01"}),
        ],
    )
    def test_cells_that_just_go_together(self, sheet: Sheet, changed: dict[str, Json]) -> None:
        assert read(sheet, table(sheet, record(sheet, **changed))) == ([record(sheet, **changed)], [])

    def test_true_is_not_one(self) -> None:
        _, errors = read(Sheet.BULK_TRANSPORT, table(Sheet.BULK_TRANSPORT, record(Sheet.BULK_TRANSPORT), 日均进出车次=True))
        assert [one.code for one in errors] == ["NOT_A_NUMBER"]

    def test_every_text_is_used(self) -> None:
        told = {"PLATE", "RECORD_TWICE", "HALF_POSITION", "MORE_BARRIERS", "SUBJECT_USCC", "PERIOD"}
        of_registers = {"HOLDER_MISSING", "CSV_ENCODING", "CSV_BROKEN", "PERMIT_OUTSIDE"}
        assert set(SHEET_TEXTS) == told | of_registers


class TestHeaders:
    def test_an_optional_column_may_be_missing(self) -> None:
        cells = [row[:-1] for row in table(Sheet.WHITELIST, record(Sheet.WHITELIST, note=None))]
        assert read(Sheet.WHITELIST, cells) == ([record(Sheet.WHITELIST)], [])

    def test_columns_in_another_order(self) -> None:
        cells = [list(reversed(row)) for row in table(Sheet.WHITELIST, record(Sheet.WHITELIST))]
        assert read(Sheet.WHITELIST, cells) == ([record(Sheet.WHITELIST)], [])

    def test_missing_unknown_and_repeated_ones_come_together(self) -> None:
        cells = table(Sheet.WHITELIST, record(Sheet.WHITELIST))
        cells[0][1:4] = ["号牌颜色", "颜色", "号牌颜色"]
        found, errors = read(Sheet.WHITELIST, cells)
        assert found == []
        assert sorted(one.code for one in errors) == ["HEADER_MISSING", "HEADER_REPEATED", "HEADER_UNKNOWN"]
        assert {one.row for one in errors} == {1}

    def test_a_column_without_header_is_named(self) -> None:
        cells = table(Sheet.WHITELIST, record(Sheet.WHITELIST))
        cells[0][1] = " "
        assert "HEADER_UNKNOWN" in [one.code for one in read(Sheet.WHITELIST, cells)[1]]

    def test_blank_cells_behind_the_last_header_say_nothing(self) -> None:
        cells = table(Sheet.WHITELIST, record(Sheet.WHITELIST))
        cells[0] += ["", " "] * 10_000
        assert read(Sheet.WHITELIST, cells) == ([record(Sheet.WHITELIST)], [])

    @pytest.mark.parametrize("between", ["", "颜色"])
    def test_a_header_of_the_full_width_is_one_fault(self, between: str) -> None:
        cells = table(Sheet.WHITELIST, record(Sheet.WHITELIST))
        cells[0] += [between] * (16_383 - len(cells[0])) + ["末列"]
        found, errors = read(Sheet.WHITELIST, cells)
        assert found == []
        assert [(one.code, one.column, one.value) for one in errors] == [("HEADER_UNKNOWN", "XFD", "末列")]

    @pytest.mark.parametrize(("width", "faults"), [(MOST_COLUMNS, True), (MOST_COLUMNS + 1, False)])
    def test_up_to_the_limit_every_blank_header_is_named(self, width: int, faults: bool) -> None:
        cells = table(Sheet.WHITELIST, record(Sheet.WHITELIST))
        blanks = width - 1 - len(cells[0])
        cells[0] += [""] * blanks + ["末列"]
        assert len(read(Sheet.WHITELIST, cells)[1]) == (blanks + 1 if faults else 1)


class TestSheetAsWritten:
    def write(self, *cells: tuple[int, int, object], merged: str | None = None) -> bytes:
        target = BytesIO()
        with xlsxwriter.Workbook(target) as made:
            page = made.add_worksheet(Sheet.WHITELIST.zh)
            for row, column, cell in cells:
                page.write(row, column, cell)
            if merged:
                page.merge_range(merged, "京A12345")
        return target.getvalue()

    def test_rows_are_counted_as_the_sheet_counts_them(self) -> None:
        header = [(0, place, cell) for place, cell in enumerate(table(Sheet.WHITELIST)[0])]
        _, errors = read_sheets(book(self.write(*header, (7, 1, "京A1"))))
        assert {one.row for one in errors} == {8}

    def test_a_header_that_is_not_in_the_first_row_is_missing(self) -> None:
        header = [(3, place, cell) for place, cell in enumerate(table(Sheet.WHITELIST)[0])]
        assert {one.code for one in read_sheets(book(self.write(*header)))[1]} == {"HEADER_MISSING"}

    def test_merged_cells_are_refused(self) -> None:
        header = [(0, place, cell) for place, cell in enumerate(table(Sheet.WHITELIST)[0])]
        _, errors = read_sheets(book(self.write(*header, merged="B2:B3")))
        assert errors[0].code == "MERGED"
        assert "B2:B3" in errors[0].message

    def test_too_many_rows(self) -> None:
        cells = table(Sheet.WHITELIST, record(Sheet.WHITELIST))
        content = self.write(*((row, place, cell) for row, line in enumerate(cells) for place, cell in enumerate(line)))
        assert [one.code for one in read_sheets(book(content), Limits(rows=0))[1]] == ["TOO_MANY_ROWS"]

    def test_rows_marked_as_examples_and_empty_ones_are_passed_over(self) -> None:
        cells = table(Sheet.WHITELIST, record(Sheet.WHITELIST), record(Sheet.WHITELIST))
        cells[1][0] = EXAMPLE
        cells.insert(1, [])
        found, errors = read(Sheet.WHITELIST, cells)
        assert (errors, [one.number for one in found]) == ([], [4])


@given(
    st.sampled_from(list(Sheet)),
    st.lists(st.lists(st.one_of(st.text(max_size=8), st.floats(), st.integers(), st.booleans()), max_size=50), max_size=4),
)
def test_no_content_of_cells_makes_it_raise(sheet: Sheet, rows: list[list[object]]) -> None:
    header = table(sheet)[0]
    found, errors = read(sheet, [header, *rows])
    assert len(found) <= len(rows)
    assert all(one.sheet == sheet.zh and one.message and one.advice for one in errors)
