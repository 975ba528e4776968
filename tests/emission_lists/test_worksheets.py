"""Worksheets by their names: what is recognised, what is refused, and that nothing is left out without a word."""

import re
from collections.abc import Callable, Sequence
from io import BytesIO
from pathlib import Path
from typing import Any
from zipfile import ZIP_DEFLATED, ZipFile

import pytest
import xlsxwriter
from python_calamine import CalamineWorkbook

from emission_lists import workbook
from emission_lists.columns import BASE_SHEET, BESIDE_SHEETS, FAULTS_SHEET, FLOOR_SHEET, LIST_SHEET
from emission_lists.floors import floor_report, report_document
from emission_lists.generator import generate_list
from emission_lists.guides import Guide, ListProfile
from emission_lists.lists import EmissionListDraft
from emission_lists.marked import write_marked
from emission_lists.sheets.kinds import Sheet
from emission_lists.sheets.writing import records_workbook, sheet_template
from emission_lists.source_totals import source_totals
from emission_lists.workbook import Reading, Windows, read_workbook
from emission_lists.workbook_writer import template, write_long, write_workbook
from emission_lists.worksheets import DATA_SHEETS, meant, nearest
from tests.emission_lists.conftest import load_profile
from tests.emission_lists.test_workbook import HEADERS, changed, good_row

Page = tuple[str, Sequence[Sequence[Any]]]
LIST: Page = (LIST_SHEET, [HEADERS, good_row()])
WHITELIST = Sheet.WHITELIST.zh


def made(*pages: Page, hidden: str = "", chart: str = "") -> bytes:
    """A workbook of these worksheets, one of them hidden, and a chart sheet."""
    target = BytesIO()
    with xlsxwriter.Workbook(target, {"in_memory": True}) as book:
        for name, rows in pages:
            page = book.add_worksheet(name)
            for index, row in enumerate(rows):
                page.write_row(index, 0, row)
            if name == hidden:
                page.hide()
        if chart:
            one = book.add_chart({"type": "column"})
            one.add_series({"values": [pages[0][0], 0, 0, 1, 0]})
            book.add_chartsheet(chart).set_chart(one)
    return target.getvalue()


def with_book(content: bytes, change: Callable[[str], str]) -> bytes:
    """The workbook with its table of sheets changed."""
    target = BytesIO()
    with ZipFile(BytesIO(content)) as old, ZipFile(target, "w", ZIP_DEFLATED) as new:
        for name in old.namelist():
            part = old.read(name)
            new.writestr(name, change(part.decode()).encode() if name == "xl/workbook.xml" else part)
    return target.getvalue()


def renamed(content: bytes, old: str, new: str) -> bytes:
    def change(part: str) -> str:
        assert f'name="{old}"' in part
        return part.replace(f'name="{old}"', f'name="{new}"')

    return with_book(content, change)


def read(content: bytes) -> Reading:
    """What the reading of the whole gives; that in windows must give the same."""
    reading = read_workbook(content, windows=Windows(long=1 << 60))
    assert read_workbook(content, windows=Windows(0, 3000)) == reading
    return reading


def reads_as(content: bytes, other: bytes) -> bool:
    return read(content) == read_workbook(other)


def codes(content: bytes) -> list[tuple[str, str | None]]:
    return [(one.code, one.sheet) for one in read(content).errors]


@pytest.fixture(scope="module")
def generated(guide: Guide, profile: ListProfile) -> EmissionListDraft:
    """A list with records in every sheet."""
    return generate_list("130200", seed=7, enterprises=20, guide=guide, profile=profile, counties=("130202", "130203"))


