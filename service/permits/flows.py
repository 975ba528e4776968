"""Take in permit registers and hold lists against the one in force."""

from __future__ import annotations

import asyncio
from collections.abc import Container
from dataclasses import dataclass
from typing import Any

from emission_lists.check_coverage import coverage_findings
from emission_lists.coverage import Coverage, coverage, coverage_document
from emission_lists.permits import Permit, permit_document, read_register
from service.accounts.roles import Principal, Scope
from service.kit.canonical import digest
from service.kit.clock import SHANGHAI
from service.kit.problems import Conflict, Forbidden, Invalid, Unknown
from service.kit.unit_of_work import UnitOfWork
from service.lists.workbooks import profile
from service.permits import repository

MOST_FAULTS = 2000
MOST_SHOWN = 20


async def parsed(content: bytes, adcode: str) -> list[Permit]:
    """The permits of a file. Raises Invalid with all faults at once."""
    register = await asyncio.to_thread(read_register, content, adcode)
    if register.errors:
        raise Invalid(
            f"{len(register.errors)} fault(s) in the register; nothing was stored. Correct them and send it again.",
            errors=[fault.document() for fault in register.errors[:MOST_FAULTS]],
            detail_zh=f"名录有 {len(register.errors)} 处错误，什么都没有保存；请改正后重新上传。",
        )
    return register.permits


def require_keeper(divisions: Container[str], principal: Principal, adcode: str) -> None:
    """Raises Forbidden or Unknown unless the principal may keep the register of the division."""
    if not principal.may_keep_permits or not principal.scope.covers(adcode):
        raise Forbidden(
            "Permit registers are kept by duty officers, commanders and administrators of the division.",
            detail_zh="许可名录由该行政区的值班员、指挥长或管理员维护。",
        )
    if adcode not in divisions:
        raise Unknown(f"There is no division {adcode}.")


async def store(
    uow: UnitOfWork, principal: Principal, adcode: str, permits: list[Permit], *, source: str
) -> dict[str, Any]:
    """Store a register as the newest version of its division; the same content as the newest adds nothing."""
    require_keeper(uow.runtime.law.divisions, principal, adcode)
    await uow.lock_division(adcode)
    content = digest([permit_document(permit) for permit in permits])
    newest = await uow.fetchrow(
        repository.REGISTER_SQL + " WHERE adcode = $1 ORDER BY id DESC LIMIT 1", adcode
    )
    if newest is not None and newest["digest"] == content:
        return _document(uow, dict(newest)) | {"changed": False}
    register_id = await repository.add_register(
        uow,
        adcode=adcode,
        source=source,
        permits=permits,
        holders=len({permit.holder for permit in permits}),
        digest=content,
        account_id=principal.account_id,
    )
    await uow.record(
        "permits.registered", adcode, register=register_id, permits=len(permits), digest=content, account=principal.account_id
    )
    row = await uow.fetchrow(repository.REGISTER_SQL + " WHERE id = $1", register_id)
    return _document(uow, dict(row or {})) | {"changed": True}


async def page(uow: UnitOfWork, scope: Scope, after: int | None, size: int) -> list[dict[str, Any]]:
    """Registers of a scope, newest first, with which one is in force for its own division."""
    rows = [dict(row) for row in await repository.registers(uow, scope, after, size)]
    newest = await uow.fetch(
        "SELECT max(id) AS id FROM permit_register WHERE adcode = ANY($1) GROUP BY adcode", [row["adcode"] for row in rows]
    )
    in_force = {row["id"] for row in newest}
    return [_document(uow, row) | {"in_force": row["id"] in in_force} for row in rows]


def _document(uow: UnitOfWork, row: dict[str, Any]) -> dict[str, Any]:
    return row | {"place": uow.runtime.place(row["adcode"])}


@dataclass(frozen=True)
class Held:
    """A list version held against the register in force."""

    adcode: str
    place: str
    version: dict[str, Any]
    register: dict[str, Any]
    found: Coverage

    def document(self) -> dict[str, Any]:
        """As JSON: what was compared, counts, and each set whole."""
        return {
            "adcode": self.adcode,
            "place": self.place,
            "list": self.version,
            "register": self.register,
            **coverage_document(self.found),
        }


async def held(uow: UnitOfWork, scope: Scope, adcode: str, list_id: int | None = None) -> Held:
    """Coverage of a division by a list (the one in force without `list_id`) against the register in force.

    Raises Forbidden outside the scope, Unknown without the list, Conflict when there is nothing to compare.
    """
    if not scope.covers(adcode):
        raise Forbidden("This division lies outside your region.")
    found = await (
        repository.active_version(uow, adcode) if list_id is None else repository.version(uow, list_id)
    )
    if found is None and list_id is None:
        raise Conflict(
            f"No list is in force for {adcode}; name one with `list`, or activate one first.",
            detail_zh="没有生效的清单；请先启用一版，或指明版本。",
        )
    if found is None or found["adcode"] not in repository.above(adcode):
        raise Unknown(f"There is no list {list_id} for {adcode} in your region.")
    register = await repository.register_in_force(uow, adcode)
    if register is None:
        raise Conflict(
            f"No permit register is in force for {adcode}; upload one first.",
            detail_zh="没有生效的排污许可名录；请先上传。",
        )
    result = await _coverage(uow, found["id"], int(register["id"]), adcode)
    place = uow.runtime.place(adcode)
    return Held(adcode, place, found, _document(uow, dict(register)), result)


async def _coverage(uow: UnitOfWork, version_id: int, register_id: int, adcode: str) -> Coverage:
    firms = await repository.listed_in(uow, version_id, adcode)
    permits = await repository.permits_of(uow, register_id, adcode)
    return await asyncio.to_thread(coverage, firms, permits, adcode, uow.now.astimezone(SHANGHAI).date())


async def coverage_checks(uow: UnitOfWork, version_id: int, adcode: str) -> list[dict[str, Any]]:
    """The findings of coverage for a list version against the register in force now; one says so where there is none."""
    register = await repository.register_in_force(uow, adcode)
    found = None if register is None else await _coverage(uow, version_id, int(register["id"]), adcode)
    return [finding.document() for finding in coverage_findings(profile(), found)]


async def require_coverage(uow: UnitOfWork, version_id: int, adcode: str) -> None:
    """Raises Conflict when the register in force names something that forbids the list to come into force."""
    blocking = [check for check in await coverage_checks(uow, version_id, adcode) if check["severity"] == "blocking"]
    if blocking:
        raise Conflict(
            f"{len(blocking)} finding(s) of permit coverage block the list; read them under"
            f" /api/v1/lists/{version_id}/checks.",
            errors=blocking[:MOST_SHOWN],
            detail_zh=f"排污许可核对有 {len(blocking)} 个阻断问题，不能启用；请补全清单，或更正许可名录。",
        )
