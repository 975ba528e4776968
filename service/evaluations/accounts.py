"""The accounts of one warning: its responses over the list they pinned, enterprise by enterprise."""

from __future__ import annotations

import asyncio
import json
import marshal
from collections import defaultdict
from collections.abc import Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import groupby
from typing import Any, TypeVar

from emission_lists.accounting import Measured
from emission_lists.accounting_records import RecordAccounts
from emission_lists.accounting_reports import LineState, ReportedDay, reported
from emission_lists.accounting_sums import Accounts, By, Reported, Tally
from emission_lists.accounting_weights import Span
from emission_lists.documents import enterprise_from, measure_from, pollutants_from
from emission_lists.entitlement import Decisions
from emission_lists.levels import LEVELS, PerLevel, ResponseLevel
from emission_lists.lists import Enterprise, Line, Pollutants
from emission_lists.measures import Measure
from emission_lists.regrading import may_hang_on_a_season, rows_beside
from emission_lists.sheets.kinds import Sheet, record_from
from service.evaluations import repository
from service.evaluations.following import MEASURED_LEVELS, Followed, Source, followed_by, rows_of
from service.evaluations.homes import homes_of
from service.evaluations.measured import measured_of
from service.evaluations.repository import Response
from service.grades.applying import entitle
from service.grades.repository import NOTHING
from service.guides.loader import Applied
from service.guides.repository import applied
from service.kit.unit_of_work import UnitOfWork

STATES = {state.value: state for state in LineState}
Place = TypeVar("Place", bound=Hashable)
Reports = Mapping[str, Mapping[tuple[int, str], list[ReportedDay]]]


@dataclass(frozen=True)
class Account:
    """The accounts over one list version (or lists beside each other): its lines, and its dust sites and mobile sources.

    `tallies` by dimension and key.
    """

    accounts: Accounts
    tallies: dict[tuple[By, str], Tally]
    records: RecordAccounts

    def of_response(self, response: int) -> Tally:
        """The sums of industry over one response."""
        return self.tallies.get((By.RESPONSE, str(response)), Tally())


def spans_of(
    responses: Sequence[Response], now: datetime, followed: Mapping[int, Followed]
) -> dict[Followed, list[Span]]:
    """The responses that carry measures, by the lists that they go by, each up to now at the most."""
    spans: dict[Followed, list[Span]] = defaultdict(list)
    last: Response | None = None
    begun, known = now, ""
    for response in responses:
        ends = min(now, response.ends_at or now)
        continuing = last is not None and last.ends_at == response.starts_at
        if last is None or not continuing or last.level is not response.level:  # otherwise it only extends the last one
            begun, known = response.starts_at, last.level.code if last is not None and continuing else ""
        if followed.get(response.id) and ends > response.starts_at:
            level = ResponseLevel(response.level.code)
            before = ResponseLevel(known) if known in MEASURED_LEVELS else None
            spans[followed[response.id]].append(Span(response.id, level, response.starts_at, ends, before, begun))
        last = response
    return dict(spans)


async def accounts_of(
    uow: UnitOfWork, responses: Sequence[Response], followed: Mapping[int, Followed] | None = None
) -> list[Account]:
    """The accounts of a warning's responses; one for all that go by the same lists, usually one."""
    followed = await followed_by(uow, responses) if followed is None else followed
    made = []
    for sources, spans in spans_of(responses, uow.now, followed).items():
        accounts = Accounts(spans)
        for source in sources:
            await _add_source(uow, accounts, source, spans)
        made.append(Account(accounts, accounts.finish(), await _records(uow, sources, spans)))
    return made


async def _add_source(uow: UnitOfWork, accounts: Accounts, source: Source, spans: Sequence[Span]) -> None:
    guide = await guide_of(uow, source.version)
    after = ""
    async for rows in rows_of(uow, source):
        reports, known, decided = await known_of(uow, source, spans, [uscc for uscc, _ in rows], after)
        await asyncio.to_thread(add_rows, accounts, rows, reports, known, decided, guide)
        after = rows[-1][0]


async def guide_of(uow: UnitOfWork, version: int) -> Applied:
    """The guide of a list version, in the edition that it was frozen with."""
    listed = await uow.fetchrow("SELECT guide, guide_content FROM list_version WHERE id = $1", version)
    assert listed is not None  # a response goes by a version that exists
    return await applied(uow, listed["guide"], listed["guide_content"])


async def known_of(
    uow: UnitOfWork, source: Source, spans: Sequence[Span], usccs: Sequence[str], after: str
) -> tuple[Reports, dict[str, dict[str, Measured]], dict[str, Decisions]]:
    """What the enterprises beyond a code up to the last one reported, what was measured at them, and decided about them."""
    start, end, keys = spans[0].start, spans[-1].end, [span.key for span in spans]
    reports = await _reports(uow, spans, after, usccs[-1])
    homes = await homes_of(uow, source.adcode, usccs, start, end)
    known = await measured_of(uow, homes.ever, keys, start, end)
    return reports, known, await repository.decisions_of(uow, homes.counting)


async def _records(uow: UnitOfWork, sources: Followed, spans: Sequence[Span]) -> RecordAccounts:
    """The further sheets of the lists over the responses; of a list that speaks of more places the rows of the place alone."""
    records = RecordAccounts(spans)
    for source in sources:
        listed, place = await repository.transport_listed(uow, source.version), source.within.rstrip("%")
        async for documents in repository.records_of(uow, source.version):
            await asyncio.to_thread(_add_records, records, documents, listed, place)
    return records


