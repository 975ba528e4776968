"""`/api/v1/evidence`: two doors in, one out."""

from __future__ import annotations

import hashlib
from datetime import datetime, timedelta
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Path, Query, Request, Response
from pydantic import BaseModel

from alerts.instants import iso, parse_instant
from service.evidence import flows, repository
from service.evidence.reading import template_csv, template_xlsx
from service.evidence.records import Kind
from service.evidence.schemas import GateMessage, HoursMessage, InspectionMessage, PointsMessage
from service.feeds.endpoints import schema_of
from service.kit.auth import Caller, require_principal, runtime_of
from service.kit.body import read_body
from service.kit.http import PageKey, PageSize, Uow, instant_of, json_answer, once
from service.kit.metrics import RECEIVED
from service.kit.problems import Forbidden, Invalid

router = APIRouter(prefix="/api/v1/evidence", tags=["evidence"])
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
MODELS: tuple[type[BaseModel], ...] = (HoursMessage, GateMessage, InspectionMessage, PointsMessage)
BODY: dict[str, Any] = {
    "requestBody": {
        "required": True,
        "content": {
            "application/json": {"schema": {"anyOf": [schema_of(model) for model in MODELS]}},
            "text/csv": {"schema": {"type": "string"}},
            XLSX: {"schema": {"type": "string", "format": "binary"}},
        },
    }
}
Uscc = Annotated[str, Query(pattern=r"^[0-9A-HJ-NPQRTUWXY]{18}$")]
LONGEST = timedelta(days=400)


@router.post("", status_code=201, openapi_extra=BODY)
async def evidence(
    request: Request,
    feed: Annotated[str | None, Query(max_length=64, description="The feed that signs (Standard Webhooks).")] = None,
    kind: Annotated[Kind | None, Query(description="What an uploaded file holds.")] = None,
    name: Annotated[str, Query(max_length=200, description="Name of the uploaded file.")] = "",
) -> Response:
    """A signed message of a feed of evidence (`feed`), or a file of somebody signed in (`kind`; the body is .csv or .xlsx)."""
    if feed is not None:
        return await _signed(request, feed)
    return await _uploaded(request, kind, name)


async def _signed(request: Request, feed: str) -> Response:
    runtime = runtime_of(request)
    body = await read_body(request, runtime.settings.max_body_bytes)
    outcome = "refused"
    try:
        async with runtime.unit() as uow:
            status, answer = await flows.receive(uow, feed, request.headers, body)
            await uow.commit()
        outcome = "taken"
    finally:
        RECEIVED.labels("evidence", outcome).inc()
    return Response(answer, status, media_type="application/json")


async def _uploaded(request: Request, kind: Kind | None, name: str) -> Response:
    principal = await require_principal(request)
    if not principal.may_send_evidence:
        raise Forbidden("Evidence is sent by duty officers and commanders, and by each enterprise for itself.")
    if kind is None:
        raise Invalid("Say with ?kind= what the file holds: " + ", ".join(one.value for one in Kind) + ".")
    runtime = runtime_of(request)
    flows.require_sender(principal, kind)
    content = await read_body(request, runtime.settings.max_upload_bytes)
    records = await flows.parsed(principal, kind, content)
    fingerprint = {"kind": kind.value, "content": hashlib.sha256(content).hexdigest()}
    async with runtime.unit() as uow:  # opened only now: a slow sender or a long file holds no connection

        async def make() -> tuple[int, object]:
            return 201, await flows.upload(uow, principal, kind, name, content, records, door="api")

        answer = await once(request, uow, principal, fingerprint, make)
        await uow.commit()
    return answer


@router.get("")
async def hours(
    caller: Caller,
    uow: Uow,
    uscc: Uscc,
    start: Annotated[str, Query(alias="from", max_length=40)],
    until: Annotated[str, Query(max_length=40)],
    after: Annotated[str | None, Query(max_length=300, description="Give the `next` of the page before.")] = None,
    size: PageSize = 500,
) -> Response:
    """Every hour of an enterprise in [from, until), corrections beside what they replaced, in pages."""
    first, last = instant_of(start, "from"), instant_of(until, "until")
    if not first < last <= first + LONGEST:
        raise Invalid("until must lie after from, at most 400 days.")
    homes = await flows.visible_homes(uow, caller, uscc)
    items = await repository.page(uow, homes, uscc, first, last, _key(after), size)
    following = None
    if len(items) == size:
        end = items[-1]
        following = "|".join([end["point"], end["item"], iso(end["time"]), str(end["batch"])])
    return json_answer({"items": items, "next": following})


def _key(after: str | None) -> tuple[str, str, datetime, int] | None:
    if after is None:
        return None
    parts = after.rsplit("|", 3)
    try:
        point, item, time, batch = parts
        number = int(batch)
        if not 0 <= number < 2**62:
            raise ValueError(batch)
        return point, item, parse_instant(time), number
    except ValueError as error:
        raise Invalid("after is no key of a page; give the `next` of the page before.") from error


@router.get("/inspections")
async def inspections(
    caller: Caller,
    uow: Uow,
    uscc: Uscc | None = None,
    result: Annotated[Literal["in_order", "breach", "not_seen"] | None, Query()] = None,
    after: PageKey = None,
    size: PageSize = 100,
) -> Response:
    """Inspections of your region, newest first, in pages; a breach names its finding. An enterprise sees its own, a breach
    once it was notified."""
    items = await repository.inspections(uow, caller, uscc=uscc, result=result, after=after, size=size)
    return json_answer({"items": items, "next": items[-1]["id"] if len(items) == size else None})


@router.get("/templates/{kind}.{form}")
async def template(kind: Kind, form: Annotated[str, Path(pattern=r"^(csv|xlsx)$")], caller: Caller) -> Response:
    """The file to fill in."""
    content, media = (template_csv(kind), "text/csv; charset=utf-8") if form == "csv" else (template_xlsx(kind), XLSX)
    disposition = f'attachment; filename="evidence-{kind.value}.{form}"'
    return Response(content, media_type=media, headers={"content-disposition": disposition})
