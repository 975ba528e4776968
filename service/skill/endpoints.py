"""`/api/v1/skill`: how the forecasts for a division stood up to what was measured."""

from __future__ import annotations

from datetime import date
from typing import Annotated

from fastapi import APIRouter, Query, Request, Response

from alerts.instants import parse_day
from service.kit.auth import Official
from service.kit.canonical import canonical
from service.kit.http import Uow, with_etag
from service.kit.problems import Invalid
from service.skill.flows import skill_of

router = APIRouter(prefix="/api/v1/skill", tags=["skill"])
Name = Annotated[str | None, Query(min_length=1, max_length=64)]


@router.get("")
async def skill(
    request: Request,
    official: Official,
    uow: Uow,
    adcode: Annotated[str, Query(pattern=r"^\d{6}$")],
    feed: Name = None,
    first: Annotated[str | None, Query(alias="from", description="First day of issue, such as 2026-01-01.")] = None,
    until: Annotated[str | None, Query(description="The day after the last day of issue.")] = None,
    rules: Name = None,
    compact: Annotated[bool, Query(description="Lead days only, without levels and lead times.")] = False,
) -> Response:
    """Every feed side by side: category hits, AQI error and bias by lead day, hits and misses by level, lead time gained.

    At most 400 days of issue; by default the 90 days up to today. Definitions come with the answer.
    """
    body = await skill_of(
        uow,
        official.scope,
        adcode,
        feed=feed,
        first=_day(first, "from"),
        until=_day(until, "until"),
        rules=rules,
        compact=compact,
    )
    return with_etag(request, canonical(body).encode())


def _day(text: str | None, name: str) -> date | None:
    try:
        return None if text is None else parse_day(text)
    except ValueError as error:
        raise Invalid(f"{name}: {error}.") from error
