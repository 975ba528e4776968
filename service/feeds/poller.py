"""Fetch forecasts from feeds that publish a document instead of posting to us."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Callable
from datetime import datetime
from typing import Any

import httpx
import structlog

from service.accounts.roles import Scope
from service.channels.targets import check_address
from service.channels.webhook import FAILURES, open_client
from service.feeds.flows import check_deliveries, store
from service.feeds.layouts import hebei
from service.feeds.schemas import Delivery
from service.kit.problems import Problem
from service.kit.runtime import Runtime

Layout = Callable[[bytes, datetime], list[Delivery]]
LARGEST_DOCUMENT = 5_000_000
TIMEOUT_SECONDS = 20.0
logger = structlog.get_logger("lantian.poller")


class PollError(RuntimeError):
    """A feed could not be fetched or read; the message names the feed and the reason."""


def hebei_bar(payload: bytes, received_at: datetime) -> list[Delivery]:
    """The Hebei NAQPMS bar layout: one daily AQI per city and day."""
    return [
        Delivery(adcode=forecast.adcode, issued_at=forecast.issued_at, points=list(forecast.points))
        for forecast in hebei.parse(payload, received_at).forecasts
    ]


LAYOUTS: dict[str, Layout] = {"hebei_bar": hebei_bar}


async def poll_due(runtime: Runtime) -> None:
    """Poll every feed that has an address; one that fails is logged, on the ledger, and does not hold up the others."""
    if runtime.drill is not None:
        return  # a drill gets what its script says, and calls nobody
    async with runtime.unit() as uow:
        rows = await uow.fetch("SELECT id, poll FROM feed WHERE enabled AND poll ? 'url'")
    for row in rows:
        try:
            await poll_once(runtime, row["id"], row["poll"])
        except (PollError, Problem) as error:
            logger.warning("feed not polled", feed=row["id"], error=str(error))
            async with runtime.unit() as uow:
                await uow.record("feed.poll_failed", None, feed=row["id"], error=str(error)[:500])
                await uow.commit()


async def poll_once(runtime: Runtime, feed_id: str, poll: dict[str, Any]) -> list[str]:
    """Fetch one feed and store what is new; returns the divisions touched. The same document again stores nothing."""
    layout = LAYOUTS.get(str(poll.get("layout")))
    if layout is None:
        raise PollError(f"feed {feed_id} names the layout {poll.get('layout')!r}; known: {', '.join(LAYOUTS)}")
    payload = await _fetch(feed_id, str(poll["url"]), allow_private=runtime.settings.allow_private_targets)
    async with runtime.unit() as uow:
        feed = await uow.fetchrow("SELECT adcode FROM feed WHERE id = $1", feed_id)
        assert feed is not None  # it was listed a moment ago
        try:
            deliveries = layout(payload, uow.now)
        except ValueError as error:
            raise PollError(f"feed {feed_id}: {error}") from error
        reference = "poll:" + hashlib.sha256(payload).hexdigest()[:32]
        known = [delivery for delivery in deliveries if delivery.adcode in runtime.law.divisions]
        check_deliveries(uow, known, Scope(feed["adcode"]), "forecasts")
        touched = await store(uow, feed_id, "forecasts", known, reference)
        await uow.commit()
    return touched


async def _fetch(feed_id: str, url: str, *, allow_private: bool) -> bytes:
    try:
        check_address(url, allow_private=allow_private)
        async with (
            asyncio.timeout(TIMEOUT_SECONDS),
            open_client(TIMEOUT_SECONDS, allow_private=allow_private) as client,
            client.stream("GET", url) as response,
        ):
            if response.status_code != httpx.codes.OK:
                raise PollError(f"feed {feed_id} answered {response.status_code}")
            read = bytearray()
            async for part in response.aiter_bytes():
                read += part
                if len(read) > LARGEST_DOCUMENT:
                    raise PollError(f"feed {feed_id} sent more than {LARGEST_DOCUMENT} bytes")
            return bytes(read)
    except FAILURES as error:
        raise PollError(f"feed {feed_id} could not be fetched: {type(error).__name__}: {error}") from error
