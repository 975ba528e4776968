"""Lists on the page: every fault at once in a table, checks, and activation by a second person."""

from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from emission_lists.generator import generate_list
from emission_lists.workbook_writer import template, write_workbook
from service.lists.workbooks import guide_of, profile

from .conftest import Open

pytestmark = [pytest.mark.browser, pytest.mark.enable_socket]


def send(page: Page, folder: Path, content: bytes) -> None:
    """Choose a file in the import form and send it."""
    path = folder / "list.xlsx"
    path.write_bytes(content)
    page.set_input_files("#workbook", path)
    page.click("button.primary")
    page.wait_for_selector("[role=alert], .done", timeout=60_000)


def test_a_file_that_is_no_workbook_is_refused_with_advice(opened: Open, tmp_path: Path) -> None:
    page = opened("demo-duty", "/lists")
    send(page, tmp_path, b"no workbook")
    expect(page.locator("[role=alert]")).to_contain_text("1 处错误")
    expect(page.locator("main tbody").last).to_contain_text("另存为")


def test_a_fault_names_sheet_and_what_to_do(opened: Open, tmp_path: Path) -> None:
    page = opened("demo-duty", "/lists?lang=en")
    send(page, tmp_path, template())
    expect(page.locator("[role=alert]")).to_contain_text("nothing was stored")
    expect(page.locator("a[href$='marked.xlsx']")).to_be_visible()
    expect(page.locator("main tbody").last).to_contain_text("应急减排清单")
    expect(page.locator("main tbody").last).to_contain_text("fill in rows")


def test_an_import_is_activated_by_somebody_else(opened: Open, tmp_path: Path) -> None:
    draft = generate_list("110000", seed=2, enterprises=25, guide=guide_of("G2020"), profile=profile())
    page = opened("demo-duty", "/lists")
    send(page, tmp_path, write_workbook(draft, guide_of("G2020")))
    page.click(".done a")
    expect(page.locator(".headline")).to_contain_text("25")
    expect(page.locator(".headline")).to_contain_text("草稿")
    page.click("main button.primary")
    expect(page.locator("[role=alert]")).to_contain_text("双人复核")

    other = opened("demo-commander", page.url.removesuffix("/activate"))
    other.click("main button.primary")
    expect(other.locator(".headline")).to_contain_text("生效")


def test_another_province_may_not_import_for_us(opened: Open, tmp_path: Path) -> None:
    page = opened("demo-shandong", "/lists")
    page.fill("#adcode", "110000")
    send(page, tmp_path, template())
    expect(page.locator("[role=alert]")).to_contain_text("清单由该行政区指挥中心")


def test_an_auditor_sees_no_form(opened: Open) -> None:
    page = opened("demo-auditor", "/lists")
    expect(page.locator("#workbook")).to_have_count(0)
    expect(page.locator("main")).to_contain_text("清单由本地指挥中心")
