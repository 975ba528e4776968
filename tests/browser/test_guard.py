"""What departs from the assessment, on the decision page and in its book: in words, in both languages, on a phone."""

from __future__ import annotations

from typing import Any

import httpx
import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect

from .conftest import Open, Site
from .seed import PASSWORD

pytestmark = [pytest.mark.browser, pytest.mark.enable_socket]
NATION = "demo-nation"
QINGDAO, YANTAI, WEIHAI, DALIAN = "370200", "370600", "371000", "210200"
ORDER = {"ground": "upper_order", "legal_basis": "鲁政办字〔2016〕99号"}


def propose(site: Site, adcode: str, to: str, **more: str) -> dict[str, Any]:
    """A duty officer of the whole country proposes by hand, over the API."""
    with httpx.Client(base_url=site.address) as client:
        entered = {"login": NATION, "password": PASSWORD}
        token = client.post("/api/v1/sessions", json=entered).json()["token"]
        body = {"adcode": adcode, "to": to, "reason": "upper_order", "explanation": "按省指挥部要求提前启动"} | more
        answer = client.post("/api/v1/proposals", json=body, headers={"authorization": f"Bearer {token}"})
        assert answer.status_code == 201, answer.text
        found: dict[str, Any] = answer.json()
        return found


def check(page: Page, width: int) -> None:
    """Nothing for axe to find, nothing wider than the screen."""
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    assert [
        (one["id"], [node["html"][:200] for node in one["nodes"]]) for one in Axe().run(page).response["violations"]
    ] == []


def open_todo(page: Page, place: str) -> None:
    page.locator(".todo", has_text=place).locator(".button").click()
    page.wait_for_url("**/proposals/*")


@pytest.mark.parametrize(("width", "scheme"), [(1440, "light"), (1440, "dark"), (390, "light"), (390, "dark")])
def test_a_deviation_is_told_before_it_is_decided(opened: Open, site: Site, width: int, scheme: str) -> None:
    made = propose(site, QINGDAO, "orange", **ORDER)
    page = opened("demo-shandong", f"/proposals/{made['id']}", width=width, scheme=scheme)
    told = page.locator(".deviates")
    expect(told).to_contain_text("偏离研判：未达标准启动")
    expect(told).to_contain_text("上级指令")
    expect(told).to_contain_text("鲁政办字〔2016〕99号")
    expect(page.locator(".frozen .notice")).to_contain_text("按省指挥部要求提前启动。")
    check(page, width)
    page.goto(f"/proposals/{made['id']}?lang=en")
    expect(page.locator(".deviates")).to_contain_text("Departs from the assessment: started without the criteria")
    check(page, width)


def test_what_follows_shows_no_deviation(opened: Open, site: Site) -> None:
    page = opened(NATION, f"/proposals/{site.seeded.open}")
    expect(page.locator(".deviates")).to_have_count(0)


def test_no_change_is_approved_and_not_published(opened: Open, site: Site) -> None:
    made = propose(site, YANTAI, "none", reason="no_change", explanation="会商认为无需启动")
    page = opened("demo-shandong", f"/proposals/{made['id']}", width=390)
    expect(page.locator(".frozen h2")).to_have_text("批准后记录在案，不发布")
    expect(page.locator(".frozen .notice h3")).to_have_text("烟台市不启动重污染天气预警")
    check(page, 390)
    page.click("text=批准：维持不变")
    expect(page.locator(".headline")).to_contain_text("已批准")
    page.goto("/warnings")
    expect(page.locator("main")).not_to_contain_text("烟台")


class TestReject:
    def test_says_what_it_leaves_and_takes_a_ground(self, opened: Open) -> None:
        page = opened(NATION, "/")
        open_todo(page, "邢台市")
        expect(page.locator(".verdict")).to_contain_text("否决后一切不变，以“达到标准未启动”列入审计。")
        options = page.locator("#ground option").all_inner_texts()
        assert options == ["未说明", "上级指令", "会商意见"]
        page.select_option("#reason", "reject_forecast")
        page.select_option("#ground", "consultation")
        page.click("button.danger")
        expect(page.locator(".headline")).to_contain_text("已否决")
        expect(page.locator(".verdict")).to_contain_text("已列入审计：达到标准未启动")
        page.click("text=已列入审计")
        row = page.locator("main tbody tr", has_text="邢台市")
        expect(row).to_contain_text("会商意见")
        expect(row).to_contain_text("对预报有异议")
        expect(row).to_contain_text("已否决")

    def test_a_ground_that_does_not_fit_is_said_so(self, opened: Open) -> None:
        page = opened(NATION, "/")
        open_todo(page, "保定市")
        for forged in ("issued_in_error", "annual_target"):
            page.select_option("#reason", "reject_level")
            page.eval_on_selector("#ground option:last-child", "(one, code) => one.value = code", forged)
            page.select_option("#ground", forged)
            page.click("button.danger")
            expect(page.locator("[role=alert]")).to_contain_text("依据类别不适用")
            expect(page.locator(".headline")).to_contain_text("截止")

    def test_without_one_on_a_phone_without_script(self, opened: Open) -> None:
        page = opened(NATION, "/", width=390, script=False)
        open_todo(page, "德州市")
        page.select_option("#reason", "reject_time")
        page.click("button.danger")
        expect(page.locator(".verdict")).to_contain_text("已列入审计")


class TestBook:
    @pytest.mark.parametrize(("width", "scheme"), [(1440, "light"), (390, "dark")])
    @pytest.mark.parametrize("language", ["zh", "en"])
    def test_reads_on_every_screen(self, opened: Open, site: Site, width: int, scheme: str, language: str) -> None:
        propose(site, WEIHAI, "red", **ORDER)
        page = opened("demo-auditor", f"/ledger/deviations?lang={language}", width=width, scheme=scheme)
        expect(page.locator(".tabs [aria-current]")).to_have_text({"zh": "偏离研判", "en": "Deviations"}[language])
        row = page.locator("main tbody tr", has_text="威海市").first
        expect(row).to_contain_text({"zh": "未达标准启动", "en": "started without the criteria"}[language])
        expect(row).to_contain_text("⚑")
        check(page, width)

    def test_tabs_lead_to_and_fro(self, opened: Open) -> None:
        page = opened("demo-auditor", "/ledger")
        page.click(".tabs >> text=偏离研判")
        expect(page.locator("h1")).to_have_text("偏离研判")
        page.click(".tabs >> text=全部条目")
        expect(page.locator("h1")).to_have_text("台账")
        check(page, 1440)

    def test_says_what_will_appear_where_there_is_nothing(self, opened: Open) -> None:
        page = opened("demo-commander", "/ledger/deviations")
        expect(page.locator(".empty")).to_contain_text("没有偏离研判的行动")
        check(page, 1440)

    def test_a_duty_officer_reads_it_without_the_ledger(self, opened: Open) -> None:
        page = opened("demo-duty", "/ledger/deviations")
        expect(page.locator("h1")).to_have_text("偏离研判")
        expect(page.locator(".tabs a")).to_have_count(1)

    def test_an_enterprise_does_not(self, opened: Open) -> None:
        expect(opened("demo-plant", "/ledger/deviations").locator("main")).to_contain_text("没有权限")
