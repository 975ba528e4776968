"""Decisions on the page: by keyboard, without script, on a phone; and the wall changes by itself."""

import re
from collections.abc import Iterator

import httpx
import pytest
from playwright.sync_api import expect

from service.kit.auth import COOKIE

from .conftest import Open, Site
from .seed import PASSWORD

pytestmark = [pytest.mark.browser, pytest.mark.enable_socket]


def test_a_decision_reaches_the_wall_without_reload(opened: Open) -> None:
    wall = opened("demo-nation", "/")
    wall.wait_for_selector('html[data-connection="open"]')
    wall.evaluate("window.notReloaded = true")
    expect(wall.locator('.map a[href="/city/120000"] .f-none')).to_have_count(1)
    decision = opened("demo-coordinator", "/")
    expect(decision.locator("#decide")).to_contain_text("天津市")

    decision = opened("demo-nation", "/")
    decision.locator(".todo", has_text="天津市").locator(".button").click()
    decision.click("text=批准并发布")
    expect(decision.locator(".verdict")).to_contain_text("同意")

    expect(wall.locator('.map a[href="/city/120000"] .f-red')).to_have_count(1, timeout=10_000)
    expect(wall.locator("#ticker li").filter(has_text="天津市发布红色预警")).to_have_count(1)
    expect(wall.locator("#decide")).not_to_contain_text("天津市")
    assert wall.evaluate("window.notReloaded") is True


def test_the_keyboard_reaches_the_approve_button(opened: Open) -> None:
    page = opened("demo-nation", "/")
    page.locator(".todo", has_text="保定市").locator(".button").click()
    page.wait_for_url("**/proposals/*")
    for _ in range(40):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.matches('button.primary.big')"):
            break
    page.keyboard.press("Enter")
    expect(page.locator(".headline")).to_contain_text("已批准")


def test_two_taps_on_a_phone_and_no_script(opened: Open) -> None:
    page = opened("demo-nation", "/", width=390, script=False)
    page.locator(".todo", has_text="邢台市").locator(".button").click()
    page.click("text=批准并发布")
    expect(page.locator(".headline")).to_contain_text("已批准")


class TestReject:
    def test_needs_a_reason_from_the_list(self, opened: Open) -> None:
        page = opened("demo-nation", "/")
        page.locator(".todo", has_text="德州市").locator(".button").click()
        page.eval_on_selector("#reason", "one => one.required = false")
        page.click("button.danger")
        expect(page.locator("[role=alert]")).to_contain_text("否决需要从列表中选择理由")

    def test_is_stored_with_it(self, opened: Open) -> None:
        page = opened("demo-nation", "/")
        page.locator(".todo", has_text="郑州市").locator(".button").click()
        page.select_option("#reason", "reject_forecast")
        page.click("button.danger")
        expect(page.locator(".headline")).to_contain_text("已否决")
        expect(page.locator(".verdict")).to_contain_text("对预报有异议")


def test_changed_content_is_not_decided(opened: Open) -> None:
    page = opened("demo-nation", "/")
    page.locator(".todo", has_text="邯郸市").locator(".button").click()
    page.evaluate("document.querySelectorAll('[name=content_hash]').forEach(one => one.value = '0'.repeat(64))")
    page.click("text=批准并发布")
    expect(page.locator("[role=alert]")).to_contain_text("内容在你看过之后变了")
    expect(page.locator(".headline")).to_contain_text("截止")


def test_a_role_that_the_plan_does_not_name_sees_no_button(opened: Open) -> None:
    page = opened("demo-duty", "/")
    page.locator(".todo .button").click()
    expect(page.locator(".verdict")).to_contain_text("你的角色（值班员）不能审批此建议")
    expect(page.locator(".verdict button")).to_have_count(0)


def test_the_page_shows_exactly_what_will_be_published(opened: Open) -> None:
    page = opened("demo-commander", "/")
    page.locator(".todo .button").click()
    expect(page.locator(".frozen .notice h3")).to_have_text("北京市发布重污染天气红色预警，启动Ⅰ级应急响应")
    assert re.fullmatch(r"[0-9a-f]{64}", page.locator(".hash code").inner_text())
    total = page.locator("caption", has_text="按绩效等级").locator("xpath=..").locator("tbody td:nth-child(2)")
    assert sum(int(text) for text in total.all_inner_texts()) == 300


class TestOtherSites:
    @pytest.fixture
    def client(self, site: Site) -> Iterator[httpx.Client]:
        with httpx.Client(base_url=site.address, follow_redirects=False) as client:
            own = {"origin": site.address}
            answer = client.post("/signin", data={"login": "demo-nation", "password": PASSWORD}, headers=own)
            assert answer.status_code == 303
            assert "httponly" in answer.headers["set-cookie"].lower()
            assert "samesite=strict" in answer.headers["set-cookie"].lower()
            assert client.cookies.get(COOKIE)
            yield client

    @pytest.mark.parametrize("headers", [{"origin": "https://evil.example"}, {"sec-fetch-site": "cross-site"}, {}])
    def test_cannot_decide(self, site: Site, client: httpx.Client, headers: dict[str, str]) -> None:
        content = {"verdict": "approve", "content_hash": "0" * 64}
        answer = client.post(f"/proposals/{site.seeded.open}", data=content, headers=headers | {"accept": "text/html"})
        assert answer.status_code == 403
        assert "没有权限" in answer.text

    def test_cannot_sign_anybody_in(self, site: Site) -> None:
        answer = httpx.post(
            f"{site.address}/signin",
            data={"login": "demo-nation", "password": PASSWORD},
            headers={"origin": "https://evil.example"},
        )
        assert answer.status_code == 403
        assert COOKIE not in answer.cookies
