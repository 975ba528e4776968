"""A page offers a signature or a withdrawal exactly to whom the flow lets do it."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from service.accounts.roles import Role
from service.kit.clock import ManualClock
from service.kit.runtime import Runtime
from tests.service.approving import PROPOSALS, People, chained, put_in_force, sign
from tests.support import NOW, Client

HTML = {"accept": "text/html", "origin": "http://127.0.0.1:8000"}
BUTTON, WITHDRAW = 'name="verdict" value="approve"', 'action="/proposals/{}/withdrawal"'
OTHER_HASH = "0" * 64
CROWD = (Role.OFFICE_DIRECTOR, Role.DEPUTY_COMMANDER, Role.COMMANDER, Role.DUTY_OFFICER, Role.AUDITOR, Role.FORECASTER)


@pytest.fixture
def people(client: Client) -> People:
    return People(client)


async def page(client: Client, who: dict[str, str], path: str) -> str:
    answer = await client.http.get(path, headers=who | HTML)
    assert answer.status_code == 200, answer.text[-500:]
    return answer.text


async def agree(client: Client, who: dict[str, str], number: int) -> bool:
    """Whether somebody may sign: the page and the list say what the flow does. Another hash keeps it from being done."""
    text = await page(client, who, f"/proposals/{number}")
    wrong = {"approve": False, "content_hash": OTHER_HASH, "reason": "x"}
    answer = await client.http.post(f"{PROPOSALS}/{number}/decision", headers=who, json=wrong)
    assert answer.status_code in {403, 409}
    may = answer.json()["type"].endswith(":content-changed")
    assert (BUTTON in text) is may, answer.text
    mine = (await page(client, who, "/proposals")).partition('class="panel mine"')[2].partition("</section>")[0]
    assert (f'href="/proposals/{number}"' in mine) is may
    taken = await client.http.post(
        f"{PROPOSALS}/{number}/withdrawal", headers=who, json={"content_hash": OTHER_HASH, "reason": "x"}
    )
    assert (WITHDRAW.format(number) in text) is taken.json()["type"].endswith(":content-changed"), taken.text
    return may


async def who_may(client: Client, people: People, number: int) -> set[Role]:
    return {role for role in CROWD if await agree(client, await people(role), number)}


async def test_each_step_before_and_after_its_deadline(client: Client, people: People, clock: ManualClock) -> None:
    proposal = await chained(client)
    number = proposal["id"]
    assert await who_may(client, people, number) == {Role.OFFICE_DIRECTOR}
    clock.advance_to(NOW + timedelta(hours=2))  # nobody has looked at the deadline yet
    assert await who_may(client, people, number) == {Role.OFFICE_DIRECTOR, Role.DEPUTY_COMMANDER}
    await sign(client, await people(Role.OFFICE_DIRECTOR), proposal)
    assert await who_may(client, people, number) == {Role.DEPUTY_COMMANDER}


async def test_when_no_further_role_is_left_nobody_does(client: Client, people: People, clock: ManualClock) -> None:
    proposal = await chained(client, [{"role": "commander", "within_hours": 1}])
    assert await who_may(client, people, proposal["id"]) == {Role.COMMANDER}
    clock.advance_to(NOW + timedelta(hours=1))
    assert await who_may(client, people, proposal["id"]) == set()
    text = await page(client, await people(Role.COMMANDER), f"/proposals/{proposal['id']}")
    assert "签批时限已过" in text


async def test_the_proposer_only_withdraws(client: Client, people: People) -> None:
    put_in_force(client.runtime, [{"role": "commander"}])
    body = {
        "adcode": "110000",
        "to": "red",
        "reason": "upper_order",
        "explanation": "上级要求",
        "ground": "upper_order",
        "legal_basis": "京政办〔2016〕1号",
    }
    made = await client.http.post(PROPOSALS, headers=await people(Role.COMMANDER), json=body)
    assert made.status_code == 201, made.text
    assert await who_may(client, people, made.json()["id"]) == set()
    assert await agree(client, await client.account(Role.COMMANDER), made.json()["id"])


async def test_whose_prompt_it_follows_is_offered_nothing(client: Client, runtime: Runtime) -> None:
    prompter = await client.account(Role.COORDINATOR, "100000", login="prompter")
    prompt: dict[str, Any] = {
        "region": "jingjinji-2015",
        "document": "x",
        "basis": "x",
        "starts_at": "2016-12-17T00:00:00+08:00",
        "entries": [{"adcode": "110000", "level": "red"}],
    }
    entered = await client.http.post("/api/v1/prompts", headers=prompter, json=prompt)
    assert entered.status_code == 201, entered.text
    async with runtime.unit() as uow:
        await uow.execute("UPDATE account SET role = 'commander' WHERE login = 'prompter'")
        await uow.commit()
    runtime.live.sessions.clear()
    (found,) = (await client.http.get(f"{PROPOSALS}?state=open", headers=prompter)).json()["items"]
    assert not await agree(client, prompter, found["id"])
    assert "依据你发出的提示" in await page(client, prompter, f"/proposals/{found['id']}")
    assert await agree(client, await client.account(Role.COMMANDER), found["id"])
