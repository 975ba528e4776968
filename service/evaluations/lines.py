"""Reductions line by line (逐线减排量): what one enterprise, or everyone of a response, was planned, reported and verified to save."""

from __future__ import annotations

import asyncio
import json
from collections import defaultdict
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from emission_lists.accounting import PER_KG, Origin
from emission_lists.accounting_lines import LineAccounts, LineRow, base, line_hours, planned
from emission_lists.accounting_sums import Amounts
from emission_lists.accounting_weights import Span
from emission_lists.lists import POLLUTANTS
from service.accounts.roles import Principal
from service.evaluations import repository
from service.evaluations.accounts import add_rows, guide_of, known_of, spans_of
from service.evaluations.figures import kg, known_kg
from service.evaluations.following import Followed, Source, document_of, followed_by
from service.evaluations.following import batch as next_rows
from service.evaluations.homes import homes_of
from service.evaluations.reports import asking
from service.evaluations.repository import Response
from service.guides.loader import Applied
from service.kit.problems import Forbidden, Unknown
from service.kit.runtime import Runtime
from service.kit.unit_of_work import UnitOfWork, beijing

WARNING_SQL = """
SELECT w.id, w.adcode FROM warning w JOIN warning_step s ON s.warning_id = w.id JOIN response r ON r.step_id = s.id
WHERE r.id = $1
"""
SINCE_SQL = """
SELECT (SELECT count(*) FROM reduction_report WHERE response_id = ANY($1::bigint[]) AND uscc = $2 AND reported_at > $3) AS reports,
    EXISTS (SELECT 1 FROM evidence_hour h JOIN evidence_batch b ON b.id = h.batch_id WHERE h.adcode = ANY($4::text[]) AND h.uscc = $2
        AND h.until_at > $5 AND h.until_at < $6::timestamptz + interval '1 hour' AND b.received_at > $3) AS evidence
"""
BATCH = 200
SUMMED = ("base_kg", "planned_kg", "reported_kg", "verified_at_least_kg", "planned_where_verified_kg", "verified_own_kg")
AMOUNTS = {Origin.STATED.value, Origin.COMPUTED.value}
KEPT = {
    "zh": "评估已定稿。定稿只保存汇总数和减排量最大的生产线；本表按现有上报和证据重新核算，定稿保存过的生产线另列定稿数字。",
    "en": "The evaluation is closed. What was closed holds the sums and the largest lines only: these figures are reckoned anew from what"
    " is on record now; a line that was kept has its closed figures beside them.",
}


@dataclass(frozen=True)
class Question:
    """One warning's lines as of one instant: the same for every batch that is read for it."""

    warning: int
    adcode: str
    responses: list[Response]
    spans: dict[Followed, list[Span]]
    guides: dict[int, Applied]
    as_of: datetime
    uscc: str | None
    closed_at: datetime | None
    kept: dict[tuple[str, str], Any]

    @property
    def running(self) -> bool:
        """Whether a response of the warning goes on."""
        return not self.responses or any(one.ends_at is None or one.ends_at > self.as_of for one in self.responses)

    def response_of(self, response: int) -> Response:
        """The response with an id."""
        return next(one for one in self.responses if one.id == response)


async def question_of(uow: UnitOfWork, principal: Principal, response_id: int, uscc: str | None) -> Question:
    """What is asked and by whom: an enterprise its own lines, officials those of responses of their region.

    Raises Forbidden for another enterprise's, Unknown outside the region and where no list of the warning names it.
    """
    if principal.uscc is not None and uscc not in (None, principal.uscc):
        raise Forbidden("You may see the reductions of your own lines, officials those of their region.")
    own = principal.uscc or uscc
    row = await uow.fetchrow(WARNING_SQL, response_id)
    if row is None or (principal.uscc is None and not principal.scope.covers(row["adcode"])):
        raise Unknown(f"There is no response {response_id} in your region.")
    responses = await repository.responses_of(uow, row["id"])
    followed = await followed_by(uow, responses)
    if own is not None and not await _named(uow, responses, own):
        raise Unknown(f"The lists that response {response_id} follows do not name {own}; nothing was planned for it.")
    spans = {
        sources: [span for span in own_spans if span.minutes]
        for sources, own_spans in spans_of(responses, uow.now, followed).items()
    }
    shut = await repository.closed(uow, row["id"])
    return Question(
        row["id"],
        row["adcode"],
        responses,
        spans,
        {source.version: await guide_of(uow, source.version) for sources in spans for source in sources},
        uow.now,
        own,
        None if shut is None else beijing(shut["closed_at"]),
        {} if shut is None else _kept(json.loads(shut["document"])),
    )


