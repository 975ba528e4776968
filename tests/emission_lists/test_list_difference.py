"""What changes between two versions, field by field, and documents that leave nothing out."""

import json
from dataclasses import fields, replace
from datetime import date
from typing import Any

import pytest
from hypothesis import given, settings

from emission_lists.difference import difference
from emission_lists.documents import (
    cap_document,
    cap_from,
    enterprise_document,
    enterprise_from,
    line_document,
    line_from,
    measure_document,
    measure_from,
)
from emission_lists.grades import Grade
from emission_lists.identifiers import make_permit, make_uscc
from emission_lists.levels import LEVELS, PerLevel
from emission_lists.lists import (
    EmissionListDraft,
    Enterprise,
    EnterpriseParticulars,
    GuaranteeType,
    Line,
    LineParticulars,
    ListRow,
    Means,
    Pollutants,
    SourceClass,
)
from emission_lists.measures import (
    Action,
    Basis,
    CountUnit,
    Cycle,
    Later,
    LoadCap,
    Measure,
    NonRoadRule,
    StopMode,
    VehicleRule,
    Verification,
)
from tests.emission_lists.list_samples import drafts, enterprises, firm, line, lines, measure

ENTERPRISE_CHANGES: dict[str, Any] = {
    "name": "改名水泥有限公司",
    "adcode": "130203",
    "industry": "砖瓦窑",
    "key_industry": False,
    "grade": Grade.B,
    "permit_no": None,
    "address": "某路1号",
    "gbt4754": "3012",
    "guarantee": GuaranteeType.MAJOR_PROJECT,
    "guarantee_until": date(2027, 1, 1),
    "guarantee_cap": LoadCap(5, "t/d"),
    "small_micro": True,
    "long_stopped": True,
    "contact": "值班室",
    "subtype": "水泥粉磨站",
    "source_class": SourceClass.POWER_PLANT,
}
PLACED = EnterpriseParticulars(118.18, 39.63, "某某")
DESCRIBED = LineParticulars(
    "熟料", 5000.0, "t/d", 4600.0, "煤", "SCR脱硝 TA001", "生产科", "0315-1234567", "12月至次年1月停窑", "无",
    Means(5000.0, 4800.0, 4600.0, "t/d"),
)  # fmt: skip
MEASURE_CHANGES: dict[str, Any] = {
    "action": Action.LIMIT,
    "ratio": 0.4,
    "at_least": True,
    "count_unit": CountUnit.EQUIPMENT,
    "stopped_units": 1,
    "total_units": 4,
    "basis": Basis.EIA_CAPACITY,
    "load_cap": LoadCap(9, "t", "日产量"),
    "vehicle_rule": VehicleRule.STOP_ROAD_TRANSPORT,
    "window": "08:00-20:00",
    "verification": (Verification.CEMS, Verification.GATE),
    "verification_point": "DA002",
    "note_zh": "说明",
    "coking_hours": 36.0,
    "cycle": Cycle(48, 12),
    "heats_per_day": 22,
    "stop_mode": StopMode.BANKING,
    "keep_running": 1,
    "non_road_ban": NonRoadRule.BAN_LE_CN2,
    "complete_within_hours": 8.0,
    "later": (Later(120, Measure(Action.STOP, 0.5, True)),),
}
ALWAYS = tuple(MEASURE_CHANGES)[: tuple(MEASURE_CHANGES).index("note_zh") + 1]
LINE = line("1", measure(Action.STOP, 0.5))


def rows(owner: Enterprise, *given_lines: Line) -> tuple[ListRow, ...]:
    return tuple(ListRow(owner, one, number) for number, one in enumerate(given_lines, start=2))


