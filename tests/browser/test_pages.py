"""Every page in a real browser: no console error, no CSP violation, nothing for axe to find, nothing wider than the screen."""

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect

from .conftest import Open, Site

pytestmark = [pytest.mark.browser, pytest.mark.enable_socket]
NATION = "demo-nation"
PAGES = [
    (None, "/signin"),
    (NATION, "/"),
    ("demo-shandong", "/"),
    (NATION, "/city/110000"),
    (NATION, "/city/130100"),
    (NATION, "/city/110101"),
    (NATION, "/proposals/{decided}"),
    (NATION, "/proposals/{open}"),
    (NATION, "/proposals"),
    (NATION, "/proposals?state=any"),
    (NATION, "/proposals?place=没有这样的地方"),
    ("demo-duty", "/proposals/new"),
    (NATION, "/proposals/new?adcode=130100"),
    ("demo-auditor", "/proposals/new"),
    (NATION, "/warnings"),
    (NATION, "/warnings/1"),
    (NATION, "/enterprises"),
    (NATION, "/enterprises?q=示例"),
    (NATION, "/enterprises?q=没有这样的企业"),
    (NATION, "/enterprises/{uscc}"),
    (NATION, "/enterprises/{uscc}/board"),
    (NATION, "/enterprises/{uscc}/reductions"),
    ("demo-plant", "/"),
    ("demo-plant", "/enterprises/{uscc}?at=2016-12-18T08:00"),
    (NATION, "/evaluations"),
    (NATION, "/evaluations?from=2016-12-01&last=2016-12-31"),
    (NATION, "/evaluations?from=2016-12-31&last=2016-12-01"),
    (NATION, "/lists"),
    (NATION, "/lists/1"),
    (NATION, "/lists/imports"),
    (NATION, "/lists/1/summary"),
    (NATION, "/lists/1/summary?by=industry&level=yellow"),
    (NATION, "/lists/1/difference"),
    (NATION, "/lists/1/difference/records"),
    (NATION, "/lists/1/records"),
    (NATION, "/lists/1/records?sheet=whitelist"),
    (NATION, "/lists/1/records?sheet=summary&q=没有这样的行"),
    ("demo-auditor", "/ledger?verified=true"),
    (NATION, "/nowhere"),
    ("demo-shandong", "/city/110000"),
]


def path_of(site: Site, pattern: str) -> str:
    """The page's path with what the seeding made."""
    return pattern.format(decided=site.seeded.decided, open=site.seeded.open, uscc=site.seeded.uscc)


def violations(page: Page) -> list[tuple[str, list[str]]]:
    """What axe finds."""
    return [
        (one["id"], [node["html"][:200] for node in one["nodes"]]) for one in Axe().run(page).response["violations"]
    ]


@pytest.mark.parametrize(("login", "pattern"), PAGES)
def test_on_a_desk(opened: Open, site: Site, login: str | None, pattern: str) -> None:
    page = opened(login, path_of(site, pattern))
    expect(page.locator("h1").first).to_be_attached()
    assert violations(page) == []
    assert page.evaluate("document.documentElement.scrollWidth") <= 1440


@pytest.mark.parametrize(("login", "pattern"), PAGES)
def test_on_a_phone_in_the_dark(opened: Open, site: Site, login: str | None, pattern: str) -> None:
    page = opened(login, path_of(site, pattern), width=390, scheme="dark")
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    assert violations(page) == []


@pytest.mark.parametrize("pattern", ["/", "/proposals/{open}", "/enterprises"])
def test_buttons_can_be_hit_on_a_phone(opened: Open, site: Site, pattern: str) -> None:
    page = opened(NATION, path_of(site, pattern), width=390)
    heights = page.eval_on_selector_all(
        "main button, main .button, main select, main input:not([type=hidden])",
        "all => all.map(one => one.getBoundingClientRect().height)",
    )
    assert heights
    assert min(heights) >= 44


def test_the_wall_fits_one_screen(opened: Open) -> None:
    page = opened(NATION, "/")
    assert page.evaluate("document.documentElement.scrollHeight") <= 900
    for name in ("situation", "decide", "board", "ticker"):
        expect(page.locator(f"#{name}")).to_be_in_viewport()


def test_a_wall_screen_has_larger_letters(opened: Open) -> None:
    size = "getComputedStyle(document.documentElement).fontSize"
    assert opened(NATION, "/", width=1920).evaluate(size) == "18px"
    assert opened(NATION, "/").evaluate(size) == "14px"


def test_the_simulated_clock_is_written_on_a_striped_band(opened: Open) -> None:
    page = opened(NATION, "/warnings")
    expect(page.locator(".striped")).to_contain_text("模拟时钟")
    expect(page.locator(".clock")).to_contain_text("12月15日 18:")


