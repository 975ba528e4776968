"""What enterprises report of their reductions (企业上报), as amounts. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from fractions import Fraction
from typing import NamedTuple

from emission_lists.accounting import PER_KG, Reported, milligrams
from emission_lists.activity import decimal
from emission_lists.lists import Pollutants
from emission_lists.measures import Labelled


class LineState(Labelled):
    """What an enterprise says a line did."""

    STOPPED = ("stopped", "停产", "stopped")
    LIMITED = ("limited", "限产", "limited")
    RUNNING = ("running", "正常生产", "running as normal")


class ReportedDay(NamedTuple):
    """One line on one natural day: in `hours` it stood still or ran at the share `ran_at`; `kg` where it knows them."""

    state: LineState
    hours: float
    ran_at: float | None
    kg: Pollutants


def reported(base: Pollutants, days: Iterable[ReportedDay]) -> Reported | None:
    """The reported reduction of a line over several days, mg; None without a day.

    Stated kg count as they are; otherwise base / 24 × hours × what was not run. A pollutant is None when no day tells it.
    """
    total: list[int | None] = [None] * 4
    count = 0
    for day in days:
        count += 1
        for place, amount in enumerate(_day(base, day)):
            if amount is not None:
                total[place] = (total[place] or 0) + amount
    if not count:
        return None
    one, two, three, four = total
    return Reported((one, two, three, four), count)


def _day(base: Pollutants, day: ReportedDay) -> list[int | None]:
    saved = _saved_share(day)
    amounts: list[int | None] = []
    for stated, normal, amount in zip(day.kg, base, milligrams(base), strict=True):
        if stated is not None:
            amounts.append(round(stated * PER_KG))
        elif saved is None or normal is None:
            amounts.append(None)
        else:
            amounts.append(int(amount * saved * decimal(day.hours) / 24))
    return amounts


def _saved_share(day: ReportedDay) -> Fraction | None:
    if day.state is LineState.RUNNING:
        return Fraction(0)
    if day.state is LineState.STOPPED:
        return Fraction(1)
    return None if day.ran_at is None else 1 - decimal(day.ran_at)
