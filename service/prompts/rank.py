"""What a coordinator of a wider region asks is not taken back by one below (只可加严，不可放宽)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from alerts.levels import Level
from service.accounts.roles import NATION, Scope, prefix_of
from service.kit.problems import Conflict
from service.kit.unit_of_work import UnitOfWork

WIDER_SQL = """
SELECT * FROM (
    SELECT DISTINCT ON (e.adcode) e.adcode, p.id, e.level, coalesce(e.starts_at, p.starts_at) AS starts_at,
        least(p.ends_at, (
            SELECT coalesce(l.starts_at, lift.starts_at) FROM prompt_entry l JOIN prompt lift ON lift.id = l.prompt_id
            WHERE l.adcode = e.adcode AND lift.kind = 'lift' AND lift.id > p.id AND lift.id <> $5 ORDER BY lift.id DESC LIMIT 1
        )) AS ends_at
    FROM prompt_entry e JOIN prompt p ON p.id = e.prompt_id JOIN account a ON a.id = p.issued_by
    WHERE e.adcode = ANY($1::text[]) AND p.kind = 'start' AND p.issued_at <= $2 AND (a.adcode = ANY($3::text[])
        OR EXISTS (SELECT 1 FROM prompt_entry o WHERE o.prompt_id = p.id AND NOT starts_with(o.adcode, $4)))
    ORDER BY e.adcode, p.issued_at DESC, p.id DESC
) newest WHERE ends_at IS NULL OR ends_at > $2 ORDER BY adcode
"""
"""The newest prompt of a wider region for each division, also where a stricter one from below stands in front of it.

Wider is who is of a wider region now, or whose prompt names a division outside the caller's."""


@dataclass(frozen=True)
class Wanted:
    """What is asked of a division anew; `level` NONE is a lift at `starts_at`, `ends_at` None has no end."""

    level: Level
    starts_at: datetime
    ends_at: datetime | None


async def check_rank(uow: UnitOfWork, scope: Scope, made: int, wanted: Mapping[str, Wanted]) -> None:
    """Raise Conflict, naming each division, where a prompt of a wider region would be lifted, lowered, put off or cut short.

    `made` is the prompt that asks anew, stored already; the caller holds the locks of the divisions. As strict or stricter goes through.
    """
    if not scope.prefix:
        return
    rows = await uow.fetch(WIDER_SQL, sorted(wanted), uow.now, _wider(scope), scope.prefix, made)
    softer = [row for row in rows if _softer(wanted[row["adcode"]], row, uow.now)]
    if not softer:
        return
    named = [f"{uow.runtime.place(row['adcode'])} ({row['adcode']}, prompt {row['id']})" for row in softer]
    named_zh = [f"{uow.runtime.place(row['adcode'])}（第 {row['id']} 号提示）" for row in softer]
    raise Conflict(
        f"A coordinator of a wider region has asked for more here: {', '.join(named)}. You may ask for the same or a higher level,"
        " from the same hour or earlier and to the same end or later; to lift, lower or put it off, ask who issued it.",
        detail_zh=f"上级区域协调机构的提示仍在执行：{'、'.join(named_zh)}。您可以提出相同或更高的级别、相同或更早的启动时间、相同或更晚的结束时间；"
        "如需解除、降级、推迟或提前结束，请商请发出单位办理。",
    )


def _wider(scope: Scope) -> list[str]:
    """The codes of the regions around a scope."""
    around = (NATION, scope.adcode[:2] + "0000", scope.adcode[:4] + "00")
    return [code for code in around if len(prefix_of(code)) < len(scope.prefix)]


def _softer(wanted: Wanted, row: Any, now: datetime) -> bool:
    """Whether at any instant from now on less would be asked than the wider region asks."""
    if wanted.level is Level.NONE:
        return row["ends_at"] is None or wanted.starts_at < row["ends_at"]
    sooner_over = wanted.ends_at is not None and (row["ends_at"] is None or wanted.ends_at < row["ends_at"])
    return wanted.level < Level(row["level"]) or wanted.starts_at > max(row["starts_at"], now) or sooner_over
