"""Sign-in by an OpenID provider: leave, and come back."""

from __future__ import annotations

from fastapi import APIRouter, Request, Response
from fastapi.responses import RedirectResponse

from service.accounts import oidc
from service.accounts.flows import Caller
from service.kit.auth import address_of, agent_of, runtime_of, set_cookie
from service.kit.problems import NoRole, Unknown
from service.web.forms import local_path
from service.web.pages import render

router = APIRouter(include_in_schema=False)
TRIP_COOKIE = "lantian_trip"
PATH = "/signin/oidc"


@router.get(PATH)
async def leave(request: Request, next: str = "/") -> Response:
    """Send the browser to the provider; a sealed cookie keeps what has to fit when it comes back."""
    settings = runtime_of(request).settings
    if settings.oidc_issuer is None:
        raise Unknown()
    try:
        departure = await oidc.begin(settings, local_path(next))
    except oidc.OidcAway:
        return RedirectResponse("/signin?fault=oidc_away", 303)
    answer = RedirectResponse(departure.address, 303)
    # lax, unlike the session's: it has to come along when the provider sends the browser back
    answer.set_cookie(
        TRIP_COOKIE,
        departure.trip,
        max_age=oidc.LONGEST_TRIP,
        httponly=True,
        samesite="lax",
        secure=settings.address.startswith("https://"),
        path=PATH,
    )
    return answer


@router.get(oidc.CALLBACK)
async def come_back(request: Request) -> Response:
    """Check everything that came back and open the session; the next page is asked for by our own page, so that the cookie goes along."""
    settings = runtime_of(request).settings
    if settings.oidc_issuer is None:
        raise Unknown()
    answer = await _come_back(request)
    answer.delete_cookie(TRIP_COOKIE, path=PATH)
    return answer


async def _come_back(request: Request) -> Response:
    runtime = runtime_of(request)
    caller = Caller(address_of(request), agent_of(request), "oidc")
    try:
        opened, target = await oidc.finish(
            runtime, request.cookies.get(TRIP_COOKIE, ""), dict(request.query_params), caller
        )
    except oidc.OidcRefused:
        return RedirectResponse("/signin?fault=oidc_refused", 303)
    except oidc.OidcAway:
        return RedirectResponse("/signin?fault=oidc_away", 303)
    except oidc.OidcUnknown:
        return RedirectResponse("/signin?fault=oidc_unknown", 303)
    except NoRole:
        return RedirectResponse("/signin?fault=signin_no_role", 303)
    if opened.pending:
        return render(request, "signin_factor.html", None, pending=opened.token, target=local_path(target), fault=None)
    answer = render(request, "signin_on.html", None, target=local_path(target))
    set_cookie(answer, runtime.settings, opened.token, opened.expires)
    return answer
