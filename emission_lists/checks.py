"""What must hold before a list is activated (清单审核): every finding at once, with its legal reference.

Nothing is decided here about what the law says: the guide and the profile are data. What the guide does not know is
never judged; it is named as not comparable or not established.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import date

from emission_lists.check_context import Checker
from emission_lists.check_coverage import coverage_findings
from emission_lists.check_guarantees import guarantee_sheet_findings
from emission_lists.check_measures import (
    class_findings,
    class_of_key_findings,
    code_findings,
    measure_findings,
    reduction_column,
)
from emission_lists.check_ordinary import TOLERANCE, unusual_rows
from emission_lists.check_particulars import particular_findings
from emission_lists.check_records import record_findings
from emission_lists.check_summary import summary_findings
from emission_lists.consistency import consistency_findings
from emission_lists.coverage import Listed, coverage
from emission_lists.divisions import division_prefix
from emission_lists.findings import Finding
from emission_lists.floors import floor_findings
from emission_lists.grades import Grade
from emission_lists.guide_comparison import GuideComparison, part_of
from emission_lists.guides import Guide, Industry, ListProfile
from emission_lists.identifiers import permit_problem, uscc_valid
from emission_lists.levels import LEVELS
from emission_lists.lists import NOT_STATED, POLLUTANT_LABELS, EmissionListDraft, ListRow, Pollutants
from emission_lists.permits import Permit
from emission_lists.plan_facts import plan_facts
from emission_lists.sheets.kinds import Sheet
from emission_lists.small_micro import small_micro
from emission_lists.source_totals import source_totals, totals_of_sums
from emission_lists.summary import Sum

_SHEET_ORDER = {sheet.zh: place for place, sheet in enumerate(Sheet, start=1)}


def check_list(
    draft: EmissionListDraft,
    guide: Guide,
    profile: ListProfile,
    *,
    as_of: date | None = None,
    floors: str | None = None,
    permits: Sequence[Permit] | None = None,
    sums: Sequence[Sum] | None = None,
) -> list[Finding]:
    """All findings of a list, by row. Blocking ones forbid activation.

    `as_of`: the day on which guarantees must be in force (None = not checked); `floors`: id of a floor profile
    (KeyError if unknown); `permits`: the register in force, for which `as_of` is needed (None = not held against one);
    `sums`: those of the draft, where they are known already.
    """
    profile = profile.for_place(draft.adcode)
    checker = Checker(draft, guide, profile, as_of)
    floor = profile.floor(floors)
    sources = source_totals(draft) if sums is None else totals_of_sums(sums, draft.of_sheet(Sheet.SUMMARY))
    unusual = unusual_rows(draft.rows)
    findings: list[Finding] = []
    compared = GuideComparison(checker)
    for rows in draft.by_enterprise().values():
        industry = guide.industry(rows[0].enterprise.industry)
        findings += _enterprise_findings(checker, rows, as_of)
        findings += _industry_findings(checker, rows, industry)
        findings += class_findings(checker, rows[0])
        findings += compared.findings(rows, industry)
        for row in rows:
            if row.line.particulars is not None:
                findings += particular_findings(checker, row)
            if id(row) in unusual:
                findings += _row_findings(checker, row)
                findings += measure_findings(checker, row)
    findings += compared.closing()
    findings += code_findings(checker)
    findings += class_of_key_findings(checker)
    findings += consistency_findings(checker)
    findings += guarantee_sheet_findings(checker)
    findings += record_findings(checker)
    findings += summary_findings(checker, sources)
    findings += floor_findings(checker, floor, sources)
    if permits is not None and as_of is not None:
        findings += coverage_findings(profile, coverage(_listed(draft), permits, draft.adcode, as_of))
    return sorted(findings, key=lambda finding: (_SHEET_ORDER.get(finding.sheet or "", 0), finding.row or 0))


def _listed(draft: EmissionListDraft) -> Iterator[Listed]:
    for uscc, rows in draft.by_enterprise().items():
        firm = rows[0].enterprise
        yield Listed(uscc, firm.name, firm.adcode, firm.permit_no, rows[0].number, firm.gbt4754)


def blocking(findings: Iterable[Finding]) -> list[Finding]:
    """Those that forbid activation."""
    return [finding for finding in findings if finding.blocking]


def _enterprise_findings(checker: Checker, rows: list[ListRow], as_of: date | None) -> Iterator[Finding]:
    row = rows[0]
    firm = row.enterprise
    if not uscc_valid(firm.uscc):
        yield checker.finding("USCC_CHECK", row, "统一社会信用代码", value=firm.uscc)
    if firm.permit_no is None:
        yield checker.finding("PERMIT_MISSING", row, "排污许可证编号")
    elif permit_problem(firm.permit_no) is not None:
        yield checker.finding("PERMIT_CHECK", row, "排污许可证编号", value=firm.permit_no)
    elif not firm.permit_no.startswith((firm.uscc, "H9")):
        yield checker.finding("PERMIT_OTHER_UNIT", row, "排污许可证编号")
    if not firm.adcode.startswith(division_prefix(checker.draft.adcode)):
        yield checker.finding("ADCODE_OUTSIDE", row, "区县代码", value=firm.adcode, what=checker.draft.adcode)
    yield from _guarantee_findings(checker, row, as_of)
    yield from _small_micro_findings(checker, rows)
    yield from _long_stopped_findings(checker, rows)


def _guarantee_findings(checker: Checker, row: ListRow, as_of: date | None) -> Iterator[Finding]:
    firm = row.enterprise
    if firm.guarantee is None:
        return
    if firm.guarantee_until is None:
        yield checker.finding("GUARANTEE_NO_END", row, "保障有效期至")
    elif as_of is not None and firm.guarantee_until < as_of:
        yield checker.finding("GUARANTEE_EXPIRED", row, "保障有效期至", value=firm.guarantee_until)
    if firm.guarantee_cap is None:
        yield checker.finding("GUARANTEE_NO_CAP", row, "保障负荷上限")


def _small_micro_findings(checker: Checker, rows: list[ListRow]) -> Iterator[Finding]:
    rule = checker.profile.small_micro
    if not rows[0].enterprise.small_micro:
        return
    found, limit = small_micro(rule, rows), f"{rule.annual_kg:g}"
    for level in LEVELS if not found.refuted(rule) else ():
        if level in rule.relieved and any(row.line.measures.at(level).forced for row in rows):
            yield checker.finding("SMALL_MICRO_FORCED", rows[0], f"{level.zh}-措施", what=level.zh)
    if found.too_large:
        value = round(found.annual_kg, 1)
        yield checker.finding("SMALL_MICRO_TOO_LARGE", rows[0], "小微涉气", value=value, what=limit)
    elif found.missing:
        what = "、".join(found.missing)
        yield checker.finding("SMALL_MICRO_NOT_ESTABLISHED", rows[0], "小微涉气", what=what, limit=limit)
    if found.fuel is not None:
        row, fuel = found.fuel
        yield checker.finding("SMALL_MICRO_FUEL", row, "燃料", value=fuel)


def _long_stopped_findings(checker: Checker, rows: list[ListRow]) -> Iterator[Finding]:
    if not rows[0].enterprise.long_stopped:
        return
    for row in rows:
        line = row.line
        if any(value for values in (line.base, *line.reductions) for value in values):
            yield checker.finding("LONG_STOPPED_BASE", row, "长期停产")


def _industry_findings(checker: Checker, rows: list[ListRow], industry: Industry | None) -> Iterator[Finding]:
    row, guide = rows[0], checker.guide
    firm = row.enterprise
    if industry is None:
        if not firm.key_industry:
            if guide.placed(firm.industry)[0] is not None:
                yield checker.finding("INDUSTRY_IS_KEY", row, "重点行业", value=firm.industry, what=guide.id)
        elif guide.industries and firm.industry not in checker.profile.extra_industries:
            yield _no_industry(checker, row)
        return
    if not firm.key_industry:
        yield checker.finding("INDUSTRY_IS_KEY", row, "重点行业", value=firm.industry, what=guide.id)
    subtype = industry.subtype(firm.subtype)
    if firm.subtype is not None and subtype is None:
        known = "、".join(one.name_zh for one in industry.subtypes) or "（无子类）"
        yield checker.finding("SUBTYPE_UNKNOWN", row, "行业子类", value=firm.subtype, what=known)
    legal = guide.legal_grades(industry, firm.subtype)
    if firm.grade is Grade.UNGRADED:
        lowest = guide.lowest_grade(industry, part_of(guide, industry, rows))
        what = "未核实" if lowest is None else lowest.zh
        yield checker.finding("GRADE_NOT_APPLIED", row, "绩效等级", what=what)
    elif firm.grade not in legal and not _granted(checker, firm.grade, legal):
        confidence = (subtype and subtype.scheme_confidence) or industry.scheme_confidence
        certain = legal and confidence in ("high", "medium")
        yield checker.finding(
            "GRADE_ILLEGAL" if certain else "GRADE_UNCERTAIN",
            row,
            "绩效等级",
            value=firm.grade.zh,
            industry=industry.name_zh,
            what="、".join(grade.zh for grade in legal),
        )


def _no_industry(checker: Checker, row: ListRow) -> Finding:
    """A key industry that the guide does not name: wrong only where no industry is left that nobody could name."""
    guide, name = checker.guide, row.enterprise.industry
    whole, part = guide.placed(name)
    if whole is not None:
        return checker.finding("INDUSTRY_IS_PART", row, "行业", value=name, industry=whole.name_zh, what=part)
    if guide.not_named > 0:
        return checker.finding("INDUSTRY_NOT_ESTABLISHED", row, "行业", value=name, what=guide.not_named)
    return checker.finding("INDUSTRY_UNKNOWN", row, "行业", value=name, what=guide.id)


def _granted(checker: Checker, grade: Grade, legal: Sequence[Grade]) -> bool:
    """Whether a grade outside the scheme is given beside it; A+ is picked among A enterprises, so only where A is legal."""
    return grade in checker.profile.extra_self_determined and (grade is not Grade.A_PLUS or Grade.A in legal)


def _row_findings(checker: Checker, row: ListRow) -> Iterator[Finding]:
    line, before = row.line, None
    for facts, saved in zip(plan_facts(line.measures), line.reductions, strict=True):
        level_zh = facts.zh
        if not facts.executable:
            yield checker.finding("MEASURE_UNKNOWN", row, f"{level_zh}-措施", what=level_zh)
            if any(saved):
                yield checker.finding("UNKNOWN_WITH_REDUCTION", row, reduction_column(level_zh, saved), what=level_zh)
            continue
        for problem in facts.units or ():
            yield checker.finding(problem.code, row, f"{level_zh}-{problem.column}", **problem.told)
        if facts.not_verifiable:
            yield checker.finding("NOT_VERIFIABLE", row, "核查方式", what=level_zh)
        if facts.forced and saved == NOT_STATED and not row.enterprise.long_stopped:
            yield checker.finding("REDUCTION_MISSING", row, reduction_column(level_zh, line.base), what=level_zh)
        if _does_not_fit(saved, line.base, before):
            yield from _reduction_findings(checker, row, level_zh, saved, before)
        before = saved


def _does_not_fit(saved: Pollutants, base: Pollutants, before: Pollutants | None) -> bool:
    """Whether a reduction is above the base or below that of the level before: most are neither."""
    for place, value in enumerate(saved):
        given = base[place]
        if value is not None and given is not None and value > given + TOLERANCE:
            return True
        if before is not None and (before[place] or 0) > (value or 0) + TOLERANCE:
            return True
    return False


def _reduction_findings(
    checker: Checker, row: ListRow, level_zh: str, saved: Pollutants, before: Pollutants | None
) -> Iterator[Finding]:
    for label, value, base in zip(POLLUTANT_LABELS.values(), saved, row.line.base, strict=True):
        if value is not None and base is not None and value > base + TOLERANCE:
            column = f"{level_zh}-减排{label}（kg/d）"
            yield checker.finding("REDUCTION_EXCEEDS_BASE", row, column, value=value, what=level_zh)
    fallen = Pollutants(*(max(0, (b or 0) - (v or 0) - TOLERANCE) for b, v in zip(before or saved, saved, strict=True)))
    if any(fallen):
        which = "、".join(label for label, value in zip(POLLUTANT_LABELS.values(), fallen, strict=True) if value)
        yield checker.finding("LEVEL_DECREASES", row, reduction_column(level_zh, fallen), value=which, what=level_zh)
