"""Endpoints that want events: made, changed, paused, given new secrets, tested and ended by their owners."""

from __future__ import annotations

import hashlib
from datetime import timedelta
from typing import Any
from urllib.parse import urlsplit

from alerts.instants import parse_instant
from service.accounts.roles import Principal, Role, Scope
from service.accounts.seal import sealed
from service.channels.registry import WEBHOOK
from service.channels.targets import TargetError, check_address
from service.kit.canonical import canonical
from service.kit.problems import Conflict, Forbidden, Invalid, Unknown
from service.kit.signatures import new_secret
from service.kit.unit_of_work import UnitOfWork, beijing
from service.subscriptions import repository
from service.subscriptions.flows import EVENTS, queue
from service.subscriptions.signing import about_endpoint

MOST_SUBSCRIPTIONS = 20
MOST_RETIRING = 3
LOOK_BACK = timedelta(days=7)
LINK_TEST = "link.test"
PAGE_SQL = """
SELECT s.*, d.pending, d.done, d.dead, d.succeeded_at, a.tries, a.taken
FROM subscription s
CROSS JOIN LATERAL (
    SELECT count(*) FILTER (WHERE state IN ('pending', 'sending')) AS pending, count(*) FILTER (WHERE state = 'done') AS done,
        count(*) FILTER (WHERE state = 'dead') AS dead, max(done_at) FILTER (WHERE state = 'done') AS succeeded_at
    FROM delivery WHERE subscription_id = s.id) d
CROSS JOIN LATERAL (
    SELECT count(*) AS tries, count(*) FILTER (WHERE t.status BETWEEN 200 AND 299) AS taken
    FROM delivery x JOIN delivery_attempt t ON t.delivery_id = x.id WHERE x.subscription_id = s.id AND t.at >= $4) a
WHERE s.account_id = $1 AND ($2::bigint IS NULL OR s.id < $2) AND ($5::bigint IS NULL OR s.id = $5)
ORDER BY s.id DESC LIMIT $3
"""
SILENT_SQL = """
SELECT s.id, s.url, s.adcode FROM subscription s WHERE s.state = 'active' AND s.created_at < $1
    AND NOT EXISTS (SELECT 1 FROM delivery d WHERE d.subscription_id = s.id AND (d.created_at >= $1 OR d.state IN ('pending', 'sending')))
ORDER BY s.id LIMIT 1000
"""


async def subscribe(
    uow: UnitOfWork,
    principal: Principal,
    *,
    url: str,
    events: list[str],
    adcode: str | None,
    scheme: str = "v1",
    ordered: bool = False,
) -> dict[str, Any]:
    """Register an endpoint; the answer shows its signing secret once. Raises Invalid for a target that may not be called."""
    if not principal.may_subscribe:
        raise Forbidden(
            "Auditors and security administrators change nothing; somebody who acts on the events subscribes."
        )
    check_url(uow, url)
    check_events(events)
    place = adcode or principal.scope.adcode
    if not principal.scope.covers(place):
        raise Forbidden(f"You may not subscribe for {place}.")
    uscc = principal.uscc if principal.role is Role.ENTERPRISE else None
    await _check_room(uow, principal, url, place)
    secret = new_secret()
    subscription_id = await uow.fetchval(
        "INSERT INTO subscription (account_id, adcode, prefix, uscc, url, host, secrets, retiring, scheme, events, ordered, failures,"
        " state, created_at) VALUES ($1, $2, $3, $4, $5, $6, '[]', '[]', $7, $8, $9, 0, 'active', $10) RETURNING id",
        principal.account_id,
        place,
        Scope(place).prefix,
        uscc,
        url,
        host_of(url),
        scheme,
        canonical(sorted(set(events))),
        ordered,
        uow.now,
    )
    await uow.execute(
        "UPDATE subscription SET secrets = $2 WHERE id = $1",
        subscription_id,
        canonical([_kept(uow, secret, subscription_id)]),
    )
    await uow.record(
        "subscription.made", place, subscription=subscription_id, account=principal.account_id, **_address_told(url)
    )
    return {
        "id": subscription_id,
        "url": url,
        "events": sorted(set(events)),
        "adcode": place,
        "uscc": uscc,
        "scheme": scheme,
        "ordered": ordered,
        "secret": secret,
    }


