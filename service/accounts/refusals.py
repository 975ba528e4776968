"""Refused access on the ledger: who was kept out of what, a few entries per person and quarter of an hour."""

from __future__ import annotations

from datetime import UTC, datetime

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from service.accounts.roles import Principal
from service.kit.runtime import Runtime

REFUSED = 403
LONGEST_PATH = 200


class NoteRefusals:
    """ASGI middleware: when somebody who is signed in was answered 403, it is noted after the answer."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        state = scope.setdefault("state", {})
        refused = False

        async def send_and_look(message: Message) -> None:
            nonlocal refused
            if message["type"] == "http.response.start":
                refused = message["status"] == REFUSED
            await send(message)

        await self.app(scope, receive, send_and_look)
        principal = state.get("principal")
        if refused and isinstance(principal, Principal):
            await _note(scope["app"].state.runtime, principal, scope)


async def _note(runtime: Runtime, principal: Principal, scope: Scope) -> None:
    if not runtime.sign_ins.begin(f"refused:{principal.account_id}", "", datetime.now(tz=UTC), known=True):
        return
    async with runtime.unit() as uow:
        await uow.record(
            "access.refused",
            principal.scope.adcode,
            account=principal.account_id,
            login=principal.login,
            role=principal.role.value,
            method=scope["method"],
            path=str(scope["path"])[:LONGEST_PATH],
            key=principal.key_scopes is not None,
        )
        await uow.commit()
