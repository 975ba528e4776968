"""Emission lists: versions, import with every fault at once, checks, activation."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Annotated, Any

from fastapi import APIRouter, Path, Query, Request, Response
from fastapi.responses import RedirectResponse
from starlette.datastructures import FormData, UploadFile

from service.accounts.roles import Principal
from service.kit.auth import Official, runtime_of, same_origin
from service.kit.http import PageKey, Uow
from service.kit.problems import Conflict, Forbidden, Invalid, TooLarge, Unknown
from service.kit.unit_of_work import UnitOfWork
from service.lists import flows
from service.lists.floors import floors_of
from service.web.floors import floors_view
from service.web.forms import read_form
from service.web.pages import render, writer_of

router = APIRouter(include_in_schema=False)
Id = Annotated[int, Path(ge=1, le=2**62)]
SHOWN = 50
SHOWN_FAULTS = 500
DEFAULT_TITLE = "应急减排清单"
DEFAULT_GUIDE = "G2020"


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
    items = await flows.page(uow, official.scope, after, SHOWN)
    return render(
        request,
        "lists.html",
        official,
        status=status,
        items=items,
        following=items[-1]["id"] if len(items) == SHOWN else None,
        fault=fault,
        faults=faults[:SHOWN_FAULTS],
        count=len(faults),
        title=DEFAULT_TITLE,
    )


@router.get("/lists")
async def lists(request: Request, official: Official, uow: Uow, after: PageKey = None) -> Response:
    """Versions of the scope and the import form."""
    return await _page(request, uow, official, after=after)


@router.post("/lists")
async def upload(request: Request, official: Official) -> Response:
    """Import a workbook: all faults at once in a table, or the new draft. The form is read only for somebody who may import."""
    if not same_origin(request):
        raise Forbidden("This form was sent from another site's page.")
    if not official.may_keep_lists:
        raise Forbidden("Lists are kept by duty officers, commanders and administrators.")
    async with request.form(max_files=1, max_fields=10) as form:
        content = await _content(request, form.get("workbook"))
        adcode, title = _field(form, "adcode")[:12], _field(form, "title")[:200]
    if not content or not re.fullmatch(r"\d{6}", adcode, re.ASCII):
        return await _refused(request, official, 422, writer_of(request).t("upload_no_file"))
    try:
        async with runtime_of(request).unit() as uow:
            version = await flows.import_workbook(
                uow, official, adcode, content, title=title or DEFAULT_TITLE, guide=DEFAULT_GUIDE
            )
            await uow.commit()
    except (Invalid, Forbidden, Unknown) as refused:
        return await _refused(request, official, refused.status, refused.detail, refused.errors)
    return RedirectResponse(f"/lists/{version['id']}", 303)


def _field(form: FormData, name: str) -> str:
    value = form.get(name)
    return value.strip() if isinstance(value, str) else ""


async def _content(request: Request, workbook: UploadFile | str | None) -> bytes:
    limit = runtime_of(request).settings.max_upload_bytes
    content = b"" if workbook is None or isinstance(workbook, str) else await workbook.read(limit + 1)
    if len(content) > limit:
        raise TooLarge(f"A workbook may have at most {limit} bytes.")
    return content


async def _refused(
    request: Request, official: Principal, status: int, fault: str, faults: Sequence[Mapping[str, Any]] = ()
) -> Response:
    async with runtime_of(request).unit() as uow:
        return await _page(request, uow, official, status=status, fault=fault, faults=faults)


@router.get("/lists/{list_id}")
async def one(
    list_id: Id, request: Request, official: Official, uow: Uow, floors: Annotated[str | None, Query(max_length=24)] = None
) -> Response:
    """One version with the findings of its checks and its floors."""
    return await _version(request, uow, official, list_id, floors=floors)


async def _version(
    request: Request,
    uow: UnitOfWork,
    official: Principal,
    list_id: int,
    *,
    status: int = 200,
    fault: str | None = None,
    floors: str | None = None,
) -> Response:
    version = await flows.find(uow, official.scope, list_id)
    checks = await flows.checks_of(uow, official.scope, list_id)
    return render(
        request,
        "list.html",
        official,
        status=status,
        version=version,
        checks=checks[:SHOWN_FAULTS],
        count=len(checks),
        fault=fault,
        floors=floors_view(await floors_of(uow, official.scope, list_id, floors), writer_of(request).language),
        may_activate=official.may_keep_lists and version["state"] == "draft" and not version["blocking"],
    )


@router.post("/lists/{list_id}/activate")
async def activate(list_id: Id, request: Request, official: Official) -> Response:
    """Put a checked draft in force, by a second person."""
    await read_form(request)
    if not official.may_keep_lists:
        raise Forbidden("Lists are kept by duty officers, commanders and administrators.")
    try:
        async with runtime_of(request).unit() as uow:
            await flows.activate(uow, official.scope, list_id, official.account_id)
            await uow.commit()
    except (Conflict, Forbidden) as refused:
        async with runtime_of(request).unit() as uow:
            return await _version(request, uow, official, list_id, status=refused.status, fault=refused.detail)
    return RedirectResponse(f"/lists/{list_id}", 303)
