"""Industries as published rows and applications name them: aliases, parts of an industry, and those that nobody could name."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

import httpx
import pytest

from emission_lists.entitlement import Decisions
from emission_lists.grades import Grade
from emission_lists.grading import State
from emission_lists.identifiers import make_uscc
from emission_lists.levels import LEVELS, PerLevel
from emission_lists.lists import EmissionListDraft, Enterprise, ListRow
from emission_lists.measures import Action, Measure
from emission_lists.regrading import Regraded
from emission_lists.standing import Decided, DecisionKind
from service.accounts.roles import Role, Scope
from service.grades.applying import entitle
from service.grades.cases import load
from service.grades.repository import decisions_of, grade_standing, standings_of
from service.guides.loader import Applied, book
from service.kit.clock import SHANGHAI, ManualClock
from service.kit.runtime import Runtime
from service.lists.flows import activate, store_draft
from tests.service.grading import GRADES, listed_line, pass_by
from tests.support import Client

NOW = datetime(2026, 1, 5, 9, 30, tzinfo=SHANGHAI)
OWN = Applied("G2020", book())
HEADER = "企业名称,行业,等级\n"


class Place:
    """One place with a list of one enterprise, and its officials."""

    def __init__(self, client: Client, runtime: Runtime, clock: ManualClock) -> None:
        self.client, self.runtime, self.clock = client, runtime, clock
        clock.current = NOW

    async def lists(self, county: str, name: str, industry: str, *, key: bool = True, subtype: str | None = None) -> None:
        """Put a list of the county's city (or municipality) in force."""
        self.county = county
        self.city = f"{county[:2]}0000" if county[:2] == "50" else f"{county[:4]}00"
        self.uscc = make_uscc(county, 7)
        self.firm = Enterprise(self.uscc, name, county, industry, key, Grade.UNGRADED, subtype=subtype)
        self.line = listed_line("MF0001", "主体")
        async with self.runtime.unit() as uow:
            draft = EmissionListDraft(self.city, (ListRow(self.firm, self.line, 2),))
            version = await store_draft(uow, draft, guide="G2020", created_by=None, generated=True)
            await uow.execute("UPDATE list_version SET checks = '[]', blocking = 0 WHERE id = $1", version)
            await activate(uow, Scope(self.city), version, None)
            await uow.commit()

    async def enters(self, row: str) -> httpx.Response:
        """A published row, entered by an official."""
        who = await self.client.account(Role.DUTY_OFFICER, self.city)
        where = {"adcode": self.city, "source": "公告"}
        return await self.client.http.post(f"{GRADES}/imports", headers=who, params=where, content=(HEADER + row).encode())

    async def publishes(self, row: str) -> Grade | None:
        """The row in force; returns the grade that then stands."""
        entered = await self.enters(row)
        assert entered.status_code == 201, entered.text
        who = await self.client.account(Role.COMMANDER, f"{self.county[:2]}0000")
        where = f"{GRADES}/imports/{entered.json()['import']}/publication"
        done = await self.client.http.post(where, headers=who, json={"document": "公告1号"})
        assert done.json().get("published") == 1, done.text
        await pass_by(self.clock, self.runtime, self.client, minutes=3)
        async with self.runtime.unit() as uow:
            found = await grade_standing(uow, self.uscc, self.city, self.clock.current)
        return None if found is None else found.grade

    async def stands(self) -> Regraded:
        """What its line has to do in a response that starts now."""
        async with self.runtime.unit() as uow:
            decisions = await decisions_of(uow, self.uscc, self.city)
        return entitle(self.firm, [self.line], OWN, decisions, self.clock.current, self.clock.current)

    async def applies(self, **body: str) -> httpx.Response:
        who = await self.client.account(Role.ENTERPRISE, self.city, self.uscc)
        asked = {"uscc": self.uscc, "grade": "B", "reason": "完成深度治理"} | body
        return await self.client.http.post(f"{GRADES}/applications", headers=who, json=asked)


@pytest.fixture
def place(client: Client, runtime: Runtime, clock: ManualClock) -> Place:
    return Place(client, runtime, clock)


def actions(made: Regraded) -> set[Action]:
    return {made.lines[0].measures.at(level).action for level in LEVELS}


