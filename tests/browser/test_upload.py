"""Uploads in pieces from the page: progress, a lost connection, a reload, refusals, and the plain form without the script."""

from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, Request, Route, expect

from emission_lists.generator import generate_list
from emission_lists.workbook_writer import write_workbook
from service.lists.workbooks import guide_of, profile

from .conftest import Open

pytestmark = [pytest.mark.browser, pytest.mark.enable_socket]
PIECES = "**/api/v1/lists/imports/*"
PIECE = 16_384
ENDED = "[role=alert], .done"


@pytest.fixture(scope="module")
def workbook(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A list of Beijing of several pieces."""
    draft = generate_list("110000", seed=3, enterprises=25, guide=guide_of("G2020"), profile=profile())
    path = tmp_path_factory.mktemp("upload") / "list.xlsx"
    path.write_bytes(write_workbook(draft, guide_of("G2020")))
    assert path.stat().st_size > 3 * PIECE
    return path


def choose(page: Page, file: Path) -> None:
    """Choose a file that goes in small pieces."""
    page.set_input_files("#workbook", file)
    page.evaluate(f"document.getElementById('upload').dataset.piece = '{PIECE}'")


def offsets(page: Page) -> list[int]:
    """Filled with the offset of every piece that is sent."""
    sent: list[int] = []

    def note(request: Request) -> None:
        if request.method == "PATCH":
            sent.append(int(request.headers["upload-offset"]))

    page.on("request", note)
    return sent


def lost_only(opened: Open) -> None:
    """The browser complains of the connections that the test cut, and of nothing else."""
    complaints: list[str] = opened.complaints  # type: ignore[attr-defined]
    assert complaints
    assert {said for said in complaints if "409" not in said} == {"Failed to load resource: net::ERR_CONNECTION_RESET"}
    complaints.clear()


def test_goes_in_pieces_and_leads_to_the_import(opened: Open, workbook: Path) -> None:
    page = opened("demo-duty", "/lists")
    sent = offsets(page)
    choose(page, workbook)
    page.click("#upload button.primary")
    page.wait_for_selector(ENDED, timeout=60_000)
    assert sent == list(range(0, workbook.stat().st_size, PIECE))
    expect(page.locator(".done")).to_be_visible()
    assert page.evaluate("localStorage.getItem('lantian-upload')") is None


def test_goes_on_where_the_connection_was_lost(opened: Open, workbook: Path) -> None:
    page = opened("demo-duty", "/lists")
    failures = []

    def lose(route: Route) -> None:
        if route.request.headers.get("upload-offset") == str(PIECE) and len(failures) < 2:
            failures.append(route.request.url)
            route.abort("connectionreset")
        else:
            route.continue_()

    page.route(PIECES, lose)
    sent = offsets(page)
    choose(page, workbook)
    page.click("#upload button.primary")
    expect(page.locator("#upload-words")).to_contain_text("连接中断")
    page.wait_for_selector(ENDED, timeout=60_000)
    expect(page.locator(".done")).to_be_visible()
    assert len(failures) == 2
    assert sent == [0, PIECE, PIECE, PIECE, *range(2 * PIECE, workbook.stat().st_size, PIECE)]
    lost_only(opened)


def test_a_piece_whose_answer_was_lost_is_not_sent_twice(opened: Open, workbook: Path) -> None:
    page = opened("demo-duty", "/lists")
    lost: list[int] = []

    def lose_the_answer(route: Route) -> None:
        if route.request.headers.get("upload-offset") == str(PIECE) and not lost:
            lost.append(route.fetch().status)
            route.abort("connectionreset")
        else:
            route.continue_()

    page.route(PIECES, lose_the_answer)
    choose(page, workbook)
    page.click("#upload button.primary")
    page.wait_for_selector(ENDED, timeout=60_000)
    assert lost == [200]
    expect(page.locator(".done")).to_be_visible()
    lost_only(opened)


def test_after_a_reload_the_same_file_goes_on(opened: Open, workbook: Path) -> None:
    page = opened("demo-duty", "/lists")

    def stop(route: Route) -> None:
        if route.request.headers.get("upload-offset") == str(2 * PIECE):
            route.abort("connectionreset")
        else:
            route.continue_()

    page.route(PIECES, stop)
    choose(page, workbook)
    page.click("#upload button.primary")
    expect(page.locator("#upload-words")).to_contain_text("连接中断")
    page.unroute(PIECES)
    page.reload()
    expect(page.locator("#upload-words")).to_contain_text("list.xlsx 上次只上传了")
    assert Axe().run(page).response["violations"] == []
    sent = offsets(page)
    choose(page, workbook)
    page.click("#upload button.primary")
    page.wait_for_selector(ENDED, timeout=60_000)
    expect(page.locator(".done")).to_be_visible()
    assert sent == list(range(2 * PIECE, workbook.stat().st_size, PIECE))
    lost_only(opened)


def test_another_file_begins_anew(opened: Open, workbook: Path, tmp_path: Path) -> None:
    page = opened("demo-duty", "/lists")
    remembered = '{"id": 999999, "name": "old.xlsx", "size": 9, "sha256": "0", "adcode": "110000"}'
    page.evaluate(f"localStorage.setItem('lantian-upload', '{remembered}')")
    page.reload()
    expect(page.locator("#upload-told")).to_be_hidden()
    other = tmp_path / "other.xlsx"
    other.write_bytes(b"no workbook")
    choose(page, other)
    page.click("#upload button.primary")
    page.wait_for_selector(ENDED, timeout=60_000)
    expect(page.locator("[role=alert]")).to_contain_text("1 处错误")


def test_a_refusal_is_told_on_the_page(opened: Open, workbook: Path) -> None:
    page = opened("demo-duty", "/lists")
    page.fill("#adcode", "119999")
    choose(page, workbook)
    page.click("#upload button.primary")
    expect(page.locator("#upload-fault")).to_contain_text("没有行政区 119999")
    expect(page.locator("#upload button.primary")).to_be_enabled()
    assert page.url.endswith("/lists")


def test_without_a_script_the_plain_form_is_sent(opened: Open, workbook: Path) -> None:
    page = opened("demo-duty", "/lists", script=False)
    expect(page.locator("#upload-told")).to_be_hidden()
    page.set_input_files("#workbook", workbook)
    page.click("#upload button.primary")
    page.wait_for_url("**/lists/imports/*")
    expect(page.locator("h1")).to_contain_text("北京")


def test_without_hashes_the_plain_form_is_sent(opened: Open, workbook: Path) -> None:
    page = opened("demo-duty", "/lists")
    page.add_init_script("Object.defineProperty(globalThis.crypto, 'subtle', { value: undefined })")
    page.reload()
    sent = offsets(page)
    page.set_input_files("#workbook", workbook)
    page.click("#upload button.primary")
    page.wait_for_selector(ENDED, timeout=60_000)
    assert sent == []
    expect(page.locator(".done")).to_be_visible()
