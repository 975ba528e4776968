"""What enterprises report of their reductions (企业上报): for themselves, per line and day, append-only."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from alerts.instants import day_start
from emission_lists.documents import line_from
from emission_lists.levels import ResponseLevel
from emission_lists.lists import Line
from service.accounts.roles import Principal
from service.enterprises.sources import Home, sites_of
from service.evaluations.following import document_of, response_from
from service.evaluations.schemas import LineReport
from service.kit.problems import Forbidden, Invalid, Unknown
from service.kit.unit_of_work import UnitOfWork, beijing

RESPONSE_SQL = """
SELECT r.id, r.adcode, r.level, r.list_version_id, r.starts_at, r.ends_at, s.warning_id FROM response r
JOIN warning_step s ON s.id = r.step_id WHERE r.id = $1
"""
COLUMNS = [
    "response_id", "adcode", "uscc", "line_code", "day", "state", "hours", "ran_at", "so2", "nox", "pm", "vocs", "note",
    "account_id", "reported_at",
]  # fmt: skip
PAGE_SQL = """
SELECT p.id, p.response_id, p.uscc, p.line_code, p.day, p.state, p.hours, p.ran_at, p.so2, p.nox, p.pm, p.vocs, p.note,
    p.reported_at, a.display AS reported_by,
    NOT EXISTS (SELECT 1 FROM reduction_report n WHERE n.response_id = p.response_id AND n.uscc = p.uscc
        AND n.line_code = p.line_code AND n.day = p.day AND n.id > p.id) AS newest
FROM reduction_report p JOIN account a ON a.id = p.account_id
WHERE p.response_id = $1 AND p.adcode LIKE $2 AND ($3::text IS NULL OR p.uscc = $3) AND ($4::bigint IS NULL OR p.id < $4)
ORDER BY p.id DESC LIMIT $5
"""
HOMES_SQL = """
SELECT DISTINCT ON (v.adcode) v.adcode, e.county FROM list_enterprise e JOIN list_version v ON v.id = e.version_id
WHERE e.uscc = $1 AND v.activated_at IS NOT NULL ORDER BY v.adcode, v.activated_at DESC, v.id DESC
"""
OWN_SQL = """
SELECT r.id, r.adcode, r.level, r.list_version_id, r.starts_at, r.ends_at, s.warning_id FROM response r
JOIN warning_step s ON s.id = r.step_id
WHERE r.starts_at <= $2 AND coalesce(r.ends_at, 'infinity') > r.starts_at AND r.adcode LIKE $3 AND r.level >= 2 AND (
    EXISTS (SELECT 1 FROM list_enterprise e WHERE e.version_id = r.list_version_id AND e.uscc = $1)
    OR (r.list_version_id IS NULL AND r.adcode = ANY($4::text[])))
