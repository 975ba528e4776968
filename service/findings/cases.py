"""What judging needs of enterprises under one response, read in a few round trips for many enterprises at once."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from emission_lists.compliance import LineCase, LoadMeter, Meter, Monitor
from emission_lists.compliance_baseline import Baseline
from emission_lists.compliance_gates import Passage
from emission_lists.compliance_told import whole_plant
from emission_lists.lists import Enterprise
from service.enterprises.sources import Site
from service.evidence.flows import AHEAD
from service.evidence.points import PointInfo, points_of
from service.evidence.repository import baselines
from service.findings.told import Book, Ordered, book_of
from service.kit.canonical import canonical
from service.kit.unit_of_work import UnitOfWork
from service.responses.repository import Responding

HOURS_SQL = """
SELECT uscc, point, item, array_agg(hour) AS hours, array_agg(value) AS "values", array_agg(flag) AS flags,
    array_agg(batch_id) AS batches
FROM (
    SELECT DISTINCT ON (uscc, point, item, until_at) uscc, point, item, value, flag, batch_id,
        (extract(epoch FROM until_at)::bigint / 3600)::int AS hour FROM evidence_hour
    WHERE adcode = ANY($1::text[]) AND uscc = ANY($2::text[]) AND until_at > $3 AND until_at <= $4
    ORDER BY uscc, point, item, until_at, batch_id DESC
) newest GROUP BY uscc, point, item
"""
PASSAGES_SQL = """
SELECT DISTINCT ON (uscc, passed_at, gate, plate, direction) uscc, passed_at, gate, plate, plate_colour, vehicle, stage,
    fuel, direction, let_in, batch_id FROM gate_record
WHERE adcode = ANY($1::text[]) AND uscc = ANY($2::text[]) AND passed_at >= $3 AND passed_at < $4
ORDER BY uscc, passed_at, gate, plate, direction, batch_id DESC
"""
KEPT_BASELINES_SQL = (
    "SELECT uscc, point, mean, days FROM evidence_baseline WHERE response_id = $1 AND uscc = ANY($2::text[])"
)
KEEP_BASELINES_SQL = """
INSERT INTO evidence_baseline (response_id, uscc, point, mean, days, reckoned_at)
SELECT $1, u, p, m, d, $6 FROM unnest($2::text[], $3::text[], $4::float8[], $5::jsonb[]) AS t(u, p, m, d)
ON CONFLICT (response_id, uscc, point) DO UPDATE SET mean = excluded.mean, days = excluded.days, reckoned_at = $6
"""
PLANS_SQL = """
SELECT DISTINCT p.uscc FROM operating_plan p WHERE p.uscc = ANY($1::text[]) AND p.filed_at <= $2 AND NOT EXISTS (
    SELECT 1 FROM operating_plan_review r WHERE r.plan_id = p.id AND NOT r.accepted AND r.at <= $2)
