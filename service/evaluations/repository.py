"""What an evaluation is made of, always from what the caller may see."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from alerts.instants import parse_instant
from alerts.levels import Level
from emission_lists.accounting_records import GROUP_OF
from emission_lists.entitlement import Decisions
from emission_lists.lists import ROAD_TRANSPORT
from emission_lists.sheets.kinds import Sheet
from service.accounts.roles import Scope
from service.grades.repository import GRADES_COLUMN, GUARANTEES_COLUMN, decisions_from
from service.kit.canonical import canonical
from service.kit.problems import Unknown
from service.kit.unit_of_work import UnitOfWork, beijing

BATCH = 400
RESPONSES_SQL = """
SELECT r.id, r.adcode, r.level, r.list_version_id, r.starts_at, r.ends_at, s.action, s.warning_id
FROM response r JOIN warning_step s ON s.id = r.step_id WHERE s.warning_id = $1 ORDER BY r.starts_at, r.id
"""
OF_RESPONSE_SQL = """
SELECT s.warning_id FROM response r JOIN warning_step s ON s.id = r.step_id WHERE r.id = $1 AND r.adcode LIKE $2
"""
NEWEST_SQL = """
SELECT max(r.id) FROM response r JOIN warning_step s ON s.id = r.step_id WHERE s.warning_id = $1
"""
STEPS_SQL = """
SELECT s.id, s.adcode, s.action, s.level, s.reason, s.announced_at, s.effective_at, s.planned_end, s.content, d.decided_at, d.role,
    p.id AS proposal, p.created_at AS proposed_at, p.deadline, a.id AS assessment, a.as_of, a.created_at AS assessed_at,
    a.clause, a.level AS assessed_level, f.feed, f.issued_at, f.received_at, n.id AS notice,
    (SELECT count(*) FROM acknowledgement k WHERE k.notice_id = n.id) AS acknowledged
FROM warning_step s LEFT JOIN decision d ON d.id = s.decision_id LEFT JOIN proposal p ON p.id = d.proposal_id
LEFT JOIN assessment a ON a.id = p.assessment_id LEFT JOIN forecast f ON f.id = a.forecast_id
LEFT JOIN notice n ON n.step_id = s.id
WHERE s.warning_id = $1 ORDER BY s.id
"""
VERSION_SQL = """
SELECT id, title, guide, state, generated, enterprises, lines, totals, digest, activated_at FROM list_version WHERE id = $1
"""
VERSIONS_SQL = "SELECT id, adcode, title, digest FROM list_version WHERE id = ANY($1::bigint[])"
RECORDS_SQL = """
SELECT sheet, key, document FROM list_record WHERE version_id = $1 AND sheet = ANY($2::text[]) AND (sheet, key) > ($3, $4)
ORDER BY sheet, key LIMIT $5
"""
LISTED_SQL = """
SELECT r.key FROM list_record r JOIN list_enterprise e ON e.version_id = r.version_id AND e.uscc = r.key
WHERE r.version_id = $1 AND r.sheet = $2 AND strpos(e.document, $3) > 0
"""
RECORD_BATCH = 2000
DECIDED_SQL = f"""
SELECT u.uscc, u.adcode, {GRADES_COLUMN.format(uscc="u.uscc", adcode="u.adcode")} AS grades,
    {GUARANTEES_COLUMN.format(uscc="u.uscc", adcode="u.adcode")} AS guarantees
FROM (SELECT uscc, adcode FROM grade_decision WHERE adcode = ANY($1::text[]) AND uscc = ANY($2::text[])
    UNION SELECT uscc, adcode FROM guarantee_case WHERE adcode = ANY($1::text[]) AND uscc = ANY($2::text[])) u
"""
REPORTS_SQL = """
SELECT DISTINCT ON (response_id, uscc, line_code, day) response_id, uscc, line_code, day, state, hours, ran_at, so2, nox, pm, vocs
FROM reduction_report WHERE response_id = ANY($1::bigint[]) AND uscc > $2 AND uscc <= $3
ORDER BY response_id, uscc, line_code, day, id DESC
"""
FINDINGS_SQL = """
SELECT id, uscc, enterprise, line_code AS line, rule, state, starts_at, until_at FROM finding
WHERE response_id = ANY($1::bigint[]) ORDER BY starts_at, id
"""
EVER_ACKNOWLEDGED_SQL = """
SELECT count(DISTINCT k.uscc) FROM acknowledgement k JOIN notice n ON n.id = k.notice_id
JOIN warning_step s ON s.id = n.step_id WHERE s.warning_id = $1
"""
CLOSED_SQL = """
SELECT e.*, a.display FROM evaluation e JOIN account a ON a.id = e.account_id WHERE e.warning_id = $1 ORDER BY e.id DESC LIMIT 1
"""
WITHIN_SQL = """
SELECT w.*, (SELECT coalesce(sum(v.lines), 0) FROM list_version v WHERE v.id IN (
        SELECT r.list_version_id FROM response r JOIN warning_step s ON s.id = r.step_id WHERE s.warning_id = w.id)) AS lines,
    EXISTS (SELECT 1 FROM evaluation e WHERE e.warning_id = w.id) AS shut
