"""What the tests of evidence and findings share: a small list in force, a feed of evidence, a response, hours of meters."""

from __future__ import annotations

import json
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx

from emission_lists.grades import Grade
from emission_lists.identifiers import make_uscc
from emission_lists.levels import PerLevel
from emission_lists.lists import EmissionListDraft, Enterprise, Line, ListRow
from emission_lists.measures import Action, Measure, VehicleRule, Verification
from emission_lists.sheets.kinds import SheetRecord
from service.feeds.flows import EVIDENCE, register
from service.kit.clock import SHANGHAI
from service.kit.runtime import Runtime
from service.kit.signatures import headers, new_secret
from service.lists.flows import store_draft
from tests.support import Client

USCC = make_uscc("110105", 1)
OTHER = make_uscc("110105", 2)
ADCODE = "110000"
START = datetime(2016, 12, 15, 0, 0, tzinfo=SHANGHAI)
"""When the response of these tests begins; the clock of the tests stands at 17:00 of that day."""
NOW = START + timedelta(hours=17)
METER = {"verification": (Verification.METER,)}


def line(code: str, measure: Measure, process: str = "烧成") -> Line:
    """A line with one measure at every level."""
    return Line(code, f"{code} line", process, PerLevel(measure, measure, measure))


LINES = (
    line("L1", Measure(Action.STOP, 1.0, **METER, verification_point="L1 meter")),
    line("L2", Measure(Action.LIMIT, 0.5, **METER)),
    line("L3", Measure(Action.UNKNOWN, **METER)),
    line(
        "ROAD",
        Measure(
            Action.TRANSPORT,
            vehicle_rule=VehicleRule.BAN_HEAVY_TRUCK_LE_CN4_INCL_GAS,
            verification=(Verification.GATE,),
            verification_point="G1",
        ),
        "公路运输",
    ),
)


async def evidence_list(
    runtime: Runtime,
    usccs: Iterable[str] = (USCC, OTHER),
    lines: Iterable[Line] = LINES,
    records: tuple[SheetRecord, ...] = (),
) -> int:
    """Put enterprises with these lines, and records of further sheets, into Beijing's list in force; returns the version."""
    rows = tuple(
        ListRow(Enterprise(uscc, f"Works {uscc[-3:]}", "110105", "水泥", True, Grade.C, contact="值班室"), one, 0)
        for uscc in usccs
        for one in lines
    )
    async with runtime.unit() as uow:
        draft = EmissionListDraft(ADCODE, rows, None, "t", records)
        version = await store_draft(uow, draft, guide="G2020", created_by=None)
        await uow.execute("UPDATE list_version SET state = 'superseded' WHERE adcode = $1 AND state = 'active'", ADCODE)
        await uow.execute(
            "UPDATE list_version SET state = 'active', activated_at = $2 WHERE id = $1", version, START - timedelta(days=60)
        )
        await uow.tell("list", ADCODE)
        await uow.commit()
    return version


async def respond(
    runtime: Runtime,
    *,
    start: datetime = START,
    end: datetime | None = None,
    level: int = 4,
    version: int | None = None,
    adcode: str = ADCODE,
) -> int:
    """A response of Beijing or of another division, written directly; returns its id."""
    async with runtime.unit() as uow:
        version = version or await uow.fetchval("SELECT max(id) FROM list_version WHERE adcode = $1", ADCODE)
        warning = await uow.fetchval(
            "INSERT INTO warning (adcode, state, level, announced_at, effective_at, fixed_end, closed_at)"
            " VALUES ($1, 'active', $2, $3, $3, false, $4) RETURNING id",
            adcode,
            level,
            start,
            start,
        )
        step = await uow.fetchval(
            "INSERT INTO warning_step (warning_id, adcode, action, level, reason, announced_at, effective_at, content)"
            " VALUES ($1, $2, 'issue', $3, 'criteria_met', $4, $4, '{}') RETURNING id",
            warning,
            adcode,
            level,
            start,
        )
        made = await uow.fetchval(
            "INSERT INTO response (adcode, level, step_id, list_version_id, starts_at, ends_at)"
            " VALUES ($1, $2, $3, $4, $5, $6) RETURNING id",
            adcode,
            level,
            step,
            version,
            start,
            end,
        )
        await uow.tell("response", adcode)
        await uow.commit()
    runtime.live.changed("response", adcode)
    return int(made)


async def evidence_feed(client: Client, name: str = "meters", adcode: str = ADCODE) -> None:
    """Register a feed of evidence."""
    client.secrets[name] = new_secret()
    async with client.runtime.unit() as uow:
        await register(uow, name, "Meters", adcode, [client.secrets[name]], kind=EVIDENCE)
        await uow.commit()


async def send(client: Client, body: Any, *, feed: str = "meters", message_id: str | None = None) -> httpx.Response:
    """Post a signed message of evidence."""
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    signed = headers([client.secrets[feed]], message_id or f"ev_{next(client._ids)}", datetime.now(tz=UTC), content)
    return await client.http.post(f"/api/v1/evidence?feed={feed}", content=content, headers=signed)


def power(
    values: Iterable[float | None], *, first: datetime = START, point: str = "L1 meter", uscc: str = USCC
) -> dict[str, Any]:
    """A message of one meter: a value for each hour from `first` on; None leaves the hour out."""
    hours = [
        {"time": (first + timedelta(hours=number + 1)).isoformat(), "value": value}
        for number, value in enumerate(values)
        if value is not None
    ]
    return {
        "type": "evidence.power",
        "timestamp": NOW.isoformat(),
        "data": [{"uscc": uscc, "point": point, "hours": hours}],
    }


async def normal_days(
    client: Client, *, kwh: float = 100.0, days: int = 8, point: str = "L1 meter", uscc: str = USCC
) -> None:
    """Normal production before the response."""
    answer = await send(client, power([kwh] * (24 * days), first=START - timedelta(days=days), point=point, uscc=uscc))
    assert answer.status_code == 202, answer.text[:500]
