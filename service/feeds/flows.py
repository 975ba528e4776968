"""Take in what feeds deliver: verify, store once, queue the assessment, all in one transaction."""

from __future__ import annotations

import contextlib
import hashlib
import re
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from pydantic import TypeAdapter, ValidationError

from alerts.points import Point, PointError, check_points
from service.accounts.roles import Scope
from service.accounts.seal import openable, opened, sealed
from service.feeds.schemas import Delivery, FeedMessage, SingleMessage
from service.kit.canonical import canonical
from service.kit.problems import Conflict, Forbidden, Invalid, Unknown
from service.kit.signatures import check_secret, new_secret, verify
from service.kit.unit_of_work import UnitOfWork

FEED_SQL = "SELECT id, adcode, secrets, enabled, kind FROM feed WHERE id = $1 AND enabled"
CLAIM_SQL = """
INSERT INTO receipt (feed, webhook_id, body_digest, status, answer, received_at) VALUES ($1, $2, $3, 202, $4, $5)
ON CONFLICT DO NOTHING RETURNING 1
"""
FORECAST_SQL = """
INSERT INTO forecast (adcode, feed, issued_at, basis, points, digest, received_at)
SELECT * FROM unnest($1::text[], $2::text[], $3::timestamptz[], $4::text[], $5::jsonb[], $6::text[], $7::timestamptz[])
ON CONFLICT DO NOTHING RETURNING adcode
"""
OBSERVATION_SQL = """
INSERT INTO observation (adcode, feed, until_at, points, digest, received_at)
SELECT * FROM unnest($1::text[], $2::text[], $3::timestamptz[], $4::jsonb[], $5::text[], $6::timestamptz[])
ON CONFLICT DO NOTHING RETURNING adcode
"""
AIR, EVIDENCE = "air", "evidence"
"""What a feed may deliver."""
POINTS = TypeAdapter(list[Point])
NOBODY = (new_secret(),)
FUTURE = timedelta(hours=2)
PLAUSIBLE = (datetime(1990, 1, 1, tzinfo=UTC), datetime(2200, 1, 1, tzinfo=UTC))
PER_JOB = 40
SINGLE = re.compile(rb'"data"\s*:\s*\{')
"""How a message with one delivery usually looks; a wrong guess costs a second parse, nothing else."""


async def receive(uow: UnitOfWork, feed_id: str, kind: str, headers: Mapping[str, str], body: bytes) -> tuple[int, str]:
    """One webhook of a feed, `kind` forecasts or observations. Returns status and JSON answer.

    A repeated `webhook-id` is answered as the first time and stored once. Raises WrongSignature, Invalid, Unknown, Conflict.
    """
    feed, webhook_id = await signed_by(uow, feed_id, AIR, headers, body)
    body_digest = hashlib.sha256(body).hexdigest()
    message = read_message(body)
    check_deliveries(uow, message.data, Scope(feed["adcode"]), kind)
    check_type(message.type, kind)
    answer = canonical(
        {
            "feed": feed_id,
            "kind": kind,
            "received": len(message.data),
            "divisions": sorted({delivery.adcode for delivery in message.data}),
            "received_at": uow.now,
        }
    )
    if await uow.fetchval(CLAIM_SQL, feed_id, webhook_id, body_digest, answer, uow.now) is None:
        return await repeated(uow, feed_id, webhook_id, body_digest)
    await store(uow, feed_id, kind, message.data, webhook_id)
    return 202, answer


async def signed_by(
    uow: UnitOfWork, feed_id: str, kind: str, headers: Mapping[str, str], body: bytes
) -> tuple[Any, str]:
    """The row of the feed that signed a body, and the webhook id. Raises WrongSignature, Forbidden for a feed of another kind.

    Raises Busy when this node's key opens no secret of the feed.
    """
    feed = await _feed(uow, feed_id)
    # an unknown feed is answered like a wrong signature
    secrets = opened(uow.runtime.settings, feed["secrets"], about_feed(feed_id)) if feed else NOBODY
    webhook_id = verify(
        secrets,
        headers,
        body,
        datetime.now(tz=UTC),
        uow.runtime.settings.webhook_tolerance_seconds,
    )
    assert feed is not None  # nobody can sign for NOBODY
    if feed["kind"] != kind:
        raise Forbidden(f"This feed delivers {feed['kind']} data; register another one of kind {kind} for this.")
    return feed, webhook_id


