"""`/api/v1/findings`: findings and their due process."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Path, Query, Request, Response

from emission_lists.compliance_process import FindingState
from emission_lists.compliance_rules import Rule
from service.findings import flows, repository
from service.findings.schemas import FindingBody, StepBody
from service.kit.auth import Caller
from service.kit.http import PageKey, PageSize, Uow, json_answer, once

router = APIRouter(prefix="/api/v1/findings", tags=["findings"])
Id = Annotated[int, Path(ge=1, le=2**62)]


@router.get("")
async def findings(
    caller: Caller,
    uow: Uow,
    adcode: Annotated[str | None, Query(pattern=r"^\d{6}$")] = None,
    state: FindingState | None = None,
    rule: Rule | None = None,
    uscc: Annotated[str | None, Query(pattern=r"^[0-9A-HJ-NPQRTUWXY]{18}$")] = None,
    response: Annotated[int | None, Query(ge=1, le=2**62)] = None,
    after: PageKey = None,
    size: PageSize = 100,
) -> Response:
    """Findings of your region, newest first, in pages; an enterprise sees its own once it was notified."""
    items = await repository.page(
        uow, caller, adcode=adcode, state=state, rule=rule, uscc=uscc, response=response, after=after, size=size
    )
    return json_answer({"items": items, "next": items[-1]["id"] if len(items) == size else None})


@router.post("", status_code=201)
async def raised(body: FindingBody, request: Request, caller: Caller, uow: Uow) -> Response:
    """A finding by hand, from an inspection."""

    async def make() -> tuple[int, object]:
        return 201, await flows.raise_by_hand(uow, caller, body)

    return await once(request, uow, caller, body.model_dump(mode="json"), make)


@router.get("/{finding_id}")
async def finding(finding_id: Id, caller: Caller, uow: Uow) -> Response:
    """One finding with its proof, its steps and what laws say may follow."""
    return json_answer(await repository.document(uow, caller, finding_id))


@router.post("/{finding_id}/steps")
async def step(finding_id: Id, body: StepBody, request: Request, caller: Caller, uow: Uow) -> Response:
    """Notify, answer, confirm (with the hash of what was read) or withdraw."""

    async def make() -> tuple[int, object]:
        return 200, await flows.take_step(uow, caller, finding_id, body)

    return await once(request, uow, caller, {"finding": finding_id} | body.model_dump(mode="json"), make)
