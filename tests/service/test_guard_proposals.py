"""Proposals by hand: what follows the assessment goes through, what departs from it needs a ground and is on record."""

from __future__ import annotations

import asyncio
from datetime import datetime, timedelta

import pytest

from service.accounts.roles import Role
from service.kit.clock import SHANGHAI, ManualClock
from service.kit.runtime import Runtime
from tests.service.guarding import (
    CLEAN,
    CONSULTED,
    ORDER,
    cleared,
    deviations,
    effects,
    entries,
    heard,
    open_ones,
    refused,
    say,
    warned,
    wish,
)
from tests.support import HEAVY, NOW, Client

END = datetime(2016, 12, 20, tzinfo=SHANGHAI)
"""The end of the yellow warning that HEAVY asks for."""


async def prompted(client: Client, level: str, ends_at: str | None = None) -> None:
    """A regional prompt names Beijing from the next evening on."""
    coordinator = await client.account(Role.COORDINATOR, adcode="100000")
    body = {
        "region": "jingjinji-2015",
        "document": "区域提示",
        "basis": "会商",
        "starts_at": "2016-12-16T20:00:00+08:00",
        "ends_at": ends_at,
        "entries": [{"adcode": "110000", "level": level}],
    }
    answer = await client.http.post("/api/v1/prompts", headers=coordinator, json=body)
    assert answer.status_code == 201, answer.text


TARGET = {"reason": "criteria_met", "explanation": "为完成年度空气质量目标，建议启动橙色预警"}


class TestCase56:
    """Criteria not met, the manager wants orange to save the annual target: refuse, and log."""

    async def test_is_refused_in_plain_words(self, client: Client, officer: dict[str, str]) -> None:
        await heard(client, CLEAN)
        body = refused(await wish(client, officer, "orange", **TARGET), "started_without_criteria")
        assert body["called_for"] == "none"
        assert body["detail_zh"] == (
            "最近一次研判未达到预警标准，此项属于“未达标准启动”，未予受理。请从列表中选择依据类别（上级指令、区域预警提示、"
            "会商意见、监测已达重度且未来12小时无明显改善），并写明法律依据和理由。空气质量目标、排名和年度考核不是理由"
            "（环大气〔2024〕6号）。"
        )
        assert "targets" in body["detail"]
        assert [ground["code"] for ground in body["grounds"]] == [
            "upper_order",
            "regional_prompt",
            "consultation",
            "observed_heavy",
        ]
        assert all(ground["zh"] and ground["needs_zh"] for ground in body["grounds"])

    async def test_is_logged_and_has_no_effect(self, client: Client, runtime: Runtime, officer: dict[str, str]) -> None:
        await heard(client, CLEAN)
        await wish(client, officer, "orange", **TARGET, legal_basis="市考核办〔2016〕9号")
        (entry,) = await entries(runtime, "proposal.refused")
        assert (entry["adcode"], entry["role"], entry["to"]) == ("110000", "duty_officer", "orange")
        assert (entry["deviates"], entry["lack"]) == ("started_without_criteria", "ground_missing")
        assert (entry["ground"], entry["legal_basis"]) == (None, "市考核办〔2016〕9号")
        assert "年度空气质量目标" in entry["explanation"]
        async with runtime.unit() as uow:
            assert await uow.fetchval("SELECT level FROM assessment WHERE id = $1", entry["assessment"]) == 0
            assert await uow.fetchval("SELECT count(*) FROM proposal") == 0
        assert set((await effects(runtime)).values()) == {0}
        assert await deviations(client, officer) == []

    async def test_a_target_is_no_ground_of_the_list(self, client: Client, officer: dict[str, str]) -> None:
        answer = await wish(client, officer, "orange", ground="annual_target", legal_basis="市考核办〔2016〕9号")
        assert (answer.status_code, answer.json()["type"]) == (422, "urn:lantian:problem:invalid-content")


