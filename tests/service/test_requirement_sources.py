"""Requirements from several sides: county and city, the season, levels that are only imagined; what was, stays."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from emission_lists.levels import PerLevel
from emission_lists.lists import Line
from emission_lists.measures import Action, Later, Measure, VehicleRule
from service.accounts.roles import Role
from service.kit.clock import SHANGHAI, ManualClock
from service.kit.runtime import Runtime
from tests.service.requirement_support import CITY, COUNTY, FIRM, PATH, asked, order, people, put_in_force, season
from tests.support import Client

STOP, UNKNOWN = Measure(Action.STOP), Measure(Action.UNKNOWN)
FIFTH, HALF = Measure(Action.LIMIT, ratio=0.2), Measure(Action.LIMIT, ratio=0.5)
TRUCKS = Measure(Action.TRANSPORT, vehicle_rule=VehicleRule.BAN_HEAVY_TRUCK_LE_CN4_INCL_GAS)


def line(yellow: Measure, orange: Measure, red: Measure, code: str = "MF0001") -> Line:
    return Line(code, f"{code}号线", "熔化", PerLevel(yellow, orange, red))


class TestCountyAndCity:
    @pytest.mark.parametrize(("city", "county"), [("orange", "red"), ("red", "orange")])
    async def test_the_stricter_counts_and_both_are_named(
        self, client: Client, runtime: Runtime, city: str, county: str
    ) -> None:
        await put_in_force(runtime, [line(FIFTH, HALF, STOP)])
        duty, commander = await people(client)
        await order(client, duty, commander, CITY, city)
        await order(client, duty, commander, COUNTY, county)
        found = await asked(client, commander)
        assert found["response"]["level"] == "red"
        assert {(one["adcode"], one["level"]) for one in found["responses"]} == {(CITY, city), (COUNTY, county)}
        assert found["lines"][0]["action"] == "stop"
        assert "唐山市" in found["lines"][0]["reasons"][0]["zh"]
        assert "路南区" in found["lines"][0]["reasons"][0]["zh"]
        assert found["elsewhere"] == []

    async def test_a_county_of_its_own_is_enough(self, client: Client, runtime: Runtime) -> None:
        await put_in_force(runtime, [line(FIFTH, HALF, STOP)])
        duty, commander = await people(client)
        await order(client, duty, commander, COUNTY, "yellow")
        found = await asked(client, commander)
        assert (found["status"], found["division"], found["response"]["adcode"]) == ("required", CITY, COUNTY)
        assert found["lines"][0]["ratio"] == 0.2

    async def test_another_county_touches_nobody_here(self, client: Client, runtime: Runtime) -> None:
        await put_in_force(runtime, [line(FIFTH, HALF, STOP)])
        duty, commander = await people(client)
        await order(client, duty, commander, "130203", "red")
        assert (await asked(client, commander))["status"] == "no_response"

    async def test_what_the_county_has_not_established_stays_beside_what_is_known(
        self, client: Client, runtime: Runtime
    ) -> None:
        await put_in_force(runtime, [line(FIFTH, HALF, UNKNOWN)])
        duty, commander = await people(client)
        await order(client, duty, commander, CITY, "orange")
        await order(client, duty, commander, COUNTY, "red")
        found = await asked(client, commander)
        assert found["status"] == "not_established"
        assert found["lines"][0]["action"] == "limit"
        assert [one["action"] for one in found["lines"][0]["also"]] == ["unknown"]
        assert "联系主管部门" in found["lines"][0]["sentence_zh"]

    async def test_the_enterprise_acknowledges_the_notice_of_its_county(self, client: Client, runtime: Runtime) -> None:
        await put_in_force(runtime, [line(FIFTH, HALF, STOP)])
        duty, commander = await people(client)
        await order(client, duty, commander, COUNTY, "red")
        plant = await client.account(Role.ENTERPRISE, adcode=CITY, uscc=FIRM.uscc)
        answer = await client.http.post(f"{PATH}/acknowledgements", headers=plant, json={"name": "王工"})
        assert answer.status_code == 201, answer.text
        assert answer.json()["name"] == "王工"


class TestSeason:
    async def test_without_a_warning_the_season_is_what_counts(self, client: Client, runtime: Runtime) -> None:
        await put_in_force(runtime, [line(FIFTH, HALF, STOP)])
        _, commander = await people(client)
        await season(runtime, FIFTH)
        found = await asked(client, commander)
        assert found["status"] == "no_response"
        assert found["headline_zh"] == "当前没有预警；错峰生产计划执行中"
        assert found["seasonal"][0]["title"] == "采暖季"
        assert found["lines"][0]["sentence_zh"] == "MF0001号线限产 20 %"

    async def test_with_a_warning_the_stricter_counts(self, client: Client, runtime: Runtime) -> None:
        await put_in_force(runtime, [line(FIFTH, TRUCKS, STOP)])
        duty, commander = await people(client)
        await season(runtime, HALF)
        await order(client, duty, commander, CITY, "yellow")
        found = await asked(client, commander)
        assert found["lines"][0]["ratio"] == 0.5
        assert "错峰" in found["lines"][0]["reasons"][0]["zh"]
        await order(client, duty, commander, CITY, "orange")
        both = (await asked(client, commander))["lines"][0]
        assert (both["action"], [one["action"] for one in both["also"]]) == ("limit", ["transport"])
        assert "两项都要执行" in both["reasons"][0]["zh"]

    async def test_ends_with_its_last_day(self, client: Client, runtime: Runtime, clock: ManualClock) -> None:
        await put_in_force(runtime, [line(FIFTH, HALF, STOP)])
        await people(client)
        await season(runtime, FIFTH)
        runtime.live.listening = True
        clock.advance_to(datetime(2017, 3, 15, 23, 59, tzinfo=SHANGHAI))
        duty2, _ = await people(client)
        assert (await asked(client, duty2))["lines"] != []
        clock.advance_to(datetime(2017, 3, 16, tzinfo=SHANGHAI))
        duty3, _ = await people(client)
        assert (await asked(client, duty3))["lines"] == []

    async def test_a_new_version_takes_the_place_of_the_old(
        self, client: Client, runtime: Runtime, clock: ManualClock
    ) -> None:
        await put_in_force(runtime, [line(FIFTH, HALF, STOP)])
        _, commander = await people(client)
        await season(runtime, FIFTH)
        before = clock.now()
        clock.advance_to(before + timedelta(hours=1))
        await season(runtime, STOP, title="采暖季第二版")
        assert (await asked(client, commander))["lines"][0]["action"] == "stop"
        past = await asked(client, commander, at=before.isoformat())
        assert past["lines"][0]["ratio"] == 0.2


class TestDeclared:
    async def test_is_marked_and_never_taken_for_real(self, client: Client, runtime: Runtime) -> None:
        await put_in_force(runtime, [line(FIFTH, HALF, STOP)])
        _, commander = await people(client)
        runtime.live.listening = True
        for level, action in (("yellow", "limit"), ("red", "stop")):
            found = await asked(client, commander, level=level)
            assert found["hypothetical"]["level"] == level
            assert found["response"] is None
            assert found["headline_zh"].startswith("假如：")
            assert found["lines"][0]["action"] == action
        real = await asked(client, commander)
        assert (real["status"], real["hypothetical"], real["lines"]) == ("no_response", None, [])

    async def test_what_is_not_established_is_said(self, client: Client, runtime: Runtime) -> None:
        await put_in_force(runtime, [line(FIFTH, HALF, UNKNOWN)])
        _, commander = await people(client)
        found = await asked(client, commander, level="red")
        assert found["status"] == "not_established"
        assert "联系主管部门" in found["summary_zh"]

    async def test_blue_asks_nothing_of_an_enterprise(self, client: Client, runtime: Runtime) -> None:
        await put_in_force(runtime, [line(FIFTH, HALF, STOP)])
        _, commander = await people(client)
        answer = await client.http.get(f"{PATH}/requirements", headers=commander, params={"level": "blue"})
        assert answer.status_code == 422


class TestOverTime:
    async def test_a_remembered_answer_does_not_outlive_its_stage(
        self, client: Client, runtime: Runtime, clock: ManualClock
    ) -> None:
        staged = Measure(Action.STOP, complete_within_hours=6, later=(Later(24, FIFTH),))
        await put_in_force(runtime, [line(FIFTH, HALF, staged)])
        duty, commander = await people(client)
        runtime.live.listening = True
        start = clock.now()
        await order(client, duty, commander, CITY, "red")
        first = (await asked(client, commander))["lines"][0]
        assert first["action"] == "stop"
        assert first["complete_by"] == (start + timedelta(hours=6)).isoformat(timespec="seconds")
        assert [stage["measure"]["action"] for stage in first["stages"]] == ["stop", "limit"]
        assert first["stages"][0]["until"] == first["stages"][1]["from"]
        clock.advance_to(start + timedelta(hours=24))
        later = await client.account(Role.COMMANDER, adcode=CITY)
        assert (await asked(client, later))["lines"][0]["ratio"] == 0.2

    async def test_the_past_never_changes(self, client: Client, runtime: Runtime, clock: ManualClock) -> None:
        await put_in_force(runtime, [line(FIFTH, HALF, STOP)])
        duty, commander = await people(client)
        start = clock.now()
        seen: dict[str, bytes] = {}

        async def look() -> None:
            at = clock.now().isoformat()
            seen[at] = (await client.http.get(f"{PATH}/requirements", headers=commander, params={"at": at})).content

        steps = ("orange", "season", "red", "county", "list", "lower", "lift")
        for number, step in enumerate(steps):
            clock.advance_to(start + timedelta(hours=1 + 2 * number))
            await look()
            clock.advance_to(clock.now() + timedelta(seconds=30))  # what is recorded at an instant holds at it
            if step == "season":
                await season(runtime, HALF)
            elif step == "list":
                await put_in_force(runtime, [line(STOP, STOP, STOP), line(STOP, STOP, STOP, "MF0002")])
            elif step == "county":
                await order(client, duty, commander, COUNTY, "yellow")
            else:
                to = {"lower": "yellow", "lift": "none"}.get(step, step)
                await order(client, duty, commander, CITY, to)
            clock.advance_to(clock.now() + timedelta(minutes=1))
            await look()
        assert len(set(seen.values())) > 6
        for at, body in seen.items():
            again = await client.http.get(f"{PATH}/requirements", headers=commander, params={"at": at})
            assert again.content == body, at


class TestAskedPlainly:
    """By its path alone a question is answered before the framework takes parameters apart: the same answers, the same refusals."""

    async def test_a_question_says_the_same_with_and_without_parameters(self, client: Client, runtime: Runtime) -> None:
        await put_in_force(runtime, [line(FIFTH, HALF, STOP)])
        duty, commander = await people(client)
        await order(client, duty, commander, CITY, "red")
        plain = await client.http.get(f"{PATH}/requirements", headers=commander)
        again = await client.http.get(f"{PATH}/requirements?nothing=1", headers=commander)
        assert plain.status_code == again.status_code == 200
        assert plain.content == again.content
        assert plain.headers["etag"] == again.headers["etag"]
        known = await client.http.get(f"{PATH}/requirements", headers=commander | {"if-none-match": plain.headers["etag"]})
        assert (known.status_code, known.content) == (304, b"")

    @pytest.mark.parametrize("query", ["", "?nothing=1"])
    async def test_refusals_are_the_same(self, client: Client, query: str) -> None:
        _, commander = await people(client)
        for code, status in (("9111", 422), ("911302001000000009", 422), (PATH.rsplit("/", 1)[-1], 404)):
            answer = await client.http.get(f"/api/v1/enterprises/{code}/requirements{query}", headers=commander)
            assert (answer.status_code, answer.headers["content-type"]) == (status, "application/problem+json"), code
        client.http.cookies.clear()
        nobody = await client.http.get(f"{PATH}/requirements{query}")
        assert nobody.status_code == 401
