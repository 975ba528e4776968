"""The lines of a list that are planned to save most (减排量最大的生产线), at each level."""

from __future__ import annotations

from array import array
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from heapq import nlargest
from operator import attrgetter
from typing import Any

from emission_lists.documents import pollutants_document
from emission_lists.levels import LEVELS, ResponseLevel
from emission_lists.lists import ListRow, Pollutants
from emission_lists.measure_kinds import Action
from emission_lists.measure_words import en, zh
from emission_lists.reductions import planned

MOST = 10
_NOISE = 1e-6
"""Less than a milligram a day: what adding floats leaves."""


@dataclass(frozen=True, slots=True)
class Large:
    """A line and its planned reduction, kg/d. `whole`: SO2, NOx, PM and VOCs together, by which lines are ordered.

    That different pollutants are added up for the order is a choice: no text ranks lines.
    """

    row: ListRow
    level: ResponseLevel
    saved: Pollutants
    whole: float

    def document(self) -> dict[str, Any]:
        """JSON-ready: enterprise, line, grade, the measure in words, and the reduction."""
        enterprise, line = self.row.enterprise, self.row.line
        measure = line.measure(self.level)
        return {
            "uscc": enterprise.uscc,
            "enterprise": enterprise.name,
            "grade": enterprise.grade.value,
            "code": line.code,
            "line": line.name,
            "measure_zh": zh(measure),
            "measure_en": en(measure),
            "reduction": pollutants_document(self.saved),
            "whole": self.whole,
        }


def largest(rows: Sequence[ListRow], level: ResponseLevel, most: int = MOST) -> list[Large]:
    """At most `most` lines, the one that saves most first; lines that save nothing are left out.

    Equal ones stand in the order of credit code and line code, so that the same list gives the same answer.
    """
    wholes = _wholes(rows, level)
    least = min(nlargest(most, wholes), default=0.0)
    found = [
        Large(row, level, planned(row.line, level), round(whole, 6))
        for row, whole in zip(rows, wholes, strict=True)
        if whole > least - _NOISE and whole > 0
    ]
    return sorted(found, key=lambda one: (-one.whole, one.row.key))[:most]


def largest_document(rows: Sequence[ListRow]) -> dict[str, list[dict[str, Any]]]:
    """The largest lines of every level, as plain JSON."""
    return {level.value: [one.document() for one in largest(rows, level)] for level in LEVELS}


def _wholes(rows: Iterable[ListRow], level: ResponseLevel) -> array[float]:
    """What `planned` says of each row, added up, without a call for each: a list has hundreds of thousands."""
    of_level, wholes = attrgetter(level.value), array("d")
    for row in rows:
        line = row.line
        if of_level(line.measures).action is Action.UNKNOWN:
            wholes.append(0.0)
        else:
            so2, nox, pm, vocs = of_level(line.reductions)
            wholes.append((so2 or 0.0) + (nox or 0.0) + (pm or 0.0) + (vocs or 0.0))
    return wholes
