"""An enterprise sees what its lines were planned, reported and verified to save: on its page, and line by line on one of its own."""

from __future__ import annotations

import json
import re
from typing import Any

from service.accounts.roles import Role
from service.web.reductions import picture
from tests.service.test_evaluations import ENDS, World, stopped, world
from tests.support import Client

__all__ = ["world"]
HTML = {"accept": "text/html"}


async def page(world: World, path: str, who: dict[str, str] | None = None, **query: str) -> str:
    answer = await world.client.http.get(path, headers=(who or world.who) | HTML, params=query)
    assert answer.status_code == 200, answer.text[:500]
    return answer.text


def drawn(text: str) -> dict[str, Any]:
    found = re.search(r'id="evaluation-data">(.*?)</script>', text, re.DOTALL)
    assert found is not None
    data: dict[str, Any] = json.loads(found[1])
    return data


class TestOnTheEnterprisesPage:
    async def test_before_the_first_response_it_says_what_will_appear(self, world: World) -> None:
        assert "响应开始后，这里按生产线列出" in await page(world, f"/enterprises/{world.uscc}", await world.enterprise())

    async def test_the_newest_warning_with_planned_reported_and_verified(self, world: World) -> None:
        await world.over()
        who = await world.enterprise()
        await world.report(who, stopped(next(iter(await world.lines())), nox=4.25))
        text = await page(world, f"/enterprises/{world.uscc}", who)
        totals = (await world.get("/evaluation/lines", uscc=world.uscc))["totals"]
        assert f"{totals['nox']['planned_kg']:.3f}" in text
        assert "4.250" in text
        assert "未核实" in text
        assert f"/enterprises/{world.uscc}/reductions" in text


class TestPage:
    async def test_every_line_stands_there_with_its_tables_to_take_away(self, world: World) -> None:
        await world.over()
        text = await page(world, f"/enterprises/{world.uscc}/reductions", await world.enterprise())
        for line in (await world.lines()).values():
            assert line.name in text
            assert line.code in text
        assert f"/api/v1/responses/{world.response}/evaluation/lines.csv?uscc={world.uscc}" in text
        assert f"/api/v1/responses/{world.response}/evaluation/hours.csv?uscc={world.uscc}" in text

    async def test_the_hours_drawn_add_up_to_what_was_planned(self, world: World) -> None:
        await world.over()
        data = drawn(await page(world, f"/enterprises/{world.uscc}/reductions", await world.enterprise()))
        assert len(data["until"]) == 72
        for one in data["pollutants"]:
            assert round(sum(one["hours"]["planned"]), 3) == round(one["planned"], 3)
            assert set(one["hours"]["verified"]) == {None}
            assert (one["reported"], one["verified"]) == (None, None)

    async def test_closed_it_says_what_was_kept_and_what_came_since(self, world: World) -> None:
        await world.over()
        assert (await world.close((await world.get())["content_hash"])).status_code == 201
        world.clock.advance_to(ENDS.replace(day=25))
        await world.report(await world.enterprise(), stopped(next(iter(await world.lines()))))
        text = await page(world, f"/enterprises/{world.uscc}/reductions")
        assert "定稿只保存汇总数" in text
        assert "新上报 1 条" in text

    async def test_in_english_and_before_anything(self, world: World) -> None:
        text = await page(world, f"/enterprises/{world.uscc}/reductions", lang="en")
        assert "No response with measures yet" in text

    async def test_nobody_elses(self, client: Client, world: World) -> None:
        await world.over()
        path = f"/enterprises/{world.uscc}/reductions"
        for who in (
            await client.account(Role.ENTERPRISE, uscc="91110000MA0000000X"),
            await client.account(Role.COMMANDER, adcode="130000"),
        ):
            assert (await client.http.get(path, headers=who | HTML)).status_code == 403

    async def test_a_response_of_another_place_is_not_found(self, world: World) -> None:
        await world.over()
        answer = await world.client.http.get(
            f"/enterprises/{world.uscc}/reductions", headers=world.who | HTML, params={"response": "999"}
        )
        assert answer.status_code == 404


def test_an_hour_that_one_line_lacks_counts_what_the_other_has() -> None:
    def hours(values: list[float | None]) -> dict[str, Any]:
        every = {"planned_kg": values, "verified_at_least_kg": [None, None]}
        return {"responses": [{"hours": {"until": ["a", "b"], "pollutants": dict.fromkeys(("so2", "nox", "pm", "vocs"), every)}}]}

    totals = {"planned_kg": 1.0, "reported_kg": None, "verified_at_least_kg": None}
    found = picture({"items": [hours([None, 1.0]), hours([None, 0.5])], "totals": dict.fromkeys(("so2", "nox", "pm", "vocs"), totals)})
    assert found["pollutants"][0]["hours"] == {"planned": [None, 1.5], "verified": [None, None]}
