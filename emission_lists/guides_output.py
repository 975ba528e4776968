"""A limit against the guide's in figures: how much may a process make a day by the list, and how much by the guide?

Only for the one base that the guide names exactly, the smallest of three daily means (三者日均值的最小值), and only where every
line of the process states its means in one unit. What is not established is never decided.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from fractions import Fraction
from typing import NamedTuple

from emission_lists.guide_templates import MeasureTemplate
from emission_lists.guides_holding import change_hours, stage_at, surely
from emission_lists.lists import Means
from emission_lists.measures import Action, Basis, LoadCap, Measure

_OUTPUT = re.compile("产量|产能|日产")
_IDLE = frozenset({Action.NONE, Action.TRANSPORT, Action.SELF_DETERMINED})
_Range = tuple[Fraction, Fraction | None]


class Outputs(NamedTuple):
    """Output a day in `unit`: what a list leaves to a process (`most` None = not established), and the guide at most."""

    least: Fraction
    most: Fraction | None
    allowed: Fraction
    unit: str

    @property
    def holds(self) -> bool | None:
        """False: the list leaves more than the guide, for certain; None: it cannot be told."""
        if self.least > self.allowed:
            return False
        return True if self.most is not None and self.most <= self.allowed else None


def outputs(
    measures: Sequence[Measure], means: Sequence[Means | None], template: MeasureTemplate
) -> tuple[Outputs, ...]:
    """The figures of each stage of a response, one mean for each line; empty where the guide or a line states none."""
    asked = template.measure()
    if not template.applies_to(sum(measure.total_units or 1 for measure in measures)) or not _counts(asked):
        return ()
    stated = [one for one in means if one is not None and one.smallest is not None and one.unit is not None]
    if len(stated) < len(measures) or len({one.unit for one in stated}) > 1:
        return ()
    found = []
    for hour in change_hours(measures, asked):
        now = stage_at(asked, hour)
        if not _counts(now):
            return ()
        found.append(_at(now, [(stage_at(one, hour), mean) for one, mean in zip(measures, stated, strict=True)]))
    return tuple(found)


def _counts(asked: Measure) -> bool:
    return asked.action is Action.LIMIT and asked.ratio is not None and asked.basis is Basis.SMALLEST_DAILY_MEAN


def _at(asked: Measure, lines: Sequence[tuple[Measure, Means]]) -> Outputs:
    left = [_left(measure, means, asked) for measure, means in lines]
    most = [high for _, high in left if high is not None and all(_complete(means) for _, means in lines)]
    # the smallest of all three means is not above the smallest of those that are stated
    allowed = _remaining(asked) * sum(_exact(means.smallest or 0) for _, means in lines)
    return Outputs(
        sum((low for low, _ in left), Fraction(0)),
        sum(most, Fraction(0)) if len(most) == len(left) else None,
        allowed,
        str(lines[0][1].unit),
    )


def _left(measure: Measure, means: Means, asked: Measure) -> _Range:
    """Least and most output that the measure leaves to a line; a cap in output is the figure that is verified."""
    if measure.action in _IDLE:
        return (_exact(means.smallest or 0) if _complete(means) else Fraction(0)), None
    sure = surely(measure, asked)
    if measure.action is Action.STOP:
        return Fraction(0), Fraction(0) if sure and _stands_still(measure) else None
    if measure.action is not Action.LIMIT:
        return Fraction(0), None
    cap, may_cut_more = measure.load_cap, any((measure.coking_hours, measure.cycle, measure.heats_per_day))
    if cap is not None and in_output(cap, means):
        figure: Fraction | None = _exact(cap.value)
    else:
        figure, may_cut_more = _by_share(measure, means), may_cut_more or cap is not None
    if figure is None:
        return Fraction(0), None
    return (Fraction(0) if may_cut_more else figure), (figure if sure else None)


def in_output(cap: LoadCap, means: Means) -> bool:
    """Whether a load cap is a figure of output in the unit of the means: feed or power cannot be held against them."""
    return cap.unit == means.unit and cap.metric is not None and _OUTPUT.search(cap.metric) is not None


def _by_share(measure: Measure, means: Means) -> Fraction | None:
    """What the share leaves of its base; one that names no base is counted from the guide's."""
    if measure.ratio is None:
        return None
    base = {
        Basis.EIA_CAPACITY: means.eia_capacity,
        Basis.PERMIT_CAPACITY: means.permit_capacity,
        Basis.PREVIOUS_YEAR_OUTPUT: means.actual_output,
    }
    counted = means.smallest if _complete(means) else None
    if measure.basis is not None and measure.basis not in (Basis.NOT_STATED, Basis.SMALLEST_DAILY_MEAN):
        counted = base.get(measure.basis)
    return None if counted is None else _remaining(measure) * _exact(counted)


def _stands_still(measure: Measure) -> bool:
    units = measure.total_units or 1
    stopped = measure.units_to_stop
    if stopped is None:
        return measure.share_stated and measure.keep_running is None and measure.ratio in (None, 1.0)
    return stopped >= units and measure.cycle is None


def _complete(means: Means) -> bool:
    return None not in (means.eia_capacity, means.permit_capacity, means.actual_output)


def _remaining(measure: Measure) -> Fraction:
    return 1 - _exact(measure.ratio or 0)


def _exact(value: float) -> Fraction:
    return Fraction(repr(value))
