"""The account book: what the administrator and the security administrator of a region do, each his half.

The administrator opens accounts without rights, resets passwords and unlocks. The security administrator grants role and region,
enables, takes factors and keys away. Nobody touches himself, and what gives rights or hands over an official's account takes two.
"""

from __future__ import annotations

import secrets
from datetime import timedelta
from typing import Any

from emission_lists.identifiers import uscc_problem
from service.accounts import factors
from service.accounts.delegations import end_all
from service.accounts.flows import NOBODY, end_sessions
from service.accounts.keys import revoke_all
from service.accounts.organisations import check_joins, still_of
from service.accounts.passwords import hash_password
from service.accounts.policy import check_password
from service.accounts.roles import Principal, Role
from service.accounts.seal import seal_of
from service.kit.problems import Conflict, Forbidden, Invalid, TooManyAttempts, Unknown, WrongCredentials
from service.kit.runtime import Runtime
from service.kit.unit_of_work import UnitOfWork, beijing
from service.subscriptions import keeping

CODE_LIFE = timedelta(hours=72)
"""How long a one-time code for a first or new password holds; a choice."""
UNLOCK_FACTOR_SQL = """
UPDATE factor SET failures = 0, resting_until = NULL, sign_in_failures = 0, sign_in_resting_until = NULL WHERE account_id = $1
"""
REDEEMABLE = "login = $1 AND code_hash = $2 AND code_expires_at > $3"
USCC_FAULTS = {
    "length": ("A credit code (uscc) has 18 characters.", "统一社会信用代码应为 18 位。"),
    "characters": (
        "A credit code (uscc) has digits and capitals other than I, O, S, V and Z, in their places; check it.",
        "统一社会信用代码含有不允许的字符或位置不对，请核对。",
    ),
    "check": (
        "The check digit of the credit code (uscc) is wrong; check it.",
        "统一社会信用代码的校验位不正确，请核对。",
    ),
}
ROW_SQL = """
SELECT a.*, o.name AS organisation, f.confirmed_at AS factor_since,
    (SELECT count(*) FROM session s WHERE s.account_id = a.id AND NOT s.pending AND s.expires_at > $1) AS sessions
FROM account a LEFT JOIN organisation o ON o.id = a.organisation_id LEFT JOIN factor f ON f.account_id = a.id
"""


def shown(row: Any) -> dict[str, Any]:
    """An account without anything that it is checked by."""
    return {
        "id": row["id"],
        "login": row["login"],
        "display": row["display"],
        "role": row["role"],
        "adcode": row["adcode"],
        "uscc": row["uscc"],
        "organisation": row["organisation"],
        "post": row["post"],
        "enabled": row["enabled"],
        "resting_until": beijing(row["resting_until"]),
        "factor": "none" if row["factor_since"] is None else "active",
        "external_id": row["external_id"],
        "opened_by": row["opened_by"],
        "granted_by": row["granted_by"],
        "waits_for_second": row["reset_by"] is not None,
        "sessions": row["sessions"],
        "last_signed_in_at": beijing(row["last_signed_in_at"]),
    }


async def page(
    uow: UnitOfWork, principal: Principal, after: int | None, size: int, find: str = ""
) -> list[dict[str, Any]]:
    """Accounts of the region by number, those whose login or name has `find` in it. Raises Forbidden."""
    _reader(principal)
    rows = await uow.fetch(
        ROW_SQL
        + "WHERE a.adcode LIKE $2 || '%' AND a.id > $3 AND ($5 = '' OR strpos(lower(a.login || ' ' || a.display), $5) > 0)"
        " ORDER BY a.id LIMIT $4",
        factors.present(),
        principal.scope.prefix,
        after or 0,
        size,
        find.strip().lower(),
    )
    return [shown(row) for row in rows]


