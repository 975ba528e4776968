"""Never weaker than the guide, over counts, shares, kept units, stages and hours: what is accepted reduces as much."""

from dataclasses import replace
from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from emission_lists.guide_templates import CapData, CycleData, LaterData, MeasureTemplate, SingleUnitPolicy
from emission_lists.guides_holding import reduction_holds, transport_holds
from emission_lists.measures import (
    Action,
    Basis,
    Cycle,
    Later,
    LoadCap,
    Measure,
    NonRoadRule,
    StopMode,
    VehicleRule,
    whole_units,
)

STOP, LIMIT, NONE = Action.STOP, Action.LIMIT, Action.NONE
shares = st.integers(1, 100).map(lambda n: n / 100)
counts = st.integers(1, 6)
hours = st.sampled_from([1.0, 24.0, 42.0, 120.0])
HOURS = (0.0, 0.5, 1.0, 24.0, 41.9, 42.0, 119.0, 120.0, 500.0)


def asked(action: Action, ratio: float | None = None, **fields: object) -> MeasureTemplate:
    return MeasureTemplate(process="all", action=action, ratio=ratio, **fields)


@st.composite
def stage(draw: st.DrawFn, units: int) -> Measure:
    kind = draw(st.sampled_from(["none", "units", "ratio", "keep", "limit", "cycle"]))
    if kind == "none":
        return Measure(NONE, total_units=units)
    if kind == "units":
        return Measure(STOP, stopped_units=draw(st.integers(0, units)), total_units=units)
    if kind == "ratio":
        return Measure(STOP, draw(shares), draw(st.booleans()), total_units=units)
    if kind == "keep":
        return Measure(STOP, keep_running=draw(st.integers(1, 6)), total_units=units)
    if kind == "limit":
        return Measure(LIMIT, draw(shares), total_units=units)
    return Measure(LIMIT, cycle=Cycle(draw(st.integers(1, 72)), draw(st.integers(1, 72))), total_units=units)


@st.composite
def lines(draw: st.DrawFn) -> list[Measure]:
    made = []
    for units in draw(st.lists(counts, min_size=1, max_size=4)):
        starts = draw(st.lists(hours, max_size=2, unique=True).map(sorted))
        made.append(replace(draw(stage(units)), later=tuple(Later(hour, draw(stage(units))) for hour in starts)))
    return made


@st.composite
def templates(draw: st.DrawFn) -> MeasureTemplate:
    def fields() -> dict[str, object]:
        kind = draw(st.sampled_from(["stop", "limit", "keep", "none"]))
        if kind == "keep":
            return {"action": STOP, "keep_running": draw(st.integers(1, 4))}
        if kind == "none":
            return {"action": NONE}
        return {"action": Action(kind), "ratio": draw(shares)}

    starts = draw(st.lists(hours, max_size=2, unique=True).map(sorted))
    later = tuple(LaterData(after_hours=hour, **fields()) for hour in starts)
    return MeasureTemplate(process="all", later=later, **fields())


def standing(measure: Measure, hour: float) -> Measure:
    return next((one.measure for one in reversed(measure.later) if one.after_hours <= hour), measure.first)


def output_left(measure: Measure) -> Fraction:
    """Most output that a line may make, in units; worked out from the words of the measure, by itself."""
    units = measure.total_units or 1
    if measure.action is NONE:
        return Fraction(units)
    if measure.action is LIMIT and measure.cycle is not None:
        on, off = Fraction(measure.cycle.on_hours), Fraction(measure.cycle.off_hours)
        return units * on / (on + off)
    if measure.action is LIMIT:
        return units * (100 - round((measure.ratio or 0) * 100)) / Fraction(100)
    if measure.stopped_units is not None:
        return Fraction(units - measure.stopped_units)
    if measure.keep_running is not None:
        return Fraction(min(units, measure.keep_running))
    running = units
    while (units - running) * 100 < round((measure.ratio or 0) * 100) * units:
        running -= 1
    return Fraction(running)


