"""Jobs of the outbox."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from service.kit.jobs import job
from service.kit.runtime import Runtime
from service.subscriptions.flows import fan_out, tidy
from service.subscriptions.keeping import probe_silent_links


@job("fan_out")
async def fan_out_job(runtime: Runtime, payload: dict[str, Any]) -> None:
    """Write the deliveries of a step."""
    async with runtime.unit() as uow:
        await fan_out(uow, int(payload["step"]), payload["event"])
        await uow.commit()


@job("deliver")
async def deliver_job(runtime: Runtime, _payload: dict[str, Any]) -> None:
    """Deliver everything that is due."""
    await runtime.engine.work()


@job("sweep_deliveries", every=timedelta(minutes=10))
async def sweep_deliveries_job(runtime: Runtime, _payload: dict[str, Any]) -> None:
    """Give up what stands before endpoints that have ended, and look whether anything was left lying."""
    async with runtime.unit() as uow:
        await tidy(uow)
        await uow.commit()
    await runtime.engine.work()


@job("probe_links", every=timedelta(hours=1))
async def probe_links_job(runtime: Runtime, _payload: dict[str, Any]) -> None:
    """Test the links of endpoints to which nothing was sent for a day."""
    async with runtime.unit() as uow:
        await probe_silent_links(uow)
        await uow.commit()
