"""The pages of approvals: what they tell each reader, what their forms do, and what they say when it does not work."""

from __future__ import annotations

import json
import re
from datetime import timedelta
from typing import Any

import pytest

from service.accounts.roles import Role
from service.kit.clock import ManualClock
from tests.service.approving import PROPOSALS, TWO, People, chained, count, put_in_force, read, sign
from tests.service.duty_support import step
from tests.service.guarding import ORDER
from tests.support import NOW, Client, forecast, listed

OFFICE, DEPUTY, COMMANDER, DUTY = Role.OFFICE_DIRECTOR, Role.DEPUTY_COMMANDER, Role.COMMANDER, Role.DUTY_OFFICER
HTML = {"accept": "text/html", "origin": "http://127.0.0.1:8000"}
WISH = {"adcode": "110000", "to": "red", "reason": "upper_order", "explanation": "上级要求启动", "planned_end": ""}


@pytest.fixture
def people(client: Client) -> People:
    return People(client)


async def page(client: Client, who: dict[str, str], path: str, status: int = 200) -> str:
    answer = await client.http.get(path, headers=who | HTML)
    assert answer.status_code == status, answer.text[-500:]
    return answer.text


async def send(client: Client, who: dict[str, str], path: str, **fields: str) -> tuple[int, str]:
    """Send a form; returns the status and where it leads, or the page that came back."""
    answer = await client.http.post(path, headers=who | HTML, data=fields)
    return answer.status_code, answer.headers.get("location") or answer.text


def verdict(proposal: dict[str, Any], **fields: str) -> dict[str, str]:
    given = {"content_hash": proposal["content_hash"], "step": str(proposal["chain"]["signed"]), "verdict": "approve"}
    return given | fields


