"""A list under a lower grade, by guides of every shape: kept units, stages, single units, machines. Never weaker than either."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from emission_lists.generated_plans import Planner
from emission_lists.grades import Grade
from emission_lists.guide_demands import allotted, joined
from emission_lists.guide_templates import GradeMeasures, LaterData, MeasureTemplate, SingleUnitPolicy
from emission_lists.guides import Guide, ListProfile
from emission_lists.guides_holding import reduction_holds, transport_holds
from emission_lists.levels import LEVELS, PerLevel, ResponseLevel
from emission_lists.lists import ROAD_TRANSPORT, Line
from emission_lists.measure_strictness import asks_nothing, covers
from emission_lists.measures import Action, Later, Measure, NonRoadRule, VehicleRule
from emission_lists.regrading import BESIDE, ROAD_CODE, regraded, rows_beside
from emission_lists.standing import Decided, DecisionKind, GradeStanding, standing_at
from tests.emission_lists.list_samples import firm, line, measure

STOP, LIMIT, NONE, TRANSPORT = Action.STOP, Action.LIMIT, Action.NONE, Action.TRANSPORT
SELF, UNKNOWN = Measure(Action.SELF_DETERMINED, total_units=1), Measure(Action.UNKNOWN, total_units=1)
CERAMICS = "陶瓷"
T0 = datetime(2026, 1, 5, tzinfo=UTC)
TRUCKS, MACHINES = VehicleRule.BAN_HEAVY_TRUCK_LE_CN3, NonRoadRule.BAN_LE_CN1


def asked(action: Action, ratio: float | None = None, process: str = "all", **fields: object) -> MeasureTemplate:
    return MeasureTemplate(process=process, action=action, ratio=ratio, **fields)


def asking(guide: Guide, *templates: MeasureTemplate) -> Guide:
    """The guide with these templates for grade C of ceramics, at every level."""
    each = GradeMeasures(yellow=templates, orange=templates, red=templates)
    industries = tuple(
        one.model_copy(update={"measures": {Grade.C: each}}) if one.name_zh == CERAMICS else one
        for one in guide.industries
    )
    return Guide(**{name: getattr(guide, name) for name in Guide.model_fields} | {"industries": industries})


def fallen() -> GradeStanding:
    standing = standing_at([Decided(1, CERAMICS, None, Grade.C, DecisionKind.FINDING, T0)], T0 + timedelta(days=1))
    assert standing is not None
    return standing


def told(guide: Guide, lines: Sequence[Line], *templates: MeasureTemplate, listed: Grade = Grade.B) -> dict[str, Line]:
    made = regraded(firm(grade=listed, industry=CERAMICS), lines, fallen(), asking(guide, *templates))
    return {one.code: one for one in made.lines}


def rows(*measures: Measure) -> list[Line]:
    return [line(f"MF{number}", one) for number, one in enumerate(measures, 1)]


def words(made: dict[str, Line]) -> list[str]:
    return [one.measures.red.render_zh() for one in made.values()]


def red(made: dict[str, Line], code: str) -> Measure:
    return made[code].measures.red


def standing(one: Measure, hour: float) -> Measure:
    return next((each.measure for each in reversed(one.later) if each.after_hours <= hour), one.first)


class TestWholeUnits:
    def test_kept_units_are_counted_over_all_lines(self, guide: Guide) -> None:
        """保留一条运行 of three lines: two stop, whichever they are, and none is told that it may run because it is alone."""
        keep = asked(STOP, keep_running=1)
        made = told(guide, rows(*[measure(NONE)] * 3), keep)
        assert words(made) == ["停产", "停产", "不采取减排措施"]
        assert reduction_holds([one.measures.red for one in made.values()], keep, lower_load=True) is True

    def test_the_lines_that_the_list_stops_stand_still_first(self, guide: Guide) -> None:
        made = told(guide, rows(measure(NONE), measure(NONE), measure(STOP, 1.0)), asked(STOP, keep_running=1))
        assert words(made) == ["停产", "不采取减排措施", "停产"]

    @pytest.mark.parametrize(
        ("policy", "lower_load", "action"),
        [
            (SingleUnitPolicy.STOP_ALL, True, STOP),
            (SingleUnitPolicy.STAGED, True, STOP),
            (SingleUnitPolicy.LOWER_LOAD, False, LIMIT),
            (None, True, LIMIT),
            (None, False, STOP),
        ],
    )
    def test_what_the_guide_says_of_one_unit_comes_before_what_the_place_says(
        self, guide: Guide, policy: SingleUnitPolicy | None, lower_load: bool, action: Action
    ) -> None:
        template = asked(STOP, 0.5, single_unit=policy)
        found = regraded(
            firm(grade=Grade.B, industry=CERAMICS), rows(measure(NONE)), fallen(), asking(guide, template), lower_load=lower_load
        )
        [one] = found.lines
        assert one.measures.red.action is action
        assert reduction_holds([one.measures.red], template, lower_load=lower_load) is True

    def test_a_later_stage_stops_the_line_that_ran_before_it(self, guide: Guide) -> None:
        """Half of two lines at the start, after 42 hours both."""
        made = told(guide, rows(*[measure(NONE)] * 2), asked(STOP, 0.5, later=(LaterData(after_hours=42, action=STOP, ratio=1.0),)))
        assert words(made) == ["停产", "不采取减排措施；42 小时后：停产"]

    def test_a_relief_after_some_hours_is_counted_in_whole_lines_too(self, guide: Guide) -> None:
        half = LaterData(after_hours=120, action=STOP, ratio=0.5, at_least=True)
        made = told(guide, rows(*[measure(NONE)] * 2), asked(STOP, 1.0, later=(half,)))
        assert words(made) == ["停产", "停产；120 小时后：不采取减排措施"]

    def test_a_demand_that_waits_is_not_lost(self, guide: Guide) -> None:
        made = told(guide, rows(measure(NONE)), asked(NONE, later=(LaterData(after_hours=48, action=STOP, ratio=1.0),)))
        assert words(made) == ["不采取减排措施；48 小时后：停产"]


class TestUnknown:
    def test_a_demand_on_three_units_and_more_is_not_made_on_one(self, guide: Guide) -> None:
        made = told(guide, rows(UNKNOWN), asked(STOP, 1.0, units_from=3))
        assert [one.measures.red.action for one in made.values()] == [Action.UNKNOWN]
        made = told(guide, rows(*[UNKNOWN] * 3), asked(STOP, 1.0, units_from=3))
        assert [one.measures.red.action for one in made.values()] == [STOP] * 3

    def test_a_demand_on_others_does_not_say_that_this_one_has_nothing_to_do(self, guide: Guide) -> None:
        made = told(guide, rows(SELF), asked(STOP, 1.0, units_from=3), listed=Grade.A)
        assert red(made, "MF1").action is Action.UNKNOWN

    def test_what_begins_later_stands_beside_what_is_not_established(self, guide: Guide) -> None:
        """Nothing says what an unknown line does in the first 42 hours; the stop after them is known."""
        later = asked(STOP, 0.5, later=(LaterData(after_hours=42, action=STOP, ratio=1.0),))
        made = told(guide, rows(UNKNOWN, UNKNOWN), later)
        assert [one.action for one in (red(made, "MF1"), red(made, "MF2"))] == [STOP, Action.UNKNOWN]
        assert red(made, f"MF2{BESIDE}").render_zh() == "不采取减排措施；42 小时后：停产"
        assert made[f"MF2{BESIDE}"].name == "MF2号线（另按指南）"

    def test_what_the_list_orders_later_outlives_a_self_determination_that_is_over(self, guide: Guide) -> None:
        own = replace(SELF, later=(Later(42.0, measure(STOP, 1.0)),))
        made = told(guide, rows(own), asked(LIMIT, 0.2, units_from=3), listed=Grade.A)
        assert red(made, "MF1").action is Action.UNKNOWN
        assert red(made, f"MF1{BESIDE}").render_zh() == "不采取减排措施；42 小时后：停产"
        made = told(guide, rows(own), asked(LIMIT, 0.2), listed=Grade.A)
        assert standing(red(made, "MF1"), 0).action is LIMIT
        assert any(standing(red(made, code), 42).action is STOP for code in made)


class TestBeside:
    STAGED = asked(STOP, 0.5, later=(LaterData(after_hours=42, action=STOP, ratio=1.0),))

    def test_the_row_of_the_list_comes_before_the_row_of_the_guide(self, guide: Guide) -> None:
        """At yellow the list's measure is unknown, at red neither measure includes the other."""
        limit, stop = measure(LIMIT, 0.5), measure(STOP, 1.0)
        second = replace(line("MF2", limit), measures=PerLevel(UNKNOWN, limit, limit))
        made = told(guide, [line("MF1", stop), second], self.STAGED)
        names = {code: one.name for code, one in made.items() if code.endswith(BESIDE)}
        assert names == {f"MF2{BESIDE}": "MF2号线（另按清单）", f"MF2+2{BESIDE}": "MF2号线（另按指南）"}
        assert red(made, f"MF2{BESIDE}") == limit
        assert [one.code for one in rows_beside("MF2", made)] == list(names)

    def test_what_an_earlier_demand_of_the_guide_made_is_not_told_as_the_lists(self, guide: Guide) -> None:
        lines = rows(measure(STOP, 1.0), measure(LIMIT, 0.2))
        made = told(guide, lines, asked(LIMIT, 0.9), self.STAGED)
        assert red(made, f"MF2{BESIDE}").ratio == 0.9
        assert made[f"MF2{BESIDE}"].name == "MF2号线（另按指南）"

    def test_what_is_left_after_a_stop_goes_with_the_grade(self, guide: Guide) -> None:
        own = measure(STOP, 1.0, later=(Later(24.0, SELF),))
        made = told(guide, rows(own), asked(LIMIT, 0.2, units_from=3), listed=Grade.A)
        assert red(made, "MF1").action is Action.UNKNOWN
        assert red(made, f"MF1{BESIDE}").render_zh() == "停产；24 小时后：不采取减排措施"