class TestFields:
    def test_every_field_of_an_enterprise_is_tried(self) -> None:
        assert {field.name for field in fields(Enterprise)} == {"uscc", "particulars", *ENTERPRISE_CHANGES}

    def test_every_field_of_a_measure_is_tried(self) -> None:
        assert {field.name for field in fields(Measure)} == set(MEASURE_CHANGES)

    @pytest.mark.parametrize("field", ENTERPRISE_CHANGES)
    def test_a_change_of_an_enterprise_is_named_once(self, field: str) -> None:
        changed = replace(firm(), **{field: ENTERPRISE_CHANGES[field]})
        found = difference(rows(firm(), LINE), rows(changed, LINE))
        assert [(c.line, c.field) for c in found.changes] == [(None, field)]
        assert found.changes[0].old == enterprise_document(firm()).get(field)
        assert found.changes[0].new == enterprise_document(changed)[field]
        assert not found.empty

    @pytest.mark.parametrize("level", LEVELS)
    @pytest.mark.parametrize("field", MEASURE_CHANGES)
    def test_a_change_of_a_measure_is_named_with_its_level(self, field: str, level: Any) -> None:
        one = replace(LINE.measures.at(level), **{field: MEASURE_CHANGES[field]})
        changed = replace(LINE, measures=replace(LINE.measures, **{level.value: one}))
        found = difference(rows(firm(), LINE), rows(firm(), changed))
        assert [(c.line, c.field) for c in found.changes] == [("1", f"measures.{level.value}.{field}")]

    @pytest.mark.parametrize("pollutant", Pollutants._fields)
    def test_a_change_of_a_quantity_is_named_and_changes_the_sums(self, pollutant: str) -> None:
        base = LINE.base._replace(**{pollutant: 12.5})
        saved = replace(LINE.reductions, red=LINE.reductions.red._replace(**{pollutant: 2.5}))
        found = difference(rows(firm(), LINE), rows(firm(), replace(LINE, base=base, reductions=saved)))
        assert {(c.field, c.old, c.new) for c in found.changes} == {
            (f"base.{pollutant}", 10.0, 12.5),
            (f"reductions.red.{pollutant}", 1.0, 2.5),
        }
        sums = found.document()["totals"]
        assert sums["new"]["base"][pollutant] - sums["old"]["base"][pollutant] == 2.5
        assert sums["new"]["red"][pollutant] - sums["old"]["red"][pollutant] == 1.5
        assert sums["new"]["yellow"] == sums["old"]["yellow"]

    @pytest.mark.parametrize("field", ["name", "process"])
    def test_a_renamed_line_is_the_same_line(self, field: str) -> None:
        found = difference(rows(firm(), LINE), rows(firm(), replace(LINE, **{field: "别名"})))
        assert [(c.field, c.new) for c in found.changes] == [(field, "别名")]
        assert found.lines_added == found.lines_removed == ()

    @pytest.mark.parametrize("field", [one.name for one in fields(LineParticulars) if one.name != "means"])
    def test_a_change_of_what_is_said_of_a_line_is_named(self, field: str) -> None:
        described = replace(LINE, particulars=DESCRIBED)
        changed = replace(LINE, particulars=replace(DESCRIBED, **{field: None}))
        found = difference(rows(firm(), described), rows(firm(), changed))
        assert [(c.field, c.new) for c in found.changes] == [(f"particulars.{field}", None)]

    def test_a_place_that_is_stated_later_is_named(self) -> None:
        found = difference(rows(firm(), LINE), rows(firm(particulars=PLACED), LINE))
        assert {(c.line, c.field, c.old, c.new) for c in found.changes} == {
            (None, "particulars.lon", None, 118.18),
            (None, "particulars.lat", None, 39.63),
            (None, "particulars.legal_representative", None, "某某"),
        }

    def test_an_unknown_measure_that_becomes_known_is_named(self) -> None:
        unknown = replace(LINE, measures=PerLevel(*[replace(LINE.measures.red, action=Action.UNKNOWN)] * 3))
        found = difference(rows(firm(), unknown), rows(firm(), LINE))
        assert [(c.field, c.old, c.new) for c in found.changes] == [
            (f"measures.{level.value}.action", "unknown", "stop") for level in LEVELS
        ]


