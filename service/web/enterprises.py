"""Find an enterprise, and its page: readable at three metres, for the gate and for print."""

from __future__ import annotations

import json
from typing import Annotated, Any

from fastapi import APIRouter, Path, Query, Request, Response
from fastapi.responses import RedirectResponse

from service.enterprises.flows import acknowledge, requirements
from service.kit.auth import Caller, Official, runtime_of
from service.kit.http import Uow
from service.kit.problems import Invalid
from service.web.forms import read_form
from service.web.pages import render

router = APIRouter(include_in_schema=False)
Uscc = Annotated[str, Path(pattern=r"^[0-9A-HJ-NPQRTUWXY]{18}$")]
SHOWN = 50
SHORTEST = 2
FIND_SQL = """
SELECT e.uscc, e.name, e.industry, e.grade, e.lines, v.adcode FROM list_enterprise e JOIN list_version v ON v.id = e.version_id
WHERE v.state = 'active' AND v.adcode LIKE $1 AND (e.uscc = upper($2) OR e.name ILIKE $3) ORDER BY e.name, e.uscc LIMIT $4
"""
NOTICE_SQL = """
SELECT n.id, n.headline_zh, n.headline_en, n.created_at, k.name, k.acknowledged_at
FROM notice n LEFT JOIN acknowledgement k ON k.notice_id = n.id AND k.uscc = $2
WHERE n.adcode = $1 ORDER BY n.id DESC LIMIT 1
"""


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
        found = await uow.fetch(FIND_SQL, official.scope.prefix + "%", words, pattern_of(words), SHOWN + 1)
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
async def enterprise(uscc: Uscc, request: Request, caller: Caller, uow: Uow) -> Response:
    """What this enterprise must do now and next."""
    answer = await requirements(uow, caller, uscc, None)
    required: dict[str, Any] = json.loads(answer.body)
    adcode = required["division"]
    return render(
        request,
        "enterprise.html",
        caller,
        required=required,
        adcode=adcode,
        place=uow.runtime.place(adcode),
        elsewhere=[(uow.runtime.place(part["division"]), part) for part in required["elsewhere"]],
        notice=await uow.fetchrow(NOTICE_SQL, adcode, uscc),
        own=caller.uscc == uscc,
        generated=await uow.fetchval("SELECT generated FROM list_version WHERE id = $1", required["list_version"]),
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
