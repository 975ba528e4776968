"""Browsers with which somebody signed in lately (device cookies, 可信设备): strangers cannot keep him out of them.

The cookie proves that a login signed in here; it opens nothing, and a password is asked for as ever. Tries with it are counted by
themselves, as many as an address has, so that a stolen one guesses no better than an address does. It is bound to the password
hash of that time: a new password ends all of them, whoever collected them.
"""

from __future__ import annotations

import hmac
import re
import secrets
from collections.abc import Iterator
from datetime import datetime, timedelta

from service.accounts.seal import seal_of
from service.kit.problems import Busy
from service.kit.settings import Settings

LIFE = timedelta(days=30)
"""How long after a sign-in a browser is known; a choice, the same as for addresses."""
MOST = 5
"""Logins that one browser remembers: a duty room shares its machines."""
FORM = re.compile(r"([0-9]{1,12})-([0-9a-f]{16})-([0-9a-f]{64})")


def _proof(settings: Settings, login: str, stored: str, issued: str, number: str) -> str:
    return seal_of(settings).digest("device", f"{issued}\n{number}\n{stored}\n{login}")


def _entries(cookie: str) -> Iterator[re.Match[str]]:
    for text in cookie.split(".")[:MOST]:
        found = FORM.fullmatch(text)
        if found is not None:
            yield found


def known(settings: Settings, cookie: str, login: str, stored: str, present: datetime) -> str | None:
    """The number of the device, when its cookie proves that the login signed in there lately with this password hash."""
    for entry in _entries(cookie):
        issued, number, proof = entry.groups()
        age = present.timestamp() - int(issued)
        if 0 <= age < LIFE.total_seconds() and _proves(settings, login, stored, issued, number, proof):
            return number
    return None


def _proves(settings: Settings, login: str, stored: str, issued: str, number: str, proof: str) -> bool:
    try:
        return hmac.compare_digest(proof, _proof(settings, login, stored, issued, number))
    except Busy:
        return False  # without a key nobody is known, and everybody may sign in as from anywhere


def renewed(settings: Settings, cookie: str, login: str, stored: str, present: datetime) -> str:
    """The cookie after a sign-in: the login first, then the others of this browser; unchanged where the node has no key."""
    others = [entry for entry in _entries(cookie) if not _proves(settings, login, stored, *entry.groups())]
    issued, number = str(int(present.timestamp())), secrets.token_hex(8)
    try:
        first = f"{issued}-{number}-{_proof(settings, login, stored, issued, number)}"
    except Busy:
        return cookie
    return ".".join([first, *(entry[0] for entry in others)][:MOST])
