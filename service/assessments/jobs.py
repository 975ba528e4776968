"""The `assess` job, and the hourly look at divisions where something is in force or proposed."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from service.assessments.flows import assess_division
from service.kit.jobs import job
from service.kit.runtime import Runtime

LIVE_SQL = """
SELECT adcode FROM warning WHERE closed_at IS NULL OR closed_at > $1
UNION SELECT adcode FROM proposal WHERE state = 'open'
UNION SELECT e.adcode FROM prompt_entry e JOIN prompt p ON p.id = e.prompt_id
    WHERE p.kind = 'start' AND (p.ends_at IS NULL OR p.ends_at > $1) AND NOT EXISTS (
        SELECT 1 FROM prompt_entry f JOIN prompt q ON q.id = f.prompt_id
        WHERE f.adcode = e.adcode AND q.id > p.id AND (q.kind = 'start' OR coalesce(f.starts_at, q.starts_at) <= $1))
"""


@job("assess")
async def assess_job(runtime: Runtime, payload: dict[str, Any]) -> None:
    """Assess the divisions that new data touched, each in its own transaction."""
    for adcode in payload["adcodes"]:
        async with runtime.unit() as uow:
            await assess_division(uow, adcode)
            await uow.commit()


@job("assess_live", every=timedelta(hours=1))
async def assess_live_job(runtime: Runtime, payload: dict[str, Any]) -> None:
    """Time alone can lift or end a warning: look again every hour where something is in force, proposed or prompted."""
    async with runtime.unit() as uow:
        rows = await uow.fetch(LIVE_SQL, uow.now)
    await assess_job(runtime, {"adcodes": sorted(row["adcode"] for row in rows)})
