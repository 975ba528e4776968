"""A guarantee that a list names: to its stated end and no longer, and only as far as the cases about it do not say otherwise."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import Any

import pytest

from emission_lists.grades import Grade
from emission_lists.guides import ListProfile
from emission_lists.levels import PerLevel
from emission_lists.lists import EmissionListDraft, GuaranteeType, ListRow
from emission_lists.measures import Action, LoadCap, Measure
from service.accounts.roles import Scope
from service.findings.told import book_of, plants_of
from service.kit.clock import SHANGHAI, ManualClock
from service.kit.problems import Conflict
from service.kit.runtime import Runtime
from service.lists.flows import activate, store_draft
from service.lists.workbooks import profile
from service.responses.repository import of_division
from tests.service.grading import CEMENT, CITY, NOW, People, pass_by, pass_until, respond, rows, with_list
from tests.support import Client

GUARANTEES = "/api/v1/guarantees"
FREE = Measure(Action.NONE)
FAR = date(2027, 9, 30)


def listed(until: date = FAR) -> tuple[ListRow, ...]:
    """A clinker plant of grade D that does nothing because it is guaranteed, in the list's word."""
    fields: dict[str, Any] = {"grade": Grade.D, "subtype": "水泥熟料", "guarantee": GuaranteeType.LIVELIHOOD}
    fields |= {"guarantee_until": until, "guarantee_cap": LoadCap(500.0, "t")}
    return tuple(
        ListRow(replace(row.enterprise, **fields), replace(row.line, measures=PerLevel(FREE, FREE, FREE)), row.number)
        for row in rows()
        if row.enterprise.uscc == CEMENT
    )


@pytest.fixture
async def people(client: Client, runtime: Runtime, clock: ManualClock) -> People:
    clock.current = NOW
    return await People(client).come()


async def raw(people: People, at: datetime | None = None) -> bytes:
    query = {} if at is None else {"at": at.isoformat()}
    path = f"/api/v1/enterprises/{CEMENT}/requirements"
    found = await people.client.http.get(path, headers=people.calls["plant"], params=query)
    assert found.status_code == 200, found.text
    return found.content


async def told(people: People, at: datetime | None = None) -> tuple[set[str], list[str], bool]:
    """What the production lines do, the notes, and whether a guarantee is spoken of as one that holds."""
    found = json.loads(await raw(people, at))
    held = "仅保障所需生产" in (found["guarantee_zh"] or "")
    lines = {line["action"] for line in found["lines"] if line["code"].startswith("MF")}
    return lines, [note["code"] for note in found["notes"]], held


async def judged(runtime: Runtime) -> list[tuple[datetime, bool]]:
    """From when on which measures of a line count for its evidence, and whether a guarantee relieves it then."""
    async with runtime.unit() as uow:
        [response] = await of_division(uow, CITY)
        plants = await plants_of(uow, [CEMENT])
        book = await book_of(uow, response, plants, uow.now)
        ordered = book.ordered(CEMENT, plants[CEMENT][0])
        assert ordered is not None
        return [(one.stage.starts, one.held) for one in ordered.stages["MF0001"]]


async def proposed(people: People) -> int:
    asked = {"uscc": CEMENT, "kind": "livelihood", "basis": "heat_supply", "cap": {"value": 500, "unit": "t"}}
    asked |= {"valid_until": (NOW + timedelta(days=90)).isoformat(), "reason": "协同处置"}
    made = await people.post("plant", GUARANTEES, **asked)
    assert made.status_code == 201, made.text
    return int(made.json()["id"])


async def moved(people: People, name: str, number: int, move: str) -> datetime:
    done = await people.post(name, f"{GUARANTEES}/{number}/steps", move=move, document="文号", reason="理由")
    assert done.status_code == 201, done.text
    return datetime.fromisoformat(done.json()["steps"][-1]["effective_from"])


