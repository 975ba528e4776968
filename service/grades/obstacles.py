"""What stands against giving a grade: a ban, or an A+ where A was not held for long enough. Asked again at the publication."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta

from emission_lists.grades import Grade
from emission_lists.grading import REVIEWED, Kind, State
from emission_lists.grading_rules import months_later
from emission_lists.standing import Decided, banned_until, held_since, standing_at
from service.grades.cases import Stored
from service.grades.repository import decisions_of, reversed_cases
from service.grades.rules import rules_for
from service.kit.clock import SHANGHAI
from service.kit.problems import Conflict
from service.kit.unit_of_work import Reading, UnitOfWork

LOCK_SQL = "SELECT pg_advisory_xact_lock(hashtextextended('grade:' || $1, 0))"
UNDECIDED = frozenset(
    {State.APPLIED, *REVIEWED.values(), State.IN_PUBLICITY, State.OBJECTED, State.PUBLICITY_ENDED, State.ENTERED}
)
"""States of a case whose grade is still to be given or refused."""
Words = dict[str, str]


async def one_at_a_time(uow: UnitOfWork, uscc: str) -> None:
    """Until the commit nobody else applies for, gives or takes a grade of this enterprise."""
    await uow.execute(LOCK_SQL, uscc)


async def ban_on(uow: Reading, uscc: str, adcode: str, decisions: Iterable[Decided]) -> datetime | None:
    """Until when the enterprise and its lines are given no grade, in Beijing time; None without a ban."""
    ban = banned_until(decisions, uow.now, await reversed_cases(uow, uscc, adcode))
    return None if ban is None else ban.astimezone(SHANGHAI)


def stable_for(since: datetime, years: int, now: datetime) -> bool:
    """Whether so many whole years have passed, by the calendar in Beijing time; 29 February counts to the 28th."""
    return months_later(since.astimezone(SHANGHAI), 12 * years) <= now


def too_short(county: str, decisions: Iterable[Decided], now: datetime) -> Words | None:
    """Why the enterprise cannot be picked for A+ now: it has not been A for long enough."""
    years = rules_for(county, now.date()).a_plus.value
    since = held_since(decisions, (Grade.A,), now)
    if since is not None and stable_for(since, years, now):
        return None
    return _short_words(years, since)


def _short_words(years: int, since: datetime | None) -> Words:
    day = "" if since is None else since.astimezone(SHANGHAI).date().isoformat()
    return {
        "zh": f"A+级在稳定达到A级{years}年以上的企业中遴选" + (f"；该企业自{day}起为A级" if day else ""),
        "en": f"A+ is picked among enterprises that have been A for at least {years} years."
        + (f" It has been A since {day}." if day else ""),
    }


def contradicted(county: str, decisions: Iterable[Decided], now: datetime) -> Words | None:
    """As `too_short`, for an A+ published elsewhere: only where the grades decided here say otherwise.

    What was before the first of them is not known here.
    """
    made, years = list(decisions), rules_for(county, now.date()).a_plus.value
    since = held_since(made, (Grade.A, Grade.A_PLUS), now)
    if since is not None and stable_for(since, years, now):
        return None
    before = standing_at(made, now if since is None else since - timedelta(microseconds=1))
    return None if before is None or before.grade is None else _short_words(years, since)


async def obstacle(uow: Reading, stored: Stored) -> Words | None:
    """What forbids to publish the grade of a case now, and what to do with the case instead; None if nothing does."""
    row = stored.row
    if stored.kind is Kind.DOWNGRADE or stored.state not in UNDECIDED:
        return None
    decisions = (await decisions_of(uow, row["uscc"], row["adcode"])).grades
    ban = await ban_on(uow, row["uscc"], row["adcode"], decisions)
    if ban is not None:
        ends = ban.isoformat(timespec="minutes")
        return {
            "zh": f"{row['name']}已被降级，至{ends}前企业及其生产线均不得评定等级。请对第{stored.id}号办理“不予通过”；期满后可重新申请",
            "en": f"{row['name']} was downgraded: neither it nor its lines may be given a grade until {ends}. Reject case"
            f" {stored.id}; from then on it may apply again.",
        }
    if stored.grade is not Grade.A_PLUS:
        return None
    judge = contradicted if stored.kind is Kind.PUBLISHED else too_short
    short = judge(row["county"], decisions, uow.now)
    if short is None:
        return None
    return {
        "zh": f"{row['name']}：{short['zh']}。请对第{stored.id}号办理“不予通过”",
        "en": f"{row['name']}: {short['en']} Reject case {stored.id}.",
    }


async def check_publication(uow: UnitOfWork, stored: Stored) -> None:
    """Raises Conflict where something came between the application and its publication."""
    await one_at_a_time(uow, stored.row["uscc"])
    found = await obstacle(uow, stored)
    if found is not None:
        raise Conflict(found["en"], detail_zh=found["zh"])
