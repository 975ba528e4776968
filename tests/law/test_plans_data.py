"""The plans of config: which version and rule set a place has on a day, and what it says there."""

from __future__ import annotations

from datetime import date, datetime, timedelta

import pytest

from alerts.instants import day_start, parse_instant
from alerts.law import LawNotFound
from alerts.levels import Level
from alerts.obligations import DEADLINE
from alerts.plans import Plan, Texts
from alerts.rules import Criteria, RuleSet, Tier, criteria_of
from alerts.strictness import weakenings
from service.law.loader import load_law

LAW = load_law()
PLANS = LAW.plans
BJ, TJ, HE, SJZ, SX, TY = "110000", "120000", "130000", "130100", "140000", "140100"
SD, HA, ZZ, SN, XA = "370000", "410000", "410100", "610000", "610100"
JS, ZJ, SH, AH, HB, WH, SC, CD, CQ = (
    "320000",
    "330000",
    "310000",
    "340000",
    "420000",
    "420100",
    "510000",
    "510100",
    "500000",
)


def at(day: str) -> datetime:
    return day_start(date.fromisoformat(day))


def plan_of(adcode: str, day: str) -> Plan:
    return LAW.plan_for(adcode, at(day))


def criteria_on(adcode: str, day: str) -> Criteria:
    return LAW.criteria_for(adcode, at(day))


@pytest.mark.parametrize(
    ("adcode", "day", "plan", "rules", "lead", "lift"),
    [
        (BJ, "2013-10-17", "beijing-2013", "beijing-2013", 24, None),
        (BJ, "2015-12-07", "beijing-2015", "beijing-2015", None, None),
        (BJ, "2016-02-05", "national-default", "national-2016", 24, (200, 36)),
        (BJ, "2021-11-06", "beijing-2018", "national-2019", 24, (200, 36)),
        (BJ, "2023-10-30", "beijing-2023", "national-2024", 48, (150, 36)),
        (TJ, "2017-11-04", "tianjin-2017", "national-2017", 24, (200, 36)),
        (TJ, "2019-02-22", "tianjin-2018", "national-2019", 24, (200, 36)),
        (TJ, "2024-01-25", "tianjin-2023", "national-2024", 48, (150, 36)),
        (HE, "2016-12-29", "hebei-2016", "national-2016", 24, (200, 36)),
        (HE, "2018-11-11", "hebei-2016", "national-2017", 24, (200, 36)),
        ("131000", "2018-12-29", "hebei-2016", "national-2019", 24, (200, 36)),
        (HE, "2025-11-03", "hebei-2024", "national-2024", 48, (150, 36)),
        (SJZ, "2017-02-01", "shijiazhuang-2017", "national-2016", 48, (200, 36)),
        (SJZ, "2026-01-12", "shijiazhuang-2024", "national-2024", 48, (150, 36)),
        ("131100", "2025-12-26", "hengshui-2024", "national-2024", 48, (150, 36)),
        (SX, "2021-01-01", "shanxi-2020", "national-2019", 24, (200, 36)),
        ("141000", "2025-01-01", "shanxi-2020", "national-2024", 48, (150, 36)),
        (TY, "2023-01-26", "taiyuan-2019", "national-2019", 24, (200, 36)),
        (TY, "2024-02-01", "shanxi-2020", "national-2024", 48, (150, 36)),
        (SD, "2023-06-01", "shandong-2023", "national-2019", 24, (200, 36)),
        (SD, "2024-06-01", "shandong-2023", "national-2024", 48, (150, 36)),
        (SD, "2024-09-14", "shandong-2024", "national-2024", 48, (150, 36)),
        (HA, "2020-12-24", "henan-2019", "national-2019", 24, (200, 36)),
        ("410700", "2025-03-05", "henan-2023", "national-2024", 48, (150, 36)),
        (ZZ, "2025-01-10", "zhengzhou-2023", "national-2024", 48, (150, 36)),
        ("411500", "2024-01-01", "xinyang-2024", "national-2024", 48, (150, 36)),
        (SN, "2023-12-27", "shaanxi-2023", "national-2019", 24, (200, 36)),
        (XA, "2024-01-11", "shaanxi-2023", "national-2024", 48, (150, 36)),
        (XA, "2025-12-12", "xian-2024", "national-2024", 48, (150, 36)),
        (JS, "2025-01-04", "jiangsu-2021", "national-2024", 48, (150, 36)),
        ("321000", "2026-01-22", "jiangsu-2025", "national-2024", 48, (150, 36)),
        (ZJ, "2024-12-06", "zhejiang-2024", "national-2024", 48, (150, 36)),
        ("330100", "2024-12-17", "hangzhou-2024", "national-2024", 48, (150, 36)),
        (SH, "2024-12-16", "shanghai-2024", "national-2024", 48, (150, 36)),
        (AH, "2024-12-16", "anhui-2024", "national-2024", 48, (150, 36)),
        (HB, "2023-01-01", "hubei-2022", "national-2024", 48, (150, 36)),
        (WH, "2023-01-01", "wuhan-2020", "national-2019", 24, (200, 36)),
        (WH, "2024-01-02", "hubei-2022", "national-2024", 48, (150, 36)),
        (SC, "2024-10-18", "sichuan-2024", "national-2024", 48, (150, 36)),
        (CD, "2022-01-15", "chengdu-2020", "national-2019", 24, (200, 36)),
        (CD, "2024-12-23", "chengdu-2024", "national-2024", 48, (150, 36)),
        (CQ, "2023-01-01", "chongqing-2022", "national-2019", 24, (200, 36)),
        ("500109", "2026-01-12", "beibei-2022", "national-2024", 48, (150, 36)),
        ("230100", "2019-02-19", "harbin-2017", "national-2017", 24, (200, 36)),
        ("430700", "2019-12-01", "changde-2019", "national-2019", 24, (200, 36)),
    ],
)
def test_which_law_a_place_has(
    adcode: str, day: str, plan: str, rules: str, lead: int | None, lift: tuple[int, int] | None
) -> None:
    found = criteria_on(adcode, day)
    assert (found.plan_id, found.rules_id, found.lead_time_hours) == (plan, rules, lead)
    assert (found.lift and (found.lift.at_most, found.lift.forecast_hours)) == lift
    assert plan_of(adcode, day).id == plan


