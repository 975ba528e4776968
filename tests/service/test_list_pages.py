"""Pages of lists: upload, progress, faults with their cells, refusals in the reader's language, versions step by step."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import httpx
import pytest

from service.accounts.roles import Role
from service.kit.canonical import canonical
from service.kit.clock import ManualClock
from service.kit.jobs import tick
from service.kit.runtime import Runtime
from tests.service.test_list_imports import CODES, broken
from tests.service.test_lists_api import GOOD, LISTS
from tests.support import Client, listed

HTML = {"accept": "text/html", "sec-fetch-site": "same-origin"}


async def send(client: Client, who: dict[str, str], content: bytes, adcode: str = "110000") -> httpx.Response:
    """The form of the page."""
    return await client.http.post(
        "/lists",
        headers=who | HTML,
        data={"adcode": adcode, "title": "试行清单"},
        files={"workbook": ("list.xlsx", content)},
    )


async def page(client: Client, who: dict[str, str], path: str, language: str = "zh") -> str:
    answer = await client.http.get(path, headers=who | HTML, params={"lang": language})
    assert answer.status_code == 200, answer.text[:300]
    return answer.text


@pytest.fixture
async def officer(client: Client) -> dict[str, str]:
    return await client.account(Role.DUTY_OFFICER)


@pytest.fixture
async def commander(client: Client) -> dict[str, str]:
    return await client.account(Role.COMMANDER)


@pytest.fixture
async def draft(client: Client, officer: dict[str, str]) -> int:
    """The number of a draft that the officer brought."""
    made = await client.http.post(LISTS, headers=officer, content=GOOD, params={"adcode": "110000"})
    return int(made.json()["id"])


class TestUpload:
    async def test_it_leads_to_the_import_that_goes_on(self, client: Client, officer: dict[str, str]) -> None:
        answer = await send(client, officer, GOOD)
        path = answer.headers["location"]
        waiting = await page(client, officer, path)
        assert "排队中" in waiting
        assert 'hx-get="' + path + '/progress"' in waiting
        assert '<noscript><meta http-equiv="refresh"' in waiting
        part = await client.http.get(path + "/progress", headers=officer | HTML)
        assert "hx-refresh" not in part.headers
        await client.work()
        assert (await client.http.get(path + "/progress", headers=officer | HTML)).headers["hx-refresh"] == "true"
        done = await page(client, officer, path)
        assert "已完成" in done
        assert "hx-get" not in done.partition('id="progress"')[2].partition("</div>")[0]
        assert "试行清单" in await page(client, officer, "/lists/imports")

    async def test_faults_stand_in_a_table_with_their_cells(self, client: Client, officer: dict[str, str]) -> None:
        path = (await send(client, officer, broken(*CODES[:3]))).headers["location"]
        await client.work()
        shown = await page(client, officer, path)
        assert "已退回" in shown
        assert "marked.xlsx#" in shown
        assert "!B2" in shown
        assert "check character" in await page(client, officer, path, "en")

    @pytest.mark.parametrize(
        ("content", "adcode", "status", "said"),
        [
            (b"", "110000", 422, "请选择 .xlsx 文件"),
            (GOOD, "1100", 422, "请选择 .xlsx 文件"),
            (GOOD, "130000", 403, "清单由该行政区指挥中心"),
            (GOOD, "119999", 404, "没有行政区 119999"),
        ],
    )
    async def test_a_refusal_is_in_chinese_on_a_chinese_page(
        self, client: Client, officer: dict[str, str], content: bytes, adcode: str, status: int, said: str
    ) -> None:
        answer = await send(client, officer, content, adcode)
        assert answer.status_code == status
        assert said in answer.text.partition('role="alert"')[2].partition("</p>")[0]

    async def test_too_large_a_file_is_refused_in_words(
        self, client: Client, runtime: Runtime, officer: dict[str, str]
    ) -> None:
        runtime.settings.max_upload_bytes = 1000
        answer = await send(client, officer, GOOD)
        assert answer.status_code == 413
        assert "工作簿最大 1000 字节" in answer.text

    async def test_nobody_else_may_upload(self, client: Client) -> None:
        auditor = await client.account(Role.AUDITOR)
        answer = await send(client, auditor, GOOD)
        assert answer.status_code == 403

    async def test_before_the_first_import_the_page_says_what_will_appear(
        self, client: Client, officer: dict[str, str]
    ) -> None:
        assert "还没有导入" in await page(client, officer, "/lists/imports")
        assert "sheet=dust" in await page(client, officer, "/lists")

    async def test_another_region_does_not_see_it(self, client: Client, officer: dict[str, str]) -> None:
        path = (await send(client, officer, GOOD)).headers["location"]
        there = await client.account(Role.COMMANDER, adcode="130000")
        for part in ("", "/progress"):
            assert (await client.http.get(path + part, headers=there | HTML)).status_code == 404
        assert "试行清单" not in await page(client, there, "/lists/imports")


class TestSteps:
    async def step(self, client: Client, who: dict[str, str], draft: int, step: str, **fields: Any) -> httpx.Response:
        return await client.http.post(f"/lists/{draft}/{step}", headers=who | HTML, data=fields)

    async def test_from_draft_to_force(
        self, client: Client, officer: dict[str, str], commander: dict[str, str], draft: int
    ) -> None:
        assert (await self.step(client, officer, draft, "freeze")).status_code == 303
        assert "已冻结" in await page(client, officer, f"/lists/{draft}")
        own = await self.step(client, officer, draft, "activate")
        assert own.status_code == 403
        assert "双人复核" in own.text
        assert (await self.step(client, commander, draft, "activate")).status_code == 303
        assert "生效" in await page(client, officer, f"/lists/{draft}")

    async def test_on_a_day_ahead(
        self,
        client: Client,
        runtime: Runtime,
        clock: ManualClock,
        officer: dict[str, str],
        commander: dict[str, str],
        draft: int,
    ) -> None:
        assert (await self.step(client, commander, draft, "activate", effective_from="2016-12-17T00:00")).status_code == 303
        assert "到时自动启用" in await page(client, officer, f"/lists/{draft}")
        clock.advance_to(clock.now() + timedelta(days=2))
        await tick(runtime)
        await client.work()
        assert "到时自动启用" not in await page(client, officer, f"/lists/{draft}")

    @pytest.mark.parametrize("written", ["2016-12-14T00:00", "soon", "9999-99-99T00:00"])
    async def test_no_day_of_the_past_and_no_nonsense(
        self, client: Client, commander: dict[str, str], draft: int, written: str
    ) -> None:
        answer = await self.step(client, commander, draft, "activate", effective_from=written)
        assert answer.status_code == 422
        assert 'role="alert"' in answer.text

    async def test_a_withdrawal_needs_its_reason(self, client: Client, officer: dict[str, str], draft: int) -> None:
        answer = await self.step(client, officer, draft, "withdraw", reason=" ")
        assert answer.status_code == 422
        assert "理由" in answer.text
        assert (await self.step(client, officer, draft, "withdraw", reason="重复导入")).status_code == 303
        again = await self.step(client, officer, draft, "freeze")
        assert again.status_code == 409
        assert "已撤回" in again.text

    async def test_the_difference_is_shown_before(
        self, client: Client, runtime: Runtime, officer: dict[str, str], draft: int
    ) -> None:
        assert "此前没有生效的清单" in await page(client, officer, f"/lists/{draft}/difference")
        await listed(runtime, enterprises=8)
        shown = await page(client, officer, f"/lists/{draft}/difference", "en")
        assert "Changes of version" in shown
        assert "kg/d" in shown


class TestManyFindings:
    """A version with more findings than a page shows, of more than are kept."""

    @staticmethod
    async def crowded(runtime: Runtime, draft: int, kept: int, counted: int) -> None:
        finding = {"severity": "warning", "code": "X", "sheet": None, "column": None, "uscc": None, "advice": "a", "advice_en": "a"}
        checks = [finding | {"row": number, "message": f"问题{number}号", "message_en": f"no. {number}"} for number in range(1, kept + 1)]
        async with runtime.unit() as uow:
            await uow.execute(
                "UPDATE list_version SET checks = $2, blocking = 0, remarks = $3 WHERE id = $1", draft, canonical(checks), counted
            )
            await uow.commit()

    async def test_every_finding_is_reached(self, client: Client, runtime: Runtime, officer: dict[str, str], draft: int) -> None:
        await self.crowded(runtime, draft, 1100, 1100)
        items = (await client.http.get(f"/api/v1/lists/{draft}/checks", headers=officer)).json()
        assert (items["count"], items["left_out"]) == (len(items["items"]), 0)
        seen, path = set[str](), f"/lists/{draft}?lang=zh"
        for _ in range(9):
            content = (await client.http.get(path, headers=officer | HTML)).text
            seen |= set(re.findall(r"问题\d+号", content))
            following = re.search(rf"/lists/{draft}\?after=(\d+)#h-checks", content)
            if following is None:
                break
            path = f"/lists/{draft}?lang=zh&after={following[1]}"
        assert len(seen) == 1100
        assert "未保存" not in content

    async def test_it_says_what_was_not_kept(self, client: Client, runtime: Runtime, officer: dict[str, str], draft: int) -> None:
        await self.crowded(runtime, draft, 20, 6020)
        found = (await client.http.get(f"/api/v1/lists/{draft}/checks", headers=officer)).json()
        assert found["left_out"] == 6000
        assert found["count"] == len(found["items"]) + 6000
        assert "另有 6000 个问题未保存" in await page(client, officer, f"/lists/{draft}")
