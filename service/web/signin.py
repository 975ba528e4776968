"""Sign-in and sign-out by plain forms; they work without script. The second factor is a second step."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, Request, Response
from fastapi.responses import RedirectResponse

from service.accounts import book
from service.accounts.flows import Caller, SignedIn, begin_sign_in, finish_sign_in, sign_out
from service.kit.auth import (
    address_of,
    agent_of,
    find_principal,
    runtime_of,
    same_origin,
    set_cookie,
    token_of,
    unset_cookie,
)
from service.kit.device import device_of, remember_device
from service.kit.http import Uow
from service.kit.problems import (
    FactorNeeded,
    FactorWrong,
    Invalid,
    NoRole,
    NotSignedIn,
    TooManyAttempts,
    WrongCredentials,
)
from service.web.forms import local_path, read_form
from service.web.pages import render, said_of, writer_of

router = APIRouter(include_in_schema=False)
DEMO_SQL = "SELECT login, display, role FROM account WHERE login LIKE 'demo-%' AND enabled AND role IS NOT NULL ORDER BY id LIMIT 20"
OIDC_FAULTS = frozenset({"oidc_refused", "oidc_unknown", "oidc_away", "signin_no_role"})


async def _page(
    request: Request,
    *,
    status: int = 200,
    fault: str | None = None,
    login: str = "",
    target: str = "/",
    done: str | None = None,
) -> Response:
    runtime = runtime_of(request)
    demo: list[Any] = []
    if runtime.settings.demo:
        async with runtime.unit() as uow:
            demo = await uow.fetch(DEMO_SQL)
    provider = runtime.settings.oidc_name if runtime.settings.oidc_issuer else None
    return render(
        request,
        "signin.html",
        None,
        status=status,
        fault=fault,
        login=login,
        target=target,
        demo=demo,
        done=done,
        provider=provider,
    )


@router.get("/signin")
async def form(request: Request, next: str = "/", done: str = "", fault: str = "") -> Response:
    """The sign-in form; who is signed in goes on."""
    if await find_principal(request) is not None:
        return RedirectResponse(local_path(next), 303)
    return await _page(
        request,
        target=local_path(next),
        done="code_done" if done == "code" else None,
        fault=fault if fault in OIDC_FAULTS else None,
    )


@router.post("/signin")
async def submit(request: Request) -> Response:
    """Check the password, set the cookie and go on to where the reader wanted to be; or ask for the second factor."""
    if not same_origin(request):
        return await _page(request, status=403, fault="signin_foreign")
    fields = await read_form(request)
    login, password = fields.get("login", "")[:64], fields.get("password", "")[:256]
    target = local_path(fields.get("next"))
    if not login or not password:
        return await _page(request, status=422, fault="signin_empty", login=login, target=target)
    runtime = runtime_of(request)
    try:
        opened = await begin_sign_in(runtime, login, password, _caller(request))
    except WrongCredentials:
        return await _page(request, status=401, fault="signin_wrong", login=login, target=target)
    except NoRole:
        return await _page(request, status=403, fault="signin_no_role", login=login, target=target)
    except TooManyAttempts:
        return await _page(request, status=429, fault="signin_rest", login=login, target=target)
    if opened.pending:
        return render(request, "signin_factor.html", None, pending=opened.token, target=target, fault=None)
    return _go_on(request, opened, target)


@router.post("/signin/factor")
async def second_step(request: Request) -> Response:
    """Check the code; a wrong one is asked for again."""
    fields = await read_form(request)
    pending, target = fields.get("pending", ""), local_path(fields.get("next"))
    try:
        opened = await finish_sign_in(runtime_of(request), pending, fields.get("factor", "")[:64], _caller(request))
    except NotSignedIn:
        return await _page(request, status=401, fault="signin_waited", target=target)
    except TooManyAttempts:
        return await _page(request, status=429, fault="signin_rest", target=target)
    except (FactorWrong, FactorNeeded):
        return render(
            request, "signin_factor.html", None, status=403, pending=pending, target=target, fault="factor_wrong"
        )
    return _go_on(request, opened, target)


def _go_on(request: Request, opened: SignedIn, target: str) -> Response:
    answer = RedirectResponse(target, 303)
    set_cookie(answer, runtime_of(request).settings, opened.token, opened.expires)
    remember_device(answer, request, opened.login, opened.stored)
    return answer


def _caller(request: Request) -> Caller:
    return Caller(address_of(request), agent_of(request), device=device_of(request))


@router.get("/signin/code")
async def code_form(request: Request, login: str = "") -> Response:
    """The form for a one-time code."""
    return render(request, "signin_code.html", None, login=login[:64], fault=None)


@router.post("/signin/code")
async def redeem(request: Request) -> Response:
    """Set a password with the one-time code of an administrator."""
    fields = await read_form(request)
    login, code, password = fields.get("login", "")[:64], fields.get("code", "")[:64], fields.get("password", "")
    fault, status = None, 200
    if password != fields.get("again", ""):
        fault, status = writer_of(request).t("password_differs"), 422
    else:
        try:
            await book.redeem(runtime_of(request), login, code, password, address_of(request))
        except WrongCredentials:
            fault, status = writer_of(request).t("code_wrong"), 401
        except TooManyAttempts:
            fault, status = writer_of(request).t("signin_rest"), 429
        except Invalid as problem:
            fault, status = said_of(problem, writer_of(request).language), 422
    if fault is not None:
        return render(request, "signin_code.html", None, status=status, login=login, fault=fault)
    return RedirectResponse("/signin?done=code", 303)


@router.post("/signout")
async def leave(request: Request, uow: Uow) -> Response:
    """End the session on every node."""
    token = token_of(request)
    if token is not None:
        await sign_out(uow, token)
    answer = RedirectResponse("/signin", 303)
    unset_cookie(answer, runtime_of(request).settings)
    return answer
