"""Sign-in and sign-out, one's own password, sessions and second factor."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Path, Request, Response

from service.accounts import book, factors, mine
from service.accounts.flows import sign_in, sign_out
from service.accounts.roles import Principal
from service.accounts.schemas import Credentials, FactorCode, NewPassword, Redemption
from service.kit.auth import (
    Caller,
    address_of,
    agent_of,
    runtime_of,
    set_cookie,
    token_of,
    unset_cookie,
)
from service.kit.device import device_of
from service.kit.http import Uow, json_answer
from service.kit.problems import Forbidden

router = APIRouter(prefix="/api/v1", tags=["accounts"])
SessionId = Annotated[int, Path(ge=1, le=2**62)]
FRESH = {"cache-control": "no-store"}


@router.post("/sessions", status_code=201)
async def open_session(credentials: Credentials, request: Request) -> Response:
    """Sign in. The token is set as a cookie for pages and answered for programs (`Authorization: Bearer`)."""
    runtime = runtime_of(request)
    token, expires = await sign_in(
        runtime,
        credentials.login,
        credentials.password,
        address_of(request),
        code=credentials.factor,
        agent=agent_of(request),
        device=device_of(request),
    )
    answer = json_answer({"token": token, "expires_at": expires}, 201, FRESH)
    set_cookie(answer, runtime.settings, token, expires)
    return answer


@router.delete("/sessions/current", status_code=204)
async def close_session(request: Request, caller: Caller, uow: Uow) -> Response:
    """Sign out."""
    token = token_of(request)
    assert token is not None  # the caller was found by it
    await sign_out(uow, token)
    answer = Response(status_code=204)
    unset_cookie(answer, runtime_of(request).settings)
    return answer


@router.get("/sessions/current")
async def who_am_i(caller: Caller) -> Response:
    """Who is signed in, and whom he stands in for."""
    return json_answer(
        {
            "login": caller.login,
            "display": caller.display,
            "role": caller.role,
            "adcode": caller.scope.adcode,
            "uscc": caller.uscc,
            "must_change": caller.must_change,
            "stands_in": [
                {
                    "delegation": one.delegation_id,
                    "for": one.display,
                    "role": one.role,
                    "adcode": one.scope.adcode,
                    "until": one.until,
                }
                for one in caller.stand_ins
            ],
        }
    )


@router.get("/sessions")
async def my_sessions(caller: Caller, uow: Uow) -> Response:
    """Your open sessions."""
    return json_answer({"items": await mine.sessions_of(uow, caller.account_id, caller.session_id)})


@router.delete("/sessions/{session_id}", status_code=204)
async def end_session(session_id: SessionId, caller: Caller, uow: Uow) -> Response:
    """End one of your sessions on every node."""
    await mine.end_session(uow, caller, session_id)
    return Response(status_code=204)


@router.post("/me/password", status_code=204)
async def change_password(body: NewPassword, request: Request, caller: Caller) -> Response:
    """A new password of your own; your other sessions end."""
    await mine.change_password(runtime_of(request), caller, body.old, body.new, address_of(request))
    return Response(status_code=204)


@router.post("/passwords", status_code=204)
async def redeem(body: Redemption, request: Request) -> Response:
    """Set a password with the one-time code that an administrator handed you."""
    await book.redeem(runtime_of(request), body.login, body.code, body.password, address_of(request))
    return Response(status_code=204)


@router.post("/me/factor", status_code=201)
async def enrol(caller: Caller, uow: Uow) -> Response:
    """Begin with a second factor: the secret for an authenticator app, told once; it counts after its confirmation."""
    _person(caller)
    made = await factors.enrol(uow, caller)
    return json_answer({"secret": made.secret, "address": made.address}, 201, FRESH)


@router.post("/me/factor/confirmation")
async def activate(body: FactorCode, caller: Caller, uow: Uow) -> Response:
    """Confirm the factor by a code of the app; the answer tells the recovery codes once."""
    _person(caller)
    return json_answer({"recovery_codes": await factors.activate(uow, caller, body.factor)}, headers=FRESH)


@router.post("/me/factor/recovery-codes")
async def renew(body: FactorCode, caller: Caller, uow: Uow) -> Response:
    """New recovery codes in place of the old ones."""
    return json_answer({"recovery_codes": await factors.renew_recovery_codes(uow, caller, body.factor)}, headers=FRESH)


def _person(caller: Principal) -> None:
    if caller.key_scopes is not None:
        raise Forbidden("A second factor belongs to a person; sign in.", detail_zh="接口密钥不能办理，请本人登录。")
