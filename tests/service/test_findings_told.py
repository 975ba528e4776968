"""An enterprise is judged by what it was told: county and city, the season, the load of its guarantee; never by less, nor twice."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest

from emission_lists.documents import measure_document
from emission_lists.levels import PerLevel
from emission_lists.lists import Line
from emission_lists.measures import Action, Measure, VehicleRule, Verification
from emission_lists.seasonal import SeasonalEntry
from service.accounts.roles import Principal, Role, Scope
from service.enterprises.composing import Question, compose
from service.enterprises.sources import Lists
from service.findings.judging import judge_touched
from service.findings.told import book_of, plants_of
from service.kit.clock import ManualClock
from service.kit.runtime import Runtime
from service.kit.unit_of_work import UnitOfWork
from service.responses.repository import of_division
from service.seasonal.flows import store
from tests.service.evidence_support import (
    ADCODE,
    START,
    USCC,
    evidence_feed,
    evidence_list,
    normal_days,
    power,
    respond,
    send,
)
from tests.support import NOW, Client

COUNTY = "110105"
HOUR = timedelta(hours=1)
STOP, FIFTH, HALF = Measure(Action.STOP), Measure(Action.LIMIT, ratio=0.2), Measure(Action.LIMIT, ratio=0.5)
SLOW = Measure(Action.STOP, complete_within_hours=6)
TRUCKS = Measure(Action.TRANSPORT, vehicle_rule=VehicleRule.STOP_ROAD_TRANSPORT)


def rising(yellow: Measure, orange: Measure, red: Measure) -> Line:
    """A line with a meter whose measures differ by level."""
    return Line("L1", "1号线", "烧成", PerLevel(*(_metered(one) for one in (yellow, orange, red))))


def _metered(measure: Measure) -> Measure:
    return replace(measure, verification=(Verification.METER,), verification_point="L1 meter")


async def ready(client: Client, runtime: Runtime, line: Line) -> None:
    await evidence_list(runtime, [USCC], [line])
    await evidence_feed(client)
    await normal_days(client)


async def season(
    runtime: Runtime, clock: ManualClock, measure: Measure, first: date, last: date, line: str = ""
) -> None:
    """A seasonal plan of Beijing for the enterprise, stored before the winter."""
    now, clock.current = clock.current, START - timedelta(days=60)
    async with runtime.unit() as uow:
        officer = await uow.fetchval("SELECT id FROM account ORDER BY id LIMIT 1")
        who = Principal(officer, "duty", "duty", Role.DUTY_OFFICER, Scope(ADCODE), None)
        await store(uow, who, ADCODE, "采暖季", (first, last), [SeasonalEntry(USCC, line, first, last, measure)])
        await uow.commit()
    clock.current = now
    runtime.live.changed("seasonal", ADCODE)


async def found(runtime: Runtime) -> list[tuple[Any, ...]]:
    """Response, division, rule, line, hours of the response."""
    async with runtime.unit() as uow:
        rows = await uow.fetch("SELECT * FROM finding WHERE state = 'found' ORDER BY id")
    return [
        (
            *(row[name] for name in ("response_id", "adcode", "rule", "line_code")),
            *((row[name] - START) // HOUR for name in ("starts_at", "until_at")),
        )
        for row in rows
    ]


async def arrive(client: Client, values: list[float | None], **more: Any) -> None:
    answer = await send(client, power(values, **more))
    assert answer.status_code == 202, answer.text
    await client.work()


class TestCountyAndCity:
    async def test_a_county_alone_is_enough(self, client: Client, runtime: Runtime) -> None:
        await ready(client, runtime, rising(FIFTH, HALF, STOP))
        response = await respond(runtime, adcode=COUNTY)
        await arrive(client, [50, 5])
        assert await found(runtime) == [(response, ADCODE, "RUNNING_WHILE_STOPPED", "L1", 0, 1)]

    async def test_another_county_orders_nothing(self, client: Client, runtime: Runtime) -> None:
        await ready(client, runtime, rising(FIFTH, HALF, STOP))
        await respond(runtime, adcode="110101")
        await arrive(client, [50, 50])
        assert await found(runtime) == []

    @pytest.mark.parametrize(("city", "county"), [(2, 4), (4, 2)])
    async def test_the_stricter_counts_and_the_breach_is_found_once(
        self, client: Client, runtime: Runtime, city: int, county: int
    ) -> None:
        await ready(client, runtime, rising(FIFTH, HALF, STOP))
        numbers = {city: await respond(runtime, level=city)}
        numbers[county] = await respond(runtime, level=county, adcode=COUNTY, start=START + 3 * HOUR)
        first = 0 if city == 4 else 3
        await arrive(client, [80] * 10)
        assert await found(runtime) == [(numbers[4], ADCODE, "RUNNING_WHILE_STOPPED", "L1", first, 10)]

    async def test_what_was_due_before_is_not_due_anew(self, client: Client, runtime: Runtime) -> None:
        """The county asks for a stop within six hours from 0:00; the city for one at once, from 2:00 to 4:00."""
        await ready(client, runtime, rising(STOP, SLOW, SLOW))
        county = await respond(runtime, adcode=COUNTY)
        city = await respond(runtime, level=2, start=START + 2 * HOUR, end=START + 4 * HOUR)
        await arrive(client, [50] * 8)
        assert sorted(await found(runtime)) == sorted(
            [
                (city, ADCODE, "RUNNING_WHILE_STOPPED", "L1", 2, 4),
                (county, ADCODE, "RUNNING_WHILE_STOPPED", "L1", 6, 8),
            ]
        )

    async def test_judging_twice_changes_nothing(self, client: Client, runtime: Runtime) -> None:
        await ready(client, runtime, rising(FIFTH, HALF, STOP))
        await respond(runtime, level=3)
        await respond(runtime, adcode=COUNTY, start=START + HOUR, end=START + 5 * HOUR)
        await arrive(client, [100] * 17)
        before = await found(runtime)
        async with runtime.unit() as uow:
            assert await judge_touched(uow, ADCODE, [USCC], START, START + 24 * HOUR) == 0
        assert [one[4:] for one in before] == [(0, 1), (5, 24), (1, 5)]


class TestSeason:
    async def test_what_the_season_stops_is_stopped(self, client: Client, runtime: Runtime, clock: ManualClock) -> None:
        await client.account(Role.DUTY_OFFICER)
        await season(runtime, clock, STOP, START.date(), START.date(), "L1")
        await ready(client, runtime, rising(FIFTH, HALF, HALF))
        response = await respond(runtime)
        await arrive(client, [50, 50, 5])
        assert await found(runtime) == [(response, ADCODE, "RUNNING_WHILE_STOPPED", "L1", 0, 2)]

    async def test_days_under_the_season_are_no_normal_days(
        self, client: Client, runtime: Runtime, clock: ManualClock
    ) -> None:
        """Half of what the season leaves is not what was asked: without normal days nothing is proven."""
        await client.account(Role.DUTY_OFFICER)
        await season(runtime, clock, HALF, START.date() - timedelta(days=30), START.date() + timedelta(days=30))
        await ready(client, runtime, rising(FIFTH, HALF, HALF))
        await respond(runtime)
        await arrive(client, [100] * 14)
        assert await found(runtime) == []


class TestGuarantee:
    async def guaranteed(self, client: Client, runtime: Runtime, unit: str, metric: str | None) -> int:
        async with runtime.unit() as uow:
            case = await uow.fetchval(
                "INSERT INTO guarantee_case (uscc, name, adcode, kind, basis, cap_value, cap_unit, cap_metric, valid_until,"
                " reason, created_at) VALUES ($1, 'Works', $2, 'livelihood', 'heat_supply', 500, $3, $4, $5, '供热', $6)"
                " RETURNING id",
                USCC, ADCODE, unit, metric, START + 900 * HOUR, START - 48 * HOUR,
            )  # fmt: skip
            await uow.execute(
                "INSERT INTO guarantee_step (case_id, seq, move, state, level, at, effective_from)"
                " VALUES ($1, 0, 'start', 'in_force', 'city', $2, $2)",
                case,
                START - 24 * HOUR,
            )
            await uow.commit()
        await ready(client, runtime, rising(STOP, STOP, STOP))
        return await respond(runtime)

    async def steam(self, client: Client, values: list[float]) -> None:
        point = {"uscc": USCC, "point": "S1", "kind": "load", "line": "L1", "role": "production", "metric": "日供热量",
                 "unit": "GJ"}  # fmt: skip
        await send(client, {"type": "evidence.points", "timestamp": NOW.isoformat(), "data": [point]})
        message = power([*values], point="S1")
        answer = await send(client, message | {"type": "evidence.load"})
        assert answer.status_code == 202, answer.text
        await client.work()

    @pytest.mark.parametrize(("each", "proven"), [(50.0, 0), (50.1, 1)])
    async def test_the_approved_load_is_kept(self, client: Client, runtime: Runtime, each: float, proven: int) -> None:
        response = await self.guaranteed(client, runtime, "GJ", "日供热量")
        await arrive(client, [90] * 10)  # a stop does not bind it
        await self.steam(client, [each] * 10)
        assert await found(runtime) == [(response, ADCODE, "LOAD_OVER_CAP", "", 0, 24)] * proven

    @pytest.mark.parametrize(("unit", "metric"), [("t", "日供热量"), ("GJ", None), ("GJ", "供热量")])
    async def test_a_load_of_something_else_or_of_no_period_proves_nothing(
        self, client: Client, runtime: Runtime, unit: str, metric: str | None
    ) -> None:
        await self.guaranteed(client, runtime, unit, metric)
        await self.steam(client, [500.0] * 10)
        assert await found(runtime) == []


async def _told(uow: UnitOfWork, at: Any) -> set[str]:
    """The measures that stand at an instant, as evidence is judged by them."""
    plants = await plants_of(uow, [USCC])
    standing = set()
    for division in {adcode for site in plants[USCC] for adcode in site.chain}:
        for response in await of_division(uow, division):
            book = await book_of(uow, response, plants, START - timedelta(days=60))
            for site in plants[USCC]:
                ordered = book.ordered(USCC, site)
                for stage in () if ordered is None else (one.stage for one in ordered.stages["L1"]):
                    if stage.starts <= at and (stage.until is None or at < stage.until):
                        standing.add(_short(measure_document(stage.measure)))
    return standing


async def _answered(uow: UnitOfWork, at: Any) -> set[str]:
    """The measures that the enterprise is told at the same instant."""
    (site,) = (await plants_of(uow, [USCC]))[USCC]
    made = await compose(uow, Lists(uow, USCC), site, Question(USCC, at, at))
    assert made is not None
    if made.members["response"] == "null":  # a season alone is no response: nothing is judged
        return set()
    (line,) = json.loads(made.members["lines"])
    return {_short(one) for one in (line, *line["also"])}


def _short(document: dict[str, Any]) -> str:
    return str([document.get(key) for key in ("action", "ratio", "vehicle_rule", "complete_within_hours")])


@pytest.mark.parametrize("plan", [None, HALF, STOP, TRUCKS])
async def test_it_is_the_very_answer_of_every_hour(
    client: Client, runtime: Runtime, clock: ManualClock, plan: Measure | None
) -> None:
    await client.account(Role.DUTY_OFFICER)
    if plan is not None:
        await season(runtime, clock, plan, START.date(), START.date() + timedelta(days=1))
    await evidence_list(runtime, [USCC], [rising(FIFTH, SLOW, STOP)])
    await respond(runtime, level=2, end=START + 40 * HOUR)
    await respond(runtime, level=3, start=START + 10 * HOUR, end=START + 30 * HOUR, adcode=COUNTY)
    await respond(runtime, level=4, start=START + 20 * HOUR, end=START + 24 * HOUR, adcode="110000")
    clock.current = START + 60 * HOUR
    async with runtime.unit() as uow:
        for hour in range(0, 52, 2):
            at = START + hour * HOUR + timedelta(minutes=30)
            assert await _told(uow, at) == await _answered(uow, at), hour
