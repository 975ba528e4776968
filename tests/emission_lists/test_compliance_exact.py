"""Who meets a bound exactly keeps to it; who is over by one unit of the last digit does not, and the proof shows both numbers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date, timedelta
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from emission_lists.compliance import Found, LineCase, LoadMeter, Meter, judge
from emission_lists.compliance_baseline import Baseline, DayUse, baseline
from emission_lists.compliance_exact import bound, total, written
from emission_lists.measures import Action, LoadCap, Measure
from emission_lists.schedule import stages
from tests.emission_lists.test_compliance import FIRST, RULES, START, STOP

DAY = timedelta(days=1)
DIGITS = 4
"""Quantities of these tests are whole numbers of a ten-thousandth."""


def decimal(units: int) -> float:
    return units / 10**DIGITS


def spread(units: int, hours: int, at: Sequence[int]) -> list[int]:
    """A sum of units over some hours, uneven."""
    shares = [at[place % len(at)] for place in range(hours)]
    made = [units * share // sum(shares) for share in shares]
    made[0] += units - sum(made)
    return made


def line(measure: Measure, **more: Any) -> LineCase:
    return LineCase("L1", "1号线", stages(measure, START, START + DAY), **more)


def meters(normals: Sequence[int], hours: Sequence[Sequence[int]]) -> tuple[Meter, ...]:
    """Meters with their normal hour and hours in units."""
    return tuple(
        Meter(f"m{place}", None, Baseline(decimal(normal), ()), numbered(own))
        for place, (normal, own) in enumerate(zip(normals, hours, strict=True))
    )


def numbered(units: Sequence[int]) -> dict[int, float]:
    return {FIRST + hour: decimal(one) for hour, one in enumerate(units, start=1)}


def shows_more(found: Sequence[Found]) -> bool:
    """Whether every item of the proof shows a value above its limit."""
    return all(item["value"] > item["limit"] for one in found for item in one.proof["items"])


normal_hours = st.lists(st.integers(1, 5000).map(lambda one: one * 10**DIGITS // 10), min_size=1, max_size=3)
uneven = st.lists(st.integers(1, 9), min_size=1, max_size=24)


class TestBounds:
    @given(normal_hours, uneven)
    def test_a_stop(self, normals: list[int], at: list[int]) -> None:
        allowed = max(10**DIGITS, sum(normals) * 15 // 100)  # tenths of a kWh: a whole number of units
        exact = [[units] for units in spread(allowed, len(normals), at)]
        assert judge(line(STOP, production=meters(normals, exact)), RULES) == []
        exact[-1][0] += 1
        found = judge(line(STOP, production=meters(normals, exact)), RULES)
        assert len(found) == 1
        assert shows_more(found)

    @given(normal_hours, st.integers(1, 99), uneven)
    def test_a_limit_with_its_tolerance(self, normals: list[int], cut: int, at: list[int]) -> None:
        limited = Measure(Action.LIMIT, cut / 100)
        allowed = sum(normals) * (100 - cut) * 110 * 24 // 10**4
        hours = [spread(one, 24, at) for one in spread(allowed, len(normals), at)]
        assert judge(line(limited, production=meters(normals, hours)), RULES) == []
        hours[0][5] += 1 + (sum(normals) * (100 - cut) * 110 * 24 % 10**4 > 0)
        found = judge(line(limited, production=meters(normals, hours)), RULES)
        assert len(found) == 1
        assert shows_more(found)

    @given(st.integers(1, 10**8), uneven)
    def test_a_cap_of_a_day(self, cap: int, at: list[int]) -> None:
        capped = Measure(Action.LIMIT, load_cap=LoadCap(decimal(cap), "t", "日投料"))
        units = spread(cap, 24, at)
        assert judge(line(capped, loads=(LoadMeter("f", "日投料", "t", numbered(units)),)), RULES) == []
        units[7] += 1
        found = judge(line(capped, loads=(LoadMeter("f", "日投料", "t", numbered(units)),)), RULES)
        assert [(item["value"], item["limit"]) for one in found for item in one.proof["items"]] == [
            (decimal(cap + 1), decimal(cap))
        ]

    @given(st.integers(1, 10**8), uneven)
    def test_a_cap_of_an_hour(self, cap: int, at: list[int]) -> None:
        capped = Measure(Action.LIMIT, load_cap=LoadCap(decimal(cap), "t/h", "投料"))
        units = spread(cap, 2, at)
        loads = [LoadMeter(f"f{place}", "投料", "t", numbered([one])) for place, one in enumerate(units)]
        assert judge(line(capped, loads=tuple(loads)), RULES) == []
        loads[0] = loads[0]._replace(hours=numbered([units[0] + 1]))
        found = judge(line(capped, loads=tuple(loads)), RULES)
        assert [(item["value"], item["limit"]) for one in found for item in one.proof["items"]] == [
            (decimal(cap + 1), decimal(cap))
        ]

    @given(normal_hours)
    def test_treatment_and_production_at_their_shares(self, normals: list[int]) -> None:
        running = meters(normals, [[one] for one in normals])
        treated = replace(line(Measure(Action.NONE), production=running), treatment=meters(normals, [[one // 10] for one in normals]))
        assert judge(treated, RULES) == []
        off = meters(normals, [[one // 10 - 1] for one in normals])
        assert len(judge(replace(treated, treatment=off), RULES)) == (sum(normals) > 10**DIGITS)
        allowed = sum(normals) * 30 // 100
        barely = [[one] for one in spread(allowed, len(normals), [1])]
        assert judge(replace(treated, treatment=off, production=meters(normals, barely)), RULES) == []

    @pytest.mark.parametrize("hour", [0.1, 0.7, 1.1, 2.3])
    def test_the_day_of_the_review(self, hour: float) -> None:
        cap = LoadCap(round(hour * 24, 1), "t", "日投料")
        fed = LoadMeter("f", "日投料", "t", {FIRST + number: hour for number in range(1, 25)})
        assert judge(line(Measure(Action.LIMIT, load_cap=cap), loads=(fed,)), RULES) == []


class TestBound:
    @given(st.lists(st.floats(0, 1e9), min_size=1, max_size=48), st.integers(-3, 3), st.integers(0, 20))
    def test_floating_point_decides_as_the_decimals_do(self, values: list[float], steps: int, digits: int) -> None:
        exact = max(Fraction(0), total(values) + Fraction(steps, 10**digits))
        shown = bound(exact).passed_by(sum(values), values)
        assert (shown is not None) is (total(values) > exact)

    @given(st.floats(0, 1e9), st.integers(-1, 1), st.integers(0, 20))
    def test_below(self, value: float, steps: int, digits: int) -> None:
        exact = max(Fraction(0), written(value) + Fraction(steps, 10**digits))
        assert bound(exact).under(value) is (written(value) < exact)


class TestBaseline:
    def of(self, total_of_day: float) -> float:
        days = {date(2026, 11, day): DayUse(total_of_day, 24) for day in range(1, 8)}
        found = baseline(days, (), RULES.baseline)
        assert found is not None
        return found.mean

    @given(st.integers(1, 10**8))
    def test_a_meter_that_counts_the_same_each_hour(self, units: int) -> None:
        assert self.of(sum([decimal(units)] * 24)) == decimal(units)

    def test_what_is_beyond_a_millionth_is_rounded_up(self) -> None:
        assert self.of(1000.0) == 41.666667
