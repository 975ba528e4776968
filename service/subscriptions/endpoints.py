"""`/api/v1/subscriptions`: endpoints that want events."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Request, Response
from pydantic import BaseModel, ConfigDict, Field

from service.kit.auth import Caller
from service.kit.http import PageKey, PageSize, Uow, json_answer, once
from service.subscriptions import flows

router = APIRouter(prefix="/api/v1/subscriptions", tags=["subscriptions"])


class SubscriptionBody(BaseModel):
    """An https address, the events wanted (none named: all) and the division they are about."""

    model_config = ConfigDict(extra="forbid")

    url: Annotated[str, Field(min_length=10, max_length=2000)]
    events: Annotated[list[str], Field(max_length=20)] = []
    adcode: Annotated[str | None, Field(pattern=r"^\d{6}$")] = None


@router.get("")
async def subscriptions(caller: Caller, uow: Uow, after: PageKey = None, size: PageSize = 50) -> Response:
    """Your subscriptions and how their deliveries stand."""
    items = await flows.page(uow, caller, after, size)
    return json_answer({"items": items, "next": items[-1]["id"] if len(items) == size else None})


@router.post("", status_code=201)
async def subscribe(body: SubscriptionBody, request: Request, caller: Caller, uow: Uow) -> Response:
    """Subscribe an endpoint; the answer shows the signing secret this once."""

    async def make() -> tuple[int, object]:
        return 201, await flows.subscribe(uow, caller, url=body.url, events=body.events, adcode=body.adcode)

    return await once(request, uow, caller, body.model_dump(), make, told_once="secret")


@router.delete("/{subscription_id}", status_code=204)
async def unsubscribe(subscription_id: Annotated[int, Field(ge=1, le=2**62)], caller: Caller, uow: Uow) -> Response:
    """End one of your subscriptions; what is still pending for it is given up."""
    await flows.unsubscribe(uow, caller, subscription_id)
    return Response(status_code=204)