class TestNeverWeaker:
    @settings(deadline=None, max_examples=400)
    @given(lines(), templates(), st.booleans())
    def test_whatever_is_accepted_leaves_no_more_output_at_any_hour(
        self, given_lines: list[Measure], template: MeasureTemplate, lower_load: bool
    ) -> None:
        if reduction_holds(given_lines, template, lower_load=lower_load) is not True:
            return
        total = sum(one.total_units or 1 for one in given_lines)
        guide = replace(template.measure(), total_units=total)
        guide = replace(
            guide, later=tuple(Later(one.after_hours, replace(one.measure, total_units=total)) for one in guide.later)
        )
        for hour in HOURS:
            demand = standing(guide, hour)
            allowed = output_left(demand)
            if lower_load and total == 1 and demand.action is STOP and demand.ratio is not None:
                allowed = output_left(replace(demand, action=LIMIT))
            assert sum(output_left(standing(one, hour)) for one in given_lines) <= allowed

    @settings(deadline=None, max_examples=300)
    @given(lines(), shares, st.booleans())
    def test_a_stop_by_share_stops_whole_units_and_rounds_up(
        self, given_lines: list[Measure], ratio: float, at_least: bool
    ) -> None:
        if reduction_holds(given_lines, asked(STOP, ratio, at_least=at_least), lower_load=False) is not True:
            return
        total = sum(one.total_units or 1 for one in given_lines)
        for hour in HOURS:
            now = [standing(one, hour) for one in given_lines]
            stopped = sum(one.units_to_stop or 0 for one in now if one.action is STOP)
            assert stopped * 100 >= round(ratio * 100) * total
            assert stopped >= whole_units(total, ratio)

    @settings(deadline=None, max_examples=200)
    @given(lines(), templates(), st.integers(0, 3))
    def test_an_unknown_line_is_never_taken_for_enough(
        self, given_lines: list[Measure], template: MeasureTemplate, place: int
    ) -> None:
        changed = list(given_lines)
        units = changed[place % len(changed)].total_units
        changed[place % len(changed)] = Measure(Action.UNKNOWN, total_units=units)
        nothing = list(changed)
        nothing[place % len(changed)] = Measure(NONE, total_units=units)
        unknown = reduction_holds(changed, template, lower_load=False)
        if unknown is True:
            assert reduction_holds(nothing, template, lower_load=False) is True

    @settings(deadline=None, max_examples=200)
    @given(templates(), st.lists(counts, min_size=1, max_size=4))
    def test_stopping_everything_is_always_enough(self, template: MeasureTemplate, units: list[int]) -> None:
        everything = [Measure(STOP, 1.0, total_units=count) for count in units]
        assert reduction_holds(everything, template, lower_load=True) is True


class TestStages:
    FULL = asked(STOP, 1.0)
    RELIEVED = Measure(STOP, 1.0, total_units=2, later=(Later(120, Measure(STOP, 0.5, total_units=2)),))

    def test_relief_that_the_guide_does_not_have_is_weaker(self) -> None:
        assert reduction_holds([self.RELIEVED], self.FULL, lower_load=True) is False

    def test_relief_that_the_guide_has_is_not(self) -> None:
        relief = LaterData(after_hours=120, action=STOP, ratio=0.5, at_least=True)
        relieved = asked(STOP, 1.0, later=(relief,))
        assert reduction_holds([self.RELIEVED], relieved, lower_load=True) is True
        early = replace(self.RELIEVED, later=(Later(119, Measure(STOP, 0.5, total_units=2)),))
        assert reduction_holds([early], relieved, lower_load=True) is False
        late = replace(self.RELIEVED, later=(Later(121, Measure(STOP, 0.5, total_units=2)),))
        assert reduction_holds([late], relieved, lower_load=True) is True

    def test_a_start_that_comes_later_is_weaker(self) -> None:
        staged = Measure(NONE, later=(Later(42, Measure(STOP, 1.0)),))
        assert reduction_holds([staged], self.FULL, lower_load=True) is False
        guide = asked(NONE, later=(LaterData(after_hours=42, action=STOP, ratio=1.0),))
        assert reduction_holds([staged], guide, lower_load=True) is True
        assert reduction_holds([Measure(NONE)], guide, lower_load=True) is False

    def test_time_to_carry_it_out_cannot_be_told_where_the_guide_gives_none(self) -> None:
        slow = [Measure(STOP, 1.0, complete_within_hours=8)]
        assert reduction_holds(slow, self.FULL, lower_load=True) is None
        assert reduction_holds(slow, asked(STOP, 1.0, complete_within_hours=8), lower_load=True) is True
        assert reduction_holds(slow, asked(STOP, 1.0, complete_within_hours=7), lower_load=True) is None