async def _named(uow: UnitOfWork, responses: Sequence[Response], uscc: str) -> bool:
    """Whether a list that one of the responses goes by names an enterprise."""
    for one in reversed(responses):
        if await document_of(uow, one, uscc) is not None:
            return True
    return False


def _kept(document: Mapping[str, Any]) -> dict[tuple[str, str], Any]:
    """The lines that a closed evaluation holds, by enterprise and code; it holds a line once for each version of the list."""
    found: dict[tuple[str, str], Any] = {}
    for line in document["largest"]:
        key, told = (line["uscc"], line["line"]), line["pollutants"]
        found[key] = {name: _together(found[key][name], told[name]) for name in told} if key in found else told
    return found


def _together(one: Mapping[str, Any], other: Mapping[str, Any]) -> dict[str, Any]:
    """One pollutant of a line under two versions of the list, as `figures.large` puts several responses together."""
    both = one, other
    planned = _sum([part["planned_kg"] for part in both])
    open_ = any(part.get("not_established") for part in both)  # what was closed before this was told has none
    base = [part["base_kg"] for part in both]
    return {
        **one,
        "base_kg": None if None in base else _sum(base),
        "planned_kg": None if open_ and not planned else planned,
        "origin": next((part["origin"] for part in both if part["origin"] in AMOUNTS), one["origin"]),
        "not_established": open_,
        "reported_kg": _sum([part["reported_kg"] for part in both]),
        "verified_at_least_kg": _sum([part["verified_at_least_kg"] for part in both]),
        "verified_minutes": sum(part["verified_minutes"] for part in both),
    }


async def page(uow: UnitOfWork, asked: Question, after: str, size: int) -> dict[str, Any]:
    """The lines of up to `size` enterprises beyond a credit code, with the hours where one enterprise is asked for. Amounts in kg."""
    items, last = await batch(uow, asked, after, size, hours=asked.uscc is not None)
    return {
        "warning": asked.warning,
        "adcode": asked.adcode,
        "place": uow.runtime.place(asked.adcode),
        "as_of": asked.as_of,
        "running": asked.running,
        "closed": await _closed(uow, asked),
        "totals": None if asked.uscc is None else added(items),
        "items": items,
        "next": last,
    }


async def _closed(uow: UnitOfWork, asked: Question) -> dict[str, Any] | None:
    """What became of these figures when the evaluation was closed, and what came in for the enterprise since then."""
    if asked.closed_at is None:
        return None
    told: dict[str, Any] = {"closed_at": asked.closed_at, "lines_kept": len(asked.kept), "words": KEPT}
    if asked.uscc is None or not asked.responses:
        return told
    first, last = asked.responses[0].starts_at, asked.responses[-1].ends_at or asked.as_of
    ids = [one.id for one in asked.responses]
    homes = await homes_of(uow, asked.adcode, [asked.uscc], first, last)
    since = await uow.fetchrow(SINCE_SQL, ids, asked.uscc, asked.closed_at, list(homes.ever[asked.uscc]), first, last)
    assert since is not None  # one row of sums
    return told | {"reports_since": since["reports"], "evidence_since": since["evidence"]}


