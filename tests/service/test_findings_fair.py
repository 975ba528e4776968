"""What must not be a finding, and what must not be lost: hours of the day, whitelists with an end, faulty values, late vehicles."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any

import pytest

from emission_lists.measures import Action, LoadCap, Measure, VehicleRule
from emission_lists.sheets.examples import EXAMPLES
from emission_lists.sheets.kinds import Sheet, SheetRecord
from service.accounts.roles import Role
from service.evidence.repository import hours_of
from service.findings.judging import judge_touched
from service.kit.runtime import Runtime
from tests.service.evidence_support import ADCODE, START, USCC, evidence_feed, evidence_list, line, power, respond, send
from tests.service.test_findings import HOUR, arrive, ready, rows, step
from tests.support import NOW, Client

__all__ = ["ready"]


def truck(plate: str, after: timedelta, **more: Any) -> dict[str, Any]:
    """A banned truck that was let in so long after the response's start."""
    return {"uscc": USCC, "gate": "G1", "time": (START + after).isoformat(), "plate": plate, "plate_colour": "yellow",
            "vehicle": "heavy_truck", "stage": "4", "fuel": "B", "direction": "in", "let_in": True} | more  # fmt: skip


async def pass_gate(client: Client, *trucks: dict[str, Any]) -> None:
    body = {"type": "evidence.gate", "timestamp": NOW.isoformat(), "data": list(trucks)}
    assert (await send(client, body)).status_code == 202
    await client.work()


def told(found: list[Any]) -> list[tuple[str, list[str]]]:
    return [(row["state"], [one["plate"] for one in row["proof"]["passages"]]) for row in found]


def whitelisted(plate: str, until: date) -> SheetRecord:
    fields = EXAMPLES[Sheet.WHITELIST] | {"plate": plate, "valid_until": until.isoformat()}
    return SheetRecord(Sheet.WHITELIST, plate, fields, 1)


class TestHoursOfTheDay:
    async def test_a_truck_outside_the_hours_of_the_measure_is_no_finding(
        self, client: Client, runtime: Runtime
    ) -> None:
        stop = Measure(Action.TRANSPORT, vehicle_rule=VehicleRule.STOP_ROAD_TRANSPORT, window="06:00-14:00")
        await evidence_list(runtime, lines=[line("ROAD", stop, "公路运输")])
        await evidence_feed(client)
        await respond(runtime)
        await pass_gate(client, truck("冀B1", 5.5 * HOUR), truck("冀B2", 14 * HOUR))
        assert await rows(runtime) == []
        await pass_gate(client, truck("冀B3", 6 * HOUR))
        assert told(await rows(runtime)) == [("found", ["冀B3"])]


class TestWhitelist:
    @pytest.mark.parametrize(
        ("until", "found"), [(START.date() - timedelta(days=1), 1), (START.date(), 0), (date(2035, 12, 31), 0)]
    )
    async def test_a_plate_passes_up_to_its_last_day(
        self, client: Client, runtime: Runtime, until: date, found: int
    ) -> None:
        await evidence_list(runtime, records=(whitelisted("冀B12345", until),))
        await evidence_feed(client)
        await respond(runtime)
        await pass_gate(client, truck("冀B12345", 16 * HOUR))
        made = await rows(runtime)
        assert len(made) == found
        if made:
            assert made[0]["proof"]["passages"][0]["whitelisted_until"] == until.isoformat()
            who = await client.account(Role.DUTY_OFFICER)
            page = await client.http.get("/findings/1?lang=en", headers=who | {"accept": "text/html"})
            assert "whitelist until 2016-12-14" in page.text


def flagged(
    values: list[float], flag: str | None, *, first: datetime = START, point: str = "L1 meter"
) -> dict[str, Any]:
    body = power(values, first=first, point=point)
    for hour in body["data"][0]["hours"]:
        hour["flag"] = flag
    return body


async def take(client: Client, body: dict[str, Any]) -> None:
    assert (await send(client, body)).status_code == 202
    await client.work()


