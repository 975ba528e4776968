"""A coordinator's prompt fans out to the divisions it names."""

from __future__ import annotations

from typing import Any

from alerts.region import RegionalPrompt
from service.accounts.roles import Principal
from service.kit.problems import Forbidden, Invalid
from service.kit.unit_of_work import UnitOfWork
from service.prompts.repository import find


async def issue(
    uow: UnitOfWork, principal: Principal, prompt: RegionalPrompt, *, document: str, basis: str
) -> dict[str, Any]:
    """Store a prompt and queue the assessment of every division in it, which proposes the common start.

    Raises Forbidden outside the coordinator's scope, Invalid for unknown divisions.
    """
    if not principal.may_prompt:
        raise Forbidden("Prompts are entered by the regional coordinator.")
    if prompt.region not in uow.runtime.law.regions:
        raise Invalid(f"There is no region {prompt.region}; known: {', '.join(sorted(uow.runtime.law.regions))}.")
    unknown = [entry.adcode for entry in prompt.entries if entry.adcode not in uow.runtime.law.divisions]
    if unknown:
        raise Invalid(f"Unknown divisions: {', '.join(unknown)}.")
    foreign = [entry.adcode for entry in prompt.entries if not principal.scope.covers(entry.adcode)]
    if foreign:
        raise Forbidden(f"Outside your region: {', '.join(foreign)}.")
    prompt_id = await uow.fetchval(
        "INSERT INTO prompt (region, document, basis, issued_by, issued_at, starts_at, ends_at) VALUES ($1, $2, $3, $4, $5, $6, $7)"
        " RETURNING id",
        prompt.region,
        document,
        basis,
        principal.account_id,
        uow.now,
        prompt.starts_at,
        prompt.ends_at,
    )
    connection = uow.connection
    await connection.executemany(
        "INSERT INTO prompt_entry (prompt_id, adcode, level) VALUES ($1, $2, $3)",
        [(prompt_id, entry.adcode, int(entry.level)) for entry in prompt.entries],
    )
    adcodes = sorted(entry.adcode for entry in prompt.entries)
    await uow.record(
        "prompt.issued", None, prompt=prompt_id, region=prompt.region, divisions=adcodes, starts_at=prompt.starts_at
    )
    await uow.enqueue("assess", {"adcodes": adcodes})
    await uow.tell("prompt")
    return await find(uow, principal.scope, int(prompt_id))
