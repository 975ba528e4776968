"""`/api/v1/circulars`: what neighbours and the upper level were told, and who has read it."""

from __future__ import annotations

from typing import Annotated, Literal

from fastapi import APIRouter, Path, Query, Request, Response
from pydantic import BaseModel, ConfigDict, Field

from service.coordination import repository
from service.coordination.flows import acknowledge
from service.kit.auth import Official
from service.kit.http import PageKey, PageSize, Uow, json_answer, once

router = APIRouter(prefix="/api/v1/circulars", tags=["coordination"])
Number = Annotated[int, Path(ge=1, le=2**62)]


class ReceiptBody(BaseModel):
    """The place that has read it, and what it says to it."""

    model_config = ConfigDict(extra="forbid")

    adcode: Annotated[str, Field(pattern=r"^\d{6}$")]
    note: Annotated[str | None, Field(max_length=1000)] = None


@router.get("")
async def circulars(
    official: Official,
    uow: Uow,
    side: Annotated[Literal["all", "sent", "received"], Query()] = "all",
    after: PageKey = None,
    size: PageSize = 50,
) -> Response:
    """Messages sent from your region or received in it, newest first."""
    items = await repository.page(uow, official.scope, side, after, size)
    return json_answer({"items": items, "next": items[-1]["id"] if len(items) == size else None})


@router.get("/{circular_id}")
async def circular(circular_id: Number, official: Official, uow: Uow) -> Response:
    """One message with its receipts."""
    return json_answer(await repository.find(uow, official.scope, circular_id))


@router.post("/{circular_id}/receipts", status_code=201)
async def read(circular_id: Number, body: ReceiptBody, request: Request, official: Official, uow: Uow) -> Response:
    """Acknowledge a message for a place of your region; the first receipt of a place counts."""

    async def make() -> tuple[int, object]:
        return 201, await acknowledge(uow, official, circular_id, body.adcode, body.note)

    return await once(request, uow, official, body.model_dump(mode="json"), make)
