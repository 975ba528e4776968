"""Jobs of notices."""

from __future__ import annotations

from typing import Any

from service.kit.jobs import job
from service.kit.runtime import Runtime
from service.notices.flows import call_up


@job("call_up")
async def call_up_job(runtime: Runtime, payload: dict[str, Any]) -> None:
    """Have the duty officer call those who have not acknowledged."""
    async with runtime.unit() as uow:
        await call_up(uow, int(payload["notice"]))
        await uow.commit()