@pytest.mark.parametrize(
    ("adcode", "day", "before", "after"),
    [
        (BJ, "2015-03-01", "beijing-2013", "beijing-2015"),
        (BJ, "2016-02-05", "beijing-2015", "national-2016"),
        (BJ, "2023-10-01", "national-2019", "national-2024"),
        (TJ, "2018-12-28", "national-2017", "national-2019"),
        (TJ, "2023-11-01", "national-2019", "national-2024"),
        (HB, "2022-11-01", "national-2019", "national-2024"),
        ("420900", "2022-11-01", "national-2019", "national-2024"),
        (WH, "2024-01-01", "national-2019", "national-2024"),
        (CD, "2024-11-01", "national-2019", "national-2024"),
        ("440100", "2024-01-01", "national-2019", "national-2024"),
    ],
)
def test_a_version_begins_at_midnight_in_beijing(adcode: str, day: str, before: str, after: str) -> None:
    first = at(day)
    assert LAW.criteria_for(adcode, first).rules_id == after
    assert LAW.criteria_for(adcode, first - timedelta(seconds=1)).rules_id == before


def test_early_adopters_are_alone() -> None:
    day = "2023-11-15"
    assert {criteria_on(code, day).rules_id for code in (BJ, TJ, HB)} == {"national-2024"}
    assert {criteria_on(code, day).rules_id for code in (HE, SD, SX, SH, WH)} == {"national-2019"}


class TestBeijingBeforeTheNationalSets:
    @pytest.mark.parametrize(
        ("rules", "level", "clauses"),
        [
            ("beijing-2013", "yellow", {(300, 24), (200, 72)}),
            ("beijing-2013", "red", {(300, 72)}),
            ("beijing-2015", "yellow", {(200, 48)}),
            ("beijing-2015", "orange", {(200, 72)}),
            ("beijing-2015", "red", {(200, 96)}),
        ],
    )
    def test_lines(self, rules: str, level: str, clauses: set[tuple[int, int]]) -> None:
        found = criteria_of(LAW.rules[rules]).conditions(Level.of(level))
        assert {(one.over, one.hours) for one in found} == clauses

    def test_orange_of_2013_needs_a_severe_day(self) -> None:
        (clause,) = criteria_of(LAW.rules["beijing-2013"]).conditions(Level.ORANGE)
        assert clause.containing is not None
        assert (clause.over, clause.hours, clause.containing.over, clause.containing.hours) == (200, 72, 300, 24)

    def test_memory_is_said(self) -> None:
        assert "memory" in LAW.rules["beijing-2015"].confidence["levels"]
        assert "levels" in criteria_on(BJ, "2015-12-07").not_established


