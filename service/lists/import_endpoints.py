"""`/api/v1/lists/imports`: workbooks uploaded in whole or in pieces, read in the background, with every fault they have."""

from __future__ import annotations

import hashlib
from typing import Annotated

from fastapi import APIRouter, Header, Query, Request, Response
from fastapi.responses import StreamingResponse
from pydantic import Field

from service.guides.choosing import guide_id_on
from service.kit.auth import Caller, Official, runtime_of
from service.kit.body import read_body
from service.kit.http import PageKey, PageSize, Uow, json_answer, once
from service.kit.problems import Forbidden, Invalid
from service.lists import exporting, imports
from service.lists.flows import KEEPERS, KEEPERS_ZH, check_keeper

router = APIRouter(prefix="/imports")
Id = Annotated[int, Field(ge=1, le=2**62)]
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
GuideOf = Annotated[
    str | None,
    Query(pattern=r"^[A-Z0-9]{2,16}$", description="Version of the guide, such as G2020; the one in force today if left out."),
]
Offset = Annotated[int | None, Header(alias="Upload-Offset", ge=0, le=2**62)]


def attachment(name: str) -> dict[str, str]:
    """The headers of a file to keep."""
    return {"content-disposition": f'attachment; filename="{name}"'}


@router.get("")
async def all_imports(official: Official, uow: Uow, after: PageKey = None, size: PageSize = 50) -> Response:
    """Imports of your region, newest first."""
    items = await imports.page(uow, official.scope, after, size)
    return json_answer({"items": items, "next": items[-1]["id"] if len(items) == size else None})


@router.post("", status_code=202)
async def upload(
    request: Request,
    caller: Caller,
    adcode: Annotated[str, Query(pattern=r"^\d{6}$")],
    title: Annotated[str, Query(min_length=1, max_length=200)] = "应急减排清单",
    guide: GuideOf = None,
    size: Annotated[int | None, Query(ge=1, le=2**40)] = None,
    sha256: Annotated[str | None, Query(pattern=r"^[0-9a-f]{64}$")] = None,
) -> Response:
    """Begin an import. The body is the whole workbook, or nothing with `size` and `sha256` given: then pieces follow by PATCH."""
    if not caller.may_keep_lists:
        raise Forbidden(KEEPERS, detail_zh=KEEPERS_ZH)
    runtime = runtime_of(request)
    content = await read_body(request, runtime.settings.max_upload_bytes)
    if (size is None) != (sha256 is None) or (size is not None and content):
        raise Invalid("Send the whole workbook as the body, or an empty body with both `size` and `sha256`.")
    found = sha256 or hashlib.sha256(content).hexdigest()
    length = len(content) if size is None else size
    async with runtime.unit() as uow:  # opened only now: a slow sender holds no connection
        planned = imports.Upload(adcode, title, guide or guide_id_on(uow.now.date()), length, found)
        check_keeper(uow, caller, adcode, planned.guide)

        async def make() -> tuple[int, object]:
            if size is None:
                return 202, await imports.take_whole(uow, caller, planned, imports.cut(content))
            return 202, await imports.find(uow, caller.scope, await imports.create(uow, caller, planned))

        answer = await once(request, uow, caller, [adcode, title, guide, planned.size, found], make)
        await uow.commit()
    return answer


@router.patch("/{import_id}")
async def piece(import_id: Id, request: Request, caller: Caller, offset: Offset = None) -> Response:
    """The next piece from the byte that the header `Upload-Offset` names; the last one sets the import going."""
    if not caller.may_keep_lists:
        raise Forbidden(KEEPERS, detail_zh=KEEPERS_ZH)
    runtime = runtime_of(request)
    content = await read_body(request, runtime.settings.max_upload_bytes)
    async with runtime.unit() as uow:
        known = await imports.find(uow, caller.scope, import_id)
        if offset is None:
            raise Invalid(f"Say where the piece begins: `Upload-Offset: {known['offset']}`.", offset=known["offset"])
        found = await imports.append(uow, caller, import_id, offset, content)
        await uow.commit()
    return json_answer(found, headers={"upload-offset": str(found["offset"])})


@router.head("/{import_id}")
async def how_far(import_id: Id, official: Official, uow: Uow) -> Response:
    """`Upload-Offset` and `Upload-Length`: where to go on after a lost connection."""
    found = await imports.find(uow, official.scope, import_id)
    lengths = {"upload-offset": str(found["offset"]), "upload-length": str(found["size"])}
    return Response(headers={**lengths, "cache-control": "no-store"})


@router.get("/{import_id}")
async def one(import_id: Id, official: Official, uow: Uow) -> Response:
    """One import: state, rows read of rows, faults found, and the version it became."""
    return json_answer(await imports.find(uow, official.scope, import_id))


@router.get("/{import_id}/errors")
async def errors(
    import_id: Id, official: Official, uow: Uow, after: PageKey = None, size: PageSize = 100
) -> Response:
    """Its faults with sheet, row and column, in their order."""
    await imports.find(uow, official.scope, import_id)
    items = await imports.faults_of(uow, import_id, after or 0, size)
    return json_answer({"items": items, "next": items[-1]["number"] if len(items) == size else None})


@router.get("/{import_id}/marked.xlsx")
async def marked(import_id: Id, official: Official, uow: Uow) -> Response:
    """The uploaded workbook with the faulty cells marked, and a sheet 问题清单 that lists them all."""
    file = await exporting.marked(uow, official.scope, import_id)
    return StreamingResponse(
        exporting.sent(file), media_type=XLSX, headers=attachment(f"emission-list-import-{import_id}-marked.xlsx")
    )
