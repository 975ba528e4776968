"""Sign-in, sign-out, and the account book."""

from __future__ import annotations

import hashlib
import secrets
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from service.accounts.passwords import hash_password, matches
from service.accounts.roles import Principal, Role, Scope
from service.kit.problems import Conflict, TooManyAttempts, WrongCredentials
from service.kit.unit_of_work import UnitOfWork

if TYPE_CHECKING:
    from service.kit.runtime import Runtime

NOBODY = "$argon2id$v=19$m=65536,t=3,p=4$c29tZXNhbHRzb21lc2FsdA$wJ2GmP9vVJ6mTq0pBqg0Zs2a2oVKiTB2CFJHkYtXwT8"
"""A hash nobody's password has: an unknown login takes as long as a known one."""
FROM_EVERYWHERE = 10
"""An account rests after this many times the failures that one address is allowed."""
PRINCIPAL_SQL = """
SELECT a.id, a.login, a.display, a.role, a.adcode, a.uscc
FROM session s JOIN account a ON a.id = s.account_id
WHERE s.token_hash = $1 AND s.expires_at > $2 AND a.enabled
"""


def token_hash(token: str) -> str:
    """What is stored of a session token."""
    return hashlib.sha256(token.encode()).hexdigest()


async def create_account(
    uow: UnitOfWork, *, login: str, password: str, display: str, role: Role, adcode: str, uscc: str | None = None
) -> int:
    """Open an account. Raises Conflict when the login is taken."""
    hashed = await hash_password(password)
    account_id = await uow.fetchval(
        "INSERT INTO account (login, display, password_hash, role, adcode, uscc, enabled, failures, created_at)"
        " VALUES ($1, $2, $3, $4, $5, $6, true, 0, $7) ON CONFLICT (login) DO NOTHING RETURNING id",
        login,
        display,
        hashed,
        role.value,
        adcode,
        uscc,
        uow.now,
    )
    if account_id is None:
        raise Conflict(f"The login {login} is taken; choose another.")
    await uow.record("account.opened", adcode, account=account_id, login=login, role=role.value, uscc=uscc)
    return int(account_id)


async def sign_in(runtime: Runtime, login: str, password: str, address: str) -> tuple[str, datetime]:
    """Check a password and open a session; returns its token and when it ends (real time).

    `address` is where the caller comes from. No database connection is held while the password is hashed. Raises
    WrongCredentials, or TooManyAttempts for too many tries of this login from this address, for an account that rests, and
    when too many wait.
    """
    present = datetime.now(tz=UTC)
    if not runtime.sign_ins.begin(login, address, present):
        raise TooManyAttempts("Too many sign-ins failed; try again later.", headers={"Retry-After": "60"})
    async with runtime.unit() as uow:
        row = await uow.fetchrow(
            "SELECT id, password_hash, adcode, enabled, resting_until FROM account WHERE login = $1", login
        )
    if row is not None and row["resting_until"] is not None and row["resting_until"] > present:
        raise TooManyAttempts("Too many sign-ins failed; try again later.", headers={"Retry-After": "60"})
    right = await matches(password, row["password_hash"] if row else NOBODY)
    if row is None or not right or not row["enabled"]:
        if row is not None:
            await _failed(runtime, row, login, present)
        raise WrongCredentials()
    runtime.sign_ins.succeeded(login, address)
    return await _open_session(runtime, row, login, present)


async def _open_session(runtime: Runtime, row: Any, login: str, present: datetime) -> tuple[str, datetime]:
    token = secrets.token_urlsafe(32)
    expires = present + timedelta(hours=runtime.settings.session_hours)
    async with runtime.unit() as uow:
        await uow.execute("UPDATE account SET failures = 0, resting_until = NULL WHERE id = $1", row["id"])
        await uow.execute("DELETE FROM session WHERE account_id = $1 AND expires_at < $2", row["id"], present)
        await uow.execute(
            "INSERT INTO session (token_hash, account_id, created_at, expires_at) VALUES ($1, $2, $3, $4)",
            token_hash(token),
            row["id"],
            present,
            expires,
        )
        await uow.record("account.signed_in", row["adcode"], account=row["id"], login=login)
        await uow.commit()
    return token, expires


async def _failed(runtime: Runtime, row: Any, login: str, present: datetime) -> None:
    settings = runtime.settings
    async with runtime.unit() as uow:
        failures = await uow.fetchval(
            "UPDATE account SET failures = failures + 1 WHERE id = $1 RETURNING failures", row["id"]
        )
        if failures >= settings.login_attempts * FROM_EVERYWHERE:
            rest = present + timedelta(minutes=settings.login_rest_minutes)
            await uow.execute("UPDATE account SET failures = 0, resting_until = $2 WHERE id = $1", row["id"], rest)
        await uow.record("account.sign_in_failed", row["adcode"], login=login)
        await uow.commit()


async def sign_out(uow: UnitOfWork, token: str) -> None:
    """End a session on every node."""
    await uow.execute("DELETE FROM session WHERE token_hash = $1", token_hash(token))
    await uow.tell("session")


async def principal_of(uow: UnitOfWork, token: str) -> Principal | None:
    """Who a session token belongs to; None when it is unknown or over."""
    row = await uow.fetchrow(PRINCIPAL_SQL, token_hash(token), datetime.now(tz=UTC))
    if row is None:
        return None
    return Principal(row["id"], row["login"], row["display"], Role(row["role"]), Scope(row["adcode"]), row["uscc"])
