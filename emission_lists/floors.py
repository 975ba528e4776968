"""The floors (减排比例底线): planned reduction ÷ whole-society emissions, per level and pollutant."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from emission_lists.check_context import Checker
from emission_lists.findings import Finding
from emission_lists.guides import FloorProfile
from emission_lists.levels import LEVELS, PerLevel, ResponseLevel
from emission_lists.lists import POLLUTANT_LABELS, POLLUTANTS, Pollutants
from emission_lists.measures import percent
from emission_lists.reductions import share, totals

_TOLERANCE = 1e-9


@dataclass(frozen=True, slots=True)
class FloorResult:
    """One level: the shares reached (None = no base), what is short, and whether SO2 and NOx were balanced."""

    level: ResponseLevel
    shares: Pollutants
    required: Pollutants
    short: tuple[str, ...]
    swap_used: bool


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


def floor_findings(checker: Checker, floor: FloorProfile) -> Iterator[Finding]:
    """The findings of the floors for a list."""
    base = checker.draft.whole_society or Pollutants()
    missing = [label for label, value in zip(POLLUTANT_LABELS.values(), base, strict=True) if not value]
    if missing:
        yield checker.finding("FLOOR_NOT_CHECKED", pollutant="、".join(missing))
    for result in check_floors(totals(checker.draft.rows).reductions, base, floor):
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
