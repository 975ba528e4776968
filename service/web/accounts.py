"""The account book of a region: list, open, one account with what each administrator may do to it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from functools import partial
from typing import Annotated, Any

from fastapi import APIRouter, Path, Query, Request, Response
from fastapi.responses import RedirectResponse
from pydantic import ValidationError

from service.accounts import book, organisations
from service.accounts.keys import keys_of
from service.accounts.mine import sessions_of
from service.accounts.roles import Principal, Role
from service.accounts.schemas import AccountBody, GrantBody, NameBody, OrganisationBody, ReasonBody
from service.kit.auth import Caller, runtime_of
from service.kit.http import PageKey
from service.kit.problems import Forbidden, Invalid, Unknown
from service.kit.unit_of_work import UnitOfWork
from service.web.forms import read_form
from service.web.me import done_in_one
from service.web.pages import place_name, render, writer_of
from service.web.texts import TEXTS, Language, text

router = APIRouter(include_in_schema=False)
AccountId = Annotated[int, Path(ge=1, le=2**62)]
Find = Annotated[str, Query(max_length=64)]
SHOWN = 100
ORGANISATIONS_SHOWN = 200
ORGANISATION_DONE = frozenset({"name", "closure", "reopening"})
DONE = frozenset({"grant", "disable", "enable", "unlock", "factor-reset", "sessions-end", "organisation", "identity"})


async def _list(
    request: Request,
    caller: Principal,
    *,
    status: int = 200,
    after: int | None = None,
    find: str = "",
    fault: str | None = None,
    made: dict[str, Any] | None = None,
    given: dict[str, str] | None = None,
    done: str | None = None,
) -> Response:
    async with runtime_of(request).unit() as uow:
        items = await book.page(uow, caller, after, SHOWN, find)
        bodies = await organisations.page(uow, caller, None, ORGANISATIONS_SHOWN)
    return render(
        request,
        "accounts.html",
        caller,
        status=status,
        items=items,
        following=items[-1]["id"] if len(items) == SHOWN else None,
        find=find,
        organisations=bodies,
        kinds=organisations.KINDS,
        place=partial(place_name, request, writer=writer_of(request)),
        fault=fault,
        made=made,
        given=given or {},
        done=done,
    )


@router.get("/accounts")
async def accounts(
    request: Request, caller: Caller, after: PageKey = None, find: Find = "", done: str = ""
) -> Response:
    """Accounts and organisations of the region."""
    return await _list(request, caller, after=after, find=find, done=done if done in DONE else None)


@router.post("/accounts")
async def open_account(request: Request, caller: Caller) -> Response:
    """Open an account; its one-time code is told in the answer, once."""
    fields = {name: value for name, value in (await read_form(request)).items() if value}

    async def work(uow: UnitOfWork) -> dict[str, Any]:
        return await book.open_account(uow, caller, **_read(AccountBody, fields).model_dump())

    made, fault, status = await done_in_one(request, work)
    return await _list(request, caller, status=status, fault=fault, made=made, given=fields if fault else None)


@router.post("/accounts/organisations")
async def add_organisation(request: Request, caller: Caller) -> Response:
    """Add an organisation."""
    fields = await read_form(request)

    async def work(uow: UnitOfWork) -> int:
        return await organisations.add(uow, caller, **_read(OrganisationBody, fields).model_dump())

    _, fault, status = await done_in_one(request, work)
    if fault is None:
        return RedirectResponse("/accounts?done=organisation", 303)
    return await _list(request, caller, status=status, fault=fault, given=fields)


async def _organisation(
    request: Request,
    caller: Principal,
    organisation_id: int,
    *,
    status: int = 200,
    fault: str | None = None,
    done: str | None = None,
) -> Response:
    async with runtime_of(request).unit() as uow:
        found = await organisations.one(uow, caller, organisation_id)
    return render(
        request,
        "organisation.html",
        caller,
        status=status,
        one=found,
        kinds=organisations.KINDS,
        place=partial(place_name, request, writer=writer_of(request)),
        fault=fault,
        done=done,
    )


@router.get("/accounts/organisations/{organisation_id}")
async def organisation(organisation_id: AccountId, request: Request, caller: Caller, done: str = "") -> Response:
    """One organisation with its people."""
    return await _organisation(request, caller, organisation_id, done=done if done in ORGANISATION_DONE else None)


@router.post("/accounts/organisations/{organisation_id}/{act}")
async def act_on_organisation(organisation_id: AccountId, act: str, request: Request, caller: Caller) -> Response:
    """Rename, close or open it again."""
    fields = await read_form(request)
    work = ORGANISATION_ACTS.get(act)
    if work is None:
        raise Unknown()
    if not caller.may_see_accounts:
        raise _kept_by_administrators()
    _, fault, status = await done_in_one(request, lambda uow: work(uow, caller, organisation_id, fields))
    if fault is not None:
        return await _organisation(request, caller, organisation_id, status=status, fault=fault)
    return RedirectResponse(f"/accounts/organisations/{organisation_id}?done={act}", 303)


def _kept_by_administrators() -> Forbidden:
    return Forbidden("Accounts are kept by the administrators of the region.", detail_zh="账户由本区域的管理员管理。")


def _read(schema: type[Any], fields: dict[str, str]) -> Any:
    """The fields as the body of the API. Raises Invalid saying of every faulty field what it has to be."""
    try:
        return schema.model_validate(fields)
    except ValidationError as error:
        faulty = list(dict.fromkeys(str(fault["loc"][0]) for fault in error.errors()))
        raise Invalid(
            "; ".join(_wanted("en", field) for field in faulty),
            detail_zh="；".join(_wanted("zh", field) for field in faulty),
        ) from error


def _wanted(language: Language, field: str) -> str:
    """What a field of the forms has to be."""
    key = f"account_wants_{field}"
    return text(language, key) if key in TEXTS[language] else text(language, "account_wants_nothing", field=field)


async def _one(
    request: Request,
    caller: Principal,
    account_id: int,
    *,
    status: int = 200,
    fault: str | None = None,
    code: dict[str, Any] | None = None,
    done: str | None = None,
) -> Response:
    async with runtime_of(request).unit() as uow:
        found = await book.one(uow, caller, account_id)
        open_sessions = await sessions_of(uow, account_id)
        held_keys = await keys_of(uow, account_id)
    return render(
        request,
        "account.html",
        caller,
        status=status,
        one=found,
        sessions=open_sessions,
        keys=held_keys,
        roles=[role for role in Role if (role is Role.ENTERPRISE) == (found["uscc"] is not None)],
        place=partial(place_name, request, writer=writer_of(request)),
        own=found["id"] == caller.account_id,
        fault=fault,
        code=code,
        done=done,
    )


@router.get("/accounts/{account_id}")
async def account(account_id: AccountId, request: Request, caller: Caller, done: str = "") -> Response:
    """One account."""
    return await _one(request, caller, account_id, done=done if done in DONE else None)


Act = Callable[[UnitOfWork, Principal, int, dict[str, str]], Awaitable[Any]]


async def _grant(uow: UnitOfWork, caller: Principal, account_id: int, fields: dict[str, str]) -> None:
    body = _read(GrantBody, {"role": fields.get("role", ""), "adcode": fields.get("adcode", "")})
    await book.grant(uow, caller, account_id, body.role, body.adcode)


async def _disable(uow: UnitOfWork, caller: Principal, account_id: int, fields: dict[str, str]) -> None:
    await book.disable(uow, caller, account_id, _read(ReasonBody, {"reason": fields.get("reason", "")}).reason)


ACTS: dict[str, Act] = {
    "grant": _grant,
    "disable": _disable,
    "identity": lambda uow, caller, account_id, fields: book.bind(
        uow, caller, account_id, fields.get("external_id", "")[:255] or None
    ),
    "enable": lambda uow, caller, account_id, _: book.enable(uow, caller, account_id),
    "unlock": lambda uow, caller, account_id, _: book.unlock(uow, caller, account_id),
    "factor-reset": lambda uow, caller, account_id, _: book.reset_factor(uow, caller, account_id),
    "sessions-end": lambda uow, caller, account_id, _: book.end_all_sessions(uow, caller, account_id),
    "password-reset": lambda uow, caller, account_id, _: book.reset_password(uow, caller, account_id),
}


async def _rename(uow: UnitOfWork, caller: Principal, organisation_id: int, fields: dict[str, str]) -> None:
    await organisations.rename(uow, caller, organisation_id, _read(NameBody, {"name": fields.get("name", "")}).name)


async def _close(uow: UnitOfWork, caller: Principal, organisation_id: int, fields: dict[str, str]) -> None:
    reason = _read(ReasonBody, {"reason": fields.get("reason", "")}).reason
    await organisations.close(uow, caller, organisation_id, reason)


ORGANISATION_ACTS: dict[str, Act] = {
    "name": _rename,
    "closure": _close,
    "reopening": lambda uow, caller, organisation_id, _: organisations.reopen(uow, caller, organisation_id),
}


@router.post("/accounts/{account_id}/{act}")
async def act_on(account_id: AccountId, act: str, request: Request, caller: Caller) -> Response:
    """One of the acts on an account; a one-time code is told in the answer, once."""
    fields = await read_form(request)
    work = ACTS.get(act)
    if work is None:
        raise Unknown()
    if not caller.may_see_accounts:
        raise _kept_by_administrators()
    given, fault, status = await done_in_one(request, lambda uow: work(uow, caller, account_id, fields))
    if fault is not None:
        return await _one(request, caller, account_id, status=status, fault=fault)
    if act == "password-reset":
        return await _one(request, caller, account_id, code=given)
    return RedirectResponse(f"/accounts/{account_id}?done={act}", 303)
