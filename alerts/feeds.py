"""Several feeds for one division: each is assessed, and the plan's rule says which one counts (多源预报)."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import NamedTuple

from alerts.assessment import Assessment
from alerts.plans import FeedRule


class Judged(NamedTuple):
    """The assessment of one feed's forecast; `issued_at` None: no forecast, only what was measured."""

    feed: str | None
    issued_at: datetime | None
    assessment: Assessment


def counted(judged: Sequence[Judged], rule: FeedRule, good_for: timedelta) -> int:
    """Which of the assessments counts, as its place. Raises ValueError when there is none.

    `latest`: that of the newest issue. `highest`: the highest level, then the highest possible one, then the newest
    issue; an issue more than `good_for` older than the newest one is shown and does not count.
    """
    if not judged:
        raise ValueError("there is nothing to choose from; assess at least one series")
    issued = [one.issued_at for one in judged if one.issued_at is not None]
    if not issued:
        return len(judged) - 1
    newest = max(issued)
    places = [at for at, one in enumerate(judged) if one.issued_at is not None and one.issued_at >= newest - good_for]

    def weight(at: int) -> tuple[int, int, datetime, int]:
        one = judged[at]
        assert one.issued_at is not None  # places holds only issues
        if rule == "latest":
            return 0, 0, one.issued_at, at
        return one.assessment.level, one.assessment.possible_level, one.issued_at, at

    return max(places, key=weight)