class TestMap:
    def test_says_in_words_what_it_shows(self, opened: Open) -> None:
        page = opened(NATION, "/")
        shapes = page.locator(".map a")
        assert shapes.count() > 30
        beijing = page.locator('.map a[href="/city/110000"]')
        assert "北京市：无预警；研判红色；区域提示红色，待落实" in (beijing.get_attribute("aria-label") or "")
        expect(page.locator("#situation tbody tr", has_text="北京")).to_contain_text("红色")

    def test_fills_outlines_and_hatches(self, opened: Open) -> None:
        page = opened(NATION, "/")
        expect(page.locator('.map a[href="/city/130100"] .f-red')).to_have_count(1)
        expect(page.locator('.map a[href="/city/130100"] .waiting')).to_have_count(0)
        expect(page.locator('.map a[href="/city/110000"] .waiting')).to_have_count(1)
        assert page.locator(".map .outline.o-red").count() >= 2

    def test_leads_to_the_city_by_keyboard(self, opened: Open) -> None:
        page = opened(NATION, "/")
        page.focus('.map a[href="/city/110000"]')
        page.keyboard.press("Enter")
        page.wait_for_url("**/city/110000")
        assert "北京" in page.title()


class TestCity:
    def test_the_chart_is_drawn_and_said_in_a_table(self, opened: Open) -> None:
        page = opened(NATION, "/city/110000")
        page.wait_for_selector('#chart[data-drawn="true"] canvas')
        page.click("details summary")
        expect(page.locator("details tbody tr").first).to_contain_text("监测")
        expect(page.locator("details tbody tr").last).to_contain_text("预报")

    def test_daily_cities_show_days(self, opened: Open) -> None:
        page = opened(NATION, "/city/130100")
        page.wait_for_selector('#chart[data-drawn="true"] canvas')
        expect(page.locator("#chart")).to_have_attribute("data-bar", "日 AQI")

    def test_the_trace_is_in_sentences(self, opened: Open) -> None:
        page = opened(NATION, "/city/110000")
        expect(page.locator(".trace")).to_contain_text("达到红色：满足《")
        expect(page.locator(".trace")).to_contain_text("完美预报")

    def test_a_city_without_data_says_what_will_appear(self, opened: Open) -> None:
        expect(opened(NATION, "/city/110101").locator(".chartbox")).to_contain_text("第一份监测或预报到来后")


class TestLanguage:
    def test_is_switched_and_remembered(self, opened: Open) -> None:
        page = opened(NATION, "/warnings")
        expect(page.locator("h1")).to_have_text("预警")
        page.click(".lang")
        expect(page.locator("h1")).to_have_text("Warnings")
        assert page.locator("html").get_attribute("lang") == "en"
        page.goto("/lists")
        expect(page.locator("h1")).to_have_text("Emission lists")
        page.click(".lang")
        expect(page.locator("h1")).to_have_text("应急减排清单")

    def test_the_switch_keeps_the_query(self, opened: Open) -> None:
        page = opened(NATION, "/enterprises?q=示例")
        page.click(".lang")
        expect(page.locator("#q")).to_have_value("示例")

    @pytest.mark.parametrize("pattern", ["/", "/city/110000", "/proposals/{open}", "/enterprises/{uscc}"])
    def test_english_pages_have_no_finding(self, opened: Open, site: Site, pattern: str) -> None:
        page = opened(NATION, path_of(site, pattern) + "?lang=en")
        assert violations(page) == []


def test_an_enterprise_is_found_by_its_code_and_by_its_name(opened: Open, site: Site) -> None:
    page = opened(NATION, "/enterprises")
    page.fill("#q", site.seeded.uscc.lower())
    page.keyboard.press("Enter")
    page.click("main tbody a")
    expect(page.locator(".whose")).to_contain_text(site.seeded.uscc)
    name = page.title().split(" · ")[0]
    page.goto(f"/enterprises?q={name[:6]}")
    expect(page.locator("main tbody")).to_contain_text(name)


def test_a_wildcard_is_only_a_letter(opened: Open) -> None:
    expect(opened(NATION, "/enterprises?q=%25%25").locator(".empty")).to_contain_text("没有匹配")


def test_the_ledger_is_verified_on_demand(opened: Open) -> None:
    page = opened("demo-auditor", "/ledger")
    page.click("main .button")
    expect(page.locator("main [role=status]")).to_contain_text("链完整")


def test_the_enterprise_page_prints_without_navigation(opened: Open) -> None:
    page = opened("demo-plant", "/")
    page.emulate_media(media="print")
    expect(page.locator(".top nav")).to_be_hidden()
    expect(page.locator(".sign .now")).to_be_visible()
