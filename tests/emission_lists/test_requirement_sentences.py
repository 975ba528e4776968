"""What an enterprise reads, in both languages: each action, each kind of enterprise, each moment."""

import json
import re
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta, timezone
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from emission_lists.documents import measure_document, measure_from
from emission_lists.grades import Grade
from emission_lists.levels import LEVELS, PerLevel, ResponseLevel
from emission_lists.lists import Enterprise, GuaranteeType, Line
from emission_lists.measures import Action, Basis, CountUnit, LoadCap, Measure, VehicleRule
from emission_lists.requirements import Requirement, RequirementStatus, ResponseFacts, requirement_for
from tests.emission_lists.list_samples import enterprises, firm, line, lines, measure

START = datetime(2016, 12, 16, 12, tzinfo=UTC)  # 20:00 in Shanghai
RED = ResponseFacts("130200", ResponseLevel.RED, START, None, "7", "关于启动红色预警的通知")
UNKNOWN = Measure(Action.UNKNOWN)
STOP = measure(Action.STOP, 1.0)
UNIT = CountUnit.PRODUCTION_LINE
CAP = LoadCap(120, "t", "日投料")
ZH_UNKNOWN, EN_UNKNOWN = "尚未确定：请联系主管部门", "ask the authority"
NOTHING_TO_DO = ("无需", "不采取", "no measures", "no reduction measure", "No warning")


def under_red(*measures: Measure, owner: Enterprise | None = None) -> Requirement:
    """The answer to an enterprise whose lines 1, 2 … have these measures at red."""
    given_lines = [line(str(n), one) for n, one in enumerate(measures, start=1)]
    return requirement_for(owner or firm(), given_lines, RED)


SENTENCES = {
    "stop": (Measure(Action.STOP, 1.0), "1号线停产", "1号线: stop"),
    "stop-all-units": (
        Measure(Action.STOP, 1.0, stopped_units=3, total_units=3, count_unit=UNIT),
        "1号线停产",
        "1号线: stop",
    ),
    "stop-some-units": (
        Measure(Action.STOP, None, stopped_units=2, total_units=3, count_unit=UNIT),
        "1号线停产 2/3（按生产线计）",
        "1号线: stop 2 of 3 (counted by production line)",
    ),
    "stop-a-share-of-units": (
        Measure(Action.STOP, 0.5, at_least=True, total_units=3, count_unit=CountUnit.BLAST_FURNACE),
        "1号线停产 2/3（按高炉计，含以上）",
        "1号线: stop at least 2 of 3 (counted by blast furnace)",
    ),
    "stop-units-without-a-name": (
        Measure(Action.STOP, 0.25, total_units=8),
        "1号线停产 2/8（按台（套）计）",
        "1号线: stop 2 of 8 (counted by unit)",
    ),
    "stop-a-share-of-nothing-counted": (
        Measure(Action.STOP, 0.333, at_least=True),
        "1号线停产 33.3 %（含）以上",
        "1号线: stop at least 33.3 %",
    ),
    "stop-at-night": (
        Measure(Action.STOP, 1.0, window="17:00-09:00"),
        "1号线停产（时段 17:00-09:00）",
        "1号线: stop (between 17:00-09:00)",
    ),
    "limit": (Measure(Action.LIMIT, 0.2), "1号线限产 20 %", "1号线: limit output by 20 %"),
    "limit-at-least": (
        Measure(Action.LIMIT, 0.125, at_least=True),
        "1号线限产 12.5 %（含）以上",
        "1号线: limit output by at least 12.5 %",
    ),
    "limit-from-a-basis": (
        Measure(Action.LIMIT, 0.2, basis=Basis.PERMIT_CAPACITY),
        "1号线限产 20 %（基准：排污许可载明产能）",
        "1号线: limit output by 20 % (counted from: capacity in the discharge permit)",
    ),
    "limit-basis-not-stated": (
        Measure(Action.LIMIT, 0.2, basis=Basis.NOT_STATED),
        "1号线限产 20 %",
        "1号线: limit output by 20 %",
    ),
    "limit-to-a-cap": (
        Measure(Action.LIMIT, load_cap=CAP),
        "1号线限产（日投料 ≤ 120 t）",
        "1号线: limit (日投料 ≤ 120 t)",
    ),
    "limit-to-a-cap-without-a-metric": (
        Measure(Action.LIMIT, load_cap=LoadCap(0.5, "t/h")),
        "1号线限产（负荷 ≤ 0.5 t/h）",
        "1号线: limit (load ≤ 0.5 t/h)",
    ),
    "limit-with-everything": (
        Measure(
            Action.LIMIT,
            0.5,
            basis=Basis.HEAT_SUPPLY,
            load_cap=CAP,
            window="08:00-20:00",
            vehicle_rule=VehicleRule.STOP_ROAD_TRANSPORT,
        ),
        "1号线限产 50 %（日投料 ≤ 120 t，基准：以热定产，时段 08:00-20:00），停止公路运输",
        "1号线: limit output by 50 % (日投料 ≤ 120 t, counted from: the heat that is needed, between 08:00-20:00), "
        "no road transport",
    ),
    "transport": (
        Measure(Action.TRANSPORT, vehicle_rule=VehicleRule.BAN_HEAVY_TRUCK_LE_CN3),
        "1号线：停止使用国三及以下重型载货车辆运输",
        "1号线: no heavy trucks of China III or older",
    ),
    "transport-at-night": (
        Measure(Action.TRANSPORT, vehicle_rule=VehicleRule.STOP_ROAD_TRANSPORT, window="22:00-06:00"),
        "1号线：停止公路运输（时段 22:00-06:00）",
        "1号线: no road transport (between 22:00-06:00)",
    ),
    "transport-without-a-rule": (Measure(Action.TRANSPORT), "1号线：运输管控", "1号线: transport control"),
    "none": (Measure(Action.NONE), "1号线：不采取减排措施", "1号线: no reduction measure"),
}


