"""The `end_guarantee` job: a guarantee is over at its instant."""

from __future__ import annotations

from typing import Any

from service.guarantees.cases import settle
from service.kit.jobs import job
from service.kit.runtime import Runtime


@job("end_guarantee")
async def end_job(runtime: Runtime, payload: dict[str, Any]) -> None:
    """End a guarantee whose time is over; once, however often it is asked."""
    async with runtime.unit() as uow:
        await settle(uow, int(payload["case"]))
        await uow.commit()
