"""What enterprises were told under a response: the composition of `service/enterprises`, read for many of them at once."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from itertools import pairwise
from typing import Any, NamedTuple

from emission_lists.compliance_told import Asked, Told, approved, told
from emission_lists.documents import enterprise_from, line_from, measure_from
from emission_lists.entitlement import Decisions
from emission_lists.guarantee import listed_end, listed_holds
from emission_lists.levels import ResponseLevel
from emission_lists.lists import Enterprise, Line
from emission_lists.measures import Measure
from emission_lists.overlap import Source, SourceKind
from emission_lists.regrading import may_hang_on_a_season
from emission_lists.requirements import Obligation
from emission_lists.schedule import Stage, stages
from service.enterprises.composing import seasonal_facts, seasonal_obligations
from service.enterprises.situation import carrying
from service.enterprises.sources import Home, Site, sites_of
from service.evidence.repository import days_with_measures
from service.grades.applying import entitle
from service.grades.repository import GRADES_COLUMN, GUARANTEES_COLUMN, NOTHING, decisions_from
from service.guides.loader import Applied
from service.guides.repository import applied
from service.kit.clock import SHANGHAI
from service.kit.unit_of_work import UnitOfWork
from service.responses.repository import Responding, at, of_division
from service.seasonal.repository import Entry, day_start, kept_by

HOMES_SQL = """
SELECT DISTINCT ON (e.uscc, v.adcode) e.uscc, v.adcode, e.county FROM list_enterprise e
JOIN list_version v ON v.id = e.version_id
WHERE e.uscc = ANY($1::text[]) AND v.activated_at IS NOT NULL AND ($2::timestamptz IS NULL OR (
    ($3::timestamptz IS NULL OR v.activated_at < $3) AND (v.ended_at IS NULL OR v.ended_at > $2 OR EXISTS (
        SELECT 1 FROM response r WHERE r.list_version_id = v.id AND (r.ends_at IS NULL OR r.ends_at > $2)))))
ORDER BY e.uscc, v.adcode, v.activated_at DESC, v.id DESC
"""
VERSIONS_SQL = """
SELECT id, adcode, activated_at, ended_at, guide, guide_content FROM list_version
WHERE id = ANY($2::bigint[]) OR (adcode = ANY($1::text[]) AND activated_at IS NOT NULL) ORDER BY activated_at, id
"""
DOCUMENTS_SQL = """
SELECT uscc, version_id, document FROM list_enterprise WHERE version_id = ANY($1::bigint[]) AND uscc = ANY($2::text[])
"""
DECISIONS_SQL = f"""
SELECT h.uscc, h.adcode, {GRADES_COLUMN.format(uscc="h.uscc", adcode="h.adcode")} AS grades,
    {GUARANTEES_COLUMN.format(uscc="h.uscc", adcode="h.adcode")} AS guarantees
FROM unnest($1::text[], $2::text[]) AS h(uscc, adcode)
"""
SEASONS_SQL = """
SELECT p.id, p.adcode, p.title, p.created_at, p.valid_from, p.valid_until, e.uscc, e.line_code, e.starts, e.until, e.document
FROM seasonal_plan p LEFT JOIN seasonal_entry e ON e.plan_id = p.id AND e.uscc = ANY($2::text[])
WHERE p.adcode = ANY($1::text[]) AND p.valid_from <= $4 AND p.valid_until >= $3
ORDER BY p.adcode, p.created_at, p.id, e.line_code, e.starts
"""


async def plants_of(
    uow: UnitOfWork, usccs: Iterable[str], during: Responding | None = None
) -> dict[str, tuple[Site, ...]]:
    """The plants of enterprises by credit code: where they stand, and whose responses touch them.

    With `during` by the lists that counted while that response ran: a list that had dropped the enterprise says nothing of it.
    """
    homes: dict[str, list[Home]] = defaultdict(list)
    span = (None, None) if during is None else (during.starts_at, during.ends_at)
    for row in await uow.fetch(HOMES_SQL, sorted(usccs), *span):
        homes[row["uscc"]].append(Home(row["adcode"], row["county"]))
    return {uscc: sites_of(uow.runtime, several) for uscc, several in homes.items()}


@dataclass(frozen=True)
class Ordered:
    """What one plant was told as far as a breach counts under one response. `stages` by line code, with the line's name."""

    uscc: str
    site: Site
    enterprise: Enterprise
    version: int
    names: Mapping[str, str]
    stages: Mapping[str, Sequence[Told]]
    cap: tuple[tuple[datetime, datetime | None, Measure], ...]


