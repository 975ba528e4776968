"""Every reason of the closed list: found where it applies, and only there."""

from __future__ import annotations

import csv

import pytest

from alerts.instants import parse_instant
from alerts.levels import Level
from alerts.region import PromptEntry, RegionalPrompt
from service.history.codes import MEANINGS, NEAR_POINTS, Code
from service.history.comparison import Category, compare
from service.history.reasons import Known, load_known, read_explanations, reasons_of
from service.history.records import load_records
from service.law.names import load_names
from tests.history.made import (
    HENGSHUI,
    NOTHING,
    air,
    around,
    compared,
    daily,
    hourly,
    national,
    reason,
    record,
    shipped,
    why,
)

ORDER = {"city": "河北省区域一(石家庄 衡水)", "note": "provincial regional order"}


def prompt(level: Level = Level.ORANGE, ends: str | None = None, adcode: str = HENGSHUI) -> Known:
    asked = RegionalPrompt(
        id="p",
        region="jingjinji-2023",
        document="提示函",
        issued_at=parse_instant("2024-12-09 12:00"),
        starts_at=parse_instant("2024-12-09 18:00"),
        ends_at=parse_instant(ends) if ends else None,
        entries=(PromptEntry(adcode=adcode, level=level),),
    )
    return Known((asked,), (), {})


class TestNothingToExplain:
    def test_agreement_needs_no_reason(self) -> None:
        assert why(compared(record(), daily(around([210, 220]))), prompt()) == []

    def test_not_even_in_doubt(self) -> None:
        assert why(compared(record(certainty="low"), daily(around([210, 220])))) == []


class TestNotComparable:
    def test_no_observations(self) -> None:
        assert why(compared(record())) == ["no_observations"]

    def test_missing_hours_with_their_number(self) -> None:
        found = compared(record(), daily(around([210, None])))
        assert why(found) == ["data_incomplete"]
        told = reason(found, "data_incomplete")
        assert told.zh == "408小时中缺测24小时，级别在黄色与橙色之间"
        assert told.en == "24 of 408 h are missing; the level lies between yellow and orange"

    def test_missing_hours_of_a_lifting(self) -> None:
        lifted = record(action="lift", effective="2024-12-12 10:00")
        assert why(compared(lifted, daily(around([210, 220, 60, None])))) == ["data_incomplete"]

    def test_what_asked_for_it_and_doubt_are_told_all_the_same(self) -> None:
        found = compared(record(certainty="medium"))
        assert why(found, prompt()) == ["no_observations", "regional_prompt", "record_uncertain"]


class TestFromAbove:
    def test_a_prompt_of_that_level(self) -> None:
        found = compared(record(), daily(around([60])))
        assert why(found, prompt())[0] == "regional_prompt"
        assert reason(found, "regional_prompt", prompt()).source == "提示函"

    @pytest.mark.parametrize(
        "known",
        [
            prompt(level=Level.RED),
            prompt(adcode="110000"),
            prompt(ends="2024-12-10 00:00"),
            NOTHING,
        ],
        ids=["another level", "another place", "over", "none"],
    )
    def test_no_prompt(self, known: Known) -> None:
        assert "regional_prompt" not in why(compared(record(), daily(around([60]))), known)

    def test_a_prompt_after_the_start_explains_nothing(self) -> None:
        early = record(effective="2024-12-09 06:00")
        assert "regional_prompt" not in why(compared(early, daily(around([60]))), prompt())

    def test_a_prompt_of_the_same_day(self) -> None:
        that_day = record(effective="2024-12-09")
        assert "regional_prompt" in why(compared(that_day, daily(around([60]))), prompt())

    def test_the_order_itself(self) -> None:
        assert "upper_order" in why(compared(record(**ORDER), daily(around([60]))))

    @pytest.mark.parametrize(
        ("cells", "follows"),
        [
            ({}, True),
            ({"effective": "2024-12-11 00:00"}, True),
            ({"effective": "2024-12-11 01:00"}, False),
            ({"colour": "red"}, False),
            ({"city": "邯郸"}, False),
        ],
    )
    def test_a_city_that_follows_an_order(self, cells: dict[str, str], follows: bool) -> None:
        known = Known((), (record(rec="9", **ORDER),), {})
        assert ("upper_order" in why(compared(record(**cells), daily(around([60]))), known)) is follows

    @pytest.mark.parametrize(("effective", "apart"), [("2024-12-10 00:00", "同时"), ("2024-12-09 20:00", "相差4小时")])
    def test_how_far_from_the_order(self, effective: str, apart: str) -> None:
        known = Known((), (record(rec="9", **ORDER),), {})
        found = compared(record(effective=effective), daily(around([60])))
        assert reason(found, "upper_order", known).zh == f"与省级调度（记录9，河北省区域一）同级，{apart}"

    def test_a_lifting_follows_no_prompt(self) -> None:
        lifted = record(action="lift", effective="2024-12-10 00:00")
        assert "regional_prompt" not in why(compared(lifted, daily(around([210] * 4))), prompt())


