from copy import deepcopy
from datetime import date
from typing import Any

import pytest
import yaml
from pydantic import ValidationError

from emission_lists.grades import Grade, parse_grade
from emission_lists.guides import Guide, ListProfile
from emission_lists.levels import LEVELS, ResponseLevel
from emission_lists.measures import Action, Basis, VehicleRule
from tests.emission_lists.conftest import GUIDES, load_guide


def raw(name: str) -> dict[str, Any]:
    return deepcopy(yaml.safe_load((GUIDES / f"{name}.yaml").read_text(encoding="utf-8")))


class TestGuideFiles:
    def test_the_2020_guide_has_its_39_industries_in_order(self, guide: Guide) -> None:
        assert [industry.order for industry in guide.industries] == list(range(1, 40))
        assert guide.industries[0].name_zh == "长流程联合钢铁"
        assert guide.industries[-1].name_zh == "工业涂装"

    def test_what_could_be_read_of_the_other_versions(self) -> None:
        assert (len(load_guide("g2019").industries), load_guide("g2019").industries_total) == (15, 31)
        framework = load_guide("o2026")
        assert (framework.kind, framework.industries) == ("framework", ())
        assert Grade.A_PLUS in framework.schemes["ABCD"]

    def test_versions_follow_each_other(self, guide: Guide) -> None:
        day = guide.in_force.from_
        assert guide.in_force.holds_on(day)
        assert not load_guide("g2019").in_force.holds_on(day)
        assert not load_guide("o2026").in_force.holds_on(date(2025, 12, 31))

    def test_cement_clinker_is_known_at_every_grade_and_level(self, guide: Guide) -> None:
        cement = guide.industry("水泥")
        assert cement is not None
        orange = guide.templates(cement, Grade.B, ResponseLevel.ORANGE)
        assert orange is not None
        assert (orange[0].action, orange[0].ratio, orange[0].basis) == (Action.LIMIT, 0.2, Basis.SMALLEST_DAILY_MEAN)
        assert orange[1].vehicle_rule is VehicleRule.BAN_HEAVY_TRUCK_LE_CN4_INCL_GAS
        for grade in (Grade.A, Grade.B, Grade.C, Grade.D):
            assert all(guide.templates(cement, grade, level) for level in LEVELS)
        assert guide.templates(cement, Grade.NON_LEADING, ResponseLevel.RED) is None

    def test_what_is_not_known_is_unknown_and_not_empty(self, guide: Guide) -> None:
        known = {
            "水泥": {Grade.B, Grade.C, Grade.D},
            "再生铜铝铅锌": {Grade.B, Grade.C},
            "煤制氮肥": {Grade.B},
        }
        for industry in guide.industries:
            for grade in guide.legal_grades(industry):
                expected = grade in (Grade.A, Grade.LEADING) or grade in known.get(industry.name_zh, ())
                assert (guide.templates(industry, grade, ResponseLevel.RED) is not None) is expected

    def test_an_industry_is_found_by_name_code_and_either_bracket(self, guide: Guide) -> None:
        assert guide.industry("玻璃钢(纤维增强塑料制品)") is guide.industry("KI21")
        assert guide.industry("玻璃钢") is None

    def test_every_guess_is_marked_as_one(self, guide: Guide) -> None:
        for industry in guide.industries:
            if industry.scheme_source == ("memory",):
                assert industry.scheme_confidence in ("low", "medium")


class TestBrokenGuides:
    @pytest.mark.parametrize(
        ("change", "problem"),
        [
            (lambda g: g["industries"][0].update(scheme="XYZ"), "KI01.scheme"),
            (lambda g: g["industries"][0].update(source=["S-NONE"]), "S-NONE"),
            (lambda g: g["industries"][1].update(name_zh="长流程联合钢铁"), "same name_zh"),
            (lambda g: g["industries"][14]["subtypes"][0]["measures"].update({"B-": {}}), "outside its scheme"),
            (lambda g: g["industries"][14]["subtypes"][0]["measures"]["B"]["red"][0].update(process="moon"), "moon"),
            (
                lambda g: g["industries"][14]["subtypes"][0]["measures"]["B"]["red"][0].update(ratio=1.5),
                "less than or equal to 1",
            ),
            (lambda g: g["industries"][14]["subtypes"][0]["measures"]["B"]["red"][0].pop("ratio"), "needs a ratio"),
            (
                lambda g: g["industries"][14]["subtypes"][0]["measures"]["B"]["yellow"][0].pop("vehicle_rule"),
                "vehicle_rule",
            ),
            (
                lambda g: g["industries"][14]["subtypes"][0]["measures"]["B"]["red"][0].update(action="unknown"),
                "leave an unknown",
            ),
            (lambda g: g["industries"][14]["subtypes"][1].update(scheme="XYZ"), "KI15.subtypes.grinding.scheme"),
            (lambda g: g["industries"][14]["subtypes"][1].update(name_zh="水泥熟料"), "same name or code"),
            (lambda g: g["industries"][14]["subtypes"][1].update(scheme_source=["S-NONE"]), "S-NONE"),
            (lambda g: g["industries"][24]["measures"]["B"]["season"].update(source=["S-NONE"]), "S-NONE"),
            (lambda g: g["industries"][24]["measures"]["B"]["season"].update(months=[13]), "less than or equal to 12"),
            (lambda g: g.update(extra=1), "extra"),
        ],
    )
    def test_say_where_and_what(self, change: Any, problem: str) -> None:
        data = raw("g2020")
        change(data)
        with pytest.raises(ValidationError, match=problem):
            Guide.model_validate(data)


