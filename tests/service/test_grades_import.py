"""Published lists of grades: read with every fault at once, put in force by a second person."""

from __future__ import annotations

from datetime import timedelta
from io import BytesIO
from typing import Any

import httpx
import pytest
import xlsxwriter

from emission_lists.published_grades import read_published
from service.grades.repository import grade_standing
from service.kit.clock import ManualClock
from service.kit.runtime import Runtime
from tests.service.grading import CEMENT, CITY, GRADES, NOW, STEEL, People, pass_by, with_list
from tests.support import Client

HEADER = "序号,区县,企业名称,行业,等级\n"
GOOD = HEADER + "1,新城区,青城水泥有限公司,水泥,B\n2,新城区,青城钢铁有限公司,长流程联合钢铁,B-\n"


@pytest.fixture
async def people(client: Client, runtime: Runtime, clock: ManualClock) -> People:
    clock.current = NOW
    await with_list(runtime)
    return await People(client).come()


async def enter(people: People, name: str, content: str | bytes) -> httpx.Response:
    return await people.client.http.post(
        f"{GRADES}/imports",
        headers=people.calls[name],
        params={"adcode": CITY, "source": "2026年第一批公布名单"},
        content=content if isinstance(content, bytes) else content.encode(),
    )


def book(*rows: list[Any]) -> bytes:
    target = BytesIO()
    with xlsxwriter.Workbook(target) as made:
        sheet = made.add_worksheet("名单")
        for number, row in enumerate(rows):
            sheet.write_row(number, 0, row)
    return target.getvalue()


class TestReading:
    @pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030"])
    def test_as_places_write_it(self, encoding: str) -> None:
        found = read_published(GOOD.encode(encoding))
        assert found.errors == []
        assert [(row.name, row.industry, row.grade.value) for row in found.rows] == [
            ("青城水泥有限公司", "水泥", "B"),
            ("青城钢铁有限公司", "长流程联合钢铁", "B-"),
        ]

    def test_a_workbook(self) -> None:
        found = read_published(book(["区县", "企业", "行业类型", "绩效等级"], ["新城区", "甲", "水泥", "引领性"]))
        assert found.errors == []
        assert found.rows[0].grade.value == "LEADING"

    @pytest.mark.parametrize(
        "content",
        [b"", b"\xff\xfe\x00", HEADER.encode(), b"PK\x03\x04broken", "企业名称\n甲\n".encode(), GOOD.replace("B-", "S级").encode()],
    )
    def test_what_cannot_be_read_is_said(self, content: bytes) -> None:
        assert read_published(content).errors


