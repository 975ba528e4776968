"""One plant's requirement at an instant: its lists joined with every response and plan that touches it, never copied."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from functools import lru_cache
from typing import Any, NamedTuple

from emission_lists.json_text import array_of, object_of, text_of
from emission_lists.levels import ResponseLevel
from emission_lists.lists import ROAD_TRANSPORT
from emission_lists.overlap import Source, SourceKind
from emission_lists.regrading import BESIDE, Note
from emission_lists.requirements import (
    Obligation,
    Requirement,
    ResponseFacts,
    SeasonalFacts,
    boundaries,
    obligation,
    requirement_for,
)
from emission_lists.stored_lines import AskedLine
from service.enterprises.situation import in_force, situation_of
from service.enterprises.sources import Listed, Lists, Site
from service.kit.clock import SHANGHAI
from service.kit.unit_of_work import Reading
from service.responses.repository import Responding
from service.seasonal.repository import Entry, entries_of


@dataclass(frozen=True)
class Question:
    """What is asked. `moment`: the instant; `known`: what was recorded by then counts; `level`: what if it were declared.

    `seasonal`: whether the seasonal plan of that instant is joined to a level that might be declared.
    """

    uscc: str
    moment: datetime
    known: datetime
    level: ResponseLevel | None = None
    with_next: bool = False
    seasonal: bool = True


@dataclass
class Composed:
    """The answer for one plant, each member as JSON, how urgent it is, and the instants at which it changes by itself."""

    members: dict[str, str]
    urgency: tuple[int, int, str]
    edges: list[datetime] = field(default_factory=list)


class Touching(NamedTuple):
    """A response that touches the plant, and what the list says that applies under it."""

    responding: Responding
    listed: Listed


async def compose(uow: Reading, lists: Lists, site: Site, question: Question) -> Composed | None:
    """The requirement of one plant; None when no list of that instant names the enterprise."""
    situation = await situation_of(uow, site.chain, question.moment, question.known)
    entries, edges = await entries_of(uow, site.chain, question.uscc, question.moment)
    if question.level is not None:
        return await _declared(lists, site, question, entries if question.seasonal else ())
    touching = await _touching(lists, site, situation.current, question.moment)
    following = situation.following if question.with_next else None
    found = await _at(uow, lists, site, touching, entries, question.moment)
    if found is None:
        return None
    requirement, version, notes = found
    members = requirement.members() | {"notes": notes, "next": "null"}
    members |= {"division": text_of(site.homes[0]), "list_version": text_of(version)}
    edges += [*boundaries(requirement), *lists.instants()]
    if situation.until is not None:
        edges.append(situation.until)
    if following is not None:
        then = following.starts_at
        coming = await _touching(lists, site, in_force(situation.responses, then), then)
        begun = next((one for one in coming if one.responding.id == following.id), None)
        if _day_of(then) != _day_of(question.moment):  # another plan may hold on that day
            entries, more = await entries_of(uow, site.chain, question.uscc, then)
            edges += more
        later = None if begun is None else await _at(uow, lists, site, coming, entries, then, begun)
        if later is not None:
            members["next"] = object_of(later[0].members() | {"notes": later[2]})
            edges += boundaries(later[0])
    levels = -max((int(one.responding.level) for one in touching), default=0)
    ahead = 0 if following is None else -int(following.level)
    return Composed(members, (levels, ahead, site.homes[0]), edges)


async def _touching(lists: Lists, site: Site, current: Iterable[Responding], moment: datetime) -> list[Touching]:
    """The responses in force at an instant that have measures for the enterprise, in their order."""
    found = []
    for one in current:
        listed = await _listed_under(lists, site, one, moment)
        if listed is not None:
            found.append(Touching(one, await lists.entitled(listed, one.begun, moment, site.homes)))
    return found


async def _listed_under(lists: Lists, site: Site, responding: Responding, moment: datetime) -> Listed | None:
    """What applies under a response: the version that it pinned, or for one of another division the list of the plant's own."""
    if responding.adcode in site.homes:
        pinned = responding.list_version
        if pinned is None:  # what is activated later changes nothing of a response that runs
            pinned = await lists.followed(responding.adcode, responding.starts_at, moment)
        return await lists.listed(pinned)
    found = await lists.pinned(responding.list_version)
    for adcode in reversed(site.homes):
        for instant in (responding.starts_at, moment):
            found = found or await lists.listed(await lists.active(adcode, min(instant, moment)))
    return found


@lru_cache(maxsize=4096)
def _note(note: Note) -> str:
    return text_of(note.document())


def _day_of(instant: datetime) -> date:
    return instant.astimezone(SHANGHAI).date()


