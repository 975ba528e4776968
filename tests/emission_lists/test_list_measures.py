from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from emission_lists.measures import (
    NOT_ESTABLISHED,
    Action,
    CountUnit,
    LoadCap,
    Measure,
    VehicleRule,
    vehicle_rule_covers,
    whole_units,
)


class TestWholeUnits:
    @pytest.mark.parametrize(
        ("total", "ratio", "stopped"),
        [(1, 0.5, 1), (2, 0.5, 1), (3, 0.5, 2), (5, 0.2, 1), (100, 0.07, 7), (3, 1.0, 3), (4, 0.0, 0)],
    )
    def test_a_share_is_rounded_up_to_whole_units(self, total: int, ratio: float, stopped: int) -> None:
        assert whole_units(total, ratio) == stopped

    @settings(deadline=None)
    @given(st.integers(1, 10_000), st.integers(0, 10_000))
    def test_never_less_than_the_share_and_never_a_unit_too_many(self, total: int, parts: int) -> None:
        stopped = whole_units(total, parts / 10_000)
        exact = Fraction(parts, 10_000) * total
        assert exact <= stopped < exact + 1
        assert stopped <= total


class TestUnitsToStop:
    def test_what_is_written_counts(self) -> None:
        assert Measure(Action.STOP, 0.5, stopped_units=3, total_units=4).units_to_stop == 3

    def test_a_share_is_counted_where_nothing_is_written(self) -> None:
        assert Measure(Action.STOP, 0.5, total_units=3).units_to_stop == 2

    def test_only_a_stop_stops_units(self) -> None:
        assert Measure(Action.LIMIT, 0.5, total_units=3).units_to_stop is None
        assert Measure(Action.STOP, 0.5).units_to_stop is None


class TestRender:
    @pytest.mark.parametrize(
        ("measure", "zh", "en"),
        [
            (Measure(Action.STOP, 1.0), "停产", "stop"),
            (Measure(Action.STOP, 0.5), "停产 50 %", "stop 50 %"),
            (
                Measure(Action.LIMIT, 0.5, load_cap=LoadCap(120, "t", "日投料")),
                "限产 50 %（日投料 ≤ 120 t）",
                "limit output by 50 % (日投料 ≤ 120 t)",
            ),
            (
                Measure(Action.STOP, 0.5, True, CountUnit.PRODUCTION_LINE, total_units=3),
                "停产 2/3（按生产线计，含以上）",
                "stop at least 2 of 3 (counted by production line)",
            ),
            (
                Measure(Action.TRANSPORT, vehicle_rule=VehicleRule.STOP_ROAD_TRANSPORT),
                "停止公路运输",
                "no road transport",
            ),
            (
                Measure(Action.STOP, 1.0, vehicle_rule=VehicleRule.STOP_ROAD_TRANSPORT, window="17:00-09:00"),
                "停产（时段 17:00-09:00），停止公路运输",
                "stop (between 17:00-09:00), no road transport",
            ),
            (Measure(Action.SELF_DETERMINED), "自主减排", "the enterprise decides its own reduction"),
            (Measure(Action.NONE), "不采取减排措施", "no reduction measure"),
            (NOT_ESTABLISHED, "措施尚未确定：请联系主管部门", "not established: ask the authority"),
        ],
    )
    def test_says_it_in_both_languages(self, measure: Measure, zh: str, en: str) -> None:
        assert (measure.render_zh(), measure.render_en()) == (zh, en)

    def test_unknown_never_reads_as_nothing_to_do(self) -> None:
        unknown = Measure(Action.UNKNOWN, ratio=0.5, note_zh="无需采取")
        assert not unknown.executable
        assert "不采取" not in unknown.render_zh()
        assert "无需" not in unknown.render_zh()


class TestVehicleRuleCovers:
    def test_stopping_all_road_transport_covers_every_rule(self) -> None:
        assert all(vehicle_rule_covers(VehicleRule.STOP_ROAD_TRANSPORT, rule) for rule in VehicleRule)

    def test_every_rule_covers_itself_and_none_covers_nothing(self) -> None:
        assert all(vehicle_rule_covers(rule, rule) for rule in VehicleRule)
        assert not any(vehicle_rule_covers(None, rule) for rule in VehicleRule)

    def test_an_older_stage_does_not_cover_a_newer_one(self) -> None:
        cn3, cn4 = VehicleRule.BAN_HEAVY_TRUCK_LE_CN3, VehicleRule.BAN_HEAVY_TRUCK_LE_CN4_INCL_GAS
        assert vehicle_rule_covers(cn4, cn3)
        assert not vehicle_rule_covers(cn3, cn4)

    @settings(deadline=None)
    @given(*[st.sampled_from(list(VehicleRule))] * 3)
    def test_is_transitive(self, one: VehicleRule, two: VehicleRule, three: VehicleRule) -> None:
        if vehicle_rule_covers(one, two) and vehicle_rule_covers(two, three):
            assert vehicle_rule_covers(one, three)
