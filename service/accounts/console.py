"""What the operator of the machine does to accounts by the command line: whoever has the database has no second person to ask.

Everything stands on the ledger with `by: console`.
"""

from __future__ import annotations

from typing import Any

from service.accounts import book
from service.accounts.delegations import end_all
from service.accounts.factors import present
from service.accounts.flows import end_sessions
from service.accounts.organisations import check_joins, still_of
from service.accounts.roles import Role, prefix_of
from service.kit.problems import Conflict, Invalid, Unknown
from service.kit.unit_of_work import UnitOfWork
from service.subscriptions import keeping

CONSOLE = "console"


async def listing(uow: UnitOfWork, adcode: str) -> list[dict[str, Any]]:
    """Every account of a region."""
    rows = await uow.fetch(book.ROW_SQL + "WHERE a.adcode LIKE $2 || '%' ORDER BY a.id", present(), prefix_of(adcode))
    return [book.shown(row) for row in rows]


async def _locked(uow: UnitOfWork, login: str) -> Any:
    row = await uow.fetchrow("SELECT * FROM account WHERE login = $1 FOR UPDATE", login)
    if row is None:
        raise Unknown(f"There is no account {login}; see `lantian account list`.")
    return row


async def set_enabled(uow: UnitOfWork, login: str, enabled: bool) -> dict[str, Any]:
    """Shut an account out at once on every node, or let it in again. Raises Unknown, Conflict."""
    row = await _locked(uow, login)
    if row["enabled"] is enabled:
        raise Conflict(f"{login} is {'enabled' if enabled else 'disabled'} already.")
    if enabled:
        await check_joins(uow, row["organisation_id"])
    await uow.execute("UPDATE account SET enabled = $2, reset_by = NULL WHERE id = $1", row["id"], enabled)
    kind = "account.enabled" if enabled else "account.disabled"
    if enabled:
        await end_sessions(uow, row["id"])
    else:
        await keeping.end_all(uow, row["id"], kind, None)
        await book.take_away(uow, row, kind, None)
    await uow.record(kind, row["adcode"], account=row["id"], login=login, by=CONSOLE)
    return {"login": login, "enabled": enabled}


async def reset_password(uow: UnitOfWork, login: str) -> dict[str, Any]:
    """A one-time code for a new password. Raises Unknown."""
    row = await _locked(uow, login)
    told = await book.reset_password(uow, None, row["id"])
    return {"login": login, "code": told["code"], "code_expires_at": told["code_expires_at"]}


async def grant(uow: UnitOfWork, login: str, role: Role, adcode: str) -> dict[str, Any]:
    """Give role and region. Raises Unknown, Invalid for an enterprise without its code."""
    row = await _locked(uow, login)
    if (role is Role.ENTERPRISE) != (row["uscc"] is not None):
        raise Invalid("The role enterprise goes with a credit code (uscc), and no other role does.")
    await uow.execute(
        "UPDATE account SET role = $2, adcode = $3, granted_by = NULL, organisation_id = $4 WHERE id = $1",
        row["id"],
        role.value,
        adcode,
        await still_of(uow, row["organisation_id"], adcode),
    )
    was = {"role": row["role"], "adcode": row["adcode"]}
    await uow.record("account.granted", adcode, account=row["id"], login=login, role=role.value, was=was, by=CONSOLE)
    if was != {"role": role.value, "adcode": adcode}:
        await keeping.end_all(uow, row["id"], "account.granted", None)
    await end_all(uow, row["id"], "account.granted", None)
    await end_sessions(uow, row["id"])
    return {"login": login, "role": role.value, "adcode": adcode}
