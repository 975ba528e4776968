"""Polling of feeds that do not push."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from service.feeds.poller import poll_due
from service.kit.jobs import job
from service.kit.runtime import Runtime


@job("poll_feeds", every=timedelta(minutes=10))
async def poll_job(runtime: Runtime, payload: dict[str, Any]) -> None:
    """Fetch every polled feed once."""
    await poll_due(runtime)
