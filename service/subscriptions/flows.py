"""The outbox: one row per effect, queued in the business transaction, delivered by workers with retries."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from alerts.levels import Level
from service.accounts.roles import Principal, Role, Scope
from service.kit.canonical import canonical
from service.kit.metrics import DELIVERIES
from service.kit.problems import Conflict, Forbidden, Invalid, Unknown
from service.kit.runtime import Runtime
from service.kit.signatures import headers, new_secret
from service.kit.unit_of_work import UnitOfWork, beijing
from service.subscriptions.channel import Answer, Channel
from service.subscriptions.targets import TargetError, check_address

RETRIES = (
    timedelta(seconds=5),
    timedelta(minutes=5),
    timedelta(minutes=30),
    timedelta(hours=2),
    timedelta(hours=5),
    timedelta(hours=10),
    timedelta(hours=14),
    timedelta(hours=20),
    timedelta(hours=24),
)
"""Pauses between attempts, as Standard Webhooks suggests; after the last one the delivery is dead and stays to be seen."""
EVENTS = frozenset({"warning.issued", "warning.updated", "warning.lifted", "warning.revoked"})
GONE = 410
MOST_SUBSCRIPTIONS = 20
FAN_OUT_SQL = """
INSERT INTO delivery (reason, subscription_id, event, message_id, body, state, attempts, created_at)
SELECT $1::text, s.id, $2::text, $1::text || ':' || s.id, $3, 'pending', 0, $4 FROM subscription s
WHERE s.state = 'active' AND (s.events = '[]'::jsonb OR s.events ? $2::text)
    AND ((s.uscc IS NULL AND $5::text LIKE s.prefix || '%')
        OR (s.uscc IS NOT NULL AND EXISTS (SELECT 1 FROM list_enterprise e WHERE e.uscc = s.uscc AND e.version_id = $6::bigint)))
ON CONFLICT DO NOTHING RETURNING id
"""


async def subscribe(
    uow: UnitOfWork, principal: Principal, *, url: str, events: list[str], adcode: str | None
) -> dict[str, Any]:
    """Register an endpoint; the answer shows its signing secret once. Raises Invalid for a target that may not be called."""
    if not principal.may_subscribe:
        raise Forbidden("Auditors and security administrators change nothing; somebody who acts on the events subscribes.")
    try:
        check_address(url, allow_private=uow.runtime.settings.allow_private_targets)
    except TargetError as error:
        raise Invalid(str(error)) from error
    unknown = sorted(set(events) - EVENTS)
    if unknown:
        raise Invalid(f"Unknown events: {', '.join(unknown)}; known: {', '.join(sorted(EVENTS))}.")
    place = adcode or principal.scope.adcode
    if not principal.scope.covers(place):
        raise Forbidden(f"You may not subscribe for {place}.")
    uscc = principal.uscc if principal.role is Role.ENTERPRISE else None
    await _check_room(uow, principal, url, place)
    secret = new_secret()
    subscription_id = await uow.fetchval(
        "INSERT INTO subscription (account_id, adcode, prefix, uscc, url, secrets, events, state, created_at)"
        " VALUES ($1, $2, $3, $4, $5, $6, $7, 'active', $8) RETURNING id",
        principal.account_id,
        place,
        Scope(place).prefix,
        uscc,
        url,
        canonical([secret]),
        canonical(sorted(set(events))),
        uow.now,
    )
    await uow.record("subscription.made", place, subscription=subscription_id, url=url, account=principal.account_id)
    return {
        "id": subscription_id,
        "url": url,
        "events": sorted(set(events)),
        "adcode": place,
        "uscc": uscc,
        "secret": secret,
    }


async def _check_room(uow: UnitOfWork, principal: Principal, url: str, place: str) -> None:
    """One subscription per address and place, and not too many. The account's row is locked, so that two at once count."""
    await uow.execute("SELECT 1 FROM account WHERE id = $1 FOR UPDATE", principal.account_id)
    rows = await uow.fetch(
        "SELECT url, adcode FROM subscription WHERE account_id = $1 AND state = 'active'", principal.account_id
    )
    if any((row["url"], row["adcode"]) == (url, place) for row in rows):
        raise Conflict("This address is subscribed for this place already.")
    if len(rows) >= MOST_SUBSCRIPTIONS:
        raise Conflict(f"An account may have {MOST_SUBSCRIPTIONS} subscriptions; end one first.")


async def unsubscribe(uow: UnitOfWork, principal: Principal, subscription_id: int) -> None:
    """End one of the caller's own subscriptions. Raises Unknown when it is not theirs."""
    ended = await uow.fetchval(
        "UPDATE subscription SET state = 'ended' WHERE id = $1 AND account_id = $2 RETURNING adcode",
        subscription_id,
        principal.account_id,
    )
    if ended is None:
        raise Unknown(f"You have no subscription {subscription_id}.")
    await uow.record("subscription.ended", ended, subscription=subscription_id, account=principal.account_id)