def road(**fields: object) -> Line:
    return line("YS01", measure(TRANSPORT, **fields), process=ROAD_TRANSPORT)


class TestBans:
    def test_a_ban_on_machines_alone_is_told(self, guide: Guide) -> None:
        template = asked(TRANSPORT, process="road_transport", non_road_ban=NonRoadRule.BAN_LE_CN2)
        made = told(guide, rows(measure(STOP, 1.0)), template)
        assert red(made, ROAD_CODE).non_road_ban is NonRoadRule.BAN_LE_CN2
        made = told(guide, [*rows(measure(STOP, 1.0)), road(vehicle_rule=TRUCKS)], template)
        assert (red(made, "YS01").vehicle_rule, red(made, "YS01").non_road_ban) == (TRUCKS, NonRoadRule.BAN_LE_CN2)

    def test_a_stricter_truck_ban_keeps_the_machines_of_the_list(self, guide: Guide) -> None:
        template = asked(TRANSPORT, process="road_transport", vehicle_rule=VehicleRule.STOP_ROAD_TRANSPORT)
        made = told(guide, [*rows(measure(STOP, 1.0)), road(vehicle_rule=TRUCKS, non_road_ban=MACHINES)], template)
        held = red(made, "YS01")
        assert (held.vehicle_rule, held.non_road_ban) == (VehicleRule.STOP_ROAD_TRANSPORT, MACHINES)
        assert set(made) == {"MF1", "YS01"}

    def test_bans_that_cannot_be_compared_or_hold_in_other_hours_stand_beside(self, guide: Guide) -> None:
        template = asked(TRANSPORT, process="road_transport", vehicle_rule=VehicleRule.BAN_HEAVY_TRUCK_LE_CN4_INCL_GAS)
        for listed in (
            {"vehicle_rule": VehicleRule.STOP_INBOUND_ROAD_TRANSPORT},
            {"vehicle_rule": TRUCKS, "non_road_ban": MACHINES, "window": "17:00-09:00"},
        ):
            made = told(guide, [*rows(measure(STOP, 1.0)), road(**listed)], template)
            assert red(made, f"YS01{BESIDE}") == measure(TRANSPORT, **listed)

    def test_two_demands_on_transport_both_stand(self, guide: Guide) -> None:
        machines = asked(TRANSPORT, process="road_transport", non_road_ban=NonRoadRule.BAN_ALL)
        trucks = asked(TRANSPORT, process="road_transport", vehicle_rule=TRUCKS)
        inbound = asked(TRANSPORT, process="road_transport", vehicle_rule=VehicleRule.STOP_INBOUND_ROAD_TRANSPORT)
        made = told(guide, rows(measure(STOP, 1.0)), machines, trucks, inbound)
        assert (red(made, ROAD_CODE).vehicle_rule, red(made, ROAD_CODE).non_road_ban) == (TRUCKS, NonRoadRule.BAN_ALL)
        assert red(made, f"{ROAD_CODE}+2").vehicle_rule is VehicleRule.STOP_INBOUND_ROAD_TRANSPORT


