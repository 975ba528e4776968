"""Signatures in order: who signs, in which order, once, and what a race, a deadline or a change of the plan does to it."""

from __future__ import annotations

import asyncio
import json
from datetime import datetime, timedelta

import pytest

from service.accounts.roles import Role
from service.kit.clock import ManualClock
from service.kit.jobs import tick
from service.kit.runtime import Runtime
from service.proposals.bulk import Forward, put_forward_all
from service.proposals.course import expire
from tests.service.approving import (
    PROPOSALS,
    TWO,
    People,
    by_hand,
    chained,
    count,
    entries,
    only,
    put_in_force,
    read,
    sign,
    told,
)
from tests.service.guarding import ORDER
from tests.support import HEAVY, NOW, Client, forecast

OFFICE, DEPUTY, COMMANDER, DUTY = Role.OFFICE_DIRECTOR, Role.DEPUTY_COMMANDER, Role.COMMANDER, Role.DUTY_OFFICER
HOUR = timedelta(hours=1)
EFFECTS = ("decision", "warning", "warning_step", "response", "message", "notice")


async def pass_time(client: Client, clock: ManualClock, until: datetime) -> None:
    """The clock goes on to an instant, and what has fallen due by then is done."""
    clock.advance_to(until)
    await tick(client.runtime)
    await client.work()


class TestInOrder:
    async def test_the_last_signature_decides_and_nothing_leaves_before(self, client: Client, people: People) -> None:
        proposal = await chained(client)
        first = await sign(client, await people(OFFICE), proposal)
        assert first.status_code == 200, first.text
        assert first.json() | {"deadline": "", "signed_at": ""} == {
            "decision": None,
            "proposal": proposal["id"],
            "signed": 1,
            "of": 2,
            "next": ["deputy_commander"],
            "deadline": "",
            "signed_at": "",
        }
        assert set((await count(client.runtime, *EFFECTS)).values()) == {0}
        second = (await sign(client, await people(DEPUTY), proposal)).json()
        assert (second["approved"], second["signed"], second["of"], second["next"]) == (True, 2, 2, [])
        assert second["decision"]
        assert set((await count(client.runtime, *EFFECTS)).values()) == {1}

    async def test_both_signatures_stand_with_role_hash_and_time(
        self, client: Client, people: People, clock: ManualClock
    ) -> None:
        proposal = await chained(client)
        await sign(client, await people(OFFICE), proposal, reason="会商一致")
        clock.advance_to(NOW + HOUR)
        await sign(client, await people(DEPUTY), proposal)
        steps = (await read(client, await people(OFFICE), proposal))["chain"]["steps"]
        assert [(one["signed"]["role"], one["signed"]["reason"]) for one in steps] == [
            ("office_director", "会商一致"),
            ("deputy_commander", "同意"),
        ]
        assert {one["signed"]["content_hash"] for one in steps} == {proposal["content_hash"]}
        assert [one["signature"] for one in await entries(client.runtime, "proposal.signed")] == [1, 2]
        async with client.runtime.unit() as uow:
            row = await uow.fetchrow("SELECT role, content_hash FROM decision")
        assert tuple(row) == ("deputy_commander", proposal["content_hash"])

    async def test_who_signs_second_cannot_sign_first(self, client: Client, people: People) -> None:
        proposal = await chained(client)
        answer = await sign(client, await people(DEPUTY), proposal)
        assert answer.status_code == 403
        assert "Signature 1 of 2 is for office_director" in answer.json()["detail"]
        assert (await count(client.runtime, "signature"))["signature"] == 0

    async def test_one_person_does_not_sign_twice(self, client: Client, people: People) -> None:
        proposal = await chained(client, [TWO[0], {"role": "office_director"}])
        assert (await sign(client, await people(OFFICE), proposal)).status_code == 200
        again = await sign(client, await people(OFFICE), proposal)
        assert again.status_code == 403
        assert "four eyes" in again.json()["detail"]
        other = await client.account(OFFICE)
        assert (await sign(client, other, proposal)).json()["decision"]

    async def test_the_proposer_signs_nothing_of_it(self, client: Client, people: People) -> None:
        put_in_force(client.runtime, TWO)
        proposal = await by_hand(client, await people(OFFICE))
        answer = await sign(client, await people(OFFICE), proposal)
        assert answer.status_code == 403
        assert "four eyes" in answer.json()["detail"]

    async def test_the_second_signature_is_checked_against_the_hash_too(self, client: Client, people: People) -> None:
        proposal = await chained(client)
        await sign(client, await people(OFFICE), proposal)
        answer = await sign(client, await people(DEPUTY), proposal, content_hash="0" * 64)
        assert (answer.status_code, answer.json()["type"]) == (409, "urn:lantian:problem:content-changed")

    async def test_a_content_changed_behind_the_hash_gets_no_second_signature(
        self, client: Client, people: People
    ) -> None:
        proposal = await chained(client)
        await sign(client, await people(OFFICE), proposal)
        async with client.runtime.unit() as uow:
            await uow.execute("UPDATE proposal SET content = replace(content, '\"yellow\"', '\"red\"')")
            await uow.commit()
        assert (await sign(client, await people(DEPUTY), proposal)).status_code == 409
        assert set((await count(client.runtime, *EFFECTS)).values()) == {0}

    @pytest.mark.parametrize("role", [DUTY, Role.AUDITOR, Role.COORDINATOR, Role.ENTERPRISE, COMMANDER])
    async def test_a_role_that_the_chain_does_not_name_yet(self, client: Client, people: People, role: Role) -> None:
        proposal = await chained(client)
        who = await client.account(role, uscc="91110000MA0000000X" if role is Role.ENTERPRISE else None)
        assert (await sign(client, who, proposal)).status_code == 403

    async def test_an_office_of_another_city_sees_nothing_of_it(self, client: Client, people: People) -> None:
        proposal = await chained(client)
        away = await client.account(OFFICE, adcode="130100")
        assert (await sign(client, away, proposal)).status_code == 404

    async def test_lifting_is_signed_by_those_of_the_level_that_is_left(self, client: Client, people: People) -> None:
        put_in_force(client.runtime, TWO)
        proposal = await by_hand(client, await people(DUTY))
        for role in (OFFICE, DEPUTY):
            assert (await sign(client, await people(role), proposal)).status_code == 200
        body = {"adcode": "110000", "to": "none", "reason": "upper_order", "explanation": "上级要求"} | ORDER
        lift = (await client.http.post(PROPOSALS, headers=await people(DUTY), json=body)).json()
        assert [step["roles"] for step in lift["chain"]["steps"]] == [["office_director"], ["deputy_commander"]]


