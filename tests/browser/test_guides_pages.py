"""The guides as people meet them: what is known, what is not, and what a place adds."""

import re

import pytest
from playwright.sync_api import expect

from .conftest import Open
from .test_pages import violations

pytestmark = [pytest.mark.browser, pytest.mark.enable_socket]
NATION = "demo-nation"
PAGES = [
    "/law/guides",
    "/law/guides/G2020?adcode=410100&on=2026-11-22",
    "/law/guides/O2026",
    "/law/guides/R410000",
    "/law/guides/LP-XUZHOU-2019",
]


@pytest.mark.parametrize("path", PAGES)
class TestEveryPage:
    def test_has_no_finding_on_a_desk(self, opened: Open, path: str) -> None:
        page = opened(NATION, path)
        assert violations(page) == []
        assert page.evaluate("document.documentElement.scrollWidth") <= 1440

    def test_has_no_finding_in_english_on_a_phone_in_the_dark(self, opened: Open, path: str) -> None:
        joined = f"{path}{'&' if '?' in path else '?'}lang=en"
        page = opened(NATION, joined, width=390, scheme="dark")
        assert page.evaluate("document.documentElement.scrollWidth") <= 390
        assert violations(page) == []

    def test_needs_no_script(self, opened: Open, path: str) -> None:
        page = opened(NATION, path, script=False)
        expect(page.locator("h1")).to_be_visible()


def test_a_place_is_chosen_and_its_own_things_show_where_they_come_from(opened: Open) -> None:
    page = opened(NATION, "/law")
    page.click("main >> text=减排指南")
    page.click("main >> text=G2020")
    page.fill("input[name=adcode]", "500000")
    page.click("button:has-text('查看')")
    expect(page).to_have_url(re.compile("adcode=500000"))


def test_a_source_is_found_from_where_it_is_cited(opened: Open) -> None:
    page = opened(NATION, "/law/guides/R410000")
    page.locator("main a[href='#s-S-HEN2020']").first.click()
    expect(page.locator("#s-S-HEN2020")).to_be_in_viewport()