class TestPublishedRows:
    """Two rows that were published: Chongqing 2024, first batch, and Shaanxi of 2024-08-13."""

    @pytest.mark.parametrize("listed", ["电子工业", "电子工业（地方标准）", "电子工业(地方标准)"])
    async def test_chongqings_electronics_is_one_industry_however_it_is_written(self, place: Place, listed: str) -> None:
        await place.lists("500106", "重庆京东方光电科技有限公司", listed)
        assert await place.publishes("重庆京东方光电科技有限公司,电子工业（地方标准）,A\n") is Grade.A
        made = await place.stands()
        assert made.enterprise.grade is Grade.A
        assert actions(made) == {Action.SELF_DETERMINED}

    @pytest.mark.parametrize("subtype", [None, "水泥制品/混凝土"])
    async def test_shaanxis_cement_products_are_a_part_of_cement(self, place: Place, subtype: str | None) -> None:
        await place.lists("610402", "陕西晟泰新型建材有限公司", "水泥", subtype=subtype)
        assert await place.publishes("陕西晟泰新型建材有限公司,水泥制品,引领性\n") is Grade.LEADING
        assert (await place.stands()).enterprise.grade is Grade.LEADING

    async def test_a_part_has_the_grades_of_its_own_scheme(self, place: Place) -> None:
        await place.lists("610402", "陕西晟泰新型建材有限公司", "水泥")
        answer = await place.enters("陕西晟泰新型建材有限公司,水泥制品,B\n")
        assert answer.status_code == 422
        assert "引领性" in answer.json()["errors"][0]["detail"]


class TestTheListsOwnName:
    @pytest.mark.parametrize(("decided", "grade"), [("水泥制品", Grade.B), ("水泥", Grade.B), ("陶瓷", Grade.C)])
    def test_another_industry_counts_beside_the_list_s_the_same_one_in_its_place(self, decided: str, grade: Grade) -> None:
        """A published B and the list's C: the lowest of two industries, the decision's where they are one."""
        firm = Enterprise(make_uscc("610402", 7), "某企业", "610402", "水泥", True, Grade.C)
        one = Decided(1, decided, None, Grade.B, DecisionKind.PUBLISHED, NOW - timedelta(days=1))
        assert entitle(firm, [listed_line("MF0001", "主体")], OWN, Decisions((one,)), NOW, NOW).enterprise.grade is grade


LONG_AGO = NOW - timedelta(days=300)


class TestNamesOfBefore:
    """Decisions of before stand under the name as it was written, those of now under the guide's: one industry."""

    FIRM = Enterprise(make_uscc("610402", 7), "某企业", "610402", "水泥", True, Grade.LEADING)

    def made(self, *decided: Decided) -> Regraded:
        own = Measure(Action.SELF_DETERMINED)
        line = replace(listed_line("MF0001", "主体"), measures=PerLevel(own, own, own))
        return entitle(self.FIRM, [line], OWN, Decisions(decided), NOW, NOW)

    @pytest.mark.parametrize(("old", "new"), [("水泥制品", "水泥"), ("水泥/水泥制品", "水泥"), ("某(地方)行业", "某（地方）行业")])
    def test_a_line_falls_with_its_enterprise(self, old: str, new: str) -> None:
        rated = Decided(1, old, "MF0001", Grade.LEADING, DecisionKind.RATED, LONG_AGO)
        fall = Decided(2, new, None, Grade.UNGRADED, DecisionKind.FINDING, NOW - timedelta(days=1), case=2)
        assert Action.SELF_DETERMINED not in actions(self.made(rated, fall))

    def test_what_was_decided_last_is_the_grade(self) -> None:
        old = Decided(1, "水泥制品", None, Grade.C, DecisionKind.PUBLISHED, LONG_AGO)
        new = Decided(2, "水泥", None, Grade.LEADING, DecisionKind.PUBLISHED, NOW - timedelta(days=1))
        assert self.made(old, new).enterprise.grade is Grade.LEADING
        other = replace(old, industry="陶瓷")
        assert self.made(other, new).enterprise.grade is Grade.C

    async def written(self, place: Place, industry: str, grade: str, valid_until: datetime | None = None) -> int:
        """A result in force as it was stored before; returns its case."""
        async with place.runtime.unit() as uow:
            case = await uow.fetchval(
                "INSERT INTO grade_application (kind, uscc, name, adcode, county, industry, guide, grade, reason, created_at)"
                " VALUES ('published', $1, 'x', $2, $3, $4, 'G2020', $5, 'x', $6) RETURNING id",
                place.uscc,
                place.city,
                place.county,
                industry,
                grade,
                LONG_AGO,
            )
            await uow.execute(
                "INSERT INTO grade_step (application_id, seq, move, state, level, at, effective_from, content)"
                " VALUES ($1, 0, 'publish', 'in_force', 'province', $2, $2, '{}')",
                case,
                LONG_AGO,
            )
            await uow.execute(
                "INSERT INTO grade_decision (uscc, adcode, industry, guide, grade, kind, effective_from, valid_until,"
                " application_id, reason, recorded_at) VALUES ($1, $2, $3, 'G2020', $4, 'published', $5, $6, $7, 'x', $5)",
                place.uscc,
                place.city,
                industry,
                grade,
                LONG_AGO,
                valid_until,
                case,
            )
            await uow.commit()
        return int(case)

    async def test_a_new_result_ends_the_old_one(self, place: Place) -> None:
        await place.lists("610402", "陕西晟泰新型建材有限公司", "水泥")
        old, other = await self.written(place, "水泥制品", "C"), await self.written(place, "陶瓷", "LEADING")
        assert await place.publishes("陕西晟泰新型建材有限公司,水泥制品,引领性\n") is Grade.LEADING
        async with place.runtime.unit() as uow:
            assert (await load(uow, old)).state is State.SUPERSEDED
            assert (await load(uow, other)).state is State.IN_FORCE
            found = (await standings_of(uow, place.city, place.clock.current))[place.uscc]
        assert sorted(one.industry for one in found.subjects) == ["水泥", "陶瓷"]

    async def test_an_appeal_gives_back_the_rating_with_its_end(self, place: Place) -> None:
        end = NOW + timedelta(days=100)
        await place.lists("610402", "陕西晟泰新型建材有限公司", "水泥")
        await self.written(place, "水泥制品", "LEADING", end)
        city = await place.client.account(Role.DUTY_OFFICER, place.city)
        plant = await place.client.account(Role.ENTERPRISE, place.city, place.uscc)
        asked = {"uscc": place.uscc, "cause": "finding", "reason": "x", "industry": "水泥制品", "grade": "NON_LEADING"}
        made = await place.client.http.post(f"{GRADES}/downgrades", headers=city, json=asked)
        assert made.status_code == 201, made.text
        steps = f"{GRADES}/applications/{made.json()['id']}/steps"
        moves = [(Role.COMMANDER, "decide"), (None, "appeal"), (Role.DUTY_OFFICER, "grant_appeal")]
        for role, move in moves:
            who = plant if role is None else await place.client.account(role, "610000")
            body = {"move": move, "reason": "x", "document": "x"}
            done = await place.client.http.post(steps, headers=who, json=body)
            assert done.status_code == 201, done.text
            await pass_by(place.clock, place.runtime, place.client, minutes=5)
        async with place.runtime.unit() as uow:
            found = await grade_standing(uow, place.uscc, place.city, place.clock.current)
        assert found is not None
        [subject] = found.subjects
        assert (subject.grade, subject.decision.kind) == (Grade.LEADING, DecisionKind.APPEAL_GRANTED)
        assert subject.decision.valid_until == end


