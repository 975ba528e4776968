"""What changed, told to open pages as server-sent events. They carry no content: pages fetch their parts again."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator

from fastapi import APIRouter, Request
from fastapi.sse import EventSourceResponse, ServerSentEvent

from service.accounts.roles import Scope
from service.kit.auth import Official, find_principal, runtime_of

router = APIRouter(include_in_schema=False)
QUEUE_LENGTH = 100
STREAM_SECONDS = 900.0
"""A stream ends after this long; the browser opens a new one and is checked again."""
PUBLIC_TOPICS = frozenset({"warning", "clock"})


def concerns(topic: str, adcode: str, scope: Scope) -> bool:
    """Whether a change may be told to somebody: in the scope, of no division, or public anyway."""
    return not adcode or topic in PUBLIC_TOPICS or scope.covers(adcode)


@router.get("/events", response_class=EventSourceResponse)
async def events(request: Request, official: Official) -> AsyncIterator[ServerSentEvent]:
    """Topics (`warning`, `proposal`, `assessment`, `prompt`, …) as they change; keep-alive comments in between."""
    queue: asyncio.Queue[str] = asyncio.Queue(QUEUE_LENGTH)
    live = runtime_of(request).live
    live.subscribers.add(queue)
    ends = time.monotonic() + STREAM_SECONDS
    try:
        yield ServerSentEvent(event="hello", raw_data="hello", retry=2000)
        while (left := ends - time.monotonic()) > 0:
            try:
                change = await asyncio.wait_for(queue.get(), left)
            except TimeoutError:
                return
            topic, _, adcode = change.partition(":")
            if topic == "session" and await find_principal(request) is None:
                return
            if topic != "session" and concerns(topic, adcode, official.scope):
                yield ServerSentEvent(event="change", raw_data=topic)
    finally:
        live.subscribers.discard(queue)
