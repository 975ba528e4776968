"""The law in force as one value: standards, rule sets, plans, divisions and regions, looked up by instant."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime
from typing import Literal, Self

from pydantic import Field, PrivateAttr, model_validator

from alerts.instants import require_aware
from alerts.plans import Plan
from alerts.rules import (
    NATIONAL,
    Adcode,
    AqiStandard,
    Criteria,
    Lawful,
    LevelCode,
    RuleSet,
    Validity,
    criteria_of,
)


class LawNotFound(LookupError):
    """Nothing in config answers; the message says what is there."""


def _names(known: Iterable[str]) -> str:
    return ", ".join(sorted(known)) or "none"


class Division(Lawful):
    """A unit of GB/T 2260 (行政区), valid from `valid_from` up to but not including `valid_until`."""

    adcode: Adcode
    name: str
    level: Literal["province", "prefecture", "county"]
    parent: Adcode | None = None
    valid_from: date | None = None
    valid_until: date | None = None
    lon: float | None = Field(default=None, ge=-180, le=180)
    lat: float | None = Field(default=None, ge=-90, le=90)


class Suggestion(Lawful):
    """When a prompt is suggested to the coordinator: this many adjacent members at this level or above."""

    divisions: int = Field(ge=2, le=100)
    level: LevelCode


class Laggards(Lawful):
    """When prompted divisions are behind: the share that must have decided (`quorum`), and who is told of the others when.

    Hours after the prompt; the plan's own hours to adopt a prompt go before `province_after_hours`. No text establishes any
    of these: they are choices.
    """

    quorum: float = Field(gt=0, le=1)
    province_after_hours: int = Field(ge=1, le=72)
    coordinator_after_hours: int = Field(ge=1, le=96)

    @model_validator(mode="after")
    def _upwards(self) -> Self:
        if self.coordinator_after_hours <= self.province_after_hours:
            raise ValueError("coordinator_after_hours must lie after province_after_hours: the province is told first")
        return self


class Region(Lawful):
    """A region with joint prevention (联防联控区域) and who coordinates it; no `suggestion`: none is made.

    `same_level`: linked divisions of one province or zone take the same level in principle. No `laggards`: nobody is told.
    """

    id: str = Field(pattern=r"^[a-z][a-z-]*-\d{4}$")
    name: str
    name_en: str = ""
    coordinator: str
    members: tuple[Adcode, ...] = Field(min_length=1)
    in_force: Validity
    suggestion: Suggestion | None = None
    laggards: Laggards | None = None
    same_level: bool = False
    references: dict[str, str] = Field(default_factory=dict)
    confidence: dict[str, str] = Field(default_factory=dict)
    choices: dict[str, str] = Field(default_factory=dict)


class Standards(Lawful):
    """The editions of the AQI standard; exactly one is in force on any day."""

    editions: tuple[AqiStandard, ...] = Field(min_length=1)

    def at(self, day: date) -> AqiStandard:
        """The edition for a day of air quality; LawNotFound before the first."""
        for standard in self.editions:
            if standard.in_force.covers(day):
                return standard
        raise LawNotFound(f"no AQI standard is in force on {day}; known: {[s.number for s in self.editions]}")


class Law(Lawful):
    """Everything that config says, validated. Lookups raise LawNotFound."""

    standards: Standards
    rules: dict[str, RuleSet]
    plans: dict[str, Plan] = Field(default_factory=dict)
    divisions: dict[Adcode, Division] = Field(default_factory=dict)
    regions: dict[str, Region] = Field(default_factory=dict)
    _known: dict[tuple[str, ...], Plan] = PrivateAttr(default_factory=dict)

    def standard_at(self, day: date) -> AqiStandard:
        """The AQI standard for a day of air quality."""
        return self.standards.at(day)

    def rules_at(self, instant: datetime, rules_id: str | None = None) -> RuleSet:
        """The named rule set, or the national one in force at the instant."""
        if rules_id is not None:
            if rules_id not in self.rules:
                raise LawNotFound(f"there is no rule set {rules_id!r}; known: {_names(self.rules)}")
            return self.rules[rules_id]
        day = require_aware(instant).date()
        for rules in self.rules.values():
            if rules.adcode == NATIONAL and rules.in_force.covers(day):
                return rules
        raise LawNotFound(f"no national rule set is in force on {day}; name one of {_names(self.rules)}")

    def plan_for(self, adcode: str, instant: datetime) -> Plan:
        """The place's plan in force, laid over its province's and the national default; what it lacks comes from there."""
        plans = self._plans_upwards(adcode, require_aware(instant).date())
        if not plans:
            raise LawNotFound(f"no plan is in force for {adcode} on {instant.date()}; add one under config/plans")
        return self._layered(plans)

    def plan(self, plan_id: str, instant: datetime) -> Plan:
        """A named plan, whether or not it is in force, laid over the plans above its place at the instant."""
        if plan_id not in self.plans:
            raise LawNotFound(f"there is no plan {plan_id!r}; known: {_names(self.plans)}")
        own = self.plans[plan_id]
        above = self._plans_upwards(own.adcode, require_aware(instant).date())
        return self._layered([own, *(plan for plan in above if plan.adcode != own.adcode)])

    def criteria_for(
        self, adcode: str | None, instant: datetime, rules_id: str | None = None, plan_id: str | None = None
    ) -> Criteria:
        """What to assess by: the plan in force over its rule set.

        A rule set named alone stands alone. Named beside a plan it replaces the plan's own: criteria that the plan lays
        over another set do not apply to it, the conflict rule does.
        """
        plan = self._plan(adcode, instant, rules_id, plan_id)
        if plan is None:
            return criteria_of(self.rules_at(instant, rules_id))
        if rules_id is not None and rules_id != plan.base:
            chosen = criteria_of(self.rules_at(instant, rules_id))
            return chosen.model_copy(update={"plan_id": plan.id, "conflict": plan.conflict or "higher"})
        return plan.effective(self.rules_at(instant, plan.base))

    def _plan(
        self, adcode: str | None, instant: datetime, rules_id: str | None, plan_id: str | None
    ) -> Plan | None:
        if plan_id is not None:
            return self.plan(plan_id, instant)
        if rules_id is not None or adcode is None:
            return None
        try:
            return self.plan_for(adcode, instant)
        except LawNotFound:
            return None

    def _plans_upwards(self, adcode: str, day: date) -> list[Plan]:
        """The plans in force for a place on a day, the most specific first; at most one per place."""
        found = []
        for place in self._upwards(adcode):
            own = (plan for plan in self.plans.values() if plan.adcode == place and plan.in_force.covers(day))
            found += [plan for plan in (next(own, None),) if plan is not None]
        return found

    def _layered(self, plans: list[Plan]) -> Plan:
        """The plans laid over each other, the first on top; remembered."""
        ids = tuple(plan.id for plan in plans)
        if ids not in self._known:
            result = plans[-1]
            for plan in reversed(plans[:-1]):
                result = plan.over(result)
            self._known[ids] = result
        return self._known[ids]

    def _upwards(self, adcode: str) -> list[str]:
        places: list[str] = []
        place: str | None = adcode
        while place is not None and place not in places:
            places.append(place)
            division = self.divisions.get(place)
            place = division.parent if division is not None else None
        return [place for place in places if place != NATIONAL] + [NATIONAL]
