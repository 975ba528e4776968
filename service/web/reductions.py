"""What an enterprise was planned, reported and verified to save: on its page for the newest warning, on a page of its own for each."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Path, Query, Request, Response

from emission_lists.lists import POLLUTANTS
from service.accounts.roles import Principal
from service.enterprises.flows import may_see
from service.evaluations import lines
from service.kit.auth import Caller
from service.kit.http import Uow
from service.kit.unit_of_work import UnitOfWork
from service.web.enterprises import PARTS
from service.web.evaluations import LABELS
from service.web.pages import render
from service.web.texts_enterprise import LEVEL_OF

router = APIRouter(include_in_schema=False)
Uscc = Annotated[str, Path(pattern=r"^[0-9A-HJ-NPQRTUWXY]{18}$")]
Chosen = Annotated[int | None, Query(alias="response", ge=1, le=2**62)]
SHOWN_WARNINGS = 30


@router.get("/enterprises/{uscc}/reductions")
async def reductions(uscc: Uscc, request: Request, caller: Caller, uow: Uow, chosen: Chosen = None) -> Response:
    """Line by line and hour by hour for one warning; the newest without a choice."""
    await may_see(uow, caller, uscc)
    warnings = await lines.newest(uow, caller, uscc, SHOWN_WARNINGS)
    response = chosen or (warnings[0]["id"] if warnings else None)
    found = None if response is None else await _found(uow, caller, uscc, response)
    return render(
        request,
        "reductions.html",
        caller,
        uscc=uscc,
        warnings=warnings,
        level_of=LEVEL_OF,
        response=response,
        found=found,
        picture=None if found is None else picture(found),
    )


async def _found(uow: UnitOfWork, caller: Principal, uscc: str, response: int) -> dict[str, Any]:
    asked = await lines.question_of(uow, caller, response, uscc)
    return await lines.page(uow, asked, "", 1)


def picture(found: dict[str, Any]) -> dict[str, Any]:
    """What the charts draw, kg: sums by pollutant, and every clock hour over all lines; None where nothing is known."""
    hours: dict[str, dict[str, dict[str, float | None]]] = {
        name: {"planned": {}, "verified": {}} for name in POLLUTANTS
    }
    for item in found["items"]:
        for one in item["responses"]:
            for name in POLLUTANTS:
                values = one["hours"]["pollutants"][name]
                for kind, figure in (("planned", "planned_kg"), ("verified", "verified_at_least_kg")):
                    _add(hours[name][kind], one["hours"]["until"], values[figure])
    until = sorted({instant for name in POLLUTANTS for instant in hours[name]["planned"]})
    return {
        "classes": {},
        "until": until,
        "pollutants": [
            {
                "label": LABELS[name],
                "planned": found["totals"][name]["planned_kg"],
                "reported": found["totals"][name]["reported_kg"],
                "verified": found["totals"][name]["verified_at_least_kg"],
                "hours": {kind: [hours[name][kind][instant] for instant in until] for kind in ("planned", "verified")},
            }
            for name in POLLUTANTS
        ],
    }


def _add(sums: dict[str, float | None], until: list[str], values: list[float | None]) -> None:
    for instant, value in zip(until, values, strict=True):
        before = sums.get(instant)
        sums[instant] = before if value is None else round((before or 0.0) + value, 6)


async def _part(uow: UnitOfWork, caller: Principal, uscc: str) -> dict[str, Any]:
    """The newest warning with measures for the enterprise and what its lines were to save; None before the first."""
    warnings = await lines.newest(uow, caller, uscc, 1)
    if not warnings:
        return {"warning": None, "found": None, "level_of": LEVEL_OF}
    found = await _found(uow, caller, uscc, warnings[0]["id"])
    return {"warning": warnings[0], "found": found, "level_of": LEVEL_OF}


PARTS["part_reductions.html"] = _part