bans = st.fixed_dictionaries(
    {
        "vehicle_rule": st.none() | st.sampled_from(list(VehicleRule)),
        "non_road_ban": st.none() | st.sampled_from(list(NonRoadRule)),
    }
).filter(lambda each: any(each.values()))
transports = st.builds(
    lambda each, window, hours: Measure(TRANSPORT, window=window, complete_within_hours=hours, **each),
    bans,
    st.none() | st.sampled_from(["17:00-09:00", "20:00-06:00"]),
    st.none() | st.sampled_from([2.0, 6.0]),
)


@given(transports, transports)
def test_two_bans_in_one_cover_both(one: Measure, other: Measure) -> None:
    both = joined(one, other)
    if both is not None:
        assert covers(both, one)
        assert covers(both, other)
    else:
        assert not covers(one, other) or one.window != other.window or one.complete_within_hours != other.complete_within_hours


hours = st.sampled_from([24.0, 42.0, 120.0])
HOURS = (0.0, 24.0, 42.0, 120.0)
shares = st.integers(1, 100).map(lambda n: n / 100)


@st.composite
def demands(draw: st.DrawFn) -> MeasureTemplate:
    """A template that reduces: a share, kept units, another rule for one unit, a number of units, stages."""

    def fields() -> dict[str, object]:
        kind = draw(st.sampled_from(["stop", "stop", "limit", "keep", "none"]))
        if kind == "keep":
            return {"action": STOP, "keep_running": draw(st.integers(1, 3))}
        return {"action": NONE} if kind == "none" else {"action": Action(kind), "ratio": draw(shares)}

    least, most = draw(st.none() | st.integers(1, 3)), draw(st.none() | st.integers(3, 8))
    starts = sorted(draw(st.lists(hours, max_size=2, unique=True)))
    return MeasureTemplate(
        process="all",
        units_from=least,
        units_to=most,
        single_unit=draw(st.none() | st.sampled_from(list(SingleUnitPolicy))),
        later=tuple(LaterData(after_hours=hour, **fields()) for hour in starts),
        **fields(),
    )


