"""What becomes of signatures when a proposal is replaced or withdrawn, and what the database itself refuses."""

from __future__ import annotations

from typing import Any

import asyncpg
import pytest

from service.accounts.roles import Role
from tests.service.approving import (
    PROPOSALS,
    TWO,
    People,
    by_hand,
    chained,
    entries,
    only,
    put_in_force,
    read,
    sign,
    told,
)
from tests.service.guarding import ORDER
from tests.support import Client, forecast

OFFICE, DEPUTY, COMMANDER, DUTY = Role.OFFICE_DIRECTOR, Role.DEPUTY_COMMANDER, Role.COMMANDER, Role.DUTY_OFFICER


class TestReplacingWhatIsSigned:
    BODY = {"adcode": "110000", "to": "orange", "reason": "upper_order", "explanation": "上级要求"} | ORDER

    async def put(self, client: Client, who: dict[str, str]) -> Any:
        return await client.http.post(PROPOSALS, headers=who, json=self.BODY)

    @pytest.mark.parametrize("role", [Role.FORECASTER, DUTY, COMMANDER])
    async def test_nobody_sweeps_away_what_others_have_signed(
        self, client: Client, people: People, role: Role
    ) -> None:
        proposal = await chained(client)
        await sign(client, await people(OFFICE), proposal)
        answer = await self.put(client, await people(role))
        assert (answer.status_code, answer.json()["type"]) == (409, "urn:lantian:problem:conflict")
        assert "签署" in answer.json()["detail_zh"]
        found = await only(client, await people(OFFICE))
        assert (found["id"], found["chain"]["signed"]) == (proposal["id"], 1)
        assert (await sign(client, await people(DEPUTY), proposal)).json()["decision"]

    async def test_a_rejection_makes_room(self, client: Client, people: People) -> None:
        proposal = await chained(client)
        await sign(client, await people(OFFICE), proposal)
        assert (await sign(client, await people(DEPUTY), proposal, approve=False)).status_code == 200
        assert (await self.put(client, await people(Role.FORECASTER))).status_code == 201

    async def test_who_signed_it_replaces_it(self, client: Client, people: People) -> None:
        proposal = await chained(client)
        await sign(client, await people(OFFICE), proposal)
        assert (await self.put(client, await people(OFFICE))).status_code == 201
        assert (await read(client, await people(OFFICE), proposal))["state"] == "superseded"

    async def test_its_proposer_replaces_it(self, client: Client, people: People) -> None:
        put_in_force(client.runtime, TWO)
        proposal = await by_hand(client, await people(DUTY))
        await sign(client, await people(OFFICE), proposal)
        assert (await self.put(client, await people(COMMANDER))).status_code == 409
        assert (await self.put(client, await people(DUTY))).status_code == 201

    async def test_unsigned_it_is_replaced_as_ever(self, client: Client, people: People) -> None:
        await chained(client)
        assert (await self.put(client, await people(Role.FORECASTER))).status_code == 201


class TestWithdraw:
    async def withdraw(self, client: Client, who: dict[str, str], proposal: dict[str, Any], **more: Any) -> Any:
        body = {"content_hash": proposal["content_hash"], "reason": "录入有误"} | more
        return await client.http.post(f"{PROPOSALS}/{proposal['id']}/withdrawal", headers=who, json=body)

    async def test_by_the_proposer_even_when_somebody_has_signed(self, client: Client, people: People) -> None:
        put_in_force(client.runtime, TWO)
        proposal = await by_hand(client, await people(DUTY))
        await sign(client, await people(OFFICE), proposal)
        answer = await self.withdraw(client, await people(DUTY), proposal)
        assert (answer.status_code, answer.json()["state"], answer.json()["signed"]) == (200, "withdrawn", 1)
        found = await read(client, await people(DUTY), proposal)
        assert (found["state"], found["closed_reason"]) == ("withdrawn", "录入有误")
        assert (await sign(client, await people(DEPUTY), proposal)).status_code == 409
        (entry,) = await entries(client.runtime, "proposal.withdrawn")
        assert (entry["reason"], entry["signatures"]) == ("录入有误", 1)
        heard = [roles for _, roles, reason in await told(client.runtime) if reason.startswith("withdrawn:")]
        assert heard == [["deputy_commander", "office_director"]]

    async def test_not_by_anybody_else_nor_twice(self, client: Client, people: People) -> None:
        put_in_force(client.runtime, TWO)
        proposal = await by_hand(client, await people(DUTY))
        assert (await self.withdraw(client, await people(COMMANDER), proposal)).status_code == 403
        away = await client.account(DUTY, adcode="130000")
        assert (await self.withdraw(client, away, proposal)).status_code == 404
        assert (await self.withdraw(client, await people(DUTY), proposal, content_hash="0" * 64)).status_code == 409
        assert (await self.withdraw(client, await people(DUTY), proposal, reason=" ")).status_code == 422
        assert (await self.withdraw(client, await people(DUTY), proposal)).status_code == 200
        assert (await self.withdraw(client, await people(DUTY), proposal)).status_code == 409

    async def test_the_systems_own_is_rejected_not_withdrawn(self, client: Client, people: People) -> None:
        proposal = await chained(client)
        assert (await self.withdraw(client, await people(OFFICE), proposal)).status_code == 403

    async def test_what_the_assessment_asks_for_is_proposed_again(self, client: Client, people: People) -> None:
        system = await chained(client)
        mine = await by_hand(client, await people(DUTY))
        assert (await self.withdraw(client, await people(DUTY), mine)).status_code == 200
        await client.deliver(forecast([60.0] * 31 + [181.0] * 72 + [40.0] * 60))
        await client.work()
        found = await only(client, await people(OFFICE))
        assert (found["to"], found["proposed_by"]) == (system["to"], None)


class TestDatabase:
    @pytest.mark.parametrize(
        ("changes", "error"),
        [
            ({}, asyncpg.UniqueViolationError),
            ({"step": 1}, asyncpg.UniqueViolationError),
            ({"for_account": "account_id", "step": 5, "proposal_id": "0"}, asyncpg.PostgresError),
        ],
    )
    async def test_it_refuses_a_second_signature_of_a_step_or_a_person(
        self, client: Client, people: People, changes: dict[str, Any], error: type[Exception]
    ) -> None:
        proposal = await chained(client)
        await sign(client, await people(OFFICE), proposal)
        columns = (
            "proposal_id",
            "adcode",
            "step",
            "account_id",
            "role",
            "for_account",
            "content_hash",
            "reason",
            "signed_at",
        )
        values = ", ".join(str(changes.get(name, name)) for name in columns)
        async with client.runtime.unit() as uow:
            with pytest.raises(error):
                await uow.execute(f"INSERT INTO signature ({', '.join(columns)}) SELECT {values} FROM signature")

    async def test_a_signature_is_never_changed(self, client: Client, people: People) -> None:
        proposal = await chained(client)
        await sign(client, await people(OFFICE), proposal)
        for statement in ("UPDATE signature SET reason = ''", "DELETE FROM signature"):
            async with client.runtime.unit() as uow:
                with pytest.raises(asyncpg.RestrictViolationError):
                    await uow.execute(statement)
