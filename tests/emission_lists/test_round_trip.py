"""Export and import are each other's inverse, also for texts that were meant to break one of them."""

from dataclasses import replace
from datetime import date
from io import BytesIO
from typing import Any
from zipfile import ZipFile

import pytest
import xlsxwriter
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from python_calamine import CalamineWorkbook

from emission_lists.cells import MAX_QUANTITY, MAX_TEXT, as_text, escaped
from emission_lists.columns import BASE_SHEET, LIST_SHEET
from emission_lists.grades import Grade
from emission_lists.guides import Guide
from emission_lists.identifiers import make_permit, make_uscc
from emission_lists.levels import PerLevel
from emission_lists.lists import EmissionListDraft, GuaranteeType, Line, ListRow, Pollutants
from emission_lists.measures import Action, Basis, CountUnit, LoadCap, Measure, VehicleRule, Verification
from emission_lists.workbook import read_workbook
from emission_lists.workbook_writer import write_workbook
from tests.emission_lists.list_samples import draft, drafts, firm, line, measure

HOSTILE = [
    "=1+1",
    "'=1+1",
    "''=1+1",
    "'",
    "''",
    "'a",
    "+86 10",
    "-5",
    "@SUM(A1)",
    "{=1}",
    "=cmd|' /C calc'!A0",
    '=HYPERLINK("http://localhost","x")',
    "<script>alert(1)</script>",
    "&lt;&amp;&#10;",
    "]]>",
    "<![CDATA[x]]>",
    "_x000D_",
    "_x0041_",
    "a\nb",
    "a\tb",
    "a\n=1",
    "00123",
    "1e5",
    "1.0",
    "TRUE",
    "#N/A",
    "NaN",
    "示例",
    "序号",
    "未确定",
    "a  b   c",
    "全\u3000角",
    "\u200b零宽",
    "\u202eRTL",
    "\ufeffBOM",
    "é e\u0301",
    "𠮷野家 🏭",
    "‘弯引号’“”",
    "｛｝＝＋－＠",
    "%s %d {0} {value}",
    "\\x00 \\n",
    '"',
    "甲" * MAX_TEXT,
]
texts = st.text(
    st.sampled_from("=+-@'\"<>&_x0041;\n\t 甲𠮷🏭，、\u200b\u3000%{}\\#!") | st.characters(codec="utf-8"),
    min_size=1,
    max_size=20,
)


def readable(text: str) -> bool:
    """True for a text that a cell can hold: not blank, no blanks around it, no control characters."""
    return bool(text) and text == text.strip() and not any(ord(c) in _REFUSED for c in text)


_REFUSED = {*range(0x09), *range(0x0B, 0x20), 0x7F, 0xFFFE, 0xFFFF}


def with_texts(text: str) -> EmissionListDraft:
    """A list with this text in every column that takes any text."""
    owner = firm(name=text, industry=text, address=text, contact=text, guarantee=GuaranteeType.OTHER)
    owner = replace(owner, guarantee_cap=LoadCap(1.5, text, text))
    one = measure(Action.LIMIT, 0.5, load_cap=LoadCap(2.5, text, text), note_zh=text, verification_point=text)
    made = replace(line(text, one), name=text, process=text)
    return draft((owner, made))


class TestHostileTexts:
    @pytest.mark.parametrize("text", HOSTILE)
    def test_come_back_as_they_were(self, text: str) -> None:
        one = with_texts(text)
        reading = read_workbook(write_workbook(one))
        assert reading.errors == []
        assert tuple(reading.rows) == one.rows

    @settings(max_examples=80, deadline=None, suppress_health_check=[HealthCheck.filter_too_much])
    @given(texts.filter(readable))
    @example("'\n=")
    def test_any_text_a_cell_can_hold_comes_back(self, text: str) -> None:
        one = with_texts(text)
        reading = read_workbook(write_workbook(one))
        assert reading.errors == []
        assert tuple(reading.rows) == one.rows

    @pytest.mark.parametrize("text", HOSTILE)
    def test_no_cell_is_a_formula_or_a_link_for_any_program(self, text: str) -> None:
        content = write_workbook(with_texts(text))
        sheet = ZipFile(BytesIO(content)).read("xl/worksheets/sheet1.xml")
        assert b"<f>" not in sheet
        assert b"<f " not in sheet
        assert b"<hyperlink" not in sheet
        cells = CalamineWorkbook.from_filelike(BytesIO(content)).get_sheet_by_name(LIST_SHEET).to_python()[1]
        assert not [cell for cell in cells if isinstance(cell, str) and cell and cell[0] in "=+-@"]

    @settings(max_examples=300, deadline=None)
    @given(texts.filter(readable))
    def test_escaping_is_undone_by_reading(self, text: str) -> None:
        assert as_text(escaped(text)) == text

    @settings(max_examples=200, deadline=None)
    @given(texts.filter(readable), texts.filter(readable))
    def test_escaping_keeps_texts_apart(self, one: str, two: str) -> None:
        assert (escaped(one) == escaped(two)) is (one == two)


