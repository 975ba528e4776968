"""A city and its county respond at once: the sums of the region count each line's hour once, and say so."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from emission_lists.identifiers import make_uscc
from emission_lists.measures import Action, Measure
from service.accounts.roles import Role
from service.kit.runtime import Runtime
from tests.service.evidence_support import ADCODE, START, USCC, evidence_feed, normal_days
from tests.service.homes_support import COUNTY, HALF, HOUR, STOP, arrived, based, listed, responding
from tests.support import Client

OTHER = make_uscc("110105", 2)
PLAIN = Measure(Action.LIMIT, 0.5)
DAYS = {"from": "2016-12-15", "until": "2016-12-17", "adcode": ADCODE}


async def region(client: Client) -> dict[str, Any]:
    who = await client.account(Role.COMMANDER, adcode=ADCODE)
    answer = await client.http.get("/api/v1/evaluations", headers=who, params=DAYS)
    assert answer.status_code == 200, answer.text[:500]
    found: dict[str, Any] = answer.json()
    return found


def amounts(one: dict[str, Any]) -> tuple[float | None, ...]:
    nox = one["pollutants"]["nox"]
    return nox["base_kg"], nox["planned_kg"], nox["verified_at_least_kg"]


@pytest.mark.parametrize("borrowed", [False, True])
async def test_the_same_line_in_both_counts_once(client: Client, runtime: Runtime, borrowed: bool) -> None:
    """Also where the county has no list and goes by the city's."""
    wide = await listed(runtime, ADCODE, [based("L1", STOP), based("L2", PLAIN)], usccs=(USCC, OTHER))
    narrow = None if borrowed else await listed(runtime, COUNTY, [based("L1", STOP), based("L2", PLAIN)], usccs=(USCC, OTHER))
    await evidence_feed(client)
    await responding(runtime, ADCODE, wide)
    second = await responding(runtime, COUNTY, narrow)
    await normal_days(client)
    await arrived(client, [0.0] * 10)
    own = await client.account(Role.ENTERPRISE, adcode=ADCODE, uscc=USCC)
    report = {"lines": [{"line": "L1", "day": "2016-12-15", "state": "stopped", "hours": 10}]}
    for response in (second - 1, second):
        answer = await client.http.post(f"/api/v1/responses/{response}/reports", headers=own, json=report)
        assert answer.status_code == 201, answer.text
    found = await region(client)
    totals = found["totals"]
    assert (totals["enterprises"], totals["lines"], totals["asked_lines"]) == (2, 4, 4)
    assert (amounts(totals), totals["pollutants"]["nox"]["reported_kg"]) == ((400.0, 300.0, 100.0), 100.0)
    assert totals["pollutants"]["nox"]["verified_minutes"] == 600
    for parts in (found["levels"], *found["by"].values()):
        assert [sum(one["lines"] for one in parts), *(sum(amounts(one)[place] or 0 for one in parts) for place in range(3))] == [
            4, 400.0, 300.0, 100.0,
        ]  # fmt: skip
    industry = next(part for part in found["classes"]["parts"] if part["class"] == "industry")
    assert (industry["rows"], industry["pollutants"]["nox"]["planned_kg"]) == (4, 300.0)
    assert found["classes"]["total"]["pollutants"]["nox"]["planned_kg"] == 300.0
    assert (found["counted"]["lines_in_several"], len(found["counted"]["overlapping"])) == (4, 1)
    assert [amounts(city["totals"])[1] for city in found["cities"]] == [300.0, 300.0]
    assert found["whole_society"]["planned_share"]["nox"] is None
    who = await client.account(Role.COMMANDER, adcode=ADCODE)
    page = await client.http.get("/evaluations?from=2016-12-15&last=2016-12-16&adcode=110000", headers=who)
    assert "每小时只计一次" in page.text


async def test_the_stricter_response_stands_in_the_hours_of_both(client: Client, runtime: Runtime) -> None:
    """The city's half over twenty hours, the county's stop from the fifth to the tenth; levels hold what stands under them."""
    wide = await listed(runtime, ADCODE, [based("L1", HALF)])
    narrow = await listed(runtime, COUNTY, [based("L1", STOP)])
    await responding(runtime, ADCODE, wide, end=START + 16 * HOUR, level="orange")
    await responding(runtime, COUNTY, narrow, start=START + 5 * HOUR, end=START + 10 * HOUR, level="red")
    found = await region(client)
    assert amounts(found["totals"])[:2] == (160.0, 105.0)
    assert {one["level"]: amounts(one)[:2] for one in found["levels"]} == {"orange": (110.0, 55.0), "red": (50.0, 50.0)}


async def test_other_plants_and_other_times_are_not_one(client: Client, runtime: Runtime) -> None:
    wide = await listed(runtime, ADCODE, [based("L1", STOP)], county="110106")
    narrow = await listed(runtime, COUNTY, [based("L1", STOP)])
    await responding(runtime, ADCODE, wide)
    await responding(runtime, COUNTY, narrow)
    found = await region(client)
    assert (amounts(found["totals"])[:2], found["totals"]["lines"]) == ((200.0, 200.0), 2)
    assert found["counted"]["lines_in_several"] == 0


async def test_one_after_the_other_adds_up(client: Client, runtime: Runtime) -> None:
    wide = await listed(runtime, ADCODE, [based("L1", STOP)])
    narrow = await listed(runtime, COUNTY, [based("L1", STOP)])
    await responding(runtime, ADCODE, wide, end=START + timedelta(hours=5))
    await responding(runtime, COUNTY, narrow, start=START + 5 * HOUR)
    found = await region(client)
    assert (amounts(found["totals"])[:2], found["counted"]) == ((100.0, 100.0), None)