class TestLevels:
    def test_the_forecast_differed(self) -> None:
        told = reason(compared(record(), daily(around([120]))), "forecast_differs")
        assert told.zh == "按预报发布橙色；实测日AQI最高120，未达任何级别"
        assert told.en == "orange was issued on a forecast; the observed daily AQI peaked at 120 and met no level"

    def test_and_a_lower_level_was_reached(self) -> None:
        assert "达到黄色" in reason(compared(record(), daily(around([220]))), "forecast_differs").zh

    def test_and_something_lower_came_later(self) -> None:
        told = reason(compared(record(), daily(around([60, 60, 60, 60, 220]))), "forecast_differs")
        assert told.zh.endswith("未达任何级别，12-14 00:00起才达到黄色")
        assert told.en.endswith("and yellow only from 12-14 00:00")

    def test_the_same_level_later_is_another_time(self) -> None:
        found = compared(record(), daily(around([60, 60, 60, 60, 220, 220])))
        assert why(found) == ["other_time", "daily_data_only", "local_plan_not_established"]
        assert "晚96小时" in reason(found, "other_time").zh

    def test_hours_are_not_daily_data(self) -> None:
        clean, heavy = [20.0] * 24, [160.0] * 24
        found = compared(record(), hourly([*clean * 13, *heavy * 2, *clean * 9]))
        assert why(found) == ["other_time", "local_plan_not_established"]

    def test_the_air_outlasted_the_announced_period(self) -> None:
        announced = record(planned_end="2024-12-11 24:00")
        found = compared(announced, daily(around([230, 320, 230])))
        assert why(found) == ["outlasted", "local_plan_not_established"]
        assert reason(found, "outlasted").zh == "公告至12-12 00:00，其间实测恰为橙色，此后污染持续"

    @pytest.mark.parametrize("planned", ["", "2024-12-10 24:00", "2024-12-12 24:00"])
    def test_or_did_not(self, planned: str) -> None:
        found = compared(record(planned_end=planned), daily(around([210, 320, 220])))
        assert "outlasted" not in why(found)
        assert "forecast_differs" in why(found)

    def test_by_the_rules_of_the_next_year_it_would_agree(self) -> None:
        first = parse_instant("2023-12-01 00:00").date()
        found = compared(record(effective="2023-12-10 00:00"), daily(around([160, 160, 160]), first=first))
        assert why(found)[0] == "plan_differs"
        assert "national-2024" in reason(found, "plan_differs").en

    def test_rules_of_long_ago_explain_nothing(self) -> None:
        """One day above 200 was blue until 2018; in 2024 that is no explanation any more."""
        assert "plan_differs" not in why(compared(record(colour="blue"), daily(around([210]))))

    def test_rules_of_the_year_before_do(self) -> None:
        """Three days above 200, one of them above 300: orange until 2023, red since."""
        heavy = daily(around([230, 320, 230]))
        assert "national-2019" in reason(compared(record(), heavy), "plan_differs").zh

    @pytest.mark.parametrize("aqi", [200, 191, 190])
    def test_just_missed(self, aqi: int) -> None:
        found = compared(record(colour="orange"), daily(around([aqi], after=100)))
        near = 201 - aqi <= NEAR_POINTS
        assert ("threshold_boundary" in why(found)) is near
        if near:
            assert reason(found, "threshold_boundary").zh == f"距黄色仅差{201 - aqi}个AQI点"

    @pytest.mark.parametrize("aqi", [201, 210, 212])
    def test_just_reached(self, aqi: int) -> None:
        found = compared(record(colour="yellow"), daily(around([aqi, aqi], after=100)))
        assert found.category is Category.HIGHER
        assert ("threshold_boundary" in why(found)) is (aqi - 200 <= NEAR_POINTS)

    def test_several_episodes_as_one(self) -> None:
        assert "merged_episode" in why(compared(record(colour="yellow"), daily(around([210, 60, 210]))))
        assert "merged_episode" not in why(compared(record(colour="yellow"), daily(around([210, 210]))))

    def test_a_plan_of_the_place(self) -> None:
        law = national()
        default = next(iter(law.plans.values()))
        own = default.model_copy(update={"id": "hengshui-2024", "adcode": HENGSHUI})
        planned = law.model_copy(update={"plans": law.plans | {own.id: own}})
        found = compare(record(), planned, load_names(), air(daily(around([60]))))
        assert "local_plan_not_established" not in why(found)

    def test_doubt_comes_last(self) -> None:
        assert why(compared(record(note="year inferred"), daily(around([60]))))[-1] == "record_uncertain"


