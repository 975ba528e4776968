"""Files that want to do harm: a list of errors comes back, never an exception, never a large memory."""

import random
import tracemalloc
import zlib
from collections.abc import Callable
from io import BytesIO
from pathlib import Path
from zipfile import ZIP_DEFLATED, ZipFile

import pytest
import xlsxwriter
from hypothesis import given, settings
from hypothesis import strategies as st

from emission_lists.columns import LIST_SHEET
from emission_lists.measures import Action
from emission_lists.workbook import Limits, Reading, _columns, read_workbook
from emission_lists.workbook_writer import write_workbook
from tests.emission_lists.list_samples import draft, firm, line, measure

GOOD = write_workbook(draft((firm(), line("MF0001", measure(Action.STOP, 1.0)))))
SHEET = "xl/worksheets/sheet1.xml"


def rebuilt(changes: dict[str, Callable[[bytes], bytes]] | None = None, extra: dict[str, bytes] | None = None) -> bytes:
    """The good file with parts changed or added."""
    target = BytesIO()
    with ZipFile(BytesIO(GOOD)) as old, ZipFile(target, "w", ZIP_DEFLATED) as new:
        for name in old.namelist():
            content = old.read(name)
            new.writestr(name, (changes or {}).get(name, bytes)(content))
        for name, content in (extra or {}).items():
            new.writestr(name, content)
    return target.getvalue()


def codes(data: bytes, limits: Limits | None = None) -> list[str]:
    reading = read_workbook(data, limits)
    return [error.code for error in reading.errors]


