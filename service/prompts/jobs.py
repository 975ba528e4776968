"""Jobs of prompts: people told, those behind escalated, and suggestions from adjacency."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from service.kit.jobs import job
from service.kit.runtime import Runtime
from service.prompts.laggards import escalate_laggards
from service.prompts.suggesting import suggest
from service.prompts.telling import tell_of


@job("tell_of_prompt")
async def tell_job(runtime: Runtime, payload: dict[str, Any]) -> None:
    """Tell the command of every division named, and those whose turn it is to sign."""
    async with runtime.unit() as uow:
        await tell_of(uow, int(payload["prompt"]))
        await uow.commit()


@job("escalate_laggards")
async def laggards_job(runtime: Runtime, payload: dict[str, Any]) -> None:
    """Tell the next authority which divisions have not acted on a prompt."""
    async with runtime.unit() as uow:
        await escalate_laggards(uow, int(payload["prompt"]), int(payload["stage"]))
        await uow.commit()


@job("suggest_prompts", every=timedelta(minutes=15))
async def suggest_job(runtime: Runtime, payload: dict[str, Any]) -> None:
    """Look for adjacent members of the key regions whose levels call for a prompt."""
    async with runtime.unit() as uow:
        await suggest(uow)
        await uow.commit()
