"""The cookie of a known browser, in and out; what it proves is in `service.accounts.devices`."""

from __future__ import annotations

from datetime import UTC, datetime

from fastapi import Request, Response

from service.accounts import devices
from service.kit.auth import cookie_name, runtime_of
from service.kit.settings import Settings


def _device_cookie(settings: Settings) -> str:
    return f"{cookie_name(settings)}_device"


def device_of(request: Request) -> str:
    """The cookie of a browser that somebody signed in with before; empty for another one."""
    return request.cookies.get(_device_cookie(runtime_of(request).settings), "")


def remember_device(answer: Response, request: Request, login: str, stored: str) -> None:
    """Let the browser be known as one that `login` signs in with, while its password hash is `stored`; it opens nothing."""
    settings, present = runtime_of(request).settings, datetime.now(tz=UTC)
    value = devices.renewed(settings, device_of(request), login, stored, present)
    secure = settings.address.startswith("https://")
    answer.set_cookie(
        _device_cookie(settings),
        value,
        httponly=True,
        samesite="strict",
        secure=secure,
        max_age=int(devices.LIFE.total_seconds()),
        path="/",
    )
