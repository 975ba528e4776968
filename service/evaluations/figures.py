"""Sums as figures of a document: kg to the milligram, planned, reported and verified side by side and never mixed."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from emission_lists.accounting import PER_KG
from emission_lists.accounting_records import Group
from emission_lists.accounting_sums import Accounts, By, Hours, LargeLine, RemarkKind, Tally
from emission_lists.accounting_weights import Ints
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


def known_kg(milligrams: int, open_lines: int) -> float | None:
    """An amount that holds nothing of so many open lines: None where it holds nothing at all, else a lower bound (下限)."""
    return kg(milligrams) if milligrams or not open_lines else None


def figures(tally: Tally) -> dict[str, Any]:
    """One sum. What nobody established, reported or measured of a pollutant is None, never 0.

    Beside a count of lines that are not established (未确立) what is planned is a lower bound; so is the base beside a count of
    lines that state none.
    """
    return {
        "enterprises": tally.enterprises,
        "lines": tally.lines,
        "asked_lines": tally.asked_lines,
        "unknown_lines": tally.unknown_lines,
        "not_established_lines": dict(zip(POLLUTANTS, tally.unestablished, strict=True)),
        "base_not_stated_lines": dict(zip(POLLUTANTS, tally.unstated, strict=True)),
        "pollutants": {name: _figures(tally, place) for place, name in enumerate(POLLUTANTS)},
    }


def unless_without_list(found: dict[str, Any], count: int) -> dict[str, Any]:
    """Figures of so many responses for which no list was in force: where nothing else was, nothing is established (未确立)."""
    if not count or found["lines"]:
        return found
    nothing = dict.fromkeys(("base_kg", "planned_kg", "planned_stated_kg", "planned_computed_kg"))
    return found | {"pollutants": {name: one | nothing for name, one in found["pollutants"].items()}}


def _figures(tally: Tally, place: int) -> dict[str, Any]:
    base, planned, open_lines = tally.base[place], tally.planned[place], tally.unestablished[place]
    measured, baseless = tally.verified_lines[place], tally.baseless[place]
    asked = tally.asked_minutes[place]
    whole = known_kg(planned, open_lines)
    return {
        "base_kg": known_kg(base, tally.unstated[place]),
        "planned_kg": whole,
        "planned_stated_kg": None if whole is None else kg(tally.stated[place]),
        "planned_computed_kg": None if whole is None else kg(tally.computed[place]),
        "planned_share": None if whole is None or baseless else share(planned, base),
        "planned_without_base_lines": baseless,
        "reported_kg": kg(tally.reported[place]) if tally.reported_lines[place] else None,
        "reported_lines": tally.reported_lines[place],
        "verified_at_least_kg": kg(tally.verified[place]) if measured else None,
        "planned_where_verified_kg": known_kg(tally.verified_of[place], open_lines) if measured else None,
        "verified_lines": measured,
        "verified_minutes": tally.verified_minutes[place],
        "verified_own_kg": kg(tally.verified_own[place]) if tally.verified_own_minutes[place] else None,
        "verified_own_minutes": tally.verified_own_minutes[place],
        "asked_minutes": asked,
        "verified_coverage": share(tally.verified_minutes[place], asked),
    }


def total(parts: Iterable[Mapping[str, Any]]) -> dict[str, Any]:
    """The sum of figures, such as of several cities; exact, because every part is whole milligrams."""
    return figures(summed(parts))


def summed(parts: Iterable[Mapping[str, Any]]) -> Tally:
    """The sum of figures as a tally."""
    tally = Tally()
    for part in parts:
        tally.merge(_tally(part))
    return tally


def _tally(part: Mapping[str, Any]) -> Tally:
    counts = {name: part[name] for name in ("enterprises", "lines", "asked_lines", "unknown_lines")}
    every = [part["pollutants"][name] for name in POLLUTANTS]
    unestablished = part.get("not_established_lines", {})  # what was closed before these were counted has none
    unstated = part.get("base_not_stated_lines", {})

    def amounts(name: str) -> list[int]:
        return [round((one[name] or 0) * PER_KG) for one in every]

    return Tally(
        **counts,
        unestablished=[unestablished.get(name, 0) for name in POLLUTANTS],
        unstated=[unstated.get(name, 0) for name in POLLUTANTS],
        baseless=[one.get("planned_without_base_lines", 0) for one in every],
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
        verified_own=[round((one.get("verified_own_kg") or 0) * PER_KG) for one in every],  # of old, nothing was told apart
        verified_own_minutes=[one.get("verified_own_minutes", 0) for one in every],
        asked_minutes=[one["asked_minutes"] for one in every],
    )


def open_lines(one: Mapping[str, Any], name: str, member: str = "not_established_lines") -> int:
    """How many lines a sum holds nothing of; none are known of what was closed before they were counted."""
    count: int = one.get(member, {}).get(name, 0)
    return count


def line_open(line: Mapping[str, Any], name: str) -> int:
    """Whether nothing is established of one of the largest lines in some response: 1 or 0."""
    return int(line["pollutants"][name].get("not_established", False))


def share(part: int, whole: int) -> float | None:
    """part ÷ whole to six decimals; None of nothing."""
    return round(part / whole, 6) if whole else None


def level_entry(
    level: ResponseLevel,
    minutes: int,
    tally: Tally,
    society: Pollutants | None,
    listed: Mapping[str, float | None],
    floor: FloorProfile | None,
) -> dict[str, Any]:
    """One level: its figures, and per day of response against the whole society's emissions and the floor.

    `listed`: what the list plans for a whole day, kg by pollutant.
    """
    return {
        "level": level.value,
        "minutes": minutes,
        **figures(tally),
        "floor": None
        if society is None or floor is None or not minutes
        else {
            **floor_entry(level, minutes, tally, society, floor),
            "list_shares": _list_shares(listed, society, tally.unestablished),
            "includes": [Group.INDUSTRY.value],
        },
    }


def _list_shares(
    listed: Mapping[str, float | None], society: Pollutants, open_lines: Sequence[int]
) -> dict[str, float | None]:
    """What the list plans ÷ the whole society; None where it plans nothing and lines are open."""
    return {
        name: None if count and not listed.get(name) else rounded(part_of(listed.get(name), whole))
        for name, whole, count in zip(POLLUTANTS, society, open_lines, strict=True)
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
    """One of the largest lines. Planned None: not established; `not_established` beside a figure: a lower bound."""
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
                "base_kg": None if line.unstated[place] else kg(line.base[place]),
                "planned_kg": known_kg(line.planned[place], line.open[place]),
                "origin": line.origins[place],
                "not_established": line.open[place],
                "reported_kg": _kg(line.reported[place]),
                "verified_at_least_kg": _kg(line.verified[place]),
                "verified_minutes": line.verified_minutes[place],
            }
            for place, name in enumerate(POLLUTANTS)
        },
    }


def _kg(milligrams: int | None) -> float | None:
    return None if milligrams is None else kg(milligrams)


def hourly(hours: Hours, tally: Tally) -> dict[str, Any]:
    """One response hour by hour: kg in each clock hour, and how many of the lines asked were measured; `tally`: its sums.

    `verified_at_least_kg` None in an hour in which nothing was measured; base and planned None in all hours where they are
    not known of the response as a whole.
    """
    return {
        "response": hours.span.key,
        "level": hours.span.level.value,
        "asked_lines": hours.asked,
        "until": [instant.isoformat() for instant in hours.span.hours],
        "pollutants": {
            name: {
                "base_kg": hours_kg(hours.base[place], tally.unstated[place]),
                "planned_kg": hours_kg(hours.planned[place], tally.unestablished[place]),
                "verified_at_least_kg": [
                    kg(int(value)) if count else None
                    for value, count in zip(hours.verified[place], hours.known[place], strict=True)
                ],
                "known_lines": [int(count) for count in hours.known[place]],
                "not_established_lines": tally.unestablished[place],
            }
            for place, name in enumerate(POLLUTANTS)
        },
    }


def hours_kg(milligrams: Ints, open_lines: int) -> list[float | None]:
    """The hours of one response, None in all of them where nothing but zero is established and lines are open."""
    known = bool(milligrams.any()) or not open_lines
    return [kg(int(value)) if known else None for value in milligrams]


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