class TestNationalSets:
    def test_early_start_is_of_2019_alone(self) -> None:
        found = {name: rules.early_start for name, rules in LAW.rules.items() if rules.early_start}
        assert {name: (rule.over, rule.hours) for name, rule in found.items()} == {"national-2019": (200, 12)}

    def test_what_2024_leaves_open_is_said(self) -> None:
        assert {"lead_time_hours", "merge_gap_hours", "grade_on_range", "prompt"} <= set(
            LAW.rules["national-2024"].not_established
        )


class TestWhatPlacesSay:
    def test_xian_invents_no_level(self) -> None:
        found = criteria_on(XA, "2025-12-12")
        assert found.levels == criteria_of(LAW.rules["national-2024"]).levels
        assert "levels.orange" in found.not_established
        assert "levels.orange" in found.not_established_en
        assert plan_of(XA, "2025-12-12").origin["conflict"] == "xian-2024"

    def test_taiyuan_deadlines(self) -> None:
        limits = plan_of(TY, "2023-01-01").deadlines
        assert (limits.decision_hours, limits.publish_hours, limits.adopt_prompt_hours) == (2, 2, 2)
        assert plan_of(TY, "2023-01-01").authorities["red"].approves == "市长"
        assert plan_of(TY, "2024-01-01").deadlines.publish_hours is None

    @pytest.mark.parametrize(
        ("adcode", "day", "level", "chain"),
        [
            (TY, "2023-01-01", "yellow", [("office_director", 2), ("deputy_commander", 2)]),
            (TY, "2023-01-01", "orange", [("office_director", 2), ("deputy_commander", 2)]),
            (TY, "2023-01-01", "red", [("office_director", 2), ("commander", 2)]),
            (ZZ, "2025-01-10", "yellow", [("office_director", None)]),
            (ZZ, "2025-01-10", "red", [("office_director", None)]),
            (TJ, "2018-12-27", "yellow", [("deputy_commander", None)]),
            (TJ, "2018-12-28", "yellow", [("office_director", None)]),
            (TJ, "2024-10-01", "yellow", [("office_director", None)]),
            (TJ, "2024-10-01", "orange", [("commander", None)]),
            (TJ, "2024-10-01", "red", [("commander", None)]),
            (SJZ, "2026-01-12", "orange", [("commander", None)]),
            (XA, "2025-12-12", "yellow", [("commander", None)]),
            ("131100", "2025-12-26", "red", [("commander", None)]),
        ],
    )
    def test_who_signs(self, adcode: str, day: str, level: str, chain: list[tuple[str, int | None]]) -> None:
        plan = plan_of(adcode, day)
        found = {str(code): one for code, one in plan.signatures.items()}[level]
        assert [(one.role, one.within_hours) for one in found] == chain
        own = LAW.plans[plan.id]
        assert "signatures" in own.choices, "that offices are read as roles of this service is a choice and says so"
        assert any(key.startswith("signatures") for key in own.references)

    @pytest.mark.parametrize(
        ("adcode", "day", "levels"),
        [
            (BJ, "2024-11-06", {"yellow", "orange", "red"}),
            (HE, "2016-12-29", {"yellow", "orange", "red"}),
            (TJ, "2019-02-22", {"orange", "red"}),
            ("131100", "2025-12-26", {"yellow"}),
            ("330100", "2024-12-17", {"yellow", "orange", "red"}),
        ],
    )
    def test_where_nothing_is_established_the_default_stands(self, adcode: str, day: str, levels: set[str]) -> None:
        plan = plan_of(adcode, day)
        assert not levels & set(plan.signatures)
        default = {str(code): roles for code, roles in LAW.plans["national-default"].approvers.items()}
        assert {str(code): roles for code, roles in plan.approvers.items() if code in levels} == {
            level: default[level] for level in levels
        }

    def test_hebei_duties_of_2017_and_2018_are_not_those_of_2024(self) -> None:
        before, after = (plan_of("130200", day).deadlines for day in ("2018-11-11", "2025-11-03"))
        assert (before.daily_report_by, before.summary_hours) == (10, 48)
        assert (after.daily_report_by, after.summary_hours) == (None, None)

    def test_no_plan_of_today_sets_a_daily_report_or_a_summary(self) -> None:
        """What docs/law.md says of today's clocks."""
        today = date(2024, 3, 8)
        clocks = {
            (plan.id, name)
            for plan in PLANS.values()
            if plan.in_force.until is None or plan.in_force.until > today
            for name in DEADLINE.values()
            if getattr(plan.deadlines, name) is not None
        }
        assert clocks == {("xinyang-2024", "lifting_notice_hours")}

    def test_xinyang_adds_one_duty(self) -> None:
        found = plan_of("411500", "2024-06-01")
        assert found.deadlines.lifting_notice_hours == 24
        assert found.layers == ("xinyang-2024", "henan-2023", "national-default")
        assert plan_of("411300", "2024-06-01").deadlines.lifting_notice_hours is None

    def test_changde_reports(self) -> None:
        limits = plan_of("430700", "2019-06-01").deadlines
        assert (limits.response_report_hours, limits.execution_report_hours) == (1, 24)

    def test_hebei_zones(self) -> None:
        zones = plan_of("130200", "2016-12-29").zones or {}
        assert {"130100", "131000", "130682", "130181"} <= set(zones["区域一"])
        assert set(zones["区域二"]) == {"130200", "130900"}
        assert plan_of("130200", "2024-03-07").zones is None

    @pytest.mark.parametrize("day", ["2025-01-04", "2026-01-22"])
    def test_jiangsu_zones_hold_all_thirteen(self, day: str) -> None:
        zones = plan_of(JS, day).zones or {}
        assert {name: len(members) for name, members in zones.items()} == {"苏北5市": 5, "沿江8市": 8}
        cities = {code for code, one in LAW.divisions.items() if one.parent == JS and one.level == "prefecture"}
        assert {code for members in zones.values() for code in members} == cities

    def test_jiangsu_tier_before_a_warning(self) -> None:
        (tier,) = criteria_on("321000", "2026-01-22").tiers
        assert tier.on == "superior_order"
        assert tier.below_warning
        assert _lines(tier) == {("aqi", 150, 24), ("aqi", 100, 48)}
        assert criteria_on("321000", "2025-05-15").tiers == ()

    def test_shandong_ozone_warning_of_2023_alone(self) -> None:
        (tier,) = criteria_on("370100", "2024-09-13").tiers
        assert _lines(tier) == {("ozone_aqi", 150, 48)}
        assert (tier.on, tier.below_warning) == ("discretion", False)
        assert criteria_on("370100", "2024-09-14").tiers == ()

    def test_sichuan_grades_on_pm25(self) -> None:
        assert criteria_on("510300", "2024-10-18").graded == ("pm25",)
        assert criteria_on(CD, "2024-12-23").graded == ("pm25",)
        assert "pm10" in criteria_on("510300", "2024-10-17").graded

    def test_chengdu_2020_grades_on_a_concentration(self) -> None:
        found = criteria_on(CD, "2022-01-15")
        concentration, own = found.conditions(Level.ORANGE)
        assert (concentration.of, concentration.over, concentration.hours) == ("pm25", 115, 72)
        assert concentration.containing is not None
        assert (concentration.containing.of, concentration.containing.over) == ("pm25", 150)
        assert own == LAW.rules["national-2019"].levels["orange"].any[0]
        assert found.document(Level.ORANGE) == "《成都市重污染天气应急预案》"
        assert "875号" in found.document(Level.RED)

    def test_vehicle_limits_of_beijing_begin_at_midnight(self) -> None:
        assert plan_of(BJ, "2023-10-30").measures_from == {"强制·移动源": "next_midnight"}
        assert plan_of(BJ, "2023-09-30").measures_from == {}

    def test_low_quality_is_not_asserted(self) -> None:
        assert plan_of(SH, "2024-12-16").authorities == {}
        assert "authorities" in plan_of(SH, "2024-12-16").not_established

    def test_chongqing_says_that_its_criteria_are_open(self) -> None:
        assert "levels" in criteria_on("500109", "2026-01-12").not_established

    @pytest.mark.parametrize(
        ("adcode", "day", "level", "approves", "issues"),
        [
            (BJ, "2024-11-06", "orange", None, "市空气重污染应急指挥部办公室"),
            (BJ, "2024-11-06", "red", "市人民政府", None),
            (TJ, "2018-12-27", "yellow", "副市长", None),
            (TJ, "2018-12-28", "yellow", "指挥部办公室主任", None),
            (TJ, "2026-01-11", "orange", "市人民政府", "指挥部"),
            (SJZ, "2026-01-12", "orange", "市生态环境保护委员会", "市生态环境保护委员会办公室"),
            (XA, "2025-12-12", "yellow", "市生态环境保护委员会", "市生态环境保护委员会办公室"),
            ("340100", "2024-12-16", "orange", None, "省生态环境保护委员会办公室"),
        ],
    )
    def test_who_approves_and_issues(
        self, adcode: str, day: str, level: str, approves: str | None, issues: str | None
    ) -> None:
        found = {str(code): one for code, one in plan_of(adcode, day).authorities.items()}[level]
        assert (found.approves, found.issues) == (approves, issues)


