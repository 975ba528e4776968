"""Print a sheet: what stands on it is kept, so that anybody can hold the sheet against it."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from emission_lists.documents import enterprise_from
from emission_lists.levels import ResponseLevel
from service.accounts.roles import Principal, prefix_of
from service.enterprises.flows import requirements, visible
from service.enterprises.sources import Site, homes_of, sites_of
from service.kit.canonical import canonical, digest
from service.kit.problems import TooManyAttempts, Unknown
from service.kit.unit_of_work import UnitOfWork, beijing
from service.operating_plans.flows import seen_plan
from service.print.content import LEVELS, Content, board_content, sheet_content, sheet_id
from service.seasonal.repository import entries_of

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


async def print_board(uow: UnitOfWork, principal: Principal, uscc: str, division: str | None = None) -> Sheet:
    """The gate notice board as it stands now: of the plant under a division's list, or of the first without one.

    Raises what `requirements` raises, Unknown for a division whose list names no plant of the enterprise.
    """
    per_level = {level: await _at_level(uow, principal, uscc, level, division) for level in LEVELS}
    first = per_level[LEVELS[0]]
    site = next(one for one in await _sites(uow, principal, uscc) if one.homes[0] == first["division"])
    plan = await seen_plan(uow, principal, uscc, uow.now)
    own = plan is not None and plan.accepted and plan.adcode in site.homes
    entries, _ = await entries_of(uow, site.chain, uscc, uow.now)
    content = board_content(
        per_level,
        uow.runtime.place(first["division"]),
        plan.document() if plan is not None and own else None,
        supervision_phone(uow, first["division"]),
        await _contact(uow, first["list_version"], uscc),
        [entry for entry in entries if entry.until > uow.now],
    )
    return await _keep(uow, principal, content, first["division"], None)


async def board_divisions(uow: UnitOfWork, principal: Principal, uscc: str) -> list[str]:
    """The divisions whose lists name a plant of the enterprise that somebody may see: one board each."""
    return [site.homes[0] for site in await _sites(uow, principal, uscc)]


async def _sites(uow: UnitOfWork, principal: Principal, uscc: str) -> list[Site]:
    return visible(principal, uscc, sites_of(uow.runtime, await homes_of(uow, uscc)))


async def _at_level(uow: UnitOfWork, principal: Principal, uscc: str, level: str, division: str | None) -> Content:
    """What a level would ask of one plant, without the season of today: the board hangs longer than that."""
    answer = await requirements(uow, principal, uscc, None, ResponseLevel(level), seasonal=False)
    required: Content = json.loads(answer.body)
    parts: list[Content] = [required, *required["elsewhere"]]
    for part in parts:
        if division in (None, part["division"]):
            return part
    known = ", ".join(part["division"] for part in parts)
    raise Unknown(f"{uscc} has no plant under the list of {division}; give one of {known}.")


async def _contact(uow: UnitOfWork, version: int, uscc: str) -> str | None:
    """The post or switchboard that the list names, or None."""
    statement = "SELECT document FROM list_enterprise WHERE version_id = $1 AND uscc = $2"
    stored = await uow.fetchval(statement, version, uscc)
    return None if stored is None else enterprise_from(json.loads(stored)["enterprise"]).contact


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
