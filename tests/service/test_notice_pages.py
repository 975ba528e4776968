"""Pages of notices as people use them: who has answered, calls, reminders, notices by hand by two people, words of templates."""

from __future__ import annotations

import re
from typing import Any

import pytest

from service.accounts import factors
from service.accounts.roles import Role
from service.kit.runtime import Runtime
from tests.service.factor_support import Watch, code, enrolled
from tests.support import HEAVY, Client, approve_open, forecast, listed

FORM = {"sec-fetch-site": "same-origin", "accept": "text/html"}
DRAFT = {
    "adcode": "110000",
    "counties": "",
    "industries": "",
    "level": "",
    "title_zh": "请做好停产准备",
    "text_zh": "请核对。",
    "title_en": "Prepare",
    "text_en": "Check.",
}


@pytest.fixture
async def people(client: Client, runtime: Runtime) -> dict[str, dict[str, str]]:
    uscc = await listed(runtime)
    found = {role.value: await client.account(role) | FORM for role in (Role.DUTY_OFFICER, Role.COMMANDER, Role.AUDITOR)}
    body = {"uscc": uscc, "name": "王某", "phone": "13800001234", "email": "w@example.test"}
    await client.http.post("/api/v1/contacts", headers=found["duty_officer"], json=body)
    await client.feed()
    await client.deliver(forecast(HEAVY))
    await client.work()
    await approve_open(client, found["commander"])
    await client.work()
    return found | {"uscc": {"uscc": uscc}}


async def got(client: Client, who: dict[str, str], path: str, status: int = 200) -> str:
    answer = await client.http.get(path, headers=who)
    assert answer.status_code == status, answer.text
    return answer.text


async def put(client: Client, who: dict[str, str], path: str, data: dict[str, Any], status: int = 303) -> Any:
    answer = await client.http.post(path, headers=who, data=data)
    assert answer.status_code == status, answer.text
    return answer


class TestNotice:
    async def test_rates_and_what_went_out(self, client: Client, people: dict[str, dict[str, str]]) -> None:
        duty = people["duty_officer"]
        assert "预警" in await got(client, duty, "/notices")
        page = await got(client, duty, "/notices/1")
        assert "未确认的企业" in page
        assert people["uscc"]["uscc"] in page
        english = await got(client, duty, "/notices/1?lang=en")
        assert "Share that knows" in english

    async def test_a_reminder_by_form_and_too_soon_again(self, client: Client, people: dict[str, dict[str, str]]) -> None:
        duty = people["duty_officer"]
        await put(client, duty, "/notices/1/remind", {})
        again = await put(client, duty, "/notices/1/remind", {}, 409)
        assert "刚刚催办过" in again.text
        assert "催办" in await got(client, duty, "/notices/1")

    async def test_who_need_not_act_sees_no_forms_and_no_numbers(self, client: Client, people: dict[str, dict[str, str]]) -> None:
        page = await got(client, people["auditor"], "/notices/1")
        assert "/notices/1/remind" not in page
        await got(client, people["auditor"], "/notices/1/calls", 403)
        await put(client, people["auditor"], "/notices/1/remind", {}, 403)

    async def test_a_call_is_written_down(self, client: Client, people: dict[str, dict[str, str]]) -> None:
        duty, uscc = people["duty_officer"], people["uscc"]["uscc"]
        page = await got(client, duty, "/notices/1/calls")
        assert 'href="tel:13800001234"' in page
        assert page.index("王某") > page.index(f"/enterprises/{uscc}")
        found = re.search(r'<option value="(\d+)">王某', page)
        assert found is not None
        fields = {"uscc": uscc, "contact": found[1], "outcome": "no_answer", "note": "下班"}
        await put(client, duty, "/notices/1/calls", fields)
        assert "下班" in await got(client, duty, "/notices/1/calls")
        await put(client, duty, "/notices/1/calls", fields | {"outcome": "reached"})
        assert f"/enterprises/{uscc}" not in await got(client, duty, "/notices/1/calls")
        await put(client, duty, "/notices/1/calls", fields | {"outcome": "maybe"}, 422)

    async def test_another_region_finds_nothing(self, client: Client, people: dict[str, dict[str, str]]) -> None:
        away = await client.account(Role.COMMANDER, adcode="130000") | FORM
        assert "还没有通知" in await got(client, away, "/notices")
        for path in ("/notices/1", "/notices/1/calls"):
            await got(client, away, path, 404)