class TestRefusals:
    async def test_the_same_attempt_is_logged_once(
        self, client: Client, runtime: Runtime, officer: dict[str, str], clock: ManualClock
    ) -> None:
        await heard(client, CLEAN)
        for _ in range(5):
            refused(await wish(client, officer, "orange"), "started_without_criteria")
        assert len(await entries(runtime, "proposal.refused")) == 1
        await wish(client, officer, "red")
        await wish(client, await client.account(Role.COMMANDER), "orange")
        assert len(await entries(runtime, "proposal.refused")) == 3
        clock.advance_to(NOW + timedelta(hours=1))
        await wish(client, officer, "orange")
        assert len(await entries(runtime, "proposal.refused")) == 4  # against another assessment

    async def test_ten_at_once_are_logged_once(self, client: Client, runtime: Runtime, officer: dict[str, str]) -> None:
        await heard(client, CLEAN)
        for answer in await asyncio.gather(*(wish(client, officer, "orange") for _ in range(10))):
            refused(answer, "started_without_criteria")
        assert len(await entries(runtime, "proposal.refused")) == 1

    async def test_a_repeated_key_is_logged_once_whatever_was_assessed_meanwhile(
        self, client: Client, runtime: Runtime, officer: dict[str, str], clock: ManualClock
    ) -> None:
        await heard(client, CLEAN)
        keyed = officer | {"idempotency-key": "try-1"}
        for hour in range(3):
            clock.advance_to(NOW + timedelta(hours=hour))
            refused(await wish(client, keyed, "orange"), "started_without_criteria")
        assert len(await entries(runtime, "proposal.refused")) == 1
        await wish(client, officer | {"idempotency-key": "try-2"}, "orange")
        assert len(await entries(runtime, "proposal.refused")) == 2

    async def test_one_key_does_not_hide_another_wish(
        self, client: Client, runtime: Runtime, officer: dict[str, str]
    ) -> None:
        await heard(client, CLEAN)
        keyed = officer | {"idempotency-key": "try-1"}
        for to in ("yellow", "orange", "red"):
            refused(await wish(client, keyed, to), "started_without_criteria")
        assert [entry["to"] for entry in await entries(runtime, "proposal.refused")] == ["yellow", "orange", "red"]

    async def test_a_refusal_does_not_use_up_the_key(self, client: Client, officer: dict[str, str]) -> None:
        await heard(client, CLEAN)
        keyed = officer | {"idempotency-key": "try-1"}
        refused(await wish(client, keyed, "orange"), "started_without_criteria")
        made = await wish(client, keyed, "orange", **ORDER)
        again = await wish(client, keyed, "orange", **ORDER)
        assert (made.status_code, again.status_code) == (201, 201)
        assert again.headers["idempotent-replay"] == "true"
        assert len(await deviations(client, officer)) == 1

    async def test_what_the_system_proposed_stays_open(self, client: Client, officer: dict[str, str]) -> None:
        await heard(client, HEAVY)
        before = await open_ones(client)
        refused(await wish(client, officer, "red"), "started_without_criteria")
        assert await open_ones(client) == before

    async def test_whoever_may_not_propose_leaves_no_trace(self, client: Client, runtime: Runtime) -> None:
        for role, adcode in ((Role.AUDITOR, "110000"), (Role.DUTY_OFFICER, "130000")):
            answer = await wish(client, await client.account(role, adcode=adcode), "orange")
            assert answer.status_code == 403
        assert await entries(runtime, "proposal.refused") == []

    @pytest.mark.parametrize(
        ("given", "lack"),
        [
            ({"legal_basis": "京政办〔2016〕1号"}, "ground_missing"),
            ({"ground": "upper_order"}, "legal_basis_missing"),
            ({"ground": "upper_order", "legal_basis": "市长口头要求"}, "document_not_named"),
            ({"ground": "regional_prompt", "legal_basis": "环函〔2016〕1号"}, "prompt_not_on_record"),
            ({"ground": "issued_in_error", "legal_basis": "预案第1条"}, "ground_does_not_fit"),
        ],
    )
    async def test_half_of_what_is_needed(
        self, client: Client, runtime: Runtime, officer: dict[str, str], given: dict[str, str], lack: str
    ) -> None:
        refused(await wish(client, officer, "orange", **given), "started_without_criteria", lack)
        (entry,) = await entries(runtime, "proposal.refused")
        assert (entry["lack"], entry["ground"], entry["assessment"]) == (lack, given.get("ground"), None)


