"""Stored permit registers and what a list version says about permits."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import asyncpg

from emission_lists.coverage import Listed
from emission_lists.permits import Permit, permit_from
from service.accounts.roles import NATION, Scope, prefix_of
from service.kit.unit_of_work import UnitOfWork

COLUMNS = (
    "register_id", "permit_no", "uscc", "name", "management", "gbt4754", "air", "valid_until", "county",
)  # fmt: skip
REGISTER_SQL = "SELECT id, adcode, source, permits, holders, digest, created_at FROM permit_register"


def above(adcode: str) -> list[str]:
    """A division and those that contain it, the nearest first."""
    return list(dict.fromkeys((adcode, f"{adcode[:4]}00", f"{adcode[:2]}0000", NATION)))


async def register_in_force(uow: UnitOfWork, adcode: str) -> asyncpg.Record | None:
    """The newest register of the division; where it has none, that of the nearest division around it."""
    return await uow.fetchrow(
        REGISTER_SQL + " WHERE adcode = ANY($1) ORDER BY array_position($1, adcode::text), id DESC LIMIT 1", above(adcode)
    )


async def registers(uow: UnitOfWork, scope: Scope, after: int | None, size: int) -> list[asyncpg.Record]:
    """Registers of a scope, newest first."""
    return await uow.fetch(
        REGISTER_SQL + " WHERE adcode LIKE $1 AND ($2::bigint IS NULL OR id < $2) ORDER BY id DESC LIMIT $3",
        scope.prefix + "%",
        after,
        size,
    )


async def permits_of(uow: UnitOfWork, register_id: int, adcode: str) -> list[Permit]:
    """The permits of a register inside a division, and those that enterprises on a list elsewhere may name."""
    rows = await uow.fetch(
        "SELECT permit_no, uscc, name, management, gbt4754, air, valid_until, county AS adcode FROM permit"
        " WHERE register_id = $1 AND county LIKE $2 ORDER BY permit_no",
        register_id,
        prefix_of(adcode) + "%",
    )
    return [permit_from(row) for row in rows]


async def add_register(
    uow: UnitOfWork, *, adcode: str, source: str, permits: Iterable[Permit], holders: int, digest: str, account_id: int
) -> int:
    """Store a register with its permits; returns its id."""
    stored = list(permits)
    register_id = await uow.fetchval(
        "INSERT INTO permit_register (adcode, source, permits, holders, digest, created_by, created_at)"
        " VALUES ($1, $2, $3, $4, $5, $6, $7) RETURNING id",
        adcode,
        source,
        len(stored),
        holders,
        digest,
        account_id,
        uow.now,
    )
    await uow.connection.copy_records_to_table(
        "permit",
        records=[
            (
                register_id, one.permit_no, one.uscc, one.name, one.management.value, one.gbt4754, one.air,
                one.valid_until, one.adcode,
            )
            for one in stored
        ],
        columns=COLUMNS,
    )  # fmt: skip
    return int(register_id)


async def listed_in(uow: UnitOfWork, version_id: int, adcode: str) -> list[Listed]:
    """The enterprises of a list version inside a division with the permit numbers they give."""
    rows = await uow.fetch(
        "SELECT uscc, name, county, permit_no, gbt4754 FROM list_enterprise WHERE version_id = $1 AND county LIKE $2 ORDER BY uscc",
        version_id,
        prefix_of(adcode) + "%",
    )
    return [Listed(row["uscc"], row["name"], row["county"], row["permit_no"], 0, row["gbt4754"]) for row in rows]


async def version(uow: UnitOfWork, version_id: int) -> dict[str, Any] | None:
    """A list version's division, title and state."""
    row = await uow.fetchrow("SELECT id, adcode, title, state FROM list_version WHERE id = $1", version_id)
    return None if row is None else dict(row)


async def active_version(uow: UnitOfWork, adcode: str) -> dict[str, Any] | None:
    """The list in force for a division, or for the nearest division around it."""
    row = await uow.fetchrow(
        "SELECT id, adcode, title, state FROM list_version WHERE adcode = ANY($1) AND state = 'active'"
        " ORDER BY array_position($1, adcode::text) LIMIT 1",
        above(adcode),
    )
    return None if row is None else dict(row)
