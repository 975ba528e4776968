"""A long list is read in windows: what comes out is what reading it as a whole gives, whatever the workbook looks like."""

from collections.abc import Callable
from io import BytesIO
from pathlib import Path
from typing import Any
from zipfile import ZIP_DEFLATED, ZipFile

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from python_calamine import CalamineError, CalamineWorkbook

from emission_lists import workbook, workbook_windows
from emission_lists.columns import COLUMNS, LIST_SHEET, column_letter
from emission_lists.lists import EmissionListDraft
from emission_lists.measures import Action
from emission_lists.workbook import Limits, Reading, Windows, read_workbook
from emission_lists.workbook_windows import LongSheet, Unusual
from emission_lists.workbook_writer import write_long, write_workbook
from tests.emission_lists.list_samples import draft, drafts, firm, line, measure
from tests.emission_lists.test_workbook import book, changed, good_row

SHEET = "xl/worksheets/sheet1.xml"
WHOLE = Windows(long=1 << 60)
LAST = column_letter(len(COLUMNS)).encode()
LINES = [(firm(), line(f"MF{number:04d}", measure(Action.STOP, 1.0))) for number in range(1, 30)]
LIST = write_workbook(draft(*LINES))


def examples(most: int) -> settings:
    return settings(
        max_examples=most, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large]
    )


def with_sheet(change: Callable[[bytes], bytes], data: bytes = LIST) -> bytes:
    """The workbook with the XML of its list changed."""
    target = BytesIO()
    with ZipFile(BytesIO(data)) as old, ZipFile(target, "w", ZIP_DEFLATED) as new:
        for name in old.namelist():
            content = old.read(name)
            new.writestr(name, change(content) if name == SHEET else content)
    return target.getvalue()


def replaced(old: str, new: str) -> Callable[[bytes], bytes]:
    def change(content: bytes) -> bytes:
        assert old.encode() in content
        return content.replace(old.encode(), new.encode(), 1)

    return change


def in_windows(data: bytes, size: int = 3000, limits: Limits | None = None) -> Reading:
    return read_workbook(data, limits, windows=Windows(0, size))


@pytest.fixture
def never_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    """Reading the list as a whole fails the test."""

    def refuse(*_: object) -> None:
        raise AssertionError("read as a whole")

    monkeypatch.setattr(workbook, "_read_list", refuse)