class TestOtherDemands:
    @pytest.mark.parametrize(
        ("one", "template", "holds"),
        [
            (Measure(LIMIT, coking_hours=36), asked(LIMIT, coking_hours=28), True),
            (Measure(LIMIT, coking_hours=28), asked(LIMIT, coking_hours=36), False),
            (Measure(STOP, 1.0), asked(LIMIT, coking_hours=36), True),
            (Measure(LIMIT, 0.5), asked(LIMIT, coking_hours=36), None),
            (Measure(LIMIT, coking_hours=36), asked(LIMIT, 0.3), None),
            (Measure(LIMIT, coking_hours=36), asked(STOP, 0.5), None),
            (Measure(LIMIT, coking_hours=36, total_units=2), asked(STOP, 0.5), False),
            (Measure(NONE), asked(LIMIT, coking_hours=36), False),
            (Measure(Action.UNKNOWN), asked(LIMIT, coking_hours=36), None),
            (Measure(LIMIT, coking_hours=36, window="17:00-09:00"), asked(LIMIT, coking_hours=36), None),
            (Measure(LIMIT, heats_per_day=20), asked(LIMIT, heats_per_day=22), True),
            (Measure(LIMIT, heats_per_day=24), asked(LIMIT, heats_per_day=22), False),
            (Measure(LIMIT, load_cap=LoadCap(100, "t")), asked(LIMIT, load_cap=CapData(value=120, unit="t")), True),
            (Measure(LIMIT, load_cap=LoadCap(130, "t")), asked(LIMIT, load_cap=CapData(value=120, unit="t")), False),
            (Measure(LIMIT, load_cap=LoadCap(1, "kg")), asked(LIMIT, load_cap=CapData(value=120, unit="t")), None),
            (Measure(LIMIT, cycle=Cycle(48, 12)), asked(LIMIT, 0.8), True),
            (Measure(LIMIT, cycle=Cycle(48, 12)), asked(LIMIT, 0.81), False),
            (Measure(LIMIT, cycle=Cycle(48, 12), total_units=2), asked(STOP, 0.5), None),
            (Measure(LIMIT, cycle=Cycle(48, 12)), asked(STOP, 0.5), True),
            (Measure(LIMIT, cycle=Cycle(60, 12)), asked(LIMIT, cycle=CycleData(off_hours=48, on_hours=12)), True),
            (Measure(LIMIT, basis=Basis.HEAT_SUPPLY), asked(LIMIT, basis=Basis.HEAT_SUPPLY), True),
            (Measure(LIMIT, basis=Basis.HEAT_SUPPLY), asked(LIMIT, 0.2), None),
            (Measure(LIMIT, 0.3), asked(LIMIT, basis=Basis.LOWEST_DAILY_LOAD), None),
            (Measure(STOP, 1.0), asked(LIMIT, basis=Basis.NOT_STATED), True),
            (Measure(LIMIT, 0.9), asked(LIMIT, basis=Basis.NOT_STATED), None),
            (Measure(NONE), asked(STOP, basis=Basis.NOT_STATED), False),
            (Measure(STOP, 1.0, stop_mode=StopMode.BANKING), asked(STOP, 1.0), None),
            (Measure(STOP, 1.0, stop_mode=StopMode.BANKING), asked(STOP, 1.0, stop_mode=StopMode.BANKING), True),
            (Measure(STOP, 1.0, stop_mode=StopMode.COLD), asked(STOP, 1.0, stop_mode=StopMode.BANKING), True),
            (Measure(STOP, 1.0), asked(STOP, 1.0, stop_mode=StopMode.COLD), None),
            (Measure(STOP, 1.0, window="17:00-09:00"), asked(STOP, 1.0, window="17:00-09:00"), True),
        ],
    )
    def test_is_told_or_named_as_not_comparable(
        self, one: Measure, template: MeasureTemplate, holds: bool | None
    ) -> None:
        assert reduction_holds([one], template, lower_load=True) is holds

    @pytest.mark.parametrize(
        ("base", "guide", "holds"),
        [
            (Basis.SMALLEST_DAILY_MEAN, Basis.SMALLEST_DAILY_MEAN, True),
            (None, Basis.SMALLEST_DAILY_MEAN, True),
            (Basis.EIA_CAPACITY, Basis.SMALLEST_DAILY_MEAN, None),
            (Basis.SMALLEST_DAILY_MEAN, Basis.EIA_CAPACITY, True),
            (Basis.PERMIT_CAPACITY, Basis.EIA_CAPACITY, None),
            (Basis.BASELINE_DAY, Basis.SMALLEST_DAILY_MEAN, None),
            (Basis.EIA_CAPACITY, Basis.NOT_STATED, True),
            (Basis.EIA_CAPACITY, None, True),
        ],
    )
    def test_the_same_share_of_a_base_that_may_be_larger_cannot_be_told(
        self, base: Basis | None, guide: Basis | None, holds: bool | None
    ) -> None:
        assert (
            reduction_holds([Measure(LIMIT, 0.2, basis=base)], asked(LIMIT, 0.2, basis=guide), lower_load=True) is holds
        )

    @pytest.mark.parametrize(("units", "kept", "holds"), [(3, 1, True), (3, 2, False), (5, 1, True), (1, 1, True)])
    def test_kept_units_are_counted_over_all_lines(self, units: int, kept: int, holds: bool) -> None:
        one = Measure(STOP, keep_running=kept, total_units=units)
        assert reduction_holds([one], asked(STOP, keep_running=1), lower_load=False) is holds

    def test_two_lines_that_each_keep_one_keep_two(self) -> None:
        one = Measure(STOP, keep_running=1, total_units=3)
        assert reduction_holds([one, one], asked(STOP, keep_running=1), lower_load=False) is False
        assert reduction_holds([one, one], asked(STOP, keep_running=2), lower_load=False) is True

    @pytest.mark.parametrize(("units", "holds"), [(1, True), (2, True), (3, False), (4, False)])
    def test_a_rule_for_many_lines_asks_nothing_of_few(self, units: int, holds: bool) -> None:
        template = asked(STOP, keep_running=1, units_from=3)
        assert reduction_holds([Measure(NONE, total_units=units)], template, lower_load=True) is holds

    @pytest.mark.parametrize(
        ("policy", "lower_load", "holds"),
        [
            (None, True, True),
            (None, False, False),
            (SingleUnitPolicy.LOWER_LOAD, False, True),
            (SingleUnitPolicy.STOP_ALL, True, False),
            (SingleUnitPolicy.STAGED, True, False),
        ],
    )
    def test_a_template_may_say_what_a_share_means_for_one_unit(
        self, policy: SingleUnitPolicy | None, lower_load: bool, holds: bool
    ) -> None:
        template = asked(STOP, 0.5, single_unit=policy)
        assert reduction_holds([Measure(LIMIT, 0.5)], template, lower_load=lower_load) is holds


