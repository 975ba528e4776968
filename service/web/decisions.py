"""The decision page: exactly what will be published, why, whom it touches, and two plain buttons."""

from __future__ import annotations

import json
from typing import Annotated, Any

from fastapi import APIRouter, Path, Request, Response
from fastapi.responses import RedirectResponse

from alerts.guard import GROUNDS, KIND_WORDS, Ground, Kind, Words, grounds_for
from emission_lists.summary import Dimension
from service.accounts import factors
from service.accounts.roles import Principal
from service.deviations.flows import left_unchanged
from service.kit.auth import Official, runtime_of
from service.kit.http import Uow
from service.kit.problems import (
    Conflict,
    ContentChanged,
    FactorNeeded,
    FactorWrong,
    Forbidden,
    Invalid,
    NoLongerSupported,
    Problem,
    TooManyAttempts,
)
from service.kit.unit_of_work import UnitOfWork
from service.proposals import repository
from service.proposals.chains import SignedMeanwhile, turns
from service.proposals.course import bar_to_withdrawal, withdraw
from service.proposals.flows import decide
from service.web import proposal_facts as facts
from service.web.forms import read_form
from service.web.pages import Writer, render, writer_of
from service.web.situation import lead_hours
from service.web.texts import TEXTS

router = APIRouter(include_in_schema=False)
Id = Annotated[int, Path(ge=1, le=2**62)]
REJECTIONS = ("reject_forecast", "reject_level", "reject_time", "reject_upper")
TOP_INDUSTRIES = 12
MAX_REASON = 2000
FAULTS: dict[type[Problem], str] = {
    Invalid: "reject_ground_wrong",
    FactorNeeded: "factor_needed",
    FactorWrong: "factor_wrong",
    TooManyAttempts: "factor_rests",
    ContentChanged: "conflict_changed",
    NoLongerSupported: "conflict_unsupported",
    SignedMeanwhile: "conflict_signed",
    Forbidden: "conflict_not_yours",
    Conflict: "conflict_closed",
}
"""What the page says to each refusal that the reader can do something about."""
KEPT_SQL = """
SELECT key AS name, enterprises, lines FROM list_sum WHERE version_id = $1 AND dimension = $2
ORDER BY enterprises DESC, key LIMIT $3
"""
BY_INDUSTRY_SQL = """
SELECT industry AS name, count(*) AS enterprises, sum(lines) AS lines FROM list_enterprise WHERE version_id = $1
GROUP BY industry ORDER BY count(*) DESC, industry LIMIT $2
"""
BY_GRADE_SQL = """
SELECT grade AS name, count(*) AS enterprises, sum(lines) AS lines FROM list_enterprise WHERE version_id = $1
GROUP BY grade ORDER BY count(*) DESC, grade
"""
ALL_GRADES = 100
TOTALS_SQL = "SELECT id, enterprises, lines, totals, generated, largest FROM list_version WHERE id = $1"
NOTED_SQL = "SELECT kind FROM deviation WHERE proposal_id = $1 ORDER BY id"
DECISION_SQL = "SELECT role, approve, reason, decided_at FROM decision WHERE proposal_id = $1"


async def effect_of(uow: UnitOfWork, version_id: int | None) -> dict[str, Any] | None:
    """Enterprises and lines that approval would reach, by industry and by grade, and the largest lines. None without a list.

    All of it was added up at import; only a version from before that is counted.
    """
    if version_id is None:
        return None
    return {
        "list": await uow.fetchrow(TOTALS_SQL, version_id),
        "industries": await uow.fetch(KEPT_SQL, version_id, Dimension.INDUSTRY.value, TOP_INDUSTRIES)
        or await uow.fetch(BY_INDUSTRY_SQL, version_id, TOP_INDUSTRIES),
        "grades": await uow.fetch(KEPT_SQL, version_id, Dimension.GRADE.value, ALL_GRADES)
        or await uow.fetch(BY_GRADE_SQL, version_id),
    }


def notes_of(writer: Writer, proposal: dict[str, Any]) -> list[str]:
    """What the assessment wants minded, in words; deviations have a place of their own."""
    flags = [flag for flag in proposal["content"]["flags"] if flag not in set(Kind)]
    return [writer.t(f"flag_{flag}") if f"flag_{flag}" in TEXTS[writer.language] else flag for flag in flags]


def said(writer: Writer, words: Words) -> str:
    """One of both languages."""
    return words.zh if writer.language == "zh" else words.en


def deviation_of(writer: Writer, proposal: dict[str, Any]) -> dict[str, Any] | None:
    """How a proposal departs from the assessment, in words; None when it follows it."""
    given = proposal["content"].get("deviation")
    if given is None:
        return None
    ground = given["ground"]
    return {
        "kind": said(writer, KIND_WORDS[Kind(given["kind"])]),
        "ground": None if ground is None else said(writer, GROUNDS[Ground(ground)].words),
        "called_for": given["called_for"],
    }


async def rejection_of(uow: UnitOfWork, writer: Writer, proposal_id: int) -> dict[str, Any]:
    """What a rejection would leave behind, in words, and the grounds that stand for it."""
    row = await uow.fetchrow("SELECT * FROM proposal WHERE id = $1", proposal_id)
    assert row is not None
    if row["action"] == "hold":
        return {"leaves": None, "grounds": {}}
    unchanged = await left_unchanged(uow, row, uow.runtime.law.plan_for(row["adcode"], uow.now))
    if unchanged.kind is None:
        return {"leaves": None, "grounds": {}}
    fitting = [ground for ground in grounds_for(unchanged.kind) if ground is not Ground.REGIONAL_PROMPT]
    return {
        "leaves": said(writer, KIND_WORDS[unchanged.kind]),
        "grounds": {ground.value: said(writer, GROUNDS[ground].words) for ground in fitting},
    }


