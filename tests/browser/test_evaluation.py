"""The evaluation as people read it: charts beside tables, closed by form, on a phone, on paper; an enterprise reports."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Any

import asyncpg
import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect

from service.kit.database import with_database

from .conftest import Open, Site, in_thread
from .seed import PRESENT

pytestmark = [pytest.mark.browser, pytest.mark.enable_socket]
STARTS, ENDS = PRESENT.replace(hour=20, minute=0) - timedelta(days=4), PRESENT.replace(hour=8, minute=0)
HOUR = timedelta(hours=1)
POINTS = ["adcode", "uscc", "point", "kind", "line_code", "role", "source", "registered_at"]
HOURS = ["adcode", "uscc", "point", "item", "until_at", "batch_id", "value"]


def on_database(server_address: str, work: Callable[[asyncpg.Connection], Awaitable[Any]]) -> Any:
    """Do something in the site's database."""

    async def run() -> Any:
        connection = await asyncpg.connect(with_database(server_address, "lantian_web_test_evaluation"))
        try:
            return await work(connection)
        finally:
            await connection.close()

    return in_thread(lambda: asyncio.run(run()))


async def past(connection: asyncpg.Connection) -> int:
    """The response of Beijing has been; a hundred lines were metered, for some of its hours."""
    response = await connection.fetchval(
        "UPDATE response SET starts_at = $1, ends_at = $2 WHERE adcode = '110000' RETURNING id", STARTS, ENDS
    )
    lines = await connection.fetch(
        "SELECT e.uscc, l->>'code' AS code FROM list_enterprise e, jsonb_array_elements(e.document::jsonb->'lines') l"
        " WHERE e.version_id = (SELECT list_version_id FROM response WHERE id = $1) ORDER BY 1, 2 LIMIT 100",
        response,
    )
    points = [("110000", row["uscc"], row["code"], "power", row["code"], "production", "upload", PRESENT) for row in lines]
    await connection.copy_records_to_table("evidence_point", records=points, columns=POINTS)
    hours = [
        ("110000", row["uscc"], row["code"], "kwh", STARTS + place * HOUR, 1, 100.0 if place <= 0 else 20.0 + place % 7)
        for row in lines
        for place in range(-24 * 14, 60)
    ]
    await connection.copy_records_to_table("evidence_hour", records=hours, columns=HOURS)
    return int(response)


@pytest.fixture
def response(opened: Open, site: Site, server_address: str) -> int:
    """A response that is over, with evidence; Beijing's proposal is approved on the way, once."""
    known = on_database(server_address, lambda one: one.fetchval("SELECT max(id) FROM response WHERE adcode = '110000'"))
    if known is None:
        commander = opened("demo-commander", "/")
        commander.locator(".todo .button").click()
        commander.click("text=批准并发布")
        expect(commander.locator(".headline")).to_contain_text("已批准")
        known = on_database(server_address, past)
    return int(known)


def clean(page: Page) -> None:
    """Nothing for axe to find, nothing wider than the screen."""
    found = Axe().run(page).response["violations"]
    assert [(one["id"], [node["target"] for node in one["nodes"][:3]]) for one in found] == []
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth + 1")


@pytest.mark.parametrize(("width", "scheme"), [(1440, "light"), (390, "dark")])
def test_it_reads_well_with_its_charts(opened: Open, response: int, width: int, scheme: str) -> None:
    page = opened("demo-commander", f"/responses/{response}/evaluation", width=width, scheme=scheme)
    expect(page.locator("#bars canvas")).to_be_visible()
    expect(page.locator("#hours canvas")).to_be_visible()
    expect(page.locator("main")).to_contain_text("≥")
    clean(page)


@pytest.mark.parametrize(("width", "scheme"), [(1440, "light"), (390, "dark")])
def test_an_enterprise_reads_line_by_line_what_it_saved(
    opened: Open, response: int, site: Site, width: int, scheme: str
) -> None:
    page = opened("demo-plant", f"/enterprises/{site.seeded.uscc}/reductions", width=width, scheme=scheme)
    expect(page.locator("#bars canvas")).to_be_visible()
    expect(page.locator("#hours canvas")).to_be_visible()
    expect(page.locator("main")).to_contain_text("计划减排")
    clean(page)


@pytest.mark.parametrize(("width", "scheme"), [(1440, "dark"), (390, "light")])
def test_cities_stand_together_against_their_floors(opened: Open, response: int, width: int, scheme: str) -> None:
    days = f"from={STARTS.date()}&last={ENDS.date()}"
    page = opened("demo-commander", f"/evaluations?{days}", width=width, scheme=scheme)
    expect(page.locator("#grids canvas")).to_be_visible()
    expect(page.locator("main")).to_contain_text("北京市")
    expect(page.locator("main")).to_contain_text("≥")
    clean(page)


def test_it_works_without_script_and_in_english(opened: Open, response: int) -> None:
    page = opened("demo-duty", f"/responses/{response}/evaluation?lang=en", script=False)
    expect(page.locator("h1")).to_contain_text("evaluation of the heavy-pollution response")
    assert page.locator("table").count() >= 8
    expect(page.locator("main")).to_contain_text("Planned")  # closed or not: another test closes it, in any order


def test_an_enterprise_reports_on_a_phone(opened: Open, response: int, site: Site) -> None:
    page = opened("demo-plant", f"/enterprises/{site.seeded.uscc}/reports", width=390)
    clean(page)
    page.select_option("[name=state_0]", "stopped")
    page.fill("[name=hours_0]", "4")
    page.click("main button.primary")
    expect(page.locator(".done")).to_contain_text("已收到 1 条")
    clean(page)


def test_somebody_closes_it(opened: Open, response: int) -> None:
    page = opened("demo-commander", f"/responses/{response}/evaluation")
    page.fill("#conclusion", "措施总体落实，个别企业用电下降不足。")
    page.fill("#lessons", "补齐用电监控。")
    page.click("main form.stack button.primary")
    expect(page.locator("main")).to_contain_text("已定稿")
    expect(page.locator(".said").first).to_contain_text("措施总体落实")
    expect(page.locator("#conclusion")).to_have_count(0)
    clean(page)
