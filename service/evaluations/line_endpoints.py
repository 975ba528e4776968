"""`/api/v1/responses/{id}/evaluation/lines`: planned, reported and verified of each line, as JSON and as tables."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Annotated

from fastapi import APIRouter, Path, Query, Request, Response
from fastapi.responses import StreamingResponse

from service.evaluations import lines
from service.evaluations.lines import Question
from service.evaluations.lines_csv import hours_header, hours_rows, lines_header, lines_rows
from service.kit.auth import Caller, runtime_of
from service.kit.http import Uow, json_answer
from service.kit.problems import Invalid
from service.kit.runtime import Runtime

router = APIRouter()
Id = Annotated[int, Path(ge=1, le=2**62)]
Uscc = Annotated[str | None, Query(pattern=r"^[0-9A-HJ-NPQRTUWXY]{18}$")]
After = Annotated[str, Query(max_length=18, pattern=r"^[0-9A-Z]*$", description="Give the `next` of the page before.")]
Size = Annotated[int, Query(ge=1, le=200, description="Enterprises of a page; each comes with all its lines.")]


@router.get("/responses/{response_id}/evaluation/lines")
async def evaluation_lines(
    response_id: Id, caller: Caller, uow: Uow, uscc: Uscc = None, after: After = "", size: Size = 50
) -> Response:
    """Planned, reported and verified of each line and pollutant over the warning, in kg: an enterprise its own lines.

    With `uscc` (and for an enterprise) hour by hour, too. Null is not established, not reported, not verified; never 0.
    """
    asked = await lines.question_of(uow, caller, response_id, uscc)
    return json_answer({"response": response_id} | await lines.page(uow, asked, after, size))


@router.get("/responses/{response_id}/evaluation/lines.csv")
async def evaluation_lines_csv(
    response_id: Id, request: Request, caller: Caller, uow: Uow, uscc: Uscc = None
) -> Response:
    """Every line of the response (or of one enterprise) as a table: a row for each line and response of the warning."""
    asked = await lines.question_of(uow, caller, response_id, uscc)
    return _table(_every(runtime_of(request), asked), f"reductions-{response_id}.csv")


@router.get("/responses/{response_id}/evaluation/hours.csv")
async def evaluation_hours_csv(response_id: Id, caller: Caller, uow: Uow, uscc: Uscc = None) -> Response:
    """The lines of one enterprise hour by hour, as a table."""
    asked = await lines.question_of(uow, caller, response_id, uscc)
    if asked.uscc is None:
        raise Invalid("uscc: name one enterprise; all lines of a response stand in lines.csv.")
    items, _ = await lines.batch(uow, asked, "", 1, hours=True)
    headers = {
        "content-disposition": _named(f"reductions-{response_id}-{asked.uscc}.csv"),
        "cache-control": "private, no-store",
    }
    return Response(hours_header() + hours_rows(items), media_type="text/csv; charset=utf-8", headers=headers)


async def _every(runtime: Runtime, asked: Question) -> AsyncIterator[bytes]:
    yield lines_header()
    async for items in lines.every_batch(runtime, asked):
        yield lines_rows(items)


def _table(pieces: AsyncIterator[bytes], name: str) -> Response:
    headers = {"content-disposition": _named(name), "cache-control": "private, no-store"}
    return StreamingResponse(pieces, media_type="text/csv; charset=utf-8", headers=headers)


def _named(name: str) -> str:
    return f'attachment; filename="{name}"'
