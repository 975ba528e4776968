"""Divisions that have not acted on a prompt: the province is told first, then the region's coordinator."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping
from datetime import datetime, timedelta
from typing import Any

from alerts.law import Region
from alerts.obligations import Kind, after_prompt
from alerts.region_board import Why
from service.accounts.roles import NATION, Role, Scope
from service.kit.bulk import due_all, record_all
from service.kit.unit_of_work import UnitOfWork
from service.obligations.flows import oblige_all, terms_at
from service.people.flows import notify
from service.prompts.board import find
from service.prompts.repository import adoption, asked_from, asked_of

PROVINCE, COORDINATOR = 1, 2
NOT_YET = frozenset({Why.TOO_FAR.value, Why.CLOSING.value})
"""Nobody can act here yet, so nobody is behind."""
WAITING_SQL = "SELECT adcode FROM proposal WHERE adcode = ANY($1::text[]) AND state = 'open' ORDER BY adcode"
INSERT_SQL = """
INSERT INTO prompt_escalation (prompt_id, adcode, stage, to_adcode, to_roles, waiting_for, at)
SELECT $1, adcode, $2, to_adcode, $3, waiting_for, $4 FROM unnest($5::text[], $6::text[], $7::text[]) n(adcode, to_adcode, waiting_for)
ON CONFLICT DO NOTHING RETURNING adcode
"""


WAIVE_SQL = """
UPDATE obligation SET state = 'waived' WHERE kind = 'adopt_prompt' AND state = 'open' AND adcode = ANY($1::text[])
    AND subject <> format('prompt:%s:%s', $2::bigint, adcode) RETURNING id, adcode
"""


async def watch(uow: UnitOfWork, prompt_id: int, region: Region | None, starts: Mapping[str, datetime]) -> None:
    """Let a prompt be looked at when its divisions should have acted; nothing where the region names no hours.

    `starts`: by division. Hours count from when the division may issue: a start far ahead is only watched until then.
    """
    if region is None or region.laggards is None:
        return
    looks = {
        (stage, _due(uow, region, adcode, uow.now, starts_at, stage))
        for adcode, starts_at in starts.items()
        for stage in (PROVINCE, COORDINATOR)
    }
    wanted = [
        (f"laggards:{prompt_id}:{stage}", at, {"prompt": prompt_id, "stage": stage}) for stage, at in sorted(looks)
    ]
    await due_all(uow, "escalate_laggards", wanted)


async def waive_older(uow: UnitOfWork, prompt_id: int, adcodes: Collection[str]) -> None:
    """A prompt or a lift takes the place of those before it: what was still to be adopted of them is owed no more.

    What was missed stays missed.
    """
    for row in await uow.fetch(WAIVE_SQL, list(adcodes), prompt_id):
        await uow.record(
            "obligation.waived", row["adcode"], obligation=row["id"], what=Kind.ADOPT_PROMPT.value, why="replaced"
        )


async def owe_adoption(uow: UnitOfWork, prompt_id: int, adcodes: Collection[str]) -> None:
    """Where the plan of a place says within how many hours a prompt is adopted, that is owed from now on.

    Only where a proposal waits: what is in force already needs no adopting.
    """
    due = [adcode for adcode in adcodes if after_prompt(terms_at(uow, adcode), uow.now)]
    for row in await uow.fetch(WAITING_SQL, due) if due else ():
        owed = after_prompt(terms_at(uow, row["adcode"]), uow.now)
        await oblige_all(uow, row["adcode"], owed, adoption(prompt_id, row["adcode"]))


def _due(
    uow: UnitOfWork, region: Region, adcode: str, issued_at: datetime, starts_at: datetime, stage: int
) -> datetime:
    """When a division is behind for a stage."""
    assert region.laggards is not None
    hours = hours_to_adopt(uow, region, adcode) if stage == PROVINCE else region.laggards.coordinator_after_hours
    return asked_from(uow.runtime.law.plan_for(adcode, uow.now), issued_at, starts_at) + timedelta(hours=hours)


def hours_to_adopt(uow: UnitOfWork, region: Region, adcode: str) -> int:
    """Within how many hours a division should act: its plan's own, else the region's choice."""
    assert region.laggards is not None
    own = uow.runtime.law.plan_for(adcode, uow.now).deadlines.adopt_prompt_hours
    return own or region.laggards.province_after_hours


async def escalate_laggards(uow: UnitOfWork, prompt_id: int, stage: int) -> None:
    """Tell the authority of a stage who is behind, once for each division, of those where the prompt still stands. Idempotent.

    Stage 1: the coordinator of the province; stage 2: the coordinator of the region.
    """
    board = await find(uow, Scope(NATION), prompt_id)
    region = uow.runtime.law.regions.get(board["region"])
    if region is None or region.laggards is None:
        return
    asked = await asked_of(uow, [one["adcode"] for one in board["divisions"]])
    standing = {adcode for adcode, one in asked.items() if one.view.id == str(prompt_id)}
    behind = [
        one
        for one in board["divisions"]
        if one["adcode"] in standing and _is_behind(uow, region, board, one, stage)
    ]
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
    if one["acted"] or one["reason"]["code"] in NOT_YET:
        return False
    return _due(uow, region, one["adcode"], board["issued_at"], one["starts_at"], stage) <= uow.now


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
