"""How active a line may be under each shape of measure."""

from __future__ import annotations

from fractions import Fraction

import pytest
from hypothesis import given

from emission_lists.activity import allowed_share, emitting_share, exact_share, planned_kg
from emission_lists.levels import PerLevel, ResponseLevel
from emission_lists.lists import Pollutants
from emission_lists.measures import Action, Basis, Cycle, LoadCap, Measure, StopMode, VehicleRule
from tests.emission_lists.list_samples import line, lines, measure

STOP, LIMIT = Action.STOP, Action.LIMIT
RED = ResponseLevel.RED
SHARES: list[tuple[Measure, Fraction | None, Fraction | None]] = [
    (Measure(STOP), Fraction(0), Fraction(0)),
    (Measure(STOP, 1.0), Fraction(0), Fraction(0)),
    (Measure(STOP, 0.3), Fraction(7, 10), Fraction(7, 10)),
    (Measure(STOP, 0.5, total_units=3), Fraction(1, 3), Fraction(1, 3)),
    (Measure(STOP, stopped_units=1, total_units=4), Fraction(3, 4), Fraction(3, 4)),
    (Measure(STOP, total_units=5, keep_running=1), Fraction(1, 5), Fraction(1, 5)),
    (Measure(STOP, basis=Basis.NOT_STATED), None, None),
    (Measure(STOP, 1.0, stop_mode=StopMode.KEEP_WARM), Fraction(0), None),
    (Measure(STOP, 1.0, stop_mode=StopMode.COLD), Fraction(0), Fraction(0)),
    (Measure(LIMIT, 0.07), Fraction(93, 100), Fraction(93, 100)),
    (Measure(LIMIT, cycle=Cycle(48, 12)), Fraction(1, 5), Fraction(1, 5)),
    (Measure(LIMIT, 0.9, cycle=Cycle(48, 12)), Fraction(1, 10), Fraction(1, 10)),
    (Measure(LIMIT, load_cap=LoadCap(120, "t")), None, None),
    (Measure(LIMIT, heats_per_day=22), None, None),
    (Measure(Action.NONE), Fraction(1), Fraction(1)),
    (Measure(Action.SELF_DETERMINED), None, None),
    (Measure(Action.UNKNOWN), None, None),
    (Measure(Action.TRANSPORT, vehicle_rule=VehicleRule.STOP_ROAD_TRANSPORT), Fraction(1), Fraction(0)),
    (Measure(Action.TRANSPORT, vehicle_rule=VehicleRule.BAN_HEAVY_TRUCK_LE_CN3), Fraction(1), None),
]


class TestShares:
    @pytest.mark.parametrize(("one", "output", "emissions"), SHARES)
    def test_output_and_emissions(self, one: Measure, output: Fraction | None, emissions: Fraction | None) -> None:
        assert exact_share(one) == output
        assert allowed_share(one) == (None if output is None else float(output))
        assert emitting_share(one) == emissions

    @given(lines())
    def test_a_share_is_a_share(self, one) -> None:  # type: ignore[no-untyped-def]
        for each in one.measures:
            share = exact_share(each)
            assert share is None or 0 <= share <= 1


class TestPlannedKg:
    def test_stated_before_computed_in_proportion_to_the_hours(self) -> None:
        stated = Pollutants(6.0, None, None, None)
        one = line("1", measure(LIMIT, 0.5), base=Pollutants(24, 48, None, 4), reductions=PerLevel(stated, stated, stated))
        assert planned_kg(one, RED, 12) == Pollutants(3.0, 12.0, None, 1.0)

    def test_an_unknown_measure_plans_nothing_known(self) -> None:
        assert planned_kg(line("1", measure(Action.UNKNOWN)), RED, 24) == Pollutants()
