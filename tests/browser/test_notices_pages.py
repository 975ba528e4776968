"""Notices, contacts and deliveries as people meet them: both widths, with axe, without script, in English, on paper."""

from __future__ import annotations

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect

from .conftest import Open, Site

pytestmark = [pytest.mark.browser, pytest.mark.enable_socket]
PAGES = ("/me/inbox", "/people", "/notices", "/notices/1", "/notices/extra/new", "/notices/templates", "/deliveries")


def sound(page: Page) -> None:
    """Nothing for axe to find, nothing wider than the screen."""
    assert Axe().run(page).response["violations"] == []
    assert page.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth")


@pytest.mark.parametrize("width", [1440, 390])
@pytest.mark.parametrize("path", PAGES)
def test_every_page_is_sound(opened: Open, path: str, width: int) -> None:
    page = opened("demo-nation", path, width=width, scheme="dark" if width == 390 else "light")
    expect(page.locator("main h1")).to_be_visible()
    sound(page)


@pytest.mark.parametrize("path", PAGES)
def test_english_says_nothing_in_chinese_headings(opened: Open, path: str) -> None:
    page = opened("demo-nation", f"{path}?lang=en")
    heading = page.locator("main h1").first.inner_text()
    assert path == "/notices/1" or not any("\u4e00" <= letter <= "\u9fff" for letter in heading)


def test_a_person_is_entered_seen_and_deleted_without_script(opened: Open) -> None:
    page = opened("demo-plant", "/people", script=False)
    page.fill("#c-name", "王某（生成）")
    page.fill("#c-phone", "138 0000 1234")
    page.click("form[action='/people/contacts'] button.primary")
    expect(page.locator("[role=status]")).to_contain_text("已保存")
    expect(page.locator("main tbody")).to_contain_text("13800001234")
    page.click("main tbody form button")
    expect(page.locator("[role=status]")).to_contain_text("已删除")
    expect(page.locator("main .empty")).to_contain_text("还没有联系人")


def test_a_refused_number_stays_in_the_form(opened: Open) -> None:
    page = opened("demo-plant", "/people", width=390)
    page.fill("#c-name", "王某（生成）")
    page.fill("#c-phone", "abc")
    page.click("form[action='/people/contacts'] button.primary")
    expect(page.locator("[role=alert]")).to_contain_text("不是电话号码")
    expect(page.locator("#c-phone")).to_have_value("abc")
    sound(page)


def test_a_notice_by_hand_takes_two(opened: Open) -> None:
    page = opened("demo-duty", "/notices/extra/new")
    page.fill("#adcode", "110000")
    page.check("input[name='grade-A']")
    for language, word in (("zh", "请做好准备"), ("en", "Be prepared")):
        page.fill(f"#title_{language}", word)
        page.fill(f"#text_{language}", word)
    page.click("button[value=count]")
    expect(page.locator("[role=status]")).to_contain_text("1 条短信")
    expect(page.locator("input[name='grade-A']")).to_be_checked()
    page.click("button[value=draft]")
    expect(page.locator("main")).to_contain_text("等待指挥部另一人批准")
    sound(page)
    second = opened("demo-commander", page.url)
    sound(second)
    second.click("button[value=send]")
    expect(second.locator("main")).to_contain_text("已发出")


def test_the_inbox_is_counted_read_and_emptied(opened: Open) -> None:
    page = opened("demo-duty", "/me/inbox")
    waiting = page.locator(".messages .unread")
    before = waiting.count()
    assert before > 0
    page.locator(".messages .unread button").first.click()
    expect(page.locator(".messages .unread")).to_have_count(before - 1)
    if before > 1:
        page.click("form:has(input[value=all]) button")
    expect(page.locator(".messages .unread")).to_have_count(0)
    expect(page.locator("header .inbox b")).to_have_count(0)


@pytest.fixture
def decided(opened: Open, site: Site) -> int:
    """The notice of Beijing, whose list has enterprises; its warning is approved when it is not yet."""
    page = opened("demo-commander", "/me/inbox")
    found = page.request.get("/api/v1/notices").json()["items"]
    here = [one["id"] for one in found if one["adcode"] == "110000"]
    if here:
        return int(here[0])
    path = f"/api/v1/proposals/{site.seeded.open}"
    shown = page.request.get(path).json()
    given = {"approve": True, "content_hash": shown["content_hash"], "reason": "同意"}
    answer = page.request.post(f"{path}/decision", data=given, headers={"origin": site.address})
    assert answer.ok, answer.text()
    return int(page.request.get("/api/v1/notices").json()["items"][0]["id"])


@pytest.mark.parametrize("width", [1440, 390])
def test_who_has_answered_and_whom_to_call(opened: Open, decided: int, width: int) -> None:
    page = opened("demo-duty", f"/notices/{decided}", width=width)
    expect(page.locator("[aria-labelledby=h-counties] tbody tr").first).to_be_visible()
    sound(page)
    page.goto(f"/notices/{decided}/calls")
    sound(page)
    entries = page.locator(".messages > li")
    before = entries.count()
    first = entries.first.locator("h3 a").inner_text()
    entries.first.locator("button[value=no_answer]").click()
    expect(entries.first).to_contain_text("无人接听 · demo-duty")
    entries.first.locator("button[value=reached]").click()
    expect(entries.first.locator("h3 a")).not_to_have_text(first)
    assert before == 200
    page.goto(f"/notices/{decided}")
    expect(page.locator("dl.facts").first).to_contain_text("电话通知到")


def test_the_call_list_prints_boxes_instead_of_buttons(opened: Open, decided: int) -> None:
    page = opened("demo-duty", f"/notices/{decided}/calls")
    expect(page.locator("main button[value=reached]").first).to_be_visible()
    expect(page.locator("main .printonly").first).to_be_hidden()
    page.emulate_media(media="print")
    expect(page.locator("main button[value=reached]").first).to_be_hidden()
    expect(page.locator("main .printonly").first).to_be_visible()
