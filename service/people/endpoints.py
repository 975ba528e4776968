"""`/api/v1/me` and `/api/v1/contacts`: what waits for the caller, and how people are reached."""

from __future__ import annotations

import asyncio
import hashlib
from typing import Annotated

from fastapi import APIRouter, Path, Query, Request, Response

from service.kit.auth import Caller, Official, runtime_of
from service.kit.body import read_body
from service.kit.http import PageKey, PageSize, Uow, json_answer, once
from service.kit.problems import Forbidden, Unknown
from service.people import contacts, inbox
from service.people.register import read_contacts, template
from service.people.schemas import EnterpriseContact, OwnContact
from service.permits.endpoints import attachment

router = APIRouter(prefix="/api/v1", tags=["people"])
Id = Annotated[int, Path(ge=1, le=2**62)]
Uscc = Annotated[str | None, Query(pattern=r"^[0-9A-HJ-NPQRTUWXY]{18}$")]


@router.get("/me/inbox")
async def messages(caller: Caller, uow: Uow, after: PageKey = None, size: PageSize = 50) -> Response:
    """Messages to you, newest first, and how many wait unread (counted to 100)."""
    items = await inbox.page(uow, caller, after, size)
    following = items[-1]["id"] if len(items) == size else None
    return json_answer({"unread": await inbox.unread(uow, caller), "items": items, "next": following})


@router.post("/me/inbox/{message_id}/read", status_code=204)
async def read(message_id: Id, caller: Caller, uow: Uow) -> Response:
    """Mark a message of yours as read."""
    await inbox.mark_read(uow, caller, message_id)
    return Response(status_code=204)


@router.get("/me/contact")
async def own_contact(official: Official, uow: Uow) -> Response:
    """How you yourself are reached."""
    return json_answer({"contact": await contacts.own(uow, official)})


@router.put("/me/contact")
async def keep_own_contact(given: OwnContact, official: Official, uow: Uow) -> Response:
    """Enter or change how you yourself are reached, and your quiet hours (never for what is urgent)."""
    return json_answer({"contact": await contacts.keep_own(uow, official, given)})


@router.delete("/me/contact", status_code=204)
async def forget_own_contact(official: Official, uow: Uow) -> Response:
    """Delete it for good."""
    found = await contacts.own(uow, official)
    if found is None:
        raise Unknown("You have entered no contact.")
    await contacts.forget(uow, official, found["id"])
    return Response(status_code=204)


@router.get("/contacts")
async def page(
    caller: Caller,
    uow: Uow,
    after: PageKey = None,
    size: PageSize = 50,
    uscc: Uscc = None,
    officials: bool | None = None,
) -> Response:
    """Contacts of your enterprise or region, newest first; masked for those who need not reach them."""
    items = await contacts.page(uow, caller, after, size, uscc=uscc, officials=officials)
    return json_answer({"items": items, "next": items[-1]["id"] if len(items) == size else None})


@router.post("/contacts", status_code=201)
async def keep(given: EnterpriseContact, request: Request, caller: Caller, uow: Uow) -> Response:
    """Enter a person of an enterprise, or change the one of that name."""

    async def make() -> tuple[int, object]:
        return 201, await contacts.keep(uow, caller, given)

    return await once(
        request, uow, caller, given.model_dump(), make, again=lambda number: contacts.find(uow, caller, number)
    )


@router.post("/contacts/imports", status_code=201)
async def take_in(request: Request, official: Official) -> Response:
    """Take in a register (.xlsx or .csv): all faults at once, or every row; the same again changes nothing."""
    runtime = runtime_of(request)
    if not official.may_reach_people:
        raise Forbidden("Registers of contacts are kept by the command centre of the division.")
    content = await read_body(request, runtime.settings.max_body_bytes)
    given = await asyncio.to_thread(read_contacts, content)
    async with runtime.unit() as uow:

        async def make() -> tuple[int, object]:
            return 201, {"contacts": await contacts.keep_all(uow, official, given)}

        answer = await once(request, uow, official, hashlib.sha256(content).hexdigest(), make)
        await uow.commit()
    return answer


@router.get("/contacts/template.xlsx")
async def empty_template(_caller: Caller) -> Response:
    """The register to fill in."""
    return attachment(template(), "contacts.xlsx")


@router.delete("/contacts/{contact_id}", status_code=204)
async def forget(contact_id: Id, caller: Caller, uow: Uow) -> Response:
    """Delete a contact for good: it is nowhere kept, and nothing more goes to it."""
    await contacts.forget(uow, caller, contact_id)
    return Response(status_code=204)
