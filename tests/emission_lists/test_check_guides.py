"""What a list asks against what the guide asks, where the list seemed to escape it; each case with the nearest list that is right."""

from dataclasses import replace
from typing import Any

import pytest

from emission_lists.checks import check_list
from emission_lists.findings import Finding
from emission_lists.grades import Grade
from emission_lists.guides import Guide, ListProfile
from emission_lists.identifiers import make_uscc
from emission_lists.levels import PerLevel
from emission_lists.lists import (
    NOT_STATED,
    ROAD_TRANSPORT,
    EmissionListDraft,
    Enterprise,
    Line,
    LineParticulars,
    Means,
    Pollutants,
)
from emission_lists.measures import Action, Basis, Later, LoadCap, Measure, VehicleRule
from emission_lists.process_names import process_name
from tests.emission_lists.list_samples import draft, firm, line, measure

TRUCKS = VehicleRule.BAN_HEAVY_TRUCK_LE_CN4_INCL_GAS
STOP, LIMIT, NONE = Action.STOP, Action.LIMIT, Action.NONE
SMALLEST, EIA = Basis.SMALLEST_DAILY_MEAN, Basis.EIA_CAPACITY


@pytest.fixture
def found(guide: Guide, profile: ListProfile) -> Any:
    """The findings of some codes, by code and level."""

    def of(one: EmissionListDraft, *codes: str) -> list[Finding]:
        return [each for each in check_list(one, guide, profile) if each.code in codes]

    return of


