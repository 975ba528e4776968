"""Errors that reach a caller: RFC 9457 problem documents, one small class each, every message says what to do next."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

import asyncpg
import structlog
from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException

MEDIA_TYPE = "application/problem+json"
logger = structlog.get_logger("lantian.problems")


class Problem(Exception):
    """Base of all errors with a status. `errors` lists single faults with a JSON pointer or a place."""

    status = 500
    code = "internal-error"
    title = "Something went wrong on our side; nothing was stored. Try again, and tell the operator if it stays."
    title_zh = "系统出错，什么都没有保存。请重试；若仍出错，请告知运维人员。"
    """The title for pages in Chinese; `detail_zh` among the extensions is the detail."""

    def __init__(
        self,
        detail: str = "",
        *,
        errors: Sequence[Mapping[str, Any]] = (),
        headers: Mapping[str, str] | None = None,
        **extensions: Any,
    ) -> None:
        super().__init__(detail or self.title)
        self.detail = detail
        self.errors = list(errors)
        self.headers = dict(headers or {})
        self.extensions = extensions

    def document(self, instance: str | None = None) -> dict[str, Any]:
        """The problem as RFC 9457 members."""
        body: dict[str, Any] = {
            "type": f"urn:lantian:problem:{self.code}",
            "title": self.title,
            "status": self.status,
        }
        if self.detail:
            body["detail"] = self.detail
        if instance:
            body["instance"] = instance
        if self.errors:
            body["errors"] = self.errors
        return body | self.extensions

    def response(self, instance: str | None = None) -> Response:
        """The HTTP answer."""
        return Response(
            json.dumps(self.document(instance), ensure_ascii=False),
            self.status,
            headers=self.headers,
            media_type=MEDIA_TYPE,
        )


class NotSignedIn(Problem):
    status, code, title = 401, "not-signed-in", "Sign in first."
    title_zh = "请先登录。"


class WrongCredentials(Problem):
    status, code, title = 401, "wrong-credentials", "Login or password is wrong."
    title_zh = "账号或密码错误。"


class WrongSignature(Problem):
    status, code, title = 401, "wrong-signature", "The webhook signature does not verify; nothing was stored."
    title_zh = "签名不正确，什么都没有保存。"


class Forbidden(Problem):
    status, code, title = 403, "forbidden", "Your role or region does not allow this."
    title_zh = "您的角色或区域不允许此操作。"


class FactorNeeded(Problem):
    status, code = 403, "factor-needed"
    title = "Give the code of your second factor (field factor); enrol one under /me when you have none."
    title_zh = "请输入动态码；尚未启用双因素认证的，请在“我的账户”中启用。"


class FactorWrong(Problem):
    status, code = 403, "factor-wrong"
    title = "The code is wrong, used already or too old; wait for the next one in your app and try again."
    title_zh = "动态码错误、已使用或已过期，请等待下一个再试。"


class NoRole(Problem):
    status, code = 403, "no-role-yet"
    title = "The account has no role yet; a security administrator grants it."
    title_zh = "账户尚未授权，请联系安全管理员授予角色。"


class PasswordChangeNeeded(Problem):
    status, code = 403, "password-change-needed"
    title = "Set a password of your own first, on the page /me or by POST /api/v1/me/password."
    title_zh = "请先在“我的账户”中修改密码。"


class Unknown(Problem):
    status, code, title = 404, "not-found", "There is nothing under this address."
    title_zh = "没有找到。"


class Conflict(Problem):
    status, code, title = 409, "conflict", "The present state does not allow this."
    title_zh = "当前状态不允许此操作。"


class ContentChanged(Conflict):
    code, title = (
        "content-changed",
        "The content has changed since you saw it; read it again and decide on the new hash.",
    )
    title_zh = "内容已变更，请重新阅读后再决定。"


class NoLongerSupported(Conflict):
    """What was right when it was proposed is not any more."""


class TooSlow(Problem):
    status, code, title = 408, "body-too-slow", "The body did not arrive in time; nothing was stored. Send it again."
    title_zh = "内容未及时到达，什么都没有保存，请重新提交。"


class TooLarge(Problem):
    status, code, title = 413, "body-too-large", "The body is too large; nothing was stored."
    title_zh = "内容过大，什么都没有保存。"


class Invalid(Problem):
    status, code, title = 422, "invalid-content", "The content has faults; nothing was stored."
    title_zh = "内容有误，什么都没有保存。"


class DeviationRefused(Problem):
    status, code = 422, "deviation-refused"
    title = "This departs from the assessment without what it needs; nothing was put forward."
    title_zh = "与研判不一致，且缺少所需的理由或依据，未提出。"


class TooManyAttempts(Problem):
    status, code, title = 429, "too-many-attempts", "Too many attempts; wait and try again."
    title_zh = "尝试次数过多，请稍后再试。"


class Busy(Problem):
    status, code, title = 503, "not-ready", "The service is not ready; try again in a moment."
    title_zh = "服务暂未就绪，请稍后再试。"


class _Http(Problem):
    """Starlette's own errors (unknown path, wrong method) in the same form."""

    def __init__(self, error: HTTPException) -> None:
        super().__init__(str(error.detail), headers=error.headers)
        self.status = error.status_code
        self.code = {404: "not-found", 405: "method-not-allowed", 406: "not-acceptable"}.get(
            error.status_code, "http-error"
        )
        self.title = str(error.detail)
        self.detail = ""


