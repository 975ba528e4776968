"""Follow-up (督办): what is owed with its countdown, tasks of departments, reports signed by hand."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Mapping
from typing import Annotated, Any

from fastapi import APIRouter, Path, Query, Request, Response
from fastapi.responses import RedirectResponse
from pydantic import ValidationError

from alerts.obligations import REPORTS, Kind, terms_of
from service.accounts.roles import CENTRE, Principal, Scope
from service.evaluations.document import DOCX
from service.kit.auth import Official, runtime_of
from service.kit.http import Uow
from service.kit.problems import Conflict, ContentChanged, Invalid
from service.kit.unit_of_work import UnitOfWork
from service.obligations import reports, repository
from service.obligations.document import docx
from service.obligations.schemas import EntryBody, ReportBody
from service.tasks import flows as tasks
from service.tasks import repository as tasks_repository
from service.web.factor import FAULTS, is_asked
from service.web.forms import read_form
from service.web.pages import render, said_of, writer_of

router = APIRouter(include_in_schema=False)
Id = Annotated[int, Path(ge=1, le=2**62)]
Adcode = Annotated[str, Path(pattern=r"^\d{6}$")]
Place = Annotated[str, Query(pattern=r"^(\d{6})?$")]
State = Annotated[str, Query(pattern=r"^(given|received|done|over)?$")]
FORM_BYTES = 80_000
SHOWN = 200
SHOWN_DONE = 30


@router.get("/duties")
async def duties(request: Request, official: Official, uow: Uow, place: Place = "", state: State = "") -> Response:
    """Everything owed and given in the region: what presses first, then tasks by division and department."""
    within = place or None
    given = await tasks_repository.page(
        uow,
        official.scope,
        adcode=within,
        state=None if state == "over" else state or None,
        live_only=state != "over",
        size=SHOWN,
    )
    past = await repository.page(uow, official.scope, states=["met", "late_met", "waived"], size=SHOWN_DONE)
    return render(
        request,
        "duties.html",
        official,
        pressing=await repository.pressing(uow, official.scope, within, SHOWN),
        past=[one for one in past if within is None or Scope(place).covers(one["adcode"])],
        board=_board(given),
        places=await _places(uow, official),
        place=place,
        state=state,
        terms=_terms(request, place or official.scope.adcode),
        may_name=official.role in CENTRE,
        here_place=place or official.scope.adcode,
    )


def _board(items: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Tasks by division, in each by category as they were given."""
    by_place: defaultdict[str, list[dict[str, Any]]] = defaultdict(list)
    for item in items:
        by_place[item["adcode"]].append(item)
    return [
        {
            "adcode": adcode,
            "place": found[0]["place"],
            "given": len(found),
            "received": sum(one["received_at"] is not None for one in found),
            "done": sum(one["state"] == "done" for one in found),
            "tasks": sorted(found, key=lambda one: one["id"]),
        }
        for adcode, found in sorted(by_place.items())
    ]


async def _places(uow: UnitOfWork, official: Principal) -> list[dict[str, str]]:
    rows = await uow.fetch(
        "SELECT adcode FROM obligation WHERE adcode LIKE $1 UNION SELECT adcode FROM task WHERE adcode LIKE $1 ORDER BY 1",
        official.scope.prefix + "%",
    )
    return [{"adcode": row["adcode"], "name": uow.runtime.place(row["adcode"])} for row in rows]


def _terms(request: Request, adcode: str) -> list[dict[str, Any]]:
    """What the plan of a place sets, kind by kind; hours None: not established."""
    runtime = runtime_of(request)
    terms = terms_of(runtime.law.plan_for(adcode, runtime.clock.now()), runtime.law.plans)
    return [{"kind": kind.value, "hours": terms.hours(kind), "reference": terms.reference(kind)} for kind in Kind]


@router.get("/duties/{obligation_id}")
async def one(obligation_id: Id, request: Request, official: Official, uow: Uow) -> Response:
    """One obligation; a report is written and signed here."""
    return await _one(request, uow, official, obligation_id)


async def _one(
    request: Request,
    uow: UnitOfWork,
    official: Principal,
    obligation_id: int,
    *,
    status: int = 200,
    fault: str | None = None,
    written: Mapping[str, str] | None = None,
) -> Response:
    found = await repository.find(uow, official.scope, obligation_id)
    draft, why_not = None, None
    if Kind(found["kind"]) in REPORTS:
        try:
            draft = await reports.draft(uow, official.scope, obligation_id)
        except Conflict as refused:
            why_not = said_of(refused, writer_of(request).language)
    return render(
        request,
        "duty.html",
        official,
        status=status,
        duty=found,
        draft=draft,
        why_not=why_not,
        may_sign=official.role in CENTRE and draft is not None,
        fault=fault,
        factor=await is_asked(uow, official),
        written=dict.fromkeys(reports.WORDS, "") | dict(written or {}),
    )


