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
    """One line of `lantian bench`. `ratio` is ours against the limit, read with `bar`; `spread` of its rounds."""

    name: str
    ours: float
    limit: float
    ratio: float
    bar: str
    unit: str
    note: str = ""
    spread: str = ""

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
            "spread": self.spread,
        }


@dataclass(frozen=True)
class Compared:
    """What alternating rounds gave: ours and the limit of each."""

    pairs: list[tuple[float, float]]

    @property
    def medians(self) -> tuple[float, float, float]:
        """Of ours, of the limit, and of the ratios."""
        mine, theirs = (statistics.median(values) for values in zip(*self.pairs, strict=True))
        return mine, theirs, statistics.median(self.ratios)

    @property
    def ratios(self) -> list[float]:
        """The ratio of each round."""
        return [mine / theirs for mine, theirs in self.pairs]

    @property
    def spread(self) -> str:
        """Lowest and highest ratio, and of how many rounds."""
        return f"{min(self.ratios):.3g}-{max(self.ratios):.3g} in {len(self.pairs)}"


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
) -> Compared:
    """Ours and the limit in each round, the one first and then the other; one round warms up.

    What goes first may find caches cold that the second finds warm: neither is always first.
    """
    pairs: list[tuple[float, float]] = []
    for number in range(rounds + 1):
        if number % 2:
            mine, theirs = await ours(number), await limit(number)
        else:
            theirs, mine = await limit(number), await ours(number)
        if number:
            pairs.append((mine, theirs))
    return Compared(pairs)


def timed(work: Callable[[], object], rounds: int) -> list[float]:
    """Seconds of each round after one that warms up."""
    work()
    found = []
    for _ in range(rounds):
        started = time.perf_counter()
        work()
        found.append(time.perf_counter() - started)
    return found
