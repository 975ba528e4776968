"""One city: the chart, the trace, the feeds compared, the skill of the forecasts, the warnings, the list in force."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Annotated, Any

from fastapi import APIRouter, Path, Request, Response

from alerts.assessment import assess
from alerts.instants import parse_instant
from alerts.plans import Plan
from service.accounts.roles import Principal
from service.assessments import repository as assessments
from service.kit.auth import Official
from service.kit.canonical import canonical
from service.kit.http import Uow, with_etag
from service.kit.problems import Forbidden, Unknown
from service.kit.unit_of_work import UnitOfWork, beijing
from service.prompts.repository import prompt_for
from service.rulebook.words import written
from service.skill.flows import skill_of
from service.warnings import repository as warnings
from service.web.charts import chart, legend
from service.web.pages import render

router = APIRouter(include_in_schema=False)
Adcode = Annotated[str, Path(pattern=r"^\d{6}$")]
ACTIVE_LIST_SQL = """
SELECT id, title, enterprises, lines, totals, generated, activated_at FROM list_version WHERE adcode = $1 AND state = 'active'
"""
SHOWN_WARNINGS = 3
DEFINED = ("lead_day", "hit", "errors", "missing")
"""The definitions that the compact skill table needs."""


def in_scope(uow: UnitOfWork, official: Principal, adcode: str) -> None:
    """Raises Unknown for no division, Forbidden outside the scope."""
    if adcode not in uow.runtime.law.divisions:
        raise Unknown(f"There is no division {adcode}; use a GB/T 2260 code.")
    if not official.scope.covers(adcode):
        raise Forbidden("This division is outside your region.")


def plan_of(uow: UnitOfWork, adcode: str, row: dict[str, Any] | None, as_of: datetime) -> Plan:
    """The plan an assessment went by; the one in force where config no longer has it, or nothing was assessed."""
    law = uow.runtime.law
    if row is not None and row["plan"] in law.plans:
        return law.plan(row["plan"], as_of)
    return law.plan_for(adcode, as_of)


async def chart_of(uow: UnitOfWork, adcode: str) -> dict[str, Any] | None:
    """The chart as of the newest assessment, recomputed from what was known then. None when nothing is known."""
    row = await assessments.latest(uow, adcode)
    as_of: datetime = (beijing(row["as_of"]) if row else None) or uow.now
    known = await assessments.around(uow, adcode, as_of, row["document"]["forecast"]["feed"] if row else None)
    if known is None:
        return None
    law = uow.runtime.law
    plan = plan_of(uow, adcode, row, as_of)
    criteria = law.criteria_for(adcode, as_of, plan_id=plan.id, rules_id=uow.runtime.rules_id)
    found = assess(known.series, as_of=as_of, criteria=criteria, standards=law.standards)
    return chart(known.series, found, criteria, law.standards, as_of)


def feeds_compared(document: dict[str, Any], plan: Plan) -> dict[str, Any]:
    """The feeds of a stored assessment, which of them counts, and by which rule of the plan.

    `rows` None: the assessment is older than the comparison. `stale`: too old beside the newest issue to count.
    """
    hours = plan.deadlines.forecast_good_hours
    rows = document.get("feeds")
    issued = [parse_instant(row["issued_at"]) for row in rows or () if row["issued_at"]]
    oldest = max(issued) - timedelta(hours=hours) if issued else None
    return {
        "rule": written("feeds", plan.feeds or "latest")[0],
        "hours": hours,
        "by_plan": plan.feeds is not None,
        "plan": plan.origin.get("feeds", plan.id),
        "rows": None
        if rows is None
        else [
            row | {"stale": bool(row["issued_at"] and oldest and parse_instant(row["issued_at"]) < oldest)}
            for row in rows
        ],
    }


@router.get("/city/{adcode}")
async def city(adcode: Adcode, request: Request, official: Official, uow: Uow) -> Response:
    """The page of a city."""
    in_scope(uow, official, adcode)
    newest = await warnings.page(uow, official.scope, live_only=False, adcode=adcode, after=None, size=SHOWN_WARNINGS)
    row = await assessments.latest(uow, adcode)
    as_of = beijing(row["as_of"]) if row else None
    plan = plan_of(uow, adcode, row, as_of or uow.now)
    return render(
        request,
        "city.html",
        official,
        adcode=adcode,
        place=uow.runtime.place(adcode),
        stands=await warnings.standing(uow, adcode),
        assessment=row,
        as_of=as_of,
        plan=plan,
        plan_on=(as_of or uow.now).date(),
        compared=feeds_compared(row["document"], plan) if row else None,
        prompt=await prompt_for(uow, adcode),
        proposal=await uow.fetchval("SELECT id FROM proposal WHERE adcode = $1 AND state = 'open'", adcode),
        histories=[await warnings.find(uow, official.scope, one["id"]) for one in newest],
        active_list=await uow.fetchrow(ACTIVE_LIST_SQL, adcode),
        chart=await chart_of(uow, adcode),
        legend=legend(uow.runtime.law.standards, uow.now),
    )


@router.get("/city/{adcode}/skill")
async def skill(adcode: Adcode, request: Request, official: Official, uow: Uow) -> Response:
    """How the forecasts of the last 90 days stood up, by lead day; the city page fetches its table from here."""
    in_scope(uow, official, adcode)
    found = await skill_of(uow, official.scope, adcode, compact=True)
    return render(
        request, "skill.html", official, adcode=adcode, place=uow.runtime.place(adcode), skill=found, defined=DEFINED
    )


@router.get("/web/city/{adcode}/chart.json")
async def chart_data(adcode: Adcode, request: Request, official: Official, uow: Uow) -> Response:
    """The chart's data. Raises Unknown when nothing is known of the air here."""
    in_scope(uow, official, adcode)
    data = await chart_of(uow, adcode)
    if data is None:
        raise Unknown("No air quality data yet; the chart begins with the first observation or forecast.")
    return with_etag(request, canonical(data).encode())
