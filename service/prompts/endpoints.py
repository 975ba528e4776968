"""`/api/v1/prompts`: regional prompts, joint lifts, their boards, and suggestions."""

from __future__ import annotations

from typing import Annotated, Any, TypeVar

from fastapi import APIRouter, Path, Query, Request, Response
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, ValidationError

from alerts.region import PromptEntry, RegionalPrompt
from alerts.region_lift import LiftEntry, LiftPrompt
from service.kit.auth import Caller, Official
from service.kit.http import PageKey, PageSize, Uow, json_answer, once
from service.kit.problems import Invalid
from service.prompts import repository, suggesting
from service.prompts.board import find
from service.prompts.board_csv import board_csv
from service.prompts.flows import issue, lift

Model = TypeVar("Model", bound=BaseModel)
router = APIRouter(prefix="/api/v1/prompts", tags=["prompts"])
Number = Annotated[int, Path(ge=1, le=2**62)]
Words = Annotated[str, Field(min_length=1, max_length=2000)]


class PromptBody(BaseModel):
    """A coordinator's list of divisions and levels with one common start."""

    model_config = ConfigDict(extra="forbid")

    region: Annotated[str, Field(min_length=1, max_length=64)]
    document: Annotated[str, Field(min_length=1, max_length=300)]
    basis: Words
    starts_at: AwareDatetime
    ends_at: AwareDatetime | None = None
    entries: Annotated[list[PromptEntry], Field(min_length=1, max_length=500)]
    suggestion: Annotated[int | None, Field(ge=1, le=2**62)] = None


class LiftBody(BaseModel):
    """A joint lift: a common hour, and hours of their own where divisions differ."""

    model_config = ConfigDict(extra="forbid")

    region: Annotated[str, Field(min_length=1, max_length=64)]
    document: Annotated[str, Field(min_length=1, max_length=300)]
    basis: Words
    lifts_at: AwareDatetime
    entries: Annotated[list[LiftEntry], Field(min_length=1, max_length=500)]


class Dismissal(BaseModel):
    """Why no prompt follows a suggestion."""

    model_config = ConfigDict(extra="forbid")

    reason: Words


@router.get("")
async def prompts(official: Official, uow: Uow, after: PageKey = None, size: PageSize = 50) -> Response:
    """Prompts that touch your region, newest first."""
    items = await repository.page(uow, official.scope, after, size)
    return json_answer({"items": items, "next": items[-1]["id"] if len(items) == size else None})


@router.get("/suggestions")
async def suggestions(
    official: Official, uow: Uow, open_only: Annotated[bool, Query(alias="open")] = True
) -> Response:
    """Suggested prompts that touch your region: adjacent divisions whose own levels call for acting together."""
    return json_answer({"items": await suggesting.page(uow, official.scope, open_only=open_only)})


@router.post("/suggestions/{suggestion_id}/dismissal")
async def dismissal(suggestion_id: Number, body: Dismissal, request: Request, caller: Caller, uow: Uow) -> Response:
    """Set a suggestion aside."""

    async def make() -> tuple[int, object]:
        return 200, await suggesting.dismiss(uow, caller, suggestion_id, body.reason)

    return await once(request, uow, caller, body.model_dump(mode="json"), make)


@router.get("/{prompt_id}")
async def prompt(prompt_id: Number, official: Official, uow: Uow) -> Response:
    """One prompt with its synchronization board, what needs action first."""
    return json_answer(await find(uow, official.scope, prompt_id))


@router.get("/{prompt_id}/board.csv")
async def board_file(prompt_id: Number, official: Official, uow: Uow) -> Response:
    """The board as a table (UTF-8 with a mark, so that spreadsheets read it)."""
    content = board_csv(await find(uow, official.scope, prompt_id))
    name = f"board-{prompt_id}.csv"
    return Response(
        content,
        media_type="text/csv; charset=utf-8",
        headers={"content-disposition": f'attachment; filename="{name}"', "cache-control": "private, no-store"},
    )


@router.post("", status_code=201)
async def enter(body: PromptBody, request: Request, caller: Caller, uow: Uow) -> Response:
    """Enter a prompt; every division in it gets a proposal with the common start."""

    async def make() -> tuple[int, object]:
        prompted = checked(
            RegionalPrompt,
            id="new",
            region=body.region,
            document=body.document,
            issued_at=uow.now,
            starts_at=body.starts_at,
            ends_at=body.ends_at,
            entries=tuple(body.entries),
        )
        made = await issue(
            uow, caller, prompted, document=body.document, basis=body.basis, suggestion=body.suggestion
        )
        return 201, made

    return await once(request, uow, caller, body.model_dump(mode="json"), make)


@router.post("/lifts", status_code=201)
async def enter_lift(body: LiftBody, request: Request, caller: Caller, uow: Uow) -> Response:
    """Enter a joint lift; where the lifting test holds at a division's hour, its lift is proposed."""

    async def make() -> tuple[int, object]:
        prompted = checked(
            LiftPrompt, region=body.region, issued_at=uow.now, lifts_at=body.lifts_at, entries=tuple(body.entries)
        )
        return 201, await lift(uow, caller, prompted, document=body.document, basis=body.basis)

    return await once(request, uow, caller, body.model_dump(mode="json"), make)


def checked(model: type[Model], **values: Any) -> Model:
    """A prompt of these values. Raises Invalid with every fault."""
    try:
        return model(**values)
    except ValidationError as error:
        raise Invalid("; ".join(fault["msg"] for fault in error.errors())) from error
