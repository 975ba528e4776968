"""What becomes of a proposal beside a decision: reminders, escalation, expiry, withdrawal."""

from __future__ import annotations

from typing import Any

from alerts.approval import Chain
from alerts.guard import Plea
from service.accounts.factors import confirm
from service.accounts.roles import Principal
from service.deviations.flows import left_unchanged, note_unchanged
from service.kit.problems import Conflict, Forbidden, Unknown
from service.kit.unit_of_work import UnitOfWork
from service.proposals.chains import chain_of_row, check_content, escalate, may_act, position_of, signatures
from service.proposals.telling import tell_closed, tell_turn

LAST_RESORT = "commander"
"""Who is told of a proposal that nobody decided on."""


async def locked(uow: UnitOfWork, proposal_id: int, prefix: str = "") -> Any:
    """A proposal under the locks of its division and its row, below a prefix of divisions; None when there is none."""
    adcode = await uow.fetchval(
        "SELECT adcode FROM proposal WHERE id = $1 AND adcode LIKE $2", proposal_id, prefix + "%"
    )
    if adcode is None:
        return None
    await uow.lock_division(adcode)
    return await uow.fetchrow("SELECT * FROM proposal WHERE id = $1 FOR UPDATE", proposal_id)


async def expire(uow: UnitOfWork, proposal_id: int) -> None:
    """Nobody signed by the deadline: it goes on to the next role, or when none is named it ends. Publishes nothing. Idempotent."""
    row = await locked(uow, proposal_id)
    if row is None or row["state"] != "open" or row["deadline"] > uow.now:
        return
    chain = chain_of_row(uow, row)
    if chain is None or await escalate(uow, row, chain) is None:
        await _end(uow, row, chain)
    await uow.tell("proposal", row["adcode"])


async def _end(uow: UnitOfWork, row: Any, chain: Chain | None) -> None:
    """The time is over. That things stay as they are although the assessment asks for something else is noted."""
    await uow.execute("UPDATE proposal SET state = 'expired', closed_at = $2 WHERE id = $1", row["id"], uow.now)
    await uow.record("proposal.expired", row["adcode"], proposal=row["id"], escalated_to=LAST_RESORT)
    unchanged = await left_unchanged(uow, row, uow.runtime.law.plan_for(row["adcode"], uow.now))
    await note_unchanged(uow, row, unchanged, decision_id=None, plea=Plea())
    await uow.enqueue("assess", {"adcodes": [row["adcode"]]})
    await tell_closed(uow, row, "expired", [*(chain.roles if chain else ()), LAST_RESORT])


async def remind(uow: UnitOfWork, proposal_id: int, step: int, escalations: int, number: int) -> None:
    """Remind those who may sign, when the window they were to be reminded of is still open. Idempotent."""
    row = await uow.fetchrow("SELECT * FROM proposal WHERE id = $1 AND state = 'open'", proposal_id)
    if row is None or (row["step"], row["escalations"]) != (step, escalations) or row["deadline"] <= uow.now:
        return
    chain = chain_of_row(uow, row)
    if chain is not None:
        await tell_turn(uow, row, chain, position_of(row), "reminder", f":{number}")


def bar_to_withdrawal(principal: Principal, proposal: Any) -> Forbidden | Conflict | None:
    """Why somebody may not take a proposal back; None when they may. For the flow and the page alike."""
    if proposal["proposed_by"] is None:
        return Forbidden("The system proposed this from the assessment; it is rejected with a reason, not withdrawn.")
    if proposal["proposed_by"] != principal.account_id:
        return Forbidden("Only who proposed this withdraws it; those who sign may reject it.")
    if proposal["state"] != "open":
        return Conflict(f"This proposal is {proposal['state']}; there is nothing to withdraw.")
    return None


async def withdraw(
    uow: UnitOfWork,
    principal: Principal,
    proposal_id: int,
    *,
    content_hash: str,
    reason: str,
    factor: str | None = None,
) -> dict[str, Any]:
    """The proposer takes a proposal back, with a reason; what the assessment asks for is proposed anew.

    Raises Unknown outside the scope, Forbidden for anybody else, Conflict when it is closed, ContentChanged for another hash.
    """
    row = await locked(uow, proposal_id, principal.scope.prefix)
    if row is None:
        raise Unknown(f"There is no proposal {proposal_id} in your region.")
    if (bar := bar_to_withdrawal(principal, row)) is not None:
        raise bar
    check_content(row, content_hash)
    await confirm(uow, principal, factor)
    chain, given = chain_of_row(uow, row), (await signatures(uow, [proposal_id]))[proposal_id]
    await uow.execute(
        "UPDATE proposal SET state = 'withdrawn', closed_at = $2, closed_reason = $3 WHERE id = $1",
        proposal_id,
        uow.now,
        reason,
    )
    await uow.record(
        "proposal.withdrawn",
        row["adcode"],
        proposal=proposal_id,
        account=principal.account_id,
        hash=row["content_hash"],
        reason=reason,
        signatures=len(given),
    )
    await tell_closed(uow, row, "withdrawn", [*may_act(chain, row), *(one["role"] for one in given)])
    await uow.enqueue("assess", {"adcodes": [row["adcode"]]})
    await uow.tell("proposal", row["adcode"])
    return {"proposal": proposal_id, "state": "withdrawn", "withdrawn_at": uow.now, "signed": len(given)}