class _Version(NamedTuple):
    """A list version of a home, and when it was in force."""

    id: int
    adcode: str
    activated_at: datetime | None
    ended_at: datetime | None
    guide: Applied

    def active(self, instant: datetime) -> bool:
        return (
            self.activated_at is not None
            and self.activated_at <= instant
            and (self.ended_at is None or self.ended_at > instant)
        )


class _Season(NamedTuple):
    """A stored seasonal plan and its entries of the enterprises."""

    id: int
    adcode: str
    created_at: datetime
    valid_from: date
    valid_until: date
    entries: dict[str, list[Entry]]


class _Listed(NamedTuple):
    enterprise: Enterprise
    lines: tuple[Line, ...]


@dataclass
class _Part:
    """A half-open part of a response in which nothing changes but stages: who asks what, and the leading enterprise."""

    starts: datetime
    until: datetime | None
    leading: int | None
    enterprise: Enterprise
    version: int
    asked: list[tuple[Obligation, int | None, bool]]
    cap: Measure | None

    def clipped(self, stage: Stage, *, going_on: bool) -> Stage | None:
        """What of a stage lies in this part. `going_on`: what began before still counts from then."""
        starts = max(stage.starts, self.starts)
        until = min((end for end in (stage.until, self.until) if end is not None), default=None)
        since = stage.starts if going_on and stage.starts < starts else None
        return None if until is not None and until <= starts else Stage(starts, until, stage.measure, since)


