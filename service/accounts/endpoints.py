"""Sign-in and sign-out."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Request, Response
from pydantic import BaseModel, ConfigDict, Field

from service.accounts.flows import sign_in, sign_out
from service.kit.auth import COOKIE, Caller, address_of, runtime_of, token_of
from service.kit.http import Uow, json_answer

router = APIRouter(prefix="/api/v1", tags=["accounts"])


class Credentials(BaseModel):
    """Login and password."""

    model_config = ConfigDict(extra="forbid")

    login: Annotated[str, Field(min_length=1, max_length=64)]
    password: Annotated[str, Field(min_length=1, max_length=256)]


@router.post("/sessions", status_code=201)
async def open_session(credentials: Credentials, request: Request) -> Response:
    """Sign in. The token is set as a cookie for pages and answered for programs (`Authorization: Bearer`)."""
    runtime = runtime_of(request)
    token, expires = await sign_in(runtime, credentials.login, credentials.password, address_of(request))
    answer = json_answer({"token": token, "expires_at": expires}, 201, {"cache-control": "no-store"})
    secure = runtime.settings.address.startswith("https://")
    answer.set_cookie(COOKIE, token, httponly=True, samesite="strict", secure=secure, expires=expires, path="/")
    return answer


@router.delete("/sessions/current", status_code=204)
async def close_session(request: Request, caller: Caller, uow: Uow) -> Response:
    """Sign out."""
    token = token_of(request)
    assert token is not None  # the caller was found by it
    await sign_out(uow, token)
    answer = Response(status_code=204)
    answer.delete_cookie(COOKIE, path="/")
    return answer


@router.get("/sessions/current")
async def who_am_i(caller: Caller) -> Response:
    """Who is signed in."""
    return json_answer(
        {
            "login": caller.login,
            "display": caller.display,
            "role": caller.role,
            "adcode": caller.scope.adcode,
            "uscc": caller.uscc,
        }
    )