class TestDecisionPage:
    async def test_the_largest_lines_and_the_counts_are_those_of_the_list(self, client: Client, people: People) -> None:
        await listed(client.runtime)
        proposal = await chained(client)
        path = f"/proposals/{proposal['id']}"
        text = await page(client, await people(OFFICE), path)
        async with client.runtime.unit() as uow:
            kept = await uow.fetchval("SELECT largest FROM list_version")
            rows = await uow.fetch("SELECT document FROM list_enterprise")
        documents = [json.loads(row["document"]) for row in rows]
        named = {(one["enterprise"]["uscc"], line["code"]) for one in documents for line in one["lines"]}
        large = kept["yellow"]
        assert 0 < len(large) <= 10
        assert {(one["uscc"], one["code"]) for one in large} <= named
        table = text[text.index(f"减排量最大的 {len(large)} 条生产线") : text.index("按清单计划减排量排列")]
        assert re.findall(r'href="/enterprises/(\w+)"', table) == [one["uscc"] for one in large]
        assert f"{large[0]['whole'] / 1000:.3f}" in table
        assert large[0]["measure_zh"] in table
        english = await page(client, await people(OFFICE), path + "?lang=en")
        assert large[0]["measure_en"] in english

    async def test_a_version_from_before_says_so_and_counts_its_rows(self, client: Client, people: People) -> None:
        await listed(client.runtime)
        proposal = await chained(client)
        path = f"/proposals/{proposal['id']}"

        def counts(text: str) -> str:
            return text[text.index('<div class="two">') : text.index("</section>", text.index('<div class="two">'))]

        before = counts(await page(client, await people(OFFICE), path))
        async with client.runtime.unit() as uow:
            await uow.execute("ALTER TABLE list_version DISABLE TRIGGER USER")
            await uow.execute("ALTER TABLE list_sum DISABLE TRIGGER USER")
            await uow.execute("UPDATE list_version SET largest = NULL")
            await uow.execute("DELETE FROM list_sum")
            await uow.commit()
        text = await page(client, await people(OFFICE), path)
        assert "尚未保存减排量最大的生产线" in text
        assert counts(text) == before

    async def test_each_reader_is_told_whose_turn_it_is(self, client: Client, people: People) -> None:
        proposal = await chained(client)
        path = f"/proposals/{proposal['id']}"
        office = await page(client, await people(OFFICE), path)
        assert "签批，送下一签" in office
        assert "已签 0，共 2 签" in office
        assert "还未轮到你（副指挥长）" in await page(client, await people(DEPUTY), path)
        assert "你的角色（审计员）不能审批" in await page(client, await client.account(Role.AUDITOR), path)
        await sign(client, await people(OFFICE), proposal)
        assert "你已签批" in await page(client, await people(OFFICE), path)
        assert "批准并发布" in await page(client, await people(DEPUTY), path)

    async def test_it_says_who_signed_and_who_follows_until_when(
        self, client: Client, people: People, clock: ManualClock
    ) -> None:
        proposal = await chained(client)
        clock.advance_to(NOW + timedelta(hours=1))
        await sign(client, await people(OFFICE), proposal)
        text = await page(client, await people(DEPUTY), f"/proposals/{proposal['id']}")
        (name,) = re.findall(r"(office_director-110000-\d+) 已签", text)
        assert name
        assert "2016-12-15T20:00+08:00" in text, "the deadline of the second signature"
        assert "逾期后指挥长也可签批" in text

    async def test_two_forms_make_the_decision(self, client: Client, people: People) -> None:
        proposal = await chained(client)
        path = f"/proposals/{proposal['id']}"
        assert await send(client, await people(OFFICE), path, **verdict(proposal)) == (303, path)
        proposal = await read(client, await people(OFFICE), proposal)
        assert await send(client, await people(DEPUTY), path, **verdict(proposal)) == (303, path)
        assert await count(client.runtime, "decision", "signature") == {"decision": 1, "signature": 2}

    async def test_a_form_read_before_another_signed_signs_nothing(self, client: Client, people: People) -> None:
        proposal = await chained(client, [{"role": "commander"}, {"role": "commander"}])
        first, second = await client.account(COMMANDER), await client.account(COMMANDER)
        path = f"/proposals/{proposal['id']}"
        assert (await send(client, first, path, **verdict(proposal)))[0] == 303
        status, text = await send(client, second, path, **verdict(proposal))
        assert (status, "他人已签批" in text) == (409, True)
        assert await count(client.runtime, "signature", "decision") == {"signature": 1, "decision": 0}

    async def test_a_second_click_says_so_and_shows_the_page(self, client: Client, people: People) -> None:
        proposal = await chained(client)
        path = f"/proposals/{proposal['id']}"
        await send(client, await people(OFFICE), path, **verdict(proposal))
        status, text = await send(client, await people(OFFICE), path, **verdict(proposal))
        assert (status, "现在不由你签批" in text) == (403, True)

    async def test_a_rejection_carries_the_note(self, client: Client, people: People) -> None:
        proposal = await chained(client)
        given = verdict(proposal, verdict="reject", reason="reject_level", note="应为橙色")
        assert (await send(client, await people(OFFICE), f"/proposals/{proposal['id']}", **given))[0] == 303
        async with client.runtime.unit() as uow:
            assert await uow.fetchval("SELECT reason FROM decision") == "级别不当：应为橙色"

    async def test_a_replaced_content_says_that_its_signatures_do_not_count(
        self, client: Client, people: People
    ) -> None:
        seen = await chained(client)
        await sign(client, await people(OFFICE), seen)
        await client.deliver(forecast([60.0] * 31 + [260.0] * 100))
        await client.work()
        old = await page(client, await people(OFFICE), f"/proposals/{seen['id']}")
        assert "这里的 1 个签名不计入新内容" in old
        (new,) = re.findall(r'href="(/proposals/\d+)">第', old)
        assert "那里的 1 个签名只对旧内容有效" in await page(client, await people(OFFICE), new)

    async def test_what_changes_when_tells_duties_and_what_is_not_established(
        self, client: Client, people: People
    ) -> None:
        proposal = await chained(client)
        text = await page(client, await people(OFFICE), f"/proposals/{proposal['id']}")
        table = text[text.index("何时发生什么变化") : text.index("适用预案")]
        assert "2016-12-17T00:00+08:00" in table, "the start of the response"
        assert "义务：向社会发布" in table
        assert table.count("未确立") == 4

    async def test_neighbours_show_what_is_announced_and_prompts_that_the_reader_may_know(
        self, client: Client, people: People
    ) -> None:
        proposal = await chained(client)
        coordinator = await client.account(Role.COORDINATOR, adcode="100000")
        prompt = {
            "region": "jingjinji-2015",
            "document": "区域提示",
            "basis": "会商",
            "starts_at": "2016-12-16T20:00:00+08:00",
            "entries": [{"adcode": "131000", "level": "red"}],
        }
        assert (await client.http.post("/api/v1/prompts", headers=coordinator, json=prompt)).status_code == 201
        path = f"/proposals/{proposal['id']}"

        def of_langfang(text: str) -> str:
            part = text[text.index('id="h-neighbours"') :]
            return part[part.index("廊坊市") : part.index("</tr>", part.index("廊坊市"))]

        assert "Ⅰ级" not in of_langfang(await page(client, await people(OFFICE), path))
        wide = await client.account(COMMANDER, adcode="100000")
        assert "Ⅰ级" in of_langfang(await page(client, wide, path))

    async def test_the_effect_of_the_list_in_tonnes(self, client: Client, people: People) -> None:
        await listed(client.runtime)
        proposal = await chained(client)
        text = await page(client, await people(OFFICE), f"/proposals/{proposal['id']}")
        effect = text[text.index('id="h-effect"') :]
        assert "计划减排（吨/日） · 黄色" in effect
        assert "12 家" in effect

    async def test_a_withdrawal_needs_a_reason_and_is_shown_with_it(self, client: Client, people: People) -> None:
        put_in_force(client.runtime, TWO)
        made = await client.http.post(PROPOSALS, headers=await people(DUTY), json=WISH | ORDER | {"planned_end": None})
        proposal = made.json()
        path = f"/proposals/{proposal['id']}"
        assert "撤回建议" in await page(client, await people(DUTY), path)
        assert "撤回建议" not in await page(client, await people(COMMANDER), path)
        given = {"content_hash": proposal["content_hash"], "reason": ""}
        status, text = await send(client, await people(DUTY), f"{path}/withdrawal", **given)
        assert (status, "撤回需要写明理由" in text) == (422, True)
        status, where = await send(client, await people(DUTY), f"{path}/withdrawal", **given | {"reason": "录入有误"})
        assert (status, where) == (303, path)
        assert "撤回理由：录入有误" in await page(client, await people(DUTY), path)

    async def test_it_stands_in_english_too(self, client: Client, people: People) -> None:
        proposal = await chained(client)
        text = await page(client, await people(OFFICE), f"/proposals/{proposal['id']}?lang=en")
        for words in (
            "Sign and pass on",
            "What changes when",
            "not established",
            "after that deputy commander may sign",
        ):
            assert words in text