@dataclass
class Book:
    """Everything that is needed to say what many enterprises were told under one response."""

    uow: UnitOfWork
    response: Responding
    responses: dict[str, tuple[Responding, ...]]
    versions: dict[int, _Version]
    documents: dict[tuple[str, int], str]
    decisions: dict[tuple[str, str], Decisions]
    seasons: list[_Season]
    _read: dict[tuple[str, int], _Listed] = field(default_factory=dict)
    _edges_known: dict[Site, list[datetime]] = field(default_factory=dict)

    def ordered(self, uscc: str, site: Site) -> Ordered | None:
        """What one plant was told; None where the response asks nothing of it."""
        own = {home: self.decisions.get((uscc, home), NOTHING) for home in site.homes}
        parts = [part for part in self._parts(uscc, site, own) if part is not None]
        mine = [part for part in parts if any(number == self.response.id for _, number, _ in part.asked)]
        if not mine:
            return None
        names: dict[str, str] = {}
        asked = _asked(parts, names)
        leading = [(part.starts, part.leading) for part in parts]
        found = {}
        for code, several in asked.items():
            counting = [one for one in told(several, leading) if one.response == self.response.id]
            if counting or any(one.response == self.response.id for one in several):
                found[code] = counting
        return Ordered(uscc, site, mine[0].enterprise, mine[0].version, names, found, _caps(parts, self.response.id))

    def days_without(self, uscc: str, site: Site, first: datetime, last: datetime) -> dict[str, set[date]]:
        """The days between two midnights on which others than the home asked something, by line; "" = of every line."""
        found: dict[str, set[date]] = defaultdict(set)
        responses = [one for adcode in site.chain for one in self.responses[adcode]]
        found[""] |= days_with_measures([one for one in responses if carrying(one) is not None], first, last)
        for number in range((last - first).days if self.seasons else 0):
            day = first + timedelta(days=number)
            for entry in self._holding(uscc, site, day):
                found[entry.line_code].add(day.date())
        return found

    def _parts(self, uscc: str, site: Site, own: Mapping[str, Decisions]) -> Iterable[_Part | None]:
        starts, ends = self.response.starts_at, self.response.ends_at
        changes = [*self._edges(site), *(edge for one in own.values() for edge in one.instants)]
        if self.seasons:
            changes += self._seasonal_edges(uscc, site)
        changes += self._lapses(uscc)
        cuts = sorted({starts, *(change for change in changes if starts < change and (ends is None or change < ends))})
        for cut, until in pairwise([*cuts, ends]):
            assert cut is not None  # only the last one is open
            yield self._part(uscc, site, own, cut, until)

    def _part(
        self, uscc: str, site: Site, own: Mapping[str, Decisions], cut: datetime, until: datetime | None
    ) -> _Part | None:
        touching = self._touching(uscc, site, cut)
        asked: list[tuple[Obligation, int | None, bool]] = []
        first: tuple[_Listed, int, bool] | None = None
        for current, version in touching:
            named = self._entitled(uscc, version, site, own, current.begun, cut)
            held = listed_holds(named.enterprise, cut)
            first = first or (named, version, held)
            level = ResponseLevel(current.level.code)
            lines = tuple((line.code, line.name, line.process, line.measures.at(level)) for line in named.lines)
            source = Source(SourceKind.RESPONSE, f"response:{current.id}", "", "")
            asked.append((Obligation(source, current.begun, current.ends_at, lines), current.id, held))
        if first is None:
            return None
        listed, version, held = first
        holding = self._holding(uscc, site, cut) if self.seasons else []
        facts = seasonal_facts(holding, self.uow.runtime.place)
        asked += [(one, None, False) for one in seasonal_obligations(facts, holding, listed.lines)]
        cap = approved(listed.enterprise) if held else None
        return _Part(cut, until, touching[0][0].id, listed.enterprise, version, asked, cap)

    def _touching(self, uscc: str, site: Site, moment: datetime) -> list[tuple[Responding, int]]:
        """The responses in force that have measures for the enterprise with the version each goes by, the strictest first."""
        found = []
        for adcode in site.chain:
            current = carrying(at(self.responses[adcode], moment))
            version = None if current is None else self._version_under(uscc, site, current, moment)
            if current is not None and version is not None:
                found.append((current, version))
        return sorted(found, key=lambda one: (-int(one[0].level), one[0].starts_at, one[0].adcode))

    def _version_under(self, uscc: str, site: Site, responding: Responding, moment: datetime) -> int | None:
        if responding.adcode in site.homes:
            return self._naming(uscc, responding.list_version or self._followed(responding, moment))
        found = self._naming(uscc, responding.list_version)
        for adcode in reversed(site.homes):
            for instant in (responding.starts_at, moment):
                found = found or self._naming(uscc, self._active(adcode, min(instant, moment)))
        return found

    def _naming(self, uscc: str, version: int | None) -> int | None:
        return version if version is not None and (uscc, version) in self.documents else None

    def _active(self, adcode: str, instant: datetime) -> int | None:
        found = [one.id for one in self.versions.values() if one.adcode == adcode and one.active(instant)]
        return found[-1] if found else None

    def _followed(self, responding: Responding, moment: datetime) -> int | None:
        """The version that a response without one follows: that of its start, or the first that came after it."""
        start = responding.starts_at
        version = self._active(responding.adcode, min(start, moment))
        later = (
            one.id
            for one in self.versions.values()
            if one.adcode == responding.adcode and one.activated_at is not None and start < one.activated_at <= moment
        )
        return version or next(later, None)

    def _listed(self, uscc: str, version: int) -> _Listed:
        found = self._read.get((uscc, version))
        if found is None:
            stored = json.loads(self.documents[uscc, version])
            lines = tuple(line_from(line) for line in stored["lines"])
            found = self._read[uscc, version] = _Listed(enterprise_from(stored["enterprise"]), lines)
        return found

    def _entitled(
        self, uscc: str, version: int, site: Site, own: Mapping[str, Decisions], start: datetime, cut: datetime
    ) -> _Listed:
        listed, known = self._listed(uscc, version), self.versions[version]
        places = dict.fromkeys((known.adcode, *site.homes))
        several = [own.get(place) or self.decisions.get((uscc, place), NOTHING) for place in places]
        grades = tuple(one for each in several for one in each.grades)
        guarantees = tuple(one for each in several for one in each.guarantees)
        judged = listed.enterprise.guarantee is not None or may_hang_on_a_season(listed.enterprise, listed.lines)
        if not grades and not guarantees and not judged:
            return listed
        made = entitle(listed.enterprise, listed.lines, known.guide, Decisions(grades, guarantees), start, cut)
        return _Listed(made.enterprise, made.lines)

    def _lapses(self, uscc: str) -> list[datetime]:
        """When guarantees that a list names end by themselves."""
        listed = [self._listed(uscc, version) for version in self.versions if (uscc, version) in self.documents]
        return [end for one in listed if (end := listed_end(one.enterprise)) is not None]

    def _edges(self, site: Site) -> list[datetime]:
        """When responses begin and end, and lists come into force where a response has none of its own."""
        known = self._edges_known.get(site)
        if known is not None:
            return known
        others = [one for adcode in site.chain for one in self.responses[adcode]]
        edges = [edge for one in others for edge in (one.starts_at, one.ends_at) if edge is not None]
        if any(one.list_version is None or one.adcode not in site.homes for one in others):
            edges += [
                edge for one in self.versions.values() for edge in (one.activated_at, one.ended_at) if edge is not None
            ]
        self._edges_known[site] = edges
        return edges

    def _holding(self, uscc: str, site: Site, moment: datetime) -> list[Entry]:
        """The entries of the seasonal plans in force, as recorded by then: of each division the newest version of the day."""
        day = moment.astimezone(SHANGHAI).date()
        newest = {
            season.adcode: season
            for season in self.seasons
            if season.adcode in site.chain
            and season.created_at <= moment
            and season.valid_from <= day <= season.valid_until
        }
        entries = [entry for season in newest.values() for entry in season.entries.get(uscc, ())]
        return [entry for entry in entries if entry.holds(moment)]

    def _seasonal_edges(self, uscc: str, site: Site) -> list[datetime]:
        edges = []
        for season in self.seasons:
            if season.adcode in site.chain:
                edges += [season.created_at, day_start(season.valid_from)]
                edges.append(day_start(season.valid_until + timedelta(days=1)))
                edges += [edge for entry in season.entries.get(uscc, ()) for edge in (entry.starts, entry.until)]
        return edges


