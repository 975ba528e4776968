"""Evidence as it counts: the newest value of every hour, baselines before a response, and pages of what came in."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import Any

from emission_lists.compliance_baseline import Baseline, DayUse, baseline
from service.accounts.roles import Principal, Role, Scope
from service.evidence.config import rules
from service.evidence.delivered import OUTSIDE
from service.evidence.points import HOMES_SQL, PointInfo, points_of
from service.kit.clock import SHANGHAI
from service.kit.unit_of_work import UnitOfWork, beijing
from service.responses.repository import Responding, of_division

Key = tuple[str, str, str]
"""Line code, kind, role. The kind of a monitor's hours is `cems_` and its item."""
SERIES_SQL = """
SELECT uscc, point, item, array_agg(until_at ORDER BY until_at) AS untils, array_agg(value ORDER BY until_at) AS "values",
    array_agg(flag ORDER BY until_at) AS flags, array_agg(batch_id ORDER BY until_at) AS batches
FROM (
    SELECT DISTINCT ON (uscc, point, item, until_at) uscc, point, item, until_at, flag, batch_id,
        CASE WHEN flag IS NULL OR flag = 'N' THEN value END AS value
    FROM evidence_hour WHERE adcode = $1 AND uscc = ANY($2::text[]) AND until_at > $3 AND until_at <= $4
    ORDER BY uscc, point, item, until_at, batch_id DESC
) newest GROUP BY uscc, point, item
"""
DAYS_SQL = f"""
WITH own AS MATERIALIZED (
    SELECT b.id FROM evidence_batch b LEFT JOIN account a ON a.id = b.account_id WHERE b.adcode = $1 AND NOT {OUTSIDE}
)
SELECT uscc, point, day, own, sum(value) AS total, count(value) AS hours FROM (
    SELECT DISTINCT ON (h.uscc, h.point, h.until_at) h.uscc, h.point, own.id IS NOT NULL AS own,
        CASE WHEN h.flag IS NULL OR h.flag = 'N' THEN h.value END AS value,
        ((h.until_at - interval '1 hour') AT TIME ZONE 'Asia/Shanghai')::date AS day
    FROM evidence_hour h LEFT JOIN own ON own.id = h.batch_id
    WHERE h.adcode = $1 AND h.uscc = ANY($2::text[]) AND h.item = 'kwh' AND h.until_at > $3 AND h.until_at <= $4
    ORDER BY h.uscc, h.point, h.until_at, own.id IS NOT NULL, h.batch_id DESC
) newest GROUP BY uscc, point, day, own
"""
WATCHED_SQL = f"""
SELECT p.uscc, p.point FROM unnest($2::text[], $3::text[]) AS p(uscc, point) WHERE EXISTS (
    SELECT 1 FROM evidence_hour h JOIN evidence_batch b ON b.id = h.batch_id LEFT JOIN account a ON a.id = b.account_id
    WHERE h.adcode = $1 AND h.uscc = p.uscc AND h.point = p.point AND h.item = 'kwh' AND {OUTSIDE})
"""
PAGE_SQL = """
SELECT uscc, point, item, until_at, value, flag, batch_id FROM evidence_hour
WHERE adcode = ANY($1::text[]) AND uscc = $2 AND until_at > $3 AND until_at <= $4
    AND ($5::text IS NULL OR (point, item, until_at, batch_id) > ($5, $6, $7, $8))
ORDER BY point, item, until_at, batch_id LIMIT $9
"""
BATCHES_SQL = """
SELECT b.id, b.adcode, b.kind, b.feed, a.display, b.reference, b.rows, b.received_at FROM evidence_batch b
LEFT JOIN account a ON a.id = b.account_id
WHERE b.adcode LIKE $1 AND ($2::bigint IS NULL OR b.account_id = $2) AND ($3::bigint IS NULL OR b.id < $3)
ORDER BY b.id DESC LIMIT $4
"""
INSPECTIONS_SQL = """
SELECT i.id, i.adcode, i.uscc, n.name AS enterprise, i.line_code, i.inspected_at, i.inspector, i.result, i.note, i.reference,
    i.batch_id, f.id AS finding, f.state AS finding_state
FROM inspection i
LEFT JOIN LATERAL (
    SELECT id, state, answer_by FROM finding WHERE i.result = 'breach' AND uscc = i.uscc AND rule = 'BY_HAND'
        AND starts_at = i.inspected_at AND line_code = coalesce(i.line_code, '')
        AND proof -> 'inspection' ->> 'inspector' = i.inspector
        AND proof -> 'inspection' ->> 'reference' IS NOT DISTINCT FROM i.reference
    ORDER BY id DESC LIMIT 1) f ON true
LEFT JOIN LATERAL (
    SELECT e.name FROM list_enterprise e JOIN list_version v ON v.id = e.version_id
    WHERE e.uscc = i.uscc AND v.activated_at IS NOT NULL ORDER BY v.activated_at DESC, v.id DESC LIMIT 1) n ON true
WHERE i.adcode LIKE $1 AND ($2::text IS NULL OR i.uscc = $2) AND ($3::text IS NULL OR i.result = $3)
    AND (NOT $4::bool OR i.result <> 'breach' OR f.answer_by IS NOT NULL) AND ($5::bigint IS NULL OR i.id < $5)
ORDER BY i.id DESC LIMIT $6
"""
DAY = timedelta(days=1)


