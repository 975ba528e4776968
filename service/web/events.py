"""What changed, told to open pages as server-sent events. They carry no content: pages fetch their parts again.

A page says what it has seen (`since`, later the id of the last event), so that nothing is lost between its making and its stream,
nor between two streams, whichever nodes they come from.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Iterable

from fastapi import APIRouter, Request
from fastapi.sse import EventSourceResponse, ServerSentEvent

from service.accounts.roles import Scope
from service.kit.auth import Official, find_principal, runtime_of
from service.kit.changes import EVERYTHING, Change
from service.kit.live import HERE, Live

router = APIRouter(include_in_schema=False)
QUEUE_LENGTH = 100
STREAM_SECONDS = 900.0
"""A stream ends after this long; the browser opens a new one and is checked again."""
UNTOLD = frozenset({"session", HERE})
"""What nodes tell each other only."""
PUBLIC_TOPICS = frozenset({"warning", "clock"})


def concerns(topic: str, adcode: str, scope: Scope) -> bool:
    """Whether a change may be told to somebody: in the scope, of no division, or public anyway."""
    return not adcode or topic in PUBLIC_TOPICS or scope.covers(adcode)


def may_hear(change: Change, scope: Scope) -> bool:
    """Whether a change is one for pages, and for this reader."""
    return change.topic not in UNTOLD and concerns(change.topic, change.adcode, scope)


def missed(live: Live, since: str | None) -> Iterable[Change]:
    """What changed after a mark; everything when that is not known, nothing when none was given."""
    if since is None:
        return ()
    after = live.course.after(since)
    return (Change(EVERYTHING, ""),) if after is None else after


@router.get("/events", response_class=EventSourceResponse)
async def events(request: Request, official: Official) -> AsyncIterator[ServerSentEvent]:
    """Topics (`warning`, `proposal`, `assessment`, `prompt`, …) as they change; keep-alive comments in between."""
    queue: asyncio.Queue[Change] = asyncio.Queue(QUEUE_LENGTH)
    live = runtime_of(request).live
    live.subscribers.add(queue)
    before, mark = missed(live, request.headers.get("last-event-id") or request.query_params.get("since")), live.mark
    ends = time.monotonic() + STREAM_SECONDS
    try:
        for topic in dict.fromkeys(one.topic for one in before if may_hear(one, official.scope)):
            yield ServerSentEvent(event="change", raw_data=topic)
        yield ServerSentEvent(event="hello", raw_data="hello", retry=2000, id=mark or None)
        while (left := ends - time.monotonic()) > 0:
            try:
                change = await asyncio.wait_for(queue.get(), left)
            except TimeoutError:
                return
            if change.topic in {"session", EVERYTHING} and await find_principal(request) is None:
                return
            if may_hear(change, official.scope):
                yield ServerSentEvent(event="change", raw_data=change.topic, id=change.mark or None)
    finally:
        live.subscribers.discard(queue)
