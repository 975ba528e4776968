"""`/api/v1/lists`: emission lists."""

from __future__ import annotations

import hashlib
from typing import Annotated

from fastapi import APIRouter, Query, Request, Response
from pydantic import Field

from emission_lists.workbook_writer import template
from service.kit.auth import Caller, Official, runtime_of
from service.kit.body import read_body
from service.kit.http import PageKey, PageSize, Uow, json_answer, once
from service.kit.problems import Forbidden
from service.lists import flows
from service.lists.summary import summary_of

router = APIRouter(prefix="/api/v1/lists", tags=["lists"])
Id = Annotated[int, Field(ge=1, le=2**62)]
KEEPERS = "Lists are kept by duty officers, commanders and administrators."
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


@router.get("")
async def lists(official: Official, uow: Uow, after: PageKey = None, size: PageSize = 50) -> Response:
    """Versions of your region, newest first."""
    items = await flows.page(uow, official.scope, after, size)
    return json_answer({"items": items, "next": items[-1]["id"] if len(items) == size else None})


@router.get("/template.xlsx")
async def empty_template(caller: Caller) -> Response:
    """The workbook to fill in."""
    return Response(
        template(), media_type=XLSX, headers={"content-disposition": 'attachment; filename="emission-list.xlsx"'}
    )


@router.post("", status_code=201)
async def import_list(
    request: Request,
    caller: Caller,
    adcode: Annotated[str, Query(pattern=r"^\d{6}$")],
    title: Annotated[str, Query(min_length=1, max_length=200)] = "应急减排清单",
    guide: Annotated[str, Query(pattern=r"^[A-Z0-9]{2,16}$")] = "G2020",
) -> Response:
    """Import a filled workbook (the body is the .xlsx). All faults come at once with their place; then nothing is stored."""
    if not caller.may_keep_lists:
        raise Forbidden(KEEPERS)
    runtime = runtime_of(request)
    content = await read_body(request, runtime.settings.max_upload_bytes)
    fingerprint = {"adcode": adcode, "title": title, "guide": guide, "content": hashlib.sha256(content).hexdigest()}
    async with runtime.unit() as uow:  # opened only now: a slow sender holds no connection

        async def make() -> tuple[int, object]:
            return 201, await flows.import_workbook(uow, caller, adcode, content, title=title, guide=guide)

        answer = await once(request, uow, caller, fingerprint, make)
        await uow.commit()
    return answer


@router.get("/{list_id}")
async def one(list_id: Id, official: Official, uow: Uow) -> Response:
    """One version: counts, totals, state."""
    return json_answer(await flows.find(uow, official.scope, list_id))


@router.get("/{list_id}/checks")
async def checks(list_id: Id, official: Official, uow: Uow) -> Response:
    """The findings of the checks, blocking ones first."""
    return json_answer({"items": await flows.checks_of(uow, official.scope, list_id)})


@router.get("/{list_id}/summary")
async def summary(list_id: Id, official: Official, uow: Uow) -> Response:
    """Enterprises, lines, base and planned reductions (kg/d): whole, by county, industry, grade, source and standing."""
    return json_answer(await summary_of(uow, official.scope, list_id))


@router.post("/{list_id}/activate")
async def activate(list_id: Id, request: Request, caller: Official, uow: Uow) -> Response:
    """Put a checked draft in force; by a second person."""

    if not caller.may_keep_lists:
        raise Forbidden(KEEPERS)

    async def make() -> tuple[int, object]:
        return 200, await flows.activate(uow, caller.scope, list_id, caller.account_id)

    return await once(request, uow, caller, {"list": list_id}, make)
