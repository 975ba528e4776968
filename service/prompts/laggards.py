"""Divisions that have not acted on a prompt: the province is told first, then the region's coordinator."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection
from datetime import datetime, timedelta
from typing import Any

from alerts.law import Region
from alerts.obligations import after_prompt
from service.accounts.roles import NATION, Role, Scope
from service.kit.bulk import due_all, record_all
from service.kit.unit_of_work import UnitOfWork
from service.obligations.flows import oblige_all, terms_at
from service.people.flows import notify
from service.prompts.board import find

PROVINCE, COORDINATOR = 1, 2
WAITING_SQL = "SELECT adcode FROM proposal WHERE adcode = ANY($1::text[]) AND state = 'open' ORDER BY adcode"
INSERT_SQL = """
INSERT INTO prompt_escalation (prompt_id, adcode, stage, to_adcode, to_roles, waiting_for, at)
SELECT $1, adcode, $2, to_adcode, $3, waiting_for, $4 FROM unnest($5::text[], $6::text[], $7::text[]) n(adcode, to_adcode, waiting_for)
ON CONFLICT DO NOTHING RETURNING adcode
"""


async def watch(uow: UnitOfWork, prompt_id: int, region: Region | None, adcodes: Collection[str]) -> None:
    """Let a prompt be looked at when its divisions should have acted; nothing where the region names no hours."""
    if region is None or region.laggards is None:
        return
    firsts = {hours_to_adopt(uow, region, adcode) for adcode in adcodes}
    wanted = [
        (f"laggards:{prompt_id}:{PROVINCE}", _after(uow, hours), {"prompt": prompt_id, "stage": PROVINCE})
        for hours in sorted(firsts)
    ]
    later = region.laggards.coordinator_after_hours
    wanted.append(
        (f"laggards:{prompt_id}:{COORDINATOR}", _after(uow, later), {"prompt": prompt_id, "stage": COORDINATOR})
    )
    await due_all(uow, "escalate_laggards", wanted)


async def owe_adoption(uow: UnitOfWork, prompt_id: int, adcodes: Collection[str]) -> None:
    """Where the plan of a place says within how many hours a prompt is adopted, that is owed from now on.

    Only where a proposal waits: what is in force already needs no adopting.
    """
    due = [adcode for adcode in adcodes if after_prompt(terms_at(uow, adcode), uow.now)]
    for row in await uow.fetch(WAITING_SQL, due) if due else ():
        owed = after_prompt(terms_at(uow, row["adcode"]), uow.now)
        await oblige_all(uow, row["adcode"], owed, f"prompt:{prompt_id}")


def _after(uow: UnitOfWork, hours: int) -> datetime:
    return uow.now + timedelta(hours=hours)


def hours_to_adopt(uow: UnitOfWork, region: Region, adcode: str) -> int:
    """Within how many hours a division should act: its plan's own, else the region's choice."""
    assert region.laggards is not None
    own = uow.runtime.law.plan_for(adcode, uow.now).deadlines.adopt_prompt_hours
    return own or region.laggards.province_after_hours


async def escalate_laggards(uow: UnitOfWork, prompt_id: int, stage: int) -> None:
    """Tell the authority of a stage who is behind, once for each division. Idempotent.

    Stage 1: the coordinator of the province; stage 2: the coordinator of the region.
    """
    board = await find(uow, Scope(NATION), prompt_id)
    region = uow.runtime.law.regions.get(board["region"])
    if region is None or region.laggards is None:
        return
    behind = [one for one in board["divisions"] if _is_behind(uow, region, board, one, stage)]
    if not behind:
        return
    roles = [Role.PROVINCIAL_COORDINATOR] if stage == PROVINCE else [Role.COORDINATOR]
    to = {one["adcode"]: f"{one['adcode'][:2]}0000" if stage == PROVINCE else NATION for one in behind}
    told = await uow.fetch(
        INSERT_SQL,
        prompt_id,
        stage,
        ",".join(roles),
        uow.now,
        list(to),
        list(to.values()),
        [one["reason"]["code"] for one in behind],
    )
    new = {row["adcode"] for row in told}
    await record_all(
        uow,
        "prompt.laggard",
        [
            (
                one["adcode"],
                {"prompt": prompt_id, "stage": stage, "to": to[one["adcode"]], "waiting": one["reason"]["code"]},
            )
            for one in behind
            if one["adcode"] in new
        ],
    )
    by_authority: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for one in behind:
        if one["adcode"] in new:
            by_authority[to[one["adcode"]]].append(one)
    for authority, lines in by_authority.items():
        await _tell(uow, board, authority, lines, roles, stage)
    await uow.tell("prompt")


def _is_behind(uow: UnitOfWork, region: Region, board: dict[str, Any], one: dict[str, Any], stage: int) -> bool:
    if one["acted"]:
        return False
    if stage == COORDINATOR:
        return True
    due: datetime = board["issued_at"] + timedelta(hours=hours_to_adopt(uow, region, one["adcode"]))
    return due <= uow.now


async def _tell(
    uow: UnitOfWork, board: dict[str, Any], authority: str, lines: list[dict[str, Any]], roles: list[Role], stage: int
) -> None:
    places = "、".join(one["place"] for one in lines)
    names = ", ".join(one["adcode"] for one in lines)
    first = min(one["adcode"] for one in lines)
    quorum = board["quorum"]
    await notify(
        uow,
        adcode=authority,
        roles=roles,
        kind="laggard",
        reason=f"laggards:{board['id']}:{stage}:{authority}:{first}:{len(lines)}",
        zh=(
            f"区域联动滞后：{len(lines)} 个城市",
            f"{board['document']}：{places}尚未办理（已办理 {quorum['acted']}/{quorum['of']}）。请督促。",
        ),
        en=(
            f"Behind the regional prompt: {len(lines)}",
            f"{board['document']}: {names} have not acted ({quorum['acted']} of {quorum['of']} have).",
        ),
        link=f"/region/{board['id']}",
        urgent=True,
    )
