"""The floors (减排比例底线): planned reduction ÷ whole-society emissions, per level and pollutant."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
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
    """How a pollutant stands against its floor at a level. Without a base nothing is judged."""

    MET = ("met", "达到", "met")
    SWAPPED = ("swapped", "经 SO2/NOx 调剂达到", "met by balancing SO2 and NOx")
    SHORT = ("short", "未达到", "short")
    NOT_JUDGED = ("not_judged", "无法判定", "not judged")


@dataclass(frozen=True, slots=True)
class FloorResult:
    """One level: the shares reached (None = no base), what is short, and whether SO2 and NOx were balanced."""

    level: ResponseLevel
    shares: Pollutants
    required: Pollutants
    short: tuple[str, ...]
    swap_used: bool

    def verdict(self, pollutant: str) -> Verdict:
        """How one pollutant stands."""
        reached, least = getattr(self.shares, pollutant), getattr(self.required, pollutant)
        if reached is None or least is None:
            return Verdict.NOT_JUDGED
        if pollutant in self.short:
            return Verdict.SHORT
        return Verdict.MET if reached >= least - _TOLERANCE else Verdict.SWAPPED


def check_floors(planned: PerLevel[Pollutants], base: Pollutants, floor: FloorProfile) -> list[FloorResult]:
    """Holds planned reductions against the floors. A pollutant without a base is not judged."""
    return [_level(level, planned.at(level), base, floor) for level in LEVELS]


def _level(level: ResponseLevel, planned: Pollutants, base: Pollutants, floor: FloorProfile) -> FloorResult:
    required = floor.at(level)
    shares = Pollutants(*(share(part, whole) for part, whole in zip(planned, base, strict=True)))
    short = [
        name
        for name, reached, least in zip(POLLUTANTS, shares, required, strict=True)
        if reached is not None and reached < (least or 0) - _TOLERANCE
    ]
    swap = bool({"so2", "nox"} & set(short)) and floor.so2_nox_swap.allowed and _balanced(shares, required)
    if swap:
        short = [name for name in short if name not in ("so2", "nox")]
    return FloorResult(level, shares, required, tuple(short), swap)


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
        judged."""
        verdicts = {result.verdict(name) for result in self.results for name in POLLUTANTS}
        if Verdict.SHORT in verdicts:
            return False
        return None if Verdict.NOT_JUDGED in verdicts else True


def floor_report(sources: SourceTotals, whole: Pollutants | None, floor: FloorProfile) -> FloorReport:
    """Holds the sums of a list against a floor profile."""
    results = check_floors(city_totals(sources).reductions, whole or Pollutants(), floor)
    return FloorReport(floor, sources, whole, tuple(results))


def report_document(report: FloorReport) -> dict[str, Any]:
    """The report as plain JSON: kg/d and shares 0..1."""
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
    planned = report.city.reductions.at(result.level)
    return {
        "level": result.level.value,
        "swap_used": result.swap_used,
        "pollutants": [
            {
                "pollutant": name,
                "planned": getattr(planned, name),
                "whole_society": None if report.whole is None else getattr(report.whole, name),
                "share": getattr(result.shares, name),
                "required": getattr(result.required, name),
                "verdict": result.verdict(name).value,
                "by_source": {
                    source.value: share(getattr(one.reductions.at(result.level), name), _whole_of(report.whole, name))
                    for source, one in report.sources.items()
                },
            }
            for name in POLLUTANTS
        ],
    }


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
        for name in result.short:
            yield checker.finding(
                "FLOOR_NOT_MET",
                value=percent(getattr(result.shares, name)),
                floor=percent(getattr(result.required, name)),
                what=result.level.zh,
                pollutant=POLLUTANT_LABELS[name],
            )
        if result.swap_used:
            shares, required = result.shares, result.required
            yield checker.finding(
                "FLOOR_SWAP_USED",
                value=percent((shares.so2 or 0) + (shares.nox or 0)),
                floor=percent((required.so2 or 0) + (required.nox or 0)),
                what=result.level.zh,
            )
