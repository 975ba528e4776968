"""Capacity counted beside units, and load caps against the daily means that they are counted from."""

from dataclasses import replace
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from emission_lists.checks import check_list
from emission_lists.findings import Finding
from emission_lists.grades import Grade
from emission_lists.guide_templates import MeasureTemplate
from emission_lists.guides import Guide, ListProfile
from emission_lists.guides_holding import Capacity, reduction_holds
from emission_lists.lists import EmissionListDraft, LineParticulars, Means
from emission_lists.measures import Action, Basis, CountUnit, Later, LoadCap, Measure, VehicleRule
from tests.emission_lists.list_samples import draft, firm, line, measure

STOP, LIMIT = Action.STOP, Action.LIMIT
BY_BOTH = CountUnit.CAPACITY_AND_EQUIPMENT_COUNT
MEANS = Means(5000.0, 4800.0, 4600.0, "t/d")


def half(ratio: float = 0.5, **fields: Any) -> MeasureTemplate:
    """停产50%以上，按产能和设备数量计."""
    return MeasureTemplate(process="all", action=STOP, ratio=ratio, at_least=True, count_unit=BY_BOTH, **fields)


def units(stopped: int, of: int = 1) -> Measure:
    return Measure(STOP, stopped_units=stopped, total_units=of) if stopped else Measure(Action.NONE, total_units=of)


def tonnes(*values: float | None) -> list[Capacity | None]:
    return [None if value is None else Capacity(value, "t/d") for value in values]


class TestByCapacityAndUnits:
    @pytest.mark.parametrize(
        ("stopped", "capacities", "holds"),
        [
            ((1, 0), (5000.0, 5000.0), True),
            ((1, 0), (5000.0, 2500.0), True),
            ((0, 1), (5000.0, 2500.0), False),
            ((0, 1), (5000.0, None), None),
            ((0, 1), (None, None), None),
            ((0, 0), (5000.0, 5000.0), False),
            ((0, 0), (None, None), False),
            ((1, 1), (None, None), True),
            ((1, 0, 0), (9000.0, 1.0, 1.0), False),
            ((0, 1, 1), (9000.0, 1.0, 1.0), False),
        ],
    )
    def test_both_shares_are_reached(
        self, stopped: tuple[int, ...], capacities: tuple[float | None, ...], holds: bool | None
    ) -> None:
        measures = [units(one) for one in stopped]
        assert reduction_holds(measures, half(), lower_load=True, capacities=tonnes(*capacities)) is holds

    def test_a_count_alone_proves_nothing(self) -> None:
        assert reduction_holds([units(1, of=2)], half(), lower_load=True) is None
        counted = half().model_copy(update={"count_unit": CountUnit.EQUIPMENT})
        assert reduction_holds([units(1, of=2)], counted, lower_load=True) is True

    def test_which_of_several_units_stands_still_is_not_known(self) -> None:
        assert reduction_holds([units(1, of=2)], half(), lower_load=True, capacities=tonnes(9000.0)) is None
        large = [units(1, of=2), units(1)]
        assert reduction_holds(large, half(), lower_load=True, capacities=tonnes(1000.0, 5000.0)) is True
        assert reduction_holds(large, half(0.6), lower_load=True, capacities=tonnes(5000.0, 1000.0)) is None

    def test_other_units_cannot_be_added(self) -> None:
        mixed = [Capacity(5000.0, "t/d"), Capacity(1.0, "万t/a")]
        assert reduction_holds([units(1), units(0)], half(), lower_load=True, capacities=mixed) is None

    def test_a_single_unit_may_lower_its_load_by_the_share(self) -> None:
        assert reduction_holds([Measure(LIMIT, 0.5, total_units=1)], half(), lower_load=True) is True
        assert reduction_holds([Measure(LIMIT, 0.4, total_units=1)], half(), lower_load=True) is False
        assert reduction_holds([Measure(LIMIT, 0.5, total_units=1)], half(), lower_load=False) is False

    def test_it_must_hold_at_every_hour(self) -> None:
        relieved = replace(units(1), later=(Later(24, units(0)),))
        measures, capacities = [relieved, replace(units(0), later=(Later(24, units(1)),))], tonnes(5000.0, 1000.0)
        assert reduction_holds(measures, half(), lower_load=True, capacities=capacities) is False
        assert reduction_holds(measures, half(), lower_load=True, capacities=tonnes(5.0, 5.0)) is True

    def test_who_is_not_asked_has_done_enough(self) -> None:
        assert reduction_holds([units(0)], half(units_from=2), lower_load=True) is True

    def test_a_share_that_no_source_states_is_no_share_of_capacity(self) -> None:
        asked = MeasureTemplate(process="all", action=STOP, count_unit=BY_BOTH, basis=Basis.NOT_STATED)
        plain = asked.model_copy(update={"count_unit": None})
        for given_lines in ([units(1), units(0)], [units(1), units(1)]):
            assert reduction_holds(given_lines, asked, lower_load=True) == reduction_holds(
                given_lines, plain, lower_load=True
            )

    @settings(deadline=None)
    @given(
        st.lists(st.tuples(st.booleans(), st.integers(1, 9000)), min_size=2, max_size=6),
        st.integers(1, 100).map(lambda n: n / 100),
    )
    def test_accepted_means_both_shares_by_any_count(self, lines: list[tuple[bool, int]], ratio: float) -> None:
        measures = [units(int(stands)) for stands, _ in lines]
        found = reduction_holds(
            measures, half(ratio), lower_load=False, capacities=[Capacity(float(size), "t/d") for _, size in lines]
        )
        share = Fraction(repr(ratio))
        count = Fraction(sum(stands for stands, _ in lines), len(lines)) >= share
        capacity = Fraction(sum(size for stands, size in lines if stands), sum(size for _, size in lines)) >= share
        assert found is (count and capacity)