class TestEachAction:
    @pytest.mark.parametrize("name", SENTENCES)
    def test_is_said_in_both_languages(self, name: str) -> None:
        one, zh, en = SENTENCES[name]
        answer = under_red(one)
        assert (answer.summary_zh, answer.summary_en) == (zh, en)
        assert (answer.lines[0].sentence_zh, answer.lines[0].sentence_en) == (zh, en)
        assert answer.status is RequirementStatus.REQUIRED

    def test_self_determined_names_the_grade_once(self) -> None:
        own = Measure(Action.SELF_DETERMINED)
        answer = under_red(own, own, owner=firm(grade=Grade.A))
        assert answer.summary_zh == "A级：自主采取减排措施"
        assert answer.summary_en == "grade A: the enterprise decides its own reduction"
        assert [one.sentence_zh for one in answer.lines] == ["1号线：自主减排", "2号线：自主减排"]

    def test_self_determined_beside_an_order_is_said_line_by_line(self) -> None:
        answer = under_red(Measure(Action.SELF_DETERMINED), STOP, owner=firm(grade=Grade.A))
        assert answer.summary_zh == "1号线：自主减排，2号线停产"
        assert answer.summary_en == "1号线: the enterprise decides its own reduction; 2号线: stop"

    @pytest.mark.parametrize("rule", list(VehicleRule))
    @pytest.mark.parametrize("action", [Action.STOP, Action.LIMIT, Action.TRANSPORT])
    def test_the_vehicles_are_never_left_out(self, action: Action, rule: VehicleRule) -> None:
        ratio = None if action is Action.TRANSPORT else 0.5
        answer = under_red(Measure(action, ratio, vehicle_rule=rule))
        assert rule.zh in answer.summary_zh
        assert rule.en in answer.summary_en

    @pytest.mark.parametrize(
        ("number", "shown"), [(1, "1"), (0.5, "0.5"), (1e6, "1000000"), (1234.5678, "1234.5678"), (1e-6, "0.000001")]
    )
    def test_numbers_have_no_exponent_and_no_empty_decimals(self, number: float, shown: str) -> None:
        assert under_red(Measure(Action.LIMIT, load_cap=LoadCap(number, "t"))).summary_zh.endswith(f"≤ {shown} t）")


