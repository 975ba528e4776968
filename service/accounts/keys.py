"""API keys of programs: `lk_<prefix>_<secret>`, for some things only, until a day, never to decide or sign."""

from __future__ import annotations

import hmac
import re
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from service.accounts import factors
from service.accounts.factors import present
from service.accounts.roles import Principal, Role, Scope
from service.accounts.seal import seal_of
from service.kit.canonical import canonical
from service.kit.problems import Conflict, Forbidden, Invalid, Unknown
from service.kit.unit_of_work import UnitOfWork, beijing

MARK = "lk_"
FORM = re.compile(r"lk_([0-9a-f]{12})_([A-Za-z0-9_-]{43})")
MOST_KEYS = 20
LONGEST_DAYS = 366
OVERLAP = timedelta(days=7)
"""After a rotation the old key holds this long, unless it ends before."""
USED_EVERY = timedelta(minutes=1)
READ = frozenset({"GET", "HEAD"})
SCOPES: dict[str, tuple[str, str]] = {
    "read": (
        "读取（不含账户、通讯录、送达与台账）",
        "Read what the role sees, without accounts, contacts, deliveries and the ledger",
    ),
    "requirements:read": ("读取企业减排要求", "Read the requirements of enterprises"),
    "evidence:write": ("上报证据数据", "Deliver evidence"),
    "reports:write": ("上报减排执行情况", "Report reductions"),
    "lists:write": ("上传清单与许可", "Upload lists and permits"),
    "subscriptions": ("管理订阅", "Keep subscriptions"),
    "ledger:read": ("读取台账", "Read the ledger"),
}
API = "/api/v1/"
READABLE = re.compile(
    r"""
    (circulars|extra-notices|findings|guarantees|guides|lists|notices|obligations|plans)(/[^/]+)?
    |(prompts|proposals|seasonal-plans|tasks|warnings)(/[^/]+)?
    |departments|deviations|evaluations|evidence|grades|permits|rules|skill
    |divisions/[^/]+(/(assessment|forecast))?
    |enterprises/[^/]+/(grades|operating-plans|requirements)
    |evidence/(inspections|templates/[^/]+)
    |grades/applications/[^/]+
    |lists/imports/[^/]+(/(errors|marked\.xlsx))?
    |lists/[^/]+/(checks|difference|difference/records|export\.xlsx|floors|records|summary)
    |obligations/[^/]+/report
    |permits/(coverage|coverage\.xlsx|template\.xlsx)
    |prompts/[^/]+/board\.csv
    |responses/[^/]+/(evaluation|reports)
    |responses/[^/]+/evaluation/(hours\.csv|lines|lines\.csv)
    """,
    re.VERBOSE,
)
"""What the scope `read` opens, address by address. Personal data are not in it: contacts, calls,
deliveries, accounts, keys, sessions, one's own."""
ADDRESSES: tuple[tuple[str, frozenset[str], re.Pattern[str]], ...] = (
    ("ledger:read", READ, re.compile(r"ledger(/.*)?")),
    ("requirements:read", READ, re.compile(r"enterprises/[^/]+/requirements")),
    ("evidence:write", frozenset({"POST"}), re.compile(r"evidence")),
    ("reports:write", frozenset({"POST"}), re.compile(r"responses/[^/]+/reports")),
    ("lists:write", frozenset({"POST", "PATCH"}), re.compile(r"(lists|lists/imports(/[^/]+)?|permits)")),
    ("subscriptions", READ | {"POST", "DELETE", "PATCH"}, re.compile(r"subscriptions(/.*)?")),
    ("read", READ, READABLE),
)
"""What each scope opens; everything else is closed to keys, also what will be added later."""
LIVE_SQL = """
SELECT k.id, k.digest, k.scopes, k.first_used_at, k.last_used_at, a.id AS account_id, a.login, a.display, a.role, a.adcode, a.uscc
FROM api_key k JOIN account a ON a.id = k.account_id
WHERE k.prefix = $1 AND k.revoked_at IS NULL AND k.expires_at > $2 AND a.enabled AND a.role IS NOT NULL
"""
COLUMNS = "id, account_id, prefix, name, scopes, created_at, expires_at, last_used_at, revoked_at, replaces"


@dataclass(frozen=True)
class NewKey:
    """A key as it is told once."""

    id: int
    key: str
    expires_at: datetime


