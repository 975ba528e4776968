"""A grade that was published to begin later, and what was decided before it began: cases, grades and appeals."""

from __future__ import annotations

from datetime import datetime

import pytest

from emission_lists.grades import Grade
from service.kit.clock import SHANGHAI, ManualClock
from service.kit.runtime import Runtime
from tests.service.grading import CEMENT, GRADES, NOW, People, grade_at, pass_by, pass_until, rows, with_list
from tests.support import Client

MARCH = datetime(2026, 3, 1, tzinfo=SHANGHAI)
BAN = "2027-06-01T00:00:00+08:00"


@pytest.fixture
async def people(client: Client, runtime: Runtime, clock: ManualClock) -> People:
    clock.current = NOW
    await with_list(runtime, rows(Grade.B))
    return await People(client).come()


async def state_of(people: People, case: int) -> str:
    return str((await people.get("province", f"{GRADES}/applications/{case}")).json()["state"])


class TestPublishedForLater:
    async def for_march(self, people: People, clock: ManualClock, runtime: Runtime) -> int:
        """An A that is published in January to begin in March; returns its case."""
        opened = await people.publicised(grade="A")
        await pass_until(clock, runtime, people.client, datetime.fromisoformat(opened["window"]["end"]))
        await people.come()
        stated = {"document": "内环发〔2026〕1号", "effective_from": MARCH.isoformat()}
        assert (await people.done("province2", opened["id"], "publish", **stated))["state"] == "published"
        return int(opened["id"])

    async def fallen(self, people: People, clock: ManualClock, runtime: Runtime, **stated: str) -> int:
        asked = {"uscc": CEMENT, "cause": "false_material", "reason": "材料不实"}
        case = int((await people.post("city", f"{GRADES}/downgrades", **asked)).json()["id"])
        await people.done("province2", case, "decide", reason="属实", document="x", ban_until=BAN, **stated)
        await pass_by(clock, runtime, people.client, minutes=10)
        return case

    async def test_a_downgrade_before_keeps_it_from_ever_beginning(
        self, people: People, runtime: Runtime, clock: ManualClock, client: Client
    ) -> None:
        rated = await self.for_march(people, clock, runtime)
        fall = await self.fallen(people, clock, runtime)
        assert (await state_of(people, rated), await grade_at(runtime, clock.current)) == ("superseded", "D")
        await pass_until(clock, runtime, client, MARCH)
        await pass_by(clock, runtime, client, days=30)
        await people.come()
        assert [await state_of(people, case) for case in (rated, fall)] == ["superseded", "in_force"]
        assert [await grade_at(runtime, at) for at in (MARCH, clock.current)] == ["D", "D"]
        history = (await people.get("province", f"/api/v1/enterprises/{CEMENT}/grades")).json()
        assert [one["grade"] for one in history["in_force"]] == ["D"]
        assert [(one["grade"], one["superseded"]) for one in history["decisions"]] == [("A", True), ("D", False)]
        page = (await people.get("province", f"/enterprises/{CEMENT}")).text
        assert page.count("生效前已被后来的决定替代") == 1

    async def test_a_granted_appeal_gives_it_back_from_march(
        self, people: People, runtime: Runtime, clock: ManualClock, client: Client
    ) -> None:
        await self.for_march(people, clock, runtime)
        fall = await self.fallen(people, clock, runtime)
        await people.done("plant", fall, "appeal", reason="材料无误")
        await people.done("province", fall, "grant_appeal", reason="材料无误")
        await pass_by(clock, runtime, client, minutes=10)
        assert await grade_at(runtime, clock.current) == "B"
        await pass_until(clock, runtime, client, MARCH)
        assert await grade_at(runtime, clock.current) == "A"

    async def test_a_downgrade_reversed_before_its_begin_never_begins(
        self, people: People, runtime: Runtime, clock: ManualClock, client: Client
    ) -> None:
        fall = await self.fallen(people, clock, runtime, effective_from=MARCH.isoformat())
        await people.done("plant", fall, "appeal", reason="材料无误")
        await people.done("province", fall, "grant_appeal", reason="材料无误")
        await pass_until(clock, runtime, client, MARCH)
        await people.come()
        assert (await state_of(people, fall), await grade_at(runtime, clock.current)) == ("reversed", "B")

    async def test_of_two_downgrades_the_one_for_later_does_not_lift_the_other(
        self, people: People, runtime: Runtime, clock: ManualClock, client: Client
    ) -> None:
        later = await self.fallen(people, clock, runtime, effective_from=MARCH.isoformat(), grade="C")
        sooner = await self.fallen(people, clock, runtime)
        assert [await state_of(people, case) for case in (later, sooner)] == ["superseded", "in_force"]
        await pass_until(clock, runtime, client, MARCH)
        await people.come()
        assert (await state_of(people, later), await grade_at(runtime, clock.current)) == ("superseded", "D")
        banned = await people.apply()
        assert (banned.status_code, "2027-06-01" in banned.json()["detail"]) == (409, True)

    async def test_a_case_stored_as_published_is_superseded_at_its_begin(
        self, people: People, runtime: Runtime, clock: ManualClock, client: Client
    ) -> None:
        """As data of earlier releases have it: the step that supersedes was never written."""
        rated = await self.for_march(people, clock, runtime)
        async with runtime.unit() as uow:
            await uow.execute(
                "INSERT INTO grade_decision (uscc, adcode, industry, guide, grade, kind, effective_from, application_id,"
                " reason, recorded_at) SELECT uscc, adcode, industry, guide, 'D', 'finding', $2, application_id, 'x', $2"
                " FROM grade_decision WHERE application_id = $1",
                rated,
                clock.current,
            )
            await uow.commit()
        await pass_until(clock, runtime, client, MARCH)
        assert await grade_at(runtime, clock.current) == "D"
