"""The simulation page: side by side, by form alone, faults by row and column, and nothing of it stays."""

import re
from collections.abc import Iterator

import httpx
import pytest
from playwright.sync_api import FilePayload, Page, expect

from service.web.simulation import MOST_CSV_BYTES

from .conftest import Open, Site
from .test_pages import violations

pytestmark = [pytest.mark.browser, pytest.mark.enable_socket]
NATION = "demo-nation"
DAYS = "date,aqi\n2024-11-08,160\n2024-11-09,170\n2024-11-10,190\n"
BOTH = "/simulation?adcode=110000&rules=national-2019&rules=national-2024"


def csv(content: str | bytes) -> FilePayload:
    return {
        "name": "air.csv",
        "mimeType": "text/csv",
        "buffer": content.encode() if isinstance(content, str) else content,
    }


def cells(page: Page, row: str) -> list[str]:
    """A row of the result by its head."""
    found = page.locator(".cases tbody tr", has=page.get_by_role("rowheader", name=row, exact=True)).locator("td")
    return [re.sub(r"\s+", " ", text).strip() for text in found.all_inner_texts()]


def run(page: Page, *, csv_content: str | bytes | None = None) -> None:
    if csv_content is not None:
        page.set_input_files("#file", csv(csv_content))
    page.click(".simulate .primary")
    page.wait_for_selector(".simulated, #faults")


@pytest.fixture
def session(opened: Open, site: Site) -> Iterator[httpx.Client]:
    """A signed-in caller that sends what no browser would."""
    cookies = {cookie["name"]: cookie["value"] for cookie in opened(NATION, "/simulation").context.cookies()}
    with httpx.Client(
        base_url=site.address, cookies=cookies, headers={"origin": site.address, "accept": "text/html"}
    ) as made:
        yield made


class TestForm:
    def test_begins_with_a_division(self, opened: Open) -> None:
        page = opened(NATION, "/")
        page.click("nav .more summary")
        page.click("nav >> text=推演")
        expect(page.locator(".empty")).to_contain_text("先选定地区")
        page.select_option("#adcode", "130100")
        page.click("text=选定地区")
        expect(page.locator("h1")).to_have_text("推演 · 石家庄市")
        expect(page.locator("#forecast option").nth(1)).to_contain_text("demo-perfect · 12月15日")
        expect(page.locator("#case-in-force")).to_be_checked()
        expect(page.locator("#case-rules-national-2024")).to_be_checked()
        expect(page.locator("#case-plan-shijiazhuang-2024")).to_be_visible()
        expect(page.locator("#case-plan-jiangsu-2025")).to_be_hidden()

    def test_one_s_own_division_is_chosen_already(self, opened: Open) -> None:
        page = opened("demo-shandong", "/simulation")
        expect(page.locator("h1")).to_have_text("推演 · 山东省")
        assert page.locator("#adcode option[value='110000']").count() == 0
        assert page.locator("#adcode option[value='370100']").count() == 1

    def test_the_band_says_that_nothing_is_stored(self, opened: Open) -> None:
        expect(opened(NATION, "/simulation").locator("main .striped")).to_contain_text(
            "推演（simulated）：以下是假设的结果，不保存"
        )

    @pytest.mark.parametrize("login", ["demo-duty", "demo-coordinator", "demo-auditor"])
    def test_every_official_may(self, opened: Open, login: str) -> None:
        expect(opened(login, "/simulation?adcode=110000").locator(".simulate .primary")).to_be_visible()

    @pytest.mark.parametrize(
        ("login", "path", "said"),
        [
            ("demo-plant", "/simulation", "没有权限"),
            ("demo-shandong", "/simulation?adcode=110000", "没有权限"),
            (NATION, "/simulation?adcode=999999", "没有这个页面"),
        ],
    )
    def test_who_may_not(self, opened: Open, login: str, path: str, said: str) -> None:
        expect(opened(login, path).locator("main")).to_contain_text(said)

    def test_nobody_without_signing_in(self, site: Site) -> None:
        answer = httpx.get(f"{site.address}/simulation", headers={"accept": "text/html"})
        assert (answer.status_code, answer.headers["location"]) == (303, "/signin?next=/simulation")
        sent = httpx.post(f"{site.address}/simulation", headers={"accept": "text/html"}, data={"adcode": "110000"})
        assert (sent.status_code, sent.headers["location"]) == (303, "/signin")

    def test_another_site_s_form_is_refused(self, session: httpx.Client) -> None:
        answer = session.post("/simulation", data={"adcode": "110000"}, headers={"origin": "https://evil.example"})
        assert answer.status_code == 403


