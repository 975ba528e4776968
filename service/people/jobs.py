"""Jobs that reach people: batches of a mailing, messages to officials; and the one that forgets what answers told of them."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from service.kit.http import forget_answers
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


@job("forget_answers", every=timedelta(days=1))
async def forget_answers_job(runtime: Runtime, _payload: dict[str, Any]) -> None:
    """Delete the answers kept for repeated calls whose time is over."""
    async with runtime.unit() as uow:
        await forget_answers(uow)
        await uow.commit()
