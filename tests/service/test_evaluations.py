"""Evaluations over HTTP: live and marked a draft, closed by a person, frozen; what enterprises report."""

from __future__ import annotations

import json
from datetime import date, datetime, timedelta
from typing import Any

import asyncpg
import pytest

from emission_lists.documents import line_from
from emission_lists.guides import Guide, ListProfile
from emission_lists.lists import ROAD_TRANSPORT
from service.accounts.roles import Role, Scope
from service.evaluations import region
from service.kit.canonical import digest
from service.kit.clock import SHANGHAI, ManualClock
from service.kit.runtime import Runtime
from service.lists.floors import floors_of
from service.lists.workbooks import law_at
from tests.support import HEAVY, NOW, Client, approve_open, forecast, hours, listed

POLLUTANTS = ("so2", "nox", "pm", "vocs")
DAY = timedelta(days=1)
STARTS, ENDS = datetime(2016, 12, 17, tzinfo=SHANGHAI), datetime(2016, 12, 20, tzinfo=SHANGHAI)


class World:
    """Beijing with a list and an approved warning of three days."""

    def __init__(self, client: Client, clock: ManualClock, uscc: str, decided: dict[str, Any], who: dict[str, str]) -> None:
        self.client, self.clock, self.uscc, self.who = client, clock, uscc, who
        self.response, self.warning = decided["response"], decided["warning"]
        self.path = f"/api/v1/responses/{self.response}"

    async def over(self) -> None:
        """The response has ended and a day has passed."""
        async with self.client.runtime.unit() as uow:
            await uow.execute("UPDATE response SET ends_at = $1", ENDS)
            await uow.commit()
        self.clock.advance_to(ENDS + DAY)

    async def get(self, path: str = "/evaluation", **query: str) -> dict[str, Any]:
        answer = await self.client.http.get(self.path + path, headers=self.who, params=query)
        assert answer.status_code == 200, answer.text
        body: dict[str, Any] = answer.json()
        return body

    async def close(self, content_hash: str, **more: Any) -> Any:
        body = {"content_hash": content_hash, "conclusion": "措施落实到位。"} | more
        return await self.client.http.post(self.path + "/evaluation", headers=self.who, json=body)

    async def enterprise(self) -> dict[str, str]:
        return await self.client.account(Role.ENTERPRISE, uscc=self.uscc)

    async def report(self, who: dict[str, str], *lines: dict[str, Any]) -> Any:
        return await self.client.http.post(self.path + "/reports", headers=who, json={"lines": list(lines)})

    async def lines(self) -> dict[str, Any]:
        """The lines of the enterprise by code."""
        async with self.client.runtime.unit() as uow:
            stored = await uow.fetchval("SELECT document FROM list_enterprise WHERE uscc = $1", self.uscc)
        return {line["code"]: line_from(line) for line in json.loads(stored)["lines"]}


@pytest.fixture
async def world(client: Client, runtime: Runtime, clock: ManualClock) -> World:
    uscc = await listed(runtime)
    commander = await client.account(Role.COMMANDER)
    await client.feed()
    await client.deliver(forecast(HEAVY))
    await client.work()
    return World(client, clock, uscc, await approve_open(client, commander), commander)


def stopped(line: str, day: str = "2016-12-17", hours: float = 24, **more: Any) -> dict[str, Any]:
    return {"line": line, "day": day, "state": "stopped", "hours": hours} | more


