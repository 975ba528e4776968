"""Warnings of the scope, and one warning with every step."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Path, Request, Response

from service.kit.auth import Official
from service.kit.http import PageKey, Uow
from service.warnings import repository
from service.web.pages import render

router = APIRouter(include_in_schema=False)
SHOWN = 50


@router.get("/warnings")
async def warnings(request: Request, official: Official, uow: Uow, after: PageKey = None) -> Response:
    """Newest first, in pages."""
    items = await repository.page(uow, official.scope, live_only=False, adcode=None, after=after, size=SHOWN)
    following = items[-1]["id"] if len(items) == SHOWN else None
    return render(request, "warnings.html", official, items=items, following=following)


@router.get("/warnings/{warning_id}")
async def warning(
    warning_id: Annotated[int, Path(ge=1, le=2**62)], request: Request, official: Official, uow: Uow
) -> Response:
    """Every step with its notice, who decided, and its CAP messages."""
    return render(request, "warning.html", official, warning=await repository.find(uow, official.scope, warning_id))
