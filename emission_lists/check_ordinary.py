"""Rows with which nothing can be wrong, found together: of thousands of rows few need a closer look.

A row is ordinary when its plan is flawless in itself, every quantity is stated, and no reduction is above the base, below that
of the level before, or at odds with its measure. The checks of single rows find nothing there; a test holds the two together.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import compress, pairwise

import numpy as np
from numpy.typing import NDArray

from emission_lists.levels import LEVELS, PerLevel
from emission_lists.lists import POLLUTANTS, ListRow
from emission_lists.measures import Action, Measure
from emission_lists.plan_facts import plan_facts

TOLERANCE = 1e-6
"""kg/d"""
CUTTING = frozenset({Action.STOP, Action.LIMIT})
_BATCH = 4096
_Flags = list[bool]


def unusual_rows(rows: Sequence[ListRow]) -> set[int]:
    """The `id` of every row that is not ordinary."""
    found, plans = set[int](), _Plans()
    for start in range(0, len(rows), _BATCH):
        batch = rows[start : start + _BATCH]
        found.update(compress(map(id, batch), _unusual(batch, plans).tolist()))
    return found


class _Plans:
    """Flags of the plans met so far. A reader gives equal plans as one object, so identity finds them."""

    def __init__(self) -> None:
        self._places: dict[int, int] = {}
        self._flags: list[_Flags] = []

    def of(self, rows: Sequence[ListRow]) -> NDArray[np.bool_]:
        """A line of flags for each row: flawed; where nothing is done, per level; where output is cut, per level."""
        places = [self._place(row.line.measures) for row in rows]
        flags: NDArray[np.bool_] = np.array(self._flags, dtype=np.bool_)[places]
        return flags

    def _place(self, plan: PerLevel[Measure]) -> int:
        place = self._places.get(id(plan))
        if place is None:
            place = self._places[id(plan)] = len(self._flags)
            self._flags.append(_flags(plan))
        return place


def _flags(plan: PerLevel[Measure]) -> _Flags:
    facts = plan_facts(plan)
    flawed = any(
        not one.executable or one.units is not None or one.not_verifiable or one.no_metric or one.no_basis
        for one in facts
    )
    shares = [one.share for one in facts if one.share is not None]
    return [
        flawed or any(later > earlier for earlier, later in pairwise(shares)),
        *(one.measure.action is Action.NONE for one in facts),
        *(one.measure.action in CUTTING for one in facts),
    ]


def _values(rows: Sequence[ListRow]) -> list[float | None]:
    values: list[float | None] = []
    for row in rows:
        line = row.line
        reductions = line.reductions
        values += line.base
        values += reductions.yellow
        values += reductions.orange
        values += reductions.red
    return values


def _unusual(rows: Sequence[ListRow], plans: _Plans) -> NDArray[np.bool_]:
    four, levels = len(POLLUTANTS), len(LEVELS)
    values = np.array(_values(rows), dtype=np.float64).reshape(len(rows), 1 + levels, four)
    base, saved, flags = values[:, :1], values[:, 1:], plans.of(rows)
    some, any_base = (saved != 0).any(axis=2), (base != 0).any(axis=2)
    nothing, cutting = flags[:, 1 : 1 + levels], flags[:, 1 + levels :]
    unusual: NDArray[np.bool_] = (
        flags[:, 0]
        | np.isnan(values).any(axis=(1, 2))
        | (saved > base + TOLERANCE).any(axis=(1, 2))
        | (saved[:, :-1] > saved[:, 1:] + TOLERANCE).any(axis=(1, 2))
        | (nothing & some).any(axis=1)
        | (cutting & ~some & any_base).any(axis=1)
    )
    return unusual
