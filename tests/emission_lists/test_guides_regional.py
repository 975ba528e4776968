"""What places add to the guide, what they once did, and the one guide of a place on a day."""

import re
from datetime import date
from typing import Any

import pytest
import yaml
from pydantic import ValidationError

from emission_lists.checks import check_list
from emission_lists.grades import Grade
from emission_lists.guides import Guide, ListProfile, SingleUnitPolicy
from emission_lists.guides_regional import (
    GuideBook,
    LocalPractice,
    RegionalExtension,
    above,
    clashes,
    laid_over,
    profile_of,
)
from emission_lists.levels import LEVELS, ResponseLevel
from emission_lists.measures import Action, Measure
from tests.emission_lists.conftest import GUIDES, load_guide, load_profile
from tests.emission_lists.list_samples import draft, firm, line, measure

DAY = date(2026, 11, 22)


def extension(adcode: str) -> RegionalExtension:
    text = (GUIDES / "regions" / f"{adcode}.yaml").read_text(encoding="utf-8")
    return RegionalExtension.model_validate(yaml.safe_load(text))


def practices() -> list[LocalPractice]:
    files = sorted((GUIDES / "local").glob("*.yaml"))
    return [LocalPractice.model_validate(yaml.safe_load(file.read_text(encoding="utf-8"))) for file in files]


def book() -> GuideBook:
    files = sorted((GUIDES / "regions").glob("*.yaml"))
    guides = [load_guide(name) for name in ("g2019", "g2020", "o2026")]
    return GuideBook(guides, [extension(file.stem) for file in files], practices(), load_profile())


BOOK = book()


class TestExtensions:
    @pytest.mark.parametrize(
        ("adcode", "total", "named"),
        [
            ("410000", 13, ["机械加工"]),
            ("130000", 8, []),
            ("510000", 10, ["金属表面处理及热处理加工", "电子工业"]),
            ("440000", 13, []),
        ],
    )
    def test_say_how_many_there_are_and_name_only_what_a_source_names(
        self, adcode: str, total: int, named: list[str]
    ) -> None:
        added = extension(adcode).industries
        assert added is not None
        assert (added.total, [one.name_zh for one in added.industries]) == (total, named)
        assert added.not_named == total - len(named)

    def test_their_own_industries_have_no_scheme_that_nobody_saw(self) -> None:
        for adcode in ("410000", "510000"):
            for industry in extension(adcode).named:
                assert industry.scheme == "UNKNOWN"
                assert industry.measures == {}

    @pytest.mark.parametrize(
        ("adcode", "place", "found"),
        [
            ("410000", "410000", True),
            ("410000", "410102", True),
            ("410000", "510000", False),
            ("510000", "500109", True),
            ("120000", "120101", True),
            ("410100", "410102", True),
            ("410100", "410200", False),
        ],
    )
    def test_hold_in_the_place_and_below_it(self, adcode: str, place: str, found: bool) -> None:
        ids = {one.id for one in BOOK.guide_for(place, DAY).extensions}
        assert (f"R{adcode}" in ids) is found

    def test_a_draft_and_a_seasonal_plan_are_shown_and_not_laid_over(self) -> None:
        guangdong = BOOK.guide_for("440100", DAY)
        assert [one.id for one in guangdong.beside] == ["R440000"]
        assert guangdong.guide == guangdong.national
        jinzhong = BOOK.guide_for("140702", date(2020, 12, 1))
        assert [one.id for one in jinzhong.beside] == ["R140700"]
        assert BOOK.guide_for("140702", date(2021, 4, 1)).beside == ()

    @pytest.mark.parametrize(
        ("change", "problem"),
        [
            (lambda e: e["industries"].update(total=0), "greater than or equal to 1"),
            (lambda e: e["industries"].update(source=["S-NONE"]), "S-NONE"),
            (lambda e: e["grades"][0].update(source=["S-NONE"]), "S-NONE"),
            (lambda e: e.update(profile={"floors": "FLOOR-A"}), "floors_source"),
            (lambda e: e.update(adcode="41"), "adcode"),
            (lambda e: e.update(status="maybe"), "status"),
        ],
    )
    def test_a_broken_one_says_where(self, change: Any, problem: str) -> None:
        data = yaml.safe_load((GUIDES / "regions" / "410000.yaml").read_text(encoding="utf-8"))
        change(data)
        with pytest.raises(ValidationError, match=problem):
            RegionalExtension.model_validate(data)

    def test_more_names_than_industries_are_refused(self) -> None:
        data = yaml.safe_load((GUIDES / "regions" / "510000.yaml").read_text(encoding="utf-8"))
        data["industries"]["total"] = 1
        with pytest.raises(ValidationError, match="there are 1"):
            RegionalExtension.model_validate(data)


