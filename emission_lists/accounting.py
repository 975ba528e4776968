"""Accounting of reductions (减排量核算): planned, reported and verified, per line, hour, pollutant and level.

Line, level and hour: `reduction = base / 24 × (1 − the share that is left) × what was realised`. Planned is what the list
states per day, or what follows from base and measure; reported is what the enterprise says; verified is what electricity or
CEMS show, only for the hours that were measured. The three are never mixed. All sums are whole milligrams, so lines add up to
enterprises, counties, cities and regions whatever the order.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from emission_lists.accounting_weights import (
    DAY_MINUTES,
    Course,
    Ints,
    Span,
    Weights,
    carried_on,
    course,
    hour_minutes,
    whole,
)
from emission_lists.activity import stays_hot
from emission_lists.lists import ROAD_TRANSPORT, Line, Pollutants
from emission_lists.measures import Labelled

PER_KG = 1_000_000
SCALE = 100_000
"""Measured shares are rounded down to 0.001 %: what is verified is a lower bound."""
_MOST = 1_000_000
"""An hour at more than so many times the normal outweighs every response; beyond it whole numbers would overflow."""
_EPOCH_HOUR = 3600
Four = tuple[int, int, int, int]
Floats = npt.NDArray[np.float64]
NOTHING: Four = (0, 0, 0, 0)


class Origin(Labelled):
    """Where a planned reduction comes from."""

    STATED = ("stated", "清单载明", "stated in the list")
    COMPUTED = ("computed", "按基数与措施核算", "computed from base and measure")
    NOT_ESTABLISHED = ("not_established", "未确立", "not established")
    NOT_ASKED = ("not_asked", "无减排措施", "nothing is asked")


class Readings(NamedTuple):
    """Measured hours: `hours` are the numbers of the hours' ENDs since 1970 (UTC seconds ÷ 3600), `values` beside them."""

    hours: Ints
    values: Floats


@dataclass(frozen=True, slots=True)
class Measured:
    """What was measured at a line. `power` in the unit of `baseline`, the mean of normal production; `cems` in kg/h.

    `cems` by the place of the pollutant in POLLUTANTS; in hours in which it has a value it counts instead of electricity.
    `untreated`: ends
    of the hours, numbered likewise, in which treatment was confirmed to be off; electricity shows no saving in them.
    `own`: ends of the hours, numbered likewise, of which the enterprise itself delivered a value.
    """

    power: Readings | None = None
    baseline: float | None = None
    cems: Mapping[int, Readings] = field(default_factory=dict)
    untreated: frozenset[int] = frozenset()
    own: frozenset[int] = frozenset()


@dataclass(frozen=True, slots=True, eq=False)
class Share:
    """The share of a normal day's emissions that measured hours show as saved, hours above normal set off.

    `known` marks the measured hours, `minutes` counts them.
    """

    weights: Weights
    known: npt.NDArray[np.bool_]
    minutes: int


@dataclass(frozen=True, slots=True)
class Verified:
    """What the measured hours show. `saved` None for a pollutant of which nothing was measured; otherwise a lower bound.

    `saved` is the signed sum over the measured hours of one line in one response, clipped to 0..their base: hours above
    normal count against those below. Nothing is clipped after that, so lines add up to every total.
    `minutes`: measured minutes per pollutant; `planned`: what was planned for just these minutes, to compare like with like.
    `own` and `own_minutes`: what of it rests on hours that the enterprise delivered itself, `own_hours` marking these.
    """

    saved: tuple[int | None, int | None, int | None, int | None]
    minutes: Four
    planned: Four
    shares: tuple[Share | None, ...]
    own: Four = NOTHING
    own_minutes: Four = NOTHING
    own_hours: npt.NDArray[np.bool_] | None = None


NOT_VERIFIED = Verified((None,) * 4, NOTHING, NOTHING, (None,) * 4)


@dataclass(frozen=True, slots=True)
class Reported:
    """What an enterprise reported for a line in a response: mg per pollutant (None: not derivable), and for how many days."""

    saved: tuple[int | None, int | None, int | None, int | None]
    days: int


Origins = tuple[Origin, Origin, Origin, Origin]
Which = tuple[bool, bool, bool, bool]
NO_PLACE: Which = (False, False, False, False)


@dataclass(frozen=True, slots=True)
class LineAccount:
    """One line in one response, mg. `planned` is never below 0 nor above `base` where there is a base.

    `by_power`: electricity can show what it saves; otherwise only CEMS can. `unstated`: the list states no base of the
    pollutant; `base` then holds 0 and means nothing.
    """

    base: Four
    planned: Four
    origins: Origins
    asked: bool
    terms: tuple[tuple[Weights, Four], ...]
    daily_base: Four
    above_base: bool
    by_power: bool = True
    unstated: Which = NO_PLACE

    def hourly(self, span: Span) -> Ints:
        """Planned mg in each clock hour, one row per pollutant; the hours add up to `planned`."""
        rows = np.zeros((4, len(span.hours)), dtype=np.int64)
        for weights, amounts in self.terms:
            rows += weights.hourly(np.array(amounts, dtype=np.int64))
        return rows


