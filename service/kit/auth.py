"""Who calls: a session cookie from pages, or the same token as a bearer from programs."""

from __future__ import annotations

import time
from typing import Annotated
from urllib.parse import urlsplit

from fastapi import Depends, Request

from service.accounts.flows import principal_of, token_hash
from service.accounts.roles import Principal
from service.kit.problems import Forbidden, NotSignedIn
from service.kit.runtime import Runtime

COOKIE = "lantian_session"
REMEMBER_SECONDS = 5.0
SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})


def runtime_of(request: Request) -> Runtime:
    """The runtime of the application that serves the request."""
    runtime: Runtime = request.app.state.runtime
    return runtime


def address_of(request: Request) -> str:
    """Where the caller comes from, as the server sees it (behind a trusted proxy, what the proxy forwards)."""
    return request.client.host if request.client else ""


def token_of(request: Request) -> str | None:
    """The session token. A cookie on a write counts only when the page is our own (same origin)."""
    kind, _, bearer = request.headers.get("authorization", "").partition(" ")
    if kind.lower() == "bearer" and bearer:
        return bearer.strip()
    token = request.cookies.get(COOKIE)
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
    token = token_of(request)
    if not token:
        return None
    runtime = runtime_of(request)
    key = token_hash(token)
    found = runtime.live.sessions.get(key)
    if found is not None and found[1] > time.monotonic() and runtime.live.listening:
        principal: Principal = found[0]
        return principal
    since = runtime.live.sessions.times_forgotten
    async with runtime.unit() as uow:
        fresh = await principal_of(uow, token)
    if fresh is not None:
        runtime.live.sessions.put(key, (fresh, time.monotonic() + REMEMBER_SECONDS), since)
    return fresh


async def require_principal(request: Request) -> Principal:
    """Who is signed in. Raises NotSignedIn."""
    principal = await find_principal(request)
    if principal is None:
        raise NotSignedIn()
    return principal


async def require_official(principal: Annotated[Principal, Depends(require_principal)]) -> Principal:
    """Somebody of the command centre or the audit. Raises Forbidden for enterprises."""
    if not principal.may_see_command:
        raise Forbidden("Command data is for officials; your requirements are under /api/v1/enterprises.")
    return principal


Caller = Annotated[Principal, Depends(require_principal)]
Official = Annotated[Principal, Depends(require_official)]
