import json
from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from emission_lists.grades import Grade
from emission_lists.levels import LEVELS, ResponseLevel
from emission_lists.lists import GuaranteeType
from emission_lists.measures import Action, LoadCap, VehicleRule
from emission_lists.requirements import RequirementStatus, ResponseFacts, requirement_for
from tests.emission_lists.list_samples import enterprises, firm, line, lines, measure

START = datetime(2016, 12, 16, 12, tzinfo=UTC)  # 20:00 in Shanghai
RED = ResponseFacts("130200", ResponseLevel.RED, START, None, "7", "关于启动红色预警的通知")
STOP = measure(Action.STOP, 1.0)


class TestRequirementFor:
    def test_the_sentence_names_every_line(self) -> None:
        cap = LoadCap(120, "t", "日投料")
        given_lines = [line("2", measure(Action.LIMIT, 0.5, load_cap=cap)), line("1", STOP)]
        answer = requirement_for(firm(), given_lines, RED)
        assert answer.headline_zh == "现在：红色预警 Ⅰ级响应 / 12月16日 20:00 起"
        assert answer.summary_zh == "1号线停产，2号线限产 50 %（日投料 ≤ 120 t）"
        assert answer.summary_en == "1号线: stop; 2号线: limit output by 50 % (日投料 ≤ 120 t)"
        assert answer.status is RequirementStatus.REQUIRED

    def test_without_a_response_nothing_is_required(self) -> None:
        answer = requirement_for(firm(), [line("1", STOP)], None)
        assert answer.summary_zh == "当前没有预警，无需采取应急减排措施"
        assert answer.document()["lines"] == []
        assert answer.document()["response"] is None

    def test_an_unknown_measure_is_said_to_be_unknown(self) -> None:
        answer = requirement_for(firm(), [line("1", measure(Action.UNKNOWN))], RED)
        assert answer.status is RequirementStatus.NOT_ESTABLISHED
        assert answer.summary_zh == "尚未确定：请联系主管部门"

    def test_an_unknown_line_stands_apart_from_the_known_ones(self) -> None:
        answer = requirement_for(firm(), [line("1", STOP), line("2", measure(Action.UNKNOWN))], RED)
        assert answer.summary_zh == "1号线停产；2号线尚未确定：请联系主管部门"
        assert answer.status is RequirementStatus.NOT_ESTABLISHED

    def test_an_enterprise_without_lines_is_not_told_that_it_is_free(self) -> None:
        answer = requirement_for(firm(), [], RED)
        assert answer.status is RequirementStatus.NOT_ESTABLISHED
        assert answer.summary_zh == "尚未确定：请联系主管部门"

    @pytest.mark.parametrize(
        ("grade", "text"), [(Grade.A, "A级：自主采取减排措施"), (Grade.LEADING, "引领性：自主采取减排措施")]
    )
    def test_a_top_grade_decides_for_itself(self, grade: Grade, text: str) -> None:
        answer = requirement_for(firm(grade=grade), [line("1", measure(Action.SELF_DETERMINED))], RED)
        assert answer.summary_zh == text

    def test_transport_is_named(self) -> None:
        trucks = measure(Action.TRANSPORT, vehicle_rule=VehicleRule.STOP_ROAD_TRANSPORT)
        assert requirement_for(firm(), [line("1", trucks)], RED).summary_zh == "1号线：停止公路运输"

    def test_each_level_has_its_own_measure(self) -> None:
        staged = line("1", measure(Action.NONE), measure(Action.LIMIT, 0.2), STOP)
        texts = []
        for level in LEVELS:
            facts = ResponseFacts("130200", level, START, None, "7", "")
            texts.append(requirement_for(firm(), [staged], facts).summary_zh)
        assert texts == ["1号线：不采取减排措施", "1号线限产 20 %", "1号线停产"]

    def test_a_response_that_has_not_started_is_said_to_come(self) -> None:
        facts = ResponseFacts("130200", ResponseLevel.RED, START, None, "7", "", upcoming=True)
        assert requirement_for(firm(), [line("1", STOP)], facts).headline_zh.startswith("即将：")

    def test_measures_start_with_the_response(self) -> None:
        facts = ResponseFacts("130200", ResponseLevel.RED, START, None, "7", "")
        document = requirement_for(firm(), [line("1", STOP)], facts).document()
        assert document["lines"][0]["from"] == "2016-12-16T20:00:00+08:00"
        assert document["response"]["measures_start"] == document["response"]["effective_at"] == "2016-12-16T20:00:00+08:00"

    def test_an_instant_without_a_zone_is_refused(self) -> None:
        with pytest.raises(ValueError, match="no time zone"):
            ResponseFacts("130200", ResponseLevel.RED, datetime(2016, 12, 16), None, "7", "")  # noqa: DTZ001


