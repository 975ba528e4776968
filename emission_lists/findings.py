"""A finding (问题): what is wrong with a list, where, and what to do about it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from emission_lists.texts import TEXTS


class Severity(StrEnum):
    """BLOCKING: the list cannot be imported or activated; WARNING: look at it; NOTE: for the record."""

    BLOCKING = "blocking"
    WARNING = "warning"
    NOTE = "note"


@dataclass(frozen=True, slots=True)
class Finding:
    """One finding. `row` counts from 1 as in Excel; `column` is letter and header; None = all of it."""

    code: str
    severity: Severity
    message: str
    advice: str
    message_en: str
    advice_en: str
    sheet: str | None = None
    row: int | None = None
    column: str | None = None
    value: str | None = None
    uscc: str | None = None
    reference: str | None = None

    @property
    def blocking(self) -> bool:
        return self.severity is Severity.BLOCKING

    def document(self) -> dict[str, Any]:
        """JSON-ready, keys in a fixed order."""
        return {
            "code": self.code,
            "severity": self.severity.value,
            "sheet": self.sheet,
            "row": self.row,
            "column": self.column,
            "value": self.value,
            "uscc": self.uscc,
            "message": self.message,
            "advice": self.advice,
            "message_en": self.message_en,
            "advice_en": self.advice_en,
            "reference": self.reference,
        }


def finding(
    code: str,
    severity: Severity = Severity.BLOCKING,
    *,
    sheet: str | None = None,
    row: int | None = None,
    column: str | None = None,
    value: object = None,
    uscc: str | None = None,
    reference: str | None = None,
    **facts: object,
) -> Finding:
    """The finding of a code, its texts filled with `facts` (and `value` as {value})."""
    shown = None if value is None else shorten(str(value))
    facts = {"value": shown, **facts}
    zh, advice_zh, en, advice_en = (text.format(**facts) for text in TEXTS[code])
    return Finding(
        code,
        severity,
        zh,
        advice_zh,
        en,
        advice_en,
        sheet=sheet,
        row=row,
        column=column,
        value=shown,
        uscc=uscc,
        reference=reference,
    )


def shorten(text: str, limit: int = 60) -> str:
    """A value as it is shown in a message: printable and not longer than `limit` characters."""
    printable = "".join(c if c.isprintable() else "�" for c in text[: limit + 1])
    return printable if len(text) <= limit else f"{printable[:limit]}…"
