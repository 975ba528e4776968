"""Bodies of a division: the command, its office, bureaus, companies (单位)."""

from __future__ import annotations

from typing import Any

from service.accounts.roles import Principal
from service.kit.problems import Conflict, Forbidden, Invalid
from service.kit.unit_of_work import UnitOfWork

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
PAGE_SQL = """
SELECT o.id, o.name, o.adcode, o.kind, count(a.id) FILTER (WHERE a.enabled) AS people
FROM organisation o LEFT JOIN account a ON a.organisation_id = o.id
WHERE o.adcode LIKE $1 || '%' AND ($2::bigint IS NULL OR o.id > $2)
GROUP BY o.id ORDER BY o.id LIMIT $3
"""


async def add(uow: UnitOfWork, principal: Principal, *, name: str, adcode: str, kind: str) -> int:
    """A new organisation. Raises Forbidden outside the region, Invalid, Conflict for a name that is there already."""
    if not principal.may_open_accounts or not principal.scope.covers(adcode):
        raise Forbidden(
            "Organisations are kept by the system administrator of the region.",
            detail_zh="机构由本区域的系统管理员维护。",
        )
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
        raise Conflict(f"{name} is there already.", detail_zh=f"机构“{name}”已登记。")
    await uow.record("organisation.added", adcode, organisation=made, name=name, sort=kind, by=principal.account_id)
    return int(made)


async def page(uow: UnitOfWork, principal: Principal, after: int | None, size: int) -> list[dict[str, Any]]:
    """Organisations of the region with the number of people who may sign in. Raises Forbidden for enterprises."""
    if not principal.may_see_command:
        raise Forbidden("Organisations of the command are for officials.", detail_zh="指挥体系的机构仅供工作人员查看。")
    return [dict(row) for row in await uow.fetch(PAGE_SQL, principal.scope.prefix, after, size)]
