"""Where an enterprise is listed, and what its lists said at an instant."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import cached_property
from typing import Any, NamedTuple

from emission_lists.documents import enterprise_from
from emission_lists.entitlement import Decisions
from emission_lists.guarantee import listed_end
from emission_lists.identifiers import uscc_valid
from emission_lists.lists import Enterprise, Line
from emission_lists.regrading import ALL_YEAR, Note
from emission_lists.stored_lines import AskedLine, StoredLine, stored_from
from service.accounts.roles import NATION, prefix_of
from service.grades.applying import entitle
from service.grades.repository import GRADES_COLUMN, GUARANTEES_COLUMN, NOTHING, decisions_from, decisions_of
from service.guides.repository import applied
from service.kit.problems import Invalid, Unknown
from service.kit.runtime import Runtime
from service.kit.unit_of_work import Reading

COUNTS = """
(v.state = 'active' OR EXISTS (
    SELECT 1 FROM response r WHERE r.list_version_id = v.id AND (r.ends_at IS NULL OR r.ends_at > $2)))
"""
HOMES_SQL = f"""
SELECT v.adcode, e.county FROM list_enterprise e JOIN list_version v ON v.id = e.version_id
WHERE e.uscc = $1 AND {COUNTS} ORDER BY v.adcode, v.id
"""
NOW_SQL = f"""
SELECT e.uscc, v.id, v.adcode, v.state, v.activated_at, e.county, v.guide, v.guide_content,
    CASE WHEN c.counts THEN e.document END AS document,
    CASE WHEN c.counts THEN {GRADES_COLUMN} END AS grades, CASE WHEN c.counts THEN {GUARANTEES_COLUMN} END AS guarantees
FROM list_enterprise e JOIN list_version v ON v.id = e.version_id CROSS JOIN LATERAL (SELECT {COUNTS} AS counts OFFSET 0) c
WHERE e.uscc = ANY($1::text[]) ORDER BY v.adcode, v.id
""".format(uscc="e.uscc", adcode="v.adcode")
"""Every version that names an enterprise, with what it says where it counts now."""
LAST_HOME_SQL = """
SELECT v.adcode, e.county FROM list_enterprise e JOIN list_version v ON v.id = e.version_id
WHERE e.uscc = $1 AND v.activated_at IS NOT NULL ORDER BY v.id DESC LIMIT 1
"""
HOMES_AT_SQL = """
SELECT v.adcode, e.county FROM list_enterprise e JOIN list_version v ON v.id = e.version_id
WHERE e.uscc = $1 AND v.activated_at <= $2 AND (v.ended_at IS NULL OR v.ended_at > $2 OR EXISTS (
    SELECT 1 FROM response r WHERE r.list_version_id = v.id AND (r.ends_at IS NULL OR r.ends_at > $2)))
ORDER BY v.adcode, v.id
"""
LAST_HOME_AT_SQL = """
SELECT v.adcode, e.county FROM list_enterprise e JOIN list_version v ON v.id = e.version_id
WHERE e.uscc = $1 AND v.activated_at <= $2 ORDER BY v.id DESC LIMIT 1
"""
ENTERPRISE_SQL = """
SELECT v.adcode, v.guide, v.guide_content, e.document FROM list_enterprise e JOIN list_version v ON v.id = e.version_id
WHERE e.uscc = $1 AND e.version_id = $2
"""
ACTIVE_AT_SQL = """
SELECT id FROM list_version WHERE adcode = $1 AND activated_at IS NOT NULL AND activated_at <= $2
    AND (ended_at IS NULL OR ended_at > $2)
