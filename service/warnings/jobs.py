"""Jobs at the instants of a warning."""

from __future__ import annotations

from typing import Any

from service.kit.jobs import job
from service.kit.runtime import Runtime
from service.warnings.flows import activate, lapse


@job("activate_warning")
async def activate_job(runtime: Runtime, payload: dict[str, Any]) -> None:
    """An announced warning takes effect."""
    async with runtime.unit() as uow:
        await activate(uow, int(payload["warning"]))
        await uow.commit()


@job("lapse_warning")
async def lapse_job(runtime: Runtime, payload: dict[str, Any]) -> None:
    """A warning with a fixed end is over."""
    async with runtime.unit() as uow:
        await lapse(uow, int(payload["warning"]))
        await uow.commit()
