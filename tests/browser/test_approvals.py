"""Signing in order in a real browser: a phone, a keyboard, two people one after the other."""

from __future__ import annotations

import asyncio
import json
import os
import threading
from pathlib import Path
from typing import Any

import asyncpg
import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect

from service.kit.database import with_database

from .conftest import Open, Site

pytestmark = [pytest.mark.browser, pytest.mark.enable_socket]
CHAIN = [
    {"roles": ["office_director"], "hours": 2, "escalates_to": ["deputy_commander"]},
    {"roles": ["deputy_commander"], "hours": 2, "escalates_to": ["commander"]},
]


def run(server_address: str, statement: str, *arguments: Any) -> None:
    """One statement on this file's database, in a thread: Playwright's loop runs in this one."""

    async def work() -> None:
        connection = await asyncpg.connect(with_database(server_address, "lantian_web_test_approvals"))
        await connection.execute(statement, *arguments)
        await connection.close()

    thread = threading.Thread(target=lambda: asyncio.run(work()))
    thread.start()
    thread.join(30)


@pytest.fixture(scope="module", autouse=True)
def chain(site: Site, server_address: str) -> None:
    """Beijing's proposal is signed by the office and then the deputy commander."""
    run(server_address, "UPDATE proposal SET chain = $1 WHERE id = $2", json.dumps(CHAIN), site.seeded.open)


def shot(page: Page, name: str) -> None:
    """Keep a picture where LANTIAN_SHOTS names a folder."""
    if folder := os.environ.get("LANTIAN_SHOTS"):
        page.screenshot(path=str(Path(folder) / f"{name}-{page.viewport_size['width']}.png"), full_page=True)  # type: ignore[index]


def sound(page: Page) -> None:
    """Axe finds nothing and nothing is wider than the screen."""
    assert [one["id"] for one in Axe().run(page).response["violations"]] == []
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")


def test_my_turn_stands_first_in_the_list(opened: Open) -> None:
    phone = opened("demo-nation", "/proposals", width=390)
    expect(phone.locator("section.panel").first).to_contain_text("待我签批")
    shot(phone, "proposals")
    sound(phone)


def test_a_proposal_is_entered_without_script_on_a_phone(opened: Open) -> None:
    page = opened("demo-nation", "/proposals/new", width=390, script=False)
    page.select_option("#look", "410100")
    page.click("text=查看该地区现状")
    page.select_option("#to", "none")
    page.select_option("#reason", "no_change")
    page.fill("#explanation", "会商认为维持现状")
    shot(page, "proposal-new")
    page.click("text=提交，送签批")
    expect(page.locator("[role=alert]")).to_contain_text("未受理")
    expect(page.locator("#explanation")).to_have_value("会商认为维持现状")
    page.select_option("#ground", "consultation")
    page.fill("#legal_basis", "12月15日会商纪要")
    page.click("text=提交，送签批")
    expect(page.locator(".verdict")).to_contain_text("由 demo-nation 提出")
    page.fill("#why", "录入有误")
    page.click("text=撤回建议")
    expect(page.locator(".headline")).to_contain_text("已撤回")
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")


ANNOUNCED_SQL = """
INSERT INTO warning (adcode, state, level, announced_at, effective_at, planned_end, fixed_end)
VALUES ($1, 'announced', 3, '2016-12-15T18:00:00+08:00', '2016-12-17T00:00:00+08:00', '2016-12-21T00:00:00+08:00', true)
"""


@pytest.mark.parametrize("width", [1440, 390])
def test_an_announced_start_is_brought_forward_by_hand(opened: Open, server_address: str, width: int) -> None:
    place = "370300" if width == 1440 else "370100"
    run(server_address, ANNOUNCED_SQL, place)
    page = opened("demo-nation", f"/proposals/new?adcode={place}", width=width)
    expect(page.locator("dl.facts").first).to_contain_text("到期自动结束")
    page.select_option("#to", "orange")
    page.select_option("#reason", "upper_order")
    page.fill("#explanation", "按上级指令提前启动")
    page.select_option("#advance", "yes")
    page.fill("#starts_at", "2016-12-16T20:00")
    page.select_option("#ground", "upper_order")
    page.fill("#legal_basis", "鲁政办〔2016〕1号")
    shot(page, "proposal-advance-form")
    sound(page)
    page.click("text=提交，送签批")
    expect(page.locator(".headline h1")).to_contain_text("提前启动")
    expect(page.locator(".frozen .facts")).to_contain_text("到期自动结束")
    shot(page, "proposal-advance")
    sound(page)


def test_two_people_sign_one_after_the_other(opened: Open, site: Site) -> None:
    path = f"/proposals/{site.seeded.open}"
    office = opened("demo-office", "/proposals")
    expect(office.locator("section.panel").first).to_contain_text("待我签批")
    shot(office, "proposals")
    sound(office)
    office.goto(path)
    expect(office.locator(".chain li.due")).to_contain_text("指挥部办公室主任")
    shot(office, "proposal-office")
    sound(office)
    waiting = opened("demo-deputy", path, width=390)
    expect(waiting.locator(".verdict")).to_contain_text("还未轮到你")
    expect(waiting.locator(".verdict button")).to_have_count(0)

    phone = opened("demo-office", path, width=390, script=False)
    shot(phone, "proposal-office")
    phone.click("button.primary.big")
    expect(phone.locator(".chain li.signed")).to_contain_text("demo-office 已签")
    expect(phone.locator(".verdict")).to_contain_text("你已签批")
    deputy = opened("demo-deputy", "/proposals", width=390)
    deputy.locator("section.mine a").first.click()
    deputy.wait_for_url(f"**{path}")
    shot(deputy, "proposal-deputy")
    deputy.click("text=批准并发布")
    expect(deputy.locator(".headline")).to_contain_text("已批准")
    expect(deputy.locator(".chain li.signed")).to_have_count(2)
    sound(deputy)
