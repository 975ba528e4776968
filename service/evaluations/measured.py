"""What electricity and CEMS showed at the lines of enterprises, as the accounting takes it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from emission_lists.accounting import Floats, Measured, Readings
from emission_lists.accounting_weights import Ints
from emission_lists.compliance_rules import Rule
from emission_lists.lists import POLLUTANTS
from service.evidence.config import rules
from service.evidence.delivered import OUTSIDE
from service.evidence.points import PointInfo, points_of
from service.evidence.repository import baselines
from service.kit.unit_of_work import UnitOfWork

HOURS_SQL = """
SELECT uscc, point, item, array_agg(hour ORDER BY hour) AS hours, array_agg(value ORDER BY hour) AS "values",
    array_agg(stopped ORDER BY hour) AS stopped, array_agg(batch_id ORDER BY hour) AS batches
FROM (
    SELECT DISTINCT ON (uscc, point, item, until_at) uscc, point, item, batch_id, (extract(epoch FROM until_at) / 3600)::int AS hour,
        CASE WHEN flag IS NULL OR flag = 'N' THEN value END AS value, coalesce(flag = ANY($5::text[]), false) AS stopped
    FROM unnest($1::text[], $2::text[]) AS home(adcode, uscc) JOIN evidence_hour USING (adcode, uscc)
    WHERE until_at > $3 AND until_at < $4
    ORDER BY uscc, point, item, until_at, batch_id DESC
) newest GROUP BY uscc, point, item
"""
OWN_SQL = f"""
SELECT b.id FROM evidence_batch b LEFT JOIN account a ON a.id = b.account_id WHERE b.id = ANY($1::bigint[]) AND NOT {OUTSIDE}
"""
KEPT_SQL = """
SELECT DISTINCT ON (uscc, point) uscc, point, mean FROM evidence_baseline
WHERE response_id = ANY($1::bigint[]) AND uscc = ANY($2::text[]) ORDER BY uscc, point, response_id
"""
UNTREATED_SQL = """
SELECT uscc, line_code, floor(extract(epoch FROM starts_at) / 3600)::int AS first,
    ceil(extract(epoch FROM until_at) / 3600)::int AS last
