"""What is owed is opened with the event, met by what was really done, and climbs its ladder until then."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from alerts.instants import day_start
from alerts.obligations import (
    Kind,
    Owed,
    Terms,
    after_decision,
    after_end,
    after_start,
    daily,
    instant_of,
    terms_of,
)
from service.accounts.roles import Principal
from service.kit.bulk import due_all
from service.kit.unit_of_work import UnitOfWork, beijing
from service.obligations.telling import tell
from service.tasks.departments import duties_of, roles_of

OWE_SQL = """
INSERT INTO obligation (kind, subject, adcode, day, warning_id, step_id, since, due_at, basis, state, escalations, created_at)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, 'open', 0, $10) ON CONFLICT DO NOTHING RETURNING id
"""
MEET_SQL = """
UPDATE obligation SET state = CASE WHEN $4 < due_at THEN 'met' ELSE 'late_met' END, met_at = $4, met_by = $5
WHERE kind = $1 AND subject = $2 AND adcode = $3 AND state IN ('open', 'missed') RETURNING *
"""
WAIVE_SQL = """
UPDATE obligation SET state = 'waived' WHERE state IN ('open', 'missed') AND subject IN (
    SELECT 'response:' || r.id FROM response r JOIN warning_step s ON s.id = r.step_id
    WHERE s.warning_id = $1 AND r.ends_at <= r.starts_at) RETURNING id, kind, adcode
"""
RESPONDED_SQL = """
SELECT EXISTS (SELECT 1 FROM response r JOIN warning_step s ON s.id = r.step_id
WHERE s.warning_id = $1 AND r.id <> $3 AND r.starts_at < $2 AND (r.ends_at IS NULL OR r.ends_at > r.starts_at))
"""
PUBLISHED_SQL = """
SELECT o.kind, o.subject, o.adcode FROM obligation o JOIN message m ON m.step_id = o.step_id
WHERE o.kind IN ('publish', 'lifting_notice') AND o.state IN ('open', 'missed') AND m.identifier = ANY($1::text[]) ORDER BY o.id
"""
LAPSED_SQL = """
SELECT o.kind, o.subject, o.adcode FROM obligation o JOIN warning w ON w.id = o.warning_id
WHERE o.kind = 'lifting_notice' AND o.step_id IS NULL AND o.state IN ('open', 'missed') AND w.closed_at <= $1 ORDER BY o.id
"""
SPANS_SQL = """
SELECT min(r.starts_at) AS starts_at, CASE WHEN bool_or(r.ends_at IS NULL) THEN NULL ELSE max(r.ends_at) END AS ends_at
FROM response r JOIN warning_step s ON s.id = r.step_id
WHERE s.warning_id = $1 AND (r.ends_at IS NULL OR r.ends_at > r.starts_at)
"""


def terms_at(uow: UnitOfWork, adcode: str) -> Terms:
    """The terms of a division at this instant."""
    law = uow.runtime.law
    return terms_of(law.plan_for(adcode, uow.now), law.plans)


async def oblige(
    uow: UnitOfWork,
    adcode: str,
    owed: Owed,
    subject: str,
    *,
    warning_id: int | None = None,
    step_id: int | None = None,
) -> int | None:
    """Open an obligation with its ladder, in the caller's transaction; the same kind and subject again has no effect (None)."""
    made: int | None = await uow.fetchval(
        OWE_SQL, owed.kind.value, subject, adcode, owed.day, warning_id, step_id, owed.since, owed.due_at, owed.reference, uow.now
    )  # fmt: skip
    if made is None:
        return None
    await uow.record(
        "obligation.opened",
        adcode,
        obligation=made,
        what=owed.kind.value,
        subject=subject,
        due_at=owed.due_at,
        reference=owed.reference,
    )
    ladder = duties_of(uow.runtime.law, adcode, uow.runtime.settings.config_dir).escalation
    wanted = [("due", owed.due_at, {"obligation": made, "rung": None})]
    wanted += [
        (str(number), instant_of(rung, owed.since, owed.due_at), {"obligation": made, "rung": number})
        for number, rung in enumerate(ladder)
    ]
    await due_all(
        uow, "press_obligation", [(f"obligation:{made}:{name}", at, payload) for name, at, payload in wanted]
    )
    await uow.tell("duties", adcode)
    return made


async def oblige_all(uow: UnitOfWork, adcode: str, owed: Sequence[Owed], subject: str, **about: Any) -> None:
    """Open each of them about one subject."""
    for one in owed:
        await oblige(uow, adcode, one, subject if one.day is None else f"{subject}:{one.day}", **about)


async def met(
    uow: UnitOfWork, adcode: str, kind: Kind, subject: str, *, by: Principal | None = None, at: datetime | None = None
) -> bool:
    """What was owed is done at an instant (now without one); late is late. False when nothing of it was open."""
    instant = at or uow.now
    row = await uow.fetchrow(
        MEET_SQL, kind.value, subject, adcode, instant, None if by is None else by.account_id
    )
    if row is None:
        return False
    await uow.record(
        "obligation.met",
        adcode,
        obligation=row["id"],
        what=kind.value,
        subject=subject,
        met_at=instant,
        late=row["state"] == "late_met",
        account=row["met_by"],
    )
    await uow.tell("duties", adcode)
    return True


