"""Hours that an enterprise delivered itself verify, but their share is told apart in the answer, the page and the document."""

from __future__ import annotations

import io
from collections.abc import Iterable
from datetime import datetime
from typing import Any

from docx import Document

from service.accounts.roles import Role
from service.kit.runtime import Runtime
from tests.service.evidence_support import ADCODE, START, USCC, evidence_feed, normal_days, power, send
from tests.service.homes_support import HOUR, STOP, based, evaluated, listed, responding
from tests.support import Client


def table(hours: Iterable[tuple[datetime, float]]) -> bytes:
    rows = "".join(f"{USCC},L1 meter,{until:%Y-%m-%d %H:%M},{kwh}\n" for until, kwh in hours)
    return f"统一社会信用代码,点位编号,小时止,电量(kWh)\n{rows}".encode()


def figures(found: dict[str, Any]) -> tuple[Any, ...]:
    nox = found["totals"]["pollutants"]["nox"]
    return nox["verified_at_least_kg"], nox["verified_minutes"], nox["verified_own_kg"], nox["verified_own_minutes"]


async def test_its_own_hours_are_told_apart_until_somebody_else_delivers(client: Client, runtime: Runtime) -> None:
    version = await listed(runtime, ADCODE, [based("L1", STOP)])
    await evidence_feed(client)
    response = await responding(runtime, ADCODE, version)
    await normal_days(client)
    answer = await send(client, power([0.0] * 4))
    assert answer.status_code == 202
    assert figures(await evaluated(client, response)) == (40.0, 240, None, 0)
    own = await client.account(Role.ENTERPRISE, adcode=ADCODE, uscc=USCC)
    rest = table((START + (4 + place + 1) * HOUR, 0.0) for place in range(6))
    uploaded = await client.http.post("/api/v1/evidence?kind=power&name=x.csv", headers=own, content=rest)
    assert uploaded.status_code == 201, uploaded.text
    assert figures(await evaluated(client, response)) == (100.0, 600, 60.0, 360)
    who = await client.account(Role.COMMANDER, adcode=ADCODE)
    file = await client.http.get(f"/responses/{response}/evaluation.docx", headers=who)
    report = Document(io.BytesIO(file.content))
    assert any("其中企业自送 0.060" in cell.text for one in report.tables for row in one.rows for cell in row.cells)
    assert any("未经第三方" in one.text for one in report.paragraphs)
    assert "其中企业自送 0.060" in (await client.http.get(f"/responses/{response}/evaluation", headers=who)).text
    lines = (await client.http.get(f"/api/v1/responses/{response}/evaluation/lines", headers=own)).json()
    assert lines["totals"]["nox"]["verified_own_kg"] == 60.0
    days = {"from": "2016-12-15", "until": "2016-12-16", "adcode": ADCODE}
    region = (await client.http.get("/api/v1/evaluations", headers=who, params=days)).json()
    assert figures(region) == (100.0, 600, 60.0, 360)
    await send(client, power([50.0] * 6, first=START + 4 * HOUR))
    assert figures(await evaluated(client, response)) == (70.0, 600, None, 0)