class TestStartAndRaise:
    async def test_on_an_order_it_is_put_forward_flagged_and_noted(
        self, client: Client, runtime: Runtime, officer: dict[str, str], commander: dict[str, str]
    ) -> None:
        await heard(client, CLEAN)
        made = (await wish(client, officer, "orange", reason="criteria_met", **ORDER)).json()
        assert made["content"]["flags"] == ["started_without_criteria"]
        assert made["content"]["deviation"] == {
            "kind": "started_without_criteria",
            "ground": "upper_order",
            "called_for": "none",
        }
        assert made["reason"] == "upper_order"  # never told as criteria met
        decided = await say(client, commander, made, True)
        assert decided.json()["deviation"] == "started_without_criteria"
        (noted,) = await deviations(client, commander)
        assert (noted["kind"], noted["action"], noted["from"], noted["to"]) == (
            "started_without_criteria",
            "issue",
            "none",
            "orange",
        )
        assert (noted["ground"], noted["legal_basis"]) == ("upper_order", "京政办〔2016〕1号")
        assert (noted["explanation"], noted["called_for"]) == ("说明理由", "none")
        assert (noted["proposal"], noted["proposal_state"]) == (made["id"], "approved")
        assert (noted["decision"], noted["decided_by_role"]) == (decided.json()["decision"], "commander")
        assert noted["assessment"] == made["assessment"]
        assert len(await entries(runtime, "deviation.noted")) == 1
        (issued,) = await entries(runtime, "warning.issue")
        assert issued["flags"] == ["started_without_criteria"]

    async def test_as_assessed_it_needs_nothing_and_takes_the_assessed_times(
        self, client: Client, officer: dict[str, str], commander: dict[str, str]
    ) -> None:
        await heard(client, HEAVY)
        made = (await wish(client, officer, "yellow", reason="criteria_met")).json()
        assert (made["content"]["flags"], "deviation" in made["content"]) == ([], False)
        assert (made["effective_at"], made["planned_end"]) == ("2016-12-17T00:00:00+08:00", END.isoformat())
        assert (await say(client, commander, made, True)).json()["deviation"] is None
        assert await deviations(client, commander) == []

    @pytest.mark.parametrize(("to", "kind"), [("blue", "set_below_criteria"), ("red", "started_without_criteria")])
    async def test_another_level_than_assessed(
        self, client: Client, officer: dict[str, str], to: str, kind: str
    ) -> None:
        await heard(client, HEAVY)
        assert refused(await wish(client, officer, to), kind)["called_for"] == "yellow"
        made = await wish(client, officer, to, **CONSULTED)
        assert made.json()["content"]["flags"] == [kind]

    async def test_longer_than_assessed(self, client: Client, officer: dict[str, str]) -> None:
        await heard(client, HEAVY)
        longer = (END + timedelta(seconds=1)).isoformat()
        refused(await wish(client, officer, "yellow", planned_end=longer), "prolonged_without_criteria")
        made = await wish(client, officer, "yellow", planned_end=END.isoformat())
        assert (made.status_code, made.json()["content"]["flags"]) == (201, [])

    async def test_raised_above_the_assessment(
        self, client: Client, officer: dict[str, str], commander: dict[str, str]
    ) -> None:
        await warned(client, commander)
        refused(await wish(client, officer, "red"), "raised_without_criteria")
        made = (await wish(client, officer, "red", **CONSULTED)).json()
        assert (made["action"], made["content"]["flags"]) == ("raise", ["raised_without_criteria"])

    async def test_a_prompt_on_record_is_enough_and_flags_nothing(
        self, client: Client, officer: dict[str, str], commander: dict[str, str]
    ) -> None:
        await heard(client, CLEAN)
        plea = {"reason": "regional_prompt", "ground": "regional_prompt"}
        assert (await wish(client, officer, "orange", **plea)).status_code == 422
        await prompted(client, "orange")
        made = (await wish(client, officer, "orange", **plea)).json()
        assert (made["content"]["flags"], made["reason"]) == ([], "regional_prompt")
        assert made["effective_at"] == "2016-12-16T20:00:00+08:00"
        assert (await say(client, commander, made, True)).status_code == 200
        assert await deviations(client, commander) == []
        refused(
            await wish(client, officer, "red", ground="regional_prompt"),
            "raised_without_criteria",
            "prompt_not_on_record",
        )

    async def test_a_reason_that_cannot_be_true_is_refused(self, client: Client, officer: dict[str, str]) -> None:
        await heard(client, HEAVY)
        for reason in ("regional_prompt", "issued_in_error", "no_change", "prolonged"):
            answer = await wish(client, officer, "yellow", reason=reason)
            assert (answer.status_code, answer.json()["type"]) == (422, "urn:lantian:problem:invalid-content"), reason

    async def test_only_an_order_is_told_as_an_order(self, client: Client, officer: dict[str, str]) -> None:
        await heard(client, CLEAN)
        answer = await wish(client, officer, "orange", **CONSULTED, reason="upper_order")
        assert (answer.status_code, "told of an order only" in answer.json()["detail"]) == (422, True)
        made = await wish(client, officer, "orange", **ORDER, reason="criteria_met")
        assert made.json()["reason"] == "upper_order"

    async def test_what_was_right_when_it_was_proposed_must_be_right_when_it_is_approved(
        self, client: Client, runtime: Runtime, officer: dict[str, str], commander: dict[str, str], clock: ManualClock
    ) -> None:
        await heard(client, HEAVY)
        made = (await wish(client, officer, "yellow")).json()
        clock.advance_to(NOW + timedelta(hours=1))
        await heard(client, CLEAN)
        answer = await say(client, commander, made, True)
        assert answer.status_code == 409
        assert "no longer supports" in answer.json()["detail"]
        assert set((await effects(runtime)).values()) == {0}
        assert (await say(client, commander, made, False)).json()["deviation"] is None


