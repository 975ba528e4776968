"""The inbox in the portal (站内消息): what an account finds there, and what it has read."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from service.accounts.roles import Principal, Role
from service.enterprises.sources import homes_of, sites_of
from service.kit.problems import Invalid, Unknown
from service.kit.unit_of_work import UnitOfWork, beijing
from service.people.audience import MINE_SQL

COUNTED = timedelta(days=30)
"""Older messages are in the inbox, but not counted as unread."""
MOST_COUNTED = 100
TO_OFFICIALS = """
FROM inbox_message m WHERE EXISTS (
    SELECT 1 FROM unnest($1::text[], $2::text[]) AS own(role, prefix)
    WHERE own.role = ANY(m.roles) AND starts_with(m.adcode, own.prefix))
"""
TO_ENTERPRISES = f"""
FROM inbox_message m WHERE 'enterprise' = ANY(m.roles) AND m.adcode = ANY($1::text[]) AND {MINE_SQL.format(uscc="$2::text")}
"""
UNREAD_SQL = f"""
SELECT count(*) FROM (SELECT 1 {{own}} AND m.created_at > $4
    AND NOT EXISTS (SELECT 1 FROM inbox_read r WHERE r.message_id = m.id AND r.account_id = $3) LIMIT {MOST_COUNTED}) counted
"""
PAGE_SQL = """
SELECT m.*, (SELECT r.read_at FROM inbox_read r WHERE r.message_id = m.id AND r.account_id = $3) AS read_at
{own} AND ($4::bigint IS NULL OR m.id < $4) ORDER BY m.id DESC LIMIT $5
"""
READ_SQL = """
INSERT INTO inbox_read (account_id, message_id, read_at)
SELECT $3, m.id, $4 {own} AND ($5::bigint IS NULL OR m.id = $5) ON CONFLICT DO NOTHING
"""
NOTICES_SQL = """
SELECT count(*) FROM notice n WHERE n.adcode = ANY($1::text[]) AND n.created_at > $3
    AND NOT EXISTS (SELECT 1 FROM acknowledgement k WHERE k.notice_id = n.id AND k.uscc = $2)
"""


@dataclass(frozen=True)
class Reader:
    """Whose inbox it is: the condition that its messages meet, and its first two parameters."""

    own: str
    parameters: tuple[Any, Any]


def capacities(principal: Principal) -> tuple[list[str], list[str]]:
    """Roles in which somebody reads, own and stood in for, each with the digits that its divisions begin with."""
    held = [(principal.role.value, principal.scope.prefix)]
    held += [(stand_in.role.value, stand_in.scope.prefix) for stand_in in principal.stand_ins]
    return [role for role, _ in held], [prefix for _, prefix in held]


async def reader_of(uow: UnitOfWork, principal: Principal) -> Reader:
    """Whose inbox somebody reads: an official's by roles and regions, an enterprise's by where its plants stand."""
    if principal.role is Role.ENTERPRISE:
        return Reader(TO_ENTERPRISES, (await _places(uow, principal), principal.uscc))
    return Reader(TO_OFFICIALS, capacities(principal))


async def _places(uow: UnitOfWork, principal: Principal) -> list[str]:
    """Every division whose notices are for the enterprise; none when no list names it."""
    try:
        homes = await homes_of(uow, principal.uscc or "")
    except (Unknown, Invalid):
        return []
    return [adcode for site in sites_of(uow.runtime, homes) for adcode in site.chain]


async def unread(uow: UnitOfWork, principal: Principal) -> int:
    """How much waits unread: messages, at most `MOST_COUNTED`, and notices that an enterprise has not acknowledged."""
    reader = await reader_of(uow, principal)
    since = uow.now - COUNTED
    found = await uow.fetchval(UNREAD_SQL.format(own=reader.own), *reader.parameters, principal.account_id, since)
    if principal.role is Role.ENTERPRISE:
        found += await uow.fetchval(NOTICES_SQL, *reader.parameters, since)
    return int(found)


async def page(uow: UnitOfWork, principal: Principal, after: int | None, size: int) -> list[dict[str, Any]]:
    """Messages to the caller, newest first."""
    reader = await reader_of(uow, principal)
    rows = await uow.fetch(PAGE_SQL.format(own=reader.own), *reader.parameters, principal.account_id, after, size)
    return [
        {
            "id": row["id"],
            "adcode": row["adcode"],
            "place": uow.runtime.place(row["adcode"]),
            "kind": row["kind"],
            "title": {"zh": row["title_zh"], "en": row["title_en"]},
            "text": {"zh": row["text_zh"], "en": row["text_en"]},
            "link": row["link"],
            "urgent": row["urgent"],
            "created_at": beijing(row["created_at"]),
            "read_at": beijing(row["read_at"]),
        }
        for row in rows
    ]


async def mark_read(uow: UnitOfWork, principal: Principal, message_id: int | None) -> None:
    """Mark one message read, or all with None; twice is the same as once. Raises Unknown for what is not the caller's."""
    reader = await reader_of(uow, principal)
    statement = READ_SQL.format(own=reader.own)
    done = await uow.execute(statement, *reader.parameters, principal.account_id, uow.now, message_id)
    if message_id is not None and done == "INSERT 0 0" and not await _is_read(uow, principal, message_id):
        raise Unknown(f"There is no message {message_id} in your inbox.")
    await uow.tell("inbox")


async def _is_read(uow: UnitOfWork, principal: Principal, message_id: int) -> bool:
    return bool(
        await uow.fetchval(
            "SELECT 1 FROM inbox_read WHERE account_id = $1 AND message_id = $2", principal.account_id, message_id
        )
    )
