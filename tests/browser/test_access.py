"""Who sees what; signing in and out."""

import httpx
import pytest
from playwright.sync_api import expect

from .conftest import Open, Site
from .seed import PASSWORD

pytestmark = [pytest.mark.browser, pytest.mark.enable_socket]


class TestSignIn:
    def test_leads_back_to_where_one_wanted_to_be(self, opened: Open) -> None:
        page = opened(None, "/city/110000")
        expect(page).to_have_title("登录指挥平台 · 蓝天")
        page.fill("#login", "demo-commander")
        page.fill("#password", PASSWORD)
        page.keyboard.press("Enter")
        page.wait_for_url("**/city/110000")

    def test_says_what_was_wrong_and_keeps_the_login(self, opened: Open) -> None:
        page = opened(None, "/signin")
        page.fill("#login", "demo-auditor")
        page.fill("#password", "wrong")
        page.keyboard.press("Enter")
        expect(page.locator("[role=alert]")).to_contain_text("账号或口令不对")
        expect(page.locator("#login")).to_have_value("demo-auditor")

    def test_works_without_script(self, opened: Open) -> None:
        page = opened("demo-duty", "/", script=False)
        expect(page.locator(".me")).to_contain_text("demo-duty")

    def test_shows_demo_logins_and_no_password(self, opened: Open) -> None:
        page = opened(None, "/signin")
        expect(page.locator("main ul")).to_contain_text("demo-commander")
        assert PASSWORD not in page.content()

    def test_sign_out_ends_the_session(self, opened: Open) -> None:
        page = opened("demo-coordinator", "/")
        page.click("text=退出")
        page.wait_for_url("**/signin")
        page.goto("/")
        page.wait_for_url("**/signin")
        expect(page.locator("input[name=password]")).to_be_visible()


class TestEnterprise:
    def test_is_led_to_its_own_page(self, opened: Open, site: Site) -> None:
        page = opened("demo-plant", "/")
        assert page.url.endswith(f"/enterprises/{site.seeded.uscc}")
        expect(page.locator("nav")).not_to_contain_text("指挥")

    @pytest.mark.parametrize(
        "path",
        ["/enterprises/{other}", "/city/110000", "/warnings", "/lists", "/ledger", "/enterprises", "/proposals/{open}"],
    )
    def test_sees_only_itself(self, opened: Open, site: Site, path: str) -> None:
        page = opened("demo-plant", path.format(other=site.seeded.other_uscc, open=site.seeded.open))
        expect(page.locator("main")).to_contain_text("没有权限")


class TestAnotherProvince:
    @pytest.mark.parametrize(
        ("path", "said"),
        [
            ("/city/110000", "没有权限"),
            ("/proposals/{open}", "没有这个页面"),
            ("/warnings/1", "没有这个页面"),
            ("/lists/1", "没有这个页面"),
            ("/enterprises/{uscc}", "没有权限"),
        ],
    )
    def test_is_refused(self, opened: Open, site: Site, path: str, said: str) -> None:
        page = opened("demo-shandong", path.format(open=site.seeded.open, uscc=site.seeded.uscc))
        expect(page.locator("main")).to_contain_text(said)

    def test_sees_announced_warnings_of_neighbours_and_nothing_else(self, opened: Open) -> None:
        page = opened("demo-shandong", "/")
        shijiazhuang = page.locator("#situation tbody tr", has_text="石家庄")
        expect(shijiazhuang).to_contain_text("红色")
        expect(shijiazhuang).to_contain_text("辖区外")
        expect(page.locator("#situation tbody tr", has_text="北京")).to_have_count(0)
        for part in ("#decide", "#board", "#ticker"):
            expect(page.locator(part)).not_to_contain_text("北京")
            expect(page.locator(part)).not_to_contain_text("石家庄")

    def test_finds_none_of_its_enterprises(self, opened: Open, site: Site) -> None:
        page = opened("demo-shandong", f"/enterprises?q={site.seeded.uscc}")
        expect(page.locator(".empty")).to_contain_text("没有匹配")


class TestMachines:
    @pytest.mark.parametrize("path", ["/api/v1/proposals", "/web/city/110000/chart.json", "/events"])
    def test_get_problem_documents(self, site: Site, path: str) -> None:
        answer = httpx.get(site.address + path, headers={"accept": "text/html"})
        assert answer.status_code == 401
        assert answer.headers["content-type"] == "application/problem+json"

    def test_a_part_without_a_session_leads_to_sign_in(self, site: Site) -> None:
        answer = httpx.get(f"{site.address}/parts/decide", headers={"hx-request": "true", "accept": "*/*"})
        assert (answer.status_code, answer.headers["hx-redirect"]) == (401, "/signin")

    def test_every_page_carries_the_policy(self, site: Site) -> None:
        for path in ("/signin", "/static/site.css", "/nowhere"):
            policy = httpx.get(site.address + path).headers["content-security-policy"]
            assert "default-src 'self'" in policy
            assert "unsafe" not in policy

    def test_pages_are_kept_by_nobody(self, site: Site) -> None:
        assert "no-store" in httpx.get(f"{site.address}/signin").headers["cache-control"]
