"""The headers of one attempt: every secret in force signs, so that receivers can change theirs at leisure."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from alerts.instants import parse_instant
from service.accounts.seal import opened
from service.kit.problems import Busy
from service.kit.settings import Settings
from service.kit.signatures import headers
from service.subscriptions.repository import Claim

SCHEMES = {"v1": ("v1",), "v1a": ("v1a",), "v1+v1a": ("v1", "v1a")}
"""What an endpoint may ask to be signed with."""


def about_endpoint(subscription_id: int | None) -> str:
    """What the sealed secrets of an endpoint are bound to."""
    return f"subscription:{subscription_id}"


def headers_of(
    claim: Claim,
    settings: Settings,
    service_keys: Callable[[datetime], list[str]],
    stamp: datetime,
    now: datetime,
    body: str,
) -> dict[str, str]:
    """Standard Webhooks headers of a webhook; `stamp` is the real present, `now` that of the service. Others get none.

    Raises SecretError for a broken secret, Busy when this node's key opens none.
    """
    if claim.channel != "webhook":
        return {}
    wanted = SCHEMES.get(claim.scheme, ("v1",))
    secrets: list[str] = []
    if "v1" in wanted:
        kept = [*(claim.secrets or ())]
        kept += [one["secret"] for one in claim.retiring or () if parse_instant(one["until"]) > now]
        secrets += opened(settings, kept, about_endpoint(claim.subscription_id))
    if "v1a" in wanted:
        own = service_keys(now)
        if not own:
            raise Busy("This node's key opens no key of the service; give every node the same LANTIAN_SECRET_KEY.")
        secrets += own
    return headers(secrets, claim.message_id, stamp, body.encode())
