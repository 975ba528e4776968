"""What a meter counts in a normal hour before a response (基准用电): the mean of the last days of normal production. Pure."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import date
from math import lcm
from typing import NamedTuple

from emission_lists.compliance_exact import written
from emission_lists.compliance_rules import BaselineRule

_MILLIONTHS = 10**6
"""Quantities are counted in these here: whole numbers are exact, and a floating-point sum of a day is right to far less."""


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
    median day, so that days of repair do not lower it. What the mean has beyond a millionth is rounded up, for the enterprise.
    """
    enough = {
        day: use for day, use in days.items() if day not in without and use.hours >= rule.hours_of_day.value and use.hours
    }
    if not enough:
        return None
    parts = lcm(*(use.hours for use in enough.values()))
    whole = {day: round(use.total * _MILLIONTHS) * (parts // use.hours) for day, use in enough.items()}
    ordered = sorted(whole.values())
    twice_median = ordered[len(ordered) // 2] + ordered[(len(ordered) - 1) // 2]
    share = written(rule.normal_share.value)
    floor = share.numerator * twice_median
    normal = sorted(day for day, mean in whole.items() if mean > 0 and 2 * share.denominator * mean >= floor)
    normal = normal[-rule.days.value :]
    if len(normal) < rule.least_days.value:
        return None
    mean = -(-sum(whole[day] for day in normal) // (len(normal) * parts))
    return Baseline(mean / _MILLIONTHS, tuple(normal))
