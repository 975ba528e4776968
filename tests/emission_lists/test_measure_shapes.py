"""Every shape of measure: units, words, storage, and what cannot be."""

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from emission_lists.documents import measure_document, measure_from
from emission_lists.measures import (
    NOT_ESTABLISHED,
    Action,
    Basis,
    CountUnit,
    Cycle,
    Later,
    Measure,
    NonRoadRule,
    StopMode,
    VehicleRule,
    non_road_ban_covers,
)
from tests.emission_lists.measure_shapes import any_measure

STOP_ALL = Measure(Action.STOP, 1.0)
RELIEF = Measure(Action.STOP, 0.5, True, CountUnit.PRODUCTION_LINE)


class TestUnits:
    @pytest.mark.parametrize(("total", "keep", "stopped"), [(3, 1, 2), (5, 1, 4), (1, 1, 0), (2, 3, 0)])
    def test_all_but_those_that_keep_running_stop(self, total: int, keep: int, stopped: int) -> None:
        assert Measure(Action.STOP, total_units=total, keep_running=keep).units_to_stop == stopped

    def test_keeping_some_running_says_nothing_without_a_count(self) -> None:
        assert Measure(Action.STOP, keep_running=1).units_to_stop is None

    def test_a_stop_of_which_nobody_said_how_much_stops_no_known_number(self) -> None:
        principle = Measure(Action.STOP, basis=Basis.NOT_STATED, total_units=4)
        assert principle.units_to_stop is None
        assert not principle.share_stated
        assert Measure(Action.STOP, total_units=4).units_to_stop == 4

    def test_a_cycle_stands_still_for_its_share_of_the_time(self) -> None:
        assert Cycle(48, 12).off_share == 0.8
        with pytest.raises(ValueError, match="hours above 0"):
            Cycle(48, 0)


class TestWords:
    @pytest.mark.parametrize(
        ("measure", "zh", "en"),
        [
            (
                Measure(Action.LIMIT, coking_hours=28),
                "限产（出焦时间延长至 28 小时）",
                "limit (coking time at least 28 h)",
            ),
            (
                Measure(Action.LIMIT, 0.8, cycle=Cycle(48, 12)),
                "限产 80 %（停 48 小时、开 12 小时为周期）",
                "limit output by 80 % (48 h off, 12 h on, in turns)",
            ),
            (
                Measure(Action.LIMIT, heats_per_day=22),
                "限产（每座炉每日 ≤ 22 炉）",
                "limit (≤ 22 heats a day for each furnace)",
            ),
            (Measure(Action.STOP, 1.0, stop_mode=StopMode.BANKING), "焖炉", "bank the furnace"),
            (
                Measure(Action.STOP, 1.0, stop_mode=StopMode.KEEP_WARM),
                "停产保窑",
                "stop and keep the kiln warm",
            ),
            (
                Measure(Action.STOP, keep_running=1, total_units=3, count_unit=CountUnit.PRODUCTION_LINE),
                "停产 2/3（按生产线计）（保留 1 条（台）运行，其余停产）",
                "stop 2 of 3 (counted by production line) (1 may run, all others stop)",
            ),
            (
                Measure(Action.LIMIT, basis=Basis.HEAT_SUPPLY),
                "限产（以热定产）",
                "limit (no more than the heat that is needed)",
            ),
            (
                Measure(Action.LIMIT, basis=Basis.LOWEST_DAILY_LOAD),
                "限产（不超过上一年最低日生产负荷）",
                "limit (no more than the lowest daily load of last year)",
            ),
            (
                Measure(Action.TRANSPORT, non_road_ban=NonRoadRule.BAN_LE_CN2),
                "停用国二及以下非道路移动机械",
                "no non-road machines of China II or older",
            ),
            (
                Measure(
                    Action.TRANSPORT,
                    vehicle_rule=VehicleRule.STOP_ROAD_TRANSPORT,
                    non_road_ban=NonRoadRule.BAN_ALL,
                ),
                "停止公路运输，停用全部非道路移动机械",
                "no road transport, no non-road machines",
            ),
            (
                Measure(Action.STOP, 1.0, complete_within_hours=8, later=(Later(120, RELIEF),)),
                "停产（8 小时内落实到位）；120 小时后：停产 50 %（含）以上",
                "stop (done within 8 h); after 120 h: stop at least 50 %",
            ),
            (
                Measure(Action.NONE, later=(Later(42, STOP_ALL),)),
                "不采取减排措施；42 小时后：停产",
                "no reduction measure; after 42 h: stop",
            ),
            (
                Measure(Action.LIMIT, basis=Basis.NOT_STATED),
                "限产（数量未载明：请联系主管部门）",
                "limit (how much is not stated: ask the authority)",
            ),
        ],
    )
    def test_says_it_in_both_languages(self, measure: Measure, zh: str, en: str) -> None:
        assert (measure.render_zh(), measure.render_en()) == (zh, en)

    @given(any_measure)
    def test_never_reads_as_nothing_to_do(self, measure: Measure) -> None:
        if measure.first.forced:
            assert not measure.render_zh().startswith("不采取减排措施")
            assert not measure.render_en().startswith("no reduction measure")
        if not measure.executable:
            assert "请联系主管部门" in measure.render_zh()
            assert "ask the authority" in measure.render_en()

    @given(any_measure)
    def test_every_stage_and_number_is_said(self, measure: Measure) -> None:
        zh = measure.render_zh()
        assert zh.count("小时后：") == len(measure.later)
        for stage in (measure.first, *(later.measure for later in measure.later)):
            assert stage.render_zh() in zh
            if stage.heats_per_day is not None:
                assert f"{stage.heats_per_day} 炉" in zh
            if stage.non_road_ban is not None:
                assert stage.non_road_ban.zh in zh