class TestItsEnd:
    async def test_it_ends_within_a_response_in_every_room(
        self, people: People, runtime: Runtime, clock: ManualClock
    ) -> None:
        await with_list(runtime, listed(date(2026, 1, 6)))
        clock.advance_to(datetime(2026, 1, 6, 12, tzinfo=SHANGHAI))
        await respond(runtime, clock.current)
        over = datetime(2026, 1, 7, tzinfo=SHANGHAI)
        runtime.live.listening = True
        clock.advance_to(over - timedelta(seconds=1))
        before = await raw(people)
        assert await told(people) == ({"none"}, ["GUARANTEE_BY_LIST"], True)
        clock.advance_to(over)
        assert await told(people) == ({"stop"}, ["GUARANTEE_ENDED"], False)
        clock.advance_to(over + timedelta(days=5))
        people = await people.come()
        assert await told(people) == ({"stop"}, ["GUARANTEE_ENDED"], False)
        assert await raw(people, over - timedelta(seconds=1)) == before
        assert await judged(runtime) == [(datetime(2026, 1, 6, 12, tzinfo=SHANGHAI), True), (over, False)]


class TestItsCase:
    @pytest.mark.parametrize(
        ("chain", "said"),
        [
            ((), "只是提出，市级政府尚未同意"),
            ((("city", "agree"), ("province", "reject")), "未获同意"),
            ((("plant", "withdraw"),), "已撤回"),
            ((("city", "agree"), ("province", "vet"), ("province", "file"), ("city", "revoke")), "生效前已撤销"),
        ],
    )
    async def test_without_an_approval_the_lists_word_relieves_nobody(
        self, people: People, runtime: Runtime, clock: ManualClock, chain: tuple[tuple[str, str], ...], said: str
    ) -> None:
        await with_list(runtime, listed())
        number = await proposed(people)
        for name, move in chain:
            await moved(people, name, number, move)
        await pass_by(clock, runtime, people.client, minutes=5)
        await respond(runtime, clock.current)
        assert await told(people) == ({"stop"}, ["GUARANTEE_NOT_APPROVED"], False)
        note = json.loads(await raw(people))["notes"][0]
        assert f"第{number}号保障类{said}" in note["zh"]
        assert "请向所在市生态环境主管部门核实" in note["zh"]
        assert [held for _, held in await judged(runtime)] == [False]

    async def test_a_refusal_within_the_response_counts_from_its_minute_on_and_the_past_stays(
        self, people: People, runtime: Runtime, clock: ManualClock
    ) -> None:
        await with_list(runtime, listed())
        await respond(runtime, clock.current)
        clock.advance_to(NOW + timedelta(hours=1))
        number = await proposed(people)
        clock.advance_to(NOW + timedelta(hours=2))
        before = await raw(people)
        assert await told(people) == ({"none"}, ["GUARANTEE_BY_LIST"], True)
        refused = await moved(people, "city", number, "reject")
        assert refused > clock.current
        assert await raw(people) == before
        await pass_until(clock, runtime, people.client, refused)
        assert await told(people) == ({"stop"}, ["GUARANTEE_NOT_APPROVED"], False)
        assert await raw(people, NOW + timedelta(hours=2)) == before
        assert await judged(runtime) == [(NOW, True), (refused, False)]

    async def test_a_remembered_answer_hears_of_a_case(
        self, people: People, runtime: Runtime, clock: ManualClock
    ) -> None:
        await with_list(runtime, listed())
        runtime.live.listening = True
        assert (await told(people))[1] == ["GUARANTEE_BY_LIST"]
        await proposed(people)
        await pass_by(clock, runtime, people.client, minutes=2)
        assert (await told(people))[1] == ["GUARANTEE_NOT_APPROVED"]


CHAIN = (("city", "agree"), ("province", "vet"), ("province", "file"), ("city2", "start"))


async def checks(people: People) -> dict[str, dict[str, Any]]:
    """What the newest version's checks say of guarantee cases, by code."""
    version = (await people.get("city", "/api/v1/lists")).json()["items"][0]["id"]
    found = (await people.get("city", f"/api/v1/lists/{version}/checks")).json()["items"]
    return {one["code"]: one for one in found if one["code"].startswith("GUARANTEE_CASE_")}