def _lines(tier: Tier) -> set[tuple[str, int, int]]:
    return {(one.of, one.over, one.hours) for one in tier.any}


class TestLayers:
    def test_each_value_says_where_it_is_from(self) -> None:
        found = plan_of(ZZ, "2025-01-10")
        assert found.layers == ("zhengzhou-2023", "henan-2023", "national-default")
        assert found.origin["measures.yellow.强制·移动源"] == "zhengzhou-2023"
        assert found.origin["measures.yellow.强制·工业"] == "national-default"
        assert found.origin["signatures.red"] == "zhengzhou-2023"
        assert found.origin["approvers.blue"] == "national-default"
        assert "approvers.red" not in found.origin
        assert found.origin["feeds"] == "national-default"

    def test_what_a_city_settles_is_no_longer_open(self) -> None:
        assert "authorities" in plan_of("410700", "2025-01-10").not_established
        assert "authorities" not in plan_of(ZZ, "2025-01-10").not_established

    def test_a_document_number_is_each_plans_own(self) -> None:
        assert "number" in plan_of("410700", "2025-01-10").not_established
        assert "number" not in plan_of(ZZ, "2025-01-10").not_established


def _days_of(plan: Plan) -> list[date]:
    """The first day of a plan and every day in force on which something changes above it."""
    spans = [*(one.in_force for one in LAW.plans.values()), *(one.in_force for one in LAW.rules.values())]
    changes = {span.from_ for span in spans}
    return sorted({plan.in_force.from_} | {day for day in changes if plan.in_force.covers(day)})


