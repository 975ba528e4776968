"""Responses in force, remembered per division while this node hears about changes."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from alerts.levels import Level
from service.kit.unit_of_work import Reading, beijing

SQL = """
SELECT r.id, r.adcode, r.level, r.list_version_id, r.starts_at, r.ends_at, s.announced_at, s.planned_end, n.headline_zh,
    (s.content::jsonb -> 'fixed_end') IS NOT DISTINCT FROM 'true'::jsonb AS fixed_end,
    ARRAY(SELECT t.announced_at FROM warning_step t WHERE t.adcode = r.adcode AND t.id > s.id ORDER BY t.id) AS said,
    ARRAY(SELECT t.effective_at FROM warning_step t WHERE t.adcode = r.adcode AND t.id > s.id ORDER BY t.id) AS cut
FROM response r JOIN warning_step s ON s.id = r.step_id
LEFT JOIN notice n ON n.step_id = r.step_id
WHERE r.adcode = $1 AND (r.ends_at IS NULL OR r.ends_at > r.starts_at) ORDER BY r.starts_at, r.id
"""


@dataclass(frozen=True)
class Responding:
    """One response of a division over a half-open time; `expected_end` is what the notice states.

    `first_end`: the end it was announced with; `cuts`: when later steps were announced, and the end that each of them gave.
    """

    id: int
    adcode: str
    level: Level
    list_version: int | None
    starts_at: datetime
    ends_at: datetime | None
    expected_end: datetime | None
    title: str
    first_end: datetime | None = None
    cuts: tuple[tuple[datetime, datetime], ...] = ()

    def as_known(self, instant: datetime) -> Responding:
        """As it was known at an instant: an end that was decided only later is not foreseen."""
        if not self.cuts or all(said <= instant for said, _ in self.cuts):
            return self
        ends = self.first_end
        for said, cut in self.cuts:
            if said <= instant and (ends is None or ends > cut):
                ends = max(self.starts_at, cut)
        return self if ends == self.ends_at else replace(self, ends_at=ends)

    def holds(self, instant: datetime) -> bool:
        """Whether it is in force at the instant."""
        return self.starts_at <= instant and (self.ends_at is None or instant < self.ends_at)

    def ahead(self, instant: datetime) -> bool:
        """Whether it is announced and yet to begin."""
        return instant < self.starts_at


def _responding(row: Any) -> Responding:
    starts, planned_end = beijing(row["starts_at"]), beijing(row["planned_end"])
    assert starts is not None
    cuts = tuple(zip(row["said"], row["cut"], strict=True))
    return Responding(
        row["id"],
        row["adcode"],
        Level(row["level"]),
        row["list_version_id"],
        starts,
        beijing(row["ends_at"]),
        planned_end,
        row["headline_zh"] or "",
        (planned_end if row["fixed_end"] else None) if cuts else beijing(row["ends_at"]),
        cuts,
    )


async def of_division(uow: Reading, adcode: str) -> tuple[Responding, ...]:
    """Every response a division has had, oldest first. One row per step: a handful in a season."""
    live = uow.runtime.live

    async def read() -> tuple[Responding, ...]:
        return tuple(_responding(row) for row in await uow.fetch(SQL, adcode))

    if not live.listening:
        return await read()
    known: tuple[Responding, ...] = await live.responses.once(adcode, read)
    return known


def at(responses: tuple[Responding, ...], instant: datetime) -> Responding | None:
    """The response in force at an instant; the later decision wins where two overlap."""
    holding = [response for response in responses if response.holds(instant)]
    return holding[-1] if holding else None


def next_after(responses: tuple[Responding, ...], instant: datetime) -> Responding | None:
    """The response that is announced and begins next."""
    ahead = [response for response in responses if response.ahead(instant)]
    return min(ahead, key=lambda response: response.starts_at) if ahead else None
