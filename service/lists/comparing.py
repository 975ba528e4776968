"""What changes when a version takes the place of another (清单比对): counted by the database, looked into batch by batch."""

from __future__ import annotations

import asyncio
import json
from collections import Counter
from dataclasses import asdict
from typing import Any

from emission_lists.difference import EnterpriseDifference, document_difference
from emission_lists.levels import LEVELS
from emission_lists.lists import POLLUTANTS
from emission_lists.source_totals import totals_document
from service.accounts.roles import Scope
from service.kit.problems import Invalid
from service.kit.unit_of_work import UnitOfWork
from service.lists.flows import find
from service.lists.summary import sums_of

BATCH = 200
JOINED = """
FROM (SELECT uscc, name, lines, document FROM list_enterprise WHERE version_id = $1) o
FULL JOIN (SELECT uscc, name, lines, document FROM list_enterprise WHERE version_id = $2) n ON n.uscc = o.uscc
"""
COUNTS_SQL = f"""
SELECT count(*) FILTER (WHERE o.uscc IS NULL) AS added, count(*) FILTER (WHERE n.uscc IS NULL) AS removed,
    count(*) FILTER (WHERE o.document <> n.document) AS changed, count(*) FILTER (WHERE o.document = n.document) AS same,
    coalesce(sum(n.lines) FILTER (WHERE o.uscc IS NULL), 0)::bigint AS lines_added,
    coalesce(sum(o.lines) FILTER (WHERE n.uscc IS NULL), 0)::bigint AS lines_removed {JOINED}
"""
CHANGED_SQL = """
SELECT o.uscc, o.document AS old, n.document AS new FROM list_enterprise o JOIN list_enterprise n ON n.uscc = o.uscc
WHERE o.version_id = $1 AND n.version_id = $2 AND o.document <> n.document
"""
PAGE_SQL = f"""
SELECT coalesce(o.uscc, n.uscc) AS uscc, coalesce(n.name, o.name) AS name, o.lines AS old_lines, n.lines AS new_lines,
    o.document AS old, n.document AS new {JOINED}
WHERE coalesce(o.uscc, n.uscc) > $3 AND o.document IS DISTINCT FROM n.document ORDER BY 1 LIMIT $4
"""
RECORDS_SQL = """
SELECT coalesce(o.sheet, n.sheet) AS sheet, count(*) FILTER (WHERE o.key IS NULL) AS added,
    count(*) FILTER (WHERE n.key IS NULL) AS removed,
    count(*) FILTER (WHERE o.document::jsonb - 'number' <> n.document::jsonb - 'number') AS changed
FROM (SELECT sheet, key, document FROM list_record WHERE version_id = $1) o
FULL JOIN (SELECT sheet, key, document FROM list_record WHERE version_id = $2) n ON n.sheet = o.sheet AND n.key = o.key
GROUP BY 1 ORDER BY 1
"""
AGAINST_SQL = """
SELECT id FROM list_version
WHERE adcode = $1 AND id <> $2 AND activated_at IS NOT NULL AND ($3::timestamptz IS NULL OR activated_at <= $3)
    AND ($3::timestamptz IS NOT NULL OR state = 'active')
ORDER BY activated_at DESC, id DESC LIMIT 1
"""
CHOICES_SQL = """
SELECT id, title, state, created_at, activated_at FROM list_version WHERE adcode = $1 AND id <> $2 ORDER BY id DESC LIMIT $3
"""
MOST_CHOICES = 200
NO_VERSION = 0
"""Stands for a list without rows, where nothing was in force before."""


async def difference(uow: UnitOfWork, scope: Scope, version_id: int, against: int | None) -> dict[str, Any]:
    """Counts of enterprises, lines and further rows, and the sums in kg/d, old and new.

    `against`: another version of the division; without it the one in force, or the one that was in force before. Raises
    Unknown outside the scope, Invalid for a version of another division.
    """
    new, old = await _pair(uow, scope, version_id, against)
    first = NO_VERSION if old is None else old["id"]
    counts = await uow.fetchrow(COUNTS_SQL, first, version_id)
    assert counts is not None
    lines = await _changed_lines(uow, first, version_id)
    records = await uow.fetch(RECORDS_SQL, first, version_id)
    return {
        "list": version_id,
        "against": None if old is None else old["id"],
        "enterprises": {name: counts[name] for name in ("added", "removed", "changed", "same")},
        "lines": {
            "added": counts["lines_added"] + lines["added"],
            "removed": counts["lines_removed"] + lines["removed"],
            "changed": lines["changed"],
        },
        "records": {row["sheet"]: {name: row[name] for name in ("added", "removed", "changed")} for row in records},
        "unit": "kg/d",
        "totals": _totals(None if old is None else await _totals_of(uow, old), await _totals_of(uow, new)),
    }


