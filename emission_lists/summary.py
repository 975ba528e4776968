"""The summary of a list (汇总表): base emissions and planned reductions by county, industry, grade, source and standing.

Sums are whole milligrams a day, so every dimension adds up to the same total whatever the order of the rows. The columns
of the official summary sheet are not published; these dimensions are those that published plans and reviews speak of.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import cast

import numpy as np

from emission_lists.grades import Grade
from emission_lists.levels import LEVELS, PerLevel
from emission_lists.lists import POLLUTANTS, ROAD_TRANSPORT, Enterprise, Line, Pollutants, SourceClass
from emission_lists.measures import Action, Labelled
from emission_lists.reductions import Totals
from emission_lists.sheets.kinds import Sheet, SheetRecord

PER_KG = 1_000_000
WIDTH = len(POLLUTANTS) * (1 + len(LEVELS))
"""Numbers of one sum: base, yellow, orange, red, each for SO2, NOx, PM and VOCs."""
WHOLE = "all"


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
    """One group: how many enterprises and lines, and `WIDTH` sums in mg/d.

    An enterprise with rows of several sources counts once in each of them. Of a further sheet (扬尘、移动源) the rows are
    counted as lines; they are no part of the whole list's sum.
    """

    dimension: Dimension
    key: str
    enterprises: int
    lines: int
    milligrams: tuple[int, ...]

    def totals(self) -> Totals:
        """The sums in kg/d."""
        four = len(POLLUTANTS)
        base, *levels = (
            Pollutants(*(value / PER_KG for value in self.milligrams[start : start + four]))
            for start in range(0, WIDTH, four)
        )
        return Totals(base, PerLevel(*levels))


_Group = tuple[str, str, str, str]  # county, industry, grade, standing
_UNKNOWN = Action.UNKNOWN
_NOTHING = Pollutants(0.0, 0.0, 0.0, 0.0)
_BATCH = 4096  # lines added up at a time: far from what 64 bits hold, and little memory


class Summary:
    """Adds enterprises one by one; what it holds grows with the groups, not with the enterprises."""

    def __init__(self) -> None:
        self._groups: dict[_Group, int] = {}
        self._places: dict[tuple[_Group, Source] | Sheet, int] = {}
        self._counts: list[list[int]] = []
        self._sums: list[list[int]] = []
        self._of: list[int] = []  # the place of each line that waits in `_values`
        self._values: list[float | None] = []

    def add(self, enterprise: Enterprise, lines: Iterable[Line]) -> None:
        """Count an enterprise with all its lines. Call it once for each enterprise."""
        standing = standing_of(enterprise)
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
            values += line.base
            values += _NOTHING if plan.yellow.action is _UNKNOWN else saved.yellow
            values += _NOTHING if plan.orange.action is _UNKNOWN else saved.orange
            values += _NOTHING if plan.red.action is _UNKNOWN else saved.red
        self._add_up(_BATCH)

    def add_record(self, record: SheetRecord) -> None:
        """Count a row of a further sheet; sheets without emissions are passed over."""
        if record.sheet in _EMITTING:
            place, get = self._place(record.sheet), record.fields.get
            self._counts[place][1] += 1
            self._of.append(place)
            for item, names in _FIELDS:
                known = get(item) != _UNKNOWN.value
                self._values += cast("list[float | None]", [get(name) for name in names]) if known else _NOTHING
            self._add_up(_BATCH)

    def sums(self) -> list[Sum]:
        """Every group of every dimension, in a fixed order; the whole list first."""
        self._add_up(1)
        found: dict[tuple[Dimension, str], list[int]] = {(Dimension.LIST, WHOLE): [0] * (2 + WIDTH)}
        for group, enterprises in self._groups.items():
            for dimension in _dimensions(group):
                found.setdefault(dimension, [0] * (2 + WIDTH))[0] += enterprises
        for key, place in self._places.items():
            (enterprises, lines), sums = self._counts[place], self._sums[place]
            if isinstance(key, Sheet):
                found[Dimension.SHEET, key.value] = [0, lines, *sums]
                continue
            group, source = key
            for dimension in _dimensions(group):
                _merge(found[dimension], [0, lines, *sums])
            _merge(found.setdefault((Dimension.SOURCE, source.value), [0] * (2 + WIDTH)), [enterprises, lines, *sums])
        order = list(Dimension)
        return [
            Sum(dimension, key, values[0], values[1], tuple(values[2:]))
            for (dimension, key), values in sorted(found.items(), key=lambda one: (order.index(one[0][0]), one[0][1]))
        ]

    def _place(self, key: tuple[_Group, Source] | Sheet) -> int:
        place = self._places.setdefault(key, len(self._sums))
        if place == len(self._sums):
            self._counts.append([0, 0])
            self._sums.append([0] * WIDTH)
        return place

    def _add_up(self, least: int) -> None:
        """Add what waits, when there is enough of it: each value in whole milligrams, rounded as `round` does."""
        if len(self._of) < least:
            return
        values = np.nan_to_num(np.array(self._values, dtype=np.float64)).reshape(-1, WIDTH)
        added = np.zeros((len(self._sums), WIDTH), dtype=np.int64)
        np.add.at(added, np.array(self._of), np.rint(values * PER_KG).astype(np.int64))
        for place, sums in enumerate(added.tolist()):
            if any(sums):
                _merge(self._sums[place], sums)
        self._of.clear()
        self._values.clear()


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
    for index, value in enumerate(values):
        into[index] += value


_EMITTING = frozenset({Sheet.DUST, Sheet.ROAD_MOBILE, Sheet.NON_ROAD})
_FIELDS = tuple(
    (item, tuple(f"{item}_{name}" for name in POLLUTANTS)) for item in ("base", *(level.value for level in LEVELS))
)