class TestNobodyCouldNameIt:
    """Henan has 13 industries of its own of which one is named, Hebei eight of which none is: unknown is not illegal."""

    @pytest.mark.parametrize("county", ["130102", "410102", "510104", "500106"])
    async def test_an_application_is_taken(self, place: Place, county: str) -> None:
        await place.lists(county, "某企业", "某地方行业")
        made = await place.applies()
        assert made.status_code == 201, made.text
        assert (made.json()["industry"], made.json()["grades_established"]) == ("某地方行业", False)

    async def test_a_firm_of_henans_guide_for_all_others_may_apply(self, place: Place) -> None:
        await place.lists("410102", "某木业有限公司", "木材加工", key=False)
        assert (await place.applies()).status_code == 201

    async def test_where_every_industry_is_named_it_is_refused(self, place: Place) -> None:
        await place.lists("150102", "某企业", "某地方行业")
        refused = await place.applies()
        assert refused.status_code == 422
        assert refused.json()["errors"][0]["pointer"] == "/body/industry"
        assert (await place.enters("某企业,某另一行业,B\n")).status_code == 422

    async def test_a_published_row_is_taken_and_its_measures_are_not_established(self, place: Place) -> None:
        await place.lists("410102", "某企业", "某地方行业")
        assert await place.publishes("某企业,某地方行业,B\n") is Grade.B
        place.line = replace(place.line, measures=replace(place.line.measures, yellow=Measure(Action.SELF_DETERMINED)))
        made = await place.stands()
        assert made.lines[0].measures.yellow.action is Action.UNKNOWN

    @pytest.mark.parametrize(("key", "action"), [(True, Action.SELF_DETERMINED), (False, Action.STOP)])
    async def test_an_a_decides_for_itself_in_a_key_industry_only(self, place: Place, key: bool, action: Action) -> None:
        """Henan's A decides in all its 52 industries; of its guide for all others nothing was seen, so the list stands."""
        await place.lists("410102", "某企业", "某地方行业", key=key)
        assert await place.publishes("某企业,某地方行业,A\n") is Grade.A
        assert actions(await place.stands()) == {action}

    async def test_a_sub_type_of_a_named_industry_must_still_be_one(self, place: Place) -> None:
        await place.lists("410102", "某水泥有限公司", "水泥")
        refused = await place.applies(subtype="没有这个子类")
        assert refused.status_code == 422
        assert refused.json()["errors"][0]["pointer"] == "/body/subtype"

    async def test_a_named_industry_still_has_the_grades_of_its_scheme(self, place: Place) -> None:
        await place.lists("410102", "某印刷有限公司", "包装印刷")
        refused = await place.applies(grade="LEADING")
        assert refused.status_code == 422
        assert (await place.applies(grade="B")).json()["grades_established"] is True
