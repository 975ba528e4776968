"""The version of the guide that a new list follows: the one in force on its day, or the one that is chosen."""

from __future__ import annotations

from datetime import date, datetime
from pathlib import Path

import pytest

from service.guides.choosing import guide_id_on, offered_guides
from service.kit.clock import SHANGHAI, ManualClock
from service.kit.runtime import Runtime
from service.lists.importing import import_file
from tests.service.test_list_pages import HTML, page
from tests.service.test_lists_api import GOOD, LISTS, bring
from tests.support import Client

IN_2019 = datetime(2019, 12, 2, 9, 0, tzinfo=SHANGHAI)
TEMPLATE = f"{LISTS}/template.xlsx"


@pytest.fixture
def in_2019(clock: ManualClock) -> None:
    clock.advance_to(IN_2019)


class TestDays:
    @pytest.mark.parametrize(
        ("day", "guide"),
        [
            (date(2016, 12, 15), "G2020"),
            (date(2019, 7, 1), "G2019"),
            (date(2020, 6, 28), "G2019"),
            (date(2020, 6, 29), "G2020"),
            (date(2026, 11, 22), "G2020"),
        ],
    )
    def test_the_day_decides_and_before_all_guides_the_newest(self, day: date, guide: str) -> None:
        assert guide_id_on(day) == guide

    def test_a_framework_is_not_offered(self) -> None:
        assert [guide.id for guide in offered_guides()] == ["G2020", "G2019"]


@pytest.mark.usefixtures("in_2019")
class TestNobodyChooses:
    async def test_a_direct_import_follows_the_guide_in_force(self, client: Client, officer: dict[str, str]) -> None:
        assert (await bring(client, officer, GOOD)).json()["guide"] == "G2019"

    async def test_so_does_an_upload(self, client: Client, officer: dict[str, str]) -> None:
        made = await client.http.post(f"{LISTS}/imports", headers=officer, content=GOOD, params={"adcode": "110000"})
        assert (made.status_code, made.json()["guide"]) == (202, "G2019")

    async def test_so_does_a_file_on_the_machine(self, runtime: Runtime, tmp_path: Path) -> None:
        path = tmp_path / "list.xlsx"
        path.write_bytes(GOOD)
        assert (await import_file(runtime, path, "110000"))["guide"] == "G2019"

    async def test_so_do_the_page_and_its_templates(self, client: Client, officer: dict[str, str]) -> None:
        shown = await page(client, officer, "/lists")
        assert '<option value="G2019" selected>' in shown
        assert '<option value="G2020">' in shown
        assert "sheet=industrial&amp;guide=G2019" in shown
        assert "sheet=industrial&amp;guide=G2020" in shown
        form = {"adcode": "110000", "title": "t"}
        sent = await client.http.post("/lists", headers=officer | HTML, data=form, files={"workbook": ("l.xlsx", GOOD)})
        assert "G2019" in await page(client, officer, sent.headers["location"])

    async def test_and_the_empty_template(self, client: Client, officer: dict[str, str]) -> None:
        plain, named, other = [
            (await client.http.get(TEMPLATE, headers=officer, params=query)).content
            for query in ({}, {"guide": "G2019"}, {"guide": "G2020"})
        ]
        assert len(plain) == len(named) != len(other)


class TestSomebodyChooses:
    async def test_the_form_takes_another_version(self, client: Client, officer: dict[str, str]) -> None:
        form = {"adcode": "110000", "title": "t", "guide": "G2019"}
        sent = await client.http.post("/lists", headers=officer | HTML, data=form, files={"workbook": ("l.xlsx", GOOD)})
        assert "G2019" in await page(client, officer, sent.headers["location"])

    async def test_an_unknown_one_is_refused_with_the_known_ones(self, client: Client, officer: dict[str, str]) -> None:
        form = {"adcode": "110000", "title": "t", "guide": "G1999"}
        sent = await client.http.post("/lists", headers=officer | HTML, data=form, files={"workbook": ("l.xlsx", GOOD)})
        assert sent.status_code == 422
        assert "G1999" in sent.text
        assert "G2020" in sent.text

    async def test_where_no_guide_holds_the_page_says_so(self, client: Client, officer: dict[str, str]) -> None:
        shown = await page(client, officer, "/lists")
        assert '<option value="G2020" selected>' in shown
        assert "没有现行指南" in shown
