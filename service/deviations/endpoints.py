"""`/api/v1/deviations`: what departs from the assessment, and on what ground."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query, Response

from alerts.guard import Kind
from service.deviations import repository
from service.kit.auth import Official
from service.kit.http import PageKey, PageSize, Uow, json_answer

router = APIRouter(prefix="/api/v1/deviations", tags=["deviations"])


@router.get("")
async def deviations(
    official: Official,
    uow: Uow,
    adcode: Annotated[str | None, Query(pattern=r"^\d{6}$")] = None,
    kind: Kind | None = None,
    after: PageKey = None,
    size: PageSize = 100,
) -> Response:
    """Deviations of your region, newest first, in pages; `next` is the `after` of the following page."""
    items = await repository.page(uow, official.scope, adcode=adcode, kind=kind, after=after, size=size)
    return json_answer({"items": items, "next": items[-1]["id"] if len(items) == size else None})