async def page(uow: UnitOfWork, principal: Principal, after: int | None, size: int) -> list[dict[str, Any]]:
    """The caller's own subscriptions with how their deliveries stand; secrets are not shown again."""
    rows = await uow.fetch(
        "SELECT s.*, count(d.id) FILTER (WHERE d.state = 'pending') AS pending, count(d.id) FILTER (WHERE d.state = 'done') AS done,"
        " count(d.id) FILTER (WHERE d.state = 'dead') AS dead FROM subscription s LEFT JOIN delivery d ON d.subscription_id = s.id"
        " WHERE s.account_id = $1 AND ($2::bigint IS NULL OR s.id < $2) GROUP BY s.id ORDER BY s.id DESC LIMIT $3",
        principal.account_id,
        after,
        size,
    )
    return [
        {
            "id": row["id"],
            "url": row["url"],
            "events": row["events"],
            "adcode": row["adcode"],
            "uscc": row["uscc"],
            "state": row["state"],
            "deliveries": {"pending": row["pending"], "done": row["done"], "dead": row["dead"]},
        }
        for row in rows
    ]


async def queue_fan_out(uow: UnitOfWork, step_id: int, event: str) -> None:
    """Queue the fan-out of a step to its subscribers."""
    await uow.enqueue("fan_out", {"step": step_id, "event": event})


async def fan_out(uow: UnitOfWork, step_id: int, event: str) -> int:
    """Write one delivery per subscriber and queue each; doing it twice adds nothing. Returns how many are new."""
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
    rows = await uow.fetch(FAN_OUT_SQL, f"step-{step_id}", event, body, uow.now, step["adcode"], version)
    for row in rows:
        await uow.enqueue("deliver", {"delivery": row["id"]})
    if rows:
        await uow.record("delivery.queued", step["adcode"], step=step_id, deliveries=len(rows))
    return len(rows)


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


@dataclass(frozen=True)
class Outcome:
    """What follows from an endpoint's answer."""

    state: str
    retry_after: timedelta | None
    disable: bool


def outcome_of(answer: Answer, attempts: int) -> Outcome:
    """Decide what follows: 2xx is done, 410 disables the endpoint, anything else is tried again until the schedule ends."""
    if answer.status is not None and 200 <= answer.status < 300:
        return Outcome("done", None, False)
    if answer.status == GONE:
        return Outcome("dead", None, True)
    if attempts > len(RETRIES):
        return Outcome("dead", None, False)
    pause = RETRIES[attempts - 1]
    asked = answer.retry_after
    return Outcome("pending", max(pause, asked) if asked is not None else pause, False)


async def deliver(runtime: Runtime, channel: Channel, delivery_id: int) -> str:
    """One attempt. The call is made outside any transaction; the receiver sees the same webhook-id every time."""
    async with runtime.unit() as uow:
        row = await uow.fetchrow(
            "SELECT d.*, s.url, s.secrets, s.state AS endpoint FROM delivery d JOIN subscription s ON s.id = d.subscription_id"
            " WHERE d.id = $1",
            delivery_id,
        )
    if row is None or row["state"] != "pending":
        return "done"
    if row["endpoint"] != "active":
        answer = Answer(None, "the endpoint is disabled", None)
        outcome = Outcome("dead", None, False)
    else:
        body = row["body"].encode()
        signed = headers(row["secrets"], row["message_id"], datetime.now(tz=UTC), body)
        answer = await channel.post(row["url"], body, signed)
        outcome = outcome_of(answer, row["attempts"] + 1)
    async with runtime.unit() as uow:
        await _record(uow, row, answer, outcome)
        await uow.commit()
    return outcome.state


async def _record(uow: UnitOfWork, row: Any, answer: Answer, outcome: Outcome) -> None:
    said = f"{answer.status or 'no answer'} {answer.said}".strip()[:500]
    DELIVERIES.labels(outcome.state).inc()
    changed = await uow.fetchval(
        "UPDATE delivery SET state = $2, attempts = attempts + 1, last_answer = $3, done_at = $4 WHERE id = $1 AND state = 'pending'"
        " RETURNING attempts",
        row["id"],
        outcome.state,
        said,
        None if outcome.state == "pending" else uow.now,
    )
    if changed is None:
        return
    if outcome.disable:
        await uow.execute("UPDATE subscription SET state = 'gone' WHERE id = $1", row["subscription_id"])
    if outcome.retry_after is not None:
        await uow.enqueue("deliver", {"delivery": row["id"]}, after=outcome.retry_after)
    await uow.record(
        f"delivery.{outcome.state}" if outcome.state != "pending" else "delivery.failed",
        None,
        delivery=row["id"],
        subscription=row["subscription_id"],
        attempt=changed,
        answer=said,
    )
