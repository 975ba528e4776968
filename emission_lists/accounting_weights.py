"""How much of a daily amount falls into each clock hour of a response: exact shares, the same whatever is summed first.

A response is cut to whole minutes. Of a daily amount D (whole mg) the part up to the end of hour k is D · cum[k] // den,
whole milligrams; an hour's part is the difference, so the hours add up to the whole by construction.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, time, timedelta
from fractions import Fraction
from functools import lru_cache
from zoneinfo import ZoneInfo

import numpy as np
import numpy.typing as npt

from emission_lists.activity import emitting_share
from emission_lists.levels import ResponseLevel
from emission_lists.measures import Action, Measure
from emission_lists.schedule import stages

Ints = npt.NDArray[np.int64]
DAY_MINUTES = 1440
SHANGHAI = ZoneInfo("Asia/Shanghai")
_MINUTE, _HOUR, _DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
_SAFE = 1 << 62


@dataclass(frozen=True, slots=True, eq=False)
class Span:
    """One response: `level` over [start, end), aware, cut to whole minutes. ValueError without a zone or backwards.

    `key` names it (the response's id); `begun`: the start of what it only extends; `before`: the level that was in force until
    then without a gap. Two spans are never the same one, which keeps it quick to look things up for them.
    """

    key: int
    level: ResponseLevel
    start: datetime
    end: datetime
    before: ResponseLevel | None = None
    begun: datetime | None = None

    def __post_init__(self) -> None:
        for name in ("start", "end", "begun"):
            instant: datetime | None = getattr(self, name)
            if instant is None:
                continue
            if instant.utcoffset() is None:
                raise ValueError(f"{instant} has no time zone: give an aware datetime")
            cut = instant.astimezone(SHANGHAI).replace(second=0, microsecond=0)
            object.__setattr__(self, name, cut)
        if self.end < self.start:
            raise ValueError(f"the response ends at {self.end}, before it starts at {self.start}")
        if self.since > self.start:
            raise ValueError(f"the response goes on from {self.begun}, after it starts at {self.start}")

    @property
    def since(self) -> datetime:
        """Since when its level has been responded to: the hours of a measure count from there."""
        return self.begun or self.start

    @property
    def minutes(self) -> int:
        """Its length."""
        return (self.end - self.start) // _MINUTE

    @property
    def hours(self) -> tuple[datetime, ...]:
        """The clock hours that it touches, by their END; the first and the last may be touched in part."""
        return _hours(self)

    @property
    def days(self) -> tuple[datetime, ...]:
        """The natural days (Beijing) that it touches, by their start."""
        first = datetime.combine(self.start.date(), time.min, tzinfo=SHANGHAI)
        count = -(-(self.end - first) // _DAY) if self.minutes else 0
        return tuple(first + number * _DAY for number in range(count))

    def minutes_of_day(self, day: datetime) -> int:
        """How many of its minutes fall into the natural day that starts at `day`."""
        return max(0, (min(self.end, day + _DAY) - max(self.start, day)) // _MINUTE)


@lru_cache(maxsize=1024)
def _hours(span: Span) -> tuple[datetime, ...]:
    first = span.start.replace(minute=0)
    count = -(-(span.end - first) // _HOUR) if span.minutes else 0
    return tuple(first + (number + 1) * _HOUR for number in range(count))


@lru_cache(maxsize=1024)
def hour_minutes(span: Span) -> Ints:
    """How many minutes of each clock hour belong to the response."""
    return np.diff(_edges(span))


@lru_cache(maxsize=1024)
def _edges(span: Span) -> Ints:
    """The minutes since the start at which the clock hours begin and end, clipped to the response."""
    offset = span.start.minute
    inner = np.arange(len(span.hours) + 1, dtype=np.int64) * 60 - offset
    return np.clip(inner, 0, span.minutes)


@dataclass(frozen=True, slots=True, eq=False)
class Weights:
    """Of a daily amount D (mg) the part up to the end of clock hour k is D · cum[k] // den."""

    cum: Ints
    den: int
    end: int = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "end", int(self.cum[-1]) if len(self.cum) else 0)

    def total(self, milligrams: int) -> int:
        """The part of a daily amount in the whole response."""
        return milligrams * self.end // self.den

    def most(self, milligrams: int, whole: int) -> int:
        """The daily amount up to `milligrams` of which no more than `whole` falls into the response."""
        return milligrams if self.total(milligrams) <= whole else ((whole + 1) * self.den - 1) // self.end

    def hourly(self, milligrams: Ints) -> Ints:
        """The parts of daily amounts in each clock hour: shape (n,) → (n, hours)."""
        if not len(self.cum):
            return np.zeros((len(milligrams), 0), dtype=np.int64)
        if self.end * self.den >= _SAFE:
            parts = [[int(value) * int(cum) // self.den for cum in self.cum] for value in milligrams]
            return _steps(np.array(parts, dtype=np.int64))
        full, rest = np.divmod(milligrams, self.den)
        return _steps(full[:, None] * self.cum + rest[:, None] * self.cum // self.den)


def _steps(until: Ints) -> Ints:
    """What each hour adds to what was there before."""
    steps = until.copy()
    steps[:, 1:] -= until[:, :-1]
    return steps


Piece = tuple[int, int, Fraction]  # minutes since the start, half-open, and the share of the daily rate


def weights(pieces: Iterable[Piece], span: Span) -> Weights:
    """The weights of a rate that is given piece by piece; outside of the pieces it is nothing. Equal pieces share them."""
    return _weights(tuple(piece for piece in pieces if piece[2] and piece[0] < piece[1]), span)


@lru_cache(maxsize=65_536)
def _weights(kept: tuple[Piece, ...], span: Span) -> Weights:
    den = math.lcm(*(share.denominator for _, _, share in kept))
    edges = _edges(span)[1:]
    cum = np.zeros(len(edges), dtype=np.int64)
    for first, until, share in kept:
        cum += np.clip(edges - first, 0, until - first) * int(share * den)
    return Weights(cum, den * DAY_MINUTES)


@lru_cache(maxsize=1024)
def whole(span: Span) -> Weights:
    """A rate that runs through the whole response: what a line emits on normal days."""
    return weights([(0, span.minutes, Fraction(1))], span)


@dataclass(frozen=True, slots=True, eq=False)
class Course:
    """What a measure saves over a response.

    `stated`: weights for a reduction that the list states per day, spread evenly over the time of the day in which the measure
    has to be carried out, so that a whole day saves just that. `computed`: weights for the base emissions, from the share that
    is left. `established` False: for some of the time the measure names no share, and `computed` holds only the rest. `ready`:
    minutes after which it has to be complete. `asked`: whether it is known and asks for anything.
    """

    stated: Weights
    computed: Weights
    established: bool
    ready: int
    executable: bool
    asked: bool

    @property
    def computable(self) -> bool:
        """Whether a base says what is saved, for some of the time at least."""
        return self.established or self.computed.end > 0


@lru_cache(maxsize=65_536)
def course(measure: Measure, span: Span) -> Course:
    """The course of a measure that holds during the response; nothing is saved before it has to be complete."""
    hours = measure.complete_within_hours
    gone = (span.start - span.since) // _MINUTE
    ready = min(span.minutes, (0 if hours is None else math.ceil(hours * 60)) - gone)
    return _course(measure, span, ready, span.minutes)


@lru_cache(maxsize=65_536)
def carried_on(measure: Measure, span: Span, until: int) -> Course:
    """The course of the measure of the level before, which goes on for `until` minutes until the new one is complete.

    A staged measure goes on in its last stage: how long it had been in force is not known here.
    """
    last = measure.later[-1].measure if measure.later else measure
    return _course(last, span, 0, until)


def _course(measure: Measure, span: Span, first: int, until: int) -> Course:
    """Between two minutes of the span; one below 0 lies in what it extends, whose stages count in what is stated per day."""
    staged = [
        (max(first, (stage.starts - span.start) // _MINUTE), min(until, (stage.until - span.start) // _MINUTE), stage.measure)
        for stage in stages(measure, span.since, span.end)
        if stage.until is not None
    ]
    staged = [one for one in staged if one[0] < one[1]]
    computed: list[Piece] = []
    established = True
    for begins, ends, stage in staged:
        if ends <= 0:
            continue
        left = emitting_share(stage) if stage.executable else None
        if left is None:
            established = False
        else:
            computed += [(*part, 1 - left) for part in _inside(stage.window, max(0, begins), ends, span)]
    stated, ready = weights(_stated(staged, span), span), max(0, first)
    return Course(stated, weights(computed, span), established, ready, measure.executable, asks(measure))


def _stated(staged: list[tuple[int, int, Measure]], span: Span) -> list[Piece]:
    """The stated reduction belongs to the stage that saves most in a day; one that saves less saves its part of it, as far as
    shares are known. A stage with hours of the day (时段) saves it in them, at a rate that makes up the whole."""
    saved = [_saved(stage) for _, _, stage in staged]
    known = [
        share * part_of_day(stage.window)
        for (_, _, stage), share in zip(staged, saved, strict=True)
        if share is not None
    ]
    most = max(known, default=Fraction(0))
    relative = len(known) == len(saved) and most > 0
    pieces: list[Piece] = []
    for (begins, ends, stage), share in zip(staged, saved, strict=True):
        rate = share / most if relative and share is not None else stage.executable / part_of_day(stage.window)
        pieces += [(*part, rate) for part in _inside(stage.window, max(0, begins), ends, span)]
    return pieces


def _saved(stage: Measure) -> Fraction | None:
    left = emitting_share(stage) if stage.executable else None
    return None if left is None else 1 - left


def _inside(window: str | None, first: int, until: int, span: Span) -> list[tuple[int, int]]:
    """The parts of [first, until) that lie in the hours of the day in which a measure applies (时段, such as 17:00-09:00)."""
    if window is None:
        return [(first, until)]
    opens, length = _hours_of_day(window)
    offset = span.start.hour * 60 + span.start.minute
    parts = []
    for day in range(-1, (until + offset) // DAY_MINUTES + 1):
        begins = day * DAY_MINUTES + opens - offset
        part = max(first, begins), min(until, begins + length)
        if part[0] < part[1]:
            parts.append(part)
    return parts


def part_of_day(window: str | None) -> Fraction:
    """The share of a day that lies in the hours of the day in which a measure applies; all of it without any."""
    return Fraction(1) if window is None else Fraction(_hours_of_day(window)[1], DAY_MINUTES)


def _hours_of_day(window: str) -> tuple[int, int]:
    """The minute of the day at which a window opens, and its length in minutes: at most a day."""
    opens, closes = (_minute_of_day(part) for part in window.split("-"))
    return opens, (closes - opens) % DAY_MINUTES or DAY_MINUTES


def _minute_of_day(text: str) -> int:
    hours, minutes = text.split(":")
    return int(hours) * 60 + int(minutes)


def asks(measure: Measure) -> bool:
    """Whether a measure is known and asks for anything, now or later."""
    every = (measure, *(later.measure for later in measure.later))
    return measure.executable and any(one.action is not Action.NONE or one.forced for one in every)