class TestOutputAgainstTheGuide:
    """水泥熟料 B级，橙色：限产20%，以三者日均值的最小值为基准. Means of 5000, 5000 and 3000 t/d leave 2400 t/d."""

    MEANS = Means(5000.0, 5000.0, 3000.0, "t/d")

    def limited(self, ratio: float | None, cap: float | None = None, metric: str = "日产量", **fields: Any) -> Line:
        means = fields.pop("means", self.MEANS)
        load = None if cap is None else LoadCap(cap, "t/d", metric)
        at_orange = measure(LIMIT, ratio, load_cap=load, vehicle_rule=TRUCKS, **fields)
        return self.line(at_orange, means)

    def line(self, at_orange: Measure, means: Means | None, code: str = "MF0001") -> Line:
        idle, stopped = measure(NONE, vehicle_rule=TRUCKS), measure(STOP, 1.0, vehicle_rule=TRUCKS)
        return line(code, idle, at_orange, stopped, particulars=LineParticulars(means=means))

    def told(self, found: Any, *lines: Line) -> list[tuple[str, str]]:
        rows = draft(*((firm(grade=Grade.B), one) for one in lines))
        codes = ("OUTPUT_ABOVE_GUIDE", "WEAKER_THAN_GUIDE", "NOT_COMPARABLE")
        return [(each.code, each.severity.value) for each in found(rows, *codes)]

    ABOVE = [("OUTPUT_ABOVE_GUIDE", "blocking")]  # noqa: RUF012

    @pytest.mark.parametrize("basis", [EIA, Basis.PERMIT_CAPACITY])
    def test_a_share_of_a_larger_base_leaves_too_much(self, found: Any, basis: Basis) -> None:
        assert self.told(found, self.limited(0.2, basis=basis)) == self.ABOVE
        assert self.told(found, self.limited(0.519, basis=basis)) == self.ABOVE
        assert self.told(found, self.limited(0.52, basis=basis)) == []

    @pytest.mark.parametrize("basis", [EIA, SMALLEST, None, Basis.NOT_STATED, Basis.BASELINE_DAY])
    def test_a_cap_in_output_above_the_guides_is_found_whatever_the_share_is_counted_from(
        self, found: Any, basis: Basis | None
    ) -> None:
        assert self.told(found, self.limited(0.2, 4000.0, basis=basis)) == self.ABOVE
        assert self.told(found, self.limited(0.2, 2400.001, basis=basis)) == self.ABOVE
        assert self.told(found, self.limited(0.2, 2400.0, basis=basis)) == []

    def test_the_smallest_happens_to_be_the_named_one(self, found: Any) -> None:
        assert self.told(found, self.limited(0.2, basis=Basis.PREVIOUS_YEAR_OUTPUT)) == []
        assert self.told(found, self.limited(0.19, basis=Basis.PREVIOUS_YEAR_OUTPUT)) == self.ABOVE

    def test_feed_and_power_are_no_output(self, found: Any) -> None:
        assert self.told(found, self.limited(0.2, 4000.0, "日投料", basis=EIA)) == [("NOT_COMPARABLE", "warning")]
        assert self.told(found, self.limited(0.2, 4000.0, "日投料", basis=SMALLEST)) == []

    def test_without_all_means_only_a_cap_can_be_too_high_for_certain(self, found: Any) -> None:
        one = Means(eia_capacity=3000.0, unit="t/d")
        assert self.told(found, self.limited(0.2, 2401.0, basis=EIA, means=one)) == self.ABOVE
        assert self.told(found, self.limited(0.2, basis=EIA, means=one)) == [("NOT_COMPARABLE", "warning")]
        assert self.told(found, self.limited(0.2, 4000.0, basis=EIA, means=None)) == [("NOT_COMPARABLE", "warning")]
        other = replace(self.MEANS, unit="t/h")
        assert self.told(found, self.limited(0.2, 4000.0, basis=EIA, means=other)) == [("NOT_COMPARABLE", "warning")]

    def test_lines_are_taken_together(self, found: Any) -> None:
        runs = replace(self.limited(0.2, 4000.0, basis=SMALLEST), code="MF0002")
        stands = self.line(measure(STOP, 1.0, vehicle_rule=TRUCKS), self.MEANS)
        assert self.told(found, stands, runs) == []
        goes_on = self.line(measure(NONE, vehicle_rule=TRUCKS), self.MEANS)
        assert self.told(found, goes_on, replace(self.limited(0.5, basis=SMALLEST), code="MF0002")) == []
        assert self.told(found, goes_on, replace(self.limited(0.3, basis=SMALLEST), code="MF0002")) == self.ABOVE

    def test_a_later_stage_is_judged_and_hours_of_the_day_are_not_enough(self, found: Any) -> None:
        (at_orange,) = [self.limited(0.2, 2400.0, basis=SMALLEST).measures.orange]
        raised = replace(at_orange, later=(Later(120, replace(at_orange, load_cap=LoadCap(2500.0, "t/d", "日产量"))),))
        assert self.told(found, self.line(raised, self.MEANS)) == self.ABOVE
        at_night = replace(at_orange, window="17:00-09:00")
        assert set(self.told(found, self.line(at_night, self.MEANS))) == {("NOT_COMPARABLE", "warning")}

    def test_it_says_the_figures(self, found: Any) -> None:
        rows = draft((firm(grade=Grade.B), self.limited(0.2, 4000.0, basis=EIA)))
        (one,) = found(rows, "OUTPUT_ABOVE_GUIDE")
        assert "4000 t/d" in one.message
        assert "2400 t/d" in one.message
        assert (one.row, str(one.column).split(" ")[1]) == (2, "橙色-措施")


IDLE = measure(NONE)
ALL_ROADS = line("YS", measure(Action.TRANSPORT, vehicle_rule=VehicleRule.STOP_ROAD_TRANSPORT), process=ROAD_TRANSPORT)
CLINKER = firm(grade=Grade.D, subtype="水泥熟料")
WEAKER = "WEAKER_THAN_GUIDE"


def levels(found: list[Finding]) -> list[tuple[str, str, str]]:
    """Code, severity and level of each finding."""
    return [(each.code, each.severity.value, str(each.column)[-5:-3]) for each in found]


def at_every_level(code: str, severity: str) -> list[tuple[str, str, str]]:
    return [(code, severity, level) for level in ("黄色", "橙色", "红色")]


