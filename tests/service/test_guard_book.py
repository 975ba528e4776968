"""The decision that nothing changes (无变化), how long a person's proposal rests, and the book of deviations."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import asyncpg
import pytest

from alerts.guard import GROUNDS, Ground, Kind
from service.accounts.roles import Role
from service.kit.clock import ManualClock
from service.kit.runtime import Runtime
from tests.service.guarding import (
    CLEAN,
    CONSULTED,
    DEVIATIONS,
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
from tests.service.test_reference import REFERENCE
from tests.support import HEAVY, NOW, Client


class TestHold:
    async def test_is_a_decision_without_an_announcement(
        self, client: Client, runtime: Runtime, officer: dict[str, str], commander: dict[str, str]
    ) -> None:
        await warned(client, commander)
        await client.work()
        before, told = await effects(runtime), await client.http.get("/public/warnings.json")
        made = (await wish(client, officer, "yellow")).json()
        assert (made["action"], made["reason"], made["content"]["flags"]) == ("hold", "no_change", [])
        assert made["content"]["notice"]["zh"]["headline"] == "北京市维持重污染天气黄色预警和Ⅲ级应急响应"
        answer = await say(client, commander, made, True)
        signatures = {"signed", "of", "next"}
        assert set(answer.json()) == {"decision", "proposal", "approved", "decided_at", "deviation"} | signatures
        await client.work()
        assert await effects(runtime) == before | {"decision": before["decision"] + 1}
        assert (await client.http.get("/public/warnings.json")).json()["warnings"] == told.json()["warnings"]
        (kept,) = await entries(runtime, "decision.no_change")
        assert (kept["level"], kept["by"], kept["deviates"]) == ("yellow", "hold", None)
        assert kept["decision"] == answer.json()["decision"]

    async def test_no_warning_is_a_decision_too(
        self, client: Client, runtime: Runtime, officer: dict[str, str], commander: dict[str, str]
    ) -> None:
        await heard(client, CLEAN)
        made = (await wish(client, officer, "none", reason="no_change")).json()
        assert made["approvers"] == ["duty_officer", "commander"]
        assert made["content"]["notice"]["zh"]["text"] == "说明理由。北京市不启动重污染天气预警，不作调整。"
        assert (await say(client, commander, made, True)).status_code == 200
        (kept,) = await entries(runtime, "decision.no_change")
        assert (kept["level"], kept["by"]) == ("none", "hold")
        assert (await effects(runtime))["warning"] == 0

    async def test_not_to_start_though_the_criteria_are_met(
        self, client: Client, officer: dict[str, str], commander: dict[str, str]
    ) -> None:
        await heard(client, [260.0] * 100)
        (proposed,) = await open_ones(client)
        refused(await wish(client, officer, "none", reason="no_change"), "not_started_though_met")
        made = (await wish(client, officer, "none", reason="no_change", **CONSULTED)).json()
        assert made["content"]["deviation"]["called_for"] == proposed["to"]
        other = await client.account(Role.DUTY_OFFICER)
        named = (await client.http.get(f"/api/v1/proposals/{proposed['id']}", headers=officer)).json()["approvers"]
        assert made["approvers"] == named  # who may start it decides not to
        assert named == ["commander"]
        assert (await say(client, other, made, True)).status_code == 403
        assert (await say(client, commander, made, True)).status_code == 200
        (noted,) = await deviations(client, commander)
        assert (noted["kind"], noted["action"], noted["to"]) == ("not_started_though_met", "hold", "none")

    async def test_to_keep_what_may_be_lifted(
        self, client: Client, officer: dict[str, str], commander: dict[str, str], clock: ManualClock
    ) -> None:
        await warned(client, commander)
        await cleared(client, clock)
        refused(await wish(client, officer, "yellow", reason="no_change"), "kept_without_criteria")
        made = (await wish(client, officer, "yellow", reason="no_change", **CONSULTED)).json()
        assert (await say(client, commander, made, True)).json()["deviation"] == "kept_without_criteria"

    async def test_when_something_else_is_in_force_by_then(
        self, client: Client, runtime: Runtime, officer: dict[str, str], commander: dict[str, str]
    ) -> None:
        await warned(client, commander)
        made = (await wish(client, officer, "yellow", reason="no_change", **ORDER)).json()
        async with runtime.unit() as uow:
            await uow.execute("UPDATE warning SET level = 3")
            await uow.commit()
        assert (await say(client, commander, made, True)).status_code == 409
        assert await entries(runtime, "decision.no_change") == []


class TestRest:
    """A person's proposal is set aside by new evidence, not by the next hour."""

    async def hour_later(self, client: Client, clock: ManualClock) -> None:
        clock.advance_to(clock.now() + timedelta(hours=1))
        async with client.runtime.unit() as uow:
            await uow.enqueue("assess", {"adcodes": ["110000"]})
            await uow.commit()
        await client.work()

    async def test_while_it_waits(self, client: Client, officer: dict[str, str], clock: ManualClock) -> None:
        await heard(client, HEAVY)
        made = (await wish(client, officer, "red", **ORDER)).json()
        await self.hour_later(client, clock)
        assert [one["id"] for one in await open_ones(client)] == [made["id"]]
        await heard(client, [60.0] * 20 + [260.0] * 100)
        assert [one["proposed_by"] for one in await open_ones(client)] == [None]

    async def test_after_it_was_decided_that_nothing_changes(
        self, client: Client, officer: dict[str, str], commander: dict[str, str], clock: ManualClock
    ) -> None:
        await heard(client, HEAVY)
        made = (await wish(client, officer, "none", reason="no_change", **CONSULTED)).json()
        assert (await say(client, commander, made, True)).status_code == 200
        for _ in range(3):
            await self.hour_later(client, clock)
            assert await open_ones(client) == []
        clock.advance_to(NOW + timedelta(hours=12, minutes=1))
        await self.hour_later(client, clock)
        assert [one["action"] for one in await open_ones(client)] == ["issue"]


