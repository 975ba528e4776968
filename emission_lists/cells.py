"""Reading and writing single cells of a list workbook: a value or a named problem, never anything else."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping
from datetime import date, datetime
from typing import Any

from emission_lists.identifiers import permit_problem, uscc_problem
from emission_lists.measures import MAX_HOURS, Cycle, Labelled, number

MAX_TEXT = 1000
MAX_STAGES_TEXT = 1500  # in any script below the bytes that the guard lets a shared text have
DECIMALS = 6  # a list carries quantities to a milligram
MAX_QUANTITY = 1e7  # kg/d: ten thousand tonnes a day on one line is a wrong unit
MAX_UNITS = 10_000
_GUARD = re.compile(r"'*[=+\-@\t\r]")
_ESCAPED = re.compile(r"'+[=+\-@\t\r]")
_WINDOW = re.compile(r"([01]\d|2[0-3]):[0-5]\d-(([01]\d|2[0-3]):[0-5]\d|24:00)")
_HOURS = r"(\d{1,5}(?:\.\d{1,6})?)(?:小时|h)?"
_CYCLE = re.compile(rf"停{_HOURS}[、，,]?开{_HOURS}")
_ISO_DATE = re.compile(r"\d{4}-\d{2}-\d{2}")
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f\ufffe\uffff]")

Reader = Callable[[object], Any]


class CellProblem(Exception):
    """A cell that cannot be read: the finding's code and the facts for its text."""

    def __init__(self, code: str, **facts: Any) -> None:
        super().__init__(code)
        self.code = code
        self.facts: dict[str, Any] = facts


def as_text(cell: object, limit: int = MAX_TEXT) -> str | None:
    """Text without the blanks around it; None if empty. Whole numbers below 10^15 read as their digits."""
    if type(cell) is not str:
        if isinstance(cell, bool) or not isinstance(cell, int | float):
            return str(cell) if cell is not None else None
        if not math.isfinite(cell):
            raise CellProblem("NOT_A_NUMBER")
        if abs(cell) >= 1e15:
            raise CellProblem("CODE_AS_NUMBER")
        return str(int(cell)) if cell == int(cell) else str(cell)
    text = cell.strip()
    if not text:
        return None
    if len(text) > limit:
        raise CellProblem("TOO_LONG", what=limit)
    if not text.isprintable() and _CONTROL.search(text):
        raise CellProblem("CONTROL_CHARACTER")
    return text[1:] if text[0] == "'" and _ESCAPED.match(text) else text


def escaped(text: str) -> str:
    """Text as it is exported: a leading = + - @ is quoted, so that no program takes it for a formula."""
    return f"'{text}" if _GUARD.match(text) else text


def required(read: Reader, what: str) -> Reader:
    """The reader of a cell that must not be empty."""

    def read_required(cell: object) -> Any:
        value = read(cell)
        if value is None:
            raise CellProblem("REQUIRED", what=what)
        return value

    return read_required


def as_uscc(cell: object) -> str | None:
    text = as_text(cell)
    if text is None:
        return None
    problem = uscc_problem(text)
    if problem is not None:
        raise CellProblem({"check": "USCC_CHECK_DIGIT"}.get(problem, f"USCC_{problem.upper()}"))
    return text


def as_permit(cell: object) -> str | None:
    text = as_text(cell)
    if text is None:
        return None
    problem = permit_problem(text)
    if problem is not None:
        raise CellProblem({"check": "PERMIT_CHECK_DIGIT"}.get(problem, "PERMIT_FORMAT"))
    return text


def as_digits(length: int, code: str) -> Reader:
    """The reader of a code of `length` digits; `code` is the problem if it is not one."""

    def read(cell: object) -> str | None:
        text = as_text(cell)
        if text is not None and not (len(text) == length and text.isascii() and text.isdigit()):
            raise CellProblem(code)
        return text

    return read


def as_number(low: float, high: float) -> Reader:
    """The reader of a number in low..high, rounded to 6 decimals; None if empty."""

    def read(cell: object) -> float | None:
        if type(cell) is not float:
            if cell == "" or cell is None:
                return None
            cell = _number(cell)
        if not low <= cell <= high:
            raise CellProblem("OUT_OF_RANGE" if math.isfinite(cell) else "NOT_A_NUMBER", what=f"{low:g}–{high:g}")
        return round(cell, DECIMALS)

    return read


