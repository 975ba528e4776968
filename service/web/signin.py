"""Sign-in and sign-out by plain forms; they work without script."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, Request, Response
from fastapi.responses import RedirectResponse

from service.accounts.flows import sign_in, sign_out
from service.kit.auth import COOKIE, address_of, find_principal, runtime_of, same_origin, token_of
from service.kit.http import Uow
from service.kit.problems import TooManyAttempts, WrongCredentials
from service.web.forms import local_path, read_form
from service.web.pages import render

router = APIRouter(include_in_schema=False)
DEMO_SQL = "SELECT login, display, role FROM account WHERE login LIKE 'demo-%' AND enabled ORDER BY id LIMIT 20"


async def _page(
    request: Request, *, status: int = 200, fault: str | None = None, login: str = "", target: str = "/"
) -> Response:
    runtime = runtime_of(request)
    demo: list[Any] = []
    if runtime.settings.demo:
        async with runtime.unit() as uow:
            demo = await uow.fetch(DEMO_SQL)
    return render(request, "signin.html", None, status=status, fault=fault, login=login, target=target, demo=demo)


@router.get("/signin")
async def form(request: Request, next: str = "/") -> Response:
    """The sign-in form; who is signed in goes on."""
    if await find_principal(request) is not None:
        return RedirectResponse(local_path(next), 303)
    return await _page(request, target=local_path(next))


@router.post("/signin")
async def submit(request: Request) -> Response:
    """Check the password, set the cookie and go on to where the reader wanted to be."""
    if not same_origin(request):
        return await _page(request, status=403, fault="signin_foreign")
    fields = await read_form(request)
    login, password = fields.get("login", "")[:64], fields.get("password", "")[:256]
    target = local_path(fields.get("next"))
    if not login or not password:
        return await _page(request, status=422, fault="signin_empty", login=login, target=target)
    runtime = runtime_of(request)
    try:
        token, expires = await sign_in(runtime, login, password, address_of(request))
    except WrongCredentials:
        return await _page(request, status=401, fault="signin_wrong", login=login, target=target)
    except TooManyAttempts:
        return await _page(request, status=429, fault="signin_rest", login=login, target=target)
    answer = RedirectResponse(target, 303)
    secure = runtime.settings.address.startswith("https://")
    answer.set_cookie(COOKIE, token, httponly=True, samesite="strict", secure=secure, expires=expires, path="/")
    return answer


@router.post("/signout")
async def leave(request: Request, uow: Uow) -> Response:
    """End the session on every node."""
    token = token_of(request)
    if token is not None:
        await sign_out(uow, token)
    answer = RedirectResponse("/signin", 303)
    answer.delete_cookie(COOKIE, path="/")
    return answer
