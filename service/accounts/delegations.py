"""Delegations (委托: somebody lends his role) and stand-ins (代理: one is appointed), with dates, recorded, four eyes kept.

A delegation never widens a region: who stands in must see the division already. A role that is lent is not lent on. What was lent
is kept with it: it holds only while the giver has exactly this role and the taker one that may take it. Dates are of the
service's clock, as decisions are.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from service.accounts import factors
from service.accounts.roles import LENDABLE, TAKERS, Principal, Role, Scope
from service.kit.problems import Conflict, Forbidden, Invalid, Unknown
from service.kit.unit_of_work import UnitOfWork, beijing

LONGEST = timedelta(days=92)
"""A choice: a season. Who is away for longer is replaced."""
BACK_DATED = timedelta(minutes=5)
PAGE_SQL = """
SELECT d.*, f.display AS from_display, t.display AS to_display, t.role AS to_role
FROM delegation d JOIN account f ON f.id = d.from_account_id JOIN account t ON t.id = d.to_account_id
WHERE (d.from_account_id = $1 OR d.to_account_id = $1 OR ($2 AND f.adcode LIKE $3 || '%' AND d.adcode LIKE $3 || '%'))
    AND ($4::bigint IS NULL OR d.id < $4) ORDER BY d.id DESC LIMIT $5
