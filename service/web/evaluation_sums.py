"""Reductions of many responses together as a page: a period, a place or a region, each city and level against its floor."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, timedelta
from typing import Any

from fastapi import APIRouter, Request, Response

from emission_lists.levels import LEVELS
from emission_lists.lists import POLLUTANTS
from service.accounts.roles import Principal
from service.evaluations import figures
from service.evaluations.endpoints import days_of
from service.evaluations.region import evaluations
from service.evaluations.region_floors import judged
from service.kit.auth import Official
from service.kit.clock import SHANGHAI
from service.kit.http import Uow
from service.kit.problems import Invalid, Problem
from service.kit.unit_of_work import UnitOfWork
from service.web.evaluations import LABELS, standing
from service.web.pages import render, said_of, writer_of

router = APIRouter(include_in_schema=False)
ORDER = [level.value for level in LEVELS]
BACK = timedelta(days=30)
DRAWN = 40
"""Cities and levels that the chart draws; the table has them all."""


@router.get("/evaluations")
async def sums(request: Request, official: Official, uow: Uow) -> Response:
    """The form, and what was asked for: nothing is reckoned before somebody chooses a period."""
    asked = request.query_params
    today = uow.now.astimezone(SHANGHAI).date()
    given = {
        "from": asked.get("from") or (today - BACK).isoformat(),
        "last": asked.get("last") or today.isoformat(),
        "adcode": asked.get("adcode", "").strip(),
        "region": asked.get("region", ""),
    }
    found, fault = None, None
    if "from" in asked:
        try:
            found = await _found(uow, official, given)
        except Problem as refused:
            fault = refused
    return render(
        request,
        "evaluation_sums.html",
        official,
        status=200 if fault is None else fault.status,
        given=given,
        regions=[
            one for one in uow.runtime.law.regions.values() if any(official.scope.covers(code) for code in one.members)
        ],
        found=found,
        judged=judged,
        verdict=standing,
        open_lines=figures.open_lines,
        picture=None if found is None else picture(found),
        drawn=DRAWN,
        fault=None if fault is None else said_of(fault, writer_of(request).language),
    )


async def _found(uow: UnitOfWork, official: Principal, given: Mapping[str, str]) -> dict[str, Any]:
    try:
        after = date.fromisoformat(given["last"]) + timedelta(days=1)
    except (ValueError, OverflowError) as error:
        raise Invalid("Give both days, such as 2026-01-01.", detail_zh="请填写起止日期，例如 2026-01-01。") from error
    start, end = days_of(given["from"], after.isoformat())
    return await evaluations(
        uow, official, given["adcode"] or official.scope.adcode, given["region"] or None, start, end
    )


def picture(found: Mapping[str, Any]) -> dict[str, Any]:
    """What the chart draws: for each pollutant the share planned, verified and required of each city and level; None: unknown."""
    entries = [(city, level) for city in found["cities"] for level in city["levels"]][:DRAWN]
    return {
        "places": [{"place": city["place"], "level": level["level"]} for city, level in entries],
        "pollutants": [
            {
                "label": LABELS[name],
                "planned": [_of(judged(level), "shares", name) for _, level in entries],
                "verified": [level["whole_society"]["verified_share_at_least"][name] for _, level in entries],
                "required": [_of(judged(level), "required", name) for _, level in entries],
            }
            for name in POLLUTANTS
        ],
    }


def _of(floor: Mapping[str, Any] | None, member: str, name: str) -> float | None:
    return None if floor is None else floor[member][name]