class TestProlong:
    async def test_beyond_the_assessed_end(
        self, client: Client, runtime: Runtime, officer: dict[str, str], commander: dict[str, str]
    ) -> None:
        await warned(client, commander)
        longer = (END + timedelta(hours=24)).isoformat()
        refused(await wish(client, officer, "yellow", planned_end=longer), "prolonged_without_criteria")
        made = (await wish(client, officer, "yellow", planned_end=longer, reason="prolonged", **CONSULTED)).json()
        assert (made["action"], made["planned_end"]) == ("extend", longer)
        assert made["content"]["notice"]["zh"]["headline"] == "北京市延长重污染天气黄色预警和Ⅲ级应急响应"
        assert (await say(client, commander, made, True)).status_code == 200
        async with runtime.unit() as uow:
            assert await uow.fetchval("SELECT planned_end FROM warning") == END + timedelta(hours=24)
        (noted,) = await deviations(client, commander)
        assert (noted["kind"], noted["action"]) == ("prolonged_without_criteria", "extend")

    async def test_what_the_system_extends_is_not_flagged(
        self, client: Client, commander: dict[str, str], clock: ManualClock
    ) -> None:
        await warned(client, commander)
        clock.advance_to(NOW + timedelta(hours=3))
        await heard(client, [60.0] * 28 + [180.0] * 96 + [40.0] * 40)
        (found,) = await open_ones(client)
        assert found["action"] == "extend"
        (again,) = (await client.http.get("/api/v1/proposals?state=open", headers=commander)).json()["items"]
        assert (await say(client, commander, again, True)).json()["deviation"] is None
        assert await deviations(client, commander) == []

    @pytest.mark.parametrize(
        ("to", "end", "status", "said"),
        [
            ("yellow", "2016-12-19T00:00:00+08:00", 409, "only a later one"),
            ("yellow", "2016-12-20T00:00:00+08:00", 409, "only a later one"),
            ("yellow", "2016-12-15T16:59:59+08:00", 422, "must lie ahead"),
            ("yellow", "2017-12-17T00:00:00+08:00", 422, "within a year"),
            ("yellow", "9999-12-31T23:59:59-12:00", 422, "within a year"),
            ("none", "2016-12-21T00:00:00+08:00", 422, "leave planned_end out"),
            ("yellow", "2016-12-21T00:00:00", 422, "see errors"),
        ],
    )
    async def test_ends_that_make_no_sense(
        self,
        client: Client,
        officer: dict[str, str],
        commander: dict[str, str],
        to: str,
        end: str,
        status: int,
        said: str,
    ) -> None:
        await warned(client, commander)
        answer = await wish(client, officer, to, planned_end=end, **ORDER)
        assert answer.status_code == status
        assert said in answer.json()["detail"]

    async def test_a_warning_without_a_stated_end_is_not_prolonged(
        self, client: Client, officer: dict[str, str], commander: dict[str, str]
    ) -> None:
        made = (await wish(client, officer, "orange", **ORDER)).json()
        assert (await say(client, commander, made, True)).status_code == 200
        answer = await wish(client, officer, "orange", planned_end=END.isoformat(), **ORDER)
        assert (answer.status_code, "no stated end" in answer.json()["detail"]) == (409, True)

    async def test_an_end_before_the_start_is_refused(self, client: Client, officer: dict[str, str]) -> None:
        await heard(client, HEAVY)
        answer = await wish(client, officer, "yellow", planned_end="2016-12-17T00:00:00+08:00")
        assert (answer.status_code, "before the start" in answer.json()["detail"]) == (422, True)


