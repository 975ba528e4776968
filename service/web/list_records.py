"""Rows of the further sheets of a list, sheet by sheet, and the ones that a version changes."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Path, Query, Request, Response

from emission_lists.levels import LEVELS
from service.kit.auth import Official
from service.kit.http import Uow
from service.lists import comparing, flows, records
from service.lists.record_endpoints import PLAIN
from service.web.pages import render

router = APIRouter(include_in_schema=False)
Id = Annotated[int, Path(ge=1, le=2**62)]
After = Annotated[str, Query(max_length=400, pattern=PLAIN)]
SHOWN = 50
_LEVELS = tuple(level.value for level in LEVELS)
_TOLD = frozenset({"name", "adcode"})
"""Fields that stand in columns of their own."""


@router.get("/lists/{list_id}/records")
async def rows(
    list_id: Id,
    request: Request,
    official: Official,
    uow: Uow,
    sheet: Annotated[str | None, Query(max_length=32)] = None,
    q: Annotated[str, Query(max_length=100, pattern=PLAIN)] = "",
    after: After = "",
) -> Response:
    """One sheet's rows with their measures per level; tabs lead to the other sheets."""
    version = await flows.find(uow, official.scope, list_id)
    found = await records.page(uow, official.scope, list_id, sheet=sheet, words=q, after=after, size=SHOWN)
    levels = [name for name in _LEVELS if any(column["field"] == name for column in found["columns"])]
    items = [_row(item, levels) for item in found["items"]]
    return render(
        request,
        "list_records.html",
        official,
        version=version,
        found=found,
        items=items,
        measured=levels,
        q=q.strip(),
        paged=bool(after),
    )


def _row(item: dict[str, Any], levels: list[str]) -> dict[str, Any]:
    """A row for the page: the cells of each level together, then everything else that is filled."""
    by_level: dict[str, list[dict[str, str]]] = {level: [] for level in levels}
    others: list[dict[str, str]] = []
    for cell in item["shown"]:
        level = cell["field"].partition("_")[0]
        if level in by_level:
            by_level[level].append(cell | {"header": cell["header"].partition("-")[2]})
        elif cell["field"] not in _TOLD:
            others.append(cell)
    return item | {"levels": by_level, "others": others}


@router.get("/lists/{list_id}/difference/records")
async def changes(
    list_id: Id,
    request: Request,
    official: Official,
    uow: Uow,
    against: Annotated[str, Query(pattern=r"^[0-9]{0,18}$")] = "",
    after: After = "",
) -> Response:
    """Further pages of the rows that a version adds, removes or changes."""
    version = await flows.find(uow, official.scope, list_id)
    compared = await comparing.compared(uow, official.scope, list_id, int(against) if against else None)
    found = await records.changes(uow, compared, after, SHOWN)
    return render(
        request,
        "list_difference_records.html",
        official,
        version=version,
        compared=compared,
        records=found,
        chosen=int(against) if against else None,
    )