"""
KEEPS_PLANS_SQL = "SELECT EXISTS (SELECT 1 FROM operating_plan WHERE adcode = ANY($1::text[]) AND filed_at <= $2)"
WHITELIST_SQL = "SELECT key FROM list_record WHERE version_id = ANY($1::bigint[]) AND sheet = 'whitelist'"
LOOKBACK = timedelta(days=120)
"""Seasonal plans of so long before a response are read: longer than a run of responses and the days before it."""


@dataclass(frozen=True)
class Case:
    """One plant under one response. `filed`: whether an operating plan is filed; None = this place keeps none here.

    `adcode`: the division of its widest list, where its findings are pursued.
    """

    enterprise: Enterprise
    adcode: str
    lines: tuple[LineCase, ...]
    passages: tuple[Passage, ...]
    filed: bool | None


@dataclass(frozen=True)
class Cases:
    """The enterprises of one response that were asked for, and its whitelist of trucks."""

    response: Responding
    cases: tuple[Case, ...]
    whitelist: frozenset[str]


async def cases_of(uow: UnitOfWork, response: Responding, plants: Mapping[str, Sequence[Site]], *, anew: bool) -> Cases:
    """What the plants that a response touches were told, their hours, baselines, passages and plans.

    `anew`: hours before the response came in, baselines change.
    """
    starts, ends = response.starts_at, response.ends_at or uow.now + AHEAD
    touched = {
        uscc: own
        for uscc, sites in sorted(plants.items())
        if (own := [site for site in sites if response.adcode in site.chain])
    }
    book = await book_of(uow, response, touched, starts - LOOKBACK)
    ordered = [one for uscc, own in touched.items() for site in own if (one := book.ordered(uscc, site)) is not None]
    homes = {one.uscc: one.site.homes for one in ordered}
    places = sorted({home for several in homes.values() for home in several})
    usccs = sorted(homes)
    registered: dict[str, list[PointInfo]] = defaultdict(list)
    for point in (await points_of(uow, homes)).values():
        registered[point.uscc].append(point)
    normal = await _baselines(uow, book, {one.uscc: one.site for one in ordered}, registered, anew=anew)
    hours: dict[str, list[Any]] = defaultdict(list)
    for row in await uow.fetch(HOURS_SQL, places, usccs, starts, ends):
        hours[row["uscc"]].append(row)
    passages = await _passages(uow, places, usccs, starts, ends)
    filed = await _filed(uow, places, usccs, starts)
    cases = []
    for one in ordered:
        seen = _seen(registered[one.uscc], hours[one.uscc], normal)
        made = [_line_case(code, one, seen.get(code, {})) for code in one.stages]
        if one.cap:
            made.append(
                whole_plant(one.enterprise, one.cap, [_line_case(code, one, own) for code, own in seen.items()])
            )
        cases.append(
            Case(one.enterprise, one.site.homes[0], tuple(made), tuple(passages[one.uscc]), filed.get(one.uscc))
        )
    versions = sorted({one.version for one in ordered})
    plates = {row["key"] for row in await uow.fetch(WHITELIST_SQL, versions)} if any(passages.values()) else set()
    return Cases(response, tuple(cases), frozenset(plates))


def _line_case(code: str, ordered: Ordered, seen: Mapping[str, list[Any]]) -> LineCase:
    staged = ordered.stages.get(code, ())
    return LineCase(
        code,
        ordered.names.get(code, code),
        tuple(one.stage for one in staged),
        tuple(seen.get("production", ())),
        tuple(seen.get("treatment", ())),
        tuple(seen.get("load", ())),
        tuple(seen.get("cems", ())),
        tuple(one.stage for one in staged if one.held),
        frozenset(one.stage for one in staged if one.beside),
    )


def _seen(
    points: Iterable[PointInfo], rows: Iterable[Any], normal: Mapping[tuple[str, str], Baseline]
) -> dict[str, dict[str, list[Any]]]:
    """What is known by line and place: a registered point without hours is there, too, with none."""
    by_point: dict[str, list[Any]] = defaultdict(list)
    for row in rows:
        by_point[row["point"]].append(row)
    found: dict[str, dict[str, list[Any]]] = defaultdict(lambda: defaultdict(list))
    for point in sorted(points, key=lambda one: one.point):
        own = by_point[point.point]
        place = found[point.line_code]
        if point.kind == "power" and point.role != "none":
            hours, batches = _hours(own)
            place[point.role].append(
                Meter(point.point, point.rated, normal.get((point.uscc, point.point)), hours, batches)
            )
        elif point.kind == "load" and point.metric and point.unit:
            hours, batches = _hours(own)
            place["load"].append(LoadMeter(point.point, point.metric, point.unit, hours, batches))
        elif point.kind == "cems":
            place["cems"] += [
                Monitor(point.point, row["item"], dict(zip(row["hours"], row["flags"], strict=True)),
                        dict(zip(row["hours"], row["batches"], strict=True)))
                for row in own
            ]  # fmt: skip
    return found


def _hours(rows: Sequence[Any]) -> tuple[dict[int, float], dict[int, int]]:
    hours: dict[int, float] = {}
    batches: dict[int, int] = {}
    for row in rows:
        hours.update(
            (hour, value) for hour, value in zip(row["hours"], row["values"], strict=True) if value is not None
        )
        batches.update(zip(row["hours"], row["batches"], strict=True))
    return hours, batches


async def _baselines(
    uow: UnitOfWork,
    book: Book,
    sites: Mapping[str, Site],
    registered: Mapping[str, Sequence[PointInfo]],
    *,
    anew: bool,
) -> dict[tuple[str, str], Baseline]:
    """Kept baselines, reckoned where there are none yet or hours before the response came in."""
    response, usccs = book.response, sorted(sites)
    if anew:
        await uow.execute(
            "DELETE FROM evidence_baseline WHERE response_id = $1 AND uscc = ANY($2::text[])", response.id, usccs
        )
    kept = await uow.fetch(KEPT_BASELINES_SQL, response.id, usccs)
    found = {
        (row["uscc"], row["point"]): Baseline(row["mean"], tuple(date.fromisoformat(day) for day in row["days"]))
        for row in kept
        if row["mean"] is not None
    }
    missing = sorted(set(usccs) - {row["uscc"] for row in kept})
    if not missing:
        return found
    lines = {(uscc, point.point): point.line_code for uscc in missing for point in registered[uscc]}
    under: dict[str, dict[str, set[date]]] = {}

    def besides(uscc: str, point: str, first: datetime, last: datetime) -> set[date]:
        if uscc not in under:
            under[uscc] = book.days_without(uscc, sites[uscc], first, last)
        own = under[uscc]
        return own.get("", set()) | own.get(lines.get((uscc, point), ""), set())

    fresh: dict[tuple[str, str], Baseline] = {}
    for home in sorted({home for uscc in missing for home in sites[uscc].homes}):
        of_home = [uscc for uscc in missing if home in sites[uscc].homes]
        fresh |= await baselines(uow, home, of_home, response.starts_at, besides)
    none = [(uscc, "") for uscc in sorted(set(missing) - {uscc for uscc, _ in fresh})]
    await _keep(uow, response, [*((key, base) for key, base in fresh.items()), *((key, None) for key in none)])
    return found | fresh


async def _keep(uow: UnitOfWork, response: Responding, made: Sequence[tuple[tuple[str, str], Baseline | None]]) -> None:
    """Keep what was reckoned; an enterprise without any baseline is kept under an empty point, so that it is not looked for anew."""
    ordered = sorted(made, key=lambda one: one[0])
    await uow.execute(
        KEEP_BASELINES_SQL,
        response.id,
        [key[0] for key, _ in ordered],
        [key[1] for key, _ in ordered],
        [None if base is None else base.mean for _, base in ordered],
        [canonical([] if base is None else [day.isoformat() for day in base.days]) for _, base in ordered],
        uow.now,
    )


async def _passages(
    uow: UnitOfWork, homes: Sequence[str], usccs: Sequence[str], starts: datetime, ends: datetime
) -> dict[str, list[Passage]]:
    found: dict[str, list[Passage]] = defaultdict(list)
    for row in await uow.fetch(PASSAGES_SQL, homes, usccs, starts, ends):
        values = dict(row)
        uscc, at, batch = values.pop("uscc"), values.pop("passed_at"), values.pop("batch_id")
        found[uscc].append(Passage(at=at, batch=batch, **values))
    return found


async def _filed(uow: UnitOfWork, homes: Sequence[str], usccs: Sequence[str], starts: datetime) -> dict[str, bool]:
    """Whether a plan was filed at the start; nothing where no division keeps plans here: that proves nothing."""
    if not await uow.fetchval(KEEPS_PLANS_SQL, homes, starts):
        return {}
    filed = {row["uscc"] for row in await uow.fetch(PLANS_SQL, list(usccs), starts)}
    return {uscc: uscc in filed for uscc in usccs}
