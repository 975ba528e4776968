"""Permit registers and floors as people see them: uploaded, compared, drawn, readable without script."""

from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect

from emission_lists.identifiers import make_permit, make_uscc
from emission_lists.permits import Management, Permit, write_register

from .conftest import Open

pytestmark = [pytest.mark.browser, pytest.mark.enable_socket]


def holder(number: int) -> Permit:
    uscc = make_uscc("110105", 99_100_000 + number)
    return Permit(make_permit(uscc), f"朝阳区漏报企业{number}（示例）有限公司", Management.KEY, True, "110105", uscc, "3011")


def sound(page: Page) -> None:
    """Nothing for axe to find, nothing wider than the screen."""
    assert Axe().run(page).response["violations"] == []
    assert page.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth")


def uploaded(page: Page, folder: Path, *permits: Permit) -> None:
    path = folder / "register.xlsx"
    path.write_bytes(write_register(permits))
    page.set_input_files("#register", path)
    page.fill("#adcode", "110000")
    page.click("main button.primary")
    page.wait_for_selector("[role=status]")


@pytest.mark.parametrize("width", [1440, 390])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_a_register_is_uploaded_and_compared(opened: Open, tmp_path: Path, width: int, scheme: str) -> None:
    page = opened("demo-duty", "/lists/permits", width=width, scheme=scheme)
    sound(page)
    uploaded(page, tmp_path, *(holder(number) for number in range(1, 4 + (width == 390) + 2 * (scheme == "dark"))))
    expect(page.locator("main")).to_contain_text("朝阳区漏报企业1")
    expect(page.locator("main")).to_contain_text("编号不在名录中")
    sound(page)


def test_without_script_it_works_all_the_same(opened: Open, tmp_path: Path) -> None:
    page = opened("demo-duty", "/lists/permits?lang=en", script=False)
    uploaded(page, tmp_path, holder(9))
    expect(page.locator("main")).to_contain_text("Air permit holders that are not on the list")


@pytest.mark.parametrize("width", [1440, 390])
def test_floors_are_drawn_and_said_in_words(opened: Open, width: int) -> None:
    page = opened("demo-duty", "/lists", width=width)
    page.locator("main tbody a").first.click()
    expect(page.locator("#floors-chart canvas")).to_be_visible()
    expect(page.locator("[aria-labelledby=h-floors] table").first).to_contain_text("30 %")
    sound(page)
