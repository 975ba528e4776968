"""What judging needs of enterprises under one response, read in a few round trips for many enterprises at once."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from itertools import pairwise
from typing import Any, NamedTuple

from emission_lists.compliance import LineCase, LoadMeter, Meter, Monitor
from emission_lists.compliance_baseline import Baseline
from emission_lists.compliance_gates import Passage
from emission_lists.documents import enterprise_from, line_from
from emission_lists.levels import ResponseLevel
from emission_lists.lists import Enterprise, Line
from emission_lists.schedule import Stage, stages
from service.evidence.flows import AHEAD
from service.evidence.points import PointInfo, points_of
from service.evidence.repository import baselines
from service.grades.applying import entitle
from service.grades.repository import GRADES_COLUMN, GUARANTEES_COLUMN, decisions_from
from service.kit.canonical import canonical
from service.kit.clock import SHANGHAI
from service.kit.unit_of_work import UnitOfWork
from service.responses.repository import Responding

LISTED_SQL = f"""
SELECT e.uscc, e.document, v.guide, {GRADES_COLUMN.format(uscc="e.uscc", adcode="$3")} AS grades,
    {GUARANTEES_COLUMN.format(uscc="e.uscc", adcode="$3")} AS guarantees
FROM list_enterprise e JOIN list_version v ON v.id = e.version_id
WHERE e.version_id = $1 AND e.uscc = ANY($2::text[]) ORDER BY e.uscc
"""
ACTIVE_AT_SQL = """
SELECT id FROM list_version WHERE adcode = $1 AND activated_at IS NOT NULL AND activated_at <= $2
    AND (ended_at IS NULL OR ended_at > $2)
ORDER BY activated_at DESC, id DESC LIMIT 1
"""
HOURS_SQL = """
SELECT uscc, point, item, array_agg(hour) AS hours, array_agg(value) AS "values", array_agg(flag) AS flags,
    array_agg(batch_id) AS batches
FROM (
    SELECT DISTINCT ON (uscc, point, item, until_at) uscc, point, item, value, flag, batch_id,
        (extract(epoch FROM until_at)::bigint / 3600)::int AS hour FROM evidence_hour
    WHERE adcode = $1 AND uscc = ANY($2::text[]) AND until_at > $3 AND until_at <= $4
    ORDER BY uscc, point, item, until_at, batch_id DESC
) newest GROUP BY uscc, point, item
"""
PASSAGES_SQL = """
SELECT DISTINCT ON (uscc, passed_at, gate, plate, direction) uscc, passed_at, gate, plate, plate_colour, vehicle, stage,
    fuel, direction, let_in, batch_id FROM gate_record
WHERE adcode = $1 AND uscc = ANY($2::text[]) AND passed_at >= $3 AND passed_at < $4
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
KEEPS_PLANS_SQL = "SELECT EXISTS (SELECT 1 FROM operating_plan WHERE adcode = $1 AND filed_at <= $2)"
WHITELIST_SQL = "SELECT key FROM list_record WHERE version_id = $1 AND sheet = 'whitelist'"


@dataclass(frozen=True)
class Case:
    """One enterprise under one response. `filed`: whether an operating plan is filed; None = this place keeps none here."""

    enterprise: Enterprise
    lines: tuple[LineCase, ...]
    passages: tuple[Passage, ...]
    filed: bool | None


class _Part(NamedTuple):
    """A half-open part of a response between two decisions: the lines as they stand in it, and whether a guarantee holds."""

    starts: datetime
    until: datetime | None
    lines: Mapping[str, Line]
    held: bool

    def clipped(self, stage: Stage) -> Stage | None:
        """What of a stage lies in this part."""
        starts = max(stage.starts, self.starts)
        until = min((end for end in (stage.until, self.until) if end is not None), default=None)
        return None if until is not None and until <= starts else Stage(starts, until, stage.measure)


@dataclass(frozen=True)
class Cases:
    """The enterprises of one response that were asked for, and its whitelist of trucks."""

    response: Responding
    cases: tuple[Case, ...]
    whitelist: frozenset[str]


async def cases_of(uow: UnitOfWork, response: Responding, usccs: Sequence[str], *, anew: bool) -> Cases:
    """Requirements, hours, baselines, passages and plans. `anew`: hours before the response came in, baselines change."""
    adcode, starts = response.adcode, response.starts_at
    ends = response.ends_at or uow.now + AHEAD
    version = response.list_version or await uow.fetchval(ACTIVE_AT_SQL, adcode, starts)
    listed = await uow.fetch(LISTED_SQL, version, list(usccs), adcode)
    known = sorted(row["uscc"] for row in listed)
    points = await points_of(uow, dict.fromkeys(known, (adcode,)))
    normal = await _baselines(uow, response, known, anew=anew)
    hours: dict[str, list[Any]] = defaultdict(list)
    for row in await uow.fetch(HOURS_SQL, adcode, known, starts, ends):
        hours[row["uscc"]].append(row)
    passages = await _passages(uow, adcode, known, starts, ends)
    filed = await _filed(uow, adcode, known, starts)
    registered: dict[str, list[PointInfo]] = defaultdict(list)
    for point in points.values():
        registered[point.uscc].append(point)
    cases = []
    for row in listed:
        enterprise, parts = _parts(row, response)
        uscc = row["uscc"]
        seen = _seen(registered[uscc], hours[uscc], normal)
        codes = dict.fromkeys(code for part in parts for code in part.lines)
        made = tuple(_line_case(code, parts, response, seen.get(code, {})) for code in codes)
        cases.append(Case(enterprise, made, tuple(passages[uscc]), filed.get(uscc)))
    plates = (
        frozenset(row["key"] for row in await uow.fetch(WHITELIST_SQL, version))
        if any(passages.values())
        else frozenset()
    )
    return Cases(response, tuple(cases), plates)