async def _feed(uow: UnitOfWork, feed_id: str) -> Any:
    """The row of a feed, remembered while this node hears about changes of feeds."""
    live = uow.runtime.live
    since = live.feeds.times_forgotten
    known = live.feeds.get(feed_id) if live.listening else None
    if known is None:
        known = await uow.fetchrow(FEED_SQL, feed_id)
        if known is not None and live.listening:
            live.feeds.put(feed_id, known, since)
    return known


async def repeated(uow: UnitOfWork, feed_id: str, webhook_id: str, body_digest: str) -> tuple[int, str]:
    """The first answer to a webhook id. Raises Conflict when it came with other content."""
    kept = await uow.fetchrow(
        "SELECT body_digest, status, answer FROM receipt WHERE feed = $1 AND webhook_id = $2", feed_id, webhook_id
    )
    assert kept is not None  # the conflicting row is committed, or the insert would have waited
    if kept["body_digest"] != body_digest:
        raise Conflict("This webhook-id came before with other content; give every message its own id.")
    return int(kept["status"]), str(kept["answer"])


def read_message(body: bytes) -> FeedMessage:
    """The message of a body. Raises Invalid with every fault and its JSON pointer; the values themselves are not echoed."""
    try:
        return _one_or_many(body)
    except OverflowError as error:
        raise Invalid("An instant or number in the message is out of all range.") from error
    except ValidationError as error:
        faults = [
            {"pointer": "".join(f"/{part}" for part in fault["loc"]), "detail": fault["msg"]}
            for fault in error.errors(include_url=False, include_input=False)[:100]
        ]
        raise Invalid(f"{error.error_count()} fault(s) in the message; see errors.", errors=faults) from error


def _one_or_many(body: bytes) -> FeedMessage:
    """Strictly, so that true is no number and "50" neither."""
    if SINGLE.search(body):
        with contextlib.suppress(ValidationError):
            return _from_single(body)
    try:
        return FeedMessage.model_validate_json(body, strict=True)
    except ValidationError as error:
        if ("data", "list_type") not in {
            (str(fault["loc"][0]), fault["type"]) for fault in error.errors() if fault["loc"]
        }:
            raise
    return _from_single(body)


def _from_single(body: bytes) -> FeedMessage:
    single = SingleMessage.model_validate_json(body, strict=True)
    return FeedMessage(type=single.type, timestamp=single.timestamp, data=[single.data])


def check_deliveries(uow: UnitOfWork, deliveries: Sequence[Delivery], scope: Scope, kind: str) -> None:
    """Divisions known and in the feed's scope, points ordered, no observation from the future. Raises Invalid, Unknown, Forbidden."""
    faults: list[dict[str, str]] = []
    for number, delivery in enumerate(deliveries):
        if not plausible(delivery):
            faults.append({"pointer": f"/data/{number}", "detail": "an instant lies outside the years 1990 to 2199"})
            continue
        if delivery.adcode not in uow.runtime.law.divisions:
            raise Unknown(f"There is no division {delivery.adcode}; use a GB/T 2260 code such as 130100.")
        if not scope.covers(delivery.adcode):
            raise Forbidden(f"This feed may not deliver for {delivery.adcode}.")
        try:
            check_points(delivery.points)
        except PointError as error:
            faults.append({"pointer": f"/data/{number}/points/{error.index}/{error.field}", "detail": error.problem})
            continue
        if kind == "forecasts" and delivery.issued_at is None:
            faults.append(
                {"pointer": f"/data/{number}/issued_at", "detail": "a forecast needs the instant of its issue"}
            )
        if delivery.issued_at is not None and delivery.issued_at > uow.now + FUTURE:
            faults.append(
                {"pointer": f"/data/{number}/issued_at", "detail": "lies in the future; check the clock and the offset"}
            )
        if kind == "observations" and delivery.points[-1].end > uow.now + FUTURE:
            faults.append({"pointer": f"/data/{number}/points", "detail": "an observation cannot lie in the future"})
    if faults:
        raise Invalid(f"{len(faults)} fault(s) in the message; see errors.", errors=faults)


