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


class UnitProblem(NamedTuple):
    """Code and facts of a finding on whole units, and the column of the level in which they stand."""

    code: str
    column: str
    told: dict[str, Any]


class LevelFacts(NamedTuple):
    """One level of a plan. `units`: what is wrong with its whole units (None: nothing); `share`: of normal output (None: no number)."""

    level: ResponseLevel
    zh: str
    measure: Measure
    executable: bool
    forced: bool
    not_verifiable: bool
    units: tuple[UnitProblem, ...] | None
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


def _units(measure: Measure) -> tuple[UnitProblem, ...] | None:
    """What is wrong with the whole units of a stop, at its start and at every later stage; None where nothing is."""
    stages = [("停产数量", measure), *(("后续措施", later.measure) for later in measure.later)]
    told = [_of_stage(column, stage, stage.total_units or measure.total_units) for column, stage in stages]
    return tuple(one for one in told if one is not None) or None


def _of_stage(column: str, stage: Measure, total: int | None) -> UnitProblem | None:
    stopped = stage.stopped_units
    if stage.action is not Action.STOP or total is None or stopped is None:
        return None
    if stopped > total:
        return UnitProblem("UNITS_EXCEED", column, {"value": stopped, "what": total})
    if stage.ratio is not None and stopped < (needed := whole_units(total, stage.ratio)):
        return UnitProblem("ROUNDING", column, {"value": stopped, "what": total, "needed": needed})
    return UnitProblem("STOP_OF_NOTHING", column, {"what": total}) if stopped == 0 else None
