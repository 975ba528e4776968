"""What a list comes to when the grade in force is not the one it was made with (等级变化后的减排要求).

Pure. A list is frozen; a grade changes by its own decision. To A and 引领性: self-determined. To any other grade: the
guide's measure where it is known and the list's does not cover it, else the list's; not established where neither is.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from emission_lists.grades import Grade
from emission_lists.guide_comparison import reduction_holds, transport_holds
from emission_lists.guides import ALL_PROCESSES, Guide, MeasureTemplate
from emission_lists.levels import LEVELS, PerLevel, ResponseLevel
from emission_lists.lists import NOT_STATED, ROAD_TRANSPORT, Enterprise, Line
from emission_lists.measure_strictness import covers
from emission_lists.measures import NOT_ESTABLISHED, Action, CountUnit, Measure, vehicle_rule_covers, whole_units
from emission_lists.standing import GradeStanding, InForce, at_most, lowest

_SHANGHAI = ZoneInfo("Asia/Shanghai")
_NONE = Measure(Action.NONE)
ROAD_CODE = "YS-REGRADED"
BESIDE = "+LIST"


@dataclass(frozen=True, slots=True)
class Note:
    """Why an answer differs from the list, in one sentence of each language."""

    code: str
    zh: str
    en: str

    def document(self) -> dict[str, Any]:
        return {"code": self.code, "zh": self.zh, "en": self.en}


@dataclass(frozen=True, slots=True)
class Regraded:
    """An enterprise and its lines as they stand under the grades in force."""

    enterprise: Enterprise
    lines: tuple[Line, ...]
    notes: tuple[Note, ...] = ()


@dataclass(frozen=True, slots=True)
class _Target:
    """The grade that a line has. `grade` None: not established. `again`: judged anew though the grade is the list's."""

    grade: Grade | None
    again: bool = False


def regraded(
    enterprise: Enterprise,
    lines: Sequence[Line],
    standing: GradeStanding | None,
    guide: Guide,
    *,
    also_self_determined: frozenset[Grade] = frozenset(),
    relief_ended: bool = False,
    lower_load: bool = True,
    on: date | None = None,
) -> Regraded:
    """The list's enterprise and lines under the grades in force at the response's start.

    `also_self_determined`: grades that a place adds to the guide's; `relief_ended`: the list relieves the enterprise and
    the relief no longer holds, so its measures are judged anew; `lower_load`: a single unit may lower its load instead;
    `on`: the Beijing day of the start, for what the guide asks in a season only (None = in season).
    """
    if standing is None and not relief_ended:
        return Regraded(enterprise, tuple(lines))
    overall = enterprise.grade if standing is None else overall_grade(enterprise, standing)
    targets = [_target(line, enterprise, standing, overall, relief_ended=relief_ended) for line in lines]
    named = enterprise if overall is None else replace(enterprise, grade=overall)
    notes = [] if standing is None else list(_grade_notes(enterprise, lines, standing, overall))
    if all(target == _Target(enterprise.grade) for target in targets):
        return Regraded(named, tuple(lines), tuple(notes))
    top = guide.self_determined.grades | also_self_determined
    apart = enterprise.guarantee is not None or enterprise.small_micro or enterprise.long_stopped
    if standing is not None and apart and not relief_ended:
        return Regraded(named, without_wrong_relief(enterprise, lines, standing, top), tuple(notes))
    worker = _Worker(enterprise, guide, top, lower_load=lower_load, on=on)
    made = worker.lines(lines, targets)
    return Regraded(named, made, (*notes, *worker.notes))


def overall_grade(enterprise: Enterprise, standing: GradeStanding) -> Grade | None:
    """The grade of the enterprise: of each industry that was rated, and of the list's where that was not; the lowest.

    None where one of them is not established, or two schemes cannot be compared.
    """
    rated = [subject.grade for subject in standing.enterprise]
    if not any(subject.industry == enterprise.industry for subject in standing.enterprise):
        rated.append(enterprise.grade)
    return lowest(rated)


