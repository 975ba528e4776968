"""`POST /api/v1/feeds/{feed}/forecasts` and `/observations`."""

from __future__ import annotations

from fastapi import APIRouter, Request, Response

from service.feeds.flows import receive
from service.feeds.schemas import FeedMessage
from service.kit.auth import runtime_of
from service.kit.body import read_body

router = APIRouter(prefix="/api/v1/feeds", tags=["feeds"])
BODY = {"requestBody": {"required": True, "content": {"application/json": {"schema": FeedMessage.model_json_schema()}}}}


async def _take(request: Request, feed: str, kind: str) -> Response:
    runtime = runtime_of(request)
    body = await read_body(request, runtime.settings.max_body_bytes)
    async with runtime.unit() as uow:
        status, answer = await receive(uow, feed, kind, request.headers, body)
        await uow.commit()
    return Response(answer, status, media_type="application/json")


@router.post("/{feed}/forecasts", status_code=202, openapi_extra=BODY)
async def forecasts(feed: str, request: Request) -> Response:
    """Take a signed forecast message (Standard Webhooks). Answered after the commit; a repeated id is stored once."""
    return await _take(request, feed, "forecasts")


@router.post("/{feed}/observations", status_code=202, openapi_extra=BODY)
async def observations(feed: str, request: Request) -> Response:
    """Take a signed message of measured hours or days. Answered after the commit; a repeated id is stored once."""
    return await _take(request, feed, "observations")