class TestBook:
    async def test_is_read_in_pages_of_the_region(
        self, client: Client, officer: dict[str, str], commander: dict[str, str]
    ) -> None:
        for to in ("yellow", "orange", "red"):
            assert (await wish(client, officer, to, **ORDER)).status_code == 201
        everything = await deviations(client, await client.account(Role.AUDITOR, adcode="100000"))
        assert [one["to"] for one in everything] == ["red", "orange", "yellow"]
        assert [one["proposal_state"] for one in everything] == ["open", "superseded", "superseded"]
        first = (await client.http.get(f"{DEVIATIONS}?size=2", headers=commander)).json()
        rest = (await client.http.get(f"{DEVIATIONS}?size=2&after={first['next']}", headers=commander)).json()
        assert first["items"] + rest["items"] == everything
        assert rest["next"] is None
        assert await deviations(client, commander, "?adcode=110000&kind=started_without_criteria") == everything
        assert await deviations(client, commander, "?kind=revoked") == []
        assert await deviations(client, commander, "?adcode=130100") == []
        assert await deviations(client, await client.account(Role.COMMANDER, adcode="130000")) == []

    async def test_words_stand_in_both_languages(self, client: Client, officer: dict[str, str]) -> None:
        await wish(client, officer, "red", **ORDER)
        (noted,) = await deviations(client, officer)
        assert noted["kind_words"] == {"zh": "未达标准启动", "en": "started without the criteria"}
        assert noted["ground_words"] == {"zh": "上级指令", "en": "order of a higher authority"}

    @pytest.mark.parametrize("query", ["?kind=annual_target", "?adcode=11", "?after=-1", "?size=0"])
    async def test_odd_questions(self, client: Client, officer: dict[str, str], query: str) -> None:
        assert (await client.http.get(DEVIATIONS + query, headers=officer)).status_code == 422

    async def test_enterprises_do_not_read_it(self, client: Client) -> None:
        enterprise = await client.account(Role.ENTERPRISE, uscc="91110000MA0000000X")
        assert (await client.http.get(DEVIATIONS, headers=enterprise)).status_code == 403

    @pytest.mark.parametrize("missing", ["ground", "legal_basis", "explanation"])
    async def test_the_database_itself_insists(
        self, client: Client, runtime: Runtime, officer: dict[str, str], missing: str
    ) -> None:
        made = (await wish(client, officer, "red", **ORDER)).json()
        given: dict[str, Any] = {"ground": "upper_order", "legal_basis": "令1号", "explanation": "x"}
        for empty in (None, " "):
            if (missing, empty) == ("ground", " "):
                continue
            with pytest.raises(asyncpg.CheckViolationError, match="deviation_sound"):
                async with runtime.unit() as uow:
                    await uow.execute(
                        "INSERT INTO deviation (adcode, kind, action, from_level, to_level, ground, legal_basis, explanation,"
                        " proposal_id, at) VALUES ('110000', 'revoked', 'revoke', 4, 0, $1, $2, $3, $4, $5)",
                        *(given | {missing: empty}).values(),
                        made["id"],
                        uow.now,
                    )


@pytest.mark.parametrize("code", [*Kind, *Ground])
def test_the_reference_names_it(code: str) -> None:
    assert f"`{code}`" in REFERENCE


@pytest.mark.parametrize("ground", Ground)
def test_the_reference_says_what_a_ground_is_called(ground: Ground) -> None:
    (line,) = [line for line in REFERENCE.splitlines() if line.startswith(f"| `{ground}`")]
    assert GROUNDS[ground].words.zh in line