TRUCKS = VehicleRule.BAN_HEAVY_TRUCK_LE_CN4_INCL_GAS


def clinker(limit: Measure, means: Means | None = MEANS) -> EmissionListDraft:
    said = LineParticulars(means=means)
    return draft((firm(grade=Grade.B), line("MF0001", limit, particulars=None if means is None else said)))


def capped(value: float, unit: str = "t/d", **fields: Any) -> Measure:
    given_fields = {
        "basis": Basis.SMALLEST_DAILY_MEAN,
        "load_cap": LoadCap(value, unit, "日产量"),
        "vehicle_rule": TRUCKS,
    }
    return measure(LIMIT, 0.2, **given_fields | fields)


class TestCapsAndMeans:
    def told(self, one: EmissionListDraft, guide: Guide, profile: ListProfile) -> list[Finding]:
        return [each for each in check_list(one, guide, profile) if each.code.startswith("CAP_")]

    @pytest.mark.parametrize(
        ("value", "codes"), [(3679.999, []), (3680.0, []), (3680.01, ["CAP_ABOVE_MEAN"]), (4600.0, ["CAP_ABOVE_MEAN"])]
    )
    def test_a_cap_is_at_most_what_the_share_leaves_of_the_smallest(
        self, value: float, codes: list[str], guide: Guide, profile: ListProfile
    ) -> None:
        found = self.told(clinker(capped(value)), guide, profile)
        assert sorted({each.code for each in found}) == codes
        if found:
            assert {str(each.column).split(" ")[1] for each in found} == {
                "黄色-负荷上限",
                "橙色-负荷上限",
                "红色-负荷上限",
            }
            assert "3680 t/d" in found[0].message
            assert (found[0].row, found[0].severity.value) == (2, "warning")

    @pytest.mark.parametrize(
        ("means", "codes"),
        [
            (None, []),
            (Means(), []),
            (Means(unit="t/d"), []),
            (Means(actual_output=4000.0, unit="t/d"), ["CAP_ABOVE_MEAN"]),
            (Means(eia_capacity=9000.0, unit="t/d"), []),
            (Means(5000.0, 4800.0, 4600.0, "t/h"), ["CAP_UNIT_DIFFERS"]),
        ],
    )
    def test_what_is_stated_is_what_is_compared(
        self, means: Means | None, codes: list[str], guide: Guide, profile: ListProfile
    ) -> None:
        found = self.told(clinker(capped(3680.0), means), guide, profile)
        assert sorted({each.code for each in found}) == codes

    @pytest.mark.parametrize("basis", [None, Basis.NOT_STATED])
    def test_a_share_without_a_base_is_counted_from_the_guides(
        self, basis: Basis | None, guide: Guide, profile: ListProfile
    ) -> None:
        found = self.told(clinker(capped(3680.01, basis=basis)), guide, profile)
        assert [(each.code, str(each.column).split(" ")[1]) for each in found] == [("CAP_ABOVE_MEAN", "橙色-负荷上限")]
        assert self.told(clinker(capped(3680.0, basis=basis)), guide, profile) == []

    @pytest.mark.parametrize("other", [{"basis": Basis.PERMIT_CAPACITY}, {"load_cap": None}])
    def test_another_basis_or_no_cap_is_not_judged(
        self, other: dict[str, Any], guide: Guide, profile: ListProfile
    ) -> None:
        assert self.told(clinker(capped(9999.0, **other)), guide, profile) == []

    def test_a_later_stage_is_judged_too(self, guide: Guide, profile: ListProfile) -> None:
        staged = replace(capped(3680.0), later=(Later(120, capped(4000.0)),))
        assert {each.code for each in self.told(clinker(staged), guide, profile)} == {"CAP_ABOVE_MEAN"}


