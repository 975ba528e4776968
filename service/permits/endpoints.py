"""`/api/v1/permits`: permit registers, and lists held against them."""

from __future__ import annotations

import hashlib
from typing import Annotated
from urllib.parse import quote

from fastapi import APIRouter, Query, Request, Response

from emission_lists.permits import register_template
from service.kit.auth import Caller, Official, runtime_of
from service.kit.body import read_body
from service.kit.http import PageKey, PageSize, Uow, json_answer, once
from service.permits import flows
from service.permits.reports import coverage_workbook

router = APIRouter(prefix="/api/v1/permits", tags=["permits"])
Adcode = Annotated[str, Query(pattern=r"^\d{6}$")]
ListId = Annotated[int | None, Query(alias="list", ge=1, le=2**62)]
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


@router.get("")
async def registers(official: Official, uow: Uow, after: PageKey = None, size: PageSize = 50) -> Response:
    """Permit registers of your region, newest first."""
    items = await flows.page(uow, official.scope, after, size)
    return json_answer({"items": items, "next": items[-1]["id"] if len(items) == size else None})


@router.post("", status_code=201)
async def upload(
    request: Request,
    caller: Caller,
    adcode: Adcode,
    source: Annotated[str, Query(min_length=1, max_length=200)] = "排污许可名录",
) -> Response:
    """Upload a register (the body is .xlsx or .csv). All faults come at once with their place; then nothing is stored."""
    runtime = runtime_of(request)
    flows.require_keeper(runtime.law.divisions, caller, adcode)
    content = await read_body(request, runtime.settings.max_upload_bytes)
    permits = await flows.parsed(content, adcode)
    fingerprint = {"adcode": adcode, "source": source, "content": hashlib.sha256(content).hexdigest()}
    async with runtime.unit() as uow:  # opened only now: a slow sender holds no connection

        async def make() -> tuple[int, object]:
            return 201, await flows.store(uow, caller, adcode, permits, source=source)

        answer = await once(request, uow, caller, fingerprint, make)
        await uow.commit()
    return answer


@router.get("/template.xlsx")
async def empty_template(_caller: Caller) -> Response:
    """The register to fill in."""
    return attachment(register_template(), "permit-register.xlsx")


@router.get("/coverage")
async def coverage(official: Official, uow: Uow, adcode: Adcode, list_id: ListId = None) -> Response:
    """Which air permit holders a list misses, and which of its rows stand on no permit in force.

    `list` is a version's id; without it the list in force is taken.
    """
    return json_answer((await flows.held(uow, official.scope, adcode, list_id)).document())


@router.get("/coverage.xlsx")
async def coverage_file(official: Official, uow: Uow, adcode: Adcode, list_id: ListId = None) -> Response:
    """The same as a workbook, one worksheet per set."""
    held = await flows.held(uow, official.scope, adcode, list_id)
    title = f"{held.place} 排污许可核对"
    return attachment(coverage_workbook(held.found, title), f"coverage-{adcode}-{held.version['id']}.xlsx")


def attachment(content: bytes, name: str) -> Response:
    """A workbook to save."""
    return Response(
        content, media_type=XLSX, headers={"content-disposition": f"attachment; filename*=UTF-8''{quote(name)}"}
    )
