"""Lines that several warnings ask at once, such as a city's and a county's: each hour of a line belongs to one of them. Pure.

Of each pollutant and instant the warning stands for the line that plans to save most, the wider one where they plan the same.
What the others hold of that instant they give up, rounded up to whole milligrams, so what is left adds up to no more than a
line emits. A report belongs to days, so it is given up by the share of the response's minutes that is given up.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from emission_lists.accounting import Origin
from emission_lists.accounting_lines import LineHours, line_hours
from emission_lists.accounting_sums import Amounts, Tally, count_line
from emission_lists.accounting_weights import Ints, Span, hour_minutes

_MINUTE, _HOUR_MINUTES = 60, 60


class Claim(NamedTuple):
    """One line as one warning asks it, over all responses of that warning."""

    every: Sequence[tuple[Span, Amounts]]


class GivenUp(NamedTuple):
    """What one response of one claim gives up, mg and minutes; a tally of amounts only."""

    claim: int
    span: Span
    amounts: Tally


class _Held(NamedTuple):
    claim: int
    span: Span
    one: Amounts
    hours: LineHours
    minutes: Ints
    first: int
    last: int
    offset: int


def given_up(claims: Sequence[Claim]) -> list[GivenUp]:
    """What each claim gives up of a line, the claims of the wider warnings first."""
    held = [_held(place, span, one) for place, claim in enumerate(claims) for span, one in claim.every if span.minutes]
    edges = _edges(held)
    lengths = np.diff(edges)
    owner = _owners(held, edges)
    reported = {one.claim for one in held if one.one.reported is not None}
    found = []
    for number, one in enumerate(held):
        kept = np.zeros((4, len(one.minutes)), dtype=np.int64)
        inside = np.flatnonzero((edges[:-1] >= one.first) & (edges[:-1] < one.last))
        hours = (edges[inside] - one.offset) // _HOUR_MINUTES
        for place in range(4):
            np.add.at(kept[place], hours, np.where(owner[place, inside] == number, lengths[inside], 0))
        if (kept < one.minutes).any():
            found.append(GivenUp(one.claim, one.span, _given(one, kept, others_report=bool(reported - {one.claim}))))
    return found


def _held(claim: int, span: Span, one: Amounts) -> _Held:
    first, last = int(span.start.timestamp()) // _MINUTE, int(span.end.timestamp()) // _MINUTE
    return _Held(claim, span, one, line_hours(span, one), hour_minutes(span), first, last, first - span.start.minute)


def _edges(held: Sequence[_Held]) -> Ints:
    """The instants, in minutes, between which nothing changes: hours begin, and responses begin and end."""
    edges: set[int] = set()
    for one in held:
        edges |= {one.first, one.last, *range(one.offset + _HOUR_MINUTES, one.last, _HOUR_MINUTES)}
    return np.array(sorted(edges), dtype=np.int64)


def _owners(held: Sequence[_Held], edges: Ints) -> Ints:
    """Which of them stands for the line in each piece of time: shape (4, pieces); -1 where none does."""
    pieces = len(edges) - 1
    best = np.full((4, pieces), -1, dtype=np.int64)
    owner = np.full((4, pieces), -1, dtype=np.int64)
    for number, one in enumerate(held):
        inside = np.flatnonzero((edges[:-1] >= one.first) & (edges[:-1] < one.last))
        hours = (edges[inside] - one.offset) // _HOUR_MINUTES
        rate = one.hours.planned[:, hours] // one.minutes[hours]
        better = rate > best[:, inside]
        best[:, inside] = np.where(better, rate, best[:, inside])
        owner[:, inside] = np.where(better, number, owner[:, inside])
    return owner


def _given(one: _Held, kept: Ints, *, others_report: bool) -> Tally:
    account, tally = one.one.account, Tally()
    planned = _part(one.hours.planned, kept, one.minutes)
    gone = one.minutes - kept
    known: npt.NDArray[np.bool_] = one.hours.known
    tally.base = _sums(_part(one.hours.base, kept, one.minutes))
    tally.planned = _sums(planned)
    tally.verified = _sums(_part(one.hours.verified, kept, one.minutes))
    tally.verified_of = _sums(np.where(known, planned, 0))
    tally.verified_minutes = _sums(np.where(known, gone, 0))
    own = None if one.one.verified is None else one.one.verified.own_hours
    if own is not None:
        tally.verified_own = _sums(np.where(known & own, _part(one.hours.verified, kept, one.minutes), 0))
        tally.verified_own_minutes = _sums(np.where(known & own, gone, 0))
    for place in range(4):
        to = tally.stated if account.origins[place] is Origin.STATED else tally.computed
        to[place] = tally.planned[place]
        given = int(gone[place].sum())
        if account.asked and account.base[place]:
            tally.asked_minutes[place] = given
        told = None if one.one.reported is None else one.one.reported.saved[place]
        if told and others_report:
            tally.reported[place] = -(-told * given // one.span.minutes)
    return tally


def _part(amounts: Ints, kept: Ints, minutes: Ints) -> Ints:
    left: Ints = amounts - amounts * kept // minutes
    return left


def _sums(rows: npt.NDArray[np.int64]) -> list[int]:
    return [int(row.sum()) for row in rows]


def counted(claim: Claim) -> Tally:
    """One line of one warning as it is counted there, without amounts."""
    tally = Tally()
    count_line(tally, [one.account for _, one in claim.every])
    for _, one in claim.every:
        for place in range(4):
            tally.reported_lines[place] += one.reported is not None and one.reported.saved[place] is not None
            tally.verified_lines[place] += one.verified is not None and one.verified.saved[place] is not None
    return tally


_COUNTS = ("lines", "asked_lines", "unknown_lines")
_COUNTS_OF_FOUR = ("unestablished", "unstated", "baseless", "reported_lines", "verified_lines")


def counted_twice(tallies: Sequence[Tally]) -> Tally:
    """What of the counts of one line in several warnings is more than once."""
    found = Tally()
    for name in _COUNTS:
        values = [getattr(one, name) for one in tallies]
        setattr(found, name, sum(values) - max(values))
    for name in _COUNTS_OF_FOUR:
        columns = zip(*(getattr(one, name) for one in tallies), strict=True)
        setattr(found, name, [sum(values) - max(values) for values in columns])
    return found
