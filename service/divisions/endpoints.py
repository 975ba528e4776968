"""`/api/v1/divisions/{adcode}`: what is known of a place."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Path, Request, Response

from service.accounts.roles import Principal
from service.assessments import repository as assessments
from service.assessments.repository import FORECAST_SQL, FORECASTS_BACK
from service.kit.auth import Official
from service.kit.canonical import canonical
from service.kit.http import Uow, json_answer, with_etag
from service.kit.problems import Forbidden, Unknown
from service.kit.unit_of_work import UnitOfWork, beijing
from service.prompts.repository import prompt_for
from service.warnings.repository import standing

router = APIRouter(prefix="/api/v1/divisions", tags=["divisions"])
Adcode = Annotated[str, Path(pattern=r"^\d{6}$")]


def _in_scope(uow: UnitOfWork, official: Principal, adcode: str) -> None:
    if adcode not in uow.runtime.law.divisions:
        raise Unknown(f"There is no division {adcode}; use a GB/T 2260 code.")
    if not official.scope.covers(adcode):
        raise Forbidden("This division is outside your region.")


@router.get("/{adcode}")
async def division(adcode: Adcode, request: Request, official: Official, uow: Uow) -> Response:
    """Name, plan and rules that apply, what is in force, what a prompt asks."""
    _in_scope(uow, official, adcode)
    law = uow.runtime.law
    plan = law.plan_for(adcode, uow.now)
    criteria = law.criteria_for(adcode, uow.now, plan_id=plan.id, rules_id=uow.runtime.rules_id)
    stands, prompt = await standing(uow, adcode), await prompt_for(uow, adcode)
    known = law.divisions[adcode]
    body = {
        "adcode": adcode,
        "name": known.name,
        "level": known.level,
        "parent": known.parent,
        "plan": plan.id,
        "rules": criteria.rules_id,
        "warning": None
        if stands is None
        else {
            "id": stands.warning_id,
            "level": stands.level.code,
            "state": stands.state,
            "effective_at": stands.effective_at,
            "planned_end": stands.planned_end,
            "ends_at": stands.closing_at,
        },
        "prompt": None
        if prompt is None
        else {"id": prompt.id, "level": prompt.level.code, "starts_at": prompt.starts_at},
    }
    return with_etag(request, canonical(body).encode())


@router.get("/{adcode}/forecast")
async def forecast(adcode: Adcode, official: Official, uow: Uow) -> Response:
    """The latest forecast of each feed for the division, as delivered."""
    _in_scope(uow, official, adcode)
    rows = await uow.fetch(FORECAST_SQL, adcode, uow.now - FORECASTS_BACK, uow.now)
    latest = {row["feed"]: row for row in rows}
    return json_answer(
        {
            "adcode": adcode,
            "forecasts": [
                {
                    "id": row["id"],
                    "feed": row["feed"],
                    "issued_at": beijing(row["issued_at"]),
                    "basis": row["basis"],
                    "points": row["points"],
                }
                for row in latest.values()
            ],
        }
    )


@router.get("/{adcode}/assessment")
async def assessment(adcode: Adcode, request: Request, official: Official, uow: Uow) -> Response:
    """The newest assessment with its whole trace."""
    _in_scope(uow, official, adcode)
    row = await assessments.latest(uow, adcode)
    if row is None:
        raise Unknown("Nothing has been assessed here yet; it begins with the first forecast or observation.")
    body = {"id": row["id"], "as_of": beijing(row["as_of"]), "plan": row["plan"], **row["document"]}
    return with_etag(request, canonical(body).encode())
