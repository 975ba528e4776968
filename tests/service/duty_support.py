"""Steps of a warning as decisions make them, without the way to a decision."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from alerts.levels import Level
from service.accounts.flows import create_account
from service.accounts.roles import Role
from service.kit.canonical import canonical, digest
from service.kit.jobs import Worker, tick
from service.kit.runtime import Runtime
from service.kit.unit_of_work import UnitOfWork
from service.warnings.flows import carry_out
from service.warnings.repository import standing
from tests.support import PASSWORD

HEBEI_CITY = "130100"
"""Shijiazhuang: its province's deadlines are a daily report by 10:00 and a summary within 48 hours (2016 to 2024)."""


async def step(
    runtime: Runtime,
    action: str,
    to: str,
    *,
    adcode: str = HEBEI_CITY,
    effective: datetime | None = None,
    end: datetime | None = None,
    fixed: bool = False,
    list_version: int | None = None,
) -> dict[str, Any]:
    """Decide on a step at the present of the clock, and carry it out. Raises what carrying out raises."""
    async with runtime.unit() as uow:
        await uow.lock_division(adcode)
        current = await standing(uow, adcode)
        frozen = content(uow, action, adcode, current.level if current else Level.NONE, to, effective, end, fixed, list_version)
        done = await carry_out(uow, frozen, await decided(uow, frozen))
        await uow.commit()
    return done


def content(
    uow: UnitOfWork,
    action: str,
    adcode: str,
    before: Level,
    to: str,
    effective: datetime | None,
    end: datetime | None,
    fixed: bool,
    list_version: int | None = None,
) -> dict[str, Any]:
    """A frozen content."""
    words = {"headline": f"{action} {to}", "text": "x"}
    return {
        "adcode": adcode,
        "place": uow.runtime.place(adcode),
        "action": action,
        "from": before.code,
        "to": to,
        "reason": "upper_order",
        "effective_at": None if effective is None else effective.isoformat(),
        "planned_end": None if end is None else end.isoformat(),
        "fixed_end": fixed,
        "rules": "x",
        "plan": "x",
        "flags": [],
        "list_version": list_version,
        "legal_basis": None,
        "notice": {"zh": words, "en": words},
    }


async def decided(uow: UnitOfWork, frozen: dict[str, Any]) -> int:
    """A proposal of the content with its decision."""
    account = await uow.fetchval("SELECT id FROM account WHERE login = 'decider'")
    if account is None:
        account = await create_account(
            uow, login="decider", password=PASSWORD, display="x", role=Role.COMMANDER, adcode="100000", uscc=None
        )
        account = await uow.fetchval("SELECT id FROM account WHERE login = 'decider'")
    body = canonical(frozen)
    proposal = await uow.fetchval(
        "INSERT INTO proposal (adcode, action, from_level, to_level, reason, content, content_hash, deadline, state, created_at)"
        " VALUES ($1, $2, $3, $4, 'upper_order', $5, $6, $7, 'approved', $7) RETURNING id",
        frozen["adcode"],
        frozen["action"],
        int(Level.of(frozen["from"])),
        int(Level.of(frozen["to"])),
        body,
        digest(frozen),
        uow.now,
    )
    return int(
        await uow.fetchval(
            "INSERT INTO decision (proposal_id, adcode, account_id, role, approve, reason, content_hash, decided_at)"
            " VALUES ($1, $2, $3, 'commander', true, 'x', $4, $5) RETURNING id",
            proposal,
            frozen["adcode"],
            account,
            digest(frozen),
            uow.now,
        )
    )


async def settle(runtime: Runtime) -> None:
    """Let everything that is due or queued happen."""
    while await tick(runtime):
        await Worker(runtime).run_queued()
    await Worker(runtime).run_queued()


async def rows(runtime: Runtime, statement: str, *arguments: Any) -> list[dict[str, Any]]:
    """What the database holds."""
    async with runtime.unit() as uow:
        return [dict(row) for row in await uow.fetch(statement, *arguments)]
