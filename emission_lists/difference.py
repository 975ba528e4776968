"""What changes from one version of a list to the next (清单比对): the preview before activation."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from emission_lists.documents import enterprise_document, line_document
from emission_lists.levels import LEVELS
from emission_lists.lists import POLLUTANTS, Enterprise, Line, ListRow
from emission_lists.reductions import Totals, totals


@dataclass(frozen=True, slots=True)
class Change:
    """One field that changed, by its path (measures.red.ratio). `line` None: a field of the enterprise."""

    uscc: str
    line: str | None
    field: str
    old: Any
    new: Any


@dataclass(frozen=True, slots=True)
class ListDifference:
    """Enterprises are named by credit code, lines by credit code and line code."""

    enterprises_added: tuple[str, ...]
    enterprises_removed: tuple[str, ...]
    lines_added: tuple[tuple[str, str], ...]
    lines_removed: tuple[tuple[str, str], ...]
    changes: tuple[Change, ...]
    old_totals: Totals
    new_totals: Totals

    @property
    def empty(self) -> bool:
        return not (self.lines_added or self.lines_removed or self.changes)

    def document(self) -> dict[str, Any]:
        """JSON-ready, keys in a fixed order."""
        return {
            "enterprises_added": list(self.enterprises_added),
            "enterprises_removed": list(self.enterprises_removed),
            "lines_added": [list(key) for key in self.lines_added],
            "lines_removed": [list(key) for key in self.lines_removed],
            "changes": [
                {"uscc": c.uscc, "line": c.line, "field": c.field, "old": c.old, "new": c.new} for c in self.changes
            ],
            "totals": {"old": totals_document(self.old_totals), "new": totals_document(self.new_totals)},
        }


def totals_document(value: Totals) -> dict[str, Any]:
    """Base and reductions per level as JSON values, kg/d. None: nothing is established.

    `open_lines`: of how many lines it is not; beside them a number is a lower bound.
    """
    counted = ((level, value.open_lines(level) or ()) for level in LEVELS)
    return {
        "base": value.known_base._asdict(),
        **{level.value: value.planned(level)._asdict() for level in LEVELS},
        "open_lines": {level.value: dict(zip(POLLUTANTS, counts, strict=False)) for level, counts in counted},
    }


def difference(old: Iterable[ListRow], new: Iterable[ListRow]) -> ListDifference:
    """What changes when `new` takes the place of `old`. Rows are matched by credit code and line code."""
    before, after = {row.key: row for row in old}, {row.key: row for row in new}
    old_firms, new_firms = _enterprises(before), _enterprises(after)
    changes: list[Change] = []
    for uscc in sorted(old_firms.keys() & new_firms.keys()):
        changes += _enterprise_changes(old_firms[uscc], new_firms[uscc])
    for key in sorted(before.keys() & after.keys()):
        changes += _line_changes(key, before[key].line, after[key].line)
    return ListDifference(
        enterprises_added=tuple(sorted(new_firms.keys() - old_firms.keys())),
        enterprises_removed=tuple(sorted(old_firms.keys() - new_firms.keys())),
        lines_added=tuple(sorted(after.keys() - before.keys())),
        lines_removed=tuple(sorted(before.keys() - after.keys())),
        changes=tuple(changes),
        old_totals=totals(before.values()),
        new_totals=totals(after.values()),
    )


def _enterprises(rows: dict[tuple[str, str], ListRow]) -> dict[str, Enterprise]:
    return {row.enterprise.uscc: row.enterprise for row in rows.values()}


def _enterprise_changes(old: Enterprise, new: Enterprise) -> list[Change]:
    if old == new:
        return []
    before, after = _flat(enterprise_document(old)), _flat(enterprise_document(new))
    return [
        Change(new.uscc, None, field, before.get(field), after.get(field))
        for field in dict.fromkeys((*before, *after))
        if before.get(field) != after.get(field)
    ]


def _line_changes(key: tuple[str, str], old: Line, new: Line) -> list[Change]:
    if old == new:
        return []
    before, after = _flat(line_document(old)), _flat(line_document(new))
    return [
        Change(key[0], key[1], field, before.get(field), after.get(field))
        for field in dict.fromkeys((*before, *after))
        if before.get(field) != after.get(field)
    ]


def _flat(document: Mapping[str, Any], path: str = "") -> dict[str, Any]:
    """Nested objects as paths; a load cap and a cycle stay one value."""
    flat: dict[str, Any] = {}
    for key, value in document.items():
        if isinstance(value, dict) and not key.endswith(("_cap", "cycle")):
            flat |= _flat(value, f"{path}{key}.")
        else:
            flat[f"{path}{key}"] = value
    return flat


@dataclass(frozen=True, slots=True)
class EnterpriseDifference:
    """What changes in an enterprise that both lists name; lines by their codes."""

    lines_added: tuple[str, ...]
    lines_removed: tuple[str, ...]
    lines_changed: tuple[str, ...]
    changes: tuple[Change, ...]


def document_difference(uscc: str, old: Mapping[str, Any], new: Mapping[str, Any]) -> EnterpriseDifference:
    """The difference of two stored documents `{enterprise, lines}` of one enterprise. Order of lines is no difference."""
    before = {line["code"]: line for line in old["lines"]}
    after = {line["code"]: line for line in new["lines"]}
    changes = _document_changes(uscc, None, old["enterprise"], new["enterprise"])
    changed: list[str] = []
    for code in sorted(before.keys() & after.keys()):
        if found := _document_changes(uscc, code, before[code], after[code]):
            changed.append(code)
            changes += found
    return EnterpriseDifference(
        tuple(sorted(after.keys() - before.keys())),
        tuple(sorted(before.keys() - after.keys())),
        tuple(changed),
        tuple(changes),
    )


def _document_changes(uscc: str, line: str | None, old: Mapping[str, Any], new: Mapping[str, Any]) -> list[Change]:
    if old == new:
        return []
    before, after = _flat(old), _flat(new)
    return [
        Change(uscc, line, field, before.get(field), after.get(field))
        for field in dict.fromkeys((*before, *after))
        if before.get(field) != after.get(field)
    ]