class TestReject:
    @pytest.mark.parametrize("before", [0, 1])
    async def test_at_any_step_with_a_reason(self, client: Client, people: People, before: int) -> None:
        proposal = await chained(client)
        roles = (OFFICE, DEPUTY)
        for role in roles[:before]:
            await sign(client, await people(role), proposal)
        answer = await sign(client, await people(roles[before]), proposal, approve=False, reason="级别不当")
        assert (answer.status_code, answer.json()["approved"], answer.json()["signed"]) == (200, False, before)
        assert (await read(client, await people(OFFICE), proposal))["state"] == "rejected"
        assert await count(client.runtime, "warning", "signature") == {"warning": 0, "signature": before}
        heard = [one for one in await told(client.runtime) if one[2].startswith("rejected:")]
        assert [roles for _, roles, _ in heard] == ([["office_director"]] if before else [])

    async def test_not_by_who_has_signed(self, client: Client, people: People) -> None:
        proposal = await chained(client)
        await sign(client, await people(OFFICE), proposal)
        assert (await sign(client, await people(OFFICE), proposal, approve=False)).status_code == 403


class TestRace:
    async def test_two_of_one_role_at_once_give_one_signature(self, client: Client, people: People) -> None:
        proposal = await chained(client)
        offices = [await client.account(OFFICE) for _ in range(6)]
        answers = await asyncio.gather(*(sign(client, who, proposal) for who in offices))
        assert sorted(one.status_code for one in answers) == [200] + [409] * 5
        late = next(one for one in answers if one.status_code == 409)
        assert "signed already" in late.json()["detail"]
        assert await count(client.runtime, "signature", "decision") == {"signature": 1, "decision": 0}

    async def test_who_means_the_first_signature_does_not_give_the_second(self, client: Client, people: People) -> None:
        chain = [{"role": "commander"}, {"role": "commander"}]
        proposal = await chained(client, chain)
        first, second = await client.account(COMMANDER), await client.account(COMMANDER)
        answers = await asyncio.gather(*(sign(client, who, proposal, step=0) for who in (first, second)))
        assert sorted(one.status_code for one in answers) == [200, 409]
        assert await count(client.runtime, "signature", "decision") == {"signature": 1, "decision": 0}

    async def test_yes_and_no_of_two_at_once_have_one_outcome(self, client: Client, people: People) -> None:
        proposal = await chained(client)
        offices = [await client.account(OFFICE) for _ in range(2)]
        answers = await asyncio.gather(
            *(sign(client, who, proposal, approve=turn == 0) for turn, who in enumerate(offices))
        )
        assert sorted(one.status_code for one in answers) == [200, 409]
        rows = await count(client.runtime, "signature", "decision")
        assert rows["signature"] + rows["decision"] == 1

    async def test_a_signature_and_the_ticker_in_the_instant_of_the_deadline(
        self, client: Client, people: People, clock: ManualClock
    ) -> None:
        proposal = await chained(client)
        office = await people(OFFICE)
        clock.advance_to(NOW + 2 * HOUR)
        await tick(client.runtime)
        answer, _ = await asyncio.gather(sign(client, office, proposal), client.work())
        assert answer.status_code == 200, "who is late may sign as long as it is open"
        found = await read(client, office, proposal)
        assert (found["state"], found["chain"]["signed"], found["approvers"]) == ("open", 1, ["deputy_commander"])
        assert found["deadline"] == (NOW + 4 * HOUR).isoformat()
        assert len(await entries(client.runtime, "proposal.escalated")) == 1