class TestLive:
    async def test_before_it_begins_nothing_is_accounted(self, world: World) -> None:
        body = await world.get()
        assert (body["state"], body["running"], body["totals"]["lines"]) == ("draft", True, 0)

    async def test_it_is_a_draft_with_the_course_of_events(self, world: World) -> None:
        await world.over()
        body = await world.get()
        assert (body["state"], body["running"], body["level"]) == ("draft", False, "yellow")
        (step,) = body["course"]
        assert step["forecast_issued_at"] == NOW.isoformat()
        assert step["decided_by_role"] == "commander"
        assert {entry["what"]: (entry["hours"], entry["met"]) for entry in step["timing"]} == {
            "lead": (31.0, True),
            "decision": (0.0, True),
            "publication": (0.0, None),
        }

    async def test_what_is_planned_is_what_the_list_states_for_these_days(self, world: World) -> None:
        await world.over()
        body = await world.get()
        async with world.client.runtime.unit() as uow:
            totals = await uow.fetchval("SELECT totals FROM list_version")
        for name in POLLUTANTS:
            figures = body["totals"]["pollutants"][name]
            assert figures["planned_kg"] == pytest.approx(3 * totals["planned"]["yellow"][name], abs=1e-4)
            assert figures["base_kg"] == pytest.approx(3 * totals["base"][name], abs=1e-4)
            assert body["levels"][0]["floor"]["shares"][name] == pytest.approx(
                totals["planned"]["yellow"][name] / totals["whole_society"][name], abs=1e-6
            )
        assert body["levels"][0]["floor"]["met"] is True
        assert body["levels"][0]["floor"]["profile"] == "FLOOR-A"

    async def test_a_guarantee_in_force_at_the_start_is_not_planned_as_the_list_says(self, world: World) -> None:
        await world.over()
        before = await world.get()
        async with world.client.runtime.unit() as uow:
            for uscc in (world.uscc, "91110000MA0000000X"):
                await uow.execute(
                    "WITH made AS (INSERT INTO guarantee_case (uscc, name, adcode, kind, basis, cap_value, cap_unit, valid_until,"
                    " reason, created_at) VALUES ($1, '甲', '110000', 'livelihood', 'eia_capacity', 50, '%', $2, 'x', $3)"
                    " RETURNING id) INSERT INTO guarantee_step (case_id, seq, move, state, level, at, effective_from)"
                    " SELECT id, 1, 'start', 'in_force', 'city', $3, $3 FROM made",
                    uscc, ENDS + 9 * DAY, STARTS - DAY,
                )  # fmt: skip
            await uow.commit()
        after = await world.get()
        saved = {
            code: [line.reductions.yellow[place] or 0 for place in range(4)]
            for code, line in (await world.lines()).items()
            if line.measures.yellow.action.value in ("limit", "stop") and line.process != ROAD_TRANSPORT
        }
        for place, name in enumerate(POLLUTANTS):
            planned = [one["totals"]["pollutants"][name]["planned_kg"] for one in (before, after)]
            assert planned[0] - planned[1] == pytest.approx(3 * sum(values[place] for values in saved.values()), abs=1e-4)
        assert after["totals"]["pollutants"]["nox"]["planned_kg"] < before["totals"]["pollutants"]["nox"]["planned_kg"]
        assert after["totals"]["lines"] == before["totals"]["lines"]

    async def test_the_floors_are_those_of_the_place(self, world: World, monkeypatch: pytest.MonkeyPatch) -> None:
        asked = []

        def local(adcode: str, guide: str, day: date | None) -> tuple[Guide, ListProfile]:
            asked.append((adcode, guide, day))
            law, rules = law_at(adcode, guide, day)
            overlay = rules.overlays[0].model_copy(update={"adcode": adcode, "floors": "FLOOR-B", "checks": {}})
            return law, rules.model_copy(update={"overlays": (overlay,)})

        monkeypatch.setattr("service.evaluations.flows.law_at", local)
        monkeypatch.setattr("service.lists.floors.law_at", local)
        await world.over()
        assert (await world.get())["levels"][0]["floor"]["profile"] == "FLOOR-B"
        async with world.client.runtime.unit() as uow:
            version = await uow.fetchval("SELECT id FROM list_version")
            assert (await floors_of(uow, Scope("110000"), version)).floor.id == "FLOOR-B"
            assert (await floors_of(uow, Scope("110000"), version, "FLOOR-A")).floor.id == "FLOOR-A"
        assert asked[0] == ("110000", "G2020", STARTS.date())

    async def test_every_dimension_and_the_hours_add_up_exactly(self, world: World) -> None:
        await world.over()
        body = await world.get()
        for name in POLLUTANTS:
            for figure in ("planned_kg", "base_kg"):
                whole = round(body["totals"]["pollutants"][name][figure] * 1_000_000)
                for by in body["by"].values():
                    assert sum(round(one["pollutants"][name][figure] * 1_000_000) for one in by) == whole
                (response,) = body["hours"]
                assert sum(round(value * 1_000_000) for value in response["pollutants"][name][figure]) == whole
        assert len(body["hours"][0]["until"]) == 72

    async def test_without_evidence_nothing_is_verified_and_without_reports_nothing_reported(self, world: World) -> None:
        await world.over()
        body = await world.get()
        for figures in body["totals"]["pollutants"].values():
            assert figures["verified_at_least_kg"] is None
            assert figures["reported_kg"] is None
            assert figures["verified_coverage"] == 0
        assert body["levels"][0]["floor"]["verified"] is None
        assert set(body["hours"][0]["pollutants"]["nox"]["verified_at_least_kg"]) == {None}

    async def test_measured_air_stands_beside_it_and_claims_nothing(self, world: World) -> None:
        measured = {
            "type": "observation.reported",
            "timestamp": NOW.isoformat(),
            "data": {"adcode": "110000", "points": hours(STARTS - DAY, [100.0] * 24)},
        }
        await world.over()
        assert (await world.client.deliver(measured, kind="observations")).status_code == 202
        body = await world.get()
        assert [(one["day"], one["when"], one["pm25"]) for one in body["air"]] == [("2016-12-16", "before", 100.0)]

    async def test_list_corrections_name_lines_that_nobody_measured(self, world: World) -> None:
        await world.over()
        kinds = {one["kind"]: one["lines"] for one in (await world.get())["corrections"]}
        assert kinds["not_measured"] > 0

    async def test_an_unknown_response_is_not_found(self, world: World) -> None:
        answer = await world.client.http.get("/api/v1/responses/999/evaluation", headers=world.who)
        assert answer.status_code == 404


