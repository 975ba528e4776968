"""The `expire_proposal` job."""

from __future__ import annotations

from typing import Any

from service.kit.jobs import job
from service.kit.runtime import Runtime
from service.proposals.flows import expire


@job("expire_proposal")
async def expire_job(runtime: Runtime, payload: dict[str, Any]) -> None:
    """Close a proposal whose deadline has passed."""
    async with runtime.unit() as uow:
        await expire(uow, int(payload["proposal"]))
        await uow.commit()
