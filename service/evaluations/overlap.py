"""Warnings of a city and of a county within it at once: what their sums hold twice of the lines that both of them ask."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from emission_lists.accounting_lines import LineAccounts, LineRow
from emission_lists.accounting_overlap import Claim, counted, counted_twice, given_up
from emission_lists.accounting_sums import FOURS, OPEN, By, Tally
from emission_lists.accounting_weights import Span
from emission_lists.summary import source_of, standing_of
from service.accounts.roles import prefix_of
from service.evaluations import following, repository
from service.evaluations.accounts import add_rows, guide_of, known_of, spans_of
from service.evaluations.following import Followed, Source, one_plant
from service.kit.unit_of_work import UnitOfWork

BATCH = 400
WORDS = {
    "zh": "同一时段内上下级响应都要求的生产线，每小时只计一次：按计划减排量较大的响应计入，企业和生产线各计一次；"
    "统一社会信用代码和生产线编码都相同的视为同一条。上报量按响应时长分摊扣除。扬尘源与移动源只计较大范围的响应。"
    "重叠时段不列占全社会比例。各城市、各次预警仍按各自的响应列示，相加大于合计。",
    "en": "A line that two responses asked at once counts once in each hour: under the response that plans to save more of it."
    " Enterprises and lines count once; a line is the same where credit code and line code are. Reports are taken off by the"
    " length of the response. Dust and mobile sources count under the wider response only. No share of the whole society is told"
    " where responses overlap. Cities and warnings are shown by their own responses, so they add up to more than the total.",
}


@dataclass
class Twice:
    """What the sums of some warnings hold more than once, in all, by level, and by dimension and key.

    `narrower`: the warnings that lie within another one's place while both respond, with those.
    """

    narrower: dict[int, list[int]] = field(default_factory=dict)
    whole: Tally = field(default_factory=Tally)
    levels: dict[str, Tally] = field(default_factory=lambda: defaultdict(Tally))
    groups: dict[tuple[By, str], Tally] = field(default_factory=lambda: defaultdict(Tally))
    lines: int = 0

    def document(self) -> dict[str, Any] | None:
        """What was counted once, for the answer; None where nothing overlaps."""
        if not self.narrower:
            return None
        overlapping = [{"warning": one, "within": wider} for one, wider in sorted(self.narrower.items())]
        return {"overlapping": overlapping, "lines_in_several": self.lines, "words": WORDS}


@dataclass
class _Warning:
    id: int
    adcode: str
    spans: dict[Followed, list[Span]]
    usccs: set[str] = field(default_factory=set)

    def overlaps(self, other: _Warning) -> bool:
        mine, others = (
            [span for several in one.spans.values() for span in several if span.minutes] for one in (self, other)
        )
        return any(one.start < two.end and two.start < one.end for one in mine for two in others)


def less(tally: Tally, twice: Tally) -> Tally:
    """A sum without what it holds twice; never below nothing."""
    for name in ("enterprises", "lines", "asked_lines", "unknown_lines"):
        setattr(tally, name, max(0, getattr(tally, name) - getattr(twice, name)))
    for name in (*OPEN, *FOURS):
        pairs = zip(getattr(tally, name), getattr(twice, name), strict=True)
        setattr(tally, name, [max(0, value - more) for value, more in pairs])
    return tally


async def twice_in(uow: UnitOfWork, rows: Sequence[Any]) -> Twice:
    """What the sums of these warnings would hold twice; nothing is read line by line where none lies within another."""
    found = Twice()
    nested = _nested([(row["id"], row["adcode"]) for row in rows])
    known = {one.id: one for one in [await _warning(uow, row) for row in rows if row["id"] in nested]}
    for narrow, wide in ((narrow, wide) for narrow, several in nested.items() for wide in several):
        if known[narrow].overlaps(known[wide]):
            found.narrower.setdefault(narrow, []).append(wide)
    involved = {*found.narrower, *(wide for several in found.narrower.values() for wide in several)}
    warnings = sorted((known[one] for one in involved), key=lambda one: (len(prefix_of(one.adcode)), one.id))
    for one in warnings:
        one.usccs = await _usccs(uow, one)
    several = sorted({uscc for one in warnings for uscc in one.usccs if sum(uscc in each.usccs for each in warnings) > 1})
    for start in range(0, len(several), BATCH):
        await _add_batch(uow, found, warnings, several[start : start + BATCH])
    return found


def _nested(warnings: Sequence[tuple[int, str]]) -> dict[int, list[int]]:
    """The warnings whose division lies within another one's, and both ends of it; wider ones have none of their own."""
    found: dict[int, list[int]] = {}
    for one, adcode in warnings:
        within = [
            other for other, wider in warnings if wider != adcode and adcode.startswith(prefix_of(wider)) and other != one
        ]
        if within:
            found[one] = within
            for other in within:
                found.setdefault(other, [])
    return found