class TestWhatWeWrite:
    def test_has_only_worksheets_that_are_known(self, generated: EmissionListDraft, tmp_path: Path) -> None:
        floors = report_document(
            floor_report(source_totals(generated), generated.whole_society, load_profile().floor())
        )
        write_long(tmp_path / "long", generated.rows, generated.records, generated.whole_society, None, floors)
        long = (tmp_path / "long").read_bytes()
        write_marked(tmp_path / "marked", long, [])
        written = [
            template(further=True),
            write_workbook(generated),
            sheet_template(),
            records_workbook(generated.records),
            long,
            (tmp_path / "marked").read_bytes(),
        ]
        names = [CalamineWorkbook.from_filelike(BytesIO(content)).sheet_names for content in written]
        assert {name for each in names for name in each} == {*DATA_SHEETS, *BESIDE_SHEETS}
        assert FLOOR_SHEET in names[4]
        assert FAULTS_SHEET in names[5]
        for content in written:
            assert not {one.code for one in read_workbook(content).errors} - {"NO_ROWS", "NO_SHEET"}

    def test_no_two_names_mean_the_same(self) -> None:
        assert [meant(name) for name in (*DATA_SHEETS, *BESIDE_SHEETS)] == [*DATA_SHEETS, *BESIDE_SHEETS]