class TestFaultyValues:
    @pytest.mark.parametrize(("flag", "found"), [(None, 1), ("N", 1), *((flag, 0) for flag in "FMSDCTB")])
    async def test_a_value_with_a_flag_proves_nothing(
        self, ready: Client, runtime: Runtime, flag: str | None, found: int
    ) -> None:
        await take(ready, flagged([500], flag))
        assert len(await rows(runtime)) == found
        async with runtime.unit() as uow:
            hours = await hours_of(uow, USCC, START, START + HOUR)
        assert hours.get(("L1", "power", "production"), []) == [(START + HOUR, 500.0)] * found

    async def test_a_load_with_a_flag_proves_nothing(self, client: Client, runtime: Runtime) -> None:
        cap = Measure(Action.LIMIT, load_cap=LoadCap(10.0, "t/d", "日投料"))
        await evidence_list(runtime, lines=[line("L1", cap)])
        await evidence_feed(client)
        await respond(runtime)
        point = {
            "uscc": USCC,
            "point": "F1",
            "kind": "load",
            "line": "L1",
            "role": "production",
            "metric": "日投料",
            "unit": "t",
        }
        await take(client, {"type": "evidence.points", "timestamp": NOW.isoformat(), "data": [point]})
        for flag, found in (("D", 0), ("N", 1)):
            await take(client, flagged([500], flag, point="F1") | {"type": "evidence.load"})
            assert len(await rows(runtime)) == found

    async def test_a_correction_that_says_faulty_takes_the_finding_back(self, ready: Client, runtime: Runtime) -> None:
        await take(ready, flagged([500], None))
        await take(ready, flagged([500], "D"))
        assert [row["state"] for row in await rows(runtime)] == ["withdrawn"]

    async def test_days_of_faulty_values_are_no_normal_days(self, client: Client, runtime: Runtime) -> None:
        await evidence_list(runtime)
        await evidence_feed(client)
        await respond(runtime)
        await take(client, flagged([900.0] * 24 * 8, "T", first=START - 16 * 24 * HOUR))
        await take(client, flagged([100.0] * 24 * 8, "N", first=START - 8 * 24 * HOUR))
        await take(client, flagged([900.0] * 24 * 2, "D", first=START - 2 * 24 * HOUR))
        await arrive(client, [50])
        (row,) = await rows(runtime)
        assert row["proof"]["threshold"]["normal"] == 100.0


class TestLateVehicles:
    @pytest.mark.parametrize(
        "late", [12 * HOUR, 10 * HOUR, 3 * HOUR, 0 * HOUR], ids=["later", "same", "earlier", "midnight"]
    )
    async def test_a_passage_that_arrives_after_the_notification_is_told_too(
        self, ready: Client, runtime: Runtime, late: timedelta
    ) -> None:
        await pass_gate(ready, truck("冀B1", 4 * HOUR), truck("冀B2", 10 * HOUR))
        officer = await ready.account(Role.DUTY_OFFICER)
        await step(ready, officer, 1, "notify")
        await pass_gate(ready, truck("冀B9", late))
        assert told(await rows(runtime)) == [("notified", ["冀B1", "冀B2"]), ("found", ["冀B9"])]
        assert (await rows(runtime))[1]["until_at"] == START + late
        await step(ready, officer, 2, "notify")
        await pass_gate(ready, truck("冀B8", late))
        assert told(await rows(runtime)) == [
            ("notified", ["冀B1", "冀B2"]), ("notified", ["冀B9"]), ("found", ["冀B8"]),
        ]  # fmt: skip
        async with runtime.unit() as uow:
            assert await judge_touched(uow, ADCODE, [USCC], START, START + 24 * HOUR) == 0

    async def test_what_comes_late_before_it_is_a_finding_joins_the_one_of_the_day(
        self, ready: Client, runtime: Runtime
    ) -> None:
        await pass_gate(ready, truck("冀B2", 10 * HOUR))
        await pass_gate(ready, truck("冀B1", 4 * HOUR))
        assert told(await rows(runtime)) == [("found", ["冀B1", "冀B2"])]

    async def test_a_corrected_passage_takes_the_told_finding_back(self, ready: Client, runtime: Runtime) -> None:
        await pass_gate(ready, truck("冀B1", 4 * HOUR))
        await step(ready, await ready.account(Role.DUTY_OFFICER), 1, "notify")
        await pass_gate(ready, truck("冀B1", 4 * HOUR, let_in=False), truck("冀B2", 5 * HOUR))
        assert told(await rows(runtime)) == [("withdrawn", ["冀B1"]), ("found", ["冀B2"])]
