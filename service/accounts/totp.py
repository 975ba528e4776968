"""Codes of a second factor: TOTP of RFC 6238 (HMAC-SHA-1, 30 s, six digits), as every authenticator app makes them."""

from __future__ import annotations

import base64
import hmac
import secrets
import struct
from urllib.parse import quote

STEP_SECONDS = 30
DIGITS = 6
DRIFT_STEPS = 1
"""A code of the step before or after is taken too: clocks and fingers differ."""
SECRET_BYTES = 20


def new_secret() -> bytes:
    """160 random bits, as RFC 4226 recommends."""
    return secrets.token_bytes(SECRET_BYTES)


def as_text(secret: bytes) -> str:
    """The secret as people type it into an app: base32 without padding."""
    return base64.b32encode(secret).decode().rstrip("=")


def step_at(seconds: float) -> int:
    """Number of the step at an instant (seconds since 1970)."""
    return int(seconds // STEP_SECONDS)


def code_of(secret: bytes, step: int, digits: int = DIGITS) -> str:
    """The code of one step."""
    mac = hmac.digest(secret, struct.pack(">Q", step), "sha1")
    offset = mac[-1] & 0x0F
    number = int.from_bytes(mac[offset : offset + 4], "big") & 0x7FFF_FFFF
    return str(number % 10**digits).zfill(digits)


def matching_step(secret: bytes, code: str, seconds: float) -> int | None:
    """The step whose code this is, near the instant; None for a wrong code. Every candidate is compared, in constant time."""
    present = step_at(seconds)
    found = None
    for step in range(max(present - DRIFT_STEPS, 0), present + DRIFT_STEPS + 1):
        if hmac.compare_digest(code_of(secret, step).encode(), code.encode()):
            found = step
    return found


def address_of(secret: bytes, login: str, issuer: str) -> str:
    """The `otpauth://` address that a QR code shows."""
    return (
        f"otpauth://totp/{quote(issuer)}:{quote(login)}?secret={as_text(secret)}&issuer={quote(issuer)}"
        f"&algorithm=SHA1&digits={DIGITS}&period={STEP_SECONDS}"
    )
