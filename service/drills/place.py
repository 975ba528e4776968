"""Where a drill lives: a schema of its own in the same database, with its own locks and its own notifications.

Advisory locks and NOTIFY know no schema. The drill's schema therefore stands before `pg_catalog` in its search path and holds
functions of the same names, which turn every key and channel into the drill's own. Whatever statement the service runs, now or
later, a drill cannot hold up a live node nor be heard by one.
"""

from __future__ import annotations

import hashlib

import asyncpg

from service.kit.database import Connection
from service.kit.drill import SCHEMA, NotADrillSchema, into_drill
from service.kit.migrate import migrate

LOCKS = (
    ("pg_advisory_lock", "void"),
    ("pg_advisory_lock_shared", "void"),
    ("pg_advisory_unlock", "boolean"),
    ("pg_advisory_unlock_shared", "boolean"),
    ("pg_advisory_xact_lock", "void"),
    ("pg_advisory_xact_lock_shared", "void"),
    ("pg_try_advisory_lock", "boolean"),
    ("pg_try_advisory_lock_shared", "boolean"),
    ("pg_try_advisory_xact_lock", "boolean"),
    ("pg_try_advisory_xact_lock_shared", "boolean"),
)
"""Every function of PostgreSQL that takes an advisory lock by one bigint, and what it answers."""


def salt_of(schema: str) -> int:
    """What turns a live key into this drill's: 64 bits of the schema's name."""
    return int.from_bytes(hashlib.sha256(schema.encode()).digest()[:8], "big", signed=True)


def own_functions(schema: str) -> list[str]:
    """The statements that make locks and notifications the drill's own. Two keys of 32 bits are taken as one of 64."""
    salt = salt_of(schema)
    made = []
    for name, answer in LOCKS:
        head = f"CREATE OR REPLACE FUNCTION {schema}.{name}"
        made.append(
            f"{head}(key bigint) RETURNS {answer} LANGUAGE sql AS $$SELECT pg_catalog.{name}(key # ({salt})::bigint)$$"
        )
        made.append(
            f"{head}(key1 integer, key2 integer) RETURNS {answer} LANGUAGE sql AS "
            f"$$SELECT pg_catalog.{name}(((key1::bigint << 32) | (key2::bigint & 4294967295)) # ({salt})::bigint)$$"
        )
    made.append(
        f"CREATE OR REPLACE FUNCTION {schema}.pg_notify(channel text, payload text) RETURNS void LANGUAGE sql AS "
        f"$$SELECT pg_catalog.pg_notify(channel || '_{schema}', payload)$$"
    )
    return made


async def build(address: str, schema: str) -> str:
    """Make the drill's schema with everything the service needs, and return the address that leads into it.

    `address` is the live one. Raises NotADrillSchema, and asyncpg.DuplicateSchemaError when the schema is there already.
    """
    inside = into_drill(address, schema)
    connection = await asyncpg.connect(address)
    try:
        async with connection.transaction():
            await connection.execute(f"CREATE SCHEMA {schema}")
            for statement in own_functions(schema):
                await connection.execute(statement)
    finally:
        await connection.close()
    await migrate(inside)
    return inside


async def is_there(connection: Connection, schema: str) -> bool:
    """Whether the schema exists."""
    return bool(await connection.fetchval("SELECT 1 FROM pg_catalog.pg_namespace WHERE nspname = $1", schema))


async def tear_down(connection: Connection, schema: str) -> None:
    """Drop a drill's schema with everything in it. Raises NotADrillSchema for any other schema."""
    if not SCHEMA.fullmatch(schema):
        raise NotADrillSchema(f"{schema!r} is no schema of a drill.")
    await connection.execute(f"DROP SCHEMA IF EXISTS {schema} CASCADE")