class TestRecognised:
    @pytest.mark.parametrize(
        "name",
        ["货车白名单 ", "　货车 白名单", "货车白名单（2026）", "货车白名单(2026年)", "货车白名单（2025-2026年度）", "货车白名单【2026版】"],
    )
    def test_a_further_sheet_is_read_under_a_name_that_cannot_mean_another(
        self, generated: EmissionListDraft, name: str
    ) -> None:
        content = write_workbook(generated)
        assert generated.of_sheet(Sheet.WHITELIST)
        assert reads_as(renamed(content, WHITELIST, name), content)

    @pytest.mark.parametrize(("sheet", "name"), [(LIST_SHEET, "应急减排清单（2026年）"), (BASE_SHEET, "全社会 排放量")])
    def test_the_list_and_its_base_too(self, generated: EmissionListDraft, sheet: str, name: str) -> None:
        content = write_workbook(generated)
        assert reads_as(renamed(content, sheet, name), content)

    def test_a_long_list_is_read_in_windows_under_such_a_name(
        self, generated: EmissionListDraft, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(workbook, "_read_list", None)
        content = renamed(write_workbook(generated), LIST_SHEET, "应急减排清单 ")
        assert len(read_workbook(content, windows=Windows(0, 30_000)).rows) == len(generated.rows)

    def test_a_hidden_sheet_is_read_like_any_other(self, generated: EmissionListDraft) -> None:
        content = write_workbook(generated)
        hidden = with_book(
            content, lambda part: part.replace(f'name="{WHITELIST}"', f'name="{WHITELIST}" state="hidden"')
        )
        assert hidden != content
        assert reads_as(hidden, content)

    def test_notes_beside_the_data_may_say_the_year(self) -> None:
        assert codes(made(LIST, ("填写说明（2026）", [["请按时填写"]]))) == []


class TestRefused:
    @pytest.mark.parametrize(
        ("name", "near"),
        [
            ("扬尘源清单1", "扬尘源清单"),
            ("保障清单", "保障类清单"),
            ("全社会排放", "全社会排放量"),
            ("白名单", "货车白名单"),
            ("非道路移动源", "非道路移动机械"),
            ("道路移动污染源", "道路移动源"),
            ("应急减排清单 (2)", "应急减排清单"),
            ("汇总", "汇总表"),
            ("填表说明", "填写说明"),
        ],
    )
    def test_another_name_is_a_fault_that_says_the_nearest_one(self, name: str, near: str) -> None:
        (fault,) = read(made(LIST, (name, [["序号"], [1]]))).errors
        assert (fault.code, fault.sheet, fault.row, fault.value) == ("SHEET_UNKNOWN", name, None, name)
        assert fault.advice.startswith(f"是否应为“{near}”？")
        assert "删除" in fault.advice
        assert f'did you mean "{near}"?' in fault.advice_en

    @pytest.mark.parametrize("name", ["Sheet1", "x", "数据"])
    def test_a_name_that_is_like_none_is_told_them_all(self, name: str) -> None:
        (fault,) = read(made(LIST, (name, [[0]]))).errors
        assert nearest(name) is None
        assert all(known in fault.advice for known in DATA_SHEETS)

    def test_it_is_told_with_everything_else_that_is_wrong(self) -> None:
        content = made((LIST_SHEET, [HEADERS, changed(区县代码="1")]), ("保障清单", [["a"]]), ("白名单", [["b"]]))
        assert sorted(codes(content)) == [
            ("ADCODE", LIST_SHEET),
            ("SHEET_UNKNOWN", "保障清单"),
            ("SHEET_UNKNOWN", "白名单"),
        ]

    def test_a_hidden_one_is_said_to_be_hidden(self) -> None:
        shown, hidden = (read(made(LIST, ("白名单", [["a"]]), hidden=name)).errors[0] for name in ("", "白名单"))
        assert "已隐藏" not in shown.message
        assert "已隐藏" in hidden.message
        assert "unhide" in hidden.message_en

    @pytest.mark.parametrize("name", ["货车白名单（2025）", "货车 白名单"])
    def test_two_that_mean_the_same_sheet(self, name: str) -> None:
        rows = [["序号", "号牌号码"], [1, "冀BD12345"]]
        for pages in ([(name, rows), (WHITELIST, rows)], [(WHITELIST, rows), (name, rows)]):
            (fault,) = (one for one in read(made(LIST, *pages)).errors if one.code == "SHEET_TWICE")
            assert fault.sheet == name
            assert f"“{name}”与“{WHITELIST}”" in fault.message

    def test_two_lists(self) -> None:
        other = ("应急减排清单（2025）", LIST[1])
        assert codes(made(other, LIST)) == [("SHEET_TWICE", "应急减排清单（2025）")]
        assert codes(made((LIST_SHEET, []), other)) == []
        assert len(read(made((LIST_SHEET, [[" "]]), other)).rows) == 1

    def test_two_of_one_name(self) -> None:
        content = made(LIST, ("甲", LIST[1]))
        assert codes(renamed(content, "甲", LIST_SHEET)) == [("SHEET_TWICE", LIST_SHEET)]


class TestPassedOver:
    @pytest.mark.parametrize("rows", [[], [[" "], ["", "　"]]])
    def test_a_worksheet_without_any_value(self, rows: list[list[str]]) -> None:
        reading = read(made(("Sheet1", rows), LIST))
        assert (reading.errors, len(reading.rows)) == ([], 1)

    def test_a_chart_unless_it_has_the_name_of_a_sheet(self) -> None:
        assert codes(made(LIST, chart="减排图")) == []
        assert codes(made(LIST, chart=BASE_SHEET)) == [("SHEET_WITHOUT_CELLS", BASE_SHEET)]

    def test_a_chart_is_no_list(self) -> None:
        content = made(("Sheet1", []), chart=LIST_SHEET)
        assert codes(content) == [("SHEET_WITHOUT_CELLS", LIST_SHEET), ("NO_SHEET", None)]


class TestFormulas:
    def test_stand_in_the_sheet_whose_part_has_them_whatever_the_order_of_the_tabs(self) -> None:
        content = made(LIST, ("填写说明", [["=1+1"]]))
        turned = with_book(content, lambda part: re.sub("(<sheet [^>]*/>)(<sheet [^>]*/>)", r"\2\1", part))
        assert CalamineWorkbook.from_filelike(BytesIO(turned)).sheet_names == ["填写说明", LIST_SHEET]
        for one in (content, turned):
            assert [(e.code, e.sheet, e.row, e.column) for e in read(one).errors] == [("FORMULA", "填写说明", 1, "A")]

    def test_are_told_by_the_name_of_the_sheet_that_is_meant(self) -> None:
        content = made(("应急减排清单（2026）", [HEADERS, changed(地址="=1+1")]))
        assert codes(content)[0] == ("FORMULA", LIST_SHEET)


class TestMarked:
    def test_a_fault_is_marked_in_the_worksheet_that_was_read(self, tmp_path: Path) -> None:
        content = made(("应急减排清单（2026）", [HEADERS, changed(区县代码="1")]))
        (fault,) = read(content).errors
        write_marked(tmp_path / "marked", content, [fault.document()])
        with ZipFile(tmp_path / "marked") as parts:
            place = HEADERS.index("区县代码")
            assert f'ref="{"ABCDEFGH"[place]}2"' in parts.read("xl/comments1.xml").decode()
        again = CalamineWorkbook.from_filelike(BytesIO((tmp_path / "marked").read_bytes()))
        assert again.sheet_names == [FAULTS_SHEET, "应急减排清单（2026）"]
