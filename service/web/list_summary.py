"""What a list adds up to, as a page: by county, industry, grade, source, standing or sheet, for one level, as a table and a chart."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Path, Request, Response

from emission_lists.levels import ResponseLevel
from emission_lists.lists import POLLUTANTS
from service.kit.auth import Official
from service.kit.http import Uow
from service.lists.summary import summary_of
from service.web.evaluations import LABELS
from service.web.pages import render, writer_of

router = APIRouter(include_in_schema=False)
Id = Annotated[int, Path(ge=1, le=2**62)]
By = Literal["county", "industry", "grade", "source", "standing", "sheet"]
DIMENSIONS: tuple[By, ...] = ("county", "industry", "grade", "source", "standing", "sheet")
DRAWN = 20
"""Groups that the chart draws, the largest planned reductions first; the table has them all."""


@router.get("/lists/{list_id}/summary")
async def summary(
    list_id: Id,
    request: Request,
    official: Official,
    uow: Uow,
    by: By = "county",
    level: ResponseLevel = ResponseLevel.RED,
) -> Response:
    """Enterprises, lines, base and what is planned at a level, kg/d, of the whole list and of each group."""
    found = await summary_of(uow, official.scope, list_id)
    groups = sorted(found["by"][by], key=lambda one: (-_planned(one, level), one["key"]))
    return render(
        request,
        "list_summary.html",
        official,
        found=found,
        groups=groups,
        by=by,
        dimensions=DIMENSIONS,
        level=level.value,
        asked=[one.value for one in ResponseLevel],
        open=lambda one, name: ((one.get("open_lines") or {}).get(level.value) or {}).get(name, 0),
        base_open=lambda one, name: (one.get("base_open_lines") or {}).get(name, 0),
        drawn=DRAWN,
        picture=picture(groups[:DRAWN], level, writer_of(request).language),
    )


def _planned(group: Mapping[str, Any], level: ResponseLevel) -> float:
    values: dict[str, float | None] = group["planned"][level.value]
    return sum(value for value in values.values() if value is not None)


def picture(groups: Sequence[Mapping[str, Any]], level: ResponseLevel, language: str) -> dict[str, Any]:
    """What the chart draws, t/d: base and planned of each group by pollutant; None where nothing is established."""
    return {
        "labels": [group[f"name_{language}"] for group in groups],
        "pollutants": [
            {
                "label": LABELS[name],
                "base": [_tonnes(group["base"][name]) for group in groups],
                "planned": [_tonnes(group["planned"][level.value][name]) for group in groups],
            }
            for name in POLLUTANTS
        ],
    }


def _tonnes(kg: float | None) -> float | None:
    return None if kg is None else round(kg / 1000, 6)
