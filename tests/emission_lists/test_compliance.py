"""What evidence proves and what it never does: shares and caps, whole hours, gates, plans, gaps and hints."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from emission_lists.compliance import (
    Found,
    LineCase,
    LoadMeter,
    Meter,
    Monitor,
    cap_period,
    gaps,
    hour_number,
    instant,
    judge,
    not_judged,
    required_document,
    unjudgeable,
)
from emission_lists.compliance_baseline import Baseline
from emission_lists.compliance_gates import Passage, banned, judge_gates, judge_plan, night_hints
from emission_lists.compliance_hours import BEIJING, span_of
from emission_lists.compliance_rules import ComplianceRules, Rule
from emission_lists.measures import Action, Basis, Cycle, Later, LoadCap, Measure, StopMode, VehicleRule
from emission_lists.requirements_timeline import due_of
from emission_lists.schedule import Stage, stages

FOLDER = Path(__file__).parents[2] / "config" / "compliance"
RULES = ComplianceRules.model_validate(yaml.safe_load((FOLDER / "rules.yaml").read_text("utf-8")))
START = datetime(2026, 11, 21, 0, 0, tzinfo=BEIJING)
FIRST = hour_number(START)
STOP = Measure(Action.STOP, 1.0)
NORMAL = Baseline(100.0, (date(2026, 11, 18), date(2026, 11, 19), date(2026, 11, 20)))
UNKNOWNS = [
    Measure(Action.UNKNOWN),
    Measure(Action.SELF_DETERMINED),
    Measure(Action.NONE),
    Measure(Action.TRANSPORT, vehicle_rule=VehicleRule.STOP_ROAD_TRANSPORT),
    replace(STOP, stop_mode=StopMode.BANKING),
    replace(STOP, stop_mode=StopMode.KEEP_WARM),
    replace(STOP, cycle=Cycle(48, 12)),
    replace(STOP, keep_running=1),
]


def meter(
    values: dict[int, float], *, point: str = "m", base: Baseline | None = NORMAL, rated: float | None = None
) -> Meter:
    """Hours counted from the start: 1 is the first one."""
    return Meter(point, rated, base, {FIRST + hour: value for hour, value in values.items()})


def case(measure: Measure, *meters: Meter, hours: int | None = 72, guaranteed: bool = False, **more: Any) -> LineCase:
    end = None if hours is None else START + timedelta(hours=hours)
    made = stages(measure, START, end)
    return LineCase("L1", "1号线", made, production=meters, guaranteed=made if guaranteed else (), **more)


def spans(found: list[Found]) -> list[tuple[str, float, float]]:
    hour = timedelta(hours=1)
    return [(one.rule.value, (one.starts - START) / hour, (one.until - START) / hour) for one in found]


def steady(value: float, hours: int = 24, first: int = 1) -> dict[int, float]:
    return dict.fromkeys(range(first, first + hours), value)


class TestStop:
    def test_the_line_of_what_is_idle(self) -> None:
        assert judge(case(STOP, meter({1: 15.0})), RULES) == []
        assert spans(judge(case(STOP, meter({1: 15.01})), RULES)) == [("RUNNING_WHILE_STOPPED", 0, 1)]

    def test_hours_that_follow_each_other_are_one(self) -> None:
        found = judge(case(STOP, meter({1: 50, 2: 60, 3: 10, 5: 50, 7: 50})), RULES)
        assert [span[1:] for span in spans(found)] == [(0, 2), (4, 5), (6, 7)]

    def test_an_hour_outside_the_response_is_no_breach(self) -> None:
        assert judge(case(STOP, meter({0: 100, -5: 100, 25: 100}), hours=24), RULES) == []

    def test_an_hour_that_lies_in_it_only_in_part_is_no_breach(self) -> None:
        half = LineCase(
            "L1", "x", stages(STOP, START + timedelta(minutes=30), None), production=(meter({1: 100, 2: 100}),)
        )
        assert spans(judge(half, RULES)) == [("RUNNING_WHILE_STOPPED", 1, 2)]

    def test_the_time_to_carry_it_out(self) -> None:
        slow = replace(STOP, complete_within_hours=2.5)
        assert spans(judge(case(slow, meter(steady(100, 6))), RULES)) == [("RUNNING_WHILE_STOPPED", 3, 6)]

    @given(st.floats(0.5, 48), st.floats(1, 48))
    def test_a_later_stage_has_its_own_time_to_carry_it_out(self, within: float, after: float) -> None:
        slow = replace(STOP, complete_within_hours=within)
        for stage in stages(replace(slow, later=(Later(after, slow),)), START, None):
            due = due_of(stage)
            assert due is not None
            assert instant(span_of(stage).first) - due < timedelta(hours=1)
            assert instant(span_of(stage).first) >= due - timedelta(microseconds=1)
            assert required_document(stage)["carry_out_by"] == due.astimezone(BEIJING).isoformat()
            assert due == stage.starts + timedelta(hours=within)

    def test_hours_of_the_day(self) -> None:
        night = replace(STOP, window="17:00-09:00")
        found = judge(case(night, meter(steady(100)), hours=24), RULES)
        assert [span[1:] for span in spans(found)] == [(0, 9), (17, 24)]

    def test_by_rated_power_where_there_is_no_baseline(self) -> None:
        found = judge(case(STOP, meter({1: 50, 2: 9}, base=None, rated=200.0)), RULES)
        assert [(one["value"], one["limit"]) for one in found[0].proof["items"]] == [(50, 20)]
        assert found[0].proof["threshold"]["of"] == "rated"

    def test_without_either_nothing_is_proven(self) -> None:
        blind = case(STOP, meter(steady(1e6), base=None))
        assert judge(blind, RULES) == []
        assert [one.en for one in not_judged(blind, RULES)] == ["there is no baseline and no rated power"]

    def test_a_second_meter_that_is_silent_proves_nothing_and_excuses_nothing(self) -> None:
        silent = meter({}, point="n")
        assert judge(case(STOP, meter({1: 29}), silent), RULES) == []
        assert spans(judge(case(STOP, meter({1: 31}), silent), RULES)) == [("RUNNING_WHILE_STOPPED", 0, 1)]

    def test_the_proof_names_every_value(self) -> None:
        one = Meter("m", None, NORMAL, {FIRST + 1: 40.0}, {FIRST + 1: 7})
        (found,) = judge(case(STOP, one), RULES)
        (item,) = found.proof["items"]
        assert item["points"] == [{"point": "m", "time": "2026-11-21T01:00:00+08:00", "value": 40.0, "batch": 7}]
        assert found.proof["threshold"]["days"] == ["2026-11-18", "2026-11-19", "2026-11-20"]
        assert found.proof["required"]["zh"] == STOP.render_zh()

    @pytest.mark.parametrize("measure", UNKNOWNS)
    def test_what_electricity_cannot_judge(self, measure: Measure) -> None:
        assert judge(case(measure, meter(steady(1000))), RULES) == []
        assert unjudgeable(measure) is not None
        assert not_judged(case(measure, meter(steady(1000))), RULES)

    def test_a_guarantee_is_not_judged_on_stop(self) -> None:
        held = case(STOP, meter(steady(1000)), guaranteed=True)
        assert judge(held, RULES) == []
        assert "guarantee" in not_judged(held, RULES)[0].en

    def test_a_guarantee_relieves_only_the_stages_in_which_it_holds(self) -> None:
        day = START + timedelta(hours=24)
        relieved, bare = Stage(START, day, STOP), Stage(day, None, STOP)
        one = LineCase("L1", "x", (relieved, bare), production=(meter(steady(50, 26)),), guaranteed=(relieved,))
        assert spans(judge(one, RULES)) == [("RUNNING_WHILE_STOPPED", 24, 26)]
        assert [why.en for why in not_judged(one, RULES)] == ["guarantee enterprise: not judged on stop or load"]

    @given(st.dictionaries(st.integers(1, 72), st.just(0.0)), st.sampled_from([STOP, Measure(Action.LIMIT, 0.5)]))
    def test_a_line_that_uses_nothing_is_never_found(self, hours: dict[int, float], measure: Measure) -> None:
        assert judge(case(measure, meter(hours)), RULES) == []

    @given(
        st.dictionaries(st.integers(-48, 100), st.floats(0, 500)),
        st.sampled_from([STOP, *UNKNOWNS, Measure(Action.LIMIT, 0.3)]),
    )
    def test_a_missing_hour_never_adds_a_proven_one(self, hours: dict[int, float], measure: Measure) -> None:
        whole = proven(judge(case(measure, meter(hours)), RULES))
        for missing in list(hours)[:5]:
            left = {hour: value for hour, value in hours.items() if hour != missing}
            assert proven(judge(case(measure, meter(left)), RULES)) <= whole

    @given(st.lists(st.tuples(st.integers(1, 72), st.floats(0, 500)), unique_by=lambda one: one[0]), st.randoms())
    def test_the_order_plays_no_part(self, hours: list[tuple[int, float]], random: Any) -> None:
        found = judge(case(STOP, meter(dict(hours))), RULES)
        random.shuffle(hours)
        assert judge(case(STOP, meter(dict(hours))), RULES) == found

    @given(st.dictionaries(st.integers(1, 72), st.floats(0, 500)))
    def test_every_proven_hour_is_above_the_limit_and_inside(self, hours: dict[int, float]) -> None:
        for found in judge(case(STOP, meter(hours)), RULES):
            assert START <= found.starts < found.until <= START + timedelta(hours=72)
            assert all(item["value"] >= item["limit"] for item in found.proof["items"])
            assert len(found.proof["items"]) == (found.until - found.starts) / timedelta(hours=1)


def proven(found: list[Found]) -> set[tuple[str, str]]:
    """Rule and hour (or day) of every item."""
    return {(one.rule.value, item["from"]) for one in found for item in one.proof["items"]}


class TestLoad:
    HALF = Measure(Action.LIMIT, 0.5)

    def test_a_day_counts_as_a_whole(self) -> None:
        varying = {hour: 110.0 if hour <= 12 else 0.0 for hour in range(1, 25)}
        assert judge(case(self.HALF, meter(varying)), RULES) == []  # 1320 = half of 2400 and a tenth more
        assert spans(judge(case(self.HALF, meter(varying | {13: 1.0})), RULES)) == [("LOAD_OVER_CAP", 0, 24)]

    def test_days_that_follow_each_other_are_one(self) -> None:
        assert spans(judge(case(self.HALF, meter(steady(60, 72))), RULES)) == [("LOAD_OVER_CAP", 0, 72)]

    def test_a_day_under_the_measure_in_part_allows_its_part(self) -> None:
        lifted = case(self.HALF, meter(steady(60, 6)), hours=6)
        assert spans(judge(lifted, RULES)) == [("LOAD_OVER_CAP", 0, 6)]
        assert judge(case(self.HALF, meter(steady(60, 6))), RULES) == []

    def test_a_part_of_the_units(self) -> None:
        """The largest of three may be the one that runs on."""
        for part in (Measure(Action.STOP, stopped_units=2, total_units=3), Measure(Action.STOP, 0.5)):
            one = case(part, meter(steady(100)))
            assert judge(one, RULES) == []
            assert [why.zh for why in not_judged(one, RULES)] == ["停的是哪一台未指明"]

    @pytest.mark.parametrize("basis", [None, Basis.NOT_STATED, Basis.BASELINE_DAY])
    def test_a_share_of_the_lines_own_normal_day(self, basis: Basis | None) -> None:
        one = case(replace(self.HALF, basis=basis), meter(steady(56)))
        (found,) = judge(one, RULES)
        assert (found.rule, not_judged(one, RULES)) == (Rule.LOAD_OVER_CAP, [])
        assert ("basis" in found.proof["threshold"]) is (basis is not Basis.BASELINE_DAY)

    @pytest.mark.parametrize("basis", sorted(set(Basis) - {Basis.NOT_STATED, Basis.BASELINE_DAY}))
    def test_a_share_of_anything_else_is_not_judged_by_electricity(self, basis: Basis) -> None:
        one = case(replace(self.HALF, basis=basis), meter(steady(500)))
        assert judge(one, RULES) == []
        assert [(why.zh, why.en) for why in not_judged(one, RULES)] == [
            ("基准不是响应前用电", "the basis is not the electricity before the response")
        ]

    def test_a_limit_with_a_cap_is_judged_by_the_cap_alone(self) -> None:
        capped = replace(self.HALF, load_cap=LoadCap(500, "t", "日投料"))
        fed = LoadMeter("f", "日投料", "t", {FIRST + 1: 1.0})
        one = case(capped, meter(steady(100)), loads=(fed,))
        assert judge(one, RULES) == []
        assert not_judged(one, RULES) == []
        assert "its load cap" in not_judged(case(capped, meter(steady(100))), RULES)[0].en

    @pytest.mark.parametrize(
        ("measure", "why"),
        [
            (Measure(Action.STOP, basis=Basis.NOT_STATED), "the share to stop is not stated"),
            (Measure(Action.LIMIT, coking_hours=30.0), "the share to cut is not stated"),
        ],
    )
    def test_a_measure_without_a_share_says_so(self, measure: Measure, why: str) -> None:
        one = case(measure, meter(steady(500)))
        assert judge(one, RULES) == []
        assert [reason.en for reason in not_judged(one, RULES)] == [why]

    def test_a_place_may_rule_that_an_unnamed_basis_proves_nothing(self) -> None:
        named = RULES.load.own_day_bases.model_copy(update={"value": (Basis.BASELINE_DAY,)})
        strict = RULES.model_copy(update={"load": RULES.load.model_copy(update={"own_day_bases": named})})
        assert judge(case(self.HALF, meter(steady(100))), strict) == []

    def test_rated_power_is_no_normal_load(self) -> None:
        one = case(self.HALF, meter(steady(1000), base=None, rated=10.0))
        assert judge(one, RULES) == []
        assert "rated power is no normal load" in not_judged(one, RULES)[0].en

    def test_a_later_stage_counts_from_its_hour(self) -> None:
        staged = replace(self.HALF, later=(Later(24.0, STOP),))
        found = judge(case(staged, meter(steady(40, 30))), RULES)
        assert spans(found) == [("RUNNING_WHILE_STOPPED", 24, 30)]

    @pytest.mark.parametrize(
        ("cap", "period"),
        [
            (LoadCap(5, "t/h", "投料"), "hour"),
            (LoadCap(5, "t", "日投料"), "day"),
            (LoadCap(5, "t/d", None), "day"),
            (LoadCap(5, "t", "小时投料"), "hour"),
            (LoadCap(5, "kW", "用电负荷"), "hour"),
            (LoadCap(5, "t", "投料"), None),
        ],
    )
    def test_the_period_of_a_cap(self, cap: LoadCap, period: str | None) -> None:
        assert cap_period(cap) == period

    def fed(self, cap: LoadCap, hours: dict[int, float], metric: str = "日投料") -> list[Found]:
        load = LoadMeter("f", metric, "t", {FIRST + hour: value for hour, value in hours.items()})
        return judge(case(Measure(Action.LIMIT, load_cap=cap), loads=(load,)), RULES)

    def test_a_cap_of_a_day(self) -> None:
        cap = LoadCap(120, "t", "日投料")
        assert self.fed(cap, steady(5)) == []
        assert spans(self.fed(cap, steady(5) | {24: 5.5})) == [("LOAD_OVER_CAP", 0, 24)]
        assert self.fed(cap, steady(50), metric="日产量") == []

    def test_a_cap_of_an_hour(self) -> None:
        assert spans(self.fed(LoadCap(5, "t/h", "日投料"), {1: 5, 2: 6})) == [("LOAD_OVER_CAP", 1, 2)]

    def test_a_cap_of_power(self) -> None:
        limited = Measure(Action.LIMIT, load_cap=LoadCap(80, "kW", "用电负荷"))
        assert spans(judge(case(limited, meter({1: 80, 2: 81}, base=None)), RULES)) == [("LOAD_OVER_CAP", 1, 2)]

    def test_a_cap_that_does_not_say_its_period(self) -> None:
        assert self.fed(LoadCap(1, "t", "投料"), steady(50), metric="投料") == []
        silent = case(Measure(Action.LIMIT, load_cap=LoadCap(1, "t", "投料")), meter(steady(50)))
        assert "an hour or of a day" in not_judged(silent, RULES)[0].en


class TestTreatment:
    def off(self, values: dict[int, float], **more: Any) -> list[Found]:
        treatment = meter(values, point="t", base=Baseline(30.0, NORMAL.days))
        measure = more.pop("measure", Measure(Action.NONE))
        return judge(case(measure, meter(steady(50, 3)), treatment=(treatment,), **more), RULES)

    def test_off_while_production_runs(self) -> None:
        assert spans(self.off({1: 30, 2: 2.99, 3: 3.1})) == [("TREATMENT_OFF", 1, 2)]

    def test_at_its_share_it_is_on(self) -> None:
        """`off_share`: treatment is off below this share."""
        assert self.off({1: 3, 2: 3.0, 3: 3}) == []

    def test_production_at_its_share_does_not_run(self) -> None:
        off = meter({1: 0, 2: 0}, point="t")
        found = judge(case(Measure(Action.NONE), meter({1: 30, 2: 30.000001}), treatment=(off,)), RULES)
        assert spans(found) == [("TREATMENT_OFF", 1, 2)]

    def test_one_of_two_is_enough(self) -> None:
        both = (meter({1: 0}, point="t"), meter({1: 50}, point="u"))
        assert judge(case(Measure(Action.NONE), meter({1: 50}), treatment=both), RULES) == []

    def test_a_missing_hour_of_treatment_proves_nothing(self) -> None:
        both = (meter({1: 0}, point="t"), meter({}, point="u"))
        assert judge(case(Measure(Action.NONE), meter({1: 50}), treatment=both), RULES) == []

    def test_both_off_is_fine(self) -> None:
        off = meter({1: 0}, point="t")
        assert judge(case(Measure(Action.NONE), meter({1: 5}), treatment=(off,)), RULES) == []

    def test_a_guarantee_keeps_its_treatment_on(self) -> None:
        assert spans(self.off({1: 0}, guaranteed=True)) == [("TREATMENT_OFF", 0, 1)]

    def test_not_under_a_measure_that_is_not_established(self) -> None:
        assert self.off({1: 0}, measure=Measure(Action.UNKNOWN)) == []

    @pytest.mark.parametrize(("flags", "found"), [("F", 1), ("D", 0), ("M", 0), ("N", 0), ("FF", 1), ("FN", 0)])
    def test_flags_of_the_monitor(self, flags: str, found: int) -> None:
        monitors = tuple(Monitor("c", f"item{place}", {FIRST + 1: flag}) for place, flag in enumerate(flags))
        assert len(judge(case(Measure(Action.NONE), meter({1: 50}), monitors=monitors), RULES)) == found


def passage(**more: Any) -> Passage:
    values = {"at": START + timedelta(hours=1), "gate": "G1", "plate": "冀B1", "plate_colour": "yellow", "vehicle": "heavy_truck",
              "stage": "4", "fuel": "B", "direction": "in", "let_in": True}  # fmt: skip
    return Passage(**(values | more))


V = VehicleRule


class TestGates:
    @pytest.mark.parametrize(
        ("rule", "more", "expected"),
        [
            (V.BAN_HEAVY_TRUCK_LE_CN3, {"stage": "3"}, True),
            (V.BAN_HEAVY_TRUCK_LE_CN3, {"stage": "4"}, False),
            (V.BAN_HEAVY_TRUCK_LE_CN4_INCL_GAS, {"stage": "4", "fuel": "E"}, True),
            (V.BAN_HEAVY_TRUCK_LE_CN4_INCL_GAS, {"stage": "5"}, False),
            (V.BAN_HEAVY_TRUCK_LE_CN4_INCL_GAS, {"vehicle": "truck"}, False),
            (V.BAN_HEAVY_TRUCK_LE_CN4_INCL_GAS, {"vehicle": "unknown"}, False),
            (V.BAN_HEAVY_DIESEL_LE_CN4_AND_GAS_LE_CN5, {"stage": "4"}, True),
            (V.BAN_HEAVY_DIESEL_LE_CN4_AND_GAS_LE_CN5, {"stage": "5"}, False),
            (V.BAN_HEAVY_DIESEL_LE_CN4_AND_GAS_LE_CN5, {"stage": "5", "fuel": "E"}, True),
            (V.BAN_HEAVY_DIESEL_LE_CN4_AND_GAS_LE_CN5, {"stage": "6", "fuel": "F"}, False),
            (V.BAN_HEAVY_DIESEL_LE_CN4_AND_GAS_LE_CN5, {"stage": "0", "fuel": "Z"}, False),
            (V.BAN_VEHICLE_LE_CN4_INCL_GAS, {"vehicle": "truck"}, True),
            (V.BAN_VEHICLE_LE_CN4_INCL_GAS, {"stage": "5"}, False),
            (V.BAN_VEHICLE_LE_CN4_INCL_GAS, {"stage": "X"}, False),
            (V.BAN_VEHICLE_LE_CN4_INCL_GAS, {"stage": "D"}, False),
            (V.STOP_INBOUND_ROAD_TRANSPORT, {"stage": "6"}, True),
            (V.STOP_ROAD_TRANSPORT, {"stage": "6", "vehicle": "truck"}, True),
            *(
                (rule, {"stage": "3", "vehicle": vehicle}, False)
                for rule in (V.STOP_INBOUND_ROAD_TRANSPORT, V.STOP_ROAD_TRANSPORT)
                for vehicle in ("bus", "other", "unknown")
            ),
            *((rule, {"plate_colour": colour}, False) for rule in V for colour in ("green", "yellow_green")),
        ],
    )
    def test_who_is_kept_out(self, rule: VehicleRule, more: dict[str, str], expected: bool) -> None:
        assert banned(passage(**more), rule, RULES.vehicles) is expected

    def gate(self, *passages: Passage, whitelist: tuple[str, ...] = (), **more: Any) -> list[Found]:
        measure = Measure(Action.TRANSPORT, vehicle_rule=V.BAN_HEAVY_TRUCK_LE_CN4_INCL_GAS, **more)
        return judge_gates([case(measure)], passages, dict.fromkeys(whitelist), RULES)

    def test_one_finding_a_day_with_every_vehicle(self) -> None:
        later = passage(at=START + timedelta(hours=26), plate="冀B3")
        found = self.gate(later, passage(), passage(at=START + timedelta(hours=3), plate="冀B2"))
        assert spans(found) == [("BANNED_VEHICLE", 0, 3), ("BANNED_VEHICLE", 24, 26)]
        assert [[one["plate"] for one in each.proof["passages"]] for each in found] == [["冀B1", "冀B2"], ["冀B3"]]

    @pytest.mark.parametrize(
        "one",
        [
            passage(let_in=False),
            passage(direction="out"),
            passage(at=START - timedelta(seconds=1)),
            passage(at=START + timedelta(hours=72)),
        ],
    )
    def test_what_is_no_breach(self, one: Passage) -> None:
        assert self.gate(one) == []

    def test_the_whitelist_passes(self) -> None:
        assert self.gate(passage(), whitelist=("冀B1",)) == []

    def test_the_time_to_carry_it_out(self) -> None:
        assert self.gate(passage(), complete_within_hours=2.0) == []

    def test_an_unknown_measure_bans_nobody(self) -> None:
        unknown = replace(Measure(Action.UNKNOWN), vehicle_rule=V.STOP_ROAD_TRANSPORT)
        assert judge_gates([case(unknown)], [passage()], {}, RULES) == []


class TestPlan:
    @pytest.mark.parametrize(
        ("measure", "filed", "count"),
        [
            (STOP, False, 1),
            (STOP, True, 0),
            (STOP, None, 0),
            (Measure(Action.SELF_DETERMINED), False, 0),
            (Measure(Action.UNKNOWN), False, 0),
            (Measure(Action.NONE), False, 0),
        ],
    )
    def test_only_where_it_is_known_to_be_missing(self, measure: Measure, filed: bool | None, count: int) -> None:
        found = judge_plan([case(measure)], filed)
        assert [(one.rule, one.starts) for one in found] == [(Rule.NO_PLAN, START)] * count


    @pytest.mark.parametrize("first", [Measure(Action.NONE), Measure(Action.SELF_DETERMINED)])
    def test_a_measure_of_a_later_stage_is_ordered_from_the_start(self, first: Measure) -> None:
        staged = replace(first, later=(Later(24.0, STOP),))
        (found,) = judge_plan([case(staged)], filed=False)
        assert (found.rule, found.starts) == (Rule.NO_PLAN, START)
        assert found.proof["required"]["zh"] == STOP.render_zh()
        assert found.proof["required"]["from"] == (START + timedelta(hours=24)).isoformat()
        assert judge_plan([case(staged, hours=24)], filed=False) == []  # lifted before


class TestGapsAndHints:
    def test_gaps_are_listed_as_ranges(self) -> None:
        missing = gaps(case(STOP, meter({1: 0, 4: 0})), START, START + timedelta(hours=6))
        hour = timedelta(hours=1)
        assert [((a - START) / hour, (b - START) / hour) for a, b in missing] == [(1, 3), (4, 6)]

    def test_a_line_without_a_meter_has_no_gaps_but_a_reason(self) -> None:
        assert gaps(case(STOP), START, START + timedelta(hours=6)) == []
        assert "no meter" in not_judged(case(STOP), RULES)[0].en

    def test_a_night_that_used_more_than_its_day(self) -> None:
        day = {START + timedelta(hours=hour): 10.0 for hour in range(7, 23)}
        night = {START + timedelta(hours=hour): 15.1 for hour in range(23, 31)}
        assert [one["day"] for one in night_hints(day | night, RULES)] == ["2026-11-21"]
        assert night_hints(day | dict.fromkeys(night, 15.0), RULES) == []
        assert night_hints(night, RULES) == []
