"""Imports: in whole or in pieces, every fault at once with its cell, marked workbooks, and exactly one draft whoever dies."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Callable
from datetime import timedelta
from io import BytesIO
from typing import Any

import httpx
import pytest
from python_calamine import CalamineWorkbook

from emission_lists.columns import LIST_SHEET
from emission_lists.marked import FAULTS_SHEET
from emission_lists.workbook import read_workbook
from service.kit.clock import ManualClock
from service.kit.jobs import HANDLERS, Worker
from service.kit.runtime import Runtime
from service.lists import importing
from service.lists.apart import Apart, ProcessGone, process_apart
from service.lists.spare import KEPT
from tests.service.test_lists_api import BAD, GOOD, LISTS, swapped
from tests.service.test_lists_api import GENERATED as DRAFT
from tests.support import Client

IMPORTS = f"{LISTS}/imports"
CODES = sorted({row.enterprise.uscc for row in DRAFT.rows})


def broken(*codes: str) -> bytes:
    """The good workbook with wrong check characters."""
    content = GOOD
    for code in codes:
        content = swapped(content, code, code[:-1] + ("0" if code[-1] != "0" else "1"))
    return content


async def send(client: Client, who: dict[str, str], content: bytes, **query: Any) -> httpx.Response:
    return await client.http.post(IMPORTS, headers=who, content=content, params={"adcode": "110000"} | query)


async def brought(client: Client, who: dict[str, str], content: bytes) -> dict[str, Any]:
    """An upload after the worker has done it."""
    number = (await send(client, who, content)).json()["id"]
    await client.work()
    found: dict[str, Any] = (await client.http.get(f"{IMPORTS}/{number}", headers=who)).json()
    return found


async def count(runtime: Runtime, table: str) -> int:
    async with runtime.unit() as uow:
        return int(await uow.fetchval(f"SELECT count(*) FROM {table}"))


class TestWhole:
    async def test_an_upload_becomes_a_draft(self, client: Client, runtime: Runtime, officer: dict[str, str]) -> None:
        answer = await send(client, officer, GOOD)
        assert (answer.status_code, answer.json()["state"]) == (202, "queued")
        await client.work()
        done = (await client.http.get(f"{IMPORTS}/{answer.json()['id']}", headers=officer)).json()
        assert (done["state"], done["rows"], done["rows_read"], done["findings"]) == ("done", 37, 37, 0)
        version = (await client.http.get(f"{LISTS}/{done['version_id']}", headers=officer)).json()
        assert (version["state"], version["lines"], version["enterprises"]) == ("draft", 37, 12)
        assert await count(runtime, "list_import_chunk") == 0

    async def test_it_is_the_same_version_as_by_the_direct_way(self, client: Client, officer: dict[str, str]) -> None:
        direct = (await client.http.post(LISTS, headers=officer, content=GOOD, params={"adcode": "110000"})).json()
        done = await brought(client, officer, GOOD)
        uploaded = (await client.http.get(f"{LISTS}/{done['version_id']}", headers=officer)).json()
        same = ("digest", "totals", "enterprises", "lines", "blocking", "remarks")
        assert [uploaded[name] for name in same] == [direct[name] for name in same]

    @pytest.mark.parametrize("case", BAD)
    async def test_a_bad_workbook_stores_no_version(
        self, client: Client, runtime: Runtime, officer: dict[str, str], case: str
    ) -> None:
        content = BAD[case]()
        if not content:
            assert (await send(client, officer, content)).status_code == 422
            return
        done = await brought(client, officer, content)
        assert done["state"] == "refused"
        faults = (await client.http.get(f"{IMPORTS}/{done['id']}/errors", headers=officer)).json()["items"]
        assert 0 < len(faults) <= done["findings"]
        assert all(fault["message"] and fault["advice"] and fault["message_en"] for fault in faults)
        assert await count(runtime, "list_version") == 0
        marked = await client.http.get(f"{IMPORTS}/{done['id']}/marked.xlsx", headers=officer)
        assert CalamineWorkbook.from_filelike(BytesIO(marked.content)).sheet_names[0] == FAULTS_SHEET

    async def test_thousands_of_faults_come_page_by_page(self, client: Client, officer: dict[str, str]) -> None:
        done = await brought(client, officer, broken(*CODES))
        seen: list[int] = []
        after = 0
        while after is not None:
            page = (
                await client.http.get(f"{IMPORTS}/{done['id']}/errors", headers=officer, params={"after": after, "size": 7})
            ).json()
            seen += [fault["number"] for fault in page["items"]]
            after = page["next"]
        assert seen == list(range(1, done["findings"] + 1))
        assert len(seen) >= len(DRAFT.rows)

    async def test_the_same_key_uploads_once(self, client: Client, runtime: Runtime, officer: dict[str, str]) -> None:
        keyed = officer | {"idempotency-key": "upload"}
        first, second = await send(client, keyed, GOOD), await send(client, keyed, GOOD)
        assert first.content == second.content
        assert await count(runtime, "list_import") == 1

    @pytest.mark.parametrize(
        ("query", "status"),
        [({"adcode": "999999"}, 403), ({"adcode": "130000"}, 403), ({"guide": "G1999"}, 422), ({"size": 5}, 422)],
    )
    async def test_a_wrong_question(
        self, client: Client, runtime: Runtime, officer: dict[str, str], query: dict[str, Any], status: int
    ) -> None:
        assert (await send(client, officer, GOOD, **query)).status_code == status
        assert await count(runtime, "list_import") == 0


class TestPieces:
    @pytest.fixture
    def whole(self) -> dict[str, Any]:
        return {"size": len(GOOD), "sha256": hashlib.sha256(GOOD).hexdigest()}

    async def put(self, client: Client, who: dict[str, str], number: int, offset: int, content: bytes) -> httpx.Response:
        headers = who | {"upload-offset": str(offset)}
        return await client.http.patch(f"{IMPORTS}/{number}", headers=headers, content=content)

    async def test_pieces_make_the_whole(self, client: Client, officer: dict[str, str], whole: dict[str, Any]) -> None:
        begun = (await send(client, officer, b"", **whole)).json()
        assert (begun["state"], begun["offset"]) == ("uploading", 0)
        for start in range(0, len(GOOD), 5000):
            far = await client.http.head(f"{IMPORTS}/{begun['id']}", headers=officer)
            assert (far.headers["upload-offset"], far.headers["upload-length"]) == (str(start), str(len(GOOD)))
            answer = await self.put(client, officer, begun["id"], start, GOOD[start : start + 5000])
            assert answer.status_code == 200, answer.text
        assert answer.json()["state"] == "queued"
        await client.work()
        assert (await client.http.get(f"{IMPORTS}/{begun['id']}", headers=officer)).json()["state"] == "done"

    async def test_a_piece_that_does_not_follow_is_told_where_to_go_on(
        self, client: Client, officer: dict[str, str], whole: dict[str, Any]
    ) -> None:
        number = (await send(client, officer, b"", **whole)).json()["id"]
        await self.put(client, officer, number, 0, GOOD[:100])
        for offset in (0, 99, 101):
            answer = await self.put(client, officer, number, offset, GOOD[offset : offset + 50])
            assert (answer.status_code, answer.json()["offset"]) == (409, 100)

    @pytest.mark.parametrize("content", [b"", GOOD + b"x"])
    async def test_a_piece_that_cannot_be(
        self, client: Client, runtime: Runtime, officer: dict[str, str], whole: dict[str, Any], content: bytes
    ) -> None:
        number = (await send(client, officer, b"", **whole)).json()["id"]
        assert (await self.put(client, officer, number, 0, content)).status_code == 422
        assert await count(runtime, "list_import_chunk") == 0

    async def test_another_content_than_announced_fails(
        self, client: Client, officer: dict[str, str], whole: dict[str, Any]
    ) -> None:
        number = (await send(client, officer, b"", **whole)).json()["id"]
        answer = await self.put(client, officer, number, 0, bytes(len(GOOD)))
        assert answer.json()["state"] == "failed"
        faults = (await client.http.get(f"{IMPORTS}/{number}/errors", headers=officer)).json()["items"]
        assert [fault["code"] for fault in faults] == ["UPLOAD_DIFFERS"]
        assert (await self.put(client, officer, number, len(GOOD), b"x")).status_code == 409

    async def test_more_than_the_limit_is_not_begun(
        self, client: Client, runtime: Runtime, officer: dict[str, str], whole: dict[str, Any]
    ) -> None:
        runtime.settings.max_upload_bytes = 1000
        assert (await send(client, officer, b"", **whole)).status_code == 413
        assert await count(runtime, "list_import") == 0


class TestMarked:
    @pytest.fixture
    async def marked(self, client: Client, officer: dict[str, str]) -> bytes:
        done = await brought(client, officer, broken(CODES[0]))
        answer = await client.http.get(f"{IMPORTS}/{done['id']}/marked.xlsx", headers=officer)
        assert answer.headers["content-type"].endswith("spreadsheetml.sheet")
        return answer.content

    def test_it_holds_the_values_that_were_uploaded(self, marked: bytes) -> None:
        old, new = (CalamineWorkbook.from_filelike(BytesIO(content)) for content in (broken(CODES[0]), marked))
        assert new.sheet_names == [FAULTS_SHEET, *old.sheet_names]
        for name in old.sheet_names:
            assert new.get_sheet_by_name(name).to_python() == old.get_sheet_by_name(name).to_python()

    def test_it_lists_every_fault_with_its_cell(self, marked: bytes) -> None:
        rows = CalamineWorkbook.from_filelike(BytesIO(marked)).get_sheet_by_name(FAULTS_SHEET).to_python()
        wrong = [row.number for row in DRAFT.rows if row.enterprise.uscc == CODES[0]]
        listed = [row[2] for row in rows[1:] if row[1] == LIST_SHEET and row[2].startswith("B")]
        assert len(listed) == len(wrong) > 0
        assert all(row[5] and row[6] for row in rows[1:])

    def test_it_may_be_corrected_and_sent_again(self, marked: bytes) -> None:
        faults = read_workbook(marked).errors
        assert {(fault.code, fault.row) for fault in faults} == {
            (fault.code, fault.row) for fault in read_workbook(broken(CODES[0])).errors
        }
        wrong = CODES[0][:-1] + ("0" if CODES[0][-1] != "0" else "1")
        assert read_workbook(swapped(marked, wrong, CODES[0])).rows == read_workbook(GOOD).rows

    async def test_nothing_active_is_carried_over(self, client: Client, officer: dict[str, str]) -> None:
        done = await brought(client, officer, BAD["a formula"]())
        marked = (await client.http.get(f"{IMPORTS}/{done['id']}/marked.xlsx", headers=officer)).content
        assert "FORMULA" not in {fault.code for fault in read_workbook(marked).errors}

    async def test_a_list_that_was_stored_has_none(self, client: Client, officer: dict[str, str]) -> None:
        done = await brought(client, officer, GOOD)
        assert (await client.http.get(f"{IMPORTS}/{done['id']}/marked.xlsx", headers=officer)).status_code == 409


class TestLostProcess:
    """The reading process is killed; the import goes on, stores one version, or gives up with a reason."""

    @pytest.fixture
    def killing(self, monkeypatch: pytest.MonkeyPatch) -> Callable[[str, int], None]:
        """Kill the process before the n-th call of a method of its caller's side."""

        def install(method: str, times: int) -> None:
            real = getattr(Apart, method)
            left = [times]

            async def killed(self: Apart, *arguments: Any) -> Any:
                if left[0] > 0:
                    left[0] -= 1
                    self.process.kill()
                    await self.process.wait()
                return await real(self, *arguments)

            monkeypatch.setattr(Apart, method, killed)

        return install

    @pytest.mark.parametrize("method", ["answer", "hear", "go"])
    async def test_one_death_is_no_harm(
        self,
        client: Client,
        runtime: Runtime,
        officer: dict[str, str],
        killing: Callable[[str, int], None],
        method: str,
    ) -> None:
        number = (await send(client, officer, GOOD)).json()["id"]
        killing(method, 1)
        with pytest.raises(ProcessGone):
            await importing.perform(runtime, number)
        assert await count(runtime, "list_version") == 0
        await importing.perform(runtime, number)
        await importing.perform(runtime, number)
        assert await count(runtime, "list_version") == 1
        assert (await client.http.get(f"{IMPORTS}/{number}", headers=officer)).json()["state"] == "done"

    async def test_after_three_deaths_it_fails_with_advice(
        self, client: Client, runtime: Runtime, officer: dict[str, str], killing: Callable[[str, int], None]
    ) -> None:
        number = (await send(client, officer, GOOD)).json()["id"]
        killing("answer", 3)
        for _ in range(2):
            with pytest.raises(ProcessGone):
                await importing.perform(runtime, number)
        await importing.perform(runtime, number)
        found = (await client.http.get(f"{IMPORTS}/{number}", headers=officer)).json()
        assert (found["state"], found["findings"]) == ("failed", 1)

    async def test_the_direct_way_says_to_try_again(
        self, client: Client, runtime: Runtime, officer: dict[str, str], killing: Callable[[str, int], None]
    ) -> None:
        killing("answer", 1)
        answer = await client.http.post(LISTS, headers=officer, content=GOOD, params={"adcode": "110000"})
        assert (answer.status_code, answer.json()["type"]) == (503, "urn:lantian:problem:not-ready")
        assert await count(runtime, "list_version") == 0


