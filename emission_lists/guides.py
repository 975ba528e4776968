"""Guides (技术指南) and list profiles as data: industries, grades, and what each must do at least.

The files are in `config/guides/`. A grade that its scheme has but `measures` has not is unknown: that is
never read as "no measure".
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from functools import cached_property, lru_cache
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, model_validator

from emission_lists.divisions import division_prefix
from emission_lists.grades import Grade
from emission_lists.guide_templates import (
    Confidence,
    GradeMeasures,
    InForce,
    Label,
    MeasureTemplate,
    SingleUnitPolicy,
)
from emission_lists.guide_templates import Data as _Data
from emission_lists.levels import ResponseLevel
from emission_lists.lists import Pollutants
from emission_lists.measures import Action
from emission_lists.process_names import process_name

__all__ = [
    "ALL_PROCESSES",
    "Confidence",
    "FloorProfile",
    "GradeMeasures",
    "Guide",
    "InForce",
    "Industry",
    "Label",
    "ListProfile",
    "MeasureTemplate",
    "SingleUnitPolicy",
    "SmallMicroRule",
    "Subtype",
    "plain",
]

ALL_PROCESSES = "all"


class Subtype(_Data):
    """A part of an industry (行业子类) with a scheme or measures of its own. `scheme` None = that of the industry.

    `aliases`: other names under which published results have it.
    """

    code: str
    name_zh: str
    name_en: str
    aliases: tuple[str, ...] = ()
    scheme: str | None = None
    scheme_confidence: Confidence | None = None
    scheme_source: tuple[str, ...] = ()
    memo: str | None = None
    measures: dict[Grade, GradeMeasures] = Field(default_factory=dict)

    @property
    def names(self) -> tuple[str, ...]:
        """Its code and every Chinese name, as names are compared."""
        return (self.code, plain(self.name_zh), *(plain(alias) for alias in self.aliases))


class Industry(_Data):
    """One industry of a guide. `code` is ours; `gbt4754` are candidate classes, not a definition; `aliases` as of a sub-type."""

    code: str
    order: int
    name_zh: str
    name_en: str
    aliases: tuple[str, ...] = ()
    scheme: str
    scheme_confidence: Confidence
    scheme_source: tuple[str, ...] = ()
    gbt4754: tuple[str, ...] = ()
    subtypes: tuple[Subtype, ...] = ()
    confidence: Confidence
    source: tuple[str, ...]
    grade_confidence: dict[Grade, Confidence] = Field(default_factory=dict)
    memo: str | None = None
    measures: dict[Grade, GradeMeasures] = Field(default_factory=dict)

    def subtype(self, name: str | None) -> Subtype | None:
        """The sub-type by its Chinese name, an alias or code; None if there is none of that name."""
        key = plain(name or "")
        return next((one for one in self.subtypes if key in one.names), None)

    @property
    def names(self) -> tuple[str, ...]:
        """Its code and every Chinese name, as names are compared."""
        return (self.code, plain(self.name_zh), *(plain(alias) for alias in self.aliases))


class SelfDetermined(_Data):
    """Grades that decide their own reduction (自主减排) at every level."""

    grades: frozenset[Grade]
    confidence: Confidence
    source: tuple[str, ...]


class Supplement(_Data):
    """A letter that goes with the guide. `content`: what of it was seen; nothing of one that was not seen is applied."""

    id: str
    number: str
    title: str
    content: str
    source: tuple[str, ...]


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
    supplements: tuple[Supplement, ...] = ()
    industries_total: int | None
    schemes: dict[str, tuple[Grade, ...]]
    self_determined: SelfDetermined
    never_weaker: dict[str, Any]
    not_applied: dict[str, Any] | None = None
    several_industries: dict[str, Any] | None = None
    processes: dict[str, Label]
    industries: tuple[Industry, ...]
    sources: dict[str, dict[str, Any]]
    added_grades: tuple[Grade, ...] = ()  # of a place, legal beside every scheme; the place does not say where
    added_not_named: int | None = None  # `not_named` with what places add; None = nothing is laid over
    universal: bool = False  # whether a place grades all other industries too (通用行业)

    @model_validator(mode="after")
    def _consistent(self) -> Guide:
        for industry in self.industries:
            self._check_industry(industry)
        names = [name for industry in self.industries for name in industry.names]
        if len(set(names)) != len(names):
            raise ValueError("industries: two have the same name_zh, alias or code")
        return self

    def _check_industry(self, industry: Industry) -> None:
        where = f"industries.{industry.code}"
        self._check_part(where, industry.scheme, industry.scheme_source, industry.measures)
        for key in industry.source:
            if key not in self.sources:
                raise ValueError(f"{where}: source {key!r} is not listed under sources")
        names = [name for one in industry.subtypes for name in one.names]
        if len(set(names)) != len(names):
            raise ValueError(f"{where}.subtypes: two have the same name or code, or an alias is one")
        for one in industry.subtypes:
            self._check_part(
                f"{where}.subtypes.{one.code}", one.scheme or industry.scheme, one.scheme_source, one.measures
            )

    def _check_part(
        self, where: str, scheme: str, sources: tuple[str, ...], measures: dict[Grade, GradeMeasures]
    ) -> None:
        if scheme not in self.schemes:
            raise ValueError(f"{where}.scheme: {scheme!r} is not one of {sorted(self.schemes)}")
        strangers = set(measures) - set(self.schemes[scheme])
        if strangers:
            raise ValueError(f"{where}.measures: grades outside its scheme: {sorted(strangers)}")
        for one in measures.values():
            for template in one.templates:
                if template.process not in self.processes:
                    raise ValueError(f"{where}: process {template.process!r} is not listed under processes")
        seasons = [key for one in measures.values() if one.season is not None for key in one.season.source]
        for key in (*sources, *seasons):
            if key not in self.sources:
                raise ValueError(f"{where}: source {key!r} is not listed under sources")

    @cached_property
    def _by_name(self) -> dict[str, Industry]:
        return {key: item for item in self.industries for key in item.names}

    @cached_property
    def _by_part(self) -> dict[str, list[tuple[Industry, Subtype]]]:
        """Sub-types with a scheme of their own by their Chinese names; a mere process of an industry is none of them."""
        found: dict[str, list[tuple[Industry, Subtype]]] = {}
        for industry in self.industries:
            for one in (part for part in industry.subtypes if part.scheme is not None):
                for key in one.names[1:]:
                    found.setdefault(key, []).append((industry, one))
        return found

    @cached_property
    def _process_by_text(self) -> dict[str, str]:
        texts = {code: (code, label.zh, *label.aliases) for code, label in self.processes.items()}
        return {process_name(text): code for code, names in texts.items() for text in names}

    @cached_property
    def classes(self) -> dict[str, Industry]:
        """Industries by the classes of GB/T 4754 that are candidates for them; the first where several share one."""
        return {code: one for one in reversed(self.industries) for code in one.gbt4754}

    def industry(self, name: str) -> Industry | None:
        """The industry by its Chinese name, an alias or code; None if the guide does not have it."""
        return self._by_name.get(plain(name))

    def placed(self, name: str) -> tuple[Industry | None, str | None]:
        """Industry and sub-type by a name as published results write it: 陶瓷, 陶瓷/建筑陶瓷 or 水泥制品.

        A sub-type that its industry does not have is given back as written; a name that only a sub-type of one industry has
        means that, where it has a scheme of its own. (None, None) if the guide has neither.
        """
        industry = self.industry(name)
        if industry is not None:
            return industry, None
        parts = self._by_part.get(plain(name), [])
        if len(parts) == 1:
            return parts[0][0], parts[0][1].name_zh
        head, slash, part = name.partition("/")
        industry = self.industry(head) if slash else None
        if industry is None:
            return None, None
        own = industry.subtype(part)
        return industry, own.name_zh if own is not None else part.strip() or None

    def same_industry(self, one: str, other: str) -> bool:
        """Whether two names mean one industry: by its name, an alias, or that of a part of it."""
        industry = self.placed(one)[0]
        return plain(one) == plain(other) or (industry is not None and industry is self.placed(other)[0])

    @property
    def not_named(self) -> int:
        """How many industries it has, with those of a place, that no source names."""
        if self.added_not_named is not None:
            return self.added_not_named
        return max(0, (self.industries_total or 0) - len(self.industries))

    def process_code(self, text: str) -> str:
        """The guide's code of a process written in a list, whatever its running number, or the text itself."""
        return self._process_by_text.get(process_name(text), text)

    def legal_grades(self, industry: Industry, subtype: str | None = None) -> tuple[Grade, ...]:
        """The grades of the scheme of an industry, or of one of its sub-types; empty if it is not established.

        A sub-type that the guide does not know has the grades of its industry.
        """
        grades = self.schemes[self._scheme(industry, subtype)]
        return (*grades, *(grade for grade in self.added_grades if grade not in grades)) if grades else ()

    def lowest_grade(self, industry: Industry, subtype: str | None = None) -> Grade | None:
        """The lowest grade of the scheme; None where it is not established, or only the sub-type would tell it."""
        grades = self.schemes[self._scheme(industry, subtype)]
        leading = {grade in (Grade.LEADING, Grade.NON_LEADING) for grade in grades}
        return grades[-1] if len(leading) == 1 else None

    def templates(
        self,
        industry: Industry,
        grade: Grade,
        level: ResponseLevel,
        subtype: str | None = None,
        on: date | None = None,
    ) -> tuple[MeasureTemplate, ...] | None:
        """What the guide asks of a grade at a level; None = unknown.

        An enterprise that is not graded is held to the lowest grade of its industry where the guide says so.
        `on`: the day, for what holds in a season only; None = in season.
        """
        if grade is Grade.UNGRADED and self.not_applied is not None:
            grade = self.lowest_grade(industry, subtype) or grade
        measures = self.measures_of(industry, subtype)
        if grade in measures:
            return measures[grade].at(level, on) or None
        if grade in self.self_determined.grades:
            return (MeasureTemplate(process=ALL_PROCESSES, action=Action.SELF_DETERMINED),)
        return None

    def part_of(self, industry: Industry, processes: Iterable[str]) -> str | None:
        """The one sub-type whose measures name any of these processes; None if none or several do."""
        codes = {self.process_code(text) for text in processes}
        having = [
            one.name_zh
            for one in industry.subtypes
            if any(t.process in codes and t.action is not Action.TRANSPORT for said in one.measures.values() for t in said.templates)
        ]
        return having[0] if len(having) == 1 else None

    def measures_of(self, industry: Industry, subtype: str | None = None) -> dict[Grade, GradeMeasures]:
        """The measures of an industry and one of its sub-types.

        Without a sub-type a grade that only one of the sub-types' schemes has can mean that sub-type alone.
        """
        own = industry.subtype(subtype)
        if own is not None:
            return {**({} if own.scheme else industry.measures), **own.measures}
        found = dict(industry.measures)
        for grade in self.schemes[industry.scheme]:
            having = [one for one in industry.subtypes if grade in self.schemes[one.scheme or industry.scheme]]
            if len(having) == 1 and grade in having[0].measures:
                found[grade] = having[0].measures[grade]
        return found

    def _scheme(self, industry: Industry, subtype: str | None) -> str:
        own = industry.subtype(subtype)
        return industry.scheme if own is None or own.scheme is None else own.scheme


