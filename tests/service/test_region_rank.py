"""A coordinator below may ask for more than the region does, never for less."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import httpx
import pytest

from service.accounts.roles import Role
from service.kit.clock import ManualClock
from service.kit.runtime import Runtime
from tests.service.region_support import COMMON_START, ISSUED, enter, open_proposals, prompt_body
from tests.support import Client

SHIJIAZHUANG, JINAN = "130100", "370100"
HOUR = timedelta(hours=1)
ENDS = COMMON_START + 72 * HOUR


@pytest.fixture(autouse=True)
def noon(clock: ManualClock) -> None:
    clock.current = ISSUED


async def region(
    client: Client, *, level: str = "orange", ends: datetime | None = ENDS, own: str = "100000"
) -> dict[str, str]:
    """The wider region asks for a level in two provinces; returns the headers of who asked."""
    who = await client.account(Role.COORDINATOR, own)
    given = {} if ends is None else {"ends_at": ends.isoformat()}
    await enter(client, who, prompt_body({SHIJIAZHUANG: level, JINAN: level}, **given))
    return who


async def ask(client: Client, who: dict[str, str], level: str = "orange", **given: Any) -> httpx.Response:
    body = prompt_body({SHIJIAZHUANG: level}, document="省级提示", **{"ends_at": ENDS.isoformat(), **given})
    return await client.http.post("/api/v1/prompts", headers=who, json=body)


async def lift(client: Client, who: dict[str, str], at: datetime = COMMON_START + HOUR) -> httpx.Response:
    body = {
        "region": prompt_body()["region"],
        "document": "解除",
        "basis": "x",
        "lifts_at": at.isoformat(),
        "entries": [{"adcode": SHIJIAZHUANG}],
    }
    return await client.http.post("/api/v1/prompts/lifts", headers=who, json=body)


async def prompts(runtime: Runtime) -> int:
    async with runtime.unit() as uow:
        found: int = await uow.fetchval("SELECT count(*) FROM prompt")
        return found


class TestFromBelow:
    @pytest.mark.parametrize(
        ("level", "given"),
        [
            ("yellow", {}),
            ("orange", {"starts_at": (COMMON_START + HOUR).isoformat()}),
            ("red", {"starts_at": (COMMON_START + HOUR).isoformat()}),
            ("red", {"ends_at": (ENDS - HOUR).isoformat()}),
        ],
    )
    async def test_less_is_refused_and_nothing_changes(
        self, client: Client, runtime: Runtime, level: str, given: dict[str, Any]
    ) -> None:
        who = await region(client)
        before = await open_proposals(client, who)
        answer = await ask(client, await client.account(Role.PROVINCIAL_COORDINATOR, "130000"), level, **given)
        assert (answer.status_code, answer.json()["type"]) == (409, "urn:lantian:problem:conflict")
        assert SHIJIAZHUANG in answer.json()["detail"]
        assert "石家庄" in answer.json()["detail_zh"]
        assert await prompts(runtime) == 1
        assert await open_proposals(client, who) == before

    @pytest.mark.parametrize(
        ("level", "given"),
        [
            ("orange", {}),
            ("red", {}),
            ("orange", {"starts_at": (COMMON_START - HOUR).isoformat()}),
            ("orange", {"ends_at": (ENDS + HOUR).isoformat()}),
            ("orange", {"ends_at": None}),
        ],
    )
    async def test_the_same_or_more_counts(self, client: Client, level: str, given: dict[str, Any]) -> None:
        who = await region(client)
        answer = await ask(client, await client.account(Role.PROVINCIAL_COORDINATOR, "130000"), level, **given)
        assert answer.status_code == 201, answer.text
        assert (await open_proposals(client, who))[SHIJIAZHUANG]["to"] == level

    async def test_a_lift_is_refused_until_the_region_has_lifted(
        self, client: Client, runtime: Runtime, clock: ManualClock
    ) -> None:
        who = await region(client)
        province = await client.account(Role.PROVINCIAL_COORDINATOR, "130000")
        assert (await lift(client, province)).status_code == 409
        assert await prompts(runtime) == 1
        assert (await lift(client, who)).status_code == 201
        assert (await lift(client, province)).status_code == 201, "the same hour takes nothing back"
        clock.advance_to(COMMON_START + 2 * HOUR)
        assert (await ask(client, province, "yellow")).status_code == 201

    async def test_a_stricter_prompt_in_front_of_it_opens_no_way_round(self, client: Client) -> None:
        await region(client)
        province = await client.account(Role.PROVINCIAL_COORDINATOR, "130000")
        assert (await ask(client, province, "red")).status_code == 201
        assert (await lift(client, province)).status_code == 409
        assert (await ask(client, province, "yellow")).status_code == 409
        assert (await ask(client, province, "orange")).status_code == 201

    async def test_when_it_is_over_it_binds_nobody(self, client: Client, clock: ManualClock) -> None:
        await region(client, ends=COMMON_START + 3 * HOUR)
        clock.advance_to(COMMON_START + 3 * HOUR)
        answer = await ask(client, await client.account(Role.PROVINCIAL_COORDINATOR, "130000"), "yellow")
        assert answer.status_code == 201

    async def test_who_has_moved_since_still_asked_for_the_region(self, client: Client, runtime: Runtime) -> None:
        await region(client)
        async with runtime.unit() as uow:
            await uow.execute("UPDATE account SET adcode = '130000' WHERE role = 'coordinator'")
            await uow.commit()
        assert (await lift(client, await client.account(Role.PROVINCIAL_COORDINATOR, "130000"))).status_code == 409


class TestAmongEquals:
    async def test_the_newest_counts(self, client: Client) -> None:
        who = await region(client)
        assert (await ask(client, await client.account(Role.COORDINATOR, "100000"), "yellow")).status_code == 201
        assert (await open_proposals(client, who))[SHIJIAZHUANG]["to"] == "yellow"
        assert (await lift(client, who)).status_code == 201

    async def test_a_prompt_sent_twice_is_answered_twice_though_the_region_spoke_between(self, client: Client) -> None:
        province = await client.account(Role.PROVINCIAL_COORDINATOR, "130000") | {"idempotency-key": "once"}
        first = await ask(client, province, "yellow")
        await region(client)
        assert (await ask(client, province, "yellow")).json() == first.json()