@pytest.mark.parametrize("plan", PLANS.values(), ids=PLANS.keys())
class TestEveryPlan:
    def test_is_complete_and_never_weaker_than_its_base(self, plan: Plan) -> None:
        for day in _days_of(plan):
            layered = LAW.plan_for(plan.adcode, day_start(day))
            if layered.base is None and day < date(2016, 2, 5):
                continue
            base = LAW.rules_at(day_start(day), layered.base)
            criteria = layered.effective(base)
            assert list(weakenings(criteria, criteria_of(base))) == []
            assert set(criteria.levels) <= {*layered.approvers, *layered.signatures}
            assert not set(layered.approvers) & set(layered.signatures)
            assert all(layered.measures.get(level) for level in criteria.levels if level != "blue")

    def test_stands_in_both_languages(self, plan: Plan) -> None:
        for chinese, english in (
            (plan.measures, plan.measures_en),
            (plan.health_advice, plan.health_advice_en),
        ):
            assert _shape(chinese) == _shape(english)
        assert set(plan.not_established) == set(plan.not_established_en)
        assert all(tier.name_en and len(tier.measures) == len(tier.measures_en) for tier in plan.tiers)

    def test_names_its_sources(self, plan: Plan) -> None:
        keyed = [text for texts in (plan.confidence, plan.source) for text in texts.values()]
        assert any("[S:" in text or "memory" in text for text in keyed) or not plan.confidence

    def test_is_found_on_its_days_alone(self, plan: Plan) -> None:
        first, until = day_start(plan.in_force.from_), plan.in_force.until
        assert _plan_id(plan.adcode, first) == plan.id
        assert _plan_id(plan.adcode, first - timedelta(seconds=1)) != plan.id
        assert until is None or _plan_id(plan.adcode, day_start(until)) != plan.id
        assert until is None or _plan_id(plan.adcode, day_start(until) - timedelta(seconds=1)) == plan.id


def _plan_id(adcode: str, instant: datetime) -> str | None:
    try:
        return LAW.plan_for(adcode, instant).id
    except LawNotFound:
        return None


def _shape(texts: Texts) -> dict[str, list[int]]:
    return {str(level): [len(lines) for lines in groups.values()] for level, groups in texts.items()}


@pytest.mark.parametrize("rules", LAW.rules.values(), ids=LAW.rules.keys())
def test_rule_sets_are_open_in_both_languages(rules: RuleSet) -> None:
    assert set(rules.not_established) == set(rules.not_established_en)


def test_before_any_rule_set_nothing_is_known() -> None:
    with pytest.raises(LawNotFound, match="2013-10-16"):
        LAW.plan_for(BJ, parse_instant("2013-10-16 23:00"))
