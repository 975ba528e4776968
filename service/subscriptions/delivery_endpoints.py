"""`/api/v1/deliveries`: what was sent to whom, what was answered, and sending it again."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query, Request, Response
from fastapi import Path as InPath

from service.kit.auth import Caller
from service.kit.http import PageKey, PageSize, Uow, instant_of, json_answer, once
from service.kit.problems import Forbidden
from service.subscriptions import deliveries, keys
from service.subscriptions.deliveries import Filter
from service.subscriptions.schemas import Channel, RedriveBody, State

router = APIRouter(tags=["deliveries"])
Key = Annotated[int, InPath(ge=1, le=2**62)]


@router.get("/api/v1/deliveries")
async def page(
    caller: Caller,
    uow: Uow,
    state: State | None = None,
    channel: Channel | None = None,
    subscription: Annotated[int | None, Query(ge=1, le=2**62)] = None,
    adcode: Annotated[str | None, Query(pattern=r"^\d{6}$")] = None,
    event: Annotated[str | None, Query(max_length=64)] = None,
    start: Annotated[str | None, Query(alias="from", max_length=40)] = None,
    until: Annotated[str | None, Query(max_length=40)] = None,
    after: PageKey = None,
    size: PageSize = 50,
) -> Response:
    """Deliveries to your endpoints, and for officials those of their divisions, newest first."""
    wanted = Filter(
        state,
        channel,
        subscription,
        adcode,
        event,
        None if start is None else instant_of(start, "from"),
        None if until is None else instant_of(until, "until"),
    )
    items = await deliveries.page(uow, caller, wanted, after, size)
    return json_answer({"items": items, "next": items[-1]["id"] if len(items) == size else None})


@router.get("/api/v1/deliveries/{delivery_id}")
async def one(delivery_id: Key, caller: Caller, uow: Uow) -> Response:
    """One delivery with its content and every attempt."""
    return json_answer(await deliveries.one(uow, caller, delivery_id))


@router.post("/api/v1/deliveries/{delivery_id}/resend", status_code=202)
async def resend(delivery_id: Key, request: Request, caller: Caller, uow: Uow) -> Response:
    """Send one again under the same message id."""

    async def make() -> tuple[int, object]:
        return 202, await deliveries.resend(uow, caller, delivery_id)

    return await once(request, uow, caller, {}, make)


@router.post("/api/v1/deliveries/redrive", status_code=202)
async def redrive(body: RedriveBody, request: Request, caller: Caller, uow: Uow) -> Response:
    """Send dead letters again, a thousand at a time; those of endpoints that have ended stay dead."""
    wanted = Filter(
        "dead", body.channel, body.subscription, body.adcode, start=body.start, until=body.until
    )

    async def make() -> tuple[int, object]:
        return 202, {"again": await deliveries.redrive(uow, caller, wanted)}

    return await once(request, uow, caller, body.model_dump(mode="json"), make)


@router.get("/.well-known/webhook-keys.json")
async def webhook_keys(uow: Uow) -> Response:
    """The public keys with which signatures v1a of this service are verified; one with `until` is being replaced."""
    return json_answer({"keys": await keys.published(uow)}, headers={"cache-control": "public, max-age=300"})


@router.post("/api/v1/webhook-keys", status_code=201)
async def replace_key(request: Request, caller: Caller, uow: Uow) -> Response:
    """Make a new key for signatures v1a; the old one signs beside it for the overlap."""
    if not caller.may_replace_webhook_keys:
        raise Forbidden("The key of the service is replaced by the system administrator of the whole service.")

    async def make() -> tuple[int, object]:
        return 201, {"keys": await keys.replace(uow, caller.account_id)}

    return await once(request, uow, caller, {}, make)