GUARANTEED = {"guarantee": GuaranteeType.LIVELIHOOD, "guarantee_cap": LoadCap(300, "GJ/h", "供热负荷")}


class TestGuarantee:
    def test_names_the_load_that_is_approved(self) -> None:
        held = firm(guarantee_until=date(2017, 3, 15), **GUARANTEED)
        text = requirement_for(held, [line("1", STOP)], RED).guarantee_zh
        assert text is not None
        assert "供热负荷 ≤ 300 GJ/h" in text
        assert "达标排放" in text

    @pytest.mark.parametrize("until", [None, date(2016, 12, 15)])
    def test_one_that_has_ended_or_has_no_end_does_not_hold(self, until: date | None) -> None:
        text = requirement_for(firm(guarantee_until=until, **GUARANTEED), [line("1", STOP)], RED).guarantee_zh
        assert text is not None
        assert "按清单措施执行" in text

    def test_the_last_day_counts_in_shanghai(self) -> None:
        facts = ResponseFacts("130200", ResponseLevel.RED, datetime(2016, 12, 16, 16, 30, tzinfo=UTC), None, "7", "")
        held = firm(guarantee_until=date(2016, 12, 16), **GUARANTEED)
        text = requirement_for(held, [line("1", STOP)], facts).guarantee_zh
        assert text is not None
        assert "已到期" in text

    @pytest.mark.parametrize(("hours", "held"), [(0, True), (27.99, True), (28, False), (99, False)])
    def test_one_that_ends_within_the_response_no_longer_holds(self, hours: float, held: bool) -> None:
        """The response starts at 20:00 in Beijing on 16 December; the guarantee's last day is the 17th."""
        owner = firm(guarantee_until=date(2016, 12, 17), **GUARANTEED)
        moment = RED.effective_at + timedelta(hours=hours)
        text = requirement_for(owner, [line("1", STOP)], RED, moment=moment).guarantee_zh or ""
        assert ("仅保障所需生产" in text, "已到期" in text) == (held, not held)

    def test_others_have_no_such_text(self) -> None:
        assert requirement_for(firm(), [line("1", STOP)], RED).guarantee_zh is None


class TestDocument:
    @settings(deadline=None)
    @given(enterprises(), st.lists(lines(), max_size=4, unique_by=lambda one: one.code), st.sampled_from(LEVELS))
    def test_is_json_and_does_not_depend_on_the_order_of_lines(self, owner, some, level) -> None:  # type: ignore[no-untyped-def]
        facts = ResponseFacts("130200", level, START, None, "7", "通知")
        forward = requirement_for(owner, some, facts)
        backward = requirement_for(owner, reversed(some), facts)
        as_bytes = json.dumps(forward.document(), ensure_ascii=False)
        assert as_bytes == json.dumps(backward.document(), ensure_ascii=False)

    @settings(deadline=None)
    @given(enterprises(), st.lists(lines(), max_size=4), st.sampled_from(LEVELS))
    def test_unknown_is_never_executed_and_never_nothing(self, owner, some, level) -> None:  # type: ignore[no-untyped-def]
        answer = requirement_for(owner, some, ResponseFacts("130200", level, START, None, "7", ""))
        unknown = [one for one in answer.document()["lines"] if one["action"] == "unknown"]
        if unknown or not some:
            assert answer.status is RequirementStatus.NOT_ESTABLISHED
            assert "尚未确定：请联系主管部门" in answer.summary_zh
        for one in unknown:
            assert one["stopped_units"] is None
            assert "请联系主管部门" in one["sentence_zh"]
