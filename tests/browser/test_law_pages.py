"""The law as people meet it: rule sets side by side, plans with where each value comes from, what is not established."""

import re

import httpx
import pytest
from playwright.sync_api import Page, expect

from .conftest import Open, Site
from .test_pages import violations

pytestmark = [pytest.mark.browser, pytest.mark.enable_socket]
NATION = "demo-nation"
PAGES = [
    "/law",
    "/law/plans/national-default",
    "/law/plans/beijing-2023",
    "/law/plans/jiangsu-2025",
    "/city/110000/skill",
]
OPEN_ALL = "document.querySelectorAll('details').forEach(one => { one.open = true; })"


def section(page: Page, heading: str) -> str:
    """The text of a section, blanks as one."""
    return re.sub(r"\s+", " ", page.locator(f"section[aria-labelledby='{heading}']").inner_text())


@pytest.mark.parametrize("path", PAGES)
class TestEveryPage:
    def test_has_no_finding_on_a_desk(self, opened: Open, path: str) -> None:
        page = opened(NATION, path)
        page.evaluate(OPEN_ALL)
        assert violations(page) == []
        assert page.evaluate("document.documentElement.scrollWidth") <= 1440

    def test_has_no_finding_in_english_on_a_phone_in_the_dark(self, opened: Open, path: str) -> None:
        page = opened(NATION, f"{path}?lang=en", width=390, scheme="dark")
        page.evaluate(OPEN_ALL)
        assert page.evaluate("document.documentElement.scrollWidth") <= 390
        assert violations(page) == []

    def test_needs_no_script(self, opened: Open, path: str) -> None:
        page = opened(NATION, path, script=False)
        expect(page.locator("h1")).to_be_visible()
        expect(page.locator("main h2").first).to_be_attached()


class TestAccess:
    @pytest.mark.parametrize("login", ["demo-duty", "demo-coordinator", "demo-auditor", "demo-shandong"])
    def test_every_official_reads_all_law(self, opened: Open, login: str) -> None:
        page = opened(login, "/")
        page.click("nav .more summary")
        page.click("nav >> text=规则")
        expect(page.locator("h1")).to_have_text("预警规则库")
        page.click("main >> text=beijing-2023")
        expect(page.locator("h1")).to_contain_text("北京市空气重污染应急预案")
        expect(page.locator("nav a[aria-current]")).to_have_text("规则")

    @pytest.mark.parametrize("path", ["/law", "/law/plans/beijing-2023"])
    def test_an_enterprise_does_not(self, opened: Open, path: str) -> None:
        page = opened("demo-plant", path)
        expect(page.locator("main")).to_contain_text("没有权限")
        expect(page.locator("nav")).not_to_contain_text("规则")

    @pytest.mark.parametrize("path", ["/law", "/law/plans/beijing-2023"])
    def test_nobody_without_signing_in(self, site: Site, path: str) -> None:
        answer = httpx.get(site.address + path, headers={"accept": "text/html"})
        assert (answer.status_code, answer.headers["location"]) == (303, f"/signin?next={path}")

    @pytest.mark.parametrize(
        ("path", "said"),
        [
            ("/law/plans/nowhere-2020", "没有这个页面"),
            ("/law/plans/beijing-2023?on=2016-12-15", "not in force on 2016-12-15"),
            ("/law/plans/beijing-2023?on=<b>x</b>", "'<b>x</b>' is not a day"),
            ("/law/plans/<script>alert(1)</script>", "没有这个页面"),
        ],
    )
    def test_what_is_not_there(self, opened: Open, path: str, said: str) -> None:
        page = opened(NATION, path)
        expect(page.locator("main")).to_contain_text(said)
        assert page.locator("main b, main script").count() == 0


