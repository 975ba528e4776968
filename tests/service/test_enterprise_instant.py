"""The enterprise's page answers for an instant that is chosen on it, and leads to the sheet of that instant."""

from __future__ import annotations

from html import unescape
from urllib.parse import quote

import pytest

from emission_lists.levels import PerLevel
from emission_lists.lists import Line
from emission_lists.measures import Action, Measure
from service.accounts.roles import Role
from service.kit.runtime import Runtime
from tests.service.requirement_support import CITY, FIRM, PATH, order, people, put_in_force
from tests.support import Client

PAGE = f"/enterprises/{FIRM.uscc}"
HTML = {"accept": "text/html"}
LATER = "2016-12-18T08:00"
SECTION = 'id="at-instant"'


@pytest.fixture
async def plant(client: Client, runtime: Runtime) -> dict[str, str]:
    """The enterprise, in a list in force, under a red warning that begins at once."""
    stop = Measure(Action.STOP)
    await put_in_force(runtime, [Line("MF0001", "1号线", "熔化", PerLevel(Measure(Action.NONE), stop, stop))])
    duty, commander = await people(client)
    await order(client, duty, commander, CITY, "red")
    return await client.account(Role.ENTERPRISE, adcode=CITY, uscc=FIRM.uscc)


async def section(client: Client, who: dict[str, str], status: int = 200, **query: str) -> str:
    """The part of the page that answers for an instant."""
    answer = await client.http.get(PAGE, headers=who | HTML, params=query)
    assert answer.status_code == status, answer.text[:300]
    return unescape(answer.text.partition(SECTION)[2].partition("</section>")[0])


class TestInstant:
    async def test_without_a_choice_it_says_what_may_be_asked(self, client: Client, plant: dict[str, str]) -> None:
        text = await section(client, plant)
        assert 'type="datetime-local"' in text
        assert "选择过去或将来的时刻" in text
        assert "requirements.pdf" not in text

    async def test_it_answers_as_the_api_does_in_beijing_time(self, client: Client, plant: dict[str, str]) -> None:
        text = await section(client, plant, at=LATER)
        asked = (await client.http.get(f"{PATH}/requirements", headers=plant, params={"at": f"{LATER}+08:00"})).json()
        assert asked["headline_zh"].startswith("现在：")
        assert asked["headline_zh"].replace("现在：", "届时：") in text
        assert asked["summary_zh"] in text
        assert "1号线停产" in text
        assert f'value="{LATER}"' in text

    async def test_before_there_was_a_list_it_says_so(self, client: Client, plant: dict[str, str]) -> None:
        assert "没有列有本企业的生效清单" in await section(client, plant, 404, at="2016-12-01T08:00")

    async def test_the_sheet_is_that_of_the_instant(self, client: Client, plant: dict[str, str]) -> None:
        text = await section(client, plant, at=LATER)
        href = f"{PAGE}/requirements.pdf?at={quote(LATER + ':00+08:00')}"
        assert href in text
        sheet = await client.http.get(href, headers=plant)
        assert sheet.headers["content-type"] == "application/pdf"

    @pytest.mark.parametrize("at", ["yesterday", "2016-12-18", "2016-13-01T00:00", "T"])
    async def test_what_is_no_instant_is_said_and_the_page_stays(self, client: Client, plant: dict[str, str], at: str) -> None:
        text = await section(client, plant, 422, at=at)
        assert "请填写日期和时间（北京时间）" in text
        assert f'value="{at}"' in text

    @pytest.mark.parametrize("at", ["0001-01-01T00:00", "9999-12-31T23:59"])
    async def test_the_ends_of_time(self, client: Client, plant: dict[str, str], at: str) -> None:
        answer = await client.http.get(PAGE, headers=plant | HTML, params={"at": at})
        assert answer.status_code in {200, 404, 422}

    async def test_in_english(self, client: Client, plant: dict[str, str]) -> None:
        assert "Instant (Beijing time)" in await section(client, plant, at=LATER, lang="en")
