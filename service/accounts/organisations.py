"""Bodies of a division: the command, its office, bureaus, companies (单位). Added, renamed, closed, opened again.

All of it is done by one person, the system administrator: none of it gives or takes a right. An organisation is closed only when
nobody of it may sign in any more; to let one of its people in again, it is opened first.
"""

from __future__ import annotations

from typing import Any

import asyncpg

from service.accounts.roles import NATION, Principal, Scope, prefix_of
from service.kit.problems import Conflict, Forbidden, Invalid, Unknown
from service.kit.unit_of_work import UnitOfWork, beijing

KINDS: dict[str, tuple[str, str]] = {
    "command": ("指挥部", "Command"),
    "office": ("指挥部办公室", "Office of the command"),
    "environment": ("生态环境部门", "Environment bureau"),
    "weather": ("气象部门", "Weather service"),
    "monitoring": ("监测机构", "Monitoring centre"),
    "department": ("成员单位", "Department"),
    "enforcement": ("执法机构", "Enforcement"),
    "enterprise": ("企业", "Enterprise"),
    "other": ("其他", "Other"),
}
PAGE_SQL = f"""
SELECT o.id, o.name, o.adcode, o.kind, o.closed_at, count(a.id) FILTER (WHERE a.enabled) AS people
FROM organisation o LEFT JOIN account a ON a.organisation_id = o.id
    AND a.adcode LIKE CASE o.adcode WHEN '{NATION}' THEN '' ELSE regexp_replace(o.adcode, '(00){{1,2}}$', '') END || '%'
WHERE o.adcode LIKE $1 || '%' AND ($2::bigint IS NULL OR o.id > $2) AND ($4::bigint IS NULL OR o.id = $4)
GROUP BY o.id ORDER BY o.id LIMIT $3
"""
PEOPLE_SQL = """
SELECT id, login, display, post, role, enabled FROM account WHERE organisation_id = $1 AND adcode LIKE $3 || '%'
ORDER BY enabled DESC, id LIMIT $2
"""
MOST_PEOPLE = 500
"""People of one organisation that are listed."""
NAMED = 5
"""People that a refusal names."""


async def add(uow: UnitOfWork, principal: Principal, *, name: str, adcode: str, kind: str) -> int:
    """A new organisation. Raises Forbidden outside the region, Invalid, Conflict for a name that is there already."""
    _keeper(principal, adcode)
    if kind not in KINDS:
        raise Invalid(f"Kinds of organisations: {', '.join(KINDS)}.", detail_zh="请从列表中选择机构类别。")
    made = await uow.fetchval(
        "INSERT INTO organisation (name, adcode, kind, created_at) VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING RETURNING id",
        name,
        adcode,
        kind,
        uow.now,
    )
    if made is None:
        raise _there_already(name)
    await uow.record("organisation.added", adcode, organisation=made, name=name, sort=kind, by=principal.account_id)
    return int(made)


async def page(uow: UnitOfWork, principal: Principal, after: int | None, size: int) -> list[dict[str, Any]]:
    """Organisations of the region with the number of people who may sign in. Raises Forbidden for enterprises."""
    _reader(principal)
    return [_shown(row) for row in await uow.fetch(PAGE_SQL, principal.scope.prefix, after, size, None)]


async def one(uow: UnitOfWork, principal: Principal, organisation_id: int) -> dict[str, Any]:
    """An organisation of the region with its people, those who may sign in first. Raises Forbidden, Unknown."""
    if not principal.may_see_accounts:
        raise Forbidden(
            "The people of an organisation are seen by the administrators and the auditor of the region.",
            detail_zh="机构的人员由本区域的管理员和审计员查看。",
        )
    rows = await uow.fetch(PAGE_SQL, principal.scope.prefix, None, 1, organisation_id)
    if not rows:
        raise _unknown(organisation_id)
    people = await uow.fetch(PEOPLE_SQL, organisation_id, MOST_PEOPLE, prefix_of(rows[0]["adcode"]))
    return _shown(rows[0]) | {"accounts": [dict(row) for row in people]}


def _shown(row: Any) -> dict[str, Any]:
    return dict(row) | {"closed_at": beijing(row["closed_at"])}


def _reader(principal: Principal) -> None:
    if not principal.may_see_command:
        raise Forbidden("Organisations of the command are for officials.", detail_zh="指挥体系的机构仅供工作人员查看。")


def _keeper(principal: Principal, adcode: str) -> None:
    if not principal.scope.covers(adcode) or not principal.may_open_accounts:
        raise Forbidden(
            "Organisations are kept by the system administrator of the region.",
            detail_zh="机构由本区域的系统管理员维护。",
        )


def _unknown(organisation_id: int) -> Unknown:
    return Unknown(
        f"There is no organisation {organisation_id} in your region.",
        detail_zh=f"您的区域内没有第 {organisation_id} 号机构。",
    )


def _there_already(name: str) -> Conflict:
    return Conflict(f"{name} is there already.", detail_zh=f"机构“{name}”已登记。")


