"""Emission lists: versions, their checks and differences, freezing, activation and withdrawal."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Path, Query, Request, Response
from fastapi.responses import RedirectResponse

from service.accounts.roles import Principal
from service.guides.choosing import guide_id_on, offered_guides
from service.kit.auth import Official, runtime_of
from service.kit.clock import SHANGHAI
from service.kit.http import PageKey, Uow, instant_of
from service.kit.problems import Conflict, Forbidden, Invalid
from service.kit.unit_of_work import UnitOfWork
from service.lists import comparing, exporting, flows, imports, records
from service.lists.floors import floors_of
from service.lists.found import found_in
from service.lists.states import VERSION_MOVES, VersionState
from service.web.floors import floors_view
from service.web.forms import read_form
from service.web.list_changes import field_words, value_words
from service.web.pages import render, said_of, writer_of

router = APIRouter(include_in_schema=False)
Id = Annotated[int, Path(ge=1, le=2**62)]
SHOWN = 50
SHOWN_FAULTS = 500
DEFAULT_TITLE = "应急减排清单"


async def versions_page(
    request: Request,
    uow: UnitOfWork,
    official: Principal,
    *,
    after: int | None = None,
    status: int = 200,
    fault: str | None = None,
) -> Response:
    """Versions of the scope and the form for a workbook."""
    items = await flows.page(uow, official.scope, after, SHOWN)
    today, guides = uow.now.date(), offered_guides()
    return render(
        request,
        "lists.html",
        official,
        status=status,
        items=items,
        following=items[-1]["id"] if len(items) == SHOWN else None,
        fault=fault,
        title=DEFAULT_TITLE,
        piece=imports.PIECE_BYTES,
        templates=exporting.offered(),
        guides=guides,
        any_in_force=any(one.in_force.holds_on(today) for one in guides),
        current_guide=guide_id_on(today),
        today=today,
        by_guide=(exporting.ALL, exporting.INDUSTRIAL),
    )


@router.get("/lists")
async def lists(request: Request, official: Official, uow: Uow, after: PageKey = None) -> Response:
    """Versions of the scope and the import form."""
    return await versions_page(request, uow, official, after=after)


@router.get("/lists/{list_id}")
async def one(
    list_id: Id,
    request: Request,
    official: Official,
    uow: Uow,
    floors: Annotated[str | None, Query(max_length=24)] = None,
    after: PageKey = None,
) -> Response:
    """One version with its floors and the findings of its checks; `after`: how many of them were shown before."""
    return await _version(request, uow, official, list_id, floors=floors, after=after or 0)


async def _version(
    request: Request,
    uow: UnitOfWork,
    official: Principal,
    list_id: int,
    *,
    status: int = 200,
    fault: str | None = None,
    floors: str | None = None,
    after: int = 0,
) -> Response:
    version = await flows.find(uow, official.scope, list_id)
    found = await found_in(uow, official.scope, list_id)
    following = after + SHOWN_FAULTS
    return render(
        request,
        "list.html",
        official,
        status=status,
        version=version,
        checks=found.items[after:following],
        count=found.count,
        blocking=None if found.left_out else sum(one["severity"] == "blocking" for one in found.items),
        left_out=found.left_out,
        before=after,
        following=following if following < len(found.items) else None,
        fault=fault,
        floors=floors_view(await floors_of(uow, official.scope, list_id, floors), writer_of(request).language),
        running=await flows.responses_of(uow, list_id),
        responding=await flows.running_in(uow, version["adcode"]),
        moves=_moves(official, version),
        earliest=writer_of(request).now.astimezone(SHANGHAI).strftime("%Y-%m-%dT%H:%M"),
    )


def _moves(official: Principal, version: dict[str, Any]) -> set[str]:
    """What this reader may do with the version, by the table of states; the activation freezes a draft on its way."""
    if not official.may_keep_lists:
        return set()
    moves = {state.value for state in VERSION_MOVES[VersionState(version["state"])]}
    if VersionState.FROZEN in moves:
        moves.add(VersionState.ACTIVE)
    return moves - ({VersionState.FROZEN, VersionState.ACTIVE} if version["blocking"] else set())


@router.get("/lists/{list_id}/difference")
async def difference(
    list_id: Id,
    request: Request,
    official: Official,
    uow: Uow,
    after: Annotated[str, Query(max_length=18, pattern=r"^[0-9A-Z]*$")] = "",
    against: Annotated[str, Query(pattern=r"^[0-9]{0,18}$")] = "",
) -> Response:
    """What changes when this version takes the place of the one in force, or of another that the reader chose."""
    version = await flows.find(uow, official.scope, list_id)
    compared = await comparing.difference(uow, official.scope, list_id, int(against) if against else None)
    items = await comparing.changes(uow, compared, after, SHOWN)
    writer = writer_of(request)
    return render(
        request,
        "list_difference.html",
        official,
        version=version,
        compared=compared,
        items=items,
        following=items[-1]["uscc"] if len(items) == SHOWN else None,
        paged=bool(after),
        field_words=lambda path: field_words(path, writer.language, writer.level_word),
        value_words=lambda path, value: value_words(path, value, writer.language),
        chosen=int(against) if against else None,
        choices=await comparing.choices(uow, version),
        records=None if after else await records.changes(uow, compared, "", SHOWN),
    )


Step = Callable[[UnitOfWork, Principal, int, Mapping[str, str]], Awaitable[Any]]


async def _freeze(uow: UnitOfWork, official: Principal, list_id: int, _fields: Mapping[str, str]) -> None:
    await flows.freeze(uow, official.scope, list_id, official.account_id)


async def _activate(uow: UnitOfWork, official: Principal, list_id: int, fields: Mapping[str, str]) -> None:
    written = fields.get("effective_from", "")
    start = instant_of(f"{written}+08:00", "effective_from") if written else None
    await flows.activate(uow, official.scope, list_id, official.account_id, start)


async def _withdraw(uow: UnitOfWork, official: Principal, list_id: int, fields: Mapping[str, str]) -> None:
    await flows.withdraw(uow, official.scope, list_id, official.account_id, fields.get("reason", "")[:1000])


STEPS: dict[str, Step] = {"freeze": _freeze, "activate": _activate, "withdraw": _withdraw}


@router.post("/lists/{list_id}/{step}")
async def take_step(list_id: Id, step: Literal["freeze", "activate", "withdraw"], request: Request, official: Official) -> Response:
    """Freeze a draft, put a version in force (by a second person), or take it back."""
    fields = await read_form(request)
    if not official.may_keep_lists:
        raise Forbidden(flows.KEEPERS, detail_zh=flows.KEEPERS_ZH)
    try:
        async with runtime_of(request).unit() as uow:
            await STEPS[step](uow, official, list_id, fields)
            await uow.commit()
    except (Conflict, Forbidden, Invalid) as refused:
        fault = said_of(refused, writer_of(request).language)
        async with runtime_of(request).unit() as uow:
            return await _version(request, uow, official, list_id, status=refused.status, fault=fault)
    return RedirectResponse(f"/lists/{list_id}", 303)
