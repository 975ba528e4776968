"""Each limit of the guard holds at its very edge, and what is looked for is found however it is written."""

from collections.abc import Callable
from dataclasses import replace
from io import BytesIO
from zipfile import ZIP_DEFLATED, ZIP_STORED, ZipFile

import pytest

from emission_lists.findings import finding, shorten
from emission_lists.lists import EmissionListDraft, Line
from emission_lists.measures import Action
from emission_lists.workbook import Limits, read_workbook
from emission_lists.workbook_guard import Inspection, inspect
from emission_lists.workbook_writer import write_workbook
from tests.emission_lists.list_samples import draft, firm, line, measure

SHEET = "xl/worksheets/sheet1.xml"


def listed(count: int) -> EmissionListDraft:
    given: list[Line] = [line(f"MF{n:05d}", measure(Action.STOP, 1.0)) for n in range(count)]
    return draft(*((firm(), one) for one in given))


GOOD = write_workbook(listed(3))


def rebuilt(change: Callable[[bytes], bytes], part: str = SHEET, method: int = ZIP_DEFLATED) -> bytes:
    target = BytesIO()
    with ZipFile(BytesIO(GOOD)) as old, ZipFile(target, "w", method) as new:
        for name in old.namelist():
            content = old.read(name)
            new.writestr(name, change(content) if name == part else content)
    return target.getvalue()


def before_end(piece: bytes) -> Callable[[bytes], bytes]:
    return lambda old: old.replace(b"</sheetData>", piece + b"</sheetData>")


def codes(data: bytes, limits: Limits) -> list[str]:
    return [found.code for found in read_workbook(data, limits).errors]


def seen(data: bytes, limits: Limits | None = None) -> Inspection:
    return inspect(data, limits or Limits())


class TestEdges:
    def test_bytes(self) -> None:
        assert codes(GOOD, Limits(packed=len(GOOD))) == []
        assert codes(GOOD, Limits(packed=len(GOOD) - 1)) == ["TOO_LARGE"]

    def test_parts(self) -> None:
        count = len(ZipFile(BytesIO(GOOD)).namelist())
        assert codes(GOOD, Limits(entries=count)) == []
        assert codes(GOOD, Limits(entries=count - 1)) == ["TOO_MANY_PARTS"]

    def test_unpacked_bytes(self) -> None:
        total = sum(entry.file_size for entry in ZipFile(BytesIO(GOOD)).infolist())
        assert codes(GOOD, Limits(unpacked=total)) == []
        assert codes(GOOD, Limits(unpacked=total - 1)) == ["EXPANDS_TOO_MUCH"]

    def test_rows(self) -> None:
        assert codes(GOOD, Limits(rows=3)) == []
        assert codes(GOOD, Limits(rows=2)) == ["TOO_MANY_ROWS"]

    def test_findings(self) -> None:
        wrong = replace(listed(3), rows=tuple(r._replace(enterprise=firm(adcode="1")) for r in listed(3).rows))
        data = write_workbook(wrong)
        assert codes(data, Limits(findings=3)) == ["ADCODE"] * 3
        assert codes(data, Limits(findings=2)) == ["ADCODE"] * 2 + ["TOO_MANY_ERRORS"]

    def test_text_that_is_repeated(self) -> None:
        one = seen(GOOD)
        product = one.longest_text * one.text_cells
        assert codes(GOOD, Limits(text_bytes=product)) == []
        assert codes(GOOD, Limits(text_bytes=product - 1)) == ["EXPANDS_TOO_MUCH"]

    def test_one_shared_text(self) -> None:
        longest = seen(GOOD).longest_text
        assert codes(GOOD, Limits(shared_text=longest)) == []
        assert codes(GOOD, Limits(shared_text=longest - 1)) == ["TOO_LONG"]

    def test_a_stored_archive_is_as_good_as_a_packed_one(self) -> None:
        assert codes(rebuilt(bytes, method=ZIP_STORED), Limits()) == []

    @pytest.mark.parametrize(("rows", "refused"), [(9_000, False), (20_000, True)])
    def test_rows_without_cells(self, rows: int, refused: bool) -> None:
        empty = b"".join(b'<row r="%d"></row>' % number for number in range(100, 100 + rows))
        assert ("SPARSE" in codes(rebuilt(before_end(empty)), Limits())) is refused

    @pytest.mark.parametrize(("cell", "refused"), [("DZ9", False), ("EA9", True), ("CV9", False), ("AAA9", True)])
    def test_columns(self, cell: str, refused: bool) -> None:
        far = f'<row r="9"><c r="{cell}"><v>1</v></c></row>'.encode()
        assert ([f.code for f in seen(rebuilt(before_end(far))).findings] == ["SPARSE"]) is refused

    @pytest.mark.parametrize(("row", "refused"), [(9_999, False), (10_000, False), (10_100, True), (99_999, True)])
    def test_empty_rows_before_the_last(self, row: int, refused: bool) -> None:
        far = f'<row r="{row}"><c r="A{row}"><v>1</v></c></row>'.encode()
        assert ([f.code for f in seen(rebuilt(before_end(far))).findings] == ["SPARSE"]) is refused