class TestProcessesApart:
    async def test_none_free_answers_at_once_and_holds_no_connection(
        self, client: Client, runtime: Runtime, officer: dict[str, str]
    ) -> None:
        version = (await client.http.post(LISTS, headers=officer, content=GOOD, params={"adcode": "110000"})).json()["id"]
        refused = await brought(client, officer, broken(CODES[0]))
        paths = (f"{LISTS}/{version}/export.xlsx", f"{IMPORTS}/{refused['id']}/marked.xlsx")
        async with runtime.apart, runtime.apart:
            answers = [
                *[await client.http.get(path, headers=officer) for path in paths],
                await client.http.post(LISTS, headers=officer, content=GOOD, params={"adcode": "110000"}),
            ]
            for answer in answers:
                assert (answer.status_code, answer.json()["type"]) == (503, "urn:lantian:problem:not-ready")
                assert answer.json()["detail_zh"] == "正在处理其他工作簿，请稍后重试。"
                assert answer.headers["retry-after"] == "5"
        assert [(await client.http.get(path, headers=officer)).status_code for path in paths] == [200, 200]

    async def test_it_knows_no_secret(self, runtime: Runtime, monkeypatch: pytest.MonkeyPatch) -> None:
        told: list[dict[str, str]] = []
        real = asyncio.create_subprocess_exec

        async def watched(*arguments: Any, **more: Any) -> Any:
            told.append(more["env"])
            return await real(*arguments, **more)

        monkeypatch.setattr(asyncio, "create_subprocess_exec", watched)
        monkeypatch.setenv("DATABASE_URL", "postgresql://somebody:secret@db/lantian")
        monkeypatch.setenv("LANTIAN_SIGNING_KEY", "secret")
        monkeypatch.setenv("TZ", "Asia/Shanghai")
        async with process_apart(runtime, "export", guide="G2020", whole_society=None, floors=None):
            pass
        assert told[0]["TZ"] == "Asia/Shanghai"
        assert set(told[0]) <= {"PATH", "LANG", "LC_ALL", "TZ", "TMPDIR", "HOME", "PYTHONPATH", *KEPT}


class TestTwoWorkers:
    async def test_the_second_finds_it_done(self, client: Client, runtime: Runtime, officer: dict[str, str]) -> None:
        number = (await send(client, officer, GOOD)).json()["id"]
        await asyncio.gather(importing.perform(runtime, number), importing.perform(runtime, number))
        assert await count(runtime, "list_version") == 1


class TestSweep:
    async def test_the_content_of_refused_uploads_goes_after_thirty_days(
        self, client: Client, runtime: Runtime, clock: ManualClock, officer: dict[str, str]
    ) -> None:
        done = await brought(client, officer, BAD["no zip"]())
        for days, left in ((29, 1), (31, 0)):
            clock.current = clock.current + timedelta(days=days)
            await HANDLERS["sweep_imports"](runtime, {})
            assert await count(runtime, "list_import_chunk") == left
            clock.current = clock.current - timedelta(days=days)
        assert done["findings"] == 1
        await Worker(runtime).run_queued()
