"""Planned reductions of dust sites and mobile sources (扬尘源、移动源) beside industry: per class, hour, pollutant and level.

A row of a further sheet states per level a measure and what it saves a day. What is planned is that figure, at most the base;
a machine out of use saves its whole base. Nothing else follows from a base here: no document says what a vehicle ban or a
stopped site saves, so without a stated figure the amount is not established, and it is counted as such, never as nothing.
A measure of these sheets holds from the start to the end of the response. All sums are whole milligrams.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import NamedTuple

import numpy as np

from emission_lists.accounting import NO_PLACE, NOTHING, Four, Origin, Origins, Which, milligrams
from emission_lists.accounting_sums import Hours, Tally, count_unestablished, count_unstated
from emission_lists.accounting_weights import Ints, Span, whole
from emission_lists.levels import ResponseLevel
from emission_lists.lists import POLLUTANTS
from emission_lists.measures import Labelled
from emission_lists.sheets.kinds import Sheet, SheetRecord
from emission_lists.source_totals import record_pollutants

_BATCH = 2000
_NONE, _UNKNOWN, _OUT_OF_USE = "none", "unknown", "stop"


class Group(Labelled):
    """A class of sources (源类别) whose planned reductions are added up."""

    INDUSTRY = ("industry", "工业源", "industry")
    DUST = ("dust", "扬尘源", "dust")
    MOBILE = ("mobile", "移动源", "mobile sources")


GROUP_OF: dict[Sheet, Group] = {
    Sheet.DUST: Group.DUST,
    Sheet.ROAD_MOBILE: Group.MOBILE,
    Sheet.NON_ROAD: Group.MOBILE,
    Sheet.BULK_TRANSPORT: Group.MOBILE,
}
"""The sheets that are accounted, in the order in which they are shown."""
EMITTED: dict[Sheet, tuple[str, ...]] = {Sheet.DUST: ("pm",)}
"""What the sources of a sheet emit, where it is not everything."""


class Plan(NamedTuple):
    """What one row plans at one level, mg/d. `listed`: its amount stands in the industrial list already.

    `unstated`: the pollutants that it emits and of which it states no base.
    """

    asked: bool
    base: Four
    saved: Four
    origins: Origins
    listed: bool = False
    unstated: Which = NO_PLACE


def plan_of(record: SheetRecord, level: ResponseLevel, listed: bool = False) -> Plan:
    """The plan of a row. `listed`: the list has a row 公路运输 of the same unit, which is accounted as industry."""
    base = NOTHING if record.sheet is Sheet.BULK_TRANSPORT else milligrams(record_pollutants(record, "base"))
    emitted = EMITTED.get(record.sheet, POLLUTANTS)
    unstated = NO_PLACE if listed else _unstated(record, emitted)
    measure = record.text(level.value)
    if listed or measure == _NONE:
        return Plan(measure not in (_NONE, _UNKNOWN, None), base, NOTHING, (Origin.NOT_ASKED,) * 4, listed, unstated)
    saved, origins = [0, 0, 0, 0], [Origin.NOT_ESTABLISHED] * 4
    unknown = measure is None or measure == _UNKNOWN
    whole_base = record.sheet is Sheet.NON_ROAD and measure == _OUT_OF_USE
    stated = record_pollutants(record, level.value)
    amounts = milligrams(stated)
    for place, name in enumerate(POLLUTANTS):
        known = not unstated[place]
        if name not in emitted:
            origins[place] = Origin.NOT_ASKED
        elif unknown:
            continue
        elif stated[place] is not None:
            saved[place], origins[place] = min(amounts[place], base[place]) if known else amounts[place], Origin.STATED
        elif whole_base and known:
            saved[place], origins[place] = base[place], Origin.COMPUTED
    return Plan(not unknown, base, _four(saved), (origins[0], origins[1], origins[2], origins[3]), unstated=unstated)


def _unstated(record: SheetRecord, emitted: Collection[str]) -> Which:
    """A sheet of bulk-transport units has no column for emissions, so none of them states a base."""
    one, two, three, four = (
        name in emitted and (record.sheet is Sheet.BULK_TRANSPORT or record.number_of(f"base_{name}") is None)
        for name in POLLUTANTS
    )
    return NO_PLACE if not (one or two or three or four) else (one, two, three, four)


def _four(values: Sequence[int]) -> Four:
    one, two, three, four = values
    return one, two, three, four


class RecordAccounts:
    """Adds up the rows of the further sheets over the responses of one warning. Add each row once.

    `listed`: how many rows of a sheet have their amount in the industrial list.
    """

    def __init__(self, spans: Sequence[Span]) -> None:
        self.spans = tuple(span for span in spans if span.minutes)
        self.listed: defaultdict[Sheet, int] = defaultdict(int)
        self._counts: defaultdict[Sheet, Tally] = defaultdict(Tally)
        self._sums: defaultdict[tuple[Sheet, int], Tally] = defaultdict(Tally)
        self._hours = {
            (group, span.key): np.zeros((4, len(span.hours)), dtype=np.int64)
            for group in (Group.DUST, Group.MOBILE)
            for span in self.spans
        }
        self._waiting: defaultdict[tuple[Group, int], list[Four]] = defaultdict(list)

    def add(self, record: SheetRecord, *, listed: bool = False) -> None:
        """Add a row; sheets without sources are passed over."""
        if record.sheet not in GROUP_OF:
            return
        plans = [plan_of(record, span.level, listed) for span in self.spans]
        _count(self._counts[record.sheet], plans)
        self.listed[record.sheet] += listed
        for span, plan in zip(self.spans, plans, strict=True):
            sums = self._sums[record.sheet, span.key]
            _count(sums, [plan])
            self._sum(sums, record.sheet, span, plan)

    def _sum(self, sums: Tally, sheet: Sheet, span: Span, plan: Plan) -> None:
        running = whole(span)
        for place in range(4):
            sums.base[place] += running.total(plan.base[place])
            amount = running.total(plan.saved[place])
            sums.planned[place] += amount
            (sums.stated if plan.origins[place] is Origin.STATED else sums.computed)[place] += amount
        if plan.saved != NOTHING:
            waiting = self._waiting[GROUP_OF[sheet], span.key]
            waiting.append(plan.saved)
            if len(waiting) >= _BATCH:
                self._flush(GROUP_OF[sheet], span)

    def _flush(self, group: Group, span: Span) -> None:
        """Each row on its own, so that its hours add up to its sum; then all of them together."""
        waiting = self._waiting.pop((group, span.key), None)
        if waiting:
            flat = whole(span).hourly(np.array(waiting, dtype=np.int64).reshape(-1))
            self._hours[group, span.key] += flat.reshape(len(waiting), 4, -1).sum(axis=0)

    def hours(self, group: Group, span: Span) -> Ints:
        """Planned mg of a class in each clock hour of a response: shape (4, hours)."""
        self._flush(group, span)
        return self._hours[group, span.key]

    def sheets(self) -> dict[Sheet, Tally]:
        """The sums by sheet over all responses, `lines` being rows."""
        return {sheet: self._whole(sheet, self.spans) for sheet in GROUP_OF if sheet in self._counts}

    def of_response(self, span: Span) -> dict[Sheet, Tally]:
        """The sums by sheet over one response."""
        return {sheet: self._sums[sheet, span.key] for sheet in GROUP_OF if (sheet, span.key) in self._sums}

    def of_level(self, level: ResponseLevel) -> dict[Sheet, Tally]:
        """The sums by sheet over the responses of one level."""
        spans = [span for span in self.spans if span.level is level]
        return {sheet: self._level(sheet, spans) for sheet in GROUP_OF if spans and (sheet, spans[0].key) in self._sums}

    def _whole(self, sheet: Sheet, spans: Iterable[Span]) -> Tally:
        total = Tally()
        total.count(self._counts[sheet])
        for span in spans:
            total.sum(self._sums[sheet, span.key])
        return total

    def _level(self, sheet: Sheet, spans: Sequence[Span]) -> Tally:
        total = Tally()
        total.count(self._sums[sheet, spans[0].key])
        for span in spans:
            total.sum(self._sums[sheet, span.key])
        return total


def _count(tally: Tally, plans: Sequence[Plan]) -> None:
    tally.lines += 1
    tally.asked_lines += any(plan.asked for plan in plans)
    tally.unknown_lines += any(not plan.asked and Origin.NOT_ESTABLISHED in plan.origins for plan in plans)
    count_unestablished(tally, [plan.origins for plan in plans])
    count_unstated(tally, [(plan.unstated, plan.origins, plan.saved) for plan in plans])


def by_group(sheets: Mapping[Sheet, Tally], industry: Tally) -> dict[Group, Tally]:
    """The sums of sheets and of the industrial list by class; every class is there."""
    found = {group: Tally() for group in Group}
    found[Group.INDUSTRY].merge(industry)
    for sheet, tally in sheets.items():
        found[GROUP_OF[sheet]].merge(tally)
    return found


def total_of(groups: Mapping[Group, Tally]) -> Tally:
    """The sum of the classes."""
    total = Tally()
    for tally in groups.values():
        total.merge(tally)
    return total


def hours_by_group(industry: Hours, records: RecordAccounts) -> dict[Group, Ints]:
    """Planned mg per class in each clock hour of one response: shape (4, hours) each."""
    others = {group: records.hours(group, industry.span) for group in (Group.DUST, Group.MOBILE)}
    return {Group.INDUSTRY: industry.planned, **others}