def check_scope(principal: Principal, method: str, path: str) -> None:
    """Let a key through only where one of its scopes leads. Raises Forbidden."""
    granted = principal.key_scopes or frozenset()
    wanted = [
        scope
        for scope, methods, address in ADDRESSES
        if method in methods and path.startswith(API) and address.fullmatch(path.removeprefix(API))
    ]
    if granted.isdisjoint(wanted):
        told = f"; it needs the scope {' or '.join(wanted)}" if wanted else ": people do it, signed in"
        raise Forbidden(f"This API key may not do that{told}.", detail_zh="此接口密钥无权执行该操作。")


async def make(
    uow: UnitOfWork, principal: Principal, *, name: str, scopes: list[str], days: int, factor: str | None = None
) -> NewKey:
    """A new key of the caller's account; asks for the second factor.

    Raises Invalid, Conflict for too many, Forbidden for a key that asks, FactorNeeded, FactorWrong.
    """
    if principal.key_scopes is not None:
        raise Forbidden("A key makes no keys; sign in.", detail_zh="接口密钥不能新建密钥，请登录后办理。")
    unknown = sorted(set(scopes) - SCOPES.keys())
    if unknown or not scopes:
        raise Invalid(f"Name scopes among {', '.join(SCOPES)}.", detail_zh="请至少选择一项权限范围。")
    if not 1 <= days <= LONGEST_DAYS:
        raise Invalid(
            f"A key holds between 1 and {LONGEST_DAYS} days.", detail_zh=f"密钥有效期须为 1 至 {LONGEST_DAYS} 天。"
        )
    await uow.execute("SELECT 1 FROM account WHERE id = $1 FOR UPDATE", principal.account_id)
    count = await uow.fetchval(
        "SELECT count(*) FROM api_key WHERE account_id = $1 AND revoked_at IS NULL AND expires_at > $2",
        principal.account_id,
        present(),
    )
    if count >= MOST_KEYS:
        raise Conflict(
            f"At most {MOST_KEYS} keys at a time; revoke one that is not used.",
            detail_zh=f"同时最多 {MOST_KEYS} 个密钥，请先吊销不用的。",
        )
    await factors.confirm(uow, principal, factor)
    return await _store(uow, principal, name, sorted(set(scopes)), present() + timedelta(days=days), None)


async def _store(
    uow: UnitOfWork, principal: Principal, name: str, scopes: list[str], expires: datetime, replaces: int | None
) -> NewKey:
    prefix, secret = secrets.token_hex(6), secrets.token_urlsafe(32)
    key = f"{MARK}{prefix}_{secret}"
    key_id = await uow.fetchval(
        "INSERT INTO api_key (account_id, prefix, digest, name, scopes, created_at, expires_at, replaces)"
        " VALUES ($1, $2, $3, $4, $5, $6, $7, $8) RETURNING id",
        principal.account_id,
        prefix,
        seal_of(uow.runtime.settings).digest("key", key),
        name,
        canonical(scopes),
        present(),
        expires,
        replaces,
    )
    await uow.record(
        "key.rotated" if replaces else "key.made",
        principal.scope.adcode,
        key=key_id,
        prefix=prefix,
        account=principal.account_id,
        scopes=scopes,
        expires_at=expires,
        replaces=replaces,
    )
    return NewKey(int(key_id), key, expires)


async def rotate(uow: UnitOfWork, principal: Principal, key_id: int, factor: str | None = None) -> NewKey:
    """A new key with the scopes and the life of an old one, which holds a week more; asks for the second factor.

    Raises Unknown, Conflict, Forbidden for a key that asks, FactorNeeded, FactorWrong.
    """
    if principal.key_scopes is not None:
        raise Forbidden("A key makes no keys; sign in.", detail_zh="接口密钥不能新建密钥，请登录后办理。")
    old = await uow.fetchrow(
        f"SELECT {COLUMNS} FROM api_key WHERE id = $1 AND account_id = $2 FOR UPDATE", key_id, principal.account_id
    )
    if old is None:
        raise Unknown(f"You have no key {key_id}.", detail_zh=f"您没有第 {key_id} 号密钥。")
    now = present()
    if old["revoked_at"] is not None or old["expires_at"] <= now:
        raise Conflict("This key is over; make a new one.", detail_zh="该密钥已失效，请新建。")
    if await uow.fetchval("SELECT 1 FROM api_key WHERE replaces = $1 AND revoked_at IS NULL", key_id):
        raise Conflict(
            "This key was rotated already; rotate its successor.", detail_zh="该密钥已轮换过，请轮换它的后继密钥。"
        )
    await factors.confirm(uow, principal, factor)
    life: timedelta = old["expires_at"] - old["created_at"]
    await uow.execute("UPDATE api_key SET expires_at = least(expires_at, $2) WHERE id = $1", key_id, now + OVERLAP)
    await uow.tell("session")
    return await _store(uow, principal, old["name"], list(old["scopes"]), now + life, key_id)


