"""Whose guarantees an official sees and moves: those of the region, a county those of the enterprises that stand in it."""

from __future__ import annotations

from datetime import timedelta

import pytest

from emission_lists.identifiers import make_uscc
from emission_lists.levels import PerLevel
from emission_lists.lists import Line
from emission_lists.measures import Action, Measure
from service.accounts.roles import Role
from service.kit.runtime import Runtime
from tests.emission_lists.list_samples import firm
from tests.service.requirement_support import put_in_force
from tests.support import NOW, Client

GUARANTEES = "/api/v1/guarantees"
STOP = Measure(Action.STOP)
LINE = Line("MF0001", "1号线", "熔化", PerLevel(STOP, STOP, STOP))


async def asked_for(client: Client, runtime: Runtime, adcode: str, county: str) -> int:
    """A guarantee of an enterprise that the list of `adcode` places in `county`."""
    uscc = make_uscc(county, 1)
    await put_in_force(runtime, [LINE], firm(uscc=uscc, adcode=county), adcode)
    plant = await client.account(Role.ENTERPRISE, adcode, uscc)
    body = {
        "uscc": uscc,
        "adcode": adcode,
        "kind": "livelihood",
        "basis": "heat_supply",
        "cap": {"value": 500, "unit": "t"},
        "valid_until": (NOW + timedelta(days=30)).isoformat(),
        "reason": "供热",
    }
    made = await client.http.post(GUARANTEES, headers=plant, json=body)
    assert made.status_code == 201, made.text
    return int(made.json()["id"])


@pytest.mark.parametrize(
    ("adcode", "county", "official", "sees"),
    [
        ("429004", "429004", "429004", True),
        ("429004", "429004", "420000", True),
        ("429004", "429004", "429005", False),
        ("110000", "110105", "110105", True),
        ("110000", "110105", "110000", True),
        ("110000", "110105", "110101", False),
        ("130200", "130202", "130202", True),
        ("130200", "130202", "130203", False),
    ],
)
async def test_only_of_the_region(
    client: Client, runtime: Runtime, adcode: str, county: str, official: str, sees: bool
) -> None:
    number = await asked_for(client, runtime, adcode, county)
    officer = await client.account(Role.COMMANDER, official)
    page = (await client.http.get(GUARANTEES, headers=officer)).json()["items"]
    assert [one["id"] for one in page] == ([number] if sees else [])
    assert (await client.http.get(f"{GUARANTEES}/{number}", headers=officer)).status_code == (200 if sees else 404)
    step = {"move": "reject", "reason": "不符合条件"}
    moved = await client.http.post(f"{GUARANTEES}/{number}/steps", headers=officer, json=step)
    assert (moved.status_code == 404) is not sees
