"""A prompt's proposals are made in its own transaction, as the single path makes them, and stay."""

from __future__ import annotations

import asyncio
import json
from datetime import datetime, timedelta
from typing import Any

import pytest

from service.accounts.roles import Role
from service.assessments.flows import assess_division
from service.kit.clock import SHANGHAI, ManualClock
from service.kit.runtime import Runtime
from tests.service.region_support import (
    COMMON_START,
    ISSUED,
    ORANGE,
    RED,
    Command,
    air_of,
    board_of,
    enter,
    open_proposals,
    prompt_body,
    until,
)
from tests.support import HEAVY, Client, forecast, listed

THREE = {"130200": "red", "131000": "red", "370100": "orange"}


@pytest.fixture(autouse=True)
def noon(clock: ManualClock) -> None:
    clock.current = ISSUED


async def rows(runtime: Runtime, statement: str, *arguments: Any) -> list[Any]:
    async with runtime.unit() as uow:
        return list(await uow.fetch(statement, *arguments))


class TestOwnTransaction:
    async def test_every_division_has_its_proposal_before_any_job_runs(self, client: Client) -> None:
        coordinator = await client.account(Role.COORDINATOR, "100000")
        made = await enter(client, coordinator, prompt_body())
        found = await open_proposals(client, coordinator)
        assert {code for code, one in found.items() if one["to"] == "red"} == RED
        assert {code for code, one in found.items() if one["to"] == "orange"} == ORANGE
        assert {one["effective_at"] for one in found.values()} == {COMMON_START.isoformat()}
        assert {one["prompt"] for one in found.values()} == {made["id"]}
        assert {one["reason"]["code"] for one in made["divisions"]} == {"waiting"}

    async def test_the_later_assessment_leaves_them_alone(self, client: Client, runtime: Runtime) -> None:
        coordinator = await client.account(Role.COORDINATOR, "100000")
        await client.feed()
        for adcode in ("110000", "130200"):
            await client.deliver(forecast([60.0] * 150, issued=client.runtime.clock.now(), adcode=adcode))
        await client.work()
        await enter(client, coordinator, prompt_body())
        before = await rows(runtime, "SELECT id, adcode, content_hash, state FROM proposal ORDER BY id")
        await client.work()
        assert await rows(runtime, "SELECT id, adcode, content_hash, state FROM proposal ORDER BY id") == before

    async def test_it_is_what_the_single_path_makes(self, client: Client, runtime: Runtime) -> None:
        coordinator = await client.account(Role.COORDINATOR, "100000")
        await client.feed()
        await client.deliver(forecast([60.0] * 150, issued=client.runtime.clock.now(), adcode="130200"))
        await client.work()
        await enter(client, coordinator, prompt_body(THREE))
        bulk = await one_by_one(runtime, list(THREE))
        async with runtime.unit() as uow:
            await uow.execute("UPDATE proposal SET state = 'withdrawn', closed_reason = 'x', closed_at = $1", uow.now)
            for adcode in THREE:
                await assess_division(uow, adcode)
            await uow.commit()
        single = await one_by_one(runtime, list(THREE))
        assert single == bulk

    async def test_own_higher_level_wins(self, client: Client) -> None:
        coordinator = await client.account(Role.COORDINATOR, "100000")
        await client.feed()
        now = client.runtime.clock.now()
        await client.deliver(forecast([40.0] * 30 + [300.0] * 110 + [40.0] * 20, issued=now, adcode="130200"))
        await client.work()
        await enter(client, coordinator, prompt_body({"130200": "yellow", "131000": "yellow"}))
        found = await open_proposals(client, coordinator)
        assert (found["130200"]["to"], found["130200"]["reason"]) == ("red", "criteria_met")
        assert (found["131000"]["to"], found["131000"]["reason"]) == ("yellow", "regional_prompt")

    async def test_an_entry_may_start_at_an_hour_of_its_own(self, client: Client) -> None:
        coordinator = await client.account(Role.COORDINATOR, "100000")
        later = (COMMON_START + timedelta(hours=4)).isoformat()
        body = prompt_body(THREE)
        body["entries"][0]["starts_at"] = later
        await enter(client, coordinator, body)
        found = await open_proposals(client, coordinator)
        assert {code: one["effective_at"] for code, one in found.items()} == {
            "130200": later,
            "131000": COMMON_START.isoformat(),
            "370100": COMMON_START.isoformat(),
        }
        await client.work()
        assert (await open_proposals(client, coordinator))["130200"]["effective_at"] == later

    async def test_everybody_concerned_is_told_once(self, client: Client, runtime: Runtime) -> None:
        coordinator = await client.account(Role.COORDINATOR, "100000")
        await enter(client, coordinator, prompt_body(THREE))
        await client.work()
        async with runtime.unit() as uow:
            await uow.enqueue("tell_of_prompt", {"prompt": 1})
            await uow.commit()
        await client.work()
        told = await rows(runtime, "SELECT adcode, kind, count(*) AS n FROM inbox_message GROUP BY 1, 2")
        assert {(row["adcode"], row["kind"], row["n"]) for row in told} == {
            (adcode, kind, 1) for adcode in THREE for kind in ("prompt", "proposal")
        }


