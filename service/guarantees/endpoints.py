"""`/api/v1/guarantees`: the guarantee class, its steps."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Path, Query, Request, Response

from emission_lists.guarantee import GuaranteeState
from service.accounts.roles import prefix_of
from service.guarantees import flows
from service.guarantees.schemas import GuaranteeBody, GuaranteeStepBody
from service.kit.auth import Caller
from service.kit.http import PageKey, PageSize, Uow, json_answer, once

router = APIRouter(prefix="/api/v1/guarantees", tags=["guarantees"])
Id = Annotated[int, Path(ge=1, le=2**62)]
StateName = Annotated[str | None, Query(pattern="^(" + "|".join(state.value for state in GuaranteeState) + ")$")]


@router.get("")
async def guarantees(
    caller: Caller,
    uow: Uow,
    adcode: Annotated[str | None, Query(pattern=r"^\d{6}$")] = None,
    state: StateName = None,
    after: PageKey = None,
    size: PageSize = 50,
) -> Response:
    """Guarantees of your region (an enterprise sees its own), newest first, in pages."""
    within = None if adcode is None else prefix_of(adcode)
    items = await flows.page(uow, caller, within=within, state=state, after=after, size=size)
    return json_answer({"items": items, "next": items[-1]["id"] if len(items) == size else None})


@router.post("", status_code=201)
async def propose(body: GuaranteeBody, request: Request, caller: Caller, uow: Uow) -> Response:
    """Ask for a guarantee: an enterprise for itself, an official on its behalf."""

    async def make() -> tuple[int, object]:
        return 201, await flows.find(uow, caller, await flows.propose(uow, caller, body))

    return await once(request, uow, caller, body.model_dump(mode="json"), make)


@router.get("/{guarantee_id}")
async def one(guarantee_id: Id, caller: Caller, uow: Uow) -> Response:
    """One guarantee with its chain of steps, what comes next and who may do it."""
    return json_answer(await flows.find(uow, caller, guarantee_id))


@router.post("/{guarantee_id}/steps", status_code=201)
async def step(guarantee_id: Id, body: GuaranteeStepBody, request: Request, caller: Caller, uow: Uow) -> Response:
    """One step of a guarantee by the level that has to make it."""

    async def make() -> tuple[int, object]:
        await flows.step(uow, caller, guarantee_id, body)
        return 201, await flows.find(uow, caller, guarantee_id)

    return await once(request, uow, caller, {"guarantee": guarantee_id, **body.model_dump(mode="json")}, make)