def as_whole(low: int, high: int) -> Reader:
    """The reader of a whole number in low..high; None if empty."""
    read_number = as_number(low, high)

    def read(cell: object) -> int | None:
        value: float | None = read_number(cell)
        if value is None:
            return None
        if value != int(value):
            raise CellProblem("NOT_WHOLE")
        return int(value)

    return read


def as_percent(cell: object) -> float | None:
    """A share written in percent, as 0..1. 1 and less is refused: nobody can tell 0.5 % from a half."""
    if cell == "" or cell is None:
        return None
    value = _number(cell)
    if not 1 < value <= 100:
        raise CellProblem("PERCENT")
    return round(value / 100, DECIMALS + 2)


def percent_cell(ratio: float) -> float:
    """The cell of a share: 0.5 → 50."""
    return round(ratio * 100, DECIMALS)


def _number(cell: object) -> float:
    if isinstance(cell, bool) or not isinstance(cell, int | float | str):
        raise CellProblem("NOT_A_NUMBER")
    try:
        return float(cell.strip().rstrip("%％") if isinstance(cell, str) else cell)
    except (ValueError, OverflowError):
        raise CellProblem("NOT_A_NUMBER") from None


def as_date(cell: object) -> date | None:
    """A date cell, or text like 2026-09-30; between 2000 and 2100."""
    if cell == "" or cell is None:
        return None
    if isinstance(cell, datetime):
        day = cell.date()
    elif isinstance(cell, date):
        day = cell
    else:
        text = as_text(cell) or ""
        if not _ISO_DATE.fullmatch(text):
            raise CellProblem("NOT_A_DATE")
        try:
            day = date.fromisoformat(text)
        except ValueError:
            raise CellProblem("NOT_A_DATE") from None
    if not 2000 <= day.year <= 2100:
        raise CellProblem("NOT_A_DATE")
    return day


def as_window(cell: object) -> str | None:
    text = as_text(cell)
    if text is None:
        return None
    text = text.replace("：", ":").replace("—", "-").replace("～", "-").replace("~", "-")
    if not _WINDOW.fullmatch(text):
        raise CellProblem("WINDOW")
    return text


def as_stages(cell: object) -> str | None:
    """The text of later stages as it stands; `later_notation` takes it apart."""
    return as_text(cell, MAX_STAGES_TEXT)


def as_cycle(cell: object) -> Cycle | None:
    """Hours off and on in turns: 停48开12, or 停48小时、开12小时."""
    text = as_text(cell)
    if text is None:
        return None
    match = _CYCLE.fullmatch("".join(text.split()))
    if match is None:
        raise CellProblem("CYCLE")
    off, on = (round(float(part), DECIMALS) for part in match.groups())
    if not (0 < off <= MAX_HOURS and 0 < on <= MAX_HOURS):
        raise CellProblem("CYCLE")
    return Cycle(off, on)


def cycle_cell(cycle: Cycle) -> str:
    """The cell of a cycle: 停48开12."""
    return f"停{number(cycle.off_hours)}开{number(cycle.on_hours)}"


def as_choice(choices: Mapping[str, Any]) -> Reader:
    """The reader of one of the choices (text → value); None if empty."""
    shown = "、".join(choices)

    def read(cell: object) -> Any:
        value = choices.get(cell) if type(cell) is str else None
        if value is not None:
            return value
        text = as_text(cell)
        if text is None:
            return None
        value = choices.get(text)
        if value is None:
            raise CellProblem("NOT_A_CHOICE", what=shown)
        return value

    return read


def as_choices(choices: Mapping[str, Any]) -> Reader:
    """The reader of several choices, separated by 、; a tuple in the order of the choices, empty if none."""
    order = list(choices.values())
    read_one = as_choice(choices)

    def read(cell: object) -> tuple[Any, ...]:
        text = as_text(cell)
        if text is None:
            return ()
        found = {read_one(part) for part in re.split(r"[、,，;；/]", text)}
        found.discard(None)
        return tuple(value for value in order if value in found)

    return read


def labels(kind: type[Labelled]) -> dict[str, Any]:
    """The choices of a labelled enum: Chinese label → member."""
    return {member.zh: member for member in kind}


YES_NO = {"是": True, "否": False}


def as_yes_no(cell: object) -> bool | None:
    text = as_text(cell)
    if text is None:
        return None
    if text not in YES_NO:
        raise CellProblem("NOT_A_CHOICE", what="是、否")
    return YES_NO[text]
