"""Reports (报告): prefilled from facts, signed by hand under the hash of what was read, kept as they were."""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from typing import Any

from alerts.instants import DAY, day_start
from alerts.levels import Level
from alerts.obligations import REPORTS, Kind
from service.accounts.factors import confirm
from service.accounts.roles import CENTRE, Principal, Scope
from service.evaluations import flows as evaluations
from service.evaluations import repository as evaluated
from service.evaluations.air import days_of
from service.kit.canonical import canonical, digest
from service.kit.problems import Conflict, ContentChanged, Forbidden
from service.kit.unit_of_work import UnitOfWork, beijing
from service.obligations import repository
from service.obligations.flows import met
from service.tasks.repository import counts

LEVELS_SQL = """
SELECT r.id, r.level, r.starts_at, r.ends_at, r.list_version_id, s.action FROM response r JOIN warning_step s ON s.id = r.step_id
WHERE s.warning_id = $1 AND r.starts_at < $3 AND (r.ends_at IS NULL OR r.ends_at > greatest($2, r.starts_at)) ORDER BY r.starts_at, r.id
"""
ACKNOWLEDGED_SQL = """
SELECT coalesce(max(v.enterprises), 0) AS listed, (SELECT count(DISTINCT k.uscc) FROM acknowledgement k
    JOIN notice n ON n.id = k.notice_id JOIN warning_step s ON s.id = n.step_id
    WHERE s.warning_id = $1 AND k.acknowledged_at < $3) AS acknowledged
FROM list_version v WHERE v.id = ANY($2::bigint[])
"""
FINDINGS_SQL = """
SELECT count(*) AS count, count(*) FILTER (WHERE state = 'confirmed') AS confirmed FROM finding
WHERE response_id = ANY($1::bigint[]) AND starts_at >= $2 AND starts_at < $3
"""
REDUCED_SQL = """
SELECT count(*) AS lines, count(DISTINCT uscc) AS enterprises, sum(so2) AS so2, sum(nox) AS nox, sum(pm) AS pm, sum(vocs) AS vocs
FROM (SELECT DISTINCT ON (response_id, uscc, line_code, day) * FROM reduction_report
    WHERE response_id = ANY($1::bigint[]) AND day >= $2 AND day <= $3 ORDER BY response_id, uscc, line_code, day, id DESC) n
"""
STEP_SQL = "SELECT action, reason, announced_at, effective_at FROM warning_step WHERE warning_id = $1 ORDER BY id DESC LIMIT 1"
SIGN_SQL = """
INSERT INTO duty_report (kind, warning_id, obligation_id, adcode, day, document, digest, account_id, role, late, signed_at)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11) RETURNING id
"""
WORDS = ("situation", "problems", "next_steps")
UNTIL_NOW = frozenset({Kind.RESPONSE_REPORT, Kind.EXECUTION_REPORT})
"""Reports on a response that goes on: they tell of the time until they were drafted, and name that instant."""
READ_WITHIN = timedelta(minutes=30)
"""So long a draft of those may be read and written on before it is drafted again (a choice)."""


async def draft(uow: UnitOfWork, scope: Scope, obligation_id: int) -> dict[str, Any]:
    """The facts of an owed report as of now, with their hash. Raises Unknown outside the scope, Conflict for what is no report."""
    row = await repository.row_of(uow, scope, obligation_id)
    facts = await _facts(uow, scope, row, uow.now)
    return {"obligation": repository.document_of(uow, row), "facts": facts, "content_hash": digest(facts)}


async def _facts(uow: UnitOfWork, scope: Scope, row: Any, at: datetime) -> dict[str, Any]:
    if Kind(row["kind"]) not in REPORTS:
        raise Conflict("This is not met by a report; it is met when it is done.")
    if row["state"] == "waived":
        raise Conflict("The response never began; nothing is owed any more.")
    warning = await uow.fetchrow("SELECT * FROM warning WHERE id = $1", row["warning_id"])
    assert warning is not None  # warnings are never deleted
    start, end = _window(uow, row, warning, at)
    found: dict[str, Any] = {
        "kind": row["kind"],
        "place": uow.runtime.place(row["adcode"]),
        "adcode": row["adcode"],
        "warning": row["warning_id"],
        "day": row["day"],
        "reference": row["basis"],
        **await _between(uow, scope, row["adcode"], row["warning_id"], start, end),
    }
    if Kind(row["kind"]) in UNTIL_NOW:
        found |= {"as_of": beijing(at), "hours": None}
    if row["kind"] == Kind.SUMMARY:
        found |= await _ending(uow, scope, warning)
    plain: dict[str, Any] = json.loads(canonical(found))
    return plain


def _window(uow: UnitOfWork, row: Any, warning: Any, at: datetime) -> tuple[datetime, datetime]:
    """The time that a report is about; the end is known only when it has come."""
    if row["day"] is not None:
        start = day_start(row["day"])
        if uow.now < start + DAY:
            raise Conflict(f"The day {row['day']} is not over; its report is written after it.")
        return start, start + DAY
    if row["kind"] == Kind.SUMMARY:
        ended = beijing(warning["closed_at"]) or uow.now
        if ended > uow.now:
            raise Conflict("The response is not over; the summary is written after it.")
        return _aware(warning["effective_at"]), ended
    start = _aware(row["since"])
    if at < start:
        raise Conflict("The response has not begun; its report is written after the start.")
    return start, at


