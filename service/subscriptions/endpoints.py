"""`/api/v1/subscriptions`: endpoints that want events."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Path, Request, Response

from service.kit.auth import Caller
from service.kit.http import PageKey, PageSize, Uow, json_answer, once
from service.subscriptions import deliveries, keeping
from service.subscriptions.schemas import ChangeBody, RangeBody, SubscriptionBody

router = APIRouter(prefix="/api/v1/subscriptions", tags=["subscriptions"])
Key = Annotated[int, Path(ge=1, le=2**62)]


@router.get("")
async def subscriptions(caller: Caller, uow: Uow, after: PageKey = None, size: PageSize = 50) -> Response:
    """Your subscriptions, how their endpoints answer and how their deliveries stand."""
    items = await keeping.page(uow, caller, after, size)
    return json_answer({"items": items, "next": items[-1]["id"] if len(items) == size else None})


@router.post("", status_code=201)
async def subscribe(body: SubscriptionBody, request: Request, caller: Caller, uow: Uow) -> Response:
    """Subscribe an endpoint; the answer shows the signing secret this once."""

    async def make() -> tuple[int, object]:
        return 201, await keeping.subscribe(uow, caller, **body.model_dump())

    return await once(request, uow, caller, body.model_dump(), make, told_once="secret")


@router.get("/{subscription_id}")
async def subscription(subscription_id: Key, caller: Caller, uow: Uow) -> Response:
    """One of your subscriptions."""
    return json_answer(await keeping.one(uow, caller, subscription_id))


@router.patch("/{subscription_id}")
async def change(subscription_id: Key, body: ChangeBody, caller: Caller, uow: Uow) -> Response:
    """Change the address, the events, the signature or the order; pause and resume."""
    return json_answer(await keeping.change(uow, caller, subscription_id, body.model_dump(exclude_none=True)))


@router.post("/{subscription_id}/rotation", status_code=201)
async def rotate(subscription_id: Key, request: Request, caller: Caller, uow: Uow) -> Response:
    """A new signing secret, shown this once; the old one signs beside it until `old_until`."""

    async def make() -> tuple[int, object]:
        return 201, await keeping.rotate(uow, caller, subscription_id)

    return await once(request, uow, caller, {}, make, told_once="secret")


@router.post("/{subscription_id}/test", status_code=202)
async def link_test(subscription_id: Key, request: Request, caller: Caller, uow: Uow) -> Response:
    """Send the endpoint a `link.test`; the answer names the delivery to look at."""

    async def make() -> tuple[int, object]:
        return 202, {"delivery": await keeping.link_test(uow, caller, subscription_id)}

    return await once(request, uow, caller, {}, make)


@router.post("/{subscription_id}/replay", status_code=202)
async def replay(subscription_id: Key, body: RangeBody, request: Request, caller: Caller, uow: Uow) -> Response:
    """Send every event of a range again, under the ids they had; what the endpoint never got is added."""

    async def make() -> tuple[int, object]:
        return 202, await deliveries.replay(uow, caller, subscription_id, body.start, body.until)

    return await once(request, uow, caller, body.model_dump(mode="json"), make)


@router.delete("/{subscription_id}", status_code=204)
async def unsubscribe(subscription_id: Key, caller: Caller, uow: Uow) -> Response:
    """End one of your subscriptions; what is still pending for it is given up."""
    await keeping.unsubscribe(uow, caller, subscription_id)
    return Response(status_code=204)