async def batch(
    uow: UnitOfWork, asked: Question, after: str, size: int, *, hours: bool = False
) -> tuple[list[dict[str, Any]], str | None]:
    """The lines of the next enterprises in order of their codes, and the code to go on from; None at the end."""
    stored: list[tuple[Source, list[Span], list[tuple[str, str]]]] = []
    ends: list[str] = []
    for sources, spans in asked.spans.items():
        for source in sources:
            rows, end = await next_rows(uow, source, after, size, asked.uscc)
            stored.append((source, spans, rows))
            ends += [] if end is None else [end]
    last = min(ends, default=None)  # beyond it a list may have more
    usccs = sorted({uscc for _, _, rows in stored for uscc, _ in rows if last is None or uscc <= last})
    if len(usccs) > size:
        last = usccs[size - 1]
    found: list[tuple[int, LineRow]] = []
    for source, spans, rows in stored:
        own = [row for row in rows if last is None or row[0] <= last]
        found += [(source.version, row) for row in await _accounted(uow, asked, source, spans, own)]
    return await asyncio.to_thread(_items, asked, found, hours), last if asked.uscc is None else None


async def _accounted(
    uow: UnitOfWork, asked: Question, source: Source, spans: Sequence[Span], rows: Sequence[tuple[str, str]]
) -> list[LineRow]:
    """The lines of stored enterprises under the responses that follow a version, reckoned as the sums are."""
    if not rows or not spans:
        return []
    reports, known, decided = await known_of(uow, source, spans, [uscc for uscc, _ in rows], _before(rows[0][0]))
    accounts = LineAccounts(spans)
    await asyncio.to_thread(add_rows, accounts, rows, reports, known, decided, asked.guides[source.version])
    return accounts.take()


def _before(uscc: str) -> str:
    """A text that lies before this code and after every other one before it: codes have 18 signs."""
    return uscc[:-1]


def _items(asked: Question, rows: Sequence[tuple[int, LineRow]], hours: bool) -> list[dict[str, Any]]:
    """Each line once, with its responses over all versions in order of their start."""
    by_line: defaultdict[tuple[str, str], list[tuple[int, LineRow]]] = defaultdict(list)
    for version, row in rows:
        by_line[row.enterprise.uscc, row.line.code].append((version, row))
    return [_item(asked, key, by_line[key], hours) for key in sorted(by_line)]


def _item(asked: Question, key: tuple[str, str], found: Sequence[tuple[int, LineRow]], hours: bool) -> dict[str, Any]:
    newest = found[-1][1]
    every = sorted(
        ((span, one, version, row) for version, row in found for span, one in row.every), key=lambda part: part[0].start
    )
    enterprise, line = newest.enterprise, newest.line
    return {
        "uscc": enterprise.uscc,
        "name": enterprise.name,
        "county": enterprise.adcode,
        "industry": enterprise.industry,
        "grade": enterprise.grade.value,
        "long_stopped": enterprise.long_stopped,
        "line": line.code,
        "line_name": line.name,
        "process": line.process,
        "pollutants": _pollutants(newest, [one for _, one, _, _ in every]),
        "responses": [_response(asked, span, one, version, row, hours) for span, one, version, row in every],
        "as_closed": asked.kept.get(key),
    }


def _response(asked: Question, span: Span, one: Amounts, version: int, row: LineRow, hours: bool) -> dict[str, Any]:
    told = {
        "response": span.key,
        "level": span.level.value,
        "list_version": version,
        "from": span.start,
        "until": span.end,
        "ends_at": asked.response_of(span.key).ends_at,
        "asked": one.account.asked,
        "reported_days": 0 if one.reported is None else one.reported.days,
        "origins": {name: one.account.origins[place].value for place, name in enumerate(POLLUTANTS)},
        "pollutants": _pollutants(row, [one]),
    }
    return told | ({"hours": _hours(span, row, one)} if hours else {})


def _pollutants(row: LineRow, every: Sequence[Amounts]) -> dict[str, dict[str, Any]]:
    return {name: _figures(row, every, place) for place, name in enumerate(POLLUTANTS)}


