"""What a list asks against what the guide asks, where the list seemed to escape it; each case with the nearest list that is right."""

from dataclasses import replace
from typing import Any

import pytest

from emission_lists.checks import check_list
from emission_lists.findings import Finding
from emission_lists.grades import Grade
from emission_lists.guides import Guide, ListProfile
from emission_lists.lists import EmissionListDraft, Line, LineParticulars, Means
from emission_lists.measures import Action, Basis, Later, LoadCap, Measure, VehicleRule
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
