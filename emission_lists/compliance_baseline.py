"""What a meter counts in a normal hour before a response (基准用电): the mean of the last days of normal production. Pure."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import date
from statistics import median
from typing import NamedTuple

from emission_lists.compliance_rules import BaselineRule


class DayUse(NamedTuple):
    """What a meter counted over a natural day: the sum, and how many hours are known."""

    total: float
    hours: int


class Baseline(NamedTuple):
    """Mean per hour, and the days it rests on, oldest first."""

    mean: float
    days: tuple[date, ...]


def baseline(days: Mapping[date, DayUse], without: Collection[date], rule: BaselineRule) -> Baseline | None:
    """The baseline of one meter; None when too few normal days are known, or nothing was used.

    `without`: days on which measures were in force. A day counts with enough hours and at least the normal share of the
    median day, so that days of repair do not lower it.
    """
    whole = {
        day: use.total / use.hours
        for day, use in days.items()
        if day not in without and use.hours >= rule.hours_of_day.value
    }
    if not whole:
        return None
    floor = rule.normal_share.value * median(whole.values())
    normal = sorted(day for day, mean in whole.items() if mean >= floor and mean > 0)[-rule.days.value :]
    if len(normal) < rule.least_days.value:
        return None
    return Baseline(sum(whole[day] for day in normal) / len(normal), tuple(normal))
