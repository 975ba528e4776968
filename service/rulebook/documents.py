"""The rule book as plain values for programs."""

from __future__ import annotations

from datetime import date
from typing import Any

from alerts.law import Law
from alerts.plans import Plan
from alerts.rules import Criteria, Lawful, RuleSet
from service.rulebook.flows import deciding, editions, layers, plans_by_place, rule_sets
from service.rulebook.statements import PlanReading
from service.rulebook.words import clauses


def _plain(value: Lawful) -> dict[str, Any]:
    return value.model_dump(mode="json", by_alias=True)


def _clauses(criteria: Criteria) -> dict[str, list[dict[str, str]]]:
    return {
        level.code: [{"zh": zh, "en": en} for zh, en in clauses(criteria.conditions(level))]
        for level in criteria.known_levels
    }


def rules_document(law: Law) -> dict[str, Any]:
    """Every rule set and every edition of the AQI standard, the newest first."""
    return {
        "rules": [_plain(one) | {"document": one.document} for one in rule_sets(law)],
        "standards": [_plain(one) for one in editions(law)],
    }


def plans_document(law: Law) -> dict[str, Any]:
    """Every plan by its place, with its days."""
    return {"plans": [_head(law, plan) for _, plans in plans_by_place(law) for plan in plans]}


def plan_document(law: Law, reading: PlanReading, day: date) -> dict[str, Any]:
    """One plan as it reads on a day: every value, `origin` by path, and the plans and the rule set it rests on.

    `criteria` None: no rule set is in force on the day. An authority of null is not established.
    """
    values = _plain(reading.plan) | {
        "authorities": {one.level: one.authority.model_dump() for one in deciding(law, reading)}
    }
    return {
        **_head(law, reading.own),
        "on": day.isoformat(),
        "values": values,
        "origin": dict(reading.origin),
        "layers": [_plain(one) for one in layers(law, reading)],
        "rules": None if reading.rules is None else _rules(reading.rules),
        "criteria": None
        if reading.criteria is None
        else _plain(reading.criteria) | {"clauses": _clauses(reading.criteria)},
    }


def _rules(rules: RuleSet) -> dict[str, Any]:
    return _plain(rules) | {"document": rules.document}


def _head(law: Law, plan: Plan) -> dict[str, Any]:
    division = law.divisions.get(plan.adcode)
    return {
        "id": plan.id,
        "adcode": plan.adcode,
        "place": None if division is None else division.name,
        "version": plan.version,
        "title": plan.title,
        "number": plan.number,
        "document": plan.document,
        "in_force": _plain(plan.in_force),
    }