async def hours_of(
    uow: UnitOfWork, uscc: str, start: datetime, end: datetime
) -> dict[Key, list[tuple[datetime, float]]]:
    """The hours of an enterprise inside [start, end), by line, kind and role: (end of the hour, value), in order.

    A value with a flag other than N (HJ 212: a fault, calibration, …) does not count, here as in judging and baselines.
    Several meters of one line and role are added up, and only hours that all of them have count: a part would pass for the whole.
    """
    homes = await _homes(uow, uscc)
    points = {one.point: one for one in (await points_of(uow, {uscc: homes})).values()}
    expected: dict[Key, set[str]] = defaultdict(set)
    sums: dict[Key, dict[datetime, list[float]]] = defaultdict(lambda: defaultdict(list))
    for adcode in homes:
        for row in await uow.fetch(SERIES_SQL, adcode, [uscc], start, end):
            point = points.get(row["point"])
            if point is None:
                continue
            key = key_of(point, row["item"])
            expected[key].add(point.point)
            for until, value in zip(row["untils"], row["values"], strict=True):
                if value is not None:
                    sums[key][until].append(value)
    for point in points.values():
        if point.kind != "cems":
            expected[key_of(point, "")].add(point.point)
    return {
        key: [(_beijing(at), sum(values)) for at, values in sorted(hours.items()) if len(values) == len(expected[key])]
        for key, hours in sums.items()
    }


def key_of(point: PointInfo, item: str) -> Key:
    """What the hours of a point are of."""
    return point.line_code, f"cems_{item}" if point.kind == "cems" else point.kind, point.role


async def baseline_of(uow: UnitOfWork, uscc: str, line_code: str, before: datetime) -> float | None:
    """kWh of a normal hour of a line before an instant: all its production meters together.

    None when one of them has too few normal days.
    """
    total = 0.0
    found = False
    for adcode in await _homes(uow, uscc):
        registered = (await points_of(uow, {uscc: (adcode,)})).values()
        meters = [
            one.point
            for one in registered
            if one.kind == "power" and one.role == "production" and one.line_code == line_code
        ]
        known = await baselines(uow, adcode, [uscc], before)
        for meter in meters:
            one = known.get((uscc, meter))
            if one is None:
                return None
            found, total = True, total + one.mean
    return total if found else None


Without = Callable[[str, str, datetime, datetime], Collection[date]]
"""Further days on which a meter's line was under measures: by enterprise, point, and the midnights they lie between."""


async def baselines(
    uow: UnitOfWork, adcode: str, usccs: Collection[str], before: datetime, besides: Without | None = None
) -> dict[tuple[str, str], Baseline]:
    """The baseline of every meter of enterprises before an instant; meters with too few normal days are left out.

    What an enterprise reported of itself makes no normal day of a line whose electricity a feed or an official delivers.
    """
    rule = rules().baseline
    responses = await of_division(uow, adcode)
    anchor = anchor_of(responses, before)
    last = anchor.astimezone(SHANGHAI).replace(hour=0, minute=0, second=0, microsecond=0)
    first = last - rule.lookback_days.value * DAY
    without = days_with_measures(responses, first, last)
    rows = await uow.fetch(DAYS_SQL, adcode, sorted(usccs), first, last)
    unproven = await _of_watched_lines(uow, adcode, sorted({row["uscc"] for row in rows if row["own"]}))
    days: dict[tuple[str, str], dict[date, DayUse]] = defaultdict(dict)
    for row in rows:
        key = row["uscc"], row["point"]
        if row["own"] and key in unproven:
            continue
        before_it = days[key].get(row["day"], DayUse(0.0, 0))
        days[key][row["day"]] = DayUse(before_it.total + (row["total"] or 0.0), before_it.hours + row["hours"])
    made = {
        key: baseline(uses, without if besides is None else without.union(besides(*key, first, last)), rule)
        for key, uses in days.items()
    }
    return {key: found for key, found in made.items() if found is not None}


