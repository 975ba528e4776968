"""Sign-in with password and second factor, sign-out, and who a session belongs to. Sessions live in real time."""

from __future__ import annotations

import hashlib
import secrets
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from service.accounts import devices, factors
from service.accounts.passwords import hash_password, matches, turn
from service.accounts.roles import TAKERS, Principal, Role, Scope, StandIn
from service.accounts.seal import seal_of
from service.accounts.throttle import place_of
from service.kit.problems import Busy, Conflict, NoRole, NotSignedIn, TooManyAttempts, WrongCredentials
from service.kit.unit_of_work import UnitOfWork

if TYPE_CHECKING:
    from service.kit.runtime import Runtime

NOBODY = "$argon2id$v=19$m=65536,t=3,p=4$c29tZXNhbHRzb21lc2FsdA$wJ2GmP9vVJ6mTq0pBqg0Zs2a2oVKiTB2CFJHkYtXwT8"
"""A hash nobody's password has: an unknown login takes as long as a known one."""
FROM_EVERYWHERE = 10
"""An account rests after this many times the failures that one address is allowed."""
PENDING = timedelta(minutes=5)
"""How long a sign-in waits for the second factor."""
FAMILIAR = timedelta(days=30)
"""From where an account signed in this lately it may still try while it rests; a choice."""
SEEN_EVERY = timedelta(seconds=30)
MOST_SESSIONS = 20
"""Sessions of one account that are open at once, and as many that wait for the factor; beyond, the oldest ends. A choice."""
LONGEST_AGENT = 200
ACCOUNT_SQL = "SELECT id, login, role, password_hash, adcode, enabled, resting_until FROM account WHERE "
CROWDED_OUT_SQL = """
DELETE FROM session WHERE account_id = $1 AND pending = $2
AND id NOT IN (SELECT id FROM session WHERE account_id = $1 AND pending = $2 ORDER BY id DESC LIMIT $3) RETURNING id
"""
PRINCIPAL_SQL = """
SELECT a.id, a.login, a.display, a.role, a.adcode, a.uscc, a.must_change, s.id AS session_id, s.last_seen_at
FROM session s JOIN account a ON a.id = s.account_id
WHERE s.token_hash = $1 AND s.expires_at > $2 AND s.last_seen_at > $3 AND NOT s.pending AND a.enabled AND a.role IS NOT NULL
"""
STAND_INS_SQL = """
SELECT d.id, d.from_account_id, d.adcode, d.valid_until, a.display, d.role, a.adcode AS home, t.role AS taker
FROM delegation d JOIN account a ON a.id = d.from_account_id JOIN account t ON t.id = d.to_account_id
WHERE d.to_account_id = $1 AND d.ended_at IS NULL AND d.valid_from <= $2 AND d.valid_until > $2 AND a.enabled AND a.role = d.role
ORDER BY d.id
"""


@dataclass(frozen=True)
class Caller:
    """Where a sign-in comes from and by which means."""

    address: str
    agent: str = ""
    means: str = "password"
    device: str = ""
    """The cookie of a browser that signed in before; see `devices`."""


@dataclass(frozen=True)
class SignedIn:
    """A new session. A pending one opens nothing until the second factor is given."""

    token: str
    expires: datetime
    pending: bool = False
    login: str = ""
    stored: str = field(default="", repr=False)
    """The account's password hash, which its browsers are bound to."""


def token_hash(token: str) -> str:
    """What is stored of a session token."""
    return hashlib.sha256(token.encode()).hexdigest()


async def create_account(
    uow: UnitOfWork, *, login: str, password: str, display: str, role: Role, adcode: str, uscc: str | None = None
) -> int:
    """Open an account with its role at once, as the operator does on the machine itself. Raises Conflict for a taken login."""
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


async def sign_in(
    runtime: Runtime,
    login: str,
    password: str,
    address: str,
    *,
    code: str | None = None,
    agent: str = "",
    device: str = "",
) -> tuple[str, datetime]:
    """Check a password, and the second factor where there is one, and open a session; its token and its end (real time).

    `address` is where the caller comes from, `device` his browser's cookie. No database connection is held while the password is
    hashed. Raises WrongCredentials, FactorNeeded, FactorWrong, NoRole, or TooManyAttempts for too many tries of this login from
    this address or browser, for an account that rests, and when too many wait.
    """
    row = await _prove(runtime, login, password, Caller(address, agent, device=device))
    async with runtime.unit() as uow:
        means = "password"
        if await factors.state_of(uow, row["id"]) == "active":
            await factors.check(uow, row["id"], row["adcode"], row["login"], code, factors.AT_SIGN_IN)
            means = "password+factor"
        opened = await open_session(uow, row, Caller(address, agent, means))
        await uow.commit()
    return opened.token, opened.expires


