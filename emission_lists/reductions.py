"""Planned reductions (减排量): lines add up to enterprises, enterprises to the city, exactly.

Sums are made in whole milligrams a day, so that the same lines give the same total in any order. What a list leaves open is
counted beside them: a sum with open lines (未确立) is a lower bound (下限), and no sum at all where it holds nothing else.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache
from typing import NamedTuple

from emission_lists.accounting_weights import part_of_day
from emission_lists.activity import emitting_share
from emission_lists.levels import LEVELS, PerLevel, ResponseLevel
from emission_lists.lists import POLLUTANTS, Line, ListRow, Pollutants
from emission_lists.measures import Measure

_PER_KG = 1_000_000
_FOUR, _TWELVE = len(POLLUTANTS), len(POLLUTANTS) * len(LEVELS)
_LINES, _UNBOUNDED, _COMPUTED, _RESERVE = (_FOUR + place * _TWELVE for place in range(4))
GAPS = _FOUR + 4 * _TWELVE
"""Numbers of the gaps of a sum, in the order of the fields of `Gaps`: counts, then mg/d; pollutants within levels."""
_WIDTH = _FOUR + _TWELVE
FINEST = 1_000_000
"""Shares are no finer, so that times a base in mg they stay whole numbers of 64 bits."""
Counts = tuple[int, ...]
_Sum = list[int]


class Gaps(NamedTuple):
    """What the lines of a sum leave open, by pollutant.

    `base`: lines without a base; `lines`: lines of which it is not established what they save; `unbounded`: those of them that
    state no base, so that nothing is known of how much it may be. kg/d: `computed`, what follows from base × share where the
    list states nothing and the measure's kind fixes the share; `reserve`, the base of the open lines, the most they may save.
    """

    base: Counts
    lines: PerLevel[Counts]
    unbounded: PerLevel[Counts]
    computed: PerLevel[Pollutants]
    reserve: PerLevel[Pollutants]


@dataclass(frozen=True, slots=True)
class Totals:
    """Base emissions and planned reductions, kg/d: stated, and computed where nothing is stated and the share is fixed.

    What is not stated adds nothing. `gaps`: how much that is; None for sums that were stored before it was counted.
    """

    base: Pollutants
    reductions: PerLevel[Pollutants]
    gaps: Gaps | None = None

    @property
    def known_base(self) -> Pollutants:
        """The base, None where no line states any."""
        return self.base if self.gaps is None else _where_known(self.base, self.gaps.base)

    def planned(self, level: ResponseLevel) -> Pollutants:
        """What is planned, None where nothing is established: 0 would say that nothing is saved."""
        found = self.reductions.at(level)
        return found if self.gaps is None else _where_known(found, self.gaps.lines.at(level))

    def open_lines(self, level: ResponseLevel) -> Counts | None:
        """Lines whose reduction is not established, by pollutant; beside a number it is a lower bound. None: not counted."""
        return None if self.gaps is None else self.gaps.lines.at(level)

    def most(self, level: ResponseLevel) -> Pollutants:
        """What is saved if every open line saves its whole base; infinite where one of them states none."""
        found = self.reductions.at(level)
        if self.gaps is None:
            return found
        reserve, unbounded = self.gaps.reserve.at(level), self.gaps.unbounded.at(level)
        return Pollutants(
            *(
                math.inf if lines else (value or 0) + (more or 0)
                for value, more, lines in zip(found, reserve, unbounded, strict=True)
            )
        )


def _where_known(values: Pollutants, open_lines: Counts) -> Pollutants:
    return Pollutants(*(value if value or not lines else None for value, lines in zip(values, open_lines, strict=True)))


@lru_cache(maxsize=8192)
def daily_share(measure: Measure) -> Fraction | None:
    """The share of a normal day's emissions that a measure saves; None where its kind does not fix it.

    A measure in stages saves another share on another day: it is fixed only where all are the same. Hours of the day (时段)
    save their part of the day. Cut to parts of `FINEST`.
    """
    found = {_share_of(one) for one in (measure, *(later.measure for later in measure.later))}
    fixed = found.pop() if len(found) == 1 else None
    return fixed if fixed is None or fixed.denominator <= FINEST else Fraction(int(fixed * FINEST), FINEST)


def _share_of(stage: Measure) -> Fraction | None:
    left = emitting_share(stage) if stage.executable else None
    return None if left is None else (1 - left) * part_of_day(stage.window)


def planned(line: Line, level: ResponseLevel) -> Pollutants:
    """What the line states to save. None: not stated, or stated of a measure that is not established."""
    if not line.measures.at(level).executable:
        return _NOT_STATED
    return line.reductions.at(level)


def totals(rows: Iterable[ListRow]) -> Totals:
    """The sum over rows."""
    return _finish(_add_rows(_new(), rows))


def totals_by_enterprise(rows: Iterable[ListRow]) -> dict[str, Totals]:
    """The sums per credit code; adding them up gives `totals` of the same rows."""
    sums: dict[str, _Sum] = {}
    for row in rows:
        _add_rows(sums.setdefault(row.enterprise.uscc, _new()), (row,))
    return {uscc: _finish(total) for uscc, total in sums.items()}


def added(parts: Iterable[Totals]) -> Totals:
    """The sum of sums; what is open is not known where it was not counted of a part."""
    result, counted = _new(), True
    for part in parts:
        stated, gaps = _parted(part)
        for place, value in enumerate((*stated, *(gaps or ()))):
            result[place] += value
        counted = counted and gaps is not None
    return totals_of(result[:_WIDTH], result[_WIDTH:] if counted else None)


def share(part: float | None, whole: float | None) -> float | None:
    """part ÷ whole; None if the whole is not given or nothing."""
    return None if part is None or not whole else part / whole


def totals_of(milligrams: Sequence[int], gaps: Sequence[int] | None) -> Totals:
    """Totals of whole numbers: base and stated reductions of each level in mg/d, and `GAPS` numbers of what is open."""
    found = list(milligrams)
    for place, value in enumerate(() if gaps is None else gaps[_COMPUTED:_RESERVE]):
        found[_FOUR + place] += value
    return Totals(_kg(found[:_FOUR]), _levels(found[_FOUR:]), None if gaps is None else _gaps(gaps))


def _gaps(numbers: Sequence[int]) -> Gaps:
    return Gaps(
        tuple(numbers[:_FOUR]),
        PerLevel(*_fours(numbers[_LINES:_UNBOUNDED])),
        PerLevel(*_fours(numbers[_UNBOUNDED:_COMPUTED])),
        _levels(numbers[_COMPUTED:_RESERVE]),
        _levels(numbers[_RESERVE:]),
    )


def _parted(one: Totals) -> tuple[_Sum, _Sum | None]:
    """The whole numbers that `totals_of` takes."""
    stated = [_milligrams(value) for values in (one.base, *one.reductions) for value in values]
    if one.gaps is None:
        return stated, None
    base, lines, unbounded, computed, reserve = one.gaps
    amounts = [_milligrams(value) for values in (*computed, *reserve) for value in values]
    for place, value in enumerate(amounts[:_TWELVE]):
        stated[_FOUR + place] -= value
    return stated, [*base, *(count for counts in (*lines, *unbounded) for count in counts), *amounts]


def _fours(numbers: Sequence[int]) -> list[Counts]:
    return [tuple(numbers[start : start + _FOUR]) for start in range(0, len(numbers), _FOUR)]


def _levels(milligrams: Sequence[int]) -> PerLevel[Pollutants]:
    return PerLevel(*(_kg(four) for four in _fours(milligrams)))


def _kg(milligrams: Sequence[int]) -> Pollutants:
    return Pollutants(*(value / _PER_KG for value in milligrams))


def _milligrams(value: float | None) -> int:
    return round(value * _PER_KG) if value else 0


_NOT_STATED = Pollutants()


def _new() -> _Sum:
    return [0] * (_WIDTH + GAPS)


def _add_rows(result: _Sum, rows: Iterable[ListRow]) -> _Sum:
    for row in rows:
        line, settled = row.line, row.enterprise.long_stopped
        for place, value in enumerate(line.base):
            result[place] += _milligrams(value)
            result[_WIDTH + place] += value is None and not settled
        for number, level in enumerate(LEVELS):
            saved = planned(line, level)
            for place, value in enumerate(saved, start=number * _FOUR):
                result[_FOUR + place] += _milligrams(value)
            if None in saved and not settled:
                _add_gaps(result, line, number, saved)
    return result


def _add_gaps(result: _Sum, line: Line, number: int, saved: Pollutants) -> None:
    """What a line does not state at a level: computed, nothing because nothing is asked, or open. An enterprise that was
    stopped long before has none of it."""
    part = daily_share(line.measures.at(LEVELS[number]))
    for place, (value, base) in enumerate(zip(saved, line.base, strict=True)):
        if value is not None or part == 0:
            continue
        at = _WIDTH + number * _FOUR + place
        if part is not None and base is not None:
            result[at + _COMPUTED] += _milligrams(base) * part.numerator // part.denominator
            continue
        result[at + _LINES] += 1
        result[at + _UNBOUNDED] += base is None
        result[at + _RESERVE] += _milligrams(base)


def _finish(sums: _Sum) -> Totals:
    return totals_of(sums[:_WIDTH], sums[_WIDTH:])


NO_GAPS = _gaps((0,) * GAPS)
"""Nothing is open."""
