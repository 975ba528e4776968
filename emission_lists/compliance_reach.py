"""How far new evidence reaches (判定范围): the days that have to be judged anew so that the result is that of judging everything.

Hours and passages prove something only together with those of the same natural day, and a finding is a run of such hours or
days. So evidence of some hours can change only findings of its days, and those that reach them. Pure.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta

from emission_lists.compliance_hours import BEIJING
from emission_lists.compliance_process import Existing, FindingState
from emission_lists.compliance_rules import Rule

_DAY = timedelta(days=1)
Reach = tuple[datetime, datetime]
WITHOUT_HOURS = frozenset({Rule.NO_PLAN})
"""Rules that no hour proves: their findings are looked at each time, wherever they begin."""


def reach(first: datetime, last: datetime, existing: Iterable[Existing]) -> Reach:
    """The whole natural days (Beijing) of evidence of [first, last], and of the findings that overlap them or adjoin them.

    Half-open; `first` may be the end of an hour, so the day before it belongs to it at midnight.
    """
    begins, ends = _floor(first - timedelta(hours=1)), _ceiling(last)
    left = [one for one in existing if one.rule not in WITHOUT_HOURS and not _taken_back(one)]
    while True:
        touching = [one for one in left if one.starts <= ends and begins <= one.until]
        if not touching:
            return begins, ends
        begins = min(begins, *(_floor(one.starts) for one in touching))
        ends = max(ends, *(_ceiling(one.until) for one in touching))
        left = [one for one in left if one not in touching]


def within(existing: Iterable[Existing], window: Reach) -> list[Existing]:
    """The findings that a window decides about."""
    return [
        one for one in existing if one.rule in WITHOUT_HOURS or (one.starts <= window[1] and window[0] <= one.until)
    ]


def _taken_back(one: Existing) -> bool:
    """Whether evidence itself withdrew it: it plays no part any more."""
    return one.state is FindingState.WITHDRAWN and not one.supported


def _floor(at: datetime) -> datetime:
    return at.astimezone(BEIJING).replace(hour=0, minute=0, second=0, microsecond=0)


def _ceiling(at: datetime) -> datetime:
    """The midnight after an instant; one more day at midnight itself, because a passage then belongs to the day that begins."""
    return _floor(at) + _DAY