FROM unnest($2::text[], $3::text[]) AS home(adcode, uscc) JOIN finding USING (adcode, uscc)
WHERE rule = $1 AND state = 'confirmed' AND until_at > $4 AND starts_at < $5
"""
HOUR = timedelta(hours=1)
NO_OWN: frozenset[int] = frozenset()
MG_PER_KG = 1_000_000


class Hours(NamedTuple):
    """The hours of one item of a point; `stopped` marks those in which the monitor says that the source stood still.

    `own`: the hours that the enterprise delivered itself.
    """

    readings: Readings
    stopped: npt.NDArray[np.bool_]
    own: frozenset[int] = frozenset()


PlantHomes = Mapping[str, tuple[str, ...]]
"""The divisions whose lists name the same plant, by credit code."""
Series = Mapping[tuple[str, str], Hours]
"""The hours of one enterprise by point and item."""


async def measured_of(
    uow: UnitOfWork, homes: PlantHomes, responses: Sequence[int], start: datetime, end: datetime
) -> dict[str, dict[str, Measured]]:
    """What was measured in the clock hours that [start, end) touches, by enterprise and line, from all `homes` of each plant."""
    flags = list(rules().treatment.cems_stopped_flags.value)
    rows = await uow.fetch(HOURS_SQL, *_pairs(homes), start, end + HOUR, flags)
    if not rows:
        return {}
    series: defaultdict[str, dict[tuple[str, str], Hours]] = defaultdict(dict)
    batches = sorted({batch for row in rows for batch in row["batches"]})
    own = {row["id"] for row in await uow.fetch(OWN_SQL, batches)}
    for row in rows:
        readings = Readings(np.array(row["hours"], dtype=np.int64), np.array(row["values"], dtype=np.float64))
        series[row["uscc"]][row["point"], row["item"]] = Hours(
            readings,
            np.array(row["stopped"], dtype=np.bool_),
            frozenset(hour for hour, batch in zip(row["hours"], row["batches"], strict=True) if batch in own) if own else NO_OWN,
        )
    known_at = {uscc: homes[uscc] for uscc in sorted(series)}
    points = await _points(uow, known_at)
    normal = await _normal(uow, known_at, responses, start)
    off = await _untreated(uow, known_at, start, end + HOUR)
    return {
        uscc: {
            line: replace(one, untreated=frozenset(off[uscc, line])) if (uscc, line) in off else one
            for line, one in lines_of(points[uscc], known, normal).items()
        }
        for uscc, known in series.items()
    }


def _pairs(homes: PlantHomes) -> tuple[list[str], list[str]]:
    """Divisions and credit codes side by side, one for each home of each plant."""
    pairs = [(adcode, uscc) for uscc, several in homes.items() for adcode in several]
    return [adcode for adcode, _ in pairs], [uscc for _, uscc in pairs]


async def _points(uow: UnitOfWork, homes: PlantHomes) -> dict[str, list[PointInfo]]:
    """The points of each plant: those of one that another division lists for another plant are none of its."""
    alike: defaultdict[tuple[str, ...], list[str]] = defaultdict(list)
    for uscc, several in homes.items():
        alike[several].append(uscc)
    points: defaultdict[str, list[PointInfo]] = defaultdict(list)
    for several, usccs in alike.items():
        for point in (await points_of(uow, dict.fromkeys(usccs, several))).values():
            points[point.uscc].append(point)
    return points


async def _untreated(
    uow: UnitOfWork, homes: PlantHomes, start: datetime, end: datetime
) -> dict[tuple[str, str], set[int]]:
    """The hours, numbered by their end, in which a confirmed finding says that treatment was off, by enterprise and line."""
    found: defaultdict[tuple[str, str], set[int]] = defaultdict(set)
    for row in await uow.fetch(UNTREATED_SQL, Rule.TREATMENT_OFF.value, *_pairs(homes), start, end):
        found[row["uscc"], row["line_code"]].update(range(row["first"] + 1, row["last"] + 1))
    return dict(found)


async def _normal(
    uow: UnitOfWork, homes: PlantHomes, responses: Sequence[int], start: datetime
) -> dict[tuple[str, str], float]:
    """What each meter counts in a normal hour: as reckoned for these responses, otherwise from the days before."""
    kept = {(row["uscc"], row["point"]): row["mean"] for row in await uow.fetch(KEPT_SQL, responses, list(homes))}
    missing: defaultdict[str, list[str]] = defaultdict(list)
    for uscc in sorted(homes.keys() - {uscc for uscc, _ in kept}):
        for adcode in homes[uscc]:
            missing[adcode].append(uscc)
    found: dict[tuple[str, str], float] = {}
    for adcode, others in missing.items():
        found |= {key: one.mean for key, one in (await baselines(uow, adcode, others, start)).items()}
    return {key: mean for key, mean in {**found, **kept}.items() if mean is not None}


def lines_of(
    points: Sequence[PointInfo], series: Series, normal: Mapping[tuple[str, str], float]
) -> dict[str, Measured]:
    """The lines of one enterprise. Of several meters or monitors of a line only hours that all of them have count."""
    by_line: defaultdict[str, list[PointInfo]] = defaultdict(list)
    for point in points:
        by_line[point.line_code].append(point)
    found = {}
    for line, own in by_line.items():
        meters = [one for one in own if one.kind == "power" and one.role == "production"]
        used = [series.get((one.point, "kwh")) for one in meters]
        power = joined([None if hours is None else hours.readings for hours in used])
        means = [normal.get((one.uscc, one.point)) for one in meters]
        known = [mean for mean in means if mean is not None]
        cems = _cems([one for one in own if one.kind == "cems"], series)
        if power is not None or cems:
            used_points = {one.point for one in own if one.kind == "cems" or one.role == "production"}
            by_itself = NO_OWN.union(*(hours.own for (point, _), hours in series.items() if point in used_points))
            found[line] = Measured(power, sum(known) if known and len(known) == len(means) else None, cems, own=by_itself)
    return found


def joined(every: Sequence[Readings | None]) -> Readings | None:
    """Several series added up over the hours that all of them have; None if one has none."""
    parts = [one for one in every if one is not None]
    if not parts or len(parts) < len(every):
        return None
    hours, values = parts[0]
    for more in parts[1:]:
        hours, mine, theirs = np.intersect1d(hours, more.hours, assume_unique=True, return_indices=True)
        values = values[mine] + more.values[theirs]
    return Readings(hours, values) if len(hours) else None


def _cems(monitors: Sequence[PointInfo], series: Series) -> dict[int, Readings]:
    """kg/h of each pollutant that every monitor of the line measures together with its flow: mg/m³ × m³ of the hour.

    A pollutant without a single value has none.
    """
    found = {}
    for place, name in enumerate(POLLUTANTS):
        emitted = joined([_mass(series.get((one.point, name)), series.get((one.point, "flow"))) for one in monitors])
        if emitted is not None and np.isfinite(emitted.values).any():
            found[place] = emitted
    return found


def _mass(concentration: Hours | None, flow: Hours | None) -> Readings | None:
    """kg in each hour; nothing is emitted in an hour in which the source stood still, as far as no value says otherwise."""
    if concentration is None:
        return None
    flow = _NO_HOURS if flow is None else flow
    hours = np.union1d(concentration.readings.hours, flow.readings.hours)
    (values, values_stopped), (flows, flow_stopped) = (_over(hours, one) for one in (concentration, flow))
    mass = values * flows / MG_PER_KG
    mass[(values_stopped & ~(flows > 0)) | (flow_stopped & ~(values > 0))] = 0
    return Readings(hours, mass)


_NO_HOURS = Hours(Readings(np.zeros(0, dtype=np.int64), np.zeros(0)), np.zeros(0, dtype=np.bool_))


def _over(hours: Ints, one: Hours) -> tuple[Floats, npt.NDArray[np.bool_]]:
    """The values and the marks of a series over more hours; NaN and no mark where it has none, NaN where it is marked."""
    values, stopped = np.full(len(hours), np.nan), np.zeros(len(hours), dtype=np.bool_)
    places = np.searchsorted(hours, one.readings.hours)
    values[places], stopped[places] = np.where(one.stopped, np.nan, one.readings.values), one.stopped
    return values, stopped
