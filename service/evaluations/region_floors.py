"""Sums of several warnings against whole-society emissions and the floors (比例底线): per city and level, and for many cities."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from typing import Any

from emission_lists.accounting_sums import Tally
from emission_lists.levels import ResponseLevel
from emission_lists.lists import POLLUTANTS, Pollutants
from service.evaluations import classes, figures
from service.lists.workbooks import profile

Entry = Mapping[str, Any]
LEVELS = {level.value: level for level in ResponseLevel}
STANDING = {True: "met", False: "not_met", None: "not_established"}


def city_levels(found: Sequence[Entry]) -> list[dict[str, Any]]:
    """The warnings of one city by level: industry, all classes together, and each against the floor.

    A single warning keeps the verdict that stands in its evaluation; several are held against their whole-society emissions by
    the length of their responses. `floor` is None where a list states no whole-society emissions.
    """
    by_level: defaultdict[str, list[Entry]] = defaultdict(list)
    of_classes: defaultdict[str, list[Entry | None]] = defaultdict(list)
    for one in found:
        every = None if one["classes"] is None else {entry["level"]: entry for entry in one["classes"]["levels"]}
        for entry in one["levels"]:
            by_level[entry["level"]].append(entry)
            of_classes[entry["level"]].append(None if every is None else every.get(entry["level"]))
    return [_level(code, by_level[code], of_classes[code]) for code in LEVELS if code in by_level]


def _level(code: str, entries: Sequence[Entry], of_classes: Sequence[Entry | None]) -> dict[str, Any]:
    tally = figures.summed(entries)
    known = [one for one in of_classes if one is not None]
    without = len(of_classes) - len(known)
    total, all_of_them = classes.total([one["total"] for one in known])
    minutes = sum(one["minutes"] for one in entries)
    return {
        "level": code,
        "minutes": minutes,
        **figures.figures(tally),
        "floor": _floor(code, entries, tally),
        "classes": {
            "without": without,
            "total": None if without else total,
            "floor": None if without else _floor(code, known, all_of_them),
        },
        "whole_society": whole_society(entries),
    }


def _floor(code: str, entries: Sequence[Entry], tally: Tally) -> dict[str, Any] | None:
    """The floor entry of several warnings of one level; None while one of them cannot be held against anything."""
    held = [one for one in entries if one["minutes"]]
    floors = [one["floor"] for one in held]
    if not floors or None in floors or len({floor["profile"] for floor in floors}) > 1:
        return None
    if len(floors) == 1:
        return dict(floors[0])
    known = {floor.id: floor for floor in profile().floors}.get(floors[0]["profile"])
    if known is None:  # closed under a profile that is kept no more
        return None
    minutes = sum(one["minutes"] for one in held)
    return figures.floor_entry(LEVELS[code], minutes, tally, _society(held, minutes), known)


def _society(entries: Sequence[Entry], minutes: int) -> Pollutants:
    """Whole-society kg/d over the responses, each list's by the length of its response."""
    return Pollutants(*(_mean(entries, name, minutes) for name in POLLUTANTS))


def _mean(entries: Sequence[Entry], name: str, minutes: int) -> float | None:
    every = [one["floor"]["whole_society_kg_per_day"][name] for one in entries]
    if None in every:
        return None
    weighed = sum(value * one["minutes"] for value, one in zip(every, entries, strict=True))
    return round(float(weighed) / minutes, 6)


def whole_society(entries: Sequence[Entry]) -> dict[str, Any]:
    """What the whole society would have emitted in the same hours, kg, and the shares of it that industry saved.

    Null where a list states none (`without` counts them), nothing is planned that is established, or nothing is verified.
    """
    held = [one for one in entries if one["minutes"]]
    kg: dict[str, float | None] = {}
    planned: dict[str, float | None] = {}
    verified: dict[str, float | None] = {}
    tally = figures.figures(figures.summed(held))["pollutants"]
    for name in POLLUTANTS:
        parts = [_over(one, name) for one in held]
        kg[name] = round(sum(part for part in parts if part is not None), 6) if parts and None not in parts else None
        planned[name] = _share(tally[name]["planned_kg"], kg[name])
        verified[name] = _share(tally[name]["verified_at_least_kg"], kg[name])
    lacking = sum(one["floor"] is None for one in held)
    return {"kg": kg, "planned_share": planned, "verified_share_at_least": verified, "without": lacking}


def not_told(society: Mapping[str, Any]) -> dict[str, Any]:
    """No whole society and no share: several responses speak of the same place at once."""
    nothing = dict.fromkeys(POLLUTANTS)
    return dict(society) | dict.fromkeys(("kg", "planned_share", "verified_share_at_least"), nothing)


def _over(entry: Entry, name: str) -> float | None:
    per_day = None if entry["floor"] is None else entry["floor"]["whole_society_kg_per_day"][name]
    return None if per_day is None else float(per_day * entry["minutes"] / figures.DAY_MINUTES)


def _share(part: float | None, whole: float | None) -> float | None:
    return round(part / whole, 6) if part is not None and whole else None


def region_levels(cities: Sequence[Entry], found: Sequence[Entry]) -> dict[str, dict[str, Any]]:
    """Of each level: its minutes over all warnings, the whole society's emissions, and how many cities stand how at the floor.

    Floors bind each city's list, so there is no verdict on many cities together. All classes count where they are known.
    """
    standing: defaultdict[str, Counter[str]] = defaultdict(Counter)
    for city in cities:
        for entry in city["levels"]:
            standing[entry["level"]][_standing(judged(entry))] += 1
    by_level: defaultdict[str, list[Entry]] = defaultdict(list)
    for one in found:
        for entry in one["levels"]:
            by_level[entry["level"]].append(entry)
    return {
        code: {
            "minutes": sum(one["minutes"] for one in entries),
            "whole_society": whole_society(entries),
            "cities": {name: standing[code][name] for name in STANDING.values()},
        }
        for code, entries in by_level.items()
    }


def _standing(floor: Entry | None) -> str:
    """How a city stands, from how its pollutants do: what was closed before open rows were told apart may say missed of open ones."""
    verdicts = {"not_established"} if floor is None else {figures.verdict(floor, name) for name in POLLUTANTS}
    return next((one for one in ("not_met", "not_established") if one in verdicts), "met")


def judged(entry: Entry) -> Entry | None:
    """The floor entry that counts: of all classes, of industry where the others were not accounted."""
    floor: Entry | None = entry["floor"] if entry["classes"]["without"] else entry["classes"]["floor"]
    return floor
