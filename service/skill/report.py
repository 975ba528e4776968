"""A verification as a document: what was asked, what was found, what the words mean."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from itertools import groupby
from typing import Any

from alerts.instants import DAY, day_start
from alerts.verification import Findings, Skill, skill
from alerts.verification_targets import SkillTargets, results
from service.skill.words import BASES, definitions

LONGEST = timedelta(days=400)
USUAL = timedelta(days=90)
YEARS = (1990, 2199)
"""Years for which a feed can have delivered."""
NOT_IN_COMPACT = ("levels", "lead_times")


@dataclass(frozen=True)
class Period:
    """The natural days of issue (Beijing time): `first` included, `until` not."""

    first: date
    until: date

    def __post_init__(self) -> None:
        if not self.first < self.until:
            raise ValueError(
                f"the period from {self.first} until {self.until} is empty; `until` is the day after the last"
            )
        if not (YEARS[0] <= self.first.year and self.until.year <= YEARS[1]):
            raise ValueError(f"give days of the years {YEARS[0]} to {YEARS[1]}")
        if self.until - self.first > LONGEST:
            raise ValueError(f"at most {LONGEST.days} days can be verified at once; shorten the period")

    @classmethod
    def of(cls, first: date | None, until: date | None, now: datetime) -> Period:
        """The period asked for; without days the 90 days up to and including today. Raises ValueError for none or too long."""
        end = until or (now.date() + DAY if first is None else min(now.date() + DAY, first + USUAL))
        return cls(first or end - USUAL, end)

    @property
    def start(self) -> datetime:
        """The first instant."""
        return day_start(self.first)

    @property
    def end(self) -> datetime:
        """The first instant behind it."""
        return day_start(self.until)


def pooled(findings: Iterable[Findings]) -> list[Skill]:
    """One measure per feed and basis, over all divisions together; real forecasts first."""

    def of(one: Findings) -> tuple[bool, str, str]:
        return one.basis != "forecast", one.feed, one.basis

    return [skill(list(group)) for _, group in groupby(sorted(findings, key=of), key=of)]


def entry(measured: Skill, documents: Sequence[SkillTargets], day: date, *, compact: bool = False) -> dict[str, Any]:
    """One feed's measures with the targets beside them. `compact` leaves out levels and lead times, which were not made."""
    body = measured.contract()
    zh, en = BASES[measured.basis]
    body |= {
        "basis_zh": zh,
        "basis_en": en,
        "targets": [result.contract() for result in results(measured, documents, day)],
    }
    return {name: value for name, value in body.items() if not (compact and name in NOT_IN_COMPACT)}


def explained(documents: Sequence[SkillTargets]) -> dict[str, Any]:
    """The documents behind the targets, and the definitions."""
    return {
        "target_documents": [document.model_dump(mode="json", by_alias=True) for document in documents],
        "definitions": definitions(),
    }


def document(
    period: Period,
    rules: Mapping[str, Any],
    findings: Sequence[Findings],
    documents: Sequence[SkillTargets],
    *,
    compact: bool = False,
) -> dict[str, Any]:
    """The whole answer: `feeds` side by side, one entry per feed and basis."""
    last = period.until - DAY
    return {
        "from": period.first.isoformat(),
        "until": period.until.isoformat(),
        **rules,
        "feeds": [entry(one, documents, last, compact=compact) for one in pooled(findings)],
        **explained(documents),
    }
