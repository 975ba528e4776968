"""Responses in force, remembered per division while this node hears about changes."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from alerts.levels import Level
from service.kit.unit_of_work import Reading, beijing

SQL = """
SELECT s.warning_id, s.announced_at, s.effective_at, s.planned_end,
    (s.content::jsonb -> 'fixed_end') IS NOT DISTINCT FROM 'true'::jsonb AS fixed_end,
    r.id, r.adcode, r.level, r.list_version_id, r.starts_at, r.ends_at, n.headline_zh
FROM warning_step s LEFT JOIN response r ON r.step_id = s.id LEFT JOIN notice n ON n.step_id = s.id
WHERE s.adcode = $1 ORDER BY s.id
"""


@dataclass(frozen=True)
class Responding:
    """One response of a division over a half-open time; `expected_end` is what the notice states.

    `first_end`: the end it was announced with; `cuts`: when each later step that moved its end was announced, and the end
    that it gave, sooner or later than before. `since`: what it goes on from without a gap at the same level began then.
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
    since: datetime | None = None

    @property
    def begun(self) -> datetime:
        """Since when its level has been responded to: hours of a measure and the grade count from there.

        An extension goes on with the response: 预警响应超过120小时后 speaks of the whole of it.
        """
        return self.since or self.starts_at

    def as_known(self, instant: datetime) -> Responding:
        """As it was known at an instant: an end that was decided only later is not foreseen."""
        if all(said <= instant for said, _ in self.cuts):
            return self
        ends = self.first_end
        for said, end in self.cuts:
            if said <= instant:
                ends = end
        return replace(self, ends_at=ends)

    @property
    def edges(self) -> list[datetime]:
        """The instants at which something about it changes by itself, or changed what was known of it."""
        ends = (self.starts_at, self.ends_at, self.expected_end, *(said for said, _ in self.cuts))
        return [edge for edge in ends if edge is not None]

    def holds(self, instant: datetime) -> bool:
        """Whether it is in force at the instant."""
        return self.starts_at <= instant and (self.ends_at is None or instant < self.ends_at)

    def ahead(self, instant: datetime) -> bool:
        """Whether it is announced and yet to begin."""
        return instant < self.starts_at


@dataclass
class _Course:
    """How the end of one response moved while the steps of its division were carried out."""

    row: Any
    end: datetime | None
    cuts: list[tuple[datetime, datetime]] = field(default_factory=list)

    def move(self, said: datetime, end: datetime) -> None:
        """A step that was announced then gave it this end."""
        self.end = end
        self.cuts.append((said, end))


def _courses(steps: Iterable[Any]) -> list[_Course]:
    """Every response with how its end moved: the steps in order, as `service/warnings/flows.py` carried each of them out.

    A step ends what runs where it begins. Where what it changes would end before that, it is carried on until then.
    """
    courses: list[_Course] = []
    for step in steps:
        said, begins = step["announced_at"], step["effective_at"]
        for one in courses:
            if one.end is None or one.end > begins:
                one.move(said, max(one.row["starts_at"], begins))
        if step["id"] is None:  # a lifting begins nothing, and carries nothing on
            continue
        last = _last([one for one in courses if one.row["warning_id"] == step["warning_id"]])
        if last is not None and last.end is not None and last.end < begins:
            last.move(said, begins)
        courses.append(_Course(step, step["planned_end"] if step["fixed_end"] else None))
    return courses


def _last(courses: Iterable[_Course]) -> _Course | None:
    """What runs longest of one warning, every end being known."""
    running = [(one.end, one.row["id"], one) for one in courses if one.end is not None and one.end > one.row["starts_at"]]
    return max(running, key=lambda found: found[:2])[2] if running else None


def _since(rows: Iterable[Any]) -> dict[int, datetime]:
    """When the level of a response that goes on from another one began: of the same warning, without a gap. Rows as they start."""
    found: dict[int, datetime] = {}
    begun: dict[tuple[int, int, datetime | None], datetime] = {}
    for row in rows:
        since = begun.get((row["warning_id"], row["level"], row["starts_at"]))
        if since is not None:
            found[row["id"]] = since
        begun[row["warning_id"], row["level"], row["ends_at"]] = since or row["starts_at"]
    return found


def _responding(course: _Course, since: datetime | None) -> Responding:
    row = course.row
    starts = beijing(row["starts_at"])
    assert starts is not None
    return Responding(
        row["id"],
        row["adcode"],
        Level(row["level"]),
        row["list_version_id"],
        starts,
        beijing(row["ends_at"]),
        beijing(row["planned_end"]),
        row["headline_zh"] or "",
        beijing(row["planned_end"]) if row["fixed_end"] else None,
        tuple((said, beijing(end) or end) for said, end in course.cuts),
        beijing(since),
    )


def _ever_ran(row: Any) -> bool:
    return row["ends_at"] is None or row["ends_at"] > row["starts_at"]


async def of_division(uow: Reading, adcode: str) -> tuple[Responding, ...]:
    """Every response a division has had, oldest first. One row per step: a handful in a season."""
    live = uow.runtime.live

    async def read() -> tuple[Responding, ...]:
        courses = _courses(await uow.fetch(SQL, adcode))
        ran = [course for course in courses if _ever_ran(course.row)]
        ran.sort(key=lambda one: (one.row["starts_at"], one.row["id"]))
        since = _since(one.row for one in ran)
        return tuple(_responding(one, since.get(one.row["id"])) for one in ran)

    if not live.listening:
        return await read()
    if live.responses.get(adcode) is None:
        await uow.connect()
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