@lru_cache(maxsize=8192)
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
    fuels: frozenset[str] = frozenset()  # coal and oil, as lists write them
    annual_kg: float = Field(gt=0)
    annual_days: AnnualDays
    relieved: frozenset[ResponseLevel]
    confidence: str
    confidence_zh: str | None = None
    source: tuple[str, ...]


class SingleUnitRule(_Data):
    """What a share below 100 % means for an enterprise with one line."""

    policy: SingleUnitPolicy
    choice: bool
    confidence: Confidence
    source: tuple[str, ...]


class CheckRule(_Data):
    """How grave a finding is, and on what it rests."""

    severity: Literal["blocking", "warning", "note"]
    choice: bool
    reference: str
    source: tuple[str, ...]


class GateRule(_Data):
    """From how many truck trips a day on a bulk-transport unit needs a gate system (门禁)."""

    daily_trips: int = Field(ge=1)
    confidence: Confidence
    source: tuple[str, ...]


class GradedGateRule(_Data):
    """Which grades of the nation's key industries need a gate at every freight entrance (HJ 1321-2023, 门禁)."""

    grades: frozenset[Grade]
    confidence: Confidence
    source: tuple[str, ...]


class ClassRule(_Data):
    """Which GB/T 4754 classes are power plants and heating boilers."""

    power_plant: tuple[str, ...]
    heating_boiler: tuple[str, ...]
    confidence: Confidence
    source: tuple[str, ...]


