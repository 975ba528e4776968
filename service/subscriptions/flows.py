"""The outbox: one row per effect, queued in the business transaction, delivered by the engine with retries."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from alerts.levels import Level
from service.kit.canonical import canonical
from service.kit.problems import Unknown
from service.kit.unit_of_work import UnitOfWork, beijing
from service.subscriptions import repository

WARNING_EVENTS = ("warning.issued", "warning.updated", "warning.lifted", "warning.revoked")
EXTRA_EVENT = "notice.extra"
EVENTS = frozenset({*WARNING_EVENTS, "response.started", "response.ended", EXTRA_EVENT, "link.test"})
WANTING_SQL = "s.state IN ('active', 'paused') AND (s.events = '[]'::jsonb OR s.events ? $2::text)"
INTO_SQL = f"""
INSERT INTO delivery (reason, channel, target, lane, subscription_id, adcode, address, event, content_id, message_id, ordered,
    state, attempts, schedule_from, next_attempt_at, created_at)
SELECT $1::text, 'webhook', 'subscription:' || s.id, 'subscription:' || s.id, s.id, s.adcode, s.url, $2::text, $3,
    $1::text || ':' || s.id, s.ordered, 'pending', 0, 0, $4::timestamptz, $4::timestamptz FROM subscription s
WHERE {WANTING_SQL}
"""
FAN_OUT_SQL = f"""{INTO_SQL}
    AND ((s.uscc IS NULL AND $5::text LIKE s.prefix || '%')
        OR (s.uscc IS NOT NULL AND EXISTS (SELECT 1 FROM list_enterprise e WHERE e.uscc = s.uscc AND e.version_id = $6::bigint)))
    AND ($7::bigint IS NULL OR s.id = $7)
ON CONFLICT DO NOTHING
"""
QUEUE_SQL = """
INSERT INTO delivery (reason, channel, target, lane, subscription_id, contact_id, adcode, address, event, content_id, message_id,
    ordered, state, attempts, schedule_from, next_attempt_at, created_at)
VALUES ($1::text, $2::text, $3::text, $3::text, $4, $5, $6, $7, $8, $9, $10, false, 'pending', 0, 0, $11, $11)
ON CONFLICT DO NOTHING RETURNING id
"""

QUEUE_MANY_SQL = """
INSERT INTO delivery (reason, channel, target, lane, contact_id, adcode, address, event, content_id, message_id, ordered, state,
    attempts, schedule_from, next_attempt_at, created_at)
SELECT $1::text, w.channel, 'contact:' || w.contact, 'contact:' || w.contact, w.contact, w.adcode, 'contact:' || w.contact, $2::text,
    $3, replace($1::text, '.', '-') || ':contact:' || w.contact, false, 'pending', 0, 0, $4, $4
FROM unnest($5::text[], $6::bigint[], $7::text[]) AS w(channel, contact, adcode)
ON CONFLICT DO NOTHING RETURNING 1
"""


async def tidy(uow: UnitOfWork) -> None:
    """Give up what was queued for an endpoint while it ended, and free what a dead process holds of those that rest."""
    rows = await uow.fetch("SELECT id FROM subscription WHERE state IN ('ended', 'gone', 'disabled')")
    await repository.end_lanes(uow, [row["id"] for row in rows], "cancelled")
    await repository.end_leases(uow, uow.runtime.channels.open)


async def queue(
    uow: UnitOfWork,
    *,
    reason: str,
    channel: str,
    target: str,
    address: str,
    event: str,
    subject: str,
    body: str,
    contact_id: int | None = None,
    adcode: str | None = None,
    subscription_id: int | None = None,
) -> int | None:
    """Queue one delivery in the caller's transaction; the same reason, channel and target again has no effect (None).

    `target` names who gets it (`contact:17`) and is the lane; `adcode` is the division whose officials may see it.
    """
    delivery_id: int | None = await uow.fetchval(
        QUEUE_SQL,
        reason,
        channel,
        target,
        subscription_id,
        contact_id,
        adcode,
        address,
        event,
        await repository.content_of(uow, event, subject, body),
        f"{reason}:{target}".replace(".", "-"),
        uow.now,
    )
    if delivery_id is not None:
        await uow.enqueue("deliver", {})
    return delivery_id


async def queue_fan_out(uow: UnitOfWork, step_id: int, event: str) -> None:
    """Queue the fan-out of a step to its subscribers."""
    await uow.enqueue("fan_out", {"step": step_id, "event": event})


async def fan_out(uow: UnitOfWork, step_id: int, event: str, only: int | None = None) -> int:
    """Write one delivery per subscriber, or for `only` one; doing it twice adds nothing. Returns how many are new."""
    step = await uow.fetchrow(
        "SELECT s.*, m.identifier, r.list_version_id FROM warning_step s LEFT JOIN message m ON m.step_id = s.id"
        " LEFT JOIN response r ON r.step_id = s.id WHERE s.id = $1",
        step_id,
    )
    if step is None:
        raise Unknown(f"There is no warning step {step_id}.")
    version = step["list_version_id"] or await uow.fetchval(
        "SELECT list_version_id FROM response WHERE adcode = $1 ORDER BY id DESC LIMIT 1", step["adcode"]
    )
    body = canonical({"type": event, "timestamp": beijing(step["announced_at"]), "data": _event_data(uow, step)})
    reason = f"step-{step_id}" if event in WARNING_EVENTS else f"step-{step_id}-{event.replace('.', '-')}"
    written = await write_deliveries(uow, reason, event, body, step["adcode"], version, only)
    if written:
        await uow.record("delivery.queued", step["adcode"], step=step_id, deliveries=written)
    return written


async def write_deliveries(
    uow: UnitOfWork, reason: str, event: str, body: str, adcode: str, list_version: int | None, only: int | None = None
) -> int:
    """One delivery per endpoint that wants the event of a division, or whose enterprise is on the list; returns how many are new."""
    content = await repository.content_of(uow, event, "", body)
    tag = await uow.execute(FAN_OUT_SQL, reason, event, content, uow.now, adcode, list_version, only)
    written = int(tag.rpartition(" ")[2])
    if written:
        await uow.enqueue("deliver", {})
    return written


def _event_data(uow: UnitOfWork, step: Any) -> dict[str, Any]:
    frozen = json.loads(step["content"])
    return {
        "warning": step["warning_id"],
        "step": step["id"],
        "adcode": step["adcode"],
        "place": frozen["place"],
        "action": step["action"],
        "level": Level(step["level"]).code,
        "reason": step["reason"],
        "announced_at": beijing(step["announced_at"]),
        "effective_at": beijing(step["effective_at"]),
        "planned_end": beijing(step["planned_end"]),
        "notice": frozen["notice"],
        "cap": None
        if step["identifier"] is None
        else f"{uow.runtime.settings.address}/public/cap/{step['identifier']}.xml",
    }


async def queue_many(
    uow: UnitOfWork, *, reason: str, event: str, content_id: int, wanted: Sequence[tuple[str, int, str]]
) -> int:
    """Queue one content to many people at once: `wanted` has channel, contact and division of each. Returns how many are new.

    A person's address stays with the contact: the delivery names the contact, and the engine looks it up when it sends.
    """
    if not wanted:
        return 0
    rows = await uow.fetch(
        QUEUE_MANY_SQL,
        reason,
        event,
        content_id,
        uow.now,
        [channel for channel, _, _ in wanted],
        [contact for _, contact, _ in wanted],
        [adcode for _, _, adcode in wanted],
    )
    if rows:
        await uow.enqueue("deliver", {})
    return len(rows)
