"""The decision page: exactly what will be published, why, whom it touches, and two plain buttons."""

from __future__ import annotations

import json
from typing import Annotated, Any

from fastapi import APIRouter, Path, Request, Response
from fastapi.responses import RedirectResponse

from service.accounts.roles import Principal
from service.kit.auth import Official, runtime_of
from service.kit.http import Uow
from service.kit.problems import Conflict, ContentChanged
from service.kit.unit_of_work import UnitOfWork
from service.proposals import repository
from service.proposals.flows import decide
from service.web.forms import read_form
from service.web.pages import Writer, render, writer_of
from service.web.situation import lead_hours

router = APIRouter(include_in_schema=False)
Id = Annotated[int, Path(ge=1, le=2**62)]
REJECTIONS = ("reject_forecast", "reject_level", "reject_time", "reject_upper")
TOP_INDUSTRIES = 12
BY_INDUSTRY_SQL = """
SELECT industry AS name, count(*) AS enterprises, sum(lines) AS lines FROM list_enterprise WHERE version_id = $1
GROUP BY industry ORDER BY count(*) DESC, industry LIMIT $2
"""
BY_GRADE_SQL = """
SELECT grade AS name, count(*) AS enterprises, sum(lines) AS lines FROM list_enterprise WHERE version_id = $1
GROUP BY grade ORDER BY count(*) DESC, grade
"""
TOTALS_SQL = "SELECT id, enterprises, lines, totals, generated FROM list_version WHERE id = $1"
DECISION_SQL = "SELECT role, approve, reason, decided_at FROM decision WHERE proposal_id = $1"


async def effect_of(uow: UnitOfWork, version_id: int | None) -> dict[str, Any] | None:
    """Enterprises and lines that approval would reach, by industry and by grade. None without a list."""
    if version_id is None:
        return None
    return {
        "list": await uow.fetchrow(TOTALS_SQL, version_id),
        "industries": await uow.fetch(BY_INDUSTRY_SQL, version_id, TOP_INDUSTRIES),
        "grades": await uow.fetch(BY_GRADE_SQL, version_id),
    }


def obstacle(principal: Principal, proposal: dict[str, Any]) -> str | None:
    """The text key of why this reader cannot decide; None when they can. The flow checks again."""
    if proposal["proposed_by"] == principal.account_id:
        return "you_cannot_own"
    if not principal.may_decide(proposal["adcode"], tuple(proposal["approvers"]), proposal["proposed_by"]):
        return "you_cannot_role"
    return None


async def _page(
    request: Request,
    uow: UnitOfWork,
    official: Principal,
    proposal_id: int,
    *,
    status: int = 200,
    fault: str | None = None,
) -> Response:
    proposal = await repository.find(uow, official.scope, proposal_id)
    evidence = await uow.fetchval("SELECT document FROM assessment WHERE id = $1", proposal["assessment"])
    return render(
        request,
        "proposal.html",
        official,
        status=status,
        fault=fault,
        proposal=proposal,
        lead=lead_hours(proposal["effective_at"], uow.now),
        overdue=proposal["deadline"] <= uow.now,
        evidence=None if evidence is None else json.loads(evidence),
        effect=await effect_of(uow, proposal["content"]["list_version"]),
        obstacle=obstacle(official, proposal),
        rejections=REJECTIONS,
        decision=await uow.fetchrow(DECISION_SQL, proposal_id),
        top=TOP_INDUSTRIES,
    )


@router.get("/proposals/{proposal_id}")
async def proposal(proposal_id: Id, request: Request, official: Official, uow: Uow) -> Response:
    """One proposal to decide on."""
    return await _page(request, uow, official, proposal_id)


@router.post("/proposals/{proposal_id}")
async def decision(proposal_id: Id, request: Request, caller: Official) -> Response:
    """Approve or reject the content whose hash the form carries; then back to the page.

    The unit is opened here: what a refusal leaves behind is rolled back before the page is read again.
    """
    fields = await read_form(request)
    approve = fields.get("verdict") == "approve"
    reason = _reason(writer_of(request), fields, approve=approve)
    if reason is None:
        return await _again(request, caller, proposal_id, 422, "reject_needed")
    content_hash = fields.get("content_hash", "")
    try:
        async with runtime_of(request).unit() as uow:
            await decide(uow, caller, proposal_id, approve=approve, content_hash=content_hash, reason=reason)
            await uow.commit()
    except ContentChanged:
        return await _again(request, caller, proposal_id, 409, "conflict_changed")
    except Conflict:
        return await _again(request, caller, proposal_id, 409, "conflict_closed")
    return RedirectResponse(f"/proposals/{proposal_id}", 303)


async def _again(request: Request, caller: Principal, proposal_id: int, status: int, fault: str) -> Response:
    async with runtime_of(request).unit() as uow:
        return await _page(request, uow, caller, proposal_id, status=status, fault=fault)


def _reason(writer: Writer, fields: dict[str, str], *, approve: bool) -> str | None:
    """The reason to store; None when rejecting without one from the list."""
    if approve:
        return writer.t("agreed")
    chosen = fields.get("reason", "")
    return writer.t(chosen) if chosen in REJECTIONS else None
