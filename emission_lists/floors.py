"""The floors (减排比例底线): planned reduction ÷ whole-society emissions, per level and pollutant.

Where lines are open (未确立) the sums are lower bounds: a floor is missed only when it would be missed even if every open line saved
its whole base.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from emission_lists.check_context import Checker
from emission_lists.documents import pollutants_document
from emission_lists.findings import Finding
from emission_lists.guides import FloorProfile
from emission_lists.levels import LEVELS, PerLevel, ResponseLevel
from emission_lists.lists import POLLUTANT_LABELS, POLLUTANTS, Pollutants
from emission_lists.measures import Labelled, percent
from emission_lists.reductions import Totals, share
from emission_lists.source_totals import (
    CitySource,
    SourceTotals,
    city_totals,
    source_totals,
    totals_document,
    whole_society,
)

_TOLERANCE = 1e-9


class Verdict(Labelled):
    """How a pollutant stands against its floor at a level. Without a base nothing is judged.

    Short is only what is short whatever the open lines save; not established what they may make up for.
    """

    MET = ("met", "达到", "met")
    SWAPPED = ("swapped", "经 SO2/NOx 调剂达到", "met by balancing SO2 and NOx")
    SHORT = ("short", "未达到", "short")
    NOT_ESTABLISHED = ("not_established", "未确立", "not established")
    NOT_JUDGED = ("not_judged", "无法判定", "not judged")


@dataclass(frozen=True, slots=True)
class FloorResult:
    """One level: the shares reached (None = no base), what is short, and whether SO2 and NOx were balanced.

    `most`: the shares if every open line saved its whole base, infinite where one has none; `undecided`: what is below its floor,
    and above it with the open lines.
    """

    level: ResponseLevel
    shares: Pollutants
    required: Pollutants
    short: tuple[str, ...]
    swap_used: bool
    most: Pollutants
    undecided: tuple[str, ...]

    def verdict(self, pollutant: str) -> Verdict:
        """How one pollutant stands."""
        reached, least = getattr(self.shares, pollutant), getattr(self.required, pollutant)
        if reached is None or least is None:
            return Verdict.NOT_JUDGED
        if pollutant in self.short:
            return Verdict.SHORT
        if pollutant in self.undecided:
            return Verdict.NOT_ESTABLISHED
        return Verdict.MET if reached >= least - _TOLERANCE else Verdict.SWAPPED


def check_floors(
    planned: PerLevel[Pollutants], base: Pollutants, floor: FloorProfile, most: PerLevel[Pollutants] | None = None
) -> list[FloorResult]:
    """Holds planned reductions against the floors. A pollutant without a base is not judged.

    `most`: what is saved if every open line saves all it emits; without it nothing is open.
    """
    return [_level(level, planned.at(level), (most or planned).at(level), base, floor) for level in LEVELS]


def _level(
    level: ResponseLevel, planned: Pollutants, most: Pollutants, base: Pollutants, floor: FloorProfile
) -> FloorResult:
    required = floor.at(level)
    least, highest = _shares(planned, base), _shares(most, base)
    below, swap = _below(least, required, floor)
    short, _ = _below(highest, required, floor)
    undecided = tuple(name for name in below if name not in short)
    return FloorResult(level, least, required, short, swap, highest, undecided)


def _shares(amounts: Pollutants, base: Pollutants) -> Pollutants:
    return Pollutants(*(share(part, whole) for part, whole in zip(amounts, base, strict=True)))


def _below(shares: Pollutants, required: Pollutants, floor: FloorProfile) -> tuple[tuple[str, ...], bool]:
    """What is below its floor, and whether SO2 and NOx are not because they were balanced."""
    short = [
        name
        for name, reached, least in zip(POLLUTANTS, shares, required, strict=True)
        if reached is not None and reached < (least or 0) - _TOLERANCE
    ]
    swap = bool({"so2", "nox"} & set(short)) and floor.so2_nox_swap.allowed and _balanced(shares, required)
    if swap:
        short = [name for name in short if name not in ("so2", "nox")]
    return tuple(short), swap


def _balanced(shares: Pollutants, required: Pollutants) -> bool:
    if shares.so2 is None or shares.nox is None:
        return False
    return shares.so2 + shares.nox >= (required.so2 or 0) + (required.nox or 0) - _TOLERANCE


@dataclass(frozen=True, slots=True)
class FloorReport:
    """A city's planned reductions by class of sources, held against one floor profile. `whole`: None = not stated."""

    floor: FloorProfile
    sources: SourceTotals
    whole: Pollutants | None
    results: tuple[FloorResult, ...]

    @property
    def city(self) -> Totals:
        """The sum over the classes of sources."""
        return city_totals(self.sources)

    @property
    def passed(self) -> bool | None:
        """True if every pollutant at every level is judged and none is short; None if nothing is short but something is not
        judged or not established."""
        verdicts = {result.verdict(name) for result in self.results for name in POLLUTANTS}
        if Verdict.SHORT in verdicts:
            return False
        return None if verdicts & {Verdict.NOT_JUDGED, Verdict.NOT_ESTABLISHED} else True


