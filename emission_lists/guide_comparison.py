"""Is a list weaker than its guide? Three answers: it holds, it does not, or it cannot be told."""

from __future__ import annotations

from collections.abc import Iterator

from emission_lists.check_context import Checker
from emission_lists.findings import Finding
from emission_lists.grades import Grade
from emission_lists.guides import ALL_PROCESSES, Guide, Industry, MeasureTemplate
from emission_lists.guides_holding import Capacity, reduction_holds, transport_holds
from emission_lists.guides_output import Outputs, outputs
from emission_lists.levels import LEVELS, PerLevel, ResponseLevel
from emission_lists.lists import ROAD_TRANSPORT, ListRow, Pollutants
from emission_lists.measure_strictness import asks_nothing
from emission_lists.measures import Action, CountUnit, Measure, number, percent
from emission_lists.small_micro import small_micro

__all__ = ["GuideComparison", "concerns", "part_of", "reduction_holds", "transport_holds"]

Templates = tuple[MeasureTemplate, ...] | None
_EMITS_NOTHING = Pollutants(0, 0, 0, 0)


class GuideComparison:
    """Compares enterprises with the guide, level by level, and keeps in mind of whom the guide was not seen."""

    def __init__(self, checker: Checker) -> None:
        self._checker = checker
        self._known: dict[tuple[str, Grade, str | None], PerLevel[Templates]] = {}
        self._not_seen: set[str] = set()

    def findings(self, rows: list[ListRow], industry: Industry | None) -> Iterator[Finding]:
        """Of the rows of one enterprise."""
        checker, firm = self._checker, rows[0].enterprise
        if checker.self_determining(firm):
            if industry is not None or firm.key_industry:
                for level in LEVELS:
                    yield from _forced_findings(checker, rows, level)
            return
        if industry is None:
            return
        relieved = _relieved(checker, rows)
        for level, templates in zip(LEVELS, self._templates(industry, rows), strict=True):
            if templates is None or any(t.action is not Action.SELF_DETERMINED for t in templates):
                yield from _own_findings(checker, rows, level)
            if relieved:
                continue
            if templates is None:
                self._not_seen.add(firm.uscc)
                yield from _idle_findings(checker, rows, industry, level)
            for template in templates or ():
                yield from _template_findings(checker, rows, industry, level, template)

    def closing(self) -> Iterator[Finding]:
        """What is said once for the whole list."""
        if self._not_seen:
            yield self._checker.finding("GUIDE_NOT_SEEN", value=min(self._not_seen), what=len(self._not_seen))

    def _templates(self, industry: Industry, rows: list[ListRow]) -> PerLevel[Templates]:
        firm, guide = rows[0].enterprise, self._checker.guide
        part = part_of(guide, industry, rows)
        key = (industry.code, firm.grade, part)
        if key not in self._known:
            self._known[key] = PerLevel(*(guide.templates(industry, firm.grade, level, part) for level in LEVELS))
        return self._known[key]


def part_of(guide: Guide, industry: Industry, rows: list[ListRow]) -> str | None:
    """The sub-type of an enterprise; of one that is not graded, by its processes where the list does not name it."""
    firm = rows[0].enterprise
    if firm.subtype is not None or firm.grade is not Grade.UNGRADED or not industry.subtypes:
        return firm.subtype
    return guide.part_of(industry, {row.line.process for row in rows})


def _relieved(checker: Checker, rows: list[ListRow]) -> bool:
    """True where the guide is not the measure of things: guarantee, small-micro, long stopped.

    At a level that is not relieved outright, small-micro enterprises are treated as appropriate: not judged. Who is marked as
    one and for certain is none is held to the guide.
    """
    firm, rule = rows[0].enterprise, checker.profile.small_micro
    if firm.guarantee is not None or firm.long_stopped:
        return True
    return firm.small_micro and not small_micro(rule, rows).refuted(rule)


def _idle_findings(
    checker: Checker, rows: list[ListRow], industry: Industry, level: ResponseLevel
) -> Iterator[Finding]:
    """A level at which nothing is asked of any line, although nobody saw what the guide asks."""
    if all(_asks_nothing(row.line.measures.at(level)) for row in rows):
        firm = rows[0].enterprise
        what = firm.grade.title_zh
        yield checker.finding(
            "GUIDE_NOT_ESTABLISHED", rows[0], f"{level.zh}-措施", value=what, industry=industry.name_zh, what=level.zh
        )


def _asks_nothing(measure: Measure) -> bool:
    """True for no measure, and for a stop of no unit at all (停产 0 台)."""
    if measure.action is not Action.STOP or measure.later or measure.vehicle_rule or measure.non_road_ban:
        return asks_nothing(measure)
    return measure.units_to_stop == 0


def _forced_findings(checker: Checker, rows: list[ListRow], level: ResponseLevel) -> Iterator[Finding]:
    for row in rows:
        measure = row.line.measures.at(level)
        if measure.forced:
            grade = row.enterprise.grade.title_zh
            column = f"{level.zh}-措施"
            yield checker.finding("TOP_GRADE_FORCED", row, column, value=grade, what=measure.render_zh())