ORDER BY r.starts_at DESC, r.id DESC
"""
"""Responses that may ask something of an enterprise: their list names it, or they have none and it lies in their division."""
LEVELS = {2: ResponseLevel.YELLOW, 3: ResponseLevel.ORANGE, 4: ResponseLevel.RED}
DAY, MINUTE = timedelta(days=1), timedelta(minutes=1)


async def report(
    uow: UnitOfWork, principal: Principal, response_id: int, lines: Sequence[LineReport]
) -> dict[str, Any]:
    """Take what an enterprise reports of its own lines; all faults at once, and then nothing is stored.

    Raises Forbidden for anybody else, Unknown for a response whose list does not name it.
    """
    if principal.uscc is None:
        raise Forbidden("Reductions are reported by the enterprise itself.")
    row = await uow.fetchrow(RESPONSE_SQL, response_id)
    named = None if row is None else await document_of(uow, response_from(row), principal.uscc)
    if row is None or row["level"] not in LEVELS or named is None:
        raise Unknown(f"There is no response {response_id} that asks for reductions of your enterprise.")
    known = {line.code: line for line in lines_of(named[1])}
    faults = [fault for number, one in enumerate(lines) for fault in _faults(number, one, known, row, uow.now)]
    faults += _twice(lines)
    if faults:
        raise Invalid(f"{len(faults)} fault(s) in the report; nothing was stored.", errors=faults)
    rows = [
        (
            response_id, row["adcode"], principal.uscc, one.line, one.day, one.state, one.hours, one.ran_at,
            one.so2, one.nox, one.pm, one.vocs, one.note, principal.account_id, uow.now,
        )
        for one in lines
    ]  # fmt: skip
    await uow.connection.copy_records_to_table("reduction_report", records=rows, columns=COLUMNS)
    await uow.record(
        "reduction.reported",
        row["adcode"],
        response=response_id,
        uscc=principal.uscc,
        lines=len(lines),
        account=principal.account_id,
    )
    shut = await uow.fetchval("SELECT EXISTS (SELECT 1 FROM evaluation WHERE warning_id = $1)", row["warning_id"])
    return {"response": response_id, "uscc": principal.uscc, "taken": len(lines), "evaluation_closed": shut}


def lines_of(document: str) -> list[Line]:
    """The lines of a stored enterprise in the list that a response follows."""
    return [line_from(line) for line in json.loads(document)["lines"]]


async def asking(uow: UnitOfWork, uscc: str, region: str, most: int, *, once: bool = False) -> list[tuple[Any, str]]:
    """The newest responses with measures for an enterprise and what their list says of it; `once`: one of each warning."""
    sites = sites_of(uow.runtime, [Home(*row.values()) for row in await uow.fetch(HOMES_SQL, uscc)])
    chain = sorted({adcode for site in sites for adcode in site.chain})
    found: list[tuple[Any, str]] = []
    warnings: set[int] = set()
    for row in await uow.fetch(OWN_SQL, uscc, uow.now, region, chain):
        if len(found) == most:
            break
        if once and row["warning_id"] in warnings:
            continue
        named = await document_of(uow, response_from(row), uscc)
        if named is not None:
            warnings.add(row["warning_id"])
            found.append((row, named[1]))
    return found


def _faults(number: int, one: LineReport, known: dict[str, Line], row: Any, now: datetime) -> list[dict[str, str]]:
    found = []

    def fault(member: str, detail: str) -> None:
        found.append({"pointer": f"/lines/{number}/{member}", "detail": detail})

    if one.line not in known:
        fault("line", f"the list names no line {one.line}; its lines are {', '.join(sorted(known)[:20])}")
    minutes = minutes_of_day(row, day_start(one.day), now)
    if minutes <= 0:
        fault("day", f"{one.day} is no day of this response that has begun")
    elif one.hours * 60 > minutes + 1:
        fault("hours", f"the response held for {minutes / 60:.1f} hours of that day; report at most these")
    if one.state == "running" and one.hours:
        fault("hours", "a line that ran as normal has no hours of stop or limit; leave them out")
    if one.state != "running" and not one.hours:
        fault("hours", "give the hours in which the line was stopped or limited")
    stated = any(value is not None for value in (one.so2, one.nox, one.pm, one.vocs))
    if one.state == "limited" and one.ran_at is None and not stated:
        fault("ran_at", "give the share of normal output that went on, or the kg saved")
    if one.state != "limited" and one.ran_at is not None:
        fault("ran_at", "only a limited line has a share that went on")
    return found


def _twice(lines: Sequence[LineReport]) -> list[dict[str, str]]:
    seen: set[tuple[str, Any]] = set()
    found = []
    for number, one in enumerate(lines):
        if (one.line, one.day) in seen:
            found.append({"pointer": f"/lines/{number}", "detail": f"{one.line} on {one.day} stands here twice"})
        seen.add((one.line, one.day))
    return found


def minutes_of_day(row: Any, day: datetime, now: datetime) -> int:
    """The minutes of a natural day in which a response has been in force."""
    start: datetime = max(row["starts_at"], day)
    end: datetime = min(row["ends_at"] or now, day + DAY, now)
    return max(0, (end - start) // MINUTE)


async def page(
    uow: UnitOfWork, principal: Principal, response_id: int, uscc: str | None, after: int | None, size: int
) -> list[dict[str, Any]]:
    """What was reported for a response, newest first: an enterprise sees its own, officials those of their region."""
    own = principal.uscc if principal.uscc is not None else uscc
    prefix = "%" if principal.uscc is not None else principal.scope.prefix + "%"
    rows = await uow.fetch(PAGE_SQL, response_id, prefix, own, after, size)
    return [dict(row) | {"reported_at": beijing(row["reported_at"])} for row in rows]


async def to_report(uow: UnitOfWork, principal: Principal, uscc: str, most: int = 3) -> list[dict[str, Any]]:
    """The newest responses that an enterprise may report for: its lines, the days, and what it reported of each so far.

    Officials see those of their region.
    """
    found = []
    region = "%" if principal.uscc == uscc else principal.scope.prefix + "%"
    for row, document in await asking(uow, uscc, region, most):
        told = await uow.fetch(PAGE_SQL, row["id"], "%", uscc, None, 500)
        starts, ends = beijing(row["starts_at"]), beijing(row["ends_at"])
        assert starts is not None
        days, day = [], day_start(starts.date())
        while (minutes := minutes_of_day(row, day, uow.now)) > 0:
            days.append({"day": day.date(), "hours": round(minutes / 60, 1)})
            day += DAY
        level = LEVELS[row["level"]]
        lines = [
            {"code": one.code, "name": one.name, "asked_zh": one.measure(level).render_zh(), "asked_en": one.measure(level).render_en()}
            for one in lines_of(document)
        ]
        found.append(
            {
                "response": row["id"],
                "adcode": row["adcode"],
                "level": level.value,
                "starts_at": starts,
                "ends_at": ends,
                "days": days,
                "lines": lines,
                "told": [dict(one) for one in told if one["newest"]],
            }
        )
    return found
