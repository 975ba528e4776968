"""Planned reductions by class of sources (工业源、扬尘源、移动源) as figures of a document, and all of them against the floors.

Of dust and mobile sources only what is planned is known: nobody reports them and no meter verifies them. Where rows are
open (未确立) and nothing but zero is established, the figure is None with the number of rows, never 0; else it is a lower bound.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from emission_lists.accounting import PER_KG
from emission_lists.accounting_records import GROUP_OF, Group, by_group, hours_by_group, total_of
from emission_lists.accounting_sums import Tally
from emission_lists.guides import FloorProfile
from emission_lists.levels import LEVELS, ResponseLevel
from emission_lists.lists import POLLUTANTS, Pollutants
from emission_lists.sheets.kinds import Sheet
from service.evaluations import figures
from service.evaluations.accounts import Account, over_versions

_GROUPS = {group.value: group for group in Group}
INCLUDES = [group.value for group in Group]
LEFT_OUT = {
    "zh": "生活及其他源：清单不列减排措施，不计入",
    "en": "domestic and other sources: the list states no measures for them; they are left out",
}


def document(
    accounts: Sequence[Account],
    industry: Tally,
    industry_levels: Mapping[str, Tally],
    minutes: Mapping[ResponseLevel, int],
    society: Pollutants | None,
    floor: FloorProfile | None,
) -> dict[str, Any]:
    """Every class over all responses, by level and hour; `minutes` of each level. The classes add up to `total` exactly."""
    sheets = _merged(account.records.sheets() for account in accounts)
    groups = by_group(sheets, industry)
    return {
        "includes": INCLUDES,
        "left_out": LEFT_OUT,
        "total": _figures(total_of(groups)),
        "parts": [
            {
                "class": group.value,
                "name": _name(group),
                **_figures(tally),
                "sheets": [_sheet(accounts, sheet, one) for sheet, one in sheets.items() if GROUP_OF[sheet] is group],
            }
            for group, tally in groups.items()
        ],
        "levels": [
            _level(level, minutes[level], accounts, industry_levels[level.value], society, floor)
            for level in LEVELS
            if level.value in industry_levels
        ],
        "hours": [_hourly(account, key) for account in accounts for key in account.accounts.hours],
    }


def added(every: Sequence[Mapping[str, Any] | None]) -> dict[str, Any]:
    """The classes of several warnings added up. `without`: warnings that were closed before dust and mobile sources counted.

    Where all of them were, nothing is known: `total` is None and `parts` are empty, never 0.
    """
    known = [one for one in every if one is not None]
    without = {"includes": INCLUDES, "left_out": LEFT_OUT, "without": len(every) - len(known)}
    if every and not known:
        return without | {"total": None, "parts": []}
    groups = {group: Tally() for group in Group}
    for one in known:
        for part in one["parts"]:
            groups[_GROUPS[part["class"]]].merge(_tally(part))
    return {
        **without,
        "total": _figures(total_of(groups)),
        "parts": [{"class": group.value, "name": _name(group), **_figures(tally)} for group, tally in groups.items()],
    }


def with_industry(found: dict[str, Any], industry: Tally) -> dict[str, Any]:
    """The same sums of classes with another sum of industry."""
    groups = {_GROUPS[part["class"]]: _tally(part) for part in found["parts"]} | {Group.INDUSTRY: industry}
    parts = [{"class": group.value, "name": _name(group), **_figures(tally)} for group, tally in groups.items()]
    return found | {"parts": parts, "total": _figures(total_of(groups))}


def total(parts: Iterable[Mapping[str, Any]]) -> tuple[dict[str, Any], Tally]:
    """The sum of totals over all classes, such as those of a level in several warnings, as figures and as a tally."""
    tally = Tally()
    for part in parts:
        tally.merge(_tally(part))
    return _figures(tally), tally


def _tally(part: Mapping[str, Any]) -> Tally:
    every = [part["pollutants"][name] for name in POLLUTANTS]

    def amounts(name: str) -> list[int]:
        return [round((one[name] or 0) * PER_KG) for one in every]

    return Tally(
        lines=part["rows"],
        asked_lines=part["asked_rows"],
        unknown_lines=part["unknown_rows"],
        unestablished=[one["not_established_rows"] for one in every],
        unstated=[one.get("base_not_stated_rows", part["rows"] if one["base_kg"] is None else 0) for one in every],
        base=amounts("base_kg"),
        planned=amounts("planned_kg"),
        stated=amounts("planned_stated_kg"),
        computed=amounts("planned_computed_kg"),
    )


def _name(one: Group | Sheet) -> dict[str, str]:
    return {"zh": one.zh, "en": one.en}


def _merged(every: Iterable[Mapping[Sheet, Tally]]) -> dict[Sheet, Tally]:
    """The sums over all list versions; rows are those of the newest version."""
    found = over_versions(every)
    return {sheet: found[sheet] for sheet in GROUP_OF if sheet in found}


def _figures(tally: Tally) -> dict[str, Any]:
    return {
        "rows": tally.lines,
        "asked_rows": tally.asked_lines,
        "unknown_rows": tally.unknown_lines,
        "pollutants": {name: _amounts(tally, place) for place, name in enumerate(POLLUTANTS)},
    }


def _amounts(tally: Tally, place: int) -> dict[str, Any]:
    unestablished, unstated = tally.unestablished[place], tally.unstated[place]
    planned = figures.known_kg(tally.planned[place], unestablished)
    return {
        "base_kg": figures.known_kg(tally.base[place], unstated),
        "planned_kg": planned,
        "planned_stated_kg": None if planned is None else figures.kg(tally.stated[place]),
        "planned_computed_kg": None if planned is None else figures.kg(tally.computed[place]),
        "not_established_rows": unestablished,
        "base_not_stated_rows": unstated,
    }


def _sheet(accounts: Sequence[Account], sheet: Sheet, tally: Tally) -> dict[str, Any]:
    return {
        "sheet": sheet.value,
        "name": _name(sheet),
        **_figures(tally),
        "listed_rows": accounts[-1].records.listed.get(sheet, 0),
    }


def _level(
    level: ResponseLevel,
    minutes: int,
    accounts: Sequence[Account],
    industry: Tally,
    society: Pollutants | None,
    floor: FloorProfile | None,
) -> dict[str, Any]:
    groups = by_group(_merged(account.records.of_level(level) for account in accounts), industry)
    total = total_of(groups)
    against = None
    if society is not None and floor is not None and minutes:
        against = figures.floor_entry(level, minutes, total, society, floor) | {
            "includes": INCLUDES,
            "not_established_rows": dict(zip(POLLUTANTS, total.unestablished, strict=True)),
        }
    return {
        "level": level.value,
        "minutes": minutes,
        "total": _figures(total),
        "parts": [{"class": group.value, **_figures(tally)} for group, tally in groups.items()],
        "floor": against,
    }


def _hourly(account: Account, key: int) -> dict[str, Any]:
    hours = account.accounts.hours[key]
    sums = by_group(account.records.of_response(hours.span), account.of_response(key))
    return {
        "response": key,
        "level": hours.span.level.value,
        "until": [instant.isoformat() for instant in hours.span.hours],
        "planned_kg": {
            group.value: {
                name: figures.hours_kg(rows[place], sums[group].unestablished[place])
                for place, name in enumerate(POLLUTANTS)
            }
            for group, rows in hours_by_group(hours, account.records).items()
        },
    }