def _own_findings(checker: Checker, rows: list[ListRow], level: ResponseLevel) -> Iterator[Finding]:
    for row in rows:
        if row.line.measures.at(level).action is Action.SELF_DETERMINED:
            grade = row.enterprise.grade.title_zh
            yield checker.finding("SELF_DETERMINED_BELOW", row, f"{level.zh}-措施", value=grade)


def _template_findings(
    checker: Checker, rows: list[ListRow], industry: Industry, level: ResponseLevel, template: MeasureTemplate
) -> Iterator[Finding]:
    if template.action in (Action.SELF_DETERMINED, Action.NONE) and not template.later:
        return
    if template.action is Action.TRANSPORT:
        measures = [row.line.measures.at(level) for row in rows]
        verdict, at = transport_holds(measures, template), rows[0]
    else:
        concerned = [row for row in rows if concerns(checker, template, row)]
        if not concerned:
            yield from _unnamed_findings(checker, rows, industry, level, template)
            return
        measures = [row.line.measures.at(level) for row in concerned]
        at, figures = concerned[0], _figures(concerned, measures, template)
        if above := next((one for one in figures if one.holds is False), None):
            yield _above_guide(checker, at, level, template, above)
            return
        verdict = True if figures and all(one.holds for one in figures) else _holds(checker, concerned, level, template)
        if verdict and _idle_lines_make_it(checker, concerned, level, template):
            yield _finding(checker, "IDLE_LINE_COUNTED", at, industry, level, template)
    if verdict is False:
        yield _finding(checker, "WEAKER_THAN_GUIDE", at, industry, level, template)
    elif verdict is None and all(measure.executable for measure in measures):
        by_capacity = template.count_unit is CountUnit.CAPACITY_AND_EQUIPMENT_COUNT
        yield _finding(checker, "CAPACITY_NOT_STATED" if by_capacity else "NOT_COMPARABLE", at, industry, level, template)


def _unnamed_findings(
    checker: Checker, rows: list[ListRow], industry: Industry, level: ResponseLevel, template: MeasureTemplate
) -> Iterator[Finding]:
    """No line has the name of the guide's process.

    Where each line whose process the guide does not know does too little by itself, all of them together do too: whichever is
    meant, or if it is left out, the list asks less. That takes a sub-type that is stated: else the enterprise may be another.
    """
    yield _finding(checker, "GUIDE_PROCESS_MISSING", rows[0], industry, level, template)
    if industry.subtypes and industry.subtype(rows[0].enterprise.subtype) is None:
        return
    known = checker.guide.processes
    others = [row for row in rows if checker.guide.process_code(row.line.process) not in known]
    if others and all(_holds(checker, [row], level, template) is False for row in others):
        yield _finding(checker, "WEAKER_THAN_GUIDE", others[0], industry, level, template)


def _idle_lines_make_it(
    checker: Checker, rows: list[ListRow], level: ResponseLevel, template: MeasureTemplate
) -> bool:
    """True if it is enough only with lines that emit nothing on a normal day: the list does not say that they are long stopped."""
    running = [row for row in rows if row.line.base != _EMITS_NOTHING]
    if not running or len(running) == len(rows):
        return False
    return _holds(checker, running, level, template) is False


def _holds(checker: Checker, rows: list[ListRow], level: ResponseLevel, template: MeasureTemplate) -> bool | None:
    measures = [row.line.measures.at(level) for row in rows]
    lower_load = checker.profile.single_unit.policy == "lower_load"
    return reduction_holds(measures, template, lower_load=lower_load, capacities=[_capacity(row) for row in rows])


def _figures(rows: list[ListRow], measures: list[Measure], template: MeasureTemplate) -> tuple[Outputs, ...]:
    said = [row.line.particulars for row in rows]
    return outputs(measures, [None if one is None else one.means for one in said], template)


def _above_guide(
    checker: Checker, row: ListRow, level: ResponseLevel, template: MeasureTemplate, found: Outputs
) -> Finding:
    return checker.finding(
        "OUTPUT_ABOVE_GUIDE",
        row,
        f"{level.zh}-措施",
        value=f"{number(float(found.least))} {found.unit}",
        what=f"{number(float(found.allowed))} {found.unit}",
        process=checker.guide.processes[template.process].zh,
        ratio=percent(template.ratio or 0),
    )


def _capacity(row: ListRow) -> Capacity | None:
    stated = row.line.particulars
    if stated is None or stated.capacity is None or stated.capacity_unit is None:
        return None
    return Capacity(stated.capacity, stated.capacity_unit)


def concerns(checker: Checker, template: MeasureTemplate, row: ListRow) -> bool:
    """Whether the guide's template is about the row's process."""
    if template.process == ALL_PROCESSES:
        return row.line.process != ROAD_TRANSPORT
    return checker.guide.process_code(row.line.process) == template.process


def _finding(
    checker: Checker,
    code: str,
    row: ListRow,
    industry: Industry,
    level: ResponseLevel,
    template: MeasureTemplate,
) -> Finding:
    process = checker.guide.processes[template.process].zh
    asked = process if code == "GUIDE_PROCESS_MISSING" else f"{process}{template.measure().render_zh()}"
    return checker.finding(
        code,
        row,
        f"{level.zh}-措施",
        value=row.enterprise.grade.title_zh,
        industry=industry.name_zh,
        what=asked,
    )
