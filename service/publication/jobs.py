"""The `publish` job, and the hourly refresh that lets the forecast days move on."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from service.kit.jobs import job
from service.kit.runtime import Runtime
from service.publication.flows import publish


@job("publish", every=timedelta(hours=1))
async def publish_job(runtime: Runtime, payload: dict[str, Any]) -> None:
    """Write the public site."""
    await publish(runtime)