async def _at(
    uow: Reading,
    lists: Lists,
    site: Site,
    touching: list[Touching],
    entries: tuple[Entry, ...],
    moment: datetime,
    begun: Touching | None = None,
) -> tuple[Requirement, int, str] | None:
    """The requirement with everything that holds at `moment`, the list's version, and (as JSON) why it departs from the list.

    `begun`: the response that is yet to begin then.
    """
    place = uow.runtime.place
    first = begun or (touching[0] if touching else None)
    listed = first.listed if first else await _own(lists, site, moment)
    if listed is None:
        return None
    ordered = ([first] if first else []) + [one for one in touching if one is not first]
    facts = [_facts(one.responding, moment, place(one.responding.adcode), upcoming=one is begun) for one in ordered]
    holding = [entry for entry in entries if entry.holds(moment)]
    others = [obligation(fact, one.listed.asked) for fact, one in zip(facts[1:], ordered[1:], strict=True)]
    plans = seasonal_facts(holding, place)
    others += seasonal_obligations(plans, holding, listed.asked)
    requirement = requirement_for(
        listed.enterprise,
        listed.asked,
        facts[0] if facts else None,
        others=others,
        moment=moment,
        responses=tuple(facts),
        seasonal=tuple(plans.values()),
    )
    said = [one.listed for one in ordered] or [listed]
    notes = dict.fromkeys(note for one in said for note in one.notes)
    return requirement, listed.version, array_of([_note(note) for note in notes])


async def _own(lists: Lists, site: Site, moment: datetime) -> Listed | None:
    """What the list in force says, the widest list first."""
    for adcode in site.homes:
        listed = await lists.listed(await lists.active(adcode, moment))
        if listed is not None:
            return await lists.entitled(listed, moment, moment, site.homes)
    return None


async def _declared(lists: Lists, site: Site, question: Question, entries: tuple[Entry, ...]) -> Composed | None:
    """What a level would mean now: the measures of the list in force, beside the seasonal plan; nothing of it is an order."""
    listed = await _own(lists, site, question.moment)
    level = question.level
    if listed is None or level is None:
        return None
    place = lists.uow.runtime.place
    holding = [entry for entry in entries if entry.holds(question.moment)]
    plans = seasonal_facts(holding, place)
    requirement = requirement_for(
        listed.enterprise,
        (),
        None,
        others=[_if_declared(level, listed.asked, question.moment), *seasonal_obligations(plans, holding, listed.asked)],
        moment=question.moment,
        seasonal=tuple(plans.values()),
        declared=level,
    )
    members = requirement.members() | {"notes": array_of([_note(note) for note in listed.notes]), "next": "null"}
    members |= {"division": text_of(site.homes[0]), "list_version": text_of(listed.version)}
    return Composed(members, (0, 0, site.homes[0]))


def _if_declared(level: ResponseLevel, lines: Iterable[AskedLine], moment: datetime) -> Obligation:
    source = Source(
        SourceKind.DECLARED,
        f"declared:{level.value}",
        f"假如启动{level.zh}预警",
        f"if a {level.value} warning were declared",
    )
    asked = tuple((line.code, line.name, line.process, line.measure(level)) for line in lines)
    return Obligation(source, moment, None, asked)


def seasonal_facts(holding: Iterable[Entry], place: Any) -> dict[int, SeasonalFacts]:
    return {entry.plan: SeasonalFacts(entry.plan, entry.adcode, entry.title, place(entry.adcode)) for entry in holding}


def seasonal_obligations(
    plans: dict[int, SeasonalFacts], holding: Iterable[Entry], lines: Sequence[AskedLine]
) -> Iterable[Obligation]:
    """What the seasonal plans ask; an entry without a line speaks of all lines that produce, each once."""
    known = {line.code: line for line in lines}
    producing = [line.code for line in lines if line.process != ROAD_TRANSPORT and not line.code.endswith(BESIDE)]
    for entry in holding:
        codes = [entry.line_code] if entry.line_code else producing
        asked = tuple(
            (
                code,
                known[code].name if code in known else code,
                known[code].process if code in known else "",
                entry.measure,
            )
            for code in codes
        )
        yield Obligation(plans[entry.plan].source, entry.starts, entry.until, asked)


def _facts(responding: Responding, moment: datetime, place: str, *, upcoming: bool) -> ResponseFacts:
    """An end that was expected and has passed without a lifting is no end: the measures hold until it is lifted."""
    expected = responding.expected_end
    ends = responding.ends_at or (None if expected is None or expected <= moment else expected)
    return _facts_until(responding, ends, place, upcoming)


@lru_cache(maxsize=4096)
def _facts_until(responding: Responding, ends: datetime | None, place: str, upcoming: bool) -> ResponseFacts:
    """One object for everybody whom a response touches: what it says is written once."""
    return ResponseFacts(
        adcode=responding.adcode,
        level=ResponseLevel(responding.level.code),
        effective_at=responding.begun,
        planned_end=ends,
        list_version=str(responding.list_version),
        warning_title=responding.title,
        upcoming=upcoming,
        place=place,
        id=responding.id,
    )