async def one(uow: UnitOfWork, principal: Principal, account_id: int) -> dict[str, Any]:
    """One account of the region. Raises Forbidden, Unknown."""
    _reader(principal)
    row = await uow.fetchrow(
        ROW_SQL + "WHERE a.id = $2 AND a.adcode LIKE $3 || '%'", factors.present(), account_id, principal.scope.prefix
    )
    if row is None:
        raise Unknown(
            f"There is no account {account_id} in your region.", detail_zh=f"您的区域内没有第 {account_id} 号账户。"
        )
    return shown(row)


async def _locked(uow: UnitOfWork, principal: Principal, account_id: int) -> Any:
    """The account's row, locked. Raises Unknown outside the region, Forbidden for oneself."""
    row = await uow.fetchrow(
        "SELECT * FROM account WHERE id = $1 AND adcode LIKE $2 FOR UPDATE", account_id, principal.scope.prefix + "%"
    )
    if row is None:
        raise Unknown(
            f"There is no account {account_id} in your region.", detail_zh=f"您的区域内没有第 {account_id} 号账户。"
        )
    if row["id"] == principal.account_id:
        raise Forbidden(
            "Nobody administers himself; another administrator does it.",
            detail_zh="任何人不得管理自己的账户，请由其他管理员办理。",
        )
    return row


def _reader(principal: Principal) -> None:
    if not principal.may_see_accounts:
        raise Forbidden(
            "Accounts are seen by the administrators and the auditor of the region.",
            detail_zh="账户由本区域的管理员和审计员查看。",
        )


def _operator(principal: Principal) -> None:
    if not principal.may_open_accounts:
        raise Forbidden(
            "This is done by the system administrator of the region.", detail_zh="此项由本区域的系统管理员办理。"
        )


def _security(principal: Principal) -> None:
    if not principal.may_grant:
        raise Forbidden(
            "This is done by the security administrator of the region.", detail_zh="此项由本区域的安全管理员办理。"
        )


async def open_account(
    uow: UnitOfWork,
    principal: Principal,
    *,
    login: str,
    display: str,
    adcode: str,
    organisation_id: int | None = None,
    post: str | None = None,
    uscc: str | None = None,
    external_id: str | None = None,
) -> dict[str, Any]:
    """Open an account without rights; the answer tells the one-time code once. Raises Forbidden, Invalid, Conflict."""
    _operator(principal)
    if not principal.scope.covers(adcode):
        raise Forbidden(f"{adcode} lies outside your region.", detail_zh=f"{adcode} 不在您的区域内。")
    await _check_organisation(uow, organisation_id, adcode)
    known = await uscc_known(uow, uscc) if uscc else None
    code = _new_code()
    account_id = await uow.fetchval(
        "INSERT INTO account (login, display, password_hash, adcode, uscc, organisation_id, post, external_id, enabled, failures,"
        " created_at, opened_by, must_change, code_hash, code_expires_at)"
        " VALUES ($1, $2, $3, $4, $5, $6, $7, $8, true, 0, $9, $10, false, $11, $12) ON CONFLICT DO NOTHING RETURNING id",
        login,
        display,
        NOBODY,
        adcode,
        uscc,
        organisation_id,
        post,
        external_id,
        uow.now,
        principal.account_id,
        _code_hash(uow.runtime, login, code),
        factors.present() + CODE_LIFE,
    )
    if account_id is None:
        raise Conflict(
            f"The login {login} (or the external id) is taken; choose another.",
            detail_zh=f"账号 {login}（或统一身份认证标识）已被占用，请另选。",
        )
    await uow.record(
        "account.opened", adcode, account=account_id, login=login, role=None, uscc=uscc, by=principal.account_id
    )
    told = {"id": account_id, "login": login, "code": code, "code_expires_at": beijing(factors.present() + CODE_LIFE)}
    return told if known is None else told | {"uscc_known": known}