async def _locked(uow: UnitOfWork, principal: Principal, organisation_id: int) -> Any:
    """The organisation's row, locked: nobody joins meanwhile. Raises Forbidden, Unknown outside the region."""
    _keeper(principal, principal.scope.adcode)
    row = await uow.fetchrow("SELECT * FROM organisation WHERE id = $1 FOR UPDATE", organisation_id)
    if row is None or not principal.scope.covers(row["adcode"]):
        raise _unknown(organisation_id)
    return row


async def rename(uow: UnitOfWork, principal: Principal, organisation_id: int, name: str) -> None:
    """Another name for the same body. Raises Forbidden, Unknown, Conflict for a closed one and for a name that is there already."""
    row = await _locked(uow, principal, organisation_id)
    _check_open(row)
    taken = await uow.fetchval(
        "SELECT 1 FROM organisation WHERE adcode = $1 AND name = $2 AND id <> $3", row["adcode"], name, organisation_id
    )
    if taken or row["name"] == name:
        raise _there_already(name)
    try:
        async with uow.connection.transaction():  # a page is still to be read after the refusal
            await uow.execute("UPDATE organisation SET name = $2 WHERE id = $1", organisation_id, name)
    except asyncpg.UniqueViolationError as error:  # somebody else was faster
        raise _there_already(name) from error
    await uow.record(
        "organisation.renamed",
        row["adcode"],
        organisation=organisation_id,
        name=name,
        was=row["name"],
        by=principal.account_id,
    )


async def close(uow: UnitOfWork, principal: Principal, organisation_id: int, reason: str) -> None:
    """Close an organisation whose accounts are all disabled and that holds no department's tasks.

    Raises Forbidden, Unknown, Conflict naming what stands in the way.
    """
    row = await _locked(uow, principal, organisation_id)
    _check_open(row)
    await _check_empty(uow, organisation_id, row["adcode"])
    await uow.execute("UPDATE organisation SET closed_at = $2 WHERE id = $1", organisation_id, uow.now)
    await uow.record(
        "organisation.closed",
        row["adcode"],
        organisation=organisation_id,
        name=row["name"],
        reason=reason,
        by=principal.account_id,
    )


async def _check_empty(uow: UnitOfWork, organisation_id: int, adcode: str) -> None:
    people = await uow.fetch(
        "SELECT login FROM account WHERE organisation_id = $1 AND enabled AND adcode LIKE $2 || '%' ORDER BY id",
        organisation_id,
        prefix_of(adcode),
    )
    if people:
        named = ", ".join(row["login"] for row in people[:NAMED]) + (" …" if len(people) > NAMED else "")
        raise Conflict(
            f"{len(people)} of its accounts may still sign in ({named}); disable them first.",
            detail_zh=f"该机构还有 {len(people)} 个启用的账户（{named}），请先停用。",
        )
    held = await uow.fetch(
        "SELECT adcode, department FROM duty_holder WHERE organisation_id = $1 ORDER BY adcode, department",
        organisation_id,
    )
    if held:
        named = ", ".join(f"{row['adcode']} {row['department']}" for row in held[:NAMED])
        raise Conflict(
            f"It holds the tasks of departments ({named}); the command centre names another holder first.",
            detail_zh=f"该机构承担部门任务（{named}），请先由指挥部另行指定承担机构。",
        )


async def reopen(uow: UnitOfWork, principal: Principal, organisation_id: int) -> None:
    """Open a closed organisation again. Raises Forbidden, Unknown, Conflict for one that is open."""
    row = await _locked(uow, principal, organisation_id)
    if row["closed_at"] is None:
        raise Conflict("The organisation is open.", detail_zh="该机构未撤销。")
    await uow.execute("UPDATE organisation SET closed_at = NULL WHERE id = $1", organisation_id)
    await uow.record(
        "organisation.reopened",
        row["adcode"],
        organisation=organisation_id,
        name=row["name"],
        by=principal.account_id,
    )


def _check_open(row: Any) -> None:
    if row["closed_at"] is not None:
        raise Conflict(
            f"The organisation {row['name']} is closed; open it again first.",
            detail_zh=f"机构“{row['name']}”已撤销，请先恢复。",
        )


async def check_joins(uow: UnitOfWork, organisation_id: int | None) -> str | None:
    """Let somebody belong to an open organisation, which stays open until the commit; its division.

    None without an organisation and for one that there is not. Raises Conflict for a closed one.
    """
    row = await uow.fetchrow(
        "SELECT name, adcode, closed_at FROM organisation WHERE id = $1 FOR SHARE", organisation_id
    )
    if row is None:
        return None
    _check_open(row)
    return str(row["adcode"])


async def still_of(uow: UnitOfWork, organisation_id: int | None, adcode: str) -> int | None:
    """The organisation of an account that is granted `adcode`; None when that lies outside the organisation's division."""
    home = await uow.fetchval("SELECT adcode FROM organisation WHERE id = $1", organisation_id)
    return organisation_id if home is not None and Scope(home).covers(adcode) else None