class TestDown:
    async def test_lifting_and_lowering_against_the_criteria(
        self, client: Client, officer: dict[str, str], commander: dict[str, str]
    ) -> None:
        await warned(client, commander)
        refused(await wish(client, officer, "none", reason="improved"), "lifted_against_criteria")
        refused(await wish(client, officer, "blue", reason="level_lowered"), "lowered_against_criteria")
        made = (await wish(client, officer, "none", reason="improved", **CONSULTED)).json()
        assert (made["action"], made["content"]["flags"]) == ("lift", ["lifted_against_criteria"])
        assert (await say(client, commander, made, True)).status_code == 200
        (noted,) = await deviations(client, commander)
        assert (noted["kind"], noted["called_for"], noted["ground"]) == (
            "lifted_against_criteria",
            "yellow",
            "consultation",
        )

    async def test_lifting_as_assessed_needs_nothing(
        self, client: Client, officer: dict[str, str], commander: dict[str, str], clock: ManualClock
    ) -> None:
        await warned(client, commander)
        proposed = await cleared(client, clock)
        made = (await wish(client, officer, "none", reason="improved")).json()
        assert (made["content"]["flags"], made["effective_at"]) == ([], proposed["content"]["effective_at"])
        assert (await say(client, commander, made, True)).status_code == 200
        late = await wish(client, officer, "yellow", **ORDER)
        assert (late.status_code, "is decided" in late.json()["detail"]) == (409, True)

    async def test_a_revocation_takes_an_error(
        self, client: Client, officer: dict[str, str], commander: dict[str, str]
    ) -> None:
        await warned(client, commander)
        error = {"reason": "issued_in_error", "explanation": "值班员误操作"}
        refused(await wish(client, officer, "none", **error), "revoked")
        refused(await wish(client, officer, "none", **error, **ORDER), "revoked", "ground_does_not_fit")
        made = (
            await wish(client, officer, "none", **error, ground="issued_in_error", legal_basis="突发事件应对法第七十条")
        ).json()
        assert (made["action"], made["content"]["flags"]) == ("revoke", ["revoked"])
        assert (await say(client, commander, made, True)).status_code == 200
        assert [noted["kind"] for noted in await deviations(client, commander)] == ["revoked"]


class TestMeasuredHeavyAir:
    async def test_is_a_ground_only_when_the_newest_assessment_found_it(
        self, client: Client, officer: dict[str, str]
    ) -> None:
        await heard(client, CLEAN)
        answer = await wish(client, officer, "orange", ground="observed_heavy", legal_basis="预案第三条")
        assert answer.status_code == 422
        body = answer.json()
        assert (body["kind"], body["lack"]) == ("started_without_criteria", "not_measured_heavy")
        assert "没有认定“监测已达重度" in body["detail_zh"]
