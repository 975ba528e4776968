"""Drills (演练): on the live side what is planned and was scored; inside a drill the page of who directs it."""

from __future__ import annotations

import json
import uuid
from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Path, Request, Response
from fastapi.responses import RedirectResponse

from service.accounts.roles import Principal
from service.drills import flows
from service.drills.drill import Drill
from service.drills.injects import throw
from service.drills.participants import LEADER
from service.drills.players import present
from service.drills.script import Script
from service.kit.auth import Official, runtime_of
from service.kit.clock import SHANGHAI
from service.kit.http import Uow
from service.kit.problems import Forbidden, Invalid, Problem, Unknown
from service.kit.unit_of_work import UnitOfWork
from service.web.forms import read_form
from service.web.pages import render, said_of, writer_of

router = APIRouter(include_in_schema=False)
Id = Annotated[int, Path(ge=1, le=2**62)]


def _live_only(request: Request) -> None:
    if runtime_of(request).drill is not None:
        raise Unknown("A drill knows no other drills; they are on the live side.")


@router.get("/drills")
async def overview(request: Request, official: Official, uow: Uow) -> Response:
    """Scripts of the region, drills planned and past, and the form that plans one."""
    _live_only(request)
    return await _overview(request, official, uow)


async def _overview(
    request: Request, official: Principal, uow: UnitOfWork, fault: str | None = None, status: int = 200
) -> Response:
    known = {name: one for name, one in flows.scripts(uow).items() if _concerns(official, one)}
    return render(
        request,
        "drills.html",
        official,
        status=status,
        scripts=known,
        drills=await flows.page(uow, official.scope),
        may_plan=flows.may_plan(official),
        place=uow.runtime.place,
        fault=fault,
    )


def _concerns(official: Principal, script: Script) -> bool:
    return official.scope.covers(script.adcode)


@router.post("/drills")
async def planned(request: Request, official: Official) -> Response:
    """Plan a drill; back to the list, or to the form with what was wrong."""
    _live_only(request)
    form = await read_form(request)
    async with runtime_of(request).unit() as uow:
        try:
            await flows.plan(
                uow,
                official,
                form.get("script", ""),
                participants=form.get("participants", ""),
                pace=_number(form.get("pace", "")),
                planned_for=_instant(form.get("planned_for", "")),
            )
            await uow.commit()
        except Problem as problem:
            said = said_of(problem, writer_of(request).language)
            async with runtime_of(request).unit() as fresh:
                return await _overview(request, official, fresh, said, problem.status)
    return RedirectResponse("/drills", 303)


def _number(written: str) -> float | None:
    try:
        return float(written) if written else None
    except ValueError as error:
        raise Invalid("Write the pace as a number.", detail_zh="时钟倍数请填数字。") from error


def _instant(written: str) -> datetime | None:
    try:
        return datetime.fromisoformat(written).replace(tzinfo=SHANGHAI) if written else None
    except ValueError as error:
        raise Invalid("Write the time like 2026-11-22T09:00.", detail_zh="时间请写成 2026-11-22T09:00。") from error


@router.get("/drills/{drill_id}")
async def sheet_page(drill_id: Id, request: Request, official: Official, uow: Uow) -> Response:
    """One drill with its frozen score sheet."""
    _live_only(request)
    row = await flows.find(uow, official.scope, drill_id)
    sheet = None if row["sheet"] is None else json.loads(row["sheet"])
    return render(
        request,
        "drill_sheet.html",
        official,
        row=row,
        sheet=sheet,
        may_plan=flows.may_plan(official),
        place=uow.runtime.place,
    )


@router.post("/drills/{drill_id}/drop")
async def dropped(drill_id: Id, request: Request, official: Official) -> Response:
    """Drop the drill's schema; the score sheet stays."""
    _live_only(request)
    await read_form(request)
    async with runtime_of(request).unit() as uow:
        await flows.drop(uow, official, drill_id)
        await uow.commit()
    return RedirectResponse(f"/drills/{drill_id}", 303)


def _directed(request: Request, official: Principal) -> Drill:
    """The drill that this process runs, for who directs it."""
    drill: Drill | None = getattr(request.app.state, "drill", None)
    if drill is None:
        raise Unknown("This is no drill.")
    if official.login != LEADER:
        raise Forbidden("Only the drill's leader sees this page.", detail_zh="只有导调员可以查看本页。")
    return drill


@router.get("/drill")
async def directing(request: Request, official: Official) -> Response:
    """What was and can be thrown in, who has come, and the score so far."""
    drill = _directed(request, official)
    runtime = drill.runtime
    async with runtime.unit() as uow:
        rows = await uow.fetch("SELECT name, kind, at, minutes, outcome, account_id FROM drill_inject ORDER BY id DESC")
        kept = {
            row["channel"]: row["n"]
            for row in await uow.fetch("SELECT channel, count(*) AS n FROM delivery GROUP BY 1")
        }
    return render(
        request,
        "drill.html",
        official,
        drill_now=drill,
        state=await drill.director.state(),
        thrown=[dict(row) for row in rows],
        done={row["name"] for row in rows},
        kept={name: kept.get(name, 0) for name in ("webhook", "email", "sms")},
        sheet=await drill.director.score(),
        who=sorted((await present(runtime)).parts),
        place=runtime.place,
    )


@router.post("/drill/start")
async def started(request: Request, official: Official) -> Response:
    """Let the clock go."""
    drill = _directed(request, official)
    await read_form(request)
    await drill.director.start()
    return RedirectResponse("/drill", 303)


@router.post("/drill/finish")
async def finished(request: Request, official: Official) -> Response:
    """End the drill and freeze its score sheet."""
    drill = _directed(request, official)
    await read_form(request)
    await drill.director.finish()
    return RedirectResponse("/drill", 303)


@router.post("/drill/injects")
async def thrown_in(request: Request, official: Official) -> Response:
    """Throw one of the script's injects in now, once more if it came before."""
    drill = _directed(request, official)
    form = await read_form(request)
    inject = drill.script.by_id.get(form.get("inject", ""))
    if inject is None:
        raise Unknown("The script has no such inject.")
    if await drill.director.state() != "running":
        raise Invalid("The drill does not run; start it first.", detail_zh="演练未在进行，请先开始。")
    assert drill.director.outside is not None  # it runs
    async with drill.runtime.unit() as uow:
        before = await uow.fetchval("SELECT 1 FROM drill_inject WHERE name = $1", inject.id)
    name = inject.id if before is None else f"{inject.id[:40]}-{uuid.uuid4().hex[:8]}"
    await throw(drill.runtime, drill.director.outside, inject, name=name, account_id=official.account_id)
    return RedirectResponse("/drill", 303)
