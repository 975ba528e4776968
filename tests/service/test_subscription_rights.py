"""Endpoints end with the rights of who made them, by either door, and what waits for them is given up."""

from __future__ import annotations

import json
from typing import Any

import pytest

from service.accounts import console
from service.accounts.roles import Role
from service.kit.runtime import Runtime
from service.subscriptions.flows import write_deliveries
from tests.service.access_support import Office, office
from tests.support import Client

COMMANDER = Role.COMMANDER


class Owner:
    """Somebody with an endpoint, and the administrators of the region."""

    def __init__(self, book: Office, number: int, runtime: Runtime) -> None:
        self.book, self.number, self.runtime = book, number, runtime

    async def act(self, act: str, **body: Any) -> None:
        answer = await self.book.act(self.book.security, self.number, act, **body)
        assert answer.status_code == 204, answer.text

    async def states(self) -> list[str]:
        async with self.runtime.unit() as uow:
            return [row["state"] for row in await uow.fetch("SELECT state FROM subscription ORDER BY id")]

    async def tell(self) -> int:
        """Queue an event of the division; how many endpoints get it."""
        async with self.runtime.unit() as uow:
            written = await write_deliveries(uow, "test", "warning.issued", "{}", "110000", None)
            await uow.commit()
        return written


@pytest.fixture
async def owner(client: Client, runtime: Runtime) -> Owner:
    book = await office(client)
    number = await book.granted("hooks", COMMANDER)
    token = (await book.sign_in("hooks")).json()["token"]
    for name, state in (("one", None), ("two", "paused")):
        body = {"url": f"https://{name}.example/hook"}
        who = {"authorization": f"Bearer {token}"}
        made = await client.http.post("/api/v1/subscriptions", headers=who, json=body)
        assert made.status_code == 201, made.text
        if state:
            path = f"/api/v1/subscriptions/{made.json()['id']}"
            assert (await client.http.patch(path, headers=who, json={"state": state})).status_code == 200
    return Owner(book, number, runtime)


ENDING = [
    ("disable", {"reason": "left"}, "account.disabled"),
    ("grant", {"role": "commander", "adcode": "110105"}, "account.granted"),
    ("grant", {"role": "forecaster", "adcode": "110000"}, "account.granted"),
]


@pytest.mark.parametrize(("act", "body", "cause"), ENDING)
async def test_they_end_with_their_owner_s_rights(owner: Owner, act: str, body: dict[str, str], cause: str) -> None:
    assert await owner.tell() == 2
    await owner.act(act, **body)
    assert await owner.states() == ["ended", "ended"]
    assert await owner.tell() == 0
    async with owner.runtime.unit() as uow:
        waiting = await uow.fetch("SELECT DISTINCT state FROM delivery")
        told = await uow.fetch("SELECT content FROM ledger_entry WHERE kind = 'subscription.ended' ORDER BY id")
    assert [row["state"] for row in waiting] == ["cancelled"]
    said = [json.loads(row["content"]) for row in told]
    assert sorted((one["subscription"], one["account"], one["cause"]) for one in said) == [
        (number, owner.number, cause) for number in (1, 2)
    ]
    assert all(isinstance(one["by"], int) for one in said)


async def test_the_same_rights_again_end_nothing(owner: Owner) -> None:
    await owner.act("grant", role="commander", adcode="110000")
    assert await owner.states() == ["active", "paused"]


@pytest.mark.parametrize(
    ("adcode", "states"), [(None, ["ended"]), ("110105", ["ended"]), ("110000", ["active", "paused"])]
)
async def test_the_operator_of_the_machine_ends_them_too(owner: Owner, adcode: str | None, states: list[str]) -> None:
    async with owner.runtime.unit() as uow:
        if adcode is None:
            await console.set_enabled(uow, "hooks", False)
        else:
            await console.grant(uow, "hooks", COMMANDER, adcode)
        await uow.commit()
    assert sorted(set(await owner.states())) == states
    async with owner.runtime.unit() as uow:
        told = await uow.fetch("SELECT content FROM ledger_entry WHERE kind = 'subscription.ended'")
    assert {json.loads(row["content"])["by"] for row in told} == ({"console"} if states == ["ended"] else set())
