"""Uploads of lists: drop a workbook, watch its rows go by, see every fault with its cell."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator
from typing import Annotated, BinaryIO

from fastapi import APIRouter, Path, Request, Response
from fastapi.responses import RedirectResponse
from starlette.datastructures import FormData, UploadFile

from service.accounts.roles import Principal
from service.guides.choosing import guide_id_on
from service.kit.auth import Official, runtime_of, same_origin
from service.kit.http import PageKey, Uow
from service.kit.problems import Forbidden, Invalid, Problem
from service.kit.unit_of_work import UnitOfWork
from service.lists import imports
from service.lists.flows import KEEPERS, KEEPERS_ZH
from service.web.lists import DEFAULT_TITLE, versions_page
from service.web.pages import render, said_of, writer_of

router = APIRouter(include_in_schema=False)
Id = Annotated[int, Path(ge=1, le=2**62)]
SHOWN = 50
SHOWN_FAULTS = 200


@router.post("/lists")
async def upload(request: Request, official: Official) -> Response:
    """Take a workbook in and show its import. The form is read only for somebody who may import."""
    if not same_origin(request):
        raise Forbidden("This form was sent from another site's page.", detail_zh="此表单来自其他网站的页面。")
    if not official.may_keep_lists:
        raise Forbidden(KEEPERS, detail_zh=KEEPERS_ZH)
    try:
        async with request.form(max_files=1, max_fields=10) as form:
            number = await _take_in(request, official, form)
    except Problem as refused:
        async with runtime_of(request).unit() as uow:
            fault = said_of(refused, writer_of(request).language)
            return await versions_page(request, uow, official, status=refused.status, fault=fault)
    return RedirectResponse(f"/lists/imports/{number}", 303)


async def _take_in(request: Request, official: Principal, form: FormData) -> int:
    workbook, adcode = form.get("workbook"), _field(form, "adcode")[:12]
    if not isinstance(workbook, UploadFile) or not workbook.size or not re.fullmatch(r"\d{6}", adcode, re.ASCII):
        raise Invalid("Choose an .xlsx file and give the division's code.", detail_zh=writer_of(request).t("upload_no_file"))
    title = _field(form, "title")[:200] or DEFAULT_TITLE
    found = hashlib.sha256()
    for piece in _pieces(workbook.file):
        found.update(piece)
    guide = _field(form, "guide")[:16]
    async with runtime_of(request).unit() as uow:
        version = guide or guide_id_on(uow.now.date())
        planned = imports.Upload(adcode, title, version, workbook.size, found.hexdigest())
        made = await imports.take_whole(uow, official, planned, _pieces(workbook.file))
        await uow.commit()
    return int(made["id"])


def _pieces(file: BinaryIO) -> Iterator[bytes]:
    file.seek(0)
    while piece := file.read(imports.PIECE_BYTES):
        yield piece


def _field(form: FormData, name: str) -> str:
    value = form.get(name)
    return value.strip() if isinstance(value, str) else ""


@router.get("/lists/imports")
async def all_imports(request: Request, official: Official, uow: Uow, after: PageKey = None) -> Response:
    """Imports of the scope."""
    items = await imports.page(uow, official.scope, after, SHOWN)
    following = items[-1]["id"] if len(items) == SHOWN else None
    return render(request, "list_imports.html", official, items=items, following=following)


@router.get("/lists/imports/{import_id}")
async def one(import_id: Id, request: Request, official: Official, uow: Uow, after: PageKey = None) -> Response:
    """One import: how far it is, or how it ended."""
    return await _import(request, uow, official, import_id, after or 0)


async def _import(request: Request, uow: UnitOfWork, official: Principal, import_id: int, after: int) -> Response:
    found = await imports.find(uow, official.scope, import_id)
    faults = await imports.faults_of(uow, import_id, after, SHOWN_FAULTS)
    return render(
        request,
        "list_import.html",
        official,
        found=found,
        faults=faults,
        following=faults[-1]["number"] if len(faults) == SHOWN_FAULTS else None,
    )


@router.get("/lists/imports/{import_id}/progress")
async def progress(import_id: Id, request: Request, official: Official, uow: Uow) -> Response:
    """The part that moves; when the import has ended the whole page is fetched again."""
    found = await imports.find(uow, official.scope, import_id)
    answer = render(request, "part_import.html", official, found=found)
    if found["ended"]:
        answer.headers["hx-refresh"] = "true"
    return answer
