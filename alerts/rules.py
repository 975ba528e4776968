"""Law as data: AQI standards, rule sets (预警分级标准) and plans (应急预案) as dated, referenced values."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from itertools import pairwise
from typing import Annotated, Literal, NamedTuple, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from alerts.levels import WARNING_LEVELS, Level

LevelCode = Literal["blue", "yellow", "orange", "red"]
ExcludedCause = Literal["ozone", "dust", "wildfire", "local_dust", "foreign_transport"]
Adcode = Annotated[str, Field(pattern=r"^\d{6}$")]
NATIONAL = "100000"
"""The code under which rule sets and plans for the whole country are kept (GB/T 2260 中国)."""


class Lawful(BaseModel):
    """Base of every value read from config: frozen, and an unknown key is an error."""

    model_config = ConfigDict(frozen=True, extra="forbid", populate_by_name=True)


class Validity(Lawful):
    """Days on which something is in force: `from` included, `until` not."""

    from_: date = Field(alias="from")
    until: date | None = None

    @model_validator(mode="after")
    def _ordered(self) -> Self:
        if self.until is not None and self.until <= self.from_:
            raise ValueError("`until` must be later than `from`; it is the first day no longer in force")
        return self

    def covers(self, day: date) -> bool:
        """Whether the day lies inside."""
        return self.from_ <= day and (self.until is None or day < self.until)


Measured = Literal["aqi", "pm25", "ozone_aqi"]


class Line(NamedTuple):
    """A line that a 24-h block lies strictly above, or not.

    `of` aqi: the graded AQI; pm25: the mean PM2.5 in µg/m³; ozone_aqi: the AQI of a block that ozone leads.
    """

    over: int
    of: Measured = "aqi"


class Condition(Lawful):
    """Strictly above `over` for `hours` (whole 24-h blocks), `containing` a stricter part.

    What lies above is the graded AQI unless `of` says otherwise (see `Line`).
    """

    over: int = Field(ge=0, le=1000)
    hours: int = Field(ge=24, le=240, multiple_of=24)
    of: Measured = "aqi"
    containing: Condition | None = None

    @model_validator(mode="after")
    def _inside(self) -> Self:
        if self.of != "pm25" and self.over > 500:
            raise ValueError("an AQI above 500 does not exist; `over` is at most 500")
        inner = self.containing
        if inner is None:
            return self
        if inner.containing is not None:
            raise ValueError("`containing` cannot be nested twice")
        if inner.hours > self.hours or inner.over < self.over:
            raise ValueError("`containing` must ask for a higher line within the same hours")
        if inner.of != self.of:
            raise ValueError("`containing` must measure the same as the condition around it")
        return self

    @property
    def line(self) -> Line:
        """The line that every block of it lies above."""
        return Line(self.over, self.of)

    @property
    def blocks(self) -> int:
        """Number of 24-h blocks."""
        return self.hours // 24


class LevelRule(Lawful):
    """A level is reached when any of its conditions is."""

    any: tuple[Condition, ...] = Field(min_length=1)


class LiftRule(Lawful):
    """Lifting (解除): hourly AQI at most `at_most` now and for the next `forecast_hours`."""

    at_most: int = Field(ge=0, le=500)
    forecast_hours: int = Field(ge=1, le=240)


class EarlyStart(Lawful):
    """Starting on what is measured: hourly AQI above `over` now, and no improvement below it in the next `hours`."""

    over: int = Field(ge=0, le=500)
    hours: int = Field(ge=1, le=72)


class Tier(Lawful):
    """A step beside the graded levels: 临时管控 before a warning, or an ungraded ozone warning. Never a level.

    `on`: `superior_order` (only when the superior authority orders it) or `discretion` (the place may). With
    `below_warning` it applies only where no level is reached.
    """

    id: str = Field(pattern=r"^[a-z][a-z_]*$")
    name: str = Field(min_length=1)
    name_en: str = Field(min_length=1)
    any: tuple[Condition, ...] = Field(min_length=1)
    on: Literal["superior_order", "discretion"]
    below_warning: bool = True
    measures: tuple[str, ...] = ()
    measures_en: tuple[str, ...] = ()


Levels = dict[LevelCode, LevelRule]
Graded = tuple[Literal["pm25", "pm10", "so2", "no2", "co"], ...]
EVERY_GRADED: Graded = ("pm25", "pm10", "so2", "no2", "co")
"""The pollutants that can count towards a level; ozone is left out where it is an excluded cause."""
RangeBound = Literal["lower", "middle", "upper"]


class RuleSet(Lawful):
    """One dated set of grading criteria, as in config/rules. `choices` marks values that no text fixes."""

    id: str = Field(pattern=r"^[a-z]+-\d{4}[a-z0-9-]*$")
    title: str = Field(min_length=1)
    number: str = Field(min_length=1)
    adcode: Adcode = NATIONAL
    in_force: Validity
    day: Literal["rolling", "natural"]
    merge_gap_hours: int | None = Field(ge=1, le=240)
    levels: Levels = Field(min_length=1)
    excluded_causes: tuple[ExcludedCause, ...] = ()
    health_prompt_over: int = Field(default=150, ge=0, le=500)
    lead_time_hours: int | None = Field(default=None, ge=0, le=240)
    lift: LiftRule | None = None
    lift_ahead_hours: int = Field(default=24, ge=0, le=240)
    lower_after_runs: int = Field(default=2, ge=1, le=10)
    grade_on_range: RangeBound | None = None
    early_start: EarlyStart | None = None
    references: dict[str, str] = Field(min_length=1)
    confidence: dict[str, str] = {}
    source: dict[str, str] = {}
    choices: dict[str, str] = {}
    not_established: dict[str, str] = {}
    not_established_en: dict[str, str] = {}

    @model_validator(mode="after")
    def _has_yellow(self) -> Self:
        if not any(condition.of == "aqi" for condition in _conditions(self.levels, "yellow")):
            raise ValueError("`levels` needs `yellow` with a line of AQI: its lowest line says where an episode ends")
        return self

    @property
    def document(self) -> str:
        """How the document is cited: 《title》（number）."""
        return cited(self.title, self.number)


class AqiItem(Lawful):
    """Breakpoints of one averaged pollutant; `beyond` is the fixed index above the last (null: none).

    A list as long as `indices` ends in the cap; a shorter one ends where the standard stops giving an index.
    """

    unit: Literal["µg/m³", "mg/m³"]
    decimals: Literal[0, 1]
    breakpoints: tuple[int, ...] = Field(min_length=2, max_length=8)
    beyond: int | None = None
    instead: str | None = None

    @model_validator(mode="after")
    def _rising(self) -> Self:
        points = self.breakpoints
        if any(low >= high for low, high in pairwise(points)) or points[0] != 0:
            raise ValueError("`breakpoints` must start at 0 and rise")
        return self


class AqiCategory(Lawful):
    """One AQI category (空气质量指数类别); never a warning level."""

    up_to: int
    grade: int
    zh: str
    en: str
    colour_zh: str
    colour: str
    rgb: tuple[int, int, int]


class MeanValidity(Lawful):
    """Hours that a mean needs: of 24 for a day, of 8 for an eight-hour mean."""

    day_hours: int = Field(ge=1, le=24)
    eight_hours: int = Field(ge=1, le=8)


class AqiStandard(Lawful):
    """One edition of HJ 633: tables, which items a daily and an hourly report use, special cases.

    `daily` and `hourly` map what is reported (pm25, o3_8h, pm25_24h …) to the item whose breakpoints apply.
    `incomplete_needs_over`: with a pollutant missing the AQI is published only above this (null: always).
    """

    id: str = Field(pattern=r"^hj633-\d{4}$")
    title: str
    number: str
    in_force: Validity
    indices: tuple[int, ...] = Field(min_length=8, max_length=8)
    items: dict[str, AqiItem]
    daily: dict[str, str]
    hourly: dict[str, str]
    validity: MeanValidity
    incomplete_needs_over: int | None = None
    primary_over: int = 50
    categories: tuple[AqiCategory, ...] = Field(min_length=6, max_length=6)
    references: dict[str, str] = Field(min_length=1)
    confidence: dict[str, str] = {}
    choices: dict[str, str] = {}

    @model_validator(mode="after")
    def _items_exist(self) -> Self:
        for report in (self.daily, self.hourly):
            for key, item in report.items():
                if item not in self.items:
                    raise ValueError(f"{key} points to {item}, which is not among `items`")
        return self


class Criteria(Lawful):
    """What one assessment is measured against: a rule set with a plan laid over it."""

    rules_id: str
    plan_id: str | None = None
    title: str
    number: str
    day: Literal["rolling", "natural"]
    merge_gap_hours: int | None
    levels: Levels
    excluded_causes: tuple[ExcludedCause, ...]
    health_prompt_over: int
    lead_time_hours: int | None
    lift: LiftRule | None
    lift_ahead_hours: int
    lower_after_runs: int
    grade_on_range: RangeBound | None
    references: Mapping[str, str]
    conflict: Literal["higher"] = "higher"
    early_start: EarlyStart | None = None
    graded: Graded = EVERY_GRADED
    tiers: tuple[Tier, ...] = ()
    documents: Mapping[LevelCode, str] = {}
    not_established: Mapping[str, str] = {}
    not_established_en: Mapping[str, str] = {}

    def conditions(self, level: Level) -> tuple[Condition, ...]:
        """The conditions of a level; empty when this set does not know the level (blue after 2018)."""
        return _conditions(self.levels, level.code)

    def document(self, level: Level) -> str:
        """The document that sets this level: the plan's where it has criteria of its own, else the rule set's."""
        own = (document for code, document in self.documents.items() if code == level.code)
        return next(own, cited(self.title, self.number))

    @property
    def known_levels(self) -> tuple[Level, ...]:
        """The levels of this set, lowest first."""
        return tuple(level for level in WARNING_LEVELS if self.conditions(level))

    @property
    def episode_line(self) -> int:
        """The lowest line of yellow: an episode goes on while blocks lie above it."""
        return min(condition.over for condition in self.conditions(Level.YELLOW) if condition.of == "aqi")


def cited(title: str, number: str | None) -> str:
    """How a document is cited: 《title》, with its number where one is known."""
    return f"《{title}》（{number}）" if number else f"《{title}》"


def _conditions(levels: Levels, code: str) -> tuple[Condition, ...]:
    return next((rule.any for known, rule in levels.items() if known == code), ())


def criteria_of(rule_set: RuleSet) -> Criteria:
    """The criteria of a rule set alone, without any plan."""
    shared = Criteria.model_fields.keys() & RuleSet.model_fields.keys()
    return Criteria(rules_id=rule_set.id, **{name: getattr(rule_set, name) for name in shared})
