"""The pages of duties in a real browser: on a desk, on a phone, without script, by axe."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from .conftest import PHONE, Open
from .test_pages import violations

pytestmark = [pytest.mark.browser, pytest.mark.enable_socket]
NATION = "demo-nation"
PATHS = ("/duties", "/duties?lang=en", "/duties?state=over", "/duties/tasks/1", "/duties/departments/110000")


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("width", [1440, PHONE["width"]])
def test_fits_and_is_accessible(opened: Open, path: str, width: int) -> None:
    page = opened(NATION, path, width=width)
    expect(page.locator("h1").first).to_be_attached()
    assert violations(page) == []
    assert page.evaluate("document.documentElement.scrollWidth") <= width


def test_in_the_dark(opened: Open) -> None:
    assert violations(opened(NATION, "/duties", scheme="dark")) == []


def test_a_task_is_received_without_script(opened: Open) -> None:
    page = opened(NATION, "/duties", script=False)
    page.locator("section[aria-labelledby=h-tasks] th a").first.click()
    expect(page.locator("h1")).to_be_attached()
    page.get_by_role("button", name="确认接收").click()
    expect(page.locator("section[aria-labelledby=h-course] li")).to_have_count(1)
    page.fill("#done", "12")
    page.fill("#total", "40")
    page.get_by_role("button", name="填报进展").click()
    expect(page.locator("section[aria-labelledby=h-course] li")).to_have_count(2)
    expect(page.locator("dl")).to_contain_text("12 / 40")
