"""The page and the document of an evaluation, and the form by which enterprises report."""

from __future__ import annotations

import io
import re
from dataclasses import replace
from typing import Any
from zipfile import ZipFile

import pytest
from docx import Document

from emission_lists.levels import PerLevel
from emission_lists.lists import Line
from emission_lists.measures import Action, Measure
from service.accounts.roles import Role
from service.evaluations.document import docx
from service.kit.clock import ManualClock
from service.kit.runtime import Runtime
from service.web.evaluations import by_day
from tests.service.requirement_support import CITY, FIRM, put_in_force
from tests.service.test_evaluations import DAY, STARTS, World, stopped
from tests.support import HEAVY, Client, approve_open, forecast, listed

STOP = Measure(Action.STOP)
HTML = {"accept": "text/html"}
OURS = {"origin": "http://127.0.0.1:8000"}


@pytest.fixture
async def world(client: Client, runtime: Runtime, clock: ManualClock) -> World:
    uscc = await listed(runtime)
    commander = await client.account(Role.COMMANDER)
    await client.feed()
    await client.deliver(forecast(HEAVY))
    await client.work()
    return World(client, clock, uscc, await approve_open(client, commander), commander)


async def page(world: World, path: str, who: dict[str, str] | None = None, **query: str) -> str:
    answer = await world.client.http.get(path, headers=(who or world.who) | HTML, params=query)
    assert answer.status_code == 200, answer.text[:500]
    return answer.text


class TestPage:
    async def test_a_draft_says_so_and_everything_stands_in_tables(self, world: World) -> None:
        await world.over()
        text = await page(world, f"/responses/{world.response}/evaluation")
        for words in ("草稿", "第九十六条", "未核实", "未上报", "FLOOR-A", "清单修订建议", "仅", "按区县", "减排量最大的生产线"):
            assert words in text or words == "仅", words
        assert text.count("<table") >= 8
        assert "content_hash" in text

    async def test_in_english(self, world: World) -> None:
        await world.over()
        text = await page(world, f"/responses/{world.response}/evaluation", lang="en")
        assert "evaluation of the heavy-pollution response" in text
        assert "not verified" in text

    async def test_before_it_begins_it_says_what_will_appear(self, world: World) -> None:
        text = await page(world, f"/responses/{world.response}/evaluation")
        assert "这里显示减排核算" in text
        assert "/close" not in text
        assert "定稿评估" not in text

    async def test_the_warning_leads_to_it(self, world: World) -> None:
        assert f"/warnings/{world.warning}/evaluation" in await page(world, f"/warnings/{world.warning}")
        assert f"/warnings/{world.warning}/evaluation" in await page(world, "/city/110000")
        answer = await world.client.http.get(f"/warnings/{world.warning}/evaluation", headers=world.who | HTML)
        assert (answer.status_code, answer.headers["location"]) == (303, f"/responses/{world.response}/evaluation")

    async def test_closing_by_form(self, world: World) -> None:
        await world.over()
        path = f"/responses/{world.response}/evaluation"
        content_hash = (await world.get())["content_hash"]
        post = world.client.http.post
        empty = await post(path, headers=world.who | HTML | OURS, data={"content_hash": content_hash, "conclusion": " "})
        assert (empty.status_code, "请填写评估结论" in empty.text) == (409, True)
        stale = await post(path, headers=world.who | HTML | OURS, data={"content_hash": "0" * 64, "conclusion": "落实到位"})
        assert (stale.status_code, "落实到位" in stale.text) == (409, True)
        good = await post(path, headers=world.who | HTML | OURS, data={"content_hash": content_hash, "conclusion": "落实到位"})
        assert good.status_code == 303
        text = await page(world, path)
        assert "已定稿" in text
        assert "落实到位" in text
        assert "<form method=\"post\" action=\"/responses" not in text

    async def test_from_another_site_it_is_refused(self, world: World) -> None:
        await world.over()
        answer = await world.client.http.post(
            f"/responses/{world.response}/evaluation", headers=world.who | {"origin": "https://evil.example"}, data={}
        )
        assert answer.status_code == 403


    async def test_control_characters_are_taken_out_and_shown_again(self, world: World) -> None:
        await world.over()
        read = await world.get()
        answer = await world.client.http.post(
            f"/responses/{world.response}/evaluation",
            headers=world.who | HTML | OURS,
            data={"content_hash": read["content_hash"], "conclusion": "措施\x01落实", "lessons": ""},
        )
        assert answer.status_code == 409
        assert "文字中有控制字符" in answer.text
        assert "措施落实" in answer.text
        assert (await world.get())["state"] == "draft"


