"""Reductions added up (减排量汇总): whole, level, county, industry, grade, source and standing, hours, largest lines, remarks.

Enterprises are added one by one; what is held grows with the groups and the hours, not with the enterprises.
"""

from __future__ import annotations

import heapq
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from emission_lists.accounting import (
    NO_PLACE,
    NOTHING,
    UNKNOWN,
    Amounts,
    Four,
    LineAccount,
    Measured,
    Origin,
    Origins,
    Reported,
    Verified,
    Which,
    account_line,
    verify,
)
from emission_lists.accounting_remarks import Remark, RemarkKind, remarks
from emission_lists.accounting_weights import Ints, Span, Weights, whole
from emission_lists.levels import ResponseLevel
from emission_lists.lists import Enterprise, Line
from emission_lists.measures import Labelled, Measure
from emission_lists.summary import source_of, standing_of

__all__ = [
    "FOURS", "LARGEST", "SHOWN", "Accounts", "Amounts", "By", "Hours", "LargeLine", "Remark", "RemarkKind", "Reported", "Tally",
    "count_line",
]  # fmt: skip

LARGEST = 20
SHOWN = 50
_FLUSH = 1500


class By(Labelled):
    """What reductions are added up by."""

    WHOLE = ("whole", "合计", "in all")
    LEVEL = ("level", "预警级别", "level")
    RESPONSE = ("response", "响应阶段", "response")
    COUNTY = ("county", "区县", "county")
    INDUSTRY = ("industry", "行业", "industry")
    GRADE = ("grade", "绩效等级", "grade")
    SOURCE = ("source", "源类", "source class")
    STANDING = ("standing", "管控类别", "standing")


FOURS = (
    "base", "planned", "stated", "computed", "reported", "reported_lines",
    "verified", "verified_of", "verified_lines", "verified_minutes", "verified_own", "verified_own_minutes", "asked_minutes",
)  # fmt: skip


OPEN = ("unestablished", "unstated", "baseless")


def _zeros() -> list[int]:
    return [0, 0, 0, 0]


@dataclass(slots=True)
class Tally:
    """Sums in mg. `stated` and `computed` add up to `planned`; `verified` is a lower bound over `verified_minutes`.

    `verified_own` is what of `verified` rests on hours that the enterprise delivered itself, over `verified_own_minutes`.
    `verified_of` is what was planned for just the verified minutes; `asked_minutes` are the line-minutes in which a line with
    a base was asked for anything. Reported and verified say nothing about a pollutant while their lines are 0.
    `unestablished`: lines of which no amount of the pollutant is established in some response; `planned` holds nothing of them.
    `unstated`: lines without a base, of which `base` holds nothing; `baseless`: those of them that are planned for something,
    or may be. Each line counts once however many responses it is in.
    """

    enterprises: int = 0
    lines: int = 0
    asked_lines: int = 0
    unknown_lines: int = 0
    unestablished: list[int] = field(default_factory=_zeros)
    unstated: list[int] = field(default_factory=_zeros)
    baseless: list[int] = field(default_factory=_zeros)
    base: list[int] = field(default_factory=_zeros)
    planned: list[int] = field(default_factory=_zeros)
    stated: list[int] = field(default_factory=_zeros)
    computed: list[int] = field(default_factory=_zeros)
    reported: list[int] = field(default_factory=_zeros)
    reported_lines: list[int] = field(default_factory=_zeros)
    verified: list[int] = field(default_factory=_zeros)
    verified_of: list[int] = field(default_factory=_zeros)
    verified_lines: list[int] = field(default_factory=_zeros)
    verified_minutes: list[int] = field(default_factory=_zeros)
    verified_own: list[int] = field(default_factory=_zeros)
    verified_own_minutes: list[int] = field(default_factory=_zeros)
    asked_minutes: list[int] = field(default_factory=_zeros)

    def merge(self, other: Tally) -> None:
        """Add another tally, such as that of another city."""
        self.count(other)
        self.sum(other)

    def count(self, other: Tally) -> None:
        """Add its enterprises and lines."""
        self.enterprises += other.enterprises
        self.count_lines(other)

    def count_lines(self, other: Tally) -> None:
        """Add its lines."""
        self.lines += other.lines
        self.asked_lines += other.asked_lines
        self.unknown_lines += other.unknown_lines
        for name in OPEN:
            _add(getattr(self, name), getattr(other, name))

    def keep_open(self, earlier: Tally) -> None:
        """Of an earlier version of the list the same lines, or others, were open: at least so many stay open."""
        self.unknown_lines = max(self.unknown_lines, earlier.unknown_lines)
        for name in OPEN:
            pairs = zip(getattr(self, name), getattr(earlier, name), strict=True)
            setattr(self, name, [max(pair) for pair in pairs])

    def sum(self, other: Tally) -> None:
        """Add its amounts."""
        for name in FOURS:
            _add(getattr(self, name), getattr(other, name))

    def add(self, one: Amounts) -> None:
        """Add the amounts of one line in one response."""
        account, minutes = one.account, one.minutes
        for place in range(4):
            base, planned = account.base[place], account.planned[place]
            self.base[place] += base
            if planned:
                self.planned[place] += planned
                (self.stated if account.origins[place] is Origin.STATED else self.computed)[place] += planned
            if account.asked and base:
                self.asked_minutes[place] += minutes
        if one.reported is not None:
            _add_known(self.reported, self.reported_lines, one.reported.saved)
        if one.verified is not None:
            _add_known(self.verified, self.verified_lines, one.verified.saved)
            _add(self.verified_of, one.verified.planned)
            _add(self.verified_minutes, one.verified.minutes)
            if one.verified.own_hours is not None:
                _add(self.verified_own, one.verified.own)
                _add(self.verified_own_minutes, one.verified.own_minutes)