async def _check_organisation(uow: UnitOfWork, organisation_id: int | None, adcode: str) -> None:
    if organisation_id is None:
        return
    home = await check_joins(uow, organisation_id)
    if home != adcode:
        raise Invalid(
            f"Organisation {organisation_id} is none of {adcode}; see GET /api/v1/organisations.",
            detail_zh=f"第 {organisation_id} 号机构不属于 {adcode}，请从本行政区的机构中选择。",
        )


async def uscc_known(uow: UnitOfWork, uscc: str) -> bool:
    """Whether a list or a permit register knows the enterprise. Raises Invalid for a code whose check digit is wrong."""
    problem = uscc_problem(uscc)
    if problem is not None:
        english, chinese = USCC_FAULTS[problem]
        raise Invalid(english, detail_zh=chinese)
    return bool(
        await uow.fetchval(
            "SELECT EXISTS (SELECT 1 FROM list_enterprise WHERE uscc = $1) OR EXISTS (SELECT 1 FROM permit WHERE uscc = $1)",
            uscc,
        )
    )


async def take_away(uow: UnitOfWork, row: Any, cause: str, by: int | None) -> int:
    """End everything by which an account acts without its owner at the door: sessions, keys, stand-ins; how many sessions."""
    await revoke_all(uow, row["id"], row["adcode"], cause, by)
    await end_all(uow, row["id"], cause, by)
    return await end_sessions(uow, row["id"])


async def grant(uow: UnitOfWork, principal: Principal, account_id: int, role: Role, adcode: str) -> None:
    """Give role and region, by somebody other than who opened the account; what was lent from and to it before ends.

    It leaves an organisation whose division is not that of the grant. Raises Forbidden, Unknown, Invalid.
    """
    _security(principal)
    row = await _locked(uow, principal, account_id)
    if not principal.scope.covers(adcode):
        raise Forbidden(f"{adcode} lies outside your region.", detail_zh=f"{adcode} 不在您的区域内。")
    if row["opened_by"] == principal.account_id:
        raise Forbidden(
            "You opened this account; somebody else grants its role (two persons).",
            detail_zh="该账户由您开立，须由另一人授权（两人操作）。",
        )
    if (role is Role.ENTERPRISE) != (row["uscc"] is not None):
        raise Invalid(
            "The role enterprise goes with a credit code (uscc), and no other role does.",
            detail_zh="企业角色须有统一社会信用代码，其他角色不得有。",
        )
    if row["uscc"] is not None:
        await uscc_known(uow, row["uscc"])
    await uow.execute(
        "UPDATE account SET role = $2, adcode = $3, granted_by = $4, organisation_id = $5 WHERE id = $1",
        account_id,
        role.value,
        adcode,
        principal.account_id,
        await still_of(uow, row["organisation_id"], adcode),
    )
    await uow.record(
        "account.granted",
        adcode,
        account=account_id,
        login=row["login"],
        role=role.value,
        was={"role": row["role"], "adcode": row["adcode"]},
        by=principal.account_id,
    )
    if (role.value, adcode) != (row["role"], row["adcode"]):
        await keeping.end_all(uow, account_id, "account.granted", principal.account_id)
    await end_all(uow, account_id, "account.granted", principal.account_id)
    await end_sessions(uow, account_id)


async def disable(uow: UnitOfWork, principal: Principal, account_id: int, reason: str) -> None:
    """Shut an account out on every node, with its keys and stand-ins. Either administrator. Raises Forbidden, Unknown, Conflict."""
    if not (principal.may_grant or principal.may_open_accounts):
        raise Forbidden("This is done by an administrator of the region.", detail_zh="此项由本区域的管理员办理。")
    row = await _locked(uow, principal, account_id)
    if not row["enabled"]:
        raise Conflict("The account is disabled already.", detail_zh="该账户已经停用。")
    await uow.execute("UPDATE account SET enabled = false WHERE id = $1", account_id)
    await keeping.end_all(uow, account_id, "account.disabled", principal.account_id)
    ended = await take_away(uow, row, "account.disabled", principal.account_id)
    await uow.record(
        "account.disabled",
        row["adcode"],
        account=account_id,
        login=row["login"],
        reason=reason,
        sessions=ended,
        by=principal.account_id,
    )


