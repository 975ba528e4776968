"""Reductions added up (减排量汇总): whole, level, county, industry, grade, source and standing, hours, largest lines, remarks.

Enterprises are added one by one; what is held grows with the groups and the hours, not with the enterprises.
"""

from __future__ import annotations

import heapq
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np

from emission_lists.accounting import (
    NOTHING,
    UNKNOWN,
    Four,
    LineAccount,
    Measured,
    Origin,
    Origins,
    Verified,
    account_line,
    verify,
)
from emission_lists.accounting_weights import Ints, Span, Weights, whole
from emission_lists.lists import Enterprise, Line
from emission_lists.measures import Labelled, Measure
from emission_lists.summary import source_of, standing_of

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


class RemarkKind(Labelled):
    """What the accounting shows about the list itself (清单修订建议)."""

    MEASURE_UNKNOWN = (
        "measure_unknown",
        "减排措施未确立，未计减排量",
        "the measure is not established; nothing was counted",
    )
    NO_AMOUNT = (
        "no_amount",
        "无基数且未载明减排量，无法核算",
        "neither base nor stated reduction; it cannot be counted",
    )
    ABOVE_BASE = (
        "above_base",
        "载明减排量大于基数，按基数计",
        "the stated reduction exceeds the base; counted up to the base",
    )
    LONG_STOPPED_BASE = (
        "long_stopped_base",
        "长期停产仍列基数，未计入",
        "stopped for long, yet with a base; not counted",
    )
    NO_VERIFICATION = ("no_verification", "清单未载明核查方式", "the list names no way to verify it")
    NOT_MEASURED = ("not_measured", "应核查而无用电或在线数据", "to be verified, yet without electricity or CEMS data")
    NOT_BY_POWER = (
        "not_by_power",
        "焖炉、保温或公路运输，用电不能核实减排，需在线监测",
        "banked, kept warm or road transport: electricity shows no saving; it takes CEMS",
    )
    NO_BASELINE = (
        "no_baseline",
        "有用电数据而无正常生产基线",
        "electricity was measured, yet no normal production is known",
    )
    REPORTED_ABOVE_BASE = ("reported_above_base", "企业上报减排量大于基数", "more was reported than the line emits")


@dataclass(frozen=True, slots=True)
class Remark:
    """One line that the list should be corrected for."""

    kind: RemarkKind
    uscc: str
    name: str
    line: str
    line_name: str


@dataclass(frozen=True, slots=True)
class Reported:
    """What an enterprise reported for a line in a response: mg per pollutant (None: not derivable), and for how many days."""

    saved: tuple[int | None, int | None, int | None, int | None]
    days: int


FOURS = (
    "base", "planned", "stated", "computed", "reported", "reported_lines",
    "verified", "verified_of", "verified_lines", "verified_minutes", "asked_minutes",
)  # fmt: skip


def _zeros() -> list[int]:
    return [0, 0, 0, 0]


@dataclass(slots=True)
class Tally:
    """Sums in mg. `stated` and `computed` add up to `planned`; `verified` is a lower bound over `verified_minutes`.

    `verified_of` is what was planned for just the verified minutes; `asked_minutes` are the line-minutes in which a line with
    a base was asked for anything. Reported and verified say nothing about a pollutant while their lines are 0.
    `unestablished`: lines of which no amount of the pollutant is established in some response; `planned` holds nothing of them.
    """

    enterprises: int = 0
    lines: int = 0
    asked_lines: int = 0
    unknown_lines: int = 0
    unestablished: list[int] = field(default_factory=_zeros)
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
    asked_minutes: list[int] = field(default_factory=_zeros)

    def merge(self, other: Tally) -> None:
        """Add another tally, such as that of another city."""
        self.count(other)
        self.sum(other)

    def count(self, other: Tally) -> None:
        """Add its enterprises and lines."""
        self.enterprises += other.enterprises
        self.lines += other.lines
        self.asked_lines += other.asked_lines
        self.unknown_lines += other.unknown_lines
        _add(self.unestablished, other.unestablished)

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


def _add(total: list[int], values: Sequence[int]) -> None:
    for place, value in enumerate(values):
        total[place] += value


def _add_known(total: list[int], lines: list[int], values: Sequence[int | None]) -> None:
    for place, value in enumerate(values):
        if value is not None:
            total[place] += value
            lines[place] += 1


class Amounts(NamedTuple):
    """One line in one response, all three kinds of figures."""

    account: LineAccount
    minutes: int
    verified: Verified | None
    reported: Reported | None


