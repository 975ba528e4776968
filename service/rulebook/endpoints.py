"""`/api/v1/rules` and `/api/v1/plans`: the law the service goes by, as plain values."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Any

from fastapi import APIRouter, Path, Query, Request, Response

from alerts.instants import parse_day
from alerts.law import Law
from service.kit.auth import Official, runtime_of
from service.kit.canonical import canonical
from service.kit.http import with_etag
from service.kit.problems import Invalid, Unknown
from service.rulebook.documents import plan_document, plans_document, rules_document
from service.rulebook.flows import read_plan, usual_day
from service.rulebook.statements import PlanReading

router = APIRouter(prefix="/api/v1", tags=["law"])
PlanId = Annotated[str, Path(max_length=64, pattern=r"^[a-z][a-z0-9-]*$")]
On = Annotated[str | None, Query(max_length=20, description="Natural day such as 2026-01-01 to read the plan on.")]


def _answer(request: Request, body: dict[str, Any]) -> Response:
    return with_etag(request, canonical(body).encode())


@router.get("/rules")
async def rules(request: Request, _official: Official) -> Response:
    """Every rule set (分级标准) and edition of the AQI standard, with references, choices and what is not established."""
    return _answer(request, rules_document(runtime_of(request).law))


@router.get("/plans")
async def plans(request: Request, _official: Official) -> Response:
    """Every plan (应急预案) by place, with the days on which it is in force."""
    return _answer(request, plans_document(runtime_of(request).law))


@router.get("/plans/{plan_id}")
async def plan(plan_id: PlanId, request: Request, _official: Official, on: On = None) -> Response:
    """One plan laid over those above it: every value and which plan it comes from.

    Read on a day: today, or the plan's nearest day in force; `on` asks for another.
    """
    runtime = runtime_of(request)
    day, reading = reading_of(runtime.law, plan_id, on, runtime.clock.now().date())
    return _answer(request, plan_document(runtime.law, reading, day))


def reading_of(law: Law, plan_id: str, on: str | None, today: date) -> tuple[date, PlanReading]:
    """The day and the plan as it reads then. Raises Unknown, and Invalid for what is no day of the plan."""
    known = law.plans.get(plan_id)
    if known is None:
        raise Unknown(f"There is no plan {plan_id}; /api/v1/plans lists them.")
    try:
        day = parse_day(on) if on else usual_day(known.in_force, today)
    except ValueError as error:
        raise Invalid(f"on: {error}.") from error
    if not known.in_force.covers(day):
        raise Invalid(f"on: {plan_id} is not in force on {day}; leave `on` out, or give a day on which it is.")
    return day, read_plan(law, plan_id, day)