def _pointer(location: Sequence[str | int]) -> str:
    return "".join("/" + str(part).replace("~", "~0").replace("/", "~1") for part in location)


def invalid_request(error: RequestValidationError) -> Invalid:
    """FastAPI's validation error as our problem; the rejected input itself is not echoed."""
    faults = [{"pointer": _pointer(fault["loc"]), "detail": str(fault["msg"])} for fault in error.errors()]
    return Invalid(f"{len(faults)} fault(s); see errors.", errors=faults)


AWAY: tuple[type[Exception], ...] = (
    ConnectionError,
    asyncpg.PostgresConnectionError,
    asyncpg.OperatorInterventionError,
    asyncpg.TooManyConnectionsError,
    asyncpg.DeadlockDetectedError,
)
"""The database is away, restarting or full: trying again helps."""


def install(app: FastAPI) -> None:
    """Answer every error of the application as a problem document."""

    async def on_problem(request: Request, error: Exception) -> Response:
        assert isinstance(error, Problem)
        return error.response(request.url.path)

    async def on_invalid(request: Request, error: Exception) -> Response:
        assert isinstance(error, RequestValidationError)
        return invalid_request(error).response(request.url.path)

    async def on_http(request: Request, error: Exception) -> Response:
        assert isinstance(error, HTTPException)
        return _Http(error).response(request.url.path)

    async def on_data(request: Request, error: Exception) -> Response:
        logger.warning("the database refused a value", path=request.url.path, error=str(error))
        refused = Invalid("A value cannot be stored: a NUL character, or an instant or number out of all range.")
        return refused.response(request.url.path)

    async def on_absence(request: Request, error: Exception) -> Response:
        logger.warning("no answer from the database", path=request.url.path, error=str(error))
        away = Busy("The database does not answer; nothing was stored.", headers={"Retry-After": "2"})
        return away.response(request.url.path)

    async def on_fault(request: Request, _error: Exception) -> Response:
        return Problem().response(request.url.path)  # the server logs the error itself

    for kind in AWAY:
        app.add_exception_handler(kind, on_absence)
    app.add_exception_handler(asyncpg.DataError, on_data)
    app.add_exception_handler(Exception, on_fault)
    app.add_exception_handler(Problem, on_problem)
    app.add_exception_handler(RequestValidationError, on_invalid)
    app.add_exception_handler(HTTPException, on_http)