class TestLiftings:
    def test_too_early_for_the_observed_air(self) -> None:
        found = compared(record(action="lift", effective="2024-12-11 12:00"), daily(around([210, 220])))
        assert why(found) == ["lift_on_forecast", "daily_data_only"]
        assert reason(found, "lift_on_forecast").zh == "实测“≤150持续36小时”自12-12 01:00才满足"

    def test_announced_ahead(self) -> None:
        lifted = record(action="lift", announced="2024-12-10 15:00", effective="2024-12-11 12:00")
        assert why(compared(lifted, daily(around([210, 220]))))[0] == "lift_future"

    def test_announced_on_the_day_is_not_known_to_be_ahead(self) -> None:
        lifted = record(action="lift", announced="2024-12-11", effective="2024-12-11 12:00")
        assert "lift_future" not in why(compared(lifted, daily(around([210, 220]))))

    def test_never_allowed(self) -> None:
        lifted = record(action="lift", effective="2024-12-11 12:00")
        assert "始终未满足" in reason(compared(lifted, daily(around([210] * 16))), "lift_on_forecast").zh

    def test_hours_are_not_daily_data(self) -> None:
        lifted = record(action="lift", effective="2024-12-11 12:00")
        found = compared(lifted, hourly([*[20.0] * 24 * 9, *[160.0] * 48, *[20.0] * 24 * 13]))
        assert why(found) == ["lift_on_forecast"]

    def test_it_held_before_and_heavy_air_comes_again(self) -> None:
        lifted = record(action="lift", effective="2024-12-12 18:00")
        for_good = compared(lifted, daily(around([60], before=220)))
        assert (for_good.category, why(for_good)) == (Category.AGREES, [])
        again = compared(lifted, daily(around([60, 60, 60, 220], before=220)))
        assert (again.category, why(again)) == (Category.AGREES, ["daily_data_only"])


ROW = {
    "rec": "1",
    "code": "published_basis",
    "text_zh": "依据",
    "text_en": "basis",
    "source": "S:X",
    "dated": "2024-12-10",
}


class TestExplanations:
    def test_stand_beside_what_was_found(self) -> None:
        known = Known((), (), read_explanations([ROW]))
        told = reason(compared(record(), daily(around([60]))), "published_basis", known)
        assert (told.zh, told.en, told.source) == ("依据", "basis", "S:X")

    def test_of_another_record(self) -> None:
        known = Known((), (), read_explanations([ROW | {"rec": "2"}]))
        assert "published_basis" not in why(compared(record(), daily(around([60]))), known)

    def test_several_for_one_record(self) -> None:
        rows = [ROW, ROW | {"code": "upper_order"}]
        assert [each.code for each in read_explanations(rows)[1]] == [Code.PUBLISHED_BASIS, Code.UPPER_ORDER]

    @pytest.mark.parametrize("column", ["code", "text_zh", "text_en", "source", "dated"])
    def test_nothing_may_be_left_out(self, column: str) -> None:
        with pytest.raises(ValueError, match="record 1: every column"):
            read_explanations([ROW | {column: ""}])

    def test_only_codes_of_the_list(self) -> None:
        with pytest.raises(ValueError, match="weather"):
            read_explanations([ROW | {"code": "weather"}])

    def test_the_shipped_ones_belong_to_records_and_are_dated(self) -> None:
        numbers = {each.rec for each in load_records()}
        assert set(load_known().explanations) <= numbers


class TestShipped:
    def test_every_code_has_a_meaning_in_both_languages(self) -> None:
        assert list(MEANINGS) == list(Code)
        assert all(zh and en for zh, en in MEANINGS.values())

    def test_every_disagreement_and_every_gap_has_a_reason(self) -> None:
        known = load_known()
        for each in shipped():
            found = reasons_of(each, known)
            assert found or each.category is Category.AGREES, each.record.rec
            keys = [(one.code, one.source) for one in found]
            assert len(keys) == len(set(keys))

    def test_the_orders_are_the_provinces(self) -> None:
        assert [order.rec for order in load_known().orders] == [64, 65, 74]

    def test_the_prompt_of_december_2016_stands_behind_its_cities(self) -> None:
        known = load_known()
        every = {each.record.rec: each for each in shipped()}
        assert "regional_prompt" in why(every[20], known)
        assert "regional_prompt" not in why(every[39], known)
        assert "upper_order" in why(every[61], known)


def test_the_explanations_file_reads_as_csv() -> None:
    rows = csv.DictReader(["rec,code,text_zh,text_en,source,dated", '7,lift_future,甲,"a, b",S:X,2024-12-10'])
    assert read_explanations(rows)[7][0].en == "a, b"