class TestOwnData:
    def test_side_by_side_with_differences(self, opened: Open) -> None:
        page = opened(NATION, BOTH)
        page.uncheck("#case-in-force")
        run(page, csv_content=DAYS)
        heads = page.locator(".cases thead th").all_inner_texts()
        assert [" ".join(head.split()) for head in heads] == ["national-2024 基准", "national-2019"]
        level = cells(page, "级别")
        assert level[0].startswith("■ 橙色 Ⅱ级")
        assert level[1].startswith("○ 无预警")
        assert level[1].endswith("≠ 不同")
        assert cells(page, "条款")[0] == "orange.any[1]"
        assert cells(page, "起")[0].startswith("2024年11月8日 00:00")
        assert cells(page, "达标时段")[0].count("AQI") == 3
        assert cells(page, "建议")[0].startswith("发布")
        assert "达到橙色" in cells(page, "为什么是这一级")[0]
        assert "未达到黄色" in cells(page, "为什么不是更高一级")[1]
        assert cells(page, "怎样会改变结论")[0]
        differences = page.locator(".simulated table.dense tbody tr")
        first = re.sub(r"\s+", " ", differences.first.inner_text())
        assert first.startswith("national-2019 级别 ■ 橙色 Ⅱ级 ○ 无预警")
        expect(page.locator(".simulated")).to_contain_text("上传的 3 个时次")

    def test_works_without_script(self, opened: Open) -> None:
        page = opened(NATION, BOTH, script=False)
        page.set_input_files("#file", csv(DAYS))
        page.click(".simulate .primary")
        assert cells(page, "级别")[1].startswith("■ 橙色")
        expect(page.locator("main .striped")).to_be_visible()

    def test_an_edit_changes_the_copy(self, opened: Open) -> None:
        page = opened(NATION, BOTH)
        page.fill("#factor", "0.5")
        run(page, csv_content="date,pm25\n2024-11-08,160\n2024-11-09,160\n2024-11-10,160\n")
        assert {one[:5] for one in cells(page, "级别")} == {"○ 无预警"}
        page.fill("#factor", "")
        page.fill("#shift", "24")
        run(page, csv_content="date,pm25\n2024-11-08,160\n2024-11-09,160\n2024-11-10,160\n")
        assert cells(page, "起")[1].startswith("2024年11月9日 00:00")
        expect(page.locator("#shift")).to_have_value("24")

    def test_days_do_not_move_by_hours(self, opened: Open) -> None:
        page = opened(NATION, BOTH)
        page.fill("#shift", "5")
        run(page, csv_content=DAYS)
        expect(page.locator("#faults")).to_contain_text("请填 24 的倍数")
        expect(page.locator("#faults a")).to_have_attribute("href", "#shift")

    def test_a_supposed_warning_changes_the_proposal(self, opened: Open) -> None:
        page = opened(NATION, BOTH)
        page.select_option("#level", "yellow")
        page.fill("#effective", "2024-11-08T00:00")
        run(page, csv_content=DAYS)
        assert cells(page, "建议")[1].startswith("升级 ■ 橙色")

    def test_a_range_shows_three_levels(self, opened: Open) -> None:
        page = opened(NATION, BOTH)
        run(
            page,
            csv_content="date,aqi_low,aqi,aqi_high\n"
            + "".join(f"2024-11-{day:02},100,170,210\n" for day in range(8, 12)),
        )
        ranged = cells(page, "预报范围")[1]
        assert re.search(r"下限 ○ 无预警 中值 ■ 橙色 Ⅱ级 暂按此值，由会商决定 上限", ranged), ranged

    def test_a_tier_stands_beside_the_levels(self, opened: Open) -> None:
        page = opened(NATION, "/simulation?adcode=321000&plan=jiangsu-2025")
        run(page, csv_content="date,aqi\n2025-12-08,120\n2025-12-09,120\n2025-12-10,60\n")
        assert cells(page, "预警之外")[1].startswith("临时管控（预警前） pre_warning.any[1]")


