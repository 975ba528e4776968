"""From the commander's decision to the enterprise's receipt; a site of its own, because Beijing is decided here."""

import pytest
from playwright.sync_api import expect

from .conftest import Open

pytestmark = [pytest.mark.browser, pytest.mark.enable_socket]


def test_the_enterprise_reads_and_acknowledges(opened: Open) -> None:
    commander = opened("demo-commander", "/")
    commander.locator(".todo .button").click()
    commander.click("text=批准并发布")
    expect(commander.locator(".headline")).to_contain_text("已批准")

    page = opened("demo-plant", "/", width=390)
    expect(page.locator(".sign .now")).to_contain_text("即将：红色预警 Ⅰ级响应 / 12月16日 20:00 起")
    assert page.locator(".stacked tbody tr").count() >= 3
    page.fill("#name", "王工")
    page.click("button.primary")
    expect(page.locator(".done")).to_contain_text("王工")
    page.reload()
    expect(page.locator("#name")).to_have_count(0)
