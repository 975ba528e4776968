"""`/api/v1/proposals`."""

from __future__ import annotations

from typing import Annotated, Literal

from fastapi import APIRouter, Query, Request, Response
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from alerts.guard import Ground
from alerts.levels import Level
from service.deviations.flows import Refused, refuse
from service.kit.auth import Caller, Official, runtime_of
from service.kit.http import PageKey, PageSize, Uow, idempotency_key, json_answer, once
from service.kit.unit_of_work import UnitOfWork
from service.proposals import repository
from service.proposals.by_hand import look_again, propose_by_hand
from service.proposals.course import withdraw
from service.proposals.flows import decide

router = APIRouter(prefix="/api/v1/proposals", tags=["proposals"])
Id = Annotated[int, Field(ge=1, le=2**62)]


class DecisionBody(BaseModel):
    """Yes or no to exactly the content with this hash. `ground`: on what a rejection rests that departs from the assessment.

    `step`: how many signatures you saw given; another number now is a conflict. `factor`: your second factor.
    """

    model_config = ConfigDict(extra="forbid")

    approve: bool
    content_hash: Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
    reason: Annotated[str, Field(min_length=1, max_length=2000)]
    ground: Ground | None = None
    step: Annotated[int | None, Field(ge=0, le=64)] = None
    factor: Annotated[str | None, Field(max_length=64)] = None


class WithdrawalBody(BaseModel):
    """The proposer takes exactly this content back, and why. `factor`: your second factor."""

    model_config = ConfigDict(extra="forbid")

    content_hash: Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
    reason: Annotated[str, Field(min_length=1, max_length=2000, pattern=r"\S")]
    factor: Annotated[str | None, Field(max_length=64)] = None


class ProposalBody(BaseModel):
    """A proposal entered by hand. `to` the level in force: prolonged with a later `planned_end`, otherwise no change.

    `ground` and `legal_basis` are needed for what departs from the newest assessment. `fixed_end`: the warning ends at
    `planned_end` by itself and the notice says so; otherwise that is only what is expected. `advance`: what is announced
    at the level `to` and has not begun begins earlier, at `starts_at`; without it with the decision.
    """

    model_config = ConfigDict(extra="forbid")

    adcode: Annotated[str, Field(pattern=r"^\d{6}$")]
    to: Literal["none", "blue", "yellow", "orange", "red"]
    reason: Literal[
        "criteria_met",
        "level_raised",
        "level_lowered",
        "prolonged",
        "improved",
        "regional_prompt",
        "upper_order",
        "issued_in_error",
        "no_change",
    ]
    explanation: Annotated[str, Field(min_length=1, max_length=2000)]
    legal_basis: Annotated[str | None, Field(max_length=500)] = None
    ground: Ground | None = None
    planned_end: AwareDatetime | None = None
    fixed_end: bool = False
    advance: bool = False
    starts_at: AwareDatetime | None = None


@router.get("")
async def proposals(
    official: Official,
    uow: Uow,
    state: Annotated[str | None, Query(pattern=f"^({'|'.join(repository.STATES)})$")] = None,
    adcode: Annotated[str | None, Query(pattern=r"^\d{6}$")] = None,
    after: PageKey = None,
    size: PageSize = 100,
) -> Response:
    """Proposals of your region, newest first, in pages."""
    items = await repository.page(uow, official.scope, state=state, adcode=adcode, after=after, size=size)
    return json_answer({"items": items, "next": items[-1]["id"] if len(items) == size else None})


@router.get("/{proposal_id}")
async def proposal(proposal_id: Id, official: Official, uow: Uow) -> Response:
    """One proposal with its frozen content and hash."""
    return json_answer(await repository.find(uow, official.scope, proposal_id))


@router.post("", status_code=201)
async def propose(body: ProposalBody, request: Request, caller: Caller) -> Response:
    """Enter a proposal by hand; what departs from the newest assessment needs a ground. Somebody else decides.

    The units are opened here: a refusal is on the ledger although nothing else of the call is kept.
    """
    runtime = runtime_of(request)
    await look_again(runtime, caller, body.adcode)
    try:
        async with runtime.unit() as uow:
            answer = await _propose(uow, body, request, caller)
            await uow.commit()
    except Refused as refused:
        async with runtime.unit() as uow:
            await refuse(uow, caller, refused, idempotency_key(request))
            await uow.commit()
        raise
    return answer


async def _propose(uow: UnitOfWork, body: ProposalBody, request: Request, caller: Caller) -> Response:
    async def make() -> tuple[int, object]:
        proposal_id = await propose_by_hand(
            uow,
            caller,
            body.adcode,
            to_level=Level.of(body.to),
            reason=body.reason,
            legal_basis=body.legal_basis,
            explanation=body.explanation,
            ground=body.ground,
            planned_end=body.planned_end,
            fixed_end=body.fixed_end,
            advance=body.advance,
            starts_at=body.starts_at,
        )
        return 201, await repository.find(uow, caller.scope, proposal_id)

    return await once(request, uow, caller, body.model_dump(mode="json", exclude_none=True), make)


@router.post("/{proposal_id}/decision")
async def decision(proposal_id: Id, body: DecisionBody, request: Request, caller: Caller, uow: Uow) -> Response:
    """Sign or reject. The last signature of the chain is the decision: it announces, starts the response and queues
    everything that follows, in one transaction. An earlier one answers `decision` null and who is `next`."""

    async def make() -> tuple[int, object]:
        return 200, await decide(
            uow,
            caller,
            proposal_id,
            approve=body.approve,
            content_hash=body.content_hash,
            reason=body.reason,
            ground=body.ground,
            step=body.step,
            factor=body.factor,
        )

    return await once(request, uow, caller, _asked(body), make)


@router.post("/{proposal_id}/withdrawal")
async def withdrawal(proposal_id: Id, body: WithdrawalBody, request: Request, caller: Caller, uow: Uow) -> Response:
    """Take back what you proposed yourself, as long as it is open; what the assessment asks for is proposed anew."""

    async def make() -> tuple[int, object]:
        return 200, await withdraw(
            uow,
            caller,
            proposal_id,
            content_hash=body.content_hash,
            reason=body.reason.strip(),
            factor=body.factor,
        )

    return await once(request, uow, caller, _asked(body), make)


def _asked(body: BaseModel) -> dict[str, object]:
    """What a repeated call must ask for again: everything but the second factor, which is another each time."""
    return body.model_dump(mode="json", exclude_none=True, exclude={"factor"})
