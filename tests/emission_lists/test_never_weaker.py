"""Where the guide knows a measure, a list that does less is found out, and one that does as much is not.

Walks every industry, grade and level of every guide, so a guide that learns more is tested more.
"""

from collections.abc import Iterator
from dataclasses import replace
from fractions import Fraction
from typing import NamedTuple

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from emission_lists.checks import check_list
from emission_lists.generated_plans import Planner
from emission_lists.grades import Grade
from emission_lists.guide_comparison import reduction_holds, transport_holds
from emission_lists.guides import ALL_PROCESSES, Guide, Industry, MeasureTemplate
from emission_lists.levels import LEVELS, PerLevel, ResponseLevel
from emission_lists.lists import ROAD_TRANSPORT, Line
from emission_lists.measures import Action, LoadCap, Measure, VehicleRule, vehicle_rule_covers
from tests.emission_lists.conftest import load_guide, load_profile
from tests.emission_lists.list_samples import draft, firm, line, measure

NIGHT = "17:00-09:00"
GUIDES = ("g2019", "g2020", "o2026")
VERDICTS = {"WEAKER_THAN_GUIDE", "NOT_COMPARABLE", "GUIDE_PROCESS_MISSING"}


class Known(NamedTuple):
    """A place where the guide knows what it asks."""

    guide: Guide
    industry: Industry
    grade: Grade
    level: ResponseLevel
    templates: tuple[MeasureTemplate, ...]

    def __str__(self) -> str:
        return f"{self.guide.id}-{self.industry.code}-{self.grade.value}-{self.level.value}"


def known_places() -> Iterator[Known]:
    for name in GUIDES:
        guide = load_guide(name)
        for industry in guide.industries:
            for grade in guide.legal_grades(industry):
                for level in LEVELS:
                    templates = guide.templates(industry, grade, level)
                    if templates is not None:
                        yield Known(guide, industry, grade, level, templates)


PLACES = list(known_places())
ORDERED = [p for p in PLACES if all(t.action is not Action.SELF_DETERMINED for t in p.templates)]
FREE = [p for p in PLACES if p not in ORDERED]


def process_of(place: Known, template: MeasureTemplate) -> str:
    return "主工序" if template.process == ALL_PROCESSES else place.guide.processes[template.process].zh