class TestWindowsReadWhatTheWholeGives:
    @examples(30)
    @given(drafts(), st.integers(1, 60_000))
    def test_with_shared_texts(self, one: EmissionListDraft, size: int) -> None:
        data = write_workbook(one)
        reading = in_windows(data, size)
        assert reading == read_workbook(data, windows=WHOLE)
        assert tuple(reading.rows) == tuple(row._replace(number=at) for at, row in enumerate(one.rows, start=2))

    @examples(25)
    @given(drafts(), st.integers(1, 60_000))
    def test_with_texts_in_the_cells(self, tmp_path_factory: Any, one: EmissionListDraft, size: int) -> None:
        path: Path = tmp_path_factory.mktemp("long") / "list.xlsx"
        write_long(path, one.rows, one.records, one.whole_society)
        assert read_workbook(path, windows=Windows(0, size)) == read_workbook(path, windows=WHOLE)

    @examples(25)
    @given(
        st.lists(st.sampled_from(["good", "empty", "action", "quantity", "example", "true"]), max_size=25),
        st.integers(1, 30_000),
        st.integers(0, 8),
    )
    def test_with_faults(self, kinds: list[str], size: int, most: int) -> None:
        rows = {
            "good": good_row(),
            "empty": [],
            "action": changed(**{"黄色-措施": "停一停"}),
            "quantity": changed(**{"现状排放SO2（kg/d）": "很多"}),
            "example": ["示例"],
            "true": changed(**{"现状排放NOx（kg/d）": True}),
        }
        data = book([rows[kind] for kind in kinds])
        limits = Limits(findings=most)
        assert in_windows(data, size, limits) == read_workbook(data, limits, windows=WHOLE)

    @pytest.mark.parametrize("source", ["bytes", "path", "file"])
    def test_from_bytes_a_path_or_an_open_file(self, source: str, tmp_path: Path, never_whole: None) -> None:
        path = tmp_path / "upload"
        path.write_bytes(LIST)
        with path.open("rb") as file:
            given_as: Any = {"bytes": LIST, "path": path, "file": file}[source]
            assert len(read_workbook(given_as, windows=Windows(0, 3000)).rows) == len(LINES)

    def test_many_windows_are_cut_and_told(self, never_whole: None, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(workbook, "TOLD_EVERY", 10)
        told: list[tuple[int, int]] = []
        read_workbook(LIST, None, lambda done, whole: told.append((done, whole)), Windows(0, 3000))
        assert told == [(9, 29), (19, 29), (29, 29), (29, 29)]

    def test_windows_are_whole_rows_and_all_of_them(self) -> None:
        content = ZipFile(BytesIO(LIST)).read(SHEET)
        pieces = list(workbook_windows._cut(BytesIO(content), 3000))
        assert len(pieces) > 5
        assert all(len(piece.body) < 3000 for piece in pieces[1:])  # the header is longer
        assert pieces[0].head + b"".join(piece.body for piece in pieces) + pieces[-1].tail == content

    def test_a_short_list_is_read_as_a_whole(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(workbook, "LongSheet", None)
        assert len(read_workbook(LIST).rows) == len(LINES)


NASTY = {
    "merged": replaced("</sheetData>", '</sheetData><mergeCells count="1"><mergeCell ref="A3:B4"/></mergeCells>'),
    "starts lower": lambda old: old[: old.index(b'<row r="1"')] + old[old.index(b'<row r="2"') :],
    "a gap": replaced('<row r="30"', '<row r="45"'),
    "empty rows": replaced("</sheetData>", '<row r="31"/><row r="34"/></sheetData>'),
    "wide": replaced('<c r="A9"', '<c r="CZ8"><v>7</v></c><c r="A9"'),
    "a comment": replaced('<row r="12"', '<!-- <row r="99"> --><row r="12"'),
    "an instruction": replaced('<row r="12"', '<?here <row r="99"> ?><row r="12"'),
    "a row without number": replaced('<row r="12"', "<row"),
    "the number comes later": replaced('<row r="12"', '<row hidden="0" r="12"'),
    "out of order": replaced('<row r="12"', '<row r="40"'),
    "a cell in a later row": replaced('<c r="A5"', '<c r="B25"'),
    "a cell in an earlier row": replaced('<c r="A25"', '<c r="B5"'),
    "a cell in the row before": replaced('<c r="A25"', '<c r="B24"'),
    "a cell in the last column of the row before": lambda old: old.replace(b'<c r="A25"', b'<c r="%s24"' % LAST),
    "a row without number after an empty one": replaced('<row r="12"', '<row r="11"/><row r="20"/><row'),
    "the end in a comment": replaced('<row r="12"', '<!-- </sheetData> --><row r="12"'),
    "the beginning in a comment": replaced("<sheetData>", "<!-- <sheetData> --><sheetData>"),
    "cells without references": lambda old: old.replace(b'<c r="A', b'<c x="A'),
    "a column in front": lambda old: old.replace(b'r="A1"', b'r="BZ1"'),
    "prefixed": lambda old: old.replace(b"<row ", b"<x:row ").replace(b"</row>", b"</x:row>"),
    "other quotes": lambda old: old.replace(b'<row r="12"', b"<row r='12'"),
    "no rows": lambda old: old[: old.index(b"<row")] + old[old.index(b"</sheetData>") :],
    "one empty element": lambda old: old[: old.index(b"<sheetData")] + b"<sheetData/></worksheet>",
    "broken in the middle": replaced('<row r="20"', '</c><row r="20"'),
    "broken after the rows": replaced("</sheetData>", "</sheetData></broken>"),
    "cut off": lambda old: old[: old.index(b'<row r="20"')],
    "a header of its own": replaced("<sheetData>", '<sheetData ><row r="1"></row>'),
    "formula": replaced('<c r="A9"', '<c r="CZ9"><f>1+1</f><v>2</v></c><c r="A9"'),
}


class TestNastySheets:
    @pytest.mark.parametrize("name", NASTY)
    @pytest.mark.parametrize("size", [1, 2500, 20_000, 1 << 20])
    def test_read_as_the_whole_is(self, name: str, size: int) -> None:
        data = with_sheet(NASTY[name])
        assert in_windows(data, size) == read_workbook(data, windows=WHOLE)

    @pytest.mark.parametrize("rows", [0, 5, 28, 29, 30])
    def test_too_many_rows(self, rows: int) -> None:
        limits = Limits(rows=rows)
        reading = in_windows(LIST, 2500, limits)
        assert reading == read_workbook(LIST, limits, windows=WHOLE)
        assert [error.code for error in reading.errors] == (["TOO_MANY_ROWS"] if rows < len(LINES) else [])

    def test_what_is_broken_further_on_is_told_though_the_header_is_wrong(self) -> None:
        data = with_sheet(lambda old: NASTY["broken in the middle"](old).replace(b'r="B1"', b'r="DA1"'))
        assert [error.code for error in in_windows(data, 2500).errors] == ["BROKEN"]

    def test_a_list_that_is_not_there(self) -> None:
        data = book([good_row()], sheet="Sheet1")
        assert in_windows(data) == read_workbook(data, windows=WHOLE)

    def test_a_part_that_is_not_there(self) -> None:
        target = BytesIO()
        with ZipFile(BytesIO(LIST)) as old, ZipFile(target, "w") as new:
            for name in old.namelist():
                if name != SHEET:
                    new.writestr(name, old.read(name))
        assert in_windows(target.getvalue()) == read_workbook(target.getvalue(), windows=WHOLE)


def cell(reference: str) -> st.SearchStrategy[str]:
    at = f' r="{reference}"'
    return st.sampled_from(
        [
            f"<c{at}><v>1.5</v></c>",
            f'<c{at} t="inlineStr"><is><t>文字&lt;row r="3"&gt;</t></is></c>',
            f'<c{at} t="s"><v>3</v></c>',
            f'<c{at} t="b"><v>1</v></c>',
            f'<c{at} s="1"/>',
            "<c><v>4</v></c>",
        ]
    )


@st.composite
def sheets(draw: st.DrawFn) -> str:
    """Rows as a careless program might write them."""
    number, rows = 0, []
    for _ in range(draw(st.integers(0, 12))):
        number += draw(st.sampled_from([1, 1, 1, 1, 2, 5, 0, -1]))
        number = max(number, 1)
        at = draw(st.sampled_from([f' r="{number}"'] * 8 + ["", f' spans="1:3" r="{number}"']))
        cells = [
            draw(cell(f"{letter}{draw(st.sampled_from([number] * 15 + [1, number + 1, number + 3]))}"))
            for letter in draw(st.lists(st.sampled_from("ABCDZ"), max_size=4, unique=True))
        ]
        rows.append(f"<row{at}>{''.join(cells)}</row>" if cells else f"<row{at}/>")
    return draw(st.sampled_from(["", "", "\n ", "<!-- -->"])).join(["", *rows, ""])


class TestAnySheet:
    @examples(150)
    @given(sheets(), st.integers(1, 400))
    def test_rows_are_those_of_the_whole_or_it_is_not_cut(self, rows: str, size: int) -> None:
        def change(old: bytes) -> bytes:
            return old[: old.index(b"<row")] + rows.encode() + old[old.index(b"</sheetData>") :]

        data = with_sheet(change)
        with CalamineWorkbook.from_filelike(BytesIO(data)) as opened:
            sheet = opened.get_sheet_by_name(LIST_SHEET)
        expected: list[list[Any]] = []
        if sheet.start is not None:
            expected = [[*[""] * sheet.start[1], *row] for row in sheet.to_python()]
        long = LongSheet(BytesIO(data), LIST_SHEET)
        try:
            found = list(long.rows(Windows(0, size)))
        except (Unusual, CalamineError):
            return
        assert [_filled(row) for row in found] == [_filled(row) for row in expected]
        if sheet.start is not None and sheet.end is not None:
            assert (long.first, long.last) == (sheet.start[0], sheet.end[0])

    def test_ordinary_rows_are_cut(self) -> None:
        """Lest the property above holds because nothing is ever cut."""
        rows = "".join(f'<row r="{n}"><c r="B{n}"><v>{n}</v></c></row>' for n in range(3, 60))
        data = with_sheet(lambda old: old[: old.index(b"<row")] + rows.encode() + old[old.index(b"</sheetData>") :])
        long = LongSheet(BytesIO(data), LIST_SHEET)
        assert list(long.rows(Windows(0, 100))) == [["", float(n)] for n in range(3, 60)]
        assert (long.first, long.last) == (2, 58)

    def test_a_row_without_number_is_counted_from_the_one_before_it(self) -> None:
        rows = '<row r="1"><c r="A1"><v>1</v></c></row><row r="5"/><row ht="9"><c><v>2</v></c></row>'
        data = with_sheet(lambda old: old[: old.index(b"<row")] + rows.encode() + old[old.index(b"</sheetData>") :])
        with pytest.raises(Unusual, match="without number"):
            list(LongSheet(BytesIO(data), LIST_SHEET).rows(Windows(0, 60)))
        assert list(LongSheet(BytesIO(data), LIST_SHEET).rows(Windows(0, 200)))[5] == [2.0]


def _filled(row: list[Any]) -> list[Any]:
    """A row without the empty cells at its end: how wide a sheet is says nothing."""
    while row and row[-1] == "":
        row = row[:-1]
    return row


class TestHowLargeWindowsAre:
    def test_they_hold_the_shared_texts_at_least_once(self) -> None:
        assert Windows().fitting(0) == 2 << 20
        assert Windows().fitting(30 << 20) == 30 << 20
        assert Windows(size=5).fitting(30 << 20) == 5
