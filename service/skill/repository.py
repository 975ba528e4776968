"""Stored forecasts and observations of a period, as text: they are read apart from the event loop."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from service.accounts.roles import Scope
from service.kit.unit_of_work import UnitOfWork

DELIVERED_LATER = timedelta(days=31)
"""How much a delivery may span: the hours of a period can stand in one that ends so much later."""
WHERE = """
FROM forecast WHERE adcode = $1 AND adcode LIKE $2 AND issued_at >= $3 AND issued_at < $4 AND ($5::text IS NULL OR feed = $5)
"""
COUNT_SQL = f"SELECT count(DISTINCT (feed, basis, issued_at)) {WHERE}"
ISSUES_SQL = f"""
WITH chosen AS (SELECT DISTINCT ON (feed, basis, issued_at) id {WHERE} ORDER BY feed, basis, issued_at, id DESC)
SELECT feed, basis, issued_at, points::text AS points FROM forecast WHERE id IN (SELECT id FROM chosen)
"""
LAST_OF_DAY_SQL = f"""
WITH chosen AS (
    SELECT DISTINCT ON (feed, basis, date_trunc('day', issued_at AT TIME ZONE 'Asia/Shanghai')) id {WHERE}
    ORDER BY feed, basis, date_trunc('day', issued_at AT TIME ZONE 'Asia/Shanghai'), issued_at DESC, id DESC
)
SELECT feed, basis, issued_at, points::text AS points FROM forecast WHERE id IN (SELECT id FROM chosen)
"""
OBSERVED_SQL = """
SELECT points::text AS points FROM observation
WHERE adcode = $1 AND adcode LIKE $2 AND until_at > $3 AND until_at <= $4 ORDER BY id
"""
DIVISIONS_SQL = """
SELECT DISTINCT adcode FROM forecast
WHERE adcode LIKE $1 AND issued_at >= $2 AND issued_at < $3 AND ($4::text IS NULL OR feed = $4) ORDER BY adcode
"""


async def count(uow: UnitOfWork, scope: Scope, adcode: str, start: datetime, end: datetime, feed: str | None) -> int:
    """How many issues there are in [start, end)."""
    return int(await uow.fetchval(COUNT_SQL, adcode, scope.prefix + "%", start, end, feed))


async def issues(
    uow: UnitOfWork,
    scope: Scope,
    adcode: str,
    start: datetime,
    end: datetime,
    feed: str | None,
    *,
    last_of_day: bool = False,
) -> list[Any]:
    """Rows (feed, basis, issued_at, points) of the issues in [start, end), in no order; of a corrected one the correction."""
    statement = LAST_OF_DAY_SQL if last_of_day else ISSUES_SQL
    return await uow.fetch(statement, adcode, scope.prefix + "%", start, end, feed)


async def observed(uow: UnitOfWork, scope: Scope, adcode: str, start: datetime, end: datetime) -> list[str]:
    """The points of every delivery that can hold something measured in [start, end), oldest delivery first."""
    rows = await uow.fetch(OBSERVED_SQL, adcode, scope.prefix + "%", start, end + DELIVERED_LATER)
    return [row["points"] for row in rows]


async def divisions(uow: UnitOfWork, scope: Scope, start: datetime, end: datetime, feed: str | None) -> list[str]:
    """The divisions of the scope for which anything was forecast in [start, end)."""
    rows = await uow.fetch(DIVISIONS_SQL, scope.prefix + "%", start, end, feed)
    return [row["adcode"] for row in rows]


async def feed_exists(uow: UnitOfWork, feed: str) -> bool:
    """Whether a feed of that name is registered."""
    return bool(await uow.fetchval("SELECT EXISTS (SELECT 1 FROM feed WHERE id = $1)", feed))