class TestDeadline:
    async def test_it_goes_on_to_the_next_role_and_stays_open(
        self, client: Client, people: People, clock: ManualClock
    ) -> None:
        proposal = await chained(client)
        await pass_time(client, clock, NOW + 2 * HOUR)
        found = await read(client, await people(OFFICE), proposal)
        assert (found["state"], found["chain"]["escalations"]) == ("open", 1)
        assert found["approvers"] == ["office_director", "deputy_commander"]
        assert found["deadline"] == (NOW + 4 * HOUR).isoformat()
        (entry,) = await entries(client.runtime, "proposal.escalated")
        assert (entry["waited_for"], entry["escalated_to"]) == (["office_director"], "deputy_commander")
        assert ("escalation", ["deputy_commander", "office_director"], f"escalation:proposal:{proposal['id']}:0:1") in (
            await told(client.runtime)
        )

    async def test_who_it_escalated_to_signs_and_the_chain_goes_on_with_somebody_else(
        self, client: Client, people: People, clock: ManualClock
    ) -> None:
        proposal = await chained(client)
        await pass_time(client, clock, NOW + 2 * HOUR)
        assert (await sign(client, await people(DEPUTY), proposal)).status_code == 200
        assert (await sign(client, await people(DEPUTY), proposal)).status_code == 403
        await pass_time(client, clock, NOW + 4 * HOUR)
        assert (await sign(client, await people(COMMANDER), proposal)).json()["decision"]

    async def test_the_next_role_may_sign_in_the_instant_of_the_deadline_before_any_ticker(
        self, client: Client, people: People, clock: ManualClock
    ) -> None:
        proposal = await chained(client)
        clock.advance_to(NOW + 2 * HOUR - timedelta(microseconds=1))
        assert (await sign(client, await people(DEPUTY), proposal)).status_code == 403
        clock.advance_to(NOW + 2 * HOUR)
        assert (await sign(client, await people(DEPUTY), proposal)).status_code == 200
        assert len(await entries(client.runtime, "proposal.escalated")) == 1

    async def test_it_expires_when_nobody_further_is_named(
        self, client: Client, people: People, clock: ManualClock
    ) -> None:
        proposal = await chained(client)
        for hours in (2, 4):
            await pass_time(client, clock, NOW + hours * HOUR)
        found = await read(client, await people(OFFICE), proposal)
        assert found["state"] == "expired"
        assert (await sign(client, await people(OFFICE), proposal)).status_code == 409
        assert len(await entries(client.runtime, "proposal.expired")) == 1
        assert [kind for kind, _, reason in await told(client.runtime) if reason.startswith("expired:")] == [
            "escalation"
        ]
        assert set((await count(client.runtime, *EFFECTS)).values()) == {0}

    async def test_a_service_that_was_away_gives_the_next_role_its_whole_time(
        self, client: Client, people: People, clock: ManualClock
    ) -> None:
        proposal = await chained(client)
        clock.advance_to(NOW + 30 * HOUR)
        async with client.runtime.unit() as uow:
            await expire(uow, proposal["id"])
            await expire(uow, proposal["id"])
            row = await uow.fetchrow("SELECT state, deadline FROM proposal WHERE id = $1", proposal["id"])
        assert tuple(row) == ("open", NOW + 32 * HOUR)

    async def test_each_signature_has_a_time_of_its_own(
        self, client: Client, people: People, clock: ManualClock
    ) -> None:
        proposal = await chained(client)
        clock.advance_to(NOW + 1.5 * HOUR)
        answer = await sign(client, await people(OFFICE), proposal)
        assert answer.json()["deadline"] == (NOW + 3.5 * HOUR).isoformat()
        await pass_time(client, clock, NOW + 2 * HOUR)
        found = await read(client, await people(OFFICE), proposal)
        assert (found["chain"]["signed"], found["chain"]["escalations"]) == (1, 0), "the old window is over"

    async def test_reminders_at_half_time_and_before_the_end(
        self, client: Client, people: People, clock: ManualClock
    ) -> None:
        proposal = await chained(client)
        for minutes in (60, 105):
            await pass_time(client, clock, NOW + timedelta(minutes=minutes))
        heard = [(roles, reason) for kind, roles, reason in await told(client.runtime) if kind == "reminder"]
        assert heard == [(["office_director"], f"reminder:proposal:{proposal['id']}:0:0:{n}") for n in (0, 1)]

    async def test_who_has_signed_is_not_reminded_of_the_old_window(
        self, client: Client, people: People, clock: ManualClock
    ) -> None:
        proposal = await chained(client)
        await sign(client, await people(OFFICE), proposal)
        await pass_time(client, clock, NOW + timedelta(minutes=60))
        heard = [roles for kind, roles, _ in await told(client.runtime) if kind == "reminder"]
        assert heard == [["deputy_commander"]]

    async def test_one_approver_expires_as_before(self, client: Client, people: People, clock: ManualClock) -> None:
        await client.feed()
        await client.deliver(forecast(HEAVY))
        await client.work()
        await pass_time(client, clock, NOW + 2 * HOUR)
        async with client.runtime.unit() as uow:
            assert await uow.fetchval("SELECT count(*) FROM proposal WHERE state = 'expired'") == 1


