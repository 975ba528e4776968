"""Print a sheet: what stands on it is kept, so that anybody can hold the sheet against it."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from emission_lists.levels import ResponseLevel
from service.accounts.roles import Principal, prefix_of
from service.enterprises.flows import requirements
from service.kit.canonical import canonical, digest
from service.kit.problems import TooManyAttempts, Unknown
from service.kit.unit_of_work import UnitOfWork, beijing
from service.operating_plans.flows import seen_plan
from service.print.content import LEVELS, Content, board_content, sheet_content, sheet_id

MOST_SHEETS_AN_HOUR = 60
"""New sheets that one account makes of one enterprise, so that nobody uses up another's share.

Printing the same content again makes no new one.
"""


@dataclass(frozen=True)
class Sheet:
    """A sheet as it is kept. `digest`: SHA-256 of its content."""

    id: str
    kind: str
    digest: str
    content: Content
    created_at: datetime


async def print_requirements(uow: UnitOfWork, principal: Principal, uscc: str, instant: datetime | None) -> Sheet:
    """The requirement sheet of an instant. Raises what `requirements` raises, TooManyAttempts beyond the hourly limit."""
    required = json.loads((await requirements(uow, principal, uscc, instant)).body)
    as_of = instant or uow.now.replace(second=0, microsecond=0)
    plan = await _plan_document(uow, principal, uscc, instant or uow.now)
    content = sheet_content(required, uow.runtime.place(required["division"]), _written(as_of), plan)
    return await _keep(uow, principal, content, required["division"], as_of)


async def print_board(uow: UnitOfWork, principal: Principal, uscc: str) -> Sheet:
    """The gate notice board as it stands now."""
    per_level = {
        level: json.loads((await requirements(uow, principal, uscc, None, ResponseLevel(level))).body)
        for level in LEVELS
    }
    division = per_level[LEVELS[0]]["division"]
    plan = await _plan_document(uow, principal, uscc, uow.now)
    content = board_content(per_level, uow.runtime.place(division), plan, supervision_phone(uow, division))
    return await _keep(uow, principal, content, division, None)


async def find_sheet(uow: UnitOfWork, sheet: str) -> Sheet:
    """A kept sheet. Raises Unknown."""
    row = await uow.fetchrow("SELECT id, kind, digest, content, created_at FROM printed_sheet WHERE id = $1", sheet)
    if row is None:
        raise Unknown("No sheet was printed with this number; what you hold does not come from this service.")
    return _sheet(row)


def supervision_phone(uow: UnitOfWork, adcode: str) -> str | None:
    """The supervision telephone of a division: its own, otherwise that of the nearest division above it."""
    phones = uow.runtime.settings.supervision_phones
    covering = [one for one in phones if adcode.startswith(prefix_of(one))]
    return phones[max(covering, key=lambda one: len(prefix_of(one)))] if covering else None


async def _plan_document(uow: UnitOfWork, principal: Principal, uscc: str, instant: datetime) -> Content | None:
    plan = await seen_plan(uow, principal, uscc, instant)
    return None if plan is None or not plan.accepted else plan.document()


async def _keep(
    uow: UnitOfWork, principal: Principal, content: Content, division: str, as_of: datetime | None
) -> Sheet:
    number = sheet_id(content)
    statement = "SELECT id, kind, digest, content, created_at FROM printed_sheet WHERE id = $1"
    known = await uow.fetchrow(statement, number)
    if known is not None:
        return _sheet(known)
    whose = f"sheets:{content['uscc']}:{principal.account_id}"
    await uow.execute("SELECT pg_advisory_xact_lock(hashtextextended($1, 0))", whose)
    made = await uow.fetchval(
        "SELECT count(*) FROM printed_sheet WHERE uscc = $1 AND created_by = $2 AND created_at > $3",
        content["uscc"],
        principal.account_id,
        uow.now - timedelta(hours=1),
    )
    if made >= MOST_SHEETS_AN_HOUR:
        raise TooManyAttempts(f"{made} sheets were printed in the last hour; take one of them or wait.")
    await uow.execute(
        "INSERT INTO printed_sheet (id, kind, uscc, name, adcode, level, as_of, digest, content, created_by, created_at)"
        " VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11) ON CONFLICT DO NOTHING",
        number,
        content["kind"],
        content["uscc"],
        content["name"],
        division,
        content.get("level"),
        as_of,
        digest(content),
        canonical(content),
        principal.account_id,
        uow.now,
    )
    row = await uow.fetchrow(statement, number)
    assert row is not None  # just inserted
    return _sheet(row)


def _sheet(row: Any) -> Sheet:
    created = beijing(row["created_at"])
    assert created is not None
    return Sheet(row["id"], row["kind"], row["digest"], json.loads(row["content"]), created)


def _written(instant: datetime) -> str:
    written = beijing(instant)
    assert written is not None
    return written.isoformat(timespec="seconds")
