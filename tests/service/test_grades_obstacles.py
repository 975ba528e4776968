"""What comes between an application and its publication: a ban, a lost A, an objection that outlasts the window, a second case."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest

from emission_lists.grades import Grade
from emission_lists.standing import Decided, DecisionKind
from service.grades.obstacles import contradicted
from service.kit.clock import ManualClock
from service.kit.runtime import Runtime
from tests.service.grading import CEMENT, CITY, COUNTY, GRADES, NOW, People, pass_by, pass_until, rows, with_list
from tests.service.test_grades_pages import send
from tests.service.test_grades_superseded import grade_at
from tests.support import Client

BAN = "2027-06-01T00:00:00+08:00"
LIST = "序号,区县,企业名称,行业,绩效等级\n1,新城区,青城水泥有限公司,水泥,A\n2,新城区,青城钢铁有限公司,长流程联合钢铁,B\n"


@pytest.fixture
async def people(client: Client, runtime: Runtime, clock: ManualClock) -> People:
    clock.current = NOW
    await with_list(runtime, rows(Grade.B))
    return await People(client).come()


async def shown(people: People, case: int, name: str = "province") -> dict[str, Any]:
    found: dict[str, Any] = (await people.get(name, f"{GRADES}/applications/{case}")).json()
    return found


async def moves(people: People, case: int) -> list[str]:
    return [one["move"] for one in (await shown(people, case))["next"]]


async def fallen(people: People, **stated: str) -> int:
    asked = {"uscc": CEMENT, "cause": "false_material", "reason": "材料不实"}
    case = int((await people.post("city", f"{GRADES}/downgrades", **asked)).json()["id"])
    await people.done("province2", case, "decide", **{"reason": "属实", "document": "x", "ban_until": BAN} | stated)
    return case


class TestABanThatOvertook:
    @pytest.mark.parametrize("line", [None, "MF0001"])
    async def test_an_application_is_not_published_but_may_be_rejected(
        self, people: People, runtime: Runtime, clock: ManualClock, client: Client, line: str | None
    ) -> None:
        opened = await people.publicised(grade="A", line_code=line)
        await fallen(people)
        await pass_until(clock, runtime, client, datetime.fromisoformat(opened["window"]["end"]))
        await people.come()
        refused = await people.step("province2", opened["id"], "publish", document="内环发〔2026〕1号")
        assert refused.status_code == 409
        assert f"Reject case {opened['id']}; from then on it may apply again." in refused.json()["detail"]
        told = "青城水泥有限公司已被降级，至2027-06-01T00:00+08:00前企业及其生产线均不得评定等级"
        assert told in refused.json()["detail_zh"]
        found = await shown(people, opened["id"])
        assert (found["state"], found["obstacle"]["zh"]) == ("publicity_ended", refused.json()["detail_zh"])
        assert [one["move"] for one in found["next"]] == ["reject"]
        page = (await people.get("province2", f"/grades/{opened['id']}")).text
        assert told in page
        assert 'value="publish"' not in page
        closed = await people.done("province2", opened["id"], "reject", reason="限制申请期内")
        assert (closed["state"], closed["obstacle"], await grade_at(runtime, clock.current)) == ("rejected", None, "D")

    async def test_once_it_is_reversed_the_publication_goes_on(
        self, people: People, runtime: Runtime, clock: ManualClock, client: Client
    ) -> None:
        opened = await people.publicised(grade="A")
        fall = await fallen(people)
        await people.done("plant", fall, "appeal", reason="材料无误")
        await people.done("province", fall, "grant_appeal", reason="材料无误")
        await pass_until(clock, runtime, client, datetime.fromisoformat(opened["window"]["end"]))
        await people.come()
        assert (await shown(people, opened["id"]))["obstacle"] is None
        await people.done("province2", opened["id"], "publish", document="x")
        await pass_by(clock, runtime, client, minutes=5)
        assert await grade_at(runtime, clock.current) == "A"

    async def test_a_published_list_goes_on_without_the_banned(
        self, people: People, runtime: Runtime, clock: ManualClock, client: Client
    ) -> None:
        await fallen(people)
        await pass_by(clock, runtime, client, minutes=5)
        batch = await entered(people, "province")
        refused = await people.post("province2", f"{GRADES}/imports/{batch}/publication", document="x")
        assert refused.status_code == 409, refused.text
        assert "2条结果中有1条不能公布" in refused.json()["detail_zh"]
        [fault] = refused.json()["errors"]
        assert "青城水泥有限公司" in fault["detail_zh"]
        assert f"Reject case {fault['case']}" in fault["detail"]
        status, page = await send(people, "province2", f"/grades/imports/{batch}/publication", document="x")
        assert (status, fault["detail_zh"] in page) == (409, True)
        await people.done("province2", fault["case"], "reject", reason="限制申请期内")
        done = await people.post("province2", f"{GRADES}/imports/{batch}/publication", document="x")
        assert (done.status_code, done.json()["published"], done.json()["left"]) == (201, 1, 0)
        await pass_by(clock, runtime, client, minutes=5)
        assert await grade_at(runtime, clock.current) == "D"


async def entered(people: People, name: str) -> str:
    made = await people.client.http.post(
        f"{GRADES}/imports",
        headers=people.calls[name] | {"content-type": "text/csv"},
        params={"adcode": CITY, "source": "2026年第一批"},
        content=LIST.encode(),
    )
    assert made.status_code == 201, made.text
    return str(made.json()["import"])


async def been(runtime: Runtime, grade: str, days: int) -> None:
    """The enterprise has had a grade for so many days."""
    async with runtime.unit() as uow:
        begun = NOW - timedelta(days=days)
        case = await uow.fetchval(
            "INSERT INTO grade_application (kind, uscc, name, adcode, county, industry, guide, grade, reason, created_at)"
            " VALUES ('rating', $1, 'x', $2, '150102', '水泥', 'G2020', $3, 'x', $4) RETURNING id",
            CEMENT,
            CITY,
            grade,
            begun,
        )
        await uow.execute(
            "INSERT INTO grade_decision (uscc, adcode, industry, guide, grade, kind, effective_from, application_id, reason,"
            " recorded_at) VALUES ($1, $2, '水泥', 'G2020', $3, 'rated', $4, $5, 'x', $4)",
            CEMENT,
            CITY,
            grade,
            begun,
            case,
        )
        await uow.commit()


class TestAPlus:
    async def test_it_is_not_published_once_the_a_is_lost(
        self, people: People, runtime: Runtime, clock: ManualClock, client: Client
    ) -> None:
        await been(runtime, "A", 1200)
        asked = await people.apply("province", grade="A+")
        assert asked.status_code == 201, asked.text
        case = asked.json()["id"]
        for name, move in (("province2", "review"), ("ministry", "review"), ("ministry", "publicise")):
            opened = await people.done(name, case, move)
        assert opened["obstacle"] is None
        fall = int((await people.post("city", f"{GRADES}/downgrades", uscc=CEMENT, cause="finding", reason="x")).json()["id"])
        await people.done("province", fall, "decide", reason="属实", document="x")
        await pass_until(clock, runtime, client, datetime.fromisoformat(opened["window"]["end"]))
        await people.come()
        refused = await people.step("ministry2", case, "publish", document="x")
        assert refused.status_code == 409
        assert "A+级在稳定达到A级2年以上的企业中遴选" in refused.json()["detail_zh"]
        assert f"Reject case {case}." in refused.json()["detail"]
        assert (await moves(people, case), await grade_at(runtime, clock.current)) == (["reject"], "D")

    @pytest.mark.parametrize(
        ("before", "refused"),
        [
            ([], False),
            ([(Grade.A, 100)], False),
            ([(Grade.A, 900), (Grade.A_PLUS, 100)], False),
            ([(Grade.B, 900), (Grade.A, 800)], False),
            ([(Grade.B, 300), (Grade.A, 100)], True),
            ([(Grade.A, 900), (Grade.B, 100)], True),
        ],
    )
    def test_one_published_elsewhere_is_held_against_what_was_decided_here(
        self, before: list[tuple[Grade, int]], refused: bool
    ) -> None:
        """What was before the first grade that was recorded here is not known here."""
        made = [
            Decided(number, "水泥", None, grade, DecisionKind.RATED, NOW - timedelta(days=days))
            for number, (grade, days) in enumerate(before)
        ]
        assert (contradicted(COUNTY, made, NOW) is not None) is refused


class TestAnObjectionThatOutlastsTheWindow:
    async def test_the_case_goes_on(self, people: People, runtime: Runtime, clock: ManualClock, client: Client) -> None:
        opened = await people.publicised(grade="A")
        await people.done("city", opened["id"], "object", reason="举报")
        end = datetime.fromisoformat(opened["window"]["end"])
        await pass_until(clock, runtime, client, end + timedelta(days=1))
        await people.come()
        found = await people.done("province2", opened["id"], "dismiss_objection", reason="不成立")
        assert found["state"] == "publicity_ended"
        assert [one["move"] for one in found["next"]] == ["publish", "reject"]

    async def test_one_that_stands_so_since_earlier_says_what_comes_next(
        self, people: People, runtime: Runtime, clock: ManualClock
    ) -> None:
        """The step at the end of its window was never written, and no job will come."""
        opened = await people.publicised(grade="A")
        clock.advance_to(datetime.fromisoformat(opened["window"]["end"]))
        await people.come()
        assert (await shown(people, opened["id"]))["state"] == "in_publicity"
        assert await moves(people, opened["id"]) == ["publish", "reject"]
        await people.done("province2", opened["id"], "publish", document="x")


class TestTwoAboutTheSame:
    async def rejected(self, people: People) -> int:
        case = int((await people.apply(grade="A")).json()["id"])
        for name, move in (("county", "review"), ("city", "review"), ("province", "reject")):
            await people.done(name, case, move, reason="x")
        return case

    async def test_none_is_taken_beside_an_appeal(self, people: People) -> None:
        case = await self.rejected(people)
        await people.done("plant", case, "appeal", reason="y")
        second = await people.apply(grade="A")
        assert (second.status_code, f"第{case}号" in second.json()["detail_zh"]) == (409, True)
        assert (await people.apply(grade="A", line_code="MF0001")).status_code == 201
        await people.done("province2", case, "grant_appeal", reason="y")

    async def test_no_appeal_is_taken_beside_a_new_application(self, people: People) -> None:
        case = await self.rejected(people)
        second = (await people.apply(grade="A")).json()["id"]
        refused = await people.step("plant", case, "appeal", reason="y")
        assert (refused.status_code, f"Case {second} about the same" in refused.json()["detail"]) == (409, True)
        await people.done("plant", second, "withdraw", reason="x")
        await people.done("plant", case, "appeal", reason="y")

    async def test_a_downgrade_under_appeal_holds_up_no_other(self, people: People) -> None:
        await people.done("plant", await fallen(people, grade="C"), "appeal", reason="y")
        await fallen(people)
