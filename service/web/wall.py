"""The command wall and its parts, each of which is fetched again when something changed."""

from __future__ import annotations

from fastapi import APIRouter, Request, Response
from fastapi.responses import RedirectResponse

from service.accounts.roles import Role
from service.kit.auth import Caller, Official
from service.kit.http import Uow
from service.web import situation
from service.web.pages import render

router = APIRouter(include_in_schema=False)


@router.get("/")
async def wall(request: Request, caller: Caller, uow: Uow) -> Response:
    """Situation, what to decide, the board and what just happened. An enterprise is led to its own page."""
    if caller.role is Role.ENTERPRISE:
        return RedirectResponse(f"/enterprises/{caller.uscc}", 303)
    return render(
        request,
        "wall.html",
        caller,
        situation=await situation.situation(uow, caller.scope),
        proposals=await situation.to_decide(uow, caller.scope),
        board=await situation.board(uow, caller),
        events=await situation.ticker(uow, caller.scope),
    )


@router.get("/parts/situation")
async def situation_part(request: Request, official: Official, uow: Uow) -> Response:
    """The map and its list."""
    return render(request, "part_situation.html", official, situation=await situation.situation(uow, official.scope))


@router.get("/parts/decide")
async def decide_part(request: Request, official: Official, uow: Uow) -> Response:
    """Open proposals."""
    return render(request, "part_decide.html", official, proposals=await situation.to_decide(uow, official.scope))


@router.get("/parts/board")
async def board_part(request: Request, official: Official, uow: Uow) -> Response:
    """The synchronization board."""
    return render(request, "part_board.html", official, board=await situation.board(uow, official))


@router.get("/parts/ticker")
async def ticker_part(request: Request, official: Official, uow: Uow) -> Response:
    """What just happened."""
    return render(request, "part_ticker.html", official, events=await situation.ticker(uow, official.scope))


@router.get("/parts/clock")
async def clock_part(request: Request, caller: Caller) -> Response:
    """The service's clock; it may be simulated and faster than the reader's."""
    return render(request, "part_clock.html", caller)
