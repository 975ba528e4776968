"""Printed sheets: the signed PDF for the enterprise and its officials, and the open page that a sheet is held against."""

from __future__ import annotations

import asyncio
from typing import Annotated

from fastapi import APIRouter, Path, Request, Response

from service.kit.auth import Caller, runtime_of
from service.kit.http import instant_of
from service.print.flows import find_sheet, print_requirements
from service.print.pdf import requirement_pdf
from service.print.signing import seal_of, signed_apart
from service.web.pages import render

router = APIRouter(include_in_schema=False)
Uscc = Annotated[str, Path(pattern=r"^[0-9A-HJ-NPQRTUWXY]{18}$")]
Number = Annotated[str, Path(pattern=r"^[a-z2-7]{26}$")]


@router.get("/enterprises/{uscc}/requirements.pdf")
async def sheet_pdf(uscc: Uscc, request: Request, caller: Caller, at: str | None = None) -> Response:
    """The signed requirement sheet of now or of an instant; what stands on it is kept for the open page."""
    runtime = runtime_of(request)
    async with runtime.unit() as uow:
        sheet = await print_requirements(uow, caller, uscc, None if at is None else instant_of(at, "at"))
        await uow.commit()
    settings = runtime.settings
    seal = await asyncio.to_thread(seal_of, settings)
    address = f"{settings.address}/verify/{sheet.id}"
    drawn = await asyncio.to_thread(
        lambda: requirement_pdf(
            sheet.content,
            address=address,
            digest=sheet.digest,
            created_at=sheet.created_at,
            trial=seal.trial,
            drill=runtime.drill is not None,
        )
    )
    body = await signed_apart(drawn, settings, sheet.created_at, sheet.id)
    return Response(
        body,
        media_type="application/pdf",
        headers={
            "content-disposition": f'inline; filename="requirements-{uscc}.pdf"',
            "cache-control": "private, no-cache",
        },
    )


@router.get("/verify/{number}")
async def verify(number: Number, request: Request) -> Response:
    """What a printed sheet must say. Open to everybody: it shows what stands on the sheet and nothing else."""
    runtime = runtime_of(request)
    async with runtime.unit() as uow:
        sheet = await find_sheet(uow, number)
    return render(request, "verify.html", None, sheet=sheet, trial=runtime.settings.signing_key is None)