transport_demands = st.builds(lambda each: asked(TRANSPORT, process="road_transport", **each), bans)


@st.composite
def listed_measures(draw: st.DrawFn) -> Measure:
    units = draw(st.integers(1, 3))

    def stage() -> Measure:
        kind = draw(st.sampled_from(["none", "units", "limit", "self"]))
        if kind == "units":
            return measure(STOP, stopped_units=draw(st.integers(1, units)), total_units=units)
        if kind == "limit":
            return measure(LIMIT, draw(shares), total_units=units)
        return measure(NONE if kind == "none" else Action.SELF_DETERMINED, total_units=units)

    if draw(st.integers(0, 4)) == 0:
        return measure(Action.UNKNOWN, total_units=units)
    starts = sorted(draw(st.lists(hours, max_size=1, unique=True)))
    return replace(stage(), later=tuple(Later(hour, stage()) for hour in starts))


@st.composite
def cases(draw: st.DrawFn) -> tuple[list[Line], list[MeasureTemplate], bool]:
    lines = rows(*draw(st.lists(listed_measures(), min_size=1, max_size=4)))
    if draw(st.booleans()):
        lines.append(line("YS01", draw(transports), process=ROAD_TRANSPORT))
    templates = [draw(demands()), *draw(st.lists(transport_demands, max_size=2))]
    return lines, templates, draw(st.booleans())


