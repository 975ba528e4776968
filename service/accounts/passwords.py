"""argon2id password hashes, computed beside the event loop and never more than two at a time."""

from __future__ import annotations

import asyncio

from pwdlib import PasswordHash
from pwdlib.hashers.argon2 import Argon2Hasher

from service.kit.problems import TooManyAttempts

_HASHER = PasswordHash((Argon2Hasher(),))
_AT_ONCE = 2
MOST_WAITING = 24
"""About two seconds of work; who comes later is asked to come again."""
_limits: dict[int, asyncio.Semaphore] = {}
_waiting: dict[int, int] = {}


def _loop() -> int:
    return id(asyncio.get_running_loop())


def _limit() -> asyncio.Semaphore:
    return _limits.setdefault(_loop(), asyncio.Semaphore(_AT_ONCE))


async def hash_password(password: str) -> str:
    """The hash to store."""
    async with _limit():
        return await asyncio.to_thread(_HASHER.hash, password)


async def matches(password: str, stored: str) -> bool:
    """Whether the password is the stored one. Raises TooManyAttempts when too many wait for their turn."""
    waiting = _waiting.get(_loop(), 0)
    if waiting >= MOST_WAITING:
        raise TooManyAttempts(
            "Too many sign in at this moment; try again in a few seconds.",
            headers={"Retry-After": "5"},
            detail_zh="此刻登录的人太多，请几秒后再试。",
        )
    _waiting[_loop()] = waiting + 1
    try:
        async with _limit():
            return await asyncio.to_thread(_HASHER.verify, password, stored)
    finally:
        _waiting[_loop()] -= 1