async def revoke(uow: UnitOfWork, principal: Principal, key_id: int) -> None:
    """End a key at once on every node: its owner, or a security administrator of the region. Raises Unknown, Conflict."""
    row = await uow.fetchrow(
        "SELECT k.account_id, k.revoked_at, a.adcode FROM api_key k JOIN account a ON a.id = k.account_id"
        " WHERE k.id = $1 AND (k.account_id = $2 OR ($3 AND a.adcode LIKE $4 || '%')) FOR UPDATE OF k",
        key_id,
        principal.account_id,
        principal.may_grant,
        principal.scope.prefix,
    )
    if row is None:
        raise Unknown(
            f"There is no key {key_id} that you may revoke.", detail_zh=f"没有您可以吊销的第 {key_id} 号密钥。"
        )
    if row["revoked_at"] is not None:
        raise Conflict("This key was revoked already.", detail_zh="该密钥已经吊销。")
    await uow.execute(
        "UPDATE api_key SET revoked_at = $2, revoked_by = $3 WHERE id = $1", key_id, present(), principal.account_id
    )
    await uow.record("key.revoked", row["adcode"], key=key_id, account=row["account_id"], by=principal.account_id)
    await uow.tell("session")


async def revoke_all(uow: UnitOfWork, account_id: int, adcode: str, cause: str, by: int | None) -> None:
    """End every key of an account on every node; `by` None: the operator on the machine."""
    rows = await uow.fetch(
        "UPDATE api_key SET revoked_at = $2, revoked_by = $3 WHERE account_id = $1 AND revoked_at IS NULL AND expires_at > $2"
        " RETURNING id",
        account_id,
        present(),
        by,
    )
    for row in rows:
        await uow.record("key.revoked", adcode, key=row["id"], account=account_id, cause=cause, by=by or "console")
    await uow.tell("session")


async def keys_of(uow: UnitOfWork, account_id: int) -> list[dict[str, Any]]:
    """The keys of an account, newest first, without what they are checked by."""
    rows = await uow.fetch(f"SELECT {COLUMNS} FROM api_key WHERE account_id = $1 ORDER BY id DESC", account_id)
    now = present()
    return [
        {
            "id": row["id"],
            "prefix": MARK + row["prefix"],
            "name": row["name"],
            "scopes": list(row["scopes"]),
            "created_at": beijing(row["created_at"]),
            "expires_at": beijing(row["expires_at"]),
            "last_used_at": beijing(row["last_used_at"]),
            "state": "revoked" if row["revoked_at"] else "expired" if row["expires_at"] <= now else "active",
            "replaces": row["replaces"],
        }
        for row in rows
    ]


async def principal_of(uow: UnitOfWork, key: str, address: str) -> Principal | None:
    """Whose key this is, with the role and region he has now; None for one that is wrong, over or revoked."""
    form = FORM.fullmatch(key)
    if form is None:
        return None
    now = present()
    row = await uow.fetchrow(LIVE_SQL, form[1], now)
    digest = seal_of(uow.runtime.settings).digest("key", key)
    if row is None or not hmac.compare_digest(row["digest"], digest):
        await _refused(uow, form[1], address, now)
        return None
    if row["last_used_at"] is None or row["last_used_at"] < now - USED_EVERY:
        await uow.execute(
            "UPDATE api_key SET last_used_at = $2, first_used_at = coalesce(first_used_at, $2) WHERE id = $1",
            row["id"],
            now,
        )
        if row["first_used_at"] is None:
            await uow.record("key.first_used", row["adcode"], key=row["id"], account=row["account_id"], address=address)
        await uow.commit()
    return Principal(
        row["account_id"],
        row["login"],
        row["display"],
        Role(row["role"]),
        Scope(row["adcode"]),
        row["uscc"],
        key_scopes=frozenset(row["scopes"]),
    )


async def _refused(uow: UnitOfWork, prefix: str, address: str, now: datetime) -> None:
    """Note a refused key on the ledger, so many an hour."""
    left_out = uow.runtime.sign_ins.unknown.take(now)
    if left_out is not None:
        adcode = await uow.fetchval(
            "SELECT a.adcode FROM api_key k JOIN account a ON a.id = k.account_id WHERE k.prefix = $1", prefix
        )
        await uow.record("key.refused", adcode, prefix=MARK + prefix, address=address, left_out=left_out)
        await uow.commit()