class TestWhatIsFound:
    @pytest.mark.parametrize(
        "piece",
        [
            b'<row r="9"><c r="B9"><f>1</f></c></row>',
            b'<row r="9"><c r="B9"><f t="shared" si="0"/></c></row>',
            b'<row r="9"><c r="B9"><f\n>1</f></c></row>',
            b'<row r="9"><c r = "B9"><x:f>1</x:f></c></row>',
            b"<row r='9'><c s='1' r='B9'><f>1</f></c></row>",
        ],
    )
    def test_a_formula_and_its_cell(self, piece: bytes) -> None:
        assert seen(rebuilt(before_end(piece))).formulas == {SHEET: ["B9"]}

    @pytest.mark.parametrize(
        "piece", [b"<foo/>", b'<row r="9"><c r="B9"><is><t>f</t></is></c></row>', b"f", b"<format/>"]
    )
    def test_what_only_looks_like_a_formula_is_none(self, piece: bytes) -> None:
        assert seen(rebuilt(before_end(piece))).formulas == {}

    def test_no_more_than_fifty_formulas_are_named(self) -> None:
        cells = b"".join(f'<c r="B{n}"><f>1</f></c>'.encode() for n in range(1, 200))
        formulas = seen(rebuilt(before_end(b'<row r="1">' + cells + b"</row>"))).formulas
        assert len(formulas[SHEET]) == 50

    @pytest.mark.parametrize(
        "piece", [b'<mergeCells count="1"><mergeCell ref="A1:B2"/></mergeCells>', b"<x:mergeCell/>"]
    )
    def test_merged_cells(self, piece: bytes) -> None:
        assert seen(rebuilt(lambda old: old.replace(b"</sheetData>", b"</sheetData>" + piece))).merged
        assert not seen(GOOD).merged

    @pytest.mark.parametrize("piece", [b'<c r="A9" t="b">', b"<c r='A9' t='b'>", b'<c r="A9" t = "b" >'])
    def test_truth_values(self, piece: bytes) -> None:
        assert seen(rebuilt(before_end(b'<row r="9">' + piece + b"<v>1</v></c></row>"))).truths
        assert not seen(GOOD).truths

    @pytest.mark.parametrize("equals", [b"=", b" = "])
    def test_rows_and_cells_with_shared_texts_are_counted(self, equals: bytes) -> None:
        row = b'<row r="9"><c r="A9" t="s"><v>0</v></c><c r="B9"><v>1</v></c><c r="C9" t="s"><v>0</v></c></row>'
        before, found = seen(GOOD), seen(rebuilt(before_end(row.replace(b"=", equals) * 50)))
        assert found.rows[SHEET] - before.rows[SHEET] == 50
        assert found.text_cells - before.text_cells == 100

    @pytest.mark.parametrize("word", [b"DOCTYPE", b"doctype", b"ENTITY", b"Element", b"ATTLIST", b"NOTATION"])
    def test_declarations_of_any_kind(self, word: bytes) -> None:
        for part in (SHEET, "xl/styles.xml", "[Content_Types].xml", "_rels/.rels"):
            data = rebuilt(lambda old: old.replace(b"?>", b"?><!" + word + b" x>", 1), part)
            assert [f.code for f in seen(data).findings] == ["UNSAFE_XML"]

    @pytest.mark.parametrize("harmless", [b"<!-- a comment -->", b"<!---->"])
    def test_a_comment_is_none(self, harmless: bytes) -> None:
        assert seen(rebuilt(lambda old: old.replace(b"?>", b"?>" + harmless, 1))).findings == []

    @pytest.mark.parametrize("word", [b"<!DOCTYPE x>", b'<c r="A9" t="b">', b"<mergeCell/>", b"<f>"])
    def test_on_the_seam_of_two_pieces(self, word: bytes) -> None:
        """The part is read in pieces of 1 MB: what lies across two of them is found as well."""
        for shift in range(len(word) + 1):

            def across(old: bytes, shift: int = shift) -> bytes:
                start = old.index(b"<sheetData>") + len(b"<sheetData>")
                return old[:start] + b" " * ((1 << 20) - start - shift) + word + old[start:]

            found = seen(rebuilt(across), Limits(ratio=1000))
            assert found.findings or found.truths or found.merged or found.formulas


class TestMessages:
    @pytest.mark.parametrize(
        ("text", "shown"),
        [("甲", "甲"), ("a\nb", "a�b"), ("\u202e", "�"), ("x" * 60, "x" * 60), ("x" * 61, "x" * 60 + "…")],
    )
    def test_values_are_shown_short_and_harmless(self, text: str, shown: str) -> None:
        assert shorten(text) == shown

    def test_a_value_with_braces_is_only_a_value(self) -> None:
        found = finding("NOT_A_NUMBER", value="{what}{0}")
        assert found.message == "“{what}{0}”不是数字"
        assert found.value == "{what}{0}"

    def test_a_missing_value_is_not_shown(self) -> None:
        assert finding("REQUIRED", what="行业").document()["value"] is None
