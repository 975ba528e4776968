"""A plant in the lists of a city and of its county, and responses of both, as tests of evaluations use them."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any

from alerts.levels import Level
from emission_lists.grades import Grade
from emission_lists.levels import PerLevel
from emission_lists.lists import EmissionListDraft, Enterprise, Line, ListRow, Pollutants
from emission_lists.measures import Action, Measure, Verification
from emission_lists.sheets.kinds import SheetRecord
from service.accounts.roles import Role
from service.kit.canonical import canonical
from service.kit.runtime import Runtime
from service.lists.flows import store_draft
from tests.service.duty_support import content
from tests.service.evidence_support import ADCODE, START, USCC, power, send
from tests.support import Client

COUNTY = "110105"
LISTED = START - timedelta(days=60)
HOUR = timedelta(hours=1)
METER: dict[str, Any] = {"verification": (Verification.METER,), "verification_point": "L1 meter"}
STOP, HALF = Measure(Action.STOP, 1.0, **METER), Measure(Action.LIMIT, 0.5, **METER)


def based(code: str, measure: Measure, kg: float = 240.0) -> Line:
    """A line with one measure at every level and a base of so many kg a day."""
    return Line(code, f"{code} line", "烧成", PerLevel(measure, measure, measure), Pollutants(kg, kg, kg, kg))


async def listed(
    runtime: Runtime,
    adcode: str,
    lines: Iterable[Line],
    *,
    usccs: Iterable[str] = (USCC,),
    county: str = COUNTY,
    records: tuple[SheetRecord, ...] = (),
    activated: datetime = LISTED,
) -> int:
    """Put a list in force; returns its version."""
    every = list(lines)
    rows = tuple(
        ListRow(Enterprise(uscc, f"Works {uscc[-3:]}", county, "水泥", True, Grade.C, contact="x"), one, 0)
        for uscc in usccs
        for one in every
    )
    async with runtime.unit() as uow:
        draft = EmissionListDraft(adcode, rows, None, "t", records)
        version = await store_draft(uow, draft, guide="G2020", created_by=None)
        await uow.execute(
            "UPDATE list_version SET state = 'superseded', ended_at = $2 WHERE adcode = $1 AND state = 'active'",
            adcode,
            activated,
        )
        await uow.execute("UPDATE list_version SET state = 'active', activated_at = $2 WHERE id = $1", version, activated)
        await uow.tell("list", adcode)
        await uow.commit()
    runtime.live.changed("list", adcode)
    return version


async def responding(
    runtime: Runtime,
    adcode: str,
    version: int | None,
    *,
    start: datetime = START,
    end: datetime | None = START + 10 * HOUR,
    level: str = "red",
) -> int:
    """A warning of a division with one response, which follows this version or none; returns the response."""
    number = int(Level.of(level))
    async with runtime.unit() as uow:
        frozen = canonical(content(uow, "issue", adcode, Level.NONE, level, start, end, end is not None, version))
        warning = await uow.fetchval(
            "INSERT INTO warning (adcode, state, level, announced_at, effective_at, fixed_end) VALUES ($1, 'active', $3, $2, $2, false)"
            " RETURNING id",
            adcode,
            start,
            number,
        )
        step = await uow.fetchval(
            "INSERT INTO warning_step (warning_id, adcode, action, level, reason, announced_at, effective_at, content)"
            " VALUES ($1, $2, 'issue', $3, 'criteria_met', $4, $4, $5) RETURNING id",
            warning,
            adcode,
            number,
            start,
            frozen,
        )
        made = await uow.fetchval(
            "INSERT INTO response (adcode, level, step_id, list_version_id, starts_at, ends_at) VALUES ($1, $2, $3, $4, $5, $6)"
            " RETURNING id",
            adcode,
            number,
            step,
            version,
            start,
            end,
        )
        await uow.tell("response", adcode)
        await uow.commit()
    runtime.live.changed("response", adcode)
    return int(made)


async def arrived(client: Client, kwh: Iterable[float], *, point: str = "L1 meter", uscc: str = USCC) -> None:
    """Hours of a meter from the start of the response on, judged."""
    answer = await send(client, power(kwh, point=point, uscc=uscc))
    assert answer.status_code == 202, answer.text[:500]
    await client.work()


async def evaluated(client: Client, response: int) -> dict[str, Any]:
    """The evaluation of a response as the city's commander reads it."""
    who = await client.account(Role.COMMANDER, adcode=ADCODE)
    answer = await client.http.get(f"/api/v1/responses/{response}/evaluation", headers=who)
    assert answer.status_code == 200, answer.text[:500]
    found: dict[str, Any] = answer.json()
    return found
