"""Rows of the further sheets of a version (扬尘源、移动源、用车大户、白名单、保障类): page by page, searched, and compared."""

from __future__ import annotations

import asyncio
import json
from typing import Any

from emission_lists.sheets.columns import SHEET_COLUMNS
from emission_lists.sheets.kinds import SHEETS, Sheet
from emission_lists.sheets.shown import (
    coded_fields,
    codes_like,
    record_change,
    record_name,
    shown_fields,
)
from service.accounts.roles import Scope
from service.kit.problems import Invalid
from service.kit.unit_of_work import UnitOfWork
from service.lists import flows

ORDER = [sheet.value for sheet in Sheet]
PAGE_SQL = """
SELECT key, county, document FROM list_record
WHERE version_id = $1 AND sheet = $2 AND key > $3 AND ($4 = '' OR EXISTS (
    SELECT 1 FROM jsonb_each_text(document::jsonb -> 'fields') f
    WHERE (f.value ILIKE $4 AND f.key <> ALL ($5::text[])) OR f.key || '=' || f.value = ANY ($6::text[])))
ORDER BY key LIMIT $7
"""
CHANGED_SQL = """
SELECT coalesce(o.sheet, n.sheet) AS sheet, coalesce(o.key, n.key) AS key, o.document AS old, n.document AS new
FROM (SELECT sheet, key, document FROM list_record WHERE version_id = $1) o
FULL JOIN (SELECT sheet, key, document FROM list_record WHERE version_id = $2) n ON n.sheet = o.sheet AND n.key = o.key
WHERE (array_position($3::text[], coalesce(o.sheet, n.sheet)), coalesce(o.key, n.key)) > ($4, $5)
    AND o.document IS DISTINCT FROM n.document
    AND o.document::jsonb -> 'fields' IS DISTINCT FROM n.document::jsonb -> 'fields'
ORDER BY array_position($3::text[], coalesce(o.sheet, n.sheet)), 2 LIMIT $6
"""


def sheet_of(name: str | None, counts: dict[str, int]) -> Sheet:
    """The sheet that is asked for; without one the first that has rows. Raises Invalid for an unknown one."""
    if name is None:
        return next((sheet for sheet in Sheet if counts.get(sheet.value)), Sheet.DUST)
    if name not in SHEETS:
        known = ", ".join(ORDER)
        raise Invalid(f"There is no sheet {name}; known: {known}.", detail_zh=f"没有工作表 {name}；可选：{known}。")
    return SHEETS[name]


async def page(
    uow: UnitOfWork, scope: Scope, version_id: int, *, sheet: str | None, words: str, after: str, size: int
) -> dict[str, Any]:
    """Rows of one sheet by their key. Raises Unknown outside the scope, Invalid for an unknown sheet.

    `words` are looked for in every text of a row and in what its codes are called.
    """
    version = await flows.find(uow, scope, version_id)
    chosen, wanted = sheet_of(sheet, version["records"]), words.strip()
    like = "%" + wanted.replace("\\", r"\\").replace("%", r"\%").replace("_", r"\_") + "%" if wanted else ""
    rows = await uow.fetch(
        PAGE_SQL,
        version_id,
        chosen.value,
        after,
        like,
        list(coded_fields(chosen)),
        codes_like(chosen, wanted) if wanted else [],
        size,
    )
    return {
        "list": version_id,
        "sheet": chosen.value,
        "sheets": {name: version["records"][name] for name in ORDER if name in version["records"]},
        "columns": [{"field": column.name, "header": column.header} for column in SHEET_COLUMNS[chosen]],
        "items": [_item(uow, chosen, row) for row in rows],
        "next": rows[-1]["key"] if len(rows) == size else None,
    }


def _item(uow: UnitOfWork, sheet: Sheet, row: Any) -> dict[str, Any]:
    fields = json.loads(row["document"])["fields"]
    return {
        "key": row["key"],
        "name": record_name(sheet, row["key"], fields),
        "county": row["county"],
        "place": uow.runtime.place(row["county"]),
        "fields": fields,
        "shown": [one._asdict() for one in shown_fields(sheet, fields)],
    }


async def changes(uow: UnitOfWork, compared: dict[str, Any], after: str, size: int) -> dict[str, Any]:
    """A page of the rows that differ between two versions, sheet by sheet: added, removed, or changed with old and new.

    `compared`: what `comparing.difference` gave; `after`: the `next` of the page before. Raises Invalid if it is none.
    """
    place, key = _place_of(after)
    first = compared["against"] or 0
    rows = await uow.fetch(CHANGED_SQL, first, compared["list"], ORDER, place, key, size)
    items = await asyncio.to_thread(lambda: [_changed(row) for row in rows])
    last = f"{rows[-1]['sheet']}:{rows[-1]['key']}" if len(rows) == size else None
    return {"list": compared["list"], "against": compared["against"], "items": items, "next": last}


def _place_of(after: str) -> tuple[int, str]:
    """Where a page begins: the sheet's place in its order, counted from 1 as the database does, and a key."""
    if not after:
        return 0, ""
    sheet, _, key = after.partition(":")
    if sheet not in SHEETS:
        raise Invalid("`after` is the `next` of the page before.", detail_zh="after 应为上一页返回的 next。")
    return ORDER.index(sheet) + 1, key


def _changed(row: Any) -> dict[str, Any]:
    old, new = (None if row[side] is None else json.loads(row[side])["fields"] for side in ("old", "new"))
    return record_change(SHEETS[row["sheet"]], row["key"], old, new).document()