class TestNotAWorkbook:
    @pytest.mark.parametrize(
        ("data", "code"),
        [
            (b"", "NOT_A_WORKBOOK"),
            (b"name,grade\n", "NOT_A_WORKBOOK"),
            (b"PK", "BROKEN"),
            (b"PK\x03\x04" + b"\x00" * 500, "BROKEN"),
            (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\x00" * 500, "OLD_OR_ENCRYPTED"),
            (GOOD[:-40], "BROKEN"),
        ],
    )
    def test_says_what_it_is(self, data: bytes, code: str) -> None:
        assert codes(data) == [code]

    def test_a_zip_of_something_else(self) -> None:
        target = BytesIO()
        with ZipFile(target, "w") as made:
            made.writestr("word/document.xml", "<x/>")
        assert codes(target.getvalue()) == ["NOT_A_WORKBOOK"]

    def test_a_damaged_part(self) -> None:
        assert codes(rebuilt({"xl/workbook.xml": lambda _: b"<workbook"})) == ["BROKEN"]
        assert codes(rebuilt({SHEET: lambda old: old[: len(old) // 2]}))[0] in ("BROKEN", "NO_ROWS", "HEADER_MISSING")

    def test_an_encrypted_entry(self) -> None:
        marked = bytearray(GOOD)
        place = marked.find(b"PK\x01\x02")
        marked[place + 8] |= 1
        assert codes(bytes(marked)) == ["OLD_OR_ENCRYPTED"]

    @settings(max_examples=150, deadline=None)
    @given(st.integers(0, 2**32))
    def test_no_damage_raises(self, seed: int) -> None:
        rng = random.Random(seed)
        data = bytearray(GOOD)
        for _ in range(rng.randint(1, 30)):
            data[rng.randrange(len(data))] = rng.randrange(256)
        reading = read_workbook(bytes(data))
        assert reading.errors or reading.rows

    @settings(max_examples=60, deadline=None)
    @given(st.integers(0, 2**32))
    def test_no_damage_inside_the_sheet_raises(self, seed: int) -> None:
        rng = random.Random(seed)

        def damage(content: bytes) -> bytes:
            data = bytearray(content)
            for _ in range(rng.randint(1, 20)):
                data[rng.randrange(len(data))] = rng.choice(b"<>/\"'&rc0AZ9=: f")
            return bytes(data)

        reading = read_workbook(rebuilt({SHEET: damage, "xl/sharedStrings.xml": damage}))
        assert reading.errors or reading.rows


class TestSize:
    def test_a_zip_bomb_is_refused_by_its_directory(self) -> None:
        bomb = rebuilt(extra={"xl/media/a.xml": b"0" * (8 << 20)})
        assert codes(bomb, Limits(unpacked=1 << 20)) == ["EXPANDS_TOO_MUCH"]
        assert codes(bomb, Limits(ratio=3)) == ["EXPANDS_TOO_MUCH"]

    def test_a_directory_that_lies_is_found_out(self) -> None:
        honest = rebuilt(extra={"xl/media/a.xml": b"0" * (4 << 20)})
        place = honest.rfind(b"xl/media/a.xml") - 46
        lying = bytearray(honest)
        lying[place + 24 : place + 28] = (10).to_bytes(4, "little")
        assert codes(bytes(lying), Limits(unpacked=1 << 20))[0] in ("BROKEN", "EXPANDS_TOO_MUCH")

    def test_a_large_file_is_refused_unread(self) -> None:
        assert codes(GOOD, Limits(packed=1000)) == ["TOO_LARGE"]

    def test_thousands_of_parts(self) -> None:
        assert codes(rebuilt(extra={f"xl/{n}.xml": b"<x/>" for n in range(30)}), Limits(entries=20)) == [
            "TOO_MANY_PARTS"
        ]

    @pytest.mark.parametrize("cell", ["XFD1048576", "ZZ2", "A1048576", "A250000", "xfd9", "EA3"])
    def test_a_cell_far_from_the_data_costs_nothing(self, cell: str) -> None:
        row = "".join(c for c in cell if c.isdigit())
        far = f'<row r="{row}"><c r="{cell}"><v>1</v></c></row></sheetData>'.encode()
        for made in (far, far.replace(b'"', b"'"), far.replace(b"r=", b"r = ")):
            assert codes(rebuilt({SHEET: lambda old, made=made: old.replace(b"</sheetData>", made)})) == ["SPARSE"]

    def test_a_distant_row_within_the_limit_is_refused_too(self) -> None:
        far = b'<row r="150000"><c r="A150000"><v>1</v></c></row></sheetData>'
        assert codes(rebuilt({SHEET: lambda old: old.replace(b"</sheetData>", far)})) == ["SPARSE"]

    def test_one_long_shared_text_is_refused(self) -> None:
        long = b"<si><t>" + b"x" * 100_000 + b"</t></si></sst>"
        assert codes(rebuilt({"xl/sharedStrings.xml": lambda old: old.replace(b"</sst>", long)})) == ["TOO_LONG"]

    def test_shared_text_that_is_repeated_without_end(self) -> None:
        assert codes(GOOD, Limits(text_bytes=100)) == ["EXPANDS_TOO_MUCH"]

    def test_a_bomb_does_not_fill_the_memory(self) -> None:
        target = BytesIO()
        with ZipFile(target, "w", ZIP_DEFLATED, compresslevel=9) as made:
            made.writestr("[Content_Types].xml", "<Types/>")
            made.writestr("xl/workbook.xml", b"<a>" + b" " * (100 << 20))
        tracemalloc.start()
        try:
            found = codes(target.getvalue())
            peak = tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()
        assert found == ["EXPANDS_TOO_MUCH"]
        assert peak < 20 << 20


class TestActiveContent:
    @pytest.mark.parametrize(
        ("part", "code"),
        [
            ("xl/vbaProject.bin", "MACROS"),
            ("xl/macrosheets/sheet1.xml", "MACROS"),
            ("xl/activeX/activeX1.xml", "MACROS"),
            ("xl/externalLinks/externalLink1.xml", "EXTERNAL_LINKS"),
            ("xl/embeddings/oleObject1.doc", "EXTERNAL_LINKS"),
            ("xl/connections.xml", "EXTERNAL_LINKS"),
        ],
    )
    def test_parts_that_act_are_refused(self, part: str, code: str) -> None:
        assert codes(rebuilt(extra={part: b"<x/>"})) == [code]

    def test_a_macro_type_is_refused(self) -> None:
        swap = {"[Content_Types].xml": lambda old: old.replace(b"sheet.main", b"sheet.macroEnabled.main")}
        assert codes(rebuilt(swap)) == ["MACROS"]

    def test_printer_settings_of_real_files_are_no_macro(self) -> None:
        assert codes(rebuilt(extra={"xl/printerSettings/printerSettings1.bin": b"\x00"})) == []

    @pytest.mark.parametrize(
        "head",
        [
            b'<!DOCTYPE x [<!ENTITY a "b">]>',
            b'<!doctype x SYSTEM "file:///etc/passwd">',
            b'<!ENTITY a SYSTEM "http://localhost/">',
        ],
    )
    @pytest.mark.parametrize("part", [SHEET, "xl/workbook.xml", "xl/sharedStrings.xml", "docProps/core.xml"])
    def test_a_document_type_is_refused_in_every_part(self, head: bytes, part: str) -> None:
        assert codes(rebuilt({part: lambda old: old.replace(b"?>", b"?>" + head, 1)})) == ["UNSAFE_XML"]

    def test_another_encoding_does_not_hide_one(self) -> None:
        wide = {SHEET: lambda old: old.decode().replace("UTF-8", "UTF-16").encode("utf-16")}
        assert codes(rebuilt(wide)) == ["UNSAFE_XML"]


class TestFormulas:
    def test_each_formula_is_named_by_its_cell(self) -> None:
        target = BytesIO()
        with xlsxwriter.Workbook(target) as made:
            made.add_worksheet("说明")
            page = made.add_worksheet(LIST_SHEET)
            page.write_formula("C7", "=1+1")
            page.write_formula("AB12", "=SUM(A1:A2)")
        errors = [e for e in read_workbook(target.getvalue()).errors if e.code == "FORMULA"]
        assert [(e.sheet, e.row, e.column) for e in errors] == [(LIST_SHEET, 7, "C"), (LIST_SHEET, 12, "AB")]

    def test_a_prefixed_formula_is_found(self) -> None:
        hidden = b'<c r="A2"><x:f xmlns:x="http://schemas.openxmlformats.org/spreadsheetml/2006/main">1</x:f>'
        found = codes(rebuilt({SHEET: lambda old: old.replace(b'<c r="A2">', hidden, 1)}))
        assert "FORMULA" in found

    def test_a_formula_across_two_pieces_is_found(self) -> None:
        for pad in range((1 << 20) - 40, (1 << 20) + 8, 7):
            target = BytesIO()
            with ZipFile(BytesIO(GOOD)) as old, ZipFile(target, "w", ZIP_DEFLATED) as new:
                for name in old.namelist():
                    content = old.read(name)
                    if name == SHEET:
                        start = content.index(b"<sheetData>") + len(b"<sheetData>")
                        blank = b" " * (pad - start)
                        content = content[:start] + blank + b'<row r="9"><c r="B9"><f>1</f></c></row>' + content[start:]
                    new.writestr(name, content)
            assert "FORMULA" in codes(target.getvalue(), Limits(ratio=1000))


class TestMergedCells:
    def test_are_named_with_their_range(self) -> None:
        target = BytesIO()
        with xlsxwriter.Workbook(target) as made:
            made.add_worksheet(LIST_SHEET).merge_range("B2:B4", "某企业")
        error = next(e for e in read_workbook(target.getvalue()).errors if e.code == "MERGED")
        assert "B2:B4" in error.message
        assert (error.row, error.column) == (2, "B")
        assert "取消合并" in error.advice


def test_a_path_is_read_like_bytes(tmp_path: Path) -> None:
    place = tmp_path / "list.xlsx"
    place.write_bytes(GOOD)
    assert read_workbook(place).rows == read_workbook(GOOD).rows
    assert zlib.crc32(place.read_bytes()) == zlib.crc32(GOOD)


@pytest.mark.parametrize("between", ["", "颜色"])
def test_a_header_of_a_great_width_is_one_fault(between: str) -> None:
    reading = Reading()
    assert _columns(["序号", *[between] * 16_382, "末列"], reading) is None
    assert [(one.code, one.column) for one in reading.errors] == [("HEADER_UNKNOWN", "XFD")]