async def begin_sign_in(runtime: Runtime, login: str, password: str, caller: Caller) -> SignedIn:
    """The first step of the sign-in page: an open session, or a pending one that waits for the second factor."""
    row = await _prove(runtime, login, password, caller)
    async with runtime.unit() as uow:
        pending = await factors.state_of(uow, row["id"]) == "active"
        opened = await open_session(uow, row, caller, pending=pending)
        await uow.commit()
    return opened


async def finish_sign_in(runtime: Runtime, pending: str, code: str | None, caller: Caller) -> SignedIn:
    """The second step: the code turns a pending session into a new one. Raises NotSignedIn when it has run out."""
    async with runtime.unit() as uow:
        found = await uow.fetchrow(
            "SELECT account_id, means FROM session WHERE token_hash = $1 AND pending AND expires_at > $2",
            token_hash(pending),
            factors.present(),
        )
        row = None if found is None else await uow.fetchrow(ACCOUNT_SQL + "id = $1", found["account_id"])
        if found is None or row is None or not row["enabled"]:
            raise NotSignedIn(
                "This sign-in waited too long; begin again with login and password.",
                detail_zh="等待时间过长，请用账号密码重新登录。",
            )
        await factors.check(uow, row["id"], row["adcode"], row["login"], code, factors.AT_SIGN_IN)
        await uow.execute("DELETE FROM session WHERE token_hash = $1", token_hash(pending))
        opened = await open_session(uow, row, Caller(caller.address, caller.agent, f"{found['means']}+factor"))
        await uow.commit()
    return opened


async def _prove(runtime: Runtime, login: str, password: str, caller: Caller) -> Any:
    """The account whose password this is.

    A browser with which it signed in lately is counted by itself, and the account's rest does not hold there; nor does it hold
    where the account was lately.
    """
    present = datetime.now(tz=UTC)
    async with runtime.unit() as uow:
        row = await uow.fetchrow(ACCOUNT_SQL + "login = $1", login)
        familiar = await _familiar(uow, row["id"] if row else 0, caller.address, present)
    device = devices.known(runtime.settings, caller.device, login, row["password_hash"] if row else NOBODY, present)
    counted = runtime.sign_ins.begin_sign_in(login, caller.address, device, present, familiar=familiar)
    if counted.refused:
        if counted.just_now:
            await note_stranger(runtime, "account.locked_out", login, caller.address, present)
        raise _resting()
    known = row is not None and counted.known
    rests = row is not None and row["resting_until"] is not None and row["resting_until"] > present
    if rests and not known:
        raise _resting()
    async with turn(known=known, whose=login if known else place_of(caller.address)):
        right = await matches(password, row["password_hash"] if row else NOBODY)
    if row is None or not right or not row["enabled"]:
        if row is not None:
            await _failed(runtime, row, login, caller.address, present)
        else:
            await note_stranger(runtime, "account.sign_in_failed", login, caller.address, present)
        raise WrongCredentials()
    runtime.sign_ins.succeeded(login, counted.place)
    if row["role"] is None:
        raise NoRole()
    return row


def _resting() -> TooManyAttempts:
    return TooManyAttempts(
        "Too many sign-ins failed; try again later.",
        headers={"Retry-After": "60"},
        detail_zh="登录失败次数过多，请稍后再试。",
    )


async def _familiar(uow: UnitOfWork, account_id: int, address: str, present: datetime) -> bool:
    """Whether the account signed in from there lately: its owner is not kept out by failures from elsewhere."""
    return bool(
        await uow.fetchval(
            "SELECT 1 FROM familiar_place WHERE account_id = $1 AND place = $2 AND last_at > $3",
            account_id,
            place_of(address),
            present - FAMILIAR,
        )
    )


async def _remember_place(uow: UnitOfWork, account_id: int, address: str, present: datetime) -> None:
    await uow.execute(
        "DELETE FROM familiar_place WHERE account_id = $1 AND last_at <= $2", account_id, present - FAMILIAR
    )
    await uow.execute(
        "INSERT INTO familiar_place (account_id, place, last_at) VALUES ($1, $2, $3)"
        " ON CONFLICT (account_id, place) DO UPDATE SET last_at = excluded.last_at",
        account_id,
        place_of(address),
        present,
    )