class TestClosing:
    async def test_a_running_response_cannot_be_closed(self, world: World) -> None:
        world.clock.advance_to(STARTS + DAY)
        answer = await world.close((await world.get())["content_hash"])
        assert answer.status_code == 409
        assert "not over" in answer.json()["detail"]

    async def test_what_was_read_is_frozen_with_its_digest_and_stands_on_the_ledger(self, world: World) -> None:
        await world.over()
        read = await world.get()
        answer = await world.close(read["content_hash"], lessons="加强核查。")
        assert answer.status_code == 201, answer.text
        world.clock.advance_to(ENDS + 3 * DAY)
        shut = await world.get()
        assert (shut["state"], shut["content_hash"]) == ("closed", read["content_hash"])
        assert (shut["closed"]["conclusion"], shut["closed"]["lessons"]) == ("措施落实到位。", "加强核查。")
        content = {name: value for name, value in shut.items() if name not in {"state", "content_hash", "closed"}}
        assert digest(content) == read["content_hash"]
        async with world.client.runtime.unit() as uow:
            entry = json.loads(
                await uow.fetchval("SELECT content FROM ledger_entry WHERE kind = 'evaluation.closed'")
            )
        assert (entry["digest"], entry["warning"]) == (read["content_hash"], world.warning)

    async def test_twice_is_refused(self, world: World) -> None:
        await world.over()
        content_hash = (await world.get())["content_hash"]
        assert [(await world.close(content_hash)).status_code for _ in range(2)] == [201, 409]

    async def test_a_report_in_between_needs_another_reading(self, world: World) -> None:
        await world.over()
        read = (await world.get())["content_hash"]
        code = next(iter(await world.lines()))
        assert (await world.report(await world.enterprise(), stopped(code))).status_code == 201
        answer = await world.close(read)
        assert (answer.status_code, answer.json()["type"]) == (409, "urn:lantian:problem:content-changed")
        assert (await world.close(answer.json()["content_hash"])).status_code == 201

    async def test_a_closed_one_does_not_change_with_later_reports(self, world: World) -> None:
        await world.over()
        await world.close((await world.get())["content_hash"])
        before = await world.get()
        code = next(iter(await world.lines()))
        answer = await world.report(await world.enterprise(), stopped(code))
        assert answer.json()["evaluation_closed"] is True
        assert await world.get() == before

    async def test_the_database_keeps_it(self, world: World) -> None:
        await world.over()
        await world.close((await world.get())["content_hash"])
        async with world.client.runtime.unit() as uow:
            with pytest.raises(asyncpg.RestrictViolationError, match="append-only"):
                await uow.execute("UPDATE evaluation SET conclusion = 'x'")

    async def test_a_conclusion_of_blanks_is_refused(self, world: World) -> None:
        await world.over()
        assert (await world.close((await world.get())["content_hash"], conclusion="  ")).status_code == 422


    @pytest.mark.parametrize("said", ["好\x01", "\x0b好", "好\x1f", "好\ufffe", "好\uffff"])
    async def test_what_no_document_can_hold_is_refused(self, world: World, said: str) -> None:
        await world.over()
        read = await world.get()
        for member in ("conclusion", "lessons"):
            answer = await world.close(read["content_hash"], **{member: said})
            assert (answer.status_code, answer.json()["type"]) == (422, "urn:lantian:problem:invalid-content")
        assert (await world.get())["state"] == "draft"


