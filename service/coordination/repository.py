"""Messages to neighbours and above, sent from and received in a scope."""

from __future__ import annotations

import json
from typing import Any

from service.accounts.roles import Scope
from service.kit.problems import Unknown
from service.kit.unit_of_work import UnitOfWork, beijing

PAGE_SQL = """
SELECT c.* FROM circular c WHERE ($2::bigint IS NULL OR c.id < $2) AND (
    ($4 <> 'received' AND c.adcode LIKE $1)
    OR ($4 <> 'sent' AND EXISTS (SELECT 1 FROM circular_recipient r WHERE r.circular_id = c.id AND r.adcode LIKE $1))
) ORDER BY c.id DESC LIMIT $3
"""
RECIPIENTS_SQL = """
SELECT r.circular_id, r.adcode, r.relation, k.read_at, k.role, k.note FROM circular_recipient r
LEFT JOIN circular_receipt k ON k.circular_id = r.circular_id AND k.adcode = r.adcode
WHERE r.circular_id = ANY($1::bigint[]) ORDER BY r.circular_id, r.relation, r.adcode
"""
UNREAD_SQL = """
SELECT count(*) FROM circular_recipient r WHERE r.adcode LIKE $1 AND NOT EXISTS (
    SELECT 1 FROM circular_receipt k WHERE k.circular_id = r.circular_id AND k.adcode = r.adcode)
"""
SIDES = ("all", "sent", "received")


async def page(uow: UnitOfWork, scope: Scope, side: str, after: int | None, size: int) -> list[dict[str, Any]]:
    """Messages sent from the scope, received in it, or both (`side`), newest first.

    A message shows every place that it was sent to from the scope, of a received one only those of the scope.
    """
    rows = await uow.fetch(PAGE_SQL, scope.prefix + "%", after, size, side)
    return await _documents(uow, scope, rows)


async def find(uow: UnitOfWork, scope: Scope, circular_id: int) -> dict[str, Any]:
    """One message. Raises Unknown when it neither came from the scope nor went to it."""
    row = await uow.fetchrow("SELECT * FROM circular WHERE id = $1", circular_id)
    found = await _documents(uow, scope, [row] if row else [])
    if not found or not (found[0]["sent_here"] or found[0]["recipients"]):
        raise Unknown(f"There is no message {circular_id} that concerns your region.")
    return found[0]


async def unread(uow: UnitOfWork, scope: Scope) -> int:
    """How many received messages nobody has acknowledged."""
    return int(await uow.fetchval(UNREAD_SQL, scope.prefix + "%"))


async def _documents(uow: UnitOfWork, scope: Scope, rows: list[Any]) -> list[dict[str, Any]]:
    recipients: dict[int, list[dict[str, Any]]] = {row["id"]: [] for row in rows}
    senders = {row["id"]: row["adcode"] for row in rows}
    for to in await uow.fetch(RECIPIENTS_SQL, list(recipients)):
        mine = scope.covers(to["adcode"])
        if not mine and not scope.covers(senders[to["circular_id"]]):
            continue
        recipients[to["circular_id"]].append(
            {
                "adcode": to["adcode"],
                "place": uow.runtime.place(to["adcode"]),
                "relation": to["relation"],
                "mine": mine,
                "across_border": to["adcode"][:2] != senders[to["circular_id"]][:2],
                "read_at": beijing(to["read_at"]),
                "read_by_role": to["role"],
                "note": to["note"],
            }
        )
    return [
        {
            "id": row["id"],
            "adcode": row["adcode"],
            "place": uow.runtime.place(row["adcode"]),
            "sent_here": scope.covers(row["adcode"]),
            "warning": row["warning_id"],
            "sent_at": beijing(row["sent_at"]),
            "content_hash": row["content_hash"],
            "content": json.loads(row["document"]),
            "recipients": recipients[row["id"]],
        }
        for row in rows
    ]
