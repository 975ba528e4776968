from datetime import date
from typing import ClassVar

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from emission_lists.checks import blocking, check_list, division_prefix
from emission_lists.findings import Finding
from emission_lists.grades import Grade
from emission_lists.guides import Guide, ListProfile
from emission_lists.identifiers import make_permit, make_uscc
from emission_lists.levels import PerLevel, ResponseLevel
from emission_lists.lists import EmissionListDraft, Enterprise, GuaranteeType, Line, Pollutants
from emission_lists.measures import Action, LoadCap, Measure, VehicleRule, whole_units
from emission_lists.texts import TEXTS
from tests.emission_lists.conftest import load_guide, load_profile
from tests.emission_lists.list_samples import draft, drafts, firm, line, measure

TRUCKS = VehicleRule.BAN_HEAVY_TRUCK_LE_CN4_INCL_GAS
STOP = measure(Action.STOP, 1.0, vehicle_rule=TRUCKS)
NONE = measure(Action.NONE)
BASE = Pollutants(2.5, 2.5, 2.5, 2.5)  # what a sample line saves is 40 % of it
PRINTING = {"industry": "包装印刷", "grade": Grade.C, "gbt4754": "2319"}


def printing(code: str, *levels: Measure, **fields: object) -> Line:
    return line(code, *levels, process="印刷", **fields)


BESIDE = {"LINE_CODE_FORMAT", "GUARANTEE_SHEET_MISSING", "BASIS_NOT_STATED", "INDUSTRY_CLASS"} | {
    "CLASS_OF_KEY_INDUSTRY",
    "GUIDE_NOT_SEEN",
}
"""What the small samples leave open; each has its own case in test_check_codes."""


def codes(findings: list[Finding]) -> set[str]:
    return {finding.code for finding in findings} - BESIDE


class Check:
    """Checks small lists against the 2020 guide."""

    def __init__(self, guide: Guide, profile: ListProfile) -> None:
        self.guide, self.profile = guide, profile

    def __call__(self, *rows: tuple[Enterprise, Line], as_of: date | None = None) -> set[str]:
        return codes(check_list(draft(*rows, base=BASE), self.guide, self.profile, as_of=as_of))


@pytest.fixture
def check(guide: Guide, profile: ListProfile) -> Check:
    return Check(guide, profile)


class TestCheckList:
    def test_a_correct_list_has_no_finding(self, check: Check) -> None:
        assert check((firm(), line("1", STOP))) == set()

    def test_a_generated_list_has_nothing_that_blocks(self, generated, guide, profile) -> None:  # type: ignore[no-untyped-def]
        assert blocking(check_list(generated, guide, profile)) == []

    def test_findings_carry_place_and_reference(self, guide: Guide, profile: ListProfile) -> None:
        findings = check_list(
            draft((firm(grade=Grade.LEADING, industry="包装印刷"), printing("1", NONE))), guide, profile
        )
        found = next(f for f in findings if f.code == "GRADE_ILLEGAL")
        assert (found.row, found.column, found.value) == (2, "G 绩效等级", "引领性")
        assert found.reference == "环办大气函〔2020〕340号"
        assert found.advice == "可选等级：A、B、C、D"

    @settings(max_examples=80, deadline=None)
    @given(drafts(), st.none() | st.dates(date(2010, 1, 1), date(2030, 1, 1)))
    def test_any_list_can_be_checked(self, one: EmissionListDraft, as_of: date | None) -> None:
        guide, profile = load_guide("g2020"), load_profile()
        for finding in check_list(one, guide, profile, as_of=as_of):
            assert finding.code in TEXTS
            assert finding.message
            assert finding.reference

    def test_an_unknown_floor_profile_is_refused(self, guide: Guide, profile: ListProfile) -> None:
        with pytest.raises(KeyError):
            check_list(draft(), guide, profile, floors="FLOOR-Z")


