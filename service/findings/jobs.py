"""Jobs of findings: what new evidence shows of the enterprises it touched, and who has no plan when a response starts."""

from __future__ import annotations

from typing import Any

from alerts.instants import parse_instant
from service.findings.judging import judge_touched
from service.findings.planless import judge_plans, look_for_missing_plans
from service.kit.jobs import job
from service.kit.runtime import Runtime


@job("judge_evidence")
async def judge_evidence_job(runtime: Runtime, payload: dict[str, Any]) -> None:
    """Judge the enterprises of a delivery, in one transaction."""
    first, last = (None if payload[name] is None else parse_instant(payload[name]) for name in ("from", "until"))
    async with runtime.unit() as uow:
        await judge_touched(uow, payload["adcode"], payload["usccs"], first, last)
        await uow.commit()


@job("find_missing_plans")
async def find_missing_plans_job(runtime: Runtime, payload: dict[str, Any]) -> None:
    """A response of a division has started: look for enterprises without an operating plan."""
    async with runtime.unit() as uow:
        await look_for_missing_plans(uow, payload["adcode"], parse_instant(payload["at"]))
        await uow.commit()


@job("judge_plans")
async def judge_plans_job(runtime: Runtime, payload: dict[str, Any]) -> None:
    """Judge enterprises without an operating plan under a response, in one transaction."""
    async with runtime.unit() as uow:
        await judge_plans(uow, payload["adcode"], payload["response"], payload["usccs"])
        await uow.commit()