class SummaryRule(_Data):
    """How far the summary sheet may differ from the sums of the rows, as a share."""

    tolerance: float = Field(ge=0, lt=1)
    choice: bool


class PlaceOverlay(_Data):
    """What a place makes graver or lighter, for its own lists and those inside it; the nearest place wins."""

    adcode: str = Field(pattern=r"^\d{6}$")
    title: str
    floors: str | None = None
    checks: dict[str, Literal["blocking", "warning", "note"]] = Field(default_factory=dict)
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
    gate: GateRule
    graded_gates: GradedGateRule | None = None
    source_classes: ClassRule
    summary: SummaryRule
    checks: dict[str, CheckRule]
    overlays: tuple[PlaceOverlay, ...] = ()
    sources: dict[str, dict[str, Any]]

    @model_validator(mode="after")
    def _overlays_known(self) -> ListProfile:
        for overlay in self.overlays:
            where = f"overlays.{overlay.adcode}"
            if overlay.floors is not None and overlay.floors not in {floor.id for floor in self.floors}:
                raise ValueError(f"{where}.floors: {overlay.floors!r} is not one of the floors")
            if strangers := set(overlay.checks) - set(self.checks):
                raise ValueError(f"{where}.checks: there are no checks {sorted(strangers)}")
            if strangers := set(overlay.source) - set(self.sources):
                raise ValueError(f"{where}: sources {sorted(strangers)} are not listed under sources")
        return self

    def asks_gates(self, industry: Industry | None, grade: Grade) -> bool:
        """Whether a grade in an industry needs a gate at every freight entrance; only the nation's own industries do."""
        rule = self.graded_gates
        if rule is None or industry is None or industry.name_zh in self.extra_industries:
            return False
        return grade in rule.grades

    def for_place(self, adcode: str) -> ListProfile:
        """This profile as it holds in a place: the overlays of the places around it, the nearest last."""
        around = [one for one in self.overlays if adcode.startswith(division_prefix(one.adcode))]
        checks, floors = dict(self.checks), self.default_floors
        for overlay in sorted(around, key=lambda one: len(division_prefix(one.adcode))):
            floors = overlay.floors or floors
            for code, severity in overlay.checks.items():
                reference = f"{overlay.reference}；{checks[code].reference}"
                checks[code] = checks[code].model_copy(update={"severity": severity, "reference": reference})
        return self.model_copy(update={"checks": checks, "default_floors": floors}) if around else self

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
