"""Plans (应急预案): what a place lays over a rule set, layered from the nation over the province to the place."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any, Literal, Self

from pydantic import Field, model_validator

from alerts.instants import SHANGHAI, day_start
from alerts.rules import (
    Adcode,
    Criteria,
    EarlyStart,
    Graded,
    Lawful,
    LevelCode,
    Levels,
    LiftRule,
    RangeBound,
    RuleSet,
    Tier,
    Validity,
    cited,
    criteria_of,
)

Texts = dict[LevelCode, dict[str, tuple[str, ...]]]
FeedRule = Literal["highest", "latest"]


class Deadlines(Lawful):
    """Hours in which something must be done; None where no text establishes it.

    `decision_hours`: consultation to approval. `publish_hours`: signature to public. `adopt_prompt_hours`: a superior
    notice to its adoption. `response_report_hours`, `execution_report_hours`: after the start. `daily_report_by`: hour of
    day for the report of the day before. `summary_hours`, `lifting_notice_hours`: after lifting. `reconsider_hours`: a
    rejected proposal of the same content comes back only after so long. `issue_ahead_hours`: what starts later than this
    is watched and shown, not yet proposed (nobody may be warned too early). `met_within_hours`: how old an assessment may
    be for its level to count as met. `forecast_good_hours`: beside a newer issue of another feed, an issue older by more
    than this is shown and does not count.
    """

    decision_hours: int = Field(default=2, ge=1, le=72)
    reconsider_hours: int = Field(default=12, ge=0, le=72)
    issue_ahead_hours: int = Field(default=72, ge=1, le=240)
    met_within_hours: int = Field(default=24, ge=1, le=72)
    forecast_good_hours: int = Field(default=36, ge=1, le=48)
    publish_hours: int | None = Field(default=None, ge=1, le=72)
    adopt_prompt_hours: int | None = Field(default=None, ge=1, le=72)
    response_report_hours: int | None = Field(default=None, ge=1, le=240)
    execution_report_hours: int | None = Field(default=None, ge=1, le=240)
    daily_report_by: int | None = Field(default=None, ge=0, le=23)
    summary_hours: int | None = Field(default=None, ge=1, le=2400)
    lifting_notice_hours: int | None = Field(default=None, ge=1, le=240)


class Authority(Lawful):
    """Who approves a level and in whose name it is issued, as the plan or its practice says; None: not established."""

    approves: str | None = None
    issues: str | None = None


class Signature(Lawful):
    """One signature of a chain (签批): any holder of `role`, within so many hours (None: `decision_hours`).

    At its deadline the next of `escalates_to` may sign too; when none is left, the proposal expires.
    """

    role: str = Field(min_length=1)
    within_hours: int | None = Field(default=None, ge=1, le=72)
    escalates_to: tuple[str, ...] = ()


class Plan(Lawful):
    """A place's plan. What it leaves out comes from the plan above it (province, then the national default).

    `base` None: that of the plan above; where none names one, the national set in force at the instant. `origin` and
    `layers` are filled by layering: which plan each value comes from, and the plans used, the most specific first.
    `approvers`: any one of these roles decides on a level; `signatures`: these sign in order, the last one decides.
    """

    id: str = Field(min_length=1, max_length=64, pattern=r"^[a-z][a-z0-9-]*$")
    adcode: Adcode
    version: str
    title: str = Field(min_length=1)
    number: str | None = None
    in_force: Validity
    base: str | None = None
    levels: Levels | None = None
    conflict: Literal["higher"] | None = None
    approvers: dict[LevelCode, tuple[str, ...]] = Field(default={})
    signatures: dict[LevelCode, tuple[Signature, ...]] = Field(default={})
    authorities: dict[LevelCode, Authority] = Field(default={})
    deadlines: Deadlines = Deadlines()
    lead_time_hours: int | None = Field(default=None, ge=0, le=240)
    lift: LiftRule | None = None
    lift_ahead_hours: int | None = Field(default=None, ge=0, le=240)
    early_start: EarlyStart | None = None
    grade_on_range: RangeBound | None = None
    graded: Graded | None = None
    tiers: tuple[Tier, ...] = ()
    feeds: FeedRule | None = None
    zones: dict[str, tuple[Adcode, ...]] | None = None
    measures: Texts = Field(default={})
    measures_en: Texts = Field(default={})
    measures_from: dict[str, Literal["start", "next_midnight"]] = Field(default={})
    health_advice: Texts = Field(default={})
    health_advice_en: Texts = Field(default={})
    references: dict[str, str] = Field(default={})
    confidence: dict[str, str] = Field(default={})
    source: dict[str, str] = Field(default={})
    choices: dict[str, str] = Field(default={})
    not_established: dict[str, str] = Field(default={})
    not_established_en: dict[str, str] = Field(default={})
    origin: dict[str, str] = Field(default={}, exclude=True)
    layers: tuple[str, ...] = Field(default=(), exclude=True)
    level_documents: dict[LevelCode, str] = Field(default={}, exclude=True)

    @model_validator(mode="after")
    def _graded_something(self) -> Self:
        if self.graded == ():
            raise ValueError("`graded` must name at least one pollutant, or be left out")
        return self

    @property
    def document(self) -> str:
        """How the plan is cited: 《title》（number）."""
        return cited(self.title, self.number)

    @property
    def documents(self) -> dict[LevelCode, str]:
        """The document that sets each level for which the plan has criteria of its own."""
        return self.level_documents or dict.fromkeys(self.levels or {}, self.document)

    def over(self, above: Plan) -> Plan:
        """This plan with what it leaves out taken from the plan above it; `origin` says where each value is from."""
        origin = {**_origins(above), **_origins(self)}
        merged: dict[str, Any] = {name: {**getattr(above, name), **getattr(self, name)} for name in _BY_LEVEL}
        for name, other in _ONE_OF:  # a level has one way to be decided on: what stands here ends the other way of above
            ended = set(getattr(self, other)) - set(getattr(self, name))
            merged[name] = {code: value for code, value in merged[name].items() if code not in ended}
            origin = {path: own for path, own in origin.items() if path not in {f"{name}.{code}" for code in ended}}
        for name in _TEXTS:
            merged[name] = _merged(getattr(above, name), getattr(self, name))
        for name in _SINGLE:
            own = getattr(self, name)
            merged[name] = getattr(above, name) if own is None else own
        if self.base is None and above.levels:
            merged["levels"] = {**above.levels, **(self.levels or {})}
            merged["level_documents"] = {**above.documents, **self.documents}
        merged["tiers"] = self.tiers or above.tiers
        said = {name: getattr(self.deadlines, name) for name in self.deadlines.model_fields_set}
        merged["deadlines"] = above.deadlines.model_copy(update=said)
        settled = [*_origins(self), *_OF_ITSELF, *(["levels"] if self.base is not None else [])]
        for name in _OPEN:
            merged[name] = {**_still_open(getattr(above, name), settled), **getattr(self, name)}
        merged |= {"origin": origin, "layers": (self.id, *(above.layers or (above.id,)))}
        return self.model_copy(update=merged)

    def effective(self, rule_set: RuleSet) -> Criteria:
        """The criteria that apply: the rule set's, with this plan's own values laid over it."""
        base = criteria_of(rule_set)
        own: dict[str, Any] = {"plan_id": self.id, "conflict": self.conflict or "higher", "tiers": self.tiers}
        for name in _OPEN:
            own[name] = {**_still_open(getattr(base, name), _origins(self)), **getattr(self, name)}
        if self.levels:
            own |= {"levels": {**base.levels, **self.levels}, "documents": self.documents}
        for name in ("lead_time_hours", "lift", "lift_ahead_hours", "early_start", "grade_on_range", "graded"):
            if getattr(self, name) is not None:
                own[name] = getattr(self, name)
        return base.model_copy(update=own)


_BY_LEVEL = ("approvers", "signatures", "authorities", "measures_from")
_ONE_OF = (("approvers", "signatures"), ("signatures", "approvers"))
_TEXTS = ("measures", "measures_en", "health_advice", "health_advice_en")
_OF_ITSELF = ("title", "number", "version", "in_force")
_OPEN = ("not_established", "not_established_en")
_SINGLE = (
    "base",
    "conflict",
    "lead_time_hours",
    "lift",
    "lift_ahead_hours",
    "early_start",
    "grade_on_range",
    "graded",
    "feeds",
    "zones",
)


def _merged(above: Texts, own: Texts) -> Texts:
    """Per level the categories of both, this plan's where both have one."""
    codes = list(dict.fromkeys((*above, *own)))
    return {code: {**above.get(code, {}), **own.get(code, {})} for code in codes}


