"""`/api/v1/seasonal-plans`: staggered production (错峰生产) per division, as versions."""

from __future__ import annotations

import hashlib
from datetime import date
from typing import Annotated

from fastapi import APIRouter, Query, Request, Response
from pydantic import Field, ValidationError

from emission_lists.seasonal import seasonal_template
from service.accounts.roles import Principal
from service.kit.auth import Caller, Official, runtime_of
from service.kit.body import read_body
from service.kit.http import PageKey, PageSize, Uow, json_answer, once
from service.kit.problems import Forbidden, Invalid
from service.seasonal import flows, repository
from service.seasonal.schemas import PlanBody

router = APIRouter(prefix="/api/v1/seasonal-plans", tags=["seasonal plans"])
Id = Annotated[int, Field(ge=1, le=2**62)]
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


@router.get("")
async def plans(official: Official, uow: Uow, after: PageKey = None, size: PageSize = 50) -> Response:
    """Versions of your region, newest first."""
    items = await repository.page(uow, official.scope, after, size)
    return json_answer({"items": items, "next": items[-1]["id"] if len(items) == size else None})


@router.get("/template.xlsx")
async def empty_template(_caller: Caller) -> Response:
    """The workbook to fill in."""
    return Response(
        seasonal_template(),
        media_type=XLSX,
        headers={"content-disposition": 'attachment; filename="seasonal-plan.xlsx"'},
    )


@router.get("/{seasonal_id}")
async def one(seasonal_id: Id, official: Official, uow: Uow) -> Response:
    """One version with its entries."""
    return json_answer(await repository.find(uow, official.scope, seasonal_id))


@router.post("", status_code=201)
async def upload(
    request: Request,
    caller: Caller,
    adcode: Annotated[str | None, Query(pattern=r"^\d{6}$")] = None,
    title: Annotated[str, Query(min_length=1, max_length=200)] = "错峰生产计划",
    valid_from: date | None = None,
    valid_until: date | None = None,
) -> Response:
    """Store a version: a JSON plan, or an .xlsx or .csv with adcode, title and validity in the query. All faults at once."""
    runtime = runtime_of(request)
    content = await read_body(request, runtime.settings.max_body_bytes)
    if request.headers.get("content-type", "").startswith("application/json"):
        plan = _plan(content)
        place, name, valid, entries = plan.adcode, plan.title, (plan.valid_from, plan.valid_until), plan.rows()
    else:
        if adcode is None or valid_from is None or valid_until is None:
            raise Invalid(
                "A file needs adcode, valid_from and valid_until in the query: ?adcode=130200&valid_from=2026-11-15…"
            )
        place, name, valid = adcode, title, (valid_from, valid_until)
        _early(caller, place)
        entries = await flows.read(content)
    async with runtime.unit() as uow:  # opened only now: a slow sender holds no connection

        async def make() -> tuple[int, object]:
            stored = await flows.store(uow, caller, place, name, valid, entries)
            return 201, {key: value for key, value in stored.items() if key != "items"}

        fingerprint = {"plan": [place, name, *valid], "content": hashlib.sha256(content).hexdigest()}
        answer = await once(request, uow, caller, fingerprint, make)
        await uow.commit()
    return answer


def _early(caller: Principal, adcode: str) -> None:
    """A file is read only for somebody who may keep plans."""
    if not caller.may_check_plans(adcode):
        raise Forbidden("Seasonal plans are kept by duty officers and commanders of the division.")


def _plan(content: bytes) -> PlanBody:
    try:
        return PlanBody.model_validate_json(content)
    except ValidationError as wrong:
        faults = [
            {"pointer": "/" + "/".join(str(part) for part in fault["loc"]), "detail": fault["msg"]}
            for fault in wrong.errors(include_input=False, include_url=False)[: flows.MOST_FAULTS]
        ]
        raise Invalid(f"{wrong.error_count()} fault(s); nothing was stored.", errors=faults) from wrong