class TestGuideThatWasNotSeen:
    """No measure is not what an unknown guide asks (未确立 ≠ 不采取措施)."""

    STEEL = firm(industry="长流程联合钢铁", grade=Grade.D, gbt4754="3110")

    def told(self, found: Any, owner: Enterprise, *lines: Line) -> list[tuple[str, str, str]]:
        return levels(found(draft(*((owner, one) for one in lines)), "GUIDE_NOT_ESTABLISHED"))

    def test_nothing_at_any_level_is_told_at_every_level(self, found: Any) -> None:
        assert self.told(found, self.STEEL, line("1", IDLE, process="烧结")) == at_every_level(
            "GUIDE_NOT_ESTABLISHED", "warning"
        )

    def test_only_where_no_line_is_asked_for_anything(self, found: Any) -> None:
        part = line("1", IDLE, measure(STOP, 0.5), measure(STOP, 1.0), process="烧结")
        assert [each[2] for each in self.told(found, self.STEEL, part, line("2", IDLE, process="高炉"))] == ["黄色"]
        unknown = line("1", measure(Action.UNKNOWN), process="烧结")
        assert self.told(found, self.STEEL, unknown) == []

    @pytest.mark.parametrize(
        "owner", [replace(STEEL, grade=Grade.A), replace(STEEL, long_stopped=True), firm(key_industry=False, industry="食品")]
    )
    def test_who_need_not_follow_the_guide_is_left_alone(self, found: Any, owner: Enterprise) -> None:
        assert self.told(found, owner, line("1", IDLE, process="烧结")) == []

    def test_that_nothing_was_compared_is_told_once_for_the_list(self, found: Any) -> None:
        owners = [replace(self.STEEL, uscc=make_uscc("130202", n)) for n in (1, 2)]
        stopped = line("1", measure(STOP, 1.0), process="烧结")
        (one,) = found(draft(*((owner, stopped) for owner in owners), (CLINKER, stopped)), "GUIDE_NOT_SEEN")
        assert (one.severity.value, one.row, one.value) == ("note", None, min(owner.uscc for owner in owners))
        assert "2 家" in one.message
        assert found(draft((CLINKER, stopped)), "GUIDE_NOT_SEEN") == []


class TestSmallMicroMark:
    """小微: no coal, no oil and at most 100 kg a year; the mark alone does not take a plant out of the guide."""

    CODES = (WEAKER, "SMALL_MICRO_TOO_LARGE", "SMALL_MICRO_NOT_ESTABLISHED", "SMALL_MICRO_FUEL")
    TINY = Pollutants(0.05, 0.05, 0.05, 0.05)

    def told(self, found: Any, base: Pollutants, fuel: str | None = None, one: Measure = IDLE) -> set[tuple[str, str]]:
        said = LineParticulars(fuel=fuel)
        marked = line("1", one, base=base, particulars=said)
        roads, owner = replace(ALL_ROADS, base=NOT_STATED), replace(CLINKER, small_micro=True)
        rows = draft((owner, marked), (owner, roads))
        return {(each.code, each.severity.value) for each in found(rows, *self.CODES)}

    def test_a_large_emitter_is_held_to_the_guide(self, found: Any) -> None:
        large = Pollutants(10, 10, 10, 10)
        assert self.told(found, large) == {("SMALL_MICRO_TOO_LARGE", "warning"), (WEAKER, "blocking")}
        assert self.told(found, large, one=measure(STOP, 1.0)) == {("SMALL_MICRO_TOO_LARGE", "warning")}

    def test_who_burns_coal_or_oil_is_held_to_the_guide(self, found: Any) -> None:
        for fuel in ("煤", "天然气、柴油", "无烟煤/电"):
            assert self.told(found, self.TINY, fuel) == {("SMALL_MICRO_FUEL", "warning"), (WEAKER, "blocking")}
        for fuel in ("天然气", "煤气", "不燃煤", "电", "生物质"):
            assert self.told(found, self.TINY, fuel) == set()

    def test_what_is_left_out_is_not_nothing(self, found: Any) -> None:
        assert self.told(found, NOT_STATED) == {("SMALL_MICRO_NOT_ESTABLISHED", "warning")}
        assert self.told(found, Pollutants(0.05, 0.05, None, 0)) == {("SMALL_MICRO_NOT_ESTABLISHED", "warning")}
        assert self.told(found, self.TINY) == set()

    def test_where_one_test_is_enough_no_other_refutes_it(self, guide: Guide, profile: ListProfile) -> None:
        either = profile.small_micro.model_copy(update={"tests_joined": "any_of"})
        rows = draft((replace(CLINKER, small_micro=True), line("1", IDLE, base=Pollutants(10, 10, 10, 10))))
        codes = {one.code for one in check_list(rows, guide, profile.model_copy(update={"small_micro": either}))}
        assert "SMALL_MICRO_TOO_LARGE" in codes
        assert WEAKER not in codes