async def one_by_one(runtime: Runtime, adcodes: list[str]) -> dict[str, Any]:
    """Everything that is kept of the newest proposal of each division but its number."""
    found = {}
    for row in await rows(
        runtime, "SELECT DISTINCT ON (adcode) * FROM proposal WHERE adcode = ANY($1) ORDER BY adcode, id DESC", adcodes
    ):
        dues = await rows(
            runtime,
            "SELECT replace(schedule, ':' || $1 || ':', '') AS what, due_at, job FROM due WHERE schedule LIKE '%proposal:' || $1 || ':%'"
            " ORDER BY 1, 2",
            str(row["id"]),
        )
        entries = await rows(
            runtime,
            "SELECT kind, content FROM ledger_entry WHERE adcode = $1 AND content::jsonb ->> 'proposal' = $2 AND kind = 'proposal.made'",
            row["adcode"],
            str(row["id"]),
        )
        left = {"id", "assessment_id", "state", "closed_at", "closed_reason"}
        found[row["adcode"]] = (
            {name: value for name, value in dict(row).items() if name not in left},
            [tuple(due) for due in dues],
            [
                {key: value for key, value in json.loads(entry["content"]).items() if key != "proposal"}
                for entry in entries
            ],
        )
    return found


class TestAdoption:
    async def test_where_a_plan_names_hours_adopting_is_owed_and_met(
        self, client: Client, runtime: Runtime, clock: ManualClock
    ) -> None:
        clock.current = datetime(2020, 1, 10, 12, 0, tzinfo=SHANGHAI)
        coordinator = await client.account(Role.COORDINATOR, "100000")
        starts = (clock.now() + timedelta(hours=30)).isoformat()
        body = prompt_body({"140100": "red", "140300": "red"}, region="jingjinji-2017", starts_at=starts)
        made = await enter(client, coordinator, body)
        found = await rows(runtime, "SELECT adcode, subject, state, due_at FROM obligation WHERE kind = 'adopt_prompt'")
        subject = f"prompt:{made['id']}:140100"
        assert [tuple(row) for row in found] == [("140100", subject, "open", clock.now() + timedelta(hours=2))]
        await Command(client).decide((await open_proposals(client, coordinator))["140100"])
        (state,) = await rows(runtime, "SELECT state FROM obligation WHERE kind = 'adopt_prompt'")
        assert state["state"] == "met"