class TestUnknown:
    """未确定 is never executed, and never reads as if there were nothing to do."""

    def test_alone(self) -> None:
        answer = under_red(UNKNOWN)
        assert answer.summary_zh == ZH_UNKNOWN
        assert answer.summary_en == "Not established: ask the authority"
        assert answer.lines[0].sentence_zh == "1号线：措施尚未确定：请联系主管部门"
        assert answer.lines[0].sentence_en == "1号线: not established: ask the authority"

    def test_beside_known_ones_is_named(self) -> None:
        answer = under_red(STOP, UNKNOWN, UNKNOWN)
        assert answer.summary_zh == "1号线停产；2号线、3号线尚未确定：请联系主管部门"
        assert answer.summary_en == "1号线: stop. Not established for 2号线, 3号线: ask the authority"

    def test_beside_no_measure_is_still_open(self) -> None:
        answer = under_red(Measure(Action.NONE), UNKNOWN)
        assert answer.status is RequirementStatus.NOT_ESTABLISHED
        assert answer.summary_zh == "1号线：不采取减排措施；2号线尚未确定：请联系主管部门"

    def test_beside_self_determined_is_still_open(self) -> None:
        answer = under_red(Measure(Action.SELF_DETERMINED), UNKNOWN, owner=firm(grade=Grade.A))
        assert answer.status is RequirementStatus.NOT_ESTABLISHED
        assert answer.summary_zh.endswith("2号线尚未确定：请联系主管部门")

    @pytest.mark.parametrize("owner", [firm(small_micro=True), firm(grade=Grade.A), firm(long_stopped=True)])
    def test_no_kind_of_enterprise_makes_it_nothing(self, owner: Enterprise) -> None:
        answer = under_red(UNKNOWN, owner=owner)
        assert answer.status is RequirementStatus.NOT_ESTABLISHED
        assert answer.summary_zh == ZH_UNKNOWN

    def test_at_one_level_only(self) -> None:
        staged = line("1", measure(Action.NONE), UNKNOWN, STOP)
        statuses = [requirement_for(firm(), [staged], replace(RED, level=level)).status for level in LEVELS]
        assert statuses == [
            RequirementStatus.REQUIRED,
            RequirementStatus.NOT_ESTABLISHED,
            RequirementStatus.REQUIRED,
        ]

    @settings(deadline=None, max_examples=30)
    @given(
        st.sampled_from([None, 0.5, 1.0]),
        st.none() | st.sampled_from(list(VehicleRule)),
        st.none() | st.integers(0, 5),
        st.sampled_from(["无需采取措施", None]),
    )
    def test_whatever_else_stands_beside_it_is_not_carried_out(
        self, ratio: float | None, rule: VehicleRule | None, stopped: int | None, note: str | None
    ) -> None:
        odd = Measure(Action.UNKNOWN, ratio, vehicle_rule=rule, stopped_units=stopped, total_units=5, note_zh=note)
        answer = under_red(odd)
        document = answer.document()
        assert document["status"] == "not_established"
        assert document["lines"][0]["stopped_units"] is None
        for text in (
            answer.summary_zh,
            answer.summary_en,
            *(document["lines"][0][f"sentence_{x}"] for x in ("zh", "en")),
        ):
            assert not any(phrase in text for phrase in NOTHING_TO_DO)
            assert rule is None or rule.zh not in text

    @settings(deadline=None, max_examples=30)
    @given(enterprises(), st.lists(lines(), min_size=1, max_size=4), st.sampled_from(LEVELS), st.data())
    def test_one_unknown_line_opens_the_whole_answer(
        self, owner: Enterprise, some: list[Line], level: ResponseLevel, data: st.DataObject
    ) -> None:
        place = data.draw(st.integers(0, len(some) - 1))
        some[place] = replace(some[place], measures=PerLevel(UNKNOWN, UNKNOWN, UNKNOWN))
        answer = requirement_for(owner, some, replace(RED, level=level))
        assert answer.status is RequirementStatus.NOT_ESTABLISHED
        assert ZH_UNKNOWN in answer.summary_zh
        assert EN_UNKNOWN in answer.summary_en


