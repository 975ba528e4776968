"""Each published record beside what the rules say on the observed air: agreement, timing, and the reasons."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum

from alerts.instants import DAY, HOUR, day_start
from alerts.law import Law
from alerts.levels import Level
from alerts.rules import Criteria
from service.history.air import AHEAD_DAYS, Collection, Window, collection
from service.history.codes import Code
from service.history.judging import Case, Lifting, Observed, Verdict, case_of, judge, lifting, observed
from service.history.records import STATES, Record, divisions_of, load_records
from service.law.names import Names, load_names

_LIFT_DAYS = 2
"""Days shown of a lifting: its own and the next one, which hold most of the 36 h."""


class Category(StrEnum):
    """How the rules stand to what was published."""

    AGREES = "agrees"
    HIGHER = "rules_higher"
    LOWER = "rules_lower"
    NOT_COMPARABLE = "not_comparable"


@dataclass(frozen=True)
class Place:
    """One division of a record: its verdict, and the lifting test where a lifting was published."""

    case: Case
    category: Category
    blocked: tuple[Code, ...] = ()
    verdict: Verdict | None = None
    lifting: Lifting | None = None
    air: Observed | None = None


@dataclass(frozen=True)
class Comparison:
    """One record. `leading` is the division that speaks for it: the strictest of those that could be compared."""

    record: Record
    places: tuple[Place, ...]
    unknown: tuple[str, ...]
    category: Category
    leading: Place | None

    @property
    def compared(self) -> int:
        """How many of its divisions could be compared."""
        return sum(place.category is not Category.NOT_COMPARABLE for place in self.places)

    @property
    def blocked(self) -> tuple[Code, ...]:
        """Why it cannot be compared, when it cannot: the reasons of all its divisions."""
        if self.category is not Category.NOT_COMPARABLE:
            return ()
        if not self.places:
            return (Code.PLACE_UNKNOWN,)
        return tuple(dict.fromkeys(why for place in self.places for why in place.blocked))

    @property
    def difference_hours(self) -> float | None:
        """Published start (or lifting) minus that of the rules; None for states and where either has no hour."""
        place, record = self.leading, self.record
        if place is None or place.verdict is None or record.action in STATES or not record.effective.exact:
            return None
        rules = place.lifting.earliest if place.lifting is not None else place.verdict.assessment.starts_at
        return None if rules is None else (record.effective.at - rules) / HOUR

    @property
    def to_the_hour(self) -> bool:
        """Whether the air was observed by the hour, so that a start or lifting is known to the hour."""
        window = self.leading.case.window if self.leading else None
        return window is not None and window.series.kind == "hourly"

    @property
    def steps_apart(self) -> int | None:
        """How many levels lie between the rules and the record; None for liftings and what is not comparable."""
        place, record = self.leading, self.record
        if self.category is Category.NOT_COMPARABLE or place is None or place.verdict is None or record.lifts:
            return None
        criteria = place.case.criteria
        if criteria is None or record.level is None:
            return None
        return abs(_rank(criteria, record.level) - _rank(criteria, place.verdict.level))


def _rank(criteria: Criteria, level: Level) -> int:
    """Number of levels of this set up to the given one; a set without blue has three."""
    return sum(known <= level for known in criteria.known_levels)


def compare(record: Record, law: Law, names: Names, air: Collection) -> Comparison:
    """One record beside the rules. What cannot be compared says why; nothing is left out."""
    codes, unknown = divisions_of(record, names, law.divisions)
    places = tuple(
        _place(case_of(record, adcode, name, law, air.around(adcode, record.at))) for adcode, name in codes.items()
    )
    able = [place for place in places if place.category is not Category.NOT_COMPARABLE]
    shown = able or [place for place in places if place.verdict is not None]
    leading = max(shown, key=_strictness, default=None)
    category = leading.category if leading is not None else Category.NOT_COMPARABLE
    return Comparison(record, places, unknown, category, leading)


def _strictness(place: Place) -> tuple[bool, float, Level]:
    """The highest level; among liftings the one that is possible last."""
    verdict, test = place.verdict, place.lifting
    never = test is not None and test.earliest is None
    latest = test.earliest.timestamp() if test is not None and test.earliest is not None else 0.0
    return never, latest, verdict.level if verdict is not None else Level.NONE


def _place(case: Case) -> Place:
    record, window, criteria = case.record, case.window, case.criteria
    blocked = []
    if window is None:
        blocked.append(Code.NO_OBSERVATIONS)
    if criteria is None:
        blocked.append(Code.NO_RULE_SET)
    if record.level is None and not record.lifts:
        blocked.append(Code.LEVEL_NOT_PUBLISHED)
    if criteria is not None and record.lifts and criteria.lift is None:
        blocked.append(Code.NO_LIFTING_TEST)
    if blocked or window is None or criteria is None:
        return Place(case, Category.NOT_COMPARABLE, tuple(blocked))
    return _lifted(case, window, criteria) if record.lifts else _warned(case, window, criteria)


def _warned(case: Case, window: Window, criteria: Criteria) -> Place:
    """A level that was published beside the level of the rules; unknown hours decide only where they could."""
    verdict = judge(case, window, criteria)
    seen = observed(case.record, verdict.whole, _shown_until(case.record))
    category = category_of(case.record.level or Level.NONE, verdict.level, verdict.possible)
    blocked = (Code.DATA_INCOMPLETE,) if category is Category.NOT_COMPARABLE else ()
    return Place(case, category, blocked, verdict, None, seen)


def category_of(published: Level, least: Level, most: Level) -> Category:
    """The rules' level lies between `least` (provable) and `most`; not comparable when that leaves it open."""
    if least > published:
        return Category.HIGHER
    if most < published:
        return Category.LOWER
    return Category.AGREES if least == most else Category.NOT_COMPARABLE


