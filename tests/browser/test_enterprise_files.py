"""The files of an enterprise in a browser: its page under a warning, operating plan, gate board, sheet and seasonal plan."""

from __future__ import annotations

from io import BytesIO

import pytest
from playwright.sync_api import Page, expect
from pypdf import PdfReader

from .conftest import Open, Site
from .test_pages import violations

pytestmark = [pytest.mark.browser, pytest.mark.enable_socket]
PLANT, OFFICER = "demo-plant", "demo-duty"
HEADER = "统一社会信用代码,生产线编号,开始日期,结束日期,措施,比例（%）,时段,车辆管控,备注\n"


def sound(page: Page, width: int) -> None:
    """Nothing for axe to find, nothing wider than the screen."""
    assert violations(page) == []
    assert page.evaluate("document.documentElement.scrollWidth") <= width


def warned(opened: Open) -> None:
    """Let the commander decide, unless that is done."""
    page = opened("demo-commander", "/")
    if page.locator(".todo .button").count():
        page.locator(".todo .button").first.click()
        page.click("text=批准并发布")
        expect(page.locator(".headline")).to_contain_text("已批准")


def filed(opened: Open, site: Site) -> str:
    """The enterprise files a plan by the form; returns the path of its page."""
    path = f"/enterprises/{site.seeded.uscc}/operating-plans"
    page = opened(PLANT, path)
    page.fill("#main_process", "配料、熔化、浇注、清理")
    page.fill("#points", "DA001 | 熔化烟气 | PM、VOCs | 12 kg/d")
    page.fill("#group", "厂长 | 指挥 | 010-5550001")
    for number in range(page.locator("fieldset").count()):
        page.fill(f"#post{number}", "班长岗")
        page.fill(f"#phone{number}", "010-5550002")
        for level in ("yellow", "orange", "red"):
            page.fill(f"#{level}{number}", "停炉，切断电源")
        page.fill(f"#figures{number}", "电 | 1号电表 | kWh | 12000 | 300")
    page.click("form.wide button[type=submit]")
    expect(page.locator("h2").first).to_contain_text("方案第")
    return path


def test_the_page_answers_what_a_plant_asks(opened: Open) -> None:
    warned(opened)
    page = opened(PLANT, "/")
    expect(page.locator(".sign .now")).to_contain_text("红色预警")
    expect(page.locator(".columns3 .column")).to_have_count(3)
    assert page.locator("#h-lines + table tbody tr, .stacked tbody tr").count() >= 3
    expect(page.locator("#h-history")).to_be_attached()
    sound(page, 1440)
    sound(opened(PLANT, "/?lang=en", width=390, scheme="dark"), 390)


def test_a_plan_is_filed_and_checked(opened: Open, site: Site) -> None:
    path = filed(opened, site)
    page = opened(OFFICER, path)
    expect(page.locator("form[action$=review]")).to_have_count(1)
    sound(page, 1440)
    page.click("button[value=no]")
    expect(page.locator("[role=alert]")).to_contain_text("returned with a reason")
    page.click("button[value=yes]")
    expect(page.locator("h2").first).to_contain_text("生效")
    form = opened(PLANT, path, width=390)
    expect(form.locator("#main_process")).to_have_value("配料、熔化、浇注、清理")
    sound(form, 390)


def test_what_is_wrong_with_a_plan_is_said_and_what_was_written_stays(opened: Open, site: Site) -> None:
    page = opened(PLANT, f"/enterprises/{site.seeded.uscc}/operating-plans")
    page.fill("#main_process", "写了一半")
    page.fill("#group", "只有岗位")
    page.click("form.wide button[type=submit]")
    expect(page.locator("[role=alert]")).to_contain_text("应有 3 项")
    expect(page.locator("#main_process")).to_have_value("写了一半")


def test_the_board_is_held_against_its_page_without_a_sign_in(opened: Open, site: Site) -> None:
    page = opened(PLANT, f"/enterprises/{site.seeded.uscc}/board")
    expect(page.locator("svg.qr")).to_be_visible()
    expect(page.locator(".gateboard")).to_contain_text("监督电话")
    sound(page, 1440)
    address = page.locator(".address").inner_text()
    page.reload()
    assert page.locator(".address").inner_text() == address
    anybody = opened(None, address)
    expect(anybody.locator("h1")).to_contain_text("核验打印单")
    expect(anybody.locator("main")).to_contain_text(site.seeded.uscc)
    sound(anybody, 1440)
    sound(opened(None, address, width=390, scheme="dark"), 390)


def test_the_sheet_is_a_pdf_in_chinese(opened: Open, site: Site) -> None:
    page = opened(PLANT, "/")
    answer = page.request.get(f"/enterprises/{site.seeded.uscc}/requirements.pdf")
    assert answer.status == 200
    read = PdfReader(BytesIO(answer.body()))
    text = "".join(one.extract_text() for one in read.pages)
    assert "重污染天气应急减排要求单" in text
    assert site.seeded.uscc in text


def test_a_seasonal_plan_is_uploaded_with_every_fault_at_once(opened: Open, site: Site) -> None:
    page = opened(OFFICER, "/seasonal")
    sound(page, 1440)

    def send(rows: str) -> None:
        content = (HEADER + rows).encode()
        page.set_input_files("#file", {"name": "plan.csv", "mimeType": "text/csv", "buffer": content})
        page.fill("#valid_from", "2016-11-15")
        page.fill("#valid_until", "2017-03-15")
        page.click("main form button[type=submit]")

    send("wrong,,2016-11-15,2017-03-15,停产,,,,\n" + site.seeded.uscc + ",,2016-11-15,never,停产,,,,\n")
    assert page.locator("[role=alert] + ul li").count() == 2
    send(site.seeded.uscc + ",,2016-11-15,2017-03-15,限产,20,,,\n")
    page.wait_for_url("**/seasonal/*")
    expect(page.locator("tbody tr")).to_have_count(1)
    sound(page, 1440)
    plant = opened(PLANT, "/")
    expect(plant.locator("main")).to_contain_text("错峰生产计划")
