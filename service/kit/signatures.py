"""Standard Webhooks 1.0.0: sign what leaves, verify what comes.

The signed bytes are `{id}.{timestamp}.{body}`. Scheme v1 is HMAC-SHA256 with a shared secret `whsec_<base64>`; v1a is ed25519
with a secret key `whsk_<base64 of 32-byte seed + 32-byte public key>` and its public half `whpk_<base64 of 32 bytes>`. Several
signatures may stand side by side so that a secret can be rotated.
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
from functools import lru_cache

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from service.kit.problems import WrongSignature

PREFIX = "whsec_"
SECRET_KEY, PUBLIC_KEY = "whsk_", "whpk_"
ID = re.compile(r"[A-Za-z0-9_:-]{1,255}")


class SecretError(ValueError):
    """A webhook secret that is not `whsec_` and base64 of 24 to 64 bytes."""


def new_secret() -> str:
    """A fresh secret of 32 random bytes."""
    return PREFIX + base64.b64encode(random.token_bytes(32)).decode()


def new_pair() -> tuple[str, str]:
    """A fresh ed25519 pair: `whsk_…` to sign with, `whpk_…` to publish."""
    pair = Ed25519PrivateKey.generate()
    public = pair.public_key().public_bytes_raw()
    secret = base64.b64encode(pair.private_bytes_raw() + public).decode()
    return SECRET_KEY + secret, PUBLIC_KEY + base64.b64encode(public).decode()


def check_secret(secret: str) -> None:
    """Raise SecretError unless messages can be verified with it: a shared secret, or the public key of the sender."""
    if secret.startswith(PUBLIC_KEY):
        public_key_of(secret)
    else:
        key_of(secret)


def key_of(secret: str) -> bytes:
    """The key bytes of a written shared secret. Raises SecretError."""
    key = _decoded(secret.removeprefix(PREFIX), "whsec_<base64>")
    if not 24 <= len(key) <= 64:
        raise SecretError(f"the secret has {len(key)} bytes; it must have 24 to 64")
    return key


@lru_cache(maxsize=64)
def secret_key_of(written: str) -> Ed25519PrivateKey:
    """The ed25519 key of `whsk_…`. Raises SecretError."""
    key = _decoded(written.removeprefix(SECRET_KEY), "whsk_<base64>")
    if len(key) != 64:
        raise SecretError(f"the secret key has {len(key)} bytes; it must have 64: the seed and the public key")
    pair = Ed25519PrivateKey.from_private_bytes(key[:32])
    if pair.public_key().public_bytes_raw() != key[32:]:
        raise SecretError("the halves of the secret key do not belong together")
    return pair


@lru_cache(maxsize=64)
def public_key_of(written: str) -> Ed25519PublicKey:
    """The ed25519 key of `whpk_…`. Raises SecretError."""
    key = _decoded(written.removeprefix(PUBLIC_KEY), "whpk_<base64>")
    if len(key) != 32:
        raise SecretError(f"the public key has {len(key)} bytes; it must have 32")
    return Ed25519PublicKey.from_public_bytes(key)


def _decoded(text: str, form: str) -> bytes:
    try:
        return binascii.a2b_base64(text, strict_mode=True)
    except (binascii.Error, ValueError) as error:
        raise SecretError(f"the secret is not base64; write it as {form}") from error


def sign(secret: str, message_id: str, at: datetime, body: bytes) -> str:
    """One signature, `v1,<base64>` or with a `whsk_` key `v1a,<base64>`."""
    return _signature(secret, _signed_bytes(message_id, int(at.timestamp()), body))


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
    offered = signatures.split(" ")[:10]
    signed = _signed_bytes(message_id, int(stamp), body)
    matches = [_fits(secret, signed, offered) for secret in secret_list]  # all of them: how long it takes tells nothing
    if not any(matches):
        raise WrongSignature("No signature matches; check the secret and that the body is signed exactly as sent.")
    return message_id


def _signed_bytes(message_id: str, stamp: int, body: bytes) -> bytes:
    return f"{message_id}.{stamp}.".encode() + body


def _signature(secret: str, signed: bytes) -> str:
    if secret.startswith(SECRET_KEY):
        return "v1a," + base64.b64encode(secret_key_of(secret).sign(signed)).decode()
    return "v1," + base64.b64encode(hmac.digest(key_of(secret), signed, hashlib.sha256)).decode()


def _fits(secret: str, signed: bytes, offered: Iterable[str]) -> bool:
    """Whether one of the offered signatures was made with the secret, or with the key whose public half it is."""
    if not secret.startswith(PUBLIC_KEY):
        expected = _signature(secret, signed).encode()
        matches = [hmac.compare_digest(expected, candidate.encode()) for candidate in offered]
    else:
        key = public_key_of(secret)
        matches = [_verifies(key, candidate, signed) for candidate in offered]
    return any(matches)


def _verifies(key: Ed25519PublicKey, candidate: str, signed: bytes) -> bool:
    scheme, _, encoded = candidate.partition(",")
    if scheme != "v1a":
        return False
    try:
        key.verify(base64.b64decode(encoded, validate=True), signed)
    except (InvalidSignature, binascii.Error, ValueError):
        return False
    return True
