"""argon2id password hashes, computed beside the event loop and never more than two at a time."""

from __future__ import annotations

import asyncio

from pwdlib import PasswordHash
from pwdlib.hashers.argon2 import Argon2Hasher

_HASHER = PasswordHash((Argon2Hasher(),))
_AT_ONCE = 2
_limits: dict[int, asyncio.Semaphore] = {}


def _limit() -> asyncio.Semaphore:
    return _limits.setdefault(id(asyncio.get_running_loop()), asyncio.Semaphore(_AT_ONCE))


async def hash_password(password: str) -> str:
    """The hash to store."""
    async with _limit():
        return await asyncio.to_thread(_HASHER.hash, password)


async def matches(password: str, stored: str) -> bool:
    """Whether the password is the stored one."""
    async with _limit():
        return await asyncio.to_thread(_HASHER.verify, password, stored)
