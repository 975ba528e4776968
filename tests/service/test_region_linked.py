"""One level within a province or zone, in principle: proposed with a flag, never automatic, and never two holding each other up."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest

from alerts.levels import Level
from service.accounts.roles import Role
from service.kit.clock import SHANGHAI, ManualClock
from service.kit.runtime import Runtime
from service.prompts.repository import prompt_for, zones_of
from tests.service.region_support import Command, board_of, enter, open_proposals, prompt_body
from tests.support import Client, forecast

NOW = datetime(2024, 12, 10, 12, 0, tzinfo=SHANGHAI)
START = (NOW + timedelta(hours=30)).isoformat()
JINGJINJI = {"370100": "red", "370300": "orange", "370800": "orange", "410100": "yellow"}


@pytest.fixture(autouse=True)
def winter(clock: ManualClock) -> None:
    clock.current = NOW


def body(entries: dict[str, str], region: str = "jingjinji-2023") -> dict[str, Any]:
    return prompt_body(entries, region=region, starts_at=START)


class TestSameLevel:
    async def test_the_lower_cities_of_a_province_get_a_flagged_proposal(self, client: Client) -> None:
        coordinator = await client.account(Role.COORDINATOR, "100000")
        made = await enter(client, coordinator, body(JINGJINJI))
        found = await open_proposals(client, coordinator)
        assert {code: (one["to"], "same_level" in one["content"]["flags"]) for code, one in found.items()} == {
            "370100": ("red", False),
            "370300": ("red", True),
            "370800": ("red", True),
            "410100": ("yellow", False),
        }
        assert {one["state"] for one in found.values()} == {"open"}, "nothing is done without a decision"
        board = await board_of(client, coordinator, made["id"])
        assert {code: one["linked_level"] for code, one in board.items()} == {
            "370100": None,
            "370300": "red",
            "370800": "red",
            "410100": None,
        }
        await client.work()
        assert (await open_proposals(client, coordinator))["370300"]["content_hash"] == found["370300"]["content_hash"]

    async def test_once_declined_the_prompts_own_level_is_proposed(self, client: Client, runtime: Runtime) -> None:
        coordinator = await client.account(Role.COORDINATOR, "100000")
        await enter(client, coordinator, body(JINGJINJI))
        linked = (await open_proposals(client, coordinator))["370300"]
        await Command(client).decide(linked, approve=False, reason="本市按橙色")
        async with runtime.unit() as uow:
            assert await uow.fetch("SELECT * FROM deviation") == [], "in principle only: to decline is no deviation"
            await uow.enqueue("assess", {"adcodes": ["370300"]})
            await uow.commit()
        await client.work()
        again = (await open_proposals(client, coordinator))["370300"]
        assert (again["to"], "same_level" in again["content"]["flags"]) == ("orange", False)

    async def test_a_higher_level_in_force_links_the_others(self, client: Client) -> None:
        coordinator = await client.account(Role.COORDINATOR, "100000")
        await client.feed()
        orange = {"370100": "orange", "370300": "orange"}
        await client.deliver(forecast([40.0] * 30 + [320.0] * 110 + [40.0] * 20, issued=NOW, adcode="370100"))
        await client.work()
        await enter(client, coordinator, body(orange))
        found = await open_proposals(client, coordinator)
        assert (found["370100"]["to"], found["370300"]["to"]) == ("red", "orange")
        await Command(client).decide(found["370100"])
        await client.work()
        linked = (await open_proposals(client, coordinator))["370300"]
        assert (linked["to"], "same_level" in linked["content"]["flags"]) == ("red", True)

    async def test_a_linked_level_links_nobody_back(self, client: Client, runtime: Runtime) -> None:
        coordinator = await client.account(Role.COORDINATOR, "100000")
        await enter(client, coordinator, body({"370100": "red", "370300": "orange"}))
        await Command(client).decide((await open_proposals(client, coordinator))["370300"])
        await client.work()
        await enter(client, coordinator, body({"370100": "yellow", "370300": "yellow"}))
        async with runtime.unit() as uow:
            view = await prompt_for(uow, "370100")
        assert view is not None
        assert (view.level, view.linked) == (Level.YELLOW, False)

    async def test_zones_of_a_province_keep_levels_of_their_own(self, client: Client, runtime: Runtime) -> None:
        async with runtime.unit() as uow:
            zones = zones_of(uow, "320000")
        north, river = (next(codes for name, codes in zones.items() if mark in name) for mark in ("苏北", "沿江"))
        entries = {north[0]: "orange", north[1]: "yellow", river[0]: "yellow"}
        coordinator = await client.account(Role.COORDINATOR, "100000")
        await enter(client, coordinator, body(entries, "changsanjiao-2023"))
        found = await open_proposals(client, coordinator)
        assert {code: one["to"] for code, one in found.items()} == {
            north[0]: "orange",
            north[1]: "orange",
            river[0]: "yellow",
        }

    async def test_before_the_principle_levels_are_those_of_the_letter(self, client: Client, clock: ManualClock) -> None:
        clock.current = datetime(2016, 12, 15, 12, 0, tzinfo=SHANGHAI)
        coordinator = await client.account(Role.COORDINATOR, "100000")
        await enter(client, coordinator, prompt_body({"410100": "red", "410200": "orange"}))
        found = await open_proposals(client, coordinator)
        assert {code: one["to"] for code, one in found.items()} == {"410100": "red", "410200": "orange"}