async def _of_watched_lines(uow: UnitOfWork, adcode: str, usccs: Sequence[str]) -> set[tuple[str, str]]:
    """The meters (enterprise, point) of the lines of which a feed or an official ever delivered electricity."""
    if not usccs:
        return set()
    meters = {
        key: (one.uscc, one.line_code)
        for key, one in (await points_of(uow, dict.fromkeys(usccs, (adcode,)))).items()
        if one.kind == "power"
    }
    keys = sorted(meters)
    found = await uow.fetch(WATCHED_SQL, adcode, [uscc for uscc, _ in keys], [point for _, point in keys])
    lines = {meters[row["uscc"], row["point"]] for row in found}
    return {key for key, line in meters.items() if line in lines}


def anchor_of(responses: Sequence[Responding], before: datetime) -> datetime:
    """The start of the unbroken run of responses that reaches `before`: its raised levels are not normal days."""
    anchor = before
    for response in sorted(responses, key=lambda one: one.starts_at, reverse=True):
        if response.starts_at < anchor and (response.ends_at is None or response.ends_at >= anchor):
            anchor = response.starts_at
    return anchor


def days_with_measures(responses: Sequence[Responding], first: datetime, last: datetime) -> frozenset[date]:
    """The natural days between two midnights on which a response was in force."""
    found = set()
    for number in range((last - first) // DAY):
        start = first + number * DAY
        if any(one.starts_at < start + DAY and (one.ends_at is None or one.ends_at > start) for one in responses):
            found.add(start.date())
    return frozenset(found)


async def _homes(uow: UnitOfWork, uscc: str) -> tuple[str, ...]:
    return tuple(sorted(row["adcode"] for row in await uow.fetch(HOMES_SQL, [uscc], "%")))


def _beijing(at: datetime) -> datetime:
    found = beijing(at)
    assert found is not None
    return found


async def page(
    uow: UnitOfWork,
    homes: Sequence[str],
    uscc: str,
    start: datetime,
    end: datetime,
    after: Sequence[Any] | None,
    size: int,
) -> list[dict[str, Any]]:
    """Every hour that came in, corrections and what they replaced alike, in the order of point, item, hour and batch."""
    point, item, until, batch = after or (None, None, None, None)
    rows = await uow.fetch(PAGE_SQL, list(homes), uscc, start, end, point, item, until, batch, size)
    return [
        {
            "point": row["point"],
            "item": row["item"],
            "time": beijing(row["until_at"]),
            "value": row["value"],
            "flag": row["flag"],
            "batch": row["batch_id"],
        }
        for row in rows
    ]


async def batches(
    uow: UnitOfWork, scope: Scope, account_id: int | None, after: int | None, size: int
) -> list[dict[str, Any]]:
    """Deliveries of a scope (or of one account), newest first."""
    rows = await uow.fetch(BATCHES_SQL, scope.prefix + "%", account_id, after, size)
    return [
        dict(row) | {"place": uow.runtime.place(row["adcode"]), "received_at": beijing(row["received_at"])}
        for row in rows
    ]


async def inspections(
    uow: UnitOfWork,
    principal: Principal,
    *,
    uscc: str | None = None,
    result: str | None = None,
    after: int | None = None,
    size: int = 100,
) -> list[dict[str, Any]]:
    """Inspections of a region, newest first, corrections beside what they replaced, with the finding that each made.

    An enterprise gets its own, a breach once its finding was notified.
    """
    own = principal.role is Role.ENTERPRISE
    rows = await uow.fetch(
        INSPECTIONS_SQL,
        "%" if own else principal.scope.prefix + "%",
        principal.uscc if own else uscc,
        result,
        own,
        after,
        size,
    )
    return [
        {
            "id": row["id"],
            "adcode": row["adcode"],
            "place": uow.runtime.place(row["adcode"]),
            "uscc": row["uscc"],
            "enterprise": row["enterprise"],
            "line": row["line_code"],
            "time": beijing(row["inspected_at"]),
            "inspector": row["inspector"],
            "result": row["result"],
            "note": row["note"],
            "reference": row["reference"],
            "batch": row["batch_id"],
            "finding": row["finding"],
            "finding_state": row["finding_state"],
        }
        for row in rows
    ]


def by_enterprise(rows: Mapping[tuple[str, str], Any]) -> dict[str, dict[str, Any]]:
    """Values by (enterprise, point) as points by enterprise."""
    found: dict[str, dict[str, Any]] = defaultdict(dict)
    for (uscc, point), value in rows.items():
        found[uscc][point] = value
    return found