class TestDocument:
    async def load(self, world: World) -> Any:
        answer = await world.client.http.get(f"/responses/{world.response}/evaluation.docx", headers=world.who)
        assert answer.status_code == 200, answer.text[:300]
        with ZipFile(io.BytesIO(answer.content)) as package:
            assert package.testzip() is None
            self.styles = package.read("word/styles.xml").decode()
        return Document(io.BytesIO(answer.content))

    async def test_it_has_the_chapters_as_headings_and_real_tables(self, world: World) -> None:
        await world.over()
        made = await self.load(world)
        headings = [one.text for one in made.paragraphs if one.style.name == "Heading 1"]
        assert headings == [
            "一、事件经过与响应时限", "二、覆盖情况", "三、减排量：计划、上报与核实", "四、分类汇总与主要生产线", "五、发现的问题与处置",
            "六、空气质量变化与预报检验", "七、评估结论与经验教训", "八、清单修订建议",
        ]  # fmt: skip
        assert all(table.rows[0]._tr.trPr is not None for table in made.tables)
        assert "未核实" in {cell.text for cell in made.tables[2].columns[7].cells}
        assert "宋体" in self.styles
        assert "黑体" in self.styles

    async def test_its_figures_are_those_of_the_evaluation(self, world: World) -> None:
        await world.over()
        body = await world.get()
        rows = [[cell.text for cell in row.cells] for row in (await self.load(world)).tables[2].rows]
        nox = next(row for row in rows if row[0] == "NOx")
        figures = body["totals"]["pollutants"]["nox"]
        count = body["totals"]["not_established_lines"]["nox"]
        assert nox[1:3] == [
            f"{figures['base_kg'] / 1000:.3f}", f"≥ {figures['planned_kg'] / 1000:.3f}\n另 {count} 条未确立",
        ]  # fmt: skip

    async def test_a_closed_one_carries_conclusion_and_lessons(self, world: World) -> None:
        await world.over()
        await world.close((await world.get())["content_hash"], lessons="第一条\n第二条")
        texts = [one.text for one in (await self.load(world)).paragraphs]
        assert {"措施落实到位。", "第一条", "第二条"} <= set(texts)
        assert not any("草稿" in text for text in texts)

    async def test_before_it_begins_it_can_be_made_too(self, world: World) -> None:
        texts = [one.text for one in (await self.load(world)).paragraphs]
        assert any("没有带减排措施的响应时段" in text for text in texts)


    async def test_a_name_with_a_control_character_does_not_prevent_it(self, world: World) -> None:
        await world.over()
        found = await world.get() | {"place": "北\x01京"}
        found["largest"] = [one | {"name": "甲\x0b厂\uffff"} for one in found["largest"]]
        text = Document(io.BytesIO(docx(found, by_day(found["hours"]))))
        assert text.paragraphs[0].text.startswith("北京")
        assert any(cell.text == "甲厂" for table in text.tables for row in table.rows for cell in row.cells)


