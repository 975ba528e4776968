"""`/api/v1/enterprises/{uscc}`: what an enterprise must do, and its receipt."""

from __future__ import annotations

import re
from collections.abc import Callable, Coroutine
from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter, Path, Request, Response
from fastapi.routing import APIRoute
from pydantic import BaseModel, ConfigDict, Field

from emission_lists.levels import ResponseLevel
from service.enterprises.flows import acknowledge, requirements
from service.kit.auth import Caller, require_principal, runtime_of
from service.kit.http import Uow, instant_of, once, tagged

USCC = r"^[0-9A-HJ-NPQRTUWXY]{18}$"
Uscc = Annotated[str, Path(pattern=USCC)]
_USCC = re.compile(USCC)


class Plainly(APIRoute):
    """What is asked most, by its path alone, is answered before the framework takes parameters apart: that costs more than the answer."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """The handler: plain calls straight, all others, and everything that must be refused, by the framework."""
        handle = super().get_route_handler()

        async def answer(request: Request) -> Response:
            uscc = request.path_params["uscc"]
            if request.scope["query_string"] or not _USCC.fullmatch(uscc):
                return await handle(request)
            return await _answered(request, uscc)

        return answer


router = APIRouter(prefix="/api/v1/enterprises", tags=["enterprises"])


class AcknowledgementBody(BaseModel):
    """Who has read which notice; the newest one when none is named."""

    model_config = ConfigDict(extra="forbid")

    notice: Annotated[int | None, Field(ge=1, le=2**62)] = None
    name: Annotated[str, Field(min_length=1, max_length=100)]


async def requirement(
    uscc: Uscc, request: Request, at: str | None = None, level: ResponseLevel | None = None
) -> Response:
    """The measures in force for each line now, and those that begin next; `at` for an instant in the past or the future.

    `level`: what the enterprise would have to do if that level were declared (marked `hypothetical`).
    """
    return await _answered(request, uscc, None if at is None else instant_of(at, "at"), level)


router.add_api_route("/{uscc}/requirements", requirement, methods=["GET"], route_class_override=Plainly)


async def _answered(
    request: Request, uscc: str, instant: datetime | None = None, level: ResponseLevel | None = None
) -> Response:
    principal = await require_principal(request)
    async with runtime_of(request).reading() as uow:
        answer = await requirements(uow, principal, uscc, instant, level)
    return tagged(request, answer.body, answer.etag)


@router.post("/{uscc}/acknowledgements", status_code=201)
async def receipt(uscc: Uscc, body: AcknowledgementBody, request: Request, caller: Caller, uow: Uow) -> Response:
    """Acknowledge a notice; a second time is answered the same."""

    async def make() -> tuple[int, object]:
        return 201, await acknowledge(uow, caller, uscc, body.notice, body.name)

    return await once(request, uow, caller, body.model_dump(), make)