class Amounts(NamedTuple):
    """One line in one response, all three kinds of figures."""

    account: LineAccount
    minutes: int
    verified: Verified | None
    reported: Reported | None


def account_line(line: Line, span: Span, *, long_stopped: bool = False) -> LineAccount:
    """What a line emits on normal days and is planned to save during a response.

    A line that was stopped long before has no base and saves nothing; a measure that is not established saves nothing.
    """
    if long_stopped:
        return _STANDING_STILL
    over = course(line.measures.at(span.level), span)
    daily = milligrams(line.base)
    running = whole(span)
    base = (running.total(daily[0]), running.total(daily[1]), running.total(daily[2]), running.total(daily[3]))
    unstated = NO_PLACE if None not in line.base else _missing(line.base)
    if not over.asked:
        origins = _NOT_ASKED if over.executable else UNKNOWN
        return LineAccount(base, NOTHING, origins, False, (), daily, False, unstated=unstated)
    terms: list[tuple[Weights, Four]] = []
    above = _add_terms(terms, line.base, daily, line.reductions.at(span.level), over)
    if over.ready and span.before is not None and line.measures.at(span.before).executable:
        going_on = carried_on(line.measures.at(span.before), span, over.ready)
        above |= _add_terms(terms, line.base, daily, line.reductions.at(span.before), going_on)
    planned = _planned(terms)
    if planned[0] > base[0] or planned[1] > base[1] or planned[2] > base[2] or planned[3] > base[3]:
        terms = _up_to(terms, base, unstated)
        planned = _planned(terms)
    by_power = _shown_by_power(line, span, over)
    return LineAccount(
        base, planned, _origins(line, span, over), over.asked, tuple(terms), daily, above, by_power, unstated
    )


def _missing(base: Pollutants) -> Which:
    one, two, three, four = (value is None for value in base)
    return one, two, three, four


def _planned(terms: Sequence[tuple[Weights, Four]]) -> Four:
    one, two, three, four = 0, 0, 0, 0
    for weights, amounts in terms:
        one += weights.total(amounts[0])
        two += weights.total(amounts[1])
        three += weights.total(amounts[2])
        four += weights.total(amounts[3])
    return one, two, three, four


def _up_to(terms: Sequence[tuple[Weights, Four]], base: Four, unstated: Which) -> list[tuple[Weights, Four]]:
    """The terms cut so that they add up to no more than the base, where one is stated.

    A reduction that belongs to some hours of the day can exceed what a response of just these hours would have emitted.
    """
    left = list(base)
    found = []
    for weights, amounts in terms:
        cut = [
            amount if unstated[place] else weights.most(amount, left[place]) for place, amount in enumerate(amounts)
        ]
        left = [before - weights.total(amount) for before, amount in zip(left, cut, strict=True)]
        found.append((weights, _four(cut)))
    return found


def _shown_by_power(line: Line, span: Span, over: Course) -> bool:
    """A furnace that is banked or kept warm emits without drawing its normal power, and trucks draw none."""
    measures = [line.measures.at(span.level)]
    if over.ready and span.before is not None:
        measures.append(line.measures.at(span.before))
    return line.process != ROAD_TRANSPORT and not any(stays_hot(measure) for measure in measures)


UNKNOWN = (Origin.NOT_ESTABLISHED,) * 4
_NOT_ASKED = (Origin.NOT_ASKED,) * 4
_STANDING_STILL = LineAccount(NOTHING, NOTHING, _NOT_ASKED, False, (), NOTHING, False)


def _add_terms(
    terms: list[tuple[Weights, Four]], base: Pollutants, daily: Four, stated: Pollutants, over: Course
) -> bool:
    """Add what is saved per day with its weights; returns whether a stated figure exceeds the base, up to which it counts."""
    by_list, by_base = [0, 0, 0, 0], [0, 0, 0, 0]
    above = False
    for place in range(4):
        figure = stated[place]
        if figure is None:
            by_base[place] = daily[place]
            continue
        amount = round(figure * PER_KG)
        if base[place] is not None and amount > daily[place]:
            above, amount = True, daily[place]
        by_list[place] = amount
    if any(by_list):
        terms.append((over.stated, (by_list[0], by_list[1], by_list[2], by_list[3])))
    if any(by_base) and over.computable:
        terms.append((over.computed, (by_base[0], by_base[1], by_base[2], by_base[3])))
    return above


def _origins(line: Line, span: Span, over: Course) -> Origins:
    """Where each pollutant's figure comes from."""
    stated = line.reductions.at(span.level)
    if None not in stated:
        return _ALL_STATED
    one, two, three, four = (
        Origin.STATED
        if figure is not None
        else Origin.COMPUTED
        if base is not None and over.computable
        else Origin.NOT_ESTABLISHED
        for figure, base in zip(stated, line.base, strict=True)
    )
    return one, two, three, four


_ALL_STATED = (Origin.STATED,) * 4


def milligrams(values: Pollutants) -> Four:
    """kg as whole mg; what is not stated is nothing."""
    one, two, three, four = values
    return (
        round(one * PER_KG) if one else 0,
        round(two * PER_KG) if two else 0,
        round(three * PER_KG) if three else 0,
        round(four * PER_KG) if four else 0,
    )


