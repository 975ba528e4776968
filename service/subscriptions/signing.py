"""The headers of one attempt: every secret in force signs, so that receivers can change theirs at leisure."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from alerts.instants import parse_instant
from service.kit.signatures import headers
from service.subscriptions.repository import Claim

SCHEMES = {"v1": ("v1",), "v1a": ("v1a",), "v1+v1a": ("v1", "v1a")}
"""What an endpoint may ask to be signed with."""


def headers_of(
    claim: Claim, service_keys: Callable[[datetime], list[str]], stamp: datetime, now: datetime, body: str
) -> dict[str, str]:
    """Standard Webhooks headers of a webhook; `stamp` is the real present, `now` that of the service. Others get none."""
    if claim.channel != "webhook":
        return {}
    wanted = SCHEMES.get(claim.scheme, ("v1",))
    secrets: list[str] = []
    if "v1" in wanted:
        secrets += claim.secrets or ()
        secrets += [one["secret"] for one in claim.retiring or () if parse_instant(one["until"]) > now]
    if "v1a" in wanted:
        secrets += service_keys(now)
    return headers(secrets, claim.message_id, stamp, body.encode())
