"""Sub-types with schemes of their own, and what holds in a season only."""

from datetime import date

import pytest

from emission_lists.checks import check_list
from emission_lists.grades import Grade
from emission_lists.guides import Guide, Industry, ListProfile
from emission_lists.levels import LEVELS, ResponseLevel
from emission_lists.measures import Action, Measure
from tests.emission_lists.list_samples import draft, firm, line, measure

LETTERS = (Grade.A, Grade.B, Grade.C, Grade.D)
LEADING = (Grade.LEADING, Grade.NON_LEADING)


def industry(guide: Guide, name: str) -> Industry:
    found = guide.industry(name)
    assert found is not None
    return found


class TestSchemes:
    @pytest.mark.parametrize(
        ("name", "subtype", "grades"),
        [
            ("水泥", "水泥熟料", LETTERS),
            ("水泥", "水泥粉磨站", LEADING),
            ("水泥", "products", LEADING),
            ("水泥", None, (*LETTERS, *LEADING)),
            ("水泥", "没有这个", (*LETTERS, *LEADING)),
            ("涂料制造", "溶剂型", LETTERS),
            ("涂料制造", "粉末/水性等", LEADING),
            ("铸造", "铸造用生铁(烧结/球团、高炉)", LETTERS),
            ("长流程联合钢铁", "高炉", (Grade.A, Grade.B, Grade.B_MINUS, Grade.C, Grade.D)),
            ("炭黑制造", None, ()),
        ],
    )
    def test_each_sub_type_has_its_own_grades(
        self, guide: Guide, name: str, subtype: str | None, grades: tuple[Grade, ...]
    ) -> None:
        assert guide.legal_grades(industry(guide, name), subtype) == grades

    def test_every_sub_type_of_the_source_is_there(self, guide: Guide) -> None:
        counts = {one.name_zh: len(one.subtypes) for one in guide.industries if one.subtypes}
        assert counts == {"长流程联合钢铁": 7, "铸造": 3, "水泥": 3, "陶瓷": 1, "玻璃": 4, "涂料制造": 2}

    def test_the_lowest_grade_needs_the_sub_type_where_schemes_differ(self, guide: Guide) -> None:
        cement = industry(guide, "水泥")
        assert guide.lowest_grade(cement, "水泥熟料") is Grade.D
        assert guide.lowest_grade(cement, "水泥粉磨站") is Grade.NON_LEADING
        assert guide.lowest_grade(cement) is None


class TestTemplates:
    @pytest.mark.parametrize("level", LEVELS)
    def test_clinker_measures_are_not_those_of_grinding(self, guide: Guide, level: ResponseLevel) -> None:
        cement = industry(guide, "水泥")
        assert guide.templates(cement, Grade.C, level, "水泥熟料")
        assert guide.templates(cement, Grade.C, level) == guide.templates(cement, Grade.C, level, "水泥熟料")
        assert guide.templates(cement, Grade.C, level, "水泥粉磨站") is None
        assert guide.templates(cement, Grade.NON_LEADING, level, "水泥粉磨站") is None
        [leading] = guide.templates(cement, Grade.LEADING, level, "水泥粉磨站") or ()
        assert leading.action is Action.SELF_DETERMINED

    def test_one_that_did_not_apply_is_held_to_the_lowest_of_its_sub_type(self, guide: Guide) -> None:
        cement = industry(guide, "水泥")
        asked = guide.templates(cement, Grade.UNGRADED, ResponseLevel.RED, "水泥熟料")
        assert asked == guide.templates(cement, Grade.D, ResponseLevel.RED)
        assert guide.templates(cement, Grade.UNGRADED, ResponseLevel.RED) is None

    @pytest.mark.parametrize(("month", "known"), [(9, False), (10, True), (12, True), (3, True), (4, False)])
    def test_fertiliser_makers_of_grade_b_decide_for_themselves_in_autumn_and_winter(
        self, guide: Guide, month: int, known: bool
    ) -> None:
        fertiliser = industry(guide, "煤制氮肥")
        asked = guide.templates(fertiliser, Grade.B, ResponseLevel.RED, on=date(2026, month, 15))
        assert (asked is not None) is known
        if asked is not None:
            assert [template.action for template in asked] == [Action.SELF_DETERMINED]
        season = fertiliser.measures[Grade.B].season
        assert season is not None
        assert season.choice
        assert season.source == ("S-FERT",)

    def test_fertiliser_makers_below_b_stay_unknown(self, guide: Guide) -> None:
        assert guide.templates(industry(guide, "煤制氮肥"), Grade.C, ResponseLevel.RED) is None


class TestChecks:
    def codes(self, guide: Guide, profile: ListProfile, subtype: str | None, grade: Grade, one: Measure) -> set[str]:
        row = (firm(subtype=subtype, grade=grade), line("1", one))
        return {found.code for found in check_list(draft(row), guide, profile)}

    @pytest.mark.parametrize(
        ("subtype", "grade", "illegal"),
        [
            ("水泥粉磨站", Grade.C, True),
            ("水泥粉磨站", Grade.NON_LEADING, False),
            ("水泥熟料", Grade.NON_LEADING, True),
            ("水泥熟料", Grade.C, False),
            (None, Grade.C, False),
            (None, Grade.NON_LEADING, False),
        ],
    )
    def test_a_grade_is_legal_by_the_scheme_of_its_sub_type(
        self, guide: Guide, profile: ListProfile, subtype: str | None, grade: Grade, illegal: bool
    ) -> None:
        found = self.codes(guide, profile, subtype, grade, measure(Action.STOP, 1.0))
        assert ("GRADE_ILLEGAL" in found) is illegal

    def test_clinker_measures_are_not_asked_of_a_grinding_plant(self, guide: Guide, profile: ListProfile) -> None:
        weak = measure(Action.NONE)
        assert "WEAKER_THAN_GUIDE" in self.codes(guide, profile, "水泥熟料", Grade.C, weak)
        assert "WEAKER_THAN_GUIDE" not in self.codes(guide, profile, "水泥粉磨站", Grade.NON_LEADING, weak)

    def test_a_sub_type_that_the_guide_does_not_know_is_named(self, guide: Guide, profile: ListProfile) -> None:
        assert "SUBTYPE_UNKNOWN" in self.codes(guide, profile, "特种水泥", Grade.C, measure(Action.STOP, 1.0))
        assert "SUBTYPE_UNKNOWN" not in self.codes(guide, profile, None, Grade.C, measure(Action.STOP, 1.0))