FROM warning w WHERE w.adcode LIKE $1 AND ($2::text[] IS NULL OR w.adcode = ANY($2)) AND EXISTS (
    SELECT 1 FROM warning_step s JOIN response r ON r.step_id = s.id
    WHERE s.warning_id = w.id AND r.starts_at < $4 AND coalesce(r.ends_at, 'infinity') > greatest($3, r.starts_at))
ORDER BY w.adcode, w.id LIMIT $5
"""


@dataclass(frozen=True)
class Response:
    """One response of a warning; `ends_at` None while it goes on."""

    id: int
    adcode: str
    level: Level
    list_version: int | None
    starts_at: datetime
    ends_at: datetime | None
    action: str


async def warning_of(uow: UnitOfWork, scope: Scope, response_id: int) -> int:
    """The warning that a response belongs to. Raises Unknown outside the scope."""
    found: int | None = await uow.fetchval(OF_RESPONSE_SQL, response_id, scope.prefix + "%")
    if found is None:
        raise Unknown(f"There is no response {response_id} in your region.")
    return found


async def warning_row(uow: UnitOfWork, scope: Scope, warning_id: int) -> Any:
    """A warning. Raises Unknown outside the scope."""
    row = await uow.fetchrow("SELECT * FROM warning WHERE id = $1 AND adcode LIKE $2", warning_id, scope.prefix + "%")
    if row is None:
        raise Unknown(f"There is no warning {warning_id} in your region.")
    return row


async def responses_of(uow: UnitOfWork, warning_id: int) -> list[Response]:
    """The responses of a warning that were in force for any time, in order."""
    found = []
    for row in await uow.fetch(RESPONSES_SQL, warning_id):
        starts, ends = beijing(row["starts_at"]), beijing(row["ends_at"])
        assert starts is not None
        if ends is None or ends > starts:
            level, version = Level(row["level"]), row["list_version_id"]
            found.append(Response(row["id"], row["adcode"], level, version, starts, ends, row["action"]))
    return found


async def newest_response(uow: UnitOfWork, warning_id: int) -> int | None:
    """The newest response of a warning; None when it has none."""
    found: int | None = await uow.fetchval(NEWEST_SQL, warning_id)
    return found


async def records_of(uow: UnitOfWork, version_id: int) -> AsyncIterator[list[str]]:
    """The rows of the further sheets that hold sources (扬尘源、移动源), as stored, in batches."""
    sheets, last = [sheet.value for sheet in GROUP_OF], ("", "")
    while rows := await uow.fetch(RECORDS_SQL, version_id, sheets, *last, RECORD_BATCH):
        yield [row["document"] for row in rows]
        last = rows[-1]["sheet"], rows[-1]["key"]


async def transport_listed(uow: UnitOfWork, version_id: int) -> frozenset[str]:
    """The units of the sheet 用车大户 whose road transport is a line of the list, by credit code."""
    process = canonical({"process": ROAD_TRANSPORT})[1:-1]
    rows = await uow.fetch(LISTED_SQL, version_id, Sheet.BULK_TRANSPORT.value, process)
    return frozenset(row["key"] for row in rows)


async def decisions_of(uow: UnitOfWork, homes: Mapping[str, tuple[str, ...]]) -> dict[str, Decisions]:
    """What was decided about plants under any of their `homes`, as requirements take it; only those about which anything was."""
    adcodes = sorted({adcode for several in homes.values() for adcode in several})
    rows = await uow.fetch(DECIDED_SQL, adcodes, list(homes))
    made = {(row["uscc"], row["adcode"]): decisions_from(row["grades"], row["guarantees"]) for row in rows}
    found = {}
    for uscc in sorted({uscc for uscc, _ in made}):
        parts = [made[uscc, adcode] for adcode in homes[uscc] if (uscc, adcode) in made]
        grades = tuple(one for part in parts for one in part.grades)
        found[uscc] = Decisions(grades, tuple(one for part in parts for one in part.guarantees))
    return found


async def reports_of(uow: UnitOfWork, responses: list[int], after: str, until: str) -> list[Any]:
    """The newest report of every line and day, of the enterprises with a code in (after, until]."""
    return await uow.fetch(REPORTS_SQL, responses, after, until)


async def closed(uow: UnitOfWork, warning_id: int) -> Any:
    """The newest closed evaluation of a warning, or None."""
    return await uow.fetchrow(CLOSED_SQL, warning_id)


async def warnings_within(
    uow: UnitOfWork, scope: Scope, members: Sequence[str] | None, start: datetime, end: datetime, most: int
) -> list[Any]:
    """The warnings of a scope (of the members only, where given) with a response in [start, end), by division."""
    return await uow.fetch(WITHIN_SQL, scope.prefix + "%", None if members is None else list(members), start, end, most)


def hour_start(until: str) -> datetime:
    """The start of the hour that ends at a stored instant."""
    return parse_instant(until) - timedelta(hours=1)
