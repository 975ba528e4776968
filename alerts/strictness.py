"""Whether a plan is at least as strict as what it overlays. Places may be stricter, never weaker (环大气〔2017〕86号)."""

from __future__ import annotations

from collections.abc import Iterator

from alerts.levels import WARNING_LEVELS, Level
from alerts.rules import Condition, Criteria


def implies(one: Condition, other: Condition) -> bool:
    """Whether whatever meets `one` also meets `other`. Different measures never imply each other."""
    if one.of != other.of or one.over < other.over or one.hours < other.hours:
        return False
    wanted = other.containing
    if wanted is None or (one.over >= wanted.over and one.hours >= wanted.hours):
        return True
    inner = one.containing
    return inner is not None and inner.over >= wanted.over and inner.hours >= wanted.hours


def weakenings(plan: Criteria, base: Criteria) -> Iterator[tuple[str, str]]:
    """Where a plan's criteria are weaker than its base's: the place in the file and what is weaker.

    Which pollutants are graded is left aside: what a place leaves out it must name with its document (Sichuan 2024).
    """
    for level in base.known_levels:
        for number, condition in enumerate(base.conditions(level)):
            if not any(implies(condition, own) for own in _at_least(plan, level)):
                yield (
                    f"levels.{level.code}",
                    f"what meets {level.code}.any[{number}] of {base.rules_id} does not reach {level.code} here",
                )
    yield from _weaker_lifting(plan, base)
    yield from _weaker_start(plan, base)


def _at_least(plan: Criteria, level: Level) -> list[Condition]:
    return [condition for higher in WARNING_LEVELS if higher >= level for condition in plan.conditions(higher)]


def _weaker_lifting(plan: Criteria, base: Criteria) -> Iterator[tuple[str, str]]:
    own, wanted = plan.lift, base.lift
    if wanted is None or own is None:
        return
    if own.at_most > wanted.at_most:
        yield "lift.at_most", f"lifts at {own.at_most}, {base.rules_id} only at {wanted.at_most}"
    if own.forecast_hours < wanted.forecast_hours:
        yield "lift.forecast_hours", f"asks for {own.forecast_hours} h, {base.rules_id} for {wanted.forecast_hours} h"


def _weaker_start(plan: Criteria, base: Criteria) -> Iterator[tuple[str, str]]:
    """Issuing later, grading on a lower value of a range, or starting on measured air only when it is worse."""
    if (plan.lead_time_hours or 0) < (base.lead_time_hours or 0):
        yield "lead_time_hours", f"is shorter than the {base.lead_time_hours} h of {base.rules_id}"
    own, wanted = plan.grade_on_range, base.grade_on_range
    if wanted is not None and (own is None or _BOUNDS.index(own) < _BOUNDS.index(wanted)):
        yield "grade_on_range", f"grades on a lower value than the {wanted} one of {base.rules_id}"
    early, needed = plan.early_start, base.early_start
    if needed is not None and (early is None or early.over > needed.over or early.hours > needed.hours):
        yield "early_start", f"asks for more than {base.rules_id} (above {needed.over}, {needed.hours} h)"


_BOUNDS = ("lower", "middle", "upper")
