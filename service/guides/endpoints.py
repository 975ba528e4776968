"""`/api/v1/guides`: the technical guides, what places add to them and what they once did, as plain values."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Path, Query, Request, Response

from emission_lists.guides_regional import GuideInForce, RegionalExtension
from service.guides.documents import book_document, extension_document, guide_document, practice_document
from service.guides.flows import asked_day, found
from service.guides.loader import book
from service.kit.auth import Official, runtime_of
from service.kit.canonical import canonical
from service.kit.http import with_etag

router = APIRouter(prefix="/api/v1/guides", tags=["law"])
GuideId = Annotated[str, Path(max_length=64, pattern=r"^[A-Za-z0-9-]+$")]
Place = Annotated[
    str | None, Query(pattern=r"^\d{6}$", description="Division whose extension is laid over the guide, e.g. 410100.")
]
On = Annotated[str | None, Query(max_length=20, description="Natural day such as 2026-01-01; today if left out.")]


@router.get("")
async def guides(request: Request, _official: Official, on: On = None) -> Response:
    """Every version of the guide (技术指南), every regional extension and local practice, and what holds on the day."""
    day = asked_day(on, runtime_of(request).clock.now().date())
    return with_etag(request, canonical(book_document(book(), day)).encode())


@router.get("/{guide_id}")
async def guide(
    guide_id: GuideId, request: Request, _official: Official, adcode: Place = None, on: On = None
) -> Response:
    """One guide: every industry, grade and level, with confidence and source; null where nothing is established.

    `adcode` lays the place's extension over it. The id may also be that of an extension or a local practice.
    """
    runtime = runtime_of(request)
    one = found(runtime.law, guide_id, adcode, on, runtime.clock.now().date())
    if isinstance(one, GuideInForce):
        body = guide_document(one, adcode)
    elif isinstance(one, RegionalExtension):
        body = extension_document(one)
    else:
        body = practice_document(one)
    return with_etag(request, canonical(body).encode())