def _add(total: list[int], values: Sequence[int]) -> None:
    for place, value in enumerate(values):
        total[place] += value


def _add_known(total: list[int], lines: list[int], values: Sequence[int | None]) -> None:
    for place, value in enumerate(values):
        if value is not None:
            total[place] += value
            lines[place] += 1


@dataclass(frozen=True, slots=True)
class LargeLine:
    """One of the lines that are planned to save most, over all responses. Amounts in mg; None: not known.

    `open`: pollutants of which nothing is established in some response; `unstated`: those without a base.
    """

    uscc: str
    name: str
    county: str
    industry: str
    grade: str
    line: str
    line_name: str
    base: Four
    planned: Four
    origins: tuple[str, ...]
    reported: tuple[int | None, ...]
    verified: tuple[int | None, ...]
    verified_minutes: Four
    open: tuple[bool, ...]
    unstated: tuple[bool, ...]


@dataclass(slots=True)
class Hours:
    """The clock hours of one response: mg per hour, one row per pollutant. `known`: lines measured, likewise."""

    span: Span
    base: Ints
    planned: Ints
    verified: Ints
    known: Ints
    asked: int = 0


_Group = tuple[str, str, str, str, str]  # county, industry, grade, standing, source
_DIMENSIONS = (By.COUNTY, By.INDUSTRY, By.GRADE, By.STANDING, By.SOURCE)


