"""Questions of one kind that are asked at the same time, answered by one statement."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

MOST_AT_ONCE = 64
"""Questions in one statement."""
SIDE_BY_SIDE = 2
"""Statements that are read at a time: while they are, further questions gather for the next."""


class Together:
    """Gathers keys while others are being read. `read` gives the answers to some keys; a key without an answer is left out.

    Who asks gets what was read after asking, never what was being read already. What `read` raises reaches all who asked with it.
    """

    def __init__(self, read: Callable[[list[Any]], Awaitable[dict[Any, Any]]]) -> None:
        self._read = read
        self._turns = asyncio.Semaphore(SIDE_BY_SIDE)
        self._keys: dict[Any, None] = {}
        self._batch: asyncio.Task[dict[Any, Any]] | None = None
        self._begun: set[asyncio.Task[dict[Any, Any]]] = set()

    async def ask(self, key: Any) -> Any:
        """The answer to a key, or None."""
        self._keys[key] = None
        batch = self._batch or self._begin()
        if len(self._keys) >= MOST_AT_ONCE:
            self._keys, self._batch = {}, None
        return (await asyncio.shield(batch)).get(key)  # others wait for it even when this caller has gone

    def _begin(self) -> asyncio.Task[dict[Any, Any]]:
        self._batch = batch = asyncio.create_task(self._answer(self._keys))
        self._begun.add(batch)
        batch.add_done_callback(self._begun.discard)
        return batch

    async def _answer(self, keys: dict[Any, None]) -> dict[Any, Any]:
        async with self._turns:
            if keys is self._keys:
                self._keys, self._batch = {}, None
            return await self._read(list(keys))