def _target(
    line: Line, enterprise: Enterprise, standing: GradeStanding | None, overall: Grade | None, *, relief_ended: bool
) -> _Target:
    own = None if standing is None else standing.of_line(line.code)
    return _Target(overall if own is None else own.grade, relief_ended)


def without_wrong_relief(
    enterprise: Enterprise,
    lines: Sequence[Line],
    standing: GradeStanding,
    top: frozenset[Grade],
    instead: Callable[[Line, Measure], Measure] | None = None,
) -> tuple[Line, ...]:
    """Lines whose measures do not hang on the grade: only a self-determination that the grade no longer gives goes.

    `top`: the grades that decide for themselves; `instead`: what holds in its place (None = not established).
    """
    overall = overall_grade(enterprise, standing)

    def judged(line: Line) -> Line:
        grade = _target(line, enterprise, standing, overall, relief_ended=False).grade
        if grade is enterprise.grade or grade in top:
            return line
        return replace(line, measures=_each(line, lambda measure: changed(line, measure)))

    def changed(line: Line, measure: Measure) -> Measure:
        if measure.action is not Action.SELF_DETERMINED:
            return measure
        return not_established(measure) if instead is None else instead(line, measure)

    return tuple(judged(line) for line in lines)


def _each(line: Line, change: Callable[[Measure], Measure]) -> PerLevel[Measure]:
    return PerLevel(*(change(line.measures.at(level)) for level in LEVELS))


def not_established(measure: Measure) -> Measure:
    """未确立, with what the list says of the line whatever it has to do."""
    return replace(NOT_ESTABLISHED, **_proof(measure))


def _proof(measure: Measure) -> dict[str, Any]:
    """What a list says about a line whatever it has to do: how many units it has and how it is verified."""
    return {
        "total_units": measure.total_units,
        "verification": measure.verification,
        "verification_point": measure.verification_point,
    }


