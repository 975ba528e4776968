"""How a province grades (各省绩效分级管理规定) as data: routes, publicity, bans, batches; and the days of the calendar.

The files are `config/grading/<adcode>.yaml`. Each rule says whether it was found in a document or is a choice of this
product (`choice: true`, shown as 未确立).
"""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Annotated, Generic, Literal, TypeVar
from zoneinfo import ZoneInfo

from pydantic import BaseModel, ConfigDict, Field, model_validator

from emission_lists.grades import Grade
from emission_lists.grading import OFFICIAL, Actor
from emission_lists.guides import Guide, Industry, InForce, plain

_SHANGHAI = ZoneInfo("Asia/Shanghai")
T = TypeVar("T")


class _Data(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Rule(_Data, Generic[T]):
    """One rule. `choice`: no document was found, this product chose it, and a place may choose otherwise."""

    value: T
    choice: bool = False
    source: tuple[str, ...] = ()
    note_zh: str = ""
    note_en: str = ""

    @model_validator(mode="after")
    def _rests_on_something(self) -> Rule[T]:
        if not self.choice and not self.source:
            raise ValueError("name the source, or mark the rule `choice: true`")
        return self

    @property
    def established(self) -> bool:
        """Whether it stands in a document (已确立)."""
        return not self.choice


class Publicity(_Data):
    """How long results are publicised; `counted_from` next_day: the day of the announcement does not count."""

    days: Annotated[int, Field(ge=1, le=60)]
    unit: Literal["natural", "working"]
    counted_from: Literal["same_day", "next_day"] = "next_day"


class Route(_Data):
    """The levels that review a grade, in turn; the last one decides. `grades` None: all others.

    `publicity_after`: after whose review the publicity comes; None = after the last one's.
    """

    levels: tuple[Actor, ...] = Field(min_length=1)
    grades: frozenset[Grade] | None = None
    publicity_after: Actor | None = None
    choice: bool = False

    @model_validator(mode="after")
    def _of_government(self) -> Route:
        if not OFFICIAL.issuperset(self.levels) or len(set(self.levels)) != len(self.levels):
            raise ValueError("a route names district, city, province, ministry, each at most once")
        if self.publicity_after is not None and self.publicity_after not in self.levels:
            raise ValueError("publicity_after: name one of the route's levels")
        return self


class Batch(_Data):
    """One of a year's batches, as month and day: until when a city hands in, when the province publicises."""

    submit_by: Annotated[str, Field(pattern=r"^\d{2}-\d{2}$")]
    publicised: Annotated[str, Field(pattern=r"^\d{2}(-\d{2})?$")]


class NeedsEvaluation(_Data):
    """Industries whose better grades need a passed evaluation (超低排放评估监测), and where a faked one leads."""

    industries: tuple[str, ...]
    grades: frozenset[Grade]
    faked_to: Grade
    evaluation_zh: str


class LocalIndustry(_Data):
    """An industry that a province grades beyond the guide. `grades` empty: its scheme is not established."""

    name: str
    grades: tuple[Grade, ...] = ()
    source: tuple[str, ...]


class GradingStatement(_Data):
    """Something a place says of its grading that is shown and not computed with."""

    zh: str
    en: str
    source: tuple[str, ...] = Field(min_length=1)


class GradingRules(_Data):
    """The rules of one province (or of the whole country) for grades."""

    adcode: Annotated[str, Field(pattern=r"^\d{2}0000$")]
    title: str
    in_force: InForce
    in_force_note: str | None = None
    publicity: Rule[Publicity]
    routes: Rule[tuple[Route, ...]]
    batches: Rule[tuple[Batch, ...]]
    valid_months: Rule[Annotated[int, Field(ge=1, le=240)] | None]
    after_expiry: Rule[Literal["lowest", "unknown"]]
    downgrade_to: Rule[Literal["lowest", "one_down"]]
    ban_months: Rule[Annotated[int, Field(ge=1, le=120)] | None]
    appeal_suspends: Rule[bool]
    a_plus: Rule[Annotated[int, Field(ge=0, le=10)]]
    needs_evaluation: Rule[NeedsEvaluation]
    local_industries: tuple[LocalIndustry, ...] = ()
    statements: tuple[GradingStatement, ...] = ()
    sources: dict[str, str]

    @model_validator(mode="after")
    def _sourced(self) -> GradingRules:
        for name in type(self).model_fields:
            rule = getattr(self, name)
            for key in rule.source if isinstance(rule, Rule) else ():
                if key not in self.sources:
                    raise ValueError(f"{name}: source {key!r} is not listed under sources")
        for key in (key for one in self.statements for key in one.source):
            if key not in self.sources:
                raise ValueError(f"statements: source {key!r} is not listed under sources")
        routes = self.routes.value
        if not routes or routes[-1].grades is not None:
            raise ValueError("routes: the last one holds for all other grades and names none")
        return self

    def route(self, grade: Grade) -> tuple[Actor, ...]:
        """The levels that review an application for a grade. A+ goes on from the province to the ministry."""
        if grade is Grade.A_PLUS:
            return (Actor.PROVINCE, Actor.MINISTRY)
        return self._route(grade).levels

    def publicity_after(self, grade: Grade) -> Actor | None:
        """After whose review an application for a grade is publicised, where that is not the last one."""
        return None if grade is Grade.A_PLUS else self._route(grade).publicity_after

    def _route(self, grade: Grade) -> Route:
        return next(route for route in self.routes.value if route.grades is None or grade in route.grades)

    def route_established(self, grade: Grade) -> bool:
        """Whether the route of a grade stands in a document."""
        if grade is Grade.A_PLUS:
            return self.a_plus.established
        return self.routes.established and not self._route(grade).choice

    def local_industry(self, name: str) -> LocalIndustry | None:
        """The local industry of that name, if there is one."""
        return next((one for one in self.local_industries if plain(one.name) == plain(name)), None)


class Holidays(_Data):
    """Statutory holidays (法定节假日) and the weekend days worked instead, of one year."""

    year: Annotated[int, Field(ge=2000, le=2100)]
    number: str
    off: tuple[tuple[date, date], ...]
    worked: tuple[date, ...]

    @model_validator(mode="after")
    def _consistent(self) -> Holidays:
        for first, last in self.off:
            if first > last or first.year != self.year or last.year != self.year:
                raise ValueError(f"off: {first}..{last} is not in order or not of {self.year}")
        for day in self.worked:
            if day.year != self.year or day.weekday() < 5 or self.holds(day):
                raise ValueError(f"worked: {day} must be a weekend day of {self.year} outside the holidays")
        return self

    def holds(self, day: date) -> bool:
        """Whether the day is a holiday."""
        return any(first <= day <= last for first, last in self.off)


class StatutoryDays(_Data):
    """Days off that stand in the regulation by the solar calendar (month-day), whatever the notice of a year adds."""

    title: str
    in_force: InForce
    days: tuple[Annotated[str, Field(pattern=r"^(0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01])$")], ...] = Field(min_length=1)

    def holds(self, day: date) -> bool:
        """Whether the day is one of them."""
        return self.in_force.holds_on(day) and f"{day:%m-%d}" in self.days


class Calendar:
    """Which days are worked.

    Where a year's notice is not known, Monday to Friday count but for the statutory days of fixed date, and `known` says so.
    """

    def __init__(self, years: tuple[Holidays, ...], fixed: StatutoryDays | None = None) -> None:
        self._years = {one.year: one for one in years}
        self._fixed = fixed

    def known(self, day: date) -> bool:
        """Whether the holidays of the day's year are known."""
        return day.year in self._years

    def works(self, day: date) -> bool:
        """Whether the day is a working day (工作日)."""
        year = self._years.get(day.year)
        if year is None:
            return day.weekday() < 5 and not (self._fixed is not None and self._fixed.holds(day))
        return day in year.worked or (day.weekday() < 5 and not year.holds(day))


class Window(_Data):
    """A publicity: half-open, from its announcement to the end of its last day.

    `weekdays_only`: the holidays of a year in it are not known but for those of fixed date.
    """

    start: datetime
    end: datetime
    last_day: date
    weekdays_only: bool


def publicity_window(start: datetime, rule: Publicity, calendar: Calendar) -> Window:
    """When a publicity that is announced at `start` (aware) is over: midnight after its last day, in Beijing time.

    A natural-day publicity is not lengthened by a holiday at its end; a working-day one never ends on a day off.
    """
    day = start.astimezone(_SHANGHAI).date()
    if rule.counted_from == "next_day":
        day += timedelta(days=1)
    left, weekdays_only = rule.days, False
    while True:
        working = rule.unit == "working"
        weekdays_only = weekdays_only or (working and not calendar.known(day))
        if not working or calendar.works(day):
            left -= 1
            if left == 0:
                break
        day += timedelta(days=1)
    midnight = datetime.combine(day + timedelta(days=1), datetime.min.time(), _SHANGHAI)
    return Window(start=start, end=midnight, last_day=day, weekdays_only=weekdays_only)


def months_later(instant: datetime, months: int) -> datetime:
    """The same day and time some months later; the month's last day where it has no such day."""
    year, month = divmod(instant.year * 12 + instant.month - 1 + months, 12)
    for day in range(instant.day, 0, -1):
        try:
            return instant.replace(year=year, month=month + 1, day=day)
        except ValueError:
            continue
    raise ValueError(f"{instant} has no day")  # pragma: no cover - every month has a first day


def legal_grades(guide: Guide, industry: Industry, subtype: str | None) -> tuple[Grade, ...]:
    """The grades that an industry (or a sub-type of it) may have by its guide; empty: the scheme is not established.

    A sub-type may carry a scheme of its own, as 水泥粉磨站 does. KeyError if the industry has no such sub-type.
    """
    if subtype is not None and industry.subtype(subtype) is None:
        raise KeyError(subtype)
    return guide.legal_grades(industry, subtype)


def lowest_grade(legal: tuple[Grade, ...], current: Grade | None = None) -> Grade | None:
    """What an enterprise has that did not apply or lost its rating: the lowest legal grade (按最低等级管控).

    Where letters and 引领性 stand side by side, the lowest of the scheme that `current` belongs to.
    """
    leading = (Grade.LEADING, Grade.NON_LEADING)
    if current is not None:
        legal = tuple(grade for grade in legal if (grade in leading) == (current in leading)) or legal
    elif legal and len({grade in leading for grade in legal}) == 2:
        return None
    return legal[-1] if legal else None


def downgraded(
    rules: GradingRules, legal: tuple[Grade, ...], industry: str, current: Grade | None, *, faked: bool
) -> Grade | None:
    """The grade that a downgrade leads to by rule; None where it is not established. A faked evaluation: D for steel."""
    special = rules.needs_evaluation.value
    if faked and plain(industry) in {plain(name) for name in special.industries}:
        return special.faked_to if special.faked_to in legal else lowest_grade(legal, current)
    if rules.downgrade_to.value == "lowest" or current is None or current not in legal:
        return lowest_grade(legal, current)
    place = legal.index(current) + 1
    return legal[place] if place < len(legal) else current


def evaluation_needed(rules: GradingRules, industry: str, grade: Grade) -> str | None:
    """The evaluation that an application for a grade must prove, in Chinese; None if it needs none."""
    special = rules.needs_evaluation.value
    named = plain(industry) in {plain(name) for name in special.industries}
    return special.evaluation_zh if named and grade in special.grades else None
