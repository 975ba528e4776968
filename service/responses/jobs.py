"""Jobs of responses."""

from __future__ import annotations

from typing import Any

from alerts.instants import parse_instant
from service.kit.jobs import job
from service.kit.runtime import Runtime
from service.responses.flows import tell_responses


@job("tell_responses")
async def tell_responses_job(runtime: Runtime, payload: dict[str, Any]) -> None:
    """Responses of a division begin or end at an instant."""
    async with runtime.unit() as uow:
        await tell_responses(uow, payload["adcode"], parse_instant(payload["at"]))
        await uow.commit()
