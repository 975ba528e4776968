"""Notices to enterprises."""

from __future__ import annotations

from typing import Any

from alerts.levels import Level
from service.kit.unit_of_work import UnitOfWork


async def announce(uow: UnitOfWork, adcode: str, step_id: int, level: Level, notice: dict[str, Any]) -> int:
    """Put the notice of a step before all listed enterprises of the division: one row, whatever their number."""
    notice_id = await uow.fetchval(
        "INSERT INTO notice (adcode, step_id, level, headline_zh, headline_en, created_at) VALUES ($1, $2, $3, $4, $5, $6) RETURNING id",
        adcode,
        step_id,
        int(level),
        notice["zh"]["headline"],
        notice["en"]["headline"],
        uow.now,
    )
    await uow.record("notice.sent", adcode, notice=notice_id, step=step_id, headline=notice["zh"]["headline"])
    return int(notice_id)


async def for_division(uow: UnitOfWork, adcode: str, size: int = 20) -> list[dict[str, Any]]:
    """The newest notices of a division with how many have acknowledged."""
    rows = await uow.fetch(
        "SELECT n.*, (SELECT count(*) FROM acknowledgement a WHERE a.notice_id = n.id) AS acknowledged FROM notice n"
        " WHERE n.adcode = $1 ORDER BY n.id DESC LIMIT $2",
        adcode,
        size,
    )
    return [
        {
            "id": row["id"],
            "level": Level(row["level"]).code,
            "headline_zh": row["headline_zh"],
            "headline_en": row["headline_en"],
            "created_at": row["created_at"],
            "acknowledged": row["acknowledged"],
        }
        for row in rows
    ]
