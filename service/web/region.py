"""Regional coordination (联动): the board of a prompt, suggestions, prompts and lifts entered by hand, messages around."""

from __future__ import annotations

import uuid
from collections import defaultdict
from datetime import datetime, timedelta
from typing import Annotated, Any

from fastapi import APIRouter, Path, Request, Response
from fastapi.responses import RedirectResponse

from alerts.law import Region
from alerts.region import RegionalPrompt
from alerts.region_lift import LiftPrompt
from service.accounts.roles import Principal
from service.coordination import repository as circulars
from service.coordination.flows import acknowledge
from service.kit.auth import Official, runtime_of
from service.kit.clock import SHANGHAI
from service.kit.http import PageKey, Uow
from service.kit.problems import Conflict, Forbidden, Invalid, Problem, Unknown
from service.kit.unit_of_work import UnitOfWork
from service.prompts import repository, suggesting
from service.prompts.board import find
from service.prompts.board_csv import board_csv
from service.prompts.endpoints import checked
from service.prompts.flows import issue, lift
from service.web.forms import read_form
from service.web.geo import outline
from service.web.pages import render, said_of, writer_of

router = APIRouter(include_in_schema=False)
Id = Annotated[int, Path(ge=1, le=2**62)]
SHOWN = 50
CHOICES = ("red", "orange", "yellow", "blue")
FORM_BYTES = 60_000


@router.get("/region")
async def overview(request: Request, official: Official, uow: Uow) -> Response:
    """Suggestions, the board of the newest prompt, and the prompts before it."""
    newest = await repository.newest_id(uow, official.scope, uow.now)
    board = None if newest is None else await find(uow, official.scope, newest)
    return render(
        request,
        "region.html",
        official,
        board=board,
        suggestions=await _suggestions(uow, official),
        prompts=await repository.page(uow, official.scope, None, SHOWN),
        around_unread=await circulars.unread(uow, official.scope),
        fault=None,
    )


async def _suggestions(uow: UnitOfWork, official: Principal) -> list[dict[str, Any]]:
    """Open suggestions with their maps."""
    found = await suggesting.page(uow, official.scope, open_only=True, size=20)
    for one in found:
        codes = [division["adcode"] for division in one["divisions"]]
        one["sketch"] = outline(codes, codes)
        one["levels"] = {division["adcode"]: division["level"] for division in one["divisions"]}
        known = uow.runtime.law.regions.get(one["region"])
        one["region_name"] = one["region"] if known is None else known.name
        one["region_name_en"] = one["region"] if known is None else known.name_en
    return found


@router.get("/parts/region/suggestions")
async def suggestions_part(request: Request, official: Official, uow: Uow) -> Response:
    """Open suggestions, fetched again when something changed."""
    return render(request, "part_suggestions.html", official, suggestions=await _suggestions(uow, official))


@router.get("/parts/region/{prompt_id}")
async def board_part(prompt_id: Id, request: Request, official: Official, uow: Uow) -> Response:
    """The lines of a board, fetched again when something changed."""
    return render(request, "part_region_board.html", official, board=await find(uow, official.scope, prompt_id))


@router.get("/region/new")
async def new_prompt(request: Request, official: Official, uow: Uow) -> Response:
    """The form of a prompt: a region's divisions with a level each; prefilled from a suggestion."""
    asked = request.query_params.get("suggestion", "")
    given: dict[str, str] = {"key": uuid.uuid4().hex}
    if asked.isascii() and asked.isdecimal() and len(asked) < 19:
        found = await suggesting.find(uow, official.scope, int(asked))
        given |= {f"level_{one['adcode']}": one["level"] for one in found["divisions"]}
        given |= {"suggestion": asked, "region": found["region"]}
        given |= {name: _local(found[name]) for name in ("starts_at", "ends_at") if found[name]}
    if request.query_params.get("region"):
        given["region"] = request.query_params["region"]
    return _form(request, uow, official, given)


@router.post("/region/new")
async def enter_prompt(request: Request, official: Official) -> Response:
    """Enter a prompt from the form; what is wrong comes back with everything that was filled in."""
    given = await read_form(request, FORM_BYTES)
    async with runtime_of(request).unit() as uow:
        try:
            prompt = _prompt_of(uow, official, given)
            made = await issue(
                uow,
                official,
                prompt,
                document=prompt.document,
                basis=_needed(given, "basis", 2000),
                key=given.get("key", "")[:80] or None,
                suggestion=int(given["suggestion"]) if given.get("suggestion", "").isdecimal() else None,
            )
            await uow.commit()
        except (Invalid, Forbidden, Unknown, Conflict) as refused:
            return _form(request, uow, official, given, refused)
    return RedirectResponse(f"/region/{made['id']}", 303)


