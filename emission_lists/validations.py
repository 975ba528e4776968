"""What a spreadsheet program accepts in a column of a template, and the note that it shows beside the cell."""

from __future__ import annotations

from datetime import datetime
from enum import Enum
from typing import Any

VALIDATED_ROWS = 20_000
_TITLE, _MESSAGE = 32, 255  # the longest that Excel shows
_FIRST_DAY, _LAST_DAY = datetime(2000, 1, 1), datetime(2100, 12, 31)  # noqa: DTZ001 - days, not instants


class Kind(Enum):
    """What a cell holds, for its format and its drop-down or range in the template."""

    TEXT = "text"
    NUMBER = "number"
    WHOLE = "whole"
    DATE = "date"
    CHOICE = "choice"


def validation(
    kind: Kind,
    header: str,
    note: str,
    *,
    needed: bool = False,
    choices: str | None = None,
    low: float | None = None,
    high: float | None = None,
    advisory: bool = False,
) -> dict[str, Any]:
    """The rule of a column for xlsxwriter. `choices`: range of its drop-down; `advisory`: other entries are asked about, not refused."""
    rule: dict[str, Any] = {"validate": "any"}
    if choices is not None:
        rule = {"validate": "list", "source": choices}
    elif kind in (Kind.NUMBER, Kind.WHOLE):
        shape = "integer" if kind is Kind.WHOLE else "decimal"
        rule = {"validate": shape, "criteria": "between", "minimum": low, "maximum": high}
    elif kind is Kind.DATE:
        rule = {"validate": "date", "criteria": "between", "minimum": _FIRST_DAY, "maximum": _LAST_DAY}
    if advisory:
        rule["error_type"] = "information"
    told = f"{'必填。' if needed else ''}{note}"
    return {**rule, "input_title": header[:_TITLE], "input_message": told[:_MESSAGE]} if told else rule
