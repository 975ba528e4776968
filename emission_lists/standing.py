"""Which grade is in force (生效等级): decisions with the instants from which they hold, and what they come to.

A decision never begins before it was recorded, so what held at a past instant stays as it was. One that another supersedes
before it begins never begins: see `taking_effect`.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from emission_lists.grades import Grade
from emission_lists.guides import Guide, plain
from emission_lists.measures import Labelled

_LETTERS = (Grade.A_PLUS, Grade.A, Grade.B, Grade.B_MINUS, Grade.C, Grade.D)
_TOP = (Grade.A_PLUS, Grade.A, Grade.LEADING, Grade.ADVANCED)
SETTLING = timedelta(minutes=1)
"""Between the record of a decision and its earliest effect, so that nobody is answered without it after it began."""


class DecisionKind(Labelled):
    """Why a grade is in force."""

    RATED = ("rated", "评定", "rated")
    PICKED = ("picked", "生态环境部遴选", "picked by the ministry")
    PUBLISHED = ("published", "已公布结果", "published result")
    FINDING = ("finding", "核查发现问题", "confirmed finding")
    FAILED_EVALUATION = ("failed_evaluation", "评估监测不达标", "failed evaluation")
    FAKED_EVALUATION = ("faked_evaluation", "评估监测弄虚作假", "faked evaluation")
    FALSE_MATERIAL = ("false_material", "申报材料弄虚作假", "false application material")
    MEASURES_NOT_CARRIED_OUT = (
        "measures_not_carried_out",
        "预警期间未落实减排措施",
        "measures not carried out in a warning",
    )
    APPEAL_PENDING = ("appeal_pending", "申诉期间暂停降级", "downgrade suspended during the appeal")
    APPEAL_GRANTED = ("appeal_granted", "申诉成立", "appeal granted")

    @property
    def downgrading(self) -> bool:
        """True for the grounds of a downgrade."""
        return self in DOWNGRADING


DOWNGRADING = frozenset(
    {
        DecisionKind.FINDING,
        DecisionKind.FAILED_EVALUATION,
        DecisionKind.FAKED_EVALUATION,
        DecisionKind.FALSE_MATERIAL,
        DecisionKind.MEASURES_NOT_CARRIED_OUT,
    }
)
_APPEALS = frozenset({DecisionKind.APPEAL_PENDING, DecisionKind.APPEAL_GRANTED})


def effective_instant(asked: datetime | None, recorded: datetime) -> datetime:
    """When a decision takes effect: as asked, but never before the first full minute after it has settled."""
    earliest = recorded + SETTLING
    if earliest.second or earliest.microsecond:
        earliest = earliest.replace(second=0, microsecond=0) + timedelta(minutes=1)
    return earliest if asked is None else max(asked, earliest)


@dataclass(frozen=True, slots=True)
class Decided:
    """One decision on a grade. `line_code` None: on the enterprise; `grade_after`: what holds once it has expired
    (None = not established); `case`: the number of the case that it ends.
    """

    id: int
    industry: str
    line_code: str | None
    grade: Grade
    kind: DecisionKind
    effective_from: datetime
    valid_until: datetime | None = None
    grade_after: Grade | None = None
    ban_until: datetime | None = None
    document: str | None = None
    case: int | None = None


def by_guide(decisions: Iterable[Decided], guide: Guide) -> tuple[Decided, ...]:
    """Decisions with their industries as the guide names them: those of one industry are about one subject, however written.

    A name that the guide does not have stays as it was first written, whatever its brackets and spaces.
    """
    written: dict[str, str] = {}

    def named(name: str) -> str:
        industry = guide.placed(name)[0]
        return written.setdefault(plain(name), name) if industry is None else industry.name_zh

    pairs = [(one, named(one.industry)) for one in decisions]
    return tuple(one if name == one.industry else replace(one, industry=name) for one, name in pairs)


@dataclass(frozen=True, slots=True)
class InForce:
    """The grade of one subject (enterprise or line, in one industry) and since when. `grade` None: not established."""

    industry: str
    line_code: str | None
    grade: Grade | None
    since: datetime
    decision: Decided

    @property
    def expired(self) -> bool:
        return self.decision.valid_until is not None and self.since >= self.decision.valid_until


@dataclass(frozen=True, slots=True)
class GradeStanding:
    """What is in force at one instant: a grade for the enterprise in each industry, and for lines rated by themselves.

    `begun`: every decision that had begun by then, in the order in which they began.
    """

    at: datetime
    subjects: tuple[InForce, ...]
    begun: tuple[Decided, ...] = ()

    @property
    def enterprise(self) -> tuple[InForce, ...]:
        return tuple(subject for subject in self.subjects if subject.line_code is None)

    @property
    def decisive(self) -> InForce | None:
        """The rating of the enterprise that fixes its grade: the lowest; None without one, or if none is lowest."""
        grades = [subject.grade for subject in self.enterprise]
        worst = lowest(grades)
        return next((subject for subject in self.enterprise if subject.grade is worst), None) if worst else None

    @property
    def grade(self) -> Grade | None:
        """The grade of the enterprise (综合等级); None where it is not established."""
        return None if self.decisive is None else self.decisive.grade

    def of_line(self, code: str) -> InForce | None:
        """The rating of a line by itself; a later downgrade of the enterprise takes it with it, for good.

        None where there is none, or where the enterprise was rated anew after such a downgrade: the line then goes with it.
        """
        own = [subject for subject in self.subjects if subject.line_code == code]
        if not own:
            return None
        newest = max(own, key=lambda subject: (subject.since, subject.decision.id))
        falls = self._falls_since(newest.decision)
        if not falls:
            return newest
        return next((subject for subject in self.enterprise if subject.decision in falls), None)

    def _falls_since(self, rating: Decided) -> list[Decided]:
        """The downgrades of the enterprise since a line was rated, but for those that an appeal took back or suspended."""
        made = [one for one in self.begun if one.line_code is None and one.industry == rating.industry]
        return [
            fall
            for fall in made
            if fall.kind.downgrading
            and (fall.effective_from >= rating.effective_from or fall.id > rating.id)
            and not any(later.kind in _APPEALS and later.case == fall.case and later.id > fall.id for later in made)
        ]


def overtakes(later: Decided, one: Decided) -> bool:
    """Whether a decision about the same subject was recorded after another one and holds before that one would begin.

    A downgrade that has still to begin gives way only to an appeal of its own case, or to one that goes as far down.
    """
    if (later.industry, later.line_code) != (one.industry, one.line_code):
        return False
    if later.id <= one.id or later.effective_from >= one.effective_from:
        return False
    if not one.kind.downgrading or (one.case is not None and later.case == one.case):
        return True
    return later.kind.downgrading and at_most(later.grade, one.grade) is True


def taking_effect(decisions: Iterable[Decided]) -> tuple[Decided, ...]:
    """The decisions that begin, in the order in which they do: without those that were superseded before their begin.

    Which ones these are follows from the order of the records alone, so that it is the same whenever it is asked.
    """
    stand: list[Decided] = []
    for one in sorted(decisions, key=lambda one: one.id, reverse=True):
        if not any(overtakes(later, one) for later in stand):
            stand.append(one)
    return tuple(sorted(stand, key=lambda one: (one.effective_from, one.id)))


def standing_at(decisions: Iterable[Decided], at: datetime) -> GradeStanding | None:
    """What is in force at an instant; None if nothing was ever decided by then."""
    begun = taking_effect(one for one in decisions if one.effective_from <= at)
    if not begun:
        return None
    newest = {(one.industry, one.line_code): one for one in begun}
    return GradeStanding(at, tuple(_in_force(one, at) for one in newest.values()), begun)


def _in_force(decided: Decided, at: datetime) -> InForce:
    over = decided.valid_until is not None and decided.valid_until <= at
    since = decided.valid_until if over and decided.valid_until else decided.effective_from
    grade = decided.grade_after if over else decided.grade
    return InForce(decided.industry, decided.line_code, grade, since, decided)


def held_since(decisions: Iterable[Decided], grades: Collection[Grade], at: datetime) -> datetime | None:
    """Since when the enterprise has had one of these grades without a break, renewals counted on; None if it has not now."""
    made = list(decisions)
    turns = {one.effective_from for one in made} | {one.valid_until for one in made if one.valid_until is not None}
    since: datetime | None = None
    for turn in sorted((one for one in turns if one <= at), reverse=True):
        standing = standing_at(made, turn)
        if standing is None or standing.grade not in grades:
            break
        since = turn
    return since


def banned_until(
    decisions: Iterable[Decided], at: datetime, reversed_cases: Collection[int] = frozenset()
) -> datetime | None:
    """Until when no new rating may be applied for; None if there is no ban.

    A ban belongs to its case: a granted appeal ends that of its own case and no other. `reversed_cases`: those whose
    downgrade was taken back, whether or not there was a grade to give back.
    """
    made = list(decisions)
    lifted = {one.case for one in made if one.kind is DecisionKind.APPEAL_GRANTED and one.case is not None}
    lifted.update(reversed_cases)
    ends = [one.ban_until for one in made if one.ban_until is not None and one.case not in lifted]
    return max((end for end in ends if end > at), default=None)


def at_most(one: Grade, other: Grade) -> bool | None:
    """Whether `one` is not better than `other`; None where two schemes cannot be compared.

    A, A+, 引领性 and Henan's 绩效先进性 stand above everything below them (one text lets them decide for themselves and
    limits B, 2020-10-27), an enterprise that is not graded below everything.
    """
    if one is other or one is Grade.UNGRADED:
        return True
    if other is Grade.UNGRADED:
        return False
    if one in _LETTERS and other in _LETTERS:
        return _LETTERS.index(one) >= _LETTERS.index(other)
    if one in _TOP and other in _TOP:
        return True
    if one in _TOP or other in _TOP:
        return other in _TOP
    return None


def lowest(grades: Iterable[Grade | None]) -> Grade | None:
    """The grade that is at most every other (短板原则); None if there is none or one is not established.

    Both rules for several industries (the worst grade of 2020, the lowest of each of 2026) come to this.
    """
    given = list(grades)
    known = [grade for grade in given if grade is not None]
    if not known or len(known) != len(given):
        return None
    return next((one for one in known if all(at_most(one, other) for other in known)), None)
