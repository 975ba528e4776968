"""Forecast skill (预报检验): how the forecasts of each feed stood up to what was measured afterwards.

Nothing is judged by a rule of its own: a day's AQI and a level come from the blocks that `assess` uses. Missing hours are
counted as missing, never as right or wrong.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from itertools import groupby
from typing import Literal

import numpy as np

from alerts.blocks import Blocks, blocks_of
from alerts.chains import BLOCK_HOURS
from alerts.instants import DAY, HOUR, SHANGHAI, iso
from alerts.law import Standards
from alerts.levels import Level
from alerts.points import VALUES
from alerts.rules import Criteria
from alerts.series import Floats, Series
from alerts.verification_days import DayTally, LeadDay, day_aqis, lead_days
from alerts.verification_leads import Lead, LeadTimes, Spell, gives, lead_of, lead_times, spells
from alerts.verification_levels import Judge, LevelScore, Outcomes, Verdict, level_scores, outcome, within

Basis = Literal["forecast", "perfect", "persistence"]
"""What an issue is: a real forecast, or one of the past rebuilt from later observations (perfect) or from the last day."""
Window = tuple[datetime, datetime]


@dataclass(frozen=True, eq=False)
class Issue:
    """One issue (一次预报) of a feed for one division; `series` holds what it said."""

    feed: str
    basis: Basis
    issued_at: datetime
    series: Series

    @property
    def day(self) -> date:
        """The natural day of issue in Beijing time."""
        return self.issued_at.astimezone(SHANGHAI).date()


@dataclass
class Findings:
    """What was found for one feed and basis in one division; `skill` makes measures of one or many of them."""

    adcode: str
    feed: str
    basis: Basis
    rules: str
    plan: str | None
    levels: tuple[Level, ...]
    issued: list[datetime] = field(default_factory=list)
    days: DayTally = field(default_factory=DayTally)
    outcomes: Outcomes = field(default_factory=Counter)
    leads: list[Lead] = field(default_factory=list)
    forecast_values: set[str] = field(default_factory=set)
    observed_values: set[str] = field(default_factory=set)


@dataclass(frozen=True, eq=False)
class Terms:
    """What a verification goes by: criteria and standards, up to when measurements can be known, which parts are made.

    `until`: episodes that start at or after it are left out (the issues before them were not all given). `days_only`: the
    lead-day table alone.
    """

    criteria: Criteria
    standards: Standards
    known_until: datetime
    until: datetime
    days_only: bool = False


def verify(adcode: str, issues: Sequence[Issue], observed: Sequence[Series], terms: Terms) -> list[Findings]:
    """Verify the issues for one division, each feed and basis by itself, in the order of their names.

    `observed`: what was measured, at most one hourly and one daily series; days fill in where the hours of a day or of a
    whole forecast were not measured. Raises LawNotFound where no AQI standard covers the days.
    """
    if not issues:
        return []
    ordered = sorted(issues, key=lambda issue: (issue.feed, issue.basis, issue.issued_at))
    windows = [window for issue in ordered if (window := window_of(issue.series, terms.criteria))]
    given = list(observed) or [_nothing(adcode, ordered[0].series.start)]
    air = _Air(given, windows, terms)
    return [
        _verified(adcode, list(group), air, terms)
        for _, group in groupby(ordered, key=lambda issue: (issue.feed, issue.basis))
    ]


def window_of(series: Series, criteria: Criteria) -> Window | None:
    """The hours that are compared: all of the issue, or its whole natural days where the rules count such days.

    None when not one block fits.
    """
    start, end = series.start, series.end
    if criteria.day == "natural":
        start += -start.astimezone(SHANGHAI).hour % BLOCK_HOURS * HOUR
        end -= end.astimezone(SHANGHAI).hour * HOUR
    return (start, end) if end - start >= DAY else None


def _nothing(adcode: str, start: datetime) -> Series:
    """A day of missing hours."""
    return Series(adcode, "hourly", start, {name: np.full(24, np.nan) for name in VALUES}, np.zeros(24, dtype=np.int8))


class _Air:
    """What was measured in a division, ready to be looked at over the hours of any issue."""

    def __init__(self, observed: Sequence[Series], windows: Sequence[Window], terms: Terms) -> None:
        hours_first = sorted(observed, key=lambda series: series.kind != "hourly")
        reach = [*windows, *((series.start, series.end) for series in observed)]
        self._series = [_reaching(series, reach) for series in hours_first]
        self._blocks = [blocks_of(series, terms.criteria, terms.standards) for series in self._series]
        self._judge = Judge(terms.criteria)
        self._verdicts: dict[Window, Verdict] = {}
        self.values = {name for series in observed for name in _given(series)}
        self.days: dict[date, int] = {}
        for blocks in reversed(self._blocks):
            self.days |= day_aqis(blocks)
        levels = () if terms.days_only else terms.criteria.known_levels
        self.spells = [spell for level in levels for spell in self._spells(level, terms.criteria)]

    def _spells(self, level: Level, criteria: Criteria) -> list[Spell]:
        """The episodes in the hours, and those in the days of which no hour was measured."""
        found: list[Spell] = []
        for at, blocks in enumerate(self._blocks):
            finer = self._series[:at]
            for spell in spells(blocks, criteria, level):
                if not any(_measured(series, (spell.start, spell.end)) for series in finer):
                    found.append(spell)
        return found

    def over(self, window: Window) -> Verdict:
        """The verdict on the measured air of these hours: on its hours where there are any, otherwise on its days."""
        if window not in self._verdicts:
            chosen = next((at for at, series in enumerate(self._series) if _measured(series, window)), 0)
            self._verdicts[window] = self._judge(within(self._blocks[chosen], *window))
        return self._verdicts[window]


def _given(series: Series) -> set[str]:
    return {name for name in VALUES if not np.isnan(series.values[name]).all()}


def _measured(series: Series, window: Window) -> bool:
    part = cut(series, window)
    return any(not np.isnan(part.values[name]).all() for name in VALUES)


def cut(series: Series, window: Window) -> Series:
    """The hours of a series in a window that lies inside it; of a daily one every day that it touches."""
    step = HOUR if series.kind == "hourly" else DAY
    part = slice((window[0] - series.start) // step, -((series.start - window[1]) // step))
    return replace(
        series,
        start=series.start + part.start * step,
        values=_sliced(series.values, part),
        cause=series.cause[part],
        low=_sliced(series.low, part) if series.low else None,
        high=_sliced(series.high, part) if series.high else None,
    )


def _sliced(values: Mapping[str, Floats], part: slice) -> dict[str, Floats]:
    return {name: array[part] for name, array in values.items()}


def _reaching(series: Series, windows: Sequence[Window]) -> Series:
    """The series with missing steps at both ends, so that every window lies inside it."""
    step = HOUR if series.kind == "hourly" else DAY
    before = max([0, *(-((start - series.start) // step) for start, _ in windows)])
    after = max([0, *(-((series.end - end) // step) for _, end in windows)])
    values = {name: np.pad(array, (before, after), constant_values=np.nan) for name, array in series.values.items()}
    return replace(
        series,
        start=series.start - before * step,
        values=values,
        cause=np.pad(series.cause, (before, after)),
        low=None,
        high=None,
    )


def _verified(adcode: str, issues: Sequence[Issue], air: _Air, terms: Terms) -> Findings:
    """The findings of one feed and basis; `issues` in time order."""
    criteria = terms.criteria
    first = issues[0]
    found = Findings(adcode, first.feed, first.basis, criteria.rules_id, criteria.plan_id, criteria.known_levels)
    found.observed_values = air.values
    last_of_day = {issue.day: issue for issue in issues}
    coming = [spell for spell in air.spells if first.issued_at <= spell.start < terms.until]
    said: list[list[tuple[datetime, bool | None]]] = [[] for _ in coming]
    judge = Judge(criteria)
    for issue in issues:
        found.issued.append(issue.issued_at)
        found.forecast_values |= _given(issue.series)
        window = window_of(issue.series, criteria)
        is_last = last_of_day[issue.day] is issue
        if window is None or (terms.days_only and not is_last):
            continue
        series = cut(issue.series, window)
        blocks = blocks_of(series, criteria, terms.standards)
        if is_last:
            days = day_aqis(blocks)
            found.days.add(issue.day, window, days, air.days, terms.known_until, terms.standards)
        if terms.days_only:
            continue
        graded = _graded(series, blocks, terms)
        _count(found.outcomes, judge(graded), window, air, terms)
        for spell, heard in zip(coming, said, strict=True):
            if issue.issued_at <= spell.start < window[1]:
                heard.append((issue.issued_at, gives(graded, criteria, spell)))
    found.leads = [lead_of(adcode, spell, heard, found.issued[0]) for spell, heard in zip(coming, said, strict=True)]
    return found


def _graded(series: Series, blocks: Blocks, terms: Terms) -> Blocks:
    """The blocks that the level is graded on: of a forecast range the bound that the rules name, else the middle."""
    bound = terms.criteria.grade_on_range or "middle"
    if series.low is None or bound == "middle":
        return blocks
    return blocks_of(series.bound(bound), terms.criteria, terms.standards)


def _count(outcomes: Outcomes, forecast: Verdict, window: Window, air: _Air, terms: Terms) -> None:
    """Count one issue for every level that the rules know."""
    pending = window[1] > terms.known_until
    for level in terms.criteria.known_levels:
        outcomes[level, "pending" if pending else outcome(forecast, air.over(window), level)] += 1


@dataclass(frozen=True)
class Skill:
    """The measures of one feed and basis, over one or many divisions."""

    feed: str
    basis: Basis
    adcodes: tuple[str, ...]
    rules: tuple[str, ...]
    plans: tuple[str, ...]
    issues: int
    first_issue: datetime
    last_issue: datetime
    forecast_values: tuple[str, ...]
    observed_values: tuple[str, ...]
    lead_days: tuple[LeadDay, ...]
    levels: tuple[LevelScore, ...]
    lead_times: tuple[LeadTimes, ...]

    def lead_day(self, number: int) -> LeadDay | None:
        """The measures of one lead day; None when no issue reached it."""
        return next((one for one in self.lead_days if one.lead_day == number), None)

    def contract(self) -> dict[str, object]:
        """As published. `evidence` is False for rebuilt forecasts: a perfect one shows nothing about any feed."""
        return {
            "feed": self.feed,
            "basis": self.basis,
            "evidence": self.basis == "forecast",
            "divisions": len(self.adcodes),
            "rules": list(self.rules),
            "plans": list(self.plans),
            "issues": self.issues,
            "first_issue": iso(self.first_issue),
            "last_issue": iso(self.last_issue),
            "forecast_values": list(self.forecast_values),
            "observed_values": list(self.observed_values),
            "lead_days": [one.contract() for one in self.lead_days],
            "levels": [one.contract() for one in self.levels],
            "lead_times": [one.contract() for one in self.lead_times],
        }


def skill(findings: Sequence[Findings]) -> Skill:
    """The measures over findings of one feed and basis: all pairs and cases together. ValueError for a mixture or nothing."""
    if len({(one.feed, one.basis) for one in findings}) != 1:
        raise ValueError("give findings of exactly one feed and basis")
    issued = [issued for one in findings for issued in one.issued]
    known = sorted({level for one in findings for level in one.levels})
    return Skill(
        feed=findings[0].feed,
        basis=findings[0].basis,
        adcodes=tuple(sorted({one.adcode for one in findings})),
        rules=tuple(sorted({one.rules for one in findings})),
        plans=tuple(sorted({one.plan for one in findings if one.plan is not None})),
        issues=len(issued),
        first_issue=min(issued),
        last_issue=max(issued),
        forecast_values=_in_order(one.forecast_values for one in findings),
        observed_values=_in_order(one.observed_values for one in findings),
        lead_days=tuple(lead_days([one.days for one in findings])),
        levels=tuple(level_scores([one.outcomes for one in findings])),
        lead_times=tuple(lead_times([lead for one in findings for lead in one.leads], known)),
    )


def _in_order(named: Iterable[set[str]]) -> tuple[str, ...]:
    together = set().union(*named)
    return tuple(name for name in VALUES if name in together)