class _Worker:
    """Regrades the lines of one enterprise, level by level."""

    def __init__(
        self, enterprise: Enterprise, guide: Guide, top: frozenset[Grade], *, lower_load: bool, on: date | None
    ) -> None:
        self.notes: list[Note] = []
        self._listed = enterprise.grade
        self._guide = guide
        self._industry = guide.industry(enterprise.industry)
        self._subtype, self._on = enterprise.subtype, on
        self._top = top
        self._lower_load = lower_load

    def lines(self, lines: Sequence[Line], targets: Sequence[_Target]) -> tuple[Line, ...]:
        """The lines with their measures at every level, and rows for what stands beside them."""
        plans: list[list[Measure]] = [[] for _ in lines]
        beside: dict[str, dict[ResponseLevel, Measure]] = {}
        for level in LEVELS:
            listed = [line.measures.at(level) for line in lines]
            for place, measure in enumerate(self._level(lines, targets, listed, level, beside)):
                plans[place].append(measure)
        made = [
            replace(line, measures=PerLevel(*plan)) if tuple(plan) != tuple(line.measures) else line
            for line, plan in zip(lines, plans, strict=True)
        ]
        return (*made, *self._rows_beside(lines, beside))

    def _level(
        self,
        lines: Sequence[Line],
        targets: Sequence[_Target],
        listed: list[Measure],
        level: ResponseLevel,
        beside: dict[str, dict[ResponseLevel, Measure]],
    ) -> list[Measure]:
        made = list(listed)
        for target in dict.fromkeys(targets):
            if target == _Target(self._listed):
                continue
            places = [place for place, one in enumerate(targets) if one == target]
            if target.grade in self._top and target.grade is not None:
                for place in places:
                    made[place] = Measure(Action.SELF_DETERMINED, **_proof(listed[place]))
                continue
            templates = self._templates(target.grade, level)
            for place in places:
                made[place] = self._kept(lines[place], listed[place], target, known=templates is not None)
            for template in templates or ():
                self._apply(template, lines, places, made, level, beside)
        return made

    def _templates(self, grade: Grade | None, level: ResponseLevel) -> tuple[MeasureTemplate, ...] | None:
        if self._industry is None or grade is None:
            return None
        return self._guide.templates(self._industry, grade, level, subtype=self._subtype, on=self._on)

    def _kept(self, line: Line, listed: Measure, target: _Target, *, known: bool) -> Measure:
        """What stays of the list's measure before the guide's is put beside it."""
        if listed.action is Action.SELF_DETERMINED:
            return _nothing(listed) if known and self._speaks_of(line, target.grade) else not_established(listed)
        if listed.action is not Action.NONE:
            return listed
        if target.again:  # nothing to do was said because of the relief
            return listed if known and self._speaks_of(line, target.grade) else not_established(listed)
        better = target.grade is not None and bool(at_most(self._listed, target.grade))
        return listed if known or better else not_established(listed)  # else it was said of a better grade

    def _speaks_of(self, line: Line, grade: Grade | None) -> bool:
        """Whether the guide asks anything of the line's process, of this grade of this industry, at any level."""
        said = {one.process for level in LEVELS for one in self._templates(grade, level) or ()}
        if ALL_PROCESSES in said and line.process != ROAD_TRANSPORT:
            return True
        return self._guide.process_code(line.process) in said

    def _apply(
        self,
        template: MeasureTemplate,
        lines: Sequence[Line],
        places: list[int],
        made: list[Measure],
        level: ResponseLevel,
        beside: dict[str, dict[ResponseLevel, Measure]],
    ) -> None:
        if template.action is Action.TRANSPORT:
            self._apply_transport(template, lines, places, made, level, beside)
        elif template.action is Action.SELF_DETERMINED:
            for place in places:  # what the list forces is stricter and stays
                if not made[place].forced:
                    made[place] = Measure(Action.SELF_DETERMINED, **_proof(made[place]))
        elif template.action in (Action.STOP, Action.LIMIT):
            concerned = [place for place in places if self._concerns(template, lines[place])]
            if not concerned:
                self._note_missing(template)
                return
            measures = [made[place] for place in concerned]
            if all(measure.executable for measure in measures) and reduction_holds(
                measures, template, lower_load=self._lower_load
            ):
                return
            asked = _allotted(template, measures, lower_load=self._lower_load)
            for place, guide_asks in zip(concerned, asked, strict=True):
                made[place], aside = _stricter_of(made[place], guide_asks)
                if aside is not None:
                    beside.setdefault(lines[place].code, {})[level] = aside

    def _concerns(self, template: MeasureTemplate, line: Line) -> bool:
        if template.process == ALL_PROCESSES:
            return line.process != ROAD_TRANSPORT
        return self._guide.process_code(line.process) == template.process

    def _apply_transport(
        self,
        template: MeasureTemplate,
        lines: Sequence[Line],
        places: list[int],
        made: list[Measure],
        level: ResponseLevel,
        beside: dict[str, dict[ResponseLevel, Measure]],
    ) -> None:
        if template.vehicle_rule is None or transport_holds(made, template):
            return
        asked = template.measure()
        road = next((place for place in places if lines[place].process == ROAD_TRANSPORT), None)
        if road is None:
            beside.setdefault(ROAD_CODE, {})[level] = asked
            return
        held = made[road].vehicle_rule
        if held is not None and not vehicle_rule_covers(template.vehicle_rule, held):
            beside.setdefault(lines[road].code, {})[level] = made[road]
        made[road] = replace(asked, **_proof(made[road]))

    def _note_missing(self, template: MeasureTemplate) -> None:
        label = self._guide.processes[template.process]
        note = Note(
            "PROCESS_NOT_LISTED",
            f"指南对“{label.zh}”另有要求（{template.measure().render_zh()}），清单未列该工序，请联系主管部门",
            f"The guide asks of '{label.en}': {template.measure().render_en()}; the list does not name it, ask the authority",
        )
        if note not in self.notes:
            self.notes.append(note)

    def _rows_beside(
        self, lines: Sequence[Line], beside: dict[str, dict[ResponseLevel, Measure]]
    ) -> Iterable[Line]:
        by_code = {line.code: line for line in lines}
        for code, measures in sorted(beside.items()):
            each = PerLevel(*(measures.get(level, _NONE) for level in LEVELS))
            if code == ROAD_CODE:
                yield Line(code, "公路运输", ROAD_TRANSPORT, each, NOT_STATED)
            else:
                line = by_code[code]
                yield Line(f"{code}{BESIDE}", f"{line.name}（另按清单）", line.process, each, NOT_STATED)