class TestImport:
    async def test_entered_by_one_in_force_by_another(
        self, people: People, runtime: Runtime, clock: ManualClock, client: Client
    ) -> None:
        answer = await enter(people, "city", GOOD)
        assert (answer.status_code, answer.json()["cases"]) == (201, 2), answer.text
        number = answer.json()["import"]
        where = f"{GRADES}/imports/{number}/publication"
        assert (await people.post("city", where, document="内环发〔2026〕1号")).status_code == 403
        assert (await people.post("elsewhere", where, document="x")).status_code == 404
        refused = await people.post("city2", where, document="内环发〔2026〕1号")
        assert (refused.status_code, refused.json()["detail_zh"]) == (403, "“公布”应由省级办理")
        done = await people.post("province", where, document="内环发〔2026〕1号")
        assert (done.status_code, done.json()["published"]) == (201, 2), done.text
        await pass_by(clock, runtime, client, minutes=3)
        async with runtime.unit() as uow:
            found = [await grade_standing(uow, uscc, CITY, clock.current) for uscc in (CEMENT, STEEL)]
        assert [one.grade.value for one in found if one and one.grade] == ["B", "B-"]
        assert (await people.post("province", where, document="x")).status_code == 404
        history = (await people.get("plant", f"/api/v1/enterprises/{CEMENT}/grades")).json()
        assert (history["decisions"][0]["kind"], history["cases"][0]["state"]) == ("published", "in_force")

    async def test_each_level_confirms_the_grades_that_it_decides(self, people: People, runtime: Runtime) -> None:
        mixed = HEADER + "1,新城区,青城水泥有限公司,水泥,A\n2,新城区,青城钢铁有限公司,长流程联合钢铁,C\n"
        where = f"{GRADES}/imports/{(await enter(people, 'city', mixed)).json()['import']}/publication"
        done = (await people.post("city2", where, document="内环发〔2026〕1号")).json()
        assert (done["published"], done["left"]) == (1, 1)
        for name in ("county", "city2", "ministry"):
            assert (await people.post(name, where, document="x")).status_code == 403, name
            assert (await people.step(name, 1, "publish", document="x")).status_code == 403, name
            assert (await people.step(name, 1, "reject", reason="有误")).status_code == 403, name
        done = (await people.post("province", where, document="内环发〔2026〕2号")).json()
        assert (done["published"], done["left"]) == (1, 0)

    async def test_who_entered_does_not_confirm_at_whatever_level(self, people: People) -> None:
        where = f"{GRADES}/imports/{(await enter(people, 'province', GOOD)).json()['import']}/publication"
        assert (await people.post("province", where, document="x")).status_code == 403
        assert (await people.post("province2", where, document="x")).status_code == 201

    async def test_every_fault_at_once_and_nothing_stored(self, people: People, runtime: Runtime) -> None:
        bad = HEADER + (
            "1,新城区,没有这家企业,水泥,B\n"
            "2,新城区,青城水泥有限公司,没有这个行业,B\n"
            "3,新城区,青城钢铁有限公司,长流程联合钢铁,引领性\n"
            "4,新城区,青城水泥有限公司,水泥/没有这个子类,B\n"
        )
        answer = await enter(people, "city", bad)
        assert answer.status_code == 422
        assert [one["row"] for one in answer.json()["errors"]] == [2, 3, 4, 5]
        assert all(one["detail_zh"] for one in answer.json()["errors"])
        async with runtime.unit() as uow:
            assert await uow.fetchval("SELECT count(*) FROM grade_application") == 0

    async def test_who_may(self, people: People) -> None:
        for name in ("plant", "auditor", "elsewhere"):
            assert (await enter(people, name, GOOD)).status_code == 403, name

    async def test_an_entered_row_changes_nothing(self, people: People, runtime: Runtime, clock: ManualClock) -> None:
        await enter(people, "city", GOOD)
        async with runtime.unit() as uow:
            assert await grade_standing(uow, CEMENT, CITY, clock.current + timedelta(days=9)) is None


class TestPage:
    HTML = {"accept": "text/html", "origin": "http://127.0.0.1:8000"}  # noqa: RUF012 - never changed

    async def send(self, people: People, name: str, content: str, source: str = "公告") -> httpx.Response:
        return await people.client.http.post(
            "/grades/imports",
            headers=people.calls[name] | self.HTML,
            data={"adcode": CITY, "source": source},
            files={"published": ("list.csv", content.encode())},
        )

    async def test_entered_and_published_by_forms(self, people: People) -> None:
        answer = await self.send(people, "city", GOOD)
        assert (answer.status_code, answer.headers["location"]) == (303, "/grades?group=review")
        page = await people.client.http.get("/grades/1", headers=people.calls["province"] | self.HTML)
        where = page.text.partition('action="/grades/imports/')[2].partition('"')[0]
        answer = await people.client.http.post(
            f"/grades/imports/{where}", headers=people.calls["province"] | self.HTML, data={"document": "内环发〔2026〕1号"}
        )
        assert (answer.status_code, answer.headers["location"]) == (303, "/grades?group=published")

    async def test_faults_with_their_rows(self, people: People) -> None:
        answer = await self.send(people, "city", HEADER + "1,新城区,没有这家企业,水泥,B\n2,,,,\n3,新城区,甲,水泥,S\n")
        assert answer.status_code == 422
        assert "第4行" in answer.text
        answer = await self.send(people, "city", HEADER + "1,新城区,没有这家企业,水泥,B\n")
        assert "第2行：现行清单中没有该企业" in answer.text
        assert (await self.send(people, "city", GOOD, source="")).status_code == 422
        assert (await self.send(people, "plant", GOOD)).status_code == 403
