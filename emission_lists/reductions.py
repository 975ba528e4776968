"""Planned reductions (减排量): lines add up to enterprises, enterprises to the city, exactly.

Sums are made in whole milligrams a day, so that the same lines give the same total in any order.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from emission_lists.levels import LEVELS, PerLevel, ResponseLevel
from emission_lists.lists import POLLUTANTS, Line, ListRow, Pollutants

_PER_KG = 1_000_000
_Sum = list[int]


@dataclass(frozen=True, slots=True)
class Totals:
    """Base emissions and planned reductions, kg/d. What is not stated counts as nothing."""

    base: Pollutants
    reductions: PerLevel[Pollutants]


def planned(line: Line, level: ResponseLevel) -> Pollutants:
    """What the line is planned to save. A measure that is not established saves nothing."""
    if not line.measures.at(level).executable:
        return _NOTHING
    return line.reductions.at(level)


def totals(rows: Iterable[ListRow]) -> Totals:
    """The sum over rows."""
    return _finish(_add_rows(_new(), rows))


def totals_by_enterprise(rows: Iterable[ListRow]) -> dict[str, Totals]:
    """The sums per credit code; adding them up gives `totals` of the same rows."""
    sums: dict[str, list[_Sum]] = {}
    for row in rows:
        _add_rows(sums.setdefault(row.enterprise.uscc, _new()), (row,))
    return {uscc: _finish(total) for uscc, total in sums.items()}


def added(parts: Iterable[Totals]) -> Totals:
    """The sum of sums."""
    result = _new()
    for part in parts:
        for total, values in zip(result, (part.base, *part.reductions), strict=True):
            _add(total, values)
    return _finish(result)


def share(part: float | None, whole: float | None) -> float | None:
    """part ÷ whole; None if the whole is not given or nothing."""
    return None if part is None or not whole else part / whole


_NOTHING = Pollutants(0.0, 0.0, 0.0, 0.0)


def _new() -> list[_Sum]:
    return [[0] * len(POLLUTANTS) for _ in range(1 + len(LEVELS))]


def _add_rows(result: list[_Sum], rows: Iterable[ListRow]) -> list[_Sum]:
    base, *levels = result
    for row in rows:
        _add(base, row.line.base)
        for level, total in zip(LEVELS, levels, strict=True):
            _add(total, planned(row.line, level))
    return result


def _add(total: _Sum, values: Pollutants) -> None:
    for index, value in enumerate(values):
        if value:
            total[index] += round(value * _PER_KG)


def _finish(sums: list[_Sum]) -> Totals:
    base, *levels = (Pollutants(*(value / _PER_KG for value in total)) for total in sums)
    return Totals(base, PerLevel(*levels))
