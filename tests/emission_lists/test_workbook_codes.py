"""Every code that reading a workbook can give: one file that gives it, and what it says."""

from collections.abc import Callable
from io import BytesIO
from typing import Any
from zipfile import ZIP_DEFLATED, ZipFile

import pytest
import xlsxwriter

from emission_lists.columns import BASE_SHEET, COLUMNS, LIST_SHEET, column_letter
from emission_lists.findings import Finding, Severity
from emission_lists.import_texts import IMPORT_TEXTS
from emission_lists.measures import Action
from emission_lists.workbook import Limits, read_workbook
from emission_lists.workbook_writer import write_workbook
from tests.emission_lists.list_samples import draft, firm, line, measure

Made = tuple[bytes, Limits | None]
GOOD = write_workbook(draft((firm(), line("MF0001", measure(Action.STOP, 1.0)))))
SHEET = "xl/worksheets/sheet1.xml"


def rebuilt(changes: dict[str, Callable[[bytes], bytes]] | None = None, extra: dict[str, bytes] | None = None) -> bytes:
    target = BytesIO()
    with ZipFile(BytesIO(GOOD)) as old, ZipFile(target, "w", ZIP_DEFLATED) as new:
        for name in old.namelist():
            new.writestr(name, (changes or {}).get(name, bytes)(old.read(name)))
        for name, content in (extra or {}).items():
            new.writestr(name, content)
    return target.getvalue()


def good_cells() -> dict[str, Any]:
    """Header → cell of a row that can be read."""
    from python_calamine import CalamineWorkbook

    head, cells = CalamineWorkbook.from_filelike(BytesIO(GOOD)).get_sheet_by_name(LIST_SHEET).to_python()[:2]
    return {str(header): None if cell == "" else cell for header, cell in zip(head, cells, strict=True)}


def sheet(*changes: dict[str, Any], drop: str = "", add: str = "", base: list[list[Any]] | None = None) -> bytes:
    """A workbook whose rows are the good row with changes."""
    headers = [header for header in good_cells() if header != drop] + ([add] if add else [])
    target = BytesIO()
    with xlsxwriter.Workbook(target, {"in_memory": True}) as made:
        page = made.add_worksheet(LIST_SHEET)
        page.write_row(0, 0, headers)
        for index, change in enumerate(changes, start=1):
            cells = {**good_cells(), **change}
            for place, header in enumerate(headers):
                if cells.get(header) is not None:
                    page.write(index, place, cells[header])
        if base is not None:
            other = made.add_worksheet(BASE_SHEET)
            for index, row in enumerate(base):
                other.write_row(index, 0, row)
    return target.getvalue()


def cell(header: str, value: Any) -> Made:
    assert header in {column.header for column in COLUMNS}
    return sheet({header: value}), None


def encrypted() -> bytes:
    marked = bytearray(GOOD)
    marked[marked.find(b"PK\x01\x02") + 8] |= 1
    return bytes(marked)


def merged() -> bytes:
    target = BytesIO()
    with xlsxwriter.Workbook(target) as made:
        made.add_worksheet(LIST_SHEET).merge_range("B2:B4", "某企业")
    return target.getvalue()


def beside(name: str, *, chart: bool = False) -> bytes:
    """A list and another sheet."""
    target = BytesIO()
    with xlsxwriter.Workbook(target) as made:
        made.add_worksheet(LIST_SHEET).write_row(0, 0, list(good_cells()))
        if chart:
            drawn = made.add_chart({"type": "column"})
            drawn.add_series({"values": [LIST_SHEET, 0, 0, 0, 1]})
            made.add_chartsheet(name).set_chart(drawn)
        else:
            made.add_worksheet(name).write(0, 0, "x")
    return target.getvalue()


def far_cell(content: bytes) -> bytes:
    return content.replace(b"</sheetData>", b'<row r="150000"><c r="A150000"><v>1</v></c></row></sheetData>')