class TestReports:
    async def test_a_stopped_line_saves_its_base(self, world: World) -> None:
        await world.over()
        line = next(line for line in (await world.lines()).values() if line.base.nox)
        await world.report(await world.enterprise(), stopped(line.code, hours=12))
        figures = (await world.get())["totals"]["pollutants"]["nox"]
        assert figures["reported_kg"] == pytest.approx(line.base.nox / 2, abs=1e-6)
        assert figures["reported_lines"] == 1

    async def test_the_newest_of_a_line_and_day_counts_and_the_old_one_stays(self, world: World) -> None:
        await world.over()
        who, code = await world.enterprise(), next(iter(await world.lines()))
        await world.report(who, stopped(code, nox=5.5))
        await world.report(who, stopped(code, nox=4.25), stopped(code, "2016-12-18", nox=1))
        assert (await world.get())["totals"]["pollutants"]["nox"]["reported_kg"] == 5.25
        items = (await world.get("/reports"))["items"]
        assert sorted((one["nox"], one["newest"]) for one in items) == [(1.0, True), (4.25, True), (5.5, False)]

    async def test_a_limit_without_share_tells_only_what_it_states(self, world: World) -> None:
        await world.over()
        line = next(line for line in (await world.lines()).values() if line.base.nox and line.base.pm)
        half = {"line": line.code, "day": "2016-12-17", "state": "limited", "hours": 24, "nox": 1.5}
        await world.report(await world.enterprise(), half)
        figures = (await world.get())["totals"]["pollutants"]
        assert (figures["nox"]["reported_kg"], figures["pm"]["reported_kg"]) == (1.5, None)

    async def test_all_faults_come_at_once_and_nothing_is_stored(self, world: World) -> None:
        await world.over()
        code = next(iter(await world.lines()))
        bad = [
            stopped("nowhere"),
            stopped(code, "2016-12-16"),
            stopped(code, hours=0),
            {"line": code, "day": "2016-12-18", "state": "limited", "hours": 3},
            {"line": code, "day": "2016-12-18", "state": "running", "hours": 3},
        ]
        answer = await world.report(await world.enterprise(), *bad)
        assert answer.status_code == 422
        assert [fault["pointer"] for fault in answer.json()["errors"]] == [
            "/lines/0/line", "/lines/1/day", "/lines/2/hours", "/lines/3/ran_at", "/lines/4/hours", "/lines/4",
        ]  # fmt: skip
        assert (await world.get("/reports"))["items"] == []

    async def test_no_more_hours_than_the_response_had(self, world: World) -> None:
        world.clock.advance_to(STARTS + timedelta(hours=5))
        code = next(iter(await world.lines()))
        who = await world.enterprise()
        assert (await world.report(who, stopped(code, hours=6))).status_code == 422
        assert (await world.report(who, stopped(code, hours=5))).status_code == 201

    async def test_another_enterprise_is_not_asked(self, world: World) -> None:
        await world.over()
        other = await world.client.account(Role.ENTERPRISE, uscc="91110000MA0000000X")
        code = next(iter(await world.lines()))
        assert (await world.report(other, stopped(code))).status_code == 404
        await world.report(await world.enterprise(), stopped(code))
        seen = await world.client.http.get(world.path + "/reports", headers=other)
        assert seen.json()["items"] == []

    async def test_more_than_the_base_is_taken_and_named(self, world: World) -> None:
        await world.over()
        line = next(line for line in (await world.lines()).values() if line.base.nox)
        await world.report(await world.enterprise(), stopped(line.code, nox=99 * line.base.nox))
        kinds = {one["kind"] for one in (await world.get())["corrections"]}
        assert "reported_above_base" in kinds


