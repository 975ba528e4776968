"""What everybody does with his own account: password, sessions."""

from __future__ import annotations

from typing import Any

from service.accounts import factors
from service.accounts.flows import end_sessions
from service.accounts.passwords import hash_password, matches, turn
from service.accounts.policy import check_password
from service.accounts.roles import Principal
from service.kit.problems import Forbidden, Invalid, TooManyAttempts, Unknown
from service.kit.runtime import Runtime
from service.kit.unit_of_work import UnitOfWork, beijing


async def change_password(runtime: Runtime, principal: Principal, old: str, new: str, address: str) -> None:
    """A new password; every other session ends. Raises Invalid for a weak or equal one, Forbidden for a wrong old one.

    No database connection is held while passwords are hashed.
    """
    if principal.key_scopes is not None:
        raise Forbidden("A key changes no password; sign in.", detail_zh="接口密钥不能修改密码，请登录后办理。")
    tries = f"password:{principal.login}"
    if not runtime.sign_ins.begin(tries, address, factors.present(), known=True):
        raise TooManyAttempts(
            "Too many wrong passwords; try again later.",
            headers={"Retry-After": "60"},
            detail_zh="密码错误次数过多，请稍后再试。",
        )
    check_password(new, principal.login)
    if old == new:
        raise Invalid("The new password is the old one; choose another.", detail_zh="新密码与原密码相同，请另选。")
    async with runtime.unit() as uow:
        stored = await uow.fetchval("SELECT password_hash FROM account WHERE id = $1", principal.account_id)
    async with turn(known=True, whose=principal.login):
        right = await matches(old, stored)
    if not right:
        async with runtime.unit() as uow:
            await uow.record("account.password_refused", principal.scope.adcode, account=principal.account_id)
            await uow.commit()
        raise Forbidden("The present password is wrong.", detail_zh="原密码不正确。")
    runtime.sign_ins.succeeded(tries, address)
    hashed = await hash_password(new)
    async with runtime.unit() as uow:
        await uow.execute(
            "UPDATE account SET password_hash = $2, must_change = false, code_hash = NULL WHERE id = $1",
            principal.account_id,
            hashed,
        )
        await end_sessions(uow, principal.account_id, but=principal.session_id)
        await uow.record(
            "account.password_changed", principal.scope.adcode, account=principal.account_id, login=principal.login
        )
        await uow.commit()


async def sessions_of(uow: UnitOfWork, account_id: int, present_one: int | None = None) -> list[dict[str, Any]]:
    """Open sessions of an account, the newest use first."""
    rows = await uow.fetch(
        "SELECT id, created_at, last_seen_at, expires_at, address, agent, means FROM session"
        " WHERE account_id = $1 AND NOT pending AND expires_at > $2 ORDER BY last_seen_at DESC, id DESC LIMIT 100",
        account_id,
        factors.present(),
    )
    return [
        {
            "id": row["id"],
            "current": row["id"] == present_one,
            "created_at": beijing(row["created_at"]),
            "last_seen_at": beijing(row["last_seen_at"]),
            "expires_at": beijing(row["expires_at"]),
            "address": row["address"],
            "agent": row["agent"],
            "means": row["means"],
        }
        for row in rows
    ]


async def end_session(uow: UnitOfWork, principal: Principal, session_id: int) -> None:
    """End one of one's own sessions, on every node. Raises Unknown."""
    gone = await uow.fetchval(
        "DELETE FROM session WHERE id = $1 AND account_id = $2 RETURNING id", session_id, principal.account_id
    )
    if gone is None:
        raise Unknown(f"You have no session {session_id}.", detail_zh=f"您没有第 {session_id} 号会话。")
    await uow.record("account.sessions_ended", principal.scope.adcode, account=principal.account_id, sessions=1)
    await uow.tell("session")