BASE_HEAD = ["污染物", "全社会日排放量（kg/d）"]
FILES: dict[str, Callable[[], Made]] = {
    "NOT_A_WORKBOOK": lambda: (b"a,b\n", None),
    "OLD_OR_ENCRYPTED": lambda: (encrypted(), None),
    "BROKEN": lambda: (GOOD[:-40], None),
    "TOO_LARGE": lambda: (GOOD, Limits(packed=100)),
    "EXPANDS_TOO_MUCH": lambda: (rebuilt(extra={"xl/media/a.xml": b"0" * (8 << 20)}), Limits(unpacked=1 << 20)),
    "TOO_MANY_PARTS": lambda: (GOOD, Limits(entries=3)),
    "SPARSE": lambda: (rebuilt({SHEET: far_cell}), None),
    "MACROS": lambda: (rebuilt(extra={"xl/vbaProject.bin": b"\x00"}), None),
    "EXTERNAL_LINKS": lambda: (rebuilt(extra={"xl/externalLinks/externalLink1.xml": b"<x/>"}), None),
    "UNSAFE_XML": lambda: (rebuilt({SHEET: lambda old: old.replace(b"?>", b"?><!DOCTYPE x>", 1)}), None),
    "FORMULA": lambda: (sheet({"地址": "=1+1"}), None),
    "MERGED": lambda: (merged(), None),
    "NO_SHEET": lambda: (rebuilt({"xl/workbook.xml": lambda old: old.replace(LIST_SHEET.encode(), b"S1")}), None),
    "SHEET_UNKNOWN": lambda: (beside("白名单"), None),
    "SHEET_TWICE": lambda: (beside(f"{LIST_SHEET}（2025）"), None),
    "SHEET_WITHOUT_CELLS": lambda: (beside(BASE_SHEET, chart=True), None),
    "HEADER_MISSING": lambda: (sheet({}, drop="地址"), None),
    "HEADER_UNKNOWN": lambda: (sheet({}, add="自填列"), None),
    "HEADER_REPEATED": lambda: (sheet({}, add="地址"), None),
    "NO_ROWS": lambda: (sheet(), None),
    "EXAMPLE_FILLED": lambda: (sheet({}, {"序号": "示例", "生产线编号": "2"}), None),
    "TOO_MANY_ROWS": lambda: (sheet({}, {"生产线编号": "2"}, {"生产线编号": "3"}), Limits(rows=2)),
    "TOO_MANY_ERRORS": lambda: (sheet({"行业": None}, {"行业": None}), Limits(findings=1)),
    "REQUIRED": lambda: cell("企业名称", None),
    "TOO_LONG": lambda: cell("地址", "长" * 1001),
    "CONTROL_CHARACTER": lambda: cell("地址", "路\x07"),
    "NOT_A_CHOICE": lambda: cell("保障类型", "随便"),
    "NOT_A_NUMBER": lambda: cell("现状排放PM（kg/d）", "很多"),
    "OUT_OF_RANGE": lambda: cell("现状排放PM（kg/d）", 10_000_001),
    "NOT_WHOLE": lambda: cell("设备总数", 2.5),
    "PERCENT": lambda: cell("红色-比例（%）", 1),
    "NO_UNIT": lambda: (sheet({"产能": 5}, add="产能"), None),
    "NOT_A_DATE": lambda: cell("保障有效期至", "2026/9/30"),
    "CODE_AS_NUMBER": lambda: cell("统一社会信用代码", 911302006992296170),
    "USCC_LENGTH": lambda: cell("统一社会信用代码", "911302006992296"),
    "USCC_CHARACTERS": lambda: cell("统一社会信用代码", "9113020069922961ZX"),
    "USCC_CHECK_DIGIT": lambda: cell("统一社会信用代码", "91130200699229617Y"),
    "PERMIT_FORMAT": lambda: cell("排污许可证编号", "许可"),
    "PERMIT_CHECK_DIGIT": lambda: cell("排污许可证编号", "91130200699229617Y001P"),
    "ADCODE": lambda: cell("区县代码", "唐山"),
    "GBT4754": lambda: cell("国民经济行业代码", "30110"),
    "WINDOW": lambda: cell("橙色-时段", "25:00-09:00"),
    "MEASURE_INCOMPLETE": lambda: cell("橙色-措施", "运输管控"),
    "MEASURE_CONTRADICTS": lambda: cell("橙色-措施", "不采取措施"),
    "UNITS": lambda: cell("橙色-停产数量", 9),
    "KEPT_UNITS": lambda: (sheet({"橙色-保留运行": 9, "橙色-比例（%）": None, "橙色-停产数量": None}), None),
    "CYCLE": lambda: cell("橙色-停开周期", "停停开开"),
    "LATER": lambda: cell("橙色-后续措施", "以后再说"),
    "CAP_INCOMPLETE": lambda: cell("橙色-负荷单位", "t/d"),
    "GUARANTEE_DATE": lambda: cell("保障有效期至", "2026-09-30"),
    "DUPLICATE": lambda: (sheet({}, {}), None),
    "ENTERPRISE_DIFFERS": lambda: (sheet({}, {"生产线编号": "2", "地址": "别处"}), None),
    "BASE_POLLUTANT": lambda: (sheet({}, base=[BASE_HEAD, ["CO", 5]]), None),
}


