"""The `judge_evidence` job: what new evidence shows of the enterprises it touched."""

from __future__ import annotations

from typing import Any

from alerts.instants import parse_instant
from service.findings.judging import judge_touched
from service.kit.jobs import job
from service.kit.runtime import Runtime


@job("judge_evidence")
async def judge_evidence_job(runtime: Runtime, payload: dict[str, Any]) -> None:
    """Judge the enterprises of a delivery, in one transaction."""
    first, last = (None if payload[name] is None else parse_instant(payload[name]) for name in ("from", "until"))
    async with runtime.unit() as uow:
        await judge_touched(uow, payload["adcode"], payload["usccs"], first, last)
        await uow.commit()