def floor_report(sources: SourceTotals, whole: Pollutants | None, floor: FloorProfile) -> FloorReport:
    """Holds the sums of a list against a floor profile."""
    city = city_totals(sources)
    most = PerLevel(*(city.most(level) for level in LEVELS))
    results = check_floors(city.reductions, whole or Pollutants(), floor, most)
    return FloorReport(floor, sources, whole, tuple(results))


def report_document(report: FloorReport) -> dict[str, Any]:
    """The report as plain JSON: kg/d and shares 0..1.

    `planned` and `share` null: nothing is established; beside `open_lines` they are lower bounds (下限). `open_lines` null: not counted
    in a list that was stored before they were. `share_at_most`: if all of them saved their whole base, null without a limit.
    """
    floor, whole = report.floor, report.whole
    return {
        "profile": floor.id,
        "base": floor.base,
        "confidence": floor.confidence,
        "source": list(floor.source),
        "memo": floor.memo,
        "swap": {"allowed": floor.so2_nox_swap.allowed, "confidence": floor.so2_nox_swap.confidence},
        "passed": report.passed,
        "whole_society": None if whole is None else pollutants_document(whole),
        "city": totals_document(report.city),
        "sources": [
            {"source": source.value, "zh": source.zh, "en": source.en, **totals_document(one)}
            for source, one in report.sources.items()
        ],
        "levels": [_result_document(report, result) for result in report.results],
    }


def _result_document(report: FloorReport, result: FloorResult) -> dict[str, Any]:
    level, city = result.level, report.city
    planned, open_lines = city.planned(level), city.open_lines(level)
    computed = Pollutants() if city.gaps is None else city.gaps.computed.at(level)
    return {
        "level": level.value,
        "swap_used": result.swap_used,
        "pollutants": [
            {
                "pollutant": name,
                "planned": planned[place],
                "planned_computed": None if planned[place] is None else computed[place],
                "open_lines": None if open_lines is None else open_lines[place],
                "whole_society": _whole_of(report.whole, name),
                "share": None if planned[place] is None else result.shares[place],
                "share_at_most": _finite(result.most[place]),
                "required": result.required[place],
                "verdict": result.verdict(name).value,
                "by_source": {
                    source.value: share(one.planned(level)[place], _whole_of(report.whole, name))
                    for source, one in report.sources.items()
                },
            }
            for place, name in enumerate(POLLUTANTS)
        ],
    }


def _finite(value: float | None) -> float | None:
    return None if value is None or math.isinf(value) else value


def _whole_of(whole: Pollutants | None, name: str) -> float | None:
    value: float | None = None if whole is None else getattr(whole, name)
    return value


def floor_findings(
    checker: Checker, floor: FloorProfile, sources: Mapping[CitySource, Totals] | None = None
) -> Iterator[Finding]:
    """The findings of the floors for a list. `sources`: its sums, where they are known already."""
    base = whole_society(checker.draft) or Pollutants()
    missing = [label for label, value in zip(POLLUTANT_LABELS.values(), base, strict=True) if not value]
    if missing:
        yield checker.finding("FLOOR_NOT_CHECKED", pollutant="、".join(missing))
    report = floor_report(source_totals(checker.draft) if sources is None else sources, base, floor)
    for result in report.results:
        open_lines = report.city.open_lines(result.level) or (0,) * len(POLLUTANTS)
        yield from _result_findings(checker, result, open_lines)


def _result_findings(checker: Checker, result: FloorResult, open_lines: Sequence[int]) -> Iterator[Finding]:
    """What is short forbids the activation; what open lines may make up for asks for what is left open."""
    shares, required, level_zh = result.shares, result.required, result.level.zh
    for place, name in enumerate(POLLUTANTS):
        facts: dict[str, Any] = {
            "floor": percent(required[place] or 0),
            "what": level_zh,
            "pollutant": POLLUTANT_LABELS[name],
        }
        least = percent(shares[place] or 0)
        if name in result.short:
            highest = percent(result.most[place] or 0)
            value = least if highest == least else f"{least} – {highest}"
            yield checker.finding("FLOOR_NOT_MET", value=value, **facts)
        elif name in result.undecided:
            yield checker.finding("FLOOR_NOT_ESTABLISHED", value=least, lines=open_lines[place], **facts)
    if result.swap_used:
        yield checker.finding(
            "FLOOR_SWAP_USED",
            value=percent((shares.so2 or 0) + (shares.nox or 0)),
            floor=percent((required.so2 or 0) + (required.nox or 0)),
            what=level_zh,
        )
