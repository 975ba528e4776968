"""Checks of what a list says of a line beside its measures: does a load cap fit the daily means that it is counted from?"""

from __future__ import annotations

from collections.abc import Iterator

from emission_lists.check_context import Checker
from emission_lists.findings import Finding
from emission_lists.levels import LEVELS
from emission_lists.lists import ListRow
from emission_lists.measures import Action, Basis, Measure, number

_NEARLY = 1 + 1e-9


def particular_findings(checker: Checker, row: ListRow) -> Iterator[Finding]:
    """A cap above (1 − share) of the smallest stated mean. One in another unit is told as not comparable."""
    stated = row.line.particulars
    if stated is None or stated.means is None or stated.means.smallest is None:
        return
    smallest, unit = stated.means.smallest, stated.means.unit
    for level in LEVELS:
        for measure in _counted(row.line.measures.at(level)):
            cap, ratio = measure.load_cap, measure.ratio
            if cap is None or ratio is None:
                continue
            column = f"{level.zh}-负荷上限"
            shown = f"{number(cap.value)} {cap.unit}"
            if cap.unit != unit:
                yield checker.finding("CAP_UNIT_DIFFERS", row, column, value=shown, what=unit)
            elif cap.value > (highest := (1 - ratio) * smallest) * _NEARLY:
                yield checker.finding(
                    "CAP_ABOVE_MEAN",
                    row,
                    column,
                    value=shown,
                    what=f"{number(highest)} {unit}",
                    mean=f"{number(smallest)} {unit}",
                )


def _counted(measure: Measure) -> Iterator[Measure]:
    """The stages of a limit that is counted from the smallest of the three means."""
    for one in (measure, *(later.measure for later in measure.later)):
        if one.action is Action.LIMIT and one.basis is Basis.SMALLEST_DAILY_MEAN:
            yield one
