"""Grades over HTTP: the way from an application to a grade in force, who may do what, downgrades, appeals, ends."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import asyncpg
import pytest

from service.grades.flows import propose_downgrade
from service.grades.repository import grade_standing
from service.kit.clock import SHANGHAI, ManualClock
from service.kit.runtime import Runtime
from tests.service.grading import CEMENT, CITY, GRADES, NOW, SMALL, STEEL, People, pass_by, pass_until, with_list
from tests.support import Client


@pytest.fixture
async def people(client: Client, runtime: Runtime, clock: ManualClock) -> People:
    clock.current = NOW
    await with_list(runtime)
    return await People(client).come()


async def standing(runtime: Runtime, at: datetime, uscc: str = CEMENT) -> str | None:
    async with runtime.unit() as uow:
        found = await grade_standing(uow, uscc, CITY, at)
    return None if found is None or found.grade is None else found.grade.value


def states(case: dict[str, Any]) -> list[str]:
    return [step["state"] for step in case["steps"]]


class TestTheWay:
    async def test_from_application_to_in_force(
        self, people: People, runtime: Runtime, clock: ManualClock, client: Client
    ) -> None:
        opened = await people.publicised()
        # announced on Monday 5 January 2026, seven working days from the next day
        assert opened["window"]["end"] == "2026-01-15T00:00:00+08:00"
        assert opened["window"]["established"] is True
        assert opened["window"]["weekdays_only"] is False
        assert (await people.step("province2", opened["id"], "publish", document="x")).status_code == 409
        await pass_until(clock, runtime, client, datetime(2026, 1, 15, tzinfo=SHANGHAI))
        found = (await people.get("city", f"{GRADES}/applications/{opened['id']}")).json()
        assert found["state"] == "publicity_ended"
        published = await people.done("province2", opened["id"], "publish", document="内环发〔2026〕1号")
        begins = datetime.fromisoformat(published["effective_from"])
        assert begins > clock.current
        assert await standing(runtime, begins - timedelta(seconds=1)) is None
        assert await standing(runtime, begins) == "A"
        await pass_until(clock, runtime, client, begins)
        found = (await people.get("plant", f"{GRADES}/applications/{opened['id']}")).json()
        assert states(found) == [
            "applied",
            "district_reviewed",
            "city_reviewed",
            "province_reviewed",
            "in_publicity",
            "publicity_ended",
            "published",
            "in_force",
        ]
        assert found["next"] == []
        async with runtime.unit() as uow:
            kinds = [row["kind"] for row in await uow.fetch("SELECT kind FROM ledger_entry WHERE kind LIKE 'grade.%' ORDER BY id")]
        assert kinds == [f"grade.{step['move']}" for step in found["steps"]]

    async def test_the_clock_moves_a_case_once(
        self, people: People, runtime: Runtime, clock: ManualClock, client: Client
    ) -> None:
        opened = await people.publicised()
        end = datetime.fromisoformat(opened["window"]["end"])
        await pass_until(clock, runtime, client, end)
        async with runtime.unit() as uow:
            await uow.enqueue("move_grade", {"case": opened["id"]})
            await uow.enqueue("move_grade", {"case": opened["id"]})
            await uow.commit()
        await client.work()
        found = (await people.get("city", f"{GRADES}/applications/{opened['id']}")).json()
        assert states(found).count("publicity_ended") == 1

    async def test_a_step_settles_what_the_clock_has_not_done_yet(
        self, people: People, clock: ManualClock
    ) -> None:
        opened = await people.publicised()
        clock.advance_to(datetime.fromisoformat(opened["window"]["end"]))
        found = await people.done("province2", opened["id"], "publish", document="x")
        assert states(found)[-2:] == ["publicity_ended", "published"]

    async def test_it_is_never_in_force_before_it_is_recorded(
        self, people: People, runtime: Runtime, clock: ManualClock, client: Client
    ) -> None:
        opened = await people.publicised()
        await pass_until(clock, runtime, client, datetime.fromisoformat(opened["window"]["end"]))
        found = await people.done(
            "province2", opened["id"], "publish", document="x", effective_from="2020-01-01T00:00:00+08:00"
        )
        assert datetime.fromisoformat(found["effective_from"]) >= clock.current

    async def test_the_database_itself_refuses_a_grade_of_yesterday(
        self, people: People, runtime: Runtime, clock: ManualClock
    ) -> None:
        case = (await people.apply()).json()["id"]
        async with runtime.unit() as uow:
            with pytest.raises(asyncpg.CheckViolationError):
                await uow.execute(
                    "INSERT INTO grade_decision (uscc, adcode, industry, guide, grade, kind, effective_from, application_id,"
                    " reason, recorded_at) VALUES ($1, $2, '水泥', 'G2020', 'A', 'rated', $3, $4, 'x', $5)",
                    CEMENT,
                    CITY,
                    clock.current - timedelta(seconds=1),
                    case,
                    clock.current,
                )


class TestWhoMay:
    async def test_each_level_in_its_turn(self, people: People) -> None:
        case = (await people.apply()).json()["id"]
        assert [one["level"] for one in (await people.get("plant", f"{GRADES}/applications/{case}")).json()["next"][0]["by"]] == [
            "district"
        ]
        for name in ("city", "province", "ministry", "plant"):
            answer = await people.step(name, case, "review")
            assert answer.status_code == 403, (name, answer.text)
        assert (await people.step("auditor", case, "review")).status_code == 403
        assert (await people.step("stranger", case, "withdraw", reason="x")).status_code == 404
        assert (await people.step("elsewhere", case, "review")).status_code == 404

    async def test_nobody_passes_two_steps(self, people: People, runtime: Runtime, clock: ManualClock, client: Client) -> None:
        opened = await people.publicised()
        await pass_until(clock, runtime, client, datetime.fromisoformat(opened["window"]["end"]))
        answer = await people.step("province", opened["id"], "publish", document="x")
        assert answer.status_code == 403
        assert "four eyes" in answer.json()["detail"]
        assert (await people.step("province2", opened["id"], "publish", document="x")).status_code == 201

    async def test_who_put_it_forward_does_not_review_it(self, people: People) -> None:
        case = (await people.apply("county")).json()["id"]
        assert (await people.step("county", case, "review")).status_code == 403

    async def test_an_enterprise_applies_for_itself_only(self, people: People) -> None:
        assert (await people.apply("stranger")).status_code == 403
        assert (await people.apply("auditor")).status_code == 403
        assert (await people.apply("elsewhere")).status_code == 403

    async def test_an_illegal_step_says_what_is_possible(self, people: People) -> None:
        case = (await people.apply()).json()["id"]
        answer = await people.step("province", case, "publish", document="x")
        assert answer.status_code == 409
        assert "审核通过" in answer.json()["detail_zh"]


class TestApplying:
    async def test_every_fault_at_once(self, people: People) -> None:
        answer = await people.apply(grade="B-", line_code="MF0009", subtype="没有")
        assert answer.status_code == 422
        assert {one["pointer"] for one in answer.json()["errors"]} == {"/body/line_code", "/body/subtype"}
        answer = await people.apply(grade="B-", line_code="MF0009")
        assert {one["pointer"] for one in answer.json()["errors"]} == {"/body/line_code", "/body/grade"}

    async def test_a_subtype_has_its_own_scheme(self, people: People) -> None:
        refused = await people.apply(grade="B", subtype="水泥粉磨站")
        assert refused.status_code == 422
        assert "引领性" in refused.json()["errors"][0]["detail"]
        assert (await people.apply(grade="LEADING", subtype="水泥粉磨站")).status_code == 201

    async def test_steel_needs_its_evaluation(self, people: People) -> None:
        asked = {"uscc": STEEL, "grade": "A"}
        assert (await people.apply("stranger", **asked)).json()["errors"][0]["pointer"] == "/body/evidence"
        assert (await people.apply("stranger", **asked, evidence="2025-11 公示，内环函〔2025〕9号")).status_code == 201

    async def test_an_industry_outside_the_guide(self, people: People) -> None:
        answer = await people.apply("city", uscc=SMALL)
        assert answer.status_code == 422
        assert answer.json()["errors"][0]["pointer"] == "/body/industry"

    async def test_one_open_case_for_a_subject(self, people: People) -> None:
        assert (await people.apply()).status_code == 201
        assert (await people.apply(grade="B")).status_code == 409
        assert (await people.apply(line_code="MF0002")).status_code == 201

    async def test_a_plus_is_not_applied_for(self, people: People, clock: ManualClock) -> None:
        assert (await people.apply(grade="A+")).status_code == 403
        assert (await people.apply("province", grade="A+")).status_code == 409


class TestObjections:
    async def test_dismissed_the_publicity_goes_on(
        self, people: People, runtime: Runtime, clock: ManualClock, client: Client
    ) -> None:
        opened = await people.publicised()
        await people.done("city", opened["id"], "object", reason="群众反映异味")
        end = datetime.fromisoformat(opened["window"]["end"])
        await pass_until(clock, runtime, client, end + timedelta(days=1))
        answer = await people.step("province2", opened["id"], "publish", document="x")
        assert answer.status_code == 409
        found = await people.done("province2", opened["id"], "dismiss_objection", reason="经核实不属实")
        assert found["state"] == "publicity_ended"
        await pass_by(clock, runtime, client, minutes=1)
        answer = await people.step("province", opened["id"], "publish", document="x")
        assert answer.status_code == 403

    async def test_upheld_it_is_rejected_and_may_be_appealed(self, people: People) -> None:
        opened = await people.publicised()
        await people.done("county", opened["id"], "object", reason="在线数据超标")
        assert (await people.step("province2", opened["id"], "uphold_objection")).status_code == 422
        await people.done("province2", opened["id"], "uphold_objection", reason="属实")
        found = await people.done("plant", opened["id"], "appeal", reason="数据为校准期间")
        assert found["state"] == "appealed"

    async def test_too_late(self, people: People, clock: ManualClock) -> None:
        opened = await people.publicised()
        clock.advance_to(datetime.fromisoformat(opened["window"]["end"]))
        assert (await people.step("city", opened["id"], "object", reason="x")).status_code == 409


class TestReviews:
    async def test_a_review_may_find_less_never_more(self, people: People) -> None:
        case = (await people.apply(grade="B")).json()["id"]
        assert (await people.step("county", case, "review", grade="A")).status_code == 422
        found = await people.done("county", case, "review", grade="C")
        assert (found["asked"], found["grade"]) == ("B", "C")

    async def test_rejected_with_a_reason(self, people: People) -> None:
        case = (await people.apply()).json()["id"]
        assert (await people.step("county", case, "reject")).status_code == 422
        found = await people.done("county", case, "reject", reason="指标不符合")
        assert (found["state"], found["steps"][-1]["reason"]) == ("rejected", "指标不符合")


class TestEnds:
    async def test_a_grade_expires_at_its_instant(
        self, people: People, runtime: Runtime, clock: ManualClock, client: Client
    ) -> None:
        found = await people.published(clock, runtime, valid_until="2027-01-01T00:00:00+08:00")
        end = datetime(2027, 1, 1, tzinfo=SHANGHAI)
        assert await standing(runtime, end - timedelta(seconds=1)) == "A"
        assert await standing(runtime, end) == "D"
        await pass_until(clock, runtime, client, end)
        case = (await people.get("city", f"{GRADES}/applications/{found['id']}")).json()
        assert case["state"] == "expired"

    async def test_a_new_grade_takes_the_place_of_the_old(
        self, people: People, runtime: Runtime, clock: ManualClock
    ) -> None:
        first = await people.published(clock, runtime, grade="B")
        second = await people.published(clock, runtime, grade="A")
        history = (await people.get("plant", f"/api/v1/enterprises/{CEMENT}/grades")).json()
        assert [one["grade"] for one in history["decisions"]] == ["A", "B"]
        assert {one["id"]: one["state"] for one in history["cases"]} == {
            first["id"]: "superseded",
            second["id"]: "in_force",
        }
        assert [one["grade"] for one in history["in_force"]] == ["A"]


async def finding(runtime: Runtime, number: int = 7) -> int:
    async with runtime.unit() as uow:
        case = await propose_downgrade(uow, uscc=CEMENT, adcode=CITY, finding_id=number, reason="预警期间2号线未停产")
        await uow.commit()
    return case


class TestDowngrades:
    async def test_a_finding_changes_nothing_before_it_is_decided(
        self, people: People, runtime: Runtime, clock: ManualClock, client: Client
    ) -> None:
        await people.published(clock, runtime)
        case = await finding(runtime)
        assert await finding(runtime) == case
        assert await standing(runtime, clock.current) == "A"
        assert (await people.step("city", case, "decide", reason="x", document="y")).status_code == 403
        found = await people.done("province", case, "decide", reason="属实", document="内环罚〔2026〕3号")
        assert (found["before"], found["grade"]) == ("A", "D")
        begins = datetime.fromisoformat(found["effective_from"])
        assert await standing(runtime, begins - timedelta(seconds=1)) == "A"
        assert await standing(runtime, begins) == "D"

    async def test_a_ban_holds_until_its_end(
        self, people: People, runtime: Runtime, clock: ManualClock, client: Client
    ) -> None:
        case = await finding(runtime)
        await people.done(
            "city", case, "decide", reason="属实", document="x", ban_until="2026-07-01T00:00:00+08:00"
        )
        await pass_by(clock, runtime, client, minutes=2)
        refused = await people.apply()
        assert refused.status_code == 409
        assert "2026-07-01" in refused.json()["detail"]
        await pass_until(clock, runtime, client, datetime(2026, 7, 1, tzinfo=SHANGHAI))
        assert (await people.apply()).status_code == 201
        async with runtime.unit() as uow:
            assert await uow.fetchval("SELECT count(*) FROM ledger_entry WHERE kind = 'grade.end_ban'") == 1

    async def test_an_appeal_that_is_granted_gives_the_grade_back_from_then_on(
        self, people: People, runtime: Runtime, clock: ManualClock, client: Client
    ) -> None:
        await people.published(clock, runtime)
        case = await finding(runtime)
        found = await people.done("province", case, "decide", reason="属实", document="x")
        fell = datetime.fromisoformat(found["effective_from"])
        await pass_by(clock, runtime, client, days=1)
        await people.done("plant", case, "appeal", reason="电表故障")
        assert await standing(runtime, clock.current) == "D"
        found = await people.done("province2", case, "grant_appeal", reason="电表确有故障")
        back = datetime.fromisoformat(found["effective_from"])
        assert found["state"] == "reversed"
        assert [await standing(runtime, at) for at in (fell, clock.current, back)] == ["D", "D", "A"]

    async def test_a_faked_evaluation_of_steel_means_d(self, people: People) -> None:
        body = {"uscc": STEEL, "cause": "faked_evaluation", "reason": "评估监测弄虚作假"}
        answer = await people.post("city", f"{GRADES}/downgrades", **body)
        assert answer.status_code == 201, answer.text
        assert (answer.json()["grade"], answer.json()["state"]) == ("D", "proposed")

    async def test_the_proposer_does_not_decide(self, people: People) -> None:
        body = {"uscc": CEMENT, "cause": "false_material", "reason": "材料不实"}
        case = (await people.post("city", f"{GRADES}/downgrades", **body)).json()["id"]
        assert (await people.step("city", case, "decide", reason="x", document="x")).status_code == 403
        assert (await people.step("city2", case, "decide", reason="x", document="x")).status_code == 201

    async def test_a_downgrade_does_not_lift(self, people: People) -> None:
        body = {"uscc": CEMENT, "cause": "finding", "reason": "x", "grade": "A"}
        assert (await people.post("city", f"{GRADES}/downgrades", **body)).status_code == 422


class TestOddInput:
    @pytest.mark.parametrize("instant", ["9999-12-31T23:59:59+00:00", "0001-01-01T00:00:00+08:00", "2026-01-01T00:00:00"])
    async def test_instants_out_of_reach(self, people: People, instant: str) -> None:
        case = (await people.apply()).json()["id"]
        assert (await people.step("county", case, "review", effective_from=instant)).status_code == 422

    async def test_a_nul_is_refused(self, people: People) -> None:
        assert (await people.apply(reason="a\0b")).status_code == 422

    @pytest.mark.parametrize("path", [f"{GRADES}/applications/4611686018427387904", f"{GRADES}?adcode=xx", f"{GRADES}?state=x"])
    async def test_odd_paths(self, people: People, path: str) -> None:
        assert (await people.get("city", path)).status_code in {404, 422}


class TestListing:
    async def test_by_state_and_grade_in_pages(self, people: People) -> None:
        first = (await people.apply(grade="A")).json()["id"]
        second = (await people.apply(grade="B", line_code="MF0001")).json()["id"]
        third = (await people.apply("stranger", uscc=STEEL, grade="C")).json()["id"]
        await people.done("county", first, "review")

        async def ids(name: str, query: str) -> list[int]:
            return [one["id"] for one in (await people.get(name, GRADES + query)).json()["items"]]

        assert await ids("city", "?state=applied") == [third, second]
        assert await ids("city", "?grade=A") == [first]
        assert await ids("plant", "") == [second, first]
        assert await ids("elsewhere", "") == []
        assert await ids("county", f"?adcode={CITY}") == [third, second, first]
        page = (await people.get("city", f"{GRADES}?size=2")).json()
        assert [one["id"] for one in page["items"]] == [third, second]
        assert await ids("city", f"?size=2&after={page['next']}") == [first]
