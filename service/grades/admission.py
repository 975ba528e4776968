"""Who may put a case forward, about which listed enterprise, and everything that is wrong with an application."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from emission_lists.documents import enterprise_from, line_from
from emission_lists.grades import Grade
from emission_lists.grading import Actor, levels_of
from emission_lists.grading_rules import evaluation_needed, legal_grades
from emission_lists.lists import Enterprise, Line
from emission_lists.standing import GradeStanding
from service.accounts.roles import Principal, Role
from service.grades.rules import rules_for
from service.grades.schemas import ApplicationBody
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


def application_faults(uow: UnitOfWork, listed: Listed, body: ApplicationBody, industry: str) -> list[dict[str, str]]:
    """Everything that is wrong with an application, by the guide and the province's rules."""
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
    guide = law_at(listed.county, body.guide or listed.guide, uow.now.date())[0]
    known_industry = guide.industry(industry)
    if known_industry is None:
        local = rules.local_industry(industry)
        if local is None:
            faults.append(
                fault(
                    "industry",
                    f"{guide.number} has no industry {industry}, and no local rules add it.",
                    f"{guide.number}没有“{industry}”行业，本省也未增设",
                )
            )
        legal: tuple[Grade, ...] = () if local is None else local.grades
    else:
        try:
            legal = legal_grades(guide, known_industry, body.subtype)
        except KeyError:
            names = "、".join(one.name_zh for one in known_industry.subtypes) or "–"
            faults.append(
                fault(
                    "subtype",
                    f"{industry} has no sub-type {body.subtype}; it has: {names}.",
                    f"{industry}没有子类“{body.subtype}”；有：{names}",
                )
            )
            legal = ()
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


def fault(name: str, detail: str, detail_zh: str) -> dict[str, str]:
    """One fault of a body: which member, and what to do, in both languages."""
    return {"pointer": f"/body/{name}", "detail": detail, "detail_zh": detail_zh}


def check_pick(uow: UnitOfWork, principal: Principal, listed: Listed, standing: GradeStanding | None) -> None:
    """A+ is picked among A enterprises that have been so for long enough, on the province's nomination."""
    if not guide_of(FRAMEWORK).in_force.holds_on(uow.now.date()):
        raise Conflict(
            "There is no A+ before 环办大气〔2026〕2号 is in force.", detail_zh="环办大气〔2026〕2号施行前没有A+级"
        )
    if Actor.PROVINCE not in levels_of(principal.scope.adcode):
        raise Forbidden(
            "The province nominates for A+; an enterprise does not apply for it.",
            detail_zh="A+级由省级推荐、生态环境部遴选，企业不能自行申请",
        )
    years = rules_for(listed.county, uow.now.date()).a_plus.value
    held = None if standing is None else standing.decisive
    day = uow.now.replace(year=uow.now.year - years, day=min(uow.now.day, 28))
    if held is None or held.grade is not Grade.A or held.since > day:
        raise Conflict(
            f"A+ is picked among enterprises that have been A for at least {years} years.",
            detail_zh=f"A+级在稳定达到A级{years}年以上的企业中遴选",
        )