def _prompt_of(uow: UnitOfWork, official: Principal, given: dict[str, str]) -> RegionalPrompt:
    region = _region(uow, given.get("region"))
    entries = []
    for adcode in _members(region, official):
        chosen = given.get(f"level_{adcode}") or given.get(f"province_{adcode[:2]}") or ""
        if chosen in CHOICES:
            entries.append({"adcode": adcode, "level": chosen})
    if not entries:
        raise Invalid("Choose a level for at least one division.", detail_zh="请至少为一个城市选择级别。")
    return checked(
        RegionalPrompt,
        id="new",
        region=region.id,
        document=_needed(given, "document", 300),
        issued_at=uow.now,
        starts_at=_instant(given, "starts_at"),
        ends_at=_instant(given, "ends_at") if given.get("ends_at") else None,
        entries=entries,
    )


def _region(uow: UnitOfWork, region_id: str | None) -> Region:
    region = uow.runtime.law.regions.get(region_id or "")
    if region is None:
        raise Invalid("Choose a region first.", detail_zh="请先选择区域。")
    return region


def _members(region: Region, official: Principal) -> list[str]:
    return [adcode for adcode in region.members if official.scope.covers(adcode)]


def _needed(given: dict[str, str], name: str, longest: int) -> str:
    value = given.get(name, "")
    if not 0 < len(value) <= longest:
        raise Invalid(f"{name}: 1 to {longest} characters.", detail_zh=f"“{NAMES[name]}”须为1至{longest}字。")
    return value


NAMES = {"document": "文件", "basis": "依据", "starts_at": "统一起始时间", "ends_at": "结束时间", "lifts_at": "解除时间"}


def _instant(given: dict[str, str], name: str) -> datetime:
    """A datetime-local of the form, in Beijing time."""
    try:
        value = datetime.fromisoformat(given.get(name, ""))
    except ValueError as error:
        shown = NAMES.get(name, NAMES["lifts_at"])
        raise Invalid(f"{name}: give date and time, Beijing time.", detail_zh=f"“{shown}”须填写日期和时间（北京时间）。") from error
    return value.replace(tzinfo=SHANGHAI) if value.tzinfo is None else value


def _local(value: str | datetime) -> str:
    instant = datetime.fromisoformat(value) if isinstance(value, str) else value
    return f"{instant.astimezone(SHANGHAI):%Y-%m-%dT%H:%M}"


def _form(
    request: Request, uow: UnitOfWork, official: Principal, given: dict[str, str], refused: Problem | None = None
) -> Response:
    """The form of a prompt with what was given; a refusal says what to change."""
    if not official.may_prompt:
        raise Forbidden("Prompts are entered by the regional coordinator.")
    today = uow.now.date()
    regions = [
        region
        for region in uow.runtime.law.regions.values()
        if region.in_force.covers(today) and _members(region, official)
    ]
    region = next((one for one in regions if one.id == given.get("region")), regions[0] if regions else None)
    provinces: dict[str, list[tuple[str, str]]] = defaultdict(list)
    for adcode in _members(region, official) if region else ():
        provinces[adcode[:2]].append((adcode, uow.runtime.place(adcode)))
    return render(
        request,
        "region_new.html",
        official,
        status=200 if refused is None else refused.status,
        regions=regions,
        region=region,
        provinces={code: (uow.runtime.place(f"{code}0000"), members) for code, members in provinces.items()},
        given=defaultdict(str, given),
        choices=CHOICES,
        fault=None if refused is None else said_of(refused, writer_of(request).language),
    )


@router.get("/region/circulars")
async def messages(request: Request, official: Official, uow: Uow, after: PageKey = None) -> Response:
    """What was told to neighbours and above, and what was received, with who has read it."""
    side = request.query_params.get("side", "all")
    side = side if side in circulars.SIDES else "all"
    items = await circulars.page(uow, official.scope, side, after, SHOWN)
    return render(
        request,
        "circulars.html",
        official,
        items=items,
        side=side,
        sides=circulars.SIDES,
        after=after,
        following=items[-1]["id"] if len(items) == SHOWN else None,
    )


