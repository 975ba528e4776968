"""Is a list weaker than its guide? Three answers: it holds, it does not, or it cannot be told."""

from __future__ import annotations

from collections.abc import Iterator

from emission_lists.check_context import Checker
from emission_lists.findings import Finding
from emission_lists.guides import ALL_PROCESSES, Industry, MeasureTemplate
from emission_lists.guides_holding import Capacity, reduction_holds, transport_holds
from emission_lists.guides_output import Outputs, outputs
from emission_lists.levels import LEVELS, ResponseLevel
from emission_lists.lists import ROAD_TRANSPORT, ListRow
from emission_lists.measures import Action, CountUnit, Measure, number, percent

__all__ = ["concerns", "guide_findings", "reduction_holds", "transport_holds"]


def guide_findings(checker: Checker, rows: list[ListRow], industry: Industry | None) -> Iterator[Finding]:
    """Compares the rows of one enterprise with the guide, level by level."""
    firm = rows[0].enterprise
    top = checker.self_determining(firm)
    for level in LEVELS:
        if top and (industry is not None or firm.key_industry):
            yield from _forced_findings(checker, rows, level)
        elif industry is not None:
            templates = checker.guide.templates(industry, firm.grade, level, firm.subtype)
            if templates is None or any(t.action is not Action.SELF_DETERMINED for t in templates):
                yield from _own_findings(checker, rows, level)
            if not _relieved(checker, rows[0], level):
                for template in templates or ():
                    yield from _template_findings(checker, rows, industry, level, template)


def _relieved(checker: Checker, row: ListRow, level: ResponseLevel) -> bool:
    """True where the guide is not the measure of things: guarantee, small-micro, long stopped.

    At a level that is not relieved outright, small-micro enterprises are treated as appropriate: not judged.
    """
    firm = row.enterprise
    return firm.guarantee is not None or firm.small_micro or firm.long_stopped


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
            yield _finding(checker, "GUIDE_PROCESS_MISSING", rows[0], industry, level, template)
            return
        measures = [row.line.measures.at(level) for row in concerned]
        at, figures = concerned[0], _figures(concerned, measures, template)
        if above := next((one for one in figures if one.holds is False), None):
            yield _above_guide(checker, at, level, template, above)
            return
        verdict = True if figures and all(one.holds for one in figures) else _holds(checker, concerned, measures, template)
    if verdict is False:
        yield _finding(checker, "WEAKER_THAN_GUIDE", at, industry, level, template)
    elif verdict is None and all(measure.executable for measure in measures):
        by_capacity = template.count_unit is CountUnit.CAPACITY_AND_EQUIPMENT_COUNT
        yield _finding(checker, "CAPACITY_NOT_STATED" if by_capacity else "NOT_COMPARABLE", at, industry, level, template)


def _holds(checker: Checker, rows: list[ListRow], measures: list[Measure], template: MeasureTemplate) -> bool | None:
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