class TestTwice:
    async def test_the_same_key_enters_it_once(self, client: Client, runtime: Runtime) -> None:
        coordinator = await client.account(Role.COORDINATOR, "100000")
        both = await asyncio.gather(
            *(enter(client, coordinator, prompt_body(THREE), key="letter-1215") for _ in range(2))
        )
        assert both[0] == both[1]
        assert len(await rows(runtime, "SELECT id FROM prompt")) == 1
        assert len(await rows(runtime, "SELECT id FROM proposal")) == 3

    async def test_a_newer_prompt_replaces_an_older_one_for_the_places_it_names(self, client: Client) -> None:
        coordinator = await client.account(Role.COORDINATOR, "100000")
        first = await enter(client, coordinator, prompt_body(THREE))
        second = await enter(client, coordinator, prompt_body({"130200": "orange", "370100": "red"}))
        found = await open_proposals(client, coordinator)
        assert {code: (one["to"], one["prompt"]) for code, one in found.items()} == {
            "130200": ("orange", second["id"]),
            "131000": ("red", first["id"]),
            "370100": ("red", second["id"]),
        }
        board = await board_of(client, coordinator, first["id"])
        assert {code: one["reason"]["code"] for code, one in board.items()} == {
            "130200": "superseded",
            "131000": "waiting",
            "370100": "superseded",
        }

    async def test_the_end_of_the_newer_one_does_not_bring_the_older_back(
        self, client: Client, runtime: Runtime, clock: ManualClock
    ) -> None:
        coordinator = await client.account(Role.COORDINATOR, "100000")
        await enter(client, coordinator, prompt_body({"130200": "red"}))
        ends = (COMMON_START + timedelta(hours=2)).isoformat()
        await enter(client, coordinator, prompt_body({"130200": "yellow"}, ends_at=ends))
        await until(client, runtime, clock, COMMON_START)
        assert {one["to"] for one in (await open_proposals(client, coordinator)).values()} == {"yellow"}
        await until(client, runtime, clock, COMMON_START + timedelta(hours=6))
        assert await open_proposals(client, coordinator) == {}

    async def test_a_decision_while_a_second_prompt_arrives(self, client: Client, runtime: Runtime) -> None:
        coordinator = await client.account(Role.COORDINATOR, "100000")
        await enter(client, coordinator, prompt_body(THREE))
        command = Command(client)
        proposal = (await open_proposals(client, coordinator))["370100"]
        for role in proposal["approvers"]:
            await command.person(role, "370100")

        async def decide() -> str:
            headers = await command.person(proposal["approvers"][0], "370100")
            answer = await client.http.post(
                f"/api/v1/proposals/{proposal['id']}/decision",
                headers=headers,
                json={"approve": True, "content_hash": proposal["content_hash"], "reason": "同意"},
            )
            return answer.text if answer.status_code not in (200, 409) else str(answer.status_code)

        decided, second = await asyncio.gather(
            decide(), enter(client, coordinator, prompt_body({"370100": "red"}, document="第二次"))
        )
        assert decided in {"200", "409"}
        found = (await open_proposals(client, coordinator))["370100"]
        assert (found["to"], found["prompt"]) == ("red", second["id"])
        assert found["action"] in {"issue", "raise"}
        standing = await rows(runtime, "SELECT level FROM warning WHERE adcode = '370100'")
        assert (found["action"] == "raise") == (len(standing) == 1)


class TestScope:
    async def test_a_province_prompts_inside_itself_only(self, client: Client, runtime: Runtime) -> None:
        province = await client.account(Role.PROVINCIAL_COORDINATOR, "130000")
        answer = await client.http.post("/api/v1/prompts", headers=province, json=prompt_body(THREE))
        assert answer.status_code == 403
        assert "370100" in answer.json()["detail"]
        assert await rows(runtime, "SELECT id FROM proposal") == []
        made = await enter(client, province, prompt_body({"130200": "red"}))
        assert [one["adcode"] for one in made["divisions"]] == ["130200"]

    async def test_what_is_not_announced_elsewhere_stays_blank(self, client: Client, runtime: Runtime) -> None:
        coordinator = await client.account(Role.COORDINATOR, "100000")
        await listed(runtime)
        made = await enter(client, coordinator, prompt_body(THREE))
        await client.work()
        city = await client.account(Role.COMMANDER, "370100")
        board = await board_of(client, city, made["id"])
        assert board["370100"]["reason"]["code"] == "waiting"
        for adcode in ("130200", "131000"):
            line = board[adcode]
            assert line["reason"]["code"] == "not_known"
            assert [
                line[key] for key in ("own_level", "proposed_at", "proposal", "proposal_state", "acknowledged")
            ] == [None] * 5
        foreign = await client.account(Role.COMMANDER, "440100")
        assert (await client.http.get(f"/api/v1/prompts/{made['id']}", headers=foreign)).status_code == 404
        assert (await client.http.get(f"/api/v1/prompts/{made['id']}/board.csv", headers=foreign)).status_code == 404


class TestReplayOfAir:
    async def test_cities_with_air_of_their_own_keep_their_reasons(self, client: Client) -> None:
        coordinator = await client.account(Role.COORDINATOR, "100000")
        await client.feed()
        for adcode in ("110000", "130100", "130600"):
            await client.deliver(air_of(adcode, ISSUED - timedelta(hours=4)))
        await client.work()
        assert (await client.deliver(forecast(HEAVY, issued=ISSUED, adcode="120000"))).status_code == 202
        await client.work()
        await enter(client, coordinator, prompt_body())
        found = await open_proposals(client, coordinator)
        assert found.keys() == RED | ORANGE
        assert all(one["to"] == ("red" if code in RED else "orange") for code, one in found.items())
