"""Lists over HTTP: template, import with every fault at once, checks, activation by a second person, requirements then and now."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Callable
from datetime import datetime, timedelta
from io import BytesIO
from typing import Any
from zipfile import ZIP_DEFLATED, ZipFile

import httpx
import pytest

from emission_lists.generator import generate_list
from emission_lists.measures import Action
from emission_lists.workbook_writer import write_workbook
from service.accounts.roles import Role
from service.kit.clock import SHANGHAI, ManualClock
from service.kit.runtime import Runtime
from service.lists.workbooks import guide_of, profile
from tests.emission_lists.list_samples import draft, firm, line, measure
from tests.support import HEAVY, NOW, Client, approve_open, forecast, listed

LISTS = "/api/v1/lists"
GENERATED = generate_list("110000", seed=7, enterprises=12, guide=guide_of("G2020"), profile=profile())
GOOD = write_workbook(GENERATED)
SHEET = "xl/worksheets/sheet1.xml"


async def bring(client: Client, who: dict[str, str], content: Any, **query: str) -> httpx.Response:
    return await client.http.post(LISTS, headers=who, content=content, params={"adcode": "110000"} | query)


async def stored(runtime: Runtime) -> tuple[int, int, int]:
    async with runtime.unit() as uow:
        return (
            await uow.fetchval("SELECT count(*) FROM list_version"),
            await uow.fetchval("SELECT count(*) FROM list_enterprise"),
            await uow.fetchval("SELECT count(*) FROM ledger_entry WHERE kind LIKE 'list.%'"),
        )


def rebuilt(change: Callable[[bytes], bytes] = bytes, extra: dict[str, bytes] | None = None) -> bytes:
    """The good workbook with its sheet changed or with more parts."""
    target = BytesIO()
    with ZipFile(BytesIO(GOOD)) as old, ZipFile(target, "w", ZIP_DEFLATED) as new:
        for name in old.namelist():
            content = old.read(name)
            new.writestr(name, change(content) if name == SHEET else content)
        for name, content in (extra or {}).items():
            new.writestr(name, content)
    return target.getvalue()


def with_cell(cell: bytes) -> Callable[[bytes], bytes]:
    """Put a cell into the second row in place of its first."""

    def change(sheet: bytes) -> bytes:
        start = sheet.index(b"<c ", sheet.index(b'<row r="2"'))
        ends = [place for place in (sheet.find(b"/>", start) + 2, sheet.find(b"</c>", start) + 4) if place > 5]
        return sheet[:start] + cell + sheet[min(ends) :]

    return change


def huge(sheet: bytes) -> bytes:
    """Every plain number of the second row becomes one that nobody emits in a day."""
    start, end = sheet.index(b'<row r="2"'), sheet.index(b"</row>", sheet.index(b'<row r="2"'))
    numbers = rb'(<c r="[A-Z]+2"(?: s="\d+")?><v>)[^<]*(</v>)'
    return sheet[:start] + re.sub(numbers, rb"\g<1>1e308\2", sheet[start:end]) + sheet[end:]


def swapped(content: bytes, old: str, new: str) -> bytes:
    """A workbook with one text replaced in every part."""
    target = BytesIO()
    with ZipFile(BytesIO(content)) as source, ZipFile(target, "w", ZIP_DEFLATED) as made:
        for name in source.namelist():
            made.writestr(name, source.read(name).replace(old.encode(), new.encode()))
    return target.getvalue()


def twice() -> bytes:
    return write_workbook(draft((firm(), line("MF0001", STOP)), (firm(), line("MF0001", STOP))))


STOP = measure(Action.STOP, 1.0)
USCC = GENERATED.rows[0].enterprise.uscc
BAD: dict[str, Callable[[], bytes]] = {
    "nothing": lambda: b"",
    "no zip": lambda: b"name,grade\n",
    "a broken zip": lambda: GOOD[:-40],
    "an old format": lambda: b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 500,
    "a zip bomb": lambda: rebuilt(extra={"xl/media/a.xml": b"0" * (100 << 20)}),
    "macros": lambda: rebuilt(extra={"xl/vbaProject.bin": b"x"}),
    "links to elsewhere": lambda: rebuilt(extra={"xl/externalLinks/externalLink1.xml": b"<x/>"}),
    "an entity": lambda: rebuilt(lambda sheet: b'<!DOCTYPE x [<!ENTITY a "b">]>' + sheet),
    "a formula": lambda: rebuilt(with_cell(b'<c r="A2"><f>1+1</f><v>2</v></c>')),
    "merged cells": lambda: rebuilt(
        lambda sheet: sheet.replace(b"</sheetData>", b'</sheetData><mergeCells count="1"><mergeCell ref="A2:B2"/></mergeCells>')
    ),
    "another header": lambda: swapped(GOOD, "统一社会信用代码", "信用代号"),
    "a wrong check digit": lambda: swapped(GOOD, USCC, USCC[:-1] + ("0" if USCC[-1] != "0" else "1")),
    "the same line twice": twice,
    "a huge number": lambda: rebuilt(huge),
    "a cell far away": lambda: rebuilt(
        lambda sheet: sheet.replace(b"</sheetData>", b'<row r="1048576"><c r="XFD1048576"><v>1</v></c></row></sheetData>')
    ),
    "no rows": lambda: write_workbook(draft()),
}  # fmt: skip


class TestImport:
    @pytest.mark.parametrize("case", BAD)
    async def test_a_bad_workbook_is_refused_and_nothing_is_stored(
        self, client: Client, runtime: Runtime, case: str
    ) -> None:
        commander = await client.account(Role.COMMANDER)
        answer = await bring(client, commander, BAD[case]())
        assert answer.status_code == 422, answer.text[:300]
        assert answer.headers["content-type"] == "application/problem+json"
        faults = answer.json()["errors"]
        assert faults
        assert all({"sheet", "row", "column", "advice"} <= fault.keys() for fault in faults)
        assert all(fault["advice"] and fault["message"] for fault in faults)
        assert await stored(runtime) == (0, 0, 0)

    async def test_all_faults_come_at_once(self, client: Client) -> None:
        commander = await client.account(Role.COMMANDER)
        codes = sorted({row.enterprise.uscc for row in GENERATED.rows})[:3]
        content = GOOD
        for code in codes:
            content = swapped(content, code, code[:-1] + ("0" if code[-1] != "0" else "1"))
        faults = (await bring(client, commander, content)).json()["errors"]
        assert len({(fault["sheet"], fault["row"], fault["column"]) for fault in faults}) >= 3
        assert all(isinstance(fault["row"], int) and fault["row"] >= 2 for fault in faults)

    async def test_an_upload_above_the_limit(self, client: Client, runtime: Runtime) -> None:
        commander = await client.account(Role.COMMANDER)
        runtime.settings.max_upload_bytes = 10_000
        assert (await bring(client, commander, GOOD)).status_code == 413

        async def endless() -> AsyncIterator[bytes]:
            for _ in range(1000):
                yield b"x" * 10_000

        assert (await bring(client, commander, endless())).status_code == 413
        assert await stored(runtime) == (0, 0, 0)

    async def test_a_workbook_above_the_limit_of_messages_is_taken(self, client: Client, runtime: Runtime) -> None:
        commander = await client.account(Role.COMMANDER)
        runtime.settings.max_body_bytes = 2000
        assert (await bring(client, commander, GOOD)).status_code == 201

    @pytest.mark.parametrize(
        ("query", "status"),
        [
            ({"adcode": "999999"}, 404),
            ({"adcode": "130000"}, 403),
            ({"adcode": "11"}, 422),
            ({"guide": "G1999"}, 422),
            ({"title": ""}, 422),
            ({"title": "x" * 201}, 422),
            ({"title": "a\0b"}, 422),
        ],
    )
    async def test_a_wrong_question(self, client: Client, runtime: Runtime, query: dict[str, str], status: int) -> None:
        officer = await client.account(Role.DUTY_OFFICER, adcode="100000" if status == 404 else "110000")
        assert (await bring(client, officer, GOOD, **query)).status_code == status
        assert await stored(runtime) == (0, 0, 0)

    async def test_the_same_key_imports_once(self, client: Client, runtime: Runtime) -> None:
        commander = await client.account(Role.COMMANDER) | {"idempotency-key": "import-1"}
        first, second = await bring(client, commander, GOOD), await bring(client, commander, GOOD)
        assert first.content == second.content
        assert (await stored(runtime))[0] == 1


class TestInForce:
    async def test_from_the_template_to_a_requirement(self, client: Client, runtime: Runtime) -> None:
        importer, second = await client.account(Role.DUTY_OFFICER), await client.account(Role.COMMANDER)
        template = await client.http.get(f"{LISTS}/template.xlsx", headers=importer)
        assert template.content.startswith(b"PK")
        assert (await bring(client, importer, template.content)).status_code == 422
        made = (await bring(client, importer, GOOD)).json()
        assert (made["state"], made["enterprises"], made["lines"]) == ("draft", 12, len(GENERATED.rows))
        checks = await client.http.get(f"{LISTS}/{made['id']}/checks", headers=importer)
        found = [item for item in checks.json()["items"] if item["code"] != "PERMIT_REGISTER_MISSING"]
        assert len(found) == made["blocking"] + made["remarks"]
        path = f"/api/v1/enterprises/{USCC}/requirements"
        activate = f"{LISTS}/{made['id']}/activate"
        own = await client.http.post(activate, headers=importer)
        assert own.status_code == 403
        assert "four eyes" in own.json()["detail"]
        done = await client.http.post(activate, headers=second)
        assert (done.status_code, done.json()["state"]) == (200, "active")
        assert (await client.http.post(activate, headers=second)).status_code == 409
        found = await client.http.get(path, headers=second)
        assert (found.status_code, found.json()["status"]) == (200, "no_response")

    async def test_a_new_version_takes_the_place_of_the_old(self, client: Client, runtime: Runtime) -> None:
        importer, second = await client.account(Role.DUTY_OFFICER), await client.account(Role.COMMANDER)
        for _ in range(2):
            made = (await bring(client, importer, GOOD)).json()
            await client.http.post(f"{LISTS}/{made['id']}/activate", headers=second)
        items = (await client.http.get(LISTS, headers=second)).json()["items"]
        assert [item["state"] for item in items] == ["active", "superseded"]

    async def test_blocking_findings_keep_a_list_out_of_force(self, client: Client, runtime: Runtime) -> None:
        second = await client.account(Role.COMMANDER)
        async with runtime.unit() as uow:
            version = await uow.fetchval(
                "INSERT INTO list_version (adcode, title, guide, state, generated, enterprises, lines, totals, checks, digest,"
                " created_at) VALUES ('110000', 'x', 'G2020', 'draft', false, 0, 0, '{}', '[{\"severity\": \"blocking\"}]', '', $1)"
                " RETURNING id",
                uow.now,
            )
            await uow.commit()
        answer = await client.http.post(f"{LISTS}/{version}/activate", headers=second)
        assert answer.status_code == 409
        assert "checks" in answer.json()["detail"]


class TestRequirements:
    @pytest.fixture
    async def responding(self, client: Client, runtime: Runtime, clock: ManualClock) -> dict[str, str]:
        """A yellow response in force in Beijing; returns the commander's headers."""
        await listed(runtime)
        commander = await client.account(Role.COMMANDER)
        await client.feed()
        await client.deliver(forecast(HEAVY))
        await client.work()
        await approve_open(client, commander)
        clock.advance_to(datetime(2016, 12, 17, 8, tzinfo=SHANGHAI))
        return commander

    @pytest.mark.parametrize(
        ("at", "status"),
        [
            ("2016-12-16 23:59", "no_response"),
            ("2016-12-16 24:00", "required"),
            ("2016-12-17T00:00:00+08:00", "required"),
            ("2016-12-16T16:00:00Z", "required"),
            ("2016-12-16T15:59:59Z", "no_response"),
        ],
    )
    async def test_at_an_instant(self, client: Client, responding: dict[str, str], at: str, status: str) -> None:
        answer = await client.http.get(
            f"/api/v1/enterprises/{USCC}/requirements", headers=responding, params={"at": at}
        )
        assert answer.json()["status"] == status

    @pytest.mark.parametrize(
        "at", ["yesterday", "2016-02-30 00:00", "0001-01-01T00:00:00+14:00", "9999-12-31T24:00:00", ""]
    )
    async def test_at_no_instant(self, client: Client, responding: dict[str, str], at: str) -> None:
        answer = await client.http.get(
            f"/api/v1/enterprises/{USCC}/requirements", headers=responding, params={"at": at}
        )
        assert answer.status_code == 422
        assert answer.headers["content-type"] == "application/problem+json"

    @pytest.mark.parametrize("at", ["0001-01-01T00:00:00+08:00", "9999-12-31T23:59:59-12:00", "1900-01-01 00:00"])
    async def test_at_an_instant_beyond_every_list(self, client: Client, responding: dict[str, str], at: str) -> None:
        answer = await client.http.get(
            f"/api/v1/enterprises/{USCC}/requirements", headers=responding, params={"at": at}
        )
        assert answer.status_code in {200, 404, 422}

    async def test_the_past_stays_as_it_was(
        self, client: Client, runtime: Runtime, clock: ManualClock, responding: dict[str, str]
    ) -> None:
        path = f"/api/v1/enterprises/{USCC}/requirements"
        before = await client.http.get(path, headers=responding, params={"at": "2016-12-17 06:00"})
        await listed(runtime, enterprises=15)
        clock.advance_to(NOW + timedelta(days=3))
        after = await client.http.get(path, headers=responding, params={"at": "2016-12-17 06:00"})
        assert after.content == before.content

    async def test_a_code_in_no_list(self, client: Client, responding: dict[str, str]) -> None:
        answer = await client.http.get("/api/v1/enterprises/91110108551385082Q/requirements", headers=responding)
        assert answer.status_code == 404
        assert "list" in answer.json()["detail"]

    @pytest.mark.parametrize(
        "code", [USCC[:-1] + ("0" if USCC[-1] != "0" else "1"), "IIIIIIIIIIIIIIIIII", "1", "x" * 18]
    )
    async def test_a_code_that_is_none(self, client: Client, responding: dict[str, str], code: str) -> None:
        answer = await client.http.get(f"/api/v1/enterprises/{code}/requirements", headers=responding)
        assert answer.status_code == 422

    async def test_an_unknown_measure_is_never_nothing_to_do(self, client: Client, runtime: Runtime) -> None:
        unknown = measure(Action.UNKNOWN)
        rows = write_workbook(draft((firm(), line("MF0001", STOP)), (firm(), line("MF0002", unknown))))
        first = await client.account(Role.DUTY_OFFICER, adcode="130200")
        second = await client.account(Role.COMMANDER, adcode="130200")
        made = await bring(client, first, rows, adcode="130200")
        assert made.status_code == 201, made.text
        async with runtime.unit() as uow:
            await uow.execute("UPDATE list_version SET state = 'active', activated_at = $1", uow.now)
            await uow.commit()
        order = {
            "adcode": "130200",
            "to": "yellow",
            "reason": "upper_order",
            "explanation": "上级要求",
            "ground": "upper_order",
            "legal_basis": "令〔2016〕1号",
        }
        proposal = (await client.http.post("/api/v1/proposals", headers=first, json=order)).json()
        decided = await client.http.post(
            f"/api/v1/proposals/{proposal['id']}/decision",
            headers=second,
            json={"approve": True, "content_hash": proposal["content_hash"], "reason": "同意"},
        )
        assert decided.status_code == 200, decided.text
        found = (await client.http.get(f"/api/v1/enterprises/{firm().uscc}/requirements", headers=second)).json()
        assert found["status"] == "not_established"
        shown = {entry["code"]: entry for entry in found["lines"]}
        assert shown["MF0001"]["action"] == "stop"
        assert shown["MF0002"]["action"] == "unknown"
        assert "联系主管部门" in shown["MF0002"]["sentence_zh"]