class TestTogether:
    """Lines that must do the same are said once."""

    def test_lines_that_do_the_same_share_a_clause(self) -> None:
        some = [line("1", STOP), line("2", measure(Action.LIMIT, 0.5)), line("3", STOP), line("4", STOP)]
        answer = requirement_for(firm(), some, RED)
        assert answer.summary_zh == "1号线、3号线、4号线：停产，2号线限产 50 %"
        assert answer.summary_en == "1号线, 3号线, 4号线: stop; 2号线: limit output by 50 %"
        assert [one["sentence_zh"] for one in answer.document()["lines"]][2:] == ["3号线停产", "4号线停产"]

    @settings(deadline=None, max_examples=30)
    @given(enterprises(), st.lists(lines(), min_size=1, max_size=5), st.sampled_from(LEVELS))
    def test_every_line_and_what_it_must_do_is_said(
        self, owner: Enterprise, some: list[Line], level: ResponseLevel
    ) -> None:
        answer = requirement_for(owner, some, replace(RED, level=level))
        known = [one for one in answer.lines if one.measure.executable]
        if answer.summary_zh == f"{owner.grade.title_zh}：自主采取减排措施" or not known:
            return
        for one in known:
            assert one.name in answer.summary_zh
            assert one.name in answer.summary_en
            assert one.standing.clause_zh in answer.summary_zh
            assert one.standing.clause_en in answer.summary_en


class TestSharedCourses:
    """Lines of which the same is asked share what is made of it, and nothing else."""

    def test_equal_measures_keep_how_their_numbers_are_written(self) -> None:
        for ratio, written in ((1, "1"), (1.0, "1.0"), (1, "1")):
            answer = requirement_for(firm(), [line("1", measure(Action.LIMIT, ratio))], RED)
            assert json.dumps(answer.document()["lines"][0]["ratio"]) == written

    def test_stored_measures_keep_how_their_numbers_are_written(self) -> None:
        for ratio in (1, 1.0, 1):
            for rare in ({}, {"coking_hours": 36}, {"coking_hours": 36.0}):
                document = measure_document(measure(Action.LIMIT, ratio)) | rare
                assert json.dumps(measure_document(measure_from(document))) == json.dumps(document)

    def test_a_line_is_named_in_its_own_document_only(self) -> None:
        answer = requirement_for(firm(), [line("1", STOP), line("2", STOP)], RED)
        again = requirement_for(firm(), [line("3", STOP)], RED)
        found = [*answer.document()["lines"], *again.document()["lines"]]
        assert [(one["code"], one["name"], one["sentence_zh"]) for one in found] == [
            (code, f"{number}号线", f"{number}号线停产") for number, code in enumerate(("1", "2", "3"), start=1)
        ]
        assert [one["stages"][0]["sentence_zh"] for one in found] == ["1号线停产", "2号线停产", "3号线停产"]


