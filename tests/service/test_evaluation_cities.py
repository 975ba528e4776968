"""Two cities over /api/v1/evaluations: the region holds what the rows of both lists add up to, and no zero for what is open."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from random import Random
from typing import Any

import pytest

from emission_lists.accounting import LineAccount, Origin, account_line
from emission_lists.accounting_weights import Span
from emission_lists.identifiers import make_uscc
from emission_lists.levels import PerLevel, ResponseLevel
from emission_lists.lists import POLLUTANTS, EmissionListDraft, Enterprise, Line, ListRow, Pollutants
from emission_lists.measures import Action, Measure
from service.accounts.roles import Scope
from service.kit.clock import SHANGHAI, ManualClock
from service.kit.runtime import Runtime
from service.lists.flows import activate, store_draft
from tests.emission_lists.list_samples import firm, line, measure
from tests.service.requirement_support import order, people
from tests.support import Client

CITIES = ("130200", "130300")
STARTS = datetime(2016, 12, 17, 20, 30, tzinfo=SHANGHAI)
ENDS = STARTS + timedelta(hours=61, minutes=7)
MEASURES = (
    measure(Action.STOP, 1.0),
    measure(Action.LIMIT, 0.37, complete_within_hours=7.0),
    measure(Action.STOP, 1.0, window="17:00-09:00"),
    measure(Action.SELF_DETERMINED),
    Measure(Action.UNKNOWN),
    Measure(Action.NONE),
)


def rows(adcode: str, drawn: Random) -> list[ListRow]:
    """Twelve lines of four enterprises with every kind of measure, with and without bases and stated reductions."""
    found: list[ListRow] = []
    for number in range(4):
        county = f"{adcode[:4]}{2 + number % 2:02d}"
        owner = firm(uscc=make_uscc(county, number + 1), adcode=county, permit_no=None, long_stopped=number == 3)
        for place in range(3):
            bases, stated = (
                Pollutants(*(drawn.choice((None, 0.0, round(drawn.uniform(0, top), 6))) for _ in POLLUTANTS)) for top in (99, 9)
            )
            one = MEASURES[(number * 3 + place) % len(MEASURES)]
            code = f"MF{number}{place}"
            found.append(ListRow(owner, line(code, one, base=bases, reductions=PerLevel(stated, stated, stated)), len(found) + 2))
    return found


async def put_in_force(runtime: Runtime, adcode: str, listed: list[ListRow]) -> None:
    async with runtime.unit() as uow:
        version = await store_draft(uow, EmissionListDraft(adcode, tuple(listed), None, "清单"), guide="G2020", created_by=None)
        await uow.execute("UPDATE list_version SET checks = '[]', blocking = 0 WHERE id = $1", version)
        await activate(uow, Scope(adcode), version, None)
        await uow.commit()
    runtime.live.changed("list", adcode)


async def look(client: Client, runtime: Runtime, clock: ManualClock, listed: dict[str, list[ListRow]]) -> dict[str, Any]:
    """Orange over the same days in both cities, and what the API says of the province."""
    duty, commander = await people(client)
    for adcode, own in listed.items():
        await put_in_force(runtime, adcode, own)
        await order(client, duty, commander, adcode, "orange")
    async with runtime.unit() as uow:
        await uow.execute("UPDATE response SET starts_at = $1, ends_at = $2", STARTS, ENDS)
        await uow.commit()
    clock.advance_to(ENDS + timedelta(days=1))
    answer = await client.http.get(
        "/api/v1/evaluations", headers=commander, params={"from": "2016-12-01", "until": "2017-01-01"}
    )
    assert answer.status_code == 200, answer.text
    body: dict[str, Any] = answer.json()
    return body


def alone(listed: list[ListRow]) -> list[tuple[ListRow, LineAccount]]:
    span = Span(1, ResponseLevel.ORANGE, STARTS, ENDS)
    return [(row, account_line(row.line, span, long_stopped=row.enterprise.long_stopped)) for row in listed]


def expected(every: list[tuple[ListRow, LineAccount]], place: int) -> dict[str, Any]:
    """The figures of one pollutant by plain sums over lines; milligrams as kg."""
    opened = sum(one.origins[place] is Origin.NOT_ESTABLISHED for _, one in every)
    blank = [(row, one) for row, one in every if row.line.base[place] is None and not row.enterprise.long_stopped]
    planned, base = (sum(getattr(one, name)[place] for _, one in every) for name in ("planned", "base"))
    baseless = sum(bool(one.planned[place]) or one.origins[place] is Origin.NOT_ESTABLISHED for _, one in blank)
    return {
        "planned": None if opened and not planned else round(planned / 10**6, 6),
        "base": None if blank and not base else round(base / 10**6, 6),
        "open": opened,
        "blank": len(blank),
        "share": None if baseless or (opened and not planned) or not base else round(planned / base, 6),
    }


def said(figures: dict[str, Any], name: str) -> dict[str, Any]:
    one = figures["pollutants"][name]
    return {
        "planned": one["planned_kg"],
        "base": one["base_kg"],
        "open": figures["not_established_lines"][name],
        "blank": figures["base_not_stated_lines"][name],
        "share": one["planned_share"],
    }


@pytest.mark.parametrize("seed", [1, 2])
async def test_the_region_is_what_the_rows_of_its_cities_add_up_to(
    client: Client, runtime: Runtime, clock: ManualClock, seed: int
) -> None:
    drawn = Random(seed)
    listed = {adcode: rows(adcode, drawn) for adcode in CITIES}
    body = await look(client, runtime, clock, listed)
    both = alone([row for own in listed.values() for row in own])
    assert (body["totals"]["lines"], body["totals"]["enterprises"], len(body["cities"])) == (24, 8, 2)
    counties = {one["key"]: one for one in body["by"]["county"]}
    for place, name in enumerate(POLLUTANTS):
        assert said(body["totals"], name) == expected(both, place)
        assert said(body["levels"][0], name) == expected(both, place)
        for city in body["cities"]:
            assert said(city["totals"], name) == expected(alone(listed[city["adcode"]]), place)
        for county, one in counties.items():
            own = [(row, account) for row, account in both if row.enterprise.adcode == county]
            assert said(one, name) == expected(own, place)
    assert len(counties) == 4


async def test_a_city_of_which_nothing_is_established_adds_no_zero(
    client: Client, runtime: Runtime, clock: ManualClock
) -> None:
    nothing = PerLevel(*[Pollutants()] * 3)
    unknown = line("MF1", Measure(Action.UNKNOWN), reductions=nothing)
    full = Pollutants(5.0, 5.0, 5.0, 5.0)
    known = line("MF1", measure(Action.STOP, 1.0), base=full, reductions=PerLevel(full, full, full))
    blank = line("MF2", measure(Action.STOP, 1.0), base=Pollutants(), reductions=PerLevel(*[Pollutants(10.0, 10.0, 10.0, 10.0)] * 3))

    def owner(adcode: str) -> Enterprise:
        return replace(firm(adcode=f"{adcode[:4]}02", permit_no=None), uscc=make_uscc(f"{adcode[:4]}02", 7))

    def of(adcode: str, *lines: Line) -> list[ListRow]:
        return [ListRow(owner(adcode), one, number) for number, one in enumerate(lines, start=2)]

    body = await look(client, runtime, clock, {CITIES[0]: of(CITIES[0], unknown), CITIES[1]: of(CITIES[1], known, blank)})
    first, second = (city["totals"] for city in body["cities"])
    assert said(first, "so2") == {"planned": None, "base": pytest.approx(25.465278), "open": 1, "blank": 0, "share": None}
    assert first["pollutants"]["so2"]["planned_stated_kg"] is None
    assert first["pollutants"]["so2"]["planned_computed_kg"] is None
    assert (second["pollutants"]["so2"]["planned_share"], second["pollutants"]["so2"]["planned_without_base_lines"]) == (None, 1)
    whole = said(body["totals"], "so2")
    assert (whole["planned"], whole["open"], whole["blank"]) == (second["pollutants"]["so2"]["planned_kg"], 1, 1)
