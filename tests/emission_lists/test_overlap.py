"""Demands that overlap: the stricter one, or both; the same in any order, never weaker than any, unknown never nothing."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from emission_lists.measure_strictness import asks_nothing, covers, stricter
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
from emission_lists.overlap import Combined, Demand, Source, SourceKind, combine

STOP, NONE, UNKNOWN = Measure(Action.STOP), Measure(Action.NONE), Measure(Action.UNKNOWN)
SELF = Measure(Action.SELF_DETERMINED)
FIFTH, HALF = Measure(Action.LIMIT, ratio=0.2), Measure(Action.LIMIT, ratio=0.5)
TRUCKS = Measure(Action.TRANSPORT, vehicle_rule=VehicleRule.BAN_HEAVY_TRUCK_LE_CN4_INCL_GAS)
NO_ROAD = Measure(Action.TRANSPORT, vehicle_rule=VehicleRule.STOP_ROAD_TRANSPORT)
CITY = Source(SourceKind.RESPONSE, "1", "唐山市红色预警", "the city's red warning")
COUNTY = Source(SourceKind.RESPONSE, "2", "路南区橙色预警", "the county's orange warning")
SEASON = Source(SourceKind.SEASONAL, "3", "错峰生产计划", "the seasonal plan")
START = datetime(2026, 12, 1, tzinfo=UTC)


def units(stopped: int, total: int = 4, unit: CountUnit = CountUnit.PRODUCTION_LINE) -> Measure:
    return Measure(Action.STOP, stopped_units=stopped, total_units=total, count_unit=unit)


def plain() -> st.SearchStrategy[Measure]:
    return st.builds(
        Measure,
        action=st.sampled_from(Action),
        ratio=st.none() | st.sampled_from([0.2, 0.5, 1.0]),
        total_units=st.sampled_from([None, 2, 4]),
        count_unit=st.none() | st.sampled_from([CountUnit.PRODUCTION_LINE, CountUnit.EQUIPMENT]),
        basis=st.none() | st.sampled_from([Basis.NOT_STATED, Basis.EIA_CAPACITY, Basis.HEAT_SUPPLY]),
        load_cap=st.none() | st.builds(LoadCap, st.sampled_from([80.0, 120.0]), st.sampled_from(["t", "h"])),
        vehicle_rule=st.none() | st.sampled_from(VehicleRule),
        window=st.sampled_from([None, "17:00-09:00", "20:00-06:00", "08:00-12:00"]),
        verification=st.sampled_from([(), (Verification.METER,)]),
        coking_hours=st.sampled_from([None, None, 28.0, 36.0]),
        cycle=st.sampled_from([None, None, Cycle(48, 12), Cycle(24, 12)]),
        heats_per_day=st.sampled_from([None, None, 22, 18]),
        stop_mode=st.none() | st.sampled_from(StopMode),
        keep_running=st.sampled_from([None, None, 1]),
        non_road_ban=st.none() | st.sampled_from(NonRoadRule),
        complete_within_hours=st.sampled_from([None, None, 12.0, 24.0]),
    )


@st.composite
def measures(draw: st.DrawFn) -> Measure:
    made = draw(plain())
    after = draw(st.none() | st.sampled_from([24.0, 120.0]))
    later = draw(plain())
    if after is None or not made.executable or not later.executable:
        return made
    return replace(made, later=(Later(after, later),))


@st.composite
def demands(draw: st.DrawFn) -> list[Demand]:
    pool = draw(st.lists(measures(), min_size=1, max_size=3))
    due = st.none() | st.sampled_from([START, START + timedelta(hours=12)])
    return draw(
        st.lists(st.builds(Demand, st.sampled_from([CITY, COUNTY, SEASON]), st.sampled_from(pool), due), min_size=1, max_size=4)
    )


class TestCovers:
    @pytest.mark.parametrize(
        ("strict", "mild"),
        [
            (STOP, FIFTH),
            (HALF, FIFTH),
            (FIFTH, SELF),
            (STOP, NONE),
            (UNKNOWN, NONE),
            (NO_ROAD, TRUCKS),
            (units(3), units(2)),
            (units(4), HALF),
            (STOP, Measure(Action.STOP, ratio=0.5)),
            (STOP, Measure(Action.STOP, cycle=Cycle(48, 12))),
            (STOP, Measure(Action.STOP, window="17:00-09:00")),
            (Measure(Action.STOP, window="17:00-09:00"), Measure(Action.STOP, window="20:00-06:00")),
            (Measure(Action.STOP, stop_mode=StopMode.COLD), Measure(Action.STOP, stop_mode=StopMode.BANKING)),
            (Measure(Action.LIMIT, coking_hours=36.0), Measure(Action.LIMIT, coking_hours=28.0)),
            (Measure(Action.LIMIT, heats_per_day=18), Measure(Action.LIMIT, heats_per_day=22)),
            (Measure(Action.LIMIT, load_cap=LoadCap(80, "t")), Measure(Action.LIMIT, load_cap=LoadCap(120, "t"))),
            (STOP, Measure(Action.STOP, complete_within_hours=12)),
            (STOP, Measure(Action.STOP, later=(Later(120, FIFTH),))),
            (Measure(Action.NONE, non_road_ban=NonRoadRule.BAN_ALL), Measure(Action.NONE, non_road_ban=NonRoadRule.BAN_LE_CN1)),
        ],
    )
    def test_the_stricter_covers_and_not_the_other_way(self, strict: Measure, mild: Measure) -> None:
        assert covers(strict, mild)
        assert not covers(mild, strict)
        assert stricter(mild, strict).measures == (strict,)

    @pytest.mark.parametrize(
        ("one", "other"),
        [
            (HALF, TRUCKS),
            (SELF, TRUCKS),
            (UNKNOWN, STOP),
            (UNKNOWN, SELF),
            (units(3), units(2, total=5)),
            (units(3), units(2, unit=CountUnit.EQUIPMENT)),
            (units(3), FIFTH),
            (HALF, Measure(Action.LIMIT, ratio=0.2, basis=Basis.EIA_CAPACITY)),
            (HALF, Measure(Action.LIMIT, load_cap=LoadCap(80, "t"))),
            (HALF, Measure(Action.LIMIT, basis=Basis.NOT_STATED)),
            (STOP, Measure(Action.STOP, stop_mode=StopMode.KEEP_WARM)),
            (Measure(Action.LIMIT, load_cap=LoadCap(80, "t")), Measure(Action.LIMIT, load_cap=LoadCap(120, "h"))),
            (Measure(Action.STOP, window="17:00-09:00"), Measure(Action.STOP, window="08:00-12:00")),
            (Measure(Action.STOP, window="17:00-09:00"), FIFTH),
            (Measure(Action.STOP, later=(Later(120, FIFTH),)), HALF),
            (Measure(Action.STOP, complete_within_hours=24), FIFTH),
        ],
    )
    def test_what_cannot_be_compared_is_asked_for_twice(self, one: Measure, other: Measure) -> None:
        verdict = stricter(one, other)
        assert set(verdict.measures) == {one, other}
        assert stricter(other, one) == verdict

    def test_the_same_demand_with_and_without_its_meter_is_one(self) -> None:
        metered = replace(STOP, verification=(Verification.METER,))
        assert stricter(STOP, metered).measures == (metered,)

    @given(measures(), measures(), measures())
    def test_is_a_preorder(self, one: Measure, two: Measure, three: Measure) -> None:
        assert covers(one, one)
        if covers(one, two) and covers(two, three):
            assert covers(one, three)


def test_nothing_does_not_cover_a_transport_measure_whose_rule_is_not_said() -> None:
    assert not covers(NONE, Measure(Action.TRANSPORT))
    assert covers(STOP, Measure(Action.TRANSPORT))


class TestCombine:
    def test_the_stricter_with_both_named(self) -> None:
        found = combine([Demand(CITY, STOP), Demand(SEASON, FIFTH)])
        assert [kept.measure for kept in found.kept] == [STOP]
        assert found.reasons == (
            (
                "唐山市红色预警“停产”严于错峰生产计划“限产 20 %”，从严执行",
                "the city's red warning, “stop”, is stricter than the seasonal plan, “limit output by 20 %”",
            ),
        )

    def test_the_same_from_two_sides_names_both(self) -> None:
        found = combine([Demand(CITY, STOP), Demand(COUNTY, STOP)])
        assert found.main.sources == (CITY, COUNTY)
        assert found.reasons == ()

    def test_both_when_they_cannot_be_compared(self) -> None:
        found = combine([Demand(CITY, TRUCKS), Demand(SEASON, HALF)])
        assert [kept.measure for kept in found.kept] == [HALF, TRUCKS]
        assert "两项都要执行" in found.reasons[0][0]
        assert "carry out both" in found.reasons[0][1]

    def test_unknown_beside_known(self) -> None:
        found = combine([Demand(CITY, UNKNOWN), Demand(SEASON, HALF)])
        assert [kept.measure for kept in found.kept] == [HALF, UNKNOWN]
        assert not found.known
        assert "照常执行" in found.reasons[0][0]

    def test_unknown_beside_nothing(self) -> None:
        found = combine([Demand(CITY, UNKNOWN), Demand(SEASON, NONE)])
        assert [kept.measure for kept in found.kept] == [UNKNOWN]
        assert "不能按" in found.reasons[0][0]

    def test_nothing_now_and_a_stop_later_is_not_nothing(self) -> None:
        staged = replace(NONE, later=(Later(24.0, STOP),))
        night = replace(STOP, window="17:00-09:00")
        assert not asks_nothing(staged)
        assert {kept.measure for kept in combine([Demand(CITY, night), Demand(SEASON, staged)]).kept} == {night, staged}

    def test_a_later_deadline_leaves_the_milder_one_until_then(self) -> None:
        due = START + timedelta(hours=12)
        asked = [Demand(CITY, STOP, due), Demand(SEASON, FIFTH)]
        assert len(combine(asked, START).kept) == 2
        assert [kept.measure for kept in combine(asked, due).kept] == [STOP]

    def test_nothing_to_combine(self) -> None:
        with pytest.raises(ValueError, match="nothing is demanded"):
            combine([])

    @given(demands(), st.randoms())
    def test_order_and_repetition_do_not_matter(self, asked: list[Demand], random: object) -> None:
        shuffled = [*asked, *asked]
        random.shuffle(shuffled)  # type: ignore[attr-defined]
        assert combine(shuffled, START) == combine(asked, START)

    @given(demands())
    def test_is_never_weaker_than_any(self, asked: list[Demand]) -> None:
        found = combine(asked)
        for demand in asked:
            assert any(covers(kept.measure, demand.measure) for kept in found.kept)

    @given(demands())
    def test_combining_again_changes_nothing(self, asked: list[Demand]) -> None:
        found = combine(asked, START)
        again = combine([Demand(source, kept.measure, kept.due) for kept in found.kept for source in kept.sources], START)
        assert again.kept == found.kept

    @given(demands())
    def test_unknown_never_becomes_nothing_nor_hides_what_is_known(self, asked: list[Demand]) -> None:
        found = combine(asked)
        unknown = [demand for demand in asked if not demand.measure.executable]
        if unknown:
            assert not found.known
            assert not any(asks_nothing(kept.measure) for kept in found.kept)
        for demand in asked:
            if demand.measure.executable and not asks_nothing(demand.measure):
                assert any(kept.measure.executable for kept in found.kept)

    @given(demands(), demands(), demands())
    def test_it_does_not_matter_who_is_heard_first(self, a: list[Demand], b: list[Demand], c: list[Demand]) -> None:
        def again(found: Combined) -> list[Demand]:
            return [Demand(source, kept.measure, kept.due) for kept in found.kept for source in kept.sources]

        def asked(found: Combined) -> list[object]:
            return [(kept.measure, kept.due) for kept in found.kept]

        at_once = combine([*a, *b, *c], START)
        in_steps = combine([*again(combine([*a, *b], START)), *c], START)
        assert asked(in_steps) == asked(at_once)
