"""Seasonal plans (错峰生产): versions of the scope and an upload with every fault at once."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import date
from typing import Annotated, Any

from fastapi import APIRouter, Path, Request, Response
from fastapi.responses import RedirectResponse
from starlette.datastructures import FormData

from emission_lists.documents import measure_from
from service.accounts.roles import Principal
from service.kit.auth import Official, runtime_of, same_origin
from service.kit.http import PageKey, Uow
from service.kit.problems import Conflict, Forbidden, Invalid, TooLarge, Unknown
from service.kit.unit_of_work import UnitOfWork
from service.seasonal import flows, repository
from service.web.pages import render, writer_of

router = APIRouter(include_in_schema=False)
Id = Annotated[int, Path(ge=1, le=2**62)]
SHOWN = 50
SHOWN_ENTRIES = 500


@router.get("/seasonal")
async def plans(request: Request, official: Official, uow: Uow, after: PageKey = None) -> Response:
    """Versions of the scope and the upload form."""
    return await _page(request, uow, official, after=after)


@router.get("/seasonal/{plan_id}")
async def one(plan_id: Id, request: Request, official: Official, uow: Uow) -> Response:
    """One version with its entries."""
    plan = await repository.find(uow, official.scope, plan_id)
    entries = [entry | {"asked": measure_from(entry["measure"])} for entry in plan["items"][:SHOWN_ENTRIES]]
    return render(request, "seasonal_plan.html", official, plan=plan, entries=entries, shown=SHOWN_ENTRIES)


@router.post("/seasonal")
async def upload(request: Request, official: Official) -> Response:
    """Store a version from a file."""
    if not same_origin(request):
        raise Forbidden("This form was sent from another site's page.")
    runtime = runtime_of(request)
    async with request.form(max_files=1, max_fields=10) as form:
        limit = runtime.settings.max_body_bytes
        file = form.get("file")
        content = b"" if file is None or isinstance(file, str) else await file.read(limit + 1)
        fields = {name: _field(form, name) for name in ("adcode", "title", "valid_from", "valid_until")}
    if len(content) > limit:
        raise TooLarge(f"A plan may have at most {limit} bytes.")
    try:
        valid = date.fromisoformat(fields["valid_from"]), date.fromisoformat(fields["valid_until"])
    except ValueError:
        valid = None
    if not content or valid is None or not re.fullmatch(r"\d{6}", fields["adcode"], re.ASCII):
        return await _refused(request, official, 422, writer_of(request).t("seasonal_no_file"))
    try:
        if not official.may_check_plans(fields["adcode"]):
            raise Forbidden("Seasonal plans are kept by duty officers and commanders of the division.")
        entries = await flows.read(content)
        title = fields["title"][:200] or writer_of(request).t("seasonal_title")
        async with runtime.unit() as uow:
            stored = await flows.store(uow, official, fields["adcode"], title, valid, entries)
            await uow.commit()
    except (Invalid, Forbidden, Unknown, Conflict) as refused:
        return await _refused(request, official, refused.status, refused.detail, refused.errors)
    return RedirectResponse(f"/seasonal/{stored['id']}", 303)


def _field(form: FormData, name: str) -> str:
    value = form.get(name)
    return value.strip() if isinstance(value, str) else ""


async def _refused(
    request: Request, official: Principal, status: int, fault: str, faults: Sequence[Mapping[str, Any]] = ()
) -> Response:
    async with runtime_of(request).unit() as uow:
        return await _page(request, uow, official, status=status, fault=fault, faults=faults)


async def _page(
    request: Request,
    uow: UnitOfWork,
    official: Principal,
    *,
    after: int | None = None,
    status: int = 200,
    fault: str | None = None,
    faults: Sequence[Mapping[str, Any]] = (),
) -> Response:
    items = await repository.page(uow, official.scope, after, SHOWN)
    return render(
        request,
        "seasonal.html",
        official,
        status=status,
        items=items,
        following=items[-1]["id"] if len(items) == SHOWN else None,
        fault=fault,
        faults=faults[:SHOWN_ENTRIES],
        may_keep=official.may_check_plans(official.scope.adcode),
    )