class TestNumbers:
    @settings(max_examples=60, deadline=None)
    @given(st.lists(st.integers(0, int(MAX_QUANTITY) * 10**6), min_size=16, max_size=16))
    def test_quantities_are_kept_to_the_milligram(self, milligrams: list[int]) -> None:
        values = [Pollutants(*(n / 10**6 for n in milligrams[i : i + 4])) for i in range(0, 16, 4)]
        one = line("1", measure(Action.NONE), base=values[0], reductions=PerLevel(*values[1:]))
        row = read_workbook(write_workbook(draft((firm(), one)))).rows[0]
        assert row.line.base == values[0]
        assert list(row.line.reductions) == values[1:]

    def test_every_tenth_of_a_percent_comes_back(self) -> None:
        ratios = [n / 1000 for n in range(11, 1001)]
        given_lines = [line(str(n), measure(Action.LIMIT, ratio)) for n, ratio in enumerate(ratios)]
        rows = read_workbook(write_workbook(draft(*((firm(), one) for one in given_lines)))).rows
        assert [row.line.measures.red.ratio for row in rows] == ratios

    def test_a_blank_is_not_a_zero(self) -> None:
        kept = PerLevel(Pollutants(0, None, 1), Pollutants(), Pollutants(0, 0, 0, 0))
        one = line("1", measure(Action.NONE), base=Pollutants(None, 0), reductions=kept)
        row = read_workbook(write_workbook(draft((firm(), one)))).rows[0]
        assert row.line.base == Pollutants(None, 0)
        assert row.line.reductions == kept


class TestEveryChoice:
    @pytest.mark.parametrize("grade", list(Grade))
    def test_grades(self, grade: Grade) -> None:
        rows = read_workbook(write_workbook(draft((firm(grade=grade), line("1", measure(Action.NONE)))))).rows
        assert rows[0].enterprise.grade is grade

    @pytest.mark.parametrize("kind", list(GuaranteeType))
    @pytest.mark.parametrize("until", [None, date(2000, 1, 1), date(2026, 2, 28), date(2100, 12, 31)])
    def test_guarantees(self, kind: GuaranteeType, until: date | None) -> None:
        owner = firm(guarantee=kind, guarantee_until=until)
        rows = read_workbook(write_workbook(draft((owner, line("1", measure(Action.NONE)))))).rows
        assert rows[0].enterprise == owner

    @pytest.mark.parametrize("unit", list(CountUnit))
    @pytest.mark.parametrize("basis", list(Basis))
    def test_units_and_bases(self, unit: CountUnit, basis: Basis) -> None:
        one = measure(Action.LIMIT, 0.3, count_unit=unit, basis=basis)
        rows = read_workbook(write_workbook(draft((firm(), line("1", one))))).rows
        assert rows[0].line.measures == PerLevel(one, one, one)

    @pytest.mark.parametrize("rule", list(VehicleRule))
    def test_vehicle_rules(self, rule: VehicleRule) -> None:
        one = measure(Action.TRANSPORT, vehicle_rule=rule)
        rows = read_workbook(write_workbook(draft((firm(), line("1", one))))).rows
        assert rows[0].line.measures.orange == one

    @given(st.lists(st.sampled_from(list(Verification)), max_size=5))
    @settings(max_examples=20, deadline=None)
    def test_ways_of_verification_stand_in_one_order(self, kinds: list[Verification]) -> None:
        one = measure(Action.NONE, verification=tuple(kinds))
        rows = read_workbook(write_workbook(draft((firm(), line("1", one))))).rows
        assert rows[0].line.measures.red.verification == tuple(v for v in Verification if v in kinds)


