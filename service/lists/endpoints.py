"""`/api/v1/lists`: emission lists."""

from __future__ import annotations

import asyncio
import hashlib
from typing import Annotated

from fastapi import APIRouter, Query, Request, Response
from fastapi.responses import StreamingResponse
from pydantic import BaseModel, ConfigDict, Field

from service.accounts.roles import NATION, Principal
from service.guides.choosing import guide_id_on
from service.kit.auth import Caller, Official, runtime_of
from service.kit.body import read_body
from service.kit.clock import SHANGHAI
from service.kit.http import PageKey, PageSize, Uow, instant_of, json_answer, once
from service.kit.problems import Forbidden
from service.lists import comparing, exporting, flows, import_endpoints, record_endpoints
from service.lists.found import found_in
from service.lists.import_endpoints import XLSX, GuideOf, attachment
from service.lists.summary import summary_of
from service.lists.workbooks import law_at

router = APIRouter(prefix="/api/v1/lists", tags=["lists"])
router.include_router(import_endpoints.router)
router.include_router(record_endpoints.router)
Id = Annotated[int, Field(ge=1, le=2**62)]


class Activation(BaseModel):
    """When a version comes into force; at once without it."""

    model_config = ConfigDict(extra="forbid")
    effective_from: str | None = Field(default=None, max_length=40)


class Withdrawal(BaseModel):
    """Why a version is taken back."""

    model_config = ConfigDict(extra="forbid")
    reason: str = Field(default="", max_length=1000)


def check_may_keep(principal: Principal) -> None:
    """Raises Forbidden."""
    if not principal.may_keep_lists:
        raise Forbidden(flows.KEEPERS, detail_zh=flows.KEEPERS_ZH)


@router.get("")
async def lists(official: Official, uow: Uow, after: PageKey = None, size: PageSize = 50) -> Response:
    """Versions of your region, newest first."""
    items = await flows.page(uow, official.scope, after, size)
    return json_answer({"items": items, "next": items[-1]["id"] if len(items) == size else None})


@router.get("/template.xlsx")
async def empty_template(
    caller: Caller,
    uow: Uow,
    sheet: Annotated[str, Query(max_length=32)] = exporting.INDUSTRIAL,
    guide: GuideOf = None,
    adcode: Annotated[
        str | None, Query(pattern=r"^\d{6}$", description="Whose own industries are offered too; your division if left out.")
    ] = None,
) -> Response:
    """The workbook to fill in: the industrial sheet, one of the further sheets, or `all`."""
    place, day = adcode or caller.scope.adcode, uow.now.astimezone(SHANGHAI).date()
    version = guide or guide_id_on(day)
    if place != NATION:
        flows.check_place(uow, place, version)
    content = await asyncio.to_thread(lambda: exporting.empty(sheet, law_at(place, version, day)[0]))
    return Response(content, media_type=XLSX, headers=attachment(f"emission-list-{sheet}.xlsx"))


@router.post("", status_code=201)
async def import_list(
    request: Request,
    caller: Caller,
    adcode: Annotated[str, Query(pattern=r"^\d{6}$")],
    title: Annotated[str, Query(min_length=1, max_length=200)] = "应急减排清单",
    guide: GuideOf = None,
) -> Response:
    """Import a filled workbook (the body is the .xlsx). All faults come at once with their place; then nothing is stored."""
    check_may_keep(caller)
    runtime = runtime_of(request)
    content = await read_body(request, runtime.settings.max_upload_bytes)
    fingerprint = {"adcode": adcode, "title": title, "guide": guide, "content": hashlib.sha256(content).hexdigest()}
    async with runtime.unit() as uow:  # opened only now: a slow sender holds no connection

        async def make() -> tuple[int, object]:
            version = guide or guide_id_on(uow.now.date())
            return 201, await flows.import_workbook(uow, caller, adcode, content, title=title, guide=version)

        answer = await once(request, uow, caller, fingerprint, make)
        await uow.commit()
    return answer


@router.get("/{list_id}")
async def one(list_id: Id, official: Official, uow: Uow) -> Response:
    """One version: counts, totals, state."""
    return json_answer(await flows.find(uow, official.scope, list_id))


@router.get("/{list_id}/checks")
async def checks(list_id: Id, official: Official, uow: Uow) -> Response:
    """The findings of the checks, blocking ones first. `left_out`: of `count` so many were found and not kept.

    A version keeps some thousand findings; correct those, and a new import names the others.
    """
    found = await found_in(uow, official.scope, list_id)
    return json_answer({"items": found.items, "count": found.count, "left_out": found.left_out})


@router.get("/{list_id}/summary")
async def summary(list_id: Id, official: Official, uow: Uow) -> Response:
    """Enterprises, lines, base and planned reductions (kg/d): whole, by county, industry, grade, source and standing."""
    return json_answer(await summary_of(uow, official.scope, list_id))


@router.get("/{list_id}/export.xlsx")
async def export(list_id: Id, official: Official, uow: Uow) -> Response:
    """The version as a workbook with all its sheets; imported again it has the same digest."""
    file = await exporting.exported(uow, official.scope, list_id)
    return StreamingResponse(
        exporting.sent(file), media_type=XLSX, headers=attachment(f"emission-list-{list_id}.xlsx")
    )


@router.get("/{list_id}/difference")
async def difference(
    list_id: Id,
    official: Official,
    uow: Uow,
    against: Annotated[int | None, Query(ge=1, le=2**62)] = None,
    after: Annotated[str, Query(max_length=18, pattern=r"^[0-9A-Z]*$")] = "",
    size: PageSize = 50,
) -> Response:
    """What changes when it takes the place of the version in force, or of `against`: counts, kg/d, and a page of enterprises."""
    compared = await comparing.difference(uow, official.scope, list_id, against)
    items = await comparing.changes(uow, compared, after, size)
    return json_answer({**compared, "items": items, "next": items[-1]["uscc"] if len(items) == size else None})


@router.post("/{list_id}/freeze")
async def freeze(list_id: Id, request: Request, caller: Official, uow: Uow) -> Response:
    """Fix a checked draft: nothing in it changes any more."""
    check_may_keep(caller)

    async def make() -> tuple[int, object]:
        return 200, await flows.freeze(uow, caller.scope, list_id, caller.account_id)

    return await once(request, uow, caller, {"freeze": list_id}, make)


@router.post("/{list_id}/activate")
async def activate(
    list_id: Id, request: Request, caller: Official, uow: Uow, given: Activation | None = None
) -> Response:
    """Put a checked version in force, now or from an instant ahead; by a second person."""
    check_may_keep(caller)
    wanted = given.effective_from if given else None
    start = None if wanted is None else instant_of(wanted, "effective_from")

    async def make() -> tuple[int, object]:
        return 200, await flows.activate(uow, caller.scope, list_id, caller.account_id, start)

    return await once(request, uow, caller, {"list": list_id} | ({"from": start} if start else {}), make)


@router.post("/{list_id}/withdraw")
async def withdraw(list_id: Id, given: Withdrawal, request: Request, caller: Official, uow: Uow) -> Response:
    """Take a version back, with the reason."""
    check_may_keep(caller)

    async def make() -> tuple[int, object]:
        return 200, await flows.withdraw(uow, caller.scope, list_id, caller.account_id, given.reason)

    return await once(request, uow, caller, {"withdraw": list_id, "reason": given.reason}, make)