def counted_by_both(guide: Guide) -> Guide:
    """The guide with its stops of clinker lines counted by capacity and units."""

    def turned(value: Any) -> Any:
        if isinstance(value, dict):
            found = {key: turned(inner) for key, inner in value.items()}
            stops = found.get("action") is STOP and found.get("process") == "clinker_line"
            return found | {"count_unit": BY_BOTH, "ratio": 0.5, "at_least": True} if stops else found
        if isinstance(value, list | tuple):
            return [turned(inner) for inner in value]
        return value

    return Guide.model_validate(turned(guide.model_dump(by_alias=True)))


class TestInAList:
    def told(self, guide: Guide, profile: ListProfile, *capacities: float | None) -> set[str]:
        firsts = [measure(STOP, 1.0, vehicle_rule=TRUCKS), measure(Action.NONE, vehicle_rule=TRUCKS)]
        rows = [
            (
                firm(),
                line(str(n), one, particulars=LineParticulars(capacity=size, capacity_unit="t/d" if size else None)),
            )
            for n, (one, size) in enumerate(zip(firsts, capacities, strict=True))
        ]
        codes = {each.code for each in check_list(draft(*rows), counted_by_both(guide), profile)}
        return codes & {"CAPACITY_NOT_STATED", "WEAKER_THAN_GUIDE", "NOT_COMPARABLE"}

    def test_without_capacity_the_half_is_not_established(self, guide: Guide, profile: ListProfile) -> None:
        assert self.told(guide, profile, 5000.0, None) == {"CAPACITY_NOT_STATED"}

    def test_with_it_both_are_judged(self, guide: Guide, profile: ListProfile) -> None:
        assert self.told(guide, profile, 5000.0, 5000.0) == set()
        assert self.told(guide, profile, 2500.0, 5000.0) == {"WEAKER_THAN_GUIDE"}

    def test_it_says_what_to_do_in_both_languages(self, guide: Guide, profile: ListProfile) -> None:
        one = draft((firm(), line("1", measure(STOP, 0.5, total_units=2, stopped_units=1, vehicle_rule=TRUCKS))))
        (found, *_) = [
            each for each in check_list(one, counted_by_both(guide), profile) if each.code == "CAPACITY_NOT_STATED"
        ]
        assert "未确立" in found.message
        assert "产能单位" in found.advice
        assert "not established" in found.message_en
        assert found.severity.value == "warning"