@router.post("/region/circulars/{circular_id}")
async def read_message(circular_id: Id, request: Request, official: Official, uow: Uow) -> Response:
    """Somebody on duty acknowledges a message."""
    given = await read_form(request)
    await acknowledge(uow, official, circular_id, given.get("adcode", ""), given.get("note", "")[:1000] or None)
    return RedirectResponse("/region/circulars?side=received", 303)


@router.post("/region/suggestions/{suggestion_id}/dismissal")
async def dismiss(suggestion_id: Id, request: Request, official: Official, uow: Uow) -> Response:
    """A coordinator sets a suggestion aside, with the reason."""
    given = await read_form(request)
    await suggesting.dismiss(uow, official, suggestion_id, _needed(given | {"basis": given.get("reason", "")}, "basis", 2000))
    return RedirectResponse("/region", 303)


@router.get("/region/{prompt_id}")
async def one(prompt_id: Id, request: Request, official: Official, uow: Uow) -> Response:
    """The board of one prompt."""
    return render(request, "region_board.html", official, board=await find(uow, official.scope, prompt_id))


@router.get("/region/{prompt_id}/board.csv")
async def board_file(prompt_id: Id, official: Official, uow: Uow) -> Response:
    """The board as a table."""
    return Response(
        board_csv(await find(uow, official.scope, prompt_id)),
        media_type="text/csv; charset=utf-8",
        headers={
            "content-disposition": f'attachment; filename="board-{prompt_id}.csv"',
            "cache-control": "private, no-store",
        },
    )


@router.get("/region/{prompt_id}/lift")
async def new_lift(prompt_id: Id, request: Request, official: Official, uow: Uow) -> Response:
    """The form of a joint lift: the divisions of a prompt with an hour each."""
    board = await find(uow, official.scope, prompt_id)
    hour = (uow.now + timedelta(hours=24)).replace(minute=0, second=0, microsecond=0)
    return _lift_form(request, uow, official, board, {"key": uuid.uuid4().hex, "lifts_at": _local(hour)})


@router.post("/region/{prompt_id}/lift")
async def enter_lift(prompt_id: Id, request: Request, official: Official) -> Response:
    """Enter a joint lift from the form."""
    given = await read_form(request, FORM_BYTES)
    async with runtime_of(request).unit() as uow:
        board = await find(uow, official.scope, prompt_id)
        try:
            made = await lift(
                uow,
                official,
                _lift_of(uow, board, given),
                document=_needed(given, "document", 300),
                basis=_needed(given, "basis", 2000),
                key=given.get("key", "")[:80] or None,
            )
            await uow.commit()
        except (Invalid, Forbidden, Unknown, Conflict) as refused:
            return _lift_form(request, uow, official, board, given, refused)
    return RedirectResponse(f"/region/{made['id']}", 303)


def _lift_of(uow: UnitOfWork, board: dict[str, Any], given: dict[str, str]) -> LiftPrompt:
    chosen = [one["adcode"] for one in board["divisions"] if one["mine"] and given.get(f"on_{one['adcode']}")]
    if not chosen:
        raise Invalid("Choose at least one division.", detail_zh="请至少选择一个城市。")
    hours = {code: _instant(given, f"at_{code}") for code in chosen if given.get(f"at_{code}")}
    return checked(
        LiftPrompt,
        region=board["region"],
        issued_at=uow.now,
        lifts_at=_instant(given, "lifts_at"),
        entries=[{"adcode": code, "lifts_at": hours.get(code)} for code in chosen],
    )


def _lift_form(
    request: Request,
    uow: UnitOfWork,
    official: Principal,
    board: dict[str, Any],
    given: dict[str, str],
    refused: Problem | None = None,
) -> Response:
    if not official.may_prompt:
        raise Forbidden("Lifts are entered by the regional coordinator.")
    lines = sorted((one for one in board["divisions"] if one["mine"]), key=lambda one: one["adcode"])
    return render(
        request,
        "region_lift.html",
        official,
        status=200 if refused is None else refused.status,
        board=board,
        lines=lines,
        given=defaultdict(str, given),
        fresh="document" not in given,
        fault=None if refused is None else said_of(refused, writer_of(request).language),
    )
