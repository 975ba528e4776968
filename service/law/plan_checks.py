"""What plans and rule sets must hold: a reference for every value that states law, nothing weaker than the base,
somebody who decides on every level."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from functools import cached_property

from alerts.instants import day_start
from alerts.law import Law, LawNotFound, Standards
from alerts.plans import Plan
from alerts.rules import NATIONAL, Criteria, RuleSet, criteria_of
from alerts.strictness import weakenings
from service.accounts.roles import CENTRE, Role
from service.law.problems import LawProblem
from service.law.reading import Draft, Entry

LAYERED = ("origin", "layers", "level_documents")
"""Fields of a plan that layering fills; a file may not state them."""
RULE_VALUES = (
    "in_force",
    "day",
    "merge_gap_hours",
    "excluded_causes",
    "health_prompt_over",
    "lead_time_hours",
    "lift",
    "lift_ahead_hours",
    "lower_after_runs",
    "grade_on_range",
    "early_start",
)
PLAN_VALUES = (
    "in_force",
    "base",
    "conflict",
    "lead_time_hours",
    "lift",
    "lift_ahead_hours",
    "early_start",
    "grade_on_range",
    "graded",
    "feeds",
)
BY_KEY = ("levels", "zones", "approvers", "signatures", "authorities", "measures", "health_advice", "measures_from")
TRANSLATED = ("measures", "health_advice")
MAX_SIGNATURES = 8
MAY_SIGN = ", ".join(sorted(CENTRE))
REFER = "add this key, or one above it, to `references` (the document) or `choices` (why it is assumed)"


def check_plans(draft: Draft) -> Iterator[LawProblem]:
    """Every problem of rule sets and plans that needs no table of divisions."""
    for rules in draft.rules:
        yield from _unreferenced(rules.file, rules.value, _stated_rules(rules.value))
    for entry in draft.plans:
        yield from _written(entry)
        yield from _unreferenced(entry.file, entry.value, _stated_plan(entry.value))
        yield from _tiers(entry)
        yield from _zones(entry)
        yield from _deciding(entry)
        yield from _categories(entry, draft)
    yield from _layered(draft)


def _stated_rules(rules: RuleSet) -> Iterator[str]:
    yield from (name for name in RULE_VALUES if getattr(rules, name) not in (None, ()))
    yield from (f"levels.{level}" for level in rules.levels)


def _stated_plan(plan: Plan) -> Iterator[str]:
    yield from (name for name in PLAN_VALUES if getattr(plan, name) is not None)
    for name in BY_KEY:
        yield from (f"{name}.{key}" for key in getattr(plan, name) or {})
    yield from (f"tiers.{tier.id}" for tier in plan.tiers)
    said = sorted(plan.deadlines.model_fields_set)
    yield from (f"deadlines.{name}" for name in said if getattr(plan.deadlines, name) is not None)


def _unreferenced(file: str, value: RuleSet | Plan, stated: Iterator[str]) -> Iterator[LawProblem]:
    """A value is referenced under its own path or one above it; a deadline also under its bare name."""
    given = {key for texts in (value.references, value.choices) for key, text in texts.items() if text.strip()}
    for path in stated:
        parts = path.split(".")
        keys = {".".join(parts[:length]) for length in range(1, len(parts) + 1)}
        if parts[0] == "deadlines":
            keys.add(parts[1])
        if not keys & given:
            yield LawProblem(file, path, "states law without a reference", REFER)


def _written(entry: Entry[Plan]) -> Iterator[LawProblem]:
    for name in LAYERED:
        if name in entry.value.model_fields_set:
            yield LawProblem(entry.file, name, "is filled from the plans above and not written", "remove this key")


def _tiers(entry: Entry[Plan]) -> Iterator[LawProblem]:
    seen: set[str] = set()
    for tier in entry.value.tiers:
        if tier.id in seen:
            yield LawProblem(entry.file, f"tiers.{tier.id}", "stands twice", "give each tier its own id")
        seen.add(tier.id)


def _zones(entry: Entry[Plan]) -> Iterator[LawProblem]:
    owner: dict[str, str] = {}
    for zone, members in (entry.value.zones or {}).items():
        for adcode in members:
            if owner.setdefault(adcode, zone) != zone:
                problem = f"{adcode} stands in zone {owner[adcode]} too"
                yield LawProblem(entry.file, f"zones.{zone}", problem, "a place belongs to one zone; remove one")


def _deciding(entry: Entry[Plan]) -> Iterator[LawProblem]:
    """Who may decide and sign: roles of this service that may, each level said one way, every chain with somebody in it."""
    plan = entry.value
    for level, roles in plan.approvers.items():
        yield from _roles(entry.file, f"approvers.{level}", roles)
    for level, chain in plan.signatures.items():
        path = f"signatures.{level}"
        if level in plan.approvers:
            problem = "approvers say who decides on this level too"
            yield LawProblem(entry.file, path, problem, "keep one of the two; a chain of one signature is an approver")
        if not chain:
            yield LawProblem(entry.file, path, "nobody may decide on this level", "name at least one signature")
        if len(chain) > MAX_SIGNATURES:
            yield LawProblem(entry.file, path, f"{len(chain)} signatures", f"name at most {MAX_SIGNATURES}")
        for number, one in enumerate(chain):
            yield from _roles(entry.file, f"{path}[{number}]", (one.role, *one.escalates_to))
            if len({one.role, *one.escalates_to}) <= len(one.escalates_to):
                problem = "a role stands twice in one signature"
                yield LawProblem(entry.file, f"{path}[{number}]", problem, "escalate to roles that may not sign yet")


def _roles(file: str, path: str, roles: Iterable[str]) -> Iterator[LawProblem]:
    known = {role.value for role in Role}
    for role in roles:
        if role not in known:
            yield LawProblem(file, path, f"there is no role {role!r}", f"use one of: {MAY_SIGN}")
        elif role not in CENTRE:
            yield LawProblem(file, path, f"{role} decides on nothing", f"use one of: {MAY_SIGN}")


def _categories(entry: Entry[Plan], draft: Draft) -> Iterator[LawProblem]:
    """A category or audience is one of the national default's: another word for it would stand beside, not replace it."""
    for name in (*TRANSLATED, *(f"{name}_en" for name in TRANSLATED)):
        known = {group for groups in _national(draft, name) for group in groups}
        for level, groups in getattr(entry.value, name).items():
            for group in groups:
                if known and group not in known:
                    problem = f"{group!r} is none of the national default's"
                    yield LawProblem(entry.file, f"{name}.{level}", problem, f"use one of: {', '.join(sorted(known))}")
    known = {group for groups in _national(draft, "measures") for group in groups}
    for category in entry.value.measures_from:
        if known and category not in known:
            problem = f"{category!r} is no category of measures"
            yield LawProblem(entry.file, "measures_from", problem, f"use one of: {', '.join(sorted(known))}")


