"""My account: password, second factor, sessions, API keys, delegations. Plain forms; what is told once is told in the answer."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import Annotated, Any

import segno
from fastapi import APIRouter, Path, Request, Response
from fastapi.responses import RedirectResponse
from markupsafe import Markup

from service.accounts import delegations, factors, keys, mine
from service.accounts.roles import Principal
from service.kit.auth import Caller, address_of, runtime_of
from service.kit.clock import SHANGHAI
from service.kit.problems import Invalid, Problem
from service.kit.unit_of_work import UnitOfWork
from service.web.forms import read_form
from service.web.pages import render, said_of, writer_of

router = APIRouter(include_in_schema=False)
Number = Annotated[int, Path(ge=1, le=2**62)]
SHOWN = 50
DONE = frozenset({"password", "session", "key", "delegation"})
Work = Callable[[UnitOfWork], Awaitable[Any]]


async def done_in_one(request: Request, work: Work) -> tuple[Any, str | None, int]:
    """Do something in a unit of its own: what it gives, or what the refusal says, and the status."""
    try:
        async with runtime_of(request).unit() as uow:
            given = await work(uow)
            await uow.commit()
    except Problem as problem:
        return None, said_of(problem, writer_of(request).language), problem.status
    return given, None, 200


async def _page(
    request: Request,
    caller: Principal,
    *,
    status: int = 200,
    fault: str | None = None,
    done: str | None = None,
    new_key: str | None = None,
    recovery: list[str] | None = None,
    given: dict[str, str] | None = None,
) -> Response:
    async with runtime_of(request).unit() as uow:
        state = await factors.state(uow, caller)
        waiting = await factors.waiting(uow, caller) if state == "none" else None
        values = {
            "sessions": await mine.sessions_of(uow, caller.account_id, caller.session_id),
            "keys": await keys.keys_of(uow, caller.account_id),
            "delegations": await delegations.page(uow, caller, None, SHOWN),
        }
    return render(
        request,
        "me.html",
        caller,
        status=status,
        fault=fault,
        done=done,
        new_key=new_key,
        recovery=recovery,
        given=given or {},
        factor_state=state,
        waiting=waiting,
        qr=None if waiting is None else _qr(waiting.address),
        key_scopes=keys.SCOPES,
        **values,
    )


def _qr(address: str) -> Markup:
    """The address as an inline drawing; nothing of it is loaded from elsewhere."""
    drawing = segno.make(address, error="m", micro=False).svg_inline(scale=4, border=4, dark="#000", light="#fff")
    return Markup(drawing)  # noqa: S704 - numbers of our own making only


@router.get("/me")
async def me(request: Request, caller: Caller, done: str = "") -> Response:
    """The page."""
    return await _page(request, caller, done=done if done in DONE else None)


@router.post("/me/password")
async def change_password(request: Request, caller: Caller) -> Response:
    """A new password; other sessions end."""
    fields = await read_form(request)
    language = writer_of(request)
    if fields.get("new", "") != fields.get("again", ""):
        return await _page(request, caller, status=422, fault=language.t("password_differs"))
    try:
        await mine.change_password(
            runtime_of(request), caller, fields.get("old", ""), fields.get("new", ""), address_of(request)
        )
    except Problem as problem:
        return await _page(request, caller, status=problem.status, fault=said_of(problem, language.language))
    return RedirectResponse("/me?done=password", 303)


@router.post("/me/factor")
async def enrol(request: Request, caller: Caller) -> Response:
    """Begin with a second factor."""
    await read_form(request)
    _, fault, status = await done_in_one(request, lambda uow: factors.enrol(uow, caller))
    return await _page(request, caller, status=status, fault=fault)


@router.post("/me/factor/confirmation")
async def activate(request: Request, caller: Caller) -> Response:
    """Confirm it by a code; the recovery codes are told in the answer, once."""
    code = (await read_form(request)).get("factor", "")
    recovery, fault, status = await done_in_one(request, lambda uow: factors.activate(uow, caller, code))
    return await _page(request, caller, status=status, fault=fault, recovery=recovery)


@router.post("/me/factor/recovery-codes")
async def renew(request: Request, caller: Caller) -> Response:
    """New recovery codes."""
    code = (await read_form(request)).get("factor", "")
    recovery, fault, status = await done_in_one(request, lambda uow: factors.renew_recovery_codes(uow, caller, code))
    return await _page(request, caller, status=status, fault=fault, recovery=recovery)


@router.post("/me/sessions/{session_id}/end")
async def end_session(session_id: Number, request: Request, caller: Caller) -> Response:
    """End one of my sessions."""
    await read_form(request)
    _, fault, status = await done_in_one(request, lambda uow: mine.end_session(uow, caller, session_id))
    return await _back(request, caller, "session", fault, status)


@router.post("/me/keys")
async def make_key(request: Request, caller: Caller) -> Response:
    """A new key, told in the answer, once."""
    fields = await read_form(request)
    scopes = [scope for scope in keys.SCOPES if fields.get(f"scope-{scope}")]
    days = int(fields["days"]) if fields.get("days", "").isdigit() else 0
    made, fault, status = await done_in_one(
        request,
        lambda uow: keys.make(
            uow, caller, name=fields.get("name") or "–", scopes=scopes, days=days, factor=_code(fields)
        ),
    )
    return await _page(request, caller, status=status, fault=fault, new_key=None if made is None else made.key)


@router.post("/me/keys/{key_id}/rotation")
async def rotate_key(key_id: Number, request: Request, caller: Caller) -> Response:
    """A successor, told in the answer, once."""
    code = _code(await read_form(request))
    made, fault, status = await done_in_one(request, lambda uow: keys.rotate(uow, caller, key_id, code))
    return await _page(request, caller, status=status, fault=fault, new_key=None if made is None else made.key)


@router.post("/me/keys/{key_id}/revocation")
async def revoke_key(key_id: Number, request: Request, caller: Caller) -> Response:
    """End a key."""
    await read_form(request)
    _, fault, status = await done_in_one(request, lambda uow: keys.revoke(uow, caller, key_id))
    return await _back(request, caller, "key", fault, status)


@router.post("/me/delegations")
async def delegate(request: Request, caller: Caller) -> Response:
    """Lend my role, or appoint a stand-in."""
    fields = await read_form(request)

    async def work(uow: UnitOfWork) -> int:
        return await delegations.delegate(
            uow,
            caller,
            to_login=fields.get("to", ""),
            adcode=None,
            valid_from=_instant(fields.get("from"), uow.now),
            valid_until=_instant(fields.get("until"), None),
            reason=fields.get("reason") or "–",
            from_login=fields.get("for") or None,
            factor=_code(fields),
        )

    _, fault, status = await done_in_one(request, work)
    return await _back(request, caller, "delegation", fault, status, fields)


def _code(fields: dict[str, str]) -> str | None:
    return fields.get("factor", "")[:64] or None


def _instant(text: str | None, otherwise: datetime | None) -> datetime:
    """A local time of a form, in Beijing. Raises Invalid."""
    if not text and otherwise is not None:
        return otherwise
    try:
        return datetime.fromisoformat(text or "").replace(tzinfo=SHANGHAI)
    except ValueError as error:
        raise Invalid("Give the time as 2026-11-22T18:00.", detail_zh="请按 2026-11-22T18:00 填写时间。") from error


@router.post("/me/delegations/{delegation_id}/end")
async def end_delegation(delegation_id: Number, request: Request, caller: Caller) -> Response:
    """End one before its time."""
    await read_form(request)
    _, fault, status = await done_in_one(request, lambda uow: delegations.end(uow, caller, delegation_id))
    return await _back(request, caller, "delegation", fault, status)


async def _back(
    request: Request, caller: Principal, what: str, fault: str | None, status: int, given: dict[str, str] | None = None
) -> Response:
    if fault is None:
        return RedirectResponse(f"/me?done={what}", 303)
    return await _page(request, caller, status=status, fault=fault, given=given)