class TestLaidOver:
    def test_henan_adds_an_industry_and_a_grade(self) -> None:
        henan = BOOK.guide_for("410100", DAY)
        assert len(henan.guide.industries) == 40
        added = henan.guide.industry("机械加工")
        assert added is not None
        origin = henan.origin_of(added)
        assert origin is not None
        assert origin.id == "R410000"
        assert henan.guide.legal_grades(added) == ()
        cement = henan.guide.industry("水泥")
        assert cement is not None
        assert henan.origin_of(cement) is None
        assert Grade.ADVANCED in henan.guide.legal_grades(cement, "水泥粉磨站")
        assert henan.guide.lowest_grade(cement, "水泥粉磨站") is Grade.NON_LEADING
        [asked] = henan.guide.templates(cement, Grade.ADVANCED, ResponseLevel.RED, "水泥粉磨站") or ()
        assert asked.action is Action.SELF_DETERMINED

    def test_elsewhere_the_guide_is_the_national_one(self) -> None:
        assert BOOK.guide_for("330100", DAY).guide is BOOK.guides["G2020"]
        assert Grade.ADVANCED not in BOOK.guide_for("330100", DAY).guide.schemes["ABCD"]

    def test_the_national_measures_stay_as_they_are(self) -> None:
        henan, national = BOOK.guide_for("410100", DAY).guide, BOOK.guides["G2020"]
        for industry in national.industries:
            for grade in national.legal_grades(industry):
                for level in LEVELS:
                    assert henan.templates(industry, grade, level) == national.templates(industry, grade, level)

    def test_an_advanced_enterprise_is_blocked_elsewhere_and_not_in_henan(self) -> None:
        one = draft((firm(grade=Grade.ADVANCED, subtype="水泥粉磨站"), line("1", measure(Action.SELF_DETERMINED))))
        national, henan = BOOK.guide_for("330100", DAY), BOOK.guide_for("410100", DAY)
        at_home = {found.code for found in check_list(one, henan.guide, henan.profile)}
        elsewhere = {found.code for found in check_list(one, national.guide, national.profile)}
        assert {"GRADE_ILLEGAL", "SELF_DETERMINED_BELOW"} & at_home == set()
        assert {"GRADE_ILLEGAL", "SELF_DETERMINED_BELOW"} <= elsewhere

    def test_a_place_replaces_no_industry(self, guide: Guide) -> None:
        industry = extension("410000").named[0].model_copy(update={"name_zh": "水 泥"})
        added = extension("410000").industries
        assert added is not None
        changed = extension("410000").model_copy(
            update={"industries": added.model_copy(update={"industries": (industry,)})}
        )
        assert clashes(guide, changed) == ["水 泥"]
        assert clashes(guide, extension("410000")) == []

    def test_a_scheme_that_is_nowhere_is_refused(self, guide: Guide) -> None:
        added = extension("410000").industries
        assert added is not None
        industry = added.industries[0].model_copy(update={"scheme": "XYZ"})
        changed = extension("410000").model_copy(
            update={"industries": added.model_copy(update={"industries": (industry,)})}
        )
        with pytest.raises(ValidationError, match="XYZ"):
            laid_over(guide, changed)