def _national(draft: Draft, name: str) -> Iterator[Mapping[str, object]]:
    for entry in draft.plans:
        if entry.value.adcode == NATIONAL:
            yield from getattr(entry.value, name).values()


@dataclass(frozen=True)
class _Case:
    """A plan as it stands on one day in force: laid over the plans above it, and on its base."""

    own: Plan
    layered: Plan
    base: RuleSet

    @cached_property
    def criteria(self) -> Criteria:
        return self.layered.effective(self.base)

    def decides(self, root: str) -> bool:
        """Whether this plan itself brings the value about, by stating it or by choosing its base."""
        own = self.layered.origin.get(root) or self.layered.id
        return self.own.id in (own, self.layered.origin.get("base"))


def _layered(draft: Draft) -> Iterator[LawProblem]:
    """What can be judged only on layered plans. Where a file they rest on has faults, those are named alone."""
    if not draft.standards or {problem.file.partition("/")[0] for problem in draft.problems} & {
        "rules",
        "plans",
        "divisions",
    }:
        return
    law = Law(
        standards=Standards(editions=tuple(entry.value for entry in draft.standards)),
        rules={entry.value.id: entry.value for entry in draft.rules},
        plans={entry.value.id: entry.value for entry in draft.plans},
        divisions={entry.value.adcode: entry.value for entry in draft.divisions},
    )
    for entry in draft.plans:
        if law.plans[entry.value.id] is entry.value:
            cases = _cases(law, entry.value)
            found = {problem for case in cases for problem in _of_case(entry.file, case)}
            yield from found
            yield from _foreign_levels(entry, cases)


def _cases(law: Law, plan: Plan) -> list[_Case]:
    """One case for each way in which the plan stands on the plans above it and on a rule set while it is in force."""
    found: dict[tuple[str, ...], _Case] = {}
    for day in sorted({plan.in_force.from_, *_changes(law)}):
        if plan.in_force.covers(day):
            instant = day_start(day)
            layered = law.plan(plan.id, instant)
            try:
                base = law.rules_at(instant, layered.base)
            except LawNotFound:
                continue  # an unknown base is named by itself; before 2016 there is no national set
            found.setdefault((base.id, *layered.layers), _Case(plan, layered, base))
    return list(found.values())


def _changes(law: Law) -> Iterator[date]:
    """The days on which a plan or a national rule set begins or ends."""
    dated = [plan.in_force for plan in law.plans.values()]
    dated += [rules.in_force for rules in law.rules.values() if rules.adcode == NATIONAL]
    for span in dated:
        yield span.from_
        if span.until is not None:
            yield span.until


def _of_case(file: str, case: _Case) -> Iterator[LawProblem]:
    for path, problem in weakenings(case.criteria, criteria_of(case.base)):
        if case.decides(path.partition(".")[0]):
            advice = f"be at least as strict as {case.base.id}, or name the base that applies"
            yield LawProblem(file, path, f"weakens its base: {problem}", advice)
    for level in case.criteria.levels:
        blamed = level in case.own.approvers or len(case.layered.layers) < 2 or case.decides("levels")
        if blamed and not (case.layered.approvers.get(level) or level in case.layered.signatures):
            yield LawProblem(file, f"approvers.{level}", "nobody may decide on this level", "name at least one role")


def _foreign_levels(entry: Entry[Plan], cases: list[_Case]) -> Iterator[LawProblem]:
    """What a plan says about a level that no criteria of its time know."""
    known = {level for case in cases for level in case.criteria.levels}
    for name in ("signatures", "authorities", "measures", "measures_en", "health_advice", "health_advice_en"):
        for level in getattr(entry.value, name):
            if known and level not in known:
                problem = "this level does not exist while the plan is in force"
                yield LawProblem(
                    entry.file, f"{name}.{level}", problem, f"remove it; the levels are {', '.join(sorted(known))}"
                )