class TestStoredForecast:
    def test_of_the_list_and_what_is_known(self, opened: Open) -> None:
        page = opened(NATION, "/simulation?adcode=110000")
        run(page)
        known = cells(page, "级别")
        assert known[0].startswith("● 红色")
        expect(page.locator(".simulated")).to_contain_text("demo-perfect 12月15日 17:00 发布，接监测")
        page.select_option("#forecast", index=1)
        page.check("#alone")
        run(page)
        expect(page.locator(".simulated")).not_to_contain_text("接监测；")
        assert cells(page, "级别")[0].startswith("● 红色")

    def test_what_applies_there_is_named_with_links(self, opened: Open) -> None:
        page = opened(NATION, "/simulation?adcode=110000")
        run(page)
        links = page.locator(".cases tbody tr").last.locator("td").first.locator("a")
        assert [link.get_attribute("href") for link in links.all()] == [
            "/law#rules-national-2016", "/law/plans/national-default",
        ]  # fmt: skip

    def test_another_division_s_is_not_there(self, opened: Open, session: httpx.Client) -> None:
        own = opened(NATION, "/simulation?adcode=110000").locator("#forecast option").nth(1).get_attribute("value")
        answer = session.post("/simulation", data={"adcode": "130100", "forecast": own or "", "case": "in_force"})
        assert answer.status_code == 404
        assert "没有这一份预报" in answer.text

    def test_nothing_known_says_what_to_do(self, opened: Open) -> None:
        page = opened(NATION, "/simulation?adcode=110101")
        expect(page.locator(".simulate")).to_contain_text("还没有收到过预报")
        run(page)
        expect(page.locator("#faults")).to_contain_text("请上传数据，或换一个地区")


