"""Hand tasks over when a response changes: what stays is kept, what ends is closed, what is added is new. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

Key = tuple[str, str]
"""Category and department."""


@dataclass(frozen=True)
class Live:
    """A task that is not over at the instant of a change; `digest` tells its measures apart."""

    id: int
    key: Key
    digest: str
    starts_at: datetime
    ends_at: datetime | None


@dataclass(frozen=True)
class Wanted:
    """What the level asks of a department from an instant on."""

    digest: str
    starts_at: datetime


@dataclass(frozen=True)
class Handover:
    """`spans`: what the times of a task become. `added`: keys that need a task of their own, and the task that it follows."""

    spans: Mapping[int, tuple[datetime, datetime | None]]
    added: Mapping[Key, int | None]


def hand_over(
    live: Sequence[Live], wanted: Mapping[Key, Wanted], effective_at: datetime, ends_at: datetime | None
) -> Handover:
    """From `effective_at` on exactly the wanted tasks hold, until `ends_at`; before it nothing changes.

    A task with the same measures goes on as it is, with its receipt; one whose measures change ends where its follower begins.
    """
    spans: dict[int, tuple[datetime, datetime | None]] = {}
    added: dict[Key, int | None] = {}
    kept: set[Key] = set()
    for task in sorted(live, key=lambda one: (one.starts_at, one.id)):
        ask = wanted.get(task.key)
        if ask is not None and ask.digest == task.digest and task.key not in kept:
            kept.add(task.key)
            start = min(task.starts_at, ask.starts_at)
            spans[task.id] = (start, None if ends_at is None else max(start, ends_at))
        else:
            cut = effective_at if ask is None else ask.starts_at
            spans[task.id] = (task.starts_at, _earlier(task.ends_at, max(task.starts_at, cut)))
    for key in wanted:
        if key not in kept:
            before = [one for one in live if one.key == key and one.starts_at < wanted[key].starts_at]
            added[key] = max(before, key=lambda one: one.starts_at).id if before else None
    return Handover(spans, added)


def _earlier(one: datetime | None, other: datetime) -> datetime:
    return other if one is None else min(one, other)
