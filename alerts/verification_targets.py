"""What a document asks of forecasts (预报准确率目标), and whether the measured rates reach it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from typing import Literal, Self

from pydantic import Field, model_validator

from alerts.rules import NATIONAL, Adcode, Lawful, Validity
from alerts.verification import Skill
from alerts.verification_rates import Rate

Measure = Literal["category_hit", "within_one_category"]
Standing = Literal["met", "missed", "no_data", "no_evidence"]


class Target(Lawful):
    """At least `percent` at the forecast length that the document names, read as one lead day."""

    hours: int = Field(ge=1, le=240)
    lead_day: int = Field(ge=1, le=10)
    percent: float = Field(gt=0, le=100)


class SkillTargets(Lawful):
    """The targets of one document for one place, as in config/skill. `measure` says which rate they are held against."""

    id: str = Field(pattern=r"^[a-z][a-z-]*-\d{4}$")
    title: str = Field(min_length=1)
    title_en: str = Field(min_length=1)
    adcode: Adcode
    in_force: Validity
    measure: Measure
    targets: tuple[Target, ...] = Field(min_length=1)
    references: dict[str, str] = Field(min_length=1)
    confidence: dict[str, str] = Field(default_factory=dict)
    choices: dict[str, str] = Field(default_factory=dict)
    not_established: dict[str, str] = Field(default_factory=dict)
    not_established_en: dict[str, str] = Field(default_factory=dict)

    @model_validator(mode="after")
    def _each_once(self) -> Self:
        hours = [target.hours for target in self.targets]
        if hours != sorted(set(hours)):
            raise ValueError("`targets` must name each forecast length once, the shortest first")
        return self

    def binds(self, adcodes: Iterable[str], day: date) -> bool:
        """Whether the document is in force on the day for every one of these divisions."""
        return self.in_force.covers(day) and all(_inside(adcode, self.adcode) for adcode in adcodes)


def _inside(adcode: str, place: str) -> bool:
    """Whether a division lies in a place, by its code: the nation, a province (two digits), a city (four)."""
    if place == NATIONAL:
        return True
    digits = 2 if place.endswith("0000") else 4 if place.endswith("00") else 6
    return adcode[:digits] == place[:digits]


@dataclass(frozen=True)
class TargetResult:
    """One target beside what was measured.

    `sure`: the whole 95 % interval lies on the verdict's side. `binding`: the document is in force there; otherwise the
    figures are shown for comparison.
    """

    document: SkillTargets
    target: Target
    rate: Rate
    verdict: Standing
    sure: bool
    binding: bool

    def contract(self) -> dict[str, object]:
        """As published."""
        return {
            "id": self.document.id,
            "hours": self.target.hours,
            "lead_day": self.target.lead_day,
            "percent": self.target.percent,
            "measure": self.document.measure,
            "measured": self.rate.contract(),
            "verdict": self.verdict,
            "sure": self.sure,
            "binding": self.binding,
        }


def results(skill: Skill, documents: Iterable[SkillTargets], day: date) -> list[TargetResult]:
    """Every target beside the rate of its lead day. A perfect forecast gives `no_evidence`, whatever its rate."""
    return [
        _result(skill, document, target, document.binds(skill.adcodes, day))
        for document in documents
        for target in document.targets
    ]


def _result(skill: Skill, document: SkillTargets, target: Target, binding: bool) -> TargetResult:
    measured = skill.lead_day(target.lead_day)
    rate = Rate(0, 0)
    if measured is not None:
        rate = measured.hit if document.measure == "category_hit" else measured.within_one
    if rate.value is None or rate.interval is None:
        return TargetResult(document, target, rate, "no_data", False, binding)
    if skill.basis == "perfect":
        return TargetResult(document, target, rate, "no_evidence", False, binding)
    asked, (low, high) = target.percent / 100, rate.interval
    met = rate.hits * 100 >= target.percent * rate.n
    return TargetResult(
        document, target, rate, "met" if met else "missed", low >= asked if met else high < asked, binding
    )