async def press(uow: UnitOfWork, obligation_id: int, rung: int | None) -> None:
    """A rung of the ladder is reached, or (without one) the due instant. Idempotent; nothing when it was met meanwhile."""
    row = await uow.fetchrow("SELECT * FROM obligation WHERE id = $1 FOR UPDATE", obligation_id)
    if row is None or row["state"] not in {"open", "missed"}:
        return
    adcode = row["adcode"]
    if row["state"] == "open" and row["due_at"] <= uow.now:
        await uow.execute("UPDATE obligation SET state = 'missed' WHERE id = $1", obligation_id)
        await uow.record("obligation.missed", adcode, obligation=obligation_id, what=row["kind"], due_at=row["due_at"])
    ladder = duties_of(uow.runtime.law, adcode, uow.runtime.settings.config_dir).escalation
    if rung is not None and row["escalations"] <= rung < len(ladder):
        step = ladder[rung]
        await uow.execute("UPDATE obligation SET escalations = $2 WHERE id = $1", obligation_id, rung + 1)
        await tell(uow, row, rung, step.at, roles_of(step))
        await uow.record(
            "obligation.escalated", adcode, obligation=obligation_id, what=row["kind"], rung=rung, roles=list(step.roles)
        )
    await uow.tell("duties", adcode)


async def after_step(
    uow: UnitOfWork,
    frozen: Mapping[str, Any],
    *,
    warning_id: int,
    step_id: int,
    response_id: int | None,
    effective_at: datetime,
) -> None:
    """A step is decided: what is owed of it, in its transaction."""
    adcode, action, terms = frozen["adcode"], frozen["action"], terms_at(uow, frozen["adcode"])
    for row in await uow.fetch(WAIVE_SQL, warning_id):
        await uow.record("obligation.waived", adcode, obligation=row["id"], what=row["kind"], why="never_begun")
    await oblige_all(
        uow, adcode, after_decision(terms, uow.now), f"step:{step_id}", warning_id=warning_id, step_id=step_id
    )
    if response_id is not None:
        carried = await uow.fetchval(RESPONDED_SQL, warning_id, effective_at, response_id)
        if action in {"issue", "raise", "advance"} or not carried:
            owed = after_start(terms, effective_at)
            await oblige_all(uow, adcode, owed, f"response:{response_id}", warning_id=warning_id, step_id=step_id)
        await _watch_days(uow, adcode, warning_id, effective_at)
    elif action == "lift":
        responded = bool(await uow.fetchval(RESPONDED_SQL, warning_id, effective_at, 0))
        owed = after_end(terms, effective_at, responded=responded)
        await oblige_all(uow, adcode, owed, f"warning:{warning_id}", warning_id=warning_id, step_id=step_id)


async def after_lapse(uow: UnitOfWork, adcode: str, warning_id: int, ended_at: datetime) -> None:
    """A warning ended by itself at the end that its notice named."""
    owed = after_end(terms_at(uow, adcode), ended_at)
    await oblige_all(uow, adcode, owed, f"warning:{warning_id}", warning_id=warning_id)


async def _watch_days(uow: UnitOfWork, adcode: str, warning_id: int, begins: datetime) -> None:
    """Let the days be looked at from the start on; a start in the past at once."""
    if terms_at(uow, adcode).hours(Kind.DAILY_REPORT) is None:
        return
    if begins <= uow.now:
        await open_days(uow, warning_id)
    else:
        await uow.due(f"days:{warning_id}", begins, "open_report_days", {"warning": warning_id})


async def open_days(uow: UnitOfWork, warning_id: int) -> None:
    """Open the daily reports of every day of the warning's responses that has begun, and look again at midnight. Idempotent.

    Only days that have begun are opened, so no later decision has to take one back.
    """
    adcode = await uow.fetchval("SELECT adcode FROM warning WHERE id = $1", warning_id)
    span = await uow.fetchrow(SPANS_SQL, warning_id)
    if adcode is None or span is None or span["starts_at"] is None:
        return
    starts, ends = beijing(span["starts_at"]), beijing(span["ends_at"])
    assert starts is not None
    past = uow.now + timedelta(microseconds=1)
    for owed in daily(terms_at(uow, adcode), starts, ends, past):
        await oblige(uow, adcode, owed, f"warning:{warning_id}:{owed.day}", warning_id=warning_id)
    if ends is None or ends > uow.now:
        following = day_start((beijing(uow.now) or uow.now).date() + timedelta(days=1))
        at = max(following, starts)
        await uow.due(f"days:{warning_id}", at, "open_report_days", {"warning": warning_id})


async def published(uow: UnitOfWork, identifiers: Sequence[str], as_of: datetime) -> int:
    """The public site with these messages is out: what was owed of them is done. Returns how many obligations were met."""
    rows = [*await uow.fetch(PUBLISHED_SQL, list(identifiers)), *await uow.fetch(LAPSED_SQL, as_of)]
    found = [await met(uow, row["adcode"], Kind(row["kind"]), row["subject"]) for row in rows]
    return sum(found)