class TestEnterprise:
    def test_codes_are_checked_again(self, check: Check) -> None:
        bad = firm(uscc="91350211M0000XUF46", permit_no="X")
        assert {"USCC_CHECK", "PERMIT_CHECK"} <= check((bad, line("1", STOP)))

    def test_a_permit_is_needed_and_belongs_to_the_enterprise(self, check: Check) -> None:
        other = make_permit(make_uscc("110105", 1))
        assert check((firm(permit_no=None), line("1", STOP))) == {"PERMIT_MISSING"}
        assert check((firm(permit_no=other), line("1", STOP))) == {"PERMIT_OTHER_UNIT"}

    def test_a_county_of_another_city_is_refused(self, check: Check) -> None:
        assert check((firm(adcode="110105"), line("1", STOP))) == {"ADCODE_OUTSIDE"}

    @pytest.mark.parametrize(
        ("adcode", "prefix"), [("130200", "1302"), ("110000", "11"), ("130202", "130202"), ("", "")]
    )
    def test_the_prefix_of_a_division(self, adcode: str, prefix: str) -> None:
        assert division_prefix(adcode) == prefix

    def test_long_stopped_lines_have_no_emissions(self, check: Check) -> None:
        assert "LONG_STOPPED_BASE" in check((firm(long_stopped=True), line("1", STOP)))
        idle = line("1", STOP, base=Pollutants(0, 0, 0, 0), reductions=PerLevel(*[Pollutants()] * 3))
        assert "LONG_STOPPED_BASE" not in check((firm(long_stopped=True), idle))


class TestGuarantee:
    HEATING = staticmethod(
        lambda **fields: firm(
            industry="热力", key_industry=False, grade=Grade.UNGRADED, guarantee=GuaranteeType.LIVELIHOOD, **fields
        )
    )
    CAP = LoadCap(100, "GJ/h")

    def test_needs_an_end_and_a_load(self, check: Check) -> None:
        assert check((self.HEATING(), line("1", STOP))) == {"GUARANTEE_NO_END", "GUARANTEE_NO_CAP"}

    @pytest.mark.parametrize(("day", "found"), [(date(2026, 3, 15), set()), (date(2026, 3, 16), {"GUARANTEE_EXPIRED"})])
    def test_holds_through_its_last_day(self, check: Check, day: date, found: set[str]) -> None:
        held = self.HEATING(guarantee_until=date(2026, 3, 15), guarantee_cap=self.CAP)
        assert check((held, line("1", STOP)), as_of=day) == found


class TestSmallMicro:
    TINY = Pollutants(0.05, 0.05, 0.05, 0.05)
    SMALL: ClassVar[dict[str, object]] = {
        "industry": "食品加工",
        "key_industry": False,
        "grade": Grade.UNGRADED,
        "small_micro": True,
    }

    def test_relief_at_yellow_and_orange_is_pointed_out(self, check: Check) -> None:
        saved = PerLevel(*[self.TINY] * 3)
        assert check((firm(**self.SMALL), line("1", STOP, base=self.TINY, reductions=saved))) >= {"SMALL_MICRO_FORCED"}
        relieved = line(
            "1", NONE, NONE, STOP, base=self.TINY, reductions=PerLevel(Pollutants(), Pollutants(), self.TINY)
        )
        assert "SMALL_MICRO_FORCED" not in check((firm(**self.SMALL), relieved))

    def test_more_than_a_hundred_kilograms_a_year_is_not_small(self, check: Check) -> None:
        big = line("1", NONE, base=Pollutants(0.31), reductions=PerLevel(*[Pollutants(0)] * 3))
        just = line("1", NONE, base=Pollutants(0.303), reductions=PerLevel(*[Pollutants(0)] * 3))
        assert "SMALL_MICRO_TOO_LARGE" in check((firm(**self.SMALL), big))
        assert "SMALL_MICRO_TOO_LARGE" not in check((firm(**self.SMALL), just))


