"""Who may put a case forward, about which listed enterprise, and everything that is wrong with an application."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from emission_lists.documents import enterprise_from, line_from
from emission_lists.grades import Grade
from emission_lists.grading import Actor, levels_of
from emission_lists.grading_rules import GradingRules, evaluation_needed, legal_grades
from emission_lists.guides import Guide
from emission_lists.lists import Enterprise, Line
from emission_lists.standing import Decided
from service.accounts.roles import Principal, Role
from service.grades.obstacles import too_short
from service.grades.rules import rules_for
from service.grades.schemas import ApplicationBody, DowngradeBody
from service.kit.problems import Conflict, Forbidden, Invalid, Unknown
from service.kit.unit_of_work import UnitOfWork
from service.lists.workbooks import guide_of, law_at

LISTED_SQL = """
SELECT e.document, e.county, v.guide, v.adcode FROM list_enterprise e JOIN list_version v ON v.id = e.version_id
WHERE e.uscc = $1 AND ($2::text IS NULL OR v.adcode = $2) AND v.state = 'active' ORDER BY v.adcode
"""
FRAMEWORK = "O2026"


@dataclass(frozen=True)
class Listed:
    """An enterprise as the list in force names it."""

    enterprise: Enterprise
    lines: dict[str, Line]
    adcode: str
    county: str
    guide: str


async def listed_in(uow: UnitOfWork, uscc: str, adcode: str | None) -> Listed:
    """The enterprise in the list in force of a division, or of the only one that names it. Raises Unknown, Invalid."""
    rows = await uow.fetch(LISTED_SQL, uscc, adcode)
    if not rows:
        raise Unknown(
            f"{uscc} is in no list in force{f' of {adcode}' if adcode else ''}; list it before it is graded.",
            detail_zh=f"{uscc} 不在现行清单中，须先列入清单",
        )
    if len(rows) > 1:
        codes = ", ".join(row["adcode"] for row in rows)
        raise Invalid(
            f"{uscc} is listed in several divisions; say which: {codes}.",
            detail_zh=f"{uscc} 列入多个行政区的清单，请注明：{codes}",
        )
    row = rows[0]
    stored = json.loads(row["document"])
    lines = [line_from(line) for line in stored["lines"]]
    enterprise = enterprise_from(stored["enterprise"])
    return Listed(enterprise, {line.code: line for line in lines}, row["adcode"], row["county"], row["guide"])


def actors_of(principal: Principal, uscc: str) -> frozenset[Actor]:
    """The levels that somebody acts for in a case of an enterprise; empty for those who only look."""
    if principal.role is Role.ENTERPRISE:
        return frozenset({Actor.ENTERPRISE}) if principal.uscc == uscc else frozenset()
    return levels_of(principal.scope.adcode) if principal.may_judge_grades else frozenset()


def sees(principal: Principal, row: Any) -> bool:
    """Whether somebody may see a case: officials those of their region, the ministry all, an enterprise its own."""
    if principal.role is Role.ENTERPRISE:
        return bool(principal.uscc == row["uscc"])
    return principal.scope.covers(row["adcode"]) or principal.scope.covers(row["county"])


def may_put_forward(principal: Principal, listed: Listed) -> bool:
    if principal.role is Role.ENTERPRISE:
        return principal.uscc == listed.enterprise.uscc
    covered = principal.scope.covers(listed.adcode) or principal.scope.covers(listed.county)
    return principal.may_judge_grades and covered


def named_by_guide(uow: UnitOfWork, listed: Listed, body: ApplicationBody | DowngradeBody) -> tuple[str, str | None]:
    """Industry and sub-type that a body is about, as the guide names them; as they are written where it names neither."""
    written = body.industry or listed.enterprise.industry
    subtype = body.subtype if isinstance(body, ApplicationBody) else None
    known, part = _guide_for(uow, listed, body).placed(written)
    if known is None:
        return written, subtype
    own = known.subtype(subtype)
    return known.name_zh, own.name_zh if own is not None else subtype or part


def _guide_for(uow: UnitOfWork, listed: Listed, body: ApplicationBody | DowngradeBody) -> Guide:
    asked = body.guide if isinstance(body, ApplicationBody) else None
    return law_at(listed.county, asked or listed.guide, uow.now.date())[0]


def application_faults(
    uow: UnitOfWork, listed: Listed, body: ApplicationBody, industry: str, subtype: str | None
) -> list[dict[str, str]]:
    """Everything that is wrong with an application for a grade in an industry, by the guide and the province's rules."""
    faults = []
    rules = rules_for(listed.county, uow.now.date())
    if body.line_code is not None and body.line_code not in listed.lines:
        known = ", ".join(sorted(listed.lines))
        faults.append(
            fault(
                "line_code",
                f"The list names no line {body.line_code}; it has: {known}.",
                f"清单中没有生产线{body.line_code}；有：{known}",
            )
        )
    if body.grade is Grade.UNGRADED:
        faults.append(fault("grade", "Nobody applies for not being graded; choose a grade.", "请选择申请的等级"))
    guide = _guide_for(uow, listed, body)
    legal, wrong = _legal(guide, rules, listed.enterprise, industry, subtype)
    faults += wrong
    if legal and body.grade not in legal and body.grade is not Grade.A_PLUS:
        possible = "、".join(grade.zh for grade in legal)
        faults.append(
            fault(
                "grade",
                f"{industry} has no {body.grade.title_en} by {guide.number}; possible: {possible}.",
                f"按{guide.number}，{industry}没有{body.grade.title_zh}；可以是：{possible}",
            )
        )
    needed = evaluation_needed(rules, industry, body.grade)
    if needed is not None and not body.evidence:
        faults.append(
            fault(
                "evidence",
                f"{industry}, {body.grade.title_en}, needs {needed}; name its publicity in evidence.",
                f"{industry}申请{body.grade.title_zh}须完成{needed}；请在证明材料中写明公示情况",
            )
        )
    return faults