class Accounts:
    """Adds up a list over the responses of one warning, in order of their start."""

    def __init__(self, spans: Sequence[Span]) -> None:
        self.spans = tuple(span for span in spans if span.minutes)
        self.hours = {span.key: _hours(span) for span in self.spans}
        self.remarks: dict[RemarkKind, list[Remark]] = {kind: [] for kind in RemarkKind}
        self.counts: dict[RemarkKind, int] = dict.fromkeys(RemarkKind, 0)
        self._groups: dict[_Group, Tally] = {}
        self._enterprises: dict[tuple[str, ...], int] = defaultdict(int)
        self._sums: dict[tuple[_Group, int], Tally] = {}
        self._levels = _in_several(self.spans)
        self._largest: list[tuple[int, str, str, LargeLine]] = []
        self._waiting: dict[tuple[int, bool, Weights], list[Four]] = defaultdict(list)
        self._rows = 0

    def add(
        self,
        enterprise: Enterprise,
        lines: Iterable[Line],
        *,
        measured: Mapping[str, Measured] | None = None,
        reported: Mapping[tuple[int, str], Reported] | None = None,
        in_force: Mapping[int, Mapping[str, Line]] | None = None,
    ) -> None:
        """Add an enterprise with all its lines; call it once for each. `measured` by line, `reported` by response and line.

        `in_force` by response and line: a line under what was decided about the enterprise, where it is not the list's.
        """
        firm = (enterprise.adcode, enterprise.industry, enterprise.grade.value, standing_of(enterprise).value)
        self._enterprises[firm] += 1
        sources = set()
        for line in lines:
            source = source_of(enterprise, line)
            group = (*firm, source.value)
            found = None if measured is None else measured.get(line.code)
            every, measures = [], []
            for span in self.spans:
                own = line if in_force is None else in_force.get(span.key, {}).get(line.code, line)
                measures.append(own.measures.at(span.level))
                told = None if reported is None else reported.get((span.key, line.code))
                one = self._amounts(enterprise, own, span, found, told)
                every.append((span, one))
                key = group, span.key
                sums = self._sums.get(key)
                if sums is None:
                    sums = self._sums[key] = Tally()
                sums.add(one)
                count_line(sums, [one.account])
            count_line(counted := self._groups.setdefault(group, Tally()), [one.account for _, one in every])
            for level, total in self._levels.items():
                count_line(total, [one.account for span, one in every if span.level is level])
            if source not in sources:
                sources.add(source)
                counted.enterprises += 1
            self._note(enterprise, line, measures, every, found)
        if self._rows > _FLUSH:
            self._flush()

    def finish(self) -> dict[tuple[By, str], Tally]:
        """Complete the hours and return the sums by everything; call it after the last enterprise."""
        self._flush()
        tallies: defaultdict[tuple[By, str], Tally] = defaultdict(Tally)
        for firm, count in self._enterprises.items():
            for place in _places(firm):
                tallies[place].enterprises += count
            for span in self.spans:
                tallies[By.RESPONSE, str(span.key)].enterprises += count
        for group, counted in self._groups.items():
            for place in _places(group[:-1]):
                tallies[place].count_lines(counted)
            tallies[By.SOURCE, group[-1]].count(counted)
        for (group, key), sums in self._sums.items():
            for place in (*_places(group[:-1]), (By.SOURCE, group[-1])):
                tallies[place].sum(sums)
            tallies[By.RESPONSE, str(key)].sum(sums)
            tallies[By.RESPONSE, str(key)].count_lines(sums)
        for span in self.spans:
            response, level = tallies[By.RESPONSE, str(span.key)], tallies[By.LEVEL, span.level.value]
            if not level.lines:
                level.enterprises = response.enterprises
                level.count_lines(self._levels.get(span.level, response))
            level.sum(response)
        return dict(tallies)

    @property
    def largest(self) -> list[LargeLine]:
        """The lines that are planned to save most, the largest first."""
        return sorted((one for *_, one in self._largest), key=lambda one: (-sum(one.planned), one.uscc, one.line))

    def _amounts(
        self, enterprise: Enterprise, line: Line, span: Span, measured: Measured | None, reported: Reported | None
    ) -> Amounts:
        account = account_line(line, span, long_stopped=enterprise.long_stopped)
        verified = None if measured is None or not account.asked else verify(account, span, measured)
        self._add_hours(span, account, verified)
        return Amounts(account, span.minutes, verified, reported)

    def _add_hours(self, span: Span, account: LineAccount, verified: Verified | None) -> None:
        for weights, amounts in account.terms:
            self._wait(span, weights, amounts, base=False)
        hours = self.hours[span.key]
        if any(account.daily_base):
            self._wait(span, whole(span), account.daily_base, base=True)
            hours.asked += account.asked
        if verified is None:
            return
        for share in dict.fromkeys(share for share in verified.shares if share is not None):
            daily = [base if one is share else 0 for base, one in zip(account.daily_base, verified.shares, strict=True)]
            hours.verified += share.weights.hourly(np.array(daily, dtype=np.int64))
            hours.known += np.outer([bool(base) for base in daily], share.known)

    def _wait(self, span: Span, weights: Weights, amounts: Four, *, base: bool) -> None:
        self._waiting[span.key, base, weights].append(amounts)
        self._rows += 1

    def _flush(self) -> None:
        """Hours are summed for many lines at once."""
        for (key, base, weights), rows in self._waiting.items():
            target = self.hours[key].base if base else self.hours[key].planned
            table = np.array(rows, dtype=np.int64)
            for place in range(4):
                if table[:, place].any():
                    target[place] += weights.hourly(table[:, place]).sum(axis=0)
        self._waiting.clear()
        self._rows = 0

    def _note(
        self,
        enterprise: Enterprise,
        line: Line,
        measures: Sequence[Measure],
        every: Sequence[tuple[Span, Amounts]],
        measured: Measured | None,
    ) -> None:
        """Keep the line if it is among the largest, and what its row in the list lacks."""
        for kind in remarks(enterprise, line, measures, every, measured):
            self.counts[kind] += 1
            if len(self.remarks[kind]) < SHOWN:
                self.remarks[kind].append(Remark(kind, enterprise.uscc, enterprise.name, line.code, line.name))
        saved = sum(sum(one.account.planned) for _, one in every)
        if saved and (len(self._largest) < LARGEST or saved >= self._largest[0][0]):
            entry = (saved, _backwards(enterprise.uscc), _backwards(line.code), _large(enterprise, line, every))
            push = heapq.heappush if len(self._largest) < LARGEST else heapq.heappushpop
            push(self._largest, entry)