async def book_of(
    uow: UnitOfWork, response: Responding, plants: Mapping[str, Sequence[Site]], before: datetime
) -> Book:
    """Reads everything for the enterprises under one response in a few round trips; seasonal plans from `before` on."""
    sites = {site for several in plants.values() for site in several}
    homes = sorted({home for site in sites for home in site.homes})
    chain = sorted({adcode for site in sites for adcode in site.chain})
    responses = {adcode: await of_division(uow, adcode) for adcode in chain}
    usccs = sorted(plants)
    bearing = [one for several in responses.values() for one in several if _overlap(one, response)]
    pinned = sorted({one.list_version for one in bearing if one.list_version is not None})
    versions = {row["id"]: await _version(uow, row) for row in await uow.fetch(VERSIONS_SQL, homes, pinned)}
    wanted = _wanted(versions.values(), bearing, set(homes), uow.now)
    documents = {
        (row["uscc"], row["version_id"]): row["document"]
        for row in await uow.fetch(DOCUMENTS_SQL, sorted({*wanted, *pinned}), usccs)
    }
    pairs = sorted({(uscc, home) for uscc, several in plants.items() for site in several for home in site.homes})
    decisions = {
        (row["uscc"], row["adcode"]): decisions_from(row["grades"], row["guarantees"])
        for row in await uow.fetch(DECISIONS_SQL, [uscc for uscc, _ in pairs], [home for _, home in pairs])
    }
    seasons = await _seasons(uow, chain, usccs, before, response.ends_at or uow.now + timedelta(days=1))
    return Book(uow, response, responses, versions, documents, decisions, seasons)


