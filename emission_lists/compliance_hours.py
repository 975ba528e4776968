"""Numbered hours (整点小时): which of them lie in a stage as a whole, and in which natural day of Beijing. Pure.

Hour `n` ends `n` hours after 1970-01-01T00:00Z, and is the half-open hour before that instant.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta, timezone
from typing import NamedTuple

from emission_lists.schedule import Stage

BEIJING = timezone(timedelta(hours=8))
DAY = 24
_BEIJING_HOURS = 8


def first_hour(at: datetime) -> int:
    """The hour that ends at an instant or holds it: the next one is the first that begins then or later."""
    return math.ceil(at.timestamp() / 3600)


class Span(NamedTuple):
    """The numbered hours [first, last) whose start lies in a stage; their ends are one more. `last` None: open."""

    first: int
    last: int | None
    stage: Stage

    def holds(self, end: int) -> bool:
        """Whether the hour that ends at `end` lies inside as a whole."""
        return (
            self.first < end and (self.last is None or end <= self.last) and _in_window(self.stage.measure.window, end)
        )


def span_of(stage: Stage, *, carried_out: bool = True) -> Span:
    """The whole hours of a stage; with `carried_out` only those after the time to carry the measure out has passed."""
    starts = max(stage.starts, stage.due) if carried_out else stage.starts
    last = None if stage.until is None else math.floor(stage.until.timestamp() / 3600)
    return Span(first_hour(starts), last, stage)


def window_minutes(window: str) -> tuple[int, int]:
    """The minutes of the day in which hours such as 17:00-09:00 open and close; over midnight they close before they open."""
    opens, closes = (int(part[:2]) * 60 + int(part[3:5]) for part in window.split("-"))
    return opens, closes


def _in_window(window: str | None, end: int) -> bool:
    """Whether the hour that ends at `end` lies in the hours of the day of a measure as a whole."""
    if window is None:
        return True
    (opens, closes), begins = window_minutes(window), ((end - 1 + _BEIJING_HOURS) % DAY) * 60
    if opens < closes:
        return opens <= begins and begins + 60 <= closes
    return begins >= opens or begins + 60 <= closes


def days(span: Span, ends: Iterable[int]) -> Iterator[tuple[int, int, list[int], list[int]]]:
    """The natural days of a span of which something is known: start, end, all their hours inside, and the known ones."""
    known: dict[int, list[int]] = {}
    for end in ends:
        if span.holds(end):
            known.setdefault((end - 1 + _BEIJING_HOURS) // DAY, []).append(end)
    for day, seen in sorted(known.items()):
        midnight = day * DAY - _BEIJING_HOURS
        inside = [end for end in range(midnight + 1, midnight + DAY + 1) if span.holds(end)]
        yield inside[0] - 1, inside[-1], inside, seen
