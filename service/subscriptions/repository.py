"""The outbox in SQL: claims with leases, results in bulk."""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import NamedTuple

from service.channels.base import Answer
from service.kit.canonical import canonical
from service.kit.drill import marked, marked_body
from service.kit.unit_of_work import UnitOfWork
from service.subscriptions.outcome import TROUBLE, Health, Outcome

CLAIM_SQL = """
WITH closed AS MATERIALIZED (
    SELECT id FROM subscription WHERE state = 'paused'
    UNION ALL SELECT id FROM subscription WHERE rest_until > $1
    UNION ALL SELECT id FROM subscription WHERE host = ANY($4::text[])
), due AS (
    SELECT d.id, d.lane, d.channel, d.subscription_id, d.ordered, d.next_attempt_at FROM delivery d
    WHERE d.state = 'pending' AND d.next_attempt_at <= $1 AND d.channel = ANY($11::text[])
        AND d.lane <> ALL($3::text[])
        AND (d.subscription_id IS NULL OR d.subscription_id NOT IN (SELECT id FROM closed))
        AND (NOT d.ordered OR NOT EXISTS (
            SELECT 1 FROM delivery e WHERE e.ordered AND e.lane = d.lane AND e.id < d.id AND e.state IN ('pending', 'sending')))
    ORDER BY d.next_attempt_at, d.id LIMIT 2 * $8::int
), lapsed AS (
    SELECT d.id, d.lane, d.channel, d.subscription_id, true AS ordered, d.next_attempt_at FROM delivery d
    WHERE d.state = 'sending' AND d.lease_until < clock_timestamp() AND d.channel = ANY($2::text[]) AND d.lane <> ALL($3::text[])
        AND coalesce((SELECT s.state = 'active' FROM subscription s WHERE s.id = d.subscription_id), true)
    ORDER BY d.lease_until LIMIT $8::int
), turns AS (
    SELECT o.id, o.channel, o.next_attempt_at, CASE WHEN o.ordered OR s.failures >= $7 THEN 1 ELSE $5::int END AS most,
        row_number() OVER (PARTITION BY o.lane COLLATE "C" ORDER BY o.next_attempt_at, o.id) AS in_lane,
        row_number() OVER (PARTITION BY coalesce(s.host, o.channel) COLLATE "C" ORDER BY o.next_attempt_at, o.id) AS in_host
    FROM (SELECT * FROM due UNION ALL SELECT * FROM lapsed) o
    LEFT JOIN LATERAL (SELECT id, host, state, failures FROM subscription WHERE id = o.subscription_id OFFSET 0) s ON true
    WHERE s.id IS NULL OR s.state = 'active'
), chosen AS MATERIALIZED (
    SELECT id FROM turns WHERE in_lane <= most AND in_host <= coalesce(($10::jsonb ->> channel)::int, $6::int)
    ORDER BY in_lane, next_attempt_at, id LIMIT $8::int
), taken AS MATERIALIZED (
    SELECT id, subscription_id, contact_id FROM delivery
    WHERE id IN (SELECT id FROM chosen) AND (state = 'pending' OR state = 'sending' AND lease_until < clock_timestamp())
    FOR UPDATE SKIP LOCKED
)
UPDATE delivery d SET state = 'sending', attempts = d.attempts + 1, lease_until = clock_timestamp() + $9::interval,
    address = coalesce(s.url, d.address)
FROM taken
LEFT JOIN LATERAL (SELECT * FROM subscription WHERE id = taken.subscription_id OFFSET 0) s ON true
LEFT JOIN LATERAL (SELECT email, phone FROM contact WHERE id = taken.contact_id OFFSET 0) c ON true
WHERE d.id = taken.id
RETURNING d.id, d.attempts, d.attempts - d.schedule_from, d.channel, d.lane, coalesce(s.host, d.channel), d.subscription_id,
    d.address, d.content_id, d.message_id, s.secrets, nullif(s.retiring, '[]'), coalesce(s.scheme, ''),
    CASE d.channel WHEN 'email' THEN c.email WHEN 'sms' THEN c.phone END
"""
"""What it reads grows with what it may take and with the endpoints that get nothing now, not with all endpoints and all that is due:
`due` goes along its index, and no endpoint is looked at but by key (OFFSET 0 keeps the planner from reading them all)."""
RECORD_SQL = """
WITH result AS (
    SELECT * FROM unnest($1::bigint[], $2::int[], $3::text[], $4::timestamptz[], $5::text[], $6::int[], $7::text[], $8::int[],
        $9::timestamptz[]) AS r(id, attempt, state, at, address, status, said, milliseconds, next_at)
), tried AS (
    INSERT INTO delivery_attempt (delivery_id, attempt, at, address, status, said, milliseconds)
    SELECT id, attempt, at, address, status, said, milliseconds FROM result ON CONFLICT DO NOTHING
)
UPDATE delivery d SET state = r.state, lease_until = NULL, last_status = r.status,
    last_answer = left(concat_ws(' ', coalesce(r.status::text, 'no answer'), nullif(r.said, '')), 500),
    next_attempt_at = coalesce(r.next_at, d.next_attempt_at), done_at = CASE WHEN r.state = 'pending' THEN NULL ELSE r.at END
FROM result r WHERE d.id = r.id AND d.attempts = r.attempt AND d.state = 'sending'
RETURNING d.id, d.adcode
"""
GIVE_BACK_SQL = """
UPDATE delivery d SET state = 'pending', lease_until = NULL, schedule_from = d.schedule_from + 1
FROM unnest($1::bigint[], $2::int[]) AS r(id, attempt) WHERE d.id = r.id AND d.attempts = r.attempt AND d.state = 'sending'
"""
CONTENT_SQL = """
INSERT INTO delivery_content (digest, event, subject, body, created_at) VALUES ($1, $2, $3, $4, $5)
ON CONFLICT (digest) DO NOTHING RETURNING id
"""


