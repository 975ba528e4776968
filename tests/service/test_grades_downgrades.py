"""Where a downgrade may lead, whose ban an appeal ends, and since when a grade is held."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from emission_lists.grades import Grade
from emission_lists.standing import at_most
from service.grades import cases
from service.grades.downgrading import fall_faults
from service.grades.obstacles import stable_for
from service.grades.repository import reversed_cases
from service.kit.clock import SHANGHAI, ManualClock
from service.kit.runtime import Runtime
from tests.service.grading import (
    CEMENT,
    CITY,
    GRADES,
    NOW,
    STEEL,
    People,
    grade_at,
    pass_by,
    pass_until,
    rows,
    with_list,
)
from tests.support import Client

LETTERS = (Grade.A, Grade.B, Grade.B_MINUS, Grade.C, Grade.D)


@pytest.fixture
async def people(client: Client, runtime: Runtime, clock: ManualClock) -> People:
    clock.current = NOW
    await with_list(runtime, rows(Grade.B))
    return await People(client).come()


async def proposed(people: People, name: str = "city", **body: str) -> int:
    answer = await people.post(
        name, f"{GRADES}/downgrades", **{"uscc": CEMENT, "cause": "false_material", "reason": "材料不实"} | body
    )
    assert answer.status_code == 201, answer.text
    return int(answer.json()["id"])


class TestWhere:
    @pytest.mark.parametrize(
        ("body", "pointer", "told"),
        [
            ({"uscc": STEEL, "grade": "NON_LEADING"}, "/body/grade", "长流程联合钢铁没有非引领性；可以是：D"),
            ({"uscc": STEEL, "grade": "A+"}, "/body/grade", "长流程联合钢铁没有A+级；可以是：D"),
            ({"uscc": STEEL, "grade": "B"}, "/body/grade", "B级不低于生效的C级；可以是：D"),
            ({"grade": "UNGRADED"}, "/body/grade", "水泥没有未评级；可以是：C、D"),
            ({"industry": "水尼"}, "/body/industry", "未列入“水尼”，也没有该行业的等级；有：水泥"),
            ({"industry": "陶瓷"}, "/body/industry", "未列入“陶瓷”，也没有该行业的等级；有：水泥"),
            ({"industry": "水泥/没有这个子类", "grade": "A"}, "/body/grade", "A级不低于生效的B级；可以是：C、D"),
        ],
    )
    async def test_what_is_wrong_is_told_with_what_is_possible(
        self, people: People, body: dict[str, str], pointer: str, told: str
    ) -> None:
        asked = {"uscc": CEMENT, "cause": "finding", "reason": "x"} | body
        answer = await people.post("city", f"{GRADES}/downgrades", **asked)
        assert answer.status_code == 422, answer.text
        [fault] = answer.json()["errors"]
        assert fault["pointer"] == pointer
        assert told in fault["detail_zh"]
        assert fault["detail"]
        assert (await people.get("city", GRADES)).json()["items"] == []

    async def test_an_industry_that_was_rated_may_be_downgraded_as_the_list_s_own(
        self, people: People, runtime: Runtime, clock: ManualClock
    ) -> None:
        await people.published(clock, runtime, industry="石灰窑", grade="B")
        case = await proposed(people, industry="石灰窑")
        found = (await people.get("city", f"{GRADES}/applications/{case}")).json()
        assert (found["industry"], found["before"], found["grade"]) == ("石灰窑", "B", "D")
        assert (await people.get("city", f"{GRADES}/applications/{await proposed(people)}")).json()["industry"] == "水泥"

    @pytest.mark.parametrize("grade", ["NON_LEADING", "A+", "A", "UNGRADED"])
    async def test_a_decision_leads_no_further_than_a_proposal(self, people: People, grade: str) -> None:
        case = await proposed(people)
        answer = await people.step("province", case, "decide", reason="属实", document="x", grade=grade)
        assert answer.status_code == 422, answer.text
        assert [fault["pointer"] for fault in answer.json()["errors"]] == ["/body/grade"]
        assert (await people.step("province", case, "decide", reason="属实", document="x", grade="C")).status_code == 201

    @given(st.sampled_from(LETTERS), st.sampled_from(list(Grade)))
    def test_what_is_let_through_is_legal_and_not_above(self, current: Grade, target: Grade) -> None:
        let = not fall_faults("水泥", LETTERS, current, target)
        assert let == (target in LETTERS and at_most(target, current) is True)

    @given(st.sampled_from(list(Grade)), st.sampled_from(list(Grade)))
    def test_where_no_scheme_is_established_only_what_is_above_is_refused(self, current: Grade, target: Grade) -> None:
        assert bool(fall_faults("木材加工", (), current, target)) == (at_most(target, current) is False)

    def test_two_schemes_side_by_side_are_not_mixed(self) -> None:
        both = (*LETTERS, Grade.LEADING, Grade.NON_LEADING)
        [fault] = fall_faults("水泥", both, Grade.B, Grade.NON_LEADING)
        assert "无法比较高低；可以是：B-、C、D" in fault["detail_zh"]
        assert not fall_faults("水泥", both, Grade.LEADING, Grade.NON_LEADING)
        assert not fall_faults("水泥", (Grade.LEADING, Grade.NON_LEADING), Grade.C, Grade.NON_LEADING)


class TestBans:
    END = "2027-06-01T00:00:00+08:00"

    async def fallen(self, people: People, by: str = "province", **body: str) -> int:
        case = await proposed(people, **body)
        await people.done(by, case, "decide", reason="属实", document="x", ban_until=self.END)
        return case

    async def appealed(self, people: People, case: int) -> None:
        await people.done("plant", case, "appeal", reason="电表故障")
        await people.done("province2", case, "grant_appeal", reason="电表确有故障")

    async def test_an_appeal_about_another_case_does_not_end_it(
        self, people: People, runtime: Runtime, clock: ManualClock, client: Client
    ) -> None:
        await people.published(clock, runtime, industry="石灰窑", grade="B")
        await self.fallen(people)
        other = await self.fallen(people, industry="石灰窑")
        await pass_by(clock, runtime, client, minutes=5)
        await self.appealed(people, other)
        await pass_by(clock, runtime, client, minutes=5)
        refused = await people.apply()
        assert refused.status_code == 409
        assert "2027-06-01" in refused.json()["detail"]
        async with runtime.unit() as uow:
            assert await reversed_cases(uow, CEMENT, CITY) == {other}

    async def test_it_ends_though_the_earlier_grade_has_run_out(
        self, people: People, runtime: Runtime, clock: ManualClock, client: Client
    ) -> None:
        end = datetime(2026, 3, 1, tzinfo=SHANGHAI)
        await people.published(clock, runtime, valid_until=end.isoformat())
        case = await self.fallen(people, grade="C")
        await pass_until(clock, runtime, client, end)
        await people.come()  # sessions have run out meanwhile
        await self.appealed(people, case)
        found = (await people.get("city", f"{GRADES}/applications/{case}")).json()
        assert (found["state"], found["ban_until"]) == ("reversed", None)
        back = datetime.fromisoformat(found["effective_from"])
        # A ran out while it was appealed: what holds after it comes back, not A
        assert [await grade_at(runtime, back - timedelta(seconds=1)), await grade_at(runtime, back)] == ["C", "D"]
        assert (await people.apply(grade="B")).status_code == 201

    async def test_it_ends_where_the_appeal_had_suspended_the_downgrade(
        self, people: People, runtime: Runtime, clock: ManualClock, client: Client, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        given_ = cases.rules_for

        def suspending(adcode: str, on: object) -> object:
            rules = given_(adcode, on)  # type: ignore[arg-type]
            suspends = rules.appeal_suspends.model_copy(update={"value": True})
            return rules.model_copy(update={"appeal_suspends": suspends})

        monkeypatch.setattr(cases, "rules_for", suspending)
        await people.published(clock, runtime)
        case = await self.fallen(people)
        await pass_by(clock, runtime, client, minutes=5)
        await people.done("plant", case, "appeal", reason="电表故障")
        await pass_by(clock, runtime, client, minutes=5)
        assert await grade_at(runtime, clock.current) == "A"
        assert (await people.apply(grade="A")).status_code == 409
        await people.done("province2", case, "grant_appeal", reason="电表确有故障")
        await pass_by(clock, runtime, client, minutes=5)
        assert await grade_at(runtime, clock.current) == "A"
        history = (await people.get("plant", f"/api/v1/enterprises/{CEMENT}/grades")).json()
        assert [one["kind"] for one in history["decisions"]][:2] == ["appeal_granted", "appeal_pending"]
        assert (await people.apply(grade="A")).status_code == 201

    async def test_a_granted_appeal_lifts_no_later_downgrade(
        self, people: People, runtime: Runtime, clock: ManualClock, client: Client
    ) -> None:
        await people.published(clock, runtime)
        first = await self.fallen(people, grade="C")
        await pass_by(clock, runtime, client, minutes=5)
        await people.done("plant", first, "appeal", reason="电表故障")
        await self.fallen(people, by="city2", grade="D", cause="finding")
        await pass_by(clock, runtime, client, minutes=5)
        await people.done("province2", first, "grant_appeal", reason="电表确有故障")
        await pass_by(clock, runtime, client, minutes=5)
        assert await grade_at(runtime, clock.current) == "D"
        assert (await people.apply(grade="B")).status_code == 409


async def held(runtime: Runtime, *decisions: tuple[datetime, datetime | None]) -> None:
    """Grade A from and until instants that have passed, as they stood in the books then."""
    async with runtime.unit() as uow:
        for begins, ends in decisions:
            case = await uow.fetchval(
                "INSERT INTO grade_application (kind, uscc, name, adcode, county, industry, guide, grade, reason, created_at)"
                " VALUES ('rating', $1, 'x', $2, '150102', '水泥', 'G2020', 'A', 'x', $3) RETURNING id",
                CEMENT,
                CITY,
                begins,
            )
            await uow.execute(
                "INSERT INTO grade_decision (uscc, adcode, industry, guide, grade, kind, effective_from, valid_until,"
                " grade_after, application_id, reason, recorded_at)"
                " VALUES ($1, $2, '水泥', 'G2020', 'A', 'rated', $3, $4, 'D', $5, 'x', $6)",
                CEMENT,
                CITY,
                begins,
                ends,
                case,
                begins - timedelta(minutes=2),
            )
        await uow.commit()


def day(year: int, month: int, number: int) -> datetime:
    return datetime(year, month, number, tzinfo=SHANGHAI)


class TestAPlus:
    @pytest.mark.parametrize(
        ("decisions", "status"),
        [
            # since 2020, renewed in 2025 to the instant
            ([(day(2020, 1, 1), day(2025, 6, 1)), (day(2025, 6, 1), None)], 201),
            # a gap of one day begins anew
            ([(day(2020, 1, 1), day(2025, 6, 1)), (day(2025, 6, 2), None)], 409),
            ([(day(2024, 3, 29), None)], 201),
            ([(day(2024, 4, 1), None)], 409),
        ],
    )
    async def test_two_years_of_a_are_counted_over_renewals_to_the_day(
        self,
        client: Client,
        runtime: Runtime,
        clock: ManualClock,
        decisions: list[tuple[datetime, datetime | None]],
        status: int,
    ) -> None:
        clock.current = day(2026, 3, 31)
        await with_list(runtime, rows(Grade.A))
        await held(runtime, *decisions)
        people = await People(client).come()
        answer = await people.apply("province", grade="A+")
        assert answer.status_code == status, answer.text
        assert status == 201 or "该企业自" in answer.json()["detail_zh"]

    @given(
        st.integers(0, 4_700_000_000).map(lambda seconds: day(2001, 1, 1) + timedelta(seconds=seconds)),
        st.integers(0, 10),
        st.sampled_from([-60, -1, 0, 1, 60, 86_400]),
    )
    def test_by_the_calendar_in_beijing_whatever_zone_it_is_stored_in(
        self, since: datetime, years: int, seconds: int
    ) -> None:
        """The same date and time some years later; of 29 February the 28th where there is none."""
        leap = since.month == 2 and since.day == 29 and (since.year + years) % 4 != 0
        same_day = since.replace(year=since.year + years, day=28 if leap else since.day)
        now = same_day + timedelta(seconds=seconds)
        assert stable_for(since.astimezone(UTC), years, now.astimezone(UTC)) is (seconds >= 0)