@router.post("/duties/{obligation_id}/report")
async def sign(obligation_id: Id, request: Request, official: Official) -> Response:
    """Sign a report as it was read; what was written is kept when something is wrong."""
    fields = await read_form(request, FORM_BYTES)
    written = {name: fields.get(name, "") for name in reports.WORDS}
    try:
        return await _signed(request, official, obligation_id, fields, written)
    except tuple(FAULTS) as refused:
        async with runtime_of(request).unit() as uow:
            fault = FAULTS[type(refused)]
            return await _one(request, uow, official, obligation_id, status=refused.status, fault=fault, written=written)


async def _signed(
    request: Request, official: Principal, obligation_id: int, fields: Mapping[str, str], written: Mapping[str, str]
) -> Response:
    async with runtime_of(request).unit() as uow:
        try:
            read = {"content_hash": fields.get("content_hash", ""), "as_of": fields.get("as_of") or None}
            body = ReportBody.model_validate({**read, **written})
            words = body.model_dump(include=set(reports.WORDS))
            factor = fields.get("factor", "")[:64] or None
            await reports.sign(
                uow, official, obligation_id, body.content_hash, words, as_of=body.as_of, factor=factor
            )
            await uow.commit()
        except ValidationError:
            return await _one(
                request, uow, official, obligation_id, status=422, fault="du_words_needed", written=written
            )
        except ContentChanged:
            return await _one(request, uow, official, obligation_id, status=409, fault="du_changed", written=written)
    return RedirectResponse(f"/duties/{obligation_id}", 303)


@router.get("/duties/{obligation_id}/report.docx")
async def document(obligation_id: Id, official: Official, uow: Uow) -> Response:
    """The newest signed report as a document; a draft where none is signed."""
    found = await repository.find(uow, official.scope, obligation_id)
    if found["reports"]:
        signed = found["reports"][-1]
        facts = signed["facts"]
    else:
        signed, facts = None, (await reports.draft(uow, official.scope, obligation_id))["facts"]
    content = await asyncio.to_thread(docx, facts, signed)
    name = f'attachment; filename="{found["kind"]}-{obligation_id}.docx"'
    return Response(content, media_type=DOCX, headers={"content-disposition": name, "cache-control": "private, no-store"})


@router.get("/duties/tasks/{task_id}")
async def task(task_id: Id, request: Request, official: Official, uow: Uow) -> Response:
    """One task: its measures, its receipts and progress, and the form to answer."""
    found = await tasks_repository.find(uow, official, task_id)
    return render(request, "task.html", official, task=found, fault=None)


@router.post("/duties/tasks/{task_id}")
async def enter(task_id: Id, request: Request, official: Official) -> Response:
    """Take a receipt, progress or the end of a task."""
    fields = await read_form(request)
    given = {name: fields.get(name) or None for name in ("kind", "done", "total", "note")}
    async with runtime_of(request).unit() as uow:
        try:
            body = EntryBody.model_validate(given)
            await tasks.enter(uow, official, task_id, body.kind, done=body.done, total=body.total, note=body.note)
            await uow.commit()
        except (ValidationError, Invalid):
            found = await tasks_repository.find(uow, official, task_id)
            return render(request, "task.html", official, status=422, task=found, fault="du_numbers")
    return RedirectResponse(f"/duties/tasks/{task_id}", 303)


@router.get("/duties/departments/{adcode}")
async def departments(adcode: Adcode, request: Request, official: Official, uow: Uow) -> Response:
    """Which department answers for what, and which organisation holds its tasks."""
    return await _departments(request, uow, official, adcode)


async def _departments(
    request: Request, uow: UnitOfWork, official: Principal, adcode: str, *, status: int = 200, fault: str | None = None
) -> Response:
    items = await tasks_repository.departments(uow, official.scope, adcode)
    rows = await uow.fetch(
        "SELECT id, name FROM organisation WHERE adcode = $1 AND closed_at IS NULL ORDER BY name", adcode
    )
    return render(
        request,
        "departments.html",
        official,
        status=status,
        adcode=adcode,
        place=uow.runtime.place(adcode),
        items=items,
        organisations=[dict(row) for row in rows],
        may_name=official.role in CENTRE,
        fault=fault,
    )


@router.post("/duties/departments/{adcode}")
async def name_holder(adcode: Adcode, request: Request, official: Official) -> Response:
    """Name the organisation that holds a department's tasks."""
    fields = await read_form(request)
    chosen = fields.get("organisation", "")
    number = int(chosen) if chosen.isascii() and chosen.isdigit() and len(chosen) <= 18 else 0
    async with runtime_of(request).unit() as uow:
        try:
            await tasks.name_holder(uow, official, adcode, fields.get("department", ""), number)
            await uow.commit()
        except Invalid:
            return await _departments(request, uow, official, adcode, status=422, fault="du_holder_unknown")
    return RedirectResponse(f"/duties/departments/{adcode}", 303)