class TestStages:
    @pytest.mark.parametrize("hours", [(0,), (-1,), (5, 5), (9, 3), (float("nan"),), (float("inf"),), (8785,)])
    def test_stages_out_of_order_are_refused(self, hours: tuple[float, ...]) -> None:
        with pytest.raises(ValueError, match="in order"):
            Measure(Action.STOP, 1.0, later=tuple(Later(hour, RELIEF) for hour in hours))

    def test_a_stage_that_is_not_established_is_refused(self) -> None:
        with pytest.raises(ValueError, match="not established"):
            Measure(Action.STOP, 1.0, later=(Later(120, NOT_ESTABLISHED),))
        with pytest.raises(ValueError, match="not established"):
            Measure(Action.UNKNOWN, later=(Later(120, STOP_ALL),))

    def test_stages_of_a_stage_are_refused(self) -> None:
        staged = Measure(Action.LIMIT, 0.5, later=(Later(42, STOP_ALL),))
        with pytest.raises(ValueError, match="counted from the start"):
            Measure(Action.LIMIT, 0.2, later=(Later(1, staged),))

    def test_a_measure_that_is_ordered_later_is_ordered(self) -> None:
        assert Measure(Action.NONE, later=(Later(42, STOP_ALL),)).forced
        assert Measure(Action.TRANSPORT, non_road_ban=NonRoadRule.BAN_ALL).forced
        assert not Measure(Action.NONE).forced


class TestNonRoad:
    @given(*[st.sampled_from(list(NonRoadRule))] * 3)
    def test_covering_is_an_order(self, one: NonRoadRule, two: NonRoadRule, three: NonRoadRule) -> None:
        assert non_road_ban_covers(one, one)
        assert non_road_ban_covers(NonRoadRule.BAN_ALL, one)
        assert not non_road_ban_covers(None, one)
        if one is not two:
            assert non_road_ban_covers(one, two) != non_road_ban_covers(two, one)
        if non_road_ban_covers(one, two) and non_road_ban_covers(two, three):
            assert non_road_ban_covers(one, three)


class TestStorage:
    @settings(deadline=None)
    @given(any_measure)
    def test_a_stored_measure_reads_back_as_it_was(self, measure: Measure) -> None:
        stored = json.loads(json.dumps(measure_document(measure)))
        assert measure_from(stored) == measure

    def test_what_was_stored_before_these_shapes_reads_and_writes_the_same_bytes(self) -> None:
        old = {
            "action": "stop",
            "ratio": 0.5,
            "at_least": True,
            "count_unit": "production_line",
            "stopped_units": 1,
            "total_units": 2,
            "basis": None,
            "load_cap": None,
            "vehicle_rule": None,
            "window": None,
            "verification": ["meter"],
            "verification_point": "分表",
            "note_zh": None,
        }
        assert json.dumps(measure_document(measure_from(old))) == json.dumps(old)

    def test_what_is_no_measure_is_refused(self) -> None:
        stored = measure_document(Measure(Action.STOP, 1.0, stop_mode=StopMode.BANKING))
        with pytest.raises(KeyError):
            measure_from({**stored, "stop_mode": "melted"})
        with pytest.raises(ValueError, match="in order"):
            measure_from({**stored, "later": [{"after_hours": 0, "measure": measure_document(STOP_ALL)}]})
