"""Jobs of obligations."""

from __future__ import annotations

from typing import Any

from service.kit.jobs import job
from service.kit.runtime import Runtime
from service.obligations.flows import open_days, press


@job("press_obligation")
async def press_job(runtime: Runtime, payload: dict[str, Any]) -> None:
    """Half the time is over, it is due, or it is overdue: tell the next authority."""
    async with runtime.unit() as uow:
        await press(uow, int(payload["obligation"]), payload["rung"])
        await uow.commit()


@job("open_report_days")
async def open_days_job(runtime: Runtime, payload: dict[str, Any]) -> None:
    """A day of a response has begun: its daily report is owed."""
    async with runtime.unit() as uow:
        await open_days(uow, int(payload["warning"]))
        await uow.commit()
