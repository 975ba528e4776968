"""The template as a person fills it in: every drop-down is there, every choice is read, every note is shown."""

import re
from datetime import date, timedelta
from io import BytesIO
from typing import Any
from xml.etree import ElementTree
from zipfile import ZipFile

import pytest
import xlsxwriter
from python_calamine import CalamineWorkbook

from emission_lists.cells import CellProblem
from emission_lists.columns import (
    BASE_SHEET,
    CHOICES_SHEET,
    COLUMNS,
    EXAMPLE,
    LIST_SHEET,
    NOTES_SHEET,
    NUMBER_HEADER,
    Column,
    column_letter,
)
from emission_lists.grades import Grade
from emission_lists.guides import Guide
from emission_lists.lists import EmissionListDraft, GuaranteeType
from emission_lists.measures import Action, Basis, CountUnit, VehicleRule, Verification
from emission_lists.validations import Kind
from emission_lists.workbook import Reading, read_workbook
from emission_lists.workbook_writer import template, write_workbook
from tests.emission_lists.conftest import load_guide

NS = {"m": "http://schemas.openxmlformats.org/spreadsheetml/2006/main"}
CHOSEN = [column for column in COLUMNS if column.choices]
ENUMS: dict[str, type[Any]] = {
    "绩效等级": Grade,
    "保障类型": GuaranteeType,
    "计数单位": CountUnit,
    "核算基准": Basis,
    **{f"{level}-措施": Action for level in ("黄色", "橙色", "红色")},
    **{f"{level}-车辆管控": VehicleRule for level in ("黄色", "橙色", "红色")},
}


def sheet(name: str, guide: Guide | None = None) -> list[list[Any]]:
    return (
        CalamineWorkbook.from_filelike(BytesIO(template(guide)))
        .get_sheet_by_name(name)
        .to_python(skip_empty_area=False)
    )


def validations(guide: Guide | None = None) -> dict[str, tuple[str, str]]:
    """Letter of a column with a drop-down → its source and how a wrong entry is answered."""
    return {
        letter: (rule.findtext("m:formula1", "", NS), rule.attrib.get("errorStyle", "stop"))
        for letter, rule in rules(guide=guide).items()
        if rule.attrib.get("type") == "list"
    }


def rules(part: int = 1, guide: Guide | None = None) -> dict[str, ElementTree.Element]:
    """Letter of a column → what is accepted in it and told beside it."""
    content = ZipFile(BytesIO(template(guide))).read(f"xl/worksheets/sheet{part}.xml")
    found = {}
    for rule in ElementTree.fromstring(content).findall(".//m:dataValidation", NS):
        letter = re.match(r"[A-Z]+", rule.attrib["sqref"])
        assert letter is not None
        found[letter.group()] = rule
    return found


def offered(source: str, guide: Guide | None = None) -> list[str]:
    """What a drop-down with this source shows."""
    match = re.fullmatch(rf"{CHOICES_SHEET}!\$([A-Z]+)\$(\d+):\$\1\$(\d+)", source)
    assert match is not None
    letter, first, last = match.group(1), int(match.group(2)), int(match.group(3))
    choices = sheet(CHOICES_SHEET, guide)
    place = [column_letter(index) for index in range(len(choices[0]))].index(letter)
    return [row[place] for row in choices[first - 1 : last]]


def filled(**cells: Any) -> Reading:
    """The example row of the template, given a number and these cells, read back."""
    header, example = sheet(LIST_SHEET)[:2]
    row = dict(zip(header, example, strict=True)) | {NUMBER_HEADER: 1} | cells
    target = BytesIO()
    with xlsxwriter.Workbook(target) as made:
        page = made.add_worksheet(LIST_SHEET)
        page.write_row(0, 0, header)
        for place, name in enumerate(header):
            if row[name] not in ("", None):
                page.write(1, place, row[name])
    return read_workbook(target.getvalue())


