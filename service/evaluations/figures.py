"""Sums as figures of a document: kg to the milligram, planned, reported and verified side by side and never mixed."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from emission_lists.accounting import PER_KG
from emission_lists.accounting_records import Group
from emission_lists.accounting_sums import Accounts, By, Hours, LargeLine, RemarkKind, Tally
from emission_lists.floors import FloorResult, check_floors
from emission_lists.grades import Grade
from emission_lists.guides import FloorProfile
from emission_lists.levels import PerLevel, ResponseLevel
from emission_lists.lists import POLLUTANTS, Pollutants
from emission_lists.reductions import share as part_of
from emission_lists.summary import Source, Standing
from service.kit.runtime import Runtime

SOURCES = {member.value: member for member in Source}
STANDINGS = {member.value: member for member in Standing}
SHOWN_BY = (By.COUNTY, By.INDUSTRY, By.GRADE, By.SOURCE, By.STANDING)
DAY_MINUTES = 1440
SWAPPED = ("so2", "nox")


def kg(milligrams: int) -> float:
    """Whole milligrams as kilograms, exact to the sixth decimal."""
    return round(milligrams / PER_KG, 6)


def figures(tally: Tally) -> dict[str, Any]:
    """One sum. Reported and verified are None for a pollutant that nobody reported or measured, never 0."""
    return {
        "enterprises": tally.enterprises,
        "lines": tally.lines,
        "asked_lines": tally.asked_lines,
        "unknown_lines": tally.unknown_lines,
        "not_established_lines": dict(zip(POLLUTANTS, tally.unestablished, strict=True)),
        "pollutants": {name: _figures(tally, place) for place, name in enumerate(POLLUTANTS)},
    }


def _figures(tally: Tally, place: int) -> dict[str, Any]:
    base, planned = tally.base[place], tally.planned[place]
    measured = tally.verified_lines[place]
    asked = tally.asked_minutes[place]
    return {
        "base_kg": kg(base),
        "planned_kg": kg(planned),
        "planned_stated_kg": kg(tally.stated[place]),
        "planned_computed_kg": kg(tally.computed[place]),
        "planned_share": share(planned, base),
        "reported_kg": kg(tally.reported[place]) if tally.reported_lines[place] else None,
        "reported_lines": tally.reported_lines[place],
        "verified_at_least_kg": kg(tally.verified[place]) if measured else None,
        "planned_where_verified_kg": kg(tally.verified_of[place]) if measured else None,
        "verified_lines": measured,
        "verified_minutes": tally.verified_minutes[place],
        "asked_minutes": asked,
        "verified_coverage": share(tally.verified_minutes[place], asked),
    }


def total(parts: Iterable[Mapping[str, Any]]) -> dict[str, Any]:
    """The sum of figures, such as of several cities; exact, because every part is whole milligrams."""
    tally = Tally()
    for part in parts:
        tally.merge(_tally(part))
    return figures(tally)


def _tally(part: Mapping[str, Any]) -> Tally:
    counts = {name: part[name] for name in ("enterprises", "lines", "asked_lines", "unknown_lines")}
    every = [part["pollutants"][name] for name in POLLUTANTS]
    unestablished = part.get("not_established_lines", {})  # what was closed before it was counted has none

    def amounts(name: str) -> list[int]:
        return [round((one[name] or 0) * PER_KG) for one in every]

    return Tally(
        **counts,
        unestablished=[unestablished.get(name, 0) for name in POLLUTANTS],
        base=amounts("base_kg"),
        planned=amounts("planned_kg"),
        stated=amounts("planned_stated_kg"),
        computed=amounts("planned_computed_kg"),
        reported=amounts("reported_kg"),
        reported_lines=[one["reported_lines"] for one in every],
        verified=amounts("verified_at_least_kg"),
        verified_of=amounts("planned_where_verified_kg"),
        verified_lines=[one["verified_lines"] for one in every],
        verified_minutes=[one["verified_minutes"] for one in every],
        asked_minutes=[one["asked_minutes"] for one in every],
    )


def share(part: int, whole: int) -> float | None:
    """part ÷ whole to six decimals; None of nothing."""
    return round(part / whole, 6) if whole else None


def level_entry(
    level: ResponseLevel,
    minutes: int,
    tally: Tally,
    society: Pollutants | None,
    listed: Mapping[str, float | None],
    floor: FloorProfile,
) -> dict[str, Any]:
    """One level: its figures, and per day of response against the whole society's emissions and the floor.

    `listed`: what the list plans for a whole day, kg by pollutant.
    """
    return {
        "level": level.value,
        "minutes": minutes,
        **figures(tally),
        "floor": None
        if society is None or not minutes
        else {
            **floor_entry(level, minutes, tally, society, floor),
            "list_shares": _list_shares(listed, society),
            "includes": [Group.INDUSTRY.value],
        },
    }


def _list_shares(listed: Mapping[str, float | None], society: Pollutants) -> dict[str, float | None]:
    return {
        name: rounded(part_of(listed.get(name), whole)) for name, whole in zip(POLLUTANTS, society, strict=True)
    }


def floor_entry(
    level: ResponseLevel, minutes: int, tally: Tally, society: Pollutants, floor: FloorProfile
) -> dict[str, Any]:
    """Planned and verified per day ÷ whole-society emissions, against the floor of the level (with the SO2/NOx swap).

    What is verified is a lower bound: it can show that a floor was reached, never that it was missed. So is what is planned
    while rows are open (未确立): such a pollutant is reached or in `not_established`, never in `short`.
    """
    planned = per_day(tally.planned, minutes)
    result = _checked(planned, level, society, floor)
    known = [bool(amount) or not rows for amount, rows in zip(tally.planned, tally.unestablished, strict=True)]
    unjudged = _unjudged(result, tally, floor)
    short = [name for name in result.short if name not in unjudged]
    verified = None
    if any(tally.verified_lines):
        reached = _checked(per_day(tally.verified, minutes), level, society, floor)
        verified = {
            "shares": dict(zip(POLLUTANTS, _known(reached.shares, tally.verified_lines), strict=True)),
            "met": True if not reached.short and None not in reached.shares else None,
        }
    return {
        "profile": floor.id,
        "required": dict(zip(POLLUTANTS, result.required, strict=True)),
        "whole_society_kg_per_day": dict(zip(POLLUTANTS, society, strict=True)),
        "planned_kg_per_day": dict(zip(POLLUTANTS, _where(planned, known), strict=True)),
        "shares": dict(zip(POLLUTANTS, _known(result.shares, known), strict=True)),
        "short": short,
        "not_established": unjudged,
        "swap_used": result.swap_used,
        "met": False if short else None if unjudged else True,
        "verified": verified,
    }


def _unjudged(result: FloorResult, tally: Tally, floor: FloorProfile) -> list[str]:
    """Pollutants of which nobody can say whether the floor was missed: no base is stated, or open rows may make up for it."""
    open_rows = {name for name, rows in zip(POLLUTANTS, tally.unestablished, strict=True) if rows}
    if floor.so2_nox_swap.allowed and open_rows & set(SWAPPED):
        open_rows |= set(SWAPPED)  # what is open of one may balance the other
    return [
        name
        for name, reached in zip(POLLUTANTS, result.shares, strict=True)
        if reached is None or (name in result.short and name in open_rows)
    ]


def verdict(floor: Mapping[str, Any], name: str) -> str:
    """How a pollutant stands in a floor entry: `met`, `not_met` or `not_established`.

    What was closed before open rows were told apart names none, yet it holds their numbers.
    """
    unjudged = floor.get("not_established")
    if unjudged is None:
        missed_openly = name in floor["short"] and floor.get("not_established_rows", {}).get(name)
        unjudged = [name] if floor["shares"][name] is None or missed_openly else []
    return "not_established" if name in unjudged else "not_met" if name in floor["short"] else "met"


def _where(values: Pollutants, known: Sequence[bool]) -> list[float | None]:
    return [value if one else None for value, one in zip(values, known, strict=True)]


def _known(shares: Pollutants, lines: Sequence[int]) -> list[float | None]:
    return [rounded(value) if count else None for value, count in zip(shares, lines, strict=True)]


def rounded(value: float | None) -> float | None:
    """A share to six decimals."""
    return None if value is None else round(value, 6)


def per_day(milligrams: Sequence[int], minutes: int) -> Pollutants:
    """A total over a response as kg per day of response."""
    return Pollutants(*(round(value * DAY_MINUTES / minutes / PER_KG, 6) for value in milligrams))


def _checked(planned: Pollutants, level: ResponseLevel, society: Pollutants, floor: FloorProfile) -> FloorResult:
    found = check_floors(PerLevel(planned, planned, planned), society, floor)
    return next(result for result in found if result.level is level)


def groups(runtime: Runtime, by: By, tallies: Mapping[str, Tally]) -> list[dict[str, Any]]:
    """The sums of one dimension, the largest planned reduction first."""
    ordered = sorted(tallies.items(), key=lambda one: (-sum(one[1].planned), one[0]))
    return [{"key": key, "name": name_of(runtime, by, key), **figures(tally)} for key, tally in ordered]


def name_of(runtime: Runtime, by: By, key: str) -> dict[str, str]:
    """What a key is called in Chinese and English."""
    if by is By.COUNTY:
        return {"zh": runtime.place(key), "en": runtime.place(key)}
    if by is By.GRADE:
        grade = Grade(key)
        return {"zh": grade.title_zh, "en": grade.title_en}
    if by in (By.SOURCE, By.STANDING):
        labelled = SOURCES[key] if by is By.SOURCE else STANDINGS[key]
        return {"zh": labelled.zh, "en": labelled.en}
    return {"zh": key, "en": key}


def large(line: LargeLine) -> dict[str, Any]:
    """One of the largest lines."""
    return {
        "uscc": line.uscc,
        "name": line.name,
        "county": line.county,
        "industry": line.industry,
        "grade": line.grade,
        "line": line.line,
        "line_name": line.line_name,
        "pollutants": {
            name: {
                "base_kg": kg(line.base[place]),
                "planned_kg": kg(line.planned[place]),
                "origin": line.origins[place],
                "reported_kg": _kg(line.reported[place]),
                "verified_at_least_kg": _kg(line.verified[place]),
                "verified_minutes": line.verified_minutes[place],
            }
            for place, name in enumerate(POLLUTANTS)
        },
    }


def _kg(milligrams: int | None) -> float | None:
    return None if milligrams is None else kg(milligrams)


def hourly(hours: Hours) -> dict[str, Any]:
    """One response hour by hour: kg in each clock hour, and how many of the lines asked were measured.

    `verified_at_least_kg` None in an hour in which nothing was measured.
    """
    return {
        "response": hours.span.key,
        "level": hours.span.level.value,
        "asked_lines": hours.asked,
        "until": [instant.isoformat() for instant in hours.span.hours],
        "pollutants": {
            name: {
                "base_kg": [kg(int(value)) for value in hours.base[place]],
                "planned_kg": [kg(int(value)) for value in hours.planned[place]],
                "verified_at_least_kg": [
                    kg(int(value)) if count else None
                    for value, count in zip(hours.verified[place], hours.known[place], strict=True)
                ],
                "known_lines": [int(count) for count in hours.known[place]],
            }
            for place, name in enumerate(POLLUTANTS)
        },
    }


def corrections(accounts: Sequence[Accounts]) -> list[dict[str, Any]]:
    """What the list should be corrected for, by kind: how many lines, and the first of them."""
    found = []
    for kind in RemarkKind:
        count = sum(one.counts[kind] for one in accounts)
        if count:
            lines = [remark for one in accounts for remark in one.remarks[kind]]
            found.append(
                {
                    "kind": kind.value,
                    "words": {"zh": kind.zh, "en": kind.en},
                    "lines": count,
                    "shown": [
                        {"uscc": one.uscc, "name": one.name, "line": one.line, "line_name": one.line_name}
                        for one in lines[:20]
                    ],
                }
            )
    return found