class TestByHand:
    async def test_counted_drafted_and_sent_by_another(self, client: Client, people: dict[str, dict[str, str]]) -> None:
        duty, commander = people["duty_officer"], people["commander"]
        counted = await put(client, duty, "/notices/extra/new", DRAFT | {"wish": "count", "grade-A": "on"}, 200)
        assert "受众 " in counted.text
        assert "4 字，1 条短信" in counted.text
        assert re.search(r'name="grade-A" checked', counted.text)
        made = await put(client, duty, "/notices/extra/new", DRAFT | {"wish": "draft"})
        path = made.headers["location"]
        assert "等待指挥部另一人批准" in await got(client, duty, path)
        page = await got(client, commander, path)
        found = re.search(r'name="content_hash" value="([0-9a-f]{64})"', page)
        assert found is not None
        fields = {"content_hash": found[1], "wish": "send"}
        await put(client, duty, f"{path}/decision", fields, 403)
        await put(client, commander, f"{path}/decision", fields | {"content_hash": "x"}, 422)
        await put(client, commander, f"{path}/decision", fields | {"content_hash": "0" * 64}, 409)
        await put(client, commander, f"{path}/decision", fields)
        assert "已发出" in await got(client, commander, path)
        assert "请做好停产准备" in await got(client, commander, "/notices")

    async def test_the_page_asks_for_the_code_of_who_has_one(
        self, client: Client, people: dict[str, dict[str, str]], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        watch = Watch()
        monkeypatch.setattr(factors, "present", lambda: watch.at)
        path = (await put(client, people["duty_officer"], "/notices/extra/new", DRAFT | {"wish": "draft"})).headers["location"]
        assert 'name="factor"' not in await got(client, people["commander"], path)
        bare, secret = await enrolled(client, watch, Role.COMMANDER)
        who = bare | FORM
        page = await got(client, who, path)
        assert 'name="factor"' in page
        fields = {"content_hash": re.findall(r'name="content_hash" value="([0-9a-f]{64})"', page)[0], "wish": "send"}
        assert "需要动态验证码" in (await put(client, who, f"{path}/decision", fields, 403)).text
        assert "动态验证码不对" in (await put(client, who, f"{path}/decision", fields | {"factor": "000000"}, 403)).text
        await put(client, who, f"{path}/decision", fields | {"factor": code(secret, watch)})
        assert "已发出" in await got(client, who, path)

    async def test_faults_keep_what_was_typed(self, client: Client, people: dict[str, dict[str, str]]) -> None:
        wrong = DRAFT | {"wish": "draft", "level": "red", "title_zh": "<b>甲</b>"}
        answer = await put(client, people["duty_officer"], "/notices/extra/new", wrong, 422)
        assert "级别与措施须同时填写" in answer.text
        assert "&lt;b&gt;甲&lt;/b&gt;" in answer.text

    async def test_an_auditor_writes_none(self, client: Client, people: dict[str, dict[str, str]]) -> None:
        assert 'name="title_zh"' not in await got(client, people["auditor"], "/notices/extra/new")
        await put(client, people["auditor"], "/notices/extra/new", DRAFT | {"wish": "draft"}, 403)


async def test_templates_are_shown_filled_in(client: Client, people: dict[str, dict[str, str]]) -> None:
    page = await got(client, people["duty_officer"], "/notices/templates")
    assert "关于启动重污染天气红色预警的通知" in page
    assert "条短信" in page
    assert "{headline}" in page