class TestIndustryAndGrade:
    def test_a_key_industry_must_be_one_of_the_guide(self, check: Check) -> None:
        assert "INDUSTRY_UNKNOWN" in check((firm(industry="水泥厂"), line("1", STOP)))

    def test_an_industry_of_the_guide_is_a_key_industry(self, check: Check) -> None:
        assert "INDUSTRY_IS_KEY" in check((firm(key_industry=False), line("1", STOP)))

    @pytest.mark.parametrize(
        ("industry", "grade", "found"),
        [
            ("长流程联合钢铁", Grade.B_MINUS, set()),
            ("包装印刷", Grade.B_MINUS, {"GRADE_ILLEGAL"}),
            ("砖瓦窑", Grade.C, {"GRADE_ILLEGAL"}),
            ("短流程钢铁", Grade.C, {"GRADE_UNCERTAIN"}),
            ("炭黑制造", Grade.C, {"GRADE_UNCERTAIN"}),
            ("水泥", Grade.NON_LEADING, set()),
            ("包装印刷", Grade.UNGRADED, {"GRADE_NOT_APPLIED"}),
        ],
    )
    def test_a_grade_belongs_to_its_scheme(self, check: Check, industry: str, grade: Grade, found: set[str]) -> None:
        all_codes = check((firm(industry=industry, grade=grade), line("1", STOP)))
        assert {code for code in all_codes if code.startswith("GRADE")} == found

    def test_only_a_scheme_that_is_certain_blocks(self, profile: ListProfile) -> None:
        assert profile.checks["GRADE_ILLEGAL"].severity == "blocking"
        assert profile.checks["GRADE_UNCERTAIN"].severity == "warning"


class TestTopGrades:
    @pytest.mark.parametrize("action", [Action.STOP, Action.LIMIT])
    def test_a_forced_measure_is_refused(self, check: Check, action: Action) -> None:
        assert check((firm(grade=Grade.A), line("1", measure(action, 1.0)))) == {"TOP_GRADE_FORCED"}

    def test_its_own_reduction_is_right(self, check: Check) -> None:
        assert check((firm(grade=Grade.A), line("1", measure(Action.SELF_DETERMINED)))) == set()

    def test_a_lower_grade_may_not_decide_for_itself(self, check: Check) -> None:
        own = measure(Action.SELF_DETERMINED)
        assert "SELF_DETERMINED_BELOW" in check((firm(**PRINTING), printing("1", own)))
        assert "SELF_DETERMINED_BELOW" in check((firm(), line("1", own)))

    def test_unless_the_guide_lets_it(self, check: Check) -> None:
        fertiliser = firm(industry="煤制氮肥", grade=Grade.B)
        assert check((fertiliser, line("1", measure(Action.SELF_DETERMINED), process="造气"))) == set()


class TestRows:
    def test_unknown_measures_are_named_per_level(self, guide: Guide, profile: ListProfile) -> None:
        saved = PerLevel(Pollutants(), Pollutants(), Pollutants())
        rows = draft((firm(**PRINTING), printing("1", measure(Action.UNKNOWN), reductions=saved)), base=BASE)
        findings = [f for f in check_list(rows, guide, profile) if f.code == "MEASURE_UNKNOWN"]
        assert [f.message for f in findings] == ["黄色措施未确定", "橙色措施未确定", "红色措施未确定"]
        assert not any(f.blocking for f in findings)

    def test_a_reduction_of_an_unknown_measure_is_not_counted(self, check: Check) -> None:
        found = check((firm(**PRINTING), printing("1", measure(Action.UNKNOWN))))
        assert {"UNKNOWN_WITH_REDUCTION", "FLOOR_NOT_ESTABLISHED"} <= found
        assert "FLOOR_NOT_MET" not in found

    @settings(deadline=None)
    @given(st.integers(1, 30), st.integers(1, 99))
    def test_a_share_is_whole_units_and_no_fewer(self, total: int, hundredths: int) -> None:
        guide, profile, ratio = load_guide("g2020"), load_profile(), hundredths / 100
        needed = whole_units(total, ratio)
        for stopped in range(max(0, needed - 2), min(total, needed + 1) + 1):
            partial = measure(Action.STOP, ratio, total_units=total, stopped_units=stopped)
            found = codes(check_list(draft((firm(**PRINTING), printing("1", partial)), base=BASE), guide, profile))
            assert ("ROUNDING" in found) is (stopped < needed)

    def test_more_units_than_there_are(self, check: Check) -> None:
        assert "UNITS_EXCEED" in check((firm(**PRINTING), printing("1", measure(Action.STOP, None, stopped_units=2))))

    def test_a_forced_measure_names_a_device_and_a_metric(self, check: Check) -> None:
        for missing in ({"verification": ()}, {"verification_point": None}):
            assert check((firm(**PRINTING), printing("1", measure(Action.STOP, 1.0, **missing)))) == {"NOT_VERIFIABLE"}

    def test_reductions_are_given_fit_the_base_and_grow_with_the_level(self, check: Check) -> None:
        def found(*saved: Pollutants) -> set[str]:
            return check((firm(**PRINTING), printing("1", measure(Action.STOP, 1.0), reductions=PerLevel(*saved))))

        one, many = Pollutants(1, 1, 1, 1), Pollutants(11, 1, 1, 1)
        assert "REDUCTION_MISSING" in found(Pollutants(), Pollutants(), Pollutants())
        assert "REDUCTION_EXCEEDS_BASE" in found(one, one, many)
        assert "LEVEL_DECREASES" in found(Pollutants(2, 2, 2, 2), one, one)