class TestHeadline:
    @pytest.mark.parametrize(
        ("level", "zh", "en"),
        [
            (ResponseLevel.YELLOW, "现在：黄色预警 Ⅲ级响应", "Now: yellow warning, level III response"),
            (ResponseLevel.ORANGE, "现在：橙色预警 Ⅱ级响应", "Now: orange warning, level II response"),
            (ResponseLevel.RED, "现在：红色预警 Ⅰ级响应", "Now: red warning, level I response"),
        ],
    )
    def test_names_warning_and_response(self, level: ResponseLevel, zh: str, en: str) -> None:
        answer = requirement_for(firm(), [line("1", STOP)], replace(RED, level=level))
        assert answer.headline_zh == f"{zh} / 12月16日 20:00 起"
        assert answer.headline_en == f"{en}, from 2016-12-16 20:00"

    def test_of_what_is_to_come(self) -> None:
        answer = requirement_for(firm(), [line("1", STOP)], replace(RED, upcoming=True))
        assert answer.headline_zh == "即将：红色预警 Ⅰ级响应 / 12月16日 20:00 起"
        assert answer.headline_en == "Next: red warning, level I response, from 2016-12-16 20:00"
        assert answer.status is RequirementStatus.REQUIRED
        assert answer.summary_zh == "1号线停产"

    def test_without_a_response(self) -> None:
        answer = requirement_for(firm(), [line("1", UNKNOWN)], None)
        assert answer.status is RequirementStatus.NO_RESPONSE
        assert answer.headline_zh == answer.summary_zh == "当前没有预警，无需采取应急减排措施"
        assert answer.headline_en == answer.summary_en == "No warning is in force: no emergency measures are required"
        assert answer.guarantee_zh is answer.guarantee_en is None

    @pytest.mark.parametrize("hours", [-11, -5, 0, 5, 8, 14])
    def test_is_in_shanghai_time_from_any_zone(self, hours: int) -> None:
        elsewhere = START.astimezone(timezone(timedelta(hours=hours)))
        answer = requirement_for(firm(), [line("1", STOP)], replace(RED, effective_at=elsewhere))
        assert answer.headline_zh.endswith("12月16日 20:00 起")
        assert answer.document()["response"]["effective_at"] == "2016-12-16T20:00:00+08:00"

    def test_midnight_is_the_next_day(self) -> None:
        at = datetime(2016, 12, 31, 16, tzinfo=UTC)
        assert requirement_for(firm(), [], replace(RED, effective_at=at)).headline_zh.endswith("1月1日 00:00 起")

    @pytest.mark.parametrize("field", ["effective_at", "planned_end"])
    def test_every_instant_needs_a_zone(self, field: str) -> None:
        with pytest.raises(ValueError, match="give an aware datetime"):
            replace(RED, **{field: datetime(2016, 12, 17)})  # noqa: DTZ001


class TestGuarantee:
    HELD = firm(guarantee=GuaranteeType.LIVELIHOOD, guarantee_until=date(2017, 3, 15), guarantee_cap=CAP)

    def test_both_languages_name_kind_and_load(self) -> None:
        answer = under_red(STOP, owner=self.HELD)
        assert answer.guarantee_zh == (
            "保障类（民生保障）：仅保障所需生产，负荷不超过批准值：日投料 ≤ 120 t；污染治理设施正常运行、达标排放"
        )
        assert answer.guarantee_en == (
            "Guarantee enterprise (livelihood): only what the guarantee needs, at most 日投料 ≤ 120 t; "
            "keep treatment running and compliant"
        )

    def test_without_a_load_the_approved_one_holds(self) -> None:
        answer = under_red(STOP, owner=replace(self.HELD, guarantee_cap=None))
        assert answer.guarantee_zh is not None
        assert "按批准的最大负荷生产" in answer.guarantee_zh
        assert "at most the approved load" in (answer.guarantee_en or "")

    @pytest.mark.parametrize("until", [None, date(2016, 12, 15)])
    def test_one_that_does_not_hold_follows_the_list(self, until: date | None) -> None:
        answer = under_red(STOP, owner=replace(self.HELD, guarantee_until=until))
        assert "按清单措施执行" in (answer.guarantee_zh or "")
        assert "follow the list" in (answer.guarantee_en or "")

    @pytest.mark.parametrize("kind", list(GuaranteeType))
    def test_every_kind_has_both_names(self, kind: GuaranteeType) -> None:
        answer = under_red(STOP, owner=replace(self.HELD, guarantee=kind))
        assert kind.zh in (answer.guarantee_zh or "")
        assert kind.en in (answer.guarantee_en or "")

    @pytest.mark.parametrize(("days", "held"), [(-1, True), (0, True), (1, False)])
    def test_holds_through_its_last_day(self, days: int, held: bool) -> None:
        at = datetime(2017, 3, 15, 15, 59, tzinfo=UTC) + timedelta(days=days)  # 23:59 in Shanghai
        facts = replace(RED, effective_at=at)
        text = requirement_for(self.HELD, [line("1", STOP)], facts).guarantee_zh or ""
        assert ("仅保障所需生产" in text) is held

    def test_does_not_change_what_the_lines_have_to_do(self) -> None:
        with_it, without = under_red(STOP, owner=self.HELD), under_red(STOP)
        assert with_it.lines == without.lines
        assert with_it.summary_zh == without.summary_zh


