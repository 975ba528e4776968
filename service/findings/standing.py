"""How well an enterprise's lines are watched under the response in force: gaps, what cannot be judged, hints."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime
from typing import Any

from emission_lists.compliance import LineCase, gaps, instant, not_judged
from emission_lists.compliance_gates import night_hints
from emission_lists.measures import Action
from service.enterprises.situation import carrying
from service.evidence.config import rules
from service.findings.cases import cases_of
from service.findings.told import plants_of
from service.kit.unit_of_work import UnitOfWork
from service.responses.repository import at, of_division


async def watched(uow: UnitOfWork, homes: Iterable[str], uscc: str) -> list[dict[str, Any]]:
    """Each line of an enterprise under every response in force: since when, its last hour, its gaps. Gaps are no breach."""
    seen = set(homes)
    plants = await plants_of(uow, [uscc])
    sites = [site for site in plants.get(uscc, ()) if seen.intersection(site.homes)]
    found = []
    for adcode in dict.fromkeys(division for site in sites for division in site.chain):
        response = carrying(at(await of_division(uow, adcode), uow.now))
        if response is None:
            continue
        then = (await plants_of(uow, [uscc], response)).get(uscc, ())
        shown = [site for site in then if seen.intersection(site.homes)]
        for case in (await cases_of(uow, response, {uscc: shown}, anew=False)).cases:
            found += [
                _line(line, response.starts_at, uow.now) | {"adcode": adcode, "place": uow.runtime.place(adcode)}
                for line in case.lines
            ]
    return found


def _line(whole: LineCase, starts: datetime, now: datetime) -> dict[str, Any]:
    line = replace(whole, stages=tuple(stage for stage in whole.stages if stage.starts <= now))
    ends = [end for meter in line.production for end in meter.hours]
    hours: dict[datetime, float] = {}
    for meter in line.production:
        for end, value in meter.hours.items():
            hours[instant(end)] = hours.get(instant(end), 0.0) + value
    missing = gaps(line, starts, now)
    return {
        "line": line.code,
        "name": line.name,
        "measure_zh": line.stages[-1].measure.render_zh() if line.stages else "",
        "measure_en": line.stages[-1].measure.render_en() if line.stages else "",
        "points": [meter.point for meter in (*line.production, *line.treatment)],
        "metered": line.stages[-1].measure.action is not Action.TRANSPORT if line.stages else False,
        "last": instant(max(ends)) if ends else None,
        "missing": sum((last - first).total_seconds() / 3600 for first, last in missing),
        "gaps": missing,
        "not_judged": [{"zh": one.zh, "en": one.en} for one in not_judged(line, rules())],
        "hints": night_hints(hours, rules()),
    }