class TestTwice:
    @settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
    @given(drafts())
    def test_exporting_what_was_imported_gives_the_same_bytes(self, one: EmissionListDraft) -> None:
        content = write_workbook(one)
        assert write_workbook(read_workbook(content).draft(one.adcode)) == content

    @settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
    @given(drafts(), st.randoms())
    def test_columns_and_rows_may_be_shuffled(self, one: EmissionListDraft, rng: Any) -> None:
        cells = CalamineWorkbook.from_filelike(BytesIO(write_workbook(one))).get_sheet_by_name(LIST_SHEET).to_python()
        order = list(range(len(cells[0])))
        rng.shuffle(order)
        body = cells[1:]
        rng.shuffle(body)
        target = BytesIO()
        with xlsxwriter.Workbook(target, {"strings_to_formulas": False, "strings_to_urls": False}) as made:
            page = made.add_worksheet(LIST_SHEET)
            day = made.add_format({"num_format": "yyyy-mm-dd"})
            for index, row in enumerate([cells[0], *body]):
                for place, source in enumerate(order):
                    if isinstance(row[source], date):
                        page.write_datetime(index, place, row[source], day)
                    elif row[source] != "":
                        page.write(index, place, row[source])
        reading = read_workbook(target.getvalue())
        assert reading.errors == []
        assert {(row.enterprise, row.line) for row in reading.rows} == {(row.enterprise, row.line) for row in one.rows}

    def test_a_change_of_one_cell_changes_one_row(self, generated: EmissionListDraft, guide: Guide) -> None:
        rows = list(generated.rows)
        owner, changed, _ = rows[17]
        rows[17] = ListRow(owner, replace(changed, name="改名的生产线"))
        reading = read_workbook(write_workbook(replace(generated, rows=tuple(rows)), guide))
        differing = [
            index for index, (a, b) in enumerate(zip(reading.rows, generated.rows, strict=True)) if a[:2] != b[:2]
        ]
        assert differing == [17]


class TestBaseSheet:
    @settings(max_examples=30, deadline=None)
    @given(st.lists(st.none() | st.integers(1, 10**12).map(lambda n: n / 10**6), min_size=4, max_size=4))
    def test_comes_back_with_its_gaps(self, values: list[float | None]) -> None:
        base = Pollutants(*values)
        one = draft((firm(), line("1", measure(Action.NONE))), base=base)
        again = read_workbook(write_workbook(one)).whole_society
        assert again == (base if any(value is not None for value in values) else None)

    def test_its_sheet_may_be_missing(self) -> None:
        target = BytesIO()
        cells = CalamineWorkbook.from_filelike(BytesIO(write_workbook(with_texts("甲")))).get_sheet_by_name(LIST_SHEET)
        with xlsxwriter.Workbook(target) as made:
            page = made.add_worksheet(LIST_SHEET)
            for index, row in enumerate(cells.to_python()):
                page.write_row(index, 0, row)
        reading = read_workbook(target.getvalue())
        assert (reading.errors, reading.whole_society) == ([], None)
        assert BASE_SHEET != LIST_SHEET


class TestBigLists:
    def test_many_enterprises_with_the_same_measures_are_not_mixed_up(self) -> None:
        rows: list[tuple[Any, Line]] = []
        for number in range(300):
            uscc = make_uscc("130202", number)
            owner = firm(uscc=uscc, permit_no=make_permit(uscc), name=f"企业{number}")
            shares = ((number + step) % 7 / 10 + 0.1 for step in range(3))
            plan = (Measure(Action.LIMIT, round(share, 2), total_units=1) for share in shares)
            rows.append((owner, line("MF0001", *plan, base=Pollutants(number, number / 7 // 1, 0, None))))
        one = draft(*rows)
        reading = read_workbook(write_workbook(one))
        assert reading.errors == []
        assert tuple(reading.rows) == one.rows
