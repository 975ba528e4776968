"""One city: the chart, the trace, the warnings, the list in force."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter, Path, Request, Response

from alerts.assessment import assess
from service.accounts.roles import Principal
from service.assessments import repository as assessments
from service.kit.auth import Official
from service.kit.canonical import canonical
from service.kit.http import Uow, with_etag
from service.kit.problems import Forbidden, Unknown
from service.kit.unit_of_work import UnitOfWork, beijing
from service.prompts.repository import prompt_for
from service.warnings import repository as warnings
from service.web.charts import chart, legend
from service.web.pages import render

router = APIRouter(include_in_schema=False)
Adcode = Annotated[str, Path(pattern=r"^\d{6}$")]
ACTIVE_LIST_SQL = """
SELECT id, title, enterprises, lines, totals, generated, activated_at FROM list_version WHERE adcode = $1 AND state = 'active'
"""
SHOWN_WARNINGS = 3


def in_scope(uow: UnitOfWork, official: Principal, adcode: str) -> None:
    """Raises Unknown for no division, Forbidden outside the scope."""
    if adcode not in uow.runtime.law.divisions:
        raise Unknown(f"There is no division {adcode}; use a GB/T 2260 code.")
    if not official.scope.covers(adcode):
        raise Forbidden("This division is outside your region.")


async def chart_of(uow: UnitOfWork, adcode: str) -> dict[str, Any] | None:
    """The chart as of the newest assessment, recomputed from what was known then. None when nothing is known."""
    row = await assessments.latest(uow, adcode)
    as_of: datetime = (beijing(row["as_of"]) if row else None) or uow.now
    known = await assessments.around(uow, adcode, as_of, row["document"]["forecast"]["feed"] if row else None)
    if known is None:
        return None
    law = uow.runtime.law
    plan_id = row["plan"] if row else law.plan_for(adcode, as_of).id
    criteria = law.criteria_for(adcode, as_of, plan_id=plan_id, rules_id=uow.runtime.rules_id)
    found = assess(known.series, as_of=as_of, criteria=criteria, standards=law.standards)
    return chart(known.series, found, criteria, law.standards, as_of)


@router.get("/city/{adcode}")
async def city(adcode: Adcode, request: Request, official: Official, uow: Uow) -> Response:
    """The page of a city."""
    in_scope(uow, official, adcode)
    newest = await warnings.page(uow, official.scope, live_only=False, adcode=adcode, after=None, size=SHOWN_WARNINGS)
    row = await assessments.latest(uow, adcode)
    open_proposal = await uow.fetchval("SELECT id FROM proposal WHERE adcode = $1 AND state = 'open'", adcode)
    return render(
        request,
        "city.html",
        official,
        adcode=adcode,
        place=uow.runtime.place(adcode),
        stands=await warnings.standing(uow, adcode),
        assessment=row,
        as_of=beijing(row["as_of"]) if row else None,
        prompt=await prompt_for(uow, adcode),
        proposal=open_proposal,
        histories=[await warnings.find(uow, official.scope, one["id"]) for one in newest],
        active_list=await uow.fetchrow(ACTIVE_LIST_SQL, adcode),
        chart=await chart_of(uow, adcode),
        legend=legend(uow.runtime.law.standards, uow.now),
    )


@router.get("/web/city/{adcode}/chart.json")
async def chart_data(adcode: Adcode, request: Request, official: Official, uow: Uow) -> Response:
    """The chart's data. Raises Unknown when nothing is known of the air here."""
    in_scope(uow, official, adcode)
    data = await chart_of(uow, adcode)
    if data is None:
        raise Unknown("No air quality data yet; the chart begins with the first observation or forecast.")
    return with_etag(request, canonical(data).encode())