class Claim(NamedTuple):
    """A delivery that this process may attempt until its lease ends; `attempt` fences.

    `reached`: where the person is reached now; kept in the contact alone, while `address` names the contact.
    The fields are the columns of CLAIM_SQL, in its order.
    """

    id: int
    attempt: int
    scheduled: int
    channel: str
    lane: str
    host: str
    subscription_id: int | None
    address: str
    content_id: int
    message_id: str
    secrets: list[str] | None
    retiring: list[dict[str, str]] | None
    scheme: str
    reached: str | None = None


class Result(NamedTuple):
    """A claim with what the attempt brought."""

    claim: Claim
    at: datetime
    answer: Answer
    outcome: Outcome
    milliseconds: int

    @property
    def kind(self) -> str:
        """Its kind on the ledger."""
        return "delivery.failed" if self.outcome.state == "pending" else f"delivery.{self.outcome.state}"


@dataclass(frozen=True)
class Room:
    """How much may be claimed: rows in all, lanes and hosts that are full, most per lane, host and limited channel, for how long."""

    rows: int
    lanes: Collection[str]
    hosts: Collection[str]
    per_lane: int
    per_host: int
    per_channel: Mapping[str, int]
    lease: timedelta


async def content_of(uow: UnitOfWork, event: str, subject: str, body: str) -> int:
    """The id of a content, stored once; a drill's is marked before anything can go out."""
    drill = uow.runtime.drill
    subject, body = marked(drill, subject), marked_body(drill, body)
    key = content_digest(event, subject, body)
    added = await uow.fetchval(CONTENT_SQL, key, event, subject, body, uow.now)
    return int(added or await uow.fetchval("SELECT id FROM delivery_content WHERE digest = $1", key))


def content_digest(event: str, subject: str, body: str) -> str:
    """What makes two contents the same."""
    return hashlib.sha256(f"{event}\n{subject}\n{body}".encode()).hexdigest()


async def contents(uow: UnitOfWork, wanted: Collection[int]) -> dict[int, tuple[str, str]]:
    """Subject and body by id."""
    rows = await uow.fetch("SELECT id, subject, body FROM delivery_content WHERE id = ANY($1)", list(wanted))
    return {row["id"]: (row["subject"], row["body"]) for row in rows}


async def claim(uow: UnitOfWork, channels: Collection[str], room: Room) -> list[Claim]:
    """Take what is due, or whose lease has ended, for `room.lease`; nobody else gets it meanwhile."""
    rows = await uow.fetch(
        CLAIM_SQL,
        uow.now,
        list(channels),
        list(room.lanes),
        list(room.hosts),
        room.per_lane,
        room.per_host,
        TROUBLE,
        room.rows,
        room.lease,
        canonical(room.per_channel),
        [name for name in channels if name not in room.hosts],
    )
    return [Claim._make(row.values()) for row in rows]


async def record(uow: UnitOfWork, results: Sequence[Result]) -> list[Result]:
    """Store attempts and what became of the deliveries; returns those that counted: a claim that was taken over changes nothing."""
    ordered = sorted(results, key=lambda result: result.claim.id)
    rows = await uow.fetch(
        RECORD_SQL,
        [result.claim.id for result in ordered],
        [result.claim.attempt for result in ordered],
        [result.outcome.state for result in ordered],
        [result.at for result in ordered],
        [result.claim.address for result in ordered],
        [result.answer.status for result in ordered],
        [result.answer.said for result in ordered],
        [result.milliseconds for result in ordered],
        [result.at + result.outcome.pause if result.outcome.pause is not None else None for result in ordered],
    )
    divisions = {row["id"]: row["adcode"] for row in rows}
    counted = [result for result in ordered if result.claim.id in divisions]
    await _on_ledger(uow, ordered, divisions)
    return counted


