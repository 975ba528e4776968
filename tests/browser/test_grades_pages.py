"""Grades and guarantees in a browser: applied for, reviewed and publicised by forms, without script, readable on a phone."""

from __future__ import annotations

import os
import re
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect

from .conftest import Open

pytestmark = [pytest.mark.browser, pytest.mark.enable_socket]
COMMANDER, DUTY, PLANT = "demo-commander", "demo-duty", "demo-plant"


def clean(page: Page, width: int) -> None:
    found = Axe().run(page).response["violations"]
    assert [(one["id"], [node["html"][:160] for node in one["nodes"]]) for one in found] == []
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    kept = os.environ.get("LANTIAN_PICTURES")
    if kept:
        name = re.sub(r"\W+", "-", page.url.split("/", 3)[3])
        page.screenshot(path=str(Path(kept) / f"{name}-{width}.png"), full_page=True)


def printing(opened: Open) -> str:
    """The credit code of a listed printing enterprise, which the guide grades A to D."""
    page = opened(COMMANDER, "/enterprises?q=包装印刷")
    row = page.locator("tbody tr", has=page.locator("td", has_text=re.compile(r"^C$"))).first
    return str(row.locator("code").inner_text())


def test_from_the_form_to_the_publicity_without_script(opened: Open) -> None:
    uscc = printing(opened)
    page = opened(DUTY, "/grades", script=False)
    form = page.locator("form[action='/grades']")
    form.locator("[name=uscc]").fill(uscc)
    form.locator("[name=grade]").select_option("B")
    form.locator("[name=reason]").fill("完成深度治理")
    form.locator("button").click()
    expect(page.locator("h1")).to_contain_text("包装印刷")
    case = page.url
    page = opened(COMMANDER, case, script=False)
    page.locator("details", has_text="审核通过").locator("button").first.click()
    expect(page.locator(".headline")).to_contain_text("市级审核通过")
    page.locator("details", has_text="公示").first.locator("button").click()
    expect(page.locator(".headline")).to_contain_text("公示中")
    expect(page.locator(".edge-yellow")).to_contain_text("未确立")
    page = opened(COMMANDER, case)
    clean(page, 1440)
    clean(opened(COMMANDER, case, width=390, scheme="dark"), 390)
    clean(opened(COMMANDER, "/grades"), 1440)
    clean(opened(COMMANDER, "/grades", width=390), 390)
    clean(opened(COMMANDER, "/grades?lang=en&group=publicity"), 1440)


def test_an_enterprise_asks_for_a_guarantee(opened: Open) -> None:
    page = opened(PLANT, "/grades/guarantees")
    page.fill("[name=cap_value]", "500")
    page.fill("[name=cap_unit]", "GJ")
    page.fill("[name=valid_until]", "2017-03-15")
    page.fill("[name=reason]", "集中供热")
    page.locator("form[action='/grades/guarantees'] button").click()
    expect(page.locator(".headline")).to_contain_text("已提出")
    expect(page.locator("#h-next + ul")).to_contain_text("市级")
    clean(page, 1440)
    clean(opened(PLANT, "/grades/guarantees", width=390), 390)
    clean(opened(PLANT, "/grades"), 1440)


def test_a_refused_form_says_why_and_keeps_what_was_written(opened: Open) -> None:
    page = opened(DUTY, "/grades")
    form = page.locator("form[action='/grades']")
    form.locator("[name=uscc]").fill(printing(opened))
    form.locator("[name=grade]").select_option("B-")
    form.locator("[name=reason]").fill("完成深度治理")
    form.locator("button").click()
    expect(page.get_by_role("alert")).to_contain_text("包装印刷没有B-级")
    assert page.locator("form[action='/grades'] [name=reason]").input_value() == "完成深度治理"
    clean(page, 1440)