class TestFaults:
    def test_of_the_file_by_row_and_column(self, opened: Open) -> None:
        page = opened(NATION, BOTH)
        run(page, csv_content="date,aqi,pm25\n2024-11-08,501,80\n2024-11-09,160,x\nyesterday,160,80\n")
        expect(page.locator("#faults")).to_contain_text("文件有 3 处错误")
        rows = [
            re.sub(r"\s+", " ", row)
            for row in page.locator("section[aria-labelledby=h-problems] tbody tr").all_inner_texts()
        ]
        assert rows[0].startswith("2 aqi 501 超出范围 给出 0 至 500")
        assert rows[1].startswith("3 pm25 'x' 不是数字")
        assert rows[2].startswith("4 date 'yesterday' 不是日期")
        assert violations(page) == []
        expect(page.locator(".simulated")).to_have_count(0)

    def test_in_english(self, opened: Open) -> None:
        page = opened(NATION, BOTH + "&lang=en")
        run(page, csv_content="date,aqi\n2024-11-08,501\n")
        expect(page.locator("section[aria-labelledby=h-problems] tbody")).to_contain_text("501 is out of range")

    def test_markup_in_a_file_is_only_text(self, opened: Open) -> None:
        page = opened(NATION, BOTH)
        run(page, csv_content='date,aqi,<img src=x onerror=alert(1)>\n"<script>alert(1)</script>",90,1\n')
        expect(page.locator("section[aria-labelledby=h-problems]")).to_contain_text("<img src=x onerror=alert(1)>")
        assert page.locator("main script, main img").count() == 0

    def test_markup_in_a_label_is_only_text(self, session: httpx.Client) -> None:
        answer = session.post("/simulation", data={"adcode": "110000", "case": ["rules:<script>alert(1)</script>"]})
        assert answer.status_code == 422
        assert "没有可用的标准或预案" in answer.text
        assert "<script>alert(1)" not in answer.text
        assert "&lt;script&gt;" in answer.text

    def test_markup_in_a_field_is_only_text(self, session: httpx.Client) -> None:
        answer = session.post(
            "/simulation", data={"adcode": "110000", "factor": '"><script>alert(1)</script>', "case": "in_force"}
        )
        assert answer.status_code == 422
        assert "<script>alert(1)" not in answer.text

    def test_several_at_once_and_the_form_is_kept(self, opened: Open) -> None:
        page = opened(NATION, BOTH)
        page.fill("#factor", "much")
        page.select_option("#level", "red")
        run(page)
        assert [link.get_attribute("href") for link in page.locator("#faults a").all()] == ["#factor", "#effective"]
        expect(page.locator("#factor")).to_have_value("much")
        expect(page.locator("#level")).to_have_value("red")
        expect(page.locator("#case-rules-national-2019")).to_be_checked()

    def test_no_case_and_too_many(self, opened: Open) -> None:
        page = opened(NATION, BOTH)
        for case in ("in-force", "rules-national-2019", "rules-national-2024"):
            page.uncheck(f"#case-{case}")
        run(page)
        expect(page.locator("#faults")).to_contain_text("请选 1 到 8 项，现在选了 0 项")
        page.click("details summary")
        for box in page.locator(".simulate [name=case]").all()[:9]:
            box.check()
        run(page)
        expect(page.locator("#faults")).to_contain_text("现在选了 9 项")

    def test_a_time_without_law(self, opened: Open) -> None:
        page = opened(NATION, "/simulation?adcode=110000")
        run(page, csv_content="date,aqi\n2003-11-08,160\n")
        expect(page.locator("#faults")).to_contain_text("没有可用的标准或预案")

    def test_a_file_that_is_too_large(self, session: httpx.Client) -> None:
        files = {"file": ("air.csv", b"x" * (MOST_CSV_BYTES + 1), "text/csv")}
        answer = session.post("/simulation", data={"adcode": "110000", "case": "in_force"}, files=files)
        assert answer.status_code == 422
        assert "文件大于 1 MB" in answer.text

    def test_more_files_and_fields_than_the_form_has(self, session: httpx.Client) -> None:
        two = [("file", ("a.csv", b"x", "text/csv")), ("file", ("b.csv", b"x", "text/csv"))]
        assert session.post("/simulation", data={"adcode": "110000"}, files=two).status_code == 400
        many = {"adcode": "110000", "case": [f"rules:r{number}" for number in range(200)]}
        assert session.post("/simulation", data=many, files=two[:1]).status_code == 400


@pytest.mark.parametrize("path", ["/simulation", "/simulation?adcode=110000"])
def test_no_finding(opened: Open, path: str) -> None:
    page = opened(NATION, path)
    assert violations(page) == []
    phone = opened(NATION, f"{path}{'&' if '?' in path else '?'}lang=en", width=390, scheme="dark")
    assert violations(phone) == []
    assert phone.evaluate("document.documentElement.scrollWidth") <= 390


@pytest.mark.parametrize(("width", "scheme"), [(1440, "dark"), (390, "light")])
def test_no_finding_in_results(opened: Open, width: int, scheme: str) -> None:
    page = opened(
        NATION,
        f"{BOTH}&rules=national-2017&rules=national-2016&plan=beijing-2023&plan=jiangsu-2025",
        width=width,
        scheme=scheme,
    )
    run(page, csv_content=DAYS)
    assert violations(page) == []
    assert page.evaluate("document.documentElement.scrollWidth") <= width


def test_fields_can_be_hit_on_a_phone(opened: Open) -> None:
    page = opened(NATION, "/simulation?adcode=110000", width=390)
    heights = page.eval_on_selector_all(
        "main button, main select, main .check, main input:not([type=hidden], [type=checkbox])",
        "all => all.filter(one => one.checkVisibility()).map(one => one.getBoundingClientRect().height)",
    )
    assert len(heights) > 10
    assert min(heights) >= 44


def test_nothing_of_it_stays(opened: Open) -> None:
    page = opened(NATION, "/")
    before = page.locator("#ticker, #decide").all_inner_texts()
    page.goto(BOTH)
    run(page, csv_content=DAYS)
    page.goto("/")
    after = page.locator("#ticker, #decide").all_inner_texts()
    assert [re.sub(r"(已过|还有) \d+ \S+|现在", "", one) for one in after] == [
        re.sub(r"(已过|还有) \d+ \S+|现在", "", one) for one in before
    ]
