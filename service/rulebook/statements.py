"""What a rule set or a plan states, value by value: in words, from which document, on what evidence, or not established."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

from alerts.law import Law
from alerts.plans import Deadlines, Plan
from alerts.rules import AqiStandard, Criteria, RuleSet, criteria_of
from service.rulebook.words import Pair, clauses, label, tier_conditions, written

Document = RuleSet | Plan | AqiStandard
Kind = Literal["reference", "confidence", "source", "choice", "open"]
KINDS: Mapping[Kind, str] = {
    "reference": "references",
    "confidence": "confidence",
    "source": "source",
    "choice": "choices",
}
CRITERIA = (
    "day",
    "merge_gap_hours",
    "excluded_causes",
    "graded",
    "grade_on_range",
    "health_prompt_over",
    "lead_time_hours",
    "early_start",
    "lift",
    "lift_ahead_hours",
    "lower_after_runs",
)
BARE = "deadlines."
"""Deadlines may be evidenced under their bare name."""


@dataclass(frozen=True)
class Owner:
    """Where a value comes from: a plan, a rule set, or the default of this service."""

    kind: Literal["plan", "rules", "service"]
    id: str = ""


@dataclass(frozen=True)
class Remark:
    """One line of evidence; `of` is the document that says it. Only open questions are kept in both languages."""

    kind: Kind
    zh: str
    en: str
    of: str


@dataclass(frozen=True)
class Statement:
    """One value: its path in the file, its name, its words (none: not established), its owner and its evidence."""

    path: str
    label: Pair
    words: Sequence[Pair] = ()
    owner: Owner | None = None
    remarks: Sequence[Remark] = field(default=())

    @property
    def established(self) -> bool:
        """Whether a value stands."""
        return bool(self.words)


def about(path: str, key: str) -> bool:
    """Whether a key of `references` and the like speaks of a path: the path itself or one above it."""
    names = [path, path.removeprefix(BARE)] if path.startswith(BARE) else [path]
    return any(f"{name}.".startswith(f"{key}.") for name in names)


def remarks(path: str, documents: Iterable[Document], still_open: Mapping[str, Pair] | None = None) -> list[Remark]:
    """Everything the documents say about a path, the closest key first; then what is open."""
    found = [
        (-len(key), Remark(kind, text, text, document.id))
        for document in documents
        for kind, name in KINDS.items()
        for key, text in getattr(document, name, {}).items()
        if about(path, key)
    ]
    lines = [remark for _, remark in sorted(found, key=lambda one: (list(KINDS).index(one[1].kind), one[0]))]
    lines += [Remark("open", zh, en, "") for key, (zh, en) in (still_open or {}).items() if about(path, key)]
    return list(dict.fromkeys(lines))


def open_questions(*documents: RuleSet | Plan | Criteria) -> dict[str, Pair]:
    """What the documents leave open, by topic, in both languages."""
    return {
        topic: (text, document.not_established_en.get(topic, text))
        for document in documents
        for topic, text in document.not_established.items()
    }


def said_of(document: Document, roots: Iterable[str] = ()) -> Iterator[tuple[str, Remark]]:
    """Everything a document says of its sources, by topic; with `roots` only of the topics below those."""
    wanted = tuple(roots)
    for kind, name in KINDS.items():
        for key, text in getattr(document, name, {}).items():
            if not wanted or key.partition(".")[0] in wanted:
                yield key, Remark(kind, text, text, document.id)
    if not isinstance(document, AqiStandard):
        for key, (zh, en) in open_questions(document).items():
            if not wanted or key.partition(".")[0] in wanted:
                yield key, Remark("open", zh, en, "")


def left_over(document: Document, told: Iterable[Statement]) -> list[Statement]:
    """What a document says beside the statements told: other references, choices and open questions, by topic."""
    shown = {(remark.kind, remark.zh) for statement in told for remark in statement.remarks}
    topics: dict[str, list[Remark]] = {}
    for key, remark in said_of(document):
        if (remark.kind, remark.zh) not in shown:
            topics.setdefault(key, []).append(remark)
    return [Statement(key, label(key), remarks=lines) for key, lines in topics.items()]


def of_rules(rules: RuleSet) -> list[Statement]:
    """Every value of a rule set with its evidence, then its other topics."""
    criteria, owner = criteria_of(rules), Owner("rules", rules.id)
    questions = open_questions(rules)
    told = [
        Statement(path, label(path), words, owner, remarks(path, [rules], questions))
        for path, words in _criteria_words(criteria)
        if path != "graded"
    ]
    head = [
        Statement(path, label(path), words, owner, remarks(path, [rules], questions)) for path, words in _head(rules)
    ]
    return [*head, *told, *left_over(rules, [*head, *told])]


def _head(document: RuleSet | Plan) -> list[tuple[str, list[Pair]]]:
    number = document.number
    return [
        ("in_force", [in_force(document)]),
        ("title", [(document.title, document.title)]),
        ("number", [(number, number)] if number else []),
    ]


def in_force(document: Document) -> Pair:
    """From when until when, in words."""
    start, end = document.in_force.from_, document.in_force.until
    if end is None:
        return f"{start} 起", f"from {start}"
    return f"{start} 起，至 {end} 前", f"from {start} until before {end}"


def _criteria_words(criteria: Criteria) -> Iterator[tuple[str, list[Pair]]]:
    for level in reversed(criteria.known_levels):
        yield f"levels.{level.code}", clauses(criteria.conditions(level))
    for name in CRITERIA:
        yield name, written(name, getattr(criteria, name))


@dataclass(frozen=True)
class PlanReading:
    """A plan as it stands on an instant: as written, laid over the plans above it, and the criteria that result.

    `origin`: which plan each value comes from, by path. `rules` and `criteria` are None where no rule set is in force.
    """

    own: Plan
    plan: Plan
    origin: Mapping[str, str]
    rules: RuleSet | None
    criteria: Criteria | None


def of_criteria(law: Law, reading: PlanReading) -> list[Statement]:
    """What the plan is assessed by, each value with the plan or rule set it comes from."""
    if reading.criteria is None:
        return []
    return [_stated(law, reading, path, words) for path, words in _criteria_words(reading.criteria)]


def of_conduct(law: Law, reading: PlanReading) -> list[Statement]:
    """What happens beside the criteria: the base, the conflict, several feeds, and every deadline."""
    plan, rules = reading.plan, reading.rules
    base: list[Pair] = [] if rules is None else [(f"{rules.document}（{rules.id}）", f"{rules.document} ({rules.id})")]
    if rules is not None and plan.base is None:
        base.append(("未指明，按当日有效的全国标准", "none is named: the national set of the day"))
    rows: list[tuple[str, list[Pair]]] = [
        *_head(reading.own),
        ("base", base),
        ("conflict", written("conflict", plan.conflict or "higher")),
        ("feeds", written("feeds", plan.feeds or "latest")),
    ]
    rows += [(f"deadlines.{name}", written(name, getattr(plan.deadlines, name))) for name in Deadlines.model_fields]
    return [_stated(law, reading, path, words) for path, words in rows]


def of_tiers(law: Law, reading: PlanReading) -> list[tuple[Statement, list[Pair]]]:
    """Each tier with its measures."""
    found = []
    for tier in reading.plan.tiers:
        path = f"tiers.{tier.id}"
        english = tier.measures_en or tier.measures
        stated = _stated(law, reading, path, tier_conditions(tier))
        named = Statement(path, (tier.name, tier.name_en), stated.words, stated.owner, stated.remarks)
        found.append((named, list(zip(tier.measures, english, strict=False))))
    return found


def topic(law: Law, reading: PlanReading, path: str) -> Statement:
    """Owner and evidence of something that the page writes itself."""
    return _stated(law, reading, path, [])


def _stated(law: Law, reading: PlanReading, path: str, words: Sequence[Pair]) -> Statement:
    owner = owner_of(law, reading, path) if words or path.partition(".")[0] not in CRITERIA else None
    documents: list[RuleSet | Plan] = [reading.own]
    if owner is not None and owner.kind == "rules":
        documents.insert(0, law.rules[owner.id])
    elif owner is not None and owner.kind == "plan" and owner.id != reading.own.id:
        documents.insert(0, law.plans[owner.id])
    layered = [reading.plan] if reading.criteria is None else [reading.plan, reading.criteria]
    questions = open_questions(*documents, *([] if words else layered))
    return Statement(path, label(path), words, owner, remarks(path, documents, questions))


def owner_of(law: Law, reading: PlanReading, path: str) -> Owner | None:
    """Which document a value comes from; None when nobody states it."""
    root, _, rest = path.partition(".")
    if root in {"in_force", "title", "number"}:
        return Owner("plan", reading.own.id)
    if root == "levels":
        return _owner_of_level(law, reading, rest)
    plan_id = reading.origin.get(path) or reading.origin.get(root)
    if plan_id is not None:
        return Owner("plan", plan_id)
    if root in CRITERIA:
        return None if reading.rules is None else Owner("rules", reading.rules.id)
    if root in {"conflict", "feeds"} or (root == "deadlines" and getattr(reading.plan.deadlines, rest) is not None):
        return Owner("service")
    return None


def _owner_of_level(law: Law, reading: PlanReading, code: str) -> Owner | None:
    if any(known == code for known in reading.plan.levels or {}):
        for plan_id in reading.plan.layers or (reading.plan.id,):
            if any(known == code for known in law.plans[plan_id].levels or {}):
                return Owner("plan", plan_id)
    return None if reading.rules is None else Owner("rules", reading.rules.id)
