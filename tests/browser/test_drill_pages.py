"""The drills page in a real browser: a desk, a phone, no script; planning by the form."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from .conftest import Open
from .test_pages import violations
from .test_region_pages import shot

pytestmark = [pytest.mark.browser, pytest.mark.enable_socket]


def test_planning_by_the_form_without_script(opened: Open) -> None:
    page = opened("demo-nation", "/drills", script=False)
    page.select_option("#script", "sudden-orange-absent")
    page.click("form[action='/drills'] button")
    expect(page.locator("tbody tr").first).to_contain_text("lantian drill run")
    page.locator("tbody tr a").first.click()
    expect(page.locator("h1")).to_contain_text("成绩单")
    expect(page.locator("main")).to_contain_text("演练结束后形成成绩单")


@pytest.mark.parametrize("width", [1440, 390])
@pytest.mark.parametrize("language", ["zh", "en"])
def test_has_no_finding(opened: Open, width: int, language: str) -> None:
    page = opened("demo-nation", f"/drills?lang={language}", width=width, scheme="dark" if language == "en" else "light")
    shot(page, f"drills-{language}")
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    assert violations(page) == []