class TestTransport:
    ASKED = asked(
        Action.TRANSPORT,
        vehicle_rule=VehicleRule.BAN_HEAVY_TRUCK_LE_CN4_INCL_GAS,
        non_road_ban=NonRoadRule.BAN_LE_CN2,
    )
    ROAD = Measure(Action.TRANSPORT, vehicle_rule=VehicleRule.STOP_ROAD_TRANSPORT)
    SITE = Measure(Action.TRANSPORT, non_road_ban=NonRoadRule.BAN_ALL)

    def test_vehicles_and_machines_may_stand_in_two_rows(self) -> None:
        assert transport_holds([self.ROAD, self.SITE], self.ASKED) is True
        assert transport_holds([self.ROAD], self.ASKED) is False
        assert transport_holds([self.SITE], self.ASKED) is False

    def test_an_older_stage_of_machines_is_not_enough(self) -> None:
        older = Measure(Action.TRANSPORT, non_road_ban=NonRoadRule.BAN_LE_CN1)
        assert transport_holds([self.ROAD, older], self.ASKED) is False

    def test_a_ban_that_is_lifted_later_is_weaker(self) -> None:
        lifted = replace(self.ROAD, later=(Later(120, Measure(NONE)),))
        assert transport_holds([lifted, self.SITE], self.ASKED) is False
        assert transport_holds([lifted, self.SITE, replace(self.ROAD, window=None)], self.ASKED) is True

    def test_a_transport_rule_stands_in_a_row_of_its_own(self) -> None:
        with pytest.raises(ValidationError, match="row of its own"):
            asked(STOP, 1.0, vehicle_rule=VehicleRule.STOP_ROAD_TRANSPORT)
