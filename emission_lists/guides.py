"""Guides (技术指南) and list profiles as data: industries, grades, and what each must do at least.

The files are in `config/guides/`. A grade that its scheme has but `measures` has not is unknown: that is
never read as "no measure".
"""

from __future__ import annotations

from datetime import date
from functools import cached_property
from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, model_validator

from emission_lists.grades import Grade
from emission_lists.levels import ResponseLevel
from emission_lists.lists import Pollutants
from emission_lists.measures import Action, Basis, CountUnit, Measure, VehicleRule

Confidence = Literal["high", "medium", "low", "partial", "unknown"]
ALL_PROCESSES = "all"
_Ratio = Annotated[float, Field(ge=0, le=1)]


class _Data(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class InForce(_Data):
    """Half-open: `from` belongs to it, `until` does not; `until` None = still in force."""

    from_: date = Field(alias="from")
    until: date | None

    def holds_on(self, day: date) -> bool:
        return self.from_ <= day and (self.until is None or day < self.until)


class MeasureTemplate(_Data):
    """What the guide asks of one process; `process` "all" = every line of the enterprise."""

    process: str
    action: Action
    ratio: _Ratio | None = None
    count_unit: CountUnit | None = None
    at_least: bool = False
    basis: Basis | None = None
    vehicle_rule: VehicleRule | None = None
    note_zh: str | None = None

    @model_validator(mode="after")
    def _complete(self) -> MeasureTemplate:
        if self.action in (Action.STOP, Action.LIMIT) and self.ratio is None:
            raise ValueError(f"a {self.action.value} needs a ratio")
        if self.action is Action.TRANSPORT and self.vehicle_rule is None:
            raise ValueError("transport control needs a vehicle_rule")
        if self.action is Action.UNKNOWN:
            raise ValueError("leave an unknown measure out instead of writing it down")
        return self

    def measure(self) -> Measure:
        return Measure(
            self.action,
            ratio=self.ratio,
            at_least=self.at_least,
            count_unit=self.count_unit,
            basis=self.basis,
            vehicle_rule=self.vehicle_rule,
            note_zh=self.note_zh,
        )


class GradeMeasures(_Data):
    """The measures of one grade. An empty list = unknown."""

    yellow: tuple[MeasureTemplate, ...] = ()
    orange: tuple[MeasureTemplate, ...] = ()
    red: tuple[MeasureTemplate, ...] = ()

    def at(self, level: ResponseLevel) -> tuple[MeasureTemplate, ...]:
        return {"yellow": self.yellow, "orange": self.orange, "red": self.red}[level.value]


class Industry(_Data):
    """One industry of a guide. `code` is ours; `gbt4754` are candidate classes, not a definition."""

    code: str
    order: int
    name_zh: str
    name_en: str
    scheme: str
    scheme_confidence: Confidence
    scheme_source: tuple[str, ...] = ()
    gbt4754: tuple[str, ...] = ()
    subtypes: tuple[str, ...] = ()
    confidence: Confidence
    source: tuple[str, ...]
    grade_confidence: dict[Grade, Confidence] = {}
    memo: str | None = None
    measures: dict[Grade, GradeMeasures] = {}


class SelfDetermined(_Data):
    """Grades that decide their own reduction (自主减排) at every level."""

    grades: frozenset[Grade]
    confidence: Confidence
    source: tuple[str, ...]


class Label(_Data):
    zh: str
    en: str


class Guide(_Data):
    """One version of the guide. ValueError (pydantic) names path and problem if the data is wrong."""

    id: str
    title: str
    number: str
    kind: Literal["guide", "framework"]
    in_force: InForce
    in_force_note: str | None = None
    confidence: Confidence
    source: tuple[str, ...]
    supplements: tuple[dict[str, Any], ...] = ()
    industries_total: int | None
    schemes: dict[str, tuple[Grade, ...]]
    self_determined: SelfDetermined
    never_weaker: dict[str, Any]
    not_applied: dict[str, Any] | None = None
    several_industries: dict[str, Any] | None = None
    processes: dict[str, Label]
    industries: tuple[Industry, ...]
    sources: dict[str, dict[str, Any]]

    @model_validator(mode="after")
    def _consistent(self) -> Guide:
        for industry in self.industries:
            where = f"industries.{industry.code}"
            if industry.scheme not in self.schemes:
                raise ValueError(f"{where}.scheme: {industry.scheme!r} is not one of {sorted(self.schemes)}")
            strangers = set(industry.measures) - set(self.schemes[industry.scheme])
            if strangers:
                raise ValueError(f"{where}.measures: grades outside its scheme: {sorted(strangers)}")
            for key in (*industry.source, *industry.scheme_source):
                if key not in self.sources:
                    raise ValueError(f"{where}: source {key!r} is not listed under sources")
            self._check_processes(industry, where)
        names = [industry.name_zh for industry in self.industries]
        if len(set(names)) != len(names):
            raise ValueError("industries: two have the same name_zh")
        return self

    def _check_processes(self, industry: Industry, where: str) -> None:
        for measures in industry.measures.values():
            for template in (*measures.yellow, *measures.orange, *measures.red):
                if template.process not in self.processes:
                    raise ValueError(f"{where}: process {template.process!r} is not listed under processes")

    @cached_property
    def _by_name(self) -> dict[str, Industry]:
        return {key: item for item in self.industries for key in (item.code, plain(item.name_zh))}

    @cached_property
    def _process_by_text(self) -> dict[str, str]:
        return {text: code for code, label in self.processes.items() for text in (code, label.zh)}

    def industry(self, name: str) -> Industry | None:
        """The industry by its Chinese name or code; None if the guide does not have it."""
        return self._by_name.get(plain(name))

    def process_code(self, text: str) -> str:
        """The guide's code of a process written in a list, or the text itself."""
        return self._process_by_text.get(text, text)

    def legal_grades(self, industry: Industry) -> tuple[Grade, ...]:
        """The grades of the industry's scheme; empty if the scheme is not established."""
        return self.schemes[industry.scheme]

    def lowest_grade(self, industry: Industry) -> Grade | None:
        grades = self.legal_grades(industry)
        return grades[-1] if grades else None

    def templates(self, industry: Industry, grade: Grade, level: ResponseLevel) -> tuple[MeasureTemplate, ...] | None:
        """What the guide asks of a grade at a level; None = unknown.

        An enterprise that is not graded is held to the lowest grade of its industry where the guide says so.
        """
        if grade is Grade.UNGRADED and self.not_applied is not None:
            grade = self.lowest_grade(industry) or grade
        if grade in industry.measures:
            return industry.measures[grade].at(level) or None
        if grade in self.self_determined.grades:
            return (MeasureTemplate(process=ALL_PROCESSES, action=Action.SELF_DETERMINED),)
        return None


def plain(name: str) -> str:
    """A name with one kind of brackets and without spaces, as names are compared."""
    return name.translate(_PLAIN)


_PLAIN = str.maketrans({"(": "（", ")": "）", " ": None, "\u3000": None})


class Swap(_Data):
    """SO2 and NOx shares may be shifted between each other as long as their sum is kept."""

    allowed: bool
    confidence: Confidence
    source: tuple[str, ...]


def _pollutants(value: object) -> object:
    return Pollutants(**value) if isinstance(value, dict) else value


_Shares = Annotated[Pollutants, BeforeValidator(_pollutants)]


class FloorProfile(_Data):
    """Least planned reduction as a share of the whole society's emissions, per level and pollutant."""

    id: str
    base: str
    yellow: _Shares
    orange: _Shares
    red: _Shares
    so2_nox_swap: Swap
    confidence: Confidence
    source: tuple[str, ...]
    memo: str | None = None

    def at(self, level: ResponseLevel) -> Pollutants:
        return {"yellow": self.yellow, "orange": self.orange, "red": self.red}[level.value]


class AnnualDays(_Data):
    """Days of production by which a daily emission becomes an annual one."""

    days: int = Field(ge=1, le=366)
    confidence: Confidence
    source: tuple[str, ...]


class SmallMicroRule(_Data):
    """Relief for small and micro emitters (小微涉气企业)."""

    tests: tuple[str, ...]
    tests_joined: Literal["all_of", "any_of"]
    annual_kg: float = Field(gt=0)
    annual_days: AnnualDays
    relieved: frozenset[ResponseLevel]
    confidence: str
    source: tuple[str, ...]


class SingleUnitRule(_Data):
    """What a share below 100 % means for an enterprise with one line."""

    policy: Literal["lower_load", "stop_all"]
    choice: bool
    confidence: Confidence
    source: tuple[str, ...]


class CheckRule(_Data):
    """How grave a finding is, and on what it rests."""

    severity: Literal["blocking", "warning", "note"]
    choice: bool
    reference: str
    source: tuple[str, ...]


class ListProfile(_Data):
    """What a list is checked against besides its guide."""

    id: str
    default_floors: str
    floors: tuple[FloorProfile, ...]
    small_micro: SmallMicroRule
    single_unit: SingleUnitRule
    extra_industries: tuple[str, ...] = ()
    extra_self_determined: frozenset[Grade] = frozenset()
    checks: dict[str, CheckRule]
    sources: dict[str, dict[str, Any]]

    @model_validator(mode="after")
    def _consistent(self) -> ListProfile:
        if self.default_floors not in {floor.id for floor in self.floors}:
            raise ValueError(f"default_floors: {self.default_floors!r} is not one of the floors")
        for code, rule in self.checks.items():
            for key in rule.source:
                if key not in self.sources:
                    raise ValueError(f"checks.{code}: source {key!r} is not listed under sources")
        return self

    def floor(self, floors: str | None = None) -> FloorProfile:
        """The floor profile by id. KeyError if there is none."""
        return {floor.id: floor for floor in self.floors}[floors or self.default_floors]
