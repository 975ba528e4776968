"""To reject, or to let the deadline pass, leaves things as they are: that is on record, and told from following the criteria."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest

from service.accounts.roles import Role
from service.kit.clock import ManualClock
from service.kit.jobs import tick
from service.kit.runtime import Runtime
from service.ledger.flows import seal, verify
from service.proposals.course import expire
from tests.service.guarding import (
    CLEAN,
    CONSULTED,
    EFFECTS,
    ORDER,
    PROPOSALS,
    cleared,
    deviations,
    effects,
    entries,
    heard,
    open_ones,
    say,
    warned,
    wish,
)
from tests.support import HEAVY, NOW, Client, approve_open

LONGER = [60.0] * 28 + [180.0] * 96 + [40.0] * 40


async def only(client: Client) -> dict[str, Any]:
    (found,) = await open_ones(client)
    return found


async def pass_deadline(client: Client, clock: ManualClock) -> None:
    """Nobody decides: the clock reaches the deadline of the open proposal and what is due is done."""
    deadline: datetime = (await only(client))["deadline"]
    clock.advance_to(deadline)
    async with client.runtime.unit() as uow:
        await uow.execute("UPDATE due SET done_at = $1 WHERE job <> 'expire_proposal' AND done_at IS NULL", uow.now)
        await uow.commit()
    await tick(client.runtime)
    await client.work()


async def raised(client: Client, commander: dict[str, str], clock: ManualClock) -> dict[str, Any]:
    """Yellow is in force and a worse forecast lets the system propose to raise it."""
    await warned(client, commander)
    clock.advance_to(NOW + timedelta(hours=3))
    await heard(client, [60.0] * 28 + [180.0] * 72 + [270.0] * 48)
    return await only(client)


async def extended(client: Client, commander: dict[str, str], clock: ManualClock) -> dict[str, Any]:
    """Yellow is in force and a longer forecast lets the system propose to extend it."""
    await warned(client, commander)
    clock.advance_to(NOW + timedelta(hours=3))
    await heard(client, LONGER)
    return await only(client)


async def lifting(client: Client, commander: dict[str, str], clock: ManualClock) -> dict[str, Any]:
    """Yellow is in force, the air is clean, and the system proposes to lift it."""
    await warned(client, commander)
    return await cleared(client, clock)


async def starting(client: Client, commander: dict[str, str], clock: ManualClock) -> dict[str, Any]:
    """Nothing is in force and the system proposes to start."""
    await heard(client, HEAVY)
    return await only(client)


SITUATIONS = [
    (starting, "issue", "none", "not_started_though_met", "not_started_undecided"),
    (raised, "raise", "yellow", "not_raised_though_met", "not_raised_undecided"),
    (extended, "extend", "yellow", "not_prolonged_though_met", "not_prolonged_undecided"),
    (lifting, "lift", "yellow", "kept_without_criteria", "kept_undecided"),
]


@pytest.mark.parametrize(("situation", "action", "kept", "kind", "undecided"), SITUATIONS)
class TestLeftUnchanged:
    async def test_by_a_rejection(
        self, client: Client, runtime: Runtime, commander: dict[str, str], clock: ManualClock,
        situation: Any, action: str, kept: str, kind: str, undecided: str,
    ) -> None:  # fmt: skip
        proposal = await situation(client, commander, clock)
        assert proposal["action"] == action
        before = await effects(runtime)
        answer = await say(client, commander, proposal, False, reason="对预报有异议")
        assert (answer.status_code, answer.json()["deviation"]) == (200, kind)
        assert await effects(runtime) == before | {"decision": before["decision"] + 1}
        (noted,) = await deviations(client, commander)
        assert (noted["kind"], noted["action"], noted["to"]) == (kind, "hold", kept)
        assert (noted["ground"], noted["explanation"]) == (None, "对预报有异议")
        assert (noted["called_for"], noted["proposal_state"]) == (proposal["to"], "rejected")
        assert noted["decision"] == answer.json()["decision"]
        assert noted["assessment"] == proposal["assessment_id"]
        (unchanged,) = await entries(runtime, "decision.no_change")
        assert (unchanged["level"], unchanged["by"], unchanged["deviates"]) == (kept, "rejection", kind)

    async def test_by_a_rejection_with_a_ground(
        self, client: Client, runtime: Runtime, commander: dict[str, str], clock: ManualClock,
        situation: Any, action: str, kept: str, kind: str, undecided: str,
    ) -> None:  # fmt: skip
        proposal = await situation(client, commander, clock)
        for ground in ("issued_in_error", "observed_heavy", "regional_prompt"):
            answer = await say(client, commander, proposal, False, ground=ground)
            assert answer.status_code == 422, ground
        assert (await only(client))["id"] == proposal["id"]
        assert (await say(client, commander, proposal, False, ground="consultation")).status_code == 200
        (noted,) = await deviations(client, commander)
        assert (noted["kind"], noted["ground"]) == (kind, "consultation")

    async def test_because_nobody_decided(
        self, client: Client, runtime: Runtime, commander: dict[str, str], clock: ManualClock,
        situation: Any, action: str, kept: str, kind: str, undecided: str,
    ) -> None:  # fmt: skip
        proposal = await situation(client, commander, clock)
        before = await effects(runtime)
        await pass_deadline(client, clock)
        assert await effects(runtime) == before
        (noted,) = await deviations(client, commander)
        assert (noted["kind"], noted["action"], noted["to"]) == (undecided, "hold", kept)
        assert (noted["ground"], noted["explanation"], noted["decision"]) == (None, None, None)
        assert (noted["proposal"], noted["proposal_state"]) == (proposal["id"], "expired")
        async with runtime.unit() as uow:
            await expire(uow, proposal["id"])
            await uow.commit()
        assert len(await deviations(client, commander)) == 1

    async def test_an_approval_is_no_deviation(
        self, client: Client, runtime: Runtime, commander: dict[str, str], clock: ManualClock,
        situation: Any, action: str, kept: str, kind: str, undecided: str,
    ) -> None:  # fmt: skip
        await situation(client, commander, clock)
        assert (await approve_open(client, commander))["deviation"] is None
        assert await deviations(client, commander) == []
        assert await entries(runtime, "decision.no_change") == []


class TestCase67:
    """Approver absent, criteria met: it escalates by the deadline and nothing is published."""

    async def test_escalates_and_publishes_nothing(
        self, client: Client, runtime: Runtime, commander: dict[str, str], clock: ManualClock
    ) -> None:
        await heard(client, HEAVY)
        first = await only(client)
        clock.advance_to(first["deadline"] - timedelta(microseconds=1))
        async with runtime.unit() as uow:
            await expire(uow, first["id"])
            await uow.commit()
        assert (await only(client))["id"] == first["id"]  # it is pending until the deadline
        await pass_deadline(client, clock)
        assert dict.fromkeys(EFFECTS, 0) == await effects(runtime)
        (told,) = await entries(runtime, "proposal.expired")
        assert (told["proposal"], told["escalated_to"]) == (first["id"], "commander")
        async with runtime.unit() as uow:
            await uow.enqueue("publish", {})
            await uow.commit()
        await client.work()
        assert (await client.http.get("/public/warnings.json")).json()["warnings"] == []
        known = await client.http.get("/api/v1/warnings", headers=commander)
        assert known.json()["items"] == []

    async def test_comes_before_the_approvers_again(
        self, client: Client, commander: dict[str, str], clock: ManualClock
    ) -> None:
        await heard(client, HEAVY)
        first = await only(client)
        await pass_deadline(client, clock)
        again = await only(client)
        assert (again["action"], again["content_hash"]) == ("issue", first["content_hash"])
        assert again["deadline"] > first["deadline"]
        assert (await say(client, commander, first, True)).status_code == 409
        assert (await say(client, commander, again, True)).status_code == 200

    async def test_the_chain_stays_whole(
        self, client: Client, runtime: Runtime, commander: dict[str, str], clock: ManualClock
    ) -> None:
        await heard(client, HEAVY)
        await pass_deadline(client, clock)
        await seal(runtime)
        connection = await runtime.database.connect()
        verdict = await verify(connection)
        await connection.close()
        assert verdict.whole


class TestByHand:
    async def test_rejecting_what_departs_is_no_deviation_of_its_own(
        self, client: Client, runtime: Runtime, commander: dict[str, str]
    ) -> None:
        officer = await client.account(Role.DUTY_OFFICER)
        await heard(client, CLEAN)
        made = (await wish(client, officer, "red", **ORDER)).json()
        assert (await say(client, commander, made, False)).json()["deviation"] is None
        (noted,) = await deviations(client, commander)
        assert (noted["kind"], noted["proposal_state"]) == ("started_without_criteria", "rejected")
        (unchanged,) = await entries(runtime, "decision.no_change")
        assert (unchanged["level"], unchanged["deviates"]) == ("none", None)

    async def test_rejecting_it_in_place_of_what_is_called_for_is_one(
        self, client: Client, commander: dict[str, str]
    ) -> None:
        officer = await client.account(Role.DUTY_OFFICER)
        await heard(client, HEAVY)
        made = (await wish(client, officer, "red", **ORDER)).json()
        assert (await say(client, commander, made, False)).json()["deviation"] == "not_started_though_met"
        kinds = [noted["kind"] for noted in await deviations(client, commander)]
        assert kinds == ["not_started_though_met", "started_without_criteria"]

    async def test_nobody_deciding_on_it_is_one(
        self, client: Client, commander: dict[str, str], clock: ManualClock
    ) -> None:
        officer = await client.account(Role.DUTY_OFFICER)
        await heard(client, HEAVY)
        await wish(client, officer, "red", **ORDER)
        await pass_deadline(client, clock)
        kinds = [noted["kind"] for noted in await deviations(client, commander)]
        assert kinds == ["not_started_undecided", "started_without_criteria"]

    async def test_rejecting_no_change_keeps_nothing(
        self, client: Client, runtime: Runtime, commander: dict[str, str]
    ) -> None:
        officer = await client.account(Role.DUTY_OFFICER)
        await heard(client, HEAVY)
        made = (await wish(client, officer, "none", reason="no_change", **CONSULTED)).json()
        assert (await say(client, commander, made, False)).json()["deviation"] is None
        assert await entries(runtime, "decision.no_change") == []
        assert [noted["proposal_state"] for noted in await deviations(client, commander)] == ["rejected"]

    async def test_rejecting_when_the_matter_is_gone(
        self, client: Client, runtime: Runtime, commander: dict[str, str], clock: ManualClock
    ) -> None:
        proposal = await raised(client, commander, clock)
        async with runtime.unit() as uow:
            await uow.execute("UPDATE warning SET closed_at = $1, state = 'lapsed'", uow.now)
            await uow.commit()
        assert (await say(client, commander, proposal, False)).json()["deviation"] is None


class TestContract:
    async def test_a_ground_goes_with_a_rejection(self, client: Client, commander: dict[str, str]) -> None:
        await heard(client, HEAVY)
        proposal = await only(client)
        answer = await say(client, commander, proposal, True, ground="consultation")
        assert (answer.status_code, "goes with a rejection" in answer.json()["detail"]) == (422, True)
        assert (await say(client, commander, proposal, False, ground="annual_target")).status_code == 422
        assert (await only(client))["id"] == proposal["id"]

    async def test_the_three_members_are_enough(self, client: Client, commander: dict[str, str]) -> None:
        await heard(client, HEAVY)
        proposal = await only(client)
        body = {"approve": False, "content_hash": proposal["content_hash"], "reason": "不同意"}
        answer = await client.http.post(f"{PROPOSALS}/{proposal['id']}/decision", headers=commander, json=body)
        assert answer.status_code == 200, answer.text

    async def test_a_repeated_rejection_is_noted_once(
        self, client: Client, runtime: Runtime, commander: dict[str, str]
    ) -> None:
        await heard(client, HEAVY)
        proposal, keyed = await only(client), commander | {"idempotency-key": "no-1"}
        answers = [await say(client, keyed, proposal, False) for _ in range(3)]
        assert len({answer.content for answer in answers}) == 1
        assert len(await deviations(client, commander)) == 1
        assert len(await entries(runtime, "deviation.noted")) == 1