class TestRegion:
    async def look(self, world: World, **query: str) -> Any:
        asked = {"from": "2016-12-01", "until": "2017-01-01"} | query
        return await world.client.http.get("/api/v1/evaluations", headers=world.who, params=asked)

    async def test_cities_add_up_to_the_whole_live_and_closed_alike(self, world: World) -> None:
        await world.over()
        live = (await self.look(world)).json()
        evaluation = await world.get()
        assert live["totals"] == evaluation["totals"] == live["cities"][0]["totals"]
        assert live["warnings"][0]["state"] == "draft"
        await world.close(evaluation["content_hash"])
        shut = (await self.look(world)).json()
        assert shut["warnings"][0]["state"] == "closed"
        assert [shut[name] for name in ("totals", "levels", "by", "cities")] == [
            live[name] for name in ("totals", "levels", "by", "cities")
        ]

    async def test_by_region_and_outside_the_days(self, world: World) -> None:
        await world.over()
        assert len((await self.look(world, region="jingjinji-2015")).json()["warnings"]) == 1
        assert (await self.look(world, until="2016-12-15")).json()["warnings"] == []
        assert (await self.look(world, region="nowhere")).status_code == 404
        assert (await self.look(world, adcode="130000")).status_code == 403
        assert (await self.look(world, until="2016-12-01")).status_code == 422

    async def test_too_much_is_refused_with_what_to_do(self, world: World, monkeypatch: pytest.MonkeyPatch) -> None:
        await world.over()
        monkeypatch.setattr(region, "MOST_LINES", 10)
        answer = await self.look(world)
        assert answer.status_code == 422
        assert "fewer days" in answer.json()["detail"]


def meter(uscc: str, line: str, point: str, **fields: Any) -> tuple[Any, ...]:
    given = {"kind": "power", "role": "production"} | fields
    return ("110000", uscc, point, given["kind"], line, given["role"], "upload", NOW)


POINT_COLUMNS = ["adcode", "uscc", "point", "kind", "line_code", "role", "source", "registered_at"]
HOUR_COLUMNS = ["adcode", "uscc", "point", "item", "until_at", "batch_id", "value", "flag"]
HOUR = timedelta(hours=1)