def found(code: str) -> list[Finding]:
    data, limits = FILES[code]()
    return [error for error in read_workbook(data, limits).errors if error.code == code]


def test_every_text_of_an_import_has_a_file() -> None:
    assert set(FILES) == set(IMPORT_TEXTS)


@pytest.mark.parametrize("code", FILES)
class TestEveryCode:
    def test_is_given_and_forbids_the_import(self, code: str) -> None:
        assert {error.severity for error in found(code)} == {Severity.BLOCKING}

    def test_says_what_and_what_to_do_with_nothing_left_open(self, code: str) -> None:
        for error in found(code):
            texts = (error.message, error.advice, error.message_en, error.advice_en)
            assert all(texts)
            assert all("{" not in text and "None" not in text for text in texts)

    def test_its_document_is_complete(self, code: str) -> None:
        document = found(code)[0].document()
        assert document["code"] == code
        assert list(document)[:5] == ["code", "severity", "sheet", "row", "column"]
        assert all(document[key] for key in ("message", "advice", "message_en", "advice_en"))


def place(header: str) -> str:
    """Where a column of the template stands: its letter and header."""
    letters = {column.header: column_letter(index) for index, column in enumerate(COLUMNS, start=1)}
    return f"{letters[header]} {header}"


class TestPlace:
    @pytest.mark.parametrize(
        ("code", "row", "column"),
        [
            ("REQUIRED", 2, place("企业名称")),
            ("USCC_LENGTH", 2, place("统一社会信用代码")),
            ("PERCENT", 2, place("红色-比例（%）")),
            ("CAP_INCOMPLETE", 2, place("橙色-负荷上限")),
            ("GUARANTEE_DATE", 2, place("保障类型")),
            ("MEASURE_CONTRADICTS", 2, place("橙色-比例（%）")),
            ("MEASURE_INCOMPLETE", 2, place("橙色-车辆管控")),
            ("UNITS", 2, place("橙色-停产数量")),
            ("KEPT_UNITS", 2, place("橙色-保留运行")),
            ("CYCLE", 2, place("橙色-停开周期")),
            ("LATER", 2, place("橙色-后续措施")),
            ("DUPLICATE", 3, place("生产线编号")),
            ("ENTERPRISE_DIFFERS", 3, place("地址")),
            ("FORMULA", 2, "I"),
            ("MERGED", 2, "B"),
            ("BASE_POLLUTANT", 2, "A 污染物"),
        ],
    )
    def test_is_row_and_column_of_the_sheet(self, code: str, row: int, column: str) -> None:
        assert [(error.row, error.column) for error in found(code)] == [(row, column)]

    def test_problems_of_a_row_stand_from_left_to_right(self) -> None:
        data = sheet(
            {
                "红色-时段": "早",
                "现状排放NOx（kg/d）": -1,
                "黄色-减排PM（kg/d）": "x",
                "设备总数": 1.5,
                "企业名称": None,
                "生产线编号": None,
            }
        )
        headers = [str(error.column).split()[-1] for error in read_workbook(data).errors]
        order = [column.header for column in COLUMNS]
        assert len(headers) == 6
        assert headers == sorted(headers, key=order.index)

    def test_a_moved_column_is_named_where_it_stands(self) -> None:
        headers = list(good_cells())[::-1]
        target = BytesIO()
        with xlsxwriter.Workbook(target) as made:
            page = made.add_worksheet(LIST_SHEET)
            page.write_row(0, 0, headers)
            cells = {**good_cells(), "企业名称": None}
            for place, header in enumerate(headers):
                if cells[header] is not None:
                    page.write(1, place, cells[header])
        moved = f"{column_letter(headers.index('企业名称'))} 企业名称"
        assert [error.column for error in read_workbook(target.getvalue()).errors] == [moved]


