"""The page of city, region and period sums: nothing before a choice, then each city and level with its floor, and a chart of the same."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest

from service.accounts.roles import Role
from service.evaluations import region
from service.web.evaluation_sums import picture
from tests.service.test_evaluations import POLLUTANTS, World, world
from tests.support import Client

__all__ = ["world"]
HTML = {"accept": "text/html"}
DAYS = {"from": "2016-12-01", "last": "2016-12-31"}


async def page(world: World, status: int = 200, **query: str) -> str:
    answer = await world.client.http.get("/evaluations", headers=world.who | HTML, params=query)
    assert answer.status_code == status, answer.text[:500]
    return answer.text


class TestPage:
    async def test_before_a_choice_nothing_is_reckoned(self, world: World, monkeypatch: pytest.MonkeyPatch) -> None:
        async def never(*_: object) -> None:
            raise AssertionError("nothing was asked for")

        monkeypatch.setattr("service.web.evaluation_sums.evaluations", never)
        text = await page(world)
        assert "选择时段和范围后" in text
        assert 'value="2016-12-' in text

    async def test_each_city_and_level_with_its_floor(self, world: World) -> None:
        await world.over()
        text, one = await page(world, **DAYS), await world.get()
        floor = one["classes"]["levels"][0]["floor"]
        for name in POLLUTANTS:
            assert f"{floor['shares'][name] * 100:.1f} %" in text
            assert f"{floor['whole_society_kg_per_day'][name] * 3 / 1000:.3f}" in text
        for words in ("北京", "FLOOR-A", "未核实", f"/warnings/{world.warning}/evaluation"):
            assert words in text, words

    async def test_what_is_drawn_stands_in_the_answer(self, world: World) -> None:
        await world.over()
        text = await page(world, **DAYS)
        found = re.search(r'id="grids-data">(.*?)</script>', text, re.DOTALL)
        assert found is not None
        data: dict[str, Any] = json.loads(found[1])
        floor = (await world.get())["classes"]["levels"][0]["floor"]
        assert [one["level"] for one in data["places"]] == ["yellow"]
        assert [one["planned"] for one in data["pollutants"]] == [[floor["shares"][name]] for name in POLLUTANTS]
        assert [one["verified"] for one in data["pollutants"]] == [[None]] * 4
        assert [one["required"] for one in data["pollutants"]] == [[floor["required"][name]] for name in POLLUTANTS]

    async def test_without_whole_society_it_says_not_established_and_no_zero_share(self, world: World) -> None:
        await world.over()
        async with world.client.runtime.unit() as uow:
            await uow.execute("SET LOCAL session_replication_role = replica")
            await uow.execute("UPDATE list_version SET totals = (totals::jsonb - 'whole_society')::json")
            await uow.commit()
        text = await page(world, **DAYS)
        assert text.count("未确立") >= 12
        assert "0.0 %" not in text

    @pytest.mark.parametrize(
        ("query", "said"),
        [({"last": "2016-11-30"}, "请选择 1 至 400 天"), ({"last": "x"}, "请填写起止日期"), ({"adcode": "999999"}, "999999")],
    )
    async def test_what_cannot_be_is_said_and_the_form_stays(self, world: World, query: dict[str, str], said: str) -> None:
        text = await page(world, 404 if "adcode" in query else 422, **(DAYS | query))
        assert said in text
        assert 'value="2016-12-01"' in text

    async def test_too_much_says_what_to_do(self, world: World, monkeypatch: pytest.MonkeyPatch) -> None:
        await world.over()
        monkeypatch.setattr(region, "MOST_LINES", 10)
        assert "请缩短时段或缩小范围" in await page(world, 422, **DAYS)

    async def test_by_region_and_in_english(self, world: World) -> None:
        await world.over()
        assert "1 warnings, 1 cities" in await page(world, **DAYS, region="jingjinji-2015", lang="en")
        assert "这些天内没有带响应的预警" in await page(world, **(DAYS | {"last": "2016-12-10"}), lang="zh")

    async def test_another_province_and_enterprises(self, client: Client, world: World) -> None:
        await world.over()
        away = await client.account(Role.COMMANDER, adcode="130000")
        refused = await client.http.get("/evaluations", headers=away | HTML, params=DAYS | {"adcode": "110000"})
        assert refused.status_code == 403
        own = await client.http.get("/evaluations", headers=away | HTML, params=DAYS)
        assert "这些天内没有带响应的预警" in own.text
        assert (await client.http.get("/evaluations", headers=(await world.enterprise()) | HTML)).status_code == 403


def test_where_no_floor_applies_nothing_is_drawn() -> None:
    shares = dict.fromkeys(POLLUTANTS)
    level = {"level": "red", "floor": None, "classes": {"without": 0, "floor": None}, "whole_society": {"verified_share_at_least": shares}}
    found = picture({"cities": [{"place": "甲", "levels": [level]}]})
    assert found["pollutants"][0] == {"label": "SO₂", "planned": [None], "verified": [None], "required": [None]}