class TestVerified:
    """Normal days at 100 kWh an hour, then the response."""

    async def prove(
        self, world: World, line: str, used: dict[int, float], point: str = "DB1", item: str = "kwh", batch: int = 1
    ) -> None:
        """Store the hours of a point in the response: the place of the hour → value."""
        rows = [
            ("110000", world.uscc, point, item, STARTS + (place + 1) * HOUR, batch, value, None)
            for place, value in used.items()
        ]
        async with world.client.runtime.unit() as uow:
            await uow.connection.copy_records_to_table("evidence_hour", records=rows, columns=HOUR_COLUMNS)
            await uow.commit()

    async def metered(self, world: World, *points: tuple[Any, ...]) -> None:
        """Register points; every meter of production has run at 100 kWh on the fourteen days before."""
        normal = [
            ("110000", world.uscc, point[2], "kwh", STARTS - place * HOUR, 0, 100.0, None)
            for point in points
            if point[3] == "power"
            for place in range(24 * 14)
        ]
        async with world.client.runtime.unit() as uow:
            connection = uow.connection
            await connection.copy_records_to_table("evidence_point", records=points, columns=POINT_COLUMNS)
            await connection.copy_records_to_table("evidence_hour", records=normal, columns=HOUR_COLUMNS)
            await uow.commit()

    async def asked(self, world: World) -> Any:
        """A line that emits NOx and has a measure at yellow."""
        every = (await world.lines()).values()
        return next(one for one in every if one.base.nox and one.measures.yellow.action.value in ("limit", "stop"))

    async def test_from_electricity_for_the_measured_hours_only(self, world: World) -> None:
        await world.over()
        line = await self.asked(world)
        await self.metered(world, meter(world.uscc, line.code, "DB1"))
        await self.prove(world, line.code, {0: 0.0, 1: 50.0, 2: 100.0})
        figures = (await world.get())["totals"]["pollutants"]["nox"]
        assert figures["verified_at_least_kg"] == pytest.approx(1.5 * line.base.nox / 24, abs=1e-5)
        assert (figures["verified_lines"], figures["verified_minutes"]) == (1, 180)
        assert 0 < figures["verified_coverage"] < 1
        hourly = (await world.get())["hours"][0]["pollutants"]["nox"]
        assert hourly["verified_at_least_kg"][2] == 0
        assert hourly["verified_at_least_kg"][3] is None
        assert hourly["known_lines"][:4] == [1, 1, 1, 0]

    async def test_hours_with_the_treatment_confirmed_to_be_off_save_nothing(self, world: World) -> None:
        await world.over()
        line = await self.asked(world)
        await self.metered(world, meter(world.uscc, line.code, "DB1"))
        await self.prove(world, line.code, {0: 0.0, 1: 0.0, 2: 0.0})
        for first, state in ((0, "confirmed"), (1, "found")):
            async with world.client.runtime.unit() as uow:
                await uow.execute(
                    "INSERT INTO finding (adcode, uscc, enterprise, line_code, rule, response_id, state, starts_at, until_at,"
                    " proof, content_hash, supported, found_at, changed_at)"
                    " VALUES ('110000', $1, '甲', $2, 'TREATMENT_OFF', $3, $4, $5, $6, '{}', $7, true, $6, $6)",
                    world.uscc, line.code, world.response, state, STARTS + first * HOUR, STARTS + (first + 1) * HOUR, "0" * 64,
                )  # fmt: skip
                await uow.commit()
        figures = (await world.get())["totals"]["pollutants"]["nox"]
        assert figures["verified_minutes"] == 180
        assert figures["verified_at_least_kg"] == pytest.approx(2 * line.base.nox / 24, abs=1e-5)

    async def test_a_correction_counts_and_the_old_value_stays(self, world: World) -> None:
        await world.over()
        line = await self.asked(world)
        await self.metered(world, meter(world.uscc, line.code, "DB1"))
        await self.prove(world, line.code, {0: 100.0})
        await self.prove(world, line.code, {0: 0.0}, batch=2)
        figures = (await world.get())["totals"]["pollutants"]["nox"]
        assert figures["verified_at_least_kg"] == pytest.approx(line.base.nox / 24, abs=1e-5)

    async def test_hours_that_one_of_two_meters_lacks_are_not_verified(self, world: World) -> None:
        await world.over()
        line = await self.asked(world)
        await self.metered(world, meter(world.uscc, line.code, "DB1"), meter(world.uscc, line.code, "DB2"))
        await self.prove(world, line.code, {0: 0.0, 1: 0.0})
        await self.prove(world, line.code, {1: 100.0}, point="DB2")
        figures = (await world.get())["totals"]["pollutants"]["nox"]
        assert figures["verified_minutes"] == 60
        assert figures["verified_at_least_kg"] == pytest.approx(0.5 * line.base.nox / 24, abs=1e-5)

    async def test_treatment_power_proves_nothing_of_production(self, world: World) -> None:
        await world.over()
        line = await self.asked(world)
        await self.metered(world, meter(world.uscc, line.code, "DB1", role="treatment"))
        await self.prove(world, line.code, {0: 0.0})
        assert (await world.get())["totals"]["pollutants"]["nox"]["verified_at_least_kg"] is None

    async def test_without_normal_days_electricity_is_named_and_verifies_nothing(self, world: World) -> None:
        await world.over()
        line = await self.asked(world)
        async with world.client.runtime.unit() as uow:
            await uow.connection.copy_records_to_table(
                "evidence_point", records=[meter(world.uscc, line.code, "DB1")], columns=POINT_COLUMNS
            )
            await uow.commit()
        await self.prove(world, line.code, {0: 0.0})
        body = await world.get()
        assert body["totals"]["pollutants"]["nox"]["verified_at_least_kg"] is None
        assert {one["kind"]: one["lines"] for one in body["corrections"]}["no_baseline"] == 1

    async def test_cems_with_flow_gives_its_pollutant(self, world: World) -> None:
        await world.over()
        line = await self.asked(world)
        await self.metered(world, meter(world.uscc, line.code, "YQ1", kind="cems", role="none"))
        half_of_base = line.base.nox / 24 / 2
        await self.prove(world, line.code, {0: 50.0}, point="YQ1", item="nox")
        await self.prove(world, line.code, {0: half_of_base * 1_000_000 / 50.0}, point="YQ1", item="flow")
        figures = (await world.get())["totals"]["pollutants"]
        assert figures["nox"]["verified_at_least_kg"] == pytest.approx(half_of_base, rel=1e-4)
        assert figures["pm"]["verified_at_least_kg"] is None