class TestLists:
    OTHER = firm(uscc=make_uscc("130203", 5), permit_no=make_permit(make_uscc("130203", 5)))

    def test_an_enterprise_comes_with_its_lines(self) -> None:
        found = difference(
            rows(firm(), LINE), (*rows(firm(), LINE), *rows(self.OTHER, LINE, line("2", measure(Action.NONE))))
        )
        assert found.enterprises_added == (self.OTHER.uscc,)
        assert found.lines_added == ((self.OTHER.uscc, "1"), (self.OTHER.uscc, "2"))
        assert found.enterprises_removed == found.changes == ()

    def test_an_enterprise_goes_with_its_lines(self) -> None:
        found = difference((*rows(firm(), LINE), *rows(self.OTHER, LINE)), rows(firm(), LINE))
        assert found.enterprises_removed == (self.OTHER.uscc,)
        assert found.lines_removed == ((self.OTHER.uscc, "1"),)

    def test_the_same_line_code_of_two_enterprises_is_two_lines(self) -> None:
        changed = replace(LINE, name="别名")
        found = difference(
            (*rows(firm(), LINE), *rows(self.OTHER, LINE)), (*rows(firm(), LINE), *rows(self.OTHER, changed))
        )
        assert [(c.uscc, c.line) for c in found.changes] == [(self.OTHER.uscc, "1")]

    def test_everything_is_new_after_nothing(self) -> None:
        found = difference((), rows(firm(), LINE))
        assert (found.enterprises_added, found.lines_added) == ((firm().uscc,), ((firm().uscc, "1"),))
        assert found.document()["totals"]["old"]["base"] == dict.fromkeys(Pollutants._fields, 0.0)
        assert difference((), ()).empty

    def test_row_numbers_are_no_difference(self) -> None:
        moved = [row._replace(number=99) for row in rows(firm(), LINE)]
        assert difference(rows(firm(), LINE), moved).empty

    @settings(deadline=None, max_examples=30)
    @given(drafts(), drafts())
    def test_carrying_it_out_gives_the_new_list(self, old: EmissionListDraft, new: EmissionListDraft) -> None:
        found = difference(old.rows, new.rows)
        before, after = {row.key for row in old.rows}, {row.key for row in new.rows}
        assert (before - set(found.lines_removed)) | set(found.lines_added) == after
        firms = {row.enterprise.uscc for row in old.rows}
        assert (firms - set(found.enterprises_removed)) | set(found.enterprises_added) == {
            row.enterprise.uscc for row in new.rows
        }

    @settings(deadline=None, max_examples=30)
    @given(drafts(), drafts())
    def test_its_document_is_json_in_a_fixed_order(self, old: EmissionListDraft, new: EmissionListDraft) -> None:
        document = difference(old.rows, new.rows).document()
        again = difference(old.rows[::-1], new.rows[::-1]).document()
        assert json.dumps(document, ensure_ascii=False) == json.dumps(again, ensure_ascii=False)
        assert list(document) == [
            "enterprises_added", "enterprises_removed", "lines_added", "lines_removed", "changes", "totals",
        ]  # fmt: skip


class TestDocuments:
    def test_leave_no_field_out(self) -> None:
        assert tuple(measure_document(Measure(Action.NONE))) == ALWAYS
        full = replace(Measure(Action.STOP, 0.5), **{key: MEASURE_CHANGES[key] for key in MEASURE_CHANGES})
        assert set(measure_document(full)) == {field.name for field in fields(Measure)}
        whole = firm(subtype="水泥粉磨站", source_class=SourceClass.POWER_PLANT, particulars=PLACED)
        assert set(enterprise_document(whole)) == {field.name for field in fields(Enterprise)}
        assert set(line_document(replace(LINE, particulars=DESCRIBED))) == {field.name for field in fields(Line)}
        assert set(line_document(replace(LINE, particulars=DESCRIBED))["particulars"]) == {
            field.name for field in fields(LineParticulars)
        }

    @pytest.mark.parametrize("field", MEASURE_CHANGES)
    def test_every_field_of_a_measure_comes_back(self, field: str) -> None:
        one = replace(Measure(Action.STOP, 0.5), **{field: MEASURE_CHANGES[field]})
        assert measure_from(json.loads(json.dumps(measure_document(one)))) == one

    @pytest.mark.parametrize("field", ENTERPRISE_CHANGES)
    def test_every_field_of_an_enterprise_comes_back(self, field: str) -> None:
        one = replace(firm(), **{field: ENTERPRISE_CHANGES[field]})
        assert enterprise_from(json.loads(json.dumps(enterprise_document(one)))) == one

    @settings(deadline=None, max_examples=30)
    @given(enterprises(), lines())
    def test_have_their_keys_in_one_order(self, owner: Enterprise, one: Line) -> None:
        assert list(enterprise_document(owner)) == list(
            enterprise_document(
                firm(subtype=owner.subtype, source_class=owner.source_class, particulars=owner.particulars)
            )
        )
        assert list(line_document(one)) == list(line_document(replace(LINE, particulars=one.particulars)))
        assert enterprise_from(enterprise_document(owner)) == owner
        assert line_from(line_document(one)) == one

    @pytest.mark.parametrize("field", ALWAYS)
    def test_one_that_lacks_a_field_is_refused(self, field: str) -> None:
        document = measure_document(Measure(Action.NONE))
        del document[field]
        with pytest.raises(KeyError):
            measure_from(document)

    @pytest.mark.parametrize("field", ["action", "count_unit", "basis", "vehicle_rule"])
    def test_a_word_that_is_no_member_is_refused(self, field: str) -> None:
        with pytest.raises(KeyError):
            measure_from({**measure_document(Measure(Action.NONE)), field: "moon"})

    def test_an_unknown_action_stays_unknown(self) -> None:
        assert measure_from(measure_document(Measure(Action.UNKNOWN))).action is Action.UNKNOWN
        assert measure_document(Measure(Action.UNKNOWN))["action"] == "unknown"

    @pytest.mark.parametrize("cap", [None, LoadCap(1, "t"), LoadCap(0.000001, "GJ/h", "供热负荷")])
    def test_load_caps(self, cap: LoadCap | None) -> None:
        assert cap_from(cap_document(cap)) == cap
