"""`/api/v1/responses/{id}/evaluation`, `/reports`, and `/api/v1/evaluations`."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Annotated

from fastapi import APIRouter, Path, Query, Request, Response

from alerts.instants import day_start, parse_day
from service.evaluations import flows, line_endpoints, reports, repository
from service.evaluations.region import evaluations as evaluated
from service.evaluations.schemas import ClosingBody, ReportsBody
from service.kit.auth import Caller, Official
from service.kit.canonical import canonical
from service.kit.http import PageKey, PageSize, Uow, json_answer, once, with_etag
from service.kit.problems import Invalid

router = APIRouter(prefix="/api/v1", tags=["evaluations"])
router.include_router(line_endpoints.router)
Id = Annotated[int, Path(ge=1, le=2**62)]
LONGEST = timedelta(days=400)
Uscc = Annotated[str | None, Query(pattern=r"^[0-9A-HJ-NPQRTUWXY]{18}$")]


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


@router.post("/responses/{response_id}/reports", status_code=201)
async def report(response_id: Id, body: ReportsBody, request: Request, caller: Caller, uow: Uow) -> Response:
    """Report the reductions of your own lines, per line and day; the newest of a line and day counts, the old ones stay."""

    async def make() -> tuple[int, object]:
        return 201, await reports.report(uow, caller, response_id, body.lines)

    return await once(request, uow, caller, body.model_dump(mode="json"), make)


@router.get("/responses/{response_id}/reports")
async def reported(
    response_id: Id, caller: Caller, uow: Uow, uscc: Uscc = None, after: PageKey = None, size: PageSize = 100
) -> Response:
    """What was reported for a response, newest first; `newest` marks what counts. An enterprise sees its own."""
    items = await reports.page(uow, caller, response_id, uscc, after, size)
    return json_answer({"items": items, "next": items[-1]["id"] if len(items) == size else None})


@router.get("/evaluations")
async def evaluations(
    request: Request,
    official: Official,
    uow: Uow,
    first: Annotated[str, Query(alias="from", description="First day, such as 2026-01-01.")],
    until: Annotated[str, Query(description="The day after the last day.")],
    adcode: Annotated[str | None, Query(pattern=r"^\d{6}$", description="A city, county or province; else your own.")] = None,
    region: Annotated[str | None, Query(max_length=64, description="A key region, such as jingjinji-2023.")] = None,
) -> Response:
    """Reductions of every response of a place in these days: per warning and city, by level, county, industry, grade, source.

    A warning counts whole when one of its responses was in force in these days.
    """
    start, end = days_of(first, until)
    body = await evaluated(uow, official, adcode or official.scope.adcode, region, start, end)
    return with_etag(request, canonical(body).encode())


def days_of(first: str, until: str) -> tuple[datetime, datetime]:
    """Two natural days as instants. Raises Invalid for no days, none between them, or more than 400."""
    try:
        start, end = day_start(parse_day(first)), day_start(parse_day(until))
    except ValueError as error:
        raise Invalid(f"from, until: {error}.", detail_zh="请填写起止日期，例如 2026-01-01。") from error
    if not timedelta(0) < end - start <= LONGEST:
        raise Invalid(
            f"from, until: give a period of 1 to {LONGEST.days} days; `until` is the day after the last.",
            detail_zh=f"请选择 1 至 {LONGEST.days} 天的时段。",
        )
    return start, end
