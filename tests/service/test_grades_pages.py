"""The pages of grades and guarantees: what they show, what their forms do, refusals in words."""

from __future__ import annotations

import pytest

from service.accounts.roles import Role
from service.kit.clock import ManualClock
from service.kit.runtime import Runtime
from tests.service.grading import CEMENT, CITY, NOW, STEEL, People, with_list
from tests.support import Client

HTML = {"accept": "text/html", "origin": "http://127.0.0.1:8000"}


@pytest.fixture
async def people(client: Client, runtime: Runtime, clock: ManualClock) -> People:
    clock.current = NOW
    await with_list(runtime)
    return await People(client).come()


async def page(people: People, name: str, path: str, status: int = 200) -> str:
    answer = await people.client.http.get(path, headers=people.calls[name] | HTML)
    assert answer.status_code == status, answer.text[-600:]
    return answer.text


async def send(people: People, name: str, path: str, **fields: str) -> tuple[int, str]:
    """Send a form; returns the status and where it leads, or the page that came back."""
    answer = await people.client.http.post(path, headers=people.calls[name] | HTML, data=fields)
    return answer.status_code, answer.headers.get("location") or answer.text


class TestGrades:
    async def test_an_empty_list_says_what_will_appear(self, people: People) -> None:
        text = await page(people, "city", "/grades")
        assert "会在这里逐件显示进展" in text
        assert "未确立" in text
        english = await page(people, "city", "/grades?lang=en")
        assert "not established" in english

    async def test_a_form_leads_to_the_case(self, people: People) -> None:
        status, where = await send(
            people, "plant", "/grades", uscc=CEMENT, grade="A", reason="完成改造", line_code="", adcode=""
        )
        assert (status, where) == (303, "/grades/1")
        text = await page(people, "plant", where)
        assert "青城水泥有限公司" in text
        assert "区县 → 市级 → 省级" in text
        assert "撤回" in text

    async def test_what_a_reader_may_do_is_offered_to_him_only(self, people: People) -> None:
        await people.apply()
        assert 'value="review"' in await page(people, "county", "/grades/1")
        for name in ("city", "plant", "auditor"):
            assert 'value="review"' not in await page(people, name, "/grades/1"), name
        await page(people, "stranger", "/grades/1", status=404)
        await page(people, "elsewhere", "/grades/1", status=404)

    async def test_refusals_come_back_with_what_was_written(self, people: People) -> None:
        status, text = await send(people, "plant", "/grades", uscc=CEMENT, grade="B-", line_code="MF0009", reason="完成改造")
        assert status == 422
        assert "清单中没有生产线MF0009" in text
        assert 'value="MF0009"' in text
        status, text = await send(people, "plant", "/grades", uscc=CEMENT, grade="B", reason="")
        assert status == 422
        assert "请检查：理由" in text

    async def test_steps_by_form(self, people: People) -> None:
        await people.apply(grade="B")
        for name in ("county", "city", "province"):
            status, where = await send(people, name, "/grades/1/steps", move="review", grade="", reason="", document="")
            assert (status, where) == (303, "/grades/1"), where
        status, text = await send(people, "province", "/grades/1/steps", move="reject", reason="不符")
        assert status == 403
        assert "双人原则" in text
        assert (await send(people, "province", "/grades/1/steps", move="publicise"))[0] == 303
        text = await page(people, "city", "/grades/1")
        assert "公示截止" in text
        assert "2026-01-15" in text

    async def test_a_publicity_says_that_holidays_are_not_known(
        self, people: People, clock: ManualClock
    ) -> None:
        clock.current = NOW.replace(year=2030)
        people.calls = {name: await people.client.account(Role(who[0]), who[1], who[2]) for name, who in WHO.items()}
        await people.publicised()
        assert "按周一至周五计算工作日，仅扣除固定日期的法定节假日" in await page(people, "city", "/grades/1")

    async def test_groups_and_grades_filter(self, people: People) -> None:
        await people.apply(grade="B")
        assert "/grades/1" in await page(people, "city", "/grades?group=review&grade=B")
        assert "/grades/1" not in await page(people, "city", "/grades?group=publicity")
        await page(people, "city", "/grades?group=nonsense", status=422)

    async def test_a_downgrade_by_form(self, people: People) -> None:
        status, where = await send(
            people, "city", "/grades/downgrades", uscc=STEEL, cause="faked_evaluation", grade="", reason="弄虚作假"
        )
        assert (status, where) == (303, "/grades/1")
        assert "C → D" in await page(people, "city", "/grades/1")
        assert 'action="/grades/downgrades"' not in await page(people, "plant", "/grades")


class TestGuarantees:
    async def test_from_the_form_to_in_force(self, people: People) -> None:
        asked = {
            "uscc": CEMENT,
            "kind": "livelihood",
            "basis": "heat_supply",
            "cap_value": "500",
            "cap_unit": "GJ",
            "cap_metric": "日供热",
            "valid_until": "2026-03-15",
            "reason": "供暖",
        }
        status, where = await send(people, "plant", "/grades/guarantees", **asked)
        assert (status, where) == (303, "/grades/guarantees/1")
        steps = (("city", "agree"), ("province", "vet"), ("province", "file"), ("city2", "start"))
        for name, move in steps:
            status, where = await send(people, name, f"{where}/steps", move=move, document="文号")
            assert status == 303, where
        text = await page(people, "plant", where)
        assert "日供热 ≤ 500 GJ" in text
        assert "当前有效" in text
        assert "/grades/guarantees/1" in await page(people, "city", "/grades/guarantees?state=in_force")

    async def test_what_is_missing_is_named(self, people: People) -> None:
        status, text = await send(people, "plant", "/grades/guarantees", uscc=CEMENT, kind="livelihood", basis="heat_supply")
        assert status == 422
        assert "最大负荷" in text


WHO = {
    "county": ("duty_officer", "150102", None),
    "city": ("duty_officer", CITY, None),
    "province": ("duty_officer", "150000", None),
    "plant": ("enterprise", CITY, CEMENT),
}
