"""`/api/v1/warnings`."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query, Request, Response
from pydantic import Field

from service.kit.auth import Official
from service.kit.canonical import canonical
from service.kit.http import PageKey, PageSize, Uow, with_etag
from service.warnings import repository

router = APIRouter(prefix="/api/v1/warnings", tags=["warnings"])


@router.get("")
async def warnings(
    request: Request,
    official: Official,
    uow: Uow,
    live: bool = False,
    adcode: Annotated[str | None, Query(pattern=r"^\d{6}$")] = None,
    after: PageKey = None,
    size: PageSize = 100,
) -> Response:
    """Warnings of your region, newest first; `live=true` for those in force or announced."""
    items = await repository.page(uow, official.scope, live_only=live, adcode=adcode, after=after, size=size)
    body = {"items": items, "next": items[-1]["id"] if len(items) == size else None}
    return with_etag(request, canonical(body).encode())


@router.get("/{warning_id}")
async def warning(
    warning_id: Annotated[int, Field(ge=1, le=2**62)], request: Request, official: Official, uow: Uow
) -> Response:
    """One warning with every step, why it was taken, who decided in which role, and its CAP messages."""
    return with_etag(request, canonical(await repository.find(uow, official.scope, warning_id)).encode())