class TestConsistency:
    def _firms(self, *ratios: float) -> set[str]:
        rows = []
        for index, ratio in enumerate(ratios):
            owner = firm(uscc=make_uscc("130202", index), **PRINTING)
            rows.append((owner, printing("1", measure(Action.STOP, ratio, total_units=10))))
        findings = check_list(draft(*rows, base=BASE), load_guide("g2020"), load_profile())
        return {f.uscc or "" for f in findings if f.code == "INCONSISTENT_MEASURES"}

    def test_the_one_that_differs_is_named(self) -> None:
        assert self._firms(0.5, 0.5, 0.3, 0.5) == {make_uscc("130202", 2)}

    def test_equal_measures_and_split_opinions_are_left_alone(self) -> None:
        assert self._firms(0.5, 0.5, 0.5) == set()
        assert self._firms(0.5, 0.3) == set()
        assert self._firms(0.5, 0.5, 0.3, 0.3) == set()

    def test_rounding_to_whole_units_is_no_difference(self) -> None:
        rows = []
        for index, (total, stopped) in enumerate([(2, 1), (3, 2), (4, 2), (5, 3)]):
            half = measure(Action.STOP, 0.5, total_units=total, stopped_units=stopped)
            rows.append((firm(uscc=make_uscc("130202", index), **PRINTING), printing("1", half)))
        findings = check_list(draft(*rows, base=BASE), load_guide("g2020"), load_profile())
        assert "INCONSISTENT_MEASURES" not in codes(findings)


