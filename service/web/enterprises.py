"""Find an enterprise, and its page: readable at three metres, for the gate and for print."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable
from typing import Annotated, Any

import segno
from fastapi import APIRouter, Path, Query, Request, Response
from fastapi.responses import RedirectResponse

from emission_lists.identifiers import uscc_problem
from emission_lists.levels import ResponseLevel
from emission_lists.measures import NonRoadRule, VehicleRule
from service.accounts.roles import Principal
from service.enterprises.flows import acknowledge, requirements, visible
from service.enterprises.sources import homes_of, sites_of
from service.findings.repository import page as findings_of
from service.findings.repository import with_lines
from service.grades.reading import history
from service.kit.auth import Caller, Official, runtime_of
from service.kit.http import Uow, instant_of
from service.kit.problems import Invalid, Problem, Unknown
from service.kit.unit_of_work import UnitOfWork
from service.operating_plans.flows import reasons_to_revise, seen_plan
from service.operating_plans.repository import FiledPlan
from service.print.flows import board_divisions, print_board
from service.web.forms import read_form
from service.web.pages import render, said_of, writer_of

router = APIRouter(include_in_schema=False)
Uscc = Annotated[str, Path(pattern=r"^[0-9A-HJ-NPQRTUWXY]{18}$")]
Instant = Annotated[str, Query(max_length=40, description="Beijing time, such as 2016-12-18T08:00.")]
Division = Annotated[str | None, Query(pattern=r"^\d{6}$")]
SHOWN = 50
SHORTEST = 2
LISTED_SQL = """
SELECT e.uscc, e.name, e.industry, e.grade, e.lines, v.adcode FROM list_enterprise e JOIN list_version v ON v.id = e.version_id
WHERE v.state = 'active' AND v.adcode LIKE $1 AND {match} ORDER BY e.name, e.uscc LIMIT $3
"""
BY_CODE_SQL = LISTED_SQL.format(match="e.uscc = $2")
BY_NAME_SQL = LISTED_SQL.format(match="e.name LIKE $2")
BY_ANY_CASE_SQL = LISTED_SQL.format(match="e.name ILIKE $2")
NOTICE_SQL = """
SELECT n.id, n.adcode, n.headline_zh, n.headline_en, n.created_at, k.name, k.acknowledged_at
FROM notice n LEFT JOIN acknowledgement k ON k.notice_id = n.id AND k.uscc = $2
WHERE n.adcode = ANY($1::text[]) ORDER BY n.id DESC LIMIT $3
"""
LEVELS = tuple(ResponseLevel)
KEPT_NOTICES = 20
SHOWN_FINDINGS = 20
RULE_WORDS = {rule.value: {"zh": rule.zh, "en": rule.en} for kind in (VehicleRule, NonRoadRule) for rule in kind}
Part = Callable[[UnitOfWork, Principal, str], Awaitable[dict[str, Any]]]
PARTS: dict[str, Part] = {}
"""Template of a further part of the page → what it shows."""


def qr_squares(text: str) -> tuple[int, str]:
    """Side of a QR code in squares, its quiet edge included, and an SVG path of the dark ones."""
    rows = [bytes(row) for row in segno.make(text, error="m", micro=False).matrix_iter(border=4)]
    dark = (f"M{x} {y}h1v1h-1z" for y, row in enumerate(rows) for x, square in enumerate(row) if square)
    return len(rows), "".join(dark)


def lookup(words: str) -> tuple[str, str]:
    """The statement that finds the words, and its argument: a credit code by its index, names by any part.

    Letters of any case are slower to compare, so it is done only where there are such letters.
    """
    if not uscc_problem(words.upper()):
        return BY_CODE_SQL, words.upper()
    return (BY_NAME_SQL if words.lower() == words.upper() else BY_ANY_CASE_SQL), pattern_of(words)


def pattern_of(words: str) -> str:
    """A LIKE pattern that finds the words as they are written."""
    escaped = words.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
    return f"%{escaped}%"


@router.get("/enterprises")
async def search(
    request: Request, official: Official, uow: Uow, q: Annotated[str, Query(max_length=100)] = ""
) -> Response:
    """Listed enterprises of the scope by credit code or part of the name."""
    words = q.strip()
    found = None
    if len(words) >= SHORTEST:
        statement, sought = lookup(words)
        found = await uow.fetch(statement, official.scope.prefix + "%", sought, SHOWN + 1)
    return render(
        request,
        "enterprises.html",
        official,
        q=words,
        found=None if found is None else found[:SHOWN],
        many=found is not None and len(found) > SHOWN,
        shown=SHOWN,
    )


@router.get("/enterprises/{uscc}")
async def enterprise(uscc: Uscc, request: Request, caller: Caller, uow: Uow, at: Instant = "") -> Response:
    """What this enterprise must do now and next, at an instant (`at`) and at each level, and what was."""
    answer = await requirements(uow, caller, uscc, None)
    required: dict[str, Any] = json.loads(answer.body)
    sites = visible(caller, uscc, sites_of(uow.runtime, await homes_of(uow, uscc)))
    chain = [adcode for site in sites for adcode in site.chain]
    notices = await uow.fetch(NOTICE_SQL, chain, uscc, KEPT_NOTICES)
    plan = await seen_plan(uow, caller, uscc, uow.now)
    then, fault = await _at_instant(request, uow, caller, uscc, at)
    return render(
        request,
        "enterprise.html",
        caller,
        status=200 if fault is None else fault.status,
        at=at,
        then=then,
        fault=None if fault is None else said_of(fault, writer_of(request).language),
        required=required,
        place=uow.runtime.place(required["division"]),
        elsewhere=[(uow.runtime.place(part["division"]), part) for part in required["elsewhere"]],
        boards=[(site.homes[0], uow.runtime.place(site.homes[0])) for site in sites],
        notices=notices,
        notice=notices[0] if notices else None,
        own=caller.uscc == uscc,
        generated=await uow.fetchval("SELECT generated FROM list_version WHERE id = $1", required["list_version"]),
        declared=[json.loads((await requirements(uow, caller, uscc, None, level)).body) for level in LEVELS],
        rule_words=RULE_WORDS,
        plan=plan,
        revise=[] if plan is None else await reasons_to_revise(uow, plan),
        posts=_posts(plan),
        trial=uow.runtime.settings.signing_key is None,
        grades=await history(uow, caller, uscc),
        findings=await with_lines(uow, await findings_of(uow, caller, uscc=uscc, size=SHOWN_FINDINGS)),
        parts=[(name, await part(uow, caller, uscc)) for name, part in PARTS.items()],
    )


def _posts(plan: FiledPlan | None) -> dict[str, Any]:
    """Who is responsible for each line."""
    return {} if plan is None else {line["code"]: line for line in plan.content["lines"]}


async def _at_instant(
    request: Request, uow: UnitOfWork, caller: Principal, uscc: str, at: str
) -> tuple[dict[str, Any] | None, Problem | None]:
    """The requirement of the instant that was chosen on the page, or why there is none; neither without a choice."""
    if not at:
        return None, None
    try:
        instant = instant_of(at, "at")
    except Invalid as error:
        return None, Invalid(str(error), detail_zh="请填写日期和时间（北京时间），例如 2016-12-18T08:00。")
    try:
        found: dict[str, Any] = json.loads((await requirements(uow, caller, uscc, instant)).body)
    except Unknown as error:
        return None, Unknown(str(error), detail_zh="这一时刻没有列有本企业的生效清单，请另选时刻，或咨询主管部门。")
    plan = await seen_plan(uow, caller, uscc, instant)
    return {
        "at": instant,
        "posts": _posts(plan),
        "parts": [(uow.runtime.place(part["division"]), part) for part in (found, *found["elsewhere"])],
    }, None


@router.get("/enterprises/{uscc}/board")
async def board(uscc: Uscc, request: Request, caller: Caller, uow: Uow, division: Division = None) -> Response:
    """The gate notice board (公示牌), for print on A3; of the plant under a division's list where there are several."""
    sheet = await print_board(uow, caller, uscc, division)
    settings = uow.runtime.settings
    address = f"{settings.address}/verify/{sheet.id}"
    return render(
        request,
        "enterprise_board.html",
        caller,
        c=sheet.content,
        sheet=sheet,
        boards=[(code, uow.runtime.place(code)) for code in await board_divisions(uow, caller, uscc)],
        address=address,
        qr=qr_squares(address),
    )


@router.post("/enterprises/{uscc}/acknowledge")
async def receipt(uscc: Uscc, request: Request, caller: Caller) -> Response:
    """The enterprise's receipt for its newest notice."""
    fields = await read_form(request)
    name, notice = fields.get("name", "")[:100] or caller.display, fields.get("notice", "")
    if not notice.isascii() or not notice.isdigit() or len(notice) > 18:
        raise Invalid("The form names no notice; open the page again.")
    async with runtime_of(request).unit() as uow:
        await acknowledge(uow, caller, uscc, int(notice), name)
        await uow.commit()
    return RedirectResponse(f"/enterprises/{uscc}", 303)