def verify(account: LineAccount, span: Span, measured: Measured) -> Verified:
    """What the measured hours show that the line saved against its base: hour by hour from CEMS where it gives kg/h, else from
    electricity.

    Electricity counts only where it can show a saving (`by_power`), and not in hours with the treatment confirmed to be off.
    Hours without a reading are not verified: neither as no saving nor as the full one. Hours above normal are set off.
    """
    if not account.asked:
        return NOT_VERIFIED
    power = None
    if account.by_power and measured.power is not None and measured.baseline is not None and measured.baseline > 0:
        power = _signed(measured.power, measured.baseline, span, measured.untreated)
    by_power = None if power is None else _share(power, span)
    found: list[Share | None] = []
    for place, base in enumerate(account.daily_base):
        cems = _signed(measured.cems[place], base / PER_KG / 24, span) if base and place in measured.cems else None
        if not base or cems is None:
            found.append(by_power if base else None)
        else:
            found.append(_share(cems if power is None else _filled(cems, power), span))
    minutes, planned = [0, 0, 0, 0], [0, 0, 0, 0]
    each_hour: Ints | None = None
    for place, one in enumerate(found):
        if one is None:
            continue
        if one.minutes == span.minutes:
            planned[place] = account.planned[place]
        else:
            each_hour = account.hourly(span) if each_hour is None else each_hour
            planned[place] = int(each_hour[place][one.known].sum())
        minutes[place] = one.minutes
    first, second, third, last = (
        None if one is None else one.weights.total(base) for one, base in zip(found, account.daily_base, strict=True)
    )
    verified = Verified((first, second, third, last), _four(minutes), _four(planned), tuple(found))
    return _with_own(verified, account, span, measured.own) if measured.own else verified


def _with_own(verified: Verified, account: LineAccount, span: Span, own: frozenset[int]) -> Verified:
    """What of it the enterprise delivered itself: the savings of these hours after the set-off, and their minutes."""
    first = int(span.hours[0].timestamp()) // _EPOCH_HOUR if span.hours else 0
    marked = np.isin(np.arange(first, first + len(span.hours)), sorted(own))
    saved, minutes = [0, 0, 0, 0], [0, 0, 0, 0]
    for place, (one, base) in enumerate(zip(verified.shares, account.daily_base, strict=True)):
        if one is not None:
            hours = one.weights.hourly(np.array([base], dtype=np.int64))[0]
            saved[place] = int(hours[marked & one.known].sum())
            minutes[place] = int(hour_minutes(span)[marked & one.known].sum())
    return replace(verified, own=_four(saved), own_minutes=_four(minutes), own_hours=marked)


def _four(values: Sequence[int]) -> Four:
    one, two, three, four = values
    return one, two, three, four


class _Signed(NamedTuple):
    """1 − reading ÷ normal of each clock hour in parts of SCALE, below 0 above normal; `seen` marks the hours measured."""

    saved: Ints
    seen: npt.NDArray[np.bool_]


def _signed(
    readings: Readings, normal: float, span: Span, untreated: frozenset[int] = frozenset()
) -> _Signed | None:
    """What readings show in the hours of the response; None for none. A reading below 0 is a standstill.

    In an `untreated` hour nothing is saved.
    """
    if not span.hours:
        return None
    first = int(span.hours[0].timestamp()) // _EPOCH_HOUR
    places = readings.hours - first
    inside = (places >= 0) & (places < len(span.hours)) & np.isfinite(readings.values)
    if not inside.any():
        return None
    seen = np.zeros(len(span.hours), dtype=np.bool_)
    saved = np.zeros(len(span.hours), dtype=np.int64)
    seen[places[inside]] = True
    parts = (1 - np.clip(readings.values[inside] / normal, 0, _MOST)) * SCALE
    saved[places[inside]] = np.floor(np.round(parts, 6)).astype(np.int64)
    if untreated:
        off = np.isin(np.arange(first, first + len(saved)), sorted(untreated))
        saved[off] = np.minimum(saved[off], 0)
    return _Signed(saved, seen)


def _filled(first: _Signed, other: _Signed) -> _Signed:
    """The first where it was measured, elsewhere the other."""
    return _Signed(np.where(first.seen, first.saved, other.saved), first.seen | other.seen)


def _share(signed: _Signed, span: Span) -> Share:
    """An hour above normal is set off against the savings of the line in the same response; only their sum is clipped, to
    0..1 of the measured hours."""
    minutes = hour_minutes(span)
    return Share(
        Weights(_set_off(signed.saved * minutes), SCALE * DAY_MINUTES), signed.seen, int(minutes[signed.seen].sum())
    )


def _set_off(signed: Ints) -> Ints:
    """Signed hours as a running sum that never falls and ends at their sum, at least 0: (hours,) → (hours,).

    No hour is shown with more than it saved nor with less than nothing, and the hours still add up to the whole.
    """
    running = np.cumsum(signed)
    lowest_from_here: Ints = np.minimum.accumulate(running[::-1])[::-1]
    return np.maximum(lowest_from_here, 0)