async def _check_room(uow: UnitOfWork, principal: Principal, url: str, place: str, besides: int | None = None) -> None:
    """One subscription per address and place, and not too many. The account's row is locked, so that two at once count."""
    await uow.execute("SELECT 1 FROM account WHERE id = $1 FOR UPDATE", principal.account_id)
    rows = await uow.fetch(
        "SELECT url, adcode FROM subscription WHERE account_id = $1 AND state IN ('active', 'paused') AND id IS DISTINCT FROM $2",
        principal.account_id,
        besides,
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
    await repository.end_lanes(uow, [subscription_id], "cancelled")
    await uow.record("subscription.ended", ended, subscription=subscription_id, account=principal.account_id)


async def end_all(uow: UnitOfWork, account_id: int, cause: str, by: int | None) -> None:
    """End every subscription of an account that is shut out or gets other rights, also those that it could resume.

    `cause` and `by` as for its keys; `by` None: the operator on the machine.
    """
    rows = await uow.fetch(
        "UPDATE subscription SET state = 'ended' WHERE account_id = $1 AND state <> 'ended' RETURNING id, adcode",
        account_id,
    )
    await repository.end_lanes(uow, [row["id"] for row in rows], "cancelled")
    for row in rows:
        await uow.record(
            "subscription.ended",
            row["adcode"],
            subscription=row["id"],
            account=account_id,
            cause=cause,
            by=by or "console",
        )


async def page(
    uow: UnitOfWork, principal: Principal, after: int | None, size: int, only: int | None = None
) -> list[dict[str, Any]]:
    """The caller's own subscriptions with their health; secrets are not shown again."""
    rows = await uow.fetch(PAGE_SQL, principal.account_id, after, size, uow.now - LOOK_BACK, only)
    return [_view(row) for row in rows]


async def one(uow: UnitOfWork, principal: Principal, subscription_id: int) -> dict[str, Any]:
    """One of the caller's own. Raises Unknown when it is not theirs."""
    await find_own(uow, principal, subscription_id)
    return (await page(uow, principal, None, 1, subscription_id))[0]


def _view(row: Any) -> dict[str, Any]:
    return {
        "id": row["id"],
        "url": row["url"],
        "events": row["events"],
        "adcode": row["adcode"],
        "uscc": row["uscc"],
        "scheme": row["scheme"],
        "ordered": row["ordered"],
        "state": row["state"],
        "deliveries": {"pending": row["pending"], "done": row["done"], "dead": row["dead"]},
        "health": {
            "failures": row["failures"],
            "failing_since": beijing(row["failing_since"]),
            "rest_until": beijing(row["rest_until"]),
            "succeeded_at": beijing(row["succeeded_at"]),
            "attempts_7d": row["tries"],
            "success_rate_7d": None if not row["tries"] else round(row["taken"] / row["tries"], 4),
        },
    }


async def find_own(uow: UnitOfWork, principal: Principal, subscription_id: int, *, lock: bool = False) -> Any:
    """The row of one's own subscription. Raises Unknown when it is not theirs."""
    row = await uow.fetchrow(
        "SELECT * FROM subscription WHERE id = $1 AND account_id = $2" + (" FOR UPDATE" if lock else ""),
        subscription_id,
        principal.account_id,
    )
    if row is None:
        raise Unknown(f"You have no subscription {subscription_id}.")
    return row


async def change(uow: UnitOfWork, principal: Principal, subscription_id: int, asked: dict[str, Any]) -> dict[str, Any]:
    """Change what is named of url, events, state, scheme and ordered. Raises Conflict for one that has ended.

    To resume (`state` active) forgets the failures, so that what waits is sent at once; it brings back one that was disabled or gone.
    """
    own = await find_own(uow, principal, subscription_id, lock=True)
    if own["state"] == "ended":
        raise Conflict("This subscription has ended; make a new one.")
    if "url" in asked:
        check_url(uow, asked["url"])
        if asked["url"] != own["url"]:
            await _check_room(uow, principal, asked["url"], own["adcode"], besides=subscription_id)
    if "events" in asked:
        check_events(asked["events"])
    new = {name: asked.get(name, own[name]) for name in ("url", "events", "state", "scheme", "ordered")}
    resumed = new["state"] == "active" and "state" in asked
    await uow.execute(
        "UPDATE subscription SET url = $2, host = $3, events = $4, state = $5, scheme = $6, ordered = $7,"
        " failures = CASE WHEN $8 THEN 0 ELSE failures END, failing_since = CASE WHEN $8 THEN NULL ELSE failing_since END,"
        " rest_until = CASE WHEN $8 THEN NULL ELSE rest_until END WHERE id = $1",
        subscription_id,
        new["url"],
        host_of(new["url"]),
        canonical(sorted(set(new["events"]))),
        new["state"],
        new["scheme"],
        new["ordered"],
        resumed,
    )
    if resumed:
        await uow.enqueue("deliver", {})
    told = {name: value for name, value in asked.items() if name not in {"events", "url"}}
    if "url" in asked:
        told |= _address_told(asked["url"])
    await uow.record(
        "subscription.changed", own["adcode"], subscription=subscription_id, account=principal.account_id, changed=told
    )
    return await one(uow, principal, subscription_id)


async def rotate(uow: UnitOfWork, principal: Principal, subscription_id: int) -> dict[str, Any]:
    """A new signing secret, shown this once; the old one signs beside it for the overlap of the settings."""
    own = await find_own(uow, principal, subscription_id, lock=True)
    if own["state"] == "ended":
        raise Conflict("This subscription has ended; make a new one.")
    until = uow.now + timedelta(hours=uow.runtime.settings.secret_overlap_hours)
    retiring = [one for one in own["retiring"] if parse_instant(one["until"]) > uow.now]
    replaced = [
        {"secret": _kept(uow, old, subscription_id), "until": canonical(until).strip('"')} for old in own["secrets"]
    ]
    retiring = replaced + retiring
    secret = new_secret()
    await uow.execute(
        "UPDATE subscription SET secrets = $2, retiring = $3 WHERE id = $1",
        subscription_id,
        canonical([_kept(uow, secret, subscription_id)]),
        canonical(retiring[:MOST_RETIRING]),
    )
    await uow.record(
        "subscription.rotated", own["adcode"], subscription=subscription_id, account=principal.account_id, until=until
    )
    return {"id": subscription_id, "secret": secret, "old_until": until}


def _kept(uow: UnitOfWork, secret: str, subscription_id: int) -> str:
    return sealed(uow.runtime.settings, secret, about_endpoint(subscription_id))


async def link_test(uow: UnitOfWork, principal: Principal, subscription_id: int) -> int:
    """Send the endpoint a `link.test`; returns the delivery to look at. Raises Conflict for one that gets nothing now."""
    own = await find_own(uow, principal, subscription_id)
    if own["state"] != "active":
        raise Conflict(f"The subscription is {own['state']}; resume it first (PATCH state active).")
    delivery_id = await _queue_test(uow, own)
    if delivery_id is None:
        raise Conflict("A link test was asked for in this second already; look at its delivery.")
    return delivery_id


async def probe_silent_links(uow: UnitOfWork) -> int:
    """Queue a link test for each endpoint to which nothing was sent for the hours of the settings; returns how many."""
    before = uow.now - timedelta(hours=uow.runtime.settings.link_test_hours)
    rows = await uow.fetch(SILENT_SQL, before)
    for row in rows:
        await _queue_test(uow, row)
    return len(rows)


async def _queue_test(uow: UnitOfWork, row: Any) -> int | None:
    body = {"type": LINK_TEST, "timestamp": uow.now, "data": {"subscription": row["id"], "adcode": row["adcode"]}}
    return await queue(
        uow,
        reason=f"link-test-{int(uow.now.timestamp())}",
        channel=WEBHOOK,
        target=f"subscription:{row['id']}",
        address=row["url"],
        event=LINK_TEST,
        subject="",
        body=canonical(body),
        adcode=row["adcode"],
        subscription_id=row["id"],
    )


def _address_told(url: str) -> dict[str, str]:
    """What the ledger, which keeps for ever, says of an address: path and query may hold a key."""
    return {"host": host_of(url), "url_digest": hashlib.sha256(url.encode()).hexdigest()}


def check_url(uow: UnitOfWork, url: str) -> None:
    """Raise Invalid for an address that may not be called."""
    try:
        check_address(url, allow_private=uow.runtime.settings.allow_private_targets)
    except TargetError as error:
        raise Invalid(str(error)) from error


def check_events(events: list[str]) -> None:
    """Raise Invalid for event types that there are not."""
    unknown = sorted(set(events) - EVENTS)
    if unknown:
        raise Invalid(f"Unknown events: {', '.join(unknown)}; known: {', '.join(sorted(EVENTS))}.")


def host_of(url: str) -> str:
    """What calls to an address are counted by: host and port."""
    return urlsplit(url).netloc.lower()[:255]
