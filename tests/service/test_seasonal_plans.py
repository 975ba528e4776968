"""Seasonal plans over HTTP: json and files, faults at once, versions that only add."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import asyncpg
import httpx
import pytest

from emission_lists.levels import PerLevel
from emission_lists.lists import ROAD_TRANSPORT, Line
from emission_lists.measures import Action, Measure
from emission_lists.regrading import BESIDE
from emission_lists.requirements import SeasonalFacts
from emission_lists.seasonal import COLUMNS
from service.accounts.roles import Role
from service.enterprises.composing import seasonal_obligations
from service.kit.clock import SHANGHAI
from service.kit.runtime import Runtime
from service.seasonal.repository import Entry
from tests.service.requirement_support import CITY, FIRM, asked, put_in_force
from tests.service.test_requirement_sources import FIFTH, HALF, STOP, line
from tests.support import Client

PLANS = "/api/v1/seasonal-plans"
QUERY = {"adcode": CITY, "title": "采暖季", "valid_from": "2016-11-15", "valid_until": "2017-03-15"}
HEADER = ",".join(column.header for column in COLUMNS) + "\n"


def entry(**more: Any) -> dict[str, Any]:
    return {
        "uscc": FIRM.uscc, "starts": "2016-11-15", "until": "2017-03-15", "measure": {"action": "limit", "ratio": 0.2},
    } | more  # fmt: skip


def plan(*entries: dict[str, Any], **more: Any) -> dict[str, Any]:
    return QUERY | {"entries": list(entries)} | more


@pytest.fixture
async def keeper(client: Client) -> dict[str, str]:
    return await client.account(Role.DUTY_OFFICER, adcode=CITY)


class TestWhatItSpeaksOf:
    async def test_a_plan_without_a_line_is_for_production_not_for_trucks(
        self, client: Client, runtime: Runtime, keeper: dict[str, str]
    ) -> None:
        nothing = Measure(Action.NONE)
        road = Line("YS0001", "公路运输", ROAD_TRANSPORT, PerLevel(nothing, nothing, nothing))
        await put_in_force(runtime, [line(FIFTH, HALF, STOP), road])
        await client.http.post(PLANS, headers=keeper, json=plan(entry()))
        assert {one["code"] for one in (await asked(client, keeper))["lines"]} == {"MF0001"}
        named = plan(entry(), entry(line_code="YS0001", measure={"action": "stop"}), title="另一版")
        assert (await client.http.post(PLANS, headers=keeper, json=named)).status_code == 201
        assert {one["code"] for one in (await asked(client, keeper))["lines"]} == {"MF0001", "YS0001"}

    def test_nor_twice_for_what_stands_beside_a_line(self) -> None:
        rows = (line(FIFTH, HALF, STOP), line(FIFTH, HALF, STOP, f"MF0001{BESIDE}"))
        noon = datetime(2016, 12, 1, 12, tzinfo=SHANGHAI)
        whole = Entry(1, CITY, "采暖季", "", noon, noon + timedelta(days=1), HALF)
        [found] = seasonal_obligations({1: SeasonalFacts(1, CITY, "采暖季")}, [whole], rows)
        assert [asked[0] for asked in found.lines] == ["MF0001"]


class TestUpload:
    async def test_as_json(self, client: Client, runtime: Runtime, keeper: dict[str, str]) -> None:
        await put_in_force(runtime, [line(FIFTH, HALF, STOP)])
        stored = await client.http.post(PLANS, headers=keeper, json=plan(entry(), entry(line_code="MF0001")))
        assert stored.status_code == 201, stored.text
        assert stored.json()["entries"] == 2
        listed = (await client.http.get(PLANS, headers=keeper)).json()["items"]
        assert [item["id"] for item in listed] == [stored.json()["id"]]
        one = (await client.http.get(f"{PLANS}/{stored.json()['id']}", headers=keeper)).json()
        assert {item["line_code"] for item in one["items"]} == {"", "MF0001"}
        assert (await asked(client, keeper))["lines"][0]["ratio"] == 0.2

    async def test_as_a_file(self, client: Client, keeper: dict[str, str]) -> None:
        content = (HEADER + f"{FIRM.uscc},,2016-11-15,2017-03-15,停产,,,,\n").encode()
        stored = await client.http.post(PLANS, headers=keeper, content=content, params=QUERY)
        assert stored.status_code == 201, stored.text
        assert stored.json()["title"] == "采暖季"

    async def test_a_file_with_faults_stores_nothing(
        self, client: Client, runtime: Runtime, keeper: dict[str, str]
    ) -> None:
        content = (HEADER + "x,,2016-11-15,2017-03-15,停产,,,,\ny,,2016-11-15,2017-03-15,停产,,,,\n").encode()
        refused = await client.http.post(PLANS, headers=keeper, content=content, params=QUERY)
        assert refused.status_code == 422
        assert [fault["row"] for fault in refused.json()["errors"]] == [2, 3]
        async with runtime.unit() as uow:
            assert await uow.fetchval("SELECT count(*) FROM seasonal_plan") == 0

    @pytest.mark.parametrize(
        "wrong",
        [
            plan(),
            plan(entry(uscc="1")),
            plan(entry(until="2016-11-01")),
            plan(entry(until="2017-04-01")),
            plan(entry(), entry(starts="2016-12-01")),
            plan(entry(measure={"action": "limit", "ratio": 1.5})),
            plan(entry(measure={"action": "limit", "window": "always"})),
            plan(entry(), surplus=1),
            plan(entry(), valid_from="2017-05-01", valid_until="2017-04-01"),
            {"entries": []},
        ],
    )
    async def test_what_contradicts_itself_is_refused(
        self, client: Client, keeper: dict[str, str], wrong: dict[str, Any]
    ) -> None:
        answer = await client.http.post(PLANS, headers=keeper, json=wrong)
        assert answer.status_code == 422
        assert answer.json()["detail"]

    async def test_the_same_again_is_refused(self, client: Client, keeper: dict[str, str]) -> None:
        assert (await client.http.post(PLANS, headers=keeper, json=plan(entry()))).status_code == 201
        assert (await client.http.post(PLANS, headers=keeper, json=plan(entry()))).status_code == 409

    @pytest.mark.parametrize(
        ("role", "adcode", "status"),
        [(Role.COMMANDER, "130000", 201), (Role.COMMANDER, "110000", 403), (Role.AUDITOR, CITY, 403)],
    )
    async def test_who_may(self, client: Client, role: Role, adcode: str, status: int) -> None:
        who = await client.account(role, adcode=adcode)
        answer: httpx.Response = await client.http.post(PLANS, headers=who, json=plan(entry()))
        assert answer.status_code == status

    async def test_what_was_stored_stays(self, client: Client, runtime: Runtime, keeper: dict[str, str]) -> None:
        await client.http.post(PLANS, headers=keeper, json=plan(entry()))
        for table in ("seasonal_plan", "seasonal_entry"):
            async with runtime.unit() as uow:
                with pytest.raises(asyncpg.PostgresError):
                    await uow.execute(
                        f"UPDATE {table} SET adcode = adcode" if table == "seasonal_plan" else f"DELETE FROM {table}"
                    )
