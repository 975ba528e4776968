"""Two database roles: the owner makes the tables, the application only reads and writes their rows.

The application then can neither drop nor switch off the triggers that keep books append-only, nor empty a table.
"""

from __future__ import annotations

import asyncpg

from service.kit.schema import APPEND_ONLY

STATEMENTS = (
    "GRANT USAGE ON SCHEMA public TO {role}",
    "GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO {role}",
    "REVOKE TRUNCATE, REFERENCES, TRIGGER ON ALL TABLES IN SCHEMA public FROM {role}",
    "REVOKE INSERT, UPDATE, DELETE ON alembic_version FROM {role}",
    "REVOKE UPDATE, DELETE ON {append_only} FROM {role}",
    "GRANT USAGE, SELECT ON ALL SEQUENCES IN SCHEMA public TO {role}",
    "REVOKE CREATE ON SCHEMA public FROM PUBLIC",
    "REVOKE CREATE ON SCHEMA public FROM {role}",
)


class SameRole(ValueError):
    """The address to migrate with and the application's lead to one and the same role."""


async def role_of(address: str) -> str:
    """The database role that an address signs in as."""
    connection = await asyncpg.connect(address)
    try:
        return str(await connection.fetchval("SELECT current_user"))
    finally:
        await connection.close()


async def grant_rows(owner: str, application: str) -> str:
    """Let the application's role at the rows of every table, and at no more; its name. Raises SameRole.

    To be called by the owner after every upgrade: it covers the tables that there are.
    """
    role = await role_of(application)
    connection = await asyncpg.connect(owner)
    try:
        if role == await connection.fetchval("SELECT current_user"):
            raise SameRole(
                "LANTIAN_MIGRATE_URL and DATABASE_URL name the same role; give the application one of its own."
            )
        quoted = await connection.fetchval("SELECT quote_ident($1)", role)
        async with connection.transaction():
            for statement in STATEMENTS:
                await connection.execute(statement.format(role=quoted, append_only=", ".join(APPEND_ONLY)))
    finally:
        await connection.close()
    return role
