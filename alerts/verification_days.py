"""Forecast AQI against observed AQI, natural day by natural day, by lead day (预报时效).

Lead day 1 is the natural day (Beijing time) after the day of issue. The AQI is the published one, ozone included.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from statistics import fmean

from alerts.blocks import Basis, Blocks
from alerts.chains import BLOCK_HOURS
from alerts.instants import DAY, HOUR, SHANGHAI, day_start
from alerts.law import Standards
from alerts.verification_rates import Rate, rounded

LEAD_DAYS = range(1, 11)
_EXACT = frozenset({Basis.CONCENTRATION, Basis.HOURLY_AQI, Basis.DAILY_AQI})


@dataclass(frozen=True)
class DayPair:
    """One natural day: forecast and observed AQI with their categories (1 优 … 6 严重污染).

    `reference` is what plain persistence says: the observed AQI of the last whole day before the issue, None unknown.
    """

    lead_day: int
    day: date
    forecast: int
    observed: int
    forecast_category: int
    observed_category: int
    reference: int | None = None


@dataclass
class DayTally:
    """The pairs of one feed and division, and per lead day how many days gave none, and why.

    `missing_forecast`: the issue covers the day, but too few of its hours. `missing_observed`: too few measured hours.
    `pending`: the day was not over when the verification was made.
    """

    pairs: list[DayPair] = field(default_factory=list)
    missing_forecast: Counter[int] = field(default_factory=Counter)
    missing_observed: Counter[int] = field(default_factory=Counter)
    pending: Counter[int] = field(default_factory=Counter)

    def add(
        self,
        issued: date,
        covered: tuple[datetime, datetime],
        forecast: Mapping[date, int],
        observed: Mapping[date, int],
        known_until: datetime,
        standards: Standards,
    ) -> None:
        """Count one issue; days that do not lie whole within the hours `covered` are not its days and count nowhere."""
        for lead in LEAD_DAYS:
            day = issued + lead * DAY
            start, end = day_start(day), day_start(day) + DAY
            if start < covered[0] or end > covered[1]:
                continue
            if day not in forecast:
                self.missing_forecast[lead] += 1
            elif end > known_until:
                self.pending[lead] += 1
            elif day not in observed:
                self.missing_observed[lead] += 1
            else:
                before = observed.get(issued - DAY)
                self.pairs.append(_pair(lead, day, forecast[day], observed[day], before, standards))


def _pair(lead: int, day: date, forecast: int, observed: int, reference: int | None, standards: Standards) -> DayPair:
    categories = [
        next(each.grade for each in standards.at(day).categories if aqi <= each.up_to) for aqi in (forecast, observed)
    ]
    return DayPair(lead, day, forecast, observed, categories[0], categories[1], reference)


def day_aqis(blocks: Blocks) -> dict[date, int]:
    """The published AQI of every natural day that the blocks know exactly; a lower bound is not known."""
    first = -blocks.first.astimezone(SHANGHAI).hour % BLOCK_HOURS
    midnight = blocks.first + first * HOUR
    aqis, bases = blocks.aqi[first::BLOCK_HOURS].tolist(), blocks.basis[first::BLOCK_HOURS].tolist()
    return {
        (midnight + at * DAY).astimezone(SHANGHAI).date(): aqi
        for at, (aqi, basis) in enumerate(zip(aqis, bases, strict=True))
        if basis in _EXACT and aqi >= 0
    }


@dataclass(frozen=True)
class LeadDay:
    """The measures of one lead day. AQI points; None where there is no pair.

    `hit`: same AQI category. `within_one`: at most one category apart. `bias`: forecast − observed. `skill`: 1 − MAE ÷
    MAE of persistence over the `skill_n` pairs for which persistence is known.
    """

    lead_day: int
    hit: Rate
    within_one: Rate
    mae: float | None
    bias: float | None
    rmse: float | None
    skill: float | None
    skill_n: int
    missing_forecast: int
    missing_observed: int
    pending: int

    @property
    def n(self) -> int:
        """Number of pairs."""
        return self.hit.n

    def contract(self) -> dict[str, object]:
        """As published, AQI points with one decimal."""
        return {
            "lead_day": self.lead_day,
            "n": self.n,
            "hit": self.hit.contract(),
            "within_one": self.within_one.contract(),
            "mae": rounded(self.mae, 1),
            "bias": rounded(self.bias, 1),
            "rmse": rounded(self.rmse, 1),
            "skill": rounded(self.skill, 3),
            "skill_n": self.skill_n,
            "missing_forecast": self.missing_forecast,
            "missing_observed": self.missing_observed,
            "pending": self.pending,
        }


def lead_days(tallies: Sequence[DayTally]) -> list[LeadDay]:
    """The measures of every lead day that any of the tallies has something of, over all of them together."""
    measured = (_measured(lead, tallies) for lead in LEAD_DAYS)
    return [one for one in measured if one.n or one.missing_forecast or one.missing_observed or one.pending]


def _measured(lead: int, tallies: Sequence[DayTally]) -> LeadDay:
    pairs = [pair for tally in tallies for pair in tally.pairs if pair.lead_day == lead]
    apart = [abs(pair.forecast_category - pair.observed_category) for pair in pairs]
    errors = [pair.forecast - pair.observed for pair in pairs]
    skill, skill_n = _skill(pairs)
    return LeadDay(
        lead_day=lead,
        hit=Rate(sum(each == 0 for each in apart), len(pairs)),
        within_one=Rate(sum(each <= 1 for each in apart), len(pairs)),
        mae=_mean(abs(error) for error in errors),
        bias=_mean(errors),
        rmse=None if not errors else fmean(error * error for error in errors) ** 0.5,
        skill=skill,
        skill_n=skill_n,
        missing_forecast=sum(tally.missing_forecast[lead] for tally in tallies),
        missing_observed=sum(tally.missing_observed[lead] for tally in tallies),
        pending=sum(tally.pending[lead] for tally in tallies),
    )


def _mean(values: Iterable[int]) -> float | None:
    given = list(values)
    return fmean(given) if given else None


def _skill(pairs: Sequence[DayPair]) -> tuple[float | None, int]:
    """1 − MAE ÷ MAE of persistence, and its pairs; None where persistence is not known or was never wrong."""
    known = [(pair, pair.reference) for pair in pairs if pair.reference is not None]
    persisted = sum(abs(reference - pair.observed) for pair, reference in known)
    if not persisted:
        return None, len(known)
    return 1 - sum(abs(pair.forecast - pair.observed) for pair, _ in known) / persisted, len(known)