@dataclass(frozen=True, slots=True)
class LargeLine:
    """One of the lines that are planned to save most, over all responses. Amounts in mg; None: not known."""

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
                _count_line(sums, [one])
            _count_line(counted := self._groups.setdefault(group, Tally()), [one for _, one in every])
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
                _count_lines(tallies[place], counted)
            tallies[By.SOURCE, group[-1]].count(counted)
        for (group, key), sums in self._sums.items():
            for place in (*_places(group[:-1]), (By.SOURCE, group[-1])):
                tallies[place].sum(sums)
            tallies[By.RESPONSE, str(key)].sum(sums)
            _count_lines(tallies[By.RESPONSE, str(key)], sums)
        for span in self.spans:
            response, level = tallies[By.RESPONSE, str(span.key)], tallies[By.LEVEL, span.level.value]
            if not level.lines:
                level.count(response)
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
        for kind in _remarks(enterprise, line, measures, every, measured):
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


def _count_line(tally: Tally, every: Sequence[Amounts]) -> None:
    tally.lines += 1
    tally.asked_lines += any(one.account.asked for one in every)
    tally.unknown_lines += any(one.account.origins is UNKNOWN for one in every)
    count_unestablished(tally, [one.account.origins for one in every])


def count_unestablished(tally: Tally, every: Iterable[Origins]) -> None:
    """Count one line whose amounts come from these origins, one for each response."""
    open_ones = [origins for origins in every if Origin.NOT_ESTABLISHED in origins]
    if open_ones:
        for place in range(4):
            tally.unestablished[place] += any(origins[place] is Origin.NOT_ESTABLISHED for origins in open_ones)


def _count_lines(tally: Tally, counted: Tally) -> None:
    tally.lines += counted.lines
    tally.asked_lines += counted.asked_lines
    tally.unknown_lines += counted.unknown_lines
    _add(tally.unestablished, counted.unestablished)


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
        tuple(origin.value for origin in every[0][1].account.origins),
        _known(one.reported.saved for _, one in every if one.reported is not None),
        _known(one.saved for one in verified),
        total(one.minutes for one in verified),
    )


def _known(every: Iterable[Sequence[int | None]]) -> tuple[int | None, ...]:
    """The sums of what is known; None where nothing is."""
    rows = list(every)
    found = [[row[place] for row in rows if row[place] is not None] for place in range(4)]
    return tuple(sum(value for value in values if value is not None) if values else None for values in found)


def _remarks(
    enterprise: Enterprise,
    line: Line,
    measures: Sequence[Measure],
    every: Sequence[tuple[Span, Amounts]],
    measured: Measured | None,
) -> Iterable[RemarkKind]:
    if enterprise.long_stopped:
        if any(line.base):
            yield RemarkKind.LONG_STOPPED_BASE
        return
    if any(not measure.executable for measure in measures):
        yield RemarkKind.MEASURE_UNKNOWN
    if any(one.account.above_base for _, one in every):
        yield RemarkKind.ABOVE_BASE
    if any(_exceeds(one) for _, one in every):
        yield RemarkKind.REPORTED_ABOVE_BASE
    asked = [one for _, one in every if one.account.asked]
    if not asked:
        return
    if all(set(one.account.origins) == {Origin.NOT_ESTABLISHED} for one in asked):
        yield RemarkKind.NO_AMOUNT
    yield from _unverified(measures, asked, measured)


def _unverified(
    measures: Sequence[Measure], asked: Sequence[Amounts], measured: Measured | None
) -> Iterable[RemarkKind]:
    if not any(measure.verification for measure in measures):
        yield RemarkKind.NO_VERIFICATION
    elif (
        measured is not None
        and measured.power is not None
        and not measured.cems
        and not any(one.account.by_power for one in asked)
    ):
        yield RemarkKind.NOT_BY_POWER
    elif measured is not None and measured.power is not None and not measured.baseline and not measured.cems:
        yield RemarkKind.NO_BASELINE
    elif all(one.verified is None or one.verified.minutes == NOTHING for one in asked):
        yield RemarkKind.NOT_MEASURED


def _exceeds(one: Amounts) -> bool:
    if one.reported is None:
        return False
    pairs = zip(one.reported.saved, one.account.base, one.account.daily_base, strict=True)
    return any(value is not None and daily and value > base + daily // 1000 for value, base, daily in pairs)