def _origins(plan: Plan) -> dict[str, str]:
    """Which values a plan states itself, by path such as measures.orange.健康防护."""
    if plan.origin:
        return plan.origin
    found = [name for name in (*_SINGLE, "levels", "tiers") if getattr(plan, name) not in (None, (), {})]
    found += [f"{name}.{key}" for name in _BY_LEVEL for key in getattr(plan, name)]
    found += [
        f"{name}.{code}.{group}" for name in _TEXTS for code, groups in getattr(plan, name).items() for group in groups
    ]
    found += [f"deadlines.{name}" for name in sorted(plan.deadlines.model_fields_set)]
    return dict.fromkeys(found, plan.id)


def _still_open(topics: Mapping[str, str], stated: Iterable[str]) -> dict[str, str]:
    """The topics left open above that none of the stated values settles."""
    paths = [f"{path}." for path in stated]
    return {
        topic: text
        for topic, text in topics.items()
        if not any(path.startswith(f"{topic}.") or f"{topic}.".startswith(path) for path in paths)
    }


def measures_start(plan: Plan, category: str, effective_at: datetime) -> datetime:
    """When the measures of a category begin: with the response, or at the next 00:00 where the plan says so."""
    return later_starts(plan.measures_from, effective_at).get(category, effective_at)


def later_starts(rules: Mapping[str, str], effective_at: datetime) -> dict[str, datetime]:
    """The categories whose measures do not begin with the response at `effective_at` (aware), and when they do."""
    midnight = day_start(effective_at.astimezone(SHANGHAI).date())
    if effective_at == midnight:
        return {}
    return {category: midnight + timedelta(days=1) for category, rule in rules.items() if rule == "next_midnight"}