class TestDropDowns:
    @pytest.mark.parametrize("column", CHOSEN, ids=lambda column: column.header)
    def test_offer_exactly_the_choices(self, column: Column) -> None:
        letter = column_letter(COLUMNS.index(column) + 1)
        source, style = validations()[letter]
        assert offered(source) == list(column.choices)
        assert style == "stop"

    def test_stand_on_no_other_column(self) -> None:
        letters = {column_letter(COLUMNS.index(column) + 1) for column in CHOSEN}
        assert set(validations()) == letters

    def test_industries_are_offered_but_others_may_be_written(self, guide: Guide) -> None:
        letter = column_letter([column.header for column in COLUMNS].index("行业") + 1)
        source, style = validations(guide)[letter]
        assert offered(source, guide) == [industry.name_zh for industry in guide.industries]
        assert style == "information"

    def test_a_guide_without_industries_offers_none(self) -> None:
        assert validations(load_guide("o2026")) == validations()

    @pytest.mark.parametrize("header", ENUMS)
    def test_no_member_is_left_out(self, header: str) -> None:
        column = next(column for column in COLUMNS if column.header == header)
        assert list(column.choices) == [member.zh for member in ENUMS[header]]

    def test_every_enum_of_a_measure_has_one(self) -> None:
        assert {Action, VehicleRule, CountUnit, Basis} <= set(ENUMS.values())


def _number(rule: ElementTree.Element, which: str) -> float:
    return float(rule.findtext(f"m:{which}", "", NS))


RANGED = [column for column in COLUMNS if column.kind in (Kind.NUMBER, Kind.WHOLE)]


class TestRanges:
    def rule(self, column: Column) -> ElementTree.Element:
        return rules()[column_letter(COLUMNS.index(column) + 1)]

    @pytest.mark.parametrize("column", RANGED, ids=lambda column: column.header)
    def test_a_number_is_accepted_just_where_the_import_reads_it(self, column: Column) -> None:
        rule = self.rule(column)
        assert rule.attrib["type"] == ("whole" if column.kind is Kind.WHOLE else "decimal")
        assert rule.attrib.get("operator", "between") == "between"
        low, high = _number(rule, "formula1"), _number(rule, "formula2")
        step = 1 if column.kind is Kind.WHOLE else 1e-6
        for inside in (low, high):
            assert column.read(inside) is not None
        for outside in (low - step, high + max(step, high * 1e-9)):
            with pytest.raises(CellProblem):
                column.read(outside)

    def test_dates_lie_in_the_years_that_are_read(self) -> None:
        (column,) = [one for one in COLUMNS if one.kind is Kind.DATE]
        rule = self.rule(column)
        assert rule.attrib["type"] == "date"
        days = [date(1899, 12, 30) + timedelta(_number(rule, which)) for which in ("formula1", "formula2")]
        assert days == [date(2000, 1, 1), date(2100, 12, 31)]
        for outside in (days[0] - timedelta(1), days[1] + timedelta(1)):
            with pytest.raises(CellProblem):
                column.read(outside)

    def test_whatever_is_a_number_is_ranged(self) -> None:
        numbers = {column.header for column in COLUMNS if not column.text} - {"保障有效期至"}
        assert {column.header for column in RANGED} == numbers

    @pytest.mark.parametrize("column", [column for column in COLUMNS if column.note], ids=lambda column: column.header)
    def test_a_note_is_told_beside_the_cell(self, column: Column) -> None:
        rule = self.rule(column)
        assert column.note in rule.attrib["prompt"]
        assert rule.attrib["prompt"].startswith("必填。") is column.needed
        assert rule.attrib["promptTitle"] == column.header[:32]

    def test_whole_society_emissions_are_ranged_too(self) -> None:
        (rule,) = rules(2).values()
        assert (rule.attrib["sqref"], rule.attrib["type"]) == ("B2:B5", "decimal")
        assert (_number(rule, "formula1"), _number(rule, "formula2")) == (1e-6, 1e9)
        assert "全市" in rule.attrib["prompt"]

    def test_an_export_has_them_as_the_template_has(self) -> None:
        row = filled().rows[0]
        content = write_workbook(EmissionListDraft("130200", (row,)))
        sheet_xml = ZipFile(BytesIO(content)).read("xl/worksheets/sheet1.xml").decode()
        assert sheet_xml.count("<dataValidation ") == len(rules())


