"""`POST /api/v1/feeds/{feed}/forecasts` and `/observations`."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, Request, Response
from pydantic import BaseModel

from service.feeds.flows import receive
from service.feeds.schemas import FeedMessage, SingleMessage
from service.kit.auth import runtime_of
from service.kit.body import read_body
from service.kit.metrics import RECEIVED

router = APIRouter(prefix="/api/v1/feeds", tags=["feeds"])


def inlined(schema: Any, definitions: dict[str, Any]) -> Any:
    """A JSON schema without references, which would point nowhere inside an OpenAPI document."""
    if isinstance(schema, list):
        return [inlined(part, definitions) for part in schema]
    if not isinstance(schema, dict):
        return schema
    if "$ref" in schema:
        return inlined(definitions[schema["$ref"].rpartition("/")[2]], definitions)
    return {name: inlined(part, definitions) for name, part in schema.items() if name != "$defs"}


def schema_of(model: type[BaseModel]) -> Any:
    """The schema of a body, for the OpenAPI document."""
    schema = model.model_json_schema()
    return inlined(schema, schema.get("$defs", {}))


BODY = {
    "requestBody": {
        "required": True,
        "content": {"application/json": {"schema": {"anyOf": [schema_of(FeedMessage), schema_of(SingleMessage)]}}},
    }
}


async def _take(request: Request, feed: str, kind: str) -> Response:
    runtime = runtime_of(request)
    body = await read_body(request, runtime.settings.max_body_bytes)
    outcome = "refused"
    try:
        async with runtime.unit() as uow:
            status, answer = await receive(uow, feed, kind, request.headers, body)
            await uow.commit()
        outcome = "taken"
    finally:
        RECEIVED.labels(kind, outcome).inc()
    return Response(answer, status, media_type="application/json")


@router.post("/{feed}/forecasts", status_code=202, openapi_extra=BODY)
async def forecasts(feed: str, request: Request) -> Response:
    """Take a signed forecast message (Standard Webhooks). Answered after the commit; a repeated id is stored once."""
    return await _take(request, feed, "forecasts")


@router.post("/{feed}/observations", status_code=202, openapi_extra=BODY)
async def observations(feed: str, request: Request) -> Response:
    """Take a signed message of measured hours or days. Answered after the commit; a repeated id is stored once."""
    return await _take(request, feed, "observations")
