"""A city that announced a later start is asked to begin with the others, and does when it is decided."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest

from service.accounts.roles import Role
from service.kit.clock import SHANGHAI, ManualClock
from service.kit.problems import Conflict
from service.kit.runtime import Runtime
from service.responses.repository import at, of_division
from tests.service.duty_support import rows, step
from tests.service.region_support import (
    COMMON_START,
    ISSUED,
    Command,
    board_of,
    enter,
    open_proposals,
    prompt_body,
    until,
)
from tests.support import Client, listed

CITY, OTHER = "110000", "130200"
LATER = datetime(2016, 12, 17, tzinfo=SHANGHAI)
MINUTE = timedelta(minutes=1)


@pytest.fixture(autouse=True)
def noon(clock: ManualClock) -> None:
    clock.current = ISSUED


async def prompted(client: Client, level: str = "red") -> tuple[dict[str, str], int]:
    """The coordinator and the prompt of two cities to a level."""
    coordinator = await client.account(Role.COORDINATOR, "100000")
    made = await enter(client, coordinator, prompt_body({CITY: level, OTHER: level}))
    return coordinator, int(made["id"])


async def levels(runtime: Runtime, *instants: datetime) -> list[str | None]:
    async with runtime.unit() as uow:
        found = await of_division(uow, CITY)
    holding = [at(found, instant) for instant in instants]
    return [one.level.code if one else None for one in holding]


async def announced(runtime: Runtime, **given: Any) -> None:
    await step(runtime, "issue", "red", adcode=CITY, effective=LATER, **given)


class TestAnnouncedForLater:
    async def test_the_prompt_proposes_to_bring_it_forward(self, client: Client, runtime: Runtime) -> None:
        await announced(runtime)
        coordinator, prompt = await prompted(client)
        proposal = (await open_proposals(client, coordinator))[CITY]
        assert (proposal["action"], proposal["from"], proposal["to"]) == ("advance", "red", "red")
        assert proposal["effective_at"] == COMMON_START.isoformat()
        assert proposal["prompt"] == prompt
        assert "提前启动" in proposal["content"]["notice"]["zh"]["headline"]
        line = (await board_of(client, coordinator, prompt))[CITY]
        assert (line["reason"]["code"], line["late_minutes"], line["acted"]) == ("waiting", 240, False)

    async def test_decided_it_begins_with_the_others(self, client: Client, runtime: Runtime, clock: ManualClock) -> None:
        await listed(runtime)
        await announced(runtime)
        coordinator, prompt = await prompted(client)
        proposal = (await open_proposals(client, coordinator))[CITY]
        await Command(client).decide(proposal)
        line = (await board_of(client, coordinator, prompt))[CITY]
        assert (line["reason"]["code"], line["late_minutes"]) == ("in_step", 0)
        (warning,) = await rows(runtime, "SELECT state, effective_at FROM warning WHERE adcode = $1", CITY)
        assert (warning["state"], warning["effective_at"]) == ("announced", COMMON_START)
        assert await levels(runtime, COMMON_START - MINUTE, COMMON_START, LATER - MINUTE, LATER) == [None, "red", "red", "red"]
        (message,) = await rows(
            runtime, "SELECT m.kind, m.body FROM message m JOIN warning_step s ON s.id = m.step_id WHERE s.action = 'advance'"
        )
        assert message["kind"] == "Update"
        assert f"<onset>{COMMON_START.isoformat()}</onset>" in bytes(message["body"]).decode()
        await until(client, runtime, clock, COMMON_START)
        (warning,) = await rows(runtime, "SELECT state FROM warning WHERE adcode = $1", CITY)
        assert warning["state"] == "active"
        assert CITY not in await open_proposals(client, coordinator)

    async def test_a_decision_after_the_common_start_begins_at_once(
        self, client: Client, runtime: Runtime, clock: ManualClock
    ) -> None:
        await announced(runtime)
        await prompted(client)
        clock.current = COMMON_START + 10 * MINUTE
        await step(runtime, "advance", "red", adcode=CITY, effective=COMMON_START)
        (warning,) = await rows(runtime, "SELECT state, effective_at FROM warning WHERE adcode = $1", CITY)
        assert (warning["state"], warning["effective_at"]) == ("active", COMMON_START + 10 * MINUTE)

    async def test_a_fixed_end_stays(self, client: Client, runtime: Runtime) -> None:
        end = LATER + timedelta(days=5)
        await announced(runtime, end=end, fixed=True)
        coordinator = await client.account(Role.COORDINATOR, "100000")
        body = prompt_body({CITY: "red"}, ends_at=(end - timedelta(days=1)).isoformat())
        await enter(client, coordinator, body)
        await Command(client).decide((await open_proposals(client, coordinator))[CITY])
        (warning,) = await rows(runtime, "SELECT planned_end, fixed_end FROM warning WHERE adcode = $1", CITY)
        assert (warning["planned_end"], warning["fixed_end"]) == (end, True)

    async def test_rejected_it_stays_late_and_says_so(self, client: Client, runtime: Runtime) -> None:
        await listed(runtime)
        await announced(runtime)
        coordinator, prompt = await prompted(client)
        await Command(client).decide((await open_proposals(client, coordinator))[CITY], approve=False, reason="不同意")
        line = (await board_of(client, coordinator, prompt))[CITY]
        assert (line["reason"]["code"], line["late_minutes"]) == ("starts_later", 240)

    async def test_a_higher_level_announced_for_later(self, client: Client, runtime: Runtime) -> None:
        await step(runtime, "issue", "yellow", adcode=CITY)
        await step(runtime, "raise", "red", adcode=CITY, effective=LATER)
        coordinator, _ = await prompted(client)
        proposal = (await open_proposals(client, coordinator))[CITY]
        assert (proposal["action"], proposal["effective_at"]) == ("advance", COMMON_START.isoformat())
        await Command(client).decide(proposal)
        assert await levels(runtime, ISSUED, COMMON_START - MINUTE, COMMON_START, LATER) == ["yellow", "yellow", "red", "red"]
        (warning,) = await rows(runtime, "SELECT state, effective_at FROM warning WHERE adcode = $1", CITY)
        assert (warning["state"], warning["effective_at"]) == ("raised", ISSUED)


class TestRefused:
    async def test_what_has_begun(self, runtime: Runtime, clock: ManualClock) -> None:
        await announced(runtime)
        clock.current = LATER
        with pytest.raises(Conflict, match="come already"):
            await step(runtime, "advance", "red", adcode=CITY, effective=COMMON_START)

    async def test_a_start_that_is_not_earlier(self, runtime: Runtime) -> None:
        await announced(runtime)
        with pytest.raises(Conflict, match="come already"):
            await step(runtime, "advance", "red", adcode=CITY, effective=LATER)