async def compared(uow: UnitOfWork, scope: Scope, version_id: int, against: int | None) -> dict[str, Any]:
    """Which two versions are compared, without counting anything. Raises as `difference` does."""
    _, old = await _pair(uow, scope, version_id, against)
    return {"list": version_id, "against": None if old is None else old["id"]}


async def choices(uow: UnitOfWork, version: dict[str, Any]) -> list[dict[str, Any]]:
    """The other versions of a version's division, newest first: what it may be compared with."""
    rows = await uow.fetch(CHOICES_SQL, version["adcode"], version["id"], MOST_CHOICES)
    return [dict(row) for row in rows]


async def _pair(
    uow: UnitOfWork, scope: Scope, version_id: int, against: int | None
) -> tuple[dict[str, Any], dict[str, Any] | None]:
    new = await find(uow, scope, version_id)
    return new, await _other(uow, scope, new, against)


async def _other(uow: UnitOfWork, scope: Scope, new: dict[str, Any], against: int | None) -> dict[str, Any] | None:
    if against is None:
        against = await uow.fetchval(AGAINST_SQL, new["adcode"], new["id"], new["activated_at"])
        if against is None:
            return None
    old = await find(uow, scope, against)
    if old["adcode"] != new["adcode"]:
        raise Invalid(
            f"Version {against} is a list of {old['place']}; compare versions of one division.",
            detail_zh=f"第 {against} 版是{old['place']}的清单；只能比较同一行政区的版本。",
        )
    return old


async def _changed_lines(uow: UnitOfWork, old: int, new: int) -> Counter[str]:
    """Lines added, removed and changed in enterprises that both versions name. Memory stays flat."""
    found: Counter[str] = Counter(added=0, removed=0, changed=0)
    if old == NO_VERSION:
        return found
    cursor = await uow.connection.cursor(CHANGED_SQL, old, new)
    while rows := await cursor.fetch(BATCH):
        for one in await asyncio.to_thread(lambda batch: [_looked_into(row) for row in batch], rows):
            found["added"] += len(one.lines_added)
            found["removed"] += len(one.lines_removed)
            found["changed"] += len(one.lines_changed)
    return found


def _looked_into(row: Any) -> EnterpriseDifference:
    return document_difference(row["uscc"], json.loads(row["old"]), json.loads(row["new"]))


async def _totals_of(uow: UnitOfWork, version: dict[str, Any]) -> dict[str, Any]:
    """The totals with what follows from base × share; those of a version from before hold what it states only."""
    kept: dict[str, Any] = version["totals"]
    if kept.get("open_lines") is not None:
        return kept
    whole, *_ = await sums_of(uow, version["id"])
    return totals_document(whole.totals())


def _totals(old: dict[str, Any] | None, new: dict[str, Any]) -> dict[str, Any]:
    return {
        "base": _change((old or {}).get("base"), new["base"]),
        **{level.value: _change((old or {"planned": {}})["planned"].get(level.value), new["planned"][level.value]) for level in LEVELS},
    }


def _change(old: dict[str, float | None] | None, new: dict[str, float | None]) -> dict[str, dict[str, float | None]]:
    """Old, new and their difference of each pollutant; None where a version establishes nothing. No old version has nothing."""
    found = {}
    for name in POLLUTANTS:
        before, after = (0.0 if values is None else values.get(name) for values in (old, new))
        change = None if before is None or after is None else round(after - before, 6)
        found[name] = {"old": before, "new": after, "change": change}
    return found


async def changes(uow: UnitOfWork, compared: dict[str, Any], after: str, size: int) -> list[dict[str, Any]]:
    """A page of enterprises that differ, by credit code: `added`, `removed`, or `changed` with each field's old and new value."""
    first = NO_VERSION if compared["against"] is None else compared["against"]
    rows = await uow.fetch(PAGE_SQL, first, compared["list"], after, size)
    return await asyncio.to_thread(lambda: [_item(row) for row in rows])


def _item(row: Any) -> dict[str, Any]:
    item = {"uscc": row["uscc"], "name": row["name"], "old_lines": row["old_lines"], "new_lines": row["new_lines"]}
    if row["old"] is None or row["new"] is None:
        return item | {"kind": "added" if row["old"] is None else "removed"}
    found = _looked_into(row)
    return item | {
        "kind": "changed",
        "lines_added": list(found.lines_added),
        "lines_removed": list(found.lines_removed),
        "changes": [{key: value for key, value in asdict(change).items() if key != "uscc"} for change in found.changes],
    }