def _nothing(listed: Measure) -> Measure:
    return replace(_NONE, **_proof(listed))


def _stricter_of(listed: Measure, guide_asks: Measure) -> tuple[Measure, Measure | None]:
    """The measure to carry out, and what must be carried out beside it because the two cannot be compared."""
    if not listed.executable:
        return (listed if guide_asks.action is Action.NONE else guide_asks), None
    if covers(listed, guide_asks):
        return listed, None
    if covers(guide_asks, listed):
        return guide_asks, None
    return guide_asks, listed


def _allotted(template: MeasureTemplate, listed: Sequence[Measure], *, lower_load: bool) -> list[Measure]:
    """The guide's measure for each line of a process: whole units stop, first those that the list stops anyway."""
    asked = template.measure()
    if asked.action is not Action.STOP or asked.ratio is None:
        return [replace(asked, **_proof(measure)) for measure in listed]
    units = [measure.total_units or 1 for measure in listed]
    if asked.ratio < 1 and sum(units) == 1 and lower_load:
        return [replace(asked, action=Action.LIMIT, count_unit=None, **_proof(listed[0]))]
    left = whole_units(sum(units), asked.ratio)
    order = sorted(range(len(listed)), key=lambda place: (listed[place].action is not Action.STOP, place))
    made: dict[int, Measure] = {}
    for place in order:
        stopped = min(units[place], left)
        left -= stopped
        proof = _proof(listed[place]) | {"total_units": units[place]}
        unit = asked.count_unit or CountUnit.PRODUCTION_LINE
        made[place] = (
            replace(asked, ratio=None, at_least=False, stopped_units=stopped, count_unit=unit, **proof)
            if stopped
            else replace(_NONE, **proof)
        )
        if stopped == units[place]:
            made[place] = replace(made[place], ratio=1.0)
    return [made[place] for place in range(len(listed))]


def _grade_notes(
    enterprise: Enterprise, lines: Sequence[Line], standing: GradeStanding, overall: Grade | None
) -> Iterable[Note]:
    """What differs from the list, and by which decision."""
    if overall is None:
        yield Note(
            "GRADE_NOT_ESTABLISHED",
            f"综合绩效等级未确立（清单载明{enterprise.grade.title_zh}）：请联系主管部门",
            f"The overall grade is not established (the list says {enterprise.grade.title_en}): ask the authority",
        )
    elif overall is not enterprise.grade:
        fixed = next((subject for subject in standing.enterprise if subject.grade is overall), None)
        yield _differs(enterprise.grade, overall, fixed, "")
    for line in lines:
        own = standing.of_line(line.code)
        if own is not None and own.grade is not None and own.grade is not overall:
            yield _differs(enterprise.grade, own.grade, own, line.name)


def _differs(listed: Grade, grade: Grade, subject: InForce | None, line: str) -> Note:
    when_zh, when_en = ("", "") if subject is None else _since(subject)
    return Note(
        "GRADE_NOT_IN_LIST",
        f"{line}绩效等级按响应启动时的生效等级执行：清单载明{listed.title_zh}，生效等级{grade.title_zh}{when_zh}",
        f"{line + ': ' if line else ''}the grade in force at the response's start counts: the list says"
        f" {listed.title_en}, in force is {grade.title_en}{when_en}",
    )


def _since(subject: InForce) -> tuple[str, str]:
    start: datetime = subject.since.astimezone(_SHANGHAI)
    why_zh = "原等级到期" if subject.expired else subject.decision.kind.zh
    why_en = "the grade before expired" if subject.expired else subject.decision.kind.en
    number = subject.decision.document
    zh = f"（{start.year}年{start.month}月{start.day}日 {start:%H:%M} 起，{why_zh}{'，' + number if number else ''}）"
    en = f" (since {start:%Y-%m-%d %H:%M}, {why_en}{', ' + number if number else ''})"
    return zh, en
