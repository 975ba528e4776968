"""Accounts in a real browser: the book, my account, enrolling a factor, the way in by it; a desk, a phone, no script."""

from __future__ import annotations

import base64
import os
import re
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from service.accounts import totp

from .conftest import Open
from .seed import PASSWORD
from .test_pages import violations

pytestmark = [pytest.mark.browser, pytest.mark.enable_socket]
PAGES = [
    ("demo-admin", "/accounts"),
    ("demo-security", "/accounts/1"),
    ("demo-admin", "/accounts/1"),
    ("demo-commander", "/me"),
    ("demo-plant", "/me"),
    (None, "/signin/code"),
]


def shot(page: Page, name: str) -> None:
    """Keep a picture where LANTIAN_SHOTS names a folder."""
    if folder := os.environ.get("LANTIAN_SHOTS"):
        width = page.evaluate("window.innerWidth")
        page.screenshot(path=str(Path(folder) / f"{name}-{width}.png"), full_page=True)


@pytest.mark.parametrize(("login", "path"), PAGES)
class TestEveryPage:
    def test_has_no_finding_on_a_desk(self, opened: Open, login: str | None, path: str) -> None:
        page = opened(login, path)
        shot(page, f"{login}{path.replace('/', '-')}")
        assert violations(page) == []
        assert page.evaluate("document.documentElement.scrollWidth") <= 1440

    def test_has_no_finding_in_english_on_a_phone_in_the_dark(self, opened: Open, login: str | None, path: str) -> None:
        page = opened(login, f"{path}?lang=en", width=390, scheme="dark")
        shot(page, f"{login}{path.replace('/', '-')}")
        assert page.evaluate("document.documentElement.scrollWidth") <= 390
        assert violations(page) == []

    def test_needs_no_script(self, opened: Open, login: str | None, path: str) -> None:
        page = opened(login, path, script=False)
        expect(page.locator("h1")).to_be_visible()


def test_a_factor_is_enrolled_and_asked_for(opened: Open) -> None:
    page = opened("demo-deputy", "/me")
    page.click("form[action='/me/factor'] button")
    expect(page.locator("svg").first).to_be_visible()
    shot(page, "factor-enrol")
    assert violations(page) == []
    text = page.locator("section[aria-labelledby=h-factor] code").inner_text()
    secret = base64.b32decode(text)

    def code(ahead: int) -> str:
        step = totp.step_at(page.evaluate("Date.now()") / 1000)
        return totp.code_of(secret, step + ahead)

    page.fill("#confirm", code(0))
    page.click("form[action='/me/factor/confirmation'] button")
    expect(page.locator("section[aria-labelledby=h-factor] li")).to_have_count(10)
    page.goto("/me")
    page.click("form[action='/signout'] button")
    page.fill("#login", "demo-deputy")
    page.fill("#password", PASSWORD)
    page.click("main button[type=submit]")
    expect(page.locator("#factor")).to_be_focused()
    shot(page, "factor-asked")
    assert violations(page) == []
    page.fill("#factor", "000000")
    page.click("main button[type=submit]")
    expect(page.locator("[role=alert]")).to_be_visible()
    page.fill("#factor", code(1))
    page.click("main button[type=submit]")
    page.wait_for_url(lambda url: "/signin" not in url)


def test_an_account_is_opened_by_one_and_granted_by_another(opened: Open) -> None:
    page = opened("demo-admin", "/accounts")
    page.fill("#a-login", "zhang.wei")
    page.fill("#a-display", "张伟")
    page.click("section[aria-labelledby=h-open] button")
    expect(page.locator("[role=status] code")).to_have_text(re.compile(r"^[0-9A-F]{5}(-[0-9A-F]{5}){3}$"))
    other = opened("demo-security", "/accounts?find=zhang.wei")
    other.click("tbody a")
    other.select_option("#role", "duty_officer")
    other.click("form[action$='/grant'] button")
    expect(other.locator("[role=status]")).to_be_visible()
    expect(other.locator(".facts")).to_contain_text("值班员")


def test_an_organisation_is_renamed_and_closed(opened: Open) -> None:
    page = opened("demo-admin", "/accounts")
    page.fill("#o-name", "市气象服务中心")
    page.click("section[aria-labelledby=h-organisations] form button")
    page.click("section[aria-labelledby=h-organisations] tbody a:has-text('市气象服务中心')")
    assert violations(page) == []
    page.fill("#o-name", "市气象局")
    page.click("form[action$='/name'] button")
    expect(page.locator("h1")).to_have_text("市气象局")
    page.fill("#o-reason", "机构改革")
    page.click("form[action$='/closure'] button")
    expect(page.locator("[role=status]")).to_be_visible()
    expect(page.locator(".facts")).to_contain_text("已撤销")
    shot(page, "organisation")
    path = page.url.partition("?")[0].partition("/accounts")[2]
    small = opened("demo-admin", f"/accounts{path}?lang=en", width=390, scheme="dark")
    expect(small.locator(".facts")).to_contain_text("closed")
    assert violations(small) == []
    assert small.evaluate("document.documentElement.scrollWidth") <= 390
