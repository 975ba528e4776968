"""Checks of single rows: does the measure name a device and a metric, is its base clear, do its reductions fit it?"""

from __future__ import annotations

import re
from collections.abc import Iterator

from emission_lists.check_context import Checker
from emission_lists.check_ordinary import CUTTING
from emission_lists.findings import Finding
from emission_lists.lists import NOT_STATED, POLLUTANT_LABELS, ROAD_TRANSPORT, ListRow, Pollutants, SourceClass
from emission_lists.measures import Action, percent
from emission_lists.plan_facts import plan_facts

_FACILITY = re.compile(r"MF\d{4}|(?:TA|TW|DA|DW)\d{3}")
"""HJ 608-2017: production facilities have four digits, treatment facilities (air, water) and outlets three."""


def measure_findings(checker: Checker, row: ListRow) -> Iterator[Finding]:
    """What a row's device, measures and quantities leave unclear or say against each other."""
    line = row.line
    before: tuple[str, float] | None = None
    for facts, saved in zip(plan_facts(line.measures), line.reductions, strict=True):
        if not facts.executable:
            continue
        action, level_zh, share = facts.measure.action, facts.zh, facts.share
        if facts.no_metric:
            yield checker.finding("LIMIT_NO_METRIC", row, f"{level_zh}-负荷指标", what=level_zh)
        if action is Action.NONE and any(saved):
            yield checker.finding("NONE_WITH_REDUCTION", row, reduction_column(level_zh, saved), what=level_zh)
        if action in CUTTING and not any(saved) and saved != NOT_STATED and any(line.base):
            yield checker.finding("REDUCTION_NOTHING", row, reduction_column(level_zh, line.base), what=level_zh)
        if share is not None and before is not None and share > before[1]:
            yield checker.finding(
                "MEASURE_DECREASES", row, f"{level_zh}-措施", what=level_zh, lower=before[0], value=percent(round(share, 6))
            )
        before = before if share is None else (level_zh, share)
    yield from _base_findings(checker, row)


def reduction_column(level_zh: str, values: Pollutants) -> str:
    """The level's column of the first pollutant that has a value; SO2 where none has."""
    label = next((label for label, value in zip(POLLUTANT_LABELS.values(), values, strict=True) if value), "SO2")
    return f"{level_zh}-减排{label}（kg/d）"


def code_findings(checker: Checker) -> Iterator[Finding]:
    """Lines whose code is no facility code of the permit; told once for the whole list, for it may be a local habit."""
    codes = [row.line.code for row in checker.draft.rows if row.line.process != ROAD_TRANSPORT]
    strange = [code for code in codes if _FACILITY.fullmatch(code) is None]
    if strange:
        yield checker.finding("LINE_CODE_FORMAT", value=min(strange), what=len(strange))


def class_of_key_findings(checker: Checker) -> Iterator[Finding]:
    """Enterprises of no key industry whose class is usual in one; told once for each name and class, at the first of them."""
    guide, alike = checker.guide, dict[tuple[str, str], dict[str, ListRow]]()
    for row in checker.draft.rows:
        firm = row.enterprise
        if not (firm.key_industry or firm.small_micro) and firm.gbt4754 in guide.classes:
            alike.setdefault((firm.industry, firm.gbt4754), {}).setdefault(firm.uscc, row)
    for (name, code), firms in alike.items():
        if guide.placed(name)[0] is None:
            usual, at = guide.classes[code].name_zh, firms[min(firms)]
            yield checker.finding(
                "CLASS_OF_KEY_INDUSTRY", at, "重点行业", value=code, industry=usual, name=name, what=len(firms)
            )


def _base_findings(checker: Checker, row: ListRow) -> Iterator[Finding]:
    """A limit and a reduction count from a base that is stated."""
    line = row.line
    levels = [facts.zh for facts in plan_facts(line.measures) if facts.no_basis]
    if levels:
        yield checker.finding("BASIS_NOT_STATED", row, "核算基准", what="、".join(levels))
    if None not in line.base:
        return
    missing = [
        label
        for place, label in enumerate(POLLUTANT_LABELS.values())
        if line.base[place] is None and any(saved[place] for saved in line.reductions)
    ]
    if missing:
        yield checker.finding("BASE_MISSING", row, f"现状排放{missing[0]}（kg/d）", pollutant="、".join(missing))


def class_findings(checker: Checker, row: ListRow) -> Iterator[Finding]:
    """Whether the class of GB/T 4754 goes with the industry and the class of sources. Once for each enterprise."""
    firm, rule = row.enterprise, checker.profile.source_classes
    industry = checker.guide.industry(firm.industry) if firm.key_industry else None
    if industry is not None and industry.gbt4754 and firm.gbt4754 and firm.gbt4754 not in industry.gbt4754:
        yield checker.finding(
            "INDUSTRY_CLASS", row, "国民经济行业代码", value=firm.gbt4754, industry=industry.name_zh, what="、".join(industry.gbt4754)
        )
    if firm.small_micro or firm.source_class is not None:
        return
    for kind, classes in ((SourceClass.POWER_PLANT, rule.power_plant), (SourceClass.HEATING_BOILER, rule.heating_boiler)):
        if firm.gbt4754 in classes:
            yield checker.finding("SOURCE_CLASS_MISSING", row, "源类别", value=firm.gbt4754, what=kind.zh, what_en=kind.en)
