"""Operating plans: filed by the enterprise, checked by an official, not changed during a response, revised when something changed."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import httpx
import pytest

from emission_lists.grades import Grade
from emission_lists.levels import PerLevel
from emission_lists.lists import GuaranteeType, Line
from emission_lists.measures import Action, Measure
from service.accounts.roles import Role
from service.kit.clock import ManualClock
from service.kit.runtime import Runtime
from service.operating_plans.flows import listed_now
from service.operating_plans.repository import PlanState, plan_at
from service.operating_plans.revision import basis_of, revision_reasons
from tests.emission_lists.list_samples import firm
from tests.service.requirement_support import CITY, COUNTY, FIRM, PATH, order, people, put_in_force
from tests.support import Client

STOP, FIFTH = Measure(Action.STOP), Measure(Action.LIMIT, ratio=0.2)
PLANS = f"{PATH}/operating-plans"
ELSEWHERE = "130400"
HTML = {"accept": "text/html", "origin": "http://127.0.0.1:8000"}
LINE = Line("MF0001", "1号线", "熔化", PerLevel(FIFTH, FIFTH, STOP))


def content(
    process: str = "配料、熔化", levels: tuple[str, ...] = ("yellow", "orange", "red"), **more: Any
) -> dict[str, Any]:
    figure = {"kind": "electricity", "point": "1号电表", "unit": "kWh", "normal": 12000, "under_measure": 300}
    steps = [{"level": level, "steps": "停炉", "indicators": [figure]} for level in levels]
    return {
        "main_process": process,
        "emission_points": [{"code": "DA001", "name": "熔化烟气"}],
        "lines": [{"code": "MF0001", "post": "班长岗", "phone": "0315-5550002", "levels": steps}],
        "command_group": [{"post": "厂长", "duty": "指挥", "phone": "0315-5550001"}],
    } | more


@pytest.fixture
async def plant(client: Client, runtime: Runtime) -> dict[str, str]:
    """The enterprise, in a list that is in force."""
    await put_in_force(runtime, [LINE])
    return await client.account(Role.ENTERPRISE, adcode=CITY, uscc=FIRM.uscc)


async def file(client: Client, plant: dict[str, str], **said: Any) -> dict[str, Any]:
    answer = await client.http.post(PLANS, headers=plant, json=content(**said))
    assert answer.status_code == 201, answer.text
    filed: dict[str, Any] = answer.json()
    return filed


async def check(
    client: Client, officer: dict[str, str], plan: dict[str, Any], accept: bool = True, reason: str = ""
) -> httpx.Response:
    body = {"accept": accept, "reason": reason}
    return await client.http.post(f"{PLANS}/{plan['id']}/review", headers=officer, json=body)


async def state(runtime: Runtime) -> tuple[int, str] | None:
    async with runtime.unit() as uow:
        plan = await plan_at(uow, FIRM.uscc, uow.now)
    return None if plan is None else (plan.version, plan.state.value)


class TestFiling:
    async def test_is_counted_once_it_is_accepted(
        self, client: Client, runtime: Runtime, plant: dict[str, str]
    ) -> None:
        officer, _ = await people(client)
        assert await state(runtime) is None
        filed = await file(client, plant)
        assert await state(runtime) == (1, "filed")
        assert (await check(client, officer, filed)).json()["state"] == "in_force"
        assert await state(runtime) == (1, "in_force")
        page = (await client.http.get(PLANS, headers=plant)).json()
        assert (page["counting"], page["revise"]) == (filed["id"], [])

    async def test_is_returned_with_a_reason(self, client: Client, runtime: Runtime, plant: dict[str, str]) -> None:
        officer, _ = await people(client)
        filed = await file(client, plant)
        assert (await check(client, officer, filed, accept=False)).status_code == 422
        returned = (await check(client, officer, filed, accept=False, reason="缺少电表读数")).json()
        assert (returned["state"], returned["reason"]) == ("returned", "缺少电表读数")
        assert await state(runtime) is None
        assert (await file(client, plant))["version"] == 2

    async def test_is_checked_once(self, client: Client, plant: dict[str, str]) -> None:
        officer, _ = await people(client)
        filed = await file(client, plant)
        await check(client, officer, filed)
        again = await check(client, officer, filed, accept=False, reason="再看")
        assert again.status_code == 409
        assert "was accepted before" in again.json()["detail"]

    async def test_the_same_again_is_refused(self, client: Client, plant: dict[str, str]) -> None:
        await file(client, plant)
        assert (await client.http.post(PLANS, headers=plant, json=content())).status_code == 409

    @pytest.mark.parametrize(
        ("said", "words"),
        [
            (
                {
                    "lines": [
                        {"code": "MF0009", "post": "x", "phone": "110", "levels": [{"level": "red", "steps": "x"}]}
                    ]
                },
                "no line",
            ),
            ({"levels": ("red",)}, "must act at orange, yellow"),
        ],
    )
    async def test_must_fit_the_list(
        self, client: Client, plant: dict[str, str], said: dict[str, Any], words: str
    ) -> None:
        answer = await client.http.post(PLANS, headers=plant, json=content(**said))
        assert answer.status_code == 422
        assert any(words in fault["detail"] for fault in answer.json()["errors"])

    @pytest.mark.parametrize(
        "said",
        [
            {"lines": []},
            {"command_group": []},
            {"main_process": ""},
            {"surplus": 1},
            {"command_group": [{"post": "x", "duty": "x", "phone": "call me"}]},
            {"levels": ("red", "red")},
        ],
    )
    async def test_is_whole(self, client: Client, plant: dict[str, str], said: dict[str, Any]) -> None:
        assert (await client.http.post(PLANS, headers=plant, json=content(**said))).status_code == 422

    async def test_nobody_files_for_somebody_else(self, client: Client, plant: dict[str, str]) -> None:
        officer, commander = await people(client)
        for who in (officer, commander):
            assert (await client.http.post(PLANS, headers=who, json=content())).status_code == 403
        filed = await file(client, plant)
        assert (await check(client, plant, filed)).status_code == 403


class TestTwoPlants:
    """The enterprise is listed in two cities; its plan is filed for the plant of the first."""

    async def test_the_city_of_the_other_plant_does_not_check_it(
        self, client: Client, runtime: Runtime, plant: dict[str, str]
    ) -> None:
        await put_in_force(runtime, [LINE], replace(FIRM, adcode=ELSEWHERE), adcode=ELSEWHERE)
        filed = await file(client, plant)
        away, here = [await client.account(Role.DUTY_OFFICER, adcode=adcode) for adcode in (ELSEWHERE, CITY)]
        assert filed["adcode"] == CITY
        form = f'action="/enterprises/{FIRM.uscc}/operating-plans/{filed["id"]}/review"'
        shown = [
            (await client.http.get(f"/enterprises/{FIRM.uscc}/operating-plans", headers=who | HTML)).text
            for who in (away, here)
        ]
        assert [form in page for page in shown] == [False, True]
        assert (await check(client, away, filed)).status_code == 403
        assert (await check(client, here, filed)).status_code == 200

    async def test_the_city_of_the_other_plant_does_not_see_it_anywhere(
        self, client: Client, runtime: Runtime, plant: dict[str, str]
    ) -> None:
        await put_in_force(runtime, [LINE], replace(FIRM, adcode=ELSEWHERE), adcode=ELSEWHERE)
        away, here = [await client.account(Role.DUTY_OFFICER, adcode=adcode) for adcode in (ELSEWHERE, CITY)]
        await check(client, here, await file(client, plant))
        phone = "0315-5550002"
        for who, seen in ((here, True), (plant, True), (away, False)):
            page = (await client.http.get(PLANS, headers=who)).json()
            assert (bool(page["items"]), page["counting"] is not None) == (seen, seen)
            assert (await client.http.get(f"/enterprises/{FIRM.uscc}", headers=who | HTML)).status_code == 200
            board = await client.http.get(f"/enterprises/{FIRM.uscc}/board", headers=who | HTML)
            assert (board.status_code, phone in board.text) == (200, seen)
        async with runtime.unit() as uow:
            sheets = await uow.fetch("SELECT adcode, content::jsonb ->> 'plan_version' AS plan FROM printed_sheet")
        assert {(row["adcode"], row["plan"]) for row in sheets} == {(CITY, "1"), (ELSEWHERE, None)}

    async def test_what_the_county_decided_counts_for_the_plant_of_the_citys_list(
        self, runtime: Runtime, plant: dict[str, str]
    ) -> None:
        await put_in_force(runtime, [LINE], adcode=COUNTY)
        async with runtime.unit() as uow:
            case = await uow.fetchval(
                "INSERT INTO guarantee_case (uscc, name, adcode, kind, basis, cap_value, cap_unit, valid_until, reason, created_at)"
                " VALUES ($1, $2, $3, 'livelihood', 'heat_supply', 500, 't', $4::timestamptz + interval '9 days', '供热', $4)"
                " RETURNING id",
                FIRM.uscc,
                FIRM.name,
                COUNTY,
                uow.now,
            )
            await uow.execute(
                "INSERT INTO guarantee_step (case_id, seq, move, state, level, at, effective_from)"
                " VALUES ($1, 0, 'start', 'in_force', 'city', $2, $2)",
                case,
                uow.now - timedelta(hours=1),
            )
            site, listed = await listed_now(uow, FIRM.uscc)
        assert (site.homes, listed.adcode) == ((CITY, COUNTY), CITY)
        assert listed.enterprise.guarantee is GuaranteeType.LIVELIHOOD

    async def test_the_county_whose_own_list_names_the_plant_checks_it(
        self, client: Client, runtime: Runtime, plant: dict[str, str]
    ) -> None:
        await put_in_force(runtime, [LINE], adcode=COUNTY)
        filed = await file(client, plant)
        county = await client.account(Role.DUTY_OFFICER, adcode=COUNTY)
        assert (await check(client, county, filed)).status_code == 200


class TestForm:
    @pytest.mark.parametrize("codes", ["{", "5", '{"MF0001": 1}', "[1]", '[["MF0001"]]', "[" * 100_000, "null"])
    async def test_codes_that_our_page_never_sends_are_refused(
        self, client: Client, plant: dict[str, str], codes: str
    ) -> None:
        answer = await client.http.post(
            f"/enterprises/{FIRM.uscc}/operating-plans", headers=plant | HTML, data={"codes": codes, "main_process": "熔化"}
        )
        assert answer.status_code == 422
        assert "The form does not say which lines it is about" in answer.text
        assert "熔化" in answer.text


class TestDuringAResponse:
    async def test_a_change_waits_until_it_is_over(
        self, client: Client, runtime: Runtime, plant: dict[str, str], clock: ManualClock
    ) -> None:
        officer, commander = await people(client)
        await check(client, officer, await file(client, plant))
        await order(client, officer, commander, COUNTY, "red")
        clock.advance_to(clock.now() + timedelta(hours=1))
        changed = await file(client, plant, process="新工艺")
        assert changed["during_response"]
        assert (await check(client, officer, changed)).json()["state"] == "waiting"
        assert await state(runtime) == (1, "in_force")
        clock.advance_to(clock.now() + timedelta(hours=1))
        await order(client, officer, commander, COUNTY, "none")
        assert await state(runtime) == (2, "in_force")
        async with runtime.unit() as uow:
            before = await plan_at(uow, FIRM.uscc, uow.now - timedelta(minutes=30))
        assert before is not None
        assert (before.version, before.state) == (1, PlanState.IN_FORCE)

    async def test_the_first_plan_of_all_counts_at_once(
        self, client: Client, runtime: Runtime, plant: dict[str, str]
    ) -> None:
        officer, commander = await people(client)
        await order(client, officer, commander, CITY, "red")
        assert (await check(client, officer, await file(client, plant))).json()["state"] == "in_force"


class TestRevision:
    async def test_a_new_list_calls_for_a_revision(
        self, client: Client, runtime: Runtime, plant: dict[str, str]
    ) -> None:
        officer, _ = await people(client)
        await check(client, officer, await file(client, plant))
        other = Line("MF0001", "1号线", "熔化", PerLevel(FIFTH, STOP, STOP))
        await put_in_force(runtime, [other, Line("MF0002", "2号线", "熔化", PerLevel(STOP, STOP, STOP))])
        page = (await client.http.get(PLANS, headers=plant)).json()
        assert [reason["code"] for reason in page["revise"]] == ["line_added", "measure"]
        assert "橙色" in page["revise"][1]["zh"]

    def test_every_trigger_has_its_words(self) -> None:
        before = basis_of(1, firm(grade=Grade.B, contact="0315-1"), (LINE,))
        after = basis_of(2, firm(grade=Grade.C, contact=None), (Line("MF0002", "2号线", "熔化", LINE.measures),))
        found = revision_reasons(before, after)
        assert [reason["code"] for reason in found] == ["grade", "contact", "line_added", "line_gone"]
        assert found[0]["zh"] == "绩效分级由B级变为C级"
        assert found[1]["en"] == "the contact changed from “0315-1” to “none”"

    def test_the_number_of_the_list_alone_is_no_reason(self) -> None:
        assert revision_reasons(basis_of(1, FIRM, (LINE,)), basis_of(2, FIRM, (LINE,))) == []
