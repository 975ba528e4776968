"""Published results (已公布结果) are entered by one person and put in force by another, of the level that decides such a grade."""

from __future__ import annotations

import asyncio
import uuid
from dataclasses import asdict
from typing import Any

from emission_lists.findings import shorten
from emission_lists.grading import Kind, Move
from emission_lists.grading_rules import legal_grades
from emission_lists.guides import Guide, plain
from emission_lists.published_grades import PublishedGrade, read_published
from service.accounts.roles import Principal
from service.grades import flows
from service.grades.admission import Listed, actors_of, listed_in, may_be_unnamed
from service.grades.cases import Stored, load
from service.grades.obstacles import obstacle
from service.grades.rules import rules_for
from service.grades.schemas import StepBody
from service.kit.problems import Conflict, Forbidden, Invalid, Unknown
from service.kit.unit_of_work import UnitOfWork
from service.lists.workbooks import law_at

NAMES_SQL = """
SELECT e.uscc, e.name FROM list_enterprise e JOIN list_version v ON v.id = e.version_id
WHERE v.adcode = $1 AND v.state = 'active' AND (e.name = ANY($2::text[]) OR e.uscc = ANY($3::text[]))
"""
CASES_SQL = """
SELECT a.id FROM grade_application a
JOIN LATERAL (SELECT state FROM grade_step s WHERE s.application_id = a.id ORDER BY seq DESC LIMIT 1) last ON true
WHERE a.import_id = $1 AND (a.adcode LIKE $2 OR a.county LIKE $2) AND last.state = 'entered' ORDER BY a.id
"""
MOST_FAULTS = 2000


async def enter(uow: UnitOfWork, principal: Principal, adcode: str, content: bytes, source: str) -> dict[str, Any]:
    """Read a published list and store a case for each row. Raises Invalid with every fault at once; nothing is stored then."""
    if not principal.may_judge_grades or not principal.scope.covers(adcode):
        raise Forbidden(
            "Published grades are entered by officials of the division.", detail_zh="公布结果由本辖区主管部门录入"
        )
    if adcode not in uow.runtime.law.divisions:
        raise Unknown(f"There is no division {adcode}.", detail_zh=f"没有行政区划代码{adcode}")
    found = await asyncio.to_thread(read_published, content)
    faults = [asdict(fault) for fault in found.errors]
    made = [] if faults else await _matched(uow, adcode, found.rows, faults)
    if faults:
        raise Invalid(
            f"{len(faults)} fault(s) in the file; nothing was stored.",
            errors=faults[:MOST_FAULTS],
            detail_zh=f"文件有{len(faults)}处问题，未保存",
        )
    number = str(uuid.uuid4())
    for row, listed, industry, subtype in made:
        await flows.put_forward(
            uow,
            Kind.PUBLISHED,
            listed,
            grade=row.grade,
            industry=industry,
            subtype=subtype,
            guide=listed.guide,
            line_code=row.line_code,
            reason=source,
            import_id=number,
            principal=principal,
        )
    return {"import": number, "cases": len(made)}


async def _matched(
    uow: UnitOfWork, adcode: str, rows: list[PublishedGrade], faults: list[dict[str, Any]]
) -> list[tuple[PublishedGrade, Listed, str, str | None]]:
    """Each row with the listed enterprise it is about; what cannot be told is a fault."""
    names = [row.name for row in rows]
    codes = [row.uscc for row in rows if row.uscc]
    by_name: dict[str, list[str]] = {}
    known: set[str] = set()
    for one in await uow.fetch(NAMES_SQL, adcode, names, codes):
        by_name.setdefault(one["name"], []).append(one["uscc"])
        known.add(one["uscc"])
    made = []
    for row in rows:
        holders = [row.uscc] if row.uscc in known else [] if row.uscc else by_name.get(row.name, [])
        if len(holders) != 1:
            faults.append(_unmatched(row, len(holders)))
            continue
        listed = await listed_in(uow, holders[0], adcode)
        industry, subtype, fault = _classified(law_at(listed.county, listed.guide, uow.now.date())[0], listed, row, uow)
        if fault is not None:
            faults.append(fault)
            continue
        made.append((row, listed, industry, subtype))
    return made