def _legal(
    guide: Guide, rules: GradingRules, firm: Enterprise, industry: str, subtype: str | None
) -> tuple[tuple[Grade, ...], list[dict[str, str]]]:
    """The grades that may be applied for, empty where they are not established, and what is wrong with the industry."""
    known = guide.industry(industry)
    if known is None:
        local = rules.local_industry(industry)
        if local is not None or may_be_unnamed(guide, firm):
            return () if local is None else local.grades, []
        return (), [
            fault(
                "industry",
                f"{guide.number} has no industry {industry}, and no local rules add it.",
                f"{guide.number}没有“{industry}”行业，本省也未增设",
            )
        ]
    try:
        return legal_grades(guide, known, subtype), []
    except KeyError:
        names = "、".join(one.name_zh for one in known.subtypes) or "–"
        return (), [
            fault(
                "subtype",
                f"{industry} has no sub-type {subtype}; it has: {names}.",
                f"{industry}没有子类“{subtype}”；有：{names}",
            )
        ]


def may_be_unnamed(guide: Guide, firm: Enterprise) -> bool:
    """Whether an industry that the guide does not name may yet be graded: one of those that no source names.

    A place with a guide for all other industries (通用行业) grades those that are not key industries, too.
    """
    return guide.not_named > 0 or (guide.universal and not firm.key_industry)


def fault(name: str, detail: str, detail_zh: str) -> dict[str, str]:
    """One fault of a body: which member, and what to do, in both languages."""
    return {"pointer": f"/body/{name}", "detail": detail, "detail_zh": detail_zh}


def check_pick(uow: UnitOfWork, principal: Principal, listed: Listed, decisions: Iterable[Decided]) -> None:
    """A+ is picked among A enterprises that have been so for long enough, on the province's nomination.

    Counted by the calendar in Beijing time from the first of the decisions that followed each other without a break.
    """
    if not guide_of(FRAMEWORK).in_force.holds_on(uow.now.date()):
        raise Conflict(
            "There is no A+ before 环办大气〔2026〕2号 is in force.", detail_zh="环办大气〔2026〕2号施行前没有A+级"
        )
    if Actor.PROVINCE not in levels_of(principal.scope.adcode):
        raise Forbidden(
            "The province nominates for A+; an enterprise does not apply for it.",
            detail_zh="A+级由省级推荐、生态环境部遴选，企业不能自行申请",
        )
    short = too_short(listed.county, decisions, uow.now)
    if short is not None:
        raise Conflict(short["en"], detail_zh=short["zh"])
