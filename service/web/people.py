"""Pages of people: the inbox."""

from __future__ import annotations

from fastapi import APIRouter, Request, Response
from fastapi.responses import RedirectResponse

from service.kit.auth import Caller, find_principal, runtime_of
from service.kit.http import PageKey, Uow
from service.kit.problems import Forbidden, Invalid
from service.people import inbox
from service.web.forms import read_form
from service.web.pages import render

router = APIRouter(include_in_schema=False)
SHOWN = 50


async def count_unread(request: Request) -> None:
    """Let the page's header tell how much waits unread; remembered until this node hears that something changed."""
    try:
        principal = await find_principal(request)
    except Forbidden:
        return
    if request.method != "GET" or principal is None:
        return
    runtime = runtime_of(request)
    remembered = runtime.live.inbox
    found = remembered.get(principal.account_id)
    if found is None:
        since = remembered.times_forgotten
        async with runtime.unit() as uow:
            found = await inbox.unread(uow, principal)
        if runtime.live.listening:
            remembered.put(principal.account_id, found, since)
    request.state.unread = found


@router.get("/me/inbox")
async def messages(request: Request, caller: Caller, uow: Uow, after: PageKey = None) -> Response:
    """What waits for the reader, newest first."""
    items = await inbox.page(uow, caller, after, SHOWN)
    following = items[-1]["id"] if len(items) == SHOWN else None
    return render(request, "inbox.html", caller, items=items, following=following)


@router.get("/parts/inbox")
async def part(request: Request, caller: Caller) -> Response:
    """The count in the header."""
    return render(request, "part_inbox.html", caller)


@router.post("/me/inbox/read")
async def read(request: Request, caller: Caller) -> Response:
    """Mark one message read, or all."""
    number = (await read_form(request)).get("message", "")
    if not (number == "all" or (number.isascii() and number.isdigit() and len(number) <= 18)):
        raise Invalid("The form names no message; open the page again.")
    async with runtime_of(request).unit() as uow:
        await inbox.mark_read(uow, caller, None if number == "all" else int(number))
        await uow.commit()
    return RedirectResponse("/me/inbox", 303)
