"""Regional coordination in a real browser: the board, the forms, messages around; a desk, a phone, no script, the keyboard."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from .conftest import Open
from .test_pages import violations

pytestmark = [pytest.mark.browser, pytest.mark.enable_socket]
COORDINATOR = "demo-coordinator"
PAGES = ["/region", "/region/1", "/region/new", "/region/1/lift", "/region/circulars"]


def shot(page: Page, name: str) -> None:
    """Keep a picture where LANTIAN_SHOTS names a folder."""
    if folder := os.environ.get("LANTIAN_SHOTS"):
        width = page.evaluate("window.innerWidth")
        page.screenshot(path=str(Path(folder) / f"{name}-{width}.png"), full_page=True)


@pytest.mark.parametrize("path", PAGES)
class TestEveryPage:
    def test_has_no_finding_on_a_desk(self, opened: Open, path: str) -> None:
        page = opened(COORDINATOR, path)
        shot(page, "region" + path.replace("/", "-"))
        assert violations(page) == []
        assert page.evaluate("document.documentElement.scrollWidth") <= 1440

    def test_has_no_finding_in_english_on_a_phone_in_the_dark(self, opened: Open, path: str) -> None:
        page = opened(COORDINATOR, f"{path}?lang=en", width=390, scheme="dark")
        shot(page, "region" + path.replace("/", "-"))
        assert page.evaluate("document.documentElement.scrollWidth") <= 390
        assert violations(page) == []

    def test_needs_no_script(self, opened: Open, path: str) -> None:
        page = opened(COORDINATOR, path, script=False)
        expect(page.locator("h1")).to_be_visible()


def test_the_board_leads_to_what_waits(opened: Open) -> None:
    page = opened(COORDINATOR, "/region")
    first = page.locator(".sync tbody tr").first
    expect(first.locator("th a")).to_be_visible()
    expect(page.locator(".sync tbody tr")).to_have_count(32)
    link = page.locator(".sync tbody tr td a").first
    expect(link).to_contain_text("等待")
    link.click()
    expect(page.locator("h1")).to_be_visible()
    assert "/proposals/" in page.url


def test_the_menu_of_the_rest_opens_by_keyboard(opened: Open) -> None:
    page = opened(COORDINATOR, "/region")
    expect(page.locator(".more a").first).not_to_be_visible()
    page.focus(".more summary")
    page.keyboard.press("Enter")
    expect(page.locator(".more a", has_text="规则")).to_be_visible()


def test_a_city_sees_its_own_line_and_no_form(opened: Open) -> None:
    page = opened("demo-duty", "/region/1")
    expect(page.locator(".sync tbody th a")).to_have_count(1)
    expect(page.locator("main a", has_text="录入统一解除")).to_have_count(0)