def _figures(row: LineRow, every: Sequence[Amounts], place: int) -> dict[str, Any]:
    """One pollutant, kg. `not_established`: in how many of the responses what is planned is not (未确立)."""
    plan = planned(every, place)
    reports = [one.reported.saved[place] for one in every if one.reported is not None]
    told = [saved for saved in reports if saved is not None]
    shown = [one.verified for one in every if one.verified is not None and one.verified.saved[place] is not None]
    saved = [one.saved[place] or 0 for one in shown]
    of_these = sum(one.planned[place] for one in shown)
    own_minutes = sum(one.own_minutes[place] for one in shown)
    asked = sum(one.minutes for one in every if one.account.asked and one.account.base[place])
    return {
        "base_kg": _kg(base(row, every, place)),
        "planned_kg": _kg(plan.milligrams),
        "not_established": plan.open,
        "reported_kg": kg(sum(told)) if told else None,
        "verified_at_least_kg": kg(sum(saved)) if shown else None,
        "planned_where_verified_kg": known_kg(of_these, plan.open) if shown else None,
        "verified_minutes": sum(one.minutes[place] for one in shown),
        "verified_own_kg": kg(sum(one.own[place] for one in shown)) if own_minutes else None,
        "verified_own_minutes": own_minutes,
        "asked_minutes": asked,
    }


def added(items: Sequence[Mapping[str, Any]]) -> dict[str, dict[str, Any]]:
    """The lines of an enterprise added up, kg by pollutant. Lines that are open or state no base are counted and in no sum."""
    totals = {}
    for name in POLLUTANTS:
        parts = [one["pollutants"][name] for one in items]
        totals[name] = {figure: _sum([part[figure] for part in parts]) for figure in SUMMED} | {
            "not_established_lines": sum(part["not_established"] > 0 for part in parts),
            "base_not_stated_lines": sum(part["base_kg"] is None for part in parts),
            "verified_minutes": sum(part["verified_minutes"] for part in parts),
            "verified_own_minutes": sum(part["verified_own_minutes"] for part in parts),
            "asked_minutes": sum(part["asked_minutes"] for part in parts),
        }
    return totals


def _sum(values: Sequence[float | None]) -> float | None:
    """Exact in milligrams; None where nothing is known."""
    known = [round(value * PER_KG) for value in values if value is not None]
    return kg(sum(known)) if known else None


def _kg(milligrams: int | None) -> float | None:
    return None if milligrams is None else kg(milligrams)


def _hours(span: Span, row: LineRow, one: Amounts) -> dict[str, Any]:
    """kg by clock hour, named by its end; verified null in hours that nothing measured, planned null where nothing is established."""
    found = line_hours(span, one)
    pollutants = {}
    for place, name in enumerate(POLLUTANTS):
        known_base = base(row, [one], place) is not None
        known_plan = planned([one], place).milligrams is not None
        pollutants[name] = {
            "base_kg": [kg(int(value)) if known_base else None for value in found.base[place]],
            "planned_kg": [kg(int(value)) if known_plan else None for value in found.planned[place]],
            "verified_at_least_kg": [
                kg(int(value)) if measured else None
                for value, measured in zip(found.verified[place], found.known[place], strict=True)
            ],
        }
    return {"until": [instant.isoformat() for instant in span.hours], "pollutants": pollutants}


async def newest(uow: UnitOfWork, principal: Principal, uscc: str, most: int) -> list[dict[str, Any]]:
    """The newest warnings with measures in force for an enterprise, each by its newest response; officials: of their region."""
    region = "%" if principal.uscc == uscc else principal.scope.prefix + "%"
    rows = [row for row, _ in await asking(uow, uscc, region, most, once=True)]
    return [dict(row) | {"starts_at": beijing(row["starts_at"]), "ends_at": beijing(row["ends_at"])} for row in rows]


async def every_batch(runtime: Runtime, asked: Question) -> AsyncIterator[list[dict[str, Any]]]:
    """All lines in order of enterprise and code; each batch in a transaction of its own, so that a slow reader holds none."""
    after: str | None = ""
    while after is not None:
        async with runtime.unit() as uow:
            items, after = await batch(uow, asked, after, BATCH)
        yield items
