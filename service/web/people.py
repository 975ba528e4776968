"""Pages of people: the inbox, and the contacts of a region or an enterprise."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from typing import Annotated, Any

from fastapi import APIRouter, Path, Query, Request, Response
from fastapi.responses import RedirectResponse
from pydantic import BaseModel, ValidationError

from service.accounts.roles import Principal, Role
from service.kit.auth import Caller, Official, find_principal, runtime_of, same_origin
from service.kit.http import PageKey, Uow
from service.kit.problems import Forbidden, Invalid, Problem
from service.kit.unit_of_work import UnitOfWork
from service.people import contacts, inbox
from service.people.register import read_contacts
from service.people.schemas import EnterpriseContact, OwnContact
from service.web.forms import read_form
from service.web.pages import render, said_of, writer_of

router = APIRouter(include_in_schema=False)
SHOWN = 50
SHOWN_FAULTS = 200
Uscc = Annotated[str, Query(pattern=r"^([0-9A-HJ-NPQRTUWXY]{18})?$")]
Kind = Annotated[str, Query(pattern=r"^(officials|enterprises)?$")]


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


@router.get("/people")
async def directory(
    request: Request, caller: Caller, uow: Uow, uscc: Uscc = "", kind: Kind = "", after: PageKey = None, done: str = ""
) -> Response:
    """Contacts of the region, or of one enterprise, with the forms to keep them."""
    return await _directory(request, uow, caller, uscc=uscc, kind=kind, after=after, done=done[:16])


async def _directory(
    request: Request,
    uow: UnitOfWork,
    caller: Principal,
    *,
    status: int = 200,
    uscc: str = "",
    kind: str = "",
    after: int | None = None,
    done: str = "",
    fault: str | None = None,
    faults: Sequence[Mapping[str, Any]] = (),
    given: Mapping[str, str] | None = None,
) -> Response:
    enterprise = caller.role is Role.ENTERPRISE
    officials = None if not kind else kind == "officials"
    items = await contacts.page(uow, caller, after, SHOWN, uscc=uscc or None, officials=officials)
    return render(
        request,
        "people.html",
        caller,
        status=status,
        items=items,
        following=items[-1]["id"] if len(items) == SHOWN else None,
        own=None if enterprise else await contacts.own(uow, caller),
        asked=caller.uscc if enterprise else uscc,
        kind=kind,
        keeper=enterprise or caller.may_reach_people,
        done=done,
        fault=fault,
        faults=faults[:SHOWN_FAULTS],
        given=given or {},
    )


async def _again(request: Request, caller: Principal, problem: Problem, given: Mapping[str, str]) -> Response:
    """The page once more, with what was refused and why."""
    fault = said_of(problem, writer_of(request).language)
    async with runtime_of(request).unit() as uow:
        return await _directory(
            request, uow, caller, status=problem.status, fault=fault, faults=problem.errors, given=given
        )


def _checked(model: type[BaseModel], fields: Mapping[str, Any]) -> Any:
    """The fields of a form as a model. Raises Invalid in the words of the model."""
    try:
        return model.model_validate(fields)
    except ValidationError as error:
        said = [str(fault["msg"]).removeprefix("Value error, ") for fault in error.errors()]
        raise Invalid("; ".join(said)) from error


def _ticked(fields: Mapping[str, str]) -> dict[str, Any]:
    """Boxes that are not ticked are not sent by a browser."""
    return {**fields, "by_email": "by_email" in fields, "by_sms": "by_sms" in fields}


@router.post("/people/own")
async def keep_own(request: Request, official: Official) -> Response:
    """Enter or change one's own contact, or delete it."""
    fields = await read_form(request)
    wish = fields.pop("wish", "keep")
    try:
        given = None if wish == "delete" else _checked(OwnContact, _ticked(fields))
        async with runtime_of(request).unit() as uow:
            if given is not None:
                await contacts.keep_own(uow, official, given)
            elif (found := await contacts.own(uow, official)) is not None:
                await contacts.forget(uow, official, found["id"])
            await uow.commit()
    except Invalid as refused:
        return await _again(request, official, refused, fields)
    return RedirectResponse(f"/people?done={'deleted' if given is None else 'kept'}", 303)


@router.post("/people/contacts")
async def keep(request: Request, caller: Caller) -> Response:
    """Enter a person of an enterprise, or change the one of that name."""
    fields = await read_form(request)
    try:
        given = _checked(EnterpriseContact, _ticked(fields))
        async with runtime_of(request).unit() as uow:
            await contacts.keep(uow, caller, given)
            await uow.commit()
    except Problem as refused:
        return await _again(request, caller, refused, fields)
    return RedirectResponse(f"/people?uscc={given.uscc}&done=kept", 303)


@router.post("/people/contacts/{contact_id}/delete")
async def forget(request: Request, contact_id: Annotated[int, Path(ge=1, le=2**62)], caller: Caller) -> Response:
    """Delete a contact for good."""
    await read_form(request)
    async with runtime_of(request).unit() as uow:
        await contacts.forget(uow, caller, contact_id)
        await uow.commit()
    return RedirectResponse("/people?done=deleted", 303)


@router.post("/people/imports")
async def take_in(request: Request, official: Official) -> Response:
    """Take in a register of contacts; the form is read only for somebody who may."""
    if not same_origin(request):
        raise Forbidden("This form was sent from another site's page.")
    if not official.may_reach_people:
        raise Forbidden("Registers of contacts are kept by the command centre of the division.")
    runtime = runtime_of(request)
    async with request.form(max_files=1, max_fields=4) as form:
        register = form.get("register")
        content = b"" if register is None or isinstance(register, str) else await register.read()
    try:
        given = await asyncio.to_thread(read_contacts, content)
        async with runtime.unit() as uow:
            await contacts.keep_all(uow, official, given)
            await uow.commit()
    except Invalid as refused:
        return await _again(request, official, refused, {})
    return RedirectResponse("/people?done=imported", 303)