def _unmatched(row: PublishedGrade, holders: int) -> dict[str, Any]:
    if holders:
        return _fault(
            row,
            f"{holders} listed enterprises have this name; give the credit code.",
            f"清单中有{holders}家同名企业，请填写统一社会信用代码",
        )
    return _fault(
        row,
        "No enterprise of this name (or code) is in the list in force; correct it or list it first.",
        "现行清单中没有该企业，请更正名称或代码，或先列入清单",
    )


def _classified(
    guide: Guide, listed: Listed, row: PublishedGrade, uow: UnitOfWork
) -> tuple[str, str | None, dict[str, Any] | None]:
    """Industry and sub-type as the guide names them (陶瓷/建筑陶瓷, 水泥制品), and a fault where the grade is not theirs."""
    industry, part = guide.placed(row.industry)
    if row.line_code is not None and row.line_code not in listed.lines:
        return row.industry, None, _fault(row, f"The list has no line {row.line_code}.", f"清单中没有生产线{row.line_code}")
    if industry is None:
        local = rules_for(listed.county, uow.now.date()).local_industry(row.industry)
        own = plain(row.industry) == plain(listed.enterprise.industry)
        if local is None and not own and not may_be_unnamed(guide, listed.enterprise):
            return row.industry, None, _fault(
                row, f"{guide.number} has no industry {row.industry}.", f"{guide.number}没有“{row.industry}”行业"
            )
        return row.industry, None, None
    named = industry.subtype(row.subtype)
    subtype = named.name_zh if named is not None else row.subtype or part
    try:
        legal = legal_grades(guide, industry, subtype)
    except KeyError:
        return industry.name_zh, None, _fault(row, f"There is no sub-type {subtype}.", f"没有子类“{subtype}”")
    if legal and row.grade not in legal:
        possible = "、".join(grade.zh for grade in legal)
        return industry.name_zh, subtype, _fault(
            row, f"Not a grade of this industry; possible: {possible}.", f"该行业没有此等级；可以是：{possible}"
        )
    return industry.name_zh, subtype, None


def _fault(row: PublishedGrade, detail: str, detail_zh: str) -> dict[str, Any]:
    return {"row": row.number, "value": shorten(row.name), "detail": detail, "detail_zh": detail_zh}


async def publish(uow: UnitOfWork, principal: Principal, import_id: str, body: StepBody) -> dict[str, Any]:
    """Put the entered rows of a published list in force whose grades the caller's level decides; the others wait for theirs.

    By somebody other than who entered them. Raises Unknown, Forbidden when no row is for the caller to decide, and Conflict
    with every row that a ban or the years before A+ keep from being published; nothing is published then.
    """
    cases = await uow.fetch(CASES_SQL, import_id, principal.scope.prefix + "%")
    if not cases:
        raise Unknown(
            f"There is no open import {import_id} in your region.", detail_zh="本辖区没有该批待复核的公布结果"
        )
    asked = body.model_copy(update={"move": Move.PUBLISH.value})
    stored = [await load(uow, case["id"]) for case in cases]
    own = [one for one in stored if one.case.decider in actors_of(principal, one.row["uscc"])]
    await _refuse_obstacles(uow, own)
    mine = [one.id for one in own]
    for case_id in mine or [cases[0]["id"]]:  # with none the first one's refusal says who decides
        await flows.step(uow, principal, case_id, asked)
    return {"import": import_id, "published": len(mine), "left": len(cases) - len(mine)}


async def _refuse_obstacles(uow: UnitOfWork, own: list[Stored]) -> None:
    faults = []
    for one in own:
        found = await obstacle(uow, one)
        if found is not None:
            faults.append({"case": one.id, "detail": found["en"], "detail_zh": found["zh"]})
    if faults:
        raise Conflict(
            f"{len(faults)} of the {len(own)} results cannot be published; nothing was. Reject their cases, then publish the"
            " others.",
            errors=faults[:MOST_FAULTS],
            detail_zh=f"{len(own)}条结果中有{len(faults)}条不能公布，均未公布；请先对其办理“不予通过”，再公布其余结果",
        )
