"""What judging needs of enterprises under one response, read in a few round trips for many enterprises at once."""

from __future__ import annotations

import hashlib
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
from service.evidence.config import rules
from service.evidence.flows import AHEAD
from service.evidence.points import PointInfo, points_of
from service.evidence.repository import baselines
from service.findings.told import Book, Ordered, book_of
from service.kit.canonical import canonical
from service.kit.unit_of_work import UnitOfWork
from service.responses.repository import Responding

HOURS_SQL = """
SELECT uscc, point, item, array_agg(hour) AS hours, array_agg(flag) AS flags, array_agg(batch_id) AS batches,
    array_agg(CASE WHEN flag IS NULL OR flag = 'N' THEN value END) AS "values"
FROM (
    SELECT DISTINCT ON (uscc, point, item, until_at) uscc, point, item, value, flag, batch_id,
        (extract(epoch FROM until_at)::bigint / 3600)::int AS hour
    FROM unnest($2::text[], $3::text[], $4::timestamptz[], $5::timestamptz[]) AS w(of_uscc, of_point, first, last)
    JOIN evidence_hour ON uscc = of_uscc AND point = of_point AND until_at > w.first AND until_at <= w.last
    WHERE adcode = ANY($1::text[])
    ORDER BY uscc, point, item, until_at, batch_id DESC
) newest GROUP BY uscc, point, item
"""
PASSAGES_SQL = """
SELECT DISTINCT ON (uscc, passed_at, gate, plate, direction) uscc, passed_at, gate, plate, plate_colour, vehicle, stage,
    fuel, direction, let_in, batch_id
FROM unnest($2::text[], $3::timestamptz[], $4::timestamptz[]) AS w(of_uscc, first, last)
JOIN gate_record ON uscc = of_uscc AND passed_at >= w.first AND passed_at < w.last
WHERE adcode = ANY($1::text[])
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
KEEPS_PLANS_SQL = """
SELECT place FROM unnest($1::text[]) AS place
WHERE EXISTS (SELECT 1 FROM operating_plan WHERE adcode = place AND filed_at <= $2)
"""
WHITELIST_SQL = """
SELECT key, max(coalesce(document::jsonb -> 'fields' ->> 'valid_until', '9999-12-31')) AS until FROM list_record
WHERE version_id = ANY($1::bigint[]) AND sheet = 'whitelist' AND key = ANY($2::text[]) GROUP BY key
"""
METHOD = 2
"""Raised whenever the same evidence proves something else than before: everything is judged anew then. 2: exact decimals."""
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
    """The enterprises of one response that were asked for, and its whitelist: plate → the last day on which it passes."""

    response: Responding
    cases: tuple[Case, ...]
    whitelist: Mapping[str, date]


@dataclass(frozen=True)
class Basis:
    """What judging the plants of one response rests on besides the hours and passages themselves."""

    response: Responding
    ordered: tuple[Ordered, ...]
    registered: Mapping[str, Sequence[PointInfo]]
    normal: Mapping[tuple[str, str], Baseline]
    filed: Mapping[str, bool]

    @property
    def usccs(self) -> list[str]:
        """The enterprises, in order."""
        return sorted({one.uscc for one in self.ordered})

    def marks(self) -> dict[str, str]:
        """A hash of the basis by enterprise: while it stays, hours and passages alone decide what is found."""
        written: dict[str, list[str]] = defaultdict(list)
        common = repr((METHOD, self.response.starts_at, self.response.ends_at, rules()))
        for one in self.ordered:
            told = sorted((code, tuple(staged)) for code, staged in one.stages.items())
            written[one.uscc].append(repr((one.site.homes, one.version, sorted(one.names.items()), told, one.cap)))
        for uscc, parts in written.items():
            points = sorted(
                repr((point, self.normal.get((uscc, point.point)))) for point in self.registered.get(uscc, ())
            )
            parts += [*points, repr(self.filed.get(uscc)), common]
        return {uscc: hashlib.sha256("\n".join(parts).encode()).hexdigest() for uscc, parts in written.items()}


Window = tuple[datetime, datetime]


async def cases_of(uow: UnitOfWork, response: Responding, plants: Mapping[str, Sequence[Site]], *, anew: bool) -> Cases:
    """What the plants that a response touches were told, their hours, baselines, passages and plans.

    `anew`: hours before the response came in, baselines change.
    """
    return await read(uow, await basis_of(uow, response, plants, anew=anew), {})


async def basis_of(uow: UnitOfWork, response: Responding, plants: Mapping[str, Sequence[Site]], *, anew: bool) -> Basis:
    """The basis of the plants that a response touches."""
    touched = {
        uscc: own
        for uscc, sites in sorted(plants.items())
        if (own := [site for site in sites if response.adcode in site.chain])
    }
    book = await book_of(uow, response, touched, response.starts_at - LOOKBACK)
    ordered = [one for uscc, own in touched.items() for site in own if (one := book.ordered(uscc, site)) is not None]
    homes = {one.uscc: one.site.homes for one in ordered}
    registered: dict[str, list[PointInfo]] = defaultdict(list)
    for point in (await points_of(uow, homes)).values():
        registered[point.uscc].append(point)
    normal = await _baselines(uow, book, {one.uscc: one.site for one in ordered}, registered, anew=anew)
    filed = await _filed(uow, homes, response.starts_at)
    return Basis(response, tuple(ordered), registered, normal, filed)


async def without_hours(uow: UnitOfWork, response: Responding, plants: Mapping[str, Sequence[Site]]) -> list[Case]:
    """What the plants that a response touches were told and whether their plans are filed; no hours, no passages."""
    touched = {
        uscc: own
        for uscc, sites in sorted(plants.items())
        if (own := [site for site in sites if response.adcode in site.chain])
    }
    book = await book_of(uow, response, touched, response.starts_at)
    ordered = [one for uscc, own in touched.items() for site in own if (one := book.ordered(uscc, site)) is not None]
    filed = await _filed(uow, {one.uscc: one.site.homes for one in ordered}, response.starts_at)
    return [
        Case(
            one.enterprise,
            one.site.homes[0],
            tuple(_line_case(code, one, {}) for code in one.stages),
            (),
            filed.get(one.uscc),
        )
        for one in ordered
    ]


def _places(ordered: Iterable[Ordered]) -> list[str]:
    return sorted({home for one in ordered for home in one.site.homes})


async def read(uow: UnitOfWork, basis: Basis, windows: Mapping[str, Window]) -> Cases:
    """The cases with the hours and passages of each enterprise's window inside the response, of all of it without one."""
    response = basis.response
    whole = response.starts_at, response.ends_at or uow.now + AHEAD
    spans = {uscc: _inside(windows.get(uscc, whole), whole) for uscc in basis.usccs}
    places = _places(basis.ordered)
    hours: dict[str, list[Any]] = defaultdict(list)
    meters = [(point.uscc, point.point) for uscc in spans for point in basis.registered.get(uscc, ())]
    firsts, lasts = [spans[uscc][0] for uscc, _ in meters], [spans[uscc][1] for uscc, _ in meters]
    for row in await uow.fetch(
        HOURS_SQL, places, [one[0] for one in meters], [one[1] for one in meters], firsts, lasts
    ):
        hours[row["uscc"]].append(row)
    passages = await _passages(uow, places, spans)
    cases = []
    for one in basis.ordered:
        seen = _seen(basis.registered.get(one.uscc, ()), hours[one.uscc], basis.normal)
        made = [_line_case(code, one, seen.get(code, {})) for code in one.stages]
        if one.cap:
            made.append(
                whole_plant(one.enterprise, one.cap, [_line_case(code, one, own) for code, own in seen.items()])
            )
        filed = basis.filed.get(one.uscc)
        cases.append(Case(one.enterprise, one.site.homes[0], tuple(made), tuple(passages[one.uscc]), filed))
    versions = sorted({one.version for one in basis.ordered})
    plates = sorted({one.plate for several in passages.values() for one in several})
    rows = await uow.fetch(WHITELIST_SQL, versions, plates) if plates else []
    return Cases(response, tuple(cases), {row["key"]: date.fromisoformat(row["until"]) for row in rows})


