"""Cells of one record that do not go together: found while reading, before anything is checked."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any, NamedTuple

from emission_lists.cells import CellProblem
from emission_lists.identifiers import uscc_valid
from emission_lists.sheets.kinds import Json, Sheet
from emission_lists.sheets.readers import as_plate

Fields = Mapping[str, Json]


class Clash(NamedTuple):
    """A problem of a record: its code, the field to look at, and the facts for the text."""

    code: str
    field: str
    facts: Mapping[str, Any]


Rule = Callable[[Fields], Iterator[Clash]]


def clashes(sheet: Sheet, fields: Fields) -> Iterator[Clash]:
    """Everything in one record that contradicts itself."""
    for rule in _RULES[sheet]:
        yield from rule(fields)


def _both_or_none(one: str, other: str, code: str, what: str) -> Rule:
    def rule(fields: Fields) -> Iterator[Clash]:
        if (fields.get(one) is None) != (fields.get(other) is None):
            yield Clash(code, one if fields.get(one) is None else other, {"what": what})

    return rule


def _gates(fields: Fields) -> Iterator[Clash]:
    entrances, barriers = fields.get("entrances"), fields.get("barriers")
    if isinstance(entrances, int) and isinstance(barriers, int) and barriers > entrances:
        yield Clash("MORE_BARRIERS", "barriers", {"what": entrances})


def _subject(fields: Fields) -> Iterator[Clash]:
    code, subject = str(fields["code"]), fields["subject"]
    if subject == "enterprise" and not uscc_valid(code):
        yield Clash("SUBJECT_USCC", "code", {})
    if subject == "vehicle":
        try:
            as_plate(code)
        except CellProblem:
            yield Clash("PLATE", "code", {})


def _period(fields: Fields) -> Iterator[Clash]:
    start, end = fields.get("valid_from"), fields.get("valid_until")
    if start is not None and end is not None and str(end) < str(start):
        yield Clash("PERIOD", "valid_until", {"what": start})


_POSITION = _both_or_none("lon", "lat", "HALF_POSITION", "经度、纬度")
_CAP = _both_or_none("cap_value", "cap_unit", "CAP_INCOMPLETE", "负荷")
_RULES: dict[Sheet, tuple[Rule, ...]] = {
    Sheet.DUST: (_POSITION,),
    Sheet.ROAD_MOBILE: (),
    Sheet.NON_ROAD: (),
    Sheet.BULK_TRANSPORT: (_gates,),
    Sheet.WHITELIST: (),
    Sheet.GUARANTEE: (_subject, _period, _CAP),
    Sheet.SUMMARY: (),
}
