"""The `expire_proposal` and `remind_proposal` jobs."""

from __future__ import annotations

from typing import Any

from service.kit.jobs import job
from service.kit.runtime import Runtime
from service.proposals.course import expire, remind


@job("expire_proposal")
async def expire_job(runtime: Runtime, payload: dict[str, Any]) -> None:
    """Pass a proposal whose deadline is over on to the next role, or close it."""
    async with runtime.unit() as uow:
        await expire(uow, int(payload["proposal"]))
        await uow.commit()


@job("remind_proposal")
async def remind_job(runtime: Runtime, payload: dict[str, Any]) -> None:
    """Remind those whose signature is due."""
    async with runtime.unit() as uow:
        await remind(uow, *(int(payload[name]) for name in ("proposal", "step", "escalations", "number")))
        await uow.commit()
