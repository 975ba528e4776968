"""What the rules say about one division at one instant, with the observed air as a perfect forecast (完美预报)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import pairwise

from alerts.assessment import Assessment, assess
from alerts.instants import DAY, HOUR, day_start, hour_ceil, hour_floor
from alerts.law import Law, LawNotFound
from alerts.levels import Level
from alerts.plans import Deadlines
from alerts.proposal import may_lift
from alerts.rules import NATIONAL, Criteria, LiftRule
from service.history.air import Window
from service.history.records import STATES, Record


@dataclass(frozen=True)
class Case:
    """One division at the instant of a record: its air, its law, and until when a start still belongs to the record.

    `criteria` None: no rule set is known for the place and time. `own_plan`: config holds a plan of the place or of its
    province.
    """

    adcode: str
    name: str
    record: Record
    law: Law
    criteria: Criteria | None
    own_plan: bool
    reach: datetime
    window: Window | None


@dataclass(frozen=True)
class Observed:
    """Highest and mean graded AQI of the natural days from the record's day on; None when no day is known."""

    peak: int | None
    mean: int | None
    days: int
    known: int


@dataclass(frozen=True)
class Verdict:
    """The level by the rules at the record's instant, and the most that unknown hours could make of it.

    `whole` is the assessment of all of the window; `elsewhere` is it too where its period starts too late to belong to the
    record.
    """

    assessment: Assessment
    whole: Assessment
    elsewhere: Assessment | None

    @property
    def level(self) -> Level:
        """The level that is provable."""
        return self.assessment.level

    @property
    def possible(self) -> Level:
        """The level if the unknown blocks were above every line."""
        return self.assessment.possible_level

    @property
    def merged(self) -> bool:
        """Whether the blocks do not follow each other directly: several episodes count as one."""
        blocks = self.assessment.blocks
        return any(after.start != before.end for before, after in pairwise(blocks))


@dataclass(frozen=True)
class Lifting:
    """The lifting test (解除条件) around a published lifting.

    `held`: at the published instant; `earliest`: since the last hour above the line, or None within the window. None for
    `held`, and `unknown`: missing hours decide.
    """

    rule: LiftRule
    held: bool | None
    earliest: datetime | None
    unknown: bool


def case_of(record: Record, adcode: str, name: str, law: Law, window: Window | None) -> Case:
    """The law in force there and then, by the record's instant."""
    try:
        criteria = law.criteria_for(adcode, record.at)
    except LawNotFound:
        criteria = None
    try:
        plan = law.plan_for(adcode, record.at)
        ahead, layers = plan.deadlines.issue_ahead_hours, plan.layers or (plan.id,)
    except LawNotFound:
        ahead, layers = Deadlines().issue_ahead_hours, ()
    own = any(law.plans[plan_id].adcode != NATIONAL for plan_id in layers)
    return Case(adcode, name, record, law, criteria, own, _reach(record, ahead), window)


def _reach(record: Record, ahead_hours: int) -> datetime:
    """What is in force has begun; what starts later than a plan lets propose belongs to another proposal."""
    if record.action in STATES:
        return record.effective.until if not record.effective.exact else record.at + HOUR
    return record.effective.until + timedelta(hours=ahead_hours)


def judge(case: Case, window: Window, criteria: Criteria) -> Verdict:
    """The level of what runs at the instant or starts before `case.reach`; the air after a later start is cut off."""
    found = whole = _assessed(case, window, criteria)
    elsewhere = None
    while found.starts_at is not None and found.starts_at >= case.reach:
        elsewhere = elsewhere or found
        cut = window.until(found.starts_at)
        if cut is None:
            found = _cleared(found)
            break
        found = _assessed(case, cut, criteria)
    return Verdict(found, whole, elsewhere)


def _cleared(assessment: Assessment) -> Assessment:
    """The assessment with nothing left of it: no level and nothing unknown."""
    nothing = {"level": Level.NONE, "possible_level": Level.NONE, "clause": None, "blocks": ()}
    return assessment.model_copy(update=nothing | {"starts_at": None, "ends_at": None})


def _assessed(case: Case, window: Window, criteria: Criteria) -> Assessment:
    return assess(window.series, as_of=case.record.at, criteria=criteria, standards=case.law.standards)


def observed(record: Record, assessment: Assessment, end: datetime) -> Observed:
    """Peak and mean of the graded 24-h AQI of natural days from the record's day to `end` (not included)."""
    line = assessment.rolling
    start = day_start(record.at.date())
    values = [value for at, value in _midnights(line.start, line.values) if start <= at < end]
    known = [value for value in values if value is not None]
    days = (end - start) // DAY
    if not known:
        return Observed(None, None, days, 0)
    return Observed(max(known), round(sum(known) / len(known)), days, len(known))


def _midnights(start: datetime, values: tuple[int | None, ...]) -> Iterator[tuple[datetime, int | None]]:
    for place, value in enumerate(values):
        at = start + place * HOUR
        if at == day_start(at.date()):
            yield at, value


def lifting(assessment: Assessment, at: datetime, rule: LiftRule) -> Lifting:
    """The lifting test at `at`, and the first whole hour since the last one above the line at which it held."""
    start = _since_bad(assessment, at, rule)
    held = _test(assessment, at, rule)
    unknown = False
    for instant in _hours(start, at):
        answer = held if instant == at else _test(assessment, instant, rule)
        if answer:
            return Lifting(rule, held, instant, unknown=False)
        unknown = unknown or answer is None
    if held:
        return Lifting(rule, held, at, unknown=False)
    if unknown or held is None:
        return Lifting(rule, held, None, unknown=True)
    end = assessment.hourly.start + len(assessment.hourly.values) * HOUR
    later = (instant for instant in _hours(hour_ceil(at), end) if may_lift(assessment, instant, rule))
    return Lifting(rule, held, next(later, None), unknown=False)


def _hours(first: datetime, last: datetime) -> Iterator[datetime]:
    at = first
    while at <= last:
        yield at
        at += HOUR


def _since_bad(assessment: Assessment, at: datetime, rule: LiftRule) -> datetime:
    """The end of the first hour after the last one before `at` that is known to lie above the line.

    Without such an hour, the end of the first known one; `at` itself when its own hour lies above.
    """
    line, place = assessment.hourly, round((hour_floor(at) - assessment.hourly.start) / HOUR) - 1
    earliest = at
    for index in range(min(place, len(line.values) - 1), -1, -1):
        value = line.values[index]
        if value is not None and value > rule.at_most:
            break
        if value is not None:
            earliest = line.start + (index + 1) * HOUR
    return earliest


def _test(assessment: Assessment, at: datetime, rule: LiftRule) -> bool | None:
    """The test as a yes, a no, or None where only missing hours stand against it."""
    if may_lift(assessment, at, rule):
        return True
    line = assessment.hourly
    first = round((hour_floor(at) - line.start) / HOUR) - 1
    last = round((hour_ceil(at + rule.forecast_hours * HOUR) - line.start) / HOUR) - 1
    inside = line.values[max(first, 0) : last + 1]
    return False if any(value is not None and value > rule.at_most for value in inside) else None
