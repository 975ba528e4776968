"""Drills on pages: planned by leaders of the region, directed by one account inside, unseen from outside."""

from __future__ import annotations

from pathlib import Path

import pytest

from service.accounts.roles import Role
from service.kit.runtime import Runtime
from tests.service.drill_support import ORANGE, PROMPT, http_of, leader, planned, play, ready, signed_in
from tests.support import Client

OURS = {"sec-fetch-site": "same-origin", "accept": "text/html"}
FORM = {"script": ORANGE, "participants": "generated", "pace": "12", "planned_for": "2026-12-01T09:00"}


class TestPlanning:
    async def test_a_leader_of_the_region_plans(self, client: Client, runtime: Runtime) -> None:
        headers = await client.account(Role.OFFICE_DIRECTOR, "140100") | OURS
        answer = await client.http.post("/drills", data=FORM, headers=headers)
        assert (answer.status_code, answer.headers["location"]) == (303, "/drills")
        page = (await client.http.get("/drills", headers=headers)).text
        assert "lantian drill run 1" in page
        assert "突发橙色" in page
        assert "主管副市长联系不上" in page
        async with runtime.unit() as uow:
            row = await uow.fetchrow("SELECT pace, state, planned_by IS NOT NULL AS signed FROM drill")
            assert row is not None
            assert tuple(row) == (12.0, "planned", True)
            assert await uow.fetchval("SELECT count(*) FROM ledger_entry WHERE kind = 'drill.planned'") == 1

    @pytest.mark.parametrize(
        ("role", "adcode"),
        [
            (Role.DUTY_OFFICER, "140100"),
            (Role.AUDITOR, "140100"),
            (Role.COORDINATOR, "140000"),
            (Role.COMMANDER, "510100"),
            (Role.COMMANDER, "140105"),
        ],
    )
    async def test_nobody_else_does(self, client: Client, runtime: Runtime, role: Role, adcode: str) -> None:
        headers = await client.account(role, adcode) | OURS
        answer = await client.http.post("/drills", data=FORM, headers=headers)
        assert answer.status_code == 403
        async with runtime.unit() as uow:
            assert await uow.fetchval("SELECT count(*) FROM drill") == 0

    async def test_who_may_play_does_not_see_what_will_come(self, client: Client) -> None:
        page = (await client.http.get("/drills", headers=await client.account(Role.DUTY_OFFICER, "140100") | OURS)).text
        assert "突发橙色" in page
        assert "主管副市长联系不上" not in page

    @pytest.mark.parametrize(
        ("field", "value", "status"),
        [("script", "none", 404), ("participants", "all", 422), ("pace", "0", 422), ("pace", "x", 422), ("planned_for", "x", 422)],
    )
    async def test_a_form_that_cannot_be(self, client: Client, field: str, value: str, status: int) -> None:
        headers = await client.account(Role.COMMANDER, "140100") | OURS
        answer = await client.http.post("/drills", data=FORM | {field: value}, headers=headers)
        assert answer.status_code == status
        assert 'role="alert"' in answer.text

    async def test_enterprises_and_strangers_see_nothing(self, client: Client, runtime: Runtime) -> None:
        await planned(runtime)
        plant = await client.account(Role.ENTERPRISE, "140100", uscc="91140100MA0000001X") | OURS
        far = await client.account(Role.COMMANDER, "510100") | OURS
        client.http.cookies.clear()
        for path in ("/drills", "/drills/1"):
            assert (await client.http.get(path, headers=plant)).status_code == 403
            assert (await client.http.get(path, headers=OURS)).status_code == 303
        assert "突发橙色" not in (await client.http.get("/drills", headers=far)).text
        assert (await client.http.get("/drills/1", headers=far)).status_code == 404
        assert (await client.http.post("/drills/1/drop", headers=far)).status_code == 404
        assert (await client.http.get("/drill", headers=far)).status_code == 404


class TestDirecting:
    async def test_the_leader_starts_throws_and_ends(self, client: Client, runtime: Runtime, tmp_path: Path) -> None:
        official = await client.account(Role.COMMANDER, "130100") | OURS
        drill_id = await planned(runtime, PROMPT)
        async with ready(runtime, tmp_path, drill_id) as drill:
            http, headers = http_of(drill), await leader(drill) | OURS
            early = await http.post("/drill/injects", data={"inject": "press"}, headers=headers)
            assert early.status_code == 422
            assert (await http.post("/drill/start", headers=headers)).status_code == 303
            assert await drill.director.state() == "running"
            for _ in range(2):
                assert (await http.post("/drill/injects", data={"inject": "press"}, headers=headers)).status_code == 303
            assert (await http.post("/drill/injects", data={"inject": "none"}, headers=headers)).status_code == 404
            page = (await http.get("/drill", headers=headers)).text
            assert page.count("told") >= 2
            async with drill.runtime.unit() as uow:
                names = [row["name"] for row in await uow.fetch("SELECT name FROM drill_inject ORDER BY id")]
                assert names[0] == "press"
                assert names[1].startswith("press-")
                assert await uow.fetchval("SELECT count(*) FROM inbox_message WHERE kind = 'drill'") == 2
            assert (await http.post("/drill/finish", headers=headers)).status_code == 303
        sheet = (await client.http.get(f"/drills/{drill_id}", headers=official)).text
        assert "0分，满分100分" in sheet
        assert "未触发" in sheet

    async def test_players_cannot_direct(self, runtime: Runtime, tmp_path: Path) -> None:
        drill_id = await planned(runtime)
        async with ready(runtime, tmp_path, drill_id) as drill:
            headers = await signed_in(drill, "drill-commander-140100", drill.handed.people) | OURS
            for method, path in (("GET", "/drill"), ("POST", "/drill/start"), ("POST", "/drill/finish"), ("POST", "/drill/injects")):
                assert (await http_of(drill).request(method, path, headers=headers)).status_code == 403, path
            assert await drill.director.state() == "ready"

    async def test_absent_people_are_shut_out_and_people_who_came_are_waited_for(
        self, runtime: Runtime, tmp_path: Path
    ) -> None:
        drill_id = await planned(runtime)
        async with ready(runtime, tmp_path, drill_id) as drill:
            for role in ("deputy-commander", "office-director"):
                await signed_in(drill, f"drill-{role}-140100", drill.handed.people)
            await play(drill, until_minutes=100)
            again = await http_of(drill).post(
                "/api/v1/sessions", json={"login": "drill-deputy-commander-140100", "password": drill.handed.people}
            )
            assert again.status_code == 401
            async with drill.runtime.unit() as uow:
                assert await uow.fetchval("SELECT count(*) FROM signature") == 0, "the person's turn is the person's"
                assert await uow.fetchval("SELECT state FROM proposal ORDER BY id DESC LIMIT 1") == "open"
