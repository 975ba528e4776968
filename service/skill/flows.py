"""Verify what the service has stored: load a period, verify it apart from the event loop, answer."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from alerts.instants import DAY
from alerts.law import LawNotFound
from alerts.rules import Criteria
from alerts.verification import Findings, Issue, Terms, verify
from alerts.verification_days import LEAD_DAYS
from service.accounts.roles import NATION, Scope
from service.kit.problems import Forbidden, Invalid, Unknown
from service.kit.runtime import Runtime
from service.kit.unit_of_work import UnitOfWork, beijing
from service.skill import repository
from service.skill.report import Period, document, entry, pooled
from service.skill.series import measured, series_of
from service.skill.targets import load_targets

MOST_ISSUES = 2000
"""Issues verified for one answer: about five seconds of work."""
BEFORE, BEHIND = 2 * DAY, (LEAD_DAYS.stop + 1) * DAY
"""What is read of observations beyond the days of issue: the last day before, the days that were forecast."""


@dataclass(frozen=True)
class Question:
    """What to verify. Without `feed` every feed; without `rules` what is in force on the last day of the period.

    `compact`: lead days only, from the last issue of each day.
    """

    period: Period
    feed: str | None = None
    rules: str | None = None
    compact: bool = False


async def skill_of(
    uow: UnitOfWork,
    scope: Scope,
    adcode: str,
    *,
    feed: str | None = None,
    first: date | None = None,
    until: date | None = None,
    rules: str | None = None,
    compact: bool = False,
    bounded: bool = True,
) -> dict[str, Any]:
    """How the forecasts for one division stood up to what was measured; by default over the 90 days up to today.

    Days of issue from `first` to before `until`; without `bounded` as many issues as there are. Raises Unknown (division,
    feed), Forbidden (outside the scope), Invalid (an empty or too long period, too many issues, an unknown rule set).
    """
    if adcode not in uow.runtime.law.divisions:
        raise Unknown(f"There is no division {adcode}; use a GB/T 2260 code.")
    if not scope.covers(adcode):
        raise Forbidden("This division is outside your region.")
    question = await asked(uow, feed, first, until, rules, compact=compact)
    try:
        criteria = criteria_of(uow, adcode, question)
        findings = await found(uow, scope, adcode, question, criteria, most=MOST_ISSUES if bounded else None)
    except LawNotFound as error:
        raise Invalid(f"{str(error)[:1].upper()}{str(error)[1:]}.") from error
    head = {
        "adcode": adcode,
        "name": uow.runtime.place(adcode),
        "rules": criteria.rules_id,
        "plan": criteria.plan_id,
        "title": criteria.title,
        "number": criteria.number,
    }
    targets = load_targets(uow.runtime.settings.config_dir)
    return document(question.period, head, findings, targets, compact=compact)


async def asked(
    uow: UnitOfWork,
    feed: str | None,
    first: date | None,
    until: date | None,
    rules: str | None,
    *,
    compact: bool = False,
) -> Question:
    """The question in order. Raises Unknown for a feed that is not registered, Invalid for an impossible period."""
    try:
        period = Period.of(first, until, uow.now)
    except (ValueError, OverflowError) as error:
        raise Invalid(f"from, until: {error}.") from error
    if feed is not None and not await repository.feed_exists(uow, feed):
        raise Unknown(f"There is no feed {feed}; leave it out to see every feed.")
    return Question(period, feed, rules, compact)


def criteria_of(uow: UnitOfWork, adcode: str, question: Question) -> Criteria:
    """What the levels go by: the rules asked for, or the plan in force on the last day of issue. Raises LawNotFound."""
    last = question.period.end - timedelta(hours=1)
    return uow.runtime.law.criteria_for(adcode, last, rules_id=question.rules or uow.runtime.rules_id)


async def found(
    uow: UnitOfWork, scope: Scope, adcode: str, question: Question, criteria: Criteria, *, most: int | None = None
) -> list[Findings]:
    """The findings for one division. Raises Invalid for more than `most` issues, LawNotFound for days without a standard."""
    start, end, feed = question.period.start, question.period.end, question.feed
    if most is not None and not question.compact:
        count = await repository.count(uow, scope, adcode, start, end, feed)
        if count > most:
            raise Invalid(
                f"There are {count} issues; at most {most} are verified at once. Shorten the period or name one feed."
            )
    rows = await repository.issues(uow, scope, adcode, start, end, feed, last_of_day=question.compact)
    if not rows:
        return []
    window = (start - BEFORE, min(end + BEHIND, uow.now))
    deliveries = await repository.observed(uow, scope, adcode, *window)
    terms = Terms(criteria, uow.runtime.law.standards, uow.now, end, days_only=question.compact)

    def verified() -> list[Findings]:
        air = measured(adcode, (json.loads(points) for points in deliveries), *window)
        return verify(adcode, _issues(adcode, rows), air, terms)

    return await asyncio.to_thread(verified)


def _issues(adcode: str, rows: Sequence[Any]) -> list[Issue]:
    issues = []
    for row in rows:
        issued_at = beijing(row["issued_at"])
        assert issued_at is not None
        issues.append(Issue(row["feed"], row["basis"], issued_at, series_of(adcode, json.loads(row["points"]))))
    return issues


async def skill_everywhere(runtime: Runtime, scope: Scope, question: Question) -> dict[str, Any]:
    """All divisions of a scope together, and each by itself in `divisions`; one unit of work per division.

    Raises LawNotFound for an unknown rule set.
    """
    documents = load_targets(runtime.settings.config_dir)
    last = question.period.until - DAY
    gathered: list[Findings] = []
    places: list[dict[str, Any]] = []
    async with runtime.unit() as uow:
        period = question.period
        adcodes = await repository.divisions(uow, scope, period.start, period.end, question.feed)
        national = criteria_of(uow, NATION, question)
    for adcode in adcodes:
        async with runtime.unit() as uow:
            findings = await found(uow, scope, adcode, question, criteria_of(uow, adcode, question))
        feeds = [entry(one, documents, last, compact=question.compact) for one in pooled(findings)]
        places.append({"adcode": adcode, "name": runtime.place(adcode), "feeds": feeds})
        gathered += findings
    head = {
        "adcode": None if scope.adcode == NATION else scope.adcode,
        "name": "全部行政区" if scope.adcode == NATION else runtime.place(scope.adcode),
        "name_en": "all divisions" if scope.adcode == NATION else runtime.place(scope.adcode),
        "rules": national.rules_id,
        "plan": national.plan_id,
        "title": national.title,
        "number": national.number,
    }
    return document(question.period, head, gathered, documents, compact=question.compact) | {"divisions": places}