async def enable(uow: UnitOfWork, principal: Principal, account_id: int) -> None:
    """Let an account in again; after a reset of its password by somebody else.

    Raises Forbidden, Unknown, Conflict, also while its organisation is closed.
    """
    _security(principal)
    row = await _locked(uow, principal, account_id)
    if row["enabled"]:
        raise Conflict("The account is enabled already.", detail_zh="该账户已经启用。")
    if row["reset_by"] == principal.account_id:
        raise Forbidden(
            "You reset its password; somebody else enables it (two persons).",
            detail_zh="该账户的密码由您重置，须由另一人启用（两人操作）。",
        )
    await check_joins(uow, row["organisation_id"])
    await uow.execute("UPDATE account SET enabled = true, reset_by = NULL WHERE id = $1", account_id)
    await uow.record("account.enabled", row["adcode"], account=account_id, login=row["login"], by=principal.account_id)


async def unlock(uow: UnitOfWork, principal: Principal, account_id: int) -> None:
    """End the rest after too many failures, on this node and in the book. Raises Forbidden, Unknown."""
    _operator(principal)
    row = await _locked(uow, principal, account_id)
    await uow.execute("UPDATE account SET failures = 0, resting_until = NULL WHERE id = $1", account_id)
    await uow.execute(UNLOCK_FACTOR_SQL, account_id)
    uow.runtime.sign_ins.forget(row["login"])
    await uow.record("account.unlocked", row["adcode"], account=account_id, login=row["login"], by=principal.account_id)


async def reset_password(uow: UnitOfWork, principal: Principal | None, account_id: int) -> dict[str, Any]:
    """A one-time code for a new password; the old one, sessions, keys and stand-ins end. `principal` None: the operator on the machine.

    An official's account waits, disabled, until a security administrator enables it: a reset by one person hands nobody an
    account with rights. Raises Forbidden, Unknown.
    """
    if principal is None:
        row = await uow.fetchrow("SELECT * FROM account WHERE id = $1 FOR UPDATE", account_id)
        if row is None:
            raise Unknown(f"There is no account {account_id}.", detail_zh=f"没有第 {account_id} 号账户。")
    else:
        _operator(principal)
        row = await _locked(uow, principal, account_id)
    waits = principal is not None and row["role"] not in {None, Role.ENTERPRISE.value}
    by = None if principal is None else principal.account_id
    code = _new_code()
    await uow.execute(
        "UPDATE account SET password_hash = $2, code_hash = $3, code_expires_at = $4, enabled = enabled AND NOT $5,"
        " reset_by = CASE WHEN $5 THEN $6::bigint ELSE reset_by END WHERE id = $1",
        account_id,
        NOBODY,
        _code_hash(uow.runtime, row["login"], code),
        factors.present() + CODE_LIFE,
        waits,
        by,
    )
    await take_away(uow, row, "account.password_reset", by)
    await uow.record(
        "account.password_reset", row["adcode"], account=account_id, login=row["login"], waits=waits, by=by
    )
    return {"code": code, "code_expires_at": beijing(factors.present() + CODE_LIFE), "waits_for_second": waits}