async def open_session(uow: UnitOfWork, row: Any, caller: Caller, *, pending: bool = False) -> SignedIn:
    """A session with a fresh token, never one the caller brought; those that are over go, as do the oldest beyond MOST_SESSIONS."""
    present = factors.present()
    settings = uow.runtime.settings
    token = secrets.token_urlsafe(32)
    expires = present + (PENDING if pending else timedelta(hours=settings.session_hours))
    idle = timedelta(minutes=settings.session_idle_minutes)
    if not pending:
        await uow.execute(
            "UPDATE account SET failures = 0, resting_until = NULL, last_signed_in_at = $2 WHERE id = $1",
            row["id"],
            present,
        )
    await uow.execute(
        "DELETE FROM session WHERE account_id = $1 AND (expires_at < $2 OR last_seen_at < $3)",
        row["id"],
        present,
        present - idle,
    )
    await uow.execute(
        "INSERT INTO session (token_hash, account_id, created_at, expires_at, last_seen_at, address, agent, means, pending)"
        " VALUES ($1, $2, $3, $4, $3, $5, $6, $7, $8)",
        token_hash(token),
        row["id"],
        present,
        expires,
        caller.address,
        caller.agent[:LONGEST_AGENT],
        caller.means,
        pending,
    )
    if await uow.fetch(CROWDED_OUT_SQL, row["id"], pending, MOST_SESSIONS):
        await uow.tell("session")
    if not pending:
        await _remember_place(uow, row["id"], caller.address, present)
        await uow.record(
            "account.signed_in",
            row["adcode"],
            account=row["id"],
            login=row["login"],
            means=caller.means,
            address=caller.address,
        )
    return SignedIn(token, expires, pending, row["login"], row["password_hash"])


async def _failed(runtime: Runtime, row: Any, login: str, address: str, present: datetime) -> None:
    settings = runtime.settings
    async with runtime.unit() as uow:
        failures = await uow.fetchval(
            "UPDATE account SET failures = failures + 1 WHERE id = $1 RETURNING failures", row["id"]
        )
        if failures >= settings.login_attempts * FROM_EVERYWHERE:
            rest = present + timedelta(minutes=settings.login_rest_minutes)
            await uow.execute("UPDATE account SET failures = 0, resting_until = $2 WHERE id = $1", row["id"], rest)
            await uow.record("account.locked", row["adcode"], account=row["id"], login=login)
        await uow.record("account.sign_in_failed", row["adcode"], login=login, address=address)
        await uow.commit()


async def note_stranger(runtime: Runtime, kind: str, login: str, address: str, present: datetime) -> None:
    """Put a failure of an unknown login on the ledger: its keyed hash (people type passwords there), so many an hour.

    Without a key the hash is null: the caller is answered as ever, and learns nothing about the login.
    """
    left_out = runtime.sign_ins.unknown.take(present)
    if left_out is None:
        return
    about: str | None
    try:
        about = seal_of(runtime.settings).digest("login", login)[:16]
    except Busy:
        about = None
    async with runtime.unit() as uow:
        await uow.record(kind, None, login_hash=about, address=address, left_out=left_out)
        await uow.commit()


async def sign_out(uow: UnitOfWork, token: str) -> None:
    """End a session on every node."""
    row = await uow.fetchrow(
        "DELETE FROM session s USING account a WHERE s.token_hash = $1 AND a.id = s.account_id"
        " RETURNING a.id, a.adcode, s.pending",
        token_hash(token),
    )
    if row is not None and not row["pending"]:
        await uow.record("account.signed_out", row["adcode"], account=row["id"])
    await uow.tell("session")


async def end_sessions(uow: UnitOfWork, account_id: int, *, but: int | None = None) -> int:
    """End every session of an account on every node, except one; how many there were."""
    rows = await uow.fetch(
        "DELETE FROM session WHERE account_id = $1 AND id IS DISTINCT FROM $2 RETURNING id", account_id, but
    )
    await uow.tell("session")
    return len(rows)


async def principal_of(uow: UnitOfWork, token: str, *, active: bool = True) -> Principal | None:
    """Who a session token belongs to; None when it is unknown or over, or was not used for too long.

    An `active` call is one that a person made, not the polling of an open page; it keeps the session alive.
    """
    present = datetime.now(tz=UTC)
    key = token_hash(token)
    idle = timedelta(minutes=uow.runtime.settings.session_idle_minutes)
    row = await uow.fetchrow(PRINCIPAL_SQL, key, present, present - idle)
    if row is None:
        return None
    role = Role(row["role"])
    stand_ins = () if role is Role.ENTERPRISE else await stand_ins_of(uow, row["id"])
    if active and row["last_seen_at"] < present - min(SEEN_EVERY, idle / 4):
        await uow.execute("UPDATE session SET last_seen_at = $2 WHERE token_hash = $1", key, present)
        await uow.commit()
    return Principal(
        row["id"],
        row["login"],
        row["display"],
        role,
        Scope(row["adcode"]),
        row["uscc"],
        stand_ins=stand_ins,
        session_id=row["session_id"],
        must_change=row["must_change"],
    )


async def stand_ins_of(uow: UnitOfWork, account_id: int) -> tuple[StandIn, ...]:
    """Whom an account stands in for at this instant of the service's clock: each still in the role that was lent."""
    return tuple(
        StandIn(
            row["id"],
            row["from_account_id"],
            row["display"],
            Role(row["role"]),
            Scope(row["adcode"]),
            row["valid_until"],
        )
        for row in await uow.fetch(STAND_INS_SQL, account_id, uow.now)
        if row["taker"] in TAKERS.get(Role(row["role"]), ()) and Scope(row["home"]).covers(row["adcode"])
    )
