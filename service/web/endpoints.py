"""The pages for people, installed into the application in one call."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from http import HTTPStatus
from inspect import isawaitable
from typing import Any
from urllib.parse import quote

from fastapi import Depends, FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.responses import RedirectResponse
from fastapi.staticfiles import StaticFiles
from starlette.exceptions import HTTPException

from service.kit.auth import find_principal
from service.kit.problems import Forbidden, NotSignedIn, PasswordChangeNeeded, Problem
from service.print import endpoints as print_sheets
from service.web import (
    accounts,
    city,
    decisions,
    deliveries,
    drills,
    enterprises,
    evaluation_sums,
    evaluations,
    events,
    findings,
    grades,
    guides,
    law,
    ledger,
    list_imports,
    list_records,
    list_summary,
    lists,
    me,
    notices,
    obligations,
    operating_plans,
    people,
    permits,
    proposals,
    reductions,
    region,
    seasonal,
    signin,
    signin_oidc,
    simulation,
    wall,
    warnings,
)
from service.web.pages import STATIC, render, said_of, writer_of

Handler = Callable[[Request, Any], Awaitable[Response]]
MODULES = (
    signin,
    signin_oidc,
    me,
    accounts,
    wall,
    region,
    events,
    city,
    proposals,
    decisions,
    print_sheets,
    enterprises,
    evaluations,
    evaluation_sums,
    reductions,
    findings,
    obligations,
    operating_plans,
    seasonal,
    warnings,
    law,
    guides,
    grades,
    simulation,
    permits,
    list_imports,
    list_records,
    list_summary,
    lists,
    ledger,
    notices,
    deliveries,
    people,
    drills,
)
MACHINE_PATHS = ("/api/", "/public/", "/web/", "/static/", "/events", "/health", "/metrics", "/ready")


def install(app: FastAPI) -> None:
    """Add pages, static files, and HTML answers to errors for browsers. Call after `problems.install`."""
    for module in MODULES:
        app.include_router(module.router, dependencies=[Depends(people.count_unread)])
    app.mount("/static", StaticFiles(directory=STATIC), name="static")
    for kind in (Problem, RequestValidationError, HTTPException):
        app.add_exception_handler(kind, _for_people(app.exception_handlers[kind]))


def for_people(request: Request) -> bool:
    """Whether the answer goes to a browser's page: not below a machine's path, and HTML is accepted."""
    return not request.url.path.startswith(MACHINE_PATHS) and "text/html" in request.headers.get("accept", "")


def from_htmx(request: Request) -> bool:
    """Whether a part of a page is being fetched."""
    return request.headers.get("hx-request") == "true"


def _for_people(otherwise: Callable[[Request, Any], Response | Awaitable[Response]]) -> Handler:
    """Pages for people; programs get what `otherwise` answers."""

    async def answer(request: Request, error: Exception) -> Response:
        if isinstance(error, NotSignedIn) and from_htmx(request):
            return Response(status_code=401, headers={"hx-redirect": "/signin"})
        if not for_people(request) or from_htmx(request):
            given = otherwise(request, error)
            return await given if isawaitable(given) else given
        if isinstance(error, NotSignedIn):
            return RedirectResponse(_signin_for(request), 303)
        if isinstance(error, PasswordChangeNeeded):
            return RedirectResponse("/me", 303)
        return await error_page(request, error)

    return answer


def _signin_for(request: Request) -> str:
    wanted = request.url.path + (f"?{request.url.query}" if request.url.query else "")
    return "/signin" if request.method != "GET" or wanted == "/" else f"/signin?next={quote(wanted)}"


async def error_page(request: Request, error: Exception) -> Response:
    """A page that says what happened and what to do next."""
    try:
        principal = await find_principal(request)
    except Forbidden:
        principal = None
    status, detail = HTTPStatus.UNPROCESSABLE_ENTITY.value, ""
    if isinstance(error, Problem):
        status, detail = error.status, said_of(error, writer_of(request).language)
    elif isinstance(error, HTTPException):
        status = error.status_code
    return render(request, "error.html", principal, status=status, code=status, detail=detail)