class TestList:
    async def test_my_turn_stands_first(self, client: Client, people: People) -> None:
        await chained(client)
        text = await page(client, await people(OFFICE), "/proposals")
        assert "待我签批" in text
        assert "待他人签批" not in text
        other = await page(client, await people(DEPUTY), "/proposals")
        assert "待我签批" not in other
        assert "待指挥部办公室主任签批" in other

    @pytest.mark.parametrize(
        ("query", "there"),
        [
            ("", True),
            ("?state=any", True),
            ("?state=approved", False),
            ("?due=two", True),
            ("?due=hour", False),
            ("?due=today", True),
            ("?place=北京", True),
            ("?place=110000", True),
            ("?place=太原", False),
            ("?place=%25", False),
        ],
    )
    async def test_filters(self, client: Client, people: People, query: str, there: bool) -> None:
        proposal = await chained(client)
        text = await page(client, await people(OFFICE), f"/proposals{query}")
        assert (f'href="/proposals/{proposal["id"]}"' in text) is there
        assert ("没有符合条件的建议" in text) is not there

    @pytest.mark.parametrize("query", ["?state=odd", "?due=never", "?after=-1", f"?place={'x' * 41}"])
    async def test_odd_filters_are_refused(self, client: Client, people: People, query: str) -> None:
        await page(client, await people(OFFICE), f"/proposals{query}", status=422)

    async def test_closed_ones_by_state(self, client: Client, people: People) -> None:
        proposal = await chained(client)
        await sign(client, await people(OFFICE), proposal, approve=False)
        text = await page(client, await people(OFFICE), "/proposals?state=rejected")
        assert "已办结" in text
        assert f'href="/proposals/{proposal["id"]}"' in text
        assert "没有符合条件" in await page(client, await people(OFFICE), "/proposals")

    async def test_nothing_of_another_region_nor_for_an_enterprise(self, client: Client, people: People) -> None:
        proposal = await chained(client)
        away = await client.account(COMMANDER, adcode="130000")
        assert f"/proposals/{proposal['id']}" not in await page(client, away, "/proposals?state=any")
        plant = await client.account(Role.ENTERPRISE, uscc="91110000MA0000000X")
        for path in ("/proposals", "/proposals/new", f"/proposals/{proposal['id']}"):
            await page(client, plant, path, status=403)
        client.http.cookies.clear()
        for path in ("/proposals", "/proposals/new"):
            assert (await client.http.get(path, headers=HTML)).status_code == 303