class TestTruthValues:
    """TRUE equals 1 in Python, and never on a list."""

    @pytest.mark.parametrize("first", [True, False])
    def test_true_is_no_number_even_after_a_one(self, first: bool) -> None:
        rows = [{"设备总数": 1}, {"设备总数": True, "生产线编号": "2"}]
        numbered = [{**row, "生产线编号": str(n)} for n, row in enumerate(rows if first else rows[::-1])]
        errors = read_workbook(sheet(*numbered)).errors
        assert [(e.code, e.row, e.value) for e in errors] == [("NOT_A_NUMBER", 3 if first else 2, "TRUE")]

    @pytest.mark.parametrize("header", ["重点行业", "黄色-含以上", "黄色-措施", "绩效等级"])
    def test_is_no_choice(self, header: str) -> None:
        assert [e.code for e in read_workbook(sheet({header: True})).errors] == ["NOT_A_CHOICE"]

    def test_is_text_where_text_is_asked(self) -> None:
        reading = read_workbook(sheet({"企业名称": True}, {"企业名称": False, "生产线编号": "2", "地址": None}))
        assert reading.rows[0].enterprise.name == "TRUE"

    def test_another_way_of_writing_it_is_seen_too(self) -> None:
        def change(old: bytes) -> bytes:
            at = f"{place('设备总数').split()[0]}2".encode()
            assert b'<c r="%b" s="2"><v>1</v>' % at in old
            return old.replace(b'<c r="%b" s="2"><v>1</v>' % at, b"<c r='%b' t = 'b'><v>1</v>" % at)

        errors = read_workbook(rebuilt({SHEET: change})).errors
        assert [(e.code, e.value) for e in errors] == [("NOT_A_NUMBER", "TRUE")]


class TestSameCellsTwice:
    """What is read once must be reported on every row."""

    def test_a_wrong_enterprise_is_named_on_each_of_its_rows(self) -> None:
        wrong = {"区县代码": "1"}
        data = sheet(wrong, {**wrong, "生产线编号": "2"}, {**wrong, "生产线编号": "3"})
        assert [(e.code, e.row) for e in read_workbook(data).errors] == [("ADCODE", n) for n in (2, 3, 4)]

    def test_a_wrong_measure_is_named_on_each_of_its_rows(self) -> None:
        wrong = {"红色-比例（%）": 0.5}
        data = sheet(wrong, {**wrong, "生产线编号": "2"})
        assert [(e.code, e.row) for e in read_workbook(data).errors] == [("PERCENT", 2), ("PERCENT", 3)]

    def test_equal_measures_with_other_units_are_told_apart(self) -> None:
        data = sheet({"黄色-停产数量": 1}, {"黄色-停产数量": 1, "设备总数": 3, "生产线编号": "2"})
        reading = read_workbook(data)
        assert reading.errors == []
        assert [row.line.measures.yellow.total_units for row in reading.rows] == [1, 3]
