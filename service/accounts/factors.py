"""The second factor of an account: enrol, confirm, use, recover, reset. Codes are checked in real time."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Literal, NoReturn

from service.accounts import totp
from service.accounts.roles import Principal
from service.accounts.seal import Seal, seal_of
from service.kit.problems import Conflict, FactorNeeded, FactorWrong, Forbidden, TooManyAttempts
from service.kit.unit_of_work import UnitOfWork

ISSUER = "Lantian"
RECOVERY_CODES = 10
RECOVERY_BYTES = 10
TRIES = 5
REST = timedelta(minutes=15)
State = Literal["none", "active"]
Occasion = Literal["", "sign_in_"]
IN_SESSION: Occasion = ""
AT_SIGN_IN: Occasion = "sign_in_"
"""On which occasion a code is given, as the beginning of its counter's columns. Wrong ones of the two are counted apart."""
FACTOR_SQL = (
    "SELECT sealed, confirmed_at, last_step, resting_until, sign_in_resting_until FROM factor WHERE account_id = $1"
)
TAKE_STEP_SQL = "UPDATE factor SET last_step = $2 WHERE account_id = $1 AND last_step < $2 RETURNING 1"
TAKE_RECOVERY_SQL = (
    "UPDATE recovery_code SET used_at = $3 WHERE account_id = $1 AND code_hash = $2 AND used_at IS NULL RETURNING id"
)


@dataclass(frozen=True)
class Enrolment:
    """What is shown once: the secret as text, and the address of its QR code."""

    secret: str
    address: str


def present() -> datetime:
    """The real instant: apps of the people know no simulated clock."""
    return datetime.now(tz=UTC)


def written(code: str) -> str:
    """A code without the blanks and dashes people type."""
    return code.replace(" ", "").replace("-", "").strip().upper()


def _about(account_id: int) -> str:
    return f"factor:{account_id}"


async def state(uow: UnitOfWork, principal: Principal) -> State:
    """Whether the account has a confirmed factor."""
    return await state_of(uow, principal.account_id)


async def state_of(uow: UnitOfWork, account_id: int) -> State:
    """Like `state`, by account."""
    confirmed = await uow.fetchval("SELECT confirmed_at FROM factor WHERE account_id = $1", account_id)
    return "none" if confirmed is None else "active"


async def enrol(uow: UnitOfWork, principal: Principal) -> Enrolment:
    """Begin with a new secret; it counts after `activate`. Raises Conflict while a factor is active."""
    secret = totp.new_secret()
    done = await uow.fetchval(
        "INSERT INTO factor (account_id, sealed, created_at) VALUES ($1, $2, $3)"
        " ON CONFLICT (account_id) DO UPDATE SET sealed = excluded.sealed, created_at = excluded.created_at"
        " WHERE factor.confirmed_at IS NULL RETURNING account_id",
        principal.account_id,
        seal_of(uow.runtime.settings).close(secret, _about(principal.account_id)),
        present(),
    )
    if done is None:
        raise Conflict(
            "A factor is active; a security administrator resets it when the device is lost.",
            detail_zh="双因素认证已启用；设备丢失时由安全管理员重置。",
        )
    return Enrolment(totp.as_text(secret), totp.address_of(secret, principal.login, ISSUER))


async def waiting(uow: UnitOfWork, principal: Principal) -> Enrolment | None:
    """The enrolment that waits for its confirmation, to be shown again to its owner; None without one."""
    row = await uow.fetchrow(FACTOR_SQL, principal.account_id)
    if row is None or row["confirmed_at"] is not None:
        return None
    secret = seal_of(uow.runtime.settings).open(row["sealed"], _about(principal.account_id))
    return Enrolment(totp.as_text(secret), totp.address_of(secret, principal.login, ISSUER))


async def activate(uow: UnitOfWork, principal: Principal, code: str) -> list[str]:
    """Confirm the new secret by a code of the app; returns the recovery codes, told this once. Raises FactorWrong, Conflict."""
    row = await uow.fetchrow(FACTOR_SQL + " FOR UPDATE", principal.account_id)
    if row is None or row["confirmed_at"] is not None:
        raise Conflict(
            "Nothing waits for a confirmation; begin with a new enrolment.",
            detail_zh="没有待确认的双因素认证，请重新启用。",
        )
    _check_rest(row, IN_SESSION)
    secret = seal_of(uow.runtime.settings).open(row["sealed"], _about(principal.account_id))
    step = totp.matching_step(secret, written(code), present().timestamp())
    if step is None:
        await _wrong(uow, principal.account_id, principal.scope.adcode, principal.login, IN_SESSION)
    await uow.execute(
        "UPDATE factor SET confirmed_at = $2, last_step = $3, failures = 0 WHERE account_id = $1",
        principal.account_id,
        present(),
        step,
    )
    codes = await _new_recovery_codes(uow, principal.account_id)
    await uow.record("factor.enrolled", principal.scope.adcode, account=principal.account_id, login=principal.login)
    return codes


