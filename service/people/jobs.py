"""Jobs that reach people: batches of a mailing, messages to officials."""

from __future__ import annotations

from typing import Any

from service.kit.jobs import job
from service.kit.runtime import Runtime
from service.people.mailing import go_on
from service.people.telling import tell


@job("mail_out")
async def mail_out_job(runtime: Runtime, payload: dict[str, Any]) -> None:
    """Queue the next batch of a mailing."""
    async with runtime.unit() as uow:
        await go_on(uow, int(payload["mailing"]))
        await uow.commit()


@job("tell_people")
async def tell_people_job(runtime: Runtime, payload: dict[str, Any]) -> None:
    """Queue a message of the inbox to the people it is for."""
    async with runtime.unit() as uow:
        await tell(uow, int(payload["message"]), payload.get("contact"))
        await uow.commit()
