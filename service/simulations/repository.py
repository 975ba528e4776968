"""Stored forecasts that a simulation can start from."""

from __future__ import annotations

from typing import Any

from service.accounts.roles import Scope
from service.kit.unit_of_work import UnitOfWork, beijing

STORED_SQL = """
SELECT id, feed, issued_at, basis FROM forecast WHERE adcode = $1 AND adcode LIKE $2 || '%'
ORDER BY issued_at DESC, id DESC LIMIT $3
"""


async def stored_forecasts(uow: UnitOfWork, scope: Scope, adcode: str, size: int) -> list[dict[str, Any]]:
    """The newest issues for a division of the scope: id, feed, issue (Beijing time), basis."""
    rows = await uow.fetch(STORED_SQL, adcode, scope.prefix, size)
    return [dict(row) | {"issued_at": beijing(row["issued_at"])} for row in rows]