def _add_records(records: RecordAccounts, documents: Sequence[str], listed: frozenset[str], place: str) -> None:
    for document in documents:
        record = record_from(json.loads(document))
        if not place or (record.county or "").startswith(place):
            records.add(record, listed=record.sheet is Sheet.BULK_TRANSPORT and record.key in listed)


def add_rows(
    accounts: Accounts,
    rows: Sequence[Any],
    reports: Reports,
    known: Mapping[str, Mapping[str, Measured]],
    decided: Mapping[str, Decisions],
    guide: Applied,
) -> None:
    """Account stored enterprises under what was `decided` about them; runs apart from the event loop."""
    measures: dict[bytes, Measure] = {}
    for uscc, document in rows:
        stored = json.loads(document)
        enterprise, lines = enterprise_from(stored["enterprise"]), [_line(line, measures) for line in stored["lines"]]
        told = _reported(lines, reports[uscc]) if uscc in reports else None
        in_force = None
        decisions = decided.get(uscc)
        if decisions or enterprise.guarantee is not None or may_hang_on_a_season(enterprise, lines):
            enterprise, in_force = _in_force(enterprise, lines, guide, decisions or NOTHING, accounts.spans)
        accounts.add(enterprise, lines, measured=known.get(uscc), reported=told, in_force=in_force)


def _in_force(
    enterprise: Enterprise, lines: Sequence[Line], guide: Applied, decisions: Decisions, spans: Sequence[Span]
) -> tuple[Enterprise, dict[int, dict[str, Line]]]:
    """The enterprise as it stood at the first response, and its lines by response: grades and guarantees at its start.

    What is asked beside a line has no amounts of its own and is no line of the list; it is left out.
    """
    found: dict[int, dict[str, Line]] = {}
    stood = enterprise
    for place, span in enumerate(spans):
        made = entitle(enterprise, lines, guide, decisions, span.since, span.start)
        stood = made.enterprise if place == 0 else stood
        by_code = {line.code: line for line in made.lines}
        found[span.key] = {line.code: _planned(line, by_code[line.code], by_code) for line in lines}
    return stood, found


def _planned(listed: Line, made: Line, every: Mapping[str, Line]) -> Line:
    """A line with the reductions that the list states for the measures that still have to be carried out."""
    if made is listed:
        return made
    carried_out = (made, *rows_beside(listed.code, every))

    def stated(level: ResponseLevel) -> Pollutants:
        measure = listed.measures.at(level)
        still = any(line.measures.at(level) == measure for line in carried_out)
        return listed.reductions.at(level) if still else Pollutants()

    return replace(made, reductions=PerLevel(*(stated(level) for level in LEVELS)))


def _line(document: dict[str, Any], known: dict[bytes, Measure]) -> Line:
    """A stored line. Most lines of a list share few measures: reading each only once halves the time."""
    measures = []
    for level in LEVELS:
        stored = document["measures"][level.value]
        key = marshal.dumps(stored, 2)
        measure = known.get(key)
        if measure is None:
            measure = known[key] = measure_from(stored)
        measures.append(measure)
    return Line(
        code=document["code"],
        name=document["name"],
        process=document["process"],
        base=pollutants_from(document["base"]),
        measures=PerLevel(*measures),
        reductions=PerLevel(*(pollutants_from(document["reductions"][level.value]) for level in LEVELS)),
    )


async def _reports(uow: UnitOfWork, spans: Sequence[Span], after: str, until: str) -> Reports:
    found: defaultdict[str, defaultdict[tuple[int, str], list[ReportedDay]]] = defaultdict(lambda: defaultdict(list))
    for row in await repository.reports_of(uow, [span.key for span in spans], after, until):
        found[row["uscc"]][row["response_id"], row["line_code"]].append(day_of(row))
    return found


def day_of(row: Any) -> ReportedDay:
    """A stored report as the pure core takes it."""
    kg = Pollutants(row["so2"], row["nox"], row["pm"], row["vocs"])
    return ReportedDay(STATES[row["state"]], row["hours"], row["ran_at"], kg)


def _reported(
    lines: Sequence[Line], days: Mapping[tuple[int, str], list[ReportedDay]]
) -> dict[tuple[int, str], Reported]:
    bases = {line.code: line.base for line in lines}
    made = {}
    for (response, code), told in days.items():
        total = reported(bases[code], told) if code in bases else None
        if total is not None:
            made[response, code] = total
    return made


def merged(accounts: Sequence[Account]) -> dict[tuple[By, str], Tally]:
    """The sums over all list versions of a warning.

    Enterprises and lines are those of the newest version; of what is open the version counts in which most is open.
    """
    return over_versions(account.tallies for account in accounts)


def over_versions(every: Iterable[Mapping[Place, Tally]]) -> dict[Place, Tally]:
    """Sums by place over list versions, the oldest first."""
    tallies: dict[Place, Tally] = {}
    for version in every:
        for place, tally in version.items():
            total = Tally()
            total.merge(tally)
            if place in tallies:
                total.sum(tallies[place])
                total.keep_open(tallies[place])
            tallies[place] = total
    return tallies


def by_dimension(tallies: Mapping[tuple[By, str], Tally]) -> dict[By, dict[str, Tally]]:
    """The sums by dimension, keys in order."""
    ordered = sorted(tallies.items(), key=lambda one: (list(By).index(one[0][0]), one[0][1]))
    return {by: {key: tally for (_, key), tally in group} for by, group in groupby(ordered, key=lambda one: one[0][0])}
