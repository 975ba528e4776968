"""Records of the further sheets as people read them: labels instead of codes, and what changed from one version to the next."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from functools import cache
from typing import Any, Literal, NamedTuple

from emission_lists.cells import YES_NO
from emission_lists.levels import LEVELS
from emission_lists.measures import number
from emission_lists.sheets.columns import SHEET_COLUMNS
from emission_lists.sheets.kinds import Json, Sheet, SheetRecord
from emission_lists.sheets.readers import SheetColumn

Kind = Literal["added", "removed", "changed"]
_NAMES = ("name", "owner", "source")
_LEVEL_NAMES = tuple(level.value for level in LEVELS)


class Shown(NamedTuple):
    """One filled cell: field, the column's header, and the text that the workbook shows."""

    field: str
    header: str
    text: str


@dataclass(frozen=True, slots=True)
class FieldChange:
    """One field of a record that changed; old and new as the workbook shows them, None = empty."""

    field: str
    header: str
    old: str | None
    new: str | None


@dataclass(frozen=True, slots=True)
class RecordChange:
    """A record that one version has and the other has not, or that both have with other fields."""

    sheet: Sheet
    key: str
    name: str
    kind: Kind
    changes: tuple[FieldChange, ...] = ()

    def document(self) -> dict[str, Any]:
        """JSON-ready, keys in a fixed order."""
        return {
            "sheet": self.sheet.value,
            "key": self.key,
            "name": self.name,
            "kind": self.kind,
            "changes": [asdict(change) for change in self.changes],
        }


@cache
def _labels(sheet: Sheet) -> dict[str, dict[Json, str]]:
    """Code → label of each column that has codes."""
    return {
        column.name: {code: label for label, code in column.codes.items()}
        for column in SHEET_COLUMNS[sheet]
        if column.codes is not None
    }


def cell_text(sheet: Sheet, field: str, value: Json) -> str | None:
    """A value as the workbook shows it; a code that is no longer on the list stays as it is. None = empty."""
    if value is None:
        return None
    label = _labels(sheet).get(field, {}).get(value)
    if label is not None:
        return label
    return number(value) if isinstance(value, int | float) and not isinstance(value, bool) else str(value)


def shown_fields(sheet: Sheet, fields: Mapping[str, Json]) -> list[Shown]:
    """The filled cells of a record in the order of its sheet."""
    texts = ((column, cell_text(sheet, column.name, fields.get(column.name))) for column in SHEET_COLUMNS[sheet])
    return [Shown(column.name, column.header, text) for column, text in texts if text is not None]


def record_name(sheet: Sheet, key: str, fields: Mapping[str, Json]) -> str:
    """What a record is called: its name or owner, otherwise the labels of what identifies it."""
    for field in _NAMES:
        text = cell_text(sheet, field, fields.get(field))
        if text is not None:
            return text
    labels = _labels(sheet)
    texts = [cell_text(sheet, field, fields.get(field)) for field in labels if field not in _LEVEL_NAMES]
    return " ".join(text for text in texts if text is not None) or key


def coded_fields(sheet: Sheet) -> tuple[str, ...]:
    """Fields that keep codes: what stands in them is no word to look for."""
    return tuple(_labels(sheet))


def codes_like(sheet: Sheet, words: str) -> list[str]:
    """`field=code` of every label that contains the words, whatever their case; 是 and 否 say nothing on their own."""
    wanted = words.casefold()
    return [
        f"{column.name}={column.codes[label]}"
        for column in SHEET_COLUMNS[sheet]
        if column.codes is not None and column.codes is not YES_NO
        for label in column.codes
        if wanted in label.casefold()
    ]


def field_changes(sheet: Sheet, old: Mapping[str, Json], new: Mapping[str, Json]) -> tuple[FieldChange, ...]:
    """What differs, column by column. A column that one of the two does not know counts as empty."""
    return tuple(
        _change(sheet, column, old, new)
        for column in SHEET_COLUMNS[sheet]
        if old.get(column.name) != new.get(column.name)
    )


def _change(sheet: Sheet, column: SheetColumn, old: Mapping[str, Json], new: Mapping[str, Json]) -> FieldChange:
    before, after = (cell_text(sheet, column.name, fields.get(column.name)) for fields in (old, new))
    return FieldChange(column.name, column.header, before, after)


def record_change(
    sheet: Sheet, key: str, old: Mapping[str, Json] | None, new: Mapping[str, Json] | None
) -> RecordChange:
    """The change of one record by its fields in both versions; None = it is not in that version."""
    if old is None:
        return RecordChange(sheet, key, record_name(sheet, key, new or {}), "added")
    if new is None:
        return RecordChange(sheet, key, record_name(sheet, key, old), "removed")
    return RecordChange(sheet, key, record_name(sheet, key, new), "changed", field_changes(sheet, old, new))


def record_changes(old: Iterable[SheetRecord], new: Iterable[SheetRecord]) -> list[RecordChange]:
    """What changes when `new` takes the place of `old`, sheet by sheet and by key. Row numbers are no difference."""
    order = {sheet: place for place, sheet in enumerate(Sheet)}
    before, after = ({(record.sheet, record.key): record.fields for record in records} for records in (old, new))
    found = (
        record_change(sheet, key, before.get((sheet, key)), after.get((sheet, key)))
        for sheet, key in sorted(before.keys() | after.keys(), key=lambda known: (order[known[0]], known[1]))
    )
    return [change for change in found if change.kind != "changed" or change.changes]
