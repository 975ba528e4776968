"""`/api/v1/responses/{id}/evaluation` and what enterprises report."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Path, Request, Response
from pydantic import BaseModel, ConfigDict, Field

from service.evaluations import flows, repository
from service.kit.auth import Official
from service.kit.canonical import canonical
from service.kit.http import Uow, once, with_etag

router = APIRouter(prefix="/api/v1", tags=["evaluations"])
Id = Annotated[int, Path(ge=1, le=2**62)]
Words = Annotated[str, Field(min_length=1, max_length=8000, pattern=r"\S")]


class ClosingBody(BaseModel):
    """The hash of the evaluation as it was read, the conclusion (评估结论) and the lessons (经验教训)."""

    model_config = ConfigDict(extra="forbid")

    content_hash: Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
    conclusion: Words
    lessons: Words | None = None


@router.get("/responses/{response_id}/evaluation")
async def evaluation(response_id: Id, request: Request, official: Official, uow: Uow) -> Response:
    """Planned, reported and verified reductions of the warning that the response belongs to, over all its responses.

    `state` draft: computed now; closed: frozen, with who closed it. Amounts in kg, exact to the milligram.
    """
    warning = await repository.warning_of(uow, official.scope, response_id)
    return with_etag(request, canonical(await flows.evaluation(uow, official.scope, warning)).encode())


@router.post("/responses/{response_id}/evaluation", status_code=201)
async def close(response_id: Id, body: ClosingBody, request: Request, official: Official, uow: Uow) -> Response:
    """Close the evaluation after the response (大气污染防治法第九十六条); it then stands as it was read."""

    async def make() -> tuple[int, object]:
        warning = await repository.warning_of(uow, official.scope, response_id)
        return 201, await flows.close(uow, official, warning, body.content_hash, body.conclusion, body.lessons)

    return await once(request, uow, official, body.model_dump(), make)