async def renew_recovery_codes(uow: UnitOfWork, principal: Principal, code: str | None) -> list[str]:
    """New recovery codes; the old ones end. Needs a code. Raises FactorNeeded, FactorWrong, Conflict without a factor."""
    if await state(uow, principal) == "none":
        raise Conflict("There is no active factor; enrol one first.", detail_zh="尚未启用双因素认证，请先启用。")
    await confirm(uow, principal, code)
    codes = await _new_recovery_codes(uow, principal.account_id)
    await uow.record("factor.recovery_renewed", principal.scope.adcode, account=principal.account_id)
    return codes


async def _new_recovery_codes(uow: UnitOfWork, account_id: int) -> list[str]:
    seal = seal_of(uow.runtime.settings)
    codes = ["-".join(_groups(secrets.token_hex(RECOVERY_BYTES).upper())) for _ in range(RECOVERY_CODES)]
    await uow.execute("DELETE FROM recovery_code WHERE account_id = $1", account_id)
    for code in codes:
        await uow.execute(
            "INSERT INTO recovery_code (account_id, code_hash) VALUES ($1, $2)",
            account_id,
            _recovery_hash(seal, account_id, code),
        )
    return codes


def _groups(text: str) -> list[str]:
    return [text[start : start + 5] for start in range(0, len(text), 5)]


def _recovery_hash(seal: Seal, account_id: int, code: str) -> str:
    return seal.digest("recovery", f"{account_id}:{written(code)}")


async def confirm(uow: UnitOfWork, principal: Principal, code: str | None) -> None:
    """Let a weighty act go on only with the caller's second factor. Call it before anything is written.

    Passes without a code when the account has no confirmed factor and the deployment asks for none. Raises FactorNeeded,
    FactorWrong (counted, also for a code used before), TooManyAttempts while the factor rests, Forbidden for an API key.
    """
    if principal.key_scopes is not None:
        raise Forbidden(
            "An API key can neither decide nor sign; a person does, signed in.",
            detail_zh="接口密钥不能审批或签署，请本人登录后办理。",
        )
    if await state(uow, principal) == "none":
        if uow.runtime.settings.require_factor:
            raise FactorNeeded(
                "This needs a second factor and your account has none; enrol one under /me.",
                detail_zh="此项须双因素认证，您尚未启用；请先在“我的账户”中启用。",
            )
        return
    await check(uow, principal.account_id, principal.scope.adcode, principal.login, code)


async def check(
    uow: UnitOfWork, account_id: int, adcode: str, login: str, code: str | None, occasion: Occasion = IN_SESSION
) -> None:
    """Take a code of the app, or a recovery code, once. Raises as `confirm`."""
    if not code or not code.strip():
        raise FactorNeeded()
    row = await uow.fetchrow(FACTOR_SQL, account_id)
    if row is None or row["confirmed_at"] is None:
        raise FactorNeeded(
            "The account has no factor any more; enrol one under /me.",
            detail_zh="该账户已没有双因素认证，请在“我的账户”中重新启用。",
        )
    _check_rest(row, occasion)
    seal = seal_of(uow.runtime.settings)
    given = written(code)
    step = totp.matching_step(seal.open(row["sealed"], _about(account_id)), given, present().timestamp())
    if step is not None and await uow.fetchval(TAKE_STEP_SQL, account_id, step):
        await _right(uow, account_id, occasion)
        return
    if len(given) == RECOVERY_BYTES * 2 and await uow.fetchval(
        TAKE_RECOVERY_SQL, account_id, _recovery_hash(seal, account_id, given), present()
    ):
        await _right(uow, account_id, occasion)
        await uow.record("factor.recovery_used", adcode, account=account_id, login=login)
        return
    await _wrong(uow, account_id, adcode, login, occasion)


async def _right(uow: UnitOfWork, account_id: int, occasion: Occasion) -> None:
    await uow.execute(f"UPDATE factor SET {occasion}failures = 0 WHERE account_id = $1", account_id)


def _check_rest(row: Any, occasion: Occasion) -> None:
    until = row[f"{occasion}resting_until"]
    if until is not None and until > present():
        raise TooManyAttempts(
            "Too many wrong codes; try again later.",
            headers={"Retry-After": "60"},
            detail_zh="动态码错误次数过多，请稍后再试。",
        )


async def _wrong(uow: UnitOfWork, account_id: int, adcode: str, login: str, occasion: Occasion) -> NoReturn:
    """Count the try in a transaction that stands, then refuse."""

    async def count(unit: UnitOfWork) -> None:
        failures = await unit.fetchval(
            f"UPDATE factor SET {occasion}failures = {occasion}failures + 1 WHERE account_id = $1"
            f" RETURNING {occasion}failures",
            account_id,
        )
        if failures is not None and failures >= TRIES:
            await unit.execute(
                f"UPDATE factor SET {occasion}failures = 0, {occasion}resting_until = $2 WHERE account_id = $1",
                account_id,
                present() + REST,
            )
            await unit.record("factor.locked", adcode, account=account_id, login=login)
        await unit.record("factor.wrong", adcode, account=account_id, login=login)

    await uow.instead(count)
    raise FactorWrong()


async def reset(uow: UnitOfWork, account_id: int) -> bool:
    """Take a factor away (the device is lost); whether there was one."""
    await uow.execute("DELETE FROM recovery_code WHERE account_id = $1", account_id)
    gone = await uow.fetchval("DELETE FROM factor WHERE account_id = $1 RETURNING account_id", account_id)
    return gone is not None
