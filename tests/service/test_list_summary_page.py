"""The page of a list's sums: by county, industry, grade and the rest, for one level, with a chart of the same numbers."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest

from emission_lists.levels import ResponseLevel
from service.accounts.roles import Role
from service.kit.runtime import Runtime
from service.web.list_summary import DIMENSIONS, picture
from tests.service.test_list_summary import version
from tests.support import Client

__all__ = ["version"]
HTML = {"accept": "text/html"}
POLLUTANTS = ("so2", "nox", "pm", "vocs")


@pytest.fixture
async def officer(client: Client) -> dict[str, str]:
    return (await client.account(Role.DUTY_OFFICER)) | HTML


async def page(client: Client, version: int, who: dict[str, str], status: int = 200, **query: str) -> str:
    answer = await client.http.get(f"/lists/{version}/summary", headers=who, params=query)
    assert answer.status_code == status, answer.text[:300]
    return answer.text


async def sums(client: Client, version: int, who: dict[str, str]) -> dict[str, Any]:
    found: dict[str, Any] = (await client.http.get(f"/api/v1/lists/{version}/summary", headers=who)).json()
    return found


def drawn(text: str) -> dict[str, Any]:
    found = re.search(r'id="grids-data">(.*?)</script>', text, re.DOTALL)
    assert found is not None
    data: dict[str, Any] = json.loads(found[1])
    return data


def group(name: str, base: float | None, planned: float | None) -> dict[str, Any]:
    values = dict.fromkeys(POLLUTANTS, planned)
    return {
        "key": name, "name_zh": name, "name_en": name, "base": dict.fromkeys(POLLUTANTS, base),
        "planned": dict.fromkeys(("yellow", "orange", "red"), values),
    }  # fmt: skip


class TestPage:
    async def test_the_list_leads_to_it(self, client: Client, version: int, officer: dict[str, str]) -> None:
        answer = await client.http.get(f"/lists/{version}", headers=officer)
        assert f'href="/lists/{version}/summary"' in answer.text

    @pytest.mark.parametrize("by", DIMENSIONS)
    async def test_every_group_of_each_kind_stands_there(
        self, client: Client, version: int, officer: dict[str, str], by: str
    ) -> None:
        groups = (await sums(client, version, officer))["by"][by]
        text = await page(client, version, officer, by=by)
        for one in groups:
            assert one["name_zh"] in text
        assert bool(groups) is ("<table" in text)
        assert bool(groups) is not ("没有这一类的内容" in text)

    async def test_counties_for_red_without_a_choice(self, client: Client, version: int, officer: dict[str, str]) -> None:
        text, body = await page(client, version, officer), await sums(client, version, officer)
        assert "朝阳区" in text
        assert f"{body['whole']['planned']['red']['nox'] / 1000:.3f}" in text
        assert f"{body['whole']['base']['nox'] / 1000:.3f}" in text

    async def test_another_level_has_other_numbers(self, client: Client, version: int, officer: dict[str, str]) -> None:
        body = await sums(client, version, officer)
        for level in ("yellow", "orange"):
            text = await page(client, version, officer, level=level)
            assert f"{body['whole']['planned'][level]['nox'] / 1000:.3f}" in text

    async def test_what_is_drawn_is_what_the_summary_says(self, client: Client, version: int, officer: dict[str, str]) -> None:
        body = await sums(client, version, officer)
        data = drawn(await page(client, version, officer, by="grade", level="orange"))
        by_name = {one["name_zh"]: one for one in body["by"]["grade"]}
        assert sorted(data["labels"]) == sorted(by_name)
        for place, label in enumerate(data["labels"]):
            for name, one in zip(POLLUTANTS, data["pollutants"], strict=True):
                assert one["planned"][place] == round(by_name[label]["planned"]["orange"][name] / 1000, 6)
                assert one["base"][place] == round(by_name[label]["base"][name] / 1000, 6)
        planned = [sum(one["planned"][place] for one in data["pollutants"]) for place in range(len(data["labels"]))]
        assert planned == sorted(planned, reverse=True)

    async def test_in_english(self, client: Client, version: int, officer: dict[str, str]) -> None:
        assert "What the list adds up to" in await page(client, version, officer, by="industry", lang="en")

    @pytest.mark.parametrize("query", [{"by": "list"}, {"level": "blue"}])
    async def test_what_there_is_not_is_refused(
        self, client: Client, version: int, officer: dict[str, str], query: dict[str, str]
    ) -> None:
        await page(client, version, officer, 422, **query)

    async def test_another_province_finds_nothing(self, client: Client, runtime: Runtime, version: int) -> None:
        away = await client.account(Role.COMMANDER, adcode="130000")
        await page(client, version, away | HTML, 404)


def test_unknown_is_drawn_as_nothing_and_zero_as_zero() -> None:
    found = picture([group("甲", None, 2500.0), group("乙", 1000.0, None), group("丙", 0.0, 0.0)], ResponseLevel.RED, "zh")
    assert found["labels"] == ["甲", "乙", "丙"]
    assert found["pollutants"][0] == {"label": "SO₂", "base": [None, 1.0, 0.0], "planned": [2.5, None, 0.0]}