def _lifted(case: Case, window: Window, criteria: Criteria) -> Place:
    """A lifting agrees when the rules, too, would have lifted by then; otherwise they would have kept the warning."""
    assert criteria.lift is not None
    verdict = judge(case, window, criteria)
    at = case.record.at
    test = lifting(verdict.whole, at, criteria.lift)
    seen = observed(case.record, verdict.whole, day_start(at.date()) + _LIFT_DAYS * DAY)
    if test.unknown:
        return Place(case, Category.NOT_COMPARABLE, (Code.DATA_INCOMPLETE,), verdict, test, seen)
    by_then = test.earliest is not None and test.earliest <= at
    return Place(case, Category.AGREES if by_then else Category.HIGHER, (), verdict, test, seen)


def _shown_until(record: Record) -> datetime:
    """The end of the period that was announced, else of the horizon."""
    horizon = day_start(record.at.date()) + timedelta(days=AHEAD_DAYS + 1)
    planned = record.planned_end.until if record.planned_end is not None else None
    return horizon if planned is None else max(min(planned, horizon), day_start(record.at.date()) + DAY)


@dataclass(frozen=True)
class Counts:
    """Sums over all comparisons."""

    records: int
    categories: dict[Category, int]
    levels: int
    within_one: int
    liftings: int
    why_not: dict[Code, int] = field(default_factory=dict)

    @property
    def comparable(self) -> int:
        """Records of which something could be compared."""
        return self.records - self.categories[Category.NOT_COMPARABLE]

    @property
    def share(self) -> float | None:
        """Share of the comparable ones that agree; None when there are none."""
        return self.categories[Category.AGREES] / self.comparable if self.comparable else None


def count(comparisons: Iterable[Comparison]) -> Counts:
    """How many agree. `levels` are comparable records of a level, `within_one` those at most one level apart."""
    every = list(comparisons)
    found = Counter(each.category for each in every)
    apart = [each.steps_apart for each in every if each.steps_apart is not None]
    comparable = len(every) - found[Category.NOT_COMPARABLE]
    return Counts(
        records=len(every),
        categories={category: found[category] for category in Category},
        levels=len(apart),
        within_one=sum(steps <= 1 for steps in apart),
        liftings=comparable - len(apart),
        why_not=dict(Counter(each.blocked[0] for each in every if each.blocked)),
    )


def compare_all(law: Law) -> tuple[Comparison, ...]:
    """Every record of the collection, in the order of its number."""
    names, air = load_names(), collection()
    return tuple(compare(record, law, names, air) for record in load_records())
