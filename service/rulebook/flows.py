"""Reads the rule book out of the law. Nothing here is stored; the law is what `config/` says."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Literal

from alerts.instants import day_start
from alerts.law import Law, LawNotFound
from alerts.levels import WARNING_LEVELS
from alerts.plans import Authority, Plan, Signature
from alerts.rules import NATIONAL, AqiStandard, RuleSet, Validity
from service.kit.problems import Unknown
from service.rulebook.statements import Owner, PlanReading, Statement, owner_of, said_of, topic
from service.rulebook.words import Pair, label, written

Standing = Literal["in_force", "past", "coming"]
Grouped = Literal["measures", "health_advice"]


def standing(validity: Validity, day: date) -> Standing:
    """Whether something is in force on a day, was before, or will be."""
    if validity.covers(day):
        return "in_force"
    return "coming" if day < validity.from_ else "past"


def usual_day(validity: Validity, today: date) -> date:
    """The day to read something on: today when it is in force, otherwise its last or first day."""
    if validity.covers(today):
        return today
    if validity.until is not None and validity.until <= today:
        return validity.until - timedelta(days=1)
    return validity.from_


def rule_sets(law: Law) -> list[RuleSet]:
    """Every rule set, the newest first; the nation's before a place's of the same day."""
    return sorted(
        law.rules.values(), key=lambda one: (one.in_force.from_, one.adcode == NATIONAL, one.id), reverse=True
    )


def editions(law: Law) -> list[AqiStandard]:
    """Every edition of the AQI standard, the newest first."""
    return sorted(law.standards.editions, key=lambda one: one.in_force.from_, reverse=True)


def plans_by_place(law: Law) -> list[tuple[str, list[Plan]]]:
    """Every place with plans and its versions, the newest first; the nation before the provinces."""
    places: dict[str, list[Plan]] = {}
    for plan in sorted(law.plans.values(), key=lambda one: one.in_force.from_, reverse=True):
        places.setdefault(plan.adcode, []).append(plan)
    return [(adcode, places[adcode]) for adcode in sorted(places)]


def read_plan(law: Law, plan_id: str, day: date) -> PlanReading:
    """A plan laid over those above it on a day. Raises Unknown."""
    if plan_id not in law.plans:
        raise Unknown(f"There is no plan {plan_id}; /api/v1/plans lists them.")
    instant = day_start(day)
    plan = law.plan(plan_id, instant)
    origin = plan.origin or plan.over(plan).origin
    try:
        rules = law.rules_at(instant, plan.base)
    except LawNotFound:
        return PlanReading(law.plans[plan_id], plan, origin, None, None)
    return PlanReading(law.plans[plan_id], plan, origin, rules, plan.effective(rules))


def layers(law: Law, reading: PlanReading) -> list[Plan]:
    """The plans a reading is made of, as written, the plan itself first."""
    return [law.plans[plan_id] for plan_id in reading.plan.layers or (reading.own.id,)]


@dataclass(frozen=True)
class Deciding:
    """Who decides on a level: offices by the plan (None: not established) and the roles of this service.

    `signatures`: they sign in order; without any, one of `roles` decides. `hours`: for a signature without its own.
    """

    level: str
    authority: Authority
    roles: Sequence[str]
    stated: Statement
    roles_stated: Statement
    signatures: Sequence[Signature] = ()
    hours: int = 0


def deciding(law: Law, reading: PlanReading) -> list[Deciding]:
    """Per level that exists on the day, the highest first."""
    authorities = {str(code): one for code, one in reading.plan.authorities.items()}
    roles = {str(code): one for code, one in reading.plan.approvers.items()}
    signatures = {str(code): one for code, one in reading.plan.signatures.items()}
    return [
        Deciding(
            level=code,
            authority=authorities.get(code, Authority()),
            roles=roles.get(code, ()),
            stated=topic(law, reading, f"authorities.{code}"),
            roles_stated=topic(law, reading, f"{'signatures' if code in signatures else 'approvers'}.{code}"),
            signatures=signatures.get(code, ()),
            hours=reading.plan.deadlines.decision_hours,
        )
        for code in known_levels(reading)
    ]


def known_levels(reading: PlanReading) -> list[str]:
    """The levels that exist on the day, the highest first; every one when no rule set is in force."""
    known = WARNING_LEVELS if reading.criteria is None else reading.criteria.known_levels
    return [level.code for level in reversed(known)]


@dataclass(frozen=True)
class Category:
    """The texts of one category of measures or one audience, with the plan they come from and when they begin."""

    label: Pair
    zh: Sequence[str]
    en: Sequence[str]
    owner: Owner | None
    begins: Pair | None


def categories(law: Law, reading: PlanReading, name: Grouped) -> list[tuple[str, list[Category]]]:
    """By level that exists, the highest first, the categories in the order of the plan; without any: none is written.

    English is empty where none is written.
    """
    texts = getattr(reading.plan, name)
    english = getattr(reading.plan, f"{name}_en")
    words = _translations(law, name)
    found = []
    for code in known_levels(reading):
        there = english.get(code, {})
        group = [
            _category(law, reading, f"{name}.{code}.{key}", items, words.get(key, key), there)
            for key, items in texts.get(code, {}).items()
        ]
        found.append((code, group))
    return found


def _category(
    law: Law, reading: PlanReading, path: str, items: Sequence[str], en: str, english: Mapping[str, Sequence[str]]
) -> Category:
    zh = path.split(".", 2)[2]
    begins = reading.plan.measures_from.get(zh) if path.startswith("measures.") else None
    return Category(
        label=(zh, en),
        zh=items,
        en=english.get(en, ()),
        owner=owner_of(law, reading, path),
        begins=None if begins is None else written("measures_from", begins)[0],
    )


def _translations(law: Law, name: Grouped) -> dict[str, str]:
    """The English name of each category, by the order in which the nation's plans write both."""
    found: dict[str, str] = {}
    for plan in law.plans.values():
        if plan.adcode == NATIONAL:
            for code, groups in getattr(plan, name).items():
                found |= dict(zip(groups, getattr(plan, f"{name}_en").get(code, {}), strict=False))
    return found


def sources(law: Law, reading: PlanReading, name: Grouped) -> list[tuple[Owner, Statement]]:
    """Each plan that the texts come from, with what it says of its sources."""
    grouped = [group for _, groups in categories(law, reading, name) for group in groups]
    owners = dict.fromkeys(group.owner for group in grouped if group.owner is not None)
    roots = (name, f"{name}_from")
    return [
        (
            owner,
            Statement(name, label(name), owner=owner, remarks=[one for _, one in said_of(law.plans[owner.id], roots)]),
        )
        for owner in owners
    ]
