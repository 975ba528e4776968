"""What a grade or a guarantee does to a requirement: what is in force at the start counts, the past never changes."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import Any

import pytest

from emission_lists.entitlement import Decisions
from emission_lists.grades import Grade
from emission_lists.guides import ListProfile
from emission_lists.levels import PerLevel
from emission_lists.lists import GuaranteeType, ListRow
from emission_lists.measures import Action, Basis, LoadCap, Measure
from emission_lists.seasonal import SeasonalEntry
from emission_lists.standing import Decided, DecisionKind
from service.accounts.roles import Principal, Role, Scope
from service.enterprises.sources import Listed, Lists
from service.kit.clock import SHANGHAI, ManualClock
from service.kit.problems import Conflict
from service.kit.runtime import Runtime
from service.kit.unit_of_work import UnitOfWork
from service.lists.workbooks import profile
from service.seasonal.flows import store
from tests.service.grading import (
    CEMENT,
    CITY,
    COUNTY,
    GRADES,
    NOW,
    People,
    pass_by,
    pass_until,
    respond,
    rows,
    with_list,
)
from tests.support import Client

GUARANTEES = "/api/v1/guarantees"


@pytest.fixture
async def people(client: Client, runtime: Runtime, clock: ManualClock) -> People:
    clock.current = NOW
    await with_list(runtime)
    return await People(client).come()


async def answer(people: People, at: datetime | None = None, name: str = "plant") -> dict[str, Any]:
    """The requirement now or at an instant."""
    return dict(json.loads(await raw(people, at, name)))


async def raw(people: People, at: datetime | None = None, name: str = "plant") -> bytes:
    query = {} if at is None else {"at": at.isoformat()}
    found = await people.client.http.get(
        f"/api/v1/enterprises/{CEMENT}/requirements", headers=people.calls[name], params=query
    )
    assert found.status_code == 200, found.text
    return found.content


def actions(required: dict[str, Any]) -> set[str]:
    return {line["action"] for line in required["lines"]}


class TestGrades:
    async def test_an_upgrade_before_the_start_changes_the_answer(
        self, people: People, runtime: Runtime, clock: ManualClock
    ) -> None:
        await people.published(clock, runtime)
        start = clock.current + timedelta(hours=1)
        await respond(runtime, start)
        clock.advance_to(start)
        required = await answer(people)
        assert (required["grade"], actions(required)) == ("A", {"self_determined"})
        assert required["notes"][0]["code"] == "GRADE_NOT_IN_LIST"
        assert "清单载明C级，生效等级A级" in required["notes"][0]["zh"]

    async def test_an_upgrade_during_the_response_does_not(
        self, people: People, runtime: Runtime, clock: ManualClock
    ) -> None:
        await respond(runtime, clock.current)
        await people.published(clock, runtime)
        required = await answer(people)
        assert (required["grade"], actions(required), required["notes"]) == ("C", {"stop"}, [])

    async def test_an_announced_response_counts_the_grade_of_its_start(
        self, people: People, runtime: Runtime, clock: ManualClock, client: Client
    ) -> None:
        opened = await people.publicised()
        await pass_until(clock, runtime, client, datetime.fromisoformat(opened["window"]["end"]))
        start = clock.current + timedelta(hours=2)
        await respond(runtime, start)
        before = await answer(people)
        assert actions(before["next"]) == {"stop"}
        await people.done("province2", opened["id"], "publish", document="x")
        assert actions((await answer(people))["next"]) == {"self_determined"}

    async def test_a_downgrade_during_the_response_does_not_change_it_one_before_does(
        self, client: Client, runtime: Runtime, clock: ManualClock
    ) -> None:
        clock.current = NOW
        await with_list(runtime, rows(Grade.A, Measure(Action.SELF_DETERMINED)))
        people = await People(client).come()
        first = clock.current
        await respond(runtime, first, first + timedelta(days=2))
        body = {"uscc": CEMENT, "cause": "measures_not_carried_out", "reason": "未落实"}
        case = (await people.post("city", f"{GRADES}/downgrades", **body)).json()["id"]
        await people.done("province", case, "decide", reason="属实", document="x")
        await pass_by(clock, runtime, client, hours=1)
        assert actions(await answer(people)) == {"self_determined"}
        second = first + timedelta(days=3)
        await respond(runtime, second)
        await pass_until(clock, runtime, client, second)
        required = await answer(people)
        # grade D of cement: the guide stops the clinker lines, and all road transport, which the list did not name
        assert (required["grade"], actions(required)) == ("D", {"stop", "transport"})

    async def test_answers_of_the_past_stay_byte_for_byte(
        self, people: People, runtime: Runtime, clock: ManualClock, client: Client
    ) -> None:
        await respond(runtime, clock.current)
        instants = [clock.current + timedelta(hours=hour) for hour in (0, 1, 5)]
        clock.advance_to(instants[-1])
        before = [await raw(people, at) for at in instants]
        found = await people.published(clock, runtime, valid_until="2026-03-01T00:00:00+08:00")
        body = {"uscc": CEMENT, "cause": "finding", "reason": "x"}
        case = (await people.post("city", f"{GRADES}/downgrades", **body)).json()["id"]
        await people.done("province", case, "decide", reason="属实", document="x")
        await pass_until(clock, runtime, client, datetime.fromisoformat("2026-03-02T00:00:00+08:00"))
        assert found["state"] == "published"
        assert [await raw(people, at) for at in instants] == before

    async def test_a_line_may_have_its_own_grade(
        self, people: People, runtime: Runtime, clock: ManualClock
    ) -> None:
        await people.published(clock, runtime, grade="LEADING", subtype="水泥制品/混凝土", line_code="MF0002")
        await respond(runtime, clock.current)
        required = await answer(people)
        assert {line["code"]: line["action"] for line in required["lines"]} == {
            "MF0001": "stop",
            "MF0002": "self_determined",
        }
        assert required["grade"] == "C"
        assert "MF0002号线" in required["notes"][0]["zh"]

    async def test_nothing_decided_nothing_changes(self, people: People, runtime: Runtime, clock: ManualClock) -> None:
        await respond(runtime, clock.current)
        required = await answer(people)
        assert (required["grade"], required["notes"]) == ("C", [])


async def guaranteed(people: People, clock: ManualClock, runtime: Runtime, **body: Any) -> int:
    """A guarantee in force."""
    asked = {
        "uscc": CEMENT,
        "kind": "livelihood",
        "basis": "heat_supply",
        "cap": {"value": 500, "unit": "t", "metric": "日协同处置"},
        "valid_until": (clock.current + timedelta(days=30)).isoformat(),
        "reason": "协同处置生活垃圾",
    } | body
    made = await people.post("plant", GUARANTEES, **asked)
    assert made.status_code == 201, made.text
    number = int(made.json()["id"])
    for name, move in (("city", "agree"), ("province", "vet"), ("province", "file"), ("city2", "start")):
        done = await people.post(name, f"{GUARANTEES}/{number}/steps", move=move, document="文号")
        assert done.status_code == 201, done.text
    await pass_by(clock, runtime, people.client, minutes=2)
    return number


async def move(people: People, name: str, number: int, what: str, **body: Any) -> dict[str, Any]:
    done = await people.post(name, f"{GUARANTEES}/{number}/steps", move=what, **body)
    assert done.status_code == 201, done.text
    return dict(done.json())


class TestGuarantees:
    async def test_in_force_at_the_start_it_relieves_to_the_approved_load(
        self, people: People, runtime: Runtime, clock: ManualClock
    ) -> None:
        await guaranteed(people, clock, runtime)
        await respond(runtime, clock.current)
        required = await answer(people)
        assert actions(required) == {"limit"}
        assert required["lines"][0]["load_cap"] == {"metric": "全厂日协同处置", "value": 500.0, "unit": "t"}
        assert required["lines"][0]["basis"] == Basis.HEAT_SUPPLY.value
        assert required["guarantee_zh"] is not None

    @pytest.mark.parametrize(("what", "word"), [("suspend", "暂停"), ("revoke", "撤销")])
    async def test_relief_ends_during_the_response_and_the_past_stays(
        self, people: People, runtime: Runtime, clock: ManualClock, client: Client, what: str, word: str
    ) -> None:
        number = await guaranteed(people, clock, runtime)
        start = clock.current
        await respond(runtime, start)
        before = await raw(people, start)
        found = await move(people, "city", number, what, reason="在线超标", document="x")
        ended = datetime.fromisoformat(found["steps"][-1]["effective_from"])
        assert actions(await answer(people)) == {"limit"}
        await pass_until(clock, runtime, client, ended)
        required = await answer(people)
        assert actions(required) == {"stop"}
        assert word in required["notes"][0]["zh"]
        assert await raw(people, start) == before
        assert actions(await answer(people, ended - timedelta(seconds=1))) == {"limit"}

    async def test_what_is_resumed_relieves_again(
        self, people: People, runtime: Runtime, clock: ManualClock, client: Client
    ) -> None:
        number = await guaranteed(people, clock, runtime)
        await respond(runtime, clock.current)
        await move(people, "city", number, "suspend", reason="在线超标")
        await pass_by(clock, runtime, client, hours=1)
        assert actions(await answer(people)) == {"stop"}
        await move(people, "province", number, "resume", reason="已达标")
        await pass_by(clock, runtime, client, hours=1)
        assert actions(await answer(people)) == {"limit"}

    async def test_it_ends_by_itself_at_its_instant_even_where_the_answer_is_remembered(
        self, people: People, runtime: Runtime, clock: ManualClock
    ) -> None:
        end = clock.current + timedelta(hours=6)
        await guaranteed(people, clock, runtime, valid_until=end.isoformat())
        await respond(runtime, clock.current)
        runtime.live.listening = True
        clock.advance_to(end - timedelta(seconds=1))
        assert actions(await answer(people)) == {"limit"}
        clock.advance_to(end)
        required = await answer(people)
        assert (actions(required), "到期" in required["notes"][0]["zh"]) == ({"stop"}, True)

    async def test_in_force_only_after_the_start_it_does_not_relieve(
        self, people: People, runtime: Runtime, clock: ManualClock
    ) -> None:
        await respond(runtime, clock.current)
        await guaranteed(people, clock, runtime)
        assert actions(await answer(people)) == {"stop"}

    async def test_what_the_list_relieved_is_not_established_once_the_relief_is_gone(
        self, client: Client, runtime: Runtime, clock: ManualClock
    ) -> None:
        clock.current = NOW
        free = Measure(Action.NONE)
        made = tuple(
            ListRow(
                replace(
                    row.enterprise,
                    industry="木材加工",
                    key_industry=False,
                    guarantee=GuaranteeType.LIVELIHOOD,
                    guarantee_until=(NOW + timedelta(days=60)).date(),
                    guarantee_cap=LoadCap(500.0, "t"),
                ),
                replace(row.line, measures=replace(row.line.measures, yellow=free, orange=free, red=free)),
                row.number,
            )
            if row.enterprise.uscc == CEMENT
            else row
            for row in rows()
        )
        await with_list(runtime, made)
        people = await People(client).come()
        number = await guaranteed(people, clock, runtime)
        await respond(runtime, clock.current)
        assert {line["load_cap"]["value"] for line in (await answer(people))["lines"]} == {500.0}
        await move(people, "city", number, "suspend", reason="未达标")
        await pass_by(clock, runtime, client, hours=1)
        required = await answer(people)
        assert (actions(required), required["status"]) == ({"unknown"}, "not_established")


    async def test_a_guarantee_that_ran_out_in_the_list_relieves_no_more(
        self, client: Client, runtime: Runtime, clock: ManualClock
    ) -> None:
        clock.current = NOW
        free = Measure(Action.NONE)
        made = tuple(
            ListRow(
                replace(
                    row.enterprise,
                    industry="木材加工",
                    key_industry=False,
                    guarantee=GuaranteeType.LIVELIHOOD,
                    guarantee_until=date(2026, 1, 5),
                    guarantee_cap=LoadCap(500.0, "t"),
                ),
                replace(row.line, measures=PerLevel(free, free, free)),
                row.number,
            )
            for row in rows()
            if row.enterprise.uscc == CEMENT
        )
        await with_list(runtime, made)
        people = await People(client).come()
        runtime.live.listening = True
        assert [note["code"] for note in (await answer(people))["notes"]] == ["GUARANTEE_BY_LIST"]
        clock.advance_to(datetime(2026, 1, 6, tzinfo=SHANGHAI))
        assert [note["code"] for note in (await answer(people))["notes"]] == ["GUARANTEE_ENDED"]
        await respond(runtime, clock.current)
        required = await answer(people)
        assert (actions(required), required["status"]) == ({"unknown"}, "not_established")
        assert "有效期至2026年1月5日" in required["notes"][0]["zh"]


class TestAResponseWithoutAList:
    """The list was not there when it was decided: what is activated while it runs changes nothing of it."""

    @pytest.mark.parametrize("listed_first", [True, False])
    async def test_it_follows_the_list_of_its_start_or_the_first_after_it(
        self, client: Client, runtime: Runtime, clock: ManualClock, listed_first: bool
    ) -> None:
        clock.current = NOW
        start = NOW + timedelta(hours=2)
        await respond(runtime, start)
        clock.advance_to(start + timedelta(hours=-1 if listed_first else 1))
        await with_list(runtime)
        people = await People(client).come()
        clock.advance_to(start + timedelta(hours=2))
        assert actions(await answer(people)) == {"stop"}
        await with_list(runtime, rows(Grade.C, Measure(Action.LIMIT, ratio=0.5)))
        clock.advance_to(start + timedelta(hours=3))
        assert actions(await answer(people)) == {"stop"}


class TestTheSite:
    async def test_what_the_city_decided_counts_under_the_countys_list_too(self, runtime: Runtime) -> None:
        [row, *_] = rows()
        decided = Decided(1, "水泥", None, Grade.A, DecisionKind.RATED, NOW)
        async with runtime.unit() as uow:
            lists = Lists(uow, CEMENT, _decisions={CITY: Decisions((decided,)), COUNTY: Decisions()})
            listed = Listed(1, row.enterprise, COUNTY, "G2020", None, judged=(row.line,))
            assert (await lists.entitled(listed, NOW, NOW, (CITY, COUNTY))).enterprise.grade is Grade.A
            assert (await lists.entitled(listed, NOW, NOW, (COUNTY,))).enterprise.grade is Grade.C


class TestNext:
    async def test_the_plan_of_its_day_is_told_with_the_next_response(
        self, people: People, runtime: Runtime, clock: ManualClock
    ) -> None:
        """The plan begins on the day of the response; today it does not hold."""
        first = NOW.date() + timedelta(days=1)
        half = SeasonalEntry(CEMENT, "", first, first + timedelta(days=9), Measure(Action.LIMIT, ratio=0.5))
        async with runtime.unit() as uow:
            officer = await uow.fetchval("SELECT id FROM account ORDER BY id LIMIT 1")
            who = Principal(officer, "duty", "duty", Role.DUTY_OFFICER, Scope(CITY), None)
            await store(uow, who, CITY, "错峰", (first, first + timedelta(days=9)), [half])
            await uow.commit()
        clock.advance_to(clock.current + timedelta(minutes=1))
        await respond(runtime, NOW + timedelta(days=1))
        required = await answer(people)
        assert required["seasonal"] == []
        assert [plan["title"] for plan in required["next"]["seasonal"]] == ["错峰"]


class TestTheNextList:
    async def test_a_list_with_another_grade_is_told(self, people: People, runtime: Runtime, clock: ManualClock) -> None:
        async def codes() -> list[str]:
            version = (await people.get("city", "/api/v1/lists")).json()["items"][0]["id"]
            found = (await people.get("city", f"/api/v1/lists/{version}/checks")).json()["items"]
            return [one["code"] for one in found if one["uscc"] == CEMENT]

        assert "GRADE_NOT_IN_FORCE" not in await codes()
        await people.published(clock, runtime)
        assert "GRADE_NOT_IN_FORCE" in await codes()

    async def test_a_place_that_made_it_blocking_forbids_to_activate_such_a_list(
        self, people: People, runtime: Runtime, clock: ManualClock, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        await people.published(clock, runtime)
        version = await with_list(runtime)  # a warning stands in nobody's way
        own = {"adcode": CITY, "title": "某市", "checks": {"GRADE_NOT_IN_FORCE": "blocking"}, "reference": "某市2024", "source": ["K52"]}
        graver = ListProfile.model_validate(profile().model_dump() | {"overlays": [own]})
        monkeypatch.setattr("service.grades.list_check.profile", lambda: graver)
        with pytest.raises(Conflict, match="another grade than the one in force"):
            await with_list(runtime)
        found = (await people.get("city", f"/api/v1/lists/{version}/checks")).json()["items"]
        assert [one["severity"] for one in found if one["code"] == "GRADE_NOT_IN_FORCE"] == ["blocking"]


class TestRoundTrips:
    async def test_what_was_decided_costs_no_round_trip(
        self, people: People, runtime: Runtime, clock: ManualClock, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        asked: list[str] = []
        for name in ("fetch", "fetchrow", "fetchval"):
            original = getattr(UnitOfWork, name)

            async def heard(self: UnitOfWork, statement: str, *arguments: Any, _read: Any = original) -> Any:
                asked.append(statement)
                return await _read(self, statement, *arguments)

            monkeypatch.setattr(UnitOfWork, name, heard)

        async def counted() -> int:
            asked.clear()
            await answer(people)
            return len(asked)

        without = await counted()
        await people.published(clock, runtime)
        await guaranteed(people, clock, runtime)
        assert await counted() == without