class TestProfile:
    def test_floors(self, profile: ListProfile) -> None:
        assert profile.floor().id == "FLOOR-A"
        assert profile.floor().at(ResponseLevel.RED) == (0.3, 0.3, 0.3, 0.3)
        assert profile.floor("FLOOR-B").at(ResponseLevel.ORANGE).vocs == 0.15

    @pytest.mark.parametrize(
        ("change", "problem"),
        [
            (lambda p: p.update(default_floors="FLOOR-Z"), "default_floors"),
            (lambda p: p["checks"]["ROUNDING"].update(source=["K999"]), "K999"),
            (lambda p: p["checks"]["ROUNDING"].update(severity="fatal"), "severity"),
        ],
    )
    def test_a_broken_one_says_where(self, change: Any, problem: str) -> None:
        data = raw("profile")
        change(data)
        with pytest.raises(ValidationError, match=problem):
            ListProfile.model_validate(data)

    def test_a_severity_is_data(self, guide: Guide) -> None:
        from emission_lists.checks import check_list
        from tests.emission_lists.list_samples import draft, firm, line, measure

        data = raw("profile")
        data["checks"]["PERMIT_MISSING"]["severity"] = "blocking"
        one = draft((firm(permit_no=None), line("1", measure(Action.STOP, 1.0))))
        found = next(f for f in check_list(one, guide, ListProfile.model_validate(data)) if f.code == "PERMIT_MISSING")
        assert found.blocking


class TestGrades:
    @pytest.mark.parametrize(
        ("text", "grade"),
        [
            ("A+", Grade.A_PLUS),
            ("b-", Grade.B_MINUS),
            ("A级", Grade.A),
            ("引领性", Grade.LEADING),
            ("E", None),
            ("", None),
        ],
    )
    def test_parse(self, text: str, grade: Grade | None) -> None:
        assert parse_grade(text) is grade

    def test_every_grade_is_read_back(self) -> None:
        assert all(parse_grade(text) is grade for grade in Grade for text in (grade.zh, grade.title_zh, grade.value))


class TestNames:
    """Published results name industries in their own ways; what is not named anywhere is not told as none."""

    @pytest.mark.parametrize(
        ("written", "found"),
        [
            ("水泥", ("水泥", None)),
            ("水泥制品", ("水泥", "水泥制品/混凝土")),
            ("混凝土", ("水泥", "水泥制品/混凝土")),
            ("水泥制品/混凝土", ("水泥", "水泥制品/混凝土")),
            ("水泥 / 水泥制品", ("水泥", "水泥制品/混凝土")),
            ("陶瓷/建筑陶瓷", ("陶瓷", "建筑陶瓷")),
            ("水泥/没有这个子类", ("水泥", "没有这个子类")),
            ("水泥粉磨站", ("水泥", "水泥粉磨站")),
            ("products", (None, None)),
            ("轧钢", (None, None)),  # a process of a mill, not an industry that is graded by itself
            ("没有/水泥", (None, None)),
            ("", (None, None)),
        ],
    )
    def test_industry_and_part_by_one_name(self, guide: Guide, written: str, found: tuple[str | None, str | None]) -> None:
        industry, part = guide.placed(written)
        assert (None if industry is None else industry.name_zh, part) == found

    def test_every_industry_is_placed_as_itself(self, guide: Guide) -> None:
        assert all(guide.placed(one.name_zh) == (one, None) for one in guide.industries)

    def test_two_names_of_one_industry(self, guide: Guide) -> None:
        assert guide.same_industry("水泥", "水泥制品")
        assert not guide.same_industry("水泥", "陶瓷")
        assert guide.same_industry("木材 加工", "木材加工")
        assert not guide.same_industry("木材加工", "食品加工")

    def test_a_part_that_two_industries_have_means_neither(self) -> None:
        data = raw("g2020")
        data["industries"][16]["subtypes"][0].update(scheme="LEADING", aliases=["水泥制品"])
        assert Guide.model_validate(data).placed("水泥制品") == (None, None)

    def test_how_many_nobody_named(self, guide: Guide) -> None:
        assert (guide.not_named, load_guide("g2019").not_named, load_guide("o2026").not_named) == (0, 16, 0)