class TestIndustryThatIsHidden:
    def told(self, found: Any, owner: Enterprise) -> list[tuple[str, str]]:
        codes = ("INDUSTRY_IS_KEY", "CLASS_OF_KEY_INDUSTRY")
        return [(each.code, each.severity.value) for each in found(draft((owner, line("1", IDLE))), *codes)]

    def test_the_name_of_a_part_is_that_of_a_key_industry(self, found: Any) -> None:
        for name in ("水泥熟料", "水泥制品", "水泥/水泥熟料", "水泥"):
            owner = firm(industry=name, key_industry=False, gbt4754=None)
            assert self.told(found, owner) == [("INDUSTRY_IS_KEY", "blocking")]
        assert self.told(found, firm(industry="食品加工", key_industry=False, gbt4754="1411")) == []

    def test_a_class_that_is_usual_in_a_key_industry_is_asked_about(self, found: Any) -> None:
        builder = firm(industry="建材", key_industry=False, grade=Grade.UNGRADED, gbt4754="3011")
        assert self.told(found, builder) == [("CLASS_OF_KEY_INDUSTRY", "warning")]
        assert self.told(found, replace(builder, gbt4754="5010")) == []
        assert self.told(found, replace(builder, small_micro=True)) == []

    def test_it_is_told_once_for_a_name_and_a_class(self, found: Any) -> None:
        owners = [firm(industry="建材", key_industry=False, uscc=make_uscc("130202", n)) for n in range(3)]
        (one,) = found(draft(*((owner, line("1", IDLE)) for owner in owners)), "CLASS_OF_KEY_INDUSTRY")
        assert one.uscc == min(owner.uscc for owner in owners)
        assert "3 家" in one.message


class TestSubtypeByItsProcess:
    UNGRADED = firm(grade=Grade.UNGRADED)

    def told(self, found: Any, *processes: str) -> list[tuple[str, str, str]]:
        rows = draft(*((self.UNGRADED, line(str(n), IDLE, process=one)) for n, one in enumerate(processes)), (self.UNGRADED, ALL_ROADS))
        return levels(found(rows, WEAKER, "GUIDE_NOT_ESTABLISHED"))

    def test_an_ungraded_plant_with_a_clinker_line_is_held_to_its_lowest_grade(self, found: Any) -> None:
        assert self.told(found, "熟料生产线") == at_every_level(WEAKER, "blocking")
        assert self.told(found, "2#熟料生产线", "粉磨") == at_every_level(WEAKER, "blocking")
        (one,) = found(draft((self.UNGRADED, line("1", IDLE))), "GRADE_NOT_APPLIED")
        assert "D" in one.advice

    def test_transport_tells_no_sub_type(self, found: Any) -> None:
        assert self.told(found, "粉磨") == []
        (one,) = found(draft((self.UNGRADED, ALL_ROADS)), "GRADE_NOT_APPLIED")
        assert "未核实" in one.advice


