"""What the demonstration's bureau and plants hand in, on a service in process: once, however often it is asked."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from service.accounts.roles import Role
from service.demo.clock import begins
from service.demo.episodes import load_episode
from service.demo.filing import CITY, WITHOUT_PLAN, Filing
from service.demo.outside import Outside
from service.demo.plants import DEFIANT, NORMAL_DAYS
from service.demo.seed import PASSWORD, enterprise_login, seed_accounts, seed_feeds, seed_lists
from service.kit.clock import ManualClock
from service.kit.http import forget_answers
from service.kit.runtime import Runtime
from tests.support import Client, approve_open

HOUR = timedelta(hours=1)
TABLES = ("permit_register", "grade_application", "grade_step", "operating_plan", "evidence_batch", "evidence_hour")


@pytest.fixture
async def filing(runtime: Runtime, client: Client, clock: ManualClock) -> Filing:
    episode = load_episode("2016-12")
    clock.current = begins(episode)
    secrets, passwords = await seed_feeds(runtime), await seed_accounts(runtime)
    assert await seed_lists(runtime, replace(episode, tracks={CITY: episode.tracks[CITY]}), {CITY: 400}) == 1
    login = enterprise_login(CITY)
    outside = Outside(client.http, secrets, passwords | {login: PASSWORD})
    return await Filing.of(runtime, outside, login, clock.now())


async def counts(runtime: Runtime) -> dict[str, int]:
    async with runtime.unit() as uow:
        return {table: await uow.fetchval(f"SELECT count(*) FROM {table}") for table in TABLES}


async def red_from(client: Client, clock: ManualClock, hours: int) -> datetime:
    """Put the city under red, and let the clock run into it."""
    duty = await client.account(Role.DUTY_OFFICER, CITY)
    commander = await client.account(Role.COMMANDER, CITY)
    wish = {
        "adcode": CITY, "to": "red", "reason": "upper_order", "ground": "upper_order",
        "legal_basis": "示例〔2016〕2号", "explanation": "x",
    }  # fmt: skip
    assert (await client.http.post("/api/v1/proposals", headers=duty, json=wish)).status_code == 201
    await approve_open(client, commander)
    started = clock.now()
    clock.advance_to(started + hours * HOUR)
    return started


class TestFiling:
    async def test_twice_is_the_same_as_once(self, runtime: Runtime, client: Client, filing: Filing) -> None:
        await filing.before()
        first = await counts(runtime)
        assert first["grade_application"] == 3
        assert first["evidence_hour"] == 24 * NORMAL_DAYS * sum(len(plant.lines) for plant in filing.plants)
        await filing.before()
        assert await counts(runtime) == first

    async def test_a_demonstration_that_is_started_again_after_weeks_files_nothing_twice(
        self, runtime: Runtime, client: Client, clock: ManualClock, filing: Filing
    ) -> None:
        await filing.before()
        first = await counts(runtime)
        clock.advance_to(clock.now() + 10 * 24 * HOUR)
        async with runtime.unit() as uow:
            await forget_answers(uow)  # a repeated call is not known any more
            await uow.commit()
        again = await Filing.of(runtime, filing.outside, filing.login, filing.start)
        await again.before()
        assert await counts(runtime) == first

    async def test_the_plan_is_accepted_and_the_register_differs_from_the_list(
        self, runtime: Runtime, client: Client, filing: Filing
    ) -> None:
        await filing.before()
        officer = await client.account(Role.DUTY_OFFICER, CITY)
        plans = await client.http.get(f"/api/v1/enterprises/{filing.uscc}/operating-plans", headers=officer)
        assert [plan["state"] for plan in plans.json()["items"]] == ["in_force"]
        coverage = await client.http.get("/api/v1/permits/coverage", headers=officer, params={"adcode": CITY})
        assert coverage.status_code == 200
        assert "未列入清单的持证单位1（示例生成）" in coverage.text

    async def test_a_plant_that_runs_on_under_red_is_found_and_no_other(
        self, runtime: Runtime, client: Client, clock: ManualClock, filing: Filing
    ) -> None:
        await filing.before()
        await red_from(client, clock, 6)
        await filing.hour(clock.now())
        await client.work()
        officer = await client.account(Role.DUTY_OFFICER, CITY)
        found = (await client.http.get("/api/v1/findings", headers=officer)).json()["items"]
        defiant = [plant for plant in filing.plants if plant.defies is not None]
        assert filing.plants.index(defiant[0]) in (DEFIANT, DEFIANT + 1)
        without = [one["uscc"] for one in found if one["rule"] == "NO_PLAN"]
        assert without == [filing.plants[WITHOUT_PLAN].uscc]
        running = [one for one in found if one["rule"] == "RUNNING_WHILE_STOPPED"]
        assert {(one["uscc"], one["line"]) for one in running} == {(defiant[0].uscc, defiant[0].defies)}