class TestProperties:
    @settings(deadline=None, max_examples=150)
    @given(case=cases())
    def test_never_weaker_than_the_guide(self, guide: Guide, case: tuple[list[Line], list[MeasureTemplate], bool]) -> None:
        """At every hour the units that are told to stop, or what their output is cut by, are what the template asks."""
        lines, templates, lower_load = case
        made = self._made(guide, case)
        demand, transport = templates[0], templates[1:]
        own = [self._strictest(made, one, ResponseLevel.RED) for one in lines if one.process != ROAD_TRANSPORT]
        assert reduction_holds(own, demand, lower_load=lower_load) is not False
        every = [one.measures.red for one in made.values()]
        for one in transport:
            assert transport_holds(every, one) is not False
            assert any(covers(each, one.measure()) for each in every if each.action is TRANSPORT)

    @settings(deadline=None, max_examples=150)
    @given(case=cases())
    def test_never_weaker_than_the_list(self, guide: Guide, case: tuple[list[Line], list[MeasureTemplate], bool]) -> None:
        """What the list orders is still ordered, on the line or beside it."""
        made = self._made(guide, case)
        for one in case[0]:
            for level in LEVELS:
                was = one.measures.at(level)
                now = [each.measures.at(level) for each in made.values() if each.code.split("+")[0] == one.code]
                for hour in HOURS:
                    held = standing(was, hour)
                    if held.forced:
                        assert any(covers(standing(each, hour), held) for each in now), (held, now)

    @settings(deadline=None, max_examples=150)
    @given(case=cases())
    def test_what_is_unknown_is_not_carried_out_as_nothing(
        self, guide: Guide, case: tuple[list[Line], list[MeasureTemplate], bool]
    ) -> None:
        """A line whose measure is not established stays so, or the guide orders something of it at every hour."""
        lines, (demand, *_), _ = case
        made = self._made(guide, case)
        applies = demand.applies_to(sum(one.measures.red.total_units or 1 for one in lines if one.process != ROAD_TRANSPORT))
        for one in lines:
            if one.measures.red.executable:
                continue
            now = made[one.code].measures.red
            assert not now.executable or not any(asks_nothing(standing(now, hour)) for hour in HOURS)
            assert applies or not now.executable

    @settings(deadline=None, max_examples=100)
    @given(demands(), st.lists(st.integers(1, 4), min_size=1, max_size=4), st.booleans())
    def test_what_is_allotted_is_what_is_asked(self, demand: MeasureTemplate, units: list[int], lower_load: bool) -> None:
        made = allotted(demand, units, lower_load=lower_load)
        counted = [
            replace(
                one,
                total_units=count,
                later=tuple(replace(each, measure=replace(each.measure, total_units=count)) for each in one.later),
            )
            for one, count in zip(made, units, strict=True)
        ]
        assert reduction_holds(counted, demand, lower_load=lower_load) is True

    @staticmethod
    def _made(guide: Guide, case: tuple[list[Line], list[MeasureTemplate], bool]) -> dict[str, Line]:
        lines, templates, lower_load = case
        found = regraded(firm(grade=Grade.B, industry=CERAMICS), lines, fallen(), asking(guide, *templates), lower_load=lower_load)
        return {one.code: one for one in found.lines}

    @staticmethod
    def _strictest(made: dict[str, Line], one: Line, level: ResponseLevel) -> Measure:
        """Of a line and what stands beside it: the guide's measure where it stands beside one that is not established."""
        main, beside = made[one.code].measures.at(level), made.get(f"{one.code}{BESIDE}")
        guided = beside is not None and "指南" in beside.name
        return beside.measures.at(level) if guided and beside is not None and not main.executable else main


class TestGenerated:
    @pytest.mark.parametrize(
        "template",
        [
            asked(STOP, keep_running=1),
            asked(STOP, 0.5, single_unit=SingleUnitPolicy.STOP_ALL),
            asked(STOP, 0.5, later=(LaterData(after_hours=42, action=STOP, ratio=1.0),)),
            asked(STOP, 1.0, later=(LaterData(after_hours=120, action=STOP, ratio=0.5, at_least=True),)),
        ],
    )
    @pytest.mark.parametrize("units", [(1,), (1, 1, 1), (3, 2)])
    def test_a_made_up_list_does_what_its_guide_asks(
        self, guide: Guide, profile: ListProfile, template: MeasureTemplate, units: tuple[int, ...]
    ) -> None:
        made = asking(guide, template)
        ceramics = made.industry(CERAMICS)
        assert ceramics is not None
        plans = Planner(made, profile).key(ceramics, Grade.C, [("熟料生产线", count) for count in units], False)
        assert reduction_holds([plan.red for plan in plans], template, lower_load=True) is True

    def test_what_is_asked_of_more_units_is_not_planned(self, guide: Guide, profile: ListProfile) -> None:
        made = asking(guide, asked(STOP, 1.0, units_from=3))
        ceramics = made.industry(CERAMICS)
        assert ceramics is not None
        [plan] = Planner(made, profile).key(ceramics, Grade.C, [("熟料生产线", 2)], False)
        assert plan.red.action is NONE