class TestByHand:
    async def test_the_form_shows_the_place_and_who_will_sign(self, client: Client, people: People) -> None:
        await chained(client)
        text = await page(client, await people(DUTY), "/proposals/new")
        assert "北京市" in text
        assert "指挥部办公室主任 → 副指挥长" in re.sub(r"\s+", " ", text)
        assert "环大气" not in text

    async def test_a_place_is_chosen_where_there_are_several(self, client: Client, people: People) -> None:
        officer = await client.account(DUTY, adcode="130000")
        text = await page(client, officer, "/proposals/new")
        assert '<option value="130100"' in text
        assert '<option value="110000"' not in text
        assert 'name="explanation"' not in text
        assert 'name="explanation"' in await page(client, officer, "/proposals/new?adcode=130100")
        assert 'name="explanation"' not in await page(client, officer, "/proposals/new?adcode=110000")

    async def test_it_leads_to_the_proposal(self, client: Client, people: People) -> None:
        given = WISH | ORDER | {"planned_end": "2016-12-21T00:00"}
        status, where = await send(client, await people(DUTY), "/proposals/new", **given)
        assert status == 303, where[-800:]
        text = await page(client, await people(DUTY), where)
        assert "上级指令" in text
        assert "2016-12-21T00:00+08:00" in text

    async def test_an_end_at_which_it_ends_by_itself_is_shown_so_everywhere(
        self, client: Client, people: People
    ) -> None:
        put_in_force(client.runtime, [{"role": "commander"}])
        given = WISH | ORDER | {"planned_end": "2016-12-21T00:00", "fixed_end": "yes"}
        status, where = await send(client, await people(DUTY), "/proposals/new", **given)
        assert status == 303, where[-800:]
        text = await page(client, await people(COMMANDER), where)
        assert re.search(r"<dt>到期自动结束</dt>\s*<dd><time datetime=\"2016-12-21T00:00\+08:00\"", text)
        (hashed,) = set(re.findall(r'name="content_hash" value="([0-9a-f]{64})"', text))
        signed = {"content_hash": hashed, "step": "0", "verdict": "approve"}
        assert (await send(client, await people(COMMANDER), where, **signed))[0] == 303
        for path in ("/warnings", "/warnings/1", "/city/110000", "/proposals/new"):
            shown = await page(client, await people(DUTY), path)
            assert "到期自动结束" in shown[: shown.find('<label for="fixed_end"')], path

    async def test_an_end_by_itself_without_an_end_comes_back_as_it_was(self, client: Client, people: People) -> None:
        status, text = await send(client, await people(DUTY), "/proposals/new", **WISH | ORDER | {"fixed_end": "yes"})
        assert (status, "须写明结束时间" in text) == (422, True)
        assert '<option value="yes" selected>' in text

    async def test_an_announced_start_is_brought_forward_where_one_lies_ahead(
        self, client: Client, people: People
    ) -> None:
        assert 'name="advance"' not in await page(client, await people(DUTY), "/proposals/new")
        await step(client.runtime, "issue", "red", adcode="110000", effective=NOW + timedelta(hours=30))
        text = await page(client, await people(DUTY), "/proposals/new")
        assert re.search(r"<dt>已发布，开始于</dt>\s*<dd><time datetime=\"2016-12-16T23:00\+08:00\"", text)
        given = WISH | ORDER | {"advance": "yes", "starts_at": "2016-12-16T20:00"}
        status, text = await send(client, await people(DUTY), "/proposals/new", **given | {"to": "orange"})
        assert (status, "只能提前启动这一级" in text) == (409, True)
        assert 'value="2016-12-16T20:00"' in text
        assert '<option value="yes" selected>提前启动' in text
        status, where = await send(client, await people(DUTY), "/proposals/new", **given)
        assert status == 303, where[-800:]
        assert "北京市提前启动重污染天气红色预警和Ⅰ级应急响应" in await page(client, await people(DUTY), where)

    async def test_a_deviation_without_a_ground_comes_back_as_it_was_and_stands_on_the_ledger(
        self, client: Client, people: People
    ) -> None:
        status, text = await send(client, await people(DUTY), "/proposals/new", **WISH)
        assert status == 422
        assert "未受理" in text
        assert "上级要求启动</textarea>" in text
        assert "上级政府或指挥机构指令的文号" in text
        async with client.runtime.unit() as uow:
            assert await uow.fetchval("SELECT count(*) FROM ledger_entry WHERE kind = 'proposal.refused'") == 1
            assert await uow.fetchval("SELECT count(*) FROM proposal") == 0

    @pytest.mark.parametrize(
        "odd",
        [
            {"adcode": "x"},
            {"adcode": "110199"},
            {"to": "purple"},
            {"reason": "because"},
            {"explanation": " "},
            {"ground": "target"},
            {"planned_end": "tomorrow"},
            {"advance": "yes", "starts_at": "tomorrow"},
            {"starts_at": "2016-12-16T20:00"},
            {"advance": "yes"},
            {"planned_end": "2010-01-01T00:00"},
            {"explanation": "<b>x</b>\x01"},
        ],
    )
    async def test_what_makes_no_sense_comes_back_with_what_to_do(
        self, client: Client, people: People, odd: dict[str, str]
    ) -> None:
        status, text = await send(client, await people(DUTY), "/proposals/new", **WISH | ORDER | odd)
        assert status in {404, 409, 422}
        assert "未受理" in text
        assert (await count(client.runtime, "proposal"))["proposal"] == 0

    async def test_who_may_not_propose_is_told_so_and_refused(self, client: Client, people: People) -> None:
        auditor = await client.account(Role.AUDITOR)
        assert "你的角色不能录入建议" in await page(client, auditor, "/proposals/new")
        assert (await send(client, auditor, "/proposals/new", **WISH | ORDER))[0] == 403
        away = await client.account(DUTY, adcode="130000")
        assert (await send(client, away, "/proposals/new", **WISH | ORDER))[0] == 403

    async def test_another_sites_form_is_refused(self, client: Client, people: People) -> None:
        answer = await client.http.post(
            "/proposals/new",
            headers=await people(DUTY) | HTML | {"origin": "https://evil.example"},
            data=WISH | ORDER,
        )
        assert answer.status_code == 403
        assert (await count(client.runtime, "proposal"))["proposal"] == 0