async def bind(uow: UnitOfWork, principal: Principal, account_id: int, external_id: str | None) -> bool:
    """Bind an account to an identity of the OpenID provider, or unbind it; whether it now waits for a second person.

    It opens a way in, so an official's account waits as after a reset. Raises Forbidden, Unknown, Conflict for a taken identity.
    """
    _operator(principal)
    row = await _locked(uow, principal, account_id)
    if external_id is not None and await uow.fetchval(
        "SELECT 1 FROM account WHERE external_id = $1 AND id <> $2", external_id, account_id
    ):
        raise Conflict("Another account is bound to this identity.", detail_zh="该身份标识已绑定其他账户。")
    waits = external_id is not None and row["role"] not in {None, Role.ENTERPRISE.value}
    await uow.execute(
        "UPDATE account SET external_id = $2, enabled = enabled AND NOT $3,"
        " reset_by = CASE WHEN $3 THEN $4::bigint ELSE reset_by END WHERE id = $1",
        account_id,
        external_id,
        waits,
        principal.account_id,
    )
    await take_away(uow, row, "account.bound", principal.account_id)
    await uow.record(
        "account.bound",
        row["adcode"],
        account=account_id,
        login=row["login"],
        external_id=external_id,
        by=principal.account_id,
    )
    return waits


async def reset_factor(uow: UnitOfWork, principal: Principal, account_id: int) -> None:
    """Take away the factor of a lost device; sessions, keys and stand-ins end with it. Raises Forbidden, Unknown, Conflict without one."""
    _security(principal)
    row = await _locked(uow, principal, account_id)
    if not await factors.reset(uow, account_id):
        raise Conflict("The account has no second factor.", detail_zh="该账户没有启用双因素认证。")
    await take_away(uow, row, "factor.reset", principal.account_id)
    await uow.record("factor.reset", row["adcode"], account=account_id, login=row["login"], by=principal.account_id)


async def end_all_sessions(uow: UnitOfWork, principal: Principal, account_id: int) -> int:
    """End every session of somebody. Either administrator. Raises Forbidden, Unknown."""
    if not (principal.may_grant or principal.may_open_accounts):
        raise Forbidden("This is done by an administrator of the region.", detail_zh="此项由本区域的管理员办理。")
    row = await _locked(uow, principal, account_id)
    ended = await end_sessions(uow, account_id)
    await uow.record(
        "account.sessions_ended", row["adcode"], account=account_id, sessions=ended, by=principal.account_id
    )
    return ended


def _new_code() -> str:
    plain = secrets.token_hex(10).upper()
    return "-".join(plain[start : start + 5] for start in range(0, len(plain), 5))


def _code_hash(runtime: Runtime, login: str, code: str) -> str:
    return seal_of(runtime.settings).digest("one-time-code", f"{login}:{factors.written(code)}")


async def redeem(runtime: Runtime, login: str, code: str, password: str, address: str) -> None:
    """Set a password with a one-time code. Raises WrongCredentials, TooManyAttempts, Invalid for a weak password."""
    present = factors.present()
    tries = f"code:{login}"
    if not runtime.sign_ins.begin(tries, address, present):
        raise TooManyAttempts(
            "Too many wrong codes; try again later.",
            headers={"Retry-After": "60"},
            detail_zh="口令错误次数过多，请稍后再试。",
        )
    check_password(password, login)
    code_hash = _code_hash(runtime, login, code)
    async with runtime.unit() as uow:
        holds = await uow.fetchval(f"SELECT 1 FROM account WHERE {REDEEMABLE}", login, code_hash, present)
    if not holds:
        raise _wrong_code()  # before the password is hashed: guessing costs us nothing
    hashed = await hash_password(password)
    async with runtime.unit() as uow:
        row = await uow.fetchrow(
            "UPDATE account SET password_hash = $4, code_hash = NULL, code_expires_at = NULL, must_change = false"
            f" WHERE {REDEEMABLE} RETURNING id, adcode",
            login,
            code_hash,
            present,
            hashed,
        )
        if row is None:
            raise _wrong_code()
        await end_sessions(uow, row["id"])
        await uow.record("account.password_set", row["adcode"], account=row["id"], login=login)
        await uow.commit()
    runtime.sign_ins.succeeded(tries, address)


def _wrong_code() -> WrongCredentials:
    return WrongCredentials(
        "Login or code is wrong, used already or too old; ask the administrator for a new one.",
        detail_zh="账号或一次性口令错误、已使用或已过期，请向管理员索取新的口令。",
    )