"""


async def delegate(
    uow: UnitOfWork,
    principal: Principal,
    *,
    to_login: str,
    adcode: str | None,
    valid_from: datetime,
    valid_until: datetime,
    reason: str,
    from_login: str | None = None,
    factor: str | None = None,
) -> int:
    """Lend one's own role, or (security administrator, with `from_login`) appoint a stand-in for somebody of his region.

    Asks for the caller's second factor. Raises Forbidden, Unknown for accounts outside the region, Invalid for dates,
    Conflict for a second one at the same time, FactorNeeded, FactorWrong.
    """
    people = [to_login, from_login or principal.login]
    await uow.execute("SELECT 1 FROM account WHERE login = ANY($1::text[]) ORDER BY id FOR UPDATE", people)
    giver, kind = await _giver(uow, principal, from_login)
    taker = await _account(uow, to_login, principal)
    place = adcode or giver["adcode"]
    if kind == "stand_in" and not (principal.scope.covers(giver["adcode"]) and principal.scope.covers(place)):
        raise Unknown(
            f"There is no account {from_login} in your region that could act.",
            detail_zh=f"您的区域内没有可代行职责的账户 {from_login}。",
        )
    _check_dates(uow.now, valid_from, valid_until)
    _check_people(principal, giver, taker, place)
    await factors.confirm(uow, principal, factor)
    if await uow.fetchval(
        "SELECT 1 FROM delegation WHERE from_account_id = $1 AND to_account_id = $2 AND ended_at IS NULL"
        " AND valid_until > $3 AND valid_from < $4",
        giver["id"],
        taker["id"],
        valid_from,
        valid_until,
    ):
        raise Conflict(
            f"{taker['display']} stands in for {giver['display']} in that time already; end it first.",
            detail_zh=f"该时段{taker['display']}已代行{giver['display']}的职责，请先终止。",
        )
    made = await uow.fetchval(
        "INSERT INTO delegation (kind, from_account_id, to_account_id, role, adcode, valid_from, valid_until, reason, made_by, made_at)"
        " VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10) RETURNING id",
        kind,
        giver["id"],
        taker["id"],
        giver["role"],
        place,
        valid_from,
        valid_until,
        reason,
        principal.account_id,
        uow.now,
    )
    await uow.record(
        "delegation.made",
        place,
        delegation=made,
        manner=kind,
        giver=giver["id"],
        taker=taker["id"],
        role=giver["role"],
        valid_from=valid_from,
        valid_until=valid_until,
        reason=reason,
        by=principal.account_id,
    )
    await uow.tell("session")
    return int(made)


async def _giver(uow: UnitOfWork, principal: Principal, from_login: str | None) -> tuple[Any, str]:
    if from_login is None or from_login == principal.login:
        if not principal.may_lend:
            raise Forbidden(
                "Your role decides and signs nothing that could be lent.",
                detail_zh="您的角色没有可委托的审批或签署职责。",
            )
        return await _account(uow, principal.login, principal), "delegation"
    if not principal.may_grant:
        raise Forbidden(
            "A stand-in for somebody else is appointed by a security administrator.",
            detail_zh="为他人指定代理由安全管理员办理。",
        )
    return await _account(uow, from_login, principal), "stand_in"


async def _account(uow: UnitOfWork, login: str, principal: Principal) -> Any:
    row = await uow.fetchrow(
        "SELECT id, login, display, role, adcode FROM account WHERE login = $1 AND enabled AND role IS NOT NULL", login
    )
    if row is None or not (
        principal.scope.covers(row["adcode"]) or Scope(row["adcode"]).covers(principal.scope.adcode)
    ):
        raise Unknown(
            f"There is no account {login} in your region that could act.",
            detail_zh=f"您的区域内没有可代行职责的账户 {login}。",
        )
    return row


def _check_dates(now: datetime, valid_from: datetime, valid_until: datetime) -> None:
    if valid_from < now - BACK_DATED:
        raise Invalid("A delegation cannot begin in the past.", detail_zh="委托不能从过去的时间开始。")
    if valid_until <= valid_from:
        raise Invalid("The end must lie after the beginning.", detail_zh="结束时间须晚于开始时间。")
    if valid_until - valid_from > LONGEST:
        raise Invalid(
            f"At most {LONGEST.days} days; who is away for longer is replaced by a grant of the role.",
            detail_zh=f"最长 {LONGEST.days} 天；更长时间离岗的，请另行授予角色。",
        )


def _check_people(principal: Principal, giver: Any, taker: Any, place: str) -> None:
    if giver["id"] == taker["id"]:
        raise Invalid("Nobody stands in for himself.", detail_zh="本人不能代行本人的职责。")
    if giver["role"] not in LENDABLE:
        raise Invalid(
            f"The role {giver['role']} decides and signs nothing that could be lent.",
            detail_zh=f"{Role(giver['role']).zh}没有可委托的审批或签署职责。",
        )
    if taker["role"] not in TAKERS[Role(giver["role"])]:
        raise Invalid(
            f"A {taker['role']} does not stand in for a {giver['role']}: duties of command, coordination and administration"
            " stay apart.",
            detail_zh=f"{Role(taker['role']).zh}不能代行{Role(giver['role']).zh}的职责：指挥、协调与管理职责须分开。",
        )
    if taker["id"] == principal.account_id:
        raise Forbidden("Nobody appoints himself.", detail_zh="任何人不得指定自己为代理人。")
    if not Scope(giver["adcode"]).covers(place):
        raise Forbidden(
            f"{giver['display']} does not act for {place}.", detail_zh=f"{giver['display']}不负责 {place}。"
        )
    if not Scope(taker["adcode"]).covers(place):
        raise Invalid(
            f"{taker['display']} does not see {place}; a delegation does not widen a region.",
            detail_zh=f"{taker['display']}的区域不含 {place}；委托不扩大区域。",
        )


async def end(uow: UnitOfWork, principal: Principal, delegation_id: int) -> None:
    """End one before its time: who lent, who stands in, or a security administrator of the region. Raises Unknown, Conflict."""
    row = await uow.fetchrow(
        "SELECT d.id, d.adcode, d.ended_at, d.valid_until FROM delegation d JOIN account f ON f.id = d.from_account_id"
        " WHERE d.id = $1 AND ($2 IN (d.from_account_id, d.to_account_id) OR ($3 AND f.adcode LIKE $4 || '%')) FOR UPDATE OF d",
        delegation_id,
        principal.account_id,
        principal.may_grant,
        principal.scope.prefix,
    )
    if row is None:
        raise Unknown(
            f"There is no delegation {delegation_id} that you may end.",
            detail_zh=f"没有您可以终止的第 {delegation_id} 号委托。",
        )
    if row["ended_at"] is not None or row["valid_until"] <= uow.now:
        raise Conflict("This delegation is over already.", detail_zh="该委托已经结束。")
    await uow.execute(
        "UPDATE delegation SET ended_at = $2, ended_by = $3 WHERE id = $1", delegation_id, uow.now, principal.account_id
    )
    await uow.record("delegation.ended", row["adcode"], delegation=delegation_id, by=principal.account_id)
    await uow.tell("session")


async def end_all(uow: UnitOfWork, account_id: int, cause: str, by: int | None) -> None:
    """End what an account has lent and holds, now or later; `by` None: the operator on the machine."""
    rows = await uow.fetch(
        "UPDATE delegation SET ended_at = $2, ended_by = $3 WHERE $1 IN (from_account_id, to_account_id) AND ended_at IS NULL"
        " AND valid_until > $2 RETURNING id, adcode",
        account_id,
        uow.now,
        by,
    )
    for row in rows:
        await uow.record("delegation.ended", row["adcode"], delegation=row["id"], cause=cause, by=by or "console")
    await uow.tell("session")


async def page(uow: UnitOfWork, principal: Principal, after: int | None, size: int) -> list[dict[str, Any]]:
    """The caller's own, and for those who see the accounts all of the region; newest first."""
    rows = await uow.fetch(
        PAGE_SQL, principal.account_id, principal.may_see_accounts, principal.scope.prefix, after, size
    )
    return [_shown(row, uow.now) for row in rows]


def _shown(row: Any, now: datetime) -> dict[str, Any]:
    state = (
        "ended"
        if row["ended_at"]
        else "over"
        if row["valid_until"] <= now
        else "ahead"
        if row["valid_from"] > now
        else "active"
    )
    return {
        "id": row["id"],
        "kind": row["kind"],
        "state": state,
        "adcode": row["adcode"],
        "from": {"account": row["from_account_id"], "display": row["from_display"], "role": row["role"]},
        "to": {"account": row["to_account_id"], "display": row["to_display"], "role": row["to_role"]},
        "valid_from": beijing(row["valid_from"]),
        "valid_until": beijing(row["valid_until"]),
        "reason": row["reason"],
        "made_by": row["made_by"],
        "ended_at": beijing(row["ended_at"]),
    }