class TestProcessUnderAnotherName:
    def told(self, found: Any, owner: Enterprise, *lines: Line) -> list[tuple[str, str, str]]:
        rows = draft(*((owner, one) for one in lines), (owner, ALL_ROADS))
        return levels(found(rows, WEAKER, "GUIDE_PROCESS_MISSING"))[:2]

    @pytest.mark.parametrize("process", ["水泥窑", "1#熟料生产线", "熟料生产线（2号）", "熟料线 3"])
    def test_usual_names_and_running_numbers_are_known(self, found: Any, process: str) -> None:
        assert self.told(found, CLINKER, line("1", IDLE, process=process))[0] == (WEAKER, "blocking", "黄色")
        assert self.told(found, CLINKER, line("1", measure(STOP, 1.0), process=process)) == []

    def test_a_name_that_nobody_knows_does_not_help(self, found: Any) -> None:
        idle = line("1", IDLE, process="主机系统")
        assert self.told(found, CLINKER, idle) == [
            ("GUIDE_PROCESS_MISSING", "warning", "黄色"),
            (WEAKER, "blocking", "黄色"),
        ]
        assert self.told(found, CLINKER, idle, line("2", IDLE, process="包装"))[1][0] == WEAKER

    def test_where_one_line_does_enough_it_may_be_the_one(self, found: Any) -> None:
        lines = [line("1", IDLE, process="包装"), line("2", measure(STOP, 1.0), process="主机系统")]
        assert {each[0] for each in self.told(found, CLINKER, *lines)} == {"GUIDE_PROCESS_MISSING"}
        not_known = line("1", measure(Action.UNKNOWN), process="主机系统")
        assert {each[0] for each in self.told(found, CLINKER, not_known)} == {"GUIDE_PROCESS_MISSING"}

    def test_without_a_sub_type_it_may_be_another_plant(self, found: Any) -> None:
        idle = line("1", IDLE, process="粉磨")
        assert {each[0] for each in self.told(found, firm(grade=Grade.D), idle)} == {"GUIDE_PROCESS_MISSING"}

    @pytest.mark.parametrize(
        ("text", "name"),
        [("1#高炉", "高炉"), ("＃2 高炉", "高炉"), ("高炉(1#)", "高炉"), ("一号高炉", "高炉"), ("高炉12", "高炉"), ("高炉", "高炉"),
         ("1#", "1#"), ("热轧1580", "热轧1580"), ("4000t/d生产线", "4000t/d生产线"), ("VOCs处理", "VOCs处理")],
    )  # fmt: skip
    def test_a_process_without_its_number(self, text: str, name: str) -> None:
        assert process_name(text) == name


class TestIdleLineCounted:
    """C级熟料, 黄色: half of the lines."""

    ZERO = Pollutants(0, 0, 0, 0)

    def told(self, found: Any, *bases: Pollutants, stops: int = 1) -> list[tuple[str, str, str]]:
        half, full = measure(NONE, vehicle_rule=TRUCKS), measure(STOP, 1.0, vehicle_rule=TRUCKS)
        lines = [
            replace(line(str(n), full if n < stops else half, full, full), base=base, reductions=PerLevel(base, base, base))
            for n, base in enumerate(bases)
        ]
        return levels(found(draft(*((firm(), one) for one in lines)), "IDLE_LINE_COUNTED", WEAKER))

    def test_the_half_that_stands_still_anyway_is_pointed_out(self, found: Any) -> None:
        runs = Pollutants(9, 9, 9, 9)
        assert self.told(found, self.ZERO, runs) == [("IDLE_LINE_COUNTED", "warning", "黄色")]
        assert self.told(found, runs, runs) == []
        assert self.told(found, runs, self.ZERO) == []

    def test_what_is_not_stated_is_no_zero(self, found: Any) -> None:
        assert self.told(found, NOT_STATED, Pollutants(9, 9, 9, 9)) == []
        assert self.told(found, self.ZERO, self.ZERO) == []
