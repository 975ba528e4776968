"""`/api/v1/lists/{id}/floors`: planned reductions against the floors."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query, Response
from pydantic import Field

from emission_lists.floors import report_document
from service.kit.auth import Official
from service.kit.http import Uow, json_answer
from service.lists.floors import floors_of

router = APIRouter(prefix="/api/v1/lists", tags=["lists"])
Id = Annotated[int, Field(ge=1, le=2**62)]
Profile = Annotated[str | None, Query(pattern=r"^[A-Z0-9-]{2,24}$", description="A floor profile; without it the default one.")]


@router.get("/{list_id}/floors")
async def floors(list_id: Id, official: Official, uow: Uow, profile: Profile = None) -> Response:
    """Share of whole-society emissions that is cut, per level and pollutant, against what is required, by class of sources.

    `passed` null = nothing is short, but something is not judged because its base is not stated.
    """
    report = await floors_of(uow, official.scope, list_id, profile)
    return json_answer({"list": list_id, **report_document(report)})