def _aware(value: datetime) -> datetime:
    local = beijing(value)
    assert local is not None
    return local


async def _between(
    uow: UnitOfWork, scope: Scope, adcode: str, warning_id: int, start: datetime, end: datetime
) -> dict[str, Any]:
    """Levels and hours in force, air, receipts, tasks, findings and reported reductions of [start, end)."""
    rows = await uow.fetch(LEVELS_SQL, warning_id, start, end)
    ids = [row["id"] for row in rows]
    lists = [row["list_version_id"] for row in rows if row["list_version_id"] is not None]
    receipts = await uow.fetchrow(ACKNOWLEDGED_SQL, warning_id, lists, end)
    findings = await uow.fetchrow(FINDINGS_SQL, ids, start, end)
    reduced = await uow.fetchrow(REDUCED_SQL, ids, start.date(), (end - DAY / 24).date())
    assert receipts is not None
    assert findings is not None
    assert reduced is not None
    spans = [(Level(row["level"]), max(start, _aware(row["starts_at"])), beijing(row["ends_at"])) for row in rows]
    hours = sum(((min(end, until or end) - since).total_seconds() for _, since, until in spans), 0.0) / 3600
    listed = int(receipts["listed"])
    air = await days_of(uow, scope, adcode, start, end)
    return {
        "levels": [
            {"level": level.code, "from": since, "until": None if until is None or until > end else until}
            for level, since, until in spans
        ],
        "hours": round(hours, 1) if end < uow.now else None,
        "list_versions": sorted(set(lists)),
        "receipts": {
            "listed": listed,
            "acknowledged": int(receipts["acknowledged"]),
            "rate": round(receipts["acknowledged"] / listed, 4) if listed else None,
        },
        "tasks": await counts(uow, warning_id, start, end),
        "findings": dict(findings),
        "reductions": dict(reduced),
        "air": [day for day in air if day["when"] == "during"],
    }


async def _ending(uow: UnitOfWork, scope: Scope, warning: Any) -> dict[str, Any]:
    """How it ended, and what the evaluation says of the effect."""
    step = await uow.fetchrow(STEP_SQL, warning["id"])
    assert step is not None  # every warning has steps
    responses = await evaluated.responses_of(uow, warning["id"])
    found = await evaluations.evaluation(uow, scope, warning["id"]) if responses else None
    return {
        "ending": {
            "how": "lapse" if warning["state"] == "lapsed" else step["action"],
            "reason": "fixed_end" if warning["state"] == "lapsed" else step["reason"],
            "at": beijing(warning["closed_at"]),
        },
        "evaluation": None
        if found is None
        else {"state": found["state"], "totals": found["totals"], "coverage": found["coverage"]},
    }


def _read_at(uow: UnitOfWork, as_of: datetime | None) -> datetime:
    """The instant that was read, where that is not too long ago; else the present, whose facts are others."""
    return as_of if as_of is not None and uow.now - READ_WITHIN <= as_of <= uow.now else uow.now


async def sign(
    uow: UnitOfWork,
    principal: Principal,
    obligation_id: int,
    content_hash: str,
    words: dict[str, str],
    *,
    as_of: datetime | None = None,
    factor: str | None = None,
) -> dict[str, Any]:
    """Sign a report: its facts and words are frozen with their hash and what was owed is met; late is late.

    `as_of`: the instant that the facts read name, at most half an hour ago. A further report of the same obligation stands
    beside the first, which stays. Raises Forbidden, Unknown, Conflict,
    ContentChanged when the facts are not those that were read, and what `confirm` raises of the second factor.
    """
    await uow.execute("SELECT 1 FROM obligation WHERE id = $1 FOR UPDATE", obligation_id)
    row = await repository.row_of(uow, principal.scope, obligation_id)
    if principal.role not in CENTRE or principal.key_scopes is not None:
        raise Forbidden("Reports are signed by a person of the command centre of the division.")
    facts = await _facts(uow, principal.scope, row, _read_at(uow, as_of))
    present = digest(facts)
    if present != content_hash:
        raise ContentChanged("The facts changed since you read them; read the report again.", content_hash=present)
    await confirm(uow, principal, factor)
    content = {"facts": facts, "words": {name: words.get(name, "") for name in WORDS}}
    signed = digest(content)
    late = uow.now >= row["due_at"]
    report_id = await uow.fetchval(
        SIGN_SQL, row["kind"], row["warning_id"], obligation_id, row["adcode"], row["day"], canonical(content), signed,
        principal.account_id, principal.role.value, late, uow.now,
    )  # fmt: skip
    await uow.record(
        "report.signed",
        row["adcode"],
        report=report_id,
        obligation=obligation_id,
        what=row["kind"],
        day=row["day"],
        digest=signed,
        late=late,
        account=principal.account_id,
    )
    await met(uow, row["adcode"], Kind(row["kind"]), row["subject"], by=principal)
    return {"report": report_id, "digest": signed, "late": late}
