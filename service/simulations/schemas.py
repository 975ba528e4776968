"""What a simulation asks."""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, model_validator

from alerts.levels import Level
from alerts.points import Point
from alerts.proposal import InForce
from alerts.simulation import MOST_CASES, Edit

Points = Annotated[list[Point], Field(min_length=1, max_length=800)]


class CaseBody(BaseModel):
    """One case: a rule set, a plan, a plan over another rule set, or neither (what applies there and then)."""

    model_config = ConfigDict(extra="forbid")

    rules: Annotated[str | None, Field(max_length=64)] = None
    plan: Annotated[str | None, Field(max_length=64)] = None

    @property
    def label(self) -> str:
        """What the case is called in the answer."""
        return " / ".join(part for part in (self.plan, self.rules) if part) or "in_force"


class InForceBody(BaseModel):
    """A warning to suppose in force."""

    model_config = ConfigDict(extra="forbid")

    level: Literal["blue", "yellow", "orange", "red"]
    effective_at: AwareDatetime
    planned_end: AwareDatetime | None = None
    fixed_end: bool = False

    def view(self) -> InForce:
        """As the core sees it."""
        return InForce(
            level=Level.of(self.level),
            effective_at=self.effective_at,
            planned_end=self.planned_end,
            announced_at=self.effective_at,
            fixed_end=self.fixed_end,
        )


class SimulationBody(BaseModel):
    """A forecast to assess: `points` of your own, the stored `forecast` with this id, or what is known there now.

    A stored forecast is joined to what was measured up to `as_of`, as a real assessment would, unless `alone`. `edit`
    changes a copy of the forecast. `as_of` default: the issue of the stored forecast, the start of own points, or now.
    """

    model_config = ConfigDict(extra="forbid")

    adcode: Annotated[str, Field(pattern=r"^\d{6}$")]
    as_of: AwareDatetime | None = None
    points: Points | None = None
    forecast: Annotated[int | None, Field(ge=1, le=2**62)] = None
    alone: bool = False
    edit: Edit | None = None
    in_force: InForceBody | None = None
    cases: Annotated[list[CaseBody], Field(min_length=1, max_length=MOST_CASES)] = [CaseBody()]

    @model_validator(mode="after")
    def _one_source(self) -> Self:
        if self.points is not None and self.forecast is not None:
            raise ValueError("give `points` or `forecast`, not both")
        return self
