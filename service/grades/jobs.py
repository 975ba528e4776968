"""The `move_grade` job: the end of a publicity, the begin and the end of a grade, the end of a ban."""

from __future__ import annotations

from typing import Any

from service.grades.deciding import settle
from service.kit.jobs import job
from service.kit.runtime import Runtime


@job("move_grade")
async def move_job(runtime: Runtime, payload: dict[str, Any]) -> None:
    """Make what has fallen due in a case happen; once, however often it is asked."""
    async with runtime.unit() as uow:
        await settle(uow, int(payload["case"]))
        await uow.commit()