async def _warning(uow: UnitOfWork, row: Any) -> _Warning:
    responses = await repository.responses_of(uow, row["id"])
    spans = spans_of(responses, uow.now, await following.followed_by(uow, responses))
    return _Warning(row["id"], row["adcode"], spans)


async def _usccs(uow: UnitOfWork, warning: _Warning) -> set[str]:
    found: set[str] = set()
    for source in {source for sources in warning.spans for source in sources}:
        found |= await following.usccs_of(uow, source)
    return found


async def _add_batch(uow: UnitOfWork, found: Twice, warnings: Sequence[_Warning], usccs: Sequence[str]) -> None:
    """Every line of these enterprises that several warnings ask."""
    lines: defaultdict[tuple[str, str], list[tuple[int, str, LineRow]]] = defaultdict(list)
    for place, warning in enumerate(warnings):
        for sources, every in warning.spans.items():
            spans = [span for span in every if span.minutes]
            for source in sources if spans else ():
                for row in await _rows(uow, source, spans, usccs):
                    lines[row.enterprise.uscc, row.line.code].append((place, source.adcode, row))
    await asyncio.to_thread(_add_lines, found, lines)


async def _rows(uow: UnitOfWork, source: Source, spans: Sequence[Span], usccs: Sequence[str]) -> list[LineRow]:
    rows = await following.rows_for(uow, source, usccs)
    if not rows:
        return []
    reports, known, decided = await known_of(uow, source, spans, [uscc for uscc, _ in rows], rows[0][0][:-1])
    accounts = LineAccounts(spans)
    guide = await guide_of(uow, source.version)
    await asyncio.to_thread(add_rows, accounts, rows, reports, known, decided, guide)
    return accounts.take()


def _add_lines(found: Twice, lines: Mapping[tuple[str, str], Sequence[tuple[int, str, LineRow]]]) -> None:
    firms: defaultdict[tuple[By, str], set[tuple[int, str]]] = defaultdict(set)
    for (uscc, _), several in lines.items():
        for plant in _plants(several):
            warnings = sorted({place for place, _, _ in plant})
            if len(warnings) > 1:
                _add_line(found, warnings, plant)
                for place, _, row in plant:
                    for key in _keys(row):
                        firms[key].add((place, uscc))
    for (dimension, name), members in firms.items():
        more = len(members) - len({uscc for _, uscc in members})
        if dimension is By.WHOLE:
            found.whole.enterprises += more
        elif dimension is By.LEVEL:
            found.levels[name].enterprises += more
        else:
            found.groups[dimension, name].enterprises += more


def _plants(several: Sequence[tuple[int, str, LineRow]]) -> list[list[tuple[int, str, LineRow]]]:
    """Rows of one enterprise and line code by plant: two counties may each list a plant of it, with lines of one name."""
    plants: list[list[tuple[int, str, LineRow]]] = []
    for one in several:
        mine = (one[1], one[2].enterprise.adcode)
        same = next((each for each in plants if one_plant((each[0][1], each[0][2].enterprise.adcode), mine)), None)
        if same is None:
            plants.append([one])
        else:
            same.append(one)
    return plants


def _add_line(found: Twice, warnings: Sequence[int], plant: Sequence[tuple[int, str, LineRow]]) -> None:
    rows = {place: [row for number, _, row in plant if number == place] for place in warnings}
    claims = [Claim([part for row in rows[place] for part in row.every]) for place in warnings]
    found.lines += 1
    for gone in given_up(claims):
        row = next(one for one in rows[warnings[gone.claim]] if any(span is gone.span for span, _ in one.every))
        found.whole.sum(gone.amounts)
        found.levels[gone.span.level.value].sum(gone.amounts)
        for group in _groups(row):
            found.groups[group].sum(gone.amounts)
    _count(found.whole, claims)
    for level in {span.level for claim in claims for span, _ in claim.every}:
        own = [Claim([part for part in claim.every if part[0].level is level]) for claim in claims]
        _count(found.levels[level.value], [claim for claim in own if claim.every])
    places: defaultdict[tuple[By, str], list[Claim]] = defaultdict(list)
    for place, claim in zip(warnings, claims, strict=True):
        for key in _groups(rows[place][-1]):
            places[key].append(claim)
    for key, alike in places.items():
        _count(found.groups[key], alike)


def _count(tally: Tally, claims: Sequence[Claim]) -> None:
    if len(claims) > 1:
        more = counted_twice([counted(claim) for claim in claims])
        tally.count_lines(more)
        tally.sum(more)


def _keys(row: LineRow) -> list[tuple[By, str]]:
    levels = {span.level.value for span, _ in row.every}
    return [(By.WHOLE, ""), *((By.LEVEL, level) for level in levels), *_groups(row)]


def _groups(row: LineRow) -> list[tuple[By, str]]:
    firm = row.enterprise
    return [
        (By.COUNTY, firm.adcode),
        (By.INDUSTRY, firm.industry),
        (By.GRADE, firm.grade.value),
        (By.STANDING, standing_of(firm).value),
        (By.SOURCE, source_of(firm, row.line).value),
    ]
