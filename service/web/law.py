"""The law of warnings as people read it: rule sets, plans with where each value comes from, AQI standards."""

from __future__ import annotations

from datetime import date
from typing import Any

from fastapi import APIRouter, Request, Response

from alerts.law import Law
from alerts.levels import WARNING_LEVELS
from alerts.rules import NATIONAL, AqiStandard, RuleSet
from service.accounts.roles import Role
from service.kit.auth import Official, runtime_of
from service.rulebook.endpoints import On, PlanId, reading_of
from service.rulebook.flows import (
    categories,
    deciding,
    editions,
    layers,
    plans_by_place,
    rule_sets,
    sources,
    standing,
)
from service.rulebook.statements import (
    PlanReading,
    Statement,
    left_over,
    of_conduct,
    of_criteria,
    of_rules,
    of_tiers,
    topic,
)
from service.rulebook.words import POLLUTANT_WORDS, Pair, label
from service.web.pages import render, writer_of

router = APIRouter(include_in_schema=False)
AVERAGED: dict[str, Pair] = {"24h": ("24 小时", "24 h"), "1h": ("1 小时", "1 h"), "8h": ("8 小时", "8 h")}


@router.get("/law")
async def law_page(request: Request, official: Official) -> Response:
    """Every rule set, every plan by place, every edition of the AQI standard."""
    law, today = runtime_of(request).law, runtime_of(request).clock.now().date()
    stated = [(one, of_rules(one)) for one in rule_sets(law)]
    return render(
        request,
        "law.html",
        official,
        rule_sets=[_rule_set(law, one, statements, today) for one, statements in stated],
        matrix=_matrix([statements for _, statements in stated]),
        places=[
            {
                "adcode": adcode,
                "name": _place(request, adcode),
                "plans": [(plan, standing(plan.in_force, today)) for plan in plans],
            }
            for adcode, plans in plans_by_place(law)
        ],
        standards=[_standard(one, today) for one in editions(law)],
    )


def _place(request: Request, adcode: str) -> str:
    return writer_of(request).t("all_country") if adcode == NATIONAL else _named(runtime_of(request).law, adcode)


def _named(law: Law, adcode: str) -> str:
    known = law.divisions.get(adcode)
    return adcode if known is None else known.name


def _rule_set(law: Law, rules: RuleSet, statements: list[Statement], today: date) -> dict[str, Any]:
    division = law.divisions.get(rules.adcode)
    return {
        "id": rules.id,
        "document": rules.document,
        "place": None if division is None else division.name,
        "standing": standing(rules.in_force, today),
        "statements": statements,
    }


def _matrix(sets: list[list[Statement]]) -> list[tuple[str, Pair, list[Statement | None]]]:
    """Rows of the comparison: one value over all rule sets; None where a set does not know the level."""
    paths = ["in_force", "number", *(f"levels.{level.code}" for level in reversed(WARNING_LEVELS))]
    for statements in sets:
        paths += [one.path for one in statements if one.path not in (*paths, "title") and one.owner is not None]
    by_path = [{one.path: one for one in statements} for statements in sets]
    return [(path, label(path), [found.get(path) for found in by_path]) for path in paths]


def _standard(standard: AqiStandard, today: date) -> dict[str, Any]:
    """One edition as a table: a row per item, its breakpoints along the indices."""
    rows = []
    for name, item in standard.items.items():
        pollutant, _, hours = name.partition("_")
        points = [str(point) for point in item.breakpoints]
        missing = len(standard.indices) - len(points)
        rows.append(
            {
                "name": POLLUTANT_WORDS[pollutant],
                "hours": AVERAGED[hours],
                "item": item,
                "points": points,
                "missing": missing,
            }
        )
    return {
        "standard": standard,
        "standing": standing(standard.in_force, today),
        "rows": rows,
        "topics": left_over(standard, ()),
    }


@router.get("/law/plans/{plan_id}")
async def plan_page(plan_id: PlanId, request: Request, official: Official, on: On = None) -> Response:
    """One plan, layered, with the plan that each value comes from."""
    runtime = runtime_of(request)
    today = runtime.clock.now().date()
    day, reading = reading_of(runtime.law, plan_id, on, today)
    return render(
        request,
        "plan.html",
        official,
        plan=reading.own,
        place=_place(request, reading.own.adcode),
        day=day,
        standing=standing(reading.own.in_force, today),
        layers=layers(runtime.law, reading),
        rules=reading.rules,
        versions=[one for one in _versions(runtime.law, reading) if one[0].id != plan_id],
        **_told(runtime.law, reading),
    )


def _versions(law: Law, reading: PlanReading) -> list[Any]:
    return [
        (plan, plan.in_force) for adcode, plans in plans_by_place(law) if adcode == reading.own.adcode for plan in plans
    ]


def _told(law: Law, reading: PlanReading) -> dict[str, Any]:
    """Everything the plan's page tells, in sections; the last holds what no other section told."""
    zones = reading.plan.zones or {}
    sections: dict[str, Any] = {
        "criteria": of_criteria(law, reading),
        "deciding": deciding(law, reading),
        "known_roles": {role.value for role in Role},
        "conduct": of_conduct(law, reading),
        "zones": [(name, [_named(law, one) for one in members]) for name, members in zones.items()],
        "zones_stated": topic(law, reading, "zones") if zones else None,
        "tiers": of_tiers(law, reading),
        "texts": [
            ("law_measures", categories(law, reading, "measures"), sources(law, reading, "measures")),
            ("law_health", categories(law, reading, "health_advice"), sources(law, reading, "health_advice")),
        ],
    }
    told = [
        *sections["criteria"],
        *sections["conduct"],
        *(stated for one in sections["deciding"] for stated in (one.stated, one.roles_stated)),
        *(stated for stated, _ in sections["tiers"]),
        *(stated for _, _, found in sections["texts"] for _, stated in found),
        *([sections["zones_stated"]] if zones else []),
    ]
    return sections | {"other_topics": left_over(reading.own, told)}