class TestActivation:
    """The list's guarantees are held against the cases about them as they stand when it comes into force."""

    @pytest.mark.parametrize(
        ("chain", "said"),
        [
            ((), "只是提出"),
            ((("city", "reject"),), "未获同意"),
            (CHAIN[:3], "已报部备案，尚未生效"),
            ((*CHAIN, ("city", "revoke")), "已撤销"),
        ],
    )
    async def test_what_is_not_approved_forbids_it(
        self, people: People, runtime: Runtime, chain: tuple[tuple[str, str], ...], said: str
    ) -> None:
        await with_list(runtime, listed())
        number = await proposed(people)
        for name, move in chain:
            await moved(people, name, number, move)
        with pytest.raises(Conflict, match="guarantees whose cases are not in force"):
            await with_list(runtime, listed())
        found = (await checks(people))["GUARANTEE_CASE_NOT_IN_FORCE"]
        assert (found["severity"], found["uscc"]) == ("blocking", CEMENT)
        assert f"第{number}号保障类{said}" in found["message"]

    async def test_one_in_force_says_nothing_and_a_suspension_is_told(self, people: People, runtime: Runtime) -> None:
        await with_list(runtime, listed())
        number = await proposed(people)
        for name, move in CHAIN:
            await moved(people, name, number, move)
        assert await checks(people) == {}
        await moved(people, "city", number, "suspend")
        await with_list(runtime, listed())
        assert {code: one["severity"] for code, one in (await checks(people)).items()} == {"GUARANTEE_CASE_SUSPENDED": "warning"}

    async def test_one_without_a_case_is_told_and_a_place_may_forbid_it(
        self, people: People, runtime: Runtime, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        await with_list(runtime, listed())
        found = (await checks(people))["GUARANTEE_CASE_MISSING"]
        assert (found["severity"], found["message"].startswith("1 家保障类企业")) == ("warning", True)
        turned = {"GUARANTEE_CASE_MISSING": "blocking"}
        own = {"adcode": CITY, "title": "某市", "checks": turned, "reference": "某市2024", "source": ["K50"]}
        graver = ListProfile.model_validate(profile().model_dump() | {"overlays": [own]})
        monkeypatch.setattr("service.guarantees.list_check.profile", lambda: graver)
        with pytest.raises(Conflict, match="guarantees whose cases are not in force"):
            await with_list(runtime, listed())

    async def test_a_list_without_the_sheet_of_approvals_is_not_frozen(self, people: People, runtime: Runtime) -> None:
        async with runtime.unit() as uow:
            draft = EmissionListDraft(CITY, listed())
            version = await store_draft(uow, draft, guide="G2020", created_by=None, generated=True)
            await uow.commit()
        found = (await people.get("city", f"/api/v1/lists/{version}/checks")).json()["items"]
        assert [one["severity"] for one in found if one["code"] == "GUARANTEE_SHEET_MISSING"] == ["blocking"]

    async def test_a_list_without_guarantees_is_asked_nothing(self, people: People, runtime: Runtime) -> None:
        await with_list(runtime)
        await proposed(people)
        await with_list(runtime)
        assert await checks(people) == {}

    async def test_one_refused_before_its_day_holds_the_list_back(
        self, people: People, runtime: Runtime, clock: ManualClock
    ) -> None:
        first = await with_list(runtime, listed())
        async with runtime.unit() as uow:
            draft = EmissionListDraft(CITY, listed())
            version = await store_draft(uow, draft, guide="G2020", created_by=None, generated=True)
            await uow.execute("UPDATE list_version SET checks = '[]', blocking = 0 WHERE id = $1", version)
            await activate(uow, Scope(CITY), version, None, NOW + timedelta(hours=6))
            await uow.commit()
        await moved(people, "city", await proposed(people), "reject")
        await pass_by(clock, runtime, people.client, hours=7)
        async with runtime.unit() as uow:
            states = {row["id"]: row["state"] for row in await uow.fetch("SELECT id, state FROM list_version")}
        assert (states[first], states[version]) == ("active", "frozen")
