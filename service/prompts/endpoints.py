"""`/api/v1/prompts`: regional prompts."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Request, Response
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, ValidationError

from alerts.region import PromptEntry, RegionalPrompt
from service.kit.auth import Caller, Official
from service.kit.http import PageKey, PageSize, Uow, json_answer, once
from service.kit.problems import Invalid
from service.prompts import repository
from service.prompts.flows import issue

router = APIRouter(prefix="/api/v1/prompts", tags=["prompts"])


class PromptBody(BaseModel):
    """A coordinator's list of divisions and levels with one common start."""

    model_config = ConfigDict(extra="forbid")

    region: Annotated[str, Field(min_length=1, max_length=64)]
    document: Annotated[str, Field(min_length=1, max_length=300)]
    basis: Annotated[str, Field(min_length=1, max_length=2000)]
    starts_at: AwareDatetime
    ends_at: AwareDatetime | None = None
    entries: Annotated[list[PromptEntry], Field(min_length=1, max_length=500)]


@router.get("")
async def prompts(official: Official, uow: Uow, after: PageKey = None, size: PageSize = 50) -> Response:
    """Prompts that touch your region, newest first."""
    items = await repository.page(uow, official.scope, after, size)
    return json_answer({"items": items, "next": items[-1]["id"] if len(items) == size else None})


@router.get("/{prompt_id}")
async def prompt(prompt_id: Annotated[int, Field(ge=1, le=2**62)], official: Official, uow: Uow) -> Response:
    """One prompt with its synchronization board."""
    return json_answer(await repository.find(uow, official.scope, prompt_id))


@router.post("", status_code=201)
async def enter(body: PromptBody, request: Request, caller: Caller, uow: Uow) -> Response:
    """Enter a prompt; every division in it gets a proposal with the common start."""

    async def make() -> tuple[int, object]:
        try:
            prompted = RegionalPrompt(
                id="new",
                region=body.region,
                document=body.document,
                issued_at=uow.now,
                starts_at=body.starts_at,
                ends_at=body.ends_at,
                entries=tuple(body.entries),
            )
        except ValidationError as error:
            raise Invalid("; ".join(fault["msg"] for fault in error.errors())) from error
        return 201, await issue(uow, caller, prompted, document=body.document, basis=body.basis)

    return await once(request, uow, caller, body.model_dump(mode="json"), make)
