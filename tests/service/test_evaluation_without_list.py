"""A response of a division without a list of its own: reckoned from the lists that requirements take, or not established."""

from __future__ import annotations

import io
from typing import Any

import pytest
from docx import Document

from emission_lists.identifiers import make_uscc
from service.accounts.roles import Role
from service.kit.runtime import Runtime
from tests.service.evidence_support import ADCODE, START, USCC, evidence_feed, normal_days
from tests.service.homes_support import COUNTY, HALF, HOUR, STOP, arrived, based, evaluated, listed, responding
from tests.support import Client

BESIDE = make_uscc("110106", 3)
REPORT = {"lines": [{"line": "L1", "day": "2016-12-15", "state": "stopped", "hours": 5}]}


def amounts(found: dict[str, Any]) -> tuple[float | None, ...]:
    nox = found["totals"]["pollutants"]["nox"]
    return nox["base_kg"], nox["planned_kg"], nox["reported_kg"], nox["verified_at_least_kg"]


async def test_a_county_goes_by_the_list_of_its_city(client: Client, runtime: Runtime) -> None:
    """Only its own plants count; the enterprise reports on it, and the list it is reckoned from is named."""
    version = await listed(runtime, ADCODE, [based("L1", STOP)])
    await evidence_feed(client)
    response = await responding(runtime, COUNTY, None)
    other = await responding(runtime, "110106", None)
    await normal_days(client)
    await arrived(client, [0.0] * 10)
    own = await client.account(Role.ENTERPRISE, adcode=ADCODE, uscc=USCC)
    answer = await client.http.post(f"/api/v1/responses/{response}/reports", headers=own, json=REPORT)
    assert answer.status_code == 201, answer.text
    found = await evaluated(client, response)
    assert amounts(found) == (100.0, 100.0, 50.0, 100.0)
    assert [(one["key"], one["enterprises"]) for one in found["by"]["county"]] == [(COUNTY, 1)]
    assert (found["list"], [each["id"] for each in found["lists"][0]["lists"]]) == (None, [version])
    assert (found["levels"][0]["floor"], found["without_list"]) == (None, [])
    empty = await evaluated(client, other)
    assert (empty["coverage"]["lines"], empty["without_list"]) == (0, [])
    lines = (await client.http.get(f"/api/v1/responses/{response}/evaluation/lines", headers=own)).json()
    assert lines["items"][0]["pollutants"]["nox"]["planned_kg"] == 100.0
    page = await client.http.get(f"/enterprises/{USCC}/reports", headers=own)
    assert f'name="response" value="{response}"' in page.text
    who = await client.account(Role.COMMANDER, adcode=ADCODE)
    assert f'/lists/{version}"' in (await client.http.get(f"/responses/{response}/evaluation", headers=who)).text


async def test_a_city_goes_by_the_lists_of_its_counties_each_plant_once(client: Client, runtime: Runtime) -> None:
    await listed(runtime, COUNTY, [based("L1", STOP)])
    await listed(runtime, "110106", [based("L1", HALF)], usccs=(BESIDE,), county="110106")
    response = await responding(runtime, ADCODE, None)
    found = await evaluated(client, response)
    assert (amounts(found)[:2], found["coverage"]["enterprises"]) == ((200.0, 150.0), 2)


async def test_the_narrowest_list_that_names_a_plant_counts(client: Client, runtime: Runtime) -> None:
    """Of a response of the province's district, the county's half counts and not the city's stop, and only once."""
    await listed(runtime, "130100", [based("L1", STOP)], county="130102")
    await listed(runtime, "130102", [based("L1", HALF)], county="130102")
    response = await responding(runtime, "130000", None)
    who = await client.account(Role.COMMANDER, adcode="130000")
    found = (await client.http.get(f"/api/v1/responses/{response}/evaluation", headers=who)).json()
    assert (amounts(found)[:2], found["coverage"]["lines"]) == ((100.0, 50.0), 1)


async def test_without_any_list_nothing_is_established_and_no_zero_is_shown(client: Client, runtime: Runtime) -> None:
    await listed(runtime, ADCODE, [based("L1", STOP)], activated=START + HOUR)
    response = await responding(runtime, COUNTY, None)
    found = await evaluated(client, response)
    assert (amounts(found), found["without_list"]) == ((None, None, None, None), [response])
    who = await client.account(Role.COMMANDER, adcode=ADCODE)
    region = await client.http.get(
        "/api/v1/evaluations", headers=who, params={"from": "2016-12-15", "until": "2016-12-16", "adcode": ADCODE}
    )
    assert region.json()["totals"]["pollutants"]["nox"]["planned_kg"] is None
    assert region.json()["without_list"] == 1
    file = await client.http.get(f"/responses/{response}/evaluation.docx", headers=who)
    assert "计划减排量未确立" in "".join(one.text for one in Document(io.BytesIO(file.content)).paragraphs)
    assert "未确立" in (await client.http.get(f"/responses/{response}/evaluation", headers=who)).text


@pytest.mark.parametrize("uscc", [BESIDE])
async def test_who_is_in_no_list_there_cannot_report(client: Client, runtime: Runtime, uscc: str) -> None:
    await listed(runtime, ADCODE, [based("L1", STOP)])
    await listed(runtime, "110106", [based("L1", STOP)], usccs=(uscc,), county="110106")
    response = await responding(runtime, COUNTY, None)
    own = await client.account(Role.ENTERPRISE, adcode=ADCODE, uscc=uscc)
    answer = await client.http.post(f"/api/v1/responses/{response}/reports", headers=own, json=REPORT)
    assert answer.status_code == 404