class TestProfiles:
    def test_a_place_has_its_own_rules_and_the_others_of_the_country(self, profile: ListProfile) -> None:
        taiyuan = BOOK.guide_for("140105", DAY).profile
        assert taiyuan.single_unit.policy is SingleUnitPolicy.LOWER_LOAD
        assert not taiyuan.single_unit.choice
        assert taiyuan.checks == profile.checks
        assert BOOK.guide_for("120101", DAY).profile.small_micro.confidence == "high"
        assert BOOK.guide_for("330100", DAY).profile == profile

    def test_floors_that_do_not_exist_are_refused(self, profile: ListProfile) -> None:
        place = extension("410100").profile.model_copy(update={"floors": "FLOOR-Z"})
        with pytest.raises(ValueError, match="FLOOR-Z"):
            profile_of(profile, extension("410100").model_copy(update={"profile": place}))


class TestDays:
    @pytest.mark.parametrize(
        ("day", "guide", "framework"),
        [
            (date(2019, 7, 1), "G2019", None),
            (date(2020, 6, 28), "G2019", None),
            (date(2020, 6, 29), "G2020", None),
            (date(2025, 12, 31), "G2020", None),
            (date(2026, 1, 1), "G2020", "O2026"),
        ],
    )
    def test_one_guide_holds_on_a_day(self, day: date, guide: str, framework: str | None) -> None:
        found = BOOK.guide_for("330100", day)
        assert found.guide.id == guide
        assert (found.framework.id if found.framework else None) == framework

    def test_before_the_first_guide_there_is_none(self) -> None:
        with pytest.raises(LookupError, match="2019-06-30"):
            BOOK.guide_for("330100", date(2019, 6, 30))

    def test_a_version_can_be_asked_for(self) -> None:
        assert BOOK.guide_for("330100", DAY, "G2019").guide.id == "G2019"
        with pytest.raises(LookupError):
            BOOK.guide_for("330100", DAY, "G1999")

    def test_the_widest_place_comes_first(self) -> None:
        assert above("410102") == ("410000", "410100", "410102")
        assert above("410000") == ("410000",)
        assert [one.id for one in BOOK.guide_for("410102", DAY).extensions] == ["R410000", "R410100"]


def _shapes(one: Measure) -> set[str]:
    names = ("coking_hours", "cycle", "heats_per_day", "stop_mode", "keep_running", "window", "vehicle_rule")
    found = {name for name in names if getattr(one, name) is not None}
    found |= {"later"} if one.later else set()
    return found | ({"at_least"} if one.at_least else set()) | ({f"basis:{one.basis.name}"} if one.basis else set())