def _places(firm: Sequence[str]) -> tuple[tuple[By, str], ...]:
    """What an enterprise is added up by, besides the sources of its lines."""
    return ((By.WHOLE, ""), *zip(_DIMENSIONS, firm, strict=False))


def _in_several(spans: Sequence[Span]) -> dict[ResponseLevel, Tally]:
    """An empty sum for each level that is in force in several responses: its lines are counted on their own, once each."""
    levels = [span.level for span in spans]
    return {level: Tally() for level in levels if levels.count(level) > 1}


def count_line(tally: Tally, every: Sequence[LineAccount]) -> None:
    """Count one line, whatever responses it is in: it is open if it is open in any of them."""
    tally.lines += 1
    asked, unknown, opened, missing = False, False, False, False
    for one in every:
        asked = asked or one.asked
        unknown = unknown or one.origins is UNKNOWN
        opened = opened or Origin.NOT_ESTABLISHED in one.origins
        missing = missing or one.unstated is not NO_PLACE
    tally.asked_lines += asked
    tally.unknown_lines += unknown
    if opened:
        count_unestablished(tally, [one.origins for one in every])
    if missing:
        count_unstated(tally, [(one.unstated, one.origins, one.planned) for one in every])


def count_unestablished(tally: Tally, every: Sequence[Origins]) -> None:
    """Count one line whose amounts come from these origins, one for each response."""
    for place in range(4):
        tally.unestablished[place] += any(origins[place] is Origin.NOT_ESTABLISHED for origins in every)


def count_unstated(tally: Tally, every: Sequence[tuple[Which, Origins, Four]]) -> None:
    """Count one line for the pollutants of which the list states no base, with where its planned amounts come from."""
    for place in range(4):
        missing = [(origins[place], planned[place]) for which, origins, planned in every if which[place]]
        tally.unstated[place] += bool(missing)
        tally.baseless[place] += any(planned or origin is Origin.NOT_ESTABLISHED for origin, planned in missing)


def _backwards(text: str) -> str:
    """A text whose order is turned round, so that of equal lines the earlier code stays whatever comes first."""
    return "".join(chr(0x10FFFF - ord(sign)) for sign in text) + chr(0x10FFFF)


def _hours(span: Span) -> Hours:
    def empty() -> Ints:
        return np.zeros((4, len(span.hours)), dtype=np.int64)

    return Hours(span, empty(), empty(), empty(), empty())


def _large(enterprise: Enterprise, line: Line, every: Sequence[tuple[Span, Amounts]]) -> LargeLine:
    def total(values: Iterable[Four]) -> Four:
        one, two, three, four = (sum(parts) for parts in zip(NOTHING, *values, strict=True))
        return one, two, three, four

    verified = [one.verified for _, one in every if one.verified is not None]
    origins = [[one.account.origins[place] for _, one in every] for place in range(4)]
    return LargeLine(
        enterprise.uscc,
        enterprise.name,
        enterprise.adcode,
        enterprise.industry,
        enterprise.grade.value,
        line.code,
        line.name,
        total(one.account.base for _, one in every),
        total(one.account.planned for _, one in every),
        tuple(next((one for one in found if one in _AMOUNTS), found[0]).value for found in origins),
        _known(one.reported.saved for _, one in every if one.reported is not None),
        _known(one.saved for one in verified),
        total(one.minutes for one in verified),
        tuple(Origin.NOT_ESTABLISHED in found for found in origins),
        tuple(any(one.account.unstated[place] for _, one in every) for place in range(4)),
    )


_AMOUNTS = frozenset({Origin.STATED, Origin.COMPUTED})


def _known(every: Iterable[Sequence[int | None]]) -> tuple[int | None, ...]:
    """The sums of what is known; None where nothing is."""
    rows = list(every)
    found = [[row[place] for row in rows if row[place] is not None] for place in range(4)]
    return tuple(sum(value for value in values if value is not None) if values else None for values in found)
