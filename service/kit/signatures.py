"""Standard Webhooks 1.0.0, symmetric scheme v1: sign what leaves, verify what comes.

The signed bytes are `{id}.{timestamp}.{body}`; secrets are written `whsec_<base64>`; several signatures may stand side by side
so that a secret can be rotated.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import re
import secrets as random
from collections.abc import Iterable, Mapping
from datetime import datetime

from service.kit.problems import WrongSignature

PREFIX = "whsec_"
ID = re.compile(r"[A-Za-z0-9_:-]{1,255}")


class SecretError(ValueError):
    """A webhook secret that is not `whsec_` and base64 of 24 to 64 bytes."""


def new_secret() -> str:
    """A fresh secret of 32 random bytes."""
    return PREFIX + base64.b64encode(random.token_bytes(32)).decode()


def key_of(secret: str) -> bytes:
    """The key bytes of a written secret. Raises SecretError."""
    try:
        key = base64.b64decode(secret.removeprefix(PREFIX), validate=True)
    except (binascii.Error, ValueError) as error:
        raise SecretError("the secret is not base64; write it as whsec_<base64>") from error
    if not 24 <= len(key) <= 64:
        raise SecretError(f"the secret has {len(key)} bytes; it must have 24 to 64")
    return key


def sign(secret: str, message_id: str, at: datetime, body: bytes) -> str:
    """One `v1,<base64>` signature."""
    return _signature(key_of(secret), message_id, int(at.timestamp()), body)


def headers(secret_list: Iterable[str], message_id: str, at: datetime, body: bytes) -> dict[str, str]:
    """The three headers of a message, signed with every secret in force."""
    return {
        "webhook-id": message_id,
        "webhook-timestamp": str(int(at.timestamp())),
        "webhook-signature": " ".join(sign(secret, message_id, at, body) for secret in secret_list),
    }


def verify(secret_list: Iterable[str], given: Mapping[str, str], body: bytes, now: datetime, tolerance: int) -> str:
    """Check a received message and return its id.

    `now` is the real present (never a simulated one), `tolerance` is in seconds, both ways. Raises WrongSignature with what to do.
    """
    message_id = given.get("webhook-id", "")
    stamp = given.get("webhook-timestamp", "")
    signatures = given.get("webhook-signature", "")
    if not message_id or not stamp or not signatures:
        raise WrongSignature("Send the headers webhook-id, webhook-timestamp and webhook-signature.")
    if not ID.fullmatch(message_id):
        raise WrongSignature("webhook-id may have letters, digits, '_', ':' and '-', at most 255 of them.")
    if not (stamp.isascii() and stamp.isdigit() and len(stamp) <= 12):
        raise WrongSignature("webhook-timestamp must be whole seconds since 1970.")
    if abs(int(stamp) - now.timestamp()) > tolerance:
        raise WrongSignature(
            f"webhook-timestamp is more than {tolerance} s from our clock; send it anew, signed with the present."
        )
    expected = [_signature(key_of(secret), message_id, int(stamp), body).encode() for secret in secret_list]
    offered = [candidate.encode() for candidate in signatures.split(" ")[:10]]
    matches = [hmac.compare_digest(ours, theirs) for ours in expected for theirs in offered]
    if not any(matches):
        raise WrongSignature("No signature matches; check the secret and that the body is signed exactly as sent.")
    return message_id


def _signature(key: bytes, message_id: str, stamp: int, body: bytes) -> str:
    signed = hmac.new(key, f"{message_id}.{stamp}.".encode() + body, hashlib.sha256).digest()
    return "v1," + base64.b64encode(signed).decode()
