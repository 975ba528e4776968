"""Permit registers: versions, upload with every fault at once, and a list held against the one in force."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request, Response
from fastapi.responses import RedirectResponse
from starlette.datastructures import UploadFile

from emission_lists.coverage import Coverage, Listed, Match
from emission_lists.permits import Permit
from service.accounts.roles import NATION, Principal
from service.kit.auth import Official, runtime_of, same_origin
from service.kit.http import PageKey, Uow
from service.kit.problems import Conflict, Forbidden, Invalid, Problem, TooLarge, Unknown
from service.kit.unit_of_work import UnitOfWork
from service.permits import flows
from service.permits.flows import Held
from service.web.pages import render, writer_of

router = APIRouter(include_in_schema=False)
SHOWN = 50
SHOWN_ROWS = 200
SHOWN_FAULTS = 500
SOURCE = "排污许可名录"
Asked = Annotated[str | None, Query(pattern=r"^\d{6}$")]
Stored = Annotated[str | None, Query(pattern=r"^(\d{1,18}|unchanged)$")]
ListId = Annotated[str, Query(alias="list", pattern=r"^\d{0,18}$")]


@router.get("/lists/permits")
async def permits(
    request: Request,
    official: Official,
    uow: Uow,
    adcode: Asked = None,
    list_id: ListId = "",
    after: PageKey = None,
    stored: Stored = None,
) -> Response:
    """Registers of the scope, and the coverage of a division."""
    place = adcode or (official.scope.adcode if official.scope.adcode != NATION else None)
    held, refused = await _coverage(uow, official, place, int(list_id) if list_id else None)
    return await _page(
        request, uow, official, after=after, held=held, asked=place, refused=refused if adcode else None, stored=stored
    )


async def _coverage(
    uow: UnitOfWork, official: Principal, adcode: str | None, list_id: int | None
) -> tuple[Held | None, Problem | None]:
    """The coverage of a division, or why there is none."""
    if adcode is None:
        return None, None
    try:
        return await flows.held(uow, official.scope, adcode, list_id), None
    except (Conflict, Forbidden, Unknown) as problem:
        return None, problem


async def _page(
    request: Request,
    uow: UnitOfWork,
    official: Principal,
    *,
    status: int = 200,
    after: int | None = None,
    held: Held | None = None,
    asked: str | None = None,
    refused: Problem | None = None,
    stored: str | None = None,
    fault: str | None = None,
    faults: Sequence[Mapping[str, Any]] = (),
) -> Response:
    items = await flows.page(uow, official.scope, after, SHOWN)
    return render(
        request,
        "permits.html",
        official,
        status=status if refused is None else refused.status,
        items=items,
        following=items[-1]["id"] if len(items) == SHOWN else None,
        asked=asked or "",
        held=held,
        missing=() if held is None else held.found.missing[:SHOWN_ROWS],
        rows=() if held is None else rows_in_question(held.found)[:SHOWN_ROWS],
        in_question=0 if held is None else len(rows_in_question(held.found)),
        named=runtime_of(request).place,
        hidden=0 if held is None else _hidden(held.found),
        refused=None if refused is None else _said(request, refused),
        stored=stored,
        fault=fault,
        faults=faults[:SHOWN_FAULTS],
        count=len(faults),
    )


def rows_in_question(found: Coverage) -> list[tuple[str, Listed, Permit | None]]:
    """Enterprises on the list whose permit is in question: why, the enterprise, and what the register says."""
    matches: list[tuple[str, Sequence[Match]]] = [
        ("other_unit", found.other_unit),
        ("expired", found.expired),
        ("not_air", found.not_air),
    ]
    rows: list[tuple[str, Listed, Permit | None]] = [(why, one.listed, one.permit) for why, set_ in matches for one in set_]
    rows += [("not_in_register", one, None) for one in found.not_in_register]
    return rows + [("without_permit", one, None) for one in found.without_permit]


def _hidden(found: Coverage) -> int:
    sets = (len(found.missing), len(rows_in_question(found)))
    return sum(max(0, size - SHOWN_ROWS) for size in sets)


def _said(request: Request, problem: Problem) -> str:
    """A problem in the reader's language."""
    zh = problem.extensions.get("detail_zh")
    return str(zh) if zh and writer_of(request).language == "zh" else problem.detail


@router.post("/lists/permits")
async def upload(request: Request, official: Official) -> Response:
    """Take in a register: all faults at once in a table, or the new version. The form is read only for somebody who may upload."""
    if not same_origin(request):
        raise Forbidden("This form was sent from another site's page.")
    if not official.may_keep_permits:
        raise Forbidden("Permit registers are kept by duty officers, commanders and administrators of the division.")
    async with request.form(max_files=1, max_fields=10) as form:
        content = await _content(request, form.get("register"))
        given = form.get("adcode")
        adcode = given.strip()[:12] if isinstance(given, str) else ""
        name = getattr(form.get("register"), "filename", None) or SOURCE
    if not content or not re.fullmatch(r"\d{6}", adcode, re.ASCII):
        return await _refused(request, official, adcode, 422, writer_of(request).t("permits_no_file"))
    try:
        flows.require_keeper(runtime_of(request).law.divisions, official, adcode)
        parsed = await flows.parsed(content, adcode)
        async with runtime_of(request).unit() as uow:
            register = await flows.store(uow, official, adcode, parsed, source=name[:200])
            await uow.commit()
    except (Invalid, Forbidden, Unknown) as refused:
        return await _refused(request, official, adcode, refused.status, _said(request, refused), refused.errors)
    stored = register["id"] if register["changed"] else "unchanged"
    return RedirectResponse(f"/lists/permits?adcode={adcode}&stored={stored}", 303)


async def _content(request: Request, register: UploadFile | str | None) -> bytes:
    limit = runtime_of(request).settings.max_upload_bytes
    content = b"" if register is None or isinstance(register, str) else await register.read(limit + 1)
    if len(content) > limit:
        raise TooLarge(f"A register may have at most {limit} bytes.")
    return content


async def _refused(
    request: Request,
    official: Principal,
    adcode: str,
    status: int,
    fault: str,
    faults: Sequence[Mapping[str, Any]] = (),
) -> Response:
    async with runtime_of(request).unit() as uow:
        return await _page(request, uow, official, status=status, asked=adcode, fault=fault, faults=faults)
