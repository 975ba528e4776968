"""argon2id password hashes, computed beside the event loop, never more than two at a time, for strangers never more than one."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, nullcontext

from pwdlib import PasswordHash
from pwdlib.hashers.argon2 import Argon2Hasher

from service.kit.problems import TooManyAttempts

_HASHER = PasswordHash((Argon2Hasher(),))
_AT_ONCE = 2
MOST_WAITING = 24
"""Two to four seconds of work; who comes later is asked to come again."""
OF_ONE_ACCOUNT = 2
"""Places of one known account: with its own right password it can keep nobody else out."""
OF_ONE_PLACE = 4
"""Places of one address (IPv6: /64) among strangers. Both are choices."""
_limits: dict[int, asyncio.Semaphore] = {}
_of_strangers: dict[int, asyncio.Semaphore] = {}
_waiting: Counter[tuple[int, bool]] = Counter()
"""How many wait, by event loop and whether they are known; strangers take no place of those who are."""
_shares: Counter[tuple[int, bool, str]] = Counter()
"""The same, by whose turn it is; who does not wait is not in it."""


def _loop() -> int:
    return id(asyncio.get_running_loop())


def _limit() -> asyncio.Semaphore:
    return _limits.setdefault(_loop(), asyncio.Semaphore(_AT_ONCE))


async def hash_password(password: str) -> str:
    """The hash to store."""
    async with _limit():
        return await asyncio.to_thread(_HASHER.hash, password)


async def matches(password: str, stored: str) -> bool:
    """Whether the password is the stored one. To be asked in one's `turn`."""
    async with _limit():
        return await asyncio.to_thread(_HASHER.verify, password, stored)


@asynccontextmanager
async def turn(*, known: bool, whose: str) -> AsyncIterator[None]:
    """A place in the queue of those whose password is to be checked; strangers, who may be anybody, come one at a time.

    Who is known (from a place or browser of lately, or signed in) has a queue of his own, so that strangers, however many, let
    him in. `whose` is the login of the known and the place (`throttle.place_of`) of a stranger: none has more than a share.
    Raises TooManyAttempts when too many wait.
    """
    queue = (_loop(), known)
    share = (*queue, whose)
    if _waiting[queue] >= MOST_WAITING or _shares[share] >= (OF_ONE_ACCOUNT if known else OF_ONE_PLACE):
        raise TooManyAttempts(
            "Too many sign in at this moment; try again in a few seconds.",
            headers={"Retry-After": "5"},
            detail_zh="此刻登录的人太多，请几秒后再试。",
        )
    _waiting[queue] += 1
    _shares[share] += 1
    try:
        async with nullcontext() if known else _of_strangers.setdefault(_loop(), asyncio.Semaphore(1)):
            yield
    finally:
        _waiting[queue] -= 1
        _shares[share] -= 1
        if not _shares[share]:
            del _shares[share]
