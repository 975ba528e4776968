"""Nothing leaves without a decision: who may decide, on what, when, how often; and books that cannot be rewritten."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import Any

import httpx
import pytest

from service.accounts.roles import Role
from service.kit.clock import ManualClock
from service.kit.jobs import tick
from service.kit.runtime import Runtime
from service.warnings.flows import lapse
from tests.service.guarding import ORDER
from tests.support import HEAVY, Client, approve_open, forecast, listed

EFFECTS = ("decision", "warning", "warning_step", "response", "message", "notice")
PROPOSALS = "/api/v1/proposals"


async def effects(runtime: Runtime) -> dict[str, int]:
    async with runtime.unit() as uow:
        return {table: await uow.fetchval(f"SELECT count(*) FROM {table}") for table in EFFECTS}


async def only(client: Client, who: dict[str, str]) -> dict[str, Any]:
    """The only open proposal."""
    items: list[dict[str, Any]] = (await client.http.get(f"{PROPOSALS}?state=open", headers=who)).json()["items"]
    assert len(items) == 1
    return items[0]


async def say(
    client: Client, who: dict[str, str], proposal: dict[str, Any], *, approve: bool = True, **changes: str
) -> httpx.Response:
    """Decide on a proposal."""
    body = {"approve": approve, "content_hash": proposal["content_hash"], "reason": "同意", **changes}
    return await client.http.post(f"{PROPOSALS}/{proposal['id']}/decision", headers=who, json=body)


async def by_hand(client: Client, who: dict[str, str], **changes: str) -> httpx.Response:
    body = {"adcode": "110000", "to": "red", "reason": "upper_order", "explanation": "上级要求", **changes}
    return await client.http.post(PROPOSALS, headers=who, json=body)


class TestRefused:
    async def test_another_hash(self, proposed: Client, runtime: Runtime) -> None:
        commander = await proposed.account(Role.COMMANDER)
        proposal = await only(proposed, commander)
        answer = await say(proposed, commander, proposal, content_hash="0" * 64)
        assert (answer.status_code, answer.json()["type"]) == (409, "urn:lantian:problem:content-changed")
        assert answer.json()["content_hash"] == proposal["content_hash"]
        assert set((await effects(runtime)).values()) == {0}

    async def test_content_changed_behind_the_hash(self, proposed: Client, runtime: Runtime) -> None:
        commander = await proposed.account(Role.COMMANDER)
        proposal = await only(proposed, commander)
        async with runtime.unit() as uow:
            await uow.execute("UPDATE proposal SET content = replace(content, '\"yellow\"', '\"red\"')")
            await uow.commit()
        answer = await say(proposed, commander, proposal)
        assert answer.status_code == 409
        assert "tampered" in answer.json()["detail"]
        assert set((await effects(runtime)).values()) == {0}

    async def test_a_new_forecast_makes_the_old_hash_void(self, proposed: Client, runtime: Runtime) -> None:
        commander = await proposed.account(Role.COMMANDER)
        seen = await only(proposed, commander)
        await proposed.deliver(forecast([60.0] * 31 + [260.0] * 100))
        await proposed.work()
        assert (await say(proposed, commander, seen)).status_code == 409
        assert set((await effects(runtime)).values()) == {0}
        assert (await only(proposed, commander))["content_hash"] != seen["content_hash"]

    async def test_twice(self, proposed: Client, runtime: Runtime) -> None:
        commander = await proposed.account(Role.COMMANDER)
        decided = await approve_open(proposed, commander)
        before = await effects(runtime)
        for approve in (True, False):
            assert (await say(proposed, commander, decided, approve=approve)).status_code == 409
        assert await effects(runtime) == before

    async def test_after_the_deadline(self, proposed: Client, runtime: Runtime, clock: ManualClock) -> None:
        commander = await proposed.account(Role.COMMANDER)
        proposal = await only(proposed, commander)
        async with runtime.unit() as uow:
            deadline = await uow.fetchval("SELECT deadline FROM proposal")
        clock.advance_to(deadline - timedelta(microseconds=1))
        assert (await say(proposed, commander, proposal, content_hash="0" * 64)).status_code == 409
        clock.advance_to(deadline)
        answer = await say(proposed, commander, proposal)
        assert answer.status_code == 409
        assert "deadline" in answer.json()["detail"]
        assert set((await effects(runtime)).values()) == {0}

    @pytest.mark.parametrize("role", [Role.ENTERPRISE, Role.AUDITOR, Role.ADMINISTRATOR, Role.COORDINATOR])
    async def test_by_a_role_that_the_plan_does_not_name(self, proposed: Client, runtime: Runtime, role: Role) -> None:
        commander = await proposed.account(Role.COMMANDER)
        other = await proposed.account(role, uscc="91110000MA0000000X" if role is Role.ENTERPRISE else None)
        answer = await say(proposed, other, await only(proposed, commander))
        assert answer.status_code == 403
        assert set((await effects(runtime)).values()) == {0}

    async def test_by_a_feed(self, proposed: Client, runtime: Runtime) -> None:
        commander = await proposed.account(Role.COMMANDER)
        proposal = await only(proposed, commander)
        secret = {"authorization": f"Bearer {proposed.secrets['feed']}"}
        assert (await say(proposed, secret, proposal)).status_code == 401
        assert set((await effects(runtime)).values()) == {0}

    @pytest.mark.parametrize("region", ["130000", "110105", "120000"])
    async def test_from_another_region(self, proposed: Client, runtime: Runtime, region: str) -> None:
        here = await proposed.account(Role.COMMANDER)
        there = await proposed.account(Role.COMMANDER, adcode=region)
        proposal = await only(proposed, here)
        assert (await say(proposed, there, proposal)).status_code == 404
        assert (await proposed.http.get(f"{PROPOSALS}/{proposal['id']}", headers=there)).status_code == 404
        assert set((await effects(runtime)).values()) == {0}

    @pytest.mark.parametrize(
        "body",
        [
            {"approve": "perhaps"},
            {"content_hash": "x"},
            {"content_hash": None},
            {"reason": ""},
            {"reason": "x" * 2001},
            {"reason": "NUL \0"},
            {"more": 1},
        ],
    )
    async def test_with_a_bad_body(self, proposed: Client, runtime: Runtime, body: dict[str, Any]) -> None:
        commander = await proposed.account(Role.COMMANDER)
        proposal = await only(proposed, commander)
        good = {"approve": True, "content_hash": proposal["content_hash"], "reason": "同意"}
        answer = await proposed.http.post(f"{PROPOSALS}/{proposal['id']}/decision", headers=commander, json=good | body)
        assert answer.status_code == 422
        assert answer.headers["content-type"] == "application/problem+json"
        assert set((await effects(runtime)).values()) == {0}

    @pytest.mark.parametrize("number", ["0", "-1", "99999", str(2**63), "x"])
    async def test_on_a_number_that_is_no_proposal(self, proposed: Client, number: str) -> None:
        commander = await proposed.account(Role.COMMANDER)
        body = {"approve": True, "content_hash": "0" * 64, "reason": "同意"}
        answer = await proposed.http.post(f"{PROPOSALS}/{number}/decision", headers=commander, json=body)
        assert answer.status_code in {404, 422}


class TestByHand:
    async def test_without_criteria_it_needs_a_ground_and_a_legal_basis(self, client: Client, runtime: Runtime) -> None:
        officer = await client.account(Role.DUTY_OFFICER)
        for given in ({}, {"legal_basis": "京政办〔2016〕1号"}, ORDER | {"legal_basis": "  "}):
            answer = await by_hand(client, officer, **given)
            assert answer.status_code == 422
            assert "legal basis" in answer.json()["detail"]
        async with runtime.unit() as uow:
            assert await uow.fetchval("SELECT count(*) FROM proposal") == 0

    async def test_with_both_it_is_flagged(self, client: Client, runtime: Runtime) -> None:
        officer, commander = await client.account(Role.DUTY_OFFICER), await client.account(Role.COMMANDER)
        made = await by_hand(client, officer, **ORDER)
        assert made.status_code == 201
        assert made.json()["content"]["flags"] == ["started_without_criteria"]
        assert (await say(client, commander, made.json())).status_code == 200
        async with runtime.unit() as uow:
            assert await uow.fetchval("SELECT legal_basis FROM decision") == "京政办〔2016〕1号"
            flagged = await uow.fetchval("SELECT content FROM ledger_entry WHERE kind = 'warning.issue'")
        assert "started_without_criteria" in flagged

    async def test_within_the_criteria_it_needs_none(self, proposed: Client) -> None:
        officer = await proposed.account(Role.DUTY_OFFICER)
        made = await by_hand(proposed, officer, to="yellow", reason="criteria_met")
        assert made.status_code == 201
        assert made.json()["content"]["flags"] == []

    async def test_the_proposer_cannot_decide(self, client: Client, runtime: Runtime) -> None:
        commander, second = await client.account(Role.COMMANDER), await client.account(Role.COMMANDER)
        made = (await by_hand(client, commander, **ORDER)).json()
        answer = await say(client, commander, made)
        assert answer.status_code == 403
        assert "four eyes" in answer.json()["detail"]
        assert (await say(client, second, made)).status_code == 200
        assert (await effects(runtime))["warning"] == 1

    @pytest.mark.parametrize("role", [Role.AUDITOR, Role.ENTERPRISE, Role.COORDINATOR, Role.ADMINISTRATOR])
    async def test_only_officers_and_commanders_propose(self, client: Client, runtime: Runtime, role: Role) -> None:
        other = await client.account(role)
        assert (await by_hand(client, other, **ORDER)).status_code == 403
        async with runtime.unit() as uow:
            assert await uow.fetchval("SELECT count(*) FROM proposal") == 0

    async def test_not_for_another_region(self, client: Client) -> None:
        officer = await client.account(Role.DUTY_OFFICER, adcode="130000")
        assert (await by_hand(client, officer, **ORDER)).status_code == 403

    async def test_the_level_in_force_is_the_decision_that_nothing_changes(self, client: Client) -> None:
        officer = await client.account(Role.DUTY_OFFICER)
        made = await by_hand(client, officer, to="none", reason="no_change")
        assert (made.status_code, made.json()["action"]) == (201, "hold")


class TestOnce:
    async def test_the_same_key_is_answered_the_same(self, proposed: Client, runtime: Runtime) -> None:
        commander = await proposed.account(Role.COMMANDER) | {"idempotency-key": "decide-1"}
        proposal = await only(proposed, commander)
        first = await say(proposed, commander, proposal)
        after = await effects(runtime)
        second = await say(proposed, commander, proposal)
        assert (second.status_code, second.content) == (first.status_code, first.content)
        assert second.headers["idempotent-replay"] == "true"
        assert await effects(runtime) == after

    async def test_the_same_key_for_other_content_is_a_conflict(self, proposed: Client) -> None:
        commander = await proposed.account(Role.COMMANDER) | {"idempotency-key": "decide-1"}
        proposal = await only(proposed, commander)
        await say(proposed, commander, proposal)
        assert (await say(proposed, commander, proposal, approve=False)).status_code == 409

    async def test_a_refused_write_does_not_use_up_its_key(self, proposed: Client) -> None:
        commander = await proposed.account(Role.COMMANDER) | {"idempotency-key": "decide-1"}
        proposal = await only(proposed, commander)
        assert (await say(proposed, commander, proposal, content_hash="0" * 64)).status_code == 409
        assert (await say(proposed, commander, proposal)).status_code == 200

    async def test_keys_belong_to_their_account(self, proposed: Client) -> None:
        key = {"idempotency-key": "decide-1"}
        first, second = await proposed.account(Role.COMMANDER) | key, await proposed.account(Role.COMMANDER) | key
        proposal = await only(proposed, first)
        assert (await say(proposed, first, proposal)).status_code == 200
        assert (await say(proposed, second, proposal)).status_code == 409

    async def test_a_key_that_is_too_long(self, proposed: Client) -> None:
        commander = await proposed.account(Role.COMMANDER)
        proposal = await only(proposed, commander)
        assert (await say(proposed, commander | {"idempotency-key": "k" * 256}, proposal)).status_code == 422

    @pytest.mark.parametrize("key", [None, "shared"])
    async def test_twenty_at_once_have_one_effect(self, proposed: Client, runtime: Runtime, key: str | None) -> None:
        await listed(runtime)
        commander = await proposed.account(Role.COMMANDER)
        proposal = await only(proposed, commander)
        who = commander | ({"idempotency-key": key} if key else {})
        answers = await asyncio.gather(*(say(proposed, who, proposal) for _ in range(20)))
        statuses = sorted(answer.status_code for answer in answers)
        assert statuses == ([200] * 20 if key else [200] + [409] * 19)
        if key:
            assert len({answer.content for answer in answers}) == 1
        assert set((await effects(runtime)).values()) == {1}
        async with runtime.unit() as uow:
            kinds = await uow.fetch(
                "SELECT kind, count(*) FROM ledger_entry WHERE kind IN"
                " ('decision.approved', 'warning.issue', 'notice.sent') GROUP BY kind"
            )
        assert {row["kind"]: row["count"] for row in kinds} == dict.fromkeys(
            ("decision.approved", "warning.issue", "notice.sent"), 1
        )

    async def test_yes_and_no_at_once_have_one_outcome(self, proposed: Client, runtime: Runtime) -> None:
        commander = await proposed.account(Role.COMMANDER)
        proposal = await only(proposed, commander)
        answers = await asyncio.gather(
            *(say(proposed, commander, proposal, approve=turn % 2 == 0) for turn in range(10))
        )
        assert sorted(answer.status_code for answer in answers) == [200] + [409] * 9
        assert (await effects(runtime))["decision"] == 1


class TestWhatFollows:
    async def test_a_rejected_content_is_not_put_forward_again(self, proposed: Client, runtime: Runtime) -> None:
        commander = await proposed.account(Role.COMMANDER)
        proposal = await only(proposed, commander)
        assert (await say(proposed, commander, proposal, approve=False, reason="暂不发布")).status_code == 200
        await proposed.deliver(forecast([*HEAVY, 40.0]))
        await proposed.work()
        assert (await proposed.http.get(f"{PROPOSALS}?state=open", headers=commander)).json()["items"] == []
        after = await effects(runtime)
        assert (after["decision"], after["warning"]) == (1, 0)
        async with runtime.unit() as uow:
            assert await uow.fetchval("SELECT count(*) FROM ledger_entry WHERE kind = 'decision.rejected'") == 1

    async def test_an_expired_proposal_escalates_and_publishes_nothing(
        self, proposed: Client, runtime: Runtime, clock: ManualClock
    ) -> None:
        async with runtime.unit() as uow:
            deadline = await uow.fetchval("SELECT deadline FROM proposal")
        clock.advance_to(deadline)
        await tick(runtime)
        await proposed.work()
        await tick(runtime)
        await proposed.work()
        assert set((await effects(runtime)).values()) == {0}
        async with runtime.unit() as uow:
            assert await uow.fetchval("SELECT count(*) FROM proposal WHERE state = 'expired'") == 1
            told = await uow.fetch("SELECT content FROM ledger_entry WHERE kind = 'proposal.expired'")
        assert len(told) == 1
        assert '"escalated_to":"commander"' in told[0]["content"]
        assert (await proposed.http.get("/public/warnings.json")).json()["warnings"] == []

    async def test_a_lapse_waits_for_a_decision_in_hand(self, runtime: Runtime) -> None:
        async with runtime.unit() as uow:
            warning = await uow.fetchval(
                "INSERT INTO warning (adcode, state, level, announced_at, effective_at, planned_end, fixed_end)"
                " VALUES ('110000', 'active', 2, $1, $1, $1, true) RETURNING id",
                uow.now,
            )
            await uow.commit()
        async with runtime.unit() as deciding:
            await deciding.lock_division("110000")
            await deciding.execute("UPDATE warning SET planned_end = planned_end + interval '1 day'")
            async with runtime.unit() as other:
                lapsing = asyncio.create_task(lapse(other, warning))
                _, waiting = await asyncio.wait([lapsing], timeout=0.2)
                assert waiting
                await deciding.commit()
                await lapsing
                await other.commit()
        async with runtime.unit() as uow:
            assert await uow.fetchval("SELECT state FROM warning") == "active"
