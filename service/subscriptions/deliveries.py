"""Deliveries as people see them, and sending again: one, a range, dead letters. Everything starts from the caller's scope."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from service.accounts.roles import Principal, prefix_of
from service.kit.problems import Conflict, Forbidden, Invalid, Unknown
from service.kit.unit_of_work import UnitOfWork, beijing
from service.subscriptions.flows import fan_out
from service.subscriptions.keeping import find_own

VISIBLE = "(s.account_id = $1 OR ($2::text IS NOT NULL AND d.adcode LIKE $2::text || '%'))"
"""Of one's own endpoints, and for officials those of the divisions of their scope."""
MINE_TO_SEND = "(s.account_id = $1 OR ($3::bool AND $2::text IS NOT NULL AND d.adcode LIKE $2::text || '%'))"
FIELDS = (
    "d.id, d.reason, d.channel, d.target, d.subscription_id, d.contact_id, d.adcode, d.address, d.event, d.message_id, d.state,"
    " d.attempts, d.next_attempt_at, d.last_status, d.last_answer, d.created_at, d.done_at, s.account_id, s.host, s.state AS endpoint"
)
PAGE_SQL = f"""
SELECT {FIELDS} FROM delivery d LEFT JOIN subscription s ON s.id = d.subscription_id
WHERE {VISIBLE} AND ($3::text IS NULL OR d.state = $3) AND ($4::text IS NULL OR d.channel = $4)
    AND ($5::bigint IS NULL OR d.subscription_id = $5) AND ($6::text IS NULL OR d.adcode LIKE $6 || '%')
    AND ($7::text IS NULL OR d.event = $7) AND ($8::timestamptz IS NULL OR d.created_at >= $8)
    AND ($9::timestamptz IS NULL OR d.created_at < $9) AND ($10::bigint IS NULL OR d.id < $10)
ORDER BY d.id DESC LIMIT $11
"""
AGAIN = "state = 'pending', schedule_from = delivery.attempts, lease_until = NULL, done_at = NULL, next_attempt_at ="
AGAIN_SQL = f"""
UPDATE delivery SET {AGAIN} $4 WHERE id IN (
    SELECT d.id FROM delivery d LEFT JOIN subscription s ON s.id = d.subscription_id
    WHERE {MINE_TO_SEND} AND d.state = 'dead' AND (s.id IS NULL OR s.state IN ('active', 'paused'))
        AND ($5::text IS NULL OR d.channel = $5) AND ($6::bigint IS NULL OR d.subscription_id = $6)
        AND ($7::text IS NULL OR d.adcode LIKE $7 || '%') AND ($8::timestamptz IS NULL OR d.created_at >= $8)
        AND ($9::timestamptz IS NULL OR d.created_at < $9)
    ORDER BY d.id LIMIT $10 FOR UPDATE OF d SKIP LOCKED
) RETURNING id
"""
MOST_AT_ONCE = 1000
LONGEST_RANGE = timedelta(days=31)
INSTANT = timedelta(microseconds=1)
REPLAY_BATCH = 500
MEANT = """
((s.uscc IS NULL AND starts_with(x.adcode, s.prefix)) OR (s.uscc IS NOT NULL AND x.adcode IN (
    SELECT q.adcode FROM response q JOIN list_enterprise e ON e.version_id = q.list_version_id WHERE e.uscc = s.uscc)))
"""
"""Divisions of an endpoint: below its own, or with a response under a list that names its enterprise. The fan-out looks closer."""
STEPS_SQL = f"""
SELECT x.id, x.action FROM warning_step x JOIN subscription s ON s.id = $3
WHERE x.announced_at >= $1 AND x.announced_at < $2 AND x.id > $4 AND {MEANT} AND NOT EXISTS (
    SELECT 1 FROM delivery d WHERE d.reason = 'step-' || x.id AND d.channel = 'webhook' AND d.target = 'subscription:' || s.id)
ORDER BY x.id LIMIT {REPLAY_BATCH}
"""
REPLAY_SQL = f"""
UPDATE delivery SET {AGAIN} $4 WHERE subscription_id = $1 AND state IN ('done', 'dead', 'cancelled') AND event <> 'link.test' AND (
    created_at >= $2 AND created_at < $3
    OR reason IN (SELECT 'step-' || id FROM warning_step WHERE announced_at >= $2 AND announced_at < $3)
    OR reason IN (SELECT 'response-' || id || '-started' FROM response WHERE starts_at >= $2 AND starts_at < $3)
    OR reason IN (SELECT 'response-' || id || '-ended' FROM response WHERE ends_at >= $2 AND ends_at < $3)
) RETURNING id
"""
"""What an earlier replay added is younger than its event."""
RESPONSES_SQL = f"""
SELECT DISTINCT c.at, x.adcode FROM response x JOIN subscription s ON s.id = $3 CROSS JOIN LATERAL (
    VALUES (x.starts_at, 'started'), (x.ends_at, 'ended')) c(at, what)
WHERE c.at >= $1 AND c.at < $2 AND (x.ends_at IS NULL OR x.ends_at > x.starts_at) AND {MEANT} AND NOT EXISTS (
    SELECT 1 FROM delivery d WHERE d.reason = 'response-' || x.id || '-' || c.what AND d.channel = 'webhook'
        AND d.target = 'subscription:' || s.id)
ORDER BY c.at, x.adcode
"""