ORDER BY activated_at DESC, id DESC LIMIT 1
"""
FIRST_SINCE_SQL = """
SELECT id FROM list_version WHERE adcode = $1 AND activated_at > $2 AND activated_at <= $3
ORDER BY activated_at, id LIMIT 1
"""


class Home(NamedTuple):
    """A division whose list names the enterprise, and the county that the list gives."""

    adcode: str
    county: str


class Site(NamedTuple):
    """Where one plant stands: the lists that name it, the widest first, and every division whose responses touch it."""

    homes: tuple[str, ...]
    chain: tuple[str, ...]


@dataclass(frozen=True)
class Listed:
    """What one list version says of the enterprise, or what stands in its place once decisions were applied."""

    version: int
    enterprise: Enterprise
    adcode: str
    guide: str
    content: str | None
    """The edition of the guides that it was frozen with."""
    stored: tuple[StoredLine, ...] = ()
    judged: tuple[Line, ...] | None = None
    notes: tuple[Note, ...] = ()

    @cached_property
    def lines(self) -> tuple[Line, ...]:
        """Every line, whole."""
        return tuple(line.whole() for line in self.stored) if self.judged is None else self.judged

    @property
    def asked(self) -> Sequence[AskedLine]:
        """Every line, to be asked for a level."""
        return self.stored if self.judged is None else self.judged

    @property
    def hangs_on_a_season(self) -> bool:
        """`may_hang_on_a_season`, without reading the lines as a whole."""
        if self.enterprise.grade in ALL_YEAR:
            return False
        return any(line.leaves_something for line in self.stored)


async def homes_of(uow: Reading, uscc: str, lists: Lists | None = None) -> tuple[Home, ...]:
    """The divisions whose lists name an enterprise: it may have sites in several, and none of them takes it from another.

    With `lists`, what they say now is read in the same round trip. Raises Invalid for a wrong code, Unknown when it is in no list.
    """
    remembered = uow.runtime.live.homes
    since = remembered.times_forgotten
    known: tuple[Home, ...] | None = remembered.get(uscc)
    if known is not None:
        return known
    if not uscc_valid(uscc):
        raise Invalid(f"{uscc} is not a unified social credit code: its check character does not fit.")
    rows = await (uow.fetch(HOMES_SQL, uscc, uow.now) if lists is None else lists.prefetch())
    rows = rows or await uow.fetch(LAST_HOME_SQL, uscc)
    if not rows:
        raise Unknown(
            f"{uscc} is in no emission list here; ask the ecology bureau whether the enterprise must be listed."
        )
    found = _homes(rows)
    if uow.runtime.live.listening:
        remembered.put(uscc, found, since)
    return found


async def named_now(reading: Reading, usccs: list[str]) -> dict[str, list[Any]]:
    """Which lists name some enterprises, what those that count now say, and what was decided: rows by credit code."""
    found: dict[str, list[Any]] = {}
    for row in await reading.fetch(NOW_SQL, usccs, reading.now):
        found.setdefault(row["uscc"], []).append(row)
    return found


async def homes_at(uow: Reading, uscc: str, instant: datetime) -> tuple[Home, ...]:
    """The divisions whose lists counted at an instant, as `homes_of` finds those of now, whatever was recorded later."""
    rows = await uow.fetch(HOMES_AT_SQL, uscc, instant)
    return _homes(rows or await uow.fetch(LAST_HOME_AT_SQL, uscc, instant))


def _homes(rows: Iterable[Any]) -> tuple[Home, ...]:
    """One home for each division, by its newest row."""
    return tuple(Home(adcode, county) for adcode, county in {row["adcode"]: row["county"] for row in rows}.items())


def sites_of(runtime: Runtime, homes: Iterable[Home]) -> tuple[Site, ...]:
    """The plants: lists of a city and of its own county that name the same enterprise speak of one plant."""
    asked = tuple(homes)
    remembered = runtime.live.sites
    known: tuple[Site, ...] | None = remembered.get(asked)
    if known is None:
        known = tuple(_sites(runtime, asked))
        remembered.put(asked, known, remembered.times_forgotten)
    return known


def _sites(runtime: Runtime, homes: Iterable[Home]) -> list[Site]:
    sites: list[Site] = []
    for home in sorted(homes, key=lambda home: (len(prefix_of(home.adcode)), home.adcode)):
        chain = _chain(runtime, home)
        wider = next((place for place, site in enumerate(sites) if home.adcode in site.chain), None)
        if wider is None:
            sites.append(Site((home.adcode,), chain))
        else:
            homes_there = (*sites[wider].homes, home.adcode)
            sites[wider] = Site(homes_there, tuple(dict.fromkeys((*sites[wider].chain, *chain))))
    return sites


def _chain(runtime: Runtime, home: Home) -> tuple[str, ...]:
    """The divisions in which a plant lies, from its province down to its county."""
    found = [home.adcode]
    if home.county != home.adcode and home.county.startswith(prefix_of(home.adcode)):
        found.append(home.county)
    divisions = runtime.law.divisions
    for adcode in tuple(found):
        division = divisions.get(adcode)
        while division is not None and division.parent not in (None, NATION, *found):
            found.append(str(division.parent))
            division = divisions.get(str(division.parent))
    return tuple(sorted(found, key=lambda adcode: (len(prefix_of(adcode)), adcode)))


@dataclass
class Lists:
    """What the lists say of one enterprise, read once for each version that is asked for."""

    uow: Reading
    uscc: str
    _listed: dict[int, Listed | None] = field(default_factory=dict)
    _active: dict[str, tuple[int, datetime]] = field(default_factory=dict)
    _now: list[Any] | None = None
    _named: frozenset[int] | None = None
    _decisions: dict[str, Decisions] = field(default_factory=dict)

    async def prefetch(self) -> list[Any]:
        """Everything that may be asked for now, in one round trip with others who ask; a second call reads nothing.

        The rows of the versions that count; which others name the enterprise is known from then on.
        """
        if self._now is None:
            rows = await self.uow.together(named_now, self.uscc) or []
            self._named = frozenset([row["id"] for row in rows])
            self._now = [row for row in rows if row["document"] is not None]
            self._keep(self._now)
        return self._now

    def _keep(self, rows: Iterable[Any]) -> None:
        for row in rows:
            self._listed[row["id"]] = _listed(row["id"], row)
            self._decisions[row["adcode"]] = decisions_from(row["grades"], row["guarantees"])
            if row["state"] == "active":
                self._active[row["adcode"]] = row["id"], row["activated_at"]

    async def listed(self, version: int | None) -> Listed | None:
        """The enterprise in a version; None when it is not named there."""
        if version is None:
            return None
        if version not in self._listed:
            row = await self.uow.fetchrow(ENTERPRISE_SQL, self.uscc, version)
            self._listed[version] = None if row is None else _listed(version, row)
        return self._listed[version]

    async def pinned(self, version: int | None) -> Listed | None:
        """The enterprise in a version that a response pinned: one that did not name it when everything was read never will."""
        if self._named is not None and version not in self._named:
            return None
        return await self.listed(version)

    async def entitled(self, listed: Listed, start: datetime, at: datetime, homes: Iterable[str] = ()) -> Listed:
        """The list's word under the grades and guarantees in force: those at `start` count, a guarantee while it holds `at`.

        `homes`: the divisions whose lists name the same plant; what any of them decided about it counts.
        """
        decisions = NOTHING
        for adcode in dict.fromkeys((listed.adcode, *homes)):
            if adcode not in self._decisions:
                self._decisions[adcode] = await decisions_of(self.uow, self.uscc, adcode)
            own = self._decisions[adcode]
            decisions = own if not decisions else Decisions(decisions.grades + own.grades, decisions.guarantees + own.guarantees)
        judged = listed.enterprise.guarantee is not None or listed.hangs_on_a_season
        if not decisions and not judged:
            return listed
        guide = await applied(self.uow, listed.guide, listed.content)
        made = entitle(listed.enterprise, listed.lines, guide, decisions, start, at)
        return replace(listed, enterprise=made.enterprise, judged=made.lines, notes=made.notes)

    def instants(self) -> list[datetime]:
        """When what was decided about the enterprise, or a guarantee that a list names, changes an answer by itself."""
        ends = [listed_end(one.enterprise) for one in self._listed.values() if one is not None]
        lapses = [end for end in ends if end is not None]
        return lapses + [instant for decisions in self._decisions.values() for instant in decisions.instants]

    async def active(self, adcode: str, instant: datetime) -> int | None:
        """The version of a division that was in force at an instant."""
        known = self._active.get(adcode)
        if known is not None and known[1] <= instant:
            return known[0]
        version: int | None = await self.uow.fetchval(ACTIVE_AT_SQL, adcode, instant)
        return version

    async def followed(self, adcode: str, start: datetime, moment: datetime) -> int | None:
        """The version that a response without one follows: that of its start, or the first that came after it."""
        version = await self.active(adcode, min(start, moment))
        if version is None and start < moment:
            version = await self.uow.fetchval(FIRST_SINCE_SQL, adcode, start, moment)
        return version


def _listed(version: int, row: Any) -> Listed:
    stored = stored_from(row["document"])
    enterprise = enterprise_from(stored.enterprise)
    return Listed(version, enterprise, row["adcode"], row["guide"], row["guide_content"], tuple(stored.lines))
