"""The summary of a list (汇总表): base emissions and planned reductions by county, industry, grade, source and standing.

Sums are whole milligrams a day, so every dimension adds up to the same total whatever the order of the rows. The columns
of the official summary sheet are not published; these dimensions are those that published plans and reviews speak of.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from fractions import Fraction
from operator import add
from typing import NamedTuple, cast

import numpy as np
from numpy.typing import NDArray

from emission_lists.grades import Grade
from emission_lists.levels import LEVELS, PerLevel
from emission_lists.lists import POLLUTANTS, ROAD_TRANSPORT, Enterprise, Line, SourceClass
from emission_lists.measures import Labelled, Measure
from emission_lists.reductions import FINEST, GAPS, Totals, daily_share, totals_of
from emission_lists.sheets.kinds import Sheet, SheetRecord

PER_KG = 1_000_000
WIDTH = len(POLLUTANTS) * (1 + len(LEVELS))
"""Numbers of one sum: base, yellow, orange, red, each for SO2, NOx, PM and VOCs."""
WHOLE = "all"
_WHOLE = WIDTH + GAPS


class Dimension(Labelled):
    """What a list is summed by."""

    LIST = ("list", "全市", "whole list")
    COUNTY = ("county", "区县", "county")
    INDUSTRY = ("industry", "行业", "industry")
    GRADE = ("grade", "绩效等级", "grade")
    SOURCE = ("source", "源类", "source class")
    STANDING = ("standing", "管控类别", "standing of the enterprise")
    SHEET = ("sheet", "其他源清单", "further sources")


class Source(Labelled):
    """Which class of sources a row of the industrial list belongs to (源类); the first that applies."""

    TRANSPORT = ("plant_transport", "厂区公路运输", "road transport of plants")
    SMALL_MICRO = ("small_micro", "小微涉气", "small or micro emitters")
    POWER_PLANT = ("power_plant", "电厂", "power plants")
    HEATING_BOILER = ("heating_boiler", "供热锅炉", "heating boilers")
    INDUSTRY = ("industry", "一般工业企业", "other industry")


class Standing(Labelled):
    """How the list treats an enterprise; the first that applies."""

    LONG_STOPPED = ("long_stopped", "长期停产", "stopped for long")
    GUARANTEE = ("guarantee", "保障类", "guarantee class")
    SMALL_MICRO = ("small_micro", "小微涉气", "small or micro emitter")
    GRADED = ("key_graded", "重点行业（已评级）", "key industry, graded")
    UNGRADED = ("key_ungraded", "重点行业（未评级）", "key industry, not graded")
    OTHER = ("other", "非重点行业", "other industry")


def standing_of(enterprise: Enterprise) -> Standing:
    """The one standing an enterprise is counted under."""
    if enterprise.long_stopped:
        return Standing.LONG_STOPPED
    if enterprise.guarantee is not None:
        return Standing.GUARANTEE
    if enterprise.small_micro:
        return Standing.SMALL_MICRO
    if not enterprise.key_industry:
        return Standing.OTHER
    return Standing.UNGRADED if enterprise.grade is Grade.UNGRADED else Standing.GRADED


_SOURCES = {SourceClass.POWER_PLANT: Source.POWER_PLANT, SourceClass.HEATING_BOILER: Source.HEATING_BOILER}


def source_of(enterprise: Enterprise, line: Line) -> Source:
    """The one source class a row is counted under."""
    if line.process == ROAD_TRANSPORT:
        return Source.TRANSPORT
    if enterprise.small_micro:
        return Source.SMALL_MICRO
    return _SOURCES.get(enterprise.source_class or SourceClass.INDUSTRY, Source.INDUSTRY)


@dataclass(frozen=True, slots=True)
class Sum:
    """One group: how many enterprises and lines, `WIDTH` sums in mg/d of what is stated, and what its lines leave open.

    `gaps`: `GAPS` numbers as `reductions.Gaps` has them; None where they were not counted: in versions stored before. An
    enterprise with rows of several sources counts once in each of them. Of a further sheet (扬尘、移动源) the rows are counted as
    lines; they are no part of the whole list's sum.
    """

    dimension: Dimension
    key: str
    enterprises: int
    lines: int
    milligrams: tuple[int, ...]
    gaps: tuple[int, ...] | None = None

    def totals(self) -> Totals:
        """The sums in kg/d, with what follows from base × share where nothing is stated."""
        return totals_of(self.milligrams, self.gaps)


_Group = tuple[str, str, str, str]  # county, industry, grade, standing
_FOUR, _LEVELS = len(POLLUTANTS), len(LEVELS)
_BATCH = 4096  # lines added up at a time: far from what 64 bits hold, and little memory
_MOST_PLANS = 20_000
_SAFE = 1 << 62


class _Kind(NamedTuple):
    """What has to be known of the three measures of a row, by level: whether it is established, and the share that it saves.

    `share` as parts of `parts`; `parts` 0: the measure's kind fixes none. `missing`: whether what is left blank is open at all,
    by pollutant: nothing is where an enterprise was stopped long before, and a source of dust emits nothing else.
    """

    known: tuple[bool, ...]
    share: tuple[int, ...]
    parts: tuple[int, ...]
    missing: tuple[bool, ...]


class Summary:
    """Adds enterprises one by one; what it holds grows with the groups, not with the enterprises."""

    def __init__(self) -> None:
        self._groups: dict[_Group, int] = {}
        self._places: dict[tuple[_Group, Source] | Sheet, int] = {}
        self._counts: list[list[int]] = []
        self._sums: list[list[int]] = []
        self._of: list[int] = []  # the place of each line that waits in `_values`
        self._values: list[float | None] = []
        self._kind_of: list[int] = []  # and the place of its kind in `_kinds`
        self._kinds: dict[_Kind, int] = {}
        self._plans: dict[tuple[int, bool], tuple[PerLevel[Measure], int]] = {}
        self._words: dict[tuple[object, ...], int] = {}

    def add(self, enterprise: Enterprise, lines: Iterable[Line]) -> None:
        """Count an enterprise with all its lines. Call it once for each enterprise."""
        standing, settled = standing_of(enterprise), enterprise.long_stopped
        group = enterprise.adcode, enterprise.industry, enterprise.grade.value, standing.value
        self._groups[group] = self._groups.get(group, 0) + 1
        places, values = dict[bool, int](), self._values
        for line in lines:
            transport = line.process == ROAD_TRANSPORT  # nothing else of a line decides its source
            place = places.get(transport)
            if place is None:
                place = places[transport] = self._place((group, source_of(enterprise, line)))
                self._counts[place][0] += 1
            self._counts[place][1] += 1
            self._of.append(place)
            plan, saved = line.measures, line.reductions
            known = self._plans.get((id(plan), settled))
            self._kind_of.append(self._plan(plan, settled) if known is None else known[1])
            values += line.base
            values += saved.yellow
            values += saved.orange
            values += saved.red
        self._add_up(_BATCH)

    def _plan(self, plan: PerLevel[Measure], settled: bool) -> int:
        """The kind of a plan. The reader gives equal plans as one object, so identity finds those that are held."""
        if len(self._plans) >= _MOST_PLANS:
            self._plans.clear()
        shares = [daily_share(measure) for measure in plan]
        place = self._kind(_kind([measure.executable for measure in plan], shares, (not settled,) * _FOUR))
        self._plans[id(plan), settled] = plan, place
        return place

    def _kind(self, kind: _Kind) -> int:
        return self._kinds.setdefault(kind, len(self._kinds))

    def add_record(self, record: SheetRecord) -> None:
        """Count a row of a further sheet; sheets without emissions are passed over."""
        if record.sheet in _EMITTING:
            place, get = self._place(record.sheet), record.fields.get
            self._counts[place][1] += 1
            self._of.append(place)
            words = (record.sheet, *(get(level.value) for level in LEVELS))
            kind = self._words.get(words)
            if kind is None:
                kind = self._words[words] = self._kind(_kind_of_record(record))
            self._kind_of.append(kind)
            for names in _FIELDS:
                self._values += cast("list[float | None]", [get(name) for name in names])
            self._add_up(_BATCH)

    def sums(self) -> list[Sum]:
        """Every group of every dimension, in a fixed order; the whole list first."""
        self._add_up(1)
        found: dict[tuple[Dimension, str], list[int]] = {(Dimension.LIST, WHOLE): [0] * (2 + _WHOLE)}
        for group, enterprises in self._groups.items():
            for dimension in _dimensions(group):
                found.setdefault(dimension, [0] * (2 + _WHOLE))[0] += enterprises
        for key, place in self._places.items():
            (enterprises, lines), sums = self._counts[place], self._sums[place]
            if isinstance(key, Sheet):
                found[Dimension.SHEET, key.value] = [0, lines, *sums]
                continue
            group, source = key
            counted = [0, lines, *sums]
            for dimension in _dimensions(group):
                _merge(found[dimension], counted)
            _merge(found.setdefault((Dimension.SOURCE, source.value), [0] * (2 + _WHOLE)), [enterprises, lines, *sums])
        order = list(Dimension)
        return [
            Sum(dimension, key, values[0], values[1], tuple(values[2 : 2 + WIDTH]), tuple(values[2 + WIDTH :]))
            for (dimension, key), values in sorted(found.items(), key=lambda one: (order.index(one[0][0]), one[0][1]))
        ]

    def _place(self, key: tuple[_Group, Source] | Sheet) -> int:
        place = self._places.setdefault(key, len(self._sums))
        if place == len(self._sums):
            self._counts.append([0, 0])
            self._sums.append([0] * _WHOLE)
        return place

    def _add_up(self, least: int) -> None:
        """Add what waits, when there is enough of it: each value in whole milligrams, rounded as `round` does."""
        if len(self._of) < least:
            return
        values = np.array(self._values, dtype=np.float64).reshape(-1, 1 + _LEVELS, _FOUR)
        kinds, every, of = np.array(self._kind_of), list(self._kinds), np.array(self._of)
        known = np.array([one.known for one in every], dtype=np.bool_)[kinds]
        values[:, 1:][~known] = np.nan  # a figure beside a measure that is not established is none
        blank = np.isnan(values)
        stated = np.rint(np.nan_to_num(values) * PER_KG).astype(np.int64)
        added = np.zeros((len(self._sums), _WHOLE), dtype=np.int64)
        np.add.at(added[:, :WIDTH], of, stated.reshape(-1, WIDTH))
        some = np.flatnonzero(blank.any(axis=(1, 2)))
        if len(some):
            gaps = _gaps(blank[some], stated[some, :1], [every[place] for place in kinds[some]])
            np.add.at(added[:, WIDTH:], of[some], gaps)
        for place, sums in enumerate(added.tolist()):
            if any(sums):
                _merge(self._sums[place], sums)
        self._of.clear()
        self._values.clear()
        self._kind_of.clear()


def _kind(known: Iterable[bool], shares: Iterable[Fraction | None], missing: tuple[bool, ...]) -> _Kind:
    exact = [(0, 0) if one is None else (one.numerator, one.denominator) for one in shares]
    return _Kind(tuple(known), tuple(part for part, _ in exact), tuple(whole for _, whole in exact), missing)


def _kind_of_record(record: SheetRecord) -> _Kind:
    """Of a further sheet only two measures fix a share: none, and a machine that is not used."""
    words = [record.text(level.value) for level in LEVELS]
    whole = {"stop"} if record.sheet is Sheet.NON_ROAD else set[str]()
    shares = [Fraction(0) if word == "none" else Fraction(1) if word in whole else None for word in words]
    emitted = {"pm"} if record.sheet is Sheet.DUST else set(POLLUTANTS)
    return _kind([word != "unknown" for word in words], shares, tuple(name in emitted for name in POLLUTANTS))


def _gaps(blank: NDArray[np.bool_], base: NDArray[np.int64], kinds: list[_Kind]) -> NDArray[np.int64]:
    """What rows leave open, `GAPS` numbers each. `blank`: (n, base and levels, pollutant), `base` (n, 1, pollutant) in mg/d."""
    share = np.array([one.share for one in kinds], dtype=np.int64)[:, :, None]
    parts = np.array([one.parts for one in kinds], dtype=np.int64)[:, :, None]
    missing = np.array([one.missing for one in kinds], dtype=np.bool_)[:, None, :]
    no_base = blank[:, :1]
    asked = blank[:, 1:] & missing & ~((parts > 0) & (share == 0))
    computed = asked & (parts > 0) & ~no_base
    left = asked & ~computed
    if base.max(initial=0) * FINEST >= _SAFE:
        base, share = base.astype(object), share.astype(object)
    numbers = (
        no_base & missing,
        left,
        left & no_base,
        np.where(computed, base * share // np.maximum(parts, 1), 0),
        np.where(left, base, 0),
    )
    return np.concatenate([one.reshape(len(kinds), -1).astype(np.int64) for one in numbers], axis=1)


def summed(enterprises: Iterable[tuple[Enterprise, Iterable[Line]]], records: Iterable[SheetRecord] = ()) -> list[Sum]:
    """The sums of enterprises with their lines, and of the further sheets."""
    summary = Summary()
    for enterprise, lines in enterprises:
        summary.add(enterprise, lines)
    for record in records:
        summary.add_record(record)
    return summary.sums()


def _dimensions(group: _Group) -> tuple[tuple[Dimension, str], ...]:
    county, industry, grade, standing = group
    return (
        (Dimension.LIST, WHOLE),
        (Dimension.COUNTY, county),
        (Dimension.INDUSTRY, industry),
        (Dimension.GRADE, grade),
        (Dimension.STANDING, standing),
    )


def _merge(into: list[int], values: list[int]) -> None:
    into[:] = map(add, into, values)


_EMITTING = frozenset({Sheet.DUST, Sheet.ROAD_MOBILE, Sheet.NON_ROAD})
_FIELDS = tuple(
    tuple(f"{item}_{name}" for name in POLLUTANTS) for item in ("base", *(level.value for level in LEVELS))
)
