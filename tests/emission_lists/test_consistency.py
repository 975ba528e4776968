"""Same region, industry and grade: same measures. Who is compared with whom, and what counts as the same."""

from collections.abc import Sequence
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from emission_lists.checks import check_list
from emission_lists.findings import Finding
from emission_lists.grades import Grade
from emission_lists.identifiers import make_permit, make_uscc
from emission_lists.lists import Enterprise, GuaranteeType, Line
from emission_lists.measures import Action, LoadCap, Measure, VehicleRule
from tests.emission_lists.conftest import load_guide, load_profile
from tests.emission_lists.list_samples import draft, firm, line, measure

# Of ten units: with a single one, half of it rounded up is all of it.
STOP, HALF = measure(Action.STOP, 1.0, total_units=10), measure(Action.LIMIT, 0.5, total_units=10)
ROAD = VehicleRule.STOP_ROAD_TRANSPORT


def printer(number: int, **fields: Any) -> Enterprise:
    uscc = make_uscc("130202", number)
    base = {"uscc": uscc, "permit_no": make_permit(uscc), "industry": "包装印刷", "gbt4754": "2319"}
    return firm(**{**base, **fields})


def odd_ones(*rows: tuple[Enterprise, Line]) -> list[Finding]:
    found = check_list(draft(*rows), load_guide("g2020"), load_profile())
    return [one for one in found if one.code == "INCONSISTENT_MEASURES"]


def names(found: Sequence[Finding]) -> set[str | None]:
    return {one.uscc for one in found}


def each(*plans: Measure, **fields: Any) -> list[tuple[Enterprise, Line]]:
    """One enterprise for each measure."""
    return [(printer(n, **fields), line("1", one, process="印刷")) for n, one in enumerate(plans)]


class TestWhoIsCompared:
    def test_the_odd_one_of_three_is_named_at_each_level(self) -> None:
        found = odd_ones(*each(STOP, STOP, HALF))
        assert names(found) == {make_uscc("130202", 2)}
        assert [str(one.column).split()[-1] for one in found] == ["黄色-措施", "橙色-措施", "红色-措施"]

    def test_two_that_differ_are_not_judged(self) -> None:
        assert odd_ones(*each(STOP, HALF)) == []

    def test_another_grade_is_another_group(self) -> None:
        rows = [*each(STOP, STOP, STOP), (printer(9, grade=Grade.B), line("1", HALF, process="印刷"))]
        assert odd_ones(*rows) == []

    def test_another_industry_is_another_group(self) -> None:
        rows = [*each(STOP, STOP, STOP), (printer(9, industry="家具制造"), line("1", HALF, process="印刷"))]
        assert odd_ones(*rows) == []

    def test_another_process_is_another_group(self) -> None:
        rows = [*each(STOP, STOP, STOP), (printer(9), line("1", HALF, process="烘干"))]
        assert odd_ones(*rows) == []

    @pytest.mark.parametrize(
        "relief",
        [{"guarantee": GuaranteeType.OTHER}, {"small_micro": True}, {"long_stopped": True}, {"key_industry": False}],
    )
    def test_those_with_their_own_rules_are_left_out(self, relief: dict[str, Any]) -> None:
        rows = [*each(STOP, STOP, STOP), (printer(9, **relief), line("1", HALF, process="印刷"))]
        assert odd_ones(*rows) == []

    @pytest.mark.parametrize(
        "open_measure",
        [
            measure(Action.UNKNOWN),
            measure(Action.SELF_DETERMINED),
            measure(Action.LIMIT, None, load_cap=LoadCap(1, "t")),
        ],
    )
    def test_what_is_no_share_is_not_compared(self, open_measure: Measure) -> None:
        assert odd_ones(*each(STOP, STOP, STOP, open_measure)) == []

    def test_with_unknown_ones_left_out_too_few_may_remain(self) -> None:
        assert odd_ones(*each(STOP, HALF, measure(Action.UNKNOWN), measure(Action.UNKNOWN))) == []


class TestWhatIsTheSame:
    @pytest.mark.parametrize("total", range(1, 13))
    def test_a_share_in_whole_units(self, total: int) -> None:
        """Half of the units, rounded up, is half: whoever has an odd number of them is not odd."""
        exact = [measure(Action.STOP, 0.5, total_units=2, stopped_units=1)] * 3
        rounded = measure(Action.STOP, 0.5, total_units=total, stopped_units=-(-total // 2))
        assert odd_ones(*each(*exact, rounded)) == []

    @pytest.mark.parametrize("total", range(3, 13))
    def test_a_unit_less_is_not_the_same(self, total: int) -> None:
        exact = [measure(Action.STOP, 0.5, total_units=100, stopped_units=50)] * 3
        less = measure(Action.STOP, None, total_units=total, stopped_units=-(-total // 2) - 1)
        assert names(odd_ones(*each(*exact, less))) == {make_uscc("130202", 3)}

    def test_a_smaller_share_that_rounds_to_the_same_units_is_the_same(self) -> None:
        """A third, rounded up, is one of two and two of six."""
        halves = [measure(Action.STOP, None, total_units=2, stopped_units=1)] * 3
        assert odd_ones(*each(*halves, measure(Action.STOP, None, total_units=6, stopped_units=2))) == []

    def test_lines_of_one_enterprise_are_taken_together(self) -> None:
        rows = each(*[measure(Action.STOP, None, total_units=2, stopped_units=1)] * 3)
        owner = printer(9)
        rows += [
            (owner, line("1", measure(Action.STOP, 1.0), process="印刷")),
            (owner, line("2", measure(Action.NONE), process="印刷")),
        ]
        assert odd_ones(*rows) == []

    def test_other_vehicles_are_another_measure(self) -> None:
        road = measure(Action.STOP, 1.0, total_units=10, vehicle_rule=ROAD)
        found = odd_ones(*each(road, road, road, STOP))
        assert names(found) == {make_uscc("130202", 3)}
        assert ROAD.zh in found[0].message

    def test_the_usual_share_is_named(self) -> None:
        found = odd_ones(*each(HALF, HALF, HALF, STOP))
        assert "50 %" in found[0].message

    @settings(deadline=None, max_examples=40)
    @given(st.lists(st.sampled_from([0.3, 0.5, 0.7]), min_size=3, max_size=9), st.randoms())
    def test_the_order_of_the_list_does_not_matter(self, shares: list[float], rng: Any) -> None:
        rows = each(*(measure(Action.LIMIT, share) for share in shares))
        shuffled = list(rows)
        rng.shuffle(shuffled)
        assert names(odd_ones(*rows)) == names(odd_ones(*shuffled))

    @settings(deadline=None, max_examples=40)
    @given(st.lists(st.sampled_from([0.3, 0.5, 0.7]), min_size=3, max_size=9))
    def test_only_a_majority_makes_others_odd(self, shares: list[float]) -> None:
        found = names(odd_ones(*each(*(measure(Action.LIMIT, share) for share in shares))))
        usual = [share for share in set(shares) if shares.count(share) * 2 > len(shares)]
        expected = {make_uscc("130202", n) for n, share in enumerate(shares) if usual and share != usual[0]}
        assert found == expected
