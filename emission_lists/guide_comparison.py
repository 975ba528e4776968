"""Is a list weaker than its guide? Three answers: it holds, it does not, or it cannot be told."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction

from emission_lists.check_context import Checker
from emission_lists.findings import Finding
from emission_lists.guides import ALL_PROCESSES, Industry, MeasureTemplate
from emission_lists.levels import LEVELS, ResponseLevel
from emission_lists.lists import ROAD_TRANSPORT, ListRow
from emission_lists.measures import Action, Measure, vehicle_rule_covers, whole_units


def guide_findings(checker: Checker, rows: list[ListRow], industry: Industry | None) -> Iterator[Finding]:
    """Compares the rows of one enterprise with the guide, level by level."""
    firm = rows[0].enterprise
    top = checker.self_determining(firm)
    for level in LEVELS:
        if top and (industry is not None or firm.key_industry):
            yield from _forced_findings(checker, rows, level)
        elif industry is not None:
            templates = checker.guide.templates(industry, firm.grade, level)
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
    if template.action is Action.SELF_DETERMINED or template.action is Action.NONE:
        return
    if template.action is Action.TRANSPORT:
        measures = [row.line.measures.at(level) for row in rows]
        verdict, at = transport_holds(measures, template), rows[0]
    else:
        concerned = [row for row in rows if _concerns(checker, template, row)]
        if not concerned:
            yield _finding(checker, "GUIDE_PROCESS_MISSING", rows[0], industry, level, template)
            return
        measures = [row.line.measures.at(level) for row in concerned]
        lower_load = checker.profile.single_unit.policy == "lower_load"
        verdict, at = reduction_holds(measures, template, lower_load=lower_load), concerned[0]
    if verdict is False:
        yield _finding(checker, "WEAKER_THAN_GUIDE", at, industry, level, template)
    elif verdict is None and all(measure.executable for measure in measures):
        yield _finding(checker, "NOT_COMPARABLE", at, industry, level, template)


def _concerns(checker: Checker, template: MeasureTemplate, row: ListRow) -> bool:
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


def transport_holds(measures: list[Measure], template: MeasureTemplate) -> bool | None:
    """True if some row of the enterprise keeps at least the guide's vehicles off the road; None = cannot be told.

    The guide's measures hold around the clock, so what holds in some hours only cannot be compared with them.
    """
    rule = template.vehicle_rule
    if rule is None:
        return True
    covering = [measure for measure in measures if vehicle_rule_covers(measure.vehicle_rule, rule)]
    if any(measure.window is None for measure in covering):
        return True
    return None if covering or not all(measure.executable for measure in measures) else False


def reduction_holds(measures: list[Measure], template: MeasureTemplate, *, lower_load: bool) -> bool | None:
    """True if the lines together do at least what the template asks; None if that cannot be told.

    Stops are counted in whole units over all lines of the process; what holds in some hours only may count or not.
    With `lower_load`, a single unit may lower its load by the share instead of standing still.
    """
    ratio = 1.0 if template.ratio is None else template.ratio
    units = [measure.total_units or 1 for measure in measures]
    total = sum(units)
    if template.action is Action.STOP and not (lower_load and total == 1 and ratio < 1):
        least, most = _stopped(measures, units)
        needed = whole_units(total, ratio)
        return True if least >= needed else False if most < needed else None
    low, high = _cut(measures, units)
    wanted = Fraction(repr(ratio)) * total
    return True if low >= wanted else False if high < wanted else None


def _stopped(measures: list[Measure], units: list[int]) -> tuple[int, int]:
    """Fewest and most whole units that may stand still."""
    least = most = 0
    for measure, count in zip(measures, units, strict=True):
        if measure.action is Action.STOP:
            stopped = measure.units_to_stop
            if stopped is None:
                stopped = whole_units(count, 1.0 if measure.ratio is None else measure.ratio)
            least, most = least + (0 if measure.window else stopped), most + stopped
        elif not measure.executable:
            most += count
    return least, most


def _cut(measures: list[Measure], units: list[int]) -> tuple[Fraction, Fraction]:
    """Least and most output that may be cut, in units of one line's output."""
    low = high = Fraction(0)
    for measure, count in zip(measures, units, strict=True):
        if measure.action is Action.LIMIT and measure.ratio is None:
            high += count
        elif measure.action is Action.LIMIT:
            cut = Fraction(repr(measure.ratio)) * count
            low, high = low + (0 if measure.window else cut), high + cut
        else:
            least, most = _stopped([measure], [count])
            low, high = low + least, high + most
    return low, high
