"""Permit coverage (排污许可衔接): is every air permit holder on the list, and does every row stand on a permit in force?

After 国发〔2023〕24号 §27 (lists and permits are linked, so that none is missed).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from typing import Any, NamedTuple

from emission_lists.divisions import division_prefix
from emission_lists.lists import Enterprise
from emission_lists.permits import Permit, permit_document


class Listed(NamedTuple):
    """An enterprise on the list; `number` = its first row in the sheet, 0 if none."""

    uscc: str
    name: str
    adcode: str
    permit_no: str | None
    number: int = 0
    gbt4754: str | None = None


class Match(NamedTuple):
    """An enterprise on the list with the permit of the register that is in question."""

    listed: Listed
    permit: Permit


@dataclass(frozen=True, slots=True)
class Coverage:
    """A list held against a register on one day.

    `holders`: air permit holders of the division with a permit in force; `covered`: those on the list; `missing`: the
    others, each with one permit; `lapsed`: holders not on the list whose permits have all ended (not counted as missing).
    `without_permit`: enterprises that give no number; `not_in_register`: numbers the register does not know;
    `expired`: numbers whose permit has ended; `other_unit`: numbers that the register gives to somebody else;
    `not_air`: on the list, though the register says that the permit is not about air; `name_differs`, `class_differs`:
    the register has another name or class of GB/T 4754.
    """

    as_of: date
    holders: int
    covered: int
    listed: int
    missing: tuple[Permit, ...]
    lapsed: tuple[Permit, ...]
    without_permit: tuple[Listed, ...]
    not_in_register: tuple[Listed, ...]
    expired: tuple[Match, ...]
    other_unit: tuple[Match, ...]
    not_air: tuple[Match, ...]
    name_differs: tuple[Match, ...]
    class_differs: tuple[Match, ...]


def listed(firms: Iterable[Enterprise]) -> list[Listed]:
    """Enterprises as coverage looks at them."""
    return [Listed(firm.uscc, firm.name, firm.adcode, firm.permit_no, 0, firm.gbt4754) for firm in firms]


def coverage(firms: Iterable[Listed], permits: Iterable[Permit], adcode: str, as_of: date) -> Coverage:
    """Holds the enterprises of a list against the register of its division. Each enterprise is given once."""
    on_list = sorted(firms, key=lambda firm: firm.uscc)
    prefix = division_prefix(adcode)
    register = {permit.permit_no: permit for permit in permits}
    codes = {firm.uscc for firm in on_list} | {firm.permit_no for firm in on_list}
    holders: dict[str, Permit] = {}
    ended: dict[str, Permit] = {}
    for permit in sorted(register.values(), key=lambda one: one.permit_no):
        if permit.air and permit.adcode.startswith(prefix):
            (holders if permit.in_force_on(as_of) else ended).setdefault(permit.holder, permit)
    without, unknown = [], []
    expired, other, not_air = list[Match](), list[Match](), list[Match]()
    own: list[Match] = []
    for firm in on_list:
        found = None if firm.permit_no is None else register.get(firm.permit_no)
        if firm.permit_no is None:
            without.append(firm)
        elif found is None:
            unknown.append(firm)
        elif found.uscc is not None and found.uscc != firm.uscc:
            other.append(Match(firm, found))
        else:
            own.append(Match(firm, found))
            if not found.in_force_on(as_of):
                expired.append(Match(firm, found))
            elif not found.air:
                not_air.append(Match(firm, found))
    missing = tuple(permit for holder, permit in holders.items() if holder not in codes)
    return Coverage(
        as_of,
        len(holders),
        len(holders) - len(missing),
        len(on_list),
        missing,
        tuple(permit for holder, permit in ended.items() if holder not in codes and holder not in holders),
        tuple(without),
        tuple(unknown),
        tuple(expired),
        tuple(other),
        tuple(not_air),
        tuple(match for match in own if match.listed.name != match.permit.name),
        tuple(match for match in own if match.permit.gbt4754 not in (None, match.listed.gbt4754)),
    )


def coverage_document(found: Coverage) -> dict[str, Any]:
    """Coverage as plain JSON: counts, then each set whole."""
    sets: dict[str, list[dict[str, Any]]] = {
        "missing": [permit_document(permit) for permit in found.missing],
        "lapsed": [permit_document(permit) for permit in found.lapsed],
        "without_permit": [firm._asdict() for firm in found.without_permit],
        "not_in_register": [firm._asdict() for firm in found.not_in_register],
        "expired": [_match_document(match) for match in found.expired],
        "other_unit": [_match_document(match) for match in found.other_unit],
        "not_air": [_match_document(match) for match in found.not_air],
        "name_differs": [_match_document(match) for match in found.name_differs],
        "class_differs": [_match_document(match) for match in found.class_differs],
    }
    counts = {"holders": found.holders, "covered": found.covered, "listed": found.listed}
    return {
        "as_of": found.as_of.isoformat(),
        "counts": counts | {name: len(items) for name, items in sets.items()},
        **sets,
    }


def _match_document(match: Match) -> dict[str, Any]:
    return match.listed._asdict() | {"permit": permit_document(match.permit)}