def _parts(row: Any, response: Responding) -> tuple[Enterprise, list[_Part]]:
    """The response cut wherever a decision changes what holds, so that no hour is judged by what came after it."""
    stored = json.loads(row["document"])
    enterprise, lines = enterprise_from(stored["enterprise"]), [line_from(line) for line in stored["lines"]]
    decisions = decisions_from(row["grades"], row["guarantees"])
    starts, ends = response.starts_at, response.ends_at
    changes = decisions.instants
    if enterprise.guarantee_until is not None:
        changes.append(datetime.combine(enterprise.guarantee_until + timedelta(days=1), time(), SHANGHAI))
    cuts = sorted({starts, *(change for change in changes if starts < change and (ends is None or change < ends))})
    parts = []
    for cut, until in pairwise([*cuts, ends]):
        assert cut is not None  # only the last one is open
        named, standing = enterprise, lines
        if decisions:
            made = entitle(enterprise, lines, row["guide"], decisions, starts, cut)
            named, standing = made.enterprise, list(made.lines)
        held = named.guaranteed_on(cut.astimezone(SHANGHAI).date())
        parts.append(_Part(cut, until, {line.code: line for line in standing}, held))
    return enterprise, parts


def _staged(code: str, parts: Iterable[_Part], response: Responding) -> list[tuple[Stage, bool]]:
    """The stages of one line over the parts, and whether a guarantee holds. A decision that changes nothing cuts nothing."""
    made: list[tuple[Stage, bool]] = []
    for part in parts:
        if code not in part.lines:
            continue
        measure = part.lines[code].measures.at(ResponseLevel(response.level.code))
        for stage in stages(measure, response.starts_at, response.ends_at):
            own = part.clipped(stage)
            if own is None:
                continue
            before = made[-1][0] if made and stage.starts < own.starts else None
            if before and made[-1] == (Stage(before.starts, own.starts, own.measure), part.held):
                made[-1] = before._replace(until=own.until), part.held
            else:
                made.append((own, part.held))
    return made


def _line_case(code: str, parts: Sequence[_Part], response: Responding, seen: Mapping[str, list[Any]]) -> LineCase:
    staged = _staged(code, parts, response)
    return LineCase(
        code,
        next(part.lines[code].name for part in parts if code in part.lines),
        tuple(stage for stage, _ in staged),
        tuple(seen.get("production", ())),
        tuple(seen.get("treatment", ())),
        tuple(seen.get("load", ())),
        tuple(seen.get("cems", ())),
        tuple(stage for stage, held in staged if held),
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
    uow: UnitOfWork, response: Responding, usccs: Sequence[str], *, anew: bool
) -> dict[tuple[str, str], Baseline]:
    """Kept baselines, reckoned where there are none yet or hours before the response came in."""
    if anew:
        await uow.execute(
            "DELETE FROM evidence_baseline WHERE response_id = $1 AND uscc = ANY($2::text[])", response.id, list(usccs)
        )
    kept = await uow.fetch(KEPT_BASELINES_SQL, response.id, list(usccs))
    found = {
        (row["uscc"], row["point"]): Baseline(row["mean"], tuple(date.fromisoformat(day) for day in row["days"]))
        for row in kept
        if row["mean"] is not None
    }
    missing = sorted(set(usccs) - {row["uscc"] for row in kept})
    if missing:
        fresh = await baselines(uow, response.adcode, missing, response.starts_at)
        none = [(uscc, "") for uscc in sorted(set(missing) - {uscc for uscc, _ in fresh})]
        await _keep(uow, response, [*((key, base) for key, base in fresh.items()), *((key, None) for key in none)])
        found |= fresh
    return found


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
    uow: UnitOfWork, adcode: str, usccs: Sequence[str], starts: datetime, ends: datetime
) -> dict[str, list[Passage]]:
    found: dict[str, list[Passage]] = defaultdict(list)
    for row in await uow.fetch(PASSAGES_SQL, adcode, list(usccs), starts, ends):
        values = dict(row)
        uscc, at, batch = values.pop("uscc"), values.pop("passed_at"), values.pop("batch_id")
        found[uscc].append(Passage(at=at, batch=batch, **values))
    return found


async def _filed(uow: UnitOfWork, adcode: str, usccs: Sequence[str], starts: datetime) -> dict[str, bool]:
    """Whether a plan was filed at the start; nothing for a division that keeps no plans here: that proves nothing."""
    if not await uow.fetchval(KEEPS_PLANS_SQL, adcode, starts):
        return {}
    filed = {row["uscc"] for row in await uow.fetch(PLANS_SQL, list(usccs), starts)}
    return {uscc: uscc in filed for uscc in usccs}
