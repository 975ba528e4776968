"""Findings on the page: the picture beside its table, the steps by each side, and evidence uploaded with every fault."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect

from service.accounts.flows import create_account
from service.accounts.roles import Role
from service.channels.base import RecordingChannel
from service.kit.clock import ManualClock
from service.kit.database import Database
from service.kit.runtime import Runtime
from service.kit.settings import Settings
from service.law.loader import load_law
from tests.service.evidence_support import (
    NOW,
    START,
    USCC,
    evidence_feed,
    evidence_list,
    normal_days,
    power,
    respond,
    send,
)
from tests.support import Client

from .conftest import Open, Site, in_thread
from .seed import BEIJING, PASSWORD, Seeded

pytestmark = [pytest.mark.browser, pytest.mark.enable_socket]
WHO = "plant-of-findings"


async def filled(site: Site, address: str, folder: Path) -> Seeded:
    """A stopped line that ran, a truck that was let in, and the account of the plant."""
    runtime = Runtime(Settings(data_dir=folder, database_url=address), Database(address), load_law())
    runtime.set_clock(ManualClock(NOW))
    runtime.channel = RecordingChannel()
    client = Client(runtime)
    async with runtime.unit() as uow:
        await create_account(
            uow, login=WHO, password=PASSWORD, display=WHO, role=Role.ENTERPRISE, adcode=BEIJING, uscc=USCC
        )
        await uow.commit()
    await evidence_list(runtime)
    await evidence_feed(client)
    await respond(runtime)
    await normal_days(client)
    await send(client, power([5, 3, 80, 95, 90, None, 40, 4, 3, 2]))
    truck = {"uscc": USCC, "gate": "G1", "time": (START + timedelta(hours=2)).isoformat(), "plate": "冀B12345",
             "plate_colour": "yellow", "vehicle": "heavy_truck", "stage": "4", "fuel": "B", "direction": "in", "let_in": True}  # fmt: skip
    await send(client, {"type": "evidence.gate", "timestamp": NOW.isoformat(), "data": [truck]})
    seen = {"uscc": USCC, "time": (START + timedelta(hours=3)).isoformat(), "inspector": "执法一组", "line": "L1",
            "result": "breach", "note": "1号线在运行", "reference": "photo-0012"}  # fmt: skip
    await send(client, {"type": "evidence.inspection", "timestamp": NOW.isoformat(), "data": [seen]})
    await client.work()
    await client.http.aclose()
    await runtime.close()
    return site.seeded


@pytest.fixture(scope="module", autouse=True)
def evidence(
    site: Site, server_address: str, request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> None:
    from service.kit.database import with_database

    address = with_database(server_address, f"lantian_web_{request.module.__name__.rpartition('.')[2]}")
    in_thread(lambda: asyncio.run(filled(site, address, tmp_path_factory.mktemp("findings"))))


def running(page: Page) -> str:
    """The address of the first finding of a running line."""
    page.goto("/findings?state=any&rule=RUNNING_WHILE_STOPPED")
    return str(page.locator("main tbody th a").last.get_attribute("href"))


def faultless(page: Page) -> None:
    found = Axe().run(page).response["violations"]
    assert [(one["id"], [node["html"][:120] for node in one["nodes"]]) for one in found] == []


@pytest.mark.parametrize("width", [1440, 390])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_nobody_is_shut_out(opened: Open, width: int, scheme: str) -> None:
    page = opened("demo-duty", "/findings", width=width, scheme=scheme)
    faultless(page)
    page.goto(running(page))
    page.wait_for_selector("#power[data-drawn=true]")
    faultless(page)
    page.goto(f"/evidence?uscc={USCC}")
    faultless(page)
    assert page.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth")


def test_the_table_says_what_the_picture_shows(opened: Open) -> None:
    page = opened("demo-duty", "/findings?lang=en")
    page.goto(running(page))
    page.locator("main summary").click()
    table = page.locator("details table")
    expect(table.locator("tr.unknown")).to_have_count(3)
    expect(table).to_contain_text("missing")
    expect(page.locator("main")).to_contain_text("not established in law")


def test_it_works_without_script(opened: Open) -> None:
    page = opened("demo-duty", "/findings?lang=zh", script=False)
    page.goto(running(page))
    expect(page.locator("main")).to_contain_text("95.0")
    expect(page.locator("main")).to_contain_text("排污许可管理条例")


def test_from_notification_to_confirmation(opened: Open) -> None:
    page = opened("demo-duty", "/findings?lang=zh")
    address = running(page)
    plant = opened(WHO, "/findings")
    expect(plant.locator("main tbody")).to_have_count(0)
    page.goto(address)
    page.fill("#note-notify", "请于期限内答复")
    page.click("form:has([value=notify]) button")
    expect(page.locator(".headline")).to_contain_text("已通知")
    plant.goto(address)
    plant.fill("#note-answer", "检修试车")
    plant.click("form:has([value=answer]) button")
    expect(plant.locator(".headline")).to_contain_text("已答复")
    expect(plant.locator("form:has([value=confirm])")).to_have_count(0)
    page.goto(address)
    expect(page.locator("form:has([value=confirm])")).to_have_count(0)
    expect(page.locator("main")).to_contain_text("此问题由您通知企业，须由本辖区另一名")
    page = opened("demo-commander", address)
    page.fill("#note-confirm", "理由不成立")
    page.click("form:has([value=confirm]) button")
    expect(page.locator(".headline")).to_contain_text("已确认")
    expect(page.locator("main")).to_contain_text("检修试车")
    expect(page.locator("main")).to_contain_text("已建议降级")


def test_a_finding_by_hand_and_its_faults(opened: Open) -> None:
    page = opened("demo-duty", "/findings?lang=zh")
    page.fill("#uscc", USCC)
    page.fill("#line", "L9")
    page.fill("#starts_at", "2016-12-15 10:00")
    page.fill("#note", "现场见 1 号线运行")
    page.click("text=录入 >> nth=-1")
    expect(page.locator("[role=alert]")).to_contain_text("L9")
    expect(page.locator("#note")).to_have_value("现场见 1 号线运行")
    page.fill("#line", "L1")
    page.click("form.stack button.primary")
    expect(page.locator(".headline")).to_contain_text("现场检查问题")


def test_an_upload_shows_every_fault_and_then_what_it_took(opened: Open, tmp_path: Path) -> None:
    page = opened("demo-duty", "/evidence?lang=zh")
    path = tmp_path / "power.csv"
    path.write_text(
        f"uscc,point,time,kwh\n{USCC},L1 meter,2016-12-15 12:30,-1\n{USCC},nowhere,2016-12-15 13:00,1\n", "utf-8"
    )
    page.set_input_files("#file", path)
    page.click("main button.primary")
    expect(page.locator("[role=alert]")).to_contain_text("2 处错误")
    expect(page.locator("table.dense tbody tr")).to_have_count(2)
    path.write_text(f"uscc,point,time,kwh\n{USCC},L1 meter,2016-12-15 12:00,1\n", "utf-8")
    page.set_input_files("#file", path)
    page.click("main button.primary")
    expect(page.locator("[role=status]")).to_contain_text("1 行")


def test_an_inspection_leads_to_its_finding(opened: Open) -> None:
    page = opened("demo-duty", "/evidence?lang=zh")
    row = page.locator("section:has(#h-inspected) tbody tr")
    expect(row).to_contain_text("不符合")
    row.locator("a").click()
    expect(page.locator(".headline")).to_contain_text("现场检查问题")
    expect(page.locator("main")).to_contain_text("photo-0012")
    expect(page.locator("main")).to_contain_text("检查人 执法一组")


def test_a_plant_sees_its_gaps_and_sends_for_itself(opened: Open) -> None:
    page = opened(WHO, "/evidence?lang=zh")
    expect(page.locator("#h-watched")).to_be_visible()
    expect(page.locator("main")).to_contain_text("缺失的小时既不证明违规，也不证明合规")
    expect(page.locator("#file")).to_be_visible()


def test_an_auditor_reads_and_does_nothing(opened: Open) -> None:
    page = opened("demo-auditor", "/findings?lang=zh")
    expect(page.locator("#h-hand")).to_have_count(0)
    page.goto(running(page))
    expect(page.locator("main form")).to_have_count(0)
