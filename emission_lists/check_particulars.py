"""Checks of what a list says of a line beside its measures: does a load cap fit the daily means that it is counted from?"""

from __future__ import annotations

from collections.abc import Iterator

from emission_lists.check_context import Checker
from emission_lists.findings import Finding
from emission_lists.guide_comparison import concerns
from emission_lists.levels import LEVELS, ResponseLevel
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
        for measure in _counted(checker, row, level):
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


def _counted(checker: Checker, row: ListRow, level: ResponseLevel) -> Iterator[Measure]:
    """The stages of a limit that is counted from the smallest of the three means: by its own words or, without any, by the guide's."""
    measure = row.line.measures.at(level)
    for one in (measure, *(later.measure for later in measure.later)):
        if one.action is not Action.LIMIT:
            continue
        silent = one.basis in (None, Basis.NOT_STATED)
        if one.basis is Basis.SMALLEST_DAILY_MEAN or (silent and _guide_counts_so(checker, row, level)):
            yield one


def _guide_counts_so(checker: Checker, row: ListRow, level: ResponseLevel) -> bool:
    firm = row.enterprise
    industry = checker.guide.industry(firm.industry)
    templates = industry and checker.guide.templates(industry, firm.grade, level, firm.subtype)
    return any(one.basis is Basis.SMALLEST_DAILY_MEAN and concerns(checker, one, row) for one in templates or ())