async def _page(
    request: Request,
    uow: UnitOfWork,
    official: Principal,
    proposal_id: int,
    *,
    status: int = 200,
    fault: str | None = None,
) -> Response:
    proposal, writer = await repository.find(uow, official.scope, proposal_id), writer_of(request)
    evidence = await uow.fetchval("SELECT document FROM assessment WHERE id = $1", proposal["assessment"])
    law, turn = uow.runtime.law, (await turns(uow, official, [proposal_id]))[proposal_id]
    plan = law.plan_for(proposal["adcode"], uow.now)
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
        obstacle=None if turn.bar is None else facts.OBSTACLES[turn.bar],
        acting=facts.stands_in(official, turn),
        withdrawable=bar_to_withdrawal(official, proposal) is None,
        rejections=REJECTIONS,
        notes=notes_of(writer, proposal),
        deviation=deviation_of(writer, proposal),
        rejection=await rejection_of(uow, writer, proposal_id),
        noted=[said(writer, KIND_WORDS[Kind(row["kind"])]) for row in await uow.fetch(NOTED_SQL, proposal_id)],
        decision=await uow.fetchrow(DECISION_SQL, proposal_id),
        top=TOP_INDUSTRIES,
        names=await facts.signers(uow, proposal),
        replaced=await facts.replaced(uow, proposal),
        replacing=await facts.replacing(uow, proposal),
        changes=facts.changes(proposal, plan, law.plans, uow.now),
        neighbours=await facts.neighbours(uow, official, proposal["adcode"]),
        factor=uow.runtime.settings.require_factor or await factors.state(uow, official) == "active",
    )


@router.get("/proposals/{proposal_id}")
async def proposal(proposal_id: Id, request: Request, official: Official, uow: Uow) -> Response:
    """One proposal to decide on."""
    return await _page(request, uow, official, proposal_id)


@router.post("/proposals/{proposal_id}")
async def decision(proposal_id: Id, request: Request, caller: Official) -> Response:
    """Sign or reject the content whose hash the form carries; then back to the page.

    The unit is opened here: what a refusal leaves behind is rolled back before the page is read again.
    """
    fields = await read_form(request)
    approve = fields.get("verdict") == "approve"
    reason = _reason(writer_of(request), fields, approve=approve)
    if reason is None:
        return await _again(request, caller, proposal_id, 422, "reject_needed")
    try:
        ground = _ground(fields, approve=approve)
        async with runtime_of(request).unit() as uow:
            await decide(
                uow,
                caller,
                proposal_id,
                approve=approve,
                content_hash=fields.get("content_hash", ""),
                reason=reason,
                ground=ground,
                step=_step(fields),
                factor=fields.get("factor"),
            )
            await uow.commit()
    except tuple(FAULTS) as refused:
        return await _again(request, caller, proposal_id, refused.status, _fault(refused))
    return RedirectResponse(f"/proposals/{proposal_id}", 303)


@router.post("/proposals/{proposal_id}/withdrawal")
async def withdrawal(proposal_id: Id, request: Request, caller: Official) -> Response:
    """The proposer takes the proposal back, with a reason; then back to the page."""
    fields = await read_form(request)
    if not (reason := fields.get("reason", "")):
        return await _again(request, caller, proposal_id, 422, "withdraw_needed")
    try:
        async with runtime_of(request).unit() as uow:
            await withdraw(
                uow,
                caller,
                proposal_id,
                content_hash=fields.get("content_hash", ""),
                reason=reason[:MAX_REASON],
                factor=fields.get("factor"),
            )
            await uow.commit()
    except tuple(FAULTS) as refused:
        return await _again(request, caller, proposal_id, refused.status, _fault(refused))
    return RedirectResponse(f"/proposals/{proposal_id}", 303)


def _fault(refused: Problem) -> str:
    """The text key of what a refusal says; the nearest kind counts."""
    return next(FAULTS[kind] for kind in type(refused).__mro__ if kind in FAULTS)


def _step(fields: dict[str, str]) -> int | None:
    """How many signatures the reader saw given; None when the form does not say."""
    given = fields.get("step", "")
    return int(given) if given.isascii() and given.isdigit() and len(given) < 3 else None


async def _again(request: Request, caller: Principal, proposal_id: int, status: int, fault: str) -> Response:
    async with runtime_of(request).unit() as uow:
        return await _page(request, uow, caller, proposal_id, status=status, fault=fault)


def _reason(writer: Writer, fields: dict[str, str], *, approve: bool) -> str | None:
    """The reason to store; None when rejecting without one from the list."""
    if approve:
        return writer.t("agreed")
    chosen, note = fields.get("reason", ""), fields.get("note", "")
    if chosen not in REJECTIONS:
        return None
    return f"{writer.t(chosen)}：{note}"[:MAX_REASON] if note else writer.t(chosen)


def _ground(fields: dict[str, str], *, approve: bool) -> Ground | None:
    """The ground chosen for a rejection. Raises Invalid for one that is not on the list."""
    chosen = fields.get("ground", "")
    if approve or not chosen:
        return None
    if chosen not in set(Ground):
        raise Invalid(f"There is no ground {chosen}.")
    return Ground(chosen)
