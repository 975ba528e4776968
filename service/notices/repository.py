"""Notices, and who has answered them, always from what the caller may see."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from alerts.levels import Level
from service.accounts.roles import Scope, prefix_of
from service.kit.problems import Unknown
from service.kit.unit_of_work import UnitOfWork, beijing
from service.people.audience import versions_of

PINNED_SQL = """
SELECT list_version_id FROM response WHERE adcode = $1 AND step_id <= $2 ORDER BY step_id DESC LIMIT 1
"""
LISTED = """
WITH listed AS (
    SELECT DISTINCT ON (e.uscc) e.uscc, e.name, e.county, e.grade, e.industry FROM list_enterprise e
    WHERE e.version_id = ANY($1::bigint[]) AND starts_with(e.county, $2) AND starts_with(e.county, $3)
    ORDER BY e.uscc, e.version_id DESC
), answered AS (
    SELECT l.*, k.acknowledged_at, (SELECT max(p.called_at) FROM phone_call p
        WHERE p.notice_id = $4 AND p.uscc = l.uscc AND p.outcome = 'reached') AS reached_at
    FROM listed l LEFT JOIN acknowledgement k ON k.notice_id = $4 AND k.uscc = l.uscc
)
"""
STANDING_SQL = f"""{LISTED}
SELECT county, grade, count(*) AS listed, count(acknowledged_at) AS acknowledged,
    count(*) FILTER (WHERE acknowledged_at IS NULL AND reached_at IS NOT NULL) AS reached,
    percentile_disc(0.5) WITHIN GROUP (ORDER BY acknowledged_at) AS median
FROM answered GROUP BY county, grade ORDER BY county, grade
"""
SILENT_SQL = f"""{LISTED}
SELECT uscc, name, county, grade, industry FROM answered
WHERE acknowledged_at IS NULL AND reached_at IS NULL AND (county, uscc) > ($5, $6) ORDER BY county, uscc LIMIT $7
"""
SEEN_SQL = "(starts_with(n.adcode, $1) OR n.adcode = ANY($2::text[]))"


@dataclass(frozen=True)
class Notice:
    """One notice of a warning step."""

    id: int
    adcode: str
    step_id: int
    level: Level
    headline_zh: str
    headline_en: str
    created_at: datetime

    @classmethod
    def of(cls, row: Any) -> Notice:
        """The notice of a row."""
        created = beijing(row["created_at"])
        assert created is not None
        return cls(
            row["id"],
            row["adcode"],
            row["step_id"],
            Level(row["level"]),
            row["headline_zh"],
            row["headline_en"],
            created,
        )


@dataclass(frozen=True)
class Group:
    """Enterprises of one county and grade: listed, acknowledged in the portal, and of the others those reached by telephone."""

    county: str
    grade: str
    listed: int
    acknowledged: int
    reached: int

    @property
    def silent(self) -> int:
        """Those who have not answered at all."""
        return self.listed - self.acknowledged - self.reached

    @property
    def rate(self) -> float | None:
        """Share of those who know, in 0..1; None without anybody."""
        return None if not self.listed else (self.acknowledged + self.reached) / self.listed


@dataclass(frozen=True)
class Standing:
    """How a notice has been answered in the part of it that somebody may see."""

    versions: tuple[int, ...]
    groups: tuple[Group, ...]

    @property
    def listed(self) -> int:
        """Enterprises that it is for."""
        return sum(group.listed for group in self.groups)

    @property
    def silent(self) -> int:
        """Those who have not answered at all."""
        return sum(group.silent for group in self.groups)

    def by(self, name: str) -> list[Group]:
        """Added up by `county` or `grade`."""
        keys = sorted({getattr(group, name) for group in self.groups})
        return [_sum(key, [group for group in self.groups if getattr(group, name) == key]) for key in keys]

    @property
    def whole(self) -> Group:
        """All of them."""
        return _sum("", self.groups)


def _sum(key: str, groups: Any) -> Group:
    return Group(
        key,
        key,
        sum(group.listed for group in groups),
        sum(group.acknowledged for group in groups),
        sum(group.reached for group in groups),
    )


def _above(scope: Scope) -> list[str]:
    """Divisions whose notices concern part of a scope that lies in them."""
    return [scope.adcode[:4] + "00", scope.adcode[:2] + "0000"]


async def find(uow: UnitOfWork, scope: Scope, notice_id: int) -> Notice:
    """One notice of the scope, or of a division that the scope lies in. Raises Unknown."""
    row = await uow.fetchrow(
        f"SELECT n.* FROM notice n WHERE n.id = $3 AND {SEEN_SQL}", scope.prefix, _above(scope), notice_id
    )
    if row is None:
        raise Unknown(f"There is no notice {notice_id} in your region.")
    return Notice.of(row)


async def page(uow: UnitOfWork, scope: Scope, after: int | None, size: int) -> list[Notice]:
    """Notices of the scope, newest first."""
    rows = await uow.fetch(
        f"SELECT n.* FROM notice n WHERE {SEEN_SQL} AND ($3::bigint IS NULL OR n.id < $3) ORDER BY n.id DESC LIMIT $4",
        scope.prefix,
        _above(scope),
        after,
        size,
    )
    return [Notice.of(row) for row in rows]


async def list_of(uow: UnitOfWork, notice: Notice) -> list[int]:
    """List versions whose enterprises a notice is for: the one its response pinned, else those in force."""
    pinned = await uow.fetchval(PINNED_SQL, notice.adcode, notice.step_id)
    return [pinned] if pinned is not None else await versions_of(uow, notice.adcode)


async def standing_of(uow: UnitOfWork, notice: Notice, prefix: str) -> Standing:
    """Who has answered, by county and grade, of the counties that begin with `prefix`."""
    versions = await list_of(uow, notice)
    rows = await uow.fetch(STANDING_SQL, versions, prefix_of(notice.adcode), prefix, notice.id)
    groups = [Group(row["county"], row["grade"], row["listed"], row["acknowledged"], row["reached"]) for row in rows]
    return Standing(tuple(versions), tuple(groups))


async def silent(
    uow: UnitOfWork,
    notice: Notice,
    prefix: str,
    *,
    county: str | None = None,
    after: tuple[str, str] = ("", ""),
    size: int = 100,
) -> list[Any]:
    """Enterprises that have not answered, by county and credit code, from after a place on."""
    versions = await list_of(uow, notice)
    return await uow.fetch(SILENT_SQL, versions, county or prefix_of(notice.adcode), prefix, notice.id, *after, size)


async def mailings(uow: UnitOfWork, notice_id: int) -> list[Any]:
    """What went out for a notice: the notice itself and its reminders, with how the deliveries stand."""
    return await uow.fetch(
        "SELECT m.*, d.done, d.dead, d.waiting FROM mailing m CROSS JOIN LATERAL ("
        " SELECT count(*) FILTER (WHERE state = 'done') AS done, count(*) FILTER (WHERE state = 'dead') AS dead,"
        " count(*) FILTER (WHERE state IN ('pending', 'sending')) AS waiting FROM delivery WHERE reason = m.reason) d"
        " WHERE m.notice_id = $1 ORDER BY m.id",
        notice_id,
    )