class TestRuleSets:
    def test_stand_side_by_side_clause_by_clause(self, opened: Open) -> None:
        page = opened(NATION, "/law")
        heads = page.locator(".matrix thead th")
        expect(heads.nth(1)).to_contain_text("national-2024")
        expect(heads.nth(1)).to_contain_text("《关于进一步优化重污染天气应对机制的指导意见》（环大气〔2024〕6号）")
        red = page.locator(".matrix tbody tr", has=page.locator(".lv.red"))
        expect(red.locator("td").nth(0)).to_contain_text("日AQI大于200持续72小时且其中大于300持续24小时 red.any[0]")
        orange = page.locator(".matrix tbody tr", has=page.locator(".lv.orange")).locator("td").nth(0)
        expect(orange).to_contain_text("日AQI大于200持续48小时 orange.any[0]")
        expect(orange).to_contain_text("或 日AQI大于150持续72小时 orange.any[1]")
        blue = page.locator(".matrix tbody tr", has=page.locator(".lv.blue"))
        expect(blue.locator("td").nth(0)).to_have_text("无")

    def test_the_one_in_force_by_the_service_s_clock_is_marked_in_words(self, opened: Open) -> None:
        page = opened(NATION, "/law")
        states = page.locator(".matrix thead th b").all_inner_texts()
        assert states == ["尚未施行", "尚未施行", "尚未施行", "现行", "已失效", "已失效"]

    def test_what_no_text_settles_is_never_blank(self, opened: Open) -> None:
        page = opened(NATION, "/law")
        ranged = page.locator(".matrix tbody tr", has_text="预报为范围时")
        expect(ranged.locator("td").nth(0)).to_contain_text("未确立")
        expect(ranged.locator("td").nth(3)).to_contain_text("按预报上限分级")
        expect(page.locator(".matrix tbody tr", has_text="降级").locator("td").nth(0)).to_contain_text("选择")
        assert [cell for cell in page.locator(".matrix td, .stated td").all_text_contents() if not cell.strip()] == []

    def test_every_value_tells_its_evidence(self, opened: Open) -> None:
        page = opened(NATION, "/law")
        page.click("text=逐项依据：national-2024")
        table = page.locator("details[open] .stated")
        lift = table.locator("tr", has_text="解除条件")
        expect(lift).to_contain_text("小时AQI不大于150，且预测持续36小时")
        expect(lift).to_contain_text("依据 扬州市说明（2026）")
        expect(lift).to_contain_text("未确立 全国文本的解除条件未见原文")
        expect(lift.locator("[lang=en]").first).to_be_visible()
        expect(table.locator("tr", has_text="区域预警提示")).to_contain_text("连片城市数未确立")

    def test_a_link_opens_the_set_it_names(self, opened: Open) -> None:
        page = opened(NATION, "/law#rules-national-2019")
        expect(page.locator("#rules-national-2019")).to_be_in_viewport()

    def test_the_standards_are_tables(self, opened: Open) -> None:
        page = opened(NATION, "/law")
        pm25 = page.locator("#h-standards ~ .scroll").nth(0).locator("tr", has_text="PM2.5 24 小时")
        assert pm25.locator("td").all_inner_texts() == ["µg/m³", "0", "35", "60", "115", "150", "250", "350", "500"]
        so2 = page.locator("#h-standards ~ .scroll").nth(0).locator("tr", has_text="SO₂ 1 小时")
        expect(so2).to_contain_text("更高取 200")
        older = page.locator("#h-standards ~ .scroll").nth(1).locator("tr", has_text="SO₂ 1 小时")
        expect(older).to_contain_text("不给指数")