class TestChange:
    async def test_another_content_takes_no_signature_over(self, client: Client, people: People) -> None:
        seen = await chained(client)
        await sign(client, await people(OFFICE), seen)
        await client.deliver(forecast([60.0] * 31 + [260.0] * 100))
        await client.work()
        found = await only(client, await people(OFFICE))
        assert found["content_hash"] != seen["content_hash"]
        assert (found["chain"]["signed"], found["approvers"]) == (0, ["office_director"])
        assert (await sign(client, await people(DEPUTY), seen)).status_code == 409
        (entry,) = await entries(client.runtime, "proposal.superseded")
        assert entry["signatures"] == 1
        assert ("proposal", ["office_director"], f"superseded:proposal:{seen['id']}") in await told(client.runtime)

    async def test_the_same_content_keeps_its_signatures(self, client: Client, people: People) -> None:
        proposal = await chained(client)
        await sign(client, await people(OFFICE), proposal)
        await client.deliver(forecast(HEAVY))
        await client.work()
        found = await only(client, await people(OFFICE))
        assert (found["id"], found["chain"]["signed"]) == (proposal["id"], 1)

    async def test_newer_words_alone_do_not_undo_a_signature(self, client: Client, people: People) -> None:
        proposal = await chained(client)
        await sign(client, await people(OFFICE), proposal)
        await client.deliver(forecast([60.0] * 31 + [181.0] * 72 + [40.0] * 60))
        await client.work()
        found = await only(client, await people(OFFICE))
        assert (found["id"], found["content_hash"]) == (proposal["id"], proposal["content_hash"])
        assert (await sign(client, await people(DEPUTY), proposal)).json()["decision"]

    async def test_unsigned_newer_words_replace_the_older(self, client: Client, people: People) -> None:
        proposal = await chained(client)
        await client.deliver(forecast([60.0] * 31 + [181.0] * 72 + [40.0] * 60))
        await client.work()
        assert (await only(client, await people(OFFICE)))["content_hash"] != proposal["content_hash"]

    async def test_newer_words_of_many_at_once_do_not_undo_a_signature_either(
        self, client: Client, people: People
    ) -> None:
        proposal = await chained(client)
        await sign(client, await people(OFFICE), proposal)
        async with client.runtime.unit() as uow:
            row = await uow.fetchrow("SELECT content, assessment_id FROM proposal WHERE id = $1", proposal["id"])
            frozen = json.loads(row["content"])
            plan = client.runtime.law.plan_for("110000", uow.now)
            newer = frozen | {"notice": json.loads(json.dumps(frozen["notice"]).replace("230", "231"))}
            assert newer != frozen
            put = await put_forward_all(uow, [Forward(newer, plan, row["assessment_id"], None)])
            assert put == {"110000": proposal["id"]}
            later = newer | {"planned_end": "2016-12-30T00:00:00+08:00"}
            put = await put_forward_all(uow, [Forward(later, plan, row["assessment_id"], None)])
            assert put != {"110000": proposal["id"]}, "another end is another content"

    async def test_another_end_is_another_content(self, client: Client, people: People) -> None:
        proposal = await chained(client)
        await sign(client, await people(OFFICE), proposal)
        await client.deliver(forecast([60.0] * 31 + [180.0] * 96 + [40.0] * 60))
        await client.work()
        found = await only(client, await people(OFFICE))
        assert found["id"] != proposal["id"]
        assert found["chain"]["signed"] == 0

    async def test_the_chain_is_the_one_of_the_plan_when_it_was_put_forward(
        self, client: Client, people: People
    ) -> None:
        proposal = await chained(client)
        await sign(client, await people(OFFICE), proposal)
        put_in_force(client.runtime, [{"role": "commander"}])
        found = await read(client, await people(OFFICE), proposal)
        assert (found["chain"]["of"], found["approvers"]) == (2, ["deputy_commander"])
        assert (await sign(client, await people(COMMANDER), proposal)).status_code == 403
        assert (await sign(client, await people(DEPUTY), proposal)).json()["decision"]

    async def test_one_from_before_chains_were_kept_follows_the_plan(self, client: Client, people: People) -> None:
        proposal = await chained(client)
        async with client.runtime.unit() as uow:
            await uow.execute("UPDATE proposal SET chain = NULL, opened_at = NULL")
            await uow.commit()
        found = await read(client, await people(OFFICE), proposal)
        assert [step["roles"] for step in found["chain"]["steps"]] == [["office_director"], ["deputy_commander"]]
        assert (await sign(client, await people(OFFICE), proposal)).json()["next"] == ["deputy_commander"]


class TestPlan:
    async def test_a_city_with_signers_of_its_own_names_them(self, runtime: Runtime) -> None:
        plan = runtime.law.plan_for("140100", datetime.fromisoformat("2019-02-20T12:00:00+08:00"))
        assert [one.role for one in dict(plan.signatures)["red"]] == ["office_director", "commander"]  # type: ignore[index]
