"""A joint lift (区域统一解除): a coordinator names an hour for each division; each is lifted only where its air allows it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Annotated, Self

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator

from alerts.assessment import Assessment
from alerts.instants import HOUR, hour_ceil, hour_floor, require_aware
from alerts.proposal import may_lift
from alerts.rules import Adcode, LiftRule

Aware = Annotated[datetime, AfterValidator(require_aware)]


class LiftEntry(BaseModel):
    """One division of a lift; `lifts_at` only where it differs from the common hour."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    adcode: Adcode
    lifts_at: Aware | None = None


class LiftPrompt(BaseModel):
    """A coordinator's list of divisions and the hour of lifting of each."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    region: str = Field(min_length=1)
    issued_at: Aware
    lifts_at: Aware
    entries: tuple[LiftEntry, ...] = Field(min_length=1)

    @model_validator(mode="after")
    def _once_each(self) -> Self:
        named = [entry.adcode for entry in self.entries]
        twice = sorted({adcode for adcode in named if named.count(adcode) > 1})
        if twice:
            raise ValueError(f"these divisions are named twice, keep one entry each: {', '.join(twice)}")
        return self

    @property
    def hours(self) -> Mapping[str, datetime]:
        """The hour of each division."""
        return {entry.adcode: entry.lifts_at or self.lifts_at for entry in self.entries}


class LiftState(StrEnum):
    """What the lifting test says: it holds, hours are missing, hours are still heavy, or no rule says when to lift."""

    HOLDS = "holds"
    MISSING = "missing"
    HEAVY = "heavy"
    NO_RULE = "no_rule"


@dataclass(frozen=True)
class LiftCheck:
    """The lifting test (解除条件) at one hour: hours of its window that are unknown, or above `line` (AQI).

    `worst` is the highest AQI of the window, None when every hour is unknown.
    """

    state: LiftState
    missing: int = 0
    heavy: int = 0
    worst: int | None = None
    line: int | None = None


def lift_check(assessment: Assessment, at: datetime, rule: LiftRule | None) -> LiftCheck:
    """Whether a warning may be lifted at an instant (aware), and if not, why not; agrees with `may_lift`."""
    if rule is None:
        return LiftCheck(LiftState.NO_RULE)
    start, values = assessment.hourly.start, assessment.hourly.values
    first = round((hour_floor(at) - start) / HOUR) - 1
    last = round((hour_ceil(at + rule.forecast_hours * HOUR) - start) / HOUR) - 1
    window = [values[hour] if 0 <= hour < len(values) else None for hour in range(first, last + 1)]
    known = [value for value in window if value is not None]
    missing, heavy = len(window) - len(known), sum(value > rule.at_most for value in known)
    state = LiftState.HEAVY if heavy else LiftState.MISSING if missing else LiftState.HOLDS
    assert (state is LiftState.HOLDS) == may_lift(assessment, at, rule)
    return LiftCheck(state, missing, heavy, max(known, default=None), rule.at_most)
