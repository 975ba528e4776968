"""People of an account book, for tests."""

from __future__ import annotations

import asyncio
import base64
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import httpx

from service.accounts import factors, totp
from service.accounts.roles import Role
from service.kit.auth import COOKIE
from service.kit.runtime import Runtime
from tests.support import NOW, PASSWORD, Client

OWN = "http://127.0.0.1:8000"
GOOD = "Blue sky over Hebei 2026"


class Office:
    """One region's two administrators and whoever they let in."""

    def __init__(self, client: Client, operator: dict[str, str], security: dict[str, str]) -> None:
        self.client, self.operator, self.security = client, operator, security

    async def opened(self, login: str, adcode: str = "110000", **more: Any) -> dict[str, Any]:
        """Open an account; the answer with its code."""
        body = {"login": login, "display": login.title(), "adcode": adcode} | more
        answer = await self.client.http.post("/api/v1/accounts", headers=self.operator, json=body)
        assert answer.status_code == 201, answer.text
        return dict(answer.json())

    async def act(self, who: dict[str, str], account_id: int, act: str, **body: Any) -> httpx.Response:
        """One act on an account."""
        return await self.client.http.post(f"/api/v1/accounts/{account_id}/{act}", headers=who, json=body or None)

    async def granted(self, login: str, role: Role, adcode: str = "110000") -> int:
        """Open, grant and give a password; returns the account's number."""
        made = await self.opened(login, adcode)
        answer = await self.act(self.security, made["id"], "grant", role=role.value, adcode=adcode)
        assert answer.status_code == 204, answer.text
        await self.redeem(login, made["code"])
        return int(made["id"])

    async def redeem(self, login: str, code: str, password: str = GOOD) -> httpx.Response:
        """Set a password with a one-time code."""
        return await self.client.http.post(
            "/api/v1/passwords", json={"login": login, "code": code, "password": password}
        )

    async def sign_in(self, login: str, password: str = GOOD) -> httpx.Response:
        """Try to sign in."""
        return await self.client.http.post("/api/v1/sessions", json={"login": login, "password": password})


async def office(client: Client, adcode: str = "110000") -> Office:
    """The two administrators of a region."""
    operator = await client.account(Role.ADMINISTRATOR, adcode)
    return Office(client, operator, await client.account(Role.SECURITY_ADMINISTRATOR, adcode))


async def account_id(client: Client, who: dict[str, str]) -> int:
    """The number of who is signed in."""
    login = (await client.http.get("/api/v1/sessions/current", headers=who)).json()["login"]
    async with client.runtime.unit() as uow:
        return int(await uow.fetchval("SELECT id FROM account WHERE login = $1", login))


async def ledger_kinds(runtime: Runtime, like: str) -> list[str]:
    """Kinds of ledger entries in order."""
    async with runtime.unit() as uow:
        return [
            row["kind"] for row in await uow.fetch("SELECT kind FROM ledger_entry WHERE kind LIKE $1 ORDER BY id", like)
        ]


def browser(who: dict[str, str]) -> dict[str, str]:
    """The headers of somebody's browser."""
    token = who["authorization"].removeprefix("Bearer ")
    return {"cookie": f"{COOKIE}={token}", "origin": OWN, "accept": "text/html"}


async def lend(client: Client, who: dict[str, str], to: str, **change: Any) -> httpx.Response:
    body = {
        "to": to,
        "valid_from": NOW.isoformat(),
        "valid_until": (NOW + timedelta(days=1)).isoformat(),
        "reason": "出差",
    } | change
    return await client.http.post("/api/v1/delegations", headers=who, json=body)


async def enrolled(client: Client, who: dict[str, str]) -> str:
    """Give an account a factor; the code of its next step."""
    begun = (await client.http.post("/api/v1/me/factor", headers=who)).json()
    secret = base64.b32decode(begun["secret"])
    step = totp.step_at(factors.present().timestamp())
    done = await client.http.post(
        "/api/v1/me/factor/confirmation", headers=who, json={"factor": totp.code_of(secret, step)}
    )
    assert done.status_code == 200, done.text
    return totp.code_of(secret, step + 1)


async def until(look: Callable[[], bool]) -> None:
    """Let the event loop turn until something is so."""
    for _ in range(2000):
        if look():
            return
        await asyncio.sleep(0.005)
    raise AssertionError("it did not come about within ten seconds")


__all__ = ["GOOD", "OWN", "PASSWORD", "Office", "account_id", "browser", "enrolled", "ledger_kinds", "lend", "office", "until"]