class TestPlan:
    def test_every_value_tells_where_it_comes_from(self, opened: Open) -> None:
        page = opened(NATION, "/law/plans/shandong-2024")
        rows = page.locator("section[aria-labelledby=h-criteria] tbody tr")
        expect(rows.filter(has_text="提前量").locator("td").first).to_contain_text("提前 48 小时 本预案")
        expect(rows.filter(has_text="计日方式").locator("td").first).to_contain_text("据 national-2024")
        expect(page.locator("section[aria-labelledby=h-conduct] tr", has_text="与上级提示不一致时")).to_contain_text(
            "从高 沿用 national-default"
        )
        expect(page.locator("section[aria-labelledby=h-conduct] tr", has_text="旧预报不再计入")).to_contain_text(
            "系统缺省"
        )

    def test_who_decides_and_what_is_open(self, opened: Open) -> None:
        page = opened(NATION, "/law/plans/beijing-2023")
        rows = page.locator("section[aria-labelledby=h-deciding] tbody tr")
        assert rows.count() == 3
        expect(rows.nth(0).locator("td").nth(0)).to_contain_text("市人民政府 本预案")
        expect(rows.nth(0).locator("td").nth(1)).to_have_text("未确立")
        expect(rows.nth(0).locator("td").nth(2)).to_contain_text("指挥长 沿用 national-default")
        expect(rows.nth(2).locator("td").nth(0)).to_have_text("未确立")
        expect(rows.nth(2).locator("td").nth(3)).to_contain_text("未确立 黄色预警的审批主体未确立。")

    def test_layers_lead_upwards(self, opened: Open) -> None:
        page = opened(NATION, "/law/plans/shijiazhuang-2024")
        named = page.locator("section[aria-labelledby='h-layers'] .layers li").all_inner_texts()
        assert [one.split(" ")[0] for one in named] == [
            "shijiazhuang-2024", "hebei-2024", "national-default", "national-2024",
        ]  # fmt: skip
        page.click(".layers >> text=hebei-2024")
        expect(page.locator("h1")).to_contain_text("河北省")

    def test_zones_name_their_places_and_tiers_are_no_level(self, opened: Open) -> None:
        page = opened(NATION, "/law/plans/jiangsu-2025")
        assert "苏北5市 徐州市、连云港市、淮安市、盐城市、宿迁市" in section(page, "h-zones")
        tiers = section(page, "h-tiers")
        assert "临时管控（预警前）" in tiers
        assert "日AQI大于150持续24小时" in tiers
        assert "须由上级部门下达指令" in tiers
        assert "不是预警级别" in tiers
        assert "各级措施：未确立" in tiers

    def test_measures_by_level_and_category(self, opened: Open) -> None:
        page = opened(NATION, "/law/plans/beijing-2023")
        orange = page.locator("section[aria-labelledby=h-law_measures] .edge-orange")
        expect(orange).to_contain_text("强制·移动源 次日0时起 本预案")
        expect(orange).to_contain_text("本市号牌国四柴油货车停驶。")
        expect(orange.locator("h4", has_text="强制·工业")).to_contain_text("沿用 national-default")
        english = opened(NATION, "/law/plans/beijing-2023?lang=en")
        expect(english.locator("section[aria-labelledby=h-law_measures] .edge-orange")).to_contain_text(
            "Diesel trucks of China IV with a Beijing plate stop."
        )

    def test_is_read_on_another_day(self, opened: Open) -> None:
        page = opened(NATION, "/law/plans/henan-2023")
        expect(page.locator(".layers")).to_contain_text("national-2019")
        page.fill("#on", "2024-06-01")
        page.click("main form button")
        expect(page.locator(".headline")).to_contain_text("读于 2024-06-01")
        expect(page.locator(".layers")).to_contain_text("national-2024")

    def test_before_any_rule_set_the_criteria_are_not_established(self, opened: Open) -> None:
        page = opened(NATION, "/law/plans/national-default?on=2014-01-01")
        assert "未确立 这一天没有有效的分级标准" in section(page, "h-criteria")

    def test_leads_to_a_simulation_with_it(self, opened: Open) -> None:
        page = opened(NATION, "/law/plans/beijing-2023")
        page.click("text=用它推演")
        expect(page.locator("#case-plan-beijing-2023")).to_be_checked()
        expect(page.locator("#adcode")).to_have_value("110000")

    def test_prints_with_its_evidence_open(self, opened: Open) -> None:
        page = opened(NATION, "/law/plans/beijing-2023")
        page.emulate_media(media="print")
        expect(page.locator(".top nav")).to_be_hidden()
        expect(page.locator("main form")).to_be_hidden()


class TestCity:
    def test_the_skill_table_is_fetched_into_the_page(self, opened: Open) -> None:
        page = opened(NATION, "/city/110000")
        expect(page.locator("#skill")).to_contain_text("还没有可检验的日子")
        expect(page).to_have_title("北京市 · 蓝天")

    def test_without_script_a_link_leads_there(self, opened: Open) -> None:
        page = opened(NATION, "/city/110000", script=False)
        page.click("text=查看近 90 天的预报检验")
        expect(page.locator("#skill")).to_contain_text("完美预报")

    def test_has_no_finding_with_the_table(self, opened: Open) -> None:
        page = opened(NATION, "/city/110000", width=390)
        page.wait_for_selector("#skill")
        assert violations(page) == []
        assert page.evaluate("document.documentElement.scrollWidth") <= 390

    def test_the_reasons_follow_the_chart_on_a_phone(self, opened: Open) -> None:
        page = opened(NATION, "/city/110000", width=390)
        tops = [
            page.locator(f"#{name}").bounding_box() for name in ("h-chart", "h-trace", "h-feeds", "h-skill", "h-steps")
        ]
        heights = [box["y"] for box in tops if box]
        assert heights == sorted(heights)
        assert len(heights) == 5
