"""Findings (核查): the list, one with its proof and its steps, and the page where evidence comes in."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter, Path, Query, Request, Response
from fastapi.responses import RedirectResponse
from pydantic import ValidationError
from starlette.datastructures import UploadFile

from alerts.instants import parse_instant
from emission_lists.compliance_process import FindingState
from emission_lists.compliance_rules import Rule
from service.accounts.roles import Principal, Role
from service.evidence import flows as evidence
from service.evidence import repository as arrived
from service.evidence.records import Kind
from service.findings import flows, repository
from service.findings.picture import picture_of
from service.findings.schemas import FindingBody, StepBody
from service.findings.standing import watched
from service.kit.auth import Caller, runtime_of, same_origin
from service.kit.canonical import canonical
from service.kit.http import PageKey, Uow, with_etag
from service.kit.problems import Conflict, Forbidden, Invalid, Problem, TooLarge, Unknown
from service.kit.unit_of_work import UnitOfWork
from service.web.forms import read_form
from service.web.pages import render, said_of, writer_of

router = APIRouter(include_in_schema=False)
Id = Annotated[int, Path(ge=1, le=2**62)]
SHOWN = 50
SHOWN_FAULTS = 500
SHOWN_GAPS = 6


@router.get("/findings")
async def findings(
    request: Request,
    caller: Caller,
    uow: Uow,
    state: Annotated[str, Query(max_length=16)] = "",
    rule: Annotated[str, Query(max_length=32)] = "",
    after: PageKey = None,
) -> Response:
    """Findings of the scope (an enterprise's own), by state and rule, newest first; without a state those that are open."""
    return await _list(request, uow, caller, state=state, rule=rule, after=after)


async def _list(
    request: Request,
    uow: UnitOfWork,
    caller: Principal,
    *,
    state: str = "",
    rule: str = "",
    after: int | None = None,
    status: int = 200,
    fault: str | None = None,
    given: Mapping[str, str] | None = None,
) -> Response:
    items = await repository.page(
        uow,
        caller,
        state=FindingState(state) if state in set(FindingState) else None,
        rule=Rule(rule) if rule in set(Rule) else None,
        after=after,
        size=SHOWN,
        open_only=not state,
    )
    return render(
        request,
        "findings.html",
        caller,
        status=status,
        items=await repository.with_lines(uow, items),
        following=items[-1]["id"] if len(items) == SHOWN else None,
        state=state,
        rule=rule,
        states=[one.value for one in FindingState],
        rules=list(Rule),
        fault=fault,
        given=given or {},
    )


@router.post("/findings")
async def raised(request: Request, caller: Caller) -> Response:
    """A finding by hand."""
    fields = await read_form(request)
    try:
        body = FindingBody(
            uscc=fields.get("uscc", ""),
            line=fields.get("line") or None,
            starts_at=_instant(fields.get("starts_at", "")),
            note=fields.get("note", ""),
            attachment=fields.get("attachment") or None,
        )
        async with runtime_of(request).unit() as uow:
            made = await flows.raise_by_hand(uow, caller, body)
            await uow.commit()
    except (ValidationError, Problem) as refused:
        status, detail = _refusal(request, refused)
        async with runtime_of(request).unit() as uow:
            return await _list(request, uow, caller, status=status, fault=detail, given=fields)
    return RedirectResponse(f"/findings/{made['id']}", 303)


def _instant(text: str) -> datetime:
    try:
        return parse_instant(text)
    except ValueError as error:
        raise Invalid(str(error)) from error


def _refusal(request: Request, refused: ValidationError | Problem) -> tuple[int, str]:
    if isinstance(refused, Problem):
        return refused.status, said_of(refused, writer_of(request).language)
    named = "、".join(str(fault["loc"][0]) for fault in refused.errors())
    return 422, writer_of(request).t("fd_bad_form", what=named)


@router.get("/findings/{finding_id}")
async def finding(finding_id: Id, request: Request, caller: Caller, uow: Uow) -> Response:
    """One finding: what proves it, what was required, its steps, the forms that are open, what laws say."""
    return await _one(request, uow, caller, finding_id)


async def _one(
    request: Request,
    uow: UnitOfWork,
    caller: Principal,
    finding_id: int,
    *,
    status: int = 200,
    fault: str | None = None,
) -> Response:
    row = await repository.find(uow, caller, finding_id)
    found = await repository.whole(uow, row)
    own = caller.role is Role.ENTERPRISE
    mine = {"answer"} if own else ({"notify", "confirm", "withdraw"} if caller.may_pursue_findings else set())
    return render(
        request,
        "finding.html",
        caller,
        status=status,
        finding=found,
        picture=await picture_of(uow, row),
        open_steps=[step for step in found["open"] if step in mine],
        raised_by_me=row["raised_by"] == caller.account_id,
        notified_by_me=await repository.notified_by(uow, finding_id) == caller.account_id,
        fault=fault,
    )


@router.post("/findings/{finding_id}")
async def step(finding_id: Id, request: Request, caller: Caller) -> Response:
    """One step of the due process."""
    fields = await read_form(request)
    try:
        body = StepBody.model_validate({name: value for name, value in fields.items() if value})
        async with runtime_of(request).unit() as uow:
            await flows.take_step(uow, caller, finding_id, body)
            await uow.commit()
    except (ValidationError, Conflict, Forbidden) as refused:
        status, detail = _refusal(request, refused)
        async with runtime_of(request).unit() as uow:
            return await _one(request, uow, caller, finding_id, status=status, fault=detail)
    return RedirectResponse(f"/findings/{finding_id}", 303)


@router.get("/web/findings/{finding_id}/chart.json")
async def chart(finding_id: Id, request: Request, caller: Caller, uow: Uow) -> Response:
    """The hours that the page draws."""
    picture = await picture_of(uow, await repository.find(uow, caller, finding_id))
    if picture is None:
        raise Unknown("There is nothing to draw for this finding.")
    return with_etag(request, canonical(picture).encode())


@router.get("/evidence")
async def evidence_page(
    request: Request, caller: Caller, uow: Uow, uscc: Annotated[str, Query(max_length=18)] = "", after: PageKey = None
) -> Response:
    """What came in, what is missing, inspections (`after`: the next page of them), and the form to send a file."""
    return await _evidence(request, uow, caller, uscc=uscc, after=after)


async def _evidence(
    request: Request,
    uow: UnitOfWork,
    caller: Principal,
    *,
    uscc: str = "",
    after: int | None = None,
    status: int = 200,
    fault: str | None = None,
    faults: Sequence[Mapping[str, Any]] = (),
    taken: Mapping[str, Any] | None = None,
) -> Response:
    own = caller.role is Role.ENTERPRISE
    asked = (caller.uscc or "") if own else uscc.strip().upper()
    lines: list[dict[str, Any]] | None = None
    if asked:
        try:
            lines = await watched(uow, await evidence.visible_homes(uow, caller, asked), asked)
        except (Invalid, Unknown, Forbidden) as refused:
            status, fault = refused.status, refused.detail
    inspected = await arrived.inspections(uow, caller, uscc=asked or None, after=after, size=SHOWN)
    return render(
        request,
        "evidence.html",
        caller,
        status=status,
        own=own,
        uscc=asked,
        lines=lines,
        shown_gaps=SHOWN_GAPS,
        inspected=inspected,
        following=inspected[-1]["id"] if len(inspected) == SHOWN else None,
        batches=await arrived.batches(uow, caller.scope, caller.account_id if own else None, None, SHOWN),
        kinds=[kind.value for kind in evidence.kinds_of(caller)],
        fault=fault,
        faults=faults[:SHOWN_FAULTS],
        count=len(faults),
        taken=taken,
    )


@router.post("/evidence")
async def upload(request: Request, caller: Caller) -> Response:
    """A file of evidence: all faults at once in a table, or what was stored."""
    if not same_origin(request):
        raise Forbidden("This form was sent from another site's page.")
    if not caller.may_send_evidence:
        raise Forbidden("Evidence is sent by duty officers and commanders, and by each enterprise for itself.")
    runtime = runtime_of(request)
    async with request.form(max_files=1, max_fields=10) as form:
        sent, kind = form.get("file"), str(form.get("kind") or "")
        limit = runtime.settings.max_upload_bytes
        content = await sent.read(limit + 1) if isinstance(sent, UploadFile) else b""
        name = (sent.filename or "") if isinstance(sent, UploadFile) else ""
    if len(content) > limit:
        raise TooLarge(f"A file may have at most {limit} bytes.")
    if not content or kind not in set(Kind):
        async with runtime.unit() as uow:
            return await _evidence(request, uow, caller, status=422, fault=writer_of(request).t("evid_no_file"))
    try:
        records = await evidence.parsed(caller, Kind(kind), content)
        async with runtime.unit() as uow:
            taken = await evidence.upload(uow, caller, Kind(kind), name[:200], content, records, door="page")
            await uow.commit()
    except (Invalid, Forbidden) as refused:
        async with runtime.unit() as uow:
            return await _evidence(
                request, uow, caller, status=refused.status, fault=refused.detail, faults=refused.errors
            )
    async with runtime.unit() as uow:
        return await _evidence(request, uow, caller, status=201, taken=taken)