def check_type(written: str, kind: str) -> None:
    """The signature binds the body only, so the body says what it is: `forecast.…` or `observation.…`. Raises Invalid elsewhere."""
    if written.partition(".")[0] not in {kind, kind.removesuffix("s")}:
        fault = {"pointer": "/type", "detail": f"a message sent here has a type that begins with {kind.removesuffix('s')}."}
        raise Invalid(f"The type says that this is no message for /{kind}; send it where it belongs.", errors=[fault])


def plausible(delivery: Delivery) -> bool:
    """Whether every instant lies in years for which a forecast or a measurement can exist."""
    earliest, latest = PLAUSIBLE
    instants = [delivery.issued_at, *(point.time for point in delivery.points)]
    days = [point.date for point in delivery.points if point.date is not None]
    return all(earliest <= instant < latest for instant in instants if instant is not None) and all(
        earliest.date() <= day < latest.date() for day in days
    )


async def store(uow: UnitOfWork, feed_id: str, kind: str, deliveries: Sequence[Delivery], reference: str) -> list[str]:
    """Store new deliveries, put them on the ledger and queue the assessment of the divisions touched. Returns those."""
    points = [POINTS.dump_json(delivery.points, exclude_none=True).decode() for delivery in deliveries]
    digests = [hashlib.sha256(text.encode()).hexdigest() for text in points]
    adcodes = [delivery.adcode for delivery in deliveries]
    feeds, times = [feed_id] * len(adcodes), [uow.now] * len(adcodes)
    if kind == "forecasts":
        issued = [delivery.issued_at for delivery in deliveries]
        bases = [delivery.basis for delivery in deliveries]
        rows = await uow.fetch(FORECAST_SQL, adcodes, feeds, issued, bases, points, digests, times)
    else:
        until = [delivery.points[-1].end for delivery in deliveries]
        rows = await uow.fetch(OBSERVATION_SQL, adcodes, feeds, until, points, digests, times)
    touched = sorted({row["adcode"] for row in rows})
    if touched:
        await uow.record(
            f"{kind}.received",
            touched[0] if len(touched) == 1 else None,
            feed=feed_id,
            reference=reference,
            divisions=touched,
            digests=sorted(set(digests)),
        )
        for first in range(0, len(touched), PER_JOB):
            await uow.enqueue("assess", {"adcodes": touched[first : first + PER_JOB]})
    return touched


def about_feed(feed_id: str) -> str:
    """What the sealed secrets of a feed are bound to."""
    return f"feed:{feed_id}"


async def secrets_of(uow: UnitOfWork, feed_id: str) -> list[str]:
    """The secrets of a feed that this node's key opens, newest first; none for an unknown feed."""
    kept = await uow.fetchval("SELECT secrets FROM feed WHERE id = $1", feed_id) or []
    return openable(uow.runtime.settings, kept, about_feed(feed_id))


async def register(
    uow: UnitOfWork,
    feed_id: str,
    title: str,
    adcode: str,
    secrets: list[str],
    poll: dict[str, Any] | None = None,
    kind: str = AIR,
) -> None:
    """Add or change a feed of air data or of evidence. Secrets are newest first; keep the old one beside the new while a feed rotates.

    Raises SecretError for one that could never verify a message.
    """
    for secret in secrets:
        check_secret(secret)
    known = await uow.fetchval("SELECT kind FROM feed WHERE id = $1", feed_id)
    if known is not None and known != kind:
        raise Conflict(f"The feed {feed_id} delivers {known} data; take another name for one of kind {kind}.")
    await uow.execute(
        "INSERT INTO feed (id, title, adcode, secrets, poll, enabled, created_at, kind)"
        " VALUES ($1, $2, $3, $4, $5, true, $6, $7)"
        " ON CONFLICT (id) DO UPDATE SET title = $2, adcode = $3, secrets = $4, poll = $5, enabled = true",
        feed_id,
        title,
        adcode,
        canonical([sealed(uow.runtime.settings, secret, about_feed(feed_id)) for secret in secrets]),
        canonical(poll or {}),
        uow.now,
        kind,
    )
    await uow.tell("feed")
    await uow.record("feed.registered", adcode, feed=feed_id, title=title, secrets=len(secrets))