@dataclass(frozen=True)
class Filter:
    """What a page or a redrive is about; None: everything."""

    state: str | None = None
    channel: str | None = None
    subscription: int | None = None
    adcode: str | None = None
    event: str | None = None
    start: datetime | None = None
    until: datetime | None = None

    @property
    def prefix(self) -> str | None:
        """First digits of the divisions meant."""
        return None if self.adcode is None else prefix_of(self.adcode)


def seen_by(principal: Principal) -> tuple[int, str | None]:
    """Whose endpoints and which divisions: the first two arguments of every statement here."""
    return principal.account_id, principal.scope.prefix if principal.may_see_command else None


async def page(
    uow: UnitOfWork, principal: Principal, wanted: Filter, after: int | None, size: int
) -> list[dict[str, Any]]:
    """Deliveries that the caller may see, newest first; keyed by id."""
    rows = await uow.fetch(
        PAGE_SQL,
        *seen_by(principal),
        wanted.state,
        wanted.channel,
        wanted.subscription,
        wanted.prefix,
        wanted.event,
        wanted.start,
        wanted.until,
        after,
        size,
    )
    return [_view(row, principal) for row in rows]


async def one(uow: UnitOfWork, principal: Principal, delivery_id: int) -> dict[str, Any]:
    """A delivery with its content and every attempt. Raises Unknown when the caller may not see it."""
    row = await _find(uow, principal, delivery_id)
    content = await uow.fetchrow(
        "SELECT c.subject, c.body FROM delivery_content c JOIN delivery d ON d.content_id = c.id WHERE d.id = $1",
        delivery_id,
    )
    tries = await uow.fetch(
        "SELECT attempt, at, status, said, milliseconds FROM delivery_attempt WHERE delivery_id = $1 ORDER BY attempt",
        delivery_id,
    )
    assert content is not None  # delivery.content_id is a foreign key
    return _view(row, principal) | {
        "subject": content["subject"],
        "body": content["body"],
        "tried": [dict(tried) | {"at": beijing(tried["at"])} for tried in tries],
    }


async def resend(uow: UnitOfWork, principal: Principal, delivery_id: int) -> dict[str, Any]:
    """Send one again, now, under the same message id, with the schedule from its beginning. Raises Conflict while it is being sent."""
    row = await _find(uow, principal, delivery_id, lock=True)
    own = row["account_id"] == principal.account_id
    if not (own or principal.may_send_again):
        raise Forbidden("Sending again is for the owner of the endpoint and for the command centre of the division.")
    if row["state"] == "sending":
        raise Conflict("It is being sent just now; look at its attempts in a minute.")
    if row["endpoint"] not in {None, "active", "paused"}:
        raise Conflict(f"The endpoint is {row['endpoint']}; its owner has to resume it first (PATCH state active).")
    await uow.execute(f"UPDATE delivery SET {AGAIN} $2 WHERE id = $1", delivery_id, uow.now)
    await uow.enqueue("deliver", {})
    await uow.record("delivery.resent", row["adcode"], deliveries=[delivery_id], account=principal.account_id)
    return await one(uow, principal, delivery_id)


