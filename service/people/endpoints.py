"""`/api/v1/me/inbox`: what waits for the caller."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Path, Response

from service.kit.auth import Caller
from service.kit.http import PageKey, PageSize, Uow, json_answer
from service.people import inbox

router = APIRouter(prefix="/api/v1", tags=["people"])
Id = Annotated[int, Path(ge=1, le=2**62)]


@router.get("/me/inbox")
async def messages(caller: Caller, uow: Uow, after: PageKey = None, size: PageSize = 50) -> Response:
    """Messages to you, newest first, and how many wait unread (counted to 100)."""
    items = await inbox.page(uow, caller, after, size)
    following = items[-1]["id"] if len(items) == size else None
    return json_answer({"unread": await inbox.unread(uow, caller), "items": items, "next": following})


@router.post("/me/inbox/{message_id}/read", status_code=204)
async def read(message_id: Id, caller: Caller, uow: Uow) -> Response:
    """Mark a message of yours as read."""
    await inbox.mark_read(uow, caller, message_id)
    return Response(status_code=204)