async def _on_ledger(uow: UnitOfWork, results: Sequence[Result], divisions: Mapping[int, str | None]) -> None:
    """One entry per outcome and division for all that are recorded together: `[delivery, attempt, status]` each."""
    entries: dict[tuple[str, str | None], list[tuple[int, int, int | None]]] = defaultdict(list)
    for result in results:
        kind = result.kind if result.claim.id in divisions else "delivery.late"
        told = (result.claim.id, result.claim.attempt, result.answer.status)
        entries[kind, divisions.get(result.claim.id)].append(told)
    for (kind, adcode), deliveries in entries.items():
        await uow.record(kind, adcode, deliveries=deliveries)


async def give_back(uow: UnitOfWork, claims: Sequence[Claim]) -> None:
    """Return claims that were not attempted; the attempt does not count in the schedule."""
    await uow.execute(GIVE_BACK_SQL, [claim.id for claim in claims], [claim.attempt for claim in claims])


async def healths(uow: UnitOfWork, failing: Collection[int], well: Collection[int]) -> dict[int, tuple[str, Health]]:
    """Lock the endpoints whose health changes, in one order for all nodes; returns division and health before."""
    rows = await uow.fetch(
        "SELECT id, adcode, failures, failing_since, rest_until FROM subscription"
        " WHERE id = ANY($1) OR failures > 0 AND id = ANY($2) ORDER BY id FOR UPDATE",
        list(failing),
        list(well),
    )
    return {
        row["id"]: (row["adcode"], Health(row["failures"], row["failing_since"], row["rest_until"])) for row in rows
    }


async def set_health(uow: UnitOfWork, subscription_id: int, health: Health) -> None:
    """Store an endpoint's health."""
    await uow.execute(
        "UPDATE subscription SET failures = $2, failing_since = $3, rest_until = $4 WHERE id = $1",
        subscription_id,
        health.failures,
        health.failing_since,
        health.rest_until,
    )


async def end_lanes(uow: UnitOfWork, subscription_ids: Collection[int], state: str) -> int:
    """Give up what waits for endpoints that get nothing any more, also where a lease has ended: `dead` or `cancelled`."""
    rows = await uow.fetch(
        "UPDATE delivery SET state = $2, done_at = $3, lease_until = NULL WHERE subscription_id = ANY($1)"
        " AND (state = 'pending' OR state = 'sending' AND lease_until < clock_timestamp()) RETURNING id",
        list(subscription_ids),
        state,
        uow.now,
    )
    return len(rows)


async def end_leases(uow: UnitOfWork, channels: Collection[str]) -> None:
    """Let what a dead process held wait again where nobody takes it over: the endpoint is paused, the channel not configured."""
    await uow.execute(
        "UPDATE delivery SET state = 'pending', lease_until = NULL WHERE state = 'sending' AND lease_until < clock_timestamp()"
        " AND (channel <> ALL($1::text[]) OR subscription_id IN (SELECT id FROM subscription WHERE state = 'paused'))",
        list(channels),
    )


async def wake_at(uow: UnitOfWork, instants: Collection[datetime]) -> None:
    """Have the engine look again at these instants of the service's clock, a few seconds late at most."""
    rounded = {_rounded(instant, uow.now) for instant in instants}
    if rounded:
        await uow.execute(
            "INSERT INTO due (schedule, due_at, job, payload) SELECT 'deliver', at, 'deliver', '{}' FROM unnest($1::timestamptz[]) AS at"
            " ON CONFLICT DO NOTHING",
            sorted(rounded),
        )


def _rounded(instant: datetime, now: datetime) -> datetime:
    step = 1 if instant - now < timedelta(minutes=1) else 15
    seconds = -int(-instant.timestamp() // step) * step
    return datetime.fromtimestamp(seconds, tz=instant.tzinfo)


async def foreign_lease(uow: UnitOfWork, channels: Collection[str]) -> timedelta | None:
    """How long the first lease still runs of those that are taken over when they end; None when there is none."""
    left: timedelta | None = await uow.fetchval(
        "SELECT min(d.lease_until) - clock_timestamp() FROM delivery d LEFT JOIN subscription s ON s.id = d.subscription_id"
        " WHERE d.state = 'sending' AND d.channel = ANY($1::text[]) AND (s.id IS NULL OR s.state = 'active')",
        list(channels),
    )
    return left
