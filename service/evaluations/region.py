"""Reductions of many responses together: per city and for a province or a region, by level, industry, grade and source."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from alerts.levels import Level
from emission_lists.accounting_sums import Tally
from service.accounts.roles import NATION, Principal, Scope
from service.evaluations import classes, figures, flows, overlap, region_floors, repository
from service.evaluations.overlap import Twice, less
from service.kit.problems import Forbidden, Invalid, Unknown
from service.kit.unit_of_work import UnitOfWork, beijing

MOST = 200
MOST_LINES = 400_000
"""Lines that are accounted anew for one answer; what is closed costs nothing."""
BY = ("county", "industry", "grade", "source", "standing")


async def evaluations(
    uow: UnitOfWork, official: Principal, adcode: str, region: str | None, start: datetime, end: datetime
) -> dict[str, Any]:
    """The warnings with a response in [start, end), each whole, and what they add up to.

    Closed ones as they were closed, the others as of now. Raises Forbidden outside the scope, Unknown, Invalid for too many.
    """
    scope, members = _where(uow, official, adcode, region)
    rows = await repository.warnings_within(uow, scope, members, start, end, MOST + 1)
    fresh = sum(row["lines"] for row in rows if not row["shut"])
    if len(rows) > MOST or fresh > MOST_LINES:
        raise Invalid(
            f"That are {'more than ' if len(rows) > MOST else ''}{min(len(rows), MOST)} warnings with {fresh} lines to account anew;"
            f" at most {MOST} with {MOST_LINES}. Ask for fewer days or a smaller place.",
            detail_zh=f"需要重新核算的预警或生产线过多（至多 {MOST} 次、{MOST_LINES} 条），请缩短时段或缩小范围。",
        )
    found = [await _one(uow, row) for row in rows]
    twice = await overlap.twice_in(uow, rows)
    cities = _cities(uow, found)
    against = region_floors.region_levels(cities, found)
    society = region_floors.whole_society([entry for one in found for entry in one["levels"]])
    if twice.narrower:  # the society of a county is part of its city's
        society = region_floors.not_told(society)
        against = {
            level: one | {"whole_society": region_floors.not_told(one["whole_society"])} for level, one in against.items()
        }
    return {
        "adcode": adcode,
        "region": region,
        "place": uow.runtime.place(adcode),
        "from": start,
        "until": end,
        "warnings": [{name: one[name] for name in one if name not in {"by", "classes"}} for one in found],
        "cities": cities,
        "without_list": sum(len(one["without_list"]) for one in found),
        "counted": twice.document(),
        "totals": _total(found, twice.whole),
        "whole_society": society,
        "classes": _classes(found, twice),
        "levels": [
            entry | against[entry["level"]] for entry in _grouped([one["levels"] for one in found], "level", twice.levels)
        ],
        "by": {
            by: _grouped(
                [one["by"][by] for one in found], "key", {key: one for (of, key), one in twice.groups.items() if of.value == by}
            )
            for by in BY
        },
    }


def _where(
    uow: UnitOfWork, official: Principal, adcode: str, region: str | None
) -> tuple[Scope, Sequence[str] | None]:
    if region is not None:
        known = uow.runtime.law.regions.get(region)
        if known is None:
            raise Unknown(f"There is no region {region}; known: {', '.join(uow.runtime.law.regions)}.")
        return official.scope, known.members
    if adcode != NATION and adcode not in uow.runtime.law.divisions:
        raise Unknown(f"There is no division {adcode}; use a GB/T 2260 code.")
    if not official.scope.covers(adcode):
        raise Forbidden("This division is outside your region.")
    return Scope(adcode), None


async def _one(uow: UnitOfWork, row: Any) -> dict[str, Any]:
    shut = await repository.closed(uow, row["id"]) if row["shut"] else None
    sums: dict[str, Any] = await flows.sums_of(uow, row) if shut is None else json.loads(shut["document"])
    return {
        "warning": row["id"],
        "adcode": row["adcode"],
        "place": uow.runtime.place(row["adcode"]),
        "level": Level(row["level"]).code,
        "effective_at": beijing(row["effective_at"]),
        "closed_at": beijing(row["closed_at"]),
        "state": flows.DRAFT if shut is None else flows.CLOSED,
        "without_list": sums.get("without_list", []),
        "totals": sums["totals"],
        "levels": sums["levels"],
        "by": sums["by"],
        "classes": sums.get("classes"),
    }


def _cities(uow: UnitOfWork, found: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    by_city: defaultdict[str, list[Mapping[str, Any]]] = defaultdict(list)
    for one in found:
        by_city[one["adcode"]].append(one)
    return [_city(uow, adcode, parts) for adcode, parts in sorted(by_city.items())]


def _city(uow: UnitOfWork, adcode: str, found: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    levels = region_floors.city_levels(found)
    return {
        "adcode": adcode,
        "place": uow.runtime.place(adcode),
        "warnings": len(found),
        "without_list": sum(len(one["without_list"]) for one in found),
        "totals": _total(found),
        "whole_society": region_floors.whole_society([entry for one in found for entry in one["levels"]]),
        "levels": levels,
    }


def _total(found: Sequence[Mapping[str, Any]], twice: Tally | None = None) -> dict[str, Any]:
    without = sum(len(one["without_list"]) for one in found)
    whole = figures.figures(less(figures.summed(one["totals"] for one in found), twice or Tally()))
    return figures.unless_without_list(whole, without)


def _classes(found: Sequence[Mapping[str, Any]], twice: Twice) -> dict[str, Any]:
    """Of warnings that overlap, dust and mobile sources count under the wider one only, industry as in the totals."""
    industry = less(figures.summed(one["totals"] for one in found), twice.whole)
    wider = [one["classes"] for one in found if one["warning"] not in twice.narrower]
    added = classes.added([one["classes"] for one in found] if not twice.narrower else wider)
    return added if not twice.narrower else classes.with_industry(added, industry)


def _grouped(
    every: Sequence[Sequence[Mapping[str, Any]]], key: str, twice: Mapping[str, Tally]
) -> list[dict[str, Any]]:
    """The groups of the same key added up, without what they hold `twice` of lines that two warnings asked at once.

    Lines that stand in two warnings one after the other count twice: they were asked twice.
    """
    groups: defaultdict[str, list[Mapping[str, Any]]] = defaultdict(list)
    for entries in every:
        for entry in entries:
            groups[entry[key]].append(entry)
    return [
        {
            key: name,
            "name": parts[0].get("name"),
            **figures.figures(less(figures.summed(parts), twice.get(name, Tally()))),
        }
        for name, parts in sorted(groups.items())
    ]
