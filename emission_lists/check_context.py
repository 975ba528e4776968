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
        """A finding on a row and a column (its header). The letter is the template's."""
        rule = self.profile.checks[code]
        return finding(
            code,
            Severity(rule.severity),
            sheet=LIST_SHEET if row else None,
            row=(row.number or None) if row else None,
            column=_PLACES.get(column or "", column),
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
            column=_FIELDS[record.sheet][field],
            value=value,
            uscc=record.text("uscc") or (record.key if record.fields.get("subject") == "enterprise" else None),
            reference=rule.reference,
            **facts,
        )

    def self_determining(self, enterprise: Enterprise) -> bool:
        """True if the enterprise's grade decides its own reduction."""
        grades = self.guide.self_determined.grades | self.profile.extra_self_determined
        return enterprise.grade in grades
