"""Keep seasonal plans: a new version per upload, nothing is ever changed."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import date
from itertools import pairwise
from typing import Any

from emission_lists.documents import measure_document
from emission_lists.seasonal import SeasonalEntry, read_seasonal
from service.accounts.roles import Principal
from service.kit.canonical import canonical, digest
from service.kit.problems import Conflict, Forbidden, Invalid, Unknown
from service.kit.unit_of_work import UnitOfWork
from service.seasonal.repository import find

MOST_FAULTS = 2000
COLUMNS = ["plan_id", "uscc", "line_code", "starts", "until", "document"]


async def read(content: bytes) -> list[SeasonalEntry]:
    """The entries of a file. Raises Invalid with every fault and its place."""
    reading = await asyncio.to_thread(read_seasonal, content)
    if reading.errors:
        raise Invalid(
            f"{len(reading.errors)} fault(s) in the plan; nothing was stored.",
            errors=[fault.document() for fault in reading.errors[:MOST_FAULTS]],
        )
    return reading.entries


async def store(
    uow: UnitOfWork,
    principal: Principal,
    adcode: str,
    title: str,
    valid: tuple[date, date],
    entries: Sequence[SeasonalEntry],
) -> dict[str, Any]:
    """Store a version; from now on it is the division's plan for its days.

    Raises Forbidden, Unknown, Invalid when an entry lies outside the validity or two overlap, Conflict when nothing is new.
    """
    require_keeper(uow, principal, adcode)
    _check(valid, entries)
    rows = [
        (one.uscc, one.line_code, one.starts, one.until, canonical(measure_document(one.measure)))
        for one in sorted(entries, key=lambda one: (one.uscc, one.line_code, one.starts))
    ]
    content = digest([title, *valid, *rows])
    await uow.lock_division(adcode)
    newest = await uow.fetchval("SELECT digest FROM seasonal_plan WHERE adcode = $1 ORDER BY id DESC LIMIT 1", adcode)
    if newest == content:
        raise Conflict("The newest version says exactly the same; nothing was stored.")
    plan_id = await uow.fetchval(
        "INSERT INTO seasonal_plan (adcode, title, valid_from, valid_until, entries, digest, created_by, created_at)"
        " VALUES ($1, $2, $3, $4, $5, $6, $7, $8) RETURNING id",
        adcode,
        title,
        *valid,
        len(rows),
        content,
        principal.account_id,
        uow.now,
    )
    await uow.connection.copy_records_to_table(
        "seasonal_entry", records=[(plan_id, *row) for row in rows], columns=COLUMNS
    )
    await uow.record(
        "seasonal_plan.stored", adcode, plan=plan_id, entries=len(rows), digest=content, account=principal.account_id
    )
    await uow.tell("seasonal", adcode)
    return await find(uow, principal.scope, int(plan_id))


def require_keeper(uow: UnitOfWork, principal: Principal, adcode: str) -> None:
    """Raises Forbidden or Unknown unless the principal may keep the plans of the division."""
    if not principal.may_check_plans(adcode):
        raise Forbidden("Seasonal plans are kept by duty officers and commanders of the division.")
    if adcode not in uow.runtime.law.divisions:
        raise Unknown(f"There is no division {adcode}.")


def _check(valid: tuple[date, date], entries: Sequence[SeasonalEntry]) -> None:
    first, last = valid
    if first > last:
        raise Invalid("The plan ends before it begins; give valid_from and valid_until in order.")
    faults = [
        {"detail": f"{one.uscc} {one.line_code}: {one.starts}–{one.until} lies outside {first}–{last}"}
        for one in entries
        if one.starts < first or one.until > last
    ]
    ordered = sorted(entries, key=lambda one: (one.uscc, one.line_code, one.starts))
    faults += [
        {"detail": f"{one.uscc} {one.line_code}: {one.starts}–{one.until} and {after.starts}–{after.until} overlap"}
        for one, after in pairwise(ordered)
        if (one.uscc, one.line_code) == (after.uscc, after.line_code) and after.starts <= one.until
    ]
    if faults:
        raise Invalid(f"{len(faults)} fault(s) in the plan; nothing was stored.", errors=faults[:MOST_FAULTS])
