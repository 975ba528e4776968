"""Organisations and accounts of a region: the administrator's half and the security administrator's half."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Path, Query, Response

from service.accounts import book, organisations
from service.accounts.mine import sessions_of
from service.accounts.schemas import AccountBody, GrantBody, IdentityBody, NameBody, OrganisationBody, ReasonBody
from service.kit.auth import Caller
from service.kit.http import PageKey, PageSize, Uow, json_answer

router = APIRouter(prefix="/api/v1", tags=["accounts"])
AccountId = Annotated[int, Path(ge=1, le=2**62)]
Find = Annotated[str, Query(max_length=64)]
FRESH = {"cache-control": "no-store"}


@router.get("/organisations")
async def list_organisations(caller: Caller, uow: Uow, after: PageKey = None, size: PageSize = 100) -> Response:
    """Organisations of your region."""
    items = await organisations.page(uow, caller, after, size)
    return json_answer({"items": items, "next": items[-1]["id"] if len(items) == size else None})


@router.post("/organisations", status_code=201)
async def add_organisation(body: OrganisationBody, caller: Caller, uow: Uow) -> Response:
    """Add an organisation (system administrator)."""
    made = await organisations.add(uow, caller, name=body.name, adcode=body.adcode, kind=body.kind)
    return json_answer({"id": made}, 201)


@router.get("/organisations/{organisation_id}")
async def one_organisation(organisation_id: AccountId, caller: Caller, uow: Uow) -> Response:
    """One organisation with its people (administrators, auditor)."""
    return json_answer(await organisations.one(uow, caller, organisation_id))


@router.patch("/organisations/{organisation_id}")
async def rename_organisation(organisation_id: AccountId, body: NameBody, caller: Caller, uow: Uow) -> Response:
    """Rename an organisation (system administrator)."""
    await organisations.rename(uow, caller, organisation_id, body.name)
    return json_answer(await organisations.one(uow, caller, organisation_id))


@router.post("/organisations/{organisation_id}/closure", status_code=204)
async def close_organisation(organisation_id: AccountId, body: ReasonBody, caller: Caller, uow: Uow) -> Response:
    """Close an organisation of which nobody may sign in any more (system administrator)."""
    await organisations.close(uow, caller, organisation_id, body.reason)
    return Response(status_code=204)


@router.delete("/organisations/{organisation_id}/closure", status_code=204)
async def reopen_organisation(organisation_id: AccountId, caller: Caller, uow: Uow) -> Response:
    """Open a closed organisation again (system administrator)."""
    await organisations.reopen(uow, caller, organisation_id)
    return Response(status_code=204)


@router.get("/accounts")
async def list_accounts(
    caller: Caller, uow: Uow, after: PageKey = None, size: PageSize = 100, find: Find = ""
) -> Response:
    """Accounts of your region (administrators, auditor)."""
    items = await book.page(uow, caller, after, size, find)
    return json_answer({"items": items, "next": items[-1]["id"] if len(items) == size else None})


@router.post("/accounts", status_code=201)
async def open_account(body: AccountBody, caller: Caller, uow: Uow) -> Response:
    """Open an account without rights (system administrator); the answer tells its one-time code once."""
    return json_answer(await book.open_account(uow, caller, **body.model_dump()), 201, FRESH)


@router.get("/accounts/{account_id}")
async def one_account(account_id: AccountId, caller: Caller, uow: Uow) -> Response:
    """One account with its open sessions."""
    found = await book.one(uow, caller, account_id)
    return json_answer(found | {"open_sessions": await sessions_of(uow, account_id)})


@router.post("/accounts/{account_id}/grant", status_code=204)
async def grant(account_id: AccountId, body: GrantBody, caller: Caller, uow: Uow) -> Response:
    """Grant role and region (security administrator, not who opened the account)."""
    await book.grant(uow, caller, account_id, body.role, body.adcode)
    return Response(status_code=204)


@router.post("/accounts/{account_id}/disable", status_code=204)
async def disable(account_id: AccountId, body: ReasonBody, caller: Caller, uow: Uow) -> Response:
    """Shut an account out at once (either administrator)."""
    await book.disable(uow, caller, account_id, body.reason)
    return Response(status_code=204)


@router.post("/accounts/{account_id}/enable", status_code=204)
async def enable(account_id: AccountId, caller: Caller, uow: Uow) -> Response:
    """Let an account in again (security administrator)."""
    await book.enable(uow, caller, account_id)
    return Response(status_code=204)


@router.post("/accounts/{account_id}/unlock", status_code=204)
async def unlock(account_id: AccountId, caller: Caller, uow: Uow) -> Response:
    """End a lock-out (system administrator)."""
    await book.unlock(uow, caller, account_id)
    return Response(status_code=204)


@router.post("/accounts/{account_id}/password-reset")
async def reset_password(account_id: AccountId, caller: Caller, uow: Uow) -> Response:
    """A one-time code for a new password (system administrator); an official's account waits for a second person."""
    return json_answer(await book.reset_password(uow, caller, account_id), headers=FRESH)


@router.post("/accounts/{account_id}/identity")
async def bind(account_id: AccountId, body: IdentityBody, caller: Caller, uow: Uow) -> Response:
    """Bind an account to an identity of the OpenID provider (system administrator); an official's waits for a second person."""
    return json_answer({"waits_for_second": await book.bind(uow, caller, account_id, body.external_id)})


@router.post("/accounts/{account_id}/factor-reset", status_code=204)
async def reset_factor(account_id: AccountId, caller: Caller, uow: Uow) -> Response:
    """Take away the second factor of a lost device (security administrator)."""
    await book.reset_factor(uow, caller, account_id)
    return Response(status_code=204)


@router.delete("/accounts/{account_id}/sessions")
async def end_sessions(account_id: AccountId, caller: Caller, uow: Uow) -> Response:
    """End all sessions of an account (either administrator)."""
    return json_answer({"ended": await book.end_all_sessions(uow, caller, account_id)})
