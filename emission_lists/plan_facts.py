"""What the checks of rows need to know of a line's measures, worked out once for each distinct plan.

Thousands of rows share a few hundred plans; their quantities differ.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any, NamedTuple

from emission_lists.activity import allowed_share
from emission_lists.levels import LEVELS, PerLevel, ResponseLevel
from emission_lists.measures import Action, Basis, Measure, Verification, whole_units

_METERED = frozenset({Verification.METER, Verification.CEMS})


class LevelFacts(NamedTuple):
    """One level of a plan. `units`: code and facts of a finding on whole units; `share`: of normal output (None: no number)."""

    level: ResponseLevel
    zh: str
    measure: Measure
    executable: bool
    forced: bool
    not_verifiable: bool
    units: tuple[str, dict[str, Any]] | None
    no_metric: bool
    no_basis: bool
    share: float | None


@lru_cache(maxsize=65536)
def plan_facts(measures: PerLevel[Measure]) -> tuple[LevelFacts, ...]:
    """The facts of each level, yellow first."""
    return tuple(_facts(level, measure) for level, measure in zip(LEVELS, measures, strict=True))


def _facts(level: ResponseLevel, measure: Measure) -> LevelFacts:
    known = measure.executable
    limit = measure.action is Action.LIMIT
    capped = measure.load_cap is not None and measure.load_cap.metric is not None
    return LevelFacts(
        level,
        level.zh,
        measure,
        known,
        measure.forced,
        measure.forced and not (measure.verification and measure.verification_point),
        _units(measure),
        limit and not capped and not _METERED & set(measure.verification),
        limit and measure.ratio is not None and measure.basis in (None, Basis.NOT_STATED),
        allowed_share(measure) if known else None,
    )


def _units(measure: Measure) -> tuple[str, dict[str, Any]] | None:
    total, stopped = measure.total_units, measure.stopped_units
    if measure.action is not Action.STOP or total is None or stopped is None:
        return None
    if stopped > total:
        return "UNITS_EXCEED", {"value": stopped, "what": total}
    if measure.ratio is not None and stopped < (needed := whole_units(total, measure.ratio)):
        return "ROUNDING", {"value": stopped, "what": total, "needed": needed}
    return None
