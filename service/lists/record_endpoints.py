"""`/api/v1/lists/{id}/records`: rows of the further sheets, and which of them a version changes."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query, Response
from pydantic import Field

from service.kit.auth import Official
from service.kit.http import PageSize, Uow, json_answer
from service.lists import comparing, records

router = APIRouter()
Id = Annotated[int, Field(ge=1, le=2**62)]
PLAIN = r"^[^\x00-\x1f\x7f]*$"
SheetName = Annotated[
    str | None, Query(max_length=32, description="A further sheet; without it the first that has rows.")
]
Words = Annotated[str, Query(max_length=100, pattern=PLAIN, description="Words to look for in the rows.")]
After = Annotated[str, Query(max_length=400, pattern=PLAIN, description="Give the `next` of the page before.")]
Against = Annotated[int | None, Query(ge=1, le=2**62)]


@router.get("/{list_id}/records")
async def rows(
    list_id: Id,
    official: Official,
    uow: Uow,
    sheet: SheetName = None,
    q: Words = "",
    after: After = "",
    size: PageSize = 50,
) -> Response:
    """Rows of a further sheet, by key: `fields` as they are stored, `shown` as the workbook shows them."""
    found = await records.page(uow, official.scope, list_id, sheet=sheet, words=q, after=after, size=size)
    return json_answer(found)


@router.get("/{list_id}/difference/records")
async def changed(
    list_id: Id, official: Official, uow: Uow, against: Against = None, after: After = "", size: PageSize = 50
) -> Response:
    """Rows of the further sheets that it adds, removes or changes (each field old and new), against the list in force or `against`."""
    compared = await comparing.compared(uow, official.scope, list_id, against)
    return json_answer(await records.changes(uow, compared, after, size))
