"""A seasonal plan as programs send it."""

from __future__ import annotations

from datetime import date
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, model_validator

from emission_lists.cells import CellProblem, as_window
from emission_lists.identifiers import uscc_problem
from emission_lists.measures import Action, LoadCap, Measure, VehicleRule
from emission_lists.seasonal import SeasonalEntry


class Strict(BaseModel):
    """Unknown keys are refused: a misspelt one would be lost."""

    model_config = ConfigDict(extra="forbid", str_strip_whitespace=True)


class CapBody(Strict):
    """A highest load: 日投料 ≤ 120 t."""

    value: Annotated[float, Field(gt=0, le=1e9)]
    unit: Annotated[str, Field(min_length=1, max_length=20)]
    metric: Annotated[str, Field(max_length=50)] | None = None


class MeasureBody(Strict):
    """What a line does in the season."""

    action: Action
    ratio: Annotated[float, Field(gt=0, le=1)] | None = None
    window: str | None = None
    vehicle_rule: VehicleRule | None = None
    load_cap: CapBody | None = None
    note_zh: Annotated[str, Field(max_length=1000)] | None = None

    @model_validator(mode="after")
    def _window_reads(self) -> MeasureBody:
        try:
            self.window = as_window(self.window)
        except CellProblem as wrong:
            raise ValueError("window: write hours as 17:00-09:00") from wrong
        return self

    def measure(self) -> Measure:
        """As the lists know it."""
        cap = None if self.load_cap is None else LoadCap(self.load_cap.value, self.load_cap.unit, self.load_cap.metric)
        return Measure(
            self.action,
            ratio=self.ratio,
            window=self.window,
            vehicle_rule=self.vehicle_rule,
            load_cap=cap,
            note_zh=self.note_zh,
        )


class EntryBody(Strict):
    """One enterprise's line (empty: every line) from the day `starts` through the day `until`."""

    uscc: str
    line_code: Annotated[str, Field(max_length=64)] = ""
    starts: date
    until: date
    measure: MeasureBody

    @model_validator(mode="after")
    def _sound(self) -> EntryBody:
        if uscc_problem(self.uscc) is not None:
            raise ValueError(f"{self.uscc} is not a unified social credit code")
        if self.starts > self.until:
            raise ValueError("the last day lies before the first")
        return self


class PlanBody(Strict):
    """A division's plan; from its upload on it takes the place of the version before."""

    adcode: Annotated[str, Field(pattern=r"^\d{6}$")]
    title: Annotated[str, Field(min_length=1, max_length=200)]
    valid_from: date
    valid_until: date
    entries: Annotated[list[EntryBody], Field(min_length=1, max_length=100_000)]

    def rows(self) -> list[SeasonalEntry]:
        """The entries as the pure room knows them."""
        return [
            SeasonalEntry(one.uscc, one.line_code, one.starts, one.until, one.measure.measure()) for one in self.entries
        ]