def _inside(window: Window, whole: Window) -> Window:
    return max(window[0], whole[0]), min(window[1], whole[1])


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


async def _passages(uow: UnitOfWork, homes: Sequence[str], spans: Mapping[str, Window]) -> dict[str, list[Passage]]:
    found: dict[str, list[Passage]] = defaultdict(list)
    firsts, lasts = [first for first, _ in spans.values()], [last for _, last in spans.values()]
    for row in await uow.fetch(PASSAGES_SQL, homes, list(spans), firsts, lasts):
        values = dict(row)
        uscc, at, batch = values.pop("uscc"), values.pop("passed_at"), values.pop("batch_id")
        found[uscc].append(Passage(at=at, batch=batch, **values))
    return found


async def _filed(uow: UnitOfWork, homes: Mapping[str, Sequence[str]], starts: datetime) -> dict[str, bool]:
    """Whether a plan was filed at the start; nothing of an enterprise none of whose homes keeps plans here: that proves nothing."""
    places = sorted({home for several in homes.values() for home in several})
    keeping = {row["place"] for row in await uow.fetch(KEEPS_PLANS_SQL, places, starts)}
    usccs = sorted(uscc for uscc, several in homes.items() if keeping.intersection(several))
    filed = {row["uscc"] for row in await uow.fetch(PLANS_SQL, usccs, starts)} if usccs else set()
    return {uscc: uscc in filed for uscc in usccs}
