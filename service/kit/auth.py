"""Who calls: a session cookie from pages, or the same token as a bearer from programs."""

from __future__ import annotations

import time
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Annotated
from urllib.parse import urlsplit

from fastapi import Depends, Request, Response

from service.accounts import keys
from service.accounts.flows import principal_of, token_hash
from service.accounts.roles import Principal
from service.kit.problems import Forbidden, NotSignedIn, PasswordChangeNeeded
from service.kit.runtime import Runtime
from service.kit.settings import Settings

COOKIE = "lantian_session"
REMEMBER_SECONDS = 5.0
POLLED = frozenset({"/events", "/parts/clock", "/parts/inbox"})
"""What an open page asks by itself: no sign that somebody is there."""
FOR_A_NEW_PASSWORD = frozenset({"/me", "/me/password", "/api/v1/me/password", "/api/v1/sessions/current", "/signout"})
"""What is open to somebody whose password another chose: these addresses and nothing below them."""
SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})


@dataclass(frozen=True)
class _Remembered:
    """A principal, until when (monotonic seconds) it may be answered, and whether the session was kept alive for it."""

    principal: Principal
    until: float
    active: bool


def runtime_of(request: Request) -> Runtime:
    """The runtime of the application that serves the request."""
    runtime: Runtime = request.app.state.runtime
    return runtime


def address_of(request: Request) -> str:
    """Where the caller comes from, as the server sees it (behind a trusted proxy, what the proxy forwards)."""
    return request.client.host if request.client else ""


def agent_of(request: Request) -> str:
    """The program of the caller, as it names itself; shown to people who look through their sessions."""
    return request.headers.get("user-agent", "")


def cookie_name(settings: Settings) -> str:
    """The session cookie's name; a drill on the same host has another, so that neither is taken for the other."""
    return COOKIE if settings.drill is None else f"{COOKIE}_{settings.drill}"


def set_cookie(answer: Response, settings: Settings, token: str, expires: datetime) -> None:
    """The session cookie: not for scripts, not sent from other sites, https only where the service has it."""
    secure = settings.address.startswith("https://")
    name = cookie_name(settings)
    answer.set_cookie(name, token, httponly=True, samesite="strict", secure=secure, expires=expires, path="/")


def unset_cookie(answer: Response, settings: Settings) -> None:
    """Take the session cookie away."""
    secure = settings.address.startswith("https://")
    answer.delete_cookie(cookie_name(settings), path="/", httponly=True, samesite="strict", secure=secure)


def token_of(request: Request) -> str | None:
    """The session token. A cookie on a write counts only when the page is our own (same origin)."""
    kind, _, bearer = request.headers.get("authorization", "").partition(" ")
    if kind.lower() == "bearer" and bearer:
        return bearer.strip()
    token = request.cookies.get(cookie_name(runtime_of(request).settings))
    if token and request.method not in SAFE_METHODS and not same_origin(request):
        raise Forbidden("This write came from another site's page; use the service's own pages or a bearer token.")
    return token


def same_origin(request: Request) -> bool:
    """Whether the browser says that the request comes from our own pages."""
    origin = request.headers.get("origin") or request.headers.get("referer")
    if origin is None:
        return request.headers.get("sec-fetch-site") in {"same-origin", "none"}
    return urlsplit(origin).netloc == request.headers.get("host")


async def find_principal(request: Request) -> Principal | None:
    """Who is signed in, remembered for a few seconds while this node hears about sign-outs."""
    if not hasattr(request.state, "seen"):
        request.state.seen = runtime_of(request).live.mark  # before anything is read for the answer
    token = token_of(request)
    if not token:
        return None
    principal = await _principal_of(request, token)
    if principal is not None:
        request.state.principal = principal
        if principal.key_scopes is not None:
            keys.check_scope(principal, request.method, request.scope["path"])
    return principal


async def _principal_of(request: Request, token: str) -> Principal | None:
    runtime = runtime_of(request)
    key = token_hash(token)
    active = request.scope["path"] not in POLLED
    found = runtime.live.sessions.get(key)
    if found is not None and found.until > time.monotonic() and runtime.live.listening and found.active >= active:
        return _still(found.principal, runtime)
    since = runtime.live.sessions.times_forgotten
    async with runtime.unit() as uow:
        if token.startswith(keys.MARK):
            fresh = await keys.principal_of(uow, token, address_of(request))
        else:
            fresh = await principal_of(uow, token, active=active)
    if fresh is not None:
        runtime.live.sessions.put(key, _Remembered(fresh, time.monotonic() + REMEMBER_SECONDS, active), since)
    return fresh


def _still(principal: Principal, runtime: Runtime) -> Principal:
    """The principal without stand-ins that ended meanwhile."""
    if not principal.stand_ins:
        return principal
    now = runtime.clock.now()
    return replace(principal, stand_ins=tuple(one for one in principal.stand_ins if now < one.until))


async def require_principal(request: Request) -> Principal:
    """Who is signed in. Raises NotSignedIn, and PasswordChangeNeeded where somebody else chose the password."""
    principal = await find_principal(request)
    if principal is None:
        raise NotSignedIn()
    if principal.must_change and request.scope["path"] not in FOR_A_NEW_PASSWORD:
        raise PasswordChangeNeeded()
    return principal


async def require_official(principal: Annotated[Principal, Depends(require_principal)]) -> Principal:
    """Somebody of the command centre or the audit. Raises Forbidden for enterprises."""
    if not principal.may_see_command:
        raise Forbidden("Command data is for officials; your requirements are under /api/v1/enterprises.")
    return principal


Caller = Annotated[Principal, Depends(require_principal)]
Official = Annotated[Principal, Depends(require_official)]