def exactly(place: Known, total: int) -> list[Line]:
    """Lines of `total` units each that do exactly what the guide asks at this level, one line per template."""
    lines = []
    for number, template in enumerate(place.templates):
        one = template.measure()
        if one.action is Action.STOP:
            stopped = -(-total * Fraction(repr(one.ratio)) // 1)
            one = replace(one, stopped_units=int(stopped), total_units=total)
        elif one.action is Action.LIMIT:
            one = replace(one, total_units=total)
        lines.append(line(str(number), one, process=process_of(place, template)))
    return lines


def verdicts(place: Known, lines: list[Line]) -> set[str]:
    owner = firm(industry=place.industry.name_zh, grade=place.grade)
    found = check_list(draft(*((owner, one) for one in lines)), place.guide, load_profile())
    return {f.code for f in found if f.code in VERDICTS and f.column and place.level.zh in f.column}


def with_measure(lines: list[Line], index: int, one: Measure) -> list[Line]:
    changed = list(lines)
    changed[index] = replace(lines[index], measures=PerLevel(one, one, one))
    return changed


def weaker(one: Measure) -> Iterator[Measure]:
    """Measures that do a little less than this one."""
    yield Measure(Action.NONE, total_units=one.total_units)
    if one.action is Action.STOP and one.stopped_units:
        yield replace(one, ratio=None, stopped_units=one.stopped_units - 1)
        yield Measure(Action.TRANSPORT, total_units=one.total_units, vehicle_rule=VehicleRule.BAN_HEAVY_TRUCK_LE_CN3)
    if one.action is Action.LIMIT and one.ratio:
        yield replace(one, ratio=round(one.ratio - 0.0001, 6))
    if one.vehicle_rule is not None:
        for rule in VehicleRule:
            if not vehicle_rule_covers(rule, one.vehicle_rule):
                yield replace(one, vehicle_rule=rule)


def test_some_guide_knows_something() -> None:
    assert {p.industry.name_zh for p in ORDERED} == {"水泥", "再生铜铝铅锌"}
    assert {"煤制氮肥"} < {p.industry.name_zh for p in FREE}


@pytest.mark.parametrize("place", ORDERED, ids=str)
class TestOrdered:
    @pytest.mark.parametrize("total", [1, 2, 3, 7])
    def test_what_the_guide_asks_is_enough(self, place: Known, total: int) -> None:
        assert verdicts(place, exactly(place, total)) == set()

    def test_stopping_everything_is_enough(self, place: Known) -> None:
        everything = measure(Action.STOP, 1.0, vehicle_rule=VehicleRule.STOP_ROAD_TRANSPORT)
        lines = [line(str(n), everything, process=process_of(place, t)) for n, t in enumerate(place.templates)]
        assert verdicts(place, lines) == set()

    @pytest.mark.parametrize("total", [2, 3, 7])
    def test_anything_less_is_found_out(self, place: Known, total: int) -> None:
        lines = exactly(place, total)
        tried = 0
        for index, one in enumerate(lines):
            for less in weaker(one.measures.at(place.level)):
                assert verdicts(place, with_measure(lines, index, less)) == {"WEAKER_THAN_GUIDE"}
                tried += 1
        assert tried >= len(lines)

    def test_what_holds_in_some_hours_only_is_not_taken_for_enough(self, place: Known) -> None:
        lines = exactly(place, 2)
        for index, one in enumerate(lines):
            at_night = replace(one.measures.at(place.level), window=NIGHT)
            assert verdicts(place, with_measure(lines, index, at_night)) == {"NOT_COMPARABLE"}

    def test_unknown_is_not_judged_and_not_taken_for_enough(self, place: Known) -> None:
        lines = exactly(place, 2)
        owner = firm(industry=place.industry.name_zh, grade=place.grade)
        for index in range(len(lines)):
            unknown = with_measure(lines, index, Measure(Action.UNKNOWN))
            assert verdicts(place, unknown) == set()
            found = check_list(draft(*((owner, one) for one in unknown)), place.guide, load_profile())
            assert "MEASURE_UNKNOWN" in {f.code for f in found}

    def test_deciding_for_oneself_is_refused(self, place: Known) -> None:
        own = [line("1", Measure(Action.SELF_DETERMINED), process=process_of(place, place.templates[0]))]
        owner = firm(industry=place.industry.name_zh, grade=place.grade)
        found = check_list(draft(*((owner, one) for one in own)), place.guide, load_profile())
        assert "SELF_DETERMINED_BELOW" in {f.code for f in found}

    def test_the_generator_plans_no_weaker(self, place: Known) -> None:
        planner = Planner(place.guide, load_profile())
        for counts in ((1,), (2,), (1, 1, 1), (3, 2), (5, 1, 4)):
            named = [(process_of(place, place.templates[0]), units) for units in counts]
            if planner.needs_transport_row(place.industry, place.grade):
                processes = [t.process for t in place.templates if t.process != "road_transport"]
                named = [(place.guide.processes[p].zh, units) for p in processes[:1] for units in counts]
                named.append((ROAD_TRANSPORT, 1))
            plans = planner.key(place.industry, place.grade, named, False)
            lines = [
                line(str(n), *plan, process=process)
                for n, ((process, _), plan) in enumerate(zip(named, plans, strict=True))
            ]
            assert "WEAKER_THAN_GUIDE" not in verdicts(place, lines)
            assert "NOT_COMPARABLE" not in verdicts(place, lines)


@pytest.mark.parametrize("place", FREE, ids=str)
def test_a_grade_that_decides_for_itself_is_never_found_weak(place: Known) -> None:
    own = [line("1", measure(Action.SELF_DETERMINED))]
    assert verdicts(place, own) == set()
    assert verdicts(place, [line("1", measure(Action.NONE))]) == set()


def test_where_the_guide_is_silent_nothing_is_called_weak(guide: Guide) -> None:
    silent = [
        Known(guide, industry, grade, level, ())
        for industry in guide.industries
        for grade in guide.legal_grades(industry)
        for level in LEVELS
        if guide.templates(industry, grade, level) is None
    ]
    assert len(silent) > 100
    for place in silent:
        assert verdicts(place, [line("1", measure(Action.NONE))]) == set()


shares = st.integers(1, 100).map(lambda n: n / 100)
counts = st.integers(1, 6)


@st.composite
def stops(draw: st.DrawFn) -> Measure:
    total = draw(counts)
    action = draw(st.sampled_from([Action.STOP, Action.STOP, Action.NONE]))
    if action is Action.NONE:
        return Measure(action, total_units=total)
    return Measure(action, stopped_units=draw(st.integers(0, total)), total_units=total)


def template(action: Action, ratio: float) -> MeasureTemplate:
    return MeasureTemplate(process=ALL_PROCESSES, action=action, ratio=ratio)


class TestReductionHolds:
    @settings(deadline=None)
    @given(st.lists(stops(), min_size=1, max_size=6), shares)
    def test_counts_whole_units_one_by_one(self, given_stops: list[Measure], ratio: float) -> None:
        total = sum(one.total_units or 0 for one in given_stops)
        standing = sum(one.stopped_units or 0 for one in given_stops)
        needed = 0
        while needed * 100 < round(ratio * 100) * total:
            needed += 1
        assert reduction_holds(given_stops, template(Action.STOP, ratio), lower_load=False) is (standing >= needed)

    @settings(deadline=None)
    @given(st.lists(stops(), min_size=1, max_size=6), shares, st.integers(0, 5), counts)
    def test_one_more_stopped_unit_never_weakens(
        self, given_stops: list[Measure], ratio: float, index: int, more: int
    ) -> None:
        asked = template(Action.STOP, ratio)
        one = given_stops[index % len(given_stops)]
        stronger = list(given_stops)
        stopped = min(one.total_units or 1, (one.stopped_units or 0) + more)
        stronger[index % len(given_stops)] = Measure(Action.STOP, stopped_units=stopped, total_units=one.total_units)
        if reduction_holds(given_stops, asked, lower_load=True):
            assert reduction_holds(stronger, asked, lower_load=True)

    @settings(deadline=None)
    @given(st.lists(stops(), min_size=1, max_size=4), shares, st.sampled_from([Action.STOP, Action.LIMIT]))
    def test_an_unknown_line_can_only_open_the_question(
        self, given_stops: list[Measure], ratio: float, action: Action
    ) -> None:
        asked = template(action, ratio)
        sure = reduction_holds([*given_stops, Measure(Action.NONE)], asked, lower_load=True)
        unsure = reduction_holds([*given_stops, Measure(Action.UNKNOWN)], asked, lower_load=True)
        assert unsure is sure or unsure is None

    @pytest.mark.parametrize(
        ("ratios", "holds"), [((0.2, 0.2), True), ((0.4, 0.0), True), ((0.3, 0.09), False), ((0.1, None), None)]
    )
    def test_a_limit_is_counted_over_all_lines(self, ratios: tuple[float | None, ...], holds: bool | None) -> None:
        cap = LoadCap(1, "t")
        lines = [Measure(Action.LIMIT, ratio, load_cap=None if ratio is not None else cap) for ratio in ratios]
        assert reduction_holds(lines, template(Action.LIMIT, 0.2), lower_load=True) is holds

    def test_a_stopped_line_counts_as_a_full_cut(self) -> None:
        lines = [Measure(Action.STOP, 1.0), *[Measure(Action.NONE)] * 4]
        assert reduction_holds(lines, template(Action.LIMIT, 0.2), lower_load=True) is True
        assert reduction_holds([*lines, Measure(Action.NONE)], template(Action.LIMIT, 0.2), lower_load=True) is False

    @pytest.mark.parametrize(("lower_load", "holds"), [(True, True), (False, False)])
    def test_one_unit_may_lower_its_load_where_the_place_says_so(self, lower_load: bool, holds: bool) -> None:
        half = [Measure(Action.LIMIT, 0.5)]
        assert reduction_holds(half, template(Action.STOP, 0.5), lower_load=lower_load) is holds

    def test_two_units_may_not(self) -> None:
        half = [Measure(Action.LIMIT, 0.5)] * 2
        assert reduction_holds(half, template(Action.STOP, 0.5), lower_load=True) is False

    @pytest.mark.parametrize("action", [Action.STOP, Action.LIMIT])
    def test_a_stop_in_some_hours_may_count_or_not(self, action: Action) -> None:
        at_night = [Measure(Action.STOP, 1.0, window=NIGHT), Measure(Action.STOP, 1.0)]
        assert reduction_holds(at_night, template(action, 0.5), lower_load=True) is True
        assert reduction_holds(at_night, template(action, 1.0), lower_load=True) is None
        assert reduction_holds([*at_night, Measure(Action.NONE)], template(action, 1.0), lower_load=True) is False


class TestTransportHolds:
    ASKED = MeasureTemplate(
        process="road_transport",
        action=Action.TRANSPORT,
        vehicle_rule=VehicleRule.BAN_HEAVY_TRUCK_LE_CN4_INCL_GAS,
    )

    @pytest.mark.parametrize(
        ("rules", "window", "holds"),
        [
            ([VehicleRule.BAN_HEAVY_TRUCK_LE_CN4_INCL_GAS], None, True),
            ([None, VehicleRule.STOP_ROAD_TRANSPORT], None, True),
            ([VehicleRule.BAN_HEAVY_TRUCK_LE_CN3], None, False),
            ([VehicleRule.STOP_INBOUND_ROAD_TRANSPORT], None, False),
            ([None], None, False),
            ([VehicleRule.STOP_ROAD_TRANSPORT], NIGHT, None),
            ([VehicleRule.BAN_HEAVY_TRUCK_LE_CN3], NIGHT, False),
        ],
    )
    def test_some_row_keeps_these_vehicles_off_the_road(
        self, rules: list[VehicleRule | None], window: str | None, holds: bool | None
    ) -> None:
        rows = [Measure(Action.STOP, 1.0, vehicle_rule=rule, window=window) for rule in rules]
        assert transport_holds(rows, self.ASKED) is holds

    def test_an_unknown_row_may_be_the_one(self) -> None:
        assert transport_holds([Measure(Action.STOP, 1.0), Measure(Action.UNKNOWN)], self.ASKED) is None
