"""Hunan's order: application, city, publicity, province; and what other places say of theirs."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any

import pytest

from emission_lists.grades import Grade
from emission_lists.grading import Actor, Case, IllegalMove, Kind, Move, State, moved, open_moves
from emission_lists.grading_rules import evaluation_needed
from emission_lists.identifiers import make_uscc
from emission_lists.lists import EmissionListDraft, Enterprise, ListRow
from service.accounts.roles import Role, Scope
from service.grades.cases import Stored
from service.grades.rules import load_grading, rules_for
from service.kit.clock import ManualClock
from service.kit.runtime import Runtime
from service.lists.flows import activate, store_draft
from tests.service.grading import GRADES, NOW, listed_line, pass_until
from tests.support import Client

DAY = date(2026, 11, 22)
ROUTE = (Actor.CITY, Actor.PROVINCE)
EVERYBODY = frozenset(Actor)


def early(state: State) -> Case:
    return Case(Kind.RATING, state, ROUTE, Actor.CITY)


class TestTheTable:
    def test_the_publicity_stands_between_city_and_province(self) -> None:
        state, by = State.APPLIED, []
        for move in (Move.REVIEW, Move.PUBLICISE, Move.END_PUBLICITY, Move.REVIEW, Move.PUBLISH):
            state, level = moved(early(state), move, EVERYBODY)
            by.append(level)
        assert state is State.PUBLISHED
        assert by == [Actor.CITY, Actor.CITY, Actor.CLOCK, Actor.PROVINCE, Actor.PROVINCE]

    @pytest.mark.parametrize(
        ("state", "move"),
        [
            (State.APPLIED, Move.PUBLICISE),
            (State.APPLIED, Move.PUBLISH),
            (State.CITY_REVIEWED, Move.REVIEW),  # never past the publicity
            (State.CITY_REVIEWED, Move.PUBLISH),
            (State.PUBLICITY_ENDED, Move.PUBLISH),  # never without the province's review
            (State.PROVINCE_REVIEWED, Move.PUBLICISE),  # one publicity
        ],
    )
    def test_nothing_is_left_out(self, state: State, move: Move) -> None:
        with pytest.raises(IllegalMove):
            moved(early(state), move, EVERYBODY)

    def test_the_level_that_publicises_judges_the_objection_and_the_next_one_may_reject(self) -> None:
        assert open_moves(early(State.OBJECTED))[Move.UPHOLD_OBJECTION] == {Actor.CITY}
        assert open_moves(early(State.PUBLICITY_ENDED))[Move.REJECT] == {Actor.PROVINCE}

    def test_elsewhere_nothing_is_published_without_a_publicity(self) -> None:
        for state in (State.APPLIED, State.CITY_REVIEWED, State.PROVINCE_REVIEWED):
            assert Move.PUBLISH not in open_moves(Case(Kind.RATING, state, ROUTE))
        assert Move.REVIEW not in open_moves(Case(Kind.RATING, State.PUBLICITY_ENDED, ROUTE))

    def test_a_level_outside_the_route_publicises_nothing(self) -> None:
        with pytest.raises(ValueError, match="publicity"):
            Case(Kind.RATING, State.APPLIED, ROUTE, Actor.DISTRICT)


class TestRules:
    def test_hunan_s_order_is_data(self) -> None:
        assert rules_for("430100", DAY).publicity_after(Grade.B) is Actor.CITY
        assert rules_for("430100", date(2025, 8, 24)).publicity_after(Grade.B) is None
        assert all(rules.publicity_after(Grade.A_PLUS) is None for rules in load_grading()[0].values())

    @pytest.mark.parametrize(("adcode", "told"), [("410100", "专家评审"), ("370100", "不纳入绩效分级")])
    def test_what_is_only_said_is_shown(self, adcode: str, told: str) -> None:
        [one] = rules_for(adcode, DAY).statements
        assert told in one.zh
        assert one.source[0] in rules_for(adcode, DAY).sources

    @pytest.mark.parametrize("industry", ["钢铁", "长流程联合钢铁", "短流程钢铁"])
    def test_steel_needs_its_evaluation_under_every_version_s_name(self, industry: str) -> None:
        assert evaluation_needed(rules_for("130000", DAY), industry, Grade.A) is not None
        assert evaluation_needed(rules_for("130000", DAY), industry, Grade.C) is None


def stored(*steps: tuple[str, State]) -> Stored:
    row = {"kind": "rating", "county": "430102", "adcode": "430100", "grade": "B", "created_at": NOW}
    content: list[Any] = [{"move": move, "state": state.value, "grade": None, "content": "{}"} for move, state in steps]
    return Stored(row, tuple(content))


class TestACaseThatBeganInTheOtherOrder:
    """Reviewed by the province before any publicity, as before the rule was known: publicised at the end, never left out."""

    BEGUN = (("apply", State.APPLIED), ("review", State.CITY_REVIEWED))

    def test_it_is_publicised_after_the_province(self) -> None:
        late = stored(*self.BEGUN, ("review", State.PROVINCE_REVIEWED))
        assert set(open_moves(late.case)) >= {Move.PUBLICISE}
        assert Move.PUBLISH not in open_moves(late.case)
        ended = stored(*self.BEGUN, ("review", State.PROVINCE_REVIEWED), ("publicise", State.PUBLICITY_ENDED))
        assert set(open_moves(ended.case)) == {Move.PUBLISH, Move.REJECT}

    def test_one_that_the_city_alone_has_reviewed_takes_hunan_s_order(self) -> None:
        assert Move.PUBLICISE in open_moves(stored(*self.BEGUN).case)
        after = stored(*self.BEGUN, ("publicise", State.PUBLICITY_ENDED), ("review", State.PROVINCE_REVIEWED))
        assert Move.PUBLISH in open_moves(after.case)


async def test_from_application_to_force(client: Client, runtime: Runtime, clock: ManualClock) -> None:
    clock.current = NOW
    uscc = make_uscc("430102", 7)
    firm = Enterprise(uscc, "某印刷有限公司", "430102", "包装印刷", True, Grade.C)
    async with runtime.unit() as uow:
        draft = EmissionListDraft("430100", (ListRow(firm, listed_line("MF0001", "印刷"), 2),))
        version = await store_draft(uow, draft, guide="G2020", created_by=None, generated=True)
        await uow.execute("UPDATE list_version SET checks = '[]', blocking = 0 WHERE id = $1", version)
        await activate(uow, Scope("430100"), version, None)
        await uow.commit()
    plant = await client.account(Role.ENTERPRISE, "430100", uscc)
    city = await client.account(Role.DUTY_OFFICER, "430100")
    province, second = [await client.account(Role.COMMANDER, "430000") for _ in range(2)]
    body = {"uscc": uscc, "grade": "B", "reason": "完成治理"}
    case = (await client.http.post(f"{GRADES}/applications", headers=plant, json=body)).json()
    assert case["publicity_after"] == "city"

    async def step(who: dict[str, str], move: str, **more: Any) -> Any:
        return await client.http.post(
            f"{GRADES}/applications/{case['id']}/steps", headers=who, json={"move": move, **more}
        )

    assert (await step(city, "review")).status_code == 201
    assert (await step(province, "review")).status_code == 409
    opened = (await step(city, "publicise")).json()
    assert opened["after_publicity"]["level"] == "province"
    shown = await client.http.get(f"/grades/{case['id']}", headers=city | {"accept": "text/html"})
    assert "公示" in shown.text
    await pass_until(clock, runtime, client, datetime.fromisoformat(opened["window"]["end"]) + timedelta(minutes=1))
    assert (await step(province, "publish", document="x")).status_code == 409
    assert (await step(province, "review")).status_code == 201
    done = await step(second, "publish", document="湘环发〔2026〕1号")
    assert (done.status_code, done.json()["grade"]) == (201, "B"), done.text