async def redrive(uow: UnitOfWork, principal: Principal, wanted: Filter) -> int:
    """Send dead letters again, oldest first, a thousand at most; returns how many. Those of ended endpoints stay dead."""
    rows = await uow.fetch(
        AGAIN_SQL,
        *seen_by(principal),
        principal.may_send_again,
        uow.now,
        wanted.channel,
        wanted.subscription,
        wanted.prefix,
        wanted.start,
        wanted.until,
        MOST_AT_ONCE,
    )
    if rows:
        await uow.enqueue("deliver", {})
        ids = sorted(row["id"] for row in rows)
        await uow.record("delivery.resent", principal.scope.adcode, deliveries=ids, account=principal.account_id)
    return len(rows)


async def replay(
    uow: UnitOfWork, principal: Principal, subscription_id: int, start: datetime, until: datetime
) -> dict[str, int]:
    """Send an own endpoint every event of a range again, under the ids they had; what it never got is added.

    Raises Invalid for a range that is empty or longer than a month, Conflict for an endpoint that has ended.
    """
    if not start < until <= start + LONGEST_RANGE:
        raise Invalid(f"Give a range of more than nothing and at most {LONGEST_RANGE.days} days.")
    own = await find_own(uow, principal, subscription_id, lock=True)
    if own["state"] not in {"active", "paused"}:
        raise Conflict(f"The endpoint is {own['state']}; resume it first (PATCH state active).")
    again = await uow.fetch(
        REPLAY_SQL,
        subscription_id,
        start,
        until,
        uow.now,
    )
    added = await _add_missed(uow, own, start, until)
    await uow.enqueue("deliver", {})
    await uow.record(
        "delivery.replayed",
        own["adcode"],
        subscription=subscription_id,
        start=start,
        until=until,
        again=len(again),
        added=added,
        account=principal.account_id,
    )
    return {"again": len(again), "added": added}


async def _add_missed(uow: UnitOfWork, own: Any, start: datetime, until: datetime) -> int:
    """Write what an endpoint never got of a range: steps that were announced, responses that began and ended."""
    from service.responses.flows import tell_responses  # these tell of their events through this folder
    from service.warnings.flows import EVENTS as OF_ACTIONS

    added, after = 0, 0
    while steps := await uow.fetch(STEPS_SQL, start, until, own["id"], after):
        for step in steps:
            event = OF_ACTIONS.get(step["action"], "warning.updated")
            if not own["events"] or event in own["events"]:
                added += await fan_out(uow, step["id"], event, only=own["id"])
        after = steps[-1]["id"]
    if not own["events"] or {"response.started", "response.ended"} & set(own["events"]):
        for change in await uow.fetch(RESPONSES_SQL, start, min(until, uow.now + INSTANT), own["id"]):
            added += await tell_responses(uow, change["adcode"], change["at"], only=own["id"])
    return added


async def _find(uow: UnitOfWork, principal: Principal, delivery_id: int, *, lock: bool = False) -> Any:
    row = await uow.fetchrow(
        f"SELECT {FIELDS} FROM delivery d LEFT JOIN subscription s ON s.id = d.subscription_id"
        f" WHERE {VISIBLE} AND d.id = $3" + (" FOR UPDATE OF d" if lock else ""),
        *seen_by(principal),
        delivery_id,
    )
    if row is None:
        raise Unknown(f"There is no delivery {delivery_id} that you may see.")
    return row


def _view(row: Any, principal: Principal) -> dict[str, Any]:
    """A row for its readers: the whole address, which may hold a key, is for the owner alone."""
    own = row["account_id"] == principal.account_id
    return {
        "id": row["id"],
        "reason": row["reason"],
        "channel": row["channel"],
        "target": row["target"],
        "subscription": row["subscription_id"],
        "contact": row["contact_id"],
        "adcode": row["adcode"],
        "address": row["address"] if own or row["host"] is None else row["host"],
        "event": row["event"],
        "message_id": row["message_id"],
        "state": row["state"],
        "attempts": row["attempts"],
        "next_attempt_at": beijing(row["next_attempt_at"]) if row["state"] == "pending" else None,
        "last_status": row["last_status"],
        "last_answer": row["last_answer"],
        "created_at": beijing(row["created_at"]),
        "done_at": beijing(row["done_at"]),
    }
