"""Records as people read them: labels, what is found by its words, and what changes between versions."""

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from emission_lists.sheets.columns import SHEET_COLUMNS
from emission_lists.sheets.examples import EXAMPLES
from emission_lists.sheets.kinds import Sheet, SheetRecord
from emission_lists.sheets.shown import (
    cell_text,
    codes_like,
    field_changes,
    record_changes,
    record_name,
    shown_fields,
)
from tests.emission_lists.sheet_samples import many_records, record


class TestCells:
    def test_a_code_is_shown_by_its_label_and_an_old_one_as_it_is(self) -> None:
        assert cell_text(Sheet.NON_ROAD, "kind", "excavator") == "挖掘机"
        assert cell_text(Sheet.NON_ROAD, "kind", "hovercraft") == "hovercraft"

    @pytest.mark.parametrize(
        ("field", "value", "text"),
        [
            ("guarantee", True, "是"),
            ("guarantee", False, "否"),
            ("area_m2", 42000.0, "42000"),
            ("base_pm", 0, "0"),
            ("note", None, None),
        ],
    )
    def test_values(self, field: str, value: bool | float | None, text: str | None) -> None:
        assert cell_text(Sheet.DUST, field, value) == text

    @pytest.mark.parametrize("sheet", Sheet)
    def test_every_filled_cell_of_an_example_is_there_once_in_order(self, sheet: Sheet) -> None:
        fields = EXAMPLES[sheet]
        shown = [one.field for one in shown_fields(sheet, fields)]
        assert shown == [column.name for column in SHEET_COLUMNS[sheet] if fields.get(column.name) is not None]

    @pytest.mark.parametrize(
        ("sheet", "name"),
        [
            (Sheet.DUST, "某某住宅项目一标段（示例）"),
            (Sheet.ROAD_MOBILE, "重型货车 柴油 国四"),
            (Sheet.NON_ROAD, "某某工程公司（示例）"),
            (Sheet.WHITELIST, "某某物流公司（示例）"),
            (Sheet.SUMMARY, "工业"),
        ],
    )
    def test_names(self, sheet: Sheet, name: str) -> None:
        one = record(sheet)
        assert record_name(sheet, one.key, one.fields) == name

    def test_without_any_label_the_key_is_the_name(self) -> None:
        assert record_name(Sheet.NON_ROAD, "X-1", {}) == "X-1"


class TestWords:
    def test_labels_lead_to_their_codes(self) -> None:
        assert codes_like(Sheet.NON_ROAD, "挖掘") == ["kind=excavator"]
        assert "red=stop" in codes_like(Sheet.NON_ROAD, "停用")
        assert "fuel=C" in codes_like(Sheet.WHITELIST, "电")

    def test_yes_and_no_find_nothing(self) -> None:
        assert codes_like(Sheet.DUST, "是") == []


class TestChanges:
    def test_old_and_new_as_the_workbook_shows_them(self) -> None:
        old = record(Sheet.DUST, stage="earthworks", area_m2=100)
        (changed,) = record_changes([old], [record(Sheet.DUST, stage="structure", area_m2=100)])
        assert (changed.kind, changed.key) == ("changed", "SG-0001")
        assert [(one.header, one.old, one.new) for one in changed.changes] == [("施工阶段", "土石方", "主体结构")]

    def test_a_field_that_is_emptied_and_one_the_old_document_did_not_know(self) -> None:
        fields = dict(record(Sheet.DUST).fields)
        assert [(one.old, one.new) for one in field_changes(Sheet.DUST, fields, fields | {"area_m2": None})] == [
            ("42000", None)
        ]
        older = {name: value for name, value in fields.items() if name != "area_m2"}
        assert [(one.old, one.new) for one in field_changes(Sheet.DUST, older, fields)] == [(None, "42000")]
        assert field_changes(Sheet.DUST, {name: v for name, v in fields.items() if v is not None}, fields) == ()

    def test_the_same_key_of_two_sheets_is_two_records(self) -> None:
        site, machine = record(Sheet.DUST, code="1"), record(Sheet.NON_ROAD, code="1")
        assert [(one.sheet, one.kind) for one in record_changes([site], [machine])] == [
            (Sheet.DUST, "removed"),
            (Sheet.NON_ROAD, "added"),
        ]

    def test_row_numbers_are_no_difference(self) -> None:
        assert record_changes([record(Sheet.DUST, 2)], [record(Sheet.DUST, 9)]) == []

    @settings(deadline=None, max_examples=25)
    @given(many_records(3), many_records(3), st.data())
    def test_carrying_them_out_gives_the_new_records(
        self, old: tuple[SheetRecord, ...], new: tuple[SheetRecord, ...], data: st.DataObject
    ) -> None:
        kept = data.draw(st.lists(st.sampled_from(old), unique_by=id)) if old else []
        before = {(one.sheet, one.key) for one in old}
        after = {(one.sheet, one.key): one for one in (*kept, *new)}
        found = record_changes(old, after.values())
        gone = {(one.sheet, one.key) for one in found if one.kind == "removed"}
        come = {(one.sheet, one.key) for one in found if one.kind == "added"}
        assert (before - gone) | come == after.keys()
        assert len(found) == len({(one.sheet, one.key) for one in found})
        assert record_changes(after.values(), [replace(one, number=7) for one in after.values()]) == []