async def _version(uow: UnitOfWork, row: Any) -> _Version:
    guide = await applied(uow, row["guide"], row["guide_content"])
    return _Version(row["id"], row["adcode"], row["activated_at"], row["ended_at"], guide)


def _overlap(one: Responding, other: Responding) -> bool:
    return (one.ends_at is None or one.ends_at > other.starts_at) and (
        other.ends_at is None or other.ends_at > one.starts_at
    )


def _wanted(versions: Iterable[_Version], bearing: Sequence[Responding], homes: set[str], now: datetime) -> list[int]:
    """The versions of the homes that a response without a pinned one of a home's own may go by."""
    following = [one for one in bearing if one.list_version is None or one.adcode not in homes]
    if not following:
        return []
    first = min(one.starts_at for one in following)
    return [
        one.id for one in versions if one.activated_at is not None and (one.ended_at is None or one.ended_at > first)
    ]


async def _seasons(
    uow: UnitOfWork, chain: Sequence[str], usccs: Sequence[str], first: datetime, last: datetime
) -> list[_Season]:
    kept = await kept_by(uow, chain)
    if not kept:
        return []
    found: dict[int, _Season] = {}
    days = [edge.astimezone(SHANGHAI).date() for edge in (first, last)]
    for row in await uow.fetch(SEASONS_SQL, kept, list(usccs), *days):
        season = found.setdefault(
            row["id"], _Season(row["id"], row["adcode"], row["created_at"], row["valid_from"], row["valid_until"], {})
        )
        if row["uscc"] is not None:
            season.entries.setdefault(row["uscc"], []).append(_entry(row))
    return list(found.values())


def _entry(row: Any) -> Entry:
    until = day_start(row["until"] + timedelta(days=1))
    measure = measure_from(json.loads(row["document"]))
    return Entry(row["id"], row["adcode"], row["title"], row["line_code"], day_start(row["starts"]), until, measure)


def _asked(parts: Iterable[_Part], names: dict[str, str]) -> dict[str, list[Asked]]:
    """Everything that is asked of each line over the parts; a part in which nothing changes for a line cuts nothing."""
    made: dict[str, list[Asked]] = {}
    newest: dict[tuple[str, Source], int] = {}
    for place, part in enumerate(parts):
        for one, number, held in part.asked:
            for code, name, _, measure in one.lines:
                names.setdefault(code, name)
                for stage in stages(measure, one.starts, one.until):
                    own = part.clipped(stage, going_on=place == 0)
                    if own is not None:
                        _add(made.setdefault(code, []), newest, code, Asked(one.source, number, own, held), stage)
    return made


def _add(made: list[Asked], newest: dict[tuple[str, Source], int], code: str, fresh: Asked, whole: Stage) -> None:
    place = newest.get((code, fresh.source))
    if place is not None and whole.starts < fresh.stage.starts:
        before = made[place]
        goes_on = Stage(before.stage.starts, fresh.stage.starts, fresh.stage.measure, before.stage.since)
        if before == fresh._replace(stage=goes_on):
            made[place] = before._replace(stage=before.stage._replace(until=fresh.stage.until))
            return
    newest[code, fresh.source] = len(made)
    made.append(fresh)


def _caps(parts: Iterable[_Part], response: int) -> tuple[tuple[datetime, datetime | None, Measure], ...]:
    """When which approved load held, as far as the response leads."""
    made: list[tuple[datetime, datetime | None, Measure]] = []
    for part in parts:
        if part.cap is None or part.leading != response:
            continue
        if made and made[-1][1:] == (part.starts, part.cap):
            made[-1] = (made[-1][0], part.until, part.cap)
        else:
            made.append((part.starts, part.until, part.cap))
    return tuple(made)
