"""A bounded load from this process: so many requests, so many at a time, over loopback."""

from __future__ import annotations

import asyncio
import statistics
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Any

import aiohttp

ROUNDS = 5


@dataclass(frozen=True)
class Call:
    """One request."""

    method: str
    url: str
    headers: dict[str, str]
    body: bytes | None = None


@dataclass(frozen=True)
class Result:
    """One line of `lantian bench`. `ratio` is ours against the limit, read with `bar`."""

    name: str
    ours: float
    limit: float
    ratio: float
    bar: str
    unit: str
    note: str = ""

    def document(self) -> dict[str, Any]:
        """The line as plain values, rounded."""
        return {
            "name": self.name,
            "ours": round(self.ours, 4),
            "limit": round(self.limit, 4),
            "ratio": round(self.ratio, 3),
            "bar": self.bar,
            "unit": self.unit,
            "note": self.note,
        }


async def per_second(calls: Sequence[Call], at_once: int, expected: int = 200) -> float:
    """Requests per second; raises RuntimeError when an answer has another status."""
    queue = iter(calls)
    connector = aiohttp.TCPConnector(limit=at_once)
    async with aiohttp.ClientSession(connector=connector, timeout=aiohttp.ClientTimeout(total=120)) as session:

        async def work() -> None:
            for call in queue:
                async with session.request(call.method, call.url, headers=call.headers, data=call.body) as answer:
                    content = await answer.read()
                    if answer.status != expected:
                        raise RuntimeError(f"{call.url} answered {answer.status}: {content[:300]!r}")

        started = time.perf_counter()
        await asyncio.gather(*(work() for _ in range(at_once)))
        return len(calls) / (time.perf_counter() - started)


async def compared(
    ours: Callable[[int], Awaitable[float]], limit: Callable[[int], Awaitable[float]], rounds: int = ROUNDS
) -> tuple[float, float, float]:
    """Medians of ours, of the limit and of their ratio over alternating rounds; one round warms up."""
    pairs: list[tuple[float, float]] = []
    for number in range(rounds + 1):
        theirs = await limit(number)
        mine = await ours(number)
        if number:
            pairs.append((mine, theirs))
    return (
        statistics.median(mine for mine, _ in pairs),
        statistics.median(theirs for _, theirs in pairs),
        statistics.median(mine / theirs for mine, theirs in pairs),
    )


def timed(work: Callable[[], object], rounds: int) -> list[float]:
    """Seconds of each round after one that warms up."""
    work()
    found = []
    for _ in range(rounds):
        started = time.perf_counter()
        work()
        found.append(time.perf_counter() - started)
    return found