class TestLocalPractices:
    def test_all_fourteen_are_there_with_their_sources(self) -> None:
        assert len(practices()) == 14
        # 90 rows of the source: three "after 120 h" stand as stages, two rows with two rules in one stand as two
        assert sum(len(row.measures) for one in practices() for row in one.rows) == 90 - 3 + 2

    def test_every_row_has_its_shape(self) -> None:
        """Every number that a row's note states is said by its measure, in both languages."""
        for one in practices():
            for row in one.rows:
                for template in row.measures:
                    self._says_what_its_note_says(template.note_zh or "", template.measure())

    def _says_what_its_note_says(self, note: str, made: Measure) -> None:
        zh, en = made.render_zh(), made.render_en()
        for pattern, needed in (
            (r"出焦(?:时间延长)?(?:至)?(\d+)小时", "{} 小时"),
            (r"停(\d+)小时、开", "停 {} 小时"),
            (r"开(\d+)小时为周期", "开 {} 小时"),
            (r"不大于(\d+)炉", "≤ {} 炉"),
            (r"(?:限产|停产|压减)(?:比例不低于)?(\d+)%", "{} %"),
        ):
            for number in re.findall(pattern, note):
                if "两条及以上" not in note or made.keep_running is None:
                    assert needed.format(number) in zh
                    assert number in en
        for word, said in (
            ("焖炉", "焖炉"),
            ("保窑", "停产保窑"),
            ("以热定产", "以热定产"),
            ("含）以上", "（含）以上"),
        ):
            assert word not in note or said in zh
        if "开一条" in note:
            assert made.keep_running == 1 or made.window == "17:00-09:00"

    def test_between_them_they_use_every_shape_that_was_seen(self) -> None:
        used = {
            shape for one in practices() for row in one.rows for t in row.measures for shape in _shapes(t.measure())
        }
        assert used >= {
            "coking_hours", "cycle", "heats_per_day", "stop_mode", "keep_running", "window", "vehicle_rule", "later",
            "at_least", "basis:LOWEST_DAILY_LOAD", "basis:HEAT_SUPPLY", "basis:PRODUCTION_PLAN", "basis:NOT_STATED",
        }  # fmt: skip

    def test_relief_after_120_hours_is_a_stage_of_the_processes_it_names(self) -> None:
        relieved = [
            template
            for one in practices()
            for row in one.rows
            for template in row.measures
            if any(stage.after_hours == 120 for stage in template.later)
        ]
        assert len(relieved) == 6
        assert {template.process for template in relieved} == {"sinter", "pellet"}

    def test_branches_by_number_of_lines(self) -> None:
        [luozhuang] = [one for one in practices() if one.id == "LP-LUOZHUANG-2017"]
        asked = {
            units: [t.measure().keep_running for row in luozhuang.rows for t in row.measures if t.applies_to(units)]
            for units in (1, 2, 3, 8)
        }
        assert asked == {1: [None], 2: [None], 3: [1, None], 8: [1, None]}

    def test_they_are_never_the_rule_of_the_place(self) -> None:
        for one in practices():
            if one.adcode is not None:
                found = BOOK.guide_for(one.adcode, DAY)
                sources = {key for extension in found.extensions for key in extension.sources}
                assert not ({key for key in one.source if key != "S-HEN2020"} & sources)


class TestNotNamed:
    @pytest.mark.parametrize(("place", "left"), [("130000", 8), ("410000", 12), ("510000", 8), ("120000", 0)])
    def test_those_of_a_place_are_counted_with_the_nation_s(self, guide: Guide, place: str, left: int) -> None:
        assert laid_over(guide, extension(place)).not_named == left
        assert laid_over(load_guide("g2019"), extension(place)).not_named == 16 + left

    def test_two_extensions_add_up(self, guide: Guide) -> None:
        assert laid_over(laid_over(guide, extension("130000")), extension("410000")).not_named == 20

    def test_a_guide_for_all_others_is_known(self, guide: Guide) -> None:
        assert laid_over(guide, extension("410000")).universal
        assert not laid_over(guide, extension("130000")).universal

    def test_an_alias_of_a_place_s_industry(self, guide: Guide) -> None:
        found = laid_over(guide, extension("510000"))
        assert found.industry("电子工业(地方标准)") is found.industry("电子工业")

    def test_an_alias_that_the_guide_has_clashes(self, guide: Guide) -> None:
        one = extension("510000")
        own = one.named[0].model_copy(update={"aliases": ("水泥",)})
        changed = one.model_copy(update={"industries": one.industries.model_copy(update={"industries": (own,)})})
        assert clashes(guide, changed) == [own.name_zh]

    @pytest.mark.parametrize("version", ["g2019", "g2020", "o2026"])
    @pytest.mark.parametrize("adcode", ["410100", "510100", "500000"])
    def test_every_version_takes_every_place(self, version: str, adcode: str) -> None:
        found = book().guide_for(adcode, DAY, version.upper())
        assert found.guide.legal_grades(found.extensions[0].named[0]) in ((), (Grade.ADVANCED,))
