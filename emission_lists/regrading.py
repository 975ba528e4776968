"""What a list comes to when the grade in force is not the one it was made with (等级变化后的减排要求).

Pure. A list is frozen; a grade changes by its own decision. To A and 引领性: self-determined. To any other grade: the
guide's measure where it is known and the list's does not cover it, else the list's; not established where neither is.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from emission_lists.grades import Grade
from emission_lists.guide_comparison import reduction_holds, transport_holds
from emission_lists.guide_demands import (
    Held,
    allotted,
    joined,
    leaves_something,
    ordered,
    proof,
    proven,
    stricter_of,
    unknown_beside,
)
from emission_lists.guide_templates import Season
from emission_lists.guides import ALL_PROCESSES, Guide, MeasureTemplate
from emission_lists.levels import LEVELS, PerLevel, ResponseLevel
from emission_lists.lists import NOT_STATED, ROAD_TRANSPORT, Enterprise, Line
from emission_lists.measure_strictness import covers
from emission_lists.measures import NOT_ESTABLISHED, Action, Measure
from emission_lists.standing import GradeStanding, InForce, at_most, lowest

_SHANGHAI = ZoneInfo("Asia/Shanghai")
_NONE = Measure(Action.NONE)
_STANDSTILL = Measure(Action.STOP)  # more no guide can ask of a line that produces
ROAD_CODE = "YS-REGRADED"
BESIDE = "+LIST"
Instead = Callable[[Line, Measure], Held]
"""What holds where something was left to the enterprise: from the line and its measure."""


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
    beside: Sequence[Line] = (),
) -> Regraded:
    """The list's enterprise and lines under the grades in force at the response's start.

    `also_self_determined`: grades that a place adds to the guide's; `relief_ended`: the list relieves the enterprise and
    the relief no longer holds, so its measures are judged anew; `lower_load`: a single unit may lower its load instead;
    `on`: the Beijing day of the start, for what the guide asks in a season only (None = in season); `beside`: rows of
    `out_of_season`, which stay.
    """
    if standing is None and not relief_ended:
        return Regraded(enterprise, (*lines, *beside))
    overall = enterprise.grade if standing is None else overall_grade(enterprise, standing, guide)
    targets = [_target(line, enterprise, standing, overall, relief_ended=relief_ended) for line in lines]
    named = enterprise if overall is None else replace(enterprise, grade=overall)
    notes = [] if standing is None else list(_grade_notes(enterprise, lines, standing, overall))
    if all(target == _Target(enterprise.grade) for target in targets):
        return Regraded(named, (*lines, *beside), tuple(notes))
    top = guide.self_determined.grades | also_self_determined
    apart = enterprise.guarantee is not None or enterprise.small_micro or enterprise.long_stopped
    if standing is not None and apart and not relief_ended:
        right = without_wrong_relief(enterprise, lines, standing, top, guide)
        return Regraded(named, (*right, *beside), tuple(notes))
    worker = _Worker(enterprise, guide, top, lower_load=lower_load, on=on, beside=beside)
    made = worker.lines(lines, targets)
    return Regraded(named, made, (*notes, *worker.notes))


def out_of_season(
    enterprise: Enterprise,
    lines: Sequence[Line],
    standing: GradeStanding | None,
    guide: Guide,
    *,
    top: frozenset[Grade],
    on: date,
    instead: Instead | None = None,
) -> tuple[tuple[Line, ...], tuple[Note, ...]]:
    """The list's lines on a Beijing day outside the season in which the guide lets their grade decide for itself.

    A list holds all year: its self-determination (自主减排) of such a grade is judged anew at the start of every response.
    `top`: the grades that decide for themselves all year; `instead`: what holds in its place (None = not established).
    What the list orders beside that or later stays, in rows after the lines.
    """
    season = _season(enterprise, guide)
    if season is None or enterprise.grade in top or on.month in season.months:
        return tuple(lines), ()
    overall = enterprise.grade if standing is None else overall_grade(enterprise, standing, guide)

    def wrong(line: Line) -> bool:
        return _target(line, enterprise, standing, overall, relief_ended=False).grade is enterprise.grade

    made = _nothing_left(lines, wrong, instead)
    return made, () if made == tuple(lines) else (_season_note(enterprise, season, on),)


def may_hang_on_a_season(enterprise: Enterprise, lines: Iterable[Line]) -> bool:
    """Whether the list leaves anything to an enterprise whose grade does not decide for itself in every guide all year."""
    return enterprise.grade not in ALL_YEAR and any(
        leaves_something(measure) for line in lines for measure in line.measures
    )


ALL_YEAR = frozenset({Grade.A_PLUS, Grade.A, Grade.LEADING})


def _season(enterprise: Enterprise, guide: Guide) -> Season | None:
    industry = guide.industry(enterprise.industry)
    if industry is None:
        return None
    measures = guide.measures_of(industry, enterprise.subtype).get(enterprise.grade)
    return None if measures is None else measures.season


def _season_note(enterprise: Enterprise, season: Season, on: date) -> Note:
    months = "、".join(str(month) for month in sorted(season.months))
    chosen_zh = "，月份为本系统选定，未确立" if season.choice else ""
    chosen_en = "; which months is a choice of this system" if season.choice else ""
    return Note(
        "OUT_OF_SEASON",
        f"{enterprise.industry}{enterprise.grade.title_zh}仅在{season.zh}自主减排（{months}月{chosen_zh}）：响应启动于{on.month}月，"
        "清单的自主减排不适用，措施未确立，请联系主管部门",
        f"{enterprise.industry}, {enterprise.grade.title_en}, decides its own reduction in {season.en} only (months"
        f" {months}{chosen_en}): this response starts in month {on.month}, what the list leaves to the enterprise does not"
        " hold and is not established; ask the authority",
    )


def overall_grade(enterprise: Enterprise, standing: GradeStanding, guide: Guide) -> Grade | None:
    """The grade of the enterprise: of each industry that was rated, and of the list's where that was not; the lowest.

    `guide`: whose names say whether list and decision mean one industry (电子工业, 电子工业（地方标准）).
    None where one of them is not established, or two schemes cannot be compared.
    """
    rated = [subject.grade for subject in standing.enterprise]
    if not any(guide.same_industry(subject.industry, enterprise.industry) for subject in standing.enterprise):
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
    guide: Guide,
    instead: Instead | None = None,
) -> tuple[Line, ...]:
    """Lines whose measures do not hang on the grade: only a self-determination that the grade no longer gives goes.

    `top`: the grades that decide for themselves; `instead`: what holds in its place (None = not established).
    What the list orders beside that or later stays, in rows after the lines.
    """
    overall = overall_grade(enterprise, standing, guide)

    def wrong(line: Line) -> bool:
        grade = _target(line, enterprise, standing, overall, relief_ended=False).grade
        return grade is not enterprise.grade and grade not in top

    return _nothing_left(lines, wrong, instead)


def _nothing_left(lines: Sequence[Line], wrong: Callable[[Line], bool], instead: Instead | None) -> tuple[Line, ...]:
    """The lines, where `wrong` without what is left to the enterprise at any stage, and the rows beside them."""
    made, rows = list(lines), []
    for place, line in enumerate(lines):
        if not wrong(line) or not any(leaves_something(measure) for measure in line.measures):
            continue
        each = PerLevel(*(_in_place(line, line.measures.at(level), instead) for level in LEVELS))
        made[place] = replace(line, measures=PerLevel(*(held.main for held in each)))
        if any(held.of_list is not None for held in each):
            rows.append(_row_beside(line, 1, _BY_LIST, PerLevel(*(held.of_list or _NONE for held in each))))
    return (*made, *rows)


def _in_place(line: Line, measure: Measure, instead: Instead | None) -> Held:
    if not leaves_something(measure):
        return Held(measure)
    return unknown_beside(measure) if instead is None else instead(line, measure)


def rows_beside(code: str, every: Mapping[str, Line]) -> Iterator[Line]:
    """The rows that stand beside a line, by its code: the list's before the guide's."""
    number = 1
    while (row := every.get(_code_beside(code, number))) is not None:
        yield row
        number += 1


def _row_beside(line: Line, number: int, word: str, each: PerLevel[Measure]) -> Line:
    return Line(_code_beside(line.code, number), f"{line.name}（{word}）", line.process, each, NOT_STATED)


def _code_beside(code: str, number: int) -> str:
    return f"{code}+{number}{BESIDE}" if number > 1 else f"{code}{BESIDE}"


class _Worker:
    """Regrades the lines of one enterprise, level by level."""

    def __init__(
        self,
        enterprise: Enterprise,
        guide: Guide,
        top: frozenset[Grade],
        *,
        lower_load: bool,
        on: date | None,
        beside: Sequence[Line],
    ) -> None:
        self.notes: list[Note] = []
        self._listed = enterprise.grade
        self._guide = guide
        self._industry = guide.industry(enterprise.industry)
        # That a top grade decides for itself is said of key industries; of a place's guide for all others nothing was seen.
        self._decides = self._industry is not None or enterprise.key_industry
        self._subtype, self._on = enterprise.subtype, on
        self._top = top
        self._lower_load = lower_load
        self._beside: dict[tuple[str, str], dict[ResponseLevel, list[Measure]]] = {
            (row.code.removesuffix(BESIDE), _BY_LIST): {
                level: [row.measures.at(level)] for level in LEVELS if row.measures.at(level).forced
            }
            for row in beside
        }
        self._of_guide: set[tuple[str, ResponseLevel]] = set()

    def lines(self, lines: Sequence[Line], targets: Sequence[_Target]) -> tuple[Line, ...]:
        """The lines with their measures at every level, and rows for what stands beside them."""
        plans: list[list[Measure]] = [[] for _ in lines]
        for level in LEVELS:
            for place, measure in enumerate(self._level(lines, targets, level)):
                plans[place].append(measure)
        made = [
            replace(line, measures=PerLevel(*plan)) if tuple(plan) != tuple(line.measures) else line
            for line, plan in zip(lines, plans, strict=True)
        ]
        return (*made, *self._rows_beside(lines))

    def _level(self, lines: Sequence[Line], targets: Sequence[_Target], level: ResponseLevel) -> list[Measure]:
        made = [line.measures.at(level) for line in lines]
        for target in dict.fromkeys(targets):
            if target == _Target(self._listed):
                continue
            places = [place for place, one in enumerate(targets) if one == target]
            if self._decides and target.grade in self._top and target.grade is not None:
                for place in places:
                    made[place] = Measure(Action.SELF_DETERMINED, **proof(made[place]))
                continue
            templates = self._templates(target.grade, level)
            said = self._said(lines, places, target.grade)
            for place in places:
                known = templates is not None and self._names(said, lines[place])
                held = self._kept(lines[place], made[place], target, templates is not None, known)
                self._hold(made, place, held, lines[place].code, level)
            for template in templates or ():
                self._apply(template, lines, places, made, level)
        return made

    def _hold(self, made: list[Measure], place: int, held: Held, code: str, level: ResponseLevel) -> None:
        made[place] = held.main
        before = _BY_GUIDE if (code, level) in self._of_guide else _BY_LIST
        for word, measure in ((before, held.of_list), (_BY_GUIDE, held.of_guide)):
            if measure is not None:
                self._beside.setdefault((code, word), {}).setdefault(level, []).append(measure)

    def _ask(self, made: list[Measure], place: int, asked: Measure, code: str, level: ResponseLevel) -> None:
        """What the guide asks of a line, held against what the line does so far: the list's, or an earlier template's."""
        held = stricter_of(made[place], asked)
        self._hold(made, place, held, code, level)
        if held.main is asked:
            self._of_guide.add((code, level))

    def _templates(self, grade: Grade | None, level: ResponseLevel) -> tuple[MeasureTemplate, ...] | None:
        if self._industry is None or grade is None:
            return None
        return self._guide.templates(self._industry, grade, level, subtype=self._subtype, on=self._on)

    def _kept(self, line: Line, listed: Measure, target: _Target, known: bool, spoken_of: bool) -> Held:
        """What stays of the list's measure before the guide's is put beside it.

        `known`: the guide says what it asks of the grade at this level; `spoken_of`: and of this line. Else what was said
        of a better grade, or under a relief that is over, stays with 未确立 beside it.
        """
        if leaves_something(listed):
            return ordered(listed) if spoken_of else unknown_beside(listed)
        if not listed.executable:
            return Held(listed)
        better = target.grade is not None and bool(at_most(self._listed, target.grade))
        if spoken_of if target.again else known or better:
            return Held(listed)
        if listed.action is Action.NONE:
            return unknown_beside(listed)
        utmost = line.process != ROAD_TRANSPORT and covers(listed, _STANDSTILL)
        return Held(listed) if utmost else Held(listed, of_guide=replace(NOT_ESTABLISHED, **proof(listed)))

    def _said(self, lines: Sequence[Line], places: Sequence[int], grade: Grade | None) -> frozenset[str]:
        """The processes of which the guide asks anything of this grade and so many units, at any level."""
        return frozenset(
            template.process
            for level in LEVELS
            for template in self._templates(grade, level) or ()
            if template.action in (Action.TRANSPORT, Action.SELF_DETERMINED)
            or template.applies_to(
                sum(_units(lines[one].measures.at(level)) for one in places if self._concerns(template, lines[one]))
            )
        )

    def _names(self, said: frozenset[str], line: Line) -> bool:
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
    ) -> None:
        stages = (template, *template.later)
        if any(one.vehicle_rule is not None or one.non_road_ban is not None for one in stages):
            self._apply_transport(template, lines, places, made, level)
        elif any(one.action in (Action.STOP, Action.LIMIT) for one in stages):
            concerned = [place for place in places if self._concerns(template, lines[place])]
            if not concerned:
                self._note_missing(template)
            else:
                self._apply_reduction(template, lines, concerned, made, level)
        elif template.action is Action.SELF_DETERMINED:
            for place in places:  # what the list forces is stricter and stays
                spoken_of = template.process == ALL_PROCESSES or self._concerns(template, lines[place])
                if spoken_of and not made[place].forced:
                    made[place] = Measure(Action.SELF_DETERMINED, **proof(made[place]))

    def _apply_reduction(
        self,
        template: MeasureTemplate,
        lines: Sequence[Line],
        concerned: list[int],
        made: list[Measure],
        level: ResponseLevel,
    ) -> None:
        """Whole units stop, first those that the list stops anyway; lines that do enough together stay as they are."""
        measures = [made[place] for place in concerned]
        units = [_units(measure) for measure in measures]
        if not template.applies_to(sum(units)):
            return
        holds = reduction_holds(measures, template, lower_load=self._lower_load)
        if holds and all(measure.executable for measure in measures):
            return
        first = sorted(range(len(units)), key=lambda one: (measures[one].action is not Action.STOP, one))
        asked = allotted(template, units, lower_load=self._lower_load, first=first)
        for place, measure, guide_asks in zip(concerned, measures, asked, strict=True):
            self._ask(made, place, proven(guide_asks, measure), lines[place].code, level)

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
    ) -> None:
        if transport_holds(made, template):
            return
        asked = template.measure()
        road = next((place for place in places if lines[place].process == ROAD_TRANSPORT), None)
        if road is not None:
            self._ask(made, road, proven(asked, made[road]), lines[road].code, level)
            return
        rows = self._beside.setdefault((ROAD_CODE, ""), {}).setdefault(level, [])
        both = joined(rows[-1], asked) if rows else None
        rows[-1:] = [*rows[-1:], asked] if both is None else [both]

    def _note_missing(self, template: MeasureTemplate) -> None:
        label = self._guide.processes[template.process]
        note = Note(
            "PROCESS_NOT_LISTED",
            f"指南对“{label.zh}”另有要求（{template.measure().render_zh()}），清单未列该工序，请联系主管部门",
            f"The guide asks of '{label.en}': {template.measure().render_en()}; the list does not name it, ask the authority",
        )
        if note not in self.notes:
            self.notes.append(note)

    def _rows_beside(self, lines: Sequence[Line]) -> Iterable[Line]:
        by_code = {line.code: line for line in lines}
        rows: dict[str, int] = {}
        for code, word in sorted(self._beside, key=lambda one: (one[0], one[1] != _BY_LIST)):
            levels = self._beside[code, word]
            for place in range(max(len(measures) for measures in levels.values())):
                rows[code] = rows.get(code, 0) + 1
                each = PerLevel(*(next(iter(levels.get(level, [])[place:]), _NONE) for level in LEVELS))
                if code == ROAD_CODE:
                    more = f"+{rows[code]}" if rows[code] > 1 else ""
                    yield Line(f"{code}{more}", "公路运输", ROAD_TRANSPORT, each, NOT_STATED)
                else:
                    yield _row_beside(by_code[code], rows[code], word, each)


_BY_LIST, _BY_GUIDE = "另按清单", "另按指南"  # the list's row stands first


def _units(measure: Measure) -> int:
    return measure.total_units or 1


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
