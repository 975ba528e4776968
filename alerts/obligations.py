"""What is owed after an event of the command (督办事项), and until when, by the plan's deadlines; nothing where no text says."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import Literal

from pydantic import Field

from alerts.instants import DAY, SHANGHAI, day_start
from alerts.plans import Deadlines, Plan
from alerts.rules import Lawful


class Kind(StrEnum):
    """What may be owed. Each has a deadline in `Deadlines`, named by `DEADLINE`."""

    ADOPT_PROMPT = "adopt_prompt"
    PUBLISH = "publish"
    RESPONSE_REPORT = "response_report"
    EXECUTION_REPORT = "execution_report"
    DAILY_REPORT = "daily_report"
    SUMMARY = "summary"
    LIFTING_NOTICE = "lifting_notice"


DEADLINE: dict[Kind, str] = {
    Kind.ADOPT_PROMPT: "adopt_prompt_hours",
    Kind.PUBLISH: "publish_hours",
    Kind.RESPONSE_REPORT: "response_report_hours",
    Kind.EXECUTION_REPORT: "execution_report_hours",
    Kind.DAILY_REPORT: "daily_report_by",
    Kind.SUMMARY: "summary_hours",
    Kind.LIFTING_NOTICE: "lifting_notice_hours",
}
REPORTS = (Kind.RESPONSE_REPORT, Kind.EXECUTION_REPORT, Kind.DAILY_REPORT, Kind.SUMMARY)
"""What is met by a signed report."""


@dataclass(frozen=True)
class Owed:
    """One obligation: counted from `since`, to be met before `due_at` (aware); `day` the natural day of a daily report."""

    kind: Kind
    since: datetime
    due_at: datetime
    reference: str
    day: date | None = None


@dataclass(frozen=True)
class Terms:
    """The deadlines of a place, and the text that sets each of them."""

    deadlines: Deadlines
    references: Mapping[str, str] = field(default_factory=dict)

    def hours(self, kind: Kind) -> int | None:
        """The hours (of a daily report: the hour of the day); None: not established."""
        return getattr(self.deadlines, DEADLINE[kind]) if self.reference(kind) else None

    def reference(self, kind: Kind) -> str:
        """The text; empty where none is known, and then nothing is owed."""
        return self.references.get(DEADLINE[kind], "")


def terms_of(plan: Plan, plans: Mapping[str, Plan]) -> Terms:
    """The terms of a layered plan; `plans` by id are where its values come from. A plan that cites nothing is cited itself."""
    references = {}
    for kind in Kind:
        name = DEADLINE[kind]
        if getattr(plan.deadlines, name) is None:
            continue
        owner = plans.get(plan.origin.get(f"deadlines.{name}", plan.id), plan)
        cited = (owner.references[key] for key in (name, f"deadlines.{name}", "deadlines") if key in owner.references)
        references[name] = next(cited, owner.document)
    return Terms(plan.deadlines, references)


def after_prompt(terms: Terms, at: datetime) -> tuple[Owed, ...]:
    """A superior notice (上级预警提示) came in at an instant: to be adopted."""
    return _within(terms, at, Kind.ADOPT_PROMPT)


def after_decision(terms: Terms, at: datetime) -> tuple[Owed, ...]:
    """Signed at an instant (签发): to be made public."""
    return _within(terms, at, Kind.PUBLISH)


def after_start(terms: Terms, at: datetime) -> tuple[Owed, ...]:
    """A response starts at an instant (启动响应): how it was begun, and how it is carried out."""
    return _within(terms, at, Kind.RESPONSE_REPORT, Kind.EXECUTION_REPORT)


def after_end(terms: Terms, at: datetime, *, responded: bool = True) -> tuple[Owed, ...]:
    """Lifted at an instant (解除): announced, and summed up where a response had begun."""
    kinds = (Kind.LIFTING_NOTICE, Kind.SUMMARY) if responded else (Kind.LIFTING_NOTICE,)
    return _within(terms, at, *kinds)


def _within(terms: Terms, since: datetime, *kinds: Kind) -> tuple[Owed, ...]:
    found = []
    for kind in kinds:
        hours = terms.hours(kind)
        if hours is not None:
            found.append(Owed(kind, since, since + timedelta(hours=hours), terms.reference(kind)))
    return tuple(found)


def days_of(starts_at: datetime, ends_at: datetime) -> tuple[date, ...]:
    """The natural days in Beijing time of which the half-open time [starts_at, ends_at) holds an instant."""
    if ends_at <= starts_at:
        return ()
    found, day = [], starts_at.astimezone(SHANGHAI).date()
    while day_start(day) < ends_at:
        found.append(day)
        day += timedelta(days=1)
    return tuple(found)


def daily(terms: Terms, starts_at: datetime, ends_at: datetime | None, until: datetime) -> tuple[Owed, ...]:
    """The daily reports (每日报告) of a response over [starts_at, ends_at) whose days have begun before `until`.

    Each is due on the next day at the plan's hour. What is once in the answer stays in it for any later `until` and any later
    end, so that an extension adds days and takes none away.
    """
    hour = terms.hours(Kind.DAILY_REPORT)
    if hour is None:
        return ()
    reference, end = terms.reference(Kind.DAILY_REPORT), until if ends_at is None else min(ends_at, until)
    return tuple(
        Owed(Kind.DAILY_REPORT, max(starts_at, day_start(day)), day_start(day) + DAY + timedelta(hours=hour), reference, day)
        for day in days_of(starts_at, end)
    )


class Rung(Lawful):
    """One step of a ladder (升级): who is told, at half the time, when it is due, or so many hours after."""

    at: Literal["half", "due"] | int = Field(union_mode="left_to_right")
    roles: tuple[str, ...] = Field(min_length=1)


def instant_of(rung: Rung, since: datetime, due_at: datetime) -> datetime:
    """When a rung is reached; never before the obligation began."""
    if rung.at == "half":
        return since + max(due_at - since, timedelta()) / 2
    if rung.at == "due":
        return max(since, due_at)
    return max(since, due_at) + timedelta(hours=int(rung.at))