class TestForm:
    async def test_an_enterprise_reports_a_day_and_sees_it(self, world: World) -> None:
        world.clock.advance_to(STARTS + 2 * DAY)
        who = await world.enterprise()
        path = f"/enterprises/{world.uscc}/reports"
        text = await page(world, path, who)
        assert re.findall(r'<option value="(2016-\d\d-\d\d)"', text) == ["2016-12-18", "2016-12-17"]
        fields = {
            "response": str(world.response), "day": "2016-12-17", "line_0": next(iter(await world.lines())),
            "state_0": "limited", "hours_0": "24", "ran_at_0": "40", "nox_0": "1.25", "note_0": "按方案限产",
        }  # fmt: skip
        sent = await world.client.http.post(path, headers=who | HTML | OURS, data=fields)
        assert (sent.status_code, sent.headers.get("location")) == (303, f"{path}?sent=1")
        text = await page(world, path, who)
        assert "按方案限产" in text
        assert "40 %" in text
        assert "已上报 1 条" in await page(world, f"/enterprises/{world.uscc}", who)

    async def test_faults_are_said_and_nothing_is_stored(self, world: World) -> None:
        world.clock.advance_to(STARTS + DAY)
        who = await world.enterprise()
        path = f"/enterprises/{world.uscc}/reports"
        line = next(iter(await world.lines()))
        base = {"response": str(world.response), "day": "2016-12-17", "line_0": line}
        for wrong, said in (
            ({}, "没有选择"),
            ({"state_0": "stopped", "hours_0": "viele"}, "不是数字"),
            ({"state_0": "stopped", "hours_0": "25"}, "hours"),
            ({"state_0": "stopped", "hours_0": "3", "line_0": "nowhere"}, "nowhere"),
        ):
            answer = await world.client.http.post(path, headers=who | HTML | OURS, data=base | wrong)
            assert (answer.status_code, said in answer.text) == (422, True), said
        assert (await world.get("/reports"))["items"] == []

    async def test_officials_read_and_strangers_do_not(self, world: World) -> None:
        await world.over()
        code = next(iter(await world.lines()))
        await world.report(await world.enterprise(), stopped(code))
        path = f"/enterprises/{world.uscc}/reports"
        text = await page(world, path)
        assert "<form method=\"post\" action=\"/enterprises" not in text
        assert code in text
        other = await world.client.account(Role.ENTERPRISE, uscc="91110000MA0000000X")
        refused = await world.client.http.get(path, headers=other | HTML)
        assert refused.status_code == 403
        away = await world.client.account(Role.COMMANDER, adcode="130000")
        refused = await world.client.http.get(path, headers=away | HTML)
        assert refused.status_code == 403
        assert code not in refused.text

    async def test_the_page_of_an_enterprise_tells_officials_of_another_city_nothing_of_ours(
        self, world: World, runtime: Runtime
    ) -> None:
        await world.over()
        await put_in_force(runtime, [Line("MF0009", "外地线", "熔化", PerLevel(STOP, STOP, STOP))], replace(FIRM, uscc=world.uscc))
        path = f"/enterprises/{world.uscc}"
        away = await world.client.account(Role.COMMANDER, adcode=CITY)
        reports = f'href="{path}/reports"'
        assert reports in await page(world, path)
        assert reports not in await page(world, path, away)


class TestByDay:
    def test_an_hour_belongs_to_the_day_it_began_in_and_nothing_measured_stays_unknown(self) -> None:
        figures = {"planned_kg": [1.0, 2.0], "verified_at_least_kg": [None, 0.5]}
        response = {
            "until": ["2016-12-17T00:00:00+08:00", "2016-12-17T01:00:00+08:00"],
            "pollutants": dict.fromkeys(("so2", "nox", "pm", "vocs"), figures),
        }
        first, second = by_day([response])
        assert (first["day"], first["planned"]["nox"], first["verified"]["nox"]) == ("2016-12-16", 1.0, None)
        assert (second["day"], second["planned"]["nox"], second["verified"]["nox"]) == ("2016-12-17", 2.0, 0.5)
