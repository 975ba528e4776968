"""Jobs of the outbox."""

from __future__ import annotations

from typing import Any

from service.kit.jobs import job
from service.kit.runtime import Runtime
from service.subscriptions.flows import deliver, fan_out


@job("fan_out")
async def fan_out_job(runtime: Runtime, payload: dict[str, Any]) -> None:
    """Write the deliveries of a step."""
    async with runtime.unit() as uow:
        await fan_out(uow, int(payload["step"]), payload["event"])
        await uow.commit()


@job("deliver")
async def deliver_job(runtime: Runtime, payload: dict[str, Any]) -> None:
    """One attempt at one delivery."""
    await deliver(runtime, runtime.channel, int(payload["delivery"]))
