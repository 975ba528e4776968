"""What tests of requirements share: a small list in force, warnings decided over the API, a seasonal plan."""

from __future__ import annotations

from datetime import date
from typing import Any

from emission_lists.lists import EmissionListDraft, Enterprise, Line, ListRow
from emission_lists.measures import Measure
from emission_lists.seasonal import SeasonalEntry
from service.accounts.roles import Principal, Role, Scope
from service.kit.runtime import Runtime
from service.lists.flows import activate, store_draft
from service.seasonal.flows import store
from tests.emission_lists.list_samples import firm
from tests.support import Client

CITY, COUNTY = "130200", "130202"
FIRM = firm(adcode=COUNTY)
PATH = f"/api/v1/enterprises/{FIRM.uscc}"


async def put_in_force(runtime: Runtime, lines: list[Line], owner: Enterprise = FIRM, adcode: str = CITY) -> int:
    """A list of one enterprise, active from now on whatever its checks say."""
    draft = EmissionListDraft(adcode, tuple(ListRow(owner, line) for line in lines), None, "清单")
    async with runtime.unit() as uow:
        version = await store_draft(uow, draft, guide="G2020", created_by=None)
        await uow.execute("UPDATE list_version SET checks = '[]', blocking = 0 WHERE id = $1", version)
        await activate(uow, Scope(adcode), version, None)
        await uow.commit()
    runtime.live.changed("list", adcode)
    return int(version)


async def people(client: Client) -> tuple[dict[str, str], dict[str, str]]:
    """A duty officer and a commander of the province."""
    duty = await client.account(Role.DUTY_OFFICER, adcode="130000")
    return duty, await client.account(Role.COMMANDER, adcode="130000")


async def order(
    client: Client, duty: dict[str, str], commander: dict[str, str], adcode: str, to: str, **more: str
) -> None:
    """A warning step by an order from above, decided and carried out."""
    body = {
        "adcode": adcode, "to": to, "reason": "upper_order", "explanation": "上级要求", "ground": "upper_order",
        "legal_basis": "令〔2016〕1号",
    } | more  # fmt: skip
    proposal = (await client.http.post("/api/v1/proposals", headers=duty, json=body)).json()
    decided = await client.http.post(
        f"/api/v1/proposals/{proposal['id']}/decision",
        headers=commander,
        json={"approve": True, "content_hash": proposal["content_hash"], "reason": "同意"},
    )
    assert decided.status_code == 200, decided.text
    client.runtime.live.changed("response", adcode)


async def season(
    runtime: Runtime, measure: Measure, line_code: str = "", adcode: str = CITY, title: str = "采暖季"
) -> None:
    """A seasonal plan for the enterprise over the winter of 2016."""
    first, last = date(2016, 11, 15), date(2017, 3, 15)
    async with runtime.unit() as uow:
        officer = await uow.fetchval("SELECT id FROM account ORDER BY id LIMIT 1")
        who = Principal(officer, "duty", "duty", Role.DUTY_OFFICER, Scope(adcode), None)
        await store(uow, who, adcode, title, (first, last), [SeasonalEntry(FIRM.uscc, line_code, first, last, measure)])
        await uow.commit()
    runtime.live.changed("seasonal", adcode)


async def asked(client: Client, who: dict[str, str], **query: str) -> dict[str, Any]:
    """The requirement of the enterprise."""
    answer = await client.http.get(f"{PATH}/requirements", headers=who, params=query)
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found
