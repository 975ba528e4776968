"""`/api/v1/enterprises/{uscc}/operating-plans`: versions of an enterprise's plan (一厂一策)."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Path, Request, Response
from pydantic import Field

from service.kit.auth import Caller
from service.kit.http import Uow, json_answer, once
from service.operating_plans.flows import file_plan, plan_page, review_plan
from service.operating_plans.schemas import PlanContent, PlanReview

router = APIRouter(prefix="/api/v1/enterprises", tags=["operating plans"])
Uscc = Annotated[str, Path(pattern=r"^[0-9A-HJ-NPQRTUWXY]{18}$")]
Id = Annotated[int, Field(ge=1, le=2**62)]


@router.get("/{uscc}/operating-plans")
async def plans(uscc: Uscc, caller: Caller, uow: Uow) -> Response:
    """Every version, newest first; `counting` names the one that counts now, `revise` says why it must be revised."""
    return json_answer(await plan_page(uow, caller, uscc))


@router.post("/{uscc}/operating-plans", status_code=201)
async def filing(uscc: Uscc, body: PlanContent, request: Request, caller: Caller, uow: Uow) -> Response:
    """File a version. A change during a response takes effect after it."""

    async def make() -> tuple[int, object]:
        return 201, await file_plan(uow, caller, uscc, body)

    return await once(request, uow, caller, body.model_dump(), make)


@router.post("/{uscc}/operating-plans/{operating_plan_id}/review")
async def review(
    uscc: Uscc, operating_plan_id: Id, body: PlanReview, request: Request, caller: Caller, uow: Uow
) -> Response:
    """Accept a filed version, or return it with a reason."""

    async def make() -> tuple[int, object]:
        return 200, await review_plan(uow, caller, uscc, operating_plan_id, body)

    return await once(request, uow, caller, body.model_dump(), make)
