"""The measures of generated lines: the guide's where it knows, invented ones where it does not."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from emission_lists.generated_measures import HAULED, HAULERS, shaped
from emission_lists.grades import Grade
from emission_lists.guide_demands import allotted
from emission_lists.guides import ALL_PROCESSES, Guide, Industry, ListProfile, MeasureTemplate
from emission_lists.levels import LEVELS, PerLevel, ResponseLevel
from emission_lists.lists import ROAD_TRANSPORT
from emission_lists.measures import (
    Action,
    Basis,
    CountUnit,
    Measure,
    Verification,
)

Lines = Sequence[tuple[str, int]]  # process and number of units of each line
_ROAD = "road_transport"
_LIMIT, _STOP = Action.LIMIT, Action.STOP

# Invented where the guide is unknown: action and share at yellow, orange, red.
_INVENTED: dict[Grade, tuple[tuple[Action, float], ...]] = {
    Grade.B: ((_LIMIT, 0.2), (_LIMIT, 0.3), (_LIMIT, 0.5)),
    Grade.B_MINUS: ((_LIMIT, 0.3), (_LIMIT, 0.4), (_LIMIT, 0.6)),
    Grade.C: ((_STOP, 0.3), (_STOP, 0.5), (_STOP, 1.0)),
    Grade.D: ((_STOP, 0.5), (_STOP, 1.0), (_STOP, 1.0)),
    Grade.NON_LEADING: ((_STOP, 0.3), (_STOP, 0.5), (_STOP, 1.0)),
}
_OTHER = ((_LIMIT, 0.2), (_LIMIT, 0.3), (_LIMIT, 0.5))


class Planner:
    """Plans the measures of one enterprise's lines; equal lines get equal measures."""

    def __init__(self, guide: Guide, profile: ListProfile) -> None:
        self._guide = guide
        self._lower_load = profile.single_unit.policy == "lower_load"
        self._known: dict[object, list[PerLevel[Measure]]] = {}

    def guide_knows(self, industry: Industry, grade: Grade, subtype: str | None = None) -> bool:
        """True where the guide asks something of the grade at some level."""
        return any(self._guide.templates(industry, grade, level, subtype) is not None for level in LEVELS)

    def needs_transport_row(self, industry: Industry, grade: Grade, subtype: str | None = None) -> bool:
        """True where the guide asks something of its transport, or an invented measure does."""
        if industry.name_zh in HAULERS and grade not in self._guide.self_determined.grades:
            return True
        templates = [self._guide.templates(industry, grade, level, subtype) or () for level in LEVELS]
        return any(template.process == _ROAD for group in templates for template in group)

    def key(
        self, industry: Industry, grade: Grade, lines: Lines, unknown: bool, subtype: str | None = None
    ) -> list[PerLevel[Measure]]:
        """The plan of a key-industry enterprise. `unknown`: the authority has not established it yet."""
        key = (industry.code, grade, subtype, tuple(lines), unknown)
        if key not in self._known:
            levels = [self._level(industry, grade, subtype, level, lines, unknown) for level in LEVELS]
            self._known[key] = _turned(levels, lines)
        return self._known[key]

    def other(self, lines: Lines, *, small: bool) -> list[PerLevel[Measure]]:
        """The plan outside the key industries; small-micro enterprises are relieved at yellow and orange."""
        key = (small, tuple(lines))
        if key not in self._known:
            levels = []
            for index, (action, ratio) in enumerate(_OTHER):
                measure = Measure(Action.NONE) if small and index < 2 else Measure(action, ratio)
                levels.append([measure] * len(lines))
            self._known[key] = _turned(levels, lines)
        return self._known[key]

    def guaranteed(self, lines: Lines, basis: Basis = Basis.HEAT_SUPPLY) -> list[PerLevel[Measure]]:
        """The plan under guarantee: a load led by heat (以热定产) or by order (以量定产), nothing to stop."""
        key = (basis, tuple(lines))
        if key not in self._known:
            measure = Measure(Action.LIMIT, 0.1, basis=basis)
            self._known[key] = _turned([[measure] * len(lines) for _ in LEVELS], lines)
        return self._known[key]

    def _level(
        self,
        industry: Industry,
        grade: Grade,
        subtype: str | None,
        level: ResponseLevel,
        lines: Lines,
        unknown: bool,
    ) -> list[Measure]:
        if unknown:
            return [Measure(Action.UNKNOWN)] * len(lines)
        templates = self._guide.templates(industry, grade, level, subtype)
        if templates is None:
            return self._invented(industry, grade, subtype, level, lines)
        return self._planned(templates, lines)

    def _invented(
        self, industry: Industry, grade: Grade, subtype: str | None, level: ResponseLevel, lines: Lines
    ) -> list[Measure]:
        """Where the guide is silent: the shape of the industry, else a share by grade; and the transport of haulers."""
        if grade is Grade.UNGRADED:  # held to the lowest grade, as one that has not applied
            grade = self._guide.lowest_grade(industry, subtype) or grade
        shapes = [shaped(industry.name_zh, grade, level, units) for _, units in lines]
        action, ratio = _INVENTED.get(grade, _OTHER)[LEVELS.index(level)]
        plan = self._planned((MeasureTemplate(process=ALL_PROCESSES, action=action, ratio=ratio),), lines)
        return [
            HAULED[LEVELS.index(level)] if process == ROAD_TRANSPORT else shape or usual
            for (process, _), shape, usual in zip(lines, shapes, plan, strict=True)
        ]

    def _planned(self, templates: Sequence[MeasureTemplate], lines: Lines) -> list[Measure]:
        plan = [Measure(Action.NONE) for _ in lines]
        for template in templates:
            places = [
                place
                for place, (process, _) in enumerate(lines)
                if (template.process == ALL_PROCESSES and process != ROAD_TRANSPORT)
                or self._guide.process_code(process) == template.process
            ]
            units = [lines[place][1] for place in places]
            if not template.applies_to(sum(units)):
                continue
            for place, measure in zip(places, allotted(template, units, lower_load=self._lower_load), strict=True):
                plan[place] = measure
        return plan


def _turned(levels: list[list[Measure]], lines: Lines) -> list[PerLevel[Measure]]:
    """Measures by level → measures by line, with what a list states once per line."""
    plans = []
    for place, ((process, units), measures) in enumerate(zip(lines, zip(*levels, strict=True), strict=True), start=1):
        road = process == ROAD_TRANSPORT
        limited = [m.basis for m in measures if m.basis not in (None, Basis.NOT_STATED)]
        shared = {
            "count_unit": None if road else CountUnit.PRODUCTION_LINE if units == 1 else CountUnit.EQUIPMENT,
            "total_units": None if road else units,
            "basis": limited[0] if limited else _usual_basis(measures),
            "verification": (Verification.GATE,) if road else (Verification.METER, Verification.VIDEO),
            "verification_point": "货运出入口门禁" if road else f"MF{place:04d} 分表计电",
        }
        plans.append(PerLevel(*(_with(measure, shared) for measure in measures)))
    return plans


def _usual_basis(measures: Sequence[Measure]) -> Basis | None:
    """A share of output is counted from last year's where the guide names nothing else; invented."""
    counted = any(measure.action is Action.LIMIT and measure.ratio is not None for measure in measures)
    return Basis.PREVIOUS_YEAR_OUTPUT if counted else None


def _with(measure: Measure, shared: dict[str, Any]) -> Measure:
    """The measure and its later stages with what a line states once."""
    later = tuple(replace(one, measure=replace(one.measure, **shared)) for one in measure.later)
    return replace(measure, **shared, later=later)