class TestAgainstTheGuide:
    """Cement clinker of the 2020 guide, whose measures are fully known."""

    def _found(self, grade: Grade, level: ResponseLevel, *lines: Line) -> set[str]:
        rows = [(firm(grade=grade), one) for one in lines]
        findings = check_list(draft(*rows, base=BASE), load_guide("g2020"), load_profile())
        wanted = {"WEAKER_THAN_GUIDE", "NOT_COMPARABLE", "GUIDE_PROCESS_MISSING"}
        return {f.code for f in findings if f.code in wanted and f.column and level.zh in f.column}

    def _row(self, code: str, one: Measure) -> Line:
        return line(code, one)

    def test_c_at_yellow_stops_half_the_lines_rounded_up(self) -> None:
        on = measure(Action.NONE)
        for total, stopped in [(2, 0), (3, 1), (4, 1), (5, 2)]:
            rows = [self._row(str(n), STOP if n < stopped else on) for n in range(total)]
            assert self._found(Grade.C, ResponseLevel.YELLOW, *rows) == {"WEAKER_THAN_GUIDE"}
            rows[stopped] = self._row(str(stopped), STOP)
            assert self._found(Grade.C, ResponseLevel.YELLOW, *rows) == set()

    def test_a_single_line_may_lower_its_load_instead(self) -> None:
        half = measure(Action.LIMIT, 0.5, vehicle_rule=TRUCKS)
        less = measure(Action.LIMIT, 0.4, vehicle_rule=TRUCKS)
        assert self._found(Grade.C, ResponseLevel.YELLOW, self._row("1", half)) == set()
        assert self._found(Grade.C, ResponseLevel.YELLOW, self._row("1", less)) == {"WEAKER_THAN_GUIDE"}
        assert self._found(Grade.C, ResponseLevel.ORANGE, self._row("1", half)) == {"WEAKER_THAN_GUIDE"}

    def test_the_truck_ban_is_part_of_it(self) -> None:
        bare = measure(Action.STOP, 1.0)
        assert self._found(Grade.C, ResponseLevel.RED, self._row("1", bare)) == {"WEAKER_THAN_GUIDE"}
        road = measure(Action.TRANSPORT, vehicle_rule=VehicleRule.STOP_ROAD_TRANSPORT)
        rows = [self._row("1", bare), line("2", road, process="公路运输")]
        assert self._found(Grade.C, ResponseLevel.RED, *rows) == set()

    def test_unknown_is_neither_weaker_nor_enough(self) -> None:
        rows = [self._row("1", measure(Action.UNKNOWN)), self._row("2", measure(Action.NONE, vehicle_rule=None))]
        assert self._found(Grade.C, ResponseLevel.YELLOW, *rows) == set()
        assert self._found(Grade.C, ResponseLevel.RED, *rows) == {"WEAKER_THAN_GUIDE"}

    def test_a_limit_without_a_share_cannot_be_compared(self) -> None:
        capped = measure(Action.LIMIT, None, load_cap=LoadCap(100, "t"), vehicle_rule=TRUCKS)
        assert self._found(Grade.B, ResponseLevel.ORANGE, self._row("1", capped)) == {"NOT_COMPARABLE"}

    def test_a_process_the_guide_names_is_missed(self) -> None:
        other = line("1", STOP, process="粉磨")
        assert self._found(Grade.C, ResponseLevel.RED, other) == {"GUIDE_PROCESS_MISSING"}

    @pytest.mark.parametrize(
        "relief", [{"guarantee": GuaranteeType.LIVELIHOOD}, {"small_micro": True}, {"long_stopped": True}]
    )
    def test_relief_is_not_held_against_a_list(self, relief: dict[str, object]) -> None:
        tiny = line("1", NONE, base=Pollutants(0.05, 0.05, 0.05, 0.05))
        found = check_list(draft((firm(**relief), tiny), base=BASE), load_guide("g2020"), load_profile())
        assert "WEAKER_THAN_GUIDE" not in codes(found)

    @settings(deadline=None)
    @given(st.lists(st.sampled_from([0.0, 0.1, 0.19, 0.2, 0.5, 1.0]), min_size=1, max_size=5))
    def test_b_at_orange_cuts_at_least_a_fifth(self, cuts: list[float]) -> None:
        rows = []
        for number, cut in enumerate(cuts):
            action = Action.LIMIT if 0 < cut < 1 else Action.STOP if cut else Action.NONE
            ratio = cut or None
            rows.append(self._row(str(number), measure(action, ratio, vehicle_rule=TRUCKS)))
        enough = round(sum(cuts) * 100) >= 20 * len(cuts)
        assert (self._found(Grade.B, ResponseLevel.ORANGE, *rows) == set()) is enough

    def test_an_ungraded_plant_is_held_to_the_lowest_grade(self, guide: Guide) -> None:
        industry = guide.industry("再生铜铝铅锌")
        assert industry is not None
        templates = guide.templates(industry, Grade.UNGRADED, ResponseLevel.YELLOW)
        assert templates == guide.templates(industry, Grade.C, ResponseLevel.YELLOW)
        assert templates is not None
        assert templates[0].action is Action.STOP


def test_every_text_is_used_and_every_check_has_one(profile: ListProfile) -> None:
    assert set(profile.checks) <= set(TEXTS)
    for zh, advice_zh, en, advice_en in TEXTS.values():
        assert zh
        assert advice_zh
        assert en
        assert advice_en
