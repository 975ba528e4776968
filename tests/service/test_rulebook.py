"""The law as values: `/api/v1/rules`, `/api/v1/plans`, and which document each value comes from."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest

from alerts.law import Law
from alerts.rules import Validity
from service.accounts.roles import Role
from service.kit.runtime import Runtime
from service.law.loader import load_law
from service.rulebook.flows import categories, deciding, layers, read_plan, rule_sets, standing, usual_day
from service.rulebook.statements import (
    Owner,
    Statement,
    about,
    left_over,
    of_conduct,
    of_criteria,
    of_rules,
    of_tiers,
    owner_of,
)
from service.rulebook.words import label, written
from tests.support import Client

WINTER = date(2025, 12, 15)


@pytest.fixture(scope="module")
def law() -> Law:
    return load_law()


@pytest.fixture
async def official(client: Client) -> dict[str, str]:
    return await client.account(Role.AUDITOR, "100000")


async def got(client: Client, path: str, headers: dict[str, str]) -> dict[str, Any]:
    answer = await client.http.get(path, headers=headers)
    assert answer.status_code == 200, answer.text
    return dict(answer.json())


def by_path(statements: list[Statement]) -> dict[str, Statement]:
    return {one.path: one for one in statements}


class TestRules:
    async def test_every_rule_set_with_its_evidence(
        self, client: Client, official: dict[str, str], runtime: Runtime
    ) -> None:
        body = await got(client, "/api/v1/rules", official)
        found = {one["id"]: one for one in body["rules"]}
        assert found.keys() == runtime.law.rules.keys()
        newest = found["national-2024"]
        assert newest["levels"]["red"]["any"] == [
            {
                "over": 200,
                "hours": 72,
                "of": "aqi",
                "containing": {"over": 300, "hours": 24, "of": "aqi", "containing": None},
            }
        ]
        assert newest["in_force"] == {"from": "2024-01-01", "until": None}
        assert newest["document"].endswith("（环大气〔2024〕6号）")
        assert newest["not_established"]["grade_on_range"]
        assert {one["id"] for one in body["standards"]} == {"hj633-2012", "hj633-2026"}

    def test_the_newest_is_first(self, law: Law) -> None:
        days = [one.in_force.from_ for one in rule_sets(law)]
        assert days == sorted(days, reverse=True)


class TestPlans:
    async def test_every_version_of_every_place(
        self, client: Client, official: dict[str, str], runtime: Runtime
    ) -> None:
        listed = (await got(client, "/api/v1/plans", official))["plans"]
        assert {one["id"] for one in listed} == runtime.law.plans.keys()
        assert listed[0]["id"] == "national-default"
        beijing = next(one for one in listed if one["id"] == "beijing-2023")
        assert (beijing["adcode"], beijing["place"], beijing["number"]) == ("110000", "北京市", None)

    async def test_one_with_the_plan_that_each_value_comes_from(self, client: Client, official: dict[str, str]) -> None:
        body = await got(client, "/api/v1/plans/beijing-2023?on=2025-12-15", official)
        assert body["origin"]["authorities.red"] == "beijing-2023"
        assert body["origin"]["approvers.red"] == "national-default"
        assert body["values"]["approvers"]["red"] == ["commander"]
        assert body["values"]["authorities"]["yellow"]["approves"] is None
        assert [one["id"] for one in body["layers"]] == ["beijing-2023", "national-default"]
        assert body["rules"]["id"] == body["criteria"]["rules_id"] == "national-2024"
        assert body["criteria"]["clauses"]["yellow"][0]["zh"] == "日AQI大于200持续24小时"

    async def test_every_plan_can_be_read(self, client: Client, official: dict[str, str], runtime: Runtime) -> None:
        for plan_id in runtime.law.plans:
            body = await got(client, f"/api/v1/plans/{plan_id}", official)
            assert set(body["origin"].values()) <= set(runtime.law.plans)
            assert body["id"] == plan_id

    async def test_is_read_on_its_nearest_day_unless_asked(self, client: Client, official: dict[str, str]) -> None:
        assert (await got(client, "/api/v1/plans/national-default", official))["on"] == "2016-12-15"
        assert (await got(client, "/api/v1/plans/beijing-2023", official))["on"] == "2023-10-01"
        assert (await got(client, "/api/v1/plans/beijing-2013", official))["on"] == "2015-02-28"

    @pytest.mark.parametrize(
        ("path", "status", "told"),
        [
            ("nowhere-2020", 404, "no plan"),
            ("beijing-2023?on=2016-12-15", 422, "not in force on 2016-12-15"),
            ("beijing-2023?on=yesterday", 422, "not a day"),
        ],
    )
    async def test_refusals(self, client: Client, official: dict[str, str], path: str, status: int, told: str) -> None:
        answer = await client.http.get(f"/api/v1/plans/{path}", headers=official)
        assert answer.status_code == status
        assert told in answer.json()["detail"]


@pytest.mark.parametrize("path", ["/api/v1/rules", "/api/v1/plans", "/api/v1/plans/national-default"])
class TestAccess:
    async def test_officials_of_any_region(self, client: Client, path: str) -> None:
        for role in (Role.DUTY_OFFICER, Role.COORDINATOR, Role.ADMINISTRATOR):
            headers = await client.account(role, "370000")
            assert (await client.http.get(path, headers=headers)).status_code == 200

    async def test_nobody_else(self, client: Client, path: str) -> None:
        client.http.cookies.clear()
        assert (await client.http.get(path)).status_code == 401
        enterprise = await client.account(Role.ENTERPRISE, uscc="91110000100000000X")
        assert (await client.http.get(path, headers=enterprise)).status_code == 403

    async def test_is_kept_by_its_etag(self, client: Client, official: dict[str, str], path: str) -> None:
        tag = (await client.http.get(path, headers=official)).headers["etag"]
        again = await client.http.get(path, headers=official | {"if-none-match": tag})
        assert (again.status_code, again.content) == (304, b"")


class TestOrigin:
    def test_a_value_of_its_own_one_inherited_and_one_of_the_rule_set(self, law: Law) -> None:
        reading = read_plan(law, "shandong-2024", WINTER)
        found = by_path(of_criteria(law, reading) + of_conduct(law, reading))
        assert found["lead_time_hours"].owner == Owner("plan", "shandong-2024")
        assert found["conflict"].owner == Owner("plan", "national-default")
        assert found["levels.red"].owner == Owner("rules", "national-2024")
        assert found["deadlines.forecast_good_hours"].owner == Owner("service")

    def test_a_level_that_a_plan_writes_itself(self, law: Law) -> None:
        reading = read_plan(law, "chengdu-2020", usual_day(law.plans["chengdu-2020"].in_force, WINTER))
        found = by_path(of_criteria(law, reading))
        assert found["levels.orange"].owner == Owner("plan", "chengdu-2020")
        assert found["levels.red"].owner is not None
        assert found["levels.red"].owner.kind == "rules"

    def test_a_city_takes_from_its_province_before_the_nation(self, law: Law) -> None:
        reading = read_plan(law, "shijiazhuang-2024", WINTER)
        assert [one.id for one in layers(law, reading)] == ["shijiazhuang-2024", "hebei-2024", "national-default"]
        assert owner_of(law, reading, "base") == Owner("plan", "hebei-2024")

    def test_the_lowest_layer_owns_what_it_states(self, law: Law) -> None:
        reading = read_plan(law, "national-default", WINTER)
        assert owner_of(law, reading, "measures.orange.健康防护") == Owner("plan", "national-default")
        assert owner_of(law, reading, "authorities.red") is None

    def test_before_any_national_rule_set_the_criteria_are_open(self, law: Law) -> None:
        reading = read_plan(law, "national-default", date(2014, 1, 1))
        assert reading.criteria is None
        assert of_criteria(law, reading) == []
        assert [one.level for one in deciding(law, reading)] == ["red", "orange", "yellow", "blue"]
        assert not by_path(of_conduct(law, reading))["base"].established

    @pytest.mark.parametrize("plan_id", sorted(load_law().plans))
    def test_whatever_is_established_has_an_owner_but_for_an_unnamed_base(self, law: Law, plan_id: str) -> None:
        reading = read_plan(law, plan_id, usual_day(law.plans[plan_id].in_force, WINTER))
        rows = of_criteria(law, reading) + of_conduct(law, reading) + [one for one, _ in of_tiers(law, reading)]
        unowned = {one.path for one in rows if one.established and one.owner is None}
        assert unowned <= ({"base"} if reading.plan.base is None else set())
        assert not [one.path for one in rows if one.owner is not None and not one.established and one.path != "number"]


class TestNotEstablished:
    def test_what_a_rule_set_leaves_out_has_no_words_and_says_what_is_open(self, law: Law) -> None:
        found = by_path(of_rules(law.rules["beijing-2013"]))
        assert not found["lift"].established
        assert [one.kind for one in found["lift"].remarks] == ["open"]
        assert found["merge_gap_hours"].established

    def test_offices_that_nobody_names(self, law: Law) -> None:
        red, orange, yellow = deciding(law, read_plan(law, "beijing-2023", WINTER))
        assert (red.authority.approves, red.authority.issues) == ("市人民政府", None)
        assert yellow.authority.approves is None
        assert any(one.kind == "open" for one in orange.stated.remarks)

    def test_a_settled_question_is_not_asked_again(self, law: Law) -> None:
        reading = read_plan(law, "xinyang-2024", WINTER)
        notice = by_path(of_conduct(law, reading))["deadlines.lifting_notice_hours"]
        assert notice.words == [("24 小时内", "within 24 h")]
        assert not [one for one in notice.remarks if one.kind == "open"]

    def test_english_of_an_open_question(self, law: Law) -> None:
        found = by_path(of_rules(law.rules["national-2024"]))
        (question,) = [one for one in found["grade_on_range"].remarks if one.kind == "open"]
        assert question.en == "Which value counts when a forecast is a range; no rule was found."


class TestEvidence:
    @pytest.mark.parametrize(
        ("path", "key", "expected"),
        [
            ("levels.red", "levels.red", True),
            ("levels.red", "levels", True),
            ("levels", "levels.red", False),
            ("lift_ahead_hours", "lift", False),
            ("deadlines.decision_hours", "decision_hours", True),
            ("deadlines.decision_hours", "deadlines", True),
            ("deadlines.decision_hours", "hours", False),
        ],
    )
    def test_a_key_speaks_of_its_path_and_those_below(self, path: str, key: str, expected: bool) -> None:
        assert about(path, key) is expected

    def test_the_closest_key_comes_first(self, law: Law) -> None:
        red = by_path(of_rules(law.rules["beijing-2015"]))["levels.red"]
        choices = [one.zh for one in red.remarks if one.kind == "choice"]
        assert choices[0].startswith('"More than 3 days"')
        assert len(choices) == 2

    def test_topics_without_a_value_are_left_over(self, law: Law) -> None:
        rules = law.rules["national-2024"]
        assert [one.path for one in left_over(rules, of_rules(rules))] == []
        assert "prompt" in by_path(of_rules(rules))
        assert "levels" in by_path(left_over(rules, []))


class TestTexts:
    def test_categories_have_both_languages_and_their_plan(self, law: Law) -> None:
        found = dict(categories(law, read_plan(law, "beijing-2023", WINTER), "measures"))
        vehicles = next(one for one in found["orange"] if one.label == ("强制·移动源", "Mandatory, vehicles"))
        assert vehicles.owner == Owner("plan", "beijing-2023")
        assert vehicles.begins == ("次日0时起", "from the next 00:00")
        assert len(vehicles.zh) == len(vehicles.en) == 3
        assert next(one for one in found["red"]).owner == Owner("plan", "national-default")

    def test_levels_that_do_not_exist_are_not_told(self, law: Law) -> None:
        found = dict(categories(law, read_plan(law, "beijing-2023", WINTER), "health_advice"))
        assert list(found) == ["red", "orange", "yellow"]

    @pytest.mark.parametrize("plan_id", sorted(load_law().plans))
    def test_every_category_of_every_plan_is_translated(self, law: Law, plan_id: str) -> None:
        reading = read_plan(law, plan_id, usual_day(law.plans[plan_id].in_force, WINTER))
        for name in ("measures", "health_advice"):
            groups = [one for _, group in categories(law, reading, name) for one in group]
            assert all(one.en and one.label[0] != one.label[1] for one in groups)

    def test_tiers_have_their_conditions(self, law: Law) -> None:
        ((stated, measures),) = of_tiers(law, read_plan(law, "jiangsu-2025", WINTER))
        assert stated.words[1][0] == "日AQI大于100持续48小时"
        assert stated.label == ("临时管控（预警前）", "temporary control before a warning")
        assert measures == []


class TestWords:
    @pytest.mark.parametrize(
        ("path", "zh"),
        [
            ("levels.red", "分级条件 · 红色"),
            ("deadlines.publish_hours", "签发到发布"),
            ("zones.苏北5市", "分区 · 苏北5市"),
            ("something_new", "something_new"),
        ],
    )
    def test_labels(self, path: str, zh: str) -> None:
        assert label(path)[0] == zh

    def test_nothing_has_no_words_but_a_gap_that_never_merges(self) -> None:
        assert written("lift", None) == []
        assert written("merge_gap_hours", None)[0][0] == "不合并，须连续"
        assert written("excluded_causes", ()) == [("无", "none")]


class TestDays:
    SPAN = Validity.model_validate({"from": date(2024, 1, 10), "until": date(2024, 2, 1)})

    @pytest.mark.parametrize(
        ("day", "expected", "read"),
        [
            (date(2024, 1, 9), "coming", date(2024, 1, 10)),
            (date(2024, 1, 10), "in_force", date(2024, 1, 10)),
            (date(2024, 1, 31), "in_force", date(2024, 1, 31)),
            (date(2024, 2, 1), "past", date(2024, 1, 31)),
        ],
    )
    def test_boundaries(self, day: date, expected: str, read: date) -> None:
        assert standing(self.SPAN, day) == expected
        assert usual_day(self.SPAN, day) == read
        assert self.SPAN.covers(usual_day(self.SPAN, day))

    def test_an_open_end(self) -> None:
        span = Validity.model_validate({"from": date(2024, 1, 10)})
        assert usual_day(span, date(2024, 1, 10) + timedelta(days=9999)) == date(2024, 1, 10) + timedelta(days=9999)