class TestSmallMicro:
    def test_is_told_what_the_list_says_level_by_level(self) -> None:
        small = firm(small_micro=True, grade=Grade.UNGRADED, key_industry=False, industry="食品加工")
        one = line("1", measure(Action.NONE), measure(Action.NONE), measure(Action.LIMIT, 0.5))
        said = [requirement_for(small, [one], replace(RED, level=level)).summary_zh for level in LEVELS]
        assert said == ["1号线：不采取减排措施", "1号线：不采取减排措施", "1号线限产 50 %"]


class TestDocument:
    def test_has_a_fixed_shape(self) -> None:
        document = under_red(STOP).document()
        assert list(document) == sorted([
            "uscc", "name", "adcode", "grade", "grade_zh", "status", "headline_zh", "headline_en", "summary_zh",
            "summary_en", "guarantee_zh", "guarantee_en", "response", "lines", "responses", "seasonal", "hypothetical",
        ])  # fmt: skip
        assert list(document["response"]) == sorted([
            "adcode", "level", "level_zh", "response_zh", "effective_at", "measures_start", "planned_end",
            "list_version", "warning_title",
        ])  # fmt: skip

    def test_carries_the_measure_of_the_list_and_the_units_that_follow(self) -> None:
        half = Measure(Action.STOP, 0.5, total_units=3)
        document = under_red(half).document()["lines"][0]
        expected = {**measure_document(half), "stopped_units": 2}
        assert {key: document[key] for key in expected} == expected
        assert document["action_zh"] == "停产"

    def test_the_end_is_open_or_stated(self) -> None:
        assert under_red(STOP).document()["lines"][0]["until"] is None
        ended = replace(RED, planned_end=START + timedelta(days=3))
        document = requirement_for(firm(), [line("1", STOP)], ended).document()
        assert document["lines"][0]["until"] == document["response"]["planned_end"] == "2016-12-19T20:00:00+08:00"

    def test_lines_stand_in_the_order_of_their_codes(self) -> None:
        codes = ["MF0010", "MF0002", "MF0001"]
        answer = requirement_for(firm(), [line(code, STOP) for code in codes], RED)
        assert [one.code for one in answer.lines] == sorted(codes)

    @settings(deadline=None, max_examples=30)
    @given(enterprises(), st.lists(lines(), max_size=4, unique_by=lambda one: one.code), st.sampled_from(LEVELS))
    def test_every_line_is_told_and_none_is_added(
        self, owner: Enterprise, some: list[Line], level: ResponseLevel
    ) -> None:
        document: dict[str, Any] = requirement_for(owner, some, replace(RED, level=level)).document()
        assert sorted(one["code"] for one in document["lines"]) == sorted(one.code for one in some)
        json.dumps(document, ensure_ascii=False, allow_nan=False)
        for one in document["lines"]:
            assert one["sentence_zh"].startswith(one["name"])
            assert one["sentence_en"].startswith(f"{one['name']}: ")

    @settings(deadline=None, max_examples=30)
    @given(st.lists(lines(), min_size=1, max_size=3), st.sampled_from(LEVELS))
    def test_no_sentence_shows_how_it_was_made(self, some: list[Line], level: ResponseLevel) -> None:
        named = [replace(one, name="1号线") for one in some]
        for one in requirement_for(firm(), named, replace(RED, level=level)).lines:
            assert "None" not in one.sentence_zh + one.sentence_en
            assert not re.search(r"：（|: +\(|，，|, ,", one.sentence_zh + one.sentence_en)