class TestEveryChoiceIsRead:
    @pytest.mark.parametrize("grade", list(Grade))
    def test_grades(self, grade: Grade) -> None:
        assert filled(绩效等级=grade.zh).rows[0].enterprise.grade is grade

    @pytest.mark.parametrize("kind", list(GuaranteeType))
    def test_guarantees(self, kind: GuaranteeType) -> None:
        assert filled(保障类型=kind.zh).rows[0].enterprise.guarantee is kind

    @pytest.mark.parametrize("unit", list(CountUnit))
    def test_units(self, unit: CountUnit) -> None:
        assert filled(计数单位=unit.zh).rows[0].line.measures.red.count_unit is unit

    @pytest.mark.parametrize("basis", list(Basis))
    def test_bases(self, basis: Basis) -> None:
        assert filled(核算基准=basis.zh).rows[0].line.measures.red.basis is basis

    @pytest.mark.parametrize("rule", list(VehicleRule))
    @pytest.mark.parametrize("level", ["黄色", "橙色", "红色"])
    def test_vehicle_rules(self, rule: VehicleRule, level: str) -> None:
        measures = list(filled(**{f"{level}-车辆管控": rule.zh}).rows[0].line.measures)
        place = ["黄色", "橙色", "红色"].index(level)
        assert [one.vehicle_rule for one in measures] == [rule if n == place else None for n in range(3)]

    @pytest.mark.parametrize("action", list(Action))
    @pytest.mark.parametrize("level", ["黄色", "橙色", "红色"])
    def test_actions(self, action: Action, level: str) -> None:
        cells: dict[str, Any] = {f"{level}-措施": action.zh}
        if action is not Action.STOP:
            cells[f"{level}-停产数量"] = None
        if action not in (Action.STOP, Action.LIMIT):
            cells[f"{level}-比例（%）"] = None
        if action is Action.TRANSPORT:
            cells[f"{level}-车辆管控"] = VehicleRule.STOP_ROAD_TRANSPORT.zh
        reading = filled(**cells)
        assert reading.errors == []
        assert list(reading.rows[0].line.measures)[["黄色", "橙色", "红色"].index(level)].action is action

    @pytest.mark.parametrize("separator", ["、", ",", "，", ";", "；", "/"])
    def test_several_ways_of_verification(self, separator: str) -> None:
        written = separator.join(kind.zh for kind in reversed(Verification))
        assert filled(核查方式=written).rows[0].line.measures.red.verification == tuple(Verification)

    @pytest.mark.parametrize(("cell", "value"), [("是", True), ("否", False)])
    def test_yes_and_no(self, cell: str, value: bool) -> None:
        owner = filled(重点行业=cell, 小微涉气=cell, 长期停产=cell).rows[0].enterprise
        assert (owner.key_industry, owner.small_micro, owner.long_stopped) == (value, value, value)

    @pytest.mark.parametrize("column", [column for column in CHOSEN if column.needed], ids=lambda c: c.header)
    def test_an_empty_choice_that_is_needed_is_named(self, column: Column) -> None:
        errors = filled(**{column.header: None}).errors
        assert ("REQUIRED", column.header) in {(e.code, str(e.column).split()[-1]) for e in errors}


class TestSheets:
    def test_stand_in_their_order(self) -> None:
        book = CalamineWorkbook.from_filelike(BytesIO(template()))
        assert book.sheet_names == [LIST_SHEET, BASE_SHEET, NOTES_SHEET, CHOICES_SHEET]

    def test_headers_follow_the_columns(self) -> None:
        assert sheet(LIST_SHEET)[0] == [NUMBER_HEADER, *(column.header for column in COLUMNS)]

    def test_the_example_is_marked_and_fills_what_is_needed(self) -> None:
        header, example = sheet(LIST_SHEET)[:2]
        cells = dict(zip(header, example, strict=True))
        assert cells[NUMBER_HEADER] == EXAMPLE
        assert all(cells[column.header] != "" for column in COLUMNS if column.needed)

    def test_notes_say_which_columns_are_needed(self) -> None:
        said = {row[0]: row[2] for row in sheet(NOTES_SHEET) if row[0] in {c.header for c in COLUMNS}}
        assert said == {column.header: "必填" if column.needed else "" for column in COLUMNS}

    def test_notes_say_that_unknown_is_not_nothing(self) -> None:
        assert any("未确定的措施不会执行，也不等于不采取措施" in row[0] for row in sheet(NOTES_SHEET))

    def test_the_base_sheet_waits_for_four_numbers(self) -> None:
        assert [row[0] for row in sheet(BASE_SHEET)] == ["污染物", "SO2", "NOx", "PM", "VOCs"]

    def test_equal_guides_give_equal_bytes(self, guide: Guide) -> None:
        assert template(guide) == template(guide)
        assert template(guide) != template()
