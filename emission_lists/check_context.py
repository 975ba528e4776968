"""What every check of one list shares: the list, its guide and profile, and how a finding is made."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from emission_lists.columns import COLUMNS, LIST_SHEET, column_letter
from emission_lists.findings import Finding, Severity, finding
from emission_lists.guides import Guide, ListProfile
from emission_lists.lists import EmissionListDraft, Enterprise, ListRow
from emission_lists.sheets.columns import SHEET_COLUMNS
from emission_lists.sheets.kinds import Sheet, SheetRecord

_PLACES = {column.header: f"{column_letter(place)} {column.header}" for place, column in enumerate(COLUMNS, start=1)}
_FIELDS: dict[Sheet, dict[str, str]] = {
    sheet: {column.name: f"{column_letter(place)} {column.header}" for place, column in enumerate(columns, start=1)}
    for sheet, columns in SHEET_COLUMNS.items()
}


def list_place(draft: EmissionListDraft, header: str | None) -> str | None:
    """Letter and header of a column of the list: the letter of the workbook that was read, and none where that lacks the column.

    Without a workbook, as for a version that is stored, the letter is the template's and so that of its export.
    """
    read = draft.places.get(LIST_SHEET)
    if header is None or read is None:
        return _PLACES.get(header or "", header)
    return read.get(header, header)


@dataclass(frozen=True, slots=True)
class Checker:
    """Makes findings whose severity and reference come from the profile. `as_of` None = nothing is held against a day."""

    draft: EmissionListDraft
    guide: Guide
    profile: ListProfile
    as_of: date | None = None

    def finding(
        self, code: str, row: ListRow | None = None, column: str | None = None, value: object = None, **facts: object
    ) -> Finding:
        """A finding on a row and a column (its header), which is told where it stands in the workbook that was read."""
        rule = self.profile.checks[code]
        return finding(
            code,
            Severity(rule.severity),
            sheet=LIST_SHEET if row else None,
            row=(row.number or None) if row else None,
            column=list_place(self.draft, column),
            value=value,
            uscc=row.enterprise.uscc if row else None,
            reference=rule.reference,
            **facts,
        )

    def on_record(self, code: str, record: SheetRecord, field: str, value: object = None, **facts: object) -> Finding:
        """A finding on a record of a further sheet and one of its fields."""
        rule = self.profile.checks[code]
        return finding(
            code,
            Severity(rule.severity),
            sheet=record.sheet.zh,
            row=record.number or None,
            column=self._field_place(record.sheet, field),
            value=value,
            uscc=record.text("uscc") or (record.key if record.fields.get("subject") == "enterprise" else None),
            reference=rule.reference,
            **facts,
        )

    def _field_place(self, sheet: Sheet, field: str) -> str:
        told = _FIELDS[sheet][field]
        read = self.draft.places.get(sheet.zh)
        return told if read is None else read.get(field, told.split(" ", 1)[1])

    def self_determining(self, enterprise: Enterprise) -> bool:
        """True if the enterprise's grade decides its own reduction."""
        grades = self.guide.self_determined.grades | self.profile.extra_self_determined
        return enterprise.grade in grades
